/*
 * The plan is verified after each pass: each case compiles a graph, makes one mistake in the plan
 * right after one pass, and expects an internal error that names this pass.
 */
#include "compiled.h"
#include "graph/plan_verify.h"
#include "ops/ops.h"
#include "plan_subject.h"
#include "tell.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* -------------------------------------------------------------------------------- mistakes -- */

static yg_node own(const subject *s, yg_node node) {
    const yg_node found = yg_program_node(s->c->program, node);
    cr_assert_neq(found, YG_NONE);
    return found;
}

static yg_plan_node *node_of(const subject *s, yg_node node) {
    return &s->c->nodes[own(s, node)];
}

static uint32_t index_of(const subject *s, yg_node node) {
    return node_of(s, node)->unit;
}

static yg_unit *unit_of(const subject *s, yg_node node) {
    return &s->c->program->units[index_of(s, node)];
}

static uint32_t storage_of(const subject *s, yg_node node) {
    return s->c->program->storage_of[own(s, node)];
}

static yg_storage *storage(const subject *s, yg_node node) {
    return &s->c->program->storages[storage_of(s, node)];
}

static yg_plan_storage *planned(const subject *s, yg_node node) {
    return &s->c->storages[storage_of(s, node)];
}

static yg_row_loop *loop_of(const subject *s, yg_node node) {
    return &s->c->program->row_loops[unit_of(s, node)->row_loop];
}

/* Operand k of a node of the compiler's graph. */
static yg_node *operand(const subject *s, yg_node node, size_t k) {
    return (yg_node *)&s->c->graph->records[node].operands[k];
}

static void another_output(subject *s) {
    static yg_node outputs[2];
    outputs[0] = outputs[1] = own(s, s->d);
    s->c->outputs = outputs;
}

static void another_parameter(subject *s) {
    static yg_update updates[1];
    updates[0] = (yg_update){own(s, s->x), s->c->updates[0].value};
    s->c->updates = updates;
}

static void read_from_later(subject *s) {
    const yg_node sum = s->c->outputs[0];
    *operand(s, sum, 0) = sum;
}

static void another_operand(subject *s) {
    cr_assert(s->c->before->source, "the pass has moved nothing");
    *operand(s, own(s, s->d), 0) = own(s, s->x);
}

static void computed_again(subject *s) {
    cr_assert(s->c->before->source, "the pass has moved nothing");
    yg_graph *graph = (yg_graph *)s->c->graph;
    cr_assert_lt(graph->size, graph->capacity);
    s->c->before->source[graph->size] = s->c->before->source[own(s, s->a)];
    yg_store_append(graph, &graph->records[own(s, s->a)]);
}

static void effects_exchanged(subject *s) {
    yg_node *source = s->c->before->source;
    cr_assert(source, "the pass has moved nothing");
    source[own(s, s->a)] = s->b;
    source[own(s, s->b)] = s->a;
}

/* The copy of b is the same operator without effects. */
static void effect_lost(subject *s) {
    static yg_op pure;
    pure = tell_op;
    pure.flags &= ~(unsigned)YG_OP_EFFECTS;
    s->c->graph->records[own(s, s->b)].op = &pure;
}

static void another_layer(subject *s) {
    cr_assert_gt(s->c->program->stats.recomputed, 0);
    *operand(s, s->c->outputs[0], 0) = own(s, s->x);
}

static void left_out(subject *s) {
    node_of(s, s->a)->live = false;
}

static void not_in_memory(subject *s) {
    node_of(s, s->a)->in_memory = false;
}

static void beside_the_view(subject *s) {
    node_of(s, s->b)->offset -= 64;
}

static void beyond_the_root(subject *s) {
    node_of(s, s->b)->offset += 64;
}

static void units_exchanged(subject *s) {
    yg_compiler *c = s->c;
    const uint32_t a = index_of(s, s->a), b = index_of(s, s->b);
    const yg_plan_unit known = c->units[a];
    const yg_unit unit = c->program->units[a];
    c->units[a] = c->units[b];
    c->units[b] = known;
    c->program->units[a] = c->program->units[b];
    c->program->units[b] = unit;
    node_of(s, s->a)->unit = b;
    node_of(s, s->b)->unit = a;
}

static void computed_twice(subject *s) {
    s->c->program->units[index_of(s, s->b)].node = own(s, s->a);
    s->c->units[index_of(s, s->b)].first = own(s, s->a);
}

static void member_lost(subject *s) {
    yg_plan_unit *known = &s->c->units[index_of(s, s->a)];
    cr_assert_gt(known->member_count, 2);
    known->first = s->c->nodes[known->first].next;
    known->member_count--;
}

