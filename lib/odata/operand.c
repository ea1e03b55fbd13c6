/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The paths of an expression, resolved against the type tables. */

#include "expr.h"

#include <apr_strings.h>

/* Finds a property of a type, of its bases, or of a type derived from it, for
 * Graph lets a cast be left out. */
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

int edu__is_property(const edu_parser_t *parser, const char *name)
{
    return property_of(parser->of->type, name, EDU_DIALECT_BETA) != NULL;
}

const char *edu__property_hint(const edu_type_t *type, const char *name,
                               edu_dialect_e dialect, apr_pool_t *p)
{
    edu_near_t near = { .to = name };
    const char *dot = strchr(name, '.');

    if (dot && property_of(type, apr_pstrmemdup(p, name, dot - name),
                           EDU_DIALECT_BETA)) {
        return apr_pstrcat(p, " Write a path with /, as in '",
                           apr_pstrmemdup(p, name, dot - name), "/", dot + 1,
                           "'.", NULL);
    }
    if (strpbrk(name, " ;")) {
        return " Write commas between properties.";
    }
    if (property_of(type, name, EDU_DIALECT_BETA)) {
        return " It is a property of Graph's beta, and this path serves v1.0.";
    }
    for (int i = 0; edu__types[i]; i++) {
        if (edu__type_is(edu__types[i], type)) {
            edu__prop_near(&near, edu__types[i], dialect);
        }
    }
    return edu__near_hint(&near, p);
}

static edu_typed_t type_of(const edu_prop_t *prop)
{
    static const edu_edm_e kinds[] = {
        [EDU_STRING] = EDU_EDM_STRING,    [EDU_SINGLE] = EDU_EDM_SINGLE,
        [EDU_INT32] = EDU_EDM_INT32,      [EDU_BOOL] = EDU_EDM_BOOLEAN,
        [EDU_DATETIME] = EDU_EDM_INSTANT, [EDU_ENUM] = EDU_EDM_ENUM,
        [EDU_COMPLEX] = EDU_EDM_OBJECT
    };

    return (edu_typed_t){ .kind = kinds[prop->kind],
                          .of = prop->type,
                          .many = (prop->flags & EDU_COLLECTION) != 0 };
}

/* A path while its steps are taken. */
typedef struct walk_t {
    edu_operand_t *operand;
    edu_typed_t type; /* of what the path so far leads to */
    const char *last; /* the name of its last step */
} walk_t;

static apr_status_t take_cast(edu_parser_t *parser, walk_t *walk,
                              const char *name)
{
    const edu_type_t *type = edu__type_find(name);

    if (!type || !edu__type_is(type, walk->type.of)) {
        return edu__lex_fault(parser, "'%s' is not a type derived from %s.%s",
                              name, walk->type.of->name,
                              edu__property_hint(walk->type.of, name,
                                                 parser->of->dialect,
                                                 parser->p));
    }
    walk->operand->cast = walk->type.of = type;
    return APR_SUCCESS;
}

/* A hint at the annotation that is meant by its name alone, or "". */
static const char *note_hint(const edu_parser_t *parser, const char *name)
{
    const edu_prop_t *note = parser->of->notes;

    while (note && note->name && strcmp(strchr(note->name, '.') + 1, name)) {
        note++;
    }
    return note && note->name
               ? apr_psprintf(parser->p, " Do you mean '%s'?", note->name)
               : "";
}

