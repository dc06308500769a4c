/*
 * Expands bodies and the layers in them. A layer type's body is expanded in a scope of its own,
 * with the node's name in front of the names of its statements and parameters: "h." and "weight"
 * make "h.weight".
 */
#include "expander.h"
#include "expression_tree.h"
#include "scan_expand.h"

#include <string.h>

/* The deepest nesting of layers, including those that are given as arguments. */
#define PLACING_CAP 200

/* How many copies of a `repeat:` are expanded before the others may be skipped. The first few may
 * differ, for example because their input does. */
#define COPIES_TO_EXPAND (YG_COPIES_COMPARED + 4)

/* One layer to expand; a copy of a repeat, or one of several layers in a row, is one. */
typedef struct placing {
    const yg_layer_use *use;
    const yg_scope *scope; /* of the node; its arguments use the names in it */
    yg_origin origin;      /* of the node */
    const char *prefix, *parameter_prefix;
    const char *parameter_suffix;
    const yg_statement *above; /* the statement before the node */
    bool copies_have_inputs;   /* each copy of `repeat` expands `input:` in its own scope */
    bool shared;               /* the parameters exist already (`share:`) */
    bool shares_one; /* `share:` names a node without `repeat:`: all copies use its parameters */
    bool frozen;     /* the parameters are not trained */
} placing;

/* Inputs or results, as WRITTEN terms. */
typedef struct term_list {
    yg_term *terms;
    size_t count;
} term_list;

static bool place_use(yg_expander *x, const placing *at, const term_list *inputs,
                      term_list *results);

/* --------------------------------------------------------------------------- one layer type -- */

static bool expand_outputs(yg_expander *x, const yg_scope *scope, const yg_body *body,
                           term_list *results) {
    results->count = body->output_count;
    results->terms = yg_pool_take(x->pool, body->output_count * sizeof *results->terms);
    if (!results->terms)
        return yg_fail_memory(x->error);
    for (size_t i = 0; i < body->output_count; i++) {
        const yg_output_spec *output = &body->outputs[i];
        yg_term *result = &results->terms[i];
        const yg_expression *written = yg_expand_whole(x, scope, output->value);
        if (!written)
            return false;
        *result = (yg_term){.kind = YG_TERM_WRITTEN, .written = written};
        if (written->kind != YG_EXPRESSION_NAME &&
            !yg_emit_one(x, scope->prefix, output->name, written, output->origin, result))
            return false;
    }
    return true;
}

/* Binds an input's name, and those in its pattern. An input that is a formula becomes a statement
 * under the input's name. */
static bool bind_input(yg_expander *x, const placing *at, yg_scope *scope,
                       const yg_input_spec *input, const yg_term *given) {
    yg_binding binding = {.term = *given};
    const yg_expression *written = given->written;
    if (written->kind != YG_EXPRESSION_NAME &&
        !yg_emit_one(x, scope->prefix, input->name, written, written->origin, &binding.term))
        return false;
    return yg_expand_pattern(x, scope, input, &binding.term, at->origin) &&
           yg_scope_add(x, scope, input->name, input->origin, binding);
}

/* Binds the inputs. Those that are absent come last: a name in the pattern of one is absent too,
 * unless the pattern of an input that is there gives it a size. */
static bool bind_inputs(yg_expander *x, const placing *at, yg_scope *scope,
                        const term_list *inputs) {
    const yg_definition *type = at->use->definition;
    for (size_t i = 0; i < type->input_count; i++)
        if (inputs->terms[i].kind != YG_TERM_ABSENT &&
            !bind_input(x, at, scope, &type->inputs[i], &inputs->terms[i]))
            return false;
    for (size_t i = 0; i < type->input_count; i++)
        if (inputs->terms[i].kind == YG_TERM_ABSENT &&
            !yg_absent_pattern(x, scope, &type->inputs[i], &inputs->terms[i]))
            return false;
    return true;
}

