/*
 * What is told of the node where values stop being finite, besides its name: the values of its
 * operands, and the example of the batch that it goes wrong in.
 *
 * Which dimension of the node holds the examples is seen by building the network for twice as many.
 * (Twice, because a division by the number of examples is simplified where that is a power of two.)
 * A dimension of that size holds one example after the other. A multiple of it holds them
 * together with something else, as [batch * time] does, in an order that the size does not tell.
 * Then the guess is tested: with another example in its place, the element must be finite.
 */
#include "find_nan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct details {
    const yg_executable *executable;
    const yg_graph *graph;
    yg_program *program; /* computes the node and its operands */
    uint64_t seed, step;
    yg_nan_source *source;
} details;

/* Where the examples of a batch are in a tensor. */
typedef struct holder {
    int64_t stride; /* elements from one entry of the dimension to the next */
    int64_t size;   /* entries of the dimension */
    int64_t times;  /* entries for each example; 0: no dimension holds the examples */
} holder;

static const void *data_of(const details *d, yg_node node) {
    const void *constant = yg_node_constant(d->graph, node);
    return constant ? constant : yg_program_data(d->program, node);
}

/* ---------------------------------------------------------------------------------- ranges --- */

static yg_nan_range range_of(const details *d, yg_node node) {
    const yg_type *type = yg_node_type(d->graph, node);
    const void *data = data_of(d, node);
    yg_nan_range range = {.node = node,
                          .low = (double)INFINITY,
                          .high = -(double)INFINITY,
                          .elements = yg_type_count(type),
                          .largest = -1};
    double size = -1;
    for (int64_t i = 0; data && i < range.elements; i++) {
        const double value = yg_element_get(type->dtype, data, i);
        if (!isfinite(value))
            continue;
        range.finite++;
        range.low = fmin(range.low, value);
        range.high = fmax(range.high, value);
        if (fabs(value) > size) {
            size = fabs(value);
            range.largest = i;
        }
    }
    return range;
}

/* --------------------------------------------------------------------------------- example --- */

static holder holder_of(const yg_type *type, const yg_type *twice, int64_t batch) {
    holder found = {0};
    int64_t stride = 1;
    for (int i = type->rank - 1; i >= 0; i--) {
        const int64_t size = type->shape[i];
        const bool holds = size > 0 && twice->shape[i] == 2 * size && size % batch == 0;
        if (holds && found.times)
            return (holder){0}; /* two dimensions: it compares examples with each other */
        if (holds)
            found = (holder){stride, size, size / batch};
        stride *= size;
    }
    return found;
}

/* The example of an element. Where a dimension holds more than examples, examples come first. */
static int64_t example_at(const holder *h, int64_t element) {
    return element / h->stride % h->size / h->times;
}

static bool is_wrong(const details *d, int64_t element) {
    const yg_type *type = yg_node_type(d->graph, d->source->node);
    const double value = yg_element_get(type->dtype, data_of(d, d->source->node), element);
    return d->source->nan ? isnan(value) : !isfinite(value);
}

/* The bytes of an example in an input's buffer. */
static size_t row_bytes(const yg_feed *feed) {
    return (size_t)feed->width * yg_dtype_size(feed->dtype);
}

/* Puts example `from` in the place of example `to` in all inputs; `kept` takes the one that was
 * there, or gives it back where `from` is -1. */
static void put_example(const details *d, int64_t from, int64_t to, char *kept) {
    for (size_t i = 0; i < d->executable->feed_count; i++) {
        const yg_feed *feed = &d->executable->feeds[i];
        const size_t bytes = feed->data ? row_bytes(feed) : 0;
        char *at = bytes ? (char *)feed->data + (size_t)to * bytes : NULL;
        if (!bytes)
            continue;
        if (from >= 0) {
            memcpy(kept, at, bytes);
            memcpy(at, (char *)feed->data + (size_t)from * bytes, bytes);
        } else {
            memcpy(at, kept, bytes);
        }
        kept += bytes;
    }
}

/* Whether the element is finite when example `other` stands in the place of `example`. */
static bool depends_on(const details *d, int64_t element, int64_t example, int64_t other) {
    size_t bytes = 1;
    for (size_t i = 0; i < d->executable->feed_count; i++)
        bytes += row_bytes(&d->executable->feeds[i]);
    char *kept = malloc(bytes);
    if (!kept)
        return false;
    put_example(d, other, example, kept);
    bool good = yg_program_run(d->program, d->seed, d->step, NULL) && !is_wrong(d, element);
    put_example(d, -1, example, kept);
    free(kept);
    return yg_program_run(d->program, d->seed, d->step, NULL) && good;
}

