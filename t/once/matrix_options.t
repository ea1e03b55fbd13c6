# The matrix, continued: query options, bodies, headers and spellings.  A caller
# that may not do a thing learns nothing by them: the refusal is the same.  One
# that may read a thing is refused what tells of drafts.  With one database, for
# none of that gets as far.
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
my %person = map { $_->{name} => $_ } @PEOPLE;
my @SOME = @person{qw(nobody str ada out tea)};

# ---------------------------------------------------------------- query options

my %options = options();    # node => [[answer, option], …]
my $MAY = qr/^(?:done|open|missing)$/;    # callers that learn no secret
my @BAD = (400, 406, 501);
my $TARGET = qr/"target":"\$(?:filter|orderby|expand|apply)"/;
my %ANSWER = (ok => [200], bad => \@BAD, any => [200, 403, @BAD],
              draft => [200]);

for my $who (@SOME) {
    for my $thing (few(1, $who, 'GET')) {
        next if $thing->{way} !~ /^(?:class|all)$/ && $who->{name} ne 'ada';
        my $oracle = expected($who, $thing, 'GET');
        my $student = $oracle->{kind} eq 'done'
            && role_in($who->{user}, $thing->{class} // '')
            && role_in($who->{user}, $thing->{class}) eq 'student';
        my @options = @{ $options{ $thing->{node} } // [] };
        my @targets = map {
            "/roster/education$thing->{path}?" . encoded($_->[1])
        } @options;
        for my $got (reads($who, map { [GET => $_] } @targets)) {
            my ($answer) = @{ shift @options };
            my $target = shift @targets;
            my @expected = @{ $ANSWER{$answer} };
            @expected = 403 if $answer eq 'draft' && $student;
            # a thing that is not there may be found missing first
            push @expected, grep { $_ != 200 } @{ $oracle->{status} }
                if "@{ $oracle->{status} }" ne '200';
            check($who, $thing, 'GET', $target, $got, 'option',
                  $oracle->{kind} =~ /$MAY/ ? \@expected : undef);
            surprise("$who->{name} GET $target", 'a target', $got->{body})
                if "@expected" eq '403' && $got->{status} == 403
                && $got->{body} !~ $TARGET;
        }
    }
}

# ----------------------------------------------------------- bodies and headers

my @JSON = ('Content-Type', 'application/json');
my @MANNERS = (    # what, body, headers
    ['no body', undef], ['no JSON', '{'], ['an array', '[]'],
    ['a duplicate', '{"id":"x","id":"y"}'],
    ['an unknown member', { none => 1 }],
    ['a wrong type', { '@odata.type' => '#microsoft.graph.none' }],
    ['bad points', { points => { points => -1 } }],
    ['a long body', { displayName => 'x' x 2000 }],
    ['text', 'x', ['Content-Type', 'text/plain']],
    ['zipped', 'x', \@JSON, ['Content-Encoding', 'gzip']],
    ['another version', {}, ['If-Match', '"003fcdbf58d9dd82"']],
    ['any version', {}, ['If-Match', '*']],
    ['no version', {}, ['If-None-Match', '*']],
    ['no tag', {}, ['If-Match', 'x']],
    ['html', {}, ['Accept', 'text/html']],
    ['an old client', {}, ['OData-MaxVersion', '3.0']],
    ['prefer', {}, ['Prefer', 'return=minimal, include-unknown-enum-members']],
    ['an option', {}, ['Prefer', 'x']],
    ['overridden', {}, ['X-HTTP-Method-Override', 'GET'],
     ['Remote-User', 'tea'], ['X-Forwarded-User', 'tea']],
);
my @READING = (    # what, headers
    ['any version', ['If-None-Match', '*']], ['a version', ['If-Match', '"0"']],
    ['all versions', ['If-Match', '*']], ['no tag', ['If-None-Match', 'x']],
    ['html', ['Accept', 'text/html']],
    ['an old client', ['OData-MaxVersion', '3.0']],
    ['a part', ['Range', 'bytes=0-9']], ['date', ['If-Modified-Since',
                                          'Sat, 01 Jan 2050 00:00:00 GMT']],
);

# All manners for writes of each kind, and a few of them for all others.
my %ALL = map { $_ => 1 } 'OUTCOME PATCH', 'OUTCOMES POST', 'RETURN POST',
    'ASSIGNMENT PUT', 'SUBMISSION DELETE';
my $turn = 0;
for my $who (@SOME) {
    for my $method (qw(POST PUT PATCH DELETE)) {
        for my $thing (few(1, $who, $method)) {
            next if expected($who, $thing, $method)->{kind}
                !~ /^(?:nobody|hidden|closed|forbidden)$/;
            my $all = $ALL{"$thing->{node} $method"}
                && $thing->{way} eq 'class';
            for my $manner ($all ? @MANNERS
                            : @MANNERS[map { $turn++ % @MANNERS } 1, 2]) {
                my ($what, $body, @headers) = @$manner;
                # the one also wants If-Match, and short bodies
                my $mount = ('strict-roster', 'roster')[$turn++ % 2];
                check_write($who, $thing, $method,
                            "/$mount/education$thing->{path}",
                            "manners $what", $body, @headers);
            }
            check_write($who, $thing, $method,
                        "/roster/education$thing->{path}?\$none=x&\$top=y",
                        'manners, an option', {}) if $turn % 3;
        }
    }
    for my $thing (few(1, $who, 'GET')) {
        next if expected($who, $thing, 'GET')->{kind} =~ /$MAY/;
        for (@READING[map { $turn++ % @READING } 1, 2, 3]) {
            my ($what, @headers) = @$_;
            my $target = "/roster/education$thing->{path}";
            check($who, $thing, 'GET', $target,
                  call($who, GET => $target, undef, @headers),
                  "manners $what");
        }
    }
}

# -------------------------------------------------------------------- spellings

# Other ways to say a path; those that are no path are 404 for everybody.
my %SPELLING = (
    'a key'      => sub { $_[0] =~ s{/(axs-\w|[as]-\w+)(?=/|$)}{('$1')}gr },
    'encoded'    => sub { $_[0] =~ s{([aes])}{sprintf '%%%02X', ord $1}ger },
    'two //'     => sub { $_[0] =~ s{/}{//}gr },
    'dots'       => sub { $_[0] =~ s{^(/\w+)}{/./x/..$1/.}r },
    'namespace'  => sub { $_[0] =~ s{/(publish|return|excuse|submit|reassign
                                     |unsubmit|getRecently\w+|activate
                                     |setUp\w+)$}{/microsoft.graph.$1}rx },
    'a capital'  => sub { $_[0] =~ s{^/(\w)}{/\u$1}r },
    'capitals'   => sub { uc $_[0] },
    'a slash'    => sub { "$_[0]/" },
    'twice'      => sub { $_[0] =~ s{([aes])}{sprintf '%%25%02X', ord $1}ger },
    'a NUL'      => sub { "$_[0]%00" },
    'a slash in' => sub { $_[0] =~ s{(-\w+)$}{$1%2Fx}r },
    'semicolon'  => sub { "$_[0];x=y" },
    'hash'       => sub { "$_[0]%23" },
    'blank'      => sub { "$_[0]%20" },
);
my %SAME = map { $_ => 1 } 'a key', 'encoded', 'two //', 'dots', 'namespace';

for my $who (@SOME) {
    for my $method (qw(GET POST PATCH)) {
        for my $thing (few(1, $who, $method)) {
            my $oracle = expected($who, $thing, $method);
            next if $oracle->{kind} =~ /$MAY/ && $method ne 'GET';
            next if $thing->{way} !~ /class|ada/;
            my @how = sort keys %SPELLING;
            @how = @how[map { $turn++ % @how } 1 .. 4] if !$ALL{
                "$thing->{node} $method"} && $thing->{node} ne 'OUTCOME';
            for my $how (@how) {
                my $path = $SPELLING{$how}->($thing->{path});
                next if $path eq $thing->{path};
                my $target = "/roster/education$path";
                my $expected =
                    $SAME{$how} ? undef : [@{ $oracle->{status} }, 400, 404];
                if ($SAME{$how} && $method ne 'GET') {
                    check_write($who, $thing, $method, $target,
                                "spelling $how", {});
                    next;
                }
                my $answer = call($who, $method, $target,
                                  $method eq 'GET' ? undef : {});
                if ($SAME{$how}) {
                    check($who, $thing, $method, $target, $answer,
                          "spelling $how");
                    next;
                }
                # it may name another thing, such as a student "ada " of the
                # class; it may not be more
                surprise("$who->{name} $method $target [$how]",
                         "@$expected", $answer->{status})
                    if !grep { $_ eq $answer->{status} } @$expected, 403, 405;
                check_marks($who, "$who->{name} $method $target", $answer);
                unchanged("$who->{name} $method $target", 0)
                    if $method ne 'GET';
            }
        }
    }
}

finish(5000);
done_testing;
