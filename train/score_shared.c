/*
 * Scores by several processes: see score_shared.h.
 */
#include "score_shared.h"

#include <stdlib.h>

/* A round: each process computes one batch, or none at the end. */
typedef struct sharing {
    yg_executables *executables;
    yg_stream *stream;
    int64_t batch_size, examples;
    yg_totals batch; /* of this process's batch */
    yg_totals *totals;
    int rank, size;
    size_t *ends;
    char *all;
} sharing;

/* The examples of a process's batch in the round that begins at example `begin`. */
static int64_t count_of(const sharing *s, int64_t begin, int process) {
    const int64_t left = s->examples - begin - process * s->batch_size;
    return left < 0 ? 0 : left < s->batch_size ? left : s->batch_size;
}

static bool compute(sharing *s, int64_t begin, char *to, yg_error *error) {
    const int64_t count = count_of(s, begin, s->rank);
    if (count == 0)
        return true;
    yg_stream_seek(s->stream, 0, begin + s->rank * s->batch_size);
    yg_executable *executable =
        yg_executables_get(s->executables, count, yg_stream_longest(s->stream, count), error);
    if (!executable || !yg_executable_fill(executable, s->stream, error) ||
        !yg_executable_run(executable, 0, 0, error))
        return false;
    yg_totals_clear(&s->batch);
    yg_totals_add(&s->executables->plan, executable, &s->batch);
    yg_totals_pack(&s->executables->plan, s->totals, &s->batch, to);
    return true;
}

static bool play_round(sharing *s, int64_t begin, yg_error *error) {
    const yg_score_plan *plan = &s->executables->plan;
    for (int p = 0; p < s->size; p++) {
        const int64_t count = count_of(s, begin, p);
        s->ends[p] =
            (p ? s->ends[p - 1] : 0) + (count ? yg_totals_packed_bytes(plan, s->totals, count) : 0);
    }
    const size_t own = s->rank ? s->ends[s->rank - 1] : 0;
    if (!compute(s, begin, s->all + own, error) ||
        !yg_exchange_gather(s->executables->exchange, s->ends, s->all, error))
        return false;
    for (int p = 0; p < s->size && count_of(s, begin, p) > 0; p++)
        yg_totals_add_packed(plan, s->all + (p ? s->ends[p - 1] : 0), count_of(s, begin, p),
                             s->totals);
    return true;
}

bool yg_score_shared(yg_executables *executables, yg_stream *stream, int64_t batch_size,
                     int64_t memory, yg_totals *totals, yg_error *error) {
    const yg_processes *p = yg_exchange_processes(executables->exchange);
    sharing s = {.executables = executables,
                 .stream = stream,
                 .batch_size = batch_size,
                 .examples = yg_stream_left(stream),
                 .totals = totals,
                 .rank = p->rank,
                 .size = p->size};
    const size_t bytes = yg_totals_packed_bytes(&executables->plan, totals, batch_size);
    s.ends = calloc((size_t)s.size, sizeof *s.ends);
    s.all = calloc((size_t)s.size, bytes + 1);
    bool good = s.ends && s.all
                    ? yg_totals_begin(&executables->plan, batch_size, memory, &s.batch, error)
                    : yg_fail_memory(error);
    for (int64_t at = 0; good && at < s.examples; at += s.size * batch_size)
        good = play_round(&s, at, error);
    yg_totals_free(&s.batch);
    free(s.ends);
    free(s.all);
    return good;
}
