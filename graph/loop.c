/*
 * Builds a loop: its operator, and the nodes that take its flat result apart.
 */
#include "loop_op.h"
#include "program.h"
#include "random.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ stretches of the result -- */

enum { OFFSET, SHAPE };        /* attributes of `take`: a part of a flat tensor */
enum { PUT_OFFSET, PUT_SIZE }; /* attributes of `put`: a flat tensor of zeros around a part */

static bool infer_take(const yg_infer *call, yg_type *result, yg_error *error) {
    return yg_type_make(call->operands[0].dtype, (int)call->attrs[SHAPE].count,
                        call->attrs[SHAPE].ints, result, error);
}

static void plan_take(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)results;
    plan->view = call->attrs[OFFSET].i;
    plan->flops = 0;
}

/* Runs only if the pass `views` is left out: otherwise the result is a view. */
static bool run_take(const yg_kernel_call *call, yg_error *error) {
    (void)error;
    const size_t element = yg_dtype_size(call->out_type->dtype);
    const char *from = (const char *)call->in[0] + (size_t)call->attrs[OFFSET].i * element;
    memcpy(call->out, from, (size_t)yg_type_bytes(call->out_type));
    return true;
}

static bool infer_put(const yg_infer *call, yg_type *result, yg_error *error) {
    return yg_type_make(call->operands[0].dtype, 1, &call->attrs[PUT_SIZE].i, result, error);
}

static void plan_put(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)call;
    (void)results;
    plan->flops = 0;
}

static bool run_put(const yg_kernel_call *call, yg_error *error) {
    (void)error;
    const size_t element = yg_dtype_size(call->out_type->dtype);
    memset(call->out, 0, (size_t)yg_type_bytes(call->out_type));
    memcpy((char *)call->out + (size_t)call->attrs[PUT_OFFSET].i * element, call->in[0],
           (size_t)yg_type_bytes(call->in_types[0]));
    return true;
}

static yg_node vjp_take(yg_graph *graph, yg_node y, yg_node dy, size_t k);
static yg_node vjp_put(yg_graph *graph, yg_node y, yg_node dy, size_t k);

static const yg_attr_spec take_attrs[] = {
    {.name = "offset", .kind = YG_ATTR_INT, .doc = "the first element"},
    {.name = "shape", .kind = YG_ATTR_INTS, .doc = "the shape"},
};

static const yg_attr_spec put_attrs[] = {
    {.name = "offset", .kind = YG_ATTR_INT, .doc = "where the operand begins"},
    {.name = "size", .kind = YG_ATTR_INT, .doc = "elements of the result"},
};

static const yg_op take = {
    .name = "loop_result",
    .formula = "y = x[offset : offset + n], reshaped",
    .group = "loop",
    .min_operands = 1,
    .max_operands = 1,
    .attrs = take_attrs,
    .attr_count = 2,
    .flags = YG_OP_INTERNAL,
    .infer = infer_take,
    .kernel = {[YG_F32] = run_take, [YG_F64] = run_take},
    .plan = plan_take,
    .vjp = vjp_take,
};

static const yg_op put = {
    .name = "loop_cotangent",
    .formula = "y = 0, but y[offset : offset + n] = x",
    .group = "loop",
    .min_operands = 1,
    .max_operands = 1,
    .attrs = put_attrs,
    .attr_count = 2,
    .flags = YG_OP_INTERNAL,
    .infer = infer_put,
    .kernel = {[YG_F32] = run_put, [YG_F64] = run_put},
    .plan = plan_put,
    .vjp = vjp_put,
};

static yg_node vjp_take(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    const yg_type *flat = yg_node_type(graph, yg_node_operand(graph, y, k));
    const yg_attr attrs[] = {{.i = yg_node_attrs(graph, y)[OFFSET].i}, {.i = flat->shape[0]}};
    return yg_apply(graph, &put, &dy, 1, attrs);
}

yg_node yg_loop_take(yg_graph *graph, yg_node flat, const yg_loop_part *part) {
    yg_attr attrs[] = {{.i = part->offset}, {.count = part->type.rank}};
    memcpy(attrs[SHAPE].ints, part->type.shape, sizeof attrs[SHAPE].ints);
    return yg_apply(graph, &take, &flat, 1, attrs);
}

