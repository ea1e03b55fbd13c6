/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* What has expressions within parentheses: lists, functions, lambda operators;
 * and parameter aliases, which stand for an expression. */

#include "expr.h"

#include <apr_lib.h>
#include <apr_strings.h>

static apr_status_t take_expr(edu_parser_t *parser, const edu_expr_t **out)
{
    return parser->expr(parser, out);
}

/* -------------------------------------------------------- parameter aliases */

int edu__is_alias(const char *name)
{
    return *name == '@' && !strchr(name, '.');
}

static const char *value_of(const edu_parser_t *parser, const char *name)
{
    const apr_array_header_t *aliases = parser->of->aliases;

    for (int i = 0; aliases && i < aliases->nelts; i++) {
        const edu_alias_t *alias = &APR_ARRAY_IDX(aliases, i, edu_alias_t);

        if (strcmp(alias->name, name) == 0) {
            return alias->value;
        }
    }
    return NULL;
}

/* Reads the value of an alias in its place; one that the URL does not give is
 * null (5.2). */
apr_status_t edu__alias_take(edu_parser_t *parser, const char *name,
                             edu_take_fn *take, const edu_expr_t **out)
{
    const edu_parser_t before = *parser;
    apr_status_t rv;

    parser->text = parser->at = value_of(parser, name);
    if (!parser->at) {
        parser->text = parser->at = "null";
    }
    parser->alias = name;
    parser->bound = 0; /* its value stands outside of lambda operators */
    rv = take(parser, out);
    rv = rv ? rv : edu__lex_end(parser);
    parser->text = before.text;
    parser->at = before.at;
    parser->alias = before.alias;
    parser->bound = before.bound;
    return rv;
}

/* ----------------------------------------------------------------------- in */

static apr_status_t take_list(edu_parser_t *parser, apr_array_header_t *list)
{
    apr_status_t rv;

    if (edu__lex_char(parser, ')')) {
        return APR_SUCCESS;
    }
    do {
        rv = take_expr(parser, (const edu_expr_t **)apr_array_push(list));
    } while (!rv && edu__lex_char(parser, ','));
    return rv ? rv : edu__lex_close(parser, "the list of 'in'");
}

/* An element of a JSON array, read as the literal that it is. */
static apr_status_t take_element(edu_parser_t *parser, const json_t *element,
                                 const edu_expr_t **out)
{
    static const edu_edm_e kinds[] = {
        [JSON_INTEGER] = EDU_EDM_INT64, [JSON_REAL] = EDU_EDM_DECIMAL,
        [JSON_TRUE] = EDU_EDM_BOOLEAN,  [JSON_FALSE] = EDU_EDM_BOOLEAN,
        [JSON_STRING] = EDU_EDM_STRING, [JSON_NULL] = EDU_EDM_NULL
    };
    edu_edm_e kind;
    edu_expr_t *node;
    const char *text;

    if (json_is_object(element) || json_is_array(element)) {
        return edu__lex_fault(parser, "a list holds simple values.");
    }
    kind = kinds[json_typeof(element)];
    text = json_is_string(element) ? json_string_value(element)
                                   : edu__json_text(element, parser->p);
    node = edu__expr_new(parser, EDU_EXPR_LITERAL, kind);
    node->literal = edu__literal_read(kind, text, parser->p);
    *out = node;
    return edu__lex_spend(parser);
}

static apr_status_t take_array(edu_parser_t *parser, apr_array_header_t *list)
{
    edu_error_t err = { 0 };
    const json_t *json =
        edu__json_parse(parser->at, strlen(parser->at), parser->of->most_parts,
                        0, &err, parser->p);
    const json_t *element;
    apr_status_t rv = APR_SUCCESS;
    size_t i;

    if (!json_is_array(json)) {
        return edu__lex_fault(parser, "this is no list in JSON: %s",
                              err.message);
    }
    json_array_foreach(json, i, element)
    {
        rv = rv ? rv
                : take_element(parser, element,
                               (const edu_expr_t **)apr_array_push(list));
    }
    parser->at += strlen(parser->at);
    return rv;
}

