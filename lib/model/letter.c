/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The letter of points by a grading scheme, compared as the decimals that they
 * are (decisions.md 3). */

#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const json_t *max_points(const json_t *assignment)
{
    const json_t *rubric = json_object_get(assignment, "rubric");
    const json_t *max =
        json_object_get(json_object_get(assignment, "grading"), "maxPoints");

    if (!json_is_number(max)) {
        max = json_object_get(json_object_get(rubric, "grading"), "maxPoints");
    }
    return json_is_number(max) ? max : NULL;
}

/* A number of 0 or more, exactly: 8.7 has the digits 8, 7 and the order 0. */
typedef struct decimal_t {
    int n;     /* digits, of which the first is not 0; 0: the number is 0 */
    int order; /* the first counts 10^order */
    int digits[40]; /* as many as two int64 have together */
} decimal_t;

/* Drops the zeros that a number begins with. */
static void trim(decimal_t *d)
{
    int zeros = 0;

    while (zeros < d->n && d->digits[zeros] == 0) {
        zeros++;
    }
    d->n -= zeros;
    d->order -= zeros;
    memmove(d->digits, d->digits + zeros, d->n * sizeof(d->digits[0]));
}

/* The decimal that was written: any of 15 digits survives a double.  All but
 * digits is passed over: a sign, and the decimal point of any locale. */
static decimal_t decimal_of(const json_t *number)
{
    decimal_t d = { .n = 0 };
    char text[32];
    const char *c = text;

    if (json_is_integer(number)) {
        snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT,
                 json_integer_value(number));
    }
    else {
        snprintf(text, sizeof(text), "%.14e", json_number_value(number));
    }
    for (; *c && *c != 'e'; c++) {
        if (*c >= '0' && *c <= '9') {
            d.digits[d.n++] = *c - '0';
        }
    }
    d.order = *c ? atoi(c + 1) : d.n - 1;
    trim(&d);
    return d;
}

static decimal_t product_of(const decimal_t *a, const decimal_t *b)
{
    decimal_t d = { .n = a->n + b->n, .order = a->order + b->order + 1 };

    for (int i = a->n - 1; i >= 0; i--) {
        for (int j = b->n - 1; j >= 0; j--) {
            int sum = d.digits[i + j + 1] + a->digits[i] * b->digits[j];

            d.digits[i + j + 1] = sum % 10;
            d.digits[i + j] += sum / 10;
        }
    }
    trim(&d);
    return d;
}

/* @return <0, 0, >0 */
static int compare(const decimal_t *a, const decimal_t *b)
{
    if (a->n == 0 || b->n == 0) {
        return a->n - b->n;
    }
    if (a->order != b->order) {
        return a->order - b->order;
    }
    for (int i = 0; i < a->n || i < b->n; i++) {
        int x = i < a->n ? a->digits[i] : 0, y = i < b->n ? b->digits[i] : 0;

        if (x != y) {
            return x - y;
        }
    }
    return 0;
}

/* Whether points are so many per cent of max. */
static int reaches(const json_t *points, const json_t *max, const json_t *min)
{
    decimal_t a = decimal_of(points), b = decimal_of(max), c = decimal_of(min);

    a.order += 2;
    b = product_of(&b, &c);
    return json_number_value(min) <= 0 || compare(&a, &b) >= 0;
}

/* The best grade whose least percentage the points reach, or NULL. */
static const json_t *letter_for(const json_t *points, const json_t *max,
                                const json_t *grades)
{
    const json_t *best = NULL;
    json_t *grade;
    size_t i;

    json_array_foreach((json_t *)grades, i, grade)
    {
        const json_t *min = json_object_get(grade, "minPercentage");

        if (reaches(points, max, min) &&
            (!best ||
             json_number_value(min) >
                 json_number_value(json_object_get(best, "minPercentage")))) {
            best = grade;
        }
    }
    return json_object_get(best, "displayName");
}

void edu__letter_set(json_t *outcome, const json_t *assignment)
{
    const json_t *scheme = json_object_get(assignment, "gradingScheme");
    json_t *points = json_object_get(outcome, "points");
    const json_t *value = json_object_get(points, "points");
    const json_t *max = max_points(assignment);
    const json_t *letter =
        json_is_number(value) && json_number_value(max) > 0
            ? letter_for(value, max, json_object_get(scheme, "grades"))
            : NULL;

    json_object_del(points, "grade");
    if (letter) {
        json_object_set_new(points, "grade", edu__json_share(letter));
    }
}
