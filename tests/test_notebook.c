/*
 * The 2-3-1 network, differentiated by hand.
 *
 * fixtures/golden.json holds what the notebook's own functions gave under NumPy. Here its
 * formulas stand in plain C, and the gradients that yamlgrad derives from the network by layers
 * (models/mlp_2_3_1.yaml), by operators (models/mlp_2_3_1_ops.yaml) and from a graph built by calls
 * are compared with both.
 */
#include "network_run.h"
#include "ops/build.h"
#include "ops/ops.h"

#include <criterion/criterion.h>
#include <float.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define F64_TOLERANCE 1e-12
#define F32_TOLERANCE 1e-5

/* ---------------------------------------------------------------------------------- matrices -- */

typedef struct matrix {
    size_t rows, columns;
    double *at; /* row-major */
} matrix;

static matrix new_matrix(size_t rows, size_t columns) {
    const matrix m = {rows, columns, calloc(rows * columns + 1, sizeof(double))};
    cr_assert_not_null(m.at);
    return m;
}

static matrix read_matrix(const json_t *object, const char *key) {
    const json_t *rows = json_object_get(object, key);
    cr_assert(json_array_size(rows) > 0, "no matrix '%s' in golden.json", key);
    matrix m = new_matrix(json_array_size(rows), json_array_size(json_array_get(rows, 0)));
    for (size_t i = 0; i < m.rows; i++)
        for (size_t j = 0; j < m.columns; j++)
            m.at[i * m.columns + j] = json_number_value(json_array_get(json_array_get(rows, i), j));
    return m;
}

/* The notebook's forward and backward pass. */
enum { A1, A2, DW1, DB1, DW2, DB2, QUANTITIES };
static const char *const quantity_names[] = {
    [A1] = "a1", [A2] = "a2", [DW1] = "dW1", [DB1] = "db1", [DW2] = "dW2", [DB2] = "db2"};

typedef struct answer {
    matrix quantity[QUANTITIES];
} answer;

static void free_answer(answer *a) {
    for (size_t i = 0; i < QUANTITIES; i++)
        free(a->quantity[i].at);
}

typedef struct example {
    char name[40];
    matrix x, y, w1, b1, w2, b2;
    answer golden;
} example;

static void free_example(example *e) {
    free(e->x.at);
    free(e->y.at);
    free(e->w1.at);
    free(e->b1.at);
    free(e->w2.at);
    free(e->b2.at);
    free_answer(&e->golden);
}

static example read_example(const json_t *object) {
    const json_t *inputs = json_object_get(object, "inputs");
    example e = {.x = read_matrix(inputs, "X"),
                 .y = read_matrix(inputs, "y"),
                 .w1 = read_matrix(inputs, "W1"),
                 .b1 = read_matrix(inputs, "b1"),
                 .w2 = read_matrix(inputs, "W2"),
                 .b2 = read_matrix(inputs, "b2")};
    snprintf(e.name, sizeof e.name, "%s", json_string_value(json_object_get(object, "name")));
    for (size_t i = 0; i < QUANTITIES; i++)
        e.golden.quantity[i] = read_matrix(
            json_object_get(object, i < DW1 ? "forward" : "gradients"), quantity_names[i]);
    return e;
}

/* ----------------------------------------------------------------------------------- by hand -- */

static double clipped_sigmoid(double z) {
    return 1 / (1 + exp(-fmin(fmax(z, -500), 500)));
}

/* a = sigmoid(x · wᵀ + b) */
static matrix layer(const matrix *x, const matrix *w, const matrix *b) {
    matrix a = new_matrix(x->rows, w->rows);
    for (size_t i = 0; i < x->rows; i++)
        for (size_t j = 0; j < w->rows; j++) {
            double z = b->at[j];
            for (size_t k = 0; k < x->columns; k++)
                z += x->at[i * x->columns + k] * w->at[j * w->columns + k];
            a.at[i * w->rows + j] = clipped_sigmoid(z);
        }
    return a;
}

/* dW = deltaᵀ · a / m */
static matrix weight_gradient(const matrix *delta, const matrix *a) {
    matrix d = new_matrix(delta->columns, a->columns);
    for (size_t i = 0; i < delta->rows; i++)
        for (size_t j = 0; j < d.rows; j++)
            for (size_t k = 0; k < d.columns; k++)
                d.at[j * d.columns + k] +=
                    delta->at[i * d.rows + j] * a->at[i * d.columns + k] / (double)delta->rows;
    return d;
}

/* db = sum of delta over the samples / m */
static matrix bias_gradient(const matrix *delta) {
    matrix d = new_matrix(1, delta->columns);
    for (size_t i = 0; i < delta->rows; i++)
        for (size_t j = 0; j < d.columns; j++)
            d.at[j] += delta->at[i * d.columns + j] / (double)delta->rows;
    return d;
}

