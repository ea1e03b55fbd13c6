/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The checks of a row by itself, for each table. */

#include "verify.h"
#include "model.h"

#include <apr_strings.h>

#define HEXADECIMAL "0123456789abcdef"
#define NO_ID "it is no id: 1 to 128 bytes of UTF-8, not . or .."

/* ------------------------------------------------------------------ faults */

static const char *key_of(const edu_cursor_t *at, apr_pool_t *p)
{
    const char *key = at->row[0];

    for (int i = 1; i < at->table->keys; i++) {
        key = apr_pstrcat(p, key, "/", at->row[i], NULL);
    }
    return key;
}

void edu__verify_fault(const edu_verify_t *v, const edu_cursor_t *at,
                       const char *column, const char *target,
                       const char *message)
{
    const edu_admin_fault_t fault = { at->table->name, key_of(at, v->p), column,
                                      target, message };

    v->verdict->faults++;
    v->tell(v->baton, &fault);
}

/* ------------------------------------------------------------------- texts */

static int is_hexadecimal(const char *text, apr_size_t digits)
{
    return strlen(text) == digits && strspn(text, HEXADECIMAL) == digits;
}

/* Whether a text is an instant as versions are written, or empty. */
static int is_instant(const char *text)
{
    return !*text || is_hexadecimal(text, 16);
}

static void check_instant(const edu_verify_t *v, const edu_cursor_t *at,
                          const char *column)
{
    if (!is_instant(edu__cursor_text(at, column))) {
        edu__verify_fault(v, at, column, NULL,
                          "it is not 16 hexadecimal digits");
    }
}

/* Ids of a row, which have to fit into a path. */
static void check_keys(const edu_verify_t *v, const edu_cursor_t *at)
{
    for (int i = 0; i < at->table->keys; i++) {
        if (!edu__is_key(at->row[i])) {
            edu__verify_fault(v, at, at->table->columns[i], NULL, NO_ID);
        }
    }
}

