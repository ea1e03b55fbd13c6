# The house: arrows go down only, among wings and among files.
. t/guards/tap

masks='base:1:base model:3:model odata:7:odata store:41:store,inner api:31:api admin:75:admin'
flags="-I$top_builddir/lib $(pkg-config --cflags apr-1 jansson)"

# sees MASK WING HEADER: whether a file of a mask may include a header, by
# whatever path.
sees() {
    echo "#include \"../$2/$3.h\"" >"$work/wall.c"
    ${CC:-cc} -fsyntax-only -DEDU_SEES="$1" -Ilib -Ilib/base -Ilib/model \
        -Ilib/odata -Ilib/store -Ilib/api -Ilib/admin $flags "$work/wall.c" \
        >/dev/null 2>&1
}

# Those that a mask admits, one a line.
for own in $masks; do
    mask=${own#*:}
    for other in $masks; do
        for header in $(echo "${other##*:}" | tr , ' '); do
            sees "${mask%%:*}" "${other%%:*}" "$header" &&
                echo "${own%%:*} $header"
        done
    done
done >"$work/wall.out"
rm -f "$work/wall.c"
same 'each wing sees itself and those below it, and compiles by its header alone' \
    'admin admin
admin base
admin model
admin store
api api
api base
api model
api odata
api store
base base
model base
model model
odata base
odata model
odata odata
store base
store inner
store store' "$(sort "$work/wall.out")"
rm -f "$work/wall.out"

# Symbols that files define (D) and need (U), as "D name file".
symbols() {
    nm -A -P "$top_builddir"/.libs/libedu_*.a \
        $(find "$top_builddir" -name 'mod_edu_outcomes_la-*.o') |
        sed -E 's,^.*libedu_([a-z]*)_la-([a-z_]*)\.o\]: ,\1/\2 ,
            s,^.*mod_edu_outcomes_la-([a-z_]*)\.o: ,module/\1 ,' |
        awk '$3 == "U" { print "U", $2, $1 } $3 ~ /^[BDRTV]$/ { print "D", $2, $1 }'
}

# Which file calls which: "caller callee".
arrows() {
    awk '$1 == "D" { home[$2] = $3 }
        $1 == "U" { from[NR] = $3; name[NR] = $2 }
        END { for (i in from) if (name[i] in home && home[name[i]] != from[i])
            print from[i], home[name[i]] }' | sort -u
}

circles() {
    tsort 2>&1 >/dev/null
}

# Of the module, all name the record that httpd knows it by.
all=$(symbols | grep -E ' [a-z]*edu' | grep -v ' edu_outcomes_module ')
some 'files call each other' "$(echo "$all" | arrows)"
none 'no files call each other in a circle' "$(echo "$all" | arrows | circles)"
some 'a circle is found' "$( (echo "$all" | arrows | head -n 1
    echo "$all" | arrows | head -n 1 | awk '{ print $2, $1 }') | circles)"

# The files of a wing, in the order of the table in its README.
rooms() {
    sed -n 's/^| \([^|]*\)|.*/\1/p' "lib/$1/README.md" | tr -d '` ' | tr , '\n' |
        grep '\.c$'
}

for wing in base model odata store api admin; do
    same "the README of $wing has each of its files once" \
        "$(ls "lib/$wing" | grep '\.c$' | sort)" "$(rooms "$wing" | sort)"
done

# Arrows of api that point to a later row of its table.
upward() {
    rooms api | awk 'NR == FNR { sub(/\.c$/, ""); row["api/" $0] = NR; next }
        row[$1] && row[$2] > row[$1]' - "$work/arrows.out"
}
echo "$all" | arrows >"$work/arrows.out"
none 'each file of api calls those above it in the table of its README' \
    "$(upward)"
rm -f "$work/arrows.out"

# Of the wings' own, those that no other file names, nor a test.
unshared() {
    nm -A -P "$top_builddir"/.libs/libedu_*.a \
        $(find "$top_builddir/t/unit" -name '*.o') |
        awk '$3 == "U" { used[$2] }
            $3 ~ /^[BDRT]$/ && $2 ~ /^edu__/ { own[$2] }
            END { for (name in own) if (!(name in used)) print name }'
}

none 'what one file alone uses is static' "$(unshared)"
none 'no reference is weak, for the linker would let it up' \
    "$(nm -P "$top_builddir"/.libs/libedu_*.a | grep -E '^edu_.* [vw] ')"
none 'no file says itself what it sees' \
    "$(grep -rnE '(define|undef)[[:space:]]+EDU_SEES' lib)"

none 'no header is longer than 350 lines' \
    "$(wc -l lib/*/*.h | awk '$1 > 350 && $2 != "total"')"
