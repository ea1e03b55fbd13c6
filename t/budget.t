# More connections than the database admits are warned of when Apache starts.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Edu::Case 'slurp';
use Edu::Lane;
use Edu::Log;
use Edu::Server;
use Edu::Wire;
use Test::More tests => 8;

my $vars = lane()->{vars};
my $own = "$vars->{t_conf}/own.conf";
my $tag = 'EDU0010: ';

# Starts anew, as one of so many nodes, and with more.
sub restart {
    my ($nodes, $more) = @_;
    open my $out, '>', $own or die "$own: $!\n";
    print $out "EduOutcomesNodes $nodes\n", $more // '';
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

is(join('', warnings_since(restart(1))), '', 'one node brings no warning');

my $mark = restart(1000);
if ($ENV{EDU_DB} eq 'sqlite3') {
    is(join('', warnings_since($mark)), '', 'SQLite brings no warning')
        for 1 .. 6;
}
else {
    ok(log_await($mark, $tag), 'a thousand nodes bring a warning');
    my @said = warnings_since($mark);
    is(scalar @said, 1, 'the warning is logged once');
    my ($all, $nodes, $children, $each, $most) = $said[0] =~
        /: (\d+) .*EduOutcomesNodes (\d+) x (\d+) children x (\d+)\).* (\d+);/;
    # A child of prefork has two for each database, for the log of reads is on.
    is("$nodes $children $each", $ENV{EDU_MPM} eq 'prefork' ? '1000 32 4'
                                                            : '1000 2 8',
       'the warning counts the connections of each child of each node');
    ok($all == $nodes * $children * $each && $all > $most,
       'the warning has the product, which is over the limit');
    like($said[0], $ENV{EDU_MPM} eq 'prefork' ? qr/503\. Lower MaxRequestWorkers, /
                                              : qr/503\. Lower DBDMax, /,
         'and what lowers it');
    my ($load) = slurp("$Bin/../modules.conf") =~ /^(.* auth_basic_module .*)/m;
    $mark = restart(1000, $load =~ s/auth_basic/dbd/gr);
    log_await($mark, $tag);
    my ($twice) = join('', warnings_since($mark)) =~ / children x (\d+)/;
    is($twice, 2 * $each, 'and as many of mod_dbd, where that is loaded');
}
unlink $own;
stop_server();
ok(start_server(), 'the server starts with its configuration of before');
