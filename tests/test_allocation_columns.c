/*
 * Columns of all kinds where memory runs out: what they learn is learnt, kept and read back as a
 * whole, or it is told. A column that forgot something would silently predict nonsense.
 */
#include "data/encoding_file.h"
#include "data/source.h"
#include "fault_injection.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const char model_text[] =
    "format: 1\n"
    "name: columns\n"
    "inputs: {x: [B, W], t: {shape: [B, L], dtype: i32}}\n"
    "targets: {y: [B, 2]}\n"
    "graph: {h: \"mean(x) + mean(y) + 0 * mean(cast(t, float))\"}\n"
    "outputs: [x]\n"
    "loss: h\n"
    "data:\n"
    "  train: {csv: c.csv, x: [a, b, c, d, e, f], t: s, y: [y1, y2]}\n"
    "  test: {from: train, fraction: 0.25}\n"
    "  columns:\n"
    "    a: {kind: category, unseen: true, min_count: 2, missing: most_frequent, indicator: true}\n"
    "    b: {missing: median, scale: quantile}\n"
    "    c: {missing: mean, scale: robust, indicator: true}\n"
    "    d: {kind: boolean, missing: \"no\"}\n"
    "    e: {kind: date, parts: [year], cyclic: [month], age: 2000-01-01, missing: 2001-01-01}\n"
    "    f: {kind: category, values: [u, v]}\n"
    "    s: {kind: text, min_count: 1}\n"
    "    y1: {missing: drop, scale: standard}\n"
    "    y2: {scale: log}\n";

static const char rows[] = "a,b,c,d,e,f,s,y1,y2\n"
                           "p,1,2,yes,2020-01-02,u,one two,1,2\n"
                           "q,,4,no,2020-03-02,v,two three,2,3\n"
                           "p,3,,yes,,u,one,4,1\n"
                           ",5,8,,1999-12-31,v,five six two,,1\n"
                           "q,2,1,no,2010-07-01,u,one,3,4\n"
                           "r,2,1,no,2010-07-01,u,four,5,4\n"
                           "p,9,1,yes,2011-07-01,v,one one,5,4\n"
                           "p,2,3,no,2012-07-01,u,four,6,4\n"
                           "q,4,2,yes,2013-07-01,v,three,7,4\n";

enum { PORTS = 3, ROOM = 4096 };

/* The bytes of all examples of the training part. */
static bool read_part(const yg_data *data, char *bytes, yg_error *error) {
    size_t used = 0;
    for (size_t p = 0; p < PORTS; p++) {
        const yg_elements *port = &data->train.dataset->ports[p];
        const size_t size = (size_t)(data->train.count * port->width) * yg_dtype_size(port->dtype);
        cr_assert_leq(used + size, ROOM);
        if (!yg_part_read(&data->train, p, 0, data->train.count, bytes + used, error))
            return false;
        used += size;
    }
    return true;
}

/* Learns, writes what was learnt to a file in memory, and reads the table again by that. */
static bool learn_and_repeat(const yg_model *model, char *learnt, char *repeated, yg_error *error) {
    yg_data data, again = {0};
    yg_tensor_file file = {0};
    if (!yg_data_load(model, YG_F64, &data, error))
        return false;
    bool good = read_part(&data, learnt, error) &&
                yg_encoding_save(model, &data.encoding, &file, error) &&
                yg_encoding_load(model, &file, "w", &again.encoding, error);
    if (good && yg_data_load_known(model, YG_F64, &again, error)) {
        good = read_part(&again, repeated, error);
        yg_data_free(&again);
    } else
        good = false;
    yg_tensor_file_free(&file);
    yg_data_free(&data);
    return good;
}

Test(allocation_columns, all_is_learnt_and_kept_or_it_is_told_that_memory_ran_out) {
    static char first[ROOM], learnt[ROOM], repeated[ROOM];
    const workspace w = workspace_make();
    workspace_write(&w, "c.csv", rows);
    yg_model *model = workspace_model(&w, "columns.yaml", model_text);
    yg_error error = {0};
    bool failed = true;
    int n = 1;
    cr_assert(learn_and_repeat(model, first, repeated, &error), "%s", error.message);
    cr_expect_arr_eq(first, repeated, ROOM, "weights remember something else");
    for (; failed; n++) {
        memset(learnt, 0, sizeof learnt);
        memset(repeated, 0, sizeof repeated);
        error = (yg_error){0};
        fault_injection_begin((uint64_t)n);
        const bool good = learn_and_repeat(model, learnt, repeated, &error);
        /* What is not freed is not counted: texts of JSON are allocated elsewhere. The leak checker
         * sees it. */
        failed = fault_injection_end().failed;
        cr_expect(good || (failed && error.code == YG_ERROR_MEMORY), "allocation %d: %s", n,
                  error.message);
        cr_expect(!good || (memcmp(first, learnt, ROOM) == 0 && memcmp(first, repeated, ROOM) == 0),
                  "allocation %d: other examples", n);
    }
    cr_expect_gt(n, 200);
    yg_model_free(model);
    workspace_remove(&w);
}
