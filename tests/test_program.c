/*
 * Programs: updates, sharing of memory, threads, what a run may and may not do.
 */
#include "compiled.h"
#include "graph/profile.h"
#include "graph/random.h"
#include "graph/runtime.h"
#include "ops/build.h"
#include "ops/ops.h"
#include "ops/registry.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Test(program, computes) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_type row = type_of(YG_F64, 1, (int64_t[]){3});
    const yg_type column = type_of(YG_F64, 2, (int64_t[]){2, 1});
    const yg_node a = yg_input(g, "a", &row), b = yg_input(g, "b", &column);
    const yg_node y = yg_add(g, yg_multiply(g, a, b), yg_scalar(g, YG_F64, 1));
    yg_program *program = compile(g, &y, 1, NULL, 0, 0, 1);
    memcpy(data(program, a), (double[]){1, 2, 3}, 3 * sizeof(double));
    memcpy(data(program, b), (double[]){10, 100}, 2 * sizeof(double));
    run(program);
    const double expected[] = {11, 21, 31, 101, 201, 301};
    for (int i = 0; i < 6; i++)
        cr_expect_eq(data(program, y)[i], expected[i]);
    cr_expect_null(yg_program_data(program, yg_node_operand(g, y, 0)), "not an output");
    yg_program_free(program);
    yg_graph_free(g);
}

/* Leaving out a pass that does not exist is an error. */
Test(program, unknown_pass) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_type type = type_of(YG_F64, 1, (int64_t[]){3});
    const yg_node x = yg_input(g, "x", &type);
    const char *name = "fuze";
    const yg_compile_options options = {.without = &name, .without_count = 1};
    yg_error error = {0};
    cr_expect_null(yg_compile(g, &x, 1, NULL, 0, &options, &error));
    cr_expect_str_eq(error.message, "there is no pass 'fuze'; did you mean 'fuse'?");
    yg_graph_free(g);
}

/* Every update sees the values from before the run, in any order of the updates. */
Test(program, updates_are_simultaneous) {
    const unsigned flags[] = {0, YG_PROGRAM_NO_PLAN};
    for (size_t f = 0; f < 2; f++) {
        yg_graph *g = yg_graph_new(yg_ops(), 0);
        const yg_type type = type_of(YG_F64, 1, (int64_t[]){2});
        const yg_node p = yg_parameter(g, "p", &type), q = yg_parameter(g, "q", &type);
        const yg_node r = yg_parameter(g, "r", &type), s = yg_parameter(g, "s", &type);
        const yg_node sum = yg_add(g, r, s);
        const yg_update updates[] = {
            {p, q}, /* p and q are exchanged */
            {q, p},
            {r, sum}, /* written while s still needs the old r */
            {s, yg_multiply(g, r, yg_scalar(g, YG_F64, 10))},
        };
        yg_program *program = compile(g, NULL, 0, updates, 4, flags[f], 1);
        for (int i = 0; i < 2; i++) {
            data(program, p)[i] = 1;
            data(program, q)[i] = 2;
            data(program, r)[i] = 3;
            data(program, s)[i] = 4;
        }
        run(program);
        cr_expect_eq(data(program, p)[1], 2);
        cr_expect_eq(data(program, q)[1], 1);
        cr_expect_eq(data(program, r)[1], 7);
        cr_expect_eq(data(program, s)[1], 30);
        run(program);
        cr_expect_eq(data(program, p)[0], 1);
        cr_expect_eq(data(program, s)[0], 70);
        yg_program_free(program);
        yg_graph_free(g);
    }
}

