/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Objects as text are what jansson makes of them. */

#include "unit.h"

/* --------------------------------------------------------------- as jansson */

/* The text after parsing and writing again. */
static const char *by_jansson(const char *text, apr_pool_t *p)
{
    const json_t *json = edu__json_load(text, p);

    return json ? edu__json_text(json, p) : NULL;
}

/* Whether both ways to read a text come to what jansson does. */
static int agree(const char *text, apr_pool_t *p)
{
    const char *want = by_jansson(text, p);
    const apr_array_header_t *members = edu__members_load(text, p);
    const char *got = members ? edu__members_text(members, NULL, p) : NULL;

    return tap_same(edu__json_tidy(text, p), want) &&
           tap_same(got, want && *want == '{' ? want : NULL);
}

/* clang-format off */
static const struct text_t {
    const char *text;
    int tidy; /* it stays as it is */
} texts[] = {
    { "{}", 1 }, { "[]", 1 }, { "{'a':{},'b':[]}", 1 },
    { "{'a':1,'b':-1,'c':0,'d':123456789012345}", 1 },
    { "{'a':85.1,'b':-0.5,'c':1.0,'d':0.0,'e':100.25}", 1 },
    { "{'a':'','b':'\\\\\\' \\n\\t\\b\\f\\r'}", 1 },
    { "{'':'\xc3\xa9 \xf0\x9f\x98\x80'}", 1 },
    { "[null,true,false,[[[1]]],{'a':[{'b':null}]}]", 1 },
    { "{'a\\'b':1}", 1 },
    { "{'a':{'b':1},'b':{'a':2}}", 1 }, { "{'a':{'b':1,'b':2}}", 0 },
    { "{'a':{'b':1},'c':{'b':1,'d':{'b':1}}}", 1 },
    { "[{'b':1},{'c':{'b':1,'d':3,'b':2}}]", 0 },

    { " {}", 0 }, { "{} ", 0 }, { "{ }", 0 }, { "{'a' :1}", 0 },
    { "{'a':1, 'b':2}", 0 }, { "[1 ]", 0 }, { "{'a':\t1}", 0 },
    { "{'a':1e2}", 0 }, { "{'a':1E+2}", 0 }, { "{'a':1.50}", 0 },
    { "{'a':0.05}", 0 }, { "{'a':-0}", 0 }, { "{'a':-0.0}", 1 },
    { "{'a':1234567890123456}", 0 }, { "{'a':0.1234567890123456}", 0 },
    { "{'a':'\\u00e9\\u0001'}", 0 }, { "{'a':'\\/'}", 0 },
    { "{'\\u0061':1}", 0 }, { "{'a':1e300}", 0 },

    { "", 0 }, { "{", 0 }, { "}", 0 }, { "{}}", 0 }, { "{'a'}", 0 },
    { "{'a':}", 0 }, { "{'a':1,}", 0 }, { "{,}", 0 }, { "[,]", 0 },
    { "[1,]", 0 }, { "{'a':01}", 0 }, { "{'a':1.}", 0 }, { "{'a':.5}", 0 },
    { "{'a':+1}", 0 }, { "{'a':--1}", 0 }, { "{'a':1.2.3}", 0 },
    { "{'a':1-2}", 0 }, { "{'a':nul}", 0 }, { "{'a':nulll}", 0 },
    { "{'a':'\\x'}", 0 }, { "{'a':'\\'}", 0 },
    { "{'a':'b}", 0 },
    { "[1}", 0 }, { "{'a':[}", 0 }, { "{'a':1]", 0 }, { "{a:1}", 0 },
    { "'a'", 0 }, { "5", 0 }, { "null", 0 }, { "{'a':1e999}", 0 },
    { "{'a':12345678901234567890}", 0 }, { "{'a':'\\u0000'}", 0 },
};
/* clang-format on */

static void test_text(const struct text_t *row, apr_pool_t *p)
{
    const char *text = quotes(row->text, p);

    ok(agree(text, p), "'%s' is read as jansson reads it", row->text);
    ok(row->tidy == (edu__json_tidy(text, p) == text), "'%s' %s as it is",
       row->text, row->tidy ? "stays" : "does not stay");
}

