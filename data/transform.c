/*
 * `data: transform`: a formula for each element of a port, applied to the data on their way in.
 *
 * A formula is elementwise, so that the value of an example does not depend on other examples. It
 * is computed in float64 for every type of network, so that all commands see the same numbers. It
 * is a graph of its own, compiled for a few thousand elements and run until all are done.
 */
#include "../graph/number.h"
#include "../graph/program.h"
#include "source.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ELEMENTS = 4096 };

struct yg_transform {
    yg_formula formula;
    yg_program *program;
    yg_type type; /* of a run: [examples, …] */
    yg_dtype result;
    yg_origin origin;
};

void yg_transform_free(yg_transform *transform) {
    if (!transform)
        return;
    yg_program_free(transform->program);
    yg_graph_free(transform->formula.graph);
    free(transform);
}

/* ------------------------------------------------------------------------------- compiling ---- */

/* Whether a node has one value for all elements: a constant, or computed from constants. */
static bool is_uniform(const yg_graph *graph, yg_node node, const bool *uniform) {
    const size_t operands = yg_node_operand_count(graph, node);
    if (yg_node_is_scalar(graph, node, NULL))
        return true;
    if (!operands)
        return false;
    for (size_t k = 0; k < operands; k++)
        if (!uniform[yg_node_operand(graph, node, k)])
            return false;
    return (yg_node_op(graph, node)->flags & YG_OP_ELEMENTWISE) ||
           yg_node_op(graph, node) == yg_graph_ops(graph)->broadcast;
}

/* Fails at the first node that mixes elements. */
static bool check_elementwise(const yg_formula *formula, const char *name, yg_error *error) {
    const yg_graph *graph = formula->graph;
    const size_t size = (size_t)formula->output + 1;
    bool *needed = calloc(size, sizeof *needed), *uniform = calloc(size, sizeof *uniform);
    bool good = needed && uniform ? true : yg_fail_memory(error);
    for (size_t i = size; good && i-- > 0;) {
        needed[i] = needed[i] || i == formula->output;
        for (size_t k = 0; needed[i] && k < yg_node_operand_count(graph, (yg_node)i); k++)
            needed[yg_node_operand(graph, (yg_node)i, k)] = true;
    }
    for (size_t i = 0; good && i < size; i++) {
        const yg_op *op = yg_node_op(graph, (yg_node)i);
        const bool random = op->flags & YG_OP_RANDOM, effects = op->flags & YG_OP_EFFECTS;
        if (!needed[i] || i == formula->input)
            continue;
        uniform[i] = !random && !effects && is_uniform(graph, (yg_node)i, uniform);
        if (random || effects || (!uniform[i] && !(op->flags & YG_OP_ELEMENTWISE)))
            good =
                yg_fail(error, YG_ERROR_ARGUMENT, yg_node_origin(graph, (yg_node)i),
                        "the transform of '%s' must give each element from that element alone, "
                        "which '%s' does not%s",
                        name, op->name,
                        random    ? ": it is random"
                        : effects ? ": it has effects"
                                  : "; what needs more belongs in `graph:`, or is `standardize`");
    }
    free(needed);
    free(uniform);
    return good;
}

/* Checks that the formula keeps the shape and the kind of number. Truth values count as numbers. */
static bool check_result(yg_transform *transform, const yg_port *port, yg_error *error) {
    yg_formula *f = &transform->formula;
    const yg_type *type = yg_node_type(f->graph, f->output);
    char have[YG_TYPE_TEXT], want[YG_TYPE_TEXT];
    if (!yg_shape_equal(type, &transform->type))
        return yg_fail(error, YG_ERROR_SHAPE, transform->origin,
                       "the transform of '%s' must keep its shape, %s here; it gives %s",
                       port->name, yg_shape_text(&transform->type, want),
                       yg_shape_text(type, have));
    if (!yg_dtype_is_float(port->dtype) && type->dtype != port->dtype && type->dtype != YG_BOOL)
        return yg_fail(error, YG_ERROR_DTYPE, transform->origin,
                       "the transform of '%s' gives %s, but the port holds %s; declare `dtype: "
                       "f32` there%s",
                       port->name, yg_dtype_name(type->dtype), yg_dtype_name(port->dtype),
                       yg_dtype_is_float(type->dtype) ? ", or divide whole numbers by '//'" : "");
    transform->result = type->dtype;
    return true;
}

static bool compile(yg_transform *transform, const yg_model *model, const yg_data *data,
                    const yg_port *port, const yg_value *formula, yg_error *error) {
    const yg_dtype dtype = yg_dtype_is_float(port->dtype) ? YG_F64 : port->dtype;
    yg_type one;
    if (!yg_port_type(data, port, dtype, 1, &one, error))
        return false;
    const int64_t width = yg_type_count(&one);
    /* Two examples at least: with one, a sum over examples would not be noticed. */
    const int64_t batch = width > 0 && width < ELEMENTS / 2 ? ELEMENTS / width : 2;
    const yg_compile_options options = {.threads = 1};
    transform->origin = formula->origin;
    if (!yg_port_type(data, port, dtype, batch, &transform->type, error) ||
        !yg_formula_build(model, formula, port->name, &transform->type, &transform->formula,
                          error) ||
        !check_elementwise(&transform->formula, port->name, error) ||
        !check_result(transform, port, error))
        return false;
    transform->program = yg_compile(transform->formula.graph, &transform->formula.output, 1, NULL,
                                    0, &options, error);
    return transform->program != NULL;
}

