# Every link in an answer leads to something that its reader may see.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Edu::School;
use Edu::Wire;
use Test::More;

my $MOST = 400;    # answers that each reader looks at

by_roster();
my ($class, @more) = map class($_, qw(ada bob)), qw(follow follow2);
# an id is unique in its class alone
my @assignments = map { assignment($_, 'novel'), assignment($_, 'poem') }
    $class, @more;
for my $submission (map { submission($_, 'ada'), submission($_, 'bob') }
                    @assignments) {
    must('teacher', PATCH => "$submission/outcomes/$POINTS",
         { points => { points => 1 } });
    must('teacher', POST => "$submission/outcomes", {
        '@odata.type' => '#microsoft.graph.educationFeedbackResourceOutcome',
        feedbackResource => {
            '@odata.type' => '#microsoft.graph.educationWordResource',
            displayName   => 'Notes.docx' } });
    must('teacher', POST => "$submission/return");
}

my $outcomes = 'submissions($top=1;$expand=outcomes($top=1))';
# other tests leave classes of these users, too
my $my_classes = "/me/classes?\$filter=startswith(id,'follow')";
my $my_assignments = "/me/assignments?\$filter=startswith(classId,'follow')";
my @begin = (
    "$my_classes&\$top=1", "$my_assignments&\$top=1",
    "$my_classes&\$expand=assignments(\$top=1;\$expand=$outcomes),"
        . 'members($top=1),teachers/$ref',
    "$my_assignments&\$expand=submissions(\$top=1;\$expand=outcomes/\$ref)",
    "$my_assignments&\$expand=$outcomes",
    map "$class$_", '/assignments?$top=1', '/submissions?$top=1',
        '/outcomes?$top=1', '/assignments/delta',
        '/getRecentlyModifiedSubmissions?$top=1',
        '?$expand=assignments($expand=submissions/$ref),members/$ref',
        '/assignments/novel/submissions?$expand=outcomes($top=1)',
);

# Adds the links of an answer to those that were found.
sub find_links {
    my ($found, $value) = @_;
    find_links($found, $_) for ref $value eq 'ARRAY' ? @$value : ();
    for my $name (ref $value eq 'HASH' ? sort keys %$value : ()) {
        if ($name !~ /\@odata\.(?:id|\w+Link)$/) {
            find_links($found, $value->{$name});
        }
        elsif (defined $value->{$name}) {
            push @$found, [$name, $value->{$name} =~ s{^http://[^/]+}{}r];
        }
    }
}

# What a link may lead to.  A user's id is a name alone; versions are a teacher's.
sub leads {
    my ($reader, $path, $status) = @_;
    return $path =~ m{/education/users/[^/]+$}   ? $status == 404
        : $reader eq 'ada' && $path =~ /ersions$/ ? $status == 403
        :                                           $status == 200;
}

for my $reader (qw(teacher ada)) {
    my %from = map { ("/roster/education$_" => 'here') } @begin;
    my @due = sort keys %from;
    my ($looked, @lost) = 0;
    while (@due && $looked++ < $MOST) {
        my $path = shift @due;
        my $answer = ask($reader, GET => $path, undef,
                         ['Accept', 'application/json;odata.metadata=full']);
        my @links;
        push @lost, "$answer->{status} $path from $from{$path}"
            if !leads($reader, $path, $answer->{status});
        find_links(\@links, got($answer)) if $answer->{status} == 200;
        for my $link (grep !$from{ $_->[1] }, @links) {
            $from{ $link->[1] } = "$link->[0] of $path";
            push @due, $link->[1];
        }
    }
    is(join("\n", @lost), '', "$reader: each link leads somewhere");
    cmp_ok($looked, '>', 100, "$reader: there are many");
}
done_testing;
