package Edu::Power;

# Rebuilds the files of an SQLite database as a power cut leaves them, from the
# record that t/power.c makes.  A write may be on the disk as soon as it is
# called for, in whole or in part, and is once a flush has returned that was
# called for after the write returned.  The same holds for the names in the
# directory.  Nothing else is taken for granted, but that a write leaves the
# other bytes of a sector alone, as SQLite does (powersafe overwrite).

use strict;
use warnings;
use Cwd 'abs_path';
use Exporter 'import';
use File::Basename 'dirname';
use File::Copy 'copy';

our @EXPORT = qw(power_watch power_now power_replay);

my $SECTOR = 512;

# As in power.c.
my @SUFFIXES = ('', '-wal', '-journal');
my ($LOG, $DIRECTORY) = (1, 3);
my $SLOT = 5 * 8;
my $HEAD = 7 * 8;
my $DATA = $HEAD + (1 << 20) * $SLOT;
my $ROOM = 1 << 31;    # sparse

my ($database, $trace);

# Begins the record of a database that nobody has open.  Returns the environment
# of a server that is to be recorded.
sub power_watch {
    my ($file, $shim) = @_;
    $database = abs_path($file);
    $trace = "$database.trace";
    copy($database, "$database.before") or die "$database: $!\n";
    my ($device, $id) = stat $database;
    open my $out, '>', $trace or die "$trace: $!\n";
    print $out pack 'Q7', 0, 0, $device, $id, 0, 0,
        (stat dirname $database)[1];
    close $out;
    truncate $trace, $DATA + $ROOM or die "$trace: $!\n";
    return (EDU_PRELOAD => $shim, EDU_POWER_TRACE => $trace,
            EDU_POWER_DATABASE => $database);
}

sub slice {
    my ($in, $from, $size) = @_;
    sysseek $in, $from, 0;
    my $bytes;
    die "a file is too short\n" if $size != sysread $in, $bytes, $size;
    return $bytes;
}

sub slurp {
    my ($path, $from, $size) = @_;
    open my $in, '<:raw', $path or die "$path: $!\n";
    return slice($in, $from, $size);
}

# This instant: the number of calls recorded so far.  No file handle is kept for
# it: those who are forked would share its offset.
sub power_now { return unpack 'Q', slurp($trace, 0, 8) }

# ------------------------------------------------------------------- the disk

# A file has an image, the directory names: the files that they stand for.  This
# is on the disk; pending changes, in order, may be.
sub new_file { return { image => $_[0], pending => [] } }

sub change {
    my ($object, $change) = @_;
    my ($what, $at, $bytes) = @$change{qw(what at bytes)};
    if ($object->{names}) {
        $object->{names}[ $change->{name} ] = $change->{file};
        return;
    }
    my $gap = $at - length $object->{image};
    $object->{image} .= "\0" x $gap if $gap > 0;
    my $size = $what eq 'T' ? length($object->{image}) - $at : length $bytes;
    substr $object->{image}, $at, $size, $bytes;
}

# A flush called for at that instant is over.
sub flush {
    my ($object, $instant) = @_;
    my @left;
    for (@{ $object->{pending} }) {
        if ($_->{over} <= $instant) { change($object, $_) }
        else { push @left, $_ }
    }
    $object->{pending} = \@left;
}

# A write as one for each of its sectors.
sub tear {
    my ($change) = @_;
    my ($at, $bytes) = @$change{qw(at bytes)};
    return $change if $change->{what} ne 'W';
    my @pieces;
    while ($bytes ne '') {
        my $piece = substr $bytes, 0, $SECTOR - $at % $SECTOR, '';
        push @pieces, { what => 'W', at => $at, bytes => $piece };
        $at += length $piece;
    }
    return @pieces;
}

# The object as a power cut leaves it: with all, none or half of the pending
# changes, or with half of their sectors.
sub remains {
    my ($object, $way) = @_;
    return $object if $way eq 'none' || !@{ $object->{pending} };
    my $copy = { %$object };
    $copy->{names} = [@{ $object->{names} }] if $object->{names};
    for (map { $way eq 'torn' ? tear($_) : $_ } @{ $object->{pending} }) {
        change($copy, $_) if $way eq 'all' || rand() < 0.5;
    }
    return $copy;
}

# In place, which is faster than to make a file anew.
sub overwrite {
    my ($path, $image) = @_;
    open my $out, -e $path ? '+<:raw' : '>:raw', $path or die "$path: $!\n";
    my $size = length $$image;
    $size == syswrite $out, $$image and truncate $out, $size
        or die "$path: $!\n";
}

sub leave {
    my ($directory, $path, $way) = @_;
    my @files = @{ remains($directory, $way)->{names} };
    unlink "$path-shm";
    for my $name (0 .. $#SUFFIXES) {
        if ($files[$name]) {
            overwrite("$path$SUFFIXES[$name]",
                      \remains($files[$name], $way)->{image});
        }
        else {
            unlink "$path$SUFFIXES[$name]";
        }
    }
}

# Goes through the record.  At each of these instants, in order,
# $look->($instant, $leave) is called; $leave->($path, $way) makes the database
# there that a power cut leaves then.  Returns the instants at which the log
# began anew.
sub power_replay {
    my ($instants, $look) = @_;
    my @instants = @$instants;
    my $slots = power_now();
    my $record = slurp($trace, $HEAD, $slots * $SLOT);
    open my $data, '<:raw', $trace or die "$trace: $!\n";
    my $file = new_file(slurp("$database.before", 0, -s "$database.before"));
    my $directory = { names => [$file], pending => [] };
    my @now = ($file, undef, undef, $directory);
    my (%flushes, @begun);

    for my $instant (0 .. $slots) {
        flush(@$_) for @{ delete $flushes{$instant} // [] };
        while (@instants && $instants[0] == $instant) {
            shift @instants;
            $look->($instant, sub { leave($directory, @_) });
        }
        last if $instant == $slots;

        my ($call, $over, $at, $size, $from) =
            unpack 'Q5', substr $record, $instant * $SLOT, $SLOT;
        next if !$call;    # its process was killed before
        my ($what, $name) = (chr($call & 255), $call >> 8);
        if ($what eq 'S') {
            push @{ $flushes{$over} }, [$now[$name], $instant] if $over;
            next;
        }
        # A process that was killed in a call counts as one killed after it.
        my %change = (what => $what, at => $at, name => $name,
                      bytes => slice($data, $DATA + $from, $size),
                      over => $over || $instant + 1);
        if ($what eq 'C' || $what eq 'U') {
            $change{file} = $now[$name] = $what eq 'C' ? new_file('') : undef;
            $name = $DIRECTORY;
        }
        push @{ $now[$name]{pending} }, \%change;
        push @begun, $instant if $name == $LOG && $what eq 'W' && $at == 0;
    }
    return @begun;
}

1;
