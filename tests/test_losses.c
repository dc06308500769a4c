/*
 * What the sample calls of test_operators.c do not show of losses and dropout: gradients that equal
 * the hand-derived ones exactly, also where a sigmoid or a softmax saturates; messages; the
 * statistics and the reproducibility of dropout.
 */
#include "graph/program.h"
#include "ops/build.h"
#include "ops/ops.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static yg_type type_of(yg_dtype dtype, int rank, ...) {
    int64_t shape[YG_MAX_RANK];
    va_list list;
    va_start(list, rank);
    for (int i = 0; i < rank; i++)
        shape[i] = va_arg(list, int);
    va_end(list);
    yg_type type;
    cr_assert(yg_type_make(dtype, rank, shape, &type, NULL));
    return type;
}

static yg_node input(yg_graph *graph, yg_type type) {
    return yg_input(graph, "x", &type);
}

/* Applies an operator with one attribute set, both by name. */
static yg_node apply_with(yg_graph *graph, const char *name, const yg_node *operands, size_t count,
                          const char *attr, yg_attr value) {
    const yg_op *op = yg_op_find(yg_ops(), name);
    cr_assert_not_null(op);
    yg_attr attrs[16];
    yg_op_defaults(op, attrs);
    if (attr)
        attrs[yg_op_attr(op, attr)] = value;
    return yg_apply(graph, op, operands, count, attrs);
}

static yg_program *compile(yg_graph *graph, const yg_node *outputs, size_t count) {
    yg_error error = {0};
    yg_program *program = yg_compile(graph, outputs, count, NULL, 0, NULL, &error);
    cr_assert_not_null(program, "%s", error.message);
    return program;
}

static void run(yg_program *program, uint64_t seed, uint64_t step) {
    yg_error error = {0};
    cr_assert(yg_program_run(program, seed, step, &error), "%s", error.message);
}

/* -------------------------------------------------------------------------------- exactness -- */

static const double LOGITS[] = {0.3, -2.5, 40, -40, 800, -800, 36.7, -1e-9};
static const double TARGETS[] = {1, 0, 1, 0, 0, 1, 1, 0.5};
enum { COUNT = sizeof LOGITS / sizeof *LOGITS };

/* The gradient of bce(sigmoid(z), t) is a - t, rounded once. For large z, a is rounded to 1.
 * Computed naively the gradient would then divide by a·(1 - a) = 0. */
Test(losses, bce_of_sigmoid_has_the_hand_derived_gradient) {
    for (int with_logits = 0; with_logits < 2; with_logits++) {
        yg_graph *graph = yg_graph_new(yg_ops(), YG_GRAPH_F64);
        const yg_node z = input(graph, type_of(YG_F64, 1, COUNT));
        const yg_node t = input(graph, type_of(YG_F64, 1, COUNT));
        const yg_node a = yg_sigmoid(graph, z), pair[] = {with_logits ? z : a, t};
        const yg_node loss = apply_with(graph, with_logits ? "bce_with_logits" : "bce", pair, 2,
                                        "reduction", (yg_attr){.i = 1});
        yg_node outputs[3] = {loss, a};
        cr_assert(yg_grad(graph, loss, YG_NONE, &z, 1, &outputs[2]));
        yg_program *program = compile(graph, outputs, 3);
        memcpy(yg_program_data(program, z), LOGITS, sizeof LOGITS);
        memcpy(yg_program_data(program, t), TARGETS, sizeof TARGETS);
        run(program, 0, 0);
        const double *activation = yg_program_data(program, a);
        const double *slope = yg_program_data(program, outputs[2]);
        for (int i = 0; i < COUNT; i++)
            cr_expect_eq(slope[i], activation[i] - TARGETS[i], "z = %g, t = %g: %.17g", LOGITS[i],
                         TARGETS[i], slope[i]);
        /* 800 against 0 and -800 against 1 cost 800 each; the others are small. */
        const double total = *(const double *)yg_program_data(program, loss);
        cr_expect(total > 1600 && total < 1602, "%.17g", total);
        yg_program_free(program);
        yg_graph_free(graph);
    }
}

