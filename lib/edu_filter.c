/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The $filter expression (OData 4.01 URL conventions, 5.1.1): parsed against
 * the type tables, so that what is compared is known to be comparable. */

#include "edu_private.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <stdlib.h>

#define MAX_NESTING 50
#define SHOWN 40 /* bytes of what a message quotes */

typedef enum op_e {
    OP_TRUTH, /* a boolean operand by itself */
    OP_NOT,
    OP_AND,
    OP_OR,
    OP_ISOF,
    OP_IN,
    OP_EQ,
    OP_NE,
    OP_LT,
    OP_LE,
    OP_GT,
    OP_GE
} op_e;

/* What values can be compared with what. */
typedef enum class_e {
    NOTHING,
    TEXT,
    NAME,
    NUMBER,
    TRUTH,
    INSTANT,
    OBJECT
} class_e;

static const char *const class_names[] = {
    "null",           "a string",  "an enumeration",
    "a number",       "a boolean", "a date and time, written without quotes",
    "a complex value"
};

/* One side of a comparison: a path, or else a literal. */
typedef struct side_t {
    class_e class;
    const edu_operand_t *path;
    const json_t *literal; /* NULL: null */
} side_t;

/* A comparison, as it is written. */
struct operator_t {
    const char *word;
    op_e op;
};

/* What is compared; a copy of each side for each comparison, for a literal is
 * made to fit the property it is compared with. */
typedef struct pair_t {
    side_t a, b;
} pair_t;

struct edu_filter_t {
    op_e op;
    apr_array_header_t *parts;         /* of NOT, AND, OR: edu_filter_t * */
    const edu_type_t *type, *declared; /* of ISOF */
    pair_t pair;                       /* of TRUTH and comparisons */
    apr_array_header_t *choice;        /* of IN: pair_t */
};

typedef struct parser_t {
    const char *text, *at;
    const char *option; /* for messages and as their target */
    const edu_query_t *of;
    int nesting, parts;
    edu_error_t *err;
    apr_pool_t *p;
} parser_t;

/* ------------------------------------------------------------------- tokens */

