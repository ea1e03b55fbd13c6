/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file oracle.h
 * @brief Random documents and expressions, with what an oracle in another
 *        language says of them: t/lib/Edu/Expression.pm.
 *
 * EDU_SEED makes others, EDU_EXPRESSIONS as many as it says.
 */
#ifndef ORACLE_H
#define ORACLE_H

#include "expr.h"
#include "odata.h"
#include "unit.h"

#define ORACLE_DOCS 16 /* at most */
#define ORACLE_LINE (1 << 20)

typedef struct oracle_t oracle_t;

/* An expression. */
typedef struct riddle_t {
    const char *says, *text; /* '1' for each document that passes, else '0' */
    const edu_expr_t *filter;
} riddle_t;

/* Documents, and expressions to try on them. */
struct oracle_t {
    const edu_type_t *type;            /* of the documents */
    const char *of;                    /* as the oracle names them */
    void (*attempt)(oracle_t *oracle); /* a round */
    const char *texts[ORACLE_DOCS];    /* the documents */
    const json_t *docs[ORACLE_DOCS];
    apr_array_header_t *riddles; /* of riddle_t */
    int n, round;                /* documents, rounds so far */
    int expressions, wrong;
    apr_pool_t *p; /* lives as long as the round */
};

static inline const char *setting(const char *name, const char *otherwise)
{
    const char *value = getenv(name);

    return value ? value : otherwise;
}

static inline void oracle_add(oracle_t *oracle, const char *line)
{
    json_error_t at;
    json_t *doc = json_loads(line, JSON_REJECT_DUPLICATES, &at);

    if (!doc || oracle->n == ORACLE_DOCS) {
        fprintf(stderr, "# no document: %s: %s\n", at.text, line);
        abort();
    }
    oracle->texts[oracle->n] = apr_pstrdup(oracle->p, line);
    oracle->docs[oracle->n++] = edu__json_own(doc, oracle->p);
}

/* Another result than the oracle's. */
static inline void oracle_differs(oracle_t *oracle, const char *text,
                                  const char *what, const char *doc)
{
    fprintf(stderr, "# %s\n#   %s\n#   %s\n", text, what, doc);
    oracle->wrong++;
}

/* A digit for each document, a blank, and the expression. */
static inline void oracle_keep(oracle_t *oracle, const char *line)
{
    riddle_t riddle = { .says = apr_pstrndup(oracle->p, line, oracle->n) };
    edu_query_t of = { .type = oracle->type };
    edu_error_t err = { 0 };

    riddle.text = apr_pstrdup(oracle->p, line + oracle->n + 1);
    oracle->expressions++;
    if (edu__filter_parse(&riddle.filter, riddle.text, &of, &err, oracle->p)) {
        oracle_differs(oracle, riddle.text, err.message, "");
    }
    else {
        APR_ARRAY_PUSH(oracle->riddles, riddle_t) = riddle;
    }
}

static inline void oracle_begin(oracle_t *oracle)
{
    if (oracle->n) {
        oracle->attempt(oracle);
    }
    apr_pool_clear(oracle->p);
    oracle->riddles = apr_array_make(oracle->p, 50, sizeof(riddle_t));
    oracle->n = 0;
    oracle->round++;
}

static inline void oracle_line(oracle_t *oracle, char *line)
{
    line[strcspn(line, "\n")] = '\0';
    if (!*line) {
        oracle_begin(oracle);
    }
    else if (*line == '{') {
        oracle_add(oracle, line);
    }
    else {
        oracle_keep(oracle, line);
    }
}

/* Has all expressions tried. */
static inline void oracle_ask(oracle_t *oracle, apr_pool_t *p)
{
    const char *many =
        setting("EDU_EXPRESSIONS", getenv("EDU_VALGRIND") ? "1000" : "10000");
    const char *seed = setting("EDU_SEED", "1");
    char *line = apr_palloc(p, ORACLE_LINE);
    FILE *lines =
        popen(apr_psprintf(p, "perl '%s/t/lib/expressions' %s %s %s",
                           setting("top_srcdir", "."), oracle->of, many, seed),
              "r");

    apr_pool_create(&oracle->p, p);
    while (lines && fgets(line, ORACLE_LINE, lines)) {
        oracle_line(oracle, line);
    }
    oracle_begin(oracle);
    ok(lines && pclose(lines) == 0, "the oracle spoke, with the seed %s", seed);
    is_int(oracle->expressions, atoi(many), "it had so many expressions");
    is_int(oracle->wrong, 0, "all agree with it");
}

#endif /* ORACLE_H */
