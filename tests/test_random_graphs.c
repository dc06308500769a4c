/*
 * Random graphs: hundreds of seeded compositions of all operators, differentiated twice, computed
 * seven ways that have to agree:
 *
 *   float64, optimised            the subject
 *   float64, planner off          the same bits
 *   float64, recomputing          the same bits
 *   float64, sums in two steps    the same numbers: without the rule multiply_add
 *   float64, as the graph is      to rounding: rewriting rules off too
 *   float64, simplifier off       to rounding
 *   float32, optimised            to single precision
 *
 * An operator takes part by existing: operands are mapped into its declared domain, attributes are
 * drawn from its schema, and what its shape rule refuses is drawn again. Every other attempt is
 * shaped like one of its samples.
 */
#include "graph/profile.h"
#include "graph/program.h"
#include "graph/random.h"
#include "graph/rewrite.h"
#include "ops/build.h"
#include "ops/ops.h"
#include "plan_text.h"
#include "sample.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GRAPHS    280
#define TURNS     4
#define MAX_OPS   1024
#define STEPS     14
#define POOL      64
#define MAX_ATTRS 16
#define ATTEMPTS  8
#define LIMIT     200   /* elements of a node; operators such as pad and stack make them grow */
#define LIMIT_MAX 20000 /* elements of a node in graphs with many rows */

typedef struct dice {
    uint64_t seed, next;
} dice;

static int64_t roll(dice *d, int64_t bound) {
    return (int64_t)yg_random_below(d->seed, 1, d->next++, (uint64_t)bound);
}

/* A graph under construction. Every decision comes from the dice, none from the element type or the
 * flags. So the same seed builds the same function in each way. */
typedef struct builder {
    yg_graph *graph;
    yg_dtype dtype;
    dice dice;
    yg_node pool[POOL]; /* float nodes to draw operands from */
    int count;
    yg_node inputs[POOL];
    int input_count;
    int64_t limit;     /* elements of a node */
    bool second_order; /* an input has a second derivative by way of drawn operators */
    bool smooth;       /* no operator with steps: float32 and float64 take the same branch */
    bool any;          /* such operators may be drawn */
    bool used[MAX_OPS];
} builder;

static yg_node new_input(builder *b, const yg_type *type) {
    const yg_node node = yg_input(b->graph, "x", type);
    b->inputs[b->input_count++] = node;
    return node;
}

/* Maps x into the operator's domain: low + (high - low) · sigmoid(x). */
static yg_node into_domain(builder *b, yg_node x, yg_domain domain) {
    if (domain.low == 0 && domain.high == 0)
        domain = (yg_domain){-2, 2};
    const yg_node unit = yg_sigmoid(b->graph, x);
    return yg_offset(b->graph, yg_scale(b->graph, unit, domain.high - domain.low), domain.low);
}

static yg_attr draw_attr(builder *b, const yg_attr_spec *spec) {
    yg_attr attr = spec->fallback;
    if (!spec->required && roll(&b->dice, 3) == 0)
        return attr;
    int64_t choices = 0;
    switch (spec->kind) {
    case YG_ATTR_INT:
        attr.i = roll(&b->dice, 5) - 2;
        break;
    case YG_ATTR_FLOAT:
        attr.f = 0.25 * (double)(1 + roll(&b->dice, 3));
        break;
    case YG_ATTR_BOOL:
        attr.i = roll(&b->dice, 2);
        break;
    case YG_ATTR_CHOICE:
        while (spec->choices[choices])
            choices++;
        attr.i = roll(&b->dice, choices);
        break;
    case YG_ATTR_DTYPE:
        attr.i = b->dtype;
        break;
    case YG_ATTR_TEXT:
        attr = (yg_attr){.count = 5, .text = "...->"};
        break;
    case YG_ATTR_INTS:
        if (spec->choices && roll(&b->dice, 2) == 0) {
            while (spec->choices[choices])
                choices++;
            attr = (yg_attr){.is_word = true, .i = roll(&b->dice, choices)};
            break;
        }
        attr = (yg_attr){.count = roll(&b->dice, 4)};
        for (int64_t i = 0; i < attr.count; i++)
            attr.ints[i] = roll(&b->dice, 6) - 1;
        break;
    case YG_ATTR_FLOATS:
        attr = (yg_attr){.count = roll(&b->dice, 4)};
        for (int64_t i = 0; i < attr.count; i++)
            attr.floats[i] = 0.5 * (double)(1 + roll(&b->dice, 4));
        break;
    }
    return attr;
}

