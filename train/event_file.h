/*
 * Files of events as TensorBoard reads them: losses, metrics and the learning rate over steps.
 * Private to train/.
 *
 * Such a file only grows, so that TensorBoard can follow a run. A start of a run that goes on
 * begins a new file, whose first event takes back those of later steps: steps that an earlier start
 * has done, but not saved.
 *
 * A file is a list of records: the length of the data (8 bytes), its checksum (4), the data, their
 * checksum (4), numbers with the lowest byte first. The checksum is CRC-32C, rotated and shifted.
 * The data are an `Event` of TensorFlow's event.proto, in the encoding of Protocol Buffers.
 */
#ifndef YG_TRAIN_EVENT_FILE_H
#define YG_TRAIN_EVENT_FILE_H

#include "history.h"

typedef struct yg_event_file {
    char *path;     /* NULL: no event has been written */
    size_t written; /* lines of the history that are in a file */
    size_t steps;   /* its steps that are in a file */
} yg_event_file;

/* Appends the lines of the history that no file has yet to a file in the folder, which is made.
 * `resumed`: the first `written` lines are in the file of an earlier start. False on failure: the
 * file is then as it was before. */
bool yg_event_file_write(yg_event_file *file, const yg_history *history, const char *folder,
                         bool resumed, yg_error *error);
void yg_event_file_free(yg_event_file *file); /* what it holds, not the struct */

#endif
