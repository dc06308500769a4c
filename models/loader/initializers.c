/*
 * Initialisers: what a parameter holds before training. Names, definitions and defaults are those
 * of PyTorch's torch.nn.init (https://pytorch.org/docs/stable/nn.init.html); xavier: Glorot and
 * Bengio 2010; kaiming: He et al. 2015; orthogonal: Saxe et al. 2013.
 *
 * A value is a function of seed, parameter name and element, so it depends neither on the batch
 * size nor on other parameters. It is computed in double precision and rounded to the parameter's
 * type.
 *
 * fan_in is the product of all dimensions but the first, fan_out the product of all but the second.
 */
#include "../../graph/number.h"
#include "../../graph/random.h"
#include "../../graph/spelling.h"
#include "builder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SETTINGS_MAX 4

typedef enum setting_kind { NUMBER, GAIN, MODE, NONLINEARITY } setting_kind;

typedef struct setting {
    const char *name;
    setting_kind kind;
    double fallback;
    bool required;
    double min;
} setting;

typedef struct source {
    const yg_type *type;
    const double *settings;
    uint64_t seed, stream;
    int64_t fan_in, fan_out;
} source;

typedef struct method {
    const char *name;
    setting settings[SETTINGS_MAX];
    double (*element)(const source *from, int64_t index); /* NULL: orthogonal, made as a whole */
    bool fans;                                            /* needs two dimensions */
} method;

struct yg_initializer {
    const method *method;
    double settings[SETTINGS_MAX];
};

/* ----------------------------------------------------------------------------------- choices -- */

static const char *const modes[] = {"fan_in", "fan_out"};

/* torch.nn.init.calculate_gain(); leaky_relu's depends on its slope. */
static const char *const nonlinearities[] = {"linear", "sigmoid",    "tanh",
                                             "relu",   "leaky_relu", "selu"};
enum { LEAKY_RELU = 4, NONLINEARITY_COUNT = 6 };

static double gain_of(int nonlinearity, double slope) {
    static const double gains[NONLINEARITY_COUNT] = {1, 1,   5.0 / 3, 1.41421356237309504880,
                                                     0, 0.75};
    return nonlinearity == LEAKY_RELU ? sqrt(2 / (1 + slope * slope)) : gains[nonlinearity];
}

/* ---------------------------------------------------------------------------------- elements -- */

static double uniform_at(const source *from, double low, double high, int64_t index) {
    return low + (high - low) * yg_random_uniform(from->seed, from->stream, (uint64_t)index);
}

static double normal_at(const source *from, double mean, double deviation, int64_t index) {
    return mean + deviation * yg_random_normal(from->seed, from->stream, (uint64_t)index);
}

static double zeros(const source *from, int64_t index) {
    (void)from;
    (void)index;
    return 0;
}

static double ones(const source *from, int64_t index) {
    (void)from;
    (void)index;
    return 1;
}

static double constant(const source *from, int64_t index) {
    (void)index;
    return from->settings[0];
}

static double uniform(const source *from, int64_t index) {
    return uniform_at(from, from->settings[0], from->settings[1], index);
}

static double normal(const source *from, int64_t index) {
    return normal_at(from, from->settings[0], from->settings[1], index);
}

/* The share of a normal distribution that lies between low and high. */
static double share_between(const double *settings) {
    const double scale = settings[1] * sqrt(2);
    return 0.5 *
           (erf((settings[3] - settings[0]) / scale) - erf((settings[2] - settings[0]) / scale));
}

/* Below this share, drawing until a value fits would take too long (yg_build_init() refuses). */
#define SMALLEST_SHARE 0.01

static double truncated_normal(const source *from, int64_t index) {
    /* Each attempt is a stream of its own. At a share of 1 %, 5,000 in vain are less likely than
     * 10^-21; the clamp only bounds the loop. */
    double value = 0;
    source attempt = *from;
    for (int i = 0; i < 5000; i++) {
        value = normal_at(&attempt, from->settings[0], from->settings[1], index);
        if (value >= from->settings[2] && value <= from->settings[3])
            return value;
        attempt.stream += 0x9E3779B97F4A7C15u;
    }
    return fmin(fmax(value, from->settings[2]), from->settings[3]);
}

static double xavier_uniform(const source *from, int64_t index) {
    const double bound =
        from->settings[0] * sqrt(6 / ((double)from->fan_in + (double)from->fan_out));
    return uniform_at(from, -bound, bound, index);
}