Test(program, bound_buffers_are_used_in_place) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_type type = type_of(YG_F64, 1, (int64_t[]){8});
    const yg_node w = yg_parameter(g, "w", &type), x = yg_input(g, "x", &type);
    const yg_update update = {w, yg_add(g, w, x)};
    yg_program *first = compile(g, NULL, 0, &update, 1, 0, 1);
    yg_program *second = compile(g, NULL, 0, &update, 1, 0, 1);
    _Alignas(64) double shared[8] = {0}, inputs[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    yg_error error = {0};
    cr_assert(yg_program_bind(first, w, shared, NULL) && yg_program_bind(second, w, shared, NULL));
    cr_assert(yg_program_bind(first, x, inputs, NULL) && yg_program_bind(second, x, inputs, NULL));
    run(first);
    run(second);
    cr_expect_eq(shared[7], 16);
    cr_expect_eq(yg_program_data(first, w), shared);
    cr_expect_not(yg_program_bind(first, update.value, shared, &error));
    cr_expect_eq(error.code, YG_ERROR_ARGUMENT);
    cr_expect_not(yg_program_bind(first, x, inputs + 1, NULL), "not aligned");
    cr_expect_not(yg_program_bind(first, x, NULL, NULL), "no buffer");
    yg_program_free(first);
    yg_program_free(second);
    yg_graph_free(g);
}

/* Small groups compute whole cache lines if the buffers have room for them. Here they have none. */
Test(program, nothing_is_written_behind_a_bound_buffer) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_type type = type_of(YG_F32, 1, (int64_t[]){5});
    const yg_node w = yg_parameter(g, "w", &type), x = yg_input(g, "x", &type);
    const yg_update update = {w, yg_add(g, w, yg_log(g, x))};
    yg_program *program = compile(g, NULL, 0, &update, 1, 0, 1);
    _Alignas(64) float bound[2][16];
    for (int i = 0; i < 16; i++)
        bound[0][i] = bound[1][i] = i < 5 ? 1 : 7;
    cr_assert(yg_program_bind(program, w, bound[0], NULL));
    cr_assert(yg_program_bind(program, x, bound[1], NULL));
    run(program);
    for (int i = 0; i < 16; i++) {
        cr_expect_eq(bound[0][i], i < 5 ? 1 : 7);
        cr_expect_eq(bound[1][i], i < 5 ? 1 : 7);
    }
    yg_program_free(program);
    yg_graph_free(g);
}

Test(program, a_wrong_request_is_an_error) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_type type = type_of(YG_F64, 1, (int64_t[]){2});
    const yg_type other = type_of(YG_F64, 1, (int64_t[]){3});
    const yg_node w = yg_parameter(g, "w", &type), x = yg_input(g, "x", &other);
    yg_error error = {0};
    const yg_update wrong = {w, x};
    cr_expect_null(yg_compile(g, NULL, 0, &wrong, 1, NULL, &error));
    cr_expect_eq(error.code, YG_ERROR_SHAPE);
    const yg_update no_parameter = {x, x};
    cr_expect_null(yg_compile(g, NULL, 0, &no_parameter, 1, NULL, NULL));
    const yg_update twice[] = {{w, yg_sin(g, w)}, {w, yg_cos(g, w)}};
    error = (yg_error){0};
    cr_expect_null(yg_compile(g, NULL, 0, twice, 2, NULL, &error));
    cr_expect(strstr(error.message, "w is updated twice"), "%s", error.message);
    const yg_node missing = 99;
    cr_expect_null(yg_compile(g, &missing, 1, NULL, 0, NULL, NULL));
    yg_add(g, w, x);
    error = (yg_error){0};
    cr_expect_null(yg_compile(g, &w, 1, NULL, 0, NULL, &error), "the graph's failure is reported");
    cr_expect_eq(error.code, YG_ERROR_SHAPE);
    yg_graph_free(g);
}

/* An elementwise chain of any length needs one buffer, or none. */
Test(program, memory_is_used_again) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_type type = type_of(YG_F64, 2, (int64_t[]){100, 100});
    const yg_node x = yg_input(g, "x", &type);
    yg_node y = x;
    for (int i = 0; i < 300; i++) {
        y = yg_sin(g, y);
        y = yg_permute(g, y, (int64_t[]){1, 0}); /* no elementwise node: a buffer of its own */
    }
    yg_program *program = compile(g, &y, 1, NULL, 0, 0, 1);
    const yg_program_stats stats = yg_program_get_stats(program);
    cr_expect_lt(stats.arena_bytes, 4 * yg_type_bytes(&type));
    cr_expect_eq(stats.unplanned_bytes, 600 * yg_type_bytes(&type));
    yg_program_free(program);
    yg_graph_free(g);
}

