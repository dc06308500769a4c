/*
 * What the max_unpools share: see unpool.h.
 */
#include "unpool.h"

#include "build.h"
#include "registry.h"
#include "shape.h"

#include <inttypes.h>
#include <string.h>

enum { KERNEL_SIZE, STRIDE, PADDING, OUTPUT_SIZE }; /* attributes */
enum { X, INDICES };                                /* operands */

#define SIZES .kind = YG_ATTR_INTS, .max = INT32_MAX

const yg_attr_spec yg_unpool_attrs[YG_UNPOOL_ATTRS] = {
    [KERNEL_SIZE] = {.name = "kernel_size",
                     SIZES,
                     .required = true,
                     .min = 1,
                     .doc = "that of max_pool: a number for all dimensions, or one for each"},
    [STRIDE] = {.name = "stride", SIZES, .min = 1, .doc = "that of max_pool; none: kernel_size"},
    [PADDING] = {.name = "padding", SIZES, .fallback = {.count = 1}, .doc = "that of max_pool"},
    [OUTPUT_SIZE] = {.name = "output_size",
                     SIZES,
                     .min = 1,
                     .doc =
                         "the size of the image, less than a stride from (size - 1) · stride - 2 "
                         "· padding + kernel_size; none: that size"},
};

/* An attribute that has one entry, or one for each dimension of space. */
static bool read_list(yg_graph *graph, const yg_infer *call, int which, int dims, int64_t *list) {
    const yg_attr *attr = &call->attrs[which];
    for (int d = 0; d < dims; d++)
        list[d] = attr->count == 0 ? 0 : attr->ints[attr->count == 1 ? 0 : d];
    if (attr->count <= 1 || attr->count == dims)
        return true;
    yg_graph_fail(graph, YG_ERROR_SHAPE,
                  "%s: %s has %" PRId64 " entries; it takes one, or one for each of %d dimensions",
                  call->op->name, call->op->attrs[which].name, attr->count, dims);
    return false;
}

static bool check_operands(yg_graph *graph, const yg_infer *call, int dims) {
    const yg_type *x = &call->operands[X], *indices = &call->operands[INDICES];
    static const char *const spaces[] = {"", "length", "height, width", "depth, height, width"};
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    yg_type_text(x, a);
    if (!yg_dtype_is_float(x->dtype))
        yg_graph_fail(graph, YG_ERROR_DTYPE, "%s takes a float tensor, not %s", call->op->name, a);
    else if (x->rank != dims + 1 && x->rank != dims + 2)
        yg_graph_fail(graph, YG_ERROR_SHAPE,
                      "%s takes images [batch, channels, %s], or one without the batch, not %s",
                      call->op->name, spaces[dims], a);
    else if (!yg_shape_equal(x, indices) || yg_dtype_is_float(indices->dtype) ||
             indices->dtype == YG_BOOL)
        yg_graph_fail(graph, YG_ERROR_SHAPE,
                      "%s: indices is %s; it needs a whole number for each element of x %s",
                      call->op->name, yg_type_text(indices, b), a);
    return yg_graph_error(graph) == NULL;
}

/* The sizes of the image in dimension d of space. */
static bool image_size(yg_graph *graph, const yg_infer *call, int64_t from, int64_t kernel,
                       int64_t stride, int64_t padding, int64_t given, int64_t *size) {
    int64_t steps = 0;
    *size = 0;
    if (!__builtin_mul_overflow(from - 1, stride, &steps))
        *size = steps - 2 * padding + kernel;
    const int64_t least = *size - stride + 1, most = *size + stride - 1;
    if (given > 0 && (given < least || given > most)) {
        yg_graph_fail(graph, YG_ERROR_SHAPE,
                      "%s: output_size %" PRId64 " is not between %" PRId64 " and %" PRId64,
                      call->op->name, given, least, most);
        return false;
    }
    *size = given > 0 ? given : *size;
    char text[YG_TYPE_TEXT];
    if (*size < 1 || *size > INT32_MAX)
        yg_graph_fail(graph, YG_ERROR_SHAPE, "%s: the image of x %s would be %s", call->op->name,
                      yg_type_text(&call->operands[X], text), *size < 1 ? "empty" : "too large");
    return *size >= 1 && *size <= INT32_MAX;
}

size_t yg_unpool(yg_graph *graph, const yg_infer *call, const yg_node *operands, yg_node *results,
                 int dims) {
    int64_t kernel[YG_MAX_RANK], stride[YG_MAX_RANK], padding[YG_MAX_RANK], given[YG_MAX_RANK];
    if (!check_operands(graph, call, dims) || !read_list(graph, call, KERNEL_SIZE, dims, kernel) ||
        !read_list(graph, call, STRIDE, dims, stride) ||
        !read_list(graph, call, PADDING, dims, padding) ||
        !read_list(graph, call, OUTPUT_SIZE, dims, given))
        return 0;
    const yg_type *x = &call->operands[X];
    yg_type image = *x, row = *x, rows = *x; /* the result, and x and it with one row an image */
    const int lead = x->rank - dims;
    yg_error error = {0};
    row.rank = lead + 1;
    rows.rank = lead + 1;
    for (int d = 0; d < dims; d++)
        if (!image_size(graph, call, x->shape[lead + d], kernel[d],
                        stride[d] > 0 ? stride[d] : kernel[d], padding[d], given[d],
                        &image.shape[lead + d]))
            return 0;
    if (!yg_type_make(x->dtype, x->rank, image.shape, &image, &error)) {
        yg_graph_fail(graph, error.code, "%s", error.message);
        return 0;
    }
    row.shape[lead] = yg_shape_product(x->shape, lead, x->rank);
    rows.shape[lead] = yg_shape_product(image.shape, lead, x->rank);
    for (int d = lead + 1; d < YG_MAX_RANK; d++)
        row.shape[d] = rows.shape[d] = 0;
    const yg_attr last = {.i = -1};
    const yg_node put[] = {yg_full(graph, &rows, 0), yg_reshape(graph, operands[INDICES], &row),
                           yg_reshape(graph, operands[X], &row)};
    results[0] = yg_reshape(graph, yg_apply(graph, &yg_op_scatter, put, 3, &last), &image);
    return results[0] != YG_NONE;
}

double yg_unpool_reference(const yg_reference *r, const int64_t *index, int dims) {
    const yg_type *x = &r->call->operands[X], *y = r->out_type;
    const int lead = x->rank - dims;
    int64_t at[YG_MAX_RANK], pixel = 0;
    for (int d = 0; d < lead; d++)
        at[d] = index[d];
    for (int d = lead; d < x->rank; d++)
        pixel = pixel * y->shape[d] + index[d];
    double element = 0;
    const int64_t count = yg_shape_product(x->shape, lead, x->rank);
    for (int64_t i = 0; i < count; i++) {
        int64_t rest = i;
        for (int d = x->rank; d-- > lead; rest /= x->shape[d])
            at[d] = rest % x->shape[d];
        if ((int64_t)yg_at(r, INDICES, at) == pixel)
            element = yg_at(r, X, at);
    }
    return element;
}
