# More connections than the database admits are warned of when Apache starts.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Apache::Test ();
use Edu::Case 'slurp';
use Edu::Log;
use Edu::Server;
use Edu::Wire;
use Test::More tests => 6;

my $vars = Apache::Test::config()->{vars};
my $own = "$vars->{t_conf}/own.conf";
my $tag = 'EDU0010: ';

# Starts anew, as one of so many nodes.
sub restart {
    my ($nodes) = @_;
    open my $out, '>', $own or die "$own: $!\n";
    print $out "EduOutcomesNodes $nodes\n";
    close $out;
    stop_server();
    my $mark = log_mark();
    start_server() or die "the server does not start\n";
    return $mark;
}

# The warnings since then.  Before a child serves it has counted, or left that to
# another.
sub warnings_since {
    my ($mark) = @_;
    crowd(8, sub { request(HEAD => '/plain.txt'); return });
    return grep { /$tag/ } split /^/,
        substr slurp("$vars->{t_logs}/error_log"), $mark;
}

is(join('', warnings_since(restart(1))), '', 'one node is no reason to warn');

my $mark = restart(1000);
if ($ENV{EDU_DB} eq 'sqlite3') {
    is(join('', warnings_since($mark)), '', 'files admit all that come')
        for 1 .. 4;
}
else {
    ok(log_await($mark, $tag), 'a thousand are');
    my @said = warnings_since($mark);
    is(scalar @said, 1, 'which is said once');
    my ($all, $nodes, $children, $each, $most) = $said[0] =~
        /: (\d+) .*EduOutcomesNodes (\d+) x (\d+) children x \w+ (\d+)\).* (\d+);/;
    is("$nodes $children $each", $ENV{EDU_MPM} eq 'prefork' ? '1000 32 2'
                                                            : '1000 2 8',
       'what is counted: both databases of each child of each node');
    ok($all == $nodes * $children * $each && $all > $most, 'and what it makes');
}
unlink $own;
stop_server();
ok(start_server(), 'the server is as before');
