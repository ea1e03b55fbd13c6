/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The functions of OData (4.01 URL conventions, 5.1.1.5 to 5.1.1.11), as a
 * table.  Letters and positions of a text are code points.  All times are in
 * UTC. */

#include "expr.h"

#include <apr_strings.h>

#include <math.h>

#define TICKS ((apr_int64_t)EDU_TICKS_PER_SECOND)
#define DAY (24 * 60 * 60 * TICKS)

/* A step is about what an operator costs; so many bytes are one more. */
#define BYTES_PER_STEP 64

/* ------------------------------------------------------------------ running */

void edu__run_spend(edu_run_t *run, apr_size_t steps)
{
    run->left -= (apr_int64_t)steps;
}

char *edu__run_alloc(edu_run_t *run, apr_size_t size)
{
    edu__run_spend(run, size / (BYTES_PER_STEP / 4) + 1);
    if (run->left < 0) {
        return NULL;
    }
    if (!run->own) {
        apr_pool_create(&run->own, run->p);
    }
    return apr_palloc(run->own, size + 1);
}

static edu_value_t truth(int is)
{
    return (edu_value_t){ .kind = EDU_EDM_BOOLEAN, .truth = is };
}

static edu_value_t integer(apr_int64_t n)
{
    return (edu_value_t){ .kind = EDU_EDM_INT32, .integer = n };
}

static edu_value_t decimal(double number)
{
    return (edu_value_t){ .kind = EDU_EDM_DECIMAL, .number = number };
}

static edu_value_t text(const char *s, apr_size_t len)
{
    edu_value_t value = { .kind = EDU_EDM_STRING };

    value.text.s = s;
    value.text.len = len;
    return value;
}

/* ------------------------------------------------------------------ strings */

static apr_size_t letters(const char *s, apr_size_t len)
{
    apr_size_t n = 0;

    for (apr_size_t i = 0; i < len; i++) {
        n += (s[i] & 0xc0) != 0x80;
    }
    return n;
}

/* The bytes that the first letters take. */
static apr_size_t bytes_of(const char *s, apr_size_t len, apr_int64_t count)
{
    apr_size_t i = 0;

    while (i < len && count-- > 0) {
        for (i++; i < len && (s[i] & 0xc0) == 0x80; i++) {
        }
    }
    return i;
}

/* Where the second text is in the first, or NULL. */
static const char *find(edu_run_t *run, const edu_value_t *args)
{
    edu__run_spend(run, args[0].text.len / BYTES_PER_STEP);
    return args[1].text.len ? memmem(args[0].text.s, args[0].text.len,
                                     args[1].text.s, args[1].text.len)
                            : args[0].text.s;
}

static edu_value_t contains(edu_run_t *run, const edu_value_t *args, int n)
{
    (void)n;
    return truth(find(run, args) != NULL);
}

static edu_value_t begins(edu_run_t *run, const edu_value_t *args, int n)
{
    apr_size_t len = args[1].text.len;

    (void)run;
    (void)n;
    return truth(len <= args[0].text.len &&
                 memcmp(args[0].text.s, args[1].text.s, len) == 0);
}

static edu_value_t ends(edu_run_t *run, const edu_value_t *args, int n)
{
    apr_size_t len = args[1].text.len;

    (void)run;
    (void)n;
    return truth(len <= args[0].text.len &&
                 memcmp(args[0].text.s + args[0].text.len - len, args[1].text.s,
                        len) == 0);
}

static edu_value_t length(edu_run_t *run, const edu_value_t *args, int n)
{
    (void)n;
    edu__run_spend(run, args[0].text.len / BYTES_PER_STEP);
    return integer((apr_int64_t)letters(args[0].text.s, args[0].text.len));
}

static edu_value_t position(edu_run_t *run, const edu_value_t *args, int n)
{
    const char *at = find(run, args);

    (void)n;
    return integer(
        at ? (apr_int64_t)letters(args[0].text.s, at - args[0].text.s) : -1);
}

/* A negative start counts from the end; a negative length is none. */
static edu_value_t part(edu_run_t *run, const edu_value_t *args, int n)
{
    const char *s = args[0].text.s;
    apr_size_t len = args[0].text.len, skip;
    apr_int64_t from = args[1].integer;

    edu__run_spend(run, len / BYTES_PER_STEP);
    if (from < 0) {
        from += (apr_int64_t)letters(s, len);
    }
    skip = bytes_of(s, len, from);
    len -= skip;
    return text(s + skip,
                n == 3 ? bytes_of(s + skip, len, args[2].integer) : len);
}

