/*
 * Predictions of sequences of rows while the rows arrive: each sequence is answered when the next
 * one has begun, as a plain loop over the rows says.
 */
#include "piping.h"
#include "trained.h"

#include <stdlib.h>

enum { ROWS = 31, MOST = 5 };

/* Shops have 1 to 7 rows. A value that is not there: -1; the row is dropped. */
static const struct {
    int shop, value;
} rows[ROWS] = {{1, 4}, {2, 7}, {2, 1}, {3, 9},  {3, 2}, {3, 5},  {3, 8}, {4, 3},
                {5, 6}, {5, 1}, {5, 4}, {5, -1}, {5, 8}, {5, -1}, {5, 7}, {6, 7},
                {6, 3}, {6, 5}, {6, 1}, {6, 1},  {6, 9}, {6, 6},  {7, 2}, {8, -1},
                {8, 4}, {8, 4}, {9, 1}, {9, 2},  {9, 3}, {9, 4},  {9, -1}};

/* Writes the answers that come when the sequence of row `end` - 1 has ended; `end` is not in it.
 * Returns how many. */
static int answers_of(int end, bool each, bool keep, char *text, size_t size) {
    int used[ROWS], count = 0, sum = 0, begin = end - 1, lines = 0;
    while (begin > 0 && rows[begin - 1].shop == rows[end - 1].shop)
        begin--;
    for (int i = begin; i < end; i++)
        if (rows[i].value >= 0 && count < MOST)
            used[count++] = i;
    for (int k = 0; k < count; k++)
        sum += (k + 1) * rows[used[k]].value;
    size_t at = 0;
    for (int k = each ? 0 : count - 1; k < count; k++, lines++) {
        if (keep)
            at += (size_t)snprintf(text + at, size - at, "\"day %d\",", used[k]);
        if (each)
            at += (size_t)snprintf(text + at, size - at, "%d,", 10 * rows[used[k]].value);
        at += (size_t)snprintf(text + at, size - at, "%d,%d\n", sum, rows[begin].shop);
    }
    return lines;
}

static bool ends(int row) {
    return row + 1 == ROWS || rows[row + 1].shop != rows[row].shop;
}

/* The row with which it is known that a sequence has ended: one that is dropped tells nothing. */
static int told_by(int row) {
    while (++row < ROWS && rows[row].value < 0)
        ;
    return row;
}

static void write_rows(FILE *to, int begin, int end) {
    for (int i = begin; i < end && i < ROWS; i++) {
        fprintf(to, "day %d,%d,", i, rows[i].shop);
        fprintf(to, rows[i].value < 0 ? "\n" : "%d\n", rows[i].value);
    }
}

/* Its parameter is 1, so predictions are exact: the sum of k times value number k, and the shop,
 * which is the same in all rows of a sequence. */
static yg_model *sums_model(const workspace *w, bool each, const char *longest) {
    char text[1000];
    FILE *file = fopen(workspace_path(w, "t.csv"), "w");
    fputs("day,shop,value\n", file);
    write_rows(file, 0, ROWS);
    fclose(file);
    snprintf(text, sizeof text,
             "format: 1\n"
             "name: sums\n"
             "inputs: {x: [B, T], shop: [B]}\n"
             "params: {w: {shape: [1], init: ones}}\n"
             "graph: {h: x * w, number: \"cumsum(h * 0 + 1, dim=1)\"}\n"
             "outputs: {%ssum: \"sum(h * number, dim=1)\", s: shop * w}\n"
             "loss: mean(h)\n"
             "data:\n"
             "  train: {csv: t.csv, x: value, shop: shop}\n"
             "  sequences: {by: shop%s}\n"
             "  columns: {value: {missing: drop}}\n"
             "train: {epochs: 1, optimizer: {type: sgd, lr: 0}}\n",
             each ? "each: h * 10, " : "", longest);
    yg_model *model = workspace_model(w, "t.yaml", text);
    train(w, model);
    return model;
}

static const char *const day[] = {"day"};

