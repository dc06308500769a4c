/*
 * The runner's protocol: see protocol.h.
 */
#include "protocol.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

bool read_count(const char *text, long min, long max, long *out) {
    char *end;
    errno = 0;
    *out = strtol(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && *out >= min && *out <= max;
}

static bool repeat(long count, repetition once, void *context, double *seconds, yg_error *error) {
    const double start = now();
    for (long i = 0; i < count; i++) {
        if (!once(context, error))
            return false;
    }
    *seconds = now() - start;
    return true;
}

bool serve(const char *version, const double *check, size_t count, double round_seconds,
           repetition once, void *context, yg_error *error) {
    long repetitions = 1;
    double seconds;
    char line[16];

    if (!repeat(1, once, context, &seconds, error))
        return false;
    while (seconds < round_seconds / 2) {
        repetitions *= 2;
        if (!repeat(repetitions, once, context, &seconds, error))
            return false;
    }
    repetitions = (long)((double)repetitions * round_seconds / seconds);
    if (repetitions < 1)
        repetitions = 1;

    printf("{\"ready\": true, \"version\": \"%s\", \"check\": [", version);
    for (size_t i = 0; i < count; i++)
        printf("%s%.9g", i == 0 ? "" : ", ", check[i]);
    printf("]}\n");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        if (strcmp(line, "run\n") != 0)
            continue;
        if (!repeat(repetitions, once, context, &seconds, error))
            return false;
        printf("{\"seconds\": %.9g}\n", seconds / (double)repetitions);
        fflush(stdout);
    }
    return true;
}

int report_error(const yg_error *error) {
    char text[1600];
    yg_error_text(error, text, sizeof text);
    printf("{\"error\": \"");
    for (const char *c = text; *c; c++) {
        if ((unsigned char)*c < ' ')
            putchar(' ');
        else
            printf(*c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
    }
    printf("\"}\n");
    return EXIT_FAILURE;
}
