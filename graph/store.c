/*
 * The node array, which only grows, and a hash table over it: an equal node is never built twice.
 */
#include "store.h"

#include <stdlib.h>
#include <string.h>

const yg_op yg_leaf_input = {
    .name = "input", .group = "leaf", .flags = YG_OP_LEAF | YG_OP_INTERNAL};
const yg_op yg_leaf_parameter = {
    .name = "parameter", .group = "leaf", .flags = YG_OP_LEAF | YG_OP_INTERNAL};
const yg_op yg_leaf_constant = {
    .name = "constant", .group = "leaf", .flags = YG_OP_LEAF | YG_OP_INTERNAL};

static const yg_attr_spec result_attrs[] = {
    {.name = "index",
     .kind = YG_ATTR_INT,
     .required = true,
     .min = 1,
     .max = INT32_MAX,
     .doc = "which result"},
};

static void plan_result(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)call;
    (void)results;
    plan->flops = 0; /* the kernel of its operand computes it */
}

const yg_op yg_result_op = {
    .name = "result",
    .group = "leaf",
    .min_operands = 1,
    .max_operands = 1,
    .attrs = result_attrs,
    .attr_count = 1,
    .flags = YG_OP_INTERNAL,
    .plan = plan_result,
};

/* One step of FNV-1a, over 64-bit words. A record has only few. */
static uint64_t mix(uint64_t hash, uint64_t word) {
    hash = (hash ^ word) * 0x100000001b3u;
    return hash ^ (hash >> 29);
}

static uint64_t mix_bytes(uint64_t hash, const void *data, size_t size) {
    const unsigned char *bytes = data;
    for (; size >= 8; bytes += 8, size -= 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        hash = mix(hash, word);
    }
    for (; size > 0; bytes++, size--)
        hash = mix(hash, *bytes);
    return hash;
}

static uint64_t mix_attr(uint64_t hash, const yg_attr *attr) {
    if (attr->count <= YG_MAX_RANK)
        return mix_bytes(hash, attr, sizeof *attr);
    return mix_bytes(hash, attr->many, (size_t)attr->count * sizeof *attr->many);
}

/* Never 0: that marks a record that is not in the table. */
static uint32_t record_hash(const yg_record *record) {
    uint64_t hash = mix(0xcbf29ce484222325u, (uint64_t)(uintptr_t)record->op);
    for (uint32_t i = 0; i < record->operand_count; i++)
        hash = mix(hash, record->operands[i]);
    for (size_t i = 0; i < record->op->attr_count; i++)
        hash = mix_attr(hash, &record->attrs[i]);
    if (record->data)
        hash = mix_bytes(hash, record->data, (size_t)yg_type_bytes(record->type));
    /* The finaliser of MurmurHash3: every bit affects the low bits, which pick the slot. */
    hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdu;
    hash >>= 32;
    return hash ? (uint32_t)hash : 1;
}

static bool attr_equal(const yg_attr *a, const yg_attr *b) {
    if (a->count <= YG_MAX_RANK || a->count != b->count)
        return memcmp(a, b, sizeof *a) == 0;
    return memcmp(a->many, b->many, (size_t)a->count * sizeof *a->many) == 0;
}

static bool record_equal(const yg_record *a, const yg_record *b) {
    if (a->op != b->op || a->operand_count != b->operand_count)
        return false;
    if (a->operand_count &&
        memcmp(a->operands, b->operands, a->operand_count * sizeof *a->operands) != 0)
        return false;
    for (size_t i = 0; i < a->op->attr_count; i++) {
        if (!attr_equal(&a->attrs[i], &b->attrs[i]))
            return false;
    }
    if (!yg_type_equal(a->type, b->type))
        return false;
    return !a->data || memcmp(a->data, b->data, (size_t)yg_type_bytes(a->type)) == 0;
}

#define LINE 8 /* slots in a cache line of 64 bytes */

static yg_node newest_operand(const yg_record *record) {
    yg_node newest = 0;
    for (uint32_t i = 0; i < record->operand_count; i++)
        newest = record->operands[i] > newest ? record->operands[i] : newest;
    return newest;
}

/* The slot that is looked at when a line of slots is full: LINE slots of the line that the hash
 * picks, then LINE slots of each line a stride further. */
