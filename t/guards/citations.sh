# A section of docs/design that is cited exists, and so does an example.
. t/guards/tap

# cited WHAT: the numbers that stand behind it, each as "WHAT 2.3", in files
# that cite; a comment may break its lines anywhere.
cited() {
    grep -rIlE '(contract|decisions)\.md' --exclude-dir=.git --exclude-dir='build-*' . |
        WHAT=$1 xargs perl -0ne '
            my $n = qr/[0-9]+(?:\.[0-9]+)?[a-c]?/;
            s/\n[\s*#]*/ /g;
            while (/\Q$ENV{WHAT}\Es? ($n(?:(?:, | and )$n)*)/g) {
                print "$ENV{WHAT} $_\n" for $1 =~ /$n/g;
            }' | sort -u
}

# leads WHAT NUMBERS: whether all that is cited is among the numbers.
leads() {
    citations=$(cited "$1")
    some "$1 is cited" "$citations"
    none "each $1 that is cited is there" "$(echo "$citations" |
        grep -vxF "$(echo "$2" | sed "s/^/$1 /")")"
}

for page in contract.md decisions.md; do
    leads "$page" "$(sed -nE 's/^##+ ([0-9.]*[0-9])\.? .*/\1/p' "docs/design/$page")"
done
leads example "$(sed -nE 's/^([0-9]+[a-c]?)-.*/\1/p' t/data/vectors.txt)"

# So does a test that the last column of a table of conformance names.
tests=$(sed -nE 's/^\|.*\|([^|]*)\|$/\1/p' docs/odata-conformance.md |
    grep -o '`[^`]*`' | tr -d '`' | grep -v '^make ' | sort -u)
some "docs/odata-conformance.md names tests" "$tests"
none "each of them is there" "$(for name in $tests; do
    ls -d "t/data/cases/$name" "t/$name" "t/$name.c" 2>/dev/null | grep -q . ||
        echo "$name"
done)"
