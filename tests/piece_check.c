/*
 * Pieces of kernels against the whole: see piece_check.h.
 */
#include "piece_check.h"

#include "sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t SEED = 1;

/* By how much a sample is enlarged in its first dimension. The last is enough for a reduction to
 * have several parts. */
static const int64_t growths[] = {1, 20, 400};

#define ELEMENTS_MAX 3000 /* of an operand, because every piece is run */
#define ALL_RANGES   12   /* with at most this many pieces, every range of them is tried */
#define GUARD        128  /* bytes after the scratch that must not be written */

/* ------------------------------------------------------------------------------------- calls -- */

typedef struct buffer {
    void *data;
    size_t bytes;
} buffer;

/* One call of a kernel, with the results of the whole run, which pieces are compared with. */
typedef struct subject {
    const sample_call *sample;
    yg_infer infer;
    yg_type types[YG_OP_MAX_RESULTS]; /* of all results */
    yg_type type;                     /* of result number `result`, the one that is compared */
    size_t result, result_count;
    buffer others[YG_OP_MAX_RESULTS]; /* for the results that are not compared */
    yg_op_plan plan;
    yg_kernel kernel;
    buffer in[YG_SAMPLE_OPERANDS], poisoned[YG_SAMPLE_OPERANDS];
    buffer whole, out, again;
    buffer scratch; /* with GUARD bytes of a pattern after it */
    yg_scratch kept;
    const yg_stretch *prefetch;
    size_t prefetch_count;
    yg_error error;
    char *why;
} subject;

/* Two patterns, so that no byte equals both. */
static const unsigned char patterns[2] = {0xa5, 0x5a};

static bool make_buffer(buffer *b, int64_t bytes) {
    b->bytes = (size_t)bytes;
    b->data = aligned_alloc(64, (b->bytes + 64) / 64 * 64);
    return b->data != NULL;
}

static void free_subject(subject *s) {
    for (size_t k = 0; k < YG_SAMPLE_OPERANDS; k++) {
        free(s->in[k].data);
        free(s->poisoned[k].data);
    }
    for (size_t i = 0; i < s->result_count; i++)
        free(s->others[i].data);
    free(s->whole.data);
    free(s->out.data);
    free(s->again.data);
    free(s->scratch.data);
    yg_op_plan_release(&s->plan);
}

/* Finds the types of the results, as the builder infers them. Returns their number, or 0 if the
 * operator does not take these operands. */
static size_t find_types(const yg_op_set *ops, const sample_call *call, yg_type *types) {
    yg_graph *graph = yg_graph_new(ops, YG_GRAPH_NO_SIMPLIFY);
    yg_node inputs[YG_SAMPLE_OPERANDS], results[SAMPLE_RESULTS];
    const size_t count = graph ? sample_apply(call, graph, inputs, results) : 0;
    for (size_t i = 0; i < count && i < YG_OP_MAX_RESULTS; i++)
        types[i] = *yg_node_type(graph, results[i]);
    yg_graph_free(graph);
    return count < YG_OP_MAX_RESULTS ? count : YG_OP_MAX_RESULTS;
}

