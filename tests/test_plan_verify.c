/*
 * The verifier of plans finds what is planted: each case compiles a right plan, makes one mistake
 * in it, and expects an internal error that names the node.
 */
#include "compiled.h"
#include "graph/loop.h"
#include "graph/plan_verify.h"
#include "ops/build.h"
#include "ops/ops.h"
#include "tell.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 2048, COLUMNS = 64, NODES = 8 };

/* A graph whose plan the cases spoil. The nodes are the caller's. */
typedef struct subject {
    yg_graph *g;
    yg_program *program;
    yg_node x, y, w; /* inputs and a parameter: [ROWS, COLUMNS] */
    yg_node a, b, c; /* what a case wants to name */
    yg_node outputs[NODES];
    size_t output_count;
    yg_update updates[NODES];
    size_t update_count;
    yg_node own_outputs[NODES]; /* the same, in nodes of the program's graph */
    yg_update own_updates[NODES];
} subject;

static void output(subject *s, yg_node node) {
    yg_node_set_name(s->g, node, "result");
    s->outputs[s->output_count++] = node;
}

static void update(subject *s, yg_node value) {
    s->updates[s->update_count++] = (yg_update){s->w, value};
}

static yg_node named(subject *s, yg_node node, const char *name) {
    yg_node_set_name(s->g, node, name);
    return node;
}

static const int64_t FIRST[] = {0}, LAST[] = {1};

static yg_node column_sums(subject *s, yg_node node) {
    return yg_sum(s->g, node, FIRST, 1, false);
}

/* The softmax over columns is a kernel that needs every row, so nothing runs by rows. */
static yg_node whole(subject *s, yg_node node) {
    return yg_softmax(s->g, node, 0);
}

/* ------------------------------------------------------------------------------------ models -- */

/* b is computed from a, and c from both. */
static void residual(subject *s) {
    s->a = named(s, whole(s, s->x), "a");
    s->b = named(s, whole(s, s->a), "b");
    s->c = named(s, yg_multiply(s->g, s->a, s->b), "c");
    output(s, whole(s, s->c));
}

/* Two results that do not depend on each other: one stage. */
static void side_by_side(subject *s) {
    s->a = named(s, whole(s, s->x), "a");
    s->b = named(s, whole(s, s->y), "b");
    output(s, s->a);
    output(s, s->b);
}

/* a waits while b is computed. */
static void waiting(subject *s) {
    s->a = named(s, whole(s, s->x), "a");
    s->b = named(s, whole(s, s->y), "b");
    output(s, yg_matmul(s->g, s->a, s->b, true, false));
}

/* b is the second half of a's rows. */
static void viewed(subject *s) {
    const int64_t start[] = {ROWS / 2, 0}, stop[] = {ROWS, COLUMNS}, step[] = {1, 1};
    s->a = named(s, whole(s, s->x), "a");
    s->b = named(s, yg_slice(s->g, s->a, start, stop, step), "b");
    output(s, whole(s, s->b));
}

/* a is computed where it lies in c. */
static void joined(subject *s) {
    s->a = named(s, whole(s, s->x), "a");
    s->b = named(s, whole(s, s->y), "b");
    s->c = named(s, yg_concat(s->g, (yg_node[]){s->a, s->b}, 2, 0), "c");
    output(s, whole(s, s->c));
}

/* a and b are softmaxes of rows, in a row loop that keeps a chunk of each. The row loop ends with a
 * sum over all rows, which is computed in parts. */
static void by_rows(subject *s) {
    s->a = named(s, yg_softmax(s->g, s->x, -1), "a");
    s->b = named(s, yg_softmax(s->g, s->a, -1), "b");
    s->c = named(s, column_sums(s, s->b), "c");
    output(s, yg_exp(s->g, s->c));
}

/* The same, and a is needed after it. */
static void by_rows_and_later(subject *s) {
    by_rows(s);
    output(s, whole(s, s->a));
}

/* Two products in one row loop. Each has its packed right side in its own scratch. */
static void products(subject *s) {
    const yg_node square = yg_matmul(s->g, s->y, s->y, true, false);
    s->a = named(s, yg_matmul(s->g, s->x, square, false, false), "a");
    s->b = named(s, yg_matmul(s->g, yg_tanh(s->g, s->a), square, false, false), "b");
    output(s, yg_softmax(s->g, s->b, -1));
}

