# Every folder of data/cases is one conversation with the server.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Edu::Case;
use Test::More;

my $only = $ENV{CASES} // '';    # a regex, while working on some of them
my @cases = grep { m{/[^/]*$only[^/]*\z} } glob "$Bin/data/cases/*";
ok(@cases, 'there are cases');
run_case($_) for @cases;
done_testing;