static bool make_subject(subject *s, const yg_op_set *ops, const sample_call *call, size_t result,
                         piece_counts *counts, char *why) {
    const yg_op *op = call->op;
    *s = (subject){.sample = call, .result = result, .why = why};
    s->infer = (yg_infer){
        .op = op, .operands = call->types, .operand_count = call->count, .attrs = call->attrs};
    s->result_count = find_types(ops, call, s->types);
    if (s->result_count <= result)
        return fail(why, "the result has no type");
    s->type = s->types[result];
    const yg_dtype key = call->count ? call->types[call->count - 1].dtype : s->type.dtype;
    s->kernel = op->kernel[key];
    s->plan = yg_op_plan_of(&s->infer, s->types, true);
    const int64_t scratch = s->plan.scratch_bytes, bytes = yg_type_bytes(&s->type);
    counts->promises_rows |= s->plan.rows > 0;
    counts->promises_parts |= s->plan.parts.count > 0;
    bool room = make_buffer(&s->whole, bytes) && make_buffer(&s->out, bytes) &&
                make_buffer(&s->again, bytes) && make_buffer(&s->scratch, scratch + GUARD);
    if (room) {
        s->scratch.bytes -= GUARD;
        memset((char *)s->scratch.data + s->scratch.bytes, patterns[0], GUARD);
    }
    for (size_t i = 0; i < s->result_count && room; i++)
        room = make_buffer(&s->others[i], yg_type_bytes(&s->types[i]));
    for (size_t k = 0; k < call->count && room; k++) {
        const yg_type *type = &call->types[k];
        room = make_buffer(&s->in[k], yg_type_bytes(type)) &&
               make_buffer(&s->poisoned[k], yg_type_bytes(type));
        for (int64_t i = 0; room && i < yg_type_count(type); i++)
            yg_element_set(type->dtype, s->in[k].data, i, call->values[k][i]);
    }
    return room || fail(why, "out of memory");
}

/* Runs a kernel (the whole, that of a part, or the finishing one) on the units [begin, end). If
 * scratch is kept, it holds what the call before has left there; otherwise it is filled with NaN.
 */
static bool run(subject *s, yg_kernel kernel, const buffer *in, size_t count, buffer *out,
                int64_t begin, int64_t end) {
    const void *data[YG_SAMPLE_OPERANDS];
    const yg_type *types[YG_SAMPLE_OPERANDS];
    for (size_t k = 0; k < count; k++)
        data[k] = in[k].data;
    for (size_t k = 0; k < s->sample->count; k++)
        types[k] = &s->sample->types[k];
    if (s->kept != YG_SCRATCH_AGAIN)
        memset(s->scratch.data, 0xff, s->scratch.bytes); /* NaN */
    void *outs[YG_OP_MAX_RESULTS];
    for (size_t i = 0; i < s->result_count; i++)
        outs[i] = i == s->result ? out->data : s->others[i].data;
    /* What is reduced of a part is no result: it goes to `out` whatever result is compared. */
    const bool part = kernel == s->plan.parts.reduce;
    const yg_kernel_call call = {.out = part ? out->data : outs[0],
                                 .outs = outs,
                                 .in = data,
                                 .out_type = s->types,
                                 .in_types = types,
                                 .operand_count = s->sample->count,
                                 .attrs = s->sample->attrs,
                                 .prepared = s->plan.prepared,
                                 .scratch = s->scratch.data,
                                 .kept = s->kept,
                                 .prefetch = s->prefetch,
                                 .prefetch_count = s->prefetch_count,
                                 .begin = begin,
                                 .end = end,
                                 .seed = 1,
                                 .step = 2};
    return kernel(&call, &s->error);
}

/* ------------------------------------------------------------------------------------ poison -- */

/* Writes a value that no result may depend on: NaN, an absurd number, or for a truth value its
 * opposite.
 */
static void poison(const yg_type *type, const buffer *from, buffer *to, int64_t begin,
                   int64_t end) {
    const size_t size = yg_dtype_size(type->dtype);
    for (int64_t i = 0; i < yg_type_count(type); i++) {
        char *element = (char *)to->data + (size_t)i * size;
        memcpy(element, (const char *)from->data + (size_t)i * size, size);
        if (i >= begin && i < end)
            continue;
        if (type->dtype == YG_BOOL)
            *element = !*element;
        else if (yg_dtype_is_float(type->dtype))
            memset(element, 0xff, size); /* NaN */
        else
            memset(element, 0x7f, size);
    }
}

/* Checks that exactly the bytes [begin, end) were written over a pattern, and equal those of
 * `whole`. */
