/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* A list by $apply: the rows that a $filter shows the caller, as groups. */

#include "page.h"

#include <apr_strings.h>
#define APR_WANT_IOVEC
#include <apr_want.h>

apr_status_t edu__page_group(edu_page_t *page, edu_row_t *row)
{
    const json_t *doc;
    int fits;
    apr_status_t rv = edu__page_match(page, row, &doc, &fits);

    return rv || !fits ? rv : edu__groups_add(page->groups, doc, page->x->err);
}

void edu__page_show_groups(edu_page_t *page)
{
    edu_exchange_t *x = page->x;
    const char *quote = x->format.ieee754 ? "\"" : "";
    int n = edu__groups_sort(page->groups), at;
    apr_pool_t *one;

    edu__answer_json(x, 200);
    edu__append_context(x, 0);
    at = x->res->body->nelts;
    edu__append(
        x, page->q->count
               ? apr_psprintf(x->p, ",\"@odata.count\":%s%d%s", quote, n, quote)
               : "");
    edu__append(x, ",\"value\":[");
    apr_pool_create(&one, x->p);
    for (int i = 0; i < n; i++) {
        const char *text = edu__groups_text(page->groups, i, &x->format, one);

        edu__append(x, apr_pstrcat(x->p, i ? "," : "", text, NULL));
        apr_pool_clear(one);
    }
    edu__append(x, "]}");
    edu__drop_comma(x, at);
}