/* A hundred of what takes most room for what it is. */
static void test_fits(apr_pool_t *p)
{
    static const char *const parts[] = { "'a'",
                                         "\\u0001",
                                         "-9223372036854775808",
                                         "-1.23456789012345e-300",
                                         "false",
                                         "[]",
                                         "{}",
                                         "[[[0]]]",
                                         "{'':{'':0}}" };

    for (apr_size_t i = 0; i < COUNT(parts); i++) {
        int escaped = *parts[i] == '\\';
        apr_array_header_t *all = apr_array_make(p, 100, sizeof(char *));
        const char *text;
        json_t *value_of;
        apr_size_t size;

        for (int n = 0; n < 100; n++) {
            APR_ARRAY_PUSH(all, const char *) = parts[i];
        }
        text = apr_array_pstrcat(p, all, escaped ? 0 : ',');
        value_of = value(escaped ? apr_psprintf(p, "{'%s':'%s'}", text, text)
                                 : apr_psprintf(p, "[%s]", text),
                         p);
        size = edu__json_size(value_of);
        ok(edu__json_fits(value_of, size) &&
               !edu__json_fits(value_of, size - 1),
           "%" APR_SIZE_T_FMT " bytes of %s fit no less", size, parts[i]);
    }
}

/* Each byte of a document, changed, left out, or put in once more. */
static void test_mutants(apr_pool_t *p)
{
    static const char bytes[] = "\"\\{}[],: 0123-+.eEtrufnul/\n\x01\x80\xc3@";
    const char *seed = quotes("{'@odata.type':'#t','a':[1,-20.5,{'b':null}],"
                              "'c':'d\\n\\u0041','e':{'f':true,'g':0.25}}",
                              p);
    apr_size_t len = strlen(seed);
    int wrong = 0, texts_made = 0;

    for (apr_size_t i = 0; i < len; i++) {
        for (apr_size_t j = 0; j < sizeof(bytes) + 1; j++) {
            char *text = apr_pstrcat(p, seed, " ", NULL);

            if (j < sizeof(bytes)) {
                text[i] = bytes[j]; /* also the NUL */
            }
            else {
                memmove(text + i, seed + i + (j == sizeof(bytes)), len - i);
            }
            text[len] = '\0';
            texts_made++;
            if (!agree(text, p)) {
                wrong++;
                fprintf(stderr, "# %s\n", text);
            }
        }
    }
    ok(!wrong && texts_made > 2500,
       "%d damaged documents are read as jansson reads them", texts_made);
}

/* Documents that are as deep as jansson reads, and deeper; what is innermost
 * is a level, too. */
static void test_depth(const char *inmost, apr_pool_t *p)
{
    for (int depth = 2044; depth <= 2050; depth++) {
        apr_array_header_t *open = apr_array_make(p, depth, sizeof(char *));
        apr_array_header_t *close = apr_array_make(p, depth, sizeof(char *));

        for (int i = 0; i < depth; i++) {
            APR_ARRAY_PUSH(open, const char *) = i % 2 ? "[" : "{\"a\":";
            APR_ARRAY_PUSH(close, const char *) =
                (depth - 1 - i) % 2 ? "]" : "}";
        }
        ok(agree(apr_pstrcat(p, apr_array_pstrcat(p, open, 0), inmost,
                             apr_array_pstrcat(p, close, 0), NULL),
                 p),
           "%d levels and '%s' are read as jansson reads them", depth, inmost);
    }
}

/* ------------------------------------------------------------------ members */

#define WHOLE                                                                  \
    "{'@odata.type':'t','id':1,'a':2,'b':{'a':[3,'x']},'b@x.y':4,"             \
    "'l':[{'i':1,'j':2},null,{'j':3}]}"

static apr_array_header_t *load(const char *text, apr_pool_t *p)
{
    return edu__members_load(quotes(text, p), p);
}

