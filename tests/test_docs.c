/*
 * The YAML files in the documents load: every ```yaml block of docs/ and README.md that begins with
 * "format: 1". A block after a line that ends in "`NAME`:" can be included under that name; files
 * without inputs (libraries and run files) are only written.
 */
#include "graph/file.h"
#include "network_run.h"
#include "train/gradients.h"
#include "train/optimizer.h"
#include "train/train.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FENCE "\n```yaml\n"

/* The name of a block's file: NAME if the line before it ends in "`NAME`:", or else "model.yaml".
 */
static const char *name_of_block(const char *text, const char *block, char *name, size_t size) {
    const char *end = block;
    while (end > text && end[-1] == '\n')
        end--;
    snprintf(name, size, "model.yaml");
    if (end - text < 3 || strncmp(end - 2, "`:", 2) != 0)
        return name;
    const char *start = end -= 2;
    while (start > text && start[-1] != '`' && start[-1] != '\n')
        start--;
    if (start > text && start[-1] == '`')
        snprintf(name, size, "%.*s", (int)(end - start), start);
    return name;
}

/* The number of the line in which `at` lies, from 1. */
static int line_of(const char *text, const char *at) {
    int line = 1;
    for (; text < at; text++)
        line += *text == '\n';
    return line;
}

/* What is done with each model of a document; a failure fails the test. `line` is the block's. */
typedef void model_function(const yg_model *model, const char *document, int line);

/* All blocks are written first, because a document may show a model before the file that it
 * includes. */
static size_t each_model(const char *document, const char *text, model_function *function) {
    size_t models = 0;
    const workspace w = workspace_make();
    for (int pass = 0; pass < 2; pass++) {
        for (const char *at = strstr(text, FENCE); at != NULL; at = strstr(at + 1, FENCE)) {
            const char *start = at + sizeof FENCE - 1;
            const char *end = strstr(start, "\n```");
            char name[100];
            yg_error error = {0};
            cr_assert_not_null(end, "%s:%d: the block has no end", document, line_of(text, start));
            if (strncmp(start, "format: 1\n", 10) != 0)
                continue;
            char *block = strndup(start, (size_t)(end + 1 - start));
            const bool model = strstr(block, "\ninputs:") != NULL;
            name_of_block(text, at, name, sizeof name);
            if (pass == 0 || model)
                workspace_write(&w, name, block);
            if (pass == 1 && model) {
                yg_model *loaded = yg_model_load(workspace_path(&w, name), NULL, &error);
                cr_expect_not_null(loaded, "%s:%d: line %d of the block: %s", document,
                                   line_of(text, start), error.line, error.message);
                if (loaded && function)
                    function(loaded, document, line_of(text, start));
                yg_model_free(loaded);
                models++;
            }
            free(block);
        }
    }
    workspace_remove(&w);
    return models;
}

static size_t check_file(const char *path, model_function *function) {
    size_t size;
    yg_error error = {0};
    char *text = yg_file_read(path, 1 << 20, &size, &error);
    cr_assert_not_null(text, "%s", error.message);
    const size_t models = each_model(path, text, function);
    free(text);
    return models;
}

Test(docs, models_load) {
    DIR *folder = opendir(YG_SOURCE "/docs");
    size_t models = 0;
    cr_assert_not_null(folder);
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        char path[600];
        const size_t length = strlen(entry->d_name);
        if (length < 3 || strcmp(entry->d_name + length - 3, ".md") != 0)
            continue;
        /* Its model names the operator that the walk adds: add_an_op.sh follows it. */
        if (strcmp(entry->d_name, "add-an-op.md") == 0)
            continue;
        snprintf(path, sizeof path, "%s/docs/%s", YG_SOURCE, entry->d_name);
        models += check_file(path, NULL);
    }
    closedir(folder);
    models += check_file(YG_SOURCE "/README.md", NULL);
    /* model-format.md has eight, add-a-layer.md three */
    cr_assert_geq(models, 11);
}

/* Sets every element of the inputs that are whole numbers to 1. */
static void set_whole_numbers(const network_run *run) {
    size_t count;
    const yg_tensor_name *ports = yg_network_inputs(run->network, &count);
    for (size_t i = 0; i < count; i++) {
        const yg_type *type = yg_node_type(yg_network_graph(run->network), ports[i].node);
        void *data = yg_program_data(run->program, ports[i].node);
        for (int64_t e = 0; data && !yg_dtype_is_float(type->dtype) && e < yg_type_count(type); e++)
            yg_element_set(type->dtype, data, e, 1);
    }
}

