/*
 * Runs a fused group: for each tile, first its loads, then its steps.
 */
#include "runtime.h"

#include <string.h>

void yg_fill(void *to, const void *from, size_t element, size_t count) {
    if (element == 4) {
        uint32_t value, *words = to;
        memcpy(&value, from, 4);
        for (size_t i = 0; i < count; i++)
            words[i] = value;
    } else if (element == 8) {
        uint64_t value, *words = to;
        memcpy(&value, from, 8);
        for (size_t i = 0; i < count; i++)
            words[i] = value;
    } else {
        memset(to, *(const char *)from, count);
    }
}

/* A run of fewer elements is copied in a loop: calling memcpy() would take longer. */
#define SHORT_RUN 16

/* Repeats one short run, as a bias is repeated for each row. `at` is the position in the run of the
 * first element. */
static void repeat_run(uint32_t *to, const uint32_t *from, size_t length, size_t at, size_t count) {
    for (size_t i = 0; i < count; i++) {
        to[i] = from[at];
        at = at + 1 == length ? 0 : at + 1;
    }
}

/* Writes elements [start, start + count) of a broadcast, in runs along the innermost dimension. */
static void stretch(const yg_load *load, char *to, int64_t start, int64_t count) {
    int64_t index[YG_MAX_RANK], offset = 0, rest = start;
    const int inner = load->rank - 1;
    for (int i = inner; i >= 0; i--) {
        index[i] = rest % load->shape[i];
        rest /= load->shape[i];
        offset += index[i] * load->strides[i];
    }
    while (count > 0) {
        int64_t length = load->shape[inner] - index[inner];
        if (length > count)
            length = count;
        const char *from = load->source + (size_t)offset * load->element;
        if (load->strides[inner] == 0)
            yg_fill(to, from, load->element, (size_t)length);
        else
            memcpy(to, from, (size_t)length * load->element);
        to += (size_t)length * load->element;
        count -= length;
        index[inner] += length;
        offset += length * load->strides[inner];
        for (int i = inner; i > 0 && index[i] == load->shape[i]; i--) {
            offset += load->strides[i - 1] - load->shape[i] * load->strides[i];
            index[i] = 0;
            index[i - 1]++;
        }
    }
}

void yg_load_run(const yg_load *load, void *to, int64_t start, int64_t count) {
    if (load->uniform)
        yg_fill(to, load->source, load->element, (size_t)count);
    else if (load->rank == 2 && load->strides[0] == 0 && load->element == 4 &&
             load->shape[1] < SHORT_RUN)
        repeat_run(to, (const uint32_t *)(const void *)load->source, (size_t)load->shape[1],
                   start == 0 ? 0 : (size_t)(start % load->shape[1]), (size_t)count);
    else
        stretch(load, to, start, count);
}

/* What is the same for all tiles of one call. Places are resolved for thread 0; another thread adds
 * a distance. */
typedef struct stretch_of_group {
    int64_t begin;    /* the first element */
    size_t registers; /* bytes from the registers of thread 0 to those of this thread */
    size_t chunks;    /* the same for chunks */
} stretch_of_group;

/* Where a step reads or writes the tile that begins at element `start`. A chunk begins at the first
 * element of the call. */
static inline char *at_tile(const yg_place *place, int64_t start, const stretch_of_group *of) {
    if (place->by_chunks)
        return place->base + (size_t)place->advance * (size_t)(start - of->begin) + of->chunks;
    return place->base + (size_t)place->advance * (size_t)start +
           (place->reg == YG_NO_REGISTER ? 0 : of->registers);
}

/* NULL for a program without registers: C does not define the sum of NULL and 0. */
static char *register_base(const yg_program *program, int thread) {
    if (!program->registers)
        return NULL;
    return program->registers + (size_t)thread * program->register_count * YG_TILE * sizeof(double);
}

static inline char *load_target(char *registers, const yg_load *load) {
    return registers + (size_t)load->target * YG_TILE * sizeof(double);
}

/* Asks the processor to fetch what the tile at `start` will read and write, so that memory is busy
 * while the tile before is computed. (By itself it does so only within a page.) Each step asks for
 * its share of the cache lines. */
static inline void fetch_ahead(const yg_unit *unit, uint32_t step, int64_t start) {
    for (uint32_t i = 0; i < unit->group.stream_count; i++) {
        const yg_place *place = unit->group.streams[i];
        if (place->by_chunks)
            continue;
        const uint32_t lines = YG_TILE * place->advance / YG_ALIGN;
        const char *from = place->base + (size_t)place->advance * (size_t)start;
        for (uint32_t line = step; line < lines; line += unit->group.step_count)
            __builtin_prefetch(from + (size_t)line * YG_ALIGN);
    }
}

void yg_group_run(const yg_program *program, const yg_unit *unit, int64_t begin, int64_t end,
                  int thread) {
    char *registers = register_base(program, thread);
    const stretch_of_group of = {
        .begin = begin,
        .registers = (size_t)(registers - program->registers),
        .chunks = (size_t)program->chunk_bytes * (size_t)thread,
    };
    const int64_t widest = end - begin < YG_TILE ? end - begin : YG_TILE;
    for (uint32_t i = 0; i < unit->group.load_count; i++) {
        const yg_load *load = &unit->group.loads[i];
        if (load->steady && widest > 0)
            yg_load_run(load, load_target(registers, load), begin, widest);
    }
    for (int64_t start = begin; start < end; start += YG_TILE) {
        const int64_t left = end - start, count = left < YG_TILE ? left : YG_TILE;
        for (uint32_t i = 0; i < unit->group.load_count; i++) {
            const yg_load *load = &unit->group.loads[i];
            if (!load->steady)
                yg_load_run(load, load_target(registers, load), start, count);
        }
        for (uint32_t i = 0; i < unit->group.step_count; i++) {
            const yg_step *step = &unit->group.steps[i];
            const void *in[YG_ELEMENTWISE_OPERANDS];
            for (uint32_t k = 0; k < step->operand_count; k++)
                in[k] = at_tile(&step->in[k], start, &of);
            if (left >= 2 * YG_TILE)
                fetch_ahead(unit, i, start + YG_TILE);
            step->tile(at_tile(&step->out, start, &of), in, (size_t)count, step->attrs);
        }
    }
}
