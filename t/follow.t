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
my ($class) = map class($_, qw(ada bob)), qw(follow followed);
my @assignments = map { my $id = $_; map assignment($_, $id), $class, "${class}ed" }
    qw(novel poem);    # an id is unique in its class alone
for my $submission (map { my $assignment = $_;
                          map submission($assignment, $_), qw(ada bob) }
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
my @begin = (
    '/me/classes?$top=1', '/me/assignments?$top=1',
    "/me/classes?\$expand=assignments(\$top=1;\$expand=$outcomes),"
        . 'members($top=1),teachers/$ref',
    '/me/assignments?$expand=submissions($top=1;$expand=outcomes/$ref)',
    "/me/assignments?\$expand=$outcomes",
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
