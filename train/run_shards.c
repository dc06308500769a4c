/*
 * Steps in shards: see run_shards.h.
 */
#include "run_shards.h"

#include "../data/digest.h"
#include "../data/source.h"
#include "../graph/clock.h"
#include "../graph/number.h"
#include "../graph/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* So many learning rates, from the first step to the last, are compared between processes. */
enum { RATES = 8 };

/* What a process tells of a step: a head, and for each shard its own head and packed totals. */
typedef struct head {
    int64_t stop, save;
} head;

typedef struct shard_head {
    double loss;
    int64_t finite;
} shard_head;

static int process_count(const yg_run *run) {
    return run->processes ? run->processes->size : 1;
}

static int rank_of(const yg_run *run) {
    return run->processes ? run->processes->rank : 0;
}

yg_run_shards *yg_run_shards_new(const yg_run *run, bool *good, yg_error *error) {
    const int64_t shards = run->settings.shards, processes = process_count(run);
    *good = processes <= shards;
    if (shards == 1 && !*good)
        yg_fail(error, YG_ERROR_ARGUMENT, YG_NOWHERE,
                "%" PRId64 " processes need a batch in at least as many parts, and `train` does "
                "not cut it; write `shards: %d` there, or --set train.shards=%d. The number of "
                "shards decides the bits of the results, the number of processes does not",
                processes, processes > 8 ? (int)processes : 8, processes > 8 ? (int)processes : 8);
    else if (!*good)
        yg_fail(error, YG_ERROR_ARGUMENT, YG_NOWHERE,
                "%" PRId64 " processes cannot share %" PRId64 " shards: start at most %" PRId64
                " processes, or set `shards` of `train` higher",
                processes, shards, shards);
    if (!*good || shards == 1)
        return NULL;
    yg_run_shards *s = calloc(1, sizeof *s);
    *good = s && (s->ends = calloc((size_t)processes, sizeof *s->ends)) &&
            (s->now = calloc((size_t)(shards / processes) + 1, sizeof *s->now));
    if (!*good)
        yg_fail_memory(error);
    else
        *good = (s->exchange = yg_exchange_new(run->processes, error)) != NULL;
    if (*good)
        return s;
    yg_run_shards_free(s);
    return NULL;
}

void yg_run_shards_free(yg_run_shards *s) {
    if (!s)
        return;
    yg_executables_free(&s->idle);
    for (size_t i = 0; i < s->turn_count; i++)
        yg_executables_free(&s->turns[i]);
    free(s->turns);
    free(s->now);
    yg_totals_free(&s->batch);
    yg_exchange_free(s->exchange);
    free(s->all);
    free(s->ends);
    free(s);
}

int64_t yg_run_program_batch(const yg_run *run) {
    const yg_settings *s = &run->settings;
    return run->shards ? (s->batch_size - 1) / s->shards + 1 : s->batch_size;
}

bool yg_run_shards_fit(const yg_run *run, int64_t count, int64_t *size, yg_error *error) {
    const int64_t most = run->settings.shards, shards = count < most ? count : most;
    yg_executable_options options = run->train.options;
    options.length = run->train.longest;
    if (shards == 1) /* no other shard has a part in its statistics */
        options.role = YG_BATCH_WHOLE;
    for (*size = count / shards; *size <= (count - 1) / shards + 1; ++*size) {
        yg_network *network = yg_executable_network(&options, *size, error);
        if (!network)
            return false;
        yg_network_free(network);
    }
    return true;
}

/* ---------------------------------------------------------------------------------- step ---- */

/* A step in the making. */
typedef struct step {
    yg_run *run;
    yg_run_shards *s;
    const yg_shard_tree *tree;
    int64_t begin, count; /* its examples */
    double lr;
} step;

/* Where a shard begins, among the step's examples. */
static int64_t shard_at(const step *t, int64_t shard) {
    return t->count * shard / t->tree->shards;
}

static int64_t shard_size(const step *t, int64_t shard) {
    return shard_at(t, shard + 1) - shard_at(t, shard);
}

static size_t shard_bytes(const step *t, int64_t shard) {
    return sizeof(shard_head) +
           yg_totals_packed_bytes(&t->run->train.plan, &t->run->at.totals, shard_size(t, shard));
}

