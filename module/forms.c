/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The forms in which figures are told: a page, JSON, Prometheus's text, and two
 * for mod_status. */

#include "figures.h"

#include <http_protocol.h>

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

static void family_as_text(const edum_out_t *out, const edum_family_t *family)
{
    ap_rprintf(out->r, "# HELP %s %s\n# TYPE %s %s\n", family->name,
               family->help, family->name, family->kind);
}

static void sample_as_text(const edum_out_t *out, const char *name,
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

static void no_family(const edum_out_t *out, const edum_family_t *family)
{
    (void)out;
    (void)family;
}

static void sample_as_json(const edum_out_t *out, const char *name,
                           const char *const *labels, const char *value)
{
    ap_rprintf(out->r, "%s\n{\"name\":\"%s\"", out->n ? "," : "", name);
    for (; *labels; labels += 2) {
        ap_rprintf(out->r, ",\"%s\":%s", labels[0],
                   quote(labels[1], out->r->pool));
    }
    ap_rprintf(out->r, ",\"value\":%s}", value);
}

static void family_as_rows(const edum_out_t *out, const edum_family_t *family)
{
    ap_rprintf(out->r, "<tr><th colspan=\"2\" align=\"left\">%s</th></tr>\n",
               ap_escape_html(out->r->pool, family->help));
}

static void sample_as_rows(const edum_out_t *out, const char *name,
                           const char *const *labels, const char *value)
{
    ap_rprintf(out->r, "<tr><td>%s", name);
    for (; *labels; labels += 2) {
        ap_rprintf(out->r, " %s=%s", labels[0],
                   ap_escape_html(out->r->pool, labels[1]));
    }
    ap_rprintf(out->r, "</td><td>%s</td></tr>\n", value);
}

static void sample_as_lines(const edum_out_t *out, const char *name,
                            const char *const *labels, const char *value)
{
    ap_rputs(name, out->r);
    for (; *labels; labels += 2) {
        ap_rprintf(out->r, " %s", labels[1]);
    }
    ap_rprintf(out->r, ": %s\n", value);
}

const edum_form_t edum_as_text = { "text/plain; version=0.0.4; charset=utf-8",
                                   "", "", family_as_text, sample_as_text };
const edum_form_t edum_as_json = { "application/json", "{\"samples\":[", "]}\n",
                                   no_family, sample_as_json };
const edum_form_t edum_as_page = {
    "text/html; charset=utf-8",
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<title>Education outcomes: status</title></head><body>\n"
    "<h1>Education outcomes: status</h1>\n"
    "<p>For programs: <a href=\"?json\">JSON</a>, "
    "<a href=\"?prometheus\">Prometheus</a>.</p>\n<table>\n",
    "</table></body></html>\n", family_as_rows, sample_as_rows
};
const edum_form_t edum_in_server_status = {
    NULL, "<hr />\n<h1>mod_edu_outcomes</h1>\n<table>\n", "</table>\n",
    family_as_rows, sample_as_rows
};
const edum_form_t edum_in_short_status = { NULL, "", "", no_family,
                                           sample_as_lines };
