/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The part of a $filter on outcomes that the database can look at.  It lets
 * through all that the filter admits, and what it lets through is looked at
 * again: what is not understood, or shown otherwise than it is stored, is not
 * asked for. */

#include "grading.h"
#include "page.h"

#include <math.h>

/* Two numbers may be equal to the filter though they differ by this part. */
#define NEARLY 1e-6

/* An instant may be written with an offset from UTC, of so many seconds at
 * most, and with any fraction of a second. */
#define FARTHEST (15 * 60 * 60)

static const edu_where_t *take(apr_pool_t *p, const edu_expr_t *expr);

/* -------------------------------------------------------------------- types */

static const edu_where_t *of_type(apr_pool_t *p, const edu_type_t *type)
{
    edu_where_t *where = edu__where(EDU_WHERE_KIND, NULL, p);

    where->text = type->name;
    return where;
}

/* That an outcome is of one of the types, each of which `is` looks at. */
static const edu_where_t *
of_types(apr_pool_t *p, int (*is)(const edu_type_t *type, const void *what),
         const void *what)
{
    const edu_where_t *where = NULL;
    int all = 1;

    for (int i = 0; edu__types[i]; i++) {
        if (edu__type_is(edu__types[i], &edu__outcome)) {
            if (!is(edu__types[i], what)) {
                all = 0;
            }
            else {
                const edu_where_t *one = of_type(p, edu__types[i]);

                where =
                    where ? edu__where_join(EDU_WHERE_OR, where, one, p) : one;
            }
        }
    }
    return all ? NULL : where;
}

static int is_derived(const edu_type_t *type, const void *from)
{
    return edu__type_is(type, from);
}

static int has_first(const edu_type_t *type, const void *path)
{
    const edu_operand_t *operand = path;
    const edu_step_t *first = &APR_ARRAY_IDX(operand->steps, 0, edu_step_t);

    return (!first->cast || edu__type_is(type, first->cast)) &&
           edu__prop_find(type, first->name) != NULL;
}

/* -------------------------------------------------------------------- paths */

/* Whether a path's value is shown as it is stored: the letter of points follows
 * the assignment, as lists do. */
static int is_stored(const edu_expr_t *expr)
{
    const edu_operand_t *path = expr->path;

    if (expr->op != EDU_EXPR_PATH || expr->type.many || path->variable ||
        !path->steps->nelts || path->cast || !path->prop ||
        *path->prop->name == '@' || strcmp(path->prop->name, "grade") == 0) {
        return 0;
    }
    for (int i = 1; i < path->steps->nelts; i++) {
        if (APR_ARRAY_IDX(path->steps, i, edu_step_t).cast) {
            return 0;
        }
    }
    return 1;
}

static apr_array_header_t *names_of(const edu_operand_t *path, apr_pool_t *p)
{
    apr_array_header_t *names =
        apr_array_make(p, path->steps->nelts, sizeof(const char *));

    for (int i = 0; i < path->steps->nelts; i++) {
        APR_ARRAY_PUSH(names, const char *) =
            APR_ARRAY_IDX(path->steps, i, edu_step_t).name;
    }
    return names;
}

/* ------------------------------------------------------------------- values */

static edu_where_t *value(apr_pool_t *p, edu_where_e op, const edu_expr_t *path)
{
    return edu__where(op, names_of(path->path, p), p);
}

/* The bounds that a comparison sets: bit 0 from below, bit 1 from above. */
static unsigned bounds_of(edu_expr_e op)
{
    return op == EDU_EXPR_EQ                        ? 3
           : op == EDU_EXPR_GE || op == EDU_EXPR_GT ? 1
           : op == EDU_EXPR_LE || op == EDU_EXPR_LT ? 2
                                                    : 0;
}

static const edu_where_t *of_number(apr_pool_t *p, unsigned bounds,
                                    const edu_expr_t *path, double n)
{
    edu_where_t *least = value(p, EDU_WHERE_NUMBER_LEAST, path);
    edu_where_t *most = value(p, EDU_WHERE_NUMBER_MOST, path);

    if (!isfinite(n)) {
        return NULL;
    }
    least->number = n - fabs(n) * NEARLY;
    most->number = n + fabs(n) * NEARLY;
    return edu__where_join(EDU_WHERE_AND, bounds & 1 ? least : NULL,
                           bounds & 2 ? most : NULL, p);
}

