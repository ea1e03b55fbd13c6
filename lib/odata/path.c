/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Resource paths are read step by step. */

#include "odata.h"

#include <apr_escape.h>
#include <apr_strings.h>
#define APR_WANT_IOVEC
#include <apr_want.h>

/* Where each of edu__nodes leads from: a path takes twenty searches, which are
 * quick in bytes side by side. */
#define NODE(at, from, segment) EDU_RES_##from,
#define ALSO(at, from, segment) EDU_RES_##from,
static const unsigned char froms[] = {
#include "routes.inc"
};

/* Finds the step from `from` by this name, or by a key if `name` is NULL. */
static const edu_node_t *step(edu_resource_e from, const char *name)
{
    const unsigned char *at = froms, *end = froms + sizeof(froms);

    while ((at = memchr(at, from, end - at))) {
        const edu_node_t *node = &edu__nodes[at++ - froms];

        if (name ? node->name && strcmp(node->name, name) == 0 : !node->name) {
            return node;
        }
    }
    return NULL;
}

static int is_qualified(const char *name)
{
    return strncmp(name, EDU_NAMESPACE, sizeof(EDU_NAMESPACE) - 1) == 0;
}

/* Clients of Graph mean its function by that; the id has to be written in
 * parentheses: classes('delta'). */
static int is_delta(const char *segment)
{
    segment += is_qualified(segment) ? sizeof(EDU_NAMESPACE) - 1 : 0;
    return strcmp(segment, "delta") == 0 || strcmp(segment, "delta()") == 0;
}

/* Finds the step by an action or a function with a namespace or parentheses, or
 * both: microsoft.graph.return is return. */
static const edu_node_t *call(edu_resource_e from, const char *segment,
                              apr_pool_t *p)
{
    const char *name =
        segment + (is_qualified(segment) ? sizeof(EDU_NAMESPACE) - 1 : 0);
    apr_size_t len = strlen(name);
    const edu_node_t *node;

    if (len > 2 && strcmp(name + len - 2, "()") == 0) {
        len -= 2;
    }
    else if (name == segment) {
        return NULL;
    }
    node = step(from, apr_pstrmemdup(p, name, len));
    return node && node->bound ? node : NULL;
}

/* A path that is being read. */
typedef struct walk_t {
    edu_path_t *path;
    const char *collection; /* of the keys, for a refusal */
    char *end;              /* of path->canonical */
    char *whole_end;        /* of path->whole; NULL: there is none yet */
    const edu_type_t *type; /* of the values that the path has led to */
    int ended;              /* no segment may follow */
    apr_pool_t *p;
} walk_t;

const char *edu__path_steps(edu_resource_e resource, apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, 4, sizeof(const char *));

    for (const edu_node_t *node = edu__nodes; node->resource != EDU_RES_ROOT;
         node++) {
        int again = node > edu__nodes && node[-1].from == node->from &&
                    node[-1].resource == node->resource; /* a spelling */

        if (node->from == resource && !again) {
            APR_ARRAY_PUSH(names, const char *) =
                apr_pstrcat(p, " /", node->name ? node->name : "{id}", NULL);
        }
    }
    return apr_array_pstrcat(p, names, ',');
}

/* Tells how a key is written, of a segment that has one in parentheses, but in
 * another way.
 * @return NULL: it has none */
static const char *key_hint(edu_resource_e from, const char *segment,
                            apr_pool_t *p)
{
    const char *open = strchr(segment, '(');
    const char *name =
        open ? apr_pstrmemdup(p, segment, open - segment) : segment;
    const edu_node_t *node = open ? step(from, name) : NULL;

    return node && step(node->resource, NULL)
               ? apr_psprintf(p, " Write a key as %s('id') or %s/id.", name,
                              name)
               : NULL;
}

/* What may have been meant by a segment that leads nowhere, or what may follow
 * instead.
 * @return NULL: nothing was there before it */
static const char *hint_of(const walk_t *walk, const char *segment)
{
    const edu_resource_e from = walk->path->resource;
    edu_near_t near = { .to = segment };
    const char *hint, *steps;

    if (walk->path->legs) {
        return " Nothing follows here.";
    }
    hint = key_hint(from, segment, walk->p);
    if (hint) {
        return hint;
    }
    for (const edu_node_t *node = edu__nodes; node->resource != EDU_RES_ROOT;
         node++) {
        if (node->from == from && node->name) {
            edu__near_try(&near, node->name);
        }
    }
    if (near.name || from == EDU_RES_ROOT) {
        return near.name ? edu__near_hint(&near, walk->p) : NULL;
    }
    steps = walk->ended ? "" : edu__path_steps(from, walk->p);
    return *steps ? apr_pstrcat(walk->p, " Go on with", steps, ".", NULL)
                  : " Nothing follows here.";
}