static yg_node vjp_put(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    const yg_loop_part part = {yg_node_attrs(graph, y)[PUT_OFFSET].i,
                               *yg_node_type(graph, yg_node_operand(graph, y, k))};
    return yg_loop_take(graph, dy, &part);
}

/* ----------------------------------------------------------------------------- the operator -- */

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    (void)error;
    *result = yg_loop_of(call->op)->result;
    return true;
}

static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)results;
    const yg_loop_op *loop = yg_loop_of(call->op);
    plan->flops = loop->flops * (double)loop->spec.iterations;
    if (plan->prepare) {
        plan->prepared = yg_loop_prepare(loop, NULL);
        plan->release = yg_loop_release;
    }
}

yg_loop_op *yg_loop_of(const yg_op *op) {
    return op->plan == plan ? (yg_loop_op *)(uintptr_t)op : NULL;
}

int64_t yg_loop_stream(int64_t stream, int64_t t) {
    uint32_t word[4];
    yg_philox(yg_random_key("loop"), (uint64_t)stream, (uint64_t)t, word);
    return (int64_t)(((uint64_t)word[0] << 32 | word[1]) >> 1);
}

void yg_loop_ops_free(yg_loop_op *first) {
    while (first) {
        yg_loop_op *next = first->next;
        yg_graph_free(first->spec.body);
        free(first);
        first = next;
    }
}

static bool is_input(const yg_graph *body, yg_node node) {
    return node < yg_graph_size(body) && yg_node_is_input(body, node);
}

static bool check_floats(yg_graph *graph, const yg_loop_spec *s, const yg_node *inputs,
                         size_t count, yg_dtype dtype) {
    for (size_t i = 0; i < count; i++) {
        if (!is_input(s->body, inputs[i])) {
            yg_graph_fail(graph, YG_ERROR_ARGUMENT, "a loop's body has no input for operand %zu",
                          i);
            return false;
        }
        const yg_dtype own = yg_node_type(s->body, inputs[i])->dtype;
        if (yg_dtype_is_float(own) && own != dtype) {
            yg_graph_fail(graph, YG_ERROR_SHAPE, "a loop of %s reads %s", yg_dtype_name(dtype),
                          yg_dtype_name(own));
            return false;
        }
    }
    return true;
}

static bool check_results(yg_graph *graph, const yg_loop_spec *s, yg_dtype dtype) {
    for (size_t i = 0; i < s->carry_count + s->output_count; i++) {
        const bool carried = i < s->carry_count;
        const yg_node node = carried ? s->next[i] : s->outputs[i - s->carry_count];
        if (node >= yg_graph_size(s->body) || yg_node_type(s->body, node)->dtype != dtype ||
            (carried &&
             !yg_type_equal(yg_node_type(s->body, node), yg_node_type(s->body, s->carries[i])))) {
            yg_graph_fail(graph, YG_ERROR_SHAPE,
                          carried ? "a loop's carry %zu is of another type after an iteration"
                                  : "result %zu of a loop is of another element type",
                          i);
            return false;
        }
    }
    return true;
}

/* Fails if the body holds a loop with random operators. In each iteration of the outer loop they
 * would draw the same numbers again. */
static bool check_random(yg_graph *graph, yg_loop_op *loop) {
    const yg_graph *body = loop->spec.body;
    for (yg_node node = 0; node < body->size; node++) {
        const yg_op *op = body->records[node].op;
        const yg_loop_op *inner = yg_loop_of(op);
        if (inner ? inner->is_random : op->flags & YG_OP_RANDOM && yg_op_attr(op, "stream") < 0) {
            yg_graph_fail(graph, YG_ERROR_ARGUMENT,
                          "%s in a loop's body draws random numbers that cannot be told apart "
                          "by iteration",
                          op->name);
            return false;
        }
        loop->is_random |= !inner && (op->flags & YG_OP_RANDOM) != 0;
    }
    if (loop->is_random)
        loop->op.flags |= YG_OP_RANDOM;
    return true;
}

