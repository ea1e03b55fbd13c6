/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Commands that copy whole databases: backup, restore, copy. */

#include "tool.h"

#include <string.h>

/* @param did  whether rows were written */
static void set_copied(tool_t *t, const apr_array_header_t *copied)
{
    json_t *tables = json_array();

    for (int i = 0; i < copied->nelts; i++) {
        const edu_admin_copied_t *table =
            &APR_ARRAY_IDX(copied, i, edu_admin_copied_t);
        json_t *one = json_object();

        json_object_set_new(one, "table", json_string(table->name));
        json_object_set_new(one, "rows", json_integer(table->rows));
        json_object_set_new(one, "replaced", json_integer(table->replaced));
        json_object_set_new(one, "digest",
                            table->digest ? json_string(table->digest)
                                          : json_null());
        json_array_append_new(tables, one);
    }
    json_object_set_new(t->result, "written",
                        json_boolean(!t->values[OPTION_DRY_RUN]));
    json_object_set_new(t->result, "tables", tables);
}

static unsigned flags_of(const tool_t *t)
{
    return t->values[OPTION_DRY_RUN] ? EDU_ADMIN_DRY_RUN : 0;
}

int run_backup(tool_t *t)
{
    apr_array_header_t *copied;

    if (edu_admin_backup(&copied, &t->admin, t->args[0])) {
        return report_failure(t);
    }
    json_object_set_new(t->result, "file", json_string(t->args[0]));
    set_copied(t, copied);
    return TOOL_DONE;
}

int run_restore(tool_t *t)
{
    apr_array_header_t *copied;

    if (edu_admin_restore(&copied, &t->admin, t->args[0], flags_of(t))) {
        return report_failure(t);
    }
    json_object_set_new(t->result, "file", json_string(t->args[0]));
    set_copied(t, copied);
    return TOOL_DONE;
}

/* What fails, is told of the database to copy to. */
int run_copy(tool_t *t)
{
    apr_array_header_t *copied;
    edu_admin_t to;
    apr_status_t rv = edu_admin_open(&to, t->args[0], t->p);

    to.progress = t->admin.progress;
    if (rv) {
        t->admin.err = to.err;
        report_failure(t);
        return TOOL_USAGE;
    }
    rv = edu_admin_copy(&copied, &to, &t->admin, flags_of(t));
    if (rv) {
        t->admin.err = to.err;
        return report_failure(t);
    }
    set_copied(t, copied);
    return TOOL_DONE;
}