/* clang-format off */
static const struct picked_t {
    const char *select, *want; /* names with a space between, or NULL */
} picks[] = {
    { NULL, WHOLE },
    { "a", "{'@odata.type':'t','a':2,'b@x.y':4}" },
    { "b id", "{'@odata.type':'t','id':1,'b':{'a':[3,'x']},'b@x.y':4}" },
    { "c", "{'@odata.type':'t','b@x.y':4}" },
    { "b/a", "{'@odata.type':'t','b':{'a':[3,'x']},'b@x.y':4}" },
    { "b/c", "{'@odata.type':'t','b':{},'b@x.y':4}" },
    { "a/c", "{'@odata.type':'t','a':2,'b@x.y':4}" },
    { "l/i", "{'@odata.type':'t','b@x.y':4,'l':[{'i':1},null,{}]}" },
};
/* clang-format on */

static void test_pick(const struct picked_t *row, apr_pool_t *p)
{
    apr_array_header_t *picks = apr_array_make(p, 4, sizeof(edu_pick_t));
    char *state, *name, *slash;

    for (name = row->select
                    ? apr_strtok(apr_pstrdup(p, row->select), " ", &state)
                    : NULL;
         name; name = apr_strtok(NULL, " ", &state)) {
        edu_pick_t *pick = apr_array_push(picks);

        *pick = (edu_pick_t){ name, NULL };
        slash = strchr(name, '/');
        if (slash) {
            *slash = '\0';
            pick->below = apr_array_make(p, 1, sizeof(edu_pick_t));
            APR_ARRAY_PUSH(pick->below, edu_pick_t) =
                (edu_pick_t){ slash + 1, NULL };
        }
    }
    is_str(edu__members_text(load(WHOLE, p), row->select ? picks : NULL, p),
           quotes(row->want, p), row->select ? row->select : "all");
}

static void test_same_name(apr_pool_t *p)
{
    is_str(edu__members_text(load("{'a':1,'b':2,'a':3}", p), NULL, p),
           quotes("{'a':3,'b':2}", p),
           "of two members with one name the last counts");
}

static void test_many(apr_pool_t *p)
{
    apr_array_header_t *texts = apr_array_make(p, 300, sizeof(char *));
    const apr_array_header_t *members;

    for (int i = 0; i < 300; i++) {
        APR_ARRAY_PUSH(texts, const char *) =
            apr_psprintf(p, "\"%d\":%d", i % 299, i);
    }
    members = edu__members_load(
        apr_pstrcat(p, "{", apr_array_pstrcat(p, texts, ','), "}", NULL), p);
    ok(members->nelts == 299 && edu__member_is(members, "0", "299"),
       "an object may have many members");
}

static void test_nothing_left(apr_pool_t *p)
{
    apr_array_header_t *none = apr_array_make(p, 1, sizeof(edu_pick_t));

    is_str(edu__members_text(load("{'a':1}", p), none, p), "{}",
           "of an object without annotations nothing may be left");
}

/* One by one, as long as they have the names that are expected. */
static void test_take(apr_pool_t *p)
{
    const char *text = quotes("{'a':[1],'b':{'c':2},'d':1e2}", p), *at;
    apr_array_header_t *members = apr_array_make(p, 2, sizeof(edu_member_t));

    ok(!edu__member_take(members, text, "b") &&
           !edu__member_take(members, text, "a'") && members->nelts == 0,
       "a member of another name is not taken");
    at = edu__member_take(members, text, "a");
    ok(at == text + strlen("{'a':[1]"), "a member is taken");
    ok(!edu__member_take(members, text, "a"), "a brace comes once");
    at = edu__member_take(members, at, "b");
    is_str(at, quotes(",'d':1e2}", p), "so is the next");
    ok(!edu__member_take(members, at, "d"),
       "one that jansson would write in another way is not");
    is_str(edu__members_text(members, NULL, p),
           quotes("{'a':[1],'b':{'c':2}}", p), "those are the members");
}

