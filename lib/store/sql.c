/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* All SQL, as data: the statements, and how databases differ.  Every parameter
 * is text.  A read returns rows of one shape (edu_row_t); further rows of the
 * same statement have all else that a request needs.  No value is ever NULL, for
 * not all drivers tell that from empty text; in SUBMISSIONS_OF, a column is that
 * a row does not have, for drivers copy what is not. */

#include "inner.h"

/* The statements are aligned by hand. */
/* clang-format off */

/* ------------------------------------------------------------------ pieces */

#define OF_CLASS      " class_id = %s"
#define OF_ASSIGNMENT OF_CLASS " AND assignment_id = %s"
#define OF_SUBMISSION OF_ASSIGNMENT " AND submission_id = %s"

/* The role of a user in a class: teacher, which wins, student or ''.  EDU_ROLE
 * is a query for it, ours or an administrator's.  A statement that shows the
 * rows of a class to its key's viewer begins with VIEWER, whose v has that role
 * and the viewer's id, and ends with a ROLE: a row that has no version, and the
 * role for an id.  Without a viewer, the role is ''; of a viewer without a role
 * v has no row.  Such a viewer learns by no time what a class has: IN_VIEW finds
 * nothing, without a look at the class.  Nor does a student learn what there is
 * of an assignment that is hidden: the row with the role also has what the path
 * names, if it is there, and without a submission of one's own there is an empty
 * row (NO_OTHER). */
#define ROLE_OF(class, user)                                                  \
    "CASE WHEN 'teacher' IN (" EDU_ROLE "(" class ", " user "))"              \
    " THEN 'teacher' WHEN 'student' IN (" EDU_ROLE "(" class ", " user "))"   \
    " THEN 'student' ELSE '' END"
#define ROLES(class, user)                                                    \
    "w (role) AS " EDU_INLINE "(" EDU_ROLE "(" class ", " user "))"
#define BEST(none, more)                                                      \
    "SELECT COALESCE(max(role), " none ") AS role" more " FROM w"             \
    " WHERE role = 'student' OR role = 'teacher'"
#define VIEWER_OF(class, user, id)                                            \
    ROLES(class, user) ", v AS " EDU_INLINE "(SELECT m.role, m.id FROM ("     \
    BEST("''", ", " id " AS id") ") m WHERE m.role > '' OR m.id = '')"
#define VIEWER "WITH " VIEWER_OF("%s", "%s", "%s")
#define FOR_STUDENT "(SELECT v.role FROM v) = 'student'"
#define SEEN_CLASS         EDU_IF "(%s, v)"
#define IN_VIEW            " class_id = " SEEN_CLASS
#define IN_VIEW_ASSIGNMENT IN_VIEW " AND assignment_id = %s"
#define IN_VIEW_SUBMISSION IN_VIEW_ASSIGNMENT " AND submission_id = %s"
#define ROLE_7(more) " UNION ALL SELECT v.role, '', '', '', '', '', ''" more   \
                     " FROM v WHERE v.role > ''"

#define FROM_VIEWER_ASSIGNMENT                                                \
    " FROM v LEFT JOIN edu_assignment a ON a.class_id = %s AND a.id = %s"

/* Rows below a class, an assignment or a submission: what is empty is not asked
 * for. */
#define BELOW_ASSIGNMENT OF_CLASS " AND (%s = '' OR assignment_id = %s)"
#define BELOW_SUBMISSION BELOW_ASSIGNMENT                                     \
                         " AND (%s = '' OR submission_id = %s)"

/* Rows after one in the order of a key, which is a scan of its index; the limit
 * is EDU_CHUNK. */
#define LIMIT   " LIMIT 101"
#define AFTER   " id > %s ORDER BY id" LIMIT
#define AND_AFTER " AND" AFTER

/* The document of a single row, and of a row in a list, which leaves a long
 * one out: drivers keep all rows of a statement.  PostgreSQL knows its length
 * without reading it. */
#define WHOLE(body) body
#define SHORT(body) "CASE WHEN " EDU_OCTETS "(" body ") <= 16384 THEN "       \
                    body " ELSE '' END"

#define ONE " id = %s"
#define AS_READ " AND id = %s AND version = %s"

/* An INSERT below another row selects that row and locks it, so that it cannot
 * be deleted before all can see the new one. */
#define IN_CLASS " FROM edu_class WHERE id = %s"

/* The registration of a submission, as a row whose kind is the viewer's role:
 * its id is the recipient, created and body are the version and the document of
 * the assignment. */
#define REGISTRATION_OF(class, assignment, submission, more)                  \
    "SELECT COALESCE(s.user_id, ''), COALESCE(a.version, ''), v.role,"        \
    " COALESCE(s.version, ''), COALESCE(a.body, '')" more                     \
    " FROM v LEFT JOIN edu_submission s"                                      \
    " ON s.class_id = " class " AND s.assignment_id = " assignment            \
    " AND s.id = " submission " AND (v.role <> 'student' OR s.user_id = v.id)"\
    " LEFT JOIN edu_assignment a"                                             \
    " ON a.class_id = s.class_id AND a.id = s.assignment_id"
#define REGISTRATION REGISTRATION_OF("%s", "%s", "%s", "")

/* The viewer, unless the submission is another student's. */
#define OWNER ", r AS " EDU_INLINE "(SELECT v.role FROM v"                    \
              " WHERE v.role <> 'student' OR EXISTS (SELECT 1"                \
              " FROM edu_submission WHERE" OF_ASSIGNMENT " AND" ONE           \
              " AND user_id = v.id))"

/* The version and the document of an outcome: a student sees those that were
 * published last, and no outcome that never was.
 * @param of  the table's name with its dot, or nothing */
#define SEEN(theirs, all)     "CASE WHEN " FOR_STUDENT " THEN " theirs        \
                              " ELSE " all " END"
#define SEEN_VERSION(of)      SEEN(of "shown_version", of "version")
#define SEEN_BODY(show, of)   SEEN(show(of "shown"), show(of "body"))
#define IS_SEEN(of)           " AND (NOT " FOR_STUDENT                        \
                              " OR " of "shown_version > '')"

#define CLASS(show, kind) "SELECT c.id, c.created, " kind ", c.version, '', "  \
                         show("c.body") ", '' FROM "
#define MEMBER(show)     "SELECT id, created, role, version, '', "            \
                         show("body") ", class_id FROM edu_member WHERE"
#define ASSIGNMENT(show, kind)                                                \
                         "SELECT a.id, a.created, " kind " AS kind,"          \
                         " a.version, '' AS modified_by, " show("a.body")     \
                         " AS body, a.class_id FROM "
#define OUTCOME(show)    "SELECT id, created, type, " SEEN_VERSION("") ", "    \
                         SEEN_BODY(show, "") " FROM edu_outcome WHERE"

/* Classes and assignments of a user, whose role is the kind of the latter.  The
 * left table of a LEFT JOIN is read first, in the order of an index, in all
 * databases; COALESCE keeps them from making another JOIN of it. */
#define MY_CLASS      "edu_member m LEFT JOIN edu_class c"                    \
                      " ON c.id = m.class_id"                                 \
                      " WHERE COALESCE(c.id, '') > '' AND m.id = %s"
#define MY_ASSIGNMENT "edu_member m LEFT JOIN edu_assignment a"               \
                      " ON a.class_id = m.class_id"                           \
                      " WHERE COALESCE(a.id, '') > '' AND m.id = %s"

/* Assignments of the next classes that have any, of each the first, as many as
 * fit a page: the sort does not grow with their number. */
#define OF_THAT(id, which)                                                    \
    "(SELECT " id " FROM edu_assignment b WHERE b.class_id = m.class_id"      \
    which ")"
#define NEXT_ASSIGNMENT                                                       \
    "(SELECT m.class_id, m.id AS user_id, COALESCE("                          \
    OF_THAT("b.id", " ORDER BY b.id LIMIT 1 OFFSET 100") ", "                 \
    OF_THAT("max(b.id)", "") ") AS last_id FROM edu_member m"                 \
    " WHERE m.id = %s AND m.class_id > %s AND "                               \
    OF_THAT("b.id", " ORDER BY b.id LIMIT 1") " > ''"                         \
    " ORDER BY m.class_id" LIMIT ") k LEFT JOIN edu_assignment a"             \
    " ON a.class_id = k.class_id AND a.id <= k.last_id"

/* The assignment of a user, by its id, in each of some classes; of none, an empty
 * row.  A teacher finds those of others by the classes that they teach. */
#define FIND_IN(classes)                                                      \
    "WITH k AS " EDU_INLINE "(SELECT m.class_id, m.id AS user_id, a.version," \
    " a.body FROM " classes ")"                                               \
    " SELECT k.class_id, '', " ROLE_OF("k.class_id", "k.user_id")             \
    ", k.version, '', k.body, '' FROM k"                                      \
    " UNION ALL SELECT '', '', " ROLE_OF("''", "''") ", '-', '', '', ''"      \
    " WHERE NOT EXISTS (SELECT 1 FROM k)"

#define GET_OUTCOME(class, assignment, submission, id)                        \
    "SELECT o.id, o.created, o.type,"                                         \
    " CASE WHEN v.role = 'student' THEN o.shown_version ELSE o.version END,"  \
    " CASE WHEN v.role = 'student' THEN o.shown ELSE o.body END,"             \
    " o.shown_version FROM v CROSS JOIN edu_outcome o"                        \
    " WHERE o.class_id = " class " AND o.assignment_id = " assignment         \
    " AND o.submission_id = " submission " AND o.id = " id                    \
    " AND (v.role <> 'student' OR (o.shown_version > '' AND EXISTS (SELECT 1" \
    " FROM edu_submission t WHERE t.class_id = o.class_id"                    \
    " AND t.assignment_id = o.assignment_id AND t.id = o.submission_id"       \
    " AND t.user_id = v.id)))"                                                \
    " UNION ALL " REGISTRATION_OF(class, assignment, submission, ", ''")

#define INTO_OUTCOME                                                          \
    "INSERT INTO edu_outcome (class_id, assignment_id, submission_id, id,"    \
    " created, type, version, body, shown_version, shown) "

/* The submission is not registered, and cannot be, for it has no assignment;
 * and the viewer, if there is one to ask for, teaches the class. */
#define UNREGISTERED(class, assignment, submission)                           \
    " NOT EXISTS (SELECT 1 FROM edu_submission"                               \
    " WHERE class_id = " class " AND assignment_id = " assignment             \
    " AND id = " submission ")"
#define UNREGISTRABLE(viewer, class, assignment, submission)                  \
    " (" viewer " = '' OR 'teacher' IN (" EDU_ROLE "(" class ", " viewer ")))"\
    " AND" UNREGISTERED(class, assignment, submission)                        \
    " AND NOT EXISTS (SELECT 1 FROM edu_assignment"                           \
    " WHERE class_id = " class " AND id = " assignment ")"

/* The parameters of several calls, in PostgreSQL: a row for each, n its
 * number.  The inner SELECT has the same plan for any number of calls. */
#define EACH      "(SELECT string_to_array(%s, chr(31)))"
#define FOUR      EACH ", " EACH ", " EACH ", " EACH
#define NUMBERED  ") WITH ORDINALITY AS k "
#define KEY       "class_id, assignment_id, submission_id, id"

#define SUBMISSION_ALL "s.class_id, s.assignment_id, s.id, s.created,"        \
                       " s.user_id, s.version, s.modified_by, s.body"

