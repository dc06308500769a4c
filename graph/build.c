/*
 * Adds nodes: checks a call of an operator, broadcasts and converts its operands, asks the shape
 * rule, tries to simplify or to evaluate it, and otherwise appends a node.
 */
#include "definition.h"
#include "spelling.h"
#include "store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool check_arity(yg_graph *graph, const yg_op *op, size_t count) {
    if (count >= (size_t)op->min_operands && count <= (size_t)op->max_operands)
        return true;
    if (op->min_operands == op->max_operands)
        yg_graph_fail(graph, YG_ERROR_ARGUMENT, "%s takes %d operand%s, not %zu", op->name,
                      op->min_operands, op->min_operands == 1 ? "" : "s", count);
    else if (op->max_operands == YG_ANY_COUNT)
        yg_graph_fail(graph, YG_ERROR_ARGUMENT, "%s takes %d operand%s or more, not %zu", op->name,
                      op->min_operands, op->min_operands == 1 ? "" : "s", count);
    else
        yg_graph_fail(graph, YG_ERROR_ARGUMENT, "%s takes %d to %d operands, not %zu", op->name,
                      op->min_operands, op->max_operands, count);
    return false;
}

static yg_node apply_cast(yg_graph *graph, yg_node x, yg_dtype dtype) {
    if (x == YG_NONE || graph->records[x].type->dtype == dtype)
        return x;
    const yg_attr attr = {.i = dtype};
    return yg_apply(graph, graph->ops->cast, &x, 1, &attr);
}

static yg_node apply_broadcast(yg_graph *graph, yg_node x, const yg_type *shape) {
    if (x == YG_NONE || yg_shape_equal(graph->records[x].type, shape))
        return x;
    yg_attr attr = {.count = shape->rank};
    memcpy(attr.ints, shape->shape, sizeof attr.ints);
    return yg_apply(graph, graph->ops->broadcast, &x, 1, &attr);
}

static void fail_broadcast(yg_graph *graph, const yg_op *op, const yg_node *operands,
                           size_t count) {
    char text[4 * YG_TYPE_TEXT] = "", one[YG_TYPE_TEXT];
    size_t used = 0;
    for (size_t k = 0; k < count && k < 4; k++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s",
                                 k == 0           ? ""
                                 : k + 1 == count ? " and "
                                                  : ", ",
                                 yg_type_text(graph->records[operands[k]].type, one));
    yg_graph_fail(graph, YG_ERROR_SHAPE,
                  "%s: shapes %s do not broadcast: counted from the last, dimensions must be equal "
                  "or 1",
                  op->name, text);
}

/* Checks a type that an operator needs: yg_type_make() with the graph's error. */
static bool make_type(yg_graph *graph, const yg_op *op, yg_type *type) {
    yg_error error = {0};
    if (!yg_type_make(type->dtype, type->rank, type->shape, type, &error))
        yg_graph_fail(graph, error.code, "%s: %s", op->name, error.message);
    return !graph->error.code;
}

/* Whether all operands already have the same type. That is the common case, and quick: equal types
 * are mostly one object. */
static bool are_aligned(const yg_graph *graph, const yg_op *op, const yg_node *operands,
                        size_t count) {
    const yg_type *type = graph->records[operands[0]].type;
    for (size_t k = 1; k < count; k++) {
        if (graph->records[operands[k]].type != type)
            return false;
    }
    return !(op->flags & YG_OP_FLOAT_ONLY) || yg_dtype_is_float(type->dtype);
}

