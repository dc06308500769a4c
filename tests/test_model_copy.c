/*
 * The copy of a model that a run keeps: it trains from where it stands to the same bits.
 */
#include "train/train.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char head[] = "format: 1\n"
                           "name: copied # näme of a büro\n"
                           "vars: {width: 3, \"rate\": 0.5}\n"
                           "inputs: {x: [B, 1]}\n"
                           "targets: {y: [B, 1]}\n"
                           "graph:\n"
                           "  h: {type: linear, input: x, out_features: width}\n"
                           "  p: {type: linear, out_features: 1}\n"
                           "outputs: [p]\n"
                           "loss: rate * mse(p, y)\n";

/* Data and settings, in all of YAML's notations. A comment stays in its place. */
static const char *const tails[] = {
    "data:\n  train: {csv: sub/d.csv, x: a, y: b}\n  validation: {from: train, fraction: 0.25}\n"
    "train: {epochs: 2, batch_size: 2, seed: 1, optimizer: {type: adam, lr: 0.01}}\n",
    "data:\n  train:\n    csv: \"sub/d.csv\" # here\n    x: a\n    y: b\n"
    "train:\n  # how long\n  epochs: 2\n  batch_size: 2\n  optimizer:\n    type: sgd\n    lr: "
    "0.001\n",
    "data: {train: {csv: 'sub/d.csv', x: a, y: b}, test: {csv: sub/d.csv, x: a, y: b}}\n"
    "train: {steps: 3, optimizer: adam}\n",
    "train:\n  optimizer: {type: adam}\n  steps: 3\n"
    "data: {train: {csv: ./sub/d.csv, x: a, y: b}}\n",
};

/* Values from vars and formulas, and layer types from other files, in each form. */
static const struct {
    const char *vars, *tail;
} others[] = {
    {", file: \"'sub/d.csv'\", n: 2, lr0: 0.5, kind: \"'f32'\"",
     "include: [../lib/layers.yaml, {file: ../lib/layers.yaml, as: more}]\n"
     "data: {train: {csv: file, x: a, y: b}, test: {csv: file, x: a, y: b}}\n"
     "train: {epochs: n, batch_size: n + 1, seed: 4 * n, dtype: kind, optimizer: {type: sgd, lr: "
     "lr0 / 500 }}\n"},
    {", file: '\"sub/d.csv\"', n: 4, which: \"'adam'\"",
     "include: ./../lib/layers.yaml\n"
     "data:\n  train:\n    csv: file # here\n    x: a\n    y: b\n"
     "train:\n  steps: 2 * n - n # some\n  batch_size: n - 2\n  optimizer: which\n"},
    {", n: 3", "include:\n  file: ../lib/layers.yaml\n"
               "data: {train: {csv: 'it''s \"ü\".csv', x: a, y: b}}\n"
               "train: {epochs: n , optimizer: {type: sgd, lr: 1e-3}}\n"},
};

static void train(const char *path, yg_train_options options, const char *out,
                  const char *const *set, size_t set_count) {
    yg_error error = {0};
    yg_train_result result;
    const yg_model_options model_options = {.overrides = set, .override_count = set_count};
    yg_model *model = yg_model_load(path, &model_options, &error);
    cr_assert_not_null(model, "%s:%d: %s", path, error.line, error.message);
    options.out = out;
    options.threads = 1;
    options.overrides = set;
    options.override_count = set_count;
    cr_assert(yg_train(model, &options, &result, &error), "%s:%d: %s", error.file, error.line,
              error.message);
    yg_train_result_free(&result);
    yg_model_free(model);
}

static void expect_same(const workspace *w, const char *name) {
    char a[64], b[64];
    size_t size_a, size_b;
    snprintf(a, sizeof a, "runs/one/%s", name);
    snprintf(b, sizeof b, "two/%s", name);
    char *x = workspace_read(w, a, &size_a), *y = workspace_read(w, b, &size_b);
    cr_expect(size_a == size_b && memcmp(x, y, size_a) == 0, "%s", name);
    free(x);
    free(y);
}

