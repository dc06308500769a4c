/*
 * Layers against PyTorch's: outputs, gradients of all parameters, and
 * what states become, from the files of
 * tests/fixtures/layers (see cases.py there for their form and how they are made).
 */
#include "model_text.h"
#include "network_run.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Element i of a tensor: as in cases.py. */
static double value(const char *name, size_t i) {
    unsigned seed = 0;
    for (const char *c = name; *c != '\0'; c++)
        seed = (31 * seed + (unsigned char)*c) % 65521;
    return 0.9 * sin((double)seed + 0.7 * (double)i);
}

/* States are greater by 1, so that a variance is positive. */
static void fill(network_run *run, const char *name, yg_node node, bool state,
                 const json_t *integers) {
    const size_t count = (size_t)yg_type_count(yg_node_type(yg_network_graph(run->network), node));
    const json_t *numbers = json_object_get(integers, name);
    double *values = malloc((count + 1) * sizeof *values);
    cr_assert_not_null(values);
    cr_assert(!numbers || json_array_size(numbers) == count, "%s", name);
    for (size_t i = 0; i < count; i++)
        values[i] = numbers ? (double)json_integer_value(json_array_get(numbers, i))
                            : value(name, i) + state;
    /* An evaluation may leave a state unread; it then has no memory. */
    cr_assert(network_run_set(run, name, values) || state, "%s", name);
    free(values);
}

static void fill_all(network_run *run, const json_t *integers) {
    size_t count;
    const yg_tensor_name *inputs = yg_network_inputs(run->network, &count);
    for (size_t i = 0; i < count; i++)
        fill(run, inputs[i].name, inputs[i].node, false, integers);
    const yg_network_parameter *parameters = yg_network_parameters(run->network, &count);
    for (size_t i = 0; i < count; i++)
        fill(run, parameters[i].name, parameters[i].node, parameters[i].state, integers);
}

static void expect_near(double found, double expected, const char *name, const char *what) {
    cr_expect(fabs(found - expected) <= 1e-10 * fmax(1, fabs(expected)), "%s, %s: %.15g, not %.15g",
              name, what, found, expected);
}

static void check_outputs(const network_run *run, const json_t *expected, const char *name) {
    const char *output;
    json_t *values;
    json_object_foreach((json_t *)(uintptr_t)expected, output, values) {
        size_t count;
        double *found = network_run_get(run, output, &count);
        cr_assert(found && count == json_array_size(values), "%s, %s", name, output);
        for (size_t i = 0; i < count; i++)
            expect_near(found[i], json_number_value(json_array_get(values, i)), name, output);
        free(found);
    }
}

/* Compares what states become. */
static void check_updates(const network_run *run, const json_t *expected, const char *name) {
    const char *state;
    json_t *values;
    size_t updates;
    yg_network_updates(run->network, &updates);
    cr_assert_eq(updates, json_object_size(expected), "%s: %zu updates, not %zu", name, updates,
                 json_object_size(expected));
    json_object_foreach((json_t *)(uintptr_t)expected, state, values) {
        char text[300];
        size_t count;
        snprintf(text, sizeof text, "update %s", state);
        double *found = network_run_get(run, text, &count);
        cr_assert(found && count == json_array_size(values), "%s, %s", name, text);
        for (size_t i = 0; i < count; i++)
            expect_near(found[i], json_number_value(json_array_get(values, i)), name, text);
        free(found);
    }
}

/* Compares the gradients of all parameters, by their inner products. */
static void check_gradients(const network_run *run, const json_t *expected, const char *name) {
    size_t count, elements;
    const yg_network_parameter *parameters = yg_network_parameters(run->network, &count);
    while (count > 0 && parameters[count - 1].state)
        count--;
    cr_assert_eq(count, json_object_size(expected), "%s: %zu parameters, not %zu", name, count,
                 json_object_size(expected));
    for (size_t p = 0; p < count; p++) {
        const json_t *products = json_object_get(expected, parameters[p].name);
        char text[300];
        snprintf(text, sizeof text, "gradient %s", parameters[p].name);
        double *found = network_run_get(run, text, &elements);
        cr_assert(found && products, "%s, %s", name, text);
        for (size_t k = 0; k < json_array_size(products); k++) {
            double product = 0;
            snprintf(text, sizeof text, "%zu.%s", k, parameters[p].name);
            for (size_t i = 0; i < elements; i++)
                product += found[i] * value(text, i);
            expect_near(product, json_number_value(json_array_get(products, k)), name, text);
        }
        free(found);
    }
}

static void check_case(const json_t *one, const yg_compile_options *compiling) {
    const char *name = json_string_value(json_object_get(one, "name")), *dim;
    yg_error error = {0};
    yg_model *model = model_from_text(json_string_value(json_object_get(one, "model")), &error);
    cr_assert_not_null(model, "%s: %d:%d: %s", name, (int)error.line, (int)error.column,
                       error.message);
    yg_dim dims[4];
    size_t count = 0;
    json_t *size;
    json_object_foreach(json_object_get(one, "dims"), dim, size) {
        cr_assert(count < 4);
        dims[count++] = (yg_dim){dim, json_integer_value(size)};
    }
    const yg_network_options options = {.dims = dims,
                                        .dim_count = count,
                                        .training =
                                            !json_is_true(json_object_get(one, "evaluation")),
                                        .dtype = YG_F64};
    network_run run;
    cr_assert(network_run_compile(&run, model, &options, compiling, &error), "%s: %s", name,
              error.message);
    fill_all(&run, json_object_get(one, "integers"));
    cr_assert(yg_program_run(run.program, 1, 1, &error), "%s: %s", name, error.message);
    check_outputs(&run, json_object_get(one, "outputs"), name);
    check_updates(&run, json_object_get(one, "updates"), name);
    check_gradients(&run, json_object_get(one, "gradients"), name);
    network_run_close(&run);
    yg_model_free(model);
}

Test(pytorch_layers, give_its_outputs_and_gradients) {
    const yg_compile_options plain = {0};
    const yg_compile_options units = {.without = (const char *const[]){"unroll"},
                                      .without_count = 1};
    DIR *folder = opendir(YG_FIXTURES "/layers");
    cr_assert_not_null(folder);
    size_t files = 0;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        const char *ending = strrchr(entry->d_name, '.');
        if (!ending || strcmp(ending, ".json") != 0)
            continue;
        char path[sizeof YG_FIXTURES + 300];
        snprintf(path, sizeof path, YG_FIXTURES "/layers/%s", entry->d_name);
        json_error_t error;
        json_t *root = json_load_file(path, 0, &error), *one;
        cr_assert_not_null(root, "%s:%d: %s", path, error.line, error.text);
        size_t i;
        cr_assert_gt(json_array_size(json_object_get(root, "cases")), 0, "%s", path);
        json_array_foreach(json_object_get(root, "cases"), i, one) {
            check_case(one, &plain);
            check_case(one, &units);
        }
        json_decref(root);
        files++;
    }
    closedir(folder);
    cr_assert_gt(files, 0);
}