static edu_value_t turn(edu_run_t *run, const edu_value_t *args, int upper)
{
    apr_size_t len = args[0].text.len;
    char *to = edu__run_alloc(run, len);

    if (to) {
        edu__letters_turn(to, args[0].text.s, len, upper);
    }
    return text(to, to ? len : 0);
}

static edu_value_t lower(edu_run_t *run, const edu_value_t *args, int n)
{
    (void)n;
    return turn(run, args, 0);
}

static edu_value_t upper(edu_run_t *run, const edu_value_t *args, int n)
{
    (void)n;
    return turn(run, args, 1);
}

/* The length of the white space at the beginning of a text, in UTF-8. */
static apr_size_t blank(const char *s, apr_size_t len)
{
    static const char *const spaces[] = {
        " ",
        "\t",
        "\n",
        "\v",
        "\f",
        "\r",
        "\xc2\x85",
        "\xc2\xa0",
        "\xe1\x9a\x80",
        "\xe2\x80\x80",
        "\xe2\x80\x81",
        "\xe2\x80\x82",
        "\xe2\x80\x83",
        "\xe2\x80\x84",
        "\xe2\x80\x85",
        "\xe2\x80\x86",
        "\xe2\x80\x87",
        "\xe2\x80\x88",
        "\xe2\x80\x89",
        "\xe2\x80\x8a",
        "\xe2\x80\xa8",
        "\xe2\x80\xa9",
        "\xe2\x80\xaf",
        "\xe2\x81\x9f",
        "\xe3\x80\x80",
    };

    for (apr_size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++) {
        apr_size_t size = strlen(spaces[i]);

        if (size <= len && memcmp(s, spaces[i], size) == 0) {
            return size;
        }
    }
    return 0;
}

static edu_value_t trim(edu_run_t *run, const edu_value_t *args, int n)
{
    const char *s = args[0].text.s, *end = s + args[0].text.len, *last;
    apr_size_t size;

    (void)n;
    edu__run_spend(run, args[0].text.len / BYTES_PER_STEP);
    while ((size = blank(s, end - s))) {
        s += size;
    }
    while (end > s) {
        for (last = end - 1; last > s && (*last & 0xc0) == 0x80; last--) {
        }
        if (!blank(last, end - last)) {
            break;
        }
        end = last;
    }
    return text(s, end - s);
}

static edu_value_t join(edu_run_t *run, const edu_value_t *args, int n)
{
    apr_size_t a = args[0].text.len, b = args[1].text.len;
    char *to = edu__run_alloc(run, a + b);

    (void)n;
    if (!to) {
        return text("", 0);
    }
    memcpy(to, args[0].text.s, a);
    memcpy(to + a, args[1].text.s, b);
    return text(to, a + b);
}

/* -------------------------------------------------------------------- times */

/* The ticks since midnight, and, in *day, those of that midnight. */
static apr_int64_t clock_of(const edu_value_t *value, apr_int64_t *day)
{
    apr_int64_t since = (value->integer % DAY + DAY) % DAY;

    *day = value->integer - since;
    return since;
}

static edu_value_t time_part(const edu_value_t *value, apr_int64_t unit,
                             int modulus)
{
    apr_int64_t day, since = clock_of(value, &day);

    return integer(since / unit % modulus);
}

/* Year, month and day by the proleptic Gregorian calendar: years begin in
 * March here, so that the leap day is the last. */
static void calendar(const edu_value_t *value, int *year, int *month, int *day)
{
    apr_int64_t midnight, days, era, of_era, years, of_year, m;

    clock_of(value, &midnight);
    days = midnight / DAY + 719468; /* since 0000-03-01 */
    era = days / 146097;
    of_era = days - era * 146097;
    years = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    of_year = of_era - (365 * years + years / 4 - years / 100);
    m = (5 * of_year + 2) / 153;
    *day = (int)(of_year - (153 * m + 2) / 5 + 1);
    *month = (int)(m < 10 ? m + 3 : m - 9);
    *year = (int)(years + era * 400 + (*month <= 2));
}

static edu_value_t year(edu_run_t *run, const edu_value_t *args, int n)
{
    int y, m, d;

    (void)run;
    (void)n;
    calendar(args, &y, &m, &d);
    return integer(y);
}

static edu_value_t month(edu_run_t *run, const edu_value_t *args, int n)
{
    int y, m, d;

    (void)run;
    (void)n;
    calendar(args, &y, &m, &d);
    return integer(m);
}

static edu_value_t day(edu_run_t *run, const edu_value_t *args, int n)
{
    int y, m, d;

    (void)run;
    (void)n;
    calendar(args, &y, &m, &d);
    return integer(d);
}

