/*
 * Seats: see seats.h.
 */
#include "seats.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct yg_seats {
    /* The bit of each free seat. It and `waiting` are read and written in one order that all
     * threads see: a thread that waits has said so before it looks for a free seat once more, and
     * one that gives a seat back has done so before it looks whether anybody waits. So no seat is
     * left free while a thread sleeps. */
    _Atomic uint64_t free;
    atomic_int waiting;
    pthread_mutex_t lock;
    pthread_cond_t given;
};

yg_seats *yg_seats_new(int count, yg_error *error) {
    yg_seats *seats = malloc(sizeof *seats);
    if (!seats) {
        yg_fail_memory(error);
        return NULL;
    }
    atomic_init(&seats->free, count < 64 ? ((uint64_t)1 << count) - 1 : UINT64_MAX);
    atomic_init(&seats->waiting, 0);
    pthread_mutex_init(&seats->lock, NULL); /* neither can fail on Linux */
    pthread_cond_init(&seats->given, NULL);
    return seats;
}

void yg_seats_free(yg_seats *seats) {
    if (!seats)
        return;
    pthread_cond_destroy(&seats->given);
    pthread_mutex_destroy(&seats->lock);
    free(seats);
}

/* A free seat, or -1. */
static int try(yg_seats *seats) {
    uint64_t free = atomic_load(&seats->free);
    while (free)
        if (atomic_compare_exchange_weak(&seats->free, &free, free & (free - 1)))
            return __builtin_ctzll(free);
    return -1;
}

static int wait_for_one(yg_seats *seats) {
    int seat;
    pthread_mutex_lock(&seats->lock);
    atomic_fetch_add(&seats->waiting, 1);
    while ((seat = try(seats)) < 0)
        pthread_cond_wait(&seats->given, &seats->lock);
    atomic_fetch_sub(&seats->waiting, 1);
    pthread_mutex_unlock(&seats->lock);
    return seat;
}

int yg_seats_take(yg_seats *seats) {
    const int seat = try(seats);
    return seat >= 0 ? seat : wait_for_one(seats);
}

void yg_seats_give(yg_seats *seats, int seat) {
    atomic_fetch_or(&seats->free, (uint64_t)1 << seat);
    if (atomic_load(&seats->waiting) == 0)
        return;
    pthread_mutex_lock(&seats->lock); /* a thread that waits sleeps now, or has found the seat */
    pthread_cond_signal(&seats->given);
    pthread_mutex_unlock(&seats->lock);
}
