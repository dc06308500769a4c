/*
 * Fused loops: each gives the bits of the steps that it stands for, in every way to run it; the
 * update of each optimizer becomes one; and steps that only look like one stay steps.
 */
#include "compiled.h"
#include "graph/rewrite.h"
#include "ops/build.h"
#include "ops/fused_loops.h"
#include "ops/ops.h"
#include "train/optimizer.h"

#include <math.h>
#include <stdio.h>

/* ------------------------------------------------------------------- a loop beside its steps -- */

enum { ELEMENTS = 1000, MARGIN = 16 };

typedef union buffer {
    float f32[ELEMENTS + MARGIN];
    double f64[ELEMENTS + MARGIN];
    bool truths[ELEMENTS + MARGIN];
} buffer;

static double number(size_t value, size_t i, bool uniform) {
    static const double special[] = {0,      -0.0f,   INFINITY, -INFINITY, NAN,  1e-40,
                                     -1e-40, 3.4e38f, -3.4e38f, 1e-20f,    -1.f, 1e20f};
    const size_t count = sizeof special / sizeof *special;
    if (!uniform && i % 5 == 0)
        return special[(i / 5 + value * 7) % count];
    if (!uniform && i % 5 == 1) /* equal numbers, whose order still tells in the sign */
        return (i / 5 + value) % 3 == 0 ? -0.0 : 0.0;
    return (float)yg_random_normal(11, (uint32_t)value, i);
}

/* Every way to run a loop takes about as many elements from memory, so it must not touch what is
 * behind the last one. */
static void fill_buffers(const yg_fused_loop *loop, buffer *values, bool flag) {
    for (size_t v = 0; v < YG_LOOP_VALUES; v++) {
        const bool uniform = loop->kinds[v] == YG_LOOP_UNIFORM;
        for (size_t i = 0; i < ELEMENTS + MARGIN; i++) {
            const double x = number(v, uniform ? 0 : i, uniform);
            if (loop->dtype == YG_F64)
                values[v].f64[i] = x;
            else
                values[v].f32[i] = (float)x;
        }
        for (size_t i = 0; i < ELEMENTS && loop->kinds[v] == YG_LOOP_FLAG; i++)
            values[v].truths[i] = flag;
    }
}

static void run_steps(const yg_fused_loop *loop, buffer *values) {
    for (uint32_t i = 0; i < loop->step_count; i++) {
        const yg_loop_step *step = &loop->steps[i];
        const yg_attr attrs[] = {{.i = step->form}};
        const void *in[YG_LOOP_OPERANDS];
        for (int k = 0; k < step->op->max_operands; k++)
            in[k] = &values[step->operands[k]];
        step->op->tile[loop->dtype](&values[step->result], in, ELEMENTS, attrs);
    }
}

static void expect_numbers(const yg_fused_loop *loop, const char *way, size_t value, size_t n,
                           const buffer *found, const buffer *expected, const buffer *before) {
    const size_t bytes = yg_dtype_size(loop->dtype);
    for (size_t i = 0; i < ELEMENTS + MARGIN; i++) {
        const buffer *wanted = i < n ? expected : before;
        const bool wide = loop->dtype == YG_F64;
        const double x = wide ? found->f64[i] : (double)found->f32[i];
        const double y = wide ? wanted->f64[i] : (double)wanted->f32[i];
        if (memcmp((const char *)found + i * bytes, (const char *)wanted + i * bytes, bytes) != 0 &&
            !(isnan(x) && isnan(y)))
            cr_assert_fail("%s of %s, %s, %zu elements: value %zu is %a at %zu, not %a", loop->name,
                           yg_dtype_name(loop->dtype), way, n, value, x, i, y);
    }
}