static apr_status_t take_member(edu_parser_t *parser, walk_t *walk,
                                const char *name)
{
    edu_operand_t *operand = walk->operand;
    const edu_type_t *type = walk->type.of;
    const edu_prop_t *prop = property_of(type, name, parser->of->dialect);
    edu_step_t *step;

    if (!prop) {
        const char *hint =
            edu__property_hint(type, name, parser->of->dialect, parser->p);
        int alone = !operand->steps->nelts && !operand->cast;

        hint = !*hint && alone ? note_hint(parser, name) : hint;
        if (!*hint && alone && strcmp(parser->option, "$filter") == 0) {
            hint = apr_psprintf(parser->p,
                                " If a string is meant, write it in quotes: "
                                "'%s'.",
                                name);
        }
        return edu__lex_fault(parser, "%s has no property '%s'.%s", type->name,
                              name, hint);
    }
    step = apr_array_push(operand->steps);
    *step = (edu_step_t){ name, type, operand->cast };
    operand->cast = NULL;
    operand->prop = prop;
    if (prop->flags & (EDU_DRAFT | EDU_GRADES)) {
        parser->of->uses |= prop->flags & (EDU_DRAFT | EDU_GRADES);
        parser->of->used = parser->option;
    }
    walk->type = type_of(prop);
    return APR_SUCCESS;
}

/* An annotation of the entity (OData 4.01 URL conventions, 5.1.1.14). */
static apr_status_t take_note(edu_parser_t *parser, walk_t *walk,
                              const char *name)
{
    const edu_prop_t *note = parser->of->notes;
    edu_near_t near = { .to = name };

    for (; note && note->name && strcmp(note->name, name) != 0; note++) {
        edu__near_try(&near, note->name);
    }
    if (!note || !note->name || walk->operand->variable ||
        walk->type.of != parser->of->type) {
        return edu__lex_fault(parser, "%s has no annotation '%s' here.%s",
                              parser->of->type->name, name,
                              strcmp(name, "@odata.type") == 0
                                  ? " Write isof('" EDU_NAMESPACE "TYPE')."
                                  : edu__near_hint(&near, parser->p));
    }
    APR_ARRAY_PUSH(walk->operand->steps, edu_step_t) =
        (edu_step_t){ note->name, walk->type.of, NULL };
    walk->operand->prop = note;
    walk->type = type_of(note);
    parser->of->noted = 1;
    return APR_SUCCESS;
}

static apr_status_t take_step(edu_parser_t *parser, walk_t *walk,
                              const char *name)
{
    apr_status_t rv = edu__lex_spend(parser);

    if (rv) {
        return rv;
    }
    if (walk->type.many) {
        return edu__lex_fault(parser,
                              "'%s' is a collection, of which $count, any() "
                              "and all() can be asked.",
                              walk->last);
    }
    if (walk->type.kind != EDU_EDM_OBJECT) {
        return edu__lex_fault(parser, "'%s' has no properties.", walk->last);
    }
    rv = *name == '@'        ? take_note(parser, walk, name)
         : strchr(name, '.') ? take_cast(parser, walk, name)
                             : take_member(parser, walk, name);
    walk->last = name;
    return rv;
}

/* The first step may be $it or the name of a lambda operator.
 * @return whether it was */
static int take_variable(const edu_parser_t *parser, walk_t *walk,
                         const char *name)
{
    walk->operand->variable = 0;
    walk->type =
        (edu_typed_t){ .kind = EDU_EDM_OBJECT, .of = parser->of->type };
    walk->last = name;
    for (int i = 0; i < parser->bound; i++) {
        if (strcmp(parser->variables[i].name, name) == 0) {
            walk->operand->variable = i + 1;
            walk->type = parser->variables[i].type;
            return 1;
        }
    }
    return strcmp(name, "$it") == 0;
}

static edu_expr_t *node_of(const edu_parser_t *parser, const walk_t *walk)
{
    edu_expr_t *node = edu__expr_new(parser, EDU_EXPR_PATH, walk->type.kind);

    node->type = walk->type;
    node->path = walk->operand;
    return node;
}

/* The node of …/$count. */
static apr_status_t count(edu_parser_t *parser, const walk_t *walk,
                          const edu_expr_t **out)
{
    edu_expr_t *node = edu__expr_new(parser, EDU_EXPR_COUNT, EDU_EDM_INT32);
    const edu_expr_t *of = node_of(parser, walk);
    apr_status_t rv = edu__lex_spend(parser);

    *out = node;
    return rv ? rv : edu__expr_join(parser, node, 1, &of);
}

