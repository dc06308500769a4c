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

enum { SIZE, SCALE_FACTOR, MODE, ALIGN_CORNERS };
enum { NEAREST, NEAREST_EXACT, LINEAR, BILINEAR, TRILINEAR, BICUBIC };

static const char *const modes[] = {"nearest",   "nearest-exact", "linear", "bilinear",
                                    "trilinear", "bicubic",       NULL};

/* What a mode does along one dimension, and how many dimensions it is for; 0: any. */
static const int along[] = {YG_RESAMPLE_NEAREST, YG_RESAMPLE_NEAREST_EXACT, YG_RESAMPLE_LINEAR,
                            YG_RESAMPLE_LINEAR,  YG_RESAMPLE_LINEAR,        YG_RESAMPLE_CUBIC};
static const int spatial_of_mode[] = {0, 0, 1, 2, 3, 2};

static bool check(yg_graph *graph, const yg_infer *call) {
    const yg_type *x = &call->operands[0];
    const yg_attr *attrs = call->attrs;
    const int spatial = x->rank - 2;
    const int64_t sizes = attrs[SIZE].count, mode = attrs[MODE].i;
    char text[YG_TYPE_TEXT];
    yg_type_text(x, text);
    if (spatial < 1 || spatial > 3)
        yg_graph_fail(graph, YG_ERROR_SHAPE,
                      "interpolate: takes [N, C] and one to three spatial dimensions, not %s",
                      text);
    else if ((sizes > 0) == (attrs[SCALE_FACTOR].f > 0))
        yg_graph_fail(graph, YG_ERROR_ARGUMENT, "interpolate: give either size or scale_factor");
    else if (sizes > 1 && sizes != spatial)
        yg_graph_fail(graph, YG_ERROR_SHAPE,
                      "interpolate: size has %" PRId64 " entries, %s has %d spatial dimensions",
                      sizes, text, spatial);
    else if (spatial_of_mode[mode] != 0 && spatial_of_mode[mode] != spatial)
        yg_graph_fail(graph, YG_ERROR_ARGUMENT,
                      "interpolate: mode %s is for %d spatial dimension%s, %s has %d", modes[mode],
                      spatial_of_mode[mode], spatial_of_mode[mode] == 1 ? "" : "s", text, spatial);
    else if (attrs[ALIGN_CORNERS].i && (mode == NEAREST || mode == NEAREST_EXACT))
        yg_graph_fail(graph, YG_ERROR_ARGUMENT,
                      "interpolate: align_corners is for modes other than %s", modes[mode]);
    return yg_graph_error(graph) == NULL;
}

/* The size of spatial dimension `i` in the result; 0 where there is none. */
static int64_t result_size(const yg_infer *call, int i) {
    const yg_attr *sizes = &call->attrs[SIZE];
    if (sizes->count > 0)
        return sizes->ints[sizes->count == 1 ? 0 : i];
    const double size = floor((double)call->operands[0].shape[2 + i] * call->attrs[SCALE_FACTOR].f);
    return size >= 1 && size < 9e18 ? (int64_t)size : 0;
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    const yg_type *x = &call->operands[0];
    char text[YG_TYPE_TEXT];
    if (!check(graph, call))
        return 0;
    results[0] = operands[0];
    for (int d = x->rank; d-- > 2;) {
        const int64_t size = result_size(call, d - 2);
        if (size < 1) {
            yg_graph_fail(graph, YG_ERROR_SHAPE,
                          "interpolate: dimension %d of %s would have no element, or too many", d,
                          yg_type_text(x, text));
            return 0;
        }
        const yg_attr attrs[YG_RESAMPLE_ATTRS] = {
            [YG_RESAMPLE_DIM] = {.i = d},
            [YG_RESAMPLE_SIZE] = {.i = size},
            [YG_RESAMPLE_MODE] = {.i = along[call->attrs[MODE].i]},
            [YG_RESAMPLE_ALIGN] = call->attrs[ALIGN_CORNERS],
            [YG_RESAMPLE_SCALE] = call->attrs[SCALE_FACTOR],
        };
        results[0] = yg_apply(graph, &yg_op_resample, &results[0], 1, attrs);
    }
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *x = &r->call->operands[0];
    const yg_attr *attrs = r->call->attrs;
    yg_resample_block blocks[YG_MAX_RANK];
    int64_t at[YG_MAX_RANK], taps = 1;
    for (int d = 2; d < x->rank; d++) {
        const yg_resample_sizes sizes = {.from = x->shape[d],
                                         .to = r->out_type->shape[d],
                                         .mode = along[attrs[MODE].i],
                                         .align_corners = attrs[ALIGN_CORNERS].i != 0,
                                         .scale = attrs[SCALE_FACTOR].f};
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
                      .kind = YG_ATTR_FLOAT,
                      .min = 0,
                      .max = 1e9,
                      .doc = "how many times larger each becomes, rounded down; 0: by size"},
    [MODE] = {.name = "mode",
              .kind = YG_ATTR_CHOICE,
              .choices = modes,
              .doc = "linear is for one spatial dimension, bilinear and bicubic for two, trilinear "
                     "for three"},
    [ALIGN_CORNERS] = {.name = "align_corners",
                       .kind = YG_ATTR_BOOL,
                       .doc = "the corners of x and of the result lie at the same place"},
};

#define TO(mode, align, ...)                                                                       \
    (const yg_attr[]) {                                                                            \
        {__VA_ARGS__}, {0}, {.i = (mode)}, {                                                       \
            .i = (align)                                                                           \
        }                                                                                          \
    }
#define BY(mode, factor)                                                                           \
    (const yg_attr[]) {                                                                            \
        {0}, {.f = (factor)}, {.i = (mode)}, {                                                     \
            0                                                                                      \
        }                                                                                          \
    }
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
