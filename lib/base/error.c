/* Licensed under the Apache License, Version 2.0; see LICENSE. */

#include "base.h"

#include <apr_strings.h>

typedef struct row_t {
    apr_status_t rv;
    int status;
    const char *code, *inner, *message;
} row_t;

/* Codes: Graph's documented ones where it has them (contract.md 5), else the
 * HTTP reason in camelCase as the Graph guidelines have it.  The first row of
 * a status stands for it when a web server refuses by itself. */
/* clang-format off */
static const row_t rows[] = {
    { EDU_EBADREQUEST, 400, "badRequest", NULL,
      "The request is malformed." },
    { EDU_EGRADING, 400, "badRequest", "invalidGrading",
      "Bad request." },
    { EDU_EQUERY, 400, "BadRequest", NULL,
      "A query option is malformed." },
    { EDU_EEXPAND, 400, "ExpandNotSupported", NULL,
      "This resource has nothing to expand." },
    { EDU_EORDERBY, 400, "20143", NULL,
      "The OData query is invalid." },
    { EDU_EFOLDER, 400, "badRequest", "folderAlreadyExists",
      "Bad request." },
    { EDU_EUNAUTHORIZED, 401, "unauthorized", NULL,
      "No user is authenticated. Send the credentials that this server asks "
      "for." },
    { EDU_EFORBIDDEN, 403, "forbidden", NULL,
      "The caller is not allowed to do this here." },
    { EDU_ENOTFOUND, 404, "notFound", NULL,
      "There is no resource at this path." },
    { EDU_ENOOUTCOME, 404, "20241", NULL,
      "Entity not found." },
    { EDU_EMETHOD, 405, "methodNotAllowed", NULL,
      "This resource does not take this method. The Allow header lists those "
      "it takes." },
    { EDU_EACCEPT, 406, "notAcceptable", NULL,
      "Answers are application/json, which the Accept header rules out." },
    { EDU_ETIMEOUT, 408, "requestTimeout", NULL,
      "The request did not arrive in time. Send it again." },
    { EDU_ECONFLICT, 409, "conflict", NULL,
      "The request conflicts with what is stored." },
    { EDU_ECONSTRAINT, 409, "conflict", NULL,
      "A rule of the database's administrator forbids this change. Ask them; "
      "the error log names the rule." },
    { EDU_EGONE, 410, "resyncRequired", NULL,
      "The rows that this page begins after have changed or are gone. Begin "
      "again, without $skiptoken." },
    { EDU_ESYNC, 410, "syncStateNotFound", NULL,
      "The token is too old, was made for another query or caller, or the "
      "history that it goes by is gone. Begin again at the URL in the Location "
      "header, and replace all that you have." },
    { EDU_ELENGTH, 411, "lengthRequired", NULL,
      "Send a Content-Length." },
    { EDU_EPRECONDITION, 412, "preconditionFailed", NULL,
      "The entity does not have the version that the request names. Read it "
      "again and repeat the change." },
    { EDU_ETOOLARGE, 413, "requestEntityTooLarge", NULL,
      "The request body is too large." },
    { EDU_EURITOOLONG, 414, "uriTooLong", NULL,
      "The URL is too long." },
    { EDU_EMEDIATYPE, 415, "unsupportedMediaType", NULL,
      "Send the body as application/json in UTF-8, not compressed." },
    { EDU_ERANGE, 416, "rangeNotSatisfiable", NULL,
      "The requested range does not exist." },
    { EDU_EEXPECTATION, 417, "expectationFailed", NULL,
      "The Expect header asks for something that this server does not "
      "support." },
    { EDU_EMISDIRECTED, 421, "misdirectedRequest", NULL,
      "This connection does not serve this host." },
    { EDU_EUNPROCESSABLE, 422, "unprocessableEntity", NULL,
      "The request contradicts an earlier one." },
    { EDU_EDEPENDENCY, 424, "failedDependency", NULL,
      "Another request of the batch, on which this one depends, failed; "
      "nothing was done." },
    { EDU_EUPGRADE, 426, "upgradeRequired", NULL,
      "This server asks for another protocol." },
    { EDU_ENOCONDITION, 428, "preconditionRequired", NULL,
      "This service requires If-Match with a change. Send the entity's "
      "@odata.etag, or *." },
    { EDU_ETOOMANY, 429, "TooManyRequests", "429",
      "Please retry again later." },
    { EDU_EHEADERS, 431, "requestHeaderFieldsTooLarge", NULL,
      "The request headers are too large." },
    { EDU_EINTERNAL, 500, "internalServerError", NULL,
      "The server failed. Its error log says why, under this request-id." },
    { EDU_ENOTIMPL, 501, "notImplemented", NULL,
      "This server does not support the request." },
    { EDU_EGATEWAY, 502, "badGateway", NULL,
      "A server behind this one failed." },
    { EDU_EUNAVAILABLE, 503, "serviceUnavailable", NULL,
      "The service is temporarily unavailable. Repeat the request after the "
      "seconds that Retry-After gives." },
    { EDU_EREADONLY, 503, "serviceUnavailable", NULL,
      "The database can only be read. Repeat the change when its "
      "administrator has mended it." },
    { EDU_EPAUSED, 503, "serviceUnavailable", NULL,
      "The service takes no changes for a while; it can be read. Repeat the "
      "change after the seconds that Retry-After gives." },
    { EDU_EGATEWAYTIMEOUT, 504, "gatewayTimeout", NULL,
      "A server behind this one did not answer in time." },
    { EDU_ENOSPACE, 507, "insufficientStorage", NULL,
      "The database has no room left to store this. Stored data can be read." }
};
/* clang-format on */

