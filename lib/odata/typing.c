/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* What fits together in an expression: the operands of comparisons and of
 * arithmetic.  A literal is converted to the type of its other side. */

#include "expr.h"

#include <apr_strings.h>

const char *edu__kind_words(edu_typed_t type)
{
    static const char *const words[] = {
        [EDU_EDM_NULL] = "null",
        [EDU_EDM_BOOLEAN] = "a boolean",
        [EDU_EDM_INT32] = "a number",
        [EDU_EDM_INT64] = "a number",
        [EDU_EDM_DECIMAL] = "a number",
        [EDU_EDM_SINGLE] = "a number",
        [EDU_EDM_DOUBLE] = "a number",
        [EDU_EDM_STRING] = "a string",
        [EDU_EDM_ENUM] = "an enumeration",
        [EDU_EDM_GUID] = "a GUID",
        [EDU_EDM_DATE] = "a date",
        [EDU_EDM_INSTANT] = "a date and time",
        [EDU_EDM_CLOCK] = "a time of day",
        [EDU_EDM_DURATION] = "a duration",
        [EDU_EDM_OBJECT] = "a complex value",
    };

    return type.many ? "a collection" : words[type.kind];
}

/* --------------------------------------------------------------- conversion */

static const edu_expr_t *literal_as(const edu_parser_t *parser,
                                    edu_value_t value)
{
    edu_expr_t *node = edu__expr_new(parser, EDU_EXPR_LITERAL, value.kind);

    node->literal = value;
    return node;
}

/* A Single is rounded as the stored one was. */
static const edu_expr_t *single_as(const edu_parser_t *parser,
                                   const edu_value_t *literal)
{
    edu_value_t value = { .kind = EDU_EDM_SINGLE };

    value.number = edu__is_integer(literal->kind) ? (double)literal->integer
                                                  : literal->number;
    value.number = edu__single_of(value.number, parser->p);
    return literal_as(parser, value);
}

/* A string becomes what the other side is, if that is written in quotes too;
 * the GUID of an outcome gets lower case, as it is stored. */
static apr_status_t adapt_text(const edu_parser_t *parser,
                               const edu_expr_t **side, const edu_expr_t *other)
{
    const char *text = (*side)->literal.text.s;
    const edu_prop_t *prop = other->path ? other->path->prop : NULL;
    edu_value_t value;

    if (other->type.kind == EDU_EDM_ENUM) {
        return edu__enum_literal(parser, other->type.of, text, side);
    }
    if (prop && (prop->flags & EDU_KEY) && parser->of->type == &edu__outcome &&
        edu__is_guid(text)) {
        *side = literal_as(
            parser, edu__literal_read(EDU_EDM_STRING,
                                      edu__lower(text, parser->p), parser->p));
    }
    if (other->type.kind == EDU_EDM_GUID ||
        other->type.kind == EDU_EDM_DURATION) {
        value = edu__literal_read(other->type.kind, text, parser->p);
        if (!value.kind) {
            return edu__lex_fault(parser, "'%.40s' is not %s.", text,
                                  edu__kind_words(other->type));
        }
        *side = literal_as(parser, value);
    }
    return APR_SUCCESS;
}

/* Converts a literal to the type of the other side. */
static apr_status_t adapt(const edu_parser_t *parser, const edu_expr_t **side,
                          const edu_expr_t *other)
{
    const edu_expr_t *node = *side;
    edu_value_t value = node->literal;

    if (node->op != EDU_EXPR_LITERAL) {
        return APR_SUCCESS;
    }
    if (other->type.kind == EDU_EDM_SINGLE && edu__is_number(value.kind)) {
        *side = single_as(parser, &value);
    }
    if (other->type.kind == EDU_EDM_STRING && value.kind == EDU_EDM_GUID) {
        value.kind = EDU_EDM_STRING;
        *side = literal_as(parser, value);
    }
    return value.kind == EDU_EDM_STRING && other->type.kind != EDU_EDM_NULL
               ? adapt_text(parser, side, other)
               : APR_SUCCESS;
}

