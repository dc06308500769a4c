/*
 * Functions of numbers, which vars and formulas of `data:` and `train:` are made of.
 */
#include "model_text.h"
#include "models/loader/arithmetic.h"
#include "ops/ops.h"
#include "train/settings.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* In vars, and in `data:` and `train:`. */
Test(number_functions, are_known_everywhere) {
    yg_error error = {0};
    yg_model *model = model_from_text("format: 1\n"
                                      "vars: {n: \"maximum(3, 7)\", s: sqrt(2)}\n"
                                      "inputs: {x: [B, n]}\n"
                                      "outputs: {y: x * s}\n"
                                      "train:\n"
                                      "  epochs: minimum(3, n)\n"
                                      "  batch_size: abs(-4)\n"
                                      "  optimizer: {type: sgd, lr: exp(0) / n}\n",
                                      &error);
    yg_settings settings;
    cr_assert_not_null(model, "%s", error.message);
    cr_assert(yg_settings_read(model, NULL, &settings, &error), "%s", error.message);
    cr_expect_eq(settings.epochs, 3);
    cr_expect_eq(settings.batch_size, 4);
    cr_expect_eq(settings.optimizer.lr, 1.0 / 7);
    cr_expect_eq(yg_model_port(model, 0)->shape[1], 7);
    yg_model_free(model);
}

/* Whole numbers do not wrap around, as they do in a tensor. */
Test(number_functions, of_whole_numbers_are_exact_or_fail) {
    static const struct {
        const char *formula;
        bool good;
    } cases[] = {
        {"abs(-9223372036854775807)", true},
        {"abs(-9223372036854775807 - 1)", false},
        {"multiply(4611686018427387904, 2)", false},
        {"multiply(-4611686018427387904, 2)", true},
        {"add(9223372036854775807, 1)", false},
        {"subtract(9223372036854775807, 1)", true},
        {"negative(-9223372036854775807 - 1)", false},
        {"square(3037000500)", false},
        {"pow(3, 39)", true},
        {"pow(3, 50)", false},
        {"remainder(1, 0)", false},
        {"floor_divide(-7, 2)", true},
        {"clip(9223372036854775807, min=0)", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[300];
        yg_error error = {0};
        snprintf(text, sizeof text,
                 "format: 1\nvars: {a: \"%s\"}\ninputs: {x: {shape: [B], dtype: i64}}\n"
                 "outputs: {y: x + a}\n",
                 cases[i].formula);
        yg_model *model = model_from_text(text, &error);
        cr_expect_eq(model != NULL, cases[i].good, "%s: %s", cases[i].formula, error.message);
        cr_expect(model || strstr(error.message, "64 bits"), "%s", error.message);
        yg_model_free(model);
    }
}

/* Every operator that is such a function: its kernel agrees with what vars compute. */
Test(number_functions, agree_with_their_operators) {
    const yg_op_set *set = yg_ops();
    size_t compared = 0;
    for (size_t i = 0; i < set->count; i++) {
        const yg_op *op = set->ops[i];
        if (!yg_is_number_function(op) || op->max_operands > 2)
            continue;
        for (int k = 0; k < 12; k++) {
            const yg_dtype dtype = k < 8 ? YG_F64 : YG_I64;
            const double x = 0.05 + 0.11 * k, y = 0.9 - 0.07 * k;
            const yg_term operands[2] = {k < 8 ? (yg_term){.kind = YG_TERM_FLOAT, .f = x}
                                               : (yg_term){.kind = YG_TERM_INT, .i = k - 9},
                                         k < 8 ? (yg_term){.kind = YG_TERM_FLOAT, .f = y}
                                               : (yg_term){.kind = YG_TERM_INT, .i = 11 - k}};
            yg_attr attrs[16];
            yg_op_defaults(op, attrs);
            yg_error error = {0};
            yg_term result;
            const bool good = yg_number_function(op, attrs, operands, (size_t)op->max_operands,
                                                 YG_NOWHERE, &result, &error);
            yg_graph *graph = yg_graph_new(set, YG_GRAPH_F64);
            yg_node nodes[2];
            for (int j = 0; j < 2; j++)
                nodes[j] = yg_scalar(graph, dtype, k < 8 ? operands[j].f : (double)operands[j].i);
            const yg_node node = yg_apply(graph, op, nodes, (size_t)op->max_operands, attrs);
            double value;
            if (good && node != YG_NONE && yg_node_is_scalar(graph, node, &value) &&
                isfinite(value)) {
                const double found = result.kind == YG_TERM_FLOAT ? result.f : (double)result.i;
                cr_expect(fabs(found - value) <= 4e-16 * (1 + fabs(value)) * 8,
                          "%s(%g, %g): %.17g, not %.17g", op->name, x, y, found, value);
                compared++;
            }
            yg_graph_free(graph);
        }
    }
    cr_expect_geq(compared, 300);
}