/* Fills in `ends` and makes room. */
static bool make_room(step *t, yg_error *error) {
    yg_run_shards *s = t->s;
    size_t bytes = 0;
    const int processes = process_count(t->run);
    for (int p = 0; p < processes; p++) {
        bytes += sizeof(head);
        for (int64_t j = yg_shards_begin(t->tree->shards, p, processes);
             j < yg_shards_begin(t->tree->shards, p + 1, processes); j++)
            bytes += shard_bytes(t, j);
        s->ends[p] = bytes;
    }
    if (bytes > s->room) {
        char *grown = realloc(s->all, bytes);
        if (!grown)
            return yg_fail_memory(error);
        s->all = grown;
        s->room = bytes;
    }
    int64_t memory;
    return s->batch.values ||
           (yg_data_memory(yg_model_section(t->run->model, "data"), &memory, error) &&
            yg_totals_begin(&t->run->train.plan, yg_run_program_batch(t->run), memory, &s->batch,
                            error));
}

static void set(double *input, double value) {
    if (input)
        *input = value;
}

/* The program has the exchange only while it runs as part of a step. A search for a NaN runs parts
 * of the same graph by themselves. */
static bool run_program(const step *t, yg_executable *executable, bool begins, yg_error *error) {
    const yg_run *run = t->run;
    if (executable->exchange)
        *executable->exchange = (int64_t)(intptr_t)t->s->exchange;
    const bool good = begins ? yg_executable_run(executable, run->settings.seed, run->draw, error)
                             : yg_executable_go_on(executable, error);
    if (executable->exchange)
        *executable->exchange = 0;
    return good;
}

/* Makes that shard the one that the run is at. */
static void enter_shard(const step *t, int64_t shard) {
    yg_run *run = t->run;
    run->batch_begin = t->begin + shard_at(t, shard);
    run->draw = (uint64_t)run->at.steps * (uint64_t)run->settings.shards + (uint64_t)shard;
    yg_exchange_shard(t->s->exchange, shard);
}

/* The programs that a shard is computed by; NULL: out of memory. */
static yg_executables *programs_of(const step *t, int64_t shard, yg_error *error) {
    yg_run *run = t->run;
    yg_run_shards *s = t->s;
    const size_t own = (size_t)(shard - t->tree->first);
    if (shard + 1 == t->tree->end)
        return &run->train;
    if (yg_exchange_statistic_count(s->exchange) == 0)
        return &run->parts;
    if (own >= s->turn_count) {
        yg_executables *grown = realloc(s->turns, (own + 1) * sizeof *grown);
        if (!grown) {
            yg_fail_memory(error);
            return NULL;
        }
        s->turns = grown;
        for (; s->turn_count <= own; s->turn_count++) {
            s->turns[s->turn_count] = run->parts;
            s->turns[s->turn_count].in_turns = true;
            s->turns[s->turn_count].count = 0;
            s->turns[s->turn_count].executables = NULL;
        }
    }
    return &s->turns[own];
}

/* Fills the program of a shard. */
static bool fill_shard(const step *t, int64_t shard, yg_error *error) {
    const yg_run *run = t->run;
    const int64_t count = shard_size(t, shard);
    yg_executables *programs = programs_of(t, shard, error);
    yg_stream_seek(run->examples, run->at.epochs, run->batch_begin);
    yg_executable *executable =
        programs
            ? yg_executables_get(programs, count, yg_stream_longest(run->examples, count), error)
            : NULL;
    if (!executable || !yg_executable_fill(executable, run->examples, error))
        return false;
    yg_run_set_inputs(run, executable, t->lr);
    set(executable->first, shard == 0);
    set(executable->weight, (double)count / (double)t->count);
    t->s->now[shard - t->tree->first] = executable;
    return true;
}

void yg_run_shards_enter(yg_run_shards *s, int64_t phase) {
    for (size_t i = 0; i < s->turn_count; i++)
        yg_executables_enter(&s->turns[i], phase);
}

/* Makes the updates of a step in which this process has no shard. */
static yg_executable *run_idle(step *t, yg_error *error) {
    yg_run *run = t->run;
    yg_executables *idle = &t->s->idle;
    if (!idle->store) {
        *idle = run->parts;
        idle->options.role = YG_BATCH_NO_SHARD;
        idle->options.plan = NULL;
        idle->count = 0;
        idle->executables = NULL;
    }
    yg_executables_enter(idle, run->train.options.phase);
    yg_executable *executable =
        yg_executables_get(idle, yg_run_program_batch(run), run->train.longest, error);
    if (!executable)
        return NULL;
    yg_run_set_inputs(run, executable, t->lr);
    run->draw = (uint64_t)run->at.steps * (uint64_t)run->settings.shards;
    return run_program(t, executable, true, error) ? executable : NULL;
}

