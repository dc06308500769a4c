/*
 * Whether a kernel keeps what its plan (yg_op_plan) promises: of units, rows and parts, of scratch
 * that is kept between rows (yg_kernel_call.kept), and of memory that operands and result share.
 */
#ifndef YG_TESTS_PIECE_CHECK_H
#define YG_TESTS_PIECE_CHECK_H

#include "operator_check.h"

/* Runs of a kernel on a piece that were compared with the run of the whole. */
typedef struct piece_counts {
    size_t units, rows, parts, in_place, views, joins;
    size_t kept;                        /* all rows in order, with scratch that is kept */
    size_t min_rows;                    /* calls whose plan asks for several rows at a time */
    bool promises_rows, promises_parts; /* some call's plan has any */
} piece_counts;

/* Runs the kernel on pieces of every sample and of samples that are larger in their first
 * dimension: single units and ranges of them, rows, parts. Whatever a piece has no right to read is
 * NaN, or another absurd value. Its bits must be those of the whole run, and it must write nothing
 * else. False with the reason in `why` (OPERATOR_CHECK_TEXT bytes); also where the operator
 * promises pieces, but none of these calls falls into two. A composite, a view or an elementwise
 * operator, which promise none, are passed with nothing counted. */
bool piece_check(const yg_op_set *ops, const yg_op *op, piece_counts *counts, char *why);

/* The same for one call, however large, with `real` for f. */
bool piece_check_large(const yg_op_set *ops, const yg_op *op, const yg_sample *sample,
                       yg_dtype real, piece_counts *counts, char *why);

#endif
