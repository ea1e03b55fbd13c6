# Requests that wait for PostgreSQL at the same time share statements; each gets
# what is its own, as if it had been alone.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/../lib";
use Edu::Database;
use Edu::Log;
use Edu::Server;
use Edu::Wire;
use Test::More;
use Time::HiRes qw(sleep time);

my $CLIENTS = $ENV{EDU_MPM} eq 'prefork' ? 6 : 16;
my $JSON_TYPE = ['Content-Type', 'application/json'];
my $FEEDBACK = '{"@odata.type": "#microsoft.graph.educationFeedbackOutcome",'
    . ' "feedback": {"text": {"content": "%s", "contentType": "text"}}}';

sub collection {
    return "/v1.0/education/classes/share-$_[0]/assignments/a/submissions/s"
        . '/outcomes';
}

sub create {
    my ($number, $text) = @_;
    return request(POST => collection($number), [$JSON_TYPE],
                   sprintf $FEEDBACK, $text);
}

sub change {
    my ($path, $etag, $text) = @_;
    return request(PATCH => $path, [$JSON_TYPE, ['If-Match', $etag]],
                   sprintf $FEEDBACK, $text);
}

# A status, and the text in the body.
sub told {
    my ($answer) = @_;
    my ($text) = $answer->{body} =~ /"content":"(.*?)"/;
    return join ' ', $answer->{status}, $text // ();
}

# What each is told, in order; $meanwhile keeps the first waiting, so that all
# others have to.
sub told_together {
    my ($work, $meanwhile) = @_;
    my %told = map { split /: /, $_, 2 } crowd($CLIENTS, sub {
        my ($number, $running, $tell) = @_;
        local $Edu::Wire::SENT = sub { $tell->('asks') };
        return "$number: " . told($work->($number));
    }, sub {
        my ($more) = @_;
        $more->($CLIENTS, 'asks');
        $meanwhile->();
    });
    return map { $told{$_} } 1 .. $CLIENTS;
}

# The same, where what keeps them is that the table is locked, until $then.
sub told_unlocked {
    my ($mode, $work, $then) = @_;
    sql("BEGIN; LOCK TABLE edu_outcome IN $mode MODE");
    return told_together($work, sub {
        await { sql('SELECT count(*) FROM pg_locks WHERE NOT granted') > 0 };
        sleep 0.3;    # all have come; they wait a second for each other
        sql($then) if $then;
        sql('COMMIT');
    });
}

# Those of one process then share a statement with $shared in it, if there are
# threads; '': they do not; undef: not all do.
sub together {
    my ($what, $mode, $shared, $work, @expected) = @_;
    my @told = told_unlocked($mode, $work);
    is($told[$_ - 1], $expected[$_ - 1], "$what: $_") for 1 .. $CLIENTS;
    is(sql('SELECT count(*) > 0 FROM pg_stat_activity WHERE pid <>'
           . " pg_backend_pid() AND query LIKE '%$shared%unnest%'"),
       $shared && $ENV{EDU_MPM} ne 'prefork' ? "t\n" : "f\n",
       "$what: they share a statement, or not") if defined $shared;
    kill_connections();    # each tells of its last statement
}

my @numbers = 1 .. $CLIENTS;
my @made = map { create($_, "text $_") } @numbers;
my @paths = map { path_of($_) } @made;
my @etags = map { header($_, 'ETag') } @made;

together('reads', 'ACCESS EXCLUSIVE', 'SELECT k.n',
         sub { request(GET => $paths[$_[0] - 1]) },
         map { "200 text $_" } @numbers);

together('half of them read nothing', 'ACCESS EXCLUSIVE', 'SELECT k.n',
         sub { request(GET => $paths[$_[0] - 1] . ($_[0] % 2 ? '' : '0')) },
         map { $_ % 2 ? "200 text $_" : 404 } @numbers);

together('ids that look like two', 'ACCESS EXCLUSIVE', '',
         sub { request(GET => $paths[$_[0] - 1] . '%1F') },
         map { 404 } @numbers);
together('half of them do', 'ACCESS EXCLUSIVE', undef,
         sub { request(GET => $paths[$_[0] - 1] . ($_[0] % 2 ? '' : '%1F')) },
         map { $_ % 2 ? "200 text $_" : 404 } @numbers);

together('creations', 'EXCLUSIVE', 'WITH',
         sub { create("new-$_[0]", "new $_[0]") },
         map { "201 new $_" } @numbers);
