/*
 * Attention: the kernels of each set of instructions, forward and backward, against sums in double
 * precision, over shapes, masks and dropout; and dropout in a training graph.
 */
#include "../graph/program.h"
#include "../graph/random.h"
#include "../ops/attention.h"
#include "../ops/build.h"
#include "../ops/dropout_factors.h"
#include "../ops/ops.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct shape {
    int64_t queries, keys, size, value_size;
    bool causal;
    int mask_kind;
    int64_t mask_step[2];
    double drop_p;
} shape;

/* Sizes around blocks of 32 and 64 and around tiles of each width. */
static const shape shapes[] = {
    {.queries = 1, .keys = 1, .size = 1, .value_size = 1},
    {.queries = 5, .keys = 3, .size = 4, .value_size = 2},
    {.queries = 32, .keys = 32, .size = 32, .value_size = 32, .causal = true},
    {.queries = 33, .keys = 31, .size = 17, .value_size = 40},
    {.queries = 70, .keys = 100, .size = 8, .value_size = 33, .causal = true},
    {.queries = 100, .keys = 70, .size = 64, .value_size = 64, .causal = true},
    {.queries = 3, .keys = 0, .size = 4, .value_size = 5},
    {.queries = 3, .keys = 5, .size = 0, .value_size = 5},
    {.queries = 40,
     .keys = 37,
     .size = 16,
     .value_size = 12,
     .mask_kind = YG_ATTENTION_BOOL_MASK,
     .mask_step = {37, 1}},
    {.queries = 40,
     .keys = 37,
     .size = 16,
     .value_size = 12,
     .mask_kind = YG_ATTENTION_BOOL_MASK,
     .mask_step = {0, 1},
     .causal = true},
    {.queries = 40,
     .keys = 37,
     .size = 16,
     .value_size = 12,
     .mask_kind = YG_ATTENTION_FLOAT_MASK,
     .mask_step = {37, 1}},
    {.queries = 40,
     .keys = 37,
     .size = 6,
     .value_size = 6,
     .mask_kind = YG_ATTENTION_FLOAT_MASK,
     .mask_step = {1, 0}},
    {.queries = 35, .keys = 67, .size = 16, .value_size = 16, .drop_p = 0.3},
    {.queries = 67,
     .keys = 35,
     .size = 16,
     .value_size = 16,
     .drop_p = 0.6,
     .causal = true,
     .mask_kind = YG_ATTENTION_BOOL_MASK,
     .mask_step = {35, 1}},
    {.queries = 9, .keys = 10, .size = 5, .value_size = 3, .drop_p = 1},
    {.queries = 515, .keys = 520, .size = 5, .value_size = 7, .causal = true}, /* blocks of 64 */
};

enum { HEADS = 2, HEAD = 1 }; /* the tested head lies beside another one */
static const uint64_t KEY = 77;
static const int64_t ROW = 5;

/* The operands and results of a head in an element type, and the same in double precision. Buffers
 * have exactly the size, so the sanitizer sees the first byte beyond. */
typedef struct tensor {
    int64_t rows, step, size;
    void *data;
    double *exact; /* [rows, size] */
} tensor;

typedef struct head_case {
    const shape *shape;
    yg_dtype dtype;
    tensor q, k, v, y, dy, dq, dk, dv, logsumexp, delta;
    void *mask;
    double *weights, *factors; /* [queries, keys] */
    yg_attention_head head;
} head_case;

static double number(uint64_t stream, int64_t i) {
    return 2 * yg_random_uniform(1, stream, (uint64_t)i) - 1;
}

static void *allocate(int64_t bytes) {
    void *data = malloc((size_t)bytes + 1);
    cr_assert_not_null(data);
    memset(data, 0xFF, (size_t)bytes); /* NaN */
    return data;
}

