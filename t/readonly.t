# EduOutcomesReadOnly with a file: while it exists nothing is written, neither for a
# client nor by the server itself.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Edu::Database;
use Edu::Lane;
use Edu::Log;
use Edu::School;
use Edu::Server;
use Edu::Wire;
use Test::More;

my $vars = lane()->{vars};
my $class = class('readonly', 'student');
my $assignment = assignment($class, 'readonly');
submission($assignment, 'student');
my $outcome = "$assignment/submissions/student/outcomes/$POINTS";
my %points = (points => { points => 5 });

# The same, at a mount that may pause.
sub paused {
    my ($user, $method, $path, @more) = @_;
    $path = "/education$path" if $path ne '/$batch';
    return ask($user, $method => base() . "/paused$path", @more);
}

sub switch {
    my ($file, $on) = @_;
    return unlink $file if !$on;
    open my $made, '>', $file or die "$file: $!\n";
    close $made;
}

# ------------------------------------------------------------------- requests

my $file = "$vars->{t_logs}/paused";
is(paused('teacher', PATCH => $outcome, \%points)->{status}, 200,
   'without the file changes are made');
switch($file, 1);
my $tag = header(paused('teacher', GET => $outcome), 'ETag');
ok($tag, 'with it all can be read');
is(request(POST => "/paused/education$class/outcomes/\$query",
           [['Content-Type', 'text/plain']], '$top=1')->{status}, 200,
   'also by a POST');
for (['teacher', PATCH => $outcome, \%points],
     ['teacher', POST => "$assignment/submissions/student/return", undef],
     ['app', PUT => $class, { displayName => 'x' }],
     ['app', DELETE => $class, undef]) {
    my $answer = paused(@$_);
    is($answer->{status}, 503, "$_->[1] $_->[2] is refused");
    like(header($answer, 'Retry-After') // '', qr/^[1-9]\d*$/,
         'which says when to repeat it');
    like(got($answer)->{error}{message}, qr/takes no changes for a while/,
         'and why');
}
is(paused('student', PATCH => $outcome, \%points)->{status}, 403,
   'a caller who may not is told so');
my $batch = got(paused('teacher', POST => '/$batch', { requests => [
    { id => 'r', method => 'GET', url => "/education$outcome" },
    map { { id => $_, method => 'PATCH', url => "/education$outcome",
            headers => { 'Content-Type' => 'application/json' },
            body => \%points, atomicityGroup => 'g' } } 'w1', 'w2' ] }));
is(join(' ', map { $_->{status} } @{ $batch->{responses} }), '200 503 424',
   'in a $batch what reads is done');
is($batch->{responses}[1]{headers}{'Retry-After'}, 30,
   'and what writes is to be repeated');
is(header(paused('teacher', GET => $outcome), 'ETag'), $tag,
   'nothing has changed');
is(ask('teacher', PATCH => $outcome, \%points)->{status}, 200,
   'another mount goes on');
switch($file, 0);
is(paused('teacher', PATCH => $outcome, \%points)->{status}, 200,
   'without the file, at once, changes are made again');

# ----------------------------------------------------------- the whole server

my $own = "$vars->{t_conf}/own.conf";
sub configure {
    open my $out, '>', $own or die "$own: $!\n";
    print {$out} map { "$_\n" } @_;
    close $out;
    stop_server();
    return start_server();
}

# Mounts that say nothing else, with all that the server writes by itself.
$file = "$vars->{t_logs}/closed";
switch($file, 1);
is(ask('teacher', PATCH => $outcome, \%points,
       ['Idempotency-Key', 'readonly'])->{status}, 200, 'an answer is kept');
sql('DELETE FROM edu_read');
my $mark = log_mark();
my $marks = sql("SELECT count(*) FROM edu_history WHERE class_id = ''");
ok(configure("EduOutcomesReadOnly $file", 'EduOutcomesHistory Off'),
   'the server starts read only');
is(ask('teacher', PATCH => $outcome, \%points)->{status}, 503,
   'no mount takes changes');
is(ask('teacher', GET => base() . "/logged/education$outcome")->{status}, 200,
   'a read that is to be recorded');
ok(log_await($mark, 'EDU0020: .*takes no changes'), 'waits for that');
is(sql('SELECT count(*) FROM edu_read'), "0\n", 'without a row');
is(sql("SELECT count(*) FROM edu_history WHERE class_id = ''"), $marks,
   'the history has no mark of this start');
sql("UPDATE edu_repeat SET expires = '0'");
$mark = log_mark();
ok(log_await($mark, 'EDU0017: '), 'kept answers stay');
cmp_ok(sql('SELECT count(*) FROM edu_repeat'), '>', 0, 'beyond their time');
switch($file, 0);
ok(await { sql('SELECT count(*) FROM edu_read') > 0 },
   'without the file the read is recorded');
ok(await { sql('SELECT count(*) FROM edu_repeat') == 0 },
   'and the answers are removed');
is(ask('teacher', PATCH => $outcome, \%points)->{status}, 200,
   'and changes are made');
unlink $own;
stop_server();
ok(start_server(), 'the server starts with its configuration of before');
done_testing;
