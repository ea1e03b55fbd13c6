/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Statements run through apr_dbd: a connection prepares a statement at its
 * first use and keeps it. */

#include "driver.h"

#include <apr_dbd.h>
#include <apr_strings.h>

#include <stdlib.h>

apr_status_t edu__unavailable(const edu_call_t *call, const char *fmt, ...)
{
    apr_status_t rv =
        edu_error_set(call->err, EDU_EUNAVAILABLE, NULL, call->p, NULL);
    va_list args;

    va_start(args, fmt);
    call->err->detail = apr_pvsprintf(call->p, fmt, args);
    va_end(args);
    return rv;
}

const char *edu__driver_says(const edu_call_t *call, int rc)
{
    const char *text = apr_dbd_error(call->dbd.driver, call->dbd.handle, rc);

    if (text &&
        edu__sql_fate(call->session->dialect, rc, text) == EDU_EREADONLY) {
        call->session->read_only = 1;
    }
    return text ? apr_pstrdup(call->p, text) : "nothing";
}

const char *edu__driver_hint(const edu_call_t *call, const char *says)
{
    return edu__hint(call->session->dialect->driver, call->dbd.params, says,
                     call->p);
}

/* The log gets the first line of the driver's text: PostgreSQL's further lines
 * quote stored values. */
apr_status_t edu__driver_failed(const edu_call_t *call, const char *what,
                                int rc, int writes)
{
    const edu_sql_dialect_t *dialect = call->session->dialect;
    const char *all = edu__driver_says(call, rc);
    const char *says = apr_pstrmemdup(call->p, all, strcspn(all, "\n"));
    apr_status_t rv =
        writes ? edu__sql_fate(dialect, rc, says) : EDU_EUNAVAILABLE;

    call->session->undone = edu__sql_is_undone(dialect, rc, says);
    edu_error_set(
        call->err, rv, NULL, call->p,
        rv == EDU_ETOOLARGE
            ? "The document is longer than the database can store. Send less."
        : rv == EDU_EBADREQUEST
            ? "The database cannot store a text of the document."
            : NULL);
    call->err->detail =
        apr_psprintf(call->p, "%s failed; the %s driver says: %s%s", what,
                     dialect->driver, says, edu__driver_hint(call, says));
    return rv;
}

/* SQLite's driver waits for a lock by itself while it runs a statement, but not
 * while it prepares one. */
int edu__driver_is_locked(const edu_call_t *call, int rc)
{
    if (!rc || rc != call->session->dialect->busy ||
        apr_time_now() >= call->until) {
        return 0;
    }
    apr_sleep(EDU_RETRY_PAUSE);
    return 1;
}

apr_status_t edu__session_find(edu_call_t *call)
{
    const char *driver = apr_dbd_name(call->dbd.driver);
    void *kept = NULL;

    apr_pool_userdata_get(&kept, "edu_store", call->dbd.pool);
    call->session = kept;
    if (!kept) {
        call->session = apr_pcalloc(call->dbd.pool, sizeof(edu_session_t));
        call->session->dialect = edu__sql_dialect(driver);
        apr_pool_userdata_setn(call->session, "edu_store", NULL,
                               call->dbd.pool);
    }
    return call->session->dialect
               ? APR_SUCCESS
               : edu__unavailable(
                     call, "the database driver %s is not supported", driver);
}

/* The place of a call's statement in its session. */
static int place_of(const edu_call_t *call)
{
    return call->sql + (call->record ? EDU_SQL_COUNT : 0);
}

static const char *label_of(const edu_call_t *call, int place)
{
    return apr_psprintf(
        call->p, "%s%s_%d", edu__sql[place % EDU_SQL_COUNT].label,
        place < EDU_SQL_COUNT ? "" : "_recorded", call->session->generation);
}

