/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* edu-outcomes: the table of its commands, and how they are called. */

#include "tool.h"

#include <apr_general.h>
#include <apr_getopt.h>
#include <apr_strings.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BIT(option) (1u << (option))

/** The options that all commands take. */
#define COMMON (BIT(OPTION_DRY_RUN) - 1)

/* clang-format off */
static const struct option_t {
    const char *name;
    int letter;
    const char *value; /* as help shows it; NULL: it has none */
    const char *help;
} options[OPTIONS] = {
    [OPTION_CONFIG]   = { "config", 'c', "FILE",
        "Apache's configuration, if not the one that apachectl reads" },
    [OPTION_DATABASE] = { "database", 'd', "DATABASE",
        "sqlite3:/PATH, pgsql:PARAMS or mysql:PARAMS, with PARAMS as in\n"
        "DBDParams; Apache is not asked then" },
    [OPTION_HTTPD]    = { "httpd", 'H', "PROGRAM",
        "the program that knows the configuration; default: apachectl" },
    [OPTION_JSON]     = { "json", 'j', NULL, "print the result as JSON" },
    [OPTION_QUIET]    = { "quiet", 'q', NULL, "draw no progress bar" },
    [OPTION_HELP]     = { "help", 'h', NULL,
        "print this, or what a command does" },
    [OPTION_VERSION]  = { "version", 'V', NULL, "print the version" },
    [OPTION_DRY_RUN]  = { "dry-run", 'n', NULL,
        "change nothing; tell what would be done" },
    [OPTION_FILE]     = { "file", 'f', "FILE",
        "the file of EduOutcomesReadOnly" },
    [OPTION_CLASS]    = { "class", 'C', "ID", "of this class alone" },
    [OPTION_STUDENT]  = { "student", 's', "ID", "of this student alone" },
    [OPTION_BEFORE]   = { "before", 'b', "DATE",
        "of all classes in which nothing has changed since that day, as\n"
        "2026-07-31" },
    [OPTION_FORMAT]   = { "format", 'F', "json|csv|oneroster",
        "lines of JSON, which is the default; a gradebook; or the CSV files\n"
        "of OneRoster 1.2" },
    [OPTION_OUTPUT]   = { "output", 'o', "FILE",
        "the file to write; of OneRoster a folder, or a file that ends in\n"
        ".zip" },
    [OPTION_WITH_HISTORY] = { "history", 'y', NULL, "with the history" },
    [OPTION_WITH_READS] = { "reads", 'r', NULL, "with the log of reads" },
    [OPTION_REPLACE]  = { "replace", 'R', NULL, "replace what exists" },
    [OPTION_KEEP_GOING] = { "keep-going", 'k', NULL,
        "leave faulty rows out, and import all others" }
};

static const command_t commands[] = {
    { "status", "", 0, 0, 0, USE_READS,
      "Print what there is to know about the database: driver, version of\n"
      "the schema, rows of each table, size of its files.",
      run_status },
    { "verify", "", 0, 0, 0, USE_READS,
      "Check every row: keys, versions, each document against its type,\n"
      "that the rows above are there, and that the history has no gap and\n"
      "ends with what is stored. Exits with 1 if there are faults, and\n"
      "prints each.",
      run_verify },
    { "schema", "init|upgrade|show", 1, 1, 0, USE_WRITES,
      "Create the tables, or add what those of an earlier version lack;\n"
      "or print the statements for that.",
      run_schema },
    { "backup", "FILE", 1, 1, 0, USE_READS,
      "Copy all tables, as they are at one instant, to a new file.\n"
      "Requests are served meanwhile.",
      run_backup },
    { "restore", "FILE", 1, 1, BIT(OPTION_DRY_RUN), USE_WRITES,
      "Replace all rows by those of a backup, in one transaction.\n"
      "Requests that write wait for it; nothing that is acknowledged\n"
      "after it is lost.",
      run_restore },
    { "copy", "DATABASE", 1, 1, BIT(OPTION_DRY_RUN), USE_READS,
      "Copy all tables into another database, which has to be empty, and\n"
      "compare counts and digests. Make the server read-only first.",
      run_copy },
    { "history", "CLASS ASSIGNMENT SUBMISSION [OUTCOME]", 3, 4, 0, USE_READS,
      "Print who changed a submission and its outcomes, or one outcome,\n"
      "and when.",
      run_history },
    { "readonly", "on|off|show", 1, 1, BIT(OPTION_FILE), USE_NONE,
      "Let the server refuse changes, or take them again: makes or\n"
      "removes the file that EduOutcomesReadOnly names.",
      run_readonly },
    { "export", "", 0, 0,
      BIT(OPTION_CLASS) | BIT(OPTION_STUDENT) | BIT(OPTION_FORMAT) |
      BIT(OPTION_OUTPUT) | BIT(OPTION_WITH_HISTORY) | BIT(OPTION_WITH_READS),
      USE_READS,
      "Write classes, members, assignments, submissions and outcomes: of all,\n"
      "of a class, or of a student, also one who left.", run_export },
    { "import", "FILE", 1, 1,
      BIT(OPTION_DRY_RUN) | BIT(OPTION_FORMAT) | BIT(OPTION_REPLACE) |
      BIT(OPTION_KEEP_GOING), USE_WRITES,
      "Read what export wrote (- is standard input), or a folder or .zip of\n"
      "OneRoster: all of it or, if a row is faulty, nothing.", run_import },
    { "erase", "", 0, 0,
      BIT(OPTION_DRY_RUN) | BIT(OPTION_STUDENT) | BIT(OPTION_BEFORE),
      USE_WRITES,
      "Remove all rows of a student, or of old classes, also from the history\n"
      "and the log of reads.  That cannot be undone.", run_erase },
    { "anonymize", "", 0, 0,
      BIT(OPTION_DRY_RUN) | BIT(OPTION_STUDENT) | BIT(OPTION_BEFORE),
      USE_WRITES,
      "Put pseudonyms in the place of ids and names: of a student, or of all\n"
      "students of old classes.  Grades stay.", run_anonymize }
};
/* clang-format on */

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* -------------------------------------------------------------------- help */

