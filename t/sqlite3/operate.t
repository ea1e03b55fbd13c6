# The lines of docs/operating.md for programs around the server: Nagios' plugin,
# which looks whether it is ready, and rotatelogs, which keeps its logs.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/../lib";
use Edu::Case 'slurp';
use Edu::Recipe;
use Edu::Server 'await';
use Edu::Trust;
use MIME::Base64 'encode_base64';
use Test::More;

my $docs = slurp("$Bin/../../docs/operating.md");
my $port = free_port();
my $logs = place('logs');

# The first lines of code below a heading, for programs as they lie here.
sub lines_of {
    my ($heading) = @_;
    my ($lines) = $docs =~ /^## \Q$heading\E\n(?:(?! {4}).*\n)+((?: {4}.*\n)+)/m
        or die "$heading has no lines\n";
    $lines =~ s/^ {4}//mg;
    $lines =~ s{(/usr/\S+/)(check_http|rotatelogs)\b}{
        (grep { -x } map { "$_$2" } $1, '/usr/lib64/nagios/plugins/',
            '/usr/sbin/')[0] // die "$2 is not installed\n"
    }ge;
    return $lines;
}

# ------------------------------------------------------------------- Rotate logs

mkdir $logs or die "$logs: $!";
my $rotated = lines_of('Rotate logs');
like($rotated, qr/^CustomLog .*\nErrorLog .*\n\z/, 'the docs have two logs');
$rotated =~ s{/var/log/edu_outcomes}{$logs}g or die "in another place\n";
$rotated =~ s/ 86400"/ 1"/g or die "not once a day\n";

authority();
certificate('server', purpose => 'server', subject => { CN => 'localhost' });
spew(place('passwords'), "grace:{SHA}ieSV55Qc+eQOaYDRSha/AjzNTJE=\n");
my $sample = recipe('conf/edu_outcomes.conf',
                    '/etc/edu_outcomes.htpasswd' => place('passwords'));
$sample =~ s{^(#<Location /edu-ready>\n.*?</Location>\n)}{$1 =~ s/^#//mgr}mse
    or die "the sample does not tell whether it is ready\n";
my $stop = serve('operate', $port, ['authz_host'], $sample,
    # as Debian's apache2.conf has it
    'LogFormat "%h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\""'
    . ' combined',
    "<VirtualHost *:$port>", $rotated, '</VirtualHost>');

my $wrong = { headers => { Authorization =>
    'Basic ' . encode_base64('grace:graze', '') } };
my (%answers, $asked);
ok(await {
    $answers{ call($port, {}, GET => '/edu-ready')->{status} }++;
    $answers{ call($port, $wrong, GET => '/v1.0/$metadata')->{status} }++;
    $asked += 2;
    -s "$logs/access.log.1" && -s "$logs/error.log.1"
}, 'both logs go on in a second file');
is(join(' ', sort keys %answers), '200 401', 'which no request notices');
my $said = sub { join '', map { slurp($_) } glob "$logs/$_[0].log*" };
await { ($said->('access') =~ tr/\n//) >= $asked };
is($said->('access') =~ tr/\n//, $asked, 'the one has each request');
like($said->('access'), qr{"GET /edu-ready HTTP/1.1" 200 }, 'as it was answered');
like($said->('error'), qr/user grace: .* Password Mismatch/, 'the other what went wrong')
    or diag($said->('error'));

# ----------------------------------------------------------------------- Monitor

# What the plugin says, and its exit status: 0 is fine, 2 critical.
sub nagios {
    my $line = lines_of('Monitor') =~ s/\\\n//gr;
    chomp $line;
    my $says = qx{$line -I 127.0.0.1 -p $port 2>&1};
    return ($? >> 8, $says);
}

my ($code, $says) = nagios();
is($code, 0, 'Nagios finds that the server is ready') or diag($says);
$stop->();
mkdir $_ or die "$_: $!" for place('away'), place('away', 'outcomes.db');
$stop = serve('away', $port, ['authz_host'], $sample);
($code, $says) = nagios();
is($code, 2, 'without its database, that is critical') or diag($says);
like($says, qr/ 503 /, 'for the server says so');
$stop->();
done_testing;