static yg_predict_options options_of(const workspace *w, int64_t batch, int threads, bool keep) {
    return (yg_predict_options){.weights = workspace_path(w, "run/weights.safetensors"),
                                .batch_size = batch,
                                .threads = threads,
                                .keep = day,
                                .keep_count = keep};
}

static void header_of(bool each, bool keep, char line[40]) {
    snprintf(line, 40, "%s%ssum,s\n", keep ? "day," : "", each ? "each," : "");
}

/* Answers `name`; the text is freed by the caller. */
static char *predict(const workspace *w, const yg_model *model, const char *name,
                     const yg_predict_options *options, int64_t *count, yg_error *error) {
    char *answers = NULL;
    size_t size;
    FILE *in = fopen(workspace_path(w, name), "rb"), *out = open_memstream(&answers, &size);
    cr_assert(in && out);
    *count = -1;
    if (!yg_predict(model, options, in, name, out, count, error))
        *count = -1;
    fclose(in);
    fclose(out);
    return answers;
}

/* ------------------------------------------------------------------------------ one piece ---- */

Test(sequence_reader, answers_as_a_plain_loop) {
    for (int each = 0; each < 2; each++) {
        const workspace w = workspace_make();
        yg_model *model = sums_model(&w, each, ", max_length: 5, longer: truncate");
        for (int i = 0; i < 4 * 12; i++) {
            const int keep = i % 2, threads = i / 2 % 2 ? 3 : 1, batch = i / 4;
            char expected[2000];
            int64_t count, lines = 0;
            yg_error error = {0};
            const yg_predict_options options = options_of(&w, batch, threads, keep);
            char *answers = predict(&w, model, "t.csv", &options, &count, &error);
            header_of(each, keep, expected);
            for (int row = 0; row < ROWS; row++)
                if (ends(row))
                    lines += answers_of(row + 1, each, keep, expected + strlen(expected),
                                        sizeof expected - strlen(expected));
            cr_expect_str_eq(answers, expected, "batches of %d: %s\n%s\nnot\n%s", batch,
                             error.message, answers, expected);
            cr_expect_eq(count, lines);
            free(answers);
        }
        yg_model_free(model);
        workspace_remove(&w);
    }
}

/* Lengths of 1 to 40, and one of 3,000, which is more than is read at once. */
static void write_many(const workspace *w, const char *wrong) {
    FILE *file = fopen(workspace_path(w, "many.csv"), "w");
    fputs("day,shop,value\n", file);
    for (int shop = 0, row = 0; shop < 500; shop++)
        for (int k = shop == 250 ? -2960 : 0; k < 1 + shop * 7 % 40; k++, row++)
            fprintf(file, "%d,%d,%d\n", row, shop, row * 37 % 1001);
    fputs(wrong, file);
    fclose(file);
}

/* The thread that reads ahead changes no bit, and batches no answer. */
Test(sequence_reader, answers_of_many_sequences_are_the_same) {
    static const int64_t batches[] = {256, 1, 7, 100, 499, 500, 501};
    const workspace w = workspace_make();
    yg_model *model = sums_model(&w, true, "");
    char *first = NULL;
    write_many(&w, "");
    for (size_t i = 0; i < 2 * sizeof batches / sizeof *batches; i++) {
        int64_t count;
        yg_error error = {0};
        const yg_predict_options options =
            options_of(&w, batches[i / 2], i % 2 ? 3 : 1, batches[i / 2] != 7);
        char *answers = predict(&w, model, "many.csv", &options, &count, &error);
        cr_expect_eq(count, 13190, "%s: %d", error.message, (int)count);
        if (!first)
            first = answers;
        if (options.keep_count)
            cr_expect_str_eq(answers, first, "batches of %d", (int)options.batch_size);
        if (answers != first)
            free(answers);
    }
    free(first);
    yg_model_free(model);
    workspace_remove(&w);
}

/* ----------------------------------------------------------------------------- mistakes ------ */

