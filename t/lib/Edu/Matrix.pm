package Edu::Matrix;

# Runs cases of the matrix and collects surprises: answers that Edu::Oracle does
# not expect, marks of what others wrote, bytes that tell whether a thing
# exists, and refusals that changed something.

use strict;
use warnings;
use Edu::Caller;
use Edu::Oracle;
use Edu::Server;
use Edu::Wire qw(header);
use Edu::World;
use Exporter 'import';
use File::Basename 'dirname';
use Test::More;

our @EXPORT = qw(@PEOPLE begin check check_list check_marks
    check_write covers encoded few finish
    options surprise things unchanged who);

my $T = dirname(__FILE__) . '/../..';
read_rules("$T/data/access/rules");

# MATRIX_NODES: cases of these nodes alone.
my %only = map { $_ => 1 } split ' ', $ENV{MATRIX_NODES} // '';

sub who {
    my ($name, %more) = @_;
    return { name => $name, user => $name, %more };
}

# The roster's people, those in no class, and names that differ by a hair.
our @PEOPLE = (
    who('nobody', user => undef), who('str'),
    map({ who($_, few => 1) } 'Ada', 'ada '),
    map({ who($_) } qw(ada bob cyn out tea oth)), who('evy', is_teacher => 1),
    who('adm', is_admin => 1));

# t/data/access/options, as node => [[answer, option], …].
sub options {
    my %options;
    open my $in, '<', "$T/data/access/options" or die "options: $!\n";
    while (<$in>) {
        chomp;
        my ($nodes, $answer, $option) = split / /, $_, 3;
        next if !defined $option || /^#/;
        push @{ $options{$_} }, [$answer, $option] for split /,/, $nodes;
    }
    return %options;
}