/* A text, each of its lines indented. */
static void print_indented(const char *text, int by)
{
    for (; *text; text += strspn(text, "\n")) {
        int len = (int)strcspn(text, "\n");

        printf("%*s%.*s\n", by, "", len, text);
        text += len;
    }
}

static void print_option(const struct option_t *option)
{
    printf("  -%c, --%s%s%s\n", option->letter, option->name,
           option->value ? " " : "", option->value ? option->value : "");
    print_indented(option->help, 10);
}

/* @param command  NULL: all are printed */
static void print_help(const command_t *command)
{
    printf("usage: edu-outcomes [OPTIONS] COMMAND [ARGUMENTS]\n\n");
    for (apr_size_t i = 0; i < COUNT(commands); i++) {
        if (!command || command == &commands[i]) {
            printf("  %s%s%s\n", commands[i].name, *commands[i].args ? " " : "",
                   commands[i].args);
            print_indented(commands[i].help, 10);
        }
    }
    printf("\n");
    for (int i = 0; i < OPTIONS; i++) {
        if (!command || ((COMMON | command->options) & BIT(i))) {
            print_option(&options[i]);
        }
    }
    printf(
        "\nExit status: 0 done, 1 failed or faults found, 2 called wrongly.\n");
}

/* -------------------------------------------------------------------- call */

static const command_t *find_command(const char *name)
{
    for (apr_size_t i = 0; i < COUNT(commands); i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

/* Reads the options, which may stand anywhere.
 * @param rest  out: what is no option, NULL behind the last */
static int read_options(tool_t *t, const char *const **rest, int argc,
                        const char *const *argv)
{
    apr_getopt_option_t known[OPTIONS + 1] = {
        {NULL, 0, 0, NULL}
    };
    apr_getopt_t *opt;
    const char *value;
    apr_status_t rv;
    int letter;

    for (int i = 0; i < OPTIONS; i++) {
        known[i] = (apr_getopt_option_t){ options[i].name, options[i].letter,
                                          options[i].value != NULL, NULL };
    }
    apr_getopt_init(&opt, t->p, argc, argv);
    opt->interleave = 1;
    while (!(rv = apr_getopt_long(opt, known, &letter, &value))) {
        for (int i = 0; i < OPTIONS; i++) {
            if (options[i].letter == letter) {
                t->values[i] = value ? value : "";
            }
        }
    }
    *rest = opt->argv + opt->ind;
    return rv == APR_EOF ? TOOL_DONE : TOOL_USAGE; /* it has said why */
}

/* Whether the command takes all options and arguments that were given. */
static int check_call(tool_t *t)
{
    const command_t *command = t->command;
    int n = 0;

    while (t->args[n]) {
        n++;
    }
    if (n < command->least || n > command->most) {
        return report_error(t, TOOL_USAGE, "write: edu-outcomes %s %s",
                            command->name, command->args);
    }
    for (int i = 0; i < OPTIONS; i++) {
        if (t->values[i] && !((COMMON | command->options) & BIT(i))) {
            return report_error(t, TOOL_USAGE, "%s takes no option --%s",
                                command->name, options[i].name);
        }
    }
    return TOOL_DONE;
}

static int run(tool_t *t)
{
    const char *database;
    int code = check_call(t);

    if (!code && t->command->use) {
        code = config_database(&database, t);
        if (!code && edu_admin_open(&t->admin, database, t->p)) {
            report_failure(t);
            code = TOOL_USAGE;
        }
        t->admin.store.read_only = t->command->use == USE_READS;
        report_progress(t);
    }
    code = code ? code : t->command->run(t);
    if (json_object_size(t->result) > 0) {
        report_result(t);
    }
    return code;
}

static int call(tool_t *t, int argc, const char *const *argv)
{
    int code = read_options(t, &t->args, argc, argv);

    if (code) {
        return code;
    }
    if (t->values[OPTION_VERSION]) {
        printf("edu-outcomes " EDU_VERSION "\n");
        return TOOL_DONE;
    }
    t->command = *t->args ? find_command(*t->args) : NULL;
    if (t->values[OPTION_HELP] && (t->command || !*t->args)) {
        print_help(t->command);
        return TOOL_DONE;
    }
    if (!t->command) {
        return report_error(t, TOOL_USAGE,
                            *t->args ? "%s is no command. edu-outcomes --help "
                                       "lists them"
                                     : "%sname a command. edu-outcomes --help "
                                       "lists them",
                            *t->args ? *t->args : "");
    }
    t->args++;
    return run(t);
}

int main(int argc, const char *const *argv)
{
    tool_t t = { .command = NULL };
    int code;

    if (apr_app_initialize(&argc, &argv, NULL)) {
        return TOOL_FAILED;
    }
    apr_pool_create(&t.p, NULL);
    t.result = json_object();
    code = report_end(&t, call(&t, argc, argv));
    json_decref(t.result);
    apr_pool_destroy(t.p);
    apr_terminate();
    return code;
}
