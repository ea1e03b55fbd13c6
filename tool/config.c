/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Apache itself is asked for its configuration: it alone knows what is
 * included, defined and merged.  The module answers, by lines that begin like
 * this. */

#include "tool.h"

#include <apr_env.h>
#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include <stdio.h>
#include <string.h>

#define LINE "edu-outcomes "

/* Reads to the end of a pipe. */
static const char *read_all(apr_file_t *pipe, apr_pool_t *p)
{
    char buffer[4096];
    apr_size_t len = sizeof(buffer);
    const char *all = "";

    while (!apr_file_read(pipe, buffer, &len)) {
        all = apr_pstrcat(p, all, apr_pstrmemdup(p, buffer, len), NULL);
        len = sizeof(buffer);
    }
    return all;
}

/* Where Apache writes what it complains of, so that two pipes cannot wait for
 * each other. @return NULL: there is no place for it */
static apr_file_t *make_aside(apr_pool_t *p)
{
    const char *temp;
    apr_file_t *made;

    return apr_temp_dir_get(&temp, p) ||
                   apr_file_mktemp(
                       &made,
                       apr_pstrcat(p, temp, "/edu-outcomes.XXXXXX", NULL), 0, p)
               ? NULL
               : made;
}

/* Repeats what Apache complained of. */
static void repeat(apr_file_t *aside, apr_pool_t *p)
{
    apr_off_t begin = 0;

    apr_file_seek(aside, APR_SET, &begin);
    fputs(read_all(aside, p), stderr);
}

/* Runs Apache; why it refuses goes to standard error.  Warnings, and that all
 * is well, are no news to a backup of each night.
 * @param said    out: what it printed
 * @param option  what names the database, or the file, without Apache */
static int ask(const char **said, tool_t *t, const char *option)
{
    const char *httpd = t->values[OPTION_HTTPD];
    const char *args[] = { httpd ? httpd : "apachectl",
                           "-t",
                           "-D",
                           "EDU_OUTCOMES_DUMP",
                           t->values[OPTION_CONFIG] ? "-f" : NULL,
                           t->values[OPTION_CONFIG],
                           NULL };
    apr_file_t *aside = make_aside(t->p);
    apr_procattr_t *attr;
    apr_proc_t proc;
    apr_exit_why_e why;
    int code = NOT_RUN;

    apr_procattr_create(&attr, t->p);
    apr_procattr_cmdtype_set(attr, APR_PROGRAM_PATH);
    apr_procattr_io_set(attr, APR_NO_PIPE, APR_FULL_BLOCK, APR_NO_PIPE);
    apr_procattr_error_check_set(attr, 1);
    if (aside) {
        apr_procattr_child_err_set(attr, aside, NULL);
    }
    if (!apr_proc_create(&proc, args[0], args, NULL, attr, t->p)) {
        *said = read_all(proc.out, t->p);
        apr_proc_wait(&proc, &code, &why, APR_WAIT);
    }
    if (aside && code) {
        repeat(aside, t->p);
    }
    return code == NOT_RUN
               ? report_error(t, TOOL_USAGE,
                              "%s cannot be run. Name Apache's program by "
                              "--httpd, or the %s",
                              args[0], option)
           : code ? report_error(t, TOOL_USAGE,
                                 "%s -t refuses the configuration. Mend it, or "
                                 "name the %s",
                                 args[0], option)
                  : TOOL_DONE;
}

/* The different values of a kind of line. @return of const char * */
static apr_array_header_t *values_of(const char *said, const char *kind,
                                     apr_pool_t *p)
{
    apr_array_header_t *values = apr_array_make(p, 2, sizeof(const char *));
    const char *begin = apr_pstrcat(p, LINE, kind, " ", NULL);
    char *state, *line = apr_strtok(apr_pstrdup(p, said), "\n", &state);

    for (; line; line = apr_strtok(NULL, "\n", &state)) {
        const char *value = line + strlen(begin);
        int known = strncmp(line, begin, strlen(begin)) != 0;

        for (int i = 0; !known && i < values->nelts; i++) {
            known = strcmp(APR_ARRAY_IDX(values, i, const char *), value) == 0;
        }
        if (!known) {
            APR_ARRAY_PUSH(values, const char *) = value;
        }
    }
    return values;
}

/* The one value that the configuration has.
 * @param missing  what to say if it has none */
static int find(const char **value, tool_t *t, const char *kind,
                const char *option, const char *missing)
{
    apr_array_header_t *values;
    const char *said = "";
    int code = ask(&said, t, option);

    if (code) {
        return code;
    }
    values = values_of(said, kind, t->p);
    if (values->nelts == 1) {
        *value = APR_ARRAY_IDX(values, 0, const char *);
        return TOOL_DONE;
    }
    return values->nelts
               ? report_error(t, TOOL_USAGE,
                              "the configuration has %d of these. Name the %s",
                              values->nelts, option)
               : report_error(t, TOOL_USAGE, "%s", missing);
}

int config_database(const char **database, tool_t *t)
{
    *database = t->values[OPTION_DATABASE];
    return *database
               ? TOOL_DONE
               : find(database, t, "database", "database by --database",
                      "the configuration has no EduOutcomes On, or the module "
                      "is not loaded. Name the database by --database");
}

int config_read_only(const char **file, tool_t *t)
{
    *file = t->values[OPTION_FILE];
    return *file ? TOOL_DONE
                 : find(file, t, "read-only", "file by --file",
                        "the configuration has no EduOutcomesReadOnly with a "
                        "file. Add it, or name the file by --file");
}
