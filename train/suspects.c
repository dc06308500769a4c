/*
 * A second look at suspects: see suspects.h.
 *
 * At a kink of the loss, as where relu's operand is 0, a difference quotient is no measure of the
 * gradient: the slopes to both sides differ, and each rule picks one of its own. Such a place is no
 * accident: biases start at 0, images have dark borders, and units die. So the gradient is also
 * computed and compared at a point nearby, to which all parameters are moved at random. There no
 * operand is exactly at its kink. A wrong derivative is wrong there too.
 *
 * What remains is whether the place is a kink at all. If it is none, a gradient that disagrees is
 * wrong there, whatever it is elsewhere. A kink may be one of several elements together: where
 * three elements are equal, the slope of max() by one of them depends on how the others move, and
 * both sides have the same slope. Then the gradient must lie between the slopes at random points
 * nearby.
 */
#include "suspects.h"

#include "../graph/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* How far all parameters are moved, relative to their size: far enough first that a step hardly
 * crosses a kink, and at last near enough to stay where the loss is defined. The points go in pairs
 * to both sides, because a unit that is dead on one side shows nothing there. */
static const double DISTANCES[] = {1e-2, -1e-2, 1e-3, -1e-3, 1e-5, -1e-5};
enum { POINTS = sizeof DISTANCES / sizeof *DISTANCES, ENOUGH = 4 };
/* Points around a joint kink: far beyond the step of yg_probe_slope(). */
static const double AROUND = 1e-6;
enum { AROUND_POINTS = 16 };
/* A gradient at a kink mixes slopes. The two sides may show only a part of these. A gradient that
 * is this many times steeper than both sides is no such mixture. */
static const double STEEPER = 4;

bool yg_suspects_add(yg_suspects *suspects, const yg_suspect *suspect, yg_error *error) {
    if (suspects->count == suspects->capacity) {
        const size_t capacity = suspects->capacity ? 2 * suspects->capacity : 64;
        yg_suspect *grown = capacity < SIZE_MAX / sizeof *grown
                                ? realloc(suspects->list, capacity * sizeof *grown)
                                : NULL;
        if (!grown)
            return yg_fail_memory(error);
        suspects->list = grown;
        suspects->capacity = capacity;
    }
    suspects->list[suspects->count++] = *suspect;
    return true;
}

void yg_suspects_free(yg_suspects *suspects) {
    free(suspects->list);
    *suspects = (yg_suspects){0};
}

/* ---------------------------------------------------------------------------- moving ------- */

/* The parameters of a store, and where they stood. */
typedef struct place {
    const yg_tensor_file *store;
    double **kept;
    uint64_t seed;
} place;

static void free_place(place *p) {
    for (size_t t = 0; p->kept && t < p->store->count; t++)
        free(p->kept[t]);
    free(p->kept);
}

static bool make_place(place *p, yg_error *error) {
    p->kept = calloc(p->store->count + 1, sizeof *p->kept);
    for (size_t t = 0; p->kept && t < p->store->count; t++) {
        const size_t bytes = (size_t)yg_type_bytes(&p->store->tensors[t].type);
        p->kept[t] = malloc(bytes + 1);
        if (!p->kept[t])
            return yg_fail_memory(error);
        memcpy(p->kept[t], p->store->tensors[t].data, bytes);
    }
    return p->kept || yg_fail_memory(error);
}

/* Moves all floating-point tensors by at most `distance` of their size, to point `point`. */
static void move(const place *p, double distance, uint64_t point) {
    for (size_t t = 0; t < p->store->count; t++) {
        const yg_tensor *tensor = &p->store->tensors[t];
        double *data = tensor->data;
        const uint64_t stream = yg_random_key(tensor->name) + point;
        for (int64_t i = 0; tensor->type.dtype == YG_F64 && i < yg_type_count(&tensor->type); i++) {
            const double share = 2 * yg_random_uniform(p->seed, stream, (uint64_t)i) - 1;
            data[i] = p->kept[t][i] + distance * share * fmax(1, fabs(p->kept[t][i]));
        }
    }
}

static void move_back(const place *p) {
    for (size_t t = 0; t < p->store->count; t++)
        memcpy(p->store->tensors[t].data, p->kept[t],
               (size_t)yg_type_bytes(&p->store->tensors[t].type));
}

/* --------------------------------------------------------------------------- looking ------- */

static double *element(const yg_tensor_file *store, const yg_executable *gradients,
                       const yg_suspect *s) {
    return (double *)yg_tensor_find(store, gradients->gradients[s->parameter].name)->data +
           s->index;
}