Test(model_copy, vars_formulas_and_includes_stay_what_they_were) {
    static const char *const sets[] = {"width=2", "file='./sub/d.csv'"};
    static const yg_train_options options[] = {
        {0},
        {.has_epochs = true, .epochs = 3, .has_seed = true, .seed = 9},
        {.has_steps = true, .steps = 5, .has_lr = true, .lr = 0.0009765625},
        {.has_batch_size = true, .batch_size = 3, .has_dtype = true, .dtype = YG_F64},
    };
    static const char *const folders[] = {"runs", "model", "model/sub", "lib"};
    static const char *const rows = "a,b\n1,2\n2,4\n3,5\n4,9\n5,9\n";
    const workspace w = workspace_make();
    char text[2000], vars[200], out[256], again[256], model[256], copy[256];
    for (size_t f = 0; f < 4; f++)
        cr_assert_eq(mkdir(workspace_path(&w, folders[f]), 0777), 0);
    workspace_write(&w, "model/sub/d.csv", rows);
    workspace_write(&w, "model/it's \"ü\".csv", rows);
    workspace_write(&w, "lib/layers.yaml",
                    "format: 1\ndefine:\n  linear2:\n    inputs: {x: [...]}\n"
                    "    graph: {y: 2 * x}\n    outputs: [y]\n");
    snprintf(model, sizeof model, "%s", workspace_path(&w, "model/m.yaml"));
    snprintf(out, sizeof out, "%s", workspace_path(&w, "runs/one"));
    snprintf(again, sizeof again, "%s", workspace_path(&w, "two"));
    snprintf(copy, sizeof copy, "%s", workspace_path(&w, "runs/one/model.yaml"));
    for (size_t t = 0; t < sizeof others / sizeof *others; t++)
        for (size_t o = 0; o < sizeof options / sizeof *options; o++)
            for (size_t set_count = 0; set_count <= (t < 2 ? 2u : 1u); set_count++) {
                snprintf(vars, sizeof vars, "rate\": 0.5%s}", others[t].vars);
                const char *at = strstr(head, "rate\": 0.5}");
                snprintf(text, sizeof text, "%.*s%s%s%s", (int)(at - head), head, vars,
                         at + strlen("rate\": 0.5}"), others[t].tail);
                workspace_write(&w, "model/m.yaml", text);
                train(model, options[o], out, sets, set_count);
                train(copy, (yg_train_options){0}, again, NULL, 0);
                expect_same(&w, "weights.safetensors");
                expect_same(&w, "history.csv");
                expect_same(&w, "checkpoint.safetensors");
                expect_same(&w, "model.yaml");
            }
    workspace_remove(&w);
}