/* Gives the operands of an elementwise operator one shape and one element type. */
static bool align_operands(yg_graph *graph, const yg_op *op, yg_node *operands, size_t count) {
    if (are_aligned(graph, op, operands, count))
        return true;
    yg_type shape = *graph->records[operands[0]].type;
    yg_dtype dtype = shape.dtype;
    for (size_t k = 1; k < count; k++) {
        const yg_type *type = graph->records[operands[k]].type;
        if (type->dtype > dtype)
            dtype = type->dtype;
        if (!yg_shape_broadcast(&shape, type, &shape)) {
            fail_broadcast(graph, op, operands, count);
            return false;
        }
    }
    if ((op->flags & YG_OP_FLOAT_ONLY) && !yg_dtype_is_float(dtype))
        dtype = graph->flags & YG_GRAPH_F64 ? YG_F64 : YG_F32;
    shape.dtype = dtype;
    if (!make_type(graph, op, &shape))
        return false;
    for (size_t k = 0; k < count; k++) {
        if (!(op->flags & YG_OP_KEEP_DTYPES))
            operands[k] = apply_cast(graph, operands[k], dtype);
        operands[k] = apply_broadcast(graph, operands[k], &shape);
    }
    return !graph->error.code;
}

static bool supports(const yg_op *op, yg_dtype dtype) {
    return op->flags & YG_OP_ELEMENTWISE ? op->tile[dtype] != NULL : op->kernel[dtype] != NULL;
}

/* The type of one of the last operands that equals `type`, or NULL. It is valid, so `type` need not
 * be checked again. Checking costs about as much as looking at this many operands. */
static const yg_type *find_type(const yg_infer *call, const yg_type *type) {
    enum { LOOKED_AT = 8 };
    const size_t count = call->operand_count;
    for (size_t k = count; k > 0 && k + LOOKED_AT > count; k--) {
        if (yg_type_equal(&call->operands[k - 1], type))
            return &call->operands[k - 1];
    }
    return NULL;
}

/* Adds the operator and its line to an error of yg_type_make(), which knows neither. */
static void complete_error(yg_graph *graph, const yg_op *op) {
    const yg_error found = graph->error;
    if (found.line > 0 || strncmp(found.message, op->name, strlen(op->name)) == 0)
        return;
    graph->error = (yg_error){0};
    yg_graph_fail(graph, found.code, "%s: %s", op->name, found.message);
}

/* Asks the shape rule for the types of all results. */
static bool infer(yg_graph *graph, const yg_infer *call, yg_type *results) {
    const yg_op *op = call->op;
    if (!op->infer) {
        *results = call->operands[call->operand_count - 1];
    } else if (!op->infer(call, results, &graph->error)) {
        if (!graph->error.code)
            yg_graph_fail(graph, YG_ERROR_INTERNAL, "%s: the shape rule failed silently", op->name);
        complete_error(graph, op);
        return false;
    }
    for (size_t i = 0; op->infer && i < yg_op_result_count(op); i++) {
        const yg_type *known = find_type(call, &results[i]);
        if (known)
            results[i] = *known;
        else if (!make_type(graph, op, &results[i]))
            return false;
    }
    return true;
}

/* If all operands of an elementwise operator are scalars that were broadcast, applies it to the
 * scalars and broadcasts the result. */
static yg_node apply_to_scalars(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                                const yg_type *result) {
    if (!(call->op->flags & YG_OP_ELEMENTWISE) || result->rank == 0)
        return YG_NONE;
    yg_node scalars[YG_ELEMENTWISE_OPERANDS];
    for (size_t k = 0; k < call->operand_count; k++) {
        if (!yg_node_is_scalar(graph, operands[k], NULL))
            return YG_NONE;
        const yg_record *record = &graph->records[operands[k]];
        scalars[k] = record->data ? operands[k] : record->operands[0];
    }
    const yg_node scalar = yg_apply(graph, call->op, scalars, call->operand_count, call->attrs);
    return apply_broadcast(graph, scalar, result);
}

