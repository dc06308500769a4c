/*
 * Profiles: the instructions of a program one by one, with the nodes that each computes, what it
 * costs, and how long it takes. Nodes have names and lines in the model file (graph.h), so a
 * profile can speak of the model.
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
    size_t node_count; /* nodes that it computes; several for a fused group */
    double flops;
    /* Bytes of tensors in memory that it reads and writes, each tensor counted once. Registers of a
     * fused group count nothing. A kernel that reads a part of an operand (gather) counts all of
     * it. */
    int64_t bytes_read, bytes_written;
    bool shared;    /* all threads work on it; otherwise the calling thread alone */
    size_t stage;   /* threads meet at the end of a stage; neighbours can have the same one */
    int64_t pieces; /* of its work, as threads share it; those of the row loop that it is in */
} yg_instruction;

/* What an instruction has taken. */
typedef struct yg_time {
    double seconds; /* wall time */
    double idle;    /* seconds that threads had nothing to do, summed over the threads. 0 for a loop
                       whose body threads share: nothing is known of its iterations. 0 with one
                       thread. */
} yg_time;

/* Instruction `index` < yg_program_stats.instructions. They run in this order. */
yg_instruction yg_program_instruction(const yg_program *program, size_t index);

/* The k-th node that an instruction computes, k < node_count; operands come before users. It is a
 * node of the caller's graph. If a rewriting rule has replaced it, this is the node that was
 * replaced; yg_program_instruction_op() tells the operator that really runs. */
yg_node yg_program_instruction_node(const yg_program *program, size_t index, size_t k);
const yg_op *yg_program_instruction_op(const yg_program *program, size_t index, size_t k);

/* As yg_program_run(), and adds to times[i] what instruction i takes; the array has one entry for
 * each instruction. If several instructions run together (a row loop, a stage that threads share),
 * the time of all is divided between them in proportion to the threads' time for each. Reading the
 * clock takes about 20 to 50 ns for each instruction and chunk, which is part of the result. */
bool yg_program_run_timed(yg_program *program, uint64_t seed, uint64_t step, yg_time *times,
                          yg_error *error);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
