/*
 * The page of `yamlgrad runs`: see runs.h.
 */
#include "page.h"
#include "plots.h"
#include "progress.h"
#include "runs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DRAWN = 8 /* runs: as many as there are colours */, POINTS = 1000 /* of a curve */ };

static const char style[] =
    ".pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(460px, 1fr));\n"
    "  gap: 1em; }\n"
    "figure { margin: 0; background: #fff; border: 1px solid var(--line); border-radius: 6px;\n"
    "  padding: .5em; } figure img { display: block; width: 100%; height: auto; }\n"
    ".scroll { overflow-x: auto; } td, th { white-space: nowrap; } .failed { color: #c0392b; }\n";

/* ----------------------------------------------------------------------------------- curves --- */

/* The numbers of a score of a run, one for each epoch; NULL: it has none. */
static const double *curve_of(const run_log *run, const char *part, const char *name) {
    for (int p = 0; p < RUN_PARTS; p++)
        for (size_t s = 0; run->values[p] && s < run->score_count; s++)
            if (strcmp(run_part_names[p], part) == 0 && strcmp(run->scores[s], name) == 0)
                return run->values[p] + s * run->count;
    return NULL;
}

static bool has_point(const run_log *run, const double *curve) {
    plots_range range = PLOTS_NOTHING;
    for (size_t i = 0; curve && i < run->count; i++)
        plots_widen(&range, curve[i]);
    return range.low <= range.high;
}

static void add_data(yg_text *script, size_t number, const run_log *run, const double *curve) {
    const size_t stride = run->count / POINTS + 1;
    yg_text_add(script, "$run%zu << END\n", number);
    for (size_t i = 0; i < run->count; i++) {
        if (i % stride != 0 && i + 1 < run->count)
            continue;
        plots_number(script, run->epochs[i]);
        yg_text_add(script, " ");
        plots_number(script, curve[i]);
        yg_text_add(script, "\n");
    }
    yg_text_add(script, "END\n");
}

static void add_plot(plots *plots, const run_list *list, const char *score) {
    const char *name = strchr(score, '.') + 1;
    char *part = strndup(score, (size_t)(name - score) - 1);
    plots_range range = PLOTS_NOTHING, epochs = PLOTS_NOTHING;
    yg_text command = {0}, *script = plots_begin(plots, score, score);
    script->failed = script->failed || !part;
    for (size_t i = 0; part && i < list->count && i < DRAWN; i++) {
        const run_log *run = &list->runs[i];
        const double *curve = curve_of(run, part, name);
        if (!has_point(run, curve))
            continue;
        for (size_t k = 0; k < run->count; k++) {
            plots_widen(&range, curve[k]);
            plots_widen(&epochs, run->epochs[k]);
        }
        add_data(script, i, run, curve);
        yg_text_add(&command, "%s$run%zu using 1:2 with %s ls %zu title ",
                    command.used ? ", " : "plot ", i, run->count > 1 ? "lines" : "points", i + 1);
        plots_text(&command, run->folder);
    }
    yg_text_add(script, "set key above\nset xlabel 'epoch'\nset ylabel ");
    plots_text(script, score);
    yg_text_add(script, "\n");
    plots_whole_ticks(script, "x", epochs.low, epochs.high);
    if (epochs.low == epochs.high)
        yg_text_add(script, "set xrange [%.17g:%.17g]\n", epochs.low - 1, epochs.high + 1);
    plots_axis(script, range);
    char *text = yg_text_take(&command);
    script->failed = script->failed || !text;
    plots_end(plots, text ? text : "");
    free(text);
    free(part);
}

/* Whether one of the runs that are drawn has a point of the score. */
static bool is_drawn(const run_list *list, const char *score) {
    const char *name = strchr(score, '.') + 1;
    char part[16];
    snprintf(part, sizeof part, "%.*s", (int)(name - score - 1), score);
    for (size_t i = 0; i < list->count && i < DRAWN; i++)
        if (has_point(&list->runs[i], curve_of(&list->runs[i], part, name)))
            return true;
    return false;
}

/* ------------------------------------------------------------------------------------ table --- */

static void add_cell(yg_text *page, const char *class, const char *text) {
    yg_text_add(page, *class ? "<td class=\"%s\">" : "<td>", class);
    page_text(page, text);
}

static void add_row(yg_text *page, const run_list *list, const run_log *run) {
    const char *status = run_log_text(run, "status");
    char *differences = run_list_differences(list, run);
    char seconds[32];
    yg_text_add(page, "<tr>");
    add_cell(page, "", run->folder);
    add_cell(page, "", run_log_text(run, "model"));
    add_cell(page, strcmp(status, "failed") == 0 ? "failed" : "", status);
    yg_text_add(page, "<td>%.10s", run_log_text(run, "started"));
    add_cell(page, "n", text_of_seconds(run_log_number(run, "seconds"), seconds));
    yg_text_add(page, "<td class=\"n\">%.0f<td class=\"n\">%.0f", run_log_number(run, "epochs"),
                run_log_number(run, "best_epoch"));
    for (size_t s = 0; s < list->score_count; s++) {
        yg_text_add(page, "<td class=\"n\">");
        if (run_list_has(run, list->scores[s]))
            yg_text_add(page, "%.5g", run_list_score(run, list->scores[s]));
    }
    add_cell(page, "", differences ? differences : "");
    yg_text_add(page, "\n");
    page->failed = page->failed || !differences;
    free(differences);
}

static void add_table(yg_text *page, const run_list *list) {
    yg_text_add(page, "<div class=\"scroll\"><table><tr><th>run<th>model<th>status<th>started"
                      "<th class=\"n\">time<th class=\"n\">epochs<th class=\"n\">best");
    for (size_t s = 0; s < list->score_count; s++) {
        yg_text_add(page, "<th class=\"n\">");
        page_text(page, list->scores[s]);
    }
    yg_text_add(page, "<th>set\n");
    for (size_t i = 0; i < list->count; i++)
        add_row(page, list, &list->runs[i]);
    yg_text_add(page, "</table></div>\n");
}

/* ------------------------------------------------------------------------------------- page --- */

static void add_pictures(yg_text *page, const run_list *list, const plots *plots) {
    yg_text_add(page, "<h2>Curves</h2>\n");
    if (list->count > DRAWN)
        yg_text_add(page, "<p class=\"dim\">Of the first %d runs.</p>\n", DRAWN);
    yg_text_add(page, "<div class=\"pictures\">\n");
    for (size_t i = 0; i < plots->count; i++) {
        yg_text_add(page, "<figure><img alt=\"");
        page_text(page, plots->items[i].caption);
        yg_text_add(page, "\" src=\"data:image/svg+xml;base64,");
        page_base64(page, plots->items[i].svg, plots->items[i].svg_size);
        yg_text_add(page, "\"></figure>\n");
    }
    yg_text_add(page, "</div>\n");
}

char *runs_page(const run_list *list, bool *drawn, yg_error *error) {
    plots plots = {0};
    yg_text page = {0};
    for (size_t s = 0; s < list->score_count; s++)
        if (is_drawn(list, list->scores[s]))
            add_plot(&plots, list, list->scores[s]);
    const plots_result result = plots_draw(&plots, NULL, error);
    *drawn = result == PLOTS_DRAWN;
    char *text = NULL;
    if (result != PLOTS_FAILED) {
        page_begin(&page, "runs", "yamlgrad", "", style);
        add_table(&page, list);
        if (*drawn && plots.count)
            add_pictures(&page, list, &plots);
        text = page_end(&page);
        if (!text)
            yg_fail_memory(error);
    }
    plots_free(&plots);
    return text;
}
