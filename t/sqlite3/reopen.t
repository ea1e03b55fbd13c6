# A database file that the server may not write, as one that root has put in its
# place: once the owner is right, the next write is served, without a restart.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/../lib";
use Edu::Database;
use Edu::Lane;
use Edu::Log;
use Edu::Server;
use Edu::Wire;
use Test::More;

my $CLIENTS = 6;
my $own = lane()->{vars}{t_conf} . '/own.conf';
my $collection =
    '/v1.0/education/classes/reopen/assignments/a/submissions/s/outcomes';
my ($file) = sql('PRAGMA database_list') =~ /^0\|main\|(.*)$/m;

sub create {
    return request(POST => $collection, [['Content-Type', 'application/json']],
                   '{}');
}

# So many at once that all connections are used.
sub statuses {
    my ($code) = @_;
    my %seen;
    $seen{$_}++ for crowd($CLIENTS, sub { $code->()->{status} });
    return join ' ', sort keys %seen;
}

log_expect('EDU000[27]: .*readonly database');
log_expect('EDU0011: ');
my $path = path_of(create());
crash_shell();    # it has the file open
ok(stop_server(), 'the server stops');
ok(!-e "$file-wal", 'the file is alone');
for my $way (['wal', 'auto'], ['wal', 'off'], ['delete', 'auto']) {
    my ($journal, $group) = @$way;
    my $mode = "$journal, $group";
    is(`sqlite3 '$file' 'PRAGMA journal_mode=$journal'`, "$journal\n",
       "$mode: it is left so");
    open my $conf, '>', $own or die "$own: $!";
    print $conf "EduOutcomesGroupCommit $group\n";
    close $conf;
    chmod 0444, $file or die "$file: $!";
    my $mark = log_mark();
    ok(start_server(), "$mode: the server starts");
    is(statuses(\&create), 503, "$mode: no write is served");
    ok(log_await($mark, 'EDU000[27]: .*readonly database'),
       "$mode: the log says why");
    is(create()->{status}, 503, "$mode: nor the next");
    is(statuses(sub { request(GET => $path) }), 200, "$mode: reads are")
        if $journal eq 'wal';
    chmod 0644, glob "$file*" or die "$file: $!";
    is(create()->{status}, 201, "$mode: once it is mended, the next write is");
    is(statuses(\&create), 201, "$mode: and so are all others");
    crash_shell();
    ok(stop_server(), "$mode: the server stops");
}
unlink $own;
ok(start_server(), 'the server starts');
done_testing;
