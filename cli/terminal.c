/*
 * Talk on stderr: styles, messages, errors with the source line.
 */
#include "terminal.h"

#include "../graph/file.h"
#include "lines.h"
#include "options.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Larger files get no excerpt: reading one again for a message would be out of proportion. */
#define EXCERPT_FILE_CAP (64 * 1024 * 1024)
#define EXCERPT_MIN      40

bool terminal_is_live(FILE *to) {
    const char *term = getenv("TERM");
    return isatty(fileno(to)) && term && strcmp(term, "dumb") != 0;
}

static bool has_colour(FILE *to) {
    const char *no_color = getenv("NO_COLOR");
    return (!no_color || *no_color == '\0') && terminal_is_live(to);
}

const char *terminal_style(FILE *to, style style) {
    static const char *const escapes[] = {
        [STYLE_BOLD] = "\033[1m",   [STYLE_DIM] = "\033[2m",   [STYLE_RED] = "\033[1;31m",
        [STYLE_GREEN] = "\033[32m", [STYLE_BLUE] = "\033[34m",
    };
    return has_colour(to) ? escapes[style] : "";
}

const char *terminal_plain(FILE *to) {
    return has_colour(to) ? "\033[0m" : "";
}

int terminal_width(FILE *to) {
    struct winsize size;
    if (ioctl(fileno(to), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

void terminal_say(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

void terminal_error(const char *format, ...) {
    va_list arguments;
    fprintf(stderr, "yamlgrad: %serror:%s ", terminal_style(stderr, STYLE_RED),
            terminal_plain(stderr));
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

/* ---------------------------------------------------------------------------------- excerpts -- */

static bool starts_character(char byte) {
    return ((unsigned char)byte & 0xC0) != 0x80;
}

/* Prints characters first … last (counted from 1) of a line of UTF-8; control characters, which
 * could drive the terminal, as '?'. */
static void print_characters(const char *line, size_t length, int first, int last) {
    int character = 0;
    for (size_t i = 0; i < length; i++) {
        if (starts_character(line[i]))
            character++;
        if (character < first || character > last)
            continue;
        const unsigned char byte = (unsigned char)line[i];
        fputc(byte == '\t' ? ' ' : byte < 32 || byte == 127 ? '?' : byte, stderr);
    }
    fputc('\n', stderr);
}

static void print_excerpt(const yg_error *error) {
    size_t size = 0;
    char *text = yg_file_read(error->file, EXCERPT_FILE_CAP, &size, NULL);
    if (!text)
        return;
    size_t length = 0;
    const char *line = find_line(text, size, error->line, &length);
    if (line) {
        /* A window of a long line (a row of a CSV file), around the column. */
        int room = terminal_width(stderr) - 8;
        if (room < EXCERPT_MIN)
            room = EXCERPT_MIN;
        int first = 1;
        if (error->column > room)
            first = error->column - room / 2;
        const int gutter = fprintf(stderr, "%6d | ", error->line);
        print_characters(line, length, first, first + room - 1);
        if (error->column > 0)
            fprintf(stderr, "%*s| %*s%s^%s\n", gutter - 2, "", error->column - first, "",
                    terminal_style(stderr, STYLE_GREEN), terminal_plain(stderr));
    }
    free(text);
}

void terminal_report(const yg_error *error) {
    if (error->file[0] == '\0') {
        terminal_error("%s", error->message);
        return;
    }
    fprintf(stderr, "%s%s", terminal_style(stderr, STYLE_BOLD), error->file);
    if (error->line > 0)
        fprintf(stderr, ":%d", error->line);
    if (error->line > 0 && error->column > 0)
        fprintf(stderr, ":%d", error->column);
    fprintf(stderr, ":%s %serror:%s %s\n", terminal_plain(stderr),
            terminal_style(stderr, STYLE_RED), terminal_plain(stderr), error->message);
    if (error->line > 0)
        print_excerpt(error);
}

int terminal_finish_output(int status) {
    /* What failed earlier is a mark on the stream, whose reason was told or is lost. */
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    if (errno == EPIPE)
        return 128 + SIGPIPE;
    if (errno != 0 || status == STATUS_OK)
        terminal_error("cannot write to standard output: %s",
                       errno != 0 ? strerror(errno) : "output failed");
    return STATUS_FAILED;
}