apr_status_t edu__path_take(edu_parser_t *parser, const char *path,
                            const edu_expr_t **out)
{
    edu_operand_t *operand = apr_pcalloc(parser->p, sizeof(*operand));
    walk_t walk = { .operand = operand };
    char *name, *next = apr_pstrdup(parser->p, path);
    apr_status_t rv = APR_SUCCESS;
    int first = 1;

    operand->steps = apr_array_make(parser->p, 3, sizeof(edu_step_t));
    while (!rv && (name = next)) {
        next = strchr(name, '/');
        if (next) {
            *next++ = '\0';
        }
        if (first && take_variable(parser, &walk, name)) {
            rv = edu__lex_spend(parser);
        }
        else if (!next && walk.type.many && strcmp(name, "$count") == 0) {
            return count(parser, &walk, out);
        }
        else if (first &&
                 (strcmp(name, "$root") == 0 || strcmp(name, "$this") == 0)) {
            rv = edu__lex_unserved(parser, "'%s'", name);
        }
        else {
            rv = take_step(parser, &walk, name);
        }
        first = 0;
    }
    *out = node_of(parser, &walk);
    return rv || operand->steps->nelts || !operand->cast || operand->variable
               ? rv
               : edu__lex_fault(parser, "'%s' names a type, not a property.",
                                path);
}

/* -------------------------------------------------------------------- types */

/* Finds an enumeration by the properties that have it. */
static const edu_type_t *enum_named(const char *name)
{
    if (strncmp(name, EDU_NAMESPACE, sizeof(EDU_NAMESPACE) - 1) == 0) {
        name += sizeof(EDU_NAMESPACE) - 1;
    }
    for (int i = 0; edu__types[i]; i++) {
        const edu_prop_t *prop = edu__types[i]->props;

        for (; prop->name; prop++) {
            if (prop->kind == EDU_ENUM && strcmp(prop->type->name, name) == 0) {
                return prop->type;
            }
        }
    }
    return NULL;
}

edu_typed_t edu__type_named(const char *name)
{
    /* clang-format off */
    static const struct {
        const char *name;
        edu_typed_t type;
    } primitives[] = {
        { "Edm.Boolean", { .kind = EDU_EDM_BOOLEAN } },
        { "Edm.Byte", { .kind = EDU_EDM_INT32, .most = 255 } },
        { "Edm.SByte", { .kind = EDU_EDM_INT32, .least = -128, .most = 127 } },
        { "Edm.Int16",
          { .kind = EDU_EDM_INT32, .least = -32768, .most = 32767 } },
        { "Edm.Int32", { .kind = EDU_EDM_INT32 } },
        { "Edm.Int64", { .kind = EDU_EDM_INT64 } },
        { "Edm.Decimal", { .kind = EDU_EDM_DECIMAL } },
        { "Edm.Single", { .kind = EDU_EDM_SINGLE } },
        { "Edm.Double", { .kind = EDU_EDM_DOUBLE } },
        { "Edm.String", { .kind = EDU_EDM_STRING } },
        { "Edm.Guid", { .kind = EDU_EDM_GUID } },
        { "Edm.Date", { .kind = EDU_EDM_DATE } },
        { "Edm.DateTimeOffset", { .kind = EDU_EDM_INSTANT } },
        { "Edm.TimeOfDay", { .kind = EDU_EDM_CLOCK } },
        { "Edm.Duration", { .kind = EDU_EDM_DURATION } }
    };
    /* clang-format on */
    const edu_type_t *type = edu__type_find(name);

    for (apr_size_t i = 0; i < sizeof(primitives) / sizeof(primitives[0]);
         i++) {
        if (strcmp(primitives[i].name, name) == 0) {
            return primitives[i].type;
        }
    }
    if (type) {
        return (edu_typed_t){ .kind = EDU_EDM_OBJECT, .of = type };
    }
    type = enum_named(name);
    return (edu_typed_t){ .kind = type ? EDU_EDM_ENUM : EDU_EDM_NULL,
                          .of = type };
}
