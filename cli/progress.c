/*
 * Shows the progress of a training run on stderr: see progress.h.
 */
#include "progress.h"

#include "../graph/number.h"
#include "../graph/text.h"
#include "memory.h"
#include "table.h"
#include "terminal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BAR_WIDTH = 20, NARROW_BAR = 10, NARROW = 120 /* columns */, PLAIN_LINES = 100 };
static const double DRAW_INTERVAL = 0.1; /* seconds between two drawings of the line */
static const double LONG_EPOCH = 2;      /* seconds; such an epoch has a bar of its own */
static const double RATE_INTERVAL = 1;   /* seconds over which examples a second are counted */
static const double PLAIN_INTERVAL = 60; /* seconds between two lines within an epoch */

const char *text_of_seconds(double seconds, char *text) {
    if (!(seconds >= 0))
        seconds = 0;
    if (seconds < 59.95)
        snprintf(text, 32, "%.1f s", seconds);
    else if (seconds < 3600)
        snprintf(text, 32, "%d min %02d s", (int)seconds / 60, (int)seconds % 60);
    else
        snprintf(text, 32, "%.0f h %02d min", floor(seconds / 3600), (int)fmod(seconds / 60, 60));
    return text;
}

char *text_of_scores(const yg_scores *scores) {
    yg_text text = {0};
    yg_text_add(&text, "loss %.4g", number_shown(scores->loss));
    for (size_t i = 0; i < scores->count; i++)
        if (!scores->metrics[i].table)
            yg_text_add(&text, "  %s %.4g", scores->metrics[i].name,
                        number_shown(scores->metrics[i].value));
    return yg_text_take(&text);
}

/* The same with the part before each name: "train.loss 0.0613  train.accuracy 0.982". */
static char *text_of_part(const char *part, const yg_scores *scores) {
    yg_text text = {0};
    yg_text_add(&text, "%s.loss %.4g", part, number_shown(scores->loss));
    for (size_t i = 0; i < scores->count; i++)
        if (!scores->metrics[i].table)
            yg_text_add(&text, "  %s.%s %.4g", part, scores->metrics[i].name,
                        number_shown(scores->metrics[i].value));
    return yg_text_take(&text);
}

void progress_start(progress *progress) {
    *progress = (struct progress){.live = terminal_is_live(stderr)};
}

static void wipe(progress *progress) {
    if (progress->drawn)
        terminal_wipe();
    progress->drawn = false;
}

void progress_end(progress *progress, bool curve) {
    wipe(progress);
    if (curve && progress->live)
        curve_print(&progress->curve, stderr);
    free(progress->training);
    free(progress->validation);
    progress->training = progress->validation = NULL;
}

/* ---------------------------------------------------------------------------------- counting -- */

/* Keeps the scores of an epoch's end as text, for the line until the next epoch ends. */
static void remember_epoch(progress *progress, const yg_train_progress *now) {
    free(progress->training);
    free(progress->validation);
    progress->training = text_of_part("train", &now->training);
    progress->validation =
        now->has_validation ? text_of_part("validation", &now->validation) : NULL;
    progress->loss_sum = 0;
    progress->summed = 0;
    curve_add(&progress->curve, now->epoch, now->training.loss,
              now->has_validation ? now->validation.loss : (double)NAN);
}

static void measure_rate(progress *progress, const yg_train_progress *now) {
    const double seconds = now->seconds - progress->rate_seconds;
    if (progress->rate > 0 && seconds < RATE_INTERVAL)
        return;
    if (seconds > 0)
        progress->rate = (double)(now->examples - progress->rate_examples) / seconds;
    progress->rate_seconds = now->seconds;
    progress->rate_examples = now->examples;
}

static void measure_epoch(progress *progress, const yg_train_progress *now) {
    const int64_t left = now->steps - now->step;
    if (left > 0 && now->epochs > 0)
        progress->long_epochs =
            now->remaining / (double)left * (double)now->epoch_steps >= LONG_EPOCH;
}

/* -------------------------------------------------------------------------------- live line --- */

/* "epoch 12/100", or "step 40/2000" for a run that is counted in steps. */
static void count_text(const yg_train_progress *now, char *text, size_t size) {
    if (now->epochs > 0)
        snprintf(text, size, "epoch %lld/%lld", (long long)now->epoch, (long long)now->epochs);
    else
        snprintf(text, size, "step %lld/%lld", (long long)now->step, (long long)now->steps);
}

