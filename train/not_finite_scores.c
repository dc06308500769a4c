/*
 * The error for a part of the data whose loss is not finite: it names the node where that begins,
 * the values of its operands and the example, and keeps the batch. The weights that were scored are
 * still there, so the part is scored again, up to the first batch that goes wrong.
 */
#include "not_finite_scores.h"

#include "nan_report.h"
#include "run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where in its part a batch stands. */
typedef struct place {
    int64_t batch; /* its number, from 0 */
    int64_t begin; /* of its first example */
} place;

static void tell_example(yg_nan_report *report, const yg_not_finite_part *p, yg_stream *stream,
                         int64_t begin) {
    const yg_executable_options *options = &p->executables->options;
    const yg_example_at at = {options->model, p->data, p->part, p->name, options->dtype};
    if (report->source.node != YG_NONE && report->source.example >= 0)
        yg_nan_tell_example(report, &at,
                            yg_stream_example(stream, 0, begin + report->source.example));
}

/* Tells what is found of the batch that has just run. */
static void look_into(yg_nan_report *report, const yg_not_finite_part *p, yg_stream *stream,
                      const place *at) {
    char when[80];
    snprintf(when, sizeof when, "in batch %" PRId64 " of that part, counted from 0", at->batch);
    yg_nan_look(report, &p->executables->options, 0, 0, when);
    tell_example(report, p, stream, at->begin);
    yg_nan_tell_advice(report, false);
    if (!p->folder)
        return;
    const yg_failed_step failed = {.folder = p->folder,
                                   .model = p->executables->options.model,
                                   .store = p->executables->store,
                                   .count = p->parameter_count,
                                   .values = p->values,
                                   .executable = report->executable};
    yg_nan_tell_kept(report, &failed, "eval");
}

bool yg_not_finite_part_fail(const yg_not_finite_part *p, double loss, yg_error *error) {
    yg_pool *pool = yg_pool_new();
    yg_nan_report report;
    place at;
    yg_nan_report_begin(&report, p->executables->options.model);
    yg_text_add(&report.text, "the loss of the %s is %s%s%s", p->words, yg_nan_kind(loss),
                p->when ? " " : "", p->when ? p->when : "");
    yg_stream *stream = pool ? yg_executables_not_finite(p->executables, p->part, p->batch_size,
                                                         &report.executable, &at.batch, &at.begin)
                             : NULL;
    if (report.executable && yg_node_names_make(report.executable->network, pool, &report.names))
        look_into(&report, p, stream, &at);
    else
        yg_text_add(&report.text, "; yet its batches are finite: no example counts, or their sum "
                                  "is too large");
    yg_stream_close(stream);
    yg_nan_report_fail(&report, error);
    yg_pool_free(pool);
    return false;
}

bool yg_run_fail_score(yg_run *run, const char *name, const yg_part *part, double loss,
                       yg_error *error) {
    char when[120], words[60];
    run->failed_together = true;
    if (!yg_run_writes(run)) /* process 0 tells more */
        return yg_fail(error, YG_ERROR_NUMERIC, YG_NOWHERE, "the loss of a part is not finite");
    yg_run_save_reached(run);
    snprintf(when, sizeof when, "after step %" PRId64 " (epoch %" PRId64 ", learning rate %g)",
             run->at.steps, run->at.epochs + (run->at.epoch_step > 0), run->progress.learning_rate);
    snprintf(words, sizeof words, "%s part", strcmp(name, "train") == 0 ? "training" : name);
    char *folder = yg_run_folder_failed(&run->folder, NULL);
    const yg_not_finite_part p = {.executables = &run->score,
                                  .data = &run->data,
                                  .part = part,
                                  .name = name,
                                  .words = words,
                                  .when = when,
                                  .batch_size = run->settings.batch_size,
                                  .folder = folder,
                                  .parameter_count = run->parameter_count,
                                  .values = run->evaluated};
    yg_not_finite_part_fail(&p, loss, error);
    free(folder);
    return false;
}
