# Every example of Graph's documentation is replayed by the case of its number,
# which says by how much the answer may differ.
. t/guards/tap

# The names that the cases begin with; with the folder, if its number is another.
replayed=$(for case in t/data/cases/graph-*; do
    number=${case#t/data/cases/graph-}
    name=$(sed -n '1s/:.*//p' "$case/exchange.http")
    case $name in
    "${number%%-*}"-*) echo "$name" ;;
    *) echo "$case: $name" ;;
    esac
done | sort)
same 't/data/vectors.txt and t/data/cases/graph-*' \
    "$(sed '/^#/d' t/data/vectors.txt | sort)" "$replayed"

none 'each says what differs' "$(for case in t/data/cases/graph-*; do
    sed '/^###/,$d' "$case/exchange.http" | grep -qE '^- |nothing differs' ||
        echo "$case"
done)"
