/*
 * Random loss: see random_loss.h.
 */
#include "random_loss.h"

#include "../graph/random.h"
#include "../ops/build.h"

#include <stdlib.h>

bool yg_random_loss_build(yg_network *network, yg_random_loss *random, yg_node *loss,
                          yg_error *error) {
    yg_graph *graph = yg_network_graph(network);
    size_t outputs;
    const yg_tensor_name *output = yg_network_outputs(network, &outputs);
    *loss = YG_NONE;
    random->factors = calloc(outputs + 1, sizeof *random->factors);
    if (!random->factors)
        return yg_fail_memory(error);
    for (size_t i = 0; i < outputs; i++) {
        const yg_type type = *yg_node_type(graph, output[i].node);
        if (!yg_dtype_is_float(type.dtype))
            continue;
        yg_graph_at(graph, output[i].origin);
        const yg_node factor = yg_input(graph, output[i].name, &type);
        const yg_node term =
            yg_sum(graph, yg_multiply(graph, output[i].node, factor), NULL, 0, false);
        *loss = *loss == YG_NONE ? term : yg_add(graph, *loss, term);
        random->factors[random->count++] = factor;
    }
    if (!random->count)
        *loss = yg_scalar(graph, YG_F64, 0);
    return *loss != YG_NONE || yg_fail_as(error, yg_graph_error(graph));
}

void yg_random_loss_fill(const yg_random_loss *random, const yg_graph *graph, yg_program *program) {
    for (size_t k = 0; k < random->count; k++) {
        const yg_type *type = yg_node_type(graph, random->factors[k]);
        void *data = yg_program_data(program, random->factors[k]);
        const uint64_t stream = yg_random_key(yg_node_name(graph, random->factors[k]));
        for (int64_t i = 0; data && i < yg_type_count(type); i++)
            yg_element_set(type->dtype, data, i, yg_random_normal(0, stream, (uint64_t)i));
    }
}

void yg_random_loss_free(yg_random_loss *random) {
    free(random->factors);
}
