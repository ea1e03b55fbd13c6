/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The letters of points. */

#include "model.h"
#include "unit.h"

/* Whether points of max reach a least percentage: JSON numbers as written. */
static int reaches(const char *points, const char *max, const char *min,
                   apr_pool_t *p)
{
    json_t *outcome =
        value(apr_psprintf(p, "{'points':{'points':%s}}", points), p);

    edu__letter_set(
        outcome, value(apr_psprintf(p,
                                    "{'grading':{'maxPoints':%s},"
                                    "'gradingScheme':{'grades':[{"
                                    "'displayName':'A','minPercentage':%s}]}}",
                                    max, min),
                       p));
    return json_object_get(json_object_get(outcome, "points"), "grade") != NULL;
}

/* clang-format off */
static const struct letter_t {
    const char *points, *max, *least; /* the percentage that is just reached */
    const char *more;                 /* one that is not */
} letters[] = {
    { "8.7", "10", "87", "87.00000000001" },
    { "8.7", "10.0", "8.7e1", "870.1e-1" },
    { "0.87", "1", "87", "87.0000000000001" },
    { "28.971", "33.3", "87", "87.0000000000001" },
    { "1", "3", "33.3333333333333", "33.3333333333334" },
    { "2", "3", "66.6666666666666", "66.6666666666667" },
    { "0.07", "0.1", "70", "70.0000000000001" },
    { "1.1", "1", "110", "110.000000000001" },
    { "9999998", "9999998", "100", "100.000000000001" },
    { "9999998", "9999999", "99.9999899", "99.99999" },
    { "0", "10", "0", "1e-300" },
    { "0", "10", "-5", "4.9e-324" },
    { "0.0", "1e300", "-0.0", "1e-307" },
    { "1e-7", "1e-7", "100", "100.000000000001" },
    { "1e-30", "1e-32", "10000", "10000.0000000001" },
    { "1.5e3", "1e5", "1.5", "1.50000000000001" },
    { "5e-324", "1e-300", "0", "1" },
    { "1e38", "1e300", "1e-260", "1.00000000000001e-260" },
    { "9000000", "9223372036854775807", "9.7578194999e-11",
      "9.7578195524e-11" },
    { "1", "9223372036854775807", "1.0842021724855e-17",
      "1.0842021724856e-17" },
    { "9223372036854775807", "9223372036854775807", "100", "101" },
    { "9223372036854775807", "1", "922337203685477580",
      "9223372036854775807e2" },
    { "123456789012345", "1e15", "12.3456789012345", "12.3456789012346" }
};
/* clang-format on */

/* A whole number of thousandths, as JSON has it. */
static const char *thousandths(int n, apr_pool_t *p)
{
    return apr_psprintf(p, "%d.%03d", n / 1000, n % 1000);
}

/* Whether points reach a percentage is what whole numbers say. */
static int is_right(int points, int max, int min, apr_pool_t *p)
{
    json_t *kept = edu__json_single(value(thousandths(points, p), p));

    return reaches(edu__json_text(edu__json_own(kept, p), p),
                   thousandths(max, p), thousandths(min, p),
                   p) == (points * 100000LL >= (long long)max * min);
}

/* Both sides of each boundary, the points as a float32 keeps them. */
static void test_boundaries(apr_pool_t *p)
{
    static const int maxima[] = { 1,    10,    100,   300,   3700, 7500,
                                  8000, 10000, 12500, 17400, 33300 };
    apr_pool_t *one;
    int wrong = 0, run = 0;

    apr_pool_create(&one, p);
    for (apr_size_t i = 0; i < COUNT(maxima); i++) {
        for (int min = 0; min <= 100000; min += 250) {
            int points = (int)((long long)maxima[i] * min / 100000);

            wrong += !is_right(points, maxima[i], min, one);
            wrong += !is_right(points + 1, maxima[i], min, one);
            run += 2;
            apr_pool_clear(one);
        }
    }
    is_int(run, 8822, "all boundaries of letters were tried");
    is_int(wrong, 0, "no boundary of a letter is missed");
}

/* The best of the letters that are reached, the first of two equal ones. */
static void test_best(apr_pool_t *p)
{
    static const char grades[] =
        "{'grading':{'maxPoints':10},'gradingScheme':{'grades':["
        "{'displayName':'E','minPercentage':-1},"
        "{'displayName':'C','minPercentage':50},"
        "{'displayName':'A','minPercentage':90},"
        "{'displayName':'B','minPercentage':75},"
        "{'displayName':'b','minPercentage':75.0},"
        "{'displayName':'D'}]}}";
    static const char *const best[] = { "0",   "D", "4.99", "D", "5", "C",
                                        "7.5", "B", "8.99", "B", "9", "A",
                                        "100", "A", "null", NULL };

    for (apr_size_t i = 0; i < COUNT(best); i += 2) {
        json_t *outcome = value(
            apr_psprintf(p, "{'points':{'points':%s,'grade':'X'}}", best[i]),
            p);

        edu__letter_set(outcome, value(grades, p));
        is_str(json_string_value(json_object_get(
                   json_object_get(outcome, "points"), "grade")),
               best[i + 1], apr_psprintf(p, "the letter of %s", best[i]));
    }
}

static void test_letters(apr_pool_t *p)
{
    for (apr_size_t i = 0; i < COUNT(letters); i++) {
        const struct letter_t *row = &letters[i];

        ok(reaches(row->points, row->max, row->least, p),
           "%s of %s are %s per cent", row->points, row->max, row->least);
        ok(!reaches(row->points, row->max, row->more, p),
           "%s of %s are less than %s per cent", row->points, row->max,
           row->more);
    }
    test_boundaries(p);
    test_best(p);
}

static void tests(apr_pool_t *p)
{
    test_letters(p);
}

TAP_MAIN(tests)
