/*
 * The common parts of pooling. Every pooling goes through windows of an image and makes one element
 * of each: its maximum or its average.
 *
 * In the model language images are channels first, [N, C, …], as in PyTorch. The primitives work on
 * channels last, [N, …, C], with one to three dimensions of space between: the channels of a pixel
 * are neighbours in memory, so a vector holds several of them. The public operators are composites:
 * a permutation, a primitive, and the permutation back. Permutations that meet cancel.
 */
#ifndef YG_OPS_POOLING_H
#define YG_OPS_POOLING_H

#include "../graph/graph.h"

enum { YG_POOLING_DIMS = 3 }; /* the most dimensions of space */

/* The attributes of the primitives. The lists have one entry for each dimension of space. */
enum {
    YG_POOLING_KERNEL,
    YG_POOLING_STRIDE,
    YG_POOLING_PADDING,
    YG_POOLING_DILATION,
    YG_POOLING_INPUT,    /* the sizes of the image */
    YG_POOLING_OUTPUT,   /* the numbers of windows */
    YG_POOLING_ADAPTIVE, /* the windows share the image out; the lists above INPUT are not used */
    YG_POOLING_INCLUDE_PAD, /* an average counts the padding in a window */
    YG_POOLING_DIVISOR,     /* what sums are divided by; 0: the number of elements of the window */
    YG_POOLING_ATTRS,
};
extern const yg_attr_spec yg_pooling_attrs[YG_POOLING_ATTRS];

/* A window along one dimension: the positions start, start + step, … below end. They all lie in the
 * image; there may be none. */
typedef struct yg_window {
    int64_t start, end, step;
    int64_t padded; /* how many positions there are if those in the padding count too */
} yg_window;

/* One dimension of space. */
typedef struct yg_pooling_dim {
    int64_t kernel, stride, padding, dilation, input, output;
    bool adaptive;
    /* The windows [inner_begin, inner_end) have `kernel` positions each, none in the padding. */
    int64_t inner_begin, inner_end;
} yg_pooling_dim;

/* A call of a primitive. An image of fewer dimensions has the first of the three with size 1. */
typedef struct yg_pooling {
    int64_t images, channels;
    yg_pooling_dim dim[YG_POOLING_DIMS];
    bool include_pad;
    int64_t divisor;
} yg_pooling;

/* `pixels` is the type of an operand or result, channels last: images and channels come from it. */
yg_pooling yg_pooling_of(const yg_attr *attrs, const yg_type *pixels);

/* The window number `at`. */
yg_window yg_pooling_window(const yg_pooling_dim *dim, int64_t at);

/* The number of positions of a window. */
static inline int64_t yg_window_count(const yg_window *window) {
    return window->end <= window->start ? 0 : (window->end - window->start - 1) / window->step + 1;
}

/* What the sum over a window is divided by: the windows of all dimensions make the window. */
double yg_pooling_divisor(const yg_pooling *p, const yg_window window[YG_POOLING_DIMS]);

/* How images of one channel are pooled: line by line, several lines of windows at a time. A line of
 * pixels has those that its windows have, the padding too. In the scratch the lines follow each
 * other as one long line, so `pitch` is a multiple of the stride. */
enum { YG_POOLING_LINES = 256 }; /* the most */
typedef struct yg_pooling_lines {
    int64_t lines;         /* that are computed at a time */
    int64_t pitch, per;    /* pixels, and places for windows, from one line to the next */
    int64_t before, count; /* the pixels of the padding at the begin; those of the image behind */
    int64_t more;          /* windows that may have the first pixel of a line beside the first */
    bool flat;             /* an image is a single line */
} yg_pooling_lines;
yg_pooling_lines yg_pooling_lines_of(const yg_pooling *p);

/* The bytes of scratch for that, for elements of a size; 0 for images of several channels. */
int64_t yg_pooling_lines_bytes(const yg_pooling *p, size_t element);

/* A line of windows. */
typedef struct yg_pooling_place {
    int64_t image, at[2]; /* the positions along the first two dimensions */
    yg_window window[2];  /* along these */
    double across;        /* what these add to the divisor, or the divisor that is given */
} yg_pooling_place;
yg_pooling_place yg_pooling_place_of(const yg_pooling *p, int64_t line);
void yg_pooling_place_next(const yg_pooling *p, yg_pooling_place *place);

/* The pixels of an image, and its windows. */
static inline int64_t yg_pooling_pixels(const yg_pooling *p) {
    return p->dim[0].input * p->dim[1].input * p->dim[2].input;
}
static inline int64_t yg_pooling_windows(const yg_pooling *p) {
    return p->dim[0].output * p->dim[1].output * p->dim[2].output;
}

/* Shape rules. Operand 0 is an image: the result has an element for each window. Or the other way
 * round. */
bool yg_pooling_infer_windows(const yg_infer *call, yg_type *result, yg_error *error);
bool yg_pooling_infer_pixels(const yg_infer *call, yg_type *result, yg_error *error);

/* Fails unless operand 1 is i32 and has an element for each element of the windows. */
bool yg_pooling_check_pixels(const yg_infer *call, yg_error *error);

