/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The grammar of expressions (OData 4.01 URL conventions, 5.1.1): $filter and
 * $orderby become trees whose parts fit together. */

#include "expr.h"

#include <apr_lib.h>
#include <apr_strings.h>

/* The operators between two operands; the higher its level, the more tightly
 * one binds.  `not` and the minus sign are in between. */
#define LOWEST 1
#define TIGHTEST 8

static const struct infix_t {
    const char *word;
    edu_expr_e op;
    int level;
} infixes[] = {
    {"or",     EDU_EXPR_OR,    LOWEST  },
    { "and",   EDU_EXPR_AND,   2       },
    { "eq",    EDU_EXPR_EQ,    3       },
    { "ne",    EDU_EXPR_NE,    3       },
    { "lt",    EDU_EXPR_LT,    4       },
    { "le",    EDU_EXPR_LE,    4       },
    { "gt",    EDU_EXPR_GT,    4       },
    { "ge",    EDU_EXPR_GE,    4       },
    { "add",   EDU_EXPR_ADD,   5       },
    { "sub",   EDU_EXPR_SUB,   5       },
    { "mul",   EDU_EXPR_MUL,   6       },
    { "div",   EDU_EXPR_DIV,   6       },
    { "divby", EDU_EXPR_DIVBY, 6       },
    { "mod",   EDU_EXPR_MOD,   6       },
    { "has",   EDU_EXPR_HAS,   TIGHTEST},
    { "in",    EDU_EXPR_IN,    TIGHTEST}
};

static apr_status_t take_level(edu_parser_t *parser, int level,
                               const edu_expr_t **out);

static apr_status_t take_expr(edu_parser_t *parser, const edu_expr_t **out)
{
    return take_level(parser, LOWEST, out);
}

/* ----------------------------------------------------------------- operands */

/* Reads what begins with a name: a path, or, before a parenthesis, a function
 * or a lambda operator. */
static apr_status_t take_named(edu_parser_t *parser, const edu_expr_t **out)
{
    const char *name = edu__lex_name(parser), *last, *end = parser->at;

    if (!name) {
        return edu__lex_fault(parser, "a property or a value is missing%s.",
                              edu__lex_cure(parser));
    }
    if (edu__is_alias(name)) {
        return edu__alias_take(parser, name, take_expr, out);
    }
    if (!edu__lex_char(parser, '(')) {
        parser->at = end;
        return edu__path_take(parser, name, out);
    }
    last = strrchr(name, '/');
    if (!last) {
        return edu__call_take(parser, name, out);
    }
    name = apr_pstrmemdup(parser->p, name, last - name);
    if (strcasecmp(last, "/any") == 0) {
        return edu__lambda_take(parser, name, EDU_EXPR_ANY, out);
    }
    if (strcasecmp(last, "/all") == 0) {
        return edu__lambda_take(parser, name, EDU_EXPR_ALL, out);
    }
    if (strcmp(last, "/$count") == 0) {
        return edu__lex_unserved(parser, "$count with options");
    }
    return edu__lex_fault(parser, "'%s' is no function of '%s'.", last + 1,
                          name);
}

/* Whether a number follows this sign. */
static int is_signed(const char *s)
{
    return *s == '-' && (apr_isdigit(s[1]) || strncmp(s + 1, "INF", 3) == 0);
}

static apr_status_t take_negative(edu_parser_t *parser, const edu_expr_t **out)
{
    const char *from = parser->at++;
    edu_value_t least;
    edu_expr_t *node;
    apr_status_t rv;

    rv = edu__literal_take(parser, out);
    if (rv || !*out || !edu__is_number((*out)->type.kind)) {
        return rv ? rv : edu__lex_fault(parser, "a number is missing.");
    }
    node = apr_pmemdup(parser->p, *out, sizeof(*node));
    *out = node;
    if (edu__is_integer(node->type.kind)) {
        node->literal.integer = -node->literal.integer;
        return APR_SUCCESS;
    }
    /* the least whole number is one with its sign alone */
    least = edu__literal_read(
        EDU_EDM_INT64, apr_pstrmemdup(parser->p, from, parser->at - from),
        parser->p);
    if (least.kind) {
        node->type.kind = EDU_EDM_INT64;
        node->literal = least;
    }
    else {
        node->literal.number = -node->literal.number;
    }
    return APR_SUCCESS;
}

