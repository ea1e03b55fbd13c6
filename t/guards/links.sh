# Links within the documentation lead somewhere, and each stands once on a page.
. t/guards/tap

# links PAGE: where its relative links lead to.
links() {
    perl -0ne 's/^```.*?^```//gms; print "$1\n"
        while /\]\((?!\w+:)([^)\s]+)\)/g' "$1"
}

# anchors PAGE: its headings as links name them.
anchors() {
    sed -nE 's/^#+ //p' "$1" | tr 'A-Z ' 'a-z-' | tr -cd 'a-z0-9_\n-'
}

pages=$(find . -name '*.md' ! -path './.git/*' ! -path './build*' | sort)
some 'there are pages' "$pages"
some 'with links' "$(for page in $pages; do links "$page"; done)"
none 'each link leads to a file, and to a heading if it names one' "$(
    for page in $pages; do
        links "$page" | while IFS='#' read -r file anchor; do
            to=$page
            [ -z "$file" ] || to=$(dirname "$page")/$file
            [ -e "$to" ] &&
                { [ -z "$anchor" ] || anchors "$to" | grep -qxF "$anchor"; } ||
                echo "$page: $file${anchor:+#$anchor}"
        done
    done)"
none 'no page has a link twice' "$(for page in $pages; do
    links "$page" | sort | uniq -d | sed "s|^|$page: |"
done)"

# What the pages for developers name is there: files, from the top or from the
# page's folder, and functions and types.
names() {
    perl -ne 'print "$1\n" while /`(edu_\w+|[\w.\/-]+(?:\.(?:c|h|inc|sh)|\/))`/g' "$1"
}
is_there() {
    case $2 in
    edu_*) grep -rqw "$2" lib module --include='*.[ch]' ;;
    *) [ -e "$2" ] || [ -e "$(dirname "$1")/$2" ] || [ -e "lib/$2" ] ;;
    esac
}
pages=$(echo CONTRIBUTING.md lib/*/README.md)
some 'pages name files and functions' "$(for page in $pages; do names "$page"; done)"
none 'each of them is there' "$(for page in $pages; do
    names "$page" | sort -u | while read -r name; do
        is_there "$page" "$name" || echo "$page: $name"
    done
done)"

# tested: the tests that OData's items name, in the last column of their tables.
tested() {
    sed -nE 's/^\|.*\|([^|]*)\|$/\1/p' docs/odata-conformance.md |
        grep -oE '`[^` ]+`' | tr -d '`' | sort -u
}
some 'items of OData have tests' "$(tested)"
none 'each test is there' "$(tested | while read -r name; do
    [ -e "t/data/cases/$name" ] || [ -e "t/$name" ] || [ -e "t/$name.c" ] ||
        echo "$name"
done)"
