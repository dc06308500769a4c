/*
 * The pass `row_loops`: joins neighbouring units into row loops. A row loop runs a few rows of its
 * first unit, then the same rows of the next unit, and so on; then the next few rows. What one unit
 * writes is then still in the cache when the next unit reads it. The few rows are a chunk.
 *
 * A unit joins the row loop before it if
 * - it reads a result of that row loop, or is a reduction of what that row loop reads,
 * - the work of all units can be cut into the same number of rows, and
 * - row r of the unit needs only row r of those results.
 *
 * A reduction over the rows can join too, as the sum of squared errors does: it reduces the parts
 * of each chunk, and combines them when all chunks are done (yg_parts). So no unit of the same row
 * loop may need its result. If it joins none, it may be a row loop by itself, so that threads share
 * its parts.
 */
#include "plan.h"

/* A chunk touches about this many bytes: not much more than the L1 cache, well inside L2. */
#define CHUNK_BYTES (64 * 1024)
#define LOOP_UNITS  16 /* the most units in a row loop */
#define FEW_ROWS    8  /* a unit does not join if that leaves fewer rows to share between threads */
#define MOST_CHUNKS 16 /* of a reduction that runs alone in parts */
#define PARTS_COST  200e3 /* the least cost of such a reduction: 10 microseconds of work */