void edu__session_drop(const edu_call_t *call)
{
    edu_session_t *session = call->session;
    const char *drop = session->dialect->deallocate_prefix;
    int affected;

    for (int i = 0; drop && i < 2 * EDU_SQL_COUNT; i++) {
        if (session->statements[i]) {
            apr_dbd_query(call->dbd.driver, call->dbd.handle, &affected,
                          apr_pstrcat(call->p, drop, label_of(call, i), NULL));
        }
    }
    if (session->pool) {
        apr_pool_destroy(session->pool);
    }
    memset(session->statements, 0, sizeof(session->statements));
    session->pool = NULL;
    session->log = NULL;
    session->suspect = 0;
    session->why = NULL;
    session->generation++;
}

int edu__driver_is_there(const edu_call_t *call)
{
    apr_dbd_results_t *rows = NULL;
    apr_dbd_row_t *row = NULL;

    if (apr_dbd_select(call->dbd.driver, call->p, call->dbd.handle, &rows,
                       edu__sql_probe, call->session->dialect->random_access)) {
        return 0;
    }
    while (apr_dbd_get_row(call->dbd.driver, call->p, rows, &row, -1) == 0) {
    }
    return 1;
}

static int begins(const edu_call_t *call, const char *verb)
{
    return strncmp(edu__sql[call->sql].text, verb, strlen(verb)) == 0;
}

/* Replaces NAME(a, b) by a form in which each %s stands for the next of these.
 * @param form  NULL: NAME stays */
static const char *replace(const char *text, const char *name, const char *form,
                           apr_pool_t *p)
{
    const char *call = apr_pstrcat(p, name, "(", NULL), *at;

    while (form && (at = strstr(text, call))) {
        const char *arg = at + strlen(call), *end = strchr(arg, ')');
        const char *made = apr_pstrmemdup(p, text, at - text), *next = form;

        for (const char *slot; (slot = strstr(next, "%s")); next = slot + 2) {
            apr_size_t len = strcspn(arg, ",)");

            made = apr_pstrcat(p, made, apr_pstrmemdup(p, next, slot - next),
                               apr_pstrmemdup(p, arg, len), NULL);
            arg += len + strspn(arg + len, ", ");
        }
        text = apr_pstrcat(p, made, next, end + 1, NULL);
    }
    return text;
}

/* Puts words in the place of another. */
static const char *put(const char *text, const char *word, const char *by,
                       apr_pool_t *p)
{
    const char *at;

    while ((at = strstr(text, word))) {
        text = apr_pstrcat(p, apr_pstrmemdup(p, text, at - text), by,
                           at + strlen(word), NULL);
    }
    return text;
}

int edu__call_reads(const edu_call_t *call)
{
    return begins(call, "SELECT") ||
           (begins(call, "WITH") && !edu__sql[call->sql].writes);
}

/* The text of a statement in the dialect of the database, with the query by
 * which this store finds a role.
 * @param inlined  for EDU_INLINE */
static const char *text_of(const edu_call_t *call, const char *inlined)
{
    const char *role = call->store->role_query;
    const char *text = replace(edu__sql[call->sql].text, EDU_ROLE,
                               role ? role : edu__sql_role, call->p);

    text = put(text, EDU_INLINE, inlined, call->p);
    /* MariaDB would look for them once more */
    text = put(text, EDU_FOUND,
               call->where && call->session->dialect->streams ? ""
                                                              : edu__sql_found,
               call->p);
    text = replace(text, "EDU_CLOCK", call->session->dialect->clock, call->p);
    text = replace(text, EDU_IF, call->session->dialect->if_any, call->p);
    text = replace(text, EDU_EACH, call->session->dialect->each, call->p);
    return replace(text, EDU_OCTETS, call->session->dialect->octets, call->p);
}