/* Compares the suspects at the point where the parameters stand now. `finite`: there is a loss. */
static bool compare_here(yg_suspects *suspects, yg_probe probe, yg_executable *gradients,
                         const yg_tensor_file *store, bool *finite) {
    if (!yg_probe_loss(&probe, &probe.loss))
        return false;
    *finite = isfinite(probe.loss);
    if (!*finite)
        return true;
    if (!yg_executable_run(gradients, probe.seed, 0, probe.error))
        return false;
    for (size_t i = 0; i < suspects->count; i++) {
        yg_suspect *s = &suspects->list[i];
        const yg_result *result = &gradients->gradients[s->parameter];
        if (!s->wrong)
            s->nearby = result->data ? ((const double *)result->data)[s->index] : 0;
    }
    for (size_t i = 0; i < suspects->count; i++) {
        yg_suspect *s = &suspects->list[i];
        yg_comparison now;
        if (s->wrong)
            continue;
        if (!yg_probe_compare(&probe, element(store, gradients, s), s->nearby, &now))
            return false;
        s->wrong = !now.agrees && !now.bent;
        s->difference = now.difference;
    }
    return true;
}

/* Asks one-sided slopes whether a suspect that disagrees is at a kink. */
static bool look_for_kinks(yg_suspects *suspects, const yg_probe *probe, yg_executable *gradients,
                           const yg_tensor_file *store) {
    for (size_t i = 0; i < suspects->count; i++) {
        yg_suspect *s = &suspects->list[i];
        if (s->here.agrees || !isfinite(s->gradient))
            continue;
        if (!yg_probe_is_kink(probe, element(store, gradients, s), &s->kink))
            return false;
        const double steepest = fmax(fabs(s->here.left), fabs(s->here.right));
        s->kink = s->kink && fabs(s->gradient) <= STEEPER * steepest + yg_probe_allowed(probe, 0);
    }
    return true;
}

/* Whether a suspect's gradient is still unexplained: it disagrees, but not at points nearby, and
 * the sides do not show a kink. */
static bool is_open(const yg_suspect *s) {
    return !s->here.agrees && !s->wrong && !s->kink && isfinite(s->gradient);
}

/* Looks for joint kinks: see the top of the file. */
static bool look_around(yg_suspects *suspects, const yg_probe *probe, yg_executable *gradients,
                        const place *p, yg_error *error) {
    double(*range)[2] = calloc(suspects->count + 1, sizeof *range);
    bool good = range || yg_fail_memory(error);
    for (uint64_t point = 1; good && point <= AROUND_POINTS; point++) {
        move(p, AROUND, POINTS + point);
        for (size_t i = 0; good && i < suspects->count; i++) {
            double slope = 0;
            if (!is_open(&suspects->list[i]))
                continue;
            good = yg_probe_slope(probe, element(p->store, gradients, &suspects->list[i]), &slope);
            range[i][0] = point == 1 ? slope : fmin(range[i][0], slope);
            range[i][1] = point == 1 ? slope : fmax(range[i][1], slope);
        }
    }
    move_back(p);
    for (size_t i = 0; good && i < suspects->count; i++) {
        yg_suspect *s = &suspects->list[i];
        const double allowed =
            1e-5 * fmax(fmax(1, fabs(probe->loss)), fmax(fabs(range[i][0]), fabs(range[i][1])));
        if (is_open(s))
            s->kink = range[i][1] - range[i][0] > allowed && s->gradient >= range[i][0] - allowed &&
                      s->gradient <= range[i][1] + allowed;
    }
    free(range);
    return good;
}

bool yg_suspects_examine(yg_suspects *suspects, const yg_probe *probe, yg_executable *gradients,
                         const yg_tensor_file *store, yg_error *error) {
    place p = {.store = store, .seed = probe->seed};
    if (!suspects->count)
        return true;
    bool good = make_place(&p, error) && look_for_kinks(suspects, probe, gradients, store);
    for (int point = 0, seen = 0; good && point < POINTS && seen < ENOUGH; point++) {
        bool finite = false;
        move(&p, DISTANCES[point], (uint64_t)point / 2);
        good = compare_here(suspects, *probe, gradients, store, &finite);
        seen += finite;
        move_back(&p);
    }
    bool open = false;
    for (size_t i = 0; i < suspects->count; i++)
        open = open || is_open(&suspects->list[i]);
    good = good && (!open || look_around(suspects, probe, gradients, &p, error));
    free_place(&p);
    return good;
}
