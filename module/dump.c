/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* What the tool edu-outcomes has to know of the configuration: httpd -t -D
 * EDU_OUTCOMES_DUMP prints it, by lines that tool/config.c reads. */

#include "mod_edu.h"

#include <http_core.h>

#include <stdio.h>

static void print(const char *kind, const char *value)
{
    printf("edu-outcomes %s %s\n", kind, value);
}

/* The files of EduOutcomesReadOnly, in whatever section it stands. */
static void print_read_only(const ap_directive_t *at, apr_pool_t *p)
{
    for (; at; at = at->next) {
        const char *args = at->args;

        if (at->first_child) {
            print_read_only(at->first_child, p);
        }
        else if (strcasecmp(at->directive, "EduOutcomesReadOnly") == 0) {
            const char *value = ap_getword_conf(p, &args);

            if (strcasecmp(value, "on") != 0 && strcasecmp(value, "off") != 0) {
                print("read-only", ap_server_root_relative(p, value));
            }
        }
    }
}

void edum_dump_config(apr_pool_t *p, server_rec *s)
{
    if (!ap_exists_config_define("EDU_OUTCOMES_DUMP")) {
        return;
    }
    for (; s; s = s->next) {
        const server_config_t *conf = edum_server_config(s);

        if (conf->database) {
            print("database",
                  apr_pstrcat(p, conf->driver, ":", conf->params, NULL));
        }
    }
    print_read_only(ap_conftree, p);
}
