/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* A request that writes reads, plans, commits and answers.  The first rounds
 * read before the transaction, which keeps it short.  If other writes come
 * between each time, later rounds read within it, with the submission locked.
 * The answer to a request with a key is made before it commits: see repeat.c.
 */

#include "verbs.h"
#include "negotiate.h"

#include <apr_strings.h>

/* The most rounds of a write that others overtake. */
#define MAX_ROUNDS 100

/* The rounds that read before the transaction. */
#define OUTSIDE 2

/* ----------------------------------------------------------------- bodies */

static apr_status_t check_media_type(edu_exchange_t *x)
{
    const char *coding = edu__header(x, "Content-Encoding");

    if (coding && strcasecmp(coding, "identity") != 0) {
        return edu_error_set(x->err, EDU_EMEDIATYPE, "Content-Encoding", x->p,
                             NULL);
    }
    return edu__http_is_json(edu__header(x, "Content-Type"), x->p)
               ? APR_SUCCESS
               : edu_error_set(x->err, EDU_EMEDIATYPE, "Content-Type", x->p,
                               x->req->nested ? "Give the request \"headers\": "
                                                "{\"Content-Type\": "
                                                "\"application/json\"}."
                                              : NULL);
}

static apr_off_t limit_of(const edu_exchange_t *x)
{
    const edu_mount_t *mount = x->req->mount;

    return mount->max_sent && mount->max_sent < mount->max_body
               ? mount->max_sent
               : mount->max_body;
}

/* Checks depth and length of a body in a $batch, which was parsed with it. */
static apr_status_t check_nested(edu_exchange_t *x, const json_t *body)
{
    apr_size_t max = (apr_size_t)limit_of(x);
    apr_status_t rv = edu__json_check_depth(body, x->err, x->p);

    return rv || !max || edu__json_fits(body, max)
               ? rv
               : edu_error_set(x->err, EDU_ETOOLARGE, "body", x->p, NULL);
}

apr_status_t edu__read_body(edu_exchange_t *x, const json_t **body)
{
    const char *data = NULL;
    apr_size_t len = 0;
    apr_status_t rv = check_media_type(x);

    *body = x->req->json;
    if (!rv && !*body) {
        rv =
            x->req->body(x->req->baton, &data, &len, limit_of(x), x->err, x->p);
    }
    if (rv) {
        return rv;
    }
    if (*body) {
        return check_nested(x, *body);
    }
    if (len == 0) {
        return edu_error_set(x->err, EDU_EBADREQUEST, "body", x->p,
                             "The request has no body. Send the entity as a "
                             "JSON object.");
    }
    *body = edu__json_parse(data, len, x->req->mount->max_values,
                            x->path.resource == EDU_RES_BATCH, x->err, x->p);
    return *body ? APR_SUCCESS : EDU_EBADREQUEST;
}

apr_status_t edu__check_size(edu_exchange_t *x, const edu_row_t *row,
                             const char *what)
{
    apr_off_t max = x->req->mount->max_body;
    apr_size_t len = max ? strlen(row->body) : 0;

    return (apr_off_t)len <= max
               ? APR_SUCCESS
               : edu_error_set(x->err, EDU_ETOOLARGE, what, x->p,
                               "The document would have %" APR_SIZE_T_FMT
                               " bytes with all members written out; at most "
                               "%" APR_OFF_T_FMT " can be stored. Send less.",
                               len, max);
}

/* ---------------------------------------------------------------- changes */

static edu_time_t later(edu_time_t now, edu_time_t then)
{
    return now > then ? now : then < EDU_TIME_MAX ? then + 1 : EDU_TIME_MAX;
}

static edu_time_t instant_of(const char *version)
{
    return version ? apr_strtoi64(version, NULL, 16) : 0;
}

apr_status_t edu__plan_read(edu_exchange_t *x, edu_plan_t *plan)
{
    return edu__resource_read(x, &plan->was);
}