static answer by_hand(const example *e) {
    answer r = {{{0}}};
    matrix *q = r.quantity;
    q[A1] = layer(&e->x, &e->w1, &e->b1);
    q[A2] = layer(&q[A1], &e->w2, &e->b2);
    matrix delta2 = new_matrix(e->y.rows, e->y.columns); /* a2 - y */
    for (size_t i = 0; i < e->y.rows * e->y.columns; i++)
        delta2.at[i] = q[A2].at[i] - e->y.at[i];
    matrix delta1 = new_matrix(q[A1].rows, q[A1].columns); /* (delta2 · W2) ∘ a1 (1 - a1) */
    for (size_t i = 0; i < delta1.rows; i++)
        for (size_t j = 0; j < delta1.columns; j++) {
            const double a = q[A1].at[i * delta1.columns + j];
            double sum = 0;
            for (size_t k = 0; k < delta2.columns; k++)
                sum += delta2.at[i * delta2.columns + k] * e->w2.at[k * delta1.columns + j];
            delta1.at[i * delta1.columns + j] = sum * (a * (1 - a));
        }
    q[DW2] = weight_gradient(&delta2, &q[A1]);
    q[DB2] = bias_gradient(&delta2);
    q[DW1] = weight_gradient(&delta1, &e->x);
    q[DB1] = bias_gradient(&delta1);
    free(delta1.at);
    free(delta2.at);
    return r;
}

/* ------------------------------------------------------------------------------- by yamlgrad -- */

/* A way to get the gradients: from a model file, with the names of its parameters, or (path NULL)
 * from a graph that calls build. */
typedef struct way {
    const char *path;
    const char *w1, *b1, *w2, *b2;
} way;

static const way ways[] = {
    {YG_SOURCE "/models/mlp_2_3_1.yaml", "a1.weight", "a1.bias", "a2.weight", "a2.bias"},
    {YG_SOURCE "/models/mlp_2_3_1_ops.yaml", "W1", "b1", "W2", "b2"},
    {NULL, "W1", "b1", "W2", "b2"},
};

static void fail_with(const yg_error *error) {
    char text[1600];
    yg_error_text(error, text, sizeof text);
    cr_assert_fail("%s", text);
}

static void keep(const network_run *run, const char *name, size_t rows, size_t columns, matrix *m) {
    size_t count;
    *m = (matrix){rows, columns, network_run_get(run, name, &count)};
    cr_assert(m->at != NULL && count == rows * columns, "'%s' is not there or has another size",
              name);
}

static answer by_model(const example *e, const way *w, yg_dtype dtype, const yg_op_set *ops) {
    char sizes[3][40];
    snprintf(sizes[0], sizeof sizes[0], "inputs=%zu", e->x.columns);
    snprintf(sizes[1], sizeof sizes[1], "hidden=%zu", e->w1.rows);
    snprintf(sizes[2], sizeof sizes[2], "outputs=%zu", e->y.columns);
    const char *const overrides[] = {sizes[0], sizes[1], sizes[2]};
    const yg_model_options options = {.overrides = overrides, .override_count = 3, .ops = ops};
    const yg_dim dim = {"B", (int64_t)e->x.rows};
    const yg_network_options network = {
        .dims = &dim, .dim_count = 1, .training = true, .dtype = dtype};
    yg_error error = {0};
    network_run run;
    yg_model *model = yg_model_load(w->path, &options, &error);
    if (model == NULL || !network_run_open(&run, model, &network, &error))
        fail_with(&error);
    cr_assert(network_run_set(&run, "x", e->x.at) && network_run_set(&run, "y", e->y.at) &&
              network_run_set(&run, w->w1, e->w1.at) && network_run_set(&run, w->b1, e->b1.at) &&
              network_run_set(&run, w->w2, e->w2.at) && network_run_set(&run, w->b2, e->b2.at));
    if (!yg_program_run(run.program, 0, 0, &error))
        fail_with(&error);
    answer r = {{{0}}};
    char name[80];
    const struct {
        int quantity;
        const char *parameter;
        const matrix *like;
    } gradients[] = {
        {DW1, w->w1, &e->w1}, {DB1, w->b1, &e->b1}, {DW2, w->w2, &e->w2}, {DB2, w->b2, &e->b2}};
    for (size_t i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "gradient %s", gradients[i].parameter);
        keep(&run, name, gradients[i].like->rows, gradients[i].like->columns,
             &r.quantity[gradients[i].quantity]);
    }
    keep(&run, "a2", e->y.rows, e->y.columns, &r.quantity[A2]);
    network_run_close(&run);
    yg_model_free(model);
    return r;
}