Test(model_copy, it_trains_the_same_from_where_it_stands) {
    static const char *const sets[] = {"width=2", "rate=0.25 * 3", "width=5"};
    static const yg_train_options options[] = {
        {0},
        {.has_epochs = true, .epochs = 3, .has_seed = true, .seed = 9},
        {.has_steps = true, .steps = 5, .has_lr = true, .lr = 0.0009765625},
        {.has_batch_size = true, .batch_size = 3, .has_dtype = true, .dtype = YG_F64},
    };
    const workspace w = workspace_make();
    char text[2000], out[256], again[256], model[256], copy[256];
    cr_assert_eq(mkdir(workspace_path(&w, "sub"), 0777), 0);
    cr_assert_eq(mkdir(workspace_path(&w, "runs"), 0777), 0);
    workspace_write(&w, "sub/d.csv", "a,b\n1,2\n2,4\n3,5\n4,9\n5,9\n6,13\n7,15\n8,15\n");
    snprintf(model, sizeof model, "%s", workspace_path(&w, "m.yaml"));
    snprintf(out, sizeof out, "%s", workspace_path(&w, "runs/one"));
    snprintf(again, sizeof again, "%s", workspace_path(&w, "runs/two"));
    snprintf(copy, sizeof copy, "%s", workspace_path(&w, "runs/one/model.yaml"));
    for (size_t t = 0; t < sizeof tails / sizeof *tails; t++)
        for (size_t o = 0; o < sizeof options / sizeof *options; o++)
            for (size_t set_count = 0; set_count <= 3; set_count += 3) {
                static const char *const files[] = {"weights.safetensors", "history.csv",
                                                    "checkpoint.safetensors", "model.yaml"};
                snprintf(text, sizeof text, "%s%s", head, tails[t]);
                workspace_write(&w, "m.yaml", text);
                train(model, options[o], out, sets, set_count);
                train(copy, (yg_train_options){0}, again, NULL, 0);
                for (size_t f = 0; f < 4; f++) {
                    char a[64], b[64];
                    size_t size_a, size_b;
                    snprintf(a, sizeof a, "runs/one/%s", files[f]);
                    snprintf(b, sizeof b, "runs/two/%s", files[f]);
                    char *x = workspace_read(&w, a, &size_a), *y = workspace_read(&w, b, &size_b);
                    cr_expect(size_a == size_b && memcmp(x, y, size_a) == 0,
                              "text %zu, options %zu, %zu sets: %s\n%s", t, o, set_count, files[f],
                              f == 3 ? x : "");
                    cr_expect(f != 3 || strstr(x, "# näme of a büro"), "%s", x);
                    free(x);
                    free(y);
                }
            }
    workspace_remove(&w);
}

/* ------------------------------------------------------------------------- files of the data -- */

static const char plain_head[] = "format: 1\n"
                                 "name: plain\n"
                                 "inputs: {x: [B, 1]}\n"
                                 "targets: {y: [B, 1]}\n"
                                 "graph: {p: {type: linear, input: x, out_features: 1}}\n"
                                 "outputs: [p]\n"
                                 "loss: mse(p, y)\n";
static const char settings[] = "train: {epochs: 2, batch_size: 2, seed: 1, optimizer: adam}\n";

/* Every place where a file can be named, and what the command line puts there. */
static const struct {
    const char *data;
    const char *given[2];
} named[] = {
    {"data: {train: {csv: [sub/d.csv, sub/e.csv], x: a, y: b}}\n", {NULL}},
    {"data:\n  train:\n    csv:\n    - sub/d.csv # one\n    - 'sub/e.csv'\n    x: a\n    y: b\n"
     "  validation: {from: train, file: sub/e.csv}\n",
     {NULL}},
    {"data: {train: {file: \"sub/*.csv\", x: a, y: b}, test: {jsonl: sub/f.jsonl, x: a, y: b}}\n",
     {NULL}},
    {"data: {train: {csv: sub/*.csv, x: a, y: b}, validation: {from: train, fraction: 0.4, "
     "whole_files: true}}\n",
     {NULL}},
    {"data: {train: {arrays: {x: sub/x.npy, y: sub/y.npy}}}\n", {NULL}},
    {"data: {train: {csv: sub/d.csv, x: a, y: b}}\n", {"train=e.csv"}},
    {"data: {train: {csv: sub/d.csv, x: a, y: b}}\n", {"train=none.csv", "train=f.jsonl"}},
    {"data:\n  train:\n    csv:\n    - sub/d.csv\n    - sub/e.csv\n    x: a\n    y: b\n",
     {"train=e.csv", "test=./f.jsonl"}},
    {"data: {train: {x: [[1], [2]], y: [[1], [2]]}, test: {x: [[\"1}\"], [2]], y: [[1], [2]]}}\n",
     {"test=../g.csv"}},
    {"data:\n  validation:\n    x: [[1],\n        [2]]\n    # a note\n    y:\n    - [1]\n    - "
     "[2]\n"
     "\n  train: {csv: sub/d.csv, x: a, y: b}\n",
     {"validation=e.csv"}},
    {"data: {train: {arrays: {x: sub/x.npy, y: sub/y.npy}}}\n", {"x=x.npy", "train.y=y.npy"}},
};

