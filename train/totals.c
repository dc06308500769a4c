/*
 * Gathering scores: see totals.h.
 */
#include "totals.h"

#include "score_head.h"
#include "score_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------------------ room --- */

static int64_t row_bytes(const yg_score_part *part) {
    return part->elements * (int64_t)yg_dtype_size(part->dtype);
}

/* Makes room for rows, part after part. */
static bool make_rows(const yg_score_plan *plan, yg_totals *totals) {
    double left = (double)totals->memory;
    totals->rows = calloc(plan->part_count + 1, sizeof *totals->rows);
    totals->part_count = totals->rows ? plan->part_count : 0;
    for (size_t i = 0; i < totals->part_count; i++) {
        const double bytes = (double)row_bytes(&plan->parts[i]) * (double)totals->capacity;
        if (plan->parts[i].kind != YG_PART_ROWS || bytes > left)
            continue;
        totals->rows[i] = malloc((size_t)bytes + 1);
        if (!totals->rows[i])
            return false;
        left -= bytes;
    }
    return totals->rows != NULL;
}

bool yg_totals_begin(const yg_score_plan *plan, int64_t examples, int64_t memory, yg_totals *totals,
                     yg_error *error) {
    *totals = (yg_totals){.count = plan->value_count, .capacity = examples, .memory = memory};
    totals->values = calloc(totals->count + 1, sizeof *totals->values);
    if (totals->values && make_rows(plan, totals))
        return true;
    yg_totals_free(totals);
    return yg_fail_memory(error);
}

void yg_totals_clear(yg_totals *totals) {
    totals->examples = totals->batches = 0;
    memset(totals->values, 0, totals->count * sizeof *totals->values);
}

void yg_totals_free(yg_totals *totals) {
    for (size_t i = 0; i < totals->part_count; i++)
        free(totals->rows[i]);
    free(totals->rows);
    free(totals->values);
    *totals = (yg_totals){0};
}

/* ------------------------------------------------------------------------------- gathering --- */

static double larger(double a, double b) {
    return a > b || isnan(a) ? a : b;
}

static double smaller(double a, double b) {
    return a < b || isnan(a) ? a : b;
}

/* `first`: no batch was added before. */
static void add_part(const yg_score_part *part, const yg_result *result, double examples,
                     bool first, double *to) {
    for (int64_t i = 0; i < part->elements; i++) {
        const double value = yg_element_get(result->type.dtype, result->data, i);
        if (part->kind == YG_PART_SUM)
            to[i] += value;
        else if (part->kind == YG_PART_MEAN)
            to[i] += examples * value;
        else if (first)
            to[i] = value;
        else
            to[i] = part->kind == YG_PART_MAX ? larger(to[i], value) : smaller(to[i], value);
    }
}

/* Copies the rows of a batch, example by example. The tensor is [outer, batch · each, inner], where
 * the second of these dimensions is the part's axis. */
static void add_rows(const yg_score_part *part, const yg_result *result, int64_t batch, char *to) {
    int64_t outer = 1;
    for (int d = 0; d < part->axis; d++)
        outer *= result->type.shape[d];
    const size_t bytes = (size_t)(row_bytes(part) / (outer ? outer : 1));
    const char *from = result->data;
    for (int64_t o = 0; o < outer; o++)
        for (int64_t i = 0; i < batch; i++, from += bytes)
            memcpy(to + (size_t)(i * outer + o) * bytes, from, bytes);
}

static void add_scores(const yg_score_plan *plan, const yg_executable *executable,
                       yg_totals *totals) {
    const double examples = (double)executable->batch;
    for (size_t i = 0; i < plan->count; i++) {
        const yg_scored *scored = &plan->scores[i];
        const yg_result *score = i ? &executable->metrics[i - 1] : &executable->loss;
        double *last = totals->values + scored->first, *joined = last + plan->element_count;
        for (int64_t k = 0; k < scored->elements; k++) {
            const double value = yg_element_get(score->type.dtype, score->data, k);
            last[k] = value;
            if (scored->way != YG_SCORE_JOINED || scored->join == YG_JOIN_MEAN)
                joined[k] += examples * value;
            else if (scored->join == YG_JOIN_SUM)
                joined[k] += value;
            else if (totals->batches == 0)
                joined[k] = value;
            else
                joined[k] = scored->join == YG_JOIN_MAX ? larger(joined[k], value)
                                                        : smaller(joined[k], value);
        }
    }
}

/* Whether the last batch of an executable lacks a part of a score, or there is no room for it. */
static bool lacks(const yg_score_plan *plan, const yg_scored *scored,
                  const yg_executable *executable, const yg_totals *totals) {
    const bool full = totals->examples + executable->batch > totals->capacity;
    for (size_t i = 0; i < scored->part_count; i++) {
        const size_t part = scored->parts[i];
        if (!executable->part_count || executable->parts[part].node == YG_NONE ||
            (plan->parts[part].kind == YG_PART_ROWS && (full || !totals->rows[part])))
            return true;
    }
    return false;
}

