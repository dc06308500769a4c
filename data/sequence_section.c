/*
 * `sequences:` of the `data:` section: see sequences.h.
 */
#include "sequences.h"

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

static bool read_limits(const yg_value *map, yg_sequencing *s, yg_error *error) {
    static const char *const ways[] = {"error", "truncate", NULL};
    const yg_value *longest = yg_value_get(map, "max_length");
    const yg_value *longer = yg_value_get(map, "longer");
    const yg_value *buckets = yg_value_get(map, "buckets");
    int way = 0;
    s->buckets = true;
    if (longer && !longest)
        return yg_fail(error, YG_ERROR_ARGUMENT, longer->origin,
                       "`longer` says what becomes of sequences above `max_length`, which is not "
                       "given");
    if ((longest && !yg_value_int(longest, "`max_length`", 1, INT32_MAX, &s->max_length, error)) ||
        (longer && !yg_value_choice(longer, "`longer`", ways, &way, error)))
        return false;
    s->truncate = way == 1;
    return !buckets || yg_value_bool(buckets, "`buckets`", &s->buckets, error);
}

bool yg_sequencing_read(const yg_model *model, yg_sequencing *s, yg_error *error) {
    static const yg_key keys[] = {{"by", false, NULL},
                                  {"lengths", false, NULL},
                                  {"max_length", false, NULL},
                                  {"longer", false, NULL},
                                  {"pad", false, NULL},
                                  {"buckets", false, NULL},
                                  {"group", false, "it is `by` here"},
                                  {"length", false, "it is `max_length` here, or `lengths`"},
                                  {"bucket", false, "it is `buckets` here"}};
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
    if (!yg_value_check_keys(map, "`sequences`", keys, sizeof keys / sizeof *keys, error) ||
        !find_symbol(model, s, error))
        return false;
    const yg_value *by = yg_value_get(map, "by");
    s->by_origin = by ? by->origin : YG_NOWHERE;
    return (!by || yg_value_text(by, "`by`", &s->by, error)) &&
           read_lengths(model, yg_value_get(map, "lengths"), s, error) &&
           read_pad(model, yg_value_get(map, "pad"), s, error) && read_limits(map, s, error);
}
