/*
 * Diagrams by gnuplot: see plots.h.
 *
 * gnuplot writes into a folder of temporary files. Whole pictures go from there to their places, so
 * that no reader sees half of one.
 */
#define _XOPEN_SOURCE 700 /* mkdtemp() */
#include "plots.h"

#include "../graph/file.h"
#include "../graph/number.h"
#include "program.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a diagram begins with, so that it has nothing of the one before. The colours can be told
 * apart also by those who do not see red and green as different. */
static const char before[] = "reset\n"
                             "set encoding utf8\n"
                             "set datafile missing 'NaN'\n"
                             "set style line 1 lc rgb '#1f77b4' lw 2 pt 7 ps 0.5\n"
                             "set style line 2 lc rgb '#d95f02' lw 2 pt 7 ps 0.5\n"
                             "set style line 3 lc rgb '#1b9e77' lw 2 pt 7 ps 0.5\n"
                             "set style line 4 lc rgb '#7570b3' lw 2 pt 7 ps 0.5\n"
                             "set style line 5 lc rgb '#e7298a' lw 2 pt 7 ps 0.5\n"
                             "set style line 6 lc rgb '#66a61e' lw 2 pt 7 ps 0.5\n"
                             "set style line 7 lc rgb '#a6761d' lw 2 pt 7 ps 0.5\n"
                             "set style line 8 lc rgb '#666666' lw 2 pt 7 ps 0.5\n"
                             "set style line 20 lc rgb '#dde3e8' lw 0.7\n"
                             "set style line 21 lc rgb '#5d6b7a' lw 0.8\n"
                             "set border 3 ls 21\n"
                             "set tics nomirror out scale 0.6\n"
                             "set grid ls 20\n"
                             "set key noenhanced horizontal outside top right samplen 2\n"
                             "set termoption noenhanced\n";

enum { SVG_LARGEST = 1 << 28 };

/* A name that a file can have, and that a script can have in quotes. Freed by the caller. */
static char *file_name(const char *name) {
    char *copy = strdup(name);
    for (char *at = copy; at && *at; at++)
        if (!isalnum((unsigned char)*at))
            *at = '_';
    return copy;
}

yg_text *plots_begin(plots *plots, const char *name, const char *caption) {
    plot *grown = realloc(plots->items, (plots->count + 1) * sizeof *grown);
    if (grown) {
        plots->items = grown;
        grown[plots->count] = (plot){.name = file_name(name), .caption = strdup(caption)};
        plots->script.failed |= !grown[plots->count].name || !grown[plots->count].caption;
        plots->count++;
    }
    plots->script.failed |= !grown;
    yg_text_add(&plots->script, "%s", before);
    return &plots->script;
}

void plots_end(plots *plots, const char *command) {
    const char *name = plots->count ? plots->items[plots->count - 1].name : NULL;
    if (!name)
        return;
    yg_text_add(&plots->script,
                "set terminal svg size 760,430 dynamic background rgb 'white' noenhanced "
                "font 'sans-serif,13'\n"
                "set output '%s.svg'\n%s\n"
                "set terminal pngcairo size 1140,645 background rgb 'white' noenhanced "
                "font 'sans,15'\n"
                "set output '%s.png'\nreplot\nset output\n",
                name, command, name);
}

void plots_text(yg_text *script, const char *text) {
    yg_text_add(script, "'");
    for (; *text; text++)
        if (*text == '\'')
            yg_text_add(script, "''");
        else if (*text == '`' || (unsigned char)*text < 0x20)
            yg_text_add(script, " ");
        else
            yg_text_add(script, "%c", *text);
    yg_text_add(script, "'");
}

void plots_number(yg_text *script, double value) {
    char number[YG_NUMBER_TEXT];
    /* Beyond these gnuplot cannot place its ticks. */
    const bool drawn = isfinite(value) && fabs(value) < 1e100;
    yg_text_add(script, "%s", drawn ? yg_number_text(value, number) : "NaN");
}

void plots_whole_ticks(yg_text *script, const char *axis, double first, double last) {
    static const double steps[] = {1, 2, 5};
    double unit = 1;
    size_t step = 0;
    while (steps[step] * unit * 8 < last - first) {
        step = (step + 1) % 3;
        unit *= step ? 1 : 10;
    }
    yg_text_add(script, "set %stics %.0f format '%%.0f'\n", axis, steps[step] * unit);
}

void plots_widen(plots_range *range, double value) {
    if (!isfinite(value) || fabs(value) >= 1e100)
        return;
    range->low = value < range->low ? value : range->low;
    range->high = value > range->high ? value : range->high;
}

/* Equal numbers get room around them: gnuplot would complain. */
void plots_axis(yg_text *script, plots_range r) {
    if (r.low > 0 && r.high > 10 * r.low)
        yg_text_add(script, "set logscale y\nset format y '%%g'\n");
    else if (r.high - r.low <= 1e-12 * fmax(fabs(r.low), fabs(r.high)))
        yg_text_add(script, "set yrange [%.17g:%.17g]\n", r.low - fmax(fabs(r.low) / 2, 1e-300),
                    r.low + fmax(fabs(r.low) / 2, 1e-300) + (r.low == 0 ? 1 : 0));
}