static edu_value_t hour(edu_run_t *run, const edu_value_t *args, int n)
{
    (void)run;
    (void)n;
    return time_part(args, 3600 * TICKS, 24);
}

static edu_value_t minute(edu_run_t *run, const edu_value_t *args, int n)
{
    (void)run;
    (void)n;
    return time_part(args, 60 * TICKS, 60);
}

static edu_value_t second(edu_run_t *run, const edu_value_t *args, int n)
{
    (void)run;
    (void)n;
    return time_part(args, TICKS, 60);
}

static edu_value_t fraction(edu_run_t *run, const edu_value_t *args, int n)
{
    apr_int64_t midnight;

    (void)run;
    (void)n;
    return decimal((double)(clock_of(args, &midnight) % TICKS) / TICKS);
}

static edu_value_t date(edu_run_t *run, const edu_value_t *args, int n)
{
    edu_value_t value = { .kind = EDU_EDM_DATE };

    (void)run;
    (void)n;
    clock_of(args, &value.integer);
    return value;
}

static edu_value_t time_of(edu_run_t *run, const edu_value_t *args, int n)
{
    apr_int64_t midnight;

    (void)run;
    (void)n;
    return (edu_value_t){ .kind = EDU_EDM_CLOCK,
                          .integer = clock_of(args, &midnight) };
}

static edu_value_t offset(edu_run_t *run, const edu_value_t *args, int n)
{
    (void)run;
    (void)args;
    (void)n;
    return integer(0);
}

static edu_value_t seconds(edu_run_t *run, const edu_value_t *args, int n)
{
    (void)run;
    (void)n;
    return decimal((double)args[0].integer / TICKS);
}

/* ------------------------------------------------------------------ numbers */

static edu_value_t rounded(const edu_value_t *value, double (*by)(double))
{
    edu_value_t whole = *value;

    if (!edu__is_integer(value->kind)) {
        whole.number = by(value->number);
    }
    return whole;
}

static edu_value_t nearest(edu_run_t *run, const edu_value_t *args, int n)
{
    (void)run;
    (void)n;
    return rounded(args, round);
}

static edu_value_t below(edu_run_t *run, const edu_value_t *args, int n)
{
    (void)run;
    (void)n;
    return rounded(args, floor);
}

static edu_value_t above(edu_run_t *run, const edu_value_t *args, int n)
{
    (void)run;
    (void)n;
    return rounded(args, ceil);
}

/* -------------------------------------------------------------------- table */

/* Letters of arguments: s string, i integer, n number, t date and time, d date
 * or date and time, c time of day or date and time, u duration. */
/* clang-format off */
static const edu_function_t functions[] = {
    { "contains",           "ss",  EDU_EDM_BOOLEAN, contains },
    { "startswith",         "ss",  EDU_EDM_BOOLEAN, begins },
    { "endswith",           "ss",  EDU_EDM_BOOLEAN, ends },
    { "length",             "s",   EDU_EDM_INT32,   length },
    { "indexof",            "ss",  EDU_EDM_INT32,   position },
    { "substring",          "si",  EDU_EDM_STRING,  part },
    { "substring",          "sii", EDU_EDM_STRING,  part },
    { "tolower",            "s",   EDU_EDM_STRING,  lower },
    { "toupper",            "s",   EDU_EDM_STRING,  upper },
    { "trim",               "s",   EDU_EDM_STRING,  trim },
    { "concat",             "ss",  EDU_EDM_STRING,  join },
    { "year",               "d",   EDU_EDM_INT32,   year },
    { "month",              "d",   EDU_EDM_INT32,   month },
    { "day",                "d",   EDU_EDM_INT32,   day },
    { "hour",               "c",   EDU_EDM_INT32,   hour },
    { "minute",             "c",   EDU_EDM_INT32,   minute },
    { "second",             "c",   EDU_EDM_INT32,   second },
    { "fractionalseconds",  "c",   EDU_EDM_DECIMAL, fraction },
    { "date",               "t",   EDU_EDM_DATE,    date },
    { "time",               "t",   EDU_EDM_CLOCK,   time_of },
    { "totaloffsetminutes", "t",   EDU_EDM_INT32,   offset },
    { "totalseconds",       "u",   EDU_EDM_DECIMAL, seconds },
    { "round",              "n",   EDU_EDM_NULL,    nearest },
    { "floor",              "n",   EDU_EDM_NULL,    below },
    { "ceiling",            "n",   EDU_EDM_NULL,    above },
    { "now",                "",    EDU_EDM_INSTANT, NULL },
    { "mindatetime",        "",    EDU_EDM_INSTANT, NULL },
    { "maxdatetime",        "",    EDU_EDM_INSTANT, NULL },
    { "matchespattern",     NULL,  EDU_EDM_BOOLEAN, NULL },
    { "hassubset",          NULL,  EDU_EDM_BOOLEAN, NULL },
    { "hassubsequence",     NULL,  EDU_EDM_BOOLEAN, NULL },
    { "geo.distance",       NULL,  EDU_EDM_DOUBLE,  NULL },
    { "geo.intersects",     NULL,  EDU_EDM_BOOLEAN, NULL },
    { "geo.length",         NULL,  EDU_EDM_DOUBLE,  NULL },
    { NULL,                 NULL,  EDU_EDM_NULL,    NULL }
};
/* clang-format on */

