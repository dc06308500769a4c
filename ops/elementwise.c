/*
 * The common functions and samples of elementwise operators. See elementwise.h.
 */
#include "elementwise.h"

bool yg_infer_number(const yg_infer *call, yg_type *result, yg_error *error) {
    (void)error;
    const yg_dtype dtype = call->operands[0].dtype;
    *result = yg_type_with_dtype(&call->operands[0], dtype == YG_BOOL ? YG_I32 : dtype);
    return true;
}

bool yg_infer_bool(const yg_infer *call, yg_type *result, yg_error *error) {
    (void)error;
    *result = yg_type_with_dtype(&call->operands[0], YG_BOOL);
    return true;
}

bool yg_is_scalar_value(const yg_graph *graph, yg_node node, double value) {
    double found;
    return yg_node_is_scalar(graph, node, &found) && found == value;
}

yg_node yg_operand_if(const yg_graph *graph, yg_node node, const yg_op *op) {
    return yg_node_op(graph, node) == op ? yg_node_operand(graph, node, 0) : YG_NONE;
}

yg_node yg_number_identity(const yg_graph *graph, yg_node x) {
    return yg_node_type(graph, x)->dtype == YG_BOOL ? YG_NONE : x;
}

#define UNARY_FLOAT                                                                                \
    {{"f[2, 3]"}, NULL}, {{"f[3, 1367]"}, NULL}, {{"f[]"}, NULL}, {                                \
        {"f[0, 3]"}, NULL                                                                          \
    }

#define BINARY_FLOAT                                                                               \
    {{"f[2, 3]", "f[2, 3]"}, NULL}, {{"f[3, 1367]", "f[3, 1367]"}, NULL},                          \
        {{"f[4, 3]", "f[3]"}, NULL}, {{"f[]", "f[2, 5]"}, NULL}, {{"f[3, 1]", "f[1, 4]"}, NULL}, { \
        {"f[0, 3]", "f[3]"}, NULL                                                                  \
    }

const yg_sample yg_unary_samples[4] = {UNARY_FLOAT};
const yg_sample yg_unary_number_samples[6] = {UNARY_FLOAT, {{"i[7, 5]"}, NULL}, {{"b[9]"}, NULL}};

const yg_sample yg_binary_samples[6] = {BINARY_FLOAT};
const yg_sample yg_binary_number_samples[10] = {
    BINARY_FLOAT,
    {{"i[7, 5]", "i[5]"}, NULL},
    {{"b[9]", "b[9]"}, NULL},
    {{"i[6]", "f[6]"}, NULL},
    {{"b[6]", "i[6]"}, NULL},
};
