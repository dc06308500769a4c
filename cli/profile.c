/*
 * yamlgrad profile: where a training step's time goes, line by line.
 */
#include "../graph/profile.h"

#include "../graph/file.h"
#include "../graph/number.h"
#include "commands.h"
#include "dims.h"
#include "fold.h"
#include "interrupt.h"
#include "json.h"
#include "lines.h"
#include "memory.h"
#include "passes.h"
#include "peak.h"
#include "session.h"
#include "table.h"
#include "terminal.h"

#include <stdlib.h>
#include <string.h>

#define SOURCE_FILE_CAP (16 * 1024 * 1024)
#define WIDTH_ELSEWHERE 120 /* columns of a table that does not go to a terminal */
#define OTHER_COLUMNS   84  /* columns of a table that its column of text cannot use */
#define TEXT_MIN        20
#define TEXT_MAX        240 /* bytes */
#define DEFAULT_SECONDS 1

typedef struct profile {
    const yg_model *model;
    yg_training_step step;
    yg_program_stats stats;
    stopwatch times;
    fold fold;
    peak peak;
    const char *source_path; /* the model file whose text is in `source`; NULL: none yet */
    char *source;
    size_t source_size;
    const char *source_line; /* the line of `source` that was asked for last; NULL: none yet */
    int32_t source_number;   /* the number of that line */
} profile;

/* ------------------------------------------------------------------------------------- texts -- */

/* Copies the first `width` characters of UTF-8 text. Blanks and control characters become one blank
 * each. A text that is cut ends in "…". */
static void copy_cut(const char *from, size_t length, int width, char *to) {
    static const char ellipsis[] = "\xE2\x80\xA6";
    size_t size = 0, last = 0; /* last: the byte where the last character that fits begins */
    int characters = 0;
    for (size_t i = 0; i < length && size + sizeof ellipsis + 4 < TEXT_MAX; i++) {
        const unsigned char byte = (unsigned char)from[i];
        if ((byte & 0xC0) != 0x80 && characters++ == width) {
            memcpy(to + last, ellipsis, sizeof ellipsis);
            return;
        }
        if ((byte & 0xC0) != 0x80)
            last = size;
        to[size++] = byte < 32 || byte == 127 ? ' ' : from[i];
    }
    to[size] = '\0';
}

/* The text of a line of the model file; "" if the file cannot be read. */
static void source_text(profile *p, const yg_origin *origin, int width, char *text) {
    size_t length = 0;
    *text = '\0';
    if (!origin->file || origin->line < 1)
        return;
    if (!p->source_path || strcmp(p->source_path, origin->file) != 0) {
        free(p->source);
        p->source_path = origin->file;
        p->source_line = NULL;
        p->source = yg_file_read(origin->file, SOURCE_FILE_CAP, &p->source_size, NULL);
    }
    if (!p->source)
        return;
    /* Lines come in the order of the file. Counting from its beginning each time would be
     * quadratic. */
    const bool behind = p->source_line && origin->line >= p->source_number;
    const char *from = behind ? p->source_line : p->source;
    const int32_t number = behind ? origin->line - p->source_number + 1 : origin->line;
    const char *line =
        find_line(from, p->source_size - (size_t)(from - p->source), number, &length);
    if (line) {
        p->source_line = line;
        p->source_number = origin->line;
    }
    while (line && length > 0 && *line == ' ') {
        line++;
        length--;
    }
    if (line)
        copy_cut(line, length, width, text);
}

static const char *file_name(const yg_origin *origin) {
    const char *slash = origin->file ? strrchr(origin->file, '/') : NULL;
    return slash ? slash + 1 : origin->file ? origin->file : "";
}

/* "12", or "file.yaml:12" for another file than the model's. */
static void line_text(const profile *p, const yg_origin *origin, char *text, size_t size) {
    if (origin->line < 1)
        snprintf(text, size, "-");
    else if (!origin->file || strcmp(origin->file, yg_model_path(p->model)) == 0)
        snprintf(text, size, "%d", origin->line);
    else
        snprintf(text, size, "%.40s:%d", file_name(origin), origin->line);
}

/* The operators of an instruction: "add relu less_equal". */
static void ops_text(const profile *p, size_t index, int width, char *text) {
    char all[TEXT_MAX];
    size_t size = 0;
    const size_t count = yg_program_instruction(p->step.program, index).node_count;
    for (size_t k = 0; k < count && size < sizeof all; k++) {
        const yg_op *op = yg_program_instruction_op(p->step.program, index, k);
        size += (size_t)snprintf(all + size, sizeof all - size, "%s%s", k ? " " : "", op->name);
    }
    copy_cut(all, strlen(all), width, text);
}

