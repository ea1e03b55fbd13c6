# The schema that the module makes is the one that is installed.
. t/guards/tap

# The statements of the files, each on one line as C has them.
files=$(for file in conf/schema/*.sql; do
    sed '/^--/d' "$file" | tr -s '\n ' ' ' | sed 's/; */;\n/g'
done | sed -n '/^ *\(BEGIN\|COMMIT\)/d; s/^ *//; s/ )/)/g; s/;$//p' | sort -u)
module=$(strings -n 20 "$top_builddir/.libs/libeduoutcomes.so" |
    grep -E '^(CREATE |DROP INDEX|ALTER TABLE|UPDATE edu_outcome SET shown|INSERT INTO edu_schema )' | sort -u)

same 'conf/schema and lib/store/sql.c' "$module" "$files"
some 'versions sort as text' "$(
    grep -E '^#define EDU_SCHEMA_VERSION "[1-9](\.[1-9])?"$' lib/store/sql.h)"
none 'conf/schema has a file for each driver, and each is installed' "$(
    sed -nE 's/.*\.driver = "([^"]*)".*/\1/p' lib/store/sql.c |
        while read -r driver; do
            grep -q "conf/schema/$driver.sql" Makefile.am || echo "$driver"
        done)"
