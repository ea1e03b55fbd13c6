/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Literals, by the grammar of OData (ABNF, primitiveLiteral), and texts that
 * cast reads and writes. */

#include "expr.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <math.h>
#include <stdlib.h>

#define DIGITS "0123456789"
#define GUID_LEN 36
#define DATE_LEN 10 /* of YYYY-MM-DD */
#define TICKS EDU_TICKS_PER_SECOND
#define NOTHING ((edu_value_t){ .kind = EDU_EDM_NULL })

/* ------------------------------------------------------------------- values */

/* The length of digits [. digits] [e [sign] digits] behind a sign, or 0: strtod
 * alone would take 0x55 and nan, too. */
static apr_size_t number_length(const char *s, int *is_whole)
{
    const char *from = s;
    apr_size_t n;

    s += *s == '-' || *s == '+';
    n = strspn(s, DIGITS);
    s += n;
    *is_whole = 1;
    if (n && *s == '.') {
        n = strspn(++s, DIGITS);
        s += n;
        *is_whole = 0;
    }
    if (n && (*s == 'e' || *s == 'E')) {
        s += s[1] == '-' || s[1] == '+' ? 2 : 1;
        n = strspn(s, DIGITS);
        s += n;
        *is_whole = 0;
    }
    return n ? s - from : 0;
}

static edu_value_t number_of(edu_edm_e kind, const char *text, apr_pool_t *p)
{
    int is_whole;
    apr_size_t len = number_length(text, &is_whole);
    edu_value_t value = { .kind = kind };

    if (strcmp(text, "INF") == 0 || strcmp(text, "-INF") == 0 ||
        strcmp(text, "NaN") == 0) {
        value.number = strtod(text, NULL);
        return kind >= EDU_EDM_SINGLE ? value : NOTHING;
    }
    if (!len || text[len]) {
        return NOTHING;
    }
    if (edu__is_integer(kind)) {
        errno = 0;
        value.integer = apr_strtoi64(text, NULL, 10);
        return !is_whole || errno ||
                       (kind == EDU_EDM_INT32 &&
                        value.integer != (apr_int32_t)value.integer)
                   ? NOTHING
                   : value;
    }
    value.number = strtod(text, NULL);
    if (kind == EDU_EDM_SINGLE) {
        value.number = edu__single_of(value.number, p);
    }
    return isfinite(value.number) ? value : NOTHING;
}

double edu__single_of(double number, apr_pool_t *p)
{
    json_t *json = isfinite(number) ? json_real(number) : NULL;
    json_t *single = json ? edu__json_single(edu__json_own(json, p)) : NULL;

    return single ? json_number_value(edu__json_own(single, p)) : number;
}

/* An instant, or a part of one: what is missing is added. */
static edu_value_t instant_of(edu_edm_e kind, const char *before,
                              const char *text, const char *after,
                              apr_pool_t *p)
{
    edu_value_t value = { .kind = kind };
    edu_time_t t;

    if (edu__time_parse(&t, apr_pstrcat(p, before, text, after, NULL))) {
        return NOTHING;
    }
    value.integer = t;
    return value;
}

/* Reads digits and a letter; a missing one counts as 0. */
static int take_unit(const char **s, char unit, int size, apr_int64_t *seconds)
{
    apr_size_t n = strspn(*s, DIGITS);

    if (!n || n > 9 || (*s)[n] != unit) {
        return 0;
    }
    *seconds += apr_strtoi64(*s, NULL, 10) * size;
    *s += n + 1;
    return 1;
}

/* Seconds may have a fraction, of which seven digits are kept. */
static int take_seconds(const char **s, apr_int64_t *seconds, int *ticks)
{
    apr_size_t n = strspn(*s, DIGITS), digits;
    int unit = TICKS;

    if ((*s)[n] != '.') {
        return take_unit(s, 'S', 1, seconds);
    }
    digits = strspn(*s + n + 1, DIGITS);
    if (!n || n > 9 || !digits || (*s)[n + 1 + digits] != 'S') {
        return 0;
    }
    *seconds += apr_strtoi64(*s, NULL, 10);
    for (const char *at = *s + n + 1; *at != 'S'; at++) {
        unit /= 10;
        *ticks += (*at - '0') * unit;
    }
    *s += n + digits + 2;
    return 1;
}

