/*
 * yamlgrad report: draws a run's pictures and writes its page again.
 */
#include "report.h"

#include "../graph/file.h"
#include "../train/run_folder.h"
#include "commands.h"
#include "session.h"
#include "terminal.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Draws the pictures, into the run's folder if `keeps`. */
static bool draw(report *report, bool keeps, yg_error *error) {
    char *pictures = keeps ? yg_run_path(report->log.folder, YG_RUN_PICTURES, error) : NULL;
    report_curves(report);
    report->curves = report->plots.count;
    report_tables(report);
    report_findings(report);
    const plots_result result =
        pictures || !keeps ? plots_draw(&report->plots, pictures, error) : PLOTS_FAILED;
    free(pictures);
    report->drawn = result == PLOTS_DRAWN;
    return result != PLOTS_FAILED;
}

static bool write(const report *report, const char *asked, yg_error *error) {
    char *page = report_page(report);
    char *path = asked ? strdup(asked) : yg_run_path(report->log.folder, YG_RUN_REPORT, error);
    const bool good =
        page && path ? yg_file_write(path, page, strlen(page), error) : yg_fail_memory(error);
    free(path);
    free(page);
    return good;
}

/* Reads what the report is made of. */
static bool read_folder(const char *folder, report *report, yg_error *error) {
    yg_error failure = {0};
    if (!run_log_open(folder, &report->log, error))
        return false;
    report->findings = run_log_file(report->log.folder, YG_RUN_FINDINGS, &failure);
    return failure.code == YG_OK || yg_fail_as(error, &failure);
}

static void forget(report *report) {
    plots_free(&report->plots);
    run_log_close(&report->log);
    json_decref(report->findings);
    *report = (struct report){0};
}

bool report_write(const char *folder, const char *page, bool *drawn, yg_error *error) {
    report report = {0};
    yg_run_folder lock = {.lock = -1};
    bool good = read_folder(folder, &report, error);
    /* A page elsewhere leaves the folder alone, so that a run can go on in it. Otherwise it is
     * locked, and read again: a run may have ended there in the meantime. */
    if (good && !page) {
        forget(&report);
        good =
            yg_run_folder_open(folder, true, &lock, error) && read_folder(folder, &report, error);
    }
    good = good && draw(&report, !page, error) && write(&report, page, error);
    if (drawn)
        *drawn = report.drawn;
    yg_run_folder_close(&lock);
    forget(&report);
    return good;
}

/* Whether a path is that of the model in a run's folder; `own` becomes the folder. */
static bool is_model_of_run(const char *path, char own[PATH_MAX]) {
    static const char name[] = YG_RUN_MODEL;
    const size_t size = strlen(path);
    if (size < sizeof name - 1 || size >= PATH_MAX ||
        strcmp(path + size - (sizeof name - 1), name) != 0)
        return false;
    const size_t folder = size - (sizeof name - 1);
    if (folder > 0 && path[folder - 1] != '/')
        return false;
    snprintf(own, PATH_MAX, "%.*s", folder > 1 ? (int)folder - 1 : 1, folder > 0 ? path : ".");
    return true;
}

static int run(const command_line *line) {
    const char *folder = operand(line, 0), *page = option_text(line, "out");
    yg_error error = {0};
    bool drawn = false;
    char own[PATH_MAX];
    if (is_model_of_run(folder, own))
        folder = own;
    if (!report_write(folder, page, &drawn, &error))
        return session_fail(&error);
    if (!drawn)
        terminal_say("note: pictures are drawn by gnuplot, and there is no such program (Debian's "
                     "package is gnuplot-nox); the page has the losses alone");
    if (page)
        terminal_say("written: %s", page);
    else
        terminal_say("written: %s%sreport.html", folder,
                     folder[strlen(folder) - 1] == '/' ? "" : "/");
    return STATUS_OK;
}

static const option_spec options[] = {
    {.name = "out",
     .letter = 'o',
     .kind = OPTION_TEXT,
     .argument = "FILE",
     .doc = "where the page goes (default: report.html in the folder)"},
};

const command command_report = {
    .name = "report",
    .operands = "RUN",
    .summary = "a page and pictures of a run",
    .details =
        "Draws the curves of RUN, a folder that `yamlgrad train` has written, into RUN/pictures\n"
        "as SVG and PNG, and writes RUN/report.html: one file with all of it, that opens offline.\n"
        "`yamlgrad train` does the same when it ends. A run that is going on can be looked at "
        "with\n"
        "--out: the page goes there, and nothing is written into RUN.\n",
    .min_operands = 1,
    .max_operands = 1,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