static size_t far_slot(uint32_t hash, size_t probe) {
    const size_t stride = hash >> 8 | 1; /* odd, so that it meets every line */
    return (hash + (probe / LINE - 1) * stride) * LINE + (hash + probe) % LINE;
}

/* The slot of the equal record, if `merge` is set and there is one; otherwise an empty slot for
 * this record.
 *
 * A record is looked for a cache line of slots at a time. First in the line that belongs to its
 * newest operand: a node's users are mostly built one after the other, shortly after the node, so
 * this line is in the cache. Then in lines that depend on the hash. Looking only there would miss
 * the cache each time; looking only in the first line would be slow for a node with many users. And
 * a search must not go on from a full line to the next one: where all nodes have many users, full
 * lines stand side by side by the thousand. */
static yg_slot *find_slot(const yg_graph *graph, const yg_record *record, bool merge) {
    const size_t line =
        (size_t)newest_operand(record) * 2 / LINE * LINE; /* 2 slots for each node */
    for (size_t probe = 0;; probe++) {
        const size_t at =
            probe < LINE ? line + (record->hash + probe) % LINE : far_slot(record->hash, probe);
        yg_slot *slot = &graph->table[at & (graph->table_size - 1)];
        if (!slot->index || (merge && slot->hash == record->hash &&
                             record_equal(&graph->records[slot->index - 1], record)))
            return slot;
    }
}

/* So that looking at a node needs no memory. */
static bool grow_operand_types(yg_graph *graph, size_t count) {
    const size_t room = count < 2 * graph->operand_room ? 2 * graph->operand_room : count;
    if (room > SIZE_MAX / sizeof *graph->operand_types)
        return yg_fail_memory(&graph->error);
    yg_type *types = realloc(graph->operand_types, room * sizeof *types);
    if (!types)
        return yg_fail_memory(&graph->error);
    graph->operand_types = types;
    graph->operand_room = room;
    return true;
}

/* Room for one more record. */
static bool grow_nodes(yg_graph *graph) {
    const size_t capacity = graph->capacity ? graph->capacity * 2 : 64;
    if (capacity >= YG_NONE / 2)
        return yg_fail_memory(&graph->error);
    yg_record *records = realloc(graph->records, capacity * sizeof *records);
    if (!records)
        return yg_fail_memory(&graph->error);
    graph->records = records;
    yg_slot *table = calloc(capacity * 2, sizeof *table);
    if (!table)
        return yg_fail_memory(&graph->error);
    free(graph->table);
    graph->table = table;
    graph->table_size = capacity * 2;
    graph->capacity = capacity;
    for (size_t i = 0; i < graph->size; i++) {
        if (records[i].hash)
            *find_slot(graph, &records[i], false) = (yg_slot){records[i].hash, (uint32_t)i + 1};
    }
    return true;
}

/* Makes room for one more record. */
static inline bool grow(yg_graph *graph, const yg_record *record) {
    return (record->operand_count <= graph->operand_room ||
            grow_operand_types(graph, record->operand_count)) &&
           (graph->size < graph->capacity || grow_nodes(graph));
}

yg_node yg_store_append(yg_graph *graph, const yg_record *record) {
    if (graph->error.code || !grow(graph, record))
        return YG_NONE;
    graph->records[graph->size] = *record;
    graph->records[graph->size].hash = 0;
    return (yg_node)graph->size++;
}

yg_node yg_store_append_merged(yg_graph *graph, const yg_record *asked) {
    if (graph->error.code || !grow(graph, asked))
        return YG_NONE;
    yg_record *record = &graph->records[graph->size];
    *record = *asked;
    record->hash = record_hash(record);
    yg_slot *slot = find_slot(graph, record, true);
    if (slot->index)
        return slot->index - 1;
    *slot = (yg_slot){record->hash, (uint32_t)graph->size + 1};
    return (yg_node)graph->size++;
}

/* A copy of the type that the graph owns. If one of the first operands or a recent node has an
 * equal type, theirs is returned: most equal types are then one object. Each of a loop's thousands
 * of results would otherwise look at each of its thousands of operands. */
