/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Evaluates an expression for a document (OData 4.01 URL conventions, 5.1.1).
 */

#include "expr.h"

/* The steps that one document may cost: an operator, an element of a
 * collection, and some bytes of a text are one each. */
#define MAX_STEPS 1000000

#define NOTHING ((edu_value_t){ .kind = EDU_EDM_NULL })

static edu_value_t value_of(const edu_expr_t *node, edu_run_t *run);

static edu_value_t truth(int is)
{
    return (edu_value_t){ .kind = EDU_EDM_BOOLEAN, .truth = is };
}

/* -------------------------------------------------------------------- paths */

/* The value of a path; NULL if it is null or missing. */
static const json_t *value_at(const edu_operand_t *operand,
                              const json_t *entity)
{
    const json_t *value = entity;
    const edu_type_t *declared = operand->prop ? operand->prop->type : NULL;

    for (int i = 0; i < operand->steps->nelts && value; i++) {
        const edu_step_t *step = &APR_ARRAY_IDX(operand->steps, i, edu_step_t);

        if (step->cast &&
            !edu__type_is(edu__type_of(step->declared, NULL, value),
                          step->cast)) {
            return NULL;
        }
        value = json_object_get(value, step->name);
    }
    if (operand->cast && value && declared &&
        !edu__type_is(edu__type_of(declared, NULL, value), operand->cast)) {
        return NULL;
    }
    return json_is_null(value) ? NULL : value;
}

static const json_t *json_of(const edu_operand_t *operand, const edu_run_t *run)
{
    return value_at(operand, run->variables[operand->variable]);
}

/* A member that another program stored as something else is null. */
static edu_value_t value_from(const json_t *json, edu_edm_e kind)
{
    edu_value_t value = { .kind = kind };
    edu_time_t t;

    switch (kind) {
    case EDU_EDM_BOOLEAN:
        value.truth = json_is_true(json);
        return json_is_boolean(json) ? value : NOTHING;
    case EDU_EDM_INT32:
        value.integer = json_integer_value(json);
        if (json_is_real(json)) {
            value.kind = EDU_EDM_DOUBLE;
            value.number = json_real_value(json);
        }
        return json_is_number(json) ? value : NOTHING;
    case EDU_EDM_SINGLE:
        value.number = json_number_value(json);
        return json_is_number(json) ? value : NOTHING;
    case EDU_EDM_STRING:
    case EDU_EDM_ENUM:
        value.text.s = json_string_value(json);
        value.text.len = json_string_length(json);
        return value.text.s ? value : NOTHING;
    case EDU_EDM_INSTANT:
        if (!json_is_string(json) ||
            edu__time_parse(&t, json_string_value(json))) {
            return NOTHING;
        }
        value.integer = t;
        return value;
    default:
        value.json = json;
        return json ? value : NOTHING;
    }
}

static edu_value_t is_among(const edu_expr_t *node, edu_run_t *run)
{
    const edu_expr_t *list = node->n > 1 ? node->parts[1] : NULL;
    edu_value_t a = value_of(node->parts[0], run), b;
    const json_t *json, *element;
    size_t i;

    if (list && list->type.many) {
        json = json_of(list->path, run);
        json_array_foreach(json, i, element)
        {
            edu__run_spend(run, 1);
            b = value_from(element, list->type.kind);
            if (edu__value_holds(EDU_EXPR_EQ, &a, &b)) {
                return truth(1);
            }
        }
        return truth(0);
    }
    for (int k = 1; k < node->n; k++) {
        b = value_of(node->parts[k], run);
        if (edu__value_holds(EDU_EXPR_EQ, &a, &b)) {
            return truth(1);
        }
    }
    return truth(0);
}

/* An enumeration here has one member at a time, none of which is a flag. */
static edu_value_t has(const edu_expr_t *node, edu_run_t *run)
{
    edu_value_t a = value_of(node->parts[0], run);
    edu_value_t b = value_of(node->parts[1], run);

    return a.kind && b.kind ? truth(edu__value_compare(&a, &b) == 0) : NOTHING;
}

/* -------------------------------------------------------------------- logic */

/* `and` ends at what is false, `or` at what is true; else null decides. */
static edu_value_t chain_of(const edu_expr_t *node, edu_run_t *run)
{
    int end = node->op == EDU_EXPR_OR, is_null = 0;

    for (int i = 0; i < node->n; i++) {
        edu_value_t part = value_of(node->parts[i], run);

        if (part.kind && part.truth == end) {
            return part;
        }
        is_null |= !part.kind;
    }
    return is_null ? NOTHING : truth(!end);
}

