/*
 * An operator's sample call made concrete: see sample.h.
 */
#include "sample.h"

#include "graph/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool sample_type(const char *text, yg_dtype real, yg_type *type) {
    static const char letters[] = "fib";
    const yg_dtype dtypes[] = {real, YG_I32, YG_BOOL};
    const char *letter = text[0] ? strchr(letters, text[0]) : NULL;
    if (!letter || text[1] != '[')
        return false;
    int64_t shape[YG_MAX_RANK];
    int rank = 0;
    const char *at = text + 2;
    while (*at != ']') {
        char *end;
        if (rank == YG_MAX_RANK || (rank > 0 && *at++ != ','))
            return false;
        shape[rank++] = strtoll(at, &end, 10);
        if (end == at)
            return false;
        at = end;
    }
    return at[1] == '\0' && yg_type_make(dtypes[letter - letters], rank, shape, type, NULL);
}

/* Draws a value within a cell of width 1/64: near a quarter of the cell for even operands, near
 * three quarters for odd ones. So values keep clear of multiples of 1/64 and of the other
 * operands'. */
static double draw_real(yg_domain domain, size_t k, double u, double v) {
    if (domain.low == 0 && domain.high == 0)
        domain = (yg_domain){-2, 2};
    const double first = ceil(domain.low * 64), cells = floor(domain.high * 64) - first;
    if (cells < 2)
        return domain.low + u * (domain.high - domain.low);
    const double place = (k % 2 == 0 ? 0.25 : 0.75) + (v - 0.5) / 5;
    return (first + floor(u * cells) + place) / 64;
}

static double draw_integer(yg_domain domain, double u) {
    if (domain.low == 0 && domain.high == 0)
        domain = (yg_domain){-2, 2};
    const double low = ceil(domain.low);
    return low + floor(u * (floor(domain.high) - low + 1));
}

static double *draw_values(const sample_call *call, size_t k, yg_dtype rounded, uint64_t key) {
    const yg_type *type = &call->types[k];
    const int64_t count = yg_type_count(type);
    double *values = calloc((size_t)count + 1, sizeof *values);
    const yg_domain domain =
        call->op->domain[k < YG_OP_NAMED_OPERANDS ? k : YG_OP_NAMED_OPERANDS - 1];
    for (int64_t i = 0; values && i < count; i++) {
        const double u = yg_random_uniform(key, 2 * k, (uint64_t)i);
        const double v = yg_random_uniform(key, 2 * k + 1, (uint64_t)i);
        if (type->dtype == YG_BOOL)
            values[i] = u < 0.5;
        else if (!yg_dtype_is_float(type->dtype))
            values[i] = draw_integer(domain, u);
        else
            values[i] = draw_real(domain, k, u, v);
        if (yg_dtype_is_float(type->dtype) && rounded == YG_F32)
            values[i] = (double)(float)values[i];
    }
    return values;
}

/* All operands of a list have the domain of the first. */
bool sample_draw(sample_call *call, const yg_op *op, const yg_sample *sample, yg_dtype real,
                 yg_dtype rounded, uint64_t seed, char *why) {
    *call = (sample_call){.op = op};
    if (sample->attrs)
        memcpy(call->attrs, sample->attrs, op->attr_count * sizeof *call->attrs);
    else
        yg_op_defaults(op, call->attrs);
    const uint64_t key = seed ^ yg_random_key(op->name);
    while (call->count < YG_SAMPLE_OPERANDS && sample->operands[call->count]) {
        const size_t k = call->count;
        if (!sample_type(sample->operands[k], real, &call->types[k]))
            return fail(why, "'%s' is no type of a sample's operand", sample->operands[k]);
        call->values[k] = draw_values(call, k, rounded, key);
        call->count++;
        if (!call->values[k])
            return fail(why, "out of memory");
    }
    return true;
}

void sample_free(sample_call *call) {
    for (size_t k = 0; k < call->count; k++)
        free(call->values[k]);
}