Test(program, an_output_that_is_a_leaf_or_a_view_can_be_read) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_type type = type_of(YG_F64, 2, (int64_t[]){2, 3});
    const yg_type flat = type_of(YG_F64, 1, (int64_t[]){6});
    const yg_node x = yg_input(g, "x", &type), c = yg_scalar(g, YG_F64, 4);
    const yg_node outputs[] = {x, c, yg_reshape(g, x, &flat), yg_full(g, &type, 7)};
    yg_program *program = compile(g, outputs, 4, NULL, 0, 0, 1);
    data(program, x)[5] = 9;
    run(program);
    cr_expect_eq(data(program, c)[0], 4);
    cr_expect_eq(data(program, outputs[2])[5], 9);
    cr_expect_eq(data(program, outputs[3])[5], 7);
    yg_program_free(program);
    yg_graph_free(g);
}

/* An output keeps its value of the run, even if an update changes its operand afterwards. */
Test(program, an_output_that_is_a_view_of_an_updated_parameter_keeps_its_value) {
    const unsigned flags[] = {0, YG_PROGRAM_NO_PLAN};
    for (size_t f = 0; f < 2; f++) {
        yg_graph *g = yg_graph_new(yg_ops(), 0);
        const yg_type type = type_of(YG_F64, 2, (int64_t[]){2, 3});
        const yg_type flat = type_of(YG_F64, 1, (int64_t[]){6});
        const yg_type tall = type_of(YG_F64, 2, (int64_t[]){6, 1});
        const yg_node p = yg_parameter(g, "p", &type);
        const yg_node view = yg_reshape(g, p, &flat);
        const yg_node outputs[] = {view, yg_reshape(g, view, &tall), p};
        const yg_update update = {p, yg_scale(g, p, 10)};
        yg_program *program = compile(g, outputs, 3, &update, 1, flags[f], 1);
        data(program, p)[5] = 7;
        run(program);
        cr_expect_eq(data(program, outputs[0])[5], 7);
        cr_expect_eq(data(program, outputs[1])[5], 7);
        cr_expect_eq(data(program, p)[5], 70, "the parameter itself has one buffer");
        yg_program_free(program);
        yg_graph_free(g);
    }
}

Test(program, tensors_without_elements_and_programs_without_results_run) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_type none = type_of(YG_F64, 2, (int64_t[]){0, 3});
    const yg_type row = type_of(YG_F64, 1, (int64_t[]){3});
    const yg_node x = yg_input(g, "x", &none), w = yg_parameter(g, "w", &row);
    const yg_node y = yg_sum(g, yg_multiply(g, x, w), (int64_t[]){0}, 1, false);
    const yg_node outputs[] = {y, y, yg_constant(g, &none, NULL)};
    const yg_update update = {w, yg_add(g, w, y)};
    for (int threads = 1; threads <= 2; threads++) {
        yg_program *program = compile(g, outputs, 3, &update, 1, 0, threads);
        data(program, w)[1] = 5;
        run(program);
        cr_expect_eq(data(program, y)[1], 0);
        cr_expect_eq(data(program, w)[1], 5);
        yg_program_free(program);
        program = compile(g, NULL, 0, NULL, 0, 0, threads);
        run(program);
        cr_expect_null(yg_program_data(program, x), "nothing needs it");
        yg_program_free(program);
    }
    yg_graph_free(g);
}

Test(program, nodes_that_came_after_it_are_not_its_own) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_type type = type_of(YG_F64, 1, (int64_t[]){2});
    const yg_node x = yg_input(g, "x", &type);
    yg_program *program = compile(g, &x, 1, NULL, 0, 0, 1);
    yg_node later = YG_NONE;
    for (int i = 0; i < 100000; i++)
        later = yg_input(g, "later", &type);
    _Alignas(64) double buffer[2] = {0};
    cr_expect_null(yg_program_data(program, later));
    cr_expect_not(yg_program_bind(program, later, buffer, NULL));
    yg_program_free(program);
    yg_graph_free(g);
}

