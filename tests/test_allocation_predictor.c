/*
 * Predictors: they answer as `predict` does, to several threads at the same time, and allocate
 * nothing in a call.
 */
#include "data/table.h"
#include "fault_injection.h"
#include "train/predict.h"
#include "train/predictor.h"
#include "trained.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static yg_model *load(const char *name) {
    yg_error error = {0};
    char path[300];
    snprintf(path, sizeof path, "%s/models/%s.yaml", YG_SOURCE, name);
    yg_model *model = yg_model_load(path, NULL, &error);
    cr_assert_not_null(model, "%s: %s", name, error.message);
    return model;
}

/* Trains for one epoch and returns the path of the weights. */
static const char *train_once(const workspace *w, const yg_model *model) {
    yg_error error = {0};
    yg_train_result result;
    const yg_train_options options = {
        .out = workspace_path(w, "run"), .threads = 1, .has_epochs = true, .epochs = 1};
    cr_assert(yg_train(model, &options, &result, &error), "%s", error.message);
    yg_train_result_free(&result);
    return workspace_path(w, "run/weights.safetensors");
}

/* What `predict` answers for all rows of a table. */
static yg_tensor_file predict_all(const workspace *w, const yg_model *model, const char *weights,
                                  const char *table) {
    yg_error error = {0};
    yg_tensor_file answers = {0};
    char out[200];
    snprintf(out, sizeof out, "%s", workspace_path(w, "answers.safetensors"));
    const yg_predict_options options = {.weights = weights,
                                        .batch_size = 1,
                                        .threads = 1,
                                        .files = &table,
                                        .file_count = 1,
                                        .out_arrays = out};
    cr_assert(yg_predict(model, &options, NULL, NULL, NULL, NULL, &error), "%s", error.message);
    cr_assert(yg_safetensors_read(out, &answers, &error), "%s", error.message);
    return answers;
}

/* Memory for the outputs of a call. */
typedef struct room {
    size_t count;
    void *outputs[8];
} room;

static room make_room(const yg_predictor *predictor) {
    room r = {0};
    const yg_predictor_tensor *outputs = yg_predictor_outputs(predictor, &r.count);
    cr_assert(r.count > 0 && r.count <= 8);
    for (size_t o = 0; o < r.count; o++)
        r.outputs[o] = calloc((size_t)yg_type_bytes(&outputs[o].type) + 1, 1);
    return r;
}

static void free_room(room *r) {
    for (size_t o = 0; o < r->count; o++)
        free(r->outputs[o]);
}

/* The outputs of a call must be example `row` of the answers, to the bit. */
static void expect_answer(const yg_predictor *predictor, const room *r,
                          const yg_tensor_file *answers, int64_t row, const char *what) {
    size_t count;
    const yg_predictor_tensor *outputs = yg_predictor_outputs(predictor, &count);
    for (size_t o = 0; o < count; o++) {
        const yg_tensor *answer = yg_tensor_find(answers, outputs[o].name);
        const size_t size = (size_t)yg_type_bytes(&outputs[o].type);
        cr_assert_not_null(answer);
        cr_assert_eq(memcmp(r->outputs[o], (const char *)answer->data + (size_t)row * size, size),
                     0, "%s: output '%s' of row %d differs", what, outputs[o].name, (int)row);
    }
}

/* The cells of a record, in the order of the predictor's columns. */
static void choose(const yg_predictor *predictor, const yg_table *table, const yg_records *records,
                   yg_cell *cells) {
    size_t count;
    const char *const *columns = yg_predictor_columns(predictor, &count);
    for (size_t i = 0; i < count; i++) {
        const size_t index = yg_table_find(table, columns[i]);
        cr_assert(index != SIZE_MAX, "no column %s", columns[i]);
        cells[i] = records->cells[index];
    }
}

/* ------------------------------------------------------------------------------------- rows -- */

/* Models over a table: numbers, categories with gaps, dates, texts, units of several kinds. */
static const struct {
    const char *model, *table;
} tables[] = {
    {"iris", "iris"},         {"breast_cancer", "breast_cancer"},
    {"diabetes", "diabetes"}, {"penguins", "penguins"},
    {"co2", "co2"},           {"messages", "messages"},
};

