/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file expr.h
 * @brief Reading and evaluating expressions, for the files that do.
 *
 * lexer <- operand <- literal <- typing <- function <- call <-
 * filter <- apply;
 * value <- evaluate <- aggregate.
 */
#ifndef EDU_EXPR_H
#define EDU_EXPR_H

#include "odata.h"

/** The refusal of an expression with more than %d parts. */
#define EDU_TOO_MANY_PARTS                                                     \
    "it has more than the %d parts (names, literals and operators) that "      \
    "EduOutcomesMaxExpression allows. Ask for less at once."

/**
 * Parse a $filter (OData 4.01 URL conventions, 5.1.1).
 * @param filter  out: a tree whose value is a boolean
 * @param text  decoded
 * @param of    gives type, dialect, unknowns and aliases, gets uses
 * @return APR_SUCCESS; EDU_EQUERY: it is malformed, in Graph's words;
 *         EDU_ENOTIMPL: OData has what it asks for, this server does not; both
 *         with err->target
 */
apr_status_t edu__filter_parse(const edu_expr_t **filter, const char *text,
                               edu_query_t *of, edu_error_t *err,
                               apr_pool_t *p);

/** How many lambda operators can be within each other. */
#define EDU_MAX_LAMBDAS 5

/** A name that stands for an element of a collection. */
typedef struct edu_variable_t {
    const char *name;
    edu_typed_t type;
} edu_variable_t;

/** How deep parentheses can be nested. */
#define EDU_MAX_NESTING 50

typedef struct edu_parser_t edu_parser_t;

/** Reads a part of an expression. */
typedef apr_status_t edu_take_fn(edu_parser_t *parser, const edu_expr_t **out);

/** An expression that is being read. */
struct edu_parser_t {
    const char *text, *at;
    const char *option; /**< for messages and as their target */
    const char *alias;  /**< whose value is read, or NULL */
    edu_query_t *of;
    edu_take_fn *expr; /**< reads a whole expression */
    edu_variable_t variables[EDU_MAX_LAMBDAS];
    int bound; /**< number of variables */
    int nesting, parts;
    edu_error_t *err;
    apr_pool_t *p;
};

/* ---------------------------------------------------------------- lexer.c */

/** Refuse in Graph's words (contract.md 5), with the place where reading
 *  stopped. @return EDU_EQUERY */
