/*
 * Scanning CSV text by several threads: see csv_lanes.h.
 */
#include "csv_lanes.h"

#include <string.h>

/* A lane is worth its thread from LEAST bytes on. Its cells should fit into a core's own cache. */
enum { LEAST = 32 * 1024, CELLS = 20 * 1024 };

void yg_csv_lanes_drop(yg_csv_lanes *lanes) {
    lanes->count = lanes->next = 0;
}

void yg_csv_lanes_free(yg_csv_lanes *lanes) {
    for (size_t i = 0; i < YG_CSV_LANES; i++)
        yg_csv_scan_free(&lanes->lanes[i]);
    *lanes = (yg_csv_lanes){0};
}

/* Makes `lane` begin at a byte of `scan`, where a record begins perhaps. Lines count from 0. */
static void begin_lane(yg_csv_scan *lane, const yg_csv_scan *scan, size_t at, bool certain) {
    const yg_csv_scan own = *lane;
    *lane = *scan;
    lane->tentative = !certain;
    lane->last = lane->returned = false;
    lane->cells = own.cells;
    lane->cell_capacity = own.cell_capacity;
    lane->lines = own.lines;
    lane->capacity = own.capacity;
    lane->count = lane->cell_count = lane->first_cell = 0;
    lane->record = at;
    lane->line = 0;
    yg_csv_scan_rewind(lane);
    lane->line = 0;
}

/* Cuts bytes begin .. end of `scan` into `count` lanes, or fewer. */
static void cut(yg_csv_lanes *lanes, const yg_csv_scan *scan, size_t end, size_t count) {
    const size_t begin = scan->record;
    size_t start = begin;
    for (size_t i = 0; i < count && start < end; i++) {
        size_t stop = begin + (end - begin) / count * (i + 1);
        stop = stop < start ? start : stop;
        const unsigned char *line = memchr(scan->bytes + stop, '\n', scan->end - stop);
        stop = line ? (size_t)(line - scan->bytes) + 1 : scan->end;
        begin_lane(&lanes->lanes[i], scan, start, i == 0);
        lanes->lanes[i].end = stop;
        lanes->starts[i] = start;
        lanes->count = i + 1;
        start = stop;
    }
}

static void run_lane(void *opaque, int thread) {
    yg_csv_lanes *lanes = opaque;
    if ((size_t)thread >= lanes->count)
        return;
    yg_csv_scan *lane = &lanes->lanes[thread];
    yg_csv_scan_run(lane, SIZE_MAX);
    yg_csv_scan_rewind(lane); /* what is unfinished, or wrong, is scanned again by another scan */
}

void yg_csv_lanes_run(yg_csv_lanes *lanes, const yg_csv_scan *scan, yg_threads *threads) {
    const int most = yg_threads_count(threads);
    const size_t size = scan->end - scan->record;
    size_t count = most < YG_CSV_LANES ? (size_t)most : YG_CSV_LANES, cells = 0, taken = size;
    yg_csv_lanes_drop(lanes);
    /* Behind a CR, the LF that may follow belongs to the line before. */
    if (scan->returned || size / LEAST < 2)
        return;
    if (lanes->cell_bytes > 0 && (double)taken > lanes->cell_bytes * CELLS * (double)count)
        taken = (size_t)(lanes->cell_bytes * CELLS * (double)count);
    count = taken / LEAST < count ? taken / LEAST : count;
    if (count < 2)
        return;
    cut(lanes, scan, scan->record + taken, count);
    yg_threads_check_fork(threads);
    yg_threads_run(threads, run_lane, lanes);
    for (size_t i = 0; i < lanes->count; i++)
        cells += lanes->lanes[i].cell_count;
    if (cells)
        lanes->cell_bytes = (double)taken / (double)cells;
}

bool yg_csv_lanes_take(yg_csv_lanes *lanes, yg_csv_scan *scan) {
    yg_csv_scan *lane = &lanes->lanes[lanes->next];
    if (lanes->next == lanes->count || lanes->starts[lanes->next] != scan->record || !lane->count) {
        yg_csv_lanes_drop(lanes);
        return false;
    }
    const yg_csv_scan before = *scan;
    *scan = *lane;
    scan->end = before.end;
    scan->last = before.last;
    scan->tentative = false;
    scan->line += before.line;
    for (size_t i = 0; i < scan->count; i++)
        scan->lines[i].line += before.line;
    lane->cells = before.cells;
    lane->cell_capacity = before.cell_capacity;
    lane->lines = before.lines;
    lane->capacity = before.capacity;
    lanes->next++;
    return true;
}

const yg_csv_scan *yg_csv_lanes_peek(const yg_csv_lanes *lanes, const yg_csv_scan *scan, size_t k) {
    size_t end = scan->record;
    for (size_t i = lanes->next; i < lanes->count && lanes->starts[i] == end; i++) {
        if (!lanes->lanes[i].count)
            return NULL;
        if (--k == 0)
            return &lanes->lanes[i];
        end = lanes->lanes[i].record;
    }
    return NULL;
}