enum { ROWS = 150, CELLS = 64 };

static void check_rows(const char *name, const char *file) {
    const workspace w = workspace_make();
    yg_error error = {0};
    char path[300], weights[200];
    snprintf(path, sizeof path, "%s/models/data/%s.csv", YG_SOURCE, file);
    yg_model *model = load(name);
    snprintf(weights, sizeof weights, "%s", train_once(&w, model));
    yg_tensor_file answers = predict_all(&w, model, weights, path);
    yg_predictor *predictor =
        yg_predictor_open(model, &(yg_predictor_options){.weights = weights, .seats = 1}, &error);
    cr_assert_not_null(predictor, "%s: %s", name, error.message);
    room r = make_room(predictor);
    yg_table *table =
        yg_table_open(&yg_table_csv, &(yg_table_request){.path = path, .name = path}, &error);
    cr_assert_not_null(table, "%s", error.message);
    yg_records records;
    for (int64_t row = 0; row < ROWS && yg_table_next(table, 1, false, &records, &error) == 1;
         row++) {
        yg_cell cells[CELLS];
        choose(predictor, table, &records, cells);
        fault_injection_begin(0);
        const bool good = yg_predictor_row(predictor, cells, r.outputs, &error);
        const fault_report report = fault_injection_end();
        cr_assert(good, "%s, row %d: %s", name, (int)row, error.message);
        cr_assert(report.asked == 0 || row < 50, "%s: row %d allocates", name, (int)row);
        expect_answer(predictor, &r, &answers, row, name);
    }
    yg_table_close(table);
    free_room(&r);
    yg_predictor_close(predictor);
    yg_tensor_file_free(&answers);
    yg_model_free(model);
    workspace_remove(&w);
}

Test(predictor, answers_rows_as_predict_does_and_allocates_nothing) {
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        check_rows(tables[i].model, tables[i].table);
}

Test(predictor, tells_the_class) {
    const workspace w = workspace_make();
    yg_error error = {0};
    yg_model *model = load("iris");
    char weights[200];
    snprintf(weights, sizeof weights, "%s", train_once(&w, model));
    yg_predictor *predictor =
        yg_predictor_open(model, &(yg_predictor_options){.weights = weights, .batch = 2}, &error);
    cr_assert_not_null(predictor, "%s", error.message);
    size_t count;
    const yg_predictor_tensor *outputs = yg_predictor_outputs(predictor, &count);
    cr_expect_eq(outputs[0].type.shape[0], 2);
    const float scores[2][3] = {{0, 1, 0.5F}, {0.25F, 0, 0.25F}};
    int64_t index;
    cr_expect_str_eq(yg_predictor_label(predictor, (const void *[]){scores}, 0, &index),
                     "versicolor");
    cr_expect_eq(index, 1);
    cr_expect_str_eq(yg_predictor_label(predictor, (const void *[]){scores}, 1, NULL), "setosa");
    yg_predictor_close(predictor);
    yg_model_free(model);
    workspace_remove(&w);
}

/* ---------------------------------------------------------------------------------- tensors -- */

