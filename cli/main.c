/*
 * The yamlgrad command: finds the sub-command and runs it.
 */
#include "../graph/spelling.h"
#include "../graph/version.h"
#include "../ops/gemm_amx.h"
#include "../ops/gemm_library.h"
#include "commands.h"
#include "interrupt.h"
#include "processes.h"
#include "terminal.h"

#include <string.h>

static const command *const commands[] = {
#define YG_COMMAND(name) &command_##name,
#include "commands.def"
#undef YG_COMMAND
};

#define COMMAND_COUNT (sizeof commands / sizeof *commands)

static int print_version(void) {
    terminal_print(stdout, "yamlgrad %s\n", yg_version());
#if defined __clang__
    terminal_print(stdout, "compiler: clang %s\n", __clang_version__);
#else
    terminal_print(stdout, "compiler: gcc %s\n", __VERSION__);
#endif
    const char *library = yg_gemm_library_name(yg_gemm_library_preferred());
    const bool amx = yg_gemm_amx_available() && yg_gemm_amx_allowed();
    terminal_print(stdout, "matrix products: built-in%s%s%s\n",
                   library[0] ? ", large ones by " : "", library,
                   amx ? ", the largest with AMX" : "");
    return terminal_finish_output(STATUS_OK);
}

static void print_help(FILE *to) {
    terminal_print(to,
                   "usage: yamlgrad COMMAND …\n"
                   "\n"
                   "Neural networks from a text file: declared in YAML, differentiated exactly, "
                   "trained in C.\n"
                   "\n"
                   "commands:\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        terminal_print(to, "  %-9s %s\n", commands[i]->name, commands[i]->summary);
    terminal_print(to,
                   "\n`yamlgrad help COMMAND` tells more of one; `yamlgrad --version` tells the "
                   "version.\n");
}

static const command *find_command(const char *name) {
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    const char *names[COMMAND_COUNT];
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        names[i] = commands[i]->name;
    char hint[512];
    terminal_error("unknown command '%s'%s", name,
                   yg_suggest(name, names, COMMAND_COUNT, hint, sizeof hint));
    return NULL;
}

static int print_command_help(const char *name) {
    const command *command = find_command(name);
    if (!command)
        return STATUS_USAGE;
    command_help(command, stdout);
    return terminal_finish_output(STATUS_OK);
}

int main(int argc, char **argv) {
    interrupt_ignore_file_limit();
    if (argc < 2) {
        print_help(stderr);
        return STATUS_USAGE;
    }
    const char *first = argv[1];
    if (strcmp(first, "--version") == 0 || strcmp(first, "-V") == 0)
        return print_version();
    const bool help = strcmp(first, "help") == 0;
    if (help && argc > 2)
        return print_command_help(argv[2]);
    if (help || strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0) {
        print_help(stdout);
        return terminal_finish_output(STATUS_OK);
    }
    if (first[0] == '-') {
        terminal_error("unknown option '%s'; options stand after the command", first);
        return STATUS_USAGE;
    }
    const command *command = find_command(first);
    if (!command)
        return STATUS_USAGE;
    command_line line;
    int status = STATUS_OK;
    const int hushed = processes_hush();
    const bool good = command_line_read(command, argc, argv, &line, &status);
    processes_speak(hushed);
    if (good)
        status = terminal_finish_output(command->run(&line));
    command_line_free(&line);
    return status;
}
