/*
 * The layer library and what places layers: each model by layers computes bit for bit what the same
 * model by operators does, outputs, loss and gradients, with the same parameters in the same order.
 */
#include "graph/file.h"
#include "graph/random.h"
#include "layer_twins.h"
#include "model_text.h"
#include "network_run.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "format: 1\n"

static void fail_with(const char *name, const yg_error *error) {
    char text[1600];
    yg_error_text(error, text, sizeof text);
    cr_assert_fail("%s: %s", name, text);
}

static void open_run(const char *name, const char *text, yg_dtype dtype, bool training,
                     yg_model **model, network_run *run) {
    static const yg_dim dims[] = {{"B", 3}, {"T", 5}};
    const yg_network_options options = {
        .dims = dims, .dim_count = 2, .training = training, .dtype = dtype};
    yg_error error = {0};
    *model = model_from_text(text, &error);
    if (*model == NULL || !network_run_open(run, *model, &options, &error))
        fail_with(name, &error);
    network_run_draw(run, 7);
}

/* The same values in both, drawn by the parameter's number. */
static void fill_parameters(network_run *run) {
    size_t count;
    const yg_network_parameter *parameters = yg_network_parameters(run->network, &count);
    yg_graph *graph = yg_network_graph(run->network);
    for (size_t i = 0; i < count; i++) {
        const yg_type *type = yg_node_type(graph, parameters[i].node);
        void *data = yg_program_data(run->program, parameters[i].node);
        cr_assert_not_null(data, "%s is not used", parameters[i].name);
        for (int64_t k = 0; k < yg_type_count(type); k++)
            yg_element_set(type->dtype, data, k, yg_random_normal(3, i, (uint64_t)k));
    }
}

static void expect_equal(const char *name, const char *what, const double *a, const double *b,
                         size_t count) {
    for (size_t i = 0; i < count; i++) {
        const double scale = fmax(1, fabs(a[i]));
        cr_expect(fabs(a[i] - b[i]) <= 1e-13 * scale,
                  "%s: %s[%zu] is %.17g by layers, %.17g by "
                  "operators",
                  name, what, i, a[i], b[i]);
    }
}

static void compare(const char *name, const network_run *a, const network_run *b) {
    size_t count, other, outputs;
    const yg_tensor_name *output = yg_network_outputs(a->network, &outputs);
    const yg_tensor_name *twin_output = yg_network_outputs(b->network, &other);
    for (size_t i = 0; i < outputs; i++) {
        double *x = network_run_get(a, output[i].name, &count);
        double *y = network_run_get(b, twin_output[i].name, &other);
        cr_assert_eq(count, other);
        expect_equal(name, output[i].name, x, y, count);
        free(x);
        free(y);
    }
    const yg_network_parameter *left = yg_network_parameters(a->network, &count);
    const yg_network_parameter *right = yg_network_parameters(b->network, &other);
    cr_assert_eq(count, other, "%s: %zu parameters by layers, %zu by operators", name, count,
                 other);
    for (size_t i = 0; i < count; i++) {
        char first[100], second[100];
        size_t size, twin_size;
        snprintf(first, sizeof first, "gradient %s", left[i].name);
        snprintf(second, sizeof second, "gradient %s", right[i].name);
        double *x = network_run_get(a, first, &size);
        double *y = network_run_get(b, second, &twin_size);
        cr_assert_eq(size, twin_size);
        expect_equal(name, first, x, y, size);
        free(x);
        free(y);
    }
}

Test(layers, agree_with_operators) {
    for (size_t i = 0; i < layer_twin_count; i++) {
        const layer_twin *t = &layer_twins[i];
        yg_model *models[2];
        network_run runs[2];
        yg_error error = {0};
        for (size_t k = 0; k < 2; k++) {
            open_run(t->name, k == 0 ? t->layers : t->operators, YG_F64, false, &models[k],
                     &runs[k]);
            fill_parameters(&runs[k]);
            if (!yg_program_run(runs[k].program, 0, 0, &error))
                fail_with(t->name, &error);
        }
        compare(t->name, &runs[0], &runs[1]);
        char names[400] = "";
        size_t count;
        const yg_network_parameter *parameters = yg_network_parameters(runs[0].network, &count);
        for (size_t k = 0; k < count; k++) {
            strncat(names, k > 0 ? " " : "", sizeof names - strlen(names) - 1);
            strncat(names, parameters[k].name, sizeof names - strlen(names) - 1);
        }
        cr_expect_str_eq(names, t->parameters, "%s: %s", t->name, names);
        for (size_t k = 0; k < 2; k++) {
            network_run_close(&runs[k]);
            yg_model_free(models[k]);
        }
    }
}