/* Formulas, means, whole numbers and units, in both types. */
Test(predictor, answers_tensors_as_predict_does) {
    const workspace w = workspace_make();
    yg_error error = {0};
    yg_model *model =
        workspace_model(&w, "t.yaml",
                        "format: 1\n"
                        "name: changed\n"
                        "inputs: {x: [B, 3], k: {shape: [B], dtype: i64}}\n"
                        "targets: {y: [B]}\n"
                        "params: {p: {shape: [1], init: ones}}\n"
                        "graph: {h: \"p * sum(x, dim=1) + k\"}\n"
                        "outputs: {h: h, y: {value: h, units: y}}\n"
                        "loss: mse(h, y)\n"
                        "data:\n"
                        "  train: {x: [[1, 2, 4], [3, 5, 9]], k: [3, 4], y: [10, 30]}\n"
                        "  transform: {x: log(x), k: k * 2}\n"
                        "  standardize: [x, y]\n"
                        "train: {epochs: 1, optimizer: {type: sgd, lr: 0.1}}\n");
    char weights[200], in[200];
    snprintf(weights, sizeof weights, "%s", train_once(&w, model));
    static const double x[2][3] = {{2, 3, 4}, {5, 6, 7}};
    static const float x_f32[2][3] = {{2, 3, 4}, {5, 6, 7}};
    static const int64_t k[2] = {-1, 7};
    yg_type type_x, type_k;
    yg_type_make(YG_F64, 2, (int64_t[]){2, 3}, &type_x, NULL);
    yg_type_make(YG_I64, 1, (int64_t[]){2}, &type_k, NULL);
    yg_tensor_file file = {0};
    cr_assert(yg_tensor_file_add(&file, "x", &type_x, x, &error) &&
              yg_tensor_file_add(&file, "k", &type_k, k, &error));
    snprintf(in, sizeof in, "%s", workspace_path(&w, "in.safetensors"));
    cr_assert(yg_safetensors_write(in, &file, &error));
    yg_tensor_file_free(&file);
    for (int wide = 0; wide < 2; wide++) {
        yg_tensor_file answers = {0}, parameters = {0};
        char out[200];
        snprintf(out, sizeof out, "%s", workspace_path(&w, "out.safetensors"));
        const yg_dtype dtype = wide ? YG_F64 : YG_F32;
        cr_assert(
            yg_predict(model,
                       &(yg_predict_options){
                           .weights = weights, .dtype = dtype, .in_arrays = in, .out_arrays = out},
                       NULL, NULL, NULL, NULL, &error),
            "%s", error.message);
        cr_assert(yg_safetensors_read(out, &answers, &error));
        cr_assert(yg_safetensors_read(weights, &parameters, &error));
        /* Weights from a file, and from memory. */
        for (int memory = 0; memory < 2; memory++) {
            yg_predictor *predictor =
                yg_predictor_open(model,
                                  &(yg_predictor_options){.weights = memory ? NULL : weights,
                                                          .tensors = memory ? &parameters : NULL,
                                                          .batch = 2,
                                                          .dtype = dtype},
                                  &error);
            cr_assert_not_null(predictor, "%s", error.message);
            size_t count;
            const yg_predictor_tensor *inputs = yg_predictor_inputs(predictor, &count);
            cr_assert_eq(count, 2);
            cr_expect_str_eq(inputs[0].name, "x");
            cr_expect_eq(inputs[0].type.dtype, dtype);
            cr_expect_eq(yg_type_count(&inputs[0].type), 6);
            cr_expect_eq(inputs[1].type.dtype, YG_I64);
            room r = make_room(predictor);
            const void *given[] = {wide ? (const void *)x : x_f32, k};
            cr_assert(yg_predictor_run(predictor, given, r.outputs, &error), "%s", error.message);
            expect_answer(predictor, &r, &answers, 0, "tensors");
            free_room(&r);
            yg_predictor_close(predictor);
        }
        yg_tensor_file_free(&answers);
        yg_tensor_file_free(&parameters);
    }
    yg_model_free(model);
    workspace_remove(&w);
}

/* ---------------------------------------------------------------------------------- threads -- */

enum { THREADS = 4, CALLS = 2000 };

typedef struct caller {
    yg_predictor *predictor;
    int number, wrong;
} caller;

static void *call(void *opaque) {
    caller *c = opaque;
    for (int i = 0; i < CALLS; i++) {
        const double x = (double)(i * THREADS + c->number);
        double outputs[1] = {0};
        yg_error error = {0};
        const yg_cell cell = yg_cell_of_number(x);
        const bool good = i % 2 ? yg_predictor_row(c->predictor, &cell, (void *[]){outputs}, &error)
                                : yg_predictor_run(c->predictor, (const void *[]){&x},
                                                   (void *[]){outputs}, &error);
        c->wrong += !good || outputs[0] != 2 * x + 1;
    }
    return NULL;
}

