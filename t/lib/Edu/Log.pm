package Edu::Log;

# The error log is an output too: a test that provokes a complaint says so and
# the complaint must come; zz_error_log.t refuses every other one.

use strict;
use warnings;
use Edu::Lane;
use Edu::Server 'await';
use Exporter 'import';
use List::Util 'uniq';

our @EXPORT = qw(log_mark log_await log_complaints log_expect log_lines);

my $COMPLAINT = qr/\[[\w-]*:(?:warn|error|crit|alert|emerg)\]
                  |exit\ signal|[Aa]ssert|Sanitizer|runtime\ error
                  |\[0x[0-9a-f]+\]$/x;

sub file { return lane()->{vars}{t_logs} . "/$_[0]" }

# The lines of a log from a byte offset on.
sub lines {
    my ($name, $from) = @_;
    open my $log, '<', file($name) or return;
    seek $log, $from || 0, 0;
    return <$log>;
}

# Where the error log ends now.
sub log_mark { return -s file('error_log') || 0 }

# Such lines are no complaint from now on, if they come.
sub log_expect {
    my ($regex) = @_;
    open my $expected, '>>', file('expected_lines') or die "expected: $!";
    print $expected "$regex\n";
    close $expected;
}

# The lines after $mark that match.
sub log_lines {
    my ($mark, $regex) = @_;
    return grep { /$regex/ } lines('error_log', $mark);
}

# True once a line after $mark matches; such lines are no complaint then.
sub log_await {
    my ($mark, $regex, $seconds) = @_;
    log_expect($regex);
    return await { scalar log_lines($mark, $regex) } $seconds;
}

# The complaints that no test foretold, but for what each start says of most mounts
# of the suite.
sub log_complaints {
    chomp(my @expected = ('EDU0032: EduOutcomesAccess none', lines('expected_lines')));
    my $expected = join '|', map { "(?:$_)" } uniq @expected;
    return grep { /$COMPLAINT/ && !/$expected/ } lines('error_log');
}

1;
