# The term of docs/term.pl is played to its end and comes out right, also where
# one was played before.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Edu::Wire;
use Test::More tests => 4;

local $ENV{EDU_PASSWORD} = 'demo';
for my $time ('once', 'again') {
    my $pid = open(my $story, '-|') // die "fork: $!";
    if (!$pid) {
        open STDERR, '>&', \*STDOUT or die "STDERR: $!";
        exec $^X, "$Bin/../docs/term.pl", base() . '/v1.0';
    }
    my @lines = <$story>;
    close $story;
    is($?, 0, "a term is played $time");
    like($lines[-1], qr/^OK: all \d+ facts are right\.$/, 'and told as right')
        or diag(@lines);
}