/* Rows of logits. Their softmax goes from even to saturated. */
static const double ROWS[4][3] = {{0.1, -0.4, 2}, {50, 0, -50}, {0, 800, -800}, {1e-9, 0, 0}};
static const int32_t LABELS[4] = {2, 0, 0, 1};

/* The gradient is softmax(z) - one_hot(c), to the bit: for logits, for probabilities from softmax,
 * for nll of log_softmax, and for softmax used as logits. */
Test(losses, cross_entropy_has_the_hand_derived_gradient) {
    for (int form = 0; form < 5; form++) {
        yg_graph *graph = yg_graph_new(yg_ops(), YG_GRAPH_F64);
        const yg_node z = input(graph, type_of(YG_F64, 2, 4, 3));
        const yg_node c = input(graph, type_of(YG_I32, 1, 4));
        const yg_node a = yg_softmax(graph, z, -1);
        yg_node scores = z;
        yg_attr attrs[16];
        const yg_op *op = yg_op_find(yg_ops(), form == 2 ? "nll" : "cross_entropy");
        yg_op_defaults(op, attrs);
        attrs[yg_op_attr(op, "reduction")].i = 1;
        if (form == 1 || form == 3) {
            scores = a;
            attrs[yg_op_attr(op, "prediction")].i = 1;
        } else if (form == 2) {
            scores = yg_log(graph, a); /* becomes log_softmax */
        } else if (form == 4) {
            scores = a;
        }
        yg_node target = c;
        if (form == 3) {
            const yg_attr classes[] = {{.i = 3}, {.i = YG_F64}};
            target = yg_apply(graph, yg_op_find(yg_ops(), "one_hot"), &c, 1, classes);
        }
        const yg_node pair[] = {scores, target};
        const yg_node loss = yg_apply(graph, op, pair, 2, attrs);
        yg_node outputs[3] = {loss, a};
        cr_assert(yg_grad(graph, loss, YG_NONE, &z, 1, &outputs[2]));
        yg_program *program = compile(graph, outputs, 3);
        memcpy(yg_program_data(program, z), ROWS, sizeof ROWS);
        memcpy(yg_program_data(program, c), LABELS, sizeof LABELS);
        run(program, 0, 0);
        const double *probability = yg_program_data(program, a);
        const double *slope = yg_program_data(program, outputs[2]);
        for (int i = 0; i < 12; i++)
            cr_expect_eq(slope[i], probability[i] - (LABELS[i / 3] == i % 3),
                         "form %d, element %d: %.17g", form, i, slope[i]);
        const double total = *(const double *)yg_program_data(program, loss);
        cr_expect(total > 800 && total < 803, "form %d: %.17g", form, total);
        yg_program_free(program);
        yg_graph_free(graph);
    }
}

/* A wrong probability of 0 or 1 costs 100 and has a gradient of 1e12, as in PyTorch. The fixture of
 * PyTorch cannot show it, because its bound is rounded to a float. */
Test(losses, bce_is_bounded_where_the_probability_is_rounded) {
    yg_graph *graph = yg_graph_new(yg_ops(), YG_GRAPH_F64);
    const yg_node p = input(graph, type_of(YG_F64, 1, 4));
    const yg_node t = input(graph, type_of(YG_F64, 1, 4)), pair[] = {p, t};
    const yg_node loss = apply_with(graph, "bce", pair, 2, "reduction", (yg_attr){.i = 2});
    const yg_type type = type_of(YG_F64, 1, 4);
    yg_node outputs[2] = {loss};
    cr_assert(yg_grad(graph, loss, yg_full(graph, &type, 1), &p, 1, &outputs[1]));
    yg_program *program = compile(graph, outputs, 2);
    memcpy(yg_program_data(program, p), (const double[]){0, 1, 0, 1}, 32);
    memcpy(yg_program_data(program, t), (const double[]){1, 0, 0, 1}, 32);
    run(program, 0, 0);
    const double *value = yg_program_data(program, loss);
    const double *slope = yg_program_data(program, outputs[1]);
    const double values[] = {100, 100, 0, 0}, slopes[] = {-1e12, 1e12, 0, 0};
    for (int i = 0; i < 4; i++) {
        cr_expect_eq(value[i], values[i], "%d: %g", i, value[i]);
        cr_expect(fabs(slope[i] - slopes[i]) <= 1, "%d: %g", i, slope[i]);
    }
    yg_program_free(program);
    yg_graph_free(graph);
}