/* Notes what a shard has to tell. */
static char *tell(const step *t, const yg_executable *executable, char *to) {
    const yg_score_plan *plan = &t->run->train.plan;
    const shard_head h = {yg_result_scalar(&executable->loss), yg_executable_is_finite(executable)};
    memcpy(to, &h, sizeof h);
    yg_totals_clear(&t->s->batch);
    yg_totals_add(plan, executable, &t->s->batch);
    yg_totals_pack(plan, &t->run->at.totals, &t->s->batch, to + sizeof h);
    return to + sizeof h + yg_totals_packed_bytes(plan, &t->run->at.totals, t->s->batch.examples);
}

/* Adds what all shards tell to the run's totals, up to the first whose loss is not finite. */
static void add_all(step *t) {
    yg_run *run = t->run;
    const int processes = process_count(run);
    t->s->stop = t->s->save = false;
    for (int p = 0; p < processes; p++) {
        const char *at = t->s->all + (p ? t->s->ends[p - 1] : 0);
        head h;
        memcpy(&h, at, sizeof h);
        at += sizeof h;
        t->s->stop |= h.stop != 0;
        t->s->save |= p == 0 && h.save != 0;
        for (int64_t j = yg_shards_begin(t->tree->shards, p, processes);
             j < yg_shards_begin(t->tree->shards, p + 1, processes) && run->finite;
             at += shard_bytes(t, j++)) {
            shard_head own;
            memcpy(&own, at, sizeof own);
            run->finite = own.finite != 0;
            if (!run->finite) {
                run->progress.loss = own.loss;
                break;
            }
            run->progress.loss += own.loss * ((double)shard_size(t, j) / (double)t->count);
            run->progress.examples += shard_size(t, j);
            yg_totals_add_packed(&run->train.plan, at + sizeof own, shard_size(t, j),
                                 &run->at.totals);
        }
    }
}

/* Whether process 0 finds that it is time to save after this step. */
static bool is_due(const yg_run *run) {
    const double waited = yg_clock() - run->saved, asked = run->options->save_seconds;
    return asked > 0 ? waited > asked
                     : yg_saving_after_step(&run->settings.saving, run->at.steps + 1, waited);
}

/* Whether the search for a value that is not finite is to look at this shard. */
static bool has_failed(const step *t, int64_t shard) {
    const yg_run *run = t->run;
    return (!run->processes && !yg_executable_is_finite(t->s->now[shard - t->tree->first])) ||
           (run->before && shard + 1 < t->tree->end && !yg_exchange_is_finite(t->s->exchange));
}

/* Ends the step with the program of the shard that has failed. Where shards have statistics in
 * common, that is the first one that gave any which are not finite. */
static yg_executable *end_at(const step *t, int64_t shard) {
    yg_run *run = t->run;
    const int64_t spoiler = yg_exchange_spoiler(t->s->exchange);
    const yg_executable *executable = t->s->now[shard - t->tree->first];
    if (!run->processes && !yg_executable_is_finite(executable)) {
        run->progress.loss = yg_result_scalar(&executable->loss);
        run->finite = false;
    }
    if (spoiler >= 0)
        shard = spoiler;
    enter_shard(t, shard);
    return t->s->now[shard - t->tree->first];
}

/* Runs all own shards, in turns where they wait for each other. `to`: for what they tell. *failed
 * becomes the program of one that has failed. */
static bool run_shards(const step *t, char *to, yg_executable **failed, yg_error *error) {
    const int64_t first = t->tree->first, end = t->tree->end;
    int64_t done = first;
    for (bool begins = true; done < end; begins = false)
        for (int64_t shard = first; shard < end; shard++) {
            enter_shard(t, shard);
            if (begins && !fill_shard(t, shard, error))
                return false;
            if (!run_program(t, t->s->now[shard - first], begins, error)) {
                if (!yg_exchange_paused(t->s->exchange))
                    return false;
                continue;
            }
            done++;
            to = tell(t, t->s->now[shard - first], to);
            if (has_failed(t, shard)) {
                *failed = end_at(t, shard);
                return true;
            }
        }
    return true;
}

