# A student cannot tell that a teacher drafts: each byte and each header of all
# answers to the student is the same before and after each draft.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Edu::School qw($FEEDBACK $POINTS $RUBRIC);
use Edu::Server;
use Edu::Wire;
use JSON::PP ();
use Test::More;

my $JSON = JSON::PP->new->utf8->canonical;
my $WORK = 'assignments/a/submissions/s';
my $FILE = { '@odata.type' => '#microsoft.graph.educationFeedbackResourceOutcome',
             feedbackResource => {
                 '@odata.type' => '#microsoft.graph.educationWordResource',
                 displayName => 'old.docx' } };

# What a user asks, as Edu::Wire takes it.
sub as {
    my ($user, $method, $path, $body, @headers) = @_;
    push @headers, ['Test-User', $user], ['Authorization', 'none'];
    push @headers, ['Content-Type', 'application/json'] if defined $body;
    return [$method, $path =~ m{^/} ? $path : "/roster/education/$path",
            \@headers, ref $body ? $JSON->encode($body) : $body];
}

sub ask { return request(@{ as(@_) }) }

sub must {
    my $answer = ask(@_);
    die "@_[0 .. 2]: $answer->{status} $answer->{body}\n"
        if $answer->{status} !~ /^2/;
    return $answer->{body} =~ /^\{/ ? $JSON->decode($answer->{body}) : undef;
}

must('adm', PUT => 'classes/drafts', { displayName => 'Drafts' });
must('adm', PUT => 'classes/drafts/members', { value => [
    { id => 'tess', primaryRole => 'teacher' },
    map { { id => $_, primaryRole => 'student' } } 'stu', 'other' ] });
# Registers a submission of an assignment.
sub register {
    my ($assignment, $student, $id) = @_;
    must('adm', PUT => "classes/drafts/assignments/$assignment", {
        status => 'assigned', grading => { maxPoints => 100 },
        gradingScheme => { grades => [
            { displayName => 'A', minPercentage => 90 },
            { displayName => 'B', minPercentage => 0 } ] },
        rubric => { qualities => [ map { { qualityId => $_ } } 'style', 'wit' ],
                    levels => [ map { { levelId => $_ } } 'good', 'poor' ] } });
    must('adm', PUT => "classes/drafts/assignments/$assignment/submissions/$id",
         { recipient => { userId => $student } });
}

register('a', 'stu', 's');
register('a', 'other', 'o');

# ------------------------------------------------------------------- drafts

sub file { return must('tess', POST => "classes/drafts/$WORK/outcomes", $FILE)->{id} }

sub change {
    my ($id, $body) = @_;
    must('tess', PATCH => "classes/drafts/$WORK/outcomes/$id", $body);
}

sub rename_file {
    my ($id, $name) = @_;
    change($id, { feedbackResource => {
        '@odata.type' => '#microsoft.graph.educationWordResource',
        displayName => $name } });
}

my %id = map { $_ => file() } 'published', 'hidden';
register('b', 'stu', 'later');    # the last change, until the next draft
my $n = 0;
my @DRAFTS = (
    ['feedback' => sub { change($FEEDBACK, { feedback => { text => {
        content => 'draft ' . ++$n, contentType => 'text' } } }) }],
    ['points' => sub { change($POINTS, { points => { points => ++$n } }) }],
    ['points of another letter' => sub {
        change($POINTS, { points => { points => 95 + ++$n / 100 } }) }],
    ['no points' => sub { change($POINTS, { points => undef }) }],
    ['the rubric' => sub { change($RUBRIC, { rubricQualityFeedback => [ {
        qualityId => 'style', feedback => { content => 'draft ' . ++$n,
                                            contentType => 'text' } } ],
        rubricQualitySelectedLevels => [ { qualityId => 'wit',
            columnId => ++$n % 2 ? 'good' : 'poor' } ] }) }],
    ['a new file' => sub { $id{new} = file() }],
    ['a change of it' => sub { rename_file($id{new}, 'draft ' . ++$n) }],
    ['a change of an older file' => sub {
        rename_file($id{published}, 'draft ' . ++$n) }],
    ['the end of the new file' => sub { must('tess',
        DELETE => "classes/drafts/$WORK/outcomes/$id{new}") }],
);

# -------------------------------------------------------------------- views

my @OWN = (
    (map { ($_, "$_?\$expand=outcomes", "$_?\$expand=*",
            "$_?\$select=lastModifiedDateTime") } $WORK),
    (map { ("assignments/a/submissions$_") } '', '/$count',
     '?$expand=outcomes', '?$count=true&$top=1',
     '?$orderby=lastModifiedDateTime', '?$orderby=lastModifiedBy/user/id desc',
     '?$filter=lastModifiedDateTime ge 2020-01-01T00:00:00Z'
     . ' and lastModifiedBy/user/id ne %27tess%27'),
    (map { "$WORK/outcomes$_" } '', '/$count', '?$count=true&$top=2',
     '?$top=1', '?$top=1&$orderby=lastModifiedDateTime', '?$top=1&$orderby=id',
     '?$orderby=publishedPoints/points desc', '?$select=id,points',
     '?$orderby=lastModifiedBy/user/id,lastModifiedDateTime desc',
     '/$count?$filter=lastModifiedDateTime ne null',
     '?$filter=publishedFeedback/text/content ne null&$count=true',
     '?$filter=isof(%27microsoft.graph.educationFeedbackResourceOutcome%27)',
     '?$filter=resourceStatus eq %27notPublished%27',
     '?$filter=publishedPoints/points ge 0 or lastModifiedDateTime ge'
     . ' 2020-01-01T00:00:00Z&$count=true&$top=2',
     '?$filter=points/points ge 0', '?$orderby=feedback/text/content'),
    (map { "$WORK/outcomes/$_" } $FEEDBACK, $POINTS, $RUBRIC,
     @id{'published', 'hidden'}),
    (map { "$WORK/$_" } 'lastModifiedDateTime', 'lastModifiedBy/user/id',
     'status/$value'),
    (map { "$WORK/outcomes/$_" } "$FEEDBACK/feedback",
     "$FEEDBACK/feedback/text/content/\$value",
     "$FEEDBACK/publishedFeedback/text/content/\$value", "$POINTS/points",
     "$POINTS/points/points", "$POINTS/points/points/\$value",
     "$POINTS/publishedPoints/points/\$value", "$POINTS/lastModifiedDateTime",
     "$RUBRIC/rubricQualityFeedback", "$RUBRIC/rubricQualityFeedback/\$count",
     "$RUBRIC/publishedRubricQualitySelectedLevels",
     "$id{hidden}/feedbackResource/displayName",
     "$id{published}/feedbackResource/displayName/\$value",
     map { my $cast = "microsoft.graph.education${_}Outcome";
           ($cast, "$cast/\$count", "$cast?\$count=true&\$top=1",
            "$POINTS/$cast") } 'Points', 'FeedbackResource'),
);
my @VIEWS;
for my $mount ('roster', 'beta-roster') {
    for my $base ('classes/drafts', $mount eq 'roster' ? ('me', 'users/stu')
                  : ()) {
        push @VIEWS, map { "/$mount/education/$base/$_" =~ s/ /%20/gr } @OWN;
    }
    push @VIEWS, map { "/$mount/education/classes/drafts$_" } '', '/assignments/a',
        '/getRecentlyModifiedSubmissions',
        '/getRecentlyModifiedSubmissions?$expand=outcomes&$count=true',
        '/getRecentlyModifiedSubmissions?$orderby=lastModifiedDateTime&$top=1';
}
my @BATCHES = map {
    my ($mount, @urls) = ($_);
    push @urls, grep { s{^/$mount(?=/)}{} } my @copy = @VIEWS;
    map { ["/$mount/\$batch", $JSON->encode({ requests => [ map { {
        id => "$_", method => 'GET', url => $urls[$_] } } @$_ ] })] }
        map { my $first = 20 * $_; [ grep { $_ < @urls } $first .. $first + 19 ] }
        0 .. $#urls / 20;
} 'roster', 'beta-roster';

# An answer without the ids and the date of its own, and the connection's end.
sub text_of {
    my ($answer) = @_;
    my %headers = %{ $answer->{headers} };
    delete @headers{'date', 'request-id', 'connection', 'keep-alive'};
    my $text = join "\n", $answer->{status},
        (map { "$_: @{ $headers{$_} }" } sort keys %headers), '', $answer->{body};
    $text =~ s/"(date|request-id|client-request-id)":"[^"]*"/"$1":"…"/g;
    return $text;
}

