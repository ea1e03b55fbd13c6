/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Random expressions: what they are for documents is compared with an oracle in
 * another language, t/lib/Edu/Expression.pm, which also makes them.
 *     EDU_SEED=7 EDU_EXPRESSIONS=100000 t/unit/odata/test_expressions */

#include "oracle.h"

static int passed; /* documents */

static void evaluate(oracle_t *oracle, const riddle_t *riddle)
{
    for (int i = 0; i < oracle->n; i++) {
        int passes =
            edu__filter_match(riddle->filter, oracle->docs[i], oracle->p);

        passed += passes == 1;
        if (passes != riddle->says[i] - '0') {
            oracle_differs(oracle, riddle->text,
                           passes ? "passes" : "does not pass",
                           oracle->texts[i]);
        }
    }
}

static void attempt(oracle_t *oracle)
{
    for (int i = 0; i < oracle->riddles->nelts; i++) {
        evaluate(oracle, &APR_ARRAY_IDX(oracle->riddles, i, riddle_t));
    }
}

static void tests(apr_pool_t *p)
{
    oracle_t oracle = { .type = &edu__assignment,
                        .of = "assignments",
                        .attempt = attempt };

    oracle_ask(&oracle, p);
    ok(passed > oracle.expressions, "some documents pass: %d by %d expressions",
       passed, oracle.expressions);
}

TAP_MAIN(tests)
