/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Objects as text.  Nearly all stored text was written by edu__json_text, so
 * that an answer can be cut from it, in a twentieth of the time of parsing it
 * and writing it again.  Other text is parsed and written first. */

#include "base.h"

#include <apr_strings.h>

/* Levels, and names in the objects around a value, that are scanned: a text of
 * ours has fewer. */
#define MAX_DEPTH 64
#define MAX_NAMES 128

/* How a text is read. */
typedef struct scan_t {
    /* the names in the objects around, each once an object; NULL: the text was
     * read before */
    edu_member_t *names;
    int count;
    int depth; /* levels that may follow */
} scan_t;

/* ---------------------------------------------------------------- scanning */

/* Each of these returns the end of the item that begins at `s`, or NULL for a
 * text that edu__json_text would write in another way. */

static const char *end_of_value(const char *s, scan_t scan);

/* The bytes at which a run of plain text ends. */
/* clang-format off */
static const char special[256] = {
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    ['"'] = 1, ['\\'] = 1
};
/* clang-format on */

static const char *end_of_string(const char *s)
{
    if (*s++ != '"') {
        return NULL;
    }
    for (;; s++) {
        while (!special[(unsigned char)*s]) {
            s++;
        }
        if (*s == '"') {
            return s + 1;
        }
        if (*s != '\\' || !*++s || !strchr("\"\\bfnrt", *s)) {
            return NULL;
        }
    }
}

static const char *end_of_digits(const char *s)
{
    while (*s >= '0' && *s <= '9') {
        s++;
    }
    return s;
}

/* Whether a number has at most 15 digits, none idle, and no exponent. */
static int is_plain(const char *number, const char *end)
{
    const char *whole = number + (*number == '-');
    const char *point = end_of_digits(whole);
    int zero = *whole == '0';

    if (point == whole || (zero && point > whole + 1) || end - whole > 15) {
        return 0;
    }
    if (point == end) {
        return !zero || whole == number;
    }
    return *point == '.' && end_of_digits(point + 1) == end &&
           (end == point + 2 ||
            (end > point + 2 && end[-1] != '0' && !(zero && point[1] == '0')));
}

static const char *end_of_number(const char *s)
{
    const char *end = s + strspn(s, "+-.0123456789Ee");

    return is_plain(s, end) ? end : NULL;
}

static const char *end_of_word(const char *s, const char *word)
{
    while (*word && *s == *word) {
        s++;
        word++;
    }
    return *word ? NULL : s;
}

/* The quote at the end of a string that was read before. */
static const char *last_of_string(const char *s)
{
    for (s++; *s && *s != '"'; s++) {
        s += *s == '\\' && s[1];
    }
    return s;
}

/* What follows a value that was read before. */
static const char *skip_value(const char *s)
{
    int depth = 0;

    while (*s && (depth > 0 || !strchr(",}]", *s))) {
        depth += (*s == '{' || *s == '[') - (*s == '}' || *s == ']');
        s = *s == '"' ? last_of_string(s) : s;
        s += *s != '\0';
    }
    return s;
}

static int is_named(const edu_member_t *member, const char *name,
                    apr_size_t len)
{
    return member->name_len == len && memcmp(member->name, name, len) == 0;
}

static edu_member_t *find(const apr_array_header_t *members, const char *name,
                          apr_size_t len)
{
    for (int i = 0; i < members->nelts; i++) {
        edu_member_t *member = &APR_ARRAY_IDX(members, i, edu_member_t);

        if (is_named(member, name, len)) {
            return member;
        }
    }
    return NULL;
}

/* Adds a name to those of an object, which begin at `first`.
 * @return 0: the object has it already, or there is no room */
static int note(scan_t *scan, int first, const edu_member_t *name)
{
    const apr_array_header_t own = { .elts = (char *)(scan->names + first),
                                     .nelts = scan->count - first };

    if (scan->count == MAX_NAMES || find(&own, name->name, name->name_len)) {
        return 0;
    }
    scan->names[scan->count++] = *name;
    return 1;
}

/* The end of an object or an array, whose brace or bracket is at `s`.
 * @param parts  of edu_member_t, to which its parts are added; or NULL */
