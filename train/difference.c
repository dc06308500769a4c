/*
 * Difference quotients: see difference.h.
 *
 * In float64, for an element p and h = 6e-6 · max(1, |p|), the cube root of the precision, which
 * balances truncation and rounding:
 *
 *   difference = (loss(p + h) - loss(p - h)) / 2h
 *
 * A gradient agrees if |gradient - difference| <= 1e-6 · |difference| + 1e-7 · max(1, |loss|).
 * Rounding in the loss alone makes an error of |loss| · 1e-16 / h = 2e-11 |loss|, truncation one of
 * h² · f'''/6. A step that crosses a kink, such as relu's at 0, gives a difference that is neither
 * slope. So a gradient that does not agree is tried again with steps 100 and 10,000 times smaller,
 * at a tolerance that grows with the rounding.
 */
#include "difference.h"

#include <math.h>

static const double STEP = 6e-6, RELATIVE = 1e-6, ABSOLUTE = 1e-7, PRECISION = 2.3e-16;
/* Slopes that differ by this share bend: at STEP that is a kink, or a second derivative of at least
 * 16 slopes. */
static const double BENT = 1e-4;
/* The small step of yg_probe_slope(): rounding makes an error of 6e-8 of the loss. */
static const double SMALL_STEP = 6e-8;
enum { RETRIES = 3 };

double yg_probe_allowed(const yg_probe *probe, double slope) {
    return RELATIVE * fabs(slope) + ABSOLUTE * fmax(1, fabs(probe->loss));
}

static double rounding(const yg_probe *probe, double h) {
    return 16 * PRECISION * fmax(1, fabs(probe->loss)) / h;
}

bool yg_probe_loss(const yg_probe *probe, double *loss) {
    if (!yg_executable_run(probe->losses, probe->seed, 0, probe->error))
        return false;
    *loss = yg_result_scalar(&probe->losses->loss);
    return true;
}

/* Three quotients with the step `h` at *value, which is put back. */
static bool quotients(const yg_probe *probe, double *value, double h, yg_comparison *out) {
    const double kept = *value;
    double up = 0, down = 0;
    /* h as it is after rounding, so that the quotients' denominators are exact. */
    const volatile double above = kept + h, below = kept - h;
    *value = above;
    bool good = yg_probe_loss(probe, &up);
    *value = below;
    good = good && yg_probe_loss(probe, &down);
    *value = kept;
    out->difference = (up - down) / (above - below);
    out->right = (up - probe->loss) / (above - kept);
    out->left = (probe->loss - down) / (kept - below);
    return good;
}

static double step_at(const double *value, double step) {
    return step * fmax(1, fabs(*value));
}

bool yg_probe_slope(const yg_probe *probe, double *value, double *slope) {
    yg_comparison now;
    if (!quotients(probe, value, step_at(value, SMALL_STEP), &now))
        return false;
    *slope = now.difference;
    return true;
}

bool yg_probe_compare(const yg_probe *probe, double *value, double gradient, yg_comparison *out) {
    double h = step_at(value, STEP);
    *out = (yg_comparison){0};
    for (int i = 0; i < RETRIES && !out->agrees; i++, h /= 100) {
        yg_comparison now;
        if (!quotients(probe, value, h, &now))
            return false;
        if (i == 0) {
            *out = now;
            const double steep = fmax(fabs(now.left), fabs(now.right));
            out->bent = fabs(now.right - now.left) > BENT * steep + yg_probe_allowed(probe, 0);
            out->agrees = false;
        }
        out->agrees = fabs(gradient - now.difference) <=
                      yg_probe_allowed(probe, now.difference) + (i ? rounding(probe, h) : 0);
        if (out->agrees)
            out->difference = now.difference;
    }
    return true;
}

bool yg_probe_is_kink(const yg_probe *probe, double *value, bool *kink) {
    const double h = step_at(value, STEP);
    yg_comparison wide, narrow;
    if (!quotients(probe, value, h, &wide) || !quotients(probe, value, h / 10, &narrow))
        return false;
    const double far = fabs(wide.right - wide.left), near = fabs(narrow.right - narrow.left);
    const double steep = fmax(fabs(narrow.left), fabs(narrow.right));
    *kink = near > far / 2 && near > RELATIVE * steep + 4 * rounding(probe, h / 10);
    return true;
}
