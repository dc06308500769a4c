/*
 * Values and gradients of every public operator against PyTorch's, from the files of
 * tests/fixtures/operators (see cases.py there for their form and how they are made).
 */
#include "graph/program.h"
#include "ops/ops.h"
#include "sample.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ATTRS = 16, TEXT = 600 };

/* The place of a failing case. */
typedef struct context {
    const char *file;
    const char *op;
    size_t number;
    char operands[TEXT];
} context;

static const char *where(const context *c) {
    static char text[2 * TEXT];
    snprintf(text, sizeof text, "%s, case %zu of %s, operands %s", c->op, c->number, c->file,
             c->operands);
    return text;
}

typedef void file_function(const char *name, json_t *cases, void *data);

/* Calls `function` with the cases of each file, in no particular order. */
static void each_file(file_function *function, void *data) {
    DIR *folder = opendir(YG_FIXTURES "/operators");
    cr_assert_not_null(folder);
    size_t files = 0;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        const char *ending = strrchr(entry->d_name, '.');
        if (!ending || strcmp(ending, ".json") != 0)
            continue;
        char path[sizeof YG_FIXTURES + 300];
        snprintf(path, sizeof path, YG_FIXTURES "/operators/%s", entry->d_name);
        json_error_t error;
        json_t *root = json_load_file(path, 0, &error);
        cr_assert_not_null(root, "%s:%d: %s", path, error.line, error.text);
        json_t *cases = json_object_get(root, "cases");
        cr_assert_gt(json_array_size(cases), 0, "%s has no cases", path);
        function(entry->d_name, cases, data);
        json_decref(root);
        files++;
    }
    closedir(folder);
    cr_assert_gt(files, 0);
}

static double number(const json_t *value) {
    if (!json_is_string(value))
        return json_number_value(value);
    const char *text = json_string_value(value);
    return strcmp(text, "nan") == 0 ? NAN : strcmp(text, "inf") == 0 ? INFINITY : -INFINITY;
}

static yg_dtype read_dtype(const char *name, const context *c) {
    yg_dtype dtype = YG_F64;
    cr_assert(yg_dtype_parse(name, &dtype), "%s: dtype %s", where(c), name);
    return dtype;
}

static yg_type read_type(const json_t *tensor, const context *c) {
    const json_t *sizes = json_object_get(tensor, "shape");
    int64_t shape[YG_MAX_RANK];
    const size_t rank = json_array_size(sizes);
    for (size_t i = 0; i < rank && i < YG_MAX_RANK; i++)
        shape[i] = json_integer_value(json_array_get(sizes, i));
    yg_type type;
    const yg_dtype dtype = read_dtype(json_string_value(json_object_get(tensor, "dtype")), c);
    cr_assert(yg_type_make(dtype, (int)rank, shape, &type, NULL), "%s: shape", where(c));
    return type;
}

static int64_t read_choice(const yg_attr_spec *spec, const char *choice, const context *c) {
    for (int64_t i = 0; spec->choices && spec->choices[i]; i++) {
        if (strcmp(spec->choices[i], choice) == 0)
            return i;
    }
    cr_assert_fail("%s: %s has no choice %s", where(c), spec->name, choice);
    return 0;
}

static yg_attr read_attr(const yg_attr_spec *spec, const json_t *value, const context *c) {
    yg_attr attr = {0};
    if (spec->kind == YG_ATTR_FLOAT) {
        attr.f = number(value);
    } else if (spec->kind == YG_ATTR_INTS && json_is_string(value)) {
        attr.is_word = true;
        attr.i = read_choice(spec, json_string_value(value), c);
    } else if (spec->kind == YG_ATTR_TEXT) {
        attr.count = (int64_t)json_string_length(value);
        attr.text = json_string_value(value);
    } else if (spec->kind == YG_ATTR_CHOICE) {
        attr.i = read_choice(spec, json_string_value(value), c);
    } else if (spec->kind == YG_ATTR_DTYPE) {
        attr.i = read_dtype(json_string_value(value), c);
    } else if (spec->kind == YG_ATTR_BOOL) {
        attr.i = json_is_true(value);
    } else if (spec->kind == YG_ATTR_INT) {
        attr.i = json_integer_value(value);
    } else if (spec->kind == YG_ATTR_FLOATS) {
        attr.count = json_is_array(value) ? (int64_t)json_array_size(value) : 1;
        for (size_t i = 0; i < (size_t)attr.count; i++)
            attr.floats[i] = number(json_is_array(value) ? json_array_get(value, i) : value);
    } else if (json_is_array(value)) {
        attr.count = (int64_t)json_array_size(value);
        for (size_t i = 0; i < json_array_size(value); i++)
            attr.ints[i] = json_integer_value(json_array_get(value, i));
    } else {
        attr.count = 1;
        attr.ints[0] = json_integer_value(value);
    }
    return attr;
}

