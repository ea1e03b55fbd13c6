/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Databases: the servers that share one, its writer lock, and its limit of
 * connections. */

#include "figures.h"

#include <apr_atomic.h>
#include <apr_hash.h>
#include <apr_shm.h>
#include <util_mutex.h>

static int is_same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Connections keep statements that have the query for a role in them. */
database_t *edum_database_find(const server_rec *first, const server_rec *s,
                               apr_pool_t *p)
{
    const server_config_t *conf = edum_server_config(s);
    database_t *database;

    for (; first != s; first = first->next) {
        database = edum_server_config(first)->database;
        if (database && strcmp(database->driver, conf->driver) == 0 &&
            strcmp(database->params, conf->params) == 0 &&
            is_same(edum_server_config(first)->role_query, conf->role_query)) {
            return database;
        }
    }
    database = apr_pcalloc(p, sizeof(*database));
    database->driver = conf->driver;
    database->params = conf->params;
    /* mod_dbd's own defaults */
    database->max = conf->max == UNSET ? 10 : conf->max;
    database->expires =
        apr_time_from_sec(conf->expires == UNSET ? 300 : conf->expires);
    database->first = s;
    return database;
}

apr_status_t edum_lock_find(database_t *database, server_rec *s)
{
    apr_pool_t *p = s->process->pool;
    apr_hash_t **locks = ap_retained_data_get(EDUM_MUTEX);
    apr_status_t rv = APR_SUCCESS;

    if (!locks) {
        locks = ap_retained_data_create(EDUM_MUTEX, sizeof(*locks));
        *locks = apr_hash_make(p);
    }
    database->lock =
        apr_hash_get(*locks, database->params, APR_HASH_KEY_STRING);
    if (!database->lock &&
        !(rv = ap_global_mutex_create(&database->lock, NULL, EDUM_MUTEX, NULL,
                                      s, p, 0))) {
        apr_hash_set(*locks, apr_pstrdup(p, database->params),
                     APR_HASH_KEY_STRING, database->lock);
    }
    return rv;
}

static apr_status_t acquire_lock(void *baton, apr_time_t until)
{
    apr_interval_time_t left = until - apr_time_now();
    apr_status_t rv = apr_global_mutex_timedlock(baton, left > 0 ? left : 0);

    return rv == APR_ENOTIMPL ? apr_global_mutex_lock(baton) : rv;
}

static void release_lock(void *baton)
{
    apr_global_mutex_unlock(baton);
}

apr_status_t edum_database_open(database_t *database, apr_pool_t *p)
{
    const server_config_t *conf = edum_server_config(database->first);
    edu_store_t *store = &database->store;
    edu_lock_t lock = { acquire_lock, release_lock, NULL };
    apr_status_t rv = APR_SUCCESS;

    store->timeout = conf->timeout;
    store->history = conf->history != 0;
    store->report = edum_watch_take;
    store->reporter = database;
    edu_store_open(store, database->driver, database->params, database->max,
                   database->expires, p);
    if (database->lock) {
        rv = apr_global_mutex_child_init(
            &database->lock, apr_global_mutex_lockfile(database->lock), p);
    }
    lock.baton = database->lock;
    return rv ? rv
              : edu_group_create(&store->group, database->driver,
                                 database->lock ? &lock : NULL,
                                 conf->group != 0, p);
}

edu_store_t edum_store(const server_rec *s, apr_interval_time_t *waited,
                       apr_pool_t *p)
{
    const server_config_t *conf = edum_server_config(s);
    edu_store_t store = conf->database->store;

    store.schema = conf->schema;
    store.timeout = conf->timeout;
    store.role_query = conf->role_query;
    store.waited = waited;
    store.read_only = edum_is_read_only(s, p);
    return store;
}

apr_uint32_t *edum_flag_make(apr_pool_t *p)
{
    apr_shm_t *shm;
    apr_uint32_t *flag = NULL;

    if (!apr_shm_create(&shm, sizeof(*flag), NULL, p)) {
        flag = apr_shm_baseaddr_get(shm);
        apr_atomic_set32(flag, 0);
    }
    return flag;
}