/* Submissions, their outcomes where the parameter is 1, and, with an empty id,
 * the assignments that they are of: a page of a gradebook is one statement.
 * The last column is the submission that an outcome is of, and empty for all
 * that are submissions.
 * @param of  OF_EACH: a further column, the assignment; OF_NONE */
#define SUBMISSION(those, show, of, assignments)                              \
    SUBMISSIONS(", s AS (SELECT " SUBMISSION_ALL                              \
                " FROM edu_submission s WHERE" those ")", show, of, assignments)
#define SUBMISSIONS(those, show, of, assignments)                             \
    VIEWER those SUBMISSION_ROWS("s", show, of) assignments
#define SUBMISSION_ROWS(those, show, of)                                      \
    " SELECT s.id, s.created, s.user_id, s.version, s.modified_by, "          \
    show("s.body") ", ''" of("s.assignment_id") " FROM " those " s"           \
    " UNION ALL SELECT o.id, o.created, o.type, " SEEN_VERSION("o.") ", '', " \
    SEEN_BODY(show, "o.") ", o.submission_id" of("o.assignment_id")           \
    " FROM " those " s JOIN edu_outcome o"                                    \
    " ON %s = '1' AND o.class_id = s.class_id"                                \
    " AND o.assignment_id = s.assignment_id AND o.submission_id = s.id"       \
    IS_SEEN("o.")
#define OF_NONE(column) ""
#define OF_EACH(column) ", " column
#define NO_OTHER(those, columns) " UNION ALL SELECT " columns " FROM v"       \
                                 " WHERE v.role = 'student' AND NOT EXISTS"   \
                                 " (SELECT 1 FROM " those ")"
#define THAT_ASSIGNMENT(those)                                                \
    NO_OTHER(those, "'', '', v.role, '', '', '', ''")                         \
    " UNION ALL SELECT '', '', v.role, COALESCE(a.version, ''), '',"          \
    " COALESCE(a.body, ''), COALESCE(a.id, '')" FROM_VIEWER_ASSIGNMENT
#define THEIR_ASSIGNMENTS                                                     \
    " UNION ALL SELECT '', '', '', a.version, '', " SHORT("a.body")           \
    ", a.id, '' FROM edu_assignment a WHERE a.class_id = " SEEN_CLASS         \
    " AND a.id IN (SELECT assignment_id FROM s)" ROLE_7(", ''")

/* Students see no submissions but their own; that of an assignment is found by
 * its recipient. */
#define THEIRS " AND (NOT " FOR_STUDENT " OR user_id = (SELECT v.id FROM v))"
#define STAFF ", t AS " EDU_INLINE "(SELECT v.role FROM v"                    \
              " WHERE v.role <> 'student')"
#define OWN                                                                   \
    ", own AS " EDU_INLINE "(SELECT " SUBMISSION_ALL                          \
    " FROM v CROSS JOIN edu_submission s"                                     \
    " WHERE v.role = 'student' AND s.class_id = %s AND s.assignment_id = %s"  \
    " AND s.user_id = v.id AND s.id > %s)"
#define OWN_ROWS " UNION ALL" SUBMISSION_ROWS("own", SHORT, OF_NONE)          \
                 THAT_ASSIGNMENT("own")

/* A page of submissions, up to the last one, is a range in the index of outcomes
 * as well, which takes one search instead of one for each submission.  Outcomes
 * of submissions that nobody registered may lie in it, and are passed over; if
 * there are too many, SUBMISSIONS_AMONG has the page without them.  MariaDB
 * would read on to the end of the assignment. */
#define AFTER_ID(which) "(SELECT " which " FROM edu_submission"               \
                        " WHERE class_id = " EDU_IF "(%s, t)"                 \
                        " AND assignment_id = %s AND id > %s"
#define LAST_ID                                                               \
    ", l AS (SELECT COALESCE("                                                \
    AFTER_ID("id") " ORDER BY id LIMIT 1 OFFSET 100), "                       \
    AFTER_ID("max(id)") ")) AS id)"
#define UP_TO_LAST(of, id)                                                    \
    " WHERE " of ".class_id = " EDU_IF "(%s, t) AND " of ".assignment_id = %s"\
    " AND " of "." id " > %s AND " of "." id " <= (SELECT l.id FROM l)"
#define SUBMISSIONS_OF                                                        \
    VIEWER STAFF LAST_ID OWN " SELECT s.id, s.created, s.user_id, s.version,"  \
    " s.modified_by, " SHORT("s.body") ", NULL FROM edu_submission s"         \
    UP_TO_LAST("s", "id") " UNION ALL SELECT o.id, o.created, o.type,"        \
    " o.version, NULL, " SHORT("o.body") ", o.submission_id"                  \
    " FROM edu_outcome o"                                                     \
    UP_TO_LAST("o", "submission_id") " AND %s = '1'" OWN_ROWS " LIMIT 1001"
#define SUBMISSIONS_AMONG                                                     \
    VIEWER STAFF ", s AS (SELECT " SUBMISSION_ALL " FROM edu_submission s"    \
    " WHERE s.class_id = " EDU_IF "(%s, t) AND s.assignment_id = %s"          \
    " AND s.id > %s ORDER BY s.id" LIMIT ")" OWN                              \
    SUBMISSION_ROWS("s", SHORT, OF_NONE) OWN_ROWS

/* The submissions of a class in the order of their last change, since an
 * instant; each with its assignment. */
#define RECENT(those)                                                         \
    SUBMISSION(IN_VIEW " AND version >= %s" THEIRS " AND" those, SHORT,       \
               OF_EACH, THEIR_ASSIGNMENTS)

/* Lists across submissions are in the order of assignment, submission and id.
 * Each part of NEXT scans one range of a key's index, so that no page reads what
 * came before it: the rest of a submission, of an assignment, and of the class
 * unless one assignment is asked for.  They have keys alone, by which documents
 * are read at last: a database may write these tables to files.  u is the user
 * whose submissions alone are shown, who has at most one in each assignment; or
 * ''. */
#define USER ", u AS " EDU_INLINE "(SELECT CASE WHEN v.role = 'student'"      \
             " THEN v.id ELSE %s END AS id FROM v)"
#define OF_ALL " AND (SELECT u.id FROM u) = ''"
#define SUBMISSION_KEY "SELECT s.class_id, s.assignment_id, s.id FROM "
#define NEXT_SUBMISSIONS(after)                                               \
    ", k AS (SELECT * FROM (SELECT * FROM (" SUBMISSION_KEY                   \
    "edu_submission s WHERE" IN_VIEW_ASSIGNMENT " AND id " after " %s" OF_ALL \
    " ORDER BY id" LIMIT ") r1 UNION ALL SELECT * FROM (" SUBMISSION_KEY      \
    "edu_submission s WHERE" IN_VIEW " AND assignment_id > %s AND %s = ''"    \
    OF_ALL " ORDER BY assignment_id, id" LIMIT ") r2"                         \
    " UNION ALL SELECT * FROM (" SUBMISSION_KEY "edu_assignment a"            \
    " LEFT JOIN edu_submission s ON s.class_id = a.class_id"                  \
    " AND s.assignment_id = a.id AND s.user_id = (SELECT u.id FROM u)"        \
    " WHERE COALESCE(s.id, '') > ''"                                          \
    " AND a.class_id = " SEEN_CLASS " AND a.id " after " %s"                  \
    " AND (%s = '' OR a.id = %s) ORDER BY a.id" LIMIT ") r3) r"               \
    " ORDER BY 2, 3" LIMIT ")"
#define OF_KEYS " FROM k LEFT JOIN edu_submission s"                          \
                " ON s.class_id = k.class_id"                                 \
                " AND s.assignment_id = k.assignment_id AND s.id = k.id"
#define OUTCOME_KEY "SELECT o.assignment_id, o.submission_id, o.id FROM "
#define NEXT_OUTCOMES                                                         \
    ", o AS (SELECT * FROM (SELECT * FROM (" OUTCOME_KEY                      \
    "edu_outcome o WHERE" IN_VIEW_SUBMISSION " AND id > %s" OF_ALL EDU_WHERE  \
    " ORDER BY id" LIMIT ") r1 UNION ALL SELECT * FROM (" OUTCOME_KEY         \
    "edu_outcome o WHERE" IN_VIEW_ASSIGNMENT " AND submission_id > %s" OF_ALL \
    EDU_WHERE " ORDER BY submission_id, id" LIMIT ") r2"                      \
    " UNION ALL SELECT * FROM (" OUTCOME_KEY "edu_outcome o WHERE" IN_VIEW    \
    " AND assignment_id > %s AND %s = ''" OF_ALL EDU_WHERE                    \
    " ORDER BY assignment_id, submission_id, id" LIMIT ") r3"                 \
    " UNION ALL " OUTCOME_KEY "(SELECT o.assignment_id, o.submission_id,"     \
    " o.id, o.type, " SEEN("o.shown", "o.body") " AS body FROM s"             \
    " JOIN edu_outcome o ON o.class_id = s.class_id"                          \
    " AND o.assignment_id = s.assignment_id AND o.submission_id = s.id"       \
    " WHERE NOT (SELECT u.id FROM u) = ''" IS_SEEN("o.") ") o"                \
    " WHERE o.id > ''" EDU_WHERE ") r ORDER BY 1, 2, 3" LIMIT ")"

/* Outcomes with the registration of their submissions; where the parameter is 1
 * the registered submissions of the same range, for what they have that is not
 * stored; and the assignments of both.  See edu__store_across. */
#define ACROSS_OUTCOMES                                                       \
    VIEWER USER NEXT_SUBMISSIONS(">=") ", s AS (SELECT s.class_id,"           \
    " s.assignment_id, s.id, s.user_id, s.version" OF_KEYS ")" NEXT_OUTCOMES  \
    " SELECT o.id, b.type, " SEEN_VERSION("b.") ", " SEEN_BODY(SHORT, "b.")   \
    ", o.submission_id, o.assignment_id, COALESCE(r.user_id, ''),"            \
    " COALESCE(r.version, '') FROM o LEFT JOIN edu_outcome b"                 \
    " ON b.class_id = %s AND b.assignment_id = o.assignment_id"               \
    " AND b.submission_id = o.submission_id AND b.id = o.id"                  \
    " LEFT JOIN edu_submission r ON r.class_id = b.class_id"                  \
    " AND r.assignment_id = b.assignment_id AND r.id = b.submission_id"       \
    " UNION ALL SELECT '', '', '', '', s.id, s.assignment_id, s.user_id,"     \
    " s.version FROM s WHERE %s = '1'"                                        \
    " UNION ALL SELECT '', '', a.version, " SHORT("a.body") ", '', a.id,"     \
    " '', '' FROM edu_assignment a"                                           \
    " WHERE a.class_id = " SEEN_CLASS " AND a.id <> %s AND ("                 \
    "(%s = '1' AND a.id IN (SELECT k.assignment_id FROM k))" EDU_FOUND ")"    \
    NO_OTHER("s", "v.role, '', '', '', '', '', '', ''")                       \
    " UNION ALL SELECT v.role, '', COALESCE(a.version, ''),"                  \
    " COALESCE(" SHORT("a.body") ", ''), '', COALESCE(a.id, ''), '', ''"      \
    FROM_VIEWER_ASSIGNMENT

/* Of each assignment, its registered submissions, and how many of their outcomes
 * have each of three ids; first, with an empty id, all outcomes. */
