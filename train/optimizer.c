/*
 * Optimizers: appending their updates to a graph.
 */
#include "../graph/spelling.h"
#include "../models/loader/name_pattern.h"
#include "../ops/build.h"
#include "optimizer_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The parameters that are trained alike. */
typedef struct group {
    yg_optimizer optimizer;
    const char *pattern; /* NULL: the parameters that no pattern matches */
    double lr_ratio;
    yg_node step;                        /* YG_NONE: the group is never frozen */
    bool frozen;                         /* in this phase */
    yg_node shared[YG_OPTIMIZER_STATES]; /* states that have been made; YG_NONE: not yet */
} group;

typedef struct job {
    yg_graph *graph;
    yg_optimizer_graph *out;
    yg_error *error;
    size_t group_count;
    group *groups; /* those of patterns, and last the one of all other parameters */
} job;

/* ------------------------------------------------------------------------------- groups ---- */

static void begin_group(const yg_optimizer *whole, const char *pattern, group *group) {
    const yg_optimizer *own = &group->optimizer;
    const bool same = own->lr >= whole->lr && own->lr <= whole->lr;
    group->pattern = pattern;
    group->lr_ratio = same ? 1 : own->lr / whole->lr;
    group->frozen = whole->phase > 0 && own->frozen_until >= whole->phase;
    group->step = YG_NONE;
    for (size_t k = 0; k < YG_OPTIMIZER_STATES; k++)
        group->shared[k] = YG_NONE;
}

static bool begin_groups(const yg_optimizer *optimizer, job *job) {
    const yg_value *written = optimizer->groups;
    const size_t patterns = written ? written->count : 0;
    job->groups = calloc(patterns + 1, sizeof *job->groups);
    if (!job->groups)
        return yg_fail_memory(job->error);
    job->group_count = patterns + 1;
    for (size_t i = 0; i < patterns; i++) {
        if (!yg_optimizer_group(optimizer, i, &job->groups[i].optimizer, job->error))
            return false;
        begin_group(optimizer, written->keys[i]->text, &job->groups[i]);
    }
    job->groups[patterns].optimizer = *optimizer;
    begin_group(optimizer, NULL, &job->groups[patterns]);
    return true;
}

static group *group_of(const job *job, const char *parameter) {
    size_t i = 0;
    while (job->groups[i].pattern && !yg_name_matches(job->groups[i].pattern, parameter))
        i++;
    return &job->groups[i];
}

static bool is_matched(const job *job, const group *group, const yg_node *parameters,
                       size_t count) {
    for (size_t i = 0; i < count; i++)
        if (yg_name_matches(group->pattern, yg_node_name(job->graph, parameters[i])))
            return true;
    return false;
}

/* Fails for a pattern that matches nothing: its author believes that it does something. */
static bool check_patterns(const yg_optimizer *optimizer, const job *job, const yg_node *parameters,
                           size_t count) {
    char hint[400];
    for (size_t g = 0; job->groups[g].pattern; g++) {
        if (is_matched(job, &job->groups[g], parameters, count))
            continue;
        const char **known = calloc(count + 1, sizeof *known);
        if (!known)
            return yg_fail_memory(job->error);
        for (size_t i = 0; i < count; i++)
            known[i] = yg_node_name(job->graph, parameters[i]);
        yg_fail(job->error, YG_ERROR_NAME, optimizer->groups->keys[g]->origin,
                "`groups`: no trainable parameter is called '%s'%s", job->groups[g].pattern,
                yg_suggest(job->groups[g].pattern, known, count, hint, sizeof hint));
        free(known);
        return false;
    }
    return true;
}

int64_t yg_optimizer_phase(const yg_optimizer *optimizer, int64_t epoch) {
    int64_t phase = 0;
    yg_optimizer group;
    for (size_t i = 0; optimizer->groups && i < optimizer->groups->count; i++)
        if (yg_optimizer_group(optimizer, i, &group, NULL) && group.frozen_until >= epoch &&
            (phase == 0 || group.frozen_until < phase))
            phase = group.frozen_until;
    return phase;
}

