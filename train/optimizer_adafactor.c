/*
 * adafactor: torch.optim.Adafactor. The mean of squares of a matrix is kept as one number for each
 * row and each column.
 *
 *   w = t^beta2_decay, and ρ = min(lr, 1 / √t)
 *   α = max(eps2, rms(parameter)) · ρ
 *   parameter = parameter · (1 - lr · weight_decay)
 *   g has two dimensions or more:
 *       r = (1 - w) · r + w · mean(g², last dimension)
 *       c = (1 - w) · c + w · mean(g², last dimension but one)
 *       v = r · c / max(mean(r, last dimension but one), eps1)
 *   else:
 *       v = (1 - w) · v + w · g²
 *   u = g / √max(v, eps1²)
 *   parameter = parameter - α / max(1, rms(u) / d) · u
 *
 * An eps1 of null is the machine epsilon of the parameter's type.
 */
#include "../ops/build.h"
#include "optimizer_update.h"

#include <float.h>
#include <math.h>

enum { BETA2_DECAY, EPS1, EPS2, D, WEIGHT_DECAY };

static const yg_option options[] = {
    [BETA2_DECAY] = {"beta2_decay", YG_OPTION_NUMBER, -0.8, -1e10, 0,
                     "the power of t that a new square counts with", .example = "-0.7"},
    [EPS1] = {"eps", YG_OPTION_LIST, (double)NAN, 0, 1e10,
              "the least root of the mean of squares (null: the type's machine epsilon), and the "
              "least size of a parameter",
              .nullable = true, .example = "[1e-30, 1e-3]"},
    [EPS2] = {NULL, YG_OPTION_NUMBER, 1e-3, 0, 1e10, NULL},
    [D] = {"d", YG_OPTION_NUMBER, 1, 1, 1e10, "the largest root mean square of a step, before lr",
           .example = "2"},
    [WEIGHT_DECAY] = {"weight_decay", YG_OPTION_NUMBER, 0, 0, 1e10,
                      "times lr, the part of a parameter that each step takes away",
                      .example = "0.01"},
};

static size_t states(const yg_optimizer *optimizer, const yg_type *parameter,
                     yg_state_spec states[YG_OPTIMIZER_STATES]) {
    const int rank = parameter->rank;
    (void)optimizer;
    if (rank < 2) {
        states[0] = yg_state_like("variance", parameter);
        return 1;
    }
    states[0] = yg_state_like("row_var", parameter);
    states[0].type.shape[rank - 1] = 1;
    states[1] = yg_state_like("col_var", parameter);
    states[1].type.shape[rank - 2] = 1;
    return 2;
}

/* The root mean square of a tensor: an f64 scalar. */
static yg_node rms(yg_graph *graph, yg_node x) {
    const yg_node sum = yg_sum(graph, yg_square(graph, x), NULL, 0, false);
    const double count = (double)yg_type_count(yg_node_type(graph, x));
    return yg_sqrt(graph, yg_scale(graph, yg_cast(graph, sum, YG_F64), 1 / fmax(1, count)));
}

/* The scalars of a step. `size` is f64, because a later scalar depends on it. */
typedef struct factors {
    yg_node fresh, old; /* w, and 1 - w, in the parameter's type */
    yg_node size;       /* α */
    yg_node kept;
} factors;

static factors make_factors(yg_update_call *call) {
    yg_graph *graph = call->graph;
    const double *o = call->optimizer->options;
    const yg_node t = yg_update_t(call);
    const yg_node w = yg_pow(graph, t, yg_scalar(graph, YG_F64, o[BETA2_DECAY]));
    const yg_node rate = yg_minimum(graph, yg_update_lr(call), yg_rsqrt(graph, t));
    const yg_node size =
        yg_maximum(graph, rms(graph, call->parameter), yg_scalar(graph, YG_F64, o[EPS2]));
    return (factors){
        .fresh = yg_update_factor(call, w),
        .old = yg_update_factor(call, yg_subtract(graph, yg_scalar(graph, YG_F64, 1), w)),
        .size = yg_multiply(graph, size, rate),
        .kept = yg_update_kept(call, o[WEIGHT_DECAY]),
    };
}

