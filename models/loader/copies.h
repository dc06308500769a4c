/*
 * Copies of a `repeat:` that are not written out. A stack of a hundred thousand equal layers is
 * expanded as a few of them and a count: from one copy to the next, only numbers in names change.
 */
#ifndef YG_MODELS_LOADER_COPIES_H
#define YG_MODELS_LOADER_COPIES_H

#include "../../graph/numbered.h"
#include "flat.h"

/* A statement as it is `further` copies on from `pattern`, which is one of a copy; `before` is the
 * same one of the copy before that. False if the two differ in more than numbers of names, or if
 * there is something in them that cannot be copied, or when out of memory. */
bool yg_copy_statement(yg_pool *pool, const yg_flat_statement *before,
                       const yg_flat_statement *pattern, int64_t further, yg_flat_statement *copy);

/* The statements of the pattern that ends before statement `end`: how many they are. As many stand
 * before them, those of the copy before. 0: statement end - 1 ends no pattern. */
size_t yg_pattern_size(const yg_flat *flat, size_t end);

/* The model with all copies written out, as long as `pool` lives and `model` does not change. False
 * when out of memory. */
bool yg_write_out(const yg_model *model, yg_pool *pool, yg_model *whole);

#endif