bool yg_optimizer_list_frozen(const yg_optimizer *optimizer, const yg_graph *graph,
                              const yg_node *parameters, size_t count, int64_t *frozen_until,
                              yg_error *error) {
    job job = {.error = error};
    const bool good = begin_groups(optimizer, &job);
    for (size_t i = 0; good && i < count; i++)
        frozen_until[i] =
            group_of(&job, yg_node_name(graph, parameters[i]))->optimizer.frozen_until;
    free(job.groups);
    return good;
}

/* ------------------------------------------------------------------------------- states ---- */

/* Makes the tensor "@STATE", or "@STATE.OF". */
static yg_node make_state(job *job, const char *state, const char *of, const yg_type *type) {
    const size_t size = strlen(state) + (of ? strlen(of) : 0) + 3;
    char *name = malloc(size);
    if (!name) {
        yg_fail_memory(job->error);
        return YG_NONE;
    }
    snprintf(name, size, of ? "@%s.%s" : "@%s", state, of);
    const yg_node node = yg_parameter(job->graph, name, type);
    job->out->states[job->out->state_count++] = (yg_optimizer_state){node, name};
    return node;
}

static void add_update(job *job, yg_node node, yg_node value) {
    job->out->updates[job->out->update_count++] = (yg_update){node, value};
}

/* A group that is frozen at first counts its own steps. */
static bool count_steps(job *job, group *group) {
    const yg_type scalar = yg_type_scalar(YG_F64);
    if (group->optimizer.frozen_until == 0 || group->step != YG_NONE)
        return true;
    const yg_node count = make_state(job, "step", group->pattern, &scalar);
    if (count == YG_NONE)
        return false;
    group->step = yg_offset(job->graph, count, 1);
    if (!group->frozen)
        add_update(job, count, group->step);
    return true;
}

static bool add_state(job *job, group *group, const yg_state_spec *spec, yg_update_call *call,
                      size_t k) {
    const char *parameter = yg_node_name(job->graph, call->parameter);
    if (spec->shared && group->shared[k] != YG_NONE) {
        call->state[k] = group->shared[k];
        return true;
    }
    call->state[k] =
        make_state(job, spec->name, spec->shared ? group->pattern : parameter, &spec->type);
    return call->state[k] != YG_NONE;
}

/* ------------------------------------------------------------------------------ building ---- */

static bool check_parameter(const job *job, const yg_optimizer *optimizer, yg_node parameter,
                            yg_node gradient) {
    char wanted[YG_TYPE_TEXT], found[YG_TYPE_TEXT];
    const yg_type *type = yg_node_type(job->graph, parameter);
    const yg_type *other = yg_node_type(job->graph, gradient);
    if (!yg_type_equal(type, other))
        return yg_fail(job->error, YG_ERROR_SHAPE, yg_node_origin(job->graph, parameter),
                       "the gradient of '%s' is %s, but the parameter is %s",
                       yg_node_name(job->graph, parameter), yg_type_text(other, found),
                       yg_type_text(type, wanted));
    const char *why = optimizer->update->refuses ? optimizer->update->refuses(type) : NULL;
    return !why || yg_fail(job->error, YG_ERROR_SHAPE, optimizer->origin,
                           "%s cannot train '%s', which is %s: %s", optimizer->update->name,
                           yg_node_name(job->graph, parameter), yg_type_text(type, wanted), why);
}

/* Whether only the rows are updated that the batch looks up. */
static bool is_by_rows(const job *job, const yg_optimizer *optimizer, yg_node gradient) {
    const yg_optimizer_update *update = optimizer->update;
    return update->row_by_row && update->row_by_row(optimizer) &&
           yg_update_rows_found(job->graph, gradient) &&
           (update->rows_only || yg_update_rows_pay(job->graph, gradient));
}