/* Expands the body of a layer. Errors in it get the layer's place too. */
static bool expand_definition(yg_expander *x, const placing *at, yg_scope *scope,
                              term_list *results) {
    const yg_body *body = &at->use->definition->body;
    yg_frame *frame = yg_pool_take(x->pool, sizeof *frame);
    if (!frame)
        return yg_fail_memory(x->error);
    *frame = (yg_frame){.type = at->use->definition->name, .origin = at->origin, .outer = x->frame};
    x->frame = frame;
    x->depth++;
    const bool good = yg_expand_params(x, scope, body) && yg_expand_body(x, scope, body) &&
                      yg_expand_updates(x, scope, body) && yg_expand_losses(x, scope, body) &&
                      expand_outputs(x, scope, body, results);
    x->depth--;
    x->frame = frame->outer;
    const yg_frame innermost = {.type = frame->type, .origin = frame->origin};
    return good || yg_blame(&innermost, x->error);
}

/* Expands one copy of a layer of a given type. */
static bool place_definition(yg_expander *x, const placing *at, const term_list *inputs,
                             term_list *results) {
    const yg_definition *type = at->use->definition;
    yg_scope *scope = yg_pool_take(x->pool, sizeof *scope);
    if (!scope)
        return yg_fail_memory(x->error);
    *scope = (yg_scope){.prefix = at->prefix,
                        .parameter_prefix = at->parameter_prefix,
                        .parameter_suffix = at->parameter_suffix,
                        .shared = at->shared,
                        .frozen = at->frozen,
                        .definition = type};
    if (!yg_count_statement(x, at->origin) || !yg_bind_arguments(x, at->scope, at->use, scope))
        return false;
    if (inputs->count != type->input_count)
        return yg_fail(x->error, YG_ERROR_ARGUMENT, at->origin,
                       "layer type '%s' takes %zu inputs, %zu found", type->name, type->input_count,
                       inputs->count);
    return bind_inputs(x, at, scope, inputs) && expand_definition(x, at, scope, results);
}

/* The prefix of a copy, or of one of several layers in a row: "deep." and 2 make "deep.2.". */
static const char *numbered(yg_expander *x, const char *prefix, int64_t number) {
    const char *text = yg_pool_format(x->pool, "%s%lld.", prefix, (long long)number);
    if (!text)
        yg_fail_memory(x->error);
    return text;
}

static bool number_parameters(yg_expander *x, placing *copy, int64_t number) {
    copy->parameter_prefix = numbered(x, copy->parameter_prefix, number);
    return copy->parameter_prefix != NULL;
}

/* Expands a layer that was given as an argument: one, or several in a row. */
static bool place_argument(yg_expander *x, const placing *at, const term_list *inputs,
                           term_list *results) {
    yg_term layer;
    if (!yg_resolve(x, at->scope, at->use->type, at->use->origin, &layer))
        return false;
    *results = *inputs;
    for (size_t i = 0; i < layer.layer_count; i++) {
        placing inner = {.use = layer.layers[i],
                         .scope = layer.scope,
                         .origin = layer.layers[i]->origin,
                         .prefix = at->prefix,
                         .parameter_prefix = at->parameter_prefix,
                         .parameter_suffix = at->parameter_suffix,
                         .shared = at->shared,
                         .frozen = at->frozen};
        if (layer.layer_count > 1) {
            inner.prefix = numbered(x, at->prefix, (int64_t)i);
            inner.parameter_prefix = numbered(x, at->parameter_prefix, (int64_t)i);
        }
        const term_list flow = *results;
        if (!inner.prefix || !inner.parameter_prefix || !place_use(x, &inner, &flow, results))
            return false;
    }
    return true;
}

/* ------------------------------------------------------------------------ several of a layer -- */

static bool begin_layer(yg_expander *x, const placing *at, size_t *index) {
    yg_flat *flat = x->flat;
    yg_flat_layer *grown = yg_pool_grow(x->pool, flat->layers, flat->layer_count, sizeof *grown);
    /* Without the dot at its end. */
    const size_t length = strlen(at->prefix);
    const char *name = yg_pool_copy(x->pool, at->prefix, length > 0 ? length - 1 : 0);
    if (!grown || !name)
        return yg_fail_memory(x->error);
    flat->layers = grown;
    *index = flat->layer_count++;
    flat->layers[*index] = (yg_flat_layer){.name = name,
                                           .type = at->use->type,
                                           .param_begin = flat->param_names.count,
                                           .depth = x->depth,
                                           .origin = at->origin};
    return true;
}

