/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Folders of OneRoster, which may be a .zip: zip and unzip pack and unpack
 * it. */

#include "tool.h"

#include <apr_env.h>
#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include <stdlib.h>
#include <string.h>

int folder_is_zip(const char *name)
{
    apr_size_t len = strlen(name);

    return len > 4 && strcmp(name + len - 4, ".zip") == 0;
}

int folder_make(const char **folder, tool_t *t)
{
    const char *temp;
    char *name;

    if (apr_temp_dir_get(&temp, t->p)) {
        return report_error(t, TOOL_FAILED,
                            "there is no directory for "
                            "temporary files: set TMPDIR");
    }
    name = apr_pstrcat(t->p, temp, "/edu-outcomes.XXXXXX", NULL);
    *folder = mkdtemp(name);
    return *folder
               ? TOOL_DONE
               : report_error(t, TOOL_FAILED, "%s takes no directory", temp);
}

void folder_remove(const char *folder, apr_pool_t *p)
{
    apr_finfo_t info;
    apr_dir_t *dir;

    if (apr_dir_open(&dir, folder, p)) {
        return;
    }
    while (!apr_dir_read(&info, APR_FINFO_NAME, dir)) {
        if (strcmp(info.name, ".") != 0 && strcmp(info.name, "..") != 0) {
            apr_file_remove(apr_pstrcat(p, folder, "/", info.name, NULL), p);
        }
    }
    apr_dir_close(dir);
    apr_dir_remove(folder, p);
}

/* Runs a program to its end. */
static int run(tool_t *t, const char *const *argv, const char *folder)
{
    apr_procattr_t *attr;
    apr_proc_t proc;
    apr_exit_why_e why = APR_PROC_EXIT;
    int code = NOT_RUN;
    apr_status_t rv = apr_procattr_create(&attr, t->p);

    rv = rv ? rv : apr_procattr_cmdtype_set(attr, APR_PROGRAM_PATH);
    if (!rv && folder) {
        rv = apr_procattr_dir_set(attr, folder);
    }
    rv = rv ? rv : apr_proc_create(&proc, argv[0], argv, NULL, attr, t->p);
    if (!rv) {
        rv = apr_proc_wait(&proc, &code, &why, APR_WAIT);
    }
    if (APR_STATUS_IS_CHILD_DONE(rv) && APR_PROC_CHECK_EXIT(why) && !code) {
        return TOOL_DONE;
    }
    return code == NOT_RUN
               ? report_error(t, TOOL_FAILED,
                              "%s cannot be run. Install the package %s, or "
                              "name a folder, which needs none",
                              argv[0], argv[0])
               : report_error(t, TOOL_FAILED,
                              "%s cannot read or write %s (its exit status is "
                              "%d). Look at what it said, or name a folder",
                              argv[0], argv[2], code);
}

int folder_unzip(tool_t *t, const char *folder, const char *file)
{
    const char *argv[] = {
        "unzip", "-qqjo", file, "*.csv", "-d", folder, NULL
    };

    return run(t, argv, NULL);
}

/* zip wants to be told the order, the manifest first. */
int folder_zip(tool_t *t, const char *folder, const char *file)
{
    char *full;
    const char *argv[] = { "zip", "-qXD",  NULL, "manifest.csv", "-r", ".",
                           "-i",  "*.csv", NULL };

    if (apr_filepath_merge(&full, NULL, file, 0, t->p)) {
        return report_error(t, TOOL_FAILED, "%s is no path", file);
    }
    argv[2] = full;
    return run(t, argv, folder);
}