size_t sample_apply(const sample_call *call, yg_graph *graph, yg_node *inputs, yg_node *results) {
    for (size_t k = 0; k < call->count; k++)
        inputs[k] = yg_input(graph, "operand", &call->types[k]);
    return yg_apply_all(graph, call->op, inputs, call->count, call->attrs, results, SAMPLE_RESULTS);
}

void sample_fill(const sample_call *call, const yg_node *inputs, yg_program *program) {
    for (size_t k = 0; k < call->count; k++) {
        void *data = yg_program_data(program, inputs[k]);
        for (int64_t i = 0; data && i < yg_type_count(&call->types[k]); i++)
            yg_element_set(call->types[k].dtype, data, i, call->values[k][i]);
    }
}

bool sample_close(double found, double wanted, double tolerance) {
    if (isnan(wanted) || isinf(wanted))
        return isnan(wanted) ? (bool)isnan(found) : found == wanted;
    return fabs(found - wanted) <= tolerance * fmax(1, fabs(wanted));
}

void *sample_data(const sample_call *call, size_t k) {
    const yg_type *type = &call->types[k];
    void *data = malloc((size_t)yg_type_bytes(type) + 1);
    for (int64_t i = 0; data && i < yg_type_count(type); i++)
        yg_element_set(type->dtype, data, i, call->values[k][i]);
    return data;
}

/* -------------------------------------------------------------------------------- reference -- */

static void unravel(const yg_type *type, int64_t i, int64_t index[YG_MAX_RANK]) {
    int64_t strides[YG_MAX_RANK];
    yg_type_strides(type, strides);
    for (int d = 0; d < type->rank; d++)
        index[d] = i / strides[d] % type->shape[d];
}

/* The operand's element that NumPy's broadcasting puts at `index` of a result of rank `rank`. */
static double broadcast_at(const yg_type *type, const double *values, const int64_t *index,
                           int rank) {
    int64_t strides[YG_MAX_RANK], offset = 0;
    yg_type_strides(type, strides);
    for (int d = 0; d < type->rank; d++)
        offset += type->shape[d] == 1 ? 0 : strides[d] * index[rank - type->rank + d];
    return values[offset];
}

static double *stretch(const yg_type *type, const double *values, const yg_type *out) {
    const int64_t count = yg_type_count(out);
    double *stretched = malloc(((size_t)count + 1) * sizeof *stretched);
    for (int64_t i = 0; stretched && i < count; i++) {
        int64_t index[YG_MAX_RANK];
        unravel(out, i, index);
        stretched[i] = broadcast_at(type, values, index, out->rank);
    }
    return stretched;
}

double *sample_reference(const sample_call *call, size_t number, const yg_type *out) {
    const bool elementwise = call->op->flags & YG_OP_ELEMENTWISE;
    const int64_t count = yg_type_count(out);
    double *result = malloc(((size_t)count + 1) * sizeof *result);
    double *stretched[YG_SAMPLE_OPERANDS] = {NULL};
    const double *in[YG_SAMPLE_OPERANDS] = {NULL};
    yg_type types[YG_SAMPLE_OPERANDS];
    bool complete = result != NULL;
    for (size_t k = 0; k < call->count; k++) {
        types[k] = call->types[k];
        in[k] = call->values[k];
        if (elementwise) {
            types[k] = yg_type_with_dtype(out, call->types[k].dtype);
            in[k] = stretched[k] = stretch(&call->types[k], call->values[k], out);
            complete = complete && stretched[k];
        }
    }
    const yg_infer infer = {
        .op = call->op, .operands = types, .operand_count = call->count, .attrs = call->attrs};
    const yg_reference reference = {.call = &infer, .result = number, .out_type = out, .in = in};
    for (int64_t i = 0; complete && i < count; i++) {
        int64_t index[YG_MAX_RANK];
        unravel(out, i, index);
        result[i] = call->op->reference(&reference, index);
    }
    for (size_t k = 0; k < call->count; k++)
        free(stretched[k]);
    if (!complete) {
        free(result);
        return NULL;
    }
    return result;
}
