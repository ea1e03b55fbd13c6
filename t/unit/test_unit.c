/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Transactions that threads share: each has its own answer, whoever commits. */

#include "database.h"

#include <apr_atomic.h>
#include <apr_file_io.h>
#include <apr_portable.h>
#include <apr_thread_mutex.h>
#include <apr_thread_proc.h>

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#define THREADS 16

static int rounds = 40;

/* In place of apr's, so that SQLite's own are left out: how often something was
 * flushed, how many flushes are under way, how long they take, and which is to
 * fail, if any: 1 is the next. */
static int no_disk;
static apr_uint32_t flushes, flushing;
static apr_interval_time_t slow_disk;

static void write_big(void);

/* In the middle of which flush, or turn, another writes: 1 is the next. */
static int late_flush, late_turn;

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

static const edu_path_t place = { .class_id = "c",
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
                      .created = "0000000000000001",
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

        count(client, edu__store_insert(&client->store, EDU_OUTCOME, &place,
                                        &row, &err, client->p));
        count(client, edu__store_insert(&client->store, EDU_OUTCOME, &place,
                                        &row, &err, client->p));
        row.id = apr_psprintf(client->p, "all-%d", round);
        count(client, edu__store_insert(&client->store, EDU_OUTCOME, &place,
                                        &row, &err, client->p));
    }
    (void)thread;
    return NULL;
}

typedef struct two_t {
    client_t *client;
    edu_row_t row;
    edu_error_t err;
} two_t;

/* Two rows, of which the second is refused if the number is odd. */
static apr_status_t write_two(const edu_store_t *store, void *baton)
{
    two_t *two = baton;
    edu_row_t row = two->row;
    apr_status_t rv = edu__store_insert(store, EDU_OUTCOME, &place, &row,
                                        &two->err, two->client->p);

    row.id = apr_pstrcat(two->client->p, row.id, "-second", NULL);
    return rv ? rv
           : two->client->number % 2
               ? EDU_EPRECONDITION
               : edu__store_insert(store, EDU_OUTCOME, &place, &row, &two->err,
                                   two->client->p);
}