static bool check_written(const buffer *out, unsigned char pattern, const buffer *whole,
                          size_t begin, size_t end, const char *what, char *why) {
    const unsigned char *bytes = out->data, *wanted = whole->data;
    for (size_t i = 0; i < out->bytes; i++) {
        if (i >= begin && i < end) {
            if (bytes[i] != wanted[i])
                return fail(why, "%s: byte %zu of %zu is not as in the whole run", what, i,
                            out->bytes);
        } else if (bytes[i] != pattern) {
            return fail(why, "%s: byte %zu of %zu is written, but not its own", what, i,
                        out->bytes);
        }
    }
    return true;
}

/* ------------------------------------------------------------------------------------ ranges -- */

/* Calls `check` for ranges of `count` pieces: for every range if there are few pieces. Otherwise
 * for single pieces at both ends and in the middle, and for the ranges before, between and after
 * them. */
static bool each_range(subject *s, int64_t count, void *context,
                       bool (*check)(subject *, void *, int64_t, int64_t)) {
    if (count <= ALL_RANGES) {
        for (int64_t begin = 0; begin < count; begin++)
            for (int64_t end = begin + 1; end <= count; end++)
                if (!check(s, context, begin, end))
                    return false;
        return true;
    }
    const int64_t cuts[] = {0,         1,         2,         count / 3, count / 3 + 1,
                            count / 2, count - 2, count - 1, count};
    const size_t cut_count = sizeof cuts / sizeof *cuts;
    for (size_t a = 0; a < cut_count; a++)
        for (size_t b = a + 1; b < cut_count; b++)
            if (cuts[a] < cuts[b] && !check(s, context, cuts[a], cuts[b]))
                return false;
    return true;
}

/* ------------------------------------------------------------------------------------- units -- */

/* Checks that a range of units writes the bits of the whole run, and no other bytes. Each run
 * starts from a buffer full of a pattern; two patterns show bytes that happen to equal one of them.
 * The remaining units must then write exactly the remaining bytes. */
static bool check_unit_range(subject *s, void *context, int64_t begin, int64_t end) {
    piece_counts *counts = context;
    char what[80];
    snprintf(what, sizeof what, "units [%lld, %lld) of %lld", (long long)begin, (long long)end,
             (long long)s->plan.units);
    unsigned char *out = s->out.data, *again = s->again.data;
    const unsigned char *whole = s->whole.data;
    memset(out, patterns[0], s->out.bytes);
    memset(again, patterns[1], s->again.bytes);
    if (!run(s, s->kernel, s->in, s->sample->count, &s->out, begin, end) ||
        !run(s, s->kernel, s->in, s->sample->count, &s->again, begin, end))
        return fail(s->why, "%s: %s", what, s->error.message);
    for (size_t i = 0; i < s->out.bytes; i++) {
        const bool alone = out[i] == patterns[0] && again[i] == patterns[1];
        if (!alone && (out[i] != whole[i] || again[i] != whole[i]))
            return fail(s->why, "%s: byte %zu of %zu is not as in the whole run", what, i,
                        s->out.bytes);
        again[i] = alone ? 0 : 1;
    }
    /* The other units, after the bytes that are written already have been marked by a pattern. */
    for (int turn = 0; turn < 2; turn++) {
        memset(out, patterns[turn], s->out.bytes);
        if ((begin > 0 && !run(s, s->kernel, s->in, s->sample->count, &s->out, 0, begin)) ||
            (end < s->plan.units &&
             !run(s, s->kernel, s->in, s->sample->count, &s->out, end, s->plan.units)))
            return fail(s->why, "%s, the others: %s", what, s->error.message);
        for (size_t i = 0; i < s->out.bytes; i++)
            if (again[i] ? out[i] != patterns[turn] : out[i] != whole[i])
                return fail(s->why, "%s: byte %zu of %zu is %s", what, i, s->out.bytes,
                            again[i] ? "written by another unit too" : "written by no unit");
    }
    counts->units++;
    return true;
}

static bool check_units(subject *s, piece_counts *counts) {
    return s->plan.units < 2 || each_range(s, s->plan.units, counts, check_unit_range);
}

