/*
 * The `train:` section: see settings.h.
 */
#include "settings.h"

#include "optimizer_update.h"

#include <float.h>
#include <inttypes.h>
#include <stddef.h>

enum { DEFAULT_BATCH_SIZE = 32, MOST_SHARDS = 4096 };

static const char *const DTYPES[] = {"f32", "f64", NULL};
static const char *const KEPT[] = {"best", "last", NULL};

/* The section as it is written. */
typedef struct written {
    int64_t epochs, steps, batch_size, seed, keep_every, log_every, accumulate, shards;
    const yg_value *optimizer, *schedule, *early_stopping, *checkpoint, *plateau, *average, *l1,
        *l2, *weights;
    double clip_grad_norm, clip_grad_value;
    bool drop_last, recompute;
    int keep, dtype;
} written;

#define AT(member) .offset = offsetof(written, member)

static const yg_setting section_settings[] = {
    {"epochs", .kind = YG_SETTING_WHOLE, AT(epochs), .min = 1, .example = "100",
     .doc = "how often the training part is passed; this or `steps` is needed"},
    {"steps", .kind = YG_SETTING_WHOLE, AT(steps), .min = 1, .example = "2000",
     .doc = "how many steps are taken, in place of `epochs`"},
    {"batch_size", .kind = YG_SETTING_WHOLE, AT(batch_size), .min = 1, .fallback = "32",
     .doc = "examples of a step", .example = "64"},
    {"seed", .kind = YG_SETTING_WHOLE, AT(seed), .min = 0, .fallback = "0",
     .doc = "of initial values, of the order of examples and of dropout", .example = "7"},
    {"optimizer", .kind = YG_SETTING_VALUE, AT(optimizer), .required = true,
     .form = "a name, or a mapping with `type`", .forms = YG_FORM_SCALAR | YG_FORM_MAPPING,
     .example = "{type: adam, lr: 1e-3}", .doc = "how a step changes the parameters"},
    {"schedule", .kind = YG_SETTING_VALUE, AT(schedule),
     .form = "a name, a mapping with `type` or `formula`, or a list of these",
     .forms = YG_FORM_SCALAR | YG_FORM_LIST | YG_FORM_MAPPING, .fallback = "constant",
     .example = "{type: cosine, warmup_steps: 200}",
     .doc = "the learning rate of each step; see Schedules"},
    {"reduce_on_plateau", .kind = YG_SETTING_VALUE, AT(plateau), .form = "a mapping",
     .forms = YG_FORM_MAPPING, .fallback = "none", .example = "{factor: 0.5, patience: 3}",
     .doc = "lowers the learning rate when a run no longer gets better"},
    {"early_stopping", .kind = YG_SETTING_VALUE, AT(early_stopping), .form = "a mapping",
     .forms = YG_FORM_MAPPING, .fallback = "none",
     .example = "{monitor: validation.loss, patience: 5}",
     .doc = "ends a run that no longer gets better, and says what better is"},
    {"clip_grad_norm", .kind = YG_SETTING_NUMBER, AT(clip_grad_norm), .above = true, .max = 1e300,
     .fallback = "none", .example = "1.0",
     .doc = "the largest 2-norm of all gradients together; larger ones are scaled down to it"},
    {"clip_grad_value", .kind = YG_SETTING_NUMBER, AT(clip_grad_value), .above = true, .max = 1e300,
     .fallback = "none", .example = "0.5",
     .doc = "the largest size of each element of a gradient; larger ones are cut to it"},
    {"l1", .kind = YG_SETTING_VALUE, AT(l1),
     .form = "a number, or a mapping from patterns to numbers",
     .forms = YG_FORM_SCALAR | YG_FORM_MAPPING | YG_FORM_NUMBERS, .fallback = "none",
     .example = "1e-5",
     .doc = "a penalty: so many times the sum of |w| over the trainable parameters, or over those "
            "whose names match"},
    {"l2", .kind = YG_SETTING_VALUE, AT(l2),
     .form = "a number, or a mapping from patterns to numbers",
     .forms = YG_FORM_SCALAR | YG_FORM_MAPPING | YG_FORM_NUMBERS, .fallback = "none",
     .example = "{\"*.weight\": 1e-4}", .doc = "the same with the sum of w²"},
    {"accumulate", .kind = YG_SETTING_WHOLE, AT(accumulate), .min = 1, .max = 1e6, .fallback = "1",
     .example = "4",
     .doc = "batches of a step: their gradients are joined to that of all their examples"},
    {"shards", .kind = YG_SETTING_WHOLE, AT(shards), .min = 1, .max = MOST_SHARDS, .fallback = "1",
     .example = "8",
     .doc = "parts that each batch is cut into, one after the other or by up to as many processes "
            "(`mpirun`): the bits are the same"},
    {"average", .kind = YG_SETTING_VALUE, AT(average), .form = "a mapping",
     .forms = YG_FORM_MAPPING, .fallback = "none", .example = "{decay: 0.99}",
     .doc = "a moving average of the weights, which is scored and kept in their place"},
    {"drop_last", .kind = YG_SETTING_FLAG, AT(drop_last), .fallback = "false",
     .doc = "leave out the last batch of an epoch if it is not full"},
    {"keep", .kind = YG_SETTING_CHOICE, AT(keep), .choices = KEPT, .fallback = "best",
     .doc =
         "which weights a run keeps: those of the best epoch, or of the last. Where two networks "
         "work against each other, no loss tells which is best"},
    {"weights", .kind = YG_SETTING_VALUE, AT(weights), .form = "a path", .forms = YG_FORM_SCALAR,
     .fallback = "none", .example = "pretrained.safetensors",
     .doc = "start from the weights in this safetensors file, as `--weights` does, instead of "
            "random ones"},
    {"log_every", .kind = YG_SETTING_WHOLE, AT(log_every), .min = 1, .fallback = "none",
     .example = "100",
     .doc = "note the batch's loss of every so many steps, in metrics.jsonl and for TensorBoard"},
    {"keep_every", .kind = YG_SETTING_WHOLE, AT(keep_every), .min = 1, .fallback = "none",
     .example = "10",
     .doc = "keep the weights of every so many epochs too, as epochs/epoch-10.safetensors"},
    {"checkpoint", .kind = YG_SETTING_VALUE, AT(checkpoint), .form = "a mapping",
     .forms = YG_FORM_MAPPING, .fallback = "each epoch, and every 20 seconds",
     .example = "{minutes: 10}", .doc = "when the run writes a checkpoint to go on from"},
    {"recompute", .kind = YG_SETTING_FLAG, AT(recompute), .fallback = "false",
     .doc = "compute values of the forward pass again instead of keeping them: less memory, more "
            "time, the same bits"},
    {"dtype", .kind = YG_SETTING_CHOICE, AT(dtype), .choices = DTYPES, .fallback = "f32",
     .doc = "the floating-point type of all tensors"},
    {"lr", .hint = "`lr` belongs to the optimizer: `optimizer: {type: adam, lr: 1e-3}`"},
    {"learning_rate", .hint = "it is `lr`, of the optimizer: `optimizer: {type: adam, lr: 1e-3}`"},
    {"shuffle", .hint = "leave it out: every epoch has an order of its own, by `seed`"},
    {"loss", .hint = "`loss` is a section of its own, beside `train`"},
    {"metrics", .hint = "`metrics` is a section of its own, beside `train`"},
};

