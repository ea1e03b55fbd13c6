# The matrix, continued: the permissions of tokens.  Each operation by each set
# of them, in the ways in which tokens spell them, of users and of applications.
# With one database, for permissions do not get as far.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/../lib";
use Edu::Caller;
use Edu::Matrix;
use Edu::Oracle;
use Edu::World;
use Test::More;

begin();

my @NAMES = qw(EduAssignments.ReadBasic EduAssignments.ReadWriteBasic
    EduAssignments.Read EduAssignments.ReadWrite EduRoster.ReadBasic
    EduRoster.Read EduRoster.ReadWrite);
my $all = join ' ', @NAMES;

# The words of a user's token; in an application's, each name ends in ".All".
my @TEXTS = (
    undef, '', @NAMES, $all, join(',', @NAMES),
    'User.Read EduAssignments.Read', 'openid,EduAssignments.ReadWrite,profile',
    'EduAssignments.ReadBasic  EduRoster.ReadBasic',
    'EduAssignments.ReadWriteBasic, EduRoster.ReadBasic',
    # none of these grants anything
    'EduAssignments.Reads', 'XEduAssignments.Read', 'eduassignments.readwrite',
    'EduAssignments', 'EduAssignments.', 'Read ReadWrite', 'User.Read',
    'EduAssignments.Read;EduAssignments.ReadWrite', '*',
    'EduAssignments.*', 'EduAssignments.Manage',
);

