/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* CSDL JSON as CSDL XML: the same elements, spelled otherwise.  What the one
 * leaves out, the other may have to say: a property is nullable in XML, and not
 * in JSON, unless it says otherwise. */

#include "document.h"

#include <apr_escape.h>
#include <apr_strings.h>

#define EDMX "http://docs.oasis-open.org/odata/ns/edmx"
#define HTTP_METHOD "Org.OData.Capabilities.V1.HttpMethod/"
#define NAVIGATION "Org.OData.Capabilities.V1.NavigationType/"
#define ROLLUP "Org.OData.Aggregation.V1.RollupType/"
#define EDM "http://docs.oasis-open.org/odata/ns/edm"

/* Properties of annotations whose values are no strings in XML. */
static const struct spelling_t {
    const char *name;
    const char *element;
    const char *prefix; /* of each enumeration member */
} spellings[] = {
    {"NonSortableProperties",    "PropertyPath",           NULL       },
    { "NonExpandableProperties", "NavigationPropertyPath", NULL       },
    { "UpdateMethod",            "EnumMember",             HTTP_METHOD},
    { "Navigability",            "EnumMember",             NAVIGATION },
    { "Rollup",                  "EnumMember",             ROLLUP     },
    { NULL,                      "String",                 NULL       }
};

typedef struct writer_t {
    apr_array_header_t *parts; /* of const char * */
    apr_pool_t *p;
} writer_t;

static void put(writer_t *w, const char *text)
{
    APR_ARRAY_PUSH(w->parts, const char *) = text;
}

static void put_attribute(writer_t *w, const char *name, const char *value)
{
    if (value) {
        put(w, apr_pstrcat(w->p, " ", name, "=\"",
                           apr_pescape_entity(w->p, value, 0), "\"", NULL));
    }
}

static const char *text_at(const json_t *in, const char *name)
{
    return json_string_value(json_object_get(in, name));
}

static int is_true(const json_t *in, const char *name)
{
    return json_is_true(json_object_get(in, name));
}

static const char *number(const writer_t *w, const json_t *value)
{
    return apr_psprintf(w->p, "%" APR_INT64_T_FMT,
                        (apr_int64_t)json_integer_value(value));
}

/* ------------------------------------------------------------- annotations */

static void put_value(writer_t *w, const char *element, const char *name,
                      const json_t *value);

static const struct spelling_t *spelling_of(const char *name)
{
    const struct spelling_t *spelling = spellings;

    while (spelling->name && strcmp(spelling->name, name) != 0) {
        spelling++;
    }
    return spelling;
}

/* "PATCH,PUT" with the prefix before each, separated by a blank. */
static const char *members_of(const char *list, const char *prefix,
                              apr_pool_t *p)
{
    const char *comma = strchr(list, ',');

    return comma ? apr_pstrcat(p, prefix, apr_pstrmemdup(p, list, comma - list),
                               " ", members_of(comma + 1, prefix, p), NULL)
                 : apr_pstrcat(p, prefix, list, NULL);
}

static void put_collection(writer_t *w, const char *name, const json_t *values)
{
    const char *element = spelling_of(name)->element;
    json_t *value;
    size_t i;

    put(w, "<Collection>");
    json_array_foreach(values, i, value)
    {
        put(w,
            apr_pstrcat(w->p, "<", element, ">",
                        apr_pescape_entity(w->p, json_string_value(value), 0),
                        "</", element, ">", NULL));
    }
    put(w, "</Collection>");
}

static void put_record(writer_t *w, const json_t *record)
{
    const char *name;
    json_t *value;

    put(w, "<Record>");
    json_object_foreach((json_t *)record, name, value)
    {
        put(w, "<PropertyValue");
        put_attribute(w, "Property", name);
        put_value(w, "PropertyValue", name, value);
    }
    put(w, "</Record>");
}

static void put_constant(writer_t *w, const char *name, const json_t *value)
{
    const struct spelling_t *spelling = spelling_of(name);
    const char *text = json_string_value(value);

    if (json_is_boolean(value)) {
        put_attribute(w, "Bool", json_is_true(value) ? "true" : "false");
    }
    else if (json_is_integer(value)) {
        put_attribute(w, "Int", number(w, value));
    }
    else {
        put_attribute(
            w, spelling->element,
            spelling->prefix ? members_of(text, spelling->prefix, w->p) : text);
    }
}

/* Ends an element by its value: a constant is an attribute. */
static void put_value(writer_t *w, const char *element, const char *name,
                      const json_t *value)
{
    if (!json_is_array(value) && !json_is_object(value)) {
        put_constant(w, name, value);
        put(w, "/>\n");
        return;
    }
    put(w, ">");
    if (json_is_array(value)) {
        put_collection(w, name, value);
    }
    else {
        put_record(w, value);
    }
    put(w, apr_pstrcat(w->p, "</", element, ">\n", NULL));
}

static void put_annotations(writer_t *w, const json_t *of)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)of, name, value)
    {
        if (*name == '@') {
            put(w, "<Annotation");
            put_attribute(w, "Term", name + 1);
            put_value(w, "Annotation", strrchr(name, '.') + 1, value);
        }
    }
}

static int is_annotated(const json_t *of)
{
    const char *name;
    json_t *value;
    int is = 0;

    json_object_foreach((json_t *)of, name, value)
    {
        is |= *name == '@';
    }
    return is;
}

