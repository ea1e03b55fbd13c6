# The caller is the author: every operation that stamps an identity, with every
# header, query and body that claims another one, alone and in a $batch.  No claim
# may be answered or stored.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/../lib";
use Edu::Database;
use Edu::School qw($FEEDBACK $POINTS assignment class submission);
use Edu::Wire;
use JSON::PP ();
use Test::More;

my $JSON = JSON::PP->new->utf8->canonical->allow_nonref;
my $LIAR = 'mallory';

my $class = class('forged', 'student', $LIAR);
my $work = assignment($class, 'forged');
my $one = submission($work, 's', 'student');

# Each deed: its author, the request, and the identities in the answer.  A body
# is made from a number, so that it changes something each time.
my $points = sub { { points => { points => $_[0] } } };
my $text = sub { { feedback => { text => { content => "t$_[0]",
                                           contentType => 'text' } } } };
my $file = sub { { '@odata.type' =>
                       '#microsoft.graph.educationFeedbackResourceOutcome',
                   feedbackResource => { '@odata.type' =>
                       '#microsoft.graph.educationWordResource',
                       displayName => "$_[0].docx" } } };
my $task = sub { { displayName => "Essay $_[0]", status => 'draft' } };
my @DEEDS = (
    ['teacher', POST => "$work/submissions/open/outcomes",
     sub { { '@odata.type' => '#microsoft.graph.educationPointsOutcome',
             %{ $points->(@_) } } }, 'lastModifiedBy', 'points/gradedBy'],
    ['teacher', POST => "$work/submissions/open/outcomes",
     sub { { '@odata.type' => '#microsoft.graph.educationFeedbackOutcome',
             %{ $text->(@_) } } }, 'lastModifiedBy', 'feedback/feedbackBy'],
    ['teacher', POST => "$work/submissions/open/outcomes", $file,
     'lastModifiedBy', 'feedbackResource/createdBy',
     'feedbackResource/lastModifiedBy'],
    ['teacher', PATCH => "$one/outcomes/$POINTS", $points, 'lastModifiedBy',
     'points/gradedBy'],
    ['teacher', PATCH => "$one/outcomes/$FEEDBACK", $text, 'lastModifiedBy',
     'feedback/feedbackBy'],
    ['teacher', POST => "$one/return", undef, 'returnedBy', 'lastModifiedBy'],
    ['teacher', POST => "$one/reassign", undef, 'reassignedBy',
     'lastModifiedBy'],
    ['student', POST => "$one/submit", undef, 'submittedBy', 'lastModifiedBy'],
    ['student', POST => "$one/unsubmit", undef, 'unsubmittedBy',
     'lastModifiedBy'],
    ['student', POST => '/me/assignments/forged/submissions/s/submit', undef,
     'submittedBy', 'lastModifiedBy'],
    ['teacher', POST => "$one/excuse", undef, 'excusedBy', 'lastModifiedBy'],
    ['app', PUT => sub { "$class/assignments/put$_[0]" }, $task, 'createdBy',
     'lastModifiedBy'],
    ['app', PUT => "$class/assignments/again", $task, 'lastModifiedBy'],
    ['teacher', POST => "$class/assignments", $task, 'createdBy',
     'lastModifiedBy'],
    ['teacher', PATCH => "$class/assignments/again", $task, 'lastModifiedBy'],
);

# Headers that claim another identity, or another path.
my @HEADERS = (
    ['X-Original-URL', "/forged/education$one/outcomes/$POINTS"],
    ['X-Rewrite-URL', "/forged/education$one/outcomes/$POINTS"],
    ['Forwarded', "for=10.0.0.1;by=$LIAR;host=$LIAR.example"],
    ['Cookie', "REMOTE_USER=$LIAR; user=$LIAR; mod_auth_openidc_session=x"],
    ['Prefer', "user=$LIAR"],
    ['Proxy-Authorization', "Basic bWFsbG9yeTpkZW1v"],
    ['Proxy-Authorization', "Bearer $LIAR"],
    (map { [$_, $LIAR] } qw(
        Remote-User REMOTE_USER Remote_User HTTP_REMOTE_USER X-Remote-User
        X-Remote-User-Name X-User X-User-Id X-Authenticated-User
        X-Auth-Request-User X-WEBAUTH-USER X-Forwarded-User X-Forwarded-Email
        X-Forwarded-Preferred-Username X-Forwarded-For X-Forwarded-Host
        X-Real-IP From Via User-Agent Referer OIDC_CLAIM_oid OIDC_CLAIM_sub
        OIDC_CLAIM_name OIDC_CLAIM_azp OIDC-CLAIM-oid OIDC_access_token
        OAUTH2_CLAIM_sub X-MS-CLIENT-PRINCIPAL-ID X-MS-CLIENT-PRINCIPAL-NAME
        SSL_CLIENT_S_DN_CN SSL-Client-S-DN-CN X-SSL-Client-S-DN X-Client-Cert
        TEST_APPLICATION TEST-APPLICATION_ TEST_CLAIM Application
        client-request-id)),
);
my @QUERIES = map { "$_=$LIAR" } qw(user REMOTE_USER Test-User oid
                                    access_token X-HTTP-Method-Override);

