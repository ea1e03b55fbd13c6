# What watches the server: whether it lives, whether its databases answer, and
# figures, which are the same in each form.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Edu::Case 'slurp';
use Edu::Database;
use Edu::Lane;
use Edu::Log;
use Edu::Server;
use Edu::Wire;
use HTTP::Tiny ();
use JSON::PP ();
use Test::More;

my $vars = lane()->{vars};
my $collection =
    '/v1.0/education/classes/status/assignments/a/submissions/s/outcomes';

sub get { return request(GET => @_, [['Authorization', 'none']]) }

# ------------------------------------------------------------- live and ready

my $mark = log_mark();
is(get('/edu-live')->{status}, 200, 'the server lives');
is(get('/edu-live')->{body}, "live\n", 'and says so');
my $ready = get('/edu-ready');
is($ready->{status}, 200, 'its databases answer');
is($ready->{body}, "ready\n", 'and it says so');
is(header($ready, 'Cache-Control'), 'no-store', 'which nobody keeps');
is(request(POST => '/edu-ready', [], '')->{status}, 405, 'it is read only');
is(request(HEAD => '/edu-ready')->{status}, 200, 'HEAD asks the same');
is(join('', log_lines($mark, qr/EDU\d/)), '', 'the log has no line of that');

# -------------------------------------------------------------------- figures