apr_status_t edu__lex_fault(const edu_parser_t *parser, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/** Refuse what OData has and this server does not. @return EDU_ENOTIMPL */
apr_status_t edu__lex_unserved(const edu_parser_t *parser, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/** Skip blanks. */
void edu__lex_blanks(edu_parser_t *parser);

/** Count one more part of the expression: an operand, an operator or a step of
 *  a path.  Each costs time for each row. @return APR_SUCCESS or EDU_EQUERY */
apr_status_t edu__lex_spend(edu_parser_t *parser);

/** What to write instead of the text where reading stopped, where that is known
 *  of other languages: "; …", or "". */
const char *edu__lex_cure(const edu_parser_t *parser);

/** Check that the expression ends here. @return APR_SUCCESS or EDU_EQUERY */
apr_status_t edu__lex_end(edu_parser_t *parser);

/** Whether a character can be part of a path. */
int edu__lex_is_word(char c);

/** Read a character, if it is next. */
int edu__lex_char(edu_parser_t *parser, char c);

/** Read a keyword, a whole word in whatever case, if it is next. */
int edu__lex_word(edu_parser_t *parser, const char *word);

/** Read a run of word characters; NULL: there is none. */
const char *edu__lex_name(edu_parser_t *parser);

/** Read a string in quotes; NULL: it is not closed. */
const char *edu__lex_string(edu_parser_t *parser);

/** Read a closing parenthesis. @param what  for the refusal: what it closes */
apr_status_t edu__lex_close(edu_parser_t *parser, const char *what);

/** A new node, without parts. */
edu_expr_t *edu__expr_new(const edu_parser_t *parser, edu_expr_e op,
                          edu_edm_e kind);

/** Give a node its parts. @return APR_SUCCESS, or EDU_EQUERY: it is too deep */
apr_status_t edu__expr_join(const edu_parser_t *parser, edu_expr_t *node, int n,
                            const edu_expr_t *const *parts);

/** The same with two parts. */
apr_status_t edu__expr_pair(const edu_parser_t *parser, edu_expr_t *node,
                            const edu_expr_t *a, const edu_expr_t *b);

/** The same with those of a list. @param parts  of const edu_expr_t * */
apr_status_t edu__expr_list(const edu_parser_t *parser, edu_expr_t *node,
                            const apr_array_header_t *parts);

/** A list for parts, without any yet. */
apr_array_header_t *edu__expr_parts(const edu_parser_t *parser);

/* -------------------------------------------------------------- literal.c */

/** Read a literal. @param out  NULL: none is next
 *  @return APR_SUCCESS, EDU_EQUERY or EDU_ENOTIMPL */
apr_status_t edu__literal_take(edu_parser_t *parser, const edu_expr_t **out);

/** A member of an enumeration.
 *  @return APR_SUCCESS, or EDU_EQUERY: it has no such member */
apr_status_t edu__enum_literal(const edu_parser_t *parser,
                               const edu_type_t *type, const char *text,
                               const edu_expr_t **out);

/** The value of a text as a kind; its kind is EDU_EDM_NULL if it is none.
 *  @param text  without quotes; has to last */
edu_value_t edu__literal_read(edu_edm_e kind, const char *text, apr_pool_t *p);

/** A value as text. @return in @a text or from @a p */
const char *edu__literal_text(const edu_value_t *value, apr_pool_t *p);

/** The number as Edm.Single keeps it. */
double edu__single_of(double number, apr_pool_t *p);

/* -------------------------------------------------------------- operand.c */

/** Resolve a path. @param path  as edu__lex_name returns it, with @a at set to
 *  its end
 *  @return APR_SUCCESS, EDU_EQUERY or EDU_ENOTIMPL */
apr_status_t edu__path_take(edu_parser_t *parser, const char *path,
                            const edu_expr_t **out);

/** The end of a message about a name that a type does not have: what it may be
 *  meant for, or "". @param type  with those derived from it */
const char *edu__property_hint(const edu_type_t *type, const char *name,
                               edu_dialect_e dialect, apr_pool_t *p);

/** Whether entities of the query, in whatever dialect, have such a property. */
int edu__is_property(const edu_parser_t *parser, const char *name);

/** The type that isof or cast names; its kind is EDU_EDM_NULL if there is none
 *  of that name. */
edu_typed_t edu__type_named(const char *name);

/* --------------------------------------------------------------- typing.c */

/** The name of a kind of values, for messages. */
const char *edu__kind_words(edu_typed_t type);

/** Convert a literal to the type of the other side, and check that they can be
 *  compared by an operator. @param word  the operator, as it is written */
apr_status_t edu__compare_check(const edu_parser_t *parser, edu_expr_e op,
                                const char *word, const edu_expr_t **a,
                                const edu_expr_t **b);

/** The type of a sum, a product and so on. @return APR_SUCCESS or EDU_EQUERY */
apr_status_t edu__arithmetic_check(const edu_parser_t *parser, edu_expr_t *node,
                                   const char *word);

/** Check that a value is a boolean, or null. @param what  for the message */
apr_status_t edu__truth_check(const edu_parser_t *parser,
                              const edu_expr_t *node, const char *what);

/* --------------------------------------------------------------- letter.c */

/** Turn letters of a text into small or capital ones. @param to  as long */
void edu__letters_turn(char *to, const char *s, apr_size_t len, int upper);

/* ------------------------------------------------------------- function.c */

/** An evaluation for one document. */
struct edu_run_t {
    const json_t *variables[EDU_MAX_LAMBDAS + 1]; /**< 0: the document */
    int bound;                                    /**< number of the others */
    apr_int64_t left; /**< steps that it may take yet; below 0: it took more */
    apr_pool_t *p;    /**< whose child has the texts that it makes */
    apr_pool_t *own;  /**< that child; NULL: there is none yet */
};

#define EDU_MAX_ARGUMENTS 3

/** Check the arguments of a function, and make a node of them. */
apr_status_t edu__function_call(const edu_parser_t *parser, const char *name,
                                int n, const edu_expr_t *const *args,
                                const edu_expr_t **out);

/** Count steps. */
void edu__run_spend(edu_run_t *run, apr_size_t steps);

/** Memory of an evaluation, or NULL: it took too much. */
char *edu__run_alloc(edu_run_t *run, apr_size_t size);

/* ----------------------------------------------------------------- call.c */

/** Whether a name is that of a parameter alias: one with a dot is that of an
 *  annotation. */
int edu__is_alias(const char *name);

/** Read the value of a parameter alias in its place. @param take  reads it */
apr_status_t edu__alias_take(edu_parser_t *parser, const char *name,
                             edu_take_fn *take, const edu_expr_t **out);

/** Read what follows `in`. @param out  in: its left side */
apr_status_t edu__in_take(edu_parser_t *parser, const edu_expr_t **out);

/** Read the arguments of a function, behind its parenthesis. */
apr_status_t edu__call_take(edu_parser_t *parser, const char *name,
                            const edu_expr_t **out);

/** Read what follows collection/any( or all(. @param path  the collection */
apr_status_t edu__lambda_take(edu_parser_t *parser, const char *path,
                              edu_expr_e op, const edu_expr_t **out);

/* --------------------------------------------------------------- filter.c */

/** Begin to read a text in which there are expressions.
 *  @param option  with its $ */
edu_parser_t edu__expr_parser(const char *text, const char *option,
                              edu_query_t *of, edu_error_t *err, apr_pool_t *p);

/* ---------------------------------------------------------------- value.c */

/** Whether a comparison holds.  With null it is false, but for eq and ne; with
 *  NaN, but for ne. */
int edu__value_holds(edu_expr_e op, const edu_value_t *a, const edu_value_t *b);

/** A sum, a product and so on. @param kind  of the result */
edu_value_t edu__value_compute(edu_expr_e op, edu_edm_e kind,
                               const edu_value_t *a, const edu_value_t *b);

edu_value_t edu__value_negate(edu_value_t value);

/** A simple value as a simple type, or null. */
edu_value_t edu__value_cast(edu_value_t value, edu_typed_t as, edu_run_t *run);

#endif /* EDU_EXPR_H */
