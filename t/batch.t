# An atomicityGroup is stored whole or not at all, and an acknowledged $batch is
# stored, though children are killed and the database is locked.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Edu::Database;
use Edu::Log;
use Edu::Server;
use Edu::Wire;
use IO::Socket::INET ();
use JSON::PP ();
use MIME::Base64 'encode_base64';
use Test::More;
use Time::HiRes qw(sleep time);

my $JSON = JSON::PP->new->utf8;
my $JSON_TYPE = ['Content-Type', 'application/json'];
my $SIZE = 10;    # requests of a group

# The outcomes of a submission, below the mount.
sub collection {
    my ($name) = @_;
    return "/education/classes/batch/assignments/a/submissions/$name/outcomes";
}

# A request of a batch that creates an outcome.
sub creation {
    my ($id, $name, @more) = @_;
    return { id => $id, method => 'POST', url => collection($name),
             headers => { 'Content-Type' => 'application/json' },
             body => {}, @more };
}

# A group, and as many requests of no group between its own if they are wanted;
# each sort has a collection of its own.
sub requests {
    my ($name, $mixed) = @_;
    return map {
        (creation("g$_", "$name-group", atomicityGroup => 'g'),
         $mixed ? creation("s$_", "$name-single") : ())
    } 1 .. $SIZE;
}

sub batch {
    my (@requests) = @_;
    return request(POST => '/v1.0/$batch', [$JSON_TYPE],
                   $JSON->encode({ requests => \@requests }));
}

# The statuses in an answer, each told once; of the answer if it is refused.
sub statuses {
    my ($answer) = @_;
    return $answer->{status} if $answer->{status} != 200;
    my $responses = $JSON->decode($answer->{body})->{responses};
    my %seen = map { $_->{status} => 1 } @$responses;
    return join ',', sort keys %seen;
}

sub stored {
    my ($name) = @_;
    return request(GET => '/v1.0' . collection($name) . '/$count')->{body};
}

# Clients send batches until the blows have fallen.
sub under_fire {
    my ($round, $blow) = @_;
    my @lines = crowd(4, sub {
        my ($number, $running, $tell) = @_;
        my @said;
        for (my $i = 1; $running->(); $i++) {
            my $name = "$round-$number-$i";
            my $mixed = $number % 2;
            my $answer = batch(requests($name, $mixed));
            my $statuses = statuses($answer);
            push @said, "$name $mixed $statuses";
            $tell->("$mixed $statuses");
            # Without a server there is nothing to hurry for.
            sleep 0.01 if !$answer->{status};
        }
        return @said;
    }, $blow);
    my ($whole, %acknowledged, @torn, @lost, %others) = (0);
    for (@lines) {
        my ($name, $mixed, $statuses) = split;
        my $group = stored("$name-group");
        $whole++ if $group == $SIZE;
        push @torn, "$name: $group" if $group != 0 && $group != $SIZE;
        if ($statuses eq '201') {
            $acknowledged{$mixed}++;
            push @lost, $name
                if $group != $SIZE || $mixed && stored("$name-single") != $SIZE;
        }
        elsif ($statuses) {
            $others{$statuses} = 1;
        }
    }
    cmp_ok($acknowledged{0} // 0, '>', 4,
           "$round: batches of a group are served");
    cmp_ok($acknowledged{1} // 0, '>', 4,
           "$round: batches of a group and others are served");
    is("@torn", '', "$round: no group is stored in part");
    is("@lost", '', "$round: no acknowledged outcome is lost");
    is(join(' ', %others), '', "$round: no other status is answered");
    note("$round: ", scalar @lines, " batches, $whole groups are stored");
}

log_expect('AH10392: ');    # event's, when all are killed again and again
for my $round (1 .. 3) {
    my @victims;
    under_fire($round, sub {
        my ($more) = @_;
        for (1 .. 3) {
            $more->(3, "$_ 201") for 0, 1;
            my @children = server_children();
            kill KILL => @children;
            push @victims, @children;
        }
        $more->(3, "$_ 201") for 0, 1;
    });
    cmp_ok(scalar @victims, '>=', 3, "$round: children are killed");
}

my $read = { id => 'read', method => 'GET', url => collection('locked-group') };
my ($mark, $began) = (log_mark(), time);
lock_tables();
my $answer = batch((requests('locked', 1))[1 .. 19], $read);
is(statuses($answer), '424,503', 'writes in a locked database are refused');
cmp_ok(time - $began, '<', 8, 'the refusal comes in time');
like($answer->{body}, qr/"Retry-After":"[1-9]/, 'the refusal has Retry-After');
like($answer->{body}, qr/"code":"serviceUnavailable"/,
     'the refusal has the code serviceUnavailable');
unlike($answer->{body}, qr/sql|database|locked/i,
       'the refusal does not name the database');
my $locked = database()->{locked};
ok(log_await($mark, "EDU\\d{4}: .* 503 .*$locked"),
   'the log says that the database is locked');
is(statuses(batch($read)), '200', 'a batch that only reads is answered');
unlock_tables();
is(stored('locked-group') . stored('locked-single'), '00',
   'the refused batch stores nothing');
is(statuses(batch(requests('locked', 1))), '201',
   'the same batch is served later');
is(stored('locked-group') + stored('locked-single'), 2 * $SIZE,
   'the batch that is served later is stored whole');

# A lock that goes away in time is only waited for.
my @answers = crowd(1, sub { statuses(batch(requests('waiting', 1))) }, sub {
    lock_tables();
    sleep 0.5;
    unlock_tables();
});
is("@answers", '201', 'a batch waits for a short lock');

# The first request may have begun when the client goes; none does after that.
my @gone = map { creation("$_", 'gone') } 1 .. 20;
my $body = $JSON->encode({ requests => \@gone });
lock_tables();
$mark = log_mark();
my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => port())
    or die "no connection: $!";
print {$socket} "POST /v1.0/\$batch HTTP/1.1\r\nHost: localhost\r\n",
    'Authorization: Basic ', encode_base64('teacher:demo', ''), "\r\n",
    "Content-Type: application/json\r\nContent-Length: ", length $body,
    "\r\n\r\n$body";
close $socket;
unlock_tables();
ok(log_await($mark, 'EDU0004: .* answered 200'),
   'a batch without a client is answered');
cmp_ok(stored('gone'), '<=', 1,
       'a batch without a client ends after its first request');

done_testing;
