/*
 * Command lines, read by getopt_long(): see options.h.
 */
#include "options.h"

#include "../graph/number.h"
#include "../graph/spelling.h"
#include "terminal.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct option_value {
    size_t count; /* how many times it was given */
    const char *text;
    const char **texts; /* OPTION_TEXTS: all values, in order */
    int64_t integer;
    double number;
    int choice;
} option_value;

/* getopt_long() returns this plus the option's index, which is larger than any letter. */
#define OPTION_BASE 1000
#define OPTION_HELP (OPTION_BASE - 1)
#define OPTIONS_MAX 32

/* -------------------------------------------------------------------------------------- help -- */

static void print_option(FILE *to, const option_spec *spec) {
    char left[64];
    char letter[8] = "    ";
    if (spec->letter != 0)
        snprintf(letter, sizeof letter, "-%c, ", spec->letter);
    const char *argument = spec->argument ? spec->argument : "";
    snprintf(left, sizeof left, "%s--%s%s%s", letter, spec->name,
             *argument == '\0' || spec->optional ? "" : " ", argument);
    terminal_print(to, "  %-26s %s\n", left, spec->doc);
}

void command_help(const command *command, FILE *to) {
    terminal_print(to, "usage: yamlgrad %s%s%s [options]\n\n%s\n", command->name,
                   *command->operands == '\0' ? "" : " ", command->operands, command->details);
    terminal_print(to, "options:\n");
    for (size_t i = 0; i < command->option_count; i++)
        print_option(to, &command->options[i]);
    print_option(to, &(option_spec){.name = "help", .letter = 'h', .doc = "print this"});
}

/* ----------------------------------------------------------------------------------- reading -- */

static int usage_error(const command *command) {
    terminal_say("try: yamlgrad %s --help", command->name);
    return STATUS_USAGE;
}

static int unknown_option(const command *command, const char *given) {
    const char *names[OPTIONS_MAX + 1];
    size_t count = 0;
    for (size_t i = 0; i < command->option_count; i++)
        names[count++] = command->options[i].name;
    names[count++] = "help";
    char name[64];
    char hint[256];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(given, "="), given);
    const char *bare = name + strspn(name, "-");
    const char *near = yg_nearest(bare, names, count);
    if (near)
        snprintf(hint, sizeof hint, "; did you mean '--%s'?", near);
    else
        hint[0] = '\0';
    terminal_error("unknown option '%s'%s", name, hint);
    return usage_error(command);
}

static bool out_of_range(const option_spec *spec, double value) {
    return spec->min < spec->max && !(value >= spec->min && value <= spec->max);
}

/* Says what an option's value must be: "a number from 1 to 64". */
static void say_expected(const option_spec *spec, const char *text) {
    const char *kind = spec->kind == OPTION_INT ? "a whole number" : "a number";
    if (spec->min < spec->max && spec->max < 1e15)
        terminal_error("--%s takes %s from %g to %g, not '%s'", spec->name, kind, spec->min,
                       spec->max, text);
    else if (spec->min < spec->max)
        terminal_error("--%s takes %s of at least %g, not '%s'", spec->name, kind, spec->min, text);
    else
        terminal_error("--%s takes %s, not '%s'", spec->name, kind, text);
}

static bool read_value(const option_spec *spec, const char *text, option_value *value) {
    char *end = NULL;
    value->count++;
    value->text = text;
    errno = 0;
    switch (spec->kind) {
    case OPTION_FLAG:
    case OPTION_TEXT:
        return true;
    case OPTION_TEXTS: {
        const char **texts = realloc(value->texts, value->count * sizeof *texts);
        if (!texts) {
            terminal_error("out of memory");
            return false;
        }
        texts[value->count - 1] = text;
        value->texts = texts;
        return true;
    }
    case OPTION_INT:
        value->integer = strtoimax(text, &end, 10);
        if (errno == 0 && end != text && !isspace((unsigned char)text[0]) && *end == '\0' &&
            !out_of_range(spec, (double)value->integer))
            return true;
        break;
    case OPTION_FLOAT:
        /* As a model file's numbers: no hexadecimal ones, no inf and nan, none that underflows. */
        if (yg_number_parse(text, strlen(text), &value->number) != YG_NUMBER_NOT &&
            isfinite(value->number) && !yg_number_is_lost(text, strlen(text), value->number) &&
            !out_of_range(spec, value->number))
            return true;
        break;
    case OPTION_CHOICE: {
        size_t count = 0;
        if (!text)
            return true;
        for (; spec->choices[count]; count++) {
            value->choice = (int)count;
            if (strcmp(spec->choices[count], text) == 0)
                return true;
        }
        char hint[256];
        terminal_error("--%s has no choice '%s'%s", spec->name, text,
                       yg_suggest(text, spec->choices, count, hint, sizeof hint));
        return false;
    }
    }
    say_expected(spec, text);
    return false;
}

static bool check_operands(const command *command, const command_line *line) {
    if (line->operand_count < command->min_operands) {
        terminal_error("yamlgrad %s needs %s", command->name, command->operands);
        return false;
    }
    if (line->operand_count > command->max_operands) {
        terminal_error("'%s' is one argument too many: yamlgrad %s takes %s",
                       line->operands[command->max_operands], command->name,
                       *command->operands == '\0' ? "none" : command->operands);
        return false;
    }
    return true;
}

/* The tables that getopt_long() reads, made from the command's own. */
typedef struct getopt_tables {
    struct option options[OPTIONS_MAX + 2];
    char letters[2 * OPTIONS_MAX + 8];
} getopt_tables;

