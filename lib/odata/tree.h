/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file tree.h
 * @brief The trees that $filter and $orderby are read into, for the code that
 *        evaluates them and the code that translates them.
 *
 * A tree is complete and checked: every node has a type, literals are converted
 * to the type of what they are compared with, names are resolved.  Nobody
 * changes it.
 */
#ifndef EDU_TREE_H
#define EDU_TREE_H

#include "model.h"

#if !(EDU_SEES & EDU_WING_ODATA)
#error "this file may not see lib/odata"
#endif

/** The kinds of values.  Numbers are in order of promotion. */
typedef enum edu_edm_e {
    EDU_EDM_NULL,
    EDU_EDM_BOOLEAN,
    EDU_EDM_INT32,
    EDU_EDM_INT64,
    EDU_EDM_DECIMAL, /**< computed as a double */
    EDU_EDM_SINGLE,
    EDU_EDM_DOUBLE,
    EDU_EDM_STRING,
    EDU_EDM_ENUM,
    EDU_EDM_GUID,
    EDU_EDM_DATE,
    EDU_EDM_INSTANT, /**< Edm.DateTimeOffset, always in UTC */
    EDU_EDM_CLOCK,   /**< Edm.TimeOfDay */
    EDU_EDM_DURATION,
    EDU_EDM_OBJECT /**< an entity or a complex value */
} edu_edm_e;

#define edu__is_integer(kind)                                                  \
    ((kind) == EDU_EDM_INT32 || (kind) == EDU_EDM_INT64)
#define edu__is_number(kind)                                                   \
    ((kind) >= EDU_EDM_INT32 && (kind) <= EDU_EDM_DOUBLE)

/** The type of a node; any node may have the value null. */
typedef struct edu_typed_t {
    edu_edm_e kind;
    const edu_type_t *of; /**< of EDU_EDM_ENUM and EDU_EDM_OBJECT */
    int many;             /**< a collection of such values */
    int least, most;      /**< of a whole number that is shorter than its kind;
                             both 0: of none */
} edu_typed_t;

/** A value. */
typedef struct edu_value_t {
    edu_edm_e kind; /**< EDU_EDM_NULL has no value */
    union {
        int truth;
        apr_int64_t integer; /**< an integer; or ticks of 100 ns: since 1970, of
                                  a date those of its midnight; since midnight;
                                  or of a duration */
        double number;       /**< from EDU_EDM_DECIMAL to EDU_EDM_DOUBLE */
        struct {
            const char *s; /**< of a literal, it ends with a NUL */
            apr_size_t len;
        } text; /**< string, enumeration, GUID */
        const json_t *json;
    };
} edu_value_t;

/** One step of a path into an entity. */
typedef struct edu_step_t {
    const char *name;
    const edu_type_t *declared; /**< of the value that has this member */
    const edu_type_t *cast;     /**< of which it has to be, or NULL */
} edu_step_t;

/** A path into an entity, or into an element of a collection, resolved against
 *  the type tables. */
typedef struct edu_operand_t {
    int variable;              /**< 0: the entity; n: the element that the n-th
                                     EDU_EXPR_ANY or _ALL around it looks at */
    apr_array_header_t *steps; /**< of edu_step_t; none: the variable itself */
    const edu_prop_t *prop;    /**< that the last step names, or NULL */
    const edu_type_t *cast;    /**< of which the value has to be, or NULL */
} edu_operand_t;

/** What a node does. */
typedef enum edu_expr_e {
    EDU_EXPR_LITERAL,
    EDU_EXPR_PATH,
    EDU_EXPR_COUNT, /**< the length of the collection parts[0] */
    EDU_EXPR_ANY, /**< parts[1], or any element of parts[0] if there is none */
    EDU_EXPR_ALL,
    EDU_EXPR_NOT,
    EDU_EXPR_AND, /**< two parts or more */
    EDU_EXPR_OR,
    EDU_EXPR_EQ,
    EDU_EXPR_NE,
    EDU_EXPR_LT,
    EDU_EXPR_LE,
    EDU_EXPR_GT,
    EDU_EXPR_GE,
    EDU_EXPR_IN,  /**< parts[0] equals one of the others; or is an element of
                     parts[1], which is a collection */
    EDU_EXPR_HAS, /**< parts[0] has the member parts[1] */
    EDU_EXPR_ADD,
    EDU_EXPR_SUB,
    EDU_EXPR_MUL,
    EDU_EXPR_DIV,
    EDU_EXPR_DIVBY,
    EDU_EXPR_MOD,
    EDU_EXPR_NEGATE,
    EDU_EXPR_ISOF, /**< whether parts[0] is of the type `as` */
    EDU_EXPR_CAST, /**< parts[0] as that type, or null */
    EDU_EXPR_CASE, /**< parts[1] if parts[0], or else parts[3] if parts[2], and
                        so on; null if none of them */
    EDU_EXPR_CALL  /**< of a function with `parts` */
} edu_expr_e;

typedef struct edu_run_t edu_run_t;

/** A function of OData; function.c has them all. */
typedef struct edu_function_t {
    const char *name;  /**< in lower case */
    const char *takes; /**< a letter for each argument; function.c has them */
    edu_edm_e gives;   /**< EDU_EDM_NULL: what the first argument is */
    /** Evaluates it; no argument is null. */
    edu_value_t (*run)(edu_run_t *run, const edu_value_t *args, int n);
} edu_function_t;

typedef struct edu_expr_t edu_expr_t;

/** A node. */
struct edu_expr_t {
    edu_expr_e op;
    edu_typed_t type;
    int n; /**< number of parts */
    const edu_expr_t *const *parts;
    edu_value_t literal;       /**< of EDU_EXPR_LITERAL */
    const edu_operand_t *path; /**< of EDU_EXPR_PATH */
    edu_typed_t as;            /**< of EDU_EXPR_ISOF and EDU_EXPR_CAST */
    const edu_function_t *call;
    int depth; /**< 1: it has no parts */
};

#endif /* EDU_TREE_H */