/* Whether a text places a layer of this type. */
static bool places(const char *text, const char *type) {
    const size_t length = strlen(type);
    for (const char *at = strstr(text, "type: "); at; at = strstr(at + 1, "type: ")) {
        const char after = strncmp(at + 6, type, length) == 0 ? at[6 + length] : 'x';
        if (after == '}' || after == ',' || after == '\n' || after == '\\')
            return true;
    }
    return false;
}

/* Whether a layer is compared with PyTorch's (test_pytorch_layers.c). */
static bool has_fixture(const char *type) {
    DIR *folder = opendir(YG_FIXTURES "/layers");
    bool found = false;
    cr_assert_not_null(folder);
    for (const struct dirent *entry; !found && (entry = readdir(folder)) != NULL;) {
        const char *ending = strrchr(entry->d_name, '.');
        char path[sizeof YG_FIXTURES + 300];
        snprintf(path, sizeof path, YG_FIXTURES "/layers/%s", entry->d_name);
        if (!ending || strcmp(ending, ".json") != 0)
            continue;
        size_t size;
        yg_error error = {0};
        char *text = yg_file_read(path, SIZE_MAX, &size, &error);
        cr_assert_not_null(text, "%s", error.message);
        found = places(text, type);
        free(text);
    }
    closedir(folder);
    return found;
}

/* Every layer of the library must be in the table of twins, or be compared with PyTorch's.
 */
Test(layers, every_layer_is_tested) {
    cr_assert(yg_layer_count() >= 7);
    for (size_t i = 0; i < yg_layer_count(); i++) {
        const char *type = yg_layer_name(i);
        bool found = false;
        for (size_t k = 0; k < layer_twin_count; k++)
            found = found || places(layer_twins[k].layers, type);
        cr_expect(found || has_fixture(type), "no test places '%s'", type);
        cr_expect_not_null(strstr(yg_layer_text(type), "doc:"));
    }
    cr_expect_null(yg_layer_text("no_such_layer"));
    cr_expect_null(yg_layer_name(yg_layer_count()));
}

/* What `show` lists: nodes of the graph, the layers in them, copies. */
Test(layers, are_listed_with_depth_and_parameters) {
    static const char text[] = HEAD "inputs: {x: [B, 4]}\n"
                                    "graph:\n"
                                    "  s: x * 2\n"
                                    "  h: {type: mlp, hidden_features: [5, 3], out_features: 2}\n"
                                    "outputs: [h]\n"
                                    "loss: sum(h) + sum(s)\n";
    static const struct {
        const char *name, *type;
        int depth;
        int64_t parameters;
    } expected[] = {{"s", "", 0, 0},
                    {"h", "mlp", 0, 51},
                    {"h.hidden", "linear", 1, 43},
                    {"h.hidden.0", "linear", 2, 25},
                    {"h.hidden.1", "linear", 2, 18},
                    {"h.out", "linear", 1, 8}};
    yg_model *model;
    network_run run;
    size_t count;
    open_run("mlp", text, YG_F32, false, &model, &run);
    const yg_network_layer *layers = yg_network_layers(run.network, &count);
    cr_assert_eq(count, sizeof expected / sizeof *expected, "%zu", count);
    for (size_t i = 0; i < count; i++) {
        cr_expect_str_eq(layers[i].name, expected[i].name);
        cr_expect_str_eq(layers[i].type, expected[i].type);
        cr_expect_eq(layers[i].depth, expected[i].depth, "%s", layers[i].name);
        cr_expect_eq(layers[i].parameters, expected[i].parameters, "%s", layers[i].name);
        cr_expect_neq(layers[i].output, YG_NONE);
    }
    cr_expect_eq(layers[0].origin.line, 4);
    cr_expect_eq(layers[1].origin.line, 5);
    network_run_close(&run);
    yg_model_free(model);
}
