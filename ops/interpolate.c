/*
 * interpolate: changes the sizes of the spatial dimensions of x [N, C, spatial…], one to three of
 * them, as torch.nn.functional.interpolate.
 *
 * A composite of resample along each of them; each mode is a product of what it does along one. The
 * last dimension goes first: it costs most an element, and is done on the smaller tensor if the
 * result is larger.
 */
#include "build.h"
#include "registry.h"
#include "resample_taps.h"

#include <inttypes.h>
#include <math.h>

enum { SIZE, SCALE_FACTOR, MODE, ALIGN_CORNERS, RECOMPUTE_SCALE_FACTOR, ANTIALIAS };
enum { NEAREST, NEAREST_EXACT, LINEAR, BILINEAR, TRILINEAR, BICUBIC, AREA };

static const char *const modes[] = {"nearest",   "nearest-exact", "linear", "bilinear",
                                    "trilinear", "bicubic",       "area",   NULL};

/* What a mode does along one dimension, and how many dimensions it is for; 0: any. */
static const int along[] = {[NEAREST] = YG_RESAMPLE_NEAREST,
                            [NEAREST_EXACT] = YG_RESAMPLE_NEAREST_EXACT,
                            [LINEAR] = YG_RESAMPLE_LINEAR,
                            [BILINEAR] = YG_RESAMPLE_LINEAR,
                            [TRILINEAR] = YG_RESAMPLE_LINEAR,
                            [BICUBIC] = YG_RESAMPLE_CUBIC,
                            [AREA] = 0};
static const int spatial_of_mode[] = {0, 0, 1, 2, 3, 2, 0};

/* Whether a list of settings has one entry, or one for each of the spatial dimensions. */
static bool check_count(yg_graph *graph, const yg_infer *call, int which) {
    const int64_t count = call->attrs[which].count;
    const int spatial = call->operands[0].rank - 2;
    char text[YG_TYPE_TEXT];
    if (count <= 1 || count == spatial)
        return true;
    yg_graph_fail(graph, YG_ERROR_SHAPE,
                  "interpolate: %s has %" PRId64 " entries, %s has %d spatial dimensions",
                  call->op->attrs[which].name, count, yg_type_text(&call->operands[0], text),
                  spatial);
    return false;
}

/* Whether the other settings are for this mode. */
static bool check_mode(yg_graph *graph, const yg_infer *call) {
    const yg_attr *attrs = call->attrs;
    const int spatial = call->operands[0].rank - 2;
    const int64_t mode = attrs[MODE].i;
    char text[YG_TYPE_TEXT];
    if (spatial_of_mode[mode] != 0 && spatial_of_mode[mode] != spatial)
        yg_graph_fail(graph, YG_ERROR_ARGUMENT,
                      "interpolate: mode %s is for %d spatial dimension%s, %s has %d", modes[mode],
                      spatial_of_mode[mode], spatial_of_mode[mode] == 1 ? "" : "s",
                      yg_type_text(&call->operands[0], text), spatial);
    else if (attrs[ALIGN_CORNERS].i && (mode <= NEAREST_EXACT || mode == AREA))
        yg_graph_fail(graph, YG_ERROR_ARGUMENT,
                      "interpolate: align_corners is for modes other than %s", modes[mode]);
    else if (attrs[ANTIALIAS].i && mode != BILINEAR && mode != BICUBIC)
        yg_graph_fail(graph, YG_ERROR_ARGUMENT,
                      "interpolate: antialias is for the modes bilinear and bicubic, not %s",
                      modes[mode]);
    return yg_graph_error(graph) == NULL;
}

static bool check(yg_graph *graph, const yg_infer *call) {
    const yg_type *x = &call->operands[0];
    const yg_attr *attrs = call->attrs;
    char text[YG_TYPE_TEXT];
    if (x->rank < 3 || x->rank > 5)
        yg_graph_fail(graph, YG_ERROR_SHAPE,
                      "interpolate: takes [N, C] and one to three spatial dimensions, not %s",
                      yg_type_text(x, text));
    else if ((attrs[SIZE].count > 0) == (attrs[SCALE_FACTOR].count > 0))
        yg_graph_fail(graph, YG_ERROR_ARGUMENT, "interpolate: give either size or scale_factor");
    else if (attrs[RECOMPUTE_SCALE_FACTOR].i && attrs[SIZE].count > 0)
        yg_graph_fail(graph, YG_ERROR_ARGUMENT,
                      "interpolate: recompute_scale_factor is for scale_factor, not for size");
    return yg_graph_error(graph) == NULL && check_count(graph, call, SIZE) &&
           check_count(graph, call, SCALE_FACTOR) && check_mode(graph, call);
}

/* How many times larger spatial dimension `i` becomes, if that is given; otherwise 0. */
static double scale_of(const yg_infer *call, int i) {
    const yg_attr *scales = &call->attrs[SCALE_FACTOR];
    return scales->count == 0 ? 0 : scales->floats[scales->count == 1 ? 0 : i];
}

