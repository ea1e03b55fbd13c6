/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* What administrators and their programs see: whether this Apache lives,
 * whether its databases answer, and figures.  Each figure is a sample of a
 * family; the page, JSON, Prometheus's text and mod_status print the same. */

#include "mod_edu.h"

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
    MOUNT,
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
    [CONNECTIONS] = GAUGE("edu_outcomes_database_connections_max",
            "The connections that each process may open."),
    [MOUNT] = GAUGE("edu_outcomes_mount",
            "Paths that are served; access none is left to Require."),
    [FAILURE] = GAUGE("edu_outcomes_failure_seconds",
            "The last answers of 5xx, in seconds since 1970.")
};
/* clang-format on */

/** Samples on their way to a client. */
typedef struct out_t {
    request_rec *r;
    const struct form_t *form;
    int n; /* samples so far */
} out_t;

/** A form of the samples; labels are names, each with its value, and NULL. */
typedef struct form_t {
    const char *type; /* the media type */
    const char *head, *tail;
    void (*family)(const out_t *out, const edum_family_t *family);
    void (*sample)(const out_t *out, const char *name,
                   const char *const *labels, const char *value);
} form_t;

/* -------------------------------------------------------------------- forms */

/* A text in quotes, as JSON and Prometheus both have it. */
static const char *quote(const char *s, apr_pool_t *p)
{
    char *quoted = apr_palloc(p, 2 * strlen(s) + 3), *to = quoted;

    *to++ = '"';
    for (; *s; s++) {
        if (*s == '"' || *s == '\\') {
            *to++ = '\\';
        }
        *to++ = (unsigned char)*s < ' ' ? ' ' : *s;
    }
    *to++ = '"';
    *to = '\0';
    return quoted;
}

static void family_as_text(const out_t *out, const edum_family_t *family)
{
    ap_rprintf(out->r, "# HELP %s %s\n# TYPE %s %s\n", family->name,
               family->help, family->name, family->kind);
}

static void sample_as_text(const out_t *out, const char *name,
                           const char *const *labels, const char *value)
{
    const char *before = "{";

    ap_rputs(name, out->r);
    for (; *labels; labels += 2) {
        ap_rprintf(out->r, "%s%s=%s", before, labels[0],
                   quote(labels[1], out->r->pool));
        before = ",";
    }
    ap_rprintf(out->r, "%s %s\n", *before == ',' ? "}" : "", value);
}

static void no_family(const out_t *out, const edum_family_t *family)
{
    (void)out;
    (void)family;
}

static void sample_as_json(const out_t *out, const char *name,
                           const char *const *labels, const char *value)
{
    ap_rprintf(out->r, "%s\n{\"name\":\"%s\"", out->n ? "," : "", name);
    for (; *labels; labels += 2) {
        ap_rprintf(out->r, ",\"%s\":%s", labels[0],
                   quote(labels[1], out->r->pool));
    }
    ap_rprintf(out->r, ",\"value\":%s}", value);
}

static void family_as_rows(const out_t *out, const edum_family_t *family)
{
    ap_rprintf(out->r, "<tr><th colspan=\"2\" align=\"left\">%s</th></tr>\n",
               ap_escape_html(out->r->pool, family->help));
}

static void sample_as_rows(const out_t *out, const char *name,
                           const char *const *labels, const char *value)
{
    ap_rprintf(out->r, "<tr><td>%s", name);
    for (; *labels; labels += 2) {
        ap_rprintf(out->r, " %s=%s", labels[0],
                   ap_escape_html(out->r->pool, labels[1]));
    }
    ap_rprintf(out->r, "</td><td>%s</td></tr>\n", value);
}

static void sample_as_lines(const out_t *out, const char *name,
                            const char *const *labels, const char *value)
{
    ap_rputs(name, out->r);
    for (; *labels; labels += 2) {
        ap_rprintf(out->r, " %s", labels[1]);
    }
    ap_rprintf(out->r, ": %s\n", value);
}

static const form_t as_text = { "text/plain; version=0.0.4; charset=utf-8", "",
                                "", family_as_text, sample_as_text };