# The samples of Prometheus's text, which has to be as its format and the customs
# of its names want it: each family has one HELP, one TYPE and its samples after
# it, each of which is there once; counters alone are totals.
sub figures {
    my (%figure, %seen, $family, $type);
    my $answer = get('/edu-status?prometheus');
    die 'another type: ' . header($answer, 'Content-Type')
        if header($answer, 'Content-Type') ne
        'text/plain; version=0.0.4; charset=utf-8';
    die 'no last newline' if $answer->{body} !~ /\n\z/;
    my $label = qr/[a-z_]+="(?:[^"\\]|\\[\\"n])*"/;
    for (split /\n/, $answer->{body}, -1) {
        next if $_ eq '';
        if (/^# HELP ([a-z][a-z_]*) \S.*\S$/) {
            ($family, $type) = ($1, undef);
            die "twice: $_" if $seen{$family}++;
            next;
        }
        if (!$type) {
            die "no type: $_" if !/^# TYPE \Q$family\E (counter|gauge|histogram)$/;
            $type = $1;
            die "no total: $_" if ($type eq 'counter') != ($family =~ /_total$/);
            next;
        }
        my $suffix = $type eq 'histogram' ? qr/_(?:bucket|sum|count)/ : qr//;
        die "no sample: $_" if !/^(\Q$family\E$suffix
                                  (?:\{($label(?:,$label)*)\})?)
                                 [ ]-?(?:\d+(?:\.\d+)?(?:e[-+]?\d+)?|\+Inf|NaN)$/x;
        my ($name, %named) = ($1);
        die "a label twice: $_" if grep { $named{$_}++ } ($2 // '') =~ /([a-z_]+)="/g;
        die "twice: $name" if exists $figure{$name};
        ($figure{$name}) = /([^ ]+)$/;
    }
    return \%figure;
}

sub answered {
    my ($figures, $method, $status) = @_;
    return $figures->{"edu_outcomes_requests_total{method=\"$method\","
                      . "status=\"$status\"}"};
}

my $before = figures();
my $made = request(POST => $collection, [['Content-Type', 'application/json']],
                   '{}');
my $path = path_of($made);
request(GET => $path) for 1 .. 5;
request(GET => "$collection/none");
request(PATCH => $path, [['Content-Type', 'application/json'],
                         ['If-Match', '"0000000000000000"']], '{}');
my $after = figures();
for (['GET', '2xx', 5], ['GET', '4xx', 1], ['POST', '2xx', 1],
     ['PATCH', '4xx', 1], ['DELETE', '2xx', 0]) {
    my ($method, $status, $n) = @$_;
    is(answered($after, $method, $status) - answered($before, $method, $status),
       $n, "$method, $status: $n more");
}
my $lost = 'edu_outcomes_refusals_total{status="412"}';
is($after->{$lost} - $before->{$lost}, 1, 'a lost update that was prevented');
my $took = 'edu_outcomes_request_seconds';
is($after->{"${took}_count"} - $before->{"${took}_count"}, 8,
   'each request took its time');
is($after->{"${took}_bucket{le=\"+Inf\"}"}, $after->{"${took}_count"},
   'the last bucket has all');
cmp_ok($after->{"${took}_sum"}, '>', $before->{"${took}_sum"},
       'which adds up');
my @buckets = map { $after->{"${took}_bucket{le=\"$_\"}"} }
    qw(0.001 0.0025 0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 +Inf);
is_deeply(\@buckets, [sort { $a <=> $b } @buckets],
          'a bucket has what is below it, too');
my $name = database()->{name};
is($after->{"edu_outcomes_database_up{database=\"1\",driver=\"$name\"}"}, 1,
   'the database answers');
my $mount = qr/^edu_outcomes_mount\{server="localhost:${\port()}",path=/;
for (['/v1.0', 'v1.0", access="none", sign_in="Basic", secret="\w+", admin="line \d+ of '],
     ['/roster', 'v1.0", access="roster", sign_in="Test",'],
     ['/beta', 'beta", access="none",'],
     ['/strict', '.*admin="nobody"']) {
    my ($path, $words) = @$_;
    $words =~ s/, /,/g;
    is(scalar(grep { /$mount"\Q$path\E",dialect="$words/ } keys %$after), 1,
       "$path is served, and how");
}
my $closed = sprintf 'edu_outcomes_read_only{server="localhost:%d",path="%%s"}',
    port();
is($after->{sprintf $closed, '/closed'}, 1, 'one is read only');
is($after->{sprintf $closed, '/v1.0'}, 0, 'another is not');
my $of = "database=\"1\",driver=\"$name\"";
cmp_ok($after->{"edu_outcomes_database_connections{$of,state=\"idle\"}"}
       + $after->{"edu_outcomes_database_connections{$of,state=\"used\"}"},
       '>=', 1, 'there are connections');
is($after->{"edu_outcomes_database_connections{$of,state=\"used\"}"}, 0,
   'which nobody uses now');
is($after->{'edu_outcomes_group_size_count'}
   - $before->{'edu_outcomes_group_size_count'}, 1, 'one commit');
is($after->{'edu_outcomes_group_size_sum'}
   - $before->{'edu_outcomes_group_size_sum'}, 1, 'of one request');
ok(defined $after->{"edu_outcomes_connection_waits$_"}, "waits$_ are told")
    for qw(_total _seconds_total);
if ($name eq 'sqlite3') {
    ok(await { figures()->{"edu_outcomes_database_checkpoint_seconds{$of}"} > 0 },
       'its log is copied');
    cmp_ok(figures()->{"edu_outcomes_database_log_bytes{$of}"}, '>', 0,
           'and has a size');
}

# Prometheus's own opinion, where PROMTOOL names its program, as .ci/run does.
if ($ENV{PROMTOOL}) {
    open my $tool, '|-', "$ENV{PROMTOOL} check metrics >$vars->{t_logs}/promtool 2>&1"
        or die "promtool: $!";
    print {$tool} get('/edu-status?prometheus')->{body};
    ok(close $tool, 'promtool finds nothing')
        or diag(slurp("$vars->{t_logs}/promtool"));
}

# The same in other forms.
my $json = JSON::PP::decode_json(get('/edu-status?json')->{body});
is(scalar @{ $json->{samples} }, scalar keys %{ figures() },
   'JSON has as many');
my $elsewhere = HTTP::Tiny->new->get(base('second') . '/edu-status?json');
is(scalar @{ JSON::PP::decode_json($elsewhere->{content})->{samples} },
   scalar @{ $json->{samples} }, 'another virtual host has all of them, too');
my $page = get('/edu-status');
like(header($page, 'Content-Type'), qr{^text/html}, 'the page is HTML');
like($page->{body}, qr/edu_outcomes_requests_total method=GET status=2xx/,
     'and has them');
for my $option (qw(xml js jsons json=1)) {
    my $answer = get("/edu-status?$option");
    is($answer->{status}, 400, "$option is refused");
    like($answer->{body}, qr/\?json or \?prometheus/, 'and what there is, told');
}
is(get('/edu-status?prometheus=')->{status}, 200, 'an empty value is none');
like(get('/server-status')->{body}, qr/<h1>mod_edu_outcomes/,
     'mod_status has them');
unlike(get('/server-status?auto')->{body}, qr/^edu_outcomes_database_seconds/m,
       'which asks no database');
like(get('/server-status?auto')->{body},
     qr/^edu_outcomes_requests_total GET 2xx: \d+$/m, 'as lines, too');

# ------------------------------------------------------------------------ logs

# A request by its ids, in both logs.
sub accessed {
    my ($id) = @_;
    open my $log, '<', "$vars->{t_logs}/edu_log" or return;
    return grep { / \Q$id\E / } <$log>;
}
my $parent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
for ([$parent, 200, '/v1.0', '-'], [$parent, 401, '/unguarded', 'unauthorized'],
     ["$parent-", 200, '/v1.0', '-'], [uc $parent, 200, '/v1.0', '-'],
     ['x', 200, '/v1.0', '-']) {
    my ($sent, $status, $at, $code) = @$_;
    my $mark = log_mark();
    my $kept = $sent eq $parent ? $parent : '-';
    my $id = header(request(GET => "$at/education/me/assignments",
                            [['traceparent', $sent]]), 'request-id');
    ok(await { accessed($id) }, "the access log has the request-id of $sent");
    is(join('', accessed($id)), "$status GET $id $code $kept\n",
       'and the trace');
    like(join('', log_lines($mark, $id)),
         $kept eq '-' ? qr/request-id $id: / : qr/request-id $id, traceparent $parent: /,
         'as the error log has');
}
# A refusal of Apache's own.
my $refused = header(request(GET => '/v1.0/education/me/assignments',
    [['Authorization', 'none'], ['traceparent', $parent]]), 'request-id');
ok(await { accessed($refused) }, "also where Apache refuses");

# ------------------------------------------------------------------- restarts

$before = figures();
$mark = log_mark();
kill USR1 => server_pid();
ok(log_await($mark, 'resuming normal operations'), 'a graceful restart');
$after = figures();
is(answered($after, 'GET', '2xx'), answered($before, 'GET', '2xx'),
   'forgets nothing');

# ------------------------------------------------------------------- failures

for my $mode (@{ database()->{stops} || [] }) {
    # the log tells of one outage a second
    my $second = time;
    await { time > $second };
    $mark = log_mark();
    ok(stop_database($mode), "$mode: the database ends");
    my $began = time;
    my $answer = get('/edu-ready');
    is($answer->{status}, 503, "$mode: the server is not ready");
    like($answer->{body}, qr/^not ready: [12] of [12] databases /,
         "$mode: and says how many do not answer");
    cmp_ok(time - $began, '<=', 11, "$mode: in time");
    is(get('/edu-live')->{status}, 200, "$mode: but lives");
    ok(log_await($mark, 'EDU0007: the database cannot be used'),
       "$mode: the log says so");
    my $failed = request(GET => $path);
    is($failed->{status}, 503, "$mode: a request fails");
    my $id = header($failed, 'request-id');
    ok((grep { /^edu_outcomes_failure_seconds\{.*request_id="\Q$id\E"/ }
        keys %{ figures() }), "$mode: and is among the last failures");
    ok(start_database(), "$mode: the database is back");
    ok(await { get('/edu-ready')->{status} == 200 }, "$mode: and the server");
    ok(log_await($mark, 'EDU0018: .* can be used again, after \d+ s; [1-9]'),
       "$mode: which the log says, too");
    cmp_ok(scalar(log_lines($mark, 'EDU0007: ')), '<=',
           scalar(grep { /^edu_outcomes_database_up\{/ } keys %$after),
           "$mode: each in one line");
    is(scalar(log_lines($mark, 'edu_outcomes:error.*EDU0002: ')), 0,
       "$mode: a refusal is none of its own");
}
done_testing;
