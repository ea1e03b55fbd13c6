# The manual page has the commands and options that the program has.
. t/guards/tap

# Those of edu-outcomes --help, as "restore FILE" and "-j, --json".
help=$("$top_builddir/edu-outcomes" --help | sed -n 's/^  \([^ ]\)/\1/p')

some 'the program has commands' "$help"
same 'the manual page has them, and the options, in the same order' \
    "$help" "$(sed -n '/^\.SH COMMANDS/,/^\.SH EXIT/p' "$top_builddir/tool/edu-outcomes.1" |
        sed -n '/^\.TP/{n;s/^\.B //p;}' | sed 's/\\-/-/g')"
