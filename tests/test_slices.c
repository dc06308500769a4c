/*
 * Gradients of many slices of one tensor: they are exact, of any order, and a recurrence over T
 * slices costs T times a step, not T times the tensor.
 */
#include "compiled.h"
#include "gradient_check.h"
#include "ops/build.h"
#include "ops/ops.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_STEPS = 512, WIDTH = 3 };

/* The slice that step t of T reads. All slices of a case have the same shape. */
typedef struct slice_case {
    const char *name;
    int rank;
    int64_t shape[3], shape_by_step[3]; /* x has shape + T · shape_by_step */
    int64_t start[3], start_by_step[3]; /* the slice starts at start + t · start_by_step */
    int64_t size[3];                    /* elements of the slice */
    int64_t step_size, steps_size; /* in dimension 0 they are step_size + T · steps_size apart */
    bool whole;                    /* one step reads all of x too */
    bool wrap;                     /* t counts modulo half of T: slices are read twice */
} slice_case;

static const slice_case cases[] = {
    {"first dimension", 2, {0, WIDTH}, {1, 0}, {0}, {1, 0}, {1, WIDTH}, 1, 0, false, false},
    {"middle dimension", 3, {2, 0, WIDTH}, {0, 1}, {0}, {0, 1}, {2, 1, WIDTH}, 1, 0, false, false},
    {"last dimension", 2, {2, 0}, {0, 1}, {0}, {0, 1}, {2, 1}, 1, 0, false, false},
    {"only some rows", 2, {7, WIDTH}, {3, 0}, {2, 0}, {3, 0}, {1, WIDTH}, 1, 0, false, false},
    {"part of a row", 2, {0, 8}, {1, 0}, {0, 2}, {1, 0}, {1, 4}, 1, 0, false, false},
    {"windows that overlap", 2, {4, WIDTH}, {1, 0}, {0}, {1, 0}, {3, WIDTH}, 1, 0, false, false},
    {"every T-th row", 2, {0, WIDTH}, {4, 0}, {0}, {1, 0}, {4, WIDTH}, 0, 1, false, false},
    {"the diagonal", 2, {1, 1}, {1, 0}, {0}, {1, 0}, {1, 1}, 1, 0, false, false},
    {"slices and the whole", 2, {0, 2}, {1, 0}, {0}, {1, 0}, {1, 2}, 1, 0, true, false},
    {"each slice twice", 2, {0, 2}, {1, 0}, {0}, {1, 0}, {1, 2}, 1, 0, false, true},
};
enum { CASES = sizeof cases / sizeof *cases };

typedef struct recurrence {
    yg_graph *g;
    yg_node x, loss, slices[MAX_STEPS];
    int steps;
} recurrence;

static yg_node cut(const slice_case *c, yg_graph *g, yg_node x, int t, int steps) {
    int64_t start[3], stop[3], step[3];
    for (int d = 0; d < c->rank; d++) {
        step[d] = d == 0 ? c->step_size + steps * c->steps_size : 1;
        start[d] = c->start[d] + t * c->start_by_step[d];
        stop[d] = start[d] + (c->size[d] - 1) * step[d] + 1;
    }
    return yg_slice(g, x, start, stop, step);
}

/* h = sin(slice · h + slice), so that the order of steps matters; loss = Σ h². */
static recurrence build(const slice_case *c, int steps) {
    recurrence r = {.g = yg_graph_new(yg_ops(), YG_GRAPH_F64), .steps = steps};
    int64_t shape[3];
    for (int d = 0; d < c->rank; d++)
        shape[d] = c->shape[d] + steps * c->shape_by_step[d];
    const yg_type type = type_of(YG_F64, c->rank, shape);
    r.x = yg_parameter(r.g, "x", &type);
    yg_node h = YG_NONE;
    for (int t = 0; t < steps; t++) {
        const yg_node part = cut(c, r.g, r.x, c->wrap ? t % (steps / 2) : t, steps);
        r.slices[t] = part;
        h = t == 0 ? part : yg_sin(r.g, yg_add(r.g, yg_multiply(r.g, part, h), part));
        if (c->whole && steps > 4 && t == steps / 2)
            h = yg_multiply(r.g, h, yg_sum(r.g, yg_square(r.g, r.x), NULL, 0, false));
    }
    r.loss = yg_sum(r.g, yg_square(r.g, h), NULL, 0, false);
    return r;
}