static bool check_rows(const job *job, const yg_optimizer *optimizer, yg_node parameter,
                       yg_node gradient) {
    return !optimizer->update->rows_only || yg_update_rows_found(job->graph, gradient) ||
           yg_fail(job->error, YG_ERROR_ARGUMENT, optimizer->origin,
                   "%s cannot train '%s': it is for tables that one `embedding` looks up, and for "
                   "nothing else. Give it a group, such as `groups: {\"tokens.weight\": {type: "
                   "%s}}`, and the others another type. A table that is used a second time, "
                   "`accumulate`, `shards`, `l1`, `l2` and clipping need all rows",
                   optimizer->update->name, yg_node_name(job->graph, parameter),
                   optimizer->update->name);
}

/* Puts back the rows that an update has computed. */
static void add_row_updates(job *job, const yg_update_rows *rows, const yg_update_call *call,
                            yg_node value, size_t count) {
    add_update(job, rows->table, yg_update_rows_put(job->graph, rows, rows->table, value));
    for (size_t k = 0; k < count; k++)
        add_update(job, rows->tables[k],
                   yg_update_rows_put(job->graph, rows, rows->tables[k], call->new_state[k]));
}

/* The updates of a parameter that is frozen: only what stands for it when the weights are
 * evaluated follows it. */
static void add_frozen_updates(job *job, const yg_update_call *call, const yg_state_spec *states,
                               size_t count) {
    for (size_t k = 0; k < count; k++)
        if (strcmp(states[k].name, YG_STATE_AVERAGE) == 0)
            add_update(job, call->state[k], call->parameter);
}

/* Appends the optimizer's own nodes. Returns the parameter's new value. */
static yg_node build_value(yg_update_call *call) {
    if (call->optimizer->maximize)
        call->gradient = yg_negative(call->graph, call->gradient);
    return call->optimizer->update->build(call);
}

static void add_updates(job *job, const group *group, yg_update_call *call, size_t count) {
    add_update(job, call->parameter, build_value(call));
    for (size_t k = 0; k < count; k++)
        if (group->shared[k] == YG_NONE)
            add_update(job, call->state[k], call->new_state[k]);
}

/* Appends the updates of one parameter and of its state. */
static bool build_one(job *job, yg_node parameter, yg_node gradient) {
    group *group = group_of(job, yg_node_name(job->graph, parameter));
    const yg_optimizer *optimizer = &group->optimizer;
    yg_state_spec states[YG_OPTIMIZER_STATES];
    if (!check_parameter(job, optimizer, parameter, gradient) ||
        !check_rows(job, optimizer, parameter, gradient) || !count_steps(job, group))
        return false;
    const size_t count =
        optimizer->update->states(optimizer, yg_node_type(job->graph, parameter), states);
    yg_update_call call = {.optimizer = optimizer,
                           .graph = job->graph,
                           .inputs = &job->out->inputs,
                           .lr_ratio = group->lr_ratio,
                           .step = group->step,
                           .parameter = parameter,
                           .gradient = gradient};
    for (size_t k = 0; k < count; k++)
        if (!add_state(job, group, &states[k], &call, k))
            return false;
    if (group->frozen) {
        add_frozen_updates(job, &call, states, count);
    } else if (is_by_rows(job, optimizer, gradient)) {
        const yg_update_rows rows = yg_update_rows_begin(&call, count);
        add_row_updates(job, &rows, &call, build_value(&call), count);
        return true;
    } else {
        add_updates(job, group, &call, count);
    }
    for (size_t k = 0; k < count; k++)
        group->shared[k] = states[k].shared ? call.state[k] : YG_NONE;
    return true;
}

static bool build_all(job *job, const yg_node *parameters, const yg_node *gradients, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (gradients[i] != YG_NONE && !build_one(job, parameters[i], gradients[i]))
            return false;
    return true;
}

