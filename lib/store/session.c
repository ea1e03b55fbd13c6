/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* A connection runs its settings before it takes statements.  SQLite's log is
 * flushed here, outside COMMIT. */

#include "driver.h"

#include <apr_file_io.h>
#include <apr_strings.h>

static apr_status_t open_session(const edu_call_t *call)
{
    const edu_setting_t *setting = call->session->dialect->session;
    int ms = (int)apr_time_as_msec(
        EDU_STATEMENT_SHARE(edu__store_timeout(call->store)));
    int looks =
        call->store->read_only && call->store->schema == EDU_SCHEMA_UNUSED;
    apr_status_t rv = APR_SUCCESS;

    for (; !rv && setting->text; setting++) {
        const char *text = setting->unit > 0
                               ? apr_psprintf(call->p, setting->text,
                                              (ms - 1) / setting->unit + 1)
                               : setting->text;

        if (looks && setting->unit == EDU_SETS_FILE) {
            continue; /* a backup stays as it is */
        }
        rv = edu__driver_ask(call, text, NULL);
        if (call->session->read_only &&
            call->store->schema == EDU_SCHEMA_UNUSED) {
            rv = APR_SUCCESS; /* a file that cannot be changed can be read */
        }
    }
    return rv;
}

/* @param name  of a file that the database has open as well; NULL: none */
static apr_status_t open_file(const edu_call_t *call, const char *name,
                              apr_file_t **file, apr_pool_t *p)
{
    *file = NULL;
    if (name &&
        apr_file_open(file, name, APR_FOPEN_WRITE, APR_FPROT_OS_DEFAULT, p)) {
        *file = NULL;
        return edu__unavailable(call, "%s cannot be opened%s", name,
                                edu__driver_hint(call, "unable to open"));
    }
    return APR_SUCCESS;
}

/* SQLite flushes its log within COMMIT, while the next writer waits.  Here
 * COMMIT only writes (synchronous=NORMAL), and edu__call_flush flushes later,
 * beside other writers.  Every acknowledged write survives a power cut all the
 * same, as SQLite's sources show (3.40 to 3.54):
 *
 * 1. The file flushed is the log that COMMIT wrote to.  A connection in WAL
 *    mode keeps a SHARED lock on the data file from its first read until it
 *    closes (pager.c, pager_unlock).  SQLite removes a log under an EXCLUSIVE
 *    lock (wal.c, sqlite3WalClose), or beside an empty data file.  The
 *    connection has read before its log is opened here.
 * 2. No descriptor of ours drops that lock.  A process loses its POSIX locks
 *    on a file when it closes any descriptor of it.  SQLite locks the data file
 *    and -shm, never -wal (os_unix.c, UNIXFILE_NOLOCK): the log may be closed
 *    at any time, the data file stays open for as long as the connection.
 * 3. A flush makes a transaction durable with all before it.  One writer at a
 *    time appends frames, and has written its last when COMMIT returns.
 *    Recovery reads frames up to the first whose running checksum is wrong, and
 *    later writes leave the bytes before them alone (powersafe overwrite).
 * 4. A log that begins anew, or is removed, before the flush has no need of it.
 *    All its frames have been copied by then (walRestartLog: nBackfill is
 *    mxFrame); walCheckpoint flushes the log before it copies, and the data
 *    file before it notes that all is copied.  The header of the next log is
 *    flushed before its first frame is written (syncHeader), and with it the
 *    directory (UNIXFILE_DIRSYNC).  NORMAL does all this, OFF none of it.
 * 5. A failed flush is reported.  Linux reports an error of writing back once
 *    to each descriptor open at the time, so the log is opened before the first
 *    COMMIT, not for the flush.
 *
 * A log that cannot be opened is left to SQLite (FULL): where it may not be
 * written, rows can still be read.
 *
 * t/sqlite3/power.t cuts the power to test 1, 3 and 4, and looks for the locks
 * of 2; no test shows 5. */
static apr_status_t open_log(const edu_call_t *call)
{
    edu_session_t *session = call->session;
    const char *name = NULL;
    apr_status_t rv = session->dialect->log
                          ? edu__driver_ask(call, session->dialect->log, &name)
                          : APR_SUCCESS;

    return !rv && !open_file(call, name, &session->log, session->pool) &&
                   session->log
               ? edu__driver_ask(call, session->dialect->wal_no_sync, NULL)
               : rv;
}

static apr_status_t flush(const edu_call_t *call, apr_file_t *file)
{
    const char *name;

    if (!file || apr_file_datasync(file) == APR_SUCCESS) {
        return APR_SUCCESS;
    }
    apr_file_name_get(&name, file);
    return edu__unavailable(
        call,
        "%s cannot be flushed and may lack the last writes. Check the disk",
        name);
}

int edu__call_is_durable(const edu_call_t *call)
{
    return !call->session || !call->session->log;
}

/* What is written to a log that was removed is lost with it.  The connection
 * stays open for all that: by closing the last one to a file, SQLite removes
 * the log by its name, which may be that of another file by now. */
apr_status_t edu__call_is_there(const edu_call_t *call)
{
    apr_file_t *log = call->session ? call->session->log : NULL;
    const char *name;
    apr_finfo_t info;

    if (!log || apr_file_info_get(&info, APR_FINFO_NLINK, log) || info.nlink) {
        return APR_SUCCESS;
    }
    apr_file_name_get(&name, log);
    return edu__unavailable(call,
                            "%s was removed while it was open, and what is "
                            "written is lost. Stop Apache, put the database in "
                            "its place, and start Apache",
                            name);
}

apr_status_t edu__call_flush(const edu_call_t *call)
{
    apr_status_t rv = edu__call_is_there(call);

    return rv || !call->session ? rv : flush(call, call->session->log);
}

static apr_status_t ask_packet(const edu_call_t *call)
{
    edu_call_t own = *call;
    struct apr_dbd_row_t *row = NULL;

    call->session->packet = 0;
    own.control = call->session->dialect->packet;
    if (own.control && edu__driver_query(&own)) {
        return edu__unavailable(call, "%s failed", own.control);
    }
    while (own.control && (row = edu__call_next(&own, row))) {
        call->session->packet = apr_atoi64(edu__call_column(&own, row, 0));
    }
    return APR_SUCCESS;
}

apr_status_t edu__session_prepare(const edu_call_t *call)
{
    edu_call_t check = *call;
    apr_status_t rv;

    apr_pool_create(&call->session->pool, call->dbd.pool);
    rv = open_session(call);
    rv = rv ? rv : ask_packet(call);
    if (!rv && call->store->schema != EDU_SCHEMA_UNUSED) {
        rv = edu__schema_check(&check);
    }
    if (!rv && call->store->schema != EDU_SCHEMA_UNUSED) {
        edu__history_mark(call);
    }
    return rv ? rv : open_log(call);
}

/* SQLite flushes the data file in the last checkpoint, while writers wait; a
 * flush before that leaves it little to do.  The file stays open (open_log, 2).
 */
apr_status_t edu__session_flush_data(const edu_call_t *call, const char *name)
{
    edu_session_t *session = call->session;
    apr_status_t rv =
        session->data ? APR_SUCCESS
                      : open_file(call, name, &session->data, call->dbd.pool);

    return rv ? rv : flush(call, session->data);
}
