/*
 * nll: the negative log-likelihood -w_c · l_c of classes c under log-probabilities l, reduced.
 *
 * Shapes: log-probabilities [..., C] with the classes in the last dimension (attribute dim);
 * target [...] of i32 or i64, or probabilities [..., C]; weight [C].
 *
 * A composite: see class_loss.h. Of l = log_softmax(z) it is computed as cross_entropy(z).
 */
#include "build.h"
#include "class_index.h"
#include "class_loss.h"
#include "loss.h"
#include "registry.h"

static yg_class_options read_options(const yg_infer *call) {
    return (yg_class_options){
        .reduction = call->attrs[0].i,
        .ignore_index = call->attrs[1].i,
        .dim = call->attrs[2].i,
        .scores = YG_LOG_PROBABILITIES,
    };
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    const yg_class_options options = read_options(call);
    results[0] = yg_class_loss(graph, call, operands, &options);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_class_options options = read_options(r->call);
    return yg_class_loss_reference(r, index, &options);
}

static const yg_attr_spec attrs[] = {
    YG_REDUCTION_ATTR,
    YG_IGNORE_INDEX_ATTR,
    {
        .name = "dim",
        .kind = YG_ATTR_INT,
        .fallback = {.i = -1},
        .doc = "the dimension of the classes",
    },
};

static const yg_attr none[] = {{.i = YG_REDUCTION_NONE}, {.i = 2}, {.i = -1}},
                     batchmean[] = {{.i = YG_REDUCTION_BATCHMEAN}, {.i = 0}, {.i = 1}},
                     sum[] = {{.i = YG_REDUCTION_SUM}, {.i = 4}, {.i = -1}};

static const yg_sample samples[] = {
    {.operands = {"f[4, 5]", "i[4]"}},
    {.operands = {"f[4, 3, 5]", "i[4, 3]"}, .attrs = none},
    {.operands = {"f[4, 5, 3]", "i[4, 3]"}, .attrs = batchmean},
    {.operands = {"f[8, 5]", "i[8]", "f[5]"}},
    {.operands = {"f[4, 5]", "f[4, 5]"}},
    {.operands = {"f[5]", "i[]"}},
    {.operands = {"f[0, 5]", "i[0]"}, .attrs = sum},
};

const yg_op yg_op_nll = {
    .name = "nll",
    .formula = "l = -w_c · log p_c",
    .doc = "Negative log-likelihood of log-probabilities, such as log_softmax makes, with class "
           "indices (i32, i64) or probabilities (float). The mean divides by the weights of the "
           "rows that count.",
    .group = "loss",
    .min_operands = 2,
    .max_operands = 3,
    .operand_names = {"log_probability", "target", "weight"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .compose = compose,
    .reference = reference,
    .domain = {{-4, 0}, YG_CLASS_DOMAIN, {0.5, 2}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
