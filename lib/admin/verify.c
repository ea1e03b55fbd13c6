/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Every row is checked.  Tables are read side by side in the order of their
 * keys, so that a row meets the one above it, and the history of its own,
 * without being looked up. */

#include "admin.h"
#include "model.h"

#include <apr_strings.h>

/* Progress is told after so many rows. */
#define STEP 1000

typedef struct verify_t {
    edu_admin_t *admin;
    edu_call_t call;
    edu_admin_verdict_t *verdict;
    edu_admin_fault_fn *tell;
    void *baton;
    apr_pool_t *p; /* of a row */
} verify_t;

/** How the rows of a table are checked, beyond their keys. */
typedef struct rule_t {
    int table;
    const edu_type_t *type; /**< of the documents; NULL: they have none */
    int above; /**< the table of the rows above; -1: there is none */
    void (*check)(const verify_t *v, const edu_cursor_t *at); /**< or NULL */
} rule_t;

/* ------------------------------------------------------------------ faults */

static const char *key_of(const edu_cursor_t *at, apr_pool_t *p)
{
    const char *key = at->row[0];

    for (int i = 1; i < at->table->keys; i++) {
        key = apr_pstrcat(p, key, "/", at->row[i], NULL);
    }
    return key;
}

static void fault(const verify_t *v, const edu_cursor_t *at, const char *column,
                  const char *target, const char *message)
{
    const edu_admin_fault_t fault = { at->table->name, key_of(at, v->p), column,
                                      target, message };

    v->verdict->faults++;
    v->tell(v->baton, &fault);
}

/* ------------------------------------------------------------------- texts */

/* Whether a text is an instant as versions are written, or empty. */
static int is_instant(const char *text)
{
    return !*text ||
           (strlen(text) == 16 && strspn(text, "0123456789abcdef") == 16);
}

static void check_instant(const verify_t *v, const edu_cursor_t *at,
                          const char *column)
{
    if (!is_instant(edu__cursor_text(at, column))) {
        fault(v, at, column, NULL, "it is not 16 hexadecimal digits");
    }
}

/* Ids of a row, which have to fit into a path. */
static void check_keys(const verify_t *v, const edu_cursor_t *at)
{
    for (int i = 0; i < at->table->keys; i++) {
        if (!edu__is_key(at->row[i])) {
            fault(v, at, at->table->columns[i], NULL,
                  "it is no id: 1 to 128 bytes of UTF-8, not . or ..");
        }
    }
}

/* Whether a text of these is one of the words, which end with NULL. */
static void check_word(const verify_t *v, const edu_cursor_t *at,
                       const char *column, const char *const *words,
                       const char *message)
{
    const char *text = edu__cursor_text(at, column);

    while (*words && strcmp(*words, text) != 0) {
        words++;
    }
    if (!*words) {
        fault(v, at, column, NULL, message);
    }
}

/* --------------------------------------------------------------- documents */

json_t *edu__admin_document(const char *text, apr_pool_t *p)
{
    json_t *doc = edu__json_load(text, p), *value;
    const char *name;
    void *next;

    json_object_foreach_safe(doc, next, name, value)
    {
        if (json_is_null(value)) {
            json_object_del(doc, name);
        }
    }
    return json_is_object(doc) ? doc : NULL;
}

/* A document. @return NULL: it is none, which was told */
static const json_t *parse(const verify_t *v, const edu_cursor_t *at,
                           const char *column)
{
    const json_t *doc = edu__admin_document(edu__cursor_text(at, column), v->p);

    if (!doc) {
        fault(v, at, column, NULL, "it is no JSON object");
    }
    return doc;
}

/* Programs that load tables by SQL may leave members out, hence the second doc:
 * it is checked as a change of itself. */
static const json_t *check_document(const verify_t *v, const edu_cursor_t *at,
                                    const char *column, const edu_type_t *type)
{
    const json_t *doc = parse(v, at, column);
    edu_error_t err = { 0 };

    if (doc && edu__check(type, doc, doc, EDU_DIALECT_BETA, &err, v->p)) {
        fault(v, at, column, err.target,
              err.inner_message ? err.inner_message : err.message);
    }
    return doc;
}