static double xavier_normal(const source *from, int64_t index) {
    const double deviation =
        from->settings[0] * sqrt(2 / ((double)from->fan_in + (double)from->fan_out));
    return normal_at(from, 0, deviation, index);
}

static double kaiming_deviation(const source *from) {
    const double fan = (double)(from->settings[1] == 0 ? from->fan_in : from->fan_out);
    return gain_of((int)from->settings[2], from->settings[0]) / sqrt(fan);
}

static double kaiming_uniform(const source *from, int64_t index) {
    const double bound = sqrt(3) * kaiming_deviation(from);
    return uniform_at(from, -bound, bound, index);
}

static double kaiming_normal(const source *from, int64_t index) {
    return normal_at(from, 0, kaiming_deviation(from), index);
}

/* Orthonormal rows (or columns, whichever are fewer): Gram-Schmidt, twice for accuracy, on a
 * normal matrix. It is the Q of the QR decomposition whose R has a positive diagonal. */
static bool orthogonal(const source *from, void *data, yg_error *error) {
    const int64_t rows = from->type->shape[0];
    const int64_t count = yg_type_count(from->type);
    const int64_t columns = rows == 0 ? 0 : count / rows;
    const bool wide = rows < columns;
    const int64_t vectors = wide ? rows : columns, length = wide ? columns : rows;
    double *basis = calloc((size_t)count + 1, sizeof *basis);
    if (!basis)
        return yg_fail_memory(error);
    for (int64_t i = 0; i < count; i++)
        basis[i] = normal_at(from, 0, 1, i);
    for (int64_t i = 0; i < vectors; i++) {
        double *v = basis + i * length;
        for (int64_t k = 0; k < 2 * i; k++) {
            const double *u = basis + (k % i) * length;
            double along = 0;
            for (int64_t j = 0; j < length; j++)
                along += u[j] * v[j];
            for (int64_t j = 0; j < length; j++)
                v[j] -= along * u[j];
        }
        double norm = 0;
        for (int64_t j = 0; j < length; j++)
            norm += v[j] * v[j];
        for (int64_t j = 0; j < length; j++)
            v[j] /= sqrt(norm);
    }
    for (int64_t i = 0; i < count; i++) {
        const int64_t row = i / columns, column = i % columns;
        const double value = wide ? basis[row * length + column] : basis[column * length + row];
        yg_element_set(from->type->dtype, data, i, from->settings[0] * value);
    }
    free(basis);
    return true;
}

static const method methods[] = {
    {.name = "zeros", .element = zeros},
    {.name = "ones", .element = ones},
    {.name = "constant", .settings = {{"value", NUMBER, 0, true, -HUGE_VAL}}, .element = constant},
    {.name = "uniform",
     .settings = {{"low", NUMBER, 0, false, -HUGE_VAL}, {"high", NUMBER, 1, false, -HUGE_VAL}},
     .element = uniform},
    {.name = "normal",
     .settings = {{"mean", NUMBER, 0, false, -HUGE_VAL}, {"std", NUMBER, 1, false, 0}},
     .element = normal},
    {.name = "truncated_normal",
     .settings = {{"mean", NUMBER, 0, false, -HUGE_VAL},
                  {"std", NUMBER, 1, false, 0},
                  {"low", NUMBER, -2, false, -HUGE_VAL},
                  {"high", NUMBER, 2, false, -HUGE_VAL}},
     .element = truncated_normal},
    {.name = "xavier_uniform",
     .settings = {{"gain", GAIN, 1, false, 0}},
     .element = xavier_uniform,
     .fans = true},
    {.name = "xavier_normal",
     .settings = {{"gain", GAIN, 1, false, 0}},
     .element = xavier_normal,
     .fans = true},
    {.name = "kaiming_uniform",
     .settings = {{"a", NUMBER, 0, false, 0},
                  {"mode", MODE, 0, false, 0},
                  {"nonlinearity", NONLINEARITY, LEAKY_RELU, false, 0}},
     .element = kaiming_uniform,
     .fans = true},
    {.name = "kaiming_normal",
     .settings = {{"a", NUMBER, 0, false, 0},
                  {"mode", MODE, 0, false, 0},
                  {"nonlinearity", NONLINEARITY, LEAKY_RELU, false, 0}},
     .element = kaiming_normal,
     .fans = true},
    {.name = "orthogonal", .settings = {{"gain", GAIN, 1, false, 0}}, .fans = true},
};
enum { METHOD_COUNT = sizeof methods / sizeof *methods };

