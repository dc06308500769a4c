/*
 * Loops for tests: see loop_cells.h.
 */
#include "loop_cells.h"

#include "ops/build.h"
#include "ops/ops.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------------- the loop_cells --
 */

enum { INNER = 3 };

yg_dtype loop_real = YG_F64;

yg_type loop_type(char letter) {
    switch (letter) {
    case 'r':
        return type_of(loop_real, 2, (int64_t[]){BATCH, WIDTH});
    case 'g':
        return type_of(loop_real, 2, (int64_t[]){WIDTH, 4 * WIDTH});
    case 'b':
        return type_of(loop_real, 1, (int64_t[]){WIDTH});
    case 'i':
        return type_of(YG_I64, 1, (int64_t[]){BATCH});
    default:
        return type_of(loop_real, 2, (int64_t[]){WIDTH, WIDTH});
    }
}

yg_node loop_mask(yg_graph *g, int64_t stream) {
    const yg_op *op = yg_op_find(yg_ops(), "dropout_mask");
    const yg_attr attrs[] = {
        {.i = loop_real}, {.count = 2, .ints = {BATCH, WIDTH}}, {.f = 0.4}, {.i = stream}};
    return yg_apply(g, op, NULL, 0, attrs);
}

static int64_t stream_at(int64_t stream, int64_t t) {
    return t < 0 ? stream : yg_loop_stream(stream, t);
}

static yg_node product(yg_graph *g, yg_node a, yg_node b) {
    return yg_matmul(g, a, b, false, false);
}

/* T slices as one tensor. */
static yg_node stacked(yg_graph *g, const yg_node *slices, int64_t count) {
    const yg_type *slice = yg_node_type(g, slices[0]);
    yg_node *rows = malloc((size_t)count * sizeof *rows);
    int64_t shape[YG_MAX_RANK] = {1};
    cr_assert(rows);
    memcpy(shape + 1, slice->shape, (size_t)slice->rank * sizeof *shape);
    const yg_type one = type_of(slice->dtype, slice->rank + 1, shape);
    for (int64_t t = 0; t < count; t++)
        rows[t] = yg_reshape(g, slices[t], &one);
    const yg_node joined = yg_concat(g, rows, (size_t)count, 0);
    free(rows);
    return joined;
}

/* h' = tanh(x w + h v), y = h' · x */
static void simple(yg_graph *g, const yg_node *in, int64_t t, yg_node *next, yg_node *outputs) {
    (void)t;
    next[0] = yg_tanh(g, yg_add(g, product(g, in[1], in[2]), product(g, in[0], in[3])));
    outputs[0] = yg_multiply(g, next[0], in[1]);
}

/* The same, with dropout, and with what it carries as a result. */
static void dropping(yg_graph *g, const yg_node *in, int64_t t, yg_node *next, yg_node *outputs) {
    simple(g, in, t, next, outputs);
    next[0] = yg_multiply(g, next[0], loop_mask(g, stream_at(7, t)));
    outputs[0] = next[0];
}

/* A weight that is read three times in an iteration. */
static void shared(yg_graph *g, const yg_node *in, int64_t t, yg_node *next, yg_node *outputs) {
    (void)t;
    const yg_node once = yg_sin(g, product(g, in[1], in[2]));
    const yg_node twice = yg_tanh(g, product(g, once, in[2]));
    next[0] = yg_tanh(g, yg_add(g, product(g, in[0], in[2]), twice));
    outputs[0] = yg_multiply(g, next[0], yg_exp(g, yg_negative(g, yg_square(g, in[3]))));
}

