# Every folder of data/cases is one conversation with the server.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Edu::Case;
use Edu::Server;
use Test::More;

my $only = $ENV{CASES} // '';    # a regex, while working on some of them
my @cases = grep { m{/[^/]*$only[^/]*\z} } glob "$Bin/data/cases/*";
ok(@cases, 'there are cases');
await_debugger() if $ENV{GDB};
run_case($_) for @cases;
done_testing;

# Waits as long as it takes until gdb has the only child.
sub await_debugger {
    my ($child) = server_children();
    diag("gdb -p $child");
    1 until await {
        open my $status, '<', "/proc/$child/status" or die "$child: $!";
        grep { /^TracerPid:\t[1-9]/ } <$status>;
    };
}