static yg_node gradient(recurrence *r, yg_node y) {
    yg_node out = YG_NONE;
    cr_assert(yg_grad(r->g, y, YG_NONE, &r->x, 1, &out), "%s",
              yg_graph_error(r->g) ? yg_graph_error(r->g)->message : "");
    cr_assert_neq(out, YG_NONE);
    return out;
}

/* Returns the FLOPs of a training step, with the gradient's gradient if `order` is 2, and the
 * graph's nodes in *nodes. */
static double cost(const slice_case *c, int steps, int order, size_t *nodes) {
    recurrence r = build(c, steps);
    yg_node slope = gradient(&r, r.loss);
    if (order == 2)
        slope = gradient(&r, yg_sum(r.g, yg_square(r.g, slope), NULL, 0, false));
    const yg_update update = {r.x, yg_subtract(r.g, r.x, yg_scale(r.g, slope, 0.1))};
    yg_program *program = compile(r.g, &r.loss, 1, &update, 1, YG_PROGRAM_NO_MEMORY, 1);
    const double flops = yg_program_get_stats(program).flops;
    *nodes = yg_graph_size(r.g);
    yg_program_free(program);
    yg_graph_free(r.g);
    return flops;
}

Test(slices, cost_is_linear_in_steps) {
    for (size_t i = 0; i < CASES; i++) {
        for (int order = 1; order <= 2; order++) {
            size_t few_nodes, many_nodes;
            const double few = cost(&cases[i], 32, order, &few_nodes);
            const double many = cost(&cases[i], 512, order, &many_nodes);
            cr_expect_leq(many, 1.1 * 16 * few, "%s, order %d: %g FLOPs in 32 steps, %g in 512",
                          cases[i].name, order, few, many);
            cr_expect_leq((double)many_nodes, 1.1 * 16 * (double)few_nodes,
                          "%s, order %d: %zu nodes in 32 steps, %zu in 512", cases[i].name, order,
                          few_nodes, many_nodes);
        }
    }
}

/* Copying the sum in each step would cost as much as padding. So the plan adds in place. */
Test(slices, cotangents_are_added_in_place) {
    for (size_t i = 0; i < CASES; i++) {
        recurrence r = build(&cases[i], 12);
        const yg_node slope = gradient(&r, r.loss);
        const yg_update update = {r.x, yg_subtract(r.g, r.x, slope)};
        yg_program *program = compile(r.g, &r.loss, 1, &update, 1, 0, 1);
        char *text = yg_program_text(program);
        int found = 0, in_place = 0;
        for (char *at = text; at && (at = strstr(at, " = add_to_slice(")); at++) {
            char *begin = at, *first = at + strlen(" = add_to_slice(");
            while (begin[-1] != ' ')
                begin--;
            const size_t length = (size_t)(at - begin);
            found++;
            in_place += strncmp(begin, first, length) == 0 && first[length] == ',';
        }
        cr_expect_geq(found, cases[i].wrap ? 5 : 10, "%s", cases[i].name);
        cr_expect_eq(in_place, found, "%s: %d of %d\n%s", cases[i].name, in_place, found, text);
        free(text);
        yg_program_free(program);
        yg_graph_free(r.g);
    }
}

static bool is_first(const recurrence *r, int t) {
    for (int before = 0; before < t; before++)
        if (r->slices[before] == r->slices[t])
            return false;
    return true;
}

/* The gradient by its definition: pads the cotangent of every slice with zeros to the size of x,
 * and adds them, from the last to the first. */
static yg_node padded_sum(const slice_case *c, recurrence *r) {
    yg_node sum = YG_NONE;
    const yg_type *x = yg_node_type(r->g, r->x);
    for (int t = r->steps; t-- > 0;) {
        yg_node part;
        if (!is_first(r, t))
            continue;
        cr_assert(yg_grad(r->g, r->loss, YG_NONE, &r->slices[t], 1, &part));
        yg_attr pad[4] = {{.count = x->rank}, {.count = x->rank}, {.f = 0}, {.count = x->rank}};
        for (int d = 0; d < x->rank; d++) {
            const int64_t gap =
                (d == 0 ? c->step_size + r->steps * c->steps_size : 1) - (c->size[d] > 1 ? 1 : 0);
            const int64_t between = c->size[d] > 1 ? gap : 0;
            const int64_t start = c->start[d] + t * c->start_by_step[d];
            pad[0].ints[d] = start;
            pad[1].ints[d] = x->shape[d] - start - c->size[d] - (c->size[d] - 1) * between;
            pad[3].ints[d] = between;
        }
        part = yg_apply(r->g, yg_op_find(yg_ops(), "constant_pad"), &part, 1, pad);
        sum = sum == YG_NONE ? part : yg_add(r->g, sum, part);
    }
    return sum;
}

