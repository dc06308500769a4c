/*
 * Updates of the rows that an embedding looks up, and of no others: against PyTorch's sparse
 * optimizers (fixtures/generate_sparse_optimizers.py); bit for bit against the update of the whole
 * table; and which updates go row by row at all.
 */
#include "compiled.h"
#include "ops/build.h"
#include "ops/ops.h"
#include "ops/registry.h"
#include "train/optimizer.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* A table that is looked up, and its update. */
typedef struct lookup {
    yg_optimizer optimizer;
    yg_document *document; /* of the optimizer's text */
    yg_graph *graph;
    yg_node table, index, cotangent;
    yg_node gradient; /* of the table by the lookup */
    yg_node whole;    /* an input that stands for it in the update; YG_NONE: there is none */
    yg_optimizer_graph updates;
    yg_program *program;
    yg_program *gradients; /* computes the gradient alone, where there is such an input */
} lookup;

typedef struct sizes {
    yg_dtype dtype;
    int64_t rows, width, lookups;
    int threads;
} sizes;

static void read_optimizer(lookup *l, const char *text) {
    yg_error error = {0};
    l->document = yg_document_parse(text, strlen(text), "o.yaml", &error);
    cr_assert(l->document &&
                  yg_optimizer_read(yg_document_root(l->document), &l->optimizer, &error),
              "%s: %s", text, error.message);
}

/* Builds a graph with the gradient of a lookup. */
static yg_node build_gradient(lookup *l, const sizes *s) {
    const yg_type index = type_of(YG_I32, 1, &s->lookups);
    const yg_type table = type_of(s->dtype, 2, (const int64_t[]){s->rows, s->width});
    const yg_type rows = type_of(s->dtype, 2, (const int64_t[]){s->lookups, s->width});
    l->graph = yg_graph_new(yg_ops(), 0);
    l->table = yg_parameter(l->graph, "table", &table);
    l->index = yg_input(l->graph, "index", &index);
    l->cotangent = yg_input(l->graph, "cotangent", &rows);
    const yg_node operands[] = {l->index, l->cotangent};
    const yg_attr attr = {.i = s->rows};
    return yg_apply(l->graph, &yg_op_embedding_gradient, operands, 2, &attr);
}

/* With `whole` the gradient is an input: the update cannot know that it is that of a lookup. */
static void make(lookup *l, const char *text, const sizes *s, bool whole, double clip) {
    yg_error error = {0};
    read_optimizer(l, text);
    yg_node gradient = l->gradient = build_gradient(l, s);
    l->whole = YG_NONE;
    l->gradients = whole ? compile(l->graph, &l->gradient, 1, NULL, 0, 0, 1) : NULL;
    if (whole)
        l->whole = gradient = yg_input(l->graph, "whole", yg_node_type(l->graph, l->table));
    cr_assert(clip <= 0 || yg_clip_grad_norm(l->graph, &gradient, 1, clip, &error));
    cr_assert(
        yg_optimizer_build(&l->optimizer, l->graph, &l->table, &gradient, 1, &l->updates, &error),
        "%s: %s", text, error.message);
    l->program =
        compile(l->graph, NULL, 0, l->updates.updates, l->updates.update_count, 0, s->threads);
}

static void unmake(lookup *l) {
    yg_program_free(l->program);
    yg_program_free(l->gradients);
    yg_optimizer_graph_free(&l->updates);
    yg_graph_free(l->graph);
    yg_document_free(l->document);
}

static void set_scalar(lookup *l, yg_node node, double value) {
    if (node != YG_NONE)
        *(double *)yg_program_data(l->program, node) = value;
}

static void take_step(lookup *l, int step) {
    set_scalar(l, l->updates.inputs.lr, l->optimizer.lr);
    set_scalar(l, l->updates.inputs.t, step);
    run(l->program);
}

/* -------------------------------------------------------------------------------- PyTorch ---- */

static void fill(const lookup *l, yg_node node, const json_t *list) {
    const yg_dtype dtype = yg_node_type(l->graph, node)->dtype;
    for (size_t i = 0; i < json_array_size(list); i++)
        yg_element_set(dtype, yg_program_data(l->program, node), (int64_t)i,
                       json_number_value(json_array_get(list, i)));
}