/* After all runs: checks that none has written beyond its scratch. */
static bool check_scratch(const subject *s) {
    const unsigned char *guard = (const unsigned char *)s->scratch.data + s->scratch.bytes;
    for (size_t i = 0; i < GUARD; i++) {
        if (guard[i] != patterns[0])
            return fail(s->why, "writes %zu bytes behind the %zu of its scratch", i + 1,
                        s->scratch.bytes);
    }
    return true;
}

/* -------------------------------------------------------------------------------------- rows -- */

typedef struct row_context {
    piece_counts *counts;
    int64_t rows;
    uint64_t whole; /* a bit for each operand that every row reads as a whole */
} row_context;

static bool check_row_range(subject *s, void *opaque, int64_t begin, int64_t end) {
    row_context *context = opaque;
    const int64_t rows = context->rows;
    char what[80];
    snprintf(what, sizeof what, "rows [%lld, %lld) of %lld", (long long)begin, (long long)end,
             (long long)rows);
    for (size_t k = 0; k < s->sample->count; k++) {
        const yg_type *type = &s->sample->types[k];
        const int64_t count = yg_type_count(type), row = count / rows;
        if (context->whole >> k & 1)
            poison(type, &s->in[k], &s->poisoned[k], 0, count);
        else
            poison(type, &s->in[k], &s->poisoned[k], begin * row, end * row);
    }
    const size_t row_bytes = s->out.bytes / (size_t)rows;
    const int64_t units = s->plan.units / rows;
    for (int turn = 0; turn < 2; turn++) {
        memset(s->out.data, patterns[turn], s->out.bytes);
        if (!run(s, s->kernel, s->poisoned, s->sample->count, &s->out, begin * units, end * units))
            return fail(s->why, "%s: reads what is not its own: %s", what, s->error.message);
        if (!check_written(&s->out, patterns[turn], &s->whole, (size_t)begin * row_bytes,
                           (size_t)end * row_bytes, what, s->why))
            return false;
    }
    context->counts->rows++;
    return true;
}

/* Runs the rows from `first` on as a thread does in a row loop: a given number at a time, in order,
 * with scratch that is kept. Every other time it is told what to prefetch. */
static bool check_rows_in_order(subject *s, const row_context *context, int64_t first,
                                int64_t chunk) {
    const int64_t rows = context->rows, units = s->plan.units / rows;
    const size_t row_bytes = s->out.bytes / (size_t)rows;
    const yg_stretch stretches[] = {{s->again.data, (int64_t)s->again.bytes}, {s->whole.data, 1}};
    char what[80];
    bool good = true;
    s->prefetch = stretches;
    s->kept = YG_SCRATCH_FIRST;
    memset(s->out.data, patterns[0], s->out.bytes);
    for (int64_t begin = first; begin < rows && good; begin += chunk) {
        const int64_t end = begin + chunk < rows ? begin + chunk : rows;
        snprintf(what, sizeof what, "rows [%lld, %lld) of %lld in order", (long long)begin,
                 (long long)end, (long long)rows);
        s->prefetch_count = (size_t)(begin / chunk) % 3;
        good = run(s, s->kernel, s->in, s->sample->count, &s->out, begin * units, end * units) ||
               fail(s->why, "%s: %s", what, s->error.message);
        s->kept = YG_SCRATCH_AGAIN;
    }
    s->prefetch = NULL;
    s->prefetch_count = 0;
    s->kept = YG_SCRATCH_LOST;
    snprintf(what, sizeof what, "%lld rows at a time, from %lld on", (long long)chunk,
             (long long)first);
    context->counts->kept += good;
    return good && check_written(&s->out, patterns[0], &s->whole, (size_t)first * row_bytes,
                                 s->out.bytes, what, s->why);
}