/* A type like operand 0, channels last, with other sizes of space: those of attribute `which`. */
bool yg_pooling_type(const yg_infer *call, yg_dtype dtype, int which, yg_type *result,
                     yg_error *error);

/* Plans. The units of the first are rows of windows, those of the second are images. In both a row
 * of the plan is an image. */
void yg_pooling_plan_windows(const yg_infer *call, const yg_type *results, yg_op_plan *plan);
void yg_pooling_plan_images(const yg_infer *call, const yg_type *results, yg_op_plan *plan);

/* ------------------------------------------------------------------------- public operators -- */

/* The attributes of the public operators. */
enum {
    YG_MAX_POOL_ATTRS = 6,
    YG_AVG_POOL_ATTRS = 6,
    YG_LP_POOL_ATTRS = 4,
    YG_ADAPTIVE_MAX_POOL_ATTRS = 2
};
extern const yg_attr_spec yg_max_pool_attrs[YG_MAX_POOL_ATTRS];
/* avg_pool1d has all but the last of these, as PyTorch's. */
extern const yg_attr_spec yg_avg_pool_attrs[YG_AVG_POOL_ATTRS];
extern const yg_attr_spec yg_lp_pool_attrs[YG_LP_POOL_ATTRS];
/* adaptive_avg_pool has the first of these only. */
extern const yg_attr_spec yg_adaptive_pool_attrs[YG_ADAPTIVE_MAX_POOL_ATTRS];

/* Reads the attributes of a public operator, which are found by their names, and checks them and
 * the operand. Writes the attributes of the primitive. */
bool yg_pooling_read(const yg_infer *call, int dims, yg_attr attrs[YG_POOLING_ATTRS],
                     yg_error *error);

/* The composites: yg_op.compose, for `dims` dimensions of space. */
size_t yg_max_pool(yg_graph *graph, const yg_infer *call, const yg_node *operands, yg_node *results,
                   int dims);
/* With `return_indices` it has two results. */
size_t yg_max_pool_results(const yg_infer *call);
size_t yg_avg_pool(yg_graph *graph, const yg_infer *call, const yg_node *operands, yg_node *results,
                   int dims);
size_t yg_lp_pool(yg_graph *graph, const yg_infer *call, const yg_node *operands, yg_node *results,
                  int dims);

/* References: yg_op.reference. */
double yg_max_pool_reference(const yg_reference *r, const int64_t *index, int dims);
double yg_avg_pool_reference(const yg_reference *r, const int64_t *index, int dims);
double yg_lp_pool_reference(const yg_reference *r, const int64_t *index, int dims);

/* What a reference does with the elements of a window. It goes through all of them, in row-major
 * order; pixel is the position in the image. */
typedef struct yg_pooled {
    double max, sum, powers; /* over the window; powers is the sum of x to the power `norm` */
    double norm;
    int64_t pixel; /* of the maximum; -1 in a window without any */
    double divisor;
} yg_pooled;

/* Goes through the window of a result, for a primitive. `index` is of the result, channels last. */
void yg_pooled_of(const yg_reference *r, const int64_t *index, yg_pooled *pooled);

/* Writes the multi-index of pixel or window number `which` of a type, channels last. Image and
 * channel are those of `index`. */
void yg_pooling_unravel(const yg_type *type, const int64_t *index, int64_t which,
                        int64_t at[YG_MAX_RANK]);

/* The attributes of a sample of a primitive. Each list is in round brackets; all are of one length.
 */
#define YG_POOLING_COUNT_(a, b, c, count, ...) count
#define YG_POOLING_COUNT(...)                  YG_POOLING_COUNT_(__VA_ARGS__, 3, 2, 1, 0)
#define YG_POOLING_LIST(...)                                                                       \
    {                                                                                              \
        .count = YG_POOLING_COUNT(__VA_ARGS__), .ints = { __VA_ARGS__ }                            \
    }
#define YG_POOLING_AVERAGE_SAMPLE(kernel, stride, padding, dilation, input, output, pad, by)       \
    (const yg_attr[]) {                                                                            \
        YG_POOLING_LIST kernel, YG_POOLING_LIST stride, YG_POOLING_LIST padding,                   \
            YG_POOLING_LIST dilation, YG_POOLING_LIST input, YG_POOLING_LIST output, {0},          \
            {.i = (pad)}, {                                                                        \
            .i = (by)                                                                              \
        }                                                                                          \
    }
#define YG_POOLING_SAMPLE(kernel, stride, padding, dilation, input, output)                        \
    YG_POOLING_AVERAGE_SAMPLE(kernel, stride, padding, dilation, input, output, 0, 0)
/* kernel_size, stride, padding and dilation do not count: they are the sizes too. */
#define YG_POOLING_ADAPTIVE_SAMPLE(input, output)                                                  \
    (const yg_attr[]) {                                                                            \
        YG_POOLING_LIST input, YG_POOLING_LIST input, YG_POOLING_LIST input,                       \
            YG_POOLING_LIST input, YG_POOLING_LIST input, YG_POOLING_LIST output, {.i = 1}, {0}, { \
            0                                                                                      \
        }                                                                                          \
    }

#endif
