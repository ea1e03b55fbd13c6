/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Resource paths: what there is, as a table of steps. */

#include "edu_private.h"

#include <apr_escape.h>
#include <apr_general.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_uuid.h>

#include <stddef.h>

#define MAX_KEY 128 /* bytes of an id, decoded (decisions.md 3) */

#define NAMESPACE "microsoft.graph."

/* A step from one resource to the next: by name, or, where that is NULL, by a
 * key that is kept in the path. */
typedef struct node_t {
    edu_resource_e at, from;
    const char *name;
    apr_size_t key; /* offset in edu_path_t */
    int bound;      /* an action or a function: its namespace may be named */
} node_t;

/* clang-format off */
#define NAME(name) name, 0, 0
#define CALL(name) name, 0, 1
#define KEY(member) NULL, offsetof(edu_path_t, member), 0
static const node_t nodes[] = {
    { EDU_AT_BATCH,         EDU_AT_ROOT,        NAME("$batch") },
    { EDU_AT_EDUCATION,     EDU_AT_ROOT,        NAME("education") },

    { EDU_AT_CLASSES,       EDU_AT_EDUCATION,   NAME("classes") },
    { EDU_AT_CLASS,         EDU_AT_CLASSES,     KEY(class_id) },
    { EDU_AT_RECENT,        EDU_AT_CLASS,
                            CALL("getRecentlyModifiedSubmissions") },
    /* an alias stands behind the canonical name */
    { EDU_AT_RECENT,        EDU_AT_CLASS, /* as some of Graph's pages have it */
                            CALL("getrecentlymodifiedsubmissions") },

    { EDU_AT_MEMBERS,       EDU_AT_CLASS,       NAME("members") },
    { EDU_AT_MEMBERS_REF,   EDU_AT_MEMBERS,     NAME("$ref") },
    { EDU_AT_MEMBER,        EDU_AT_MEMBERS,     KEY(member_id) },
    { EDU_AT_MEMBER_REF,    EDU_AT_MEMBER,      NAME("$ref") },
    { EDU_AT_TEACHERS,      EDU_AT_CLASS,       NAME("teachers") },
    { EDU_AT_TEACHERS_REF,  EDU_AT_TEACHERS,    NAME("$ref") },
    { EDU_AT_TEACHER,       EDU_AT_TEACHERS,    KEY(member_id) },
    { EDU_AT_TEACHER_REF,   EDU_AT_TEACHER,     NAME("$ref") },

    { EDU_AT_ASSIGNMENTS,   EDU_AT_CLASS,       NAME("assignments") },
    { EDU_AT_ASSIGNMENT,    EDU_AT_ASSIGNMENTS, KEY(assignment_id) },
    { EDU_AT_PUBLISH,       EDU_AT_ASSIGNMENT,  CALL("publish") },
    { EDU_AT_FOLDER,        EDU_AT_ASSIGNMENT,  CALL("setUpResourcesFolder") },
    { EDU_AT_FEEDBACK_FOLDER, EDU_AT_ASSIGNMENT,
                            CALL("setUpFeedbackResourcesFolder") },

    { EDU_AT_SUBMISSIONS,   EDU_AT_ASSIGNMENT,  NAME("submissions") },
    { EDU_AT_SUBMISSIONS_COUNT, EDU_AT_SUBMISSIONS, NAME("$count") },
    { EDU_AT_SUBMISSION,    EDU_AT_SUBMISSIONS, KEY(submission_id) },
    { EDU_AT_SUBMIT,        EDU_AT_SUBMISSION,  CALL("submit") },
    { EDU_AT_UNSUBMIT,      EDU_AT_SUBMISSION,  CALL("unsubmit") },
    { EDU_AT_RETURN,        EDU_AT_SUBMISSION,  CALL("return") },
    { EDU_AT_REASSIGN,      EDU_AT_SUBMISSION,  CALL("reassign") },
    { EDU_AT_EXCUSE,        EDU_AT_SUBMISSION,  CALL("excuse") },

    { EDU_AT_OUTCOMES,      EDU_AT_SUBMISSION,  NAME("outcomes") },
    { EDU_AT_OUTCOMES_REF,  EDU_AT_OUTCOMES,    NAME("$ref") },
    { EDU_AT_OUTCOMES_COUNT, EDU_AT_OUTCOMES,   NAME("$count") },
    { EDU_AT_OUTCOME,       EDU_AT_OUTCOMES,    KEY(outcome_id) },

    { EDU_AT_ME,            EDU_AT_EDUCATION,   NAME("me") },
    { EDU_AT_USERS,         EDU_AT_EDUCATION,   NAME("users") },
    { EDU_AT_USER,          EDU_AT_USERS,       KEY(user_id) },
    { EDU_AT_OWN_CLASSES,   EDU_AT_ME,          NAME("classes") },
    { EDU_AT_OWN_CLASSES,   EDU_AT_USER,        NAME("classes") },
    { EDU_AT_OWN_ASSIGNMENTS, EDU_AT_ME,        NAME("assignments") },
    { EDU_AT_OWN_ASSIGNMENTS, EDU_AT_USER,      NAME("assignments") },
    { EDU_AT_ASSIGNMENT,    EDU_AT_OWN_ASSIGNMENTS, KEY(assignment_id) }
};
/* clang-format on */