/* Checks rows in order: min_rows at a time, and other numbers. */
static bool check_kept(subject *s, const row_context *context) {
    const int64_t rows = context->rows, least = s->plan.min_rows;
    if (least < 1)
        return fail(s->why, "%lld rows at a time", (long long)least);
    context->counts->min_rows += least > 1 && least < rows;
    const int64_t chunks[] = {least, 3 * least + 1, rows / 2 + 1, rows};
    for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
        if (chunks[i] <= rows && !check_rows_in_order(s, context, 0, chunks[i]))
            return false;
    }
    return check_rows_in_order(s, context, rows / 3, least);
}

static bool check_rows(subject *s, piece_counts *counts) {
    row_context context = {.counts = counts, .rows = s->plan.rows, .whole = s->plan.whole};
    if (context.rows < 2)
        return true;
    bool whole = s->plan.units % context.rows == 0 && yg_type_count(&s->type) % context.rows == 0;
    for (size_t k = 0; k < s->sample->count; k++)
        whole = whole &&
                (context.whole >> k & 1 || yg_type_count(&s->sample->types[k]) % context.rows == 0);
    if (!whole)
        return fail(s->why, "%lld rows do not divide its %lld units and its elements",
                    (long long)context.rows, (long long)s->plan.units);
    return each_range(s, context.rows, &context, check_row_range) && check_kept(s, &context);
}

/* ------------------------------------------------------------------------------------- parts -- */

typedef struct part_context {
    piece_counts *counts;
    yg_parts parts;
    buffer all, some; /* of all parts */
} part_context;

static bool check_part_range(subject *s, void *opaque, int64_t begin, int64_t end) {
    part_context *context = opaque;
    const yg_parts *parts = &context->parts;
    char what[80];
    snprintf(what, sizeof what, "parts [%lld, %lld) of %lld", (long long)begin, (long long)end,
             (long long)parts->count);
    poison(&s->sample->types[0], &s->in[0], &s->poisoned[0], begin * parts->elements,
           end * parts->elements);
    buffer in[YG_SAMPLE_OPERANDS]; /* operands after the first are read whole */
    memcpy(in, s->in, sizeof in);
    in[0] = s->poisoned[0];
    for (int turn = 0; turn < 2; turn++) {
        memset(context->some.data, patterns[turn], context->some.bytes);
        if (!run(s, parts->reduce, in, s->sample->count, &context->some, begin, end))
            return fail(s->why, "%s: reads what is not its own: %s", what, s->error.message);
        if (!check_written(&context->some, patterns[turn], &context->all,
                           (size_t)(begin * parts->bytes), (size_t)(end * parts->bytes), what,
                           s->why))
            return false;
    }
    context->counts->parts += parts->count > 1;
    return true;
}

/* Checks that all parts, reduced and finished, give the kernel's result, and that every range of
 * parts writes its own. */
static bool check_all_parts(subject *s, part_context *context) {
    memset(s->out.data, patterns[0], s->out.bytes);
    if (!run(s, context->parts.reduce, s->in, s->sample->count, &context->all, 0,
             context->parts.count) ||
        !run(s, context->parts.finish, &context->all, 1, &s->out, 0, s->plan.units))
        return fail(s->why, "in parts: %s", s->error.message);
    if (memcmp(s->out.data, s->whole.data, s->out.bytes) != 0)
        return fail(s->why, "%lld parts, finished, are not the whole",
                    (long long)context->parts.count);
    return each_range(s, context->parts.count, context, check_part_range);
}

static bool check_parts(subject *s, piece_counts *counts) {
    part_context context = {.counts = counts, .parts = s->plan.parts};
    const yg_parts *parts = &context.parts;
    if (parts->count == 0)
        return true;
    const int64_t elements = yg_type_count(&s->sample->types[0]);
    if (!parts->reduce || !parts->finish)
        return fail(s->why, "parts, but no kernel for them");
    if (parts->count < 1 || parts->elements * parts->count < elements ||
        parts->elements * (parts->count - 1) >= elements)
        return fail(s->why, "%lld parts of %lld are not its %lld elements", (long long)parts->count,
                    (long long)parts->elements, (long long)elements);
    bool good = (make_buffer(&context.all, parts->count * parts->bytes) &&
                 make_buffer(&context.some, parts->count * parts->bytes)) ||
                fail(s->why, "out of memory");
    good = good && check_all_parts(s, &context);
    free(context.all.data);
    free(context.some.data);
    return good;
}

