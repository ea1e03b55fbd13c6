/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The functions behind the routes: the top of the call graph. */

#include "verbs.h"

/* batch.c calls dispatch.c, which looks here: so it is no function of this
 * table. */
static const edu_writer_t edu__no_batch = { .plan = NULL };

#define BY_GET(run) edu__##run, NULL
#define BY_POST(run) NULL, &edu__##run
#define BY_PUT(run) NULL, &edu__##run
#define BY_PATCH(run) NULL, &edu__##run
#define BY_DELETE(run) NULL, &edu__##run

#define VERB(at, method, set, options, answer, run) { BY_##method(run) },
/* clang-format off */
const edu_verb_t edu__verbs[] = {
#include "routes.inc"
};
/* clang-format on */
