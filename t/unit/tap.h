/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file tap.h
 * @brief The Test Anything Protocol for one program: TAP_MAIN runs its cases.
 */
#ifndef TAP_H
#define TAP_H

#include <apr_general.h>
#include <apr_pools.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int tap_run, tap_failed;

/* One test; returns whether it passed. */
static int tap_test(int passed, const char *file, int line, const char *fmt,
                    ...) __attribute__((format(printf, 4, 5)));

static int tap_test(int passed, const char *file, int line, const char *fmt,
                    ...)
{
    va_list args;

    printf("%sok %d - ", passed ? "" : "not ", ++tap_run);
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
    printf("\n");
    if (!passed) {
        tap_failed++;
        fprintf(stderr, "# test %d failed at %s:%d\n", tap_run, file, line);
    }
    return passed;
}

/* NULL is a value of its own. */
static int tap_same(const char *got, const char *want)
{
    return got && want ? strcmp(got, want) == 0 : got == want;
}

static inline void tap_is_str(const char *got, const char *want,
                              const char *file, int line, const char *what)
{
    if (!tap_test(tap_same(got, want), file, line, "%s", what)) {
        fprintf(stderr, "#   got %s\n#  want %s\n", got ? got : "NULL",
                want ? want : "NULL");
    }
}

static inline void tap_is_int(long long got, long long want, const char *file,
                              int line, const char *what)
{
    if (!tap_test(got == want, file, line, "%s", what)) {
        fprintf(stderr, "#   got %lld\n#  want %lld\n", got, want);
    }
}

#define ok(test, ...) tap_test(!!(test), __FILE__, __LINE__, __VA_ARGS__)
#define is_str(got, want, what)                                                \
    tap_is_str((got), (want), __FILE__, __LINE__, (what))
#define is_int(got, want, what)                                                \
    tap_is_int((got), (want), __FILE__, __LINE__, (what))

/* Runs TESTS(pool) and states the plan, so that a program that dies early is
 * seen to have died. */
#define TAP_MAIN(tests)                                                        \
    int main(void)                                                             \
    {                                                                          \
        apr_pool_t *pool;                                                      \
                                                                               \
        setvbuf(stdout, NULL, _IOLBF, 0);                                      \
        apr_initialize();                                                      \
        apr_pool_create(&pool, NULL);                                          \
        tests(pool);                                                           \
        apr_pool_destroy(pool);                                                \
        apr_terminate();                                                       \
        printf("1..%d\n", tap_run);                                            \
        return tap_failed || !tap_run;                                         \
    }

#endif /* TAP_H */
