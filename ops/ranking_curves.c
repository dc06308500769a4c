/*
 * ranking_curves: the curves of ranking.h, of each column.
 *
 * Operands truth, weight and score are floats [N, C]; each column is sorted by score, the largest
 * first. Two results [points, C], at the places 0 … 1 in even steps:
 *
 *   0  the ROC curve: the true positive rate by the false positive rate, in straight lines between
 *      the points of the ranking. Where several are above each other, it is the highest.
 *   1  the precision where a recall is first reached; 1 at recall 0
 *
 * NaN without positive examples, for the ROC curve also without negative ones, and where a score is
 * NaN. The kernel goes down each column twice.
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
                           "ranking_curves: three equal types [N, C] are expected");
    results[YG_CURVE_ROC] = results[YG_CURVE_PRECISION] =
        (yg_type){.dtype = type->dtype, .rank = 2, .shape = {call->attrs[0].i, type->shape[1]}};
    return true;
}

static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    plan->scratch_bytes = 2 * results[0].shape[0] * (int64_t)sizeof(double);
    plan->flops = 8.0 * (double)yg_type_count(&call->operands[SCORE]);
}

/* One step down a ranking: from the rates before to those after examples of equal score. */
typedef struct step {
    double misses_before, hits_before, misses, hits, precision;
} step;

/* Where the two curves of a column are filled. */
typedef struct filling {
    double *roc, *precision; /* [points] */
    int64_t points, roc_done, precision_done;
} filling;

static double place(const filling *f, int64_t i) {
    return (double)i / (double)(f->points - 1);
}

static void fill(filling *f, const step *s) {
    for (; f->roc_done < f->points && place(f, f->roc_done) < s->misses; f->roc_done++) {
        const double part =
            (place(f, f->roc_done) - s->misses_before) / (s->misses - s->misses_before);
        f->roc[f->roc_done] = s->hits_before + (s->hits - s->hits_before) * part;
    }
    for (; f->precision_done < f->points && place(f, f->precision_done) <= s->hits;
         f->precision_done++)
        f->precision[f->precision_done] = f->precision_done ? s->precision : 1;
}

#define CURVES_KERNEL(function, type)                                                              \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        const type *truth = call->in[TRUTH], *weight = call->in[WEIGHT], *score = call->in[SCORE]; \
        const int64_t rows = call->in_types[SCORE]->shape[0];                                      \
        const int64_t columns = call->in_types[SCORE]->shape[1];                                   \
        type *const outs[] = {call->outs[YG_CURVE_ROC], call->outs[YG_CURVE_PRECISION]};           \
        const int64_t points = call->attrs[0].i;                                                   \
        double *const memory = call->scratch;                                                      \
        (void)error;                                                                               \
        for (int64_t c = 0; c < columns; c++) {                                                    \
            double all_hits = 0, all_misses = 0, hits = 0, misses = 0;                             \
            filling f = {memory, memory + points, points, 0, 0};                                   \
            bool known = true;                                                                     \
            for (int64_t i = 0; i < rows; i++) {                                                   \
                const double w = (double)weight[i * columns + c];                                  \
                all_hits += w * (double)truth[i * columns + c];                                    \
                all_misses += w * (1 - (double)truth[i * columns + c]);                            \
                known = known && !isnan(score[i * columns + c]);                                   \
            }                                                                                      \
            for (int64_t i = 0; i < rows && known;) {                                              \
                step s = {misses / all_misses, hits / all_hits, 0, 0, 0};                          \
                const type value = score[i * columns + c];                                         \
                do {                                                                               \
                    const double w = (double)weight[i * columns + c];                              \
                    hits += w * (double)truth[i * columns + c];                                    \
                    misses += w * (1 - (double)truth[i * columns + c]);                            \
                    i++;                                                                           \
                } while (i < rows && score[i * columns + c] == value);                             \
                s.misses = misses / all_misses;                                                    \
                s.hits = hits / all_hits;                                                          \
                s.precision = hits / (hits + misses);                                              \
                fill(&f, &s);                                                                      \
            }                                                                                      \
            const bool has_roc = known && all_hits > 0 && all_misses > 0;                          \
            const bool has_precision = known && all_hits > 0;                                      \
            for (int64_t k = 0; k < points; k++) {                                                 \
                if (outs[0])                                                                       \
                    outs[0][k * columns + c] = (type)(!has_roc         ? NAN                       \
                                                      : k < f.roc_done ? f.roc[k]                  \
                                                                       : 1);                       \
                if (outs[1])                                                                       \
                    outs[1][k * columns + c] =                                                     \
                        (type)(!has_precision         ? NAN                                        \
                               : k < f.precision_done ? f.precision[k]                             \
                                                      : all_hits / (all_hits + all_misses));       \
            }                                                                                      \
        }                                                                                          \
        return true;                                                                               \
    }
CURVES_KERNEL(curves_f32, float)
CURVES_KERNEL(curves_f64, double)

static double reference(const yg_reference *r, const int64_t *index) {
    yg_ranked examples[YG_RANKING_MOST];
    const int64_t rows = r->call->operands[SCORE].shape[0];
    for (int64_t i = 0; i < rows; i++) {
        const int64_t at[] = {i, index[1]};
        /* The kernel trusts the order and joins neighbours of equal score only, so here the place
         * in the column is the rank. */
        examples[i] = (yg_ranked){
            .score = -(double)i, .truth = yg_at(r, TRUTH, at), .weight = yg_at(r, WEIGHT, at)};
    }
    const double place = (double)index[0] / (double)(r->call->attrs[0].i - 1);
    return yg_ranking_height(examples, rows, (int)r->result, place);
}

static const yg_attr_spec attrs[] = {{.name = "points",
                                      .kind = YG_ATTR_INT,
                                      .fallback = {.i = 101},
                                      .min = 2,
                                      .max = 100001,
                                      .doc = "how many points a curve has"}};

static const yg_attr five[] = {{.i = 5}}, eleven[] = {{.i = 11}}, two[] = {{.i = 2}};

static const yg_sample samples[] = {
    {.operands = {"f[9, 2]", "f[9, 2]", "f[9, 2]"}, .attrs = five},
    {.operands = {"f[40, 3]", "f[40, 3]", "f[40, 3]"}, .attrs = eleven},
    {.operands = {"f[5, 1]", "f[5, 1]", "f[5, 1]"}, .attrs = two},
};

const yg_op yg_op_ranking_curves = {
    .name = "ranking_curves",
    .formula = "y0 = P(N), y1 = P/(P + N) by P",
    .doc = "Points of the ROC curve and of the precision-recall curve, of sorted columns.",
    .group = "metric",
    .min_operands = 3,
    .max_operands = 3,
    .operand_names = {"truth", "weight", "score"},
    .attrs = attrs,
    .attr_count = 1,
    .flags = YG_OP_INTERNAL | YG_OP_NON_DIFFERENTIABLE,
    .results = 2,
    .infer = infer,
    .kernel = {[YG_F32] = curves_f32, [YG_F64] = curves_f64},
    .plan = plan,
    .reference = reference,
    .domain = {{0.1, 0.9}, {0.5, 2}, {-2, 2}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
