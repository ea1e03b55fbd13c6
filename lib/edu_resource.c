/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* What verbs share, and what can be done to any entity. */

#include "edu_private.h"

#include <apr_strings.h>

/* How often a change that others keep overtaking is tried anew. */
#define MAX_ROUNDS 100

/* How often of these outside of a transaction. */
#define OUTSIDE 2

/* ------------------------------------------------------------------ answers */

apr_status_t edu__damaged(edu_exchange_t *x, const char *what, const char *id)
{
    apr_status_t rv = edu_error_set(x->err, EDU_EINTERNAL, NULL, x->p, NULL);

    x->err->detail =
        apr_psprintf(x->p, "the stored document of %s %s is no JSON", what, id);
    return rv;
}

/* The version of what is shown: a submission with other names for its status,
 * or with its outcomes, some of which follow the assignment, is another
 * representation (RFC 9110 8.8.3). */
static const char *version_of(const edu_exchange_t *x, const edu_row_t *row)
{
    const edu_assignment_t *assignment = row->registration.assignment;
    int submission = x->set == &edu__submissions;
    int expanded = submission && x->query.expand;

    if (x->set == &edu__outcomes) {
        return edu__grading_version(row, x->req->mount->dialect, x->p);
    }
    return apr_pstrcat(x->p, row->version,
                       submission && x->query.unknowns ? "-all" : "",
                       expanded && assignment ? "-" : "",
                       expanded && assignment ? assignment->version : "", NULL);
}

static const char *tag_of(const edu_exchange_t *x, const edu_row_t *row)
{
    return apr_pstrcat(x->p, "\"", version_of(x, row), "\"", NULL);
}

static void set_etag(edu_exchange_t *x, const edu_row_t *row)
{
    apr_table_setn(x->res->headers, "ETag", tag_of(x, row));
}