/* A condition that is null holds for no element. */
static edu_value_t lambda_of(const edu_expr_t *node, edu_run_t *run)
{
    const edu_operand_t *path = node->parts[0]->path;
    const json_t *json = json_of(path, run), *element;
    int end = node->op == EDU_EXPR_ANY;
    size_t i;

    if (node->n == 1) {
        return truth(json_array_size(json) > 0);
    }
    json_array_foreach(json, i, element)
    {
        edu_value_t holds;

        edu__run_spend(run, 1);
        if (run->left < 0) {
            break;
        }
        run->variables[++run->bound] = json_is_null(element) ? NULL : element;
        holds = value_of(node->parts[1], run);
        run->bound--;
        if ((holds.kind && holds.truth) == end) {
            return truth(end);
        }
    }
    return truth(!end);
}

static edu_value_t case_of(const edu_expr_t *node, edu_run_t *run)
{
    for (int i = 0; i + 1 < node->n; i += 2) {
        edu_value_t when = value_of(node->parts[i], run);

        if (when.kind && when.truth) {
            return value_of(node->parts[i + 1], run);
        }
    }
    return NOTHING;
}

/* --------------------------------------------------------------- arithmetic */

static edu_value_t arithmetic(const edu_expr_t *node, edu_run_t *run)
{
    edu_value_t a = value_of(node->parts[0], run);
    edu_value_t b = value_of(node->parts[1], run);

    return edu__value_compute(node->op, node->type.kind, &a, &b);
}

/* -------------------------------------------------------------------- types */

static int is_of(const edu_value_t *value, const edu_expr_t *node)
{
    const edu_type_t *declared = node->parts[0]->type.of;

    if (!value->kind) {
        return 0;
    }
    return value->kind == EDU_EDM_OBJECT
               ? edu__type_is(edu__type_of(declared, NULL, value->json),
                              node->as.of)
               : node->parts[0]->type.kind == node->as.kind &&
                     node->parts[0]->type.of == node->as.of && !node->as.most;
}

static edu_value_t cast(const edu_expr_t *node, edu_run_t *run)
{
    edu_value_t value = value_of(node->parts[0], run);

    if (!value.kind || value.kind == EDU_EDM_OBJECT) {
        return is_of(&value, node) ? value : NOTHING;
    }
    return edu__value_cast(value, node->as, run);
}

/* -------------------------------------------------------------------- nodes */

static edu_value_t call_of(const edu_expr_t *node, edu_run_t *run)
{
    edu_value_t args[EDU_MAX_ARGUMENTS];

    for (int i = 0; i < node->n; i++) {
        args[i] = value_of(node->parts[i], run);
        if (!args[i].kind) {
            return NOTHING;
        }
    }
    return node->call->run(run, args, node->n);
}

static edu_value_t count_of(const edu_expr_t *node, edu_run_t *run)
{
    const json_t *json = json_of(node->parts[0]->path, run);

    return (edu_value_t){ .kind = EDU_EDM_INT32,
                          .integer = (apr_int64_t)json_array_size(json) };
}

static edu_value_t comparison(const edu_expr_t *node, edu_run_t *run)
{
    edu_value_t a = value_of(node->parts[0], run);
    edu_value_t b = value_of(node->parts[1], run);

    return truth(edu__value_holds(node->op, &a, &b));
}

/* Recurses only as deep as edu__expr_join lets a tree be. */
static edu_value_t value_of(const edu_expr_t *node, edu_run_t *run)
{
    edu_value_t value;

    edu__run_spend(run, 1);
    if (run->left < 0) {
        return NOTHING;
    }
    switch (node->op) {
    case EDU_EXPR_LITERAL:
        return node->literal;
    case EDU_EXPR_PATH:
        return value_from(json_of(node->path, run), node->type.kind);
    case EDU_EXPR_COUNT:
        return count_of(node, run);
    case EDU_EXPR_ANY:
    case EDU_EXPR_ALL:
        return lambda_of(node, run);
    case EDU_EXPR_NOT:
        value = value_of(node->parts[0], run);
        value.truth = !value.truth;
        return value;
    case EDU_EXPR_AND:
    case EDU_EXPR_OR:
        return chain_of(node, run);
    case EDU_EXPR_IN:
        return is_among(node, run);
    case EDU_EXPR_HAS:
        return has(node, run);
    case EDU_EXPR_NEGATE:
        return edu__value_negate(value_of(node->parts[0], run));
    case EDU_EXPR_ISOF:
        value = value_of(node->parts[0], run);
        return truth(is_of(&value, node));
    case EDU_EXPR_CAST:
        return cast(node, run);
    case EDU_EXPR_CASE:
        return case_of(node, run);
    case EDU_EXPR_CALL:
        return call_of(node, run);
    default:
        return node->op >= EDU_EXPR_ADD ? arithmetic(node, run)
                                        : comparison(node, run);
    }
}

