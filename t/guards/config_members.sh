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
        }' module/mod_edu.h
}

# body FUNCTION: its text.
body() {
    awk -v f="edum_$1(" 'index($0, f) { inside = 1 }
        inside { print } inside && /^}/ { exit }' module/config.c
}

for config in dir_config server_config; do
    list=$(members "${config}_t")
    created=$(body "${config}_create")
    merged=$(body "${config}_merge")
    some "$config has members" "$list"
    some "${config}_create is there" "$created"
    none "${config}_merge merges each" "$(echo "$list" | while read -r _ name; do
        echo "$merged" | grep -qE "MERGE\($name,|conf->$name =" || echo "$name"
    done)"
done

# Pointers are unset when they are NULL, as are the zeroes of pcalloc.
none 'dir_config_create unsets each value' \
    "$(members dir_config_t | while read -r kind name; do
        [ "$kind" = pointer ] ||
            body dir_config_create | grep -q "conf->$name = UNSET;" ||
            echo "$name"
    done)"
