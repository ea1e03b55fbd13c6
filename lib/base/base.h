/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file base.h
 * @brief The ground floor: time, texts, errors, JSON, HTTP fields, keys.
 *
 * All wings may use it; it uses none.  time <- text <- error <- json <- trace,
 * members; digest, http, near, scope and seal call none.  A json_t is made and
 * owned in json.c and borrowed everywhere else.
 */
#ifndef EDU_BASE_H
#define EDU_BASE_H

/* The wings that a file may see: each is compiled with EDU_SEES, a sum of
 * these, and each wing's header asks for its bit. */
#define EDU_WING_BASE 1
#define EDU_WING_MODEL 2
#define EDU_WING_ODATA 4
#define EDU_WING_STORE 8
#define EDU_WING_API 16
#define EDU_WING_INNER 32 /* of store/ alone */
#define EDU_WING_ADMIN 64

#if !(EDU_SEES & EDU_WING_BASE)
#error "this file may not see lib/base"
#endif

#include "edu_outcomes.h"

#include <jansson.h>

/* ------------------------------------------------------------------ time.c */

/** An instant: 100 ns ticks since 1970-01-01T00:00:00Z. */
typedef apr_int64_t edu_time_t;

#define EDU_TICKS_PER_SECOND 10000000
#define EDU_LAST_SECOND 253402300799LL /**< of year 9999 */
#define EDU_TIME_MAX ((EDU_LAST_SECOND + 1) * EDU_TICKS_PER_SECOND - 1)

/** The time now. */
edu_time_t edu__time_now(void);

/**
 * Read an Edm.DateTimeOffset (OData ABNF dateTimeOffsetValue): any offset, 0
 * to 12 digits of a second's fraction, of which seven are kept.
 * @return APR_SUCCESS, or APR_EINVAL: @a s is no time of the years 1 to 9999
 */
apr_status_t edu__time_parse(edu_time_t *t, const char *s);

/** Write an instant as Graph does: UTC, Z, seven digits (contract.md 1.3); one
 *  after EDU_TIME_MAX as that. */
const char *edu__time_format(edu_time_t t, apr_pool_t *p);

/* ------------------------------------------------------------------ text.c */

/** The bytes of the character at @a s, or 0 if there is none (RFC 3629 4). */
int edu__utf8_width(const char *s);

/** A text, without the byte order mark that it may begin with. */
const char *edu__unmarked(const char *s);

/** Whether @a s is well-formed UTF-8. */
int edu__is_utf8(const char *s);

/** The same of a text whose end is known. */
int edu__are_utf8(const char *s, const char *end);

/** The first byte that is no ASCII, or that JSON escapes; or @a end. */
const char *edu__end_of_plain(const char *s, const char *end);

/** Make a text valid UTF-8. @return @a s itself, or a copy with ? for each byte
 *  that is not UTF-8 */
const char *edu__mend(const char *s, apr_pool_t *p);

/** The most bytes of an id (decisions.md 3). */
#define EDU_KEY_MAX 128

/** Whether @a s can be an id in a path: 1 to 128 bytes of UTF-8 (decisions.md
 *  3), no dot segment. */
int edu__is_key(const char *s);

/** Whether @a s is a GUID: 8-4-4-4-12 hexadecimal digits. */
int edu__is_guid(const char *s);

/** A new GUID.  GUIDs sort in the order in which they were made. */
const char *edu__new_guid(apr_pool_t *p);

/** A new GUID as if made at an instant: those of instants that are
 *  EDU_GUID_STEP apart sort as these do. */
const char *edu__guid_at(edu_time_t t, apr_pool_t *p);

#define EDU_GUID_STEP 3 /* ticks: 4096 GUIDs of a millisecond are told apart */

/** A lower-case copy, as GUIDs are stored and compared (decisions.md 3). */
char *edu__lower(const char *s, apr_pool_t *p);

/** The tables of the store. */
typedef enum edu_table_e {
    EDU_CLASS,
    EDU_MEMBER,
    EDU_ASSIGNMENT,
    EDU_SUBMISSION,
    EDU_OUTCOME,
    EDU_HISTORY, /**< what happened to rows of the tables before it */
    EDU_REPEAT,  /**< answers, for requests that are sent again */
    EDU_TABLES
} edu_table_e;

/** The ids of a row, or of the parent of rows. */
typedef struct edu_key_t {
    const char *class_id;
    const char *member_id;
    const char *assignment_id;
    const char *submission_id;
    const char *outcome_id; /**< lower-case if it is a GUID */
    const char *version_id; /**< of a row of the history */
    const char *repeat_id;  /**< of a kept answer */
    const char *viewer;     /**< of reads: the user whose role in the class is
                                 read, and whose view; NULL: all is seen.  Of
                                 a write see EDU_IF_UNREGISTRABLE */
} edu_key_t;

