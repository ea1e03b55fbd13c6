# A database loses connections, restarts and is locked: requests are answered in
# time, acknowledged writes stay, and afterwards all requests are served.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Edu::Database;
use Edu::Log;
use Edu::Server;
use Edu::Wire;
use JSON::PP ();
use Test::More;
use Time::HiRes qw(sleep time);

my $TIMEOUT = 5;     # EduOutcomesTimeout's default
# More clients than connections, but no more than threads or processes.
my $CLIENTS = $ENV{EDU_MPM} eq 'prefork' ? 6 : 16;
my $JSON_TYPE = ['Content-Type', 'application/json'];
my $collection =
    '/v1.0/education/classes/heal/assignments/a/submissions/s/outcomes';

sub create { return request(POST => $collection, [$JSON_TYPE], '{}') }

# A batch of requests that change something, in one transaction.
sub batch {
    return request(POST => '/v1.0/$batch', [$JSON_TYPE],
        JSON::PP::encode_json({ requests => [map { {
            id => "$_", method => 'POST', url => $collection =~ s{^/v1.0}{}r,
            headers => { 'Content-Type' => 'application/json' }, body => {}
        } } 1 .. 3] }));
}

my $known = path_of(request(POST => $collection, [$JSON_TYPE],
    '{"@odata.type": "#microsoft.graph.educationPointsOutcome"}'));
my %request = (
    GET   => sub { request(GET => $known) },
    LIST  => sub { request(GET => "$collection?\$top=5") },
    POST  => \&create,
    BATCH => \&batch,
    PATCH => sub { request(PATCH => $known, [$JSON_TYPE],
                           "{\"points\": {\"points\": ${\ int rand 100}}}") },
);
my @kinds = sort keys %request;

# Clients go on through $events; each line is "kind status seconds path".
sub meanwhile {
    my ($events, @only) = @_;
    @only = @kinds if !@only;
    return crowd($CLIENTS, sub {
        my ($number, $running, $tell) = @_;
        my @lines;
        for (my $i = $number; $running->(); $i++) {
            my $kind = $only[$i % @only];
            my $began = time;
            my $answer = $request{$kind}->();
            push @lines, sprintf '%s %s %.2f %s %s', $kind, $answer->{status},
                time - $began, header($answer, 'Retry-After') // '-',
                $kind eq 'POST' && path_of($answer) || '-';
            $tell->($answer->{status});
            sleep 0.02;
        }
        return @lines;
    }, $events);
}

# Checks the rules for each answer during the failure.
sub judge {
    my ($what, @lines) = @_;
    my (%statuses, @late, @bare, @lost);
    for (@lines) {
        my ($kind, $status, $seconds, $retry, $path) = split;
        $statuses{$status}++;
        push @late, $_ if $seconds > $TIMEOUT;
        push @bare, $_ if $status == 503 && $retry !~ /^[1-9]\d*$/;
        push @lost, $path
            if $path ne '-' && request(GET => $path)->{status} != 200;
    }
    note("$what: ", join ', ', map { "$statuses{$_} times $_" }
         sort keys %statuses);
    is(join(' ', grep { !/^(200|201|503)$/ } keys %statuses), '',
       "$what: all requests get success or 503");
    is("@late", '', "$what: all requests are answered in time");
    is("@bare", '', "$what: each 503 has Retry-After");
    is("@lost", '', "$what: no acknowledged outcome is lost");
    return \%statuses;
}

# So many requests at once that every connection of every child is used.
sub recovered {
    my ($what) = @_;
    my @lines = crowd($CLIENTS, sub {
        my ($number) = @_;
        my $kind = $kinds[$number % @kinds];
        my $answer = $request{$kind}->();
        return "$kind $answer->{status}";
    });
    is(join(' ', sort grep { !/ 20[01]$/ } @lines), '',
       "$what: the first request of each client is served");
}

# Who failed says so in the log, which is what it is for: we, and event of its
# threads that wait.
log_expect($_) for 'EDU0002: .* 503 ', 'EDU0007: ', 'AH10159: ';

if (database()->{name} ne 'sqlite3') {
    my $killed = judge('connections are killed', meanwhile(sub {
        my ($more) = @_;
        for (1 .. 10) {
            $more->(10, 200);
            kill_connections();
        }
    }));
    cmp_ok($killed->{200}, '>', 50,
           'most requests do not notice killed connections');
    kill_connections();
    recovered('connections were killed');
    kill_connections();
    is(create()->{status}, 201,
       'a single write does not notice a killed connection');

    my $restarted = judge('the database restarts', meanwhile(sub {
        my ($more) = @_;
        for my $mode (database()->{stops}->@*) {
            $more->(10, 200);
            ok(stop_database($mode), "the database stops ($mode)");
            $more->(1, 503);
            ok(start_database(), 'the database starts ($mode)');
        }
        $more->(10, 200);
    }));
    cmp_ok($restarted->{503} // 0, '>', 0,
           'requests get 503 while the database restarts');
    stop_database(database()->{stops}[0]);
    my $began = time;
    is(create()->{status}, 503, 'a write gets 503 while the database is down');
    cmp_ok(time - $began, '<', $TIMEOUT, 'the 503 comes in time');
    start_database();
    recovered('the database was down');
}

# They use up the pool, so that readers have to wait, too.
lock_tables();
my $locked = judge('writers are locked out',
                   meanwhile(sub { $_[0]->($CLIENTS, 503) }, 'POST', 'PATCH', 'GET'));
cmp_ok($locked->{503} // 0, '>', 0, 'locked out writers get 503');
unlock_tables();
recovered('writers were locked out');
done_testing;