static apr_status_t take_primary(edu_parser_t *parser, const edu_expr_t **out)
{
    apr_status_t rv;

    if (edu__lex_char(parser, '(')) {
        rv = take_expr(parser, out);
        return rv ? rv : edu__lex_close(parser, "a parenthesis");
    }
    rv = is_signed(parser->at) ? take_negative(parser, out)
                               : edu__literal_take(parser, out);
    rv = rv || *out ? rv : take_named(parser, out);
    if (!rv && (*out)->type.many) {
        return edu__lex_fault(parser,
                              "a collection cannot be compared; ask for "
                              "its $count, any() or all().");
    }
    return rv;
}

static apr_status_t take_not(edu_parser_t *parser, const edu_expr_t **out)
{
    edu_expr_t *node = edu__expr_new(parser, EDU_EXPR_NOT, EDU_EDM_BOOLEAN);
    const edu_expr_t *of;
    apr_status_t rv = edu__lex_spend(parser);

    rv = rv ? rv : take_level(parser, TIGHTEST, &of);
    rv = rv ? rv : edu__truth_check(parser, of, "'not'");
    *out = node;
    return rv ? rv : edu__expr_join(parser, node, 1, &of);
}

static apr_status_t take_minus(edu_parser_t *parser, const edu_expr_t **out)
{
    edu_expr_t *node = edu__expr_new(parser, EDU_EXPR_NEGATE, EDU_EDM_NULL);
    const edu_expr_t *of;
    apr_status_t rv = edu__lex_spend(parser);

    rv = rv ? rv : take_level(parser, TIGHTEST, &of);
    if (rv) {
        return rv;
    }
    node->type.kind =
        edu__is_integer(of->type.kind) ? EDU_EDM_INT64 : of->type.kind;
    *out = node;
    return edu__is_number(of->type.kind) || of->type.kind == EDU_EDM_DURATION ||
                   of->type.kind == EDU_EDM_NULL
               ? edu__expr_join(parser, node, 1, &of)
               : edu__lex_fault(parser, "the sign '-' is not defined for %s.%s",
                                edu__kind_words(of->type),
                                strcmp(parser->option, "$orderby") == 0
                                    ? " Write 'desc' behind it."
                                    : "");
}

static apr_status_t take_unary(edu_parser_t *parser, const edu_expr_t **out)
{
    apr_status_t rv;

    if (++parser->nesting > EDU_MAX_NESTING) {
        return edu__lex_fault(parser,
                              "the expression is nested deeper than %d levels.",
                              EDU_MAX_NESTING);
    }
    edu__lex_blanks(parser);
    if (edu__lex_word(parser, "not")) {
        rv = take_not(parser, out);
    }
    else if (!is_signed(parser->at) && edu__lex_char(parser, '-')) {
        rv = take_minus(parser, out);
    }
    else {
        rv = take_primary(parser, out);
    }
    parser->nesting--;
    return rv;
}

/* ---------------------------------------------------------------- operators */

static const struct infix_t *infix_next(edu_parser_t *parser, int level)
{
    for (apr_size_t i = 0; i < sizeof(infixes) / sizeof(infixes[0]); i++) {
        if (infixes[i].level >= level &&
            edu__lex_word(parser, infixes[i].word)) {
            return &infixes[i];
        }
    }
    return NULL;
}

/* A chain of `and` or `or` is one node, at any length. */
static apr_status_t take_chain(edu_parser_t *parser,
                               const struct infix_t *infix,
                               const edu_expr_t **out)
{
    edu_expr_t *node = edu__expr_new(parser, infix->op, EDU_EDM_BOOLEAN);
    apr_array_header_t *parts = edu__expr_parts(parser);
    const edu_expr_t *part = *out;
    const char *what = apr_psprintf(parser->p, "'%s'", infix->word);
    apr_status_t rv = edu__truth_check(parser, part, what);

    while (!rv) {
        APR_ARRAY_PUSH(parts, const edu_expr_t *) = part;
        if (parts->nelts > 1 && !edu__lex_word(parser, infix->word)) {
            break;
        }
        rv = parts->nelts > 1 ? edu__lex_spend(parser) : APR_SUCCESS;
        rv = rv ? rv : take_level(parser, infix->level + 1, &part);
        rv = rv ? rv : edu__truth_check(parser, part, what);
    }
    *out = node;
    return rv ? rv : edu__expr_list(parser, node, parts);
}

