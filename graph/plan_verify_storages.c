/*
 * Verifies where nodes are kept, before storages have their bytes in the arena: see plan_verify.h.
 */
#include "plan_verify.h"

#include <inttypes.h>
#include <stdlib.h>

#define IS_WRONG(c, unit, ...) yg_plan_is_wrong((c)->program, unit, (c)->error, __VA_ARGS__)

/* A storage and a byte in it. */
typedef struct spot {
    uint32_t storage;
    int64_t byte;
} spot;

/* Where the node begins. A storage that is a part of another counts as the other. */
static spot spot_of(const yg_compiler *c, yg_node node) {
    const uint32_t s = c->program->storage_of[node];
    if (s < c->program->storage_count && c->program->storages[s].kind == YG_STORAGE_PART)
        return (spot){c->program->storages[s].part.of, c->program->storages[s].part.shift};
    return (spot){s, 0};
}

/* Which bytes a root has: its own, or those of the parameter that it is written over. */
static bool check_root(const yg_compiler *c, yg_node node) {
    const yg_program *p = c->program;
    const uint32_t s = p->storage_of[node];
    const yg_record *record = &c->graph->records[node];
    const bool is_leaf = (record->op->flags & YG_OP_LEAF) != 0;
    if (!is_leaf && (c->nodes[node].unit == YG_NO_UNIT || !c->nodes[node].in_memory))
        return s == YG_NO_STORAGE ||
               IS_WRONG(c, YG_NO_UNIT, "%%%" PRIu32 " has memory, and needs none", node);
    if (s >= p->storage_count || p->storages[s].bytes < yg_type_bytes(record->type))
        return IS_WRONG(c, c->nodes[node].unit, "%%%" PRIu32 " has no memory, or too little", node);
    if (c->nodes[node].overwrites != YG_NONE)
        return s == p->storage_of[c->nodes[node].overwrites] ||
               IS_WRONG(c, c->nodes[node].unit, "%%%" PRIu32 " is not written over its parameter",
                        node);
    const yg_storage_kind kind = p->storages[s].kind;
    const bool fits = is_leaf ? kind == (record->data ? YG_STORAGE_CONSTANT : YG_STORAGE_LEAF)
                              : kind == YG_STORAGE_ARENA || kind == YG_STORAGE_PART;
    return (fits && p->storages[s].owner == node) ||
           IS_WRONG(c, c->nodes[node].unit, "%%%" PRIu32 " has the memory of %%%" PRIu32, node,
                    p->storages[s].owner);
}

/* A view begins where its offset says. */
static bool check_view(const yg_compiler *c, yg_node node) {
    if (c->program->storage_of[c->nodes[node].root] == YG_NO_STORAGE)
        return true;
    const spot root = spot_of(c, c->nodes[node].root), own = spot_of(c, node);
    return (own.storage == root.storage && own.byte == root.byte + c->nodes[node].offset) ||
           IS_WRONG(c, YG_NO_UNIT, "%%%" PRIu32 " does not lie in the memory of %%%" PRIu32, node,
                    c->nodes[node].root);
}

/* ---------------------------------------------------------------------------------- lifetimes --
 */

/* Finds, by storage, the last stage that uses it. YG_NO_UNIT, the largest number, stands for the
 * end of the run. */
typedef struct uses {
    const yg_compiler *c;
    uint32_t *last;
    uint32_t stage;
} uses;

static void use(const uses *u, uint32_t s) {
    const yg_program *p = u->c->program;
    if (s >= p->storage_count)
        return;
    if (p->storages[s].kind == YG_STORAGE_PART)
        s = p->storages[s].part.of;
    if (u->last[s] < u->stage)
        u->last[s] = u->stage;
}

static void use_node(const uses *u, yg_node node) {
    use(u, u->c->program->storage_of[node]);
}

static bool use_read(void *context, const yg_read *r) {
    uses *u = context;
    u->stage = u->c->program->units[r->unit].stage;
    use_node(u, r->operand);
    return true;
}