/* Runs a model with numbers in (0, 1), and 1 for each whole number: it is in range as an index, a
 * length or a label. */
static void run_example(const yg_model *model, const char *document, int line) {
    static const yg_dim dims[] = {{"B", 2}, {"T", 3}};
    const yg_network_options options = {
        .dims = dims, .dim_count = sizeof dims / sizeof *dims, .dtype = YG_F64};
    network_run run;
    yg_error error = {0};
    const bool opened = network_run_open(&run, model, &options, &error);
    cr_expect(opened, "%s:%d: %s", document, line, error.message);
    if (opened) {
        network_run_draw(&run, 1);
        set_whole_numbers(&run);
        const bool good =
            network_run_initialize(&run, 1, &error) && yg_program_run(run.program, 1, 0, &error);
        cr_expect(good, "%s:%d: %s", document, line, error.message);
    }
    network_run_close(&run);
}

/* ops.md and layers.md are made from the program itself: tests/reference.sh compares them. */
Test(docs, examples_of_the_reference_run) {
    cr_assert_geq(check_file(YG_SOURCE "/docs/ops.md", run_example), 150);
    cr_assert_geq(check_file(YG_SOURCE "/docs/layers.md", run_example), 40);
}

/* Those of the other documents run too, whatever their `data` and `train` say. */
Test(docs, examples_of_the_format_run) {
    cr_assert_geq(check_file(YG_SOURCE "/docs/model-format.md", run_example), 30);
    cr_assert_geq(check_file(YG_SOURCE "/docs/guide.md", run_example), 1);
}

/* Parts of `train` that stand alone, without a model: they are read as train() reads them. */
Test(docs, parts_of_train_are_read) {
    static const char *const documents[] = {"model-format.md", "several-processes.md"};
    size_t read = 0;
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        char path[600];
        size_t size;
        snprintf(path, sizeof path, "%s/docs/%s", YG_SOURCE, documents[i]);
        char *text = yg_file_read(path, 1 << 20, &size, NULL);
        cr_assert_not_null(text);
        for (const char *at = strstr(text, FENCE); at; at = strstr(at + 1, FENCE)) {
            const char *start = at + sizeof FENCE - 1;
            const bool train = strncmp(start, "train:", 6) == 0;
            yg_error error = {0};
            yg_optimizer optimizer;
            if (!train && strncmp(start, "optimizer:", 10) != 0)
                continue;
            yg_document *document = yg_document_parse(
                start, (size_t)(strstr(start, "\n```") + 1 - start), documents[i], &error);
            cr_assert_not_null(document, "%s:%d: %s", path, line_of(text, start), error.message);
            const yg_value *part = yg_document_root(document);
            part = train ? yg_value_get(part, "train") : part;
            cr_expect(yg_optimizer_read(yg_value_get(part, "optimizer"), &optimizer, &error),
                      "%s:%d: %s", path, line_of(text, start), error.message);
            yg_document_free(document);
            read++;
        }
        free(text);
    }
    cr_expect_geq(read, 3);
}

/* The model of add-a-layer.md: the gradients of its new layer are right, and it learns. */
Test(docs, the_new_layer_trains) {
    size_t size;
    yg_error error = {0};
    char *text = yg_file_read(YG_SOURCE "/docs/add-a-layer.md", 1 << 20, &size, &error);
    cr_assert_not_null(text);
    char *block = strstr(text, FENCE) + sizeof FENCE - 1;
    cr_assert_not_null(strstr(block, "gated_unit"));
    *strstr(block, "\n```") = '\0';
    const workspace w = workspace_make();
    yg_model *model = workspace_model(&w, "gated.yaml", block);
    free(text);
    yg_gradient_checks checks;
    cr_assert(yg_check_gradients(model, NULL, &checks, &error), "%s", error.message);
    cr_expect(checks.passed);
    cr_expect_eq(checks.count, 4, "%zu parameters were checked", checks.count);
    yg_gradient_checks_free(&checks);
    const yg_train_options options = {.out = workspace_path(&w, "run"), .threads = 1};
    yg_train_result result;
    cr_assert(yg_train(model, &options, &result, &error), "%s", error.message);
    cr_expect_eq(result.parameters, 41);
    cr_expect(result.training.loss < 0.05, "%g", result.training.loss);
    yg_train_result_free(&result);
    yg_model_free(model);
    workspace_remove(&w);
}
