# Each file of data/config is a configuration and, in its first lines, what
# `httpd -t` says of it, those of data/config/DATABASE only where that is tested:
#     # expect: REGEX        it says this; "Syntax OK" if it is a good one,
#     # warns: REGEX         of which it says this, too, or else nothing
#     # listen: ADDRESS      where it listens; by default, everywhere
# /var/lib/edu_outcomes stands for a directory that is there, and modules for that of
# Apache's.
# Each line of data/expressions.txt is an expression, and what it says of that.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Edu::Case 'slurp';
use Edu::Lane;
use Test::More;

my $vars = lane()->{vars};
my $modules = slurp("$Bin/../modules.conf");
my ($dir) = $modules =~ m{ (\S+)/mod_authz_core\.so} ? $1 : 'modules';

# Runs `httpd -t` on a configuration.
sub check {
    my ($text, $expect, $name, $warns) = @_;
    my $conf = "$vars->{t_logs}/config.conf";
    open my $out, '>', $conf or die "$conf: $!\n";
    my $at = $text =~ /^# listen: (\S+)/m ? "$1:" : '';
    # a place for the database, and somebody who authenticates
    $text =~ s{/var/lib/edu_outcomes}{$vars->{t_logs}}g;
    $text =~ s{ modules/}{ $dir/}g;
    print $out "ServerRoot $Bin\nServerName localhost\n",
        "Listen $at$vars->{port}\n",
        "PidFile logs/config.pid\nErrorLog logs/config.log\n$modules",
        "<Location />\nAuthType Test\n</Location>\n$text";
    close $out;
    my $says = `$vars->{httpd} -t -f $conf 2>&1`;
    like($says, qr/$expect/, $name);
    is($? == 0 ? 'good' : 'bad', $expect eq 'Syntax OK' ? 'good' : 'bad',
       "$name: exit status");
    $warns ? like($says, qr/$warns/, "$name: warns")
           : unlike($says, qr/EDU\d/, "$name: no warning")
        if $expect eq 'Syntax OK';
}

for my $file (glob "$Bin/data/config/*.conf "
              . "$Bin/data/config/$ENV{EDU_DB}/*.conf") {
    my $text = slurp($file);
    my ($expect) = $text =~ /^# expect: (.*)/m or die "$file expects nothing\n";
    check($text, $expect, $file =~ s{.*/|\.conf$}{}gr,
          $text =~ /^# warns: (.*)/m);
}

# Some expressions are about certificates.
my $directive;
for (split /\n/, slurp("$Bin/data/expressions.txt")) {
    next if /^(#|$)/;
    $directive = $1, next if /^\[(\w+)\]$/;
    my ($sign, $reason, $expression) = /^([-+]) (?:(.*?) +\| )?(.*)/
        or die "expressions.txt: $_\n";
    my $quoted = $expression =~ s/(?=["\\])/\\/gr;
    check(qq{LoadModule ssl_module $dir/mod_ssl.so\n<Location /v1.0>\n}
              . qq{    $directive "$quoted"\n</Location>\n},
          $sign eq '+' ? 'Syntax OK' : "$directive cannot be .*: .*$reason",
          "$directive $expression", 'EDU0037');
}
done_testing;