/* Everything that a unit writes. */
static void use_results(uses *u, const yg_unit *unit, const yg_plan_unit *known) {
    const yg_compiler *c = u->c;
    u->stage = unit->stage;
    yg_node node = known->first;
    for (uint32_t i = 0; i < known->member_count; i++, node = c->nodes[node].next)
        use_node(u, node);
    for (uint32_t i = 1; unit->kind == YG_UNIT_KERNEL && i < unit->kernel.result_count; i++) {
        if (unit->kernel.results[i] != YG_NONE)
            use_node(u, unit->kernel.results[i]);
    }
    if (unit->kind == YG_UNIT_KERNEL && unit->kernel.parts.count > 0)
        use(u, unit->kernel.partial);
    if (unit->kind == YG_UNIT_COPY && !unit->copy.is_view) {
        use(u, unit->copy.source);
        use(u, unit->copy.target);
    }
}

/* By storage. NULL when out of memory. */
static uint32_t *find_last_uses(const yg_compiler *c) {
    const size_t count = c->program->storage_count;
    uint32_t *last = calloc(count + 1, sizeof *last);
    if (!last) {
        yg_fail_memory(c->error);
        return NULL;
    }
    uses u = {.c = c, .last = last};
    yg_each_read(c, use_read, &u);
    for (uint32_t i = 0; i < c->program->unit_count; i++)
        use_results(&u, &c->program->units[i], &c->units[i]);
    u.stage = YG_NO_UNIT;
    for (size_t i = 0; i < c->output_count; i++)
        use_node(&u, c->outputs[i]);
    return last;
}

static bool is_kept_until(uint32_t noted, uint32_t needed) {
    return noted == YG_NO_UNIT || (needed != YG_NO_UNIT && noted >= needed);
}

/* Which stage is the last to use a storage, and which unit the first to write it. */
static bool check_lifetimes(const yg_compiler *c, bool with_reuse) {
    const yg_program *p = c->program;
    uint32_t *last = find_last_uses(c);
    bool good = last != NULL;
    for (uint32_t s = 0; s < p->storage_count && good; s++) {
        const yg_plan_storage *known = &c->storages[s];
        if (p->storages[s].kind != YG_STORAGE_ARENA)
            continue;
        const uint32_t until = with_reuse ? known->free_after : known->last;
        good = is_kept_until(until, last[s]) ||
               IS_WRONG(c, known->first,
                        "the memory of %%%" PRIu32 " is free after stage %" PRIu32
                        ", and used in stage %" PRIu32,
                        p->storages[s].owner, until, last[s]);
        good = good && (known->first < p->unit_count ||
                        IS_WRONG(c, YG_NO_UNIT, "no unit writes storage %" PRIu32, s));
    }
    free(last);
    return good;
}

/* ------------------------------------------------------------------------------------- joining --
 */

/* Whether operand k of a joining kernel is the only one that ends up in the result at this place.
 */
static bool is_joined_at(const yg_compiler *c, const yg_unit *unit, yg_node root, int64_t shift) {
    const yg_record *record = &c->graph->records[unit->node];
    int64_t at = 0;
    for (uint32_t k = 0; k < record->operand_count; k++) {
        if (c->nodes[record->operands[k]].root == root && at == shift)
            return true;
        at += yg_type_bytes(c->graph->records[record->operands[k]].type);
    }
    return false;
}

/* A root whose bytes are a part of another result's: the last unit that reads it joins it there. */
static bool check_joined(const yg_compiler *c, yg_node root) {
    const yg_program *p = c->program;
    const spot own = spot_of(c, root);
    const uint32_t u = c->nodes[root].last_unit;
    const bool good = u < p->unit_count && p->units[u].kind == YG_UNIT_KERNEL &&
                      c->units[u].joins && own.storage < p->storage_count &&
                      p->storages[own.storage].kind == YG_STORAGE_ARENA &&
                      p->storage_of[p->units[u].node] == own.storage &&
                      c->storages[own.storage].first <= c->nodes[root].unit &&
                      !c->nodes[root].lasting && is_joined_at(c, &p->units[u], root, own.byte);
    return good || IS_WRONG(c, u, "%%%" PRIu32 " does not lie in its place in the result", root);
}

