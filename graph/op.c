/*
 * Functions that answer questions about an operator from its descriptor.
 */
#include "op.h"

#include "number.h"

#include <inttypes.h>
#include <string.h>

const yg_op *yg_op_find(const yg_op_set *set, const char *name) {
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->ops[i]->name, name) == 0)
            return set->ops[i];
    }
    return NULL;
}

bool yg_op_is_composite(const yg_op *op) {
    return op->compose && !op->infer && !(op->flags & YG_OP_ELEMENTWISE);
}

int yg_op_attr(const yg_op *op, const char *name) {
    for (size_t i = 0; i < op->attr_count; i++) {
        if (strcmp(op->attrs[i].name, name) == 0)
            return (int)i;
    }
    return -1;
}

void yg_op_defaults(const yg_op *op, yg_attr *attrs) {
    for (size_t i = 0; i < op->attr_count; i++)
        attrs[i] = op->attrs[i].fallback;
}

yg_op_plan yg_op_plan_of(const yg_infer *call, const yg_type *results, bool prepare) {
    yg_op_plan plan = {.units = 1,
                       .min_rows = 1,
                       .view = -1,
                       .flops = (double)yg_type_count(results),
                       .prepare = prepare};
    if (call->op->plan)
        call->op->plan(call, results, &plan);
    if (call->operand_count > YG_ROW_OPERANDS)
        plan.rows = 0;
    if (call->op->flags & YG_OP_EFFECTS) { /* one call a run, by one thread */
        plan.units = 1;
        plan.rows = 0;
        plan.parts = (yg_parts){0};
        plan.view = -1;
    }
    return plan;
}

void yg_op_plan_release(yg_op_plan *plan) {
    if (plan->prepared)
        plan->release(plan->prepared);
    plan->prepared = NULL;
}

static bool check_range(const yg_op *op, const yg_attr_spec *spec, double value, yg_origin origin,
                        yg_error *error) {
    if (spec->min == spec->max || (value >= spec->min && value <= spec->max))
        return true;
    const bool low = value < spec->min;
    char limit[YG_NUMBER_TEXT], found[YG_NUMBER_TEXT];
    return yg_fail(error, YG_ERROR_ARGUMENT, origin, "%s: %s is at %s %s, found %s", op->name,
                   spec->name, low ? "least" : "most",
                   yg_number_text(low ? spec->min : spec->max, limit),
                   yg_number_text(value, found));
}

static bool check_choice(const yg_op *op, const yg_attr_spec *spec, const yg_attr *attr,
                         yg_origin origin, yg_error *error) {
    for (int64_t i = 0; spec->choices && spec->choices[i]; i++) {
        if (i == attr->i)
            return true;
    }
    return yg_fail(error, YG_ERROR_ARGUMENT, origin, "%s: %s has no choice number %" PRId64,
                   op->name, spec->name, attr->i);
}

static bool check_list(const yg_op *op, const yg_attr_spec *spec, const yg_attr *attr,
                       yg_origin origin, yg_error *error) {
    const bool floats = spec->kind == YG_ATTR_FLOATS;
    if (attr->count < 0 || (attr->count > YG_MAX_RANK && (floats || !spec->any_count)))
        return yg_fail(error, YG_ERROR_ARGUMENT, origin, "%s: %s takes at most %d numbers",
                       op->name, spec->name, YG_MAX_RANK);
    for (int64_t i = 0; i < attr->count; i++) {
        const double entry = floats ? attr->floats[i] : (double)yg_attr_ints(attr)[i];
        if (!check_range(op, spec, entry, origin, error))
            return false;
    }
    return true;
}

static bool check_attr(const yg_op *op, const yg_attr_spec *spec, const yg_attr *attr,
                       yg_origin origin, yg_error *error) {
    switch (spec->kind) {
    case YG_ATTR_FLOAT:
        return check_range(op, spec, attr->f, origin, error);
    case YG_ATTR_INT:
        return check_range(op, spec, (double)attr->i, origin, error);
    case YG_ATTR_BOOL:
        return (attr->i == 0 || attr->i == 1) ||
               yg_fail(error, YG_ERROR_ARGUMENT, origin, "%s: %s is true or false, not %" PRId64,
                       op->name, spec->name, attr->i);
    case YG_ATTR_DTYPE:
        return (attr->i >= 0 && attr->i < YG_DTYPE_COUNT) ||
               yg_fail(error, YG_ERROR_ARGUMENT, origin, "%s: %s is no element type", op->name,
                       spec->name);
    case YG_ATTR_CHOICE:
        return check_choice(op, spec, attr, origin, error);
    case YG_ATTR_TEXT:
        return (attr->count >= 0 && (attr->text || attr->count == 0)) ||
               yg_fail(error, YG_ERROR_ARGUMENT, origin, "%s: %s is no text", op->name, spec->name);
    case YG_ATTR_INTS:
        return attr->is_word ? check_choice(op, spec, attr, origin, error)
                             : check_list(op, spec, attr, origin, error);
    case YG_ATTR_FLOATS:
        return check_list(op, spec, attr, origin, error);
    }
    return true;
}

bool yg_op_check_attrs(const yg_op *op, const yg_attr *attrs, yg_origin origin, yg_error *error) {
    for (size_t i = 0; i < op->attr_count; i++) {
        if (!check_attr(op, &op->attrs[i], &attrs[i], origin, error))
            return false;
    }
    return true;
}

double yg_at(const yg_reference *reference, size_t k, const int64_t *index) {
    int64_t strides[YG_MAX_RANK], offset = 0;
    const yg_type *type = &reference->call->operands[k];
    yg_type_strides(type, strides);
    for (int i = 0; i < type->rank; i++)
        offset += index[i] * strides[i];
    return reference->in[k][offset];
}
