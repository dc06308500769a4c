/*
 * The layers that change images at random: each example in its own way while training, and not at
 * all otherwise.
 */
#include "model_text.h"
#include "network_run.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 48, HEIGHT = 7, WIDTH = 6, PIXELS = HEIGHT * WIDTH };

/* Image n at (row, column): no two pixels are equal, and it is linear. */
static double pixel_of(int n, int row, int column) {
    return 100 * (n + 1) + 10 * row + column + 1;
}

/* Runs a graph that makes y of the images x. Freed by the caller. */
static double *run(const char *graph, bool training, uint64_t seed) {
    network_run r;
    yg_error error = {0};
    static const yg_dim batch = {"B", BATCH};
    const yg_network_options options = {
        .dims = &batch, .dim_count = 1, .training = training, .dtype = YG_F64};
    char text[700];
    size_t count;
    snprintf(text, sizeof text,
             "format: 1\ninputs: {x: [B, 1, 7, 6]}\ngraph:\n  %s\noutputs: [y]\n", graph);
    yg_model *model = model_from_text(text, &error);
    cr_assert(model && network_run_open(&r, model, &options, &error), "%s: %s", graph,
              error.message);
    double *x = malloc(BATCH * PIXELS * sizeof *x);
    for (int i = 0; i < BATCH * PIXELS; i++)
        x[i] = pixel_of(i / PIXELS, i % PIXELS / WIDTH, i % WIDTH);
    cr_assert(network_run_set(&r, "x", x));
    cr_assert(yg_program_run(r.program, seed, 0, &error), "%s", error.message);
    double *y = network_run_get(&r, "y", &count);
    cr_assert_eq(count, BATCH * PIXELS);
    free(x);
    network_run_close(&r);
    yg_model_free(model);
    return y;
}

static double at(const double *y, int n, int row, int column) {
    return y[n * PIXELS + row * WIDTH + column];
}

static bool same(double a, double b) {
    return fabs(a - b) < 1e-3; /* numbers are drawn in f32 */
}

Test(augmentation, changes_nothing_when_not_training) {
    static const char *const graphs[] = {
        "y: {type: random_flip, p: 1}",
        "y: {type: random_flip, p: 1, direction: vertical}",
        "y: {type: random_crop, padding: 2}",
        "y: {type: random_affine, degrees: 30, translate: 0.2, scale: [0.5, 2]}",
        "y: {type: random_rotate, degrees: 30}",
        "y: {type: random_brightness}",
        "y: {type: random_contrast}",
        "y: {type: cutout, length: 3}",
        "y, t: {type: mixup, input: {x: x, target: \"x[:, 0, 0]\"}}",
        "y, t: {type: mixup, alpha: 0.3, input: {x: x, target: \"x[:, 0, 0]\"}}",
        "y, t: {type: cutmix, input: {x: x, target: \"x[:, 0, 0]\"}}",
    };
    for (size_t g = 0; g < sizeof graphs / sizeof *graphs; g++) {
        double *y = run(graphs[g], false, 1), *trained = run(graphs[g], true, 1);
        bool changed = false;
        for (int i = 0; i < BATCH * PIXELS; i++) {
            cr_assert_eq(y[i], pixel_of(i / PIXELS, i % PIXELS / WIDTH, i % WIDTH), "%s",
                         graphs[g]);
            changed = changed || !same(y[i], trained[i]);
        }
        cr_expect(changed, "%s changes nothing in training", graphs[g]);
        free(y);
        free(trained);
    }
}

/* The same seed draws the same, another seed something else. */
Test(augmentation, is_drawn_by_seed) {
    const char *graph = "y: {type: random_crop, padding: 2}";
    double *a = run(graph, true, 5), *b = run(graph, true, 5), *c = run(graph, true, 6);
    cr_expect_arr_eq(a, b, BATCH * PIXELS * sizeof *a);
    cr_expect_neq(memcmp(a, c, BATCH * PIXELS * sizeof *a), 0);
    free(a);
    free(b);
    free(c);
}

