/*
 * Decoders: from elements as an array file has them to the numbers that a network reads. Private to
 * the library.
 *
 * An image takes a byte a pixel, and a network reads 4. So bytes stay bytes in memory, and become
 * numbers when a batch is filled. The numbers are the same to the bit as if all had been computed
 * at once: `transform` and `standardize` in f64, then rounded once.
 *
 * A byte has 256 values, and two bytes have 65,536. So a decoder looks them up in a table, in which
 * the conversion and the formula have been applied to each value.
 *
 * A decoder does not change once its dataset is read, so that several threads may use it.
 */
#ifndef YG_DATA_DECODER_H
#define YG_DATA_DECODER_H

#include "npy.h"
#include "source.h"

typedef struct yg_decoder {
    yg_element_kind kind; /* of the elements that are held */
    yg_dtype dtype;       /* of the numbers that they become */
    int64_t width;
    size_t value_count; /* entries of the tables; 0: there is none, the elements are f32, or f64
                         * that are to be standardised */
    double *numbers;    /* what each value is after the formula; NULL where the port is no float */
    void *table;        /* the same as `dtype` */
    const double *mean; /* [width]; NULL: not standardised. They belong to the encoding */
    const double *deviation;
} yg_decoder;

/* Whether elements of that kind should be held as they are: it saves memory, and a decoder knows
 * them. */
bool yg_decoder_fits(const yg_reading *reading, size_t port, const yg_element_kind *kind);

/* NULL on failure; freed by yg_decoder_free(). */
yg_decoder *yg_decoder_new(const yg_reading *reading, size_t port, const yg_element_kind *kind,
                           yg_error *error);
void yg_decoder_free(yg_decoder *decoder); /* NULL is allowed */

/* The value of an element, as an index of the tables. */
size_t yg_decoder_value(const yg_decoder *decoder, const void *bytes, int64_t index);

/* Fails where a value is none that the network can read after formula and rounding. To be called
 * once for each value that there is; `element` is the first that has it, of all that are read, for
 * the message. */
bool yg_decoder_check(const yg_decoder *decoder, const yg_reading *reading, size_t port,
                      size_t value, int64_t element, yg_error *error);

/* Takes over the mean and deviation of a port that is standardised, once they are known. Fails
 * where an element would be too large for its type. Elements that are as large as the numbers that
 * they become are replaced by these, and the decoder is freed. */
bool yg_decoder_settle(const yg_reading *reading, yg_dataset *dataset, size_t port,
                       yg_error *error);

/* The numbers of `count` examples. */
void yg_decode(const yg_decoder *decoder, const void *bytes, int64_t count, void *to);
/* The same before standardisation, in f64: for a port of floats. */
void yg_decode_numbers(const yg_decoder *decoder, const void *bytes, int64_t count, double *to);

/* Bytes of one element as it is held. */
size_t yg_elements_size(const yg_elements *elements);

#endif