static void write_npy(const workspace *w, const char *name, const double *values, size_t count) {
    FILE *file = fopen(workspace_path(w, name), "wb");
    cr_assert_not_null(file);
    char dict[118];
    memset(dict, ' ', sizeof dict);
    const int used = snprintf(
        dict, sizeof dict, "{'descr': '<f8', 'fortran_order': False, 'shape': (%zu, 1), }", count);
    dict[used] = ' ';
    dict[sizeof dict - 1] = '\n';
    cr_assert_eq(fwrite("\x93NUMPY\x01\x00\x76\x00", 1, 10, file), 10);
    cr_assert_eq(fwrite(dict, 1, sizeof dict, file), sizeof dict);
    cr_assert_eq(fwrite(values, sizeof *values, count, file), count);
    fclose(file);
}

/* Trains a model, and then the copy from another folder. */
static void train_twice(const workspace *w, const char *model, const char *run,
                        const char *const *data, size_t data_count) {
    static const char *const files[] = {"weights.safetensors",    "last.safetensors",
                                        "checkpoint.safetensors", "history.csv",
                                        "metrics.jsonl",          "model.yaml"};
    char out[256], again[256], copy[256];
    snprintf(out, sizeof out, "%s", workspace_path(w, "runs/one"));
    snprintf(again, sizeof again, "%s", workspace_path(w, "two"));
    snprintf(copy, sizeof copy, "%s", workspace_path(w, "runs/one/model.yaml"));
    const yg_model_options given = {.data = data, .data_count = data_count, .run_path = run};
    for (int pass = 0; pass < 2; pass++) {
        yg_error error = {0};
        yg_train_result result = {0};
        yg_model *m = yg_model_load(pass ? copy : model, pass ? NULL : &given, &error);
        cr_assert_not_null(m, "%s:%d: %s", error.file, error.line, error.message);
        const yg_train_options options = {
            .out = pass ? again : out, .threads = 1, .run_path = pass ? NULL : run};
        cr_assert(yg_train(m, &options, &result, &error), "%s:%d: %s", error.file, error.line,
                  error.message);
        yg_train_result_free(&result);
        yg_model_free(m);
        cr_assert_eq(chdir("/"), 0); /* nothing is relative to this folder any more */
    }
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        expect_same(w, files[i]);
}

static workspace make_files(void) {
    static const char *const folders[] = {"runs", "model", "model/sub"};
    static const double xs[] = {1, 2, 3, 4}, ys[] = {3, 1, 4, 2};
    const workspace w = workspace_make();
    for (size_t f = 0; f < 3; f++)
        cr_assert_eq(mkdir(workspace_path(&w, folders[f]), 0777), 0);
    workspace_write(&w, "model/sub/d.csv", "a,b\n1,2\n2,4\n3,5\n4,9\n5,9\n");
    workspace_write(&w, "model/sub/e.csv", "a,b\n6,2\n7,1\n8,5\n");
    workspace_write(&w, "model/g.csv", "x,y\n6,2\n7,1\n");
    workspace_write(&w, "model/sub/f.jsonl", "{\"a\": 1, \"b\": 3}\n{\"a\": 2, \"b\": 5}\n");
    write_npy(&w, "model/sub/x.npy", xs, 4);
    write_npy(&w, "model/sub/y.npy", ys, 4);
    return w;
}

Test(model_copy, every_file_of_the_data_is_found_again) {
    const workspace w = make_files();
    char text[2000], model[256], here[256];
    snprintf(model, sizeof model, "%s", workspace_path(&w, "model/m.yaml"));
    snprintf(here, sizeof here, "%s", workspace_path(&w, "model/sub"));
    for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
        size_t count = 0;
        while (count < 2 && named[i].given[count])
            count++;
        snprintf(text, sizeof text, "%s%s%s", plain_head, named[i].data, settings);
        workspace_write(&w, "model/m.yaml", text);
        cr_assert_eq(chdir(here), 0);
        train_twice(&w, model, NULL, named[i].given, count);
    }
    workspace_remove(&w);
}