static yg_node leaf(yg_graph *graph, const char *name, const matrix *m, yg_dtype dtype,
                    bool vector) {
    const int64_t shape[] = {(int64_t)m->rows, (int64_t)m->columns};
    yg_type type;
    cr_assert(yg_type_make(dtype, vector ? 1 : 2, vector ? shape + 1 : shape, &type, NULL));
    return yg_parameter(graph, name, &type);
}

static void fill(yg_program *program, yg_graph *graph, yg_node node, const matrix *m) {
    void *data = yg_program_data(program, node);
    for (size_t i = 0; i < m->rows * m->columns; i++)
        yg_element_set(yg_node_type(graph, node)->dtype, data, (int64_t)i, m->at[i]);
}

static answer by_calls(const example *e, yg_dtype dtype, const yg_op_set *ops) {
    yg_graph *graph = yg_graph_new(ops, dtype == YG_F64 ? YG_GRAPH_F64 : 0);
    const yg_node x = leaf(graph, "x", &e->x, dtype, false);
    const yg_node y = leaf(graph, "y", &e->y, dtype, false);
    const yg_node wrt[] = {
        leaf(graph, "W1", &e->w1, dtype, false), leaf(graph, "b1", &e->b1, dtype, true),
        leaf(graph, "W2", &e->w2, dtype, false), leaf(graph, "b2", &e->b2, dtype, true)};
    const yg_node z1 = yg_add(graph, yg_matmul(graph, x, wrt[0], false, true), wrt[1]);
    const yg_node a1 = yg_call(graph, "sigmoid", &z1, 1);
    const yg_node z2 = yg_add(graph, yg_matmul(graph, a1, wrt[2], false, true), wrt[3]);
    const yg_node a2 = yg_call(graph, "sigmoid", &z2, 1);
    const yg_node pair[] = {a2, y};
    const yg_op *bce = yg_op_find(ops, "bce");
    yg_attr attrs[8];
    yg_op_defaults(bce, attrs);
    const int reduction = yg_op_attr(bce, "reduction");
    const char *const *choices = bce->attrs[reduction].choices;
    while (strcmp(choices[attrs[reduction].i], "sum") != 0)
        attrs[reduction].i = choices[attrs[reduction].i + 1] == NULL ? 0 : attrs[reduction].i + 1;
    /* the sum over everything, divided by the number of samples */
    const yg_node loss =
        yg_scale(graph, yg_apply(graph, bce, pair, 2, attrs), 1 / (double)e->x.rows);
    yg_node nodes[5] = {a2};
    cr_assert(yg_grad(graph, loss, YG_NONE, wrt, 4, nodes + 1));
    yg_error error = {0};
    yg_program *program = yg_compile(graph, nodes, 5, NULL, 0, NULL, &error);
    if (program == NULL)
        fail_with(&error);
    const matrix *values[] = {&e->w1, &e->b1, &e->w2, &e->b2};
    fill(program, graph, x, &e->x);
    fill(program, graph, y, &e->y);
    for (size_t i = 0; i < 4; i++)
        fill(program, graph, wrt[i], values[i]);
    cr_assert(yg_program_run(program, 0, 0, &error));
    static const int order[] = {A2, DW1, DB1, DW2, DB2};
    answer r = {{{0}}};
    for (size_t i = 0; i < 5; i++) {
        const matrix *like = i == 0 ? &e->y : values[i - 1];
        const matrix m = new_matrix(like->rows, like->columns);
        for (size_t k = 0; k < m.rows * m.columns; k++)
            m.at[k] = yg_element_get(dtype, yg_program_data(program, nodes[i]), (int64_t)k);
        r.quantity[order[i]] = m;
    }
    yg_program_free(program);
    yg_graph_free(graph);
    return r;
}

static answer by_way(const example *e, const way *w, yg_dtype dtype, const yg_op_set *ops) {
    return w->path == NULL ? by_calls(e, dtype, ops) : by_model(e, w, dtype, ops);
}

/* --------------------------------------------------------------------------------- comparing -- */

/* True if all quantities in `found` agree. Differences are relative to the largest magnitude of the
 * tensor, but at least to FLT_MIN, since float32 has no digits below. Otherwise `why` names the
 * first that differs. */
static bool agrees(const answer *expected, const answer *found, double tolerance, char *why,
                   size_t size) {
    for (size_t q = 0; q < QUANTITIES; q++) {
        const matrix *a = &expected->quantity[q], *b = &found->quantity[q];
        double largest = tolerance == F32_TOLERANCE ? (double)FLT_MIN : 0;
        for (size_t i = 0; b->at != NULL && i < a->rows * a->columns; i++)
            largest = fmax(largest, fabs(a->at[i]));
        for (size_t i = 0; b->at != NULL && i < a->rows * a->columns; i++) {
            /* written so that NaN does not agree */
            if (!(fabs(a->at[i] - b->at[i]) <= tolerance * largest)) {
                snprintf(why, size, "%s[%zu]: expected %.17g, found %.17g", quantity_names[q], i,
                         a->at[i], b->at[i]);
                return false;
            }
        }
    }
    return true;
}