#undef AT

/* `early_stopping` as it is written. */
typedef struct stopping {
    const yg_value *monitor, *mode;
    int64_t patience;
    double min_delta;
} stopping;

static const yg_setting stopping_settings[] = {
    {"monitor", .kind = YG_SETTING_VALUE, .offset = offsetof(stopping, monitor),
     .form = "`validation.` or `train.`, and `loss` or a metric", .forms = YG_FORM_SCALAR,
     .fallback = "validation.loss, or train.loss where there is no validation part",
     .example = "validation.accuracy", .doc = "the number by which an epoch is judged"},
    {"mode", .kind = YG_SETTING_VALUE, .offset = offsetof(stopping, mode), .form = "min or max",
     .forms = YG_FORM_SCALAR, .fallback = "min of a loss; a metric needs one", .example = "max",
     .doc = "whether a low or a high number is better"},
    {"patience", .kind = YG_SETTING_WHOLE, .offset = offsetof(stopping, patience), .required = true,
     .min = 1, .example = "5",
     .doc = "epochs in a row without an improvement after which the run ends"},
    {"min_delta", .kind = YG_SETTING_NUMBER, .offset = offsetof(stopping, min_delta), .max = 1e300,
     .fallback = "0", .doc = "how much counts as an improvement", .example = "1e-3"},
};

