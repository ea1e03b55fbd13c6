package Record;

# perl -MRecord FILE.t sends the requests of a test to a server that alike has
# started, and stores requests and replies in a file.  The test may fail.

use strict;
use warnings;
use Edu::Lane ();
use Edu::Log ();
use Edu::Wire ();
use Storable 'nstore';
use Test::Builder ();

my @exchanges;

sub import {
    $Edu::Lane::CONFIG = {
        vars   => { port => $ENV{ALIKE_PORT}, t_logs => $ENV{ALIKE_LOGS} },
        vhosts => { second => { port => $ENV{ALIKE_PORT} + 1 } } };
    no warnings 'redefine';
    *Edu::Log::log_await  = sub { 1 };
    $Edu::Wire::ADDRESS = $ENV{ALIKE_ADDRESS};
    $Edu::Wire::HEARD   = sub { push @exchanges, [@_] };
    my $tap = Test::Builder->new;
    $tap->$_("$ENV{ALIKE_OUT}.tap") for qw(output failure_output todo_output);
}

END {
    nstore(\@exchanges, $ENV{ALIKE_OUT}) if $ENV{ALIKE_OUT};
    $? = 0;
}

1;