/* What is at the right of `in`: a list, or a path to a collection.  The list is
 * a node by itself for as long as it is read. */
static apr_status_t take_choice(edu_parser_t *parser, const edu_expr_t **out)
{
    apr_array_header_t *list = edu__expr_parts(parser);
    edu_expr_t *node = edu__expr_new(parser, EDU_EXPR_IN, EDU_EDM_NULL);
    const char *name;
    apr_status_t rv;

    *out = node;
    edu__lex_blanks(parser);
    if (edu__lex_char(parser, '(')) {
        rv = take_list(parser, list);
        return rv ? rv : edu__expr_list(parser, node, list);
    }
    if (*parser->at == '[') {
        rv = take_array(parser, list);
        return rv ? rv : edu__expr_list(parser, node, list);
    }
    name = edu__lex_name(parser);
    if (name && edu__is_alias(name)) {
        if (++parser->nesting > EDU_MAX_NESTING) {
            return edu__lex_fault(parser, "%s stands for itself.", name);
        }
        rv = edu__alias_take(parser, name, take_choice, out);
        parser->nesting--;
        return rv;
    }
    rv = name ? edu__path_take(parser, name, out) : APR_SUCCESS;
    return rv || (name && (*out)->type.many)
               ? rv
               : edu__lex_fault(parser, "'in' needs a list in parentheses, or "
                                        "a collection.");
}

/* A literal is converted for each element by itself, and so becomes several
 * comparisons. */
apr_status_t edu__in_take(edu_parser_t *parser, const edu_expr_t **out)
{
    const edu_expr_t *a = *out, *choice;
    apr_array_header_t *parts = edu__expr_parts(parser);
    int is_literal = a->op == EDU_EXPR_LITERAL;
    edu_expr_t *node;
    apr_status_t rv = take_choice(parser, &choice);

    if (rv) {
        return rv;
    }
    node = edu__expr_new(parser, EDU_EXPR_IN, EDU_EDM_BOOLEAN);
    *out = node;
    if (choice->type.many) {
        edu_expr_t element = *choice;
        const edu_expr_t *b = &element;

        element.type.many = 0;
        rv = edu__compare_check(parser, EDU_EXPR_IN, "in", &a, &b);
        return rv ? rv : edu__expr_pair(parser, node, a, choice);
    }
    if (is_literal && choice->n) {
        node->op = EDU_EXPR_OR;
    }
    else {
        APR_ARRAY_PUSH(parts, const edu_expr_t *) = a;
    }
    for (int i = 0; !rv && i < choice->n; i++) {
        const edu_expr_t *left = a, *right = choice->parts[i];
        edu_expr_t *pair = edu__expr_new(parser, EDU_EXPR_EQ, EDU_EDM_BOOLEAN);

        rv = edu__compare_check(parser, EDU_EXPR_IN, "in", &left, &right);
        if (!rv && is_literal) {
            rv = edu__expr_pair(parser, pair, left, right);
        }
        APR_ARRAY_PUSH(parts, const edu_expr_t *) = is_literal ? pair : right;
    }
    return rv ? rv : edu__expr_list(parser, node, parts);
}

/* ---------------------------------------------------------------- functions */

/* Reads a type's name, quoted or not, if it is all up to the parenthesis. */
static const char *type_next(edu_parser_t *parser)
{
    const char *from = parser->at, *name;

    edu__lex_blanks(parser);
    name =
        *parser->at == '\'' ? edu__lex_string(parser) : edu__lex_name(parser);
    if (name && edu__lex_char(parser, ')')) {
        return name;
    }
    parser->at = from;
    return NULL;
}

/* The entity itself. */
static apr_status_t take_it(edu_parser_t *parser, const edu_expr_t **out)
{
    edu_expr_t *node = edu__expr_new(parser, EDU_EXPR_PATH, EDU_EDM_OBJECT);
    edu_operand_t *operand = apr_pcalloc(parser->p, sizeof(*operand));

    operand->steps = apr_array_make(parser->p, 1, sizeof(edu_step_t));
    node->type.of = parser->of->type;
    node->path = operand;
    *out = node;
    return APR_SUCCESS;
}