static const form_t as_json = { "application/json", "{\"samples\":[", "]}\n",
                                no_family, sample_as_json };
static const form_t as_page = {
    "text/html; charset=utf-8",
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<title>Education outcomes: status</title></head><body>\n"
    "<h1>Education outcomes: status</h1>\n"
    "<p>For programs: <a href=\"?json\">JSON</a>, "
    "<a href=\"?prometheus\">Prometheus</a>.</p>\n<table>\n",
    "</table></body></html>\n", family_as_rows, sample_as_rows
};
static const form_t in_server_status = {
    NULL, "<hr />\n<h1>mod_edu_outcomes</h1>\n<table>\n", "</table>\n",
    family_as_rows, sample_as_rows
};
static const form_t in_short_status = { NULL, "", "", no_family,
                                        sample_as_lines };

/* ------------------------------------------------------------------ samples */

static void tell(out_t *out, const char *name, const char *const *labels,
                 double value)
{
    const char *fmt = value == (double)(apr_int64_t)value ? "%.0f" : "%.6f";

    out->form->sample(out, name, labels,
                      apr_psprintf(out->r->pool, fmt, value));
    out->n++;
}

static void tell_gauge(out_t *out, gauge_e gauge, const char *const *labels,
                       double value)
{
    tell(out, gauges[gauge].name, labels, value);
}

static const char *with(const out_t *out, const edum_family_t *family,
                        const char *suffix)
{
    return apr_pstrcat(out->r->pool, family->name, suffix, NULL);
}

/* A bucket of a histogram has all that is below its limit, too. */
static void tell_histogram(out_t *out, const edum_family_t *family)
{
    const edum_label_t *le = &family->labels[0];
    const char *const none[] = { NULL };
    apr_uint64_t n = 0;

    for (int i = 0; i < le->n; i++) {
        const char *labels[] = { le->name, le->values[i], NULL };

        n += edum_metrics_read(EDUM_SECONDS, i, 0);
        tell(out, with(out, family, "_bucket"), labels, (double)n);
    }
    tell(out, with(out, family, "_sum"), none,
         (double)edum_metrics_read(EDUM_MICROSECONDS, 0, 0) / APR_USEC_PER_SEC);
    tell(out, with(out, family, "_count"), none, (double)n);
}

static void tell_counter(out_t *out, edum_counter_e counter)
{
    const edum_label_t *by = edum_counters[counter].labels;

    for (int i = 0; i < by[0].n; i++) {
        for (int j = 0; j < by[1].n; j++) {
            const char *labels[] = {
                by[0].name, by[0].name ? by[0].values[i] : NULL, by[1].name,
                by[1].name ? by[1].values[j] : NULL, NULL
            };

            tell(out, edum_counters[counter].name, labels,
                 (double)edum_metrics_read(counter, i, j));
        }
    }
}

static void tell_counters(out_t *out)
{
    for (int i = 0; i < EDUM_COUNTERS; i++) {
        const edum_family_t *family = &edum_counters[i];

        if (!family->help) {
            continue; /* a part of another */
        }
        out->form->family(out, family);
        if (i == EDUM_SECONDS) {
            tell_histogram(out, family);
        }
        else {
            tell_counter(out, i);
        }
    }
}

/* ---------------------------------------------------------------- databases */

/** What a database said when it was asked. */
typedef struct probe_t {
    const database_t *database;
    int up;
    apr_interval_time_t took;
} probe_t;

/* Asks each database of this Apache, within its EduOutcomesTimeout.
 * @return of probe_t */
static apr_array_header_t *probe_all(apr_pool_t *p)
{
    apr_array_header_t *probes = apr_array_make(p, 2, sizeof(probe_t));

    for (const server_rec *s = ap_server_conf; s; s = s->next) {
        const database_t *database = edum_server_config(s)->database;
        apr_interval_time_t waited = 0;
        apr_time_t began = apr_time_now();
        edu_store_t store;
        edu_error_t err;

        if (database && database->first == s) {
            probe_t *probe = apr_array_push(probes);

            store = edum_store(s, &waited, p);
            probe->database = database;
            probe->up = edu_store_check(&store, &err, p) == APR_SUCCESS;
            probe->took = apr_time_now() - began;
        }
    }
    return probes;
}

