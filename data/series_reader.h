/*
 * Windows over the rows of a reader, while the rows arrive. Private to the library.
 *
 * A window can be given as soon as its last row has come. Only the rows that the next window needs
 * are kept, so a table of any length takes constant memory. The windows, and their order, are those
 * of yg_series_apply() over the whole table. They are without targets, for predict.
 */
#ifndef YG_DATA_SERIES_READER_H
#define YG_DATA_SERIES_READER_H

#include "read_ahead.h"

typedef struct yg_series_reader yg_series_reader;

/* Gives at most `limit` windows at a time. The reading has `runs`, is `eager`, and stays the
 * caller's, as the reader does; both must outlive it. `name` stands for the table in messages. NULL
 * on failure. */
yg_series_reader *yg_series_reader_new(const yg_reading *reading, yg_reader *reader,
                                       const char *name, int64_t limit, yg_error *error);

/* Its windows, a batch at a time. None, and `paused`: rows have come that complete no window, and
 * others must be waited for. None otherwise: this is the end. A table without a window fails there.
 */
yg_batch_source yg_series_reader_batches(yg_series_reader *s);
void yg_series_reader_free(yg_series_reader *s); /* NULL is allowed */

#endif
