/*
 * Drawing with Graphviz: see graphviz.h.
 */
#include "graphviz.h"

#include "options.h"
#include "program.h"
#include "terminal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Runs dot with these files as its standard input and output; as program_run(). */
static int run_dot(FILE *in, FILE *out, const char *form) {
    char option[16];
    snprintf(option, sizeof option, "-T%s", form);
    const char *const arguments[] = {"dot", option, NULL};
    return program_run(arguments, in, out, NULL);
}

static int fail_run(int status) {
    if (status < 0 && errno == ENOENT)
        terminal_error("pictures are drawn by Graphviz, and there is no program 'dot' (Debian's "
                       "package is graphviz); --graph=dot prints the text that it takes");
    else if (status < 0)
        terminal_error("cannot run 'dot': %s", strerror(errno));
    else
        terminal_error("'dot' has failed");
    return STATUS_FAILED;
}

/* Puts the text where dot reads it. */
static bool give_text(FILE *file, const char *text) {
    return dprintf(fileno(file), "%s", text) >= 0 && lseek(fileno(file), 0, SEEK_SET) == 0;
}

static int draw(const char *text, const char *form, FILE *in, FILE *out) {
    if (!in || !out || !give_text(in, text)) {
        terminal_error("cannot make a temporary file: %s", strerror(errno));
        return STATUS_FAILED;
    }
    const int status = run_dot(in, out, form);
    if (status != 0)
        return fail_run(status);
    return terminal_copy(out) ? STATUS_OK : STATUS_FAILED;
}

int graphviz_draw(const char *text, const char *form) {
    if (strcmp(form, "png") == 0 && isatty(STDOUT_FILENO)) {
        terminal_error("a terminal cannot show a PNG file; redirect it: --graph=png > model.png");
        return STATUS_USAGE;
    }
    FILE *in = tmpfile(), *out = tmpfile();
    const int status = draw(text, form, in, out);
    if (in)
        fclose(in);
    if (out)
        fclose(out);
    return status;
}

/* All of a file, with a NUL behind it. */
static char *read_back(FILE *file) {
    const off_t size = lseek(fileno(file), 0, SEEK_END);
    char *text = size > 0 ? malloc((size_t)size + 1) : NULL;
    if (text && pread(fileno(file), text, (size_t)size, 0) == size) {
        text[size] = '\0';
        return text;
    }
    free(text);
    return NULL;
}

char *graphviz_svg(const char *text) {
    FILE *in = tmpfile(), *out = tmpfile();
    char *svg = NULL;
    if (in && out && give_text(in, text) && run_dot(in, out, "svg") == 0)
        svg = read_back(out);
    if (in)
        fclose(in);
    if (out)
        fclose(out);
    return svg;
}
