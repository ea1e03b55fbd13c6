package Edu::Server;

# Does to the httpd under test what an administrator or a bad day would, while
# clients go on.

use strict;
use warnings;
use Edu::Lane;
use Edu::Wire;
use Exporter 'import';
use Test::More ();
use Time::HiRes qw(sleep time);

our @EXPORT = qw(await crowd freeze_server has_ended server_checkpointers
    server_children server_pid start_server stop_server);

my $PATIENCE = 60;    # seconds, on any machine

# Polls until the code gives something true, at most so many seconds.
sub await (&;$) {
    my ($code, $seconds) = @_;
    my $end = time + ($seconds || $PATIENCE);
    while (time < $end) {
        my $value = $code->();
        return $value if $value;
        sleep 0.02;
    }
    return;
}

# Whether a process is no more.  Of one that has ended its number may stay for
# seconds, until its parent, often the first process of all, looks; httpd does not
# start over the pid file of one that was killed until then.
sub has_ended { return state_of($_[0]) =~ /^Z?$/ }

# A letter, as proc(5) has it; '': there is no such process.
sub state_of {
    my ($pid) = @_;
    open my $stat, '<', "/proc/$pid/stat" or return '';
    return (<$stat> // '') =~ /\) (\S) / ? $1 : '';
}

sub server_pid {
    open my $file, '<', lane()->{vars}{t_pid_file} or return;
    my $pid = <$file>;
    return $pid && $pid =~ /^(\d+)/ ? $1 : undef;
}

sub is_up { return request(HEAD => '/plain.txt')->{status} == 200 }

sub start_server {
    my ($httpd, $root, $conf, $logs) =
        @{ lane()->{vars} }{qw(httpd serverroot t_conf_file t_logs)};
    # Its output is no TAP.
    system("$httpd -d $root -f $conf >>$logs/start_log 2>&1") == 0 or return;
    return await { server_pid() && is_up() };
}

# Children end what they do.  By TERM, event's close the connections of workers
# that may do the same at that time, which crashes them (apr_os_sock_get in
# mod_mpm_event).
sub stop_server {
    my $pid = server_pid() or return;
    kill WINCH => $pid;
    return await { has_ended($pid) };
}

# Stops httpd's first process where it is, so that it forks no other; in the
# middle of a fork it stops after that.
sub freeze_server {
    my $pid = server_pid();
    kill STOP => $pid;
    await { state_of($pid) =~ /^T?$/ };
}

# The processes whose parent is httpd's first.
sub processes {
    my $pid = server_pid() or return;
    my @children;
    for (glob '/proc/[0-9]*/stat') {
        open my $stat, '<', $_ or next;
        # PID (NAME) STATE PARENT ...
        push @children, $1 if (<$stat> // '') =~ /^(\d+) .*\) \S $pid /;
    }
    return @children;
}

# The processes that can be connected to.
sub serves {
    my ($pid) = @_;
    return grep { (readlink // '') =~ /^socket:/ } glob "/proc/$pid/fd/*";
}

# The children that serve; waits until there is one.
sub server_children {
    my @children;
    await { @children = grep { serves($_) } processes() };
    return @children;
}

sub server_checkpointers { return grep { !serves($_) } processes() }

# Runs $work->($number, $running, $tell) in $count processes while
# $meanwhile->($more) runs here; $running->() is true until that is over.  The
# former count by $tell->($what) what the latter waits for by $more->($n, $what):
# until it was told $n times, since it waited for that last.  Returns the lines
# that each gave, as one list; one that died fails the test, with its reason.
sub crowd {
    my ($count, $work, $meanwhile) = @_;
    my $parent = $$;
    my $stop = lane()->{vars}{t_logs} . "/stop.$parent";
    unlink $stop, "$stop.told";
    open my $told, '+>>', "$stop.told" or die "$stop.told: $!";
    my $tell = sub { syswrite $told, "$_[0]\n" };
    my $times = sub {
        my ($what) = @_;
        seek $told, 0, 0;
        return scalar grep { $_ eq "$what\n" } <$told>;
    };
    my %before;
    my $more = sub {
        my ($n, $what) = @_;
        my $enough = await { $times->($what) >= ($before{$what} // 0) + $n };
        $before{$what} = $times->($what);
        return $enough;
    };
    my @pipes;
    for my $number (1 .. $count) {
        pipe my $out, my $in or die "pipe: $!";
        my $pid = fork // die "fork: $!";
        if (!$pid) {
            close $out;
            # a parent that died makes no file
            my $running = sub { !-e $stop && getppid == $parent };
            my @lines = eval { $work->($number, $running, $tell) };
            @lines = ("died: $@") if $@;
            print {$in} map { "$_\n" } @lines;
            close $in;
            # Not exit: the test's own end is its parent's.
            require POSIX;
            POSIX::_exit(0);
        }
        close $in;
        push @pipes, [$pid, $out];
    }
    $meanwhile->($more) if $meanwhile;
    open my $file, '>', $stop or die "$stop: $!";
    close $file;
    my @lines;
    for (@pipes) {
        my ($pid, $out) = @$_;
        push @lines, <$out>;
        waitpid $pid, 0;
    }
    unlink $stop, "$stop.told";
    chomp @lines;
    Test::More::fail($_) for grep { /^died: / } @lines;
    return @lines;
}

1;
