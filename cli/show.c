/*
 * yamlgrad show: a model's layers, shapes, parameters, cost; its graph; its plan.
 */
#include "../graph/number.h"
#include "../ops/gemm_library.h"
#include "commands.h"
#include "dims.h"
#include "graphviz.h"
#include "json.h"
#include "memory.h"
#include "picture.h"
#include "plan.h"
#include "session.h"
#include "survey.h"
#include "table.h"
#include "terminal.h"

#include <inttypes.h>
#include <stdlib.h>

static const char *const graph_forms[] = {"text", "dot", "svg", "png", NULL};
enum { GRAPH_TEXT, GRAPH_DOT };

/* The size of a symbolic dimension other than the batch's, unless --dim gives it. */
#define OTHER_DIM 16

/* ------------------------------------------------------------------------------------- table -- */

static void print_rows(const survey *survey, bool all) {
    static const char *const headers[] = {"name", "type", "shape", "parameters", "FLOPs"};
    table table = {.columns = 5, .headers = headers, .align = "lllrr"};
    char text[32];
    for (size_t i = 0; i < survey->row_count; i++) {
        const survey_row *row = &survey->rows[i];
        if (row->depth > 0 && !all)
            continue;
        table_add(&table, "%*s%s", 2 * row->depth, "", row->name);
        table_add(&table, "%s", row->type);
        table_add(&table, "%s", row->shape);
        table_add(&table, "%s",
                  row->parameters == 0 ? "" : text_of_count((double)row->parameters, text));
        table_add(&table, "%s", row->flops == 0 ? "" : text_of_count(row->flops, text));
    }
    table_print(&table, stdout, 0);
}

static void print_dims(const survey *survey) {
    for (size_t i = 0; i < survey->dim_count; i++)
        terminal_print(stdout, "%s%s = %" PRId64, i == 0 ? "FLOPs and memory at " : ", ",
                       survey->dims[i].name, survey->dims[i].size);
    if (survey->dim_count > 0)
        terminal_print(stdout, "\n");
}

static void print_totals(const survey *survey, const yg_program_stats *step) {
    char text[32];
    char more[32];
    char memory[MEMORY_TEXT];
    terminal_print(stdout, "\nparameters      %s", text_of_count((double)survey->parameters, text));
    if (survey->trainable != survey->parameters)
        terminal_print(stdout, " (%s trainable)", text_of_count((double)survey->trainable, text));
    terminal_print(stdout, ", %s\n", yg_bytes_text((double)survey->weight_bytes, text));
    if (survey->state > 0)
        terminal_print(stdout, "state           %s, %s\n",
                       text_of_count((double)survey->state, text),
                       yg_bytes_text((double)survey->state_bytes, more));
    terminal_print(stdout, "forward         %s FLOPs\n",
                   text_of_count(survey->forward_flops, text));
    if (step) {
        terminal_print(stdout, "training step   %s FLOPs, %zu instructions\n",
                       text_of_count(step->flops, text), step->instructions);
        terminal_print(stdout, "step's memory   %s planned",
                       yg_bytes_text((double)step->arena_bytes, text));
        if (step->recomputed > 0)
            terminal_print(stdout, ", %zu values recomputed", step->recomputed);
        terminal_print(stdout, " (%s without a plan)",
                       yg_bytes_text((double)step->unplanned_bytes, more));
        terminal_print(stdout, " + %s\n", memory_text(step, memory));
    }
    print_dims(survey);
}

/* A number of `train:`, or 1. */
static int64_t number_of_training(const yg_model *model, const char *key) {
    const yg_value *train = yg_model_section(model, "train");
    const yg_value *value = train ? yg_value_get(train, key) : NULL;
    int64_t number = 1;
    if (value && !yg_value_int(value, key, 1, INT32_MAX, &number, NULL))
        return 1;
    return number;
}

static void print_shards(const yg_model *model) {
    const int64_t shards = number_of_training(model, "shards");
    if (shards > 1)
        terminal_print(stdout,
                       "shards          %" PRId64
                       " of a batch; statistics of a batch, as batch_norm's without `sync: true`, "
                       "are those of a shard\n",
                       shards);
}

