/*
 * Running: the units in order. Nothing is allocated here.
 */
#include "plan.h"

#include <string.h>

static void fill_uniform(char *to, const char *from, size_t element, size_t count) {
    if (element == 4) {
        uint32_t value, *words = (uint32_t *)(void *)to;
        memcpy(&value, from, 4);
        for (size_t i = 0; i < count; i++)
            words[i] = value;
    } else if (element == 8) {
        uint64_t value, *words = (uint64_t *)(void *)to;
        memcpy(&value, from, 8);
        for (size_t i = 0; i < count; i++)
            words[i] = value;
    } else {
        memset(to, *from, count);
    }
}

/* Elements [start, start + count) of a broadcast, run by run along the innermost dimension. */
static void load_tile(const yg_load *load, char *to, int64_t start, int64_t count) {
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
            fill_uniform(to, from, load->element, (size_t)length);
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

static inline char *at_tile(const yg_place *place, int64_t start) {
    return place->base + (size_t)place->advance * (size_t)start;
}

static void run_group(const yg_program *program, const yg_unit *unit) {
    char *registers = program->registers;
    const int64_t widest = unit->count < YG_TILE ? unit->count : YG_TILE;
    for (uint32_t i = 0; i < unit->load_count; i++) {
        const yg_load *load = &unit->loads[i];
        if (load->uniform && widest > 0)
            fill_uniform(registers + (size_t)load->target * YG_TILE * sizeof(double), load->source,
                         load->element, (size_t)widest);
    }
    for (int64_t start = 0; start < unit->count; start += YG_TILE) {
        const int64_t left = unit->count - start, count = left < YG_TILE ? left : YG_TILE;
        for (uint32_t i = 0; i < unit->load_count; i++) {
            const yg_load *load = &unit->loads[i];
            if (!load->uniform)
                load_tile(load, registers + (size_t)load->target * YG_TILE * sizeof(double), start,
                          count);
        }
        for (uint32_t i = 0; i < unit->step_count; i++) {
            const yg_step *step = &unit->steps[i];
            const void *in[YG_MAX_OPERANDS];
            for (uint32_t k = 0; k < step->operand_count; k++)
                in[k] = at_tile(&step->in[k], start);
            step->tile(at_tile(&step->out, start), in, (size_t)count, step->attrs);
        }
    }
}

static bool run_kernel(yg_unit *unit, uint64_t seed, uint64_t step, yg_error *error) {
    unit->call.seed = seed;
    unit->call.step = step;
    return unit->kernel(&unit->call, error);
}

bool yg_program_run(yg_program *program, uint64_t seed, uint64_t step, yg_error *error) {
    for (size_t u = 0; u < program->unit_count; u++) {
        yg_unit *unit = &program->units[u];
        if (unit->kind == YG_UNIT_GROUP)
            run_group(program, unit);
        else if (unit->kind == YG_UNIT_COPY)
            memcpy(unit->copy_to, unit->copy_from, unit->bytes);
        else if (!run_kernel(unit, seed, step, error))
            return false;
    }
    return true;
}