/* An LSTM: four gates at once, a bias, two carries. */
static void lstm(yg_graph *g, const yg_node *in, int64_t t, yg_node *next, yg_node *outputs) {
    (void)t;
    yg_node gate[4];
    const yg_node all = yg_add(g, product(g, in[2], in[3]), product(g, in[0], in[4]));
    for (int i = 0; i < 4; i++) {
        const int64_t start[] = {0, i * WIDTH}, stop[] = {BATCH, (i + 1) * WIDTH}, step[] = {1, 1};
        const yg_node z = yg_add(g, yg_slice(g, all, start, stop, step), in[5]);
        gate[i] = i == 2 ? yg_tanh(g, z) : yg_sigmoid(g, z);
    }
    next[1] = yg_add(g, yg_multiply(g, gate[0], in[1]), yg_multiply(g, gate[1], gate[2]));
    next[0] = yg_multiply(g, gate[3], yg_tanh(g, next[1]));
    outputs[0] = next[0];
    outputs[1] = next[1];
}

/* Carries that change places, one that stays, and one that several nodes read. */
static void crossing(yg_graph *g, const yg_node *in, int64_t t, yg_node *next, yg_node *outputs) {
    (void)t;
    next[0] = in[1];
    next[1] = yg_sin(g, yg_add(g, in[0], yg_multiply(g, in[1], in[3])));
    next[2] = in[2];
    outputs[0] = yg_multiply(g, in[0], in[2]);
    outputs[1] = in[3];
}

/* Integers in all places: a table is looked up, and a sum of indices carried. */
static void looking_up(yg_graph *g, const yg_node *in, int64_t t, yg_node *next, yg_node *outputs) {
    (void)t;
    const yg_node operands[] = {in[2], in[3]};
    const yg_node row = yg_call(g, "embedding", operands, 2);
    next[0] = yg_tanh(g, yg_add(g, in[0], row));
    next[1] = yg_add(g, in[1], in[2]);
    outputs[0] = next[1];
    outputs[1] = yg_multiply(g, next[0], row);
}

/* A loop within the loop, each with dropout: h = tanh(h v · mask) INNER times, then once more with
 * the outer mask and slice. */
static void nested(yg_graph *g, const yg_node *in, int64_t t, yg_node *next, yg_node *outputs) {
    yg_node last = in[0], y[INNER], all = YG_NONE;
    if (t < 0) {
        const yg_type row = loop_type('r'), square = loop_type('s');
        yg_graph *body = yg_graph_new(yg_ops(), 0);
        const yg_node h = yg_input(body, "h", &row), v = yg_input(body, "v", &square);
        const yg_node made =
            yg_tanh(body, yg_multiply(body, product(body, h, v), loop_mask(body, 3)));
        const yg_loop_spec spec = {.body = body,
                                   .carries = &h,
                                   .next = &made,
                                   .carry_count = 1,
                                   .captured = &v,
                                   .captured_count = 1,
                                   .outputs = &made,
                                   .output_count = 1,
                                   .iterations = INNER};
        yg_loop(g, &spec, &in[0], NULL, &in[2], &last, &all);
    } else {
        for (int64_t u = 0; u < INNER; u++) {
            const yg_node drawn = loop_mask(g, yg_loop_stream(yg_loop_stream(3, u), t));
            y[u] = last = yg_tanh(g, yg_multiply(g, product(g, last, in[2]), drawn));
        }
        all = stacked(g, y, INNER);
    }
    next[0] = yg_multiply(g, yg_multiply(g, last, in[1]), loop_mask(g, stream_at(3, t)));
    const int64_t first_dim[] = {0};
    outputs[0] = yg_sum(g, all, first_dim, 1, false);
}

const cell loop_cells[] = {
    {"simple", "r", "r", "ss", "r", simple, false, false},
    {"dropping", "r", "r", "ss", "r", dropping, true, false},
    {"shared", "r", "r", "sb", "r", shared, false, false},
    {"lstm", "rr", "r", "ggb", "rr", lstm, false, false},
    {"crossing", "rrr", "r", "", "rr", crossing, false, true},
    {"looking up", "ri", "i", "t", "ir", looking_up, false, false},
    {"nested", "r", "r", "s", "r", nested, true, true},
};

const size_t loop_cell_count = sizeof loop_cells / sizeof *loop_cells;

