/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Delta queries: the present state of a collection, page by page, and then, as
 * often as the client comes again, what has changed since.  The history is the
 * feed of changes (store/feed.c); what is told of one is the row as it is when
 * the page is made, by the view that a GET has, or that there is none.
 *
 * 1. A client looks where the feed ends before it reads the first page of the
 *    state.  What changes while it reads the pages, it gets by the first
 *    deltaLink, perhaps once more.
 * 2. Students have their own feed: of outcomes what was shown to them, of
 *    submissions their own.  What they cannot see is told as removed only if
 *    they could before.  Nothing that is passed over ends a page.
 * 3. Time changes things, too: an assignment begins.  `due` is the next such
 *    instant; once it has passed, the assignments of the class are looked
 *    through. */

#include "delta.h"
#include "page.h"
#include "verbs.h"

#include <apr_escape.h>
#include <apr_hash.h>
#include <apr_strings.h>
#define APR_WANT_IOVEC
#include <apr_want.h>

/* ------------------------------------------------------------------- links */

static const char *url_of(const edu_exchange_t *x)
{
    return apr_pstrcat(x->p, x->req->base,
                       apr_pescape_path(x->p, x->path.canonical, 1), NULL);
}

/* The member with the next link. @param option  its name without the $ */
static const char *link_of(const edu_delta_t *delta, const char *name,
                           const char *option, const char *token)
{
    const edu_exchange_t *x = delta->x;

    return apr_pstrcat(
        x->p, ",\"@odata.", name, "\":",
        edu__json_quote(apr_pstrcat(x->p, url_of(x), "?", x->query.kept, "$",
                                    option, "=", token, NULL),
                        x->p),
        NULL);
}

/* Where the client goes on from next. */
static const char *next_link(edu_delta_t *delta, int more)
{
    const char *token;

    if (edu__sync_write(&token, &delta->next, delta->x, delta->secret,
                        delta->about)) {
        return NULL;
    }
    return more ? link_of(delta, "nextLink", "skiptoken", token)
                : link_of(delta, "deltaLink", "deltatoken", token);
}

/* After the state come changes. */
static const char *state_link(void *baton, const char *token)
{
    edu_delta_t *delta = baton;

    delta->next = delta->was;
    delta->next.list = token;
    return next_link(delta, token != NULL);
}

/* ----------------------------------------------------------------- changes */

static apr_status_t tell_news(edu_delta_t *delta, const edu_news_t *news)
{
    apr_status_t rv;

    delta->news = news;
    apr_pool_clear(delta->one.p);
    rv = edu__tell_change(delta);
    if (rv || delta->more) {
        return rv;
    }
    edu__feed_take(&delta->was.feed, news->number);
    edu__feed_take(&delta->now, news->number);
    delta->last = news;
    if (news->number >= delta->next.part) {
        delta->next.part = 0;
        delta->next.submission_id = "";
    }
    return APR_SUCCESS;
}

/* Tells of a chunk of changes, until the page is full. */
static apr_status_t tell_chunk(edu_delta_t *delta,
                               const apr_array_header_t *chunk)
{
    apr_status_t rv = APR_SUCCESS;

    delta->told = apr_hash_make(chunk->pool);
    for (int i = 0; !rv && i < chunk->nelts && !delta->more; i++) {
        const edu_news_t *news = &APR_ARRAY_IDX(chunk, i, edu_news_t);

        if (edu__feed_is_new(&delta->was.feed, news->number)) {
            rv = tell_news(delta, news);
        }
    }
    return rv;
}

/* Tells of all changes that are new to the client, as far as they fit.  Chunks
 * stay in memory until the end: what is told of them is long beside them. */
static apr_status_t tell_changes(edu_delta_t *delta)
{
    const edu_exchange_t *x = delta->x;
    apr_int64_t after = edu__feed_begin(&delta->was.feed);
    apr_array_header_t *chunk;
    apr_status_t rv;

    do {
        rv = edu__go_on(delta->x);
        rv = rv ? rv
                : edu__feed_read(&chunk, after, delta->now.high, x->store,
                                 &x->path.key, &delta->interest, x->err, x->p);
        rv = rv ? rv : tell_chunk(delta, chunk);
        if (!rv && chunk->nelts) {
            after = APR_ARRAY_IDX(chunk, chunk->nelts - 1, edu_news_t).number;
        }
    } while (!rv && chunk->nelts == EDU_CHUNK && !delta->more);
    return rv;
}

/* Refuses what the collection lies in, if that is not there; any class and
 * assignment may have outcomes, unless they have to be registered. */
static apr_status_t check_above(const edu_delta_t *delta)
{
    edu_exchange_t *x = delta->x;
    const edu_key_t *key = &x->path.key;
    int across = edu__is_across(x);
    edu_table_e table = key->submission_id   ? EDU_OUTCOME
                        : key->assignment_id ? EDU_ASSIGNMENT
                                             : EDU_CLASS;
    edu_row_t row;
    apr_status_t rv = edu__store_get(&row, x->store, table, key, x->err, x->p);

    rv = rv ? rv : edu__access_settle(x, &row);
    if (rv || table == EDU_OUTCOME) {
        return rv ? rv : edu__admit(x, &row.registration);
    }
    if (row.stored || (across && !x->req->mount->registered)) {
        return APR_SUCCESS;
    }
    return edu__no_entity(x,
                          table == EDU_CLASS ? edu__classes : edu__assignments);
}

