/*
 * Walks over the expanded model: see flat.h.
 */
#include "flat.h"

void yg_visit_scan(const yg_flat_scan *scan, yg_visit visit, void *context) {
    for (size_t i = 0; i < scan->slice_count; i++)
        yg_visit_names(scan->sequences[i], visit, context);
    for (size_t i = 0; i < scan->carry_count; i++)
        yg_visit_names(scan->carries[i].start, visit, context);
    yg_visit_names(scan->steps, visit, context);
    yg_visit_names(scan->lengths, visit, context);
}

void yg_visit_scan_results(const yg_flat_scan *scan, yg_visit visit, void *context) {
    for (size_t i = 0; i < scan->carry_count; i++)
        yg_visit_names(scan->carries[i].next, visit, context);
    for (size_t i = 0; i < scan->collected_count; i++)
        yg_visit_names(scan->collected[i], visit, context);
}

void yg_visit_statements(const yg_flat_statement *statements, size_t count, yg_visit visit,
                         void *context) {
    for (size_t i = 0; i < count; i++) {
        const yg_requirement *required = statements[i].required;
        const yg_flat_scan *scan = statements[i].scan;
        yg_visit_names(statements[i].value, visit, context);
        if (required) {
            yg_visit_names(required->given, visit, context);
            for (size_t d = 0; required->pattern && d < required->pattern->count; d++)
                yg_visit_names(required->dims[d], visit, context);
        }
        if (scan) {
            yg_visit_scan(scan, visit, context);
            yg_visit_statements(scan->statements, scan->statement_count, visit, context);
            yg_visit_scan_results(scan, visit, context);
        }
    }
}
