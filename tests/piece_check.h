/*
 * Checks that a kernel keeps the promises of its plan (yg_op_plan): about units, rows and parts,
 * about scratch that is kept between rows (yg_kernel_call.kept), and about memory that operands and
 * result share. The compiler relies on them; a broken promise gives wrong numbers only with some
 * plans.
 */
#ifndef YG_TESTS_PIECE_CHECK_H
#define YG_TESTS_PIECE_CHECK_H

#include "operator_check.h"

/* How many runs on pieces were compared with the whole run, by kind of piece. */
typedef struct piece_counts {
    size_t units, rows, parts, in_place, views, joins;
    size_t kept;                        /* runs of all rows in order, with scratch that is kept */
    size_t min_rows;                    /* calls whose plan asks for several rows at a time */
    bool promises_rows, promises_parts; /* the plan of some call has rows, parts */
} piece_counts;

/* Runs the kernel on pieces of every sample, and of samples that are enlarged in their first
 * dimension: on single units and ranges of them, on rows, on parts. Everything that a piece has no
 * right to read is NaN or another absurd value. The bits of a piece must be those of the whole run,
 * and nothing else may be written.
 *
 * False with the reason in `why` (WHY_SIZE bytes). That includes an operator that
 * promises pieces but has no call with two of them. Composites, views and elementwise operators
 * promise nothing: they pass, and nothing is counted. */
bool piece_check(const yg_op_set *ops, const yg_op *op, piece_counts *counts, char *why);

/* The same for one call, however large, with `real` for f. */
bool piece_check_large(const yg_op_set *ops, const yg_op *op, const yg_sample *sample,
                       yg_dtype real, piece_counts *counts, char *why);

#endif