/* Counts the examples in which the node goes wrong, and finds the first. */
static void count_examples(const details *d, const holder *h, int64_t batch) {
    const int64_t elements = yg_type_count(yg_node_type(d->graph, d->source->node));
    bool *wrong = calloc((size_t)batch + 1, sizeof *wrong);
    int64_t first = -1, sound = -1, element = -1;
    if (!wrong)
        return;
    for (int64_t i = 0; i < elements; i++) {
        const int64_t example = example_at(h, i);
        if (wrong[example] || !is_wrong(d, i))
            continue;
        wrong[example] = true;
        d->source->examples++;
        if (first < 0 || example < first) {
            first = example;
            element = i;
        }
    }
    for (int64_t e = 0; e < batch && sound < 0; e++)
        sound = wrong[e] ? -1 : e;
    if (h->times == 1 || sound < 0 || (first >= 0 && depends_on(d, element, first, sound)))
        d->source->example = first;
    else
        d->source->examples = 0;
    free(wrong);
}

/* Finds the example by the node's own elements. If it holds no examples, as a sum over the batch
 * does not, that of its largest operand is the best guess. */
static void find_example(const details *d, const yg_graph *twice) {
    yg_nan_source *source = d->source;
    const int64_t batch = d->executable->batch;
    const holder own =
        holder_of(yg_node_type(d->graph, source->node), yg_node_type(twice, source->node), batch);
    double size = -1;
    if (own.times) {
        count_examples(d, &own, batch);
        return;
    }
    for (size_t k = 0; k < source->operand_count; k++) {
        const yg_nan_range *range = &source->operands[k];
        const holder h =
            holder_of(yg_node_type(d->graph, range->node), yg_node_type(twice, range->node), batch);
        const double largest = fmax(fabs(range->low), fabs(range->high));
        if (h.times != 1 || range->largest < 0 || range->finite < range->elements ||
            largest <= size)
            continue;
        size = largest;
        source->example = example_at(&h, range->largest);
    }
}

/* Whether both graphs have the same nodes, so that one tells of the other. Building simplifies by
 * sizes, so they may differ. */
static bool same_nodes(const yg_graph *a, const yg_graph *b) {
    bool same = yg_graph_size(a) == yg_graph_size(b);
    for (size_t i = 0; same && i < yg_graph_size(a); i++)
        same = yg_node_op(a, (yg_node)i) == yg_node_op(b, (yg_node)i) &&
               yg_node_type(a, (yg_node)i)->rank == yg_node_type(b, (yg_node)i)->rank;
    return same;
}

static void look_for_example(const details *d, const yg_executable_options *options) {
    yg_executable_options larger = *options;
    larger.length = d->executable->length;
    larger.beside = NULL;
    larger.compile_flags |= YG_PROGRAM_NO_MEMORY;
    if (d->executable->batch == 1) {
        d->source->example = 0;
        d->source->examples = 1;
        return;
    }
    yg_executable *twice = yg_executable_new(&larger, 2 * d->executable->batch, NULL);
    const yg_graph *graph = twice ? yg_network_graph(twice->network) : NULL;
    if (graph && same_nodes(d->graph, graph))
        find_example(d, graph);
    yg_executable_free(twice);
}

void yg_nan_describe(const yg_executable *executable, const yg_executable_options *options,
                     uint64_t seed, uint64_t step, yg_nan_source *source) {
    yg_graph *graph = yg_network_graph(executable->network);
    yg_node nodes[YG_NAN_OPERANDS + 1] = {source->node};
    size_t count = yg_node_operand_count(graph, source->node), computed = 1;
    count = count < YG_NAN_OPERANDS ? count : YG_NAN_OPERANDS;
    for (size_t k = 0; k < count; k++) {
        const yg_node operand = yg_node_operand(graph, source->node, k);
        if (!yg_node_constant(graph, operand))
            nodes[computed++] = operand;
    }
    const details d = {executable, graph, yg_nan_compile(executable, nodes, computed, NULL, NULL),
                       seed,       step,  source};
    if (d.program && yg_program_run(d.program, seed, step, NULL)) {
        for (size_t k = 0; k < count; k++)
            source->operands[k] = range_of(&d, yg_node_operand(graph, source->node, k));
        source->operand_count = count;
        look_for_example(&d, options);
    }
    yg_program_free(d.program);
}