static void read_attrs(const yg_op *op, json_t *given, yg_attr *attrs, const context *c) {
    cr_assert_leq(op->attr_count, MAX_ATTRS);
    yg_op_defaults(op, attrs);
    const char *name;
    json_t *value;
    json_object_foreach(given, name, value) {
        const int i = yg_op_attr(op, name);
        cr_assert_geq(i, 0, "%s: no attribute %s", where(c), name);
        attrs[i] = read_attr(&op->attrs[i], value, c);
    }
}

static bool close_to(double found, double wanted) {
    if (isnan(wanted) || isinf(wanted))
        return isnan(wanted) ? (bool)isnan(found) : found == wanted;
    return fabs(found - wanted) <= 1e-12 * fmax(1, fabs(wanted));
}

/* If `node` is YG_NONE, zeros are expected. */
static void compare(yg_program *program, const yg_type *type, yg_node node, const json_t *wanted,
                    const char *what, size_t k, const context *c) {
    const int64_t count = yg_type_count(type);
    cr_assert_eq(json_array_size(wanted), (size_t)count, "%s: %s %zu has %lld elements, not %zu",
                 where(c), what, k, (long long)count, json_array_size(wanted));
    const void *data = node == YG_NONE ? NULL : yg_program_data(program, node);
    for (int64_t i = 0; i < count; i++) {
        const double found = data ? yg_element_get(type->dtype, data, i) : 0;
        const double right = number(json_array_get(wanted, (size_t)i));
        const bool equal = type->dtype == YG_F32 ? found == (double)(float)right || isnan(right)
                                                 : close_to(found, right);
        cr_expect(equal, "%s: element %lld of %s %zu is %.17g, PyTorch's %.17g", where(c),
                  (long long)i, what, k, found, right);
        if (!equal)
            return; /* one line a tensor */
    }
}

static void fill(yg_program *program, yg_node node, const yg_type *type, const json_t *values) {
    void *data = yg_program_data(program, node);
    for (int64_t i = 0; data && i < yg_type_count(type); i++)
        yg_element_set(type->dtype, data, i, number(json_array_get(values, (size_t)i)));
}

/* The scalar <c0, y0> + <c1, y1> + … with new inputs for the cotangents c. A result of whole
 * numbers has none. */
static yg_node total(yg_graph *graph, const yg_node *results, size_t count, yg_node *cotangents) {
    yg_node sum = YG_NONE;
    for (size_t i = 0; i < count; i++) {
        cotangents[i] = YG_NONE;
        if (!yg_dtype_is_float(yg_node_type(graph, results[i])->dtype))
            continue;
        cotangents[i] = yg_input(graph, "cotangent", yg_node_type(graph, results[i]));
        const yg_node pair[] = {results[i], cotangents[i]};
        const yg_node product = yg_call(graph, "multiply", pair, 2);
        const yg_node terms[] = {sum, yg_call(graph, "sum", &product, 1)};
        sum = sum == YG_NONE ? terms[1] : yg_call(graph, "add", terms, 2);
    }
    return sum;
}

