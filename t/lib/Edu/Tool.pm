package Edu::Tool;

# The administrator's tool as a shell calls it, and databases for it.

use strict;
use warnings;
use Edu::Lane;
use Exporter 'import';
use FindBin '$Bin';
use JSON::PP ();

our @EXPORT = qw(make_database tool tool_json tool_path);

my $vars = lane()->{vars};
my $top = -d "$Bin/lib" ? "$Bin/.." : "$Bin/../..";

sub tool_path { return "$top/lib/edu-outcomes" }

# Runs it: its exit status, standard output and standard error.
sub tool {
    my (@args) = @_;
    my @files = map { "$vars->{t_logs}/tool.$$.$_" } 'out', 'err';
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        open STDOUT, '>', $files[0] or die "$files[0]: $!";
        open STDERR, '>', $files[1] or die "$files[1]: $!";
        # drivers leak what they keep to the end
        local $ENV{ASAN_OPTIONS} = 'detect_leaks=0';
        exec tool_path(), @args or die "exec: $!";
    }
    waitpid $pid, 0;
    my $code = $?;
    my @said = map {
        open my $file, '<', $_ or die "$_: $!";
        local $/;
        <$file> // '';
    } @files;
    unlink @files;
    return ($code & 127 ? "signal $code" : $code >> 8, @said);
}

# The same with --json: its exit status, and the result.
sub tool_json {
    my ($code, $out, $err) = tool('--json', @_);
    my $result = eval { JSON::PP->new->utf8->decode($out) }
        // { error => "no JSON: $out$err" };
    return ($code, $result);
}

# A new database of a kind, in a directory; as the tool wants it.
sub make_database {
    my ($db, $dir, $name) = @_;
    system($ENV{EDU_DATABASES}, $db, 'make', $dir, $name) == 0
        or die "no database $name\n";
    chomp(my $params = `$ENV{EDU_DATABASES} $db params $dir $name`);
    return "$db:$params";
}

1;
