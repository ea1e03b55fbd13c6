# A rule of the server's holds for a resource however its path is spelled: every
# operation, below every rule of conf/rules.conf, by every spelling, alone and in
# a $batch, gets the answer that the plain path is to get.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/../lib";
use Edu::Log;
use Edu::School qw($FEEDBACK $POINTS ask got must);
use Edu::Wire;
use Test::More;

my $GUID = $POINTS;    # of an outcome that each class has

# What is asked for, below a class: a method, what it is answered where no rule
# is in its way, the path (a segment with a key is a pair), a body.
my $assignment = ['assignments', 'A'];
my %large = ('padding@example.org' => 'x' x 3000);    # for some rules
my @submission = ($assignment, ['submissions', 's']);
my %OPERATIONS = (
    class   => [GET => 200],
    recent  => [GET => 200, 'getRecentlyModifiedSubmissions'],
    members => [GET => 200, 'members'],
    member  => [GET => 200, ['members', 'student']],
    publish => [POST => 200, $assignment, 'publish'],
    look    => [HEAD => 200, @submission],
    options => [OPTIONS => 200, @submission, 'outcomes'],
    put     => [PUT => 405, @submission, 'outcomes'],
    list    => [GET => 200, @submission, 'outcomes'],
    count   => [GET => 200, @submission, 'outcomes', '$count'],
    read    => [GET => 200, @submission, ['outcomes', $GUID]],
    grade   => [PATCH => 200, @submission, ['outcomes', $GUID],
                { points => { points => 5 }, %large }],
    remove  => [DELETE => 204, @submission, ['outcomes', $FEEDBACK]],
    return  => [POST => 200, @submission, 'return'],
    create  => [POST => 201, $assignment, ['submissions', 'open'], 'outcomes',
                { '@odata.type' => '#microsoft.graph.educationOutcome',
                  %large }],
);
my $writes = qr/^(?:publish|put|grade|remove|return|create)$/;

# What each class's rule makes of an operation (its name, the way to it), or
# nothing: it is served.
my %RULES = (
    (map { $_ => sub { 403 } } qw(user it's env envdir uri forbidden if
                                  satisfy inbatch script captured
                                  unset set parsed status nosub
                                  perdir)),
    open   => sub { },
    line   => sub { 403 },
    denied => sub { 403 if $_[0] !~ /^(?:class|recent|members?|publish)$/ },
    limit  => sub { 403 if $_[0] =~ $writes || $_[0] eq 'options' },
    method => sub { 403 if $_[0] =~ $writes || $_[0] =~ /^(?:look|options)$/ },
    action => sub { 403 if $_[0] =~ /^(?:return|publish|recent)$/ },
    match  => sub { 403 if $_[0] =~ /^(?:options|put|list|read|grade|remove|
                                         create)$/x },
    guid   => sub { 403 if $_[0] =~ /^(?:read|grade)$/ },
    ifline => sub { 403 if $_[0] =~ /^(?:publish|grade|return|create)$/ },
    mine   => sub { 403 if $_[1] eq 'me' },
    blind  => sub { 428 if $_[0] =~ /^(?:publish|grade|remove|return)$/ },
    small  => sub { 413 if $_[0] =~ /^(?:grade|create)$/ },
    short  => sub { 413 if $_[0] =~ /^(?:grade|create)$/ },
    registered => sub { 404 if $_[0] eq 'create' },
);

# Ways to a resource: the segments before those of an operation.
my %WAYS = (
    class => sub { ['classes', $_[0]] },
    me    => sub { 'me' },
    user  => sub { ['users', 'teacher'] },
);