static void print_table(const yg_model *model, const survey *survey, const yg_program_stats *step,
                        bool all) {
    terminal_start(stdout, STYLE_BOLD);
    terminal_print(stdout, "%s", yg_model_name(model));
    terminal_stop(stdout);
    terminal_print(stdout, "%s%s\n\n", yg_model_doc(model)[0] == '\0' ? "" : ": ",
                   yg_model_doc(model));
    print_rows(survey, all);
    print_totals(survey, step);
    print_shards(model);
}

static json_t *json_of_survey(const yg_model *model, const survey *survey,
                              const yg_program_stats *step) {
    json_t *rows = json_array();
    for (size_t i = 0; i < survey->row_count; i++) {
        const survey_row *row = &survey->rows[i];
        json_array_append_new(rows, json_pack("{s:s, s:s, s:s, s:I, s:o, s:i}", "name", row->name,
                                              "type", row->type, "shape", row->shape, "parameters",
                                              (json_int_t)row->parameters, "flops",
                                              json_of_number(row->flops), "depth", row->depth));
    }
    json_t *dims = json_object();
    for (size_t i = 0; i < survey->dim_count; i++)
        json_object_set_new(dims, survey->dims[i].name,
                            json_integer((json_int_t)survey->dims[i].size));
    json_t *object = json_pack(
        "{s:s, s:s, s:o, s:I, s:I, s:I, s:I, s:o, s:o}", "name", yg_model_name(model), "doc",
        yg_model_doc(model), "dims", dims, "parameters", (json_int_t)survey->parameters,
        "trainable", (json_int_t)survey->trainable, "weight_bytes",
        (json_int_t)survey->weight_bytes, "state", (json_int_t)survey->state, "forward_flops",
        json_of_number(survey->forward_flops), "layers", rows);
    if (step)
        json_object_set_new(
            object, "training_step",
            json_pack(
                "{s:I, s:o, s:I, s:I, s:I, s:I, s:I, s:I}", "instructions",
                (json_int_t)step->instructions, "flops", json_of_number(step->flops), "arena_bytes",
                (json_int_t)step->arena_bytes, "parameter_bytes", (json_int_t)step->parameter_bytes,
                "buffer_bytes", (json_int_t)step->buffer_bytes, "library_bytes",
                (json_int_t)yg_gemm_library_resident_bytes(), "unplanned_bytes",
                (json_int_t)step->unplanned_bytes, "recomputed", (json_int_t)step->recomputed));
    return object;
}

/* ------------------------------------------------------------------------------- graph, plan -- */

static int print_text(char *text) {
    if (!text) {
        terminal_error("out of memory");
        return STATUS_FAILED;
    }
    terminal_data(text);
    free(text);
    return STATUS_OK;
}

/* Appends the gradients of all trainable parameters to the graph and to `roots`. One call for all
 * of them walks the graph once; a call for each would walk it as often. */
static bool add_gradients(const survey *survey, yg_node *roots, size_t *count) {
    yg_graph *graph = yg_network_graph(survey->network);
    size_t parameters = 0, wanted = 0;
    const yg_network_parameter *parameter = yg_network_parameters(survey->network, &parameters);
    yg_node *wrt = calloc(parameters + 1, sizeof *wrt);
    yg_node *gradients = calloc(parameters + 1, sizeof *gradients);
    for (size_t i = 0; wrt && i < parameters; i++)
        if (parameter[i].trainable)
            wrt[wanted++] = parameter[i].node;
    const bool good =
        wrt && gradients &&
        yg_grad(graph, yg_network_loss(survey->network), YG_NONE, wrt, wanted, gradients);
    for (size_t i = 0; good && i < wanted; i++)
        if (gradients[i] != YG_NONE)
            roots[(*count)++] = gradients[i];
    free(wrt);
    free(gradients);
    return good;
}

/* The text of the graph of the outputs and the loss, for Graphviz if `dot`. With `gradients`, also
 * of the gradients of every trainable parameter. Freed by the caller; NULL after a message. */
