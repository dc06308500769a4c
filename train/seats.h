/*
 * Seats: numbers that threads take and give back, so that each is held by one thread at a time.
 * Private to train/.
 *
 * Taking and giving cost an atomic operation each where a seat is free. Where none is, a thread
 * sleeps until one is given back.
 */
#ifndef YG_TRAIN_SEATS_H
#define YG_TRAIN_SEATS_H

#include "../graph/error.h"

typedef struct yg_seats yg_seats;

/* Seats 0 .. count, which is 64 at most. NULL on failure. */
yg_seats *yg_seats_new(int count, yg_error *error);
void yg_seats_free(yg_seats *seats); /* NULL is allowed; no seat may be taken */

int yg_seats_take(yg_seats *seats);
void yg_seats_give(yg_seats *seats, int seat);

#endif
