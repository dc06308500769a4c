/*
 * multiply_add: y = a · b + c, elementwise, or c - a · b, or a · b - c.
 *
 * The rule multiply_add (rule_multiply_add.c) makes one such node of a product and a sum, which
 * saves a step of a fused group. The product is rounded before it is added, as if it were a node of
 * its own: so the rule changes no bit.
 * Its derivative is that of its definition, a multiplication and an addition or subtraction.
 */
#include "multiply_add.h"

#include "build.h"
#include "elementwise.h"
#include "registry.h"

enum { A, B, C };

static const char *const forms[] = {
    [YG_PRODUCT_PLUS_C] = "product_plus_c",
    [YG_C_MINUS_PRODUCT] = "c_minus_product",
    [YG_PRODUCT_MINUS_C] = "product_minus_c",
    NULL,
};

/* The product stands in a statement of its own. Within one expression a compiler may fuse
 * multiplication and addition to one instruction that rounds only once. */
#define LOOP(expression)                                                                           \
    _Pragma("omp simd") for (size_t i = 0; i < n; i++) {                                           \
        const real product = a[i] * b[i];                                                          \
        const real term = c[i];                                                                    \
        y[i] = (expression);                                                                       \
    }                                                                                              \
    break;

#define MULTIPLY_ADD_TILE(function, type)                                                          \
    YG_MULTIVERSION static void function(void *out, const void *const *in, size_t n,               \
                                         const yg_attr *attrs) {                                   \
        typedef type real;                                                                         \
        const real *a = in[A], *b = in[B], *c = in[C];                                             \
        real *y = out;                                                                             \
        switch ((yg_multiply_add_form)attrs[0].i) {                                                \
        case YG_PRODUCT_PLUS_C:                                                                    \
            LOOP(product + term)                                                                   \
        case YG_C_MINUS_PRODUCT:                                                                   \
            LOOP(term - product)                                                                   \
        case YG_PRODUCT_MINUS_C:                                                                   \
            LOOP(product - term)                                                                   \
        }                                                                                          \
    }

MULTIPLY_ADD_TILE(multiply_add_f32, float)
MULTIPLY_ADD_TILE(multiply_add_f64, double)

static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)call;
    plan->flops = 2 * (double)yg_type_count(results);
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    const yg_node product = yg_multiply(graph, operands[A], operands[B]), c = operands[C];
    const int64_t form = call->attrs[0].i;
    results[0] = form == YG_PRODUCT_PLUS_C    ? yg_add(graph, product, c)
                 : form == YG_C_MINUS_PRODUCT ? yg_subtract(graph, c, product)
                                              : yg_subtract(graph, product, c);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double product = yg_at(r, A, index) * yg_at(r, B, index), c = yg_at(r, C, index);
    const int64_t form = r->call->attrs[0].i;
    return form == YG_PRODUCT_PLUS_C    ? product + c
           : form == YG_C_MINUS_PRODUCT ? c - product
                                        : product - c;
}

static const yg_attr_spec attrs[] = {
    {.name = "form",
     .kind = YG_ATTR_CHOICE,
     .choices = forms,
     .doc = "what is added to or taken from what"},
};

static const yg_attr difference[] = {{.i = YG_C_MINUS_PRODUCT}};
static const yg_attr excess[] = {{.i = YG_PRODUCT_MINUS_C}};
static const yg_sample samples[] = {
    {{"f[2, 3]", "f[2, 3]", "f[2, 3]"}, NULL},
    {{"f[3, 1367]", "f[3, 1367]", "f[3, 1367]"}, NULL},
    {{"f[3, 1367]", "f[3, 1367]", "f[3, 1367]"}, difference},
    {{"f[3, 1367]", "f[3, 1367]", "f[3, 1367]"}, excess},
    {{"f[4, 1]", "f[3]", "f[]"}, difference},
    {{"f[]", "f[]", "f[]"}, excess},
    {{"f[0, 3]", "f[3]", "f[3]"}, NULL},
};

const yg_op yg_op_multiply_add = {
    .name = "multiply_add",
    .formula = "y = a · b + c",
    .doc = "A product that is rounded, and then added to c, or subtracted.",
    .group = "elementwise",
    .min_operands = 3,
    .max_operands = 3,
    .operand_names = {"a", "b", "c"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY | YG_OP_INTERNAL,
    .tile = YG_FLOAT_TILES(multiply_add),
    .plan = plan,
    .compose = definition,
    .reference = reference,
    YG_SAMPLES(samples),
};
