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

/* Rows (examples, or their steps) and numbers that are kept for curves; classes that are told. */
enum { CLASSES_MAX = 100 };
static const int64_t KEPT_ROWS = 20000, KEPT_NUMBERS = 2000000;

/* --------------------------------------------------------------------------------- pairing --- */

/* Whether a target can be compared with numbers, of steps or of examples: it is no label and has
 * this many elements. */
static bool has_width(const yg_run *run, const yg_part *part, size_t port, bool steps,
                      int64_t width) {
    const yg_port *target = yg_model_port(run->model, port);
    return target->target && !target->classes && part->dataset->ports[port].ragged == steps &&
           part->dataset->ports[port].width == width;
}

/* The target that an output's numbers are compared with; SIZE_MAX: none. */
static size_t target_of(const yg_run *run, const yg_findings *f, const yg_executable *executable,
                        size_t output) {
    const int64_t width = yg_answer_width(&f->outputs, executable, output);
    const bool steps = f->outputs.steps[output];
    const size_t named = f->outputs.ports[output];
    size_t found = SIZE_MAX, targets = 0, outputs = 0;
    if (named != SIZE_MAX)
        return has_width(run, f->part, named, steps, width) ? named : SIZE_MAX;
    for (size_t p = 0; p < yg_model_port_count(run->model); p++)
        if (has_width(run, f->part, p, steps, width)) {
            found = p;
            targets++;
        }
    for (size_t i = 0; targets == 1 && outputs <= 1 && i < executable->output_count; i++)
        outputs +=
            f->outputs.steps[i] == steps && yg_answer_width(&f->outputs, executable, i) == width;
    return targets == 1 && outputs == 1 ? found : SIZE_MAX;
}

/* Whether an output has a score for each class of each element of a target, as [B, T, classes] has
 * for labels [B, T]. It must be the only such target. */
static bool elements_of(const yg_run *run, const yg_findings *f, const yg_executable *executable,
                        size_t output, yg_told_class *label) {
    const yg_type *type = &executable->outputs[output].type;
    const int64_t width = yg_answer_width(&f->outputs, executable, output);
    size_t found = 0;
    for (size_t p = 0; !f->outputs.steps[output] && p < yg_model_port_count(run->model); p++) {
        const yg_port *port = yg_model_port(run->model, p);
        const yg_elements *elements = &f->part->dataset->ports[p];
        if (!port->target || port->classes < 2 || elements->ragged || elements->width < 2 ||
            type->rank < 3 || type->shape[type->rank - 1] != port->classes ||
            width != elements->width * port->classes)
            continue;
        char **names = run->data.encoding.ports[p].classes;
        *label = (yg_told_class){p, output, names ? names : (char **)port->class_names};
        found++;
    }
    return found == 1;
}

/* Of so many rows of that width, every n-th is kept. */
static int64_t stride_of(int64_t rows, int64_t width) {
    const int64_t most = KEPT_NUMBERS / (width > 1 ? width : 1);
    return rows / ((most < KEPT_ROWS ? most : KEPT_ROWS) + 1) + 1;
}

/* `steps`: how many answers the output has for each example; 0: one for each step of a sequence. */
static bool add_finding(const yg_run *run, yg_findings *f, const yg_executable *executable,
                        size_t output, size_t port, int64_t steps, const yg_told_class *label,
                        yg_error *error) {
    yg_finding *item = &f->items[f->count++];
    const int64_t width = yg_answer_width(&f->outputs, executable, output) / (steps ? steps : 1);
    const bool by_step = steps != 1;
    const int64_t rows = steps ? f->part->count * steps : f->steps;
    const int64_t stride = by_step ? stride_of(rows, width) : f->stride;
    const int64_t kept = (rows + stride - 1) / stride;
    const int64_t classes = label ? yg_model_port(run->model, port)->classes : 0;
    *item = (yg_finding){.output = output,
                         .port = port,
                         .name = executable->outputs[output].name,
                         .names = label ? label->names : NULL,
                         .classes = classes,
                         .width = width,
                         .by_step = by_step,
                         .steps = steps,
                         .rows = rows,
                         .stride = stride,
                         .in_units = !label && f->outputs.units[output] == port};
    item->predicted = calloc((size_t)(kept * item->width) + 1, sizeof(double));
    item->truth = calloc((size_t)(kept * (label ? 1 : item->width)) + 1, sizeof(double));
    if (label && classes <= CLASSES_MAX)
        item->confusion = calloc((size_t)(classes * classes) + 1, sizeof *item->confusion);
    return (item->predicted && item->truth &&
            (item->confusion || !label || classes > CLASSES_MAX)) ||
           yg_fail_memory(error);
}

