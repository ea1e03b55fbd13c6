# Random expressions of $filter, and what they are for a document: an oracle that
# shares nothing with the server.  An expression is [op, type, parts…]; `text`
# writes it as a URL has it, with as few parentheses as OData needs or with more,
# and `value` evaluates it.  null is undef.
package Edu::Expression;

use strict;
use warnings;
use utf8;
use POSIX qw(floor ceil fmod);

my $INF  = 9**9**9;
my $NAN  = -sin($INF);
my $TICK = 10_000_000;    # of a second
my $DAY  = 86_400 * $TICK;
my $SURE = 2**53;         # beyond it numbers of Perl are not whole

# Types: bool int double single str enum:NAME instant date clock duration.
my %NUMBER = map { $_ => 1 } qw(int double single);

# The level of an operator: the higher, the more tightly it binds.
my %LEVEL = (
    or => 1, and => 2, (map { $_ => 3 } qw(eq ne)),
    (map { $_ => 4 } qw(lt le gt ge)), (map { $_ => 5 } qw(add sub)),
    (map { $_ => 6 } qw(mul div divby mod)), not => 7, minus => 7, in => 8,
);

# new(seed, paths => [[path, type]…], lists => [[path, element type or
# [[path, type]…]]…], enums => {name => [member…]})
# Where documents are of several types, kinds => [name…]; what is not of all of
# them has a third element, the name of its own.  makers => {type => [maker…]}
# are instead of those of %MAKERS.
sub new {
    my ($class, $seed, %schema) = @_;
    my $self = bless { %schema, seed => $seed, state => $seed, scope => [] },
        $class;
    return $self;
}

# A generator of its own: rand differs among builds of Perl.
sub below {
    my ($self, $n) = @_;
    $self->{state} = ($self->{state} * 1_103_515_245 + 12_345) % 2**31;
    return int($self->{state} / 2**31 * $n);
}

sub one {
    my ($self, @of) = @_;
    return $of[ $self->below(scalar @of) ];
}

# --------------------------------------------------------------------- values