# The callers that a text makes.
sub callers {
    my ($text) = @_;
    my $said = $text // 'nothing';
    my %user = (permissions => permissions($text // ''), scopes => $text);
    my $roles = defined $text ? $text =~ s/(?<=\w)(?=[ ,;]|\z)/.All/gr : undef;
    my %app = (permissions => permissions($roles // '', 1), roles => $roles,
               is_app => 1, application => 'app');
    # without a word of permissions it is a user's token
    return (map({ my ($user, %more) = @$_;
                  who($user, %user, name => "$user($said)", %more) }
                ['tea'], ['ada'], ['out'], ['adm', is_admin => 1],
                ['evy', is_teacher => 1]),
            defined $text && $text ne ''
            ? (who('gradebook', %app, name => "app($roles)"),
               who('lms', %app, name => "lms($roles)", is_admin => 1),
               # in the wrong claim, neither grants anything
               who('tea', name => "tea(scopes $roles)", scopes => $roles,
                   permissions => {}),
               who('app', name => "app(roles $text)", roles => $text,
                   application => 'app', permissions => {}))
            : ());
}

# The application's token of a student acts for the application, not for them; a
# user's with roles besides is the user's.
my @BOTH = (
    who('ada', name => 'app of ada', is_app => 1, application => 'app',
        roles => "$all" =~ s/(?<=\w)(?= |\z)/.All/gr,
        permissions => permissions("$all" =~ s/(?<=\w)(?= |\z)/.All/gr, 1)),
    who('tea', name => 'tea with both', scopes => 'EduAssignments.ReadBasic',
        roles => 'EduAssignments.ReadWrite.All',
        permissions => permissions('EduAssignments.ReadBasic')),
    who('ada', name => 'ada with both', scopes => 'EduAssignments.ReadWrite',
        roles => 'EduAssignments.ReadWrite.All',
        permissions => permissions('EduAssignments.ReadWrite')),
);

# One thing of each node that is there, and one that is not; of few nodes for
# callers of whom all is refused alike.
my %FEW = map { $_ => 1 }
    qw(OUTCOME ASSIGNMENTS MEMBERS CLASS CLASSES CLASSES_COUNT SUBMISSION RETURN
       MY_CLASSES MY_CLASSES_COUNT MY_ASSIGNMENTS);
my %some;
sub some {
    my ($who, $method) = @_;
    my $is_few = $who->{user} =~ /^(?:out|evy|app)$/
        || !%{ $who->{permissions} };
    my %had;
    # all callers here have the same things
    return @{ $some{ $method, $is_few } //= [
        grep { !$had{ join ' ', @$_{qw(node way)}, $_->{there} ? 1 : 0,
                      $_->{seen}{ada} // 0 }++ }
        grep { $RULES{ $_->{node} }{$method}
               && ($_->{way} =~ /class|all/ || $_->{node} =~ /^MY_/)
               && $_->{path} !~ /axs-[lv]/ && (!$is_few || $FEW{ $_->{node} }) }
        things($who)] };
}

# Whether a write that lacks a permission is sent: for each set of permissions one
# that would be done with all of them, or that no application may do; of the others
# every third.
my (%tried, $denied);
sub is_due {
    my ($who, $thing, $method) = @_;
    my $has = join ' ', sort keys %{ $who->{permissions} };
    my $is_app = $who->{is_app} // 0;
    my $able = { %$who, permissions => permissions(
        $is_app ? $all =~ s/(?<=\w)(?= |\z)/.All/gr : $all, $is_app) };
    return !$tried{ join ' ', $thing->{node}, $method, $is_app, $has }++
        if $has ne ''
        && ($is_app && $RULES{ $thing->{node} }{$method}{app} eq 'none'
            || expected($able, $thing, $method)->{kind} eq 'done');
    return $denied++ % 3 == 0;
}

for my $who (@BOTH, map { callers($_) } @TEXTS) {
    for my $method (qw(GET POST PUT PATCH DELETE)) {
        my @things = some($who, $method);
        my @answers = reads($who, map { [GET => "/scoped/education$_->{path}"] }
                            $method eq 'GET' ? @things : ());
        for my $thing (@things) {
            my $target = "/scoped/education$thing->{path}";
            my $expected = expected($who, $thing, $method);
            next if $method ne 'GET' && $expected->{kind} eq 'scope'
                && !is_due($who, $thing, $method);
            my $rule = $RULES{ $thing->{node} }{$method};
            my $answer = shift @answers;
            check($who, $thing, GET => $target, $answer, 'scopes') if $answer;
            $answer //= check_write($who, $thing, $method, $target, 'scopes',
                                    body_for($rule->{body}, $thing));
            # the refusal names what is missing
            surprise("$who->{name} $method $target", 'a name',
                     $answer->{body})
                if $expected->{kind} eq 'scope' && $answer->{status} == 403
                && $rule->{ $who->{is_app} ? 'app' : 'user' } ne 'none'
                && $answer->{body} !~ /Edu(?:Assignments|Roster)\.\w+/;
        }
    }
}

# Basic permissions show neither grades nor rubrics to any request.
for my $text (covers('SUBMISSIONS') ? ('EduAssignments.ReadBasic',
                                       'EduAssignments.ReadWriteBasic') : ()) {
    for my $who (callers($text)) {
        next if $who->{name} =~ /scopes|roles/;
        for my $path ('axs-k/assignments?$expand=rubric',
                      'axs-k/assignments/a-raw?$select=rubric',
                      'axs-k/assignments?$filter=rubric/id%20ne%20null',
                      'axs-k/assignments?$orderby=rubric/displayName',
                      map({ "axs-k/assignments/a-ret/submissions$_" }
                          '?$expand=outcomes', '?$expand=*', '/s-ada?$expand=*',
                          '/s-ada?$expand=outcomes&$select=id')) {
            my $target = "/scoped/education/classes/$path";
            my $answer = call($who, GET => $target);
            surprise("$who->{name} GET $target", '200, 400 or 403',
                     $answer->{status})
                if $answer->{status} !~ /^(?:200|400|403)$/;
            check_marks($who, "$who->{name} GET $target", $answer);
            surprise("$who->{name} GET $target", 'no outcomes',
                     substr $answer->{body}, 0, 300)
                if $answer->{body} =~ /publishedPoints/;
        }
    }
}

finish(2000);
done_testing;
