# A member of a configuration that is not merged is lost in every nested
# section, and one that does not begin as unset always wins.
. t/guards/tap

# members STRUCT: "pointer NAME" or "value NAME".
members() {
    awk -v s="typedef struct $1 {" '
        $0 == s { inside = 1; next }
        inside && /^}/ { exit }
        inside && match($0, /[*A-Za-z0-9_]+;/) {
            name = substr($0, RSTART, RLENGTH - 1)
            print (sub(/^[*]+/, "", name) ? "pointer " : "value ") name
        }' mod_edu_outcomes.c
}

# body FUNCTION: its text.
body() {
    awk -v f="$1(" 'index($0, f) && /^static/ { inside = 1 }
        inside { print } inside && /^}/ { exit }' mod_edu_outcomes.c
}

for config in dir_config server_config; do
    list=$(members "${config}_t")
    created=$(body "create_$config")
    merged=$(body "merge_$config")
    some "$config has members" "$list"
    some "create_$config is there" "$created"
    none "merge_$config merges each" "$(echo "$list" | while read -r _ name; do
        echo "$merged" | grep -qE "MERGE\($name,|conf->$name =" || echo "$name"
    done)"
done

# Pointers are unset when they are NULL, as are the zeroes of pcalloc.
none 'create_dir_config unsets each value' \
    "$(members dir_config_t | while read -r kind name; do
        [ "$kind" = pointer ] ||
            body create_dir_config | grep -q "conf->$name = UNSET;" ||
            echo "$name"
    done)"
