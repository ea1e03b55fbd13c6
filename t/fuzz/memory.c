/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Pools of which each allocation is one of malloc, with a fence behind it, and
 * how much of it there is. */

#include "memory.h"

#include <apr_strings.h>

#include <dlfcn.h>
#include <sanitizer/allocator_interface.h>
#include <sanitizer/asan_interface.h>
#include <stdarg.h>
#include <string.h>

apr_pool_t *scratch;
size_t live, peak;

/* Each allocation from scratch, or from a pool below it, is one of malloc; it
 * ends with its pool.  A fence is behind it: the sanitizer stops what we write
 * there, and what APR does, which is built without, is seen when it is freed.
 */
static struct block_t {
    apr_pool_t *owner;
    unsigned char *at;
    size_t size;
} * blocks;
static size_t blocks_used, blocks_made;

#define FENCE_OF(size) (16 - (size) % 8)
#define FENCE 0xa5

static void on_malloc(const volatile void *block, size_t size)
{
    (void)block;
    live += size;
    peak = peak < live ? live : peak;
}

static void on_free(const volatile void *block)
{
    live -= __sanitizer_get_allocated_size((const void *)block);
}

static void *fenced(struct block_t *block, size_t size)
{
    block->at = malloc(size + FENCE_OF(size));
    block->size = size;
    memset(block->at + size, FENCE, FENCE_OF(size));
    __asan_poison_memory_region(block->at + size, FENCE_OF(size));
    return block->at;
}

static void release(const struct block_t *block)
{
    const unsigned char *fence = block->at + block->size;

    __asan_unpoison_memory_region(fence, FENCE_OF(block->size));
    for (size_t i = 0; i < FENCE_OF(block->size); i++) {
        must(fence[i] == FENCE, "%zu bytes are enough for what is written",
             block->size);
    }
    free(block->at);
}

/* In place of APR's own, as the next. */
void *apr_palloc(apr_pool_t *p, apr_size_t size)
{
    static void *(*palloc)(apr_pool_t *, apr_size_t);

    if (!palloc) {
        *(void **)&palloc = dlsym(RTLD_NEXT, "apr_palloc");
    }
    if (!scratch || !apr_pool_is_ancestor(scratch, p)) {
        return palloc(p, size);
    }
    if (blocks_used == blocks_made) {
        blocks_made = 2 * blocks_made + 1024;
        blocks = realloc(blocks, blocks_made * sizeof(*blocks));
    }
    blocks[blocks_used].owner = p;
    return fenced(&blocks[blocks_used++], size);
}

/* Ends what was allocated from a pool and from those below it. */
static void end(const char *how, apr_pool_t *p)
{
    void (*real)(apr_pool_t *);
    size_t kept = 0;

    for (size_t i = 0; i < blocks_used; i++) {
        if (apr_pool_is_ancestor(p, blocks[i].owner)) {
            blocks[i].owner = p;
        }
    }
    *(void **)&real = dlsym(RTLD_NEXT, how);
    real(p);
    for (size_t i = 0; i < blocks_used; i++) {
        if (blocks[i].owner == p) {
            release(&blocks[i]);
        }
        else {
            blocks[kept++] = blocks[i];
        }
    }
    blocks_used = kept;
}

void apr_pool_clear(apr_pool_t *p)
{
    end("apr_pool_clear", p);
}

void apr_pool_destroy(apr_pool_t *p)
{
    end("apr_pool_destroy", p);
}

char *apr_pvsprintf(apr_pool_t *p, const char *fmt, va_list args)
{
    va_list again;
    char *text;
    int len;

    va_copy(again, args);
    len = apr_vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    text = apr_palloc(p, len + 1);
    apr_vsnprintf(text, len + 1, fmt, args);
    return text;
}

void watch_memory(void)
{
    __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
}