static void bar_text(int64_t done, int64_t all, char *bar) {
    const int width = terminal_width(stderr) < NARROW ? NARROW_BAR : BAR_WIDTH;
    const int filled = all > 0 ? (int)((double)done / (double)all * width + 0.5) : 0;
    for (int i = 0; i < width; i++)
        memcpy(bar + 3 * i, i < filled ? "█" : "░", 4);
}

/* What stands behind the count: "1,234 examples/s  3.4 s left  train.loss 0.06  …". Within a long
 * epoch the training loss is the mean over its steps so far; otherwise it is the last epoch's. */
static char *state_text(const progress *progress, const yg_train_progress *now, bool within) {
    yg_text text = {0};
    char number[32];
    if (progress->rate > 0)
        yg_text_add(&text, "%s examples/s  ", text_of_digits(progress->rate, number));
    yg_text_add(&text, "%s left  ", text_of_seconds(now->remaining, number));
    if (now->epoch_end || (progress->training && !within))
        yg_text_add(&text, "%s", progress->training ? progress->training : "");
    else if (progress->summed > 0)
        yg_text_add(&text, "train.loss %.4g", progress->loss_sum / (double)progress->summed);
    if (progress->validation)
        yg_text_add(&text, "  %s", progress->validation);
    return yg_text_take(&text);
}

static void draw(progress *progress, const yg_train_progress *now) {
    char count[64], bar[3 * BAR_WIDTH + 1] = "";
    measure_epoch(progress, now);
    const bool within = progress->long_epochs;
    if (within)
        bar_text(now->epoch_step, now->epoch_steps, bar);
    else
        bar_text(now->step, now->steps, bar);
    count_text(now, count, sizeof count);
    char *state = state_text(progress, now, within);
    terminal_rewrite("%s  %s  %s", bar, count, state ? state : "");
    free(state);
    progress->drawn = true;
    progress->next_draw = now->seconds + DRAW_INTERVAL;
}

/* ------------------------------------------------------------------------- lines that stay ---- */

/* Whether an epoch gets a line. About a hundred are printed, however many epochs there are. */
static bool is_line_due(const yg_train_progress *now) {
    const int64_t epochs =
        now->epochs > 0 ? now->epochs
                        : now->steps / now->epoch_steps + (now->steps % now->epoch_steps > 0);
    const int64_t every = (epochs + PLAIN_LINES - 1) / PLAIN_LINES;
    return now->epoch == 1 || now->epoch == epochs || now->epoch % every == 0;
}

static void say_epoch(progress *progress, const yg_train_progress *now) {
    char count[64], left[32];
    count_text(now, count, sizeof count);
    wipe(progress);
    terminal_say("%s  %s%s%s  %s left%s", count, progress->training ? progress->training : "",
                 progress->validation ? "  " : "", progress->validation ? progress->validation : "",
                 text_of_seconds(now->remaining, left), now->best ? "  best" : "");
    progress->said = now->seconds;
}

/* A log shows that a long epoch goes on. */
static void say_within(progress *progress, const yg_train_progress *now) {
    char count[64];
    char *state = state_text(progress, now, true);
    count_text(now, count, sizeof count);
    terminal_say("%s  %.0f %%  %s", count, 100 * (double)now->epoch_step / (double)now->epoch_steps,
                 state ? state : "");
    free(state);
    progress->said = now->seconds;
}

void progress_planned(void *context, const yg_program_stats *step, int64_t best_bytes) {
    char arena[YG_BYTES_TEXT], memory[MEMORY_TEXT], best[YG_BYTES_TEXT];
    (void)context;
    terminal_say("step's memory: %s planned + %s; best weights: %s",
                 yg_bytes_text((double)step->arena_bytes, arena), memory_text(step, memory),
                 yg_bytes_text((double)best_bytes, best));
}

void progress_show(void *context, const yg_train_progress *now) {
    progress *progress = context;
    if (now->epoch_end) {
        measure_rate(progress, now);
        remember_epoch(progress, now);
        if (is_line_due(now) && (!progress->live || progress->long_epochs))
            say_epoch(progress, now);
        return;
    }
    if (isfinite(now->loss)) {
        progress->loss_sum += now->loss;
        progress->summed++;
    }
    if (progress->live && now->seconds >= progress->next_draw) {
        measure_rate(progress, now);
        draw(progress, now);
    } else if (!progress->live && now->seconds - progress->said >= PLAIN_INTERVAL) {
        measure_rate(progress, now);
        say_within(progress, now);
    }
}
