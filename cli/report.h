/*
 * The report of a run: pictures/ and report.html in its folder.
 */
#ifndef YG_CLI_REPORT_H
#define YG_CLI_REPORT_H

#include "plots.h"
#include "run_log.h"

/* What a report is made of. */
typedef struct report {
    run_log log;
    json_t *findings; /* evaluation.json, see train/findings.h; NULL: there is none */
    plots plots;
    size_t curves; /* of the plots, so many are curves over epochs; they come first */
    bool drawn;    /* by gnuplot */
} report;

/* Draws a run's pictures and writes its page. `page` NULL: report.html in the folder, with
 * pictures/ beside it. Otherwise only the page is written, also while a run goes on there. *drawn
 * becomes whether gnuplot is there; may be NULL. False on failure: the folder may then have some of
 * the pictures, each of them whole. */
bool report_write(const char *folder, const char *page, bool *drawn, yg_error *error);

/* So many scores are drawn, the loss first: each picture takes about 20 ms. */
#define REPORT_SCORES 24

/* Adds the curves of losses and metrics. (report_curves.c) */
void report_curves(report *report);

/* An output that was compared with its target on a part of the data. */
typedef struct finding {
    const char *part;
    const json_t *part_entry, *entry; /* objects of evaluation.json */
    char name[80];                    /* pictures of it are called confusion_NAME and so on */
} finding;

/* Finding number `index`; false: there are no more. (report_findings.c) */
bool report_finding(const report *report, size_t index, finding *finding);
/* Makes a diagram of a confusion matrix: a cell's shade is its share of the row, and its number is
 * written in it. `command` becomes what draws it. (report_findings.c) */
void report_matrix(yg_text *script, const json_t *classes, const json_t *rows, yg_text *command);

/* Adds the metrics that are tables, and appends them to the page. (report_tables.c) */
void report_tables(report *report);
void report_tables_page(yg_text *page, const report *report);

/* Adds confusion matrices, ROC curves, and predictions beside true values. (report_findings.c) */
void report_findings(report *report);

/* Appends what was found to the page. (report_findings_page.c) */
void report_findings_page(yg_text *page, const report *report);

/* The picture of that name and number, once it is drawn; NULL: there is none. (report_page.c) */
const plot *report_picture(const report *report, const char *kind, const char *name);
void report_add_picture(yg_text *page, const plot *picture, bool captioned);

/* The page; freed by the caller, NULL when out of memory. (report_page.c) */
char *report_page(const report *report);

#endif
