/*
 * Initialisers: the values of parameters before training. Names, definitions and defaults are those
 * of PyTorch's torch.nn.init (https://pytorch.org/docs/stable/nn.init.html); xavier: Glorot and
 * Bengio 2010; kaiming: He et al. 2015; orthogonal: Saxe et al. 2013.
 *
 * A value is a function of seed, parameter name and element, so it depends neither on the batch
 * size nor on other parameters. It is computed in double precision and rounded to the parameter's
 * type.
 *
 * fan_in is the product of all dimensions except the first, fan_out of all except the second.
 */
#include "initializers.h"

#include "../../graph/number.h"
#include "../../graph/random.h"
#include "../../graph/spelling.h"
#include "../../graph/text.h"
#include "../../ops/shape.h"
#include "names.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct source {
    const yg_type *type;
    const double *settings;
    const double *list;
    uint64_t seed, stream;
    int64_t fan_in, fan_out;
} source;

struct yg_init_method {
    const char *name;
    yg_init_setting settings[YG_INIT_SETTINGS];
    double (*element)(const source *from, int64_t index); /* NULL: orthogonal, made as a whole */
    bool fans;                                            /* needs two dimensions */
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

static double listed(const source *from, int64_t index) {
    return from->list[index];
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

/* Below this share, drawing until a value fits would take too long (yg_init_check() refuses). */
#define SMALLEST_SHARE 0.01

static double truncated_normal(const source *from, int64_t index) {
    /* Each attempt is a stream of its own. At a share of 1 %, 5,000 failures in a row have a
     * probability below 10^-21, so the value after the loop hardly ever occurs. */
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

/* Makes rows orthonormal, or columns if these are fewer: Gram-Schmidt on a matrix of normal
 * numbers, twice for accuracy. The result is the Q of the QR decomposition whose R has a positive
 * diagonal. */
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

static const yg_init_method methods[] = {
    {.name = "zeros", .element = zeros},
    {.name = "ones", .element = ones},
    {.name = "constant",
     .settings = {{.name = "value", .kind = YG_INIT_NUMBER, .required = true, .min = -HUGE_VAL}},
     .element = constant},
    {.name = "list",
     .settings = {{.name = "values", .kind = YG_INIT_LIST, .required = true, .min = -HUGE_VAL}},
     .element = listed},
    {.name = "uniform",
     .settings = {{.name = "low", .kind = YG_INIT_NUMBER, .min = -HUGE_VAL},
                  {.name = "high", .kind = YG_INIT_NUMBER, .fallback = 1, .min = -HUGE_VAL}},
     .element = uniform},
    {.name = "normal",
     .settings = {{.name = "mean", .kind = YG_INIT_NUMBER, .min = -HUGE_VAL},
                  {.name = "std", .kind = YG_INIT_NUMBER, .fallback = 1}},
     .element = normal},
    {.name = "truncated_normal",
     .settings = {{.name = "mean", .kind = YG_INIT_NUMBER, .min = -HUGE_VAL},
                  {.name = "std", .kind = YG_INIT_NUMBER, .fallback = 1},
                  {.name = "low",
                   .kind = YG_INIT_NUMBER,
                   .fallback = -2,
                   .min = -HUGE_VAL,
                   .infinite = true},
                  {.name = "high",
                   .kind = YG_INIT_NUMBER,
                   .fallback = 2,
                   .min = -HUGE_VAL,
                   .infinite = true}},
     .element = truncated_normal},
    {.name = "xavier_uniform",
     .settings = {{.name = "gain", .kind = YG_INIT_GAIN, .fallback = 1}},
     .element = xavier_uniform,
     .fans = true},
    {.name = "xavier_normal",
     .settings = {{.name = "gain", .kind = YG_INIT_GAIN, .fallback = 1}},
     .element = xavier_normal,
     .fans = true},
    {.name = "kaiming_uniform",
     .settings = {{.name = "a", .kind = YG_INIT_NUMBER},
                  {.name = "mode", .kind = YG_INIT_MODE},
                  {.name = "nonlinearity", .kind = YG_INIT_NONLINEARITY, .fallback = LEAKY_RELU}},
     .element = kaiming_uniform,
     .fans = true},
    {.name = "kaiming_normal",
     .settings = {{.name = "a", .kind = YG_INIT_NUMBER},
                  {.name = "mode", .kind = YG_INIT_MODE},
                  {.name = "nonlinearity", .kind = YG_INIT_NONLINEARITY, .fallback = LEAKY_RELU}},
     .element = kaiming_normal,
     .fans = true},
    {.name = "orthogonal",
     .settings = {{.name = "gain", .kind = YG_INIT_GAIN, .fallback = 1}},
     .fans = true},
};
enum { METHOD_COUNT = sizeof methods / sizeof *methods };

/* ----------------------------------------------------------------------------------- reading -- */

const yg_init_method *yg_init_find(const char *name) {
    for (size_t i = 0; i < METHOD_COUNT; i++)
        if (strcmp(methods[i].name, name) == 0)
            return &methods[i];
    return NULL;
}

size_t yg_init_names(const char **known, size_t room) {
    size_t count = 0;
    for (; count < METHOD_COUNT && count < room; count++)
        known[count] = methods[count].name;
    return count;
}

const char *yg_init_name(const yg_init_method *method) {
    return method->name;
}

const yg_init_setting *yg_init_settings(const yg_init_method *method, size_t *count) {
    *count = 0;
    while (*count < YG_INIT_SETTINGS && method->settings[*count].name)
        ++*count;
    return method->settings;
}

bool yg_init_word(const yg_init_setting *setting, const char *word, yg_origin origin, double *value,
                  yg_error *error) {
    const bool mode = setting->kind == YG_INIT_MODE;
    const char *const *known = mode ? modes : nonlinearities;
    const size_t count = mode ? 2 : NONLINEARITY_COUNT;
    char hint[200];
    for (size_t i = 0; i < count; i++) {
        if (strcmp(known[i], word) == 0) {
            *value = setting->kind == YG_INIT_GAIN ? gain_of((int)i, 0.01) : (double)i;
            return true;
        }
    }
    return yg_fail(error, YG_ERROR_NAME, origin, "`%s` cannot be '%s'%s", setting->name, word,
                   yg_suggest(word, known, count, hint, sizeof hint));
}

bool yg_init_check(const yg_initializer *init, yg_origin origin, yg_error *error) {
    const double *s = init->settings;
    if (init->method->element == uniform && s[0] > s[1])
        return yg_fail(error, YG_ERROR_ARGUMENT, origin, "uniform: `low` is greater than `high`");
    return init->method->element != truncated_normal ||
           (s[1] == 0 ? s[0] >= s[2] && s[0] <= s[3] : share_between(s) >= SMALLEST_SHARE) ||
           yg_fail(error, YG_ERROR_ARGUMENT, origin,
                   "truncated_normal: less than 1 %% of the distribution lies between `low` and "
                   "`high`");
}

static int64_t list_count(const yg_initializer *init) {
    return init->list ? yg_shape_product(init->list_shape, 0, init->list_rank) : 0;
}

bool yg_initializer_equal(const yg_initializer *a, const yg_initializer *b) {
    bool equal =
        a->method == b->method && a->has_zero_row == b->has_zero_row && a->zero_row == b->zero_row;
    for (size_t k = 0; k < YG_INIT_SETTINGS; k++)
        equal = equal && a->settings[k] == b->settings[k];
    const int64_t count = list_count(a);
    equal = equal && a->list_rank == b->list_rank && list_count(b) == count;
    for (int64_t i = 0; equal && i < count; i++)
        equal = a->list[i] == b->list[i];
    return equal;
}

/* Whether the values are whole numbers that an integer type can hold. */
static bool is_whole(const yg_initializer *init, yg_dtype dtype) {
    const double limit = dtype == YG_I64 ? 0x1p63 : dtype == YG_I32 ? 0x1p31 : 2;
    const double *values = init->list ? init->list : init->settings;
    const int64_t count = init->list ? list_count(init) : 1;
    if (init->method->element == zeros || init->method->element == ones)
        return true;
    bool whole = init->method->element == constant || init->method->element == listed;
    for (int64_t i = 0; whole && i < count; i++)
        whole = values[i] == floor(values[i]) && values[i] < limit &&
                values[i] >= (dtype == YG_BOOL ? 0 : -limit);
    return whole;
}

/* Fails if a float type cannot hold a number: it would be infinite, or count as 0 in a run. */
static bool holds(const yg_init_setting *setting, double value, yg_dtype dtype, yg_origin origin,
                  yg_error *error) {
    const bool f32 = dtype == YG_F32;
    char number[YG_NUMBER_TEXT];
    if ((setting->kind != YG_INIT_NUMBER && setting->kind != YG_INIT_LIST) || value == 0 ||
        isinf(value))
        return true;
    if (f32 && fabs(value) > (double)FLT_MAX)
        return yg_fail(error, YG_ERROR_ARGUMENT, origin,
                       "`%s`: %s is too large a number for f32; train with `dtype: f64`",
                       setting->name, yg_number_text(value, number));
    if (fabs(value) < (f32 ? (double)FLT_MIN : DBL_MIN))
        return yg_fail(error, YG_ERROR_ARGUMENT, origin,
                       "`%s`: %s is too small a number for %s, and would count as 0%s",
                       setting->name, yg_number_text(value, number), yg_dtype_name(dtype),
                       f32 ? "; train with `dtype: f64`" : "");
    return true;
}

/* Fails unless a list has the parameter's shape and numbers that its type can hold. */
static bool list_fits(const yg_initializer *init, const yg_type *type, yg_origin origin,
                      yg_error *error) {
    yg_type list = {.dtype = type->dtype, .rank = init->list_rank};
    char found[YG_TYPE_TEXT], wanted[YG_TYPE_TEXT];
    memcpy(list.shape, init->list_shape, sizeof list.shape);
    if (!yg_type_equal(&list, type))
        return yg_fail(error, YG_ERROR_SHAPE, origin,
                       "`init`: the list has the shape %s, the parameter's shape is %s",
                       yg_shape_text(&list, found), yg_shape_text(type, wanted));
    const int64_t count = yg_dtype_is_float(type->dtype) ? list_count(init) : 0;
    for (int64_t i = 0; i < count; i++)
        if (!holds(&init->method->settings[0], init->list[i], type->dtype, origin, error))
            return false;
    return true;
}

bool yg_initializer_fits(const yg_initializer *init, const yg_type *type, yg_origin origin,
                         yg_error *error) {
    char text[YG_TYPE_TEXT];
    if (init->list && !list_fits(init, type, origin, error))
        return false;
    if (!yg_dtype_is_float(type->dtype) && !is_whole(init, type->dtype))
        return yg_fail(
            error, YG_ERROR_DTYPE, origin,
            "a state of %s starts from `zeros`, `ones`, a `constant` whole number or a list of "
            "whole numbers that it can hold",
            yg_dtype_name(type->dtype));
    if (init->method->fans && type->rank < 2)
        return yg_fail(error, YG_ERROR_SHAPE, origin,
                       "initialiser '%s' needs at least two dimensions, the parameter's shape is "
                       "%s",
                       init->method->name, yg_shape_text(type, text));
    for (size_t k = 0;
         yg_dtype_is_float(type->dtype) && k < YG_INIT_SETTINGS && init->method->settings[k].name;
         k++)
        if (!holds(&init->method->settings[k], init->settings[k], type->dtype, origin, error))
            return false;
    const int64_t rows = type->rank > 0 ? type->shape[0] : 0;
    return !init->has_zero_row || (init->zero_row >= -rows && init->zero_row < rows) ||
           yg_fail(error, YG_ERROR_SHAPE, origin,
                   "`zero_row`: there is no row %" PRId64 ", the parameter's shape is %s",
                   init->zero_row, yg_shape_text(type, text));
}

/* The list from number *at on: that of dimension `dim` and all behind it. */
static void add_list(yg_text *text, const yg_initializer *init, int dim, int64_t *at) {
    char number[YG_NUMBER_TEXT];
    if (dim == init->list_rank) {
        yg_text_add(text, "%s", yg_number_text(init->list[(*at)++], number));
        return;
    }
    for (int64_t i = 0; i < init->list_shape[dim]; i++) {
        yg_text_add(text, i == 0 ? "[" : ", ");
        add_list(text, init, dim + 1, at);
    }
    yg_text_add(text, "]");
}

/* "[[1, 2], [3, 4]]", in `pool`. NULL when out of memory. */
static const char *list_text(const yg_initializer *init, yg_pool *pool) {
    yg_text text = {0};
    int64_t at = 0;
    add_list(&text, init, 0, &at);
    char *made = yg_text_take(&text);
    const char *copy = made ? yg_pool_copy(pool, made, strlen(made)) : NULL;
    free(made);
    return copy;
}

const char *yg_initializer_text(const yg_initializer *init, yg_pool *pool) {
    if (init->list && !init->has_zero_row)
        return list_text(init, pool);
    const yg_init_method *method = init->method;
    const char *text = yg_pool_format(pool, "{type: %s", method->name);
    for (size_t k = 0; text && k < YG_INIT_SETTINGS && method->settings[k].name; k++) {
        const yg_init_setting *setting = &method->settings[k];
        char number[YG_NUMBER_TEXT];
        const char *value = setting->kind == YG_INIT_LIST   ? list_text(init, pool)
                            : setting->kind == YG_INIT_MODE ? modes[(int)init->settings[k]]
                            : setting->kind == YG_INIT_NONLINEARITY
                                ? nonlinearities[(int)init->settings[k]]
                                : yg_number_text(init->settings[k], number);
        text = !value ? NULL : yg_pool_format(pool, "%s, %s: %s", text, setting->name, value);
    }
    if (text && init->has_zero_row)
        text = yg_pool_format(pool, "%s, zero_row: %" PRId64, text, init->zero_row);
    return text ? yg_pool_format(pool, "%s}", text) : NULL;
}

/* ----------------------------------------------------------------------------------- filling -- */

bool yg_initializer_fill(const yg_initializer *init, const yg_type *type, const char *name,
                         uint64_t seed, void *data, yg_error *error) {
    source from = {.type = type,
                   .settings = init->settings,
                   .list = init->list,
                   .seed = seed,
                   .stream = yg_random_key(name),
                   .fan_in = 1,
                   .fan_out = 1};
    for (int d = 0; d < type->rank; d++) {
        from.fan_in *= d == 0 ? 1 : type->shape[d];
        from.fan_out *= d == 1 ? 1 : type->shape[d];
    }
    const int64_t count = yg_type_count(type);
    if (!init->method->element && !orthogonal(&from, data, error))
        return false;
    for (int64_t i = 0; init->method->element && i < count; i++)
        yg_element_set(type->dtype, data, i, init->method->element(&from, i));
    const int64_t width = init->has_zero_row ? count / type->shape[0] : 0;
    const int64_t row = init->zero_row < 0 ? init->zero_row + type->shape[0] : init->zero_row;
    for (int64_t i = 0; i < width; i++)
        yg_element_set(type->dtype, data, row * width + i, 0);
    return true;
}
