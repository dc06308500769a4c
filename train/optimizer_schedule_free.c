/*
 * schedule_free_sgd, schedule_free_adamw: Defazio et al., "The Road Less Scheduled", 2024.
 *
 * There are three sequences of weights: z takes the steps, x is the weighted mean of all z, and the
 * gradient is computed at y, which lies between the two. The parameter holds y. Evaluation and the
 * weights that are kept are x.
 *
 *   rate = lr · min(1, t / warmup_steps)
 *   g = gradient + weight_decay · y                                                      (sgd)
 *   v = β2 · v + (1 - β2) · gradient²
 *   g = gradient / (√(v / (1 - β2^t)) + eps) + weight_decay · y                          (adamw)
 *   z = z - rate · g
 *   w = t^r · (largest rate so far)^weight_lr_power, and c = w / (the sum of all w)
 *   x = (1 - c) · x + c · z
 *   y = (1 - β) · z + β · x,  where β is the momentum, or β1
 *
 * z and x begin with the parameter. As in adam, the root is multiplied by √(1 - β2^t).
 */
#include "../ops/build.h"
#include "optimizer_update.h"

/* The numbers of a list are neighbours, so sgd, which has no β2, has its options one place earlier:
 * see `option`. */
enum { BETA1, BETA2, WEIGHT_DECAY, WARMUP_STEPS, R, WEIGHT_LR_POWER, EPS };
enum { Z, X, WEIGHT_SUM, LR_MAX, EXP_AVG_SQ };

static const yg_option sgd_options[] = {
    {"momentum", YG_OPTION_NUMBER, 0.9, 0, 1,
     "how near to the mean of the weights the gradient is computed", .above = true, .below = true,
     .example = "0.95"},
    {"weight_decay", YG_OPTION_NUMBER, 0, 0, 1e10, "times the parameter, added to its gradient",
     .example = "1e-4"},
    {"warmup_steps", YG_OPTION_WHOLE, 0, 0, 1e15, "steps in which lr grows from 0",
     .example = "500"},
    {"r", YG_OPTION_NUMBER, 0, -1e10, 1e10, "the power of t in the weight of a step",
     .example = "1"},
    {"weight_lr_power", YG_OPTION_NUMBER, 2, -1e10, 1e10,
     "the power of the largest lr so far in the weight of a step", .example = "1"},
};

static const yg_option adamw_options[] = {
    [BETA1] = {"betas", YG_OPTION_LIST, 0.9, 0, 1,
               "how near to the mean of the weights the gradient is computed, and the decay of the "
               "mean of squares",
               .above = true, .below = true, .example = "[0.95, 0.999]"},
    [BETA2] = {NULL, YG_OPTION_NUMBER, 0.999, 0, 1, NULL, .below = true},
    [WEIGHT_DECAY] = {"weight_decay", YG_OPTION_NUMBER, 0, 0, 1e10,
                      "times the parameter, added to its step", .example = "1e-4"},
    [WARMUP_STEPS] = {"warmup_steps", YG_OPTION_WHOLE, 0, 0, 1e15, "steps in which lr grows from 0",
                      .example = "500"},
    [R] = {"r", YG_OPTION_NUMBER, 0, -1e10, 1e10, "the power of t in the weight of a step",
           .example = "1"},
    [WEIGHT_LR_POWER] = {"weight_lr_power", YG_OPTION_NUMBER, 2, -1e10, 1e10,
                         "the power of the largest lr so far in the weight of a step",
                         .example = "1"},
    [EPS] = {"eps", YG_OPTION_NUMBER, 1e-8, 0, 1e10, "added to the root, against a division by 0",
             .example = "1e-6"},
};

static bool is_adamw(const yg_optimizer *optimizer) {
    return optimizer->update == &yg_update_schedule_free_adamw;
}

/* The option of that number in adamw's list. */
static double option(const yg_optimizer *optimizer, size_t k) {
    return optimizer->options[k > BETA2 && !is_adamw(optimizer) ? k - 1 : k];
}

static size_t states(const yg_optimizer *optimizer, const yg_type *parameter,
                     yg_state_spec states[YG_OPTIMIZER_STATES]) {
    states[Z] = yg_state_like("z", parameter);
    states[X] = yg_state_like(YG_STATE_AVERAGE, parameter);
    states[WEIGHT_SUM] = (yg_state_spec){"weight_sum", yg_type_scalar(YG_F64), true};
    states[LR_MAX] = (yg_state_spec){"lr_max", yg_type_scalar(YG_F64), true};
    states[EXP_AVG_SQ] = yg_state_like("exp_avg_sq", parameter);
    return is_adamw(optimizer) ? 5 : 4;
}

/* The scalars of a step. */
typedef struct factors {
    yg_node first;
    yg_node size;       /* the rate; for adamw times √(1 - β2^t) */
    yg_node decay;      /* rate · weight_decay; YG_NONE: no decay */
    yg_node epsilon;    /* eps · √(1 - β2^t) */
    yg_node fresh, old; /* c, and 1 - c */
} factors;