/* Databases are told by number and driver: their parameters hold passwords. */
static void tell_databases(out_t *out, const apr_array_header_t *probes,
                           gauge_e gauge)
{
    out->form->family(out, &gauges[gauge]);
    for (int i = 0; i < probes->nelts; i++) {
        const probe_t *probe = &APR_ARRAY_IDX(probes, i, probe_t);
        const char *labels[] = { "database", apr_itoa(out->r->pool, i + 1),
                                 "driver", probe->database->driver, NULL };

        tell_gauge(out, gauge, labels,
                   gauge == UP        ? probe->up
                   : gauge == LATENCY ? (double)probe->took / APR_USEC_PER_SEC
                                      : probe->database->max);
    }
}

static int is_open(const server_config_t *conf, const char *mount)
{
    for (int i = 0; i < conf->sections->nelts; i++) {
        const section_t *section = &APR_ARRAY_IDX(conf->sections, i, section_t);

        if (strcmp(section->path, mount) == 0 &&
            section->conf->rules_alone == 1) {
            return 1;
        }
    }
    return 0;
}

/* Whether a path is in the list before: a virtual host has those of the main
 * server, too. */
static int is_again(const apr_array_header_t *mounts, int i)
{
    for (int j = 0; j < i; j++) {
        if (strcmp(APR_ARRAY_IDX(mounts, j, const char *),
                   APR_ARRAY_IDX(mounts, i, const char *)) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Virtual hosts of one name differ by their ports. */
static const char *name_of(const server_rec *s, apr_pool_t *p)
{
    return apr_psprintf(
        p, "%s:%u", s->server_hostname ? s->server_hostname : "",
        s->addrs && s->addrs->host_port ? s->addrs->host_port : s->port);
}

static void tell_mounts(out_t *out)
{
    out->form->family(out, &gauges[MOUNT]);
    for (const server_rec *s = ap_server_conf; s; s = s->next) {
        const server_config_t *conf = edum_server_config(s);

        for (int i = 0; i < conf->mounts->nelts; i++) {
            const char *mount = APR_ARRAY_IDX(conf->mounts, i, const char *);
            const char *labels[] = {
                "server", name_of(s, out->r->pool),
                "path",   mount,
                "access", is_open(conf, mount) ? "none" : "roster",
                NULL
            };

            if (!is_again(conf->mounts, i)) {
                tell_gauge(out, MOUNT, labels, 1);
            }
        }
    }
}

static void tell_failures(out_t *out)
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

static void tell_all(request_rec *r, const form_t *form)
{
    const char *const version[] = { "version", EDU_VERSION, NULL };
    const char *const none[] = { NULL };
    apr_array_header_t *probes = probe_all(r->pool);
    out_t out = { r, form, 0 };

    ap_rputs(form->head, r);
    form->family(&out, &gauges[INFO]);
    tell_gauge(&out, INFO, version, 1);
    form->family(&out, &gauges[SINCE]);
    tell_gauge(&out, SINCE, none,
               (double)edum_metrics_since() / APR_USEC_PER_SEC);
    for (gauge_e gauge = UP; gauge <= CONNECTIONS; gauge++) {
        tell_databases(&out, probes, gauge);
    }
    tell_counters(&out);
    tell_mounts(&out);
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
    const apr_array_header_t *probes = probe_all(r->pool);
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
    const form_t *form;
} forms[] = {
    {"",            &as_page},
    { "json",       &as_json},
    { "prometheus", &as_text}
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
            tell_all(r, forms[i].form);
            return OK;
        }
    }
    return HTTP_BAD_REQUEST;
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
    tell_all(r, flags & AP_STATUS_SHORT ? &in_short_status : &in_server_status);
    return OK;
}

void edum_status_hook(apr_pool_t *p)
{
    (void)p;
    APR_OPTIONAL_HOOK(ap, status_hook, add_to_server_status, NULL, NULL,
                      APR_HOOK_MIDDLE);
}
