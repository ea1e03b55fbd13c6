/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Pseudonyms in rows.  A pseudonym is a digest of the id with the secret of the
 * database, so that it is the same each time, and nobody without the secret can
 * try ids until one fits. */

#include "move.h"

#include <apr_strings.h>

#define PREFIX "anonymous-"
#define DIGITS 24
#define HEXADECIMAL "0123456789abcdef"

static int is_pseudonym(const char *id)
{
    apr_size_t len = strlen(PREFIX);

    return strncmp(id, PREFIX, len) == 0 && strlen(id) == len + DIGITS &&
           strspn(id + len, HEXADECIMAL) == DIGITS;
}

static const char *pseudonym_of(const edu_pseudonyms_t *pseudonyms,
                                const char *id)
{
    const char *texts[] = { pseudonyms->secret, id };

    return pseudonyms->secret
               ? apr_pstrcat(pseudonyms->p, PREFIX,
                             apr_pstrmemdup(
                                 pseudonyms->p,
                                 edu__digest(texts, 2, pseudonyms->p), DIGITS),
                             NULL)
               : "erased";
}

static const char *find(const edu_pseudonyms_t *pseudonyms, const char *text)
{
    return apr_hash_get(pseudonyms->of, text, APR_HASH_KEY_STRING);
}

static void add(edu_pseudonyms_t *pseudonyms, const char *id,
                const char *pseudonym)
{
    apr_hash_set(pseudonyms->of, apr_pstrdup(pseudonyms->p, id),
                 APR_HASH_KEY_STRING, pseudonym);
}

const char *edu__pseudonym_add(edu_pseudonyms_t *pseudonyms, const char *id)
{
    const char *pseudonym = find(pseudonyms, id);

    if (!*id || is_pseudonym(id) || pseudonym) {
        return pseudonym ? pseudonym : id;
    }
    pseudonym = pseudonym_of(pseudonyms, id);
    add(pseudonyms, id, pseudonym);
    return pseudonym;
}

void edu__pseudonym_add_within(edu_pseudonyms_t *pseudonyms, const char *id,
                               const char *user_id)
{
    if (*user_id && !is_pseudonym(user_id) && strstr(id, user_id) &&
        !find(pseudonyms, id)) {
        add(pseudonyms, id, pseudonym_of(pseudonyms, id));
    }
}

/* ----------------------------------------------------------------- in texts */

/* A text with what is in it replaced, or NULL: nothing is. */
static const char *replaced(const edu_pseudonyms_t *pseudonyms,
                            const char *text, apr_pool_t *p)
{
    const char *whole = find(pseudonyms, text), *made = "";
    int changed = 0;

    if (whole || !strchr(text, '/')) {
        return whole;
    }
    for (apr_size_t len;; text += len + 1) {
        const char *part, *other;

        len = strcspn(text, "/");
        part = apr_pstrmemdup(p, text, len);
        other = find(pseudonyms, part);
        changed |= other != NULL;
        made = apr_pstrcat(p, made, other ? other : part, NULL);
        if (!text[len]) {
            return changed ? made : NULL;
        }
        made = apr_pstrcat(p, made, "/", NULL);
    }
}

/* ------------------------------------------------------------- in documents */

static int ends(const char *name, const char *end)
{
    apr_size_t len = strlen(name), n = strlen(end);

    return len >= n && strcmp(name + len - n, end) == 0;
}

/* Whether a member's value is an id, or has some between slashes: a word, such
 * as a role or a media type, may be somebody's id, and stays. */
static int is_named(const char *name, const char *value)
{
    return strcmp(name, "id") == 0 || strcmp(name, "recipients") == 0 ||
           strcmp(name, "student") == 0 || ends(name, "Id") ||
           (strchr(value, '/') != NULL && !ends(name, "Type"));
}

static int change(json_t *value, const char *name,
                  const edu_pseudonyms_t *pseudonyms, apr_pool_t *p);

static int change_object(json_t *object, const edu_pseudonyms_t *pseudonyms,
                         apr_pool_t *p)
{
    const char *id = json_string_value(json_object_get(object, "id"));
    int named = id && find(pseudonyms, id) != NULL, changed = 0;
    const char *name;
    json_t *value;

    json_object_foreach(object, name, value)
    {
        changed |= change(value, name, pseudonyms, p);
    }
    if (named && json_object_get(object, "displayName")) {
        json_object_set_new(object, "displayName", json_null());
    }
    return changed;
}

