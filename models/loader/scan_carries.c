/*
 * States and loss terms of layers, also in the bodies of scans: see scan_carries.h.
 */
#include "scan_carries.h"

#include "expression_tree.h"

#include <string.h>

yg_flat_carry *yg_scan_new_carry(yg_expander *x, yg_flat_scan *flat) {
    yg_flat_carry *grown = yg_pool_grow(x->pool, flat->carries, flat->carry_count, sizeof *grown);
    if (!grown) {
        yg_fail_memory(x->error);
        return NULL;
    }
    flat->carries = grown;
    grown[flat->carry_count] = (yg_flat_carry){0};
    return &grown[flat->carry_count++];
}

/* Adds a carry that neither `lengths` nor `truncate` concerns. `key` finds it again, `name` is
 * what it is called in the body. */
static yg_added_carry *add_carry(yg_expander *x, yg_scan_expanding *scan, const char *key,
                                 const char *name, const yg_expression *start, yg_origin origin) {
    const char *full = name;
    yg_term now;
    yg_added_carry *grown = yg_pool_grow(x->pool, scan->added, scan->added_count, sizeof *grown);
    if (!grown) {
        yg_fail_memory(x->error);
        return NULL;
    }
    scan->added = grown;
    yg_flat_carry *carry = yg_scan_new_carry(x, scan->flat);
    if (!carry || !yg_take_name(x, scan->scope.prefix, &full, origin, &now))
        return NULL;
    *carry = (yg_flat_carry){
        .origin = origin, .name = full, .start = start, .no_lengths = true, .no_truncate = true};
    if (!yg_names_add(&scan->added_names, x->pool, key ? key : full)) {
        yg_fail_memory(x->error);
        return NULL;
    }
    yg_added_carry *added = &grown[scan->added_count++];
    *added = (yg_added_carry){.now = now.written, .origin = origin};
    return yg_scan_add_carry(&scan->building) ? added : NULL;
}

/* ------------------------------------------------------------------------------------ states -- */

const yg_expression *yg_in_training(yg_pool *pool, const yg_expression *value,
                                    const yg_expression *state, yg_origin origin) {
    yg_expression *call = yg_expression_new(pool, YG_EXPRESSION_CALL, origin, "if");
    yg_expression *stop = yg_expression_new(pool, YG_EXPRESSION_CALL, origin, "stop_gradient");
    yg_expression *const stopped[] = {(yg_expression *)value};
    yg_expression *const children[] = {
        yg_expression_new(pool, YG_EXPRESSION_NAME, origin, "training"), stop,
        (yg_expression *)state};
    return call && stop && children[0] && yg_expression_adopt(pool, stop, stopped, NULL, 1) &&
                   yg_expression_adopt(pool, call, children, NULL, 3)
               ? call
               : NULL;
}

/* The value of a state around all scans. */
static const yg_expression *value_outside(yg_expander *x, size_t param, yg_origin origin) {
    const yg_flat *flat = x->flat;
    const yg_flat_param *state = &flat->params[param];
    const yg_expression *name = yg_expression_new(x->pool, YG_EXPRESSION_NAME, origin, state->name);
    if (name && state->update > 0)
        name = yg_in_training(x->pool, flat->updates[state->update - 1].value, name, origin);
    if (!name)
        yg_fail_memory(x->error);
    return name;
}

/* The state's carry in a scan; makes it, and those of the scans around, if there is none yet. */
static yg_added_carry *carry_of_state(yg_expander *x, yg_scan_expanding *scan, size_t param,
                                      yg_origin origin) {
    const char *name = x->flat->params[param].name;
    const size_t index = yg_names_find(&scan->added_names, name);
    if (index != YG_NOT_FOUND)
        return &scan->added[index];
    const yg_expression *start;
    if (scan->around) {
        const yg_added_carry *outer = carry_of_state(x, scan->around, param, origin);
        start = outer ? outer->now : NULL;
    } else {
        start = value_outside(x, param, origin);
    }
    yg_added_carry *added = start ? add_carry(x, scan, name, name, start, origin) : NULL;
    if (added)
        added->param = param;
    return added;
}

bool yg_carry_state(yg_expander *x, size_t param, yg_origin origin, yg_term *term) {
    const yg_added_carry *carry = carry_of_state(x, x->scan, param, origin);
    *term = (yg_term){.kind = YG_TERM_WRITTEN, .written = carry ? carry->now : NULL};
    return carry != NULL;
}

