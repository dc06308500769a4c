/*
 * Expanding a scan node: what comes before its body, and what comes after it.
 */
#ifndef YG_MODELS_LOADER_SCAN_EXPAND_H
#define YG_MODELS_LOADER_SCAN_EXPAND_H

#include "expander.h"
#include "scan_build.h"

/* A carry that expansion has added for a layer in the body: see scan_carries.h. */
typedef struct yg_added_carry {
    size_t param;             /* of a state: its index in yg_flat.params */
    const yg_expression *now; /* its value at this place of the body, a name */
    yg_flat_loss *loss;       /* of a sum of loss terms: the term; NULL: a state */
    yg_origin origin;         /* the entry of `update:` or `losses:` */
} yg_added_carry;

/* A scan while it is being expanded. Meanwhile the expander's statements are those of the body, and
 * its network on trial builds the body. */
struct yg_scan_expanding {
    yg_scope scope; /* of the body */
    yg_flat_scan *flat;
    yg_flat_statement *statements; /* those before the scan */
    size_t statement_count;
    yg_builder *trial; /* the builder around the body */
    yg_scan_building building;
    size_t param_begin;        /* parameters before the scan */
    yg_scan_expanding *around; /* in whose body it stands; NULL: in none */
    yg_names added_names;      /* by added carry: the state's full name, or that of the carry */
    yg_added_carry *added;     /* they come behind the carries that are written */
    size_t added_count;
};

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
