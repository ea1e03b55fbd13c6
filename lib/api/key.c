/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The keys of requests that are safe to send again: OASIS Repeatable Requests
 * 1.0, and Idempotency-Key (draft-ietf-httpapi-idempotency-key-header).  A key
 * belongs to its caller: that of another has another id. */

#include "verbs.h"

#include <apr_date.h>
#include <apr_strings.h>

#include <stdlib.h>

#define REQUEST_ID "Repeatability-Request-ID"
#define FIRST_SENT "Repeatability-First-Sent"
#define CLIENT_ID "Repeatability-Client-ID"
#define RESULT "Repeatability-Result"
#define KEY "Idempotency-Key"

/* The most bytes of a key. */
#define MOST_KEY 128

edu_time_t edu__kept_for(const edu_exchange_t *x)
{
    return (edu_time_t)x->req->mount->repeatable * EDU_TICKS_PER_SECOND;
}

static apr_status_t malformed(edu_exchange_t *x, const char *name,
                              const char *says)
{
    return edu_error_set(x->err, EDU_EBADREQUEST, name, x->p, "%s", says);
}

void edu__key_tell(const edu_exchange_t *x, int accepted)
{
    apr_table_setn(x->res->headers, RESULT, accepted ? "accepted" : "rejected");
}

/* Whether a text is 1 to MOST_KEY visible characters of ASCII. */
static int is_opaque(const char *s)
{
    const char *at = s;

    while (*at > ' ' && *at < 0x7f) {
        at++;
    }
    return !*at && at != s && at - s <= MOST_KEY;
}

/* Reads a string of RFC 9651 (3.3.3).  Many clients leave out its quotes.
 * @return NULL: it is malformed */
static const char *unquote(const char *field, apr_pool_t *p)
{
    char *text, *to;

    if (*field != '"') {
        return is_opaque(field) && !strchr(field, ';') ? field : NULL;
    }
    text = to = apr_pstrdup(p, ++field);
    while (*field >= ' ' && *field < 0x7f && *field != '"') {
        if (*field == '\\' && *++field != '"' && *field != '\\') {
            return NULL;
        }
        *to++ = *field++;
    }
    *to = '\0';
    return strcmp(field, "\"") == 0 && to > text && to - text <= MOST_KEY
               ? text
               : NULL;
}

/* The caller as a key's owner.  One without a name is known by its address. */
static const char *owner_of(const edu_exchange_t *x)
{
    const edu_caller_t *caller = x->req->caller;
    int named = caller->user_id || caller->application;
    const char *const parts[] = { caller->app ? "app" : "user", caller->user_id,
                                  caller->application,
                                  named ? NULL : caller->address };

    return edu__digest(parts, 4, x->p);
}

static edu_repeat_t *make(const edu_exchange_t *x, const char *header,
                          const char *client, const char *key)
{
    edu_repeat_t *repeat = apr_pcalloc(x->p, sizeof(*repeat));
    const char *const parts[] = { owner_of(x), header, client, key };

    repeat->header = header;
    repeat->headers = x->res->headers;
    repeat->id = edu__digest(parts, 4, x->p);
    repeat->begins = edu__time_now();
    return repeat;
}

/* Whether a time of HTTP ends as one of its forms does: with GMT, or with the
 * year.  APR reads what stands before and takes whatever zone for GMT. */
static int ends_as_time(const char *s)
{
    const char *last = strrchr(s, ' ');

    return last && (strcmp(last, " GMT") == 0 ||
                    (strlen(last) == 5 && strspn(last, " 0123456789") == 5));
}

