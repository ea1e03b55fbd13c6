/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The grammar of $apply (OData Extension for Data Aggregation 4.0): what a row
 * is asked for are expressions, as of $filter. */

#include "apply.h"
#include "expr.h"

#include <apr_lib.h>
#include <apr_strings.h>

#define TRANSFORMATIONS "filter(…), groupby(…) or aggregate(…)"
#define METHODS "average, min, max, sum or countdistinct"

/* Reads what is within the parentheses of a transformation. */
typedef apr_status_t take_fn(edu_parser_t *parser, edu_apply_t *apply);

typedef struct transformation_t {
    const char *name;
    take_fn *take; /* NULL: it is not supported */
} transformation_t;

static const transformation_t *transformation_of(const char *name);

/* ------------------------------------------------------------------- words */

/* Reads a name without slashes, which stand between transformations. */
static const char *take_name(edu_parser_t *parser)
{
    const char *from;

    edu__lex_blanks(parser);
    from = parser->at;
    while (apr_isalnum(*parser->at) ||
           (*parser->at && strchr("_.", *parser->at))) {
        parser->at++;
    }
    return parser->at > from
               ? apr_pstrmemdup(parser->p, from, parser->at - from)
               : NULL;
}

/* Refuses a transformation: it is not supported where it stands, or unknown. */
static apr_status_t refuse(const edu_parser_t *parser, const char *name,
                           const char *where)
{
    return transformation_of(name)
               ? edu__lex_unserved(parser, "The transformation '%s'%s", name,
                                   where)
               : edu__lex_fault(parser,
                                "there is no transformation '%.40s'"
                                ". Write " TRANSFORMATIONS ".",
                                name);
}

static apr_status_t begin(edu_parser_t *parser, const char *what)
{
    return edu__lex_char(parser, '(')
               ? APR_SUCCESS
               : edu__lex_fault(parser, "a '(' is missing behind %s.", what);
}

/* ------------------------------------------------------------------ filter */

/* A row has to pass all filters. */
static apr_status_t take_filter(edu_parser_t *parser, edu_apply_t *apply)
{
    const edu_expr_t *filter = parser->of->filter, *next;
    edu_expr_t *both;
    apr_status_t rv = parser->expr(parser, &next);

    (void)apply;
    rv = rv ? rv : edu__truth_check(parser, next, "filter");
    parser->of->filter = next;
    if (!rv && filter) {
        both = edu__expr_new(parser, EDU_EXPR_AND, EDU_EDM_BOOLEAN);
        rv = edu__expr_pair(parser, both, filter, next);
        parser->of->filter = both;
    }
    return rv;
}

/* --------------------------------------------------------------- aggregate */

static int is_number(edu_edm_e kind)
{
    return kind == EDU_EDM_NULL || edu__is_number(kind);
}

static int has_order(edu_edm_e kind)
{
    return kind != EDU_EDM_BOOLEAN && kind != EDU_EDM_ENUM &&
           kind != EDU_EDM_OBJECT;
}

static int is_simple(edu_edm_e kind)
{
    return kind != EDU_EDM_OBJECT;
}

static const struct method_t {
    const char *name;
    edu_method_e method;
    int (*takes)(edu_edm_e kind);
} methods[] = {
    {"average",        EDU_METHOD_AVERAGE,  is_number},
    { "sum",           EDU_METHOD_SUM,      is_number},
    { "min",           EDU_METHOD_MIN,      has_order},
    { "max",           EDU_METHOD_MAX,      has_order},
    { "countdistinct", EDU_METHOD_DISTINCT, is_simple}
};

static const struct method_t *method_of(const char *name)
{
    for (apr_size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (strcasecmp(methods[i].name, name) == 0) {
            return &methods[i];
        }
    }
    return NULL;
}

/* Reads `with average`, behind the expression that it is about. */
static apr_status_t take_method(edu_parser_t *parser, edu_total_t *total)
{
    const char *name = edu__lex_word(parser, "with") ? take_name(parser) : NULL;
    const struct method_t *method = name ? method_of(name) : NULL;

    if (!name) {
        return edu__lex_fault(parser,
                              "'with' and a method are missing: " METHODS ".");
    }
    if (!method) {
        return edu__lex_fault(
            parser, "there is no method '%.40s'. Write " METHODS ".", name);
    }
    total->method = method->method;
    return method->takes(total->of->type.kind)
               ? APR_SUCCESS
               : edu__lex_fault(parser,
                                "the method '%s' is not defined for %s.",
                                method->name, edu__kind_words(total->of->type));
}

