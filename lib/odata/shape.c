/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The shape of an answer: $select and $expand. */

#include "apply.h"
#include "expr.h"
#include "shape.h"

#include <apr_lib.h>
#include <apr_strings.h>

char *edu__shape_part(const char **rest, char separator, apr_pool_t *p)
{
    const char *from = *rest + strspn(*rest, " "), *to = from;
    int depth = 0, quoted = 0;

    for (; *to && (quoted || depth > 0 || *to != separator); to++) {
        quoted ^= *to == '\'';
        depth += quoted ? 0 : (*to == '(') - (*to == ')');
    }
    *rest = *to ? to + 1 : NULL;
    while (to > from && to[-1] == ' ') {
        to--;
    }
    return apr_pstrmemdup(p, from, to - from);
}

apr_status_t edu__shape_bad_value(const edu_reader_t *reader,
                                  const char *option, const char *wants)
{
    return edu_error_set(reader->err, EDU_EBADREQUEST, option, reader->p,
                         "The query option %s has to be %s.", option, wants);
}

/* Counts one more name of a list; too many are refused. */
static apr_status_t spend(const edu_reader_t *reader, const char *option,
                          int *names)
{
    int most = reader->query->most_parts;

    ++*names;
    return !most || *names <= most
               ? APR_SUCCESS
               : edu_error_set(reader->err, EDU_EQUERY, option, reader->p,
                               "Invalid %s clause: " EDU_TOO_MANY_PARTS,
                               option + 1, most);
}

static const edu_nav_t *find_nav(const edu_query_t *query, const char *name)
{
    const edu_nav_t *nav = edu__navs;

    while (nav->name && (!query->set || nav->set != query->set->id ||
                         strcmp(nav->name, name) != 0)) {
        nav++;
    }
    return nav->name ? nav : NULL;
}

/* ------------------------------------------------------------------ $select */

/* A property of `type` or of a type derived from it, or NULL. */
static const edu_prop_t *find_prop(const edu_type_t *type, const char *name,
                                   edu_dialect_e dialect)
{
    for (int i = 0; edu__types[i]; i++) {
        const edu_prop_t *prop = edu__type_is(edu__types[i], type)
                                     ? edu__prop_find(edu__types[i], name)
                                     : NULL;

        if (prop &&
            (!(prop->flags & EDU_BETA) || dialect == EDU_DIALECT_BETA)) {
            return prop;
        }
    }
    return NULL;
}

static edu_pick_t *find_pick(const apr_array_header_t *picks, const char *name)
{
    for (int i = 0; i < picks->nelts; i++) {
        edu_pick_t *pick = &APR_ARRAY_IDX(picks, i, edu_pick_t);

        if (strcmp(pick->name, name) == 0) {
            return pick;
        }
    }
    return NULL;
}

/* Picks a member, as a whole or for some of its own. @return those */
static apr_array_header_t *add_pick(apr_array_header_t *picks, const char *name,
                                    int whole, apr_pool_t *p)
{
    edu_pick_t *pick = find_pick(picks, name);

    if (!pick) {
        pick = apr_array_push(picks);
        *pick =
            (edu_pick_t){ name,
                          whole ? NULL : apr_array_make(p, 2, sizeof(*pick)) };
    }
    else if (whole) {
        pick->below = NULL;
    }
    /* what is picked as a whole stays so */
    return pick->below ? pick->below : apr_array_make(p, 2, sizeof(*pick));
}

/* Reads a path such as points/points; each step may name its type first, as in
 * microsoft.graph.educationPointsOutcome/points. @return 0: it is none */
static int add_path(const edu_query_t *query, apr_array_header_t *picks,
                    char *path, apr_pool_t *p)
{
    const edu_type_t *type = query->type;
    char *state, *step, *next;

    for (step = apr_strtok(path, "/", &state); step; step = next) {
        const edu_prop_t *prop = find_prop(type, step, query->dialect);
        const edu_type_t *cast = prop ? NULL : edu__type_find(step);

        next = apr_strtok(NULL, "/", &state);
        if (cast && next && strchr(step, '.') && edu__type_is(cast, type)) {
            type = cast;
            continue;
        }
        if (!prop || (next && prop->kind != EDU_COMPLEX)) {
            return 0;
        }
        picks = add_pick(picks, step, !next, p);
        type = prop->type;
    }
    return 1;
}

apr_status_t edu__shape_select(edu_reader_t *reader, const char *value)
{
    edu_query_t *query = reader->query;
    apr_array_header_t *picks =
        apr_array_make(reader->p, 4, sizeof(edu_pick_t));
    const char *rest = value;
    int names = 0, all = 0;

    while (rest) {
        char *item = edu__shape_part(&rest, ',', reader->p);

        if (!*item) {
            continue;
        }
        if (spend(reader, "$select", &names)) {
            return EDU_EQUERY;
        }
        if (strcmp(item, "*") == 0) {
            all = 1;
        }
        else if (find_nav(query, item)) {
            add_pick(picks, item, 1, reader->p);
        }
        else if (!add_path(query, picks, apr_pstrdup(reader->p, item),
                           reader->p)) {
            return edu_error_set(reader->err, EDU_EQUERY, "$select", reader->p,
                                 "Invalid select clause: %s has no property "
                                 "'%s'.%s",
                                 query->type->name, item,
                                 edu__property_hint(query->type, item,
                                                    query->dialect, reader->p));
        }
    }
    if (!names) {
        return edu__shape_bad_value(reader, "$select", "a list of properties");
    }
    query->select = all ? NULL : picks;
    return APR_SUCCESS;
}

