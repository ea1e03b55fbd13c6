# A student's bytes and headers are the same before and after a teacher drafts,
# of every resource by every way, option, dialect and condition; a return is
# seen.
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
my %options = options();
my $raw = '/classes/axs-k/assignments/a-raw/submissions/s-ada';
my $ret = '/classes/axs-k/assignments/a-ret/submissions/s-ada';
my $new = '/classes/axs-k/assignments/a-her/submissions/s-ada';

# All that a student can ask for, and some of it in several manners.
sub asked {
    my ($who, $mount) = @_;
    my @asked;
    for my $thing (things($who)) {
        next if !$RULES{ $thing->{node} }{GET};
        push @asked, [GET => $thing->{path}];
        next if !($thing->{seen} // {})->{ $who->{user} };
        push @asked, [HEAD => $thing->{path}];
        next if $thing->{way} ne 'class' || $thing->{path} =~ /a-(?:off|pst)/
            || $mount ne 'roster';
        push @asked, map { [GET => "$thing->{path}?" . encoded($_->[1])] }
            @{ $options{ $thing->{node} } };
    }
    return @asked;
}

my $requests = 0;

# The answers to each of them, but for date and request-id; with conditions, the
# tags are those of the first time.
my %tag;
sub ask_all {
    my ($who) = @_;
    my %got;
    for my $mount ('roster', 'beta-roster') {
        my @plain = map { [$_->[0], "/$mount/education$_->[1]"] }
            asked($who, $mount);
        my @conditional;
        my $keep = sub {
            my ($asked, $answer) = @_;
            my ($method, $target, undef, $header) = @$asked;
            $requests++;
            my $what = $header ? " $header->[0]" : '';
            $got{"$method $target$what"} = $answer->{wire}
                =~ s/^(?:Date|(?:client-)?request-id|Connection
                     |Keep-Alive):.*\r\n//gmrix
                =~ s/"(?:date|request-id)":"[^"]*"//gr
                =~ s/(?<=\$deltatoken=)([0-9a-f]+)/length $1/gre; # sealed
            my ($tag) = $answer->{wire} =~ /^ETag: (.*)\r$/mi or return;
            return if $mount ne 'roster' || $header;
            $tag = $tag{"$who->{name} $target"} //= $tag;
            push @conditional, map { [$method, $target, undef, [$_, $tag]] }
                'If-None-Match', 'If-Match';
        };
        for my $asked (\@plain, \@conditional) {
            my @answers = reads($who, @$asked);
            $keep->($asked->[$_], $answers[$_]) for 0 .. $#answers;
        }
        my @in_batch = map { [GET => "/education$_"] }
            ("$raw/outcomes", $raw, "$ret?\$expand=outcomes", $ret,
             '/classes/axs-k/getRecentlyModifiedSubmissions?$expand=outcomes');
        my @answers = calls($who, "/$mount", @in_batch);
        for my $n (0 .. $#in_batch) {
            $got{"$mount batch $in_batch[$n][1]"} = $answers[$n]{body}
                =~ s/"(?:Date|(?:client-)?request-id)":"[^"]*",?//gri;
        }
    }
    return \%got;
}

# How many of them differ, and a test that none does.
sub compare {
    my ($before, $after, $title) = @_;
    my @differ = grep { $before->{$_} ne ($after->{$_} // '') }
        sort keys %$before;
    return scalar @differ if !defined $title;
    is(scalar @differ, 0, $title)
        or diag(map { "$_\n$before->{$_}\n$after->{$_}\n" }
                @differ[0 .. ($#differ < 8 ? $#differ : 8)]);
    surprise($_, 'the same', "$before->{$_} now $after->{$_}") for @differ;
    return;
}

sub teach {
    my ($method, $path, $body) = @_;
    my $answer = call(who('tea'), $method, "/roster/education$path", $body);
    like($answer->{status}, qr/^2/, "tea: $method $path")
        or diag($answer->{body});
    return $answer->{body};
}

my ($POINTS, $FEEDBACK, $RUBRIC) = map { $_->[1] } Edu::World::grades('', 0);

# Each kind of draft by itself, so that one does not hide another's trace: what,
# how, students that see nothing of it, a student that does.
my @DRAFTS = (
    ['grades that were never returned', sub {
        teach(@$_) for drafts($raw, 'MARK-k-staff-grade', 12.5);
    }, 'ada'],
    ['grades after a return', sub {
        teach(@$_) for drafts($ret, 'MARK-k-staff-grade', 13.5);
    }, 'ada'],
    ['the first grades', sub {
        teach(@$_) for drafts($new, 'MARK-k-staff-grade', 14.5);
    }, 'ada'],
    ['grades taken back', sub {
        teach(PATCH => "$ret/outcomes/$POINTS", { points => undef });
        teach(PATCH => "$ret/outcomes/$FEEDBACK", { feedback => undef });
        teach(DELETE => "$raw/outcomes/$RUBRIC");
    }, 'ada'],
    ['a file taken back', sub {
        my ($id) = teach(@{ (drafts($raw, 'x', 1))[3] })
            =~ /"id":"([-0-9a-f]{36})"/;
        teach(DELETE => "$raw/outcomes/$id");
    }, 'ada bob cyn'],
    ['work of another student', sub {
        teach(POST => "$raw/return" =~ s/ada/bob/r);
    }, 'ada cyn', 'bob'],
    ['a draft assignment', sub {
        teach(PATCH => '/classes/axs-k/assignments/a-drf',
              { displayName => 'MARK-k-staff-again' });
        teach(POST => '/classes/axs-k/assignments',
              { displayName => 'MARK-k-staff-more' });
    }, 'ada bob cyn'],
);

sub drafts {
    my ($path, $mark, $points) = @_;
    return map { my ($method, $id, $body) = @$_;
                 [$method, "$path/outcomes" . ($id ? "/$id" : ''), $body] }
        Edu::World::grades($mark, $points);
}

my %before = map { $_ => ask_all(who($_)) } qw(ada bob cyn);
for (@DRAFTS) {
    my ($what, $draft, $blind, $sees) = @$_;
    $draft->();
    compare($before{$_}, ask_all(who($_)), "$_ sees nothing of $what")
        for split ' ', $blind;
    next if !$sees;
    my $now = ask_all(who($sees));
    cmp_ok(compare($before{$sees}, $now), '>', 20, "$sees sees $what");
    $before{$sees} = $now;
}

# Published outcomes are seen.
for my $path ($raw, $ret, $new) {
    teach(POST => "$path/return");
    my $now = ask_all(who('ada'));
    cmp_ok(compare($before{ada}, $now), '>', 10, "ada sees $path/return");
    $before{ada} = $now;
}
compare($before{cyn}, ask_all(who('cyn')), 'cyn sees nothing of it');

# A draft takes no version away from under a student.
my $own = "/roster/education$raw";
my ($tag) = call(who('ada'), GET => $own)->{wire} =~ /^ETag: (.*)\r$/mi;
teach(@$_) for drafts($raw, 'x', 2);
is(call(who('ada'), POST => "$own/submit", undef, ['If-Match', $tag])->{status},
   200, 'ada submits the version that she saw');
diag("$requests requests");
finish(0);
done_testing;