/* [sign] P [nD] [T [nH] [nM] [n[.n]S]], with at least one number. */
static edu_value_t duration_of(const char *s)
{
    edu_value_t value = { .kind = EDU_EDM_DURATION };
    int sign = *s == '-' ? -1 : 1, ticks = 0, numbers, before;
    apr_int64_t seconds = 0;

    s += *s == '-' || *s == '+';
    if (*s++ != 'P') {
        return NOTHING;
    }
    numbers = take_unit(&s, 'D', 24 * 60 * 60, &seconds);
    if (*s == 'T') {
        s++;
        before = numbers;
        numbers += take_unit(&s, 'H', 60 * 60, &seconds);
        numbers += take_unit(&s, 'M', 60, &seconds);
        numbers += take_seconds(&s, &seconds, &ticks);
        numbers = numbers > before ? numbers : 0;
    }
    value.integer = sign * (seconds * TICKS + ticks);
    return numbers && !*s && seconds <= EDU_LAST_SECOND ? value : NOTHING;
}

static edu_value_t text_of(edu_edm_e kind, const char *text)
{
    edu_value_t value = { .kind = kind };

    value.text.s = text;
    value.text.len = strlen(text);
    return value;
}

edu_value_t edu__literal_read(edu_edm_e kind, const char *text, apr_pool_t *p)
{
    edu_value_t value = { .kind = kind };

    if (edu__is_number(kind)) {
        return number_of(kind, text, p);
    }
    switch (kind) {
    case EDU_EDM_BOOLEAN:
        value.truth = strcasecmp(text, "true") == 0;
        return value.truth || strcasecmp(text, "false") == 0 ? value : NOTHING;
    case EDU_EDM_STRING:
        return text_of(kind, text);
    case EDU_EDM_GUID:
        return edu__is_guid(text) ? text_of(kind, edu__lower(text, p))
                                  : NOTHING;
    case EDU_EDM_INSTANT:
        return instant_of(kind, "", text, "", p);
    case EDU_EDM_DATE:
        return instant_of(kind, "", text, "T00:00:00Z", p);
    case EDU_EDM_CLOCK:
        return instant_of(kind, "1970-01-01T", text, "Z", p);
    case EDU_EDM_DURATION:
        return duration_of(text);
    default:
        return NOTHING;
    }
}

static const char *duration_text(apr_int64_t ticks, apr_pool_t *p)
{
    apr_int64_t seconds = llabs(ticks) / TICKS;
    int fraction = (int)(llabs(ticks) % TICKS);
    const char *text = apr_psprintf(
        p, "%sP%" APR_INT64_T_FMT "DT%dH%dM%d", ticks < 0 ? "-" : "",
        seconds / 86400, (int)(seconds / 3600 % 24), (int)(seconds / 60 % 60),
        (int)(seconds % 60));

    return fraction ? apr_psprintf(p, "%s.%07dS", text, fraction)
                    : apr_pstrcat(p, text, "S", NULL);
}

static const char *number_text(double number, apr_pool_t *p)
{
    char text[32];

    if (!isfinite(number)) {
        return isnan(number) ? "NaN" : number < 0 ? "-INF" : "INF";
    }
    snprintf(text, sizeof(text), "%.15g", number);
    return apr_pstrdup(p, text);
}

const char *edu__literal_text(const edu_value_t *value, apr_pool_t *p)
{
    const char *text;

    switch (value->kind) {
    case EDU_EDM_BOOLEAN:
        return value->truth ? "true" : "false";
    case EDU_EDM_INT32:
    case EDU_EDM_INT64:
        return apr_psprintf(p, "%" APR_INT64_T_FMT, value->integer);
    case EDU_EDM_INSTANT:
        return edu__time_format(value->integer, p);
    case EDU_EDM_DATE:
        return apr_pstrmemdup(p, edu__time_format(value->integer, p), DATE_LEN);
    case EDU_EDM_CLOCK:
        text = edu__time_format(value->integer, p) + DATE_LEN + 1;
        return apr_pstrmemdup(p, text, strlen(text) - 1);
    case EDU_EDM_DURATION:
        return duration_text(value->integer, p);
    default:
        return edu__is_number(value->kind)
                   ? number_text(value->number, p)
                   : apr_pstrmemdup(p, value->text.s, value->text.len);
    }
}

/* ----------------------------------------------------------------- literals */

/* Members beyond an enumeration's sentinel are for clients that ask for them by
 * Prefer (contract.md 4). */
