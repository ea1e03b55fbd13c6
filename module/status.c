/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* What administrators and their programs see: whether this Apache lives,
 * whether its databases answer, and figures.  Each figure is a sample of a
 * family; the page, JSON, Prometheus's text and mod_status print the same. */

#include "figures.h"

#include <http_main.h>
#include <http_protocol.h>
#include <apr_optional_hooks.h>
#include <mod_status.h>

/* What describes this server rather than counting. */
typedef enum gauge_e {
    INFO,
    SINCE,
    UP,
    LATENCY,
    CONNECTIONS,
    MOST,
    LOG,
    CHECKPOINT,
    MOUNT,
    READ_ONLY,
    FAILURE,
    GAUGES
} gauge_e;

#define GAUGE(words, tells)                                                    \
    {                                                                          \
        .name = words, .kind = "gauge", .help = tells                          \
    }
/* clang-format off */
static const edum_family_t gauges[GAUGES] = {
    [INFO] = GAUGE("edu_outcomes_info",
            "The version of the module."),
    [SINCE] = GAUGE("edu_outcomes_since_seconds",
            "When counting began, in seconds since 1970."),
    [UP] = GAUGE("edu_outcomes_database_up",
            "Whether a database answers, with a schema of this module."),
    [LATENCY] = GAUGE("edu_outcomes_database_seconds",
            "How long that answer took."),
    [CONNECTIONS] = GAUGE("edu_outcomes_database_connections",
            "The connections of all processes, by state."),
    [MOST] = GAUGE("edu_outcomes_database_connections_max",
            "The connections that each process may open."),
    [LOG] = GAUGE("edu_outcomes_database_log_bytes",
            "The size of SQLite's write-ahead log."),
    [CHECKPOINT] = GAUGE("edu_outcomes_database_checkpoint_seconds",
            "When SQLite's log was last copied to its file, since 1970."),
    [MOUNT] = GAUGE("edu_outcomes_mount",
            "Paths that are served; access none is left to Require."),
    [READ_ONLY] = GAUGE("edu_outcomes_read_only",
            "Whether a path takes no changes now (EduOutcomesReadOnly)."),
    [FAILURE] = GAUGE("edu_outcomes_failure_seconds",
            "The last answers of 5xx, in seconds since 1970.")
};
/* clang-format on */

/* ------------------------------------------------------------------ samples */

static void tell(edum_out_t *out, const char *name, const char *const *labels,
                 double value)
{
    const char *fmt = value == (double)(apr_int64_t)value ? "%.0f" : "%.6f";

    out->form->sample(out, name, labels,
                      apr_psprintf(out->r->pool, fmt, value));
    out->n++;
}

static void tell_gauge(edum_out_t *out, gauge_e gauge,
                       const char *const *labels, double value)
{
    tell(out, gauges[gauge].name, labels, value);
}

static const char *with(const edum_out_t *out, const edum_family_t *family,
                        const char *suffix)
{
    return apr_pstrcat(out->r->pool, family->name, suffix, NULL);
}

/* A count in the unit that it is told in. */
static double in_unit(const edum_family_t *family, apr_uint64_t n)
{
    return family->unit ? (double)n / family->unit : (double)n;
}

/* A bucket of a histogram has all that is below its limit, too; the sum is the
 * next counter. */
static void tell_histogram(edum_out_t *out, edum_counter_e counter)
{
    const edum_family_t *family = &edum_counters[counter];
    const edum_label_t *le = &family->labels[0];
    const char *const none[] = { NULL };
    apr_uint64_t n = 0;

    for (int i = 0; i < le->n; i++) {
        const char *labels[] = { le->name, le->values[i], NULL };

        n += edum_metrics_read(counter, i, 0);
        tell(out, with(out, family, "_bucket"), labels, (double)n);
    }
    tell(out, with(out, family, "_sum"), none,
         in_unit(&family[1], edum_metrics_read(counter + 1, 0, 0)));
    tell(out, with(out, family, "_count"), none, (double)n);
}

static void tell_counter(edum_out_t *out, edum_counter_e counter)
{
    const edum_label_t *by = edum_counters[counter].labels;

    for (int i = 0; i < by[0].n; i++) {
        for (int j = 0; j < by[1].n; j++) {
            const char *labels[] = {
                by[0].name, by[0].name ? by[0].values[i] : NULL, by[1].name,
                by[1].name ? by[1].values[j] : NULL, NULL
            };

            tell(out, edum_counters[counter].name, labels,
                 in_unit(&edum_counters[counter],
                         edum_metrics_read(counter, i, j)));
        }
    }
}

static void tell_counters(edum_out_t *out)
{
    for (int i = 0; i < EDUM_COUNTERS; i++) {
        const edum_family_t *family = &edum_counters[i];

        if (!family->help) {
            continue; /* a part of another */
        }
        out->form->family(out, family);
        if (strcmp(family->kind, "histogram") == 0) {
            tell_histogram(out, i);
        }
        else {
            tell_counter(out, i);
        }
    }
}

