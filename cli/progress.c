/*
 * Shows the progress of a training run on stderr: see progress.h.
 */
#include "progress.h"

#include "../graph/number.h"
#include "../graph/text.h"
#include "advice.h"
#include "memory.h"
#include "score_table.h"
#include "table.h"
#include "terminal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PLAIN_LINES = 100 };
static const double DRAW_INTERVAL = 0.1; /* seconds between two drawings of the line */
static const double FIRST_LINE = 1;      /* seconds; a line is drawn then, whatever is known */
static const double LONG_EPOCH = 2; /* seconds; such an epoch leaves a line on a terminal too */
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
    char number[SCORE_TEXT];
    yg_text_add(&text, "loss %.4g", number_shown(scores->loss));
    for (size_t i = 0; i < scores->count; i++)
        if (!scores->metrics[i].table)
            yg_text_add(&text, "  %s %s", scores->metrics[i].name,
                        score_text(scores->metrics[i].value, 4, number));
    return yg_text_take(&text);
}

/* The same with the part before each name: "train.loss 0.0613  train.accuracy 0.982". */
static void add_part(yg_text *text, const char *part, const yg_scores *scores) {
    char number[SCORE_TEXT];
    yg_text_add(text, "  %s.loss %.4g", part, number_shown(scores->loss));
    for (size_t i = 0; i < scores->count; i++)
        if (!scores->metrics[i].table)
            yg_text_add(text, "  %s.%s %s", part, scores->metrics[i].name,
                        score_text(scores->metrics[i].value, 4, number));
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
    free(progress->training.metrics);
    free(progress->validation.metrics);
    progress->training = progress->validation = (yg_scores){0};
}

/* ---------------------------------------------------------------------------------- counting -- */

/* Copies the numbers, without tables. Names belong to the model. Without memory there are none. */
static void keep_scores(yg_scores *kept, const yg_scores *scores) {
    free(kept->metrics);
    *kept = (yg_scores){.loss = scores->loss};
    kept->metrics = malloc((scores->count + 1) * sizeof *kept->metrics);
    for (size_t i = 0; kept->metrics && i < scores->count; i++)
        if (!scores->metrics[i].table)
            kept->metrics[kept->count++] = scores->metrics[i];
}

/* Keeps the scores of an epoch's end, for the line until the next epoch ends. */
static void remember_epoch(progress *progress, const yg_train_progress *now) {
    keep_scores(&progress->training, &now->training);
    progress->has_training = true;
    progress->has_validation = now->has_validation;
    if (now->has_validation)
        keep_scores(&progress->validation, &now->validation);
    progress->loss_sum = 0;
    progress->summed = 0;
    curve_add(&progress->curve, now->epoch, now->training.loss,
              now->has_validation ? now->validation.loss : (double)NAN);
}

static void measure_epoch(progress *progress, const yg_train_progress *now) {
    const int64_t left = now->steps - now->step;
    if (left > 0 && now->epochs > 0)
        progress->long_epochs =
            now->remaining / (double)left * (double)now->epoch_steps >= LONG_EPOCH;
}

/* -------------------------------------------------------------------------------- live line --- */

/* Within an epoch the training loss is the mean over its steps so far. Where epochs share a bar, it
 * is that of the last whole epoch, as the metrics are. */
static live_scores scores_shown(const progress *progress) {
    const bool whole = progress->has_training && (progress->group.count > 1 || !progress->summed);
    return (live_scores){
        .has_train = whole || progress->summed > 0,
        .train_loss =
            whole ? progress->training.loss : progress->loss_sum / (double)progress->summed,
        .has_validation = progress->has_validation,
        .validation_loss = progress->validation.loss,
        .train = whole ? &progress->training : NULL,
        .validation = progress->has_validation ? &progress->validation : NULL,
    };
}

static void draw(progress *progress, const yg_train_progress *now) {
    epoch_group_update(&progress->group, now);
    const live_scores scores = scores_shown(progress);
    char *line = live_line(now, &progress->group, rate_value(&progress->rate), &scores,
                           terminal_width(stderr) - 1);
    if (line)
        terminal_rewrite("%s", line);
    free(line);
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

/* "epoch 12/100", or "step 40/2000" for a run that is counted in steps. */
static void add_count(yg_text *text, const yg_train_progress *now) {
    if (now->epochs > 0)
        yg_text_add(text, "epoch %lld/%lld", (long long)now->epoch, (long long)now->epochs);
    else
        yg_text_add(text, "step %lld/%lld", (long long)now->step, (long long)now->steps);
}

static void say_line(progress *progress, const yg_train_progress *now, yg_text *text) {
    char *line = yg_text_take(text);
    wipe(progress);
    if (line)
        terminal_say("%s", line);
    free(line);
    progress->said = now->seconds;
}

static void say_epoch(progress *progress, const yg_train_progress *now) {
    char left[32];
    yg_text text = {0};
    add_count(&text, now);
    add_part(&text, "train", &now->training);
    if (now->has_validation)
        add_part(&text, "validation", &now->validation);
    yg_text_add(&text, "  %s left%s", text_of_seconds(now->remaining, left),
                now->best ? "  best" : "");
    say_line(progress, now, &text);
}

/* A log shows that a long epoch goes on. */
static void say_within(progress *progress, const yg_train_progress *now) {
    char number[32];
    yg_text text = {0};
    const double rate = rate_value(&progress->rate);
    add_count(&text, now);
    yg_text_add(&text, "  %.0f %%", 100 * (double)now->epoch_step / (double)now->epoch_steps);
    if (rate > 0)
        yg_text_add(&text, "  %s examples/s", text_of_digits(rate, number));
    yg_text_add(&text, "  %s left", text_of_seconds(now->remaining, number));
    if (progress->summed > 0)
        yg_text_add(&text, "  train.loss %.4g", progress->loss_sum / (double)progress->summed);
    if (progress->has_validation)
        add_part(&text, "validation", &progress->validation);
    say_line(progress, now, &text);
}

void progress_planned(void *context, const yg_program_stats *step, int64_t best_bytes) {
    char arena[YG_BYTES_TEXT], memory[MEMORY_TEXT], best[YG_BYTES_TEXT];
    const progress *progress = context;
    advice_print(progress->result ? progress->result->advice : NULL);
    terminal_say("step's memory: %s planned + %s; best weights: %s",
                 yg_bytes_text((double)step->arena_bytes, arena), memory_text(step, memory),
                 yg_bytes_text((double)best_bytes, best));
}

void progress_show(void *context, const yg_train_progress *now) {
    progress *progress = context;
    rate_note(&progress->rate, now);
    if (now->epoch_end) {
        measure_epoch(progress, now);
        remember_epoch(progress, now);
        if (is_line_due(now) && (!progress->live || progress->long_epochs))
            say_epoch(progress, now);
        if (now->lowered_to > 0) {
            wipe(progress);
            terminal_say("epoch %lld did not get better: the learning rate is lowered to %.6g",
                         (long long)now->epoch, now->lowered_to);
        }
        return;
    }
    if (isfinite(now->loss)) {
        progress->loss_sum += now->loss;
        progress->summed++;
    }
    /* A line of the first step would tell no rate, and a wrong time. */
    const bool known = rate_value(&progress->rate) > 0 || now->seconds >= FIRST_LINE;
    if (progress->live && known && now->seconds >= progress->next_draw)
        draw(progress, now);
    else if (!progress->live && now->seconds - progress->said >= PLAIN_INTERVAL)
        say_within(progress, now);
}
