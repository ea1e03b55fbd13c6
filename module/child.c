/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* What a child does before its first request. */

#include "figures.h"

#include <ap_mpm.h>
#include <apr_atomic.h>
#include <apr_thread_mutex.h>

/* The connections that each child may open to the databases of one driver,
 * which are taken to be of one database server. */
static int count_each(const server_rec *s, const char *driver, int threaded)
{
    int n = 0;

    for (; s; s = s->next) {
        const database_t *database = edum_server_config(s)->database;

        if (database && database->first == s &&
            strcmp(database->driver, driver) == 0) {
            n += threaded                           ? database->max
                 : edum_server_config(s)->log_reads ? 2
                                                    : 1;
        }
    }
    return ap_find_linked_module("mod_dbd.c") ? 2 * n : n;
}

/* Warns, once a start, if a database does not admit all connections that all
 * nodes may open together; mod_dbd, if it is loaded, opens as many again. */
static void count_connections(const edu_store_t *store, server_rec *s,
                              const server_rec *first, apr_pool_t *p)
{
    const server_config_t *conf = edum_server_config(s);
    apr_uint32_t *counted = conf->database->counted;
    int nodes = conf->nodes ? conf->nodes : 1;
    int threaded = 0, children = 0, each, most;
    apr_int64_t all;
    edu_error_t err;

    if (!counted || apr_atomic_cas32(counted, 1, 0)) {
        return;
    }
    if (edu_store_connections(&most, store, &err, p) || !most) {
        apr_atomic_set32(counted, 0); /* another database may tell */
        return;
    }
    ap_mpm_query(AP_MPMQ_IS_THREADED, &threaded);
    ap_mpm_query(AP_MPMQ_MAX_DAEMONS, &children);
    each = count_each(first, conf->database->driver, threaded);
    all = (apr_int64_t)nodes * children * each;
    if (all > most) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     "EDU0010: %" APR_INT64_T_FMT " connections may be wanted "
                     "(EduOutcomesNodes %d x %d children x %d), but the "
                     "database admits %d; requests that get none are answered "
                     "503. Lower %s, or raise max_connections of the database",
                     all, nodes, children, each, most,
                     threaded ? "DBDMax, or MaxRequestWorkers for fewer "
                                "children"
                              : "MaxRequestWorkers, or choose the event MPM, "
                                "whose children share connections among "
                                "threads");
    }
}

/* A pool whose pools any threads may make and use at the same time; those of
 * prefork's own pool are for one thread. */
static apr_pool_t *shared_pool(apr_pool_t *p)
{
    apr_allocator_t *allocator;
    apr_thread_mutex_t *mutex;

    apr_allocator_create(&allocator);
    apr_pool_create_ex(&p, p, NULL, allocator);
    apr_allocator_owner_set(allocator, p);
    apr_thread_mutex_create(&mutex, APR_THREAD_MUTEX_DEFAULT, p);
    apr_allocator_mutex_set(allocator, mutex);
    return p;
}

void edum_databases_open(apr_pool_t *p, server_rec *s)
{
    server_rec *first = s;
    apr_pool_t *scratch;
    apr_status_t rv;

    p = shared_pool(p);
    apr_pool_create(&scratch, p);
    for (; s; s = s->next) {
        database_t *database = edum_server_config(s)->database;
        edu_store_t store;
        edu_error_t err;

        if (!database) {
            continue;
        }
        if (database->first == s) {
            edum_watch_enter(database);
        }
        if (database->first == s && (rv = edum_database_open(database, p))) {
            ap_log_error(
                APLOG_MARK, APLOG_ERR, rv, s,
                "EDU0009: there is no lock for writers; writes may be slow");
        }
        if (edum_server_config(s)->log_reads && !database->reads &&
            (rv = edum_reads_start(database, s, p))) {
            ap_log_error(APLOG_MARK, APLOG_ERR, rv, s,
                         "EDU0022: reads of outcomes are not recorded, for "
                         "there is no thread for it");
        }
        store = edum_store(s, NULL, scratch);
        if (!edu_store_check(&store, &err, scratch)) { /* else it was told */
            count_connections(&store, s, first, scratch);
        }
    }
    apr_pool_destroy(scratch);
}
