/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Views of rows: the one door to answers, conditions, filters and orders.
 * Entities are cut from the stored text, as text. */

#include "grading.h"

#include <apr_strings.h>

/* ---------------------------------------------------------------- entities */

static void fill_member(apr_array_header_t *members, const edu_exchange_t *x,
                        const edu_row_t *row)
{
    if (*row->role) { /* a recorded one has it in its document */
        edu__member_set(members, "primaryRole",
                        edu__json_quote(row->role, x->p));
    }
}

/* Clients that do not ask for the members of an enumeration beyond its sentinel
 * by Prefer are shown the sentinel (contract.md 7). */
static void mask_enums(apr_array_header_t *members, const edu_type_t *type,
                       apr_pool_t *p)
{
    for (const edu_prop_t *prop = type->props; prop->name; prop++) {
        int beyond = 0;

        for (int i = 0; prop->kind == EDU_ENUM && prop->type->values[i]; i++) {
            const char *value = prop->type->values[i];

            if (beyond && edu__member_is(members, prop->name,
                                         edu__json_quote(value, p))) {
                edu__member_set(members, prop->name, "\"unknownFutureValue\"");
            }
            beyond |= strcmp(value, "unknownFutureValue") == 0;
        }
    }
}

/* Students are told of themselves alone. */
static void hide_recipients(apr_array_header_t *members,
                            const edu_exchange_t *x)
{
    const char *to = edu__member_text(members, "assignTo", x->p);
    apr_array_header_t *parts = to ? edu__members_load(to, x->p) : NULL;

    if (parts && edu__member(parts, "recipients")) {
        edu__member_set(
            parts, "recipients",
            apr_pstrcat(x->p, "[",
                        edu__json_quote(x->req->caller->user_id, x->p), "]",
                        NULL));
        edu__member_set(members, "assignTo",
                        edu__members_text(parts, NULL, x->p));
    }
}

static void fill_assignment(apr_array_header_t *members,
                            const edu_exchange_t *x, const edu_row_t *row)
{
    const char *own = edu__json_quote(row->parent_id, x->p);
    const edu_fill_t fills[] = {
        {"classId", own,         0},
        { "status", "\"draft\"", 1}
    };

    edu__entity_fill(members, fills, 2);
    if (edu__is_waiting(members, x->p)) {
        edu__member_set(members, "status", "\"published\"");
        edu__member_set(members, "assignedDateTime", "null");
    }
    if (edu__is_for_student(x) && strcmp(row->role, "teacher") != 0) {
        hide_recipients(members, x);
    }
    if (!x->query.unknowns) {
        mask_enums(members, x->set->type, x->p);
    }
}

/* ---------------------------------------------------------------- versions */

static const char *text_or_null(const char *text, apr_pool_t *p)
{
    return *text ? edu__json_quote(text, p) : "null";
}

static const char *or_null(const char *text)
{
    return *text ? text : NULL;
}

/* The set of a recorded row; NULL: there is none. */
static const edu_set_t *set_of(const edu_event_t *event)
{
    static const edu_set_t *const sets[] = { edu__classes, edu__members,
                                             edu__assignments, edu__submissions,
                                             edu__outcomes };

    for (int i = 0; i < (int)(sizeof(sets) / sizeof(sets[0])); i++) {
        if (strcmp(edu__table_name(sets[i]->table), event->entity) == 0) {
            return sets[i];
        }
    }
    return NULL;
}

/* The identitySet of the caller. */
static const char *caller_of(const edu_event_t *event, apr_pool_t *p)
{
    const edu_caller_t by = { .user_id = or_null(event->user_id),
                              .user_name = or_null(event->user_name),
                              .application = or_null(event->application) };

    return edu__identity_text(&by, p);
}

/* A recorded document, as its own set shows it.
 * @param text  "": there is none */