static void check_way(const yg_fused_loop *loop, yg_loop_run run, const char *way, size_t n,
                      bool flag) {
    static buffer expected[YG_LOOP_VALUES], found[YG_LOOP_VALUES], before[YG_LOOP_VALUES];
    void *at[YG_LOOP_VALUES] = {0};
    fill_buffers(loop, expected, flag);
    memcpy(found, expected, sizeof found);
    memcpy(before, expected, sizeof before);
    for (size_t v = 0; v < YG_LOOP_VALUES; v++)
        at[v] = loop->kinds[v] == YG_LOOP_INNER ? NULL : &found[v];
    run_steps(loop, expected);
    run(at, n);
    for (size_t v = 0; v < YG_LOOP_VALUES; v++) {
        if (loop->kinds[v] == YG_LOOP_STORED)
            expect_numbers(loop, way, v, n, &found[v], &expected[v], &before[v]);
    }
}

/* The list has each loop for f32, and then for f64. */
Test(fused_loops, each_way_has_the_bits_of_the_steps) {
    static const size_t sizes[] = {1, 15, 16, 17, 95, 96, 512, ELEMENTS};
    for (size_t l = 0; yg_fused_loops[l]; l++) {
        const yg_fused_loop *loop = yg_fused_loops[l];
        for (size_t i = 0; i < 2 * sizeof sizes / sizeof *sizes; i++) {
            check_way(loop, loop->run, "chosen", sizes[i / 2], i % 2);
            for (const yg_loop_way *way = yg_loop_ways; way->name; way++) {
                if (way->runs())
                    check_way(loop, (loop->dtype == YG_F64 ? way->f64 : way->f32)[l / 2], way->name,
                              sizes[i / 2], i % 2);
            }
        }
    }
}

/* ------------------------------------------------------------------------ optimizers use them --
 */

typedef struct use {
    const char *optimizer, *loop;
    const char *scaled; /* for a scaled gradient, if that is another one; "": none */
} use;

static const use uses[] = {
    {"{type: sgd, lr: 0.1}", "sgd", ""},
    {"{type: sgd, lr: 0.1, weight_decay: 0.1}", "sgd_decayed", "momentum_scaled"},
    {"{type: sgd, lr: 0.1, momentum: 0.9}", "momentum", "momentum_scaled"},
    {"{type: sgd, lr: 0.1, momentum: 0.9, weight_decay: 0.1}", "momentum_decayed", "momentum"},
    {"{type: sgd, lr: 0.1, momentum: 0.9, nesterov: true}", "nesterov", NULL},
    {"{type: sgd, lr: 0.1, momentum: 0.9, nesterov: true, weight_decay: 0.1}", "nesterov_decayed",
     "nesterov"},
    {"{type: adam}", "adam", NULL},
    {"{type: adam, weight_decay: 0.1}", "adam", NULL},
    {"{type: adam, amsgrad: true}", "adam_amsgrad", NULL},
    {"{type: adamw}", "adamw", NULL},
    {"{type: adamw, weight_decay: 0}", "adam", NULL},
    {"{type: nadam}", "nadam", NULL},
    {"{type: radam}", "radam", NULL},
    {"{type: adamax}", "adamax", NULL},
    {"{type: adagrad}", "adagrad", NULL},
    {"{type: adadelta}", "adadelta", NULL},
    {"{type: rmsprop}", "rmsprop", NULL},
    {"{type: rmsprop, momentum: 0.9}", "rmsprop_momentum", NULL},
    {"{type: rprop}", "rprop", NULL},
    {"{type: lion}", "lion", NULL},
    {"{type: schedule_free_sgd}", "schedule_free_sgd", NULL},
    {"{type: schedule_free_adamw}", "schedule_free_adamw", NULL},
};

enum { PARAMETERS = 2, STEPS = 3 };

/* Two parameters of one type, whose updates may be in one group. */
typedef struct stepper {
    yg_graph *graph;
    yg_node parameters[PARAMETERS], gradients[PARAMETERS];
    yg_optimizer_graph updates;
} stepper;

