/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Values: compared, computed with, and cast. */

#include "expr.h"

#include <math.h>

#define TICKS ((apr_int64_t)EDU_TICKS_PER_SECOND)
#define DAY (24 * 60 * 60 * TICKS)
#define NOTHING ((edu_value_t){ .kind = EDU_EDM_NULL })

static double number_of(const edu_value_t *value)
{
    return edu__is_integer(value->kind) ? (double)value->integer
                                        : value->number;
}

static int sign_of(apr_int64_t a, apr_int64_t b)
{
    return (a > b) - (a < b);
}

static int text_order(const edu_value_t *a, const edu_value_t *b)
{
    apr_size_t len = a->text.len < b->text.len ? a->text.len : b->text.len;
    int order = memcmp(a->text.s, b->text.s, len);

    return order ? order : (a->text.len > len) - (b->text.len > len);
}

/* NaN has no order among numbers; here it comes last. */
int edu__value_compare(const edu_value_t *a, const edu_value_t *b)
{
    double x, y;

    if (!a->kind || !b->kind) {
        return (a->kind != EDU_EDM_NULL) - (b->kind != EDU_EDM_NULL);
    }
    if (edu__is_number(a->kind) &&
        !(edu__is_integer(a->kind) && edu__is_integer(b->kind))) {
        x = number_of(a);
        y = number_of(b);
        return isnan(x) || isnan(y) ? (isnan(x) != 0) - (isnan(y) != 0)
                                    : (x > y) - (x < y);
    }
    switch (a->kind) {
    case EDU_EDM_BOOLEAN:
        return a->truth - b->truth;
    case EDU_EDM_STRING:
    case EDU_EDM_ENUM:
    case EDU_EDM_GUID:
        return text_order(a, b);
    case EDU_EDM_OBJECT:
        return 0;
    default:
        return sign_of(a->integer, b->integer);
    }
}

static int is_nan(const edu_value_t *value)
{
    return edu__is_number(value->kind) && isnan(number_of(value));
}

/* A comparison with null is false, but for eq and ne; with NaN, but for ne. */
int edu__value_holds(edu_expr_e op, const edu_value_t *a, const edu_value_t *b)
{
    int order = edu__value_compare(a, b);
    int both = a->kind && b->kind;

    if (is_nan(a) || is_nan(b)) {
        return op == EDU_EXPR_NE;
    }
    switch (op) {
    case EDU_EXPR_NE:
        return order != 0;
    case EDU_EXPR_LT:
        return both && order < 0;
    case EDU_EXPR_LE:
        return both && order <= 0;
    case EDU_EXPR_GT:
        return both && order > 0;
    case EDU_EXPR_GE:
        return both && order >= 0;
    default:
        return order == 0;
    }
}

/* --------------------------------------------------------------- arithmetic */

/* A whole number that is too large, or a division by zero, has no value. */
static edu_value_t of_integers(edu_expr_e op, apr_int64_t a, apr_int64_t b)
{
    edu_value_t value = { .kind = EDU_EDM_INT64 };
    int fails = 0;

    switch (op) {
    case EDU_EXPR_ADD:
        fails = __builtin_add_overflow(a, b, &value.integer);
        break;
    case EDU_EXPR_SUB:
        fails = __builtin_sub_overflow(a, b, &value.integer);
        break;
    case EDU_EXPR_MUL:
        fails = __builtin_mul_overflow(a, b, &value.integer);
        break;
    default:
        fails = b == 0 || (b == -1 && a == APR_INT64_MIN && op == EDU_EXPR_DIV);
        if (!fails) {
            value.integer = op == EDU_EXPR_DIV ? a / b : b == -1 ? 0 : a % b;
        }
    }
    return fails ? NOTHING : value;
}

static edu_value_t of_numbers(edu_expr_e op, edu_edm_e kind, double a, double b)
{
    edu_value_t value = { .kind = kind };

    switch (op) {
    case EDU_EXPR_ADD:
        value.number = a + b;
        break;
    case EDU_EXPR_SUB:
        value.number = a - b;
        break;
    case EDU_EXPR_MUL:
        value.number = a * b;
        break;
    case EDU_EXPR_MOD:
        value.number = b == 0 ? 0 : fmod(a, b);
        return b == 0 ? NOTHING : value;
    default:
        value.number = a / b;
    }
    return value;
}

/* Ticks that are an instant, a date or a duration, if they can be. */
static edu_value_t of_ticks(edu_edm_e kind, edu_value_t ticks)
{
    const apr_int64_t first = -62135596800 * TICKS; /* of year 1 */

    if (kind == EDU_EDM_DATE && ticks.kind) {
        ticks.integer -= (ticks.integer % DAY + DAY) % DAY;
    }
    if (!ticks.kind || ticks.integer > EDU_TIME_MAX ||
        ticks.integer < (kind == EDU_EDM_DURATION ? -EDU_TIME_MAX : first)) {
        return NOTHING;
    }
    ticks.kind = kind;
    return ticks;
}

