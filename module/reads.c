/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Reads of outcomes are recorded outside of requests: these leave them in a
 * queue, and a thread of the process writes them to the database, as many at a
 * time as have come meanwhile.  A request never waits for that; those that the
 * queue does not take are counted, and the count is recorded. */

#include "figures.h"

#include <apr_atomic.h>
#include <apr_queue.h>
#include <apr_thread_proc.h>

#include <signal.h>
#include <stdlib.h>

/* The most reads that wait. */
#define QUEUED_MAX 8192

/* The most reads of a transaction. */
#define BATCH_MAX 100

/* The log says at most once in this time that reads are lost. */
#define TOLD_EVERY 60 /* seconds */

/* Between two tries to write. */
#define PAUSE apr_time_from_msec(100)
#define PAUSES 10

/** The reads of a database that wait, and their thread. */
struct edum_reads_t {
    server_rec *s;
    apr_queue_t *queue; /**< of edu_read_t *, each of malloc */
    apr_thread_t *thread;
    apr_uint32_t lost; /**< reads, not yet recorded as such */
    apr_uint32_t told; /**< when the log last said so, in seconds */
    apr_uint32_t ends; /**< the process ends */
    apr_uint32_t done; /**< the thread has ended */
    int gives_up;      /**< the process ends, and the database is away */
};

/** In the queue, after the last read. */
static edu_read_t the_end;

/* -------------------------------------------------------------------- queue */

/* One block of memory, with all texts. */
static edu_read_t *copy(const edu_read_t *read)
{
    apr_size_t size = sizeof(*read);
    edu_read_t *own;
    char *to;

    for (int i = 0; i < EDU_READ_COLUMNS; i++) {
        size += strlen(read->texts[i]) + 1;
    }
    own = malloc(size);
    to = (char *)(own + 1);
    for (int i = 0; own && i < EDU_READ_COLUMNS; i++) {
        own->texts[i] = strcpy(to, read->texts[i]);
        to += strlen(to) + 1;
    }
    return own;
}

/* Counts reads that are not recorded, and says so, but not each time. */
static void lose(edum_reads_t *reads, int n, const char *why)
{
    apr_uint32_t now = (apr_uint32_t)apr_time_sec(apr_time_now());
    apr_uint32_t told = apr_atomic_read32(&reads->told);
    apr_uint32_t before = apr_atomic_add32(&reads->lost, n);

    edum_metrics_add(EDUM_READS_LOST, 0, 0, n);
    if (now - told >= TOLD_EVERY &&
        apr_atomic_cas32(&reads->told, now, told) == told) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, reads->s,
                     "EDU0020: %u reads of outcomes are not recorded: %s",
                     before + n, why);
    }
}

void edum_reads_note(const request_rec *r, const apr_array_header_t *list)
{
    edum_reads_t *reads = edum_server_config(r->server)->database->reads;

    for (int i = 0; reads && i < list->nelts; i++) {
        edu_read_t *read = copy(&APR_ARRAY_IDX(list, i, edu_read_t));

        if (!read || apr_queue_trypush(reads->queue, read)) {
            free(read);
            lose(reads, 1, "too many wait for the database");
        }
    }
}

/* Waits for a read, and takes those that wait with it.
 * @param over  out: there will be no further ones
 * @return how many */
static int take(edum_reads_t *reads, edu_read_t **batch, int *over)
{
    void *read;
    int n = 0;
    apr_status_t rv = apr_queue_pop(reads->queue, &read);

    while (!rv && n < BATCH_MAX) {
        if (read == &the_end) {
            *over = 1;
            break;
        }
        batch[n++] = read;
        rv = n < BATCH_MAX ? apr_queue_trypop(reads->queue, &read) : APR_EAGAIN;
    }
    return n;
}

/* ------------------------------------------------------------------- thread */

/* A row that says how many reads are not recorded. */
static edu_read_t loss_of(apr_uint32_t lost, apr_pool_t *p)
{
    edu_read_t row;

    for (int i = 0; i < EDU_READ_COLUMNS; i++) {
        row.texts[i] = "";
    }
    row.texts[EDU_READ_LOST] = apr_psprintf(p, "%u", lost);
    return row;
}