/* The parameter is read once more after its new value is computed. */
static void updated(subject *s) {
    s->a = named(s, whole(s, s->w), "a");
    s->b = named(s, yg_softmax(s->g, yg_multiply(s->g, s->a, s->w), 0), "b");
    update(s, s->a);
    output(s, s->b);
}

/* Three steps of a group, with results in registers. */
static void fused(subject *s) {
    s->a = named(s, yg_sin(s->g, s->x), "a");
    s->b = named(s, yg_cos(s->g, s->y), "b");
    s->c = named(s, yg_multiply(s->g, s->a, s->b), "c");
    output(s, yg_add(s->g, s->c, s->x));
}

/* Each row of b is divided by its sum, a. So b's rows and a's rows do not match. */
static void stretched(subject *s) {
    s->b = named(s, whole(s, s->x), "b");
    s->a = named(s, yg_sum(s->g, whole(s, s->b), LAST, 1, true), "a");
    s->c = named(s, yg_divide(s->g, s->b, s->a), "c");
    output(s, whole(s, s->c));
}

/* Two effects that do not depend on each other, and one that nothing reads. */
static void with_effects(subject *s) {
    s->a = named(s, yg_apply(s->g, &tell_op, &s->x, 1, NULL), "a");
    s->b = named(s, yg_apply(s->g, &tell_op, &s->y, 1, NULL), "b");
    const yg_node sum = yg_add(s->g, s->a, s->b);
    output(s, sum);
    s->c = named(s, yg_apply(s->g, &tell_op, &sum, 1, NULL), "c");
}

static yg_node looped(subject *s, yg_node start) {
    const yg_type type = *yg_node_type(s->g, start);
    yg_graph *body = yg_graph_new(yg_ops(), 0);
    const yg_node carry = yg_input(body, "carry", &type), next = yg_tanh(body, carry);
    const yg_loop_spec spec = {.body = body,
                               .carries = &carry,
                               .next = &next,
                               .carry_count = 1,
                               .iterations = 3,
                               .unroll = YG_UNROLL_NEVER};
    yg_node last = YG_NONE;
    yg_loop(s->g, &spec, &start, NULL, NULL, &last, NULL);
    return last;
}

/* Two loops that do not depend on each other. Their bodies use the threads. */
static void with_loops(subject *s) {
    s->a = looped(s, s->x);
    s->b = looped(s, s->y);
    output(s, s->a);
    output(s, s->b);
}

/* ---------------------------------------------------------------------------------- mistakes -- */

static yg_node own(const subject *s, yg_node node) {
    const yg_node found = yg_program_node(s->program, node);
    cr_assert_neq(found, YG_NONE);
    return found;
}

static yg_storage *storage(const subject *s, yg_node node) {
    const uint32_t index = s->program->storage_of[own(s, node)];
    cr_assert_neq(index, YG_NO_STORAGE);
    return &s->program->storages[index];
}

/* The unit that computes a node: a kernel, or a group with the node as a step. */
static yg_unit *unit_of(const subject *s, yg_node node) {
    for (size_t u = 0; u < s->program->unit_count; u++) {
        yg_unit *unit = &s->program->units[u];
        if (unit->node == own(s, node) && unit->kind != YG_UNIT_COPY)
            return unit;
        for (uint32_t i = 0; unit->kind == YG_UNIT_GROUP && i < unit->group.step_count; i++) {
            if (unit->group.steps[i].node == own(s, node))
                return unit;
        }
    }
    cr_assert_fail("no unit makes node %u", node);
    return NULL;
}

static yg_step *step_of(const subject *s, yg_node node) {
    yg_unit *unit = unit_of(s, node);
    for (uint32_t i = 0; i < unit->group.step_count; i++) {
        if (unit->group.steps[i].node == own(s, node))
            return &unit->group.steps[i];
    }
    cr_assert_fail("node %u is no step", node);
    return NULL;
}

static yg_row_loop *row_loop_of(const subject *s, yg_node node) {
    return &s->program->row_loops[unit_of(s, node)->row_loop];
}

static void b_over_a(subject *s) {
    storage(s, s->b)->offset = storage(s, s->a)->offset;
}

static void c_over_the_output(subject *s) {
    storage(s, s->outputs[0])->offset = storage(s, s->outputs[1])->offset;
}

static void a_elsewhere(subject *s) {
    /* Readers look there, the writer does not. */
    s->program->storage_of[own(s, s->a)] = s->program->storage_of[own(s, s->x)];
}

