/*
 * grid_sample: reads images x [N, C, H, W] at the places of a grid [N, h, w, 2], as
 * torch.nn.functional.grid_sample. A place is (x, y), each from -1 to 1 across an image.
 *
 * A composite: the four pixels around each place are gathered, or the nearest one, and weighted. A
 * pixel outside has the weight 0; `border` and `reflection` bring places inside before.
 */
#include "build.h"
#include "registry.h"

#include <math.h>

enum { MODE, PADDING_MODE, ALIGN_CORNERS };
enum { BILINEAR, NEAREST };
enum { ZEROS, BORDER, REFLECTION };

static const char *const modes[] = {"bilinear", "nearest", NULL};
static const char *const paddings[] = {"zeros", "border", "reflection", NULL};

/* The places of one coordinate, and the pixels at both sides. */
typedef struct axis {
    int64_t size;
    yg_node index[2], weight[2]; /* [N, P] */
} axis;

static yg_node clip(yg_graph *graph, yg_node x, double max) {
    const yg_attr bounds[] = {{.f = 0}, {.f = max}};
    return yg_apply(graph, &yg_op_clip, &x, 1, bounds);
}

static yg_node number_like(yg_graph *graph, yg_node x, double value) {
    const yg_type scalar = {.dtype = yg_node_type(graph, x)->dtype};
    return yg_full(graph, &scalar, value);
}

static yg_node floor_of(yg_graph *graph, yg_node x) {
    return yg_apply(graph, &yg_op_floor, &x, 1, NULL);
}

/* The edges between which places are reflected: from half a pixel outside, or the centres. */
static void edges(int64_t size, bool align, double *low, double *span) {
    *low = align ? 0 : -0.5;
    *span = align ? (double)(size - 1) : (double)size;
}

/* Mirrors places at the edges until they are inside. */
static yg_node reflect(yg_graph *graph, yg_node place, int64_t size, bool align) {
    double low, span;
    edges(size, align, &low, &span);
    if (span == 0)
        return yg_scale(graph, place, 0);
    const yg_node distance = yg_abs(graph, yg_offset(graph, place, -low));
    const yg_node turns = floor_of(graph, yg_scale(graph, distance, 1 / span));
    const yg_node rest = yg_subtract(graph, distance, yg_scale(graph, turns, span));
    const yg_node half = floor_of(graph, yg_scale(graph, turns, 0.5));
    const yg_node even = yg_equal(graph, turns, yg_scale(graph, half, 2));
    const yg_node back = yg_offset(graph, yg_negative(graph, rest), span);
    return yg_offset(graph, yg_where(graph, even, rest, back), low);
}

/* A place of the grid in pixels: 0 is the centre of the first one. */
static yg_node in_pixels(yg_graph *graph, const yg_infer *call, yg_node place, int64_t size) {
    const bool align = call->attrs[ALIGN_CORNERS].i != 0;
    const double half = (double)(align ? size - 1 : size) / 2;
    const double middle = (double)(size - 1) / 2;
    place = yg_offset(graph, yg_scale(graph, place, half), middle);
    if (call->attrs[PADDING_MODE].i == REFLECTION)
        place = reflect(graph, place, size, align);
    return call->attrs[PADDING_MODE].i == ZEROS ? place : clip(graph, place, (double)(size - 1));
}

/* One pixel of an axis, with its weight. One that is outside, or NaN, has the weight 0. */
static void add_pixel(yg_graph *graph, axis *a, int k, yg_node pixel, yg_node weight) {
    const yg_node inside = yg_logical_and(
        graph, yg_greater_equal(graph, pixel, number_like(graph, pixel, 0)),
        yg_less_equal(graph, pixel, number_like(graph, pixel, (double)(a->size - 1))));
    const yg_node zero = number_like(graph, pixel, 0);
    a->index[k] = yg_cast(graph, yg_where(graph, inside, pixel, zero), YG_I64);
    a->weight[k] = yg_where(graph, inside, weight, zero);
}

