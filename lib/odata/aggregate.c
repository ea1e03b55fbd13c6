/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Groups of rows, and the values that $apply asks for of each.  Memory grows
 * with the groups and with what they tell apart, never with the rows. */

#include "apply.h"
#include "expr.h"

#include <apr_hash.h>
#include <apr_strings.h>
#define APR_WANT_IOVEC
#include <apr_want.h>

#include <math.h>
#include <stdlib.h>

/* What a hash table and an entry of one take beside the key. */
#define TABLE_BYTES 1024
#define ENTRY_BYTES 128

/* The largest whole number up to which a double has all of them. */
#define EXACT (APR_INT64_C(1) << 53)

#define NOTHING ((edu_value_t){ .kind = EDU_EDM_NULL })

/* A value on its way. */
typedef struct cell_t {
    apr_int64_t n;     /* of values, or of different ones */
    edu_value_t value; /* their sum, the least or the greatest */
    char *room;        /* has its text */
    apr_size_t size;
    apr_hash_t *seen; /* the different ones */
} cell_t;

typedef struct group_t {
    const edu_value_t *keys; /* of the groupings */
    int n_keys;
    cell_t *cells; /* of the totals */
} group_t;

struct edu_groups_t {
    const edu_query_t *query;
    const edu_apply_t *apply; /* of the query */
    apr_hash_t *found;        /* group_t by the bytes of its keys */
    apr_array_header_t *list; /* of group_t * */
    apr_size_t bytes;
    apr_size_t each; /* what a group takes, here or in the answer, at least */
    apr_pool_t *p;
    apr_pool_t *row; /* what one row takes meanwhile */
};

static const edu_total_t *total_at(const edu_groups_t *groups, int i)
{
    return &APR_ARRAY_IDX(groups->apply->totals, i, edu_total_t);
}

static const edu_grouping_t *grouping_at(const edu_groups_t *groups, int i)
{
    return &APR_ARRAY_IDX(groups->apply->groupings, i, edu_grouping_t);
}

/* ------------------------------------------------------------------ memory */

static apr_status_t spend(edu_groups_t *groups, apr_size_t bytes,
                          edu_error_t *err)
{
    groups->bytes += bytes;
    return groups->bytes <= EDU_MAX_GROUP_BYTES
               ? APR_SUCCESS
               : edu_error_set(err, EDU_EBADREQUEST, "$apply", groups->row,
                               "The groups and their values take more than %d "
                               "MiB. Choose fewer rows by filter(…)/, or group "
                               "by less.",
                               (int)(EDU_MAX_GROUP_BYTES >> 20));
}

static int is_text(const edu_value_t *value)
{
    return value->kind == EDU_EDM_STRING || value->kind == EDU_EDM_ENUM ||
           value->kind == EDU_EDM_GUID;
}

/* Equal values have the same bytes, different ones do not. */
static struct iovec bytes_of(const edu_value_t *value, apr_pool_t *p)
{
    struct iovec bytes = { .iov_base = NULL };
    double number = value->number;
    apr_int64_t integer = value->integer;

    if (!value->kind) {
        return bytes;
    }
    if (is_text(value)) {
        bytes.iov_base = (void *)value->text.s;
        bytes.iov_len = value->text.len;
        return bytes;
    }
    if (value->kind == EDU_EDM_BOOLEAN) {
        integer = value->truth;
    }
    if (edu__is_number(value->kind) && edu__is_integer(value->kind) &&
        integer >= -EXACT && integer <= EXACT) {
        number = (double)integer;
    }
    else if (!edu__is_number(value->kind) || edu__is_integer(value->kind)) {
        bytes.iov_base = apr_pmemdup(p, &integer, sizeof(integer));
        bytes.iov_len = sizeof(integer);
        return bytes;
    }
    number = isnan(number) ? NAN : number == 0 ? 0 : number;
    bytes.iov_base = apr_pmemdup(p, &number, sizeof(number));
    bytes.iov_len = sizeof(number);
    return bytes;
}

/* The bytes of several values, each with its length and whether it is null. */
static struct iovec key_of(const edu_value_t *values, int n, apr_pool_t *p)
{
    struct iovec *parts = apr_palloc(p, (2 * n + 1) * sizeof(*parts)), whole;
    apr_uint32_t *lens = apr_palloc(p, (n + 1) * sizeof(*lens));

