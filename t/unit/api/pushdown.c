/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Random filters on outcomes: what a database lets through of each, and what is
 * left of that here, is compared with an oracle in another language.
 * t/pushdown.t runs it with each database; by hand, say
 *     EDU_SEED=7 EDU_EXPRESSIONS=100000 t/unit/api/pushdown */

#include "api.h"
#include "database.h"
#include "driver.h"
#include "oracle.h"
#include "page.h"

/* What became of the filters. */
static struct {
    int pushed; /* a database was asked for some of it */
    int exact;  /* of these: it was asked for all, and lets nothing else pass */
    int some;   /* of these: it lets some outcomes through, and others not */
} tally;

static edu_store_t store;

/* The documents of a round are outcomes of a class of their own. */
static void store_docs(const oracle_t *oracle)
{
    edu_key_t key =
        OUTCOME_AT(apr_itoa(oracle->p, oracle->round), "a", "s", NULL);
    edu_changes_t changes = no_changes(oracle->p);
    edu_error_t err = { 0 };

    for (int i = 0; i < oracle->n; i++) {
        edu_row_t *row = apr_pcalloc(oracle->p, sizeof(*row));

        *row = (edu_row_t){
            .id = apr_itoa(oracle->p, i),
            .sort_key = "1",
            .kind = edu__type_of(oracle->type, NULL, oracle->docs[i])->name,
            .version = "1",
            .body = oracle->texts[i]
        };
        add_write(&changes, EDU_INSERT, EDU_OUTCOME, EDU_IF_ABSENT, &key,
                  row->id)
            ->after = row;
    }
    if (commit(&store, &changes, &err, oracle->p)) {
        fprintf(stderr, "# cannot store: %s %s\n", err.message, err.detail);
        abort();
    }
}

static const char *escape(const void *baton, const char *text)
{
    const edu_call_t *call = baton;

    return apr_dbd_escape(call->dbd.driver, call->p, text, call->dbd.handle);
}

/* A statement for all filters of a round.  Its rows are the number of a filter,
 * and of a document that it lets through. */
static const char *statement(const edu_call_t *call, const oracle_t *oracle,
                             const edu_where_t *const *wheres)
{
    const edu_words_t words = { call->session->dialect, escape, call, call->p };
    const char *args[2], *text = "SELECT '0', '0'";

    args[1] = apr_itoa(call->p, oracle->round);
    for (int i = 0; i < oracle->riddles->nelts; i++) {
        if (wheres[i]) {
            args[0] = apr_itoa(call->p, i);
            text = apr_pstrcat(
                call->p, text,
                edu__where_fill(&words,
                                " UNION ALL SELECT %s, o.id FROM edu_outcome o"
                                " WHERE o.class_id = %s" EDU_WHERE,
                                args, wheres[i]),
                NULL);
        }
    }
    return text;
}

/* @param through  out: of each filter and document, whether the database lets
 *                 it through */
static apr_status_t ask(char (*through)[ORACLE_DOCS + 1],
                        const oracle_t *oracle,
                        const edu_where_t *const *wheres, edu_error_t *err)
{
    edu_call_t call = { .store = &store, .err = err, .p = oracle->p };
    struct apr_dbd_row_t *row;
    apr_status_t rv = edu__call_open(&call);

    if (!rv) {
        call.control = statement(&call, oracle, wheres);
        rv = edu__driver_query(&call);
        row = rv ? NULL : edu__call_next(&call, NULL); /* of no filter */
        while (row && (row = edu__call_next(&call, row))) {
            through[atoi(edu__call_column(&call, row, 0))]
                   [atoi(edu__call_column(&call, row, 1))] = '1';
        }
        edu__call_close(&call);
    }
    return rv;
}

static void compare(oracle_t *oracle, const riddle_t *riddle,
                    const char *through)
{
    for (int i = 0; i < oracle->n; i++) {
        int says = riddle->says[i] == '1';
        int passes =
            edu__filter_match(riddle->filter, oracle->docs[i], oracle->p);

        if (says != passes || (says && through[i] != '1')) {
            oracle_differs(oracle, riddle->text,
                           says == passes ? "is lost in the database"
                           : passes       ? "passes"
                                          : "does not pass",
                           oracle->texts[i]);
        }
    }
}

static void count(const riddle_t *riddle, const char *through)
{
    int exact = strcmp(riddle->says, through) == 0;

    tally.pushed++;
    tally.exact += exact;
    tally.some += exact && strchr(through, '0') && strchr(through, '1');
}

static void attempt(oracle_t *oracle)
{
    int n = oracle->riddles->nelts;
    const riddle_t *riddles = (const riddle_t *)oracle->riddles->elts;
    const edu_where_t **wheres = apr_palloc(oracle->p, n * sizeof(*wheres));
    char(*through)[ORACLE_DOCS + 1] =
        apr_pcalloc(oracle->p, n * sizeof(*through));
    edu_error_t err = { 0 };

    store_docs(oracle);
    for (int i = 0; i < n; i++) {
        edu_exchange_t x = { .query.filter = riddles[i].filter };

        wheres[i] = edu__pushdown(&x, oracle->p);
        memset(through[i], wheres[i] ? '0' : '1', oracle->n);
    }
    if (ask(through, oracle, wheres, &err)) {
        oracle_differs(oracle, "a round", "the database refuses it", "");
        return;
    }
    for (int i = 0; i < n; i++) {
        compare(oracle, &riddles[i], through[i]);
        if (wheres[i]) {
            count(&riddles[i], through[i]);
        }
    }
}

/* DRIVER:PARAMETERS of a database without tables. */
static void open_store(apr_pool_t *p)
{
    char *driver = apr_pstrdup(p, setting("EDU_STORE", "sqlite3::memory:"));
    char *params = strchr(driver, ':');

    *params++ = '\0';
    store.schema = EDU_SCHEMA_AUTO;
    edu_store_open(&store, driver, params, 1, 0, p);
}

static void tests(apr_pool_t *p)
{
    oracle_t oracle = { .type = &edu__outcome,
                        .of = "outcomes",
                        .attempt = attempt };

    open_store(p);
    oracle_ask(&oracle, p);
    ok(tally.pushed >= oracle.expressions * 2 / 3,
       "the database is asked for most: %d", tally.pushed);
    ok(tally.exact >= oracle.expressions / 2,
       "for a half it is all that has to be asked: %d", tally.exact);
    ok(tally.some >= oracle.expressions / 3,
       "of these, many let through some outcomes alone: %d", tally.some);
}

TAP_MAIN(tests)