/* Notes an update of the model. */
static bool set_update(yg_expander *x, size_t param, const yg_flat_update *update) {
    yg_flat *flat = x->flat;
    yg_flat_param *state = &flat->params[param];
    if (state->update == 0) {
        yg_flat_update *grown =
            yg_pool_grow(x->pool, flat->updates, flat->update_count, sizeof *grown);
        if (!grown)
            return yg_fail_memory(x->error);
        flat->updates = grown;
        state->update = ++flat->update_count;
    }
    yg_flat_update *set = &flat->updates[state->update - 1];
    *set = *update;
    set->param = param;
    set->place = x->place;
    set->frame = x->frame;
    yg_node ignored;
    return !x->trial->training || yg_build_update(x->trial, state, set, &ignored);
}

/* Makes the new value a node of the body, which is what the carry is from here on. */
static bool update_carry(yg_expander *x, const yg_scope *scope, size_t param,
                         const yg_flat_update *update) {
    const yg_flat_param *state = &x->flat->params[param];
    yg_added_carry *carry = carry_of_state(x, x->scan, param, update->origin);
    const char *name = strrchr(state->name, '.');
    yg_term term;
    yg_node ignored;
    if (!carry)
        return false;
    if (x->trial->training && !yg_build_update(x->trial, state, update, &ignored))
        return false;
    const yg_expression *value = yg_in_training(x->pool, update->value, carry->now, update->origin);
    if (!value)
        return yg_fail_memory(x->error);
    if (!yg_emit_one(x, scope->prefix, name ? name + 1 : state->name, value, update->origin, &term))
        return false;
    carry->now = term.written;
    return true;
}

bool yg_add_update(yg_expander *x, const yg_scope *scope, size_t param,
                   const yg_flat_update *update) {
    return x->scan ? update_carry(x, scope, param, update) : set_update(x, param, update);
}

/* ----------------------------------------------------------------------------- terms of the loss
 * --
 */

bool yg_add_loss(yg_expander *x, const yg_flat_loss *loss, yg_origin origin) {
    yg_flat *flat = x->flat;
    if (!x->scan) {
        yg_flat_loss *grown = yg_pool_grow(x->pool, flat->losses, flat->loss_count, sizeof *grown);
        if (!grown)
            return yg_fail_memory(x->error);
        flat->losses = grown;
        flat->losses[flat->loss_count++] = *loss;
        return true;
    }
    const yg_expression *zero = yg_expression_real(x->pool, 0, origin);
    yg_flat_loss *kept = yg_pool_take(x->pool, sizeof *kept);
    if (!zero || !kept)
        return yg_fail_memory(x->error);
    /* The name of the term begins with the layer's, so it is seldom taken. */
    const char *name = loss->value->kind == YG_EXPRESSION_NAME ? loss->value->text : loss->name;
    yg_added_carry *sum = add_carry(x, x->scan, NULL, name, zero, origin);
    if (!sum)
        return false;
    *kept = *loss;
    sum->loss = kept;
    return true;
}

/* ------------------------------------------------------------------------------------- ending --
 */

/* Emits the sum of a loss term up to this step. */
static bool add_up(yg_expander *x, const yg_scan_expanding *scan, const yg_added_carry *added,
                   const yg_expression **next) {
    yg_term term;
    const yg_expression *sum =
        yg_expression_infix(x->pool, "+", added->now, added->loss->value, added->origin);
    if (!sum)
        return yg_fail_memory(x->error);
    if (!yg_emit_one(x, scan->scope.prefix, added->now->text, sum, added->origin, &term))
        return false;
    *next = term.written;
    return true;
}

bool yg_scan_end_added(yg_expander *x, yg_scan_expanding *scan) {
    const size_t written = scan->flat->carry_count - scan->added_count;
    for (size_t i = 0; i < scan->added_count; i++) {
        const yg_added_carry *added = &scan->added[i];
        yg_flat_carry *carry = &scan->flat->carries[written + i];
        carry->next = added->now;
        if (added->loss && !add_up(x, scan, added, &carry->next))
            return false;
    }
    return true;
}

static bool hand_on(yg_expander *x, const yg_added_carry *added, const yg_expression *last) {
    if (added->loss) {
        const yg_flat_loss sum = {
            .name = added->loss->name, .place = added->loss->place, .value = last};
        return yg_add_loss(x, &sum, added->origin);
    }
    if (!x->scan)
        return set_update(x, added->param,
                          &(yg_flat_update){.origin = added->origin, .value = last});
    yg_added_carry *outer = carry_of_state(x, x->scan, added->param, added->origin);
    if (outer)
        outer->now = last;
    return outer != NULL;
}

bool yg_scan_hand_on(yg_expander *x, const yg_scan_expanding *scan, const yg_term *finals) {
    const size_t written = scan->flat->carry_count - scan->added_count;
    for (size_t i = 0; i < scan->added_count; i++)
        if (!hand_on(x, &scan->added[i], finals[written + i].written))
            return false;
    return true;
}