static const char *end_of_parts(const char *s, apr_array_header_t *parts,
                                scan_t scan)
{
    char close = *s == '{' ? '}' : ']';
    int first = scan.count;

    if (s[1] == close) {
        return s + 2;
    }
    do {
        edu_member_t part = { .name = NULL };

        s++;
        if (close == '}') {
            part.name = s + 1;
            s = scan.names ? end_of_string(s) : last_of_string(s) + 1;
            if (!s || *s != ':') {
                return NULL;
            }
            part.name_len = s++ - 1 - part.name;
            if (scan.names && !note(&scan, first, &part)) {
                return NULL;
            }
        }
        part.value = s;
        s = scan.names ? end_of_value(s, scan) : skip_value(s);
        if (s && parts) {
            part.value_len = s - part.value;
            APR_ARRAY_PUSH(parts, edu_member_t) = part;
        }
    } while (s && *s == ',');
    return s && *s == close ? s + 1 : NULL;
}

static const char *end_of_value(const char *s, scan_t scan)
{
    if (scan.depth-- == 0) {
        return NULL;
    }
    switch (*s) {
    case '{':
    case '[':
        return end_of_parts(s, NULL, scan);
    case '"':
        return end_of_string(s);
    case 'n':
        return end_of_word(s, "null");
    case 't':
        return end_of_word(s, "true");
    case 'f':
        return end_of_word(s, "false");
    default:
        return end_of_number(s);
    }
}

/* ------------------------------------------------------------------ reading */

/* The members of a whole text. @return NULL: it is not such an object */
static apr_array_header_t *read_all(const char *text, int before, apr_pool_t *p)
{
    apr_array_header_t *members = apr_array_make(p, 32, sizeof(edu_member_t));
    edu_member_t names[MAX_NAMES];
    const scan_t scan = { before ? NULL : names, 0, MAX_DEPTH };
    const char *end = *text == '{' ? end_of_parts(text, members, scan) : NULL;

    return end && !*end ? members : NULL;
}

/* @return NULL: it is no JSON */
static const char *rewritten(const char *text, apr_pool_t *p)
{
    const json_t *json = edu__json_load(text, p);

    return json ? edu__json_text(json, p) : NULL;
}

apr_array_header_t *edu__members_load(const char *text, apr_pool_t *p)
{
    apr_array_header_t *members = read_all(text, 0, p);

    if (members && edu__is_utf8(text)) {
        return members;
    }
    text = rewritten(text, p);
    return text ? read_all(text, 1, p) : NULL;
}

/* The end of a value that is in no other. */
static const char *end_of_whole(const char *value)
{
    edu_member_t names[MAX_NAMES];
    const scan_t scan = { names, 0, MAX_DEPTH };

    return end_of_value(value, scan);
}

const char *edu__member_take(apr_array_header_t *members, const char *at,
                             const char *name)
{
    apr_size_t len = strlen(name);
    const char *value, *end;

    if (*at != (members->nelts ? ',' : '{') || at[1] != '"' ||
        strncmp(at + 2, name, len) != 0 || strncmp(at + 2 + len, "\":", 2)) {
        return NULL;
    }
    value = at + len + 4;
    end = end_of_word(value, "null"); /* as most are */
    end = end ? end : end_of_whole(value);
    if (end) {
        APR_ARRAY_PUSH(members, edu_member_t) =
            (edu_member_t){ name, value, len, end - value };
    }
    return end;
}

const char *edu__json_tidy(const char *text, apr_pool_t *p)
{
    const char *end = *text == '{' || *text == '[' ? end_of_whole(text) : NULL;

    return end && !*end && edu__are_utf8(text, end) ? text : rewritten(text, p);
}

apr_array_header_t *edu__members_at(const char *value, apr_pool_t *p)
{
    apr_array_header_t *members = apr_array_make(p, 8, sizeof(edu_member_t));

    if (value && (*value == '{' || *value == '[')) {
        end_of_parts(value, members, (scan_t){ NULL, 0, 0 });
    }
    return members;
}

const edu_member_t *edu__member_find(const apr_array_header_t *members,
                                     const char *name)
{
    return find(members, name, strlen(name));
}

const char *edu__member(const apr_array_header_t *members, const char *name)
{
    const edu_member_t *member = edu__member_find(members, name);

    return member ? member->value : NULL;
}

const char *edu__member_text(const apr_array_header_t *members,
                             const char *name, apr_pool_t *p)
{
    const edu_member_t *member = edu__member_find(members, name);

    return member ? apr_pstrmemdup(p, member->value, member->value_len) : NULL;
}

static int has_value(const edu_member_t *member, const char *value)
{
    return member && strncmp(member->value, value, strlen(value)) == 0;
}

int edu__member_is(const apr_array_header_t *members, const char *name,
                   const char *value)
{
    return has_value(find(members, name, strlen(name)), value);
}

