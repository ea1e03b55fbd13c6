package Edu::Oracle;

# The answer expected to a request, by t/data/access/rules and Edu::World alone.

use strict;
use warnings;
use Edu::World;
use Exporter 'import';

our @EXPORT = qw(%RULES expected group_of is_mark_for listed permissions
    read_rules);

our %RULES;    # node => method => { who => { letter => 1 or '?' }, … }

my @ASSIGNMENTS = qw(ReadBasic ReadWriteBasic Read ReadWrite);
my @ROSTER = map { "EduRoster.$_" } qw(ReadBasic Read ReadWrite);
my %SETS = (
    basic  => [map { "EduAssignments.$_" } @ASSIGNMENTS],
    basicw => [map { "EduAssignments.$_" } qw(ReadWriteBasic ReadWrite)],
    read   => [map { "EduAssignments.$_" } qw(Read ReadWrite)],
    write  => ['EduAssignments.ReadWrite'],
    roster => [@ROSTER],
    none   => [],
);
$SETS{$_} = [@{ $SETS{basic} }, @ROSTER] for 'any', 'roster?';

sub read_rules {
    my ($file) = @_;
    open my $in, '<', $file or die "$file: $!\n";
    while (<$in>) {
        my ($node, $method, $who, $user, $app, $done, $body) = split;
        next if !defined $done || $node =~ /^#/;
        my %who = map { /^(\w)(\??)$/ ? ($1 => $2 || 1) : () } split /,/, $who;
        $RULES{$node}{$method} = { who => \%who, user => $user, app => $app,
                                   done => [split /,/, $done], body => $body };
        $RULES{$node}{HEAD} = $RULES{$node}{GET} if $method eq 'GET';
    }
    return;
}

# The permissions that a text of a token grants, by their names without ".All",
# which an application's have; unknown ones grant nothing.
sub permissions {
    my ($text, $is_app) = @_;
    my %known = map { $_ . ($is_app ? '.All' : '') => $_ } @{ $SETS{any} };
    my @words = grep { $_ } map { $known{$_} } split /[ ,]+/, $text;
    return { map { $_ => 1 } @words };
}

# Whether the caller's permissions are enough: 1, 0, or '?' if nothing says so.
sub permits {
    my ($who, $rule, $method) = @_;
    my $has = $who->{permissions} or return 1;
    return 0 if !%$has;
    my $set = $rule->{ $who->{is_app} ? 'app' : 'user' };
    # what Graph denies to applications, an administrator's may
    $set = $rule->{user} if $set eq 'none' && $who->{is_admin};
    my $enough = grep { $has->{$_} } @{ $SETS{$set} };
    if ($set eq 'any') {
        return 0 if $method ne 'GET' && !grep { /Write/ } keys %$has;
        return 1 if $enough == @{ $SETS{any} };
        return '?';
    }
    return $enough ? 1 : 0 if $set ne 'roster?';
    return !$enough ? 0 : (grep { $has->{$_} } @ROSTER) ? 1 : '?';
}

