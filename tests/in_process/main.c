/*
 * Runs the tests of a suite in this process: see criterion/criterion.h.
 * usage: SUITE [PART-OF-A-NAME]
 */
#include "criterion/criterion.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { TESTS_MAX = 200 };

static struct {
    const char *suite, *name;
    void (*run)(void);
} tests[TESTS_MAX];

static size_t test_count;
static jmp_buf end_of_test;
static pthread_t runner;
static bool failed;

void in_process_add(const char *suite, const char *name, void (*run)(void)) {
    if (test_count == TESTS_MAX)
        abort();
    tests[test_count].suite = suite;
    tests[test_count].name = name;
    tests[test_count++].run = run;
}

void in_process_check(bool good, bool fatal, const char *file, int line, const char *what,
                      const char *format, ...) {
    if (good)
        return;
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s:%d: %s", file, line, what);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    failed = true;
    if (fatal && !pthread_equal(pthread_self(), runner))
        exit(1); /* another thread cannot end the test */
    if (fatal)
        longjmp(end_of_test, 1);
}

/* Whether a test passes. A fatal check comes back here. */
static bool passes(size_t number) {
    failed = false;
    if (setjmp(end_of_test) == 0)
        tests[number].run();
    printf("%s %s/%s\n", failed ? "FAIL" : "pass", tests[number].suite, tests[number].name);
    fflush(stdout);
    return !failed;
}

int main(int argc, char **argv) {
    size_t done = 0, good = 0;
    runner = pthread_self();
    for (size_t i = 0; i < test_count; i++) {
        if (argc > 1 && !strstr(tests[i].name, argv[1]))
            continue;
        done++;
        good += passes(i);
    }
    printf("%zu passed, %zu failed\n", good, done - good);
    return good < done || !done;
}
