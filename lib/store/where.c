/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Conditions in the words of a database.  Texts of clients are quoted by its
 * driver; paths are names of ours. */

#include "inner.h"

#include <apr_strings.h>

#include <stdio.h>

edu_where_t *edu__where(edu_where_e op, const apr_array_header_t *path,
                        apr_pool_t *p)
{
    edu_where_t *where = apr_pcalloc(p, sizeof(*where));

    where->op = op;
    where->path = path;
    return where;
}

const edu_where_t *edu__where_join(edu_where_e op, const edu_where_t *a,
                                   const edu_where_t *b, apr_pool_t *p)
{
    apr_array_header_t *parts;
    edu_where_t *where;

    if (!a || !b) {
        return op == EDU_WHERE_OR ? NULL : a ? a : b;
    }
    parts = apr_array_make(p, 2, sizeof(edu_where_t *));
    APR_ARRAY_PUSH(parts, const edu_where_t *) = a;
    APR_ARRAY_PUSH(parts, const edu_where_t *) = b;
    where = edu__where(op, NULL, p);
    where->parts = parts;
    return where;
}

static const char *quote(const edu_words_t *words, const char *text)
{
    return apr_pstrcat(words->p, "'", words->escape(words->baton, text), "'",
                       NULL);
}

/* The shortest number that reads back as this one. */
static const char *number(double n, apr_pool_t *p)
{
    char text[40];

    snprintf(text, sizeof(text), "%.17e", n);
    return apr_pstrdup(p, text);
}

static const char *path_of(const edu_words_t *words,
                           const apr_array_header_t *path)
{
    const edu_sql_dialect_t *dialect = words->dialect;
    const char *text = dialect->path_prefix;

    for (int i = 0; i < path->nelts; i++) {
        text = apr_pstrcat(words->p, text, i ? dialect->path_separator : "",
                           APR_ARRAY_IDX(path, i, const char *), NULL);
    }
    return apr_pstrcat(words->p, text, dialect->path_suffix, NULL);
}

/* The last name of a path, as documents have it. */
static const char *name_of(const edu_words_t *words,
                           const apr_array_header_t *path)
{
    return apr_pstrcat(words->p, "'\"",
                       APR_ARRAY_IDX(path, path->nelts - 1, const char *),
                       "\"'", NULL);
}

static const char *text_of(const edu_words_t *words, const edu_where_t *where);

static const char *all_of(const edu_words_t *words, const edu_where_t *where)
{
    const apr_array_header_t *parts = where->parts;
    apr_array_header_t *texts =
        apr_array_make(words->p, 2 * parts->nelts + 1, sizeof(const char *));

    APR_ARRAY_PUSH(texts, const char *) = "(";
    for (int i = 0; i < parts->nelts; i++) {
        APR_ARRAY_PUSH(texts, const char *) =
            i ? words->dialect->where[where->op] : "";
        APR_ARRAY_PUSH(texts, const char *) =
            text_of(words, APR_ARRAY_IDX(parts, i, const edu_where_t *));
    }
    APR_ARRAY_PUSH(texts, const char *) = ")";
    return apr_array_pstrcat(words->p, texts, 0);
}

/* Recurses as deep as the condition is. */
static const char *text_of(const edu_words_t *words, const edu_where_t *where)
{
    const char *form, *slot, *text = "";

    if (where->parts) {
        return all_of(words, where);
    }
    form = words->dialect->where[where->op];
    for (; (slot = strchr(form, '%')); form = slot + 2) {
        text = apr_pstrcat(words->p, text,
                           apr_pstrmemdup(words->p, form, slot - form),
                           slot[1] == 'p'   ? path_of(words, where->path)
                           : slot[1] == 'k' ? name_of(words, where->path)
                           : slot[1] == 't' ? quote(words, where->text)
                           : slot[1] == '%' ? "%"
                                            : number(where->number, words->p),
                           NULL);
    }
    return apr_pstrcat(words->p, text, form, NULL);
}

const char *edu__where_fill(const edu_words_t *words, const char *text,
                            const char **args, const edu_where_t *where)
{
    apr_array_header_t *texts =
        apr_array_make(words->p, 64, sizeof(const char *));
    apr_size_t len;

    /* in one pass: what is put in may itself look like a parameter */
    for (; *text; text += len) {
        const char *piece;

        if (strncmp(text, "%s", 2) == 0) {
            piece = quote(words, *args++);
            len = 2;
        }
        else if (strncmp(text, "%%", 2) == 0) {
            piece = "%";
            len = 2;
        }
        else if (strncmp(text, EDU_WHERE, strlen(EDU_WHERE)) == 0) {
            piece = where ? apr_pstrcat(words->p,
                                        words->dialect->where[EDU_WHERE_AND],
                                        text_of(words, where), NULL)
                          : "";
            len = strlen(EDU_WHERE);
        }
        else {
            len = 1 + strcspn(text + 1, "% ");
            piece = apr_pstrmemdup(words->p, text, len);
        }
        APR_ARRAY_PUSH(texts, const char *) = piece;
    }
    return apr_array_pstrcat(words->p, texts, 0);
}