/* ------------------------------------------------------------------------------------ reading --
 */

static const method *find_method(const yg_builder *builder, const yg_init_spec *spec) {
    const char *known[METHOD_COUNT];
    char hint[300];
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        known[i] = methods[i].name;
        if (strcmp(known[i], spec->type) == 0)
            return &methods[i];
    }
    const char *foreign = yg_foreign_word(spec->type);
    for (size_t i = 0; foreign && i < METHOD_COUNT; i++) {
        if (strcmp(known[i], foreign) == 0) {
            yg_fail(builder->error, YG_ERROR_NAME, spec->origin,
                    "unknown initialiser '%s': here it is '%s'", spec->type, foreign);
            return NULL;
        }
    }
    yg_fail(builder->error, YG_ERROR_NAME, spec->origin, "unknown initialiser '%s'%s", spec->type,
            yg_suggest(spec->type, known, METHOD_COUNT, hint, sizeof hint));
    return NULL;
}

static bool read_word(const yg_builder *builder, const setting *setting, const char *word,
                      yg_origin origin, double *value) {
    const bool mode = setting->kind == MODE;
    const char *const *known = mode ? modes : nonlinearities;
    const size_t count = mode ? 2 : NONLINEARITY_COUNT;
    char hint[200];
    for (size_t i = 0; i < count; i++) {
        if (strcmp(known[i], word) == 0) {
            *value = setting->kind == GAIN ? gain_of((int)i, 0.01) : (double)i;
            return true;
        }
    }
    return yg_fail(builder->error, YG_ERROR_NAME, origin, "`%s` cannot be '%s'%s", setting->name,
                   word, yg_suggest(word, known, count, hint, sizeof hint));
}

static bool read_setting(yg_builder *builder, const yg_scope *scope, const setting *setting,
                         const yg_expression *expression, double *value) {
    const bool name = expression->kind == YG_EXPRESSION_NAME &&
                      !yg_scope_find(scope, expression->text) &&
                      strcmp(expression->text, "pi") != 0;
    yg_term term = {.kind = YG_TERM_TEXT, .text = expression->text};
    char found[200];
    if (!name && !yg_evaluate_term(builder, scope, expression, &term))
        return false;
    if (setting->kind != NUMBER && term.kind == YG_TERM_TEXT)
        return read_word(builder, setting, term.text, expression->origin, value);
    const bool number = term.kind == YG_TERM_INT || term.kind == YG_TERM_FLOAT;
    if (!number || setting->kind == MODE || setting->kind == NONLINEARITY) {
        return yg_fail(builder->error, YG_ERROR_ARGUMENT, expression->origin,
                       "`%s`: a %s is expected, found %s", setting->name,
                       setting->kind == NUMBER || setting->kind == GAIN ? "number" : "word",
                       yg_term_describe(builder, &term, found, sizeof found));
    }
    *value = term.kind == YG_TERM_INT ? (double)term.i : term.f;
    char low[YG_NUMBER_TEXT], text[YG_NUMBER_TEXT];
    return *value >= setting->min ||
           yg_fail(builder->error, YG_ERROR_ARGUMENT, expression->origin,
                   "`%s` is at least %s, found %s", setting->name,
                   yg_number_text(setting->min, low), yg_number_text(*value, text));
}

static bool unknown_setting(const yg_builder *builder, const method *method,
                            const yg_init_spec *spec, size_t index) {
    const char *known[SETTINGS_MAX];
    size_t count = 0;
    char hint[200];
    while (count < SETTINGS_MAX && method->settings[count].name) {
        known[count] = method->settings[count].name;
        count++;
    }
    return yg_fail(builder->error, YG_ERROR_ARGUMENT, spec->key_origins[index],
                   "initialiser '%s' has no setting '%s'%s", method->name, spec->keys[index],
                   count == 0 ? "; it has none"
                              : yg_suggest(spec->keys[index], known, count, hint, sizeof hint));
}