static bool check(yg_graph *graph, yg_loop_op *loop, yg_dtype *dtype) {
    const yg_loop_spec *s = &loop->spec;
    const size_t operands = s->carry_count + s->slice_count + s->captured_count;
    if (yg_graph_error(s->body)) {
        yg_fail_as(&graph->error, yg_graph_error(s->body));
        return false;
    }
    if (s->iterations < 1 || s->carry_count + s->output_count == 0 || operands == 0 ||
        operands > INT_MAX) {
        yg_graph_fail(graph, YG_ERROR_ARGUMENT,
                      "a loop has an operand, a result and an iteration at least");
        return false;
    }
    const yg_node first = s->carry_count ? s->next[0] : s->outputs[0];
    *dtype = first < yg_graph_size(s->body) ? yg_node_type(s->body, first)->dtype : YG_I32;
    if (!yg_dtype_is_float(*dtype)) {
        yg_graph_fail(graph, YG_ERROR_SHAPE, "a loop's results are floats");
        return false;
    }
    return check_floats(graph, s, s->carries, s->carry_count, *dtype) &&
           check_floats(graph, s, s->slices, s->slice_count, *dtype) &&
           check_floats(graph, s, s->captured, s->captured_count, *dtype) &&
           check_results(graph, s, *dtype) && check_random(graph, loop);
}

/* Adds a part after *end elements, and moves *end. Its type gets a first dimension `count`, none if
 * count is 0. */
static bool add_part(yg_graph *graph, const yg_type *type, int64_t count, int64_t *end,
                     yg_loop_part *part) {
    const int64_t line = 64 / (int64_t)yg_dtype_size(type->dtype);
    part->offset = *end;
    part->type = *type;
    if (count > 0) {
        int64_t shape[YG_MAX_RANK + 1] = {count};
        memcpy(shape + 1, type->shape, (size_t)type->rank * sizeof *shape);
        if (!yg_type_make(type->dtype, type->rank + 1, shape, &part->type, &graph->error))
            return false;
    }
    if (__builtin_add_overflow(*end, yg_type_count(&part->type) + line - 1, end))
        return yg_fail_memory(&graph->error);
    *end = *end / line * line;
    return true;
}

static bool lay_out(yg_graph *graph, yg_loop_op *loop, yg_dtype dtype) {
    const yg_loop_spec *s = &loop->spec;
    int64_t end = 0;
    loop->finals = yg_pool_take(graph->pool,
                                (2 * s->carry_count + s->output_count + 1) * sizeof *loop->finals);
    if (!loop->finals)
        return yg_fail_memory(&graph->error);
    loop->carried = loop->finals + s->carry_count;
    loop->outputs = loop->carried + s->carry_count;
    for (size_t i = 0; i < 2 * s->carry_count; i++) {
        const yg_type *type = yg_node_type(s->body, s->carries[i % s->carry_count]);
        if (!add_part(graph, type, i < s->carry_count ? 0 : s->iterations, &end, &loop->finals[i]))
            return false;
    }
    for (size_t j = 0; j < s->output_count; j++) {
        if (!add_part(graph, yg_node_type(s->body, s->outputs[j]), s->iterations, &end,
                      &loop->outputs[j]))
            return false;
    }
    return yg_type_make(dtype, 1, &end, &loop->result, &graph->error);
}

static const yg_node *keep(yg_graph *graph, const yg_node *nodes, size_t count) {
    yg_node *copy = yg_pool_take(graph->pool, (count + 1) * sizeof *copy);
    if (!copy)
        yg_fail_memory(&graph->error);
    else if (count > 0)
        memcpy(copy, nodes, count * sizeof *copy);
    return copy;
}

static bool keep_spec(yg_graph *graph, yg_loop_spec *s) {
    s->carries = keep(graph, s->carries, s->carry_count);
    s->next = keep(graph, s->next, s->carry_count);
    s->slices = keep(graph, s->slices, s->slice_count);
    s->captured = keep(graph, s->captured, s->captured_count);
    s->outputs = keep(graph, s->outputs, s->output_count);
    return !graph->error.code;
}

/* Works out the operations of an iteration by compiling the body. So a body that cannot be compiled
 * is reported here, not when the outer graph is compiled. */
static bool count_flops(yg_graph *graph, yg_loop_op *loop) {
    const yg_loop_spec *s = &loop->spec;
    const yg_compile_options options = {.flags = YG_PROGRAM_NO_MEMORY, .threads = 1};
    const size_t count = s->carry_count + s->output_count;
    yg_node *results = malloc(count * sizeof *results);
    if (!results)
        return yg_fail_memory(&graph->error);
    for (size_t i = 0; i < count; i++)
        results[i] = i < s->carry_count ? s->next[i] : s->outputs[i - s->carry_count];
    yg_program *program = yg_compile(s->body, results, count, NULL, 0, &options, &graph->error);
    if (program)
        loop->flops = yg_program_get_stats(program).flops;
    yg_program_free(program);
    free(results);
    return program != NULL;
}

