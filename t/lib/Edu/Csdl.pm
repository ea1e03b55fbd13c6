package Edu::Csdl;

# CSDL documents, XML or JSON, as facts, one a line, so that they can be compared:
#   entity NAME : BASE abstract open        complex NAME : BASE …
#   TYPE/PROPERTY NAME required precision 7
#   TYPE/PROPERTY -> NAME contained
#   ENUM/MEMBER = VALUE
#   action NAME(TYPE) -> TYPE               function …
#   singleton NAME NAME
#   TARGET TERM VALUE                       an annotation

use strict;
use warnings;
use Exporter 'import';
use JSON::PP ();

our @EXPORT = qw(facts_of_json facts_of_xml parse_xml);

my %TEXT = (lt => '<', gt => '>', amp => '&', quot => '"', apos => "'");
my $JSON = JSON::PP->new->canonical->allow_nonref;

# A well-formed document as { name, at => { attributes }, in => [elements],
# text }; dies if it is not.
sub parse_xml {
    my ($xml) = @_;
    my $root = { name => '', in => [] };
    my @open = $root;
    $xml =~ s/\A<\?xml version="1\.0" encoding="[Uu][Tt][Ff]-8"\?>\s*//
        or die "no declaration\n";
    $xml =~ s/<!--.*?-->//gs;
    while ($xml =~ /\G(?:<(\/?)([\w:]+)((?:\s+[\w:]+="[^"<]*")*)\s*(\/?)>|([^<]+))/gc) {
        my ($end, $name, $attributes, $empty, $text) = ($1, $2, $3, $4, $5);
        if (defined $text) {
            $open[-1]{text} .= $text;
            next;
        }
        if ($end) {
            my $was = pop @open;
            die "</$name> ends <$was->{name}>\n" if $was->{name} ne $name;
            next;
        }
        my %at;
        while ($attributes =~ /([\w:]+)="([^"]*)"/g) {
            my ($key, $value) = ($1, $2);
            die "$key twice\n" if exists $at{$key};
            $at{$key} = $value =~ s/&(\w+);/$TEXT{$1} \/\/ die "&$1;\n"/ger;
        }
        my $element = { name => $name, at => \%at, in => [], text => '' };
        push @{ $open[-1]{in} }, $element;
        push @open, $element if !$empty;
    }
    die 'not well-formed at ' . substr($xml, pos($xml) // 0, 60) . "\n"
        if (pos($xml) // 0) != length $xml || @open != 1 || @{ $root->{in} } != 1;
    return $root->{in}[0];
}

sub bare { return ($_[0] // '') =~ s/\b(?:microsoft\.)?graph\.//gr }

sub line { return join ' ', grep { defined && $_ ne '' } @_ }

sub kinds {
    my ($kind, $name, $base, @flags) = @_;
    return line($kind, $name, $base ? ': ' . bare($base) : '', @flags);
}

sub overload {
    my ($kind, $name, $type, $gives) = @_;
    return lc($kind) . " $name($type)" . ($gives ? " -> $gives" : '');
}

# ------------------------------------------------------------------------- XML

sub value_of_xml {
    my ($at) = @_;
    my ($in) = @{ $at->{in} };
    if ($in && $in->{name} eq 'Collection') {
        return [map { $_->{text} } @{ $in->{in} }];
    }
    if ($in) {
        return { map { $_->{at}{Property} => value_of_xml($_) }
                 @{ $in->{in} } };
    }
    my %is = %{ $at->{at} };
    return $is{Bool} eq 'true' ? JSON::PP::true : JSON::PP::false
        if defined $is{Bool};
    return $is{Int} + 0 if defined $is{Int};
    return join ',', map { s{.*/}{}r } split ' ', $is{EnumMember}
        if defined $is{EnumMember};
    return $is{String};
}

sub annotations_of_xml {
    my ($target, $of) = @_;
    return map { line($target, $_->{at}{Term}, $JSON->encode(value_of_xml($_))) }
        grep { $_->{name} eq 'Annotation' } @{ $of->{in} };
}

sub facts_of_xml {
    my ($xml) = @_;
    my ($services) = @{ parse_xml($xml)->{in} };
    my @facts;
    for my $e (map { @{ $_->{in} } } @{ $services->{in} }) {
        my %at = %{ $e->{at} };
        my $name = $at{Name};
        my $kind = $e->{name} =~ s/Type$//r;
        if ($kind =~ /^(?:Entity|Complex)$/) {
            push @facts, kinds(lc $kind, $name, $at{BaseType},
                               $at{Abstract} ? 'abstract' : '',
                               $at{OpenType} ? 'open' : '');
        }
        if ($kind =~ /^(?:Action|Function)$/) {
            my %types = map { $_->{name} => bare($_->{at}{Type}) }
                @{ $e->{in} };
            push @facts, overload($kind, $name, @types{qw(Parameter ReturnType)}),
                annotations_of_xml("$name($types{Parameter})", $e);
            next;
        }
        if ($kind eq 'Annotations') {
            push @facts, annotations_of_xml(bare($at{Target}), $e);
            next;
        }
        push @facts, annotations_of_xml($name, $e);
        for my $in (@{ $e->{in} }) {
            my %is = %{ $in->{at} };
            my $path = "$name/" . ($is{Name} // '');
            push @facts, "$path = $is{Value}" if $in->{name} eq 'Member';
            push @facts, "key $name/$in->{in}[0]{at}{Name}"
                if $in->{name} eq 'Key';
            push @facts, line('singleton', $is{Name}, bare($is{Type}))
                if $in->{name} eq 'Singleton';
            push @facts, line($path, bare($is{Type}),
                              ($is{Nullable} // '') eq 'false' ? 'required' : '',
                              $is{Precision} ? "precision $is{Precision}" : '')
                if $in->{name} eq 'Property';
            push @facts, line($path, '->', bare($is{Type}),
                              $is{ContainsTarget} ? 'contained' : '')
                if $in->{name} eq 'NavigationProperty';
            push @facts, annotations_of_xml($path, $in);
        }
    }
    return sort @facts;
}

# ------------------------------------------------------------------------ JSON

sub type_of_json {
    my ($of) = @_;
    my $type = bare($of->{'$Type'} // 'Edm.String');
    return $of->{'$Collection'} ? "Collection($type)" : $type;
}

sub annotations_of_json {
    my ($target, $of) = @_;
    return map { line($target, substr($_, 1), $JSON->encode($of->{$_})) }
        grep { /^@/ } sort keys %$of;
}

sub member_of_json {
    my ($name, $key, $of) = @_;
    my $path = "$name/$key";
    return "$path = $of" if !ref $of;
    my $leads = ($of->{'$Kind'} // '') eq 'NavigationProperty';
    return (annotations_of_json($path, $of),
            $leads ? line($path, '->', type_of_json($of),
                          $of->{'$ContainsTarget'} ? 'contained' : '')
                   : line($path, type_of_json($of),
                          $of->{'$Nullable'} ? '' : 'required',
                          $of->{'$Precision'} ? "precision $of->{'$Precision'}"
                                              : ''));
}

sub facts_of_json {
    my ($json) = @_;
    my $schema = JSON::PP->new->utf8->decode($json)->{'microsoft.graph'};
    my @facts;
    for my $name (keys %$schema) {
        my $of = $schema->{$name};
        if (ref $of eq 'ARRAY') {
            for (@$of) {
                my $type = type_of_json($_->{'$Parameter'}[0]);
                my $gives = $_->{'$ReturnType'};
                push @facts, overload($_->{'$Kind'}, $name, $type,
                                      $gives && type_of_json($gives)),
                    annotations_of_json("$name($type)", $_);
            }
            next;
        }
        my $kind = $of->{'$Kind'} =~ s/Type$//r;
        push @facts, annotations_of_json($name, $of);
        push @facts, kinds(lc $kind, $name, $of->{'$BaseType'},
                           $of->{'$Abstract'} ? 'abstract' : '',
                           $of->{'$OpenType'} ? 'open' : '')
            if $kind =~ /^(?:Entity|Complex)$/;
        push @facts, map { "key $name/$_" } @{ $of->{'$Key'} // [] };
        for my $key (grep { !/^[\$@]/ } keys %$of) {
            push @facts, $kind eq 'EntityContainer'
                ? (annotations_of_json("$name/$key", $of->{$key}),
                   line('singleton', $key, type_of_json($of->{$key})))
                : member_of_json($name, $key, $of->{$key});
        }
    }
    return sort @facts;
}

1;