static bool wants_integers(const yg_op *op, size_t k) {
    for (size_t s = 0; s < op->sample_count; s++) {
        const char *type = op->samples[s].operands[k];
        if (type && type[0] != 'f')
            return true;
    }
    return false;
}

static char letter(const yg_op *op, size_t k) {
    const size_t at = k < YG_SAMPLE_OPERANDS ? k : 0;
    return op->samples[0].operands[at] ? op->samples[0].operands[at][0] : 'f';
}

/* A constant of integers or truth values in the operator's domain. */
static yg_node integers_of(builder *b, const yg_op *op, size_t k, const yg_type *type) {
    const yg_domain domain = op->domain[k < YG_OP_NAMED_OPERANDS ? k : 0];
    int32_t integers[LIMIT_MAX];
    uint8_t truths[LIMIT_MAX];
    for (int64_t i = 0; i < yg_type_count(type); i++) {
        truths[i] = (uint8_t)roll(&b->dice, 2);
        integers[i] = (int32_t)domain.low + (int32_t)roll(&b->dice, 2);
    }
    return yg_constant(b->graph, type, type->dtype == YG_BOOL ? (void *)truths : (void *)integers);
}

/* The same with the shape of a pool node. */
static yg_node draw_integers(builder *b, const yg_op *op, size_t k) {
    const yg_node like = b->pool[roll(&b->dice, b->count)];
    yg_type type = *yg_node_type(b->graph, like);
    type.dtype = letter(op, k) == 'b' ? YG_BOOL : YG_I32;
    if (roll(&b->dice, 2) && type.rank > 0)
        type.shape[--type.rank] = 0; /* class indices have one dimension less */
    return integers_of(b, op, k, &type);
}

/* Whether the operator takes these operands. It is tried in a graph of its own, because a failure
 * stays in a graph, and run once, because an index may be out of range. */
static bool accepts(builder *b, const yg_op *op, const yg_node *operands, size_t count,
                    const yg_attr *attrs) {
    yg_graph *trial = yg_graph_new(yg_ops(), YG_GRAPH_NO_SIMPLIFY | YG_GRAPH_TRAINING);
    yg_node leaves[4], results[SAMPLE_RESULTS];
    for (size_t k = 0; k < count; k++) {
        const yg_type *type = yg_node_type(b->graph, operands[k]);
        const void *data = yg_node_constant(b->graph, operands[k]);
        leaves[k] = data ? yg_constant(trial, type, data) : yg_input(trial, "t", type);
    }
    const size_t made = yg_apply_all(trial, op, leaves, count, attrs, results, SAMPLE_RESULTS);
    bool fits = made > 0;
    for (size_t i = 0; i < made; i++) {
        const int64_t elements = yg_type_count(yg_node_type(trial, results[i]));
        fits = fits && elements > 0 && elements <= b->limit;
    }
    yg_program *program = fits ? yg_compile(trial, results, made, NULL, 0, NULL, NULL) : NULL;
    fits = program && yg_program_run(program, 1, 0, NULL);
    yg_program_free(program);
    yg_graph_free(trial);
    return fits;
}

/* Whether the operator's values have steps. Some with a derivative do: gradients of kinks. */
static bool has_steps(const yg_op *op) {
    static const char *const names[] = {"piecewise_gradient", "larger_gradient"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(op->name, names[i]) == 0)
            return true;
    }
    return op->flags & YG_OP_NON_DIFFERENTIABLE;
}