static bool end_layer(yg_expander *x, size_t index, const term_list *results) {
    yg_flat_layer *layer = &x->flat->layers[index];
    layer->param_end = x->flat->param_names.count;
    layer->results = yg_pool_take(x->pool, (results->count + 1) * sizeof *layer->results);
    if (!layer->results)
        return yg_fail_memory(x->error);
    for (size_t i = 0; i < results->count; i++)
        if (results->terms[i].kind == YG_TERM_WRITTEN &&
            results->terms[i].written->kind == YG_EXPRESSION_NAME)
            layer->results[layer->result_count++] = results->terms[i].written->text;
    return true;
}

static bool place_once(yg_expander *x, const placing *node, const term_list *inputs,
                       term_list *results) {
    size_t index = 0;
    placing at = *node;
    bool trainable;
    const char *what = yg_pool_format(x->pool, "a layer node of type '%s'", at.use->type);
    if (!what)
        return yg_fail_memory(x->error);
    if (!yg_expand_condition(x, at.scope, at.use->trainable, "trainable", what, &trainable))
        return false;
    at.frozen = at.frozen || !trainable;
    if (!at.use->definition)
        return place_argument(x, &at, inputs, results);
    if (x->depth > PLACING_CAP)
        return yg_fail(x->error, YG_ERROR_ARGUMENT, at.origin,
                       "layers stand in one another more than %d deep", PLACING_CAP);
    return begin_layer(x, &at, &index) && place_definition(x, &at, inputs, results) &&
           end_layer(x, index, results);
}

/* The scope of a copy's arguments. With `repeat: {width: sizes}` each copy has its own `width`. */
static const yg_scope *scope_of_copy(yg_expander *x, const placing *at, const yg_term *item) {
    yg_scope *scope = yg_pool_take(x->pool, sizeof *scope);
    if (!scope) {
        yg_fail_memory(x->error);
        return NULL;
    }
    *scope = *at->scope;
    scope->names = (yg_names){0};
    scope->bindings = NULL;
    scope->outer = at->scope;
    return yg_scope_add(x, scope, at->use->repeat_name, at->origin, (yg_binding){.term = *item})
               ? scope
               : NULL;
}

/* The results of copies: the first is that of the last copy, since it flows from copy to copy. Each
 * other one is a list, with an item for each copy. Without a copy the first is the input. */
static bool begin_results(yg_expander *x, const placing *at, int64_t count, term_list *results) {
    const yg_definition *type = at->use->definition;
    results->count = type ? type->body.output_count : 1;
    results->terms = yg_pool_take(x->pool, results->count * sizeof *results->terms);
    if (!results->terms)
        return yg_fail_memory(x->error);
    for (size_t k = 1; k < results->count; k++) {
        results->terms[k] = (yg_term){.kind = YG_TERM_LIST, .values = (size_t)count};
        results->terms[k].items =
            yg_pool_take(x->pool, ((size_t)count + 1) * sizeof *results->terms);
        if (!results->terms[k].items)
            return yg_fail_memory(x->error);
    }
    return true;
}

/* The inputs of a copy. Where copies have names of their own, inputs may use them. */
static bool copy_inputs(yg_expander *x, const placing *copy, const term_list *given,
                        term_list *inputs) {
    if (copy->copies_have_inputs) {
        if (!yg_expand_inputs(x, copy->scope, copy->use, copy->above, &inputs->terms,
                              &inputs->count))
            return false;
    } else {
        inputs->count = given->count;
        inputs->terms = yg_pool_take(x->pool, (given->count + 1) * sizeof *inputs->terms);
        if (!inputs->terms)
            return yg_fail_memory(x->error);
        memcpy(inputs->terms, given->terms, given->count * sizeof *inputs->terms);
    }
    return (inputs->count > 0 && inputs->terms[0].kind != YG_TERM_ABSENT) ||
           yg_fail(x->error, YG_ERROR_ARGUMENT, copy->use->repeat->origin,
                   "`repeat`: layer type '%s' has no input, so copies cannot be chained",
                   copy->use->type);
}

