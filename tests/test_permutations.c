/*
 * The rule permutations: random graphs of tensors that are made channels last and used channels
 * first have the same values and gradients with it and without it, and a convolutional network
 * keeps hardly any permutation.
 */
#include "compiled.h"
#include "ops/build.h"
#include "ops/ops.h"

#include <math.h>

/* A graph under construction. All tensors of the pool have one type, channels first. */
typedef struct images {
    yg_graph *graph;
    uint64_t seed, draws;
    yg_type type;
    yg_node pool[32];
    int count;
    yg_node inputs[64];
    size_t input_count;
} images;

static int64_t roll(images *s, int64_t bound) {
    return (int64_t)yg_random_below(s->seed, 9, s->draws++, (uint64_t)bound);
}

static yg_node new_input(images *s, const yg_type *type) {
    return s->inputs[s->input_count++] = yg_input(s->graph, "x", type);
}

static yg_node draw(images *s) {
    return s->pool[roll(s, s->count)];
}

/* A tensor that is computed channels last, and put channels first. */
static yg_node new_image(images *s) {
    const int rank = s->type.rank;
    yg_type last = s->type;
    int64_t order[YG_MAX_RANK] = {0, rank - 1};
    for (int i = 1; i < rank; i++)
        last.shape[i] = s->type.shape[i + 1 < rank ? i + 1 : 1];
    for (int i = 2; i < rank; i++)
        order[i] = i - 1;
    return yg_permute(s->graph, yg_tanh(s->graph, new_input(s, &last)), order);
}

/* A tensor with size 1 in some dimensions, and without some of the first, broadcast. */
static yg_node new_broadcast(images *s) {
    yg_type small = {.dtype = s->type.dtype};
    const int first = (int)roll(s, s->type.rank);
    for (int i = first; i < s->type.rank; i++)
        small.shape[small.rank++] = roll(s, 2) ? s->type.shape[i] : 1;
    return yg_broadcast(s->graph, new_input(s, &small), &s->type);
}

/* Reduces some dimensions, and stretches the result again where they are kept. */
static yg_node reduce(images *s, yg_node x) {
    static const char *const names[] = {"sum", "max", "min", "prod"};
    const yg_op *op = yg_op_find(yg_ops(), names[roll(s, 4)]);
    yg_attr attrs[2] = {{0}, {.i = roll(s, 2)}};
    for (int i = 0; i < s->type.rank; i++)
        if (roll(s, 2))
            attrs[0].ints[attrs[0].count++] = roll(s, 2) ? i : i - s->type.rank;
    const yg_node y = yg_apply(s->graph, op, &x, 1, attrs);
    if (attrs[1].i)
        return yg_broadcast(s->graph, y, &s->type);
    return yg_multiply(s->graph, x, yg_mean(s->graph, y, NULL, 0, false));
}

/* Pads, and slices the old size out of it. */
static yg_node pad_and_slice(images *s, yg_node x) {
    const size_t rank = (size_t)s->type.rank;
    const yg_op *pad = yg_op_find(yg_ops(), "pad");
    yg_attr attrs[16];
    yg_op_defaults(pad, attrs);
    int64_t start[YG_MAX_RANK], stop[YG_MAX_RANK], step[YG_MAX_RANK];
    yg_attr *before = &attrs[yg_op_attr(pad, "before")], *after = &attrs[yg_op_attr(pad, "after")];
    const size_t padded = 1 + (size_t)roll(s, s->type.rank); /* of the last dimensions */
    before->count = after->count = (int64_t)padded;
    for (size_t i = 0; i < rank; i++) {
        int64_t added = 0;
        if (i >= rank - padded) {
            const size_t at = i - (rank - padded);
            before->ints[at] = roll(s, 3);
            after->ints[at] = roll(s, 3);
            added = before->ints[at] + after->ints[at];
        }
        start[i] = roll(s, added + 1);
        stop[i] = start[i] + s->type.shape[i];
        step[i] = 1;
    }
    return yg_slice(s->graph, yg_apply(s->graph, pad, &x, 1, attrs), start, stop, step);
}