/** The member of @a key that is the id of a table's row; it may hold NULL. */
const char **edu__key_id(edu_key_t *key, edu_table_e table);

/* ------------------------------------------------------------------ near.c */

/** The name that a misspelt one is nearest to. */
typedef struct edu_near_t {
    const char *to;   /**< what was sent */
    const char *name; /**< out: of those tried; NULL: none is near */
    int distance;     /**< its, for near.c */
} edu_near_t;

/** Try a name; it has to last. */
void edu__near_try(edu_near_t *near, const char *name);

/** The end of a message: " Do you mean 'name'?", or "". */
const char *edu__near_hint(const edu_near_t *near, apr_pool_t *p);

/* ---------------------------------------------------------------- digest.c */

/** The SHA-256 of texts, in hexadecimal; of several each with its length, so
 *  that no others have the same. @param texts  NULL is the empty one */
const char *edu__digest(const char *const *texts, int n, apr_pool_t *p);

/* ----------------------------------------------------------------- scope.c */

/** Graph's name of a permission. @param bit  one of EDU_SCOPE_* */
const char *edu__scope_name(unsigned bit, int application, apr_pool_t *p);

/* ------------------------------------------------------------------ seal.c */

/** Seal bytes, 65535 at most: without the secret nobody can read or make the
 *  result.
 *  @param secret  64 hexadecimal digits
 *  @return NULL: there are too many, or there is no randomness */
const char *edu__seal(apr_size_t *sealed_len, const char *secret,
                      const char *bytes, apr_size_t len, apr_pool_t *p);

/** The bytes that were sealed. @return NULL: these were not, by this secret */
const char *edu__unseal(apr_size_t *len, const char *secret,
                        const char *sealed_bytes, apr_size_t sealed_len,
                        apr_pool_t *p);

/* ------------------------------------------------------------------ json.c */

/** Parse a client's text: UTF-8, with a byte order mark or without (RFC 8259
 *  8.1), no NUL, no duplicate members, at most 32 levels deep (decisions.md 3).
 *  @param most  how many values it may hold, counted before one is created; 0:
 *               any number
 *  @param deep  1: any depth is allowed
 *  @return a value owned by @a p, or NULL and in @a err EDU_EBADREQUEST,
 *          EDU_ETOOLARGE, or EDU_EGRADING for a number that no double holds */
json_t *edu__json_parse(const char *data, apr_size_t len, int most, int deep,
                        edu_error_t *err, apr_pool_t *p);

/** Check that a part of a parsed body is by itself at most 32 levels deep.
 *  @return APR_SUCCESS or EDU_EBADREQUEST */
apr_status_t edu__json_check_depth(const json_t *json, edu_error_t *err,
                                   apr_pool_t *p);

/** Parse a stored text. @return owned by @a p, or NULL: it is not JSON */
json_t *edu__json_load(const char *text, apr_pool_t *p);

/** The same of a value of any kind. @return a new reference, or NULL */
json_t *edu__json_read(const char *value, apr_size_t len);

/** Give a new reference to @a p. @return json, borrowed from now on */
json_t *edu__json_own(json_t *json, apr_pool_t *p);

/** A new reference to a borrowed value, for a `_new` setter. */
json_t *edu__json_share(const json_t *json);

/** Compact text; a real keeps the 15 digits that every decimal survives.
 *  @param json  NULL is written as null, for an empty text is not JSON */
const char *edu__json_text(const json_t *json, apr_pool_t *p);

/** The length of edu__json_text. */
apr_size_t edu__json_size(const json_t *json);

/** Whether that is at most as much, which takes less to find. */
int edu__json_fits(const json_t *json, apr_size_t max);

/** A number as Edm.Single keeps it: the shortest decimal that reads back as the
 *  same float32, so that 85.1 stays 85.1, and no fraction where there is none.
 *  @return a new reference */
json_t *edu__json_single(const json_t *in);

/** A string as a JSON string, quotes and all. @param s  as edu__mend */
const char *edu__json_quote(const char *s, apr_pool_t *p);

/** A new reference to a JSON string. @param s  as edu__mend */
json_t *edu__json_string(const char *s, apr_pool_t *p);

/* --------------------------------------------------------------- members.c */

/** A member of an object, or an element of an array, as text. */
typedef struct edu_member_t {
    const char *name;  /**< as in the text; NULL: an element */
    const char *value; /**< as in the text, which goes on after it */
    apr_size_t name_len, value_len;
} edu_member_t;

/** The members of a stored object, in order. @return of edu_member_t, or NULL:
 *  it is no object */
apr_array_header_t *edu__members_load(const char *text, apr_pool_t *p);