sub quoted { return $_[0] =~ s/'/''/gr }
sub code   { return join '', map { sprintf '%%%02x', ord } split //, $_[0] }
sub upper  { return $_[0] =~ /^[-0-9a-f]{36}$/ ? uc $_[0] : $_[0] }

# A segment with a key, and one that is an action or a function, by each
# spelling.
my %KEYS = (
    plain   => sub { "$_[0]/$_[1]" },
    parens  => sub { "$_[0]('" . quoted($_[1]) . "')" },
    quotes  => sub { "$_[0](%27" . quoted($_[1]) =~ s/'/%27/gr . '%27)' },
    encoded => sub { "$_[0]%28'" . code(quoted($_[1])) . "'%29" },
    letters => sub { code($_[0]) . '/' . code($_[1]) },
    upper   => sub { "$_[0]/" . upper($_[1]) },
    both    => sub { "$_[0]('" . upper(quoted($_[1])) . "')" },
);
my %CALLS = (
    plain   => sub { $_[0] },
    graph   => sub { "microsoft.graph.$_[0]" },
    call    => sub { "$_[0]()" },
    full    => sub { "microsoft.graph.$_[0]()" },
    encoded => sub { code("microsoft.graph.$_[0]") . '%28%29' },
    lower   => sub { $_[0] =~ s/^getR.*/\L$&/r },
    least   => sub { 'microsoft.graph.' . $_[0] =~ s/^getR.*/\L$&/r . '()' },
);

# All spellings of a path: each for all segments at once, and the commonest for
# one at a time.
sub spellings {
    my (@segments) = @_;
    my %seen;
    for my $which (-1 .. $#segments) {
        for my $how ($which < 0 ? (keys %KEYS, keys %CALLS) : 'parens') {
            my $path = join '/', map {
                my ($s, $h) = ($segments[$_], $which < 0 || $which == $_
                                              ? $how : 'plain');
                ref $s               ? ($KEYS{$h} // $KEYS{plain})->(@$s)
                : $s =~ /^(?:ret|pub|getR)/
                                     ? ($CALLS{$h} // $CALLS{plain})->($s)
                :                      $s;
            } 0 .. $#segments;
            $seen{$path} = 1;
        }
    }
    return sort keys %seen;
}

# Each case: a name, a method, a path, a body and the status expected.
my @cases;
for my $rule (sort keys %RULES) {
    for my $way (sort keys %WAYS) {
        for my $name (sort keys %OPERATIONS) {
            my ($method, $served, @path) = @{ $OPERATIONS{$name} };
            my $body = ref $path[-1] eq 'HASH' ? pop @path : undef;
            next if $way ne 'class' && $name !~ /^(?:list|grade|return|create)$/;
            my $status = $RULES{$rule}->($name, $way) || $served;
            my @segments = map { ref && $_->[1] eq 'A' ? [$_->[0], $rule] : $_ }
                $WAYS{$way}->($rule), @path;
            for my $path (spellings(@segments)) {
                push @cases, ["$method $path", $method,
                              "/rules/education/$path", $body, $status];
            }
        }
    }
}

# The classes, by a mount that has no rules.
for my $rule (sort keys %RULES) {
    my $class = "/migrate/education/classes/$rule";
    my @as = ([Authorization => 'app:demo'],
              ['Content-Type', 'application/json']);
    my $put = sub {
        my ($path, $body) = @_;
        my $answer = request(PUT => "$class$path", \@as, $body);
        die "$path: $answer->{status} $answer->{body}" if $answer->{status} > 204;
    };
    $put->('', '{"displayName": "c"}');
    $put->('/members', '{"value": [{"id": "teacher",
        "primaryRole": "teacher"}, {"id": "student"}]}');
    $put->("/assignments/$rule", '{"grading": {"maxPoints": 10}}');
    $put->("/assignments/$rule/submissions/s",
           '{"recipient": {"userId": "student"}}');
}
log_expect('client denied by server configuration|authorization failure');

sub as_teacher {
    my ($method, $path, $body, @headers) = @_;
    return ask('teacher', $method, 'http://localhost:' . port() . $path,
               $body, @headers);
}

my (%failed, %passed);
sub check {
    my ($how, $case, $status) = @_;
    my ($name, undef, undef, undef, $expected) = @$case;
    $passed{$how}++ if $status == $expected;
    push @{ $failed{$how} }, "$name: $status, not $expected"
        if $status != $expected;
}

for my $case (@cases) {
    my (undef, $method, $path, $body) = @$case;
    check(alone => $case, as_teacher($method, $path, $body)->{status});
}
for my $case (grep { "@$_[1, 2]" =~ m{^P.*/classes/} } @cases) {
    my (undef, $method, $path, $body) = @$case;
    for my $other ('short', 'hop') {
        my $rewritten = $path =~ s{^/rules/education/classes}{/$other}r;
        check("by /$other" => $case,
              as_teacher($method, $rewritten, $body)->{status});
    }
}
my @left = @cases;
while (my @some = splice @left, 0, 20) {
    my $n = 0;
    my $answer = as_teacher(POST => '/rules/$batch', { requests => [map { {
        id => $n++ . '', method => $_->[1], url => $_->[2],
        $_->[3] ? (headers => { 'Content-Type' => 'application/json' },
                   body => $_->[3]) : ()
    } } @some] });
    for (@{ got($answer)->{responses} }) {
        check('in a batch' => $some[$_->{id}], $_->{status});
    }
}
for my $how ('alone', 'in a batch', 'by /short', 'by /hop') {
    is(join("\n", @{ $failed{$how} || [] }), '', "$how: as expected");
    cmp_ok($passed{$how}, '>', 500, "$how: $passed{$how} cases");
}

done_testing;
