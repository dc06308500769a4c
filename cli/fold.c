/*
 * A profile by lines: see fold.h.
 */
#include "fold.h"

#include <stdlib.h>
#include <string.h>

static int compare_places(const yg_origin *a, const yg_origin *b) {
    const int files = strcmp(a->file ? a->file : "", b->file ? b->file : "");
    return files ? files : (a->line > b->line) - (a->line < b->line);
}

static int compare_nodes(const void *a, const void *b) {
    const node_cost *x = a, *y = b;
    const int places = compare_places(&x->origin, &y->origin);
    return places ? places : (x->node > y->node) - (x->node < y->node);
}

static int phase_of(const yg_training_step *step, yg_node node) {
    return node < step->forward_end    ? PHASE_FORWARD
           : node < step->backward_end ? PHASE_BACKWARD
                                       : PHASE_UPDATE;
}

static void add(line_cost *line, const node_cost *node, int phase) {
    line->count++;
    line->seconds += node->seconds;
    line->idle += node->idle;
    line->flops += node->flops;
    line->bytes += node->bytes;
    line->phase[phase] += node->seconds;
}

static void list_nodes(const yg_training_step *step, const stopwatch *times, fold *out) {
    for (size_t i = 0; i < times->instructions; i++) {
        const yg_instruction instruction = yg_program_instruction(step->program, i);
        const double part = 1 / (double)instruction.node_count;
        for (size_t k = 0; k < instruction.node_count; k++) {
            const yg_node node = yg_program_instruction_node(step->program, i, k);
            out->nodes[out->node_count++] = (node_cost){
                .node = node,
                .origin = yg_node_origin(step->graph, node),
                .seconds = times->instruction[i].seconds * part,
                .idle = times->instruction[i].idle * part,
                .flops = instruction.flops * part,
                .bytes = (double)(instruction.bytes_read + instruction.bytes_written) * part,
            };
        }
    }
}

bool fold_make(const yg_training_step *step, const stopwatch *times, fold *out) {
    size_t room = 1;
    *out = (fold){0};
    for (size_t i = 0; i < times->instructions; i++)
        room += yg_program_instruction(step->program, i).node_count;
    out->nodes = calloc(room, sizeof *out->nodes);
    out->lines = calloc(room, sizeof *out->lines);
    if (!out->nodes || !out->lines)
        return false;
    list_nodes(step, times, out);
    qsort(out->nodes, out->node_count, sizeof *out->nodes, compare_nodes);
    for (size_t i = 0; i < out->node_count; i++) {
        const node_cost *node = &out->nodes[i];
        const int phase = phase_of(step, node->node);
        if (i == 0 || compare_places(&node->origin, &node[-1].origin) != 0)
            out->lines[out->line_count++] = (line_cost){.origin = node->origin, .first = i};
        add(&out->lines[out->line_count - 1], node, phase);
        add(&out->total, node, phase);
    }
    return true;
}

void fold_free(fold *fold) {
    free(fold->nodes);
    free(fold->lines);
    *fold = (struct fold){0};
}
