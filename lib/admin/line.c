/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* A row as a line of JSON, and back: {"table":"class","id":"9b","created":…}.
 * The names are those of the columns. */

#include "move.h"

#include <apr_strings.h>

/* ------------------------------------------------------------------ columns */

/* What a column holds; a name means the same in all tables. */
enum {
    ID = 1,      /* an id, or where it is not needed nothing */
    INSTANT = 2, /* 16 hexadecimal digits */
    DOCUMENT = 4,
    NEEDED = 8, /* it has no default */
    WORD = 16,  /* one that the library chooses */
    RECORD = 32 /* or the number of a record, which is another's elsewhere */
};

typedef struct column_t {
    const char *name;
    unsigned flags;
    const char *otherwise; /* the default */
} column_t;

static const column_t columns[] = {
    {"class_id",       ID | NEEDED,   ""                },
    { "assignment_id", ID | NEEDED,   ""                },
    { "submission_id", ID | NEEDED,   ""                },
    { "id",            ID | NEEDED,   ""                },
    { "user_id",       ID | NEEDED,   ""                },
    { "role",          NEEDED | WORD, ""                },
    { "type",          NEEDED | WORD, ""                },
    { "version",       INSTANT,       "0000000000000000"},
    { "body",          DOCUMENT,      "{}"              },
    { "shown",         DOCUMENT,      ""                },
    { "modified_by",   DOCUMENT,      ""                },
    { NULL,            0,             ""                }
};

/* Those of the history and the log of reads, whose rows may be of anything. */
static const column_t recorded[] = {
    {"action",       NEEDED | WORD,     ""},
    { "entity",      WORD,              ""},
    { "derived",     WORD,              ""},
    { "shows",       WORD,              ""},
    { "at",          INSTANT | NEEDED,  ""},
    { "before_body", DOCUMENT | RECORD, ""},
    { "after_body",  DOCUMENT,          ""},
    { NULL,          0,                 ""}
};

static const column_t *column_of(int table, const char *name)
{
    const column_t *column = edu__wholes[table].drawn ? recorded : columns;

    while (column->name && strcmp(column->name, name) != 0) {
        column++;
    }
    return column;
}

int edu__line_is_word(int table, const char *column)
{
    return (column_of(table, column)->flags & WORD) != 0;
}

/* ------------------------------------------------------------------ writing */

/* Whether a text needs no escapes in a string. */
static int is_plain(const char *s)
{
    while (*s >= 0x20 && *s < 0x7f && *s != '"' && *s != '\\') {
        s++;
    }
    return !*s;
}

static apr_status_t put(apr_file_t *out, const char *text)
{
    return apr_file_write_full(out, text, strlen(text), NULL);
}

static apr_status_t put_string(apr_file_t *out, const char *text, apr_pool_t *p)
{
    apr_status_t rv;

    if (!is_plain(text)) {
        return put(out, edu__json_quote(text, p));
    }
    rv = put(out, "\"");
    rv = rv ? rv : put(out, text);
    return rv ? rv : put(out, "\"");
}

static apr_status_t put_cell(apr_file_t *out, int table, int i,
                             const char *text, apr_pool_t *p)
{
    const column_t *column = column_of(table, edu__wholes[table].columns[i]);

    if ((column->flags & RECORD) && edu__event_before(text)) {
        text = "";
    }
    return (i == 0 && edu__wholes[table].drawn) ||
                   ((column->flags & DOCUMENT) && *text == '{' &&
                    edu__json_tidy(text, p) == text)
               ? put(out, text)
               : put_string(out, text, p);
}

apr_status_t edu__line_write(apr_file_t *out, int table, const char *const *row,
                             apr_pool_t *p)
{
    const edu_whole_t *whole = &edu__wholes[table];
    apr_status_t rv = put(out, "{\"table\":\"");

    rv = rv ? rv : put(out, edu_moved_name(table));
    rv = rv ? rv : put(out, "\"");
    for (int i = 0; !rv && whole->columns[i]; i++) {
        rv = put(out, ",\"");
        rv = rv ? rv : put(out, whole->columns[i]);
        rv = rv ? rv : put(out, "\":");
        rv = rv ? rv : put_cell(out, table, i, row[i], p);
    }
    return rv ? rv : put(out, "}\n");
}

/* ------------------------------------------------------------------ reading */

/* A line under check.  It is read as text, for to parse a document costs more
 * than all else; only what has a type is parsed. */
typedef struct line_t {
    const apr_array_header_t *members; /* of edu_member_t */
    int table;
    edu_error_t *err;
    apr_pool_t *p;
} line_t;

static apr_status_t refuse(const line_t *line, const char *column,
                           const char *says)
{
    return edu_error_set(line->err, EDU_EBADREQUEST, column, line->p, "%s",
                         says);
}