static axis make_axis(yg_graph *graph, const yg_infer *call, yg_node place, int64_t size) {
    axis a = {.size = size};
    place = in_pixels(graph, call, place, size);
    if (call->attrs[MODE].i == NEAREST) {
        const yg_node nearest = yg_apply(graph, &yg_op_round, &place, 1, NULL);
        add_pixel(graph, &a, 0, nearest, number_like(graph, place, 1));
        return a;
    }
    const yg_node first = floor_of(graph, place), part = yg_subtract(graph, place, first);
    add_pixel(graph, &a, 0, first, yg_offset(graph, yg_negative(graph, part), 1));
    add_pixel(graph, &a, 1, yg_offset(graph, first, 1), part);
    return a;
}

/* Coordinate `k` of all places, [N, P]. */
static yg_node coordinate(yg_graph *graph, const yg_infer *call, yg_node grid, int64_t k) {
    const yg_type *g = &call->operands[1];
    const int64_t start[] = {0, 0, 0, k}, stop[] = {g->shape[0], g->shape[1], g->shape[2], k + 1};
    const int64_t step[] = {1, 1, 1, 1};
    const yg_type flat = {.rank = 2, .shape = {g->shape[0], g->shape[1] * g->shape[2]}};
    return yg_reshape(graph, yg_slice(graph, grid, start, stop, step), &flat);
}

static bool check(yg_graph *graph, const yg_infer *call) {
    const yg_type *x = &call->operands[0], *grid = &call->operands[1];
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    if (!yg_dtype_is_float(x->dtype) || x->dtype != grid->dtype)
        yg_graph_fail(graph, YG_ERROR_DTYPE, "grid_sample takes two float tensors, not %s and %s",
                      yg_type_text(x, a), yg_type_text(grid, b));
    else if (x->rank != 4 || grid->rank != 4 || grid->shape[3] != 2 ||
             x->shape[0] != grid->shape[0])
        yg_graph_fail(graph, YG_ERROR_SHAPE,
                      "grid_sample: takes x [N, C, H, W] and a grid [N, h, w, 2], not %s and %s",
                      yg_type_text(x, a), yg_type_text(grid, b));
    else if (x->shape[2] == 0 || x->shape[3] == 0)
        yg_graph_fail(graph, YG_ERROR_SHAPE, "grid_sample: %s has images without pixels",
                      yg_type_text(x, a));
    return yg_graph_error(graph) == NULL;
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    if (!check(graph, call))
        return 0;
    const int64_t *x = call->operands[0].shape, *g = call->operands[1].shape;
    const int64_t n = x[0], c = x[1], count = g[1] * g[2];
    const yg_type flat = {.rank = 3, .shape = {n, c, x[2] * x[3]}};
    const yg_type each = {.rank = 3, .shape = {n, 1, count}},
                  all = {.rank = 3, .shape = {n, c, count}};
    const yg_type result = {.rank = 4, .shape = {n, c, g[1], g[2]}};
    const axis across = make_axis(graph, call, coordinate(graph, call, operands[1], 0), x[3]);
    const axis down = make_axis(graph, call, coordinate(graph, call, operands[1], 1), x[2]);
    const yg_node pixels = yg_reshape(graph, operands[0], &flat);
    const yg_attr dim = {.i = 2};
    const int taps = call->attrs[MODE].i == NEAREST ? 1 : 2;
    yg_node sum = YG_NONE;
    for (int i = 0; i < taps; i++)
        for (int j = 0; j < taps; j++) {
            const yg_type row = {.dtype = YG_I64};
            const yg_node index =
                yg_add(graph, yg_multiply(graph, down.index[i], yg_full(graph, &row, (double)x[3])),
                       across.index[j]);
            const yg_node weight = yg_multiply(graph, down.weight[i], across.weight[j]);
            const yg_node from[] = {pixels,
                                    yg_broadcast(graph, yg_reshape(graph, index, &each), &all)};
            const yg_node term = yg_multiply(graph, yg_apply(graph, &yg_op_gather, from, 2, &dim),
                                             yg_reshape(graph, weight, &each));
            sum = i + j == 0 ? term : yg_add(graph, sum, term);
        }
    results[0] = yg_reshape(graph, sum, &result);
    return results[0] != YG_NONE;
}

/* ------------------------------------------------------------------------------ reference ---- */

