# An acknowledged outcome survives the death of a child and of the server.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Edu::Log;
use Edu::Server;
use Edu::Wire;
use Test::More;
use Time::HiRes 'sleep';

my $collection =
    '/v1.0/education/classes/crash/assignments/a/submissions/s/outcomes';

# Clients post until the blow has fallen.  Returns how many were answered and
# the ids among them that are not stored.
sub under_fire {
    my ($blow) = @_;
    my @created = grep { $_ } crowd(4, sub {
        my ($number, $running, $tell) = @_;
        my @ids;
        while ($running->()) {
            my $answer = request(POST => $collection,
                                 [['Content-Type', 'application/json']], '{}');
            my ($id) = (header($answer, 'Location') // '') =~ m{/([^/]+)$};
            push @ids, $id if $answer->{status} == 201;
            $tell->($answer->{status});
            # Without a server there is nothing to hurry for.
            sleep 0.01 if !$answer->{status};
        }
        return @ids;
    }, $blow);
    my @lost = grep { request(GET => "$collection/$_")->{status} != 200 }
        @created;
    return (scalar @created, "@lost");
}

log_expect('AH10392: ');    # event's, when they are killed again and again
for my $round (1 .. 3) {
    my $victim;
    my ($count, $lost) = under_fire(sub {
        my ($more) = @_;
        $more->(5, 201);
        ($victim) = server_children();
        kill KILL => $victim;
        $more->(5, 201);
    });
    ok(await { !kill 0, $victim }, "$round: a child is killed");
    cmp_ok($count, '>', 4, "$round: clients are served around the crash");
    is($lost, '', "$round: no acknowledged outcome is lost");
}

my ($count, $lost) = under_fire(sub {
    my ($more) = @_;
    $more->(5, 201);
    freeze_server();    # none is forked while they are listed
    my @pids = (server_pid(), server_children(), server_checkpointers());
    kill KILL => @pids;
    await { !grep { kill 0, $_ } @pids };
    my $mark = log_mark();
    ok(start_server(), 'the server starts after all its processes were killed');
    ok(log_await($mark, 'AH00098: pid file .* overwritten'),
       'the log says that the server was not stopped in order');
});
cmp_ok($count, '>', 4, 'clients are served around the crash of the server');
is($lost, '', 'no acknowledged outcome is lost with the server');
done_testing;
