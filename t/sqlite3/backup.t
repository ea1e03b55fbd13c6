# The lines of docs/operating.md for SQLite's own shell, under load: a backup and a
# restore fail no request, and bring back what was there.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/../lib";
use Edu::Case 'slurp';
use Edu::Lane;
use Edu::School qw(ask got must);
use Test::More;

my $logs = lane()->{vars}{t_logs};
my $list = '/classes/backup/assignments/a/submissions';

# The commands, for the places of this lane.
my ($block) = slurp("$Bin/../../docs/operating.md")
    =~ /^With SQLite's own shell.*?\n\n((?: {4}.*\n)+)/m or die "no lines\n";
$block =~ s{\\\n\s+}{}g;
$block =~ s{sudo -u www-data }{}g;
$block =~ s{/var/lib/edu_outcomes/}{$ENV{EDU_DB_DIR}/}g;
$block =~ s{/backup/}{$logs/}g;
my ($backup, $restore) = split /\n/, $block;
like($backup, qr/\.backup/, 'the first line makes a backup');
like($restore, qr/\.restore/, 'the second restores it');

# Runs a command while writers post, and returns what they were answered.
sub under_load {
    my ($command) = @_;
    my @writers = map {
        my $of = $_;
        pipe my $in, my $out or die "pipe: $!";
        my $pid = fork // die "fork: $!";
        if (!$pid) {
            print $out join ' ', map { ask('teacher', POST =>
                "$list/load$of/outcomes", {})->{status} } 1 .. 50;
            close $out;
            require POSIX;
            POSIX::_exit(0);
        }
        close $out;
        $in;
    } 1 .. 4;
    is(system($command), 0, $command);
    my %answers;
    $answers{$_}++ for map { split ' ', readline $_ } @writers;
    1 while wait > 0;
    return join ' ', map { "$_ x $answers{$_}" } sort keys %answers;
}

sub count { return must('teacher', GET => "$list/$_[0]/outcomes?\$count=true")
    ->{'@odata.count'} }

must('teacher', POST => "$list/kept/outcomes", {}) for 1 .. 3;
is(under_load($backup), '201 x 200', 'a backup fails no write');
must('teacher', POST => "$list/kept/outcomes", {}) for 1 .. 2;
is(count('kept'), 5, 'there are more since');
is(under_load($restore), '201 x 200', 'nor does a restore');
is(count('kept'), 3, 'what was there at the backup is there again');
is(qx{sqlite3 $ENV{EDU_DB_DIR}/outcomes.db 'PRAGMA integrity_check'}, "ok\n",
   'the database is whole');
is(ask('teacher', POST => "$list/kept/outcomes", {})->{status}, 201,
   'and takes writes');
done_testing;
