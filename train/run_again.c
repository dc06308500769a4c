/*
 * Whether a run is the same again: see run_again.h.
 */
#include "run_again.h"

#include "../graph/file.h"
#include "run_folder.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NETWORK, TRAIN, VALIDATION };

static const char *const names[YG_RUN_DIGESTS] = {"network", "train", "validation"};

void yg_run_again_record(const yg_run *run, yg_text *out) {
    if (!run->identity)
        return;
    yg_text_add(out, ",\n  \"digests\": {");
    for (size_t i = 0; i < YG_RUN_DIGESTS; i++)
        yg_text_add(out, "%s\"%s\": \"%016" PRIx64 "\"", i ? ", " : "", names[i], run->digests[i]);
    yg_text_add(out, "}");
}

/* run.json beside the model; NULL: there is none. */
static json_t *record_beside(const yg_model *model) {
    enum { LARGEST = 1 << 26 };
    const char *path = yg_model_path(model), *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    yg_text beside = {0};
    size_t size = 0;
    if (strcmp(name, YG_RUN_MODEL) != 0)
        return NULL;
    yg_text_add(&beside, "%.*s%s", (int)(name - path), path, YG_RUN_RECORD);
    char *record = yg_text_take(&beside);
    char *text = record ? yg_file_read(record, LARGEST, &size, NULL) : NULL;
    json_t *value = text ? json_loadb(text, size, 0, NULL) : NULL;
    free(text);
    free(record);
    return value;
}

static bool differs(const yg_run *run, const json_t *digests, size_t i) {
    const char *was = json_string_value(json_object_get(digests, names[i]));
    char is[24];
    snprintf(is, sizeof is, "%016" PRIx64, run->digests[i]);
    return was && strcmp(was, is) != 0;
}

/* A network or data that the command line has changed are no surprise. */
static bool is_asked(const yg_run *run) {
    const yg_train_options *o = run->options;
    return o->override_count || o->folds || o->has_seed || o->has_dtype;
}

bool yg_run_again_compare(yg_run *run, yg_error *error) {
    json_t *record = is_asked(run) ? NULL : record_beside(run->model);
    const json_t *digests = json_object_get(record, "digests");
    yg_text text = {0};
    bool good = !digests || yg_run_identity(run, error);
    if (good && digests) {
        const bool train = differs(run, digests, TRAIN);
        const bool validation = differs(run, digests, VALIDATION);
        yg_text_add(&text, "%s%s%s", differs(run, digests, NETWORK) ? "the network, " : "",
                    train ? "the training data, " : "", validation ? "the validation data, " : "");
        run->result->changed = yg_text_take(&text);
        good = run->result->changed || yg_fail_memory(error);
        const size_t size = good ? strlen(run->result->changed) : 0;
        if (size)
            run->result->changed[size - 2] = '\0'; /* the last comma */
    }
    json_decref(record);
    return good;
}