/* Expands copy `i` in a scope of its own if it has one. */
static bool place_copy(yg_expander *x, const placing *at, int64_t i, const yg_term *items,
                       const term_list *given, term_list *results) {
    placing copy = *at;
    yg_layer_use *once = yg_pool_take(x->pool, sizeof *once);
    term_list inputs, made;
    if (!once)
        return yg_fail_memory(x->error);
    *once = *at->use;
    once->repeat = NULL;
    once->repeat_name = NULL;
    copy.prefix = numbered(x, at->prefix, i);
    copy.scope = at->use->repeat_name ? scope_of_copy(x, at, &items[i]) : at->scope;
    if (!copy.prefix || !copy.scope)
        return false;
    if (at->use->names ? !yg_name_parameters(x, copy.scope, at->use, &copy.parameter_prefix,
                                             &copy.parameter_suffix)
                       : !at->shares_one && !number_parameters(x, &copy, i))
        return false;
    if (!copy_inputs(x, &copy, given, &inputs))
        return false;
    copy.use = once;
    if (i > 0)
        inputs.terms[0] = results->terms[0];
    if (!place_once(x, &copy, &inputs, &made))
        return false;
    results->terms[0] = made.terms[0];
    for (size_t k = 1; k < results->count; k++)
        results->terms[k].items[results->terms[k].count++] = made.terms[k];
    return true;
}

/* Whether copies may be skipped: nothing tells them apart but their input. Fewer are not worth it.
 */
static bool may_skip(const yg_expander *x, const placing *at, int64_t count,
                     const term_list *results) {
    return count > 2 * COPIES_TO_EXPAND && !at->use->repeat_name && results->count == 1 &&
           !x->scan && !x->model->dotted;
}

static bool place_copies(yg_expander *x, const placing *at, const term_list *given,
                         term_list *results) {
    int64_t count = 0;
    const yg_term *items = NULL;
    if (!yg_expand_repeat(x, at->scope, at->use, &count, &items))
        return false;
    if (!begin_results(x, at, count, results))
        return false;
    yg_copy_mark marks[COPIES_TO_EXPAND + 1];
    const bool skips = may_skip(x, at, count, results);
    for (int64_t i = 0, skipped; i < count; i++) {
        if (skips && i < COPIES_TO_EXPAND)
            marks[i] = yg_mark_copy(x, i > 0 ? &results->terms[0] : NULL);
        if (!place_copy(x, at, i, items, given, results))
            return false;
        if (!skips || i + 1 != COPIES_TO_EXPAND)
            continue;
        marks[i + 1] = yg_mark_copy(x, &results->terms[0]);
        /* The last copy is written out: what follows may ask for its names. */
        if (!yg_skip_copies(x, &marks[COPIES_TO_EXPAND - YG_COPIES_COMPARED], count - i - 2,
                            at->origin, &skipped, &results->terms[0]))
            return false;
        i += skipped;
    }
    term_list inputs;
    if (count == 0) {
        if (!copy_inputs(x, at, given, &inputs))
            return false;
        results->terms[0] = inputs.terms[0];
    }
    return true;
}

/* Expands a layer node, or a layer given as an argument, with its `repeat:`. */
static bool place_use(yg_expander *x, const placing *at, const term_list *inputs,
                      term_list *results) {
    if (!at->use->repeat)
        return place_once(x, at, inputs, results);
    size_t index = 0;
    if (!begin_layer(x, at, &index))
        return false;
    x->depth++;
    const bool placed = place_copies(x, at, inputs, results);
    x->depth--;
    return placed && end_layer(x, index, results);
}

/* -------------------------------------------------------------------------------- statements -- */

/* A node shares parameters with one of its own type. Of layers that are given as arguments, the
 * argument must be the same. */
static bool may_share(const yg_expander *x, const yg_layer_use *use, const yg_binding *other) {
    const yg_layer_use *layer = other->layer;
    const bool same = use->definition ? use->definition == layer->definition
                                      : !layer->definition && strcmp(use->type, layer->type) == 0;
    if (!same)
        return yg_fail(x->error, YG_ERROR_ARGUMENT, use->origin,
                       "`share`: '%s' is of layer type '%s', not '%s'", use->share, layer->type,
                       use->type);
    return !layer->repeat || !layer->names ||
           yg_fail(x->error, YG_ERROR_ARGUMENT, use->origin,
                   "`share`: the copies of '%s' have `names`, so their parameters cannot be "
                   "shared",
                   use->share);
}