#define WITH_ID                                                               \
    "(SELECT count(*) FROM edu_submission s JOIN edu_outcome o"               \
    " ON o.class_id = s.class_id AND o.assignment_id = s.assignment_id"       \
    " AND o.submission_id = s.id AND o.id = %s"                               \
    " WHERE s.class_id = a.class_id AND s.assignment_id = a.id)"
#define TALLY_ACROSS_OUTCOMES                                                 \
    "SELECT '', '', '', count(*), 0, 0, 0 FROM edu_outcome"                   \
    " WHERE" BELOW_ASSIGNMENT                                                 \
    " UNION ALL SELECT a.id, a.version, " SHORT("a.body") ", ("               \
    "SELECT count(*) FROM edu_submission s WHERE s.class_id = a.class_id"     \
    " AND s.assignment_id = a.id), " WITH_ID ", " WITH_ID ", " WITH_ID        \
    " FROM edu_assignment a WHERE a.class_id = %s AND (%s = '' OR a.id = %s)"

/* The rows below each of a list of rows, in the order of that: the last column
 * is the number of the row above.  One more than EDU_EACH_MAX tells that there
 * are more.  The viewer's role is looked up where the rows are of one class, and
 * is a parameter where they are of several. */
#define PARENTS "WITH " ROLES("%s", "%s") ", v AS " EDU_INLINE "("             \
    BEST("%s", "") "), k AS (" EDU_EACH "(%s))"
#define OF_NUMBER(column) ", s.n"
#define FROM_EACH(table, on)                                                  \
    " FROM k LEFT JOIN " table " o ON o.class_id = k.class_id" on             \
    " WHERE COALESCE(o.id, '') > '' ORDER BY k.n, o.id LIMIT 1001"
#define ROWS_OF_EACH(table, kind, on)                                         \
    PARENTS " SELECT * FROM (SELECT o.id, o.created, " kind " AS kind,"          \
    " o.version, '' AS modified_by, " SHORT("o.body") " AS body, k.n"         \
    FROM_EACH(table, on) ") o" ROLE_7("")

/* Records for the history.  The number of a record is drawn when it is inserted,
 * after the lock of the row that it is of: of two changes of a row the later has
 * the greater number, and so it is of two changes of which one was committed
 * before the other began.  The document before it is kept where no record has
 * it: where history begins, or another program writes.  Else the number of that
 * record stands in its place, and shows later that no record between them is
 * gone.  An index alone tells, by the version, as long as the document names the
 * version of its row: one that another program wrote does not, nor that of a
 * submission whose outcomes have changed since. */
#define BY "action, derived, shows, student, user_id, user_name, application," \
    " address, request_id, at"
#define INTO_HISTORY                                                          \
    "INSERT INTO edu_history (" BY ", before_body, " KEY                      \
    ", entity, version, after_body) "
#define RECORD_OF(class, assignment, submission, id, entity, version)         \
    "(SELECT CAST(h.seq AS VARCHAR(20)) FROM edu_history h"                   \
    " WHERE h.class_id = " class " AND h.assignment_id = " assignment         \
    " AND h.submission_id = " submission " AND h.id = " id                    \
    " AND h.entity = " entity " AND h.version = " version " LIMIT 1)"
#define BEFORE(body, class, assignment, submission, id, entity, version)      \
    "CASE WHEN " EDU_PLACE "(" body ", " version ") > 0 THEN COALESCE("       \
    RECORD_OF(class, assignment, submission, id, entity, version) ", " body   \
    ") ELSE " body " END"
/* bind.c has looked for the version in the document */
#define RECORDED_VALUES                                                       \
    "%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, "                                \
    "CASE %s WHEN '' THEN '' ELSE COALESCE("                                  \
    RECORD_OF("%s", "%s", "%s", "%s", "%s", "%s") ", %s) END"                 \
    ", %s, %s, %s, %s, %s, %s, %s"

/* The rows that EDU_SQL_DELETE_BELOW removes. */
#define RECORD_BELOW(entity, shows, student, assignment, submission, from)    \
    INTO_HISTORY "SELECT %s, '1', " shows ", " student                        \
    ", %s, %s, %s, %s, %s, %s, "                                              \
    BEFORE("o.body", "o.class_id", assignment, submission, "o.id",            \
           "'" entity "'", "o.version")                                       \
    ", o.class_id, " assignment ", " submission ", o.id, '" entity "',"       \
    " o.version, '' FROM " from

/* The student of an outcome. */
#define STUDENT                                                               \
    "COALESCE((SELECT s.user_id FROM edu_submission s"                        \
    " WHERE s.class_id = o.class_id AND s.assignment_id = o.assignment_id"    \
    " AND s.id = o.submission_id), '')"

/* Whether the student has seen an outcome. */
#define SHOWN "CASE WHEN o.shown_version > '' THEN '1' ELSE '' END"

/* The calls that EDU_SQL_INSERT_UNREGISTRABLE_MANY and EDU_SQL_UPDATE_MANY do,
 * and those of which that is recorded. */
#define EACH_BY   ", " FOUR ", " FOUR ", " EACH ", " EACH ", " EACH
#define INSERTS(by, values)                                                   \
    "WITH k AS (SELECT * FROM unnest(" FOUR ", " FOUR ", " EACH ", " EACH     \
    ", " EACH values NUMBERED "(" KEY ", created, type, version, body,"       \
    " shown_version, shown, viewer" by ", n)), made AS ("                     \
    INTO_OUTCOME "SELECT " KEY ", created, type, version, body,"              \
    " shown_version, shown FROM k WHERE"                                      \
    UNREGISTRABLE("k.viewer", "k.class_id", "k.assignment_id",                \
                  "k.submission_id")                                          \
    " ORDER BY " KEY ", n ON CONFLICT DO NOTHING RETURNING " KEY "),"         \
    " done AS (SELECT min(n) AS n FROM (SELECT " KEY ", n FROM k"             \
    " UNION ALL SELECT " KEY ", NULL FROM made) u GROUP BY " KEY              \
    " HAVING count(*) > count(n))"
#define UPDATES(by, values)                                                   \
    "WITH k AS (SELECT * FROM unnest(" FOUR ", " FOUR values NUMBERED         \
    "(type, version, body, " KEY ", was" by ", n) ORDER BY " KEY "),"         \
    " done AS ("                                                              \
    "UPDATE edu_outcome o SET type = k.type, version = k.version,"            \
    " body = k.body FROM k CROSS JOIN LATERAL (SELECT ctid AS place"          \
    " FROM edu_outcome WHERE class_id = k.class_id"                           \
    " AND assignment_id = k.assignment_id"                                    \
    " AND submission_id = k.submission_id AND id = k.id OFFSET 0) p"          \
    " WHERE o.ctid = p.place AND o.version = k.was RETURNING n)"
#define RECORDED(calls, was)                                                  \
    calls(", " BY ", before_body", EACH_BY) ", recorded AS ("                 \
    INTO_HISTORY "SELECT " BY ", " BEFORE("k.before_body", "k.class_id",      \
        "k.assignment_id", "k.submission_id", "k.id", "'outcome'", was)       \
    ", " KEY ", 'outcome', version, body FROM k"                              \
    " WHERE n IN (SELECT n FROM done))"
#define THOSE_DONE " SELECT n FROM done ORDER BY n"

/* Records, in the order of their numbers; documents that are too long for a
 * list are left out, which "-" says, for "" is none. */
#define HISTORY(before, after)                                                \
    "SELECT seq, class_id, assignment_id, submission_id, id, entity, action," \
    " derived, version, student, user_id, user_name, application, address,"   \
    " request_id, at, " before ", " after " FROM edu_history WHERE"
#define ROLE_18                                                               \
    " UNION ALL SELECT 0, v.role, '', '', '', '', '', '', '', '', '', '', '',"\
    " '', '', '', '', '' FROM v"
#define BOTH(body, without)                                                   \
    "CASE WHEN " EDU_OCTETS "(before_body) + " EDU_OCTETS "(after_body)"      \
    " <= 16384 THEN " body " ELSE '" without "' END"
#define SOUGHT                                                                \
    " AND (%s = '' OR student = %s) AND (%s = '' OR user_id = %s)"            \
    " AND (%s = '' OR action = %s) AND at >= %s AND at <= %s"
#define PAST(those, after, order)                                             \
    HISTORY(BOTH("before_body", ""), BOTH("after_body", "-")) those           \
    " AND seq " after " %lld" SOUGHT " ORDER BY seq" order LIMIT
#define OF_ROW OF_SUBMISSION " AND id = %s AND entity = %s"
#define PAST_OF_ROW(after, order)                                             \
    VIEWER "SELECT * FROM (" PAST(OF_ROW, after, order) ") h" ROLE_18
/* with the marks of what was not recorded, which are of no class */
#define PAST_OF_CLASS(after, order)                                           \
    VIEWER "SELECT * FROM (SELECT * FROM (" PAST(OF_CLASS, after, order)      \
    ") h UNION ALL SELECT * FROM (" PAST(" class_id = ''", after, order)      \
    ") m ORDER BY 1" order LIMIT ") o" ROLE_18

/* The history as a feed: feed.c has what this rests on.  A condition that an
 * empty value switches off costs nothing here: the index of a class has the
 * order, and a reader goes on where it was. */
#define FEED_KEY OF_ASSIGNMENT " AND submission_id = '' AND id = %s"          \
                 " AND entity = 'assignment'"

/* -------------------------------------------------------------- statements */