static bool sum_steps(yg_findings *f, yg_error *error) {
    f->lengths = calloc((size_t)f->part->count + 1, sizeof *f->lengths);
    if (!f->lengths)
        return yg_fail_memory(error);
    yg_part_lengths(f->part, f->lengths);
    for (int64_t e = 0; e < f->part->count; e++)
        f->steps += f->lengths[e];
    return true;
}

/* Finds what can be compared. The widest output decides how many examples are kept. */
static bool pair(const yg_run *run, yg_findings *f, const yg_executable *executable,
                 yg_error *error) {
    f->items = calloc(executable->output_count + 1, sizeof *f->items);
    if (!f->items)
        return yg_fail_memory(error);
    int64_t widest = 1;
    for (size_t i = 0; i < executable->output_count; i++) {
        const int64_t width = yg_answer_width(&f->outputs, executable, i);
        widest = width > widest && !f->outputs.steps[i] ? width : widest;
    }
    f->stride = stride_of(f->part->count, widest);
    if (f->outputs.any_steps && !sum_steps(f, error))
        return false;
    for (size_t i = 0; i < executable->output_count; i++) {
        const yg_told_class *label = yg_answer_label(&f->outputs, i);
        const size_t port = label ? label->port : target_of(run, f, executable, i);
        yg_told_class elements;
        const int64_t steps = f->outputs.steps[i] ? 0 : 1;
        if (port != SIZE_MAX
                ? !add_finding(run, f, executable, i, port, steps, label, error)
                : elements_of(run, f, executable, i, &elements) &&
                      !add_finding(run, f, executable, i, elements.port,
                                   f->part->dataset->ports[elements.port].width, &elements, error))
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

/* Rows of an item: examples, or steps of them. `scores` has the output's numbers, `truth` those of
 * the target. */
typedef struct told_rows {
    int64_t first, count; /* of all rows of the part */
    const yg_worst *places;
    double *scores, *truth;
} told_rows;

static bool is_kept(const yg_finding *item, int64_t row) {
    return row % item->stride == 0;
}

/* Of an output that decides classes. */
static void note_classes(yg_finding *item, const told_rows *told) {
    const int64_t rows = told->count;
    double *scores = told->scores;
    if (!item->scored)
        item->logits = are_logits(scores, rows, item->width);
    item->scored = true;
    for (int64_t r = 0; r < rows; r++) {
        double *row = scores + r * item->width;
        if (item->logits && item->width > 1)
            softmax(row, item->width);
        const int64_t predicted = yg_answer_class(YG_F64, row, 0, item->width);
        const double truth = told->truth[r];
        if (!(truth >= 0 && truth < (double)item->classes))
            continue; /* such as -1, which counts for nothing */
        const double probability = item->width > 1 ? row[(int64_t)truth]
                                   : truth > 0     ? row[0]
                                                   : 1 - row[0];
        if (item->confusion)
            item->confusion[(int64_t)truth * item->classes + predicted]++;
        yg_worst worst = told->places[r];
        worst.wrong = -log(probability);
        worst.truth = truth;
        worst.predicted = (double)predicted;
        worst.probability = probability;
        note_worst(item, worst);
        if (!is_kept(item, told->first + r))
            continue;
        memcpy(item->predicted + item->count * item->width, row, (size_t)item->width * sizeof *row);
        item->truth[item->count++] = truth;
    }
}

static void note_numbers(const yg_run *run, const yg_findings *f, yg_finding *item,
                         const told_rows *told) {
    const yg_port_encoding *encoding = &run->data.encoding.ports[item->port];
    for (int64_t r = 0; r < told->count; r++) {
        double *p = told->scores + r * item->width, *t = told->truth + r * item->width, far = -1;
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
        yg_worst place = told->places[r];
        place.wrong = far;
        place.truth = t[worst];
        place.predicted = p[worst];
        if (!isnan(t[worst]))
            note_worst(item, place);
        if (!is_kept(item, told->first + r))
            continue;
        memcpy(item->predicted + item->count * item->width, p, (size_t)item->width * sizeof *p);
        memcpy(item->truth + item->count * item->width, t, (size_t)item->width * sizeof *t);
        item->count++;
    }
}

/* A batch: room for the rows of the item that needs most, and the targets of each. */
typedef struct batch_room {
    double *scores, *truth;
    yg_worst *places;
    yg_stream *stream; /* of targets */
    yg_feed *targets;  /* by item: in the port's own type, with padding */
    int64_t longest;   /* steps that sequences are padded to */
} batch_room;

static bool make_room(const yg_findings *f, int64_t longest, batch_room *room, yg_error *error) {
    int64_t numbers = 1, rows = 1;
    bool good = (room->targets = calloc(f->count + 1, sizeof *room->targets)) != NULL;
    for (size_t i = 0; good && i < f->count; i++) {
        const yg_finding *item = &f->items[i];
        const int64_t own = f->batch * (item->steps ? item->steps : longest);
        const int64_t all = own * (item->width ? item->width : 1);
        rows = own > rows ? own : rows;
        numbers = all > numbers ? all : numbers;
        room->targets[i].data = calloc((size_t)all + 1, sizeof(double));
        good = room->targets[i].data != NULL;
    }
    room->scores = calloc((size_t)numbers, sizeof *room->scores);
    room->truth = calloc((size_t)numbers, sizeof *room->truth);
    room->places = calloc((size_t)rows, sizeof *room->places);
    if (!good || !room->scores || !room->truth || !room->places)
        return yg_fail_memory(error);
    return (room->stream = yg_stream_open(f->part, error)) != NULL;
}

static void free_room(const yg_findings *f, const batch_room *room) {
    for (size_t i = 0; room->targets && i < f->count; i++)
        free(room->targets[i].data);
    free(room->targets);
    free(room->scores);
    free(room->truth);
    free(room->places);
    yg_stream_close(room->stream);
}

/* Reads the targets of the next examples. */
static bool read_targets(const yg_findings *f, int64_t count, batch_room *room, yg_error *error) {
    room->longest = yg_stream_longest(room->stream, count);
    for (size_t i = 0; i < f->count; i++) {
        const yg_finding *item = &f->items[i];
        const yg_elements *elements = &f->part->dataset->ports[item->port];
        const int64_t rows = item->steps ? 1 : room->longest;
        room->targets[i] =
            (yg_feed){item->port, elements->dtype, rows * elements->width, room->targets[i].data};
    }
    return yg_stream_next(room->stream, room->targets, f->count, 0, count, error);
}

/* Gathers the rows of an item, without the padding of sequences. `first`: the first example of the
 * batch. */
static void gather_rows(const yg_findings *f, const yg_finding *item,
                        const yg_executable *executable, int64_t first, const batch_room *room,
                        told_rows *told) {
    const yg_elements *elements = &f->part->dataset->ports[item->port];
    const yg_result *result = &executable->outputs[item->output];
    const int64_t width = item->classes ? 1 : item->width;
    const int64_t padded = item->steps ? item->steps : room->longest;
    const void *raw = room->targets[item - f->items].data;
    *told = (told_rows){.places = room->places, .scores = room->scores, .truth = room->truth};
    for (int64_t e = 0; e < executable->batch; e++) {
        const int64_t steps = item->steps ? item->steps : f->lengths[first + e];
        for (int64_t s = 0; s < steps; s++, told->count++) {
            const int64_t stride = item->steps ? item->steps : executable->length;
            const int64_t from = (e * stride + s) * item->width;
            room->places[told->count] = (yg_worst){.example = first + e, .step = s};
            for (int64_t i = 0; i < item->width; i++)
                told->scores[told->count * item->width + i] =
                    yg_element_get(result->type.dtype, result->data, from + i);
            for (int64_t i = 0; i < width; i++)
                told->truth[told->count * width + i] =
                    yg_element_get(elements->dtype, raw, (e * padded + s) * width + i);
        }
    }
}

/* Notes a batch that has run. *steps: how many its sequences have, and those before it. */
static bool note_batch(const yg_run *run, yg_findings *f, const yg_executable *executable,
                       int64_t first, int64_t *steps, batch_room *room, yg_error *error) {
    if (!read_targets(f, executable->batch, room, error))
        return false;
    for (size_t i = 0; i < f->count; i++) {
        yg_finding *item = &f->items[i];
        told_rows told;
        gather_rows(f, item, executable, first, room, &told);
        told.first = item->steps ? first * item->steps : *steps;
        if (item->classes)
            note_classes(item, &told);
        else
            note_numbers(run, f, item, &told);
    }
    for (int64_t e = 0; f->steps && e < executable->batch; e++)
        *steps += f->lengths[first + e];
    return true;
}

/* Runs all examples of the part. */
static bool gather(const yg_run *run, yg_findings *f, yg_executables *executables,
                   yg_error *error) {
    batch_room room = {0};
    int64_t steps = 0;
    yg_stream *stream = yg_stream_open(f->part, error);
    bool good = stream && make_room(f, executables->longest, &room, error);
    for (int64_t first = 0; good && first < f->part->count; first += f->batch) {
        const int64_t left = f->part->count - first, count = left < f->batch ? left : f->batch;
        yg_executable *executable =
            yg_executables_in_time(executables, error)
                ? yg_executables_get(executables, count, yg_stream_longest(stream, count), error)
                : NULL;
        good = executable && yg_executable_fill(executable, stream, error) &&
               yg_executable_run(executable, 0, 0, error) &&
               note_batch(run, f, executable, first, &steps, &room, error);
    }
    yg_stream_close(stream);
    free_room(f, &room);
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
    free(f->lengths);
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
