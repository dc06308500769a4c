/*
 * The line that a terminal shows while a run goes on: see live_line.h.
 */
#include "live_line.h"

#include "../graph/text.h"
#include "progress.h"
#include "table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDE = 110 /* columns from which on words are written out */, GAP = 2 };
static const double SAMPLE_INTERVAL = 0.1; /* seconds between two samples of a rate */
static const double RATE_SECONDS = 3;      /* seconds over which a rate is measured */
static const double GROUP_SECONDS = 1;     /* a bar takes at least so long */
static const double FIRST_SECOND = 1;      /* until then a group is chosen anew for each line */

/* ------------------------------------------------------------------------------------- rate -- */

static size_t sample(const rate *rate, size_t back) {
    return (rate->next + RATE_SAMPLES - 1 - back) % RATE_SAMPLES;
}

/* The first sample is taken after the first step: what came before it was preparation. */
void rate_note(rate *rate, const yg_train_progress *now) {
    if (now->epoch_end)
        rate->paused += now->seconds - rate->last;
    rate->last = now->seconds;
    const double at = now->seconds - rate->paused;
    if (now->epoch_end || (rate->count && at - rate->seconds[sample(rate, 0)] < SAMPLE_INTERVAL))
        return;
    rate->seconds[rate->next] = at;
    rate->examples[rate->next] = now->examples;
    rate->next = (rate->next + 1) % RATE_SAMPLES;
    rate->count += rate->count < RATE_SAMPLES;
}

double rate_value(const rate *rate) {
    if (rate->count < 2)
        return 0;
    const size_t end = sample(rate, 0);
    size_t back = 1;
    while (back + 1 < rate->count &&
           rate->seconds[end] - rate->seconds[sample(rate, back + 1)] <= RATE_SECONDS)
        back++;
    const size_t begin = sample(rate, back);
    const double seconds = rate->seconds[end] - rate->seconds[begin];
    return seconds > 0 ? (double)(rate->examples[end] - rate->examples[begin]) / seconds : 0;
}

/* ------------------------------------------------------------------------------------ groups -- */

/* A run that is counted in steps has no number of epochs, and may end within one. */
static int64_t epochs_of(const yg_train_progress *now) {
    return now->epochs > 0 ? now->epochs : (now->steps + now->epoch_steps - 1) / now->epoch_steps;
}

void epoch_group_update(epoch_group *group, const yg_train_progress *now) {
    const bool over = now->epoch >= group->first + group->count;
    if (group->count && !over && group->chosen > FIRST_SECOND)
        return;
    static const int64_t times[] = {2, 5, 10};
    const int64_t left = now->steps - now->step, epochs = epochs_of(now);
    const double epoch = left > 0 ? now->remaining / (double)left * (double)now->epoch_steps : 0;
    int64_t unit = 1, count = 1;
    for (int i = 0; left > 0 && (double)count * epoch < GROUP_SECONDS && count < epochs; i++) {
        count = unit * times[i % 3];
        unit *= i % 3 == 2 ? 10 : 1;
    }
    group->first = (now->epoch - 1) / count * count + 1;
    group->count = count;
    group->chosen = now->seconds;
}

/* The share of the group that is done. */
static double share_of(const epoch_group *group, const yg_train_progress *now) {
    const int64_t before = (group->first - 1) * now->epoch_steps;
    const int64_t rest = now->steps - before, whole = group->count * now->epoch_steps;
    const int64_t done = (now->epoch - group->first) * now->epoch_steps + now->epoch_step;
    const int64_t all = rest < whole ? rest : whole;
    return all > 0 ? (double)done / (double)all : 0;
}

/* ------------------------------------------------------------------------------------- pieces --
 */

static void add_bar(yg_text *line, double share, int width) {
    const int filled = (int)(share * width + 0.5);
    for (int i = 0; i < width; i++)
        yg_text_add(line, "%s", i < filled ? "█" : "░");
}

