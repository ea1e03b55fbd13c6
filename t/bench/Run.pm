package Run;

# What bench and growth have in common: where they run, what they ask, and how
# they measure.

use strict;
use warnings;
use Cwd 'abs_path';
use Exporter 'import';
use File::Basename 'dirname';
use File::Temp ();
use IO::Socket::INET ();
use List::Util 'max';
use POSIX 'strftime';
use Report 'median';
use Server;
use Time::HiRes 'time';

our @EXPORT = qw($ROUNDS $SECONDS %lengths %made %results %servers @OUTCOMES
    @SINGLETONS @failures ask conclude end_wrk lay_beside lay_out machine measure need note
    mariadb_program on_path postgres_programs rounds start_wrk write_file);

our $SECONDS = 1;    # a measurement takes
our $ROUNDS  = 3;
my $BEGUN = time;
my $HERE  = dirname abs_path __FILE__;

sub note { print STDERR "bench: @_\n" }

$SIG{$_} = sub { exit 130 } for qw(HUP INT TERM);
END {
    my $status = $?;
    Server::end_all();
    $? = $status;
}

# -------------------------------------------------------------------- the place

sub on_path {
    my ($name, @more) = @_;
    return (grep -x, map "$_/$name", split(/:/, $ENV{PATH}), @more)[0];
}

