/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The history as a feed: numbers that become visible late are not missed, and
 * those that never do are forgotten. */

#include "feed.h"
#include "database.h"

#define NOW "CAST((julianday('now') - 2440587.5) * 10000000 * 86400 AS INTEGER)"

static const edu_key_t class_c = { .class_id = "c" };

/* Records numbers, of changes that began so many seconds ago. */
static void record(database_t *db, int from, int to, int ago, apr_pool_t *p)
{
    for (int i = from; i <= to; i++) {
        database_run(db,
                     apr_psprintf(p,
                                  "INSERT INTO edu_history (seq, class_id,"
                                  " assignment_id, id, entity, action, at)"
                                  " VALUES (%d, 'c', 'a', 'a', 'assignment',"
                                  " 'update', printf('%%016x', " NOW
                                  " - %d * 10000000))",
                                  i, ago));
    }
}

static edu_feed_t look(database_t *db, const edu_feed_t *from,
                       apr_status_t wanted, const char *what, apr_pool_t *p)
{
    edu_error_t err = { 0 };
    edu_feed_t now;

    is_int(edu__feed_look(&now, from, &db->store, &err, p), wanted, what);
    return now;
}

/* A position: high, and its gaps. */
static const char *words_of(const edu_feed_t *feed, apr_pool_t *p)
{
    const char *text = apr_psprintf(p, "%d", (int)feed->high);

    for (int i = 0; i < feed->gaps->nelts; i++) {
        const edu_gap_t *gap = &APR_ARRAY_IDX(feed->gaps, i, edu_gap_t);

        text = apr_psprintf(p, "%s %d-%d", text, (int)gap->from, (int)gap->to);
    }
    return text;
}

/* The numbers that a reader is told of, which takes them of both positions. */
static const char *told(database_t *db, edu_feed_t *from, edu_feed_t *now,
                        apr_pool_t *p)
{
    const edu_interest_t all = { .entity = "assignment" };
    edu_error_t err = { 0 };
    apr_array_header_t *rows;
    const char *text = "";

    is_int(edu__feed_read(&rows, edu__feed_begin(from), now->high, &db->store,
                          &class_c, &all, &err, p),
           0, "changes are read");
    for (int i = 0; i < rows->nelts; i++) {
        apr_int64_t number = APR_ARRAY_IDX(rows, i, edu_news_t).number;

        if (edu__feed_is_new(from, number)) {
            text = apr_psprintf(p, "%s%d ", text, (int)number);
            edu__feed_take(from, number);
            edu__feed_take(now, number);
        }
    }
    return text;
}

static void test_gaps(database_t *db, apr_pool_t *p)
{
    edu_feed_t was, now, late;

    was = look(db, NULL, 0, "a look at nothing", p);
    is_str(words_of(&was, p), "0", "there is nothing");
    record(db, 1, 3, 0, p);
    record(db, 7, 8, 0, p);
    now = look(db, &was, 0, "a look", p);
    is_str(words_of(&now, p), "8 4-6", "numbers are missing");
    is_str(told(db, &was, &now, p), "1 2 3 7 8 ", "all that is new is told");
    was = now;
    now = look(db, &was, 0, "another look", p);
    is_str(words_of(&now, p), "8 4-6", "they are still missing");
    is_str(told(db, &was, &now, p), "", "nothing is told twice");
    record(db, 5, 5, 0, p);
    record(db, 9, 9, 0, p);
    was = now;
    now = look(db, &was, 0, "a look at one that is late", p);
    is_str(told(db, &was, &now, p), "5 9 ", "one that is late is told");
    is_str(words_of(&now, p), "9 4-4 6-6", "and no longer missing");
    /* a row that appears between the look and the read */
    record(db, 11, 11, 0, p);
    late = now;
    now = look(db, &late, 0, "a look before", p);
    record(db, 10, 10, 0, p);
    is_str(told(db, &late, &now, p), "10 11 ", "is told by that read");
    is_str(words_of(&now, p), "11 4-4 6-6", "and not again");
    /* one behind the end that was looked up */
    late = now;
    now = look(db, &late, 0, "a look before that", p);
    record(db, 12, 12, 0, p);
    is_str(told(db, &late, &now, p), "", "is told by the next");
    late = now;
    now = look(db, &late, 0, "a look after", p);
    is_str(told(db, &late, &now, p), "12 ", "read");
    /* after its life a gap is looked at once more */
    for (int i = 0; i < now.gaps->nelts; i++) {
        APR_ARRAY_IDX(now.gaps, i, edu_gap_t).since -= 30;
    }
    was = now;
    now = look(db, &was, 0, "a look in its life", p);
    is_str(words_of(&now, p), "12 4-4 6-6",
           "a gap lives twelve times as long as a request, 60 s");
    APR_ARRAY_IDX(now.gaps, 0, edu_gap_t).since -= 32;
    record(db, 4, 4, 0, p);
    was = now;
    now = look(db, &was, 0, "a look after its life", p);
    is_str(words_of(&now, p), "12 6-6", "and is forgotten then");
    is_str(told(db, &was, &now, p), "4 ", "but what is in it is told");
}

