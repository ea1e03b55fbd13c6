/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The history as a feed of changes, for readers who come again: none misses a
 * change, with any database and without a lock.
 *
 * The difficulty: a number is drawn before its transaction commits (apply.c),
 * so that a row may appear below numbers that a reader has seen.  A position
 * therefore has, besides the greatest number seen (high), the numbers below it
 * that were missing (gaps).  A reader that comes again is given the rows above
 * high, and those that have appeared in a gap.
 *
 * 1. Nothing is missed.  Numbers are drawn in ascending order, so that a number
 *    is, when a reader looks, (a) visible, (b) missing below the greatest
 *    visible one, or (c) above that.  The reader reads high first (head), then
 *    which numbers to high are missing (gaps), then the rows: three statements,
 *    each of which sees all that the one before saw.  A row that the last does
 *    not see was not seen by the second, either: it is in a gap, or above high,
 *    and so is for the next time.
 * 2. A gap is forgotten when no transaction can fill it any more, for numbers
 *    of transactions that are rolled back stay missing for ever.  A transaction
 *    is under way for at most 10 T (EduOutcomesTimeout): later, it is not
 *    committed but rolled back (tx.c).  If its process stands still before the
 *    COMMIT, the database ends it after T (session settings of sql.c); T is
 *    left for the COMMIT itself.  A gap that is GAP_LIFE old by the clock of
 *    the database is looked at once more, and then left out.  Nodes need the
 *    same EduOutcomesTimeout, but no common clock.
 * 3. The first look has no position to go on from: all numbers drawn long ago
 *    are settled.  It looks for gaps in the numbers from a row on that was
 *    recorded SETTLED ago, by the clocks of the nodes, which differ by less
 *    than ten minutes; so does a reader that comes back after a long time.
 * 4. A row is read after its change was seen here, so that it is as the change
 *    left it, or newer.  Of two changes of a row the later has the greater
 *    number and commits later (apply.c, 2): a row that is read for the last of
 *    its changes seen is current, and what changes it later is a number that
 *    the reader has not seen.
 * 5. A change is told twice only if the reader did not get the answer, or if
 *    there are more than EDU_GAPS_MAX gaps: then the last is as wide as needed,
 *    and what is within it is told in each round until it is forgotten.
 *    To take a change twice does no harm, for the row is told as it is.
 * 6. A round ends: from one page to the next, what lies at or below the last
 *    change told (told) is left for the next round, and no gap is forgotten.
 *
 * SQLite draws numbers under its writer lock: there is never a gap.  What other
 * programs write into the tables is in no history, and not in the feed. */

#include "feed.h"
#include "inner.h"

#include <apr_escape.h>
#include <apr_general.h>
#include <apr_strings.h>

#define GAP_LIFE(timeout) (apr_time_sec(timeout) * 12 + 1)

/* The instant of a row is that of its request, by the clock of a node. */
#define SETTLED(life) (600 + 2 * (life))

/* How many numbers are looked through at first, and how that grows until a row
 * is old enough. */
#define FIRST_STEP 1024
#define GROWTH 4

/* --------------------------------------------------------------- statements */

typedef struct texts_t {
    apr_array_header_t *rows; /* of const char ** */
    int columns;
} texts_t;

static void read_texts(const edu_call_t *call, void *out)
{
    texts_t *texts = out;
    struct apr_dbd_row_t *from = NULL;

    while ((from = edu__call_next(call, from))) {
        const char **row =
            apr_palloc(call->p, texts->columns * sizeof(const char *));

        for (int i = 0; i < texts->columns; i++) {
            row[i] = edu__call_column(call, from, i);
        }
        APR_ARRAY_PUSH(texts->rows, const char **) = row;
    }
}

/* Runs a statement that reads. @return its rows in texts */
static apr_status_t ask(texts_t *texts, int columns, int sql,
                        const edu_store_t *store, edu_args_t *args,
                        edu_error_t *err, apr_pool_t *p)
{
    edu_call_t call = {
        .store = store, .sql = sql, .args = args->list, .err = err, .p = p
    };

    *texts = (texts_t){ apr_array_make(p, 8, sizeof(const char **)), columns };
    return edu__call_run(&call, read_texts, texts);
}

