/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Random expressions: what they are for documents is compared with an oracle in
 * another language, t/lib/Edu/Expression.pm, which also makes them.
 *     EDU_SEED=7 EDU_EXPRESSIONS=100000 t/unit/odata/test_expressions */

#include "odata.h"
#include "expr.h"
#include "unit.h"

#include <string.h>

#define MAX_DOCS 16
#define LINE (1 << 20)

/* What came of the expressions so far. */
typedef struct tally_t {
    const json_t *docs[MAX_DOCS];
    int n; /* documents */
    int expressions, wrong, passed;
    apr_pool_t *p; /* lives as long as the documents */
} tally_t;

static const char *setting(const char *name, const char *otherwise)
{
    const char *value = getenv(name);

    return value ? value : otherwise;
}

static void add_doc(tally_t *tally, const char *line)
{
    json_error_t at;
    json_t *doc = json_loads(line, JSON_REJECT_DUPLICATES, &at);

    if (!doc || tally->n == MAX_DOCS) {
        fprintf(stderr, "# no document: %s: %s\n", at.text, line);
        abort();
    }
    tally->docs[tally->n++] = edu__json_own(doc, tally->p);
}

static void complain(tally_t *tally, const char *text, const char *what,
                     const json_t *doc)
{
    fprintf(stderr, "# %s\n#   %s\n#   %s\n", text, what,
            doc ? edu__json_text(doc, tally->p) : "");
    tally->wrong++;
}

/* A digit for each document, a blank, and the expression. */
static void try_expression(tally_t *tally, const char *line)
{
    const char *text = line + tally->n + 1;
    const edu_expr_t *filter;
    edu_error_t err = { 0 };
    edu_query_t of = { .type = &edu__assignment };
    apr_pool_t *p;

    apr_pool_create(&p, tally->p);
    tally->expressions++;
    if (edu__filter_parse(&filter, text, &of, &err, p)) {
        complain(tally, text, err.message, NULL);
    }
    else {
        for (int i = 0; i < tally->n; i++) {
            int passes = edu__filter_match(filter, tally->docs[i], p);

            tally->passed += passes == 1;
            if (passes != line[i] - '0') {
                complain(tally, text, passes ? "passes" : "does not pass",
                         tally->docs[i]);
            }
        }
    }
    apr_pool_destroy(p);
}

static void read_line(tally_t *tally, char *line)
{
    line[strcspn(line, "\n")] = '\0';
    if (!*line) {
        apr_pool_clear(tally->p);
        tally->n = 0;
    }
    else if (*line == '{') {
        add_doc(tally, line);
    }
    else {
        try_expression(tally, line);
    }
}

static void tests(apr_pool_t *p)
{
    tally_t tally = { 0 };
    const char *many =
        setting("EDU_EXPRESSIONS", getenv("EDU_VALGRIND") ? "1000" : "10000");
    const char *seed = setting("EDU_SEED", "1");
    char *line = apr_palloc(p, LINE);
    FILE *lines = popen(apr_psprintf(p, "perl '%s/t/lib/expressions' %s %s",
                                     setting("top_srcdir", "."), many, seed),
                        "r");

    apr_pool_create(&tally.p, p);
    while (lines && fgets(line, LINE, lines)) {
        read_line(&tally, line);
    }
    ok(lines && pclose(lines) == 0, "the oracle spoke, with the seed %s", seed);
    is_int(tally.expressions, atoi(many), "it had so many expressions");
    ok(tally.passed > tally.expressions,
       "some documents pass: %d by %d expressions", tally.passed,
       tally.expressions);
    is_int(tally.wrong, 0, "it agrees about all of them");
}

TAP_MAIN(tests)
