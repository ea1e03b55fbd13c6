/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Counters of all children, in memory that they share and that survives a
 * graceful restart.  A request adds to a few of them; a cell lies on a cache
 * line of its own, so that children do not wait for each other.  Reading resets
 * nothing. */

#include "figures.h"

#include <apr_atomic.h>
#include <apr_shm.h>

static const char *const methods[] = { "GET", "HEAD",   "POST",    "PATCH",
                                       "PUT", "DELETE", "OPTIONS", "other" };
static const char *const classes[] = { "2xx", "3xx", "4xx", "5xx" };
static const char *const refusals[] = { "401", "403", "404", "409",
                                        "410", "412", "413", "422",
                                        "429", "503", "507" };
static const apr_interval_time_t limits[] = {
    1000,   2500,   5000,   10000,   25000,   50000,
    100000, 250000, 500000, 1000000, 2500000, 5000000
};
static const char *const bounds[] = { "0.001", "0.0025", "0.005", "0.01",
                                      "0.025", "0.05",   "0.1",   "0.25",
                                      "0.5",   "1",      "2.5",   "5",
                                      "+Inf" };

static const char *const sizes[EDUM_GROUP_BUCKETS] = { "1",  "2",   "4",
                                                       "8",  "16",  "32",
                                                       "64", "128", "+Inf" };

#define LABEL(name, values)                                                    \
    {                                                                          \
        name, values, sizeof(values) / sizeof((values)[0])                     \
    }
#define ONE                                                                    \
    {                                                                          \
        NULL, NULL, 1                                                          \
    }

#define FAMILY(words, of, tells) .name = words, .kind = of, .help = tells

/* The one list of counters; status.c has the gauges. */
/* clang-format off */
const edum_family_t edum_counters[EDUM_COUNTERS] = {
    [EDUM_REQUESTS] = {
        FAMILY("edu_outcomes_requests_total", "counter",
               "Requests that were answered."),
        .labels = { LABEL("method", methods), LABEL("status", classes) } },
    [EDUM_REFUSALS] = {
        FAMILY("edu_outcomes_refusals_total", "counter",
               "Refusals by status; 412 is a lost update that was prevented."),
        .labels = { LABEL("status", refusals), ONE } },
    [EDUM_SECONDS] = {
        FAMILY("edu_outcomes_request_seconds", "histogram",
               "The time from the request line to the answer."),
        .labels = { LABEL("le", bounds), ONE } },
    [EDUM_MICROSECONDS] = { .labels = { ONE, ONE }, .unit = 1000000 },
    [EDUM_GROUPS] = {
        FAMILY("edu_outcomes_group_size", "histogram",
               "The requests whose changes were committed together."),
        .labels = { LABEL("le", sizes), ONE } },
    [EDUM_GROUPED] = { .labels = { ONE, ONE } },
    [EDUM_WAITS] = {
        FAMILY("edu_outcomes_connection_waits_total", "counter",
               "Times that a thread had to wait for a connection to a "
               "database."),
        .labels = { ONE, ONE } },
    [EDUM_WAITED] = {
        FAMILY("edu_outcomes_connection_waits_seconds_total", "counter",
               "The time that these waits took."),
        .labels = { ONE, ONE }, .unit = 1000000 },
    [EDUM_READS_LOST] = {
        FAMILY("edu_outcomes_reads_lost_total", "counter",
               "Reads of outcomes that were not recorded "
               "(EduOutcomesLogReads)."),
        .labels = { ONE, ONE } }
};
/* clang-format on */

#define CELL 128

/* The most that a counter has. */
#define CELLS 32

/* All that is shared.  That of another build is not taken over. */
typedef struct metrics_t {
    char version[32];
    apr_size_t size;
    apr_time_t since;
    union {
        apr_uint64_t n;
        char line[CELL];
    } cells[EDUM_COUNTERS][CELLS];
    apr_uint32_t failures; /* how many there were */
    edum_failure_t failed[EDUM_FAILURES];
} metrics_t;

static metrics_t *metrics;

static int is_ours(const metrics_t *kept)
{
    return kept && strcmp(kept->version, EDU_VERSION) == 0 &&
           kept->size == sizeof(*kept);
}

