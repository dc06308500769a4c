/*
 * Runs a fused group: for each tile, first its loads, then its steps.
 */
#include "fused_loop.h"
#include "runtime.h"

#include <string.h>
#include <wchar.h>

/* Fills of so many words are left to the C library, whose function uses the widest vectors of the
 * processor. 512 words then take half as long as in a loop. */
#define LONG_FILL 64

void yg_fill(void *to, const void *from, size_t element, size_t count) {
    if (element == 4) {
        uint32_t value, *words = to;
        memcpy(&value, from, 4);
        if (sizeof(wchar_t) == 4 && count >= LONG_FILL) {
            wmemset(to, (wchar_t)value, count);
            return;
        }
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

/* Where a load has come to. Moving on from tile to tile needs no division: three of them would take
 * as long as a step. */
typedef struct cursor {
    int64_t index[YG_MAX_RANK]; /* of the next element */
    int64_t row; /* the offset in the operand of the run that it is in, in elements */
} cursor;

/* Only for a load that has a rank. */
static void seek(const yg_load *load, int64_t start, cursor *c) {
    const int inner = load->rank - 1;
    c->row = 0;
    c->index[inner] = start % load->shape[inner];
    start /= load->shape[inner];
    for (int i = inner - 1; i >= 0; i--) {
        c->index[i] = start % load->shape[i];
        start /= load->shape[i];
        c->row += c->index[i] * load->strides[i];
    }
}

/* The offset of the next run. */
static inline int64_t next_run(const yg_load *load, cursor *c, int64_t row) {
    for (int i = load->rank - 2; i >= 0; i--) {
        row += load->strides[i];
        if (++c->index[i] < load->shape[i] || i == 0)
            return row;
        c->index[i] = 0;
        row -= load->shape[i] * load->strides[i];
    }
    return row;
}

/* Moves on within a run, by no more elements than are left of it. */
static inline void move_cursor(const yg_load *load, cursor *c, int64_t count) {
    const int inner = load->rank - 1;
    c->index[inner] += count;
    if (c->index[inner] < load->shape[inner])
        return;
    c->index[inner] = 0;
    c->row = next_run(load, c, c->row);
}

/* The operand's element at the cursor. */
static inline const char *at_cursor(const yg_load *load, const cursor *c) {
    const int inner = load->rank - 1;
    return load->source + (size_t)(c->row + c->index[inner] * load->strides[inner]) * load->element;
}

static inline int64_t left_of_run(const yg_load *load, const cursor *c) {
    return load->shape[load->rank - 1] - c->index[load->rank - 1];
}

/* Fills a short run. */
static inline void fill_words(char *to, const char *from, size_t count) {
    uint32_t value, *words = (uint32_t *)(void *)to;
    memcpy(&value, from, sizeof value);
    size_t i = 0;
    for (; i + 8 <= count; i += 8)
        for (size_t k = 0; k < 8; k++)
            words[i + k] = value;
    for (; i < count; i++)
        words[i] = value;
}

/* Writes the next `count` elements of a broadcast, in runs along the innermost dimension. */
static void stretch(const yg_load *load, char *to, cursor *c, int64_t count) {
    const int inner = load->rank - 1;
    const int64_t run = load->shape[inner], stride = load->strides[inner];
    const size_t element = load->element;
    int64_t at = c->index[inner], row = c->row;
    while (count > 0) {
        const int64_t length = run - at < count ? run - at : count;
        const char *from = load->source + (size_t)(row + at * stride) * element;
        if (stride != 0)
            memcpy(to, from, (size_t)length * element);
        else if (element == 4 && length < LONG_FILL)
            fill_words(to, from, (size_t)length);
        else
            yg_fill(to, from, element, (size_t)length);
        to += (size_t)length * element;
        count -= length;
        at += length;
        if (at == run) {
            at = 0;
            row = next_run(load, c, row);
        }
    }
    c->index[inner] = at;
    c->row = row;
}

static bool is_short_run(const yg_load *load) {
    return load->rank == 2 && load->strides[0] == 0 && load->element == 4 &&
           load->shape[1] < SHORT_RUN;
}

void yg_load_run(const yg_load *load, void *to, int64_t start, int64_t count) {
    cursor c;
    if (load->uniform) {
        yg_fill(to, load->source, load->element, (size_t)count);
    } else if (is_short_run(load)) {
        repeat_run(to, (const uint32_t *)(const void *)load->source, (size_t)load->shape[1],
                   start == 0 ? 0 : (size_t)(start % load->shape[1]), (size_t)count);
    } else {
        seek(load, start, &c);
        stretch(load, to, &c, count);
    }
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

/* ------------------------------------------------------------------------------------- calls -- */

/* What differs between the calls of a group. Places are resolved for thread 0; another thread adds
 * a distance. */
typedef struct group_call {
    const yg_unit *unit;
    int64_t begin, end;                 /* its elements */
    char *registers;                    /* of this thread */
    size_t register_shift, chunk_shift; /* bytes from those of thread 0 to those of this thread */
} group_call;

/* Of so many loads it is remembered where they are, and with which element their register is
 * filled. */
#define FILLED_LOADS 16

/* Where the next tile of a call is read and written. All addresses move on at the end of a tile:
 * that is quicker than working them out for each step. */
typedef struct walk {
    const void *in[YG_GROUP_STEPS * YG_ELEMENTWISE_OPERANDS];  /* operands of all steps, in order */
    size_t in_bytes[YG_GROUP_STEPS * YG_ELEMENTWISE_OPERANDS]; /* from one element to the next */
    void *out[YG_GROUP_STEPS];                                 /* by step */
    size_t out_bytes[YG_GROUP_STEPS];
    size_t in_count;    /* entries of in */
    uint32_t use_count; /* entries of uses */
    struct {
        uint32_t load; /* one that is loaded for each tile … */
        uint32_t in;   /* … and the entry of `in` that reads it */
    } uses[YG_GROUP_STEPS * YG_ELEMENTWISE_OPERANDS];
    const char *filled[FILLED_LOADS];       /* by load: the element that fills its whole register */
    cursor cursors[FILLED_LOADS];           /* by load: where the next tile begins */
    const char *fetched[YG_GROUP_STREAMS];  /* where the next tile begins in each stream */
    size_t fetch_advance[YG_GROUP_STREAMS]; /* bytes of an element there */
    uint32_t fetch_count;                   /* entries of the two */
    size_t share[YG_GROUP_STEPS + 1]; /* step i fetches the elements [share[i], share[i + 1]) */
} walk;

/* Lists the operands that a load gives for each tile. */
static void list_uses(const group_call *call, walk *w) {
    const yg_group *group = &call->unit->group;
    w->use_count = 0;
    for (uint32_t l = 0; l < group->load_count; l++) {
        const yg_load *load = &group->loads[l];
        uint32_t in = 0;
        if (load->steady)
            continue;
        if (l < FILLED_LOADS) {
            w->filled[l] = NULL;
            seek(load, call->begin, &w->cursors[l]);
        }
        for (uint32_t i = 0; i < group->step_count; i++)
            for (uint32_t k = 0; k < group->steps[i].operand_count; k++, in++)
                if (group->steps[i].in[k].reg == load->target) {
                    w->uses[w->use_count].load = l;
                    w->uses[w->use_count++].in = in;
                }
    }
}

/* Where the call's first element is. Its chunk begins with it. */
static char *first_of(const group_call *call, const yg_place *place) {
    if (place->by_chunks)
        return place->base + call->chunk_shift;
    return place->base + (size_t)place->advance * (size_t)call->begin +
           (place->reg == YG_NO_REGISTER ? 0 : call->register_shift);
}

static void begin_walk(const group_call *call, walk *w) {
    const yg_group *group = &call->unit->group;
    w->in_count = 0;
    for (uint32_t i = 0; i < group->step_count; i++) {
        const yg_step *step = &group->steps[i];
        for (uint32_t k = 0; k < step->operand_count; k++) {
            w->in[w->in_count] = first_of(call, &step->in[k]);
            w->in_bytes[w->in_count++] = step->in[k].advance;
        }
        w->out[i] = first_of(call, &step->out);
        w->out_bytes[i] = step->out.advance;
    }
    list_uses(call, w);
}

/* The shares of the steps are equal, but for the last ones: loops of equal length are predicted. */
static void begin_fetching(const group_call *call, walk *w) {
    const yg_group *group = &call->unit->group;
    const size_t tile = (size_t)group->tile, lines = tile / 2 / YG_LINE_ELEMENTS;
    const size_t share = yg_group_fetched_lines(group);
    w->fetch_count = 0;
    for (uint32_t i = 0; i < group->stream_count; i++) {
        const yg_place *place = group->streams[i];
        if (place->by_chunks)
            continue;
        w->fetched[w->fetch_count] = first_of(call, place) + place->advance * tile;
        w->fetch_advance[w->fetch_count++] = place->advance;
    }
    for (uint32_t i = 0; i <= group->step_count && w->fetch_count > 0; i++)
        w->share[i] = (share * i < lines ? share * i : lines) * YG_LINE_ELEMENTS;
}

/* Asks the processor to fetch what the next tile will read and write, so that memory is busy while
 * this one is computed. Few lines at a time: many would wait for each other, and what the step
 * itself needs from memory would wait behind them. */
static inline void fetch_ahead(const walk *w, uint32_t step) {
    for (uint32_t i = 0; i < w->fetch_count; i++) {
        const char *at = w->fetched[i] + w->share[step] * w->fetch_advance[i];
        const char *end = w->fetched[i] + w->share[step + 1] * w->fetch_advance[i];
        for (; at < end; at += YG_ALIGN)
            __builtin_prefetch(at);
    }
}

static void move_on(walk *w, uint32_t steps, size_t count) {
    for (size_t i = 0; i < w->in_count; i++)
        w->in[i] = (const char *)w->in[i] + w->in_bytes[i] * count;
    for (uint32_t i = 0; i < steps; i++)
        w->out[i] = (char *)w->out[i] + w->out_bytes[i] * count;
    for (uint32_t i = 0; i < w->fetch_count; i++)
        w->fetched[i] += w->fetch_advance[i] * count;
}

/* Loads what is the same for all tiles of a call. */
static void load_steady(const group_call *call, int64_t start, int64_t count) {
    const yg_group *group = &call->unit->group;
    for (uint32_t i = 0; i < group->load_count; i++)
        if (group->loads[i].steady)
            yg_load_run(&group->loads[i], load_target(call->registers, &group->loads[i]), start,
                        count);
}

/* Whether a load's next `count` elements are whole rows that are all the same: the operand does not
 * move in the dimension before the innermost. */
static bool repeats_row(const yg_load *load, const cursor *c, int64_t count) {
    const int inner = load->rank - 1;
    if (inner == 0 || load->strides[inner] == 0 || load->strides[inner - 1] != 0)
        return false;
    const int64_t length = load->shape[inner], left = load->shape[inner - 1] - c->index[inner - 1];
    return c->index[inner] == 0 && left * length >= count && count % length == 0;
}

/* Moves over such rows. */
static void move_over_rows(const yg_load *load, cursor *c, int64_t count) {
    const int inner = load->rank - 1;
    c->index[inner - 1] += count / load->shape[inner] - 1;
    move_cursor(load, c, load->shape[inner]);
}

/* Where a load's next `count` elements, from `start` on, are: in its operand, or in its register,
 * which is filled unless it holds them from the tile before. */
static const char *load_one(const group_call *call, walk *w, uint32_t l, int64_t start,
                            int64_t count) {
    const yg_load *load = &call->unit->group.loads[l];
    char *target = load_target(call->registers, load);
    const bool remembers = l < FILLED_LOADS;
    cursor own, *c = remembers ? &w->cursors[l] : &own;
    if (is_short_run(load)) {
        yg_load_run(load, target, start, count);
        return target;
    }
    if (!remembers)
        seek(load, start, c);
    const bool lies_in_row = left_of_run(load, c) >= count;
    const char *at = at_cursor(load, c);
    if (lies_in_row && load->strides[load->rank - 1] != 0) {
        move_cursor(load, c, count);
        return at;
    }
    if (remembers && repeats_row(load, c, count)) {
        cursor from_here = *c;
        const bool is_there = w->filled[l] == at;
        if (!is_there)
            stretch(load, target, &from_here, count);
        move_over_rows(load, c, count);
        w->filled[l] = at;
        return target;
    }
    if (!remembers || !lies_in_row) {
        stretch(load, target, c, count);
    } else {
        if (w->filled[l] != at)
            yg_fill(target, at, load->element, (size_t)call->unit->group.tile);
        move_cursor(load, c, count);
    }
    if (remembers)
        w->filled[l] = lies_in_row ? at : NULL;
    return target;
}

static void load_tile(const group_call *call, walk *w, int64_t start, int64_t count) {
    uint32_t last = UINT32_MAX;
    const char *at = NULL;
    for (uint32_t i = 0; i < w->use_count; i++) {
        if (w->uses[i].load != last)
            at = load_one(call, w, last = w->uses[i].load, start, count);
        w->in[w->uses[i].in] = at;
    }
}

/* Runs a loop on the current tile, which the operands of its steps begin with. */
static void run_loop(const walk *w, const yg_group_loop *loop, size_t count) {
    void *at[YG_LOOP_VALUES] = {0};
    for (uint32_t i = 0; i < loop->place_count; i++) {
        const yg_loop_place *place = &loop->places[i];
        at[place->value] =
            place->is_result ? w->out[place->index] : (void *)(uintptr_t)w->in[place->index];
    }
    loop->loop->run(at, count);
}

/* Where a loop has come to, row by row. */
typedef struct row_walk {
    void *at[YG_LOOP_VALUES];
    cursor cursors[YG_LOOP_VALUES]; /* by place: of a broadcast that is not uniform */
} row_walk;

static void begin_rows(const group_call *call, const yg_group_loop *loop, row_walk *w) {
    memset(w->at, 0, sizeof w->at);
    for (uint32_t i = 0; i < loop->place_count; i++) {
        const yg_loop_place *place = &loop->places[i];
        const yg_load *load =
            place->load == YG_NO_LOAD ? NULL : &call->unit->group.loads[place->load];
        if (load && !load->uniform)
            seek(load, call->begin, &w->cursors[i]);
        w->at[place->value] = !load           ? first_of(call, place->place)
                              : load->uniform ? (char *)(uintptr_t)load->source
                                              : (char *)(uintptr_t)at_cursor(load, &w->cursors[i]);
    }
}

static void next_row(const group_call *call, const yg_group_loop *loop, row_walk *w,
                     int64_t count) {
    for (uint32_t i = 0; i < loop->place_count; i++) {
        const yg_loop_place *place = &loop->places[i];
        char *at = w->at[place->value];
        if (place->load == YG_NO_LOAD) {
            w->at[place->value] = at + (size_t)count * place->place->advance;
            continue;
        }
        const yg_load *load = &call->unit->group.loads[place->load];
        if (load->uniform)
            continue;
        move_cursor(load, &w->cursors[i], count);
        w->at[place->value] = (char *)(uintptr_t)at_cursor(load, &w->cursors[i]);
    }
}

/* Runs a group of loops that read broadcasts in place: a row at a time. */
static void run_rows(const group_call *call) {
    const yg_group *group = &call->unit->group;
    row_walk w;
    for (uint32_t i = 0; i < group->loop_count; i++) {
        const yg_group_loop *loop = &group->loops[i];
        begin_rows(call, loop, &w);
        for (int64_t start = call->begin, left = group->row - start % group->row;;) {
            const int64_t count = left < call->end - start ? left : call->end - start;
            loop->loop->run(w.at, (size_t)count);
            start += count;
            left = group->row;
            if (start == call->end)
                break;
            next_row(call, loop, &w, count);
        }
    }
}

static void run_tiles(const group_call *call) {
    const yg_group *group = &call->unit->group;
    walk w; /* not cleared, because it is large */
    begin_walk(call, &w);
    begin_fetching(call, &w);
    int64_t start = call->begin, row = group->row > 0 ? group->row - start % group->row : INT64_MAX;
    for (;;) {
        const int64_t left = call->end - start, tile = row < group->tile ? row : group->tile;
        const int64_t count = left < tile ? left : tile;
        const void *const *in = w.in;
        const yg_group_loop *loop = group->loops;
        load_tile(call, &w, start, count);
        for (uint32_t i = 0; i < group->step_count; i++) {
            const yg_step *step = &group->steps[i];
            if (loop < group->loops + group->loop_count && loop->first == i) {
                run_loop(&w, loop, (size_t)count);
                in += loop->operand_count;
                i += loop->loop->step_count - 1;
                loop++;
                continue;
            }
            if (left >= 2 * group->tile)
                fetch_ahead(&w, i);
            step->tile(w.out[i], in, (size_t)count, step->attrs);
            in += step->operand_count;
        }
        if (count == left)
            return;
        move_on(&w, group->step_count, (size_t)count);
        start += count;
        row = row > count ? row - count : group->row;
    }
}

void yg_group_run(const yg_program *program, const yg_unit *unit, int64_t begin, int64_t end,
                  int thread) {
    char *registers = register_base(program, thread);
    const group_call call = {
        .unit = unit,
        .begin = begin,
        .end = end,
        .registers = registers,
        .register_shift = (size_t)(registers - program->registers),
        .chunk_shift = (size_t)program->chunk_bytes * (size_t)thread,
    };
    const int64_t most = unit->group.tile < YG_TILE ? unit->group.tile : YG_TILE;
    if (begin >= end)
        return;
    if (unit->group.row > 0 && unit->group.tile > YG_TILE) {
        run_rows(&call);
        return;
    }
    load_steady(&call, begin, end - begin < most ? end - begin : most);
    run_tiles(&call);
}
