/*
 * Diagrams, each as SVG and PNG, drawn by gnuplot in one go.
 *
 *   plots plots = {0};
 *   yg_text *script = plots_begin(&plots, "loss", "Loss");
 *   yg_text_add(script, "set ylabel 'loss'\n");
 *   plots_end(&plots, "plot $data using 1:2 with lines");
 *   plots_draw(&plots, "runs/iris/pictures", &error);
 *
 * Text from outside goes into a script by plots_text() only. gnuplot takes no commands from it
 * then.
 */
#ifndef YG_CLI_PLOTS_H
#define YG_CLI_PLOTS_H

#include "../graph/text.h"

#include <math.h>

typedef struct plot {
    char *name;    /* of the files, without ending */
    char *caption; /* of the page */
    char *svg;     /* the picture, once it is drawn; NULL: it could not be */
    size_t svg_size;
} plot;

typedef struct plots {
    yg_text script;
    size_t count;
    plot *items;
} plots;

/* Begins a diagram. What is added to the text until plots_end() makes its axes and data. The text
 * belongs to `plots`, which has failed if it has. */
yg_text *plots_begin(plots *plots, const char *name, const char *caption);
/* Ends it; `command` is gnuplot's, and draws it. */
void plots_end(plots *plots, const char *command);

/* Adds a text in gnuplot's quotes. */
void plots_text(yg_text *script, const char *text);
/* Adds a number, or NaN, which leaves a gap. */
void plots_number(yg_text *script, double value);
/* Adds a command for round ticks of whole numbers from `first` to `last`: gnuplot alone would
 * divide few epochs into parts. */
void plots_whole_ticks(yg_text *script, const char *axis, double first, double last);

/* What an axis has to show. low > high: nothing. */
typedef struct plots_range {
    double low, high;
} plots_range;

#define PLOTS_NOTHING ((plots_range){(double)INFINITY, -(double)INFINITY})

/* Takes in a number, unless it cannot be drawn. */
void plots_widen(plots_range *range, double value);
/* Adds commands for the vertical axis: logarithmic where all is positive and spans more than a
 * decade. */
void plots_axis(yg_text *script, plots_range range);

typedef enum plots_result {
    PLOTS_DRAWN,
    PLOTS_NO_PROGRAM, /* gnuplot is not installed: nothing is drawn */
    PLOTS_FAILED,
} plots_result;

/* Draws all into a folder, which is made; pictures of the same names are replaced. `folder` NULL:
 * only `svg` of each plot is filled in. An error is set for PLOTS_FAILED only. */
plots_result plots_draw(plots *plots, const char *folder, yg_error *error);
void plots_free(plots *plots); /* what it holds, not the struct */

#endif