static int prepare_as(edu_call_t *call, const char *inlined)
{
    const edu_sql_dialect_t *dialect = call->session->dialect;
    const char *text = put(text_of(call, inlined), EDU_WHERE, "", call->p);

    if (begins(call, "INSERT")) {
        text = apr_pstrcat(call->p, text,
                           edu__sql[call->sql].share_lock ? dialect->for_share
                                                          : "",
                           dialect->on_conflict, NULL);
    }
    if (call->record) {
        text = apr_pstrcat(call->p, dialect->record_prefix, text,
                           dialect->record_suffix, NULL);
    }
    text = put(text, EDU_PLACE, dialect->place, call->p);
    return apr_dbd_prepare(call->dbd.driver, call->session->pool,
                           call->dbd.handle, text,
                           label_of(call, place_of(call)),
                           &call->session->statements[place_of(call)]);
}

/* An earlier version of the database may not know the words. */
static int prepare(edu_call_t *call)
{
    const char *inlined = call->session->dialect->inlined;
    int rc = prepare_as(call, inlined ? inlined : "");

    return rc && inlined && strstr(edu__sql[call->sql].text, EDU_INLINE)
               ? prepare_as(call, "")
               : rc;
}

/* Whether a call's parameters, and the kilobyte that goes with them, are more
 * than the database takes at once.  The next connection may take more. */
static int is_too_large(const edu_call_t *call)
{
    const char *text = edu__sql[call->sql].text;
    apr_int64_t bytes = 1024;

    if (!call->session->packet) {
        return 0;
    }
    for (int i = 0; (text = strstr(text, "%s")); i++) {
        bytes += strlen(call->args[i]) + sizeof("%s");
        text += 2;
    }
    return bytes > call->session->packet && edu__driver_is_there(call);
}

static const char *escape(const void *baton, const char *text)
{
    const edu_call_t *call = baton;

    return apr_dbd_escape(call->dbd.driver, call->p, text, call->dbd.handle);
}

static edu_words_t words_of(const edu_call_t *call)
{
    return (edu_words_t){ call->session->dialect, escape, call, call->p };
}

const char *edu__driver_fill(const edu_call_t *call, const char *text,
                             const char **args)
{
    const edu_words_t words = words_of(call);

    return edu__where_fill(
        &words,
        replace(text, EDU_OCTETS, call->session->dialect->octets, call->p),
        args, NULL);
}

/* Runs a statement with its parameters in it.  A statement with a condition is
 * not prepared: there are many of these, and what is prepared stays as long as
 * the connection does. */
static int run_text(edu_call_t *call)
{
    const edu_sql_dialect_t *dialect = call->session->dialect;
    const edu_words_t words = words_of(call);
    const char *inlined = dialect->inlined ? dialect->inlined : "";

    call->session->streams = dialect->streams;
    return apr_dbd_select(call->dbd.driver, call->p, call->dbd.handle,
                          &call->rows,
                          edu__where_fill(&words, text_of(call, inlined),
                                          call->args, call->where),
                          dialect->random_access);
}

/* Runs the call's statement once.  @return the driver's result code */
static int run(edu_call_t *call)
{
    const apr_dbd_driver_t *driver = call->dbd.driver;
    apr_dbd_prepared_t **statement;
    int rc = 0;

    if (call->plain && !call->session->dialect->bounds) {
        call->sql = call->plain->sql;
        call->args = call->plain->args;
        call->plain = NULL;
    }
    statement = &call->session->statements[place_of(call)];
    call->rows = NULL;
    call->session->streams = call->session->cut = 0;
    if (is_too_large(call)) {
        return call->session->dialect->too_large;
    }
    if (call->where) {
        rc = run_text(call);
        if (!rc || rc == call->session->dialect->busy) {
            return rc;
        }
        call->where = NULL; /* the database refuses a document, or takes long */
        call->rows = NULL;
    }
    if (!*statement) {
        rc = prepare(call);
    }
    if (rc) {
        *statement = NULL;
    }
    else if (begins(call, "SELECT") || begins(call, "WITH")) {
        rc = apr_dbd_pselect(driver, call->p, call->dbd.handle, &call->rows,
                             *statement, call->session->dialect->random_access,
                             0, call->args);
    }
    else {
        rc = apr_dbd_pquery(driver, call->p, call->dbd.handle, &call->affected,
                            *statement, 0, call->args);
    }
    if (rc && rc == call->session->dialect->duplicate) {
        call->affected = 0;
        rc = 0;
    }
    return rc;
}

