/* Licensed under the Apache License, Version 2.0; see LICENSE. */

#include "base.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <time.h>

#define TICKS EDU_TICKS_PER_SECOND

#define FIRST_SECOND (-62135596800LL) /* of year 1 */

edu_time_t edu__time_now(void)
{
    return apr_time_now() * (TICKS / APR_USEC_PER_SEC);
}

/* Reads exactly `width` digits of a number from 0 to `max`. */
static int number(const char **s, int width, int max, int *value)
{
    *value = 0;
    while (width--) {
        if (!apr_isdigit(**s)) {
            return 0;
        }
        *value = *value * 10 + *(*s)++ - '0';
    }
    return *value <= max;
}

static int literal(const char **s, const char *any_of)
{
    return **s && strchr(any_of, **s) && (*s)++;
}

/* Keeps seven digits of a fraction and reads at most twelve. */
static int fraction(const char **s, int *ticks)
{
    int digits;

    *ticks = 0;
    for (digits = 0; digits < 12 && apr_isdigit(**s); digits++, (*s)++) {
        if (digits < 7) {
            *ticks = *ticks * 10 + **s - '0';
        }
    }
    for (int kept = digits; kept < 7; kept++) {
        *ticks *= 10;
    }
    return digits > 0;
}

/* Z, or a sign and hh:mm. */
static int offset(const char **s, int *seconds)
{
    int hours, minutes, east = **s == '+';

    *seconds = 0;
    if (literal(s, "Zz")) {
        return 1;
    }
    if (!literal(s, "+-") || !number(s, 2, 23, &hours) || !literal(s, ":") ||
        !number(s, 2, 59, &minutes)) {
        return 0;
    }
    *seconds = (hours * 60 + minutes) * (east ? 60 : -60);
    return 1;
}

/* ":ss" and a fraction, all of which may be left out. */
static int second(const char **s, int *seconds, int *ticks)
{
    if (!literal(s, ":")) {
        return 1;
    }
    return number(s, 2, 59, seconds) &&
           (!literal(s, ".") || fraction(s, ticks));
}

apr_status_t edu__time_parse(edu_time_t *t, const char *s)
{
    struct tm tm = { 0 };
    int month, day, shift, ticks = 0;
    apr_int64_t seconds;

    if (!number(&s, 4, 9999, &tm.tm_year) || !literal(&s, "-") ||
        !number(&s, 2, 12, &tm.tm_mon) || !literal(&s, "-") ||
        !number(&s, 2, 31, &tm.tm_mday) || !literal(&s, "Tt") ||
        !number(&s, 2, 23, &tm.tm_hour) || !literal(&s, ":") ||
        !number(&s, 2, 59, &tm.tm_min) || !second(&s, &tm.tm_sec, &ticks) ||
        !offset(&s, &shift) || *s) {
        return APR_EINVAL;
    }
    tm.tm_year -= 1900;
    month = tm.tm_mon -= 1;
    day = tm.tm_mday;
    seconds = timegm(&tm);
    /* timegm turns a 31st of April into a 1st of May */
    if (tm.tm_mon != month || tm.tm_mday != day) {
        return APR_EINVAL;
    }
    seconds -= shift;
    if (seconds < FIRST_SECOND || seconds > EDU_LAST_SECOND) {
        return APR_EINVAL;
    }
    *t = seconds * TICKS + ticks;
    return APR_SUCCESS;
}

/* Writes so many digits of a number, and what follows them. */
static char *put(char *to, int number, int width, char then)
{
    for (int i = width; i-- > 0; number /= 10) {
        to[i] = (char)('0' + number % 10);
    }
    to[width] = then;
    return to + width + 1;
}

/* printf takes five times as long, and a page has hundreds of times.  A version
 * that was loaded by SQL may be later than any time. */
const char *edu__time_format(edu_time_t t, apr_pool_t *p)
{
    edu_time_t told = t < EDU_TIME_MAX ? t : EDU_TIME_MAX;
    int ticks = (int)(((told % TICKS) + TICKS) % TICKS);
    time_t seconds = (told - ticks) / TICKS;
    struct tm tm;
    char *text = apr_palloc(p, sizeof("2026-12-31T23:59:59.1234567Z"));
    char *to = text;

    gmtime_r(&seconds, &tm);
    to = put(to, tm.tm_year + 1900, 4, '-');
    to = put(to, tm.tm_mon + 1, 2, '-');
    to = put(to, tm.tm_mday, 2, 'T');
    to = put(to, tm.tm_hour, 2, ':');
    to = put(to, tm.tm_min, 2, ':');
    to = put(to, tm.tm_sec, 2, '.');
    to = put(to, ticks, 7, 'Z');
    *to = '\0';
    return text;
}