static apr_status_t fault(const parser_t *parser, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* What stands where reading stopped, or its beginning, in whole characters. */
static const char *shown(const parser_t *parser)
{
    apr_size_t len = strlen(parser->at);

    if (len > SHOWN) {
        for (len = SHOWN; len && (parser->at[len] & 0xc0) == 0x80; len--) {
        }
    }
    return apr_pstrmemdup(parser->p, parser->at, len);
}

/* Graph's words for a filter (contract.md 5), and where reading stopped. */
static apr_status_t fault(const parser_t *parser, const char *fmt, ...)
{
    va_list args;
    const char *says;

    va_start(args, fmt);
    says = apr_pvsprintf(parser->p, fmt, args);
    va_end(args);
    if (*parser->at) {
        says = apr_psprintf(parser->p, "%s (at '%s', after %d bytes)", says,
                            shown(parser), (int)(parser->at - parser->text));
    }
    return edu_error_set(parser->err, EDU_EQUERY, parser->option, parser->p,
                         "Invalid %s clause: %s", parser->option + 1, says);
}

static void skip_blanks(parser_t *parser)
{
    parser->at += strspn(parser->at, " \t");
}

/* One part more of the expression: an operand, an operator, a step of a path.
 * Each costs time for each row. */
static apr_status_t spend(parser_t *parser)
{
    int most = parser->of->most_parts;

    return !most || ++parser->parts <= most
               ? APR_SUCCESS
               : fault(parser, EDU_TOO_MANY_PARTS, most);
}

/* The expression ends here.  A + in a URL is read as a blank. */
static apr_status_t check_end(parser_t *parser)
{
    skip_blanks(parser);
    return !*parser->at
               ? APR_SUCCESS
               : fault(parser, "unexpected text after the expression%s",
                       apr_isdigit(*parser->at) ? "; write a + as %2B" : "");
}

/* A letter, digit or what else a path can hold. */
static int is_word(char c)
{
    return apr_isalnum(c) || (c && strchr("_./@$", c));
}

static int take_char(parser_t *parser, char c)
{
    skip_blanks(parser);
    if (*parser->at != c) {
        return 0;
    }
    parser->at++;
    return 1;
}

/* A keyword: the whole word, in lower case. */
static int take_word(parser_t *parser, const char *word)
{
    apr_size_t len = strlen(word);

    skip_blanks(parser);
    if (strncmp(parser->at, word, len) != 0 || is_word(parser->at[len])) {
        return 0;
    }
    parser->at += len;
    return 1;
}

/* A run of word characters, or NULL. */
static const char *take_name(parser_t *parser)
{
    const char *from;

    skip_blanks(parser);
    for (from = parser->at; is_word(*parser->at); parser->at++) {
    }
    return parser->at > from
               ? apr_pstrmemdup(parser->p, from, parser->at - from)
               : NULL;
}

/* The end of a string in quotes, or NULL: a quote in it is doubled. */
static const char *end_of_string(const char *at)
{
    while ((at = strchr(at + 1, '\'')) && at[1] == '\'') {
        at++;
    }
    return at;
}

/* A string in quotes, or NULL: it is not closed. */
static const char *take_string(parser_t *parser)
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

/* -------------------------------------------------------------------- paths */

/* A property of a type, its bases, or, as Graph lets a cast be left out, of a
 * type derived from it. */
static const edu_prop_t *property_of(const edu_type_t *type, const char *name,
                                     edu_dialect_e dialect)
{
    const edu_prop_t *prop = edu__prop_find(type, name);

    for (int i = 0; !prop && edu__types[i]; i++) {
        if (edu__type_is(edu__types[i], type)) {
            prop = edu__prop_find(edu__types[i], name);
        }
    }
    return prop && (prop->flags & EDU_BETA) && dialect != EDU_DIALECT_BETA
               ? NULL
               : prop;
}

/* Resolve one step of a path. */
static apr_status_t take_step(parser_t *parser, edu_operand_t *operand,
                              const edu_type_t **type, const char *name)
{
    edu_step_t *step;
    apr_status_t rv = spend(parser);

    if (rv) {
        return rv;
    }
    if (!*type) {
        return fault(parser, "'%s' has no properties.", operand->prop->name);
    }
    if (operand->prop && (operand->prop->flags & EDU_COLLECTION)) {
        return fault(parser,
                     "'%s' is a collection, which is not supported "
                     "here.",
                     operand->prop->name);
    }
    if (strchr(name, '.')) {
        operand->cast = edu__type_find(name);
        if (!operand->cast || !edu__type_is(operand->cast, *type)) {
            return fault(parser, "'%s' is no type derived from %s.", name,
                         (*type)->name);
        }
        *type = operand->cast;
        return APR_SUCCESS;
    }
    step = apr_array_push(operand->steps);
    step->name = name;
    step->declared = *type;
    step->cast = operand->cast;
    operand->cast = NULL;
    operand->prop = property_of(*type, name, parser->of->dialect);
    if (!operand->prop) {
        return fault(parser, "%s has no property '%s'.", (*type)->name, name);
    }
    *type = operand->prop->kind == EDU_COMPLEX ? operand->prop->type : NULL;
    return APR_SUCCESS;
}

static apr_status_t resolve(parser_t *parser, edu_operand_t *operand,
                            const char *path)
{
    const edu_type_t *type = parser->of->type;
    apr_status_t rv = APR_SUCCESS;
    char *name, *next = apr_pstrdup(parser->p, path);

    operand->steps = apr_array_make(parser->p, 3, sizeof(edu_step_t));
    operand->prop = NULL;
    operand->cast = NULL;
    while (!rv && (name = next)) {
        next = strchr(name, '/');
        if (next) {
            *next++ = '\0';
        }
        rv = take_step(parser, operand, &type, name);
    }
    return rv || operand->prop
               ? rv
               : fault(parser, "'%s' names a type, not a property.", path);
}

const json_t *edu__operand_value(const edu_operand_t *operand,
                                 const json_t *entity)
{
    const json_t *value = entity;

    for (int i = 0; i < operand->steps->nelts && value; i++) {
        const edu_step_t *step = &APR_ARRAY_IDX(operand->steps, i, edu_step_t);

        if (step->cast &&
            !edu__type_is(edu__type_of(step->declared, NULL, value),
                          step->cast)) {
            return NULL;
        }
        value = json_object_get(value, step->name);
    }
    if (operand->cast && value &&
        !edu__type_is(edu__type_of(operand->prop->type, NULL, value),
                      operand->cast)) {
        return NULL;
    }
    return json_is_null(value) ? NULL : value;
}

int edu__value_compare(const json_t *a, const json_t *b)
{
    if (!a || !b) {
        return (a != NULL) - (b != NULL);
    }
    if (json_is_string(a) && json_is_string(b)) {
        return strcmp(json_string_value(a), json_string_value(b));
    }
    if (json_is_boolean(a) && json_is_boolean(b)) {
        return json_is_true(a) - json_is_true(b);
    }
    return (json_number_value(a) > json_number_value(b)) -
           (json_number_value(a) < json_number_value(b));
}

/* -------------------------------------------------------------------- sides */

static class_e class_of(const edu_prop_t *prop)
{
    static const class_e classes[] = {
        [EDU_STRING] = TEXT,   [EDU_SINGLE] = NUMBER,    [EDU_INT32] = NUMBER,
        [EDU_BOOL] = TRUTH,    [EDU_DATETIME] = INSTANT, [EDU_ENUM] = NAME,
        [EDU_COMPLEX] = OBJECT
    };

    return classes[prop->kind];
}

/* digits [. digits] [e [sign] digits], with a sign or without (OData ABNF):
 * strtod alone would take 0x55 and nan, too. */
static int is_number(const char *s)
{
    static const char digits[] = "0123456789";
    apr_size_t n;

    s += *s == '-' || *s == '+';
    n = strspn(s, digits);
    s += n;
    if (n && *s == '.') {
        n = strspn(++s, digits);
        s += n;
    }
    if (n && (*s == 'e' || *s == 'E')) {
        s += s[1] == '-' || s[1] == '+' ? 2 : 1;
        n = strspn(s, digits);
        s += n;
    }
    return n && *s == '\0';
}

/* A number, or a date and time; both begin with a digit or a sign. */
static apr_status_t take_numeral(parser_t *parser, side_t *side)
{
    const char *from = parser->at, *text;
    edu_time_t t;

    for (; is_word(*parser->at) || (*parser->at && strchr("+-:", *parser->at));
         parser->at++) {
    }
    text = apr_pstrmemdup(parser->p, from, parser->at - from);
    if (is_number(text)) {
        /* json_real makes no value of what no double holds */
        side->class = NUMBER;
        side->literal = json_real(strtod(text, NULL));
    }
    else if (!edu__time_parse(&t, text)) {
        side->class = INSTANT;
        side->literal = json_string(edu__time_format(t, parser->p));
    }
    if (!side->literal) {
        parser->at = from;
        return fault(parser, "'%.40s' is neither a number nor a date and time.",
                     text);
    }
    edu__json_own((json_t *)side->literal, parser->p);
    return APR_SUCCESS;
}

static apr_status_t take_path(parser_t *parser, side_t *side)
{
    edu_operand_t *operand = apr_pcalloc(parser->p, sizeof(*operand));
    const char *from, *path;
    apr_status_t rv;

    skip_blanks(parser);
    from = parser->at;
    path = take_name(parser);
    if (!path) {
        return fault(parser, "a property or a value is missing.");
    }
    if (take_char(parser, '(')) {
        return edu_error_set(
            parser->err, EDU_ENOTIMPL, parser->option, parser->p,
            "The function '%s' is not supported in %s.", path, parser->option);
    }
    parser->at = from;
    rv = resolve(parser, operand, path);
    parser->at = from + strlen(path);
    if (!rv && (operand->prop->flags & EDU_COLLECTION)) {
        return fault(parser, "'%s' is a collection, which cannot be compared.",
                     path);
    }
    side->path = operand;
    side->class = rv ? NOTHING : class_of(operand->prop);
    return rv;
}

/* null, true, false, a string, a number or an instant. @return APR_EOF: what
 * stands here is none of these */
static apr_status_t take_literal(parser_t *parser, side_t *side)
{
    const char *text;

    if (*parser->at == '\'') {
        text = take_string(parser);
        side->class = TEXT;
        side->literal = text && edu__json_is_utf8(text)
                            ? edu__json_own(json_string(text), parser->p)
                            : NULL;
        return side->literal ? APR_SUCCESS
                             : fault(parser, "a string is not closed.");
    }
    if (apr_isdigit(*parser->at) || *parser->at == '-' || *parser->at == '+') {
        return take_numeral(parser, side);
    }
    if (take_word(parser, "null")) {
        return APR_SUCCESS;
    }
    side->class = TRUTH;
    side->literal = take_word(parser, "true")    ? json_true()
                    : take_word(parser, "false") ? json_false()
                                                 : NULL;
    return side->literal ? APR_SUCCESS : APR_EOF;
}

static apr_status_t take_side(parser_t *parser, side_t *side)
{
    apr_status_t rv;

    memset(side, 0, sizeof(*side));
    skip_blanks(parser);
    rv = take_literal(parser, side);
    return rv == APR_EOF ? take_path(parser, side) : rv ? rv : spend(parser);
}

static const json_t *value_of(const side_t *side, const json_t *entity)
{
    return side->path ? edu__operand_value(side->path, entity) : side->literal;
}

/* -------------------------------------------------------------- comparisons */

/* Members behind an enumeration's sentinel are for clients that say they know
 * them (contract.md 4). */
static apr_status_t check_name(const parser_t *parser, const edu_type_t *type,
                               const char *text)
{
    int known = 1;

    for (int i = 0; type->values[i]; i++) {
        if (strcmp(type->values[i], text) == 0) {
            return known || parser->of->unknowns
                       ? APR_SUCCESS
                       : fault(parser,
                               "'%s' wants the header Prefer: "
                               "include-unknown-enum-members.",
                               text);
        }
        known = known && strcmp(type->values[i], "unknownFutureValue") != 0;
    }
    return fault(parser, "'%s' is no value of %s.", text, type->name);
}

/* Makes a literal fit the property it is compared with: a Single is rounded as
 * the stored one was, an enumeration's value is written as a string, and GUIDs
 * of outcomes are kept in lower case. */
static apr_status_t adapt(const parser_t *parser, side_t *side,
                          const side_t *other)
{
    const edu_prop_t *prop = other->path ? other->path->prop : NULL;
    const char *text = json_string_value(side->literal);

    if (prop && prop->kind == EDU_SINGLE && side->literal &&
        side->class == NUMBER) {
        json_t *rounded = edu__single(side->literal);

        /* none, if it is beyond them all */
        side->literal =
            rounded ? edu__json_own(rounded, parser->p) : side->literal;
    }
    if (!prop || side->class != TEXT || side->path) {
        return APR_SUCCESS;
    }
    if ((prop->flags & EDU_KEY) && parser->of->type == &edu__outcome &&
        edu__is_guid(text)) {
        side->literal =
            edu__json_own(json_string(edu__lower(text, parser->p)), parser->p);
    }
    if (prop->kind != EDU_ENUM) {
        return APR_SUCCESS;
    }
    side->class = NAME;
    return check_name(parser, prop->type, text);
}

/* Of equality alone: what has no order. */
static int is_unordered(class_e class)
{
    return class == NAME || class == TRUTH || class == OBJECT;
}

static apr_status_t check_pair(const parser_t *parser,
                               const struct operator_t *operator, pair_t * pair)
{
    class_e a, b, either;
    apr_status_t rv = adapt(parser, &pair->a, &pair->b);

    if (rv || (rv = adapt(parser, &pair->b, &pair->a))) {
        return rv;
    }
    a = pair->a.class;
    b = pair->b.class;
    if (a != b && a != NOTHING && b != NOTHING) {
        return fault(parser, "%s cannot be compared with %s.", class_names[a],
                     class_names[b]);
    }
    either = a == NOTHING ? b : a;
    if ((a == OBJECT && b == OBJECT) ||
        (operator->op >= OP_LT && is_unordered(either))) {
        return fault(parser,
                     "the operator '%s' is not defined for %s.", operator->word,
                     class_names[either]);
    }
    return APR_SUCCESS;
}

/* The list may be empty (OData ABNF listExpr). */
static apr_status_t take_choice(parser_t *parser, edu_filter_t *node)
{
    static const struct operator_t in = { "in", OP_EQ };
    apr_status_t rv = APR_SUCCESS;

    node->op = OP_IN;
    node->choice = apr_array_make(parser->p, 4, sizeof(pair_t));
    if (!take_char(parser, '(')) {
        return fault(parser, "'in' wants a list in parentheses.");
    }
    if (take_char(parser, ')')) {
        return APR_SUCCESS;
    }
    do {
        pair_t *pair = apr_array_push(node->choice);

        pair->a = node->pair.a;
        rv = take_side(parser, &pair->b);
        rv = rv ? rv : check_pair(parser, &in, pair);
    } while (!rv && take_char(parser, ','));
    return rv || take_char(parser, ')')
               ? rv
               : fault(parser, "the list of 'in' is not closed.");
}

static apr_status_t take_comparison(parser_t *parser, edu_filter_t *node)
{
    static const struct operator_t operators[] = {
        {"eq",  OP_EQ},
        { "ne", OP_NE},
        { "lt", OP_LT},
        { "le", OP_LE},
        { "gt", OP_GT},
        { "ge", OP_GE}
    };
    apr_status_t rv = take_side(parser, &node->pair.a);

    if (rv) {
        return rv;
    }
    if (take_word(parser, "in")) {
        rv = spend(parser);
        return rv ? rv : take_choice(parser, node);
    }
    for (int i = 0; i < 6; i++) {
        if (take_word(parser, operators[i].word)) {
            node->op = operators[i].op;
            rv = spend(parser);
            rv = rv ? rv : take_side(parser, &node->pair.b);
            return rv ? rv : check_pair(parser, &operators[i], &node->pair);
        }
    }
    node->op = OP_TRUTH;
    return node->pair.a.class == TRUTH
               ? APR_SUCCESS
               : fault(parser, "The $filter expression must evaluate to a "
                               "single boolean value.");
}

/* isof(type) or isof('type'): the entity's own type. */
static apr_status_t take_isof(parser_t *parser, edu_filter_t *node)
{
    const char *name = NULL;

    if (take_char(parser, '(')) {
        skip_blanks(parser);
        name = *parser->at == '\'' ? take_string(parser) : take_name(parser);
    }
    node->op = OP_ISOF;
    node->declared = parser->of->type;
    node->type = name ? edu__type_find(name) : NULL;
    if (!node->type || !edu__type_is(node->type, parser->of->type)) {
        return fault(parser,
                     "isof wants a type derived from microsoft.graph.%s.",
                     parser->of->type->name);
    }
    return take_char(parser, ')')
               ? APR_SUCCESS
               : fault(parser, "isof takes one type and is then closed.");
}

/* -------------------------------------------------------------- expressions */

static apr_status_t take_or(parser_t *parser, const edu_filter_t **out);

/* A node that makes one truth of others, of which `part` is the first. */
static edu_filter_t *join(const parser_t *parser, op_e op,
                          const edu_filter_t *part)
{
    edu_filter_t *node = apr_pcalloc(parser->p, sizeof(*node));

    node->op = op;
    node->parts = apr_array_make(parser->p, 2, sizeof(part));
    APR_ARRAY_PUSH(node->parts, const edu_filter_t *) = part;
    return node;
}

static apr_status_t take_unary(parser_t *parser, const edu_filter_t **out)
{
    edu_filter_t *node;
    apr_status_t rv;

    if (++parser->nesting > MAX_NESTING) {
        return fault(parser, "it is nested deeper than %d levels.",
                     MAX_NESTING);
    }
    if (take_word(parser, "not")) {
        rv = spend(parser);
        rv = rv ? rv : take_unary(parser, out);
        *out = rv ? NULL : join(parser, OP_NOT, *out);
    }
    else if (take_char(parser, '(')) {
        rv = take_or(parser, out);
        if (!rv && !take_char(parser, ')')) {
            rv = fault(parser, "a parenthesis is not closed.");
        }
    }
    else {
        *out = node = apr_pcalloc(parser->p, sizeof(*node));
        rv = take_word(parser, "isof") ? take_isof(parser, node)
                                       : take_comparison(parser, node);
    }
    parser->nesting--;
    return rv;
}

/* A chain of one operator: one node, however long it is. */
static apr_status_t
take_chain(parser_t *parser, const edu_filter_t **out, op_e op,
           const char *word,
           apr_status_t (*operand)(parser_t *parser, const edu_filter_t **out))
{
    edu_filter_t *chain = NULL;
    const edu_filter_t *part;
    apr_status_t rv = operand(parser, out);

    while (!rv && take_word(parser, word)) {
        rv = spend(parser);
        rv = rv ? rv : operand(parser, &part);
        if (!rv) {
            *out = chain = chain ? chain : join(parser, op, *out);
            APR_ARRAY_PUSH(chain->parts, const edu_filter_t *) = part;
        }
    }
    return rv;
}

static apr_status_t take_and(parser_t *parser, const edu_filter_t **out)
{
    return take_chain(parser, out, OP_AND, "and", take_unary);
}

static apr_status_t take_or(parser_t *parser, const edu_filter_t **out)
{
    return take_chain(parser, out, OP_OR, "or", take_and);
}

apr_status_t edu__filter_parse(const edu_filter_t **filter, const char *text,
                               const edu_query_t *of, edu_error_t *err,
                               apr_pool_t *p)
{
    parser_t parser = { text, text, "$filter", of, 0, 0, err, p };
    apr_status_t rv = take_or(&parser, filter);

    return rv ? rv : check_end(&parser);
}

/* Whether an operand is the same as that of an earlier key, which leaves it
 * nothing to decide. */
static int is_repeated(const apr_array_header_t *orders, const char *path)
{
    for (int i = 0; i < orders->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(orders, i, edu_order_t).path, path) == 0) {
            return 1;
        }
    }
    return 0;
}

