# 20,000 writes while children are killed and the database restarts: each that was
# acknowledged has one row in the history, and so has any other that was done.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Edu::Database;
use Edu::Log;
use Edu::School;
use Edu::Server;
use Edu::Wire;
use List::Util 'any';
use Test::More;
use Time::HiRes 'sleep';

# Under prefork it is the same work, so fewer writes do.
my ($CLIENTS, $ROUNDS, $OF_ROUND) = $ENV{EDU_MPM} eq 'prefork' ? (6, 4, 25)
                                                               : (12, 10, 100);
my $MANY = 20;    # requests of a $batch
my $WRITES = $ROUNDS * $OF_ROUND * $MANY;
my $CLASS = 'crash-history';

my $class = class($CLASS, map { "s$_" } 1 .. $CLIENTS);
my $assignment = assignment($class, 'a', {
    status => 'assigned', grading => { maxPoints => 1_000_000 } });

# ------------------------------------------------------------------- the load
sub open_path { return "$class/assignments/open/submissions/s$_[0]/outcomes" }

sub points { return qq({"points": {"points": $_[0]}}) }

# A client's outcomes, $MANY of them, by their ids.
sub id_of {
    my ($client, $i) = @_;
    return sprintf '%08x-0000-4000-8000-%012x', $client, $i;
}