static char *graph_text(survey *survey, bool dot, bool gradients) {
    yg_graph *graph = yg_network_graph(survey->network);
    const yg_node loss = yg_network_loss(survey->network);
    size_t outputs = 0, parameters = 0, count = 0;
    const yg_tensor_name *output = yg_network_outputs(survey->network, &outputs);
    yg_network_parameters(survey->network, &parameters);
    yg_node *roots = calloc(outputs + parameters + 1, sizeof *roots);
    for (size_t i = 0; i < outputs && roots; i++)
        roots[count++] = output[i].node;
    if (loss != YG_NONE && roots)
        roots[count++] = loss;
    char *text = NULL;
    if (gradients && loss != YG_NONE && roots && !add_gradients(survey, roots, &count) &&
        yg_graph_error(graph))
        session_fail(yg_graph_error(graph));
    else if (!roots ||
             !(text = dot ? yg_graph_dot(graph, roots, count) : yg_graph_text(graph, roots, count)))
        terminal_error("out of memory");
    free(roots);
    return text;
}

/* What Graphviz draws: the layers, or all operators where gradients are asked for, as these belong
 * to no layer. Freed by the caller; NULL after a message. */
static char *dot_text(const command_line *line, const yg_model *model, survey *survey) {
    size_t count = 0;
    const char *const *opened = option_texts(line, "layer", &count);
    return option_given(line, "gradients") ? graph_text(survey, true, true)
                                           : picture_text(survey, yg_model_name(model), opened,
                                                          count, option_given(line, "all"));
}

static int print_graph(const command_line *line, const yg_model *model, survey *survey) {
    const int form = option_choice(line, "graph", GRAPH_TEXT);
    char *text = form == GRAPH_TEXT ? graph_text(survey, false, option_given(line, "gradients"))
                                    : dot_text(line, model, survey);
    if (!text)
        return STATUS_FAILED;
    if (form == GRAPH_TEXT || form == GRAPH_DOT)
        return print_text(text);
    const int status = graphviz_draw(text, graph_forms[form]);
    free(text);
    return status;
}

/* ----------------------------------------------------------------------------------- command -- */

static const char *batch_name(const yg_model *model) {
    const yg_port *first = yg_model_port_count(model) > 0 ? yg_model_port(model, 0) : NULL;
    return first && first->rank > 0 && first->symbols[0] ? first->symbols[0] : "B";
}

/* Prints the table, as text or JSON, or the plan. */
static int show_step(const command_line *line, const plan_source *source, const survey *survey) {
    yg_error error = {0};
    yg_training_step step = {0};
    if (yg_network_loss(survey->network) != YG_NONE &&
        !plan_make(source, source->passes->count, &step, &error))
        return session_fail(&error);
    yg_program_stats stats = {0};
    if (step.program)
        stats = yg_program_get_stats(step.program);
    const yg_program_stats *costs = step.program ? &stats : NULL;
    int status = STATUS_OK;
    if (option_given(line, "plan"))
        status = print_text(yg_program_text(step.program));
    else if (option_given(line, "json"))
        status = json_print(json_of_survey(source->model, survey, costs), YG_F64);
    else
        print_table(source->model, survey, costs, option_given(line, "all"));
    yg_training_step_free(&step);
    return status;
}

/* `pass`: the index of the pass that --pass names. */
static int show(const command_line *line, const plan_source *source, survey *survey, size_t pass) {
    const bool passes = option_given(line, "passes");
    if (option_given(line, "graph"))
        return print_graph(line, source->model, survey);
    if ((passes || option_given(line, "pass") || option_given(line, "plan")) &&
        yg_network_loss(survey->network) == YG_NONE) {
        terminal_error("this model has no loss, so it has no training step to plan");
        return STATUS_FAILED;
    }
    if (passes)
        return plan_print_passes(source, option_given(line, "json"));
    if (option_given(line, "pass"))
        return plan_print_pass(source, pass);
    return show_step(line, source, survey);
}