/* @return as edu__filter_match */
static int match(edu_run_t *run, const edu_expr_t *filter)
{
    edu_value_t value = value_of(filter, run);
    int matches = value.kind && value.truth;

    if (run->own) {
        apr_pool_destroy(run->own);
    }
    return run->left < 0 ? -1 : matches;
}

int edu__filter_match(const edu_expr_t *filter, const json_t *entity,
                      apr_pool_t *p)
{
    edu_run_t run = { .variables = { entity }, .left = MAX_STEPS, .p = p };

    return match(&run, filter);
}

/* Takes the steps of a run from those of its query. */
static apr_status_t settle(const edu_run_t *run, const edu_query_t *query,
                           const char *option, edu_error_t *err, apr_pool_t *p)
{
    int fits = run->left >= 0, all_fit = 1;

    if (query->steps) {
        *query->steps -= MAX_STEPS - run->left;
        all_fit = *query->steps >= 0;
    }
    return fits && all_fit
               ? APR_SUCCESS
               : edu_error_set(err, EDU_EQUERY, option, p,
                               "Invalid %s clause: it takes too long to "
                               "evaluate for %s. Nest any() and all() less, or "
                               "join shorter texts.",
                               option + 1,
                               fits ? "so many entities"
                                    : "one of the entities");
}

apr_status_t edu__query_admits(int *fits, const edu_query_t *query,
                               const json_t *entity, edu_error_t *err,
                               apr_pool_t *p)
{
    edu_run_t run = { .variables = { entity }, .left = MAX_STEPS, .p = p };

    *fits = query->filter ? match(&run, query->filter) : 1;
    return settle(&run, query, query->apply ? "$apply" : "$filter", err, p);
}

apr_status_t edu__expr_find(edu_value_t *value, const edu_expr_t *expr,
                            const json_t *entity, const edu_query_t *query,
                            const char *option, edu_error_t *err, apr_pool_t *p)
{
    edu_run_t run = {
        .variables = { entity }, .left = MAX_STEPS, .p = p, .own = p
    };

    *value = value_of(expr, &run);
    return settle(&run, query, option, err, p);
}

/* ------------------------------------------------------------------- bounds */

static int is_path(const edu_expr_t *node, const char *path)
{
    const apr_array_header_t *steps = node->path ? node->path->steps : NULL;
    int i = 0;

    while (steps && i < steps->nelts) {
        const char *name = APR_ARRAY_IDX(steps, i++, edu_step_t).name;
        apr_size_t len = strlen(name);

        if (strncmp(path, name, len) != 0) {
            return 0;
        }
        path += len;
        if (i < steps->nelts && *path++ != '/') {
            return 0;
        }
    }
    return steps && *path == '\0';
}

/* Whether a comparison holds for values within that bound alone. */
static int bounds(edu_expr_e op, edu_bound_e bound)
{
    return op == EDU_EXPR_EQ ||
           (bound == EDU_AT_LEAST &&
            (op == EDU_EXPR_GE || op == EDU_EXPR_GT)) ||
           (bound == EDU_AT_MOST && (op == EDU_EXPR_LE || op == EDU_EXPR_LT));
}

const edu_value_t *edu__filter_bound(const edu_expr_t *filter, const char *path,
                                     edu_bound_e bound)
{
    const edu_value_t *value = NULL;

    if (!filter) {
        return NULL;
    }
    for (int i = 0; filter->op == EDU_EXPR_AND && !value && i < filter->n;
         i++) {
        value = edu__filter_bound(filter->parts[i], path, bound);
    }
    return bounds(filter->op, bound) && is_path(filter->parts[0], path) &&
                   filter->parts[1]->op == EDU_EXPR_LITERAL &&
                   filter->parts[1]->literal.kind
               ? &filter->parts[1]->literal
               : value;
}
