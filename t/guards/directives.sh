# A directive that exists is documented, and the other way round.
. t/guards/tap

table=$(grep -oE 'AP_INIT_[A-Z0-9]+\("[A-Za-z]+"' module/directives.c |
    cut -d'"' -f2 | sort)
reference=$(sed -nE 's/^# ((EduOutcomes|DBD)[A-Za-z]*) [^ ].*/\1/p' \
    conf/edu_outcomes.conf | sort)
listed=$(sed -nE 's/^\| `((EduOutcomes|DBD)[A-Za-z]*)` .*/\1/p' \
    docs/directives.md | sort)

same 'conf/edu_outcomes.conf explains every directive' "$table" "$reference"
same 'docs/directives.md lists every directive' "$table" "$listed"
