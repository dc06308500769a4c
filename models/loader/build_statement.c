/*
 * Builds one statement of the expanded model.
 */
#include "builder.h"
#include "call.h"
#include "expression_value.h"
#include "gradient.h"
#include "requirement.h"
#include "scan_build.h"

#include <stdio.h>
#include <string.h>

bool yg_blame(const yg_frame *frame, yg_error *error) {
    for (; frame && error && error->code != YG_OK && error->code != YG_ERROR_MEMORY;
         frame = frame->outer) {
        const size_t used = strlen(error->message);
        if (error->line > 0)
            snprintf(error->message + used, sizeof error->message - used,
                     "\n  in layer type '%s' (%s:%d:%d)", frame->type, error->file,
                     (int)error->line, (int)error->column);
        error->line = frame->origin.line;
        error->column = frame->origin.column;
        snprintf(error->file, sizeof error->file, "%s", frame->origin.file);
    }
    return false;
}

static bool build_scan(yg_builder *builder, const yg_flat_statement *statement) {
    const yg_flat_scan *scan = statement->scan;
    yg_scan_building body;
    bool good = yg_scan_open(builder, scan, statement->origin, &body);
    for (size_t i = 0; good && i < scan->statement_count; i++) {
        good = yg_build_statement(&body.inner, &scan->statements[i]);
        /* A body cannot tell the layers around the scan, which are blamed by the caller. */
        for (const yg_frame *frame = scan->statements[i].frame;
             !good && frame && frame != statement->frame; frame = frame->outer) {
            const yg_frame one = {.type = frame->type, .origin = frame->origin};
            yg_blame(&one, builder->error);
        }
    }
    good = good && yg_scan_close(&body, statement->names, statement->name_count);
    yg_scan_drop(&body);
    return good;
}

bool yg_build_statement(yg_builder *builder, const yg_flat_statement *statement) {
    builder->inner = statement->frame != NULL;
    builder->place = statement->place;
    if (statement->scan)
        return build_scan(builder, statement);
    if (statement->required)
        return yg_check_requirement(builder, statement->required, statement->origin);
    yg_term *results;
    size_t count;
    char found[200];
    if (!yg_expression_values(builder, statement->value, &results, &count))
        return false;
    if (count != statement->name_count)
        return yg_fail(builder->error, YG_ERROR_ARGUMENT, statement->origin,
                       "the expression gives %zu result%s, %zu name%s found", count,
                       count == 1 ? "" : "s", statement->name_count,
                       statement->name_count == 1 ? "" : "s");
    for (size_t i = 0; i < count; i++) {
        const yg_term *term = &results[i];
        const char *name = statement->names[i];
        yg_list_shape ignored;
        if (term->kind == YG_TERM_LIST &&
            !yg_list_read_shape(builder->graph, term, statement->value->origin, &ignored,
                                builder->error))
            return false;
        if (term->kind == YG_TERM_TEXT || term->kind == YG_TERM_NULL || term->kind > YG_TERM_TENSOR)
            return yg_fail(builder->error, YG_ERROR_ARGUMENT, statement->value->origin,
                           "node '%s': a tensor is expected, found %s", name,
                           yg_term_describe(builder->graph, term, found, sizeof found));
        if (!yg_keep_apart(builder, name, &results[i]) || !yg_builder_add(builder, name, *term))
            return false;
        if (term->kind == YG_TERM_TENSOR)
            yg_node_set_name(builder->graph, term->node, name);
    }
    return true;
}

bool yg_build_update(yg_builder *builder, const yg_flat_param *state, const yg_flat_update *update,
                     yg_node *node) {
    builder->inner = update->frame != NULL;
    builder->place = update->place;
    const yg_builder *outermost = builder; /* a state is no part of a scan's body */
    while (outermost->outer)
        outermost = outermost->outer;
    const yg_term *leaf = yg_builder_find(outermost, state->name);
    const yg_type *type = yg_node_type(outermost->graph, leaf->node);
    char found[200], wanted[YG_TYPE_TEXT];
    yg_term term;
    if (!yg_expression_value(builder, update->value, &term))
        return false;
    const bool number = term.kind == YG_TERM_INT || term.kind == YG_TERM_BOOL ||
                        (term.kind == YG_TERM_FLOAT && yg_dtype_is_float(type->dtype));
    if (number || term.kind == YG_TERM_LIST || term.kind == YG_TERM_TENSOR) {
        const yg_number_types types = {
            type->dtype, yg_dtype_is_float(type->dtype) ? type->dtype : builder->dtype};
        yg_builder_at(builder, update->origin);
        if (!yg_term_to_node(builder, &term, types, update->origin, node))
            return false;
        if (yg_type_equal(yg_node_type(builder->graph, *node), type))
            return true;
        term = (yg_term){.kind = YG_TERM_TENSOR, .node = *node};
    }
    return yg_fail(builder->error, YG_ERROR_SHAPE, update->origin,
                   "`update`: state '%s' is %s, its new value is %s", state->name,
                   yg_type_text(type, wanted),
                   yg_term_describe(builder->graph, &term, found, sizeof found));
}