# The directory of the newest, or nothing.
sub postgres_programs {
    my @dirs = sort { ($b =~ /(\d+)/)[0] <=> ($a =~ /(\d+)/)[0] }
        glob '/usr/lib/postgresql/*/bin';
    return (on_path('initdb', @dirs) // '') =~ s{/initdb$}{}r;
}

sub mariadb_program { return on_path('mariadbd', qw(/usr/sbin /usr/libexec)) }

# Of [Debian's package, whether it is here].  Nothing is installed behind
# anybody's back.
sub need {
    my @lacking = map $_->[0], grep !$_->[1], @_;
    die "some Debian packages are missing; to install them:\n\n"
        . "    apt-get install --no-install-recommends @lacking\n\n"
        if @lacking;
    die "configure found no Apache; set HTTPD\n" if !-x $ENV{HTTPD};
}

# The user that servers run as may not reach this tree: copies, in a directory
# that goes with us.
sub lay_out {
    my @programs = ("$HERE/httpd.conf", @_);
    my $top = $ENV{BENCH_DIR} || '/var/tmp';
    my $dir = File::Temp::tempdir("edu-bench.XXXXXX", DIR => abs_path($top),
                                  CLEANUP => 1);
    chmod 0755, $dir;
    die "$top is in memory, where a flush costs nothing; set BENCH_DIR\n"
        if `stat -f -c %T $dir` =~ /tmpfs|ramfs/;
    mkdir "$dir/$_" for qw(bin static);
    copy_tree(@ENV{qw(top_builddir top_srcdir)}, "$dir/bin", @programs);
    return { dir => $dir, bench => "$dir/bin", static => "$dir/static",
             httpd => $ENV{HTTPD}, postgres => postgres_programs(),
             mariadb => mariadb_program(),
             load_modules => \&load_modules };
}

# The tools with the module of another tree, which is built where it is, and may
# still need mod_dbd.
sub lay_beside {
    my ($tools, $tree) = @_;
    mkdir "$tools->{dir}/against";
    copy_tree($tree, $tree, "$tools->{dir}/against", "$tree/t/bench/httpd.conf");
    return { %$tools, bench => "$tools->{dir}/against", dbd => 1 };
}

sub copy_tree {
    my ($built, $sources, $to, @more) = @_;
    my $libs = "$built/.libs";
    system('cp', '-P', @more, "$sources/conf/run.conf",
           glob("$libs/mod_edu_outcomes.so $libs/libeduoutcomes.so*"), $to) == 0
        or die "is the module of $built built?\n";
    system 'chmod', '-R', 'a+rX', $to;
}

# An Apache may have some of them compiled in.
sub load_modules {
    my ($tools, $mpm, @more) = @_;
    chomp(my $modules = `"$ENV{APXS}" -q LIBEXECDIR`);
    return map({ -e "$modules/mod_$_.so"
                     ? "LoadModule ${_}_module \"$modules/mod_$_.so\"\n" : () }
               "mpm_$mpm", qw(unixd authn_core authz_core),
               $tools->{dbd} ? 'dbd' : (), @more),
        "LoadModule edu_outcomes_module"
        . " \"$tools->{bench}/mod_edu_outcomes.so\"\n";
}

sub write_file {
    my ($file, $text) = @_;
    open my $out, '>', $file or die "$file: $!\n";
    print $out $text;
    close $out or die "$file: $!\n";
    chmod 0644, $file;
}

# ---------------------------------------------------------------- what is asked

# The four outcomes of a submission, in order.
our @OUTCOMES = (
    '{"@odata.type":"#microsoft.graph.educationFeedbackOutcome","feedback":'
        . '{"text":{"content":"Well argued; see my notes on the second part.",'
        . '"contentType":"text"}}}',
    # of six digits, as all that load.lua sends, so that lengths stay
    '{"@odata.type":"#microsoft.graph.educationPointsOutcome",'
        . '"points":{"points":100000}}',
    '{"@odata.type":"#microsoft.graph.educationRubricOutcome",'
        . '"rubricQualityFeedback":[{"qualityId":'
        . '"9a145aa8-f3d9-43a1-8f77-5387ff0693f2","feedback":{"content":'
        . '"Clear, and to the point.","contentType":"text"}}],'
        . '"rubricQualitySelectedLevels":[{"qualityId":'
        . '"9a145aa8-f3d9-43a1-8f77-5387ff0693f2","columnId":'
        . '"4fb17a1d-5681-46c2-a295-4e305c3eae23"}]}',
    '{"@odata.type":"#microsoft.graph.educationFeedbackResourceOutcome",'
        . '"feedbackResource":{"@odata.type":'
        . '"#microsoft.graph.educationWordResource",'
        . '"displayName":"Document1.docx"}}',
);

# What the outcomes are called of which each registered submission has one.
our @SINGLETONS = qw(
    ca05367a-b292-42d5-aff7-5d279feeace8 ea1351f6-ba33-4940-b2cb-6a7254af2dc8
    65a46d78-1a2b-4a7e-bcf8-78a22ac2611b);

# One exchange; the name is that for which load.lua asks, and so is the user.
sub ask {
    my ($server, $method, $path, $body) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                       PeerPort => $server->{port})
        or die "$server->{name} does not answer\n";
    print $socket join "\r\n", "$method $path HTTP/1.1", 'Host: bench',
        'Connection: close', 'Authorization: Basic dGVhY2hlcjpkZW1v',
        defined $body ? ('Content-Type: application/json',
                         'Content-Length: ' . length $body) : (),
        '', $body // '';
    my $answer = do { local $/; <$socket> } // '';
    my ($status, $got) = $answer =~ m{^HTTP/1\.1 (\d+) .*?\r\n\r\n(.*)}s
        or die "$server->{name}: no answer to $method $path\n";
    die "$server->{name}: $method $path: $status $got\n" if $status !~ /^2/;
    return $got;
}

# ----------------------------------------------------------------- measurements

our (%servers, %lengths, %results, %made, @failures);

# A target is some work of a server; as: load.lua's name for it, if another;
# of: the file in the server's directory of the keys that are asked for, if
# load.lua does not make them up.
sub start_wrk {
    my ($target, $work, $clients, $seconds) = @_;
    open my $out, '-|', 'wrk', '-t1', "-c$clients", "-d${seconds}s",
        qw(--timeout 20s -s), "$HERE/load.lua",
        "http://127.0.0.1:$servers{ $target->{server} }{port}", '--',
        $target->{as}{$work} // $work, $lengths{$work} // '',
        $target->{of} ? "$servers{ $target->{server} }{dir}/$target->{of}" : ()
        or die "wrk: $!\n";
    return $out;
}