/* --------------------------------------------------------------------------------- messages -- */

typedef struct bad_call {
    const char *op;
    yg_type operands[3];
    size_t count;
    const char *attr;
    yg_attr value;
    const char *message; /* a part of it */
} bad_call;

Test(losses, refuse_what_does_not_fit) {
    const bad_call calls[] = {
        {.op = "mse",
         .operands = {type_of(YG_F32, 1, 4), type_of(YG_F32, 2, 4, 1)},
         .count = 2,
         .message = "mse: prediction is f32[4] but target is f32[4, 1]"},
        {.op = "bce",
         .operands = {type_of(YG_I32, 1, 4), type_of(YG_F32, 1, 4)},
         .count = 2,
         .message = "bce: prediction must be a float tensor, not i32[4]"},
        {.op = "bce_with_logits",
         .operands = {type_of(YG_F32, 2, 4, 3), type_of(YG_F32, 2, 4, 3), type_of(YG_F32, 1, 2)},
         .count = 3,
         .message = "pos_weight f32[2] does not broadcast to logits f32[4, 3]"},
        {.op = "mse",
         .operands = {type_of(YG_F32, 0), type_of(YG_F32, 0)},
         .count = 2,
         .attr = "reduction",
         .value = {.i = 3},
         .message = "batchmean"},
        {.op = "cross_entropy",
         .operands = {type_of(YG_F32, 2, 4, 3), type_of(YG_I32, 1, 3)},
         .count = 2,
         .message = "target i32[3] does not fit logits f32[4, 3]"},
        {.op = "cross_entropy",
         .operands = {type_of(YG_F32, 2, 4, 3), type_of(YG_F32, 1, 4)},
         .count = 2,
         .message = "must be class indices (i32 or i64)"},
        {.op = "cross_entropy",
         .operands = {type_of(YG_F32, 2, 4, 3), type_of(YG_I32, 1, 4), type_of(YG_F32, 1, 4)},
         .count = 3,
         .message = "weight must be [3], one for each class, not f32[4]"},
        {.op = "cross_entropy",
         .operands = {type_of(YG_F32, 2, 4, 3), type_of(YG_I32, 1, 4)},
         .count = 2,
         .attr = "dim",
         .value = {.i = 2},
         .message = "no dimension 2"},
        {.op = "cross_entropy",
         .operands = {type_of(YG_F32, 2, 4, 3), type_of(YG_I32, 1, 4)},
         .count = 2,
         .attr = "label_smoothing",
         .value = {.f = 1.5},
         .message = "label_smoothing is at most 1, found 1.5"},
        {.op = "nll",
         .operands = {type_of(YG_I32, 2, 4, 3), type_of(YG_I32, 1, 4)},
         .count = 2,
         .message = "log_probability must be a float tensor"},
        {.op = "softmax",
         .operands = {type_of(YG_F32, 2, 4, 3)},
         .count = 1,
         .attr = "dim",
         .value = {.i = -3},
         .message = "f32[4, 3]"},
        {.op = "softmax",
         .operands = {type_of(YG_I32, 1, 4)},
         .count = 1,
         .message = "softmax takes a float tensor, not i32[4]"},
        {.op = "accuracy",
         .operands = {type_of(YG_F32, 2, 4, 3), type_of(YG_I32, 1, 3)},
         .count = 2,
         .message = "label i32[3] does not fit scores f32[4, 3]"},
        {.op = "dropout",
         .operands = {type_of(YG_F32, 1, 4)},
         .count = 1,
         .attr = "p",
         .value = {.f = 1.5},
         .message = "p is at most 1, found 1.5"},
        {.op = "dropout",
         .operands = {type_of(YG_I32, 1, 4)},
         .count = 1,
         .message = "dropout takes a float tensor, not i32[4]"},
    };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        const bad_call *call = &calls[i];
        yg_graph *graph = yg_graph_new(yg_ops(), 0);
        yg_node operands[3];
        for (size_t k = 0; k < call->count; k++)
            operands[k] = input(graph, call->operands[k]);
        const yg_node node =
            apply_with(graph, call->op, operands, call->count, call->attr, call->value);
        const yg_error *error = yg_graph_error(graph);
        cr_expect_eq(node, YG_NONE, "call %zu of %s is accepted", i, call->op);
        cr_expect(error && strstr(error->message, call->message), "call %zu: '%s', expected '%s'",
                  i, error ? error->message : "", call->message);
        yg_graph_free(graph);
    }
}