const edu_sql_t edu__sql[EDU_SQL_COUNT] = {
    [EDU_SQL_VERSION] = { .label = "edu_version", .text =
        "SELECT version FROM edu_schema" },

    [EDU_SQL_GET + EDU_CLASS] = { .label = "edu_get_class", .text =
        VIEWER " " CLASS(WHOLE, "''") "edu_class c WHERE id = " SEEN_CLASS
        ROLE_7("") },
    [EDU_SQL_GET + EDU_MEMBER] = { .label = "edu_get_member", .text =
        VIEWER " " MEMBER(WHOLE) IN_VIEW " AND" ONE ROLE_7("") },
    [EDU_SQL_GET + EDU_ASSIGNMENT] = { .label = "edu_get_assignment", .text =
        VIEWER " SELECT COALESCE(a.id, v.role), COALESCE(a.created, ''), v.role,"
        " COALESCE(a.version, ''), '', COALESCE(a.body, ''),"
        " COALESCE(a.class_id, '')" FROM_VIEWER_ASSIGNMENT },
    [EDU_SQL_GET + EDU_SUBMISSION] = { .label = "edu_get_submission", .text =
        SUBMISSIONS(", s AS " EDU_INLINE "(SELECT " SUBMISSION_ALL " FROM v"
                    " CROSS JOIN edu_submission s WHERE s.class_id = %s"
                    " AND s.assignment_id = %s AND s.id = %s"
                    " AND (v.role <> 'student' OR s.user_id = v.id))",
                    WHOLE, OF_NONE, THAT_ASSIGNMENT("s")) },
    [EDU_SQL_GET + EDU_OUTCOME] = { .label = "edu_get_outcome", .text =
        VIEWER " " GET_OUTCOME("%s", "%s", "%s", "%s"),
        .batched_form = EDU_SQL_GET_MANY },

    [EDU_SQL_GET + EDU_HISTORY] = { .label = "edu_get_history", .text =
        VIEWER HISTORY("before_body", "after_body") OF_CLASS " AND seq = %lld"
        ROLE_18 },

    [EDU_SQL_GET + EDU_REPEAT] = { .label = "edu_get_repeat", .text =
        "SELECT id, created, request, expires, user_id, body, ''"
        " FROM edu_repeat WHERE id = %s" },

    [EDU_SQL_LIST + EDU_CLASS] = { .label = "edu_list_class", .text =
        CLASS(SHORT, "''") "edu_class c WHERE" AFTER },
    [EDU_SQL_LIST + EDU_MEMBER] = { .label = "edu_list_member", .text =
        VIEWER " SELECT * FROM (" MEMBER(SHORT) IN_VIEW AND_AFTER ") o"
        ROLE_7("") },
    [EDU_SQL_LIST + EDU_ASSIGNMENT] = { .label = "edu_list_assignment", .text =
        VIEWER " SELECT * FROM (" ASSIGNMENT(SHORT, "''")
        "edu_assignment a WHERE" IN_VIEW AND_AFTER ") o" ROLE_7("") },
    [EDU_SQL_LIST + EDU_SUBMISSION] = { .label = "edu_list_submission", .text =
        SUBMISSIONS_OF },
    [EDU_SQL_LIST_AMONG] = { .label = "edu_list_among", .text =
        SUBMISSIONS_AMONG },
    [EDU_SQL_LIST + EDU_OUTCOME] = { .label = "edu_list_outcome", .text =
        VIEWER OWNER " SELECT * FROM (" OUTCOME(SHORT) OF_ASSIGNMENT
        " AND submission_id = " EDU_IF "(%s, r)" IS_SEEN("")
        AND_AFTER ") o"
        " UNION ALL " REGISTRATION },

    [EDU_SQL_LIST + EDU_HISTORY] = { .label = "edu_list_history", .text =
        PAST_OF_CLASS("<", " DESC") },
    [EDU_SQL_HISTORY_LAST] = { .label = "edu_list_history_last", .text =
        PAST_OF_CLASS(">", "") },
    [EDU_SQL_MINE + EDU_HISTORY] = { .label = "edu_my_history", .text =
        PAST_OF_ROW("<", " DESC") },
    [EDU_SQL_MY_HISTORY_LAST] = { .label = "edu_my_history_last", .text =
        PAST_OF_ROW(">", "") },

    /* statements of their own: with a condition that may be empty, all rows
     * would be read */
    [EDU_SQL_MINE + EDU_CLASS] = { .label = "edu_my_class", .text =
        CLASS(SHORT, ROLE_OF("m.class_id", "m.id")) MY_CLASS " AND m.class_id > %s ORDER BY m.class_id" LIMIT },
    [EDU_SQL_MINE + EDU_MEMBER] = { .label = "edu_my_member", .text =
        VIEWER " SELECT * FROM (" MEMBER(SHORT) IN_VIEW " AND role = %s"
        AND_AFTER ") o" ROLE_7("") },
    [EDU_SQL_MINE + EDU_ASSIGNMENT] = { .label = "edu_my_assignment", .text =
        "SELECT * FROM (" ASSIGNMENT(SHORT, ROLE_OF("m.class_id", "m.id"))
        MY_ASSIGNMENT
        " AND m.class_id = %s AND a.id > %s ORDER BY a.id" LIMIT ") o"
        " UNION ALL SELECT * FROM ("
        ASSIGNMENT(SHORT, ROLE_OF("k.class_id", "k.user_id")) NEXT_ASSIGNMENT
        " ORDER BY a.class_id, a.id" LIMIT ") p"
        " ORDER BY 7, 1" LIMIT },
    [EDU_SQL_MINE + EDU_SUBMISSION] = { .label = "edu_my_submission", .text =
        SUBMISSION(IN_VIEW_ASSIGNMENT " AND user_id = %s" AND_AFTER, SHORT, OF_NONE,
                   THAT_ASSIGNMENT("s")) },
    [EDU_SQL_RECENT] = { .label = "edu_list_recent", .text =
        RECENT(" version <= %s AND (version < %s OR assignment_id < %s"
               " OR (assignment_id = %s AND id < %s))"
               " ORDER BY version DESC, assignment_id DESC, id DESC" LIMIT) },
    [EDU_SQL_RECENT_LAST] = { .label = "edu_list_recent_last", .text =
        RECENT(" (version > %s OR assignment_id > %s"
               " OR (assignment_id = %s AND id > %s))"
               " ORDER BY version, assignment_id, id" LIMIT) },

    [EDU_SQL_ACROSS] = { .label = "edu_list_across", .text =
        SUBMISSIONS(USER NEXT_SUBMISSIONS(">") ", s AS (SELECT "
                    SUBMISSION_ALL OF_KEYS ")",
                    SHORT, OF_EACH, THEIR_ASSIGNMENTS) },
    [EDU_SQL_ACROSS_OUTCOMES] = { .label = "edu_list_across_outcomes",
        .text = ACROSS_OUTCOMES },

    /* the number of all */
    [EDU_SQL_TALLY + EDU_CLASS] = { .label = "edu_tally_class", .text =
        "SELECT count(*) FROM edu_class" },
    [EDU_SQL_TALLY + EDU_MEMBER] = { .label = "edu_tally_member", .text =
        "SELECT count(*) FROM edu_member WHERE" OF_CLASS },
    [EDU_SQL_TALLY + EDU_ASSIGNMENT] = { .label = "edu_tally_assignment", .text =
        "SELECT count(*) FROM edu_assignment WHERE" OF_CLASS },
    [EDU_SQL_TALLY + EDU_SUBMISSION] = { .label = "edu_tally_submission", .text =
        "SELECT count(*) FROM edu_submission WHERE" OF_ASSIGNMENT },
    [EDU_SQL_TALLY + EDU_OUTCOME] = { .label = "edu_tally_outcome", .text =
        VIEWER " SELECT count(*) FROM edu_outcome WHERE" OF_SUBMISSION
        IS_SEEN("") },
    [EDU_SQL_TALLY + EDU_HISTORY] = { .label = "edu_tally_history", .text =
        "SELECT count(*) FROM edu_history WHERE class_id IN (%s, '')" },
    [EDU_SQL_MY_TALLY + EDU_HISTORY] = { .label = "edu_tally_my_history", .text =
        "SELECT count(*) FROM edu_history WHERE" OF_ROW },
    [EDU_SQL_MY_TALLY + EDU_CLASS] = { .label = "edu_tally_my_class", .text =
        "SELECT count(*) FROM " MY_CLASS },
    [EDU_SQL_MY_TALLY + EDU_MEMBER] = { .label = "edu_tally_my_member", .text =
        "SELECT count(*) FROM edu_member WHERE" OF_CLASS " AND role = %s" },
    [EDU_SQL_MY_TALLY + EDU_ASSIGNMENT] = { .label = "edu_tally_my_assignment",
        .text = "SELECT count(*) FROM " MY_ASSIGNMENT },
    [EDU_SQL_MY_TALLY + EDU_SUBMISSION] = { .label = "edu_tally_my_submission",
        .text = "SELECT count(*) FROM edu_submission WHERE" OF_ASSIGNMENT
        " AND user_id = %s" },
    [EDU_SQL_TALLY_RECENT] = { .label = "edu_tally_recent", .text =
        "SELECT count(*) FROM edu_submission WHERE" OF_CLASS
        " AND version >= %s" },
    [EDU_SQL_EACH_MEMBER] = { .label = "edu_each_member", .text =
        ROWS_OF_EACH("edu_member", "o.role",
                     " AND (k.student = '' OR o.role = k.student)") },
    [EDU_SQL_EACH_ASSIGNMENT] = { .label = "edu_each_assignment", .text =
        ROWS_OF_EACH("edu_assignment", "''", "") },
    [EDU_SQL_EACH_SUBMISSION] = { .label = "edu_each_submission", .text =
        PARENTS ", s AS (SELECT k.n, o.class_id, o.assignment_id, o.id, o.created,"
        " o.user_id, o.version, o.modified_by, o.body"
        FROM_EACH("edu_submission", " AND o.assignment_id = k.id"
                  " AND (k.student = '' OR o.user_id = k.student)") ")"
        SUBMISSION_ROWS("s", SHORT, OF_NUMBER) ROLE_7(", ''") },
    [EDU_SQL_TALLY_ACROSS] = { .label = "edu_tally_across", .text =
        "SELECT count(*) FROM edu_submission WHERE" OF_CLASS },
    [EDU_SQL_TALLY_ACROSS_OUTCOMES] = { .label = "edu_tally_across_outcomes",
        .text = TALLY_ACROSS_OUTCOMES },
    [EDU_SQL_FIND] = { .label = "edu_find", .text =
        FIND_IN("edu_member m JOIN edu_assignment a ON a.class_id = m.class_id"
                " WHERE m.id = %s AND a.id = %s AND (%s = '' OR 'teacher' IN ("
                EDU_ROLE "(m.class_id, %s)))") },
    [EDU_SQL_FIND_TAUGHT] = { .label = "edu_find_taught", .text =
        FIND_IN("edu_member t LEFT JOIN edu_member m"
                " ON m.class_id = t.class_id AND m.id = %s"
                " LEFT JOIN edu_assignment a"
                " ON a.class_id = m.class_id AND a.id = %s"
                " WHERE COALESCE(a.id, '') > ''"
                " AND t.id = %s AND t.role = 'teacher'") },

    [EDU_SQL_FEED_HEAD] = { .label = "edu_feed_head", .text =
        "SELECT h.seq, h.at, " EDU_CLOCK ", COALESCE((SELECT at"
        " FROM edu_history WHERE seq = %lld), ''), (SELECT count(*)"
        " FROM edu_history WHERE class_id = '' AND ((action = 'historyOff'"
        " AND seq > %lld) OR (action IN ('pruned',"
        " 'import', 'erase', 'anonymize') AND at > %s)))"
        " FROM edu_history h ORDER BY h.seq DESC LIMIT 1" },
    [EDU_SQL_FEED_ROW] = { .label = "edu_feed_row", .text =
        "SELECT seq, at FROM edu_history WHERE seq <= %lld"
        " ORDER BY seq DESC LIMIT 1" },
    [EDU_SQL_FEED_GAPS] = { .label = "edu_feed_gaps", .text =
        "SELECT g.was, g.seq FROM (SELECT seq, COALESCE(LAG(seq)"
        " OVER (ORDER BY seq), %lld) AS was FROM edu_history"
        " WHERE seq >= %lld AND seq <= %lld) g WHERE g.seq > g.was + 1"
        " ORDER BY g.seq LIMIT 513" },
    [EDU_SQL_FEED] = { .label = "edu_feed", .text =
        "SELECT seq, at, entity, assignment_id, submission_id, id, shows,"
        " CASE WHEN after_body = '' THEN '1' ELSE '' END FROM edu_history"
        " WHERE class_id = %s AND seq > %lld AND seq <= %lld"
        " AND assignment_id > '' AND (%s = '' OR assignment_id = %s)"
        " AND (%s = '' OR submission_id IN (%s, ''))"
        " AND (%s = '' OR entity = %s)"
        " AND (entity <> 'submission' OR shows = '1')"
        " AND (%s = '' OR entity = 'assignment'"
        " OR (shows = '1' AND student = %s))"
        " ORDER BY seq" LIMIT },
    [EDU_SQL_FEED_BEFORE] = { .label = "edu_feed_before", .text =
        "SELECT COALESCE((SELECT after_body FROM edu_history WHERE" FEED_KEY
        " AND seq < %lld AND after_body > '' ORDER BY seq DESC LIMIT 1),"
        " (SELECT before_body FROM edu_history WHERE" FEED_KEY
        " AND seq >= %lld AND before_body > ''"
        " AND SUBSTR(before_body, 1, 1) NOT BETWEEN '0' AND '9'"
        " ORDER BY seq LIMIT 1),"
        " (SELECT body FROM edu_assignment WHERE" OF_CLASS " AND" ONE "), '')" },
    [EDU_SQL_SECRET] = { .label = "edu_secret", .text =
        "SELECT secret FROM edu_secret" },
    [EDU_SQL_INSERT_SECRET] = { .label = "edu_insert_secret", .text =
        "INSERT INTO edu_secret (one, secret) VALUES (1, %s)" },

    [EDU_SQL_TWIN] = { .label = "edu_twin", .text =
        "SELECT id FROM edu_member WHERE class_id = %s"
        " AND lower(id) = lower(%s) AND id <> %s" },

    [EDU_SQL_INSERT_READ] = { .label = "edu_insert_read", .text =
        "INSERT INTO edu_read (at, user_id, application, address, request_id,"
        " class_id, assignment_id, submission_id, id, student, lost)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)" },
    [EDU_SQL_INSERT + EDU_CLASS] = { .label = "edu_insert_class", .text =
        "INSERT INTO edu_class (id, created, version, body)"
        " VALUES (%s, %s, %s, %s)" },
    [EDU_SQL_INSERT + EDU_MEMBER] = { .label = "edu_insert_member", .text =
        "INSERT INTO edu_member (class_id, id, created, role, version, body)"
        " SELECT %s, %s, %s, %s, %s, %s" IN_CLASS, .share_lock = 1 },
    [EDU_SQL_INSERT + EDU_ASSIGNMENT] = { .label = "edu_insert_assignment", .text =
        "INSERT INTO edu_assignment (class_id, id, created, version, body)"
        " SELECT %s, %s, %s, %s, %s" IN_CLASS, .share_lock = 1 },
    [EDU_SQL_INSERT + EDU_SUBMISSION] = { .label = "edu_insert_submission", .text =
        "INSERT INTO edu_submission (class_id, assignment_id, id, created,"
        " user_id, version, modified_by, body)"
        " SELECT %s, %s, %s, %s, %s, %s, %s, %s"
        " FROM edu_assignment WHERE" OF_CLASS " AND" ONE, .share_lock = 1 },
    [EDU_SQL_INSERT + EDU_REPEAT] = { .label = "edu_insert_repeat", .text =
        "INSERT INTO edu_repeat (id, created, request, expires, user_id, body)"
        " VALUES (%s, %s, %s, %s, %s, %s)" },
    [EDU_SQL_INSERT + EDU_OUTCOME] = { .label = "edu_insert_outcome", .text =
        INTO_OUTCOME "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)" },
    [EDU_SQL_INSERT + EDU_HISTORY] = { .label = "edu_insert_history", .text =
        "INSERT INTO edu_history (" KEY ", entity, action, derived, shows,"
        " version, student, user_id, user_name, application, address,"
        " request_id, at, before_body, after_body) VALUES (%s, %s, %s, %s, %s,"
        " %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)" },
    [EDU_SQL_INSERT_UNREGISTRABLE] = { .label = "edu_insert_open", .text =
        INTO_OUTCOME "SELECT %s, %s, %s, %s, %s, %s, %s, %s, %s, %s WHERE"
        UNREGISTRABLE("%s", "%s", "%s", "%s"),
        .batched_form = EDU_SQL_INSERT_UNREGISTRABLE_MANY,
        .recorded_form = EDU_SQL_RECORD_INSERTS },
    /* after a lock of the assignment, so that it sees a faster writer */
    [EDU_SQL_INSERT_UNREGISTERED] = { .label = "edu_insert_unregistered", .text =
        INTO_OUTCOME "SELECT %s, %s, %s, %s, %s, %s, %s, %s, %s, %s WHERE"
        UNREGISTERED("%s", "%s", "%s") },
    /* an UPDATE locks a row in all databases */
    [EDU_SQL_LOCK_SUBMISSION] = { .label = "edu_lock", .text =
        "UPDATE edu_submission SET modified_by = modified_by"
        " WHERE" OF_ASSIGNMENT " AND" ONE },
    /* after the INSERT of the submission, so that it sees a faster writer */
    [EDU_SQL_LOCK_CHILDLESS] = { .label = "edu_lock_childless", .text =
        "UPDATE edu_submission SET modified_by = modified_by"
        " WHERE" OF_ASSIGNMENT " AND" ONE
        " AND NOT EXISTS (SELECT 1 FROM edu_outcome WHERE" OF_SUBMISSION ")" },
    [EDU_SQL_LOCK_ASSIGNMENT] = { .label = "edu_hold", .text =
        "UPDATE edu_assignment SET version = version"
        " WHERE" OF_CLASS " AND" ONE },

    [EDU_SQL_UPDATE + EDU_CLASS] = { .label = "edu_replace_class", .text =
        "UPDATE edu_class SET version = %s, body = %s"
        " WHERE id = %s AND version = %s" },
    [EDU_SQL_UPDATE + EDU_MEMBER] = { .label = "edu_replace_member", .text =
        "UPDATE edu_member SET role = %s, version = %s, body = %s"
        " WHERE" OF_CLASS AS_READ },
    [EDU_SQL_UPDATE + EDU_ASSIGNMENT] = { .label = "edu_replace_assignment", .text =
        "UPDATE edu_assignment SET version = %s, body = %s"
        " WHERE" OF_CLASS AS_READ },
    /* not its student, who stays: SQLite writes to the indexes of all columns
     * that are set */
    [EDU_SQL_UPDATE + EDU_SUBMISSION] = { .label = "edu_replace_submission", .text =
        "UPDATE edu_submission SET version = %s, modified_by = %s, body = %s"
        " WHERE" OF_ASSIGNMENT AS_READ },
    [EDU_SQL_UPDATE + EDU_OUTCOME] = { .label = "edu_replace_outcome", .text =
        "UPDATE edu_outcome SET type = %s, version = %s, body = %s"
        " WHERE" OF_SUBMISSION AS_READ, .batched_form = EDU_SQL_UPDATE_MANY,
        .recorded_form = EDU_SQL_RECORD_UPDATES },
    [EDU_SQL_UPDATE + EDU_HISTORY] = { .label = "edu_replace_history", .text =
        "UPDATE edu_history SET class_id = %s, assignment_id = %s,"
        " submission_id = %s, id = %s, entity = %s, action = %s, derived = %s,"
        " shows = %s, version = %s, student = %s, user_id = %s, user_name = %s,"
        " application = %s, address = %s, request_id = %s, at = %s,"
        " before_body = %s, after_body = %s WHERE seq = %lld AND at = %s" },
    [EDU_SQL_UPDATE_READ] = { .label = "edu_replace_read", .text =
        "UPDATE edu_read SET at = %s, user_id = %s, application = %s,"
        " address = %s, request_id = %s, class_id = %s, assignment_id = %s,"
        " submission_id = %s, id = %s, student = %s, lost = %s"
        " WHERE seq = %lld AND at = %s" },
    [EDU_SQL_UPDATE + EDU_REPEAT] = { .label = "edu_replace_repeat", .text =
        "UPDATE edu_repeat SET request = %s, expires = %s, user_id = %s, body = %s"
        " WHERE id = %s AND expires = %s" },
    [EDU_SQL_PUBLISH] = { .label = "edu_publish_outcome", .text =
        "UPDATE edu_outcome SET type = %s, version = %s, body = %s,"
        " shown_version = %s, shown = %s WHERE" OF_SUBMISSION AS_READ },
    [EDU_SQL_TOUCH] = { .label = "edu_touch", .text =
        "UPDATE edu_submission SET version = %s, modified_by = %s"
        " WHERE" OF_ASSIGNMENT " AND" ONE " AND version < %s" },
    [EDU_SQL_TOUCH_VERSION] = { .label = "edu_touch_version", .text =
        "UPDATE edu_submission SET version = %s, modified_by = %s"
        " WHERE" OF_ASSIGNMENT AS_READ },

    [EDU_SQL_DELETE + EDU_CLASS] = { .label = "edu_remove_class", .text =
        "DELETE FROM edu_class WHERE id = %s AND version = %s" },
    [EDU_SQL_DELETE + EDU_MEMBER] = { .label = "edu_remove_member", .text =
        "DELETE FROM edu_member WHERE" OF_CLASS AS_READ },
    [EDU_SQL_DELETE + EDU_ASSIGNMENT] = { .label = "edu_remove_assignment", .text =
        "DELETE FROM edu_assignment WHERE" OF_CLASS AS_READ },
    [EDU_SQL_DELETE + EDU_SUBMISSION] = { .label = "edu_remove_submission", .text =
        "DELETE FROM edu_submission WHERE" OF_ASSIGNMENT AS_READ },
    [EDU_SQL_DELETE + EDU_OUTCOME] = { .label = "edu_remove_outcome", .text =
        "DELETE FROM edu_outcome WHERE" OF_SUBMISSION AS_READ },

    [EDU_SQL_DELETE + EDU_HISTORY] = { .label = "edu_remove_history", .text =
        "DELETE FROM edu_history WHERE seq = %lld AND at = %s" },
    [EDU_SQL_DELETE + EDU_REPEAT] = { .label = "edu_remove_repeat", .text =
        "DELETE FROM edu_repeat WHERE id = %s AND expires = %s" },
    [EDU_SQL_DELETE_READ] = { .label = "edu_remove_read", .text =
        "DELETE FROM edu_read WHERE seq = %lld AND at = %s" },

    /* some of the kept answers that are no longer of use */
    [EDU_SQL_EXPIRED] = { .label = "edu_expired", .text =
        "SELECT expires FROM edu_repeat WHERE expires < %s"
        " ORDER BY expires LIMIT 500" },
    [EDU_SQL_EXPIRE] = { .label = "edu_expire", .text =
        "DELETE FROM edu_repeat WHERE expires <= %s" },

    /* rows below a deleted class, assignment or submission */
    [EDU_SQL_DELETE_BELOW + EDU_MEMBER] = { .label = "edu_clear_member", .text =
        "DELETE FROM edu_member WHERE" OF_CLASS },
    [EDU_SQL_DELETE_BELOW + EDU_ASSIGNMENT] = { .label = "edu_clear_assignment", .text =
        "DELETE FROM edu_assignment WHERE" OF_CLASS },
    [EDU_SQL_DELETE_BELOW + EDU_SUBMISSION] = { .label = "edu_clear_submission", .text =
        "DELETE FROM edu_submission WHERE" BELOW_ASSIGNMENT },
    [EDU_SQL_DELETE_BELOW + EDU_OUTCOME] = { .label = "edu_clear_outcome", .text =
        "DELETE FROM edu_outcome WHERE" BELOW_SUBMISSION },

    [EDU_SQL_GET_MANY] = { .label = "edu_get_outcomes", .text =
        "SELECT k.n, r.* FROM unnest(" EACH ", " EACH ", " EACH ", " FOUR
        NUMBERED "(of_class, viewer, me, " KEY ", n) CROSS JOIN LATERAL ("
        "WITH " VIEWER_OF("k.class_id", "k.viewer", "k.me") " "
        GET_OUTCOME("k.class_id", "k.assignment_id", "k.submission_id", "k.id")
        ") r ORDER BY k.n" },
    /* rows are locked in one order, so that no two wait for each other */
    [EDU_SQL_INSERT_UNREGISTRABLE_MANY] = { .label = "edu_insert_opens", .writes = 1,
        .text = INSERTS("", "") THOSE_DONE },
    [EDU_SQL_UPDATE_MANY] = { .label = "edu_replace_outcomes", .writes = 1,
        .text = UPDATES("", "") THOSE_DONE },

    [EDU_SQL_RECORD] = { .label = "edu_record", .text =
        INTO_HISTORY "VALUES (" RECORDED_VALUES ")" },
    [EDU_SQL_RECORD_BELOW + EDU_MEMBER] = { .label = "edu_record_member", .text =
        RECORD_BELOW("member", "''", "''", "''", "''", "edu_member o WHERE" OF_CLASS), .share_lock = 1 },
    [EDU_SQL_RECORD_BELOW + EDU_ASSIGNMENT] = { .label = "edu_record_assignment",
        .text = RECORD_BELOW("assignment", "'1'", "''", "o.id", "''",
        "edu_assignment o WHERE" OF_CLASS), .share_lock = 1 },
    [EDU_SQL_RECORD_BELOW + EDU_SUBMISSION] = { .label = "edu_record_submission",
        .text = RECORD_BELOW("submission", "'1'", "o.user_id", "o.assignment_id", "o.id",
        "edu_submission o WHERE" BELOW_ASSIGNMENT), .share_lock = 1 },
    [EDU_SQL_RECORD_BELOW + EDU_OUTCOME] = { .label = "edu_record_outcome", .text =
        RECORD_BELOW("outcome", SHOWN, STUDENT, "o.assignment_id",
        "o.submission_id", "edu_outcome o WHERE" BELOW_SUBMISSION),
        .share_lock = 1 },
    [EDU_SQL_RECORD_INSERTS] = { .label = "edu_record_inserts", .writes = 1,
        .text = RECORDED(INSERTS, "k.version") THOSE_DONE },
    [EDU_SQL_RECORD_UPDATES] = { .label = "edu_record_updates", .writes = 1,
        .text = RECORDED(UPDATES, "k.was") THOSE_DONE },
};