static apr_status_t take_order(parser_t *parser, apr_array_header_t *orders)
{
    side_t side = { 0 };
    edu_order_t order = { .descending = 0 };
    const char *from;
    apr_status_t rv;

    skip_blanks(parser);
    from = parser->at;
    rv = take_path(parser, &side);
    if (rv) {
        return rv;
    }
    if (side.class == OBJECT) {
        return fault(parser, "a complex value has no order.");
    }
    order.path = apr_pstrmemdup(parser->p, from, parser->at - from);
    order.operand = *side.path;
    order.descending = take_word(parser, "desc");
    if (!order.descending) {
        take_word(parser, "asc");
    }
    if (!is_repeated(orders, order.path)) {
        APR_ARRAY_PUSH(orders, edu_order_t) = order;
    }
    return APR_SUCCESS;
}

apr_status_t edu__orderby_parse(apr_array_header_t **orders, const char *text,
                                const edu_query_t *of, edu_error_t *err,
                                apr_pool_t *p)
{
    parser_t parser = { text, text, "$orderby", of, 0, 0, err, p };
    apr_status_t rv;

    *orders = apr_array_make(p, 2, sizeof(edu_order_t));
    do {
        rv = take_order(&parser, *orders);
    } while (!rv && take_char(&parser, ','));
    return rv ? rv : check_end(&parser);
}

