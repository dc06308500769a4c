/*
 * Builds scans: see scan_build.h.
 *
 * A loop runs over the first dimension. So a sequence that is cut along another one is transposed
 * once before the loop, and what is collected is transposed once behind it.
 *
 * With `lengths`, a step beyond an example's length leaves the example's carry as it is, and gives
 * zeros. A length that is not between 1 and the number of steps stops the run. With `truncate: k`,
 * the carries that go into steps k, 2k, … have no cotangent.
 */
#include "scan_build.h"

#include "../../graph/loop.h"
#include "../../graph/shards.h"
#include "../../ops/bounded.h"
#include "../../ops/build.h"
#include "call.h"
#include "expression_value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A name of the body as it is written there. */
static const char *own_name(const yg_scan_building *b, const char *name) {
    const size_t length = strlen(b->scan->prefix);
    return strncmp(name, b->scan->prefix, length) == 0 ? name + length : name;
}

/* The dimension along which a tensor of this rank is cut or stacked. */
static bool find_dim(int64_t dim, int rank, int *index) {
    *index = (int)(dim < 0 ? dim + rank : dim);
    return dim < rank && dim >= -rank;
}

/* Moves dimension `from` of a tensor to place `to`. */
static yg_node move_dim(yg_graph *graph, yg_node x, int from, int to) {
    const int rank = yg_node_type(graph, x)->rank;
    int64_t order[YG_MAX_RANK];
    if (from == to)
        return x;
    for (int d = 0, next = 0; d < rank; d++) {
        next += next == from;
        order[d] = d == to ? from : next++;
    }
    return yg_permute(graph, x, order);
}

/* ---------------------------------------------------------------------------------- opening -- */

/* Notes how many steps the scan has, and that `what` agrees. */
static bool agree(yg_scan_building *b, int64_t steps, const char *what, yg_origin origin) {
    if (b->steps < 0)
        b->steps = steps;
    return b->steps == steps || yg_fail(b->inner.error, YG_ERROR_SHAPE, origin,
                                        "%s has %lld steps, but the scan has %lld", what,
                                        (long long)steps, (long long)b->steps);
}

/* Cuts a sequence whose first dimension is the steps. */
static bool add_slice(yg_scan_building *b, yg_node sequence, const char *name, yg_node *slice) {
    if (sequence == YG_NONE)
        return yg_fail_from_graph(b->inner.outer, b->origin);
    *slice = yg_builder_cut(&b->inner, sequence, name);
    return *slice != YG_NONE || yg_fail_from_graph(&b->inner, b->origin);
}

static bool cut_sequence(yg_scan_building *b, size_t i) {
    yg_builder *around = b->inner.outer;
    const yg_flat_scan *scan = b->scan;
    const yg_origin origin = scan->slice_origins[i];
    char what[200], found[YG_TYPE_TEXT];
    yg_node given, slice = YG_NONE;
    int dim;
    snprintf(what, sizeof what, "the sequence of '%.150s'", own_name(b, scan->slices[i]));
    if (!yg_expression_node(around, scan->sequences[i], what, &given))
        return false;
    const yg_type *type = yg_node_type(around->graph, given);
    if (!find_dim(scan->dim, type->rank, &dim))
        return yg_fail(around->error, YG_ERROR_SHAPE, origin,
                       "%s is %s, which has no dimension %lld to be cut along: the scan has "
                       "`dim: %lld`",
                       what, yg_type_text(type, found), (long long)scan->dim, (long long)scan->dim);
    if (!agree(b, type->shape[dim], what, origin))
        return false;
    yg_builder_at(around, origin);
    yg_graph_at(b->inner.graph, origin);
    return add_slice(b, move_dim(around->graph, given, dim, 0), scan->slices[i], &slice) &&
           yg_builder_add(&b->inner, scan->slices[i],
                          (yg_term){.kind = YG_TERM_TENSOR, .node = slice});
}