static const char *cell(const texts_t *texts, int row, int column)
{
    return APR_ARRAY_IDX(texts->rows, row, const char **)[column];
}

static apr_int64_t number(const texts_t *texts, int row, int column)
{
    return apr_atoi64(cell(texts, row, column));
}

static void add_number(edu_args_t *args, apr_int64_t n, apr_pool_t *p)
{
    edu__args_add(args, apr_psprintf(p, "%" APR_INT64_T_FMT, n));
}

/* ------------------------------------------------------------------- secret */

apr_status_t edu__store_secret(const char **secret, const edu_store_t *store,
                               edu_error_t *err, apr_pool_t *p)
{
    edu_args_t none = { .n = 0 }, args = { .n = 0 };
    unsigned char random[32];
    edu_call_t insert = { .store = store,
                          .sql = EDU_SQL_INSERT_SECRET,
                          .args = args.list,
                          .err = err,
                          .p = p };
    texts_t texts;
    apr_status_t rv = ask(&texts, 1, EDU_SQL_SECRET, store, &none, err, p);

    if (!rv && !texts.rows->nelts) {
        apr_generate_random_bytes(random, sizeof(random));
        edu__args_add(&args, apr_pescape_hex(p, random, sizeof(random), 0));
        rv = edu__call_run(&insert, NULL, NULL);
        rv = rv ? rv : ask(&texts, 1, EDU_SQL_SECRET, store, &none, err, p);
    }
    if (!rv && !texts.rows->nelts) {
        rv = edu_error_set(err, EDU_EINTERNAL, NULL, p, NULL);
        err->detail = "edu_secret has no row, and takes none";
    }
    *secret = rv ? NULL : cell(&texts, 0, 0);
    return rv;
}

/* --------------------------------------------------------------------- gaps */

static edu_gap_t *gap_at(const edu_feed_t *feed, int i)
{
    return &APR_ARRAY_IDX(feed->gaps, i, edu_gap_t);
}

/* The gap that a number lies in, or -1. */
static int gap_of(const edu_feed_t *feed, apr_int64_t number)
{
    for (int i = 0; i < feed->gaps->nelts; i++) {
        if (number >= gap_at(feed, i)->from && number <= gap_at(feed, i)->to) {
            return i;
        }
    }
    return -1;
}

int edu__feed_is_new(const edu_feed_t *from, apr_int64_t number)
{
    return number > from->high ||
           (number > from->told && gap_of(from, number) >= 0);
}

apr_int64_t edu__feed_begin(const edu_feed_t *from)
{
    apr_int64_t before =
        from->gaps->nelts ? gap_at(from, 0)->from - 1 : from->high;

    return before > from->told ? before : from->told;
}

/* Adds a gap behind another; if there are too many, it widens that one. */
static void add_after(edu_feed_t *feed, int i, edu_gap_t gap)
{
    int more = feed->gaps->nelts - i - 1;

    if (feed->gaps->nelts == EDU_GAPS_MAX) {
        gap_at(feed, i)->to = gap.to;
        return;
    }
    apr_array_push(feed->gaps);
    memmove(gap_at(feed, i + 2), gap_at(feed, i + 1), more * sizeof(gap));
    *gap_at(feed, i + 1) = gap;
}

void edu__feed_take(edu_feed_t *feed, apr_int64_t number)
{
    int i = gap_of(feed, number);
    edu_gap_t *gap, after;

    if (i < 0) {
        return;
    }
    gap = gap_at(feed, i);
    after = *gap;
    after.from = number + 1;
    gap->to = number - 1;
    if (gap->from <= gap->to && after.from <= after.to) {
        add_after(feed, i, after);
    }
    else if (after.from <= after.to) {
        *gap = after;
    }
    else if (gap->from > gap->to) {
        feed->gaps->nelts--;
        memmove(gap, gap + 1, (feed->gaps->nelts - i) * sizeof(*gap));
    }
}

