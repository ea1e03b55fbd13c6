# The version stands in configure.ac; what is written by hand names the same.
. t/guards/tap

version=$(sed -nE 's/^AC_INIT\(\[[^]]*\], \[([^]]*)\].*/\1/p' configure.ac)

same 'the header' "$version" \
    "$(sed -nE 's/^#define EDU_VERSION "(.*)"$/\1/p' "$top_builddir/lib/edu_version.h")"
same 'CHANGES' "$version" \
    "$(sed -nE '2s/^Changes with mod_edu_outcomes ([0-9.]+).*/\1/p' CHANGES)"
same 'debian/changelog' "$version" \
    "$(sed -nE '1s/^mod-edu-outcomes \((.*)\) .*/\1/p' debian/changelog)"
same "the RPM's specification" "$version-1" \
    "$(sed -nE 's/^Version: +//p' rpm/mod_edu_outcomes.spec)-1"
same 'its log' "$version-1" \
    "$(sed -nE '/^%changelog/,/^$/s/^\* .* - (.*)/\1/p' rpm/mod_edu_outcomes.spec | head -n 1)"
none 'no source has it of its own' \
    "$(grep -rnF "\"$version\"" lib module mod_edu_outcomes.c --include='*.[ch]' |
        grep -v '^lib/edu_version\.h:')"
none 'the header Server does not tell it' \
    "$(grep -n 'ap_add_version_component' module/*.c mod_edu_outcomes.c)"
none 'no manual page names another' \
    "$(grep -rnoE '"mod_edu_outcomes [0-9.]+"' . --include='*.[157]' --exclude-dir='build*' |
        grep -vF "\"mod_edu_outcomes $version\"")"
