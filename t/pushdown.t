# 10,000 random filters, as far as a database looks at them: the program
# t/unit/api/pushdown, with a database of its own.  EDU_SEED makes others.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Edu::Tool 'make_database';
use Test::More;

local $ENV{EDU_STORE} = make_database(@ENV{'EDU_DB', 'EDU_DB_DIR'}, 'pushdown');
local $ENV{top_srcdir} = "$Bin/..";
local $ENV{ASAN_OPTIONS} = 'detect_leaks=0';    # drivers leak what they keep
my $said = `$Bin/../lib/pushdown 2>&1`;
is($?, 0, 'it agrees with an oracle') or diag($said);
like($said, qr/^ok 2 - it had so many/m, 'about all of them') or diag($said);
note($said);

done_testing();
