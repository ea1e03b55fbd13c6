# The symbols that built objects need and export.
. t/guards/tap

module=$top_builddir/.libs/mod_edu_outcomes.so
library=$top_builddir/.libs/libeduoutcomes.so

needs() { nm -D --undefined-only "$1" | awk '{ print $NF }'; }
shows() { nm -D --defined-only "$1" | awk '{ print $NF }'; }

some 'the module calls the library' "$(needs "$module" | grep '^edu_')"
none 'the module knows no JSON' "$(needs "$module" | grep '^json_')"
none 'the module reaches nothing private' "$(needs "$module" | grep '^edu__')"
same 'the module shows its record alone' edu_outcomes_module \
    "$(shows "$module")"
some 'the library knows JSON' "$(needs "$library" | grep '^json_')"
none 'the library knows no httpd' "$(needs "$library" | grep '^ap_')"
some 'the library exports its functions' "$(shows "$library" | grep '^edu_[a-z]')"
none 'and nothing else' "$(shows "$library" | grep -v '^edu_[a-z]')"