/* The node that stands for an instruction: its last node with a name, or else its last node. */
static yg_node named_node(const profile *p, size_t index) {
    const size_t count = yg_program_instruction(p->step.program, index).node_count;
    for (size_t k = count; k-- > 0;) {
        const yg_node node = yg_program_instruction_node(p->step.program, index, k);
        if (*yg_node_name(p->step.graph, node) != '\0')
            return node;
    }
    return yg_program_instruction_node(p->step.program, index, count - 1);
}

/* ------------------------------------------------------------------------------------- table -- */

static int text_width(void) {
    const int screen = terminal_is_live(stdout) ? terminal_width(stdout) : WIDTH_ELSEWHERE;
    const int left = screen - OTHER_COLUMNS;
    return left < TEXT_MIN ? TEXT_MIN : left > TEXT_MAX / 2 ? TEXT_MAX / 2 : left;
}

static double ratio(double part, double whole) {
    return whole > 0 ? part / whole : 0;
}

static void add_time(table *table, const profile *p, double seconds) {
    char text[32];
    table_add(table, "%s", text_of_duration(seconds, text));
    table_add(table, "%.1f %%", 100 * ratio(seconds, p->times.seconds));
}

/* Adds FLOP/s and bytes/s, each with its part of the machine's peak. */
static void add_rates(table *table, const profile *p, double seconds, double flops, double bytes) {
    char text[32];
    table_add(table, "%s", text_of_digits(ratio(flops, seconds) * 1e-9, text));
    table_add(table, "%.0f %%", 100 * ratio(ratio(flops, seconds), p->peak.flops));
    table_add(table, "%s", text_of_digits(ratio(bytes, seconds) * 1e-9, text));
    table_add(table, "%.0f %%", 100 * ratio(ratio(bytes, seconds), p->peak.bytes));
}

/* Percent of the line's time. */
static void add_phases(table *table, const line_cost *line) {
    for (int i = 0; i < PHASES; i++) {
        char text[16] = "";
        if (line->phase[i] > 0)
            snprintf(text, sizeof text, "%.0f %%", 100 * ratio(line->phase[i], line->seconds));
        table_add(table, "%s", text);
    }
}

/* How much of the threads' time passes without work, in percent. */
static void add_idle(table *table, const profile *p, double idle, double seconds) {
    table_add(table, "%.0f %%", 100 * ratio(idle, seconds * p->stats.threads));
}

static void print_lines(profile *p) {
    static const char *const headers[] = {"line",    "source", "time",    "share",
                                          "forward", "back",   "update",  "GFLOP/s",
                                          "of peak", "GB/s",   "of peak", "idle"};
    const bool shared = p->stats.threads > 1;
    table table = {.columns = shared ? 12 : 11, .headers = headers, .align = "rlrrrrrrrrrr"};
    const int width = text_width();
    for (size_t i = 0; i <= p->fold.line_count; i++) {
        const bool last = i == p->fold.line_count;
        const line_cost *line = last ? &p->fold.total : &p->fold.lines[i];
        char place[64] = "", text[TEXT_MAX] = "the step";
        if (!last) {
            line_text(p, &line->origin, place, sizeof place);
            source_text(p, &line->origin, width, text);
        }
        table_add(&table, "%s", place);
        table_add(&table, "%s", text);
        add_time(&table, p, line->seconds);
        add_phases(&table, line);
        add_rates(&table, p, line->seconds, line->flops, line->bytes);
        if (shared)
            add_idle(&table, p, line->idle, line->seconds);
    }
    table_print(&table, stdout, 0);
}

/* Adds the stage of an instruction, the pieces in which threads share it, and their idle time. An
 * instruction that the calling thread runs alone is one piece. */
static void add_sharing(table *table, const profile *p, size_t index, const yg_instruction *of) {
    const yg_time *time = &p->times.instruction[index];
    char text[32];
    table_add(table, "%zu", of->stage);
    table_add(table, "%s", text_of_count(of->shared ? (double)of->pieces : 1, text));
    add_idle(table, p, time->idle, time->seconds);
}

static void print_instructions(const profile *p) {
    static const char *const headers[] = {"",      "operators", "line",    "name", "time",
                                          "share", "GFLOP/s",   "of peak", "GB/s", "of peak",
                                          "stage", "pieces",    "idle"};
    const bool shared = p->stats.threads > 1;
    table table = {.columns = shared ? 13 : 10, .headers = headers, .align = "rlrlrrrrrrrrr"};
    const int width = text_width();
    for (size_t i = 0; i < p->times.instructions; i++) {
        const yg_instruction instruction = yg_program_instruction(p->step.program, i);
        const yg_node node = named_node(p, i);
        const yg_origin origin = yg_node_origin(p->step.graph, node);
        const double seconds = p->times.instruction[i].seconds;
        char place[64], text[TEXT_MAX];
        table_add(&table, "%zu", i);
        ops_text(p, i, width, text);
        table_add(&table, "%s", text);
        line_text(p, &origin, place, sizeof place);
        table_add(&table, "%s", place);
        const char *name = yg_node_name(p->step.graph, node);
        copy_cut(name, strlen(name), 20, text);
        table_add(&table, "%s", text);
        add_time(&table, p, seconds);
        add_rates(&table, p, seconds, instruction.flops,
                  (double)(instruction.bytes_read + instruction.bytes_written));
        if (shared)
            add_sharing(&table, p, i, &instruction);
    }
    table_print(&table, stdout, 0);
}