static void compare(const lookup *l, const char *text, size_t step, const json_t *expected) {
    const double *found = yg_program_data(l->program, l->table);
    for (size_t i = 0; i < json_array_size(expected); i++)
        cr_assert_float_eq(found[i], json_real_value(json_array_get(expected, i)), 1e-10,
                           "%s, step %zu, element %zu: %.17g, PyTorch has %.17g", text, step, i,
                           found[i], json_real_value(json_array_get(expected, i)));
}

static void follow(const json_t *fixture, const json_t *c) {
    const json_t *indices = json_object_get(fixture, "indices");
    const json_t *told = json_object_get(fixture, "told"), *tables = json_object_get(c, "tables");
    const char *text = json_string_value(json_object_get(c, "optimizer"));
    const sizes s = {YG_F64, json_integer_value(json_object_get(fixture, "rows")),
                     json_integer_value(json_object_get(fixture, "width")),
                     (int64_t)json_array_size(json_array_get(indices, 0)), 1};
    lookup l;
    size_t compared = 0;
    make(&l, text, &s, false, 0);
    fill(&l, l.table, json_object_get(fixture, "initial"));
    for (size_t step = 0; step < json_array_size(indices); step++) {
        fill(&l, l.index, json_array_get(indices, step));
        fill(&l, l.cotangent, json_array_get(json_object_get(fixture, "gradients"), step));
        take_step(&l, (int)step + 1);
        if (json_integer_value(json_array_get(told, compared)) == (json_int_t)step + 1)
            compare(&l, text, step + 1, json_array_get(tables, compared++));
    }
    cr_expect_eq(compared, json_array_size(told), "%s", text);
    unmake(&l);
}

Test(sparse_rows, follow_pytorch) {
    json_error_t error;
    json_t *fixture = json_load_file(YG_FIXTURES "/sparse_optimizers.json", 0, &error), *c;
    cr_assert_not_null(fixture, "%s", error.text);
    size_t index;
    json_array_foreach(json_object_get(fixture, "cases"), index, c) follow(fixture, c);
    cr_expect_eq(index, 5);
    json_decref(fixture);
}

/* -------------------------------------------------------------------------- the whole table --- */

/* Half of the indices are among a few, and so come several times. */
static void fill_batch(const lookup *l, yg_program *program, const sizes *s, int step) {
    int32_t *index = yg_program_data(program, l->index);
    void *cotangent = yg_program_data(program, l->cotangent);
    for (int64_t i = 0; i < s->lookups; i++) {
        const double drawn = fabs(yg_random_normal((uint64_t)step, 1, (uint64_t)i));
        index[i] = (int32_t)((int64_t)(drawn * 1e6) % (i % 2 ? s->rows : 7));
    }
    for (int64_t i = 0; i < s->lookups * s->width; i++)
        yg_element_set(s->dtype, cotangent, i, yg_random_normal((uint64_t)step, 2, (uint64_t)i));
}

static void check_bits(const char *text, const sizes *s) {
    lookup rows, whole;
    make(&rows, text, s, false, 0);
    make(&whole, text, s, true, 0);
    fill_leaf(rows.graph, rows.program, rows.table);
    fill_leaf(whole.graph, whole.program, whole.table);
    for (int step = 1; step <= 5; step++) {
        fill_batch(&rows, rows.program, s, step);
        take_step(&rows, step);
        fill_batch(&whole, whole.gradients, s, step);
        run(whole.gradients);
        memcpy(yg_program_data(whole.program, whole.whole),
               yg_program_data(whole.gradients, whole.gradient),
               (size_t)yg_type_bytes(yg_node_type(whole.graph, whole.gradient)));
        take_step(&whole, step);
    }
    for (size_t i = 0; i < rows.updates.update_count; i++) {
        const yg_node a = rows.updates.updates[i].parameter;
        const yg_node b = whole.updates.updates[i].parameter;
        cr_expect_eq(memcmp(yg_program_data(rows.program, a), yg_program_data(whole.program, b),
                            (size_t)yg_type_bytes(yg_node_type(rows.graph, a))),
                     0, "%s, %d threads: %s differs", text, s->threads,
                     yg_node_name(rows.graph, a));
    }
    unmake(&rows);
    unmake(&whole);
}