/* (1 - w) · state + w · x, which becomes state `k` */
static yg_node average(yg_update_call *call, const factors *factors, size_t k, yg_node x) {
    yg_graph *graph = call->graph;
    return call->new_state[k] = yg_add(graph, yg_multiply(graph, call->state[k], factors->old),
                                       yg_multiply(graph, x, factors->fresh));
}

/* What 1 / √max(v, eps1²) is made of. Of a matrix it is min(row · column, 1 / eps1), with a root
 * for each row and each column, but none for each element. */
typedef struct inverse_root {
    yg_node row;    /* or of all elements, if `column` is YG_NONE */
    yg_node column; /* YG_NONE: the parameter has fewer than two dimensions */
} inverse_root;

static inverse_root make_root(yg_update_call *call, const factors *factors, double eps) {
    yg_graph *graph = call->graph;
    const bool wide = yg_node_type(graph, call->parameter)->dtype == YG_F64;
    const int64_t last[1] = {-1}, before[1] = {-2};
    const yg_node square = yg_square(graph, call->gradient);
    if (yg_node_type(graph, call->parameter)->rank < 2) {
        const yg_node v = average(call, factors, 0, square);
        const yg_node bounded = yg_maximum(graph, v, yg_update_number(call, eps * eps));
        return (inverse_root){yg_rsqrt(graph, bounded), YG_NONE};
    }
    const yg_node row = average(call, factors, 0, yg_mean(graph, square, last, 1, true));
    const yg_node column = average(call, factors, 1, yg_mean(graph, square, before, 1, true));
    const yg_node mean =
        yg_maximum(graph, yg_mean(graph, row, before, 1, true), yg_update_number(call, eps));
    /* The root of a row of zeros must be finite: a rate of 0 times it would be NaN otherwise. */
    const yg_node least = yg_update_number(call, wide ? 1e-300 : 1e-36);
    return (inverse_root){
        yg_rsqrt(graph, yg_maximum(graph, yg_divide(graph, row, mean), least)),
        yg_rsqrt(graph, column),
    };
}

/* size · g / √max(v, eps1²); YG_NONE as size means 1. The rows are scaled before anything else. So
 * the step is computed twice, once for its rms and once to be taken, from other nodes: it would be
 * kept in memory otherwise, and moving it there and back takes longer. */
static yg_node make_step(const yg_update_call *call, inverse_root root, yg_node size, double eps) {
    yg_graph *graph = call->graph;
    const yg_node row = size == YG_NONE ? root.row : yg_multiply(graph, root.row, size);
    if (root.column == YG_NONE)
        return yg_multiply(graph, row, call->gradient);
    yg_node factor = yg_multiply(graph, row, root.column);
    if (eps > 0) {
        const yg_node most =
            size == YG_NONE ? yg_update_number(call, 1 / eps) : yg_scale(graph, size, 1 / eps);
        factor = yg_minimum(graph, factor, most);
    }
    return yg_multiply(graph, factor, call->gradient);
}

static yg_node update(yg_update_call *call) {
    yg_graph *graph = call->graph;
    const double *o = call->optimizer->options;
    const bool wide = yg_node_type(graph, call->parameter)->dtype == YG_F64;
    const double eps = isnan(o[EPS1]) ? (wide ? DBL_EPSILON : (double)FLT_EPSILON) : o[EPS1];
    const factors factors = make_factors(call);
    const inverse_root root = make_root(call, &factors, eps);
    const yg_node u = make_step(call, root, YG_NONE, eps);
    const yg_node large = yg_scale(graph, rms(graph, u), 1 / o[D]);
    const yg_node divisor = yg_maximum(graph, large, yg_scalar(graph, YG_F64, 1));
    const yg_node size = yg_update_factor(call, yg_divide(graph, factors.size, divisor));
    return yg_subtract(graph, yg_update_shrunk(call, factors.kept),
                       make_step(call, root, size, eps));
}

const yg_optimizer_update yg_update_adafactor = {
    .name = "adafactor",
    .doc = "adam in little memory: means of squares by rows and columns, and no momentum",
    .lr = 1e-2,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .states = states,
    .build = update,
};