/* ---------------------------------------------------------------------------- three graphs -- */

static size_t inputs_of(yg_graph *g, const char *letters, int64_t iterations, yg_node *made) {
    for (size_t i = 0; letters[i]; i++) {
        yg_type type = loop_type(letters[i]);
        if (iterations > 0) {
            int64_t shape[YG_MAX_RANK] = {iterations};
            memcpy(shape + 1, type.shape, (size_t)type.rank * sizeof *shape);
            type = type_of(type.dtype, type.rank + 1, shape);
        }
        made[i] = yg_parameter(g, "leaf", &type);
    }
    return strlen(letters);
}

static void with_a_loop(subject *s, const cell *c, int64_t iterations, bool reversed,
                        yg_loop_unroll unroll) {
    yg_graph *body = yg_graph_new(yg_ops(), 0);
    yg_node in[MOST], next[MOST], outputs[MOST];
    size_t count = 0;
    const char *letters[] = {c->carries, c->slices, c->captured};
    for (int kind = 0; kind < 3; kind++) {
        for (size_t i = 0; letters[kind][i]; i++) {
            const yg_type type = loop_type(letters[kind][i]);
            in[count++] = yg_input(body, "in", &type);
        }
    }
    const size_t carries = strlen(c->carries), slices = strlen(c->slices);
    c->build(body, in, -1, next, outputs);
    const yg_loop_spec spec = {.body = body,
                               .carries = in,
                               .next = next,
                               .carry_count = carries,
                               .slices = in + carries,
                               .slice_count = slices,
                               .captured = in + carries + slices,
                               .captured_count = strlen(c->captured),
                               .outputs = outputs,
                               .output_count = strlen(c->outputs),
                               .iterations = iterations,
                               .reversed = reversed,
                               .unroll = unroll};
    cr_assert(yg_loop(s->g, &spec, s->leaves, s->leaves + carries, s->leaves + carries + slices,
                      s->finals, s->outputs),
              "%s: %s", c->name, yg_graph_error(s->g) ? yg_graph_error(s->g)->message : "no error");
}

static yg_node slice_of(yg_graph *g, yg_node sequence, int64_t t, char letter) {
    const yg_type slice = loop_type(letter), *whole = yg_node_type(g, sequence);
    int64_t start[YG_MAX_RANK] = {t}, stop[YG_MAX_RANK] = {t + 1}, step[YG_MAX_RANK];
    for (int d = 0; d < whole->rank; d++) {
        step[d] = 1;
        if (d > 0)
            stop[d] = whole->shape[d];
    }
    return yg_reshape(g, yg_slice(g, sequence, start, stop, step), &slice);
}

static void written_out(subject *s, const cell *c, int64_t iterations, bool reversed) {
    const size_t carries = strlen(c->carries), slices = strlen(c->slices);
    const size_t captured = strlen(c->captured), outputs = strlen(c->outputs);
    yg_node in[MOST], next[MOST], made[MOST];
    yg_node *collected = malloc(outputs * (size_t)iterations * sizeof *collected);
    cr_assert(collected);
    memcpy(in, s->leaves, (carries + slices + captured) * sizeof *in);
    for (int64_t n = 0; n < iterations; n++) {
        const int64_t t = reversed ? iterations - 1 - n : n;
        for (size_t j = 0; j < slices; j++)
            in[carries + j] = slice_of(s->g, s->leaves[carries + j], t, c->slices[j]);
        c->build(s->g, in, t, next, made);
        for (size_t j = 0; j < outputs; j++)
            collected[j * (size_t)iterations + (size_t)t] = made[j];
        memcpy(in, next, carries * sizeof *in);
    }
    memcpy(s->finals, in, carries * sizeof *in);
    for (size_t j = 0; j < outputs; j++)
        s->outputs[j] = stacked(s->g, collected + j * (size_t)iterations, iterations);
    free(collected);
}