/* Makes the slice that tells which examples have a step: sequence [steps, B]. */
static bool cut_lengths(yg_scan_building *b) {
    yg_builder *around = b->inner.outer;
    const yg_expression *written = b->scan->lengths;
    char found[YG_TYPE_TEXT];
    yg_node lengths;
    if (!yg_expression_node(around, written, "`lengths`", &lengths))
        return false;
    const yg_type *type = yg_node_type(around->graph, lengths);
    if (type->rank != 1 || (type->dtype != YG_I32 && type->dtype != YG_I64))
        return yg_fail(around->error, YG_ERROR_SHAPE, written->origin,
                       "`lengths`: whole numbers [B] are expected, one for each example, found %s",
                       yg_type_text(type, found));
    yg_type steps;
    int64_t *numbers = malloc(((size_t)b->steps + 1) * sizeof *numbers);
    if (!numbers ||
        !yg_type_make(YG_I64, 2, (const int64_t[]){b->steps, 1}, &steps, around->error)) {
        free(numbers);
        return yg_fail_memory(around->error);
    }
    for (int64_t t = 0; t < b->steps; t++)
        numbers[t] = t;
    yg_builder_at(around, b->origin);
    lengths = yg_bounded(around->graph, lengths, 1, (double)b->steps, YG_BOUNDED_LENGTHS);
    const yg_node number = yg_constant(around->graph, &steps, numbers);
    free(numbers);
    const yg_node goes_on = yg_less(around->graph, number, yg_cast(around->graph, lengths, YG_I64));
    return add_slice(b, goes_on, "goes_on", &b->goes_on);
}

/* Makes the slice that tells before which steps cotangents are cut off: sequence [steps]. */
static bool cut_cotangents(yg_scan_building *b) {
    yg_builder *around = b->inner.outer;
    const int64_t every = b->scan->truncate;
    yg_type type;
    bool *flags = malloc((size_t)b->steps + 1);
    if (!flags || !yg_type_make(YG_BOOL, 1, &b->steps, &type, around->error)) {
        free(flags);
        return yg_fail_memory(around->error);
    }
    for (int64_t n = 0; n < b->steps; n++)
        flags[b->scan->reverse ? b->steps - 1 - n : n] = n > 0 && n % every == 0;
    yg_builder_at(around, b->origin);
    const yg_node sequence = yg_constant(around->graph, &type, flags);
    free(flags);
    return add_slice(b, sequence, "cut", &b->cut);
}

static bool take_room(yg_scan_building *b) {
    yg_pool *pool = b->inner.pool;
    const size_t count = b->carry_count;
    yg_node *starts = yg_pool_grow(pool, b->starts, count, sizeof *starts);
    yg_node *carries = yg_pool_grow(pool, b->carries, count, sizeof *carries);
    if (!starts || !carries)
        return yg_fail_memory(b->inner.error);
    b->starts = starts;
    b->carries = carries;
    return true;
}

bool yg_scan_add_carry(yg_scan_building *b) {
    yg_builder *around = b->inner.outer;
    const size_t i = b->carry_count;
    const yg_flat_carry *carry = &b->scan->carries[i];
    char what[200];
    snprintf(what, sizeof what, "the start of carry '%.150s'", own_name(b, carry->name));
    if (!take_room(b) || !yg_expression_node(around, carry->start, what, &b->starts[i]))
        return false;
    const yg_type *type = yg_node_type(around->graph, b->starts[i]);
    yg_graph *body = b->inner.graph;
    yg_graph_at(body, carry->origin);
    yg_node node = b->carries[i] = yg_input(body, carry->name, type);
    if (b->cut != YG_NONE && !carry->no_truncate && yg_dtype_is_float(type->dtype))
        node = yg_where(body, b->cut, yg_call(body, "stop_gradient", &node, 1), node);
    b->carry_count++;
    return (node != YG_NONE || yg_fail_from_graph(&b->inner, b->origin)) &&
           yg_builder_add(&b->inner, carry->name, (yg_term){.kind = YG_TERM_TENSOR, .node = node});
}

static bool cut(yg_scan_building *b) {
    const yg_flat_scan *scan = b->scan;
    yg_builder *around = b->inner.outer;
    if (scan->steps) {
        int64_t steps;
        if (!yg_expression_int(around, scan->steps, "`steps`", 0, &steps) ||
            !agree(b, steps, "`steps`", scan->steps->origin))
            return false;
    }
    for (size_t i = 0; i < scan->slice_count; i++)
        if (!cut_sequence(b, i))
            return false;
    return b->steps >= 0 ||
           yg_fail(around->error, YG_ERROR_ARGUMENT, b->origin,
                   "a scan without a sequence needs `steps`: how often its graph runs");
}