void yg_totals_add(const yg_score_plan *plan, const yg_executable *executable, yg_totals *totals) {
    double *missing = totals->values + 2 * plan->element_count;
    const bool full = totals->examples + executable->batch > totals->capacity;
    add_scores(plan, executable, totals);
    for (size_t i = 0; i < plan->count; i++)
        if (lacks(plan, &plan->scores[i], executable, totals))
            missing[i] = 1;
    for (size_t i = 0; i < executable->part_count; i++) {
        const yg_score_part *part = &plan->parts[i];
        const yg_result *result = &executable->parts[i];
        if (result->node == YG_NONE)
            continue;
        if (part->kind != YG_PART_ROWS)
            add_part(part, result, (double)executable->batch, totals->batches == 0,
                     totals->values + part->first);
        else if (totals->rows[i] && !full)
            add_rows(part, result, executable->batch,
                     (char *)totals->rows[i] + totals->examples * row_bytes(part));
    }
    totals->examples += executable->batch;
    totals->batches++;
}

/* ---------------------------------------------------------------------------- as bytes ----- */

static size_t padded(size_t bytes) {
    return (bytes + 7) / 8 * 8;
}

size_t yg_totals_packed_bytes(const yg_score_plan *plan, const yg_totals *whole, int64_t examples) {
    size_t bytes = whole->count * sizeof *whole->values;
    for (size_t i = 0; i < whole->part_count; i++)
        if (whole->rows[i])
            bytes += padded((size_t)(examples * row_bytes(&plan->parts[i])));
    return bytes;
}

void yg_totals_pack(const yg_score_plan *plan, const yg_totals *whole, const yg_totals *batch,
                    char *to) {
    const size_t values = batch->count * sizeof *batch->values;
    memcpy(to, batch->values, values);
    to += values;
    for (size_t i = 0; i < whole->part_count; i++) {
        const size_t bytes = (size_t)(batch->examples * row_bytes(&plan->parts[i]));
        if (!whole->rows[i])
            continue;
        if (batch->rows[i])
            memcpy(to, batch->rows[i], bytes);
        else /* there was no room: the values say that they are missing */
            memset(to, 0, bytes);
        to += padded(bytes);
    }
}

static void join_value(double *to, double from, yg_join join, bool first) {
    if (join == YG_JOIN_MEAN || join == YG_JOIN_SUM)
        *to += from;
    else if (first)
        *to = from;
    else
        *to = join == YG_JOIN_MAX ? larger(*to, from) : smaller(*to, from);
}

static void add_packed_values(const yg_score_plan *plan, const double *from, yg_totals *totals) {
    const bool first = totals->batches == 0;
    const size_t elements = plan->element_count;
    for (size_t i = 0; i < plan->count; i++) {
        const yg_scored *scored = &plan->scores[i];
        const yg_join join = scored->way == YG_SCORE_JOINED ? scored->join : YG_JOIN_MEAN;
        for (size_t k = scored->first; k < scored->first + (size_t)scored->elements; k++) {
            totals->values[k] = from[k];
            join_value(&totals->values[elements + k], from[elements + k], join, first);
        }
        if (from[2 * elements + i] != 0)
            totals->values[2 * elements + i] = 1;
    }
    for (size_t i = 0; i < plan->part_count; i++) {
        const yg_score_part *part = &plan->parts[i];
        const yg_join join = part->kind == YG_PART_MAX   ? YG_JOIN_MAX
                             : part->kind == YG_PART_MIN ? YG_JOIN_MIN
                                                         : YG_JOIN_SUM;
        for (int64_t k = 0; k < part->elements && part->kind != YG_PART_ROWS; k++)
            join_value(&totals->values[part->first + (size_t)k], from[part->first + (size_t)k],
                       join, first);
    }
}

void yg_totals_add_packed(const yg_score_plan *plan, const char *from, int64_t examples,
                          yg_totals *totals) {
    const bool full = totals->examples + examples > totals->capacity;
    double *missing = totals->values + 2 * plan->element_count;
    const char *rows = from + totals->count * sizeof *totals->values;
    add_packed_values(plan, (const double *)(const void *)from, totals);
    for (size_t i = 0; i < plan->count; i++)
        for (size_t k = 0; k < plan->scores[i].part_count; k++) {
            const size_t part = plan->scores[i].parts[k];
            if (plan->parts[part].kind == YG_PART_ROWS && (full || !totals->rows[part]))
                missing[i] = 1;
        }
    for (size_t i = 0; i < totals->part_count; i++) {
        const size_t bytes = (size_t)(examples * row_bytes(&plan->parts[i]));
        if (!totals->rows[i])
            continue;
        if (!full)
            memcpy((char *)totals->rows[i] + totals->examples * row_bytes(&plan->parts[i]), rows,
                   bytes);
        rows += padded(bytes);
    }
    totals->examples += examples;
    totals->batches++;
}