/* A member, or NULL. */
static const edu_member_t *member_of(const line_t *line, const char *name)
{
    for (int i = 0; i < line->members->nelts; i++) {
        const edu_member_t *member =
            &APR_ARRAY_IDX(line->members, i, edu_member_t);

        if (member->name_len == strlen(name) &&
            memcmp(member->name, name, member->name_len) == 0) {
            return member;
        }
    }
    return NULL;
}

/* A string as it is meant. */
static const char *string_of(const line_t *line, const edu_member_t *member)
{
    const char *quoted =
        apr_pstrmemdup(line->p, member->value, member->value_len);

    if (strchr(quoted, '\\')) {
        json_t *list = edu__json_load(
            apr_pstrcat(line->p, "[", quoted, "]", NULL), line->p);

        return json_string_value(json_array_get(list, 0));
    }
    return apr_pstrmemdup(line->p, quoted + 1, member->value_len - 2);
}

static apr_status_t find_table(line_t *line)
{
    const edu_member_t *member = member_of(line, "table");

    for (int i = 0; member && i < EDU_MOVED; i++) {
        const char *name = edu_moved_name(i);

        if (i != EDU_REPEAT && member->value_len == strlen(name) + 2 &&
            memcmp(member->value + 1, name, strlen(name)) == 0) {
            line->table = i;
            return APR_SUCCESS;
        }
    }
    return refuse(line, "table",
                  "The table is not known. Write class, member, assignment, "
                  "submission, outcome, history or read.");
}

static int has_column(int table, const edu_member_t *member)
{
    const char *const *column = edu__wholes[table].columns;

    while (*column && (strlen(*column) != member->name_len ||
                       memcmp(*column, member->name, member->name_len) != 0)) {
        column++;
    }
    return *column != NULL;
}

static apr_status_t check_names(const line_t *line)
{
    const edu_member_t *table = member_of(line, "table");

    for (int i = 0; i < line->members->nelts; i++) {
        const edu_member_t *member =
            &APR_ARRAY_IDX(line->members, i, edu_member_t);

        if (member != table && !has_column(line->table, member)) {
            return refuse(
                line, apr_pstrmemdup(line->p, member->name, member->name_len),
                "The table has no such column. Remove it.");
        }
    }
    return APR_SUCCESS;
}

static int is_instant(const char *text)
{
    return strlen(text) == 16 && strspn(text, "0123456789abcdef") == 16;
}

/* Why a text cannot be in a column, or NULL. */
static const char *misfit(const column_t *column, const char *text)
{
    if ((column->flags & NEEDED) && !*text) {
        return "The column is missing.";
    }
    if ((column->flags & ID) && !edu__is_key(text)) {
        return "An id has 1 to 128 bytes of UTF-8 and is no dot segment.";
    }
    if ((column->flags & INSTANT) && !is_instant(text)) {
        return "An instant has 16 hexadecimal digits, in lower case: ticks of "
               "100 ns since 1970.";
    }
    return NULL;
}

/* Reads a column: a string, or of a document the value as it is written. */
static apr_status_t read_cell(const char **cell, const line_t *line,
                              const char *name)
{
    const column_t *column = column_of(line->table, name);
    const edu_member_t *member = member_of(line, name);
    const char *why;

    if (!member) {
        *cell = column->otherwise;
    }
    else if (*member->value == '"') {
        *cell = string_of(line, member);
    }
    else if ((column->flags & DOCUMENT) && *member->value == '{') {
        *cell = apr_pstrmemdup(line->p, member->value, member->value_len);
    }
    else {
        return refuse(line, name,
                      column->flags & DOCUMENT
                          ? "The column has to be an object, or a string."
                          : "The column has to be a string.");
    }
    why = misfit(column, *cell);
    return why ? refuse(line, name, why) : APR_SUCCESS;
}

/* --------------------------------------------------------------- documents */

/* The type of a document; NULL: any. @param type  of an outcome */
static const edu_type_t *type_of(int table, const char *name, const char *type)
{
    static const edu_type_t *const types[] = { [EDU_CLASS] = &edu__class,
                                               [EDU_MEMBER] = &edu__user,
                                               [EDU_ASSIGNMENT] =
                                                   &edu__assignment,
                                               [EDU_SUBMISSION] =
                                                   &edu__submission };

    if (table == EDU_OUTCOME) {
        return edu__type_find(type);
    }
    return table < EDU_OUTCOME && strcmp(name, "body") == 0 ? types[table]
                                                            : NULL;
}

