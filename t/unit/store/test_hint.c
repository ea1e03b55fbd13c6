/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* What is said of a database that cannot be used. */

#include "inner.h"
#include "unit.h"

#include <apr_file_io.h>
#include <apr_strings.h>

/* Words of drivers and databases, and a part of what to do. */
/* clang-format off */
static const struct told_t {
    const char *driver, *says, *hint;
} told[] = {
    { "pgsql", "connection to server at \"db\", port 5432 failed: root "
      "certificate file \"/var/www/.postgresql/root.crt\" does not exist",
      "Let sslrootcert in DBDParams name" },
    { "pgsql", "connection to server at \"db\" failed: SSL error: certificate "
      "verify failed", "Let sslrootcert in DBDParams name" },
    { "pgsql", "connection to server at \"db\" failed: server certificate for "
      "\"a\" does not match host name \"b\"", "Let host in DBDParams be" },
    { "pgsql", "connection to server at \"db\" failed: could not open "
      "certificate file \"/root/.postgresql/postgresql.crt\": Permission "
      "denied", "by sslcert and sslkey" },
    { "pgsql", "connection to server at \"db\" failed: FATAL:  password "
      "authentication failed for user \"edu\"", "Mend user and password" },
    { "pgsql", "connection to server at \"db\" failed: fe_sendauth: no "
      "password supplied", "Mend user and password" },
    { "pgsql", "connection to server at \"db\" failed: FATAL:  no pg_hba.conf "
      "entry for host \"10.0.0.1\"", "Admit this user from this host" },
    { "pgsql", "connection to server at \"db\", port 5432 failed: Connection "
      "refused Is the server running on that host", "Start the database" },
    { "pgsql", "connection to server on socket \"/tmp/.s.PGSQL.5432\" failed: "
      "No such file or directory", "Start the database" },
    { "pgsql", "could not translate host name \"db\" to address: Name or "
      "service not known", "Mend host in" },
    { "pgsql", "connection to server at \"db\" failed: FATAL:  sorry, too many "
      "clients already", "Lower DBDMax" },
    { "pgsql", "connection to server at \"db\" failed: FATAL:  remaining "
      "connection slots are reserved", "Lower DBDMax" },
    { "pgsql", "connection to server at \"db\" failed: FATAL:  the database "
      "system is starting up", "wait" },
    { "pgsql", "connection to server at \"db\" failed: FATAL:  database \"x\" "
      "does not exist", "Create the database and its user" },
    { "pgsql", "ERROR:  permission denied for schema public",
      "GRANT the user" },
    { "pgsql", "ERROR:  cannot execute INSERT in a read-only transaction",
      "target_session_attrs=read-write" },
    { "pgsql", "connection to server at \"db\" failed: private key file \"/k\" "
      "has group or world access", "chmod 0600" },
    { "pgsql", "connection to server at \"db\" failed: FATAL:  Ident "
      "authentication failed for user \"edu\"", "pg_hba.conf" },
    { "pgsql", "connection to server at \"db\" failed: FATAL:  role \"edu\" is "
      "not permitted to log in", "ALTER ROLE" },
    { "pgsql", "connection to server at \"db\" failed: FATAL:  too many "
      "connections for role \"edu\"", "CONNECTION LIMIT" },
    { "pgsql", "connection to server at \"db\" failed: FATAL:  no more "
      "connections allowed (max_client_conn)", "max_client_conn" },
    { "pgsql", "FATAL:  query_wait_timeout", "default_pool_size" },
    { "pgsql", "ERROR:  prepared statement \"edu_get_3\" does not exist",
      "pool_mode = session" },
    { "pgsql", "ERROR:  prepared statement \"edu_get_3\" already exists",
      "pool_mode = session" },
    { "pgsql", "connection to server at \"db\" failed: FATAL:  unsupported "
      "startup parameter: options", "ignore_startup_parameters" },
    { "pgsql", "connection to server at \"db\" failed: FATAL:  the database "
      "system is in recovery mode", "wait" },
    { "pgsql", "connection to server at \"db\" failed: session is read-only",
      "that is written to" },
    { "pgsql", "ERROR:  cannot execute LOCK TABLE during recovery",
      "target_session_attrs=read-write" },
    { "pgsql", "ERROR:  could not extend file \"base/5/16\": No space left on "
      "device", "Make room" },
    { "pgsql", "ERROR:  relation \"edu_outcome\" does not exist",
      "Load schema/pgsql.sql" },
    { "pgsql", "ERROR:  column \"shown\" does not exist",
      "Load schema/pgsql.sql" },
    { "pgsql", "ERROR:  must be owner of table edu_outcome", "Let the owner" },
    { "pgsql", "ERROR:  permission denied for table edu_outcome",
      "GRANT the user" },
    { "pgsql", "ERROR:  canceling statement due to lock timeout",
      "what keeps the lock" },
    { "pgsql", "ERROR:  canceling statement due to statement timeout",
      "EduOutcomesTimeout" },
    { "pgsql", "FATAL:  terminating connection due to administrator command",
      "Somebody ended" },
    { "pgsql", "FATAL:  terminating connection due to idle-in-transaction "
      "timeout", "opens another" },
    { "pgsql", "server closed the connection unexpectedly", "tells why" },
    { "pgsql", "connection to server at \"db\" failed: Connection timed out",
      "Start the database" },
    { "mysql", "Access denied for user 'edu'@'localhost' (using password: YES)",
      "Mend user and pass" },
    { "mysql", "Unknown database 'x'", "Create the database" },
    { "mysql", "Can't connect to local server through socket '/x' (2)",
      "Start the database" },
    { "mysql", "Unknown server host 'db' (-2)", "Mend host" },
    { "mysql", "Too many connections", "Lower DBDMax" },
    { "mysql", "User edu already has more than 'max_user_connections' active "
      "connections", "max_user_connections of" },
    { "mysql", "WSREP has not yet prepared node for application use",
      "another node" },
    { "mysql", "The MariaDB server is running with the --read-only option so "
      "it cannot execute this statement", "It follows another" },
    { "mysql", "Host 'web' is not allowed to connect to this MariaDB server",
      "for this host" },
    { "mysql", "Host 'web' is blocked because of many connection errors; "
      "unblock with 'mariadb-admin flush-hosts'", "FLUSH HOSTS" },
    { "mysql", "Table 'outcomes.edu_outcome' doesn't exist",
      "Load schema/mysql.sql" },
    { "mysql", "INSERT command denied to user 'edu'@'localhost' for table "
      "`outcomes`.`edu_outcome`", "GRANT the user" },
    { "mysql", "The table 'edu_outcome' is full", "Make room" },
    { "mysql", "Got error 28 \"No space left on device\" from storage engine "
      "InnoDB", "Make room" },
    { "mysql", "Deadlock found when trying to get lock; try restarting "
      "transaction", "the same rows" },
    { "mysql", "Lock wait timeout exceeded; try restarting transaction",
      "what keeps the lock" },
    { "mysql", "Query execution was interrupted (max_statement_time exceeded)",
      "EduOutcomesTimeout" },
    { "mysql", "Server shutdown in progress", "wait" },
    { "mysql", "Server has gone away", "opens another" },
    { "mysql", "Lost connection to server during query", "opens another" },
    { "mysql", "Lost connection to server at 'handshake: reading initial "
      "communication packet', system error: 110", "tells why" },
    { "mysql", "TLS/SSL error: self-signed certificate", "ssl-ca" },
    { "mysql", "Can't connect to server on 'db' (111)", "Start the database" },
    { "sqlite3", "no such table: edu_outcome", "Load schema/sqlite3.sql" },
    { "sqlite3", "file is encrypted or is not a database", "something else" },
    { "sqlite3", "database or disk is full", "Make room" },
    { "sqlite3", "disk I/O error", "Check its disk" },
    { "sqlite3", "database table is locked", "Another program" },
    { "sqlite3", "file is not a database", "The file is something else" },
    { "sqlite3", "database disk image is malformed", "restore a backup" },
    { "sqlite3", "attempt to write a readonly database", "write to the file" },
    { "sqlite3", "unable to open database file", "write to the file" },
    { "sqlite3", "database is locked", "Another program" },
};
/* clang-format on */

