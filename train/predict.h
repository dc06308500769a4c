/*
 * Prediction: a table or arrays in, CSV or arrays out, in batches, so that input of any length
 * takes constant memory.
 *
 * Arrays are .npy and .npz files of NumPy, or .safetensors, as the ending of the path says. An
 * input is the array of its name, a row an example; a .npy file is for the model's only input. The
 * columns and classes that training kept are not needed. An output is an array, in its own shape
 * and type; a .npy file is for the model's only output. No label is added. The file is written
 * whole or not at all.
 *
 * A table in: CSV, JSON Lines, an SQLite database, a text or images, as the ending of the name
 * says; otherwise a table of the kind that the model was trained on. Columns are found by the names
 * that the weights file remembers, in any order; other columns are ignored. A model that was
 * trained on rows of its own file remembers no columns. Then `x.0`, `x.1`, … (or `x`, for one
 * element) name the elements of input x. Or, if the model has one input, a file with exactly as
 * many columns as that has elements is taken as it is.
 *
 * CSV out: a column for each element of each output. An output a2 gives `a2` for one element, and
 * `a2.0`, `a2.1`, … for several. Where it has an element for each class of a target, the columns
 * are named after the classes, as `probability.setosa`. For such an output, and for one sigmoid
 * output and two classes, a last column holds the label of the most probable class; it has the name
 * of the target's column. An output that says `units: y` is in the units of y, also where y is
 * standardised (units.h). A target that was transformed is predicted as transformed, because a
 * formula is not inverted.
 */
#ifndef YG_TRAIN_PREDICT_H
#define YG_TRAIN_PREDICT_H

#include "../data/data.h"

#include <stdio.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

typedef struct yg_predict_options {
    const char *weights; /* a safetensors file; NULL: runs/NAME/weights.safetensors */
    int64_t batch_size;  /* 0: 256 */
    yg_dtype dtype;      /* as yg_evaluate_options.dtype */
    int threads;         /* 0: all cores */
    char delimiter; /* 0: rows are read with that of the training part, and written with a comma
                     */
    /* A file of arrays to read instead of `in`, which may then be NULL; NULL: a table is read. */
    const char *in_arrays;
    /* Tables to read one after the other instead of `in`, which may then be NULL: files of one
     * kind, or folders of images. */
    const char *const *files;
    size_t file_count;
    /* Columns of the table that are written before the predictions; "*" is all of them. */
    const char *const *keep;
    size_t keep_count;
    /* A file of arrays to write instead of `out`, which may then be NULL; NULL: CSV is written. */
    const char *out_arrays;
    /* Called with a sentence that the user should read, such as one about units. May be NULL. */
    void (*note)(void *context, const char *text);
    void *context;
} yg_predict_options;

/* Predicts all rows of `in` to `out`; both stay the caller's. Rows are answered when batch_size of
 * them have come, or the input pauses. If `in` is a pipe, nothing may have been read from it
 * before. `in_name` stands for the input in messages ("stdin", a path). *rows becomes the number of
 * predictions; `rows` and `options` may be NULL. False on failure: rows before the bad one may have
 * been written. */
bool yg_predict(const yg_model *model, const yg_predict_options *options, FILE *in,
                const char *in_name, FILE *out, int64_t *rows, yg_error *error);

/* Whether a path ends as a file of arrays does: .npy, .npz, .safetensors. */
bool yg_predict_is_array_path(const char *path);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
