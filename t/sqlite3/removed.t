# The database's files are removed while the server has them open, as by somebody who
# restores by hand: nothing is acknowledged that is only in a file that nobody can
# open any more, and the log says what to do.
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
    '/v1.0/education/classes/removed/assignments/a/submissions/s/outcomes';
my ($file) = sql('PRAGMA database_list') =~ /^0\|main\|(.*)$/m;

sub create {
    return request(POST => $collection, [['Content-Type', 'application/json']],
                   '{}');
}

my $says = 'outcomes.db-wal was removed while it was open.* Stop Apache';
log_expect("EDU00(?:02|07|11): .*$says");
for my $group ('auto', 'off') {
    open my $conf, '>', $own or die "$own: $!";
    print $conf "EduOutcomesGroupCommit $group\n";
    close $conf;
    ok(stop_server() && start_server(), "$group: the server starts");
    my $mark = log_mark();
    crowd($CLIENTS, sub { create()->{status} });
    unlink glob "$file*" or die "$file: $!";
    my (@done, %seen);
    for (1 .. 1000) {
        my $answer = create();
        $seen{ $answer->{status} }++;
        push @done, path_of($answer) =~ m{([^/]+)$} if $answer->{status} == 201;
        last if ($seen{503} // 0) >= $CLIENTS;
    }
    is($seen{503}, $CLIENTS, "$group: what would be lost is refused");
    is(join(' ', grep { !/^(?:201|503)$/ } keys %seen), '',
       "$group: and may be repeated");
    ok(log_await($mark, $says), "$group: the log says what to do");
    crash_shell();    # it has the file open
    ok(stop_server() && start_server(), "$group: that is done");
    is(create()->{status}, 201, "$group: and helps");
    # a process that had no connection has made a new file
    my %there = map { $_ => 1 } split ' ', sql('SELECT id FROM edu_outcome');
    is(join(' ', grep { !$there{$_} } @done), '',
       "$group: nothing that was acknowledged is lost");
    crash_shell();
}
unlink $own;
ok(stop_server() && start_server(), 'the server starts');
done_testing;
