# The documentation names the programs of t/clients as run, and no others.
. t/guards/tap

page=docs/graph-clients.md

# ran: the rows of its table, as NAME VERSION PROGRAM.
ran() {
    sed -nE 's/^\| `([^`]*)` \| ([0-9][^ ]*) \| .*\.\.\/(t\/clients\/[^)]*)\) \|$/\1 \2 \3/p' "$page"
}

# versions: the rows of all tables of clients, as NAME VERSION.
versions() {
    sed -nE 's/^\| `([^`]*)` \| ([0-9][^ ]*) \| .*/\1 \2/p' "$page" docs/metadata.md
}

# quotes PROGRAM: the blocks of its language, if they do not stand in the program.
quotes() {
    perl -0777 -e '
        my ($page, $program) = map { local @ARGV = $_; <> } @ARGV;
        my %language = qw(mjs js py python java java go go);
        my ($language) = map { $language{$_} } $ARGV[1] =~ /(\w+)$/;
        my ($n, %dedented) = 0;
        for my $indent (0, 4, 8) {
            ($dedented{$indent} = $program) =~ s/^(?: {$indent}|\t{@{[$indent \/ 4]}})//gm;
        }
        while ($page =~ /^```$language\n(.*?)^```$/gms) {
            my $block = $1;
            $n++;
            print "$block\n" if !grep { index($_, $block) >= 0 } values %dedented;
        }
        print "there are none\n" if !$n;' "$page" "$1"
}

rows=$(ran)
some 'programs were run' "$rows"
none 'each program that is there was run' "$(
    ls t/clients/*/[Gg]raph* | while read -r program; do
        echo "$rows" | grep -qF " $program" || echo "$program"
    done)"
none 'each client has the version that a lock file has' "$(
    versions | while read -r name version; do
        perl -0777 -ne 'BEGIN { ($name, $version) = splice @ARGV, 0, 2 }
            $found ||= /\Q$name\E\W+v?\Q$version\E\b/;
            END { print "$name $version\n" if !$found }' \
            "${name##*:}" "$version" $(ls -pd t/clients/*/* | grep -v '/$')
    done)"
none 'its quotes are of the program' "$(
    echo "$rows" | while read -r _ _ program; do quotes "$program"; done)"