/** Add the next member of a text that edu__json_text may have written.
 *  @param at  what follows the members so far: the text itself, at first
 *  @return what follows it, or NULL: it is another, or not written like that */
const char *edu__member_take(apr_array_header_t *members, const char *at,
                             const char *name);

/** The members or elements of such a value; another value, or NULL, has none.
 *  @return of edu_member_t */
apr_array_header_t *edu__members_at(const char *value, apr_pool_t *p);

/** A stored object or array as edu__json_text writes it, mostly as it is.
 *  @return NULL: it is no JSON */
const char *edu__json_tidy(const char *text, apr_pool_t *p);

/** A member, or NULL. */
const edu_member_t *edu__member_find(const apr_array_header_t *members,
                                     const char *name);

/** The value of a member, followed by the rest of the text; or NULL. */
const char *edu__member(const apr_array_header_t *members, const char *name);

/** The value of a member alone, or NULL. */
const char *edu__member_text(const apr_array_header_t *members,
                             const char *name, apr_pool_t *p);

/** Whether a member has that value: a word, or a string with its quotes. */
int edu__member_is(const apr_array_header_t *members, const char *name,
                   const char *value);

/** Set a member, in its place or behind all others. @param value  JSON */
void edu__member_set(apr_array_header_t *members, const char *name,
                     const char *value);

/** Set a member to the value of another, if there is one. */
void edu__member_copy(apr_array_header_t *members, const char *to,
                      const char *from);

/** Add members of another object that this one does not have. */
void edu__members_add(apr_array_header_t *members,
                      const apr_array_header_t *more);

/** A member to write. */
typedef struct edu_pick_t {
    const char *name;
    apr_array_header_t *below; /**< of edu_pick_t: the members to write of its
                                    value, or of each element; NULL: all */
} edu_pick_t;

/** The object as text. @param picks  of edu_pick_t: the members to write beside
 *  annotations; NULL: all */
const char *edu__members_text(const apr_array_header_t *members,
                              const apr_array_header_t *picks, apr_pool_t *p);

/* ------------------------------------------------------------------ http.c */

/** The media type of bodies and answers. */
#define EDU_JSON "application/json"

/** Whether a Content-Type (may be NULL) is application/json, in UTF-8 if it
 *  names a charset. */
int edu__http_is_json(const char *content_type, apr_pool_t *p);

/** The same of text/plain. */
int edu__http_is_text(const char *content_type, apr_pool_t *p);

/** Whether a Content-Type (may be NULL) is, or lists, one that a form of any
 *  page can send (HTML 4.10.21.7). */
int edu__http_is_form(const char *content_type, apr_pool_t *p);

/** Whether an Accept field admits a media type: of the ranges that fit, the
 *  most specific decides (RFC 9110 12.5.1).
 *  @return its weight in thousandths; 0: it does not */
int edu__http_accepts(const char *accept, const char *type, apr_pool_t *p);

/** How much an answer in JSON says of itself (OData JSON 4.01, 3.1). */
typedef enum edu_metadata_e {
    EDU_METADATA_MINIMAL,
    EDU_METADATA_NONE,
    EDU_METADATA_FULL
} edu_metadata_e;

/** A format of answers in JSON. */
typedef struct edu_format_t {
    const char *type; /**< media type, with the parameters that were asked for
                           and are kept to */
    edu_metadata_e metadata;
    int ieee754; /**< 64-bit integers are strings */
} edu_format_t;

/** The format of JSON that an Accept field (NULL: any) prefers; a range with a
 *  parameter that no answer has does not count.
 *  @return 0: it admits none */
int edu__http_format(edu_format_t *format, const char *accept, apr_pool_t *p);

/** Whether a Prefer field (may be NULL) holds a preference without a value, or
 *  with an empty one, which is the same (RFC 7240 2). */
int edu__http_prefers(const char *prefer, const char *preference,
                      apr_pool_t *p);

/** The value of a preference, of which the first counts (RFC 7240 2); "" if it
 *  has none, NULL: a Prefer field (may be NULL) does not hold it. */
const char *edu__http_preference(const char *prefer, const char *name,
                                 apr_pool_t *p);

/**
 * Whether If-Match or If-None-Match names a version (RFC 9110 13.1).  Proxies
 * that compress make a tag weak, or append the coding to it; the version that
 * it names is the same (decisions.md 4).
 * @param any  1, for If-Match: the tag of another representation of the
 *             version, which has a suffix after a "-", names it, too; 0, for
 *             If-None-Match: it does not
 * @return 1 or 0; -1: @a tags is neither * alone nor a list of entity tags
 */
int edu__http_names(const char *tags, const char *version, int any);

/** Whether an Origin field is the origin of a URL (RFC 6454 5). */
int edu__http_is_origin(const char *origin, const char *url);

#endif /* EDU_BASE_H */
