/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* What to do about a database that cannot be used, by the words of its driver
 * and, for one that is a file, by the permissions of that. */

#include "inner.h"

#include <apr_file_info.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include <grp.h>

/* clang-format off */
/* The first row whose text the driver's words have; pgsql's come from libpq
 * and from the server, in English. */
static const struct hint_t {
    const char *driver, *text, *hint;
} hints[] = {
    { "pgsql", "root certificate file",
      "Let sslrootcert in DBDParams name the certificate of the authority "
      "that signed the database's, which the user that Apache runs as can "
      "read" },
    { "pgsql", "certificate verify failed",
      "Let sslrootcert in DBDParams name the certificate of the authority "
      "that signed the database's" },
    { "pgsql", "does not match host name",
      "Let host in DBDParams be a name in the certificate of the database" },
    { "pgsql", "private key file",
      "Let sslkey in DBDParams name a file that only its owner can read: chmod "
      "0600" },
    { "pgsql", "certificate",
      "Name the files of certificate and key by sslcert and sslkey in "
      "DBDParams: libpq looks for others in the home directory of the user "
      "that started Apache" },
    { "pgsql", "server does not support SSL",
      "Switch TLS on in the database (ssl = on), or lower sslmode in "
      "DBDParams" },
    { "pgsql", "password",
      "Mend user and password in DBDParams" },
    { "pgsql", "no pg_hba.conf entry",
      "Admit this user from this host in pg_hba.conf of the database" },
    { "pgsql", "Peer authentication failed",
      "Admit this user in pg_hba.conf of the database, or name a host and a "
      "password in DBDParams" },
    { "pgsql", "could not translate host name",
      "Mend host in DBDParams" },
    { "pgsql", "authentication failed",
      "Admit this user in pg_hba.conf of the database" },
    { "pgsql", "not permitted to log in",
      "ALTER ROLE this user LOGIN, or mend user in DBDParams" },
    { "pgsql", "too many clients",
      "Lower DBDMax, or raise max_connections of the database" },
    { "pgsql", "connection slots",
      "Lower DBDMax, or raise max_connections of the database" },
    { "pgsql", "too many connections for",
      "Lower DBDMax, or raise CONNECTION LIMIT of the user or the database" },
    { "pgsql", "no more connections allowed",
      "Lower DBDMax, or raise max_client_conn of pgbouncer" },
    { "pgsql", "query_wait_timeout",
      "Lower DBDMax, or raise default_pool_size of pgbouncer" },
    { "pgsql", "prepared statement",
      "A pooler lends a connection for one transaction: set pool_mode = "
      "session of pgbouncer" },
    { "pgsql", "unsupported startup parameter",
      "Leave it out of DBDParams, or name it in ignore_startup_parameters of "
      "pgbouncer" },
    { "pgsql", "No space left on device",
      "Make room on the disk of the database" },
    { "pgsql", "Disk quota exceeded",
      "Make room on the disk of the database" },
    { "pgsql", "the database system is",
      "It starts, ends or recovers: wait" },
    { "pgsql", "Connection refused",
      "Start the database, or mend host and port in DBDParams" },
    { "pgsql", "No such file or directory",
      "Start the database, or mend host and port in DBDParams" },
    { "pgsql", "relation \"edu_",
      "Load schema/pgsql.sql, or set EduOutcomesSchema auto" },
    { "pgsql", "column \"",
      "Load schema/pgsql.sql, or set EduOutcomesSchema auto" },
    { "pgsql", "does not exist",
      "Create the database and its user, or mend dbname and user in "
      "DBDParams" },
    { "pgsql", "must be owner of",
      "Let the owner of the tables load schema/pgsql.sql, and set "
      "EduOutcomesSchema manual" },
    { "pgsql", "permission denied",
      "GRANT the user in DBDParams what the tables need, or load "
      "schema/pgsql.sql as another user and set EduOutcomesSchema manual" },
    { "pgsql", "read-only transaction",
      "It follows another: let DBDParams name that, or both with "
      "target_session_attrs=read-write" },
    { "pgsql", "during recovery",
      "It follows another: let DBDParams name that, or both with "
      "target_session_attrs=read-write" },
    { "pgsql", "session is read-only",
      "Name the database that is written to in DBDParams, beside those that "
      "follow it" },
    { "pgsql", "lock timeout",
      "Find out what keeps the lock: pg_stat_activity of the database" },
    { "pgsql", "statement timeout",
      "Find out what keeps the database busy, or raise EduOutcomesTimeout" },
    { "pgsql", "administrator command",
      "Somebody ended the connection, as by a restart: the next request opens "
      "another" },
    { "pgsql", "terminating connection",
      "The next request opens another" },
    { "pgsql", "server closed the connection",
      "The log of the database tells why it did: it was restarted, or failed" },
    { "pgsql", "could not connect",
      "Start the database, or mend host and port in DBDParams" },
    { "pgsql", "connection to server",
      "Start the database, or mend host and port in DBDParams" },
    { "mysql", "Access denied",
      "Mend user and pass in DBDParams, or GRANT the user this database" },
    { "mysql", "Unknown database",
      "Create the database, or mend dbname in DBDParams" },
    { "mysql", "command denied",
      "GRANT the user in DBDParams what the tables need, or load "
      "schema/mysql.sql as another user and set EduOutcomesSchema manual" },
    { "mysql", "server host",
      "Mend host in DBDParams" },
    { "mysql", "Too many connections",
      "Lower DBDMax, or raise max_connections of the database" },
    { "mysql", "max_user_connections",
      "Lower DBDMax, or raise max_user_connections of the user" },
    { "mysql", "read-only",
      "It follows another, or read_only is on: let DBDParams name one that "
      "is written to" },
    { "mysql", "WSREP has not yet prepared",
      "This node is not with the majority of its cluster: wait until it has "
      "joined again, or let DBDParams name another node" },
    { "mysql", "is not allowed to connect",
      "Create the user for this host, and GRANT it the database" },
    { "mysql", "is blocked because of",
      "End the block by FLUSH HOSTS, when the connection works" },
    { "mysql", "doesn't exist",
      "Load schema/mysql.sql, or set EduOutcomesSchema auto" },
    { "mysql", "' is full",
      "Make room on the disk of the database" },
    { "mysql", "Disk full",
      "Make room on the disk of the database" },
    { "mysql", "No space left on device",
      "Make room on the disk of the database" },
    { "mysql", "Disk quota exceeded",
      "Make room on the disk of the database" },
    { "mysql", "Deadlock found",
      "Others write to the same rows" },
    { "mysql", "Lock wait timeout",
      "Find out what keeps the lock: SHOW ENGINE INNODB STATUS" },
    { "mysql", "max_statement_time",
      "Find out what keeps the database busy, or raise EduOutcomesTimeout" },
    { "mysql", "shutdown in progress",
      "It ends: start it, or wait" },
    { "mysql", "gone away",
      "The next request opens another connection; the log of the database "
      "tells why this one ended" },
    { "mysql", "Lost connection",
      "The next request opens another connection; the log of the database "
      "tells why this one ended" },
    { "mysql", "SSL",
      "Name the certificate of the authority by ssl-ca in an option file, and "
      "its group by group in DBDParams" },
    { "mysql", "Can't connect",
      "Start the database, or mend host, port and sock in DBDParams" },
    { "sqlite3", "no such table: edu_",
      "Load schema/sqlite3.sql, or set EduOutcomesSchema auto" },
    { "sqlite3", "not a database",
      "The file is something else: let DBDParams name another" },
    { "sqlite3", "malformed",
      "The file is damaged, as by a copy over it while it was open: restore "
      "a backup" },
    { "sqlite3", "locked",
      "Another program keeps the file locked: end it" },
    { "sqlite3", "full",
      "Make room on its disk" },
    { "sqlite3", "disk I/O error",
      "Check its disk; a network file system will not do" },
    { "sqlite3", "readonly",
      "Let the user that Apache runs as write to the file and to its "
      "directory" },
    { "sqlite3", "unable to open",
      "Let the user that Apache runs as write to the file and to its "
      "directory" },
    { NULL, NULL, NULL }
};
/* clang-format on */