# The caller, as the mount's expressions make it.
sub identity {
    my ($user) = @_;
    return { application => { id => 'gradebook', displayName => undef },
             device => undef,
             user => { id => $user, displayName => "Ms $user" } };
}

# The value at a path in JSON.
sub at {
    my ($value, $path) = @_;
    $value = ref $value eq 'HASH' ? $value->{$_} : undef for split m{/}, $path;
    return $value;
}

my $n = 0;

# A request and the headers of its caller.
sub deed {
    my ($deed, $forge) = @_;
    my ($user, $method, $path, $body) = @$deed;
    my $made = $body && $body->(++$n % 90);
    $forge->($made) if $forge && $made;
    return ($method, ref $path ? $path->(++$n) : $path, $made,
            ['Authorization', 'none'], ['Test-User', $user],
            ['Test-Application', 'gradebook'],
            ['Content-Type', 'application/json']);
}

# Tests an answer to a deed.
sub is_true {
    my ($deed, $status, $answer, $what) = @_;
    my ($user, $method, $path, undef, @members) = @$deed;
    my $name = "$method " . (ref $path ? 'new' : $path) . " $what";
    my $text = ref $answer ? $JSON->encode($answer) : $answer;
    my $json = ref $answer ? $answer : eval { $JSON->decode($answer) };
    my $want = identity($user);
    my @wrong = grep {
        my $got = at($json, $_);
        !$got || $JSON->encode($got) ne $JSON->encode($want)
    } @members;
    ok($status =~ /^20[01]$/ && !@wrong && $text !~ /\Q$LIAR/i, $name)
        or diag("$status, not the caller in: @wrong\n$text");
}

sub alone {
    my ($deed, $what, $headers, $query, $forge) = @_;
    my ($method, $path, $body, @own) = deed($deed, $forge);
    my $answer = request($method, "/forged/education$path" . ($query // ''),
                         [@own, @$headers], $body && $JSON->encode($body));
    is_true($deed, $answer->{status}, $answer->{body}, $what);
}

# The deed with each header, as requests of one $batch.
sub together {
    my ($deed, @headers) = @_;
    my ($number, @requests) = 0;
    my @own;
    for my $header (@headers) {
        (my ($method, $path, $body), @own) = deed($deed);
        push @requests, { id => ++$number . '', method => $method,
            url => "/education$path", $body ? (body => $body) : (),
            headers => { 'Content-Type' => 'application/json',
                         $header->[0] => $header->[1] } };
    }
    my $answer = request(POST => '/forged/$batch', \@own,
                         $JSON->encode({ requests => \@requests }));
    my $got = eval { $JSON->decode($answer->{body}) } // {};
    my %responses = map { $_->{id} => $_ } @{ $got->{responses} // [] };
    for (1 .. @headers) {
        my ($name, $value) = @{ $headers[$_ - 1] };
        is_true($deed, $responses{$_}{status} // 0,
                $responses{$_}{body} // $answer->{body},
                "in a batch with $name: $value");
    }
}

# Each deed in turn, for most of them make the next one possible.
for my $header (@HEADERS) {
    alone($_, "with $header->[0]: $header->[1]", [$header]) for @DEEDS;
}
for my $query (@QUERIES) {
    alone($_, "with ?$query", [], "?$query") for @DEEDS;
}

# A client sends back what it read, but for the names in it.
my $claim = { application => { id => $LIAR, displayName => $LIAR },
              device => { id => $LIAR },
              user => { id => $LIAR, displayName => $LIAR } };
for my $deed (grep { $_->[3] } @DEEDS) {
    my @members = @$deed[4 .. $#$deed];
    for my $claims ((map { [$_] } @members), \@members) {
        alone($deed, "with @$claims in its body", [], undef, sub {
            my ($body) = @_;
            for (@$claims) {
                my @path = split m{/};
                my $last = pop @path;
                at($body, join '/', @path)->{$last} = $claim;
            }
        });
    }
}

# A header of a request in a batch; some need the one before to be possible.
for my $deed (@DEEDS) {
    next if ref $deed->[3] ne 'CODE';
    my @left = @HEADERS;
    together($deed, splice @left, 0, 20) while @left;
}
for my $header (@HEADERS) {
    my ($deed) = grep { $_->[2] =~ /return$/ } @DEEDS;
    together($deed, $header);
}

for (qw(assignment submission outcome)) {
    my $found = sql("SELECT count(*) FROM edu_$_ WHERE class_id = 'forged'"
                    . " AND (body LIKE '%$LIAR%' OR id LIKE '%$LIAR%')");
    is($found =~ s/\s//gr, '0', "no $_ says that $LIAR did it");
}
is(join(' ', sort split ' ', sql('SELECT DISTINCT user_id FROM edu_history'
                                 . " WHERE class_id = 'forged'")),
   'app student teacher', 'the history names the callers');
for (qw(user_name application address after_body)) {
    my $found = sql("SELECT count(*) FROM edu_history WHERE $_ LIKE '%$LIAR%'"
                    . " AND class_id = 'forged' AND entity <> 'member'");
    is($found =~ s/\s//gr, '0', "$_ of the history does not name $LIAR");
}
done_testing;
