/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file tool.h
 * @brief Shared by the files of edu-outcomes, the administrator's tool.
 *
 * report, config <- inspect, transfer, folder <- move <- main.  A command gives
 * its result as JSON; report.c prints it, as it is or for people.
 */
#ifndef TOOL_H
#define TOOL_H

#include "edu_admin.h"

#include <jansson.h>

/** How the program ends. */
enum {
    TOOL_DONE = 0,
    TOOL_FAILED = 1, /**< it failed, or verify found faults */
    TOOL_USAGE = 2   /**< it was called wrongly; nothing was done */
};

/** The options, in the order of the table in main.c. */
typedef enum option_e {
    OPTION_CONFIG,
    OPTION_DATABASE,
    OPTION_HTTPD,
    OPTION_JSON,
    OPTION_QUIET,
    OPTION_HELP,
    OPTION_VERSION,
    OPTION_DRY_RUN,
    OPTION_FILE,
    OPTION_CLASS,
    OPTION_STUDENT,
    OPTION_BEFORE,
    OPTION_FORMAT,
    OPTION_OUTPUT,
    OPTION_WITH_HISTORY,
    OPTION_WITH_READS,
    OPTION_REPLACE,
    OPTION_KEEP_GOING,
    OPTIONS
} option_e;

/** The exit status of a program that could not be started. */
#define NOT_RUN 255

typedef struct tool_t tool_t;

/** What a command does with a database, which is open before run is called. */
typedef enum use_e { USE_NONE, USE_READS, USE_WRITES } use_e;

/** A command: a row of the table in main.c. */
typedef struct command_t {
    const char *name;
    const char *args; /**< as help shows them */
    int least, most;  /**< how many there may be */
    unsigned options; /**< a bit for each that it takes besides those that
                                 all take */
    use_e use;
    const char *help;
    int (*run)(tool_t *t); /**< @return how the program ends */
} command_t;

/** A call of the program. */
struct tool_t {
    const command_t *command;
    const char *values[OPTIONS]; /**< NULL: not given; of those without a value
                                      "" */
    const char *const *args;     /**< NULL behind the last */
    edu_admin_t admin;
    json_t *result; /**< an object; printed when the command is done */
    apr_pool_t *p;
};

/* ---------------------------------------------------------------- report.c */

/** Print a result to standard output, for programs or for people. */
void report_result(const tool_t *t);

/** Tell, on standard error, what was wrong and what to do, and end. */
int report_error(tool_t *t, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/** The same of a failure of the library. @return how the program ends */
int report_failure(tool_t *t);

/** Tell if what was printed has not arrived, as on a disk that is full.
 *  @return how the program ends, which would have been @a code */
int report_end(tool_t *t, int code);

/** Let the library draw a bar on standard error, if that is a terminal. */
void report_progress(tool_t *t);

/* ---------------------------------------------------------------- config.c */

/**
 * Find the database: by --database, or by asking Apache for that of its
 * configuration.
 * @param database  out, for edu_admin_open
 * @return TOOL_DONE, or how the program ends
 */
int config_database(const char **database, tool_t *t);

/** Find the file that makes a server read-only while it is there: by --file, or
 *  by asking Apache. @return TOOL_DONE, or how the program ends */
int config_read_only(const char **file, tool_t *t);

/* --------------------------------------------------------------- inspect.c */

int run_status(tool_t *t);
int run_verify(tool_t *t);
int run_schema(tool_t *t);
int run_history(tool_t *t);
int run_readonly(tool_t *t);

/* -------------------------------------------------------------- transfer.c */

int run_backup(tool_t *t);
int run_restore(tool_t *t);
int run_copy(tool_t *t);

/* ---------------------------------------------------------------- folder.c */

/** Whether a name is that of a .zip. */
int folder_is_zip(const char *name);

/** Make an empty folder. @return TOOL_DONE, or how the program ends */
int folder_make(const char **folder, tool_t *t);

/** Remove a folder and its files. */
void folder_remove(const char *folder, apr_pool_t *p);

/** Unpack the CSV files of a .zip, or pack those of a folder.
 *  @return TOOL_DONE, or how the program ends */
int folder_unzip(tool_t *t, const char *folder, const char *file);
int folder_zip(tool_t *t, const char *folder, const char *file);

/* ------------------------------------------------------------------ move.c */

int run_export(tool_t *t);
int run_import(tool_t *t);
int run_erase(tool_t *t);
int run_anonymize(tool_t *t);

#endif /* TOOL_H */