edu_feed_t edu__feed_until(const edu_feed_t *from, const edu_feed_t *now,
                           const edu_news_t *last, apr_pool_t *p)
{
    edu_feed_t until = *from;

    until.clock = now->clock;
    until.told = last->number;
    if (last->number <= from->high) {
        return until;
    }
    until.high = last->number;
    until.at = last->at;
    until.gaps = apr_array_make(p, now->gaps->nelts + 1, sizeof(edu_gap_t));
    for (int i = 0; i < now->gaps->nelts; i++) {
        edu_gap_t gap = *gap_at(now, i);

        if (gap.from < last->number) {
            gap.to = gap.to < last->number ? gap.to : last->number - 1;
            APR_ARRAY_PUSH(until.gaps, edu_gap_t) = gap;
        }
    }
    return until;
}

/* --------------------------------------------------------------------- look */

static apr_status_t lost(edu_error_t *err, apr_pool_t *p)
{
    return edu_error_set(err, EDU_ESYNC, NULL, p, NULL);
}

/* Reads the end of the feed, and whether it still has where the reader was. */
static apr_status_t head(edu_feed_t *now, const edu_feed_t *from,
                         const edu_store_t *store, edu_error_t *err,
                         apr_pool_t *p)
{
    edu_args_t args = { .n = 0 };
    texts_t texts;
    apr_status_t rv;

    *now = (edu_feed_t){ .at = "",
                         .gaps = apr_array_make(p, 4, sizeof(edu_gap_t)) };
    add_number(&args, from ? from->high : 0, p);
    add_number(&args, from ? from->high : 0, p);
    edu__args_add(&args, from ? from->at : "");
    rv = ask(&texts, 5, EDU_SQL_FEED_HEAD, store, &args, err, p);
    if (rv || !texts.rows->nelts) {
        return rv ? rv : from && from->high ? lost(err, p) : APR_SUCCESS;
    }
    now->high = number(&texts, 0, 0);
    now->at = cell(&texts, 0, 1);
    now->clock = number(&texts, 0, 2);
    return from && (strcmp(from->at, cell(&texts, 0, 3)) != 0 ||
                    number(&texts, 0, 4) || now->high < from->high)
               ? lost(err, p)
               : APR_SUCCESS;
}

/* The row at or before a number. */
static apr_status_t row_at(apr_int64_t *n, const char **at, apr_int64_t before,
                           const edu_store_t *store, edu_error_t *err,
                           apr_pool_t *p)
{
    edu_args_t args = { .n = 0 };
    texts_t texts;
    apr_status_t rv;

    add_number(&args, before, p);
    rv = ask(&texts, 2, EDU_SQL_FEED_ROW, store, &args, err, p);
    *n = !rv && texts.rows->nelts ? number(&texts, 0, 0) : 0;
    *at = *n ? cell(&texts, 0, 1) : "";
    return rv;
}

/* A number before which all are settled: that of the reader, or of a row that
 * is old enough. */
static apr_status_t settled(apr_int64_t *n, const edu_feed_t *now,
                            apr_int64_t least, const edu_store_t *store,
                            edu_error_t *err, apr_pool_t *p)
{
    apr_int64_t age = SETTLED(GAP_LIFE(edu__store_timeout(store)));
    const char *before =
        apr_psprintf(p, "%016" APR_UINT64_T_HEX_FMT,
                     (apr_uint64_t)(now->clock - age) * EDU_TICKS_PER_SECOND);
    const char *at = before;
    apr_int64_t step = FIRST_STEP;
    apr_status_t rv = APR_SUCCESS;

    *n = now->high;
    while (!rv && *n > least && strcmp(at, before) >= 0) {
        rv = row_at(n, &at, now->high - step, store, err, p);
        step *= GROWTH;
    }
    *n = *n > least ? *n : least;
    return rv;
}

/* Adds the numbers that are missing after one; if they are too many, the last
 * gap is as wide as needed. */
static apr_status_t find_gaps(edu_feed_t *now, apr_int64_t after,
                              const edu_store_t *store, edu_error_t *err,
                              apr_pool_t *p)
{
    edu_args_t args = { .n = 0 };
    texts_t texts;
    apr_status_t rv;

    add_number(&args, after, p);
    add_number(&args, after, p);
    add_number(&args, now->high, p);
    rv = ask(&texts, 2, EDU_SQL_FEED_GAPS, store, &args, err, p);
    for (int i = 0; !rv && i < texts.rows->nelts; i++) {
        edu_gap_t gap = { .from = number(&texts, i, 0) + 1,
                          .to = number(&texts, i, 1) - 1,
                          .since = now->clock };

        if (now->gaps->nelts == EDU_GAPS_MAX) {
            gap.from = ((edu_gap_t *)apr_array_pop(now->gaps))->from;
            gap.to = now->high - 1;
        }
        APR_ARRAY_PUSH(now->gaps, edu_gap_t) = gap;
    }
    return rv;
}