/* A page that ends before all is told. */
static void test_until(database_t *db, apr_pool_t *p)
{
    edu_feed_t was, now, next;
    edu_news_t last = { .number = 14, .at = "x" };

    database_run(db, "DELETE FROM edu_history");
    record(db, 10, 10, 0, p);
    was = look(db, NULL, 0, "a look", p);
    is_str(words_of(&was, p), "10 1-9", "what may come before the first");
    record(db, 12, 12, 0, p);
    record(db, 14, 16, 0, p);
    record(db, 18, 18, 0, p);
    now = look(db, &was, 0, "another", p);
    is_str(words_of(&now, p), "18 1-9 11-11 13-13 17-17", "all gaps");
    edu__feed_take(&now, 12);
    edu__feed_take(&now, 14);
    next = edu__feed_until(&was, &now, &last, p);
    is_str(words_of(&next, p), "14 1-9 11-11 13-13",
           "a page that ends within has the gaps before its end");
    last.number = 5;
    edu__feed_take(&was, 5);
    next = edu__feed_until(&was, &now, &last, p);
    is_str(words_of(&next, p), "10 1-4 6-9",
           "one that ends in an old gap has told nothing else");
}

static void test_bounds(database_t *db, apr_pool_t *p)
{
    edu_feed_t was, now;

    /* old ones are settled */
    database_run(db, "DELETE FROM edu_history");
    record(db, 1, 1, 5000, p);
    record(db, 5, 5, 5000, p);
    record(db, 2000, 2000, 0, p);
    record(db, 2002, 2002, 0, p);
    now = look(db, NULL, 0, "a look back", p);
    is_str(words_of(&now, p), "2002 6-1999 2001-2001",
           "numbers of long ago are settled");

    /* too many */
    database_run(db, "DELETE FROM edu_history");
    for (int i = 1; i <= 4 * EDU_GAPS_MAX; i += 2) {
        record(db, i, i, 0, p);
    }
    now = look(db, NULL, 0, "a look at many gaps", p);
    is_int(now.gaps->nelts, EDU_GAPS_MAX, "there are as many as fit");
    is_int(now.high, 4 * EDU_GAPS_MAX - 1, "the feed goes on");
    is_int(APR_ARRAY_IDX(now.gaps, EDU_GAPS_MAX - 1, edu_gap_t).to,
           4 * EDU_GAPS_MAX - 2, "and the last gap is as wide as needed");
    was = now;
    now = look(db, &was, 0, "a look at more", p);
    is_int(now.gaps->nelts, EDU_GAPS_MAX, "they stay while they live");
    for (int i = 0; i < was.gaps->nelts; i++) {
        APR_ARRAY_IDX(was.gaps, i, edu_gap_t).since -= 70;
    }
    now = look(db, &was, 0, "a look after that", p);
    is_int(now.gaps->nelts, 0, "but not longer");

    /* a wide gap that is filled in the middle */
    for (int i = 0; i < EDU_GAPS_MAX; i++) {
        edu__feed_take(&was, 3 * EDU_GAPS_MAX);
    }
    is_int(was.gaps->nelts, EDU_GAPS_MAX,
           "one that is in no gap changes nothing");
}

/* What lies in a wide gap is told once a round, or the round would not end; and
 * what appears behind the reader meanwhile is for the next. */