static bool verify_storages(const yg_compiler *c) {
    for (yg_node node = 0; node < c->graph->size; node++) {
        if (!c->nodes[node].live)
            continue;
        const bool is_root = c->nodes[node].root == node;
        if (!(is_root ? check_root(c, node) : check_view(c, node)))
            return false;
        const uint32_t s = c->program->storage_of[node];
        if (is_root && s < c->program->storage_count &&
            c->program->storages[s].kind == YG_STORAGE_PART && !check_joined(c, node))
            return false;
    }
    return true;
}

bool yg_verify_joined(yg_compiler *c) {
    return verify_storages(c) && check_lifetimes(c, false);
}

bool yg_verify_storages(yg_compiler *c) {
    return yg_verify_stages(c) && yg_verify_joined(c);
}

/* ----------------------------------------------------------------------------- after the calls --
 */

/* A number that changes with where storages lie. */
static uint64_t layout_of(const yg_compiler *c) {
    uint64_t hash = 1;
    for (uint32_t s = 0; s < c->program->storage_count; s++) {
        const yg_storage *storage = &c->program->storages[s];
        const bool is_chunk = storage->kind == YG_STORAGE_CHUNK;
        const bool is_part = storage->kind == YG_STORAGE_PART;
        const int64_t shift = is_chunk  ? storage->chunk.shift
                              : is_part ? storage->part.shift
                                        : storage->bytes;
        hash = (hash ^ (uint64_t)storage->kind) * 0x100000001b3u;
        hash = (hash ^ c->storages[s].over) * 0x100000001b3u;
        hash = (hash ^ (uint64_t)shift) * 0x100000001b3u;
    }
    return hash;
}

/* Passes that find nothing to do leave everything where it was; then there is nothing new to see.
 */
bool yg_verify_calls(yg_compiler *c) {
    const yg_request request = yg_clone_request(c);
    const uint64_t layout = layout_of(c);
    if (layout == c->verified_layout)
        return true;
    c->verified_layout = layout;
    return yg_plan_verify(c->program, &request, c->storages, c->error);
}

bool yg_verify_reuse(yg_compiler *c) {
    return yg_verify_calls(c) && check_lifetimes(c, true);
}

bool yg_verify_offsets(yg_compiler *c) {
    const yg_request request = yg_clone_request(c);
    return yg_plan_verify(c->program, &request, NULL, c->error);
}

/* Whether a later group of the row loop reads or writes the place. */
static bool is_place_after(const yg_program *p, uint32_t u, const yg_prefetch *prefetch) {
    const yg_row_loop *loop = &p->row_loops[p->units[u].row_loop];
    for (uint32_t v = u + 1; v < loop->end; v++) {
        const yg_unit *unit = &p->units[v];
        for (uint32_t i = 0; unit->kind == YG_UNIT_GROUP && i < unit->group.step_count; i++) {
            const yg_step *step = &unit->group.steps[i];
            const bool reads =
                prefetch->place >= step->in && prefetch->place < step->in + step->operand_count;
            if (reads || prefetch->place == &step->out)
                return prefetch->row == prefetch->place->advance * (unit->group.count / loop->rows);
        }
    }
    return false;
}

bool yg_verify_prefetches(yg_compiler *c) {
    const yg_program *p = c->program;
    for (uint32_t u = 0; u < p->unit_count; u++) {
        const yg_unit *unit = &p->units[u];
        for (uint32_t i = 0; unit->kind == YG_UNIT_KERNEL && i < unit->kernel.prefetch_count; i++) {
            if (!is_place_after(p, u, &unit->kernel.prefetches[i]))
                return IS_WRONG(c, u, "it fetches ahead what its row loop does not use");
        }
    }
    return true;
}
