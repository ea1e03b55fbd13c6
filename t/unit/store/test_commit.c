/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Transactions that threads share: each thread has its own answer. */

#include "inner.h"
#include "database.h"

#include <apr_atomic.h>
#include <apr_file_io.h>
#include <apr_portable.h>
#include <apr_thread_mutex.h>
#include <apr_thread_proc.h>

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#define THREADS 16

static int rounds = 40;

/* Replaces apr's, so that SQLite's own flushes do not count: the number of
 * flushes, those under way, the time that one takes, and the one that fails, if
 * any: 1 is the next. */
static int no_disk;
static apr_uint32_t flushes, flushing;
static apr_interval_time_t slow_disk;

static void write_big(void);

/* The flush, or lock, during which another writes: 1 is the next. */
static int late_flush, late_lock;

static void write_late(int *late)
{
    if (*late && !--*late) {
        write_big();
    }
}

apr_status_t apr_file_datasync(apr_file_t *file)
{
    apr_status_t rv = APR_EGENERAL;
    apr_os_file_t fd;

    write_late(&late_flush);
    apr_atomic_inc32(&flushing);
    apr_atomic_inc32(&flushes);
    apr_sleep(slow_disk);
    if (!no_disk || --no_disk) {
        apr_os_file_get(&fd, file);
        rv = fdatasync(fd) ? APR_FROM_OS_ERROR(errno) : APR_SUCCESS;
    }
    apr_atomic_dec32(&flushing);
    return rv;
}

/* The event during the next write of the row with this id, before it is
 * written. */
static const char *watched;
static void (*meanwhile)(void);

int apr_dbd_pquery(const apr_dbd_driver_t *driver, apr_pool_t *pool,
                   apr_dbd_t *handle, int *nrows, apr_dbd_prepared_t *statement,
                   int nargs, const char **args)
{
    __typeof__(apr_dbd_pquery) *real = dlsym(RTLD_NEXT, "apr_dbd_pquery");

    if (watched && strcmp(args[3], watched) == 0) {
        watched = NULL;
        meanwhile();
    }
    return real(driver, pool, handle, nrows, statement, nargs, args);
}

static const edu_key_t place = { .class_id = "c",
                                 .assignment_id = "a",
                                 .submission_id = "s" };

/* One connection a thread, as a server's pool would lend them. */
typedef struct client_t {
    database_t *db;
    edu_store_t store;
    apr_pool_t *p;
    int number;
    const char *kind; /* of what it writes */
    int done, taken, failed, wrong;
} client_t;

static edu_row_t row_of(const client_t *client, int round, apr_pool_t *p)
{
    edu_row_t row = { .id = apr_psprintf(p, "%d-%d", client->number, round),
                      .sort_key = "0000000000000001",
                      .kind = client->kind,
                      .version = "0000000000000001",
                      .body = "{}" };

    return row;
}

static void count(client_t *client, apr_status_t rv)
{
    client->done += rv == APR_SUCCESS;
    client->taken += rv == EDU_ECONFLICT;
    client->failed += rv == EDU_EUNAVAILABLE;
}

/* Rows of its own, each once more, and one that all want. */
static void *APR_THREAD_FUNC write_rows(apr_thread_t *thread, void *baton)
{
    client_t *client = baton;
    edu_error_t err;

    for (int round = 0; round < rounds; round++) {
        edu_row_t row = row_of(client, round, client->p);

        count(client, insert_row(&client->store, EDU_OUTCOME, &place, &row,
                                 &err, client->p));
        count(client, insert_row(&client->store, EDU_OUTCOME, &place, &row,
                                 &err, client->p));
        row.id = apr_psprintf(client->p, "all-%d", round);
        count(client, insert_row(&client->store, EDU_OUTCOME, &place, &row,
                                 &err, client->p));
    }
    (void)thread;
    return NULL;
}

