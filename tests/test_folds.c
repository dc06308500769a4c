/*
 * Folds of cross-validation: for any number of examples, classes and groups, each example is in one
 * fold, and the folds are alike. Folds in time, and blocks of a series, are those that one writes
 * down by hand.
 */
#include "data/owners.h"
#include "graph/random.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* Number 0 … 2; class 0 is much the most frequent. */
static int64_t class_of(int64_t example) {
    return (int64_t)yg_random_below(3, 1, (uint64_t)example, 10) / 7 + (example % 19 == 0);
}

static void make_keys(int64_t count, int64_t (*key)(int64_t), yg_keys *keys) {
    for (int64_t e = 0; e < count; e++)
        cr_assert(yg_keys_add_whole(keys, key(e)));
}

/* Draws all folds; by_fold[e] becomes the one that example e is in. Checks that it is one. */
static void draw_all(int64_t count, int64_t folds, const yg_keys *strata, const yg_keys *groups,
                     uint64_t seed, int64_t *by_fold) {
    for (int64_t e = 0; e < count; e++)
        by_fold[e] = -1;
    for (int64_t f = 0; f < folds; f++) {
        yg_owners owners;
        yg_error error = {0};
        cr_assert(yg_owners_make(count, &owners, &error));
        const yg_fold fold = {.number = f, .count = folds, .strata = strata, .groups = groups};
        cr_assert(yg_owners_draw_fold(&owners, 2, &fold, seed, &error), "%s", error.message);
        for (int64_t e = 0; e < count; e++) {
            const int owner = yg_owners_get(&owners, e);
            cr_assert(owner == 0 || owner == 2, "example %d has owner %d", (int)e, owner);
            cr_assert(owner == 0 || by_fold[e] < 0, "example %d is in folds %d and %d", (int)e,
                      (int)by_fold[e], (int)f);
            by_fold[e] = owner == 2 ? f : by_fold[e];
        }
        yg_owners_free(&owners);
    }
    for (int64_t e = 0; e < count; e++)
        cr_assert(by_fold[e] >= 0, "example %d is in no fold", (int)e);
}

static const struct {
    int64_t count, folds;
} sizes[] = {{2, 2}, {7, 3}, {10, 10}, {100, 5}, {101, 7}, {1000, 13}};

enum { SIZES = sizeof sizes / sizeof *sizes, LARGEST = 1000 };

Test(folds, of_examples_are_of_one_size) {
    for (size_t s = 0; s < SIZES; s++) {
        int64_t by_fold[LARGEST], members[LARGEST] = {0};
        draw_all(sizes[s].count, sizes[s].folds, NULL, NULL, s, by_fold);
        for (int64_t e = 0; e < sizes[s].count; e++)
            members[by_fold[e]]++;
        for (int64_t f = 0; f < sizes[s].folds; f++) {
            const int64_t least = sizes[s].count / sizes[s].folds;
            cr_assert(members[f] == least || members[f] == least + 1, "fold %d has %d of %d",
                      (int)f, (int)members[f], (int)sizes[s].count);
        }
    }
}

Test(folds, of_classes_have_each_in_proportion) {
    for (size_t s = 3; s < SIZES; s++) {
        int64_t by_fold[LARGEST], members[LARGEST][3] = {{0}}, total[3] = {0};
        yg_keys keys = {0};
        make_keys(sizes[s].count, class_of, &keys);
        draw_all(sizes[s].count, sizes[s].folds, &keys, NULL, s, by_fold);
        for (int64_t e = 0; e < sizes[s].count; e++) {
            members[by_fold[e]][class_of(e)]++;
            total[class_of(e)]++;
        }
        for (int64_t f = 0; f < sizes[s].folds; f++)
            for (int c = 0; c < 3; c++) {
                const double share = (double)total[c] / (double)sizes[s].folds;
                cr_assert((double)members[f][c] > share - 2 && (double)members[f][c] < share + 2,
                          "fold %d has %d of class %d, not %g", (int)f, (int)members[f][c], c,
                          share);
            }
        yg_keys_free(&keys);
    }
}

