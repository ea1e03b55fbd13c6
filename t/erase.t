# A student is erased, another made anonymous, while eight clients write to the
# submissions of both and of others, in a database of their own: a pass looks at
# all rows.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Edu::Database;
use Edu::Lane;
use Edu::School;
use Edu::Server;
use Edu::Tool;
use Test::More;

$ENV{EDU_DB_NAME} = 'erase';
my ($make, $params) = map { "$ENV{EDU_DATABASES} $ENV{EDU_DB} $_"
                            . " $ENV{EDU_DB_DIR} $ENV{EDU_DB_NAME}" }
    'make', 'params';
system($make) == 0 or die "no database\n";
chomp($params = `$params`);
my $own = lane()->{vars}{t_conf} . '/own.conf';
open my $conf, '>', $own or die "$own: $!\n";
print $conf qq(DBDParams "$params"\n);
close $conf;
stop_server();
start_server() or die "the server does not start\n";

my @tool = ('-d', "$ENV{EDU_DB}:$params");
my @tables = qw(class member assignment submission outcome history read repeat);

# All rows that have a text.
sub rows_with {
    my ($text) = @_;
    return grep { /\Q$text\E/ } map { split /^/, sql("SELECT * FROM edu_$_") } @tables;
}

sub points_of {
    my ($submission) = @_;
    return must('teacher', GET => "$submission/outcomes/$POINTS")->{points}{points};
}

# Of each of four assignments a submission of the student, and one of another: the
# path, and the points that were acknowledged last.
sub under_load {
    my ($name, $student, @command) = @_;
    my $class = class($name);
    must('app', PUT => "$class/members", { value => [
        { id => 'teacher', primaryRole => 'teacher' }, { id => "$name-other" },
        { id => $student, displayName => 'Lina Berg' } ] });
    my @paths = map {
        my $assignment = assignment($class, "a$_");
        (submission($assignment, 'first', $student),
         submission($assignment, 'second', "$name-other"));
    } 1 .. 4;
    must('teacher', PATCH => "$_/outcomes/$POINTS", { points => { points => 0 } })
        for @paths;
    my ($code, $result);
    my %last = map { split ' ' } crowd(scalar @paths, sub {
        my ($number, $running, $tell) = @_;
        my ($path, $points) = ($paths[$number - 1], 0);
        while ($running->()) {
            my $status = ask('teacher', PATCH => "$path/outcomes/$POINTS",
                             { points => { points => $points + 1 } })->{status};
            $points += $status == 200;
            $tell->($status) if $status == 200;
            return "$path gone" if $status == 404;
            die "$path: $status" if $status != 200 && $status != 503;
        }
        return "$path $points";
    }, sub {
        my ($more) = @_;
        $more->(50, 200);
        ($code, $result) = tool_json(@tool, @command, '--student', $student);
        $more->(50, 200);
    });
    is($code, 0, "$command[0] succeeds under load") or diag($result->{error});
    # a request that took long may have left a record
    my ($again, $says);
    for (1 .. 3) {
        ($again, $says) = tool_json(@tool, @command, '--student', $student);
        last if $again;
    }
    is($again, 1, 'repeated, it finds nothing');
    like($says->{error}, qr/no row names the user/, 'which is said');
    is(join('', rows_with($student)), '', 'no table has the id');
    is(join('', rows_with('Lina Berg')), '', 'nor the name');
    my $told = sql('SELECT after_body FROM edu_history WHERE action ='
        . " '$command[0]' AND application = 'edu-outcomes'");
    like($told, qr/"submission":4\b/, 'the history says what was done');
    is(join(' ', map { points_of($_) } grep { $last{$_} ne 'gone' } @paths),
       join(' ', map { $last{$_} } grep { $last{$_} ne 'gone' } @paths),
       'all else is as it was acknowledged last');
    is(join(' ', map { $_->{key} } @{ (tool_json(@tool, 'verify'))[1]{faults} }),
       '', 'and sound');
    return %last;
}

my %last = under_load('erased', 'lina.1', 'erase');
is(scalar(grep { $_ eq 'gone' } values %last), 4, 'submissions are gone');
is(scalar(grep { /first/ && $last{$_} eq 'gone' } keys %last), 4,
   'those of the student');
%last = under_load('anonymous', 'lina.2', 'anonymize');
is(scalar(grep { $_ eq 'gone' } values %last), 0, 'grades stay');
unlink $own;
stop_server();
ok(start_server(), 'the suite goes on with its own database');
done_testing;