/* ---------------------------------------------------------------- databases */

/** A database, and what it said when it was asked. */
typedef struct probe_t {
    const database_t *database;
    int up;
    apr_interval_time_t took; /**< -1: it was not asked */
} probe_t;

/* Asks a database, within its EduOutcomesTimeout. */
static void ask(probe_t *probe, apr_pool_t *p)
{
    apr_interval_time_t waited = 0;
    apr_time_t began = apr_time_now();
    edu_store_t store = edum_store(probe->database->first, &waited, p);
    edu_error_t err;

    probe->up = edu_store_check(&store, &err, p) == APR_SUCCESS;
    probe->took = apr_time_now() - began;
}

/* All databases of this Apache.
 * @param asked  0: they are as the last request knew them
 * @return of probe_t */
static apr_array_header_t *probe_all(int asked, apr_pool_t *p)
{
    apr_array_header_t *probes = apr_array_make(p, 2, sizeof(probe_t));

    for (const server_rec *s = ap_server_conf; s; s = s->next) {
        const database_t *database = edum_server_config(s)->database;

        if (database && database->first == s) {
            probe_t *probe = apr_array_push(probes);

            *probe = (probe_t){ database, !edum_watch_is_away(database), -1 };
            if (asked) {
                ask(probe, p);
            }
        }
    }
    return probes;
}

/* Databases are told by number and driver: their parameters hold passwords. */
static void tell_of(edum_out_t *out, const probe_t *probe, int number,
                    gauge_e gauge, const char *state, double value)
{
    const char *labels[] = { "database",
                             apr_itoa(out->r->pool, number),
                             "driver",
                             probe->database->driver,
                             state ? "state" : NULL,
                             state,
                             NULL };

    tell_gauge(out, gauge, labels, value);
}

static void tell_log_size(edum_out_t *out, const probe_t *probe, int number)
{
    const char *name =
        apr_pstrcat(out->r->pool, probe->database->params, "-wal", NULL);
    apr_finfo_t log;

    if (apr_stat(&log, name, APR_FINFO_SIZE, out->r->pool)) {
        log.size = 0;
    }
    tell_of(out, probe, number, LOG, NULL, (double)log.size);
}

static void tell_database(edum_out_t *out, const probe_t *probe, int number,
                          gauge_e gauge)
{
    const database_t *database = probe->database;
    int open, lent;

    if (gauge == UP) {
        tell_of(out, probe, number, gauge, NULL, probe->up);
    }
    else if (gauge == LATENCY && probe->took >= 0) {
        tell_of(out, probe, number, gauge, NULL,
                (double)probe->took / APR_USEC_PER_SEC);
    }
    else if (gauge == CONNECTIONS) {
        edum_watch_count(&open, &lent, database);
        tell_of(out, probe, number, gauge, "idle", open - lent);
        tell_of(out, probe, number, gauge, "used", lent);
    }
    else if (gauge == MOST) {
        tell_of(out, probe, number, gauge, NULL, database->max);
    }
    else if (gauge == LOG && database->lock) {
        tell_log_size(out, probe, number);
    }
    else if (gauge == CHECKPOINT && database->lock) {
        tell_of(out, probe, number, gauge, NULL,
                edum_watch_checkpointed(database));
    }
}

static void tell_databases(edum_out_t *out, int asked)
{
    const apr_array_header_t *probes = probe_all(asked, out->r->pool);

    for (gauge_e gauge = UP; gauge <= CHECKPOINT; gauge++) {
        out->form->family(out, &gauges[gauge]);
        for (int i = 0; i < probes->nelts; i++) {
            tell_database(out, &APR_ARRAY_IDX(probes, i, probe_t), i + 1,
                          gauge);
        }
    }
}

/* ------------------------------------------------------------------- mounts */

/* Virtual hosts of one name differ by their ports. */
static const char *name_of(const server_rec *s, apr_pool_t *p)
{
    return apr_psprintf(
        p, "%s:%u", s->server_hostname ? s->server_hostname : "",
        s->addrs && s->addrs->host_port ? s->addrs->host_port : s->port);
}

/* Where the condition for administrators stands. */
static const char *place_of(const ap_expr_info_t *expr, apr_pool_t *p)
{
    return expr ? apr_psprintf(p, "line %u of %s", expr->line_number,
                               expr->filename)
                : "nobody";
}

static void tell_mount(edum_out_t *out, gauge_e gauge, const server_rec *s,
                       const mount_t *mount)
{
    apr_pool_t *p = out->r->pool;
    const dir_config_t *conf = mount->conf;
    int words = gauge == MOUNT;
    const char *labels[] = { "server",
                             name_of(s, p),
                             "path",
                             mount->path,
                             words ? "dialect" : NULL,
                             conf->dialect == EDU_DIALECT_BETA ? "beta"
                                                               : "v1.0",
                             "access",
                             conf->rules_alone == 1 ? "none" : "roster",
                             "sign_in",
                             mount->auth ? mount->auth : "none",
                             "secret",
                             mount->secret ? "yes" : "no",
                             "admin",
                             place_of(conf->admin, p),
                             NULL };

    tell_gauge(out, gauge, labels,
               words ? 1 : edum_writes(conf, p) != EDU_WRITES_TAKEN);
}