/* A class out of range stops the run. The error names the target. */
Test(losses, class_out_of_range_is_an_error_of_the_run) {
    const struct {
        const char *attr;
        yg_attr value;
    } forms[] = {
        {NULL, {0}}, {"label_smoothing", {.f = 0.1}}, {"prediction", {.i = 1}}, {"dim", {.i = -1}}};
    for (size_t f = 0; f < sizeof forms / sizeof *forms; f++) {
        for (int32_t wrong = -1; wrong <= 3; wrong += 4) {
            yg_graph *graph = yg_graph_new(yg_ops(), 0);
            const yg_node z = input(graph, type_of(YG_F32, 3, 2, 2, 3));
            const yg_node c = input(graph, type_of(YG_I32, 2, 2, 2)), pair[] = {z, c};
            const yg_node loss =
                apply_with(graph, "cross_entropy", pair, 2, forms[f].attr, forms[f].value);
            yg_program *program = compile(graph, &loss, 1);
            memcpy(yg_program_data(program, c), (const int32_t[]){0, 2, -100, wrong}, 16);
            yg_error error = {0};
            cr_expect_not(yg_program_run(program, 0, 0, &error), "form %zu, class %d", f, wrong);
            char number[8];
            snprintf(number, sizeof number, "%d", wrong);
            cr_expect(strstr(error.message, "[1, 1]") && strstr(error.message, number),
                      "form %zu: '%s'", f, error.message);
            yg_program_free(program);
            yg_graph_free(graph);
        }
    }
}

/* ---------------------------------------------------------------------------------- dropout -- */

enum { ROWS_DROPPED = 300, COLUMNS_DROPPED = 301, ELEMENTS = ROWS_DROPPED * COLUMNS_DROPPED };

typedef struct dropper {
    yg_graph *graph;
    yg_node x, y[2], slope; /* two dropouts of x, the first one's gradient by ones */
    yg_program *program;
} dropper;

static dropper make_dropper(yg_dtype dtype, double p, int threads) {
    dropper d = {.graph = yg_graph_new(yg_ops(), YG_GRAPH_TRAINING)};
    const yg_type type = type_of(dtype, 2, ROWS_DROPPED, COLUMNS_DROPPED);
    d.x = input(d.graph, type);
    for (int i = 0; i < 2; i++)
        d.y[i] = apply_with(d.graph, "dropout", &d.x, 1, "p", (yg_attr){.f = p});
    cr_assert(yg_grad(d.graph, d.y[0], yg_full(d.graph, &type, 1), &d.x, 1, &d.slope));
    const yg_node outputs[] = {d.y[0], d.y[1], d.slope};
    const yg_compile_options options = {.threads = threads};
    yg_error error = {0};
    d.program = yg_compile(d.graph, outputs, 3, NULL, 0, &options, &error);
    cr_assert_not_null(d.program, "%s", error.message);
    for (int64_t i = 0; i < ELEMENTS; i++)
        yg_element_set(dtype, yg_program_data(d.program, d.x), i, 3);
    return d;
}

