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

#define DRAW_INTERVAL 0.1 /* seconds */
#define BAR_WIDTH     20
#define PLAIN_LINES   100

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
    yg_text_add(&text, "loss %.4g", scores->loss);
    for (size_t i = 0; i < scores->count; i++)
        yg_text_add(&text, "  %s %.4g", scores->metrics[i].name, scores->metrics[i].value);
    return yg_text_take(&text);
}

void progress_start(progress *progress) {
    *progress = (struct progress){.live = terminal_is_live(stderr)};
}

void progress_end(progress *progress) {
    if (progress->drawn)
        terminal_wipe();
    progress->drawn = false;
    free(progress->epoch_text);
    progress->epoch_text = NULL;
}

static double fraction(const yg_train_progress *now) {
    return now->steps > 0 ? (double)now->step / (double)now->steps : 0;
}

/* "epoch 12/100", or "step 40/2000" for a run that is counted in steps. */
static void count_text(const yg_train_progress *now, char *text, size_t size) {
    if (now->epochs > 0)
        snprintf(text, size, "epoch %lld/%lld", (long long)now->epoch, (long long)now->epochs);
    else
        snprintf(text, size, "step %lld/%lld", (long long)now->step, (long long)now->steps);
}

/* Keeps the scores of an epoch's end as text, for the live line until the next epoch ends. */
static void remember_epoch(progress *progress, const yg_train_progress *now) {
    yg_text text = {0};
    char *scores = text_of_scores(now->has_validation ? &now->validation : &now->training);
    if (now->has_validation)
        yg_text_add(&text, "loss %.4g  validation ", now->loss);
    yg_text_add(&text, "%s", scores != NULL ? scores : "");
    free(scores);
    free(progress->epoch_text);
    progress->epoch_text = yg_text_take(&text);
}

static void draw(progress *progress, const yg_train_progress *now) {
    char count[64];
    char left[32];
    char step_text[32];
    char bar[3 * BAR_WIDTH + 1] = "";
    const int filled = (int)(fraction(now) * BAR_WIDTH + 0.5);
    for (int i = 0; i < BAR_WIDTH; i++)
        memcpy(bar + 3 * i, i < filled ? "█" : "░", 4);
    count_text(now, count, sizeof count);
    snprintf(step_text, sizeof step_text, "loss %.4g", now->loss);
    terminal_rewrite("%s  %s  %s  %s left", bar, count,
                     progress->epoch_text ? progress->epoch_text : step_text,
                     text_of_seconds(now->remaining, left));
    progress->drawn = true;
    progress->next_draw = now->seconds + DRAW_INTERVAL;
}

/* Whether an epoch gets a line where stderr is no terminal. About a hundred lines are printed,
 * however many epochs there are. */
static bool is_plain_line_due(const yg_train_progress *now) {
    if (now->epochs <= PLAIN_LINES)
        return true;
    const int64_t every = (now->epochs + PLAIN_LINES - 1) / PLAIN_LINES;
    return now->epoch == 1 || now->epoch == now->epochs || now->epoch % every == 0;
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
    if (now->epoch_end)
        remember_epoch(progress, now);
    if (progress->live) {
        if (now->seconds >= progress->next_draw)
            draw(progress, now);
        return;
    }
    if (!now->epoch_end || !is_plain_line_due(now))
        return;
    char count[64];
    char left[32];
    count_text(now, count, sizeof count);
    terminal_say("%s  %s  %s left%s", count,
                 progress->epoch_text != NULL ? progress->epoch_text : "",
                 text_of_seconds(now->remaining, left), now->best ? "  best" : "");
}