static void print_totals(const profile *p) {
    char a[32], b[32], c[32], memory[MEMORY_TEXT];
    terminal_print(stdout, "\ntime a step     %s (median; %s steps), %s examples/s\n",
                   text_of_duration(p->times.seconds, a), text_of_count((double)p->times.steps, b),
                   text_of_count(ratio((double)p->step.batch_size, p->times.seconds), c));
    terminal_print(stdout, "work            %s FLOPs in %zu instructions\n",
                   text_of_count(p->stats.flops, a), p->stats.instructions);
    terminal_print(stdout, "compile time    %s, from the model to the program\n",
                   text_of_duration(p->step.build_seconds, a));
    terminal_print(stdout, "memory          %s planned + %s\n",
                   yg_bytes_text((double)p->stats.arena_bytes, a), memory_text(&p->stats, memory));
    terminal_print(stdout, "measured peak   %s GFLOP/s, %s GB/s (%s, %d thread%s)\n",
                   text_of_digits(p->peak.flops * 1e-9, a), text_of_digits(p->peak.bytes * 1e-9, b),
                   yg_dtype_name(p->step.dtype), p->stats.threads,
                   p->stats.threads == 1 ? "" : "s");
}

static void print_profile(profile *p, bool instructions) {
    terminal_start(stdout, STYLE_BOLD);
    terminal_print(stdout, "%s", yg_model_name(p->model));
    terminal_stop(stdout);
    terminal_print(stdout, ": a training step of %lld %s\n\n", (long long)p->step.batch_size,
                   p->step.random_data ? "random examples" : "examples");
    if (instructions)
        print_instructions(p);
    else
        print_lines(p);
    print_totals(p);
}

/* -------------------------------------------------------------------------------------- JSON -- */

static json_t *json_of_names(const profile *p, const line_cost *line) {
    json_t *names = json_array();
    for (size_t i = 0; i < line->count; i++) {
        const char *name = yg_node_name(p->step.graph, p->fold.nodes[line->first + i].node);
        if (*name != '\0')
            json_array_append_new(names, json_string(name));
    }
    return names;
}

static json_t *json_of_lines(profile *p) {
    json_t *list = json_array();
    for (size_t i = 0; i < p->fold.line_count; i++) {
        const line_cost *line = &p->fold.lines[i];
        char text[TEXT_MAX];
        source_text(p, &line->origin, TEXT_MAX, text);
        json_array_append_new(
            list,
            json_pack("{s:s?, s:i, s:s, s:o, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "file",
                      line->origin.file, "line", (int)line->origin.line, "source", text, "names",
                      json_of_names(p, line), "seconds", line->seconds, "share",
                      ratio(line->seconds, p->times.seconds), "forward_seconds",
                      line->phase[PHASE_FORWARD], "backward_seconds", line->phase[PHASE_BACKWARD],
                      "update_seconds", line->phase[PHASE_UPDATE], "idle_seconds", line->idle,
                      "flops", line->flops, "bytes", line->bytes));
    }
    return list;
}

static json_t *json_of_instructions(const profile *p) {
    json_t *list = json_array();
    for (size_t i = 0; i < p->times.instructions; i++) {
        const yg_instruction instruction = yg_program_instruction(p->step.program, i);
        const yg_node node = named_node(p, i);
        const yg_origin origin = yg_node_origin(p->step.graph, node);
        json_t *ops = json_array();
        for (size_t k = 0; k < instruction.node_count; k++) {
            const yg_op *op = yg_program_instruction_op(p->step.program, i, k);
            json_array_append_new(ops, json_string(op->name));
        }
        json_array_append_new(
            list,
            json_pack("{s:o, s:s?, s:i, s:s, s:f, s:f, s:f, s:I, s:I, s:b, s:I, s:I, s:f}",
                      "operators", ops, "file", origin.file, "line", (int)origin.line, "name",
                      yg_node_name(p->step.graph, node), "seconds", p->times.instruction[i].seconds,
                      "share", ratio(p->times.instruction[i].seconds, p->times.seconds), "flops",
                      instruction.flops, "bytes_read", (json_int_t)instruction.bytes_read,
                      "bytes_written", (json_int_t)instruction.bytes_written, "shared",
                      (int)instruction.shared, "stage", (json_int_t)instruction.stage, "pieces",
                      (json_int_t)instruction.pieces, "idle_seconds",
                      p->times.instruction[i].idle));
    }
    return list;
}