/* ------------------------------------------------------------------ $expand */

static edu_expand_t *find_expand(const apr_array_header_t *expands,
                                 const edu_nav_t *nav)
{
    for (int i = 0; i < expands->nelts; i++) {
        edu_expand_t *expand = &APR_ARRAY_IDX(expands, i, edu_expand_t);

        if (expand->nav == nav) {
            return expand;
        }
    }
    return NULL;
}

static edu_expand_t expand_of(const edu_query_t *query, const edu_nav_t *nav)
{
    const edu_route_t *route = edu__route_of(nav->at, "GET");
    const edu_set_t *set = route ? route->set : NULL;

    return (edu_expand_t){
        .nav = nav,
        .route = route,
        .set = set,
        .query = {.type = set ? set->type : NULL,
                  .set = set,
                  .dialect = query->dialect,
                  .unknowns = query->unknowns,
                  .aliases = query->aliases,
                  .most_parts = query->most_parts,
                  .steps = query->steps}
    };
}

/* What can be expanded by a name like that. */
static const char *near_nav(const edu_reader_t *reader, const char *name)
{
    const edu_set_t *set = reader->query->set;
    edu_near_t near = { .to = name };

    for (const edu_nav_t *nav = edu__navs; set && nav->name; nav++) {
        if (nav->set == set->id) {
            edu__near_try(&near, nav->name);
        }
    }
    return edu__near_hint(&near, reader->p);
}

/* Graph's words for a property that cannot be expanded (contract.md 5). */
static apr_status_t refuse_name(const edu_reader_t *reader, const char *item)
{
    return edu_error_set(reader->err, EDU_EEXPAND, "$expand", reader->p,
                         "Expand is not allowed for property '%s' according to "
                         "the entity schema.%s",
                         item, near_nav(reader, item));
}

static apr_status_t refuse_form(const edu_reader_t *reader, const char *item,
                                const char *why)
{
    return edu_error_set(reader->err, EDU_EBADREQUEST, "$expand", reader->p,
                         "$expand cannot be read at '%s': %s", item, why);
}

/* What follows the name of an expansion: /$count or /$ref, or NULL. */
static apr_status_t read_suffix(const edu_reader_t *reader,
                                edu_expand_t *expand, const char *suffix)
{
    if (suffix && strcmp(suffix, "/$count") == 0) {
        expand->shows = EDU_SHOWS_COUNT;
    }
    else if (suffix && strcmp(suffix, "/$ref") == 0) {
        expand->shows = EDU_SHOWS_REFS;
    }
    else if (suffix) {
        return edu_error_set(reader->err,
                             strchr(suffix, '.') ? EDU_ENOTIMPL : EDU_EQUERY,
                             "$expand", reader->p,
                             "$expand takes a navigation property, alone or "
                             "with /$count or /$ref, and not '%s%s'. To choose "
                             "by type, use $filter=isof(…) in parentheses.",
                             expand->nav->name, suffix);
    }
    return APR_SUCCESS;
}

/* The options that a form of expansion has no use for. */
static const char *idle(const edu_expand_t *expand)
{
    const edu_query_t *q = &expand->query;

    return expand->shows == EDU_SHOWS_ROWS     ? NULL
           : q->select                         ? "$select"
           : q->expands                        ? "$expand"
           : expand->shows == EDU_SHOWS_REFS   ? NULL
           : q->top < EDU_MAX_TOP              ? "$top"
           : q->orderby || q->skip || q->count ? "$orderby, $skip or $count"
                                               : NULL;
}

static apr_status_t read_options(const edu_reader_t *reader,
                                 edu_expand_t *expand, const char *text)
{
    edu_query_t *query = reader->query;
    apr_status_t rv;

    if (text && !expand->set) {
        return edu_error_set(reader->err, EDU_ENOTIMPL, "$expand", reader->p,
                             "The expansion of %s takes no options.",
                             expand->nav->name);
    }
    rv = reader->within(&expand->query, text ? text : "", reader->err,
                        reader->p);
    if (rv) {
        reader->err->target = "$expand";
        if (text && strstr(text, ",$")) {
            reader->err->message =
                apr_pstrcat(reader->p, reader->err->message,
                            " Within $expand, write ; between options.", NULL);
        }
        return rv;
    }
    if (expand->query.uses) {
        query->uses |= expand->query.uses;
        query->used = "$expand";
    }
    return !idle(expand) ? APR_SUCCESS
                         : refuse_form(reader, expand->nav->name,
                                       apr_psprintf(reader->p,
                                                    "this form of it has no "
                                                    "use for %s.",
                                                    idle(expand)));
}

