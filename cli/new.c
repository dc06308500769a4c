/*
 * yamlgrad new: a model file for a table.
 */
#define _XOPEN_SOURCE 700 /* realpath() */

#include "../graph/file.h"
#include "../graph/text.h"
#include "commands.h"
#include "draft.h"
#include "draft_pictures.h"
#include "raw_table.h"
#include "session.h"
#include "shell_word.h"
#include "terminal.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --table and --query: what is read of a database. */
static bool choose_rows(const command_line *line, raw_table *raw) {
    static const char *const keys[] = {"table", "query"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *value = option_text(line, keys[i]);
        if (!value)
            continue;
        if (!raw_table_takes(raw, keys[i])) {
            terminal_error("--%s is for a database; '%s' is none", keys[i], raw->path);
            return false;
        }
        if (!raw_table_add(raw, keys[i], value, "")) {
            terminal_error("--%s: the text is too long for a model file; make a view of it",
                           keys[i]);
            return false;
        }
    }
    return true;
}

/* The files of all operands, and their kind. */
static bool find_files(const command_line *line, raw_table *raw) {
    yg_error error = {0};
    for (size_t i = 0; i < line->operand_count; i++)
        if (!raw_table_add_files(raw, operand(line, i), &error)) {
            session_fail(&error);
            return false;
        }
    return raw_table_find_kind(raw) && choose_rows(line, raw);
}

static const char *const tasks[] = {"classification", "regression", NULL};

/* ------------------------------------------------------------------------- where it goes ----- */

/* The folder of a path, absolute. False if it does not exist. */
static bool folder_of(const char *path, char *folder) {
    const char *slash = strrchr(path, '/');
    char own[PATH_MAX];
    if (!slash)
        return realpath(".", folder) != NULL;
    const int size = snprintf(own, sizeof own, "%.*s", (int)(slash - path) + (slash == path), path);
    return size < (int)sizeof own && realpath(own, folder);
}

/* The path of the table as it is seen from the folder of the model file; freed by the caller. */
static char *path_from(const char *model, const char *path) {
    char from[PATH_MAX], to[PATH_MAX];
    const char *slash = strrchr(path, '/');
    yg_text text = {0};
    if (path[0] == '/' || !model || !folder_of(model, from) || !folder_of(path, to)) {
        yg_text_add(&text, "%s", path);
        return yg_text_take(&text);
    }
    size_t same = 0;
    for (size_t i = 0;; i++) {
        if ((from[i] == '/' || !from[i]) && (to[i] == '/' || !to[i]))
            same = i;
        if (from[i] != to[i] || !from[i])
            break;
    }
    for (size_t i = same; from[i]; i++)
        if (from[i] == '/' && from[i + 1])
            yg_text_add(&text, "../");
    const char *rest = to + same + (to[same] == '/');
    yg_text_add(&text, "%s%s%s", rest, *rest ? "/" : "", slash ? slash + 1 : path);
    return yg_text_take(&text);
}

/* The model's name: that of its file, or of the table. */
static void model_name(const char *path, char *name, size_t size) {
    const char *slash = strrchr(path, '/');
    char stem[NAME_MAX + 1];
    snprintf(stem, sizeof stem, "%s", slash ? slash + 1 : path);
    stem[strcspn(stem, ".")] = '\0';
    draft_identifier(stem, "model", name, size);
}

static bool add_word(yg_text *text, const char *option, const char *value) {
    char *word = shell_word(value);
    yg_text_add(text, "%s%s %s", *option ? " --" : "", option, word ? word : "");
    free(word);
    return word != NULL;
}

/* How the file was made. NULL when out of memory. */
static char *command_text(const command_line *line) {
    static const char *const options[] = {"target", "exclude", "table", "query", "output"};
    yg_text text = {0};
    yg_text_add(&text, "yamlgrad new");
    bool good = true;
    for (size_t i = 0; i < line->operand_count; i++)
        good = good && add_word(&text, "", operand(line, i));
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        size_t count = option_given(line, options[i]);
        const char *single = count ? option_text(line, options[i]) : NULL;
        const char *const *values = &single;
        if (i < 2)
            values = option_texts(line, options[i], &count);
        for (size_t k = 0; good && k < count; k++)
            good = add_word(&text, options[i], values[k]);
    }
    if (option_given(line, "task"))
        good = good && add_word(&text, "task", tasks[option_choice(line, "task", 0)]);
    char *command = yg_text_take(&text);
    if (good)
        return command;
    free(command);
    return NULL;
}

/* ------------------------------------------------------------------------------- the command - */

static void print_target(const draft *draft, size_t index) {
    const draft_column *target = &draft->columns[index];
    if (target->label)
        terminal_print(stderr, "whether '%s'", target->summary->name);
    else if (target->task == DRAFT_CLASSIFICATION)
        terminal_print(stderr, "the class of '%s', one of %zu", target->summary->name,
                       target->value_count);
    else
        terminal_print(stderr, "the number '%s'", target->summary->name);
}

