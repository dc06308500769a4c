/*
 * The page of a report: one file that opens offline. Pictures are in it as data, so it asks for
 * nothing.
 */
#include "../graph/file.h"
#include "../train/run_folder.h"
#include "page.h"
#include "report.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { EPOCHS_LISTED = 100, TEXT_LARGEST = 1 << 24 };

static const char style[] =
    ".pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(460px, 1fr));\n"
    "  gap: 1em; }\n"
    "figure { margin: 0; background: #fff; border: 1px solid var(--line); border-radius: 6px;\n"
    "  padding: .5em; } figure img { display: block; width: 100%; height: auto; }\n"
    "figcaption { text-align: center; color: #5d6b7a; font-size: .9em; }\n"
    "td, th { vertical-align: top; } .scroll { overflow-x: auto; }\n"
    "pre { background: var(--card); border: 1px solid var(--line); border-radius: 6px;\n"
    "  padding: .8em; overflow-x: auto; font: 13px/1.45 ui-monospace, monospace; }\n"
    "code { font: 13px ui-monospace, monospace; overflow-wrap: anywhere; }\n"
    ".status { font-weight: 600; } .failed { color: #c0392b; }\n"
    ".worst td { vertical-align: middle; } .worst img { image-rendering: pixelated;\n"
    "  height: 64px; vertical-align: middle; }\n"
    "h3 { font-size: 1em; margin: 1.2em 0 .4em; }\n"
    "summary { cursor: pointer; margin: 1.5em 0 .5em; font-weight: 600; font-size: 1.15em; }\n"
    "tr.best td { font-weight: 600; background: var(--card); }\n";

/* --------------------------------------------------------------------------------- the run --- */

static void add_row(yg_text *page, const char *name, const char *text) {
    if (!*text)
        return;
    yg_text_add(page, "<tr><td class=\"dim\">%s<td>", name);
    page_text(page, text);
    yg_text_add(page, "\n");
}

/* 7 s, 3 min 20 s, 2 h 5 min. */
static void add_seconds(yg_text *page, double seconds) {
    if (seconds < 60)
        yg_text_add(page, "%.3g s", seconds);
    else if (seconds < 3600)
        yg_text_add(page, "%.0f min %.0f s", floor(seconds / 60), fmod(seconds, 60));
    else
        yg_text_add(page, "%.0f h %.0f min", floor(seconds / 3600),
                    floor(fmod(seconds, 3600) / 60));
}

static void add_status(yg_text *page, const run_log *log) {
    const char *status = run_log_text(log, "status"), *message = run_log_text(log, "message");
    const double starts = run_log_number(log, "starts");
    yg_text_add(page, "<tr><td class=\"dim\">status<td><span class=\"status%s\">",
                strcmp(status, "failed") == 0 ? " failed" : "");
    page_text(page, status);
    yg_text_add(page, "</span>");
    if (*message) {
        yg_text_add(page, "<pre>");
        for (const char *at = message; *at; at++) /* page_text() makes a blank of a line's end */
            if (*at == '\n') {
                yg_text_add(page, "\n");
            } else {
                const char one[] = {*at, '\0'};
                page_text(page, one);
            }
        yg_text_add(page, "</pre>");
    }
    yg_text_add(page, "\n<tr><td class=\"dim\">time<td>");
    page_text(page, run_log_text(log, "started"));
    yg_text_add(page, ", ");
    add_seconds(page, run_log_number(log, "seconds"));
    if (starts > 1)
        yg_text_add(page, " in %.0f starts", starts);
    yg_text_add(page,
                "\n<tr><td class=\"dim\">length<td>%.0f epochs, %.0f steps; best epoch %.0f, by ",
                run_log_number(log, "epochs"), run_log_number(log, "steps"),
                run_log_number(log, "best_epoch"));
    page_text(page, run_log_text(log, "monitor"));
    yg_text_add(page, "\n");
}

static void add_command(yg_text *page, const run_log *log) {
    const json_t *command = json_object_get(log->record, "command");
    if (!json_array_size(command))
        return;
    yg_text_add(page, "<tr><td class=\"dim\">command<td><code>");
    for (size_t i = 0; i < json_array_size(command); i++) {
        const char *word = json_string_value(json_array_get(command, i));
        yg_text_add(page, i ? " " : "");
        page_text(page, word ? word : "");
    }
    yg_text_add(page, "</code> <span class=\"dim\">in ");
    page_text(page, run_log_text(log, "directory"));
    yg_text_add(page, "</span>\n");
}

