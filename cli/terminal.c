/*
 * Writes everything that the command prints: see terminal.h.
 */
#define _GNU_SOURCE /* fopencookie */
#include "terminal.h"

#include "../graph/file.h"
#include "lines.h"
#include "options.h"
#include "printable.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Errors in larger files are printed without the line: reading so much for a message takes too
 * long. */
#define EXCERPT_FILE_CAP (64 * 1024 * 1024)
#define EXCERPT_MIN      40

/* What was printed lacks something for want of memory. */
static bool memory_ran_out;

bool terminal_is_live(FILE *to) {
    const char *term = getenv("TERM");
    return isatty(fileno(to)) && term && strcmp(term, "dumb") != 0;
}

static bool has_colour(FILE *to) {
    const char *no_color = getenv("NO_COLOR");
    return (!no_color || *no_color == '\0') && terminal_is_live(to);
}

void terminal_start(FILE *to, style style) {
    static const char *const escapes[] = {
        [STYLE_BOLD] = "\033[1m",
        [STYLE_DIM] = "\033[2m",
        [STYLE_RED] = "\033[1;31m",
        [STYLE_GREEN] = "\033[32m",
    };
    if (has_colour(to))
        fputs(escapes[style], to);
}

void terminal_stop(FILE *to) {
    if (has_colour(to))
        fputs("\033[0m", to);
}