static void make(stepper *s, const char *text, double clip, yg_type type) {
    yg_error error = {0};
    yg_optimizer optimizer;
    yg_document *document = yg_document_parse(text, strlen(text), "o.yaml", &error);
    cr_assert(document && yg_optimizer_read(yg_document_root(document), &optimizer, &error), "%s",
              error.message);
    s->graph = yg_graph_new(yg_ops(), 0);
    yg_node scaled[PARAMETERS];
    for (size_t i = 0; i < PARAMETERS; i++) {
        s->parameters[i] = yg_parameter(s->graph, i ? "w" : "v", &type);
        scaled[i] = s->gradients[i] = yg_input(s->graph, i ? "dw" : "dv", &type);
    }
    cr_assert(clip <= 0 || yg_clip_grad_norm(s->graph, scaled, PARAMETERS, clip, &error));
    cr_assert(yg_optimizer_build(&optimizer, s->graph, s->parameters, scaled, PARAMETERS,
                                 &s->updates, &error),
              "%s: %s", text, error.message);
    yg_document_free(document);
}

static void unmake(stepper *s) {
    yg_optimizer_graph_free(&s->updates);
    yg_graph_free(s->graph);
}

static void set_scalar(yg_program *program, yg_node node, double value) {
    if (node != YG_NONE)
        *(double *)yg_program_data(program, node) = value;
}

/* Compiles without the rule, or with all, and takes some steps. */
static yg_program *take_steps(const stepper *s, bool with, int threads) {
    yg_program *program =
        compile_without(s->graph, NULL, 0, s->updates.updates, s->updates.update_count,
                        with ? NULL : "fused_loops", threads);
    for (size_t i = 0; i < PARAMETERS; i++)
        fill_leaf(s->graph, program, s->parameters[i]);
    for (int step = 0; step < STEPS; step++) {
        for (size_t i = 0; i < PARAMETERS; i++) {
            void *data = yg_program_data(program, s->gradients[i]);
            const yg_type *type = yg_node_type(s->graph, s->gradients[i]);
            for (int64_t k = 0; k < yg_type_count(type); k++) {
                const double x = yg_random_normal((uint64_t)step, (uint32_t)i, (uint64_t)k);
                if (type->dtype == YG_F64)
                    ((double *)data)[k] = x;
                else
                    ((float *)data)[k] = (float)x;
            }
        }
        set_scalar(program, s->updates.inputs.lr, 0.01);
        set_scalar(program, s->updates.inputs.t, step + 1);
        run(program);
    }
    return program;
}

/* Whether the text of the program lists that loop `times` times. */
static bool lists(const yg_program *program, const char *loop, int times) {
    char *text = yg_program_text(program), once[64], twice[128];
    cr_assert_not_null(text);
    snprintf(once, sizeof once, "fused loops: %s", loop);
    snprintf(twice, sizeof twice, "%s, %s\n", once, loop);
    const bool found = strstr(text, times == 2 ? twice : once) != NULL;
    free(text);
    return found;
}

/* A loop of one step is used only where there is more than one tile. */
static void check_use(const use *u, yg_dtype dtype, double clip, int64_t rows, int64_t columns) {
    stepper s;
    make(&s, u->optimizer, clip, type_of(dtype, 2, (const int64_t[]){rows, columns}));
    yg_program *with = take_steps(&s, true, 1), *shared = take_steps(&s, true, 3);
    yg_program *without = take_steps(&s, false, 1);
    const char *loop = clip > 0 && u->scaled ? u->scaled : u->loop;
    const bool wanted = loop[0] && (rows > 3 || strcmp(loop, "sgd") != 0);
    cr_expect_eq(lists(with, loop, 1), wanted, "%s, %s, %d x %d", u->optimizer,
                 yg_dtype_name(dtype), (int)rows, (int)columns);
    cr_expect(!lists(without, "", 1), "%s", u->optimizer);
    for (size_t i = 0; i < s.updates.update_count; i++) {
        expect_same(s.graph, without, with, s.updates.updates[i].parameter, u->optimizer);
        expect_same(s.graph, without, shared, s.updates.updates[i].parameter, u->optimizer);
    }
    yg_program_free(with);
    yg_program_free(shared);
    yg_program_free(without);
    unmake(&s);
}

/* One tile, some tiles, and more than a thread takes; alone, and behind a step that scales the
 * gradient. */
Test(fused_loops, each_optimizer_has_one_and_changes_no_bit) {
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++) {
        check_use(&uses[i], YG_F32, 0, 3, 5);
        check_use(&uses[i], YG_F32, 0, 37, 41);
        check_use(&uses[i], YG_F32, 0, 101, 103);
        check_use(&uses[i], YG_F32, 0.1, 37, 41);
        check_use(&uses[i], YG_F64, 0, 37, 41);
    }
}

