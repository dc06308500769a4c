/*
 * yamlgrad predict: CSV or arrays in, CSV or arrays out.
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

static bool is_standard(const char *path) {
    return !path || strcmp(path, "-") == 0;
}

static void tell(void *context, const char *text) {
    (void)context;
    terminal_say("note: %s", text);
}

/* Where the rows come from and where the predictions go. */
typedef struct route {
    const char *in_path, *out_path; /* NULL or "-": stdin, stdout */
    FILE *in;                       /* stdin; NULL: files are read */
    bool arrays;                    /* `in_path` is a file of arrays */
    const char *const *files;       /* tables */
    size_t file_count;
} route;

/* `out` NULL: the predictions go to arrays. */
static int predict_to(const command_line *line, const yg_model *model, const route *route,
                      FILE *out) {
    const char *delimiter = option_text(line, "delimiter");
    if (delimiter && strcmp(delimiter, "\\t") == 0)
        delimiter = "\t";
    if (delimiter && strlen(delimiter) != 1) {
        terminal_error("--delimiter takes one character (\\t for a tab), not '%s'", delimiter);
        return STATUS_USAGE;
    }
    size_t keep_count = 0;
    const char *const *keep = option_texts(line, "keep", &keep_count);
    const yg_predict_options options = {
        .weights = option_text(line, "weights"),
        .batch_size = option_int(line, "batch-size", 0),
        .dtype = session_dtype(line),
        .threads = (int)option_int(line, "threads", 0),
        .delimiter = delimiter ? delimiter[0] : '\0',
        .in_arrays = route->arrays ? route->in_path : NULL,
        .files = route->files,
        .file_count = route->file_count,
        .keep = keep,
        .keep_count = keep_count,
        .out_arrays = out ? NULL : route->out_path,
        .note = tell,
    };
    yg_error error = {0};
    if (!yg_predict(model, &options, route->in,
                    is_standard(route->in_path) ? "stdin" : route->in_path, out, NULL, &error))
        return session_fail(&error);
    return STATUS_OK;
}

/* `-o FILE` is written whole or not at all: predictions wait in a file without a name, and are
 * copied when all are there. */
static int predict_to_file(const command_line *line, const yg_model *model, const route *route) {
    yg_error error = {0};
    FILE *out = yg_file_spool(route->out_path, &error);
    if (!out)
        return session_fail(&error);
    int status = predict_to(line, model, route, out);
    if (status == STATUS_OK &&
        !yg_file_write_parts(route->out_path, &(yg_file_part){.spool = out}, 1, &error))
        status = session_fail(&error);
    fclose(out);
    return status;
}

static int predict_to_stdout(const command_line *line, const yg_model *model, const route *route) {
    FILE *out = terminal_open_data();
    if (!out) {
        terminal_error("out of memory");
        return STATUS_FAILED;
    }
    const int status = predict_to(line, model, route, out);
    return terminal_close_data(out) ? status : STATUS_FAILED;
}

static bool is_same_file(const struct stat *a, const struct stat *b) {
    return S_ISREG(a->st_mode) && a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

static bool is_file(const struct stat *out, const char *path) {
    struct stat other;
    return stat(path, &other) == 0 && is_same_file(out, &other);
}

/* Whether `out` is the file that the rows are read from. */
static bool is_input(const route *route, const struct stat *out) {
    struct stat rows;
    bool is = route->in ? fstat(fileno(route->in), &rows) == 0 && is_same_file(out, &rows)
                        : is_file(out, route->in_path);
    for (size_t i = 0; i < route->file_count; i++)
        is = is || is_file(out, route->files[i]);
    return is;
}

/* Refuses to replace a file that the predictions are made from: it would be lost. Standard input
 * may be such a file, too. */
static bool check_output(const command_line *line, const yg_model *model, const route *route) {
    struct stat out;
    const char *source = NULL;
    if (stat(route->out_path, &out) != 0)
        return true;
    char *weights = yg_weights_path(model, option_text(line, "weights"));
    if (is_file(&out, operand(line, 0)))
        source = operand(line, 0);
    else if (weights && is_file(&out, weights))
        source = weights;
    else if (is_input(route, &out))
        source = route->out_path;
    if (source)
        terminal_error(
            "the predictions are made from '%s', so they cannot replace it; name another "
            "file with --output",
            source);
    free(weights);
    return !source;
}

static int predict(const command_line *line, const yg_model *model, const route *route) {
    if (is_standard(route->out_path))
        return predict_to_stdout(line, model, route);
    if (!check_output(line, model, route))
        return STATUS_FAILED;
    if (yg_predict_is_array_path(route->out_path))
        return predict_to(line, model, route, NULL);
    return predict_to_file(line, model, route);
}

static int run(const command_line *line) {
    session session;
    if (!session_open(line, NULL, &session))
        return STATUS_FAILED;
    const size_t count = line->operand_count - 1;
    route route = {.in_path = operand(line, 1), .out_path = option_text(line, "output")};
    int status = STATUS_FAILED;
    route.arrays = count == 1 && yg_predict_is_array_path(route.in_path);
    if (is_standard(route.in_path) && count < 2)
        route.in = stdin;
    else if (!route.arrays) {
        route.files = (const char *const *)(line->operands + 1);
        route.file_count = count;
    }
    status = predict(line, session.model, &route);
    session_close(&session);
    return status;
}

static const option_spec options[] = {
    OPTION_WEIGHTS,
    {.name = "output",
     .letter = 'o',
     .kind = OPTION_TEXT,
     .argument = "FILE",
     .doc = "write there instead of to stdout: CSV, .npy, .npz, .safetensors"},
    {.name = "delimiter",
     .kind = OPTION_TEXT,
     .argument = "C",
     .doc =
         "what separates columns (default: that of the training data to read, a comma to write)"},
    {.name = "batch-size",
     .kind = OPTION_INT,
     .argument = "N",
     .doc = "rows at a time (default: 256)",
     .min = 1,
     .max = 1e9},
    {.name = "keep",
     .kind = OPTION_TEXTS,
     .argument = "COLUMN",
     .doc = "write this column of the input before the predictions; \"*\": all (repeatable, or a "
            "list with commas)"},
    OPTION_DTYPE,
    OPTION_THREADS,
    OPTION_SET,
    OPTION_PLUGIN,
};

const command command_predict = {
    .name = "predict",
    .operands = "MODEL [INPUT…|-]",
    .summary = "predict for the rows of tables, images or arrays",
    .details =
        "Reads tables with the model's input columns, in any order, and writes CSV with a column\n"
        "for each output. A table is a CSV, JSON Lines or SQLite file, or images: files or a\n"
        "folder. Without INPUT, stdin is read: a table of the kind of the training data. Files "
        "that end in .npy, .npz or .safetensors\n"
        "hold arrays: one for each input or output, by name; a .npy file holds the only one.\n",
    .min_operands = 1,
    .max_operands = SIZE_MAX,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
