/*
 * Going through a tensor along a dimension: see scan.h.
 */
#include "scan.h"

#include "shape.h"
#include "turn.h"

#include <string.h>

enum {
    STEPS = 64,   /* elements of each row that are transposed together */
    FEW_ROWS = 4, /* fewer rows are computed one after the other: transposing would take longer */
    ELEMENT = 8,  /* bytes of an element, at most */
};

/* Where the operands and results are; NULL where there is none. */
typedef struct places {
    const char *x[YG_SCAN_OPERANDS];
    char *y[YG_SCAN_RESULTS];
} places;

static places places_at(const yg_scan *scan, const places *from, int64_t element) {
    places at = {{NULL}, {NULL}};
    for (int k = 0; k < YG_SCAN_OPERANDS; k++)
        if (from->x[k])
            at.x[k] = from->x[k] + (size_t)element * scan->x_size[k];
    for (int k = 0; k < YG_SCAN_RESULTS; k++)
        if (from->y[k])
            at.y[k] = from->y[k] + (size_t)element * scan->y_size[k];
    return at;
}

static void run_steps(const yg_scan *scan, const places *at, void *state, int64_t stride,
                      int64_t first, int64_t steps, int64_t width) {
    const void *const x[YG_SCAN_OPERANDS] = {at->x[0], at->x[1]};
    void *const y[YG_SCAN_RESULTS] = {at->y[0], at->y[1]};
    scan->steps(state, x, y, stride, first, steps, width, scan->reverse);
}

/* The elements of one row are neighbours: up to YG_SCAN_LANES rows, through small buffers in which
 * the rows are. */
static void run_rows(const yg_scan *scan, const places *from, int64_t length, int64_t rows) {
    _Alignas(64) char x[YG_SCAN_OPERANDS][STEPS * YG_SCAN_LANES * ELEMENT];
    _Alignas(64) char y[YG_SCAN_RESULTS][STEPS * YG_SCAN_LANES * ELEMENT];
    _Alignas(64) char state[YG_SCAN_LANES * YG_SCAN_STATE];
    const places turned = {{x[0], from->x[1] ? x[1] : NULL}, {y[0], from->y[1] ? y[1] : NULL}};
    if (rows < YG_SCAN_LANES) /* the other lanes are computed too */
        memset(x, 0, sizeof x);
    for (int64_t first = 0; first < length; first += STEPS) {
        const int64_t steps = length - first < STEPS ? length - first : STEPS;
        const places at = places_at(scan, from, scan->reverse ? length - first - steps : first);
        for (int k = 0; k < YG_SCAN_OPERANDS; k++)
            if (at.x[k])
                yg_turn_for(scan->x_size[k])(x[k], YG_SCAN_LANES, at.x[k], length, steps, rows);
        run_steps(scan, &turned, state, YG_SCAN_LANES, first, steps, YG_SCAN_LANES);
        for (int k = 0; k < YG_SCAN_RESULTS; k++)
            if (at.y[k])
                yg_turn_for(scan->y_size[k])(at.y[k], length, y[k], YG_SCAN_LANES, rows, steps);
    }
}

/* Neighbours in memory belong to different rows. */
static void run_columns(const yg_scan *scan, const places *from, int64_t length, int64_t inner) {
    _Alignas(64) char state[YG_SCAN_COLUMNS * YG_SCAN_STATE];
    for (int64_t first = 0; first < inner; first += YG_SCAN_COLUMNS) {
        const int64_t rest = inner - first;
        const places at = places_at(scan, from, first);
        run_steps(scan, &at, state, inner, 0, length,
                  rest < YG_SCAN_COLUMNS ? rest : YG_SCAN_COLUMNS);
    }
}

static void run_row(const yg_scan *scan, const places *at, int64_t length) {
    _Alignas(64) char state[YG_SCAN_STATE];
    run_steps(scan, at, state, 1, 0, length, 1);
}

void yg_scan_run(const yg_scan *scan, const yg_kernel_call *call) {
    const yg_type *y = call->out_type;
    int dim = 0;
    yg_dimension(call->attrs[0].i, y->rank, &dim);
    const int64_t length = y->rank == 0 ? 1 : y->shape[dim];
    const int64_t inner = yg_shape_product(y->shape, dim + 1, y->rank);
    const places all = {{call->in[0], scan->x_size[1] ? call->in[1] : NULL},
                        {call->out, scan->y_size[1] ? call->outs[1] : NULL}};
    if (length == 0)
        return;
    for (int64_t o = call->begin; o < call->end;) {
        const places at = places_at(scan, &all, o * length * inner);
        const int64_t left = call->end - o;
        int64_t rows = 1;
        if (inner > 1) {
            run_columns(scan, &at, length, inner);
        } else if (left < FEW_ROWS) {
            run_row(scan, &at, length);
        } else {
            rows = left < YG_SCAN_LANES ? left : YG_SCAN_LANES;
            run_rows(scan, &at, length, rows);
        }
        o += rows;
    }
}
