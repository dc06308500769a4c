/*
 * Derivatives against differences: see gradient_check.h.
 */
#include "gradient_check.h"

#include "graph/program.h"
#include "graph/random.h"

#include <math.h>
#include <stdlib.h>

enum { MAX_LEAVES = 16 };

/* The step of differences. It is so small that a random point hardly ever lies that near to a kink,
 * and so large that the rounding error of y, divided by it, stays far below the tolerance. */
static const double STEP = 2e-5;
static const double TOLERANCE = 1e-6;
static const double ROUNDING = 1e-10;

/* A variable that is moved: an f64 leaf, or the cotangent. */
typedef struct variable {
    yg_node node;
    yg_node slope; /* derivative of y by it, later of the second function; YG_NONE: 0 */
    int64_t count;
    double *value, *direction;
    yg_node slope2;
    yg_node probe; /* u: what the slope is multiplied by */
    double *probe_value;
} variable;

typedef struct check {
    yg_graph *graph;
    yg_program *program;
    yg_node y, pulled; /* pulled: <u, vjp>, YG_NONE if y depends on no leaf */
    variable variables[MAX_LEAVES + 1];
    size_t count; /* of variables; the last is the cotangent */
    uint64_t seed, streams;
    char *why;
} check;

/* `count` numbers in (-1, 1), none near 0. */
static double *draw(check *c, int64_t count) {
    double *values = malloc(((size_t)count + 1) * sizeof *values);
    const uint64_t stream = c->streams++;
    for (int64_t i = 0; values && i < count; i++) {
        const double u = 2 * yg_random_uniform(c->seed, stream, (uint64_t)i) - 1;
        values[i] = u < 0 ? u * 0.75 - 0.25 : u * 0.75 + 0.25;
    }
    return values;
}

static bool add_variable(check *c, yg_node node, const void *data) {
    variable *v = &c->variables[c->count++];
    *v = (variable){.node = node, .slope = YG_NONE, .slope2 = YG_NONE, .probe = YG_NONE};
    const yg_type *type = yg_node_type(c->graph, node);
    v->count = yg_type_count(type);
    v->direction = draw(c, v->count);
    v->value = draw(c, v->count);
    for (int64_t i = 0; data && v->value && i < v->count; i++)
        v->value[i] = yg_element_get(YG_F64, data, i);
    return (v->direction && v->value) || fail(c->why, "out of memory");
}

static yg_node call2(yg_graph *graph, const char *op, yg_node a, yg_node b) {
    const yg_node both[] = {a, b};
    return yg_call(graph, op, both, 2);
}

/* Appends both orders to the graph. */
static bool differentiate(check *c) {
    yg_graph *graph = c->graph;
    yg_node wrt[MAX_LEAVES + 1], out[MAX_LEAVES + 1];
    for (size_t i = 0; i < c->count; i++)
        wrt[i] = c->variables[i].node;
    const size_t leaves = c->count - 1;
    if (!yg_grad(graph, c->y, wrt[leaves], wrt, leaves, out))
        return fail(c->why, "first order: %s", graph_reason(graph));
    c->pulled = YG_NONE;
    for (size_t i = 0; i < leaves; i++) {
        variable *v = &c->variables[i];
        v->slope = out[i];
        if (out[i] == YG_NONE)
            continue;
        v->probe = yg_input(graph, "probe", yg_node_type(graph, out[i]));
        v->probe_value = draw(c, v->count);
        if (!v->probe_value)
            return fail(c->why, "out of memory");
        const yg_node product = call2(graph, "multiply", out[i], v->probe);
        const yg_node term = yg_call(graph, "sum", &product, 1);
        c->pulled = c->pulled == YG_NONE ? term : call2(graph, "add", c->pulled, term);
    }
    if (yg_graph_error(graph))
        return fail(c->why, "first order: %s", graph_reason(graph));
    if (c->pulled == YG_NONE)
        return true;
    if (!yg_grad(graph, c->pulled, YG_NONE, wrt, c->count, out))
        return fail(c->why, "second order: %s", graph_reason(graph));
    for (size_t i = 0; i < c->count; i++)
        c->variables[i].slope2 = out[i];
    return true;
}

static bool compile(check *c, const gradient_leaf *leaves, size_t count) {
    yg_node outputs[2 * MAX_LEAVES + 4];
    size_t used = 0;
    outputs[used++] = c->y;
    if (c->pulled != YG_NONE)
        outputs[used++] = c->pulled;
    for (size_t i = 0; i < c->count; i++) {
        if (c->variables[i].slope != YG_NONE)
            outputs[used++] = c->variables[i].slope;
        if (c->variables[i].slope2 != YG_NONE)
            outputs[used++] = c->variables[i].slope2;
    }
    yg_error error = {0};
    c->program = yg_compile(c->graph, outputs, used, NULL, 0, NULL, &error);
    if (!c->program)
        return fail(c->why, "compiling: %s", error.message);
    for (size_t i = 0; i < count; i++) {
        const yg_type *type = yg_node_type(c->graph, leaves[i].node);
        void *data = yg_program_data(c->program, leaves[i].node);
        for (int64_t e = 0; data && e < yg_type_count(type); e++)
            yg_element_set(type->dtype, data, e, yg_element_get(type->dtype, leaves[i].data, e));
    }
    for (size_t i = 0; i < c->count; i++) {
        const variable *v = &c->variables[i];
        double *probe = v->probe == YG_NONE ? NULL : yg_program_data(c->program, v->probe);
        for (int64_t e = 0; probe && e < v->count; e++)
            probe[e] = v->probe_value[e];
    }
    return true;
}

