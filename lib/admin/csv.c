/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Comma-separated values (RFC 4180). */

#include "move.h"

#include <apr_strings.h>

/* ------------------------------------------------------------------ writing */

/* What makes a spreadsheet take a text for a formula. */
#define FORMULA "=+-@\t\r"

/* A text with its quotes, if it needs any. */
static const char *quoted(const char *text, apr_pool_t *p)
{
    const char *next;
    const char *made = "";

    if (!text[strcspn(text, "\",\r\n")]) {
        return text;
    }
    for (; (next = strchr(text, '"')); text = next + 1) {
        made = apr_pstrcat(p, made, apr_pstrmemdup(p, text, next - text),
                           "\"\"", NULL);
    }
    return apr_pstrcat(p, "\"", made, text, "\"", NULL);
}

static apr_status_t write_field(apr_file_t *out, const char *text, int safe,
                                apr_pool_t *p)
{
    text = text ? text : "";
    if (safe && *text && strchr(FORMULA, *text)) {
        text = apr_pstrcat(p, "'", text, NULL);
    }
    text = quoted(text, p);
    return apr_file_write_full(out, text, strlen(text), NULL);
}

apr_status_t edu__csv_write(apr_file_t *out, const char *const *fields, int n,
                            int safe)
{
    apr_status_t rv = APR_SUCCESS;
    apr_pool_t *p;

    apr_pool_create(&p, apr_file_pool_get(out));
    for (int i = 0; !rv && i < n; i++) {
        rv = i ? apr_file_putc(',', out) : APR_SUCCESS;
        rv = rv ? rv : write_field(out, fields[i], safe, p);
    }
    apr_pool_destroy(p);
    return rv ? rv : apr_file_write_full(out, "\r\n", 2, NULL);
}

/* ------------------------------------------------------------------ reading */

/* A row on its way. */
typedef struct reader_t {
    edu_csv_t *csv;
    apr_array_header_t *text; /* of char: the field */
    apr_array_header_t *fields;
    int quoted; /* the field began with a quote; 2: that was closed */
} reader_t;

static void end_field(reader_t *reader, apr_pool_t *p)
{
    APR_ARRAY_PUSH(reader->fields, const char *) =
        apr_pstrmemdup(p, reader->text->elts, reader->text->nelts);
    apr_array_clear(reader->text);
    reader->quoted = 0;
}

/* Takes a byte. @return 1: the row ends with it; -1: a quote is out of place */
static int take(reader_t *reader, char c, apr_pool_t *p)
{
    reader->csv->next += c == '\n';
    if (reader->quoted == 1) {
        if (c == '"') {
            reader->quoted = 2;
        }
        else {
            APR_ARRAY_PUSH(reader->text, char) = c;
        }
        return 0;
    }
    switch (c) {
    case ',':
        end_field(reader, p);
        return 0;
    case '\n':
        end_field(reader, p);
        return 1;
    case '\r': /* of the end of the row */
        return 0;
    case '"':
        if (!reader->quoted && reader->text->nelts) {
            return -1;
        }
        if (reader->quoted == 2) {
            APR_ARRAY_PUSH(reader->text, char) = c;
        }
        reader->quoted = 1;
        return 0;
    }
    if (reader->quoted == 2) {
        return -1;
    }
    APR_ARRAY_PUSH(reader->text, char) = c;
    return 0;
}

static apr_status_t refuse(const edu_csv_t *csv, const char *says,
                           edu_error_t *err, apr_pool_t *p)
{
    (void)csv;
    return edu_error_set(err, EDU_EBADREQUEST, NULL, p, "%s", says);
}

/* Takes the end of the file, which may end the last row. */
static apr_status_t finish(apr_array_header_t **fields, reader_t *reader,
                           edu_error_t *err, apr_pool_t *p)
{
    if (reader->quoted == 1) {
        return refuse(reader->csv,
                      "A quote is not closed. Write each quote within a field "
                      "twice.",
                      err, p);
    }
    if (reader->text->nelts || reader->fields->nelts) {
        end_field(reader, p);
        *fields = reader->fields;
    }
    return APR_SUCCESS;
}

apr_status_t edu__csv_read(apr_array_header_t **fields, edu_csv_t *csv,
                           edu_error_t *err, apr_pool_t *p)
{
    reader_t reader = { csv, apr_array_make(p, 64, 1),
                        apr_array_make(p, 16, sizeof(const char *)), 0 };
    apr_status_t rv;
    int taken = 0;
    char c;

    *fields = NULL;
    csv->next += !csv->next;
    csv->line = csv->next;
    while (!taken && !(rv = apr_file_getc(&c, csv->file))) {
        taken = take(&reader, c, p);
    }
    if (taken < 0) {
        return refuse(csv,
                      "A quote is out of place. A field that has one is within "
                      "quotes, and has each of its own twice.",
                      err, p);
    }
    if (taken) {
        *fields = reader.fields;
        return APR_SUCCESS;
    }
    return APR_STATUS_IS_EOF(rv) ? finish(fields, &reader, err, p) : rv;
}