static apr_status_t answer_changes(edu_delta_t *delta)
{
    edu_exchange_t *x = delta->x;
    struct iovec *head;
    int at;
    apr_status_t rv = check_above(delta);

    edu__answer_json(x, 200);
    edu__append_context(x, 0);
    at = x->res->body->nelts;
    edu__append(x, "");
    edu__append(x, ",\"value\":[");
    delta->next = delta->was;
    delta->next.asof = edu__time_now();
    rv = rv ? rv
            : edu__feed_look(&delta->now, &delta->was.feed, x->store, x->err,
                             x->p);
    rv = rv ? rv : edu__tell_due(delta);
    rv = rv ? rv : tell_changes(delta);
    if (rv) {
        return rv;
    }
    delta->next.feed =
        !delta->more ? delta->now
        : delta->last
            ? edu__feed_until(&delta->was.feed, &delta->now, delta->last, x->p)
            : delta->was.feed;
    edu__append(x, "]}");
    head = &APR_ARRAY_IDX(x->res->body, at, struct iovec);
    head->iov_base = (void *)next_link(delta, delta->more);
    if (!head->iov_base) {
        return EDU_EINTERNAL;
    }
    head->iov_len = strlen(head->iov_base);
    edu__drop_comma(x, at);
    return APR_SUCCESS;
}

/* ------------------------------------------------------------------- state */

static apr_status_t answer_state(edu_delta_t *delta)
{
    edu_exchange_t *x = delta->x;
    const char *list = delta->was.list;
    const char *hex = list + (*list == 'u');

    x->query.token = NULL;
    if (*list) {
        x->query.token = apr_punescape_hex(x->p, hex, 0, &x->query.token_len);
    }
    return edu__list_linked(x, state_link, delta);
}

/* ------------------------------------------------------------------- verbs */

static apr_status_t check_history(edu_exchange_t *x)
{
    if (!x->store->history) {
        return edu_error_set(x->err, EDU_ENOTIMPL, NULL, x->p,
                             "This server keeps no history (EduOutcomesHistory "
                             "Off), by which it would tell what has changed. "
                             "Read the whole collection.");
    }
    return x->query.top ? APR_SUCCESS
                        : edu_error_set(x->err, EDU_EBADREQUEST, "$top", x->p,
                                        "$top has to be at least 1 here.");
}

/* Finds out where the client is. */
static apr_status_t find_position(edu_delta_t *delta)
{
    edu_exchange_t *x = delta->x;
    apr_status_t rv = edu__store_secret(&delta->secret, x->store, x->err, x->p);

    if (!rv && x->query.token) {
        return edu__sync_read(&delta->was, x, delta->secret, delta->about);
    }
    delta->was = (edu_sync_t){ .list = "",
                               .asof = edu__time_now(),
                               .submission_id = "" };
    return rv ? rv
              : edu__feed_look(&delta->was.feed, NULL, x->store, x->err, x->p);
}

/* Finds whose assignments a path by a member is about.  Those of others are not
 * there for a student. */
static apr_status_t find_member(edu_exchange_t *x)
{
    const char *member = x->path.key.member_id;
    edu_row_t row = { .role = "student", .stored = 1 };
    apr_status_t rv = APR_SUCCESS;

    if (!member) {
        return APR_SUCCESS;
    }
    if (x->only_student) {
        row.stored = strcmp(x->only_student, member) == 0;
    }
    else {
        rv = edu__store_get(&row, x->store, EDU_MEMBER, &x->path.key, x->err,
                            x->p);
    }
    if (rv || !row.stored) {
        return rv ? rv : edu__no_entity(x, edu__members);
    }
    x->given_to = strcmp(row.role, "teacher") == 0 ? NULL : member;
    return APR_SUCCESS;
}

static apr_status_t begin(edu_delta_t *delta, edu_exchange_t *x)
{
    apr_status_t rv = check_history(x);

    *delta = (edu_delta_t){ .x = x };
    rv = rv ? rv : edu__access_require(x);
    rv = rv ? rv : find_member(x);
    if (rv) {
        return rv;
    }
    delta->student = x->given_to ? x->given_to : x->only_student;
    delta->interest =
        x->set->id == EDU_ASSIGNMENTS
            ? (edu_interest_t){ .entity = edu__table_name(EDU_ASSIGNMENT) }
            : (edu_interest_t){ .assignment_id = x->path.key.assignment_id,
                                .submission_id = x->path.key.submission_id,
                                .student = x->only_student };
    delta->about = apr_pstrcat(x->p, x->path.canonical, "\n",
                               delta->student ? delta->student : "", NULL);
    delta->text.body = apr_array_make(x->p, 8, sizeof(struct iovec));
    delta->one = *x;
    delta->one.res = &delta->text;
    apr_pool_create(&delta->one.p, x->p);
    return find_position(delta);
}

apr_status_t edu__delta(edu_exchange_t *x)
{
    edu_delta_t delta;
    apr_status_t rv = begin(&delta, x);

    rv = rv               ? rv
         : delta.was.list ? answer_state(&delta)
                          : answer_changes(&delta);
    if (rv == EDU_ESYNC) {
        apr_table_setn(x->res->headers, "Location", url_of(x));
    }
    return rv;
}
