/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Calls that wait at the same time for the same statement, and are one. */

#include "edu_private.h"

#include <apr_strings.h>

#include <assert.h>

/* One statement is under way at a time, and another for each 10 ms that it
 * takes: as long as a database is quick, more of them are more work for it. */
#define SLOW apr_time_from_msec(10)

/* How long one waits for others, who may be stuck with their connection: then
 * one has a statement, and a connection, of one's own. */
#define PATIENCE apr_time_from_sec(1)

/* Bytes of a list beyond which a statement of its own is as well. */
#define MAX_LIST 1000000

/* One call on its way, in the memory of its own thread. */
typedef struct sharer_t {
    edu_place_t place;
    edu_call_t *call;
    edu_read_fn *read;
    void *out;
    apr_status_t rv;
    int alone; /* it is not done yet, as far as anybody knows */
} sharer_t;

apr_status_t edu_team_create(edu_team_t **team, const char *driver,
                             const edu_turn_t *turn, int group, apr_pool_t *p)
{
    const edu_sql_dialect_t *dialect = edu__sql_dialect(driver);
    apr_status_t rv = APR_SUCCESS;

    *team = apr_pcalloc(p, sizeof(**team));
    if (turn) {
        (*team)->turn = *turn;
    }
    if (group) {
        rv = edu__queue_create(&(*team)->units, p);
    }
    for (int sql = 0; group && dialect->many && sql < EDU_SQL_COUNT; sql++) {
        if (!rv && edu__sql[sql].many) {
            rv = edu__queue_create(&(*team)->calls[sql], p);
        }
    }
    return rv;
}

/* Where a call meets its like, or NULL. */
static edu_queue_t *queue_of(const edu_call_t *call)
{
    const edu_team_t *team = call->store->team;

    return team && !edu__unit_of(call->store) ? team->calls[call->sql] : NULL;
}

int edu__call_is_shared(const edu_call_t *call)
{
    return queue_of(call) != NULL;
}

static sharer_t *next_of(const sharer_t *sharer)
{
    return (sharer_t *)sharer->place.next;
}

/* What all have as their parameter i, as a list; NULL: there is no such. */
static const char *join(const sharer_t *first, int i, apr_pool_t *p)
{
    apr_array_header_t *list = apr_array_make(p, 16, sizeof(char *));
    apr_size_t len = 0;

    for (; first; first = next_of(first)) {
        const char *arg = first->call->args[i];

        len += strlen(arg);
        if (len > MAX_LIST || strchr(arg, EDU_SEPARATOR)) {
            return NULL;
        }
        APR_ARRAY_PUSH(list, const char *) = arg;
    }
    return apr_array_pstrcat(p, list, EDU_SEPARATOR);
}

/* Reads for all, in the order of their numbers; the rows of a write are those
 * that it changed. */
static void read_many(const edu_call_t *many, void *out)
{
    edu_part_t part = { 0 };

    for (sharer_t *sharer = out; sharer; sharer = next_of(sharer)) {
        edu_call_t call = edu__call_part(sharer->call, many, &part);
        struct apr_dbd_row_t *row = NULL;

        if (sharer->read) {
            sharer->read(&call, sharer->out);
            continue;
        }
        while ((row = edu__call_next(&call, row))) {
            sharer->call->affected++;
        }
    }
}

/* Runs one statement for all. */
static apr_status_t run_many(sharer_t *first, edu_call_t *many)
{
    const char *text = edu__sql[many->sql].text;

    for (int i = 0; (text = strstr(text, "%s")); i++) {
        text += 2;
        assert(i < EDU_ARGS_MAX);
        many->args[i] = join(first, i, many->p);
        if (!many->args[i]) {
            return APR_EINVAL;
        }
    }
    return edu__call_run(many, read_many, first);
}

/* If that fails, each has a statement of its own: it may be one's fault. */
static void run_together(sharer_t *first)
{
    const edu_call_t *call = first->call;
    const char *args[EDU_ARGS_MAX];
    edu_error_t err = { 0 };
    edu_call_t many = { .store = call->store,
                        .sql = edu__sql[call->sql].many,
                        .args = args,
                        .err = &err,
                        .p = call->p };
    apr_status_t rv = run_many(first, &many);

    for (; first; first = next_of(first)) {
        first->alone = rv != APR_SUCCESS;
        first->call->unsure = many.unsure;
    }
}

static apr_status_t run_alone(const sharer_t *sharer)
{
    edu_call_t *call = sharer->call;
    const int unsure = call->unsure;
    apr_status_t rv = edu__call_run(call, sharer->read, sharer->out);

    call->unsure |= unsure;
    return rv;
}

/* Who has waited too long has another lead. */
static void lead(edu_queue_t *queue, sharer_t *own)
{
    const edu_call_t *call = own->call;
    apr_time_t now = apr_time_now();

    own->rv = edu__call_patience(call->store, call->err, call->p);
    if (!own->rv) {
        edu__queue_take(queue, &own->place);
        if (own->place.next) {
            run_together(own);
        }
        else {
            own->rv = run_alone(own);
        }
    }
    edu__queue_leave(queue, &own->place,
                     1 + (int)((apr_time_now() - now) / SLOW));
}

apr_status_t edu__call_share(edu_call_t *call, edu_read_fn *read, void *out)
{
    sharer_t own = { .call = call, .read = read, .out = out };
    apr_time_t now = apr_time_now();
    edu_queue_t *queue;

    call->store = edu__unit_reader(call->store);
    queue = queue_of(call);
    if (!queue) {
        return edu__call_run(call, read, out);
    }
    if (edu__queue_up(queue, &own.place, now + PATIENCE)) {
        own.alone = 1;
    }
    edu__call_charge(call->store, now);
    if (own.place.leads) {
        lead(queue, &own);
    }
    return own.alone ? run_alone(&own) : own.rv;
}
