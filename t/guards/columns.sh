# clang-format leaves comments as they are; 80 columns hold for them, too.
. t/guards/tap

# The statements of edu_sql.c are aligned by hand.
none 'no line is longer than 80 columns' \
    "$(LC_ALL=C.UTF-8 awk 'length > 80 { print FILENAME ":" FNR }' \
        mod_edu_outcomes.c lib/*.[ch] t/unit/*.[ch] | grep -v '^lib/edu_sql\.c')"