static void add_results(builder *b, const yg_op *op, const yg_node *results, size_t made) {
    for (size_t i = 0; i < made && i < 2; i++) {
        const yg_dtype dtype = yg_node_type(b->graph, results[i])->dtype;
        const yg_node floats = yg_cast(b->graph, results[i], b->dtype);
        b->pool[b->count < POOL ? b->count++ : roll(&b->dice, POOL)] = floats;
        if (!yg_dtype_is_float(dtype) || has_steps(op))
            b->smooth = false;
    }
}

/* A node of a sample's type. A float one is made of a random node: its mean, times numbers that
 * differ. So an operator whose operands need a certain rank takes part too. */
static yg_node draw_like(builder *b, const yg_op *op, size_t k, const char *text) {
    yg_type type;
    cr_assert(sample_type(text, b->dtype, &type), "%s", text);
    double numbers[LIMIT];
    float narrow[LIMIT];
    const int64_t count = yg_type_count(&type);
    if (count > LIMIT)
        return YG_NONE;
    if (!yg_dtype_is_float(type.dtype))
        return integers_of(b, op, k, &type);
    for (int64_t i = 0; i < count; i++) {
        numbers[i] = 0.25 * (double)(1 + roll(&b->dice, 9));
        narrow[i] = (float)numbers[i];
    }
    const yg_node x = yg_mean(b->graph, b->pool[roll(&b->dice, b->count)], NULL, 0, false);
    const void *data = b->dtype == YG_F32 ? (const void *)narrow : numbers;
    const yg_node y =
        yg_multiply(b->graph, yg_constant(b->graph, &type, data), yg_broadcast(b->graph, x, &type));
    return into_domain(b, y, op->domain[op->flags & YG_OP_LIST ? 0 : k]);
}

/* Draws operands and attributes of one of the operator's samples. Returns how many operands there
 * are; 0 if the sample does not suit. */
static size_t draw_sample(builder *b, const yg_op *op, yg_node *operands, yg_attr *attrs) {
    const yg_sample *sample = &op->samples[roll(&b->dice, (int64_t)op->sample_count)];
    size_t count = 0;
    for (; count < 4 && count < YG_SAMPLE_OPERANDS && sample->operands[count]; count++) {
        operands[count] = draw_like(b, op, count, sample->operands[count]);
        if (operands[count] == YG_NONE)
            return 0;
    }
    if (sample->attrs)
        memcpy(attrs, sample->attrs, op->attr_count * sizeof *attrs);
    else
        yg_op_defaults(op, attrs);
    return count;
}

/* Draws operands from the pool, and any attributes. Returns how many operands there are. */
static size_t draw_call(builder *b, const yg_op *op, yg_node *operands, yg_attr *attrs) {
    const size_t count = op->flags & YG_OP_LIST ? 2 : (size_t)op->min_operands;
    for (size_t k = 0; k < count; k++) {
        const yg_node x = b->pool[roll(&b->dice, b->count)];
        operands[k] = wants_integers(op, k) && letter(op, k) != 'f'
                          ? draw_integers(b, op, k)
                          : into_domain(b, x, op->domain[op->flags & YG_OP_LIST ? 0 : k]);
    }
    for (size_t i = 0; i < op->attr_count; i++)
        attrs[i] = draw_attr(b, &op->attrs[i]);
    return count;
}

