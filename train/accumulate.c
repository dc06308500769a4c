/*
 * Steps over several batches: see accumulate.h.
 */
#include "accumulate.h"

#include "../ops/build.h"
#include "optimizer_update.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char prefix[] = "@gradient.";

bool yg_is_gradient_sum(const char *name) {
    return strncmp(name, prefix, sizeof prefix - 1) == 0;
}

/* Appends the sum of one parameter's gradients. */
static bool add_one(yg_graph *graph, yg_node parameter, const yg_accumulate_inputs *inputs,
                    yg_node first, yg_node *gradient, yg_node *state, yg_optimizer_graph *out,
                    yg_error *error) {
    const yg_type *type = yg_node_type(graph, *gradient);
    const char *parameter_name = yg_node_name(graph, parameter);
    const size_t size = sizeof prefix + strlen(parameter_name);
    char *name = malloc(size);
    if (!name)
        return yg_fail_memory(error);
    snprintf(name, size, "%s%s", prefix, parameter_name);
    const yg_node weight = yg_cast(graph, inputs->weight, type->dtype);
    *state = yg_parameter(graph, name, type);
    const yg_node part = yg_multiply(graph, weight, *gradient);
    /* The old sum may hold anything, NaN too, when a step begins. */
    *gradient = yg_where(graph, first, part, yg_add(graph, *state, part));
    out->states[out->state_count++] = (yg_optimizer_state){*state, name};
    return true;
}

bool yg_accumulate_build(yg_batch_role role, yg_graph *graph, const yg_node *parameters,
                         yg_node *gradients, const bool *frozen, size_t count,
                         yg_optimizer_graph *out, yg_accumulate_inputs *inputs, yg_error *error) {
    const yg_type scalar = yg_type_scalar(YG_F64);
    if (!yg_optimizer_graph_grow(out, count, error))
        return false;
    inputs->first = yg_input(graph, "train.first", &scalar);
    inputs->weight = yg_input(graph, "train.weight", &scalar);
    const yg_node first = yg_greater(graph, inputs->first, yg_scalar(graph, YG_F64, 0));
    for (size_t i = 0; i < count; i++) {
        yg_node state = YG_NONE;
        if (gradients[i] == YG_NONE)
            continue;
        if (!add_one(graph, parameters[i], inputs, first, &gradients[i], &state, out, error))
            return false;
        if (role == YG_BATCH_PART && !frozen[i])
            out->updates[out->update_count++] = (yg_update){state, gradients[i]};
    }
    return !yg_graph_error(graph) || yg_fail_as(error, yg_graph_error(graph));
}