/* A second file is appended to the first one. Where that cannot be, it stands beside it. */
Test(model_copy, two_files_become_one) {
    static const char data[] = "data: {train: {csv: sub/d.csv, x: a, y: b}}\n";
    const workspace w = make_files();
    char text[2000], model[256], run[256];
    snprintf(model, sizeof model, "%s", workspace_path(&w, "model/m.yaml"));
    snprintf(run, sizeof run, "%s", workspace_path(&w, "model/r.yaml"));
    workspace_write(&w, "model/m.yaml", plain_head);
    snprintf(text, sizeof text,
             "format: 1\n# mine\ntrain: {epochs: 2, optimizer: adam}\ndoc: >\n  "
             "some\n  lines\n%s",
             data);
    workspace_write(&w, "model/r.yaml", text);
    train_twice(&w, model, run, NULL, 0);
    cr_expect_not(workspace_has(&w, "runs/one/run.yaml"));
    snprintf(text, sizeof text, "%s%s", plain_head, data);
    workspace_write(&w, "model/m.yaml", text);
    workspace_write(&w, "model/r.yaml", "format: 1\ntrain: {epochs: 2, optimizer: adam}");
    train_twice(&w, model, run, NULL, 0);
    cr_expect_not(workspace_has(&w, "runs/one/run.yaml"));
    /* Braces around the whole file leave no place for more. */
    workspace_write(&w, "model/r.yaml", "{format: 1, train: {epochs: 2, optimizer: adam}}");
    yg_error error = {0};
    yg_train_result result = {0};
    yg_model *m = yg_model_load(model, &(yg_model_options){.run_path = run}, &error);
    char *out = strdup(workspace_path(&w, "apart"));
    const yg_train_options options = {.out = out, .threads = 1, .run_path = run};
    cr_assert(m && yg_train(m, &options, &result, &error), "%s", error.message);
    cr_expect(workspace_has(&w, "apart/run.yaml"));
    yg_train_result_free(&result);
    yg_model_free(m);
    free(out);
    workspace_remove(&w);
}

/* The copy in a run's folder is trained in that very folder: the older run, and the file that is
 * read, are moved away. */
Test(model_copy, it_trains_in_its_own_folder) {
    const workspace w = make_files();
    char text[2000], model[256], out[256];
    snprintf(text, sizeof text, "%sdata: {train: {csv: sub/d.csv, x: a, y: b}}\n%s", plain_head,
             settings);
    workspace_write(&w, "model/m.yaml", text);
    snprintf(out, sizeof out, "%s", workspace_path(&w, "runs/one"));
    snprintf(model, sizeof model, "%s", workspace_path(&w, "model/m.yaml"));
    train(model, (yg_train_options){0}, out, NULL, 0);
    snprintf(model, sizeof model, "%s", workspace_path(&w, "runs/one/model.yaml"));
    train(model, (yg_train_options){0}, out, NULL, 0);
    snprintf(out, sizeof out, "%s", workspace_path(&w, "two"));
    snprintf(model, sizeof model, "%s", workspace_path(&w, "runs/one-1/model.yaml"));
    train(model, (yg_train_options){0}, out, NULL, 0);
    expect_same(&w, "weights.safetensors");
    expect_same(&w, "model.yaml");
    workspace_remove(&w);
}

