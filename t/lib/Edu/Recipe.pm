package Edu::Recipe;

# An Apache as an administrator configures it, by files as they are shipped: only
# the names of hosts, files and accounts are of this place.

use strict;
use warnings;
use Edu::Case 'slurp';
use Edu::Lane;
use Edu::Server qw(await has_ended);
use Edu::Wire 'port';
use Exporter 'import';
use HTTP::Tiny ();
use JSON::PP ();

our @EXPORT = qw(call free_port place recipe serve spew);

my $JSON = JSON::PP->new->utf8->canonical;
my %AGENTS;    # by certificate

sub vars { return lane()->{vars} }

# The path of a file of the test's own.
sub place {
    my $dir = vars()->{t_logs} . '/recipes';
    mkdir $dir;
    return join '/', $dir, @_;
}

sub spew {
    my ($path, @text) = @_;
    open my $file, '>', $path or die "$path: $!\n";
    print $file @text;
    close $file or die "$path: $!\n";
    return $path;
}

# Twenty ports are a lane's, and the first two are in use.
my $PORT;
sub free_port {
    $PORT //= port() + 1;
    return ++$PORT;
}

# A file, with what is of this place instead of what is of no place.
sub recipe {
    my ($file, %here) = @_;
    my $text = slurp(vars()->{serverroot} . "/../$file");
    for (sort keys %here) {
        $text =~ s/\Q$_\E/$here{$_}/g or die "$file says nothing of $_\n";
    }
    return $text;
}

# Starts an Apache with TLS, with these modules beside the suite's and a database of
# its own.  Files of place('docs') are served, too.  Returns how to stop it, which
# gives its error log.
sub serve {
    my ($name, $port, $modules, @text) = @_;
    my $vars = vars();
    %AGENTS = ();
    my $here = place($name =~ s/\W+/-/gr);
    chomp(my $lib = `$vars->{apxs} -q LIBEXECDIR`);
    mkdir $_ for $here, place('docs');
    spew("$here/httpd.conf", map { "$_\n" }
        "Listen 127.0.0.1:$port", "PidFile $here/httpd.pid",
        "ErrorLog $here/error_log", "DefaultRuntimeDir $here",
        'StartServers 3', 'DocumentRoot ' . place('docs'),
        slurp("$vars->{serverroot}/../modules.conf"), 'TypesConfig /dev/null',
        map({ "LoadModule ${_}_module $lib/mod_$_.so" } 'ssl', @$modules),
        'SSLEngine On', 'SSLCertificateFile ' . place('server.crt'),
        'SSLCertificateKeyFile ' . place('server.key'), @text,
        'DBDriver sqlite3', "DBDParams $here/outcomes.db");
    my $start = "$vars->{httpd} -d $here -f $here/httpd.conf >$here/start 2>&1";
    system($start) == 0 && await { -s "$here/httpd.pid" }
        or die map { -e "$here/$_" ? slurp("$here/$_") : () } qw(start error_log);
    return sub {
        my ($pid) = slurp("$here/httpd.pid") =~ /(\d+)/;
        kill TERM => $pid;
        await { has_ended($pid) } or die "$name does not stop\n";
        return slurp("$here/error_log");
    };
}

# One request to https://localhost:$port by a caller, { headers, certificate }: the
# answer as HTTP::Tiny has it, whose status is 599 if there was none.
sub call {
    my ($port, $caller, $method, $path, $body) = @_;
    my $name = $caller->{certificate};
    my %headers = %{ $caller->{headers} || {} };
    $headers{'Content-Type'} = 'application/json' if $body;
    $AGENTS{ $name // '' } ||= HTTP::Tiny->new(verify_SSL => 1, SSL_options => {
        SSL_ca_file => place('ca.crt'),
        $name ? (SSL_cert_file => place("$name.crt"),
                 SSL_key_file => place("$name.key")) : () });
    return $AGENTS{ $name // '' }->request($method, "https://localhost:$port$path",
        { headers => \%headers, $body ? (content => $JSON->encode($body)) : () });
}

1;