/* Two rows, of which the second is refused if the number is odd. */
static apr_status_t write_two(const client_t *client, const edu_row_t *row)
{
    const edu_row_t none = { .version = "none" };
    const char *second = apr_pstrcat(client->p, row->id, "-second", NULL);
    edu_changes_t changes = no_changes(client->p);
    edu_error_t err;
    edu_write_t *write;

    add_write(&changes, EDU_INSERT, EDU_OUTCOME, EDU_IF_ABSENT, &place, row->id)
        ->after = row;
    if (client->number % 2) {
        write = add_write(&changes, EDU_DELETE, EDU_OUTCOME, EDU_IF_VERSION,
                          &place, second);
        write->before = &none;
    }
    else {
        write = add_write(&changes, EDU_INSERT, EDU_OUTCOME, EDU_IF_ABSENT,
                          &place, second);
        write->after = row;
    }
    return commit(&client->store, &changes, &err, client->p);
}

static void *APR_THREAD_FUNC write_twos(apr_thread_t *thread, void *baton)
{
    client_t *client = baton;

    for (int round = 0; round < rounds; round++) {
        edu_row_t row = row_of(client, round, client->p);
        apr_status_t rv = write_two(client, &row);

        count(client, rv);
        client->wrong +=
            rv != (client->number % 2 ? EDU_EPRECONDITION : APR_SUCCESS);
    }
    (void)thread;
    return NULL;
}

/* A kind that the table refuses makes a statement fail, not just come to
 * nothing. */
static void *APR_THREAD_FUNC write_mixed(apr_thread_t *thread, void *baton)
{
    client_t *client = baton;

    client->kind = client->number == 0 ? NULL : "fine";
    return write_rows(thread, baton);
}

static void run_all(client_t *clients, apr_thread_start_t work, apr_pool_t *p)
{
    apr_thread_t *threads[THREADS];
    apr_status_t rv;

    for (int i = 0; i < THREADS; i++) {
        clients[i].done = clients[i].taken = clients[i].failed = 0;
        clients[i].wrong = 0;
        clients[i].kind = "fine";
        apr_thread_create(&threads[i], NULL, work, &clients[i], p);
    }
    for (int i = 0; i < THREADS; i++) {
        apr_thread_join(&rv, threads[i]);
    }
}

static int sum(const client_t *clients, size_t member)
{
    int all = 0;

    for (int i = 0; i < THREADS; i++) {
        all += *(const int *)((const char *)&clients[i] + member);
    }
    return all;
}

#define SUM(member) sum(clients, offsetof(client_t, member))

/* How often the lock was taken: once a transaction; and how often while another
 * was flushed. */
static int locks, beside;

static apr_status_t acquire(void *baton, apr_time_t until)
{
    apr_status_t rv = apr_thread_mutex_lock(baton);

    (void)until;
    locks++;
    beside += apr_atomic_read32(&flushing) > 0;
    write_late(&late_lock);
    return rv;
}

static void release(void *baton)
{
    apr_thread_mutex_unlock(baton);
}

#define REFUSE                                                                 \
    "CREATE TRIGGER refuse BEFORE INSERT ON edu_outcome WHEN new.type = ''"    \
    " BEGIN SELECT RAISE(ROLLBACK, 'no'); END"

/* Threads that share a writer lock. */
static edu_group_t *make_group(int combine, apr_pool_t *p)
{
    apr_thread_mutex_t *mutex;
    edu_lock_t lock = { acquire, release, NULL };
    edu_group_t *group;

    apr_thread_mutex_create(&mutex, APR_THREAD_MUTEX_DEFAULT, p);
    lock.baton = mutex;
    is_int(edu_group_create(&group, "sqlite3", &lock, combine, p), 0,
           "the threads share a commit group");
    return group;
}

static const char *stored(client_t *clients, apr_pool_t *p)
{
    return database_ask(clients[0].db, "SELECT count(*) FROM edu_outcome", p);
}

/* The rows that are stored and recorded, if each is. */
static const char *recorded(client_t *clients, apr_pool_t *p)
{
    return database_ask(clients[0].db,
                        "SELECT count(DISTINCT id || version) FROM edu_history"
                        " h JOIN edu_outcome USING (class_id, assignment_id,"
                        " submission_id, id, version) HAVING count(*) ="
                        " (SELECT count(*) FROM edu_history"
                        " WHERE class_id <> '')",
                        p);
}

