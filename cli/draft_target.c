/*
 * Which columns are to be predicted, and what each of them is: see draft_parts.h.
 */
#include "../graph/text.h"
#include "../models/loader/term.h"
#include "draft_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLASSES_MAX = 200 /* of a target */ };

/* ------------------------------------------------------------------------ which they are ----- */

typedef struct adding {
    const yg_table *table;
    draft *draft;
} adding;

static bool add_target(void *context, size_t column, yg_error *error) {
    const adding *a = context;
    draft *draft = a->draft;
    if (draft->columns[column].kind == DRAFT_TARGET)
        return yg_fail(error, YG_ERROR_ARGUMENT, (yg_origin){a->table->name, 0, 0},
                       "column '%s' is given twice as a target", a->table->columns[column]);
    draft->columns[column].kind = DRAFT_TARGET;
    draft->targets[draft->target_count++] = column;
    return true;
}

static bool add_targets(const yg_table *table, const char *list, draft *draft, yg_error *error) {
    adding a = {table, draft};
    return yg_table_choose_each(table, list, (yg_origin){table->name, 0, 0}, add_target, &a, error);
}

static bool add_usual(const yg_table *table, draft *draft, yg_error *error) {
    static const char *const usual[] = {"target", "label", "class", "y"};
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (yg_table_find(table, usual[i]) != SIZE_MAX)
            return add_targets(table, usual[i], draft, error);
    yg_text names = {0};
    for (size_t i = 0; i < table->column_count && i < 30; i++)
        yg_text_add(&names, "%s%.60s", i ? ", " : "", table->columns[i]);
    char *list = yg_text_take(&names);
    yg_fail(error, YG_ERROR_NAME, (yg_origin){table->name, 0, 0},
            "which column is to be predicted? Write --target and one of: %s%s", list ? list : "",
            table->column_count > 30 ? ", …" : "");
    free(list);
    return false;
}

/* ------------------------------------------------------------------------- what they are ----- */

/* Numbers that are classes: two of them, or 0, 1, 2, … and each often. */
static bool numbers_are_classes(const yg_column_summary *summary, int64_t present) {
    const size_t count = summary->values.count;
    return !summary->many && (count == 2 || (draft_all_whole(summary, present) &&
                                             (summary->least == 0 || summary->least == 1) &&
                                             (double)count == summary->most - summary->least + 1 &&
                                             count <= 20 && present >= 10 * (int64_t)count));
}

/* Whether the column kind `boolean` reads it. */
static bool is_yes_or_no(const yg_column_summary *summary, int64_t present) {
    if (summary->many || summary->values.count != 2)
        return false;
    return summary->truths == present ||
           (summary->wholes == present && summary->least == 0 && summary->most == 1);
}

static bool judge_target(draft *draft, size_t index, draft_task task, const char *table,
                         yg_error *error) {
    draft_column *column = &draft->columns[index];
    const yg_column_summary *summary = column->summary;
    const yg_origin origin = {table, 0, 0};
    const int64_t present = yg_summary_present(draft->summary, summary);
    const bool numbers = summary->numbers == present;
    draft->rows = present < draft->rows ? present : draft->rows;
    if (present < 2 || (summary->values.count < 2 && !summary->many))
        return yg_fail(error, YG_ERROR_DATA, origin,
                       "column '%s' has %s, so there is nothing to learn", summary->name,
                       present ? "one value only" : "no value");
    if (task == DRAFT_REGRESSION && !numbers)
        return yg_fail(error, YG_ERROR_DATA, origin,
                       "column '%s' cannot be learnt as a number: '%.60s' is none", summary->name,
                       draft_odd_value(summary));
    if (task == DRAFT_ANY)
        task = numbers && !numbers_are_classes(summary, present) ? DRAFT_REGRESSION
                                                                 : DRAFT_CLASSIFICATION;
    column->task = task;
    if (task == DRAFT_REGRESSION) {
        column->logarithmic = summary->least > 0 && summary->most > 10 * summary->least &&
                              yg_summary_skewness(summary) > 1.5;
        return true;
    }
    if (summary->many || summary->values.count > CLASSES_MAX ||
        (int64_t)summary->values.count * 2 > present)
        return yg_fail(
            error, YG_ERROR_DATA, origin,
            "column '%s' has %s%zu different values in %" PRId64 " rows, too many to be classes",
            summary->name, summary->many ? "more than " : "", summary->values.count, present);
    return draft_choose_values(column, present, 1) || yg_fail_memory(error);
}