static void make_tables(const command *command, getopt_tables *tables) {
    /* There is no '+', so options may follow operands. With ':' at the beginning, getopt_long()
     * distinguishes a missing argument from an unknown option. */
    size_t at = 0;
    tables->letters[at++] = ':';
    tables->letters[at++] = 'h';
    for (size_t i = 0; i < command->option_count; i++) {
        const option_spec *spec = &command->options[i];
        const bool flag = spec->kind == OPTION_FLAG;
        const int argument = flag             ? no_argument
                             : spec->optional ? optional_argument
                                              : required_argument;
        tables->options[i] = (struct option){spec->name, argument, NULL, OPTION_BASE + (int)i};
        if (spec->letter != 0) {
            tables->letters[at++] = spec->letter;
            if (!flag)
                tables->letters[at++] = ':';
        }
    }
    tables->options[command->option_count] =
        (struct option){"help", no_argument, NULL, OPTION_HELP};
    tables->options[command->option_count + 1] = (struct option){0};
    tables->letters[at] = '\0';
}

/* The index of what getopt_long() returned, by long or short form. */
static size_t option_index(const command *command, int got) {
    if (got >= OPTION_BASE)
        return (size_t)(got - OPTION_BASE);
    size_t i = 0;
    while (command->options[i].letter != got)
        i++;
    return i;
}

/* Reports an option that getopt_long() refused. optopt is 0 for an unknown long option, the letter
 * for an unknown short one, and the option's own value for a flag that was given a value. */
static int bad_option(const command *command, const char *given) {
    const char letter[3] = {'-', (char)optopt, '\0'};
    if (optopt == 0)
        return unknown_option(command, given);
    if (optopt < OPTION_HELP)
        return unknown_option(command, letter);
    terminal_error("%.*s takes no value", (int)strcspn(given, "="), given);
    return usage_error(command);
}

bool command_line_read(const command *command, int argc, char **argv, command_line *line,
                       int *status) {
    assert(command->option_count <= OPTIONS_MAX);
    *line = (command_line){.program = argv[0],
                           .command = command,
                           .word_count = (size_t)argc,
                           .words = calloc((size_t)argc + 1, sizeof *line->words)};
    for (int i = 0; line->words && i < argc; i++)
        line->words[i] = argv[i]; /* getopt_long() changes the order of argv */
    argc--; /* getopt_long() skips the first entry, which is now the sub-command's name */
    argv++;
    line->values = calloc(command->option_count + 1, sizeof *line->values);
    if (!line->values || !line->words) {
        terminal_error("out of memory");
        *status = STATUS_FAILED;
        return false;
    }
    getopt_tables tables;
    make_tables(command, &tables);
    optind = 1;
    opterr = 0;
    int got = 0;
    while ((got = getopt_long(argc, argv, tables.letters, tables.options, NULL)) != -1) {
        if (got == 'h' || got == OPTION_HELP) {
            command_help(command, stdout);
            *status = terminal_finish_output(STATUS_OK);
            return false;
        }
        if (got == ':') {
            terminal_error("%s needs a value", argv[optind - 1]);
            *status = usage_error(command);
            return false;
        }
        if (got == '?') {
            *status = bad_option(command, argv[optind - 1]);
            return false;
        }
        const size_t i = option_index(command, got);
        if (!read_value(&command->options[i], optarg, &line->values[i])) {
            /* A list of texts is wrong only if there is no memory for it. */
            *status =
                command->options[i].kind == OPTION_TEXTS ? STATUS_FAILED : usage_error(command);
            return false;
        }
    }
    line->operands = argv + optind;
    line->operand_count = (size_t)(argc - optind);
    if (!check_operands(command, line)) {
        *status = usage_error(command);
        return false;
    }
    return true;
}

void command_line_free(command_line *line) {
    for (size_t i = 0; line->values && i < line->command->option_count; i++)
        free(line->values[i].texts);
    free(line->values);
    free(line->words);
    line->values = NULL;
    line->words = NULL;
}

/* ------------------------------------------------------------------------------------ values -- */

static const option_value *find(const command_line *line, const char *name) {
    size_t i = 0;
    while (i < line->command->option_count && strcmp(line->command->options[i].name, name) != 0)
        i++;
    assert(i < line->command->option_count);
    return &line->values[i];
}

bool option_given(const command_line *line, const char *name) {
    return find(line, name)->count > 0;
}

const char *option_text(const command_line *line, const char *name) {
    return find(line, name)->text;
}

bool option_known(const command_line *line, const char *name) {
    for (size_t i = 0; i < line->command->option_count; i++)
        if (strcmp(line->command->options[i].name, name) == 0)
            return true;
    return false;
}

const char *const *option_texts(const command_line *line, const char *name, size_t *count) {
    const option_value *value = find(line, name);
    *count = value->count;
    return value->texts;
}

int64_t option_int(const command_line *line, const char *name, int64_t otherwise) {
    const option_value *value = find(line, name);
    return value->count == 0 ? otherwise : value->integer;
}

double option_float(const command_line *line, const char *name, double otherwise) {
    const option_value *value = find(line, name);
    return value->count == 0 ? otherwise : value->number;
}

int option_choice(const command_line *line, const char *name, int otherwise) {
    const option_value *value = find(line, name);
    return value->count == 0 ? otherwise : value->choice;
}

const char *operand(const command_line *line, size_t index) {
    return index < line->operand_count ? line->operands[index] : NULL;
}
