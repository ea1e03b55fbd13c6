# The configurations that are shipped, each with the sign-in that it is for: who may
# do what, and that no forged token, certificate or header changes it.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/../lib";
use Edu::Recipe;
use Edu::School qw($POINTS);
use Edu::Trust;
use JSON::PP ();
use MIME::Base64 'encode_base64';
use Test::More;

my $port   = free_port();
my $class  = '/v1.0/education/classes/9b';
my $essay  = "$class/assignments/essay";
my $grade  = { points => { points => 77 } };
my $points = "submissions/ada/outcomes/$POINTS";

# Headers by which a client could try to be the teacher, or the one who provisions.
my %FORGED = map {
    my $to = $_;
    map { ("$_" => $to) } qw(Remote-User REMOTE_USER X-Remote-User
        X-Forwarded-User OIDC_CLAIM_oid OIDC-CLAIM-oid OIDC_CLAIM_sub
        OAUTH2_CLAIM_oid OAUTH2-CLAIM-oid SSL_CLIENT_S_DN_UID AUTHENTICATE_uid)
} 'grace';
@FORGED{ map { ($_ . 'scp', $_ . 'roles') }
    qw(OIDC_CLAIM_ OIDC-CLAIM- OAUTH2_CLAIM_ OAUTH2-CLAIM-) } =
    ('EduAssignments.ReadWrite', 'EduAssignments.ReadWrite.All') x 4;
$FORGED{'X-HTTP-Method-Override'} = 'GET';

sub forging {
    my ($caller) = @_;
    return { %$caller, headers => { %FORGED, %{ $caller->{headers} || {} } } };
}