/* Adds a node of the operator `wanted`, or of any if that is SIZE_MAX. */
static void add_random_node(builder *b, size_t wanted) {
    const yg_op_set *set = yg_graph_ops(b->graph);
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        const size_t index =
            wanted == SIZE_MAX ? (size_t)roll(&b->dice, (int64_t)set->count) : wanted;
        const yg_op *op = set->ops[index];
        if (op->flags & YG_OP_INTERNAL || (op->flags & YG_OP_NON_DIFFERENTIABLE && !b->any))
            continue;
        yg_node operands[4];
        yg_attr attrs[MAX_ATTRS];
        const bool like_a_sample = attempt % 2 == 1;
        const size_t count =
            like_a_sample ? draw_sample(b, op, operands, attrs) : draw_call(b, op, operands, attrs);
        if (like_a_sample && count == 0)
            continue;
        if (!accepts(b, op, operands, count, attrs))
            continue;
        yg_node results[SAMPLE_RESULTS];
        const size_t made =
            yg_apply_all(b->graph, op, operands, count, attrs, results, SAMPLE_RESULTS);
        cr_assert_gt(made, 0, "%s: %s", op->name,
                     yg_graph_error(b->graph) ? yg_graph_error(b->graph)->message : "no result");
        b->used[index] = true;
        add_results(b, op, results, made);
        return;
    }
}

static yg_node mean_square(builder *b, yg_node x) {
    return yg_mean(b->graph, yg_square(b->graph, into_domain(b, x, (yg_domain){-1, 1})), NULL, 0,
                   false);
}

/* "No gradient" stands for zeros. With the simplifier more gradients are none (x - x) than without,
 * and the results must still agree. */
static yg_node or_zeros(builder *b, yg_node gradient, size_t input) {
    if (gradient != YG_NONE)
        return gradient;
    return yg_full(b->graph, yg_node_type(b->graph, b->inputs[input]), 0);
}

#define OUTPUTS 16

/* Builds values, a loss of the last few, its gradients, and their gradients. `rows` are the rows of
 * most inputs; 0: shapes have only a few elements. */
static int build(builder *b, uint64_t seed, yg_dtype dtype, unsigned flags, int64_t rows,
                 yg_node *outputs) {
    *b = (builder){.dtype = dtype,
                   .dice = {.seed = seed},
                   .smooth = true,
                   .any = seed % 2,
                   .limit = rows ? LIMIT_MAX : LIMIT};
    if (dtype == YG_F64)
        flags |= YG_GRAPH_F64;
    b->graph = yg_graph_new(yg_ops(), flags | YG_GRAPH_TRAINING);
    static const int64_t small[4][2] = {{3, 4}, {4, 3}, {1, 4}, {4, 4}};
    const int64_t large[4][2] = {{rows, 4}, {rows, 1}, {1, 4}, {rows, 4}};
    for (int i = 0; i < 4; i++) {
        yg_type type;
        cr_assert(yg_type_make(dtype, 2, rows ? large[i] : small[i], &type, NULL));
        b->pool[b->count++] = new_input(b, &type);
    }
    /* Operators take turns in the first nodes, so that each is drawn, however many there are.
     * Graphs 2k and 2k + 1 begin alike: only one of them takes operators without derivative. */
    for (size_t i = 0; i < TURNS; i++)
        add_random_node(b, (seed / 2 * TURNS + i) % yg_graph_ops(b->graph)->count);
    for (int i = TURNS; i < STEPS; i++)
        add_random_node(b, SIZE_MAX);
    yg_node loss = mean_square(b, b->pool[0]);
    for (int i = b->count > 5 ? b->count - 5 : 0; i < b->count; i++)
        loss = yg_add(b->graph, loss, mean_square(b, b->pool[i]));

    int made = 0;
    outputs[made++] = loss;
    yg_node grads[POOL], again[POOL], both = YG_NONE;
    const size_t inputs = (size_t)b->input_count;
    cr_assert(yg_grad(b->graph, loss, YG_NONE, b->inputs, inputs, grads), "seed %lu: %s",
              (unsigned long)seed, yg_graph_error(b->graph)->message);
    for (size_t i = 0; i < inputs; i++) {
        grads[i] = or_zeros(b, grads[i], i);
        outputs[made++] = grads[i];
        const yg_node part = mean_square(b, yg_scale(b->graph, grads[i], 3));
        both = both == YG_NONE ? part : yg_add(b->graph, both, part);
    }
    cr_assert(yg_grad(b->graph, both, YG_NONE, b->inputs, inputs, again), "seed %lu: %s",
              (unsigned long)seed, yg_graph_error(b->graph)->message);
    for (size_t i = 0; i < inputs; i++) {
        /* The first input is in the loss as it is: it always has one. */
        b->second_order |= i > 0 && again[i] != YG_NONE;
        outputs[made++] = or_zeros(b, again[i], i);
    }
    yg_error error = {0};
    cr_assert(yg_graph_verify(b->graph, &error), "seed %lu: %s", (unsigned long)seed,
              error.message);
    return made;
}