static const edu_where_t *of_instant(apr_pool_t *p, unsigned bounds,
                                     const edu_expr_t *path, edu_time_t t)
{
    const edu_time_t slack = FARTHEST * (edu_time_t)EDU_TICKS_PER_SECOND;
    edu_where_t *least = value(p, EDU_WHERE_SINCE, path);
    edu_where_t *most = value(p, EDU_WHERE_UNTIL, path);

    least->text = edu__time_format(t - slack, p);
    most->text = edu__time_format(t + slack, p);
    return edu__where_join(EDU_WHERE_AND, bounds & 1 ? least : NULL,
                           bounds & 2 ? most : NULL, p);
}

/* That a document has a text in one of its values, so that most of them need
 * not be parsed.  All but these characters are written as they are, or as \u.
 */
static const edu_where_t *is_written(apr_pool_t *p, const char *text)
{
    edu_where_t *where = edu__where(EDU_WHERE_WRITTEN, NULL, p);

    where->text = text;
    for (const char *s = text; *s; s++) {
        if (strchr("\"\\/", *s) || (unsigned char)*s < ' ') {
            return NULL;
        }
    }
    return where;
}

static const edu_where_t *of_text(apr_pool_t *p, edu_expr_e op,
                                  const edu_expr_t *path, const char *text)
{
    unsigned bounds = bounds_of(op);
    edu_where_t *where = value(p,
                               bounds == 3   ? EDU_WHERE_SAME
                               : bounds == 1 ? EDU_WHERE_LEAST
                               : bounds == 2 ? EDU_WHERE_MOST
                                             : EDU_WHERE_OTHER,
                               path);

    where->text = text;
    return bounds == 3
               ? edu__where_join(EDU_WHERE_AND, is_written(p, text), where, p)
           : bounds || *text ? where
                             : NULL;
}

/* Of documents that have such a value, those of the types that can. */
static const edu_where_t *with_type(apr_pool_t *p, const edu_expr_t *path,
                                    const edu_where_t *where)
{
    return where ? edu__where_join(EDU_WHERE_AND,
                                   of_types(p, has_first, path->path), where, p)
                 : NULL;
}

/* -------------------------------------------------------------- comparisons */

static int is_text(edu_edm_e kind)
{
    return kind == EDU_EDM_STRING || kind == EDU_EDM_ENUM;
}

static int has_cast(const edu_expr_t *path)
{
    return APR_ARRAY_IDX(path->path->steps, 0, edu_step_t).cast != NULL;
}

static const edu_where_t *of_null(apr_pool_t *p, edu_expr_e op,
                                  const edu_expr_t *path)
{
    if (op == EDU_EXPR_NE) {
        return with_type(p, path, value(p, EDU_WHERE_ANY, path));
    }
    return op == EDU_EXPR_EQ && !has_cast(path) ? value(p, EDU_WHERE_NULL, path)
                                                : NULL;
}

static const edu_where_t *compare(apr_pool_t *p, edu_expr_e op,
                                  const edu_expr_t *path,
                                  const edu_expr_t *with)
{
    const edu_value_t *literal = &with->literal;
    const edu_where_t *where = NULL;
    unsigned bounds = bounds_of(op);

    if (with->op != EDU_EXPR_LITERAL || !is_stored(path)) {
        return NULL;
    }
    if (literal->kind == EDU_EDM_NULL) {
        return of_null(p, op, path);
    }
    if (is_text(literal->kind) && path->type.kind == literal->kind &&
        strlen(literal->text.s) == literal->text.len) {
        where = of_text(p, op, path, literal->text.s);
    }
    else if (bounds && literal->kind == EDU_EDM_INSTANT &&
             path->type.kind == EDU_EDM_INSTANT) {
        where = of_instant(p, bounds, path, literal->integer);
    }
    else if (bounds && edu__is_number(literal->kind) &&
             edu__is_number(path->type.kind)) {
        where =
            of_number(p, bounds, path,
                      edu__is_integer(literal->kind) ? (double)literal->integer
                                                     : literal->number);
    }
    return bounds ? with_type(p, path, where) : has_cast(path) ? NULL : where;
}

static edu_expr_e turned(edu_expr_e op)
{
    return op == EDU_EXPR_LT   ? EDU_EXPR_GT
           : op == EDU_EXPR_LE ? EDU_EXPR_GE
           : op == EDU_EXPR_GT ? EDU_EXPR_LT
           : op == EDU_EXPR_GE ? EDU_EXPR_LE
                               : op;
}

static const edu_where_t *take_comparison(apr_pool_t *p, const edu_expr_t *expr)
{
    const edu_expr_t *a = expr->parts[0], *b = expr->parts[1];

    return a->op == EDU_EXPR_LITERAL ? compare(p, turned(expr->op), b, a)
                                     : compare(p, expr->op, a, b);
}