const struct edu_shape_t edu__shapes[EDU_TABLES] = {
    /*                   keys kind by */
    [EDU_CLASS]      = { 0,   0,   0 },
    [EDU_MEMBER]     = { 1,   1,   0 },
    [EDU_ASSIGNMENT] = { 1,   0,   0 },
    [EDU_SUBMISSION] = { 2,   2,   1 },
    [EDU_OUTCOME]    = { 3,   1,   0 },
    [EDU_HISTORY]    = { 1,   0,   0 },
    [EDU_REPEAT]     = { 0,   1,   1 }
};

/* Columns that may be long come last. */
#define HISTORY_COLUMNS                                                       \
    "assignment_id", "submission_id", "id", "entity", "action", "derived",    \
    "shows", "version", "student", "user_id", "user_name", "application",     \
    "address", "request_id", "at", "before_body", "after_body"
const edu_whole_t edu__wholes[EDU_WHOLE_VIEWS] = {
    [EDU_CLASS] = { "edu_class", 1, 1, 0, { "id", "created", "version", "body" } },
    [EDU_MEMBER] = { "edu_member", 2, 1, 0,
        { "class_id", "id", "created", "role", "version", "body" } },
    [EDU_ASSIGNMENT] = { "edu_assignment", 2, 1, 0,
        { "class_id", "id", "created", "version", "body" } },
    [EDU_SUBMISSION] = { "edu_submission", 3, 2, 0,
        { "class_id", "assignment_id", "id", "created", "user_id", "version",
          "modified_by", "body" } },
    [EDU_OUTCOME] = { "edu_outcome", 4, 2, 0,
        { "class_id", "assignment_id", "submission_id", "id", "created", "type",
          "version", "shown_version", "body", "shown" } },
    [EDU_HISTORY] = { "edu_history", 1, 2, 1,
        { "seq", "class_id", HISTORY_COLUMNS } },
    [EDU_REPEAT] = { "edu_repeat", 1, 1, 0,
        { "id", "created", "request", "expires", "user_id", "body" } },
    [EDU_WHOLE_READ] = { "edu_read", 1, 0, 1,
        { "seq", "at", "user_id", "application", "address", "request_id",
          "class_id", "assignment_id", "submission_id", "id", "student", "lost" } },
    [EDU_WHOLE_SECRET] = { "edu_secret", 1, 0, 0, { "one", "secret" } },
    [EDU_WHOLE_HISTORY_OF] = { "edu_history", 2, 2, 1,
        { "class_id", "seq", HISTORY_COLUMNS } }
};

