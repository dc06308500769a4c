/*
 * Scanning CSV text by several threads. Private to the library.
 *
 * The bytes are cut into lanes behind line ends, and each thread scans one. That a record begins at
 * the cut is a guess: the line end may stand in a quoted cell. It is right if the scan of all
 * before ends there. Otherwise the lane is thrown away, and its bytes are scanned again. So the
 * records do not depend on the number of threads.
 *
 * A thread should also use the cells that it has found: they, and the text, are in its core's
 * cache.
 */
#ifndef YG_DATA_CSV_LANES_H
#define YG_DATA_CSV_LANES_H

#include "../graph/threads.h"
#include "csv_scan.h"

enum { YG_CSV_LANES = 4 };

/* All zeros are none. */
typedef struct yg_csv_lanes {
    yg_csv_scan lanes[YG_CSV_LANES];
    size_t count, next;          /* lanes[next .. count) have not been taken */
    size_t starts[YG_CSV_LANES]; /* the byte that each begins at */
    double cell_bytes;           /* of a cell, on average; 0: not known */
} yg_csv_lanes;

/* Scans the bytes behind the finished records of `scan`, if they are many. No lane may be left. */
void yg_csv_lanes_run(yg_csv_lanes *lanes, const yg_csv_scan *scan, yg_threads *threads);

/* Takes the records of the next lane into `scan`, which must have no finished ones. False if there
 * is none, or the guess was wrong: then no lane is left, and `scan` goes on by itself. */
bool yg_csv_lanes_take(yg_csv_lanes *lanes, yg_csv_scan *scan);

/* The k-th lane that will be taken after `scan`, from 1; NULL: there is none. */
const yg_csv_scan *yg_csv_lanes_peek(const yg_csv_lanes *lanes, const yg_csv_scan *scan, size_t k);

/* Forgets all lanes. */
void yg_csv_lanes_drop(yg_csv_lanes *lanes);
void yg_csv_lanes_free(yg_csv_lanes *lanes); /* what it holds, not the struct */

#endif