# The roles of a caller in a class.
sub roles {
    my ($who, $class) = @_;
    my @roles;
    push @roles, 'A' if $who->{is_admin};
    push @roles, 'T' if $who->{is_teacher};
    push @roles, 'P' if $who->{is_app};
    my $role = $who->{is_app} ? '' : role_in($who->{user}, $class // '') // '';
    push @roles, 'T' if $role eq 'teacher';
    push @roles, 'S' if $role eq 'student';
    return @roles;
}

my @LENIENT = (200, 201, 204, 400, 404, 409);    # nothing is hidden from them
my @STATE = (400, 409);    # a write by anybody may not suit the state

# The answer: { kind, status => [those that pass] }.  Kinds:
#   done     the caller may
#   hidden   as for a thing that does not exist
#   missing  it does not, and that is no secret
#   forbidden  of a thing that the caller sees
#   closed   all that lies in the class, or belongs to the person
#   scope    the caller's permissions are not enough
#   nobody   no caller
#   no method
#   open     nothing says so
sub expected {
    my ($who, $thing, $method) = @_;
    return answer('nobody', 401) if !defined $who->{user};
    my $rule = $RULES{ $thing->{node} }{$method};
    return answer('no method', $method eq 'OPTIONS' ? (200, 204) : (405, 501))
        if !$rule;
    return answer('done', @{ $rule->{done} }) if $rule->{who}{U};
    my $permitted = permits($who, $rule, $method =~ s/HEAD/GET/r);
    return answer('scope', 403) if !$permitted;
    my $answer = by_way($who, $thing, $method, $rule);
    return $permitted eq '?' ? answer('open', 403, @{ $answer->{status} })
                             : $answer;
}

sub answer {
    my ($kind, @status) = @_;
    return { kind => $kind, status => [sort @status] };
}

sub by_way {
    my ($who, $thing, $method, $rule) = @_;
    my $way = $thing->{way};
    return by_role($who, $thing, $method, $rule)
        if $way eq 'class' || $way eq 'all';
    my $self = !$who->{is_app} && ($way eq 'me' || $way eq $who->{user});
    if (!$thing->{class}) {    # a list, of which no class says who may see it
        return answer('done', 200) if $self;
        return answer('open', 200, 403, 400) if $way eq 'me';
        return answer('closed', 403)
            if !grep { $who->{$_} } qw(is_admin is_teacher is_app);
        return $thing->{there} ? answer('done', 200) : answer('open', 200, 404);
    }
    my $in_class = role_in($who->{user}, $thing->{class});
    return $in_class ? by_role($who, $thing, $method, $rule)
                     : answer('hidden', early($rule), 404)
        if $self && !$who->{is_admin};
    my @all = roles($who, $thing->{class});
    return answer('closed', 403) if !grep { /[ATP]/ } @all;
    my $by_role = by_role($who, $thing, $method, $rule);
    # a class that is not found admits nobody, and not all that lies in it is
    # that person's
    return answer($by_role->{kind} eq 'done' ? 'done' : 'open', 403, 404,
                  @{ $by_role->{status} });
}

# A right of administrators alone may be refused for that alone.
sub early {
    my ($rule) = @_;
    return join('', keys %{ $rule->{who} }) eq 'A' ? 403 : ();
}

sub by_role {
    my ($who, $thing, $method, $rule) = @_;
    my @roles = roles($who, $thing->{class});
    my $staff = grep { /[ATP]/ } @roles;
    return answer('forbidden', 403)
        if $thing->{way} eq 'all' && !grep { $rule->{who}{$_} } @roles;
    return answer('closed', 403) if !@roles;
    # the list of members tells already that one is missing
    my $hidden = $thing->{node} =~ /^(?:MEMBER|TEACHER)/ ? 'missing' : 'hidden';
    return answer($hidden, early($rule), 404)
        if !$staff && !$thing->{seen}{ $who->{user} };
    my ($may) = sort map { $rule->{who}{$_} // 'no' } @roles;
    my @done = (@{ $rule->{done} }, $method =~ /GET|HEAD/ ? () : @STATE);
    @done = @LENIENT if $staff && !$thing->{there};
    return answer('forbidden', 403, $thing->{there} ? () : 404)
        if $may eq 'no';
    return $may eq '?' ? answer('open', 403, @done) : answer('done', @done);
}

# The group of requests that get the same bytes for the thing and for one that
# does not exist; undef if it is nobody's secret.
sub group_of {
    my ($who, $thing, $method, $kind) = @_;
    return undef if $kind !~ /^(?:nobody|closed|hidden)$/;
    my $head = $method eq 'HEAD' ? 'HEAD' : '';
    return "$kind $head" if $kind eq 'nobody';
    return "$who->{name} $kind $head" . ($thing->{way} eq 'class' ? '' : 'user')
        if $kind eq 'closed';
    my ($at) = grep { !($thing->{$_} // {})->{ $who->{user} } }
        qw(assignment submission seen);
    my $way = $thing->{way} eq 'class' ? 'class' : 'user';
    return "$who->{name} $kind $method $thing->{node} $way " . ($at // '');
}

# The ids that a list of assignments or submissions has for a caller that may
# read it, sorted; undef if nothing says which.
sub listed {
    my ($who, $thing) = @_;
    my ($class, $node) = @$thing{qw(class node)};
    return undef if !$thing->{there} || $who->{is_app};
    if ($node =~ /^MY_ASSIGNMENTS/) {
        return undef if $thing->{way} !~ /^(?:me|$who->{user})$/
            || grep { /T/ } map { roles($who, $_) } keys %PEOPLE;
        return [sort map { given($who->{user}, $_) }
                grep { role_in($who->{user}, $_) } keys %PEOPLE];
    }
    return undef
        if $node !~ /^(?:ASSIGNMENTS(?:_DELTA)?|(?:CLASS_)?SUBMISSIONS)(?:_COUNT)?$/;
    my $is_staff = grep { /[AT]/ } roles($who, $class);
    return undef if $is_staff && $thing->{way} ne 'class';
    if ($node =~ /^ASSIGNMENTS/) {
        return [sort $is_staff ? keys %{ $GIVEN{$class} }
                               : given($who->{user}, $class)];
    }
    my ($a) = $thing->{path} =~ m{/assignments/([^/]+)};
    my @of = defined $a ? $a : $is_staff ? keys %{ $OWNS{$class} }
        : given($who->{user}, $class);
    return [sort map { "s-$_" } grep { $is_staff || $_ eq $who->{user} }
            map { split ' ' } @{ $OWNS{$class} }{@of}];
}

sub given {
    my ($user, $class) = @_;
    my $given = $GIVEN{$class};
    return grep { $given->{$_} =~ /\b\Q$user\E\b/ } keys %$given;
}

# Whether a mark in an answer to the caller is for them.
sub is_mark_for {
    my ($who, $mark) = @_;
    my (undef, $c, $readers, @more) = split /-/, $mark;
    my $has = $who->{permissions};
    return 0 if $has && @more && $more[-1] eq 'grade'
        && !grep { $has->{"EduAssignments.$_"} } qw(Read ReadWrite);
    my @roles = roles($who, "axs-$c");
    return 1 if grep { /[ATP]/ } @roles;
    return 0 if !@roles;
    return 1 if $readers eq 'all' || $readers eq $who->{user};
    return $readers eq 'her' && $who->{user} =~ /^(?:ada|cyn)$/;
}

1;