static bool check_settings(const yg_builder *builder, const yg_init_spec *spec,
                           const yg_initializer *init) {
    const double *s = init->settings;
    if (init->method->element == uniform && s[0] > s[1]) {
        return yg_fail(builder->error, YG_ERROR_ARGUMENT, spec->origin,
                       "uniform: `low` is greater than `high`");
    }
    if (init->method->element == truncated_normal &&
        !(s[1] == 0 ? s[0] >= s[2] && s[0] <= s[3] : share_between(s) >= SMALLEST_SHARE)) {
        return yg_fail(builder->error, YG_ERROR_ARGUMENT, spec->origin,
                       "truncated_normal: less than 1 %% of the distribution lies between `low` "
                       "and `high`");
    }
    return true;
}

const yg_initializer *yg_build_init(yg_builder *builder, const yg_scope *scope,
                                    const yg_init_spec *spec) {
    const yg_binding *argument = yg_scope_find(scope, spec->type);
    if (argument && argument->term.kind == YG_TERM_INIT) {
        if (spec->count > 0) {
            yg_fail(builder->error, YG_ERROR_ARGUMENT, spec->key_origins[0],
                    "'%s' is an initialiser that is handed in with its settings; '%s' cannot be "
                    "given here",
                    spec->type, spec->keys[0]);
            return NULL;
        }
        return argument->term.init;
    }
    const method *method = find_method(builder, spec);
    yg_initializer *init = yg_pool_take(builder->pool, sizeof *init);
    if (!method || !init)
        return NULL;
    init->method = method;
    bool given[SETTINGS_MAX] = {false};
    for (size_t i = 0; i < spec->count; i++) {
        size_t k = 0;
        while (k < SETTINGS_MAX && method->settings[k].name &&
               strcmp(method->settings[k].name, spec->keys[i]) != 0)
            k++;
        if (k == SETTINGS_MAX || !method->settings[k].name) {
            unknown_setting(builder, method, spec, i);
            return NULL;
        }
        if (!read_setting(builder, scope, &method->settings[k], spec->values[i],
                          &init->settings[k]))
            return NULL;
        given[k] = true;
    }
    for (size_t k = 0; k < SETTINGS_MAX && method->settings[k].name; k++) {
        if (!given[k] && method->settings[k].required) {
            yg_fail(builder->error, YG_ERROR_ARGUMENT, spec->origin,
                    "initialiser '%s' needs `%s`: {type: %s, %s: …}", method->name,
                    method->settings[k].name, method->name, method->settings[k].name);
            return NULL;
        }
        init->settings[k] = given[k] ? init->settings[k] : method->settings[k].fallback;
    }
    return check_settings(builder, spec, init) ? init : NULL;
}

bool yg_initializer_fits(const yg_initializer *init, const yg_type *type, yg_origin origin,
                         yg_error *error) {
    char text[YG_TYPE_TEXT];
    return !init->method->fans || type->rank >= 2 ||
           yg_fail(error, YG_ERROR_SHAPE, origin,
                   "initialiser '%s' needs at least two dimensions, the parameter's shape is %s",
                   init->method->name, yg_shape_text(type, text));
}

const char *yg_initializer_text(const yg_initializer *init, yg_pool *pool) {
    const method *method = init->method;
    const char *text = yg_pool_format(pool, "{type: %s", method->name);
    for (size_t k = 0; text && k < SETTINGS_MAX && method->settings[k].name; k++) {
        const setting *setting = &method->settings[k];
        char number[YG_NUMBER_TEXT];
        const char *value = setting->kind == MODE ? modes[(int)init->settings[k]]
                            : setting->kind == NONLINEARITY
                                ? nonlinearities[(int)init->settings[k]]
                                : yg_number_text(init->settings[k], number);
        text = yg_pool_format(pool, "%s, %s: %s", text, setting->name, value);
    }
    return text ? yg_pool_format(pool, "%s}", text) : NULL;
}

/* ------------------------------------------------------------------------------------ filling --
 */

bool yg_initializer_fill(const yg_initializer *init, const yg_type *type, const char *name,
                         uint64_t seed, void *data, yg_error *error) {
    source from = {.type = type,
                   .settings = init->settings,
                   .seed = seed,
                   .stream = yg_random_key(name),
                   .fan_in = 1,
                   .fan_out = 1};
    for (int d = 0; d < type->rank; d++) {
        from.fan_in *= d == 0 ? 1 : type->shape[d];
        from.fan_out *= d == 1 ? 1 : type->shape[d];
    }
    if (!init->method->element)
        return orthogonal(&from, data, error);
    const int64_t count = yg_type_count(type);
    for (int64_t i = 0; i < count; i++)
        yg_element_set(type->dtype, data, i, init->method->element(&from, i));
    return true;
}