static int64_t group_of(int64_t example) {
    return (int64_t)yg_random_below(5, 1, (uint64_t)example, 40);
}

Test(folds, of_groups_keep_them_whole) {
    yg_keys keys = {0};
    make_keys(LARGEST, group_of, &keys);
    for (uint64_t seed = 0; seed < 20; seed++) {
        int64_t by_fold[LARGEST], of_group[40], members[5] = {0};
        draw_all(LARGEST, 5, NULL, &keys, seed, by_fold);
        for (int i = 0; i < 40; i++)
            of_group[i] = -1;
        for (int64_t e = 0; e < LARGEST; e++) {
            int64_t *fold = &of_group[group_of(e)];
            *fold = *fold < 0 ? by_fold[e] : *fold;
            cr_assert(*fold == by_fold[e], "group %d is in two folds", (int)group_of(e));
            members[by_fold[e]]++;
        }
        for (int f = 0; f < 5; f++)
            cr_assert(members[f] > 100 && members[f] < 300, "fold %d has %d of 1000 examples", f,
                      (int)members[f]);
    }
    yg_keys_free(&keys);
}

/* A hundred groups of ten; every fifth has class 1 in its first example. What the others have says
 * nothing. */
static int64_t decade_of(int64_t example) {
    return example / 10;
}

static int64_t class_in_decade(int64_t example) {
    const int64_t class = decade_of(example) % 5 == 0;
    return example % 10 ? 1 - class : class;
}

Test(folds, of_groups_have_each_class_in_proportion) {
    yg_keys groups = {0}, strata = {0};
    make_keys(LARGEST, decade_of, &groups);
    make_keys(LARGEST, class_in_decade, &strata);
    for (uint64_t seed = 0; seed < 10; seed++) {
        int64_t by_fold[LARGEST], members[5][2] = {{0}};
        draw_all(LARGEST, 5, &strata, &groups, seed, by_fold);
        for (int64_t e = 0; e < LARGEST; e++) {
            cr_assert_eq(by_fold[e], by_fold[e / 10 * 10], "group %d is in two folds", (int)e / 10);
            members[by_fold[e]][class_in_decade(e / 10 * 10)]++;
        }
        for (int f = 0; f < 5; f++)
            cr_assert(members[f][0] == 160 && members[f][1] == 40, "fold %d has %d and %d", f,
                      (int)members[f][0], (int)members[f][1]);
    }
    yg_keys_free(&groups);
    yg_keys_free(&strata);
}

/* Seven groups; the first is so large that only the last fold takes it, because it gets the rest.
 */
static int64_t uneven_group_of(int64_t example) {
    return example < 500 ? 0 : 1 + example % 6;
}

Test(folds, of_few_groups_leave_out_no_example) {
    yg_keys keys = {0};
    make_keys(LARGEST, uneven_group_of, &keys);
    for (uint64_t seed = 0; seed < 20; seed++) {
        int64_t by_fold[LARGEST];
        draw_all(LARGEST, 5, NULL, &keys, seed, by_fold);
        for (int64_t e = 0; e < 500; e++)
            cr_assert(by_fold[e] == by_fold[0], "example %d", (int)e);
    }
    yg_keys_free(&keys);
}

Test(folds, depend_on_the_seed) {
    int64_t first[100], again[100], other[100];
    int same = 0;
    draw_all(100, 5, NULL, NULL, 1, first);
    draw_all(100, 5, NULL, NULL, 1, again);
    draw_all(100, 5, NULL, NULL, 2, other);
    for (int e = 0; e < 100; e++) {
        cr_assert(first[e] == again[e], "example %d", e);
        same += first[e] == other[e];
    }
    cr_assert(same < 50, "%d of 100 examples are in the same fold", same);
}

/* ----------------------------------------------------------------- folds that have an order --- */

/* The owner of each example: t to train on, s for the fold, '.' for nobody. */
static void letters_of(const yg_owners *owners, char letters[LARGEST + 1]) {
    for (int64_t e = 0; e < owners->count; e++)
        letters[e] = "t?s."[yg_owners_get(owners, e)];
    letters[owners->count] = '\0';
}