/* Whether a value can be of another type, or be cast to it. */
static int is_related(edu_expr_e op, edu_typed_t from, edu_typed_t to)
{
    if (from.many || to.kind == EDU_EDM_NULL) {
        return 0;
    }
    if (to.kind == EDU_EDM_OBJECT || from.kind == EDU_EDM_OBJECT) {
        return to.kind == from.kind && edu__type_is(to.of, from.of);
    }
    return op == EDU_EXPR_ISOF || from.kind == EDU_EDM_NULL ||
           from.kind == to.kind || from.kind == EDU_EDM_STRING ||
           to.kind == EDU_EDM_STRING ||
           (edu__is_number(from.kind) && edu__is_number(to.kind));
}

/* The type that a misspelt one is nearest to, as a hint. */
static const char *near_type(const edu_type_t *base, const char *name,
                             apr_pool_t *p)
{
    edu_near_t near = { .to = name };

    for (int i = 0; edu__types[i]; i++) {
        if (edu__type_is(edu__types[i], base)) {
            edu__near_try(&near, apr_pstrcat(p, EDU_NAMESPACE,
                                             edu__types[i]->name, NULL));
        }
    }
    return edu__near_hint(&near, p);
}

/* isof and cast, of a value or else the entity. */
static apr_status_t take_typed(edu_parser_t *parser, const char *word,
                               edu_expr_e op, const edu_expr_t **out)
{
    edu_expr_t *node = edu__expr_new(parser, op, EDU_EDM_BOOLEAN);
    const char *name = type_next(parser);
    const edu_expr_t *of;
    apr_status_t rv;

    if (name) {
        rv = take_it(parser, &of);
    }
    else {
        rv = edu__lex_char(parser, ')') ? EDU_EQUERY : take_expr(parser, &of);
        if (rv && parser->err->message) {
            return rv;
        }
        name = !rv && edu__lex_char(parser, ',') ? type_next(parser) : NULL;
    }
    if (!name) {
        return edu__lex_fault(parser,
                              "%s takes a value, which may be left out, "
                              "and a type, in parentheses.",
                              word);
    }
    node->as = edu__type_named(name);
    if (!is_related(op, of->type, node->as)) {
        return of->type.kind == EDU_EDM_OBJECT
                   ? edu__lex_fault(
                         parser,
                         "%s needs a type derived from " EDU_NAMESPACE "%s.%s",
                         word, of->type.of->name,
                         near_type(of->type.of, name, parser->p))
                   : edu__lex_fault(parser,
                                    "%s of %s to '%.60s' is not "
                                    "possible.",
                                    word, edu__kind_words(of->type), name);
    }
    if (op == EDU_EXPR_CAST) {
        node->type = node->as;
    }
    *out = node;
    return edu__expr_join(parser, node, 1, &of);
}

/* The type of all values of a case. */
static apr_status_t unite(const edu_parser_t *parser, edu_typed_t *type,
                          edu_typed_t other)
{
    if (type->kind == EDU_EDM_NULL) {
        *type = other;
    }
    else if (edu__is_number(type->kind) && edu__is_number(other.kind)) {
        type->kind = type->kind > other.kind ? type->kind : other.kind;
    }
    else if (other.kind != EDU_EDM_NULL &&
             (type->kind != other.kind || type->of != other.of)) {
        return edu__lex_fault(parser, "the values of case() are %s and %s.",
                              edu__kind_words(*type), edu__kind_words(other));
    }
    return APR_SUCCESS;
}