/* Two threads fail in one run, another one in the next. The second error is not that of the first
 * run. */
Test(program, a_failure_of_one_run_is_not_told_of_the_next) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_type scores = type_of(YG_F32, 2, (int64_t[]){60000, 10});
    const yg_type classes = type_of(YG_I64, 1, (int64_t[]){60000});
    const yg_node x[2] = {yg_input(g, "x", &scores), yg_input(g, "class", &classes)};
    const yg_attr none = {.i = 0};
    yg_attr attrs[8] = {{0}};
    const yg_op *op = yg_op_find(yg_ops(), "cross_entropy");
    yg_op_defaults(op, attrs);
    attrs[yg_op_attr(op, "reduction")] = none;
    const yg_node y = yg_sum(g, yg_apply(g, op, x, 2, attrs), NULL, 0, false);
    yg_program *program = compile(g, &y, 1, NULL, 0, 0, 2);
    int64_t *class = yg_program_data(program, x[1]);
    yg_error error = {0};
    class[0] = 11;
    class[59999] = 12;
    cr_expect_not(yg_program_run(program, 0, 0, &error));
    cr_expect(strstr(error.message, "11"), "%s", error.message);
    class[0] = 0;
    class[59999] = 13;
    error = (yg_error){0};
    cr_expect_not(yg_program_run(program, 0, 0, &error));
    cr_expect(strstr(error.message, "13"), "%s", error.message);
    class[59999] = 0;
    error = (yg_error){0};
    cr_expect(yg_program_run(program, 0, 0, &error), "%s", error.message);
    yg_program_free(program);
    yg_graph_free(g);
}

/* A small network whose plan has everything: matmuls, broadcasts, fused groups of several tiles,
 * reductions, gradients, updates. */
typedef struct network {
    yg_graph *graph;
    yg_node x, y, w, b, v, loss;
    yg_update updates[3];
} network;

static network make_network(int64_t batch) {
    network n = {.graph = yg_graph_new(yg_ops(), 0)};
    yg_graph *g = n.graph;
    const yg_type x = type_of(YG_F64, 2, (int64_t[]){batch, 37});
    const yg_type w = type_of(YG_F64, 2, (int64_t[]){37, 65});
    const yg_type b = type_of(YG_F64, 1, (int64_t[]){65});
    const yg_type v = type_of(YG_F64, 2, (int64_t[]){65, 1});
    const yg_type y = type_of(YG_F64, 2, (int64_t[]){batch, 1});
    n.x = yg_input(g, "x", &x);
    n.y = yg_input(g, "y", &y);
    n.w = yg_parameter(g, "w", &w);
    n.b = yg_parameter(g, "b", &b);
    n.v = yg_parameter(g, "v", &v);
    const yg_node h = yg_tanh(g, yg_add(g, yg_matmul(g, n.x, n.w, false, false), n.b));
    const yg_node out = yg_matmul(g, h, n.v, false, false);
    n.loss = yg_mean(g, yg_square(g, yg_subtract(g, out, n.y)), NULL, 0, false);
    const yg_node wrt[3] = {n.w, n.b, n.v};
    yg_node grads[3];
    cr_assert(yg_grad(g, n.loss, YG_NONE, wrt, 3, grads));
    for (int i = 0; i < 3; i++)
        n.updates[i] = (yg_update){wrt[i], yg_subtract(g, wrt[i], yg_scale(g, grads[i], 0.05))};
    cr_assert(yg_graph_verify(g, NULL));
    return n;
}

static void fill(const network *n, yg_program *program) {
    const yg_node leaves[] = {n->x, n->y, n->w, n->b, n->v};
    for (uint64_t k = 0; k < 5; k++) {
        const int64_t count = yg_type_count(yg_node_type(n->graph, leaves[k]));
        for (int64_t i = 0; i < count; i++)
            data(program, leaves[k])[i] = yg_random_normal(7, k, (uint64_t)i) * 0.3;
    }
}