Test(sparse_rows, have_the_bits_of_the_whole_table) {
    static const char *const texts[] = {
        "{type: sgd, lr: 0.1}",
        "{type: adagrad}",
        "{type: adagrad, lr_decay: 0.1}",
        "{type: adagrad, maximize: true}",
        "{type: adagrad, groups: {table: {lr: 0.3, frozen_until: 1}}}",
    };
    static const sizes of[] = {{YG_F32, 40, 3, 19, 1},
                               {YG_F64, 40, 3, 19, 1},
                               {YG_F32, 3000, 70, 1000, 1},
                               {YG_F32, 3000, 70, 1000, 3}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (size_t k = 0; k < sizeof of / sizeof *of; k++)
            check_bits(texts[i], &of[k]);
}

/* ------------------------------------------------------------------------------- which do ---- */

static const struct {
    const char *text;
    double clip;
    int64_t lookups; /* in a table of 40 rows */
    int tables;      /* that are updated row by row */
} choices[] = {
    {"{type: sgd, lr: 0.1}", 0, 20, 1},
    {"{type: sgd, lr: 0.1}", 0, 21, 0},
    {"{type: sgd, lr: 0.1}", 1, 20, 0},
    {"{type: sgd, lr: 0.1, momentum: 0.9}", 0, 20, 0},
    {"{type: sgd, lr: 0.1, weight_decay: 0.1}", 0, 20, 0},
    {"{type: adagrad}", 0, 20, 2},
    {"{type: adagrad, weight_decay: 0.1}", 0, 20, 0},
    {"{type: adagrad, initial_accumulator_value: 0.1}", 0, 20, 0},
    {"{type: adagrad, eps: 0}", 0, 20, 0},
    {"{type: adam}", 0, 20, 0},
    {"{type: sparse_adam}", 0, 20, 3},
    {"{type: sparse_adam}", 0, 80, 3},
    {"{type: adam, groups: {table: {type: sparse_adam}}}", 0, 20, 3},
};

/* An update row by row has no gradient, and no copy, of the whole table. */
Test(sparse_rows, are_updated_alone_where_that_is_the_same) {
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        const sizes s = {YG_F32, 40, 3, choices[i].lookups, 1};
        lookup l;
        make(&l, choices[i].text, &s, false, choices[i].clip);
        cr_expect_eq(count_of(l.program, "put_rows"), choices[i].tables, "%s, case %zu: %d",
                     choices[i].text, i, count_of(l.program, "put_rows"));
        cr_expect_eq(count_of(l.program, "embedding_gradient"), choices[i].tables == 0, "%s",
                     choices[i].text);
        cr_expect_eq(count_of(l.program, "copy"), 0, "%s", choices[i].text);
        unmake(&l);
    }
}

/* The rest of a table keeps its bytes, which no kernel touches. */
Test(sparse_rows, are_written_in_their_place) {
    const sizes s = {YG_F32, 1000, 4, 8, 1};
    lookup l;
    make(&l, "{type: sparse_adam}", &s, false, 0);
    const int64_t bytes = yg_program_get_stats(l.program).arena_bytes;
    cr_expect_lt(bytes, 4096, "%d bytes", (int)bytes);
    unmake(&l);
}

Test(sparse_rows, are_all_that_sparse_adam_trains) {
    const sizes s = {YG_F32, 40, 3, 5, 1};
    const yg_node none = YG_NONE;
    lookup l;
    yg_error error = {0};
    read_optimizer(&l, "{type: sparse_adam}");
    yg_node gradient = build_gradient(&l, &s);
    gradient = yg_scale(l.graph, gradient, 2);
    cr_expect_not(
        yg_optimizer_build(&l.optimizer, l.graph, &l.table, &gradient, 1, &l.updates, &error));
    cr_expect(strstr(error.message, "sparse_adam cannot train 'table'"), "%s", error.message);
    cr_expect(yg_optimizer_build(&l.optimizer, l.graph, &l.table, &none, 1, &l.updates, &error));
    yg_optimizer_graph_free(&l.updates);
    yg_graph_free(l.graph);
    yg_document_free(l.document);
}