static apr_status_t check_member(const edu_parser_t *parser,
                                 const edu_type_t *type, const char *text)
{
    edu_near_t near = { .to = text };
    int known = 1;

    for (int i = 0; type->values[i]; i++) {
        edu__near_try(&near, type->values[i]);
        if (strcmp(type->values[i], text) == 0) {
            return known || parser->of->unknowns
                       ? APR_SUCCESS
                       : edu__lex_fault(parser,
                                        "'%s' needs the header Prefer: "
                                        "include-unknown-enum-members.",
                                        text);
        }
        known = known && strcmp(type->values[i], "unknownFutureValue") != 0;
    }
    return edu__lex_fault(parser, "'%s' is not a value of %s.%s", text,
                          type->name, edu__near_hint(&near, parser->p));
}

apr_status_t edu__enum_literal(const edu_parser_t *parser,
                               const edu_type_t *type, const char *text,
                               const edu_expr_t **out)
{
    edu_expr_t *node = edu__expr_new(parser, EDU_EXPR_LITERAL, EDU_EDM_ENUM);

    node->type.of = type;
    node->literal = text_of(EDU_EDM_ENUM, text);
    *out = node;
    return check_member(parser, type, text);
}

static apr_status_t found(edu_parser_t *parser, edu_value_t value,
                          const edu_expr_t **out)
{
    edu_expr_t *node = edu__expr_new(parser, EDU_EXPR_LITERAL, value.kind);

    node->literal = value;
    *out = node;
    return edu__lex_spend(parser);
}

/* Whether the text has this shape: 0 stands for a digit. */
static int has_shape(const char *s, const char *shape)
{
    for (; *shape && (*shape == '0' ? apr_isdigit(*s) : *s == *shape);
         s++, shape++) {
    }
    return !*shape;
}

/* The kind and the length of what begins with a digit or a sign. */
static edu_edm_e shape_of(const char *s, apr_size_t *len)
{
    edu_edm_e kind = EDU_EDM_DECIMAL;
    int is_whole;

    if (has_shape(s, "0000-00-00")) {
        *len = DATE_LEN;
        if (s[DATE_LEN] != 'T' && s[DATE_LEN] != 't') {
            return EDU_EDM_DATE;
        }
        *len += 1 + strspn(s + DATE_LEN + 1, DIGITS ":.+-Zz");
        return EDU_EDM_INSTANT;
    }
    if (has_shape(s, "00:00")) {
        *len = strspn(s, DIGITS ":.");
        return EDU_EDM_CLOCK;
    }
    *len = number_length(s, &is_whole);
    for (apr_size_t i = 0; i < *len; i++) {
        kind = s[i] == 'e' || s[i] == 'E' ? EDU_EDM_DOUBLE : kind;
    }
    return is_whole ? EDU_EDM_INT32 : kind;
}

/* Whether the rest of an offset follows, whose + the URL had for a blank. */
static int is_zone(const char *s)
{
    return *s == ' ' && apr_isdigit(s[1]) && apr_isdigit(s[2]) && s[3] == ':';
}

static apr_status_t take_numeral(edu_parser_t *parser, const edu_expr_t **out)
{
    const char *from = parser->at, *end, *text;
    apr_size_t len;
    edu_edm_e kind = shape_of(from, &len);
    edu_value_t value = NOTHING;

    if (len && !edu__lex_is_word(from[len])) {
        text = apr_pstrmemdup(parser->p, from, len);
        value = edu__literal_read(kind, text, parser->p);
        if (kind == EDU_EDM_INT32 && !value.kind) {
            value = edu__literal_read(EDU_EDM_INT64, text, parser->p);
            value = value.kind
                        ? value
                        : edu__literal_read(EDU_EDM_DECIMAL, text, parser->p);
        }
    }
    if (!value.kind) {
        for (end = from;
             edu__lex_is_word(*end) || (*end && strchr("+-:", *end)); end++) {
        }
        text = apr_pstrmemdup(parser->p, from, end - from);
        return instant_of(kind, "", text, "Z", parser->p).kind &&
                       kind == EDU_EDM_INSTANT
                   ? edu__lex_fault(
                         parser, "'%s' has no time zone; write %s.", text,
                         is_zone(end)
                             ? "a + as %2B"
                             : apr_pstrcat(parser->p, text, "Z for UTC", NULL))
                   : edu__lex_fault(
                         parser,
                         "'%.40s' is neither a number nor a date or a time.",
                         text);
    }
    parser->at += len;
    return found(parser, value, out);
}