static void expect_same_bits(const network *n, yg_program *a, yg_program *b, const char *what) {
    const yg_node nodes[] = {n->loss, n->w, n->b, n->v};
    for (size_t k = 0; k < 4; k++) {
        const size_t bytes = (size_t)yg_type_bytes(yg_node_type(n->graph, nodes[k]));
        cr_expect_eq(memcmp(data(a, nodes[k]), data(b, nodes[k]), bytes), 0, "%s: node %u", what,
                     nodes[k]);
    }
}

Test(program, plans_and_threads_do_not_change_a_bit) {
    const network n = make_network(1500);
    yg_program *reference = compile(n.graph, &n.loss, 1, n.updates, 3, YG_PROGRAM_NO_PLAN, 1);
    yg_program *planned = compile(n.graph, &n.loss, 1, n.updates, 3, 0, 1);
    yg_program *threaded = compile(n.graph, &n.loss, 1, n.updates, 3, 0, 3);
    yg_program *programs[] = {reference, planned, threaded};
    for (int k = 0; k < 3; k++) {
        fill(&n, programs[k]);
        for (int step = 0; step < 5; step++)
            run(programs[k]);
    }
    cr_expect(data(reference, n.loss)[0] < 2, "it learns: %g", data(reference, n.loss)[0]);
    expect_same_bits(&n, reference, planned, "planned");
    expect_same_bits(&n, reference, threaded, "three threads");
    cr_expect_lt(yg_program_get_stats(planned).arena_bytes,
                 yg_program_get_stats(reference).arena_bytes);
    for (int k = 0; k < 3; k++)
        yg_program_free(programs[k]);
    yg_graph_free(n.graph);
}

#if !defined(__SANITIZE_ADDRESS__)
/* The C library's allocator, counted. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
static volatile long allocations;

void *malloc(size_t size) {
    allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    allocations++;
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size) {
    allocations++;
    return __libc_realloc(memory, size);
}

Test(program, a_run_allocates_nothing) {
    const network n = make_network(300);
    yg_program *program = compile(n.graph, &n.loss, 1, n.updates, 3, 0, 2);
    fill(&n, program);
    yg_error error = {0};
    yg_program_run(program, 1, 0, &error);
    const long before = allocations;
    for (uint64_t step = 1; step < 10; step++)
        yg_program_run(program, 1, step, &error);
    const long during = allocations - before;
    cr_expect_eq(during, 0, "%ld allocations", during);
    free(malloc(1));
    cr_expect_gt(allocations, before, "the counter counts");
    yg_program_free(program);
    yg_graph_free(n.graph);
}
#endif

Test(program, text_names_what_runs) {
    const network n = make_network(4);
    yg_program *program = compile(n.graph, &n.loss, 1, n.updates, 3, 0, 1);
    char *text = yg_program_text(program);
    cr_assert(text);
    cr_expect(strstr(text, "matmul(x, w)"), "%s", text);
    cr_expect(strstr(text, "fused group of"), "%s", text);
    cr_expect(strstr(text, "tanh("), "%s", text);
    free(text);
    yg_program_free(program);
    yg_graph_free(n.graph);
}

static int threads_of_process(void) {
    DIR *tasks = opendir("/proc/self/task");
    int count = 0;
    while (tasks && readdir(tasks))
        count++;
    if (tasks)
        closedir(tasks);
    return count;
}

/* Programs for several batch sizes share one pool of threads, and may be freed in any order. */
Test(program, shares_the_threads_of_another) {
    const int64_t sizes[] = {300, 200};
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    yg_program *programs[2] = {NULL, NULL};
    yg_node x[2], y[2];
    const int before = threads_of_process();
    for (int i = 0; i < 2; i++) {
        const yg_type type = type_of(YG_F64, 2, (int64_t[]){sizes[i], 1000});
        x[i] = yg_input(g, "x", &type);
        y[i] = yg_sum(g, yg_call(g, "sigmoid", &x[i], 1), NULL, 0, false);
    }
    yg_error error = {0};
    for (int i = 0; i < 2; i++) {
        const yg_compile_options options = {.threads = 3, .beside = i ? programs[0] : NULL};
        programs[i] = yg_compile(g, &y[i], 1, NULL, 0, &options, &error);
        cr_assert(programs[i], "%s", error.message);
    }
    cr_expect_eq(threads_of_process() - before, 2, "two workers beside the caller");
    for (int i = 0; i < 2; i++)
        run(programs[i]);
    cr_expect_float_eq(*data(programs[0], y[0]), 0.5 * 300e3, 1e-6);
    yg_program_free(programs[0]);
    run(programs[1]);
    cr_expect_float_eq(*data(programs[1], y[1]), 0.5 * 200e3, 1e-6);
    yg_program_free(programs[1]);
    yg_graph_free(g);
}

