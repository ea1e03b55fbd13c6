# What people copy is right: `httpd -t` takes the sample with each commented line
# or section of it uncommented where it stands, and the lines of the pages.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/../lib";
use Edu::Case 'slurp';
use Edu::Lane;
use Edu::Recipe qw(place spew);
use Test::More;

my $vars = lane()->{vars};
my $modules = slurp("$Bin/../../modules.conf");
my ($dir) = $modules =~ m{ (\S+)/mod_authz_core\.so} ? $1 : 'modules';
$modules .= "LoadModule authz_host_module $dir/mod_authz_host.so\n";

# Checks that a configuration is a good one.
sub good {
    my ($text, $name) = @_;
    my $conf = spew(place('sample.conf'), "ServerRoot $Bin/..\n",
                    "Listen $vars->{port}\nPidFile logs/sample.pid\n",
                    "ErrorLog logs/sample.log\nServerName localhost\n",
                    $modules, $text);
    like(`$vars->{httpd} -t -f $conf 2>&1`, qr/^Syntax OK$/m, $name);
}

my $sample = slurp("$Bin/../../conf/edu_outcomes.conf");
good($sample, 'the sample as it is');

# A line, or a section up to its end, with nothing between the # and its text.
my $line = qr/^ *#(?=[A-Z])[^\n]*\n/m;
my $section = qr/^( *)#(?=<(\w+))[^\n]*\n(?:\g1#[^\n]*\n)*?\g1#<\/\g2>\n/m;
my $n = 0;
while ($sample =~ /(?:$section|$line)/g) {
    my ($before, $text, $after) = ($`, $&, $');
    $text =~ s/^( *)#/$1/mg;
    good("$before$text$after", $text =~ s/\n.*//sr);
    $n++;
}
cmp_ok($n, '>', 35, 'there are commented lines');

# Each directive that the sample explains can be uncommented, or is there.
my @explained = $sample =~ /^# ((?:EduOutcomes|DBD)\w*) \S/mg;
for (grep { !/^DBD(?:Min|Keep)\z/ } @explained) {
    like($sample, qr/^ *#?$_ \S/m, "the sample has a line for $_");
}

# The blocks of configuration on the pages; `…` stands for something.
for my $page (glob("$Bin/../../README.md $Bin/../../docs/*.md")) {
    my ($name) = $page =~ m{([^/]+)\z};
    my $text = slurp($page);
    while ($text =~ /^((?: {4}\S[^\n]*\n(?: {4,}[^\n]*\n|\n(?= {4}))*)+)/mg) {
        my $block = $1;
        next if $block !~ /^ {4}(?:<\w|LoadModule|DBDriver|CustomLog)/m
            || $block =~ /…|<!DOCTYPE/;
        my $first = $block =~ s/^ +|\n.*//gsr;
        $block =~ s{^ +LoadModule .*\n}{}mg;
        good($block . ($block =~ /DBDriver/ ? ''
                       : "DBDriver sqlite3\nDBDParams /nowhere/outcomes.db\n"),
             "$name: $first");
    }
}
done_testing;