static tensor new_tensor(const head_case *c, int64_t rows, int64_t size, uint64_t stream) {
    tensor t = {.rows = rows, .size = size, .step = HEADS * size};
    t.data = allocate(rows * t.step * (int64_t)yg_dtype_size(c->dtype));
    t.exact = allocate(rows * size * (int64_t)sizeof *t.exact);
    for (int64_t i = 0; stream > 0 && i < rows; i++)
        for (int64_t j = 0; j < size; j++) {
            const int64_t at = i * t.step + HEAD * size + j;
            yg_element_set(c->dtype, t.data, at, number(stream, at));
            t.exact[i * size + j] = yg_element_get(c->dtype, t.data, at);
        }
    return t;
}

static void free_tensor(tensor *t) {
    free(t->data);
    free(t->exact);
}

static void *start(const head_case *c, const tensor *t) {
    return (char *)t->data + (size_t)(HEAD * t->size) * yg_dtype_size(c->dtype);
}

static double found_at(const head_case *c, const tensor *t, int64_t i, int64_t j) {
    return yg_element_get(c->dtype, t->data, i * t->step + HEAD * t->size + j);
}

static double score(const head_case *c, int64_t i, int64_t j) {
    const shape *s = c->shape;
    double sum = 0;
    for (int64_t e = 0; e < s->size; e++)
        sum += c->q.exact[i * s->size + e] * c->k.exact[j * s->size + e];
    sum *= c->head.scale;
    const int64_t at = i * s->mask_step[0] + j * s->mask_step[1];
    if (s->mask_kind == YG_ATTENTION_FLOAT_MASK)
        sum += yg_element_get(c->dtype, c->mask, at);
    const bool hidden = s->mask_kind == YG_ATTENTION_BOOL_MASK && !((uint8_t *)c->mask)[at];
    return hidden || (s->causal && j > i) ? -INFINITY : sum;
}

static double factor(const head_case *c, int64_t i, int64_t j) {
    uint32_t word[4];
    const int64_t words = (c->shape->keys + 3) / 4;
    if (c->shape->drop_p == 0)
        return 1;
    yg_philox(KEY, 0, (uint64_t)((ROW + i) * words + j / 4), word);
    return word[j % 4] * 0x1p-32 < c->shape->drop_p ? 0 : 1 / (1 - c->shape->drop_p);
}

static void compute_forward(head_case *c) {
    const shape *s = c->shape;
    for (int64_t i = 0; i < s->queries; i++) {
        double total = 0;
        for (int64_t j = 0; j < s->keys; j++)
            total += exp(score(c, i, j));
        c->logsumexp.exact[i] = total > 0 ? log(total) : 0;
        for (int64_t j = 0; j < s->keys; j++) {
            c->weights[i * s->keys + j] = total > 0 ? exp(score(c, i, j)) / total : 0;
            c->factors[i * s->keys + j] = factor(c, i, j);
        }
        for (int64_t e = 0; e < s->value_size; e++) {
            double sum = 0;
            for (int64_t j = 0; j < s->keys; j++)
                sum += c->weights[i * s->keys + j] * c->factors[i * s->keys + j] *
                       c->v.exact[j * s->value_size + e];
            c->y.exact[i * s->value_size + e] = sum;
        }
    }
}

static void compute_backward(head_case *c) {
    const shape *s = c->shape;
    memset(c->dq.exact, 0, (size_t)(s->queries * s->size) * sizeof(double));
    memset(c->dk.exact, 0, (size_t)(s->keys * s->size) * sizeof(double));
    memset(c->dv.exact, 0, (size_t)(s->keys * s->value_size) * sizeof(double));
    for (int64_t i = 0; i < s->queries; i++) {
        double delta = 0;
        for (int64_t e = 0; e < s->value_size; e++)
            delta += c->y.exact[i * s->value_size + e] * c->dy.exact[i * s->value_size + e];
        c->delta.exact[i] = delta;
        for (int64_t j = 0; j < s->keys; j++) {
            const double w = c->weights[i * s->keys + j], f = c->factors[i * s->keys + j];
            double dp = 0;
            for (int64_t e = 0; e < s->value_size; e++) {
                dp += c->v.exact[j * s->value_size + e] * c->dy.exact[i * s->value_size + e];
                c->dv.exact[j * s->value_size + e] += w * f * c->dy.exact[i * s->value_size + e];
            }
            const double ds = w * (f * dp - delta) * c->head.scale;
            for (int64_t e = 0; e < s->size; e++) {
                c->dq.exact[i * s->size + e] += ds * c->k.exact[j * s->size + e];
                c->dk.exact[j * s->size + e] += ds * c->q.exact[i * s->size + e];
            }
        }
    }
}

