/*
 * zlib's functions. Private to the library.
 *
 * zlib is opened when it is first needed, and not linked: a program that reads no compressed file
 * starts without it, and a machine without it reads everything else.
 */
#ifndef YG_DATA_ZLIB_CALLS_H
#define YG_DATA_ZLIB_CALLS_H

#include "../graph/error.h"

#ifdef YG_ZLIB_SONAME
#include <zlib.h>

typedef struct yg_zlib {
    void *handle;
    __typeof__(inflateInit2_) *init;
    __typeof__(inflate) *inflate;
    __typeof__(inflateEnd) *end;
    __typeof__(inflateReset2) *reset;
    __typeof__(inflatePrime) *prime;
    __typeof__(inflateSetDictionary) *set_dictionary;
    __typeof__(inflateGetDictionary) *get_dictionary;
} yg_zlib;

/* `name` stands for the compressed file in messages. */
bool yg_zlib_open(yg_zlib *zlib, const char *name, yg_error *error);
void yg_zlib_close(yg_zlib *zlib); /* also after a failure */

#endif

/* Fails because the library was built without zlib. Always returns false. */
bool yg_zlib_fail(const char *name, yg_error *error);

#endif
