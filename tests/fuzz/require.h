/*
 * What every failure promises: a code that is no bug of ours, and a message. Aborts otherwise, for
 * the fuzzer to keep the input.
 */
#ifndef YG_TESTS_FUZZ_REQUIRE_H
#define YG_TESTS_FUZZ_REQUIRE_H

#include "graph/error.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static inline void require(bool holds, const char *what) {
    if (holds)
        return;
    fprintf(stderr, "broken promise: %s\n", what);
    abort();
}

static inline void require_failure(const yg_error *error) {
    if (error->code == YG_OK || error->code == YG_ERROR_INTERNAL || error->message[0] == '\0')
        fprintf(stderr, "code %d: '%s'\n", (int)error->code, error->message);
    require(error->code != YG_OK, "a failure has a code");
    require(error->code != YG_ERROR_INTERNAL, "no input shows a bug of ours");
    require(error->message[0] != '\0', "a failure has a message");
}

#endif