/* ------------------------------------------------------------------------------- asking ---- */

bool yg_totals_lack(const yg_score_plan *plan, const yg_totals *totals, size_t score) {
    return totals->values[2 * plan->element_count + score] != 0;
}

/* ------------------------------------------------------------------------------- finishing --- */

/* Whether totals give the exact score without a head. */
static bool is_joined(const yg_score_plan *plan, const yg_totals *totals, size_t score) {
    const yg_score_way way = plan->scores[score].way;
    return way == YG_SCORE_MEAN || way == YG_SCORE_JOINED ||
           (way == YG_SCORE_RATIO && !yg_totals_lack(plan, totals, score));
}

/* Joins the values of a score in batches. Where that is not exact, it is the mean over them. */
static void join(const yg_score_plan *plan, const yg_totals *totals, size_t score, double *to) {
    const yg_scored *scored = &plan->scores[score];
    const double *last = totals->values + scored->first, *joined = last + plan->element_count;
    const double *sums[2] = {NULL, NULL};
    for (size_t k = 0; scored->way == YG_SCORE_RATIO && k < 2; k++)
        sums[k] = totals->values + plan->parts[scored->parts[k]].first;
    const bool sum = scored->way == YG_SCORE_JOINED && scored->join != YG_JOIN_MEAN;
    for (int64_t k = 0; k < scored->elements; k++) {
        const bool ratio = sums[0] && is_joined(plan, totals, score);
        if (totals->batches == 1)
            to[k] = last[k];
        else if (ratio)
            to[k] = sums[0][plan->parts[scored->parts[0]].elements > 1 ? k : 0] /
                    sums[1][plan->parts[scored->parts[1]].elements > 1 ? k : 0];
        else
            to[k] = sum ? joined[k] : joined[k] / (double)totals->examples;
    }
}

bool yg_totals_finish(const yg_executable_options *options, const yg_score_plan *plan,
                      const yg_totals *totals, yg_heads *heads, yg_scores *scores,
                      yg_error *error) {
    scores->examples = totals->examples;
    for (size_t i = 0; i < plan->count; i++) {
        join(plan, totals, i, yg_scores_place(scores, i));
        yg_scores_mark(scores, i, totals->batches > 1 && !is_joined(plan, totals, i));
    }
    return totals->batches <= 1 ||
           (yg_head_compute(options, plan, totals, YG_SCORE_PARTS, heads, scores, error) &&
            yg_head_compute(options, plan, totals, YG_SCORE_ROWS, heads, scores, error));
}

/* ---------------------------------------------------------------------------------- scores --- */

bool yg_scores_begin(const yg_score_plan *plan, yg_scores *scores, yg_error *error) {
    const size_t count = plan->count - 1;
    *scores = (yg_scores){.metrics = calloc(count + 1, sizeof *scores->metrics)};
    if (!scores->metrics)
        return yg_fail_memory(error);
    scores->count = count;
    for (size_t i = 0; i < count; i++) {
        const yg_scored *scored = &plan->scores[i + 1];
        yg_score *metric = &scores->metrics[i];
        *metric = (yg_score){.name = scored->name};
        if (!scored->table)
            continue;
        metric->value = (double)NAN;
        if (!(metric->table = yg_score_table_copy(scored->table))) {
            yg_scores_free(scores);
            return yg_fail_memory(error);
        }
    }
    return true;
}

double *yg_scores_place(yg_scores *scores, size_t i) {
    if (i == 0)
        return &scores->loss;
    yg_score *metric = &scores->metrics[i - 1];
    return metric->table ? metric->table->values : &metric->value;
}

void yg_scores_mark(yg_scores *scores, size_t i, bool of_batches) {
    if (i == 0)
        scores->loss_of_batches = of_batches;
    else
        scores->metrics[i - 1].of_batches = of_batches;
}

void yg_scores_copy(const yg_scores *from, yg_scores *to) {
    to->examples = from->examples;
    to->loss = from->loss;
    to->loss_of_batches = from->loss_of_batches;
    for (size_t i = 0; i < from->count; i++) {
        const yg_score_table *table = from->metrics[i].table;
        to->metrics[i].value = from->metrics[i].value;
        to->metrics[i].of_batches = from->metrics[i].of_batches;
        if (table)
            memcpy(to->metrics[i].table->values, table->values,
                   (size_t)(table->rows * table->columns) * sizeof *table->values);
    }
}

void yg_scores_free(yg_scores *scores) {
    for (size_t i = 0; scores->metrics && i < scores->count; i++)
        yg_score_table_free(scores->metrics[i].table);
    free(scores->metrics);
    *scores = (yg_scores){0};
}
