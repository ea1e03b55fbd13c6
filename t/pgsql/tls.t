# TLS to PostgreSQL with an authority of one's own: sslrootcert, as docs/operating.md
# has it, and what is said where it does not fit.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/../lib";
use Edu::Lane;
use Edu::Tool;
use Edu::Wire;
use IO::Socket::INET ();
use Test::More;

my $dir = lane()->{vars}{t_logs} . '/tls';
my ($port) = grep { IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $_,
    Listen => 1, ReuseAddr => 1) } port() + 2 .. port() + 19;
my $started;
END {
    my $status = $?;
    system $ENV{EDU_DATABASES}, 'pgsql', 'stop', $dir, 'immediate' if $started;
    $? = $status;
}
mkdir $dir or die "$dir: $!";

sub openssl { system("openssl @_ >>$dir/openssl 2>&1") == 0 or die "openssl @_\n" }

my $KEY = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2';
openssl("req -x509 $KEY -subj /CN=$_ -keyout $dir/$_.key -out $dir/$_.crt")
    for 'own', 'other';
openssl("req $KEY -subj /CN=localhost -keyout $dir/server.key -out $dir/server.csr");
openssl("x509 -req -days 2 -in $dir/server.csr -CA $dir/own.crt -CAkey $dir/own.key"
        . " -CAcreateserial -out $dir/server.crt");
open my $settings, '>', "$dir/settings.conf" or die "$dir: $!";
print {$settings} "port = $port\nssl = on\nssl_cert_file = '$dir/server.crt'\n"
    . "ssl_key_file = '$dir/server.key'\n";
close $settings;
$ENV{EDU_LISTEN} = '127.0.0.1';
$started = system($ENV{EDU_DATABASES}, 'pgsql', 'start', $dir) == 0
    or die "no database\n";

for (
    ['localhost', 'own', undef],
    ['localhost', 'other',
     qr/certificate verify failed.*Let sslrootcert in DBDParams name/],
    ['localhost', 'none', qr/root certificate file.*Let sslrootcert in DBDParams name/],
    ['127.0.0.1', 'own', qr/does not match host name.*Let host in DBDParams be/],
) {
    my ($host, $authority, $says) = @$_;
    my (undef, $result) = tool_json('-d', "pgsql:host=$host hostaddr=127.0.0.1"
        . " port=$port user=edu dbname=postgres sslmode=verify-full"
        . " sslrootcert=$dir/$authority.crt", 'status');
    my $name = "$host, by the authority $authority";
    $says ? like($result->{error}, $says, "$name: refused, and said why")
          : is($result->{driver}, 'pgsql', "$name: connected");
}
done_testing;