static void beyond_the_arena(subject *s) {
    storage(s, s->a)->offset = s->program->arena_bytes;
}

static void not_aligned(subject *s) {
    storage(s, s->a)->offset += 4;
    s->program->arena_bytes += 64;
}

static void too_small(subject *s) {
    storage(s, s->a)->bytes -= 64;
}

static void swapped(subject *s) {
    yg_unit *a = unit_of(s, s->a), *b = unit_of(s, s->b), moved = *a;
    *a = *b;
    *b = moved;
    const uint32_t row_loop = a->row_loop, stage = a->stage;
    a->row_loop = b->row_loop;
    a->stage = b->stage;
    b->row_loop = row_loop;
    b->stage = stage;
}

/* The stage of b and the one before it become one. */
static void in_one_stage(subject *s) {
    yg_program *p = s->program;
    const uint32_t second = unit_of(s, s->b)->stage;
    cr_assert_gt(second, 0);
    p->stages[second - 1].end = p->stages[second].end;
    memmove(p->stages + second, p->stages + second + 1,
            (--p->stage_count - second) * sizeof *p->stages);
    for (size_t u = 0; u < p->unit_count; u++)
        p->units[u].stage -= p->units[u].stage >= second;
}

static void shifted_too_far(subject *s) {
    storage(s, s->b)->part.shift -= 64;
}

static void shifted_beyond(subject *s) {
    storage(s, s->b)->part.shift += 64;
}

static void joined_elsewhere(subject *s) {
    yg_storage *part = storage(s, s->a);
    cr_assert_eq(part->kind, YG_STORAGE_PART);
    part->part.shift += 64;
}

/* Wrong places of chunk buffers. */
static void chunks_over_each_other(subject *s) {
    cr_assert_eq(storage(s, s->a)->kind, YG_STORAGE_CHUNK);
    cr_assert_eq(storage(s, s->b)->kind, YG_STORAGE_CHUNK);
    storage(s, s->b)->chunk.shift = storage(s, s->a)->chunk.shift;
}

static void chunks_beyond(subject *s) {
    storage(s, s->b)->chunk.shift = s->program->chunk_bytes;
}

static void every_row_of_a_chunk(subject *s) {
    cr_assert_eq(storage(s, s->a)->kind, YG_STORAGE_CHUNK);
    unit_of(s, s->b)->kernel.whole |= 1;
}

static void chunks_that_are_read_later(subject *s) {
    yg_storage *a = storage(s, s->a);
    cr_assert_eq(a->kind, YG_STORAGE_ARENA);
    const yg_row_loop *loop = row_loop_of(s, s->a);
    a->kind = YG_STORAGE_CHUNK;
    a->chunk.row_loop = unit_of(s, s->a)->row_loop;
    a->chunk.row = a->bytes / loop->rows;
    a->chunk.shift = s->program->chunk_bytes;
    s->program->chunk_bytes += a->chunk.row * loop->chunk;
}

/* Every row of b is read while its rows are written. */
static void other_rows(subject *s) {
    cr_assert_eq(unit_of(s, s->a)->row_loop, unit_of(s, s->b)->row_loop);
    unit_of(s, s->b)->kernel.whole |= 1;
}

static void parts_over_a(subject *s) {
    yg_unit *sum = unit_of(s, s->c);
    cr_assert_gt(sum->kernel.parts.count, 0);
    s->program->storages[sum->kernel.partial].offset = storage(s, s->a)->offset;
    s->program->arena_bytes += s->program->storages[sum->kernel.partial].bytes;
}

static void shared_scratch(subject *s) {
    yg_unit *a = unit_of(s, s->a), *b = unit_of(s, s->b);
    cr_assert_eq(a->row_loop, b->row_loop);
    cr_assert(a->kernel.scratch_end > 0 && b->kernel.scratch_end > 0);
    const size_t bytes = b->kernel.scratch_end - b->kernel.scratch;
    b->kernel.scratch = a->kernel.scratch;
    b->kernel.scratch_end = a->kernel.scratch + bytes;
}

static void scratch_beyond(subject *s) {
    s->program->scratch_bytes = unit_of(s, s->b)->kernel.scratch_end - 1;
}

/* The new value is written over the parameter at once, and not copied there at the end. */
static void updated_too_early(subject *s) {
    unit_of(s, s->a)->kernel.target = s->program->storage_of[own(s, s->w)];
    s->program->storage_of[own(s, s->a)] = s->program->storage_of[own(s, s->w)];
}