/* --------------------------------------------------------------- evaluation */

/* A comparison with null is false, but for eq and ne (OData 5.1.1.1). */
static int compares(op_e op, const json_t *a, const json_t *b)
{
    int order = edu__value_compare(a, b);

    switch (op) {
    case OP_EQ:
        return order == 0;
    case OP_NE:
        return order != 0;
    case OP_LT:
        return a && b && order < 0;
    case OP_LE:
        return a && b && order <= 0;
    case OP_GT:
        return a && b && order > 0;
    default:
        return a && b && order >= 0;
    }
}

static int is_chosen(const edu_filter_t *filter, const json_t *entity)
{
    const json_t *value = value_of(&filter->pair.a, entity);

    for (int i = 0; i < filter->choice->nelts; i++) {
        const pair_t *pair = &APR_ARRAY_IDX(filter->choice, i, pair_t);

        /* a path leads to the same each time, a literal was made to fit */
        if (compares(OP_EQ, pair->a.path ? value : pair->a.literal,
                     value_of(&pair->b, entity))) {
            return 1;
        }
    }
    return 0;
}

/* Null is neither: `not` keeps it, and it is what `and` and `or` come to where
 * their other side does not decide (OData 5.1.1.1.7 and after). */
typedef enum truth_e { IS_FALSE, IS_NULL, IS_TRUE } truth_e;

