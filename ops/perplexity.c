/*
 * perplexity: e to the cross-entropy of logits with classes.
 *
 * Operands are logits and target, as of cross_entropy: see class_loss.h. The result is a scalar. A
 * composite.
 */
#include "build.h"
#include "class_index.h"
#include "class_loss.h"
#include "loss.h"
#include "registry.h"

#include <math.h>

static yg_class_options read_options(const yg_infer *call) {
    return (yg_class_options){
        .reduction = YG_REDUCTION_MEAN,
        .ignore_index = call->attrs[0].i,
        .dim = call->attrs[1].i,
        .scores = YG_LOGITS,
    };
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    const yg_class_options options = read_options(call);
    const yg_node loss = yg_class_loss(graph, call, operands, &options);
    results[0] = loss == YG_NONE ? YG_NONE : yg_exp(graph, loss);
    return results[0] != YG_NONE;
}

/* The reference of the loss reads the reduction from attribute 0. */
static double reference(const yg_reference *r, const int64_t *index) {
    const yg_class_options options = read_options(r->call);
    return exp(yg_class_loss_reference(r, index, &options));
}

static const yg_attr_spec attrs[] = {
    YG_IGNORE_INDEX_ATTR,
    {.name = "dim",
     .kind = YG_ATTR_INT,
     .fallback = {.i = -1},
     .doc = "the dimension of the classes"},
};

static const yg_attr ignores[] = {{.i = 2}, {.i = -1}}, first[] = {{.i = -100}, {.i = 1}};

static const yg_sample samples[] = {
    {.operands = {"f[4, 5]", "i[4]"}},
    {.operands = {"f[8, 5]", "i[8]"}, .attrs = ignores},
    {.operands = {"f[2, 5, 3]", "i[2, 3]"}, .attrs = first},
    {.operands = {"f[4, 5]", "f[4, 5]"}},
};

const yg_op yg_op_perplexity = {
    .name = "perplexity",
    .formula = "y = exp(mean(-log softmax(z)_c))",
    .doc = "The exponential of the mean cross-entropy: a model that chooses among n equally likely "
           "classes has perplexity n.",
    .group = "metric",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"logits", "target"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .compose = compose,
    .reference = reference,
    .domain = {{-2, 2}, YG_CLASS_DOMAIN},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
