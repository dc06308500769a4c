/*
 * Spools: datasets that are too large for memory. Private to the library.
 *
 * While a source is read, its examples are written to a temporary file for each port, in the type
 * in which they would be held in memory. A run then reads that file, some rows at a time. So text
 * is parsed once and not in each epoch, and every kind of source works alike: pipes and compressed
 * files too, in which one cannot go to a row.
 *
 * The files stand in the folder that the environment variable TMPDIR names, or in /var/tmp. They
 * have no name there, so nothing is left behind if the process is killed.
 */
#ifndef YG_DATA_SPOOL_H
#define YG_DATA_SPOOL_H

#include "source.h"

typedef struct yg_spool {
    size_t port_count;
    int *files;                        /* by port; -1: the port is not read */
    int64_t memory;                    /* bytes that streams may use */
    const volatile sig_atomic_t *stop; /* while data are loaded: as yg_data.stop; then NULL */
    uint64_t *digests; /* by port: of all that was written. So they do not depend on how many
                        * examples were written at a time */
    struct yg_sequences
        *sequences; /* of all examples, while they are written; NULL: there are none */
} yg_spool;

/* NULL on failure. */
yg_spool *yg_spool_new(const yg_dataset *dataset, int64_t memory, yg_error *error);
void yg_spool_free(yg_spool *spool); /* NULL is allowed */
uint64_t yg_spool_digest(const yg_spool *spool);

/* Appends the first `count` examples that a dataset holds in memory; `before` were written. */
bool yg_spool_append(yg_spool *spool, const yg_dataset *dataset, int64_t count, int64_t before,
                     yg_error *error);
/* Reads or replaces elements of examples first .. first + count of a port; of sequences, of rows.
 */
bool yg_spool_read(const yg_dataset *dataset, size_t port, int64_t first, int64_t count, void *to,
                   yg_error *error);
bool yg_spool_replace(const yg_dataset *dataset, size_t port, int64_t first, int64_t count,
                      const void *from, yg_error *error);

/* Replaces all elements of a port by the numbers that they become, which must not be larger, and
 * frees their decoder. */
bool yg_spool_decode(yg_dataset *dataset, size_t port, yg_error *error);

/* ------------------------------------------------------------------------------- rows.c ------ */

/* One port's elements of the examples of a part, in order, in memory or not. All zeros besides
 * `part` and `port` in the beginning. */
typedef struct yg_rows {
    const yg_part *part;
    size_t port;
    int64_t at;   /* examples of the part (in memory) or of the dataset (in a file) so far */
    char *buffer; /* rows first .. first + count of a dataset in a file */
    int64_t first, count;
    int64_t length; /* rows of the example that was given last: 1, or those of its sequence */
    int64_t room;   /* of sequences: rows that the buffer has room for */
} yg_rows;

/* The elements of the part's next example, as they are held, valid until the next call. There must
 * be one. NULL on failure. */
const void *yg_rows_next(yg_rows *rows, yg_error *error);
/* The class that these elements are: the first one, a whole number. */
int64_t yg_rows_class(const yg_rows *rows, const void *at);
void yg_rows_free(yg_rows *rows); /* what it holds, not the struct */

#endif
