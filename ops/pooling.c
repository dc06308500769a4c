/*
 * The geometry of pooling, and parts of the descriptors of its primitives: see pooling.h.
 */
#include "pooling.h"

#include <inttypes.h>

/* With these bounds no position overflows. A list has at most YG_POOLING_DIMS entries: infer. */
#define SIZES(from) .kind = YG_ATTR_INTS, .required = true, .min = (from), .max = INT32_MAX

const yg_attr_spec yg_pooling_attrs[YG_POOLING_ATTRS] = {
    [YG_POOLING_KERNEL] = {.name = "kernel_size", SIZES(1), .doc = "the size of a window"},
    [YG_POOLING_STRIDE] = {.name = "stride", SIZES(1), .doc = "from one window to the next"},
    [YG_POOLING_PADDING] = {.name = "padding", SIZES(0), .doc = "around the image"},
    [YG_POOLING_DILATION] = {.name = "dilation",
                             SIZES(1),
                             .doc = "from one position of a window to the next"},
    [YG_POOLING_INPUT] = {.name = "input", SIZES(0), .doc = "the sizes of the image"},
    [YG_POOLING_OUTPUT] = {.name = "output", SIZES(0), .doc = "the numbers of windows"},
    [YG_POOLING_ADAPTIVE] = {.name = "adaptive",
                             .kind = YG_ATTR_BOOL,
                             .doc = "the windows share the image out among themselves; "
                                    "kernel_size, stride, padding and dilation do not count"},
    [YG_POOLING_INCLUDE_PAD] = {.name = "count_include_pad",
                                .kind = YG_ATTR_BOOL,
                                .doc = "an average counts zeros in the padding"},
    [YG_POOLING_DIVISOR] = {.name = "divisor",
                            .kind = YG_ATTR_INT,
                            .min = INT32_MIN,
                            .max = INT32_MAX,
                            .doc = "what a sum is divided by; 0: the number of its terms"},
};

/* ----------------------------------------------------------------------------------- windows -- */

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static yg_pooling_dim dim_of(const yg_attr *attrs, int64_t d) {
    yg_pooling_dim dim = {.kernel = attrs[YG_POOLING_KERNEL].ints[d],
                          .stride = attrs[YG_POOLING_STRIDE].ints[d],
                          .padding = attrs[YG_POOLING_PADDING].ints[d],
                          .dilation = attrs[YG_POOLING_DILATION].ints[d],
                          .input = attrs[YG_POOLING_INPUT].ints[d],
                          .output = attrs[YG_POOLING_OUTPUT].ints[d],
                          .adaptive = attrs[YG_POOLING_ADAPTIVE].i != 0};
    if (dim.adaptive)
        return dim;
    const int64_t room = dim.input + dim.padding - (dim.kernel - 1) * dim.dilation;
    dim.inner_begin = least((dim.padding + dim.stride - 1) / dim.stride, dim.output);
    dim.inner_end = room > 0 ? least((room - 1) / dim.stride + 1, dim.output) : 0;
    if (dim.inner_end < dim.inner_begin)
        dim.inner_end = dim.inner_begin;
    return dim;
}

yg_pooling yg_pooling_of(const yg_attr *attrs, const yg_type *pixels) {
    const int64_t dims = attrs[YG_POOLING_KERNEL].count;
    yg_pooling p = {.images = pixels->shape[0],
                    .channels = pixels->shape[pixels->rank - 1],
                    .include_pad = attrs[YG_POOLING_INCLUDE_PAD].i != 0,
                    .divisor = attrs[YG_POOLING_DIVISOR].i};
    for (int64_t d = 0; d < YG_POOLING_DIMS; d++) {
        const int64_t from = d - (YG_POOLING_DIMS - dims);
        p.dim[d] = from >= 0 ? dim_of(attrs, from)
                             : (yg_pooling_dim){.kernel = 1,
                                                .stride = 1,
                                                .dilation = 1,
                                                .input = 1,
                                                .output = 1,
                                                .inner_end = 1};
    }
    return p;
}

