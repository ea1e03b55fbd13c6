# The version that runs is told to those who run the server, and to programs that
# ask for it; no answer names the module.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/../lib";
use Edu::Log;
use Edu::Server;
use Edu::Wire;
use JSON::PP ();
use Test::More;

my $version = JSON::PP->new->utf8->decode(
    request(GET => '/v1.0/openapi.json')->{body})->{info}{version};
like($version, qr/\A\d+\.\d+\.\d+\z/, 'openapi.json has a version');
like(request(GET => '/edu-status?prometheus')->{body},
     qr/^edu_outcomes_info\{version="\Q$version\E"\} 1$/m,
     'the figures have the same');

my $mark = log_mark();
kill USR1 => server_pid();
ok(log_await($mark, qr/:notice\] .*EDU0050: mod_edu_outcomes \Q$version\E serves/),
   'each start logs it');
unlike(header(request(GET => '/v1.0'), 'Server'), qr/edu/i,
       'the header Server tells nothing of it');
done_testing;
