/*
 * A run's history as CSV: see history.h.
 */
#include "history.h"

#include "../graph/file.h"
#include "../graph/number.h"
#include "../graph/text.h"
#include "json_text.h"
#include "score_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EPOCH, STEP, LR, TRAIN_LOSS };

static size_t size_of(const yg_score_table *table) {
    return table ? (size_t)(table->rows * table->columns) : 0;
}

bool yg_history_begin(yg_history *history, const yg_scores *scores, bool has_validation,
                      yg_error *error) {
    *history = (yg_history){.metric_count = scores->count, .has_validation = has_validation};
    history->metrics = calloc(scores->count + 1, sizeof *history->metrics);
    history->tables = calloc(scores->count + 1, sizeof *history->tables);
    if (!history->metrics || !history->tables) {
        yg_history_free(history);
        return yg_fail_memory(error);
    }
    history->part_width = 1 + scores->count;
    for (size_t i = 0; i < scores->count; i++) {
        history->metrics[i] = scores->metrics[i].name;
        history->tables[i] = scores->metrics[i].table;
        history->part_width += size_of(scores->metrics[i].table);
    }
    history->width = TRAIN_LOSS + history->part_width * (has_validation ? 2 : 1);
    return true;
}

void yg_history_free(yg_history *history) {
    free(history->lines);
    free(history->metrics);
    free(history->steps);
    free(history->tables);
    *history = (yg_history){0};
}

/* Room for one more line. */
static double *add_line(yg_history *history, yg_error *error) {
    if (history->count == history->capacity) {
        const size_t capacity = history->capacity ? 2 * history->capacity : 64;
        double *grown = capacity < SIZE_MAX / sizeof *grown / history->width
                            ? realloc(history->lines, capacity * history->width * sizeof *grown)
                            : NULL;
        if (!grown) {
            yg_fail_memory(error);
            return NULL;
        }
        history->lines = grown;
        history->capacity = capacity;
    }
    return history->lines + history->count++ * history->width;
}

/* The loss, a number for each metric, and then the elements of tables. */
static double *put_scores(double *at, const yg_scores *scores) {
    *at++ = scores->loss;
    for (size_t i = 0; i < scores->count; i++)
        *at++ = scores->metrics[i].value;
    for (size_t i = 0; i < scores->count; i++) {
        const yg_score_table *table = scores->metrics[i].table;
        if (table)
            memcpy(at, table->values, size_of(table) * sizeof *at);
        at += size_of(table);
    }
    return at;
}

bool yg_history_add(yg_history *history, int64_t epoch, int64_t step, double lr,
                    const yg_scores *training, const yg_scores *validation, yg_error *error) {
    double *line = add_line(history, error);
    if (!line)
        return false;
    line[EPOCH] = (double)epoch;
    line[STEP] = (double)step;
    line[LR] = lr;
    double *at = put_scores(line + TRAIN_LOSS, training);
    if (history->has_validation && validation)
        put_scores(at, validation);
    return true;
}

bool yg_history_add_step(yg_history *history, yg_step_line line, yg_error *error) {
    if (history->step_count == history->step_capacity) {
        const size_t capacity = history->step_capacity ? 2 * history->step_capacity : 64;
        yg_step_line *grown = capacity < SIZE_MAX / sizeof *grown
                                  ? realloc(history->steps, capacity * sizeof *grown)
                                  : NULL;
        if (!grown)
            return yg_fail_memory(error);
        history->steps = grown;
        history->step_capacity = capacity;
    }
    history->steps[history->step_count++] = line;
    return true;
}

bool yg_history_restore_steps(yg_history *history, const yg_step_line *steps, size_t count,
                              yg_error *error) {
    history->step_count = 0;
    for (size_t i = 0; i < count; i++)
        if (!yg_history_add_step(history, steps[i], error))
            return false;
    return true;
}

yg_epoch_line yg_history_line(const yg_history *history, size_t line) {
    const double *at = history->lines + line * history->width;
    const double *training = at + TRAIN_LOSS;
    return (yg_epoch_line){
        (int64_t)at[EPOCH],
        (int64_t)at[STEP],
        at[LR],
        {training, history->has_validation ? training + history->part_width : NULL}};
}

