/*
 * Plans before and after passes: see plan.h.
 */
#include "plan.h"

#include "../graph/number.h"
#include "diff.h"
#include "json.h"
#include "session.h"
#include "table.h"
#include "terminal.h"

#include <stdlib.h>
#include <string.h>

bool plan_make(const plan_source *source, size_t end, yg_training_step *step, yg_error *error) {
    yg_training_step_options options = source->options;
    options.unfilled = true;
    passes_apply(source->passes, end, &options);
    return yg_training_step_make(source->model, &options, step, error);
}

static int out_of_memory(void) {
    terminal_error("out of memory");
    return STATUS_FAILED;
}

/* ------------------------------------------------------------------------------------ passes -- */

static void add_change(table *table, const char *before, const char *after) {
    if (strcmp(before, after) == 0)
        table_add(table, "%s", after);
    else
        table_add(table, "%s → %s", before, after);
}

static void print_table(const passes *passes, const yg_program_stats *stats) {
    static const char *const headers[] = {"pass", "instructions", "planned memory", "what it does"};
    table table = {.columns = 4, .headers = headers, .align = "lrrl"};
    for (size_t i = 0; i < passes->count; i++) {
        const pass *pass = &passes->list[i];
        char before[32], after[32];
        table_add(&table, "%s", pass->name);
        if (pass->left_out) {
            table_add(&table, "left out");
            table_add(&table, "left out");
        } else {
            add_change(&table, text_of_count((double)stats[i].instructions, before),
                       text_of_count((double)stats[i + 1].instructions, after));
            add_change(&table, yg_bytes_text((double)stats[i].arena_bytes, before),
                       yg_bytes_text((double)stats[i + 1].arena_bytes, after));
        }
        table_add(&table, "%s", pass->doc);
    }
    table_print(&table, stdout, 0);
}

static json_t *json_of_passes(const passes *passes, const yg_program_stats *stats) {
    json_t *list = json_array();
    for (size_t i = 0; i < passes->count; i++)
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:b, s:I, s:I, s:I, s:I}", "name", passes->list[i].name,
                            "doc", passes->list[i].doc, "left_out", (int)passes->list[i].left_out,
                            "instructions_before", (json_int_t)stats[i].instructions,
                            "instructions_after", (json_int_t)stats[i + 1].instructions,
                            "arena_bytes_before", (json_int_t)stats[i].arena_bytes,
                            "arena_bytes_after", (json_int_t)stats[i + 1].arena_bytes));
    return list;
}

int plan_print_passes(const plan_source *source, bool json) {
    const passes *passes = source->passes;
    yg_program_stats *stats =
        calloc(passes->count + 1, sizeof *stats); /* before each pass, and after the last one */
    if (!stats)
        return out_of_memory();
    yg_error error = {0};
    int status = STATUS_OK;
    for (size_t i = 0; i <= passes->count && status == STATUS_OK; i++) {
        yg_training_step step;
        if (!plan_make(source, i, &step, &error)) {
            status = session_fail(&error);
            break;
        }
        stats[i] = yg_program_get_stats(step.program);
        yg_training_step_free(&step);
    }
    if (status == STATUS_OK && json)
        status = json_print(json_of_passes(passes, stats), YG_F64);
    else if (status == STATUS_OK)
        print_table(passes, stats);
    free(stats);
    return status;
}

/* ---------------------------------------------------------------------------------- one pass -- */

/* The lines of a plan, and the keys by which they are compared. */
typedef struct listing {
    char *text;
    char **lines; /* in `text` */
    diff_lines keys;
    yg_program_stats stats;
} listing;

static void free_listing(listing *l) {
    for (size_t i = 0; i < l->keys.count; i++)
        free(l->keys.lines[i]);
    free(l->keys.lines);
    free(l->keys.shared);
    free(l->lines);
    free(l->text);
}

/* The key of a line leaves out the instruction's number and the indentation, because an insertion
 * above changes them. Without `places` it also leaves out places in memory: "@64" becomes "@". */
static char *make_key(const char *line, bool places) {
    line += strspn(line, " ");
    line += strspn(line, "0123456789");
    line += strspn(line, " ");
    char *key = strdup(line);
    if (!key || places)
        return key;
    char *to = key;
    for (const char *from = key; *from != '\0';) {
        const bool place = *from == '@';
        *to++ = *from++;
        from += place ? strspn(from, "0123456789") : 0;
    }
    *to = '\0';
    return key;
}

static bool make_keys(listing *l, bool places) {
    bool good = true;
    for (size_t i = 0; i < l->keys.count; i++) {
        free(l->keys.lines[i]);
        l->keys.lines[i] = make_key(l->lines[i], places);
        l->keys.shared[i] = false;
        good = good && l->keys.lines[i];
    }
    return good;
}

