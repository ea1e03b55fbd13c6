# Runs last in each lane: stops the server and reads the complaints in its log.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Apache::Test ();
use Edu::Case;
use Edu::Log;
use Test::More tests => 3;

my $server = Apache::Test::config()->server;
ok($server->stop > 0, 'the server was still there, and stops');
is(join('', log_complaints()), '', 'no unexpected line in the error log');
is(join('', map { Edu::Case::slurp($_) } glob "$Bin/logs/sanitizer.*"), '',
   'no report of a sanitizer');
