/*
 * The common code of argmax and argmin. See arg_kernel.h.
 */
#include "arg_kernel.h"

#include "shape.h"
#include "turn.h"

const yg_attr_spec yg_arg_attrs[2] = {
    {.name = "dim",
     .kind = YG_ATTR_INTS,
     .min = -YG_MAX_RANK,
     .max = YG_MAX_RANK - 1,
     .doc = "the dimension to search along, one at most; none: all of x in row-major order"},
    {.name = "keepdim", .kind = YG_ATTR_BOOL, .doc = "keep each searched dimension with size 1"},
};

const yg_sample yg_arg_samples[YG_ARG_SAMPLES] = {
    {{"f[7]"}, NULL},
    {{"f[]"}, NULL},
    {{"f[2, 3, 4]"}, NULL},
    {{"f[5, 37]"}, (const yg_attr[]){{.count = 1, .ints = {-1}}, {0}}},
    {{"f[70, 5]"}, (const yg_attr[]){{.count = 1, .ints = {0}}, {.i = 1}}},
    {{"f[2, 3, 4]"}, (const yg_attr[]){{.count = 1, .ints = {1}}, {0}}},
    {{"f[0, 3]"}, (const yg_attr[]){{.count = 1, .ints = {1}}, {0}}},
    {{"i[4, 6]"}, (const yg_attr[]){{.count = 1, .ints = {1}}, {0}}},
    {{"b[3, 4]"}, (const yg_attr[]){{.count = 1, .ints = {0}}, {0}}},
    {{"f[18, 9]"}, (const yg_attr[]){{.count = 1, .ints = {1}}, {0}}},
    {{"f[3, 150]"}, (const yg_attr[]){{.count = 1, .ints = {1}}, {0}}},
    {{"i[2, 200]"}, (const yg_attr[]){{.count = 1, .ints = {1}}, {0}}},
};

bool yg_arg_infer(const yg_infer *call, yg_type *result, yg_error *error) {
    char text[YG_TYPE_TEXT];
    if (call->attrs[0].count > 1)
        return yg_fail(error, YG_ERROR_ARGUMENT, call->origin,
                       "%s: takes one dimension, or none for all of %s", call->op->name,
                       yg_type_text(&call->operands[0], text));
    if (!yg_reduction_infer_some(call, result, error))
        return false;
    return yg_type_make(YG_I64, result->rank, result->shape, result, error);
}

yg_arg_box yg_arg_box_of(const yg_type *x, const yg_attr *dim) {
    int d;
    if (dim->count == 0 || x->rank == 0 || !yg_dimension(dim->ints[0], x->rank, &d))
        return (yg_arg_box){.length = yg_type_count(x), .inner = 1};
    return (yg_arg_box){.length = x->shape[d], .inner = yg_shape_product(x->shape, d + 1, x->rank)};
}

/* Up to YG_ARG_LANES rows, transposed. */
static void search_rows(const yg_arg_search *search, const char *x, int64_t length, int64_t rows,
                        int64_t *at) {
    _Alignas(64) char turned[YG_ARG_SHORT_ROW * YG_ARG_LANES * sizeof(uint64_t)];
    yg_turn_for(search->size)(turned, YG_ARG_LANES, x, length, length, rows);
    search->columns(turned, YG_ARG_LANES, length, rows, at);
}

void yg_arg_run(const yg_arg_search *search, const yg_kernel_call *call) {
    const yg_arg_box box = yg_arg_box_of(call->in_types[0], &call->attrs[0]);
    const char *x = call->in[0];
    int64_t *at = call->out;
    for (int64_t o = call->begin; o < call->end;) {
        const int64_t left = call->end - o;
        const int64_t column = o % box.inner;
        const char *from =
            x + (size_t)(o / box.inner * box.length * box.inner + column) * search->size;
        int64_t count = 1;
        if (box.inner > 1) {
            const int64_t rest = box.inner - column < left ? box.inner - column : left;
            count = rest < YG_ARG_COLUMNS ? rest : YG_ARG_COLUMNS;
            search->columns(from, box.inner, box.length, count, at + o);
        } else if (box.length <= YG_ARG_SHORT_ROW && left > 1) {
            count = left < YG_ARG_LANES ? left : YG_ARG_LANES;
            search_rows(search, from, box.length, count, at + o);
        } else {
            at[o] = search->row(from, box.length);
        }
        o += count;
    }
}