static void print_summary(const draft *draft, const char *path) {
    size_t used = 0;
    for (size_t i = 0; i < draft->summary->count; i++)
        used += draft->columns[i].kind != DRAFT_LEFT_OUT && draft->columns[i].kind != DRAFT_TARGET;
    terminal_start(stderr, STYLE_BOLD);
    terminal_print(stderr, "%s", path ? path : "stdout");
    terminal_stop(stderr);
    for (size_t i = 0; i < draft->target_count; i++) {
        terminal_print(stderr, i ? "; " : ": ");
        print_target(draft, draft->targets[i]);
    }
    terminal_say("%s from %zu %s, in %" PRId64 " rows", draft->target_count > 1 ? ";" : ",", used,
                 used == 1 ? "column" : "columns", draft->rows);
    enum { SHOWN = 30 };
    size_t left = 0;
    for (size_t i = 0; i < draft->summary->count; i++)
        if (draft->columns[i].kind == DRAFT_LEFT_OUT && left++ < SHOWN)
            terminal_say("  without '%s': %s", draft->columns[i].summary->name,
                         draft->columns[i].reason);
    if (left > SHOWN)
        terminal_say("  and without %zu more: the file has the reasons", left - SHOWN);
}

static int write_model(const command_line *line, const char *text, bool parted) {
    const char *path = option_text(line, "output");
    yg_error error = {0};
    if (!path) {
        terminal_data(text);
        return STATUS_OK;
    }
    if (!yg_file_write(path, text, strlen(text), &error))
        return session_fail(&error);
    char *word = shell_word(path);
    terminal_say("next:   %s train %s", line->program, word ? word : path);
    if (!parted)
        terminal_say("score:  %s cv %s", line->program, word ? word : path);
    free(word);
    return STATUS_OK;
}

/* The operands as paths of the model file. False when out of memory. */
static bool paths_from(const command_line *line, char **paths) {
    bool good = true;
    for (size_t i = 0; i < line->operand_count; i++) {
        paths[i] = path_from(option_text(line, "output"), operand(line, i));
        good = good && paths[i];
    }
    return good;
}

static int write_draft(const command_line *line, const raw_table *raw, const draft *draft) {
    const char *output = option_text(line, "output");
    char name[64], *text = NULL;
    model_name(output ? output : raw->path, name, sizeof name);
    char *command = command_text(line);
    char **paths = calloc(line->operand_count + 1, sizeof *paths);
    int status = STATUS_FAILED;
    if (command && paths && paths_from(line, paths))
        text = draft_text(draft, &(draft_source){.command = command,
                                                 .name = name,
                                                 .paths = (const char *const *)paths,
                                                 .path_count = line->operand_count,
                                                 .key = raw->kind->key,
                                                 .keys = raw->keys});
    if (text) {
        print_summary(draft, output);
        status = write_model(line, text, draft->parted);
    } else
        terminal_error("out of memory");
    free(command);
    for (size_t i = 0; paths && i < line->operand_count; i++)
        free(paths[i]);
    free(paths);
    free(text);
    return status;
}

static int run(const command_line *line) {
    const char *output = option_text(line, "output");
    raw_table raw = {0};
    if (output && access(output, F_OK) == 0 && !option_given(line, "force")) {
        terminal_error("'%s' exists; --force replaces it", output);
        return STATUS_FAILED;
    }
    if (!find_files(line, &raw)) {
        raw_table_close(&raw);
        return STATUS_FAILED;
    }
    draft_request request = {0};
    request.targets = option_texts(line, "target", &request.target_count);
    request.excluded = option_texts(line, "exclude", &request.excluded_count);
    if (option_given(line, "task"))
        request.task = option_choice(line, "task", 0) ? DRAFT_REGRESSION : DRAFT_CLASSIFICATION;
    yg_error error = {0};
    draft draft = {0};
    int status;
    if (raw_table_read(&raw, &error) && draft_find_pictures(&raw, &request, &error) &&
        draft_make(raw.table, &raw.summary, &request, &draft, &error))
        status = write_draft(line, &raw, &draft);
    else
        status = session_fail(&error);
    draft_free(&draft);
    raw_table_close(&raw);
    return status;
}

static const option_spec options[] = {
    {.name = "target",
     .letter = 't',
     .kind = OPTION_TEXTS,
     .argument = "COLUMN",
     .doc = "what is to be predicted (repeatable, or a list with commas; default: target, label, "
            "class or y)"},
    {.name = "task",
     .kind = OPTION_CHOICE,
     .argument = "classification|regression",
     .doc = "predict a class or a number (default: by the target's values)",
     .choices = tasks},
    {.name = "table",
     .kind = OPTION_TEXT,
     .argument = "NAME",
     .doc = "of a database that has several tables"},
    {.name = "query",
     .kind = OPTION_TEXT,
     .argument = "SQL",
     .doc = "whose rows are the table, of a database"},
    {.name = "exclude",
     .letter = 'x',
     .kind = OPTION_TEXTS,
     .argument = "COLUMN",
     .doc = "leave this column out (repeatable, or a list with commas)"},
    {.name = "output",
     .letter = 'o',
     .kind = OPTION_TEXT,
     .argument = "FILE",
     .doc = "write the model there (default: stdout)"},
    {.name = "force", .kind = OPTION_FLAG, .doc = "replace the file if there is one"},
};

const command command_new = {
    .name = "new",
    .operands = "TABLE…",
    .summary = "a model file for a table",
    .details =
        "Reads all of a table and writes a model file that learns one column from the others:\n"
        "what each column holds, gaps, dates, categories, and columns that tell nothing, with the\n"
        "reason in a comment. Several files, or a pattern in quotes, are one table. The file is a\n"
        "beginning; change it as you like.\n",
    .min_operands = 1,
    .max_operands = SIZE_MAX,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
