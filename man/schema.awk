# The tables of a file of conf/schema, with their comments, as man(7).

function roff(s) {
    gsub(/\\/, "\\e", s)
    gsub(/-/, "\\-", s)
    sub(/^'/, "\\\\(aq", s)
    sub(/^\./, "\\\\\\&.", s)
    return s
}

/^-- / {
    comment = comment roff(substr($0, 4)) "\n"
    next
}
/^CREATE TABLE/ {
    sub(/ *\($/, "")
    print ".SS " $NF
    printf "%s", comment
    print ".PP\n.EX"
    inside = 1
    next
}
inside && /^\);/ {
    print ".EE"
    inside = 0
}
inside { print roff($0) }
{ comment = "" }