static void reader_forgotten(subject *s) {
    node_of(s, s->a)->last_unit = node_of(s, s->a)->other_unit;
}

static void impossible_cost(subject *s) {
    s->c->units[0].cost = NAN;
}

static void skew_forgotten(subject *s) {
    node_of(s, s->a)->skew_unit = YG_NO_UNIT;
}

static void written_too_early(subject *s) {
    node_of(s, s->a)->overwrites = own(s, s->w);
}

static void more_rows(subject *s) {
    cr_assert_gt(loop_of(s, s->a)->rows, 0);
    loop_of(s, s->a)->rows *= 3;
}

static void a_part_split(subject *s) {
    cr_assert_gt(unit_of(s, s->d)->kernel.parts.count, 0);
    cr_assert_gt(loop_of(s, s->d)->chunk, 1);
    loop_of(s, s->d)->chunk = 1;
}

/* The row loops of a unit and of the one after it become one. */
static void one_row_loop(subject *s) {
    yg_program *p = s->c->program;
    const uint32_t first = unit_of(s, s->a)->row_loop;
    p->row_loops[first].rows = p->row_loops[first].chunk = 1;
    p->row_loops[first].end++;
    memmove(p->row_loops + first + 1, p->row_loops + first + 2,
            (--p->row_loop_count - first - 1) * sizeof *p->row_loops);
    for (size_t u = 0; u < p->unit_count; u++) {
        p->units[u].row_loop -= p->units[u].row_loop > first;
        s->c->units[u].rows = 1;
    }
}

/* The stage of b and the one before it become one. */
static void one_stage(subject *s) {
    yg_program *p = s->c->program;
    const uint32_t second = unit_of(s, s->b)->stage;
    cr_assert_gt(second, 0);
    p->stages[second - 1].end = p->stages[second].end;
    memmove(p->stages + second, p->stages + second + 1,
            (--p->stage_count - second) * sizeof *p->stages);
    for (size_t u = 0; u < p->unit_count; u++)
        p->units[u].stage -= p->units[u].stage >= second;
}

/* d, which writes over w, in the stage of a unit that reads w. */
static void written_beside_a_reader(subject *s) {
    cr_assert_eq(node_of(s, s->d)->overwrites, own(s, s->w));
    cr_assert_eq(s->c->units[index_of(s, s->d)].after, index_of(s, s->b));
    s->b = s->d;
    one_stage(s);
}

static void too_small(subject *s) {
    storage(s, s->a)->bytes -= 64;
}

static void free_too_early(subject *s) {
    planned(s, s->a)->last = unit_of(s, s->a)->stage;
}

static void in_another_place(subject *s) {
    cr_assert_eq(storage(s, s->b)->kind, YG_STORAGE_PART);
    storage(s, s->b)->part.shift -= 64;
}

static void wrong_register(subject *s) {
    yg_step *steps = unit_of(s, s->d)->group.steps;
    cr_assert_eq(steps[2].node, own(s, s->d));
    steps[2].in[0].reg = steps[2].in[1].reg;
}

static void fetched_for_nothing(subject *s) {
    static const yg_place nowhere = {.storage = 0, .advance = 4};
    static yg_prefetch prefetch = {.place = &nowhere, .row = 4 * COLUMNS};
    unit_of(s, s->a)->kernel.prefetches = &prefetch;
    unit_of(s, s->a)->kernel.prefetch_count = 1;
}

static void a_chunk_read_later(subject *s) {
    yg_storage *a = storage(s, s->a);
    cr_assert_eq(a->kind, YG_STORAGE_ARENA);
    a->kind = YG_STORAGE_CHUNK;
    a->chunk.row_loop = unit_of(s, s->a)->row_loop;
    a->chunk.row = a->bytes / loop_of(s, s->a)->rows;
    a->chunk.shift = s->c->program->chunk_bytes;
    s->c->program->chunk_bytes += a->chunk.row * loop_of(s, s->a)->chunk;
}

static void chunks_over_each_other(subject *s) {
    cr_assert_eq(storage(s, s->a)->kind, YG_STORAGE_CHUNK);
    cr_assert_eq(storage(s, s->b)->kind, YG_STORAGE_CHUNK);
    storage(s, s->b)->chunk.shift = storage(s, s->a)->chunk.shift;
}

/* b takes over the bytes of a, which d still reads. */
static void taken_too_early(subject *s) {
    planned(s, s->b)->over = storage_of(s, s->a);
    planned(s, s->a)->taken_over = true;
}

static void reused_too_early(subject *s) {
    planned(s, s->a)->free_after = unit_of(s, s->a)->stage;
}