/* One expansion: a name, /$count or /$ref, options in parentheses. */
static apr_status_t read_one(const edu_reader_t *reader,
                             apr_array_header_t *expands, char *item)
{
    apr_size_t len = strcspn(item, "/( ");
    char *open = strchr(item, '('), *close = item + strlen(item) - 1, *state;
    const char *name = apr_pstrmemdup(reader->p, item, len);
    const edu_nav_t *nav = find_nav(reader->query, name);
    edu_expand_t expand;
    apr_status_t rv;

    if (!nav) {
        return refuse_name(reader, name);
    }
    if (open && *close != ')') {
        return refuse_form(reader, item, "a parenthesis is not closed.");
    }
    if (open) {
        *open++ = '\0';
        *close = '\0';
    }
    expand = expand_of(reader->query, nav);
    item += len;
    rv = read_suffix(reader, &expand, apr_strtok(item, " ", &state));
    rv = rv ? rv : read_options(reader, &expand, open);
    if (rv) {
        return rv;
    }
    if (!find_expand(expands, nav)) {
        APR_ARRAY_PUSH(expands, edu_expand_t) = expand;
    }
    else if (open || *item) {
        return refuse_form(reader, name, "it is expanded twice.");
    }
    return APR_SUCCESS;
}

/* All that is not expanded by its name. */
static apr_status_t read_all(const edu_reader_t *reader,
                             apr_array_header_t *expands)
{
    apr_status_t rv = APR_SUCCESS;

    for (const edu_nav_t *nav = edu__navs; !rv && nav->name; nav++) {
        if (nav->set == reader->query->set->id && !find_expand(expands, nav)) {
            rv = read_one(reader, expands, apr_pstrdup(reader->p, nav->name));
        }
    }
    return rv;
}

static int has_navs(const edu_query_t *query)
{
    const edu_nav_t *nav = edu__navs;

    while (nav->name && (!query->set || nav->set != query->set->id)) {
        nav++;
    }
    return nav->name != NULL;
}

apr_status_t edu__shape_expand(edu_reader_t *reader, const char *value)
{
    apr_array_header_t *expands =
        apr_array_make(reader->p, 2, sizeof(edu_expand_t));
    const char *rest = value;
    int names = 0, all = 0;
    apr_status_t rv = APR_SUCCESS;

    while (!rv && rest) {
        char *item = edu__shape_part(&rest, ',', reader->p);

        if (!*item) {
            continue;
        }
        if (spend(reader, "$expand", &names)) {
            return EDU_EQUERY;
        }
        if (strcmp(item, "*") == 0 && has_navs(reader->query)) {
            all = 1;
        }
        else {
            rv = read_one(reader, expands, item);
        }
    }
    if (!rv && !names) {
        return edu__shape_bad_value(reader, "$expand",
                                    "a list of navigation properties");
    }
    rv = !rv && all ? read_all(reader, expands) : rv;
    reader->query->expands = expands;
    return rv;
}

const edu_expand_t *edu__query_expands(const edu_query_t *query,
                                       edu_resource_e at)
{
    for (int i = 0; query->expands && i < query->expands->nelts; i++) {
        const edu_expand_t *expand =
            &APR_ARRAY_IDX(query->expands, i, edu_expand_t);

        if (expand->nav->at == at) {
            return expand;
        }
    }
    return NULL;
}

/* ---------------------------------------------------------------- the shape */

static int is_expanded(const edu_query_t *query, const char *name)
{
    const edu_nav_t *nav = find_nav(query, name);

    return nav && query->expands && find_expand(query->expands, nav);
}

/* The paths of what is picked: points/points. */
static void list_picks(apr_array_header_t *names, const edu_query_t *query,
                       const apr_array_header_t *picks, const char *above,
                       apr_pool_t *p)
{
    for (int i = 0; picks && i < picks->nelts; i++) {
        const edu_pick_t *pick = &APR_ARRAY_IDX(picks, i, edu_pick_t);
        const char *path = apr_pstrcat(p, above, pick->name, NULL);

        if (pick->below) {
            list_picks(names, query, pick->below,
                       apr_pstrcat(p, path, "/", NULL), p);
        }
        else if (*above || !is_expanded(query, pick->name)) {
            APR_ARRAY_PUSH(names, const char *) = path;
        }
    }
}

const char *edu__query_shape(const edu_query_t *query, apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, 4, sizeof(const char *));

    if (query->apply) {
        return query->apply->shape;
    }
    list_picks(names, query, query->select, "", p);
    for (int i = 0; query->expands && i < query->expands->nelts; i++) {
        const edu_expand_t *expand =
            &APR_ARRAY_IDX(query->expands, i, edu_expand_t);
        const char *below = edu__query_shape(&expand->query, p);

        if (expand->shows != EDU_SHOWS_COUNT) {
            APR_ARRAY_PUSH(names, const char *) =
                apr_pstrcat(p, expand->nav->name, *below ? below : "()", NULL);
        }
    }
    return names->nelts ? apr_pstrcat(p, "(", apr_array_pstrcat(p, names, ','),
                                      ")", NULL)
                        : "";
}