static bool is_float(const subject *s, yg_node node) {
    return yg_dtype_is_float(yg_node_type(s->g, node)->dtype);
}

/* The sum of all sines: a loss whose gradient differs for each element. */
static yg_node loss_of(subject *s, const yg_node *nodes, size_t count) {
    yg_node loss = YG_NONE;
    for (size_t i = 0; i < count; i++) {
        if (!is_float(s, nodes[i]))
            continue;
        const yg_node part = yg_sum(s->g, yg_sin(s->g, nodes[i]), NULL, 0, false);
        loss = loss == YG_NONE ? part : yg_add(s->g, loss, part);
    }
    return loss;
}

/* Shows the gradients of a loss by all leaves, and returns how many there are. */
static size_t show_gradients(subject *s, yg_node loss, const char *what) {
    yg_node wrt[MOST], gradients[MOST];
    size_t count = 0, made = 0;
    for (size_t i = 0; i < s->leaf_count; i++) {
        if (is_float(s, s->leaves[i]))
            wrt[count++] = s->leaves[i];
    }
    cr_assert(yg_grad(s->g, loss, YG_NONE, wrt, count, gradients), "%s: %s", what,
              yg_graph_error(s->g) ? yg_graph_error(s->g)->message : "no error");
    for (size_t i = 0; i < count; i++) {
        if (gradients[i] != YG_NONE) {
            s->shown[s->shown_count++] = gradients[i];
            made++;
        }
    }
    return made;
}

subject loop_subject(const cell *c, int64_t iterations, bool reversed, loop_way way, int order) {
    subject s = {.g = yg_graph_new(yg_ops(), 0)};
    s.leaf_count += inputs_of(s.g, c->carries, 0, s.leaves);
    s.leaf_count += inputs_of(s.g, c->slices, iterations, s.leaves + s.leaf_count);
    s.leaf_count += inputs_of(s.g, c->captured, 0, s.leaves + s.leaf_count);
    if (way == WRITTEN_OUT)
        written_out(&s, c, iterations, reversed);
    else
        with_a_loop(&s, c, iterations, reversed,
                    way == UNROLLED    ? YG_UNROLL_ALWAYS
                    : way == AS_A_UNIT ? YG_UNROLL_NEVER
                                       : YG_UNROLL_SHORT);
    const size_t carries = strlen(c->carries), outputs = strlen(c->outputs);
    for (size_t i = 0; i < carries; i++)
        s.shown[s.shown_count++] = s.finals[i];
    for (size_t j = 0; j < outputs; j++)
        s.shown[s.shown_count++] = s.outputs[j];
    s.value_count = s.shown_count;
    if (order > 0)
        s.first_count = show_gradients(&s, loss_of(&s, s.shown, s.value_count), c->name);
    if (order > 1)
        show_gradients(&s, loss_of(&s, s.shown + s.value_count, s.first_count), c->name);
    return s;
}

void loop_repeat(subject *s, const cell *c, int64_t iterations) {
    with_a_loop(s, c, iterations, true, YG_UNROLL_NEVER);
    for (size_t i = 0; c->carries[i]; i++)
        s->shown[s->shown_count++] = s->finals[i];
}

yg_program *loop_compute(const subject *s, const yg_compile_options *options) {
    yg_error error = {0};
    yg_program *program = yg_compile(s->g, s->shown, s->shown_count, NULL, 0, options, &error);
    cr_assert(program, "%s", error.message);
    for (size_t i = 0; i < s->leaf_count; i++) {
        const yg_type *type = yg_node_type(s->g, s->leaves[i]);
        void *values = yg_program_data(program, s->leaves[i]);
        for (int64_t k = 0; values && k < yg_type_count(type); k++)
            yg_element_set(type->dtype, values, k,
                           type->dtype == YG_I64
                               ? (double)(k * 7 % WIDTH)
                               : 0.7 * yg_random_normal(3, s->leaves[i], (uint64_t)k));
    }
    run(program);
    return program;
}
