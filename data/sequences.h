/*
 * Sequences of differing length: `sequences: {by: patient, lengths: n}`. Private to the library.
 *
 * A port takes sequences if its dimension 1 is a name, as in [B, T, 3]; that name is the same in
 * all of them. An example has a row for each step of its sequence. Rows stand in memory or in a
 * file one after the other, without padding. They are padded when a batch is filled, to the longest
 * sequence of the batch. So T is decided by each batch.
 *
 * With `by`, a sequence is the rows of a table with one value of that column. The table is read,
 * transformed, split and standardised row by row, as any table. Only then do runs of rows become
 * sequences: see yg_sequences_apply(). Ports without T take what all rows of a sequence have in
 * common.
 *
 * Without `by`, a record is an example, and a cell is a sequence: the tokens of a text, for
 * example. Such a column gives any number of elements: see yg_column_kind.encode_list.
 */
#ifndef YG_DATA_SEQUENCES_H
#define YG_DATA_SEQUENCES_H

#include "source.h"

/* The rows of each example. */
typedef struct yg_sequences {
    int64_t count, capacity;
    int64_t *begins;  /* the first row */
    int32_t *lengths; /* how many of them are used */
    int64_t rows;     /* of all examples */
    /* While cells are read: */
    int64_t row_capacity; /* rows that the ports have room for */
    size_t list_count;
    yg_list *lists; /* by port: what a source gives of the last examples */
} yg_sequences;

/* The rows that a port's elements have: those of sequences, or one for each example. */
static inline int64_t yg_dataset_rows(const yg_dataset *dataset, size_t port) {
    return dataset->ports[port].ragged ? dataset->sequences->rows : dataset->count;
}

/* Room for what a source gives. NULL when out of memory. */
yg_sequences *yg_sequences_new(const yg_model *model, yg_error *error);
/* Forgets all examples. */
void yg_sequences_clear(yg_sequences *sequences);
/* Appends the examples of a chunk to those of a dataset, which gets room for their rows: at the end
 * of the ports that take sequences. */
bool yg_sequences_append(const yg_sequences *chunk, yg_dataset *to, yg_error *error);

/* Appends an example with rows begin .. begin + length. False when out of memory. */
bool yg_sequences_add(yg_sequences *sequences, int64_t begin, int64_t length, yg_error *error);
void yg_sequences_free(yg_sequences *sequences); /* the struct too; NULL is allowed */

/* The number of rows that a batch is padded to whose longest sequence has `length`: it is rounded
 * up to one of four sizes between two powers of two, so that a run needs few programs. */
int64_t yg_sequences_padded(const yg_sequencing *sequencing, int64_t length);

/* -------------------------------------------------------------------- sequence_section.c ----- */

extern const yg_setting_group yg_sequencing_settings; /* for settings.c */

/* Reads what the model's section says, and checks the shapes. All zeros if it has no `sequences`.
 */
bool yg_sequencing_read(const yg_model *model, yg_sequencing *sequencing, yg_error *error);

/* ----------------------------------------------------------------------- sequence_runs.c ----- */

/* Makes the runs of rows of each part its sequences, where the section has `sequences` with `by`.
 */
bool yg_sequences_apply(const yg_reading *reading, yg_error *error);

/* Appends the sequence of rows begin .. end, or as many of its rows as `max_length` leaves. `first`
 * is the number of row 0 in the data, for the message where there are too many. */
bool yg_sequences_add_run(const yg_reading *reading, yg_sequences *sequences, int64_t begin,
                          int64_t end, int64_t first, yg_error *error);

/* ---------------------------------------------------------------------- sequence_order.c ----- */

/* Puts examples of similar length beside each other. `order` has numbers of examples, in an order
 * drawn by seed. A hundred batches at a time are sorted by length and cut into batches again; then
 * the batches are shuffled. The last batch stays the last, because it may be smaller. */
typedef struct yg_buckets {
    int64_t batch; /* examples of a batch; 0: the order stays as it is */
    int64_t *room; /* [examples of the part] */
    uint64_t seed, key;
} yg_buckets;

void yg_buckets_sort(const yg_buckets *buckets, const yg_sequences *sequences, int64_t *order,
                     int64_t count);
/* Sorts by length alone; what is as long as another keeps its place. */
void yg_sequences_sort(const yg_sequences *sequences, int64_t *order, int64_t count, int64_t *room);

/* A cell that is no sequence as the port takes it. */
typedef struct yg_wrong_sequence {
    yg_place place;
    const yg_port *port;
} yg_wrong_sequence;

/* Fails because it has `length` rows: none, others than `before`, the number that another cell of
 * its row has (0: none has told), or more than `most`. */
bool yg_sequence_fail_length(const yg_wrong_sequence *wrong, int64_t length, int64_t before,
                             int64_t most, yg_error *error);
/* Fails because its `count` elements are no rows of `width`. */
bool yg_sequence_fail_steps(const yg_wrong_sequence *wrong, int64_t count, int64_t width,
                            yg_error *error);

/* ----------------------------------------------------------------------- sequence_rows.c ----- */

/* Fails where two rows of a sequence differ in a port without T. */
typedef struct yg_row_check {
    size_t port_count;
    char **last; /* by port: the elements of the row before; NULL: not needed yet */
} yg_row_check;

/* Takes in examples row .. row + count of a chunk, which are the table's records from number
 * `record` on. The first of them is the data's example number `example`. reading->runs knows all
 * runs that begin among them. */
bool yg_row_check_add(yg_row_check *check, const yg_reading *reading, const yg_table *table,
                      const yg_columns *columns, const yg_dataset *chunk, int64_t row,
                      int64_t record, int64_t count, int64_t example, yg_error *error);
void yg_row_check_free(yg_row_check *check); /* what it holds, not the struct */

#endif
