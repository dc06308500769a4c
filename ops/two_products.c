/*
 * two_products: y = a · b + c · d, elementwise, or a · b - c · d.
 *
 * The rule multiply_add (rule_multiply_add.c) makes one such node of two products and their sum. A
 * moving average, β · m + (1 - β) · g, is then one step of a fused group. Each product is rounded
 * before the sum, as if it were a node of its own: so the rule changes no bit.
 * Its derivative is that of its definition.
 */
#include "two_products.h"

#include "build.h"
#include "elementwise.h"
#include "registry.h"

enum { A, B, C, D };

static const char *const forms[] = {
    [YG_SUM_OF_PRODUCTS] = "sum",
    [YG_DIFFERENCE_OF_PRODUCTS] = "difference",
    NULL,
};

/* The products stand in statements of their own. Within one expression a compiler may fuse
 * multiplication and addition to one instruction that rounds only once. */
#define LOOP(expression)                                                                           \
    _Pragma("omp simd") for (size_t i = 0; i < n; i++) {                                           \
        const real ab = a[i] * b[i];                                                               \
        const real cd = c[i] * d[i];                                                               \
        y[i] = (expression);                                                                       \
    }

#define TWO_PRODUCTS_TILE(function, type)                                                          \
    YG_MULTIVERSION static void function(void *out, const void *const *in, size_t n,               \
                                         const yg_attr *attrs) {                                   \
        typedef type real;                                                                         \
        const real *a = in[A], *b = in[B], *c = in[C], *d = in[D];                                 \
        real *y = out;                                                                             \
        if (attrs[0].i == YG_SUM_OF_PRODUCTS)                                                      \
            LOOP(ab + cd)                                                                          \
        else                                                                                       \
            LOOP(ab - cd)                                                                          \
    }

TWO_PRODUCTS_TILE(two_products_f32, float)
TWO_PRODUCTS_TILE(two_products_f64, double)

static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)call;
    plan->flops = 3 * (double)yg_type_count(results);
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    const yg_node ab = yg_multiply(graph, operands[A], operands[B]);
    const yg_node cd = yg_multiply(graph, operands[C], operands[D]);
    results[0] =
        call->attrs[0].i == YG_SUM_OF_PRODUCTS ? yg_add(graph, ab, cd) : yg_subtract(graph, ab, cd);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double ab = yg_at(r, A, index) * yg_at(r, B, index);
    const double cd = yg_at(r, C, index) * yg_at(r, D, index);
    return r->call->attrs[0].i == YG_SUM_OF_PRODUCTS ? ab + cd : ab - cd;
}

static const yg_attr_spec attrs[] = {
    {.name = "form",
     .kind = YG_ATTR_CHOICE,
     .choices = forms,
     .doc = "whether the second product is added or subtracted"},
};

static const yg_attr difference[] = {{.i = YG_DIFFERENCE_OF_PRODUCTS}};
static const yg_sample samples[] = {
    {{"f[2, 3]", "f[2, 3]", "f[2, 3]", "f[2, 3]"}, NULL},
    {{"f[3, 1367]", "f[3, 1367]", "f[3, 1367]", "f[3, 1367]"}, NULL},
    {{"f[3, 1367]", "f[3, 1367]", "f[3, 1367]", "f[3, 1367]"}, difference},
    {{"f[4, 1]", "f[3]", "f[]", "f[4, 3]"}, difference},
    {{"f[]", "f[]", "f[]", "f[]"}, NULL},
    {{"f[0, 3]", "f[3]", "f[3]", "f[3]"}, NULL},
};

const yg_op yg_op_two_products = {
    .name = "two_products",
    .formula = "y = a · b + c · d",
    .doc = "Two products that are rounded, and then added, or subtracted.",
    .group = "elementwise",
    .min_operands = 4,
    .max_operands = 4,
    .operand_names = {"a", "b", "c", "d"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY | YG_OP_INTERNAL,
    .tile = YG_FLOAT_TILES(two_products),
    .plan = plan,
    .compose = definition,
    .reference = reference,
    YG_SAMPLES(samples),
};