/* Refuses a segment that leads nowhere. */
static apr_status_t no_such_path(const walk_t *walk, const char *segment,
                                 edu_error_t *err)
{
    const char *hint;

    if (!*segment) {
        return edu_error_set(err, EDU_ENOTFOUND, NULL, walk->p,
                             "The path has a / too many. Leave it out.");
    }
    if (walk->path->resource == EDU_RES_ROOT &&
        step(EDU_RES_EDUCATION, segment)) {
        return edu_error_set(err, EDU_ENOTFOUND, NULL, walk->p,
                             "There is no resource '%s' at this path. It is "
                             "at /education/%s.",
                             segment, segment);
    }
    hint = hint_of(walk, segment);
    return hint ? edu_error_set(err, EDU_ENOTFOUND, NULL, walk->p,
                                "There is no resource '%s' at this path.%s",
                                segment, hint)
                : edu_error_set(err, EDU_ENOTFOUND, NULL, walk->p,
                                "There is no resource at this path. Outcomes "
                                "are at /education/classes/{id}/assignments/"
                                "{id}/submissions/{id}/outcomes; names are "
                                "case-sensitive.");
}

static char *put(char *end, const char *segment)
{
    apr_size_t len = strlen(segment);

    *end++ = '/';
    memcpy(end, segment, len + 1);
    return end + len;
}

static void append(walk_t *walk, const char *segment)
{
    walk->end = put(walk->end, segment);
    if (walk->whole_end) {
        walk->whole_end = put(walk->whole_end, segment);
    }
}

/* Appends what names no resource of its own. */
static void append_part(walk_t *walk, const char *segment)
{
    edu_path_t *path = walk->path;

    if (!path->whole) {
        apr_size_t len = strlen(path->canonical);
        /* a key may follow */
        char *whole =
            apr_palloc(walk->p, len + EDU_KEY_MAX + sizeof("/$count"));

        memcpy(whole, path->canonical, len + 1);
        path->whole = whole;
        walk->whole_end = whole + len;
    }
    walk->end = put(walk->end, segment);
}

static void take_name(walk_t *walk, const edu_node_t *node)
{
    walk->path->resource = node->resource;
    walk->collection = node->name;
    while (node->bound && node[-1].resource == node->resource) {
        node--;
    }
    append(walk, node->name);
}

static apr_status_t take_key(walk_t *walk, char *key, edu_error_t *err,
                             apr_pool_t *p)
{
    edu_path_t *path = walk->path;
    const edu_node_t *node = step(path->resource, NULL);

    if (!node || *key == '$') {
        return no_such_path(walk, key, err);
    }
    if (!edu__is_key(key)) {
        return edu_error_set(err, EDU_EBADREQUEST, walk->collection, p,
                             "An id in the path has to be 1 to %d bytes of "
                             "UTF-8, and neither . nor .. alone.",
                             EDU_KEY_MAX);
    }
    if (node->resource == EDU_RES_OUTCOME && edu__is_guid(key)) {
        key = edu__lower(key, p);
    }
    path->resource = node->resource;
    *(const char **)((char *)path + node->key) = key;
    append(walk, key);
    return APR_SUCCESS;
}

/* ------------------------------------------------------------------- parts */

/* The type that a segment names, of which a value of the declared one may be;
 * or NULL. */
static const edu_type_t *cast_to(const edu_type_t *declared,
                                 const char *segment)
{
    const edu_type_t *type =
        is_qualified(segment) ? edu__type_find(segment) : NULL;

    return declared && edu__type_is(type, declared) ? type : NULL;
}

/* Finds a property of a type or of one derived from it. */
static int find_leg(edu_leg_t *leg, const edu_type_t *type, const char *name)
{
    *leg = (edu_leg_t){ .prop = edu__prop_find(type, name) };
    for (int i = 0; !leg->prop && edu__types[i]; i++) {
        if (edu__type_is(edu__types[i], type)) {
            leg->prop = edu__prop_find(edu__types[i], name);
            leg->of = edu__types[i];
        }
    }
    return leg->prop != NULL;
}

static edu_leg_t *last_leg(const edu_path_t *path)
{
    return path->legs
               ? &APR_ARRAY_IDX(path->legs, path->legs->nelts - 1, edu_leg_t)
               : NULL;
}

static int is_many(const edu_leg_t *leg)
{
    return leg && (leg->prop->flags & EDU_COLLECTION);
}

/* $value or $count behind a property. */
static int take_end(walk_t *walk, const char *segment)
{
    const edu_leg_t *leg = last_leg(walk->path);

    if (leg && !is_many(leg) && !walk->type && strcmp(segment, "$value") == 0) {
        walk->path->part = EDU_PART_RAW;
    }
    else if (is_many(leg) && strcmp(segment, "$count") == 0) {
        walk->path->part = EDU_PART_COUNT;
    }
    else {
        return 0;
    }
    walk->ended = 1;
    return 1;
}