enum {
    SECTION_SETTINGS = sizeof section_settings / sizeof *section_settings,
    STOPPING_SETTINGS = sizeof stopping_settings / sizeof *stopping_settings,
};

static const yg_setting_group section_group = {"train", "how the network is trained",
                                               section_settings, SECTION_SETTINGS, NULL},
                              stopping_group = {"train.early_stopping",
                                                "when a run ends before its last epoch",
                                                stopping_settings, STOPPING_SETTINGS, NULL};

static const yg_setting_group *const groups[] = {&section_group,        &stopping_group,
                                                 &yg_plateau_settings,  &yg_average_settings,
                                                 &yg_schedule_settings, &yg_saving_settings};

const yg_setting_group *const *yg_settings_groups(size_t *count) {
    *count = sizeof groups / sizeof *groups;
    return groups;
}

bool yg_settings_dtype(const yg_model *model, yg_dtype asked, yg_dtype *dtype, yg_error *error) {
    const yg_value *section = yg_model_section(model, "train");
    const yg_value *value = section ? yg_value_get(section, "dtype") : NULL;
    int index = 0;
    *dtype = asked;
    if (yg_dtype_is_float(asked))
        return true;
    if (value && !yg_value_choice(value, "`dtype`", DTYPES, &index, error))
        return false;
    *dtype = index ? YG_F64 : YG_F32;
    return true;
}

bool yg_settings_seed(const yg_model *model, uint64_t *seed, yg_error *error) {
    const yg_value *section = yg_model_section(model, "train");
    const yg_value *written = section ? yg_value_get(section, "seed") : NULL;
    int64_t value = 0;
    if (written && !yg_value_int(written, "`seed`", 0, INT64_MAX, &value, error))
        return false;
    *seed = (uint64_t)value;
    return true;
}

static bool read_early_stopping(const yg_model *model, const yg_value *value, yg_settings *settings,
                                yg_error *error) {
    stopping s = {0};
    if (!yg_setting_read_all(value, "`early_stopping`", stopping_settings, STOPPING_SETTINGS, &s,
                             error))
        return false;
    settings->stops_early = true;
    settings->patience = s.patience;
    settings->min_delta = s.min_delta;
    return yg_monitor_read(model, s.monitor, s.mode, &settings->monitor, error);
}

static bool check_shards(const yg_value *section, const yg_settings *s, yg_error *error) {
    if (s->shards == 1)
        return true;
    const yg_origin origin = yg_value_get(section, "shards")->origin;
    if (s->accumulate > 1)
        return yg_fail(error, YG_ERROR_ARGUMENT, origin,
                       "`shards` cuts a step's batch, so `accumulate` is not needed: write "
                       "`batch_size: %" PRId64 "` with `shards: %" PRId64
                       "`, which takes no more memory",
                       s->batch_size * s->accumulate, s->shards * s->accumulate);
    return s->optimizer.update->build ||
           yg_fail(error, YG_ERROR_ARGUMENT, origin,
                   "%s computes the loss of a batch several times a step, and cannot do that in "
                   "`shards`",
                   yg_optimizer_name(&s->optimizer));
}