/* The greatest common divisor. */
static int64_t common(int64_t a, int64_t b) {
    while (b) {
        const int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* The largest number of rows R such that, with both tensors cut into R rows, row r of a broadcast
 * from `source` to `target` needs only row r of the source. That is the product of the leading
 * dimensions that are not stretched. */
static int64_t broadcast_rows(const yg_type *source, const yg_type *target) {
    int64_t rows = 1;
    for (int i = 0; i < target->rank; i++) {
        const int k = i - (target->rank - source->rank);
        const int64_t size = k < 0 ? 1 : source->shape[k];
        if (size != target->shape[i])
            break;
        rows *= size;
    }
    return rows;
}

static bool is_in_parts(const yg_unit *unit) {
    return unit->kind == YG_UNIT_KERNEL && unit->kernel.parts.count > 0;
}

/* A row loop that units may still join. */
typedef struct open_row_loop {
    const yg_compiler *c;
    uint32_t begin, end; /* its units [begin, end) */
    int64_t rows;        /* that all of its units can be cut into; 0: it cannot run by rows */
} open_row_loop;

/* How many of `rows` rows are left if node `reader` joins and reads its operand k; 0 if the row
 * loop must end first. Sets *depends if the row loop computes the operand. */
static int64_t rows_after_reading(const open_row_loop *s, yg_node reader, uint32_t k, int64_t rows,
                                  bool *depends) {
    const yg_compiler *c = s->c;
    const yg_record *record = &c->graph->records[reader];
    yg_node operand = record->operands[k];
    const bool in_place =
        record->op->flags & YG_OP_ELEMENTWISE && yg_plan_reads_in_place(c, operand);
    const yg_type *target = c->graph->records[operand].type;
    if (in_place)
        operand = c->graph->records[operand].operands[0];
    const uint32_t maker = c->nodes[c->nodes[operand].root].unit;
    if (maker < s->begin || maker >= s->end) /* computed elsewhere; YG_NO_UNIT is above any end */
        return rows;
    *depends = true;
    const yg_unit *from = &c->program->units[maker];
    if (is_in_parts(from) || yg_plan_is_part(c, operand))
        return 0;
    if (in_place)
        return common(rows, broadcast_rows(c->graph->records[operand].type, target));
    const yg_unit *unit = &c->program->units[c->nodes[reader].unit];
    if (unit->kind == YG_UNIT_KERNEL && unit->kernel.whole >> k & 1)
        return 0;
    return rows;
}

/* True if the unit reduces in parts what a kernel of the row loop reads row by row, as the sum over
 * rows and that over columns of one tensor. It is then read from memory once. */
static bool shares_operand(const open_row_loop *s, const yg_unit *unit) {
    const yg_compiler *c = s->c;
    if (!is_in_parts(unit))
        return false;
    const yg_node shared = c->nodes[c->graph->records[unit->node].operands[0]].root;
    for (uint32_t u = s->begin; u < s->end; u++) {
        const yg_unit *other = &c->program->units[u];
        const yg_record *record = &c->graph->records[other->node];
        if (other->kind == YG_UNIT_KERNEL && record->operand_count > 0 &&
            c->nodes[record->operands[0]].root == shared && !(other->kernel.whole & 1))
            return true;
    }
    return false;
}

/* The rows of the row loop if unit `u` joins; 0 if it cannot. */
static int64_t rows_with(const open_row_loop *s, uint32_t u) {
    const yg_compiler *c = s->c;
    const yg_plan_unit *unit = &c->units[u];
    if (unit->rows == 0 || s->rows == 0 || s->end - s->begin == LOOP_UNITS)
        return 0;
    if (unit->after != YG_NO_UNIT && unit->after >= s->begin)
        return 0;
    int64_t rows = common(s->rows, unit->rows);
    /* A unit without operands (random numbers) may join whatever the row loop computes. */
    bool depends = c->graph->records[unit->first].operand_count == 0 ||
                   shares_operand(s, &c->program->units[u]);
    yg_node node = unit->first;
    for (uint32_t i = 0; i < unit->member_count && rows > 1; i++, node = c->nodes[node].next) {
        for (uint32_t k = 0; k < c->graph->records[node].operand_count && rows > 1; k++)
            rows = rows_after_reading(s, node, k, rows, &depends);
    }
    const bool few = rows < FEW_ROWS && !(c->flags & YG_PROGRAM_SMALL_PIECES);
    if (!depends || rows <= 1 || (few && rows != s->rows))
        return 0;
    return rows;
}

/* For a reduction in parts: the smallest number of rows that holds whole parts. A chunk must be a
 * multiple of it, or a part would be split between two chunks. */
static int64_t rows_of_parts(const yg_kernel_unit *unit, int64_t rows) {
    const int64_t elements = unit->reduced / rows; /* of operand 0 in a row */
    return unit->parts.elements / common(unit->parts.elements, elements);
}

/* The bytes of what a unit reduces, if the row loop does not compute it. */
static double reduced_bytes(const open_row_loop *s, uint32_t u) {
    const yg_compiler *c = s->c;
    const yg_unit *unit = &c->program->units[u];
    if (!is_in_parts(unit))
        return 0;
    const yg_node operand = c->graph->records[unit->node].operands[0];
    const uint32_t maker = c->nodes[c->nodes[operand].root].unit;
    return maker >= s->begin && maker < s->end
               ? 0
               : (double)yg_type_bytes(c->graph->records[operand].type);
}

/* Bytes of the results in memory that one row of the row loop writes, and of what it reduces. */
static double row_bytes(const open_row_loop *s) {
    const yg_compiler *c = s->c;
    double bytes = 0;
    for (uint32_t u = s->begin; u < s->end; u++) {
        const yg_plan_unit *unit = &c->units[u];
        yg_node node = unit->first;
        for (uint32_t i = 0; i < unit->member_count; i++, node = c->nodes[node].next) {
            if (c->nodes[node].in_memory)
                bytes += (double)yg_type_bytes(c->graph->records[node].type);
        }
        bytes += reduced_bytes(s, u);
    }
    return bytes / (double)s->rows;
}

/* The smallest number of rows of the row loop that the unit should compute at a time. */
static int64_t min_rows_of(const open_row_loop *s, uint32_t u) {
    const yg_unit *unit = &s->c->program->units[u];
    const yg_plan_unit *known = &s->c->units[u];
    if (is_in_parts(unit))
        return rows_of_parts(&unit->kernel, s->rows);
    if (s->c->flags & YG_PROGRAM_SMALL_PIECES)
        return 1;
    const int64_t own = known->rows / s->rows; /* rows of the unit in one row of the row loop */
    return (known->min_rows + own - 1) / own;
}

/* The rows of a chunk: a multiple of what each unit wants at least, about CHUNK_BYTES of results.
 * All rows if that does not leave two chunks. */
static int64_t chunk_rows(const open_row_loop *s) {
    int64_t least = 1;
    for (uint32_t u = s->begin; u < s->end; u++) {
        const int64_t rows = min_rows_of(s, u);
        least = least / common(least, rows) * rows;
        if (least >= s->rows)
            return s->rows;
    }
    const double room = s->c->flags & YG_PROGRAM_SMALL_PIECES ? 0 : CHUNK_BYTES;
    const double fit = room / (row_bytes(s) + 1);
    const int64_t chunks = fit > (double)least ? (int64_t)(fit / (double)least) : 1;
    return chunks >= s->rows / least ? s->rows : chunks * least;
}

static bool add_row_loop(yg_compiler *c, yg_row_loop row_loop) {
    yg_program *program = c->program;
    yg_row_loop *row_loops = yg_plan_grow(c, program->row_loops, program->row_loop_count,
                                          &c->row_loop_capacity, sizeof *row_loops);
    if (!row_loops)
        return false;
    program->row_loops = row_loops;
    for (uint32_t u = row_loop.begin; u < row_loop.end; u++) {
        program->units[u].row_loop = (uint32_t)program->row_loop_count;
        row_loop.cost += c->units[u].cost;
        if (row_loop.rows == 0 && program->units[u].kind == YG_UNIT_KERNEL)
            program->units[u].kernel.parts.count = 0; /* alone it is not reduced in parts */
    }
    program->row_loops[program->row_loop_count++] = row_loop;
    return true;
}

/* The pieces of a unit that runs alone: tiles of a group, units of work of a kernel. */
static int64_t own_pieces(const yg_compiler *c, uint32_t u) {
    const yg_unit *unit = &c->program->units[u];
    if (unit->kind == YG_UNIT_GROUP)
        return (c->units[u].rows + YG_TILE - 1) / YG_TILE;
    return unit->kind == YG_UNIT_KERNEL ? unit->kernel.work : 1;
}

/* Elements of the result that fill a cache line. */
static int64_t line_of(const yg_compiler *c, const yg_unit *unit) {
    return YG_ALIGN / (int64_t)yg_dtype_size(c->graph->records[unit->node].type->dtype);
}

/* Threads share those pieces in multiples of this: as many as make the rows that the kernel should
 * compute at a time at least. A reduction that could be done in parts adds up whole rows, so it
 * takes as long for one column as for all columns of a vector: it is cut into cache lines. */
static int64_t own_step(const yg_compiler *c, uint32_t u) {
    const yg_unit *unit = &c->program->units[u];
    const yg_plan_unit *known = &c->units[u];
    if (c->flags & YG_PROGRAM_SMALL_PIECES || unit->kind != YG_UNIT_KERNEL || known->rows == 0)
        return 1;
    if (is_in_parts(unit))
        return line_of(c, unit);
    const int64_t step = unit->kernel.work / known->rows * known->min_rows;
    return step > 1 ? step : 1;
}

/* Whether a reduction that has joined no row loop is one by itself: if threads would otherwise have
 * fewer pieces of it to share. */
static bool runs_in_parts(const open_row_loop *s) {
    const yg_unit *unit = &s->c->program->units[s->begin];
    const int64_t shares = own_pieces(s->c, s->begin) / own_step(s->c, s->begin);
    return s->end - s->begin == 1 && s->rows > 0 && !s->c->saves_memory && is_in_parts(unit) &&
           unit->kernel.parts.count > 1 && shares < unit->kernel.parts.count &&
           shares < FEW_ROWS * 4 &&
           (s->c->units[s->begin].cost >= PARTS_COST || s->c->flags & YG_PROGRAM_SMALL_PIECES);
}

/* A row is the largest stretch of which both a part and the whole are a multiple. */
static yg_row_loop loop_of_parts(const open_row_loop *s) {
    const yg_kernel_unit *unit = &s->c->program->units[s->begin].kernel;
    const int64_t row = common(unit->reduced, unit->parts.elements);
    const int64_t together = s->c->flags & YG_PROGRAM_SMALL_PIECES
                                 ? 1
                                 : (unit->parts.count + MOST_CHUNKS - 1) / MOST_CHUNKS;
    return (yg_row_loop){.begin = s->begin,
                         .end = s->end,
                         .rows = unit->reduced / row,
                         .chunk = unit->parts.elements / row * together,
                         .pieces = (unit->parts.count + together - 1) / together,
                         .step = 1};
}

/* Adds the row loop to the program. If all rows fit one chunk, chunks gain nothing: each unit then
 * becomes a row loop of its own. */
static bool close_row_loop(yg_compiler *c, const open_row_loop *s) {
    const int64_t chunk = s->end - s->begin > 1 ? chunk_rows(s) : s->rows;
    if (chunk < s->rows)
        return add_row_loop(c, (yg_row_loop){.begin = s->begin,
                                             .end = s->end,
                                             .rows = s->rows,
                                             .chunk = chunk,
                                             .pieces = (s->rows + chunk - 1) / chunk,
                                             .step = 1});
    if (runs_in_parts(s))
        return add_row_loop(c, loop_of_parts(s));
    for (uint32_t u = s->begin; u < s->end; u++) {
        if (!add_row_loop(c, (yg_row_loop){.begin = u,
                                           .end = u + 1,
                                           .pieces = own_pieces(c, u),
                                           .step = own_step(c, u)}))
            return false;
    }
    return true;
}

/* Sets yg_plan_unit.after. If a unit writes over a parameter, no other unit that reads the
 * parameter may run at the same time: it could read the new value. `after` is the last such reader.
 */
static void note_writers(yg_compiler *c) {
    for (size_t i = 0; i < c->update_count; i++) {
        const yg_update *update = &c->updates[i];
        if (c->nodes[update->value].overwrites != update->parameter)
            continue;
        const uint32_t writer = c->nodes[update->value].unit;
        const uint32_t reader = c->nodes[update->parameter].last_unit == writer
                                    ? c->nodes[update->parameter].other_unit
                                    : c->nodes[update->parameter].last_unit;
        uint32_t *after = &c->units[writer].after;
        if (reader != YG_NO_UNIT && (*after == YG_NO_UNIT || *after < reader))
            *after = reader;
    }
}

bool yg_plan_row_loops(yg_compiler *c) {
    yg_program *program = c->program;
    note_writers(c);
    open_row_loop s = {.c = c};
    for (uint32_t u = 0; u < program->unit_count; u++) {
        const int64_t rows = u > 0 && !c->saves_memory ? rows_with(&s, u) : 0;
        if (rows > 0) {
            s.end = u + 1;
            s.rows = rows;
            continue;
        }
        if (u > 0 && !close_row_loop(c, &s))
            return false;
        s = (open_row_loop){.c = c, .begin = u, .end = u + 1, .rows = c->units[u].rows};
    }
    return program->unit_count == 0 || close_row_loop(c, &s);
}

bool yg_plan_no_row_loops(yg_compiler *c) {
    note_writers(c);
    for (uint32_t u = 0; u < c->program->unit_count; u++) {
        const open_row_loop s = {.c = c, .begin = u, .end = u + 1};
        if (!close_row_loop(c, &s))
            return false;
    }
    return true;
}

bool yg_plan_add_alone(yg_compiler *c) {
    const uint32_t u = (uint32_t)(c->program->unit_count - 1);
    const open_row_loop s = {.c = c, .begin = u, .end = u + 1};
    return close_row_loop(c, &s) &&
           yg_plan_add_stage(c, (uint32_t)(c->program->row_loop_count - 1));
}
