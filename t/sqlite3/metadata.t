# What the documents say that describe the service: XML and JSON the same, Graph's
# names, all that is named is there, all methods of routes.inc, and all contexts
# of answers.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/../lib";
use Edu::Case qw(read_case slurp);
use Edu::Csdl;
use Edu::Wire;
use JSON::PP ();
use Test::More;

my $T = "$Bin/..";
my $CAN = 'Org.OData.Capabilities.V1';

sub bare { return $_[0] =~ s/^microsoft\.graph\.//r }

# Facts, one a line.
sub lines {
    my ($file) = @_;
    return grep { /^[^#]/ } split /\n/, slurp($file);
}

sub get {
    my ($path, @headers) = @_;
    my $answer = request(GET => $path, \@headers);
    is($answer->{status}, 200, "$path is there");
    return $answer->{body};
}

my %graph = map { $_ => [] } qw(v1.0 beta);
for (lines("$T/data/graph/facts.txt")) {
    my $beta = s/^beta //;
    push @{ $graph{beta} }, $_;
    push @{ $graph{'v1.0'} }, $_ if !$beta;
}
my %differs = map { $_ => 1 } lines("$T/data/graph/differs.txt");
my %facts;

for my $dialect (sort keys %graph) {
    my @xml = eval { facts_of_xml(get("/$dialect/\$metadata?\$format=xml")) };
    is($@, '', "$dialect: the XML is well-formed");
    my @json = facts_of_json(get("/$dialect/\$metadata?\$format=json"));
    cmp_ok(scalar @xml, '>', 400, "$dialect: there are facts");
    is_deeply(\@xml, \@json, "$dialect: XML and JSON say the same");
    my %ours = map { $_ => 1 } @xml;
    $facts{$dialect} = \%ours;

    # What is stricter here holds as well.
    my @lost = grep {
        !$ours{$_} && !$ours{"$_ required"} && !$ours{"$_ precision 7"}
    } @{ $graph{$dialect} };
    is_deeply([sort @lost], [sort keys %differs],
              "$dialect: all but data/graph/differs.txt is as in Graph");

    # Names of types are names of what is there.
    my %types = map { /^(?:entity|complex) (\w+)/ ? ($1 => 1)
                      : m{^(\w+)/\w+ = } ? ($1 => 1) : () } @xml;
    my @used = map { /(?:->|:) (?:Collection\()?(\w+)/ ? $1
                     : /^\w+ \w+\((?:Collection\()?(\w+)/ ? $1
                     : m{^\w+/\w+ (?:Collection\()?+([a-z]\w++)(?![.])} ? $1
                     : () } @xml;
    cmp_ok(scalar @used, '>', 100, "$dialect: types are used");
    is_deeply([grep { !$types{$_} } @used], [], "$dialect: and are there");
}
is_deeply([sort grep { !$facts{'v1.0'}{$_} } keys %{ $facts{beta} }],
          ['educationAssignmentPointsGrade/grade Edm.String',
           'educationAssignmentPointsGrade/grade Org.OData.Core.V1.Computed true'],
          'beta has one property more');
my %cases;
$cases{lc $_}{$_} = 1 for map { m{^(?:\w+ )?([\w/]+)} ? $1 : () } keys %{ $facts{beta} };
is_deeply([grep { keys %$_ > 1 } values %cases], [], 'no names differ by case alone');

# -------------------------------------------------------------------- contexts

my %bases = map { /^entity (\w+) : (\w+)/ ? ($1 => $2) : () } keys %{ $facts{beta} };
my %leads = map { m{^(\w+)/(\w+) -> (?:Collection\()?(\w+)}
                  ? ("$1/$2" => $3) : () } keys %{ $facts{beta} };
my %singletons = map { /^singleton (\w+) (\w+)/ ? ($1 => $2) : () }
    keys %{ $facts{beta} };
my %has = map { m{^(\w+)/(\w+) } ? ("$1/$2" => 1) : () } keys %{ $facts{beta} };

my %above = map { /^(?:entity|complex) (\w+)(?: : (\w+))?/ ? ($1 => $2) : () }
    keys %{ $facts{beta} };
my %kinds = map { m{^(\w+)/(\w+) (?!->|Org\.)(?:Collection\()?([\w.]+)}
                  ? ("$1/$2" => $3) : () } keys %{ $facts{beta} };

# The type of a step into an entity: to what lies below it, to a property, or to
# a type derived from its own; "Edm.…" leads no further.
sub step {
    my ($type, $name) = @_;
    if ($name =~ /^microsoft\.graph\.(\w+)$/) {
        my $cast = my $of = $1;
        $of = $above{$of} while $of && $of ne $type;
        return $of ? $cast : undef;
    }
    my $to = follow($type, $name);
    for (; !$to && $type; $type = $above{$type}) {
        $to = $kinds{"$type/$name"};
    }
    return $to;
}

# The type that a name leads to from a type or one of its bases.
sub follow {
    my ($type, $name) = @_;
    for (; $type; $type = $bases{$type}) {
        return $leads{"$type/$name"} if $leads{"$type/$name"};
    }
    return undef;
}

# A name that is selected: a property of the type, or of one derived from it.
sub is_property {
    my ($type, $name) = @_;
    return 1 if $name eq '*' || grep { $has{"$_/$name"} }
        grep { my $of = $_; $of = $bases{$of} while $of && $of ne $type; $of }
        keys %bases;
    for (; $type; $type = $bases{$type}) {
        return 1 if $has{"$type/$name"};
    }
    return 0;
}

my %alias;    # what $apply names itself

# What is wrong with a fragment, or undef.
sub wrong {
    my ($fragment) = @_;
    $fragment =~ s{/(?:\$entity|\$delta)\z}{};
    return undef if $fragment eq '';
    if ($fragment =~ /^(?:Collection\()?microsoft\.graph\.(\w+)\)?(\(.*\))?$/) {
        return exists $bases{$1} ? shape($1, $2 // '') : "no type $1";
    }
    return 'no end' if $fragment !~ /^[\w']/;
    my ($path, $shape) = $fragment =~ m{^((?:/?[\w\$.]+(?:\('[^)]*'\))?)+)(.*)}s;
    my ($first, @steps) = map { s/\('.*//sr } split m{/}, $path;
    my $type = $singletons{$first} // return "no singleton $first";
    for my $step (@steps) {
        $type = step($type, $step) // return "$type has no $step";
    }
    return shape($type, $shape);
}

sub shape {
    my ($type, $shape) = @_;
    return undef if $shape eq '';
    $shape =~ /^\((.*)\)$/s or return "strange: $shape";
    my $rest = $1;
    while ($rest =~ s/^([\w.\/*]+)(\((?:[^()]|(?2))*\))?,?//) {
        my ($path, $within) = ($1, $2);
        my ($name) = grep { !/\./ } split m{/}, $path;
        next if $alias{$path};
        my $to = follow($type, $name);
        return "$type has no $name" if !$to && !is_property($type, $name);
        next if !defined $within || $within eq '()' || !$to;
        my $wrong = shape($to, $within);
        return $wrong if $wrong;
    }
    return $rest eq '' ? undef : "strange: $rest";
}

my (@wrong, %seen);
for my $dir (glob "$T/data/cases/*") {
    my $text = join "\n", map { $_->{want} // '' } read_case($dir);
    # names that requests give to values
    %alias = map { $_ => 1 }
        slurp("$dir/exchange.http") =~ /\$apply=/
        ? slurp("$dir/exchange.http") =~ /(?:%20| )as(?:%20| )(\w+)/gi : ();
    # ${context} of a case
    $text =~ s{\$\{context\}}{\$metadata#education/classes('x')/assignments('a')/submissions('s')/outcomes}g;
    $text =~ s/\$\{\w*(?::\w+)?\}/x/g;
    while ($text =~ /\@odata\.context"\s*:\s*"[^"#]*\$metadata(?:#([^"]*))?"/g) {
        my $fragment = $1 // '';
        next if $seen{$fragment}++;
        my $problem = wrong($fragment) // next;
        push @wrong, "$dir: $fragment: $problem";
    }
}
cmp_ok(scalar keys %seen, '>', 30, 'cases expect contexts');
is_deeply(\@wrong, [], 'each context leads to what the metadata has');
ok(defined wrong($_), "$_ leads nowhere")
    for 'schools', 'education/classes(\'x\')/none', 'microsoft.graph.none',
    'education/classes(\'x\')/assignments(none)',
    'education/classes(\'x\')/displayName/none',
    'education/classes(\'x\')/microsoft.graph.educationUser';

# ------------------------------------------------------------------ operations

my %schema;    # of the dialect at hand

# Operations that are bound to a type, each as [name, overload].
sub bound_to {
    my ($type, $many) = @_;
    my @found;
    for my $name (grep { ref $schema{$_} eq 'ARRAY' } sort keys %schema) {
        push @found, map { [$name, $_] } grep {
            my $to = $_->{'$Parameter'}[0];
            $to->{'$Type'} eq $type && !$to->{'$Collection'} == !$many
        } @{ $schema{$name} };
    }
    return @found;
}

# Paths of operations that the metadata implies below one: by navigation to what is
# contained, which is what has its path there, and by functions.
# @param by  the navigation property or the result that the path ends with
sub implied {
    my ($path, $by, $many) = @_;
    my ($type, @paths) = $by->{'$Type'};
    my %explicit = map { s/.*\.//r => 1 }
        @{ $by->{'@Org.OData.Core.V1.ExplicitOperationBindings'} // [] };
    for (bound_to($type, $many)) {
        my ($name, $of) = @$_;
        next if $of->{'@Org.OData.Core.V1.RequiresExplicitBinding'}
            && !$explicit{$name};
        push @paths, "$path/$name";
        push @paths, implied("$path/$name", $of->{'$ReturnType'},
                             $of->{'$ReturnType'}{'$Collection'})
            if $of->{'$IsComposable'};
    }
    return @paths, implied("$path/{}", { '$Type' => $type }, 0)
        if $many && $by->{'$ContainsTarget'} && ($by->{"\@$CAN.IndexableByKey"} // 1);
    return @paths if $many;
    for (; $type; $type = $schema{ bare($type) }{'$BaseType'}) {
        my $of = $schema{ bare($type) };
        for my $name (grep { ref $of->{$_} eq 'HASH' } sort keys %$of) {
            my $to = $of->{$name};
            next if !$to->{'$ContainsTarget'}
                || $to->{"\@$CAN.NavigationRestrictions"};    # a copy
            push @paths, implied("$path/$name", $to, $to->{'$Collection'});
        }
    }
    return @paths;
}

# --------------------------------------------------------------------- OpenAPI

# Methods of the paths of routes.inc, as an OpenAPI document has them.
sub routes {
    my $text = slurp("$ENV{top_srcdir}/lib/odata/routes.inc");
    my (%path, @rows);
    for ($text =~ /^NODE\((\w+, \w+, \w+\(.*?\))\)/mg) {
        my ($at, $from, $segment) = /^(\w+), (\w+), (.*)/;
        $segment =~ s/^(?:NAME|LINK|CALL)\("(.*)"\)$/$1/
            or $segment =~ s/^KEY\((?:key\.)?(\w+?)_id\)$/{$1}/;
        $path{$at} = ($path{$from} // '') . "/$segment";
    }
    return map { /^(\w+), (\w+)/; lc($2) . ' ' . ($path{$1} // '/') }
        $text =~ /^VERB\((\w+, \w+)/mg;
}

for my $dialect (sort keys %graph) {
    my $text = get("/$dialect/openapi.json");
    my $api = JSON::PP->new->utf8->decode($text);
    is($api->{openapi}, '3.1.0', "$dialect: OpenAPI");
    is($api->{servers}[0]{url}, base() . "/$dialect", "$dialect: its server");
    my @rows = routes();
    cmp_ok(scalar @rows, '>', 40, "$dialect: there are methods");
    is_deeply([grep { my ($method, $path) = split / /;
                      !$api->{paths}{$path}{$method} } @rows], [],
              "$dialect: the document has all methods");
    %schema = %{ JSON::PP->new->utf8->decode(
        get("/$dialect/\$metadata?\$format=json"))->{'microsoft.graph'} };
    my @implied = implied('/education', $schema{GraphService}{education}, 0);
    cmp_ok(scalar @implied, '>', 45, "$dialect: the metadata implies operations");
    my %served = map { s/\{\w+\}/{}/gr => 1 } keys %{ $api->{paths} };
    is_deeply([grep { !$served{$_} } @implied], [], "$dialect: all are served");
    my %refs = map { $_ => 1 } $text =~ /"\$ref":"([^"]*)"/g;
    cmp_ok(scalar keys %refs, '>', 50, "$dialect: there are references");
    is_deeply([grep { my $at = $api;
                      $at = ref $at eq 'HASH' ? $at->{$_} : undef
                          for m{[^#/]+}g; !$at } sort keys %refs], [],
              "$dialect: each leads somewhere");
    my %ids;
    for my $path (sort keys %{ $api->{paths} }) {
        my @keys = sort $path =~ /\{(\w+)\}/g;
        for my $operation (values %{ $api->{paths}{$path} }) {
            $ids{ $operation->{operationId} }++;
            my @known = sort map { m{parameters/(\w+)$} ? $1 : () }
                map { $_->{'$ref'} } @{ $operation->{parameters} };
            my %known = map { $_ => 1 } @known;
            fail("$path has no parameter $_") for grep { !$known{$_} } @keys;
        }
    }
    is_deeply([grep { $ids{$_} > 1 } sort keys %ids], [],
              "$dialect: operations have names of their own");
    for my $name (qw(educationPointsOutcome educationRubricOutcome identitySet)) {
        my %want = map { m{^$name/(\w+) } ? ($1 => 1) : () }
            keys %{ $facts{$dialect} };
        my $has = $api->{components}{schemas}{"microsoft.graph.$name"}{properties};
        is_deeply([grep { !$has->{$_} } sort keys %want], [],
                  "$dialect: $name has its properties");
    }
}
done_testing;
