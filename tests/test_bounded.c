/*
 * What is checked only while a program runs: variances that are not negative, and lengths that fit
 * into their sequences.
 */
#include "graph/program.h"
#include "model_text.h"
#include "network_run.h"
#include "ops/ops.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

Test(bounded, a_negative_variance_stops_the_run) {
    static const struct {
        double variance;
        const char *message; /* NULL: it is taken */
    } cases[] = {
        {0.5, NULL},
        {0, NULL},
        {NAN, NULL},
        {-1e-9, "gaussian_nll: variance: element 1 is -1e-09; it must be at least 0"},
        {-INFINITY, "gaussian_nll: variance: element 1 is -inf; it must be at least 0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        yg_graph *graph = yg_graph_new(yg_ops(), 0);
        const yg_type type = {.dtype = YG_F64, .rank = 1, .shape = {2}};
        const yg_node x[] = {yg_input(graph, "p", &type), yg_input(graph, "t", &type),
                             yg_input(graph, "v", &type)};
        const yg_node y = yg_call(graph, "gaussian_nll", x, 3);
        yg_error error = {0};
        yg_program *program = yg_compile(graph, &y, 1, NULL, 0, NULL, &error);
        cr_assert_not_null(program, "%s", error.message);
        for (size_t k = 0; k < 3; k++)
            for (size_t e = 0; e < 2; e++)
                ((double *)yg_program_data(program, x[k]))[e] = 1;
        ((double *)yg_program_data(program, x[2]))[1] = cases[i].variance;
        cr_expect_eq(yg_program_run(program, 0, 0, &error), cases[i].message == NULL, "case %zu",
                     i);
        if (cases[i].message)
            cr_expect_str_eq(error.message, cases[i].message);
        yg_program_free(program);
        yg_graph_free(graph);
    }
}

/* Every recurrence refuses lengths outside its sequence, where the model file asks for it. */
Test(bounded, lengths_fit_into_their_sequence) {
    static const char *const graphs[] = {
        "  y: {type: rnn, input: {x: x, lengths: n}, hidden_size: 3}\n",
        "  y: {type: gru, input: {x: x, lengths: n}, hidden_size: 3}\n",
        "  y: {type: lstm, input: {x: x, lengths: n}, hidden_size: 3, bidirectional: true}\n",
        "  y, h:\n    scan: {x_t: x}\n    dim: 1\n    carry: {h: \"0 * x[:, 0]\"}\n"
        "    lengths: n\n    graph: {h: h + x_t}\n    collect: [h]\n",
    };
    static const double given[][2] = {{1, 4}, {0, 4}, {1, 5}, {-1, 2}};
    static const char *const messages[] = {NULL, "lengths: element 0 is 0; it must be from 1 to 4",
                                           "lengths: element 1 is 5; it must be from 1 to 4",
                                           "lengths: element 0 is -1; it must be from 1 to 4"};
    const yg_dim dims[] = {{"B", 2}};
    const yg_network_options options = {.dims = dims, .dim_count = 1, .dtype = YG_F64};
    for (size_t g = 0; g < sizeof graphs / sizeof *graphs; g++) {
        char text[1000];
        snprintf(text, sizeof text,
                 "format: 1\ninputs: {x: [B, 4, 2], n: {shape: [B], dtype: i64}}\ngraph:\n%s"
                 "outputs: [y]\n",
                 graphs[g]);
        yg_error error = {0};
        yg_model *model = model_from_text(text, &error);
        cr_assert_not_null(model, "%s", error.message);
        network_run run;
        cr_assert(network_run_open(&run, model, &options, &error), "%s", error.message);
        cr_assert(network_run_initialize(&run, 1, &error), "%s", error.message);
        network_run_draw(&run, 1);
        for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
            error = (yg_error){0};
            cr_assert(network_run_set(&run, "n", given[i]));
            cr_expect_eq(yg_program_run(run.program, 0, 0, &error), messages[i] == NULL,
                         "graph %zu, lengths %g and %g", g, given[i][0], given[i][1]);
            if (messages[i])
                cr_expect_str_eq(error.message, messages[i]);
        }
        network_run_close(&run);
        yg_model_free(model);
    }
}