/* case(condition:value,…) */
static apr_status_t take_case(edu_parser_t *parser, const edu_expr_t **out)
{
    edu_expr_t *node = edu__expr_new(parser, EDU_EXPR_CASE, EDU_EDM_NULL);
    apr_array_header_t *parts = edu__expr_parts(parser);
    const edu_expr_t *when, *then;
    apr_status_t rv;

    do {
        rv = take_expr(parser, &when);
        rv = rv ? rv : edu__truth_check(parser, when, "case()");
        if (!rv && !edu__lex_char(parser, ':')) {
            rv = edu__lex_fault(parser, "case() takes pairs condition:value.");
        }
        rv = rv ? rv : take_expr(parser, &then);
        if (!rv && then->type.many) {
            rv = edu__lex_fault(parser, "a value of case() is a collection.");
        }
        rv = rv ? rv : unite(parser, &node->type, then->type);
        if (rv) {
            return rv;
        }
        APR_ARRAY_PUSH(parts, const edu_expr_t *) = when;
        APR_ARRAY_PUSH(parts, const edu_expr_t *) = then;
    } while (edu__lex_char(parser, ','));
    *out = node;
    rv = edu__lex_close(parser, "case()");
    return rv ? rv : edu__expr_list(parser, node, parts);
}

apr_status_t edu__call_take(edu_parser_t *parser, const char *name,
                            const edu_expr_t **out)
{
    const edu_expr_t *args[EDU_MAX_ARGUMENTS];
    int n = 0;
    apr_status_t rv = edu__lex_spend(parser);

    if (rv) {
        return rv;
    }
    if (strcasecmp(name, "isof") == 0) {
        return take_typed(parser, "isof", EDU_EXPR_ISOF, out);
    }
    if (strcasecmp(name, "cast") == 0) {
        return take_typed(parser, "cast", EDU_EXPR_CAST, out);
    }
    if (strcasecmp(name, "case") == 0) {
        return take_case(parser, out);
    }
    if (!edu__lex_char(parser, ')')) {
        do {
            rv = n == EDU_MAX_ARGUMENTS
                     ? edu__lex_fault(parser, "'%s' has too many arguments.",
                                      name)
                     : take_expr(parser, &args[n++]);
        } while (!rv && edu__lex_char(parser, ','));
        rv =
            rv ? rv
               : edu__lex_close(parser, apr_psprintf(parser->p, "'%s('", name));
    }
    return rv ? rv : edu__function_call(parser, name, n, args, out);
}

/* ------------------------------------------------------------------- lambda */

/* Reads the name of a lambda operator and its colon. */
static apr_status_t bind_name(edu_parser_t *parser, edu_typed_t type)
{
    const char *name = edu__lex_name(parser);

    if (!name || strpbrk(name, "/.@$") || apr_isdigit(*name) ||
        !edu__lex_char(parser, ':')) {
        return edu__lex_fault(parser, "any() and all() need a name and a "
                                      "condition, as in any(x:x/id eq '1').");
    }
    if (parser->bound == EDU_MAX_LAMBDAS) {
        return edu__lex_fault(parser,
                              "any() and all() are within each other "
                              "%d times at most.",
                              EDU_MAX_LAMBDAS);
    }
    for (int i = 0; i < parser->bound; i++) {
        if (strcmp(parser->variables[i].name, name) == 0) {
            return edu__lex_fault(parser, "the name '%s' is taken.", name);
        }
    }
    type.many = 0;
    parser->variables[parser->bound++] = (edu_variable_t){ name, type };
    return APR_SUCCESS;
}

/* collection/any(x:condition); any() alone is about there being elements. */
apr_status_t edu__lambda_take(edu_parser_t *parser, const char *path,
                              edu_expr_e op, const edu_expr_t **out)
{
    edu_expr_t *node = edu__expr_new(parser, op, EDU_EDM_BOOLEAN);
    const edu_expr_t *of, *condition;
    apr_status_t rv = edu__path_take(parser, path, &of);

    rv = rv ? rv : edu__lex_spend(parser);
    if (rv) {
        return rv;
    }
    *out = node;
    if (!of->type.many) {
        return edu__lex_fault(parser, "'%s' is not a collection.", path);
    }
    if (op == EDU_EXPR_ANY && edu__lex_char(parser, ')')) {
        return edu__expr_join(parser, node, 1, &of);
    }
    rv = bind_name(parser, of->type);
    if (rv) {
        return rv;
    }
    rv = take_expr(parser, &condition);
    rv = rv ? rv : edu__truth_check(parser, condition, "any() or all()");
    rv = rv ? rv : edu__lex_close(parser, "any() or all()");
    parser->bound--;
    return rv ? rv : edu__expr_pair(parser, node, of, condition);
}
