/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The caller's rights, beyond the access rules of the server: facts about the
 * caller, and the table of what each of them allows.  The role in a class comes
 * with the rows that the verb reads; a request that is refused for its content
 * before that is asked for its rights alone. */

#include "grading.h"

/** The callers of a method, a row of access.inc. */
typedef struct edu_allow_t {
    edu_resource_e resource;
    const char *method;   /**< NULL ends the table */
    unsigned callers;     /**< EDU_IS_*, of which one suffices */
    unsigned delegated;   /**< EDU_SCOPE_* that a user's token needs */
    unsigned application; /**< an application's; 0: none allows it */
} edu_allow_t;

/* The bits of access.inc. */
enum {
    ANYONE = EDU_IS_ANYONE,
    SELF = EDU_IS_SELF,
    RECIPIENT = EDU_IS_RECIPIENT,
    STUDENT = EDU_IS_STUDENT,
    TEACHER = EDU_IS_TEACHER,
    ADMIN = EDU_IS_ADMIN,
    APP = EDU_IS_APP,
    RULES = EDU_IS_RULES,
    STAFF = EDU_IS_STAFF
};

#define EDU_SCOPE_NONE 0

/* clang-format off */
#define ALLOW(at, method, callers, delegated, application)                     \
    { EDU_RES_##at, #method, callers, EDU_SCOPE_##delegated,                   \
      EDU_SCOPE_##application },
static const edu_allow_t allows[] = {
#include "access.inc"
    { EDU_RES_ROOT, NULL, 0, 0, 0 }
};
/* clang-format on */

/* NULL: it is allowed to nobody. */
static const edu_allow_t *allow_of(const edu_route_t *route)
{
    for (const edu_allow_t *allow = allows; allow->method; allow++) {
        if (allow->resource == route->resource &&
            strcmp(allow->method, route->method) == 0) {
            return allow;
        }
    }
    return NULL;
}

/* ---------------------------------------------------------------- refusals */

/* A caller without a role in a class is told the same of all in it. */
static apr_status_t refuse_stranger(edu_exchange_t *x)
{
    if (x->path.resource == EDU_RES_CLASSES ||
        x->path.resource == EDU_RES_CLASSES_COUNT) {
        return edu_error_set(x->err, EDU_EFORBIDDEN, NULL, x->p,
                             "Only administrators (EduOutcomesAdmin) may list "
                             "all classes. Your own are at "
                             "/education/me/classes.");
    }
    return edu_error_set(x->err, EDU_EFORBIDDEN, NULL, x->p,
                         "Only members of the class whose role allows it, and "
                         "administrators (EduOutcomesAdmin), may do this.");
}

static apr_status_t refuse_student(edu_exchange_t *x)
{
    return edu_error_set(x->err, EDU_EFORBIDDEN, NULL, x->p,
                         "Only a teacher of the class and administrators "
                         "(EduOutcomesAdmin) may do this.");
}

/* Things of others are not there for a student, whether they exist or not. */
static apr_status_t hide(edu_exchange_t *x)
{
    return edu__no_entity(x, x->path.key.submission_id ? edu__submissions
                                                       : edu__assignments);
}

/* ------------------------------------------------------------------- facts */

/* The facts about the caller that are known before anything is read. */
static unsigned facts_of(const edu_exchange_t *x)
{
    const edu_caller_t *caller = x->req->caller;
    const char *owner = x->path.user_id;

    return ANYONE | (caller->admin ? ADMIN : 0) |
           (caller->teacher ? TEACHER : 0) | (caller->app ? APP : 0) |
           (x->req->mount->rules_alone ? RULES : 0) |
           (owner && caller->user_id && strcmp(owner, caller->user_id) == 0
                ? SELF
                : 0);
}

/* Finds the class of an owner's assignment. */
static apr_status_t find_class(edu_exchange_t *x)
{
    int n;
    apr_status_t rv = edu__find_class(x, &n);

    if (rv || n == 1) {
        return rv;
    }
    if (!(x->facts & (SELF | STAFF | RULES)) &&
        (n == 0 || !x->req->caller->user_id)) {
        return refuse_stranger(x);
    }
    return n == 0 ? hide(x)
                  : edu_error_set(x->err, EDU_ECONFLICT, NULL, x->p,
                                  "Several classes have an assignment %s. Send "
                                  "the request below /education/classes/{id}.",
                                  x->path.key.assignment_id);
}

/* ------------------------------------------------------------- permissions */

/* The permission that the caller's token needs for a row. */
static unsigned need_of(const edu_caller_t *caller, const edu_allow_t *allow)
{
    return caller->app && allow->application ? allow->application
                                             : allow->delegated;
}

/* Checks that the token grants what the row asks for. */
static apr_status_t check_scope(edu_exchange_t *x, const edu_allow_t *allow)
{
    const edu_caller_t *caller = x->req->caller;
    unsigned need = need_of(caller, allow);

    if (caller->app && !allow->application) {
        x->facts &= ~APP;
    }
    return (caller->scopes & need) == need
               ? APR_SUCCESS
               : edu_error_set(x->err, EDU_EFORBIDDEN, NULL, x->p,
                               "The token lacks the permission %s.",
                               edu__scope_name(need, caller->app, x->p));
}

/* Refuses to filter or to order by what the view hides. */
static apr_status_t check_uses(edu_exchange_t *x, unsigned hides)
{
    unsigned hidden = x->query.uses & hides;

    return !hidden
               ? APR_SUCCESS
               : edu_error_set(x->err, EDU_EFORBIDDEN, x->query.used, x->p,
                               "%s names a property that %s. Leave it out.",
                               x->query.used,
                               hidden & EDU_DRAFT
                                   ? "students see in its published form alone"
                                   : "this token has no permission to read");
}

/* What is expanded takes the permission of its own resource. */
static apr_status_t check_expands(edu_exchange_t *x, const edu_query_t *query)
{
    const edu_caller_t *caller = x->req->caller;
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; !rv && query->expands && i < query->expands->nelts; i++) {
        const edu_expand_t *expand =
            &APR_ARRAY_IDX(query->expands, i, edu_expand_t);
        unsigned need =
            expand->route ? need_of(caller, allow_of(expand->route)) : 0;

        rv = (caller->scopes & need) == need
                 ? check_expands(x, &expand->query)
                 : edu_error_set(
                       x->err, EDU_EFORBIDDEN, "$expand", x->p,
                       "The token lacks the permission %s, which %s need.",
                       edu__scope_name(need, caller->app, x->p),
                       expand->nav->name);
    }
    return rv;
}

