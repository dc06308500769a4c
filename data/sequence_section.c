/*
 * `sequences:` of the `data:` section: see sequences.h.
 */
#include "sequences.h"

#include <stddef.h>
#include <string.h>

static size_t port_named(const yg_model *model, const char *name) {
    size_t p = 0;
    while (p < yg_model_port_count(model) && strcmp(yg_model_port(model, p)->name, name) != 0)
        p++;
    return p;
}

/* The ports that take sequences are those of shape [B, T, …]. */
static bool find_symbol(const yg_model *model, yg_sequencing *s, yg_error *error) {
    const yg_port *first = NULL;
    for (size_t p = 0; p < yg_model_port_count(model); p++) {
        const yg_port *port = yg_model_port(model, p);
        const char *symbol = port->rank > 1 ? port->symbols[1] : NULL;
        if (symbol && first && strcmp(symbol, first->symbols[1]) != 0)
            return yg_fail(error, YG_ERROR_SHAPE, port->origin,
                           "dimension 1 is %s here and %s at '%s'; with `sequences` all have one "
                           "name for it, because their sequences have the same lengths",
                           symbol, first->symbols[1], first->name);
        first = symbol && !first ? port : first;
    }
    for (size_t p = 0; first && p < yg_model_port_count(model); p++) {
        const yg_port *port = yg_model_port(model, p);
        for (int d = 2; d < port->rank; d++)
            if (port->symbols[d] && strcmp(port->symbols[d], first->symbols[1]) == 0)
                return yg_fail(error, YG_ERROR_SHAPE, port->origin,
                               "'%s' has the dimension %s of the sequences as dimension %d; it can "
                               "be dimension 1 only",
                               port->name, first->symbols[1], d);
    }
    s->symbol = first ? first->symbols[1] : NULL;
    return first || yg_fail(error, YG_ERROR_SHAPE, s->origin,
                            "no input or target takes sequences: dimension 1 of such a one is a "
                            "name, as in [B, T] or [B, T, 3]");
}

static bool read_lengths(const yg_model *model, const yg_value *value, yg_sequencing *s,
                         yg_error *error) {
    const char *name;
    s->lengths = SIZE_MAX;
    if (!value)
        return true;
    if (!yg_value_text(value, "`lengths`", &name, error))
        return false;
    s->lengths = port_named(model, name);
    if (s->lengths == yg_model_port_count(model))
        return yg_fail(error, YG_ERROR_NAME, value->origin,
                       "`lengths` names no input: '%s'; declare it as %s: {shape: [B], dtype: i64}",
                       name, name);
    const yg_port *port = yg_model_port(model, s->lengths);
    return (!port->target && port->rank == 1 && !port->classes &&
            (port->dtype == YG_I32 || port->dtype == YG_I64)) ||
           yg_fail(error, YG_ERROR_SHAPE, value->origin,
                   "lengths are fed to an input of shape [B] and dtype i64 or i32, which '%s' is "
                   "not",
                   name);
}

static bool read_pad(const yg_model *model, const yg_value *map, yg_sequencing *s,
                     yg_error *error) {
    s->pad = map;
    if (map && !yg_value_is_mapping(map, "`pad`", error))
        return false;
    for (size_t i = 0; map && i < map->count; i++) {
        const size_t p = port_named(model, map->keys[i]->text);
        const yg_port *port = p < yg_model_port_count(model) ? yg_model_port(model, p) : NULL;
        double real;
        int64_t whole;
        if (!port || port->rank < 2 || !port->symbols[1])
            return yg_fail(error, YG_ERROR_NAME, map->keys[i]->origin,
                           "`pad` is for inputs and targets that take sequences, and '%s' is none",
                           map->keys[i]->text);
        const bool good =
            yg_dtype_is_float(port->dtype)
                ? yg_value_float(map->items[i], "`pad`", -1e30, 1e30, &real, error)
                : yg_value_int(map->items[i], "`pad`", INT32_MIN, INT32_MAX, &whole, error);
        if (!good)
            return false;
    }
    return true;
}

/* The mapping as it is written. */
typedef struct written {
    const char *by;
    const yg_value *lengths, *pad;
    int64_t max_length;
    int longer;
    bool buckets;
} written;

static const char *const ways[] = {"error", "truncate", NULL};

static const yg_setting settings[] = {
    {"by", .kind = YG_SETTING_TEXT, .offset = offsetof(written, by),
     .fallback = "a sequence is a cell", .example = "patient",
     .doc = "a column: the rows of one value, one behind the other, are a sequence"},
    {"lengths", .kind = YG_SETTING_VALUE, .offset = offsetof(written, lengths),
     .form = "the name of an input", .forms = YG_FORM_SCALAR, .fallback = "none", .example = "n",
     .doc = "an input of shape [B] that is fed with the length of each sequence"},
    {"max_length", .kind = YG_SETTING_WHOLE, .offset = offsetof(written, max_length), .min = 1,
     .max = INT32_MAX, .fallback = "none", .example = "200",
     .doc = "the longest sequence that is allowed"},
    {"longer", .kind = YG_SETTING_CHOICE, .offset = offsetof(written, longer), .choices = ways,
     .fallback = "error", .example = "truncate",
     .doc = "what becomes of sequences above `max_length`"},
    {"pad", .kind = YG_SETTING_VALUE, .offset = offsetof(written, pad),
     .form = "a mapping from input or target to a number",
     .forms = YG_FORM_MAPPING | YG_FORM_NUMBERS, .fallback = "0", .example = "{y: -100}",
     .doc = "what stands behind the end of a shorter sequence of a batch"},
    {"buckets", .kind = YG_SETTING_FLAG, .offset = offsetof(written, buckets), .fallback = "true",
     .example = "false", .doc = "batches are made of sequences of about one length"},
    {"group", .hint = "it is `by` here"},
    {"length", .hint = "it is `max_length` here, or `lengths`"},
    {"bucket", .hint = "it is `buckets` here"},
};

const yg_setting_group yg_sequencing_settings = {
    "data.sequences", "examples are sequences of differing length", settings,
    sizeof settings / sizeof *settings, NULL};

bool yg_sequencing_read(const yg_model *model, yg_sequencing *s, yg_error *error) {
    const yg_value *section = yg_model_section(model, "data");
    const bool mapping = section && section->kind == YG_MAPPING;
    const yg_value *map = mapping ? yg_value_get(section, "sequences") : NULL;
    *s = (yg_sequencing){.lengths = SIZE_MAX};
    if (!map)
        return true;
    s->origin = map->origin;
    if (yg_value_get(section, "windows"))
        return yg_fail(error, YG_ERROR_ARGUMENT, map->origin,
                       "examples are `windows` or `sequences`, not both");
    written w = {.buckets = true};
    if (!yg_setting_read_all(map, "`sequences`", settings, sizeof settings / sizeof *settings, &w,
                             error) ||
        !find_symbol(model, s, error))
        return false;
    const yg_value *longer = yg_value_get(map, "longer");
    if (longer && !w.max_length)
        return yg_fail(error, YG_ERROR_ARGUMENT, longer->origin,
                       "`longer` says what becomes of sequences above `max_length`, which is not "
                       "given");
    s->by = w.by;
    s->by_origin = w.by ? yg_value_get(map, "by")->origin : YG_NOWHERE;
    s->max_length = w.max_length;
    s->truncate = w.longer == 1;
    s->buckets = w.buckets;
    return read_lengths(model, w.lengths, s, error) && read_pad(model, w.pad, s, error);
}