/* A duration times a number, or divided by one. */
static edu_value_t scaled(edu_expr_e op, const edu_value_t *duration,
                          const edu_value_t *number)
{
    double by = number_of(number), ticks = (double)duration->integer;
    edu_value_t value = { .kind = EDU_EDM_INT64 };

    ticks = op == EDU_EXPR_MUL ? ticks * by : ticks / by;
    if (!(fabs(ticks) <= (double)EDU_TIME_MAX)) {
        return NOTHING;
    }
    value.integer = llround(ticks);
    return of_ticks(EDU_EDM_DURATION, value);
}

edu_value_t edu__value_compute(edu_expr_e op, edu_edm_e kind,
                               const edu_value_t *a, const edu_value_t *b)
{
    if (!a->kind || !b->kind) {
        return NOTHING;
    }
    if (edu__is_number(a->kind) && edu__is_number(b->kind)) {
        return edu__is_integer(kind) && edu__is_integer(a->kind) &&
                       edu__is_integer(b->kind)
                   ? of_integers(op, a->integer, b->integer)
                   : of_numbers(op, kind, number_of(a), number_of(b));
    }
    if (edu__is_number(a->kind)) {
        return scaled(op, b, a);
    }
    return edu__is_number(b->kind)
               ? scaled(op, a, b)
               : of_ticks(kind, of_integers(op, a->integer, b->integer));
}

edu_value_t edu__value_negate(edu_value_t value)
{
    if (edu__is_number(value.kind) && !edu__is_integer(value.kind)) {
        value.number = -value.number;
        return value;
    }
    if (value.kind == EDU_EDM_DURATION) {
        value.integer = -value.integer;
        return value;
    }
    return value.kind ? of_integers(EDU_EXPR_SUB, 0, value.integer) : NOTHING;
}

/* -------------------------------------------------------------------- casts */

static edu_value_t cast_number(edu_value_t value, edu_edm_e to, apr_pool_t *p)
{
    double number = number_of(&value),
           most = to == EDU_EDM_INT32 ? 0x1p31 : 0x1p63;

    if (!edu__is_integer(to)) {
        value.number =
            to == EDU_EDM_SINGLE ? edu__single_of(number, p) : number;
        value.kind = to;
        return to == EDU_EDM_DECIMAL && !isfinite(number) ? NOTHING : value;
    }
    if (!edu__is_integer(value.kind)) {
        number = trunc(number);
        if (!(number >= -most && number < most)) {
            return NOTHING;
        }
        value.integer = (apr_int64_t)number;
    }
    value.kind = to;
    return to == EDU_EDM_INT64 || value.integer == (apr_int32_t)value.integer
               ? value
               : NOTHING;
}

static int is_member(const edu_type_t *type, const char *name)
{
    int i = 0;

    while (type->values[i] && strcmp(type->values[i], name) != 0) {
        i++;
    }
    return type->values[i] != NULL;
}

/* A text is copied for a NUL at its end. */
static edu_value_t cast_text(const edu_value_t *value, edu_typed_t to,
                             edu_run_t *run)
{
    char *copy = edu__run_alloc(run, value->text.len);
    edu_value_t read = { .kind = EDU_EDM_ENUM };

    if (!copy) {
        return NOTHING;
    }
    memcpy(copy, value->text.s, value->text.len);
    copy[value->text.len] = '\0';
    if (to.kind != EDU_EDM_ENUM) {
        return edu__literal_read(to.kind, copy, run->own);
    }
    read.text.s = copy;
    read.text.len = value->text.len;
    return is_member(to.of, copy) ? read : NOTHING;
}

static edu_value_t cast_any(edu_value_t value, edu_typed_t as, edu_run_t *run)
{
    edu_edm_e to = as.kind;
    edu_value_t text;

    if (edu__is_number(value.kind) && edu__is_number(to)) {
        return edu__run_alloc(run, 0) ? cast_number(value, to, run->own)
                                      : NOTHING;
    }
    if (value.kind == to) {
        return value;
    }
    if (value.kind == EDU_EDM_STRING) {
        return cast_text(&value, as, run);
    }
    /* all that is left becomes a string */
    if (!edu__run_alloc(run, 0)) {
        return NOTHING;
    }
    text.kind = EDU_EDM_STRING;
    text.text.s = edu__literal_text(&value, run->own);
    text.text.len = strlen(text.text.s);
    return text;
}

edu_value_t edu__value_cast(edu_value_t value, edu_typed_t as, edu_run_t *run)
{
    value = cast_any(value, as, run);
    return as.most && value.kind &&
                   (value.integer < as.least || value.integer > as.most)
               ? NOTHING
               : value;
}