my @LETTERS = (qw(a b c A B é É ж Ж ω Ω € 0 9), ' ', q{'}, '&', '+', '%', '/');

sub string {
    my ($self) = @_;
    return join '', map { $self->one(@LETTERS) } 1 .. $self->below(5);
}

# Short decimals, so that texts of them are read back as they are; mostly small
# ones, which are equal more often.
sub number {
    my ($self, $type) = @_;
    my $n = $self->below(4) ? $self->below(7) - 3 : $self->below(41) - 20;
    return $type eq 'int' ? $n
        : $type eq 'double' && !$self->below(20) ? $self->one($INF, -$INF, $NAN)
        : $n + $self->one(0, 0.5, 0.1, 0.333333333);
}

sub random_value {
    my ($self, $type) = @_;
    return $NUMBER{$type} ? $self->number($type)
        : $type eq 'str'      ? $self->string
        : $type eq 'bool'     ? $self->below(2)
        : $type eq 'clock'    ? $self->below(86_400) * $TICK + $self->part
        : $type eq 'duration' ? ($self->below(200_000) - 99_999) * $TICK
        : $type eq 'date'     ? (10_000 + $self->below(6_000)) * $DAY
        : $type eq 'instant'
        ? (10_000 + $self->below(6_000)) * $DAY
            + $self->below(86_400) * $TICK + $self->part
        : $self->one(@{ $self->{enums}{ substr $type, 5 } });
}

sub part {
    my ($self) = @_;
    return $self->one(0, 0, 5_000_000, 1, 1_234_567);
}

sub calendar {
    my ($ticks) = @_;
    my @t = gmtime floor($ticks / $TICK);
    return sprintf '%04d-%02d-%02d', $t[5] + 1900, $t[4] + 1, $t[3];
}

sub clock {
    my ($ticks) = @_;
    my @t = gmtime floor($ticks / $TICK);
    return sprintf('%02d:%02d:%02d', @t[2, 1, 0])
        . ($ticks % $TICK ? sprintf '.%07d', $ticks % $TICK : '');
}

sub duration {
    my ($ticks) = @_;
    my $s = abs($ticks) / $TICK;
    return ($ticks < 0 ? '-' : '') . sprintf 'P%dDT%dH%dM%dS', $s / 86_400,
        $s / 3600 % 24, $s / 60 % 60, $s % 60;
}

sub literal {
    my ($self, $type, $v) = @_;
    return 'null' unless defined $v;
    return $type eq 'int' ? $v
        : $type eq 'bool'  ? ($v ? 'true' : 'false')
        : $NUMBER{$type}   ? decimal($v)
        : $type eq 'clock' ? clock($v)
        : $type eq 'date'  ? calendar($v)
        : $type eq 'instant'  ? calendar($v) . 'T' . clock($v) . 'Z'
        : $type eq 'duration' ? 'duration' . quoted(duration($v))
        : $type eq 'str'      ? quoted($v)
        : ($self->below(2) ? 'microsoft.graph.' . substr($type, 5) : '')
            . quoted($v);
}

sub decimal {
    my ($n) = @_;
    return $n != $n ? 'NaN' : $n == $INF ? 'INF' : $n == -$INF ? '-INF'
        : $n =~ /\./ ? $n : "$n.0";
}

sub quoted {
    my ($s) = @_;
    $s =~ s/'/''/g;
    return "'$s'";
}

# ------------------------------------------------------------------ expressions

# What gives a value of a type, beside literals and paths.
my %MAKERS = (
    bool => [qw(meet meet compare compare compare logic logic not call in lambda
        isof)],
    int  => [qw(sum sum sum sum call count minus cast case)],
    double   => [qw(sum sum sum sum minus call case)],
    single   => [qw(minus call)],
    str      => [qw(call call cast case)],
    instant  => [qw(shift)],
    date     => [qw(call shift)],
    clock    => [qw(call)],
    duration => [qw(between scale minus)],
);

# name => [result, arguments…]
my %CALLS = (
    contains   => [qw(bool str str)], startswith => [qw(bool str str)],
    endswith   => [qw(bool str str)], length     => [qw(int str)],
    indexof    => [qw(int str str)],  substring  => [qw(str str int)],
    tolower    => [qw(str str)],      toupper    => [qw(str str)],
    trim       => [qw(str str)],      concat     => [qw(str str str)],
    year       => [qw(int instant)],  month      => [qw(int instant)],
    day        => [qw(int date)],     hour       => [qw(int instant)],
    minute     => [qw(int clock)],    second     => [qw(int instant)],
    fractionalseconds => [qw(double clock)],
    totalseconds      => [qw(double duration)],
    date    => [qw(date instant)],    time  => [qw(clock instant)],
    round   => [qw(double double)],   floor => [qw(double double)],
    ceiling => [qw(single single)],
);

sub make {
    my ($self, $type, $depth) = @_;
    my $makers = $depth > 0 && $self->below(4)
        ? $self->{makers}{$type} || $MAKERS{$type} : undef;
    return $self->leaf($type) unless $makers;
    my $how = 'make_' . $self->one(@$makers);
    return $self->$how($type, $depth - 1) || $self->leaf($type);
}

# A path if there is one, or a literal; there may be something better.
sub leaf {
    my ($self, $type) = @_;
    return $self->make_near if $type eq 'bool' && $self->{kinds};
    my @paths = grep { $_->[1] eq $type } $self->visible;
    if (@paths && $self->below(5)) {
        my $path = $self->one(@paths);
        return [ 'path', $type, $path->[0] ];
    }
    $type = 'double' if $type eq 'single';
    return [ 'literal', $type,
        $self->below(12) ? $self->random_value($type) : undef ];
}

sub visible {
    my ($self) = @_;
    my @all = @{ $self->{paths} };
    push @all, map { ["\$it/$_->[0]", $_->[1]] } @all;
    for my $variable (@{ $self->{scope} }) {
        my ($name, $of) = @$variable;
        push @all, ref $of ? map { ["$name/$_->[0]", $_->[1]] } @$of
            : [ $name, $of ];
    }
    return @all;
}

sub make_compare {
    my ($self, undef, $depth) = @_;
    my @enums = map { "enum:$_" } keys %{ $self->{enums} };
    my $type = $self->one(qw(int int double double single single single str str
        bool instant date clock duration), sort @enums);
    my $op = $self->one($type =~ /^enum/ ? qw(eq ne) : qw(eq ne lt le gt ge));
    my $other = $NUMBER{$type} ? $self->one(qw(int double single)) : $type;
    my @parts = ($self->make($type, $depth), $self->make($other, $depth));
    return [ $op, 'bool', @parts ];
}

# A property beside a value that it may well have.
sub make_meet {
    my ($self) = @_;
    my ($path, $type) = @{ $self->one($self->visible) };
    my $op = $self->one($type =~ /^enum/ ? qw(eq ne) : qw(eq ne lt le gt ge));
    my $own = $type eq 'single' ? 'double' : $type;
    my @parts = ([ 'path', $type, $path ],
        [ 'literal', $own, $self->random_value($own) ]);
    return [ $op, 'bool', $self->below(2) ? @parts : reverse @parts ];
}

# What databases are asked for: a property beside values, mostly such as a document
# has there.
sub some_path {
    my ($self, @types) = @_;
    my %is = map { $_ => 1 } @types;
    my @paths = grep { !@types || $is{ $_->[1] } } @{ $self->{paths} };
    my ($path, $type) = @{ $self->one(@paths) };
    return [ 'path', $type, $path ];
}

sub value_for {
    my ($self, $path) = @_;
    my (undef, $type, $name) = @$path;
    $type = 'double' if $type eq 'single';
    my @seen = @{ $self->{seen}{$name} || [] };
    return [ 'literal', $type, @seen && $self->below(3) ? $self->one(@seen)
        : $self->random_value($type) ];
}

sub make_near {
    my ($self) = @_;
    my $path = $self->some_path;
    my $value = $self->below(6) ? $self->value_for($path)
        : [ 'literal', 'str', undef ];
    my $op = $self->one($path->[1] =~ /^enum/ || !defined $value->[2]
        ? qw(eq ne) : qw(eq ne lt le gt ge));
    return [ $op, 'bool', $self->below(2) ? ($path, $value) : ($value, $path) ];
}

sub make_listed {
    my ($self) = @_;
    my $path = $self->some_path(qw(str int single instant));
    return [ 'in', 'bool', $path,
        map { $self->value_for($path) } 0 .. $self->below(4) ];
}

sub make_holds {
    my ($self) = @_;
    my $path = $self->some_path('str');
    my $value = $self->value_for($path);
    $value->[2] = part_of($value->[2], $self->below(3), 1 + $self->below(2));
    return [ 'call:' . $self->one(qw(contains startswith endswith)), 'bool',
        $path, $value ];
}

# A database is not asked for what may hold for a placeholder, which is no row and
# has none of these values.
sub make_stored {
    my ($self, undef, $depth) = @_;
    my $path = [ 'path', @{ $self->{paths}[0] }[1, 0] ];
    return [ 'and', 'bool', [ 'ne', 'bool', $path, [ 'literal', 'str', undef ] ],
        $self->make('bool', $depth) ];
}

sub make_kind {
    my ($self) = @_;
    return [ 'kind', 'bool', $self->one(@{ $self->{kinds} }) ];
}

sub make_logic {
    my ($self, undef, $depth) = @_;
    return [ $self->one(qw(and or)), 'bool',
        map { $self->make('bool', $depth) } 0 .. 1 + $self->below(2) ];
}

sub make_not {
    my ($self, undef, $depth) = @_;
    return [ 'not', 'bool', $self->make('bool', $depth) ];
}

sub make_minus {
    my ($self, $type, $depth) = @_;
    my $of = $self->make($type, $depth);
    return [ 'minus', $of->[1], $of ];
}

sub make_sum {
    my ($self, $type, $depth) = @_;
    my @ops = qw(add sub mul div mod);
    my $a = $self->make($type, $depth);
    my $b = $self->make($type eq 'int' ? 'int' : $self->one(keys_of(\%NUMBER)),
        $depth);
    return [ $self->one(@ops, $type eq 'int' ? () : 'divby'), $type, $a, $b ];
}

sub keys_of { return sort keys %{ $_[0] } }

sub make_call {
    my ($self, $type, $depth) = @_;
    my ($name) = $self->one(grep { $CALLS{$_}[0] eq $type } keys_of(\%CALLS));
    my (undef, @takes) = @{ $CALLS{$name} };
    push @takes, 'int' if $name eq 'substring' && $self->below(2);
    my @args = map { $self->make($_, $depth) } @takes;
    # of a literal it is of another type
    return if $type eq 'single' && $args[0][1] ne 'single';
    return [ "call:$name", $type, @args ];
}

sub make_in {
    my ($self, undef, $depth) = @_;
    my @lists = grep { !ref $_->[1] } @{ $self->{lists} };
    if (@lists && !$self->below(3)) {
        my $list = $self->one(@lists);
        return [ 'among', 'bool', $self->make($list->[1], $depth), $list->[0] ];
    }
    my $type = $self->one(qw(int single str));
    return [ 'in', 'bool', map { $self->make($type, $depth) }
        0 .. $self->below(4) ];
}

sub make_lambda {
    my ($self, undef, $depth) = @_;
    return if @{ $self->{scope} } > 1;
    my ($path, $of) = @{ $self->one(@{ $self->{lists} }) };
    my $name = ('x', 'y')[ scalar @{ $self->{scope} } ];
    return [ 'any', 'bool', $path ] if !$self->below(6);
    push @{ $self->{scope} }, [ $name, $of ];
    my $condition = $self->make('bool', $depth);
    pop @{ $self->{scope} };
    return [ $self->one(qw(any all)), 'bool', $path, $name, $condition ];
}

sub make_count {
    my ($self) = @_;
    return [ 'count', 'int', $self->one(@{ $self->{lists} })->[0] ];
}

sub make_isof {
    my ($self, undef, $depth) = @_;
    return [ 'isof', 'bool', $self->make('str', $depth), 'Edm.String' ];
}

sub make_cast {
    my ($self, $type, $depth) = @_;
    return $type eq 'int'
        ? [ 'cast', 'int', $self->make($self->one(qw(double single)), $depth),
            'Edm.Int64' ]
        : [ 'cast', 'str', $self->make('int', $depth), 'Edm.String' ];
}

sub make_case {
    my ($self, $type, $depth) = @_;
    return [ 'case', $type, map { $self->make('bool', $depth - 1),
        $self->make($type, $depth) } 0 .. $self->below(2) ];
}

sub make_shift {
    my ($self, $type, $depth) = @_;
    return [ $self->one(qw(add sub)), $type, $self->make($type, $depth),
        $self->make('duration', $depth) ];
}

sub make_between {
    my ($self, undef, $depth) = @_;
    my $type = $self->one(qw(instant date duration));
    return [ 'sub', 'duration', map { $self->make($type, $depth) } 1 .. 2 ];
}

sub make_scale {
    my ($self, undef, $depth) = @_;
    return [ $self->one(qw(mul div)), 'duration',
        $self->make('duration', $depth), $self->make('int', 0) ];
}

# ---------------------------------------------------------------------- as text

# A word in whatever case: mostly as it is.
sub word {
    my ($self, $word) = @_;
    return $self->below(8) ? $word : $self->below(2) ? uc $word : ucfirst $word;
}

sub text {
    my ($self, $node, $level) = @_;
    my ($text, $own) = $self->written($node);
    my $needs = $own < ($level || 0);
    return $needs || !$self->below(12) ? "($text)" : $text;
}

sub infix {
    my ($self, $op, @parts) = @_;
    my $own = $LEVEL{$op};
    my $word = ' ' . $self->word($op) . ' ';
    # from left to right; a comparison is not one of its own parts
    my $first = $self->text(shift @parts, $own);
    return (join($word, $first, map { $self->text($_, $own + 1) } @parts), $own);
}

sub list {
    my ($self, @parts) = @_;
    return join ',', map { $self->text($_, 0) } @parts;
}

# @return the text of a node, and its level
sub written {
    my ($self, $node) = @_;
    my ($op, $type, @parts) = @$node;
    return ($parts[0], 9) if $op eq 'path';
    return ($self->literal($type, $parts[0]), 9) if $op eq 'literal';
    return ("$parts[0]/\$count", 9) if $op eq 'count';
    return ($self->word('isof') . "(microsoft.graph.$parts[0])", 9)
        if $op eq 'kind';
    return ($self->word($1) . '(' . $self->list(@parts) . ')', 9)
        if $op =~ /^call:(.*)/;
    return ($self->word($op) . ' ' . $self->text($parts[0], 7), 7)
        if $op eq 'not';
    return ('- ' . $self->text($parts[0], 8), 7) if $op eq 'minus';
    return ($self->word($op) . '(' . $self->text($parts[0], 0) . ",$parts[1])", 9)
        if $op eq 'isof' || $op eq 'cast';
    if ($op eq 'case') {
        my @pairs;
        while (my ($when, $then) = splice @parts, 0, 2) {
            push @pairs, $self->text($when, 0) . ' :' . $self->text($then, 0);
        }
        return ($self->word('case') . '(' . join(',', @pairs) . ')', 9);
    }
    if ($op eq 'any' || $op eq 'all') {
        my $inner = @parts > 1 ? "$parts[1]:" . $self->text($parts[2], 0) : '';
        return ("$parts[0]/$op($inner)", 9);
    }
    if ($op eq 'in') {
        my $a = $self->text(shift @parts, 8);
        return ($a . ' ' . $self->word('in') . ' (' . $self->list(@parts) . ')', 8);
    }
    return ($self->text($parts[0], 8) . " in $parts[1]", 8) if $op eq 'among';
    return $self->infix($op, @parts);
}

# ------------------------------------------------------------------- evaluation

# @param vars  name => element, within a lambda operator
sub value {
    my ($self, $node, $doc, $vars) = @_;
    my ($op, $type, @parts) = @$node;
    return $parts[0] if $op eq 'literal';
    return at($parts[0], $doc, $vars) if $op eq 'path';
    return scalar @{ at($parts[0], $doc, $vars) || [] } if $op eq 'count';
    return $doc->{kind} eq $parts[0] ? 1 : 0 if $op eq 'kind';
    return $self->lambda($node, $doc, $vars) if $op eq 'any' || $op eq 'all';
    if ($op eq 'among') {
        my $a = $self->value($parts[0], $doc, $vars);
        my $list = at($parts[1], $doc, $vars) || [];
        return (grep { compare('eq', $a, $_, 'str') } @$list) ? 1 : 0;
    }
    if ($op eq 'case') {
        while (my ($when, $then) = splice @parts, 0, 2) {
            return $self->value($then, $doc, $vars)
                if $self->value($when, $doc, $vars);
        }
        return;
    }
    my @v = map { ref $_ ? scalar $self->value($_, $doc, $vars) : $_ } @parts;
    return logic($op, @v) if $op eq 'and' || $op eq 'or';
    return defined $v[0] ? !$v[0] || 0 : undef if $op eq 'not';
    return defined $v[0] ? 1 : 0 if $op eq 'isof';
    return in_list(\@parts, @v) if $op eq 'in';
    return compare($op, adapted(\@parts, @v), kind($parts[0], $parts[1]))
        if $LEVEL{$op} && ($LEVEL{$op} == 3 || $LEVEL{$op} == 4);
    return if grep { !defined } @v;    # in all that is left
    return -$v[0] if $op eq 'minus';
    return cast($type, $v[0]) if $op eq 'cast';
    return call($1, @v) if $op =~ /^call:(.*)/;
    # Perl may lose the sign of a zero that was computed
    die "unsure\n"
        if $op =~ /^div/ && $v[1] == 0 && $parts[1][0] !~ /^(?:literal|path)$/;
    return arithmetic($op, $type, [ map { $_->[1] } @parts ], @v);
}

sub at {
    my ($path, $doc, $vars) = @_;
    my ($first, @steps) = grep { !/\./ } split m{/}, $path;    # no casts
    my $value = $first eq '$it' ? $doc
        : $vars && exists $vars->{$first} ? $vars->{$first}
        :                                   $doc->{$first};
    for my $step (@steps) {
        $value = ref $value eq 'HASH' ? $value->{$step} : undef;
    }
    return $value;
}

sub lambda {
    my ($self, $node, $doc, $vars) = @_;
    my ($op, undef, $path, $name, $condition) = @$node;
    my @list = @{ at($path, $doc, $vars) || [] };
    return @list ? 1 : 0 unless $name;
    my $hits = grep {
        $self->value($condition, $doc, { %{ $vars || {} }, $name => $_ })
    } @list;
    return $op eq 'any' ? ($hits ? 1 : 0) : $hits == @list ? 1 : 0;
}

sub logic {
    my ($op, @v) = @_;
    my $end = $op eq 'or' ? 1 : 0;
    return $end if grep { defined && !!$_ == $end } @v;
    return if grep { !defined } @v;
    return 1 - $end;
}

sub kind {
    my ($a, $b) = @_;
    my $type = $a->[1] =~ /^(?:str|enum)/ ? 'str' : 'number';
    return $type;
}

# A literal number that meets a Single is rounded to one.
sub adapted {
    my ($parts, @v) = @_;
    for my $i (0, 1) {
        my ($node, $other) = ($parts->[$i], $parts->[ 1 - $i ]);
        $v[$i] = single($v[$i])
            if defined $v[$i] && is_number_literal($node)
            && $other->[1] eq 'single';
    }
    return @v;
}

# A sign before a number belongs to it.
sub is_number_literal {
    my ($node) = @_;
    return $node->[0] eq 'literal' && $NUMBER{ $node->[1] };
}

sub single {
    my ($n) = @_;
    my $float = unpack 'f', pack 'f', $n;
    for my $digits (1 .. 9) {
        my $short = sprintf "%.${digits}g", $n;
        my $same = sprintf "%.${digits}g", $float;
        return 0 + $same if unpack('f', pack 'f', $same) == $float;
    }
    return $float;
}

sub in_list {
    my ($parts, $a, @list) = @_;
    for my $i (0 .. $#list) {
        my @pair = ($parts->[0], $parts->[ $i + 1 ]);
        return 1 if compare('eq', adapted(\@pair, $a, $list[$i]), kind(@pair));
    }
    return 0;
}

sub compare {
    my ($op, $a, $b, $kind) = @_;
    my $both = defined $a && defined $b;
    if (!$both) {
        my $same = !defined $a && !defined $b ? 1 : 0;
        return $op eq 'eq' ? $same : $op eq 'ne' ? 1 - $same : 0;
    }
    if ($kind ne 'str' && ($a != $a || $b != $b)) {
        return $op eq 'ne' ? 1 : 0;
    }
    my $order = $kind eq 'str' ? $a cmp $b : $a <=> $b;
    return $op eq 'eq' ? ($order == 0) + 0
        : $op eq 'ne' ? ($order != 0) + 0
        : $op eq 'lt' ? ($order < 0) + 0
        : $op eq 'le' ? ($order <= 0) + 0
        : $op eq 'gt' ? ($order > 0) + 0
        :               ($order >= 0) + 0;
}

sub whole {
    my ($n) = @_;
    die "unsure\n" if abs($n) > $SURE;
    return $n + 0;    # there is no -0 among them
}

sub truncated {
    my ($n) = @_;
    return $n < 0 ? ceil($n) : floor($n);
}

sub divided {
    my ($a, $b) = @_;
    return $a / $b if $b != 0;
    return $a > 0 ? $INF : $a < 0 ? -$INF : $NAN;
}

sub arithmetic {
    my ($op, $type, $types, $a, $b) = @_;
    return ticks($op, $type, $types, $a, $b) unless $NUMBER{$type};
    return if $op eq 'mod' && $b == 0;
    if ($types->[0] eq 'int' && $types->[1] eq 'int') {
        return if $op eq 'div' && $b == 0;
        return divided($a, $b) if $op eq 'divby';
        return whole($op eq 'add' ? $a + $b : $op eq 'sub' ? $a - $b
            : $op eq 'mul' ? $a * $b
            : $op eq 'div' ? truncated($a / $b) : fmod($a, $b));
    }
    return $op eq 'add' ? $a + $b : $op eq 'sub' ? $a - $b
        : $op eq 'mul' ? $a * $b : $op eq 'mod' ? fmod($a, $b)
        : divided($a, $b);
}

sub ticks {
    my ($op, $type, $types, $a, $b) = @_;
    if ($op eq 'mul' || $op eq 'div') {
        return if $op eq 'div' && $b == 0;
        my $exact = $op eq 'mul' ? $a * $b : $a / $b;
        die "unsure\n" if abs($exact) > $SURE;
        return rounded($exact);
    }
    my $sum = $op eq 'add' ? $a + $b : $a - $b;
    $sum = floor($sum / $DAY) * $DAY if $type eq 'date';
    return $sum;
}

sub rounded {
    my ($n) = @_;
    return $n if $n != $n || abs($n) == $INF;
    my $whole = truncated($n);
    return $whole unless abs($n - $whole) >= 0.5;
    return $n < 0 ? $whole - 1 : $whole + 1;
}

sub cast {
    my ($type, $v) = @_;
    return "$v" if $type eq 'str';
    return if $v != $v || abs($v) >= 2**63;
    return whole(truncated($v)) + 0;
}

sub part_of {
    my ($s, $from, $length) = @_;
    $from += length $s if $from < 0;
    $from = 0 if $from < 0;
    return '' if $from > length $s || (defined $length && $length < 0);
    return defined $length ? substr($s, $from, $length) : substr $s, $from;
}

sub trimmed {
    my ($s) = @_;
    $s =~ s/^\s+//;
    $s =~ s/\s+$//;
    return $s;
}

my %BODY = (
    contains   => sub { index($_[0], $_[1]) >= 0 ? 1 : 0 },
    startswith => sub { substr($_[0], 0, length $_[1]) eq $_[1] ? 1 : 0 },
    endswith   => sub { $_[0] =~ /\Q$_[1]\E\z/ ? 1 : 0 },
    length     => sub { length $_[0] },
    indexof    => sub { index $_[0], $_[1] },
    substring  => \&part_of,
    tolower    => sub { lc $_[0] },
    toupper    => sub { uc $_[0] },
    trim       => \&trimmed,
    concat     => sub { $_[0] . $_[1] },
    year       => sub { (gmtime floor($_[0] / $TICK))[5] + 1900 },
    month      => sub { (gmtime floor($_[0] / $TICK))[4] + 1 },
    day        => sub { (gmtime floor($_[0] / $TICK))[3] },
    hour       => sub { (gmtime floor($_[0] / $TICK))[2] },
    minute     => sub { (gmtime floor($_[0] / $TICK))[1] },
    second     => sub { (gmtime floor($_[0] / $TICK))[0] },
    fractionalseconds => sub { ($_[0] % $TICK) / $TICK },
    totalseconds      => sub { $_[0] / $TICK },
    date    => sub { floor($_[0] / $DAY) * $DAY },
    time    => sub { $_[0] % $DAY },
    round   => \&rounded,
    floor   => sub { floor($_[0]) },
    ceiling => sub { ceil($_[0]) },
);

sub call {
    my ($name, @args) = @_;
    return $BODY{$name}->(@args);
}

# -------------------------------------------------------------------- documents

# Another program may write blanks, characters by their number, and instants of
# another zone.
our $foreign;

# Values of documents that are no longer.
sub forget { return delete $_[0]{seen} }

# A document as JSON text and as data; times in it are ticks as data.
sub document {
    my ($self) = @_;
    my $doc = {};
    my %json;
    if ($self->{kinds}) {
        $doc->{kind} = $self->one(@{ $self->{kinds} });
        $json{'@odata.type'} = json("#microsoft.graph.$doc->{kind}");
    }
    local $foreign = $self->{kinds} && !$self->below(3);
    $json{beside} = $self->namesakes if $self->{kinds} && !$self->below(4);
    for (@{ $self->{paths} }) {
        my ($path, $type, $kind) = @$_;
        next if $kind && $kind ne $doc->{kind};
        my ($data, $text) = $self->member($type);
        set($doc, \%json, $path, $data, $text);
        push @{ $self->{seen}{$path} }, $data if defined $data;
    }
    for (@{ $self->{lists} }) {
        my ($path, $of, $kind) = @$_;
        next if $kind && $kind ne $doc->{kind};
        my (@data, @text);
        for (1 .. $self->below(4)) {
            my ($data, $text) = $self->element($of);
            push @data, $data;
            push @text, $text;
        }
        set($doc, \%json, $path, \@data, '[' . join(',', @text) . ']');
    }
    return ($doc, object(\%json));
}

# What no type has, with names of what is looked for.
sub namesakes {
    my ($self) = @_;
    my @paths = grep { $_->[1] eq 'instant' } @{ $self->{paths} };
    return object({ map { ($_->[0] =~ m{(\w+)$})[0] => json(zoned(
        $self->random_value('instant'))) } @paths });
}

sub element {
    my ($self, $of) = @_;
    return $self->member($of, 1) unless ref $of;
    my ($data, %json) = {};
    set($data, \%json, $_->[0], $self->member($_->[1])) for @$of;
    return ($data, object(\%json));
}

sub member {
    my ($self, $type, $never_null) = @_;
    return (undef, 'null') if !$never_null && !$self->below(4);
    my $v = $self->random_value($type);
    $v = single($v) if $type eq 'single';
    return ($v, $type eq 'bool' ? ($v ? 'true' : 'false')
        : $NUMBER{$type} ? $v
        : $type eq 'instant' ? json(zoned($v))
        : json($v));
}

sub zoned {
    my ($ticks) = @_;
    my ($ahead, $zone) = $foreign ? (5 * 3600 * $TICK, '+05:00') : (0, 'Z');
    return calendar($ticks + $ahead) . 'T' . clock($ticks + $ahead) . $zone;
}

sub json {
    my ($s) = @_;
    $s =~ s/(["\\])/\\$1/g;
    $s =~ s/([^ -~])/sprintf '\\u%04x', ord $1/ge if $foreign;
    return "\"$s\"";
}

# Sets a member at a path, in data and in texts.
sub set {
    my ($doc, $json, $path, $data, $text) = @_;
    my @steps = grep { !/\./ } split m{/}, $path;
    my $last = pop @steps;
    for my $step (@steps) {
        $doc = $doc->{$step} ||= {};
        $json = $json->{$step} ||= {};
    }
    $doc->{$last} = $data;
    $json->{$last} = $text;
    return;
}

sub object {
    my ($json) = @_;
    my $colon = $foreign ? ' : ' : ':';
    return '{' . join(',', map { json($_) . $colon
        . (ref $json->{$_} ? object($json->{$_}) : $json->{$_}) }
        sort keys %$json) . '}';
}

1;
