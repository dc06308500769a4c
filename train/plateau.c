/*
 * Lowering the learning rate on a plateau: see plateau.h.
 */
#include "plateau.h"

#include <math.h>
#include <stddef.h>

static const char *const modes[] = {"rel", "abs", NULL};

/* The mapping as it is written. */
typedef struct written {
    const yg_value *monitor, *mode;
    double factor, threshold, min_lr, eps;
    int64_t patience, cooldown;
    int threshold_mode;
} written;

#define AT(member) .offset = offsetof(written, member)

static const yg_setting settings[] = {
    {"monitor", .kind = YG_SETTING_VALUE, AT(monitor),
     .form = "`validation.` or `train.`, and `loss` or a metric", .forms = YG_FORM_SCALAR,
     .fallback = "that of `early_stopping`, or the loss", .example = "validation.accuracy",
     .doc = "the number that should get better"},
    {"mode", .kind = YG_SETTING_VALUE, AT(mode), .form = "min or max", .forms = YG_FORM_SCALAR,
     .fallback = "min of a loss; a metric needs one", .example = "max",
     .doc = "whether a low or a high number is better"},
    {"factor", .kind = YG_SETTING_NUMBER, AT(factor), .above = true, .max = 1, .fallback = "0.1",
     .doc = "what the learning rate is multiplied by; below 1", .example = "0.5"},
    {"patience", .kind = YG_SETTING_WHOLE, AT(patience), .fallback = "10",
     .doc = "how many epochs in a row may bring no improvement; the next one lowers the rate",
     .example = "3"},
    {"threshold", .kind = YG_SETTING_NUMBER, AT(threshold), .max = 1e300, .fallback = "1e-4",
     .doc = "how much counts as an improvement", .example = "1e-3"},
    {"threshold_mode", .kind = YG_SETTING_CHOICE, AT(threshold_mode), .choices = modes,
     .fallback = "rel", .doc = "whether `threshold` is a part of the best number, or a difference"},
    {"cooldown", .kind = YG_SETTING_WHOLE, AT(cooldown), .fallback = "0",
     .doc = "epochs after a reduction that do not count for `patience`", .example = "2"},
    {"min_lr", .kind = YG_SETTING_NUMBER, AT(min_lr), .max = 1e10, .fallback = "0",
     .doc = "the optimizer's `lr` is not reduced below this", .example = "1e-5"},
    {"eps", .kind = YG_SETTING_NUMBER, AT(eps), .max = 1e10, .fallback = "1e-8",
     .doc = "a reduction by less than this is left out", .example = "1e-9"},
};

#undef AT

enum { SETTINGS = sizeof settings / sizeof *settings };

const yg_setting_group yg_plateau_settings = {
    "train.reduce_on_plateau",
    "lowers the learning rate when a run no longer gets better, as PyTorch's ReduceLROnPlateau",
    settings, SETTINGS, NULL};

bool yg_plateau_read(const yg_model *model, const yg_value *value, const yg_monitor *judged_by,
                     yg_plateau *plateau, yg_error *error) {
    written w = {.factor = 0.1, .patience = 10, .threshold = 1e-4, .eps = 1e-8};
    if (!yg_setting_read_all(value, "`reduce_on_plateau`", settings, SETTINGS, &w, error))
        return false;
    if (w.factor >= 1)
        return yg_fail(error, YG_ERROR_ARGUMENT, yg_value_get(value, "factor")->origin,
                       "`factor` must be below 1: the rate is multiplied by it");
    *plateau = (yg_plateau){.written = true,
                            .monitor = *judged_by,
                            .factor = w.factor,
                            .patience = w.patience,
                            .cooldown = w.cooldown,
                            .threshold = w.threshold,
                            .absolute = w.threshold_mode == 1,
                            .min_lr = w.min_lr,
                            .eps = w.eps};
    return (!w.monitor && !w.mode) ||
           yg_monitor_read(model, w.monitor, w.mode, &plateau->monitor, error);
}

void yg_plateau_begin(yg_plateau_state *state) {
    *state = (yg_plateau_state){.best = (double)INFINITY, .reduction = 1};
}

/* Where a higher number is better, both numbers have the other sign. */
static bool is_better(const yg_plateau *plateau, double value, double best) {
    const double sign = plateau->monitor.highest ? 1 : -1;
    if (isinf(best) || isinf(value))
        return value < best;
    return value <
           (plateau->absolute ? best - plateau->threshold : best * (1 + sign * plateau->threshold));
}

/* PyTorch compares the rates: a reduction that is too small to matter is left out. */
static bool reduce(const yg_plateau *plateau, double lr, yg_plateau_state *state) {
    const double old = lr * state->reduction, reduced = old * plateau->factor;
    const bool least = reduced < plateau->min_lr;
    const double new = least ? plateau->min_lr : reduced;
    if (!(old - new > plateau->eps))
        return false;
    state->reduction = least ? plateau->min_lr / lr : state->reduction * plateau->factor;
    return true;
}

bool yg_plateau_note(const yg_plateau *plateau, double lr, double value, yg_plateau_state *state) {
    if (is_better(plateau, value, state->best)) {
        state->best = value;
        state->waited = 0;
    } else {
        state->waited++;
    }
    if (state->cooling > 0) {
        state->cooling--;
        state->waited = 0;
    }
    if (state->waited <= plateau->patience)
        return false;
    state->cooling = plateau->cooldown;
    state->waited = 0;
    return reduce(plateau, lr, state);
}
