/*
 * ranking_areas: the areas of ranking.h, of each column.
 *
 * Operands truth, weight and score are floats [N, C]; each column is sorted by score, the largest
 * first. Two results [C]: the area under the ROC curve, NaN without positive or without negative
 * examples; and the average precision, 0 without positive ones. A column with a NaN among its
 * scores has NaN. The kernel goes down each column once.
 */
#include "build.h"
#include "ranking.h"
#include "registry.h"

#include <math.h>

enum { TRUTH, WEIGHT, SCORE };

static bool infer(const yg_infer *call, yg_type *results, yg_error *error) {
    const yg_type *type = &call->operands[SCORE];
    for (size_t k = 0; k < 3; k++)
        if (type->rank != 2 || !yg_type_equal(&call->operands[k], type))
            return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                           "ranking_areas: three equal types [N, C] are expected");
    results[YG_AREA_ROC] = results[YG_AREA_PRECISION] =
        (yg_type){.dtype = type->dtype, .rank = 1, .shape = {type->shape[1]}};
    return true;
}

static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    plan->units = results[0].shape[0];
    plan->flops = 6.0 * (double)yg_type_count(&call->operands[SCORE]);
}

#define RANKING_KERNEL(function, type)                                                             \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        (void)error;                                                                               \
        const type *truth = call->in[TRUTH], *weight = call->in[WEIGHT], *score = call->in[SCORE]; \
        const int64_t rows = call->in_types[SCORE]->shape[0];                                      \
        const int64_t columns = call->in_types[SCORE]->shape[1];                                   \
        type *const roc = call->outs[YG_AREA_ROC], *const average = call->outs[YG_AREA_PRECISION]; \
        for (int64_t c = call->begin; c < call->end; c++) {                                        \
            double hits = 0, misses = 0, area = 0, precision = 0;                                  \
            bool known = true;                                                                     \
            for (int64_t i = 0; i < rows;) {                                                       \
                const type value = score[i * columns + c];                                         \
                const double hits_before = hits, misses_before = misses;                           \
                known = known && !isnan(value);                                                    \
                do {                                                                               \
                    const double w = (double)weight[i * columns + c];                              \
                    hits += w * (double)truth[i * columns + c];                                    \
                    misses += w * (1 - (double)truth[i * columns + c]);                            \
                    i++;                                                                           \
                } while (i < rows && score[i * columns + c] == value);                             \
                area += (misses - misses_before) * (hits + hits_before) / 2;                       \
                if (hits + misses > 0)                                                             \
                    precision += (hits - hits_before) * hits / (hits + misses);                    \
            }                                                                                      \
            if (roc)                                                                               \
                roc[c] = (type)(known ? area / (hits * misses) : NAN);                             \
            if (average)                                                                           \
                average[c] = (type)(!known ? NAN : hits == 0 ? 0 : precision / hits);              \
        }                                                                                          \
        return true;                                                                               \
    }
RANKING_KERNEL(ranking_f32, float)
RANKING_KERNEL(ranking_f64, double)

static double reference(const yg_reference *r, const int64_t *index) {
    yg_ranked examples[YG_RANKING_MOST];
    const int64_t rows = r->call->operands[SCORE].shape[0];
    bool known = true;
    for (int64_t i = 0; i < rows; i++) {
        const int64_t at[] = {i, index[0]};
        /* The kernel trusts the order and joins neighbours of equal score only, so here the place
         * in the column is the rank. */
        examples[i] = (yg_ranked){
            .score = -(double)i, .truth = yg_at(r, TRUTH, at), .weight = yg_at(r, WEIGHT, at)};
        known = known && !isnan(yg_at(r, SCORE, at));
    }
    return known ? yg_ranking_area(examples, rows, (int)r->result) : NAN;
}

static const yg_sample samples[] = {
    {.operands = {"f[9, 2]", "f[9, 2]", "f[9, 2]"}},
    {.operands = {"f[40, 3]", "f[40, 3]", "f[40, 3]"}},
    {.operands = {"f[5, 1]", "f[5, 1]", "f[5, 1]"}},
};

const yg_op yg_op_ranking_areas = {
    .name = "ranking_areas",
    .formula = "y0 = area under (N, P) / (N·P), y1 = Σ P/(P + N)·ΔP / P",
    .doc = "Areas under the ROC curve and the precision-recall curve, of sorted columns.",
    .group = "metric",
    .min_operands = 3,
    .max_operands = 3,
    .operand_names = {"truth", "weight", "score"},
    .flags = YG_OP_INTERNAL | YG_OP_NON_DIFFERENTIABLE,
    .results = 2,
    .infer = infer,
    .kernel = {[YG_F32] = ranking_f32, [YG_F64] = ranking_f64},
    .plan = plan,
    .reference = reference,
    .domain = {{0.1, 0.9}, {0.5, 2}, {-2, 2}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