static const char *document_of(const edu_exchange_t *x, const edu_set_t *set,
                               const edu_event_t *event, const char *text)
{
    edu_exchange_t own = *x;
    edu_row_t row = { .id = event->id,
                      .kind = event->student,
                      .version = event->version,
                      .modified_by = caller_of(event, x->p),
                      .body = text,
                      .parent_id = set->id == EDU_SUBMISSIONS
                                       ? event->assignment_id
                                       : event->class_id,
                      .stored = 1 };
    const json_t *doc = NULL;
    const edu_type_t *type;

    own.set = set;
    own.query.select = NULL;
    own.format.metadata = EDU_METADATA_MINIMAL;
    own.query.unknowns = 1;
    if (*text && set->id == EDU_OUTCOMES) {
        doc = edu__json_load(text, x->p);
        type = edu__type_of(set->type, NULL, doc);
        row.type = type ? type->name : "";
    }
    return *text ? edu__view_text(&own, &row) : "null";
}

/* The names of a recorded row and of its document. */
static const struct names_t {
    const char *id, *document;
} names[EDU_TABLES] = {
    [EDU_CLASS] = {"classId",       "class"     },
    [EDU_MEMBER] = { "memberId",     "member"    },
    [EDU_ASSIGNMENT] = { "assignmentId", "assignment"},
    [EDU_SUBMISSION] = { "submissionId", "submission"},
    [EDU_OUTCOME] = { "outcomeId",    "outcome"   }
};

/* Only these actions show the student what is written. */
static int is_published(const edu_event_t *event)
{
    return strcmp(event->action, "return") == 0 ||
           strcmp(event->action, "reassign") == 0 ||
           strcmp(event->action, "excuse") == 0;
}

static void fill_version(apr_array_header_t *members, const edu_exchange_t *x,
                         const edu_row_t *row)
{
    const edu_event_t *event = row->event;
    const edu_set_t *set = set_of(event);
    const struct column_t {
        const char *name, *text;
    } columns[] = {
        {"action",         event->action       },
        { "entity",        event->entity       },
        { "classId",       event->class_id     },
        { "assignmentId",  event->assignment_id},
        { "submissionId",  event->submission_id},
        { "studentId",     event->student      },
        { "requestId",     event->request_id   },
        { "clientAddress", event->address      }
    };
    edu_time_t at = apr_strtoi64(event->at, NULL, 16);
    const char *text;

    for (int i = 0; i < (int)(sizeof(columns) / sizeof(columns[0])); i++) {
        edu__member_set(members, columns[i].name,
                        text_or_null(columns[i].text, x->p));
    }
    edu__member_set(members, "derived",
                    *event->derived == '1' ? "true" : "false");
    edu__member_set(members, "lastModifiedBy", caller_of(event, x->p));
    edu__member_set(members, "lastModifiedDateTime",
                    edu__json_quote(edu__time_format(at, x->p), x->p));
    if (!set) {
        return;
    }
    edu__member_set(members, names[set->table].id,
                    edu__json_quote(event->id, x->p));
    text = document_of(x, set, event, event->after);
    edu__member_set(members, names[set->table].document, text ? text : "null");
    text = document_of(x, set, event, event->before);
    if (text && *text == '{' && set->id != EDU_OUTCOMES) { /* they have it */
        text = apr_pstrcat(x->p, "{\"@odata.type\":\"#" EDU_NAMESPACE,
                           set->type->name, "\",", text + 1, NULL);
    }
    edu__member_set(members, "previous", text ? text : "null");
    if (set->id == EDU_OUTCOMES && is_published(event)) {
        edu__member_set(members, "publication",
                        apr_pstrcat(x->p,
                                    "{\"level\":\"published\",\"versionId\":",
                                    edu__json_quote(row->id, x->p), "}", NULL));
    }
}

/* Members that the row decides, not its document, which an LMS may have
 * written. */
static void (*const fill[EDU_TABLES])(
    apr_array_header_t *members, const edu_exchange_t *x,
    const edu_row_t *row) = { [EDU_MEMBER] = fill_member,
                              [EDU_ASSIGNMENT] = fill_assignment,
                              [EDU_SUBMISSION] = edu__fill_submission,
                              [EDU_HISTORY] = fill_version };