static void tell_mounts(edum_out_t *out, gauge_e gauge)
{
    out->form->family(out, &gauges[gauge]);
    for (const server_rec *s = ap_server_conf; s; s = s->next) {
        const apr_array_header_t *served = edum_server_config(s)->served;

        for (int i = 0; served && i < served->nelts; i++) {
            tell_mount(out, gauge, s, &APR_ARRAY_IDX(served, i, mount_t));
        }
    }
}

static void tell_failures(edum_out_t *out)
{
    const edum_failure_t *failed;

    out->form->family(out, &gauges[FAILURE]);
    for (int i = 0; (failed = edum_metrics_failure(i)); i++) {
        const char *labels[] = {
            "status",     apr_itoa(out->r->pool, failed->status),
            "code",       failed->code,
            "request_id", failed->request_id,
            NULL
        };

        tell_gauge(out, FAILURE, labels, (double)failed->at / APR_USEC_PER_SEC);
    }
}

/* @param asked  0: the databases are not asked */
static void tell_all(request_rec *r, const edum_form_t *form, int asked)
{
    const char *const version[] = { "version", EDU_VERSION, NULL };
    const char *const none[] = { NULL };
    edum_out_t out = { r, form, 0 };

    ap_rputs(form->head, r);
    form->family(&out, &gauges[INFO]);
    tell_gauge(&out, INFO, version, 1);
    form->family(&out, &gauges[SINCE]);
    tell_gauge(&out, SINCE, none,
               (double)edum_metrics_since() / APR_USEC_PER_SEC);
    tell_databases(&out, asked);
    tell_counters(&out);
    tell_mounts(&out, MOUNT);
    tell_mounts(&out, READ_ONLY);
    tell_failures(&out);
    ap_rputs(form->tail, r);
}

/* ----------------------------------------------------------------- handlers */

static int answer_live(request_rec *r)
{
    ap_rputs("live\n", r);
    return OK;
}

static int answer_ready(request_rec *r)
{
    const apr_array_header_t *probes = probe_all(1, r->pool);
    int down = 0;

    for (int i = 0; i < probes->nelts; i++) {
        down += !APR_ARRAY_IDX(probes, i, probe_t).up;
    }
    if (down) {
        r->status = HTTP_SERVICE_UNAVAILABLE;
        ap_rprintf(r,
                   "not ready: %d of %d databases cannot be used; the error "
                   "log of the first request says why\n",
                   down, probes->nelts);
    }
    else {
        ap_rputs("ready\n", r);
    }
    return OK;
}

static const struct {
    const char *option;
    const edum_form_t *form;
} forms[] = {
    {"",            &edum_as_page},
    { "json",       &edum_as_json},
    { "prometheus", &edum_as_text}
};

/* Prometheus can name an option only with a value. */
static int answer_status(request_rec *r)
{
    const char *option = r->args ? r->args : "";
    apr_size_t len = strcspn(option, "=");

    for (apr_size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (strncmp(forms[i].option, option, len) == 0 &&
            !forms[i].option[len] && (!option[len] || !option[len + 1])) {
            ap_set_content_type(r, forms[i].form->type);
            tell_all(r, forms[i].form, 1);
            return OK;
        }
    }
    r->status = HTTP_BAD_REQUEST;
    ap_rputs("There is no such form: ask for ?json or ?prometheus, or for the "
             "page, without a question mark.\n",
             r);
    return OK;
}

static const struct view_t {
    const char *handler;
    int (*answer)(request_rec *r);
} views[] = {
    {"edu-outcomes-live",    answer_live  },
    { "edu-outcomes-ready",  answer_ready },
    { "edu-outcomes-status", answer_status}
};

int edum_show_status(request_rec *r)
{
    for (apr_size_t i = 0; r->handler && i < sizeof(views) / sizeof(views[0]);
         i++) {
        if (strcmp(r->handler, views[i].handler) != 0) {
            continue;
        }
        r->allowed |= AP_METHOD_BIT << M_GET;
        if (r->method_number != M_GET) {
            return HTTP_METHOD_NOT_ALLOWED;
        }
        ap_set_content_type(r, "text/plain; charset=utf-8");
        apr_table_setn(r->headers_out, "Cache-Control", "no-store");
        return views[i].answer(r);
    }
    return DECLINED;
}

static int add_to_server_status(request_rec *r, int flags)
{
    tell_all(r,
             flags & AP_STATUS_SHORT ? &edum_in_short_status
                                     : &edum_in_server_status,
             0);
    return OK;
}

void edum_status_hook(apr_pool_t *p)
{
    (void)p;
    APR_OPTIONAL_HOOK(ap, status_hook, add_to_server_status, NULL, NULL,
                      APR_HOOK_MIDDLE);
}
