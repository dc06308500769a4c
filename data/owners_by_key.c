/*
 * Owners of examples by what a column says: see owners.h.
 */
#include "../graph/number.h"
#include "../graph/random.h"
#include "owners.h"

#include <stdlib.h>
#include <string.h>

/* For each key, how many examples it has that can still be given. NULL when out of memory. */
static int64_t *free_examples(const yg_owners *owners, const yg_keys *keys, yg_error *error) {
    int64_t *sizes = calloc(keys->names.count + 1, sizeof *sizes);
    if (!sizes)
        yg_fail_memory(error);
    for (int64_t e = 0; sizes && e < owners->count; e++)
        sizes[yg_keys_get(keys, e)] += !yg_owners_get(owners, e);
    return sizes;
}

/* Gives all examples of the keys that are taken. */
static void give(yg_owners *owners, int owner, const yg_keys *keys, const bool *taken) {
    for (int64_t e = 0; e < owners->count; e++)
        if (!yg_owners_get(owners, e) && taken[yg_keys_get(keys, e)])
            yg_owners_set(owners, e, owner);
}

bool yg_owners_draw_groups(yg_owners *owners, int owner, int64_t wanted, const yg_keys *groups,
                           uint64_t seed, yg_error *error) {
    const size_t count = groups->names.count;
    const uint64_t key = yg_random_key("groups") + (uint64_t)owner;
    int64_t *sizes = free_examples(owners, groups, error), total = 0;
    size_t *order = calloc(count + 1, sizeof *order);
    bool *taken = calloc(count + 1, sizeof *taken);
    const bool good = sizes && ((order && taken) || yg_fail_memory(error));
    for (size_t i = 0; good && i < count; i++)
        order[i] = i;
    for (size_t i = count; good && i-- > 1;) {
        const size_t j = (size_t)yg_random_below(seed, key, i, i + 1), swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
    for (size_t i = 0; good && i < count; i++) {
        const int64_t size = sizes[order[i]];
        if (size > 0 && llabs(total + size - wanted) < llabs(total - wanted)) {
            taken[order[i]] = true;
            total += size;
        }
    }
    if (good)
        give(owners, owner, groups, taken);
    free(sizes);
    free(order);
    free(taken);
    return good;
}

/* --------------------------------------------------------------------------------- by time --- */

typedef struct moment {
    bool is_number;
    double number;
    const char *text;
    size_t key;
} moment;

/* 2024-01-31, and perhaps more behind it: texts of that form sort like dates. */
static bool is_date(const char *text) {
    static const char form[] = "dddd-dd-dd";
    for (size_t i = 0; form[i]; i++)
        if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
            return false;
    return true;
}

static int by_time(const void *a, const void *b) {
    const moment *x = a, *y = b;
    if (x->is_number && y->is_number && x->number != y->number)
        return x->number < y->number ? -1 : 1;
    const int order = strcmp(x->text, y->text);
    return order ? order : x->key < y->key ? -1 : x->key > y->key;
}

/* The keys in the order of time. Either all are numbers or all are dates. NULL when out of memory,
 * and where a key is wrong. */
static moment *sort_times(const yg_keys *times, const char **wrong, yg_error *error) {
    const size_t count = times->names.count;
    moment *moments = calloc(count + 1, sizeof *moments);
    *wrong = NULL;
    if (!moments)
        yg_fail_memory(error);
    for (size_t i = 0; moments && !*wrong && i < count; i++) {
        moment *m = &moments[i];
        *m = (moment){.text = times->names.names[i], .key = i};
        m->is_number = yg_number_parse(m->text, strlen(m->text), &m->number) != YG_NUMBER_NOT;
        if ((!m->is_number && !is_date(m->text)) || m->is_number != moments[0].is_number)
            *wrong = m->text;
    }
    if (moments && *wrong) {
        free(moments);
        return NULL;
    }
    if (moments)
        qsort(moments, count, sizeof *moments, by_time);
    return moments;
}

bool yg_owners_take_last(yg_owners *owners, int owner, int64_t wanted, const yg_keys *times,
                         const char **wrong, yg_error *error) {
    moment *moments = sort_times(times, wrong, error);
    if (!moments)
        return *wrong != NULL;
    int64_t *sizes = free_examples(owners, times, error);
    bool *taken = calloc(times->names.count + 1, sizeof *taken);
    const bool good = sizes && (taken || yg_fail_memory(error));
    int64_t left = wanted;
    size_t at = good ? times->names.count : 0;
    for (; at > 0 && left >= sizes[moments[at - 1].key]; at--) {
        taken[moments[at - 1].key] = true;
        left -= sizes[moments[at - 1].key];
    }
    if (good)
        give(owners, owner, times, taken);
    /* Some of the examples of one more key: the last ones. */
    for (int64_t e = owners->count; good && at > 0 && left > 0 && e-- > 0;)
        if (!yg_owners_get(owners, e) && yg_keys_get(times, e) == moments[at - 1].key) {
            yg_owners_set(owners, e, owner);
            left--;
        }
    free(moments);
    free(sizes);
    free(taken);
    return good;
}

bool yg_owners_take_equal(yg_owners *owners, int owner, const yg_keys *keys,
                          const char *const *texts, size_t count, yg_error *error) {
    bool *taken = calloc(keys->names.count + 1, sizeof *taken);
    if (!taken)
        return yg_fail_memory(error);
    for (size_t i = 0; i < count; i++) {
        const size_t key = yg_names_find(&keys->names, texts[i]);
        if (key != YG_NOT_FOUND)
            taken[key] = true;
    }
    give(owners, owner, keys, taken);
    free(taken);
    return true;
}