bool yg_history_restore(yg_history *history, const double *lines, size_t count, int64_t epoch,
                        yg_error *error) {
    history->count = 0;
    for (size_t l = 0; l < count; l++) {
        const double *from = lines + l * history->width;
        if (!(from[EPOCH] <= (double)epoch)) /* of an epoch that is not done */
            break;
        double *line = add_line(history, error);
        if (!line)
            return false;
        memcpy(line, from, history->width * sizeof *line);
    }
    return true;
}

static void print_header(const yg_history *history, FILE *out) {
    static const char *const parts[] = {"train", "validation"};
    fputs("epoch,step,lr", out);
    for (size_t p = 0; p < (history->has_validation ? 2u : 1u); p++) {
        fprintf(out, ",%s.loss", parts[p]);
        for (size_t i = 0; i < history->metric_count; i++)
            if (!history->tables[i])
                fprintf(out, ",%s.%s", parts[p], history->metrics[i]);
    }
    fputc('\n', out);
}

static void print_number(FILE *out, double value) {
    char number[YG_NUMBER_TEXT];
    fputc(',', out);
    fputs(yg_number_text(value, number), out);
}

static void print_line(const yg_history *history, const yg_epoch_line *line, FILE *out) {
    fprintf(out, "%" PRId64, line->epoch);
    print_number(out, (double)line->step);
    print_number(out, line->lr);
    for (size_t p = 0; p < 2; p++)
        for (size_t i = 0; line->scores[p] && i <= history->metric_count; i++)
            if (i == 0 || !history->tables[i - 1])
                print_number(out, line->scores[p][i]);
    fputc('\n', out);
}

bool yg_history_write(const yg_history *history, const char *path, yg_error *error) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return yg_fail_memory(error);
    print_header(history, out);
    for (size_t l = 0; l < history->count; l++) {
        const yg_epoch_line line = yg_history_line(history, l);
        print_line(history, &line, out);
    }
    const bool written = !ferror(out);
    const bool good = fclose(out) == 0 && written ? yg_file_write(path, text, size, error)
                                                  : yg_fail_memory(error);
    free(text);
    return good;
}

/* The loss and the metrics of a part. Names are identifiers, which JSON needs no escapes for. */
static void add_part(const yg_history *history, const char *part, const double *scores,
                     yg_text *out) {
    yg_text_add(out, ", \"%s\": {\"loss\": ", part);
    yg_json_number(out, scores[0]);
    const double *elements = scores + 1 + history->metric_count;
    for (size_t i = 0; i < history->metric_count; i++) {
        const yg_score_table *table = history->tables[i];
        yg_text_add(out, ", \"%s\": ", history->metrics[i]);
        if (table)
            yg_score_table_json(table, elements, out);
        else
            yg_json_number(out, scores[i + 1]);
        elements += size_of(table);
    }
    yg_text_add(out, "}");
}

/* Adds the steps from number `first` on that come before the end of an epoch. Returns the number of
 * the next one. */
static size_t add_steps(const yg_history *history, size_t first, int64_t end, yg_text *out) {
    size_t i = first;
    for (; i < history->step_count && history->steps[i].step <= (double)end; i++) {
        const yg_step_line *line = &history->steps[i];
        yg_text_add(out, "{\"epoch\": %.0f, \"step\": %.0f, \"lr\": ", line->epoch, line->step);
        yg_json_number(out, line->lr);
        yg_text_add(out, ", \"loss\": ");
        yg_json_number(out, line->loss);
        yg_text_add(out, "}\n");
    }
    return i;
}

bool yg_history_write_lines(const yg_history *history, const char *path, yg_error *error) {
    yg_text out = {0};
    size_t step = 0;
    for (size_t l = 0; l < history->count; l++) {
        const yg_epoch_line line = yg_history_line(history, l);
        step = add_steps(history, step, line.step, &out);
        yg_text_add(&out, "{\"epoch\": %" PRId64 ", \"step\": %" PRId64 ", \"lr\": ", line.epoch,
                    line.step);
        yg_json_number(&out, line.lr);
        for (size_t p = 0; p < 2; p++)
            if (line.scores[p])
                add_part(history, p ? "validation" : "train", line.scores[p], &out);
        yg_text_add(&out, "}\n");
    }
    add_steps(history, step, INT64_MAX, &out);
    yg_text_add(&out, "%s", ""); /* no line gives an empty file */
    char *text = yg_text_take(&out);
    const bool good = text ? yg_file_write(path, text, strlen(text), error) : yg_fail_memory(error);
    free(text);
    return good;
}