apr_status_t edu__feed_look(edu_feed_t *now, const edu_feed_t *from,
                            const edu_store_t *store, edu_error_t *err,
                            apr_pool_t *p)
{
    apr_int64_t life = GAP_LIFE(edu__store_timeout(store));
    apr_int64_t after;
    apr_status_t rv = head(now, from, store, err, p);

    for (int i = 0; !rv && from && i < from->gaps->nelts; i++) {
        const edu_gap_t *gap = gap_at(from, i);

        if (from->told || now->clock - gap->since <= life) {
            APR_ARRAY_PUSH(now->gaps, edu_gap_t) = *gap;
        }
    }
    rv = rv ? rv : settled(&after, now, from ? from->high : 0, store, err, p);
    return rv ? rv : find_gaps(now, after, store, err, p);
}

/* --------------------------------------------------------------------- read */

static void add_option(edu_args_t *args, const char *value)
{
    edu__args_add(args, value);
    edu__args_add(args, value);
}

apr_status_t edu__feed_read(apr_array_header_t **rows, apr_int64_t after,
                            apr_int64_t to, const edu_store_t *store,
                            const edu_key_t *key,
                            const edu_interest_t *interest, edu_error_t *err,
                            apr_pool_t *p)
{
    edu_args_t args = { .n = 0 };
    texts_t texts;
    apr_status_t rv;

    edu__args_add(&args, key->class_id);
    add_number(&args, after, p);
    add_number(&args, to, p);
    add_option(&args, interest->assignment_id);
    add_option(&args, interest->submission_id);
    add_option(&args, interest->entity);
    add_option(&args, interest->student);
    rv = ask(&texts, 8, EDU_SQL_FEED, store, &args, err, p);
    *rows = apr_array_make(p, texts.rows->nelts + 1, sizeof(edu_news_t));
    for (int i = 0; !rv && i < texts.rows->nelts; i++) {
        APR_ARRAY_PUSH(*rows, edu_news_t) =
            (edu_news_t){ .number = number(&texts, i, 0),
                          .at = cell(&texts, i, 1),
                          .entity = cell(&texts, i, 2),
                          .assignment_id = cell(&texts, i, 3),
                          .submission_id = cell(&texts, i, 4),
                          .id = cell(&texts, i, 5),
                          .shows = *cell(&texts, i, 6) == '1',
                          .gone = *cell(&texts, i, 7) == '1' };
    }
    return rv;
}

/* Its transaction was over by then (2). */
edu_time_t edu__feed_effect(const edu_news_t *news, const edu_store_t *store)
{
    edu_time_t at =
        (edu_time_t)apr_strtoi64(news->at, NULL, 16) +
        10 * apr_time_sec(edu__store_timeout(store)) * EDU_TICKS_PER_SECOND;
    edu_time_t now = edu__time_now();

    return at < now ? at : now;
}

apr_status_t edu__feed_before(const char **body, const edu_store_t *store,
                              const char *class_id, const char *assignment_id,
                              apr_int64_t number, edu_error_t *err,
                              apr_pool_t *p)
{
    edu_args_t args = { .n = 0 };
    texts_t texts;
    apr_status_t rv;

    for (int i = 0; i < 2; i++) {
        edu__args_add(&args, class_id);
        edu__args_add(&args, assignment_id);
        edu__args_add(&args, assignment_id);
        add_number(&args, number, p);
    }
    edu__args_add(&args, class_id);
    edu__args_add(&args, assignment_id);
    rv = ask(&texts, 1, EDU_SQL_FEED_BEFORE, store, &args, err, p);
    *body = !rv && texts.rows->nelts ? cell(&texts, 0, 0) : "";
    return rv;
}