    for (int i = 0; i < n; i++) {
        parts[2 * i + 1] = bytes_of(&values[i], p);
        lens[i] =
            values[i].kind ? (apr_uint32_t)parts[2 * i + 1].iov_len + 1 : 0;
        parts[2 * i].iov_base = &lens[i];
        parts[2 * i].iov_len = sizeof(lens[i]);
    }
    whole.iov_base = apr_pstrcatv(p, parts, 2 * n, &whole.iov_len);
    return whole;
}

/* ------------------------------------------------------------------ groups */

static apr_size_t size_of(const edu_groups_t *groups)
{
    apr_size_t size = ENTRY_BYTES;

    for (int i = 0; i < groups->apply->groupings->nelts; i++) {
        size += sizeof(edu_value_t) + strlen(grouping_at(groups, i)->name);
    }
    for (int i = 0; i < groups->apply->totals->nelts; i++) {
        size += sizeof(cell_t) + 2 * strlen(total_at(groups, i)->alias);
    }
    return size;
}

static group_t *group_new(edu_groups_t *groups, const edu_value_t *keys, int n)
{
    group_t *group = apr_pcalloc(groups->p, sizeof(*group));
    edu_value_t *own = apr_pmemdup(groups->p, keys, n * sizeof(*keys));

    for (int i = 0; i < n; i++) {
        if (is_text(&own[i])) {
            own[i].text.s =
                apr_pstrmemdup(groups->p, own[i].text.s, own[i].text.len);
        }
    }
    group->keys = own;
    group->n_keys = n;
    group->cells = apr_pcalloc(groups->p, groups->apply->totals->nelts *
                                              sizeof(*group->cells));
    APR_ARRAY_PUSH(groups->list, group_t *) = group;
    return group;
}

edu_groups_t *edu__groups_create(const edu_query_t *query, apr_pool_t *p)
{
    edu_groups_t *groups = apr_pcalloc(p, sizeof(*groups));

    groups->query = query;
    groups->apply = query->apply;
    groups->found = apr_hash_make(p);
    groups->list = apr_array_make(p, 16, sizeof(group_t *));
    groups->each = size_of(groups);
    groups->p = p;
    apr_pool_create(&groups->row, p);
    if (!groups->apply->groupings->nelts) {
        group_new(groups, NULL, 0);
    }
    return groups;
}

/* The group of a row's keys, which may be a new one. */
static apr_status_t group_of(group_t **group, edu_groups_t *groups,
                             const edu_value_t *keys, int n, edu_error_t *err)
{
    struct iovec key = key_of(keys, n, groups->row);
    apr_status_t rv;

    *group = n ? apr_hash_get(groups->found, key.iov_base, key.iov_len)
               : APR_ARRAY_IDX(groups->list, 0, group_t *);
    if (*group) {
        return APR_SUCCESS;
    }
    if (groups->list->nelts >= EDU_MAX_GROUPS) {
        return edu_error_set(err, EDU_EBADREQUEST, "$apply", groups->row,
                             "There are more than %d groups. Choose fewer rows "
                             "by filter(…)/, or group by less.",
                             EDU_MAX_GROUPS);
    }
    rv = spend(groups, groups->each + 2 * key.iov_len, err);
    if (rv) {
        return rv;
    }
    *group = group_new(groups, keys, n);
    apr_hash_set(groups->found,
                 apr_pmemdup(groups->p, key.iov_base, key.iov_len), key.iov_len,
                 *group);
    return APR_SUCCESS;
}

/* ------------------------------------------------------------------ values */

/* Whole numbers have a whole sum; one beyond 64 bits is null. */
static void add(cell_t *cell, const edu_value_t *value)
{
    edu_edm_e kind =
        edu__is_integer(value->kind) ? EDU_EDM_INT64 : EDU_EDM_DOUBLE;
    const edu_value_t zero = { .kind = EDU_EDM_INT64, .integer = 0 };

    cell->value = edu__value_compute(EDU_EXPR_ADD, kind,
                                     cell->n > 1 ? &cell->value : &zero, value);
}

static void add_for_average(cell_t *cell, const edu_value_t *value)
{
    const edu_value_t zero = { .kind = EDU_EDM_DOUBLE, .number = 0 };

    cell->value = edu__value_compute(EDU_EXPR_ADD, EDU_EDM_DOUBLE,
                                     cell->n > 1 ? &cell->value : &zero, value);
}