sub tag_of { return ($_[0]{headers}{etag} // [])->[0] }

# All that the student can ask for, by what was asked; links are followed.
sub seen {
    my %seen;
    my @asked = map { [GET => $_] } @VIEWS;
    push @asked, map { [POST => @$_] } @BATCHES;
    while (@asked) {
        my @answers = requests(map { as('stu', @$_) } @asked);
        for my $asked (splice @asked) {
            my ($method, $path, undef, @more) = @$asked;
            my $answer = shift @answers;
            my $tag = tag_of($answer);
            $seen{ join ' ', $method, $path, map { $$_[0] } @more }
                = text_of($answer);
            next if $method eq 'POST';
            push @asked, [GET => $1 =~ s{^https?://[^/]+}{}r]
                if $answer->{body} =~ /"\@odata\.nextLink":"([^"]+)"/;
            push @asked, [GET => $path, undef, ['If-None-Match', $tag]]
                if $tag && !@more;
        }
    }
    return \%seen;
}

# The names of what differs.
sub difference {
    my ($was, $is) = @_;
    my %all = (%$was, %$is);
    return join "\n", grep { ($was->{$_} // '') ne ($is->{$_} // '') }
        sort keys %all;
}

# Whether an answer has a working member that is not null.
sub working {
    my ($text) = @_;
    my ($json) = $text =~ /^([{].*)/ms;
    my @parts = $json ? $JSON->decode($json) : ();
    while (my $part = shift @parts) {
        push @parts, grep { ref } ref $part eq 'HASH' ? values %$part : @$part;
        next if ref $part ne 'HASH'
            || ($part->{'@odata.type'} // '') !~ /Outcome$/;
        return 1 if grep { defined $part->{$_} } qw(feedback points
            rubricQualityFeedback rubricQualitySelectedLevels);
    }
    return 0;
}

# ------------------------------------------------------------------- phases

my $seen = seen();
cmp_ok(scalar keys %$seen, '>', 200, 'a student asks for much');
is(join(' ', grep { $seen->{$_} =~ /^5/ } sort keys %$seen), '',
   'no answer is a failure of the server');
for my $phase ('before a return', 'return', 'reassign', 'excuse') {
    if ($phase !~ / /) {
        $id{hidden} = file() if $phase ne 'return';
        must('tess', POST => "classes/drafts/$WORK/$phase");
        my $now = seen();
        isnt(difference($seen, $now), '', "$phase: it is seen");
        $seen = $now;
    }
    for my $draft (@DRAFTS) {
        my ($what, $do) = @$draft;
        $do->();
        my $now = seen();
        my $differs = difference($seen, $now);
        is($differs, '', "$phase: $what is not seen") or do {
            my ($first) = split /\n/, $differs;
            diag("was $seen->{$first}\nis  ", $now->{$first} // 'gone');
        };
        $seen = $now;
    }
    is(join(' ', grep { working($seen->{$_}) } sort keys %$seen), '',
       "$phase: all working members are null");
}

# A student's condition is about the outcome that the student saw; a hidden one is
# not there, and cannot be asked about.
my $tag = tag_of(ask('stu', GET => "me/$WORK"));
change($POINTS, { points => { points => ++$n } });
is(ask('stu', POST => "me/$WORK/submit", undef, ['If-Match', $tag])->{status},
   200, 'a draft in between does not matter to the condition of a submit');
is(ask('stu', POST => "me/$WORK/unsubmit", undef, ['If-Match', $tag])->{status},
   412, 'a submit does');
is(ask('stu', GET => "me/$WORK/outcomes/" . file())->{status}, 404,
   'a file is not there until it is published');
for my $option ('$filter=points/points ge 0', '$orderby=feedback/text/content') {
    my ($name) = $option =~ /^(\$\w+)/;
    my $answer = ask('stu', GET => "me/$WORK/outcomes?$option" =~ s/ /%20/gr);
    is("$answer->{status} "
       . $JSON->decode($answer->{body})->{error}{target}, "403 $name",
       "a student's $option is refused");
    is(ask('tess', GET => "classes/drafts/$WORK/outcomes?$option"
           =~ s/ /%20/gr)->{status}, 200, 'a teacher\'s is not');
}

# Requests that share a statement do not share what they see.
my %shared = map { $_ => 1 } crowd($ENV{EDU_MPM} eq 'prefork' ? 6 : 16, sub {
    my $user = $_[0] % 2 ? 'stu' : 'tess';
    return map {
        ask($user, GET => "classes/drafts/$WORK/outcomes/$POINTS")->{body}
            =~ /"points":null/ ? "$user sees null" : "$user sees points"
    } 1 .. 20;
});
is(join(', ', sort keys %shared), 'stu sees null, tess sees points',
   'a crowd of students and teachers: each sees their own view');
done_testing;