/* Replaces strings in the value of a member. @return whether there was any */
static int change(json_t *value, const char *name,
                  const edu_pseudonyms_t *pseudonyms, apr_pool_t *p)
{
    const char *text = json_string_value(value), *other;
    int changed = 0;
    json_t *element;
    size_t i;

    if (json_is_object(value)) {
        return change_object(value, pseudonyms, p);
    }
    json_array_foreach(value, i, element)
    {
        changed |= change(element, name, pseudonyms, p);
    }
    if (text && is_named(name, text) &&
        (other = replaced(pseudonyms, text, p))) {
        json_string_set(value, other);
        return 1;
    }
    return changed;
}

/* What stays of a person: nothing but the role. */
static const char *person(const char *text, apr_pool_t *p)
{
    const json_t *role =
        json_object_get(edu__json_load(text, p), "primaryRole");

    return role ? apr_pstrcat(p, "{\"primaryRole\":", edu__json_text(role, p),
                              "}", NULL)
                : "{}";
}

/* Whether a document may have any: most have none, and are not parsed. */
static int may_have(const edu_pseudonyms_t *pseudonyms, const char *text,
                    apr_pool_t *p)
{
    void *id;

    if (apr_hash_count(pseudonyms->of) > 4) {
        return *text == '{';
    }
    for (apr_hash_index_t *at = apr_hash_first(p, pseudonyms->of); at;
         at = apr_hash_next(at)) {
        const char *quote;

        apr_hash_this(at, (const void **)&id, NULL, NULL);
        quote = edu__json_quote(id, p);
        if (strstr(text, apr_pstrmemdup(p, quote + 1, strlen(quote) - 2)) ||
            strchr(text, '\\')) {
            return 1;
        }
    }
    return 0;
}

static const char *replaced_in(const edu_pseudonyms_t *pseudonyms,
                               const char *text, apr_pool_t *p)
{
    json_t *doc =
        may_have(pseudonyms, text, p) ? edu__json_load(text, p) : NULL;

    return doc && change(doc, "", pseudonyms, p) ? edu__json_text(doc, p)
                                                 : NULL;
}

/* --------------------------------------------------------------------- rows */

/* Whether a row tells of a person: a member, or what became of one. */
static int is_of_person(int table, const char *const *row)
{
    return table == EDU_MEMBER ||
           (table == EDU_HISTORY &&
            strcmp(row[edu__single_column(&edu__wholes[table], "entity")],
                   "member") == 0);
}

static void set(const char **row, int table, const char *name,
                const char *value)
{
    row[edu__single_column(&edu__wholes[table], name)] = value;
}

const char **edu__pseudonym_apply(const edu_pseudonyms_t *pseudonyms, int table,
                                  const char *const *row, apr_pool_t *p)
{
    const edu_whole_t *whole = &edu__wholes[table];
    int width = edu__whole_width(whole), brief = width - whole->longs;
    int changed = 0;
    const char **made = apr_pmemdup(p, row, width * sizeof(*row));

    for (int i = 0; i < width; i++) {
        const char *other = edu__line_is_word(table, whole->columns[i]) ? NULL
                            : *row[i] == '{'
                                ? replaced_in(pseudonyms, row[i], p)
                            : i < brief ? replaced(pseudonyms, row[i], p)
                                        : NULL;

        if (other) {
            made[i] = other;
            changed = 1;
        }
    }
    if (!changed) {
        return NULL;
    }
    if (is_of_person(table, row) &&
        find(pseudonyms, row[edu__single_column(whole, "id")])) {
        for (int i = brief; i < width; i++) {
            made[i] = *row[i] && !edu__event_before(row[i]) ? person(row[i], p)
                                                            : row[i];
        }
    }
    if (table >= EDU_HISTORY &&
        find(pseudonyms, row[edu__single_column(whole, "user_id")])) {
        if (table == EDU_HISTORY) {
            set(made, table, "user_name", "");
        }
        if (table != EDU_REPEAT) {
            set(made, table, "address", "");
        }
    }
    return made;
}