/* The step from `from` by this name, or by any key if `name` is NULL. */
static const node_t *step(edu_resource_e from, const char *name)
{
    for (apr_size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
        if (nodes[i].from == from &&
            (name ? nodes[i].name && strcmp(nodes[i].name, name) == 0
                  : !nodes[i].name)) {
            return &nodes[i];
        }
    }
    return NULL;
}

/* The step by an action or a function: microsoft.graph.return is return, and a
 * function may have its parentheses. */
static const node_t *call(edu_resource_e from, const char *name, apr_pool_t *p)
{
    apr_size_t len = strlen(name);
    const node_t *node;

    if (strncmp(name, NAMESPACE, sizeof(NAMESPACE) - 1) == 0) {
        name += sizeof(NAMESPACE) - 1;
        len -= sizeof(NAMESPACE) - 1;
    }
    if (len > 2 && strcmp(name + len - 2, "()") == 0) {
        len -= 2;
    }
    node = step(from, apr_pstrmemdup(p, name, len));
    return node && node->bound ? node : NULL;
}

#define TICKS_PER_MS (EDU_TICKS_PER_SECOND / 1000)

static apr_status_t no_such_path(edu_error_t *err, apr_pool_t *p)
{
    return edu_error_set(err, EDU_ENOTFOUND, NULL, p,
                         "There is no resource at this path. Outcomes are at "
                         "/education/classes/{id}/assignments/{id}/submissions/"
                         "{id}/outcomes, spelled exactly so.");
}

int edu__is_guid(const char *s)
{
    for (int i = 0; i < 36; i++) {
        if (i == 8 || i == 13 || i == 18 || i == 23 ? s[i] != '-'
                                                    : !apr_isxdigit(s[i])) {
            return 0;
        }
    }
    return s[36] == '\0';
}

/* A version 7 of RFC 9562 5.7, with 12 bits for a fraction of the millisecond
 * (6.2, method 3).  apr_uuid_get asks the kernel seven times and takes a lock.
 */
const char *edu__new_guid(apr_pool_t *p)
{
    apr_uint64_t now = (apr_uint64_t)edu__time_now();
    apr_uint64_t ms = now / TICKS_PER_MS;
    unsigned fraction = (unsigned)(now % TICKS_PER_MS * 4096 / TICKS_PER_MS);
    apr_uuid_t uuid;
    char *text = apr_palloc(p, APR_UUID_FORMATTED_LENGTH + 1);

    apr_generate_random_bytes(uuid.data + 8, 8);
    for (int i = 0; i < 6; i++) {
        uuid.data[i] = (unsigned char)(ms >> (40 - 8 * i));
    }
    uuid.data[6] = (unsigned char)(0x70 | fraction >> 8);
    uuid.data[7] = (unsigned char)fraction;
    uuid.data[8] = (uuid.data[8] & 0x3f) | 0x80;
    apr_uuid_format(text, &uuid);
    return text;
}

char *edu__lower(const char *s, apr_pool_t *p)
{
    char *lower = apr_pstrdup(p, s);

    for (char *c = lower; *c; c++) {
        *c = apr_tolower(*c);
    }
    return lower;
}

/* No client could follow a Location with a slash or a dot segment in it. */
int edu__is_key(const char *s)
{
    apr_size_t len = strlen(s);

    return len > 0 && len <= MAX_KEY && strcmp(s, ".") != 0 &&
           strcmp(s, "..") != 0 && !strchr(s, '/') && edu__json_is_utf8(s);
}

/* A path that is being read. */
typedef struct walk_t {
    edu_path_t *path;
    const char *collection; /* what a key is a key of, for a refusal */
    char *end;              /* of path->canonical, which has room */
} walk_t;

static void append(walk_t *walk, const char *segment)
{
    apr_size_t len = strlen(segment);

    *walk->end++ = '/';
    memcpy(walk->end, segment, len + 1);
    walk->end += len;
}

static void take_name(walk_t *walk, const node_t *node)
{
    walk->path->at = node->at;
    walk->collection = node->name;
    while (node->bound && node[-1].at == node->at) {
        node--;
    }
    append(walk, node->name);
}

