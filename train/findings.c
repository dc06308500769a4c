/*
 * What a run finds at its kept weights: see findings.h.
 */
#include "findings.h"

#include "../data/column.h"
#include "../data/source.h"
#include "../graph/file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Examples and numbers that are kept for curves; classes that are told. */
enum { CLASSES_MAX = 100 };
static const int64_t KEPT_EXAMPLES = 20000, KEPT_NUMBERS = 2000000;

/* --------------------------------------------------------------------------------- pairing --- */

/* Whether a target can be compared with numbers: it is no label and has this many elements. */
static bool has_width(const yg_run *run, const yg_part *part, size_t port, int64_t width) {
    const yg_port *target = yg_model_port(run->model, port);
    return target->target && !target->classes && !part->dataset->ports[port].ragged &&
           part->dataset->ports[port].width == width;
}

/* The target that an output's numbers are compared with; SIZE_MAX: none. */
static size_t target_of(const yg_run *run, const yg_findings *f, const yg_executable *executable,
                        size_t output) {
    const int64_t width = yg_answer_width(&f->outputs, executable, output);
    const size_t named = f->outputs.ports[output];
    size_t found = SIZE_MAX, targets = 0, outputs = 0;
    if (named != SIZE_MAX)
        return has_width(run, f->part, named, width) ? named : SIZE_MAX;
    for (size_t p = 0; p < yg_model_port_count(run->model); p++)
        if (has_width(run, f->part, p, width)) {
            found = p;
            targets++;
        }
    for (size_t i = 0; targets == 1 && outputs <= 1 && i < executable->output_count; i++)
        outputs += !f->outputs.steps[i] && yg_answer_width(&f->outputs, executable, i) == width;
    return targets == 1 && outputs == 1 ? found : SIZE_MAX;
}

static bool add_finding(const yg_run *run, yg_findings *f, const yg_executable *executable,
                        size_t output, size_t port, const yg_told_class *label, yg_error *error) {
    yg_finding *item = &f->items[f->count++];
    const int64_t kept = (f->part->count + f->stride - 1) / f->stride;
    const int64_t classes = label ? yg_model_port(run->model, port)->classes : 0;
    *item = (yg_finding){.output = output,
                         .port = port,
                         .name = executable->outputs[output].name,
                         .names = label ? label->names : NULL,
                         .classes = classes,
                         .width = yg_answer_width(&f->outputs, executable, output),
                         .in_units = !label && f->outputs.units[output] == port};
    item->predicted = calloc((size_t)(kept * item->width) + 1, sizeof(double));
    item->truth = calloc((size_t)(kept * (label ? 1 : item->width)) + 1, sizeof(double));
    if (label && classes <= CLASSES_MAX)
        item->confusion = calloc((size_t)(classes * classes) + 1, sizeof *item->confusion);
    return (item->predicted && item->truth &&
            (item->confusion || !label || classes > CLASSES_MAX)) ||
           yg_fail_memory(error);
}

/* Finds what can be compared. The widest output decides how many examples are kept. */
static bool pair(const yg_run *run, yg_findings *f, const yg_executable *executable,
                 yg_error *error) {
    int64_t widest = 1;
    f->items = calloc(executable->output_count + 1, sizeof *f->items);
    if (!f->items)
        return yg_fail_memory(error);
    for (size_t i = 0; i < executable->output_count; i++) {
        const int64_t width = yg_answer_width(&f->outputs, executable, i);
        widest = width > widest ? width : widest;
    }
    const int64_t most =
        KEPT_NUMBERS / widest < KEPT_EXAMPLES ? KEPT_NUMBERS / widest : KEPT_EXAMPLES;
    f->stride = f->part->count / (most + 1) + 1;
    for (size_t i = 0; i < executable->output_count; i++) {
        const yg_told_class *label = yg_answer_label(&f->outputs, i);
        const size_t port = label ? label->port : target_of(run, f, executable, i);
        if (f->outputs.steps[i]) /* answers by step are as many as steps: another table */
            continue;
        if (port != SIZE_MAX && !add_finding(run, f, executable, i, port, label, error))
            return false;
    }
    return true;
}

/* -------------------------------------------------------------------------------- gathering -- */

/* Keeps the worst ones. Of equal ones the first stays. */
static void note_worst(yg_finding *item, yg_worst worst) {
    if (isnan(worst.wrong))
        worst.wrong = (double)INFINITY;
    size_t at = item->worst_count;
    while (at > 0 && item->worst[at - 1].wrong < worst.wrong)
        at--;
    if (at == YG_FINDING_WORST)
        return;
    item->worst_count += item->worst_count < YG_FINDING_WORST;
    memmove(&item->worst[at + 1], &item->worst[at],
            (item->worst_count - at - 1) * sizeof *item->worst);
    item->worst[at] = worst;
}