static void test_rounds(database_t *db, apr_pool_t *p)
{
    edu_feed_t was, now;
    edu_news_t last = { .number = 4, .at = "x" };

    database_run(db, "DELETE FROM edu_history");
    record(db, 1, 1, 0, p);
    record(db, 3, 6, 0, p);
    was = look(db, NULL, 0, "a look", p);
    APR_ARRAY_IDX(was.gaps, 0, edu_gap_t).to = 5;
    now = look(db, &was, 0, "a second look", p);
    is_str(words_of(&now, p), "6 2-5", "a gap that has rows");
    was = edu__feed_until(&was, &now, &last, p);
    record(db, 2, 2, 0, p);
    now = look(db, &was, 0, "a look for the next page", p);
    is_str(told(db, &was, &now, p), "5 ", "has what lies after the last page");
    APR_ARRAY_IDX(was.gaps, 0, edu_gap_t).since -= 70;
    now = look(db, &was, 0, "a look after the life of the gap", p);
    is_str(words_of(&now, p), "6 2-4", "forgets nothing within a round");
    is_int(now.told, 0, "a round ends with all that there is");
    is_str(told(db, &now, &now, p), "2 3 4 ", "the next has the rest");
}

/* Changes that may have been lost. */
static void test_lost(database_t *db, apr_pool_t *p)
{
    edu_feed_t was;

    database_run(db, "DELETE FROM edu_history");
    record(db, 1, 9, 100, p);
    was = look(db, NULL, 0, "a look", p);
    look(db, &was, 0, "nothing was lost", p);
    database_run(db, "INSERT INTO edu_history (action, at)"
                     " VALUES ('historyOn', 'x')");
    look(db, &was, 0, "nor by a start", p);
    database_run(db, "INSERT INTO edu_history (action, at)"
                     " VALUES ('historyOff', 'x')");
    look(db, &was, EDU_ESYNC, "but where history was off", p);
    was = look(db, NULL, 0, "a look after that", p);
    look(db, &was, 0, "is good again", p);
    database_run(db, "INSERT INTO edu_history (action, at)"
                     " VALUES ('pruned', 'y')");
    look(db, &was, EDU_ESYNC, "and where it was pruned later", p);
    for (int i = 0; i < 3; i++) {
        static const char *const actions[] = { "import", "erase", "anonymize" };

        database_run(db, apr_psprintf(p,
                                      "UPDATE edu_history SET action = '%s'"
                                      " WHERE at = 'y'",
                                      actions[i]));
        look(db, &was, EDU_ESYNC, actions[i], p);
    }
    database_run(db, "UPDATE edu_history SET at = 'w' WHERE at = 'y'");
    look(db, &was, 0, "not where it was pruned before", p);
    database_run(db, "UPDATE edu_history SET at = 'z' WHERE at = 'x'");
    look(db, &was, EDU_ESYNC, "nor is another history the same", p);
    database_run(db, "DELETE FROM edu_history");
    look(db, &was, EDU_ESYNC, "nor an empty one", p);
}

static void test_secret(database_t *db, apr_pool_t *p)
{
    edu_error_t err = { 0 };
    const char *first, *second;

    is_int(edu__store_secret(&first, &db->store, &err, p), 0, "a secret");
    is_int(edu__store_secret(&second, &db->store, &err, p), 0, "once more");
    is_int(strlen(first), 64, "it has 64 digits");
    is_str(second, first, "it stays");
    database_run(db, "DELETE FROM edu_secret");
    is_int(edu__store_secret(&second, &db->store, &err, p), 0, "another");
    ok(strcmp(second, first) != 0, "it is another then");
}

static void tests(apr_pool_t *p)
{
    edu_error_t err = { 0 };
    database_t *db;

    apr_dbd_init(p);
    db = database_make(":memory:", EDU_SCHEMA_AUTO, p);
    is_int(edu_store_check(&db->store, &err, p), 0, "there is a database");
    db->store.timeout = apr_time_from_sec(5);
    test_gaps(db, p);
    test_until(db, p);
    test_bounds(db, p);
    test_rounds(db, p);
    test_lost(db, p);
    test_secret(db, p);
    database_close(db);
}

TAP_MAIN(tests)