/* One segment of a path into an entity, or into a collection of them: a type, a
 * property, what is read of it.
 * @return 0: it is none */
static int take_part(walk_t *walk, const char *segment)
{
    edu_path_t *path = walk->path;
    const edu_route_t *route = edu__route_of(path->resource, "GET");
    edu_leg_t *last = last_leg(path), leg;
    const edu_type_t *type;

    if (walk->ended || !route || !route->set ||
        !(route->options & (EDU_OF_COLLECTION | EDU_OF_ENTITY))) {
        return 0;
    }
    if (strcmp(segment, "$query") == 0 && !last) {
        path->query = walk->ended = 1;
        append_part(walk, segment);
        return 1;
    }
    if (!last && !path->cast) {
        walk->type = route->set->type;
    }
    type = is_many(last) ? NULL : cast_to(walk->type, segment);
    if (type && !(last ? last->cast : path->cast)) {
        *(last ? &last->cast : &path->cast) = walk->type = type;
    }
    else if ((last || route->options == EDU_OF_ENTITY) && walk->type &&
             !is_many(last) && find_leg(&leg, walk->type, segment)) {
        path->legs =
            path->legs ? path->legs : apr_array_make(walk->p, 2, sizeof(leg));
        APR_ARRAY_PUSH(path->legs, edu_leg_t) = leg;
        walk->type = leg.prop->kind == EDU_COMPLEX ? leg.prop->type : NULL;
    }
    else if (!take_end(walk, segment)) {
        return 0;
    }
    append_part(walk, segment);
    return 1;
}

/* -------------------------------------------------------------- resources */

/* Reads 'key' as OData writes it in parentheses, a quote doubled.
 * @return NULL: it is malformed */
static char *unquote(char *s)
{
    char *to = s, *from = s;

    if (*from++ != '\'') {
        return NULL;
    }
    for (;; from++) {
        if (*from == '\'' && *++from != '\'') {
            break;
        }
        if (*from == '\0') {
            return NULL;
        }
        *to++ = *from;
    }
    *to = '\0';
    return strcmp(from, ")") == 0 ? s : NULL;
}

/* One segment: a name, name('key'), or a key. */
static apr_status_t take_segment(walk_t *walk, char *segment, edu_error_t *err,
                                 apr_pool_t *p)
{
    const edu_node_t *node = step(walk->path->resource, segment);
    char *open = strstr(segment, "('");

    if (walk->path->legs || walk->ended) {
        return take_part(walk, segment) ? APR_SUCCESS
                                        : no_such_path(walk, segment, err);
    }
    if (!node && open) {
        *open = '\0';
        node = step(walk->path->resource, segment);
        if (node && step(node->resource, NULL)) {
            const char *sent = apr_pstrcat(p, segment, "(", open + 1, NULL);
            char *key = unquote(open + 1);

            if (!key) {
                return no_such_path(walk, sent, err);
            }
            take_name(walk, node);
            return take_key(walk, key, err, p);
        }
        *open = '(';
        node = NULL;
    }
    node = node ? node : call(walk->path->resource, segment, p);
    /* most are keys */
    if (!node &&
        (*segment == '$' || is_qualified(segment) ||
         !step(walk->path->resource, NULL)) &&
        take_part(walk, segment)) {
        return APR_SUCCESS;
    }
    /* of entities of a type there are keys and counts, but no other ways */
    if (node && walk->path->cast && strcmp(segment, "$count") != 0) {
        return no_such_path(walk, segment, err);
    }
    if (!node) {
        return is_delta(segment) && step(walk->path->resource, NULL)
                   ? edu_error_set(err, EDU_ENOTIMPL, NULL, p,
                                   "There is no delta query of the %s at this "
                                   "path. There are those of the assignments "
                                   "and outcomes of a class.",
                                   walk->collection)
               : *segment ? take_key(walk, segment, err, p)
                          : no_such_path(walk, segment, err);
    }
    take_name(walk, node);
    return APR_SUCCESS;
}

const char *edu__path_key(const char *key, apr_pool_t *p)
{
    const char *quote = strchr(key, '\'');

    if (!quote) {
        return apr_pescape_path_segment(p, key);
    }
    return apr_pstrcat(
        p, apr_pescape_path_segment(p, apr_pstrmemdup(p, key, quote - key)),
        "''", edu__path_key(quote + 1, p), NULL);
}

