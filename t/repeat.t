# Requests with a key are done once, however often they are sent: at once, after a
# restart, by another node, and when the first answer was lost.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Edu::Case 'slurp';
use Edu::Database;
use Edu::Lane;
use Edu::Log;
use Edu::School;
use Edu::Server;
use Edu::Wire;
use IO::Socket::INET ();
use JSON::PP ();
use Test::More;
use Time::HiRes qw(sleep time);

my $vars = lane()->{vars};
my $class = class('repeat', 'ada', 'student');
my $novel = assignment($class, 'novel');
submission($novel, $_) for 'ada', 'student';
my $ada = "$novel/submissions/ada";
my $open = "$class/assignments/open/submissions";
my $count = 0;

sub key { return ['Idempotency-Key', '"repeat-' . ++$count . '"'] }

sub one { return sql($_[0]) =~ /(\d+)/ ? $1 : die "no number\n" }
sub history { return one('SELECT count(*) FROM edu_history') }
sub kept { return one('SELECT count(*) FROM edu_repeat') }
sub outcomes_of {
    return one('SELECT count(*) FROM edu_outcome'
               . " WHERE class_id = 'repeat' AND submission_id = '$_[0]'");
}

# What a repetition has in common with the first answer.
sub told {
    my ($answer) = @_;
    return join "\n", $answer->{status}, $answer->{body},
        map { header($answer, $_) // '-' }
        qw(ETag Location Content-Type Preference-Applied OData-Version);
}

# ------------------------------------------------------------- all that writes

my $created;
my @writes = (
    [app => PUT => '/classes/repeat-2', { displayName => '2' }, 201],
    [app => PUT => '/classes/repeat-2', { displayName => '3' }, 200],
    [app => PUT => '/classes/repeat-2/members',
     { value => [{ id => 'ada' }, { id => 'teacher', primaryRole => 'teacher' }] },
     204],
    [app => POST => '/classes/repeat-2/members/$ref',
     { '@odata.id' => 'https://graph.example/v1.0/education/users/bob' }, 204],
    [app => DELETE => '/classes/repeat-2/members/bob/$ref', undef, 204],
    [app => PUT => '/classes/repeat-2/assignments/a', { status => 'assigned' }, 201],
    [app => PUT => '/classes/repeat-2/assignments/a/submissions/ada'
        . '?$expand=outcomes', { recipient => { userId => 'ada' } }, 201],
    [app => PUT => '/classes/repeat-2/assignments/a/submissions/ada'
        . '?$expand=outcomes', { recipient => { userId => 'ada' } }, 200],
    [app => DELETE => '/classes/repeat-2/assignments/a/submissions/ada', undef, 204],
    [app => DELETE => '/classes/repeat-2/assignments/a', undef, 204],
    [app => DELETE => '/classes/repeat-2', undef, 204],
    [teacher => POST => "$class/assignments", {
        displayName => 'Essay', dueDateTime => '2036-11-06T08:00:00Z',
        assignTo => {
            '@odata.type' => '#microsoft.graph.educationAssignmentClassRecipient' },
     }, 201],
    [teacher => PATCH => sub { $created }, { displayName => 'Poem' }, 200],
    [teacher => POST => sub { "$created/setUpResourcesFolder" }, undef, 200],
    [teacher => POST => sub { "$created/publish" }, undef, 200],
    [teacher => POST => sub { "$created/deactivate" }, undef, 200],
    [teacher => DELETE => sub { $created }, undef, 204],
    [teacher => PATCH => "$ada/outcomes/$POINTS", { points => { points => 7 } }, 200],
    [student => POST => "$novel/submissions/student/submit", undef, 200],
    [teacher => POST => "$ada/excuse", undef, 200],
    [teacher => POST => "$ada/return", undef, 200],
    [teacher => POST => "$ada/reassign", undef, 200],
    [teacher => POST => "$ada/outcomes",
     { '@odata.type' => '#microsoft.graph.educationFeedbackResourceOutcome' }, 201],
    [teacher => DELETE => "$ada/outcomes/$POINTS", undef, 204],
    [teacher => POST => "$open/s/outcomes", {}, 201],
    [teacher => POST => "$open/s/outcomes/\$ref", {}, 201],
);
for (@writes) {
    my ($user, $method, $path, $body, $status) = @$_;
    $path = $path->() if ref $path;
    my $what = "$user: $method $path";
    my @headers = (key());
    my $first = ask($user, $method, $path, $body, @headers);
    is($first->{status}, $status, $what) or diag($first->{body});
    $created = path_of($first) if $path =~ m{/assignments$};
    my $after = history();
    for my $again (1 .. 2) {
        my $answer = ask($user, $method, $path, $body, @headers);
        is(told($answer), told($first), "$what: again");
    }
    is(history(), $after, "$what: it was done once");
}

# A version that is restored: the body is the server's.
my $version = must('teacher', GET => "$ada/outcomes/$POINTS/versions")
    ->{value}[-1]{id};
my @restore = ('teacher', POST => "$ada/outcomes/$POINTS/versions/$version"
               . '/restoreVersion', undef, key());
my $first = ask(@restore);
my $after = history();
is(told(ask(@restore)), told($first), 'a restored version, again');
is("$first->{status} " . history(), "204 $after", 'is restored once');

# ------------------------------------------------------------------- at once

my $RACERS = 16;
log_expect('AH10159: ');    # event's, when all its threads are busy

# The answers of all, who begin in one moment.
sub race {
    my ($send) = @_;
    my $start = time + 0.3;
    return crowd($RACERS, sub {
        my ($number) = @_;
        my $wait = $start - time;
        sleep $wait if $wait > 0;
        my $answer = $send->($number);
        return join ' ', split /\n/, told($answer);
    });
}

sub distinct {
    my %seen = map { $_ => 1 } @_;
    return sort keys %seen;
}

for my $round (1 .. 4) {
    my $key = key();
    my $before = history();
    my @answers = distinct(race(sub {
        ask('teacher', POST => "$open/race-$round/outcomes", {}, $key) }));
    is(scalar @answers, 1, "$round: clients that create with one key get one answer")
        or diag(join "\n", @answers);
    like($answers[0], qr/^201 /, "$round: it was created");
    is(outcomes_of("race-$round") . ' ' . (history() - $before), '1 1',
       "$round: once");
}
for my $round (1 .. 4) {
    my $key = key();
    my $before = history();
    my @answers = distinct(race(sub {
        ask('teacher', PATCH => "$ada/outcomes/$POINTS",
            { points => { points => 10 + $round } }, $key,
            ['Prefer', 'return=representation']) }));
    is(scalar @answers, 1, "$round: clients that change with one key get one answer")
        or diag(join "\n", @answers);
    like($answers[0], qr/^200 /, "$round: it was changed");
    is(history() - $before, 1, "$round: once");
}
# In two transactions: some of them in a $batch, with others.
for my $round (1 .. 4) {
    my $key = key();
    my $create = { id => '1', method => 'POST',
                   url => "/education$open/batch-$round/outcomes", body => {},
                   headers => { 'Content-Type' => 'application/json', @$key } };
    my @answers = distinct(map { /"id":"([0-9a-f-]{36})"/ ? $1 : $_ } race(sub {
        my ($number) = @_;
        return ask('teacher', POST => "$open/batch-$round/outcomes", {}, $key)
            if $number % 2;
        my $answer = ask('teacher', POST => '/v1.0/$batch', { requests => [
            { %$create, id => '0', url => "/education$open/other/outcomes",
              headers => { 'Content-Type' => 'application/json' } },
            { %$create, $number % 4 ? (atomicityGroup => 'g') : () } ] });
        my ($own) = grep { $_->{id} eq '1' } @{ got($answer)->{responses} };
        return { %$answer, body => JSON::PP->new->canonical->encode(
            { id => $own->{body}{id} // $own }) };
    }));
    is(scalar @answers, 1, "$round: so do clients of whom some send a \$batch")
        or diag(join "\n", @answers);
    is(outcomes_of("batch-$round"), 1, "$round: it was created once");
}

# -------------------------------------------------------------- lost answers

# A client that goes before it is answered.
my $lost = key();
my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => port());
print {$socket} "POST /v1.0/education$open/lost/outcomes HTTP/1.1\r\n",
    "Host: localhost\r\nAuthorization: Basic dGVhY2hlcjpkZW1v\r\n",
    "Content-Type: application/json\r\nContent-Length: 2\r\n",
    join(': ', @$lost), "\r\n\r\n{}";
ok(await { outcomes_of('lost') == 1 }, 'a request is done');
close $socket;
my ($id) = sql("SELECT id FROM edu_outcome WHERE submission_id = 'lost'") =~ /(\S+)/;
my $answer = ask('teacher', POST => "$open/lost/outcomes", {}, $lost);
like(header($answer, 'Location'), qr/\Q$id\E$/,
     'sent again it gets the answer that was lost');
is(outcomes_of('lost'), 1, 'and is not done again');

# Children are killed in the middle of it all; each client repeats a request until
# it is answered.
log_expect('AH10392: ');    # event's, when they are killed again and again
my @done = crowd(6, sub {
    my ($number, $running, $tell) = @_;
    my @lines;
    for (my $i = 1; $running->() || $i < 3; $i++) {
        my @post = ('teacher', POST => "$open/killed/outcomes", {},
                    ['Idempotency-Key', "killed-$number-$i"]);
        my $answer;
        do {
            $answer = ask(@post);
            sleep 0.01 if !$answer->{status};
        } while !$answer->{status} || $answer->{status} >= 500;
        push @lines, "$answer->{status} " . (path_of($answer) // '-');
        $tell->('done');
    }
    return @lines;
}, sub {
    my ($more) = @_;
    for (1 .. 4) {
        $more->(10, 'done');
        my ($victim) = server_children();
        kill KILL => $victim;
    }
    $more->(10, 'done');
});
is(join("\n", grep { !/^201 / } @done), '', 'all are served in the end');
my @distinct = distinct(@done);
is(scalar @distinct, scalar @done, 'each has an outcome of its own');
is(outcomes_of('killed'), scalar @done, 'and there are no others');

# ------------------------------------------------------------------- restarts

my @patch = ('teacher', PATCH => "$ada/outcomes/$POINTS",
             { points => { points => 50 } }, key());
$first = ask(@patch);
must('teacher', PATCH => "$ada/outcomes/$POINTS", { points => { points => 51 } });
stop_server();
ok(start_server(), 'the server stops and starts');
is(told(ask(@patch)), told($first), 'it knows its answers');
is(must('teacher', GET => "$ada/outcomes/$POINTS")->{points}{points}, 51,
   'and does nothing again');

# --------------------------------------------------------------- another node

my $port = port() + 7;
my $dir = "$vars->{t_logs}/node";
mkdir $dir;
open my $conf, '>', "$dir/httpd.conf" or die "$dir: $!";
print {$conf} slurp("$Bin/../modules.conf"), <<"END";
ServerRoot $Bin
DefaultRuntimeDir $dir
PidFile $dir/pid
ErrorLog $vars->{t_logs}/error_log
LogLevel info
Listen 127.0.0.1:$port
ServerName localhost
TypesConfig /dev/null
StartServers 2
MaxRequestWorkers 32
<IfModule !mpm_prefork_module>
    ThreadsPerChild 16
    MinSpareThreads 16
    MaxSpareThreads 64
</IfModule>
DBDMax 4
Include $vars->{t_conf}/database.conf
<Location /v1.0>
    EduOutcomes On
    EduOutcomesAccess none
    AuthType Basic
    AuthName outcomes
    AuthBasicProvider file
    AuthUserFile $vars->{t_conf}/passwords
    Require valid-user
</Location>
END
close $conf;
my $node = "http://localhost:$port";
is(system("'$vars->{httpd}' -f '$dir/httpd.conf' >>'$dir/out' 2>&1"), 0,
   'another server starts on the same database');
ok(await { request(HEAD => "$node/")->{status} }, 'it listens');
is(told(ask('teacher', PATCH => "$node/v1.0/education$ada/outcomes/$POINTS",
            { points => { points => 50 } }, $patch[-1])),
   told($first), 'it knows the answers of the first');
for my $round (1 .. 4) {
    my $key = key();
    my @answers = distinct(map { s/localhost:\d+/HOST/gr } race(sub {
        my ($number) = @_;
        ask('teacher', POST => ($number % 2 ? "$node/v1.0/education" : '')
            . "$open/nodes-$round/outcomes", {}, $key) }));
    is(scalar @answers, 1, "$round: clients of both get one answer")
        or diag(join "\n", @answers);
    is(outcomes_of("nodes-$round"), 1, "$round: it was created once");
}
my $pid = slurp("$dir/pid") + 0;
kill TERM => $pid;
ok(await { has_ended($pid) }, 'the other server stops');

# --------------------------------------------------------------------- rights

# The roster decides there.
sub logged {
    my ($user, $method, $path, @more) = @_;
    return ask($user, $method, base() . "/logged/education$path", @more);
}

@patch = ('teacher', PATCH => "$ada/outcomes/$POINTS",
          { points => { points => 60 } }, key());
is(logged(@patch)->{status}, 200, 'a teacher grades');
my $reads = one("SELECT count(*) FROM edu_read WHERE class_id = 'repeat'");
is(logged(@patch)->{status}, 200, 'and again');
ok(await { one("SELECT count(*) FROM edu_read WHERE class_id = 'repeat'"
               . " AND submission_id = 'ada' AND student = 'ada'"
               . " AND id = '$POINTS'") >= 2 },
   'a repeated answer is a read that is recorded');
must('app', DELETE => "$class/members/teacher/\$ref");
is(logged(@patch)->{status}, 403, 'without the role the answer is refused');
is(logged('student', @patch[1 .. 4])->{status}, 404, 'a student never gets it');
must('app', PUT => "$class/members", { value => [
    { id => 'student', primaryRole => 'teacher' }, { id => 'ada' } ] });
must('student', PATCH => "$novel/submissions/student/outcomes/$FEEDBACK",
     { feedback => { text => { content => 'SECRET' } } });
my @submit = ('student', POST => "$novel/submissions/student/unsubmit", undef,
              key());
$answer = logged(@submit);
is($answer->{status}, 200, 'a teacher takes back what a student handed in');
must('app', PUT => "$class/members", { value => [
    { id => 'student' }, { id => 'ada' },
    { id => 'teacher', primaryRole => 'teacher' } ] });
$answer = logged(@submit);
is($answer->{status}, 422, 'as a student they do not get what a teacher was shown');
unlike($answer->{body}, qr/SECRET/, 'nor anything of it');

# -------------------------------------------------------------- large answers

my $long = { feedback => { text => { content => 'x' x 70_000 } } };
@patch = ('teacher', PATCH => "$ada/outcomes/$FEEDBACK", $long, key());
$first = ask(@patch);
$after = history();
$answer = ask(@patch);
is("$first->{status} $answer->{status}", '200 204', 'a long answer is not kept');
is(header($answer, 'ETag') . header($answer, 'Preference-Applied'),
   header($first, 'ETag') . 'return=minimal', 'but for its headers');
is(history(), $after, 'the request is not done again');

# -------------------------------------------------------------------- the end

my $own = "$vars->{t_conf}/own.conf";
sub configure {
    open my $out, '>', $own or die "$own: $!\n";
    print {$out} "EduOutcomesRepeatabilityTTL $_[0]\n";
    close $out;
    stop_server();
    return start_server();
}

ok(configure(1), 'answers are kept for a second');
my @date = gmtime(time - 3);
my $long_ago = sprintf '%s, %02d %s %d %02d:%02d:%02d GMT',
    (qw(Sun Mon Tue Wed Thu Fri Sat))[$date[6]], $date[3],
    (qw(Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec))[$date[4]],
    1900 + $date[5], @date[2, 1, 0];
$answer = ask('teacher', POST => "$open/end/outcomes", {},
              ['Repeatability-Request-ID', 'end'],
              ['Repeatability-First-Sent', $long_ago]);
is($answer->{status} . ' ' . header($answer, 'Repeatability-Result'),
   '412 rejected', 'a request of three seconds ago is refused');
my $key = key();
$first = ask('teacher', POST => "$open/end/outcomes", {}, $key);
is(told(ask('teacher', POST => "$open/end/outcomes", {}, $key)), told($first),
   'within the second it is known');
sleep 1.1;
my $later = ask('teacher', POST => "$open/end/outcomes", {}, $key);
isnt(told($later), told($first), 'after it, the key is free');
is(outcomes_of('end'), 2, 'so that the request is done anew');
sql("UPDATE edu_repeat SET expires = '0'");
my $mark = log_mark();
ok(await { kept() == 0 }, 'answers are removed in the background');
is(join('', grep { /EDU0016/ } log_lines($mark, 'EDU')), '', 'without a complaint');

ok(configure(0), 'no answers are kept');
for my $header ($key, ['Repeatability-Request-ID', 'end']) {
    $answer = ask('teacher', POST => "$open/end/outcomes", {}, $header);
    is("$answer->{status} " . got($answer)->{error}{target}, "501 $header->[0]",
       'a key is refused');
}
is(ask('teacher', POST => "$open/end/outcomes", {})->{status}, 201,
   'other requests are served');
unlink $own;
stop_server();
ok(start_server(), 'the server starts with its configuration of before');
done_testing;