/* An older request may have been done, and the answer be forgotten. */
static apr_status_t check_sent(edu_exchange_t *x, edu_repeat_t *repeat,
                               const char *sent)
{
    apr_time_t at = apr_date_parse_http(sent);
    edu_time_t then = at * (EDU_TICKS_PER_SECOND / APR_USEC_PER_SEC);

    if (at == APR_DATE_BAD || !ends_as_time(sent)) {
        return malformed(x, FIRST_SENT,
                         FIRST_SENT " has to be the time of the first try as "
                                    "HTTP writes it, such as Fri, 06 Nov 2026 "
                                    "08:49:37 GMT.");
    }
    if (llabs(then - repeat->begins) > edu__kept_for(x)) {
        return edu_error_set(
            x->err, EDU_EPRECONDITION, FIRST_SENT, x->p,
            "The request was first sent more than %d seconds from now, for "
            "which answers are kept here. Read whether it was done before you "
            "send it with another " REQUEST_ID ".",
            x->req->mount->repeatable);
    }
    repeat->has_result = 1;
    repeat->begins = then > repeat->begins ? then : repeat->begins;
    return APR_SUCCESS;
}

static apr_status_t read_repeatability(edu_exchange_t *x, edu_repeat_t **repeat,
                                       const char *id)
{
    const char *sent = edu__header(x, FIRST_SENT);
    const char *client = edu__header(x, CLIENT_ID);

    if (!id || !sent) {
        return malformed(x, id ? FIRST_SENT : REQUEST_ID,
                         REQUEST_ID " and " FIRST_SENT
                                    " have to come together. "
                                    "Send both, or neither.");
    }
    if (!is_opaque(id) || (client && !is_opaque(client))) {
        return malformed(x, is_opaque(id) ? CLIENT_ID : REQUEST_ID,
                         REQUEST_ID " and " CLIENT_ID " have to be 1 to 128 "
                                    "visible characters, such as a GUID.");
    }
    *repeat = make(x, REQUEST_ID, client, id);
    return check_sent(x, *repeat, sent);
}

static apr_status_t read_key(edu_exchange_t *x, edu_repeat_t **repeat,
                             const char *field)
{
    const char *key = unquote(field, x->p);

    if (!key) {
        return malformed(x, KEY,
                         KEY " has to be a string of 1 to 128 characters in "
                             "quotes, such as a GUID.");
    }
    *repeat = make(x, KEY, NULL, key);
    return APR_SUCCESS;
}

static apr_status_t refuse_unkept(edu_exchange_t *x, const char *header)
{
    return edu_error_set(
        x->err, EDU_ENOTIMPL, header, x->p,
        "Answers are not kept here (EduOutcomesRepeatabilityTTL "
        "0), so that a request cannot be repeated safely. "
        "Leave %s out.",
        header);
}

apr_status_t edu__key_read(edu_exchange_t *x, edu_repeat_t **repeat)
{
    const char *id = edu__header(x, REQUEST_ID);
    const char *key = edu__header(x, KEY);
    int oasis = id || edu__header(x, FIRST_SENT) || edu__header(x, CLIENT_ID);
    apr_status_t rv = APR_SUCCESS;

    *repeat = NULL;
    if (!oasis && !key) {
        return APR_SUCCESS;
    }
    if (!x->req->mount->repeatable) {
        rv = refuse_unkept(x, oasis ? REQUEST_ID : KEY);
    }
    else if (oasis && key) {
        rv = malformed(x, KEY,
                       "A request has either " REQUEST_ID " or " KEY ". Leave "
                       "out one of them.");
    }
    else if (oasis) {
        rv = read_repeatability(x, repeat, id);
    }
    else {
        rv = read_key(x, repeat, key);
    }
    if (oasis) {
        edu__key_tell(x, !rv);
    }
    return rv;
}

apr_status_t edu__key_refuse(edu_exchange_t *x, const char *what)
{
    const char *header = edu__header(x, REQUEST_ID) ? REQUEST_ID
                         : edu__header(x, KEY)      ? KEY
                                                    : NULL;

    return header ? edu_error_set(x->err, EDU_ENOTIMPL, header, x->p,
                                  "%s has no key of its own. Send %s in the "
                                  "headers of each request in it that writes.",
                                  what, header)
                  : APR_SUCCESS;
}
