/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Fields of CSV, and pseudonyms, without a database. */

#include "move.h"
#include "unit.h"

#include <apr_strings.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A file with this text, to read or write. */
static apr_file_t *file_of(const char *text, apr_pool_t *p)
{
    char *name = apr_pstrdup(p, "/tmp/edu-move.XXXXXX");
    apr_off_t start = 0;
    apr_file_t *file;

    apr_file_mktemp(&file, name,
                    APR_FOPEN_READ | APR_FOPEN_WRITE | APR_FOPEN_CREATE |
                        APR_FOPEN_DELONCLOSE,
                    p);
    apr_file_write_full(file, text, strlen(text), NULL);
    apr_file_seek(file, APR_SET, &start);
    return file;
}

static const char *written(const char *const *fields, int n, int safe,
                           apr_pool_t *p)
{
    apr_file_t *file = file_of("", p);
    char text[256] = "";
    apr_size_t len = sizeof(text) - 1;
    apr_off_t start = 0;

    edu__csv_write(file, fields, n, safe);
    apr_file_seek(file, APR_SET, &start);
    apr_file_read(file, text, &len);
    return apr_pstrdup(p, text);
}

static void test_written(apr_pool_t *p)
{
    static const char *const texts[][3] = {
        {"plain",    "plain\r\n",           "plain\r\n"          },
        { "",        "\r\n",                "\r\n"               },
        { "a,b",     "\"a,b\"\r\n",         "\"a,b\"\r\n"        },
        { "a \"b\"", "\"a \"\"b\"\"\"\r\n", "\"a \"\"b\"\"\"\r\n"},
        { "a\nb",    "\"a\nb\"\r\n",        "\"a\nb\"\r\n"       },
        { "=1+1",    "'=1+1\r\n",           "=1+1\r\n"           },
        { "+1",      "'+1\r\n",             "+1\r\n"             },
        { "-1",      "'-1\r\n",             "-1\r\n"             },
        { "@SUM",    "'@SUM\r\n",           "@SUM\r\n"           },
        { "\t=1",    "'\t=1\r\n",           "\t=1\r\n"           },
        { "\r=1",    "\"'\r=1\"\r\n",       "\"\r=1\"\r\n"       },
        { "87.5",    "87.5\r\n",            "87.5\r\n"           },
    };

    for (apr_size_t i = 0; i < COUNT(texts); i++) {
        is_str(written(&texts[i][0], 1, 1, p), texts[i][1],
               "a field that a spreadsheet may read");
        is_str(written(&texts[i][0], 1, 0, p), texts[i][2], "and one as it is");
    }
    is_str(written((const char *const[]){ "a", NULL, "b" }, 3, 1, p),
           "a,,b\r\n", "fields are separated");
}

/* The rows of a text: fields within brackets, and the line of each row. */
static const char *rows_of(const char *text, apr_pool_t *p)
{
    edu_csv_t csv = { file_of(text, p), 0, 0 };
    apr_array_header_t *fields;
    edu_error_t err = { 0 };
    const char *made = "";
    apr_status_t rv;

    while (!(rv = edu__csv_read(&fields, &csv, &err, p)) && fields) {
        made = apr_psprintf(p, "%s%d:[%s]", made, (int)csv.line,
                            apr_array_pstrcat(p, fields, '|'));
    }
    return rv ? apr_psprintf(p, "%s%d:%.10s", made, (int)csv.line, err.message)
              : made;
}

static void test_read(apr_pool_t *p)
{
    static const char *const texts[][2] = {
        {"",                     ""                 },
        { "a,b\r\nc,d\r\n",      "1:[a|b]2:[c|d]"   },
        { "a,b\nc,",             "1:[a|b]2:[c|]"    },
        { "\"a,\"\"b\"\"\",c\n", "1:[a,\"b\"|c]"    },
        { "\"a\r\nb\",c\nd\n",   "1:[a\r\nb|c]3:[d]"},
        { "\"\",\"\"\n",         "1:[|]"            },
        { "a\n\"b\n",            "1:[a]2:A quote is"},
        { "a\"b\n",              "1:A quote is"     },
        { "\"a\"b\n",            "1:A quote is"     },
    };

    for (apr_size_t i = 0; i < COUNT(texts); i++) {
        is_str(rows_of(texts[i][0], p), texts[i][1], "rows are read");
    }
}