void edu__plan_change(edu_change_t *change, const edu_exchange_t *x,
                      const edu_plan_t *plan, const json_t *old,
                      const edu_row_t *was)
{
    const char *last =
        json_string_value(json_object_get(old, "lastModifiedDateTime"));
    edu_time_t then;

    memset(change, 0, sizeof(*change));
    change->type = x->set->type;
    change->caller = x->req->caller;
    change->trust = x->req->mount->trust_stamps;
    change->p = x->p;
    change->now = plan->now;
    if (last && !edu__time_parse(&then, last)) {
        change->now = later(plan->now, then);
    }
    then = instant_of(was->version);
    /* its submission gets the same version, which must not go back either */
    if (instant_of(was->registration.version) > then) {
        then = instant_of(was->registration.version);
    }
    change->version = edu__version_at(later(plan->now, then), x->p);
}

void edu__plan_row(const edu_exchange_t *x, edu_plan_t *plan, edu_table_e table,
                   const edu_row_t *before, const edu_row_t *after)
{
    edu_key_t key = x->path.key;
    edu_op_e op = !before->stored ? EDU_INSERT
                  : after         ? EDU_UPDATE
                                  : EDU_DELETE;
    edu_write_t *write;

    *edu__key_id(&key, table) = after ? after->id : before->id;
    write =
        edu__changes_add(&plan->changes, op, table,
                         before->stored ? EDU_IF_VERSION : EDU_IF_ABSENT, &key);
    write->before = before->stored ? before : NULL;
    write->after = after;
}

const char *edu__caller_text(const edu_exchange_t *x)
{
    return edu__identity_text(x->req->caller, x->p);
}

/* The key of the path's submission, without that of an outcome. */
static edu_key_t submission_of(const edu_exchange_t *x)
{
    edu_key_t key = x->path.key;

    key.outcome_id = NULL;
    return key;
}

void edu__plan_touch(const edu_exchange_t *x, edu_plan_t *plan,
                     const char *as_read, const char *version)
{
    edu_key_t key = submission_of(x);
    edu_write_t *write =
        edu__changes_add(&plan->changes, EDU_TOUCH, EDU_SUBMISSION,
                         as_read ? EDU_IF_VERSION : EDU_IF_EARLIER, &key);
    edu_row_t *rows = apr_pcalloc(x->p, 2 * sizeof(edu_row_t));

    rows[0].version = as_read;
    rows[1].version = version;
    rows[1].modified_by = edu__caller_text(x);
    write->before = as_read ? &rows[0] : NULL;
    write->after = &rows[1];
}

/* ----------------------------------------------------------------- rounds */

static void begin_plan(const edu_exchange_t *x, edu_plan_t *plan,
                       const char *action)
{
    plan->now = edu__time_now();
    plan->changes = (edu_changes_t){
        .action = action,
        .caller = x->req->caller,
        .trace = x->req->trace,
        .now = plan->now,
        .writes = apr_array_make(x->p, 4, sizeof(edu_write_t)),
    };
}

/* Locks the path's submission, if it is registered. */
static apr_status_t lock_submission(edu_exchange_t *x, edu_plan_t *plan)
{
    edu_key_t key = submission_of(x);
    edu_failure_t ignored;

    begin_plan(x, plan, "lock");
    if (key.submission_id) {
        edu__changes_add(&plan->changes, EDU_LOCK, EDU_SUBMISSION, EDU_ALWAYS,
                         &key);
    }
    return edu__store_commit(&ignored, x->store, &plan->changes, x->err, x->p);
}

/* Begins the transaction of a round, if it has one, with its store. */
static apr_status_t begin_round(edu_exchange_t *x, edu_plan_t *plan,
                                edu_tx_t *tx)
{
    apr_status_t rv;

    if (plan->round < OUTSIDE) {
        return APR_SUCCESS;
    }
    edu__tx_init(tx, x->store, x->p);
    x->store = &tx->store;
    rv = edu__tx_begin(tx, x->err);
    return rv ? rv : lock_submission(x, plan);
}

/* Ends it. @return the result of the round; APR_EAGAIN: try another */
static apr_status_t end_round(edu_exchange_t *x, const edu_plan_t *plan,
                              edu_tx_t *tx, apr_status_t rv)
{
    apr_status_t ended;

    if (plan->round < OUTSIDE) {
        return rv;
    }
    x->store = tx->call.store;
    ended = edu__tx_end(tx, rv != APR_SUCCESS, x->err);
    rv = rv ? rv : ended;
    return rv && edu__tx_again(tx, plan->round - OUTSIDE + 1) ? APR_EAGAIN : rv;
}

