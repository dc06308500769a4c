/*
 * Criterion's macros without its sandbox: all tests of a suite run in one process, one after the
 * other.
 *
 * Criterion runs each test in a process whose memory it lays out itself. ThreadSanitizer lays out
 * memory too, and the two cannot agree. So a build with it reads this header in place of
 * Criterion's. It has only the macros that suites with threads use.
 */
#ifndef YG_TESTS_IN_PROCESS_H
#define YG_TESTS_IN_PROCESS_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Called before main(), once a test. */
void in_process_add(const char *suite, const char *name, void (*run)(void));
/* Notes a failure and prints the message; a fatal one ends the test. */
void in_process_check(bool good, bool fatal, const char *file, int line, const char *what,
                      const char *format, ...) __attribute__((format(printf, 6, 7)));

#define Test(suite, name, ...)                                                                     \
    static void suite##_##name##_run(void);                                                        \
    __attribute__((constructor)) static void suite##_##name##_add(void) {                          \
        in_process_add(#suite, #name, suite##_##name##_run);                                       \
    }                                                                                              \
    static void suite##_##name##_run(void)

#define IN_PROCESS_CHECK(fatal, condition, text, ...)                                              \
    in_process_check((condition), fatal, __FILE__, __LINE__, text, " " __VA_ARGS__)

#define cr_assert(a, ...)          IN_PROCESS_CHECK(true, a, #a, __VA_ARGS__)
#define cr_assert_not(a, ...)      IN_PROCESS_CHECK(true, !(a), "!" #a, __VA_ARGS__)
#define cr_assert_eq(a, b, ...)    IN_PROCESS_CHECK(true, (a) == (b), #a " == " #b, __VA_ARGS__)
#define cr_assert_neq(a, b, ...)   IN_PROCESS_CHECK(true, (a) != (b), #a " != " #b, __VA_ARGS__)
#define cr_assert_lt(a, b, ...)    IN_PROCESS_CHECK(true, (a) < (b), #a " < " #b, __VA_ARGS__)
#define cr_assert_leq(a, b, ...)   IN_PROCESS_CHECK(true, (a) <= (b), #a " <= " #b, __VA_ARGS__)
#define cr_assert_gt(a, b, ...)    IN_PROCESS_CHECK(true, (a) > (b), #a " > " #b, __VA_ARGS__)
#define cr_assert_geq(a, b, ...)   IN_PROCESS_CHECK(true, (a) >= (b), #a " >= " #b, __VA_ARGS__)
#define cr_assert_null(a, ...)     IN_PROCESS_CHECK(true, (a) == NULL, #a " is NULL", __VA_ARGS__)
#define cr_assert_not_null(a, ...) IN_PROCESS_CHECK(true, (a) != NULL, #a, __VA_ARGS__)
#define cr_assert_str_eq(a, b, ...)                                                                \
    IN_PROCESS_CHECK(true, strcmp(a, b) == 0, #a " is " #b, __VA_ARGS__)
#define cr_assert_float_eq(a, b, e, ...)                                                           \
    IN_PROCESS_CHECK(true, fabs((double)(a) - (double)(b)) <= (double)(e), #a " ~ " #b, __VA_ARGS__)

#define cr_expect(a, ...)          IN_PROCESS_CHECK(false, a, #a, __VA_ARGS__)
#define cr_expect_not(a, ...)      IN_PROCESS_CHECK(false, !(a), "!" #a, __VA_ARGS__)
#define cr_expect_eq(a, b, ...)    IN_PROCESS_CHECK(false, (a) == (b), #a " == " #b, __VA_ARGS__)
#define cr_expect_neq(a, b, ...)   IN_PROCESS_CHECK(false, (a) != (b), #a " != " #b, __VA_ARGS__)
#define cr_expect_lt(a, b, ...)    IN_PROCESS_CHECK(false, (a) < (b), #a " < " #b, __VA_ARGS__)
#define cr_expect_leq(a, b, ...)   IN_PROCESS_CHECK(false, (a) <= (b), #a " <= " #b, __VA_ARGS__)
#define cr_expect_gt(a, b, ...)    IN_PROCESS_CHECK(false, (a) > (b), #a " > " #b, __VA_ARGS__)
#define cr_expect_geq(a, b, ...)   IN_PROCESS_CHECK(false, (a) >= (b), #a " >= " #b, __VA_ARGS__)
#define cr_expect_null(a, ...)     IN_PROCESS_CHECK(false, (a) == NULL, #a " is NULL", __VA_ARGS__)
#define cr_expect_not_null(a, ...) IN_PROCESS_CHECK(false, (a) != NULL, #a, __VA_ARGS__)
#define cr_expect_str_eq(a, b, ...)                                                                \
    IN_PROCESS_CHECK(false, strcmp(a, b) == 0, #a " is " #b, __VA_ARGS__)
#define cr_expect_float_eq(a, b, e, ...)                                                           \
    IN_PROCESS_CHECK(false, fabs((double)(a) - (double)(b)) <= (double)(e), #a " ~ " #b,           \
                     __VA_ARGS__)
#define cr_expect_arr_eq(a, b, size, ...)                                                          \
    IN_PROCESS_CHECK(false, memcmp(a, b, size) == 0, #a " is " #b, __VA_ARGS__)
#define cr_assert_arr_eq(a, b, size, ...)                                                          \
    IN_PROCESS_CHECK(true, memcmp(a, b, size) == 0, #a " is " #b, __VA_ARGS__)
#define cr_assert_fail(...) IN_PROCESS_CHECK(true, false, "fail", __VA_ARGS__)
#define cr_log_info(...)    ((void)0)
#define cr_skip_test(...)   return

#endif