/* "hidden = 8, lr = 0.1": what the command line has changed. */
static void add_changes(yg_text *page, const run_log *log) {
    static const char *const keys[] = {"set", "options"};
    bool first = true;
    for (size_t k = 0; k < 2; k++) {
        json_t *changes = json_object_get(log->record, keys[k]);
        const char *name;
        json_t *value;
        json_object_foreach(changes, name, value) {
            char *text = json_is_string(value) ? strdup(json_string_value(value))
                                               : json_dumps(value, JSON_ENCODE_ANY);
            yg_text_add(page, first ? "<tr><td class=\"dim\">changed<td>" : ", ");
            page_text(page, name);
            yg_text_add(page, " = ");
            page_text(page, text ? text : "");
            page->failed = page->failed || !text;
            free(text);
            first = false;
        }
    }
    if (!first)
        yg_text_add(page, "\n");
}

/* "TEXT, TEXT …" of an object's entries. */
static void add_list(yg_text *page, const char *name, const json_t *object,
                     const char *const *keys) {
    bool first = true;
    for (; *keys; keys++) {
        const json_t *value = json_object_get(object, *keys);
        if (!json_is_string(value) && !json_is_integer(value))
            continue;
        yg_text_add(page, first ? "<tr><td class=\"dim\">%s<td>" : ", ", name);
        if (json_is_string(value))
            page_text(page, json_string_value(value));
        else
            yg_text_add(page, "%s %" JSON_INTEGER_FORMAT, *keys, json_integer_value(value));
        first = false;
    }
    if (!first)
        yg_text_add(page, "\n");
}

static void add_run(yg_text *page, const run_log *log) {
    static const char *const settings[] = {"optimizer", "batch_size", "dtype", "threads", NULL};
    static const char *const machine[] = {"processor", "cores", "host", "system", NULL};
    static const char *const program[] = {"version", "compiler", NULL};
    static const char *const parts[] = {"train", "validation", "test", NULL};
    yg_text_add(page, "<table>\n");
    add_status(page, log);
    yg_text_add(page, "<tr><td class=\"dim\">size<td>%.0f parameters\n",
                run_log_number(log, "parameters"));
    add_list(page, "examples", json_object_get(log->record, "examples"), parts);
    yg_text_add(page, "<tr><td class=\"dim\">seed<td>%.0f\n", run_log_number(log, "seed"));
    add_list(page, "settings", log->record, settings);
    add_changes(page, log);
    add_row(page, "model", run_log_text(log, "file"));
    add_row(page, "second file", run_log_text(log, "second"));
    add_command(page, log);
    add_row(page, "git commit", run_log_text(log, "commit"));
    add_list(page, "yamlgrad", json_object_get(log->record, "yamlgrad"), program);
    add_list(page, "machine", json_object_get(log->record, "machine"), machine);
    yg_text_add(page, "</table>\n");
}

/* --------------------------------------------------------------------------------- scores ---- */

static void add_number(yg_text *page, const json_t *value) {
    if (json_is_number(value))
        yg_text_add(page, "<td class=\"n\">%.6g", json_number_value(value));
    else
        yg_text_add(page, "<td class=\"n dim\">undefined");
}

static void add_scores(yg_text *page, const run_log *log) {
    const json_t *results = json_object_get(log->record, "results");
    if (!json_object_size(results))
        return;
    yg_text_add(page, "<h2>Scores <span class=\"dim\">of the kept weights</span></h2>\n"
                      "<div class=\"scroll\"><table><tr><th>part");
    for (size_t s = 0; s < log->score_count; s++) {
        yg_text_add(page, "<th class=\"n\">");
        page_text(page, log->scores[s]);
    }
    static const char *const parts[] = {"train", "validation", "test"};
    for (size_t p = 0; p < sizeof parts / sizeof *parts; p++) {
        const json_t *part = json_object_get(results, parts[p]);
        if (!part)
            continue;
        yg_text_add(page, "\n<tr><td>%s", parts[p]);
        for (size_t s = 0; s < log->score_count; s++)
            add_number(page, json_object_get(part, log->scores[s]));
    }
    yg_text_add(page, "\n</table></div>\n");
}

static void add_value(yg_text *page, double value) {
    yg_text_add(page, isfinite(value) ? "<td class=\"n\">%.6g" : "<td class=\"n dim\">–", value);
}

