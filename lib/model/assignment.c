/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Rules that tie members of an assignment together (contract.md 7, decisions.md
 * 3). */

#include "model.h"

static const char *text_at(const json_t *doc, const char *name)
{
    return json_string_value(json_object_get(doc, name));
}

/* A date of the assignment; 0: it has none. */
static edu_time_t date_at(const json_t *doc, const char *name)
{
    const char *text = text_at(doc, name);
    edu_time_t t;

    return text && !edu__time_parse(&t, text) ? t : 0;
}

/* A date loaded by SQL that is none never comes. */
int edu__assignment_waits(const json_t *doc, edu_time_t now)
{
    const char *text = text_at(doc, "assignDateTime");
    edu_time_t t;

    return text && (edu__time_parse(&t, text) || t > now);
}

const char *edu__assignment_status(const json_t *doc, edu_time_t now)
{
    const char *status = text_at(doc, "status");

    return !status ? "draft"
           : strcmp(status, "assigned") == 0 && edu__assignment_waits(doc, now)
               ? "published"
               : status;
}

void edu__assignment_stamp(json_t *doc, edu_time_t now, apr_pool_t *p)
{
    edu_time_t date = date_at(doc, "assignDateTime");

    if (!text_at(doc, "assignedDateTime") ||
        date_at(doc, "assignedDateTime") > now) {
        json_object_set_new(
            doc, "assignedDateTime",
            json_string(edu__time_format(date > now ? date : now, p)));
    }
}

/* Whether recipients are of a type that is served; SQL may load any. */
static int is_served(const json_t *to)
{
    const edu_type_t *type = edu__type_of(
        edu__prop_find(&edu__assignment, "assignTo")->type, NULL, to);

    return type && !(type->flags & EDU_UNSERVED);
}

apr_hash_t *edu__assignment_recipients(const json_t *doc, apr_pool_t *p)
{
    const json_t *to = json_object_get(doc, "assignTo");
    json_t *recipients = json_object_get(to, "recipients"), *id;
    int served = is_served(to);
    apr_hash_t *ids = apr_hash_make(p);
    size_t i;

    if (served && !json_is_array(recipients)) {
        return NULL;
    }
    json_array_foreach(recipients, i, id)
    {
        if (served && json_is_string(id)) {
            apr_hash_set(ids, json_string_value(id), APR_HASH_KEY_STRING, id);
        }
    }
    return ids;
}

apr_status_t edu__assignment_check_recipients(const json_t *doc,
                                              edu_error_t *err, apr_pool_t *p)
{
    const json_t *to = json_object_get(doc, "assignTo");
    const char *name = text_at(to, "@odata.type");

    return is_served(to)
               ? APR_SUCCESS
               : edu__unserved(name ? name : "That", "assignTo", err, p);
}

/* ------------------------------------------------------------------- rules */

/* Whether the assignment has a date that has passed. */
static int is_past(const json_t *doc, const char *name, edu_time_t now)
{
    return text_at(doc, name) && date_at(doc, name) < now;
}

apr_status_t edu__assignment_check_open(const json_t *doc, edu_time_t now,
                                        edu_error_t *err, apr_pool_t *p)
{
    const char *name = "closeDateTime", *fmt = "The assignment closed at %s.";

    if (!is_past(doc, name, now)) {
        if (!json_is_false(json_object_get(doc, "allowLateSubmissions")) ||
            !is_past(doc, name = "dueDateTime", now)) {
            return APR_SUCCESS;
        }
        fmt = "The assignment was due at %s and takes no late submissions.";
    }
    return edu_error_set(err, EDU_ECONFLICT, name, p, fmt,
                         edu__time_format(date_at(doc, name), p));
}

static apr_status_t check_dates(const json_t *doc, edu_error_t *err,
                                apr_pool_t *p)
{
    const char *due = text_at(doc, "dueDateTime");

    return due && text_at(doc, "closeDateTime") &&
                   date_at(doc, "closeDateTime") < date_at(doc, "dueDateTime")
               ? edu_error_set(err, EDU_EBADREQUEST, "closeDateTime", p,
                               "'closeDateTime' has to be null, or not before "
                               "'dueDateTime', which is %s.",
                               due)
               : APR_SUCCESS;
}

/* A channel is the class's. */
static apr_status_t check_channel(const json_t *doc, edu_error_t *err,
                                  apr_pool_t *p)
{
    static const char wanted[] =
        "#" EDU_NAMESPACE "educationAssignmentClassRecipient";
    const char *type = text_at(json_object_get(doc, "assignTo"), "@odata.type");

    return text_at(doc, "notificationChannelUrl") &&
                   (!type || strcmp(type, wanted) != 0)
               ? edu_error_set(err, EDU_EBADREQUEST, "notificationChannelUrl",
                               p,
                               "'notificationChannelUrl' is for the whole "
                               "class: send an 'assignTo' with the @odata.type "
                               "%s, too.",
                               wanted)
               : APR_SUCCESS;
}

/* Students who have an assignment keep it, and nobody gets one by clearing its
 * date. */
static apr_status_t check_schedule(const json_t *old, const json_t *doc,
                                   edu_time_t now, edu_error_t *err,
                                   apr_pool_t *p)
{
    const char *was = text_at(old, "assignDateTime");
    const char *date = text_at(doc, "assignDateTime");

    if (edu__assignment_waits(old, now)) {
        return date ? APR_SUCCESS
                    : edu_error_set(err, EDU_ECONFLICT, "assignDateTime", p,
                                    "The assignment is published for %s. Send "
                                    "another time; one that has passed gives "
                                    "it to the students at once.",
                                    was);
    }
    return edu__assignment_waits(doc, now)
               ? edu_error_set(err, EDU_ECONFLICT, "assignDateTime", p,
                               "Students have this assignment already, so that "
                               "it cannot begin at %s. Deactivate it instead.",
                               date)
               : APR_SUCCESS;
}

/* Published assignments keep some members as they are. */
static apr_status_t check_published(const json_t *old, const json_t *doc,
                                    edu_time_t now, edu_error_t *err,
                                    apr_pool_t *p)
{
    const char *channel = "notificationChannelUrl";

    if (!json_equal(json_object_get(old, channel),
                    json_object_get(doc, channel))) {
        return edu_error_set(err, EDU_ECONFLICT, channel, p,
                             "'%s' cannot change once the assignment is "
                             "published. Leave it out.",
                             channel);
    }
    return check_schedule(old, doc, now, err, p);
}

apr_status_t edu__assignment_check(const json_t *old, const json_t *doc,
                                   edu_time_t now, edu_error_t *err,
                                   apr_pool_t *p)
{
    int draft = !old || strcmp(edu__assignment_status(old, now), "draft") == 0;
    apr_status_t rv = check_dates(doc, err, p);

    rv = rv ? rv : check_channel(doc, err, p);
    return rv || draft ? rv : check_published(old, doc, now, err, p);
}
