# Each tag of the error log is explained, once, and no other.
. t/guards/tap

tags=$(grep -hoE '"EDU[0-9]{4}:' mod_edu_outcomes.c module/*.c | tr -d '":' |
    sort)
told=$(sed -nE 's/^\| (EDU[0-9]{4}) \| [a-z, ]+ \| [^|]+ \| [^|]+ \|$/\1/p' \
    docs/log-messages.md | sort)

same 'the sources and docs/log-messages.md' "$tags" "$told"

notes=$(grep -hoE 'notes, "EDU_[A-Z_]+"' module/*.c | cut -d'"' -f2 | sort)
told=$(sed -nE 's/^\| `%\{(EDU_[A-Z_]+)\}n` .*/\1/p' docs/log-messages.md | sort)
same 'notes for the access log' "$notes" "$told"
