/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file model.h
 * @brief The types of Graph's education entities as tables, and the functions
 *        that need no more: checking a body, merging it, rendering an entity.
 *
 * types <- typesys <- check, entity <- excerpt; letter, assignment.
 */
#ifndef EDU_MODEL_H
#define EDU_MODEL_H

#include "base.h"

#include <apr_hash.h>

#if !(EDU_SEES & EDU_WING_MODEL)
#error "this file may not see lib/model"
#endif

/** Graph's namespace, with its dot. */
#define EDU_NAMESPACE "microsoft.graph."

/* ---------------------------------------------------------------- types.c */

/** The shape of one value. */
typedef enum edu_kind_e {
    EDU_STRING,   /**< Edm.String */
    EDU_SINGLE,   /**< Edm.Single: a float32 */
    EDU_INT32,    /**< Edm.Int32 */
    EDU_BOOL,     /**< Edm.Boolean */
    EDU_DATETIME, /**< Edm.DateTimeOffset */
    EDU_ENUM,     /**< a string of prop.type->values */
    EDU_COMPLEX   /**< an object of prop.type or of a type derived from it */
} edu_kind_e;

/** Flags of a property; types.c names the sources. */
enum {
    EDU_COLLECTION = 1, /**< an array of such values; never null */
    EDU_REQUIRED = 2,   /**< Nullable=false */
    EDU_BETA = 4,       /**< a member of Graph beta only */
    EDU_KEY = 8,        /**< the entity's id: set once, never changed */
    EDU_READONLY = 16,  /**< set by the server's actions */
    EDU_STAMP = 32,     /**< set by the server whenever its object changes */
    EDU_CREATED = 64,   /**< set by the server when its object is created */
    EDU_GRADE = 128,    /**< points: 0 <= x < 9999999 (decisions.md 3) */
    EDU_STICKY = 256,   /**< set by actions; a PUT may set it too, and keeps it
                             if it leaves it out; POST and PATCH cannot */
    EDU_FIRST = 512,    /**< its default is the enumeration's first value */
    EDU_DRAFT = 1024,   /**< a teacher's work until it is published: null in a
                             student's view */
    EDU_GRADES = 2048   /**< null in a view without grades */
};

/** Server-set: a client's value is ignored. */
#define EDU_SERVER_SET (EDU_KEY | EDU_READONLY | EDU_STAMP | EDU_CREATED)

/** Flags of a type. */
enum {
    EDU_ABSTRACT = 1, /**< values are of a derived type */
    EDU_OPEN = 2,     /**< members it does not declare are kept */
    EDU_UNSERVED = 4, /**< known, but not supported: EDU_ENOTIMPL */
    EDU_ENTITY = 8,   /**< an entity type, as are those derived from it */
    EDU_MIXED = 16    /**< values can have members of EDU_BETA, somewhere */
};

typedef struct edu_type_t edu_type_t;

typedef struct edu_prop_t {
    const char *name;
    edu_kind_e kind;
    unsigned flags;
    const edu_type_t *type; /**< of an EDU_COMPLEX or EDU_ENUM, else NULL */
} edu_prop_t;

struct edu_type_t {
    const char *name; /**< without namespace */
    const edu_type_t *base;
    unsigned flags;
    const edu_prop_t *props;   /**< its own; ends with a NULL name */
    const char *const *values; /**< of an enumeration, in order of value */
};

/** Every type that "@odata.type" can name, NULL-terminated. */
extern const edu_type_t *const edu__types[];

/** The declared types of the collections. */
extern const edu_type_t edu__outcome, edu__submission, edu__assignment,
    edu__class, edu__user, edu__version;

/** The type of the entity that leads to them. */
extern const edu_type_t edu__root;

/** The type of files of submissions, of which none are kept. */
extern const edu_type_t edu__submission_resource;

/* -------------------------------------------------------------- typesys.c */

/** The type of this name, with or without '#' and namespace, or NULL. */
const edu_type_t *edu__type_find(const char *name);

/** Whether @a type is @a base or derived from it. */
int edu__type_is(const edu_type_t *type, const edu_type_t *base);

/** A property of @a type or of its bases, or NULL. */
const edu_prop_t *edu__prop_find(const edu_type_t *type, const char *name);

/** Try the properties of @a type and of its bases, as a dialect has them, for a
 *  name that is misspelt. */