/* Whether a text of these is one of the words, which end with NULL. */
static void check_word(const edu_verify_t *v, const edu_cursor_t *at,
                       const char *column, const char *const *words,
                       const char *message)
{
    const char *text = edu__cursor_text(at, column);

    while (*words && strcmp(*words, text) != 0) {
        words++;
    }
    if (!*words) {
        edu__verify_fault(v, at, column, NULL, message);
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
static const json_t *parse(const edu_verify_t *v, const edu_cursor_t *at,
                           const char *column)
{
    const json_t *doc = edu__admin_document(edu__cursor_text(at, column), v->p);

    if (!doc) {
        edu__verify_fault(v, at, column, NULL, "it is no JSON object");
    }
    return doc;
}

/* Programs that load tables by SQL may leave members out, hence the second doc:
 * it is checked as a change of itself. */
static const json_t *check_document(const edu_verify_t *v,
                                    const edu_cursor_t *at, const char *column,
                                    const edu_type_t *type)
{
    const json_t *doc = parse(v, at, column);
    edu_error_t err = { 0 };

    if (doc && edu__check(type, doc, doc, EDU_DIALECT_BETA, &err, v->p)) {
        edu__verify_fault(v, at, column, err.target,
                          err.inner_message ? err.inner_message : err.message);
    }
    return doc;
}

/* Whether a member of a document, if it is there, is the text of a column. */
static void check_same(const edu_verify_t *v, const edu_cursor_t *at,
                       const char *column, const json_t *doc,
                       const char *member, const char *text)
{
    const json_t *is = json_object_get(doc, member);

    if (is &&
        (!json_is_string(is) || strcmp(json_string_value(is), text) != 0)) {
        edu__verify_fault(
            v, at, column, member,
            apr_psprintf(v->p, "it is not %s, as the row says", text));
    }
}

/* The entity tag of a rubric has the version of the assignment behind it. */
static void check_tag(const edu_verify_t *v, const edu_cursor_t *at,
                      const char *column, const json_t *doc,
                      const char *version)
{
    const json_t *tag = json_object_get(doc, "@odata.etag");

    if (tag && (!json_is_string(tag) ||
                edu__http_names(json_string_value(tag), version, 1) != 1)) {
        edu__verify_fault(
            v, at, column, "@odata.etag",
            apr_psprintf(v->p, "it does not name the version %s", version));
    }
}

/* ------------------------------------------------------------------- forms */

static int is_time(const char *text)
{
    return is_hexadecimal(text, 16);
}

static int is_digest(const char *text)
{
    return is_hexadecimal(text, 64);
}

static int is_id(const char *text)
{
    return edu__is_key(text);
}

static int is_id_or_empty(const char *text)
{
    return !*text || edu__is_key(text);
}

static int is_empty(const char *text)
{
    return !*text;
}

static int is_number(const char *text)
{
    return *text && !text[strspn(text, "0123456789")];
}

typedef enum form_e {
    NONE,
    TIME,
    DIGEST,
    ID,
    ID_OR_EMPTY,
    EMPTY,
    NUMBER
} form_e;

/* By form_e. */
static const struct {
    int (*fits)(const char *text);
    const char *message;
} forms[] = {
    {NULL,            NULL                                     },
    { is_time,        "it is not 16 hexadecimal digits"        },
    { is_digest,      "it is not 64 hexadecimal digits"        },
    { is_id,          NO_ID                                    },
    { is_id_or_empty, NO_ID                                    },
    { is_empty,       "it is not empty, though reads were lost"},
    { is_number,      "it is no number"                        }
};

/** The form of a column. */
typedef struct cell_t {
    const char *column;
    form_e form; /**< NONE ends a list */
} cell_t;

static const cell_t read_cells[] = {
    {"at",             TIME       },
    { "class_id",      ID         },
    { "assignment_id", ID         },
    { "submission_id", ID         },
    { "id",            ID_OR_EMPTY},
    { "student",       ID_OR_EMPTY},
    { "user_id",       ID_OR_EMPTY},
    { NULL,            NONE       }
};

static const cell_t lost_cells[] = {
    {"at",             TIME  },
    { "class_id",      EMPTY },
    { "assignment_id", EMPTY },
    { "submission_id", EMPTY },
    { "id",            EMPTY },
    { "student",       EMPTY },
    { "user_id",       EMPTY },
    { "lost",          NUMBER},
    { NULL,            NONE  }
};

static const cell_t repeat_cells[] = {
    {"id",       DIGEST     },
    { "request", DIGEST     },
    { "created", TIME       },
    { "expires", TIME       },
    { "user_id", ID_OR_EMPTY},
    { NULL,      NONE       }
};

static const cell_t secret_cells[] = {
    {"secret", DIGEST},
    { NULL,    NONE  }
};

static void check_cells(const edu_verify_t *v, const edu_cursor_t *at,
                        const cell_t *cell)
{
    for (; cell->form; cell++) {
        if (!forms[cell->form].fits(edu__cursor_text(at, cell->column))) {
            edu__verify_fault(v, at, cell->column, NULL,
                              forms[cell->form].message);
        }
    }
}

/* ------------------------------------------------------------------- tables */

static void check_member(const edu_verify_t *v, const edu_cursor_t *at)
{
    static const char *const roles[] = { "student", "teacher", NULL };

    check_word(v, at, "role", roles, "it is neither student nor teacher");
}

static void check_submission(const edu_verify_t *v, const edu_cursor_t *at)
{
    if (!edu__is_key(edu__cursor_text(at, "user_id"))) {
        edu__verify_fault(v, at, "user_id", NULL, "it is no id of a user");
    }
    if (*edu__cursor_text(at, "modified_by")) {
        parse(v, at, "modified_by");
    }
}

/* One of the two documents of an outcome. */
static void check_version(const edu_verify_t *v, const edu_cursor_t *at,
                          const char *column, const char *version)
{
    const json_t *doc = check_document(v, at, column, &edu__outcome);
    const char *type = apr_pstrcat(v->p, "#" EDU_NAMESPACE,
                                   edu__cursor_text(at, "type"), NULL);

    check_same(v, at, column, doc, "id", edu__cursor_text(at, "id"));
    check_same(v, at, column, doc, "@odata.type", type);
    check_tag(v, at, column, doc, edu__cursor_text(at, version));
}

static void check_outcome(const edu_verify_t *v, const edu_cursor_t *at)
{
    int shown = *edu__cursor_text(at, "shown_version") != '\0';

    check_instant(v, at, "shown_version");
    check_version(v, at, "body", "version");
    if (shown) {
        check_version(v, at, "shown", "shown_version");
    }
    else if (*edu__cursor_text(at, "shown")) {
        edu__verify_fault(v, at, "shown", NULL, "it has no version");
    }
}

static void check_record(const edu_verify_t *v, const edu_cursor_t *at)
{
    static const char *const tables[] = { "class",      "member",  "assignment",
                                          "submission", "outcome", NULL };
    const char *before = edu__cursor_text(at, "before_body");

    if (*edu__cursor_text(at, "class_id")) {
        check_word(v, at, "entity", tables, "it names no table");
    }
    if (!*edu__cursor_text(at, "action")) {
        edu__verify_fault(v, at, "action", NULL, "it is empty");
    }
    check_instant(v, at, "at");
    if (*before && !edu__event_before(before)) {
        parse(v, at, "before_body");
    }
    if (*edu__cursor_text(at, "after_body")) {
        parse(v, at, "after_body");
    }
}

/* A read may be of what was deleted since. */
static void check_read(const edu_verify_t *v, const edu_cursor_t *at)
{
    check_cells(v, at, *edu__cursor_text(at, "lost") ? lost_cells : read_cells);
}

/* An answer that is kept. */
static void check_repeat(const edu_verify_t *v, const edu_cursor_t *at)
{
    const json_t *doc = parse(v, at, "body"),
                 *status =
                     json_object_get(json_object_get(doc, "head"), "status");

    check_cells(v, at, repeat_cells);
    if (strcmp(edu__cursor_text(at, "created"),
               edu__cursor_text(at, "expires")) > 0) {
        edu__verify_fault(v, at, "expires", NULL, "it is earlier than created");
    }
    if (doc && json_integer_value(status) / 100 != 2) {
        edu__verify_fault(v, at, "body", "head/status",
                          "it is not that of a success");
    }
}

static void check_secret(const edu_verify_t *v, const edu_cursor_t *at)
{
    check_cells(v, at, secret_cells);
}

/** How the rows of a table are checked. */
typedef struct rule_t {
    const edu_type_t *type; /**< of the documents; NULL: they have none */
    void (*check)(const edu_verify_t *v,
                  const edu_cursor_t *at); /**< or NULL */
} rule_t;

static const rule_t rules[EDU_WHOLES] = {
    [EDU_CLASS] = {&edu__class,       NULL            },
    [EDU_MEMBER] = { &edu__user,       check_member    },
    [EDU_ASSIGNMENT] = { &edu__assignment, NULL            },
    [EDU_SUBMISSION] = { &edu__submission, check_submission},
    [EDU_OUTCOME] = { NULL,             check_outcome   },
    [EDU_HISTORY] = { NULL,             check_record    },
    [EDU_REPEAT] = { NULL,             check_repeat    },
    [EDU_WHOLE_READ] = { NULL,             check_read      },
    [EDU_WHOLE_SECRET] = { NULL,             check_secret    }
};

void edu__verify_row(const edu_verify_t *v, int table, const edu_cursor_t *at)
{
    const rule_t *rule = &rules[table];

    if (table < EDU_HISTORY) {
        check_keys(v, at);
        check_instant(v, at, "created");
    }
    if (table <= EDU_HISTORY) {
        check_instant(v, at, "version");
    }
    if (rule->type) {
        check_document(v, at, "body", rule->type);
    }
    if (rule->check) {
        rule->check(v, at);
    }
}