# An option as it stands in a URL.
sub encoded {
    return $_[0] =~ s/([^\w\$=&()*,.\/:'-])/sprintf '%%%02X', ord $1/ger;
}

my (%cases, @resources, @surprises, %told, $state);

# For make mutate: the rights that were surprising, as "OUTCOME GET", and the one
# that is asked for now.
my ($right, %surprising) = ('');

# Serves by a library of $ENV{MATRIX_LIBRARIES}.
sub serve_by {
    my ($name) = @_;
    my $all = $ENV{MATRIX_LIBRARIES} // return;
    stop_server() && system("cp -P $all/$name/* lib/") == 0 && start_server()
        or die "no server by the library $name\n";
    return;
}

sub begin {
    serve_by('sound');
    build_world();
    $state = state_of_world();
    serve_by('broken');
    return;
}

sub asks_for {
    my ($thing, $method) = @_;
    my $node = $thing->{node} =~ s/^OUTCOME_PART$/OUTCOME/r
        =~ s/^VERSION_PROPERTY$/OUTCOME_VERSION/r =~ s/_(?:PROPERTY|CAST)$//r;
    $right = "$node " . ($method eq 'HEAD' ? 'GET' : $method);
    return;
}

sub covers { return !%only || $only{ $_[0] } }

sub things {
    my ($who) = @_;
    @resources = grep { covers($_->{node}) } resources()
        if !@resources;
    return grep { (!$who->{few} || $_->{path} =~ /ada/)
                  && (!$_->{only} || $_->{only}{ $who->{name} }) } @resources;
}

# The first things of each node and way of which the caller is to be answered in
# the same manner.
sub few {
    my ($most, $who, $method) = @_;
    my %had;
    return grep {
        my $kind = expected($who, $_, $method)->{kind};
        my $group = group_of($who, $_, $method, $kind) // '';
        $had{ join ' ', $_->{node}, $_->{way}, $kind, $group, $_->{there}
            ? 1 : 0 }++ < $most;
    } grep { $RULES{ $_->{node} }{$method} } things($who);
}

sub surprise {
    my ($case, $expected, $got) = @_;
    push @surprises, "$case: expected $expected, got $got" =~ s/\s+/ /gr;
    $surprising{$right} = 1;
    return;
}

# An answer without what differs for each request, and the ids that it names.
sub constant {
    my ($answer, $target) = @_;
    my $text = join ' | ', $answer->{status},
        map({ "$_: " . header($answer, $_) }
            grep { !/^(?:date|connection|keep-alive|(?:client-)?request-id)$/ }
            sort keys %{ $answer->{headers} }), $answer->{body};
    $text =~ s/"(?:date|request-id)":"[^"]*"//g;
    $text =~ s/"headers":\{[^{}]*\}//;    # of an item of a $batch
    my $path = $target =~ s/\?.*//r =~ s/%(\w\w)/chr hex $1/ger;
    my $ids = join '|', map { quotemeta } sort { length $b <=> length $a }
        grep { /^(?:axs|a|s)-\w+$|^\w{8}-[\w-]{27}$|^\w{3}$/ }
        split m{[/('"]+}, $path;
    $text =~ s/\b(?:$ids)\b/#/g if $ids ne '';
    return $text;
}

# Remembers an answer that has to be as all others of its group.
sub group {
    my ($group, $answer, $target, $case) = @_;
    push @{ $told{$group}{ constant($answer, $target) } }, $case;
    return;
}

# All checks of one answer but those of what it changed; $expected is what the
# oracle says unless it is given.
sub check {
    my ($who, $thing, $method, $target, $answer, $what, $expected) = @_;
    my $case = "$who->{name} $method $target" . ($what ? " [$what]" : '');
    my $oracle = expected($who, $thing, $method);
    asks_for($thing, $method);
    $expected //= $oracle->{status};
    $cases{ $what =~ s/ .*//r || 'alone' }++;
    surprise($case, "@$expected ($oracle->{kind})", "$answer->{status} "
             . substr $answer->{body} =~ s/.*"message"://r, 0, 150)
        if !grep { $_ eq $answer->{status} } @$expected;
    check_marks($who, $case, $answer);
    my $group = group_of($who, $thing, $method, $oracle->{kind});
    # an item of a $batch has fewer headers
    $group .= ' batch' if defined $group && $what =~ /^batch/;
    group($group, $answer, $target, $case)
        if defined $group && $answer->{status} =~ /^4/;
    return;
}

# Whether an answer holds what was not written for the caller.
sub check_marks {
    my ($who, $case, $answer) = @_;
    for my $mark ($answer->{body} =~ /(MARK-[\w-]+)/g,
                  map { $Edu::World::SECRETS{$_} // () }
                  $answer->{body} =~ /:(\d+\.\d+)/g) {
        next if defined $who->{user} && is_mark_for($who, $mark);
        return surprise($case, 'no mark', $mark);
    }
    return;
}

# Whether a list has what it should, and a count counts that.
sub check_list {
    my ($who, $thing, $answer, $case) = @_;
    my $ids = listed($who, $thing) // return;
    my @got = $thing->{node} =~ /COUNT/ ? $answer->{body}
        : sort $answer->{body} =~ /"id":"([as]-\w+)"/g;
    my @want = $thing->{node} =~ /COUNT/ ? scalar @$ids : @$ids;
    surprise($case, "the list @want", "@got") if "@got" ne "@want";
    return;
}

# Sees that nothing has changed, or that something has; undef: either.  Undoes
# it.
sub unchanged {
    my ($case, $should) = @_;
    my $now = state_of_world();
    my $changed = $now ne $state;
    surprise($case, $should ? 'a change' : 'no change',
             $changed ? 'a change' : 'none')
        if defined $should && $changed != !!$should;
    return if !$changed;
    restore_world();
    $state = state_of_world();
    return;
}

# Sends a write alone and sees what it changed.
sub check_write {
    my ($who, $thing, $method, $target, $what, $body, @headers) = @_;
    my $answer = call($who, $method, $target, $body, @headers);
    check($who, $thing, $method, $target, $answer, $what);
    # what is done already, may be done again
    my $done = $answer->{status} =~ /^2/;
    my $again = $thing->{node} =~ /^(?:PUBLISH|RESTORE_\w+)$/
        || "$method $target" =~ m{^DELETE .*/a-(?!r).*/outcomes/};
    unchanged("$who->{name} $method $target [$what] $answer->{status}",
              $done && $again ? undef : $done ? 1 : 0);
    return $answer;
}

# Things that nobody may tell apart have one answer.
sub check_groups {
    for my $group (sort keys %told) {
        my $answers = $told{$group};
        my ($first, @more) = sort { @{ $answers->{$b} } <=> @{ $answers->{$a} }
                                    || $a cmp $b } keys %$answers;
        surprise("$group: $answers->{$_}[0]",
                 "as $answers->{$first}[0]: $first", $_) for @more;
    }
    return scalar keys %told;
}

# The results of all cases, and no trace of them in the database.
sub finish {
    my ($least) = @_;
    my $groups = check_groups();
    drop_world();
    if (open my $out, '>', $ENV{MATRIX_SURPRISING} // '/dev/null') {
        print {$out} map { "$_\n" } sort keys %surprising;
    }
    my $total = 0;
    $total += $_ for values %cases;
    is(scalar @surprises, 0, "no surprises in $total cases, $groups groups")
        or diag(join "\n", grep { defined } (@surprises)[0 .. 40]);
    if (@surprises && open my $out, '>>', "$T/logs/surprises") {
        print {$out} map { "$_\n" } @surprises;
    }
    return ok($total || $only{BATCH}, "$total cases") if %only;
    diag("$_: $cases{$_}") for sort keys %cases;
    cmp_ok($total, '>=', $least, "$total cases");
    return;
}

1;