const struct edu_sql_whole_t edu__sql_whole = {
    .count = "SELECT count(*) FROM %s",
    .clear = "DELETE FROM %s",
    .insert = "INSERT INTO %s (%s) VALUES %s",
    .range = "SELECT %s FROM %s WHERE %s ORDER BY %s LIMIT %d",
    .brief = "CASE WHEN %s <= 16384 THEN %s ELSE %s END AS c%d",
    .row = "SELECT %s FROM %s WHERE %s",
    /* the page cache of a connection is for requests */
    .attach = "PRAGMA cache_size=-64000; ATTACH %s AS kept",
    .take = "INSERT INTO main.%s (%s) SELECT %s FROM kept.%s ORDER BY %s",
    .same = "SELECT count(*) FROM kept.%s NATURAL JOIN main.%s"
};

/* --------------------------------------------------------------- databases */

/* The text of conf/schema/, one file for each database; a guard holds the two
 * together.  Tables with the document last are what SQLite writes fastest; keys
 * lead with the class so that tables can be distributed.  Each statement may be
 * repeated, over any other version too; that comes last, and never goes back.
 *   id       type of what is a key: compared and sorted byte by byte
 *   text     type of what is none
 *   number   type of a key that the database draws, each greater than the last
 *   unique   PRIMARY KEY, or where that would be slower UNIQUE
 *   options  of a table
 *   update   of the version that is there already
 * All is one transaction where the database can undo it, and has no limit of
 * time, for an index may be one of many rows. */
#define SCHEMA(id, text, number, unique, options)                             \
    "CREATE TABLE IF NOT EXISTS edu_class ("                                  \
    " id " id " NOT NULL,"                                                    \
    " created " id " NOT NULL DEFAULT '',"                                    \
    " version " id " NOT NULL DEFAULT '0000000000000000',"                    \
    " body " text " NOT NULL DEFAULT '{}',"                                   \
    " " unique " (id))" options,                                              \
    "CREATE TABLE IF NOT EXISTS edu_member ("                                 \
    " class_id " id " NOT NULL,"                                              \
    " id " id " NOT NULL,"                                                    \
    " created " id " NOT NULL DEFAULT '',"                                    \
    " role " id " NOT NULL CHECK (role IN ('student', 'teacher')),"           \
    " version " id " NOT NULL DEFAULT '0000000000000000',"                    \
    " body " text " NOT NULL DEFAULT '{}',"                                   \
    " " unique " (class_id, id))" options,                                    \
    "CREATE INDEX IF NOT EXISTS edu_member_class"                             \
    " ON edu_member (id, class_id)",                                          \
    "CREATE INDEX IF NOT EXISTS edu_member_role"                              \
    " ON edu_member (class_id, role, id)",                                    \
    "CREATE TABLE IF NOT EXISTS edu_assignment ("                             \
    " class_id " id " NOT NULL,"                                              \
    " id " id " NOT NULL,"                                                    \
    " created " id " NOT NULL DEFAULT '',"                                    \
    " version " id " NOT NULL DEFAULT '0000000000000000',"                    \
    " body " text " NOT NULL DEFAULT '{}',"                                   \
    " " unique " (class_id, id))" options,                                    \
    "CREATE TABLE IF NOT EXISTS edu_submission ("                             \
    " class_id " id " NOT NULL,"                                              \
    " assignment_id " id " NOT NULL,"                                         \
    " id " id " NOT NULL,"                                                    \
    " created " id " NOT NULL DEFAULT '',"                                    \
    " user_id " id " NOT NULL,"                                               \
    " version " id " NOT NULL DEFAULT '0000000000000000',"                    \
    " modified_by " text " NOT NULL DEFAULT '',"                              \
    " body " text " NOT NULL DEFAULT '{}',"                                   \
    " " unique " (class_id, assignment_id, id),"                              \
    " UNIQUE (class_id, assignment_id, user_id))" options,                    \
    "CREATE INDEX IF NOT EXISTS edu_submission_version"                       \
    " ON edu_submission (class_id, version)",                                 \
    "CREATE TABLE IF NOT EXISTS edu_outcome ("                                \
    " class_id " id " NOT NULL,"                                              \
    " assignment_id " id " NOT NULL,"                                         \
    " submission_id " id " NOT NULL,"                                         \
    " id " id " NOT NULL,"                                                    \
    " created " id " NOT NULL,"                                               \
    " type " id " NOT NULL,"                                                  \
    " version " id " NOT NULL,"                                               \
    " body " text " NOT NULL,"                                                \
    " shown_version " id " NOT NULL DEFAULT '',"                              \
    " shown " text " NOT NULL DEFAULT '',"                                    \
    " " unique " (class_id, assignment_id, submission_id, id))" options,      \
    "CREATE TABLE IF NOT EXISTS edu_history ("                                \
    " seq " number ","                                                        \
    " class_id " id " NOT NULL DEFAULT '',"                                   \
    " assignment_id " id " NOT NULL DEFAULT '',"                              \
    " submission_id " id " NOT NULL DEFAULT '',"                              \
    " id " id " NOT NULL DEFAULT '',"                                         \
    " entity " id " NOT NULL DEFAULT '',"                                     \
    " action " id " NOT NULL,"                                                \
    " derived " id " NOT NULL DEFAULT '',"                                    \
    " shows " id " NOT NULL DEFAULT '',"                                      \
    " version " id " NOT NULL DEFAULT '',"                                    \
    " student " id " NOT NULL DEFAULT '',"                                    \
    " user_id " text " NOT NULL DEFAULT '',"                                  \
    " user_name " text " NOT NULL DEFAULT '',"                                \
    " application " text " NOT NULL DEFAULT '',"                              \
    " address " id " NOT NULL DEFAULT '',"                                    \
    " request_id " id " NOT NULL DEFAULT '',"                                 \
    " at " id " NOT NULL,"                                                    \
    " before_body " text " NOT NULL DEFAULT '',"                              \
    " after_body " text " NOT NULL DEFAULT '')" options,                      \
    "CREATE INDEX IF NOT EXISTS edu_history_class"                            \
    " ON edu_history (class_id, seq)",                                        \
    "CREATE INDEX IF NOT EXISTS edu_history_row"                              \
    " ON edu_history (class_id, assignment_id, entity, version,"              \
    " submission_id, id)",                                                    \
    "CREATE TABLE IF NOT EXISTS edu_read ("                                   \
    " seq " number ","                                                        \
    " at " id " NOT NULL,"                                                    \
    " user_id " text " NOT NULL DEFAULT '',"                                  \
    " application " text " NOT NULL DEFAULT '',"                              \
    " address " id " NOT NULL DEFAULT '',"                                    \
    " request_id " id " NOT NULL DEFAULT '',"                                 \
    " class_id " id " NOT NULL DEFAULT '',"                                   \
    " assignment_id " id " NOT NULL DEFAULT '',"                              \
    " submission_id " id " NOT NULL DEFAULT '',"                              \
    " id " id " NOT NULL DEFAULT '',"                                         \
    " student " id " NOT NULL DEFAULT '',"                                    \
    " lost " id " NOT NULL DEFAULT '')" options,                              \
    "CREATE TABLE IF NOT EXISTS edu_repeat ("                                 \
    " id " id " NOT NULL,"                                                    \
    " created " id " NOT NULL,"                                               \
    " request " id " NOT NULL,"                                               \
    " expires " id " NOT NULL,"                                               \
    " user_id " text " NOT NULL,"                                             \
    " body " text " NOT NULL,"                                                \
    " " unique " (id))" options,                                              \
    "CREATE INDEX IF NOT EXISTS edu_repeat_expires"                           \
    " ON edu_repeat (expires)",                                               \
    "CREATE TABLE IF NOT EXISTS edu_secret ("                                 \
    " one INTEGER PRIMARY KEY CHECK (one = 1),"                               \
    " secret " id " NOT NULL)" options,                                       \
    "CREATE TABLE IF NOT EXISTS edu_schema ("                                 \
    " one INTEGER PRIMARY KEY CHECK (one = 1),"                               \
    " version " id " NOT NULL)" options