/* Whether a member of a document, if it is there, is the text of a column. */
static void check_same(const verify_t *v, const edu_cursor_t *at,
                       const char *column, const json_t *doc,
                       const char *member, const char *text)
{
    const json_t *is = json_object_get(doc, member);

    if (is &&
        (!json_is_string(is) || strcmp(json_string_value(is), text) != 0)) {
        fault(v, at, column, member,
              apr_psprintf(v->p, "it is not %s, as the row says", text));
    }
}

/* The entity tag of a rubric has the version of the assignment behind it. */
static void check_tag(const verify_t *v, const edu_cursor_t *at,
                      const char *column, const json_t *doc,
                      const char *version)
{
    const json_t *tag = json_object_get(doc, "@odata.etag");

    if (tag && (!json_is_string(tag) ||
                edu__http_names(json_string_value(tag), version, 1) != 1)) {
        fault(v, at, column, "@odata.etag",
              apr_psprintf(v->p, "it does not name the version %s", version));
    }
}

/* ------------------------------------------------------------------- tables */

static void check_member(const verify_t *v, const edu_cursor_t *at)
{
    static const char *const roles[] = { "student", "teacher", NULL };

    check_word(v, at, "role", roles, "it is neither student nor teacher");
}

static void check_submission(const verify_t *v, const edu_cursor_t *at)
{
    if (!edu__is_key(edu__cursor_text(at, "user_id"))) {
        fault(v, at, "user_id", NULL, "it is no id of a user");
    }
    if (*edu__cursor_text(at, "modified_by")) {
        parse(v, at, "modified_by");
    }
}

/* One of the two documents of an outcome. */
static void check_version(const verify_t *v, const edu_cursor_t *at,
                          const char *column, const char *version)
{
    const json_t *doc = check_document(v, at, column, &edu__outcome);
    const char *type = apr_pstrcat(v->p, "#" EDU_NAMESPACE,
                                   edu__cursor_text(at, "type"), NULL);

    check_same(v, at, column, doc, "id", edu__cursor_text(at, "id"));
    check_same(v, at, column, doc, "@odata.type", type);
    check_tag(v, at, column, doc, edu__cursor_text(at, version));
}

static void check_outcome(const verify_t *v, const edu_cursor_t *at)
{
    int shown = *edu__cursor_text(at, "shown_version") != '\0';

    check_instant(v, at, "shown_version");
    check_version(v, at, "body", "version");
    if (shown) {
        check_version(v, at, "shown", "shown_version");
    }
    else if (*edu__cursor_text(at, "shown")) {
        fault(v, at, "shown", NULL, "it has no version");
    }
}

static void check_record(const verify_t *v, const edu_cursor_t *at)
{
    static const char *const tables[] = { "class",      "member",  "assignment",
                                          "submission", "outcome", NULL };
    static const char *const documents[] = { "before_body", "after_body" };

    if (*edu__cursor_text(at, "class_id")) {
        check_word(v, at, "entity", tables, "it names no table");
    }
    if (!*edu__cursor_text(at, "action")) {
        fault(v, at, "action", NULL, "it is empty");
    }
    check_instant(v, at, "at");
    for (int i = 0; i < 2; i++) {
        if (*edu__cursor_text(at, documents[i])) {
            parse(v, at, documents[i]);
        }
    }
}

static const rule_t rules[] = {
    {EDU_CLASS,       &edu__class,      -1,             NULL            },
    { EDU_MEMBER,     &edu__user,       EDU_CLASS,      check_member    },
    { EDU_ASSIGNMENT, &edu__assignment, EDU_CLASS,      NULL            },
    { EDU_SUBMISSION, &edu__submission, EDU_ASSIGNMENT, check_submission},
    { EDU_OUTCOME,    NULL,             -1,             check_outcome   },
    { EDU_HISTORY,    NULL,             -1,             check_record    }
};

/* ------------------------------------------------------------------- walks */