bool yg_scan_open(yg_builder *builder, const yg_flat_scan *scan, yg_origin origin,
                  yg_scan_building *building) {
    yg_scan_building *b = building;
    *b = (yg_scan_building){.inner = {.ops = builder->ops,
                                      .graph_flags = builder->graph_flags,
                                      .pool = builder->pool,
                                      .dtype = builder->dtype,
                                      .training = builder->training,
                                      .inner = builder->inner,
                                      .place = builder->place,
                                      .anchors = builder->anchors,
                                      .outer = builder,
                                      .error = builder->error},
                            .scan = scan,
                            .origin = origin,
                            .steps = -1,
                            .goes_on = YG_NONE,
                            .cut = YG_NONE};
    b->inner.graph = yg_graph_new(b->inner.ops, b->inner.graph_flags);
    if (!b->inner.graph)
        return yg_fail_memory(b->inner.error);
    yg_graph_set_shards(b->inner.graph, yg_graph_get_shards(builder->graph));
    if (!cut(b) || (scan->lengths && !cut_lengths(b)) || (scan->truncate > 0 && !cut_cotangents(b)))
        return false;
    for (size_t i = 0; i < scan->carry_count; i++)
        if (!yg_scan_add_carry(b))
            return false;
    return true;
}

void yg_scan_drop(yg_scan_building *building) {
    yg_graph_free(building->inner.graph);
    building->inner.graph = NULL;
}

/* ---------------------------------------------------------------------------------- closing -- */

/* x where an example goes on, and `otherwise` where it has ended. */
static bool while_it_goes_on(yg_scan_building *b, const char *what, yg_origin origin,
                             yg_node otherwise, yg_node *x) {
    yg_graph *body = b->inner.graph;
    if (b->goes_on == YG_NONE)
        return true;
    const yg_type *type = yg_node_type(body, *x);
    const int64_t examples = yg_node_type(body, b->goes_on)->shape[0];
    char found[YG_TYPE_TEXT];
    if (type->rank == 0 || type->shape[0] != examples)
        return yg_fail(b->inner.error, YG_ERROR_SHAPE, origin,
                       "with `lengths`, the first dimension of each carry and result is the "
                       "examples', %lld here: %s is %s",
                       (long long)examples, what, yg_type_text(type, found));
    yg_type shape = {.rank = type->rank};
    for (int d = 0; d < type->rank; d++)
        shape.shape[d] = d == 0 ? examples : 1;
    *x = yg_where(body, yg_reshape(body, b->goes_on, &shape), *x, otherwise);
    return *x != YG_NONE || yg_fail_from_graph(&b->inner, b->origin);
}

static bool end_carry(yg_scan_building *b, size_t i, yg_node *next) {
    const yg_flat_carry *carry = &b->scan->carries[i];
    yg_term term;
    char what[200], before[YG_TYPE_TEXT], after[YG_TYPE_TEXT];
    snprintf(what, sizeof what, "carry '%.150s'", own_name(b, carry->name));
    const yg_type *begins = yg_node_type(b->inner.graph, b->carries[i]);
    if (!yg_expression_value(&b->inner, carry->next, &term))
        return false;
    const bool number = term.kind == YG_TERM_INT || term.kind == YG_TERM_BOOL ||
                        (term.kind == YG_TERM_FLOAT && yg_dtype_is_float(begins->dtype));
    /* A number takes the type of the carry. */
    if (number ? !yg_term_to_node(&b->inner, &term, (yg_number_types){begins->dtype, begins->dtype},
                                  carry->next->origin, next)
               : !yg_expression_node(&b->inner, carry->next, what, next))
        return false;
    const yg_type *ends = yg_node_type(b->inner.graph, *next);
    if (!yg_type_equal(begins, ends))
        return yg_fail(b->inner.error, YG_ERROR_SHAPE, carry->origin,
                       "%s begins as %s, and is %s after a step", what,
                       yg_type_text(begins, before), yg_type_text(ends, after));
    return carry->no_lengths || while_it_goes_on(b, what, carry->origin, b->carries[i], next);
}