apr_status_t edum_metrics_make(server_rec *s)
{
    static const char key[] = "mod_edu_outcomes metrics";
    metrics_t **kept = ap_retained_data_get(key);
    apr_pool_t *p = s->process->pool;
    apr_shm_t *shm;
    apr_status_t rv = APR_SUCCESS;

    if (!kept) {
        kept = ap_retained_data_create(key, sizeof(*kept));
    }
    if (!is_ours(*kept)) {
        rv = apr_shm_create(&shm, sizeof(**kept), NULL, p);
        if (rv) {
            return rv;
        }
        *kept = apr_shm_baseaddr_get(shm);
        memset(*kept, 0, sizeof(**kept));
        apr_cpystrn((*kept)->version, EDU_VERSION, sizeof((*kept)->version));
        (*kept)->size = sizeof(**kept);
        (*kept)->since = apr_time_now();
    }
    metrics = *kept;
    return rv;
}

/* ---------------------------------------------------------------- counting */

/* The place of a value among those of a label; the last one is the rest. */
static int place_of(const edum_label_t *label, const char *value)
{
    int i = 0;

    while (i < label->n - 1 && strcmp(label->values[i], value) != 0) {
        i++;
    }
    return i;
}

static apr_uint64_t *cell(edum_counter_e counter, int i, int j)
{
    return &metrics->cells[counter][i * edum_counters[counter].labels[1].n + j]
                .n;
}

void edum_metrics_add(edum_counter_e counter, int i, int j, apr_uint64_t n)
{
    if (metrics) {
        apr_atomic_add64(cell(counter, i, j), n);
    }
}

static void count_seconds(apr_interval_time_t took)
{
    int i = 0;

    while (i < (int)(sizeof(limits) / sizeof(limits[0])) && took > limits[i]) {
        i++;
    }
    edum_metrics_add(EDUM_SECONDS, i, 0, 1);
    edum_metrics_add(EDUM_MICROSECONDS, 0, 0, (apr_uint64_t)took);
}

/* A reader may see half of a failure that is being written; each text ends
 * with its last byte, which stays NUL. */
static void keep_failure(const edu_trace_t *trace, const edu_response_t *res)
{
    edum_failure_t *failed =
        &metrics->failed[apr_atomic_inc32(&metrics->failures) % EDUM_FAILURES];

    failed->at = apr_time_now();
    failed->status = res->status;
    apr_cpystrn(failed->request_id, trace->request_id,
                sizeof(failed->request_id));
    apr_cpystrn(failed->code, res->error.code ? res->error.code : "",
                sizeof(failed->code));
}

void edum_metrics_note(const request_rec *r, const edu_trace_t *trace,
                       const edu_response_t *res)
{
    const edum_label_t *label = edum_counters[EDUM_REQUESTS].labels;
    const edum_label_t *refused = edum_counters[EDUM_REFUSALS].labels;
    int status = res->status;
    int class = status < 300 ? 0 : status / 100 - 2;

    if (!metrics || r->main) {
        return;
    }
    edum_metrics_add(EDUM_REQUESTS, place_of(&label[0], r->method), class, 1);
    for (int i = 0; status >= 400 && i < refused->n; i++) {
        if (atoi(refusals[i]) == status) {
            edum_metrics_add(EDUM_REFUSALS, i, 0, 1);
        }
    }
    count_seconds(apr_time_now() - r->request_time);
    /* one without a reason for the log is no failure, as of a pause */
    if (status >= 500 && res->error.detail) {
        keep_failure(trace, res);
    }
}

/* ----------------------------------------------------------------- reading */

apr_uint64_t edum_metrics_read(edum_counter_e counter, int i, int j)
{
    return metrics ? apr_atomic_read64(cell(counter, i, j)) : 0;
}

apr_time_t edum_metrics_since(void)
{
    return metrics ? metrics->since : 0;
}

const edum_failure_t *edum_metrics_failure(int i)
{
    int n = metrics ? (int)apr_atomic_read32(&metrics->failures) : 0;

    return i < n && i < EDUM_FAILURES
               ? &metrics->failed[(n - 1 - i) % EDUM_FAILURES]
               : NULL;
}