static apr_status_t take_key(walk_t *walk, char *key, edu_error_t *err,
                             apr_pool_t *p)
{
    edu_path_t *path = walk->path;
    const node_t *node = step(path->at, NULL);

    if (!node || *key == '$') {
        return no_such_path(err, p);
    }
    if (!edu__is_key(key)) {
        return edu_error_set(err, EDU_EBADREQUEST, walk->collection, p,
                             "An id in the path has to be 1 to %d bytes of "
                             "UTF-8, and neither . nor .. alone.",
                             MAX_KEY);
    }
    if (node->at == EDU_AT_OUTCOME && edu__is_guid(key)) {
        key = edu__lower(key, p);
    }
    path->at = node->at;
    *(const char **)((char *)path + node->key) = key;
    append(walk, key);
    return APR_SUCCESS;
}

/* 'key' as OData writes it in parentheses, a quote doubled.  @return NULL if
 * it is none */
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
    const node_t *node = step(walk->path->at, segment);
    char *open = strstr(segment, "('");

    if (!node && open) {
        *open = '\0';
        node = step(walk->path->at, segment);
        if (node && step(node->at, NULL)) {
            char *key = unquote(open + 1);

            take_name(walk, node);
            return key ? take_key(walk, key, err, p) : no_such_path(err, p);
        }
        *open = '(';
        node = NULL;
    }
    node = node ? node : call(walk->path->at, segment, p);
    if (!node) {
        return *segment ? take_key(walk, segment, err, p)
                        : no_such_path(err, p);
    }
    take_name(walk, node);
    return APR_SUCCESS;
}

/* A key as it stands between quotes in a URL. */
static const char *quoted(const char *key, apr_pool_t *p)
{
    const char *quote = strchr(key, '\'');

    if (!quote) {
        return apr_pescape_path_segment(p, key);
    }
    return apr_pstrcat(
        p, apr_pescape_path_segment(p, apr_pstrmemdup(p, key, quote - key)),
        "''", quoted(quote + 1, p), NULL);
}

apr_status_t edu__path_parse(edu_path_t *path, const char *s, edu_error_t *err,
                             apr_pool_t *p)
{
    walk_t walk = { .path = path };
    apr_status_t rv = APR_SUCCESS;
    char *rest, *next;

    memset(path, 0, sizeof(*path));
    if (*s != '/') {
        return no_such_path(err, p);
    }
    /* no spelling is shorter than the canonical one */
    path->canonical = walk.end = apr_pstrdup(p, s);
    for (rest = apr_pstrdup(p, s + 1); rest && !rv; rest = next) {
        next = strchr(rest, '/');
        if (next) {
            *next++ = '\0';
        }
        rv = take_segment(&walk, rest, err, p);
        if (path->at == EDU_AT_ME || path->at == EDU_AT_USER) {
            path->tail = walk.end;
        }
    }
    if (!rv && path->tail) {
        path->owner = path->user_id
                          ? apr_pstrcat(p, "users('", quoted(path->user_id, p),
                                        "')", NULL)
                          : "me";
    }
    return rv;
}

const char **edu__path_id(edu_path_t *path, edu_table_e table)
{
    const char **const ids[] = { [EDU_CLASS] = &path->class_id,
                                 [EDU_MEMBER] = &path->member_id,
                                 [EDU_ASSIGNMENT] = &path->assignment_id,
                                 [EDU_SUBMISSION] = &path->submission_id,
                                 [EDU_OUTCOME] = &path->outcome_id };

    return ids[table];
}

/* What stands above a collection in a URL: …/name/key, or …/name('key'). */
static const char *above(const edu_path_t *path, int depth, int in_quotes,
                         apr_pool_t *p)
{
    static const char *const names[] = { "classes", "assignments",
                                         "submissions" };
    const char *const keys[] = { path->class_id, path->assignment_id,
                                 path->submission_id };
    const char *url = "";

    for (int i = 0; i < depth; i++) {
        if (i == 0 && path->owner) {
            url = apr_pstrcat(p, path->owner, "/", NULL);
        }
        else if (in_quotes) {
            url = apr_pstrcat(p, url, names[i], "('", quoted(keys[i], p), "')/",
                              NULL);
        }
        else {
            url = apr_pstrcat(p, url, names[i], "/",
                              apr_pescape_path_segment(p, keys[i]), "/", NULL);
        }
    }
    return depth == 0 && path->owner ? apr_pstrcat(p, path->owner, "/", NULL)
                                     : url;
}

const char *edu__path_url(const edu_path_t *path, const edu_set_t *set,
                          const char *id, const char *base, apr_pool_t *p)
{
    return apr_pstrcat(p, base, "/education/", above(path, set->depth, 0, p),
                       set->name, id ? "/" : "",
                       id ? apr_pescape_path_segment(p, id) : "", NULL);
}

const char *edu__path_context(const edu_path_t *path, const edu_set_t *set,
                              const char *base, apr_pool_t *p)
{
    return apr_pstrcat(p, base, "/$metadata#education/",
                       above(path, set->depth, 1, p), set->name, NULL);
}