/* Whether the rows of the first batch are not probabilities: then they are logits. */
static bool are_logits(const double *scores, int64_t rows, int64_t width) {
    for (int64_t r = 0; r < rows; r++) {
        double sum = 0;
        for (int64_t i = 0; i < width; i++) {
            const double score = scores[r * width + i];
            if (score < -1e-6 || score > 1 + 1e-6)
                return true;
            sum += score;
        }
        if (width > 1 && fabs(sum - 1) > 1e-3)
            return true;
    }
    return false;
}

static void softmax(double *scores, int64_t width) {
    double most = -(double)INFINITY, sum = 0;
    for (int64_t i = 0; i < width; i++)
        most = scores[i] > most ? scores[i] : most;
    for (int64_t i = 0; i < width; i++)
        sum += scores[i] = exp(scores[i] - most);
    for (int64_t i = 0; i < width; i++)
        scores[i] /= sum;
}

static bool is_kept(const yg_findings *f, int64_t example) {
    return example % f->stride == 0;
}

/* `scores` has `rows` rows of an output that decides classes, `classes` the true ones. */
static void note_classes(const yg_findings *f, yg_finding *item, int64_t first, int64_t rows,
                         double *scores, const double *classes) {
    if (!item->scored)
        item->logits = are_logits(scores, rows, item->width);
    item->scored = true;
    for (int64_t r = 0; r < rows; r++) {
        double *row = scores + r * item->width;
        if (item->logits && item->width > 1)
            softmax(row, item->width);
        const int64_t predicted = yg_answer_class(YG_F64, row, 0, item->width);
        const double truth = classes[r];
        if (!(truth >= 0 && truth < (double)item->classes))
            continue; /* such as -1, which counts for nothing */
        const double probability = item->width > 1 ? row[(int64_t)truth]
                                   : truth > 0     ? row[0]
                                                   : 1 - row[0];
        if (item->confusion)
            item->confusion[(int64_t)truth * item->classes + predicted]++;
        note_worst(item,
                   (yg_worst){first + r, -log(probability), truth, (double)predicted, probability});
        if (!is_kept(f, first + r))
            continue;
        memcpy(item->predicted + item->count * item->width, row, (size_t)item->width * sizeof *row);
        item->truth[item->count++] = truth;
    }
}

static void note_numbers(const yg_run *run, const yg_findings *f, yg_finding *item, int64_t first,
                         int64_t rows, double *predicted, double *truth) {
    const yg_port_encoding *encoding = &run->data.encoding.ports[item->port];
    for (int64_t r = 0; r < rows; r++) {
        double *p = predicted + r * item->width, *t = truth + r * item->width, far = -1;
        int64_t worst = 0;
        for (int64_t i = 0; i < item->width; i++) {
            if (item->in_units) {
                p[i] = yg_answer_in_units(&f->outputs, item->output, i, p[i]);
                t[i] = yg_encoding_in_units(encoding, i % yg_encoding_width(encoding), t[i]);
            }
            const double distance = fabs(p[i] - t[i]);
            if (!(distance <= far)) {
                far = distance;
                worst = i;
            }
        }
        if (!isnan(t[worst]))
            note_worst(item, (yg_worst){first + r, far, t[worst], p[worst], 0});
        if (!is_kept(f, first + r))
            continue;
        memcpy(item->predicted + item->count * item->width, p, (size_t)item->width * sizeof *p);
        memcpy(item->truth + item->count * item->width, t, (size_t)item->width * sizeof *t);
        item->count++;
    }
}

static void widen(yg_dtype dtype, const void *from, int64_t count, double *to) {
    for (int64_t i = 0; i < count; i++)
        to[i] = yg_element_get(dtype, from, i);
}

/* The examples of a port as doubles: `raw` has room for them in their own type. */
static bool read_port(const yg_part *part, size_t port, int64_t first, int64_t rows, void *raw,
                      double *to, yg_error *error) {
    const yg_elements *elements = &part->dataset->ports[port];
    if (!yg_part_read(part, port, first, rows, raw, error))
        return false;
    widen(elements->dtype, raw, rows * elements->width, to);
    return true;
}

/* Notes a batch that has run. */
static bool note_batch(const yg_run *run, yg_findings *f, const yg_executable *executable,
                       int64_t first, double *room, yg_error *error) {
    const int64_t rows = executable->batch;
    for (size_t i = 0; i < f->count; i++) {
        yg_finding *item = &f->items[i];
        const yg_result *result = &executable->outputs[item->output];
        /* Three rooms, one after the other, each for the widest: predictions, truth, raw truth. */
        double *truth = room + f->batch * item->width, *raw = truth + f->batch * item->width;
        widen(result->type.dtype, result->data, rows * item->width, room);
        if (!read_port(f->part, item->port, first, rows, raw, truth, error))
            return false;
        if (item->classes)
            note_classes(f, item, first, rows, room, truth);
        else
            note_numbers(run, f, item, first, rows, room, truth);
    }
    return true;
}

