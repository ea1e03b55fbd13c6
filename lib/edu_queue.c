/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Threads that wait for one of them to do what all came for. */

#include "edu_private.h"

#include <apr_tables.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <apr_thread_proc.h>

struct edu_queue_t {
    apr_thread_mutex_t *mutex;  /* over all below */
    apr_array_header_t *idle;   /* apr_thread_cond_t *, for who comes to wait */
    edu_place_t *first, **last; /* who waits */
    int leaders, most;          /* how many lead, and may */
};

apr_status_t edu__queue_create(edu_queue_t **queue, apr_pool_t *p)
{
    *queue = apr_pcalloc(p, sizeof(**queue));
    (*queue)->last = &(*queue)->first;
    (*queue)->most = 1;
    apr_pool_create(&p, p); /* not thread-safe: used with the mutex only */
    (*queue)->idle = apr_array_make(p, 64, sizeof(apr_thread_cond_t *));
    return apr_thread_mutex_create(&(*queue)->mutex, APR_THREAD_MUTEX_DEFAULT,
                                   p);
}

/* The first of those that wait, who then wait no more; with the mutex. */
static edu_place_t *dequeue(edu_queue_t *queue, int most)
{
    edu_place_t *places = queue->first, **end = &places;

    while (*end && most--) {
        end = &(*end)->next;
    }
    queue->first = *end;
    *end = NULL;
    if (!queue->first) {
        queue->last = &queue->first;
    }
    return places;
}

/* Whether one still was there to go. */
static int withdraw(edu_queue_t *queue, const edu_place_t *own)
{
    edu_place_t **at = &queue->first;

    while (*at && *at != own) {
        at = &(*at)->next;
    }
    if (!*at) {
        return 0;
    }
    *at = own->next;
    if (queue->last == &own->next) {
        queue->last = at;
    }
    return 1;
}

/* With the mutex.  Who is led already has to stay. */
static apr_status_t wait_for_news(edu_queue_t *queue, edu_place_t *own,
                                  apr_time_t until)
{
    *queue->last = own;
    queue->last = &own->next;
    own->waits = 1;
    while (own->waits) {
        apr_interval_time_t left = until - apr_time_now();

        if (left > 0) {
            apr_thread_cond_timedwait(own->news, queue->mutex, left);
        }
        else if (withdraw(queue, own)) {
            return APR_TIMEUP;
        }
        else {
            apr_thread_cond_wait(own->news, queue->mutex);
        }
    }
    return APR_SUCCESS;
}

apr_status_t edu__queue_up(edu_queue_t *queue, edu_place_t *own,
                           apr_time_t until)
{
    apr_thread_cond_t **idle;
    apr_status_t rv = APR_SUCCESS;

    apr_thread_mutex_lock(queue->mutex);
    if (queue->leaders < queue->most) {
        queue->leaders++;
        own->leads = 1;
    }
    else if ((idle = apr_array_pop(queue->idle))) {
        own->news = *idle;
    }
    else {
        rv = apr_thread_cond_create(&own->news, queue->idle->pool);
    }
    if (!rv && own->news) {
        rv = wait_for_news(queue, own, until);
        APR_ARRAY_PUSH(queue->idle, apr_thread_cond_t *) = own->news;
    }
    apr_thread_mutex_unlock(queue->mutex);
    return rv;
}

int edu__queue_is_empty(edu_queue_t *queue)
{
    int empty;

    apr_thread_mutex_lock(queue->mutex);
    empty = !queue->first;
    apr_thread_mutex_unlock(queue->mutex);
    return empty;
}

/* Who is about to come does so first: on a busy machine more of them then wait,
 * and on an idle one it takes no time. */
void edu__queue_take(edu_queue_t *queue, edu_place_t *own)
{
    apr_thread_yield();
    apr_thread_mutex_lock(queue->mutex);
    own->next = dequeue(queue, EDU_QUEUE_MAX - 1);
    apr_thread_mutex_unlock(queue->mutex);
}

static apr_thread_cond_t *tell(edu_place_t *place, int leads)
{
    place->leads = leads;
    place->waits = 0;
    return place->news;
}

/* Who was told is gone as soon as the mutex is free, and who is woken before
 * would wait for that. */
void edu__queue_leave(edu_queue_t *queue, edu_place_t *own, int most)
{
    apr_thread_cond_t *news[EDU_QUEUE_MAX];
    edu_place_t *place;
    int n = 0;

    apr_thread_mutex_lock(queue->mutex);
    queue->leaders--;
    queue->most = most;
    place = queue->leaders < most ? dequeue(queue, 1) : NULL;
    if (place) {
        queue->leaders++;
        news[n++] = tell(place, 1);
    }
    for (place = own->next; place; place = place->next) {
        news[n++] = tell(place, 0);
    }
    apr_thread_mutex_unlock(queue->mutex);
    for (int i = 0; i < n; i++) {
        apr_thread_cond_signal(news[i]);
    }
}