/* ------------------------------------------------------------------ writing */

/* Sets a member, in its place or behind all others. */
static void set(apr_array_header_t *members, const edu_member_t *member)
{
    edu_member_t *same = find(members, member->name, member->name_len);

    same = same ? same : apr_array_push(members);
    *same = *member;
}

void edu__member_set(apr_array_header_t *members, const char *name,
                     const char *value)
{
    const edu_member_t member = { name, value, strlen(name), strlen(value) };

    set(members, &member);
}

void edu__member_copy(apr_array_header_t *members, const char *to,
                      const char *from)
{
    const edu_member_t *member = edu__member_find(members, from);

    if (member) {
        const edu_member_t copy = { to, member->value, strlen(to),
                                    member->value_len };

        set(members, &copy);
    }
}

void edu__members_add(apr_array_header_t *members,
                      const apr_array_header_t *more)
{
    apr_array_header_t own = *members; /* the members before */

    for (int i = 0; i < more->nelts; i++) {
        const edu_member_t *member = &APR_ARRAY_IDX(more, i, edu_member_t);

        own.elts = members->elts;
        if (!find(&own, member->name, member->name_len)) {
            APR_ARRAY_PUSH(members, edu_member_t) = *member;
        }
    }
}

static const edu_pick_t *pick_of(const edu_member_t *member,
                                 const apr_array_header_t *picks)
{
    for (int i = 0; i < picks->nelts; i++) {
        const edu_pick_t *pick = &APR_ARRAY_IDX(picks, i, edu_pick_t);

        if (is_named(member, pick->name, strlen(pick->name))) {
            return pick;
        }
    }
    return NULL;
}

/* What is picked of an object, or of the elements of an array. */
static const char *picked(const edu_member_t *member,
                          const apr_array_header_t *picks, apr_pool_t *p)
{
    apr_array_header_t *members = edu__members_at(member->value, p);
    apr_array_header_t *texts;

    if (*member->value == '{') {
        return edu__members_text(members, picks, p);
    }
    if (*member->value != '[') {
        return apr_pstrmemdup(p, member->value, member->value_len);
    }
    texts = apr_array_make(p, members->nelts + 1, sizeof(const char *));
    for (int i = 0; i < members->nelts; i++) {
        APR_ARRAY_PUSH(texts, const char *) =
            picked(&APR_ARRAY_IDX(members, i, edu_member_t), picks, p);
    }
    return apr_pstrcat(p, "[", apr_array_pstrcat(p, texts, ','), "]", NULL);
}

/* The members to write, with what is picked of their values. */
static const apr_array_header_t *pick(const apr_array_header_t *members,
                                      const apr_array_header_t *picks,
                                      apr_pool_t *p)
{
    apr_array_header_t *out =
        apr_array_make(p, members->nelts, sizeof(edu_member_t));

    for (int i = 0; i < members->nelts; i++) {
        edu_member_t member = APR_ARRAY_IDX(members, i, edu_member_t);
        const edu_pick_t *pick = pick_of(&member, picks);

        if (pick && pick->below) {
            member.value = picked(&member, pick->below, p);
            member.value_len = strlen(member.value);
        }
        if (pick || memchr(member.name, '@', member.name_len)) {
            APR_ARRAY_PUSH(out, edu_member_t) = member;
        }
    }
    return out;
}

static char *put(char *to, const char *from, apr_size_t len)
{
    memcpy(to, from, len);
    return to + len;
}

const char *edu__members_text(const apr_array_header_t *members,
                              const apr_array_header_t *picks, apr_pool_t *p)
{
    apr_size_t size = sizeof("{}");
    char *text, *to;

    members = picks ? pick(members, picks, p) : members;
    for (int i = 0; i < members->nelts; i++) {
        const edu_member_t *member = &APR_ARRAY_IDX(members, i, edu_member_t);

        size += member->name_len + member->value_len + strlen(",\"\":");
    }
    text = to = apr_palloc(p, size);
    *to++ = '{';
    for (int i = 0; i < members->nelts; i++) {
        const edu_member_t *member = &APR_ARRAY_IDX(members, i, edu_member_t);

        to = to == text + 1 ? put(to, "\"", 1) : put(to, ",\"", 2);
        to = put(to, member->name, member->name_len);
        to = put(to, "\":", 2);
        to = put(to, member->value, member->value_len);
    }
    *to++ = '}';
    *to = '\0';
    return text;
}
