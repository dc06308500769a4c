/*
 * The curves of a report: losses, metrics and the learning rate over epochs.
 */
#include "report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { POINTS = 1000 /* of a curve: more cannot be seen */, MARKED = 40 /* epochs */ };

/* A number of an epoch. */
static double at(const run_log *log, int part, size_t score, size_t epoch) {
    return log->values[part][score * log->count + epoch];
}

static plots_range range_of(const run_log *log, size_t score) {
    plots_range r = PLOTS_NOTHING;
    for (int p = 0; p < RUN_PARTS; p++)
        for (size_t i = 0; log->values[p] && i < log->count; i++)
            plots_widen(&r, at(log, p, score, i));
    return r;
}

static void add_epochs(yg_text *script, const run_log *log) {
    yg_text_add(script, "set xlabel 'epoch'\n");
    plots_whole_ticks(script, "x", log->epochs[0], log->epochs[log->count - 1]);
    if (log->count == 1)
        yg_text_add(script, "set xrange [%.17g:%.17g]\n", log->epochs[0] - 1, log->epochs[0] + 1);
}

/* Every n-th epoch, the last one, and the best one. */
static bool is_drawn(const run_log *log, size_t i, double best) {
    const size_t stride = log->count / POINTS + 1;
    return i % stride == 0 || i + 1 == log->count || log->epochs[i] == best;
}

/* Columns: the epoch, and the score of each part. */
static void add_scores(yg_text *script, const run_log *log, size_t score, double best) {
    yg_text_add(script, "$data << END\n");
    for (size_t i = 0; i < log->count; i++) {
        if (!is_drawn(log, i, best))
            continue;
        plots_number(script, log->epochs[i]);
        for (int p = 0; p < RUN_PARTS; p++) {
            yg_text_add(script, " ");
            plots_number(script, log->values[p] ? at(log, p, score, i) : (double)NAN);
        }
        yg_text_add(script, "\n");
    }
    yg_text_add(script, "END\n");
}

/* The best epoch is a line from top to bottom, and a ring on the curve that it was chosen by. */
static void mark_best(yg_text *script, const run_log *log, size_t score, double best) {
    for (size_t i = 0; i < log->count; i++) {
        const int part = log->values[RUN_VALIDATION] ? RUN_VALIDATION : RUN_TRAIN;
        const double value = at(log, part, score, i);
        if (log->epochs[i] != best || !isfinite(value) || fabs(value) >= 1e100)
            continue;
        yg_text_add(
            script,
            "set arrow from %.17g, graph 0 to %.17g, graph 1 nohead back ls 21 dt 2\n"
            "set label 'best epoch: %.0f' at %.17g, graph 1.05 %s tc ls 21\n"
            "set key %s\n"
            "set object circle at %.17g, %.17g size screen 0.008 noclip fs empty border lc rgb "
            "'#1d2733' lw 1.5 front\n",
            best, best, best, best, 2 * i < log->count ? "left" : "right",
            2 * i < log->count ? "right" : "left Left reverse", best, value);
    }
}

static void add_score(report *report, size_t score, double best) {
    const run_log *log = &report->log;
    const char *name = log->scores[score], *style = log->count <= MARKED ? "linespoints" : "lines";
    const plots_range r = range_of(log, score);
    if (r.low > r.high)
        return; /* nothing is finite */
    yg_text *script = plots_begin(&report->plots, name, name);
    yg_text command = {0};
    yg_text_add(script, "set ylabel ");
    plots_text(script, name);
    yg_text_add(script, "\n");
    add_epochs(script, log);
    plots_axis(script, r);
    add_scores(script, log, score, best);
    mark_best(script, log, score, best);
    yg_text_add(&command, "plot ");
    for (int p = 0, drawn = 0; p < RUN_PARTS; p++) {
        plots_range own = PLOTS_NOTHING;
        for (size_t i = 0; log->values[p] && i < log->count; i++)
            plots_widen(&own, at(log, p, score, i));
        if (own.low > own.high)
            continue;
        yg_text_add(&command, "%s$data using 1:%d with %s ls %d title '%s'", drawn++ ? ", " : "",
                    p + 2, style, p + 1, run_part_names[p]);
    }
    char *text = yg_text_take(&command);
    script->failed = script->failed || !text;
    plots_end(&report->plots, text ? text : "");
    free(text);
}

static void add_rate(report *report) {
    const run_log *log = &report->log;
    plots_range r = PLOTS_NOTHING;
    for (size_t i = 0; i < log->count; i++)
        plots_widen(&r, log->rates[i]);
    if (!(r.low < r.high))
        return; /* a constant rate is no picture */
    yg_text *script = plots_begin(&report->plots, "learning_rate", "learning rate");
    yg_text_add(script, "set ylabel 'learning rate'\n");
    add_epochs(script, log);
    plots_axis(script, r);
    yg_text_add(script, "$data << END\n");
    for (size_t i = 0; i < log->count; i++)
        if (is_drawn(log, i, 0)) {
            plots_number(script, log->epochs[i]);
            yg_text_add(script, " ");
            plots_number(script, log->rates[i]);
            yg_text_add(script, "\n");
        }
    yg_text_add(script, "END\n");
    plots_end(&report->plots, "plot $data using 1:2 with lines ls 4 notitle");
}

/* Losses of single batches, where they were noted. */
static void add_steps(report *report) {
    const run_log *log = &report->log;
    const size_t stride = log->step_count / POINTS + 1;
    plots_range r = PLOTS_NOTHING;
    for (size_t i = 0; i < log->step_count; i++)
        plots_widen(&r, log->losses[i]);
    if (r.low > r.high)
        return;
    yg_text *script = plots_begin(&report->plots, "loss_of_steps", "loss of steps");
    yg_text_add(script, "set ylabel 'loss of the batch'\nset xlabel 'step'\nunset key\n");
    plots_whole_ticks(script, "x", log->steps[0], log->steps[log->step_count - 1]);
    if (log->step_count == 1)
        yg_text_add(script, "set xrange [%.17g:%.17g]\n", log->steps[0] - 1, log->steps[0] + 1);
    plots_axis(script, r);
    yg_text_add(script, "$data << END\n");
    for (size_t i = 0; i < log->step_count; i += stride) {
        plots_number(script, log->steps[i]);
        yg_text_add(script, " ");
        plots_number(script, log->losses[i]);
        yg_text_add(script, "\n");
    }
    yg_text_add(script, "END\n");
    plots_end(&report->plots, log->step_count == 1 ? "plot $data using 1:2 with points ls 1"
                                                   : "plot $data using 1:2 with lines ls 1 lw 1");
}

void report_curves(report *report) {
    const run_log *log = &report->log;
    const double best = run_log_number(log, "best_epoch");
    for (size_t s = 0; log->count && s < log->score_count && s < REPORT_SCORES; s++)
        add_score(report, s, best);
    add_steps(report);
    if (log->count)
        add_rate(report);
}