static void expect_flips(const char *graph, bool vertical) {
    double *y = run(graph, true, 1);
    int mirrored = 0;
    for (int n = 0; n < BATCH; n++) {
        const bool is = !same(at(y, n, 0, 0), pixel_of(n, 0, 0));
        mirrored += is;
        for (int i = 0; i < PIXELS; i++) {
            const int row = i / WIDTH, column = i % WIDTH;
            const double wanted = pixel_of(n, is && vertical ? HEIGHT - 1 - row : row,
                                           is && !vertical ? WIDTH - 1 - column : column);
            cr_assert_eq(at(y, n, row, column), wanted, "%s: image %d", graph, n);
        }
    }
    cr_expect(mirrored > BATCH / 4 && mirrored < 3 * BATCH / 4, "%d are mirrored", mirrored);
    free(y);
}

Test(augmentation, random_flip) {
    expect_flips("y: {type: random_flip}", false);
    expect_flips("y: {type: random_flip, direction: vertical}", true);
}

/* Each image is moved as a whole by some pixels; what comes in is 0. */
Test(augmentation, random_crop) {
    enum { MOST = 2, MOVES = 2 * MOST + 1 };
    double *y = run("y: {type: random_crop, padding: 2}", true, 1);
    int met[MOVES][MOVES] = {{0}}, different = 0;
    for (int n = 0; n < BATCH; n++) {
        const double middle = at(y, n, HEIGHT / 2, WIDTH / 2) - pixel_of(n, 0, 0);
        const int row = (int)floor(middle / 10 + 0.01) - HEIGHT / 2;
        const int column = (int)lround(middle - 10 * floor(middle / 10 + 0.01)) - WIDTH / 2;
        cr_assert(abs(row) <= MOST && abs(column) <= MOST, "image %d moves by %d, %d", n, row,
                  column);
        different += met[row + MOST][column + MOST]++ == 0;
        for (int i = 0; i < PIXELS; i++) {
            const int r = i / WIDTH + row, c = i % WIDTH + column;
            const bool inside = r >= 0 && r < HEIGHT && c >= 0 && c < WIDTH;
            cr_assert(same(y[n * PIXELS + i], inside ? pixel_of(n, r, c) : 0), "image %d", n);
        }
    }
    cr_expect_gt(different, 12);
    free(y);
}

/* A linear image stays linear: its slope turns by the angle, in pixels of equal sides, and its
 * middle stays. */
Test(augmentation, random_rotate_and_affine) {
    static const struct {
        const char *graph;
        double degrees, least, largest;
    } cases[] = {
        {"y: {type: random_rotate, degrees: 25, padding_mode: border}", 25, 1, 1},
        {"y: {type: random_affine, scale: [1.25, 2]}", 0, 1.25, 2},
        {"y: {type: random_affine, degrees: 10, scale: 2}", 10, 2, 2},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        double *y = run(cases[c].graph, true, 1), widest = 0;
        for (int n = 0; n < BATCH; n++) {
            const double right = at(y, n, 3, 3) - at(y, n, 3, 2);
            const double down = at(y, n, 4, 2) - at(y, n, 3, 2);
            const double length = hypot(right, down) / hypot(1, 10);
            const double angle = fabs(atan2(down, right) - atan2(10, 1)) * 180 / acos(-1);
            const double middle = (at(y, n, 3, 2) + at(y, n, 3, 3)) / 2;
            cr_expect(1 / length >= cases[c].least - 1e-3 && 1 / length <= cases[c].largest + 1e-3,
                      "%s: scale %g", cases[c].graph, 1 / length);
            cr_expect_leq(angle, cases[c].degrees + 1e-3, "%s: %g degrees", cases[c].graph, angle);
            cr_expect(same(middle, 100 * (n + 1) + 10 * 3 + 2.5 + 1), "%s: %g", cases[c].graph,
                      middle);
            widest = angle > widest ? angle : widest;
        }
        cr_expect(widest >= 0.7 * cases[c].degrees, "%s: at most %g degrees", cases[c].graph,
                  widest);
        free(y);
    }
}

