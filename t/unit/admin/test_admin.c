/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The table of columns is that of the schema. */

#include "admin.h"
#include "unit.h"

#include <apr_file_io.h>

static void tests(apr_pool_t *p)
{
    edu_admin_t admin;

    is_int(edu_admin_open(&admin, "nothing", p), EDU_EBADREQUEST,
           "a database has a driver");
}

TAP_MAIN(tests)
