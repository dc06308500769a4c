/*
 * The error for a part of the data whose loss is not finite. Private to train/.
 */
#ifndef YG_TRAIN_NOT_FINITE_SCORES_H
#define YG_TRAIN_NOT_FINITE_SCORES_H

#include "executables.h"

/* A part that was scored. */
typedef struct yg_not_finite_part {
    yg_executables *executables; /* they have scored it */
    yg_data *data;
    const yg_part *part;
    const char *name;         /* of its key in `data:`; another one: it is of none */
    const char *words, *when; /* for the message: "validation part", "after step 3"; `when` may be
                                 NULL */
    int64_t batch_size;
    const char *folder;     /* where the batch is kept; NULL: it is not kept */
    size_t parameter_count; /* of the executables' store */
    void *const *values;    /* of the parameters; NULL: those of the store */
} yg_not_finite_part;

/* Fills in the error. `loss` is not finite. Always returns false. */
bool yg_not_finite_part_fail(const yg_not_finite_part *part, double loss, yg_error *error);

#endif