/* Keeps a value instead of the one before, whose room it gets. */
static apr_status_t replace(edu_groups_t *groups, cell_t *cell,
                            const edu_value_t *value, edu_error_t *err)
{
    apr_size_t len = is_text(value) ? value->text.len : 0;

    if (len > cell->size) {
        apr_status_t rv = spend(groups, 2 * len, err);

        if (rv) {
            return rv;
        }
        cell->size = 2 * len;
        cell->room = apr_palloc(groups->p, cell->size);
    }
    cell->value = *value;
    if (is_text(value)) {
        cell->value.text.s = len ? memcpy(cell->room, value->text.s, len) : "";
    }
    return APR_SUCCESS;
}

static apr_status_t count_different(edu_groups_t *groups, cell_t *cell,
                                    const edu_value_t *value, edu_error_t *err)
{
    struct iovec key = bytes_of(value, groups->row);
    apr_size_t bytes = ENTRY_BYTES + key.iov_len;
    apr_status_t rv;

    cell->n--; /* it may be there already */
    if (cell->seen && apr_hash_get(cell->seen, key.iov_base, key.iov_len)) {
        return APR_SUCCESS;
    }
    rv = spend(groups, cell->seen ? bytes : bytes + TABLE_BYTES, err);
    if (rv) {
        return rv;
    }
    cell->seen = cell->seen ? cell->seen : apr_hash_make(groups->p);
    apr_hash_set(cell->seen,
                 apr_pstrmemdup(groups->p, key.iov_base, key.iov_len),
                 key.iov_len, cell);
    cell->n++;
    return APR_SUCCESS;
}

/* Adds a value that is not null. */
static apr_status_t take(edu_groups_t *groups, cell_t *cell,
                         edu_method_e method, const edu_value_t *value,
                         edu_error_t *err)
{
    int order = ++cell->n > 1 ? edu__value_compare(value, &cell->value) : 0;

    switch (method) {
    case EDU_METHOD_SUM:
        add(cell, value);
        return APR_SUCCESS;
    case EDU_METHOD_AVERAGE:
        add_for_average(cell, value);
        return APR_SUCCESS;
    case EDU_METHOD_MIN:
        return cell->n == 1 || order < 0 ? replace(groups, cell, value, err)
                                         : APR_SUCCESS;
    case EDU_METHOD_MAX:
        return cell->n == 1 || order > 0 ? replace(groups, cell, value, err)
                                         : APR_SUCCESS;
    case EDU_METHOD_DISTINCT:
        return count_different(groups, cell, value, err);
    default:
        return APR_SUCCESS;
    }
}

static apr_status_t find(edu_value_t *value, const edu_groups_t *groups,
                         const edu_expr_t *expr, const json_t *doc,
                         edu_error_t *err)
{
    return edu__expr_find(value, expr, doc, groups->query, "$apply", err,
                          groups->row);
}

apr_status_t edu__groups_add(edu_groups_t *groups, const json_t *doc,
                             edu_error_t *err)
{
    int n = groups->apply->groupings->nelts;
    edu_value_t *keys, value;
    group_t *group;
    apr_status_t rv = APR_SUCCESS;

    apr_pool_clear(groups->row);
    keys = apr_palloc(groups->row, (n + 1) * sizeof(*keys));
    for (int i = 0; !rv && i < n; i++) {
        rv = find(&keys[i], groups, grouping_at(groups, i)->of, doc, err);
    }
    rv = rv ? rv : group_of(&group, groups, keys, n, err);
    for (int i = 0; !rv && i < groups->apply->totals->nelts; i++) {
        const edu_total_t *total = total_at(groups, i);

        if (!total->of) {
            group->cells[i].n++;
            continue;
        }
        rv = find(&value, groups, total->of, doc, err);
        if (!rv && value.kind) {
            rv = take(groups, &group->cells[i], total->method, &value, err);
        }
    }
    return rv;
}

/* ------------------------------------------------------------------ result */

static int by_keys(const void *a, const void *b)
{
    const group_t *x = *(group_t *const *)a, *y = *(group_t *const *)b;
    int order = 0;

    for (int i = 0; !order && i < x->n_keys; i++) {
        order = edu__value_compare(&x->keys[i], &y->keys[i]);
    }
    return order;
}

