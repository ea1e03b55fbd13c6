/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The choice of rows to erase.  A class has no date of its own: it has that of
 * the last change in it. */

#include "erase.h"
#include "feed.h"

#include <apr_strings.h>

#define UNDATED "0000000000000000"

/* Is told a row. */
typedef void look_fn(edu_erasure_t *it, int table, const char *const *row);

const char *edu__erase_text(const char *const *row, int table,
                            const char *column)
{
    return row[edu__single_column(&edu__wholes[table], column)];
}

static edu_age_t *age_of(edu_erasure_t *it, const char *class_id)
{
    edu_age_t *age = apr_hash_get(it->classes, class_id, APR_HASH_KEY_STRING);

    if (!age) {
        age = apr_pcalloc(it->admin->p, sizeof(*age));
        age->latest = "";
        apr_hash_set(it->classes, apr_pstrdup(it->admin->p, class_id),
                     APR_HASH_KEY_STRING, age);
    }
    return age;
}

static void look_at_age(edu_erasure_t *it, int table, const char *const *row)
{
    edu_age_t *age = age_of(it, row[0]);
    const char *version = edu__erase_text(row, table, "version");

    if (strcmp(version, UNDATED) != 0 && strcmp(version, age->latest) > 0) {
        age->latest = apr_pstrdup(it->admin->p, version);
        age->old = strcmp(version, it->before) < 0;
    }
}

/* Students get a pseudonym: members, and those who left. */
static void look_at_student(edu_erasure_t *it, int table,
                            const char *const *row)
{
    const char *class_id = edu__erase_text(row, table, "class_id");
    const edu_age_t *age =
        apr_hash_get(it->classes, class_id, APR_HASH_KEY_STRING);

    if (!age || !age->old) {
        return;
    }
    if (table != EDU_MEMBER) {
        edu__pseudonym_add(
            &it->names,
            edu__erase_text(row, table,
                            table == EDU_SUBMISSION ? "user_id" : "student"));
    }
    else if (strcmp(edu__erase_text(row, table, "role"), "student") == 0) {
        edu__pseudonym_add(&it->names, edu__erase_text(row, table, "id"));
    }
}

static apr_status_t look_at_all(edu_erasure_t *it, edu_call_t *call,
                                const int *tables, int n, look_fn *look)
{
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; !rv && i < n; i++) {
        edu_cursor_t cursor;
        apr_pool_t *own;

        apr_pool_create(&own, it->admin->p);
        edu__cursor_open(&cursor, call, &edu__wholes[tables[i]], NULL, 0, own);
        while (!(rv = edu__cursor_next(&cursor)) && cursor.row) {
            look(it, tables[i], cursor.row);
        }
        apr_pool_destroy(own);
    }
    return rv;
}

static apr_status_t look_at_classes(edu_erasure_t *it)
{
    static const int dated[] = { EDU_CLASS, EDU_MEMBER, EDU_ASSIGNMENT,
                                 EDU_SUBMISSION, EDU_OUTCOME };
    static const int named[] = { EDU_MEMBER, EDU_SUBMISSION, EDU_HISTORY,
                                 EDU_WHOLE_READ };
    edu_call_t call;
    apr_status_t rv = edu__admin_begin(&call, it->admin, 0);

    if (rv) {
        return rv;
    }
    rv = look_at_all(it, &call, dated, 5, look_at_age);
    if (!rv && it->what->anonymize) {
        rv = look_at_all(it, &call, named, 4, look_at_student);
    }
    edu__whole_end(&call, 1);
    return rv;
}

apr_status_t edu__erase_begin(edu_erasure_t *it)
{
    apr_pool_t *p = it->admin->p;
    apr_status_t rv = APR_SUCCESS;

    it->names = (edu_pseudonyms_t){ apr_hash_make(p), NULL, p };
    it->submissions = apr_hash_make(p);
    if (it->what->anonymize) {
        rv = edu__store_secret(&it->names.secret, &it->admin->store,
                               &it->admin->err, p);
    }
    if (rv || it->what->student) {
        if (!rv) {
            edu__pseudonym_add(&it->names, it->what->student);
        }
        return rv;
    }
    it->classes = apr_hash_make(p);
    it->before = apr_psprintf(p, "%016" APR_UINT64_T_HEX_FMT,
                              (apr_uint64_t)it->what->before * 10);
    return look_at_classes(it);
}
