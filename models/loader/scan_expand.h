/*
 * Expanding a scan node: what comes before its body, and what comes after it.
 */
#ifndef YG_MODELS_LOADER_SCAN_EXPAND_H
#define YG_MODELS_LOADER_SCAN_EXPAND_H

#include "expander.h"
#include "scan_build.h"

/* A scan while it is being expanded. Meanwhile the expander's statements are those of the body, and
 * its network on trial builds the body. */
typedef struct yg_scan_expanding {
    yg_scope scope; /* of the body */
    yg_flat_scan *flat;
    yg_flat_statement *statements; /* those before the scan */
    size_t statement_count;
    yg_builder *trial; /* the builder around the body */
    yg_scan_building building;
    size_t param_begin; /* parameters before the scan */
} yg_scan_expanding;

/* Expands all but the body. False on failure; yg_scan_end() must follow all the same. */
bool yg_scan_begin(yg_expander *x, const yg_scope *scope, const yg_statement *statement,
                   yg_scan_expanding *scan);
/* Ends a scan after its body has been expanded, which went well if `good`: adds it to the
 * statements, and its results to the scope around it. False on failure. */
bool yg_scan_end(yg_expander *x, yg_scope *scope, const yg_statement *statement,
                 yg_scan_expanding *scan, bool good);

/* Whether a statement of a scan's body gives a carry anew and its value is the name of a node of
 * the body. It then needs no further name. */
bool yg_is_next_carry(const yg_scope *scope, const yg_statement *statement, const yg_term *value);

#endif