yg_executable *yg_run_shards_step(yg_run *run, int64_t begin, int64_t end, double lr,
                                  yg_error *error) {
    step t = {.run = run, .s = run->shards, .begin = begin, .count = end - begin, .lr = lr};
    const int64_t most = run->settings.shards;
    yg_executable *executable, *failed = NULL;
    if (!yg_exchange_begin(t.s->exchange, t.count < most ? t.count : most, run->train.options.phase,
                           &t.tree, error) ||
        !make_room(&t, error))
        return NULL;
    if (run->before)
        yg_run_copy_store(&run->store, run->before);
    const int rank = rank_of(run);
    char *own = t.s->all + (rank ? t.s->ends[rank - 1] : 0);
    if (!run_shards(&t, own + sizeof(head), &failed, error))
        return NULL;
    if (failed)
        return failed;
    executable = t.tree->first < t.tree->end ? t.s->now[t.tree->end - 1 - t.tree->first]
                                             : run_idle(&t, error);
    if (!executable)
        return NULL;
    const head h = {run->options->stop && *run->options->stop, is_due(run)};
    memcpy(own, &h, sizeof h);
    if (run->processes && !yg_exchange_gather(t.s->exchange, t.s->ends, t.s->all, error))
        return NULL;
    add_all(&t);
    return executable;
}

/* ------------------------------------------------------------------------------ together ---- */

bool yg_run_meet(const yg_run *run, yg_error *error) {
    return !run->processes || yg_exchange_meet(run->shards->exchange, error);
}

bool yg_run_agree(const yg_run *run, bool *flag, yg_error *error) {
    return !run->processes || yg_exchange_spread(run->shards->exchange, flag, sizeof *flag, error);
}

/* The identity, and what a run that goes on may change, but all its processes must agree on. Freed
 * by the caller. */
static char *text_to_compare(yg_run *run, yg_error *error) {
    const yg_settings *s = &run->settings;
    const char *identity = yg_run_identity(run, error);
    char number[YG_NUMBER_TEXT];
    yg_text text = {0};
    if (!identity)
        return NULL;
    yg_text_add(&text, "%ssteps %" PRId64 "\npatience %" PRId64 "\n", identity, run->rates.steps,
                s->stops_early ? s->patience : 0);
    yg_text_add(&text, "min_delta %s\n", yg_number_text(s->min_delta, number));
    for (int64_t i = 0; i <= RATES; i++) {
        double rate;
        if (!yg_run_rate(run, (run->rates.steps - 1) / RATES * i, &rate, error))
            break;
        yg_text_add(&text, "lr.%" PRId64 " %s\n", i, yg_number_text(rate, number));
    }
    yg_text_add(&text, "resume %s\n", run->options->resume ? "true" : "false");
    char *taken = yg_text_take(&text);
    if (!taken)
        yg_fail_memory(error);
    return taken;
}

bool yg_run_compare_identities(yg_run *run, yg_error *error) {
    if (!run->processes)
        return true;
    yg_exchange *exchange = run->shards->exchange;
    char *own = text_to_compare(run, error);
    if (!own)
        return false;
    uint64_t size = strlen(own) + 1;
    bool good = yg_exchange_spread(exchange, &size, sizeof size, error);
    char *first = good ? calloc(1, (size_t)size) : NULL;
    if (good && !first)
        good = yg_fail_memory(error);
    if (good && rank_of(run) == 0)
        memcpy(first, own, (size_t)size);
    good = good && yg_exchange_spread(exchange, first, (size_t)size, error) &&
           yg_run_check_process(first, own, rank_of(run), error) && yg_run_meet(run, error);
    free(first);
    free(own);
    return good;
}

bool yg_run_compare_weights(const yg_run *run, yg_error *error) {
    if (!run->processes)
        return true;
    uint64_t own = YG_DIGEST_BEGIN;
    for (size_t i = 0; i < run->store.count; i++)
        own = yg_digest(own, run->store.tensors[i].data,
                        (size_t)yg_type_bytes(&run->store.tensors[i].type));
    uint64_t first = own;
    if (!yg_exchange_spread(run->shards->exchange, &first, sizeof first, error))
        return false;
    if (first != own)
        return yg_fail(error, YG_ERROR_NUMERIC, YG_NOWHERE,
                       "process %d has other weights than process 0 after step %" PRId64
                       "; all processes need the same build of yamlgrad and of its libraries, the "
                       "same kind of processor, and the same files",
                       rank_of(run), run->at.steps);
    return yg_run_meet(run, error);
}