static int is_identifier(const char *name)
{
    return name && !apr_isdigit(*name) && !strchr(name, '.') &&
           strlen(name) <= EDU_KEY_MAX;
}

/* Reads `as mean`.  The name is a property of the result, beside those that the
 * groups keep. */
static apr_status_t take_alias(edu_parser_t *parser, const edu_apply_t *apply,
                               edu_total_t *total)
{
    const char *alias;

    if (edu__lex_word(parser, "from")) {
        return edu__lex_unserved(parser, "'from'");
    }
    alias = edu__lex_word(parser, "as") ? take_name(parser) : NULL;
    if (!is_identifier(alias)) {
        return edu__lex_fault(parser, "'as' and a name for the value are "
                                      "missing, such as 'as mean'.");
    }
    if (edu__is_property(parser, alias)) {
        return edu__lex_fault(parser,
                              "'%s' is the name of a property. Choose another "
                              "one.",
                              alias);
    }
    for (int i = 0; i < apply->totals->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(apply->totals, i, edu_total_t).alias, alias) ==
            0) {
            return edu__lex_fault(parser, "'%s' is the name of two values.",
                                  alias);
        }
    }
    total->alias = alias;
    return APR_SUCCESS;
}

static apr_status_t take_aggregate(edu_parser_t *parser, edu_apply_t *apply)
{
    apr_status_t rv = APR_SUCCESS;

    do {
        edu_total_t total = { .method = EDU_METHOD_COUNT };

        if (edu__lex_word(parser, "$count")) {
            rv = edu__lex_spend(parser);
        }
        else {
            rv = parser->expr(parser, &total.of);
            rv = rv ? rv : take_method(parser, &total);
        }
        rv = rv ? rv : take_alias(parser, apply, &total);
        APR_ARRAY_PUSH(apply->totals, edu_total_t) = total;
    } while (!rv && edu__lex_char(parser, ','));
    return rv;
}

/* ----------------------------------------------------------------- groupby */

/* The names of a path's steps, by which its value is in the result. */
static const char *name_of(const edu_operand_t *operand, apr_pool_t *p)
{
    const char *name = NULL;

    for (int i = 0; i < operand->steps->nelts; i++) {
        const edu_step_t *step = &APR_ARRAY_IDX(operand->steps, i, edu_step_t);

        name = name ? apr_pstrcat(p, name, "/", step->name, NULL) : step->name;
    }
    return name;
}

static apr_status_t check_grouping(const edu_parser_t *parser,
                                   const edu_apply_t *apply,
                                   const edu_grouping_t *grouping)
{
    const edu_expr_t *of = grouping->of;

    if (of->op != EDU_EXPR_PATH || of->type.many || !is_simple(of->type.kind)) {
        return edu__lex_fault(parser,
                              "'%s' is %s, which makes no groups. Name a "
                              "property of it that has a simple type.",
                              grouping->path, edu__kind_words(of->type));
    }
    for (int i = 0; i < apply->groupings->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(apply->groupings, i, edu_grouping_t).name,
                   grouping->name) == 0) {
            return edu__lex_fault(parser, "'%s' is named twice.",
                                  grouping->name);
        }
    }
    return APR_SUCCESS;
}

static apr_status_t take_grouping(edu_parser_t *parser, edu_apply_t *apply)
{
    edu_grouping_t grouping = { .path = edu__lex_name(parser) };
    apr_status_t rv;

    if (!grouping.path) {
        return edu__lex_fault(parser, "a property to group by is missing.");
    }
    if (strncmp(grouping.path, "rollup", 6) == 0 && *parser->at == '(') {
        return edu__lex_unserved(parser, "%s(…)", grouping.path);
    }
    rv = edu__path_take(parser, grouping.path, &grouping.of);
    if (rv) {
        return rv;
    }
    if (grouping.of->path) {
        grouping.name = name_of(grouping.of->path, parser->p);
    }
    rv = check_grouping(parser, apply, &grouping);
    APR_ARRAY_PUSH(apply->groupings, edu_grouping_t) = grouping;
    return rv;
}

/* The aggregation of each group. */
static apr_status_t take_each(edu_parser_t *parser, edu_apply_t *apply)
{
    const char *name = take_name(parser);
    apr_status_t rv;

    if (name && strcasecmp(name, "aggregate") != 0) {
        return refuse(parser, name, " within groupby");
    }
    rv = name ? begin(parser, name)
              : edu__lex_fault(parser, "aggregate(…) is missing.");
    rv = rv ? rv : take_aggregate(parser, apply);
    rv = rv ? rv : edu__lex_close(parser, "aggregate");
    return rv || *parser->at != '/'
               ? rv
               : edu__lex_unserved(parser, "What follows aggregate within "
                                           "groupby");
}