yg_transform *yg_transform_new(const yg_model *model, const yg_data *data, size_t port,
                               const yg_value *formula, yg_error *error) {
    yg_transform *transform = calloc(1, sizeof *transform);
    if (!transform) {
        yg_fail_memory(error);
        return NULL;
    }
    if (compile(transform, model, data, yg_model_port(model, port), formula, error))
        return transform;
    yg_transform_free(transform);
    return NULL;
}

/* -------------------------------------------------------------------------------- applying ---- */

/* A transform that is being applied. */
typedef struct applying {
    yg_transform *transform;
    const char *name; /* of the port */
    yg_dtype dtype;   /* of the values: what sources give */
    int64_t width;
    int64_t before; /* elements that were read before values[0], for messages */
    bool checked;   /* a result that is not finite is an error */
    yg_error *error;
} applying;

static bool fail_not_finite(const applying *a, double from, double value, int64_t element) {
    char text[YG_NUMBER_TEXT];
    return yg_fail(a->error, YG_ERROR_NUMERIC, a->transform->origin,
                   "the transform of '%s' gives %s for %s (example %" PRId64 ", element %" PRId64
                   ")",
                   a->name, isnan(value) ? "no number" : "an infinite value",
                   yg_number_text(from, text), element / a->width + 1, element % a->width);
}

/* One run: values[at .. at + count), at most as many as the program holds. */
static bool run(const applying *a, void *values, int64_t at, int64_t count) {
    yg_transform *t = a->transform;
    const size_t size = yg_dtype_size(a->dtype);
    char *here = (char *)values + (size_t)at * size;
    void *in = yg_program_data(t->program, t->formula.input);
    const void *out = yg_program_data(t->program, t->formula.output);
    if (in)
        memcpy(in, here, (size_t)count * size);
    if (!yg_program_run(t->program, 0, 0, a->error))
        return false;
    const double *numbers = values; /* where the element type is f64 */
    for (int64_t i = 0; i < count && a->checked && a->dtype == YG_F64; i++) {
        const double value = yg_element_get(t->result, out, i);
        if (!isfinite(value))
            return fail_not_finite(a, numbers[at + i], value, a->before + at + i);
    }
    if (t->result == a->dtype)
        memcpy(here, out, (size_t)count * size);
    else /* truth values become numbers */
        for (int64_t i = 0; i < count; i++)
            yg_element_set(a->dtype, here, i, yg_element_get(t->result, out, i));
    return true;
}

/* The formula of a port, compiled when it is first needed. */
static yg_transform *compiled(const yg_reading *reading, size_t port, yg_error *error) {
    yg_port_encoding *encoding = &reading->data->encoding.ports[port];
    const yg_value kept = {.kind = YG_SCALAR,
                           .quoted = true,
                           .origin = encoding->formula_origin,
                           .text = encoding->formula,
                           .source = encoding->formula};
    if (!encoding->transform)
        encoding->transform =
            yg_transform_new(reading->model, reading->data, port,
                             encoding->formula_value ? encoding->formula_value : &kept, error);
    return encoding->transform;
}

static applying begin(const yg_reading *reading, size_t port, yg_error *error) {
    const yg_port *of = yg_model_port(reading->model, port);
    return (applying){.transform = compiled(reading, port, error),
                      .name = of->name,
                      .dtype = yg_dtype_is_float(of->dtype) ? YG_F64 : of->dtype,
                      .width = yg_port_width(reading->data, of),
                      .error = error};
}

static bool apply(const applying *a, void *values, int64_t total) {
    const int64_t room = yg_type_count(&a->transform->type);
    for (int64_t i = 0; i < total; i += room)
        if (!run(a, values, i, total - i < room ? total - i : room))
            return false;
    return true;
}

bool yg_transform_apply(const yg_reading *reading, size_t port, const yg_elements *elements,
                        int64_t count, int64_t before, yg_error *error) {
    applying a = begin(reading, port, error);
    a.before = before * a.width;
    a.checked = true;
    return a.transform && apply(&a, elements->data, count * a.width);
}

bool yg_transform_values(const yg_reading *reading, size_t port, void *values, int64_t count,
                         yg_error *error) {
    const applying a = begin(reading, port, error);
    return a.transform && apply(&a, values, count);
}

bool yg_transform_fail(const yg_reading *reading, size_t port, double from, double value,
                       int64_t element, yg_error *error) {
    const applying a = begin(reading, port, error);
    return a.transform && fail_not_finite(&a, from, value, element);
}