static bool end_result(yg_scan_building *b, size_t i, yg_node *result) {
    const yg_flat_scan *scan = b->scan;
    yg_graph *body = b->inner.graph;
    const yg_origin origin = scan->collect_origins[i];
    char found[YG_TYPE_TEXT];
    int dim;
    if (!yg_expression_node(&b->inner, scan->collected[i], "`collect`", result))
        return false;
    const yg_type *type = yg_node_type(body, *result);
    if (!find_dim(scan->dim, type->rank + 1, &dim))
        return yg_fail(b->inner.error, YG_ERROR_SHAPE, origin,
                       "'%s' is %s in each step, so the steps cannot be stacked along dimension "
                       "%lld: the scan has `dim: %lld`",
                       own_name(b, scan->collected[i]->text), yg_type_text(type, found),
                       (long long)scan->dim, (long long)scan->dim);
    const yg_node zero = b->goes_on == YG_NONE ? YG_NONE : yg_scalar(body, type->dtype, 0);
    return while_it_goes_on(b, own_name(b, scan->collected[i]->text), origin, zero, result);
}

/* The results of a scan without a step: nothing is collected, and the carries are as they begin. */
static bool skip_loop(yg_scan_building *b, const yg_node *outputs, yg_node *stacked) {
    yg_graph *around = b->inner.outer->graph;
    for (size_t i = 0; i < b->scan->collected_count; i++) {
        const yg_type *type = yg_node_type(b->inner.graph, outputs[i]);
        int64_t shape[YG_MAX_RANK + 1] = {0};
        yg_type none;
        memcpy(shape + 1, type->shape, (size_t)type->rank * sizeof *shape);
        if (!yg_type_make(type->dtype, type->rank + 1, shape, &none, b->inner.error))
            return false;
        stacked[i] = yg_full(around, &none, 0);
    }
    return true;
}

static bool add_loop(yg_scan_building *b, const yg_node *next, const yg_node *outputs,
                     yg_node *finals, yg_node *stacked) {
    yg_builder *around = b->inner.outer;
    const yg_loop_spec spec = {.body = b->inner.graph,
                               .carries = b->carries,
                               .next = next,
                               .carry_count = b->scan->carry_count,
                               .slices = b->inner.slices,
                               .slice_count = b->inner.slice_count,
                               .captured = b->inner.captured,
                               .captured_count = b->inner.captured_count,
                               .outputs = outputs,
                               .output_count = b->scan->collected_count,
                               .iterations = b->steps,
                               .reversed = b->scan->reverse};
    yg_builder_at(around, b->origin);
    b->inner.graph = NULL; /* the graph around it owns it now */
    return yg_loop(around->graph, &spec, b->starts, b->inner.sequences, b->inner.given, finals,
                   stacked) ||
           yg_fail_from_graph(around, b->origin);
}

static bool name_result(yg_scan_building *b, const char *name, yg_node node) {
    yg_builder *around = b->inner.outer;
    if (node == YG_NONE)
        return yg_fail_from_graph(around, b->origin);
    yg_node_set_name(around->graph, node, name);
    return yg_builder_add(around, name, (yg_term){.kind = YG_TERM_TENSOR, .node = node});
}

bool yg_scan_close(yg_scan_building *building, const char *const *names, size_t name_count) {
    yg_scan_building *b = building;
    yg_builder *around = b->inner.outer;
    const size_t carries = b->scan->carry_count, results = b->scan->collected_count;
    yg_node *room = yg_pool_take(around->pool, 2 * (carries + results + 1) * sizeof *room);
    if (!room)
        return yg_fail_memory(around->error);
    yg_node *next = room, *outputs = next + carries, *stacked = outputs + results;
    yg_node *finals = stacked + results;
    for (size_t i = 0; i < carries; i++)
        if (!end_carry(b, i, &next[i]))
            return false;
    for (size_t i = 0; i < results; i++)
        if (!end_result(b, i, &outputs[i]))
            return false;
    if (b->steps == 0) {
        memcpy(finals, b->starts, carries * sizeof *finals);
        if (!skip_loop(b, outputs, stacked))
            return false;
    } else if (!add_loop(b, next, outputs, finals, stacked)) {
        return false;
    }
    for (size_t i = 0; i < results; i++) {
        int dim;
        if (stacked[i] == YG_NONE)
            return yg_fail_from_graph(around, b->origin);
        find_dim(b->scan->dim, yg_node_type(around->graph, stacked[i])->rank, &dim);
        stacked[i] = move_dim(around->graph, stacked[i], 0, dim);
    }
    for (size_t i = 0; i < name_count; i++)
        if (!name_result(b, names[i], i < results ? stacked[i] : finals[i - results]))
            return false;
    return true;
}