int edu__driver_run(edu_call_t *call)
{
    int rc = 0;

    do {
        call->waited |= rc != 0;
        rc = run(call);
    } while (edu__driver_is_locked(call, rc));
    return rc;
}

int edu__driver_execute(const edu_call_t *call, const char *text)
{
    int rc, affected;

    do {
        rc = apr_dbd_query(call->dbd.driver, call->dbd.handle, &affected, text);
    } while (edu__driver_is_locked(call, rc));
    return rc;
}

int edu__driver_query(edu_call_t *call)
{
    call->rows = NULL;
    return apr_dbd_select(call->dbd.driver, call->p, call->dbd.handle,
                          &call->rows, call->control,
                          call->session->dialect->random_access);
}

apr_status_t edu__driver_ask(const edu_call_t *call, const char *text,
                             const char **answer)
{
    const apr_dbd_driver_t *driver = call->dbd.driver;
    apr_dbd_results_t *rows;
    apr_dbd_row_t *row = NULL;
    int rc;

    do {
        rows = NULL;
        rc = apr_dbd_select(driver, call->p, call->dbd.handle, &rows, text, 1);
    } while (edu__driver_is_locked(call, rc));
    if (rc) {
        const char *says = edu__driver_says(call, rc);

        return edu__unavailable(call, "%s failed; the %s driver says: %s%s",
                                text, call->session->dialect->driver, says,
                                edu__driver_hint(call, says));
    }
    if (answer) {
        *answer = rows && !apr_dbd_get_row(driver, call->p, rows, &row, -1)
                      ? edu__call_column(call, row, 0)
                      : NULL;
    }
    return APR_SUCCESS;
}

static apr_dbd_row_t *advance(const edu_call_t *call, apr_dbd_row_t *row)
{
    if (!apr_dbd_get_row(call->dbd.driver, call->p, call->rows, &row, -1)) {
        return row;
    }
    call->session->cut =
        call->session->streams && *edu__driver_says(call, 0) != '\0';
    return NULL;
}

/* A column as the driver counts it, with the number of the call, if any. */
static const char *datum(const edu_call_t *call, apr_dbd_row_t *row, int i)
{
    const char *value = NULL;

    apr_dbd_datum_get(call->dbd.driver, row, i, APR_DBD_TYPE_TEXT, &value);
    return value ? value : "";
}

apr_dbd_row_t *edu__call_next(const edu_call_t *call, apr_dbd_row_t *row)
{
    edu_part_t *part = call->part;

    if (!part) {
        return advance(call, row);
    }
    if (row || !part->number) {
        part->row = advance(call, part->row);
        part->number = part->row ? atoi(datum(call, part->row, 0)) : -1;
    }
    return part->number == part->wanted ? part->row : NULL;
}

int edu__call_columns(const edu_call_t *call)
{
    return apr_dbd_num_cols(call->dbd.driver, call->rows);
}

edu_call_t edu__call_part(const edu_call_t *call, const edu_call_t *many,
                          edu_part_t *part)
{
    edu_call_t own = *call;

    own.dbd = many->dbd;
    own.session = many->session;
    own.rows = many->rows;
    own.part = part;
    part->wanted++;
    return own;
}

/* By datum: an entry from MySQL's driver may lack its final NUL. */
const char *edu__call_column(const edu_call_t *call, apr_dbd_row_t *row, int i)
{
    const char *value = datum(call, row, call->part ? i + 1 : i);

    return call->session->dialect->columns_are_pooled
               ? value
               : apr_pstrdup(call->p, value);
}
