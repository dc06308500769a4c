/*
 * Square roots and what is made of them have the bits of the C library, whichever instructions
 * compute them; and the rule root_quotient matches where it should.
 */
#include "compiled.h"
#include "ops/build.h"
#include "ops/ops.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#define BLOCK 4096

static float float_of(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static yg_tile tile_of(const char *name) {
    const yg_op *op = yg_op_find(yg_ops(), name);
    cr_assert(op && op->tile[YG_F32], "%s", name);
    return op->tile[YG_F32];
}

static void expect_bits(const char *what, float found, float expected, float x) {
    if (memcmp(&found, &expected, sizeof found) != 0 && !(isnan(found) && isnan(expected)))
        cr_assert_fail("%s of %a is %a, not %a", what, (double)x, (double)found, (double)expected);
}

/* Compares sqrt with sqrtf() on BLOCK numbers. */
static void check_block(yg_tile tile, const float *x) {
    float y[BLOCK];
    tile(y, (const void *[]){x}, BLOCK, NULL);
    for (int i = 0; i < BLOCK; i++)
        expect_bits("the root", y[i], sqrtf(x[i]), x[i]);
}

/* A root depends on the mantissa and on whether the exponent is even: [1, 4) has all cases. */
Test(roots, every_mantissa_rounds_as_in_c) {
    const yg_tile tile = tile_of("sqrt");
    float x[BLOCK];
    for (uint32_t bits = 0x3f800000; bits < 0x40800000; bits += BLOCK) {
        for (uint32_t i = 0; i < BLOCK; i++)
            x[i] = float_of(bits + i);
        check_block(tile, x);
    }
}

/* Every exponent and both signs: subnormal numbers, infinities and NaN are among them. */
Test(roots, every_exponent_rounds_as_in_c) {
    const yg_tile tile = tile_of("sqrt");
    float x[BLOCK];
    for (uint32_t exponent = 0; exponent < 512; exponent++) {
        for (uint32_t i = 0; i < BLOCK; i++) /* the smallest mantissas, and others */
            x[i] = float_of(exponent << 23 | (i < 8 ? i : i * 2654435761u >> 9));
        check_block(tile, x);
    }
}

/* Any bits, each number beside others that take another way. */
Test(roots, what_is_made_of_roots_rounds_as_in_c) {
    const yg_tile inverse = tile_of("rsqrt"), quotient = tile_of("root_quotient");
    const yg_tile stepped = tile_of("root_step");
    float a[BLOCK], b[BLOCK], c[BLOCK], y[BLOCK], z[BLOCK], step[BLOCK];
    uint32_t state = 1;
    for (int round = 0; round < 300; round++) {
        for (int i = 0; i < BLOCK; i++) {
            uint32_t bits[3];
            for (int k = 0; k < 3; k++)
                bits[k] = state = state * 1664525u + 1013904223u;
            a[i] = float_of(bits[0]);
            b[i] = round % 3 ? fabsf(float_of(bits[1])) : float_of(bits[1]);
            c[i] = round % 2 ? 1e-8f : float_of(bits[2]);
        }
        /* A number of elements that does not fill its vectors. */
        inverse(y, (const void *[]){b}, BLOCK - 3, NULL);
        quotient(z, (const void *[]){a, b, c}, BLOCK - 3, NULL);
        stepped(step, (const void *[]){a, b, c, c, a}, BLOCK - 3, NULL);
        for (int i = 0; i < BLOCK - 3; i++) {
            const float root = sqrtf(b[i]), divisor = root + c[i];
            expect_bits("the inverse root", y[i], 1 / root, b[i]);
            const float product = c[i] * (a[i] / divisor);
            expect_bits("the quotient", z[i], a[i] / divisor, b[i]);
            expect_bits("the step", step[i], a[i] - product, b[i]);
        }
    }
}

/* ------------------------------------------------------------------------------------- rule -- */

typedef enum form {
    PLAIN,      /* a / (√b + 1) */
    EXCHANGED,  /* a / (1 + √b) */
    BY_INPUT,   /* a / (√b + s), s an input of one element */
    BY_TENSOR,  /* a / (√b + d), d a tensor */
    BY_ROW,     /* a / (√b + r), r a row */
    SEEN_ROOT,  /* a / (√b + 1) + √b */
    SEEN_SUM,   /* a / (√b + 1) + (√b + 1) */
    OF_SCALARS, /* all of one element */
    STEP,       /* a - s · (a / (√b + 1)) */
    SEEN_STEP,  /* the same, plus the quotient */
    RAISED,     /* a + s · (a / (√b + 1)) */
} form;

static const struct {
    const char *what;
    form form;
    int quotients, steps; /* root_quotient and root_step */
} forms[] = {
    {"a / (√b + 1)", PLAIN, 1, 0},
    {"a / (1 + √b)", EXCHANGED, 1, 0},
    {"a / (√b + s)", BY_INPUT, 1, 0},
    {"a / (√b + d)", BY_TENSOR, 0, 0},
    {"a / (√b + r)", BY_ROW, 0, 0},
    {"with a root that is seen", SEEN_ROOT, 0, 0},
    {"with a sum that is seen", SEEN_SUM, 0, 0},
    {"of scalars", OF_SCALARS, 0, 0},
    {"p - s·(a / (√b + 1))", STEP, 0, 1},
    {"with a quotient that is seen", SEEN_STEP, 1, 0},
    {"p + s·(a / (√b + 1))", RAISED, 1, 0},
};

static yg_node draw_input(yg_graph *g, yg_dtype dtype, int64_t rows, int64_t columns) {
    const yg_type type = type_of(dtype, 2, (const int64_t[]){rows, columns});
    return yg_input(g, "x", &type);
}

static yg_node build_form(yg_graph *g, form form, yg_dtype dtype) {
    const int64_t rows = form == OF_SCALARS ? 1 : 5, columns = form == OF_SCALARS ? 1 : 200;
    const yg_node a = draw_input(g, dtype, rows, columns), b = draw_input(g, dtype, rows, columns);
    const yg_node root = yg_sqrt(g, yg_square(g, b)), one = yg_scalar(g, dtype, 1);
    const yg_node sum = form == EXCHANGED   ? yg_add(g, one, root)
                        : form == BY_INPUT  ? yg_add(g, root, draw_input(g, dtype, 1, 1))
                        : form == BY_TENSOR ? yg_add(g, root, draw_input(g, dtype, rows, columns))
                        : form == BY_ROW    ? yg_add(g, root, draw_input(g, dtype, 1, columns))
                                            : yg_add(g, root, one);
    const yg_node y = yg_divide(g, a, sum);
    const yg_node scaled = yg_multiply(g, y, draw_input(g, dtype, 1, 1));
    if (form == RAISED)
        return yg_add(g, a, scaled);
    if (form == STEP)
        return yg_subtract(g, a, scaled);
    if (form == SEEN_STEP)
        return yg_add(g, yg_subtract(g, a, scaled), y);
    return form == SEEN_ROOT ? yg_add(g, y, root) : form == SEEN_SUM ? yg_add(g, y, sum) : y;
}

static void run_filled(const yg_graph *g, yg_program *program) {
    for (yg_node node = 0; node < yg_graph_size(g); node++)
        if (yg_node_is_input(g, node))
            fill_leaf(g, program, node);
    run(program);
}

/* The rule matches where it pays, and changes no bit. */
Test(roots, a_quotient_by_a_root_is_one_step) {
    for (size_t i = 0; i < 2 * sizeof forms / sizeof *forms; i++) {
        yg_graph *g = yg_graph_new(yg_ops(), 0);
        const char *what = forms[i / 2].what;
        const yg_node y = build_form(g, forms[i / 2].form, i % 2 ? YG_F64 : YG_F32);
        yg_program *with = compile_without(g, &y, 1, NULL, 0, NULL, 1);
        yg_program *without = compile_without(g, &y, 1, NULL, 0, "root_quotient", 1);
        run_filled(g, with);
        run_filled(g, without);
        cr_expect_eq(memcmp(yg_program_data(with, y), yg_program_data(without, y),
                            (size_t)yg_type_bytes(yg_node_type(g, y))),
                     0, "%s: other bits than without the rule", what);
        cr_expect_eq(count_of(with, "root_quotient"), forms[i / 2].quotients, "%s: %d", what,
                     count_of(with, "root_quotient"));
        cr_expect_eq(count_of(with, "root_step"), forms[i / 2].steps, "%s: %d steps", what,
                     count_of(with, "root_step"));
        cr_expect_eq(count_of(without, "root_quotient"), 0, "%s", what);
        yg_program_free(with);
        yg_program_free(without);
        yg_graph_free(g);
    }
}
