/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Commands that move rows: export, import, erase, anonymize. */

#include "edu_move.h"
#include "tool.h"

#include <apr_file_info.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>
#include <apr_user.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The formats. */
enum { LINES, CSV, ONEROSTER, FORMATS };

static const char *const formats[FORMATS] = { "json", "csv", "oneroster" };

/* @return FORMATS: there is no such format */
static int format_of(const tool_t *t)
{
    const char *name = t->values[OPTION_FORMAT];
    int i = 0;

    while (name && i < FORMATS && strcmp(formats[i], name) != 0) {
        i++;
    }
    return i;
}

/* The user of this system, for the history. */
static const char *user_of(apr_pool_t *p)
{
    char *name = NULL;
    apr_uid_t uid;
    apr_gid_t gid;

    return apr_uid_current(&uid, &gid, p) || apr_uid_name_get(&name, uid, p)
               ? "unknown"
               : name;
}

/* The counts of the tables that have any. */
static void set_moved(tool_t *t, const edu_moved_t *moved, int erased)
{
    json_t *tables = json_array();

    for (int i = 0; i < EDU_MOVED; i++) {
        if (moved->rows[i] || moved->removed[i]) {
            json_t *one = json_pack("{s:s, s:I}", "table", edu_moved_name(i),
                                    erased ? "changed" : "rows",
                                    (json_int_t)moved->rows[i]);

            json_object_set_new(one, erased ? "removed" : "replaced",
                                json_integer(moved->removed[i]));
            json_array_append_new(tables, one);
        }
    }
    json_object_set_new(t->result, "written",
                        json_boolean(!t->values[OPTION_DRY_RUN]));
    json_object_set_new(t->result, "tables", tables);
}

/* ------------------------------------------------------------------ export */

static int no_file(tool_t *t, const char *file, apr_status_t rv)
{
    char says[120];

    return APR_STATUS_IS_EEXIST(rv)
               ? report_error(t, TOOL_FAILED, "%s exists. Name another", file)
               : report_error(t, TOOL_FAILED, "%s: %s", file,
                              apr_strerror(rv, says, sizeof(says)));
}

/* Opens the output: a file that none but its owner reads, and that has its name
 * once it is complete.
 * @param part  its name until then; NULL: standard output */
static int open_output(apr_file_t **out, tool_t *t, const char *part)
{
    const char *file = t->values[OPTION_OUTPUT];
    apr_finfo_t info;
    apr_status_t rv;

    if (!file) {
        rv = apr_file_open_flags_stdout(out, APR_FOPEN_BUFFERED, t->p);
        return rv ? no_file(t, "standard output", rv) : TOOL_DONE;
    }
    if (!apr_stat(&info, file, APR_FINFO_TYPE, t->p)) {
        return no_file(t, file, APR_EEXIST);
    }
    rv = apr_file_open(out, part,
                       APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_EXCL |
                           APR_FOPEN_BUFFERED,
                       APR_FPROT_UREAD | APR_FPROT_UWRITE, t->p);
    return !rv ? TOOL_DONE
           : APR_STATUS_IS_EEXIST(rv)
               ? report_error(
                     t, TOOL_FAILED,
                     "%s is of an export that is under way, or was cut off. "
                     "Wait for that, or remove it",
                     part)
               : no_file(t, file, rv);
}

static int export_file(tool_t *t, const edu_export_t *what, int format)
{
    const char *file = t->values[OPTION_OUTPUT];
    const char *part = file ? apr_pstrcat(t->p, file, ".part", NULL) : NULL;
    edu_moved_t moved;
    apr_file_t *out;
    apr_status_t rv;

    if (open_output(&out, t, part)) {
        return TOOL_FAILED;
    }
    rv = format == CSV ? edu_export_gradebook(&moved, &t->admin, what, out)
                       : edu_export_lines(&moved, &t->admin, what, out);
    if (rv) {
        report_failure(t);
    }
    else if ((rv = apr_file_flush(out)) ||
             (file && (rv = apr_file_rename(part, file, t->p)))) {
        no_file(t, file ? file : "standard output", rv);
    }
    if (file) {
        apr_file_close(out);
    }
    if (rv && file) {
        apr_file_remove(part, t->p);
    }
    if (!rv && file) {
        json_object_set_new(t->result, "file", json_string(file));
        set_moved(t, &moved, 0);
    }
    return rv ? TOOL_FAILED : TOOL_DONE;
}