/* A file in all notations that YAML has for mappings, lists and texts. */
static const char notations[] = "format: 1\n"
                                "name: copied # näme\n"
                                "vars: {width: 3, rate: 0.5, half: rate / 2,\n"
                                "       files: \"['sub/d.csv']\", all: files}\n"
                                "inputs: {x: [B, 1]}\n"
                                "targets: {y: [B, 1]}\n"
                                "graph:\n"
                                "  h: {type: linear, input: x, out_features: width}\n"
                                "  p:\n"
                                "    type: linear # the last\n"
                                "    out_features: 1\n"
                                "outputs:\n- p\n"
                                "loss: |  # squares\n"
                                "  mse(p,\n"
                                "      y)\n"
                                "metrics: {error: \"l1(p, y)\"}\n"
                                "data:\n"
                                "  # where\n"
                                "  train: {csv: all, x: a, y: b}\n"
                                "  columns:\n"
                                "    \"a\": number # a column\n"
                                "train:\n"
                                "  \"epochs\": 2 # how long\n"
                                "  early_stopping: {patience: 9}\n"
                                "  optimizer:\n"
                                "    type: adam\n"
                                "    lr: half / 10 # of the rate\n"
                                "    groups:\n"
                                "      \"*.bias\": {lr: 0.25}\n";

/* What is set, and a line of the copy. */
static const struct {
    const char *sets[3];
    const char *line;
} overridden[] = {
    {{"train.optimizer.lr=0.125"}, "    lr: 0.125 # of the rate\n"},
    {{"train.optimizer.lr=0.125"}, "vars: {width: 3,\n       files: \"['"},
    {{"train.epochs=width"}, "  \"epochs\": width # how long\n"},
    {{"train.clip_grad_norm=0.5"}, "train:\n  clip_grad_norm: 0.5\n  \"epochs\": 2 # how long\n"},
    {{"train.clip_grad_norm=0.5", "train.batch_size=2", "train.clip_grad_norm=1"},
     "train:\n  batch_size: 2\n  clip_grad_norm: 1\n  \"epochs\""},
    {{"train.early_stopping.patience=1", "train.early_stopping.min_delta=0.5"},
     "  early_stopping: {min_delta: 0.5, patience: 1}\n"},
    {{"train.optimizer.groups.\"h.*\".lr=1"},
     "      \"h.*\": {lr: 1}\n      \"*.bias\": {lr: 0.25}\n"},
    {{"train.optimizer.groups.*.bias.lr=1"}, "      \"*.bias\": {lr: 1}\n"},
    {{"train.optimizer=adam"}, "  optimizer:\n    adam\n"},
    {{"train.optimizer={type: sgd, lr: half}", "train.optimizer.lr=0.25"},
     "  optimizer:\n    {type: sgd, lr: 0.25}\n"},
    {{"train.optimizer.lr=0.5", "train.optimizer.eps=1e-6",
      "train.optimizer={type: sgd, lr: rate}"},
     "  optimizer:\n    {type: sgd, lr: rate}\n"},
    {{"data.columns.a.missing=drop"}, "    \"a\": {kind: number, missing: drop} # a column\n"},
    {{"data.validation={from: train, fraction: 0.25}"},
     "data:\n  # where\n  validation: {from: train, fraction: 0.25}\n  train: {csv: all"},
    {{"data.train.csv=sub/e.csv"}, "sub/e.csv\", x: a, y: b}\n"},
    {{"data.train={csv: sub/e.csv, x: a, y: b}"}, "sub/e.csv\", x: a, y: b}\n"},
    {{"data.test={csv: files, x: a, y: b}"}, "  test: {csv: files, x: a, y: b}\n"},
    {{"graph.h.out_features=4", "width=5"},
     "graph:\n  h: {type: linear, input: x, out_features: 4}\n"},
    {{"graph.h.out_features=4"}, "vars: {rate: 0.5, half: rate / 2,\n       files"},
    {{"graph.p.use_bias=false"}, "    use_bias: false\n    type: linear # the last\n"},
    {{"loss=l1(p, y)"}, "- p\nloss: l1(p, y)\nmetrics"},
    {{"metrics.error=mse(p, y)"}, "metrics: {error: \"mse(p, y)\"}\n"},
    {{"metrics.more=mse(p, y)"}, "metrics: {more: \"mse(p, y)\", error: \"l1(p, y)\"}\n"},
    {{"outputs={q: p}"}, "outputs:\n  {q: p}\n"},
    {{"outputs.0=h", "graph.h.out_features=1"}, "outputs:\n- h\n"},
    {{"files=['sub/e.csv']"}, "/sub/e.csv']\", all: files}\n"},
    {{"width=2", "train.optimizer.lr=rate"}, "vars: {width: 2, rate: 0.5,\n       files"},
    {{"doc=A line: of words, and \"more\""}, NULL},
    {{"doc='A line: of words, and \"more\"'"},
     "doc: \"A line: of words, and \\\"more\\\"\"\nformat: 1\n"},
};

