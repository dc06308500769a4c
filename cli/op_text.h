/*
 * An operator's descriptor as text, for `yamlgrad ops` in all of its forms.
 */
#ifndef YG_CLI_OP_TEXT_H
#define YG_CLI_OP_TEXT_H

#include "../graph/op.h"

/* An upper bound of this size or more (INT64_MAX, DBL_MAX) means that there is none. */
#define OP_UNBOUNDED 9e18

/* Whether expressions can call it. */
bool op_is_listed(const yg_op *op);
bool op_is_differentiable(const yg_op *op);

const char *op_kind_name(yg_attr_kind kind);

/* The functions below write to `text`, cut at `size`, and return it. */

/* "clip(x, min=-inf, max=inf)" */
const char *op_signature(const yg_op *op, char *text, size_t size);
/* An attribute's value as a user writes it. */
const char *op_value_text(const yg_attr_spec *spec, const yg_attr *value, char *text, size_t size);
/* Its default, or "(required)". */
const char *op_default_text(const yg_attr_spec *spec, char *text, size_t size);
/* Its bounds or choices: "0 … 1", "mean|sum". */
const char *op_range_text(const yg_attr_spec *spec, char *text, size_t size);

#endif