yg_window yg_pooling_window(const yg_pooling_dim *dim, int64_t at) {
    if (dim->adaptive) {
        const int64_t start = at * dim->input / dim->output;
        const int64_t end = ((at + 1) * dim->input + dim->output - 1) / dim->output;
        return (yg_window){start, end, 1, end - start};
    }
    const int64_t first = at * dim->stride - dim->padding;
    const int64_t end = first + (dim->kernel - 1) * dim->dilation + 1;
    const int64_t skipped = first < 0 ? (-first + dim->dilation - 1) / dim->dilation : 0;
    return (yg_window){.start = first + skipped * dim->dilation,
                       .end = least(end, dim->input),
                       .step = dim->dilation,
                       .padded = least(end, dim->input + dim->padding) - first};
}

double yg_pooling_divisor(const yg_pooling *p, const yg_window window[YG_POOLING_DIMS]) {
    if (p->divisor != 0)
        return (double)p->divisor;
    double count = 1;
    for (int d = 0; d < YG_POOLING_DIMS; d++)
        count *= (double)(p->include_pad ? window[d].padded : yg_window_count(&window[d]));
    return count;
}

yg_pooling_lines yg_pooling_lines_of(const yg_pooling *p) {
    enum { PIXELS = 4096 }; /* of all lines: they stay in the L1 cache */
    const yg_pooling_dim *dim = &p->dim[2];
    yg_pooling_lines all = {.pitch = dim->input, .per = dim->output, .count = dim->input};
    if (!dim->adaptive) {
        const int64_t used =
            (dim->output - 1) * dim->stride + (dim->kernel - 1) * dim->dilation + 1;
        all.per = (used - 1) / dim->stride + 1;
        all.pitch = all.per * dim->stride;
        all.before = dim->padding;
        all.count = least(used - dim->padding, dim->input);
        all.more = (dim->kernel - 1) / dim->stride;
    }
    all.lines = least(all.pitch < PIXELS ? PIXELS / all.pitch : 1, YG_POOLING_LINES);
    all.flat = true;
    for (int d = 0; d < YG_POOLING_DIMS - 1; d++)
        all.flat = all.flat && p->dim[d].input == 1 && p->dim[d].output == 1 &&
                   p->dim[d].padding == 0 && p->dim[d].kernel == 1;
    return all;
}

int64_t yg_pooling_lines_bytes(const yg_pooling *p, size_t element) {
    const yg_pooling_lines all = yg_pooling_lines_of(p);
    const int64_t count = all.lines * (all.pitch + all.per) + all.more + p->dim[2].output;
    return p->channels == 1 ? count * (int64_t)element : 0;
}

static void set_across(const yg_pooling *p, yg_pooling_place *place) {
    place->across = p->divisor != 0 ? (double)p->divisor : 1;
    for (int d = 0; d < 2; d++) {
        place->window[d] = yg_pooling_window(&p->dim[d], place->at[d]);
        if (p->divisor == 0)
            place->across *= (double)(p->include_pad ? place->window[d].padded
                                                     : yg_window_count(&place->window[d]));
    }
}

yg_pooling_place yg_pooling_place_of(const yg_pooling *p, int64_t line) {
    const int64_t columns = p->dim[1].output, rows = p->dim[0].output;
    yg_pooling_place place = {.image = line / (rows * columns),
                              .at = {line / columns % rows, line % columns}};
    set_across(p, &place);
    return place;
}

void yg_pooling_place_next(const yg_pooling *p, yg_pooling_place *place) {
    if (++place->at[1] == p->dim[1].output) {
        place->at[1] = 0;
        if (++place->at[0] == p->dim[0].output) {
            place->at[0] = 0;
            place->image++;
        }
    }
    set_across(p, place);
}

/* --------------------------------------------------------------------------- shapes and plans --
 */

