# clang-format leaves comments as they are; 80 columns hold for them, too.
. t/guards/tap

# The statements of sql.c are aligned by hand.
none 'no line is longer than 80 columns' \
    "$(perl -Ci -ne 'chomp; print "$ARGV:$.\n" if length > 80;
        close ARGV if eof' mod_edu_outcomes.c module/*.[ch] tool/*.[ch] \
        lib/*.h lib/*/*.[ch] t/*.c t/unit/*.h t/unit/*/*.[ch] t/fuzz/*.[ch] |
        grep -v '^lib/store/sql\.c')"