static const yg_type *own_type(yg_graph *graph, const yg_type *type, const yg_node *operands,
                               size_t count) {
    enum { LOOKED_AT = 8 };
    for (size_t i = 0; i < count && i < LOOKED_AT; i++) {
        const yg_type *operand = graph->records[operands[i]].type;
        if (yg_type_equal(operand, type))
            return operand;
    }
    const size_t kept = sizeof graph->types / sizeof *graph->types;
    for (size_t i = 0; i < kept && graph->types[i]; i++) {
        if (yg_type_equal(graph->types[i], type))
            return graph->types[i];
    }
    yg_type *copy = yg_pool_take_unset(graph->pool, sizeof *copy);
    if (!copy) {
        yg_fail_memory(&graph->error);
        return NULL;
    }
    *copy = *type;
    memmove(graph->types + 1, graph->types, (kept - 1) * sizeof *graph->types);
    graph->types[0] = copy;
    return copy;
}

/* A copy of the attributes, with their long lists, that the graph owns. NULL when out of memory. */
static const yg_attr *own_attrs(yg_graph *graph, const yg_attr *attrs, size_t count) {
    yg_attr *copy = yg_pool_take_unset(graph->pool, count * sizeof *copy);
    for (size_t i = 0; copy && i < count; i++) {
        copy[i] = attrs[i];
        if (attrs[i].count <= YG_MAX_RANK)
            continue;
        const size_t bytes = (size_t)attrs[i].count * sizeof *attrs[i].many;
        int64_t *many = yg_pool_take_unset(graph->pool, bytes);
        if (!many)
            return NULL;
        copy[i].many = memcpy(many, attrs[i].many, bytes);
    }
    return copy;
}

/* Replaces everything that the record points to by copies that the graph owns. */
static bool copy_contents(yg_graph *graph, yg_record *record) {
    record->type = own_type(graph, record->type, record->operands, record->operand_count);
    if (!record->type)
        return false;
    if (record->operand_count) {
        const size_t bytes = record->operand_count * sizeof *record->operands;
        void *operands = yg_pool_take_unset(graph->pool, bytes);
        if (!operands)
            return yg_fail_memory(&graph->error);
        record->operands = memcpy(operands, record->operands, bytes);
    }
    if (record->op->attr_count) {
        record->attrs = own_attrs(graph, record->attrs, record->op->attr_count);
        if (!record->attrs)
            return yg_fail_memory(&graph->error);
    }
    if (record->data) {
        const size_t bytes = (size_t)yg_type_bytes(record->type);
        void *data = yg_pool_take_unset(graph->pool, bytes ? bytes : 1);
        if (!data)
            return yg_fail_memory(&graph->error);
        record->data = memcpy(data, record->data, bytes);
    }
    return true;
}

yg_node yg_store_add(yg_graph *graph, const yg_record *asked, bool merge) {
    if (graph->error.code || !grow(graph, asked))
        return YG_NONE;
    yg_record record = *asked;
    yg_slot *slot = NULL; /* stays NULL for a node that is not merged: it is not in the table */
    if (merge) {
        record.hash = record_hash(&record);
        slot = find_slot(graph, &record, true);
        if (slot->index)
            return slot->index - 1;
    }
    record.name = "";
    record.origin = graph->at;
    if (!copy_contents(graph, &record))
        return YG_NONE;
    graph->records[graph->size] = record;
    if (slot)
        *slot = (yg_slot){record.hash, (uint32_t)graph->size + 1};
    return (yg_node)graph->size++;
}

yg_node yg_store_add_result(yg_graph *graph, yg_node y, size_t index, const yg_type *type) {
    if (y == YG_NONE)
        return YG_NONE;
    const yg_attr attr = {.i = (int64_t)index};
    const yg_record record = {
        .op = &yg_result_op, .type = type, .operands = &y, .operand_count = 1, .attrs = &attr};
    return yg_store_add(graph, &record, true);
}

yg_infer yg_store_call(const yg_graph *graph, yg_node node) {
    const yg_record *record = &graph->records[node];
    for (uint32_t k = 0; k < record->operand_count; k++)
        graph->operand_types[k] = *graph->records[record->operands[k]].type;
    return (yg_infer){
        .op = record->op,
        .operands = graph->operand_types,
        .operand_count = record->operand_count,
        .attrs = record->attrs,
        .origin = record->origin,
    };
}
