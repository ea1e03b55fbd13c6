# The directives of module/directives.c, in the order of its table, as man(7).

# Strings of C that stand side by side are one.
function text(s) {
    gsub(/" +"/, "", s)
    sub(/^[^"]*"/, "", s)
    sub(/".*/, "", s)
    return s
}

function roff(s) {
    gsub(/\\/, "\\e", s)
    gsub(/-/, "\\-", s)
    return s
}

/^const command_rec edum_commands/ { inside = 1; next }
/^};/ { inside = 0 }
!inside || /^ *\/\*/ { next }
{ entry = entry " " $0 }
/"\),$/ {
    name = text(entry)
    sub("\"" name "\"", "", entry)
    value = "\\fIvalue\\fP"
    if (entry ~ /AP_INIT_FLAG/)
        value = "On|Off"
    else if (entry ~ /AP_INIT_ITERATE/)
        value = value " ..."
    where = entry ~ /ACCESS_CONF/ ? "section" : "server"
    list[where] = list[where] ".TP\n\\fB" name "\\fP " value "\n" \
        roff(text(entry)) ".\n"
    entry = ""
}

END {
    print ".SS In a <Location>, or a section in it"
    printf "%s", list["section"]
    print ".SS In the server or a virtual host"
    printf "%s", list["server"]
}