/* ----------------------------------------------------------------- a file */

static int is_in_group(const edu_user_t *user, apr_gid_t group, apr_pool_t *p)
{
    gid_t *groups;
    int n = 0, found = user->gid == group;

    getgrouplist(user->name, user->gid, NULL, &n);
    groups = apr_pcalloc(p, ((apr_size_t)n + 1) * sizeof(*groups));
    if (getgrouplist(user->name, user->gid, groups, &n) < 0) {
        n = 0;
    }
    for (int i = 0; i < n; i++) {
        found |= groups[i] == group;
    }
    return found;
}

/* Whether the mode of a file admits a user.
 * @param bits  of "other": APR_FPROT_W…, those of a group are 16 times as much,
 *              those of the owner once more */
static int admits(const apr_finfo_t *file, const edu_user_t *user, int bits,
                  apr_pool_t *p)
{
    int mode = file->protection;

    mode = user->uid == file->user             ? mode >> 8
           : is_in_group(user, file->group, p) ? mode >> 4
                                               : mode;
    return user->uid == 0 || (mode & bits) == bits;
}

/* What keeps a user from the directory of a file. */
static const char *look_at_dir(const char *dir, const edu_user_t *user,
                               apr_pool_t *p)
{
    apr_finfo_t found;
    apr_status_t rv = apr_stat(
        &found, dir, APR_FINFO_TYPE | APR_FINFO_PROT | APR_FINFO_OWNER, p);

    if (APR_STATUS_IS_ENOENT(rv)) {
        return apr_psprintf(p,
                            "the directory %s does not exist. Make it for the "
                            "user %s: install -d -o %s -m 0750 %s",
                            dir, user->name, user->name, dir);
    }
    return !rv && admits(&found, user, APR_FPROT_WWRITE | APR_FPROT_WEXECUTE, p)
               ? NULL
               : apr_psprintf(p,
                              "the user %s cannot write to the directory %s, "
                              "where SQLite keeps files beside the database. "
                              "Give it to the user: chown %s %s",
                              user->name, dir, user->name, dir);
}

