/*
 * cross_entropy: for each row of logits z with the class c, -w_c · log softmax(z)_c; for a row with
 * target probabilities t, -sum_c w_c·t_c · log softmax(z)_c. The losses of the rows are reduced.
 *
 * Shapes: logits [..., C] with the classes in the last dimension (attribute dim; PyTorch's
 * [N, C, ...] layout is dim=1); target [...] of i32 or i64, or [..., C] of floats; weight [C].
 *
 * A composite: see class_loss.h for the formula with smoothing, weights and ignored rows. The
 * derivative of a row by its logits is softmax(z) - one_hot(c).
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
        .label_smoothing = call->attrs[2].f,
        .dim = call->attrs[3].i,
        .scores = (yg_scores)call->attrs[4].i,
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

static const char *const predictions[] = {
    [YG_LOGITS] = "logits", [YG_PROBABILITIES] = "probability", NULL};

static const yg_attr_spec attrs[] = {
    YG_REDUCTION_ATTR,
    YG_IGNORE_INDEX_ATTR,
    {
        .name = "label_smoothing",
        .kind = YG_ATTR_FLOAT,
        .min = 0,
        .max = 1,
        .doc = "how much of the target is spread evenly over all classes",
    },
    {
        .name = "dim",
        .kind = YG_ATTR_INT,
        .fallback = {.i = -1},
        .doc = "the dimension of the classes",
    },
    {
        .name = "prediction",
        .kind = YG_ATTR_CHOICE,
        .choices = predictions,
        .doc = "what the first operand holds: logits, or probability, such as softmax makes",
    },
};

/* reduction, ignore_index, label_smoothing, dim, prediction */
static const yg_attr
    sum[] = {{.i = YG_REDUCTION_SUM}, {.i = -100}, {.f = 0}, {.i = -1}, {.i = 0}},
    none[] = {{.i = YG_REDUCTION_NONE}, {.i = 2}, {.f = 0}, {.i = -1}, {.i = 0}},
    smoothed[] = {{.i = YG_REDUCTION_MEAN}, {.i = 2}, {.f = 0.1}, {.i = -1}, {.i = 0}},
    batchmean[] = {{.i = YG_REDUCTION_BATCHMEAN}, {.i = 1}, {.f = 0}, {.i = -1}, {.i = 0}},
    first[] = {{.i = YG_REDUCTION_MEAN}, {.i = -100}, {.f = 0.2}, {.i = 1}, {.i = 0}},
    probability[] = {{.i = YG_REDUCTION_MEAN}, {.i = 3}, {.f = 0}, {.i = -1}, {.i = 1}},
    smooth_probability[] = {{.i = YG_REDUCTION_SUM}, {.i = -100}, {.f = 0.3}, {.i = -1}, {.i = 1}};

static const yg_sample samples[] = {
    {.operands = {"f[4, 5]", "i[4]"}},
    {.operands = {"f[4, 5]", "i[4]"}, .attrs = sum},
    {.operands = {"f[4, 3, 5]", "i[4, 3]"}, .attrs = none},
    {.operands = {"f[4, 3, 5]", "i[4, 3]"}, .attrs = batchmean},
    {.operands = {"f[8, 5]", "i[8]", "f[5]"}, .attrs = smoothed},
    {.operands = {"f[8, 5]", "i[8]", "f[5]"}, .attrs = none},
    {.operands = {"f[4, 5]", "f[4, 5]"}},
    {.operands = {"f[2, 5, 3]", "f[2, 5, 3]", "f[5]"}, .attrs = first},
    {.operands = {"f[2, 5, 3]", "i[2, 3]"}, .attrs = first},
    {.operands = {"f[6, 5]", "i[6]"}, .attrs = probability},
    {.operands = {"f[6, 5]", "f[6, 5]"}, .attrs = smooth_probability},
    {.operands = {"f[5]", "i[]"}},
    {.operands = {"f[0, 5]", "i[0]"}, .attrs = sum},
};

const yg_op yg_op_cross_entropy = {
    .name = "cross_entropy",
    .formula = "l = -w_c · log softmax(z)_c",
    .doc = "Cross-entropy of logits with class indices (i32, i64) or probabilities (float). The "
           "classes are the last dimension unless dim says otherwise (PyTorch: dim=1). The mean "
           "divides by the weights of the rows that count and is NaN if none does. The first "
           "operand is logits, or softmax(z) itself, which is never normalised twice: the loss is "
           "that of z. Other probabilities need prediction=probability.",
    .group = "loss",
    .min_operands = 2,
    .max_operands = 3,
    .operand_names = {"logits", "target", "weight"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .compose = compose,
    .reference = reference,
    .domain = {{0.2, 3}, YG_CLASS_DOMAIN, {0.5, 2}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
