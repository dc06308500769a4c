/*
 * From records of a table to elements of ports, by one or several threads. Private to the library.
 *
 * Threads share the rows of columns whose encoding depends on the cell alone. The elements are the
 * same for any number of threads, and so is the cell that is refused: the first of the file.
 */
#ifndef YG_DATA_TABLE_ENCODE_H
#define YG_DATA_TABLE_ENCODE_H

#include "../graph/threads.h"
#include "column.h"

typedef struct yg_table_encoder {
    const yg_columns *columns; /* of each port */
    size_t port_count;
    size_t stride;       /* columns of the table */
    yg_threads *threads; /* NULL: the calling thread works alone */
} yg_table_encoder;

/* A cell that was refused: columns[port].columns[entry], in record `record`. */
typedef struct yg_refusal {
    int64_t record;
    size_t port, entry;
} yg_refusal;

/* Some records, and the example of the chunk that the first of them becomes. */
typedef struct yg_piece {
    yg_records records;
    int64_t row;
    yg_refusal refusal; /* its `record` is the number of records: none was refused */
} yg_piece;

/* Whether a column is costly, so that few records are worth several threads. */
bool yg_table_is_costly(const yg_table_encoder *encoder);

/* Encodes pieces, a thread each, as far as they can be shared. Those behind one with a refusal may
 * be encoded in part. */
void yg_table_encode_pieces(const yg_table_encoder *encoder, yg_piece *pieces, size_t count,
                            const yg_dataset *chunk);

/* Encodes records as examples of the chunk, from `row` on. False if one was refused. */
bool yg_table_encode(const yg_table_encoder *encoder, const yg_records *records,
                     const yg_dataset *chunk, int64_t row, yg_refusal *refusal);

#endif
