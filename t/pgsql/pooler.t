# pgbouncer between the module and PostgreSQL, as docs/operating.md has it.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/../lib";
use Edu::Case 'slurp';
use Edu::Lane;
use Edu::School;
use Edu::Server;
use Edu::Wire;
use Test::More;

my $vars = lane()->{vars};
my $dir = "$vars->{t_logs}/pooler";
my $own = "$vars->{t_conf}/own.conf";
my ($program) = grep { -x } map { "$_/pgbouncer" } '/usr/sbin', split /:/, $ENV{PATH};
my $pid;
END { kill INT => $pid if $pid }
$program or die "there is no pgbouncer\n";
mkdir $dir or die "$dir: $!";

sub spew {
    my ($file, $text) = @_;
    open my $out, '>', $file or die "$file: $!";
    print {$out} $text;
    return close $out;
}

# The lines of the docs, for the database of this lane.
my ($lines) = slurp("$Bin/../../docs/operating.md")
    =~ /^## pgbouncer\n(?:(?! {4}).*\n)+((?: {4}.*\n|\n)+)/m or die "no lines\n";
$lines =~ s/^ {4}//mg;
$lines =~ s/host=127.0.0.1/host=$ENV{EDU_DB_DIR}/ or die;
$lines =~ s/dbname=outcomes/dbname=$ENV{EDU_DB_NAME} user=edu/ or die;

spew("$dir/pgbouncer.ini", <<"END");
$lines
auth_type = any
listen_addr =
listen_port = 6432
unix_socket_dir = $dir
logfile = $dir/log
END
spew($own, qq(DBDParams "host=$dir port=6432 user=edu dbname=outcomes"\n));
$pid = fork // die "fork: $!";
if (!$pid) {
    open STDOUT, '>', "$dir/out";
    open STDERR, '>&', \*STDOUT;
    exec $program, '-q', "$dir/pgbouncer.ini" or die "$program: $!";
}
await { -S "$dir/.s.PGSQL.6432" } or die slurp("$dir/out");
stop_server();
ok(start_server(), 'the server starts, by a pgbouncer as the docs have it');

my $essay = assignment(class('pooled', 'ada'), 'essay');
my $points = submission($essay, 'ada') . "/outcomes/$POINTS";
my %answers;
$answers{$_}++ for crowd(8, sub {
    my ($number) = @_;
    return map {
        (ask('teacher', POST => "$essay/submissions/o$number/outcomes", {})->{status},
         ask('teacher', PATCH => $points, { points => { points => $_ } })->{status},
         ask('teacher', GET => $points)->{status});
    } 1 .. 10;
});
is_deeply(\%answers, { 200 => 160, 201 => 80 }, 'all is as without it');

unlink $own;
ok(stop_server() && start_server(), 'the suite goes on with its own');
done_testing;