static bool read_section(const yg_model *model, const yg_value *section, yg_settings *settings,
                         yg_error *error) {
    written w = {.batch_size = settings->batch_size, .accumulate = 1, .shards = 1};
    if (!yg_setting_read_all(section, "`train`", section_settings, SECTION_SETTINGS, &w, error) ||
        !yg_optimizer_read(w.optimizer, &settings->optimizer, error))
        return false;
    settings->epochs = w.epochs;
    settings->steps = w.steps;
    settings->batch_size = w.batch_size;
    settings->seed = (uint64_t)w.seed;
    settings->dtype = w.dtype ? YG_F64 : YG_F32;
    settings->terms = (yg_gradient_terms){
        .l1 = w.l1, .l2 = w.l2, .clip_value = w.clip_grad_value, .clip_norm = w.clip_grad_norm};
    settings->accumulate = w.accumulate;
    settings->shards = w.shards;
    settings->drop_last = w.drop_last;
    settings->recompute = w.recompute;
    settings->keeps_last = w.keep == 1;
    settings->weights = w.weights;
    settings->keep_every = w.keep_every;
    settings->log_every = w.log_every;
    if (w.epochs && w.steps)
        return yg_fail(error, YG_ERROR_ARGUMENT, yg_value_get(section, "steps")->origin,
                       "`train` has both `epochs` and `steps`; leave one out");
    return check_shards(section, settings, error) &&
           (!w.l1 || yg_penalty_check(w.l1, "l1", error)) &&
           (!w.l2 || yg_penalty_check(w.l2, "l2", error)) &&
           (!w.average || yg_average_read(w.average, &settings->average, error)) &&
           (!w.checkpoint || yg_saving_read(w.checkpoint, &settings->saving, error)) &&
           (!w.early_stopping || read_early_stopping(model, w.early_stopping, settings, error)) &&
           (!w.plateau ||
            yg_plateau_read(model, w.plateau, &settings->monitor, &settings->plateau, error));
}

/* Fails if a key has its value from --set, and an option of its own gives one too. */
static bool given_once(const yg_value *mapping, const char *key, const char *option,
                       yg_error *error) {
    const yg_value *value = mapping ? yg_value_get(mapping, key) : NULL;
    return !value || value->origin.line >= 0 ||
           yg_fail(error, YG_ERROR_ARGUMENT, YG_NOWHERE,
                   "`%s` and %s say the same twice; leave one out", value->origin.file, option);
}

static bool check_once(const yg_value *section, const yg_train_options *o, yg_error *error) {
    const yg_value *optimizer = yg_value_get(section, "optimizer");
    return (!o->has_epochs || (given_once(section, "epochs", "--epochs", error) &&
                               given_once(section, "steps", "--epochs", error))) &&
           (!o->has_steps || (given_once(section, "epochs", "--steps", error) &&
                              given_once(section, "steps", "--steps", error))) &&
           (!o->has_batch_size || given_once(section, "batch_size", "--batch-size", error)) &&
           (!o->has_seed || given_once(section, "seed", "--seed", error)) &&
           (!o->has_dtype || given_once(section, "dtype", "--dtype", error)) &&
           (!o->has_lr || given_once(optimizer, "lr", "--lr", error));
}

static bool override(const yg_train_options *options, yg_settings *settings, yg_error *error) {
    if ((options->has_epochs && options->epochs < 1) ||
        (options->has_steps && options->steps < 1) ||
        (options->has_batch_size && options->batch_size < 1) ||
        (options->has_lr && !(options->lr >= 0 && options->lr <= 1e10)))
        return yg_fail(error, YG_ERROR_ARGUMENT, YG_NOWHERE,
                       "epochs, steps and batch size must be at least 1, the learning rate 0 or "
                       "more");
    if (options->has_epochs && options->has_steps)
        return yg_fail(error, YG_ERROR_ARGUMENT, YG_NOWHERE,
                       "a run is counted in epochs or in steps, not in both");
    if (options->has_epochs || options->has_steps) {
        settings->epochs = options->has_epochs ? options->epochs : 0;
        settings->steps = options->has_steps ? options->steps : 0;
    }
    if (options->has_batch_size)
        settings->batch_size = options->batch_size;
    if (options->has_seed)
        settings->seed = options->seed;
    if (options->has_lr)
        settings->optimizer.lr = options->lr;
    if (options->has_dtype)
        settings->dtype = options->dtype;
    return true;
}