/* Fails if several things are to be printed instead of the table, or a plan or graph as JSON. */
static bool check_forms(const command_line *line) {
    static const char *const texts[] = {"plan", "pass", "graph"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (option_given(line, texts[i]) && option_given(line, "json")) {
            terminal_error("--%s is text: it does not go with --json", texts[i]);
            return false;
        }
    }
    if (option_given(line, "layer") && (option_choice(line, "graph", GRAPH_TEXT) == GRAPH_TEXT ||
                                        option_given(line, "gradients"))) {
        terminal_error("--layer opens a layer in a picture: it goes with --graph=svg, png or dot, "
                       "and not with --gradients");
        return false;
    }
    const bool plan = option_given(line, "plan") || option_given(line, "pass");
    const bool passes = option_given(line, "passes"), graph = option_given(line, "graph");
    if (plan + passes + graph < 2)
        return true;
    terminal_error("%s and %s do not go together", graph ? "--graph" : "--passes",
                   graph && passes              ? "--passes"
                   : option_given(line, "pass") ? "--pass"
                                                : "--plan");
    return false;
}

static int survey_and_show(const command_line *line, const yg_model *model, const given_dims *dims,
                           passes *passes) {
    const yg_dtype dtype = option_choice(line, "dtype", 0) == 1 ? YG_F64 : YG_F32;
    const bool given = option_given(line, "pass");
    const size_t pass = given ? passes_find(passes, option_text(line, "pass")) : 0;
    if (pass == passes->count)
        return STATUS_USAGE;
    if (given && passes->list[pass].left_out) {
        terminal_error("--pass %s: it is left out by --without", passes->list[pass].name);
        return STATUS_USAGE;
    }
    yg_error error = {0};
    survey survey;
    if (!survey_make(model, dims->dims, dims->count, OTHER_DIM, dtype,
                     passes_graph_flags(passes, passes->count), &survey, &error))
        return session_fail(&error);
    const plan_source source = {
        .model = model,
        .options = {.dtype = dtype, .dims = survey.dims, .dim_count = survey.dim_count},
        .passes = passes,
    };
    const int status = show(line, &source, &survey, pass);
    survey_free(&survey);
    return status;
}

static int run(const command_line *line) {
    session session;
    if (!check_forms(line))
        return STATUS_USAGE;
    if (!session_open(line, operand(line, 1), &session))
        return STATUS_FAILED;
    const int64_t batch =
        option_int(line, "batch", number_of_training(session.model, "batch_size"));
    given_dims dims = {.count = 1, .dims = {{batch_name(session.model), batch}}};
    passes passes = {0};
    int status = STATUS_USAGE;
    if (dims_read(line, session.model, &dims) && passes_read(line, &session.plugins.set, &passes))
        status = survey_and_show(line, session.model, &dims, &passes);
    passes_free(&passes);
    dims_free(&dims);
    session_close(&session);
    return status;
}

static const option_spec options[] = {
    OPTION_BATCH,
    OPTION_DIM,
    {.name = "all", .letter = 'a', .kind = OPTION_FLAG, .doc = "also the layers inside layers"},
    {.name = "graph",
     .kind = OPTION_CHOICE,
     .argument = "[=FORM]",
     .doc = "the graph as text; or as a picture of the layers: svg, png, dot",
     .choices = graph_forms,
     .optional = true},
    {.name = "layer",
     .kind = OPTION_TEXTS,
     .argument = "NAME",
     .doc = "in a picture: open that layer, to show what is in it"},
    {.name = "gradients", .kind = OPTION_FLAG, .doc = "with --graph: the derivatives too"},
    {.name = "plan", .kind = OPTION_FLAG, .doc = "the instructions of a training step instead"},
    {.name = "pass",
     .kind = OPTION_TEXT,
     .argument = "PASS",
     .doc = "the plan before and after a pass, as a comparison"},
    {.name = "passes",
     .kind = OPTION_FLAG,
     .doc = "instead, all passes, and what each makes of this model"},
    OPTION_WITHOUT,
    OPTION_DTYPE,
    OPTION_SET,
    OPTION_PLUGIN,
    OPTION_JSON,
};

const command command_show = {
    .name = "show",
    .operands = "MODEL [RUN.yaml]",
    .summary = "layers, shapes, parameters, cost; the graph; the plan",
    .details = "Shows the layers with their shapes, parameters and floating-point operations, and\n"
               "what a training step costs in work and memory.\n",
    .min_operands = 1,
    .max_operands = 2,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
