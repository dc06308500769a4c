/*
 * Sequences of rows with one value of a column, while the rows arrive. Private to the library.
 *
 * A sequence can be given when a row of the next one has come, or the end. Only the rows of
 * sequences that are not given yet are kept, so memory holds a batch and the longest sequence,
 * whatever the length of the table. The sequences, and their order, are those of
 * yg_sequences_apply() over the whole table. They are without targets, for predict.
 */
#ifndef YG_DATA_SEQUENCE_READER_H
#define YG_DATA_SEQUENCE_READER_H

#include "read_ahead.h"

typedef struct yg_sequence_reader yg_sequence_reader;

/* Gives at most `limit` sequences at a time. The reading has `runs`, is `eager`, and stays the
 * caller's, as the reader does; both must outlive it. `name` stands for the table in messages.
 * `by_step`: texts are kept of each row that a sequence has; otherwise of its last one. NULL on
 * failure. */
yg_sequence_reader *yg_sequence_reader_new(const yg_reading *reading, yg_reader *reader,
                                           const char *name, int64_t limit, bool by_step,
                                           yg_error *error);

/* Its sequences, a batch at a time. None, and `paused`: rows have come that end no sequence, and
 * others must be waited for. None otherwise: this is the end. A table without a row fails there. */
yg_batch_source yg_sequence_reader_batches(yg_sequence_reader *s);
void yg_sequence_reader_free(yg_sequence_reader *s); /* NULL is allowed */

#endif
