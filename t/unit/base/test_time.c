/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Instants are read, refused and written. */

#include "unit.h"

/* Texts that are read, and how they read back. */
/* clang-format off */
static const struct good_t {
    const char *in, *out;
} good[] = {
    { "2024-08-14T06:37:17.7703021Z", "2024-08-14T06:37:17.7703021Z" },
    { "2021-04-06T00:00:00Z", "2021-04-06T00:00:00.0000000Z" },
    { "2024-08-14t06:37:17z", "2024-08-14T06:37:17.0000000Z" },
    { "2024-08-14t06:37:17+00:00", "2024-08-14T06:37:17.0000000Z" },
    { "2024-08-14T23:59:59Z", "2024-08-14T23:59:59.0000000Z" },

    /* seconds may be left out (OData ABNF dateTimeOffsetValue) */
    { "2024-08-14T06:37Z", "2024-08-14T06:37:00.0000000Z" },
    { "2024-08-14T06:37+02:00", "2024-08-14T04:37:00.0000000Z" },

    /* offsets */
    { "2016-12-31T23:59:45.9968839+03:00", "2016-12-31T20:59:45.9968839Z" },
    { "2024-01-01T00:00:00-00:00", "2024-01-01T00:00:00.0000000Z" },
    { "2024-01-01T00:00:00+14:00", "2023-12-31T10:00:00.0000000Z" },
    { "2024-12-31T23:00:00-12:00", "2025-01-01T11:00:00.0000000Z" },
    { "2024-01-01T00:00:00+05:45", "2023-12-31T18:15:00.0000000Z" },
    { "2024-01-01T00:00:00-09:30", "2024-01-01T09:30:00.0000000Z" },
    { "2024-01-01T00:00:00+23:59", "2023-12-31T00:01:00.0000000Z" },
    { "2024-01-01T00:00:00-23:59", "2024-01-01T23:59:00.0000000Z" },
    { "2024-02-28T23:30:00-01:00", "2024-02-29T00:30:00.0000000Z" },

    /* one to twelve digits of a fraction; those after the seventh are cut off
     */
    { "2024-08-14T06:37:17.1Z", "2024-08-14T06:37:17.1000000Z" },
    { "2024-08-14T06:37:17.12Z", "2024-08-14T06:37:17.1200000Z" },
    { "2024-08-14T06:37:17.123Z", "2024-08-14T06:37:17.1230000Z" },
    { "2024-08-14T06:37:17.1234Z", "2024-08-14T06:37:17.1234000Z" },
    { "2024-08-14T06:37:17.12345Z", "2024-08-14T06:37:17.1234500Z" },
    { "2024-08-14T06:37:17.123456Z", "2024-08-14T06:37:17.1234560Z" },
    { "2024-08-14T06:37:17.1234567Z", "2024-08-14T06:37:17.1234567Z" },
    { "2024-08-14T06:37:17.12345678Z", "2024-08-14T06:37:17.1234567Z" },
    { "2024-08-14T06:37:17.123456789Z", "2024-08-14T06:37:17.1234567Z" },
    { "2024-08-14T06:37:17.1234567890Z", "2024-08-14T06:37:17.1234567Z" },
    { "2024-08-14T06:37:17.12345678901Z", "2024-08-14T06:37:17.1234567Z" },
    { "2024-08-14T06:37:17.999999999999Z", "2024-08-14T06:37:17.9999999Z" },
    { "2024-08-14T06:37:17.000000000001Z", "2024-08-14T06:37:17.0000000Z" },
    { "2024-08-14T06:37:17.0000001+01:00", "2024-08-14T05:37:17.0000001Z" },

    /* leap days */
    { "2024-02-29T12:00:00Z", "2024-02-29T12:00:00.0000000Z" },
    { "2000-02-29T12:00:00Z", "2000-02-29T12:00:00.0000000Z" },
    { "1600-02-29T12:00:00Z", "1600-02-29T12:00:00.0000000Z" },

    /* before 1970 a fraction still counts forwards */
    { "1969-12-31T23:59:59.9999999Z", "1969-12-31T23:59:59.9999999Z" },
    { "1969-12-31T23:59:59.0000001Z", "1969-12-31T23:59:59.0000001Z" },
    { "1900-01-01T00:00:00.5Z", "1900-01-01T00:00:00.5000000Z" },

    /* years 1 to 9999, of the instant in UTC */
    { "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.0000000Z" },
    { "0001-01-01T00:00:00.0000001Z", "0001-01-01T00:00:00.0000001Z" },
    { "0001-01-01T01:00:00+01:00", "0001-01-01T00:00:00.0000000Z" },
    { "9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.9999999Z" },
    { "9999-12-31T22:59:59.9999999-01:00", "9999-12-31T23:59:59.9999999Z" },
};
/* clang-format on */

