/*
 * Errors: what went wrong, and where in the user's file.
 *
 * A call that can fail takes a `yg_error *` as its last argument and returns false or NULL. The
 * caller owns the struct and must clear it first: `yg_error error = {0};`. Nothing in it is to be
 * freed. NULL may be passed by a caller that does not need the error. The first failure is kept: a
 * later yg_fail() on the same struct changes nothing. So one struct can be passed along a chain of
 * calls.
 */
#ifndef YG_GRAPH_ERROR_H
#define YG_GRAPH_ERROR_H

#include <stdbool.h>
#include <stdint.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

typedef enum yg_code {
    YG_OK = 0,
    YG_ERROR_MEMORY,      /* an allocation failed, or a size does not fit */
    YG_ERROR_ARGUMENT,    /* a value out of range, a missing or unknown argument */
    YG_ERROR_SHAPE,       /* shapes that do not fit together */
    YG_ERROR_DTYPE,       /* an element type that the operation does not take */
    YG_ERROR_SYNTAX,      /* text that cannot be read */
    YG_ERROR_NAME,        /* an unknown, duplicate or unused name */
    YG_ERROR_IO,          /* a file that cannot be opened, read or written */
    YG_ERROR_DATA,        /* a file whose content does not fit the model */
    YG_ERROR_NUMERIC,     /* NaN or infinity where a finite number is needed */
    YG_ERROR_GRADIENT,    /* a derivative that does not exist */
    YG_ERROR_INTERRUPTED, /* the user asked to stop */
    YG_ERROR_INTERNAL,    /* a bug of ours, found by the verifier */
} yg_code;

/* A place in a text file. `line` and `column` count from 1. Line 0 means that no line is known,
 * column 0 that no column is. `file` is borrowed: a function that keeps an origin says how long it
 * must live. */
typedef struct yg_origin {
    const char *file;
    int32_t line;
    int32_t column;
} yg_origin;

/* The origin of an error that has no place in a file. */
#ifdef __cplusplus
#define YG_NOWHERE (yg_origin{})
#else
#define YG_NOWHERE ((yg_origin){0})
#endif

typedef struct yg_error {
    yg_code code;
    int32_t line;
    int32_t column;
    char file[256];     /* "" if the error has no place in a file */
    char message[1200]; /* one or more lines, without a newline at the end */
} yg_error;

/* Records a failure unless `error` already holds one. `format` and the arguments are printf's; a
 * text that is too long is cut. Always returns false, so that a caller can write `return
 * yg_fail(…);`. */
bool yg_fail(yg_error *error, yg_code code, yg_origin origin, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Records that an allocation failed. Always returns false. */
bool yg_fail_memory(yg_error *error);

/* Copies a failure, unless `to` already holds one. Always returns false. */
bool yg_fail_as(yg_error *to, const yg_error *from);

#ifdef __clang_analyzer__
/* Tells static analysers, which see one file at a time, that these functions return false. */
#define yg_fail(...)        (yg_fail(__VA_ARGS__), false)
#define yg_fail_memory(...) (yg_fail_memory(__VA_ARGS__), false)
#define yg_fail_as(...)     (yg_fail_as(__VA_ARGS__), false)
#endif

/* Writes "file:line:column: message" to `text`; parts of the place that are not known are left out.
 * The text is cut to `size` bytes, its NUL included. */
void yg_error_text(const yg_error *error, char *text, unsigned long size);

/* One or two words for a code: "shape error", "unknown name". A static string. */
const char *yg_code_name(yg_code code);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