Test(augmentation, random_brightness_and_contrast) {
    double *bright = run("y: {type: random_brightness, amount: 0.3}", true, 1);
    double *contrast = run("y: {type: random_contrast, amount: 0.3}", true, 1);
    double least = 9, largest = 0;
    for (int n = 0; n < BATCH; n++) {
        const double mean = pixel_of(n, 3, 2) + 0.5;
        const double factor = at(bright, n, 0, 0) / pixel_of(n, 0, 0);
        const double spread = (at(contrast, n, 0, 0) - mean) / (pixel_of(n, 0, 0) - mean);
        least = factor < least ? factor : least;
        largest = factor > largest ? factor : largest;
        cr_expect(factor >= 0.7 && factor <= 1.3 && spread >= 0.7 && spread <= 1.3);
        for (int i = 0; i < PIXELS; i++) {
            const double x = pixel_of(n, i / WIDTH, i % WIDTH);
            cr_expect(same(bright[n * PIXELS + i], x * factor));
            cr_expect(same(contrast[n * PIXELS + i], mean + spread * (x - mean)));
        }
    }
    cr_expect(least < 0.8 && largest > 1.2, "factors from %g to %g", least, largest);
    free(bright);
    free(contrast);
}

/* What is 0 is a rectangle, no larger than the square; the rest stays. */
Test(augmentation, cutout) {
    double *y = run("y: {type: cutout, length: 3}", true, 1);
    int whole = 0;
    for (int n = 0; n < BATCH; n++) {
        int top = HEIGHT, left = WIDTH, bottom = -1, right = -1, zeros = 0;
        for (int i = 0; i < PIXELS; i++) {
            const int row = i / WIDTH, column = i % WIDTH;
            if (at(y, n, row, column) != 0) {
                cr_assert_eq(at(y, n, row, column), pixel_of(n, row, column));
                continue;
            }
            zeros++;
            top = row < top ? row : top;
            bottom = row > bottom ? row : bottom;
            left = column < left ? column : left;
            right = column > right ? column : right;
        }
        const int height = bottom - top + 1, width = right - left + 1;
        cr_expect(zeros == height * width && height >= 1 && height <= 3 && width >= 1 && width <= 3,
                  "image %d: %d zeros in %d by %d", n, zeros, height, width);
        whole += zeros == 9;
    }
    cr_expect_gt(whole, BATCH / 6);
    free(y);
}

/* Images and targets are mixed in the same parts. The target here is a row of the image. */
static void expect_mixed(const char *alpha) {
    char graph[300];
    snprintf(graph, sizeof graph,
             "m, t: {type: mixup, %sinput: {x: x, target: \"x[:, 0, 0]\"}}\n"
             "  y: concat([reshape(t, [B, 1, 1, 6]), m[:, :, 1:]], dim=2)",
             alpha);
    double *y = run(graph, true, 1);
    double least = 1, largest = 0;
    for (int n = 0; n < BATCH; n++) {
        const int other = (n + BATCH - 1) % BATCH;
        const double a = pixel_of(n, 0, 0), b = pixel_of(other, 0, 0);
        const double part = (at(y, n, 0, 0) - b) / (a - b);
        cr_expect(part >= 0 && part <= 1, "image %d: %g", n, part);
        least = part < least ? part : least;
        largest = part > largest ? part : largest;
        for (int i = 0; i < PIXELS; i++)
            cr_expect(
                same(y[n * PIXELS + i], part * pixel_of(n, i / WIDTH, i % WIDTH) +
                                            (1 - part) * pixel_of(other, i / WIDTH, i % WIDTH)));
    }
    cr_expect(least < 0.2 && largest > 0.8);
    free(y);
}