static void test_read(apr_pool_t *p)
{
    const apr_array_header_t *members = load(WHOLE, p);
    const char *b = edu__member(members, "b");
    const apr_array_header_t *a =
        edu__members_at(edu__member(edu__members_at(b, p), "a"), p);

    ok(members->nelts == 6, "all members are found");
    is_str(edu__member_text(members, "b", p), "{\"a\":[3,\"x\"]}",
           "a value is the text of all that it has");
    ok(!edu__member(members, "c") && !edu__member_text(members, "c", p) &&
           !edu__member(members, "I"),
       "a missing member is not found");
    ok(a->nelts == 2 && *APR_ARRAY_IDX(a, 0, edu_member_t).value == '3' &&
           APR_ARRAY_IDX(a, 1, edu_member_t).value_len == 3,
       "elements are found in a value in a value");
    ok(edu__members_at(NULL, p)->nelts == 0 &&
           edu__members_at("5", p)->nelts == 0 &&
           edu__members_at("{}", p)->nelts == 0,
       "nothing is found where there is nothing");
    ok(edu__member_is(members, "@odata.type", "\"t\"") &&
           !edu__member_is(members, "@odata.type", "\"tt\"") &&
           !edu__member_is(members, "c", "null"),
       "a value is compared as it is written");
}

static void test_write(apr_pool_t *p)
{
    apr_array_header_t *members = load("{'a':1,'b':2}", p);

    edu__member_set(members, "a", "[3]");
    edu__member_set(members, "c", "null");
    edu__member_copy(members, "d", "b");
    edu__member_copy(members, "b", "a");
    edu__member_copy(members, "a", "nothing");
    is_str(edu__members_text(members, NULL, p),
           quotes("{'a':[3],'b':[3],'c':null,'d':2}", p),
           "a member is set in its place, or behind all others");
    edu__members_add(members, load("{'e':5,'a':6,'f':7}", p));
    is_str(edu__members_text(members, NULL, p),
           quotes("{'a':[3],'b':[3],'c':null,'d':2,'e':5,'f':7}", p),
           "an added member does not replace an existing one");
}

/* Texts of all lengths up to two steps of 32 bytes, and more, in which anything
 * stands anywhere. */
static void test_quotes(apr_pool_t *parent)
{
    static const char *const parts[] = {
        "\"",   "\\",   "\n",   "\x01",         "\x7f", "\xc3\xa4",
        "\xc3", "\xa4", "\xff", "\xed\xa0\x80", "?",    "\xf0\x9f\x98\x80"
    };
    int wrong = 0, not_utf8 = 0, unlike = 0;
    unsigned seed = 1;
    apr_pool_t *p;

    apr_pool_create(&p, parent);
    for (int i = 0; i < 50000; i++) {
        char s[80] = "";
        char *to = s;
        json_t *json;

        for (int n = i % 70; to - s < n;) {
            unsigned any = (seed = seed * 1103515245 + 12345) >> 16;

            to = apr_cpystrn(
                to, any % 20 < COUNT(parts) ? parts[any % 20] : "xxxxxxx", 8);
        }
        json = json_string(s);
        not_utf8 += !json;
        unlike += (json != NULL) != edu__is_utf8(s);
        json_decref(json);
        json = edu__json_own(edu__json_string(s, p), p);
        wrong += !tap_same(edu__json_quote(s, p), edu__json_text(json, p));
        if (i % 1000 == 0) {
            apr_pool_clear(p);
        }
    }
    ok(not_utf8 > 10000 && not_utf8 < 40000, "texts are UTF-8 or not");
    is_int(unlike, 0, "as jansson says");
    is_int(wrong, 0, "strings are quoted as jansson quotes them");
}

static void tests(apr_pool_t *p)
{
    for (apr_size_t i = 0; i < COUNT(texts); i++) {
        test_text(&texts[i], p);
    }
    test_fits(p);
    test_mutants(p);
    test_depth("1", p);
    test_depth("[]", p);
    test_depth("{}", p);
    for (apr_size_t i = 0; i < COUNT(picks); i++) {
        test_pick(&picks[i], p);
    }
    test_same_name(p);
    test_many(p);
    test_nothing_left(p);
    test_take(p);
    test_read(p);
    test_write(p);
    test_quotes(p);
}

TAP_MAIN(tests)