static apr_status_t take_pair(edu_parser_t *parser, const struct infix_t *infix,
                              const edu_expr_t **out)
{
    edu_expr_t *node = edu__expr_new(parser, infix->op, EDU_EDM_BOOLEAN);
    const edu_expr_t *a = *out, *b;
    apr_status_t rv = take_level(parser, infix->level + 1, &b);

    *out = node;
    if (rv) {
        return rv;
    }
    if (infix->op >= EDU_EXPR_ADD) {
        rv = edu__expr_pair(parser, node, a, b);
        return rv ? rv : edu__arithmetic_check(parser, node, infix->word);
    }
    rv = edu__compare_check(parser, infix->op, infix->word, &a, &b);
    return rv ? rv : edu__expr_pair(parser, node, a, b);
}

/* Reads operators of a level or tighter ones, from left to right. */
static apr_status_t take_level(edu_parser_t *parser, int level,
                               const edu_expr_t **out)
{
    const struct infix_t *infix;
    apr_status_t rv = take_unary(parser, out);

    while (!rv && (infix = infix_next(parser, level))) {
        rv = edu__lex_spend(parser);
        if (!rv) {
            rv = infix->op == EDU_EXPR_IN ? edu__in_take(parser, out)
                 : infix->op == EDU_EXPR_AND || infix->op == EDU_EXPR_OR
                     ? take_chain(parser, infix, out)
                     : take_pair(parser, infix, out);
        }
    }
    return rv;
}

/* ------------------------------------------------------------------ options */

edu_parser_t edu__expr_parser(const char *text, const char *option,
                              edu_query_t *of, edu_error_t *err, apr_pool_t *p)
{
    return (edu_parser_t){ .text = text,
                           .at = text,
                           .option = option,
                           .expr = take_expr,
                           .of = of,
                           .err = err,
                           .p = p };
}

apr_status_t edu__filter_parse(const edu_expr_t **filter, const char *text,
                               edu_query_t *of, edu_error_t *err, apr_pool_t *p)
{
    edu_parser_t parser = edu__expr_parser(text, "$filter", of, err, p);
    apr_status_t rv = take_expr(&parser, filter);

    rv = rv ? rv : edu__lex_end(&parser);
    return rv || (*filter)->type.kind == EDU_EDM_BOOLEAN
               ? rv
               : edu__lex_fault(&parser,
                                "The $filter expression must evaluate to a "
                                "single boolean value.%s",
                                (*filter)->op == EDU_EXPR_LITERAL &&
                                        *text == '\''
                                    ? " Leave out the quotes around it."
                                    : "");
}

/* Whether an earlier key is the same, so that this one decides nothing. */
static int is_repeated(const apr_array_header_t *orders, const char *path)
{
    for (int i = 0; i < orders->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(orders, i, edu_order_t).path, path) == 0) {
            return 1;
        }
    }
    return 0;
}

static apr_status_t take_order(edu_parser_t *parser, apr_array_header_t *orders)
{
    edu_order_t order = { .descending = 0 };
    const char *from, *end;
    apr_status_t rv;

    edu__lex_blanks(parser);
    from = parser->at;
    rv = take_expr(parser, &order.key);
    if (rv) {
        return rv;
    }
    if (order.key->type.kind == EDU_EDM_OBJECT) {
        return edu__lex_fault(parser, "a complex value cannot be sorted by.");
    }
    if (order.key->op == EDU_EXPR_LITERAL) {
        return edu__lex_fault(parser, "a value that is the same for all cannot "
                                      "be sorted by.");
    }
    for (end = parser->at; end > from && apr_isspace(end[-1]); end--) {
    }
    order.path = apr_pstrmemdup(parser->p, from, end - from);
    order.descending = edu__lex_word(parser, "desc");
    if (!order.descending) {
        edu__lex_word(parser, "asc");
    }
    if (!is_repeated(orders, order.path)) {
        APR_ARRAY_PUSH(orders, edu_order_t) = order;
    }
    return APR_SUCCESS;
}

apr_status_t edu__orderby_parse(apr_array_header_t **orders, const char *text,
                                edu_query_t *of, edu_error_t *err,
                                apr_pool_t *p)
{
    edu_parser_t parser = edu__expr_parser(text, "$orderby", of, err, p);
    apr_status_t rv;

    *orders = apr_array_make(p, 2, sizeof(edu_order_t));
    do {
        rv = take_order(&parser, *orders);
    } while (!rv && edu__lex_char(&parser, ','));
    return rv ? rv : edu__lex_end(&parser);
}