static apr_status_t take_groupby(edu_parser_t *parser, edu_apply_t *apply)
{
    apr_status_t rv = begin(parser, "groupby(");

    do {
        rv = rv ? rv : take_grouping(parser, apply);
    } while (!rv && edu__lex_char(parser, ','));
    rv = rv ? rv : edu__lex_close(parser, "the list of properties");
    return !rv && edu__lex_char(parser, ',') ? take_each(parser, apply) : rv;
}

/* --------------------------------------------------------- transformations */

/* Those of the specification, the supported ones first. */
static const transformation_t transformations[] = {
    {"filter",         take_filter   },
    { "groupby",       take_groupby  },
    { "aggregate",     take_aggregate},
    { "addnested",     NULL          },
    { "ancestors",     NULL          },
    { "bottomcount",   NULL          },
    { "bottompercent", NULL          },
    { "bottomsum",     NULL          },
    { "compute",       NULL          },
    { "concat",        NULL          },
    { "descendants",   NULL          },
    { "expand",        NULL          },
    { "identity",      NULL          },
    { "join",          NULL          },
    { "nest",          NULL          },
    { "orderby",       NULL          },
    { "outerjoin",     NULL          },
    { "search",        NULL          },
    { "skip",          NULL          },
    { "top",           NULL          },
    { "topcount",      NULL          },
    { "toppercent",    NULL          },
    { "topsum",        NULL          },
    { "traverse",      NULL          },
    { NULL,            NULL          }
};

const char *edu__apply_transformation(int i)
{
    return transformations[i].take ? transformations[i].name : NULL;
}

static const transformation_t *transformation_of(const char *name)
{
    const transformation_t *found = transformations;

    while (found->name && strcasecmp(found->name, name) != 0) {
        found++;
    }
    return found->name ? found : NULL;
}

/* Whether the rows are no longer those of the list. */
static int is_aggregated(const edu_apply_t *apply)
{
    return apply->groupings->nelts || apply->totals->nelts;
}

static apr_status_t take_transformation(edu_parser_t *parser,
                                        edu_apply_t *apply)
{
    const char *name = take_name(parser);
    const transformation_t *found;
    apr_status_t rv;

    if (!name) {
        return edu__lex_fault(
            parser, "a transformation is missing: " TRANSFORMATIONS ".");
    }
    found = transformation_of(name);
    if (!found || !found->take) {
        return refuse(parser, name, "");
    }
    if (is_aggregated(apply)) {
        return refuse(parser, name, " behind an aggregation");
    }
    rv = begin(parser, found->name);
    rv = rv ? rv : found->take(parser, apply);
    return rv ? rv : edu__lex_close(parser, found->name);
}

/* The properties that the rows of the result have, for the context URL. */
static const char *shape_of(const edu_apply_t *apply, apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, 4, sizeof(const char *));

    for (int i = 0; i < apply->groupings->nelts; i++) {
        const edu_grouping_t *grouping =
            &APR_ARRAY_IDX(apply->groupings, i, edu_grouping_t);

        if (*grouping->name != '@') {
            APR_ARRAY_PUSH(names, const char *) = grouping->path;
        }
    }
    for (int i = 0; i < apply->totals->nelts; i++) {
        APR_ARRAY_PUSH(names, const char *) =
            APR_ARRAY_IDX(apply->totals, i, edu_total_t).alias;
    }
    return apr_pstrcat(p, "(", apr_array_pstrcat(p, names, ','), ")", NULL);
}

apr_status_t edu__apply_parse(const edu_apply_t **apply, const char *text,
                              edu_query_t *of, edu_error_t *err, apr_pool_t *p)
{
    edu_parser_t parser = edu__expr_parser(text, "$apply", of, err, p);
    edu_apply_t *read = apr_pcalloc(p, sizeof(*read));
    apr_status_t rv;

    read->groupings = apr_array_make(p, 2, sizeof(edu_grouping_t));
    read->totals = apr_array_make(p, 2, sizeof(edu_total_t));
    do {
        rv = take_transformation(&parser, read);
    } while (!rv && edu__lex_char(&parser, '/'));
    rv = rv ? rv : edu__lex_end(&parser);
    if (!rv && !is_aggregated(read)) {
        return edu__lex_unserved(&parser, "filter(…) alone, without groupby(…) "
                                          "or aggregate(…) behind it,");
    }
    read->shape = rv ? "" : shape_of(read, p);
    *apply = read;
    return rv;
}
