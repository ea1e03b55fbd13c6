# Which file may know what.
. t/guards/tap

# but FILE PATTERN: where else in the library the pattern occurs.
but() {
    grep -nE "$2" lib/*.[ch] | grep -v "^lib/$1:"
}

some 'there is a library' "$(ls lib/*.c)"
some 'edu_dbd.c speaks to the database' \
    "$(grep '#include <apr_dbd.h>' lib/edu_dbd.c)"
none 'only edu_dbd.c does' "$(but edu_dbd.c '#include [<"]apr_dbd')"
some 'edu_sql.c holds SQL' "$(grep '"SELECT ' lib/edu_sql.c)"
none 'only edu_sql.c does' "$(but edu_sql.c \
    '"[^"]*(SELECT |INSERT |UPDATE .* SET|DELETE FROM|CREATE |PRAGMA )')"
none 'what judges values never asks the store' \
    "$(grep -nE 'edu__store_' lib/edu_types.c lib/edu_check.c \
        lib/edu_entity.c lib/edu_json.c lib/edu_time.c lib/edu_path.c \
        lib/edu_grading.c lib/edu_query.c lib/edu_filter.c)"
some 'edu_json.c owns JSON values' "$(grep 'json_decref(' lib/edu_json.c)"
none 'only edu_json.c does' "$(but edu_json.c \
    '(^|[^_])json_(incref|decref|load[a-z]*|load_[a-z]*|dump[a-z]*|dump_[a-z]*)\(')"
none 'values are handed over, never shared by accident' \
    "$(grep -nE 'json_(object_set(n|_nocheck)?|array_(set|append|insert))\(' \
        lib/*.c)"
none 'the library includes nothing of httpd' \
    "$(grep -nE '#include [<"](ap_|http|mod_|util_|scoreboard)' lib/*.[ch])"
none 'the module includes nothing of jansson' \
    "$(grep -nE 'jansson|json_t' mod_edu_outcomes.c)"
for data in edu_types.c edu_sql.c; do
    same "$data is data" '#include "edu_private.h"' \
        "$(grep '#include' "lib/$data")"
done