is(join(' ', map { told(request(GET => collection("new-$_"))) } @numbers),
   join(' ', map { "200 new $_" } @numbers),
   'each shared creation is at its path');

together('changes', 'EXCLUSIVE', 'WITH',
         sub { change($paths[$_[0] - 1], $etags[$_[0] - 1], "new $_[0]") },
         map { "200 new $_" } @numbers);
is(join(' ', map { told(request(GET => $_)) } @paths),
   join(' ', map { "200 new $_" } @numbers),
   'each shared change is of its row');

# A request that fails does not keep others from being served.
my $mark = log_mark();
sql(q{CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS}
    . q{ 'BEGIN RAISE EXCEPTION $$not this$$; END'});
sql(q{CREATE TRIGGER refuse BEFORE INSERT ON edu_outcome FOR EACH ROW}
    . " WHEN (new.class_id = 'share-bad-$CLIENTS') EXECUTE FUNCTION refuse()");
together('one fails', 'EXCLUSIVE', undef,
         sub { create("bad-$_[0]", "good $_[0]") },
         map { $_ == $CLIENTS ? 503 : "201 good $_" } @numbers);
sql('DROP TRIGGER refuse ON edu_outcome; DROP FUNCTION refuse()');
ok(log_await($mark, 'EDU0002: .* 503 .*not this'),
   'the log has the words of the trigger');

my $large = 'x' x 900_000;
together('large ones', 'EXCLUSIVE', '',
         sub { create("large-$_[0]", "$large $_[0]") },
         map { "201 $large $_" } @numbers);

# Of those that were to add to what nobody had registered, which somebody has
# when it is their turn.
my @late = told_unlocked('EXCLUSIVE',
    sub { create("late-$_[0]", "late $_[0]") },
    'INSERT INTO edu_submission (class_id, assignment_id, id, user_id) VALUES '
    . join ', ', map { "('share-late-$_', 'a', 's', 'ada')" } @numbers);
is("@late", join(' ', map { "201 late $_" } @numbers),
   'creations in submissions registered meanwhile succeed');
is(sql(q{SELECT count(*) FROM edu_submission WHERE class_id LIKE 'share-late-%'}
       . q{ AND version = '0000000000000000'}), "0\n",
       'the submissions registered meanwhile are touched');

# A commit waits for a replica that is not there, and then its connection is
# lost: it is done, but nobody was told.
sub wait_for_replica {
    my ($name) = @_;
    sql("ALTER SYSTEM SET synchronous_standby_names = '$name'");
    sql('SELECT pg_reload_conf()');
    await { sql('SHOW synchronous_standby_names') eq "$name\n" };
}

create('quick', $_) for 1 .. 40;    # each process had slow ones before
wait_for_replica('nobody');
is(join(' ', told_together(sub { create("lost-$_[0]", "kept $_[0]") }, sub {
    # who is first, and who has to wait for that
    for (1 .. ($ENV{EDU_MPM} eq 'prefork' ? 1 : 2)) {
        await { sql(q{SELECT count(*) FROM pg_stat_activity}
                    . q{ WHERE wait_event = 'SyncRep'}) > 0 };
        sleep 0.3;
        kill_connections();
    }
    wait_for_replica('');
})), join(' ', map { "201 kept $_" } @numbers),
   'creations whose connection was lost are acknowledged');
is(sql(q{SELECT count(*) FROM edu_outcome WHERE class_id LIKE 'share-lost-%'}),
   "$CLIENTS\n", 'creations whose connection was lost are done once');

# Nothing is heard of the connections that are in use, one of each process.  Who
# has one waits with it, for libpq does.
kill_connections();
request(GET => $_) for @paths;
my @backends = split ' ', sql('SELECT pid FROM pg_stat_activity'
    . q{ WHERE state = 'idle' AND datname = current_database()});
log_expect('EDU0002: .* 503 .* timeout');
kill STOP => @backends;
my @told = told_together(sub {
    my $began = time;
    my $answer = request(GET => $paths[$_[0] - 1]);
    return time - $began < 5 ? $answer : { status => 'late', body => '' };
}, sub {
    sleep 6;
    kill CONT => @backends;
});
cmp_ok(scalar(grep { /^200 new / } @told), '>=',
       $ENV{EDU_MPM} eq 'prefork' ? 0 : $CLIENTS / 2,
       'requests that wait for others run alone after a second') or diag("@told");
is(join(' ', map { told(request(GET => $_)) } @paths),
   join(' ', map { "200 new $_" } @numbers), 'later requests do not wait');
done_testing;