/* A node to use in place of the call: simplified or evaluated. YG_NONE if there is none. */
static yg_node simpler(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                       const yg_type *result) {
    const bool algebra = !(graph->flags & YG_GRAPH_NO_ALGEBRA);
    yg_node node = YG_NONE;
    if (call->op->flags & YG_APART)
        return YG_NONE;
    if (algebra && call->op->simplify)
        node = call->op->simplify(graph, call, operands);
    if (algebra && node == YG_NONE)
        node = apply_to_scalars(graph, call, operands, result);
    if (node == YG_NONE && !(graph->flags & YG_GRAPH_NO_FOLD))
        yg_fold(graph, call, operands, result, &node);
    if (node != YG_NONE && !yg_type_equal(graph->records[node].type, result)) {
        char found[YG_TYPE_TEXT], wanted[YG_TYPE_TEXT];
        return yg_graph_fail(graph, YG_ERROR_INTERNAL,
                             "%s: simplification changes the type from %s to %s", call->op->name,
                             yg_type_text(result, wanted),
                             yg_type_text(graph->records[node].type, found));
    }
    return node;
}

static yg_node add_node(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                        const yg_type *type) {
    const yg_record record = {
        .op = call->op,
        .type = type,
        .operands = operands,
        .operand_count = (uint32_t)call->operand_count,
        .attrs = call->attrs,
    };
    return yg_store_add(graph, &record, !(call->op->flags & YG_APART));
}

static size_t add_several(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                          const yg_type *types, yg_node *results) {
    const size_t count = yg_op_result_count(call->op);
    const bool folds = !(graph->flags & YG_GRAPH_NO_FOLD) && !(call->op->flags & YG_APART);
    if (folds && yg_fold(graph, call, operands, types, results))
        return count;
    results[0] = add_node(graph, call, operands, &types[0]);
    for (size_t i = 1; i < count; i++)
        results[i] = yg_store_add_result(graph, results[0], i, &types[i]);
    return graph->error.code ? 0 : count;
}

/* Adds a call that has no kernel for its element type. If the operator has a kernel for another
 * type of the same kind (float or integer), its definition is built instead. Otherwise it fails. */
static size_t add_definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                             const yg_type *types, yg_dtype dtype, yg_node *results) {
    const yg_op *op = call->op;
    bool takes_kind = false;
    for (int other = 0; other < YG_DTYPE_COUNT; other++)
        takes_kind = takes_kind || (other != YG_BOOL && supports(op, (yg_dtype)other) &&
                                    yg_dtype_is_float((yg_dtype)other) == yg_dtype_is_float(dtype));
    if (op->compose && dtype != YG_BOOL && takes_kind && !(op->flags & YG_OP_EFFECTS))
        return yg_definition_build(graph, call, operands, types, results);
    yg_graph_fail(graph, YG_ERROR_DTYPE, "%s does not take %s tensors", op->name,
                  yg_dtype_name(dtype));
    return 0;
}

static size_t add_primitive(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                            yg_node *results) {
    const unsigned flags = call->op->flags;
    if (flags & YG_OP_EFFECTS && flags & (YG_OP_ELEMENTWISE | YG_OP_VIEW)) {
        yg_graph_fail(graph, YG_ERROR_INTERNAL, "%s has effects, but no whole-tensor kernel",
                      call->op->name);
        return 0;
    }
    yg_type few[YG_OP_MAX_RESULTS], *types = few;
    const size_t count = yg_op_result_count(call->op);
    if (count > YG_OP_MAX_RESULTS && !(types = yg_pool_take(graph->pool, count * sizeof *types))) {
        yg_fail_memory(&graph->error);
        return 0;
    }
    if (!infer(graph, call, types))
        return 0;
    const yg_dtype key =
        call->operand_count ? call->operands[call->operand_count - 1].dtype : types->dtype;
    if (!(call->op->flags & YG_OP_VIEW) && !supports(call->op, key))
        return add_definition(graph, call, operands, types, key, results);
    if (call->op->results > 1)
        return add_several(graph, call, operands, types, results);
    results[0] = simpler(graph, call, operands, types);
    if (results[0] == YG_NONE && !graph->error.code)
        results[0] = add_node(graph, call, operands, types);
    return results[0] == YG_NONE ? 0 : 1;
}

