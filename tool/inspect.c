/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Commands that look: status, verify, schema, history; and readonly. */

#include "tool.h"

#include <apr_file_info.h>
#include <apr_file_io.h>

#include <stdio.h>
#include <string.h>

static void set(json_t *object, const char *name, json_t *value)
{
    json_object_set_new(object, name, value);
}

/* A text, or null. */
static json_t *text(const char *s)
{
    return s ? json_string(s) : json_null();
}

/* ------------------------------------------------------------------ status */

/* Params of other drivers may have a password. */
static void set_database(tool_t *t)
{
    set(t->result, "driver", json_string(t->admin.driver));
    if (strcmp(t->admin.driver, "sqlite3") == 0) {
        set(t->result, "file", json_string(t->admin.params));
    }
}

static void set_size(tool_t *t, const char *name, apr_off_t size)
{
    if (size >= 0) {
        set(t->result, name, json_integer(size));
    }
}

int run_status(tool_t *t)
{
    edu_admin_status_t status;
    json_t *tables;

    if (edu_admin_status(&status, &t->admin)) {
        return report_failure(t);
    }
    if (!status.usable) {
        report_failure(t);
    }
    tables = json_array();
    for (int i = 0; i < status.tables->nelts; i++) {
        const edu_admin_table_t *table =
            &APR_ARRAY_IDX(status.tables, i, edu_admin_table_t);

        json_array_append_new(tables,
                              json_pack("{s:s, s:I}", "table", table->name,
                                        "rows", (json_int_t)table->rows));
    }
    set_database(t);
    set(t->result, "milliseconds", json_real(status.latency / 1000.0));
    set(t->result, "schema", text(status.version));
    set(t->result, "usable", json_boolean(status.usable));
    set_size(t, "bytes", status.size);
    set_size(t, "logBytes", status.log_size);
    set(t->result, "tables", tables);
    return status.usable ? TOOL_DONE : TOOL_FAILED;
}

/* ------------------------------------------------------------------ verify */

static void add_fault(void *baton, const edu_admin_fault_t *fault)
{
    json_t *one = json_object();

    set(one, "table", json_string(fault->table));
    set(one, "key", json_string(fault->key));
    set(one, "column", json_string(fault->column));
    set(one, "target", text(fault->target));
    set(one, "message", json_string(fault->message));
    json_array_append_new(baton, one);
}

int run_verify(tool_t *t)
{
    edu_admin_verdict_t verdict;
    json_t *faults = json_array();

    if (edu_admin_verify(&verdict, &t->admin, add_fault, faults)) {
        json_decref(faults);
        return report_failure(t);
    }
    set(t->result, "rows", json_integer(verdict.rows));
    set(t->result, "faults", faults);
    return verdict.faults ? TOOL_FAILED : TOOL_DONE;
}

/* ------------------------------------------------------------------ schema */

static int show_schema(tool_t *t)
{
    const char *const *statement = edu_store_schema(t->admin.driver);
    json_t *statements = json_array();

    for (; *statement; statement++) {
        json_array_append_new(statements, json_string(*statement));
        if (!t->values[OPTION_JSON]) {
            printf("%s;\n", *statement);
        }
    }
    if (t->values[OPTION_JSON]) {
        set(t->result, "driver", json_string(t->admin.driver));
        set(t->result, "statements", statements);
    }
    else {
        json_decref(statements);
    }
    return TOOL_DONE;
}

int run_schema(tool_t *t)
{
    const char *what = t->args[0];

    if (strcmp(what, "show") == 0) {
        return show_schema(t);
    }
    if (strcmp(what, "init") != 0 && strcmp(what, "upgrade") != 0) {
        return report_error(t, TOOL_USAGE,
                            "write: edu-outcomes schema init|upgrade|show");
    }
    return edu_admin_schema(&t->admin) ? report_failure(t) : run_status(t);
}

/* ----------------------------------------------------------------- history */

/* A document as JSON, so that the result is one. */
static json_t *document(const char *body)
{
    json_t *doc = *body ? json_loads(body, JSON_DECODE_ANY, NULL) : NULL;

    return doc ? doc : json_null();
}

static void add_record(void *baton, const edu_admin_record_t *record)
{
    json_t *one = json_object();

    set(one, "number", json_string(record->number));
    set(one, "at", json_string(record->at));
    set(one, "action", json_string(record->action));
    set(one, "entity", json_string(record->entity));
    set(one, "id", json_string(record->id));
    set(one, "user", json_string(record->user_id));
    set(one, "name", json_string(record->user_name));
    set(one, "application", json_string(record->application));
    set(one, "address", json_string(record->address));
    set(one, "request", json_string(record->request_id));
    set(one, "student", json_string(record->student));
    set(one, "before", document(record->before));
    set(one, "document", document(record->document));
    json_array_append_new(baton, one);
}

int run_history(tool_t *t)
{
    json_t *records = json_array();
    int n = t->args[3] ? 4 : 3;

    if (edu_admin_history(&t->admin, t->args, n, add_record, records)) {
        json_decref(records);
        return report_failure(t);
    }
    set(t->result, "records", records);
    return TOOL_DONE;
}

/* ---------------------------------------------------------------- readonly */

/* Makes a file that any user of the server can see. */
static apr_status_t make(const char *file, apr_pool_t *p)
{
    apr_file_t *made;
    apr_status_t rv = apr_file_open(
        &made, file, APR_FOPEN_WRITE | APR_FOPEN_CREATE,
        APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_GREAD | APR_FPROT_WREAD,
        p);

    return rv ? rv : apr_file_close(made);
}

int run_readonly(tool_t *t)
{
    int on = strcmp(t->args[0], "on") == 0,
        off = strcmp(t->args[0], "off") == 0;
    const char *file;
    apr_finfo_t info;
    apr_status_t rv = APR_SUCCESS;
    char says[120];
    int code;

    if (!on && !off && strcmp(t->args[0], "show") != 0) {
        return report_error(t, TOOL_USAGE,
                            "write: edu-outcomes readonly on|off|show");
    }
    code = config_read_only(&file, t);
    if (code) {
        return code;
    }
    if (on || off) {
        rv = on ? make(file, t->p) : apr_file_remove(file, t->p);
    }
    if (rv && !(off && APR_STATUS_IS_ENOENT(rv))) {
        return report_error(t, TOOL_FAILED, "%s cannot be %s: %s", file,
                            on ? "made" : "removed",
                            apr_strerror(rv, says, sizeof(says)));
    }
    set(t->result, "readOnly",
        json_boolean(!apr_stat(&info, file, APR_FINFO_TYPE, t->p)));
    set(t->result, "file", json_string(file));
    return TOOL_DONE;
}