/* The size of spatial dimension `i` in the result; 0 where there is none. */
static int64_t result_size(const yg_infer *call, int i) {
    const yg_attr *sizes = &call->attrs[SIZE];
    if (sizes->count > 0)
        return sizes->ints[sizes->count == 1 ? 0 : i];
    const double size = floor((double)call->operands[0].shape[2 + i] * scale_of(call, i));
    return size >= 1 && size < 9e18 ? (int64_t)size : 0;
}

/* How resample goes along spatial dimension `i`. As in PyTorch, the scale does not count where
 * antialiasing keeps a size, nor where nearest repeats each element of an image once or twice. (Of
 * sequences and volumes it does count there. PyTorch's gradient of them is as if it did not.) */
static yg_resample_sizes sizes_of(const yg_infer *call, int i) {
    const yg_attr *attrs = call->attrs;
    yg_resample_sizes sizes = {
        .from = call->operands[0].shape[2 + i],
        .to = result_size(call, i),
        .mode = along[attrs[MODE].i],
        .align_corners = attrs[ALIGN_CORNERS].i != 0,
        .scale = attrs[RECOMPUTE_SCALE_FACTOR].i ? 0 : scale_of(call, i),
    };
    const bool repeats = sizes.to == sizes.from || sizes.to == 2 * sizes.from;
    if (attrs[MODE].i == NEAREST && call->operands[0].rank == 4 && repeats)
        sizes.scale = 0;
    if (attrs[ANTIALIAS].i) {
        sizes.mode =
            attrs[MODE].i == BICUBIC ? YG_RESAMPLE_CUBIC_SMOOTH : YG_RESAMPLE_LINEAR_SMOOTH;
        sizes.scale = sizes.from == sizes.to ? 0 : sizes.scale;
    }
    return sizes;
}

/* The averages of windows that share x out. */
static yg_node areas(yg_graph *graph, const yg_infer *call, yg_node x) {
    static const yg_op *const pools[] = {&yg_op_adaptive_avg_pool1d, &yg_op_adaptive_avg_pool2d,
                                         &yg_op_adaptive_avg_pool3d};
    const int spatial = call->operands[0].rank - 2;
    yg_attr sizes = {.count = spatial};
    for (int i = 0; i < spatial; i++)
        sizes.ints[i] = result_size(call, i);
    return yg_apply(graph, pools[spatial - 1], &x, 1, &sizes);
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    const yg_type *x = &call->operands[0];
    char text[YG_TYPE_TEXT];
    if (!check(graph, call))
        return 0;
    results[0] = operands[0];
    for (int d = x->rank; d-- > 2;) {
        const yg_resample_sizes sizes = sizes_of(call, d - 2);
        if (sizes.to < 1) {
            yg_graph_fail(graph, YG_ERROR_SHAPE,
                          "interpolate: dimension %d of %s would have no element, or too many", d,
                          yg_type_text(x, text));
            return 0;
        }
        const yg_attr attrs[YG_RESAMPLE_ATTRS] = {
            [YG_RESAMPLE_DIM] = {.i = d},
            [YG_RESAMPLE_SIZE] = {.i = sizes.to},
            [YG_RESAMPLE_MODE] = {.i = sizes.mode},
            [YG_RESAMPLE_ALIGN] = {.i = sizes.align_corners},
            [YG_RESAMPLE_SCALE] = {.f = sizes.scale},
        };
        const bool keeps = call->attrs[ANTIALIAS].i && sizes.from == sizes.to;
        if (call->attrs[MODE].i != AREA && !keeps)
            results[0] = yg_apply(graph, &yg_op_resample, &results[0], 1, attrs);
    }
    if (call->attrs[MODE].i == AREA)
        results[0] = areas(graph, call, operands[0]);
    return results[0] != YG_NONE;
}

/* The average of a window along each dimension. */
static double area_reference(const yg_reference *r, const int64_t *index) {
    const yg_type *x = &r->call->operands[0], *y = r->out_type;
    int64_t first[YG_MAX_RANK] = {0}, size[YG_MAX_RANK] = {0}, at[YG_MAX_RANK], count = 1;
    for (int d = 2; d < x->rank; d++) {
        first[d] = index[d] * x->shape[d] / y->shape[d];
        size[d] = ((index[d] + 1) * x->shape[d] + y->shape[d] - 1) / y->shape[d] - first[d];
        count *= size[d];
    }
    at[0] = index[0];
    at[1] = index[1];
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        int64_t rest = i;
        for (int d = 2; d < x->rank; d++, rest /= size[d - 1])
            at[d] = first[d] + rest % size[d];
        sum += yg_at(r, 0, at);
    }
    return sum / (double)count;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *x = &r->call->operands[0];
    yg_resample_block blocks[5];
    int64_t at[YG_MAX_RANK], taps = 1;
    if (r->call->attrs[MODE].i == AREA)
        return area_reference(r, index);
    for (int d = 2; d < x->rank; d++) {
        const yg_resample_sizes sizes = sizes_of(r->call, d - 2);
        yg_resample_block_at(&sizes, index[d], &blocks[d]);
        taps *= blocks[d].taps;
    }
    at[0] = index[0];
    at[1] = index[1];
    double sum = 0;
    for (int64_t tap = 0; tap < taps; tap++) {
        double weight = 1;
        int64_t rest = tap;
        for (int d = 2; d < x->rank; d++) {
            const int64_t t = rest % blocks[d].taps;
            rest /= blocks[d].taps;
            at[d] = blocks[d].index[t];
            weight *= blocks[d].weight[t];
        }
        sum += weight * yg_at(r, 0, at);
    }
    return sum;
}

