/*
 * Describes the instructions of a program: see profile.h. The timed run is in run.c.
 */
#include "profile.h"

#include "runtime.h"

/* A tensor in memory: either a storage or a constant. */
typedef struct source {
    uint32_t storage;     /* or YG_NO_STORAGE */
    const void *constant; /* or NULL */
} source;

/* The tensors that a group touches. Each is counted once: one that the group writes first is not
 * read from memory later. */
typedef struct traffic {
    size_t count;
    source touched[YG_GROUP_STEPS * (YG_ELEMENTWISE_OPERANDS + 1) + 1];
    int64_t read, written;
} traffic;

static bool touch(traffic *t, source what) {
    for (size_t i = 0; i < t->count; i++) {
        if (t->touched[i].storage == what.storage && t->touched[i].constant == what.constant)
            return false;
    }
    t->touched[t->count++] = what;
    return true;
}

static void read_bytes(traffic *t, source from, int64_t bytes) {
    if (touch(t, from))
        t->read += bytes;
}

/* The bytes that a load reads. A stretched dimension is read once. */
static int64_t load_bytes(const yg_load *load) {
    int64_t elements = 1;
    for (int i = 0; i < load->rank; i++)
        elements *= load->strides[i] ? load->shape[i] : 1;
    return elements * (int64_t)load->element;
}

static void group_traffic(const yg_unit *unit, traffic *t) {
    for (uint32_t i = 0; i < unit->group.load_count; i++) {
        const yg_load *load = &unit->group.loads[i];
        read_bytes(t, (source){load->storage, load->constant}, load_bytes(load));
    }
    for (uint32_t i = 0; i < unit->group.step_count; i++) {
        const yg_step *step = &unit->group.steps[i];
        for (uint32_t k = 0; k < step->operand_count; k++) {
            const yg_place *in = &step->in[k];
            if (in->advance && !in->by_chunks) /* registers and chunks stay in the cache */
                read_bytes(t, (source){in->storage, in->constant}, unit->group.count * in->advance);
        }
        if (step->out.advance && !step->out.by_chunks) {
            touch(t, (source){step->out.storage, NULL});
            t->written += unit->group.count * step->out.advance;
        }
    }
}

/* A kernel may have any number of operands: each storage is marked when it is met, and the marks
 * are taken back. */
static int64_t kernel_reads(const yg_program *program, const yg_unit *unit) {
    const yg_record *record = &program->graph->records[unit->node];
    int64_t bytes = 0;
    for (uint32_t k = 0; k < record->operand_count; k++) {
        const uint32_t storage = program->storage_of[record->operands[k]];
        if (program->storages[storage].kind != YG_STORAGE_CHUNK && !program->touched[storage])
            bytes += yg_type_bytes(unit->kernel.call.in_types[k]);
        program->touched[storage] = true;
    }
    for (uint32_t k = 0; k < record->operand_count; k++)
        program->touched[program->storage_of[record->operands[k]]] = false;
    return bytes;
}

static void kernel_traffic(const yg_program *program, const yg_unit *unit, traffic *t) {
    t->read = kernel_reads(program, unit);
    if (program->storages[unit->kernel.target].kind != YG_STORAGE_CHUNK)
        t->written += yg_type_bytes(unit->kernel.call.out_type);
    for (uint32_t i = 1; i < unit->kernel.result_count; i++) {
        const yg_node node = unit->kernel.results[i];
        if (node != YG_NONE &&
            program->storages[program->storage_of[node]].kind != YG_STORAGE_CHUNK)
            t->written += yg_type_bytes(yg_node_type(program->graph, node));
    }
}

yg_instruction yg_program_instruction(const yg_program *program, size_t index) {
    const yg_unit *unit = &program->units[index];
    traffic t;
    t.count = 0;
    t.read = t.written = 0;
    if (unit->kind == YG_UNIT_GROUP)
        group_traffic(unit, &t);
    else if (unit->kind == YG_UNIT_KERNEL)
        kernel_traffic(program, unit, &t);
    else
        t.read = t.written = (int64_t)unit->copy.bytes;
    return (yg_instruction){
        .node_count = unit->kind == YG_UNIT_GROUP ? unit->group.step_count : 1,
        .flops = unit->flops,
        .bytes_read = t.read,
        .bytes_written = t.written,
        .shared = program->stages[unit->stage].shared,
        .stage = unit->stage,
        .pieces = program->row_loops[unit->row_loop].pieces,
    };
}

static yg_node own_node(const yg_program *program, size_t index, size_t k) {
    const yg_unit *unit = &program->units[index];
    return unit->kind == YG_UNIT_GROUP ? unit->group.steps[k].node : unit->node;
}

yg_node yg_program_instruction_node(const yg_program *program, size_t index, size_t k) {
    const yg_node node = own_node(program, index, k);
    return program->source_of ? program->source_of[node] : node;
}

const yg_op *yg_program_instruction_op(const yg_program *program, size_t index, size_t k) {
    return program->graph->records[own_node(program, index, k)].op;
}
