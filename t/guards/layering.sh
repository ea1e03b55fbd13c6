# Rules for single files; the masks of the wings enforce those for wings.
. t/guards/tap

# but FILE PATTERN: where else in the library the pattern occurs.
but() {
    grep -nE "$2" lib/*.h lib/*/*.[ch] | grep -vE "^lib/$1:"
}

some 'there is a library' "$(ls lib/*/*.c)"
some 'driver.c speaks to the database' \
    "$(grep '#include <apr_dbd.h>' lib/store/driver.c)"
none 'only driver.c does, and pool.c, which opens it' \
    "$(but 'store/(driver|pool)\.c' '#include [<"]apr_dbd')"
some 'sql.c holds SQL' "$(grep '"SELECT ' lib/store/sql.c)"
none 'only sql.c does' "$(but store/sql.c \
    '"[^"]*(SELECT |INSERT |UPDATE .* SET|DELETE FROM|CREATE |PRAGMA )')"
some 'json.c owns JSON values' "$(grep 'json_decref(' lib/base/json.c)"
none 'only json.c does' "$(but base/json.c \
    '(^|[^_])json_(incref|decref|load[a-z]*|load_[a-z]*|dump[a-z]*|dump_[a-z]*)\(')"
none 'values are handed over, never shared by accident' \
    "$(grep -nE 'json_(object_set(n|_nocheck)?|array_(set|append|insert))\(' \
        lib/*/*.c)"
none 'the library includes nothing of httpd' "$(grep -nE \
    '#include [<"](ap_|http|mod_|util_|scoreboard)' lib/*.h lib/*/*.[ch])"
none 'the module includes nothing of jansson' \
    "$(grep -nE 'jansson|json_t' mod_edu_outcomes.c module/*.[ch])"
for data in model/types store/sql; do
    none "$data.c is data" \
        "$(grep '#include' "lib/$data.c" | grep -vE '"(model|odata|inner)\.h"')"
done