static void compare(const head_case *c, const tensor *t, yg_gemm_isa isa, const char *what) {
    const double tolerance = c->dtype == YG_F32 ? 1e-5 : 1e-13;
    for (int64_t i = 0; i < t->rows; i++)
        for (int64_t j = 0; j < t->size; j++) {
            const double found = found_at(c, t, i, j), wanted = t->exact[i * t->size + j];
            cr_assert(fabs(found - wanted) <= tolerance * fmax(1, fabs(wanted)),
                      "%s, %s, instructions %d, shape %zu: [%d, %d] is %.9g, not %.9g", what,
                      yg_dtype_name(c->dtype), isa, (size_t)(c->shape - shapes), (int)i, (int)j,
                      found, wanted);
        }
}

static void fill_mask(head_case *c) {
    const int64_t count = (c->shape->queries + 1) * (c->shape->keys + 1) * (int64_t)sizeof(double);
    c->mask = allocate(count);
    for (int64_t i = 0; i < (c->shape->queries + 1) * (c->shape->keys + 1); i++) {
        if (c->shape->mask_kind == YG_ATTENTION_BOOL_MASK)
            ((uint8_t *)c->mask)[i] = number(9, i) > 0;
        else
            yg_element_set(c->dtype, c->mask, i, number(9, i));
    }
    /* One query reads nothing. */
    if (c->shape->mask_kind == YG_ATTENTION_BOOL_MASK && c->shape->mask_step[0] > 0)
        memset((uint8_t *)c->mask + 2 * c->shape->mask_step[0], 0, (size_t)c->shape->keys);
}

static void open_case(head_case *c, const shape *s, yg_dtype dtype) {
    *c = (head_case){.shape = s, .dtype = dtype};
    c->q = new_tensor(c, s->queries, s->size, 1);
    c->k = new_tensor(c, s->keys, s->size, 2);
    c->v = new_tensor(c, s->keys, s->value_size, 3);
    c->dy = new_tensor(c, s->queries, s->value_size, 4);
    c->y = new_tensor(c, s->queries, s->value_size, 0);
    c->dq = new_tensor(c, s->queries, s->size, 0);
    c->dk = new_tensor(c, s->keys, s->size, 0);
    c->dv = new_tensor(c, s->keys, s->value_size, 0);
    c->logsumexp = new_tensor(c, s->queries, 1, 0);
    c->delta = new_tensor(c, s->queries, 1, 0);
    c->weights = allocate(s->queries * s->keys * (int64_t)sizeof(double));
    c->factors = allocate(s->queries * s->keys * (int64_t)sizeof(double));
    fill_mask(c);
    const yg_attention sizes = {.dtype = dtype,
                                .queries = s->queries,
                                .keys = s->keys,
                                .size = s->size,
                                .value_size = s->value_size};
    const size_t scratch = (size_t)(yg_attention_scratch_bytes(&sizes) + 63) / 64 * 64;
    c->head = (yg_attention_head){.queries = s->queries,
                                  .keys = s->keys,
                                  .size = s->size,
                                  .value_size = s->value_size,
                                  .q = start(c, &c->q),
                                  .k = start(c, &c->k),
                                  .v = start(c, &c->v),
                                  .q_step = c->q.step,
                                  .k_step = c->k.step,
                                  .v_step = c->v.step,
                                  .y_step = c->y.step,
                                  .scale = 0.4,
                                  .causal = s->causal,
                                  .mask_kind = s->mask_kind,
                                  .mask = c->mask,
                                  .mask_step = {s->mask_step[0], s->mask_step[1]},
                                  .random_key = KEY,
                                  .random_row = ROW,
                                  .drop_p = s->drop_p,
                                  .scratch = aligned_alloc(64, scratch)};
    cr_assert_not_null(c->head.scratch);
    memset(c->head.scratch, 0xFF, scratch);
    compute_forward(c);
    compute_backward(c);
}