/* ---------------------------------------------------------------- elements */

static void put_type(writer_t *w, const json_t *of, int may_be_null)
{
    const char *type = text_at(of, "$Type");
    int many = is_true(of, "$Collection");

    put_attribute(w, "Type",
                  many ? apr_pstrcat(w->p, "Collection(", type, ")", NULL)
                       : type);
    if (may_be_null && !is_true(of, "$Nullable")) {
        put_attribute(w, "Nullable", "false");
    }
    if (json_object_get(of, "$Precision")) {
        put_attribute(w, "Precision", "7");
    }
}

/* Ends an element by its annotations. */
static void end_element(writer_t *w, const char *element, const json_t *of)
{
    if (!is_annotated(of)) {
        put(w, "/>\n");
        return;
    }
    put(w, ">\n");
    put_annotations(w, of);
    put(w, apr_pstrcat(w->p, "</", element, ">\n", NULL));
}

static void put_property(writer_t *w, const char *name, const json_t *of)
{
    int leads = text_at(of, "$Kind") != NULL;
    const char *element = leads ? "NavigationProperty" : "Property";

    put(w, apr_pstrcat(w->p, "<", element, NULL));
    put_attribute(w, "Name", name);
    put_type(w, of, !leads || !is_true(of, "$Collection"));
    if (is_true(of, "$ContainsTarget")) {
        put_attribute(w, "ContainsTarget", "true");
    }
    end_element(w, element, of);
}

static void put_key(writer_t *w, const json_t *key)
{
    if (key) {
        put(w, "<Key><PropertyRef");
        put_attribute(w, "Name", json_string_value(json_array_get(key, 0)));
        put(w, "/></Key>\n");
    }
}

/* Writes what a type or the container consists of. */
static void put_members(writer_t *w, const json_t *of, const char *kind)
{
    const char *name;
    json_t *member;

    put_key(w, json_object_get(of, "$Key"));
    json_object_foreach((json_t *)of, name, member)
    {
        if (*name == '$' || *name == '@') {
            continue;
        }
        if (json_is_integer(member)) {
            put(w, "<Member");
            put_attribute(w, "Name", name);
            put_attribute(w, "Value", number(w, member));
            put(w, "/>\n");
        }
        else if (strcmp(kind, "EntityContainer") == 0) {
            put(w, "<Singleton");
            put_attribute(w, "Name", name);
            put_type(w, member, 0);
            end_element(w, "Singleton", member);
        }
        else {
            put_property(w, name, member);
        }
    }
    put_annotations(w, of);
}

static void put_overload(writer_t *w, const char *name, const json_t *of)
{
    const json_t *result = json_object_get(of, "$ReturnType"), *parameter;
    const char *kind = text_at(of, "$Kind");
    size_t i;

    put(w, apr_pstrcat(w->p, "<", kind, NULL));
    put_attribute(w, "Name", name);
    put_attribute(w, "IsBound", "true");
    put_attribute(w, "IsComposable",
                  is_true(of, "$IsComposable") ? "true" : NULL);
    put(w, ">");
    json_array_foreach(json_object_get(of, "$Parameter"), i, parameter)
    {
        put(w, "<Parameter");
        put_attribute(w, "Name", text_at(parameter, "$Name"));
        put_type(w, parameter, 1);
        put(w, "/>");
    }
    if (result) {
        put(w, "<ReturnType");
        put_type(w, result, 1);
        put(w, "/>");
    }
    put_annotations(w, of);
    put(w, apr_pstrcat(w->p, "</", kind, ">\n", NULL));
}

static void put_child(writer_t *w, const char *name, const json_t *child)
{
    const char *kind = text_at(child, "$Kind");
    json_t *overload;
    size_t i;

    if (!kind) {
        json_array_foreach(child, i, overload)
        {
            put_overload(w, name, overload);
        }
        return;
    }
    put(w, apr_pstrcat(w->p, "<", kind, NULL));
    put_attribute(w, "Name", name);
    put_attribute(w, "BaseType", text_at(child, "$BaseType"));
    put_attribute(w, "Abstract", is_true(child, "$Abstract") ? "true" : NULL);
    put_attribute(w, "OpenType", is_true(child, "$OpenType") ? "true" : NULL);
    put(w, ">\n");
    put_members(w, child, kind);
    put(w, apr_pstrcat(w->p, "</", kind, ">\n", NULL));
}

const char *edu__csdl_xml(const json_t *csdl, apr_pool_t *p)
{
    writer_t w = { apr_array_make(p, 4096, sizeof(const char *)), p };
    const char *namespace, *name;
    json_t *schema, *child;

    put(&w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<edmx:Edmx "
            "xmlns:edmx=\"" EDMX "\"");
    put_attribute(&w, "Version", text_at(csdl, "$Version"));
    put(&w, "><edmx:DataServices>\n");
    json_object_foreach((json_t *)csdl, namespace, schema)
    {
        if (*namespace == '$') {
            continue;
        }
        put(&w, "<Schema xmlns=\"" EDM "\"");
        put_attribute(&w, "Namespace", namespace);
        put(&w, ">\n");
        json_object_foreach(schema, name, child)
        {
            put_child(&w, name, child);
        }
        put(&w, "</Schema>\n");
    }
    put(&w, "</edmx:DataServices></edmx:Edmx>\n");
    return apr_array_pstrcat(p, w.parts, 0);
}
