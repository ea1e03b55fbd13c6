/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The words of an expression, and the nodes that are made of them. */

#include "expr.h"

#include <apr_lib.h>
#include <apr_strings.h>

#define SHOWN 40 /* bytes that a message quotes */
#define MAX_DEPTH 100

/* The text where reading stopped: its beginning, in whole characters. */
static const char *shown(const edu_parser_t *parser)
{
    apr_size_t len = strlen(parser->at);

    if (len > SHOWN) {
        for (len = SHOWN; len && (parser->at[len] & 0xc0) == 0x80; len--) {
        }
    }
    return apr_pstrmemdup(parser->p, parser->at, len);
}

/* Graph's words (contract.md 5), and the place where reading stopped. */
apr_status_t edu__lex_fault(const edu_parser_t *parser, const char *fmt, ...)
{
    va_list args;
    const char *says;

    va_start(args, fmt);
    says = apr_pvsprintf(parser->p, fmt, args);
    va_end(args);
    if (*parser->at || parser->alias) {
        says = apr_psprintf(parser->p, "%s (at '%s', after %d bytes%s%s)", says,
                            shown(parser), (int)(parser->at - parser->text),
                            parser->alias ? " of " : "",
                            parser->alias ? parser->alias : "");
    }
    return edu_error_set(parser->err, EDU_EQUERY, parser->option, parser->p,
                         "Invalid %s clause: %s", parser->option + 1, says);
}

apr_status_t edu__lex_unserved(const edu_parser_t *parser, const char *fmt, ...)
{
    va_list args;
    const char *says;

    va_start(args, fmt);
    says = apr_pvsprintf(parser->p, fmt, args);
    va_end(args);
    return edu_error_set(parser->err, EDU_ENOTIMPL, parser->option, parser->p,
                         "%s is not supported in %s.", says, parser->option);
}

void edu__lex_blanks(edu_parser_t *parser)
{
    parser->at += strspn(parser->at, " \t");
}

/* Counts one more part: an operand, an operator, a step of a path.  Each costs
 * time for each row. */
apr_status_t edu__lex_spend(edu_parser_t *parser)
{
    int most = parser->of->most_parts;

    return !most || ++parser->parts <= most
               ? APR_SUCCESS
               : edu__lex_fault(parser, EDU_TOO_MANY_PARTS, most);
}

/* What other languages write, and what it is in OData. */
static const struct cure_t {
    const char *sent, *says;
} cures[] = {
    {"==",            "write 'eq' for =="                           },
    { "=",            "write 'eq' for ="                            },
    { "<>",           "write 'ne' for <>"                           },
    { "!=",           "write 'ne' for !="                           },
    { "!",            "write 'not' for !"                           },
    { "<=",           "write 'le' for <="                           },
    { ">=",           "write 'ge' for >="                           },
    { "<",            "write 'lt' for <"                            },
    { ">",            "write 'gt' for >"                            },
    { "&&",           "write 'and' for &&"                          },
    { "||",           "write 'or' for ||"                           },
    { "\"",           "write a string in single quotes: 'text'"     },
    { "\xe2\x80\x98", "write a string in single quotes: 'text'"     },
    { "\xe2\x80\x99", "write a string in single quotes: 'text'"     },
    { "\xe2\x80\x9a", "write a string in single quotes: 'text'"     },
    { "\xe2\x80\x9c", "write a string in single quotes: 'text'"     },
    { "\xe2\x80\x9d", "write a string in single quotes: 'text'"     },
    { "\xe2\x80\x9e", "write a string in single quotes: 'text'"     },
    { "`",            "write a string in single quotes: 'text'"     },
    { "-",            "write 'sub' for -"                           },
    { "/",            "write 'div' for /"                           },
    { ")",            "no parenthesis is open"                      },
    { "*",            "write 'mul' for *"                           },
    { "%",            "write 'mod' for %"                           },
    { ",",            "write a decimal point, or a list behind 'in'"},
    { "like ",        "write contains(property, 'text')"            },
    { "contains ",    "write contains(property, 'text')"            },
    { "startswith ",  "write startswith(property, 'text')"          },
    { "is ",          "write 'eq'"                                  },
    { "equals ",      "write 'eq'"                                  },
    { "ascending",    "write 'asc', or nothing"                     },
    { "descending",   "write 'desc'"                                },
};