/* How the first n columns of two rows compare. */
static int compare(const char *const *a, const char *const *b, int n)
{
    int order = 0;

    for (int i = 0; !order && i < n; i++) {
        order = strcmp(a[i], b[i]);
    }
    return order;
}

/* Looks for the row above this one, further on than the last.
 * @param above  its keys are the first of this row's */
static apr_status_t find_above(const verify_t *v, const edu_cursor_t *at,
                               edu_cursor_t *above)
{
    int n = above->table->keys;
    apr_status_t rv = APR_SUCCESS;

    while (!rv && above->row && compare(above->row, at->row, n) < 0) {
        rv = edu__cursor_next(above);
    }
    if (!rv && (!above->row || compare(above->row, at->row, n) != 0)) {
        fault(v, at, at->table->columns[n - 1], NULL,
              apr_psprintf(v->p, "there is no such row in %s",
                           above->table->name));
    }
    return rv;
}

static void check_row(const verify_t *v, const rule_t *rule,
                      const edu_cursor_t *at)
{
    if (!at->table->drawn) {
        check_keys(v, at);
        check_instant(v, at, "created");
    }
    check_instant(v, at, "version");
    if (rule->type) {
        check_document(v, at, "body", rule->type);
    }
    if (rule->check) {
        rule->check(v, at);
    }
}

static apr_status_t walk(verify_t *v, const rule_t *rule)
{
    const edu_whole_t *table = &edu__wholes[rule->table];
    edu_cursor_t at, above;
    apr_int64_t all, done = 0;
    apr_status_t rv = edu__whole_count(&all, &v->call, table);

    edu__cursor_open(&at, &v->call, table, NULL, 0, v->admin->p);
    if (!rv && rule->above >= 0) {
        edu__cursor_open(&above, &v->call, &edu__wholes[rule->above], NULL, 0,
                         v->admin->p);
        rv = edu__cursor_next(&above);
    }
    while (!rv && !(rv = edu__cursor_next(&at)) && at.row) {
        apr_pool_clear(v->p);
        check_row(v, rule, &at);
        if (rule->above >= 0) {
            rv = find_above(v, &at, &above);
        }
        if (++done % STEP == 0 || done == all) {
            edu__admin_tell(v->admin, table, done, all);
        }
    }
    v->verdict->rows += done;
    return rv;
}

/* ----------------------------------------------------------------- history */

/* The last record of an outcome. */
typedef struct last_t {
    const char *key[4]; /* NULL: there is no further one */
    const char *seq, *version, *body;
    apr_pool_t *p;
} last_t;

/* The number of the last mark that history is off; "": it always was on. */
typedef struct gaps_t {
    apr_int64_t off;
} gaps_t;

static apr_status_t find_gaps(gaps_t *gaps, verify_t *v)
{
    static const char *const no_class[] = { "" };
    edu_cursor_t at;
    apr_status_t rv;

    gaps->off = 0;
    edu__cursor_open(&at, &v->call, &edu__wholes[EDU_WHOLE_HISTORY_OF],
                     no_class, 1, v->admin->p);
    while (!(rv = edu__cursor_next(&at)) && at.row) {
        if (strcmp(edu__cursor_text(&at, "action"), "historyOff") == 0) {
            apr_int64_t seq = apr_atoi64(edu__cursor_text(&at, "seq"));

            gaps->off = seq > gaps->off ? seq : gaps->off;
        }
    }
    return rv;
}

static int is_of_outcome(const edu_cursor_t *at)
{
    return strcmp(edu__cursor_text(at, "entity"), "outcome") == 0;
}

static void keep(last_t *last, const edu_cursor_t *at)
{
    apr_pool_clear(last->p);
    for (int i = 0; i < 4; i++) {
        last->key[i] = apr_pstrdup(last->p, at->row[i]);
    }
    last->seq = apr_pstrdup(last->p, edu__cursor_text(at, "seq"));
    last->version = apr_pstrdup(last->p, edu__cursor_text(at, "version"));
    last->body = apr_pstrdup(last->p, edu__cursor_text(at, "after_body"));
}

