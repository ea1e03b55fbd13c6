# Every code that the library emits is in the catalogue, and no other.
. t/guards/tap

emitted=$(sed -nE 's/^    \{ EDU_E[A-Z]+, ([0-9]+), "([^"]*)", (NULL|"[^"]*"),$/\1 \2 \3/p' \
    lib/base/error.c | tr -d '"' | sed 's/ NULL$/ /' | sort)
listed=$(sed -nE 's/^\| ([0-9]+) \| `([^`]*)` \| (`[^`]*`)? ?\|.*/\1 \2 \3/p' \
    docs/errors.md | tr -d '`' | sort)

same 'lib/base/error.c and docs/errors.md' "$emitted" "$listed"
