/*
 * Opening a model: the options --set and --plugin, and loading, for all sub-commands that need one.
 */
#ifndef YG_CLI_SESSION_H
#define YG_CLI_SESSION_H

#include "../models/model.h"
#include "options.h"
#include "plugins.h"

#define OPTION_SET                                                                                 \
    {                                                                                              \
        .name = "set", .kind = OPTION_TEXTS, .argument = "PATH=VALUE",                             \
        .doc = "another value for a var, or for a key such as train.optimizer.lr (repeatable)"     \
    }
#define OPTION_DATA                                                                                \
    {                                                                                              \
        .name = "data", .kind = OPTION_TEXTS, .argument = "NAME=FILE",                             \
        .doc = "another file for a part of the data, or for an input in arrays (repeatable)"       \
    }
#define OPTION_PLUGIN                                                                              \
    {                                                                                              \
        .name = "plugin", .kind = OPTION_TEXTS, .argument = "FILE.so",                             \
        .doc = "operators of your own, in a shared object (repeatable)"                            \
    }
#define OPTION_WEIGHTS                                                                             \
    {                                                                                              \
        .name = "weights", .letter = 'w', .kind = OPTION_TEXT, .argument = "FILE",                 \
        .doc = "a safetensors file (default: runs/NAME/weights.safetensors, or those of the run "  \
               "whose folder or model.yaml is given)"                                              \
    }
#define OPTION_AT_WEIGHTS                                                                          \
    {                                                                                              \
        .name = "weights", .letter = 'w', .kind = OPTION_TEXT, .argument = "FILE",                 \
        .doc = "at these weights (default: the initial ones)"                                      \
    }
#define OPTION_INITIAL_SEED                                                                        \
    {                                                                                              \
        .name = "seed", .kind = OPTION_INT, .argument = "N", .doc = "of the initial weights",      \
        .min = 0, .max = 9e15                                                                      \
    }
#define OPTION_BATCH                                                                               \
    {                                                                                              \
        .name = "batch", .letter = 'b', .kind = OPTION_INT, .argument = "N",                       \
        .doc = "the batch size (default: the model's)", .min = 1, .max = 1e9                       \
    }
#define OPTION_DTYPE                                                                               \
    {                                                                                              \
        .name = "dtype", .kind = OPTION_CHOICE, .argument = "f32|f64",                             \
        .doc = "compute in this type instead of the model's own", .choices = session_dtypes        \
    }
#define OPTION_THREADS                                                                             \
    {                                                                                              \
        .name = "threads", .kind = OPTION_INT, .argument = "N",                                    \
        .doc = "use N threads (default: all cores)", .min = 1, .max = 1024                         \
    }
#define OPTION_MARKDOWN                                                                            \
    {                                                                                              \
        .name = "markdown", .kind = OPTION_FLAG,                                                   \
        .doc = "print the whole reference as Markdown, with an example of each"                    \
    }
#define OPTION_JSON                                                                                \
    { .name = "json", .kind = OPTION_FLAG, .doc = "print JSON, for programs" }

extern const char *const session_dtypes[3]; /* "f32", "f64", NULL */

typedef struct session {
    plugins plugins;
    yg_model *model;
} session;

/* Loads operand 0, a model file or the folder of a run, of a command that has OPTION_SET and
 * OPTION_PLUGIN, and perhaps OPTION_DATA, with `run_path` as its second file (NULL: none). On
 * failure the error has been reported. */
bool session_open(const command_line *line, const char *run_path, session *session);
/* The same with other values of OPTION_DATA than those on the command line. */
bool session_open_on(const command_line *line, const char *run_path, const char *const *data,
                     size_t data_count, session *session);
/* As session_open(), but the failure goes to *error and is not reported. */
bool session_load(const command_line *line, const char *run_path, session *session,
                  yg_error *error);
void session_close(session *session);

/* Loads only the operators, for a command that has OPTION_PLUGIN. */
bool session_open_plugins(const command_line *line, session *session);

/* The choice of OPTION_DTYPE; 0 (which means the model's own) if it was not given. */
yg_dtype session_dtype(const command_line *line);

/* Reports the error and returns STATUS_FAILED. */
int session_fail(const yg_error *error);

#endif