/* Whether a member is the one at a place. */
static int is_at(const apr_array_header_t *members, int i, const char *name)
{
    return i < members->nelts &&
           APR_ARRAY_IDX(members, i, edu_member_t).value ==
               edu__member(members, name);
}

static apr_array_header_t *members_of(const edu_exchange_t *x,
                                      const edu_row_t *row)
{
    apr_array_header_t *stored =
        edu__entity_members(x->set->type, row->body, x->p);
    apr_array_header_t *members = stored;

    if (!stored) {
        return NULL;
    }
    if (!is_at(stored, 0, "@odata.etag") || !is_at(stored, 1, "id")) {
        members = apr_array_make(x->p, stored->nelts + 2, sizeof(edu_member_t));
    }
    edu__member_set(members, "@odata.etag",
                    edu__json_quote(edu__tag_of(x, row), x->p));
    edu__member_set(members, "id", edu__json_quote(row->id, x->p));
    if (members != stored) {
        edu__members_add(members, stored);
    }
    if (fill[x->set->table]) {
        fill[x->set->table](members, x, row);
    }
    edu__entity_hide(members, x->set->type, x->hides);
    return members;
}

/* ---------------------------------------------------------------- outcomes */

/* A document without what the view hides: itself, or a copy. */
static json_t *without_hidden(const edu_exchange_t *x, const edu_row_t *row,
                              json_t *doc)
{
    const edu_type_t *type = edu__type_find(row->type);
    json_t *copy = NULL;

    for (int i = 0; type && type->props[i].name; i++) {
        const edu_prop_t *prop = &type->props[i];

        if ((prop->flags & x->hides) && json_object_get(doc, prop->name)) {
            copy = copy ? copy : edu__json_own(json_copy(doc), x->p);
            json_object_set_new(copy, prop->name, json_null());
        }
    }
    return copy ? copy : doc;
}

json_t *edu__view_outcome(const edu_exchange_t *x, edu_row_t *row)
{
    edu_dialect_e dialect = x->req->mount->dialect;
    json_t *doc;

    if (!row->doc) {
        row->doc = edu__json_load(row->body, x->p);
    }
    if (!json_is_object(row->doc) ||
        !edu__type_of(&edu__outcome, NULL, row->doc)) {
        return NULL;
    }
    if (edu__grading_is_settled(row, dialect, x->p)) {
        return without_hidden(x, row, row->doc);
    }
    doc = edu__json_own(json_copy(row->doc), x->p);
    return edu__grading_settle(doc, row, dialect, x->p)
               ? without_hidden(x, row, doc)
               : NULL;
}

static const char *outcome_text(const edu_exchange_t *x, const edu_row_t *row)
{
    edu_dialect_e dialect = x->req->mount->dialect;
    edu_row_t own = *row;
    json_t *doc;

    if (!x->hides && edu__grading_is_settled(row, dialect, x->p)) {
        return edu__entity_render(row->type, row->body, row->doc, dialect,
                                  x->p);
    }
    doc = edu__view_outcome(x, &own);
    return doc ? edu__entity_write(doc, dialect, x->p) : NULL;
}

/* ---------------------------------------------------------------- the door */

static const char *text_of(const edu_exchange_t *x, const edu_row_t *row)
{
    const apr_array_header_t *select = x->query.select, *members;
    const char *text;

    if (x->set->id != EDU_OUTCOMES) {
        members = members_of(x, row);
    }
    else if (!(text = outcome_text(x, row)) || !select) {
        return text;
    }
    else {
        members = edu__members_load(text, x->p);
    }
    return members ? edu__members_text(members, select, x->p) : NULL;
}

const char *edu__view_text(const edu_exchange_t *x, const edu_row_t *row)
{
    const char *text = text_of(x, row);

    return text && x->format.metadata ? edu__annotate(x, row, text) : text;
}

json_t *edu__view(const edu_exchange_t *x, edu_row_t *row)
{
    const apr_array_header_t *members;

    if (x->set->id == EDU_OUTCOMES) {
        return edu__view_outcome(x, row);
    }
    members = members_of(x, row);
    return members
               ? edu__json_load(edu__members_text(members, NULL, x->p), x->p)
               : NULL;
}