#define MAX_ATTRS 16

static bool check_required(yg_graph *graph, const yg_op *op) {
    for (size_t i = 0; i < op->attr_count; i++) {
        if (op->attrs[i].required) {
            yg_graph_fail(graph, YG_ERROR_ARGUMENT, "%s needs '%s'", op->name, op->attrs[i].name);
            return false;
        }
    }
    return true;
}

/* Copies the given attributes, or the defaults, and checks them. All unused bytes become zero, so
 * that equal values have equal bytes. */
static bool copy_attrs(yg_graph *graph, const yg_op *op, const yg_attr *given, yg_attr *own) {
    if (op->attr_count > MAX_ATTRS) {
        yg_graph_fail(graph, YG_ERROR_INTERNAL, "%s has more than %d attributes", op->name,
                      MAX_ATTRS);
        return false;
    }
    if (!given) {
        yg_op_defaults(op, own);
        return check_required(graph, op);
    }
    if (!yg_op_check_attrs(op, given, graph->at, &graph->error))
        return false;
    memset(own, 0, op->attr_count * sizeof *own);
    for (size_t i = 0; i < op->attr_count; i++) {
        if (op->attrs[i].kind == YG_ATTR_INTS && given[i].is_word) {
            own[i].is_word = true;
            own[i].i = given[i].i;
        } else if (op->attrs[i].kind == YG_ATTR_INTS && given[i].count > YG_MAX_RANK) {
            own[i].count = given[i].count;
            own[i].many = given[i].many;
        } else if (op->attrs[i].kind == YG_ATTR_INTS) {
            own[i].count = given[i].count;
            memcpy(own[i].ints, given[i].ints, (size_t)given[i].count * sizeof *own[i].ints);
        } else if (op->attrs[i].kind == YG_ATTR_FLOATS) {
            own[i].count = given[i].count;
            memcpy(own[i].floats, given[i].floats, (size_t)given[i].count * sizeof *own[i].floats);
        } else if (op->attrs[i].kind == YG_ATTR_TEXT) {
            own[i].count = given[i].count;
            own[i].text = given[i].text;
        } else if (op->attrs[i].kind == YG_ATTR_FLOAT) {
            own[i].f = given[i].f;
        } else {
            own[i].i = given[i].i;
        }
    }
    return true;
}

/* A call that is being built: its operands and attributes are copies, which may be converted. */
typedef struct pending {
    yg_infer asked;
    yg_node *operands;
    yg_type *types;
    yg_attr attrs[MAX_ATTRS];
    /* Room for the few operands that most calls have; of more, `many` is what to free. */
    yg_node few[YG_ELEMENTWISE_OPERANDS];
    yg_type few_types[YG_ELEMENTWISE_OPERANDS];
    void *many;
} pending;

static bool take_room(yg_graph *graph, pending *call, size_t count) {
    call->operands = call->few;
    call->types = call->few_types;
    call->many = NULL;
    if (count <= YG_ELEMENTWISE_OPERANDS)
        return true;
    if (count > SIZE_MAX / (sizeof(yg_type) + sizeof(yg_node)))
        return yg_fail_memory(&graph->error);
    call->many = malloc(count * (sizeof(yg_type) + sizeof(yg_node)));
    if (!call->many)
        return yg_fail_memory(&graph->error);
    call->types = call->many;
    call->operands = (yg_node *)(call->types + count);
    return true;
}

static bool copy_operands(yg_graph *graph, const yg_op *op, const yg_node *given, size_t count,
                          yg_node *operands) {
    for (size_t k = 0; k < count; k++) {
        if (given[k] >= graph->size) {
            yg_graph_fail(graph, YG_ERROR_ARGUMENT, "%s: operand %zu is not a node of this graph",
                          op->name, k);
            return false;
        }
        operands[k] = given[k];
    }
    return true;
}

