/*
 * affine_grid: for each pixel of images [N, C, H, W] that are to be made, the place that it is read
 * from by grid_sample: a matrix theta [N, 2, 3] times the pixel's own place, as
 * torch.nn.functional.affine_grid.
 *
 * Places go from -1 to 1 across an image. With align_corners these are the centres of the outermost
 * pixels, otherwise their outer edges.
 *
 * A composite: a product with the constant matrix of places [H · W, 3].
 */
#include "build.h"
#include "registry.h"

enum { SIZE, ALIGN_CORNERS };

/* The place of pixel `i` of `count`: factor · i + term. */
static void places(int64_t count, bool align, double *factor, double *term) {
    *factor = align ? (count > 1 ? 2 / (double)(count - 1) : 0) : 2 / (double)count;
    *term = align ? (count > 1 ? -1 : 0) : 1 / (double)count - 1;
}

/* [H, W, 1] of the places along one dimension, 0 or 1. */
static yg_node along(yg_graph *graph, const yg_infer *call, int d) {
    const int64_t *size = &call->attrs[SIZE].ints[2];
    const yg_type line = {.rank = 3, .shape = {d == 0 ? size[0] : 1, d == 1 ? size[1] : 1, 1}};
    const yg_type all = {.rank = 3, .shape = {size[0], size[1], 1}};
    const yg_attr counts[] = {
        {.i = size[d]}, {.count = 0}, {.i = 1}, {.i = call->operands[0].dtype}};
    double factor, term;
    places(size[d], call->attrs[ALIGN_CORNERS].i != 0, &factor, &term);
    const yg_node index = yg_apply(graph, &yg_op_arange, NULL, 0, counts);
    const yg_node place = yg_offset(graph, yg_scale(graph, index, factor), term);
    return yg_broadcast(graph, yg_reshape(graph, place, &line), &all);
}

static bool check(yg_graph *graph, const yg_infer *call) {
    const yg_type *theta = &call->operands[0];
    const yg_attr *size = &call->attrs[SIZE];
    char text[YG_TYPE_TEXT];
    if (!yg_dtype_is_float(theta->dtype))
        yg_graph_fail(graph, YG_ERROR_DTYPE, "affine_grid takes a float tensor, not %s",
                      yg_type_text(theta, text));
    else if (theta->rank != 3 || theta->shape[1] != 2 || theta->shape[2] != 3)
        yg_graph_fail(graph, YG_ERROR_SHAPE, "affine_grid: theta is [N, 2, 3], not %s",
                      yg_type_text(theta, text));
    else if (size->count != 4 || size->ints[0] != theta->shape[0])
        yg_graph_fail(graph, YG_ERROR_SHAPE,
                      "affine_grid: size is [N, C, H, W], with the N of theta, %s",
                      yg_type_text(theta, text));
    return yg_graph_error(graph) == NULL;
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    if (!check(graph, call))
        return 0;
    const yg_type *theta = &call->operands[0];
    const int64_t height = call->attrs[SIZE].ints[2], width = call->attrs[SIZE].ints[3];
    const yg_type all = {.dtype = theta->dtype, .rank = 3, .shape = {height, width, 1}};
    const yg_type flat = {.rank = 2, .shape = {height * width, 3}};
    const yg_type grid = {.rank = 4, .shape = {theta->shape[0], height, width, 2}};
    const yg_node parts[] = {along(graph, call, 1), along(graph, call, 0), yg_full(graph, &all, 1)};
    const yg_node own = yg_reshape(graph, yg_concat(graph, parts, 3, 2), &flat);
    results[0] = yg_reshape(graph, yg_matmul(graph, own, operands[0], false, true), &grid);
    return results[0] != YG_NONE;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const bool align = r->call->attrs[ALIGN_CORNERS].i != 0;
    double sum = 0;
    for (int64_t k = 0; k < 3; k++) {
        const int64_t at[] = {index[0], index[3], k};
        double factor = 0, term = 1;
        if (k < 2)
            places(r->call->attrs[SIZE].ints[3 - k], align, &factor, &term);
        sum += yg_at(r, 0, at) * (factor * (double)index[2 - (k < 2 ? k : 0)] + term);
    }
    return sum;
}

static const yg_attr_spec attrs[] = {
    [SIZE] = {.name = "size",
              .kind = YG_ATTR_INTS,
              .required = true,
              .min = 1,
              .max = (double)INT64_MAX,
              .doc = "the shape of the images that are to be made, [N, C, H, W]"},
    [ALIGN_CORNERS] = {.name = "align_corners",
                       .kind = YG_ATTR_BOOL,
                       .doc = "-1 and 1 are the centres of the outermost pixels, not their outer "
                              "edges"},
};

static const yg_attr small[] = {{.count = 4, .ints = {2, 1, 3, 4}}, {.i = 0}},
                     corners[] = {{.count = 4, .ints = {2, 1, 3, 4}}, {.i = 1}},
                     single[] = {{.count = 4, .ints = {1, 3, 1, 1}}, {.i = 1}};

static const yg_sample samples[] = {
    {{"f[2, 2, 3]"}, small}, {{"f[2, 2, 3]"}, corners}, {{"f[1, 2, 3]"}, single}};

const yg_op yg_op_affine_grid = {
    .name = "affine_grid",
    .formula = "y[n, i, j] = theta[n] · (x of j, y of i, 1)",
    .doc = "Where grid_sample reads each pixel of an image that is turned, moved, scaled or "
           "sheared, as torch.nn.functional.affine_grid. Places go from -1 to 1 across an image.",
    .group = "shape",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"theta"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .compose = compose,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
