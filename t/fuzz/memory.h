/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file memory.h
 * @brief What the fuzzers know of memory.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include <apr_pools.h>

#include <stdio.h>
#include <stdlib.h>

#define must(test, ...)                                                        \
    do {                                                                       \
        if (!(test)) {                                                         \
            fprintf(stderr, "\n# %s:%d: not so: ", __FILE__, __LINE__);        \
            fprintf(stderr, __VA_ARGS__);                                      \
            fprintf(stderr, "\n");                                             \
            abort();                                                           \
        }                                                                      \
    } while (0)

/** The pool of one input; NULL: there is none yet. */
extern apr_pool_t *scratch;

/** Bytes of malloc now, and the most of them since somebody set it. */
extern size_t live, peak;

/** Begin to count them. */
void watch_memory(void);

#endif /* MEMORY_H */