sub end_wrk {
    my ($wrk, $target, $work) = @_;
    my $said = do { local $/; <$wrk> } // '';
    close $wrk;
    my ($requests, $us, $p50, $p99, $errors, $sample) =
        $said =~ /^RESULT (\d+) (\d+) (\d+) (\d+) (\d+) (.*)/m
        or die "wrk failed:\n$said\n";
    if ($errors || !$requests) {
        push @failures, "$target->{name}: $work: $errors bad answers of"
            . " $requests: $sample";
        note($failures[-1]);
    }
    $made{ $target->{server} } += $requests - $errors if $work eq 'create';
    return { requests => $requests, rps => $requests / $us * 1e6,
             p50 => $p50 / 1000, p99 => $p99 / 1000, errors => $errors };
}

# Runs one work against one target and tells what it cost the server.
sub measure {
    my ($target, $work, $clients) = @_;
    my $server = $servers{ $target->{server} };
    my $before = $server->cpu;
    my $m = end_wrk(start_wrk($target, $work, $clients, $SECONDS), $target,
                    $work);
    $m->{cpu} = ($server->cpu - $before) / max(1, $m->{requests}) * 1e6;
    return $m;
}

# The targets take turns, and another begins each round.  Works that are to be
# compared are done one after the other: $works is one, or several.
sub rounds {
    my ($works, $clients, $measure, @targets) = @_;
    my @works = ref $works ? @$works : $works;
    note(sprintf '%3d s: %s, %d clients', time - $BEGUN, "@works", $clients);
    for my $round (1 .. $ROUNDS) {
        for my $target (@targets) {
            my $can = $target->{works};
            for my $work (grep { my $w = $_; !$can || grep $_ eq $w, @$can }
                          @works) {
                my %measured = $measure->($target, $work, $clients);
                push @{ $results{$_}{$clients}{ $target->{name} } },
                    $measured{$_} for keys %measured;
            }
        }
        push @targets, shift @targets;
    }
}

# ------------------------------------------------------------------- conclusion

# What a flush costs here decides what durable writes cost.
sub flush_ms {
    my $file = File::Temp->new(DIR => $ENV{BENCH_DIR} || '/var/tmp');
    my @ms;
    for (1 .. 50) {
        my $begun = time;
        syswrite $file, 'x' x 4096;
        $file->sync;
        push @ms, (time - $begun) * 1000;
    }
    return median(@ms);
}

sub version_of {
    my ($text) = `$_[0] 2>&1` =~ /(\d+\.\d[\d.]*)/;
    return $text // '?';
}

# What figures were measured on, with the versions of [name, command].
sub machine {
    my ($note, @more) = @_;
    chomp(my $cores = `getconf _NPROCESSORS_ONLN`);
    return sprintf "%s, %s cores%s; %s.\nA flush of 4 KiB took %.2f ms. %s\n\n",
        strftime('%Y-%m-%d', gmtime), $cores, $note ? " ($note)" : '',
        join(', ', map "$_->[0] " . version_of($_->[1]),
             [Apache => "'$ENV{HTTPD}' -v"], [SQLite => 'sqlite3 --version'],
             @more, [wrk => 'wrk -v']),
        flush_ms(),
        $ROUNDS == 1 ? "One round of $SECONDS s."
                     : "Medians of $ROUNDS rounds of $SECONDS s.";
}

# All below its heading is replaced.
sub save {
    my ($file, $heading, $text) = @_;
    my ($marks) = $heading =~ /^(#+)/;
    open my $in, '<', $file or die "$file: $!\n";
    my $all = do { local $/; <$in> };
    $all =~ s/^(\Q$heading\E\n).*?(?=^#{1,@{[ length $marks ]}} |\z)/$1\n$text/ms
        or die "$file has no $heading\n";
    write_file($file, $all);
}

# The end of a run: nothing is saved that had errors.
sub conclude {
    my ($report, $file, $heading) = @_;
    print $report;
    note(sprintf '%d s in all', time - $BEGUN);
    die map("$_\n", @failures), "There were errors.\n" if @failures;
    save($file, $heading, $report) if $file;
}

1;