/* Each group may have a counter of steps beside the states of its parameters. */
static bool make_room(yg_optimizer_graph *out, size_t parameters, size_t groups, yg_error *error) {
    if (parameters > SIZE_MAX / (16 * sizeof *out->updates))
        return yg_fail_memory(error);
    const size_t states = parameters * YG_OPTIMIZER_STATES + groups;
    out->updates = calloc(parameters + states + 1, sizeof *out->updates);
    out->states = calloc(states + 1, sizeof *out->states);
    return (out->updates && out->states) || yg_fail_memory(error);
}

bool yg_optimizer_build(const yg_optimizer *optimizer, yg_graph *graph, const yg_node *parameters,
                        const yg_node *gradients, size_t count, yg_optimizer_graph *out,
                        yg_error *error) {
    job job = {.graph = graph, .out = out, .error = error};
    *out = (yg_optimizer_graph){.inputs = {YG_NONE, YG_NONE}};
    if (!optimizer->update->build)
        return yg_fail(error, YG_ERROR_ARGUMENT, optimizer->origin,
                       "%s evaluates the loss several times a step, so it cannot be part of a "
                       "program",
                       optimizer->update->name);
    const yg_origin before = yg_graph_at(graph, optimizer->origin);
    bool good = begin_groups(optimizer, &job) && make_room(out, count, job.group_count, error) &&
                check_patterns(optimizer, &job, parameters, count) &&
                build_all(&job, parameters, gradients, count);
    yg_graph_at(graph, before);
    if (yg_graph_error(graph))
        good = yg_fail_as(error, yg_graph_error(graph));
    if (!good)
        yg_optimizer_graph_free(out);
    free(job.groups);
    return good;
}

bool yg_optimizer_graph_grow(yg_optimizer_graph *out, size_t count, yg_error *error) {
    const size_t updates = out->update_count + count + 1, states = out->state_count + count + 1;
    yg_update *grown = realloc(out->updates, updates * sizeof *grown);
    if (!grown)
        return yg_fail_memory(error);
    out->updates = grown;
    yg_optimizer_state *more = realloc(out->states, states * sizeof *more);
    if (!more)
        return yg_fail_memory(error);
    out->states = more;
    return true;
}

void yg_optimizer_graph_free(yg_optimizer_graph *out) {
    for (size_t i = 0; i < out->state_count; i++)
        free(out->states[i].name);
    free(out->states);
    free(out->updates);
    *out = (yg_optimizer_graph){.inputs = {YG_NONE, YG_NONE}};
}

/* -------------------------------------------------------------------------------- clipping ---- */

/* The norm is computed in float64: in float32 the square of a gradient above 1e19 is infinite. */
bool yg_clip_grad_norm(yg_graph *graph, yg_node *gradients, size_t count, double max_norm,
                       yg_error *error) {
    yg_node squares = YG_NONE;
    for (size_t i = 0; i < count; i++) {
        if (gradients[i] == YG_NONE)
            continue;
        const yg_node wide = yg_cast(graph, gradients[i], YG_F64);
        const yg_node sum = yg_sum(graph, yg_square(graph, wide), NULL, 0, false);
        squares = squares == YG_NONE ? sum : yg_add(graph, squares, sum);
    }
    if (squares != YG_NONE) {
        const yg_node norm = yg_offset(graph, yg_sqrt(graph, squares), 1e-6);
        const yg_node ratio = yg_divide(graph, yg_scalar(graph, YG_F64, max_norm), norm);
        const yg_node factor = yg_minimum(graph, ratio, yg_scalar(graph, YG_F64, 1));
        for (size_t i = 0; i < count; i++)
            if (gradients[i] != YG_NONE) {
                const yg_dtype dtype = yg_node_type(graph, gradients[i])->dtype;
                gradients[i] = yg_multiply(graph, gradients[i], yg_cast(graph, factor, dtype));
            }
    }
    return !yg_graph_error(graph) || yg_fail_as(error, yg_graph_error(graph));
}