int edu__groups_sort(edu_groups_t *groups)
{
    qsort(groups->list->elts, groups->list->nelts, sizeof(group_t *), by_keys);
    return groups->list->nelts;
}

/* The value of a total, with its type. */
static edu_value_t value_of(const edu_total_t *total, const cell_t *cell)
{
    edu_value_t n = { .kind = EDU_EDM_DECIMAL, .number = (double)cell->n };

    if (total->method == EDU_METHOD_COUNT ||
        total->method == EDU_METHOD_DISTINCT) {
        return n;
    }
    if (!cell->n) {
        return NOTHING;
    }
    return total->method == EDU_METHOD_AVERAGE
               ? edu__value_compute(EDU_EXPR_DIV, EDU_EDM_DOUBLE, &cell->value,
                                    &n)
               : cell->value;
}

/* A number without a fraction is written without one, as points are. */
static json_t *number_json(double number, apr_pool_t *p)
{
    const edu_value_t value = { .kind = EDU_EDM_DOUBLE, .number = number };

    if (!isfinite(number)) {
        return edu__json_string(edu__literal_text(&value, p), p);
    }
    return fabs(number) < 1e15 && number == trunc(number)
               ? json_integer((json_int_t)number)
               : json_real(number);
}

/* @param texts  64-bit integers are strings, and decimals */
static json_t *json_of(const edu_value_t *value, int texts, apr_pool_t *p)
{
    if (!value->kind) {
        return json_null();
    }
    if (value->kind == EDU_EDM_BOOLEAN) {
        return json_boolean(value->truth);
    }
    if (!edu__is_number(value->kind) ||
        (texts &&
         (value->kind == EDU_EDM_INT64 || value->kind == EDU_EDM_DECIMAL))) {
        return edu__json_string(edu__literal_text(value, p), p);
    }
    return edu__is_integer(value->kind) ? json_integer(value->integer)
                                        : number_json(value->number, p);
}

/* Sets the value of a grouping, at the end of its path. */
static void set_at(json_t *row, const edu_grouping_t *grouping, json_t *value)
{
    const apr_array_header_t *steps = grouping->of->path->steps;
    int last = steps->nelts - 1;

    for (int i = 0; i < last; i++) {
        const char *name = APR_ARRAY_IDX(steps, i, edu_step_t).name;
        json_t *below = json_object_get(row, name);

        if (!below) {
            below = json_object();
            json_object_set_new(row, name, below);
        }
        row = below;
    }
    json_object_set_new(row, APR_ARRAY_IDX(steps, last, edu_step_t).name,
                        value);
}

/* The type of a value that JSON does not tell (OData JSON 4.0, 4.5.3). */
static const char *type_of(edu_edm_e kind)
{
    static const char *const names[EDU_EDM_OBJECT + 1] = {
        [EDU_EDM_INT32] = "#Int32",     [EDU_EDM_INT64] = "#Int64",
        [EDU_EDM_DECIMAL] = "#Decimal", [EDU_EDM_SINGLE] = "#Single",
        [EDU_EDM_DOUBLE] = "#Double",   [EDU_EDM_GUID] = "#Guid",
        [EDU_EDM_DATE] = "#Date",       [EDU_EDM_INSTANT] = "#DateTimeOffset",
        [EDU_EDM_CLOCK] = "#TimeOfDay", [EDU_EDM_DURATION] = "#Duration"
    };

    return names[kind];
}

const char *edu__groups_text(const edu_groups_t *groups, int i,
                             const edu_format_t *format, apr_pool_t *p)
{
    const group_t *group = APR_ARRAY_IDX(groups->list, i, const group_t *);
    json_t *row = edu__json_own(json_object(), p);

    for (int k = 0; k < group->n_keys; k++) {
        set_at(row, grouping_at(groups, k),
               json_of(&group->keys[k], format->ieee754, p));
    }
    for (int k = 0; k < groups->apply->totals->nelts; k++) {
        const edu_total_t *total = total_at(groups, k);
        edu_value_t value = value_of(total, &group->cells[k]);
        const char *type = type_of(value.kind);

        if (type && format->metadata != EDU_METADATA_NONE) {
            json_object_set_new(
                row, apr_pstrcat(p, total->alias, "@odata.type", NULL),
                json_string(type));
        }
        json_object_set_new(row, total->alias,
                            json_of(&value, format->ieee754, p));
    }
    return edu__json_text(row, p);
}
