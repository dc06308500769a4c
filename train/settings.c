/*
 * The `train:` section: see settings.h.
 */
#include "settings.h"

#include "optimizer_update.h"

#include <float.h>
#include <inttypes.h>

enum { DEFAULT_BATCH_SIZE = 32 };

static const yg_key keys[] = {
    {"epochs", false, NULL},
    {"steps", false, NULL},
    {"batch_size", false, NULL},
    {"seed", false, NULL},
    {"optimizer", true, NULL},
    {"schedule", false, NULL},
    {"early_stopping", false, NULL},
    {"clip_grad_norm", false, NULL},
    {"drop_last", false, NULL},
    {"keep", false, NULL},
    {"recompute", false, NULL},
    {"dtype", false, NULL},
    {"lr", false, "`lr` belongs to the optimizer: `optimizer: {type: adam, lr: 1e-3}`"},
    {"learning_rate", false, "it is `lr`, of the optimizer: `optimizer: {type: adam, lr: 1e-3}`"},
    {"shuffle", false, "leave it out: every epoch has an order of its own, by `seed`"},
    {"loss", false, "`loss` is a section of its own, beside `train`"},
    {"metrics", false, "`metrics` is a section of its own, beside `train`"},
};

static bool read_count(const yg_value *section, const char *key, const char *what, int64_t min,
                       int64_t *out, yg_error *error) {
    const yg_value *value = yg_value_get(section, key);
    return !value || yg_value_int(value, what, min, INT64_MAX, out, error);
}

static bool read_dtype(const yg_value *section, yg_dtype *dtype, yg_error *error) {
    static const char *const names[] = {"f32", "f64", NULL};
    const yg_value *value = section ? yg_value_get(section, "dtype") : NULL;
    int index = 0;
    if (value && !yg_value_choice(value, "`dtype`", names, &index, error))
        return false;
    *dtype = index ? YG_F64 : YG_F32;
    return true;
}

bool yg_settings_dtype(const yg_model *model, yg_dtype asked, yg_dtype *dtype, yg_error *error) {
    *dtype = asked;
    return yg_dtype_is_float(asked) || read_dtype(yg_model_section(model, "train"), dtype, error);
}

bool yg_settings_seed(const yg_model *model, uint64_t *seed, yg_error *error) {
    const yg_value *section = yg_model_section(model, "train");
    int64_t value = 0;
    if (section && !read_count(section, "seed", "`seed`", 0, &value, error))
        return false;
    *seed = (uint64_t)value;
    return true;
}

static bool read_early_stopping(const yg_model *model, const yg_value *value, yg_settings *settings,
                                yg_error *error) {
    static const yg_key stopping_keys[] = {{"monitor", false, NULL},
                                           {"mode", false, NULL},
                                           {"patience", true, NULL},
                                           {"min_delta", false, NULL}};
    if (!yg_value_check_keys(value, "`early_stopping`", stopping_keys, 4, error))
        return false;
    const yg_value *delta = yg_value_get(value, "min_delta");
    settings->stops_early = true;
    return yg_monitor_read(model, yg_value_get(value, "monitor"), yg_value_get(value, "mode"),
                           &settings->monitor, error) &&
           read_count(value, "patience", "`patience`", 1, &settings->patience, error) &&
           (!delta || yg_value_float(delta, "`min_delta`", 0, 1e300, &settings->min_delta, error));
}

/* `keep: last` is for losses that do not tell which weights are best, as those of two networks that
 * work against each other. */
static bool read_keep(const yg_value *section, yg_settings *settings, yg_error *error) {
    static const char *const names[] = {"best", "last", NULL};
    const yg_value *value = yg_value_get(section, "keep");
    int index = 0;
    if (value && !yg_value_choice(value, "`keep`", names, &index, error))
        return false;
    settings->keeps_last = index == 1;
    return true;
}