/* The same, by a kernel that reads all of the parameter meanwhile. */
static void updated_in_place(subject *s) {
    unit_of(s, s->a)->kernel.target = s->program->storage_of[own(s, s->w)];
}

static void not_updated(subject *s) {
    yg_program *p = s->program; /* without the copy at the end */
    cr_assert_eq(p->units[p->unit_count - 1].kind, YG_UNIT_COPY);
    p->unit_count--;
    p->row_loop_count--;
    p->stage_count--;
}

static void not_run(subject *s) {
    s->program->stage_count--;
}

static void last_not_run(subject *s) {
    yg_program *p = s->program;
    cr_assert_eq(unit_of(s, s->c), &p->units[p->unit_count - 1]);
    p->unit_count--;
    p->row_loop_count--;
    p->stage_count--;
}

static void run_in_pieces(subject *s) {
    unit_of(s, s->b)->kernel.work = 2;
}

static void run_twice(subject *s) {
    s->program->row_loops[0].end++;
}

static void other_register(subject *s) {
    step_of(s, s->c)->in[0].reg = step_of(s, s->c)->in[1].reg;
}

static void register_too_early(subject *s) {
    step_of(s, s->b)->out.reg = step_of(s, s->a)->out.reg;
}

static void operands_exchanged(subject *s) {
    yg_place *in = step_of(s, s->a)->in;
    in[0].storage = s->program->storage_of[own(s, s->y)];
}

static void another_load(subject *s) {
    unit_of(s, s->c)->group.loads[0].storage = s->program->storage_of[own(s, s->x)];
}

static void over_what_is_stretched(subject *s) {
    yg_step *divide = step_of(s, s->c);
    cr_assert_neq(divide->out.storage, YG_NO_STORAGE);
    s->program->storages[divide->out.storage].offset = storage(s, s->a)->offset;
    s->program->arena_bytes += s->program->storages[divide->out.storage].bytes;
}

/* ------------------------------------------------------------------------------------- cases -- */

typedef struct plant {
    const char *name;
    void (*build)(subject *s);
    const char *without; /* a pass, or NULL */
    void (*spoil)(subject *s);
    const char *expected; /* in the message */
} plant;

static const plant plants[] = {
    {"a slot is reused too early", residual, NULL, b_over_a, "operand 0, which is read"},
    {"a slot is reused before its last reader", waiting, "stages", b_over_a, "must hold"},
    {"a result is read elsewhere", residual, NULL, a_elsewhere, "must hold"},
    {"a result beyond the arena", residual, NULL, beyond_the_arena, "outside of the arena"},
    {"a result that is not aligned", residual, NULL, not_aligned, "not aligned"},
    {"a result in too few bytes", residual, NULL, too_small, "takes 524288 bytes of 524224"},
    {"units in another order", residual, NULL, swapped, "nothing has written them"},
    {"two writers in one stage", side_by_side, NULL, b_over_a, "in the same stage"},
    {"a reader beside its writer", residual, NULL, in_one_stage, "in the same stage"},
    {"an output is written over", side_by_side, "stages", c_over_the_output, "must hold %"},
    {"a view with a wrong shift", viewed, NULL, shifted_too_far, "from byte 262144 on"},
    {"a view beyond its operand", viewed, NULL, shifted_beyond, "is no part of"},
    {"an operand joined elsewhere", joined, "stages", joined_elsewhere, "the result lies over"},
    {"two results in one chunk", by_rows, NULL, chunks_over_each_other, "operand 0"},
    {"a chunk beyond the chunks", by_rows, NULL, chunks_beyond, "outside of the chunks"},
    {"every row of a chunk", by_rows, NULL, every_row_of_a_chunk, "but every row is needed"},
    {"a chunk read after its row loop", by_rows_and_later, NULL, chunks_that_are_read_later,
     "of another row loop"},
    {"rows that other rows read", by_rows, "chunk_buffers", other_rows,
     "other rows of the row loop"},
    {"parts over what is read", by_rows_and_later, NULL, parts_over_a, "in other rows"},
    {"scratch that two kernels keep", products, NULL, shared_scratch, "its scratch"},
    {"scratch beyond its end", products, NULL, scratch_beyond, "its scratch"},
    {"an update before the last reader", updated, NULL, updated_too_early, "operand 0"},
    {"an update over its own operand", updated, NULL, updated_in_place, "operand 0"},
    {"a parameter is not updated", updated, NULL, not_updated, "must hold"},
    {"a unit is not run", residual, NULL, not_run, "no stage runs it"},
    {"a unit is run twice", residual, NULL, run_twice, "row loop 0"},
    {"effects in another order", with_effects, NULL, swapped, "is the next"},
    {"an effect in a shared stage", with_effects, NULL, in_one_stage, "does not run alone"},
    {"an effect in pieces", with_effects, NULL, run_in_pieces, "does not run alone"},
    {"loops in a shared stage", with_loops, NULL, in_one_stage, "does not run alone"},
    {"an effect that is missing", with_effects, NULL, last_not_run, "no unit has the effect of"},
    {"a wrong register", fused, "multiply_add", other_register, "does not hold"},
    {"a register is used again too early", fused, "multiply_add", register_too_early,
     "does not hold"},
    {"a step reads another tensor", fused, "multiply_add", operands_exchanged, "must hold"},
    {"a load reads another tensor", stretched, NULL, another_load, "must hold"},
    {"written over while it is stretched", stretched, NULL, over_what_is_stretched, "while unit"},
};