static apr_status_t make_plan(edu_exchange_t *x, const edu_writer_t *writer,
                              edu_plan_t *plan)
{
    apr_status_t rv;

    begin_plan(x, plan,
               writer->action ? writer->action
                              : edu__call_of(x->path.resource));
    rv = plan->repeat ? edu__repeat_find(x, plan) : APR_SUCCESS;
    rv = rv ? rv : writer->read(x, plan);
    return rv || (rv = edu__access_require(x)) ? rv : writer->plan(x, plan);
}

apr_status_t edu__check_later(edu_exchange_t *x, edu_plan_t *plan)
{
    (void)x;
    (void)plan;
    return APR_SUCCESS;
}

/* Checks that need no stored row. */
static apr_status_t prepare(edu_exchange_t *x, const edu_writer_t *writer,
                            edu_plan_t *plan)
{
    apr_status_t rv = writer->unconditional ? APR_SUCCESS : edu__check_blind(x);

    rv = rv ? rv : edu__key_read(x, &plan->repeat);
    if (rv || !writer->check) {
        return rv;
    }
    rv = edu__read_body(x, &plan->body);
    return rv ? rv : writer->check(x, plan);
}

static apr_status_t answer(edu_exchange_t *x, edu_plan_t *plan)
{
    apr_status_t rv = APR_SUCCESS;

    if (plan->status == 204) {
        x->res->status = 204;
        return APR_SUCCESS;
    }
    if (x->minimal) {
        return edu__answer_minimal(x, &plan->row, plan->status == 201);
    }
    if (x->representation) {
        edu__negotiate_applied(x, "return", "representation");
    }
    /* the expanded rows have changed, too */
    if (x->query.expands && plan->changes.writes->nelts) {
        rv = edu__resource_read(x, &plan->row);
    }
    return rv                    ? rv
           : plan->status == 201 ? edu__answer_created(x, &plan->row)
                                 : edu__answer_entity(x, 200, &plan->row);
}

static apr_status_t commit(edu_exchange_t *x, edu_plan_t *plan)
{
    edu_failure_t failed;

    return edu__store_commit(&failed, x->store, &plan->changes, x->err, x->p);
}

/* Whether an answer shows rows that it reads as the changes left them. */
static int is_read_late(const edu_exchange_t *x)
{
    return x->query.expands != NULL;
}

/* Commits changes together with their answer, which an earlier round may have
 * begun. */
static apr_status_t commit_answered(edu_exchange_t *x, edu_plan_t *plan)
{
    int late = is_read_late(x);
    apr_status_t rv = late ? commit(x, plan) : APR_SUCCESS;

    apr_array_clear(x->res->body);
    x->res->headers = apr_table_copy(x->p, plan->repeat->headers);
    rv = rv ? rv : answer(x, plan);
    if (rv) {
        return rv;
    }
    if (late) {
        apr_array_clear(plan->changes.writes);
    }
    edu__repeat_keep(x, plan);
    return commit(x, plan);
}

/* @return APR_EOF: the request had been answered before */
static apr_status_t run_round(edu_exchange_t *x, const edu_writer_t *writer,
                              edu_plan_t *plan)
{
    edu_tx_t tx;
    apr_status_t rv = begin_round(x, plan, &tx);

    rv = rv ? rv : make_plan(x, writer, plan);
    rv = rv ? rv : plan->repeat ? commit_answered(x, plan) : commit(x, plan);
    return end_round(x, plan, &tx, rv);
}

apr_status_t edu__write(edu_exchange_t *x, const edu_writer_t *writer)
{
    edu_plan_t plan = { .round = 0 };
    apr_status_t rv = prepare(x, writer, &plan);

    if (rv) {
        return rv;
    }
    if (plan.repeat && is_read_late(x)) {
        plan.round = OUTSIDE;
    }
    do {
        rv = run_round(x, writer, &plan);
    } while (rv == APR_EAGAIN && ++plan.round < MAX_ROUNDS);
    if (rv == APR_EAGAIN) {
        return edu_error_set(x->err, EDU_EUNAVAILABLE, NULL, x->p, NULL);
    }
    return rv == APR_EOF       ? APR_SUCCESS
           : rv || plan.repeat ? rv
                               : answer(x, &plan);
}
