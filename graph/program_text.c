/*
 * A program as text: one instruction in a line, after its number. The steps of a fused group, the
 * instructions of a row loop and the row loops of a stage are indented below a line that says what
 * they form.
 */
#include "fused_loop.h"
#include "runtime.h"
#include "text.h"

#include <inttypes.h>

static void add_storage(yg_text *text, const yg_program *program, uint32_t index) {
    const yg_storage *storage = &program->storages[index];
    switch (storage->kind) {
    case YG_STORAGE_LEAF:
        yg_text_add(text, "%s", yg_node_name(program->graph, storage->owner));
        break;
    case YG_STORAGE_CONSTANT:
        yg_text_add(text, "constant");
        break;
    case YG_STORAGE_ARENA:
        yg_text_add(text, "@%" PRId64, storage->offset);
        break;
    case YG_STORAGE_PART:
        add_storage(text, program, storage->part.of);
        yg_text_add(text, "+%" PRId64, storage->part.shift);
        break;
    case YG_STORAGE_CHUNK:
        yg_text_add(text, "chunk@%" PRId64, storage->chunk.shift);
        break;
    }
}

static void add_place(yg_text *text, const yg_program *program, const yg_place *place) {
    if (place->constant)
        yg_text_add(text, "constant");
    else if (place->storage != YG_NO_STORAGE)
        add_storage(text, program, place->storage);
    else
        yg_text_add(text, "r%u", place->reg);
}

static void add_node(yg_text *text, const yg_program *program, yg_node node) {
    char type[YG_TYPE_TEXT];
    yg_text_add(text, " : %s", yg_type_text(yg_node_type(program->graph, node), type));
    const yg_origin origin = yg_node_origin(program->graph, node);
    const char *name = yg_node_name(program->graph, node);
    if (name[0] || origin.line)
        yg_text_add(text, "  #");
    if (name[0])
        yg_text_add(text, " %s", name);
    if (origin.line)
        yg_text_add(text, " line %d", origin.line);
    yg_text_add(text, "\n");
}

/* Starts a line without a number, indented by two blanks for each level. */
static void start_line(yg_text *text, int level) {
    yg_text_add(text, "       %*s", 2 * level, "");
}

static void add_load(yg_text *text, const yg_program *program, const yg_load *load) {
    yg_text_add(text, "r%u = %s ", load->target, load->uniform ? "fill" : "stretch");
    if (load->constant && load->uniform)
        yg_text_add(text, "constant");
    else if (load->constant)
        yg_text_add(text, "constant tensor");
    else
        add_storage(text, program, load->storage);
    yg_text_add(text, "\n");
}

static void add_step(yg_text *text, const yg_program *program, const yg_step *step) {
    add_place(text, program, &step->out);
    yg_text_add(text, " = %s(", yg_node_op(program->graph, step->node)->name);
    for (uint32_t k = 0; k < step->operand_count; k++) {
        yg_text_add(text, k ? ", " : "");
        add_place(text, program, &step->in[k]);
    }
    yg_text_add(text, ")");
    yg_text_attrs(text, yg_node_op(program->graph, step->node), step->attrs);
    add_node(text, program, step->node);
}

static void add_unit(yg_text *text, const yg_program *program, const yg_unit *unit, int level) {
    const yg_op *op = yg_node_op(program->graph, unit->node);
    if (unit->kind == YG_UNIT_GROUP) {
        yg_text_add(text, "fused group of %u over %" PRId64 " elements", unit->group.step_count,
                    unit->group.count);
        for (uint32_t i = 0; i < unit->group.loop_count; i++)
            yg_text_add(text, "%s %s", i ? "," : "; fused loops:", unit->group.loops[i].loop->name);
        yg_text_add(text, "\n");
        for (uint32_t i = 0; i < unit->group.load_count; i++) {
            start_line(text, level + 1);
            add_load(text, program, &unit->group.loads[i]);
        }
        for (uint32_t i = 0; i < unit->group.step_count; i++) {
            start_line(text, level + 1);
            add_step(text, program, &unit->group.steps[i]);
        }
        return;
    }
    add_storage(text, program,
                unit->kind == YG_UNIT_COPY ? unit->copy.target : unit->kernel.target);
    for (uint32_t i = 1; unit->kind == YG_UNIT_KERNEL && i < unit->kernel.result_count; i++) {
        yg_text_add(text, ", ");
        if (unit->kernel.results[i] == YG_NONE)
            yg_text_add(text, "-");
        else
            add_storage(text, program, program->storage_of[unit->kernel.results[i]]);
    }
    if (unit->kind == YG_UNIT_COPY) {
        yg_text_add(text, " = copy(");
        add_storage(text, program, unit->copy.source);
        yg_text_add(text, ")");
    } else {
        yg_text_add(text, " = %s(", op->name);
        for (size_t k = 0; k < unit->kernel.call.operand_count; k++) {
            yg_text_add(text, k ? ", " : "");
            const yg_node operand = yg_node_operand(program->graph, unit->node, k);
            add_storage(text, program, program->storage_of[operand]);
        }
        yg_text_add(text, ")");
        yg_text_attrs(text, op, unit->kernel.call.attrs);
    }
    add_node(text, program, unit->node);
}

static void add_row_loop(yg_text *text, const yg_program *program, const yg_row_loop *row_loop,
                         int level) {
    if (row_loop->rows > 0) {
        start_line(text, level++);
        yg_text_add(text, "together, %" PRId64 " of %" PRId64 " rows at a time:\n", row_loop->chunk,
                    row_loop->rows);
    }
    for (uint32_t u = row_loop->begin; u < row_loop->end; u++) {
        yg_text_add(text, "%5" PRIu32 "  %*s", u, 2 * level, "");
        add_unit(text, program, &program->units[u], level);
    }
}

char *yg_program_text(const yg_program *program) {
    yg_text text = {0};
    for (size_t b = 0; b < program->stage_count; b++) {
        const yg_stage *stage = &program->stages[b];
        const bool several = stage->end - stage->begin > 1;
        if (several) {
            start_line(&text, 0);
            yg_text_add(&text, "at once:\n");
        }
        for (uint32_t s = stage->begin; s < stage->end; s++)
            add_row_loop(&text, program, &program->row_loops[s], several);
    }
    return yg_text_take(&text);
}