/* Runs all examples of the part. */
static bool gather(const yg_run *run, yg_findings *f, yg_executables *executables,
                   yg_error *error) {
    int64_t widest = 1;
    for (size_t i = 0; i < f->count; i++)
        widest = f->items[i].width > widest ? f->items[i].width : widest;
    double *room = calloc((size_t)(3 * f->batch * widest), sizeof *room);
    yg_stream *stream = room ? yg_stream_open(f->part, error) : NULL;
    bool good = stream || (!room && yg_fail_memory(error));
    for (int64_t first = 0; good && first < f->part->count; first += f->batch) {
        const int64_t left = f->part->count - first, count = left < f->batch ? left : f->batch;
        yg_executable *executable =
            yg_executables_in_time(executables, error)
                ? yg_executables_get(executables, count, yg_stream_longest(stream, count), error)
                : NULL;
        good = executable && yg_executable_fill(executable, stream, error) &&
               yg_executable_run(executable, 0, 0, error) &&
               note_batch(run, f, executable, first, room, error);
    }
    yg_stream_close(stream);
    free(room);
    return good;
}

static void free_findings(yg_findings *f) {
    yg_example_cells_free(&f->cells);
    for (size_t i = 0; i < f->count; i++) {
        free(f->items[i].confusion);
        free(f->items[i].predicted);
        free(f->items[i].truth);
    }
    free(f->items);
    yg_interpretation_free(&f->outputs);
}

/* Interprets the outputs. An output that is no prediction is no failure: *found becomes false. */
static bool interpret(const yg_run *run, yg_findings *f, const yg_executables *executables,
                      yg_executable *executable, bool *found, yg_error *error) {
    yg_error reason = {0};
    yg_network *longer = NULL;
    if (run->data.sequencing.symbol) {
        yg_executable_options options = executables->options;
        options.length = executable->length + 1;
        if (!(longer = yg_executable_network(&options, executable->batch, error)))
            return false;
    }
    *found = yg_interpretation_make(run->model, &run->data, executable, longer, "", &f->outputs,
                                    &reason);
    yg_network_free(longer);
    if (!*found)
        return reason.code == YG_ERROR_SHAPE || yg_fail_as(error, &reason);
    if (!pair(run, f, executable, error))
        return false;
    *found = f->count > 0;
    return true;
}

/* Reads the rows of the worst examples again, as they stand in the file. Where that is impossible,
 * the numbers that the network got are told. */
static void read_worst(yg_run *run, yg_findings *f) {
    size_t room = 0;
    for (size_t i = 0; i < f->count; i++)
        room += f->items[i].worst_count;
    f->cells.examples = calloc(room + 1, sizeof *f->cells.examples);
    for (size_t i = 0; f->cells.examples && i < f->count; i++)
        for (size_t k = 0; k < f->items[i].worst_count; k++)
            f->cells.examples[f->cells.count++] = f->items[i].worst[k].example;
    if (!yg_example_cells_read(run->model, &run->data, run->settings.dtype, f->part_name, f->part,
                               &f->cells))
        yg_example_cells_free(&f->cells);
}

/* Evaluates one part and adds what was found. */
static bool add_part(yg_run *run, const char *name, const yg_part *part, bool *any, yg_text *out,
                     yg_error *error) {
    /* No larger than a training batch: that fits into memory. */
    const int64_t batch = run->settings.batch_size;
    yg_findings f = {
        .part_name = name, .part = part, .batch = part->count < batch ? part->count : batch};
    yg_executables executables = {.options = {.model = run->model,
                                              .data = &run->data,
                                              .dtype = run->settings.dtype,
                                              .threads = run->options->threads,
                                              .outputs_only = true},
                                  .store = &run->store,
                                  .beside = &run->train,
                                  .longest = yg_part_longest(part, 0, part->count),
                                  .deadline = run->score.deadline};
    bool found = false;
    yg_executable *executable =
        yg_executables_get(&executables, f.batch, executables.longest, error);
    bool good = executable && interpret(run, &f, &executables, executable, &found, error);
    if (good && found) {
        yg_text_add(out, *any ? ",\n" : "");
        *any = true;
        good = gather(run, &f, &executables, error);
        if (good)
            read_worst(run, &f);
        good = good && yg_findings_json(run, &f, out, error);
    }
    free_findings(&f);
    yg_executables_free(&executables);
    return good;
}

bool yg_findings_write(yg_run *run, yg_error *error) {
    const yg_data *data = &run->data;
    yg_text out = {0};
    bool any = false, good = true;
    if (!yg_model_output_count(run->model))
        return true;
    yg_text_add(&out, "{\"format\": 1, \"parts\": [\n");
    if (data->validation.count)
        good = add_part(run, "validation", &data->validation, &any, &out, error);
    if (good && data->test.count)
        good = add_part(run, "test", &data->test, &any, &out, error);
    if (!data->validation.count && !data->test.count)
        good = add_part(run, "train", &data->train, &any, &out, error);
    yg_text_add(&out, "\n]}\n");
    char *text = yg_text_take(&out), *path = NULL;
    if (good && any)
        good = text && (path = yg_run_path(run->result->folder, YG_RUN_FINDINGS, error))
                   ? yg_file_write(path, text, strlen(text), error)
                   : yg_fail_memory(error);
    free(path);
    free(text);
    return good;
}