static void forget(client_t *clients)
{
    database_run(clients[0].db, "DELETE FROM edu_outcome");
    database_run(clients[0].db, "DELETE FROM edu_history");
}

static void test_together(client_t *clients, int combine, apr_pool_t *p)
{
    const char *how = combine ? "together" : "one by one";
    edu_row_t row = row_of(&clients[0], rounds, p);
    edu_error_t err = { 0 };
    edu_group_t *group = make_group(combine, p);
    int flushed, many = rounds, own = THREADS * many;

    for (int i = 0; i < THREADS; i++) {
        clients[i].store.group = group;
    }
    forget(clients);
    locks = flushes = 0;
    run_all(clients, write_rows, p);
    is_int(SUM(done), own + rounds, apr_pstrcat(p, how, ": written", NULL));
    is_int(SUM(taken), 2 * own - rounds,
           "each row that is there already is told as taken");
    is_int(SUM(failed), 0, "no write fails");
    is_str(stored(clients, p), apr_itoa(p, own + rounds),
           "all written rows are stored");
    is_str(recorded(clients, p), apr_itoa(p, own + rounds),
           "all are recorded, and nothing else");
    /* each that the change of the schema made stale takes one more */
    ok(combine ? locks < 3 * own : locks >= 3 * own, "%d writes, %d locks",
       3 * own, locks);
    flushed = (int)apr_atomic_read32(&flushes);
    ok(combine ? flushed < own : flushed == own + rounds,
       "%d flushes of %d that wrote something", flushed, own + rounds);

    no_disk = 1;
    is_int(insert_row(&clients[0].store, EDU_OUTCOME, &place, &row, &err, p),
           EDU_EUNAVAILABLE, "a write that is not flushed is not acknowledged");
    ok(err.detail && strstr(err.detail, "-wal cannot be flushed"),
       "the detail names the file that is not flushed");
    is_int(insert_row(&clients[0].store, EDU_OUTCOME, &place, &row, &err, p),
           EDU_ECONFLICT, "the write that was not flushed is stored");

    forget(clients);
    slow_disk = apr_time_from_msec(20);
    locks = beside = 0;
    run_all(clients, write_twos, p);
    slow_disk = 0;
    ok(beside > locks / 2, "while a slow disk flushes, others write: %d of %d",
       beside, locks);
    is_int(SUM(wrong), 0,
           "each transaction of two statements has its own answer");
    is_str(stored(clients, p), apr_itoa(p, own),
           "each transaction of two statements is stored whole or not");
    is_str(recorded(clients, p), apr_itoa(p, own),
           "each that is stored is recorded");

    forget(clients);
    rounds = 5; /* each failure is tried again, with pauses */
    database_run(clients[0].db, REFUSE);
    run_all(clients, write_mixed, p);
    database_run(clients[0].db, "DROP TRIGGER refuse");
    is_int(clients[0].done + clients[0].taken, 0,
           "no write that breaks a transaction is done");
    is_int(clients[0].failed, 3 * rounds,
           "each write that breaks a transaction fails");
    is_int(SUM(failed), 3 * rounds, "no other write fails");
    own = THREADS * rounds;
    is_int(SUM(done), own, "all other writes are acknowledged");
    is_str(stored(clients, p), apr_itoa(p, own), "all other writes are stored");
    is_str(recorded(clients, p), apr_itoa(p, own),
           "no write that fails is recorded");
    rounds = many;
}

#define WAIT apr_time_from_sec(1)

typedef struct patient_t {
    client_t *client;
    apr_interval_time_t waited, took;
    apr_status_t rv;
} patient_t;

/* How many have begun, how many the first is to wait for, how many have ended,
 * and how many had when a connection was lent late. */
static apr_uint32_t begun, expected, ended, ended_before;