static double reference_place(const yg_reference *r, double place, int64_t size) {
    const bool align = r->call->attrs[ALIGN_CORNERS].i != 0;
    const double last = (double)(size - 1);
    double low, span;
    place = align ? (place + 1) / 2 * last : ((place + 1) * (double)size - 1) / 2;
    edges(size, align, &low, &span);
    if (r->call->attrs[PADDING_MODE].i == REFLECTION && span == 0)
        place = 0;
    else if (r->call->attrs[PADDING_MODE].i == REFLECTION) {
        const double distance = fabs(place - low), rest = fmod(distance, span);
        place = fmod(floor(distance / span), 2) == 0 ? rest + low : span - rest + low;
    }
    return r->call->attrs[PADDING_MODE].i == ZEROS ? place : fmin(fmax(place, 0), last);
}

static double reference(const yg_reference *r, const int64_t *index) {
    const int64_t *x = r->call->operands[0].shape;
    const int64_t where[2][4] = {{index[0], index[2], index[3], 1},
                                 {index[0], index[2], index[3], 0}};
    double place[2], sum = 0;
    for (int d = 0; d < 2; d++)
        place[d] = reference_place(r, yg_at(r, 1, where[d]), x[2 + d]);
    for (int64_t i = 0; i < x[2]; i++)
        for (int64_t j = 0; j < x[3]; j++) {
            const int64_t at[] = {index[0], index[1], i, j};
            const double down = fabs(place[0] - (double)i), across = fabs(place[1] - (double)j);
            const bool nearest = rint(place[0]) == (double)i && rint(place[1]) == (double)j;
            const double weight = r->call->attrs[MODE].i == NEAREST ? (double)nearest
                                  : down < 1 && across < 1          ? (1 - down) * (1 - across)
                                                                    : 0;
            sum += weight * yg_at(r, 0, at);
        }
    return sum;
}

static const yg_attr_spec attrs[] = {
    [MODE] = {.name = "mode",
              .kind = YG_ATTR_CHOICE,
              .choices = modes,
              .doc = "a mean of the four pixels around a place, or the nearest one"},
    [PADDING_MODE] = {.name = "padding_mode",
                      .kind = YG_ATTR_CHOICE,
                      .choices = paddings,
                      .doc = "what is outside: 0, the nearest pixel of the edge, or the image "
                             "mirrored"},
    [ALIGN_CORNERS] = {.name = "align_corners",
                       .kind = YG_ATTR_BOOL,
                       .doc = "-1 and 1 are the centres of the outermost pixels, not their outer "
                              "edges"},
};

#define SETTINGS(mode, padding, align)                                                             \
    ((const yg_attr[]){{.i = mode}, {.i = padding}, {.i = align}})

static const yg_sample samples[] = {
    {{"f[2, 2, 3, 4]", "f[2, 2, 3, 2]"}, NULL},
    {{"f[1, 2, 3, 4]", "f[1, 3, 2, 2]"}, SETTINGS(BILINEAR, BORDER, 1)},
    {{"f[1, 1, 4, 3]", "f[1, 3, 3, 2]"}, SETTINGS(BILINEAR, REFLECTION, 0)},
    {{"f[1, 1, 4, 3]", "f[1, 3, 3, 2]"}, SETTINGS(BILINEAR, REFLECTION, 1)},
    {{"f[1, 2, 3, 3]", "f[1, 2, 2, 2]"}, SETTINGS(NEAREST, ZEROS, 0)},
    {{"f[1, 1, 1, 1]", "f[1, 2, 2, 2]"}, SETTINGS(BILINEAR, REFLECTION, 1)},
    {{"f[0, 2, 3, 3]", "f[0, 2, 2, 2]"}, NULL},
};

const yg_op yg_op_grid_sample = {
    .name = "grid_sample",
    .formula = "y[n, c, i, j] = x[n, c] at the place grid[n, i, j]",
    .doc = "Reads images at the places of a grid, each (x, y) from -1 to 1 across the image, as "
           "torch.nn.functional.grid_sample. `affine_grid` makes grids that turn, move and scale.",
    .group = "shape",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"x", "grid"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .compose = compose,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