static void close_case(head_case *c) {
    tensor *const all[] = {&c->q,  &c->k,  &c->v,  &c->y,         &c->dy,
                           &c->dq, &c->dk, &c->dv, &c->logsumexp, &c->delta};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free_tensor(all[i]);
    free(c->mask);
    free(c->weights);
    free(c->factors);
    free(c->head.scratch);
}

/* The kernel's own row of numbers has no other head beside it. */
static void pack_rows(const head_case *c, tensor *t, void *packed, bool back) {
    for (int64_t i = 0; i < t->rows; i++) {
        if (back)
            yg_element_set(c->dtype, t->data, i * t->step + HEAD,
                           yg_element_get(c->dtype, packed, i));
        else
            yg_element_set(c->dtype, packed, i, t->exact[i]);
    }
}

static void run_forward(head_case *c, yg_gemm_isa isa) {
    void *rows = allocate(c->shape->queries * 8), *again = allocate(c->y.rows * c->y.step * 8);
    const int64_t block = yg_attention_block(c->shape->queries, c->shape->keys);
    const int64_t blocks = (c->shape->queries + block - 1) / block;
    const yg_attention_forward forward = yg_attention_choose(c->dtype, isa).forward;
    yg_attention_head head = c->head;
    head.y = start(c, &c->y);
    head.logsumexp = rows;
    forward(&head, 0, blocks);
    pack_rows(c, &c->logsumexp, rows, true);
    compare(c, &c->y, isa, "y");
    compare(c, &c->logsumexp, isa, "logsumexp");
    /* One block at a time, the last one first: the same bits. */
    head.y = again;
    head.logsumexp = NULL;
    for (int64_t n = blocks; n-- > 0;)
        forward(&head, n, n + 1);
    const size_t element = yg_dtype_size(c->dtype);
    for (int64_t i = 0; i < c->y.rows; i++)
        cr_assert_eq(memcmp((char *)again + (size_t)(i * c->y.step) * element,
                            (char *)start(c, &c->y) + (size_t)(i * c->y.step) * element,
                            (size_t)c->y.size * element),
                     0, "shape %zu, row %d", (size_t)(c->shape - shapes), (int)i);
    free(rows);
    free(again);
}

static void run_backward(head_case *c, yg_gemm_isa isa) {
    void *logsumexp = allocate(c->shape->queries * 8), *delta = allocate(c->shape->queries * 8);
    pack_rows(c, &c->logsumexp, logsumexp, false);
    pack_rows(c, &c->delta, delta, false);
    yg_attention_head head = c->head;
    head.logsumexp = logsumexp;
    head.delta = delta;
    head.dy = start(c, &c->dy);
    head.dq = start(c, &c->dq);
    head.dk = start(c, &c->dk);
    head.dv = start(c, &c->dv);
    /* Rows that some query reads are written, not added to. */
    const int64_t keys = c->shape->keys, queries = c->shape->queries;
    const int64_t read = queries == 0 || (head.causal && queries < keys) ? queries : keys;
    tensor *const written[] = {&c->dk, &c->dv};
    for (size_t t = 0; t < 2; t++)
        for (int64_t i = 0; i < written[t]->rows * written[t]->step; i++)
            yg_element_set(c->dtype, written[t]->data, i,
                           i / written[t]->step < read ? (double)NAN : 0);
    yg_attention_choose(c->dtype, isa).backward(&head);
    compare(c, &c->dq, isa, "dq");
    compare(c, &c->dk, isa, "dk");
    compare(c, &c->dv, isa, "dv");
    free(logsumexp);
    free(delta);
}

