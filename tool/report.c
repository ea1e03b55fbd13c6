/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* What the program prints: results to standard output, all else to standard
 * error. */

#include "tool.h"

#include <apr_strings.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The bar of progress. */
#define BAR "##############################"

/* ----------------------------------------------------------------- results */

/* A simple value as people read it. */
static const char *text_of(const json_t *value, apr_pool_t *p)
{
    return json_is_string(value) ? json_string_value(value)
           : json_is_integer(value)
               ? apr_psprintf(p, "%" APR_INT64_T_FMT,
                              (apr_int64_t)json_integer_value(value))
           : json_is_real(value)
               ? apr_psprintf(p, "%.3f", json_real_value(value))
           : json_is_true(value)  ? "yes"
           : json_is_false(value) ? "no"
                                  : "";
}

static int max(int a, int b)
{
    return a > b ? a : b;
}

/* The width of the column of a member in an array of objects. */
static int width_of(const json_t *rows, const char *name, apr_pool_t *p)
{
    int width = (int)strlen(name);
    const json_t *row;
    size_t i;

    json_array_foreach(rows, i, row)
    {
        width = max(width, (int)strlen(text_of(json_object_get(row, name), p)));
    }
    return width;
}

/* An array of objects as a table, with the members of the first as columns. */
static void print_table(const json_t *rows, apr_pool_t *p)
{
    json_t *first = json_array_get(rows, 0), *row, *value;
    const char *name;
    size_t i;

    json_object_foreach(first, name, value)
    {
        printf("  %-*s", width_of(rows, name, p), name);
    }
    printf(json_object_size(first) ? "\n" : "");
    json_array_foreach(rows, i, row)
    {
        json_object_foreach(first, name, value)
        {
            printf("  %-*s", width_of(rows, name, p),
                   text_of(json_object_get(row, name), p));
        }
        printf("\n");
    }
}

/* Members as `name: value`, one a line. */
static void print_object(json_t *object, apr_pool_t *p)
{
    const char *name;
    json_t *value;

    json_object_foreach(object, name, value)
    {
        if (json_is_array(value)) {
            printf("%s: %d\n", name, (int)json_array_size(value));
            print_table(value, p);
        }
        else {
            printf("%s: %s\n", name, text_of(value, p));
        }
    }
}

void report_result(const tool_t *t)
{
    if (t->values[OPTION_JSON]) {
        json_dumpf(t->result, stdout, JSON_INDENT(2));
        printf("\n");
    }
    else {
        print_object(t->result, t->p);
    }
}

/* ------------------------------------------------------------------ errors */

int report_error(tool_t *t, int code, const char *fmt, ...)
{
    va_list args;
    char *text;

    va_start(args, fmt);
    text = apr_pvsprintf(t->p, fmt, args);
    va_end(args);
    fprintf(stderr, "edu-outcomes: %s\n", text);
    json_object_clear(t->result);
    if (t->values[OPTION_JSON]) {
        json_object_set_new(t->result, "error", json_string(text));
    }
    return code;
}

int report_failure(tool_t *t)
{
    const edu_error_t *err = &t->admin.err;

    return report_error(t, TOOL_FAILED, "%s",
                        err->detail ? err->detail : err->message);
}

int report_end(tool_t *t, int code)
{
    char says[120];

    if (!ferror(stdout) && !fflush(stdout)) {
        return code;
    }
    return report_error(t, code ? code : TOOL_FAILED, "the output: %s",
                        apr_strerror(apr_get_os_error(), says, sizeof(says)));
}

/* ---------------------------------------------------------------- progress */

static void draw(void *baton, const char *what, apr_int64_t done,
                 apr_int64_t all)
{
    int percent = all > 0 ? (int)(100 * done / all) : 100;
    int bars = percent * (int)strlen(BAR) / 100;

    (void)baton;
    /* the last sequence clears the rest of the line */
    fprintf(stderr, "\r%-16s %3d%% [%-*.*s]\033[K", what, percent,
            (int)strlen(BAR), bars, BAR);
    if (done >= all) {
        fprintf(stderr, "\r\033[K");
    }
    fflush(stderr);
}

void report_progress(tool_t *t)
{
    if (!t->values[OPTION_QUIET] && isatty(STDERR_FILENO)) {
        t->admin.progress = draw;
    }
}