/* How to compile: what to leave out, and what to add. */
typedef struct leaving {
    unsigned flags;
    const char *names[64];
    size_t count;
    bool recompute; /* what is added */
    int threads;    /* 0: two */
} leaving;

/* Lists every pass but `dead`, and no rule. */
static leaving without_passes(void) {
    leaving out = {0};
    size_t count;
    const yg_compile_pass *passes = yg_compile_passes(&count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(passes[i].name, "dead") != 0)
            out.names[out.count++] = passes[i].name;
    }
    return out;
}

/* The passes and rules in turn, by seed. */
static leaving without_one(uint64_t seed, bool *rule) {
    size_t count;
    const yg_compile_pass *passes = yg_compile_passes(&count);
    const size_t index = (size_t)seed % (count + yg_ops()->rule_count);
    *rule = index >= count;
    return (leaving){.names = {*rule ? yg_ops()->rules[index - count]->name : passes[index].name},
                     .count = 1};
}

static yg_program *compute(const builder *b, const yg_node *outputs, int count,
                           const leaving *without, uint64_t seed) {
    yg_error error = {0};
    const yg_compile_options options = {.flags = without->flags,
                                        .threads = without->threads ? without->threads : 2,
                                        .without = without->names,
                                        .without_count = without->count,
                                        .recompute = without->recompute};
    yg_program *program = yg_compile(b->graph, outputs, (size_t)count, NULL, 0, &options, &error);
    cr_assert(program, "seed %lu: %s", (unsigned long)seed, error.message);
    for (int k = 0; k < b->input_count; k++) {
        void *data = yg_program_data(program, b->inputs[k]);
        if (!data)
            continue; /* nothing depends on it */
        const int64_t elements = yg_type_count(yg_node_type(b->graph, b->inputs[k]));
        for (int64_t i = 0; i < elements; i++)
            yg_element_set(b->dtype, data, i,
                           (double)(float)yg_random_normal(seed, 100 + (uint64_t)k, (uint64_t)i));
    }
    cr_assert(yg_program_run(program, seed, 3, &error), "seed %lu: %s", (unsigned long)seed,
              error.message);
    return program;
}

static bool has_instruction(const yg_program *program, const char *op) {
    for (size_t i = 0; i < yg_program_get_stats(program).instructions; i++) {
        const size_t nodes = yg_program_instruction(program, i).node_count;
        for (size_t k = 0; k < nodes; k++) {
            if (strcmp(yg_program_instruction_op(program, i, k)->name, op) == 0)
                return true;
        }
    }
    return false;
}

static double element(const builder *b, yg_program *program, yg_node node, int64_t i) {
    return yg_element_get(b->dtype, yg_program_data(program, node), i);
}

/* The largest difference, relative to the largest magnitude in the tensor. NaN agrees with NaN. */
static double difference(const builder *a, yg_program *pa, yg_node na, const builder *b,
                         yg_program *pb, yg_node nb) {
    const int64_t count = yg_type_count(yg_node_type(a->graph, na));
    double worst = 0, scale = 1e-3;
    cr_assert_eq(count, yg_type_count(yg_node_type(b->graph, nb)));
    for (int64_t i = 0; i < count; i++) {
        const double x = element(a, pa, na, i), y = element(b, pb, nb, i);
        if (isnan(x) && isnan(y))
            continue;
        if (isnan(x) != isnan(y))
            return INFINITY;
        worst = fmax(worst, fabs(x - y));
        scale = fmax(scale, fabs(x));
    }
    return worst / scale;
}