# The rules of every recipe: a user, a request, its status, and a part of the
# answer.
my @RULES = (
    [sis => PUT => $class, { displayName => '9b' }, 201],
    [sis => PUT => "$class/members", { value => [
        { id => 'grace', primaryRole => 'teacher' },
        { id => 'ada' }, { id => 'bob' } ] }, 204],
    [sis => PUT => $essay, { status => 'assigned',
                             grading => { maxPoints => 100 } }, 201],
    (map { [sis => PUT => "$essay/submissions/$_",
            { recipient => { userId => $_ } }, 201] } 'ada', 'bob'),
    [teacher => PATCH => "$essay/$points", $grade, 200,
     qr/"user":\{"id":"grace"/],
    [teacher => GET => "$essay/submissions?\$expand=outcomes", undef, 200,
     qr/"points":77/],
    [teacher => GET => "/v1.0/education/classes('9b')/assignments", undef, 200,
     qr/essay/],
    [teacher => PUT => $class, { displayName => 'mine' }, 403],
    [student => GET => "$essay/$points", undef, 200, qr/"points":null/],
    [student => GET => "/v1.0/education/me/assignments/essay/$points", undef,
     200, qr/"points":null/],
    [student => GET => "$essay/submissions/bob/outcomes", undef, 404],
    [student => PATCH => "$essay/$points", $grade, 403],
    [student => POST => "$essay/submissions/ada/return", undef, 403],
    [student => PUT => $class, { displayName => 'mine' }, 403],
    (map { ["stranger", GET => $_, undef, 403] } $class, "$class/members",
        "$essay/$points", "$class/assignments/nothing"),
    [stranger => PATCH => "$essay/$points", $grade, 403],
    [teacher => POST => "$essay/submissions/ada/return", undef, 200],
    [student => GET => "$essay/$points", undef, 200, qr/"points":77/],
);

# Those of a program that grades in all classes.
my @PROGRAM = (
    [program => GET => "$essay/$points", undef, 200, qr/"points":/],
    [program => PATCH => "$essay/$points", { points => { points => 78 } }, 200,
     qr/"points":78/],
    [program => PUT => $class, { displayName => 'mine' }, 403],
);

# Asks for all of this; the names are those that %$callers has.
sub rules {
    my ($recipe, $callers, @rules) = @_;
    for (@rules) {
        my ($who, $method, $path, $body, $status, $has) = @$_;
        my $caller = $callers->{$who} or die "$recipe has no $who\n";
        my $answer = call($port, $caller, $method, $path, $body);
        my $name = "$recipe: $who, $method " . $path =~ s{.*/education}{}r;
        is($answer->{status}, $status, $name) or diag($answer->{content});
        like($answer->{content}, $has, "$name: $has") if $has;
    }
    for my $who ('student', 'stranger') {
        my $forged = forging($callers->{$who});
        is(call($port, $forged, PATCH => "$essay/$points", $grade)->{status}, 403,
           "$recipe: forged headers make no teacher of the $who");
        is(call($port, $forged, PUT => $class, { displayName => 'x' })->{status},
           403, "$recipe: nor an administrator");
    }
    my $batch = { requests => [ map { { id => $_, method => 'GET',
        url => $_ =~ s{^/v1\.0}{}r } } "$essay/$points", "$essay/submissions/bob" ] };
    like(call($port, $callers->{teacher}, POST => '/v1.0/$batch', $batch)
             ->{content}, qr/"status":200.*"status":200/s,
         "$recipe: the teacher, in a batch");
    my $answer = call($port, $callers->{student}, POST => '/v1.0/$batch', $batch);
    is(join(' ', sort $answer->{content} =~ /"status":(\d+)/g), '200 404',
       "$recipe: the student, in a batch");
}

# Nobody who is not signed in gets anything.
sub refused {
    my ($recipe, $status, %callers) = @_;
    for (sort keys %callers) {
        my $answer = call($port, $callers{$_}, GET => $class);
        is($answer->{status}, $status, "$recipe: $_");
        unlike($answer->{content}, qr/displayName/, "$recipe: $_: nothing told");
    }
}

# Runs code while such a server serves; the log says nothing that is ours.  Where
# the configuration of a class is not that of $batch, Apache authenticates again.
sub with {
    my ($name, $modules, $texts, $code) = @_;
    my $stop = serve($name, $port, $modules, @$texts, "<Location $class>",
                     'EduOutcomesBatchMax 10', '</Location>');
    $code->();
    my $log = $stop->();
    is(join('', grep { /edu_outcomes:(?:warn|error)|exit signal|:(?:crit|alert|emerg)\]/ }
            split /^/, $log), '', "$name: the log has no complaint");
}

# Files that ask for passwords, and have to be safe alone.
sub with_passwords {
    my ($file) = @_;
    return recipe($file, '/etc/edu_outcomes.htpasswd' => place('passwords'));
}

sub sample { return with_passwords('conf/edu_outcomes.conf') }

authority();
certificate('server', purpose => 'server', subject => { CN => 'localhost' },
            subjectAltNames => [['DNS', 'localhost'], ['IP', '127.0.0.1']]);

# --------------------------------------------------------------------- tokens

my %claims = (iss => 'https://issuer.example', aud => 'outcomes',
              exp => time + 600, azp => 'gradebook-app');

# Other claims in tokens of Microsoft Entra ID and Keycloak.
my %entra = (ver => '2.0', tid => '33333333-3333-3333-3333-333333333333',
             iat => time, nbf => time, uti => 'x', aio => 'x', rh => 'x');
my $role = { roles => ['offline_access', 'EduAssignments.ReadWrite.All'] };
my %keycloak_also = (
    aud => ['outcomes', 'account'], typ => 'Bearer', acr => '1', jti => 'x',
    iat => time, sid => 'x', 'allowed-origins' => ['https://gradebook.example'],
    realm_access => $role, resource_access => { outcomes => $role },
    email_verified => JSON::PP::true(), preferred_username => 'grace');

sub bearer { return { headers => { Authorization => "Bearer $_[0]" } } }

