/*
 * Checks `expect:` of a model against a network.
 */
#include "expectations.h"

#include "expression_value.h"

#include <string.h>

static bool check_parameters(yg_builder *builder, const yg_value *expected, const yg_flat *flat) {
    int64_t count;
    if (!expected)
        return true;
    return (flat->expected_parameters
                ? yg_expression_int(builder, flat->expected_parameters, "`parameters`", 0, &count)
                : yg_value_int(expected, "`parameters`", 0, INT64_MAX, &count, builder->error)) &&
           (count == flat->elements ||
            yg_fail(builder->error, YG_ERROR_ARGUMENT, expected->origin,
                    "`expect`: %lld parameters are expected, the model has %lld", (long long)count,
                    (long long)flat->elements));
}

/* The value of a name: a node or a parameter, or else an output. */
static bool find_term(yg_builder *builder, const yg_network *network,
                      const yg_shape_expectation *expected, yg_term *term) {
    const yg_term *found = yg_builder_read(builder, expected->name);
    if (found) {
        *term = *found;
        return true;
    }
    for (size_t i = 0; i < network->output_count; i++) {
        if (strcmp(network->outputs[i].name, expected->name) == 0) {
            *term = (yg_term){.kind = YG_TERM_TENSOR, .node = network->outputs[i].node};
            return true;
        }
    }
    return false;
}

static bool check_shape(yg_builder *builder, const yg_network *network,
                        const yg_shape_expectation *expected) {
    yg_term term;
    char text[200], wanted_text[YG_TYPE_TEXT], found_text[YG_TYPE_TEXT];
    if (!find_term(builder, network, expected, &term))
        return true; /* a node that was dropped because nothing needs it; expansion knew its name */
    if (term.kind != YG_TERM_TENSOR)
        return yg_fail(builder->error, YG_ERROR_SHAPE, expected->origin,
                       "`expect`: '%s' is %s, which has no shape", expected->name,
                       yg_term_describe(builder->graph, &term, text, sizeof text));
    yg_type wanted = {.rank = (int32_t)expected->shape.count};
    for (size_t d = 0; d < expected->shape.count; d++)
        if (!yg_expression_int(builder, expected->shape.dims[d], "`expect`", 0, &wanted.shape[d]))
            return false;
    const yg_type *found = yg_node_type(builder->graph, term.node);
    return yg_shape_equal(&wanted, found) ||
           yg_fail(builder->error, YG_ERROR_SHAPE, expected->origin,
                   "`expect`: '%s' has the shape %s, expected is %s", expected->name,
                   yg_shape_text(found, found_text), yg_shape_text(&wanted, wanted_text));
}

bool yg_check_expectations(yg_builder *builder, const yg_model *model, const yg_flat *flat,
                           const yg_network *network) {
    if (!check_parameters(builder, model->expected_parameters, flat))
        return false;
    for (size_t i = 0; i < model->expected_shape_count; i++)
        if (!check_shape(builder, network, &flat->shapes[i]))
            return false;
    return true;
}