Test(random_graphs, seven_ways_agree) {
    bool used[MAX_OPS] = {false};
    cr_assert_leq(yg_ops()->count, (size_t)MAX_OPS);
    int smooth = 0, second_order = 0;
    const leaving nothing = {0}, plan = without_passes(), all = {.flags = YG_PROGRAM_NO_PLAN},
                  memory = {.recompute = true}, steps = {.names = {"multiply_add"}, .count = 1};
    size_t recomputed = 0, in_one_step = 0;
    for (uint64_t seed = 1; seed <= GRAPHS; seed++) {
        builder subject, plain, narrow;
        yg_node outputs[3][2 * POOL];
        const int count = build(&subject, seed, YG_F64, 0, 0, outputs[0]);
        const int plain_count = build(&plain, seed, YG_F64, YG_GRAPH_NO_SIMPLIFY, 0, outputs[1]);
        const int narrow_count = build(&narrow, seed, YG_F32, 0, 0, outputs[2]);
        bool rule;
        const leaving one = without_one(seed, &rule);
        yg_program *planned = compute(&subject, outputs[0], count, &nothing, seed);
        yg_program *partly = compute(&subject, outputs[0], count, &one, seed);
        yg_program *unplanned = compute(&subject, outputs[0], count, &plan, seed);
        yg_program *asked = compute(&subject, outputs[0], count, &all, seed);
        yg_program *again = compute(&subject, outputs[0], count, &memory, seed);
        recomputed += yg_program_get_stats(again).recomputed;
        yg_program *stepwise = compute(&subject, outputs[0], count, &steps, seed);
        in_one_step += has_instruction(planned, "multiply_add");
        yg_program *raw = compute(&plain, outputs[1], plain_count, &nothing, seed);
        yg_program *single = compute(&narrow, outputs[2], narrow_count, &nothing, seed);
        for (int i = 0; i < count; i++) {
            const size_t bytes = (size_t)yg_type_bytes(yg_node_type(subject.graph, outputs[0][i]));
            cr_expect_eq(memcmp(yg_program_data(planned, outputs[0][i]),
                                yg_program_data(unplanned, outputs[0][i]), bytes),
                         0, "seed %lu: output %d differs without a plan", (unsigned long)seed, i);
            cr_expect(rule || memcmp(yg_program_data(planned, outputs[0][i]),
                                     yg_program_data(partly, outputs[0][i]), bytes) == 0,
                      "seed %lu: output %d differs without the pass %s", (unsigned long)seed, i,
                      one.names[0]);
            cr_expect_eq(memcmp(yg_program_data(planned, outputs[0][i]),
                                yg_program_data(again, outputs[0][i]), bytes),
                         0, "seed %lu: output %d differs when recomputing", (unsigned long)seed, i);
            cr_expect_eq(
                difference(&subject, planned, outputs[0][i], &subject, stepwise, outputs[0][i]), 0,
                "seed %lu: output %d differs with sums in two steps", (unsigned long)seed, i);
            const double off =
                fmax(difference(&subject, planned, outputs[0][i], &subject, partly, outputs[0][i]),
                     difference(&subject, planned, outputs[0][i], &subject, asked, outputs[0][i]));
            cr_expect_lt(off, 1e-8, "seed %lu: output %d differs by %g without rewriting",
                         (unsigned long)seed, i, off);
        }
        cr_assert_eq(count, plain_count, "seed %lu", (unsigned long)seed);
        cr_assert_eq(count, narrow_count, "seed %lu", (unsigned long)seed);
        for (int i = 0; i < count; i++) {
            const double exact =
                difference(&subject, planned, outputs[0][i], &plain, raw, outputs[1][i]);
            cr_expect_lt(exact, 1e-8, "seed %lu: output %d differs by %g without the simplifier",
                         (unsigned long)seed, i, exact);
            const double rounded =
                difference(&subject, planned, outputs[0][i], &narrow, single, outputs[2][i]);
            if (subject.smooth)
                cr_expect_lt(rounded, 2e-2, "seed %lu: output %d differs by %g in float32",
                             (unsigned long)seed, i, rounded);
        }
        smooth += subject.smooth;
        second_order += subject.second_order;
        for (int i = 0; i < MAX_OPS; i++)
            used[i] |= subject.used[i];
        yg_program_free(planned);
        yg_program_free(partly);
        yg_program_free(unplanned);
        yg_program_free(asked);
        yg_program_free(again);
        yg_program_free(stepwise);
        yg_program_free(raw);
        yg_program_free(single);
        yg_graph_free(subject.graph);
        yg_graph_free(plain.graph);
        yg_graph_free(narrow.graph);
    }
    cr_expect_gt(smooth, GRAPHS / 4, "%d graphs were compared in float32", smooth);
    cr_expect_gt(recomputed, 2 * GRAPHS, "%zu values were recomputed", recomputed);
    cr_expect_gt(in_one_step, 3 * GRAPHS / 4, "%zu graphs had a multiply_add", in_one_step);
    cr_expect_gt(second_order, GRAPHS / 2, "%d graphs had second derivatives", second_order);
    for (size_t i = 0; i < yg_ops()->count; i++) {
        if (!(yg_ops()->ops[i]->flags & YG_OP_INTERNAL))
            cr_expect(used[i], "no graph used %s", yg_ops()->ops[i]->name);
    }
}