void edu__prop_near(edu_near_t *near, const edu_type_t *type,
                    edu_dialect_e dialect);

/**
 * The type of a value: the one that @a in names, else that of @a old (may be
 * NULL), else @a declared, or, if that is abstract, the only type derived from
 * it.
 * @return NULL if @a in names a type that is not derived from @a declared
 */
const edu_type_t *edu__type_of(const edu_type_t *declared, const json_t *old,
                               const json_t *in);

/* ---------------------------------------------------------------- check.c */

/**
 * Check a request body against the type tables.
 * @param declared the type of the collection
 * @param old      the stored entity that a PATCH changes; NULL for a POST
 * @param in       the body
 * @param dialect  EDU_DIALECT_BETA admits the members of beta
 * @return APR_SUCCESS; EDU_EBADREQUEST, EDU_EGRADING, or EDU_ENOTIMPL for a
 *         type that is not supported, with the path of the first fault as
 *         err->target
 */
apr_status_t edu__check(const edu_type_t *declared, const json_t *old,
                        const json_t *in, edu_dialect_e dialect,
                        edu_error_t *err, apr_pool_t *p);

/** Refuse recipients that are groups: EDU_ENOTIMPL (decisions.md 3).
 *  @param type  its name */
apr_status_t edu__unserved(const char *type, const char *target,
                           edu_error_t *err, apr_pool_t *p);

/* --------------------------------------------------------------- entity.c */

/** A change of an entity, and the server's part in it. */
typedef struct edu_change_t {
    const edu_type_t *type; /**< of the collection */
    const edu_caller_t *caller;
    json_t *by;          /**< the caller's identitySet, once it has merged */
    const char *id;      /**< of a new entity */
    const char *version; /**< the entity's version after the change */
    edu_time_t now;
    int trust;   /**< keep server-set members that the body carries */
    int replace; /**< a PUT: properties that the body lacks are cleared */
    apr_pool_t *p;
} edu_change_t;

/**
 * The entity after a change: absent members keep their value, complex values
 * merge, collections are replaced whole, null clears.  Objects that changed,
 * and no others, are stamped (contract.md 2.3, 2.4).
 * @param old  the stored entity, NULL to create one
 * @param in   a body that edu__check has passed
 * @return owned by change->p; equal to @a old if nothing changed
 */
json_t *edu__entity_merge(const json_t *old, const json_t *in,
                          edu_change_t *change);

/** The identitySet of a caller. @param by  NULL: nobody, or the system itself.
 *  @return a new reference */
json_t *edu__identity_set(const edu_caller_t *by, apr_pool_t *p);

/** The same as text. */
const char *edu__identity_text(const edu_caller_t *by, apr_pool_t *p);

/** The entity tag of a version. */
const char *edu__etag(const char *version, apr_pool_t *p);

/** Give a document the ETag of a version.  Outcomes are stored with theirs, so
 *  that they are shown as they are stored, also by earlier modules that share
 *  the database. */
void edu__entity_tag(json_t *doc, const char *version, apr_pool_t *p);

/** The same of its members. */
void edu__members_tag(apr_array_header_t *members, const char *version,
                      apr_pool_t *p);

/** A new entity with the default values of its type.
 *  @return as edu__entity_members */
apr_array_header_t *edu__entity_blank(const edu_type_t *type, const char *id,
                                      const char *version, apr_pool_t *p);

/**
 * The members of a stored entity, and those of its type that it lacks: an LMS
 * that loads tables by SQL need not write them all.
 * @return of edu_member_t, or NULL: it is not an object
 */
apr_array_header_t *edu__entity_members(const edu_type_t *type,
                                        const char *text, apr_pool_t *p);

/** The same, parsed. @return owned by @a p, or NULL */
json_t *edu__entity_load(const edu_type_t *type, const char *text,
                         apr_pool_t *p);

/** Copy each working member of an outcome to its published twin; an outcome
 *  without one gets the status published (contract.md 3). */
void edu__entity_publish(apr_array_header_t *outcome, const edu_type_t *type,
                         apr_pool_t *p);

/** Whether a body says that an outcome is published: it has a published member
 *  that is not empty, or that status. */
int edu__entity_publishes(const json_t *in, const edu_type_t *type);