static const struct {
    int64_t count, folds, gap;
    const char *times; /* a letter for each example; NULL: each later than the one before */
    bool backwards;    /* each earlier than the one before */
    const char *expected[3];
} in_time[] = {
    /* As sklearn.model_selection.TimeSeriesSplit(n_splits=folds, gap=gap). */
    {10, 3, 0, NULL, false, {"ttttss....", "ttttttss..", "ttttttttss"}},
    {11, 3, 2, NULL, false, {"ttt..ss....", "ttttt..ss..", "ttttttt..ss"}},
    {12, 2, 0, NULL, false, {"ttttssss....", "ttttttttssss"}},
    {10, 3, 0, NULL, true, {"....sstttt", "..sstttttt", "sstttttttt"}},
    /* Equal times stay together, and a gap counts times. */
    {12, 2, 0, "aabbbcddeeff", false, {"tttttsss....", "ttttttttssss"}},
    {12, 2, 1, "aabbbcddeeff", false, {"tt...sss....", "tttttt..ssss"}},
    {6, 2, 0, "ababab", false, {"tststs", "tttttt"}},
    /* Too few examples for so many folds: none is in one, which is refused later. A gap that leaves
     * nothing. */
    {3, 3, 0, NULL, false, {"ttt", "ttt", "ttt"}},
    {4, 2, 9, NULL, false, {"..s.", "...s"}},
};

static void make_times(size_t i, yg_keys *keys) {
    for (int64_t e = 0; e < in_time[i].count; e++) {
        char text[24];
        if (in_time[i].times)
            snprintf(text, sizeof text, "2024-01-%02d", 1 + in_time[i].times[e] - 'a');
        else
            snprintf(text, sizeof text, "%d", (int)(in_time[i].backwards ? -e : e));
        cr_assert(yg_keys_add(keys, text));
    }
}

Test(folds, in_time_follow_what_they_are_trained_on) {
    for (size_t i = 0; i < sizeof in_time / sizeof *in_time; i++)
        for (int64_t f = 0; f < in_time[i].folds; f++) {
            char letters[LARGEST + 1];
            yg_keys times = {0};
            yg_owners owners;
            yg_error error = {0};
            const char *wrong;
            const yg_fold fold = {.number = f, .count = in_time[i].folds, .gap = in_time[i].gap};
            make_times(i, &times);
            cr_assert(yg_owners_make(in_time[i].count, &owners, &error));
            cr_assert(yg_owners_take_fold_in_time(&owners, 2, &fold, &times, &wrong, &error));
            cr_assert_null(wrong);
            letters_of(&owners, letters);
            cr_expect_str_eq(letters, in_time[i].expected[f], "case %d, fold %d: %s, not %s",
                             (int)i, (int)f, letters, in_time[i].expected[f]);
            yg_owners_free(&owners);
            yg_keys_free(&times);
        }
}

static const struct {
    int64_t count, folds, before, after;
    const char *expected[3];
} blocks[] = {
    {10, 3, 0, 0, {"sssttttttt", "tttssstttt", "ttttttssss"}},
    {10, 3, 2, 1, {"sss.tttttt", "t..sss.ttt", "tttt..ssss"}},
    {10, 3, INT64_MAX, INT64_MAX, {"sss.......", "...sss....", "......ssss"}},
    {2, 3, 1, 0, {"tt", "st", ".s"}},
};

Test(folds, of_a_series_are_blocks) {
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        for (int64_t f = 0; f < blocks[i].folds; f++) {
            char letters[LARGEST + 1];
            yg_owners owners;
            yg_error error = {0};
            cr_assert(yg_owners_make(blocks[i].count, &owners, &error));
            yg_owners_take_block(&owners, 2,
                                 &(yg_fold){.number = f,
                                            .count = blocks[i].folds,
                                            .before = blocks[i].before,
                                            .after = blocks[i].after});
            letters_of(&owners, letters);
            cr_expect_str_eq(letters, blocks[i].expected[f], "case %d, fold %d: %s, not %s", (int)i,
                             (int)f, letters, blocks[i].expected[f]);
            yg_owners_free(&owners);
        }
}