/* A folder that is made, or a .zip. */
static int export_folder(tool_t *t, const edu_export_t *what)
{
    const char *to = t->values[OPTION_OUTPUT], *folder = to;
    int zipped = to && folder_is_zip(to), code = TOOL_DONE;
    edu_moved_t moved;
    apr_status_t rv;

    if (!to) {
        return report_error(t, TOOL_USAGE,
                            "OneRoster has several files: add --output FOLDER "
                            "or --output FILE.zip");
    }
    if (zipped) {
        code = folder_make(&folder, t);
    }
    else if ((rv = apr_dir_make(folder,
                                APR_FPROT_UREAD | APR_FPROT_UWRITE |
                                    APR_FPROT_UEXECUTE,
                                t->p))) {
        code = no_file(t, folder, rv);
    }
    if (code) {
        return code;
    }
    if (edu_export_oneroster(&moved, &t->admin, what, folder)) {
        code = report_failure(t);
    }
    if (!code && zipped) {
        code = folder_zip(t, folder, to);
    }
    if (code || zipped) {
        folder_remove(folder, t->p);
    }
    if (!code) {
        json_object_set_new(t->result, "file", json_string(to));
        set_moved(t, &moved, 0);
    }
    return code;
}

int run_export(tool_t *t)
{
    const edu_export_t what = { t->values[OPTION_CLASS],
                                t->values[OPTION_STUDENT],
                                t->values[OPTION_WITH_HISTORY] != NULL,
                                t->values[OPTION_WITH_READS] != NULL };
    int format = format_of(t);

    if (format == FORMATS) {
        return report_error(t, TOOL_USAGE,
                            "the formats are json, csv and oneroster");
    }
    if (format == CSV && !what.class_id) {
        return report_error(t, TOOL_USAGE,
                            "a gradebook is of one class: add --class ID");
    }
    return format == ONEROSTER ? export_folder(t, &what)
                               : export_file(t, &what, format);
}

/* ------------------------------------------------------------------ import */

static void add_fault(void *baton, const edu_fault_t *fault)
{
    json_t *one = json_pack("{s:s, s:I}", "file", fault->file, "line",
                            (json_int_t)fault->line);

    json_object_set_new(one, "field",
                        fault->field ? json_string(fault->field)
                                     : json_string(""));
    json_object_set_new(one, "message", json_string(fault->message));
    json_array_append_new(baton, one);
}

static apr_status_t open_input(apr_file_t **in, const char *file, apr_pool_t *p)
{
    return strcmp(file, "-") == 0
               ? apr_file_open_flags_stdin(in, APR_FOPEN_BUFFERED, p)
               : apr_file_open(in, file, APR_FOPEN_READ | APR_FOPEN_BUFFERED, 0,
                               p);
}

static int import_file(edu_moved_t *moved, tool_t *t, const edu_import_t *how)
{
    const char *file = t->args[0];
    apr_file_t *in;
    apr_status_t rv = open_input(&in, file, t->p);

    if (rv) {
        return no_file(t, file, rv);
    }
    return edu_import_lines(moved, &t->admin, how, file, in) ? report_failure(t)
                                                             : TOOL_DONE;
}

