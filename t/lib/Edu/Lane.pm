package Edu::Lane;

# The httpd under test, as Apache::Test left its configuration.  Apache::Test
# itself would ask apxs for it again, and take most of a second for each file.

use strict;
use warnings;
use Exporter 'import';
use File::Basename 'dirname';

our @EXPORT = qw(lane);

our $CONFIG;

# {vars} has its port, program, directories and files; {vhosts} the ports of the
# other hosts.
sub lane {
    return $CONFIG //= do {
        require(dirname(__FILE__) . '/../../conf/apache_test_config.pm');
        apache_test_config->new;
    };
}

1;