static int is_expanded(const edu_exchange_t *x, const char *name)
{
    const char *const *names = x->query.expand ? x->set->expandable : NULL;

    for (int i = 0; names && names[i]; i++) {
        if ((x->query.expand & 1u << i) && strcmp(names[i], name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* "(id,status,outcomes())": what of the entities is shown, if not just all. */
static const char *shape_of(const edu_exchange_t *x)
{
    const apr_array_header_t *select = x->query.select;
    apr_array_header_t *names = apr_array_make(x->p, 4, sizeof(const char *));
    const char *const *expandable = x->query.expand ? x->set->expandable : NULL;

    for (int i = 0; select && i < select->nelts; i++) {
        const char *name = APR_ARRAY_IDX(select, i, const char *);

        if (!is_expanded(x, name)) {
            APR_ARRAY_PUSH(names, const char *) = name;
        }
    }
    for (int i = 0; expandable && expandable[i]; i++) {
        if (is_expanded(x, expandable[i])) {
            APR_ARRAY_PUSH(names, const char *) =
                apr_pstrcat(x->p, expandable[i], "()", NULL);
        }
    }
    return names->nelts
               ? apr_pstrcat(x->p, "(", apr_array_pstrcat(x->p, names, ','),
                             ")", NULL)
               : "";
}

void edu__append_context(edu_exchange_t *x, const char *url, int entity)
{
    url =
        url ? url
            : apr_pstrcat(
                  x->p, edu__path_context(&x->path, x->set, x->req->base, x->p),
                  shape_of(x), entity ? "/$entity" : "", NULL);
    edu__append(x, "{\"@odata.context\":");
    edu__append(x, edu__json_quote(url, x->p));
}

/* The outcomes of a submission, as a member of it. */
static apr_status_t append_outcomes(edu_exchange_t *x, const edu_row_t *row)
{
    apr_array_header_t *rows = row->outcomes;
    const char *text = "";
    apr_status_t rv = edu__placeholders_add(x, &rows, &row->registration);

    edu__append(x, "[");
    for (int i = 0; !rv && i < rows->nelts && text; i++) {
        const edu_row_t *outcome = &APR_ARRAY_IDX(rows, i, edu_row_t);

        text = edu__outcome_show(x, outcome);
        if (!text) {
            return edu__damaged(x, "outcome", outcome->id);
        }
        edu__append(x, i ? "," : "");
        edu__append(x, text);
    }
    edu__append(x, "]");
    return rv;
}

/* What was expanded.  Files are not kept here, so that there are none of the
 * resources; a function's answer gives no contexts (contract.md 3). */
static apr_status_t append_expanded(edu_exchange_t *x, const edu_row_t *row)
{
    edu_path_t path = x->path;
    apr_status_t rv = APR_SUCCESS;

    path.submission_id = row->id;
    for (int i = 0; !rv && x->set->expandable[i]; i++) {
        const char *name = x->set->expandable[i];

        if (!(x->query.expand & 1u << i)) {
            continue;
        }
        if (path.at != EDU_AT_RECENT) {
            edu_set_t nested = { .name = name, .depth = 3 };

            edu__append(x, apr_psprintf(x->p, ",\"%s@odata.context\":", name));
            edu__append(x,
                        edu__json_quote(edu__path_context(&path, &nested,
                                                          x->req->base, x->p),
                                        x->p));
        }
        edu__append(x, apr_psprintf(x->p, ",\"%s\":", name));
        if (i == 0) {
            rv = append_outcomes(x, row);
        }
        else {
            edu__append(x, "[]");
        }
    }
    return rv;
}

apr_status_t edu__append_entity(edu_exchange_t *x, const edu_row_t *row)
{
    const char *text = NULL;
    json_t *doc;
    apr_status_t rv = APR_SUCCESS;

    if (x->set == &edu__outcomes) {
        text = edu__outcome_show(x, row);
    }
    else if ((doc = x->set->view(x, row))) {
        edu__entity_select(doc, x->query.select);
        text = edu__json_text(doc, x->p);
    }
    if (!text) {
        return edu__damaged(x, x->set->type->name, row->id);
    }
    if (x->query.expand && x->set == &edu__submissions) {
        edu__append(x, apr_pstrmemdup(x->p, text + 1, strlen(text) - 2));
        rv = append_expanded(x, row);
        edu__append(x, "}");
    }
    else {
        edu__append(x, text + 1);
    }
    return rv;
}

apr_status_t edu__answer_entity(edu_exchange_t *x, int status,
                                const char *context, const edu_row_t *row)
{
    edu__answer_json(x, status);
    set_etag(x, row);
    edu__append_context(x, context, 1);
    edu__append(x, ",");
    return edu__append_entity(x, row);
}

apr_status_t edu__answer_created(edu_exchange_t *x, const edu_row_t *row)
{
    apr_table_setn(
        x->res->headers, "Location",
        edu__path_url(&x->path, x->set, row->id, x->req->base, x->p));
    return edu__answer_entity(x, 201, NULL, row);
}

/* --------------------------------------------------------------- conditions */

apr_status_t edu__check_conditions(edu_exchange_t *x, const edu_row_t *row)
{
    const char *version = row->version;
    const char *if_match = edu__header(x, "If-Match");
    const char *if_none = edu__header(x, "If-None-Match");

    if (if_match && (!version || !edu__header_names(if_match, version, 1))) {
        return edu_error_set(x->err, EDU_EPRECONDITION, "If-Match", x->p, NULL);
    }
    if (if_none && version &&
        edu__header_names(if_none, version_of(x, row), 0)) {
        return strcmp(x->req->method, "GET") == 0 ||
                       strcmp(x->req->method, "HEAD") == 0
                   ? APR_EOF
                   : edu_error_set(x->err, EDU_EPRECONDITION, "If-None-Match",
                                   x->p, NULL);
    }
    return APR_SUCCESS;
}

apr_status_t edu__check_blind(edu_exchange_t *x)
{
    return x->req->mount->require_if_match && !edu__header(x, "If-Match")
               ? edu_error_set(x->err, EDU_ENOCONDITION, "If-Match", x->p, NULL)
               : APR_SUCCESS;
}

/* What edu__atomically does, with the store to do it with. */
typedef struct deed_t {
    edu_exchange_t *x;
    apr_status_t (*work)(edu_exchange_t *x, void *baton);
    void *baton;
} deed_t;

static apr_status_t do_deed(const edu_store_t *store, void *baton)
{
    const deed_t *deed = baton;
    const edu_store_t *outer = deed->x->store;
    apr_status_t rv;

    deed->x->store = store;
    rv = deed->work(deed->x, deed->baton);
    deed->x->store = outer;
    return rv;
}

apr_status_t edu__atomically(edu_exchange_t *x,
                             apr_status_t (*work)(edu_exchange_t *x,
                                                  void *baton),
                             void *baton)
{
    deed_t deed = { x, work, baton };

    return edu__unit_run(x->store, &x->path, do_deed, &deed, 1, x->err, x->p);
}

/* Something that is to be settled. */
typedef struct matter_t {
    edu_once_fn *once;
    const json_t *body;
} matter_t;

/* It may have been tried before, in a transaction that came to nothing. */
static apr_status_t settle_inside(edu_exchange_t *x, void *baton)
{
    const matter_t *matter = baton;
    apr_status_t rv = x->path.submission_id
                          ? edu__store_lock(x->store, &x->path, x->err, x->p)
                          : APR_SUCCESS;

    apr_array_clear(x->res->body);
    return rv ? rv : matter->once(x, matter->body);
}

/* At first what is read is read before the transaction that writes, which is
 * over the sooner.  Where others always come between, it is read within, with
 * the submission locked. */
apr_status_t edu__settle(edu_exchange_t *x, const json_t *body,
                         edu_once_fn *once)
{
    matter_t matter = { once, body };
    apr_status_t rv = APR_EAGAIN;

    for (int round = 0; rv == APR_EAGAIN && round < MAX_ROUNDS; round++) {
        rv = round < OUTSIDE ? once(x, body)
                             : edu__atomically(x, settle_inside, &matter);
    }
    return rv == APR_EAGAIN
               ? edu_error_set(x->err, EDU_EUNAVAILABLE, NULL, x->p, NULL)
               : rv;
}

/* ------------------------------------------------------------------- bodies */

static apr_status_t check_media_type(edu_exchange_t *x)
{
    const char *coding = edu__header(x, "Content-Encoding");

    if (coding && strcasecmp(coding, "identity") != 0) {
        return edu_error_set(x->err, EDU_EMEDIATYPE, "Content-Encoding", x->p,
                             NULL);
    }
    return edu__header_is_json(edu__header(x, "Content-Type"), x->p)
               ? APR_SUCCESS
               : edu_error_set(x->err, EDU_EMEDIATYPE, "Content-Type", x->p,
                               NULL);
}

static apr_off_t limit_of(const edu_exchange_t *x)
{
    const edu_mount_t *mount = x->req->mount;

    return mount->max_sent && mount->max_sent < mount->max_body
               ? mount->max_sent
               : mount->max_body;
}

/* A body in a batch, which says nothing of its depth or its length. */
static apr_status_t check_nested(edu_exchange_t *x, const json_t *body)
{
    apr_size_t max = (apr_size_t)limit_of(x);
    apr_status_t rv = edu__json_check_depth(body, x->err, x->p);

    return rv || !max || edu__json_size(body) <= max
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
                            x->path.at == EDU_AT_BATCH, x->err, x->p);
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
                               "What would be stored has %" APR_SIZE_T_FMT
                               " bytes, with all members written out; at most "
                               "%" APR_OFF_T_FMT " are kept. Send less.",
                               len, max);
}

static edu_time_t later(edu_time_t now, edu_time_t then)
{
    return now > then ? now : then < EDU_TIME_MAX ? then + 1 : EDU_TIME_MAX;
}

const char *edu__version_at(edu_time_t t, apr_pool_t *p)
{
    return apr_psprintf(p, "%016" APR_UINT64_T_HEX_FMT, (apr_uint64_t)t);
}

static edu_time_t instant_of(const char *version)
{
    return version ? apr_strtoi64(version, NULL, 16) : 0;
}

void edu__plan_change(edu_change_t *change, const edu_exchange_t *x,
                      const json_t *old, const edu_row_t *was)
{
    const char *last =
        json_string_value(json_object_get(old, "lastModifiedDateTime"));
    edu_time_t then, clock = edu__time_now();

    memset(change, 0, sizeof(*change));
    change->type = x->set->type;
    change->caller = x->req->caller;
    change->trust = x->req->mount->trust_stamps;
    change->p = x->p;
    change->now = clock;
    if (last && !edu__time_parse(&then, last)) {
        change->now = later(clock, then);
    }
    then = instant_of(was->version);
    /* what an outcome's submission is given with it goes on, too */
    if (instant_of(was->registration.version) > then) {
        then = instant_of(was->registration.version);
    }
    change->version = edu__version_at(later(clock, then), x->p);
}

/* -------------------------------------------------------------------- verbs */

apr_status_t edu__no_entity(edu_exchange_t *x, const edu_set_t *set)
{
    return edu_error_set(x->err, EDU_ENOTFOUND, NULL, x->p,
                         "Entity not found. There is no %s with the id %s.",
                         set->type->name, *edu__path_id(&x->path, set->table));
}

json_t *edu__view_entity(const edu_exchange_t *x, const edu_row_t *row)
{
    json_t *doc = edu__entity_load(x->set->type, row->body, x->p);
    json_t *view;

    if (!doc) {
        return NULL;
    }
    /* the row knows better than a document that others may have written */
    view = edu__json_own(
        json_pack("{s:s, s:s}", "@odata.etag", tag_of(x, row), "id", row->id),
        x->p);
    json_object_update_missing(view, doc);
    return view;
}

apr_status_t edu__resource_read(edu_exchange_t *x, edu_row_t *row)
{
    apr_status_t rv =
        edu__store_get(row, x->store, x->set->table, &x->path, x->err, x->p);

    if (rv) {
        return rv;
    }
    if (!row->stored || (x->set->only && strcmp(x->set->only, row->kind)) ||
        (x->own && x->set == &edu__submissions && strcmp(x->own, row->kind))) {
        return edu__no_entity(x, x->set);
    }
    return APR_SUCCESS;
}

apr_status_t edu__answer_found(edu_exchange_t *x, const edu_row_t *row)
{
    apr_status_t rv = edu__check_conditions(x, row);

    if (rv == APR_EOF) {
        x->res->status = 304;
        set_etag(x, row);
        return APR_SUCCESS;
    }
    return rv ? rv : edu__answer_entity(x, 200, NULL, row);
}

apr_status_t edu__resource_get(edu_exchange_t *x)
{
    edu_row_t row;
    apr_status_t rv = edu__resource_read(x, &row);

    return rv ? rv : edu__answer_found(x, &row);
}

/* A body may name the id that the path has, and no other. */
static apr_status_t check_id(edu_exchange_t *x, const json_t *body)
{
    const char *id = json_string_value(json_object_get(body, "id"));

    return !id || strcmp(id, *edu__path_id(&x->path, x->set->table)) == 0
               ? APR_SUCCESS
               : edu_error_set(x->err, EDU_EBADREQUEST, "id", x->p,
                               "'id' is not the id in the path. Leave it out, "
                               "or PUT to its own path.");
}

/* Nothing is created below what is not there. */
static apr_status_t check_parent(edu_exchange_t *x)
{
    static const edu_set_t *const parents[EDU_TABLES] = {
        [EDU_ASSIGNMENT] = &edu__classes, [EDU_SUBMISSION] = &edu__assignments
    };
    const edu_set_t *parent = parents[x->set->table];
    edu_row_t row;
    apr_status_t rv = parent ? edu__store_get(&row, x->store, parent->table,
                                              &x->path, x->err, x->p)
                             : APR_SUCCESS;

    return rv || !parent || row.stored ? rv : edu__no_entity(x, parent);
}

/* What a PUT makes of what there was. */
typedef struct put_t {
    const edu_row_t *row, *was;
} put_t;

static apr_status_t write_put(edu_exchange_t *x, void *baton)
{
    const put_t *put = baton;

    return edu__store_put(x->store, x->set->table, &x->path, put->row, put->was,
                          x->err, x->p);
}

static apr_status_t write_confirmed(edu_exchange_t *x, void *baton)
{
    apr_status_t rv = write_put(x, baton);

    return rv ? rv : x->set->confirm(x);
}

static apr_status_t put_once(edu_exchange_t *x, const json_t *body)
{
    edu_row_t was, row;
    put_t put = { &row, &was };
    edu_change_t change;
    json_t *old = NULL, *doc;
    apr_status_t rv =
        edu__store_get(&was, x->store, x->set->table, &x->path, x->err, x->p);

    if (!rv) {
        rv = edu__check_conditions(x, &was);
    }
    if (!rv && !was.stored) {
        rv = check_parent(x);
    }
    if (rv) {
        return rv;
    }
    if (was.stored) {
        old = edu__entity_load(x->set->type, was.body, x->p);
        if (!old) {
            return edu__damaged(x, x->set->type->name, was.id);
        }
    }
    edu__plan_change(&change, x, old, &was);
    change.id = *edu__path_id(&x->path, x->set->table);
    change.replace = 1;
    doc = edu__entity_merge(old, body, &change);
    row = was;
    row.id = change.id;
    row.created = was.stored ? was.created : change.version;
    row.version = change.version;
    row.parent =
        x->set == &edu__submissions ? x->path.assignment_id : x->path.class_id;
    rv = x->set->finish ? x->set->finish(x, doc, &row, &was) : APR_SUCCESS;
    if (rv) {
        return rv;
    }
    if (old && json_equal(old, doc)) {
        return edu__answer_entity(x, 200, NULL, &was);
    }
    row.body = edu__json_text(doc, x->p);
    rv = edu__check_size(x, &row, "body");
    if (rv) {
        return rv;
    }
    rv = !was.stored && x->set->confirm
             ? edu__atomically(x, write_confirmed, &put)
             : write_put(x, &put);
    if (!rv && x->query.expand) { /* what is below it is asked for, too */
        rv = edu__resource_read(x, &row);
    }
    return rv           ? rv
           : was.stored ? edu__answer_entity(x, 200, NULL, &row)
                        : edu__answer_created(x, &row);
}

apr_status_t edu__resource_put(edu_exchange_t *x)
{
    const json_t *body;
    apr_status_t rv = edu__read_body(x, &body);

    /* a PUT says all: it is checked as if it created */
    if (rv ||
        (rv = edu__check(x->set->type, NULL, body, x->req->mount->dialect,
                         x->err, x->p)) ||
        (rv = check_id(x, body))) {
        return rv;
    }
    return edu__settle(x, body, put_once);
}

/* A row, and all that stands below it. */
static apr_status_t remove_tree(edu_exchange_t *x, void *baton)
{
    const edu_row_t *row = baton;
    edu_table_e table = x->set->table;
    apr_status_t rv = edu__store_remove(x->store, table, &x->path, row->id,
                                        row->version, x->err, x->p);

    for (int i = table + 1; !rv && i < EDU_TABLES; i++) {
        if (edu__shapes[i].keys > edu__shapes[table].keys) {
            rv = edu__store_clear(x->store, i, &x->path, x->err, x->p);
        }
    }
    return rv;
}

static apr_status_t delete_once(edu_exchange_t *x, const json_t *body)
{
    edu_row_t row;
    apr_status_t rv = edu__resource_read(x, &row);

    (void)body;
    if (!rv) {
        rv = edu__check_conditions(x, &row);
    }
    if (!rv) {
        rv = edu__atomically(x, remove_tree, &row);
        rv = rv == EDU_EPRECONDITION ? APR_EAGAIN : rv;
    }
    if (!rv) {
        x->res->status = 204;
    }
    return rv;
}

apr_status_t edu__resource_delete(edu_exchange_t *x)
{
    apr_status_t rv = edu__check_blind(x);

    return rv ? rv : edu__settle(x, NULL, delete_once);
}

/* --------------------------------------------------------------------- sets */

static const char *const in_assignments[] = { "gradingScheme", "rubric", NULL };
static const char *const in_submissions[] = { "outcomes", "resources",
                                              "submittedResources", NULL };

const edu_set_t edu__classes = { .name = "classes",
                                 .type = &edu__class,
                                 .table = EDU_CLASS,
                                 .view = edu__view_entity };
const edu_set_t edu__members = { .name = "members",
                                 .type = &edu__user,
                                 .table = EDU_MEMBER,
                                 .depth = 1,
                                 .view = edu__view_member };
const edu_set_t edu__teachers = { .name = "teachers",
                                  .type = &edu__user,
                                  .table = EDU_MEMBER,
                                  .depth = 1,
                                  .only = "teacher",
                                  .view = edu__view_member };
const edu_set_t edu__assignments = { .name = "assignments",
                                     .evolves = 1,
                                     .type = &edu__assignment,
                                     .table = EDU_ASSIGNMENT,
                                     .depth = 1,
                                     .expandable = in_assignments,
                                     .view = edu__view_assignment,
                                     .finish = edu__finish_assignment };
const edu_set_t edu__submissions = { .name = "submissions",
                                     .evolves = 1,
                                     .type = &edu__submission,
                                     .table = EDU_SUBMISSION,
                                     .depth = 2,
                                     .expandable = in_submissions,
                                     .view = edu__view_submission,
                                     .finish = edu__finish_submission,
                                     .confirm = edu__confirm_submission };
const edu_set_t edu__outcomes = { .name = "outcomes",
                                  .type = &edu__outcome,
                                  .table = EDU_OUTCOME,
                                  .depth = 3,
                                  .view = edu__view_outcome };