/* A connection that has to be waited for, unless it is the first: until all
 * others have ended, or long enough to show that they do not. */
static apr_status_t lend_slowly(void *baton, edu_dbd_t *dbd, apr_pool_t *p)
{
    database_t *db = baton;

    for (int i = 0; db->closed && i < 1000; i++) {
        ended_before = apr_atomic_read32(&ended);
        if (ended_before == THREADS - 1) {
            break;
        }
        apr_sleep(WAIT / 100);
    }
    return database_lend(baton, dbd, p);
}

/* The first has all others come meanwhile, so that they share a transaction. */
static void sleep_meanwhile(void)
{
    while (apr_atomic_read32(&begun) < expected) {
        apr_sleep(WAIT / 100);
    }
    apr_sleep(WAIT / 2);
}

static void *APR_THREAD_FUNC be_patient(apr_thread_t *thread, void *baton)
{
    patient_t *patient = baton;
    client_t *client = patient->client;
    edu_row_t row = row_of(client, 0, client->p);
    apr_time_t now = apr_time_now();
    edu_error_t err = { 0 };

    client->store.waited = &patient->waited;
    apr_atomic_inc32(&begun);
    patient->rv =
        insert_row(&client->store, EDU_OUTCOME, &place, &row, &err, client->p);
    patient->took = apr_time_now() - now;
    apr_atomic_inc32(&ended);
    (void)thread;
    return NULL;
}

/* The second of the threads that share a transaction leads, breaks it, and then
 * waits by itself. */
static void test_patience(client_t *clients, apr_pool_t *p)
{
    patient_t patients[THREADS] = { 0 };
    apr_thread_t *threads[THREADS];
    edu_group_t *group = make_group(1, p);
    apr_status_t rv;
    edu_error_t err;
    int done = 0, counted = 0;

    database_run(clients[0].db, "DELETE FROM edu_outcome");
    database_run(clients[0].db, REFUSE);
    for (int i = 0; i < THREADS; i++) { /* the schema has changed for each */
        edu_row_t row = row_of(&clients[i], 1, p);

        row.kind = "fine";
        insert_row(&clients[i].store, EDU_OUTCOME, &place, &row, &err, p);
    }
    clients[1].store.open = lend_slowly;
    clients[1].db->opened = clients[1].db->closed = 0;
    begun = ended = ended_before = 0;
    expected = THREADS;
    meanwhile = sleep_meanwhile;
    watched = "0-0";
    for (int i = 0; i < THREADS; i++) {
        patients[i].client = &clients[i];
        clients[i].kind = i == 1 ? NULL : "fine";
        clients[i].store.group = group;
        apr_thread_create(&threads[i], NULL, be_patient, &patients[i], p);
        apr_sleep(i < 2 ? WAIT / 16 : 0);
    }
    for (int i = 0; i < THREADS; i++) {
        apr_thread_join(&rv, threads[i]);
        done += patients[i].rv == APR_SUCCESS;
        counted += patients[i].waited > 0;
        clients[i].store.waited = NULL;
    }
    clients[1].store.open = database_lend;
    database_run(clients[0].db, "DROP TRIGGER refuse");
    is_int(done, THREADS - 1, "all but one are done");
    ok(clients[1].db->opened > 1,
       "the write that broke the transaction waits for a connection");
    is_int((int)ended_before, THREADS - 1,
           "no other write waits for that connection");
    is_int(counted, THREADS, "all waited for the first, which waited itself");
}

/* The first is at it for long; of three who come meanwhile the second has the
 * time to wait for that, and a fifth comes when two are gone. */