/* Writes reads, and how many were lost before. */
static apr_status_t try_batch(edum_reads_t *reads, edu_read_t *const *batch,
                              int n, const char **why, apr_pool_t *p)
{
    const edu_store_t store = edum_store(reads->s, NULL, p);
    edu_read_t rows[BATCH_MAX + 1];
    edu_error_t err = { 0 };
    apr_uint32_t lost;
    apr_status_t rv;

    if (store.read_only) {
        *why = "the server takes no changes (EduOutcomesReadOnly)";
        return EDU_EREADONLY;
    }
    lost = apr_atomic_xchg32(&reads->lost, 0);

    for (int i = 0; i < n; i++) {
        rows[i] = *batch[i];
    }
    if (lost) {
        rows[n] = loss_of(lost, p);
    }
    rv = edu_store_record_reads(&store, rows, n + (lost != 0), &err, p);
    if (rv) {
        apr_atomic_add32(&reads->lost, lost);
        *why = err.detail ? err.detail : "the database refuses them";
    }
    return rv;
}

static int may_pass(apr_status_t rv)
{
    return rv == EDU_EUNAVAILABLE || rv == EDU_EREADONLY || rv == EDU_ENOSPACE;
}

static void pause_between(edum_reads_t *reads)
{
    for (int i = 0; i < PAUSES && !apr_atomic_read32(&reads->ends); i++) {
        apr_sleep(PAUSE);
    }
}

/* Writes reads, as often as it takes; once more when the process ends, unless
 * that failed for others. */
static void write_batch(edum_reads_t *reads, edu_read_t *const *batch, int n,
                        apr_pool_t *p)
{
    const char *why = "the database was away when the process ended";
    apr_status_t rv = EDU_EUNAVAILABLE;
    int last = reads->gives_up;

    while (!last && rv && may_pass(rv)) {
        last = (int)apr_atomic_read32(&reads->ends);
        apr_pool_clear(p);
        rv = try_batch(reads, batch, n, &why, p);
        if (rv && !last) {
            lose(reads, 0, why);
            pause_between(reads);
        }
    }
    reads->gives_up = rv && last;
    if (rv) {
        lose(reads, n, why);
    }
    for (int i = 0; i < n; i++) {
        free(batch[i]);
    }
}

static void *APR_THREAD_FUNC run(apr_thread_t *thread, void *data)
{
    edum_reads_t *reads = data;
    edu_read_t *batch[BATCH_MAX];
    apr_pool_t *p;
    int over = 0;

    apr_pool_create(&p, apr_thread_pool_get(thread));
    while (!over) {
        int n = take(reads, batch, &over);

        if (n || apr_atomic_read32(&reads->lost)) {
            write_batch(reads, batch, n, p);
            apr_pool_clear(p);
        }
    }
    apr_atomic_set32(&reads->done, 1);
    return NULL;
}

/* ------------------------------------------------------------ start and end */

/* Has the thread write what waits.  It does not keep a process from ending for
 * longer than a request could. */
static apr_status_t stop(void *data)
{
    edum_reads_t *reads = data;
    apr_time_t until = apr_time_now() +
                       2 * edum_server_config(reads->s)->timeout + EDU_TIMEOUT;
    apr_status_t rv;

    apr_atomic_set32(&reads->ends, 1);
    while (apr_queue_trypush(reads->queue, &the_end) &&
           apr_time_now() < until) {
        apr_sleep(PAUSE / 10);
    }
    while (!apr_atomic_read32(&reads->done) && apr_time_now() < until) {
        apr_sleep(PAUSE / 10);
    }
    if (apr_atomic_read32(&reads->done)) {
        apr_thread_join(&rv, reads->thread);
    }
    if (apr_atomic_read32(&reads->lost)) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, reads->s,
                     "EDU0021: %u reads of outcomes were never recorded",
                     apr_atomic_read32(&reads->lost));
    }
    return APR_SUCCESS;
}

/* The thread takes no signals: they are for the MPM. */
static apr_status_t start_thread(edum_reads_t *reads, apr_pool_t *p)
{
    sigset_t all, before;
    apr_status_t rv;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rv = apr_thread_create(&reads->thread, NULL, run, reads, p);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rv;
}

apr_status_t edum_reads_start(database_t *database, server_rec *s,
                              apr_pool_t *p)
{
    edum_reads_t *reads = apr_pcalloc(p, sizeof(*reads));
    apr_status_t rv = apr_queue_create(&reads->queue, QUEUED_MAX, p);

    reads->s = s;
    rv = rv ? rv : start_thread(reads, p);
    if (!rv) {
        database->reads = reads;
        apr_pool_pre_cleanup_register(p, reads, stop);
    }
    return rv;
}