sub user {
    my ($id, %more) = @_;
    return bearer(token({ %claims, %entra, oid => $id, sub => "pairwise-$id",
        azpacr => '0', preferred_username => 'grace@example.edu',
        name => "Zo\x{eb} $id", scp => 'openid EduAssignments.ReadWrite '
            . 'EduRoster.ReadBasic', %more }));
}

sub application {
    my ($id, @roles) = @_;
    return bearer(token({ %claims, %entra, oid => $id, sub => $id,
        azp => "$id-app", azpacr => '1', idtyp => 'app', roles => \@roles }));
}

mkdir place('docs');
spew(place('docs/keys.json'), token_keys());
my %teacher = (%claims, oid => 'grace', scp => 'EduAssignments.ReadWrite');
my %tokens = (
    teacher  => user('grace'),
    student  => user('ada'),
    stranger => user('mallory'),
    program  => application('gradebook', 'EduAssignments.ReadWrite.All'),
    reader   => application('report', 'EduAssignments.Read.All'),
    no_roles => application('other'),
    sis      => application('sis', 'EduAssignments.ReadWrite.All',
                            'EduRoster.ReadWrite.All'),
    reading  => user('grace', scp => 'EduAssignments.Read'),
    basic    => user('grace', scp => 'EduAssignments.ReadBasic'),
    no_scope => user('grace', scp => 'openid'),
    # signed in by the application that provisions
    by_sis   => user('grace', azp => 'sis', client_id => 'sis'),
    # an app role that a user was given is no application's
    leftover => user('teacher'),
    promoted => user('ada', roles => ['EduAssignments.ReadWrite.All']),
);
my @SCOPES = (
    [teacher => PATCH => "$essay/$points", $grade, 200,
     qr/"application":\{"id":"gradebook-app".*"displayName":"Zo\xc3\xab grace"/s],
    [reader => GET => "$essay/$points", undef, 200],
    [reader => PATCH => "$essay/$points", $grade, 403],
    [no_roles => GET => "$essay/$points", undef, 403],
    [reading => GET => "$essay/$points", undef, 200],
    [reading => PATCH => "$essay/$points", $grade, 403],
    [basic => GET => "$essay/submissions/ada", undef, 200],
    [basic => GET => "$essay/$points", undef, 403],
    [no_scope => GET => "$essay/$points", undef, 403],
    [by_sis => PUT => $class, { displayName => 'mine' }, 403],
    [promoted => PATCH => "$essay/$points", $grade, 403],
    [promoted => GET => "$essay/submissions/bob", undef, 404],
    # names of the sample
    [leftover => PATCH => "$essay/$points", $grade, 403],
);
my %bad = (
    'no token'              => {},
    'a password'            => { headers => { Authorization => 'Basic '
                                     . encode_base64('grace:demo', '') } },
    'no JWT'                => bearer('grace'),
    'an expired token'      => bearer(token({ %teacher, exp => time - 600 })),
    'a token without end'   => bearer(token({ map { $_ => $teacher{$_} }
                                   grep { $_ ne 'exp' } keys %teacher })),
    'a forged signature'    => bearer(token(\%teacher, 'forger')),
    'no signature'          => bearer(token(\%teacher, 'none')),
    'a signature by the public key' => bearer(token(\%teacher, 'HS256')),
    'another audience'      => bearer(token({ %teacher, aud => 'outcome' })),
    'another issuer'        => bearer(token({ %teacher,
                                   iss => 'https://issuer.example.net' })),
    'no id'                 => bearer(token({ %claims,
                                   scp => 'EduAssignments.ReadWrite' })),
);

# As docs/operating.md has it for Keycloak.
my %keycloak = map {
    my ($id, $scope) = @$_;
    $id => bearer(token({ %claims, %keycloak_also, sub => $id,
        name => "Zo\x{eb} $id", scope => "openid profile $scope" }));
} ['grace', 'EduAssignments.ReadWrite EduRoster.ReadBasic'],
    ['ada', 'EduAssignments.ReadWrite EduRoster.ReadBasic'],
    ['mallory', 'EduAssignments.ReadWrite EduRoster.ReadBasic'], ['eve', ''],
    ['sis', 'EduAssignments.ReadWrite EduRoster.ReadWrite'];
my @KEYCLOAK = ({ teacher => $keycloak{grace}, student => $keycloak{ada},
                  stranger => $keycloak{mallory}, sis => $keycloak{sis},
                  no_scope => $keycloak{eve} },
    # roles of the realm and of a client are no permissions
    @RULES, [no_scope => GET => "$essay/$points", undef, 403]);

for (['openidc', ['auth_openidc'], 'https', 'OIDCCABundlePath ' . place('ca.crt'),
      {}, \%tokens, @RULES, @PROGRAM, @SCOPES],
     ['oauth2', ['oauth2'], 'http', '', {}, \%tokens, @RULES, @PROGRAM, @SCOPES],
     ['openidc', ['auth_openidc'], 'https', 'OIDCCABundlePath ' . place('ca.crt'),
      { 'RemoteUserClaim oid' => 'RemoteUserClaim sub',
        'OIDC_CLAIM_scp' => 'OIDC_CLAIM_scope' },
      @KEYCLOAK],
     ['oauth2', ['oauth2'], 'http', '',
      { 'remote_user_claim=oid' => 'remote_user_claim=sub',
        'OAUTH2_CLAIM_scp' => 'OAUTH2_CLAIM_scope' }, @KEYCLOAK]) {
    my ($name, $modules, $scheme, $trust, $changes, $callers, @rules) = @$_;
    my $plain = free_port();
    my $of = %$changes ? "$name by Keycloak" : $name;
    with($of, $modules, [$trust, sample(),
        "Listen 127.0.0.1:$plain",
        "<VirtualHost 127.0.0.1:$plain>\nSSLEngine Off\n</VirtualHost>",
        recipe("conf/recipes/$name.conf", %$changes,
        'https://login.microsoftonline.com/TENANT/v2.0' => $claims{iss},
        'https://login.microsoftonline.com/TENANT/discovery/v2.0/keys' =>
            $scheme . '://localhost:' . ($scheme eq 'http' ? $plain : $port)
            . '/keys.json',
        '11111111-1111-1111-1111-111111111111' => $claims{aud},
        '22222222-2222-2222-2222-222222222222' => 'sis')], sub {
        rules($of, $callers, @rules);
        refused($of, 401, %bad) if !%$changes;
    });
}

# ------------------------------------------------------------------ passwords

sub basic {
    my ($name, $password) = @_;
    return { headers => { Authorization =>
        'Basic ' . encode_base64($name . ':' . ($password // 'demo'), '') } };
}

my %passwords = (
    teacher => basic('grace'), student => basic('ada'),
    stranger => basic('mallory'), program => basic('gradebook'),
    sis => basic('sis'),
);
my %wrong = (
    'no password'  => {},
    'a wrong one'  => basic('grace', 'graze'),
    'an empty one' => basic('grace', ''),
    'a pattern'    => basic('gr*'),
    'nobody'       => basic('nobody'),
);

spew(place('passwords'), map { "$_:{SHA}ieSV55Qc+eQOaYDRSha/AjzNTJE=\n" }
    qw(grace ada bob mallory sis teacher));
my ($lines) = with_passwords('docs/installing.md')
    =~ /These lines .*?:\n\n((?: {4}[^\n]*\n|\n)+)/ms or die "docs/installing.md has no lines\n";
my $site = recipe('conf/site.conf',
    '*:443' => "127.0.0.1:$port", 'outcomes.example.edu' => 'localhost',
    '/etc/ssl/certs/ssl-cert-snakeoil.pem' => place('server.crt'),
    '/etc/ssl/private/ssl-cert-snakeoil.key' => place('server.key'),
    '/etc/edu_outcomes.htpasswd' => place('passwords'),
    '/usr/local/share/mod_edu_outcomes/www' => place('docs'),
    '/var/lib/edu_outcomes/outcomes.db' => place('README-md/outcomes.db'));
for (['the sample', sample()], ['docs/installing.md', $lines],
     ['README.md', $site, 'authz_host'], # its lines switch the packages' site on
     ['a node', with_passwords('conf/cluster/node.conf')]) {
    my ($name, $text, @modules) = @$_;
    with($name, \@modules, [$text], sub {
        rules($name, { %passwords, program => basic('teacher') },
              @RULES, @PROGRAM);
        refused($name, 401, %wrong);
    });
}
my $ldap   = free_port();
my $suffix = 'dc=example,dc=edu';
my $stop_directory = directory($ldap, $suffix, "cn=apache,$suffix",
    [$suffix, objectClass => 'dcObject', objectClass => 'organization',
     dc => 'example', o => 'School'],
    ["cn=apache,$suffix", objectClass => 'applicationProcess',
     objectClass => 'simpleSecurityObject', cn => 'apache',
     userPassword => 'secret'],
    ["ou=people,$suffix", objectClass => 'organizationalUnit', ou => 'people'],
    map { ["uid=$_,ou=people,$suffix", objectClass => 'inetOrgPerson',
        uid => $_, cn => $_, sn => $_, displayName => "Zo\xc3\xab $_",
        userPassword => 'demo'] } qw(grace ada bob mallory gradebook sis));
with('ldap', ['ldap', 'authnz_ldap'], [sample(), recipe('conf/recipes/ldap.conf',
    '//ldap.example.edu/' => "//127.0.0.1:$ldap/",
    '/etc/ssl/certs/ca-certificates.crt' => place('ca.crt'),
    '/etc/edu_outcomes.ldap' => spew(place('secret'), "secret\n"))], sub {
    rules('ldap', \%passwords, @RULES, @PROGRAM,
        [teacher => PATCH => "$essay/$points", $grade, 200,
         qr/"displayName":"Zo\xc3\xab grace"/]);
    rules('ldap, in other letters', { %passwords, student => basic('ADA'),
                                      teacher => basic(' Grace') },
        [teacher => PATCH => "$essay/$points", $grade, 200,
         qr/"id":"grace"/],
        [student => GET => "$essay/$points", undef, 200]);
    refused('ldap', 401, %wrong);
});
$stop_directory->();

# --------------------------------------------------------------- certificates

for (qw(grace ada bob mallory gradebook sis)) {
    certificate($_, purpose => 'client',
                subject => { CN => "Zo\xc3\xab $_", UID => $_ });
}
my %grace = (purpose => 'client', subject => { CN => 'Grace', UID => 'grace' });
certificate('expired', %grace, not_after => time - 3600);
certificate('forged', %grace, issuer => authority());
certificate('purpose', %grace, purpose => 'server');
certificate('revoked', %grace, serial => 4711);
certificate('named', %grace, subject => { CN => 'grace' });
revoke(4711);
my %certificates = map { $_->[0] => { certificate => $_->[1] } }
    [teacher => 'grace'], [student => 'ada'], [stranger => 'mallory'],
    [program => 'gradebook'], [sis => 'sis'];
with('certificates', [], [sample(), recipe('conf/recipes/certificates.conf',
    '/etc/ssl/school' => place())], sub {
    rules('certificates', \%certificates, @RULES, @PROGRAM,
        [teacher => PATCH => "$essay/$points", $grade, 200,
         qr/"displayName":"Zo\xc3\xab grace"/]);
    refused('certificates', 599, 'none' => {}, map { $_ => { certificate => $_ } }
        qw(expired forged purpose revoked));
    refused('certificates', 401, 'no id' => { certificate => 'named' });
});
done_testing;