bool yg_pooling_type(const yg_infer *call, yg_dtype dtype, int which, yg_type *result,
                     yg_error *error) {
    const yg_type *from = &call->operands[0];
    const yg_attr *sizes = &call->attrs[which];
    int64_t shape[YG_MAX_RANK];
    for (int d = 0; d < from->rank; d++)
        shape[d] = d == 0 || d == from->rank - 1 ? from->shape[d] : sizes->ints[d - 1];
    return yg_type_make(dtype, from->rank, shape, result, error);
}

/* Checks that operand 0 is channels last, with the sizes of attribute `which`. */
static bool infer(const yg_infer *call, int which, int other, yg_type *result, yg_error *error) {
    const yg_type *x = &call->operands[0];
    const int64_t dims = call->attrs[YG_POOLING_KERNEL].count;
    char text[YG_TYPE_TEXT];
    bool fits =
        yg_dtype_is_float(x->dtype) && dims >= 1 && dims <= YG_POOLING_DIMS && x->rank == dims + 2;
    for (int i = YG_POOLING_KERNEL; fits && i <= YG_POOLING_OUTPUT; i++)
        fits = call->attrs[i].count == dims;
    int64_t pixels = 1;
    for (int64_t d = 0; fits && d < dims; d++)
        fits = x->shape[d + 1] == call->attrs[which].ints[d] &&
               !__builtin_mul_overflow(pixels, call->attrs[YG_POOLING_INPUT].ints[d], &pixels);
    if (!fits || pixels > INT32_MAX)
        return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                       "%s: %s is not of the sizes that the attributes say, or has more than %d "
                       "pixels",
                       call->op->name, yg_type_text(x, text), INT32_MAX);
    return yg_pooling_type(call, x->dtype, other, result, error);
}

bool yg_pooling_infer_windows(const yg_infer *call, yg_type *result, yg_error *error) {
    return infer(call, YG_POOLING_INPUT, YG_POOLING_OUTPUT, result, error);
}

bool yg_pooling_infer_pixels(const yg_infer *call, yg_type *result, yg_error *error) {
    return infer(call, YG_POOLING_OUTPUT, YG_POOLING_INPUT, result, error);
}

bool yg_pooling_check_pixels(const yg_infer *call, yg_error *error) {
    const yg_type *windows = &call->operands[0], *pixels = &call->operands[1];
    bool fits = pixels->dtype == YG_I32 && pixels->rank == windows->rank &&
                pixels->shape[0] == windows->shape[0] &&
                pixels->shape[pixels->rank - 1] == windows->shape[windows->rank - 1];
    for (int d = 1; fits && d < pixels->rank - 1; d++)
        fits = pixels->shape[d] == call->attrs[YG_POOLING_OUTPUT].ints[d - 1];
    char text[YG_TYPE_TEXT];
    return fits || yg_fail(error, YG_ERROR_SHAPE, call->origin, "%s: pixels cannot be %s",
                           call->op->name, yg_type_text(pixels, text));
}

/* One operation for each position of each window. */
static double flops(const yg_pooling *p) {
    double count = (double)p->images * (double)p->channels;
    for (int d = 0; d < YG_POOLING_DIMS; d++) {
        const yg_pooling_dim *dim = &p->dim[d];
        const double size = dim->adaptive
                                ? (double)dim->input / (double)(dim->output + !dim->output)
                                : (double)dim->kernel;
        count *= (double)dim->output * size;
    }
    return count;
}

void yg_pooling_plan_windows(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    const yg_pooling p = yg_pooling_of(call->attrs, results);
    plan->rows = p.images;
    plan->units = p.images * p.dim[0].output * p.dim[1].output;
    plan->flops = flops(&p);
}

void yg_pooling_plan_images(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    const yg_pooling p = yg_pooling_of(call->attrs, results);
    plan->rows = p.images;
    plan->units = p.images;
    plan->flops = flops(&p);
}
