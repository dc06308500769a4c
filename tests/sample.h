/*
 * Makes an operator's sample call concrete: operand types from their text, and values drawn from
 * the descriptor's domain.
 */
#ifndef YG_TESTS_SAMPLE_H
#define YG_TESTS_SAMPLE_H

#include "graph/program.h"
#include "why.h"

/* A call has no more results. */
#define SAMPLE_RESULTS 64

typedef struct sample_call {
    const yg_op *op;
    yg_attr attrs[16]; /* one for each of the schema */
    size_t count;
    yg_type types[YG_SAMPLE_OPERANDS];
    double *values[YG_SAMPLE_OPERANDS]; /* exact in the operand's element type */
} sample_call;

/* "f[2, 3]" with `real` for f; i is i32, b is bool. False if the text is not of that form. */
bool sample_type(const char *text, yg_dtype real, yg_type *type);

/* Draws the operands; floats are rounded to `rounded` (a float type), whatever `real` is, so that
 * an f32 and an f64 call can have the same. Values keep clear of multiples of 1/64, where
 * operators have their kinks and steps, and of each other's operands. False with the reason in
 * `why` (WHY_SIZE bytes). Call sample_free() in either case. */
bool sample_draw(sample_call *call, const yg_op *op, const yg_sample *sample, yg_dtype real,
                 yg_dtype rounded, uint64_t seed, char *why);
void sample_free(sample_call *call);

/* The operands as inputs of a graph; results, SAMPLE_RESULTS at most, as yg_apply_all() returns
 * them. */
size_t sample_apply(const sample_call *call, yg_graph *graph, yg_node *inputs, yg_node *results);

/* Copies the operands' values to the program's inputs; an input that the program lacks is skipped.
 */
void sample_fill(const sample_call *call, const yg_node *inputs, yg_program *program);

/* Whether |found - wanted| is at most the tolerance times max(1, |wanted|). NaN equals only NaN, an
 * infinity only itself. */
bool sample_close(double found, double wanted, double tolerance);

/* Operand k's values in its element type; freed by the caller. NULL when out of memory. */
void *sample_data(const sample_call *call, size_t k);

/* The reference's value of every element of result number `result`, of type `out`. Elementwise
 * operators see their operands stretched to the result's shape. NULL when out of memory; freed by
 * the caller. */
double *sample_reference(const sample_call *call, size_t result, const yg_type *out);

#endif
