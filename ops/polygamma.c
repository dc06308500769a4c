/*
 * polygamma: y = ψ⁽ⁿ⁾(x), the n-th derivative of digamma, elementwise; n = 0 is digamma itself.
 *
 * For x > 0, ψ⁽ⁿ⁾(x) = (-1)ⁿ⁺¹ n! ζ(n + 1, x) with the Hurwitz zeta function
 * ζ(s, x) = Σ (x + k)⁻ˢ over k ≥ 0. The first terms are added up, and the formula of Euler and
 * Maclaurin gives the sum of the others. Below 0 the derivatives of π / tan(πx) reflect it to
 * 1 - x. Source of the formulas: Abramowitz, Stegun, "Handbook of mathematical functions", 6.4.7,
 * 6.4.10, 23.1.30.
 *
 * vjp: dx = dy · polygamma(x, n + 1).
 */
#include "build.h"
#include "elementwise.h"
#include "in_double.h"
#include "registry.h"

#include <string.h>

enum { MOST = 100 };  /* the largest n: its factorial is 1e158 */
enum { DIRECT = 10 }; /* terms of ζ that are added one by one */
enum { BERNOULLI = 12 };

static const double pi = 3.14159265358979323846;

/* B₂, B₄, …, each divided by (2j)! */
static const double bernoulli[BERNOULLI] = {
    8.3333333333333333333e-2,   -1.3888888888888888889e-3,  3.3068783068783068783e-5,
    -8.2671957671957671958e-7,  2.0876756987868098979e-8,   -5.2841901386874931848e-10,
    1.3382536530684678833e-11,  -3.3896802963225828668e-13, 8.5860620562778445641e-15,
    -2.1748686985580618730e-16, 5.5090028283602295153e-18,  -1.3954464685812523341e-19,
};

/* What depends on n alone. */
typedef struct order {
    int n;
    double factorial; /* n! */
    /* dⁿ/dxⁿ π / tan(πx) = Σ cotangent[i] · cotⁱ(πx) over i ≤ n + 1. All terms of one parity of i
     * have one sign, and the others are 0: nothing cancels. */
    double cotangent[MOST + 2];
} order;

/* The derivative of Σ c[i] tⁱ with t = cot(πx) is Σ -π · i · c[i] · (tⁱ⁻¹ + tⁱ⁺¹). */
static order make_order(const yg_attr *attrs) {
    order o = {.n = (int)attrs[0].i, .factorial = 1, .cotangent = {0, pi}};
    for (int n = 1; n <= o.n; n++) {
        double next[MOST + 3] = {0};
        for (int i = 1; i <= n; i++) {
            next[i - 1] -= pi * i * o.cotangent[i];
            next[i + 1] -= pi * i * o.cotangent[i];
        }
        memcpy(o.cotangent, next, sizeof o.cotangent);
        o.factorial *= n;
    }
    return o;
}

static double inverse_power(double x, int s) {
    return s == 2 ? 1 / (x * x) : pow(x, -(double)s);
}

/* ζ(s, x) for x > 0 */
static double zeta(int s, double x) {
    double sum = 0;
    for (int k = 0; k < DIRECT; k++)
        sum += inverse_power(x + k, s);
    const double z = x + DIRECT, power = inverse_power(z, s), w = 1 / z / z;
    double term = power / z * s, rest = 0; /* s (s + 1) … (s + 2j - 2) z⁻ˢ⁻²ʲ⁺¹ */
    for (int j = 0; j < BERNOULLI; j++) {
        rest += bernoulli[j] * term;
        term *= (s + 2 * j + 1) * (double)(s + 2 * j + 2) * w;
    }
    const double integral = power > 0 ? power * z / (s - 1) : 0; /* at z = inf: 0, not NaN */
    return sum + integral + power / 2 + rest;
}

static double value(const order *o, double x) {
    const double sign = o->n % 2 ? 1 : -1;
    if (x <= 0 && x == floor(x))
        return isinf(x) ? (double)NAN : sign * (double)INFINITY;
    if (!(x < 0))
        return sign * o->factorial * zeta(o->n + 1, x);
    const double t = 1 / tan(pi * (x - rint(x)));
    double reflected = 0;
    for (int i = o->n + 1; i >= 0; i--)
        reflected = reflected * t + o->cotangent[i];
    return -reflected - o->factorial * zeta(o->n + 1, 1 - x);
}

/* xˢ; s is a constant where this is inlined. Loops would keep the loop around from being
 * vectorised. */
static inline __attribute__((always_inline)) double small_power(double x, const int s) {
    return s == 2 ? x * x : s == 3 ? x * x * x : x * x * (x * x);
}

/* x⁻ˢ + (x + 1)⁻ˢ, with one division. */
static inline __attribute__((always_inline)) double power_pair(double x, const int s) {
    const double a = small_power(x, s), b = small_power(x + 1, s);
    return (a + b) / (a * b);
}

/* ζ(s, x) as zeta() computes it, for s from 2 to 4 and x > 0, as code that compilers vectorise. Of
 * x above FAR the direct terms do not count, and their powers may overflow. */
