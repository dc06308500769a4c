/*
 * Numbers, and lists of them, as nodes of the graph.
 */
#include "call.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

const char *yg_number_lost_in(yg_dtype dtype, double number) {
    const double smallest = dtype == YG_F32 ? (double)FLT_MIN : DBL_MIN;
    if (!yg_dtype_is_float(dtype) || !isfinite(number) || number == 0)
        return NULL;
    if (dtype == YG_F32 && isinf((float)number))
        return "does not fit";
    return fabs(number) < smallest ? "would count as 0 in" : NULL;
}

static const char *lost_in(const yg_term *number, yg_dtype dtype) {
    if (number->kind == YG_TERM_FLOAT)
        return yg_number_lost_in(dtype, number->f);
    return number->kind == YG_TERM_INT && dtype == YG_I32 &&
                   (number->i < INT32_MIN || number->i > INT32_MAX)
               ? "does not fit"
               : NULL;
}

static bool fail_lost(const yg_builder *builder, const yg_term *number, const char *lost,
                      yg_dtype dtype, yg_origin origin) {
    char found[200];
    return yg_fail(builder->error, YG_ERROR_ARGUMENT, origin, "%s %s %s",
                   yg_term_describe(builder->graph, number, found, sizeof found), lost,
                   yg_dtype_name(dtype));
}

static yg_node whole_node(yg_graph *graph, int64_t value, yg_dtype dtype) {
    yg_type scalar;
    if (dtype != YG_I64 || !yg_type_make(dtype, 0, NULL, &scalar, NULL))
        return yg_scalar(graph, dtype, (double)value);
    return yg_constant(graph, &scalar, &value); /* not by a double, which rounds beyond 2^53 */
}

/* Sets one element. A number that the type cannot hold is refused, as a number by itself is. */
static bool set_element(const yg_builder *builder, const yg_term *number, yg_dtype dtype,
                        yg_origin origin, void *data, int64_t index) {
    if (number->kind != YG_TERM_FLOAT && dtype == YG_I64) {
        ((int64_t *)data)[index] = number->i;
        return true;
    }
    const char *lost = lost_in(number, dtype);
    if (lost)
        return fail_lost(builder, number, lost, dtype, origin);
    yg_element_set(dtype, data, index,
                   number->kind == YG_TERM_FLOAT ? number->f : (double)number->i);
    return true;
}

static bool list_to_node(yg_builder *builder, const yg_term *list, yg_number_types types,
                         yg_origin origin, yg_node *node) {
    yg_list_shape shape;
    yg_type type;
    yg_error failure = {0};
    if (!yg_list_read_shape(builder->graph, list, origin, &shape, builder->error))
        return false;
    const yg_dtype dtype = shape.kind == YG_TERM_BOOL  ? YG_BOOL
                           : shape.kind == YG_TERM_INT ? types.whole
                                                       : types.fraction;
    if (!yg_type_make(dtype, shape.rank, shape.shape, &type, &failure))
        return yg_fail(builder->error, failure.code, origin, "%s", failure.message);
    void *data = calloc(1, (size_t)yg_type_bytes(&type));
    bool good = data || yg_fail_memory(builder->error);
    const int64_t count = yg_type_count(&type);
    for (int64_t i = 0; good && i < count; i++)
        good = set_element(builder, yg_list_number(list, &shape, i), dtype, origin, data, i);
    *node = good ? yg_constant(builder->graph, &type, data) : YG_NONE;
    free(data);
    return good && (*node != YG_NONE || yg_fail_from_graph(builder, origin));
}

bool yg_term_to_node(yg_builder *builder, const yg_term *term, yg_number_types types,
                     yg_origin origin, yg_node *node) {
    const yg_dtype dtype = term->kind == YG_TERM_FLOAT ? types.fraction : types.whole;
    const char *lost = lost_in(term, dtype);
    if (lost)
        return fail_lost(builder, term, lost, dtype, origin);
    switch (term->kind) {
    case YG_TERM_TENSOR:
        *node = term->node;
        return true;
    case YG_TERM_INT:
        *node = whole_node(builder->graph, term->i, dtype);
        break;
    case YG_TERM_FLOAT:
        *node = yg_scalar(builder->graph, dtype, term->f);
        break;
    case YG_TERM_BOOL:
        *node = yg_scalar(builder->graph, YG_BOOL, (double)term->i);
        break;
    case YG_TERM_LIST:
        return list_to_node(builder, term, types, origin, node);
    default:
        *node = YG_NONE;
        break;
    }
    return *node != YG_NONE || yg_fail_from_graph(builder, origin);
}
