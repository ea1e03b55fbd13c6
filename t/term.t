# The term of docs/term.pl is played to its end and comes out right, also where
# one was played before.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Edu::Case 'slurp';
use Edu::Wire;
use Test::More tests => 18;

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
    is(scalar(grep { /^"'=1\+1","\d/ } @lines), 1,
       'the gradebook names a student whose name is no formula');
}

# The beginning of a cell of the gradebook.
my ($cell) = slurp("$Bin/../docs/term.pl") =~ /^(sub cell \{.*?^\})/ms;
eval $cell or $@ and die $@;
for ('=1', '+1', '-1', '@SUM', "\t=1", "\r=1", "\tx", '"=1', q( '"=1)) {
    like(cell($_), qr/^"'/, 'a formula is quoted as a text');
}
is(cell($_), qq("$_"), "$_ is told as it is") for 'Ms Ek', '7.5', '';
