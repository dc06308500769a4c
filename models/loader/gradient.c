/*
 * grad(y, x): see gradient.h. A gradient is nodes of the graph like any other, so it can stand in a
 * loss, and be differentiated again.
 *
 * The builder simplifies a node when it is added: log(softmax(z)) is built from z. If x is the
 * softmax, nothing would then depend on x. So the nodes that gradients are asked for are found in
 * the expanded model first, and are kept apart from what they are computed from (ops/anchor.c).
 */
#include "gradient.h"

#include "../../ops/build.h"
#include "call.h"

#include <string.h>

static bool is_gradient(const yg_expression *e) {
    return e->kind == YG_EXPRESSION_CALL && !e->infix && strcmp(e->text, "grad") == 0;
}

/* --------------------------------------------------------------------------------- building -- */

static bool need_float(const yg_builder *builder, const yg_expression *e, const char *what,
                       yg_node node) {
    char found[YG_TYPE_TEXT];
    const yg_type *type = yg_node_type(builder->graph, node);
    return yg_dtype_is_float(type->dtype) ||
           yg_fail(builder->error, YG_ERROR_DTYPE, e->origin,
                   "%s: a tensor of a float type is expected, found %s", what,
                   yg_type_text(type, found));
}

bool yg_build_gradient(yg_builder *builder, const yg_expression *call, yg_node y, yg_node x,
                       yg_term *term) {
    yg_graph *graph = builder->graph;
    yg_node gradient;
    if (!need_float(builder, call->children[0], "`y` of grad(y, x)", y) ||
        !need_float(builder, call->children[1], "`x` of grad(y, x)", x))
        return false;
    yg_builder_at(builder, call->origin);
    if (!builder->anchors) {
        gradient = yg_full(graph, yg_node_type(graph, x), 0);
    } else {
        const yg_node total = yg_sum(graph, y, NULL, 0, false);
        if (total == YG_NONE || !yg_grad(graph, total, YG_NONE, &x, 1, &gradient))
            return yg_fail_from_graph(builder, call->origin);
        if (gradient == YG_NONE)
            return yg_fail(builder->error, YG_ERROR_GRADIENT, call->origin,
                           "grad(y, x): y does not depend on '%s' by operators that have a "
                           "derivative",
                           call->children[1]->text);
    }
    *term = (yg_term){.kind = YG_TERM_TENSOR, .node = gradient};
    return gradient != YG_NONE || yg_fail_from_graph(builder, call->origin);
}

bool yg_keep_apart(const yg_builder *builder, const char *name, yg_term *term) {
    if (term->kind != YG_TERM_TENSOR || !builder->anchors ||
        yg_names_find(builder->anchors, name) == YG_NOT_FOUND)
        return true;
    const yg_op *op = yg_op_find(builder->ops, "anchor");
    if (op)
        term->node = yg_apply(builder->graph, op, &term->node, 1, NULL);
    return term->node != YG_NONE || yg_fail_from_graph(builder, YG_NOWHERE);
}

/* ---------------------------------------------------------------------------------- finding -- */

typedef struct search {
    yg_pool *pool;
    yg_names *anchors;
    bool failed;
} search;

/* Goes down the first children in a loop, because a chain of operators may have any length. */
static void search_expression(search *s, const yg_expression *e) {
    for (; e; e = e->count > 0 ? e->children[0] : NULL) {
        const char *name = is_gradient(e) ? e->children[1]->text : NULL;
        if (name && yg_names_find(s->anchors, name) == YG_NOT_FOUND &&
            !yg_names_add(s->anchors, s->pool, name))
            s->failed = true;
        for (size_t i = 1; i < e->count; i++)
            search_expression(s, e->children[i]);
    }
}

static void search_statements(search *s, const yg_flat_statement *statements, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const yg_flat_scan *scan = statements[i].scan;
        search_expression(s, statements[i].value);
        if (!scan)
            continue;
        search_statements(s, scan->statements, scan->statement_count);
        for (size_t k = 0; k < scan->carry_count; k++) {
            search_expression(s, scan->carries[k].start);
            search_expression(s, scan->carries[k].next);
        }
        for (size_t k = 0; k < scan->slice_count; k++)
            search_expression(s, scan->sequences[k]);
        for (size_t k = 0; k < scan->collected_count; k++)
            search_expression(s, scan->collected[k]);
    }
}

bool yg_find_anchors(yg_flat *flat, const yg_model *model, yg_pool *pool) {
    search s = {.pool = pool, .anchors = &flat->anchors};
    search_statements(&s, flat->statements, flat->statement_count);
    for (size_t i = 0; i < model->body.output_count; i++)
        search_expression(&s, flat->outputs[i].value);
    for (size_t i = 0; i < flat->metric_count; i++)
        search_expression(&s, flat->metrics[i].value);
    for (size_t i = 0; i < flat->update_count; i++)
        search_expression(&s, flat->updates[i].value);
    search_expression(&s, flat->loss);
    return !s.failed;
}