/* -------------------------------------------------------------- comparisons */

static int is_comparable(edu_typed_t a, edu_typed_t b)
{
    return a.kind == EDU_EDM_NULL || b.kind == EDU_EDM_NULL ||
           (edu__is_number(a.kind) && edu__is_number(b.kind)) ||
           (a.kind == b.kind && (a.kind != EDU_EDM_ENUM || a.of == b.of));
}

/* Values without an order can only be equal. */
static int is_unordered(edu_edm_e kind)
{
    return kind == EDU_EDM_ENUM || kind == EDU_EDM_OBJECT;
}

/* How to write a literal that cannot be compared with the other side: without
 * its quotes, with quotes, or with a time of day. */
static const char *cure(const edu_expr_t *side, const edu_expr_t *other,
                        apr_pool_t *p)
{
    edu_edm_e wanted = other->type.kind;
    const edu_value_t *value = &side->literal;
    const char *text;

    if (side->op != EDU_EXPR_LITERAL || other->type.many) {
        return "";
    }
    text = edu__literal_text(value, p);
    if (value->kind == EDU_EDM_DATE && wanted == EDU_EDM_INSTANT) {
        return apr_psprintf(p, " Add a time: %sT00:00:00Z.", text);
    }
    if (value->kind != EDU_EDM_STRING) {
        return wanted == EDU_EDM_STRING
                   ? apr_psprintf(p, " Write it in quotes: '%s'.", text)
                   : "";
    }
    if (edu__literal_read(wanted, text, p).kind) {
        return apr_psprintf(p, " Write it without quotes: %s.", text);
    }
    if (wanted != EDU_EDM_INSTANT) {
        return "";
    }
    return edu__literal_read(EDU_EDM_DATE, text, p).kind
               ? apr_psprintf(p,
                              " Write it without quotes, and with a time: "
                              "%sT00:00:00Z.",
                              text)
               : " Write it like 2026-01-31T12:00:00Z, without quotes.";
}

apr_status_t edu__compare_check(const edu_parser_t *parser, edu_expr_e op,
                                const char *word, const edu_expr_t **a,
                                const edu_expr_t **b)
{
    apr_status_t rv = adapt(parser, a, *b);
    edu_typed_t x, y, either;

    if (rv || (rv = adapt(parser, b, *a))) {
        return rv;
    }
    x = (*a)->type;
    y = (*b)->type;
    if (!is_comparable(x, y)) {
        const char *says = cure(*a, *b, parser->p);

        return edu__lex_fault(parser, "%s cannot be compared with %s.%s",
                              edu__kind_words(x), edu__kind_words(y),
                              *says ? says : cure(*b, *a, parser->p));
    }
    either = x.kind == EDU_EDM_NULL ? y : x;
    if ((x.kind == EDU_EDM_OBJECT && y.kind == EDU_EDM_OBJECT) ||
        (op >= EDU_EXPR_LT && op <= EDU_EXPR_GE && is_unordered(either.kind)) ||
        (op == EDU_EXPR_HAS && either.kind != EDU_EDM_ENUM)) {
        return edu__lex_fault(parser,
                              "the operator '%s' is not defined for %s.", word,
                              edu__kind_words(either));
    }
    return APR_SUCCESS;
}

apr_status_t edu__truth_check(const edu_parser_t *parser,
                              const edu_expr_t *node, const char *what)
{
    edu_edm_e kind = node->type.kind;

    return !node->type.many && (kind == EDU_EDM_BOOLEAN || kind == EDU_EDM_NULL)
               ? APR_SUCCESS
               : edu__lex_fault(parser,
                                "%s needs a boolean value, and this is %s. "
                                "Parentheses may be missing.",
                                what, edu__kind_words(node->type));
}

/* --------------------------------------------------------------- arithmetic */

