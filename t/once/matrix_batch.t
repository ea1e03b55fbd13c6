# The matrix, continued: in a $batch each request is answered as it would be
# alone, and one that is refused changes nothing, nor does what depends on it.
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

# --------------------------------------------------------------- each by itself

my $turn = 0;
for my $who (@person{qw(str ada bob out tea oth evy)}) {
    my @items;
    for my $thing (things($who)) {
        for my $method (sort keys %{ $RULES{ $thing->{node} } }) {
            my $rule = $RULES{ $thing->{node} }{$method};
            my $kind = expected($who, $thing, $method)->{kind};
            next if $method ne 'GET' && $kind =~ /^(?:done|open)$/;
            next if $turn++ % 3;
            push @items, [$thing, $method, "/education$thing->{path}",
                $method eq 'GET' ? undef : body_for($rule->{body}, $thing)];
        }
    }
    while (my @some = splice @items, 0, 20) {
        my @answers = calls($who, '/roster', map { [@$_[1 .. 3]] } @some);
        for my $n (0 .. $#some) {
            my ($thing, $method, $url) = @{ $some[$n] };
            check($who, $thing, $method, $url, $answers[$n], 'batch');
        }
        unchanged("$who->{name} batch from $some[0][1] $some[0][2]", 0);
    }
}

# ------------------------------------------------------------- with one another

my $k = '/education/classes/axs-k/assignments';
my $l = '/education/classes/axs-l/assignments/a-lll/submissions/s-out';
my $points = 'outcomes/ea1351f6-ba33-4940-b2cb-6a7254af2dc8';
my $n = 0;
sub patch { return [PATCH => "$_[0]/$points",
                    { points => { points => 50 + ++$n / 8 } }, {}, $_[1]] }
my $own = "$k/a-raw/submissions/s-ada";
my $other = "$k/a-raw/submissions/s-bob";

my %g = (atomicityGroup => 'g');

# caller, what, statuses, whether something changes, requests
my @MIXED = (
    ['tea', 'an allowed one beside a refused', '200 403', 1,
     patch($own), patch($l)],
    ['tea', 'one that depends on a refused', '403 424', 0,
     patch($l), patch($own, { dependsOn => ['0'] })],
    ['tea', 'a refused one that depends on an allowed', '200 403', 1,
     patch($own), patch($l, { dependsOn => ['0'] })],
    ['tea', 'a group with a refused one', '424 403', 0,
     patch($own, \%g), patch($l, \%g)],
    ['tea', 'a group that begins with a refused one', '403 424', 0,
     patch($l, \%g), patch($own, \%g)],
    ['tea', 'a group beside a refused one', '200 200 403', 1,
     patch($own, \%g), patch($other, \%g), patch($l)],
    ['ada', 'a group of a student with a read', '424 403', 0,
     [GET => $own, undef, {}, \%g], patch($own, \%g)],
    ['ada', 'a read of others that depends on one of the own', '200 404', 0,
     [GET => $own], [GET => $other, undef, {}, { dependsOn => ['0'] }]],
    ['ada', 'headers that name another caller', '403 404', 0,
     [@{ patch($own) }[0 .. 2], { 'Test-User' => 'tea',
                                  'Remote-User' => 'tea' }],
     [@{ patch($other) }[0 .. 2], { 'Test-User' => 'tea',
                                    Authorization => 'Basic dGVhOmRlbW8=' }]],
    ['ada', 'a batch within', '501', 0, [POST => '/$batch', { requests => [
        { id => '0', method => 'GET', url => $other }] }]],
);
for (@MIXED) {
    my ($name, $what, $statuses, $changes, @requests) = @$_;
    my @answers = calls($person{$name}, '/roster', @requests);
    my $got = join ' ', map { $_->{status} } @answers;
    surprise("$name batch: $what", $statuses, $got . ' ' . join ' ',
             map { substr $_->{body}, 0, 200 } @answers) if $got ne $statuses;
    unchanged("$name batch: $what", $changes);
}

finish(1500);
done_testing;
