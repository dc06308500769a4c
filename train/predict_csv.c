/*
 * Predictions as CSV: see predict.h.
 */
#include "../data/source.h"
#include "../graph/number.h"
#include "prediction.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A cell, in quotes where RFC 4180 asks for them. An empty one gets them too. */
static void write_text(FILE *out, char delimiter, const char *text) {
    const char special[] = {delimiter, '"', '\n', '\r', ' ', '\t', '\0'};
    if (*text && !strpbrk(text, special)) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

/* ---------------------------------------------------------------------------- the header ---- */

/* The columns of the predictions, which must all have different names. */
typedef struct header {
    yg_pool *pool;
    yg_names names;
    size_t *output;     /* that a column belongs to */
    bool *label;        /* it is a class that the output decides */
    const char **shown; /* the name that is written */
} header;

static const char *element_name(const yg_prediction *p, const yg_executable *executable,
                                size_t output, int64_t i, yg_pool *pool) {
    const yg_interpretation *r = &p->outputs;
    const char *name = executable->outputs[output].name;
    if (yg_answer_width(&p->outputs, executable, output) == 1)
        return name;
    const yg_told_class *label = yg_answer_label(r, output);
    const char *part = label && label->names ? label->names[i] : yg_answer_column(r, output, i);
    if (part)
        return yg_pool_format(pool, "%s.%s", name, part);
    return yg_pool_format(pool, "%s.%lld", name, (long long)i);
}

static bool add_column(const yg_executable *executable, header *h, const char *name, size_t output,
                       bool label, yg_error *error) {
    static const char *const kinds[] = {"output", "the class that output"};
    if (!name)
        return yg_fail_memory(error);
    const size_t same = yg_names_find(&h->names, name);
    if (same != YG_NOT_FOUND) {
        // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): it has an entry for each name
        const size_t other = h->output[same];
        return yg_fail(error, YG_ERROR_NAME, executable->outputs[other].origin,
                       "two columns of the predictions would be called '%s': %s '%s'%s and %s "
                       "'%s'%s; rename one in `outputs`",
                       name, kinds[h->label[same]], executable->outputs[other].name,
                       h->label[same] ? " decides" : "", kinds[label],
                       executable->outputs[output].name, label ? " decides" : "");
    }
    size_t *outputs = yg_pool_grow(h->pool, h->output, h->names.count, sizeof *outputs);
    bool *labels = yg_pool_grow(h->pool, h->label, h->names.count, sizeof *labels);
    if (!outputs || !labels)
        return yg_fail_memory(error);
    h->output = outputs;
    h->label = labels;
    outputs[h->names.count] = output;
    labels[h->names.count] = label;
    return yg_names_add(&h->names, h->pool, name) || yg_fail_memory(error);
}

static bool list_columns(const yg_prediction *p, const yg_executable *executable, header *h,
                         yg_error *error) {
    for (size_t o = 0; o < executable->output_count; o++)
        for (int64_t i = 0; i < yg_answer_width(&p->outputs, executable, o); i++)
            if (!add_column(executable, h, element_name(p, executable, o, i, h->pool), o, false,
                            error))
                return false;
    for (size_t l = 0; l < p->outputs.label_count; l++) {
        const yg_told_class *label = &p->outputs.labels[l];
        const yg_port_encoding *encoding = &p->data.encoding.ports[label->port];
        if (!add_column(executable, h,
                        encoding->column_count == 1 ? encoding->columns[0]
                                                    : yg_model_port(p->model, label->port)->name,
                        label->output, true, error))
            return false;
    }
    return true;
}

/* A column that is kept has the name of the input's column. A prediction of that name gets another
 * one: a reader that finds columns by name would take the wrong one. */
static bool rename_columns(const yg_prediction *p, header *h, yg_error *error) {
    yg_names taken = {0};
    bool good = true;
    for (size_t i = 0; good && i < p->keep.count; i++)
        good = yg_names_find(&taken, p->keep.names[i]) != YG_NOT_FOUND ||
               yg_names_add(&taken, h->pool, p->keep.names[i]);
    for (size_t i = 0; good && i < h->names.count; i++) {
        const char *name = h->names.names[i];
        h->shown[i] = name;
        if (yg_names_find(&taken, name) == YG_NOT_FOUND)
            continue;
        while (good && (yg_names_find(&taken, name) != YG_NOT_FOUND ||
                        yg_names_find(&h->names, name) != YG_NOT_FOUND))
            good = (name = yg_pool_format(h->pool, "predicted_%s", name)) != NULL;
        good = good && yg_names_add(&taken, h->pool, name);
        h->shown[i] = name;
    }
    return good || yg_fail_memory(error);
}

static bool choose_names(const yg_prediction *p, const yg_executable *executable, header *h,
                         yg_error *error) {
    if (!list_columns(p, executable, h, error))
        return false;
    h->shown = yg_pool_take(h->pool, (h->names.count + 1) * sizeof *h->shown);
    return h->shown ? rename_columns(p, h, error) : yg_fail_memory(error);
}

/* Makes p->header, the text. */
static bool make_header(yg_prediction *p, const yg_executable *executable, yg_error *error) {
    header h = {.pool = yg_pool_new()};
    size_t size;
    FILE *text = open_memstream(&p->header, &size);
    bool good = h.pool && text ? choose_names(p, executable, &h, error) : yg_fail_memory(error);
    for (size_t i = 0; good && i < p->keep.count; i++) {
        write_text(text, p->delimiter, p->keep.names[i]);
        fputc(p->delimiter, text);
    }
    for (size_t i = 0; good && i < h.names.count; i++) {
        if (i > 0)
            fputc(p->delimiter, text);
        write_text(text, p->delimiter, h.shown[i]);
    }
    if (text) {
        const bool written = !ferror(text);
        good = fclose(text) == 0 && written ? good : good && yg_fail_memory(error);
    }
    yg_pool_free(h.pool);
    return good;
}

/* ------------------------------------------------------------------------------- the rows ---- */

/* A float32 is written with the fewest digits that give the same float32 back. As a double it would
 * get digits that mean nothing. */
static void write_number(const yg_prediction *p, yg_dtype dtype, double value) {
    char text[YG_NUMBER_TEXT];
    double back;
    if (dtype == YG_F32 && value == value)
        for (int digits = 6; digits <= 9; digits++) {
            /* Tries more and more digits until reading them gives the same float. */
            char rounded[40];
            snprintf(rounded, sizeof rounded, "%.*e", digits - 1, value);
            for (char *c = rounded; *c; c++)
                *c = *c == ',' ? '.' : *c; /* a locale's decimal comma */
            if (yg_number_parse(rounded, strlen(rounded), &back) != YG_NUMBER_NOT &&
                (float)back == (float)value) {
                fputs(yg_number_text(back, text), p->out);
                return;
            }
        }
    fputs(yg_number_text(value, text), p->out);
}

/* Element `index` of an output, element `i` of its example. Whole numbers are exact. */
static void write_element(const yg_prediction *p, const yg_executable *executable, size_t output,
                          int64_t index, int64_t i) {
    const yg_dtype dtype = executable->outputs[output].type.dtype;
    const void *data = executable->outputs[output].data;
    if (dtype == YG_I64) {
        fprintf(p->out, "%lld", (long long)((const int64_t *)data)[index]);
        return;
    }
    const double value = yg_element_get(dtype, data, index);
    write_number(p, dtype, yg_answer_in_units(&p->outputs, output, i, value));
}

static void write_label(const yg_prediction *p, const yg_executable *executable,
                        const yg_told_class *label, int64_t row, int64_t step) {
    const yg_interpretation *r = &p->outputs;
    const yg_result *output = &executable->outputs[label->output];
    const int64_t width = yg_answer_width(r, executable, label->output);
    const int64_t first = yg_answer_first(r, executable, label->output, row, step);
    const int64_t class = yg_answer_class(output->type.dtype, output->data, first, width);
    if (label->names)
        write_text(p->out, p->delimiter, label->names[class]);
    else
        fprintf(p->out, "%lld", (long long)class);
}

/* Writes the texts that are kept of a row. */
static void write_kept(yg_prediction *p) {
    for (size_t i = 0; p->kept && i < p->keep.count; i++) {
        if (*p->kept)
            write_text(p->out, p->delimiter, p->kept);
        fputc(p->delimiter, p->out);
        p->kept += strlen(p->kept) + 1;
    }
}

static void write_row(yg_prediction *p, const yg_executable *executable, int64_t row,
                      int64_t step) {
    bool first = true;
    write_kept(p);
    for (size_t o = 0; o < executable->output_count; o++) {
        const int64_t width = yg_answer_width(&p->outputs, executable, o);
        const int64_t at = yg_answer_first(&p->outputs, executable, o, row, step);
        for (int64_t i = 0; i < width; i++, first = false) {
            if (!first)
                fputc(p->delimiter, p->out);
            write_element(p, executable, o, at + i, i);
        }
    }
    for (size_t l = 0; l < p->outputs.label_count; l++, first = false) {
        if (!first)
            fputc(p->delimiter, p->out);
        write_label(p, executable, &p->outputs.labels[l], row, step);
    }
    fputc('\n', p->out);
}

/* ------------------------------------------------------------------------------ the format ---- */

static bool write_failed(const yg_prediction *p, yg_error *error) {
    return yg_fail(error, YG_ERROR_IO, YG_NOWHERE, "cannot write the predictions: %s",
                   errno && ferror(p->out) ? strerror(errno) : "output failed");
}

static void start(yg_prediction *p) {
    fprintf(p->out, "%s\n", p->header);
}

static bool write_batch(yg_prediction *p, const yg_executable *executable, yg_error *error) {
    for (int64_t row = 0; row < executable->batch; row++) {
        const char *kept = p->kept;
        const int64_t steps = p->outputs.any_steps ? p->lengths[row] : 1;
        for (int64_t step = 0; step < steps; step++) {
            if (!p->kept_by_step)
                p->kept = kept; /* the texts of an example are written for each of its steps */
            write_row(p, executable, row, step);
        }
    }
    return !ferror(p->out) || write_failed(p, error);
}

static bool flush(yg_prediction *p, yg_error *error) {
    return fflush(p->out) == 0 || write_failed(p, error);
}

static void free_header(yg_prediction *p) {
    free(p->header);
}

const yg_answer_format yg_answers_csv = {
    .begin = make_header,
    .start = start,
    .write = write_batch,
    .flush = flush,
    .end = flush,
    .free = free_header,
};