static void free_dropper(dropper *d) {
    yg_program_free(d->program);
    yg_graph_free(d->graph);
}

static double element(const dropper *d, yg_node node, int64_t i) {
    return yg_element_get(yg_node_type(d->graph, node)->dtype, yg_program_data(d->program, node),
                          i);
}

Test(dropout, keeps_the_expectation_and_drops_at_its_rate) {
    static const double rates[] = {0.1, 0.5, 0.9};
    for (int r = 0; r < 3; r++) {
        const double p = rates[r];
        dropper d = make_dropper(YG_F64, p, 1);
        run(d.program, 7, 1);
        int64_t dropped[2] = {0, 0}, both = 0;
        for (int64_t i = 0; i < ELEMENTS; i++) {
            const double y = element(&d, d.y[0], i), other = element(&d, d.y[1], i);
            cr_assert(y == 0 || fabs(y - 3 / (1 - p)) < 1e-12, "%.17g", y);
            cr_assert(fabs(element(&d, d.slope, i) * 3 - y) < 1e-12);
            dropped[0] += y == 0;
            dropped[1] += other == 0;
            both += y == 0 && other == 0;
        }
        /* Five standard deviations of a binomial; and the two masks are independent. */
        const double spread = 5 * sqrt(ELEMENTS * p * (1 - p));
        cr_expect(fabs((double)dropped[0] - p * ELEMENTS) < spread);
        cr_expect(fabs((double)dropped[1] - p * ELEMENTS) < spread);
        cr_expect(fabs((double)both - p * p * ELEMENTS) < 5 * sqrt(ELEMENTS * p * p * (1 - p * p)));
        free_dropper(&d);
    }
}

/* The mask depends on seed and step only, not on earlier runs, the element type or the threads. */
Test(dropout, is_a_function_of_seed_and_step) {
    dropper a = make_dropper(YG_F64, 0.5, 1), b = make_dropper(YG_F32, 0.5, 3);
    const uint64_t keys[][2] = {{1, 1}, {2, 1}, {1, 2}};
    int64_t changed[3] = {0};
    static bool first[ELEMENTS];
    run(b.program, 9, 9); /* a run that must leave no trace */
    for (int k = 0; k < 3; k++) {
        run(a.program, keys[k][0], keys[k][1]);
        run(b.program, keys[k][0], keys[k][1]);
        for (int64_t i = 0; i < ELEMENTS; i++) {
            const bool dropped = element(&a, a.y[0], i) == 0;
            cr_assert_eq(dropped, element(&b, b.y[0], i) == 0);
            if (k == 0)
                first[i] = dropped;
            changed[k] += dropped != first[i];
        }
    }
    cr_expect_eq(changed[0], 0);
    cr_expect_gt(changed[1], ELEMENTS / 3);
    cr_expect_gt(changed[2], ELEMENTS / 3);
    free_dropper(&a);
    free_dropper(&b);
}

Test(dropout, at_the_ends) {
    dropper d = make_dropper(YG_F32, 1, 1);
    run(d.program, 1, 1);
    for (int64_t i = 0; i < ELEMENTS; i++)
        cr_assert_eq(element(&d, d.y[0], i), 0);
    free_dropper(&d);

    yg_graph *graph = yg_graph_new(yg_ops(), YG_GRAPH_TRAINING);
    const yg_node x = input(graph, type_of(YG_F32, 1, 4));
    cr_expect_eq(apply_with(graph, "dropout", &x, 1, "p", (yg_attr){.f = 0}), x);
    yg_graph_free(graph);

    graph = yg_graph_new(yg_ops(), 0);
    const yg_node y = input(graph, type_of(YG_F32, 1, 4));
    cr_expect_eq(apply_with(graph, "dropout", &y, 1, NULL, (yg_attr){0}), y);
    yg_graph_free(graph);
}