Test(slices, same_bits_as_the_padded_sum) {
    for (size_t i = 0; i < CASES; i++) {
        if (cases[i].whole)
            continue; /* the order in which the whole is added is another */
        recurrence r = build(&cases[i], 6);
        const yg_node outputs[] = {gradient(&r, r.loss), padded_sum(&cases[i], &r)};
        yg_program *program = compile(r.g, outputs, 2, NULL, 0, 0, 1);
        fill_leaf(r.g, program, r.x);
        run(program);
        const double *found = data(program, outputs[0]), *wanted = data(program, outputs[1]);
        const int64_t count = yg_type_count(yg_node_type(r.g, r.x));
        int moved = 0;
        for (int64_t e = 0; e < count; e++) {
            cr_expect_eq(found[e], wanted[e], "%s: element %d is %.17g, padded %.17g",
                         cases[i].name, (int)e, found[e], wanted[e]);
            moved += wanted[e] != 0;
        }
        cr_expect_gt(moved, 0, "%s", cases[i].name);
        yg_program_free(program);
        yg_graph_free(r.g);
    }
}

/* Compares the gradient's derivatives, of order two and three, with differences. */
Test(slices, derivatives_of_any_order) {
    for (size_t i = 0; i < CASES; i++) {
        recurrence r = build(&cases[i], 6);
        const int64_t count = yg_type_count(yg_node_type(r.g, r.x));
        double *values = malloc((size_t)count * sizeof *values);
        for (int64_t e = 0; e < count; e++)
            values[e] = yg_random_uniform(9, i, (uint64_t)e) * 2 - 1;
        const gradient_leaf leaf = {r.x, values};
        char why[WHY_SIZE] = "";
        cr_expect(gradient_check(r.g, gradient(&r, r.loss), &leaf, 1, 1, why), "%s: %s",
                  cases[i].name, why);
        free(values);
        yg_graph_free(r.g);
    }
}

/* x[i][j]: slices of slices. One slice is not read. */
Test(slices, of_slices) {
    enum { SIDE = 4 };
    yg_graph *g = yg_graph_new(yg_ops(), YG_GRAPH_F64);
    const yg_type type = type_of(YG_F64, 2, (int64_t[]){SIDE, SIDE});
    const yg_node x = yg_parameter(g, "x", &type);
    yg_node loss = YG_NONE;
    for (int64_t i = 0; i < SIDE; i++) {
        const yg_node row =
            yg_slice(g, x, (int64_t[]){i, 0}, (int64_t[]){i + 1, SIDE}, (int64_t[]){1, 1});
        for (int64_t j = 0; j < SIDE - 1; j++) {
            const yg_node one =
                yg_slice(g, row, (int64_t[]){0, j}, (int64_t[]){1, j + 1}, (int64_t[]){1, 1});
            const yg_node term =
                yg_scale(g, yg_sum(g, yg_square(g, one), NULL, 0, false), (double)(10 * i + j));
            loss = loss == YG_NONE ? term : yg_add(g, loss, term);
        }
    }
    yg_node slope;
    cr_assert(yg_grad(g, loss, YG_NONE, &x, 1, &slope));
    yg_program *program = compile(g, &slope, 1, NULL, 0, 0, 1);
    for (int e = 0; e < SIDE * SIDE; e++)
        data(program, x)[e] = e + 1;
    run(program);
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++)
            cr_expect_eq(data(program, slope)[i * SIDE + j],
                         j == SIDE - 1 ? 0 : 2.0 * (10 * i + j) * (i * SIDE + j + 1), "%d, %d", i,
                         j);
    yg_program_free(program);
    yg_graph_free(g);
}