static void run_case(const yg_op *op, json_t *entry, unsigned flags, const context *c) {
    const json_t *operands = json_object_get(entry, "operands");
    const json_t *expected = json_object_get(entry, "results");
    const json_t *slopes = json_object_get(entry, "gradients");
    const size_t count = json_array_size(operands);
    cr_assert_leq(count, 8);
    yg_attr attrs[MAX_ATTRS];
    read_attrs(op, json_object_get(entry, "attrs"), attrs, c);

    yg_graph *graph = yg_graph_new(yg_ops(), flags);
    yg_type types[8];
    yg_node inputs[8], results[SAMPLE_RESULTS], cotangents[SAMPLE_RESULTS], out[8];
    for (size_t k = 0; k < count; k++) {
        types[k] = read_type(json_array_get(operands, k), c);
        inputs[k] = yg_input(graph, "operand", &types[k]);
    }
    const size_t made = yg_apply_all(graph, op, inputs, count, attrs, results, SAMPLE_RESULTS);
    cr_assert_null(yg_graph_error(graph), "%s: %s", where(c), yg_graph_error(graph)->message);
    cr_assert_eq(made, json_array_size(expected), "%s: %zu results, PyTorch has %zu", where(c),
                 made, json_array_size(expected));
    yg_node outputs[SAMPLE_RESULTS + 8];
    size_t used = 0;
    for (size_t i = 0; i < made; i++)
        outputs[used++] = results[i];
    if (slopes) {
        const yg_node sum = total(graph, results, made, cotangents);
        cr_assert(yg_grad(graph, sum, YG_NONE, inputs, count, out), "%s: %s", where(c),
                  yg_graph_error(graph) ? yg_graph_error(graph)->message : "no gradient");
        for (size_t k = 0; k < count; k++) {
            if (out[k] != YG_NONE)
                outputs[used++] = out[k];
        }
    }

    yg_error error = {0};
    yg_program *program = yg_compile(graph, outputs, used, NULL, 0, NULL, &error);
    cr_assert_not_null(program, "%s: %s", where(c), error.message);
    for (size_t k = 0; k < count; k++)
        fill(program, inputs[k], &types[k], json_object_get(json_array_get(operands, k), "data"));
    for (size_t i = 0; slopes && i < made; i++)
        if (cotangents[i] != YG_NONE)
            fill(program, cotangents[i], yg_node_type(graph, results[i]),
                 json_array_get(json_object_get(entry, "cotangents"), i));
    cr_assert(yg_program_run(program, 0, 0, &error), "%s: %s", where(c), error.message);

    for (size_t i = 0; i < made; i++) {
        const json_t *result = json_array_get(expected, i);
        const yg_type wanted = read_type(result, c), *type = yg_node_type(graph, results[i]);
        char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
        cr_assert(yg_type_equal(type, &wanted), "%s: result %zu is %s, PyTorch's %s", where(c), i,
                  yg_type_text(type, a), yg_type_text(&wanted, b));
        compare(program, type, results[i], json_object_get(result, "data"), "result", i, c);
    }
    for (size_t k = 0; slopes && k < count; k++) {
        const json_t *slope = json_array_get(slopes, k);
        if (!json_is_null(slope))
            compare(program, &types[k], out[k], slope, "gradient", k, c);
    }
    yg_program_free(program);
    yg_graph_free(graph);
}

static void run_file(const char *name, json_t *cases, void *flags) {
    json_t *entry;
    size_t i;
    json_array_foreach(cases, i, entry) {
        context c = {
            .file = name, .op = json_string_value(json_object_get(entry, "op")), .number = i};
        json_t *operand;
        size_t k;
        json_array_foreach(json_object_get(entry, "operands"), k, operand) {
            const yg_type type = read_type(operand, &c);
            char text[YG_TYPE_TEXT];
            const size_t used = strlen(c.operands);
            snprintf(c.operands + used, sizeof c.operands - used, "%s%s", k ? ", " : "",
                     yg_type_text(&type, text));
        }
        const yg_op *op = yg_op_find(yg_ops(), c.op);
        cr_assert_not_null(op, "%s: there is no operator %s", name, c.op);
        run_case(op, entry, *(unsigned *)flags, &c);
    }
}

Test(pytorch, values_and_gradients) {
    unsigned flags = YG_GRAPH_F64;
    each_file(run_file, &flags);
}

Test(pytorch, values_and_gradients_without_simplification) {
    unsigned flags = YG_GRAPH_F64 | YG_GRAPH_NO_SIMPLIFY;
    each_file(run_file, &flags);
}

static void mark(const char *name, json_t *cases, void *found) {
    (void)name;
    json_t *entry;
    size_t i;
    json_array_foreach(cases, i, entry) {
        const char *op = json_string_value(json_object_get(entry, "op"));
        for (size_t k = 0; k < yg_ops()->count; k++) {
            if (strcmp(yg_ops()->ops[k]->name, op) == 0)
                ((bool *)found)[k] = true;
        }
    }
}

Test(pytorch, every_public_operator_has_a_case) {
    const yg_op_set *ops = yg_ops();
    bool *found = calloc(ops->count, sizeof *found);
    cr_assert_not_null(found);
    each_file(mark, found);
    for (size_t i = 0; i < ops->count; i++)
        cr_expect(found[i] || ops->ops[i]->flags & YG_OP_INTERNAL,
                  "%s has no case in tests/fixtures/operators: see cases.py there",
                  ops->ops[i]->name);
    free(found);
}