apr_status_t edu__check_query(edu_exchange_t *x)
{
    apr_status_t rv = check_expands(x, &x->query);

    /* in lists of one's own, what is below may be of classes of both roles */
    if (!rv && x->query.expands && x->path.user_root && !x->path.key.class_id &&
        edu__is_for_student(x)) {
        rv = check_uses(x, x->hides | EDU_DRAFT);
    }
    return rv ? rv : check_uses(x, x->hides);
}

/* ------------------------------------------------------------------ rights */

apr_status_t edu__access_begin(edu_exchange_t *x)
{
    const edu_allow_t *allow = allow_of(x->route);
    apr_status_t rv = edu__find_owner(x);

    if (rv) {
        return rv;
    }
    if (!allow) {
        return refuse_stranger(x);
    }
    x->facts = facts_of(x);
    x->hides = x->req->caller->scopes & EDU_SCOPE_READ ? 0 : EDU_GRADES;
    if (!(rv = check_scope(x, allow)) && x->path.user_root &&
        x->path.key.assignment_id && !(rv = find_class(x))) {
        /* the rules of the class may have it served to another */
        x->facts = facts_of(x);
        rv = check_scope(x, allow);
    }
    if (rv) {
        return rv;
    }
    if (allow->callers & x->facts) {
        x->allow = allow;
        x->granted = 1;
        return APR_SUCCESS;
    }
    /* of one's own things, a right of administrators is hidden, too */
    if (!((allow->callers & (RECIPIENT | STUDENT | TEACHER)) ||
          x->facts & SELF) ||
        !x->path.key.class_id || !x->req->caller->user_id ||
        x->req->caller->app) {
        return refuse_stranger(x);
    }
    x->allow = allow;
    x->path.key.viewer = x->req->caller->user_id;
    return APR_SUCCESS;
}

int edu__access_shows(const edu_exchange_t *x, const edu_row_t *row)
{
    const edu_assignment_t *assignment = row->registration.assignment;

    if (x->given_to &&
        !edu__is_given_to(x->given_to, row->body, edu__time_now(), x->p)) {
        return 0;
    }
    if (!edu__is_for_student(x)) {
        return 1;
    }
    if (edu__is_across(x)) {
        return assignment && edu__is_given(x, assignment->body);
    }
    /* in a list of one's own, each has one's role in its class */
    return x->set->id != EDU_ASSIGNMENTS || strcmp(row->kind, "teacher") == 0 ||
           ((!x->path.user_root || *row->kind) && edu__is_given(x, row->body));
}

