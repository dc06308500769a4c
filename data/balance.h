/*
 * Balance: what `balance:` of the `data:` section does to the training part, so that rare classes
 * count as much as frequent ones. Private to the library.
 *
 *     balance: oversample                                # drawn more often
 *     balance: weights                                   # the target `weight` gets weights
 *     balance: {how: weights, by: y, into: importance}
 *
 * Of n training examples of k classes, a class may have m. With weights, each of them weighs
 * n / (k · m), as scikit-learn's "balanced". The weights are a target of the model, which its loss
 * uses: `mean(weight * cross_entropy(logits, y, reduction=none))`. No file has that target, and it
 * is not stored: it is computed from the class whenever a batch is filled. In other parts it is 1.
 *
 * Oversampling repeats examples until each class has as many as the largest: each of the m examples
 * comes floor(largest / m) times in an epoch. The rest of the division is drawn by the seed of the
 * splits, and these come once more. So an epoch is the same number of examples each time, and a
 * stream shuffles them like any others.
 */
#ifndef YG_DATA_BALANCE_H
#define YG_DATA_BALANCE_H

#include "source.h"

extern const yg_setting_group yg_balance_settings; /* for settings.c */

/* Reads what the section says. The encoding and the ports' dimensions must be known as far as the
 * model says them: afterwards a target of weights is no longer read from files. */
bool yg_balance_read(const yg_model *model, yg_data *data, yg_error *error);

/* To be called when all parts have their examples. */
bool yg_balance_apply(const yg_reading *reading, yg_error *error);

#endif