Test(model_copy, overrides_are_written_in_at_their_place) {
    static const char *const files[] = {"weights.safetensors", "history.csv",
                                        "checkpoint.safetensors", "model.yaml"};
    const workspace w = workspace_make();
    char out[256], again[256], model[256], copy[256];
    cr_assert_eq(mkdir(workspace_path(&w, "sub"), 0777), 0);
    cr_assert_eq(mkdir(workspace_path(&w, "runs"), 0777), 0);
    workspace_write(&w, "sub/d.csv", "a,b\n1,2\n2,4\n3,5\n4,9\n5,9\n6,13\n7,15\n8,15\n");
    workspace_write(&w, "sub/e.csv", "a,b\n1,2\n2,3\n3,4\n4,7\n5,8\n");
    workspace_write(&w, "m.yaml", notations);
    snprintf(model, sizeof model, "%s", workspace_path(&w, "m.yaml"));
    snprintf(out, sizeof out, "%s", workspace_path(&w, "runs/one"));
    snprintf(again, sizeof again, "%s", workspace_path(&w, "two"));
    snprintf(copy, sizeof copy, "%s", workspace_path(&w, "runs/one/model.yaml"));
    for (size_t i = 0; i < sizeof overridden / sizeof *overridden; i++) {
        size_t count = 0, size;
        while (count < 3 && overridden[i].sets[count])
            count++;
        if (!overridden[i].line) { /* a mistake */
            const yg_model_options wrong = {.overrides = overridden[i].sets,
                                            .override_count = count};
            cr_expect_null(yg_model_load(model, &wrong, NULL), "%s", overridden[i].sets[0]);
            continue;
        }
        train(model, (yg_train_options){0}, out, overridden[i].sets, count);
        train(copy, (yg_train_options){0}, again, NULL, 0);
        for (size_t f = 0; f < 4; f++)
            expect_same(&w, files[f]);
        char *text = workspace_read(&w, "runs/one/model.yaml", &size);
        cr_expect(strstr(text, overridden[i].line), "%s:\n%s\nin\n%s", overridden[i].sets[0],
                  overridden[i].line, text);
        cr_expect(strstr(text, "# näme"), "%s", text);
        free(text);
    }
    workspace_remove(&w);
}

/* A key without a value gets one behind its colon. */
Test(model_copy, an_override_fills_an_empty_key) {
    static const char *const set[] = {"train.early_stopping.patience=1", "train.batch_size=2"};
    const workspace w = workspace_make();
    char out[256], again[256], model[256], copy[256], text[2000];
    size_t size;
    snprintf(text, sizeof text,
             "%sdata: {train: {x: [[1], [2], [3]], y: [[2], [3], [5]]}}\n"
             "train:\n  epochs: 2\n  early_stopping: # none\n  batch_size:\n  optimizer: adam\n",
             head);
    cr_assert_eq(mkdir(workspace_path(&w, "runs"), 0777), 0);
    workspace_write(&w, "m.yaml", text);
    snprintf(model, sizeof model, "%s", workspace_path(&w, "m.yaml"));
    snprintf(out, sizeof out, "%s", workspace_path(&w, "runs/one"));
    snprintf(again, sizeof again, "%s", workspace_path(&w, "two"));
    snprintf(copy, sizeof copy, "%s", workspace_path(&w, "runs/one/model.yaml"));
    train(model, (yg_train_options){0}, out, set, 2);
    train(copy, (yg_train_options){0}, again, NULL, 0);
    expect_same(&w, "weights.safetensors");
    char *copied = workspace_read(&w, "runs/one/model.yaml", &size);
    cr_expect(strstr(copied, "  early_stopping: {patience: 1} # none\n  batch_size: 2\n"), "%s",
              copied);
    free(copied);
    workspace_remove(&w);
}