apr_status_t edu__path_parse(edu_path_t *path, const char *s, edu_error_t *err,
                             apr_pool_t *p)
{
    walk_t walk = { .path = path, .p = p };
    apr_status_t rv = APR_SUCCESS;
    char *rest, *next;

    memset(path, 0, sizeof(*path));
    if (strcmp(s, "/") == 0 || *s == '\0') {
        path->canonical = "/";
        return APR_SUCCESS;
    }
    if (*s != '/') {
        return no_such_path(&walk, s, err);
    }
    /* no spelling is shorter than the canonical one */
    path->canonical = walk.end = apr_pstrdup(p, s);
    for (rest = apr_pstrdup(p, s + 1); rest && !rv; rest = next) {
        next = strchr(rest, '/');
        if (next) {
            *next++ = '\0';
        }
        rv = take_segment(&walk, rest, err, p);
        if (path->resource == EDU_RES_ME || path->resource == EDU_RES_USER) {
            path->rest = walk.end;
        }
    }
    if (!rv && path->rest) {
        path->user_root =
            path->user_id
                ? apr_pstrcat(p, "users('", edu__path_key(path->user_id, p),
                              "')", NULL)
                : "me";
    }
    return rv;
}

const char *edu_class_of(const char *path, apr_pool_t *p)
{
    edu_path_t parsed;
    edu_error_t err;

    return edu__path_parse(&parsed, path, &err, p) ? NULL : parsed.key.class_id;
}

/* The most parts of a URL: a collection has four for each key above it. */
#define PARTS 24

static struct iovec *add(struct iovec *end, const char *text)
{
    end->iov_base = (void *)text;
    end->iov_len = strlen(text);
    return end + 1;
}

/* Adds what a URL has before a collection: …/name/key, or …/name('key'). */
static struct iovec *add_above(struct iovec *end, const edu_path_t *path,
                               int depth, int in_quotes, apr_pool_t *p)
{
    static const edu_set_t *const sets[] = { edu__classes, edu__assignments,
                                             edu__submissions, edu__outcomes };
    const char *const keys[] = { path->key.class_id, path->key.assignment_id,
                                 path->key.submission_id,
                                 path->key.outcome_id };

    if (path->user_root) { /* in place of the class */
        end = add(add(end, path->user_root), "/");
    }
    for (int i = path->user_root != NULL; i < depth; i++) {
        end = add(add(end, sets[i]->name), in_quotes ? "('" : "/");
        end = add(end, in_quotes ? edu__path_key(keys[i], p)
                                 : apr_pescape_path_segment(p, keys[i]));
        end = add(end, in_quotes ? "')/" : "/");
    }
    return end;
}

const char *edu__path_url(const edu_path_t *path, const edu_set_t *set,
                          const char *id, const char *base, apr_pool_t *p)
{
    struct iovec parts[PARTS], *end = add(add(parts, base), "/education/");

    end = add(add_above(end, path, set->depth, 0, p), set->name);
    if (id) {
        end = add(add(end, "/"), apr_pescape_path_segment(p, id));
    }
    return apr_pstrcatv(p, parts, end - parts, NULL);
}

const char *edu__path_user(const char *id, const char *base, apr_pool_t *p)
{
    return apr_pstrcat(p, base, "/education/users/",
                       apr_pescape_path_segment(p, id), NULL);
}

const char *edu__path_context(const edu_path_t *path, const edu_set_t *set,
                              const char *base, apr_pool_t *p)
{
    struct iovec parts[PARTS],
        *end = add(add(parts, base), "/$metadata#education/");

    end = add(add_above(end, path, set->depth, 1, p), set->name);
    return apr_pstrcatv(p, parts, end - parts, NULL);
}

static const char *segment_of(const edu_type_t *type, apr_pool_t *p)
{
    return type ? apr_pstrcat(p, "/" EDU_NAMESPACE, type->name, NULL) : "";
}

const char *edu__path_cast(const edu_path_t *path, apr_pool_t *p)
{
    return segment_of(path->cast, p);
}

const char *edu__path_part_context(const edu_path_t *path, const char *context,
                                   const char *id, apr_pool_t *p)
{
    const char *url = apr_pstrcat(p, context, "('", edu__path_key(id, p), "')",
                                  segment_of(path->cast, p), NULL);

    for (int i = 0; i < path->legs->nelts; i++) {
        const edu_leg_t *leg = &APR_ARRAY_IDX(path->legs, i, edu_leg_t);

        url = apr_pstrcat(p, url, segment_of(leg->of, p), "/", leg->prop->name,
                          segment_of(leg->cast, p), NULL);
    }
    return url;
}

const char *edu__type_context(const edu_type_t *type, int collection,
                              const char *base, apr_pool_t *p)
{
    return apr_pstrcat(p, base, "/$metadata#", collection ? "Collection(" : "",
                       EDU_NAMESPACE, type->name, collection ? ")" : "", NULL);
}
