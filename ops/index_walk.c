/*
 * Walking through index tensors: see index_walk.h.
 */
#include "index_walk.h"

#include "multiversion.h"

#include <inttypes.h>
#include <string.h>

enum { X, INDEX, SRC }; /* operands of a scatter */

yg_index_walk yg_index_walk_of(const yg_type *x, const yg_type *index, int64_t dim) {
    int along = 0;
    yg_index_walk walk = {.columns = 1, .rows = 1, .limit = 1};
    if (index->rank == 0 || !yg_dimension(dim, x->rank, &along))
        return walk;
    int64_t strides[YG_MAX_RANK];
    yg_type_strides(x, strides);
    walk.limit = x->shape[along];
    walk.stride = strides[along];
    strides[along] = 0; /* the position along `dim` comes from the index */
    walk.rank = index->rank - 1;
    memcpy(walk.size, index->shape, sizeof walk.size);
    memcpy(walk.strides, strides, sizeof walk.strides);
    walk.rows = yg_shape_product(index->shape, 0, walk.rank);
    walk.columns = index->shape[walk.rank];
    walk.column = strides[walk.rank];
    return walk;
}

#define CHECK(function, type)                                                                      \
    YG_MULTIVERSION static bool function(const type *index, int64_t count, int64_t limit) {        \
        uint64_t outside = 0;                                                                      \
        for (int64_t i = 0; i < count; i++)                                                        \
            outside |= (uint64_t)((uint64_t)(int64_t)index[i] >= (uint64_t)limit);                 \
        return outside == 0;                                                                       \
    }
CHECK(all_inside_i32, int32_t)
CHECK(all_inside_i64, int64_t)

bool yg_index_check(const yg_kernel_call *call, const char *name, size_t k, int64_t first,
                    int64_t count, int64_t limit, yg_error *error) {
    const bool narrow = call->in_types[k]->dtype == YG_I32;
    if (narrow ? all_inside_i32((const int32_t *)call->in[k] + first, count, limit)
               : all_inside_i64((const int64_t *)call->in[k] + first, count, limit))
        return true;
    int64_t index;
    for (int64_t i = 0; i < count; i++)
        if (!yg_index_read(call, name, k, first + i, limit, &index, error))
            return false;
    return true;
}

bool yg_scatter_infer(const yg_infer *call, yg_type *result, yg_error *error) {
    const yg_type *x = &call->operands[X], *index = &call->operands[INDEX];
    const yg_type *src = &call->operands[SRC];
    int dim;
    if (!yg_shape_need_index(call, INDEX, error) ||
        !yg_shape_dim(call, call->attrs[0].i, x->rank, &dim, error))
        return false;
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT], c[YG_TYPE_TEXT];
    if (x->dtype != src->dtype)
        return yg_fail(error, YG_ERROR_DTYPE, call->origin,
                       "%s: x is %s and src is %s; cast one of them", call->op->name,
                       yg_type_text(x, a), yg_type_text(src, c));
    bool fits = x->rank == index->rank && x->rank == src->rank;
    for (int d = 0; fits && d < x->rank; d++)
        fits = (d == dim || index->shape[d] <= x->shape[d]) && index->shape[d] <= src->shape[d];
    if (!fits)
        return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                       "%s: index %s does not fit x %s and src %s: all need the same rank, and the "
                       "index may be larger than x in dimension %d only, and nowhere than src",
                       call->op->name, yg_type_text(index, b), yg_type_text(x, a),
                       yg_type_text(src, c), dim);
    *result = *x;
    return true;
}

void yg_scatter_plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    const yg_type *index = &call->operands[INDEX];
    int dim = 0;
    yg_dimension(call->attrs[0].i, results->rank, &dim);
    bool covered = true;
    for (int d = 0; d < dim; d++)
        covered = covered && index->shape[d] == results->shape[d];
    plan->units = covered ? yg_shape_product(results->shape, 0, dim) : 1;
    plan->flops = (double)yg_type_count(index);
}

/* All units of the operator. A kernel is not told their number, and looks it up. */
static int64_t units_of(const yg_kernel_call *call) {
    const yg_infer asked = {.operands = (const yg_type[]){*call->out_type, *call->in_types[INDEX]},
                            .operand_count = 2,
                            .attrs = call->attrs};
    yg_op_plan plan = {.units = 1};
    yg_scatter_plan(&asked, call->out_type, &plan);
    return plan.units;
}

enum { BLOCK_BYTES = 128 * 1024 };

int64_t yg_scatter_block(const yg_kernel_call *call) {
    const int64_t units = units_of(call), bytes = yg_type_bytes(call->out_type);
    const int64_t unit = units > 0 ? bytes / units : 0;
    return unit > 0 && unit < BLOCK_BYTES ? BLOCK_BYTES / unit : 1;
}

yg_scatter_part yg_scatter_begin(const yg_kernel_call *call) {
    const yg_type *y = call->out_type, *index = call->in_types[INDEX];
    yg_scatter_part part = {.walk = yg_index_walk_of(y, index, call->attrs[0].i)};
    yg_type_strides(call->in_types[SRC], part.src_strides);
    const int64_t units = units_of(call);
    if (units == 0)
        return part;
    const int64_t bytes = yg_type_bytes(y) / units;
    const int64_t rows = part.walk.rows;
    if (call->out != call->in[X])
        memcpy((char *)call->out + call->begin * bytes,
               (const char *)call->in[X] + call->begin * bytes,
               (size_t)((call->end - call->begin) * bytes));
    part.first_row = units > 1 ? call->begin * (rows / units) : 0;
    part.end_row = units > 1 ? call->end * (rows / units) : rows;
    return part;
}

const yg_attr_spec yg_index_walk_dim[1] = {{
    .name = "dim",
    .kind = YG_ATTR_INT,
    .required = true,
    .min = -YG_MAX_RANK,
    .max = YG_MAX_RANK - 1,
    .doc = "the dimension that the index counts along",
}};

static const yg_attr first[] = {{.i = 0}}, second[] = {{.i = 1}}, last[] = {{.i = -1}};

const yg_sample yg_scatter_samples[YG_SCATTER_SAMPLES] = {
    {{"f[3]", "i[5]", "f[5]"}, first},
    {{"f[3, 5]", "i[2, 4]", "f[2, 4]"}, first},
    {{"f[4, 3]", "i[4, 6]", "f[4, 7]"}, last},
    {{"f[2, 4, 3]", "i[2, 5, 2]", "f[3, 5, 2]"}, second},
    {{"f[5, 3]", "i[2, 4]", "f[2, 4]"}, second},
    {{"f[3, 2]", "i[0, 2]", "f[0, 2]"}, first},
};

bool yg_scatter_meets(const yg_reference *reference, const int64_t *at, const int64_t *index,
                      int dim) {
    const yg_type *of = &reference->call->operands[INDEX];
    for (int d = 0; d < of->rank; d++)
        if (at[d] >= of->shape[d])
            return false;
    return of->rank == 0 || (int64_t)yg_at(reference, INDEX, at) == index[dim];
}