/* <a, b>, and the sum of the terms' absolute values. */
static double dot(const double *a, const double *b, int64_t count, double *size) {
    double sum = 0;
    for (int64_t i = 0; a && b && i < count; i++) {
        sum += a[i] * b[i];
        *size += fabs(a[i] * b[i]);
    }
    return sum;
}

static const double *output(const check *c, yg_node node) {
    return node == YG_NONE ? NULL : yg_program_data(c->program, node);
}

/* Runs at t. Leaves <c, y> and <u, vjp> in f, the size of the former's terms in *size. */
static bool run_at(check *c, double t, double f[2], double *size) {
    for (size_t i = 0; i < c->count; i++) {
        const variable *v = &c->variables[i];
        double *data = yg_program_data(c->program, v->node); /* NULL: not needed */
        for (int64_t e = 0; data && e < v->count; e++)
            data[e] = v->value[e] + t * v->direction[e];
    }
    yg_error error = {0};
    if (!yg_program_run(c->program, 0, 0, &error))
        return fail(c->why, "running: %s", error.message);
    const variable *cotangent = &c->variables[c->count - 1];
    double sum = 0;
    const double *y = output(c, c->y);
    for (int64_t e = 0; e < cotangent->count; e++) {
        const double term = (cotangent->value[e] + t * cotangent->direction[e]) * y[e];
        sum += term;
        *size += fabs(term);
    }
    f[0] = sum;
    f[1] = c->pulled == YG_NONE ? 0 : *output(c, c->pulled);
    *size += fabs(f[1]);
    return true;
}

static bool compare(check *c, const char *order, double slope, double numeric, double size,
                    double rounding) {
    const double bound = TOLERANCE * size + ROUNDING * rounding;
    if (fabs(slope - numeric) <= bound) /* false for NaN */
        return true;
    return fail(c->why,
                "%s order: the derivative is %.12g, the difference quotient %.12g (bound %.3g)",
                order, slope, numeric, bound);
}

static bool check_orders(check *c) {
    double f[4][2], base[2], rounding = 0;
    if (!run_at(c, 0, base, &rounding))
        return false;
    double slope[2] = {0, 0}, size[2] = {0, 0};
    for (size_t i = 0; i < c->count; i++) {
        const variable *v = &c->variables[i];
        const double *first = i + 1 == c->count ? output(c, c->y) : output(c, v->slope);
        slope[0] += dot(first, v->direction, v->count, &size[0]);
        slope[1] += dot(output(c, v->slope2), v->direction, v->count, &size[1]);
    }
    static const double at[] = {-2, -1, 1, 2};
    for (int i = 0; i < 4; i++) {
        if (!run_at(c, at[i] * STEP, f[i], &rounding))
            return false;
    }
    double numeric[2];
    for (int o = 0; o < 2; o++)
        numeric[o] = (f[0][o] - 8 * f[1][o] + 8 * f[2][o] - f[3][o]) / (12 * STEP);
    return compare(c, "first", slope[0], numeric[0], size[0], rounding) &&
           compare(c, "second", slope[1], numeric[1], size[1], rounding);
}

bool gradient_check(yg_graph *graph, yg_node y, const gradient_leaf *leaves, size_t count,
                    uint64_t seed, char *why) {
    check c = {.graph = graph, .y = y, .seed = seed, .why = why};
    if (y == YG_NONE || yg_graph_error(graph))
        return fail(why, "building: %s", graph_reason(graph));
    if (count > MAX_LEAVES)
        return fail(why, "more leaves than the checker holds");
    bool good = true;
    for (size_t i = 0; i < count && good; i++) {
        if (yg_node_type(graph, leaves[i].node)->dtype == YG_F64)
            good = add_variable(&c, leaves[i].node, leaves[i].data);
    }
    const yg_node cotangent = yg_input(graph, "cotangent", yg_node_type(graph, y));
    good = good && add_variable(&c, cotangent, NULL) && differentiate(&c) &&
           compile(&c, leaves, count) && check_orders(&c);
    yg_program_free(c.program);
    for (size_t i = 0; i < c.count; i++) {
        free(c.variables[i].value);
        free(c.variables[i].direction);
        free(c.variables[i].probe_value);
    }
    return good;
}