/* "epoch 12/100", "epochs 11-20/100", or "step 40/2000" for a run that is counted in steps. */
static void add_count(yg_text *line, const epoch_group *group, const yg_train_progress *now,
                      bool wide) {
    const int64_t last = group->first + group->count - 1, epochs = now->epochs;
    if (epochs == 0)
        yg_text_add(line, "%s%lld/%lld", wide ? "step " : "", (long long)now->step,
                    (long long)now->steps);
    else if (group->count == 1)
        yg_text_add(line, "%s%lld/%lld", wide ? "epoch " : "", (long long)now->epoch,
                    (long long)epochs);
    else
        yg_text_add(line, "%s%lld-%lld/%lld", wide ? "epochs " : "", (long long)group->first,
                    (long long)(last < epochs ? last : epochs), (long long)epochs);
}

static const char *left_text(double seconds, bool wide, char *text, size_t size) {
    char time[32];
    if (wide || !(seconds >= 59.95))
        snprintf(text, size, "%s%s left", wide ? "run: " : "", text_of_seconds(seconds, time));
    else if (seconds < 3600)
        snprintf(text, size, "%dm%02ds left", (int)seconds / 60, (int)seconds % 60);
    else
        snprintf(text, size, "%.0fh%02dm left", floor(seconds / 3600), (int)fmod(seconds / 60, 60));
    return text;
}

static const char *rate_text(double rate, bool wide, char *text, size_t size) {
    char digits[32];
    if (wide || rate < 999.5)
        snprintf(text, size, "%s %s", text_of_digits(rate, digits), wide ? "examples/s" : "ex/s");
    else if (rate < 999.5e3)
        snprintf(text, size, rate < 9.95e3 ? "%.1fk ex/s" : "%.0fk ex/s", rate / 1e3);
    else
        snprintf(text, size, rate < 9.95e6 ? "%.1fM ex/s" : "%.0fM ex/s", rate / 1e6);
    return text;
}

/* A line that has room for `left` more columns. */
typedef struct row {
    yg_text text;
    int left;
} row;

static int columns_of(const char *text) {
    int columns = 0;
    for (; *text; text++)
        columns += ((unsigned char)*text & 0xC0) != 0x80;
    return columns;
}

/* Adds a piece, or nothing at all where it does not fit. */
static bool add(row *row, const char *piece) {
    const int columns = columns_of(piece) + GAP;
    if (columns > row->left)
        return false;
    row->left -= columns;
    yg_text_add(&row->text, "%*s%s", GAP, "", piece);
    return true;
}

static bool add_score(row *row, const char *part, const char *name, double value) {
    char piece[160];
    const int length = snprintf(piece, sizeof piece, "%s.%s %.4g", part, name, number_shown(value));
    return length < (int)sizeof piece && add(row, piece);
}

/* The metrics of a part, as far as they fit. */
static void add_metrics(row *row, const char *part, const yg_scores *scores) {
    for (size_t i = 0; scores && i < scores->count; i++)
        if (!scores->metrics[i].table &&
            !add_score(row, part, scores->metrics[i].name, scores->metrics[i].value))
            return;
}

char *live_line(const yg_train_progress *now, const epoch_group *group, double rate,
                const live_scores *scores, int width) {
    const bool wide = width >= WIDE;
    char piece[80];
    row row = {0};
    add_bar(&row.text, share_of(group, now), wide ? 20 : width < 70 ? 6 : 8);
    yg_text_add(&row.text, " ");
    add_count(&row.text, group, now, wide);
    row.left = row.text.data ? width - columns_of(row.text.data) : 0;
    if (scores->has_train)
        add_score(&row, "train", "loss", scores->train_loss);
    if (scores->has_validation)
        add_score(&row, "validation", "loss", scores->validation_loss);
    add(&row, left_text(now->remaining, wide, piece, sizeof piece));
    if (rate > 0)
        add(&row, rate_text(rate, wide, piece, sizeof piece));
    add_metrics(&row, "validation", scores->validation);
    add_metrics(&row, "train", scores->train);
    return yg_text_take(&row.text);
}