static truth_e truth_of(const edu_filter_t *filter, const json_t *entity);

/* The least of all parts, for `and`, or the greatest, for `or`: until one has
 * decided. */
static truth_e chain_of(const edu_filter_t *filter, const json_t *entity)
{
    truth_e end = filter->op == OP_AND ? IS_FALSE : IS_TRUE;
    truth_e all = IS_TRUE - end;

    for (int i = 0; i < filter->parts->nelts && all != end; i++) {
        truth_e part = truth_of(
            APR_ARRAY_IDX(filter->parts, i, const edu_filter_t *), entity);

        if (end == IS_FALSE ? part < all : part > all) {
            all = part;
        }
    }
    return all;
}

/* Calls itself only as deep as parentheses and `not` go. */
static truth_e truth_of(const edu_filter_t *filter, const json_t *entity)
{
    const json_t *a;
    int holds;

    switch (filter->op) {
    case OP_TRUTH:
        a = value_of(&filter->pair.a, entity);
        return !a ? IS_NULL : json_is_true(a) ? IS_TRUE : IS_FALSE;
    case OP_NOT:
        return IS_TRUE -
               truth_of(APR_ARRAY_IDX(filter->parts, 0, const edu_filter_t *),
                        entity);
    case OP_AND:
    case OP_OR:
        return chain_of(filter, entity);
    case OP_ISOF:
        holds = edu__type_is(edu__type_of(filter->declared, NULL, entity),
                             filter->type);
        break;
    case OP_IN:
        holds = is_chosen(filter, entity);
        break;
    default:
        holds = compares(filter->op, value_of(&filter->pair.a, entity),
                         value_of(&filter->pair.b, entity));
    }
    return holds ? IS_TRUE : IS_FALSE;
}

int edu__filter_match(const edu_filter_t *filter, const json_t *entity)
{
    return truth_of(filter, entity) == IS_TRUE;
}