static const char *const bad[] = {
    "",
    "Z",
    "now",
    "0",
    "1723617437",
    "2024",
    "2024-08",
    "2024-08-14",
    "2024-08-14Z",
    "2024-08-14T",
    "2024-08-14T06",
    "2024-08-14T06Z",
    "2024-08-14T06:37",
    "2024-08-14T06:37:17",
    "2024-08-14T06:37:17.5",
    "2024-08-14T06:37:Z",
    "T06:37:17Z",

    /* digits too few or too many */
    "24-08-14T06:37:17Z",
    "202-08-14T06:37:17Z",
    "12024-08-14T06:37:17Z",
    "10000-01-01T00:00:00Z",
    "2024-8-14T06:37:17Z",
    "2024-08-4T06:37:17Z",
    "2024-08-014T06:37:17Z",
    "2024-08-14T6:37:17Z",
    "2024-08-14T06:7:17Z",
    "2024-08-14T06:37:7Z",
    "2024-08-14T06:37:017Z",
    "2024-08-14T06:37:17.Z",
    "2024-08-14T06:37:17.1234567890123Z",

    /* other separators */
    "2024-08-14 06:37:17Z",
    "2024/08/14T06:37:17Z",
    "2024-08-14T06.37.17Z",
    "2024-08-14T06:37:17,5Z",
    "20240814T063717Z",
    "2024-08-14TT06:37:17Z",

    /* no such day */
    "2024-00-14T06:37:17Z",
    "2024-13-14T06:37:17Z",
    "2024-08-00T06:37:17Z",
    "2024-08-32T06:37:17Z",
    "2024-04-31T06:37:17Z",
    "2024-02-30T06:37:17Z",
    "2023-02-29T06:37:17Z",
    "1900-02-29T06:37:17Z",
    "2100-02-29T06:37:17Z",

    /* no such time */
    "2024-08-14T24:00:00Z",
    "2024-08-14T06:60:17Z",
    "2024-08-14T06:37:60Z",
    "2024-08-14T06:37:61Z",

    /* no such offset */
    "2024-08-14T06:37:17+",
    "2024-08-14T06:37:17+3",
    "2024-08-14T06:37:17+03",
    "2024-08-14T06:37:17+3:00",
    "2024-08-14T06:37:17+0300",
    "2024-08-14T06:37:17+03:0",
    "2024-08-14T06:37:17+03:000",
    "2024-08-14T06:37:17+24:00",
    "2024-08-14T06:37:17+03:60",
    "2024-08-14T06:37:17 +03:00",
    "2024-08-14T06:37:17Z+03:00",
    "2024-08-14T06:37:17CET",

    /* signs, spaces and what follows */
    "-2024-08-14T06:37:17Z",
    "+2024-08-14T06:37:17Z",
    "-001-01-01T00:00:00Z",
    "2024-08-14T-6:37:17Z",
    " 2024-08-14T06:37:17Z",
    "2024-08-14T06:37:17Z ",
    "2024-08-14T06:37:17ZZ",
    "2024-08-14T06:37:17 Z",
    "2024-08-14T06:37:17Z\t",

    /* digits that are none of ASCII's */
    "\xd9\xa2\xd9\xa0\xd9\xa2\xd9\xa4-08-14T06:37:17Z",
    "202\xef\xbc\x94-08-14T06:37:17Z",
    "2024-08-14T06:37:17\xff",

    /* out of years 1 to 9999 */
    "0000-01-01T00:00:00Z",
    "0000-12-31T23:59:59Z",
    "0001-01-01T00:00:00+00:01",
    "9999-12-31T23:59:59-00:01",
};