int terminal_width(FILE *to) {
    struct winsize size;
    if (ioctl(fileno(to), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

/* -------------------------------------------------------------------------------------- text -- */

static void put_printable(FILE *to, const char *text, size_t size, bool lines) {
    char small[256];
    while (size > 0) {
        /* A piece ends at the end of a character, so that none is cut in two. Bytes that are not
         * UTF-8 may be cut anywhere. */
        size_t piece =
            size < sizeof small / PRINTABLE_GROWTH ? size : sizeof small / PRINTABLE_GROWTH;
        if (piece < size)
            piece -= printable_pending(text, piece);
        const size_t written = printable(text, piece, lines, small);
        fwrite(small, 1, written, to);
        text += piece;
        size -= piece;
    }
}

/* The formatted text, freed by the caller; NULL when out of memory. */
static char *format_text(const char *format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    const int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = length < 0 ? NULL : malloc((size_t)length + 1);
    if (text)
        vsnprintf(text, (size_t)length + 1, format, arguments);
    return text;
}

/* Most texts are short, and need no memory. */
static void print_list(FILE *to, const char *format, va_list arguments) {
    char small[200];
    va_list again;
    va_copy(again, arguments);
    const int length = vsnprintf(small, sizeof small, format, again);
    va_end(again);
    const bool fits = length >= 0 && (size_t)length < sizeof small;
    char *text = fits ? small : format_text(format, arguments);
    if (text)
        put_printable(to, text, strlen(text), true);
    else
        terminal_out_of_memory();
    if (!fits)
        free(text);
}

void terminal_print(FILE *to, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print_list(to, format, arguments);
    va_end(arguments);
}

char *terminal_word(const char *text) {
    const size_t size = strlen(text);
    char *word = malloc(PRINTABLE_GROWTH * size + 1);
    if (word)
        word[printable(text, size, false, word)] = '\0';
    return word;
}

void terminal_say(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print_list(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

static void print_error_mark(void) {
    terminal_start(stderr, STYLE_RED);
    fputs("error:", stderr);
    terminal_stop(stderr);
    fputc(' ', stderr);
}

void terminal_error(const char *format, ...) {
    va_list arguments;
    fputs("yamlgrad: ", stderr);
    print_error_mark();
    va_start(arguments, format);
    print_list(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

/* ----------------------------------------------------------------------------- a living line -- */

static bool starts_character(char byte) {
    return ((unsigned char)byte & 0xC0) != 0x80;
}

/* The line is cut at the terminal's width, because a line that wraps cannot be rewritten. */
void terminal_rewrite(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *text = format_text(format, arguments);
    va_end(arguments);
    char *line = text ? terminal_word(text) : NULL;
    free(text);
    if (!line)
        return;
    size_t end = 0;
    for (int left = terminal_width(stderr) - 1; line[end] != '\0'; end++) {
        if (starts_character(line[end]) && left-- <= 0)
            break;
    }
    fprintf(stderr, "\r%.*s\033[K", (int)end, line);
    fflush(stderr);
    free(line);
}

void terminal_wipe(void) {
    fputs("\r\033[K", stderr);
}

/* -------------------------------------------------------------------------------------- data -- */

void terminal_data(const char *text) {
    if (isatty(STDOUT_FILENO))
        put_printable(stdout, text, strlen(text), true);
    else
        fputs(text, stdout);
}

/* Bytes at the end of a write that begin a character; the next write may complete it. */
typedef struct tail {
    char bytes[4];
    size_t count;
} tail;

/* The writer for fopencookie(). A character may come in two writes. */
static ssize_t write_printable(void *cookie, const char *text, size_t size) {
    tail *held = cookie;
    char *joined = malloc(held->count + size);
    if (!joined)
        return 0;
    memcpy(joined, held->bytes, held->count);
    memcpy(joined + held->count, text, size);
    const size_t total = held->count + size;
    held->count = printable_pending(joined, total);
    memcpy(held->bytes, joined + total - held->count, held->count);
    put_printable(stdout, joined, total - held->count, true);
    free(joined);
    return fflush(stdout) == 0 ? (ssize_t)size : 0;
}

static int close_printable(void *cookie) {
    tail *held = cookie;
    put_printable(stdout, held->bytes, held->count, true);
    free(held);
    return fflush(stdout);
}

FILE *terminal_open_data(void) {
    if (!isatty(STDOUT_FILENO))
        return stdout;
    const cookie_io_functions_t functions = {.write = write_printable, .close = close_printable};
    tail *held = calloc(1, sizeof *held);
    FILE *data = held ? fopencookie(held, "w", functions) : NULL;
    if (!data)
        free(held);
    return data;
}

bool terminal_close_data(FILE *data) {
    return data == stdout || fclose(data) == 0;
}

bool terminal_copy(FILE *from) {
    char piece[1 << 14];
    FILE *data = terminal_open_data();
    if (!data || fseek(from, 0, SEEK_SET) != 0) {
        terminal_error("out of memory");
        return data && terminal_close_data(data) && false;
    }
    for (size_t got = 1; got > 0;) {
        got = fread(piece, 1, sizeof piece, from);
        fwrite(piece, 1, got, data);
    }
    return terminal_close_data(data);
}

/* ---------------------------------------------------------------------------------- excerpts -- */

/* The byte where character number `wanted` (from 0) of a line of UTF-8 starts. */
static size_t character_start(const char *line, size_t length, int wanted) {
    size_t at = 0;
    for (; at < length; at++) {
        if (starts_character(line[at]) && wanted-- == 0)
            break;
    }
    return at;
}

static int columns_of(const char *text, size_t size) {
    int columns = 0;
    for (size_t i = 0; i < size; i++)
        columns += starts_character(text[i]);
    return columns;
}

/* Prints characters [first, first + count) of a line, made printable. Returns the printed column of
 * character `mark`: an escape such as \x1B is wider than its character. A tab is printed as one
 * blank. */
static int print_window(const char *line, size_t length, int first, int count, int mark) {
    const size_t begin = character_start(line, length, first);
    const size_t end = character_start(line, length, first + count);
    const size_t middle = character_start(line, length, mark);
    const size_t size = end - begin;
    char *window = malloc((PRINTABLE_GROWTH + 1) * size + 1);
    if (!window)
        return 0;
    char *shown = window + size;
    memcpy(window, line + begin, size);
    for (size_t i = 0; i < size; i++)
        window[i] = window[i] == '\t' ? ' ' : window[i];
    fprintf(stderr, "%.*s\n", (int)printable(window, size, false, shown), shown);
    int column = 0;
    if (middle > begin)
        column = columns_of(shown, printable(window, middle - begin, false, shown));
    free(window);
    return column;
}

/* Whether a file is no text: its beginning has a byte that is 0, or it is compressed. Its lines
 * would tell nothing. */
static bool is_binary(const char *text, size_t size) {
    enum { LOOKED_AT = 4096 };
    return memchr(text, 0, size < LOOKED_AT ? size : LOOKED_AT) ||
           (size >= 2 && memcmp(text, "\x1F\x8B", 2) == 0);
}

static void print_excerpt(const yg_error *error) {
    size_t size = 0;
    char *text = yg_file_read(error->file, EXCERPT_FILE_CAP, &size, NULL);
    if (!text || is_binary(text, size)) {
        free(text);
        return;
    }
    size_t length = 0;
    const char *line = find_line(text, size, error->line, &length);
    if (line) {
        /* Of a long line, such as a row of a CSV file, only the part around the column is printed.
         */
        int room = terminal_width(stderr) - 8;
        if (room < EXCERPT_MIN)
            room = EXCERPT_MIN;
        const int first = error->column > room ? error->column - room / 2 - 1 : 0;
        const int gutter = fprintf(stderr, "%6d | ", error->line);
        const int column = print_window(line, length, first, room, error->column - 1);
        if (error->column > 0) {
            fprintf(stderr, "%*s| %*s", gutter - 2, "", column, "");
            terminal_start(stderr, STYLE_GREEN);
            fputc('^', stderr);
            terminal_stop(stderr);
            fputc('\n', stderr);
        }
    }
    free(text);
}

/* Prints "file:line:column:", without the parts that are not known. */
static void print_place(const yg_error *error) {
    char *file = terminal_word(error->file);
    fputs(file ? file : "?", stderr);
    free(file);
    if (error->line > 0)
        fprintf(stderr, ":%d", error->line);
    if (error->line > 0 && error->column > 0)
        fprintf(stderr, ":%d", error->column);
    fputc(':', stderr);
}

void terminal_report(const yg_error *error) {
    if (error->file[0] == '\0') {
        terminal_error("%s", error->message);
        return;
    }
    terminal_start(stderr, STYLE_BOLD);
    print_place(error);
    terminal_stop(stderr);
    fputc(' ', stderr);
    print_error_mark();
    terminal_say("%s", error->message);
    if (error->line > 0)
        print_excerpt(error);
}

void terminal_out_of_memory(void) {
    if (!memory_ran_out)
        terminal_error("out of memory");
    memory_ran_out = true;
}

int terminal_finish_output(int status) {
    if (memory_ran_out) {
        memory_ran_out = false;
        status = STATUS_FAILED;
    }
    /* An earlier failure is only a flag of the stream; its errno is lost. */
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