#define LARGE_GRAPHS 40
#define LARGEST      20000 /* nodes */

/* So many rows that row loops have several chunks and threads share them. The bits must be the
 * same. */
Test(random_graphs, many_rows_agree) {
    leaving plan = without_passes();
    plan.threads = 1;
    const leaving one = {.threads = 1}, three = {.threads = 3},
                  memory = {.recompute = true, .threads = 3};
    const leaving *ways[] = {&one, &three, &memory};
    int chunked = 0, batches = 0, shared = 0;
    for (uint64_t seed = 1; seed <= LARGE_GRAPHS; seed++) {
        static const int64_t rows[] = {1024, 1500, 997};
        builder b;
        yg_node outputs[2 * POOL];
        const yg_dtype dtype = seed % 4 == 0 ? YG_F32 : YG_F64;
        const int count = build(&b, 1000 + seed, dtype, 0, rows[seed % 3], outputs);
        /* The second derivative of ctc is written out step by step. Over so many rows that is a
         * graph of its own kind, which takes minutes and shows nothing here. */
        if (yg_graph_size(b.graph) > LARGEST) {
            yg_graph_free(b.graph);
            continue;
        }
        yg_program *reference = compute(&b, outputs, count, &plan, seed);
        for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
            yg_program *program = compute(&b, outputs, count, ways[w], seed);
            for (int i = 0; i < count; i++) {
                const size_t bytes = (size_t)yg_type_bytes(yg_node_type(b.graph, outputs[i]));
                cr_expect_eq(memcmp(yg_program_data(reference, outputs[i]),
                                    yg_program_data(program, outputs[i]), bytes),
                             0, "seed %lu: output %d differs, way %zu", (unsigned long)seed, i, w);
            }
            const plan_shape shape = plan_shape_of(program);
            chunked += w == 0 && shape.chunked > 0;
            batches += w == 0 && shape.stages > 0;
            shared += w == 1 && yg_program_get_stats(program).threads == 3;
            yg_program_free(program);
        }
        yg_program_free(reference);
        yg_graph_free(b.graph);
    }
    cr_expect_gt(chunked, LARGE_GRAPHS / 4, "%d graphs had a row loop in chunks", chunked);
    cr_expect_gt(batches, LARGE_GRAPHS / 4, "%d graphs had a batch", batches);
    cr_expect_gt(shared, LARGE_GRAPHS / 4, "threads shared %d graphs", shared);
}
