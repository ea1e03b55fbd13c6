package Same;

# Work that is not the same cannot be compared: what all servers have to answer.

use strict;
use warnings;
use Exporter 'import';
use Run;
use Seed;

our @EXPORT = qw(check_same make_static reference);

# What a body of each work is: { work => [bodies] }.
sub reference {
    my ($server) = @_;
    my $submission = sprintf $SUBMISSION_OF, 'school', 0, 0;
    return (
        get  => [map ask($server, GET => sprintf("$OUTCOMES_OF/$ID", 'read', 0,
                                                 0, $_)), 1 .. 4],
        list => [ask($server, GET => sprintf $OUTCOMES_OF, 'read', 0)],
        page => [ask($server, GET => sprintf $OUTCOMES_OF, 'page', 0)],
        pages => [ask($server, GET => sprintf $OUTCOMES_OF, 'page', 1)],
        'registered-get' => [map ask($server, GET => "$submission/outcomes/$_"),
                             @SINGLETONS],
        'registered-list' => [ask($server, GET => "$submission/outcomes")],
        gradebook => [ask($server, GET => $GRADEBOOK)],
    );
}

sub make_static {
    my ($static, %bodies) = @_;
    write_file("$static/get$_", $bodies{get}[$_ - 1]) for 1 .. 4;
    write_file("$static/$_", $bodies{$_}[0]) for qw(list page);
}

# An answer without what is new in every answer, who asked, and headers.
sub masked {
    my ($body) = @_;
    $body =~ s/\\"[0-9a-f]{16}(?:-[0-9a-f]{16})?\\"|[-0-9a-f]{36}
              |\d{4}-[-:.T0-9]+Z/?/gx;
    $body =~ s/"id":"teacher"/"id":null/g;
    $body =~ s/"headers":\{[^}]*\}//g;
    return $body;
}

my $CHANGE = '{"points":{"points":123456}}';

# What is answered to a change, which has to be found.
sub change {
    my ($server, $outcome) = @_;
    my $changed = ask($server, PATCH => $outcome, $CHANGE);
    die "$server->{name} did not change what it was told to\n"
        if ask($server, GET => $outcome) ne $changed
        || $changed !~ /"points":123456\}/;
    return $changed;
}

# What is answered to writes, in places where nobody reads: { work => body }.
sub written {
    my ($server) = @_;
    my $path = sprintf $OUTCOMES_OF, 'made', 0;
    my $submission = sprintf $SUBMISSION_OF, 'handed', 0, 0;
    my $made = ask($server, POST => $path, $OUTCOMES[1]);
    my ($id) = $made =~ /"id":"([-0-9a-f]{36})"/;
    return (
        create => $made,
        patch  => change($server, "$path/$id"),
        'registered-patch' =>
            change($server, "$submission/outcomes/$SINGLETONS[1]"),
        'registered-batch' => ask($server, POST => '/v1.0/$batch',
            sprintf '{"requests":[{"id":"1","method":"PATCH","url":"%s","headers":'
                . '{"Content-Type":"application/json"},"body":%s}]}',
            "$submission/outcomes/$SINGLETONS[1]" =~ s{^/v1.0}{}r,
            $CHANGE =~ s/3/4/r),
        return   => ask($server, POST => "$submission/return"),
        returned => ask($server, GET => "$submission/outcomes"),
    );
}

# What a body may have of bytes is learnt on the way; who asked makes the
# difference.
sub check_same {
    my ($bodies, @servers) = @_;
    my (%wrote, %length);
    for my $server (@servers) {
        my $name = $server->{name};
        my %got = reference($server);
        for my $work (keys %got) {
            die "$name and $servers[0]{name} differ in what they answer to"
                . " $work\n" if "@{ $got{$work} }" ne "@{ $bodies->{$work} }";
        }
        my %written = written($server);
        push @{ $wrote{ masked(join "\n", @written{ sort keys %written }) } },
            $name;
        $length{$_}{ length $written{$_} } = 1 for keys %written;
    }
    die "servers differ in what they write: "
        . join(' | ', map "@$_", values %wrote) . "\n" if keys %wrote > 1;
    $length{$_} = { map { length $_ => 1 } @{ $bodies->{$_} } } for keys %$bodies;
    $length{mix} = $length{get};
    return map { $_ => join ',', keys %{ $length{$_} } } keys %length;
}

1;
