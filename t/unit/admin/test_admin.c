/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The table of columns is that of the schema; how databases are named.  All
 * else is asked of the program: t/tool.t. */

#include "admin.h"
#include "database.h"

#include <apr_file_io.h>

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The columns of a table, joined. @param sorted  by name */
static const char *columns_of(const edu_whole_t *table, int n, int sorted,
                              apr_pool_t *p)
{
    const char *columns[EDU_COLUMNS_MAX], *all = "";

    memcpy(columns, table->columns, n * sizeof(*columns));
    if (sorted) {
        qsort(columns, n, sizeof(*columns), by_name);
    }
    for (int i = 0; i < n; i++) {
        all = apr_pstrcat(p, all, *all ? "," : "", columns[i], NULL);
    }
    return all;
}

/* SQLite names the index of a table's key so; a number has none. */
static void test_table(database_t *db, const edu_whole_t *table, apr_pool_t *p)
{
    is_str(columns_of(table, edu__whole_width(table), 1, p),
           database_ask(db,
                        apr_psprintf(p,
                                     "SELECT group_concat(name) FROM (SELECT"
                                     " name FROM pragma_table_info('%s')"
                                     " ORDER BY name)",
                                     table->name),
                        p),
           apr_psprintf(p, "all columns of %s are known", table->name));
    is_str(columns_of(table, table->keys, 0, p),
           database_ask(
               db,
               apr_psprintf(p,
                            "SELECT COALESCE((SELECT group_concat(name) FROM"
                            " pragma_index_info('sqlite_autoindex_%s_1')),"
                            " (SELECT name FROM pragma_table_info('%s')"
                            " WHERE pk = 1))",
                            table->name, table->name),
               p),
           apr_psprintf(p, "the first of %s are its key", table->name));
}

static void test_tables(apr_pool_t *p)
{
    const char *temp, *directory, *file;
    database_t *db;
    edu_error_t err;

    apr_temp_dir_get(&temp, p);
    directory = mkdtemp(apr_pstrcat(p, temp, "/edu-test-XXXXXX", NULL));
    if (!directory) {
        fprintf(stderr, "# no directory in %s\n", temp);
        abort();
    }
    file = apr_pstrcat(p, directory, "/outcomes.db", NULL);
    db = database_make(file, EDU_SCHEMA_AUTO, p);
    is_int(edu_store_check(&db->store, &err, p), APR_SUCCESS,
           "there is a schema");
    for (int i = 0; i < EDU_WHOLES; i++) {
        test_table(db, &edu__wholes[i], p);
    }
    is_int(atoi(database_ask(db,
                             "SELECT count(*) FROM sqlite_master WHERE type ="
                             " 'table' AND name LIKE 'edu%'"
                             " AND name <> 'edu_schema'",
                             p)),
           EDU_WHOLES, "all tables are known");
    apr_pool_destroy(db->p); /* which closes it, and removes its log */
    apr_file_remove(file, p);
    apr_dir_remove(directory, p);
}

static const char *opened(const char *name, apr_pool_t *p)
{
    edu_admin_t admin;

    return edu_admin_open(&admin, name, p)
               ? admin.err.detail
               : apr_pstrcat(p, admin.driver, " ", admin.params, NULL);
}

static void test_names(apr_pool_t *p)
{
    is_str(opened("sqlite3:/a:b", p), "sqlite3 /a:b",
           "a driver, and what it is told");
    ok(strstr(opened("sqlite3", p), "names no database"),
       "both have to be there");
    ok(strstr(opened("sqlite3:a", p), "full path"), "as the server needs them");
}

static void tests(apr_pool_t *p)
{
    test_tables(p);
    test_names(p);
}

TAP_MAIN(tests)