static bool split(listing *l) {
    size_t count = 0;
    for (const char *c = l->text; *c != '\0'; c++)
        count += *c == '\n';
    l->lines = calloc(count + 1, sizeof *l->lines);
    l->keys.lines = calloc(count + 1, sizeof *l->keys.lines);
    l->keys.shared = calloc(count + 1, sizeof *l->keys.shared);
    if (!l->lines || !l->keys.lines || !l->keys.shared)
        return false;
    char *at = l->text;
    for (; l->keys.count < count; l->keys.count++) {
        l->lines[l->keys.count] = at;
        at = strchr(at, '\n');
        *at++ = '\0';
    }
    return true;
}

/* False with *status set. */
static bool make_listing(const plan_source *source, size_t end, listing *l, int *status) {
    yg_error error = {0};
    yg_training_step step;
    if (!plan_make(source, end, &step, &error)) {
        *status = session_fail(&error);
        return false;
    }
    l->stats = yg_program_get_stats(step.program);
    l->text = yg_program_text(step.program);
    yg_training_step_free(&step);
    if (l->text && split(l))
        return true;
    *status = out_of_memory();
    return false;
}

static bool all_shared(const listing *l) {
    for (size_t i = 0; i < l->keys.count; i++)
        if (!l->keys.shared[i])
            return false;
    return true;
}

static bool compare(listing *before, listing *after, bool places) {
    return make_keys(before, places) && make_keys(after, places) &&
           diff_mark(&before->keys, &after->keys);
}

#define AROUND 3 /* unchanged lines to show before and after a change */

static void print_line(char sign, const char *line) {
    if (sign != ' ')
        terminal_start(stdout, sign == '-' ? STYLE_RED : STYLE_GREEN);
    terminal_print(stdout, "%c %s", sign, line);
    if (sign != ' ')
        terminal_stop(stdout);
    terminal_print(stdout, "\n");
}

/* Prints those of the unchanged lines [begin, end) that are near a change. `first`: no change comes
 * before them; `last`: none after. */
static void print_shared(char **lines, size_t begin, size_t end, bool first, bool last) {
    const size_t count = end - begin;
    size_t head = first ? 0 : AROUND, tail = last ? 0 : AROUND;
    if (count <= head + tail + 1) {
        head = count;
        tail = 0;
    }
    for (size_t i = begin; i < begin + head; i++)
        print_line(' ', lines[i]);
    if (count > head + tail) {
        terminal_start(stdout, STYLE_DIM);
        terminal_print(stdout, "  … %zu lines alike", count - head - tail);
        terminal_stop(stdout);
        terminal_print(stdout, "\n");
    }
    for (size_t i = end - tail; i < end; i++)
        print_line(' ', lines[i]);
}

static void print_lines(const listing *before, const listing *after) {
    size_t i = 0, j = 0;
    while (i < before->keys.count || j < after->keys.count) {
        const size_t start = j;
        const bool first = i == 0 && j == 0;
        for (; i < before->keys.count && before->keys.shared[i] && j < after->keys.count &&
               after->keys.shared[j];
             i++)
            j++;
        print_shared(after->lines, start, j, first,
                     i == before->keys.count && j == after->keys.count);
        for (; i < before->keys.count && !before->keys.shared[i]; i++)
            print_line('-', before->lines[i]);
        for (; j < after->keys.count && !after->keys.shared[j]; j++)
            print_line('+', after->lines[j]);
    }
}

static void print_head(char sign, const char *what, const char *name,
                       const yg_program_stats *stats) {
    char count[32], bytes[32];
    terminal_start(stdout, STYLE_BOLD);
    terminal_print(stdout, "%c%c%c %s %s: %s instructions, %s planned", sign, sign, sign, what,
                   name, text_of_count((double)stats->instructions, count),
                   yg_bytes_text((double)stats->arena_bytes, bytes));
    terminal_stop(stdout);
    terminal_print(stdout, "\n");
}

/* Places in memory are compared only if the plans are equal otherwise: one change moves most of
 * them. */
static int print_comparison(const char *name, listing *before, listing *after) {
    if (!compare(before, after, false))
        return out_of_memory();
    if (all_shared(before) && all_shared(after) && !compare(before, after, true))
        return out_of_memory();
    print_head('-', "before", name, &before->stats);
    print_head('+', "after", name, &after->stats);
    print_lines(before, after);
    return STATUS_OK;
}

int plan_print_pass(const plan_source *source, size_t pass) {
    listing before = {0}, after = {0};
    int status = STATUS_OK;
    if (make_listing(source, pass, &before, &status) &&
        make_listing(source, pass + 1, &after, &status))
        status = print_comparison(source->passes->list[pass].name, &before, &after);
    free_listing(&before);
    free_listing(&after);
    return status;
}