/* Joins two images and cuts one out of both. */
static yg_node join(images *s, yg_node a, yg_node b) {
    const int dim = (int)roll(s, s->type.rank);
    int64_t start[YG_MAX_RANK] = {0}, stop[YG_MAX_RANK], step[YG_MAX_RANK];
    for (int i = 0; i < s->type.rank; i++) {
        stop[i] = s->type.shape[i];
        step[i] = 1;
    }
    start[dim] = roll(s, s->type.shape[dim] + 1);
    stop[dim] += start[dim];
    const yg_node both = yg_concat(s->graph, (yg_node[]){a, b}, 2, dim - s->type.rank);
    return yg_slice(s->graph, both, start, stop, step);
}

static yg_node step(images *s) {
    yg_graph *g = s->graph;
    const yg_node x = draw(s);
    const yg_attr dims = {.count = 2, .ints = {-1, roll(s, s->type.rank - 1)}};
    switch (roll(s, 11)) {
    case 0:
        return new_image(s);
    case 1:
        return yg_add(g, x, new_broadcast(s));
    case 2:
        return yg_multiply(g, x, new_input(s, &s->type));
    case 3:
        return reduce(s, x);
    case 4:
        return pad_and_slice(s, x);
    case 5:
        return join(s, x, draw(s));
    case 6:
        return yg_softmax(g, x, roll(s, s->type.rank));
    case 7:
        return yg_where(g, yg_greater(g, x, draw(s)), yg_sin(g, x), draw(s));
    case 8:
        return yg_sigmoid(g, x);
    case 9:
        return yg_apply(g, yg_op_find(yg_ops(), "flip"), &x, 1, &dims);
    default:
        return yg_subtract(g, x, draw(s));
    }
}

static void expect_close(const yg_graph *g, yg_program *a, yg_program *b, yg_node node,
                         uint64_t seed) {
    const double *found = yg_program_data(a, node), *right = yg_program_data(b, node);
    cr_assert(found && right);
    for (int64_t i = 0; i < yg_type_count(yg_node_type(g, node)); i++)
        cr_assert_float_eq(found[i], right[i], 1e-11 * (1 + fabs(right[i])),
                           "seed %d: element %d of node %u is %.17g, not %.17g", (int)seed, (int)i,
                           node, found[i], right[i]);
}

Test(permutations, change_no_value) {
    int fewer = 0;
    enum { GRAPHS = 120 };
    for (uint64_t seed = 0; seed < GRAPHS; seed++) {
        const int64_t shape[] = {2, 3, 4, 2, 3};
        images s = {.graph = yg_graph_new(yg_ops(), 0),
                    .seed = seed,
                    .type = type_of(YG_F64, 3 + (int)(seed % 3), shape)};
        s.pool[0] = new_image(&s);
        for (s.count = 1; s.count < 13; s.count++)
            s.pool[s.count] = step(&s);
        yg_node outputs[80], y = s.pool[s.count - 1];
        for (int i = 2; i < 5; i++)
            y = yg_add(s.graph, y, s.pool[s.count - i]);
        outputs[0] = y;
        size_t made = 1;
        yg_node slopes[64];
        const yg_node total = yg_sum(s.graph, yg_square(s.graph, y), NULL, 0, false);
        cr_assert(yg_grad(s.graph, total, YG_NONE, s.inputs, s.input_count, slopes), "seed %d: %s",
                  (int)seed, yg_graph_error(s.graph)->message);
        for (size_t i = 0; i < s.input_count; i++)
            if (slopes[i] != YG_NONE)
                outputs[made++] = slopes[i];
        yg_program *with = compile_without(s.graph, outputs, made, NULL, 0, NULL, 1);
        yg_program *without = compile_without(s.graph, outputs, made, NULL, 0, "permutations", 1);
        for (size_t i = 0; i < s.input_count; i++) {
            fill_leaf(s.graph, with, s.inputs[i]);
            fill_leaf(s.graph, without, s.inputs[i]);
        }
        run(with);
        run(without);
        for (size_t i = 0; i < made; i++)
            expect_close(s.graph, with, without, outputs[i], seed);
        fewer += count_of(with, "permute") < count_of(without, "permute");
        yg_program_free(with);
        yg_program_free(without);
        yg_graph_free(s.graph);
    }
    cr_expect_gt(fewer, GRAPHS / 5, "%d graphs had fewer permutations", fewer);
}