Test(fused_loops, a_group_has_one_for_each_parameter) {
    stepper s;
    make(&s, "{type: adagrad}", 0, type_of(YG_F32, 2, (const int64_t[]){3, 5}));
    yg_program *program = take_steps(&s, true, 1);
    cr_expect(lists(program, "adagrad", 2));
    yg_program_free(program);
    unmake(&s);
}

/* The updates of many small parameters share groups. None is cut in two, where a group is full: as
 * many loops as parameters. */
Test(fused_loops, no_update_is_cut_in_two) {
    enum { MANY = 40 };
    static const char text[] = "{type: adamw}";
    const yg_type type = type_of(YG_F32, 1, (const int64_t[]){30});
    yg_error error = {0};
    yg_optimizer optimizer;
    yg_document *document = yg_document_parse(text, strlen(text), "o.yaml", &error);
    cr_assert(document && yg_optimizer_read(yg_document_root(document), &optimizer, &error));
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    yg_node parameters[MANY], gradients[MANY];
    char names[MANY][8];
    for (int i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "w%d", i);
        parameters[i] = yg_parameter(g, names[i], &type);
        gradients[i] = yg_input(g, "g", &type);
    }
    yg_optimizer_graph updates = {0};
    cr_assert(yg_optimizer_build(&optimizer, g, parameters, gradients, MANY, &updates, &error));
    yg_program *program = compile(g, NULL, 0, updates.updates, updates.update_count, 0, 1);
    char *plan = yg_program_text(program);
    int found = 0;
    for (const char *at = plan; (at = strstr(at, "adamw")); at++)
        found++;
    cr_expect_eq(found, MANY, "%d loops", found);
    free(plan);
    yg_program_free(program);
    yg_optimizer_graph_free(&updates);
    yg_graph_free(g);
    yg_document_free(document);
}

/* --------------------------------------------------------------------------- broadcasts in rows --
 */

/* Compiles out = (row + column) · full, or row - column, of so many rows and columns; then that
 * update of adafactor which reads a factor of each row and of each column. */
static void check_rows(const int64_t *shape, bool alone, int threads, const char *loop) {
    const yg_type full = type_of(YG_F32, 3, shape);
    const yg_type row = type_of(YG_F32, 3, (const int64_t[]){shape[0], shape[1], 1});
    const yg_type column = type_of(YG_F32, 3, (const int64_t[]){shape[0], 1, shape[2]});
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_node r = yg_input(g, "r", &row), c = yg_input(g, "c", &column);
    const yg_node p = yg_parameter(g, "p", &full), x = yg_input(g, "x", &full);
    const yg_node factor = yg_minimum(g, yg_multiply(g, r, c), yg_scalar(g, YG_F32, 0.5));
    const yg_node out = alone ? yg_subtract(g, r, c) : p;
    const yg_update update = {p, yg_subtract(g, p, yg_multiply(g, factor, x))};
    yg_program *with = compile_without(g, &out, alone, &update, !alone, NULL, threads);
    yg_program *without = compile_without(g, &out, alone, &update, !alone, "fused_loops", 1);
    yg_program *const programs[] = {with, without};
    for (size_t i = 0; i < 2; i++) {
        const yg_node leaves[] = {r, c, p, x};
        for (size_t k = 0; k < (alone ? 2 : 4); k++)
            fill_leaf(g, programs[i], leaves[k]);
        run(programs[i]);
    }
    expect_same(g, without, with, out, "rows");
    cr_expect_eq(lists(with, loop, 1), shape[2] >= 128, "%s of rows of %d", loop, (int)shape[2]);
    yg_program_free(with);
    yg_program_free(without);
    yg_graph_free(g);
}

/* The same for (x - row) · column + column, which no loop computes: tiles end where long rows do.
 */
