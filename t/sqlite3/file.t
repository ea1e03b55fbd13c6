# The file that SQLite keeps, after all that was done to it.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/../lib";
use Edu::Database;
use Test::More tests => 2;

is(sql('PRAGMA integrity_check'), "ok\n", 'it is sound');
is(sql('PRAGMA journal_mode'), "wal\n", 'readers do not wait for writers');