/* A folder, or a .zip. */
static int import_folder(edu_moved_t *moved, tool_t *t, const edu_import_t *how)
{
    const char *folder = t->args[0];
    int zipped = folder_is_zip(folder), code = TOOL_DONE;
    apr_finfo_t info;
    apr_status_t rv = apr_stat(&info, folder, APR_FINFO_TYPE, t->p);

    if (rv && rv != APR_INCOMPLETE) {
        return no_file(t, folder, rv);
    }
    if (!zipped && info.filetype != APR_DIR) {
        return report_error(t, TOOL_FAILED,
                            "%s is neither a folder nor a .zip. Name what has "
                            "the files of OneRoster",
                            folder);
    }
    if (zipped) {
        code = folder_make(&folder, t);
        code = code ? code : folder_unzip(t, folder, t->args[0]);
    }
    if (!code && edu_import_oneroster(moved, &t->admin, how, folder)) {
        code = report_failure(t);
    }
    if (zipped) {
        folder_remove(folder, t->p);
    }
    return code;
}

/* Faults are told, and so is why nothing was imported. */
static int tell_import(tool_t *t, const edu_moved_t *moved, json_t *faults,
                       int code)
{
    int faulty = json_array_size(faults) > 0;

    if (!code) {
        set_moved(t, moved, 0);
    }
    if (faulty) {
        json_object_set_new(t->result, "faults", faults);
    }
    else {
        json_decref(faults);
    }
    return faulty ? TOOL_FAILED : code;
}

int run_import(tool_t *t)
{
    json_t *faults = json_array();
    const edu_import_t how = { user_of(t->p),
                               t->values[OPTION_DRY_RUN] != NULL,
                               t->values[OPTION_REPLACE] != NULL,
                               t->values[OPTION_KEEP_GOING] != NULL,
                               add_fault,
                               faults,
                               edu_service_run };
    edu_moved_t moved;
    int format = format_of(t), code;

    if (format == CSV || format == FORMATS) {
        json_decref(faults);
        return report_error(t, TOOL_USAGE,
                            "the formats to import are json and oneroster");
    }
    code = format == ONEROSTER ? import_folder(&moved, t, &how)
                               : import_file(&moved, t, &how);
    return tell_import(t, &moved, faults, code);
}

/* ------------------------------------------------------------------- erase */

/* The beginning of a day, UTC. @return 0: it is none */
static apr_time_t day_of(const char *date)
{
    apr_time_exp_t at = { .tm_year = 0 };
    apr_time_t instant;
    char end;
    int day;

    if (sscanf(date, "%4d-%2d-%2d%c", &at.tm_year, &at.tm_mon, &at.tm_mday,
               &end) != 3 ||
        at.tm_mon < 1 || at.tm_mon > 12 || at.tm_mday < 1 || at.tm_mday > 31) {
        return 0;
    }
    day = at.tm_mday;
    at.tm_year -= 1900;
    at.tm_mon--;
    /* of a day that its month has not, the next month has another */
    return apr_time_exp_get(&instant, &at) || apr_time_exp_gmt(&at, instant) ||
                   at.tm_mday != day
               ? 0
               : instant;
}

static int erase(tool_t *t, int anonymize)
{
    const char *date = t->values[OPTION_BEFORE];
    const edu_erase_t what = { user_of(t->p), t->values[OPTION_DRY_RUN] != NULL,
                               anonymize, t->values[OPTION_STUDENT],
                               date ? day_of(date) : 0 };
    edu_moved_t moved;

    if (!what.student == !date || (what.student && !*what.student)) {
        return report_error(t, TOOL_USAGE,
                            "say whose: --student ID or --before DATE");
    }
    if (date && what.before <= 0) {
        return report_error(t, TOOL_USAGE,
                            "%s is no day: write it as 2026-07-31", date);
    }
    if (what.before > apr_time_now()) {
        return report_error(t, TOOL_USAGE,
                            "%s is yet to come, and all classes would be of an "
                            "earlier day. Name one that is past",
                            date);
    }
    if (edu_erase(&moved, &t->admin, &what)) {
        return report_failure(t);
    }
    set_moved(t, &moved, 1);
    return TOOL_DONE;
}

int run_erase(tool_t *t)
{
    return erase(t, 0);
}

int run_anonymize(tool_t *t)
{
    return erase(t, 1);
}