static void test_impatience(client_t *clients, apr_pool_t *p)
{
    patient_t patients[5] = { 0 };
    apr_thread_t *threads[5];
    edu_group_t *group = make_group(1, p);
    apr_status_t rv;

    database_run(clients[0].db, "DELETE FROM edu_outcome");
    expected = 0;
    meanwhile = sleep_meanwhile;
    watched = "0-0";
    for (int i = 0; i < 5; i++) {
        patients[i].client = &clients[i];
        clients[i].kind = "fine";
        clients[i].store.group = group;
        clients[i].store.timeout = i == 1 || i == 3 ? WAIT / 4 : 0;
        apr_thread_create(&threads[i], NULL, be_patient, &patients[i], p);
        apr_sleep(i == 3 ? WAIT / 4 : WAIT / 16);
    }
    for (int i = 0; i < 5; i++) {
        apr_thread_join(&rv, threads[i]);
        clients[i].store.waited = NULL;
        clients[i].store.timeout = 0;
        is_int(patients[i].rv, i == 1 || i == 3 ? EDU_EUNAVAILABLE : 0,
               i == 1 || i == 3 ? "a writer whose time is over is refused"
                                : "a writer that has time is done");
    }
    ok(patients[1].took < WAIT / 4 && patients[3].took < WAIT / 4,
       "the refusal comes while another is at work");
}

/* Another writes, of the same group, to another database. */
static patient_t *aside;

static void write_aside(void)
{
    edu_row_t row = row_of(aside->client, 0, aside->client->p);
    edu_error_t err;

    aside->rv = insert_row(&aside->client->store, EDU_OUTCOME, &place, &row,
                           &err, aside->client->p);
}

/* If writers take no lock, none waits for a write of a whole class. */
static void test_apart(client_t *client, apr_pool_t *p)
{
    static const edu_row_t row = { .version = "1", .body = "{}" };
    static const edu_key_t key = { .class_id = "c", .assignment_id = "whole" };
    database_t *db = database_make(":memory:", EDU_SCHEMA_AUTO, p);
    patient_t other = { .client = client, .rv = -1 };
    edu_changes_t changes = no_changes(p);
    edu_error_t err = { 0 };
    edu_write_t *write;

    database_run(client->db, "DELETE FROM edu_outcome");
    client->kind = "fine";
    client->store.timeout = WAIT / 4;
    client->store.waited = &other.waited;
    edu_group_create(&client->store.group, "sqlite3", NULL, 1, p);
    db->store.group = client->store.group;
    write = edu__changes_add(&changes, EDU_UPDATE, EDU_ASSIGNMENT,
                             EDU_IF_VERSION, &key);
    write->before = write->after = &row;
    edu__changes_add(&changes, EDU_DELETE_BELOW, EDU_OUTCOME, EDU_ALWAYS, &key);
    aside = &other;
    meanwhile = write_aside;
    watched = "whole";
    is_int(commit(&db->store, &changes, &err, p), EDU_EPRECONDITION,
           "a change of a whole class meets no assignment");
    is_int(other.rv, 0, "another transaction is done meanwhile");
    client->store.timeout = 0;
    client->store.waited = NULL;
    database_close(db);
}

/* One who writes 4 MiB, and whose connection nobody else uses. */
static client_t *big;

static void write_big(void)
{
    edu_row_t row = row_of(big, big->done++, big->p);
    edu_error_t err = { 0 };
    char *body = apr_palloc(big->p, 4 << 20);

    memset(body, 'x', 4 << 20);
    body[(4 << 20) - 1] = '\0';
    row.body = body;
    is_int(insert_row(&big->store, EDU_OUTCOME, &place, &row, &err, big->p), 0,
           "another 4 MiB are written");
}

static int size_of(const char *file, const char *tail, apr_pool_t *p)
{
    apr_finfo_t info = { .size = -1 };

    apr_stat(&info, apr_pstrcat(p, file, tail, NULL), APR_FINFO_SIZE, p);
    return (int)info.size;
}

/* 64 MiB, so that the log is to begin anew, or less. */
static void fill_log(void)
{
    for (int i = 0; i < 16; i++) {
        write_big();
    }
}