Test(augmentation, mixup) {
    expect_mixed("");
    expect_mixed("alpha: 0.4, ");
}

/* What is another image's is a rectangle. The target, a mean of both images' first pixels here,
 * tells its area. */
Test(augmentation, cutmix) {
    double *y = run("m, t: {type: cutmix, input: {x: x, target: \"x[:, 0, 0, :1]\"}}\n"
                    "  y: concat([m, 0 * x + reshape(t, [B, 1, 1, 1])], dim=1)[:, :1]",
                    true, 1);
    double *t = run("m, t: {type: cutmix, input: {x: x, target: \"x[:, 0, 0, :1]\"}}\n"
                    "  y: 0 * m + reshape(t, [B, 1, 1, 1])",
                    true, 1);
    int none = 0, all = 0;
    for (int n = 0; n < BATCH; n++) {
        const int other = (n + BATCH - 1) % BATCH;
        int top = HEIGHT, left = WIDTH, bottom = -1, right = -1, count = 0;
        for (int i = 0; i < PIXELS; i++) {
            const int row = i / WIDTH, column = i % WIDTH;
            if (same(at(y, n, row, column), pixel_of(n, row, column)))
                continue;
            cr_assert(same(at(y, n, row, column), pixel_of(other, row, column)));
            count++;
            top = row < top ? row : top;
            bottom = row > bottom ? row : bottom;
            left = column < left ? column : left;
            right = column > right ? column : right;
        }
        cr_expect(!count || count == (bottom - top + 1) * (right - left + 1), "image %d", n);
        const double part = 1 - (double)count / PIXELS;
        cr_expect(
            same(at(t, n, 0, 0), part * pixel_of(n, 0, 0) + (1 - part) * pixel_of(other, 0, 0)),
            "image %d: %d pixels", n, count);
        none += count == 0;
        all += count > PIXELS / 4;
    }
    cr_expect(none > 0 && none < BATCH / 2 && all > 0 && all < BATCH / 2, "%d, %d", none, all);
    free(y);
    free(t);
}

/* How many of 10,080 draws lie below three quantiles of Beta(alpha, alpha): 0.1 and 0.25, from
 * scipy.stats.beta, and 0.5. Each pixel of an image is an example of its own here. */
Test(augmentation, beta_sample) {
    static const struct {
        double alpha, tenth, quarter;
    } cases[] = {{0.1, 8.86928001193e-08, 0.000845255532847},
                 {0.4, 0.0116904579769, 0.110503341834},
                 {1, 0.1, 0.25},
                 {3, 0.246636453288, 0.35943616479}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        int below[3] = {0}, total = 0;
        char graph[300];
        snprintf(graph, sizeof graph,
                 "wide: reshape(x, [42 * size(x, 0), 1])\n"
                 "  part: {type: beta_sample, input: wide, alpha: %g}\n"
                 "  y: reshape(part, [size(x, 0), 1, 7, 6]) + 0 * x",
                 cases[c].alpha);
        for (uint64_t seed = 1; seed <= 5; seed++) {
            double *y = run(graph, true, seed);
            for (int i = 0; i < BATCH * PIXELS; i++, total++) {
                cr_assert(y[i] >= 0 && y[i] <= 1, "%g", y[i]);
                below[0] += y[i] < cases[c].tenth;
                below[1] += y[i] < cases[c].quarter;
                below[2] += y[i] < 0.5;
            }
            free(y);
        }
        static const double parts[] = {0.1, 0.25, 0.5};
        for (int k = 0; k < 3; k++) {
            const double found = (double)below[k] / total,
                         sd = sqrt(parts[k] * (1 - parts[k]) / total);
            cr_expect(fabs(found - parts[k]) < 4 * sd, "alpha %g: %g lie below the quantile %g",
                      cases[c].alpha, found, parts[k]);
        }
    }
}
