#!/bin/sh
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Serve the module that was just built, from a private Apache in the
# foreground.  make run sets HTTPD, APXS and MODULE; you may set
#
#   make run PORT=8080 DATA=run MPM=event|prefork|worker AUTH=basic|none TLS=0|1
#            DEMO=0|1
#            DB="pgsql host=localhost dbname=outcomes"
#            DB="mysql host=localhost user=apache dbname=outcomes"
set -eu

: "${PORT:=8080}" "${DATA:=run}" "${MPM:=event}" "${AUTH:=basic}" "${TLS:=0}"
: "${DEMO:=0}"
DATA=${DATA%/}
here=$(cd "$(dirname "$0")" && pwd)

fail() {
    echo "make run: $*" >&2
    exit 1
}

# ------------------------------------------------------------------- options

case $PORT in
*[!0-9]*) fail "PORT=$PORT is not a number; try PORT=8080." ;;
esac
case $MPM in
event | prefork | worker) ;;
*) fail "MPM=$MPM is not known; choose event, prefork or worker." ;;
esac
case $AUTH in
basic) login=" -u teacher:demo" ;;
none) login= ;;
*) fail "AUTH=$AUTH is not known; choose basic or none." ;;
esac
case $TLS in
0) base=http://127.0.0.1:$PORT ssl= ;;
1) base=https://localhost:$PORT ssl=ssl ;;
*) fail "TLS=$TLS is not known; choose 0 or 1." ;;
esac
case $DEMO$AUTH in
0basic | 0none | 1basic) ;;
1none) fail "DEMO=1 needs the users of AUTH=basic." ;;
*) fail "DEMO=$DEMO is not known; choose 0 or 1." ;;
esac
case ${DB:-} in
'') ;;
"pgsql "*) ;;
"mysql "*) DB="$DB reconnect=0 flags=CLIENT_FOUND_ROWS fldsz=16777215" ;;
*) fail "DB=$DB is not known; leave it out for SQLite, or name the driver and" \
    "its parameters: DB=\"pgsql host=localhost dbname=outcomes\"." ;;
esac
[ -x "$HTTPD" ] || fail "configure found no Apache to start: install" \
    "apache2-bin (Debian, Ubuntu) or httpd (Fedora), then ./configure again."
[ "$TLS" = 0 ] || command -v openssl >/dev/null ||
    fail "there is no openssl to make a certificate with; install the" \
        "package openssl or choose TLS=0."

# Only a refused connection (7) tells that the port is free.
answer=0
curl -so /dev/null -m 2 --noproxy '*' "http://127.0.0.1:$PORT/" || answer=$?
case $answer in
7 | 127) ;;
*) fail "port $PORT is in use; stop what listens there or choose another" \
    "PORT." ;;
esac

# ----------------------------------------------------------- where data lives

[ -e "$DATA" ] || rm -f "$DATA" # a link whose target is gone
mkdir -p "$DATA" || fail "DATA=$DATA cannot be created; choose another."
data=$(cd "$DATA" && pwd -P)
[ -w "$data" ] || fail "you may not write to DATA=$DATA; choose another."
[ -e "$data/outcomes.db" ] || [ -z "$(ls -A "$data")" ] ||
    fail "DATA=$DATA holds other files; name a new or an empty directory."
pid=$(cat "$data/httpd.pid" 2>/dev/null) || pid=
! grep -qs "$data/httpd.conf" "/proc/$pid/cmdline" ||
    fail "DATA=$DATA is already served by process $pid; stop that first."

# Root's Apache serves as another user, who must be able to get there.
user=
if [ "$(id -u)" -eq 0 ]; then
    for user in www-data apache nobody; do
        ! id "$user" >/dev/null 2>&1 || break
    done
    chown "$user" "$data"
    if ! runuser -u "$user" -- test -w "$data"; then
        [ ! -e "$data/outcomes.db" ] ||
            fail "Apache's user $user cannot reach $data; let it search the" \
                "directories above (chmod a+x) or name another DATA."
        rmdir "$data"
        rm -f "$DATA"
        data=$(mktemp -d /var/tmp/edu_outcomes.XXXXXX)
        chown "$user" "$data"
        ln -s "$data" "$DATA"
        echo "Apache's user $user cannot reach $DATA, so it is a link to $data."
    fi
fi
# Grades, passwords and logs are for nobody else; what earlier versions left for
# all to read, too.  An empty file is an empty database; SQLite gives its helpers
# the same owner and mode.
umask 077
touch "$data/outcomes.db" "$data/htpasswd"
# A copy, for Apache's user may not be able to reach the sources.
rm -rf "$data/www"
mkdir "$data/www"
cp "$here/welcome.html" "$data/www/index.html"
cp -R "$here/../www" "$data/www/gradebook"
[ -z "$user" ] ||
    chown -R "$user" "$data"/outcomes.db* "$data/htpasswd" "$data/www"
