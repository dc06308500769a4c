/*
 * random_key: 64 random bits, i32 [2], which depend on the run's seed, the step and the attribute
 * `stream` only. Operators that need random numbers and are functions of their operands take a key:
 * then a definition, or a gradient, draws the same numbers again.
 */
#include "../graph/random.h"
#include "registry.h"

enum { STREAM };

static void draw(uint64_t seed, uint64_t step, const yg_attr *attrs, int32_t words[2]) {
    uint32_t word[4];
    yg_philox(seed, yg_random_key("random_key"), (uint64_t)attrs[STREAM].i, word);
    yg_philox((uint64_t)word[0] << 32 | word[1], step, 0, word);
    words[0] = (int32_t)word[0];
    words[1] = (int32_t)word[1];
}

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    (void)call;
    const int64_t two = 2;
    return yg_type_make(YG_I32, 1, &two, result, error);
}

static bool kernel(const yg_kernel_call *call, yg_error *error) {
    (void)error;
    draw(call->seed, call->step, call->attrs, call->out);
    return true;
}

/* At seed 0 and step 0, at which the tests run random operators. */
static double reference(const yg_reference *r, const int64_t *index) {
    int32_t words[2];
    draw(0, 0, r->call->attrs, words);
    return words[index[0]];
}

static const yg_attr_spec attrs[] = {
    [STREAM] = {.name = "stream", .kind = YG_ATTR_INT, .doc = "tells the keys of one graph apart"},
};

static const yg_attr first[] = {{.i = 0}}, other[] = {{.i = 7}};
static const yg_sample samples[] = {{.attrs = first}, {.attrs = other}};

const yg_op yg_op_random_key = {
    .name = "random_key",
    .formula = "y = 64 random bits, in two numbers",
    .doc = "A key for operators that draw random numbers: another one in each step.",
    .group = "random",
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .flags = YG_OP_RANDOM | YG_OP_INTERNAL | YG_OP_NON_DIFFERENTIABLE,
    .infer = infer,
    .kernel = {[YG_I32] = kernel},
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
