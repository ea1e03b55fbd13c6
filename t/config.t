# Each file of data/config is a configuration and, in its first lines, what
# `httpd -t` says of it, those of data/config/DATABASE only where that is tested:
#     # expect: REGEX        it says this; "Syntax OK" if it is a good one
#     # without: MODULE      that module is not loaded
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Apache::Test ();
use Edu::Case 'slurp';
use Test::More;

my $vars = Apache::Test::config()->{vars};
my @modules = split /^/, slurp("$Bin/../modules.conf");

for my $file (glob "$Bin/data/config/*.conf "
              . "$Bin/data/config/$ENV{EDU_DB}/*.conf") {
    my $text = slurp($file);
    my ($expect) = $text =~ /^# expect: (.*)/m or die "$file expects nothing\n";
    my ($without) = $text =~ /^# without: (\w+)/m;
    my $conf = "$vars->{t_logs}/config.conf";
    open my $out, '>', $conf or die "$conf: $!\n";
    print $out "ServerRoot $Bin\nServerName localhost\nListen $vars->{port}\n",
        "PidFile logs/config.pid\nErrorLog logs/config.log\n",
        (grep { !$without || !/^LoadModule ${without}_module / } @modules),
        $text;
    close $out;
    my $says = `$vars->{httpd} -t -f $conf 2>&1`;
    my $name = $file =~ s{.*/|\.conf$}{}gr;
    like($says, qr/$expect/, $name);
    is($? == 0 ? 'good' : 'bad', $expect eq 'Syntax OK' ? 'good' : 'bad',
       "$name: exit status");
}
done_testing;
