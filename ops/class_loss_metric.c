/*
 * Functions of the mean cross-entropy: see class_loss_metric.h.
 */
#include "class_loss_metric.h"

#include "class_index.h"
#include "class_loss.h"
#include "loss.h"

static yg_class_options read_options(const yg_infer *call) {
    return (yg_class_options){
        .reduction = YG_REDUCTION_MEAN,
        .ignore_index = call->attrs[0].i,
        .dim = call->attrs[1].i,
        .scores = YG_LOGITS,
    };
}

yg_node yg_class_loss_mean(yg_graph *graph, const yg_infer *call, const yg_node *operands) {
    const yg_class_options options = read_options(call);
    return yg_class_loss(graph, call, operands, &options);
}

/* The reference of the loss reads the reduction from attribute 0. */
double yg_class_loss_mean_reference(const yg_reference *r, const int64_t *index) {
    const yg_class_options options = read_options(r->call);
    return yg_class_loss_reference(r, index, &options);
}

const yg_attr_spec yg_class_loss_metric_attrs[YG_CLASS_LOSS_METRIC_ATTRS] = {
    YG_IGNORE_INDEX_ATTR,
    {.name = "dim",
     .kind = YG_ATTR_INT,
     .fallback = {.i = -1},
     .doc = "the dimension of the classes"},
};

static const yg_attr ignores[] = {{.i = 2}, {.i = -1}}, first[] = {{.i = -100}, {.i = 1}};

const yg_sample yg_class_loss_metric_samples[YG_CLASS_LOSS_METRIC_SAMPLES] = {
    {.operands = {"f[4, 5]", "i[4]"}},
    {.operands = {"f[8, 5]", "i[8]"}, .attrs = ignores},
    {.operands = {"f[2, 5, 3]", "i[2, 3]"}, .attrs = first},
    {.operands = {"f[4, 5]", "f[4, 5]"}},
};
