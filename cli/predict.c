/*
 * yamlgrad predict: CSV in, CSV out.
 */
#include "../train/predict.h"

#include "../graph/file.h"
#include "../train/weights.h"
#include "commands.h"
#include "session.h"
#include "terminal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool is_stdin(const char *path) {
    return !path || strcmp(path, "-") == 0;
}

static void tell(void *context, const char *text) {
    (void)context;
    terminal_say("note: %s", text);
}

static int predict_to(const command_line *line, const yg_model *model, FILE *in, FILE *out) {
    const char *path = operand(line, 1);
    const char *delimiter = option_text(line, "delimiter");
    if (delimiter && strcmp(delimiter, "\\t") == 0)
        delimiter = "\t";
    if (delimiter && strlen(delimiter) != 1) {
        terminal_error("--delimiter takes one character (\\t for a tab), not '%s'", delimiter);
        return STATUS_USAGE;
    }
    const yg_predict_options options = {
        .weights = option_text(line, "weights"),
        .batch_size = option_int(line, "batch-size", 0),
        .dtype = session_dtype(line),
        .threads = (int)option_int(line, "threads", 0),
        .delimiter = delimiter ? delimiter[0] : '\0',
        .note = tell,
    };
    yg_error error = {0};
    if (!yg_predict(model, &options, in, is_stdin(path) ? "stdin" : path, out, NULL, &error))
        return session_fail(&error);
    return STATUS_OK;
}

/* `-o FILE` is written whole or not at all: predictions go to a temporary file, which is then
 * renamed. */
static int predict_to_file(const command_line *line, const yg_model *model, FILE *in,
                           const char *path) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out) {
        terminal_error("out of memory");
        return STATUS_FAILED;
    }
    int status = predict_to(line, model, in, out);
    yg_error error = {0};
    if (fclose(out) != 0 && status == STATUS_OK) {
        terminal_error("out of memory");
        status = STATUS_FAILED;
    }
    if (status == STATUS_OK && !yg_file_write(path, text, size, &error))
        status = session_fail(&error);
    free(text);
    return status;
}

static int predict_to_stdout(const command_line *line, const yg_model *model, FILE *in) {
    FILE *out = terminal_open_data();
    if (!out) {
        terminal_error("out of memory");
        return STATUS_FAILED;
    }
    const int status = predict_to(line, model, in, out);
    return terminal_close_data(out) ? status : STATUS_FAILED;
}

static bool is_same_file(const struct stat *a, const struct stat *b) {
    return S_ISREG(a->st_mode) && a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

static bool is_file(const struct stat *out, const char *path) {
    struct stat other;
    return stat(path, &other) == 0 && is_same_file(out, &other);
}

/* Refuses to replace a file that the predictions are made from: it would be lost. Standard input
 * may be such a file, too. */
static bool check_output(const command_line *line, const yg_model *model, FILE *in,
                         const char *path) {
    struct stat out, rows;
    const char *source = NULL;
    if (stat(path, &out) != 0)
        return true;
    char *weights = yg_weights_path(model, option_text(line, "weights"));
    if (is_file(&out, operand(line, 0)))
        source = operand(line, 0);
    else if (weights && is_file(&out, weights))
        source = weights;
    else if (fstat(fileno(in), &rows) == 0 && is_same_file(&out, &rows))
        source = path;
    if (source)
        terminal_error(
            "the predictions are made from '%s', so they cannot replace it; name another "
            "file with --output",
            source);
    free(weights);
    return !source;
}

static int run(const command_line *line) {
    session session;
    if (!session_open(line, NULL, &session))
        return STATUS_FAILED;
    const char *path = operand(line, 1);
    const char *out = option_text(line, "output");
    FILE *in = is_stdin(path) ? stdin : fopen(path, "rb");
    int status = STATUS_FAILED;
    if (!in)
        terminal_error("cannot open %s: %s", path, strerror(errno));
    else if (!out || strcmp(out, "-") == 0)
        status = predict_to_stdout(line, session.model, in);
    else if (check_output(line, session.model, in, out))
        status = predict_to_file(line, session.model, in, out);
    if (in && in != stdin)
        fclose(in);
    session_close(&session);
    return status;
}

static const option_spec options[] = {
    OPTION_WEIGHTS,
    {.name = "output",
     .letter = 'o',
     .kind = OPTION_TEXT,
     .argument = "FILE",
     .doc = "write there instead of to stdout"},
    {.name = "delimiter",
     .kind = OPTION_TEXT,
     .argument = "C",
     .doc = "what separates columns (default: a comma)"},
    {.name = "batch-size",
     .kind = OPTION_INT,
     .argument = "N",
     .doc = "rows at a time (default: 256)",
     .min = 1,
     .max = 1e9},
    OPTION_DTYPE,
    OPTION_THREADS,
    OPTION_SET,
    OPTION_PLUGIN,
};

const command command_predict = {
    .name = "predict",
    .operands = "MODEL [INPUT.csv|-]",
    .summary = "predict for the rows of a CSV file",
    .details =
        "Reads a CSV file (or stdin) with the model's input columns, in any order, and writes\n"
        "a CSV file with a column for each output.\n",
    .min_operands = 1,
    .max_operands = 2,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
