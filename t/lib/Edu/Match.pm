package Edu::Match;

# Compares what came with what a case expects.  In expected text
#   ${name}         is the value of a variable,
#   ${:kind}        is anything of that kind (%KIND below),
#   ${name:kind}    is the same and is remembered, or must equal what was,
#   ${name:kind!a}  must differ from variable a; ${name:kind>a} comes after it.

use strict;
use warnings;
use B ();
use Exporter 'import';
use JSON::PP ();

our @EXPORT = qw(expand match_text match_value);

my %KIND = (
    any     => '.*',
    text    => '.*',
    guid    => '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}',
    time    => '\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z',
    date    => '\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d',
    version => '[!#-~]+',
    length  => '[1-9]\d*',
);
my $SLOT = qr/\$\{(\w*):(\w+)(?:([!>])(\w+))?\}/;

# Variables to their values; slots to be matched stay.
sub expand {
    my ($text, $vars) = @_;
    $text =~ s/\$\{(\w+)\}/$vars->{$1} \/\/ die "unknown variable $1\n"/ge;
    return $text;
}

# Returns undef if $got matches $want, else a complaint.
sub match_text {
    my ($want, $got, $vars) = @_;
    my ($pattern, @slots) = ('');
    my $rest = expand($want, $vars);
    while ($rest =~ s/^(.*?)$SLOT//s) {
        my @slot = ($2, $3, $4, $5);
        my $kind = $KIND{ $slot[1] } or die "unknown kind $slot[1]\n";
        $pattern .= quotemeta($1) . "($kind)";
        push @slots, \@slot;
    }
    $pattern .= quotemeta $rest;
    my @found = $got =~ /^$pattern\z/s or return "want $want, got $got";
    for (@slots) {
        my ($name, $kind, $relation, $other) = @$_;
        my $value = shift @found;
        if ($relation) {
            my $before = $vars->{$other} // die "unknown variable $other\n";
            return "$value must differ from $other"
                if $relation eq '!' && $value eq $before;
            return "$value must come after $other, $before"
                if $relation eq '>' && $value le $before;
        }
        next if $name eq '';
        return "$name was $vars->{$name}, is $value"
            if defined $vars->{$name} && $vars->{$name} ne $value;
        $vars->{$name} = $value;
    }
    return undef;
}

sub kind {
    my ($value) = @_;
    return 'null' if !defined $value;
    return 'boolean' if JSON::PP::is_bool($value);
    return ref $value eq 'HASH' ? 'object' : 'array' if ref $value;
    # Decoded numbers have no string part, strings no numeric one.
    return B::svref_2object(\$value)->FLAGS & B::SVp_POK ? 'string' : 'number';
}

# The same for a JSON value; the answer starts with the path of the difference.
# An object may have members that are not expected only if it expects "...".
sub match_value {
    my ($want, $got, $vars, $path) = @_;
    $path //= '';
    my $at = ($path eq '' ? 'the body' : $path) . ': ';
    my $kind = kind($want);
    return undef if $kind eq 'string' && $want eq '${:any}';
    my $is = kind($got);
    return "${at}want $kind, got $is" if $kind ne $is;
    if ($kind eq 'string') {
        my $wrong = match_text($want, $got, $vars);
        return defined $wrong ? $at . $wrong : undef;
    }
    if ($kind eq 'number') {
        return $want == $got ? undef : "${at}want $want, got $got";
    }
    if ($kind eq 'boolean') {
        return !$want == !$got ? undef : "${at}want the other boolean";
    }
    if ($kind eq 'array') {
        return $at . 'want ' . @$want . ' elements, got ' . @$got
            if @$want != @$got;
        for (0 .. $#$want) {
            my $wrong = match_value($want->[$_], $got->[$_], $vars, "$path/$_");
            return $wrong if $wrong;
        }
    }
    if ($kind eq 'object') {
        my %left = %$got;
        for (sort grep { $_ ne '...' } keys %$want) {
            return "${at}member $_ is missing" if !exists $left{$_};
            my $wrong = match_value($want->{$_}, delete $left{$_}, $vars,
                                    "$path/$_");
            return $wrong if $wrong;
        }
        return $at . 'unexpected ' . join ', ', sort keys %left
            if %left && !$want->{'...'};
    }
    return undef;
}

1;