static json_t *load_golden(void) {
    json_error_t error;
    json_t *golden = json_load_file(YG_FIXTURES "/golden.json", 0, &error);
    cr_assert_not_null(golden, "golden.json: %s", error.text);
    return golden;
}

static const json_t *cases_of(const json_t *golden) {
    const json_t *cases = json_object_get(golden, "cases");
    cr_assert_eq(json_array_size(cases), 5);
    return cases;
}

Test(notebook, formulas_in_c_agree_with_numpy) {
    json_t *golden = load_golden();
    const json_t *cases = cases_of(golden);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        example e = read_example(json_array_get(cases, i));
        answer hand = by_hand(&e);
        char why[200];
        cr_expect(agrees(&e.golden, &hand, F64_TOLERANCE, why, sizeof why), "%s: %s", e.name, why);
        free_answer(&hand);
        free_example(&e);
    }
    json_decref(golden);
}

static void check_all_ways(yg_dtype dtype, double tolerance) {
    json_t *golden = load_golden();
    const json_t *cases = cases_of(golden);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        example e = read_example(json_array_get(cases, i));
        answer hand = by_hand(&e);
        for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
            answer found = by_way(&e, &ways[w], dtype, yg_ops());
            char why[200];
            cr_expect(agrees(&e.golden, &found, tolerance, why, sizeof why),
                      "%s, way %zu, against NumPy: %s", e.name, w, why);
            cr_expect(agrees(&hand, &found, tolerance, why, sizeof why),
                      "%s, way %zu, against C: %s", e.name, w, why);
            free_answer(&found);
        }
        free_answer(&hand);
        free_example(&e);
    }
    json_decref(golden);
}

Test(notebook, autodiff_agrees_in_float64) {
    check_all_ways(YG_F64, F64_TOLERANCE);
}

Test(notebook, autodiff_agrees_in_float32) {
    check_all_ways(YG_F32, F32_TOLERANCE);
}

/* If the sigmoid saturates, the derivative by z2 still is a2 - y to the last bit. db2 is its mean.
 */
Test(notebook, saturated_error_is_exact) {
    json_t *golden = load_golden();
    const json_t *cases = cases_of(golden);
    example e = read_example(json_array_get(cases, json_array_size(cases) - 1));
    cr_assert_str_eq(e.name, "saturated");
    double sum = 0;
    for (size_t i = 0; i < e.y.rows; i++)
        sum += e.golden.quantity[A2].at[i] - e.y.at[i];
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
        answer found = by_way(&e, &ways[w], YG_F64, yg_ops());
        cr_expect_float_eq(found.quantity[DB2].at[0], sum / (double)e.y.rows, DBL_EPSILON / 2,
                           "way %zu: %.17g", w, found.quantity[DB2].at[0]);
        free_answer(&found);
    }
    free_example(&e);
    json_decref(golden);
}

/* ------------------------------------------------------------------------ the check can fail -- */

/* A wrong derivative of the sigmoid: without the factor 1 - y. */
static yg_node wrong_vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    return yg_multiply(graph, dy, y);
}

static void check_with_sigmoid(yg_node (*vjp)(yg_graph *, yg_node, yg_node, size_t), bool right) {
    const yg_op_set *built_in = yg_ops();
    yg_op sigmoid = *yg_op_find(built_in, "sigmoid");
    const yg_op **list = calloc(built_in->count, sizeof *list);
    yg_op_set set = *built_in;
    cr_assert_not_null(list);
    if (vjp != NULL)
        sigmoid.vjp = vjp;
    for (size_t i = 0; i < set.count; i++)
        list[i] = strcmp(built_in->ops[i]->name, "sigmoid") == 0 ? &sigmoid : built_in->ops[i];
    set.ops = list;
    json_t *golden = load_golden();
    example e = read_example(json_array_get(cases_of(golden), 0));
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
        answer found = by_way(&e, &ways[w], YG_F64, &set);
        char why[200] = "they agree";
        cr_expect_eq(agrees(&e.golden, &found, F64_TOLERANCE, why, sizeof why), right,
                     "way %zu: %s", w, why);
        free_answer(&found);
    }
    free_example(&e);
    json_decref(golden);
    free(list);
}

Test(notebook, a_wrong_sigmoid_derivative_is_caught) {
    check_with_sigmoid(wrong_vjp, false);
}

/* The same set with the right derivative passes, so only the derivative was found wrong. */
Test(notebook, a_copied_sigmoid_is_right) {
    check_with_sigmoid(NULL, true);
}
