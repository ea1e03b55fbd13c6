# One version in all places.
. t/guards/tap

configure=$(sed -nE 's/^AC_INIT\(\[[^]]*\], \[([^]]*)\].*/\1/p' configure.ac)
header=$(sed -nE 's/^#define EDU_VERSION "(.*)"$/\1/p' lib/edu_outcomes.h)

same 'configure.ac and edu_outcomes.h' "$configure" "$header"