/* --------------------------------------------------------------------------------- heads ----- */

/* Whether a name of a port would be that of something else in the file. */
static bool is_taken(const draft *draft, const char *name) {
    static const char *const taken[] = {"x",  "image", "all",      "vocabulary", "h",     "kept",
                                        "p0", "p1",    "p2",       "p3",         "c1",    "c2",
                                        "c3", "h1",    "h2",       "kept1",      "kept2", "hidden",
                                        "B",  "loss",  "drop_rate"};
    static const char *const begun[] = {
        "words",       "vectors",  "bag",      "logits",
        "probability", "estimate", "accuracy", "mean_absolute_error"};
    if (yg_is_word(name))
        return true;
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (strcmp(name, taken[i]) == 0)
            return true;
    for (size_t i = 0; i < sizeof begun / sizeof *begun; i++)
        if (strncmp(name, begun[i], strlen(begun[i])) == 0)
            return true;
    for (size_t i = 0; i < draft->head_count; i++)
        if (strcmp(name, draft->heads[i].port) == 0)
            return true;
    return false;
}

static draft_head *add_head(draft *draft, draft_task task, const char *name, size_t first,
                            size_t count) {
    draft_head head = {.task = task, .first = first, .count = count};
    draft_identifier(name, "y", head.port, sizeof head.port);
    for (int i = 1; is_taken(draft, head.port); i++)
        snprintf(head.port, sizeof head.port, i > 1 ? "y%d" : "y", i);
    draft->heads[draft->head_count] = head;
    return &draft->heads[draft->head_count++];
}

/* Several columns of yes and no are the labels of one head: an example can have any of them. All
 * other targets have a head each. */
static bool make_heads(draft *draft, yg_error *error) {
    size_t labels = 0, others = 0;
    size_t *sorted = calloc(draft->target_count + 1, sizeof *sorted);
    draft->heads = calloc(draft->target_count + 1, sizeof *draft->heads);
    if (!sorted || !draft->heads) {
        free(sorted);
        return yg_fail_memory(error);
    }
    for (size_t i = 0; i < draft->target_count; i++) {
        draft_column *column = &draft->columns[draft->targets[i]];
        const int64_t present = yg_summary_present(draft->summary, column->summary);
        column->label =
            column->task == DRAFT_CLASSIFICATION && is_yes_or_no(column->summary, present);
        labels += column->label;
    }
    for (size_t i = 0; i < draft->target_count; i++) {
        draft_column *column = &draft->columns[draft->targets[i]];
        column->label = column->label && labels > 1;
        if (!column->label)
            sorted[others++] = draft->targets[i];
    }
    for (size_t i = 0, at = others; i < draft->target_count; i++)
        if (draft->columns[draft->targets[i]].label)
            sorted[at++] = draft->targets[i];
    free(draft->targets);
    draft->targets = sorted;
    for (size_t i = 0; i < others; i++)
        add_head(draft, draft->columns[sorted[i]].task, draft->columns[sorted[i]].summary->name, i,
                 1);
    if (others < draft->target_count)
        add_head(draft, DRAFT_LABELS, "labels", others, draft->target_count - others);
    return true;
}

bool draft_find_targets(const yg_table *table, const draft_request *request, draft *draft,
                        yg_error *error) {
    draft->rows = draft->summary->rows;
    draft->targets = calloc(draft->summary->count + 1, sizeof *draft->targets);
    if (!draft->targets)
        return yg_fail_memory(error);
    for (size_t i = 0; i < request->target_count; i++)
        if (!add_targets(table, request->targets[i], draft, error))
            return false;
    if (!draft->target_count && !add_usual(table, draft, error))
        return false;
    for (size_t i = 0; i < draft->target_count; i++)
        if (!judge_target(draft, draft->targets[i], request->task, table->name, error))
            return false;
    return make_heads(draft, error);
}