const char *edu_store_look(const char *driver, const char *params,
                           const edu_user_t *user, apr_pool_t *p)
{
    const char *slash = strrchr(params, '/');
    apr_finfo_t found;

    if (strcmp(driver, "sqlite3") != 0 || !slash) {
        return NULL;
    }
    if (!apr_stat(&found, params,
                  APR_FINFO_TYPE | APR_FINFO_PROT | APR_FINFO_OWNER, p)) {
        if (found.filetype == APR_DIR) {
            return apr_psprintf(p,
                                "%s is a directory. Let DBDParams name a file "
                                "in it: %s/outcomes.db",
                                params, params);
        }
        if (!admits(&found, user, APR_FPROT_WREAD | APR_FPROT_WWRITE, p)) {
            return apr_psprintf(p,
                                "the user %s cannot write to %s. Give it to "
                                "the user, with the files beside it: chown %s "
                                "%s*",
                                user->name, params, user->name, params);
        }
    }
    return look_at_dir(
        slash == params ? "/" : apr_pstrmemdup(p, params, slash - params), user,
        p);
}

/* -------------------------------------------------------------------- hints */

/* What keeps this process from the file. */
static const char *look(const char *driver, const char *params, apr_pool_t *p)
{
    edu_user_t user;
    char *name;

    if (!params || apr_uid_current(&user.uid, &user.gid, p)) {
        return NULL;
    }
    user.name = apr_uid_name_get(&name, user.uid, p)
                    ? apr_psprintf(p, "%ld", (long)user.uid)
                    : name;
    return edu_store_look(driver, params, &user, p);
}

const char *edu__hint(const char *driver, const char *params, const char *says,
                      apr_pool_t *p)
{
    const char *fault = look(driver, params, p);
    const struct hint_t *hint = hints;

    while (hint->driver &&
           (strcmp(hint->driver, driver) != 0 || !strstr(says, hint->text))) {
        hint++;
    }
    return fault        ? apr_pstrcat(p, ": ", fault, NULL)
           : hint->hint ? apr_pstrcat(p, ". ", hint->hint, NULL)
                        : "";
}