/* One of several values. */
static const edu_where_t *take_in(apr_pool_t *p, const edu_expr_t *expr)
{
    const edu_where_t *where = NULL;

    for (int i = 1; i < expr->n; i++) {
        const edu_where_t *one =
            compare(p, EDU_EXPR_EQ, expr->parts[0], expr->parts[i]);

        where = i > 1 ? edu__where_join(EDU_WHERE_OR, where, one, p) : one;
    }
    return where;
}

static const edu_where_t *take_chain(apr_pool_t *p, const edu_expr_t *expr)
{
    edu_where_e op = expr->op == EDU_EXPR_AND ? EDU_WHERE_AND : EDU_WHERE_OR;
    const edu_where_t *where = take(p, expr->parts[0]);

    for (int i = 1; i < expr->n; i++) {
        where = edu__where_join(op, where, take(p, expr->parts[i]), p);
    }
    return where;
}

/* A function of a text that is a part of a value. */
static const edu_where_t *take_call(apr_pool_t *p, const edu_expr_t *expr)
{
    const char *name = expr->call->name;
    const edu_expr_t *text = expr->n == 2 ? expr->parts[1] : NULL;
    edu_where_t *where;

    if ((strcmp(name, "contains") != 0 && strcmp(name, "startswith") != 0 &&
         strcmp(name, "endswith") != 0) ||
        text->op != EDU_EXPR_LITERAL || text->literal.kind != EDU_EDM_STRING ||
        strlen(text->literal.text.s) != text->literal.text.len ||
        !is_stored(expr->parts[0]) ||
        expr->parts[0]->type.kind != EDU_EDM_STRING) {
        return NULL;
    }
    where = value(p, EDU_WHERE_HOLDS, expr->parts[0]);
    where->text = text->literal.text.s;
    return *where->text ? with_type(p, expr->parts[0],
                                    edu__where_join(EDU_WHERE_AND,
                                                    is_written(p, where->text),
                                                    where, p))
                        : NULL;
}

static const edu_where_t *take_isof(apr_pool_t *p, const edu_expr_t *expr)
{
    const edu_expr_t *it = expr->parts[0];

    return it->op == EDU_EXPR_PATH && !it->path->variable &&
                   !it->path->steps->nelts && !it->path->cast &&
                   !expr->as.many && expr->as.of
               ? of_types(p, is_derived, expr->as.of)
               : NULL;
}

/* Recurses as deep as the expression is. @return NULL: it is not known */
static const edu_where_t *take(apr_pool_t *p, const edu_expr_t *expr)
{
    switch (expr->op) {
    case EDU_EXPR_AND:
    case EDU_EXPR_OR:
        return take_chain(p, expr);
    case EDU_EXPR_EQ:
    case EDU_EXPR_NE:
    case EDU_EXPR_LT:
    case EDU_EXPR_LE:
    case EDU_EXPR_GT:
    case EDU_EXPR_GE:
        return take_comparison(p, expr);
    case EDU_EXPR_IN:
        return take_in(p, expr);
    case EDU_EXPR_ISOF:
        return take_isof(p, expr);
    case EDU_EXPR_CALL:
        return take_call(p, expr);
    default:
        return NULL;
    }
}

/* Whether a condition may hold for a placeholder, which has no values but its
 * id and type. */
static int may_hold(const edu_where_t *where, const char *type)
{
    int one = where->op == EDU_WHERE_OR;

    switch (where->op) {
    case EDU_WHERE_AND:
    case EDU_WHERE_OR:
        for (int i = 0; i < where->parts->nelts; i++) {
            if (may_hold(APR_ARRAY_IDX(where->parts, i, const edu_where_t *),
                         type) == one) {
                return one;
            }
        }
        return !one;
    case EDU_WHERE_KIND:
        return strcmp(where->text, type) == 0;
    case EDU_WHERE_NULL:
    case EDU_WHERE_OTHER:
    case EDU_WHERE_WRITTEN:
        return 1;
    default:
        return strcmp(APR_ARRAY_IDX(where->path, 0, const char *), "id") == 0;
    }
}

const edu_where_t *edu__pushdown(const edu_exchange_t *x, apr_pool_t *p)
{
    const edu_where_t *where =
        x->query.filter ? take(p, x->query.filter) : NULL;

    for (int i = 0; where && edu__types[i]; i++) {
        if (edu__singleton_id(edu__types[i]->name) &&
            may_hold(where, edu__types[i]->name)) {
            where = NULL;
        }
    }
    return where;
}