/* The columns that version 3 added to a table of version 2. */
#define ADDED(add, id, text)                                                  \
    "ALTER TABLE edu_outcome " add " shown_version " id                       \
    " NOT NULL DEFAULT ''",                                                   \
    "ALTER TABLE edu_outcome " add " shown " text " NOT NULL DEFAULT ''"

/* The index in whose place version 3.1 has edu_history_row. */
#define REPLACED "DROP INDEX IF EXISTS edu_history_of"

/* The end: students see from now on what version 2 had published; that comes last
 * in a document, and is marked by no other words.  Then the version. */
#define FINISH(update)                                                        \
    "UPDATE edu_outcome SET shown_version = version, shown = body"            \
    " WHERE shown_version = '' AND (SELECT version FROM edu_schema) < '3'"    \
    " AND (body LIKE '%\"publishedFeedback\":{%'"                             \
    " OR body LIKE '%\"publishedPoints\":{%'"                                 \
    " OR body LIKE '%\"publishedRubricQualityFeedback\":[%\"feedback\":{%'"   \
    " OR body LIKE '%\"publishedRubricQualitySelectedLevels\":"               \
    "[%\"columnId\":\"%'"                                                     \
    " OR body LIKE '%\"resourceStatus\":\"published\"%')",                    \
    "INSERT INTO edu_schema (one, version)"                                   \
    " VALUES (1, '" EDU_SCHEMA_VERSION "') " update

#define UPSERT "ON CONFLICT (one) DO UPDATE SET version = excluded.version"   \
               " WHERE edu_schema.version < excluded.version"

static const char *const sqlite3_schema[] = {
    "BEGIN IMMEDIATE",
    SCHEMA("TEXT", "TEXT", "INTEGER PRIMARY KEY", "UNIQUE", ""),
    REPLACED,
    FINISH(UPSERT),
    "COMMIT",
    NULL
};

/* SQLite adds no column "if not exists". */
static const char *const sqlite3_columns[] = {
    ADDED("ADD COLUMN", "TEXT", "TEXT"),
    NULL
};

/* Without the statistics the planner takes an assignment to be as selective as
 * a submission, and reads all of the assignment to find one. */
static const char *const pgsql_schema[] = {
    "BEGIN",
    "SET LOCAL statement_timeout = 0",
    SCHEMA("TEXT COLLATE \"C\"", "TEXT",
           "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
           "PRIMARY KEY", ""),
    "CREATE STATISTICS IF NOT EXISTS edu_submission_of (dependencies)"
    " ON class_id, assignment_id FROM edu_submission",
    ADDED("ADD COLUMN IF NOT EXISTS", "TEXT COLLATE \"C\"", "TEXT"),
    REPLACED,
    FINISH(UPSERT),
    "COMMIT",
    NULL
};

/* Four keys of 128 characters fit the 3072 bytes of an InnoDB index.  Without
 * nopad an id would equal the same with a trailing blank. */
static const char *const mysql_schema[] = {
    "SET @edu_time = @@max_statement_time, SESSION max_statement_time = 0",
    SCHEMA("VARCHAR(128)", "MEDIUMTEXT", "BIGINT AUTO_INCREMENT PRIMARY KEY",
           "PRIMARY KEY",
           " ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"),
    ADDED("ADD COLUMN IF NOT EXISTS", "VARCHAR(128)", "MEDIUMTEXT"),
    REPLACED " ON edu_history",
    FINISH("ON DUPLICATE KEY UPDATE version ="
           " GREATEST(version, VALUES(version))"),
    "SET SESSION max_statement_time = @edu_time",
    NULL
};

/* WAL lets readers and a writer work side by side; FULL makes an answer
 * durable, where there is no WAL.  Half the usual page cache is as fast, for
 * each commit of another connection empties it.  A COMMIT checkpoints once the
 * log has 128 MiB. */
static const edu_setting_t sqlite3_session[] = {
    { "PRAGMA journal_mode=WAL", EDU_SETS_FILE },
    { "PRAGMA synchronous=FULL", 0 },
    { "PRAGMA cache_size=-1000", 0 },
    { "PRAGMA wal_autocheckpoint=32768", 0 },
    { NULL, 0 }
};

/* A change that waits for another has to see what that left behind, hence the
 * level of isolation.  Waiting for a lock ends first, so that the log can tell
 * it from a statement that takes too long.  There is an index for every read:
 * a plan made when a table was small would read all of it when it is not, and
 * lock rows in an order of its own; a plan for a small class would sort a large
 * one for each page, rather than read it in order.  What is off costs so much on
 * paper that a plan which cannot do without would be compiled, by each new
 * connection: that takes 0.3 s. */
static const edu_setting_t pgsql_session[] = {
    { "SELECT set_config('enable_seqscan', 'off', false),"
      " set_config('enable_bitmapscan', 'off', false),"
      " set_config('enable_hashjoin', 'off', false),"
      " set_config('enable_mergejoin', 'off', false),"
      " set_config('jit', 'off', false)", 0 },
    { "SET client_encoding = 'UTF8'", 0 },
    { "SET default_transaction_isolation = 'read committed'", 0 },
    { "SET lock_timeout = %d", 1 },
    { "SET statement_timeout = '%d.2s'", 1000 },
    { "SET idle_in_transaction_session_timeout = '%ds'", 400 },
    { NULL, 0 }
};

/* STRICT: a text that is too long is an error, not truncated. */
static const edu_setting_t mysql_session[] = {
    { "SET NAMES utf8mb4 COLLATE utf8mb4_nopad_bin", 0 },
    { "SET SESSION sql_mode = 'STRICT_ALL_TABLES'", 0 },
    { "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", 0 },
    { "SET SESSION innodb_lock_wait_timeout = %d", 1000 },
    { "SET SESSION lock_wait_timeout = %d", 1000 },
    { "SET SESSION max_statement_time = %d.2", 1000 },
    { "SET SESSION idle_transaction_timeout = %d", 400 },
    { NULL, 0 }
};

/* Transactions over whole tables: those that read, and those that nobody else
 * writes beside.  Where a DELETE of all rows locks the gaps between them as well,
 * nobody inserts any. */
static const char *const sqlite3_snapshot[] = { "BEGIN", NULL };
static const char *const sqlite3_alone[] = { "BEGIN IMMEDIATE", NULL };
static const char *const pgsql_snapshot[] = {
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    NULL
};
static const char *const pgsql_alone[] = {
    "BEGIN",
    "LOCK TABLE edu_class, edu_member, edu_assignment, edu_submission,"
    " edu_outcome, edu_history, edu_repeat, edu_read, edu_secret"
    " IN EXCLUSIVE MODE",
    NULL
};
static const char *const mysql_snapshot[] = {
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT",
    NULL
};
static const char *const mysql_alone[] = {
    "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
    "BEGIN",
    NULL
};

/* Apart from MySQL's, drivers tell all failures by one result code; the words
 * of SQLite are always these, those of PostgreSQL where its lc_messages are
 * English, and unknown ones are taken for what may pass.  SQLite has no other
 * word for a quota or a limit that is reached than that of a disk that fails.
 */
static const edu_fate_t sqlite3_fates[] = {
    { EDU_ETOOLARGE, 0, "string or blob too big" },
    { EDU_ECONSTRAINT, 0, "constraint failed" },
    { EDU_EREADONLY, 0, "attempt to write a readonly database" },
    { EDU_ENOSPACE, 0, "database or disk is full" },
    { EDU_ENOSPACE, 0, "disk I/O error" },
    { 0, 0, NULL }
};

static const edu_fate_t pgsql_fates[] = {
    { EDU_ETOOLARGE, 0, "value too long for type" },
    { EDU_ETOOLARGE, 0, "row is too big" },
    { EDU_ETOOLARGE, 0, "index row size" },
    { EDU_ETOOLARGE, 0, "index row requires" },
    { EDU_ETOOLARGE, 0, "invalid memory alloc request size" },
    { EDU_EBADREQUEST, 0, "invalid byte sequence for encoding" },
    { EDU_EBADREQUEST, 0, "has no equivalent in encoding" },
    { EDU_ECONSTRAINT, 0, " violates " },
    { EDU_ENOSPACE, 0, "No space left on device" },
    { EDU_ENOSPACE, 0, "Disk quota exceeded" },
    { EDU_EUNAVAILABLE, 0, "deadlock detected" },
    { EDU_EUNAVAILABLE, 0, "could not serialize access" },
    { 0, 0, NULL }
};

/* Galera tells of a deadlock when a COMMIT comes after that of another node. */
static const edu_fate_t mysql_fates[] = {
    { EDU_ETOOLARGE, 1406, NULL },   /* ER_DATA_TOO_LONG */
    { EDU_ETOOLARGE, 1118, NULL },   /* ER_TOO_BIG_ROWSIZE */
    { EDU_ETOOLARGE, 1153, NULL },   /* ER_NET_PACKET_TOO_LARGE */
    { EDU_EBADREQUEST, 1366, NULL }, /* ER_TRUNCATED_WRONG_VALUE_FOR_FIELD */
    { EDU_ECONSTRAINT, 1048, NULL }, /* ER_BAD_NULL_ERROR */
    { EDU_ECONSTRAINT, 1264, NULL }, /* ER_WARN_DATA_OUT_OF_RANGE */
    { EDU_ECONSTRAINT, 1451, NULL }, /* ER_ROW_IS_REFERENCED_2 */
    { EDU_ECONSTRAINT, 1452, NULL }, /* ER_NO_REFERENCED_ROW_2 */
    { EDU_ECONSTRAINT, 1644, NULL }, /* ER_SIGNAL_EXCEPTION */
    { EDU_ECONSTRAINT, 3819, NULL }, /* ER_CHECK_CONSTRAINT_VIOLATED */
    { EDU_ECONSTRAINT, 4025, NULL }, /* ER_CONSTRAINT_FAILED */
    { EDU_ENOSPACE, 1021, NULL },    /* ER_DISK_FULL */
    { EDU_ENOSPACE, 1114, NULL },    /* ER_RECORD_FILE_FULL */
    { EDU_ENOSPACE, 0, "No space left on device" },
    { EDU_ENOSPACE, 0, "Disk quota exceeded" },
    { EDU_EUNAVAILABLE, 1213, NULL }, /* ER_LOCK_DEADLOCK */
    { 0, 0, NULL }
};

