# Restarts in the middle of work.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Edu::Log;
use Edu::Server;
use Edu::Wire;
use JSON::PP ();
use Test::More tests => 6;

my $collection =
    '/v1.0/education/classes/restart/assignments/a/submissions/s/outcomes';

sub ids {
    my @ids;
    for (my $url = $collection; defined $url;) {
        my $page = JSON::PP::decode_json(request(GET => $url)->{body});
        push @ids, map { $_->{id} } @{ $page->{value} };
        $url = $page->{'@odata.nextLink'};
    }
    return @ids;
}

my $RESTARTS = 20;
my $restarts = 0;
my @posts = crowd(4, sub {
    my ($number, $running, $tell) = @_;
    my @lines;
    while ($running->()) {
        my $answer = request(POST => $collection,
                             [['Content-Type', 'application/json']], '{}');
        push @lines, "$answer->{status} " . substr $answer->{body}, 0, 400;
        $tell->('post');
    }
    return @lines;
}, sub {
    my ($more) = @_;
    for (1 .. $RESTARTS) {
        my $mark = log_mark();
        kill USR1 => server_pid();
        $restarts++ if log_await($mark, 'resuming normal operations')
            && $more->(2, 'post');
    }
});
is($restarts, $RESTARTS, 'the server restarts gracefully');
cmp_ok(scalar @posts, '>', $RESTARTS, 'clients go on during graceful restarts');
is(join("\n", grep { !/^201 / } @posts), '',
   'no request fails during graceful restarts');
my @ids = ids();
is(scalar @ids, scalar @posts, 'all acknowledged outcomes are stored');

stop_server();
ok(start_server(), 'the server stops and starts');
is_deeply([ids()], \@ids, 'the server has lost nothing');