/* A line that is longer than what is read at once. */
static void test_line(apr_pool_t *p)
{
    char *text = apr_palloc(p, 50002);
    const char *line;
    apr_size_t len;
    apr_file_t *file;

    memset(text, 'x', 50000);
    memcpy(text + 50000, "\n", 2);
    file = file_of(apr_pstrcat(p, text, "y", NULL), p);
    edu__line_next(&line, &len, file, p);
    is_int(len, 50000, "a long line is read whole");
    edu__line_next(&line, &len, file, p);
    is_str(line, "y", "the last line needs no end");
    edu__line_next(&line, &len, file, p);
    ok(!line, "then there is none");
}

static void test_pseudonyms(apr_pool_t *p)
{
    edu_pseudonyms_t names = { apr_hash_make(p), "secret", p };
    const char *row[EDU_COLUMNS_MAX] = { "c", "a", "s", "0", "ada", "1" };
    const char *one = edu__pseudonym_add(&names, "ada"), **made;

    row[6] = "{\"user\":{\"id\":\"ada\",\"displayName\":\"Ada\"}}";
    row[7] = "{\"webUrl\":\"https://x/ada/view\",\"adam\":\"adam\","
             "\"recipients\":[\"ada\"],\"role\":\"ada\",\"student\":\"ada\","
             "\"contentType\":\"ada/html\"}";
    is_int(strlen(one), 34, "a user has a pseudonym");
    is_str(edu__pseudonym_add(&names, "ada"), one, "the same each time");
    is_str(edu__pseudonym_add(&names, one), one, "which has none itself");
    ok(strcmp(edu__pseudonym_add(&names, "bob"), one) != 0,
       "another user has another");
    made = edu__pseudonym_apply(&names, EDU_SUBMISSION, row, p);
    ok(made != NULL, "a row that names the user is changed");
    is_str(made[4], one, "its column");
    is_str(
        made[6],
        apr_psprintf(p, "{\"user\":{\"id\":\"%s\",\"displayName\":null}}", one),
        "its documents, with the name beside the id");
    is_str(made[7],
           apr_psprintf(p,
                        "{\"webUrl\":\"https://x/%s/view\",\"adam\":\"adam\","
                        "\"recipients\":[\"%s\"],\"role\":\"ada\","
                        "\"student\":\"%s\",\"contentType\":\"ada/html\"}",
                        one, one, one),
           "what is between slashes, and no part of a word or of a type");
    row[4] = "carl";
    names.of = apr_hash_make(p);
    edu__pseudonym_add(&names, "nobody");
    ok(!edu__pseudonym_apply(&names, EDU_SUBMISSION, row, p),
       "other rows are not");
    names = (edu_pseudonyms_t){ apr_hash_make(p), "other", p };
    ok(strcmp(edu__pseudonym_add(&names, "ada"), one) != 0,
       "another database has others");
    names.secret = NULL;
    is_str(edu__pseudonym_add(&names, "bob"), "erased", "one is erased");
}

/* The number of the record before one is no id. */
static void test_pseudonym_in_record(apr_pool_t *p)
{
    edu_pseudonyms_t names = { apr_hash_make(p), "secret", p };
    const char *one = edu__pseudonym_add(&names, "12"), **made;
    const char *row[EDU_COLUMNS_MAX];

    for (int i = 0; i < EDU_COLUMNS_MAX; i++) {
        row[i] = "";
    }
    row[4] = row[17] = "12";
    row[18] = "{\"id\":\"12\"}";
    row[5] = "outcome";
    made = edu__pseudonym_apply(&names, EDU_HISTORY, row, p);
    is_str(made[4], one, "an id in the history is replaced");
    is_str(made[17], "12", "the number of a record is not");
    row[5] = "member";
    made = edu__pseudonym_apply(&names, EDU_HISTORY, row, p);
    is_str(made[17], "12", "nor is it in a record of a member");
    is_str(made[18], "{}", "whose document says nothing of the person");
}

static void tests(apr_pool_t *p)
{
    test_written(p);
    test_read(p);
    test_line(p);
    test_pseudonyms(p);
    test_pseudonym_in_record(p);
}

TAP_MAIN(tests)