yg_loop_op *yg_loop_op_new(yg_graph *graph, const yg_loop_spec *spec) {
    yg_loop_op *loop = calloc(1, sizeof *loop);
    yg_dtype dtype = YG_F32;
    if (!loop) {
        yg_graph_free(spec->body);
        yg_fail_memory(&graph->error);
        return NULL;
    }
    loop->spec = *spec;
    loop->y = loop->dy = YG_NONE;
    loop->next = graph->loops;
    graph->loops = loop;
    loop->op = (yg_op){
        .name = "loop",
        .formula = "carries, y[t] = body(carries, x[t], w)",
        .group = "loop",
        .min_operands = (int)(spec->carry_count + spec->slice_count + spec->captured_count),
        .max_operands = (int)(spec->carry_count + spec->slice_count + spec->captured_count),
        .flags = YG_OP_INTERNAL,
        .infer = infer,
        .plan = plan,
        .vjp = yg_loop_vjp,
    };
    for (int d = 0; d < YG_DTYPE_COUNT; d++)
        loop->op.kernel[d] = yg_loop_run;
    return keep_spec(graph, &loop->spec) && check(graph, loop, &dtype) &&
                   lay_out(graph, loop, dtype) && count_flops(graph, loop)
               ? loop
               : NULL;
}

/* -------------------------------------------------------------------------------- the node -- */

static bool check_operand(yg_graph *graph, const yg_loop_op *loop, yg_node given, yg_node input,
                          bool is_sequence) {
    const yg_type *wanted = yg_node_type(loop->spec.body, input);
    const yg_type *found = given < graph->size ? graph->records[given].type : NULL;
    bool fits = found && found->dtype == wanted->dtype;
    if (fits && is_sequence) {
        fits = found->rank == wanted->rank + 1 && found->shape[0] == loop->spec.iterations &&
               memcmp(found->shape + 1, wanted->shape,
                      (size_t)wanted->rank * sizeof *wanted->shape) == 0;
    } else if (fits) {
        fits = yg_type_equal(found, wanted);
    }
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    if (!fits)
        yg_graph_fail(graph, YG_ERROR_SHAPE, "a loop's body reads %s%s, which does not fit %s",
                      yg_type_text(wanted, a), is_sequence ? " an iteration" : "",
                      found ? yg_type_text(found, b) : "what is no node of this graph");
    return fits;
}

bool yg_loop(yg_graph *graph, const yg_loop_spec *spec, const yg_node *starts,
             const yg_node *sequences, const yg_node *captured, yg_node *finals, yg_node *outputs) {
    size_t count = 0;
    if (graph->error.code) {
        yg_graph_free(spec->body);
        return false;
    }
    const yg_loop_op *loop = yg_loop_op_new(graph, spec);
    if (!loop)
        return false;
    const yg_node *given[] = {starts, sequences, captured};
    const yg_node *inputs[] = {loop->spec.carries, loop->spec.slices, loop->spec.captured};
    const size_t counts[] = {spec->carry_count, spec->slice_count, spec->captured_count};
    yg_node *operands =
        yg_pool_take(graph->pool, (counts[0] + counts[1] + counts[2]) * sizeof *operands);
    if (!operands)
        return yg_fail_memory(&graph->error);
    for (int kind = 0; kind < 3; kind++) {
        for (size_t i = 0; i < counts[kind]; i++) {
            if (!check_operand(graph, loop, given[kind][i], inputs[kind][i], kind == 1))
                return false;
            operands[count++] = given[kind][i];
        }
    }
    const yg_node flat = yg_apply(graph, &loop->op, operands, count, NULL);
    if (flat == YG_NONE)
        return false;
    for (size_t i = 0; i < spec->carry_count; i++)
        finals[i] = yg_loop_take(graph, flat, &loop->finals[i]);
    for (size_t j = 0; j < spec->output_count; j++)
        outputs[j] = yg_loop_take(graph, flat, &loop->outputs[j]);
    return !graph->error.code;
}
