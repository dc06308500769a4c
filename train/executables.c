/*
 * Executables by batch size: see executables.h.
 */
#include "executables.h"

#include "../data/sequences.h"
#include "../data/source.h"
#include "../graph/clock.h"
#include "score_shared.h"

#include <stdlib.h>
#include <string.h>

/* The most memory for one batch of all examples, which makes scores exact that mix examples. */
static const double WHOLE_BYTES = (double)(1 << 30);

/* So many executables a set keeps. Only sequences need more: 64 are all sizes up to half a million
 * steps. */
enum { LIMIT = 64 };

bool yg_executables_plan(yg_executables *executables, yg_error *error) {
    if (executables->planned || executables->batch_size == 0)
        return true;
    if (executables->longest && !executables->options.length)
        executables->options.length = executables->longest;
    if (!yg_score_plan_make(&executables->options, executables->batch_size, &executables->plan,
                            error))
        return false;
    executables->options.plan = &executables->plan;
    executables->planned = true;
    return true;
}

/* The executable whose threads and memory another one of the set uses too; NULL: there is none. One
 * of the set beside is preferred: the first of this set may have too few examples for the next. But
 * sets that take turns within a step must not write into each other's memory. */
static const yg_executable *neighbour(const yg_executables *executables) {
    const bool own = executables->in_turns && executables->count > 0;
    if (!own && executables->beside && executables->beside->count > 0)
        executables = executables->beside;
    return executables->count > 0 ? executables->executables[0] : NULL;
}

/* Points inputs and targets at those of another executable, which has room for as many examples.
 * They are filled before each run, so they need not be kept. To be called before
 * yg_executable_bind(), which finds the results: an input may be one. */
static bool share_feeds(const yg_executable *with, yg_executable *executable, yg_error *error) {
    size_t counts[2];
    const yg_tensor_name *lists[2] = {yg_network_inputs(executable->network, &counts[0]),
                                      yg_network_targets(executable->network, &counts[1])};
    if (with->batch < executable->batch || with->feed_count != executable->feed_count)
        return true;
    for (size_t i = 0; i < executable->feed_count; i++) {
        yg_feed *feed = &executable->feeds[i];
        const bool is_target = i >= counts[0];
        const yg_node node = lists[is_target][is_target ? i - counts[0] : i].node;
        if (!feed->data || !with->feeds[i].data || feed->width > with->feeds[i].width)
            continue;
        if (!yg_program_bind(executable->program, node, with->feeds[i].data, error))
            return false;
        feed->data = with->feeds[i].data;
    }
    return true;
}

/* Makes room for one more: the one that was not used for the longest time goes. The first one
 * stays, because the others use its memory. */
static void forget_one(yg_executables *executables) {
    yg_executable **all = executables->executables;
    size_t oldest = 1;
    for (size_t i = 2; i < executables->count; i++)
        oldest = all[i]->used < all[oldest]->used ? i : oldest;
    yg_executable_free(all[oldest]);
    all[oldest] = all[--executables->count];
}

void yg_executables_enter(yg_executables *executables, int64_t phase) {
    const int64_t before = executables->options.phase;
    for (size_t i = executables->count; i-- > 1;)
        if (before != phase && executables->executables[i]->phase == before) {
            yg_executable_free(executables->executables[i]);
            executables->executables[i] = executables->executables[--executables->count];
        }
    executables->options.phase = phase;
}

yg_executable *yg_executables_get(yg_executables *executables, int64_t batch, int64_t length,
                                  yg_error *error) {
    if (length)
        length = yg_sequences_padded(&executables->options.data->sequencing, length);
    for (size_t i = 0; i < executables->count; i++) {
        yg_executable *executable = executables->executables[i];
        if (executable->batch != batch || executable->length != length ||
            executable->phase != executables->options.phase)
            continue;
        executable->used = ++executables->used;
        return executable;
    }
    executables->options.length = length;
    if (!yg_executables_plan(executables, error))
        return NULL;
    if (executables->count >= LIMIT)
        forget_one(executables);
    yg_executable **grown =
        realloc(executables->executables, (executables->count + 1) * sizeof *grown);
    if (!grown) {
        yg_fail_memory(error);
        return NULL;
    }
    executables->executables = grown;
    const yg_executable *first = neighbour(executables);
    const bool apart = executables->in_turns && executables->count == 0;
    executables->options.beside = first ? first->program : NULL;
    executables->options.own_memory = apart;
    yg_executable *executable = yg_executable_new(&executables->options, batch, error);
    if (!executable)
        return NULL;
    if ((first && !apart && !share_feeds(first, executable, error)) ||
        !yg_executable_bind(executable, executables->store, error)) {
        yg_executable_free(executable);
        return NULL;
    }
    executable->used = ++executables->used;
    return grown[executables->count++] = executable;
}