static void test_checkpoint(client_t *client, apr_pool_t *p)
{
    database_t *db = database_make(client->db->file, EDU_SCHEMA_UNUSED, p);
    edu_error_t err = { 0 };
    int size;

    db->store.group = make_group(0, p);
    big = client;
    big->kind = "fine";
    big->done = 0;
    big->store.group = NULL;
    big->store.history = 0; /* each document is in the log once */
    database_run(big->db, "DELETE FROM edu_outcome");
    is_int(edu_store_checkpoint(&db->store, &err, p), 0,
           "a checkpoint of a short log is done");
    write_big();
    size = size_of(db->file, "", p);
    fill_log();
    is_int(size_of(db->file, "", p), size, "no COMMIT makes a checkpoint");
    size = size_of(db->file, "-wal", p);
    ok(size > 64 << 20, "the log grows without checkpoints");

    locks = 0;
    late_flush = 1;
    late_lock = 1;
    is_int(edu_store_checkpoint(&db->store, &err, p), 0,
           "a checkpoint while others write is done");
    is_int(locks, 1, "the checkpoint takes one lock");
    ok(!late_flush && !late_lock, "others wrote during the checkpoint");
    ok(size_of(db->file, "", p) > 19 * (4 << 20),
       "the checkpoint copies all rows");
    size = size_of(db->file, "-wal", p);
    write_big();
    is_int(size_of(db->file, "-wal", p), size,
           "the log begins anew after the checkpoint");
    is_int(edu_store_checkpoint(&db->store, &err, p), 0,
           "a second checkpoint is done");
    is_int(locks, 1, "a checkpoint of a short log takes no lock");

    fill_log();
    no_disk = 1;
    is_int(edu_store_checkpoint(&db->store, &err, p), EDU_EUNAVAILABLE,
           "a checkpoint on a failing disk fails");
    ok(err.detail && strstr(err.detail, ".db cannot be flushed"),
       "the detail names the file of the failed checkpoint");
    is_int(locks, 1, "the failed checkpoint takes no lock");
    is_int(edu_store_checkpoint(&db->store, &err, p), 0,
           "the checkpoint is done when the disk works");
    is_int(locks, 2, "the checkpoint of a long log takes a lock");
    database_close(db);
}

/* Without a lock to wait for, a statement is a transaction by itself. */
static void test_single(client_t *client, apr_pool_t *p)
{
    edu_row_t row = row_of(client, rounds + 1, p);
    edu_error_t err = { 0 };

    edu_group_create(&client->store.group, "sqlite3", NULL, 0, p);
    flushes = 0;
    no_disk = 1;
    is_int(insert_row(&client->store, EDU_OUTCOME, &place, &row, &err, p),
           EDU_EUNAVAILABLE,
           "a single write that is not flushed is not acknowledged");
    is_int((int)flushes, 1, "a single write flushes once");
}

static void open_clients(client_t *clients, const char *file, apr_pool_t *p)
{
    edu_error_t err;

    memset(clients, 0, THREADS * sizeof(*clients));
    for (int i = 0; i < THREADS; i++) {
        apr_pool_create(&clients[i].p, NULL);
        clients[i].number = i;
        clients[i].db = database_make(file, EDU_SCHEMA_AUTO, p);
        clients[i].store = clients[i].db->store;
        clients[i].store.history = 1;
        /* the statements of the first transaction are prepared here */
        edu_store_check(&clients[i].store, &err, clients[i].p);
    }
}

static void tests(apr_pool_t *p)
{
    static client_t clients[THREADS];
    const char *temp, *file;

    apr_dbd_init(p);
    apr_temp_dir_get(&temp, p);
    file = apr_psprintf(p, "%s/edu-unit-%d.db", temp, (int)getpid());
    open_clients(clients, file, p);
    test_together(clients, 1, p);
    test_together(clients, 0, p);
    test_single(&clients[0], p);
    test_patience(clients, p);
    test_impatience(clients, p);
    test_apart(&clients[0], p);
    test_checkpoint(&clients[0], p);
    for (int i = 0; i < THREADS; i++) {
        is_int(clients[i].db->opened, clients[i].db->closed,
               "all borrowed connections are given back");
        database_close(clients[i].db);
        apr_pool_destroy(clients[i].p);
    }
    apr_file_remove(file, p);
}

TAP_MAIN(tests)