/* Ticks of 100 ns, before and after the epoch. */
/* clang-format off */
static const struct tick_t {
    const char *text;
    edu_time_t ticks;
} ticks[] = {
    { "1970-01-01T00:00:00.0000000Z", 0 },
    { "1970-01-01T00:00:00.0000001Z", 1 },
    { "1969-12-31T23:59:59.9999999Z", -1 },
    { "1969-12-31T23:59:59.0000000Z", -10000000 },
    { "2001-09-09T01:46:40.1234567Z", 10000000001234567 },
    { "0001-01-01T00:00:00.0000000Z", -621355968000000000 },
    { "9999-12-31T23:59:59.9999999Z", 2534023007999999999 },
};
/* clang-format on */

static void test_good(const struct good_t *row, apr_pool_t *p)
{
    edu_time_t t = 0, again = 1;
    apr_status_t rv = edu__time_parse(&t, row->in);

    is_str(rv ? "refused" : edu__time_format(t, p), row->out,
           apr_psprintf(p, "%s is read", row->in));
    rv = edu__time_parse(&again, row->out);
    ok(rv == APR_SUCCESS && again == t, "%s is the same instant", row->out);
}

static void test_bad(const char *in)
{
    edu_time_t t;

    ok(edu__time_parse(&t, in) == APR_EINVAL, "'%s' is refused", in);
}

static void test_ticks(const struct tick_t *row, apr_pool_t *p)
{
    edu_time_t t = 42;

    edu__time_parse(&t, row->text);
    is_int(t, row->ticks, apr_psprintf(p, "%s in ticks", row->text));
    is_str(edu__time_format(row->ticks, p), row->text,
           apr_psprintf(p, "%s from ticks", row->text));
}

/* A version that was loaded by SQL may be later than any time. */
static void test_late(apr_pool_t *p)
{
    is_str(edu__time_format(EDU_TIME_MAX + 1, p),
           "9999-12-31T23:59:59.9999999Z", "there is no year 10000");
}

/* Every day of eight hundred years is one day after the last. */
static void test_days(apr_pool_t *p)
{
    static const int length[] = {
        31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
    };
    const edu_time_t day_of_ticks = 86400 * (edu_time_t)10000000;
    edu_time_t t, last = 0;
    int wrong = 0;

    edu__time_parse(&last, "1599-12-31T12:00:00Z");
    for (int year = 1600; year < 2400; year++) {
        int leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

        for (int i = 0; i < 12; i++) {
            for (int day = 1; day <= length[i] + (leap && i == 1); day++) {
                char text[64];

                apr_snprintf(text, sizeof(text), "%04d-%02d-%02dT12:00:00Z",
                             year, i + 1, day);
                wrong += edu__time_parse(&t, text) ||
                         t != last + day_of_ticks ||
                         strncmp(edu__time_format(t, p), text, 19) != 0;
                last = t;
            }
        }
        apr_pool_clear(p);
    }
    is_int(wrong, 0, "each of the days from 1600 to 2399 follows the last");
}

static void test_now(apr_pool_t *p)
{
    edu_time_t before = apr_time_now() * 10, t = edu__time_now(),
               after = apr_time_now() * 10, parsed = 0;

    ok(before <= t && t <= after, "the clock is the system's, in ticks");
    edu__time_parse(&parsed, edu__time_format(t, p));
    is_int(parsed, t, "the clock's time survives being written");
}

static void tests(apr_pool_t *p)
{
    apr_pool_t *scratch;

    for (apr_size_t i = 0; i < COUNT(good); i++) {
        test_good(&good[i], p);
    }
    for (apr_size_t i = 0; i < COUNT(bad); i++) {
        test_bad(bad[i]);
    }
    for (apr_size_t i = 0; i < COUNT(ticks); i++) {
        test_ticks(&ticks[i], p);
    }
    apr_pool_create(&scratch, p);
    test_late(p);
    test_days(scratch);
    test_now(p);
}

TAP_MAIN(tests)
