/*
 * States and loss terms of layers, wherever the layers stand.
 *
 * In the body of a scan both become carries, which expansion adds behind those that are written:
 *
 *   - A state that a layer updates changes in each step. The carry begins as the state, and its
 *     last value is what the state becomes.
 *   - A loss term is added up. The carry begins as 0, and its last value is the term.
 *
 * A scan within a scan hands its last values on to carries of the scan around it.
 */
#ifndef YG_MODELS_LOADER_SCAN_CARRIES_H
#define YG_MODELS_LOADER_SCAN_CARRIES_H

#include "scan_expand.h"

/* Appends a carry without a value. NULL on failure. */
yg_flat_carry *yg_scan_new_carry(yg_expander *x, yg_flat_scan *flat);

/* Carries a state through all scans around the current body. *term becomes its value at this place.
 * False on failure. */
bool yg_carry_state(yg_expander *x, size_t param, yg_origin origin, yg_term *term);
/* Notes what a state becomes. A body that shares the state replaces the value of the body above. In
 * a scan, yg_carry_state() must come first; `scope` is that of the body. False on failure. */
bool yg_add_update(yg_expander *x, const yg_scope *scope, size_t param,
                   const yg_flat_update *update);
/* The value of a state below a body that updates it: if(training, stop_gradient(VALUE), STATE).
 * Only a network for training has updates, and a state is a constant to the gradient. NULL when out
 * of memory. */
const yg_expression *yg_in_training(yg_pool *pool, const yg_expression *value,
                                    const yg_expression *state, yg_origin origin);
/* Adds a term to the loss. False on failure. */
bool yg_add_loss(yg_expander *x, const yg_flat_loss *loss, yg_origin origin);

/* Gives the carries that have been added their next values. */
bool yg_scan_end_added(yg_expander *x, yg_scan_expanding *scan);
/* Hands the last values of these carries on. The scan has ended and is built; `finals` are the
 * names of the last values of all carries. */
bool yg_scan_hand_on(yg_expander *x, const yg_scan_expanding *scan, const yg_term *finals);

#endif