static void check_tiles(const int64_t *shape, int threads) {
    const yg_type full = type_of(YG_F32, 3, shape);
    const yg_type row = type_of(YG_F32, 3, (const int64_t[]){shape[0], shape[1], 1});
    const yg_type column = type_of(YG_F32, 3, (const int64_t[]){shape[0], 1, shape[2]});
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_node leaves[] = {yg_input(g, "x", &full), yg_input(g, "r", &row),
                              yg_input(g, "c", &column)};
    const yg_node part = yg_multiply(g, yg_subtract(g, leaves[0], leaves[1]), leaves[2]);
    const yg_node out = yg_maximum(g, part, leaves[2]);
    yg_program *with = compile_without(g, &out, 1, NULL, 0, NULL, threads);
    yg_program *without = compile_without(g, &out, 1, NULL, 0, "fuse", 1);
    yg_program *const programs[] = {with, without};
    for (size_t i = 0; i < 2; i++) {
        for (size_t k = 0; k < 3; k++)
            fill_leaf(g, programs[i], leaves[k]);
        run(programs[i]);
    }
    expect_same(g, without, with, out, "tiles");
    yg_program_free(with);
    yg_program_free(without);
    yg_graph_free(g);
}

/* Rows that begin within a tile, more than one tile, a thread's part that ends within a row, and
 * rows that are too short. */
Test(fused_loops, factors_of_rows_and_columns_are_read_in_place) {
    static const int64_t shapes[][3] = {
        {1, 40, 131}, {3, 7, 700}, {2, 2, 3000}, {1, 300, 30}, {5, 1, 640}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        for (int threads = 1; threads < 4; threads += 2) {
            check_rows(shapes[i], true, threads, "row_minus");
            check_rows(shapes[i], false, threads, "adafactor");
            check_tiles(shapes[i], threads);
        }
    }
}

/* ---------------------------------------------------------------------- what only looks alike --
 */

typedef enum likeness {
    ALIKE,        /* s' = s + g², p' = p - rate · g / (√s' + eps) */
    OTHER_FACTOR, /* the rate is a tensor */
    OTHER_WIRE,   /* the root is that of s */
    READ_AGAIN,   /* g² is asked for too */
    LIKENESSES
} likeness;

/* Compiles adagrad's update, or something like it, and returns whether it is a loop. */
static bool is_loop(likeness likeness) {
    const yg_type type = type_of(YG_F32, 2, (const int64_t[]){20, 50});
    const yg_type scalar = yg_type_scalar(type.dtype);
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_node p = yg_parameter(g, "p", &type), s = yg_parameter(g, "s", &type);
    const yg_node gradient = yg_input(g, "g", &type);
    const yg_node rate = yg_input(g, "rate", likeness == OTHER_FACTOR ? &type : &scalar);
    const yg_node square = yg_square(g, gradient), sum = yg_add(g, s, square);
    const yg_node root = yg_offset(g, yg_sqrt(g, likeness == OTHER_WIRE ? s : sum), 1);
    const yg_node new_p = yg_subtract(g, p, yg_multiply(g, rate, yg_divide(g, gradient, root)));
    const yg_update updates[] = {{s, sum}, {p, new_p}};
    yg_program *with = compile(g, &square, likeness == READ_AGAIN, updates, 2, 0, 1);
    yg_program *plain =
        compile(g, &square, likeness == READ_AGAIN, updates, 2, YG_PROGRAM_NO_PLAN, 1);
    yg_program *const programs[] = {with, plain};
    for (size_t i = 0; i < 2; i++) {
        for (yg_node node = 0; node < yg_graph_size(g); node++)
            if (yg_node_is_input(g, node) || node == p)
                fill_leaf(g, programs[i], node);
        run(programs[i]);
    }
    expect_same(g, with, plain, p, "likeness");
    expect_same(g, with, plain, s, "likeness");
    const bool found = lists(with, "adagrad", 1);
    yg_program_free(with);
    yg_program_free(plain);
    yg_graph_free(g);
    return found;
}

Test(fused_loops, steps_that_look_alike_stay_steps) {
    for (int i = 0; i < LIKENESSES; i++)
        cr_expect_eq(is_loop((likeness)i), i == ALIKE, "likeness %d", i);
}