/* A program for another batch size works in the memory of the first if that is large enough, and is
 * right in whatever the first has left there. Both may be freed in any order. */
Test(program, shares_the_memory_of_another) {
    const int64_t sizes[] = {200, 100, 300, 200};
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    yg_program *programs[4] = {NULL};
    yg_node x[4], y[4];
    yg_error error = {0};
    for (int i = 0; i < 4; i++) {
        const yg_type type = type_of(YG_F64, 2, (int64_t[]){sizes[i], 1000});
        x[i] = yg_input(g, "x", &type);
        const yg_node exp = yg_call(g, "exp", &x[i], 1);
        y[i] = yg_sum(g, yg_add(g, exp, exp), NULL, 0, false);
        const yg_compile_options options = {
            .threads = 3, .beside = i ? programs[0] : NULL, .shares_memory = i != 3};
        programs[i] = yg_compile(g, (yg_node[]){y[i], exp}, 2, NULL, 0, &options, &error);
        cr_assert(programs[i], "%s", error.message);
    }
    cr_expect_eq(programs[1]->arena, programs[0]->arena, "a smaller one");
    cr_expect_neq(programs[2]->arena, programs[0]->arena, "a larger one");
    cr_expect_neq(programs[3]->arena, programs[0]->arena, "one that does not ask for it");
    for (int i = 0; i < 4; i++) {
        run(programs[i]);
        cr_expect_float_eq(*data(programs[i], y[i]), 2e3 * (double)sizes[i], 1e-6);
    }
    yg_program_free(programs[0]);
    run(programs[1]);
    cr_expect_float_eq(*data(programs[1], y[1]), 200e3, 1e-6);
    for (int i = 1; i < 4; i++)
        yg_program_free(programs[i]);
    yg_graph_free(g);
}

/* A program that is only looked at is planned like any other, but has no memory to run with. */
Test(program, without_memory_is_planned_only) {
    const network n = make_network(300);
    yg_program *whole = compile(n.graph, &n.loss, 1, n.updates, 3, 0, 3);
    yg_program *bare = compile(n.graph, &n.loss, 1, n.updates, 3, YG_PROGRAM_NO_MEMORY, 3);
    const yg_program_stats a = yg_program_get_stats(whole), b = yg_program_get_stats(bare);
    char *text_a = yg_program_text(whole), *text_b = yg_program_text(bare);
    _Alignas(64) double buffer[300 * 37];
    yg_time times[100] = {0};
    yg_error error = {0};
    cr_expect_str_eq(text_a, text_b);
    cr_expect(a.instructions == b.instructions && a.threads == b.threads &&
              a.arena_bytes == b.arena_bytes && a.parameter_bytes == b.parameter_bytes &&
              a.unplanned_bytes == b.unplanned_bytes && a.flops == b.flops);
    cr_expect_eq(b.parameter_bytes, (int64_t)sizeof(double) * (37 * 65 + 65 + 65));
    cr_expect_null(yg_program_data(bare, n.x));
    cr_expect_not(yg_program_bind(bare, n.x, buffer, NULL));
    cr_expect_not(yg_program_run(bare, 1, 0, &error));
    cr_expect(strstr(error.message, "without memory"), "%s", error.message);
    cr_expect_not(yg_program_run_timed(bare, 1, 0, times, NULL));
    free(text_a);
    free(text_b);
    yg_program_free(whole);
    yg_program_free(bare);
    yg_graph_free(n.graph);
}

