/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The tables of routes.inc. */

#include "document.h"

#include <stddef.h>

/* clang-format off */
#define SET(id, name, type, table, depth, only, evolves)                      \
    [EDU_##id] = { EDU_##id, name, &edu__##type, EDU_##table, depth, only,    \
                   evolves },
const edu_set_t edu__sets[EDU_SETS] = {
#include "routes.inc"
};

#define NAV(set, name, at) { EDU_##set, name, EDU_RES_##at },
const edu_nav_t edu__navs[] = {
#include "routes.inc"
    { 0, NULL, EDU_RES_ROOT }
};

#define NAME(name) name, 0, NULL, 0, 0
#define LINK(name) name, 0, NULL, 0, 1
#define CALL(name) name, 0, NULL, 1, 0
#define KEY(member) NULL, offsetof(edu_path_t, member), #member, 0, 0
#define NODE(at, from, segment) { EDU_RES_##at, EDU_RES_##from, segment },
#define ALSO(at, from, segment) { EDU_RES_##at, EDU_RES_##from, segment },
const edu_node_t edu__nodes[] = {
#include "routes.inc"
    { EDU_RES_ROOT, EDU_RES_ROOT, NULL, 0, NULL, 0, 0 }
};

#define ALONE(at, type) { EDU_RES_##at, &edu__##type },
const edu_alone_t edu__alone[] = {
#include "routes.inc"
    { EDU_RES_ROOT, NULL }
};

#define EMPTY(at, name, type) { EDU_RES_##at, name, &edu__##type },
const edu_empty_t edu__empties[] = {
#include "routes.inc"
    { EDU_RES_ROOT, NULL, NULL }
};

#define VERB(at, method, set, options, answer, run)                           \
    { EDU_RES_##at, #method, edu__##set, EDU_OF_##options,                    \
      EDU_ANSWER_##answer },
const edu_route_t edu__routes[] = {
#include "routes.inc"
    { EDU_RES_ROOT, NULL, NULL, 0, 0 }
};

#define OPTION(name, of, kept) { #name, of },
#define REFUSED(name) { #name, 0 },
const edu_option_t edu__options[] = {
#include "routes.inc"
    { NULL, 0 }
};
/* clang-format on */

const edu_route_t *edu__route_of(edu_resource_e resource, const char *method)
{
    for (const edu_route_t *route = edu__routes; route->method; route++) {
        if (route->resource == resource && strcmp(route->method, method) == 0) {
            return route;
        }
    }
    return NULL;
}

const char *edu__call_of(edu_resource_e resource)
{
    const edu_node_t *node = edu__nodes;

    while (node->resource != EDU_RES_ROOT && node->resource != resource) {
        node++;
    }
    return node->bound ? node->name : NULL;
}