/* What is wrong is told with its place, after the answers of the batches before it. */
Test(sequence_reader, mistakes_are_told) {
    static const struct {
        const char *rows; /* NULL: no table but its columns */
        const char *told;
        int line;
    } mistakes[] = {
        {NULL, "there is no row, so there is no sequence", 0},
        {"d,3,1\n", "the rows of '3' are not beside each other; sort the table by 'shop'", 13192},
        {"d,,1\nd,,1\nd,4,1\n", "shop", 13192},
        {"d,900,1\nd,900,one\n", "'one' is not a number", 13193},
    };
    const workspace w = workspace_make();
    yg_model *model = sums_model(&w, false, "");
    for (size_t i = 0; i < 2 * sizeof mistakes / sizeof *mistakes; i++) {
        int64_t count;
        yg_error error = {0};
        const yg_predict_options options = options_of(&w, 64, i % 2 ? 3 : 1, false);
        if (mistakes[i / 2].rows) {
            write_many(&w, mistakes[i / 2].rows);
        } else {
            FILE *file = fopen(workspace_path(&w, "many.csv"), "w");
            fputs("day,shop,value\n", file);
            fclose(file);
        }
        char *answers = predict(&w, model, "many.csv", &options, &count, &error);
        cr_expect_eq(count, -1);
        cr_expect_not_null(strstr(error.message, mistakes[i / 2].told), "%s", error.message);
        cr_expect_eq(error.line, mistakes[i / 2].line, "%s: line %d", error.message,
                     (int)error.line);
        cr_expect_eq(*answers != '\0', mistakes[i / 2].rows != NULL);
        free(answers);
    }
    yg_model_free(model);
    workspace_remove(&w);
}

/* A sequence that is too long is told by its first row, also far behind the rows that are held. */
Test(sequence_reader, long_sequences_are_told) {
    const workspace w = workspace_make();
    yg_model *model = sums_model(&w, false, ", max_length: 40");
    int64_t count;
    yg_error error = {0};
    const yg_predict_options options = options_of(&w, 16, 1, false);
    write_many(&w, "");
    free(predict(&w, model, "many.csv", &options, &count, &error));
    cr_expect_eq(count, -1);
    cr_expect_not_null(strstr(error.message, "the sequence that begins in row 5086 of the data has "
                                             "2991 rows, more than `max_length`, 40"),
                       "%s", error.message);
    yg_model_free(model);
    workspace_remove(&w);
}

/* --------------------------------------------------------------------------------- a pipe ---- */

/* Writes `some` rows at a time, and waits for the answers of all sequences that have ended. */
static void answer_in_pauses(const workspace *w, const yg_model *model, bool each, int64_t batch,
                             int threads, bool keep, int some) {
    const yg_predict_options options = options_of(w, batch, threads, keep);
    piping p;
    char line[1000];
    bool started = false;
    int answered = 0; /* rows before it */
    piping_begin(&p, model, &options);
    fputs("day,shop,value\n", p.feed);
    for (int begin = 0; begin <= ROWS; begin += some) {
        write_rows(p.feed, begin, begin + some);
        fflush(p.feed);
        if (begin + some > ROWS)
            piping_close_feed(&p); /* which ends the last sequence */
        for (; answered < ROWS && told_by(answered) < begin + some; answered++) {
            if (!ends(answered) || (told_by(answered) == ROWS && p.feed))
                continue;
            header_of(each, keep, line);
            if (!started)
                piping_expect(&p, line);
            started = true;
            answers_of(answered + 1, each, keep, line, sizeof line);
            for (char *rest, *one = strtok_r(line, "\n", &rest); one;
                 one = strtok_r(NULL, "\n", &rest)) {
                char wanted[200];
                snprintf(wanted, sizeof wanted, "%s\n", one);
                piping_expect(&p, wanted);
            }
        }
    }
    piping_end(&p);
}

Test(sequence_reader, answers_a_pipe_when_the_next_sequence_begins) {
    for (int each = 0; each < 2; each++) {
        const workspace w = workspace_make();
        yg_model *model = sums_model(&w, each, ", max_length: 5, longer: truncate");
        for (int64_t batch = 0; batch <= 4; batch++)
            for (int some = 1; some <= 9; some++)
                answer_in_pauses(&w, model, each, batch, 1 + some / 2 % 2, some % 2, some);
        yg_model_free(model);
        workspace_remove(&w);
    }
}