/* The last epochs, and the best one. */
static void add_epochs(yg_text *page, const run_log *log) {
    const double best = run_log_number(log, "best_epoch");
    if (!log->count)
        return;
    yg_text_add(page, "<details><summary>Epochs</summary>\n<div class=\"scroll\"><table><tr>"
                      "<th class=\"n\">epoch<th class=\"n\">learning rate");
    for (int p = 0; p < RUN_PARTS; p++)
        for (size_t s = 0; log->values[p] && s < log->score_count; s++) {
            yg_text_add(page, "<th class=\"n\">%s.", run_part_names[p]);
            page_text(page, log->scores[s]);
        }
    for (size_t i = 0; i < log->count; i++) {
        const bool is_best = log->epochs[i] == best;
        if (i + EPOCHS_LISTED < log->count && !is_best)
            continue;
        yg_text_add(page, "\n<tr%s><td class=\"n\">%.0f", is_best ? " class=\"best\"" : "",
                    log->epochs[i]);
        add_value(page, log->rates[i]);
        for (int p = 0; p < RUN_PARTS; p++)
            for (size_t s = 0; log->values[p] && s < log->score_count; s++)
                add_value(page, log->values[p][s * log->count + i]);
    }
    yg_text_add(page, "\n</table></div>\n");
    if (log->count > EPOCHS_LISTED)
        yg_text_add(page,
                    "<p class=\"dim\">Of %zu epochs these are the last ones and the best one; "
                    "metrics.jsonl has all.</p>\n",
                    log->count);
    yg_text_add(page, "</details>\n");
}

/* -------------------------------------------------------------------------------- pictures --- */

/* The name of a picture's files. */
static bool has_name(const plot *picture, const char *kind, const char *name) {
    const size_t size = strlen(kind);
    return strncmp(picture->name, kind, size) == 0 && picture->name[size] == '_' &&
           strcmp(picture->name + size + 1, name) == 0;
}

const plot *report_picture(const report *report, const char *kind, const char *name) {
    for (size_t i = report->curves; report->drawn && i < report->plots.count; i++)
        if (has_name(&report->plots.items[i], kind, name))
            return &report->plots.items[i];
    return NULL;
}

static void add_picture(yg_text *page, const char *caption, const char *svg, size_t size,
                        bool captioned) {
    yg_text_add(page, "<figure><img alt=\"");
    page_text(page, caption);
    yg_text_add(page, "\" src=\"data:image/svg+xml;base64,");
    page_base64(page, svg, size);
    yg_text_add(page, "\">");
    if (captioned) {
        yg_text_add(page, "<figcaption>");
        page_text(page, caption);
        yg_text_add(page, "</figcaption>");
    }
    yg_text_add(page, "</figure>\n");
}

void report_add_picture(yg_text *page, const plot *picture, bool captioned) {
    add_picture(page, picture->caption, picture->svg, picture->svg_size, captioned);
}

/* The text of a file of the folder, or NULL. */
static char *file_of(const run_log *log, const char *name, size_t *size) {
    char *path = yg_run_path(log->folder, name, NULL);
    char *text = path ? yg_file_read(path, TEXT_LARGEST, size, NULL) : NULL;
    free(path);
    return text;
}

static void add_pictures(yg_text *page, const report *report) {
    size_t size = 0;
    yg_text_add(page, "<h2>Curves</h2>\n<div class=\"pictures\">\n");
    for (size_t i = 0; report->drawn && i < report->curves; i++)
        report_add_picture(page, &report->plots.items[i], false);
    if (!report->drawn) {
        char *curve = file_of(&report->log, YG_RUN_CURVE, &size);
        if (curve)
            add_picture(page, "loss", curve, size, false);
        free(curve);
    }
    yg_text_add(page, "</div>\n");
    if (!report->drawn)
        yg_text_add(page, "<p class=\"dim\">Metrics are drawn where gnuplot is installed (Debian's "
                          "package is gnuplot-nox); <code>yamlgrad report</code> draws them later."
                          "</p>\n");
    else if (report->log.score_count > REPORT_SCORES)
        yg_text_add(page, "<p class=\"dim\">The first %d of %zu scores are drawn.</p>\n",
                    REPORT_SCORES, report->log.score_count);
}

static void add_model(yg_text *page, const run_log *log) {
    static const char *const names[] = {YG_RUN_MODEL, YG_RUN_SECOND};
    for (size_t i = 0; i < 2; i++) {
        size_t size = 0;
        char *text = file_of(log, names[i], &size);
        if (!text)
            continue;
        yg_text_add(page, "<details><summary>%s</summary>\n<pre>", names[i]);
        for (char *line = text; *line;) {
            char *end = line + strcspn(line, "\n");
            const bool more = *end == '\n';
            *end = '\0';
            page_text(page, line);
            yg_text_add(page, "\n");
            line = end + more;
        }
        yg_text_add(page, "</pre></details>\n");
        free(text);
    }
}

char *report_page(const report *report) {
    const run_log *log = &report->log;
    yg_text page = {0};
    const char *name = run_log_text(log, "model");
    page_begin(&page, *name ? name : log->folder, "run", log->folder, style);
    add_run(&page, log);
    add_scores(&page, log);
    report_tables_page(&page, report);
    add_pictures(&page, report);
    report_findings_page(&page, report);
    add_epochs(&page, log);
    add_model(&page, log);
    return page_end(&page);
}