void plots_free(plots *plots) {
    for (size_t i = 0; i < plots->count; i++) {
        free(plots->items[i].name);
        free(plots->items[i].caption);
        free(plots->items[i].svg);
    }
    free(plots->items);
    free(plots->script.data);
    *plots = (struct plots){0};
}

/* ---------------------------------------------------------------------------------- drawing -- */

static char *path_of(const char *folder, const char *name, const char *ending, yg_error *error) {
    yg_text path = {0};
    yg_text_add(&path, "%s/%s%s", folder, name, ending);
    char *text = yg_text_take(&path);
    if (!text)
        yg_fail_memory(error);
    return text;
}

/* gnuplot repeats the line, points to the place, and says on a line of its own what is wrong. */
static void fail_gnuplot(FILE *messages, yg_error *error) {
    char line[300], reason[300] = "";
    rewind(messages);
    while (fgets(line, sizeof line, messages)) {
        line[strcspn(line, "\n")] = '\0';
        if (line[strspn(line, " \t^")])
            snprintf(reason, sizeof reason, "%s", line);
    }
    yg_fail(error, YG_ERROR_IO, YG_NOWHERE, "gnuplot has failed%s%s", *reason ? ": " : "", reason);
}

/* Runs gnuplot in the folder, without the user's own settings. */
static plots_result run(const plots *plots, const char *folder, FILE *in, FILE *messages,
                        yg_error *error) {
    static const char *const arguments[] = {"gnuplot", "-d", "-", NULL};
    yg_text place = {0};
    yg_text_add(&place, "cd ");
    plots_text(&place, folder);
    char *first = yg_text_take(&place);
    const bool written = first && dprintf(fileno(in), "%s\n%s", first, plots->script.data) > 0 &&
                         lseek(fileno(in), 0, SEEK_SET) == 0;
    free(first);
    if (!written) {
        yg_fail(error, YG_ERROR_IO, YG_NOWHERE, "cannot write a temporary file: %s",
                strerror(errno));
        return PLOTS_FAILED;
    }
    const int status = program_run(arguments, in, messages, messages);
    if (status < 0 && errno == ENOENT)
        return PLOTS_NO_PROGRAM;
    if (status < 0)
        yg_fail(error, YG_ERROR_IO, YG_NOWHERE, "cannot run 'gnuplot': %s", strerror(errno));
    else if (status > 0)
        fail_gnuplot(messages, error);
    return status == 0 ? PLOTS_DRAWN : PLOTS_FAILED;
}

/* Brings a picture from the temporary folder to its own, if it has one; *keep, which may be NULL,
 * becomes its bytes. */
static bool bring(const char *from, const char *folder, const char *name, const char *ending,
                  char **keep, size_t *size, yg_error *error) {
    char *old = path_of(from, name, ending, error);
    char *new = folder ? path_of(folder, name, ending, error) : NULL;
    char *bytes = old && (new || !folder) ? yg_file_read(old, SVG_LARGEST, size, error) : NULL;
    const bool good = bytes && (!folder || yg_file_write(new, bytes, *size, error));
    if (good && keep)
        *keep = bytes;
    else
        free(bytes);
    free(old);
    free(new);
    return good;
}

static bool bring_all(plots *plots, const char *from, const char *folder, yg_error *error) {
    bool good = !folder || yg_file_make_folder(folder, error);
    size_t size;
    for (size_t i = 0; good && i < plots->count; i++) {
        plot *p = &plots->items[i];
        good = bring(from, folder, p->name, ".svg", &p->svg, &p->svg_size, error) &&
               (!folder || bring(from, folder, p->name, ".png", NULL, &size, error));
    }
    return good;
}

static void remove_all(const plots *plots, const char *from) {
    static const char *const endings[] = {".svg", ".png"};
    for (size_t i = 0; i < 2 * plots->count; i++) {
        char *path = path_of(from, plots->items[i / 2].name, endings[i % 2], NULL);
        if (path)
            unlink(path);
        free(path);
    }
    rmdir(from);
}

plots_result plots_draw(plots *plots, const char *folder, yg_error *error) {
    const char *where = getenv("TMPDIR");
    plots_result result = PLOTS_FAILED;
    if (plots->script.failed) {
        yg_fail_memory(error);
        return result;
    }
    if (!plots->count)
        return PLOTS_DRAWN;
    char *from = path_of(where && *where ? where : "/tmp", "yamlgrad-XXXXXX", "", error);
    FILE *in = tmpfile(), *messages = tmpfile();
    if (from && (!in || !messages || !mkdtemp(from))) {
        yg_fail(error, YG_ERROR_IO, YG_NOWHERE, "cannot make a temporary folder for gnuplot: %s",
                strerror(errno));
    } else if (from) {
        result = run(plots, from, in, messages, error);
        if (result == PLOTS_DRAWN && !bring_all(plots, from, folder, error))
            result = PLOTS_FAILED;
        remove_all(plots, from);
    }
    if (in)
        fclose(in);
    if (messages)
        fclose(messages);
    free(from);
    return result;
}