static int fits(char letter, edu_typed_t type)
{
    edu_edm_e kind = type.kind;

    if (type.many) {
        return 0;
    }
    switch (kind == EDU_EDM_NULL ? '\0' : letter) {
    case 's':
        return kind == EDU_EDM_STRING;
    case 'i':
        return edu__is_integer(kind);
    case 'n':
        return edu__is_number(kind);
    case 't':
        return kind == EDU_EDM_INSTANT;
    case 'd':
        return kind == EDU_EDM_INSTANT || kind == EDU_EDM_DATE;
    case 'c':
        return kind == EDU_EDM_INSTANT || kind == EDU_EDM_CLOCK;
    case 'u':
        return kind == EDU_EDM_DURATION;
    default:
        return 1;
    }
}

static const char *words_of(char letter)
{
    switch (letter) {
    case 's':
        return "a string";
    case 'i':
        return "a whole number";
    case 'n':
        return "a number";
    case 't':
        return "a date and time";
    case 'd':
        return "a date, or a date and time";
    case 'c':
        return "a time of day, or a date and time";
    default:
        return "a duration";
    }
}

/* The index of the first argument that does not fit, or n. */
static int unfit(const edu_function_t *function, int n,
                 const edu_expr_t *const *args)
{
    int i = 0;

    while (i < n && fits(function->takes[i], args[i]->type)) {
        i++;
    }
    return i;
}

/* The instants that are the same for all documents are literals. */
static const edu_expr_t *instant_of(const edu_parser_t *parser,
                                    const char *name)
{
    edu_expr_t *node = edu__expr_new(parser, EDU_EXPR_LITERAL, EDU_EDM_INSTANT);
    edu_value_t first =
        edu__literal_read(EDU_EDM_INSTANT, "0001-01-01T00:00:00Z", parser->p);

    node->literal = first;
    if (*name == 'n') {
        node->literal.integer = edu__time_now();
    }
    else if (name[1] == 'a') {
        node->literal.integer = EDU_TIME_MAX;
    }
    return node;
}

static apr_status_t call(const edu_parser_t *parser,
                         const edu_function_t *function, int n,
                         const edu_expr_t *const *args, const edu_expr_t **out)
{
    edu_expr_t *node = edu__expr_new(
        parser, EDU_EXPR_CALL,
        function->gives || !n ? function->gives : args[0]->type.kind);

    node->call = function;
    *out = node;
    return edu__expr_join(parser, node, n, args);
}

apr_status_t edu__function_call(const edu_parser_t *parser, const char *name,
                                int n, const edu_expr_t *const *args,
                                const edu_expr_t **out)
{
    const edu_function_t *function = functions, *named = NULL;
    edu_near_t near = { .to = name };

    for (; function->name; function++) {
        if (strcasecmp(function->name, name) != 0) {
            edu__near_try(&near, function->name);
            continue;
        }
        if (!function->takes) {
            return edu__lex_unserved(parser, "The function '%s'", name);
        }
        named = function;
        if ((int)strlen(function->takes) != n) {
            continue;
        }
        if (unfit(function, n, args) < n) {
            int i = unfit(function, n, args);

            return edu__lex_fault(
                parser, "argument %d of '%s' has to be %s, and this is %s.",
                i + 1, function->name, words_of(function->takes[i]),
                edu__kind_words(args[i]->type));
        }
        if (!function->run) {
            *out = instant_of(parser, function->name);
            return APR_SUCCESS;
        }
        return call(parser, function, n, args, out);
    }
    return named ? edu__lex_fault(parser,
                                  "the function '%s' does not take %d "
                                  "arguments.",
                                  named->name, n)
                 : edu__lex_fault(parser, "there is no function '%s'.%s", name,
                                  strcasecmp(name, "substringof") == 0
                                      ? " Write contains(property, 'text')."
                                      : edu__near_hint(&near, parser->p));
}