static yg_node convolve(yg_graph *g, yg_node x, int64_t filters) {
    const yg_type *type = yg_node_type(g, x);
    const yg_type weight = type_of(YG_F64, 4, (const int64_t[]){filters, type->shape[1], 3, 3});
    const yg_node operands[] = {x, yg_input(g, "weight", &weight),
                                yg_input(g, "bias", &(yg_type){YG_F64, 1, {filters}})};
    const yg_op *conv2d = yg_op_find(yg_ops(), "conv2d");
    yg_attr attrs[16];
    yg_op_defaults(conv2d, attrs);
    attrs[yg_op_attr(conv2d, "padding")].ints[0] = 1;
    return yg_apply(g, conv2d, operands, 3, attrs);
}

/* The gradient of a bias of few channels is summed in rows: to the same value. */
Test(permutations, narrow_sums_are_the_same_sums) {
    static const int64_t shapes[][3] = {{64, 100, 6}, {50, 96, 1}, {32, 36, 15}, {41, 97, 3}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        yg_graph *g = yg_graph_new(yg_ops(), 0);
        const yg_type type = type_of(YG_F64, 3, shapes[i]);
        const yg_node x = yg_input(g, "x", &type);
        const yg_node y = yg_sum(g, yg_tanh(g, x), (const int64_t[]){1, 0}, 2, false);
        yg_program *with = compile_without(g, &y, 1, NULL, 0, NULL, 1);
        yg_program *without = compile_without(g, &y, 1, NULL, 0, "narrow_sums", 1);
        fill_leaf(g, with, x);
        fill_leaf(g, without, x);
        run(with);
        run(without);
        expect_close(g, with, without, y, i);
        const int sums = shapes[i][0] % 2 ? 1 : 2; /* an odd number of pixels is left alone */
        cr_expect_eq(count_of(with, "sum"), sums, "case %zu: %d sums", i, count_of(with, "sum"));
        yg_program_free(with);
        yg_program_free(without);
        yg_graph_free(g);
    }
}

/* A pooling by itself permutes nothing, nor does the gradient of an average: images of one
 * channel are pooled. Short lines of many channels are left alone. */