/* Fills in *call from what a caller gave. `call->many` is to be freed, also after a failure. */
static bool begin_call(yg_graph *graph, const yg_op *op, const yg_node *given, size_t count,
                       const yg_attr *attrs, pending *call) {
    call->many = NULL;
    if (graph->error.code || !check_arity(graph, op, count) || !take_room(graph, call, count) ||
        !copy_operands(graph, op, given, count, call->operands) ||
        !copy_attrs(graph, op, attrs, call->attrs))
        return false;
    if ((op->flags & YG_OP_ELEMENTWISE) && count > 0 &&
        !align_operands(graph, op, call->operands, count))
        return false;
    for (size_t k = 0; k < count; k++)
        call->types[k] = *graph->records[call->operands[k]].type;
    call->asked = (yg_infer){
        .op = op,
        .operands = call->types,
        .operand_count = count,
        .attrs = call->attrs,
        .origin = graph->at,
    };
    return true;
}

static size_t count_results(const yg_infer *call) {
    return call->op->result_count ? call->op->result_count(call) : yg_op_result_count(call->op);
}

static size_t finish_call(yg_graph *graph, const pending *call, yg_node *results, size_t room) {
    const yg_op *op = call->asked.op;
    const size_t count = count_results(&call->asked);
    if (count > room) {
        yg_graph_fail(graph, YG_ERROR_ARGUMENT,
                      room == 1 ? "%s has %zu results here, not one"
                                : "%s has %zu results here, more than the caller has room for",
                      op->name, count);
        return 0;
    }
    if (!yg_op_is_composite(op))
        return add_primitive(graph, &call->asked, call->operands, results);
    const size_t made = op->compose(graph, &call->asked, call->operands, results);
    if (made != count && !graph->error.code)
        yg_graph_fail(graph, YG_ERROR_INTERNAL, "%s makes %zu results and announces %zu", op->name,
                      made, count);
    return graph->error.code ? 0 : made;
}

size_t yg_apply_all(yg_graph *graph, const yg_op *op, const yg_node *operands, size_t count,
                    const yg_attr *attrs, yg_node *results, size_t room) {
    pending call;
    size_t made = 0;
    if (begin_call(graph, op, operands, count, attrs, &call))
        made = finish_call(graph, &call, results, room);
    free(call.many);
    return made;
}

size_t yg_result_count(yg_graph *graph, const yg_op *op, const yg_node *operands, size_t count,
                       const yg_attr *attrs) {
    if (graph->error.code)
        return 0;
    if (!op->result_count)
        return yg_op_result_count(op);
    pending call;
    size_t results = 0;
    if (begin_call(graph, op, operands, count, attrs, &call))
        results = count_results(&call.asked);
    free(call.many);
    return results;
}

yg_node yg_apply(yg_graph *graph, const yg_op *op, const yg_node *operands, size_t count,
                 const yg_attr *attrs) {
    yg_node result;
    return yg_apply_all(graph, op, operands, count, attrs, &result, 1) ? result : YG_NONE;
}

yg_node yg_call(yg_graph *graph, const char *name, const yg_node *operands, size_t count) {
    if (graph->error.code)
        return YG_NONE;
    const yg_op *op = yg_op_find(graph->ops, name);
    if (op)
        return yg_apply(graph, op, operands, count, NULL);
    const char **names = malloc(graph->ops->count * sizeof *names);
    if (!names) {
        yg_fail_memory(&graph->error);
        return YG_NONE;
    }
    for (size_t i = 0; i < graph->ops->count; i++)
        names[i] = graph->ops->ops[i]->name;
    char hint[400];
    yg_graph_fail(graph, YG_ERROR_NAME, "there is no operator '%s'%s", name,
                  yg_suggest(name, names, graph->ops->count, hint, sizeof hint));
    free(names);
    return YG_NONE;
}