static yg_node make_rate(yg_update_call *call) {
    yg_graph *graph = call->graph;
    const double warmup = option(call->optimizer, WARMUP_STEPS);
    const yg_node lr = yg_update_lr(call);
    if (warmup <= 0)
        return lr;
    const yg_node part = yg_divide(graph, yg_update_t(call), yg_scalar(graph, YG_F64, warmup));
    return yg_multiply(graph, lr, yg_minimum(graph, part, yg_scalar(graph, YG_F64, 1)));
}

/* c. While all rates are 0, so is the sum of the weights. */
static yg_node make_fresh(yg_update_call *call, yg_node rate) {
    yg_graph *graph = call->graph;
    const double r = option(call->optimizer, R), p = option(call->optimizer, WEIGHT_LR_POWER);
    const yg_node zero = yg_scalar(graph, YG_F64, 0), one = yg_scalar(graph, YG_F64, 1);
    const yg_node largest = yg_maximum(graph, call->state[LR_MAX], rate);
    const yg_node weight =
        yg_multiply(graph, yg_pow(graph, yg_update_t(call), yg_scalar(graph, YG_F64, r)),
                    yg_pow(graph, largest, yg_scalar(graph, YG_F64, p)));
    const yg_node sum = yg_add(graph, call->state[WEIGHT_SUM], weight);
    const yg_node counts = yg_greater(graph, sum, zero);
    call->new_state[LR_MAX] = largest;
    call->new_state[WEIGHT_SUM] = sum;
    return yg_where(graph, counts, yg_divide(graph, weight, yg_where(graph, counts, sum, one)),
                    zero);
}

static factors make_factors(yg_update_call *call) {
    yg_graph *graph = call->graph;
    const double decay = option(call->optimizer, WEIGHT_DECAY);
    const yg_node rate = make_rate(call), fresh = make_fresh(call, rate);
    factors made = {
        .first = yg_update_first(call),
        .size = rate,
        .decay = YG_NONE,
        .fresh = yg_update_factor(call, fresh),
        .old = yg_update_factor(call, yg_subtract(graph, yg_scalar(graph, YG_F64, 1), fresh)),
    };
    if (decay > 0)
        made.decay = yg_update_factor(call, yg_scale(graph, rate, decay));
    if (is_adamw(call->optimizer)) {
        const yg_node c =
            yg_sqrt(graph, yg_update_correction(call, option(call->optimizer, BETA2)));
        made.size = yg_multiply(graph, rate, c);
        made.epsilon = yg_update_factor(call, yg_scale(graph, c, option(call->optimizer, EPS)));
    }
    made.size = yg_update_factor(call, made.size);
    return made;
}

/* rate · g */
static yg_node step(yg_update_call *call, const factors *factors) {
    yg_graph *graph = call->graph;
    yg_node g = call->gradient;
    if (is_adamw(call->optimizer)) {
        const yg_node v = yg_moving_average(graph, call->state[EXP_AVG_SQ],
                                            option(call->optimizer, BETA2), yg_square(graph, g));
        call->new_state[EXP_AVG_SQ] = v;
        g = yg_divide(graph, g, yg_add(graph, yg_sqrt(graph, v), factors->epsilon));
    }
    g = yg_multiply(graph, factors->size, g);
    return factors->decay == YG_NONE
               ? g
               : yg_add(graph, g, yg_multiply(graph, factors->decay, call->parameter));
}

static yg_node update(yg_update_call *call) {
    yg_graph *graph = call->graph;
    const double beta = option(call->optimizer, BETA1);
    const factors factors = make_factors(call);
    const yg_node z = yg_where(graph, factors.first, call->parameter, call->state[Z]);
    const yg_node x = yg_where(graph, factors.first, call->parameter, call->state[X]);
    const yg_node new_z = yg_subtract(graph, z, step(call, &factors));
    const yg_node new_x =
        yg_add(graph, yg_multiply(graph, x, factors.old), yg_multiply(graph, new_z, factors.fresh));
    call->new_state[Z] = new_z;
    call->new_state[X] = new_x;
    return yg_moving_average(graph, new_x, beta, new_z);
}

const yg_optimizer_update yg_update_schedule_free_sgd = {
    .name = "schedule_free_sgd",
    .doc = "sgd that needs no schedule, because it keeps a mean of the weights",
    .lr = 1.0,
    .options = sgd_options,
    .option_count = sizeof sgd_options / sizeof *sgd_options,
    .states = states,
    .build = update,
};

const yg_optimizer_update yg_update_schedule_free_adamw = {
    .name = "schedule_free_adamw",
    .doc = "adamw that needs no schedule, because it keeps a mean of the weights",
    .lr = 2.5e-3,
    .options = adamw_options,
    .option_count = sizeof adamw_options / sizeof *adamw_options,
    .states = states,
    .build = update,
};