void yg_executables_free(yg_executables *executables) {
    for (size_t i = 0; i < executables->count; i++)
        yg_executable_free(executables->executables[i]);
    free(executables->executables);
    if (executables->planned)
        yg_score_plan_free(&executables->plan);
    yg_heads_free(&executables->heads);
    executables->executables = NULL;
    executables->count = 0;
    executables->planned = false;
}

/* Chooses the batch size to score with: all examples if a score mixes them and memory allows it. */
static bool choose_batch(yg_executables *executables, int64_t examples, int64_t *batch_size,
                         yg_error *error) {
    if (!executables->plan.whole || examples <= *batch_size)
        return true;
    const yg_executable *part =
        yg_executables_get(executables, *batch_size, executables->longest, error);
    if (!part)
        return false;
    const double bytes = (double)yg_program_get_stats(part->program).arena_bytes;
    if (bytes / (double)*batch_size * (double)examples <= WHOLE_BYTES)
        *batch_size = examples;
    return true;
}

bool yg_executables_in_time(const yg_executables *executables, yg_error *error) {
    return executables->deadline <= 0 || yg_clock() < executables->deadline ||
           yg_fail(error, YG_ERROR_IO, YG_NOWHERE, "there was no time to compute all scores");
}

/* Runs the next batch of a stream; NULL on failure. */
static yg_executable *run_next(yg_executables *executables, yg_stream *stream, int64_t batch_size,
                               yg_error *error) {
    if (!yg_executables_in_time(executables, error))
        return NULL;
    const int64_t left = yg_stream_left(stream);
    const int64_t count = left < batch_size ? left : batch_size;
    yg_executable *executable =
        yg_executables_get(executables, count, yg_stream_longest(stream, count), error);
    const bool good = executable && yg_executable_fill(executable, stream, error) &&
                      yg_executable_run(executable, 0, 0, error);
    return good ? executable : NULL;
}

static bool add_all(yg_executables *executables, yg_stream *stream, int64_t batch_size,
                    yg_totals *totals, yg_error *error) {
    while (yg_stream_left(stream) > 0) {
        const yg_executable *executable = run_next(executables, stream, batch_size, error);
        if (!executable)
            return false;
        yg_totals_add(&executables->plan, executable, totals);
    }
    return true;
}

yg_stream *yg_executables_not_finite(yg_executables *executables, const yg_part *part,
                                     int64_t batch_size, yg_executable **found, int64_t *batch,
                                     int64_t *begin) {
    yg_stream *stream = yg_stream_open(part, NULL);
    bool good = stream && yg_stream_sort(stream, NULL) &&
                choose_batch(executables, part->count, &batch_size, NULL);
    *found = NULL;
    for (*batch = 0; good && !*found && yg_stream_left(stream) > 0; ++*batch) {
        *begin = part->count - yg_stream_left(stream);
        yg_executable *executable = run_next(executables, stream, batch_size, NULL);
        good = executable != NULL;
        if (good && !yg_executable_is_finite(executable))
            *found = executable;
    }
    --*batch;
    return stream;
}

bool yg_executables_score(yg_executables *executables, const yg_part *part, int64_t batch_size,
                          yg_scores *scores, yg_error *error) {
    const yg_value *section = yg_model_section(executables->options.model, "data");
    yg_totals totals = {0};
    int64_t memory;
    yg_stream *stream = yg_stream_open(part, error);
    executables->longest = yg_part_longest(part, 0, part->count);
    /* In the order of their lengths, sequences need the least padding. */
    const bool good =
        stream && yg_stream_sort(stream, error) && yg_executables_plan(executables, error) &&
        choose_batch(executables, part->count, &batch_size, error) &&
        yg_data_memory(section, &memory, error) &&
        yg_totals_begin(&executables->plan, part->count, memory, &totals, error) &&
        (executables->exchange
             ? yg_score_shared(executables, stream, batch_size, memory, &totals, error)
             : add_all(executables, stream, batch_size, &totals, error)) &&
        yg_totals_finish(&executables->options, &executables->plan, &totals, &executables->heads,
                         scores, error);
    yg_totals_free(&totals);
    yg_stream_close(stream);
    return good;
}