/* Reads `share: deep.1`, a copy of a node with `repeat`. False if it is no such name; true with an
 * error if the copy cannot be shared. */
static bool share_copy(yg_expander *x, const yg_scope *scope, const yg_layer_use *use,
                       placing *at) {
    const char *dot = strrchr(use->share, '.');
    const char *node = dot ? yg_pool_copy(x->pool, use->share, (size_t)(dot - use->share)) : NULL;
    const yg_binding *other = node ? yg_scope_find(scope, node) : NULL;
    if (!other || !other->layer || !other->layer->repeat || other->shares_one || dot[1] == '\0' ||
        strspn(dot + 1, "0123456789") != strlen(dot + 1))
        return false;
    at->parameter_prefix = yg_pool_format(x->pool, "%s%s.", other->parameter_prefix, dot + 1);
    at->parameter_suffix = other->parameter_suffix;
    at->shared = at->shares_one = true;
    if (!at->parameter_prefix)
        yg_fail_memory(x->error);
    else
        may_share(x, use, other);
    return true;
}

/* Reads `share: other`, which names another node of the same body and of the same type. */
static bool read_share(yg_expander *x, const yg_scope *scope, const yg_layer_use *use,
                       placing *at) {
    if (!use->share)
        return true;
    const yg_binding *other = yg_scope_find(scope, use->share);
    if (other && other->term.kind == YG_TERM_ABSENT)
        return yg_fail_absent(x, use->share, &other->term, use->origin);
    if (!other && share_copy(x, scope, use, at))
        return x->error->code == YG_OK;
    if (!other) {
        yg_term term;
        return yg_resolve(x, scope, use->share, use->origin, &term) &&
               yg_fail(x->error, YG_ERROR_NAME, use->origin,
                       "`share`: '%s' is no layer node, so it owns no parameters", use->share);
    }
    if (!other->layer)
        return yg_fail(x->error, YG_ERROR_NAME, use->origin,
                       "`share`: '%s' is no layer node, so it owns no parameters", use->share);
    if (!may_share(x, use, other))
        return false;
    if (other->layer->repeat && !use->repeat)
        return yg_fail(
            x->error, YG_ERROR_ARGUMENT, use->origin,
            "`share`: '%s' has `repeat`, so its parameters are those of copies: name one, "
            "as %s.0, or write `repeat` here too",
            use->share, use->share);
    at->parameter_prefix = other->parameter_prefix;
    at->parameter_suffix = other->parameter_suffix;
    at->shared = true;
    at->shares_one = !other->layer->repeat || other->shares_one;
    return true;
}

static bool bind_results(yg_expander *x, yg_scope *scope, const yg_statement *statement,
                         const placing *at, const term_list *results) {
    const size_t count = statement->name_count;
    if (count != results->count && (count != 1 || results->count == 0))
        return yg_fail(x->error, YG_ERROR_ARGUMENT, statement->origin,
                       "layer type '%s' gives %zu tensors, %zu names found: write them as "
                       "`a, b: {type: %s, …}`, or one name for the first",
                       at->use->type, results->count, count, at->use->type);
    for (size_t i = 0; i < count; i++) {
        yg_binding binding = {.term = results->terms[i],
                              .layer = at->use,
                              .results = results->terms,
                              .result_count = results->count,
                              .parameter_prefix = at->parameter_prefix,
                              .parameter_suffix = at->parameter_suffix,
                              .shares_one = at->shares_one};
        const char *name = statement->names[i];
        /* Names of the model's own graph stay. A list of tensors has none. */
        if (x->depth == 0 && results->terms[i].kind == YG_TERM_WRITTEN &&
            !yg_emit_one(x, "", name, results->terms[i].written, statement->origin, &binding.term))
            return false;
        if (!yg_scope_add(x, scope, name, statement->origin, binding))
            return false;
    }
    return true;
}

/* A node whose `if:` is false does not exist. */
static bool skip_layer(yg_expander *x, yg_scope *scope, const yg_statement *statement) {
    const yg_binding absent = {.term = {.kind = YG_TERM_ABSENT, .text = "its `if` is false"}};
    for (size_t i = 0; i < statement->name_count; i++)
        if (!yg_scope_add(x, scope, statement->names[i], statement->origin, absent))
            return false;
    return true;
}

