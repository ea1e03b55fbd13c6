/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Mount points as requests find them: with what all sections say of a path
 * below.  httpd merges sections for a request alone, so that one is made up. */

#include "mod_edu.h"

#include <ap_listen.h>
#include <http_core.h>
#include <http_request.h>

/* ----------------------------------------------------------------- sections */

/* A request for what every mount has. */
static request_rec *ask(const server_rec *s, const char *mount, apr_pool_t *p)
{
    request_rec *r = apr_pcalloc(p, sizeof(*r));
    conn_rec *c = apr_pcalloc(p, sizeof(*c));
    core_request_config *core = apr_pcalloc(p, sizeof(*core));

    core->notes = apr_pcalloc(p, AP_NUM_STD_NOTES * sizeof(*core->notes));
    c->pool = r->pool = p;
    c->base_server = r->server = (server_rec *)s;
    c->conn_config = ap_create_conn_config(p);
    c->notes = apr_table_make(p, 1);
    r->connection = c;
    r->method = "GET";
    r->uri = apr_pstrcat(p, mount, "/education", NULL);
    r->headers_in = apr_table_make(p, 1);
    r->headers_out = apr_table_make(p, 1);
    r->err_headers_out = apr_table_make(p, 1);
    r->subprocess_env = apr_table_make(p, 1);
    r->notes = apr_table_make(p, 1);
    r->request_config = ap_create_request_config(p);
    ap_set_core_module_config(r->request_config, core);
    r->per_dir_config = s->lookup_defaults;
    ap_location_walk(r);
    return r;
}

/* NULL: nothing authenticates. */
static const char *auth_type_of(request_rec *r)
{
    APR_OPTIONAL_FN_TYPE(authn_ap_auth_type) *ask =
        APR_RETRIEVE_OPTIONAL_FN(authn_ap_auth_type);
    const char *type = ask ? ask(r) : NULL;

    return type && strcasecmp(type, "none") != 0 ? type : NULL;
}

/* ---------------------------------------------------------------------- TLS */

/* The directives of a server. */
static const ap_directive_t *directives_of(const server_rec *s)
{
    const ap_directive_t *node = ap_conftree;

    if (!s->is_virtual) {
        return node;
    }
    while (node &&
           !(strcasecmp(node->directive, "<VirtualHost") == 0 && s->defn_name &&
             strcmp(node->filename, s->defn_name) == 0 &&
             node->line_num == (int)s->defn_line_number)) {
        node = node->next;
    }
    return node ? node->first_child : NULL;
}

/* @return NULL: the server says nothing of it */
static const char *find(const server_rec *s, const char *name)
{
    const ap_directive_t *node = directives_of(s);

    while (node && strcasecmp(node->directive, name) != 0) {
        node = node->next;
    }
    return node ? node->args : NULL;
}

/* Whether this Apache can be reached from other machines. */
static int is_local(void)
{
    const ap_listen_rec *listener = ap_listeners;
    char *ip;

    while (listener && !apr_sockaddr_ip_get(&ip, listener->bind_addr) &&
           (strncmp(ip, "127.", 4) == 0 || strcmp(ip, "::1") == 0)) {
        listener = listener->next;
    }
    return ap_listeners && !listener;
}

/* Whether what a server is told stays secret on its way: by TLS, also of a
 * proxy before it, or because it leaves no machine. */
static int is_secret(const server_rec *s, const server_rec *main)
{
    const char *engine = find(s, "SSLEngine");

    engine = engine ? engine : find(main, "SSLEngine");
    return (engine && strcasecmp(engine, "on") == 0) ||
           (s->server_scheme && strcasecmp(s->server_scheme, "https") == 0) ||
           is_local();
}

/* ------------------------------------------------------------------- mounts */

/* A virtual host has those of the main server, too. */
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

apr_array_header_t *edum_mounts_find(const server_rec *s,
                                     const server_rec *main, apr_pool_t *p)
{
    const apr_array_header_t *paths = edum_server_config(s)->mounts;
    apr_array_header_t *found =
        apr_array_make(p, paths->nelts, sizeof(mount_t));
    apr_pool_t *scratch; /* merged sections of all modules are large */

    apr_pool_create(&scratch, p);
    for (int i = 0; i < paths->nelts; i++) {
        const char *path = APR_ARRAY_IDX(paths, i, const char *);
        request_rec *r = is_again(paths, i) ? NULL : ask(s, path, scratch);

        if (r && edum_dir_config(r)->enabled == 1) {
            APR_ARRAY_PUSH(found, mount_t) =
                (mount_t){ .path = path,
                           .conf = apr_pmemdup(p, edum_dir_config(r),
                                               sizeof(dir_config_t)),
                           .auth = apr_pstrdup(p, auth_type_of(r)),
                           .secret = is_secret(s, main) };
        }
        apr_pool_clear(scratch);
    }
    apr_pool_destroy(scratch);
    return found;
}