static bool verify(subject *s, yg_error *error) {
    const yg_request request = {.graph = s->program->graph,
                                .outputs = s->own_outputs,
                                .output_count = s->output_count,
                                .updates = s->own_updates,
                                .update_count = s->update_count};
    return yg_plan_verify(s->program, &request, NULL, error);
}

static void make(subject *s, const plant *p) {
    const yg_type type = type_of(YG_F32, 2, (int64_t[]){ROWS, COLUMNS});
    *s = (subject){.g = yg_graph_new(yg_ops(), 0)};
    s->x = yg_input(s->g, "x", &type);
    s->y = yg_input(s->g, "y", &type);
    s->w = yg_parameter(s->g, "w", &type);
    p->build(s);
    yg_error error = {0};
    const yg_compile_options options = {.threads = 2,
                                        .flags = YG_PROGRAM_NO_MEMORY,
                                        .without = &p->without,
                                        .without_count = p->without != NULL};
    s->program = yg_compile(s->g, s->outputs, s->output_count, s->updates, s->update_count,
                            &options, &error);
    cr_assert(s->program, "%s: %s", p->name, error.message);
    for (size_t i = 0; i < s->output_count; i++)
        s->own_outputs[i] = own(s, s->outputs[i]);
    for (size_t i = 0; i < s->update_count; i++)
        s->own_updates[i] =
            (yg_update){own(s, s->updates[i].parameter), own(s, s->updates[i].value)};
}

Test(plan_verify, finds_what_is_planted) {
    for (size_t i = 0; i < sizeof plants / sizeof *plants; i++) {
        subject s;
        yg_error error = {0};
        make(&s, &plants[i]);
        cr_assert(verify(&s, &error), "%s: %s", plants[i].name, error.message);
        plants[i].spoil(&s);
        cr_expect_not(verify(&s, &error), "%s: passes", plants[i].name);
        cr_expect_eq(error.code, YG_ERROR_INTERNAL);
        cr_expect(strstr(error.message, plants[i].expected), "%s: %s", plants[i].name,
                  error.message);
        yg_program_free(s.program);
        yg_graph_free(s.g);
    }
}

/* Compares the written intervals with an array that keeps the writer of each byte. */
Test(plan_verify, remembers_the_last_writer_of_each_byte) {
    enum { END = 100 };
    int64_t cuts[END + 1];
    uint32_t by[END];
    for (int64_t i = 0; i <= END; i++)
        cuts[i] = i * 7 % (END + 1);
    yg_written *written = yg_written_new(cuts, END + 1);
    cr_assert(written);
    memset(by, 0xff, sizeof by); /* YG_WRITTEN_BY_NONE */
    uint64_t state = 1;
    for (uint32_t round = 0; round < 2000; round++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        const int64_t begin = (int64_t)(state >> 33) % END;
        const int64_t end = begin + 1 + (int64_t)(state >> 17) % (END - begin);
        uint32_t expected = by[begin];
        for (int64_t i = begin; i < end; i++)
            expected = by[i] == expected ? expected : YG_WRITTEN_BY_SEVERAL;
        cr_assert_eq(yg_written_by(written, begin, end), expected, "round %u", round);
        for (int64_t i = begin; i < end; i++)
            by[i] = round;
        yg_written_note(written, begin, end, round);
    }
    yg_written_free(written);
}
