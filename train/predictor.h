/*
 * A predictor: a trained model, ready to answer. It is made once; then any number of threads may
 * ask it at the same time.
 *
 *   yg_predictor *predictor = yg_predictor_open(model, NULL, &error);
 *   yg_cell row[] = {yg_cell_of_number(5.1), yg_cell_of_text("blue")};    as yg_predictor_columns()
 *   float scores[3];
 *   if (yg_predictor_row(predictor, row, (void *[]){scores}, &error))
 *       puts(yg_predictor_label(predictor, (const void *[]){scores}, 0, NULL));
 *
 * A call takes `batch` examples, as cells of a table's columns or as tensors of the model's inputs.
 * It does what `yamlgrad predict` does: categories, missing values, scales, transforms and
 * standardisation are those that the weights remember, and an output with `units` is told in these.
 *
 * A call takes one of the predictor's *seats*: a program with memory of its own. Nothing is
 * allocated in a call, except by columns of pictures, and by columns of texts when a longer text
 * comes than any before. Where all seats are taken, a call waits for one.
 */
#ifndef YG_TRAIN_PREDICTOR_H
#define YG_TRAIN_PREDICTOR_H

#include "../data/cell.h"
#include "../data/safetensors.h"
#include "../models/model.h"

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

typedef struct yg_predictor yg_predictor;

#define YG_PREDICTOR_SEATS 64 /* at most */

typedef struct yg_predictor_options {
    const char *weights; /* a safetensors file; NULL: runs/NAME/weights.safetensors */
    /* The same in memory, instead of the file, such as parameters that the program has trained
     * itself. It is copied. NULL: the file is read. */
    const yg_tensor_file *tensors;
    int64_t batch;  /* examples of a call; 0: 1 */
    yg_dtype dtype; /* YG_F32 or YG_F64; otherwise `train: dtype`, or YG_F32 */
    int seats;      /* calls at the same time, YG_PREDICTOR_SEATS at most; 0: one for each core */
    int threads;    /* that share the work of one call; 0: 1. More pay for large networks only */
    /* Sizes of symbolic dimensions that no columns decide. */
    const yg_dim *dims;
    size_t dim_count;
} yg_predictor_options;

/* An input or an output. */
typedef struct yg_predictor_tensor {
    const char *name; /* belongs to the predictor */
    yg_type type;     /* [batch, …]; floating-point ones have the predictor's dtype */
} yg_predictor_tensor;

/* Reads the weights and compiles a program for each seat. `options` may be NULL. The model must
 * outlive the predictor. NULL on failure; freed by yg_predictor_close(), when no call is going on.
 */
yg_predictor *yg_predictor_open(const yg_model *model, const yg_predictor_options *options,
                                yg_error *error);
void yg_predictor_close(yg_predictor *predictor); /* NULL is allowed */

/* What a call takes and gives, in the order of the model file; *count becomes their number. */
const yg_predictor_tensor *yg_predictor_inputs(const yg_predictor *predictor, size_t *count);
const yg_predictor_tensor *yg_predictor_outputs(const yg_predictor *predictor, size_t *count);

/* The columns of a row: those that the model was trained on; or, where it was trained on rows of
 * its own file, `x` or `x.0`, `x.1`, … for the elements of an input x. *count 0: rows cannot be
 * asked for, because an example is a window over several. */
const char *const *yg_predictor_columns(const yg_predictor *predictor, size_t *count);

/* Predicts `batch` examples from tensors: inputs[i] has the elements of input i, dense and
 * row-major. outputs[o] becomes output o; where it is NULL, that output is not told. Elements are
 * those that a table would have, before transform and standardisation. False on failure: then
 * outputs are undefined. May be called by several threads at the same time. */
bool yg_predictor_run(yg_predictor *predictor, const void *const *inputs, void *const *outputs,
                      yg_error *error);

/* The same from `batch` rows of cells: cells[row * columns + column]. */
bool yg_predictor_row(yg_predictor *predictor, const yg_cell *cells, void *const *outputs,
                      yg_error *error);

/* The name of an example's most probable class, from the outputs of a call; NULL where its target
 * has no names of classes. *index, which may be NULL, becomes the number of the class, or -1 where
 * no output decides one. */
const char *yg_predictor_label(const yg_predictor *predictor, const void *const *outputs,
                               int64_t example, int64_t *index);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