/* Reads the records of the next outcome, up to its last; records of one row are
 * in the order of their versions. */
static apr_status_t read_last(last_t *last, verify_t *v, edu_cursor_t *at)
{
    apr_status_t rv = APR_SUCCESS;

    last->key[0] = NULL;
    while (!rv && at->row &&
           (!last->key[0] || compare(last->key, at->row, 4) == 0)) {
        if (is_of_outcome(at)) {
            apr_pool_clear(v->p);
            if (last->key[0] &&
                strcmp(last->version, edu__cursor_text(at, "version")) > 0) {
                fault(v, at, "version", NULL,
                      "it is earlier than that of the record before");
            }
            keep(last, at);
        }
        rv = edu__cursor_next(at);
    }
    return rv;
}

/* Compares an outcome with its last record. */
static void match(const verify_t *v, const edu_cursor_t *at, const last_t *last)
{
    if (!*last->body) {
        fault(v, at, "id", NULL, "the history says that it was deleted");
    }
    else if (strcmp(last->body, edu__cursor_text(at, "body")) != 0) {
        fault(v, at, "body", NULL,
              apr_psprintf(v->p, "it is not what the history has under %s",
                           last->seq));
    }
}

/* An outcome that is recorded, and not there. */
static void miss(const verify_t *v, const last_t *last)
{
    const char *row[EDU_COLUMNS_MAX];
    const edu_cursor_t at = { .table = &edu__wholes[EDU_OUTCOME], .row = row };

    memcpy(row, last->key, sizeof(last->key));
    fault(v, &at, "id", NULL,
          apr_psprintf(v->p, "it is gone, but the history has it under %s",
                       last->seq));
}

/* What was written while history was off is in no record. */
static int is_told(const last_t *last, const gaps_t *gaps)
{
    return apr_atoi64(last->seq) > gaps->off;
}

static apr_status_t walk_history(verify_t *v)
{
    edu_cursor_t outcomes, records;
    last_t last = { .key = { NULL } };
    gaps_t gaps;
    apr_status_t rv = find_gaps(&gaps, v);

    apr_pool_create(&last.p, v->admin->p);
    edu__cursor_open(&outcomes, &v->call, &edu__wholes[EDU_OUTCOME], NULL, 0,
                     v->admin->p);
    edu__cursor_open(&records, &v->call, &edu__wholes[EDU_WHOLE_HISTORY_OF],
                     NULL, 0, v->admin->p);
    rv = rv ? rv : edu__cursor_next(&outcomes);
    rv = rv ? rv : edu__cursor_next(&records);
    while (!rv && !(rv = read_last(&last, v, &records)) && last.key[0]) {
        while (!rv && outcomes.row && compare(outcomes.row, last.key, 4) < 0) {
            rv = edu__cursor_next(&outcomes);
        }
        apr_pool_clear(v->p);
        if (rv || !is_told(&last, &gaps)) {
            continue;
        }
        if (outcomes.row && compare(outcomes.row, last.key, 4) == 0) {
            match(v, &outcomes, &last);
        }
        else if (*last.body) {
            miss(v, &last);
        }
    }
    return rv;
}

apr_status_t edu_admin_verify(edu_admin_verdict_t *verdict, edu_admin_t *admin,
                              edu_admin_fault_fn *tell, void *baton)
{
    verify_t v = {
        .admin = admin, .verdict = verdict, .tell = tell, .baton = baton
    };
    apr_status_t rv = edu__admin_check(admin);

    memset(verdict, 0, sizeof(*verdict));
    rv = rv ? rv : edu__admin_begin(&v.call, admin, 0);
    if (rv) {
        return rv;
    }
    apr_pool_create(&v.p, admin->p);
    for (apr_size_t i = 0; !rv && i < sizeof(rules) / sizeof(rules[0]); i++) {
        rv = walk(&v, &rules[i]);
    }
    rv = rv ? rv : walk_history(&v);
    edu__whole_end(&v.call, 1);
    return rv;
}