static void make(const char *name, int mode, apr_pool_t *p)
{
    apr_file_t *file;

    apr_file_open(&file, name, APR_FOPEN_CREATE | APR_FOPEN_WRITE, mode, p);
    apr_file_close(file);
    apr_file_perms_set(name, mode);
}

/* What is said to somebody of a database in a directory. */
static const char *look(const char *dir, const char *name, apr_uid_t uid,
                        apr_gid_t gid, apr_pool_t *p)
{
    const edu_user_t user = { "somebody-else", uid, gid };

    return edu_store_look("sqlite3", apr_pstrcat(p, dir, "/", name, NULL),
                          &user, p);
}

static void has(const char *says, const char *part, const char *what)
{
    ok(says && strstr(says, part), "%s: %s", what, says ? says : "nothing");
}

static void test_files(apr_pool_t *p)
{
    const char *tmp, *dir;
    apr_finfo_t own;

    apr_temp_dir_get(&tmp, p);
    dir = apr_psprintf(p, "%s/edu-hint-%ld", tmp, (long)getpid());
    apr_dir_make(dir, 0x750, p);
    apr_stat(&own, dir, APR_FINFO_OWNER, p);
    has(look(apr_pstrcat(p, dir, "/none", NULL), "x.db", own.user + 1, 1, p),
        "/none does not exist. Make it for the user somebody-else: install -d "
        "-o somebody-else -m 0750 ",
        "a directory that is missing");
    ok(!look(dir, "x.db", own.user, own.group + 1, p), "one's own directory");
    has(look(dir, "x.db", own.user + 1, own.group + 1, p),
        "somebody-else cannot write to the directory", "another's");
    has(look(dir, "x.db", own.user + 1, own.group, p), "cannot write",
        "a group that may only read");
    apr_file_perms_set(dir, 0x770);
    ok(!look(dir, "x.db", own.user + 1, own.group, p), "a group that may");
    apr_file_perms_set(dir, 0x777);
    ok(!look(dir, "x.db", own.user + 1, own.group + 1, p), "all may");
    make(apr_pstrcat(p, dir, "/y.db", NULL), 0x644, p);
    ok(!look(dir, "y.db", own.user, own.group, p), "one's own file");
    has(look(dir, "y.db", own.user + 1, own.group + 1, p), "cannot write to /",
        "another's file");
    ok(!look(dir, "y.db", 0, own.group + 1, p), "root may");
    has(look(tmp, apr_psprintf(p, "edu-hint-%ld", (long)getpid()), own.user,
             own.group, p),
        " is a directory. Let DBDParams name a file in it", "a directory");
    ok(!edu_store_look("pgsql", "host=/none/x", &(edu_user_t){ "x", 1, 1 }, p),
       "a database that is no file");
    has(edu__hint("sqlite3", apr_pstrcat(p, dir, "/none/x.db", NULL),
                  "unable to open database file", p),
        "/none does not exist", "the file says more than the driver");
    apr_file_remove(apr_pstrcat(p, dir, "/y.db", NULL), p);
    apr_dir_remove(dir, p);
}

static void tests(apr_pool_t *p)
{
    for (size_t i = 0; i < COUNT(told); i++) {
        has(edu__hint(told[i].driver, NULL, told[i].says, p), told[i].hint,
            told[i].says);
    }
    is_str(edu__hint("pgsql", NULL, "something new", p), "",
           "of what is not known nothing is said");
    test_files(p);
}

TAP_MAIN(tests)