# A $batch of a request for each number; $make gives method, path and body.
sub batch {
    my ($group, $make, @numbers) = @_;
    my @items = map {
        my ($method, $path, $body) = $make->($_);
        qq({"id": "$_", "method": "$method", "url": "/education$path",)
            . ($group ? ' "atomicityGroup": "g",' : '')
            . ' "headers": {"Content-Type": "application/json"},'
            . qq( "body": $body})
    } @numbers;
    my $answer = ask('teacher', POST => '/v1.0/$batch',
                     '{"requests": [' . join(', ', @items) . ']}');
    my %status = $answer->{body} =~ /"id":"(\d+)","status":(\d+)/g;
    return ($answer, map { $status{$_} // $answer->{status} } @numbers);
}

# A client's N-th request, by its kind.  Each returns the answer, the statuses of
# its writes, and the rows that these are of, as far as they are known.
my %request = (
    batch => sub {
        my ($client, $n) = @_;
        my ($answer, @statuses) = batch($n % 4 == 0, sub {
            return (PATCH => open_path($client) . '/' . id_of($client, $_[0]),
                    points($n));
        }, 1 .. $MANY);
        return ($answer, \@statuses, map { id_of($client, $_) } 1 .. $MANY);
    },
    patch => sub {
        my ($client, $n) = @_;
        my $id = id_of($client, 1 + $n % $MANY);
        my $answer = ask('teacher', PATCH => open_path($client) . "/$id",
                         points($n));
        return ($answer, [$answer->{status}], $id);
    },
    post => sub {
        my ($client, $n) = @_;
        my $answer = ask('teacher', POST => open_path($client),
            '{"@odata.type": "#microsoft.graph.educationPointsOutcome",'
            . qq( "points": {"points": $n}}));
        my ($id) = (path_of($answer) // '') =~ m{([^/]+)$};
        return ($answer, [$answer->{status}], $id // '');
    },
    grade => sub {
        my ($client, $n) = @_;
        my $answer = ask('teacher', PATCH =>
            "$assignment/submissions/s$client/outcomes/$POINTS", points($n));
        return ($answer, [$answer->{status}], $POINTS);
    },
    return => sub {
        my ($client) = @_;
        my $answer = ask('teacher', POST =>
            "$assignment/submissions/s$client/return");
        return ($answer, [$answer->{status}], "s$client");
    },
);
my @ORDER = qw(batch patch batch grade batch post batch return);

# For each request its id, or -, how many of its writes are acknowledged, and of
# how many nobody knows; for each of the former the row and the number.
sub write_on {
    my ($client, $running, $tell) = @_;
    my @lines;
    for (my $n = 1; $running->(); $n++) {
        my $kind = $ORDER[$n % @ORDER];
        my ($answer, $statuses, @rows) = $request{$kind}->($client, $n);
        my @done = grep { $statuses->[$_] =~ /^20[01]$/ } 0 .. $#$statuses;
        my $name = header($answer, 'request-id') // '-';
        push @lines, join ' ', 'request', $name, scalar @done,
            @$statuses - @done;
        push @lines, map { "row s$client $rows[$_] $n" } @done
            if $kind ne 'return';
        $tell->('batch') if $kind eq 'batch' && @done == @rows;
        # Without a server there is nothing to hurry for.
        sleep 0.05 if !@done;
    }
    return @lines;
}

my @happened;

sub incidents {
    my ($more) = @_;
    my @stops = (database()->{stops} // [])->@*;
    for my $round (1 .. $ROUNDS) {
        # It is a long way for a busy machine.
        push @happened, 'served' if any { $more->($OF_ROUND, 'batch') } 1 .. 3;
        if (@stops && $round % 2) {
            my $mode = $stops[$round / 2 % @stops];
            push @happened, "database $mode"
                if stop_database($mode) && start_database();
        }
        else {
            push @happened, 'children' if kill KILL => server_children();
        }
    }
}

submission($assignment, "s$_") for 1 .. $CLIENTS;
for my $client (1 .. $CLIENTS) {
    my ($answer, @statuses) = batch(0, sub {
        return (POST => open_path($client),
            '{"@odata.type": "#microsoft.graph.educationPointsOutcome",'
            . ' "id": "' . id_of($client, $_[0]) . '"}');
    }, 1 .. $MANY);
    die "no outcomes: $answer->{body}\n" if grep { $_ != 201 } @statuses;
}
my ($begun) = sql('SELECT max(seq) FROM edu_history') =~ /(\d+)/;

log_expect($_) for 'EDU0002: .* 503 ', 'EDU0007: ', 'AH10(?:159|392): ';
my @lines = crowd($CLIENTS, \&write_on, \&incidents);
is(scalar(grep { $_ eq 'served' } @happened), $ROUNDS,
   'it serves on after each incident');
is(scalar @happened, 2 * $ROUNDS, 'all that was to happen did');
note(join ', ', grep { $_ ne 'served' } @happened);

# ---------------------------------------------------------------- the history
my (%asked, %noted);
my ($unanswered, $acknowledged) = (0, 0);
for (@lines) {
    my ($what, @words) = split;
    if ($what eq 'row') {
        $noted{"@words"}++;
        next;
    }
    BAIL_OUT($_) if $what ne 'request';
    my ($name, $done, $unknown) = @words;
    $acknowledged += $done;
    if ($name eq '-') { $unanswered += $unknown }
    else { $asked{$name} = [$done, $unknown] }
}
cmp_ok($acknowledged, '>=', $WRITES, "$WRITES writes are acknowledged");

my (%rows_of, %numbers, %last, @disorder);
for (split /^/, sql('SELECT seq, request_id, derived, entity, submission_id, id,'
        . " version, after_body FROM edu_history WHERE class_id = '$CLASS'"
        . " AND seq > $begun ORDER BY seq")) {
    chomp;
    my ($seq, $request, $derived, $entity, $submission, $id, $version, $body)
        = split /[|\t]/, $_, 8;
    my $row = "$entity $submission $id";
    $rows_of{$request}++ if !$derived;
    $numbers{"$submission $id $1"}++
        if !$derived && $entity eq 'outcome' && $body =~ /"points":(\d+)/;
    push @disorder, "$seq: $row $version"
        if $last{$row} && $last{$row}[0] ge $version;
    $last{$row} = [$version, $body];
}
my (@wrong, $unasked);
for (keys %asked) {
    my ($done, $unknown) = $asked{$_}->@*;
    my $rows = delete $rows_of{$_} // 0;
    push @wrong, "$_: $rows rows for $done writes"
        if $rows < $done || $rows > $done + $unknown;
}
$unasked += $_ for 0, values %rows_of;
is("@wrong[0 .. ($#wrong < 4 ? $#wrong : 4)]", '',
   'each request has as many rows as it has acknowledged writes');
cmp_ok($unasked, '<=', $unanswered,
       'all other rows are of requests that were not answered');
is(join(', ', (grep { !$numbers{$_} } sort keys %noted)[0 .. 4] // ''), '',
   'each acknowledged write is told as it was');
is(join(', ', grep { defined } (grep { $numbers{$_} > 1 } sort keys %numbers)
        [0 .. 4]), '', 'none is told twice');
is(join(', ', grep { defined } @disorder[0 .. 4]), '',
   'the rows of each outcome and submission are in the order of its versions');

# All that is stored now is as the history told last.
my @changed;
for (split /^/, sql('SELECT submission_id, id, version, body FROM edu_outcome'
                    . " WHERE class_id = '$CLASS'")) {
    chomp;
    my ($submission, $id, $version, $body) = split /[|\t]/, $_, 4;
    my $told = $last{"outcome $submission $id"} // ['', ''];
    push @changed, "$submission $id"
        if $told->[0] ne $version || $told->[1] ne $body;
}
is(join(', ', grep { defined } @changed[0 .. 4]), '',
   'each outcome is as its last row tells');
done_testing;
