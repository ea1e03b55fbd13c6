package Edu::Trust;

# Three that vouch for users: an authority for certificates, an issuer of tokens
# and a directory, all of this test's own.

use strict;
use warnings;
use Crypt::JWT 'encode_jwt';
use Crypt::PK::RSA ();
use Edu::Recipe;
use Edu::Server 'await';
use Exporter 'import';
use IO::Socket::INET ();
use IO::Socket::SSL::Utils qw(CERT_create KEY_create_rsa PEM_cert2file
    PEM_key2file);
use JSON::PP ();

our @EXPORT = qw(authority certificate directory revoke token_keys token);

my $DAY = 86400;

# -------------------------------------------------------------- certificates

my ($AUTHORITY, $KEY);

# A new authority, for certificate(); the first is the one that is trusted, as
# ca.crt.
sub authority {
    my @made = CERT_create(CA => 1, purpose => 'ca,cRLSign',
        subject => { CN => 'Test authority' });
    if (!$AUTHORITY) {
        $AUTHORITY = \@made;
        PEM_cert2file($made[0], place('ca.crt'));
        PEM_key2file($made[1], place('ca.key'));
    }
    return \@made;
}

# NAME.crt and NAME.key; see CERT_create for what it may have.
sub certificate {
    my ($name, %with) = @_;
    $KEY ||= KEY_create_rsa();
    my ($made) = CERT_create(issuer => $AUTHORITY, key => $KEY,
        not_before => time - 2 * $DAY, not_after => time + $DAY, %with);
    PEM_cert2file($made, place("$name.crt"));
    PEM_key2file($KEY, place("$name.key"));
}

# ca.crl: the certificate with this serial number is no longer valid.
sub revoke {
    my ($serial) = @_;
    spew(place('index.txt'), join("\t", 'R', '491231235959Z', '260101000000Z',
        sprintf('%08X', $serial), 'unknown', '/CN=revoked'), "\n");
    spew(place('crl.cnf'), map { "$_\n" } '[ca]', 'default_ca = own', '[own]',
        'database = ' . place('index.txt'), 'default_md = sha256',
        'default_crl_days = 1');
    system(qw(openssl ca -gencrl -config), place('crl.cnf'), '-cert',
        place('ca.crt'), '-keyfile', place('ca.key'), '-out', place('ca.crl'))
        == 0 or die "openssl makes no ca.crl\n";
}

# -------------------------------------------------------------------- tokens

my %KEYS;

# The public keys of the issuer as a JWKS.
sub token_keys {
    for ('issuer', 'forger') {
        $KEYS{$_} = Crypt::PK::RSA->new;
        $KEYS{$_}->generate_key;
    }
    return JSON::PP->new->encode({ keys => [ {
        %{ $KEYS{issuer}->export_key_jwk('public', 1) },
        kid => 'k1', use => 'sig', alg => 'RS256' } ] });
}

# A token with these claims, signed by the issuer, by the "forger", who says to be
# the issuer, or "none"; "HS256" takes the public key for a secret that is shared.
sub token {
    my ($claims, $by) = @_;
    my %how = (alg => 'RS256', key => $KEYS{ $by // 'issuer' });
    %how = (alg => 'none', allow_none => 1) if $by && $by eq 'none';
    %how = (alg => 'HS256', key => $KEYS{issuer}->export_key_pem('public_x509'))
        if $by && $by eq 'HS256';
    return encode_jwt(payload => $claims, extra_headers => { kid => 'k1' }, %how);
}

# ----------------------------------------------------------------- directory

# Starts slapd with these entries, each [dn, attribute => value, …], as ldaps on a
# port; only $reader, one of them, may read.  Returns how to stop it.
sub directory {
    my ($port, $suffix, $reader, @entries) = @_;
    my ($schema) = grep { -d } '/etc/ldap/schema', '/etc/openldap/schema';
    die "there is no slapd\n" if !$schema || !-x '/usr/sbin/slapd';
    mkdir place('ldap');
    my $conf = spew(place('slapd.conf'), map { "$_\n" }
        map({ "include $schema/$_.schema" } qw(core cosine inetorgperson)),
        'TLSCertificateFile ' . place('server.crt'),
        'TLSCertificateKeyFile ' . place('server.key'),
        'database ldif', 'directory ' . place('ldap'), "suffix \"$suffix\"",
        "access to * by dn.exact=\"$reader\" read by * auth");
    my $ldif = spew(place('entries.ldif'), map {
        my ($dn, @pairs) = @$_;
        "dn: $dn\n", (map { "$pairs[2 * $_]: $pairs[2 * $_ + 1]\n" }
            0 .. $#pairs / 2), "\n" } @entries);
    # By another path, for AppArmor keeps the packaged one to its own directories.
    system('cp', '/usr/sbin/slapd', place('slapd')) == 0
        or die "slapd is not copied\n";
    system(place('slapd'), '-Tadd', '-f', $conf, '-l', $ldif) == 0
        or die "slapd takes no entries\n";
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        open STDERR, '>', place('slapd.log');
        exec place('slapd'), '-d', '0', '-f', $conf, '-h',
            "ldaps://127.0.0.1:$port/";
    }
    await { IO::Socket::INET->new("127.0.0.1:$port") }
        or die "slapd does not start\n";
    return sub { kill TERM => $pid; waitpid $pid, 0 };
}

1;
