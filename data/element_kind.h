/*
 * The types of elements that files of arrays hold: more than a network computes in. One table
 * (element_kind.c) says how each format names them, so that all readers and writers know the same
 * types. Private to the library.
 */
#ifndef YG_DATA_ELEMENT_KIND_H
#define YG_DATA_ELEMENT_KIND_H

#include "../graph/type.h"

typedef struct yg_element_kind {
    char kind;    /* 'b' bool, 'i' signed, 'u' unsigned, 'f' floating point, 'g' bfloat16: the
                   * upper half of an f32 */
    int size;     /* bytes */
    bool swapped; /* the other byte order than this machine's */
} yg_element_kind;

/* A row of the table. */
typedef struct yg_element_format {
    char kind;
    int size;
    int dtype;               /* the yg_dtype that is the same; -1: no network computes in it */
    const char *name;        /* in messages: "u8" */
    const char *numpy;       /* as NumPy names it, without the byte order; NULL: it has none */
    const char *safetensors; /* as safetensors name it; NULL: they have none */
    unsigned char idx;       /* the code in an IDX file; 0: it has none */
} yg_element_format;

/* Each is NULL where the format knows no such type. */
const yg_element_format *yg_element_of_numpy(const char *name);
const yg_element_format *yg_element_of_safetensors(const char *name);
const yg_element_format *yg_element_of_idx(unsigned char code);
/* That of a network's type; there is one of each. */
const yg_element_format *yg_element_of_dtype(yg_dtype dtype);

/* The names that safetensors have for all types of the table, or only for those that a network
 * computes in: "BOOL, U8, I8, …". Returns `text`. */
const char *yg_element_known(bool computed, char *text, size_t size);

/* "u8", "bf16" */
const char *yg_element_name(const yg_element_kind *kind);

/* Element `index` of raw bytes, as a number. A whole number of more than 53 bits is rounded. */
double yg_element_number(const yg_element_kind *kind, const void *bytes, int64_t index);
/* The same as a whole number. False if it is none that fits. */
bool yg_element_whole(const yg_element_kind *kind, const void *bytes, int64_t index,
                      int64_t *value);

#endif
