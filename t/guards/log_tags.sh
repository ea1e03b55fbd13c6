# An administrator who searches for a tag finds one place.
. t/guards/tap

tags=$(grep -hoE '"EDU[0-9]{4}:' mod_edu_outcomes.c module/*.c lib/*/*.c |
    sort)

some 'messages have tags' "$tags"
none 'no tag stands twice' "$(echo "$tags" | uniq -d)"
none 'no message goes without' \
    "$(cat mod_edu_outcomes.c module/*.c | tr '\n' ' ' | grep -oE 'ap_log_[a-z]*error\([^;]*' |
        grep -v 'EDU[0-9]')"