/* ---------------------------------------------------------------------------------- in place -- */

/* Checks that a kernel that writes over its first operand gives the same bits: in one call, and in
 * two calls with half of the units each, the later half first. */
static bool check_in_place(subject *s, piece_counts *counts) {
    if (!(s->infer.op->flags & YG_OP_IN_PLACE))
        return true;
    if (!yg_type_equal(&s->sample->types[0], &s->type))
        return fail(s->why, "in place, but the first operand is not of the result's type");
    buffer in[YG_SAMPLE_OPERANDS];
    memcpy(in, s->in, sizeof in);
    in[0] = s->out;
    for (int64_t cut = 0; cut < 2 && cut < s->plan.units; cut++) {
        const int64_t at = cut * s->plan.units / 2;
        memcpy(s->out.data, s->in[0].data, s->out.bytes);
        if (!run(s, s->kernel, in, s->sample->count, &s->out, at, s->plan.units) ||
            (at > 0 && !run(s, s->kernel, in, s->sample->count, &s->out, 0, at)))
            return fail(s->why, "in place: %s", s->error.message);
        if (memcmp(s->out.data, s->whole.data, s->out.bytes) != 0)
            return fail(s->why, "in place, its bits are others");
        counts->in_place++;
    }
    return true;
}

/* --------------------------------------------------------------------------------- in memory -- */

/* Checks that the result's bits are in the first operand at the place that the plan says. */
static bool check_view(subject *s, piece_counts *counts) {
    const int64_t at = s->plan.view;
    if (at < 0)
        return true;
    const size_t offset = (size_t)at * yg_dtype_size(s->type.dtype);
    if (offset + s->whole.bytes > s->in[0].bytes)
        return fail(s->why, "a view that ends behind the operand");
    if (memcmp((const char *)s->in[0].data + offset, s->whole.data, s->whole.bytes) != 0)
        return fail(s->why, "a view of other bits");
    counts->views++;
    return true;
}

/* Checks that the result is the same if every operand is computed at its place in the result. */
static bool check_joins(subject *s, piece_counts *counts) {
    buffer in[YG_SAMPLE_OPERANDS];
    memset(s->out.data, 0xff, s->out.bytes);
    size_t offset = 0;
    for (size_t k = 0; s->plan.joins && k < s->sample->count; k++) {
        in[k] = s->in[k];
        if (offset + in[k].bytes > s->out.bytes)
            return fail(s->why, "operand %zu ends behind the result", k);
        /* Checked before the run: the kernel would copy an operand at a wrong place over other
         * bytes. */
        if (memcmp((const char *)s->whole.data + offset, s->in[k].data, in[k].bytes) != 0)
            return fail(s->why, "operand %zu is not where it is said to go", k);
        in[k].data = (char *)s->out.data + offset;
        memcpy(in[k].data, s->in[k].data, in[k].bytes);
        offset += in[k].bytes;
    }
    if (!s->plan.joins)
        return true;
    if (offset != s->out.bytes)
        return fail(s->why, "the operands are not all of the result");
    if (!run(s, s->kernel, in, s->sample->count, &s->out, 0, s->plan.units))
        return fail(s->why, "operands in place: %s", s->error.message);
    if (memcmp(s->out.data, s->whole.data, s->out.bytes) != 0)
        return fail(s->why, "operands in place, its bits are others");
    counts->joins++;
    return true;
}

/* --------------------------------------------------------------------------------------- all -- */