static void *APR_THREAD_FUNC write_twos(apr_thread_t *thread, void *baton)
{
    client_t *client = baton;

    for (int round = 0; round < rounds; round++) {
        two_t two = { client, row_of(client, round, client->p), { 0 } };
        apr_status_t rv = edu__unit_run(&client->store, &place, write_two, &two,
                                        1, &two.err, client->p);

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

/* How often the turn was taken: once a transaction; and how often while another
 * was flushed. */
static int turns, beside;

static apr_status_t take(void *baton, apr_time_t until)
{
    apr_status_t rv = apr_thread_mutex_lock(baton);

    (void)until;
    turns++;
    beside += apr_atomic_read32(&flushing) > 0;
    write_late(&late_turn);
    return rv;
}

static void pass(void *baton)
{
    apr_thread_mutex_unlock(baton);
}

#define REFUSE                                                                 \
    "CREATE TRIGGER refuse BEFORE INSERT ON edu_outcome WHEN new.type = ''"    \
    " BEGIN SELECT RAISE(ROLLBACK, 'no'); END"

/* Threads that take turns. */
static edu_team_t *make_team(int group, apr_pool_t *p)
{
    apr_thread_mutex_t *mutex;
    edu_turn_t turn = { take, pass, NULL };
    edu_team_t *team;

    apr_thread_mutex_create(&mutex, APR_THREAD_MUTEX_DEFAULT, p);
    turn.baton = mutex;
    is_int(edu_team_create(&team, "sqlite3", &turn, group, p), 0, "a team");
    return team;
}

static const char *stored(client_t *clients, apr_pool_t *p)
{
    return database_ask(clients[0].db, "SELECT count(*) FROM edu_outcome", p);
}

static void test_together(client_t *clients, int group, apr_pool_t *p)
{
    const char *how = group ? "together" : "one by one";
    edu_row_t row = row_of(&clients[0], rounds, p);
    edu_error_t err = { 0 };
    edu_team_t *team = make_team(group, p);
    int flushed, many = rounds, own = THREADS * many;

    for (int i = 0; i < THREADS; i++) {
        clients[i].store.team = team;
    }
    database_run(clients[0].db, "DELETE FROM edu_outcome");
    turns = flushes = 0;
    run_all(clients, write_rows, p);
    is_int(SUM(done), own + rounds, apr_pstrcat(p, how, ": written", NULL));
    is_int(SUM(taken), 2 * own - rounds, "each is told what is taken");
    is_int(SUM(failed), 0, "nothing fails");
    is_str(stored(clients, p), apr_itoa(p, own + rounds), "all of it is there");
    /* each that the change of the schema made stale takes one more */
    ok(group ? turns < 3 * own : turns >= 3 * own, "%d writes, %d turns",
       3 * own, turns);
    flushed = (int)apr_atomic_read32(&flushes);
    ok(group ? flushed < 3 * own : flushed >= 3 * own, "and %d flushes",
       flushed);

    no_disk = 1;
    is_int(edu__store_insert(&clients[0].store, EDU_OUTCOME, &place, &row, &err,
                             p),
           EDU_EUNAVAILABLE, "nothing is acknowledged that is not on the disk");
    ok(err.detail && strstr(err.detail, "-wal cannot be flushed"),
       "and the log says so");
    is_int(edu__store_insert(&clients[0].store, EDU_OUTCOME, &place, &row, &err,
                             p),
           EDU_ECONFLICT, "it was written all the same");

    database_run(clients[0].db, "DELETE FROM edu_outcome");
    slow_disk = apr_time_from_msec(2);
    turns = beside = 0;
    run_all(clients, write_twos, p);
    slow_disk = 0;
    ok(beside > turns / 2, "while a slow disk flushes, others write: %d of %d",
       beside, turns);
    is_int(SUM(wrong), 0, "what is of two statements has its own answer, too");
    is_str(stored(clients, p), apr_itoa(p, own), "and is whole or not at all");

    database_run(clients[0].db, "DELETE FROM edu_outcome");
    rounds = 5; /* each failure is tried again, with pauses */
    database_run(clients[0].db, REFUSE);
    run_all(clients, write_mixed, p);
    database_run(clients[0].db, "DROP TRIGGER refuse");
    is_int(clients[0].done + clients[0].taken, 0, "who breaks a transaction");
    is_int(clients[0].failed, 3 * rounds, "fails");
    is_int(SUM(failed), 3 * rounds, "and nobody else does");
    own = THREADS * rounds;
    is_int(SUM(done), own, "they are all told");
    is_str(stored(clients, p), apr_itoa(p, own), "and have what they wrote");
    rounds = many;
}

#define WAIT apr_time_from_sec(1)

typedef struct patient_t {
    client_t *client;
    apr_interval_time_t waited, took;
    apr_status_t rv;
} patient_t;

/* A connection that has to be waited for, unless it is the first. */
static apr_status_t lend_slowly(void *baton, edu_dbd_t *dbd, apr_pool_t *p)
{
    database_t *db = baton;

    apr_sleep(db->closed ? WAIT : 0);
    return database_lend(baton, dbd, p);
}

/* The first has all others come meanwhile, so that they share a transaction. */
static apr_status_t write_slowly(const edu_store_t *store, void *baton)
{
    patient_t *patient = baton;
    edu_row_t row = row_of(patient->client, 0, patient->client->p);
    edu_error_t err;

    apr_sleep(patient->client->number == 0 ? WAIT / 2 : 0);
    return edu__store_insert(store, EDU_OUTCOME, &place, &row, &err,
                             patient->client->p);
}

static void *APR_THREAD_FUNC be_patient(apr_thread_t *thread, void *baton)
{
    patient_t *patient = baton;
    client_t *client = patient->client;
    apr_time_t now = apr_time_now();
    edu_error_t err = { 0 };

    client->store.waited = &patient->waited;
    patient->rv = edu__unit_run(&client->store, &place, write_slowly, patient,
                                1, &err, client->p);
    patient->took = apr_time_now() - now;
    (void)thread;
    return NULL;
}

/* Of those that share a transaction the second, who leads, breaks it, and then
 * waits by itself. */
static void test_patience(client_t *clients, apr_pool_t *p)
{
    patient_t patients[THREADS] = { 0 };
    apr_thread_t *threads[THREADS];
    edu_team_t *team = make_team(1, p);
    apr_status_t rv;
    edu_error_t err;
    int done = 0, late = 0, counted = 0;

    database_run(clients[0].db, "DELETE FROM edu_outcome");
    database_run(clients[0].db, REFUSE);
    for (int i = 0; i < THREADS; i++) { /* the schema has changed for each */
        edu_row_t row = row_of(&clients[i], 1, p);

        row.kind = "fine";
        edu__store_insert(&clients[i].store, EDU_OUTCOME, &place, &row, &err,
                          p);
    }
    clients[1].store.open = lend_slowly;
    clients[1].db->opened = clients[1].db->closed = 0;
    for (int i = 0; i < THREADS; i++) {
        patients[i].client = &clients[i];
        clients[i].kind = i == 1 ? NULL : "fine";
        clients[i].store.team = team;
        apr_thread_create(&threads[i], NULL, be_patient, &patients[i], p);
        apr_sleep(i < 2 ? WAIT / 16 : 0);
    }
    for (int i = 0; i < THREADS; i++) {
        apr_thread_join(&rv, threads[i]);
        done += patients[i].rv == APR_SUCCESS;
        late += patients[i].took > WAIT;
        counted += patients[i].waited > 0;
        clients[i].store.waited = NULL;
    }
    clients[1].store.open = database_lend;
    database_run(clients[0].db, "DROP TRIGGER refuse");
    is_int(done, THREADS - 1, "all but one are done");
    ok(patients[1].took > WAIT, "who waits for a connection of its own");
    is_int(late, 1, "and keeps nobody waiting");
    is_int(counted, THREADS - 1, "all have waited for the first");
}

/* The first is at it for long; of three who come meanwhile the second has the
 * time to wait for that, and a fifth comes when two are gone. */
static void test_impatience(client_t *clients, apr_pool_t *p)
{
    patient_t patients[5] = { 0 };
    apr_thread_t *threads[5];
    edu_team_t *team = make_team(1, p);
    apr_status_t rv;

    database_run(clients[0].db, "DELETE FROM edu_outcome");
    for (int i = 0; i < 5; i++) {
        patients[i].client = &clients[i];
        clients[i].kind = "fine";
        clients[i].store.team = team;
        clients[i].store.timeout = i == 1 || i == 3 ? WAIT / 4 : 0;
        apr_thread_create(&threads[i], NULL, be_patient, &patients[i], p);
        apr_sleep(i == 3 ? WAIT / 4 : WAIT / 16);
    }
    for (int i = 0; i < 5; i++) {
        apr_thread_join(&rv, threads[i]);
        clients[i].store.waited = NULL;
        clients[i].store.timeout = 0;
        is_int(patients[i].rv, i == 1 || i == 3 ? EDU_EUNAVAILABLE : 0,
               i == 1 || i == 3 ? "who has no time is told"
                                : "who has is done");
    }
    ok(patients[1].took < WAIT / 4 && patients[3].took < WAIT / 4,
       "while another is at work");
}

/* Another writes, of the same team, to another database. */
static apr_status_t write_aside(const edu_store_t *store, void *baton)
{
    patient_t *patient = baton;
    edu_row_t row = row_of(patient->client, 0, patient->client->p);
    edu_error_t err;

    (void)store;
    return edu__store_insert(&patient->client->store, EDU_OUTCOME, &place, &row,
                             &err, patient->client->p);
}

/* Where writers take no turns, nobody waits for what is of a whole class. */
static void test_apart(client_t *client, apr_pool_t *p)
{
    const edu_path_t path = { .class_id = "c", .assignment_id = "a" };
    database_t *db = database_make(":memory:", EDU_SCHEMA_AUTO, p);
    patient_t other = { .client = client };
    edu_error_t err = { 0 };

    database_run(client->db, "DELETE FROM edu_outcome");
    client->kind = "fine";
    client->store.timeout = WAIT / 4;
    client->store.waited = &other.waited;
    edu_team_create(&client->store.team, "sqlite3", NULL, 1, p);
    db->store.team = client->store.team;
    is_int(edu__unit_run(&db->store, &path, write_aside, &other, 1, &err, p), 0,
           "another writes meanwhile");
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
    is_int(
        edu__store_insert(&big->store, EDU_OUTCOME, &place, &row, &err, big->p),
        0, "another 4 MiB are written");
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

    db->store.team = make_team(0, p);
    big = client;
    big->kind = "fine";
    big->done = 0;
    big->store.team = NULL;
    database_run(big->db, "DELETE FROM edu_outcome");
    is_int(edu_store_checkpoint(&db->store, &err, p), 0, "a checkpoint");
    write_big();
    size = size_of(db->file, "", p);
    fill_log();
    is_int(size_of(db->file, "", p), size, "no COMMIT makes one");
    size = size_of(db->file, "-wal", p);
    ok(size > 64 << 20, "the log grows");

    turns = 0;
    late_flush = 1;
    late_turn = 1;
    is_int(edu_store_checkpoint(&db->store, &err, p), 0,
           "a checkpoint while others write");
    is_int(turns, 1, "takes one turn");
    ok(!late_flush && !late_turn, "and they did write");
    ok(size_of(db->file, "", p) > 19 * (4 << 20), "it copies all");
    size = size_of(db->file, "-wal", p);
    write_big();
    is_int(size_of(db->file, "-wal", p), size, "and the log begins anew");
    is_int(edu_store_checkpoint(&db->store, &err, p), 0, "a checkpoint");
    is_int(turns, 1, "of a short log keeps nobody waiting");

    fill_log();
    no_disk = 1;
    is_int(edu_store_checkpoint(&db->store, &err, p), EDU_EUNAVAILABLE,
           "a disk that fails");
    ok(err.detail && strstr(err.detail, ".db cannot be flushed"),
       "is told by the name of the file");
    is_int(turns, 1, "before anybody is kept waiting");
    is_int(edu_store_checkpoint(&db->store, &err, p), 0,
           "it can be done again");
    is_int(turns, 2, "with a turn");
    database_close(db);
}

/* Without a turn to wait for, a statement is a transaction by itself. */
static void test_single(client_t *client, apr_pool_t *p)
{
    edu_row_t row = row_of(client, rounds + 1, p);
    edu_error_t err = { 0 };

    edu_team_create(&client->store.team, "sqlite3", NULL, 0, p);
    flushes = 0;
    no_disk = 1;
    is_int(
        edu__store_insert(&client->store, EDU_OUTCOME, &place, &row, &err, p),
        EDU_EUNAVAILABLE, "what is written by itself is flushed, too");
    is_int((int)flushes, 1, "once");
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
               "what was borrowed is given back");
        database_close(clients[i].db);
        apr_pool_destroy(clients[i].p);
    }
    apr_file_remove(file, p);
}

TAP_MAIN(tests)
