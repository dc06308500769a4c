/*
 * The results of a network: see build_results.h.
 */
#include "build_results.h"

#include "build_metrics.h"
#include "expectations.h"
#include "expression_value.h"
#include "units.h"

static bool build_named(yg_builder *builder, const yg_output_spec *specs, size_t count,
                        yg_tensor_name **list, size_t *list_count) {
    *list = yg_pool_take(builder->pool, (count + 1) * sizeof **list);
    if (!*list)
        return yg_fail_memory(builder->error);
    for (size_t i = 0; i < count; i++) {
        yg_tensor_name *tensor = &(*list)[i];
        *tensor = (yg_tensor_name){
            .name = specs[i].name, .units = specs[i].units, .origin = specs[i].origin};
        if (!yg_expression_node(builder, specs[i].value, specs[i].name, &tensor->node))
            return false;
    }
    *list_count = count;
    return true;
}

static bool build_loss(yg_builder *builder, yg_network *network, const yg_expression *loss) {
    char found[YG_TYPE_TEXT];
    if (!loss)
        return true;
    if (!yg_expression_node(builder, loss, "`loss`", &network->loss))
        return false;
    const yg_type *type = yg_node_type(builder->graph, network->loss);
    return (type->rank == 0 && yg_dtype_is_float(type->dtype)) ||
           yg_fail(builder->error, YG_ERROR_SHAPE, loss->origin,
                   "`loss`: one number of a float type is expected, found %s%s",
                   yg_type_text(type, found),
                   type->rank != 0 ? "; mean(…) or sum(…) makes one of many" : "");
}

/* Builds what states become. Only a network for training needs it. */
static bool build_updates(yg_builder *builder, const yg_flat *flat, yg_network *network) {
    if (!builder->training)
        return true;
    network->updates =
        yg_pool_take(builder->pool, (flat->update_count + 1) * sizeof *network->updates);
    if (!network->updates)
        return yg_fail_memory(builder->error);
    for (size_t i = 0; i < flat->update_count; i++) {
        const yg_flat_update *update = &flat->updates[i];
        const yg_flat_param *state = &flat->params[update->param];
        yg_network_update *built = &network->updates[network->update_count++];
        built->state = yg_builder_find(builder, state->name)->node;
        if (!yg_build_update(builder, state, update, &built->value))
            return yg_blame(update->frame, builder->error);
    }
    builder->inner = false;
    return true;
}

bool yg_build_results(yg_builder *builder, const yg_model *model, const yg_flat *flat,
                      yg_network *network, bool outputs_only) {
    builder->inner = false;
    if (!build_named(builder, flat->outputs, model->body.output_count, &network->outputs,
                     &network->output_count) ||
        !yg_check_units(network, model, builder->error))
        return false;
    network->forward_end = (yg_node)yg_graph_size(network->graph);
    return outputs_only ||
           (build_updates(builder, flat, network) && build_loss(builder, network, flat->loss) &&
            yg_build_metrics(builder, network, model, flat) &&
            yg_check_expectations(builder, model, flat, network));
}