bool yg_settings_plan(const yg_model *model, int64_t examples, yg_settings *s, yg_rate_plan *plan,
                      yg_error *error) {
    /* So no program is compiled for a batch size that never occurs. */
    if (s->batch_size > examples)
        s->batch_size = examples;
    const bool rest = !s->drop_last && examples % s->batch_size != 0;
    const int64_t batches = examples / s->batch_size + rest;
    if (s->accumulate > batches)
        s->accumulate = batches;
    const int64_t epoch_steps = batches / s->accumulate + (batches % s->accumulate != 0);
    if (s->epochs > INT64_MAX / epoch_steps) {
        const yg_value *section = yg_model_section(model, "train");
        const yg_value *epochs = section ? yg_value_get(section, "epochs") : NULL;
        int64_t written;
        const bool own = epochs && yg_value_int(epochs, "`epochs`", 0, 0, &written, NULL) &&
                         written == s->epochs; /* not from --epochs */
        return yg_fail(error, YG_ERROR_ARGUMENT, own ? epochs->origin : YG_NOWHERE,
                       "%" PRId64 " epochs of %" PRId64 " steps are too many", s->epochs,
                       epoch_steps);
    }
    *plan = (yg_rate_plan){.schedule = yg_model_schedule(model),
                           .lr = s->optimizer.lr,
                           .steps = s->steps ? s->steps : s->epochs * epoch_steps,
                           .epoch_steps = epoch_steps,
                           .largest = s->dtype == YG_F32 ? (double)FLT_MAX : 0};
    return yg_schedule_check(plan, error);
}

bool yg_settings_read_step(const yg_model *model, yg_settings *settings, yg_error *error) {
    const yg_value *section = yg_model_section(model, "train");
    *settings = (yg_settings){.batch_size = DEFAULT_BATCH_SIZE,
                              .accumulate = 1,
                              .shards = 1,
                              .monitor = YG_MONITOR_DEFAULT,
                              .plateau = {.monitor = YG_MONITOR_DEFAULT}};
    return !section || read_section(model, section, settings, error);
}

static bool counts_as_zero(double number, const char *what, const char *name, yg_origin origin,
                           yg_dtype dtype, yg_error *error) {
    if (!(number > 0 && number < (dtype == YG_F64 ? DBL_MIN : (double)FLT_MIN)))
        return false;
    yg_fail(error, YG_ERROR_ARGUMENT, origin, "%s%s %g would count as 0 in %s", what, name, number,
            yg_dtype_name(dtype));
    return true;
}

/* Fails if a number that is not 0 would count as 0 in the run, which would then do without it. */
static bool check_small(const yg_settings *s, const yg_value *section, yg_error *error) {
    const yg_optimizer_update *update = s->optimizer.update;
    const yg_value *clip = yg_value_get(section, "clip_grad_norm");
    const yg_value *most = yg_value_get(section, "clip_grad_value");
    if (counts_as_zero(s->optimizer.lr, "the learning rate", "", section->origin, s->dtype,
                       error) ||
        (clip &&
         counts_as_zero(s->terms.clip_norm, "the norm", "", clip->origin, s->dtype, error)) ||
        (most && counts_as_zero(s->terms.clip_value, "the largest size", "", most->origin, s->dtype,
                                error)))
        return false;
    for (size_t i = 0; i < update->option_count; i++)
        if (update->options[i].name && update->options[i].kind == YG_OPTION_NUMBER &&
            counts_as_zero(s->optimizer.options[i], "the optimizer's ", update->options[i].name,
                           s->optimizer.origin, s->dtype, error))
            return false;
    return true;
}

bool yg_settings_read(const yg_model *model, const yg_train_options *options, yg_settings *settings,
                      yg_error *error) {
    const yg_value *section = yg_model_section(model, "train");
    *settings = (yg_settings){.batch_size = DEFAULT_BATCH_SIZE,
                              .accumulate = 1,
                              .shards = 1,
                              .monitor = YG_MONITOR_DEFAULT,
                              .plateau = {.monitor = YG_MONITOR_DEFAULT}};
    if (!section)
        return yg_fail(error, YG_ERROR_DATA, (yg_origin){yg_model_path(model), 0, 0},
                       "the model has no `train:` section, and no second file gives one; write for "
                       "example `train: {epochs: 100, optimizer: {type: adam, lr: 1e-3}}`");
    if (!read_section(model, section, settings, error) ||
        (options && !(check_once(section, options, error) && override(options, settings, error))))
        return false;
    if (!check_small(settings, section, error))
        return false;
    return settings->epochs || settings->steps ||
           yg_fail(error, YG_ERROR_ARGUMENT, section->origin,
                   "`train` does not say how long; write `epochs:` or `steps:`");
}