/* A table that an LMS may write need not have all members of a document. */
static apr_status_t check_document(const line_t *line, const char *name,
                                   const char *text, const edu_type_t *type)
{
    const json_t *doc = edu__admin_document(text, line->p);
    const json_t *old = line->table == EDU_OUTCOME
                            ? NULL
                            : edu__json_own(json_object(), line->p);
    apr_status_t rv;

    if (!doc) {
        return refuse(line, name, "The document is no JSON object.");
    }
    if (!type) {
        return APR_SUCCESS;
    }
    rv = edu__check(type, old, doc, EDU_DIALECT_BETA, line->err, line->p);
    if (rv) {
        line->err->target =
            apr_pstrcat(line->p, name, "/", line->err->target, NULL);
    }
    return rv;
}

/* Whether a document needs no check: it is none, has no type and is written as
 * a value, or is the one before, as what a student sees mostly is. */
static int is_checked(const line_t *line, const char *const *row, int i,
                      const edu_type_t *type)
{
    const edu_member_t *member =
        member_of(line, edu__wholes[line->table].columns[i]);

    return !*row[i] || (!type && member && *member->value == '{') ||
           (type && i && strcmp(row[i], row[i - 1]) == 0);
}

static apr_status_t check_documents(const line_t *line, const char *const *row)
{
    const edu_whole_t *whole = &edu__wholes[line->table];
    const char *kind = line->table == EDU_OUTCOME
                           ? row[edu__single_column(whole, "type")]
                           : NULL;
    apr_status_t rv = APR_SUCCESS;

    if (kind && !edu__type_is(edu__type_find(kind), &edu__outcome)) {
        return refuse(line, "type", "There is no outcome of this type.");
    }
    for (int i = 0; !rv && whole->columns[i]; i++) {
        const char *name = whole->columns[i];
        const edu_type_t *type = type_of(line->table, name, kind);

        if ((column_of(line->table, name)->flags & DOCUMENT) &&
            !is_checked(line, row, i, type)) {
            rv = check_document(line, name, row[i], type);
        }
    }
    return rv;
}

static apr_status_t check_role(const line_t *line, const char *const *row)
{
    const char *role =
        line->table == EDU_MEMBER
            ? row[edu__single_column(&edu__wholes[EDU_MEMBER], "role")]
            : "student";

    return strcmp(role, "student") == 0 || strcmp(role, "teacher") == 0
               ? APR_SUCCESS
               : refuse(line, "role", "The role is student or teacher.");
}

/* Splits a line into its members.  One that is not written as we do is parsed
 * first, which tells what is wrong with it. */
static apr_status_t split(line_t *line, const char *text, apr_size_t len)
{
    const edu_member_t *first;
    const char *all = text;

    text = edu__unmarked(text);
    len -= text - all;
    line->members = edu__members_load(text, line->p);
    first = line->members ? (const edu_member_t *)line->members->elts : NULL;
    if (first && line->members->nelts && first->value > text &&
        first->value < text + len) {
        return APR_SUCCESS;
    }
    if (!edu__json_parse(text, len, 0, 1, line->err, line->p)) {
        line->err->target = NULL; /* it is no column */
        return EDU_EBADREQUEST;
    }
    return line->members ? APR_SUCCESS
                         : refuse(line, NULL, "The line is no JSON object.");
}

apr_status_t edu__line_read(int *table, const char **row, const char *text,
                            apr_size_t len, edu_error_t *err, apr_pool_t *p)
{
    line_t line = { .table = -1, .err = err, .p = p };
    const edu_whole_t *whole;
    apr_status_t rv;

    *table = -1;
    rv = split(&line, text, len);
    if (rv) {
        return rv;
    }
    rv = find_table(&line);
    if (rv || (rv = check_names(&line))) {
        return rv;
    }
    *table = line.table;
    whole = &edu__wholes[line.table];
    for (int i = 0; !rv && whole->columns[i]; i++) {
        row[i] = "";
        rv = whole->drawn && i == 0
                 ? APR_SUCCESS
                 : read_cell(&row[i], &line, whole->columns[i]);
    }
    rv = rv ? rv : check_role(&line, row);
    return rv ? rv : check_documents(&line, row);
}

/* Lines are mostly shorter than one piece. */
apr_status_t edu__line_next(const char **line, apr_size_t *len, apr_file_t *in,
                            apr_pool_t *p)
{
    apr_size_t size = 8192;
    char *text = apr_palloc(p, size);
    apr_status_t rv;

    *len = 0;
    *line = NULL;
    while (!(rv = apr_file_gets(text + *len, (int)(size - *len), in))) {
        *len += strlen(text + *len);
        *line = text;
        if (*len && text[*len - 1] == '\n') {
            text[--*len] = '\0';
            return APR_SUCCESS;
        }
        if (*len == size - 1) {
            char *more = apr_palloc(p, 2 * size);

            memcpy(more, text, *len + 1);
            text = more;
            size *= 2;
        }
    }
    return APR_STATUS_IS_EOF(rv) ? APR_SUCCESS : rv;
}