static void b_over_a(subject *s) {
    storage(s, s->b)->offset = storage(s, s->a)->offset;
}

/* Two writers in one stage. */
static void both_in_one_place(subject *s) {
    cr_assert_eq(unit_of(s, s->a)->stage, unit_of(s, s->b)->stage);
    storage(s, s->a)->offset = storage(s, s->b)->offset;
}

/* ------------------------------------------------------------------------------------- cases -- */

typedef struct plant {
    const char *pass; /* NULL: a step that is no pass */
    const char *function;
    void (*build)(subject *s);
    void (*spoil)(subject *s);
    const char *expected; /* in the message */
} plant;

static const plant plants[] = {
    {NULL, "yg_plan_rewrite", subject_summed, another_output, "output 0 has no node of its type"},
    {NULL, "yg_plan_rewrite", subject_summed, read_from_later, "which is not before it"},
    {NULL, "yg_plan_rewrite", subject_read_late, another_parameter,
     "update 0 has another parameter"},
    {NULL, "yg_plan_trim_loops", subject_looped, another_output,
     "output 0 has no node of its type"},
    {NULL, "yg_plan_trim_loops", subject_looped, read_from_later, "which is not before it"},
    {"unroll", "yg_plan_unroll", subject_looped, another_output,
     "output 0 has no node of its type"},
    {"unroll", "yg_plan_unroll", subject_looped, read_from_later, "which is not before it"},
    {"early_effects", "yg_plan_early_effects", subject_with_late_effects, effects_exchanged,
     "comes too early"},
    {"early_effects", "yg_plan_early_effects", subject_with_late_effects, effect_lost, "is lost"},
    {"early_updates", "yg_plan_early_updates", subject_updated_late, another_operand,
     "is no copy of"},
    {"early_updates", "yg_plan_early_updates", subject_updated_late, computed_again,
     "computed twice"},
    {"early_updates", "yg_plan_early_updates", subject_with_effects, effects_exchanged,
     "comes too early"},
    {"early_updates", "yg_plan_early_updates", subject_with_effects, effect_lost, "is lost"},
    {"recompute", "yg_plan_recompute", subject_deep, another_layer, "is no copy of"},
    {"dead", "yg_plan_mark_live", subject_residual, left_out, "is needed, and left out"},
    {"dead", "yg_plan_mark_live", subject_residual, not_in_memory, "is not kept in memory"},
    {"fuse", "yg_plan_units_fused", subject_viewed, beside_the_view, "views: %"},
    {"fuse", "yg_plan_units_fused", subject_viewed, beyond_the_root, "views: %"},
    {"fuse", "yg_plan_units_fused", subject_residual, units_exchanged, "which runs later"},
    {"fuse", "yg_plan_units_fused", subject_with_effects, units_exchanged, "is the next"},
    {"fuse", "yg_plan_units_fused", subject_residual, computed_twice, "which it must not"},
    {"fuse", "yg_plan_units_fused", subject_fused, member_lost, "is computed nowhere"},
    {"fuse", "yg_plan_units_fused", subject_residual, reader_forgotten, "noted otherwise"},
    {NULL, "yg_plan_costs", subject_residual, impossible_cost, "are impossible"},
    {NULL, "yg_plan_costs", subject_products, skew_forgotten, "noted otherwise"},
    {"in_place", "yg_plan_overwrite_parameters", subject_read_late, written_too_early,
     "over which %"},
    {"row_loops", "yg_plan_row_loops", subject_by_rows, more_rows, "cannot run in"},
    {"row_loops", "yg_plan_row_loops", subject_by_rows, a_part_split, "split between two chunks"},
    {"row_loops", "yg_plan_row_loops", subject_products, one_row_loop, "it reads other rows"},
    {"stages", "yg_plan_stages", subject_residual, one_stage, "another row loop of its stage"},
    {"stages", "yg_plan_stages", subject_with_effects, one_stage, "does not run alone"},
    {"stages", "yg_plan_stages", subject_updated_late, written_beside_a_reader, "while unit"},
    {NULL, "yg_plan_storages", subject_residual, too_small, "no memory, or too little"},
    {NULL, "yg_plan_storages", subject_residual, free_too_early, "is free after stage"},
    {"views", "yg_plan_join", subject_joined, in_another_place, "does not lie in its place"},
    {NULL, "yg_plan_calls", subject_fused, wrong_register, "does not hold"},
    {"prefetch", "yg_plan_prefetch", subject_by_rows, fetched_for_nothing, "does not use"},
    {"chunk_buffers", "yg_plan_chunk_buffers", subject_by_rows_and_later, a_chunk_read_later,
     "of another row loop"},
    {"chunk_buffers", "yg_plan_chunk_buffers", subject_by_rows, chunks_over_each_other,
     "operand 0"},
    {"in_place", "yg_plan_take_over", subject_residual, taken_too_early,
     "operand 0, which is read"},
    {"reuse", "yg_plan_reuse", subject_residual, reused_too_early, "is free after stage"},
    {"reuse", "yg_plan_reuse", subject_residual, taken_too_early, "operand 0, which is read"},
    {NULL, "yg_plan_offsets", subject_residual, b_over_a, "operand 0, which is read"},
    {NULL, "yg_plan_offsets", subject_side_by_side, both_in_one_place, "in the same stage"},
};

