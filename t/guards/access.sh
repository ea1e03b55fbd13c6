# The table of docs/access-control.md is lib/api/access.inc, whose rows are those of
# lib/odata/routes.inc.
. t/guards/tap

# rows: each as the page has it; methods of a path with the same rights share one.
rows() {
    perl -e '
        my %scope = (
            READ_BASIC => "EduAssignments.ReadBasic",
            WRITE_BASIC => "EduAssignments.ReadWriteBasic",
            READ => "EduAssignments.Read", WRITE => "EduAssignments.ReadWrite",
            ROSTER_BASIC => "EduRoster.ReadBasic",
            ROSTER_READ => "EduRoster.Read", ROSTER_WRITE => "EduRoster.ReadWrite");
        my (%path, @rows, %methods);
        sub text { local (@ARGV, $/) = @_; <> }
        for (text("lib/odata/routes.inc") =~ /^NODE\((\w+, \w+, \w+\(.*?\))\)/mg) {
            my ($at, $from, $segment) = /^(\w+), (\w+), (.*)/;
            $segment =~ s/^(?:NAME|LINK|CALL)\("(.*)"\)$/$1/ or
                $segment =~ s/^KEY\((?:key\.)?(\w+?)(?:_id)?\)$/{$1}/;
            $path{$at} = ($path{$from} // "") . "/$segment";
        }
        for (text("lib/api/access.inc") =~ /^ALLOW\(([^)]*)\)/mg) {
            my ($at, $method, $callers, $user, $application) = split /,\s+/;
            my %is = map { $_ => 1 } split / \| /, $callers;
            @is{qw(TEACHER ADMIN APP)} = (1) x 3 if $is{STAFF};
            @is{qw(STUDENT TEACHER ADMIN APP)} = (1) x 4 if $is{ANYONE};
            delete $is{APP} if $application eq "NONE" && $user ne "NONE";
            my ($path) = ($path{$at} // "/") =~ s{^/education(?=/)}{}r
                =~ s{^.*(?=/assignments/\{)}{…}r
                =~ s{^…/assignments/\{\w+\}(?=/submissions)}{…}r;
            my %needed = map { $_ => 1 } grep { $_ } @scope{$user, $application};
            my $row = join " | ", "`$path`",
                $is{STUDENT} ? "yes" : $is{RECIPIENT} || $is{SELF} ? "own" : "–",
                map({ $is{$_} ? "yes" : "–" } "TEACHER", "APP", "ADMIN"),
                join(", ", map { "`$_`" } sort keys %needed) || "none";
            push @rows, $row if !$methods{$row};
            push @{ $methods{$row} }, "`$method`";
        }
        print "| ", join(", ", @{ $methods{$_} }), " | $_ |\n" for @rows;'
}

# pairs FILE MACRO: "resource method" of each of its rows.
pairs() {
    sed -nE "s/^$2\((\w+), *(\w+),.*/\1 \2/p" "$1" | sort
}

same 'docs/access-control.md and lib/api/access.inc' "$(rows)" \
    "$(grep -E '^\| `(GET|POST|PUT|PATCH|DELETE)' docs/access-control.md)"
same 'each method of routes.inc has a row in access.inc, and no other' \
    "$(pairs lib/odata/routes.inc VERB)" "$(pairs lib/api/access.inc ALLOW)"