chmod 711 "$data"
find "$data/" -type f ! -name localhost.crt -exec chmod go= {} +

# ---------------------------------------------------------------- certificate

# It is kept, so that clients need to trust it only once.  As it is
# no CA, it vouches for nothing else.
# The status is shown, and the prompt stands on a line of its own.
show="-i -w '\\n'"
curl="curl $show$login"
if [ "$TLS" = 1 ]; then
    crt=$data/localhost.crt
    curl="curl $show --cacert '$crt'$login"
    openssl x509 -checkend 86400 -noout -in "$crt" >/dev/null 2>&1 ||
        problem=$(openssl req -config /dev/stdin -x509 -days 365 \
            -newkey rsa:2048 -nodes -keyout "$data/localhost.key" \
            -out "$crt" 2>&1 <<END
[req]
prompt = no
distinguished_name = subject
x509_extensions = extensions
[subject]
CN = localhost
[extensions]
subjectAltName = DNS:localhost, IP:127.0.0.1
basicConstraints = critical, CA:FALSE
extendedKeyUsage = serverAuth
END
        ) || fail "openssl made no certificate:" \
            "$(echo "$problem" | tail -n 1)"
    chmod 644 "$crt"
fi

# -------------------------------------------------------------- configuration

# All three have the password demo.
for name in teacher student app; do
    echo "$name:{SHA}ieSV55Qc+eQOaYDRSha/AjzNTJE="
done >"$data/htpasswd"

: "${DB:=sqlite3 $data/outcomes.db}"

modules=$("$APXS" -q LIBEXECDIR)
{
    echo "# Written by make run at each start."
    echo "Define DATA \"$data\""
    echo "Define PORT $PORT"
    echo "Define AUTH_$AUTH"
    echo "Define TLS_$TLS"
    echo "Define DB_DRIVER ${DB%% *}"
    echo "Define DB_PARAMS \"${DB#* }\""
    for name in mpm_$MPM unixd log_config authn_core authn_file auth_basic \
        authz_core authz_user reqtimeout dir headers $ssl; do
        if [ -e "$modules/mod_$name.so" ]; then
            echo "LoadModule ${name}_module \"$modules/mod_$name.so\""
        elif ! "$HTTPD" -l | grep -Eq " (mod_$name|${name#mpm_})\.c"; then
            fail "this Apache lacks mod_$name: it is neither in $modules nor" \
                "compiled in; install it or choose another Apache."
        fi
    done
    echo "LoadModule edu_outcomes_module \"$MODULE\""
    [ -z "$user" ] || printf '%s\n' "User $user" "Group $(id -gn "$user")"
    echo "Include \"$here/run.conf\""
} >"$data/httpd.conf"

problem=$("$HTTPD" -t -d "$data" -f "$data/httpd.conf" 2>&1) || fail "$problem"

# ---------------------------------------------------------------------- start

# A class of 30 with three assignments, where there is no class yet.
demo() {
    until n=$(curl -sf -m 10 --noproxy '*' ${crt:+--cacert "$crt"} \
        -u app:demo "$base/v1.0/education/classes/\$count"); do
        kill -0 "$server" 2>/dev/null || return
        sleep 0.1
    done
    if [ "$n" != 0 ]; then
        echo "DEMO=1: there are classes already; look at their grades."
        return
    fi
    SSL_CERT_FILE=${crt-} perl "$here/../docs/term.pl" "$base/v1.0" \
        >/dev/null 2>"$data/demo.log" &&
        echo "DEMO=1: the term of the class History 9b is over; look at its grades." ||
        echo "make run: DEMO=1: $(tail -n 1 "$data/demo.log")" >&2
}

submission=education/classes/c1/assignments/a1/submissions/s1
outcomes=$base/v1.0/$submission/outcomes
id=$(cat /proc/sys/kernel/random/uuid)
json="-H 'Content-Type: application/json'"
gradebook="
The gradebook, for the users teacher, student and app with the password demo:

$base/gradebook/
"
[ "$AUTH" = basic ] || gradebook=
cat <<END

Serving on $base from $DATA until Ctrl-C.
$gradebook
The API, to paste into a second terminal:

$curl $outcomes $json -d '{"@odata.type":"#microsoft.graph.educationPointsOutcome","id":"$id","points":{"points":85}}'

$curl $outcomes

$curl $outcomes/$id -X PATCH $json -d '{"points":{"points":90}}'
END

# In a session of its own, for Apache takes the signal that a resized terminal
# sends for the order to stop.
setsid "$HTTPD" -d "$data" -f "$data/httpd.conf" -DFOREGROUND &
server=$!
trap 'kill "$server"; wait "$server"; exit' HUP INT TERM
[ "$DEMO" = 0 ] || demo
wait "$server" || fail "Apache stopped; $DATA/error_log ends with" \
    "$(tail -n 2 "$data/error_log" 2>/dev/null || echo nothing)"
