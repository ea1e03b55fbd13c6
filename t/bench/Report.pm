package Report;

# What was measured, as Markdown.  $results is { work => { clients => { target
# => [rounds] } } }, a round { rps, p50, p99, cpu, errors }; cpu may be missing.

use strict;
use warnings;
use Exporter 'import';
use List::Util 'sum0';

our @EXPORT = qw(figure_table goal_table median memory_table pair_table ratio
    table work_table);

sub median {
    my @sorted = sort { $a <=> $b } grep defined, @_;
    return if !@sorted;
    return ($sorted[$#sorted / 2] + $sorted[@sorted / 2]) / 2;
}

# The median of one figure, or nothing.
sub middle {
    my ($what, $rounds) = @_;
    return median(map $_->{$what}, @{ $rounds // [] });
}

sub rounded {
    my ($digits, $value) = @_;
    return defined $value ? sprintf "%.${digits}f", $value : '';
}

# The columns after the first hold numbers.
sub table {
    my ($head, @rows) = @_;
    my $rule = ['---', ('--:') x $#$head];
    return join '', map('| ' . join(' | ', @$_) . " |\n", $head, $rule, @rows),
        "\n";
}

# All that is known of one work.
sub work_table {
    my ($of_work, @names) = @_;
    my @rows;
    for my $clients (sort { $a <=> $b } keys %$of_work) {
        for my $name (grep $of_work->{$clients}{$_}, @names) {
            my $rounds = $of_work->{$clients}{$name};
            push @rows, [$name, $clients, rounded(0, middle('rps', $rounds)),
                         rounded(2, middle('p50', $rounds)),
                         rounded(2, middle('p99', $rounds)),
                         rounded(0, middle('cpu', $rounds)),
                         sum0(map $_->{errors}, @$rounds)];
        }
    }
    return table(['', 'clients', 'requests/s', 'p50 ms', 'p99 ms',
                  'CPU µs/request', 'errors'], @rows);
}

# Requests a second, ours by theirs, and CPU a request.
sub ratio {
    my ($ours, $theirs, $factor) = @_;
    my ($our_rps, $their_rps) = map middle('rps', $_), $ours, $theirs;
    my ($our_cpu, $their_cpu) = map middle('cpu', $_), $ours, $theirs;
    return '' if !$our_rps || !$their_rps;
    my $text = sprintf '**%.2f**', $our_rps * $factor / $their_rps;
    $text .= sprintf ' (%.2f)', $our_cpu / $factor / $their_cpu
        if $our_cpu && $their_cpu;
    return $text;
}

# Of each figure [title, mpm, [work, target], [work, target], factor] that was
# measured.
sub figure_table {
    my ($results, $clients, @figures) = @_;
    my @rows;
    for (@figures) {
        my ($title, $mpm, $ours, $theirs, $factor) = @$_;
        my @ratios = map {
            my $n = $_;
            ratio(map({ $results->{ $_->[0] }{$n}{ $_->[1] } } $ours, $theirs),
                  $factor // 1);
        } @$clients;
        push @rows, [$title, $mpm, @ratios] if grep length, @ratios;
    }
    return table(['ours / theirs', 'MPM', map "c = $_", @$clients], @rows);
}

# How often ours is theirs, of $what: the median of rounds, of which each was
# measured at about the same time.  Nothing, if there are none.
sub compared {
    my ($what, $ours, $theirs, $factor) = @_;
    return median(map {
        my ($our, $their) = ($ours->[$_]{$what}, $theirs->[$_]{$what});
        $our && $their ? $our / $their / ($factor // 1) : undef;
    } 0 .. $#{ $ours // [] });
}

# Of each goal [title, limit, [work, target], [work, target], factor] that was
# measured with so many clients.  $what is cpu, and the limit the most, or rps
# and the least.
sub goal_table {
    my ($results, $clients, $what, @goals) = @_;
    my $most = $what eq 'cpu';
    my @rows;
    for (@goals) {
        my ($title, $limit, $ours, $theirs, $factor) = @$_;
        my $seen = compared($what, map({ $results->{ $_->[0] }{$clients}{ $_->[1] } }
                                    $ours, $theirs), $factor) // next;
        my $met = $most ? $seen <= $limit : $seen >= $limit;
        push @rows, [$title, rounded(2, $seen), $limit, $met ? 'yes' : '**no**'];
    }
    return @rows ? table([$most ? 'CPU a request' : 'requests/s', 'seen',
                          $most ? 'at most' : 'at least', 'met'], @rows) : '';
}

# Each of the works [name, title] by two targets, [ours, theirs].
sub pair_table {
    my ($results, $works, @pairs) = @_;
    my @rows;
    for my $work (@$works) {
        my $of_work = $results->{ $work->[0] };
        for my $clients (sort { $a <=> $b } keys %$of_work) {
            for my $pair (@pairs) {
                my @both = map $of_work->{$clients}{$_}, @$pair;
                next if grep !$_, @both;
                push @rows, [$work->[0], $pair->[0], $clients,
                    map({ my $what = $_;
                          (map(rounded(0, middle($what, $_)), @both),
                           rounded(2, compared($what, @both))) } qw(cpu rps))];
            }
        }
    }
    return table(['work', 'target', 'clients', 'CPU µs', 'theirs', 'ratio',
                  'requests/s', 'theirs', 'ratio'], @rows);
}

# Of $memory, { target => MiB }, beside one of them.
sub memory_table {
    my ($memory, $beside, @names) = @_;
    return table(['', 'MiB', "/ $beside"],
        map [$_, rounded(0, $memory->{$_}),
             $memory->{$beside}
                 ? rounded(2, $memory->{$_} / $memory->{$beside}) : ''],
        grep $memory->{$_}, @names);
}

1;
