/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Expressions that say who a caller is and what it may do.  They read what the
 * server and its modules know, and nothing that a client chooses. */

#include "mod_edu.h"

#include <apr_fnmatch.h>
#include <apr_lib.h>

/* Names allowed in expressions: patterns of apr_fnmatch, in any case.  Neither
 * REMOTE_ADDR nor -R, for mod_remoteip takes that address from a header. */
static const char *const variables[] = {
    "REMOTE_USER",  "AUTH_TYPE",     "CONN_REMOTE_ADDR", "HTTPS",
    "TIME",         "TIME_*",        "SSL_CLIENT_*",     "SSL_SERVER_*",
    "SSL_PROTOCOL", "SSL_SRP_USER*", "SSL_CIPHER*",      NULL
};
static const char *const functions[] = {
    "env",      "reqenv", "note",     "osenv", "tolower", "toupper", "escape",
    "unescape", "base64", "unbase64", "sha1",  "md5",     "ldap",    NULL
};
static const char *const lists[] = { "PeerExtList", NULL };
static const char *const unary[] = { "n", "z", "T", NULL };
static const char *const binary[] = { "ipmatch", "fnmatch", "strmatch",
                                      "strcmatch", NULL };

/* In the order of AP_EXPR_FUNC_VAR and so on. */
static const char *const *const allowed[] = { variables, functions, lists,
                                              unary, binary };
static const char *const nouns[] = { "variable ", "function ", "function ",
                                     "operator -", "operator -" };

/* Functions that read a table of the request, and the entries that modules of
 * Apache's own copy from what a client sent. */
static const char *const tables[] = { "env", "reqenv", "note", NULL };
static const char *const copies[] = {
    "HTTP_*",         "MATCH_*",    "SCRIPT_*",   "REQUEST_*",
    "REDIRECT_*",     "QUERY_*",    "PATH_*",     "CONTENT_*",
    "REMOTE_[AHIP]*", "SERVER_*",   "DOCUMENT_*", "SSL_TLS_SNI",
    "cookie",         "remoteip-*", "EDU_*",      NULL
};

static int is_among(const char *const *patterns, const char *name)
{
    while (*patterns && apr_fnmatch(*patterns, name, APR_FNM_CASE_BLIND)) {
        patterns++;
    }
    return *patterns != NULL;
}

/* @param entry  of a table, or NULL */
static int refuse(ap_expr_lookup_parms *parms, const char *why,
                  const char *entry)
{
    *parms->err = apr_psprintf(
        parms->pool,
        "the %s%s %s%s, and could be forged. Use what an authentication module "
        "sets: %%{REMOTE_USER}, %%{env:NAME}, %%{reqenv:NAME}, %%{note:NAME}, "
        "%%{SSL_CLIENT_NAME}, or functions of these",
        nouns[parms->type], parms->name, why, entry ? entry : "");
    return !OK;
}

/* ap_expr calls this for each variable, function and operator, however they are
 * spelled and nested. */
static int look_up(ap_expr_lookup_parms *parms)
{
    if (!is_among(allowed[parms->type], parms->name)) {
        return refuse(parms, "may depend on what a client sends", NULL);
    }
    if (parms->type == AP_EXPR_FUNC_STRING && is_among(tables, parms->name)) {
        if (!parms->arg) {
            return refuse(parms, "has a name that is not constant", NULL);
        }
        if (is_among(copies, parms->arg)) {
            return refuse(parms, "reads what a client sends: ", parms->arg);
        }
    }
    return ap_expr_lookup_default(parms);
}

static int is_word(const char *s)
{
    while (apr_isalnum(*s) || (*s && strchr("-._@", *s))) {
        s++;
    }
    return !*s;
}

/* Apache's operators between numbers, and those between texts. */
static const char *const numeric[][2] = {
    {"eq",  "=="},
    { "ne", "!="},
    { "lt", "<" },
    { "le", "<="},
    { "gt", ">" },
    { "ge", ">="}
};

/* The end of a word of a condition, or of a text in quotes. */
static const char *end_of(const char *s)
{
    char close = *s == '%' && s[1] == '{' ? '}'
                 : *s == 'm' && s[1] && apr_ispunct(s[1])
                     ? *++s
                     : (*s && strchr("'\"/", *s) ? *s : '\0');

    if (!close) {
        return s + strcspn(s, " \t()");
    }
    while (*++s && *s != close) {
        s += *s == '\\' && s[1];
    }
    return *s ? s + 1 : s;
}

/* Whether what begins here is a text in quotes that is no number. */
static int is_name(const char *s)
{
    char quote = *s;

    if (quote != '\'' && quote != '"') {
        return 0;
    }
    s += s[1] == '-' ? 2 : 1;
    for (quote = *s == quote ? '\0' : quote; apr_isdigit(*s); s++) {
    }
    return *s != quote;
}

/* Why a condition cannot be meant as it is: to an operator between numbers, all
 * names are 0, and equal.
 * @return NULL: it can */
static const char *mistaken(const char *s, apr_pool_t *p)
{
    const char *before = "", *op = NULL, *const *pair = NULL, *end;

    for (s += strspn(s, " \t()"); *s; s = end + strspn(end, " \t()")) {
        end = end_of(s);
        if (pair && (is_name(before) || is_name(s))) {
            return apr_psprintf(
                p, "%s compares numbers, as which every name is 0: write %s",
                op, pair[1]);
        }
        pair = NULL;
        op = apr_pstrmemdup(p, s, end - s);
        for (apr_size_t i = 0; i < sizeof(numeric) / sizeof(numeric[0]); i++) {
            if (strcasecmp(op + (*op == '-'), numeric[i][0]) == 0) {
                pair = numeric[i];
            }
        }
        before = pair ? before : s;
    }
    return NULL;
}

const char *edum_expression_parse(ap_expr_info_t **expr, cmd_parms *cmd,
                                  const char *value, unsigned flags)
{
    const char *err = NULL, *hint = "";

    *expr = ap_expr_parse_cmd(cmd, value, flags, &err, look_up);
    if (err && !flags && strncmp(err, "syntax error", 12) == 0) {
        hint = apr_psprintf(cmd->pool,
                            ". It is a condition, such as "
                            "\"%%{REMOTE_USER} == '%s'\"",
                            is_word(value) ? value : "sis");
    }
    if (!err && flags && is_among(variables, value)) {
        err =
            apr_psprintf(cmd->pool, "every caller would be '%s': write %%{%s}",
                         value, value);
    }
    err = err || flags ? err : mistaken(value, cmd->pool);
    return err ? apr_psprintf(cmd->pool, "%s cannot be '%s': %s%s",
                              cmd->cmd->name, value, err, hint)
               : NULL;
}

const char *edum_expression_text(request_rec *r, const ap_expr_info_t *expr,
                                 const char *otherwise)
{
    const char *err = NULL, *value = otherwise;

    if (expr) {
        value = ap_expr_str_exec(r, expr, &err);
    }
    if (err) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "EDU0001: the expression of line %u in %s failed: %s",
                      expr->line_number, expr->filename, err);
        return NULL;
    }
    return value && *value ? edu_utf8(value, r->pool) : NULL;
}

int edum_expression_holds(request_rec *r, const ap_expr_info_t *expr)
{
    const char *err = NULL;
    int rc = expr ? ap_expr_exec(r, expr, &err) : 0;

    if (err) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "EDU0008: the condition of line %u in %s failed: %s",
                      expr->line_number, expr->filename, err);
    }
    return rc > 0;
}