typedef struct spoiling {
    subject *s;
    const plant *p; /* NULL: nothing is spoilt */
} spoiling;

static void spoil(void *context, yg_compiler *c, const char *function) {
    const spoiling *spoiling = context;
    if (!spoiling->p || strcmp(function, spoiling->p->function) != 0)
        return;
    spoiling->s->c = c;
    spoiling->p->spoil(spoiling->s);
}

/* Compiles what `build` builds. Returns the error. */
static yg_error compile_and_spoil(void (*build)(subject *s), const plant *p) {
    const yg_type type = type_of(YG_F32, 2, (int64_t[]){ROWS, COLUMNS});
    subject s = {.g = yg_graph_new(yg_ops(), 0)};
    s.x = yg_input(s.g, "x", &type);
    s.y = yg_input(s.g, "y", &type);
    s.w = yg_parameter(s.g, "w", &type);
    build(&s);
    yg_error error = {0};
    spoiling context = {&s, p};
    const yg_plan_watch watch = {spoil, &context};
    const yg_compile_options options = {
        .threads = 2, .flags = YG_PROGRAM_NO_MEMORY, .recompute = build == subject_deep};
    const yg_request request = {.graph = s.g,
                                .outputs = s.outputs,
                                .output_count = s.output_count,
                                .updates = s.updates,
                                .update_count = s.update_count};
    yg_program *program = yg_compile_watched(&request, &options, &watch, &error);
    cr_expect_eq(program != NULL, error.code == YG_OK);
    yg_program_free(program);
    yg_graph_free(s.g);
    return error;
}

Test(verify_passes, names_the_pass_that_made_the_mistake, .timeout = 60) {
    for (size_t i = 0; i < sizeof plants / sizeof *plants; i++) {
        const plant *p = &plants[i];
        yg_error error = compile_and_spoil(p->build, NULL);
        cr_assert_eq(error.code, YG_OK, "%zu, %s: %s", i, p->function, error.message);
        error = compile_and_spoil(p->build, p);
        char expected[200];
        if (p->pass)
            snprintf(expected, sizeof expected, "after the pass '%s' (%s): ", p->pass, p->function);
        else
            snprintf(expected, sizeof expected, "after %s: ", p->function);
        cr_expect_eq(error.code, YG_ERROR_INTERNAL, "%zu, %s: %s", i, p->function, error.message);
        cr_expect_eq(strncmp(error.message, expected, strlen(expected)), 0, "%zu, %s: %s", i,
                     p->function, error.message);
        cr_expect(strstr(error.message, p->expected), "%zu, %s: %s", i, p->function, error.message);
    }
}

/* The verifier finds nothing in plans of updates that are hard to place. */
Test(verify_passes, parameters_are_overwritten_only_where_that_is_right) {
    static void (*const builds[])(subject *) = {subject_asked_for, subject_passed_on,
                                                subject_shared_value, subject_first_row_for_all,
                                                subject_rows_to_the_next};
    for (size_t i = 0; i < sizeof builds / sizeof *builds; i++) {
        const yg_error error = compile_and_spoil(builds[i], NULL);
        cr_expect_eq(error.code, YG_OK, "%zu: %s", i, error.message);
    }
}

/* Each pass that can be left out is spoilt by a case, under its own name. `views` decides while
 * units are made, so its mistakes are found after `fuse`, and say that they are its. */
Test(verify_passes, has_a_mistake_for_each_pass) {
    size_t count;
    const yg_compile_pass *passes = yg_compile_passes(&count);
    for (size_t i = 0; i < count; i++) {
        bool found = false;
        for (size_t k = 0; k < sizeof plants / sizeof *plants; k++)
            found |= plants[k].pass && strcmp(plants[k].pass, passes[i].name) == 0;
        cr_expect(found, "nothing spoils the pass %s", passes[i].name);
    }
}