/** A member of an entity, with the value that its row gives it. */
typedef struct edu_fill_t {
    const char *name;
    const char *value; /**< NULL: its own */
    int nulls;         /**< 1: only where it is null */
} edu_fill_t;

/** Set members of an entity. @param fills  those in the order of their type are
 *                                         found soonest */
void edu__entity_fill(apr_array_header_t *members, const edu_fill_t *fills,
                      int n);

/** Make the members null that a view hides.
 *  @param hides  EDU_DRAFT, EDU_GRADES
 *  @return how many it changed */
int edu__entity_hide(apr_array_header_t *members, const edu_type_t *type,
                     unsigned hides);

/** The text of an outcome's document in a dialect. @param doc  changed */
const char *edu__entity_write(json_t *doc, edu_dialect_e dialect,
                              apr_pool_t *p);

/**
 * The text of a stored outcome in a dialect: the stored text itself, unparsed,
 * if that is it already.
 * @param doc  the text, if it is parsed already, or NULL; may be changed
 * @return @a text or a text from @a p; NULL if @a text is plainly not an object
 */
const char *edu__entity_render(const char *type, const char *text, json_t *doc,
                               edu_dialect_e dialect, apr_pool_t *p);

/* -------------------------------------------------------------- excerpt.c */

/**
 * The part of a stored entity that a body speaks of, for edu__check and
 * edu__entity_merge: its other members are there, but true stands for what
 * could not be read without parsing it.
 * @param members  of the stored text
 * @return owned by @a p
 */
json_t *edu__entity_excerpt(const apr_array_header_t *members, const json_t *in,
                            apr_pool_t *p);

/**
 * The members of what was merged with an excerpt: those that were not parsed
 * are as they are stored.
 * @param old     the excerpt of @a members
 * @param change  with which it was merged
 * @return of edu_member_t
 */
apr_array_header_t *edu__entity_complete(json_t *doc, const json_t *old,
                                         const apr_array_header_t *members,
                                         const edu_change_t *change);

/* --------------------------------------------------------------- letter.c */

/** Set the letter that an assignment's scheme gives for points, compared as
 *  the decimals that they are (decisions.md 3). */
void edu__letter_set(json_t *outcome, const json_t *assignment);

/* ----------------------------------------------------------- assignment.c */

/** Whether the assignDateTime of an assignment is to come: until then students
 *  do not have it, in any status. */
int edu__assignment_waits(const json_t *doc, edu_time_t now);

/** The status of an assignment as it is shown: what is stored; "published" for
 *  "assigned" while it waits (decisions.md 3); "draft" if there is none. */
const char *edu__assignment_status(const json_t *doc, edu_time_t now);

/** Set assignedDateTime, unless it has passed: to the assignDateTime if that is
 *  to come, else to @a now. */
void edu__assignment_stamp(json_t *doc, edu_time_t now, apr_pool_t *p);

/** The ids of the students that an assignment names.
 *  @return keys in @a doc, with any value; none if its recipients are not
 *          supported; NULL: it is for all of the class */
apr_hash_t *edu__assignment_recipients(const json_t *doc, apr_pool_t *p);

/** Check the recipients of an assignment that may have been loaded by SQL.
 *  @return APR_SUCCESS or EDU_ENOTIMPL, as a body with them is refused */
apr_status_t edu__assignment_check_recipients(const json_t *doc,
                                              edu_error_t *err, apr_pool_t *p);

/**
 * Check that an assignment takes submissions still, or will.
 * @return APR_SUCCESS; EDU_ECONFLICT: it is closed, or due and takes no late
 *         ones
 */
apr_status_t edu__assignment_check_open(const json_t *doc, edu_time_t now,
                                        edu_error_t *err, apr_pool_t *p);

/**
 * Check an assignment that a teacher creates or changes, beyond the form of its
 * members.
 * @param old  as it was; NULL: it is new
 * @param doc  as it will be
 * @param err  its target is the member at fault
 * @return APR_SUCCESS; EDU_EBADREQUEST: it closes before it is due, or has a
 *         channel but not the whole class as recipient; EDU_ECONFLICT: it is
 *         published, and its channel would change, its students would lose it
 *         to a date to come, or get it by a date that is cleared
 */
apr_status_t edu__assignment_check(const json_t *old, const json_t *doc,
                                   edu_time_t now, edu_error_t *err,
                                   apr_pool_t *p);

#endif /* EDU_MODEL_H */