static const yg_attr_spec attrs[] = {
    [SIZE] = {.name = "size",
              .kind = YG_ATTR_INTS,
              .min = 1,
              .max = (double)INT64_MAX,
              .doc = "the sizes of the spatial dimensions, or one number for all of them; none: by "
                     "scale_factor"},
    [SCALE_FACTOR] = {.name = "scale_factor",
                      .kind = YG_ATTR_FLOATS,
                      .min = 0,
                      .max = 1e9,
                      .doc = "how many times larger each of them becomes, rounded down, or one "
                             "number for all of them; none: by size"},
    [MODE] = {.name = "mode",
              .kind = YG_ATTR_CHOICE,
              .choices = modes,
              .doc = "linear is for one spatial dimension, bilinear and bicubic for two, trilinear "
                     "for three; area averages, as adaptive_avg_pool"},
    [ALIGN_CORNERS] = {.name = "align_corners",
                       .kind = YG_ATTR_BOOL,
                       .doc = "the corners of x and of the result lie at the same place"},
    [RECOMPUTE_SCALE_FACTOR] = {.name = "recompute_scale_factor",
                                .kind = YG_ATTR_BOOL,
                                .doc = "elements are as far apart as the sizes say, not as "
                                       "scale_factor does before it is rounded"},
    [ANTIALIAS] = {.name = "antialias",
                   .kind = YG_ATTR_BOOL,
                   .doc = "where the result is smaller, each element averages over all that it "
                          "stands for; for bilinear and bicubic"},
};

#define CALL(mode, align, recompute, smooth, ...)                                                  \
    (const yg_attr[]) {                                                                            \
        __VA_ARGS__, {.i = (mode)}, {.i = (align)}, {.i = (recompute)}, {                          \
            .i = (smooth)                                                                          \
        }                                                                                          \
    }
#define TO(mode, align, ...) CALL(mode, align, 0, 0, {__VA_ARGS__}, {0})
#define BY(mode, factor)     CALL(mode, 0, 0, 0, {0}, {.count = 1, .floats = {factor}})
static const yg_sample samples[] = {
    {{"f[1, 2, 5]"}, TO(NEAREST, 0, .count = 1, .ints = {8})},
    {{"f[2, 1, 3, 4]"}, BY(NEAREST, 2)},
    {{"f[1, 2, 3, 5]"}, TO(NEAREST_EXACT, 0, .count = 2, .ints = {5, 3})},
    {{"f[1, 2, 4]"}, BY(LINEAR, 1.6)},
    {{"f[1, 2, 3, 4]"}, TO(BILINEAR, 0, .count = 1, .ints = {5})},
    {{"f[2, 1, 3, 3]"}, TO(BILINEAR, 1, .count = 2, .ints = {5, 2})},
    {{"f[1, 1, 2, 3, 2]"}, TO(TRILINEAR, 0, .count = 3, .ints = {3, 2, 4})},
    {{"f[1, 1, 4, 3]"}, TO(BICUBIC, 0, .count = 2, .ints = {6, 5})},
    {{"f[0, 1, 4, 3]"}, BY(BILINEAR, 2)},
    {{"f[1, 1, 4, 3]"}, CALL(BILINEAR, 0, 0, 0, {0}, {.count = 2, .floats = {1.5, 0.7}})},
    {{"f[1, 1, 5]"}, CALL(LINEAR, 0, 1, 0, {0}, {.count = 1, .floats = {1.5}})},
    {{"f[1, 1, 7, 3]"}, CALL(BILINEAR, 0, 0, 1, {.count = 2, .ints = {3, 5}}, {0})},
    {{"f[1, 1, 3, 9]"}, CALL(BICUBIC, 0, 0, 1, {.count = 2, .ints = {3, 4}}, {0})},
    {{"f[1, 2, 5]"}, TO(AREA, 0, .count = 1, .ints = {3})},
    {{"f[1, 1, 3, 2]"}, BY(AREA, 2)},
};

const yg_op yg_op_interpolate = {
    .name = "interpolate",
    .formula = "y[n, c, o, …] = Σ w · x[n, c, i, …] over a few i near o",
    .doc = "Makes images, volumes or sequences [N, C, …] larger or smaller. Write "
           "mode='nearest-exact' "
           "in quotes.",
    .group = "shape",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .compose = compose,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
