/*
 * Owners of examples by what a column says: see owners.h.
 */
#include "../graph/number.h"
#include "../graph/random.h"
#include "owners.h"

#include <math.h>
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

/* Whole groups to draw, and the strata that they belong to. */
typedef struct whole_groups {
    int64_t *sizes;         /* by group: what can still be given */
    size_t *order;          /* of the groups, at random */
    size_t *stratum;        /* by group */
    double *wanted, *total; /* by stratum: examples that are to be given, and that are */
    bool *taken;
} whole_groups;

static void free_groups(whole_groups *g) {
    free(g->sizes);
    free(g->order);
    free(g->stratum);
    free(g->wanted);
    free(g->total);
    free(g->taken);
}

static bool make_groups(const yg_owners *owners, const yg_keys *groups, size_t strata,
                        whole_groups *g, yg_error *error) {
    const size_t count = groups->names.count;
    *g = (whole_groups){.sizes = free_examples(owners, groups, error),
                        .order = calloc(count + 1, sizeof *g->order),
                        .stratum = calloc(count + 1, sizeof *g->stratum),
                        .wanted = calloc(strata, sizeof *g->wanted),
                        .total = calloc(strata, sizeof *g->total),
                        .taken = calloc(count + 1, sizeof *g->taken)};
    return g->sizes &&
           ((g->order && g->stratum && g->wanted && g->total && g->taken) || yg_fail_memory(error));
}

/* Finds the stratum of each group, and what each stratum is to give. */
static void share(const yg_owners *owners, const yg_keys *groups, const yg_keys *strata,
                  size_t stratum_count, int64_t wanted, whole_groups *g) {
    double all = 0;
    for (int64_t e = owners->count; strata && e-- > 0;)
        g->stratum[yg_keys_get(groups, e)] = yg_keys_get(strata, e);
    for (size_t i = 0; i < groups->names.count; i++) {
        g->wanted[g->stratum[i]] += (double)g->sizes[i];
        all += (double)g->sizes[i];
    }
    for (size_t s = 0; s < stratum_count; s++)
        g->wanted[s] = all > 0 ? g->wanted[s] * (double)wanted / all : 0;
}

static void shuffle(size_t *order, size_t count, uint64_t seed, uint64_t key) {
    for (size_t i = 0; i < count; i++)
        order[i] = i;
    for (size_t i = count; i-- > 1;) {
        const size_t j = (size_t)yg_random_below(seed, key, i, i + 1), swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
}

bool yg_owners_draw_groups(yg_owners *owners, int owner, int64_t wanted, const yg_keys *groups,
                           const yg_keys *strata, uint64_t seed, yg_error *error) {
    const size_t count = groups->names.count, stratum_count = strata ? strata->names.count + 1 : 1;
    whole_groups g;
    const bool good = make_groups(owners, groups, stratum_count, &g, error);
    if (good) {
        share(owners, groups, strata, stratum_count, wanted, &g);
        shuffle(g.order, count, seed, yg_random_key("groups") + (uint64_t)owner);
    }
    for (size_t i = 0; good && i < count; i++) {
        const size_t group = g.order[i], s = g.stratum[group];
        const double size = (double)g.sizes[group], more = g.total[s] + size;
        if (size > 0 && fabs(more - g.wanted[s]) < fabs(g.total[s] - g.wanted[s])) {
            g.taken[group] = true;
            g.total[s] = more;
        }
    }
    if (good)
        give(owners, owner, groups, g.taken);
    free_groups(&g);
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

bool yg_owners_take_fold_in_time(yg_owners *owners, int owner, const yg_fold *fold,
                                 const yg_keys *times, const char **wrong, yg_error *error) {
    const int64_t size = owners->count / (fold->count + 1);
    const int64_t begin = owners->count - (fold->count - fold->number) * size, end = begin + size;
    const size_t count = times->names.count;
    moment *moments = sort_times(times, wrong, error);
    if (!moments)
        return *wrong != NULL;
    int64_t *sizes = free_examples(owners, times, error);
    uint8_t *owner_of = calloc(count + 1, sizeof *owner_of);
    const bool good = sizes && (owner_of || yg_fail_memory(error));
    int64_t before = 0; /* examples of earlier times */
    size_t first = 0;   /* time of the fold */
    for (; good && first < count && before < begin; first++)
        before += sizes[moments[first].key];
    for (size_t i = 0; good && i < count; i++) {
        const size_t key = moments[i].key;
        const bool past = i < first, near = past && (int64_t)(first - i) <= fold->gap;
        owner_of[key] = (uint8_t)(past           ? near ? YG_OWNER_NOBODY : 0
                                  : before < end ? owner
                                                 : YG_OWNER_NOBODY);
        before += past ? 0 : sizes[key];
    }
    for (int64_t e = 0; good && e < owners->count; e++)
        yg_owners_set(owners, e, owner_of[yg_keys_get(times, e)]);
    free(moments);
    free(sizes);
    free(owner_of);
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