/* More threads than seats, so that some wait. */
Test(predictor, answers_several_threads_at_the_same_time) {
    const workspace w = workspace_make();
    yg_error error = {0};
    yg_model *model = exact_model(&w, "x: [B]", "  y: 2 * h + 1\n", "x: [1, 2]");
    for (int seats = 1; seats <= 3; seats++) {
        yg_predictor *predictor = yg_predictor_open(
            model,
            &(yg_predictor_options){.weights = workspace_path(&w, "run/weights.safetensors"),
                                    .dtype = YG_F64,
                                    .seats = seats},
            &error);
        cr_assert_not_null(predictor, "%s", error.message);
        caller callers[THREADS];
        pthread_t threads[THREADS];
        for (int i = 0; i < THREADS; i++) {
            callers[i] = (caller){predictor, i, 0};
            cr_assert_eq(pthread_create(&threads[i], NULL, call, &callers[i]), 0);
        }
        for (int i = 0; i < THREADS; i++) {
            pthread_join(threads[i], NULL);
            cr_expect_eq(callers[i].wrong, 0, "%d wrong answers with %d seats", callers[i].wrong,
                         seats);
        }
        yg_predictor_close(predictor);
    }
    yg_model_free(model);
    workspace_remove(&w);
}

/* ----------------------------------------------------------------------------------- faults -- */

static const struct {
    const char *inputs;
    yg_predictor_options options;
    yg_cell cell;
    const char *message; /* of opening, or of a call */
} faults[] = {
    {"x: [B]", {.batch = -1}, {0}, "cannot be negative"},
    {"x: [B]", {.seats = 65}, {0}, "has 64 seats at most"},
    {"x: [B]", {.weights = "none.safetensors"}, {0}, "there are no weights 'none.safetensors'"},
    {"x: [B]",
     {.dims = &(yg_dim){"T", 3}, .dim_count = 1},
     {0},
     "no input or target has a dimension 'T' besides the batch"},
    {"x: [B]", {0}, {.kind = YG_CELL_NONE}, "a row: row 1, column 'x': a missing value"},
    {"x: [B]", {0}, {.kind = YG_CELL_TEXT, .text = "seven", .size = 5}, "'seven'"},
    {"x: [B]", {0}, {.kind = YG_CELL_TEXT, .text = "\xff", .size = 1}, "the text is not UTF-8"},
};

Test(predictor, tells_what_is_wrong) {
    const workspace w = workspace_make();
    yg_model *model = exact_model(&w, "x: [B]", "  y: 2 * h + 1\n", "x: [1, 2]");
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        yg_error error = {0};
        double output;
        char text[1600];
        yg_predictor_options options = faults[i].options;
        if (!options.weights)
            options.weights = workspace_path(&w, "run/weights.safetensors");
        options.dtype = YG_F64;
        yg_predictor *predictor = yg_predictor_open(model, &options, &error);
        if (predictor)
            cr_expect_not(
                yg_predictor_row(predictor, &faults[i].cell, (void *[]){&output}, &error));
        yg_error_text(&error, text, sizeof text);
        cr_expect_not_null(strstr(text, faults[i].message), "%s\nnot  %s", text, faults[i].message);
        yg_error later = {0};
        const yg_cell good = yg_cell_of_whole(3);
        if (predictor) /* a call that failed has left nothing behind */
            cr_expect(yg_predictor_row(predictor, &good, (void *[]){&output}, &later) &&
                      output == 7);
        yg_predictor_close(predictor);
    }
    yg_model_free(model);
    workspace_remove(&w);
}

Test(predictor, survives_any_allocation_that_fails) {
    const workspace w = workspace_make();
    char weights[200];
    yg_model *model = load("penguins");
    snprintf(weights, sizeof weights, "%s", train_once(&w, model));
    for (uint64_t n = 1;; n++) {
        yg_error error = {0};
        fault_injection_begin(n);
        yg_predictor *predictor = yg_predictor_open(
            model, &(yg_predictor_options){.weights = weights, .seats = 2}, &error);
        yg_predictor_close(predictor);
        const fault_report report = fault_injection_end();
        cr_assert_eq(report.left, 0, "allocation %d: %d are left", (int)n, (int)report.left);
        if (!report.failed)
            break;
        cr_assert(!predictor || error.code == YG_OK, "allocation %d", (int)n);
        cr_assert(predictor || error.code == YG_ERROR_MEMORY, "allocation %d: %s", (int)n,
                  error.message);
    }
    yg_model_free(model);
    workspace_remove(&w);
}
