# Require edu-role and Require edu-scope, in sections of roles.conf: who is
# admitted, also below a mount, in any spelling and in a $batch.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Edu::Database;
use Edu::Log;
use Edu::School qw(class must);
use Edu::Wire;
use JSON::PP ();
use Test::More;
use Time::HiRes qw(sleep time);

# The status of a request by a user whose token says this.
sub status {
    my ($user, $path, %token) = @_;
    return request($token{method} // 'GET', $path, [
        $user ne '' ? ['Test-User', $user] : (), ['Authorization', 'none'],
        map { $token{$_} ? ["Test-$_", $token{$_}] : () }
            qw(Scopes Roles Class) ], $token{body})->{status};
}

log_expect('AH01631: user \w+: authorization failure for "/(?:role|scope)');
class('require', 'student');    # its teacher is "teacher"
must('app', PUT => '/classes/require2', { displayName => 'x' });
must('app', PUT => '/classes/require2/members', { value => [
    { id => 'tutor', primaryRole => 'teacher' }, { id => 'teacher' } ] });

# ---------------------------------------------------------------------- roles
# Those whom a rule admits.
my %ROLES = (
    'require/of/teacher'  => 'teacher gradebook',
    'require2/of/teacher' => 'tutor gradebook',
    'require/of/student'  => 'student',
    'require2/of/student' => 'teacher',
    'require/of/member'   => 'teacher student gradebook',
    'require2/of/member'  => 'teacher tutor gradebook',
    'require/of/admin'    => 'app',
    'require/of/staff'    => 'teacher app gradebook',
    'require/of/others'   => 'tutor app stranger Teacher',
    'none/of/member'      => 'gradebook',
    'none/of/staff'       => 'app gradebook',
    'require/teacher/x'   => 'gradebook',
    "require'/of/member"  => 'gradebook',
);
for my $rule (sort keys %ROLES) {
    for my $user (qw(teacher student tutor app gradebook stranger
                     Teacher)) {
        my $want = $ROLES{$rule} =~ /\b$user\b/ ? 200 : 403;
        is(status($user, "/roles/$rule"), $want, "$rule: $user is $want");
    }
    is(status('', "/roles/$rule"), 401, "$rule: nobody is 401");
}
is(status('TEACHER', '/roles/x/of/header', Class => 'require'), 200,
   'the id is that of the section, and the class that of the request');
is(status('TEACHER', '/roles/x/of/header'), 403, 'no class, no role');

# --------------------------------------------------------------------- scopes
my $A = 'EduAssignments';
my @SCOPES = (    # rule, scopes, roles, status
    ['read', "$A.Read", '', 200],
    ['read', "openid,$A.ReadWrite", '', 200],
    ['read', "$A.ReadBasic $A.ReadWriteBasic", '', 403],
    ['read', '', '', 403],
    ['read', '', "$A.Read.All", 403],
    ['read', "$A.Read.All", '', 403],
    ['write', "$A.ReadWrite", '', 200],
    ['write', "$A.Read $A.ReadWriteBasic", '', 403],
    ['all', '', "$A.ReadWrite.All", 200],
    ['all', '', "[\"x\",\"$A.Read.All\"]", 200],
    ['all', '', "$A.Read", 403],
    ['all', 'openid', "$A.Read.All", 403],
    ['all', "$A.Read", "$A.Read.All", 403],
    ['either', "$A.ReadWrite", '', 200],
    ['either', '', 'EduRoster.ReadWrite.All', 200],
    ['either', 'EduRoster.Read', "$A.ReadWrite.All", 403],
    ['not', "$A.Read", '', 403],
    ['not', "$A.ReadBasic", '', 200],
);
for (@SCOPES) {
    my ($rule, $scopes, $roles, $want) = @$_;
    is(status('teacher', "/scopes/$rule", Scopes => $scopes, Roles => $roles),
       $want, "$rule: ($scopes) ($roles) is $want");
}
is(status('', '/scopes/read', Scopes => "$A.Read"), 401, 'nobody is 401');
for my $path (qw(unread unread/not)) {
    log_expect('EDU0013: .*edu-scope needs EduOutcomesScopes');
    is(status('teacher', "/roles/$path", Scopes => "$A.Read"), 500,
       "$path: a section without EduOutcomesScopes admits nobody");
}

