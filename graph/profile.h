/*
 * A program's instructions, one by one: which nodes each computes, what it costs, and how long it
 * takes. Every node has a name and a place in the model file (graph.h), so a profile can be told in
 * the model's own terms.
 */
#ifndef YG_GRAPH_PROFILE_H
#define YG_GRAPH_PROFILE_H

#include "program.h"

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* What one run of an instruction does. */
typedef struct yg_instruction {
    size_t node_count; /* nodes that it computes: several for a fused group */
    double flops;
    /* Of tensors in memory, each counted once: operands are read whole and results written whole.
     * What a fused group keeps in registers, or reads again, costs nothing. A kernel that reads a
     * part of an operand (gather) is charged for all of it. */
    int64_t bytes_read, bytes_written;
    bool shared; /* all threads work on it */
} yg_instruction;

/* `index` is below yg_program_stats.instructions; instructions run in this order. */
yg_instruction yg_program_instruction(const yg_program *program, size_t index);

/* The k-th node that an instruction computes, k < node_count, operands before users: a node of the
 * graph that was compiled. Where a rewriting rule made something else of it, this is the node that
 * it was made of; yg_program_instruction_op() tells the operator that is run. */
yg_node yg_program_instruction_node(const yg_program *program, size_t index, size_t k);
const yg_op *yg_program_instruction_op(const yg_program *program, size_t index, size_t k);

/* yg_program_run(), and adds to seconds[i] the wall time of instruction i; the array has an entry
 * for each. The wall time of what threads share is shared out between its instructions as they
 * took the calling thread's time. A clock is read between instructions, or between their parts,
 * which costs some 20 to 50 ns each time and is part of what is measured. */
bool yg_program_run_timed(yg_program *program, uint64_t seed, uint64_t step, double *seconds,
                          yg_error *error);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