/* A number of the command line takes the place of a formula. A var that was used there alone goes
 * with it; where it has other uses, or may have, the formula stays, times 0. */
static const struct {
    const char *vars, *tail, *lines[2];
    yg_train_options options;
} numbers[] = {
    {"step: 0.5, out: 1",
     "epochs: 2, optimizer: {type: sgd, lr: step / 100}",
     {"vars: {out: 1}\n", "lr: 0.25}"},
     {.has_lr = true, .lr = 0.25}},
    {"out: 1, n: 2",
     "epochs: n, optimizer: sgd",
     {"vars: {out: 1}\n", "{epochs: 3,"},
     {.has_epochs = true, .epochs = 3}},
    {"out: 1",
     "epochs: out, optimizer: sgd",
     {"vars: {out: 1}\n", "{epochs: 3 + 0 * (out),"},
     {.has_epochs = true, .epochs = 3}},
    {"out: 1, n: 1, m: 2",
     "epochs: m, seed: n * m, optimizer: sgd",
     {"vars: {out: 1, n: 1, m: 2}\n", "seed: 7 + 0 * (n * m),"},
     {.has_seed = true, .seed = 7}},
    {"out: 1, n: 2, m: n + 1",
     "epochs: m, optimizer: sgd",
     {"vars: {out: 1, n: 2, m: n + 1}\n", "{epochs: 3 + 0 * (m),"},
     {.has_epochs = true, .epochs = 3}},
    {"out: 1, n: 2, m: 3",
     "epochs: n, batch_size: m - 1, optimizer: sgd",
     {"vars: {out: 1}\n", "{epochs: 5, batch_size: 4,"},
     {.has_epochs = true, .epochs = 5, .has_batch_size = true, .batch_size = 4}},
};

Test(model_copy, a_number_takes_the_vars_with_it_that_it_alone_used) {
    const workspace w = workspace_make();
    char text[1000], out[256], again[256], model[256], copy[256];
    cr_assert_eq(mkdir(workspace_path(&w, "runs"), 0777), 0);
    snprintf(model, sizeof model, "%s", workspace_path(&w, "m.yaml"));
    snprintf(out, sizeof out, "%s", workspace_path(&w, "runs/one"));
    snprintf(again, sizeof again, "%s", workspace_path(&w, "two"));
    snprintf(copy, sizeof copy, "%s", workspace_path(&w, "runs/one/model.yaml"));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        size_t size;
        snprintf(text, sizeof text,
                 "format: 1\nname: copied\nvars: {%s}\ninputs: {x: [B, 1]}\ntargets: {y: [B, 1]}\n"
                 "graph:\n  p: {type: linear, input: x, out_features: out}\noutputs: [p]\n"
                 "loss: mse(p, y)\ndata: {train: {x: [[1], [2], [3]], y: [[1], [3], [4]]}}\n"
                 "train: {%s}\n",
                 numbers[i].vars, numbers[i].tail);
        workspace_write(&w, "m.yaml", text);
        train(model, numbers[i].options, out, NULL, 0);
        train(copy, (yg_train_options){0}, again, NULL, 0);
        expect_same(&w, "weights.safetensors");
        expect_same(&w, "model.yaml");
        char *written = workspace_read(&w, "runs/one/model.yaml", &size);
        for (size_t k = 0; k < 2; k++)
            cr_expect(strstr(written, numbers[i].lines[k]), "case %zu: %s\nin\n%s", i,
                      numbers[i].lines[k], written);
        free(written);
    }
    workspace_remove(&w);
}