/* Several pieces fail, in several threads, now in this order and now in that. The message is always
 * that of the first one. */
Test(program, the_first_mistake_is_told) {
    enum { ROWS = 400, COLUMNS = 256, RUNS = 100 };
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_type type = type_of(YG_F64, 2, (int64_t[]){ROWS, COLUMNS});
    const yg_type indices = type_of(YG_I32, 2, (int64_t[]){ROWS, COLUMNS});
    const yg_node operands[] = {yg_input(g, "x", &type), yg_input(g, "at", &indices)};
    const yg_attr dim = {.i = 1};
    const yg_node y = yg_apply(g, &yg_op_gather, operands, 2, &dim);
    yg_program *program = compile(g, &y, 1, NULL, 0, 0, 3);
    cr_assert_eq(yg_program_get_stats(program).threads, 3);
    int32_t *at = (void *)data(program, operands[1]);
    for (int i = 0; i < 4; i++)
        at[(101 + 99 * i) * COLUMNS + 7] = 1000 + i;
    for (int i = 0; i < RUNS; i++) {
        yg_error error = {0};
        cr_assert_not(yg_program_run(program, 1, 0, &error));
        cr_assert(strstr(error.message, "1000"), "run %d: %s", i, error.message);
    }
    memset(at, 0, sizeof(int32_t) * ROWS * COLUMNS);
    run(program);
    yg_program_free(program);
    yg_graph_free(g);
}

/* Even a program that does not fit into memory can be looked at. */
Test(program, a_plan_larger_than_memory_can_be_looked_at) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_type type = type_of(YG_F64, 2, (int64_t[]){(int64_t)1 << 24, (int64_t)1 << 24});
    const yg_node y = yg_softmax(g, yg_input(g, "x", &type), 0);
    const yg_compile_options options = {.flags = YG_PROGRAM_NO_MEMORY};
    yg_program *program = yg_compile(g, &y, 1, NULL, 0, &options, NULL);
    cr_assert(program);
    cr_expect_geq(yg_program_get_stats(program).arena_bytes, (int64_t)1 << 51);
    yg_program_free(program);
    yg_graph_free(g);
}

/* Binding one buffer does not resolve the whole program. So a model with n parameters starts in
 * time n. */
Test(program, binding_costs_as_much_for_each_parameter) {
    enum { LAYERS = 64, SIZE = 16 };
    const yg_type type = type_of(YG_F64, 1, (int64_t[]){SIZE});
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    yg_node w[LAYERS], y = yg_input(g, "x", &type);
    _Alignas(64) double values[LAYERS][SIZE];
    double expected = 1;
    for (size_t i = 0; i < LAYERS; i++) {
        w[i] = yg_parameter(g, "w", &type);
        y = yg_add(g, y, w[i]);
        for (size_t k = 0; k < SIZE; k++)
            values[i][k] = (double)i;
        expected += (double)i;
    }
    /* A view of a parameter is given out where the parameter's buffer is, also before a run. */
    const int64_t begin[] = {8}, end[] = {SIZE}, step[] = {1};
    const yg_node last = yg_slice(g, w[LAYERS - 1], begin, end, step);
    yg_program *program = compile(g, (yg_node[]){y, last}, 2, NULL, 0, 0, 1);
    for (size_t k = 0; k < SIZE; k++)
        data(program, 0)[k] = 1;
    const size_t before = program->resolved_units;
    for (size_t i = 0; i < LAYERS; i++)
        cr_assert(yg_program_bind(program, w[i], values[i], NULL));
    cr_expect_eq(yg_program_data(program, last), values[LAYERS - 1] + 8);
    run(program);
    run(program);
    cr_expect_leq(program->resolved_units - before, program->unit_count);
    cr_expect_eq(data(program, y)[SIZE - 1], expected);
    yg_program_free(program);
    yg_graph_free(g);
}
