/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file negotiate.h
 * @brief What the headers of a request ask of the protocol.
 */
#ifndef EDU_NEGOTIATE_H
#define EDU_NEGOTIATE_H

#include "api.h"

/** The version of OData that a client asks for, "4.0" or "4.01". */
const char *edu__negotiate_version(const edu_exchange_t *x);

/** The header by which a request is to be taken for one by another method, or
 *  NULL. */
const char *edu__negotiate_tunnel(const edu_exchange_t *x);

/** Check the headers of a request that the protocol alone refuses.
 *  @return APR_SUCCESS, EDU_EBADREQUEST or EDU_EPRECONDITION */
apr_status_t edu__negotiate_protocol(edu_exchange_t *x);

/** Read the query options in the body of a POST to $query, as the query of the
 *  GET that it stands for, behind those of its URL.
 *  @return APR_SUCCESS, EDU_EMEDIATYPE, or as the body is refused */
apr_status_t edu__negotiate_query(edu_exchange_t *x, const char **query);

/** Choose the format of the answer, by $format or Accept.
 *  @return APR_SUCCESS or EDU_EACCEPT */
apr_status_t edu__negotiate_format(edu_exchange_t *x);

/** Graph's preference for that (contract.md 3). */
#define EDU_UNKNOWNS "include-unknown-enum-members"

/** Whether the client knows the members of enumerations beyond the sentinel. */
int edu__negotiate_unknowns(const edu_exchange_t *x);

/** Say that the answer keeps to a preference. */
void edu__negotiate_applied(edu_exchange_t *x, const char *name,
                            const char *value);

/** Whether a $batch is to end at the first request that fails. */
int edu__negotiate_stops(edu_exchange_t *x);

/** Read the preferences for the answer of a verb, after its query. */
void edu__negotiate_prefer(edu_exchange_t *x);

#endif /* EDU_NEGOTIATE_H */