#define MOST 1000 /* bytes of a message, and of a target */

/* Seconds of Retry-After: a database is back soon, maintenance takes longer. */
#define SOON 1
#define LATER 30

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static const row_t *row_of(apr_status_t rv)
{
    apr_size_t i = 0;

    while (i < ROWS && rows[i].rv != rv) {
        i++;
    }
    return i < ROWS ? &rows[i] : row_of(EDU_EINTERNAL);
}

static void describe(edu_error_t *err, const row_t *row)
{
    memset(err, 0, sizeof(*err));
    err->status = row->status;
    err->retry_after = row->rv == EDU_EUNAVAILABLE ? SOON
                       : row->rv == EDU_EPAUSED    ? LATER
                                                   : 0;
    err->code = row->code;
    err->inner = row->inner;
    err->message = row->message;
    err->inner_message = row->inner ? row->message : NULL;
}

/* A target may quote a request of any length: its first bytes, as UTF-8. */
static const char *beginning(const char *s, apr_pool_t *p)
{
    return edu__mend(s && strlen(s) > MOST ? apr_pstrmemdup(p, s, MOST) : s, p);
}

apr_status_t edu_error_set(edu_error_t *err, apr_status_t rv,
                           const char *target, apr_pool_t *p, const char *fmt,
                           ...)
{
    va_list args;

    describe(err, row_of(rv));
    err->target = beginning(target, p);
    if (fmt) {
        const char **says = err->inner ? &err->inner_message : &err->message;
        char text[MOST];

        va_start(args, fmt);
        apr_vsnprintf(text, sizeof(text), fmt, args);
        va_end(args);
        *says = edu__mend(apr_pstrdup(p, text), p);
    }
    return rv;
}

apr_status_t edu_error_http(edu_error_t *err, int http_status)
{
    const row_t *row;

    if (http_status < 400 || http_status > 599) {
        http_status = 500;
    }
    row = row_of(http_status < 500 ? EDU_EBADREQUEST : EDU_EINTERNAL);
    for (apr_size_t i = ROWS; i-- > 0;) {
        if (rows[i].status == http_status) {
            row = &rows[i];
        }
    }
    describe(err, row);
    err->status = http_status;
    return row->rv;
}