/* An & or # would end the URL's option. */
#define NOT_CLOSED                                                             \
    "a string is not closed; in it, write ' twice, & as %%26 and # as %%23."

static apr_status_t take_string(edu_parser_t *parser, const edu_expr_t **out)
{
    const char *text = edu__lex_string(parser);

    return text && edu__is_utf8(text)
               ? found(parser, text_of(EDU_EDM_STRING, text), out)
               : edu__lex_fault(parser, NOT_CLOSED);
}

/* duration'…', or the name of an enumeration and a member of it. */
static apr_status_t take_prefixed(edu_parser_t *parser, apr_size_t len,
                                  const edu_expr_t **out)
{
    const char *name = apr_pstrmemdup(parser->p, parser->at, len), *text;
    const char *from = parser->at;
    edu_value_t value = NOTHING;
    edu_typed_t type;

    parser->at += len;
    text = edu__lex_string(parser);
    if (!text || !edu__is_utf8(text)) {
        return edu__lex_fault(parser, NOT_CLOSED);
    }
    if (strcasecmp(name, "duration") == 0) {
        value = duration_of(text);
        parser->at = value.kind ? parser->at : from;
        return value.kind ? found(parser, value, out)
                          : edu__lex_fault(parser,
                                           "'%.40s' is no duration, "
                                           "such as P1DT2H30M.",
                                           text);
    }
    if (strcasecmp(name, "binary") == 0 || strcasecmp(name, "geography") == 0 ||
        strcasecmp(name, "geometry") == 0) {
        return edu__lex_unserved(parser, "A literal %s'…'", name);
    }
    type = edu__type_named(name);
    if (type.kind != EDU_EDM_ENUM) {
        parser->at = from;
        return strncasecmp(name, "datetime", 8) == 0 ||
                       strcasecmp(name, "guid") == 0
                   ? edu__lex_fault(parser,
                                    "OData 4 writes neither '%s' nor quotes "
                                    "here, but the value alone.",
                                    name)
                   : edu__lex_fault(parser, "there is no enumeration '%s'.",
                                    name);
    }
    return edu__lex_spend(parser)
               ? EDU_EQUERY
               : edu__enum_literal(parser, type.of, text, out);
}

/* The length of a word that a string follows at once, or 0. */
static apr_size_t prefix_length(const char *s)
{
    apr_size_t len = 0;

    while (edu__lex_is_word(s[len])) {
        len++;
    }
    return s[len] == '\'' ? len : 0;
}

/* A word that stands for a value. */
static edu_value_t word_value(edu_parser_t *parser, int *is_null)
{
    edu_value_t value = { .kind = EDU_EDM_BOOLEAN };

    *is_null = edu__lex_word(parser, "null");
    if (edu__lex_word(parser, "true")) {
        value.truth = 1;
        return value;
    }
    if (edu__lex_word(parser, "false")) {
        return value;
    }
    value.kind = EDU_EDM_DOUBLE;
    if (strncmp(parser->at, "INF", 3) == 0 && edu__lex_word(parser, "INF")) {
        value.number = INFINITY;
        return value;
    }
    if (strncmp(parser->at, "NaN", 3) == 0 && edu__lex_word(parser, "NaN")) {
        value.number = NAN;
        return value;
    }
    return NOTHING;
}

static int is_guid_next(const char *s)
{
    char guid[GUID_LEN + 1];

    apr_cpystrn(guid, s, sizeof(guid));
    return edu__is_guid(guid) && !edu__lex_is_word(s[GUID_LEN]);
}

apr_status_t edu__literal_take(edu_parser_t *parser, const edu_expr_t **out)
{
    edu_value_t value;
    apr_size_t len;
    int is_null;

    *out = NULL;
    edu__lex_blanks(parser);
    if (*parser->at == '\'') {
        return take_string(parser, out);
    }
    if (strnlen(parser->at, GUID_LEN) == GUID_LEN && is_guid_next(parser->at)) {
        const char *text = apr_pstrmemdup(parser->p, parser->at, GUID_LEN);

        parser->at += GUID_LEN;
        return found(parser, edu__literal_read(EDU_EDM_GUID, text, parser->p),
                     out);
    }
    if (apr_isdigit(*parser->at) || *parser->at == '+') {
        return take_numeral(parser, out);
    }
    len = prefix_length(parser->at);
    if (len) {
        return take_prefixed(parser, len, out);
    }
    value = word_value(parser, &is_null);
    return value.kind || is_null ? found(parser, value, out) : APR_SUCCESS;
}
