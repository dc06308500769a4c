/*
 * Operators as arguments of layers: `activation: leaky_relu(0.1)`.
 */
#include "../../graph/spelling.h"
#include "expander.h"

static bool unknown_op(const yg_expander *x, const yg_expression *written, const char *name,
                       const char *type) {
    size_t count;
    char hint[300];
    const char **known = yg_function_names(x, true, &count);
    return known &&
           yg_fail(x->error, YG_ERROR_NAME, written->origin,
                   "`%s` of layer type '%s': unknown operator '%s'%s", name, type, written->text,
                   yg_nearest(written->text, known, count)
                       ? yg_suggest(written->text, known, count, hint, sizeof hint)
                       : "; `yamlgrad ops` lists those that there are");
}

/* Evaluates a setting of the operator. That happens here, because the layer's body does not see the
 * names around the node. A word stays as it is; the operator reads it. */
static yg_expression *read_setting(yg_expander *x, const yg_scope *scope,
                                   const yg_expression *argument, const char *name,
                                   const char *op) {
    yg_term value;
    const bool text = argument->kind == YG_EXPRESSION_TEXT;
    if (text || (argument->kind == YG_EXPRESSION_NAME && !yg_scope_find(scope, argument->text) &&
                 !yg_constant_of_name(argument->text, &value)))
        return (yg_expression *)argument;
    if (!yg_expand_expression(x, scope, argument, &value))
        return NULL;
    bool constant = value.kind <= YG_TERM_LIST;
    for (size_t i = 0; value.kind == YG_TERM_LIST && i < value.count; i++)
        constant = constant && value.items[i].kind <= YG_TERM_LIST;
    if (!constant) {
        yg_fail(x->error, YG_ERROR_ARGUMENT, argument->origin,
                "`%s`: '%s' can be given constants only here", name, op);
        return NULL;
    }
    return (yg_expression *)yg_written(x, &value, argument->origin);
}

bool yg_read_function(yg_expander *x, const yg_scope *scope, const yg_expression *written,
                      const char *name, const char *type, yg_term *term) {
    const bool call = written->kind == YG_EXPRESSION_CALL && !written->infix;
    if (!call && written->kind != YG_EXPRESSION_NAME)
        return yg_fail(x->error, YG_ERROR_ARGUMENT, written->origin,
                       "`%s` of layer type '%s': an operator such as relu or leaky_relu(0.1) is "
                       "expected",
                       name, type);
    const yg_op *op = yg_op_find(x->model->ops, written->text);
    if (!yg_is_function(op))
        return unknown_op(x, written, name, type);
    if (op->min_operands != 1 || (op->flags & YG_OP_LIST) != 0)
        return yg_fail(x->error, YG_ERROR_ARGUMENT, written->origin,
                       "`%s` of layer type '%s': '%s' does not take one tensor", name, type,
                       op->name);
    yg_expression *function = yg_pool_take(x->pool, sizeof *function);
    yg_expression **children = yg_pool_take(x->pool, (written->count + 1) * sizeof *children);
    if (!function || !children)
        return yg_fail_memory(x->error);
    *function = *written;
    function->kind = YG_EXPRESSION_CALL;
    function->children = children;
    for (size_t i = 0; i < written->count; i++) {
        children[i] = read_setting(x, scope, written->children[i], name, op->name);
        if (!children[i])
            return false;
    }
    *term = (yg_term){.kind = YG_TERM_FUNCTION, .written = function};
    return true;
}