static bool expand_layer(yg_expander *x, yg_scope *scope, const yg_statement *statement,
                         const yg_statement *above) {
    const yg_layer_use *use = statement->layer;
    placing at = {.use = use,
                  .scope = scope,
                  .origin = statement->origin,
                  .parameter_suffix = scope->parameter_suffix,
                  .above = above,
                  .shared = scope->shared,
                  .frozen = scope->frozen};
    bool exists;
    const char *what = yg_pool_format(x->pool, "node '%s'", statement->names[0]);
    at.prefix = yg_pool_format(x->pool, "%s%s.", scope->prefix, statement->names[0]);
    at.parameter_prefix =
        yg_pool_format(x->pool, "%s%s.", scope->parameter_prefix, statement->names[0]);
    if (!what || !at.prefix || !at.parameter_prefix)
        return yg_fail_memory(x->error);
    if (!yg_expand_condition(x, scope, use->condition, "if", what, &exists))
        return false;
    if (!exists)
        return skip_layer(x, scope, statement);
    term_list inputs = {0}, results = {0};
    at.copies_have_inputs = use->repeat && use->repeat_name;
    return read_share(x, scope, use, &at) &&
           (!use->names || use->repeat ||
            yg_name_parameters(x, scope, use, &at.parameter_prefix, &at.parameter_suffix)) &&
           (at.copies_have_inputs ||
            yg_expand_inputs(x, scope, use, above, &inputs.terms, &inputs.count)) &&
           place_use(x, &at, &inputs, &results) && bind_results(x, scope, statement, &at, &results);
}

/* Lists an expression of the model's own graph beside the layers, for `show`. */
static bool list_expression(yg_expander *x, const yg_statement *statement) {
    yg_flat *flat = x->flat;
    yg_flat_layer *grown = yg_pool_grow(x->pool, flat->layers, flat->layer_count, sizeof *grown);
    if (!grown)
        return yg_fail_memory(x->error);
    flat->layers = grown;
    flat->layers[flat->layer_count++] = (yg_flat_layer){.name = statement->names[0],
                                                        .type = "",
                                                        .results = statement->names,
                                                        .result_count = statement->name_count,
                                                        .origin = statement->origin};
    return true;
}

static bool expand_expression(yg_expander *x, yg_scope *scope, const yg_statement *statement) {
    yg_term constant, *terms;
    if (!yg_expand_expression(x, scope, statement->expression, &constant))
        return false;
    if (yg_is_next_carry(scope, statement, &constant)) /* it has a name already */
        return yg_scope_add(x, scope, statement->names[0], statement->origin,
                            (yg_binding){.term = constant});
    const yg_expression *written = yg_written(x, &constant, statement->expression->origin);
    if (!written || !yg_emit(x, scope->prefix, statement->names, statement->name_count, written,
                             statement->origin, &terms))
        return false;
    /* A number stays a number, so that later counts and shapes can use it. */
    if (constant.kind != YG_TERM_WRITTEN)
        terms[0] = constant;
    for (size_t i = 0; i < statement->name_count; i++)
        if (!yg_scope_add(x, scope, statement->names[i], statement->origin,
                          (yg_binding){.term = terms[i]}))
            return false;
    return x->depth > 0 || list_expression(x, statement);
}

static bool expand_scan(yg_expander *x, yg_scope *scope, const yg_statement *statement) {
    yg_scan_expanding scan;
    x->depth++;
    const bool good = yg_scan_begin(x, scope, statement, &scan) &&
                      yg_expand_body(x, &scan.scope, &statement->scan->body);
    x->depth--;
    return yg_scan_end(x, scope, statement, &scan, good);
}

bool yg_expand_body(yg_expander *x, yg_scope *scope, const yg_body *body) {
    for (size_t i = 0; i < body->statement_count; i++) {
        const yg_statement *statement = &body->statements[i];
        const yg_statement *above = i == 0 ? NULL : &body->statements[i - 1];
        if (x->depth == 0)
            x->place = statement->origin;
        if (!yg_count_statement(x, statement->origin) ||
            !(statement->layer  ? expand_layer(x, scope, statement, above)
              : statement->scan ? expand_scan(x, scope, statement)
                                : expand_expression(x, scope, statement)))
            return false;
    }
    return true;
}