Test(permutations, images_that_stay_channels_first_are_pooled_as_planes) {
    static const struct {
        const char *pool;
        int64_t shape[4], kernel, stride, padding;
        bool planes;
    } cases[] = {{"avg_pool2d", {2, 3, 6, 34}, 3, 2, 1, true},
                 {"avg_pool2d", {3, 2, 5, 8}, 2, 2, 0, true},
                 {"avg_pool2d", {2, 20, 4, 17}, 3, 1, 1, true},
                 {"avg_pool2d", {2, 5, 9, 300}, 5, 3, 2, true},
                 {"avg_pool2d", {2, 20, 4, 7}, 3, 2, 0, false},
                 {"max_pool2d", {2, 3, 6, 34}, 3, 2, 1, true},
                 {"max_pool2d", {2, 3, 1, 48}, 5, 2, 2, true},
                 {"max_pool2d", {3, 2, 6, 8}, 2, 2, 0, true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        yg_graph *g = yg_graph_new(yg_ops(), 0);
        const yg_type type = type_of(YG_F64, 4, cases[i].shape);
        const yg_node x = yg_input(g, "x", &type);
        const yg_op *pool = yg_op_find(yg_ops(), cases[i].pool);
        const size_t outputs = pool->name[0] == 'a' ? 2 : 1; /* a maximum's gradient asks where */
        yg_attr attrs[16];
        yg_op_defaults(pool, attrs);
        attrs[0] = (yg_attr){.count = 1, .ints = {cases[i].kernel}};
        attrs[1] = (yg_attr){.count = 1, .ints = {cases[i].stride}};
        attrs[2] = (yg_attr){.count = 1, .ints = {cases[i].padding}};
        yg_node y[2] = {yg_apply(g, pool, &x, 1, attrs)};
        const yg_node dy = yg_input(g, "dy", yg_node_type(g, y[0]));
        cr_assert(yg_grad(g, y[0], dy, &x, 1, &y[1]));
        yg_program *with = compile_without(g, y, outputs, NULL, 0, NULL, 1);
        yg_program *without = compile_without(g, y, outputs, NULL, 0, "pooling_planes", 1);
        fill_leaf(g, with, x);
        fill_leaf(g, without, x);
        if (outputs == 2) {
            fill_leaf(g, with, dy);
            fill_leaf(g, without, dy);
        }
        run(with);
        run(without);
        for (size_t k = 0; k < outputs; k++)
            expect_close(g, with, without, y[k], i);
        cr_expect_eq(count_of(with, "permute") == 0, cases[i].planes, "case %zu: %d permutations",
                     i, count_of(with, "permute"));
        cr_expect_gt(count_of(without, "permute"), 0);
        yg_program_free(with);
        yg_program_free(without);
        yg_graph_free(g);
    }
}

static yg_node normalize_batch(yg_graph *g, yg_node x) {
    const yg_node operands[] = {x, yg_apply(g, yg_op_find(yg_ops(), "batch_mean"), &x, 1, NULL),
                                yg_apply(g, yg_op_find(yg_ops(), "batch_var"), &x, 1, NULL)};
    return yg_apply(g, yg_op_find(yg_ops(), "batch_norm"), operands, 3,
                    (const yg_attr[]){{.f = 1e-5}});
}

/* One permutation for the input, and one for the output; its cotangent needs none. */
static void check_network(bool normalized) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_type image = type_of(YG_F64, 4, (const int64_t[]){2, 3, 8, 8});
    const yg_node x = yg_input(g, "x", &image);
    yg_node h = convolve(g, x, 4);
    h = yg_relu(g, normalized ? normalize_batch(g, h) : h);
    h = yg_add(g, h, yg_relu(g, convolve(g, h, 4)));
    h = yg_tanh(g, convolve(g, h, 5));
    yg_node wrt[8], slopes[8], outputs[16] = {h};
    size_t count = 0, made = 1;
    for (yg_node node = 0; node <= h; node++)
        if (yg_node_is_input(g, node) && node != x)
            wrt[count++] = node;
    cr_assert(yg_grad(g, yg_sum(g, yg_square(g, h), NULL, 0, false), YG_NONE, wrt, count, slopes));
    for (size_t i = 0; i < count; i++)
        outputs[made++] = slopes[i];
    yg_program *with = compile_without(g, outputs, made, NULL, 0, NULL, 1);
    yg_program *without = compile_without(g, outputs, made, NULL, 0, "permutations", 1);
    cr_expect_eq(count_of(with, "permute"), 2, "%d permutations", count_of(with, "permute"));
    yg_program *const both[] = {with, without};
    for (yg_node node = 0; node <= h; node++)
        for (int i = 0; i < 2 && yg_node_is_input(g, node); i++)
            fill_leaf(g, both[i], node);
    run(with);
    run(without);
    for (size_t i = 0; i < made; i++)
        expect_close(g, with, without, outputs[i], i);
    cr_expect_geq(count_of(without, "permute"), 8);
    yg_program_free(with);
    yg_program_free(without);
    yg_graph_free(g);
}

Test(permutations, a_network_is_computed_channels_last) {
    check_network(false);
    check_network(true);
}