#define NUMBER EDU_EDM_INT32 /* stands for each of them */

/* What times and durations can be added to, and so on. */
static const struct rule_t {
    edu_expr_e op;
    edu_edm_e a, b, gives;
} rules[] = {
    {EDU_EXPR_ADD,    EDU_EDM_INSTANT,  EDU_EDM_DURATION, EDU_EDM_INSTANT },
    { EDU_EXPR_ADD,   EDU_EDM_DURATION, EDU_EDM_DURATION, EDU_EDM_DURATION},
    { EDU_EXPR_ADD,   EDU_EDM_DATE,     EDU_EDM_DURATION, EDU_EDM_DATE    },
    { EDU_EXPR_SUB,   EDU_EDM_INSTANT,  EDU_EDM_DURATION, EDU_EDM_INSTANT },
    { EDU_EXPR_SUB,   EDU_EDM_DURATION, EDU_EDM_DURATION, EDU_EDM_DURATION},
    { EDU_EXPR_SUB,   EDU_EDM_DATE,     EDU_EDM_DURATION, EDU_EDM_DATE    },
    { EDU_EXPR_SUB,   EDU_EDM_INSTANT,  EDU_EDM_INSTANT,  EDU_EDM_DURATION},
    { EDU_EXPR_SUB,   EDU_EDM_DATE,     EDU_EDM_DATE,     EDU_EDM_DURATION},
    { EDU_EXPR_MUL,   EDU_EDM_DURATION, NUMBER,           EDU_EDM_DURATION},
    { EDU_EXPR_MUL,   NUMBER,           EDU_EDM_DURATION, EDU_EDM_DURATION},
    { EDU_EXPR_DIV,   EDU_EDM_DURATION, NUMBER,           EDU_EDM_DURATION},
    { EDU_EXPR_DIVBY, EDU_EDM_DURATION, NUMBER,           EDU_EDM_DURATION}
};

static edu_edm_e class_of(edu_edm_e kind)
{
    return edu__is_number(kind) ? NUMBER : kind;
}

/* Numeric promotion (OData 4.01 URL conventions, 5.1.1.13). */
static edu_edm_e promoted(edu_expr_e op, edu_edm_e a, edu_edm_e b)
{
    edu_edm_e wider = a > b ? a : b;

    if (op == EDU_EXPR_DIVBY && edu__is_integer(wider)) {
        return EDU_EDM_DECIMAL;
    }
    return edu__is_integer(wider)     ? EDU_EDM_INT64
           : wider == EDU_EDM_DECIMAL ? EDU_EDM_DECIMAL
                                      : EDU_EDM_DOUBLE;
}

/* The kind of what an operator makes of two others; 0: it cannot.  Null fits
 * whatever the other one needs, and makes null. */
static int result_of(edu_expr_e op, edu_edm_e a, edu_edm_e b, edu_edm_e *gives)
{
    int has_null = !a || !b;

    *gives = has_null ? EDU_EDM_NULL : promoted(op, a, b);
    if ((!a || edu__is_number(a)) && (!b || edu__is_number(b))) {
        return 1;
    }
    for (apr_size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        const struct rule_t *rule = &rules[i];

        if (rule->op == op && (!a || rule->a == class_of(a)) &&
            (!b || rule->b == class_of(b))) {
            *gives = has_null ? EDU_EDM_NULL : rule->gives;
            return 1;
        }
    }
    return 0;
}

apr_status_t edu__arithmetic_check(const edu_parser_t *parser, edu_expr_t *node,
                                   const char *word)
{
    edu_typed_t a = node->parts[0]->type, b = node->parts[1]->type;

    return !a.many && !b.many &&
                   result_of(node->op, a.kind, b.kind, &node->type.kind)
               ? APR_SUCCESS
               : edu__lex_fault(parser,
                                "the operator '%s' is not defined for %s and "
                                "%s.",
                                word, edu__kind_words(a), edu__kind_words(b));
}
