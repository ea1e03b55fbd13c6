/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file document.h
 * @brief The documents that describe the service, for the files that render
 *        them of the tables of types, routes and query options.
 *
 * outline <- capabilities <- csdl; outline <- schema <- openapi; xml; all of
 * them <- documents.
 */
#ifndef EDU_DOCUMENT_H
#define EDU_DOCUMENT_H

#include "odata.h"

/* --------------------------------------------------------------- routes.c */

/** The type of an entity that is in no set. */
typedef struct edu_alone_t {
    edu_resource_e resource;
    const edu_type_t *type; /**< NULL ends the table */
} edu_alone_t;

extern const edu_alone_t edu__alone[];

/** A navigation property to entities that are not kept here. */
typedef struct edu_empty_t {
    edu_resource_e resource; /**< that has it */
    const char *name;        /**< NULL ends the table */
    const edu_type_t *type;
} edu_empty_t;

extern const edu_empty_t edu__empties[];

/** A query option. */
typedef struct edu_option_t {
    const char *name; /**< without $; NULL ends the table */
    int of;           /**< EDU_OF_*; 0: it is refused */
} edu_option_t;

extern const edu_option_t edu__options[];

/* -------------------------------------------------------------- outline.c */

/** The row of a method, or NULL: the resource has no such method. */
const edu_route_t *edu__outline_route(edu_resource_e at, const char *method);

/** The step from a collection to one of its entities, or NULL. */
const edu_node_t *edu__outline_key(edu_resource_e at);

/** The type of the entity or of the entities that a resource is, or NULL.
 *  @param many  out: whether it is a collection */
const edu_type_t *edu__outline_type(int *many, edu_resource_e at);

/** Whether a type is an entity type. */
int edu__outline_is_entity(const edu_type_t *type);

/** Whether a query option applies to one of EDU_OF_*. @param name  without $ */
int edu__outline_takes(const char *name, int of);

/** Whether some resources of the type that an operation is bound to do not have
 *  it. */
int edu__outline_is_explicit(const edu_node_t *operation);

/** Whether a dialect has a property. */
int edu__outline_has(const edu_prop_t *prop, edu_dialect_e dialect);

/** The enumerations of all types. @return of const edu_type_t * */
apr_array_header_t *edu__outline_enums(apr_pool_t *p);

/** The name of a type with its namespace. */
const char *edu__outline_name(const edu_type_t *type, apr_pool_t *p);

/** The name of a property's type, or of the elements of its collection. */
const char *edu__outline_edm(const edu_prop_t *prop, apr_pool_t *p);

/* --------------------------------------------------------- capabilities.c */

/** Annotate a navigation property with what its resource can.
 *  @param to  its object in CSDL JSON */
void edu__annotate_navigation(json_t *to, edu_resource_e at,
                              edu_dialect_e dialect, apr_pool_t *p);

/** Annotate an operation with whether it is bound wherever its type is. */
void edu__annotate_operation(json_t *to, const edu_node_t *operation);

/** Annotate what leads to one entity, by which it is not changed. */
void edu__annotate_single(json_t *to);

/** Annotate a property whose value is a copy of an entity: it leads nowhere. */
void edu__annotate_copy(json_t *to);

/** Annotate a navigation property of edu__empties. */
void edu__annotate_empty(json_t *to);

/** Annotate the entity container with what the whole service can. */
void edu__annotate_container(json_t *to);

/** Annotate a property with who sets it. */
void edu__annotate_property(json_t *to, const edu_prop_t *prop);

/* ----------------------------------------------------------------- csdl.c */

/** What stands for the one part of a document that the request decides. */
#define EDU_SLOT "\177"

/** The metadata of a dialect as CSDL JSON 4.01, with EDU_SLOT as $Version.
 *  @return owned by @a p */
json_t *edu__csdl(edu_dialect_e dialect, apr_pool_t *p);

/* ------------------------------------------------------------------ xml.c */

/** CSDL JSON as CSDL XML. */
const char *edu__csdl_xml(const json_t *csdl, apr_pool_t *p);

/* --------------------------------------------------------------- schema.c */

/** Where a document of OpenAPI has the schema of a type. */
#define EDU_SCHEMAS "#/components/schemas/"

/** The schemas of all types, as components of OpenAPI. @return a new reference
 */
json_t *edu__schemas(edu_dialect_e dialect, apr_pool_t *p);

/** The schema of a value that is declared as of a type: one of that or of a
 *  type derived from it. @return a new reference */
json_t *edu__schema_of(const edu_type_t *declared, apr_pool_t *p);

/** The schema of a list of such values, of the type of an entity set.
 *  @return a new reference */
json_t *edu__schema_of_list(const edu_type_t *declared, apr_pool_t *p);

/* -------------------------------------------------------------- openapi.c */

/** The API of a dialect by OpenAPI 3.1, with EDU_SLOT as the server's URL.
 *  @return owned by @a p */
json_t *edu__openapi(edu_dialect_e dialect, apr_pool_t *p);

#endif /* EDU_DOCUMENT_H */