/* Hides what a student may not see; of an outcome also what is not shown. */
static apr_status_t check_own(edu_exchange_t *x, const edu_row_t *row)
{
    const edu_registration_t *found = &row->registration;
    const edu_assignment_t *assignment = found->assignment;
    const edu_resource_e at = x->path.resource;
    edu_row_t outcome = *row;
    apr_status_t rv;

    if (!x->path.key.assignment_id) {
        return APR_SUCCESS;
    }
    if (!edu__is_given(x, assignment ? assignment->body : NULL) ||
        (x->path.key.submission_id &&
         (!found->user_id || strcmp(found->user_id, x->only_student) != 0))) {
        return hide(x);
    }
    if (!x->path.key.outcome_id || at == EDU_RES_OUTCOMES ||
        at == EDU_RES_OUTCOMES_REF) {
        return APR_SUCCESS;
    }
    rv = edu__placeholder_get(x, &outcome, x->path.key.outcome_id);
    return rv || outcome.version ? rv : edu__no_outcome(x);
}

static apr_status_t settle(edu_exchange_t *x, const edu_row_t *row)
{
    const char *role = row->registration.viewer_role;
    unsigned is = strcmp(role, "teacher") == 0   ? TEACHER
                  : strcmp(role, "student") == 0 ? STUDENT
                                                 : 0;
    apr_status_t rv;

    /* the role may have changed since an earlier read, whose rows went by it */
    if (!is || (x->granted && !(x->facts & is)) ||
        (is == STUDENT && x->path.user_root && !(x->facts & (SELF | RULES)))) {
        return refuse_stranger(x);
    }
    x->facts |= is;
    if (edu__is_for_student(x)) {
        x->only_student = x->req->caller->user_id;
        if ((rv = check_own(x, row))) {
            return rv;
        }
        x->facts |= RECIPIENT;
        x->hides |= EDU_DRAFT;
    }
    x->granted = (x->allow->callers & x->facts) != 0;
    return x->granted ? check_uses(x, x->hides) : refuse_student(x);
}

void edu__access_presume(edu_exchange_t *x)
{
    if (!x->granted && (x->allow->callers & TEACHER)) {
        x->facts |= TEACHER;
        x->granted = x->presumed = 1;
    }
}

/* Takes a presumed role back. */
static void forget(edu_exchange_t *x)
{
    if (x->presumed) {
        x->facts &= ~TEACHER;
        x->granted = x->presumed = 0;
    }
}

apr_status_t edu__access_settle(edu_exchange_t *x, const edu_row_t *row)
{
    apr_status_t rv;

    forget(x);
    rv = x->path.key.viewer ? settle(x, row) : APR_SUCCESS;
    if (rv) {
        x->allow = NULL; /* it is not asked again */
    }
    return rv;
}

/* Reads what the path names, for its access alone. */
static apr_status_t read_access(edu_exchange_t *x)
{
    edu_key_t key = x->path.key;
    edu_table_e table = key.submission_id   ? EDU_OUTCOME
                        : key.assignment_id ? EDU_ASSIGNMENT
                                            : EDU_CLASS;
    edu_row_t row;
    apr_status_t rv = edu__store_get(&row, x->store, table, &key, x->err, x->p);

    return rv ? rv : edu__access_settle(x, &row);
}

apr_status_t edu__access_require(edu_exchange_t *x)
{
    return !x->allow || x->granted ? APR_SUCCESS : read_access(x);
}

apr_status_t edu__access_end(edu_exchange_t *x, apr_status_t rv)
{
    edu_error_t *err = x->err, own = { 0 };
    apr_status_t denied;

    if (rv) {
        forget(x);
    }
    x->err = &own;
    denied = edu__access_require(x);
    x->err = err;
    if (denied) {
        *err = own;
    }
    return denied ? denied : rv;
}

apr_status_t edu__admit(edu_exchange_t *x,
                        const edu_registration_t *registration)
{
    int known = registration->user_id != NULL;

    if (x->only_student
            ? !known || strcmp(x->only_student, registration->user_id) != 0
            : !known && x->req->mount->registered) {
        return edu__no_entity(x, edu__submissions);
    }
    return APR_SUCCESS;
}