# The same at a mount, whose answer names what is missing.
my $scoped = '/scoped/education/classes/require';
my @MOUNT = (    # user, scopes, roles, path, status, what the answer says
    ['teacher', 'EduRoster.Read', '', '', 200],
    ['teacher', '', '', '', 403, 'EduRoster.ReadBasic'],
    ['teacher', 'openid', 'EduRoster.Read.All', '', 403, 'EduRoster.ReadBasic'],
    ['teacher', "$A.ReadBasic", '', '/assignments', 200],
    ['student', "$A.Read", '', '/assignments', 200],
    ['stranger', "$A.ReadWrite", '', '/assignments', 403, 'members'],
    ['stranger', '', "$A.Read.All", '/assignments', 200],
    ['stranger', '', "$A.Read", '/assignments', 403, "$A.ReadBasic"],
    ['stranger', '', "$A.Read.All", '', 403, 'EduRoster.ReadBasic.All'],
);
for (@MOUNT) {
    my ($user, $scopes, $roles, $path, $want, $says) = @$_;
    my $answer = request(GET => "$scoped$path", [
        ['Authorization', 'none'], ['Test-User', $user],
        ['Test-Scopes', $scopes], ['Test-Roles', $roles]]);
    my $name = "$user, ($scopes) ($roles): $path";
    is($answer->{status}, $want, "$name is $want") or diag($answer->{body});
    like($answer->{body}, qr/\Q$says\E[ .]/, "$name names $says") if $says;
}

# ------------------------------------------------------------- below a mount
my %PATHS = (    # those who are admitted
    '/classes/require'                    => 'teacher app',
    "/classes('require')/members"         => 'teacher app',
    '/classes/%72equire/members'          => 'teacher app',
    "/classes('require2')"                => 'tutor app',
    '/classes/require/assignments/a/submissions/s/outcomes' => 'teacher app',
    '/classes'                            => 'app',
    '/me/assignments/a/submissions'       => 'app',
);
for my $path (sort keys %PATHS) {
    for my $user (qw(teacher student tutor app stranger)) {
        my $admitted = $PATHS{$path} =~ /\b$user\b/;
        my $status = status($user, "/role-mount/education$path");
        ok($admitted ? $status != 403 : $status == 403,
           "$path: $user is " . ($admitted ? 'admitted' : 'refused'))
            or diag($status);
    }
}
for my $user (qw(teacher student)) {
    my $answer = request(POST => '/role-mount/$batch',
        [['Test-User', $user], ['Authorization', 'none'],
         ['Content-Type', 'application/json']],
        JSON::PP::encode_json({ requests => [
            map { { id => $_, method => 'GET', url => "/education$_" } }
                sort keys %PATHS ] }));
    my $got = JSON::PP::decode_json($answer->{body});
    for (@{ $got->{responses} }) {
        my $admitted = $PATHS{ $_->{id} } =~ /\b$user\b/;
        ok($admitted ? $_->{status} != 403 : $_->{status} == 403,
           "$_->{id} in a batch: $user is "
               . ($admitted ? 'admitted' : 'refused')) or diag($_->{status});
    }
}

# ------------------------------------------------------------- spelled otherwise
# Each process looks once a second, and says so once.  Nothing is said of the
# strangers above, for zz_error_log.t would have it.
my $mark = log_mark();
my $until = time + 20;
do {
    is(status('Teacher', '/role-mount/education/classes/require'), 403,
       'an id in another case is of somebody else');
    sleep 0.3;
} until time > $until || log_await($mark, "EDU0014: '(?i)teacher' was refused "
    . "in the class 'require', which has a member 'teacher'", 1);
cmp_ok(time, '<', $until, 'the log warns of it');
status('TEACHER', "/role-mount/education/classes('require')"), sleep 0.1
    for 1 .. 25;
my %lines;
$lines{ /\[pid (\d+)/ ? $1 : 0 }++ for log_lines($mark, 'EDU0014');
is_deeply([grep { $_ > 1 } values %lines], [], 'each process warns once');

# A role that cannot be looked up admits nobody, and excludes nobody by "not".
sql('ALTER TABLE edu_member RENAME TO edu_gone');
log_expect('EDU0013: a Require cannot be decided: .*edu_member');
is(status('teacher', '/roles/require/of/teacher'), 500,
   'a role that cannot be looked up admits nobody');
is(status('stranger', '/roles/require/of/others'), 500,
   'nor does it by "not"');
is(status('app', '/roles/require/of/admin'), 200,
   'an administrator needs no role');
sql('ALTER TABLE edu_gone RENAME TO edu_member');
is(status('teacher', '/roles/require/of/teacher'), 200, 'it can be again');
done_testing;