/* Of each depth another: in MariaDB one takes the place of its namesake. */
#define SAVEPOINTS "SAVEPOINT edu_%d", "ROLLBACK TO SAVEPOINT edu_%d",        \
                   "RELEASE SAVEPOINT edu_%d"

/* Some connections are reserved; the second setting came with 16. */
#define PGSQL_MOST                                                            \
    "SELECT current_setting('max_connections')::int"                          \
    " - current_setting('superuser_reserved_connections')::int"               \
    " - COALESCE(current_setting('reserved_connections', true), '0')::int"

/* Values in documents.  The numbers of two programs may differ in the last of
 * their digits; the names of a path need no quotes. */
#define WHERE(value, number, none, any, holds, escaped, since, until)         \
    .where = { [EDU_WHERE_AND] = " AND ", [EDU_WHERE_OR] = " OR ",            \
               [EDU_WHERE_KIND] = "o.type = %t", [EDU_WHERE_NULL] = none,     \
               [EDU_WHERE_ANY] = any, [EDU_WHERE_SAME] = value " = %t",       \
               [EDU_WHERE_OTHER] = "COALESCE(" value ", '') <> %t",           \
               [EDU_WHERE_LEAST] = value " >= %t",                            \
               [EDU_WHERE_MOST] = value " <= %t",                             \
               [EDU_WHERE_HOLDS] = holds "(" value ", %t) > 0",               \
               [EDU_WHERE_WRITTEN] = "(" holds "(o.body, %t) > 0 OR "         \
                                     escaped ")",                             \
               [EDU_WHERE_SINCE] = since(value " >= %t"),                     \
               [EDU_WHERE_UNTIL] = until(value " <= %t"),                     \
               [EDU_WHERE_NUMBER_LEAST] = number " >= %n",                    \
               [EDU_WHERE_NUMBER_MOST] = number " <= %n" }
#define SQLITE_VALUE "json_extract(o.body, %p)"
#define SQLITE_ESCAPED "o.body GLOB '*\\u*'" /* looks quicker than instr */
#define PGSQL_VALUE "(o.body::json #>> %p)"
#define PGSQL_ESCAPED "o.body LIKE '%%\\\\u%%'"
#define ALONE(value) value

/* PostgreSQL parses a document twice to find a value, which takes ten times as
 * long as to find a name.  The value stands behind one of the places that have
 * the last name of the path in quotes, for the module writes names as they are.
 * What stands behind each is :" and a text; or a blank, as others write it, which
 * is less than :" in order; or no text.  If no place has a text that would do, the
 * value is none.  An outcome has two such places at most, and part 1 is before
 * them all; a part that there is not is ''. */
#define PGSQL_PART(n) "split_part(o.body, %k, " n ")"
#define PGSQL_EARLIER(n)                                                      \
    "width_bucket(" PGSQL_PART(n) " COLLATE \"C\","                           \
    " ARRAY[':\"', ':\"' || %t]) = 1"
#define PGSQL_LATER(n) PGSQL_PART(n) " COLLATE \"C\" > ':\"' || %t || '~'"
#define PGSQL_UNLESS(all, value)                                              \
    "CASE WHEN " all("2") " AND (" PGSQL_PART("3") " = '' OR " all("3")       \
    " AND " PGSQL_PART("4") " = '') OR " PGSQL_PART("2") " = ''"              \
    " THEN false ELSE " value " END"
#define PGSQL_SINCE(value) PGSQL_UNLESS(PGSQL_EARLIER, value)
#define PGSQL_UNTIL(value) PGSQL_UNLESS(PGSQL_LATER, value)
#define MYSQL_VALUE "JSON_VALUE(o.body, %p)"
#define MYSQL_ANY "COALESCE(JSON_EXTRACT(o.body, %p), 'null')"
#define MARIA_TEXT " CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"

static const edu_sql_dialect_t dialects[] = {
    { .driver = "sqlite3",
      WHERE(SQLITE_VALUE, SQLITE_VALUE, SQLITE_VALUE " IS NULL",
            SQLITE_VALUE " IS NOT NULL", "instr", SQLITE_ESCAPED, ALONE, ALONE),
      .path_prefix = "'$.", .path_separator = ".", .path_suffix = "'",
      .creates = 1,
      .bounds = 1,
      .busy = 5, /* SQLITE_BUSY */
      .columns_are_pooled = 1,
      .octets = "LENGTH(CAST(%s AS BLOB))",
      .place = "instr",
      .clock = "CAST((julianday('now') - 2440587.5) * 86400 AS INTEGER)",
      .if_any = "(SELECT %s FROM %s)",
      .each = "SELECT json_extract(value, '$[0]') AS n,"
              " json_extract(value, '$[1]') AS class_id,"
              " json_extract(value, '$[2]') AS id,"
              " json_extract(value, '$[3]') AS student FROM json_each(%s)",
      .inlined = "NOT MATERIALIZED ",
      .for_share = "",
      .on_conflict = " ON CONFLICT DO NOTHING",
      .control = { "BEGIN IMMEDIATE", "COMMIT", "ROLLBACK", SAVEPOINTS },
      .session = sqlite3_session,
      .snapshot = sqlite3_snapshot,
      .alone = sqlite3_alone,
      .pack = "PRAGMA journal_mode=DELETE",
      .fates = sqlite3_fates,
      .log = "SELECT file || '-wal'"
             " FROM pragma_database_list, pragma_journal_mode"
             " WHERE name = 'main' AND journal_mode = 'wal'",
      .wal_no_sync = "PRAGMA synchronous=NORMAL",
      .data = "PRAGMA database_list",
      .checkpoint = "PRAGMA wal_checkpoint(PASSIVE)",
      .schema = sqlite3_schema,
      .lacks = "SELECT 1 FROM sqlite_master WHERE name = 'edu_outcome'"
               " AND sql NOT LIKE '% shown %'",
      .columns = sqlite3_columns },
    { .driver = "pgsql",
      WHERE(PGSQL_VALUE " COLLATE \"C\"", PGSQL_VALUE "::float8",
            PGSQL_VALUE " IS NULL", PGSQL_VALUE " IS NOT NULL", "strpos",
            PGSQL_ESCAPED, PGSQL_SINCE, PGSQL_UNTIL),
      .path_prefix = "'{", .path_separator = ",", .path_suffix = "}'",
      .random_access = 1,
      .batches = 1,
      .place = "strpos",
      .bounds = 1,
      .clock = "FLOOR(EXTRACT(EPOCH FROM clock_timestamp()))",
      .if_any = "(SELECT %s FROM %s)",
      .each = "SELECT e.value ->> 0 AS n, e.value ->> 1 AS class_id,"
              " e.value ->> 2 AS id, e.value ->> 3 AS student"
              " FROM json_array_elements(CAST(%s AS json)) AS e",
      .record_prefix = "WITH made AS (",
      .record_suffix = " RETURNING 1) " INTO_HISTORY "SELECT " RECORDED_VALUES
                       " FROM made",
      .limit = "PGCONNECT_TIMEOUT",
      .max_connections = PGSQL_MOST,
      .for_share = " FOR SHARE",
      .on_conflict = " ON CONFLICT DO NOTHING",
      .deallocate_prefix = "DEALLOCATE ",
      .control = { "BEGIN", "COMMIT", "ROLLBACK", SAVEPOINTS },
      .session = pgsql_session,
      .snapshot = pgsql_snapshot,
      .alone = pgsql_alone,
      .draw = "SELECT setval(pg_get_serial_sequence('%s', '%s'),"
              " COALESCE(max(%s), 0) + 1, false) FROM %s",
      .fates = pgsql_fates,
      .schema = pgsql_schema },
    { .driver = "mysql",
      .streams = 1,
      WHERE(MYSQL_VALUE, "(" MYSQL_VALUE " + 0E0)", MYSQL_ANY " = 'null'",
            MYSQL_ANY " <> 'null'", "INSTR", "INSTR(o.body, '\\\\u') > 0", ALONE,
            ALONE),
      .path_prefix = "'$.", .path_separator = ".", .path_suffix = "'",
      .duplicate = 1062, /* ER_DUP_ENTRY */
      .if_any = "%s AND (SELECT 1 FROM %s)", /* for a range of an index */
      .each = "SELECT e.n, e.class_id, e.id, e.student FROM JSON_TABLE(%s,"
              " '$[*]' COLUMNS (n VARCHAR(16)" MARIA_TEXT " PATH '$[0]',"
              " class_id VARCHAR(128)" MARIA_TEXT " PATH '$[1]',"
              " id VARCHAR(128)" MARIA_TEXT " PATH '$[2]',"
              " student VARCHAR(128)" MARIA_TEXT " PATH '$[3]')) AS e",
      .max_connections = "SELECT @@max_connections",
      .place = "INSTR",
      .clock = "UNIX_TIMESTAMP()",
      .packet = "SELECT @@max_allowed_packet",
      .too_large = 1153, /* ER_NET_PACKET_TOO_LARGE */
      .for_share = " LOCK IN SHARE MODE",
      .on_conflict = "",
      .control = { "BEGIN", "COMMIT", "ROLLBACK", SAVEPOINTS },
      .session = mysql_session,
      .snapshot = mysql_snapshot,
      .alone = mysql_alone,
      .fates = mysql_fates,
      .schema = mysql_schema },
};

const char edu__sql_last_mark[] =
    "SELECT action FROM edu_history WHERE class_id = ''"
    " AND action IN ('historyOn', 'historyOff') ORDER BY seq DESC LIMIT 1";
const char edu__sql_mark[] =
    "INSERT INTO edu_history (action, at) VALUES ('%s', '%016"
    APR_UINT64_T_HEX_FMT "')";

const char edu__sql_found[] = " OR a.id IN (SELECT o.assignment_id FROM o)";

const char edu__sql_probe[] = "SELECT 1";
const char edu__sql_role[] =
    "SELECT role FROM edu_member WHERE" OF_CLASS " AND" ONE;

/* clang-format on */

const edu_sql_dialect_t *edu__sql_dialect(const char *driver)
{
    for (apr_size_t i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++) {
        if (strcmp(dialects[i].driver, driver) == 0) {
            return &dialects[i];
        }
    }
    return NULL;
}

/* @return the end of the list: it may pass, and nobody knows what was done */
static const edu_fate_t *fate_of(const edu_sql_dialect_t *dialect, int rc,
                                 const char *says)
{
    const edu_fate_t *fate = dialect->fates;

    while (fate->rv && ((fate->code && fate->code != rc) ||
                        (fate->text && !strstr(says, fate->text)))) {
        fate++;
    }
    return fate;
}

apr_status_t edu__sql_fate(const edu_sql_dialect_t *dialect, int rc,
                           const char *says)
{
    const edu_fate_t *fate = fate_of(dialect, rc, says);

    return fate->rv ? fate->rv : EDU_EUNAVAILABLE;
}

int edu__sql_is_undone(const edu_sql_dialect_t *dialect, int rc,
                       const char *says)
{
    return fate_of(dialect, rc, says)->rv == EDU_EUNAVAILABLE;
}