#define FAR 1e17
static inline __attribute__((always_inline)) double small_zeta(double x, const int s) {
    const double near = power_pair(x, s) + power_pair(x + 2, s) + power_pair(x + 4, s) +
                        power_pair(x + 6, s) + power_pair(x + 8, s);
    const double inverse = 1 / (x + DIRECT), w = inverse * inverse;
    const double power = s == 2 ? inverse : s == 3 ? w : w * inverse; /* z⁻ˢ⁺¹ */
    /* With B the entries of `bernoulli`, from the last one: B[j] + (s + 2j + 1) (s + 2j + 2) w (…).
     * The other four are below 1e-16 of the sum. */
    double p = bernoulli[7];
#define TERM(j) p = bernoulli[j] + (s + 2 * (j) + 1) * (double)(s + 2 * (j) + 2) * w * p
    TERM(6);
    TERM(5);
    TERM(4);
    TERM(3);
    TERM(2);
    TERM(1);
    TERM(0);
#undef TERM
    const double rest = power * w * s * p;
    return (x < FAR ? near : 0) + power * (1. / (s - 1)) + power * inverse / 2 + rest;
}

YG_UNARY_MATH_TILE(zeta_2, double, (void)0, small_zeta(x, 2))
YG_UNARY_MATH_TILE(zeta_3, double, (void)0, small_zeta(x, 3))
YG_UNARY_MATH_TILE(zeta_4, double, (void)0, small_zeta(x, 4))

/* Of positive numbers ψ⁽ⁿ⁾ for n up to 3 is computed by whole vectors, all others one by one. */
static void polygamma_f64(void *out, const void *const *in, size_t n, const yg_attr *attrs) {
    enum { CHUNK = 16 * YG_MATH_BLOCK };
    static const yg_tile tiles[] = {[2] = zeta_2, [3] = zeta_3, [4] = zeta_4};
    if (attrs[0].i == 0) {
        yg_op_digamma.tile[YG_F64](out, in, n, NULL);
        return;
    }
    const order o = make_order(attrs);
    const double factor = o.n % 2 ? o.factorial : -o.factorial;
    for (size_t start = 0; start < n; start += CHUNK) {
        const size_t count = n - start < CHUNK ? n - start : CHUNK;
        const double *x = (const double *)in[0] + start;
        double *y = (double *)out + start, zetas[CHUNK];
        if (o.n <= 3)
            tiles[o.n + 1](zetas, (const void *const[]){x}, count, NULL);
        for (size_t i = 0; i < count; i++)
            y[i] = o.n <= 3 && x[i] > 0 ? factor * zetas[i] : value(&o, x[i]);
    }
}

YG_TILE_IN_DOUBLE(polygamma_f32, polygamma_f64)

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    const yg_node x = yg_node_operand(graph, y, 0);
    const yg_attr next = {.i = yg_node_attrs(graph, y)[0].i + 1};
    return yg_multiply(graph, dy, yg_apply(graph, &yg_op_polygamma, &x, 1, &next));
}

static yg_node simplify(yg_graph *graph, const yg_infer *call, const yg_node *operands) {
    return call->attrs[0].i == 0 ? yg_apply(graph, &yg_op_digamma, operands, 1, NULL) : YG_NONE;
}

/* Many terms of the sum, and three of the formula for its rest. */
static double reference(const yg_reference *r, const int64_t *index) {
    enum { STEPS = 4000 };
    const double x = yg_at(r, 0, index), z = x + STEPS;
    const int n = (int)r->call->attrs[0].i;
    if (n == 0)
        return yg_op_digamma.reference(r, index);
    const double s = n + 1;
    double sum = pow(z, 1 - s) / (s - 1) + pow(z, -s) / 2 + s * pow(z, -s - 1) / 12;
    for (int k = STEPS - 1; k >= 0; k--)
        sum += pow(x + k, -s);
    return (n % 2 ? 1 : -1) * tgamma(s) * sum;
}

static const yg_attr_spec attrs[] = {
    {.name = "n",
     .kind = YG_ATTR_INT,
     .required = true,
     .min = 0,
     .max = MOST,
     .doc = "which derivative of digamma; 0 is digamma, 1 is also called trigamma"},
};

static const yg_sample samples[] = {
    {{"f[2, 3]"}, (const yg_attr[]){{.i = 1}}},  {{"f[3, 367]"}, (const yg_attr[]){{.i = 1}}},
    {{"f[2, 30]"}, (const yg_attr[]){{.i = 2}}}, {{"f[7]"}, (const yg_attr[]){{.i = 5}}},
    {{"f[]"}, (const yg_attr[]){{.i = 0}}},      {{"f[0, 3]"}, (const yg_attr[]){{.i = 3}}},
};

const yg_op yg_op_polygamma = {
    .name = "polygamma",
    .formula = "y = dⁿ/dxⁿ ψ(x)",
    .doc = "The n-th derivative of digamma; infinite at 0, -1, -2, …, NaN at -inf.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY,
    .tile = YG_FLOAT_TILES(polygamma),
    .vjp = vjp,
    .simplify = simplify,
    .reference = reference,
    .domain = {{0.6, 4}},
    YG_SAMPLES(samples),
};
