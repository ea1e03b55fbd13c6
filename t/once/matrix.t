# The rights: each caller, each resource, each method, by every way.  Expected
# answers come from the words (t/data/access/rules, which Edu::Oracle applies to
# Edu::World), not from the code.  A thing that a caller may not see is answered
# by the same bytes whether it exists or not, and without a mark of others; a
# refused request changes nothing, and an allowed one does.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/../lib";
use Edu::Caller;
use Edu::Log;
use Edu::Matrix;
use Edu::Oracle;
use Edu::World;
use Test::More;

begin();
log_expect('EDU0014');    # of the caller Ada, who is not ada

# Methods that a thing takes, and now and then one that it does not.
my $turn = 0;
sub methods {
    my ($thing) = @_;
    my $rules = $RULES{ $thing->{node} };
    my @wrong = grep { !$rules->{$_} } qw(PUT PATCH DELETE POST FOO OPTIONS);
    $turn++;
    return ((grep { $_ ne 'HEAD' || $turn % 7 == 0 } sort keys %$rules),
            $turn % 9 ? () : $wrong[$turn / 9 % @wrong]);
}

my %sent;    # writes that are done need not be done for each path
for my $who (@PEOPLE) {
    my (@read, @asked);    # things, and how they are asked for
    for my $thing (things($who)) {
        for my $method (methods($thing)) {
            my $target = "/roster/education$thing->{path}";
            if ($method =~ /^(?:GET|HEAD|OPTIONS)$/) {
                push @read, $thing;
                push @asked, [$method, $target];
                next;
            }
            next if expected($who, $thing, $method)->{kind} =~ /^(?:done|open)$/
                && $sent{"$who->{name} $thing->{node} $method $thing->{way}"}++
                   > 3;
            my $rule = $RULES{ $thing->{node} }{$method} // {};
            check_write($who, $thing, $method, $target, '',
                        body_for($rule->{body}, $thing));
        }
    }
    for my $answer (reads($who, @asked)) {
        my $thing = shift @read;
        my ($method, $target) = @{ shift @asked };
        check($who, $thing, $method, $target, $answer, '');
        check_list($who, $thing, $answer, "$who->{name} $target")
            if $method eq 'GET' && $answer->{status} == 200;
    }
}
finish(10000);
done_testing;