static bool read_section(const yg_model *model, const yg_value *section, yg_settings *settings,
                         yg_error *error) {
    const yg_value *value;
    int64_t seed = 0;
    if (!yg_value_check_keys(section, "`train`", keys, sizeof keys / sizeof *keys, error) ||
        !read_count(section, "epochs", "`epochs`", 1, &settings->epochs, error) ||
        !read_count(section, "steps", "`steps`", 1, &settings->steps, error) ||
        !read_count(section, "batch_size", "`batch_size`", 1, &settings->batch_size, error) ||
        !read_count(section, "seed", "`seed`", 0, &seed, error) ||
        !read_dtype(section, &settings->dtype, error) || !read_keep(section, settings, error) ||
        !yg_optimizer_read(yg_value_get(section, "optimizer"), &settings->optimizer, error))
        return false;
    settings->seed = (uint64_t)seed;
    if (settings->epochs && settings->steps)
        return yg_fail(error, YG_ERROR_ARGUMENT, yg_value_get(section, "steps")->origin,
                       "`train` has both `epochs` and `steps`; leave one out");
    if ((value = yg_value_get(section, "early_stopping")) &&
        !read_early_stopping(model, value, settings, error))
        return false;
    if ((value = yg_value_get(section, "drop_last")) &&
        !yg_value_bool(value, "`drop_last`", &settings->drop_last, error))
        return false;
    if ((value = yg_value_get(section, "recompute")) &&
        !yg_value_bool(value, "`recompute`", &settings->recompute, error))
        return false;
    if (!(value = yg_value_get(section, "clip_grad_norm")))
        return true;
    if (!yg_value_float(value, "`clip_grad_norm`", 0, 1e300, &settings->clip_grad_norm, error))
        return false;
    return settings->clip_grad_norm > 0 || yg_fail(error, YG_ERROR_ARGUMENT, value->origin,
                                                   "`clip_grad_norm` must be above 0; leave it out "
                                                   "for no clipping");
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
    const int64_t epoch_steps = examples / s->batch_size + rest;
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
    *settings = (yg_settings){.batch_size = DEFAULT_BATCH_SIZE, .monitor = YG_MONITOR_DEFAULT};
    return !section || read_section(model, section, settings, error);
}

static bool counts_as_zero(double number, const char *what, const char *name, yg_origin origin,
                           yg_dtype dtype, yg_error *error) {
    if (number <= 0 || number >= (dtype == YG_F64 ? DBL_MIN : (double)FLT_MIN))
        return false;
    yg_fail(error, YG_ERROR_ARGUMENT, origin, "%s%s %g would count as 0 in %s", what, name, number,
            yg_dtype_name(dtype));
    return true;
}

/* Fails if a number that is not 0 would count as 0 in the run, which would then do without it. */
static bool check_small(const yg_settings *s, const yg_value *section, yg_error *error) {
    const yg_optimizer_update *update = s->optimizer.update;
    const yg_value *clip = yg_value_get(section, "clip_grad_norm");
    if (counts_as_zero(s->optimizer.lr, "the learning rate", "", section->origin, s->dtype,
                       error) ||
        (clip && counts_as_zero(s->clip_grad_norm, "the norm", "", clip->origin, s->dtype, error)))
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
    *settings = (yg_settings){.batch_size = DEFAULT_BATCH_SIZE, .monitor = YG_MONITOR_DEFAULT};
    if (!section)
        return yg_fail(error, YG_ERROR_DATA, (yg_origin){yg_model_path(model), 0, 0},
                       "the model has no `train:` section, and no second file gives one; write for "
                       "example `train: {epochs: 100, optimizer: {type: adam, lr: 1e-3}}`");
    if (!read_section(model, section, settings, error) ||
        (options && !override(options, settings, error)))
        return false;
    if (!check_small(settings, section, error))
        return false;
    return settings->epochs || settings->steps ||
           yg_fail(error, YG_ERROR_ARGUMENT, section->origin,
                   "`train` does not say how long; write `epochs:` or `steps:`");
}