static json_t *json_of_profile(profile *p, bool instructions) {
    json_t *object = json_pack(
        "{s:s, s:I, s:s, s:b, s:i, s:I, s:f, s:f, s:f, s:I, s:f, s:I, s:I}", "name",
        yg_model_name(p->model), "batch_size", (json_int_t)p->step.batch_size, "dtype",
        yg_dtype_name(p->step.dtype), "random_data", (int)p->step.random_data, "threads",
        p->stats.threads, "steps", (json_int_t)p->times.steps, "step_seconds", p->times.seconds,
        "examples_per_second", ratio((double)p->step.batch_size, p->times.seconds),
        "compile_seconds", p->step.build_seconds, "instruction_count",
        (json_int_t)p->stats.instructions, "flops", p->stats.flops, "arena_bytes",
        (json_int_t)p->stats.arena_bytes, "parameter_bytes", (json_int_t)p->stats.parameter_bytes);
    json_object_set_new(object, "peak",
                        json_pack("{s:f, s:f}", "flops_per_second", p->peak.flops,
                                  "bytes_per_second", p->peak.bytes));
    json_object_set_new(object, "lines", json_of_lines(p));
    if (instructions)
        json_object_set_new(object, "instructions", json_of_instructions(p));
    return object;
}

/* ----------------------------------------------------------------------------------- command -- */

static int fail(const char *what) {
    terminal_error("%s", what);
    return STATUS_FAILED;
}

static int measure(const command_line *line, profile *p) {
    const volatile sig_atomic_t *stop = interrupt_watch();
    const bool instructions = option_given(line, "instructions");
    yg_error error = {0};
    p->stats = yg_program_get_stats(p->step.program);
    if (!peak_measure(p->stats.threads, p->step.dtype, &p->peak))
        return fail("out of memory, measuring what this machine can do");
    if (!stopwatch_run(&p->step, option_float(line, "seconds", DEFAULT_SECONDS), stop, &p->times,
                       &error))
        return session_fail(&error);
    int status = STATUS_OK;
    if (p->times.steps > 0) {
        if (!fold_make(&p->step, &p->times, &p->fold))
            return fail("out of memory");
        if (option_given(line, "json"))
            status = json_print(json_of_profile(p, instructions), YG_F64);
        else
            print_profile(p, instructions);
    }
    return p->times.interrupted ? 128 + *stop : status;
}

static int run(const command_line *line) {
    session session;
    if (!session_open(line, operand(line, 1), &session))
        return STATUS_FAILED;
    given_dims dims = {0};
    passes passes = {0};
    profile p = {.model = session.model};
    yg_error error = {0};
    int status = STATUS_USAGE;
    if (dims_read(line, session.model, &dims) && passes_read(line, &session.plugins.set, &passes)) {
        yg_training_step_options options = {
            .batch_size = option_int(line, "batch", 0),
            .dtype = session_dtype(line),
            .threads = (int)option_int(line, "threads", 0),
            .dims = dims.dims,
            .dim_count = dims.count,
        };
        passes_apply(&passes, passes.count, &options);
        status = yg_training_step_make(session.model, &options, &p.step, &error)
                     ? measure(line, &p)
                     : session_fail(&error);
    }
    free(p.source);
    fold_free(&p.fold);
    stopwatch_free(&p.times);
    yg_training_step_free(&p.step);
    passes_free(&passes);
    dims_free(&dims);
    session_close(&session);
    return status;
}

static const option_spec options[] = {
    OPTION_BATCH,
    OPTION_DIM,
    {.name = "seconds",
     .letter = 's',
     .kind = OPTION_FLOAT,
     .argument = "S",
     .doc = "run steps for so long (default: 1)",
     .min = 0,
     .max = 1e6},
    {.name = "instructions",
     .letter = 'i',
     .kind = OPTION_FLAG,
     .doc = "a row for each instruction of the program"},
    OPTION_WITHOUT,
    OPTION_DTYPE,
    OPTION_THREADS,
    OPTION_SET,
    OPTION_PLUGIN,
    OPTION_JSON,
};

const command command_profile = {
    .name = "profile",
    .operands = "MODEL [RUN.yaml]",
    .summary = "where a training step's time goes, line by line",
    .details =
        "Runs training steps on the model's data (random values, if it has none) and tells what\n"
        "each line of the model file takes: time, floating-point operations and bytes a second,\n"
        "beside what this machine was measured to do at best. Parameters keep their initial\n"
        "values, and nothing is written.\n",
    .min_operands = 1,
    .max_operands = 2,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