const char *edu__lex_cure(const edu_parser_t *parser)
{
    const char *at = parser->at + strspn(parser->at, " \t");

    for (apr_size_t i = 0; i < sizeof(cures) / sizeof(cures[0]); i++) {
        if (strncasecmp(at, cures[i].sent, strlen(cures[i].sent)) == 0) {
            return apr_pstrcat(parser->p, "; ", cures[i].says, NULL);
        }
    }
    if (at > parser->text && at[-1] == '\'' && edu__lex_is_word(*at)) {
        return "; double a quote within a string: 'O''Brien'";
    }
    /* a + in a URL is read as a blank */
    return apr_isdigit(*at) ? "; write a + as %2B" : "";
}

apr_status_t edu__lex_end(edu_parser_t *parser)
{
    edu__lex_blanks(parser);
    return !*parser->at
               ? APR_SUCCESS
               : edu__lex_fault(parser,
                                "unexpected text after the expression%s",
                                edu__lex_cure(parser));
}

/* Letters, digits and the other characters of a path. */
int edu__lex_is_word(char c)
{
    return apr_isalnum(c) || (c && strchr("_./@$", c));
}

int edu__lex_char(edu_parser_t *parser, char c)
{
    edu__lex_blanks(parser);
    if (*parser->at != c) {
        return 0;
    }
    parser->at++;
    return 1;
}

/* Reads a keyword: a whole word, in whatever case (OData 4.01). */
int edu__lex_word(edu_parser_t *parser, const char *word)
{
    apr_size_t len = strlen(word);

    edu__lex_blanks(parser);
    if (strncasecmp(parser->at, word, len) != 0 ||
        edu__lex_is_word(parser->at[len])) {
        return 0;
    }
    parser->at += len;
    return 1;
}

/* Reads a run of word characters, or returns NULL. */
const char *edu__lex_name(edu_parser_t *parser)
{
    const char *from;

    edu__lex_blanks(parser);
    for (from = parser->at; edu__lex_is_word(*parser->at); parser->at++) {
    }
    return parser->at > from
               ? apr_pstrmemdup(parser->p, from, parser->at - from)
               : NULL;
}

/* Finds the end of a string in quotes, in which a quote is doubled; or NULL. */
static const char *end_of_string(const char *at)
{
    while ((at = strchr(at + 1, '\'')) && at[1] == '\'') {
        at++;
    }
    return at;
}

/* Reads a string in quotes; NULL: it is not closed. */
const char *edu__lex_string(edu_parser_t *parser)
{
    const char *end = end_of_string(parser->at);
    char *text, *to;

    if (!end) {
        return NULL;
    }
    to = text = apr_pstrmemdup(parser->p, parser->at, end - parser->at);
    for (const char *from = text + 1; *from; from++) {
        from += from[0] == '\'' && from[1] == '\'';
        *to++ = *from;
    }
    *to = '\0';
    parser->at = end + 1;
    return text;
}

edu_expr_t *edu__expr_new(const edu_parser_t *parser, edu_expr_e op,
                          edu_edm_e kind)
{
    edu_expr_t *node = apr_pcalloc(parser->p, sizeof(*node));

    node->op = op;
    node->type.kind = kind;
    node->depth = 1;
    return node;
}

/* Evaluation recurses as deep as the tree is. */
apr_status_t edu__expr_join(const edu_parser_t *parser, edu_expr_t *node, int n,
                            const edu_expr_t *const *parts)
{
    node->n = n;
    node->parts = apr_pmemdup(parser->p, parts, n * sizeof(*parts));
    for (int i = 0; i < n; i++) {
        if (parts[i]->depth >= node->depth) {
            node->depth = parts[i]->depth + 1;
        }
    }
    return node->depth <= MAX_DEPTH
               ? APR_SUCCESS
               : edu__lex_fault(parser,
                                "the expression is nested deeper than %d "
                                "levels; a long sum counts as nested.",
                                MAX_DEPTH);
}

apr_status_t edu__lex_close(edu_parser_t *parser, const char *what)
{
    return edu__lex_char(parser, ')')
               ? APR_SUCCESS
               : edu__lex_fault(parser, "%s is not closed.", what);
}

apr_status_t edu__expr_pair(const edu_parser_t *parser, edu_expr_t *node,
                            const edu_expr_t *a, const edu_expr_t *b)
{
    const edu_expr_t *const parts[] = { a, b };

    return edu__expr_join(parser, node, 2, parts);
}

apr_status_t edu__expr_list(const edu_parser_t *parser, edu_expr_t *node,
                            const apr_array_header_t *parts)
{
    return edu__expr_join(parser, node, parts->nelts,
                          (const edu_expr_t *const *)parts->elts);
}

apr_array_header_t *edu__expr_parts(const edu_parser_t *parser)
{
    return apr_array_make(parser->p, 4, sizeof(const edu_expr_t *));
}