Test(attention, kernels_agree_with_sums_in_double_precision) {
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        for (int f64 = 0; f64 < 2; f64++) {
            head_case c;
            open_case(&c, &shapes[i], f64 ? YG_F64 : YG_F32);
            for (yg_gemm_isa isa = YG_GEMM_BASELINE; isa < YG_GEMM_ISAS; isa++) {
                if (!yg_gemm_isa_available(isa))
                    continue;
                run_forward(&c, isa);
                run_backward(&c, isa);
            }
            close_case(&c);
        }
    }
}

/* ------------------------------------------------------------------------------------- dropout --
 */

enum { TOKENS = 40, BATCH = 6 };

/* With values of 1 and equal scores, a result is the mean of the factors of its row. */
static void mean_factors(unsigned flags, int threads, uint64_t step, double p, double *out) {
    yg_graph *graph = yg_graph_new(yg_ops(), flags | YG_GRAPH_F64);
    const int64_t shape[] = {BATCH, TOKENS, 1};
    yg_type type;
    cr_assert(yg_type_make(YG_F64, 3, shape, &type, NULL));
    const yg_node x[] = {yg_full(graph, &type, 0), yg_full(graph, &type, 0),
                         yg_full(graph, &type, 1)};
    const yg_op *op = yg_op_find(yg_ops(), "scaled_dot_product_attention");
    yg_attr attrs[8];
    yg_op_defaults(op, attrs);
    attrs[yg_op_attr(op, "dropout_p")].f = p;
    /* Two dropouts, of the same operands: they are apart. */
    const yg_node y[] = {yg_apply(graph, op, x, 3, attrs), yg_apply(graph, op, x, 3, attrs)};
    const yg_compile_options options = {.threads = threads};
    yg_error error = {0};
    yg_program *program = yg_compile(graph, y, 2, NULL, 0, &options, &error);
    cr_assert_not_null(program, "%s", error.message);
    cr_assert(yg_program_run(program, 3, step, &error), "%s", error.message);
    for (size_t i = 0; i < 2; i++)
        memcpy(out + i * BATCH * TOKENS, yg_program_data(program, y[i]),
               BATCH * TOKENS * sizeof *out);
    yg_program_free(program);
    yg_graph_free(graph);
}

Test(attention, drops_the_same_weights_for_any_number_of_threads) {
    enum { COUNT = BATCH * TOKENS };
    static double one[2 * COUNT], three[2 * COUNT], later[2 * COUNT], never[2 * COUNT];
    mean_factors(YG_GRAPH_TRAINING, 1, 1, 0.25, one);
    mean_factors(YG_GRAPH_TRAINING, 3, 1, 0.25, three);
    mean_factors(YG_GRAPH_TRAINING, 1, 2, 0.25, later);
    mean_factors(0, 1, 1, 0.25, never);
    cr_expect_eq(memcmp(one, three, sizeof one), 0, "three threads drop other weights");
    cr_expect_neq(memcmp(one, later, sizeof one), 0, "the next step drops the same weights");
    cr_expect_neq(memcmp(one, one + COUNT, sizeof one / 2), 0, "two dropouts are one");
    double mean = 0;
    size_t whole = 0;
    for (size_t i = 0; i < COUNT; i++) {
        mean += one[i] / COUNT;
        whole += one[i] == 1;
        cr_expect(fabs(never[i] - 1) < 1e-12, "dropped without training");
    }
    /* COUNT · TOKENS factors of variance 1/3: the mean's deviation is 0.006. */
    cr_expect(fabs(mean - 1) < 0.025, "the mean of the factors is %g", mean);
    cr_expect_lt(whole, COUNT / 2, "hardly anything is dropped");
}