static bool check_call(const yg_op_set *ops, const sample_call *call, piece_counts *counts,
                       size_t result, bool grown, char *why) {
    subject s;
    bool good = make_subject(&s, ops, call, result, counts, why);
    if (good && s.whole.bytes > 0) {
        if (run(&s, s.kernel, s.in, call->count, &s.whole, 0, s.plan.units))
            good = check_units(&s, counts) && check_rows(&s, counts) && check_parts(&s, counts) &&
                   check_in_place(&s, counts) && check_view(&s, counts) &&
                   check_joins(&s, counts) && check_scratch(&s);
        else if (!grown)
            good = fail(why, "the kernel: %s", s.error.message);
    }
    free_subject(&s);
    return good;
}

/* Makes "f[80, 3]" of "f[2, 3]": the first dimension of each operand is multiplied by `growth`.
 * False if no operand has one, or the result would be too large. */
static bool grow(const yg_sample *sample, int64_t growth, char (*texts)[128], yg_sample *grown) {
    *grown = *sample;
    for (size_t k = 0; k < YG_SAMPLE_OPERANDS && sample->operands[k]; k++) {
        const char *text = sample->operands[k];
        char *end = NULL;
        const long long first = strtoll(text + 2, &end, 10);
        yg_type type;
        if (end == text + 2)
            continue;
        snprintf(texts[k], sizeof texts[k], "%.2s%lld%.100s", text, first * growth, end);
        grown->operands[k] = texts[k];
        if (!sample_type(texts[k], YG_F64, &type) || yg_type_count(&type) > ELEMENTS_MAX)
            return false;
    }
    return true;
}

/* Checks an enlarged sample. One that the operator does not take is skipped. */
static bool check_grown(const yg_op_set *ops, const yg_op *op, const yg_sample *sample,
                        int64_t growth, yg_dtype real, piece_counts *counts, char *why) {
    char texts[YG_SAMPLE_OPERANDS][128];
    yg_sample grown;
    sample_call call = {0};
    yg_type types[YG_OP_MAX_RESULTS];
    if (!grow(sample, growth, texts, &grown))
        return true;
    bool good = sample_draw(&call, op, &grown, real, YG_F32, SEED, why);
    const size_t count = good ? find_types(ops, &call, types) : 0;
    if (good && count == 0 && growth == 1)
        good = fail(why, "the result has no type");
    for (size_t result = 0; good && result < count; result++)
        good = check_call(ops, &call, counts, result, growth > 1, why);
    sample_free(&call);
    return good;
}

bool piece_check_large(const yg_op_set *ops, const yg_op *op, const yg_sample *sample,
                       yg_dtype real, piece_counts *counts, char *why) {
    char reason[WHY_SIZE] = "";
    sample_call call = {0};
    *counts = (piece_counts){0};
    const bool good = sample_draw(&call, op, sample, real, YG_F32, SEED, why) &&
                      (check_call(ops, &call, counts, 0, false, reason) ||
                       fail(why, "%s in %s: %.1000s", op->name, yg_dtype_name(real), reason));
    sample_free(&call);
    return good;
}

bool piece_check(const yg_op_set *ops, const yg_op *op, piece_counts *counts, char *why) {
    static const yg_dtype reals[] = {YG_F32, YG_F64};
    char reason[WHY_SIZE] = "";
    *counts = (piece_counts){0};
    if (yg_op_is_composite(op) || op->flags & (YG_OP_ELEMENTWISE | YG_OP_VIEW | YG_OP_LEAF))
        return true;
    for (size_t s = 0; s < op->sample_count; s++)
        for (size_t g = 0; g < sizeof growths / sizeof *growths; g++)
            for (size_t r = 0; r < 2; r++)
                if (!check_grown(ops, op, &op->samples[s], growths[g], reals[r], counts, reason))
                    return fail(why, "%s, sample %zu in %s, %lld times as large: %.1000s", op->name,
                                s, yg_dtype_name(reals[r]), (long long)growths[g], reason);
    if ((counts->promises_rows && counts->rows == 0) ||
        (counts->promises_parts && counts->parts == 0))
        return fail(why, "%s: no call falls into two %s", op->name,
                    counts->promises_rows && counts->rows == 0 ? "rows" : "parts");
    return true;
}
