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
    plots plots;
    bool drawn; /* by gnuplot */
} report;

/* Draws a run's pictures and writes its page. `page` NULL: report.html in the folder. *drawn
 * becomes whether gnuplot is there; may be NULL. False on failure: the folder may then have some of
 * the pictures, each of them whole. */
bool report_write(const char *folder, const char *page, bool *drawn, yg_error *error);

/* Adds the curves of losses and metrics. (report_curves.c) */
void report_curves(report *report);

/* The page; freed by the caller, NULL when out of memory. (report_page.c) */
char *report_page(const report *report);

#endif
