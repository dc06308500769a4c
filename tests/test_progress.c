/*
 * What `train` shows of its progress: lines in a log, a bar and a curve on a terminal. The clock is
 * a number of the progress that is shown, so every line is known.
 */
#define _GNU_SOURCE /* posix_openpt */
#include "cli/progress.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* stderr as a file or as a terminal, which the test reads. */
typedef struct screen {
    int saved, reader, writer;
    char text[1 << 16];
} screen;

static void turn(screen *s) {
    fflush(stderr);
    s->saved = dup(STDERR_FILENO);
    dup2(s->writer, STDERR_FILENO);
}

static void open_log(screen *s) {
    char path[] = "/tmp/yamlgrad-XXXXXX";
    s->writer = mkstemp(path);
    cr_assert_geq(s->writer, 0);
    s->reader = open(path, O_RDONLY);
    unlink(path);
    turn(s);
}

static void open_terminal(screen *s, int columns) {
    const struct winsize size = {.ws_row = 24, .ws_col = (unsigned short)columns};
    setenv("TERM", "xterm", 1);
    setenv("NO_COLOR", "1", 1);
    s->reader = posix_openpt(O_RDWR | O_NOCTTY);
    if (s->reader < 0 || grantpt(s->reader) != 0 || unlockpt(s->reader) != 0)
        cr_skip_test("there is no terminal to be had");
    s->writer = open(ptsname(s->reader), O_RDWR | O_NOCTTY);
    cr_assert_geq(s->writer, 0);
    ioctl(s->writer, TIOCSWINSZ, &size);
    turn(s);
}

/* What has been shown since the last call. A terminal holds a few KB, so it is read often. */
static const char *shown(screen *s) {
    size_t used = 0;
    fflush(stderr);
    fcntl(s->reader, F_SETFL, O_NONBLOCK);
    for (ssize_t got = 1; got > 0 && used + 1 < sizeof s->text; used += got > 0 ? (size_t)got : 0)
        got = read(s->reader, s->text + used, sizeof s->text - used - 1);
    s->text[used] = '\0';
    return s->text;
}

static void close_screen(screen *s) {
    fflush(stderr);
    dup2(s->saved, STDERR_FILENO);
    close(s->saved);
    close(s->reader);
    close(s->writer);
}

static int count(const char *text, const char *part) {
    int found = 0;
    while ((text = strstr(text, part))) {
        found++;
        text += strlen(part);
    }
    return found;
}

static yg_score accuracy[2] = {{.name = "accuracy", .value = 0.5}, {.name = "auc", .value = 0.75}};

/* Processors give NaN either sign. */
Test(progress, nan_has_no_sign) {
    yg_score metric = {.name = "auc", .value = -(double)NAN};
    const yg_scores scores = {.loss = copysign((double)NAN, -1), .count = 1, .metrics = &metric};
    char *text = text_of_scores(&scores);
    cr_assert_not_null(text);
    cr_expect_str_eq(text, "loss nan  auc undefined");
    free(text);
}

/* A run of `epochs` epochs of 10 steps of 32 examples; a step takes `pace` seconds. */
typedef struct run {
    yg_train_progress now;
    double pace;
} run;

static run make_run(int64_t epochs, double pace) {
    return (run){.now = {.epoch = 1,
                         .epochs = epochs,
                         .steps = 10 * epochs,
                         .epoch_steps = 10,
                         .has_validation = true,
                         .validation = {.loss = 0.25, .count = 2, .metrics = accuracy},
                         .training = {.loss = 0.125, .count = 1, .metrics = accuracy}},
                 .pace = pace};
}

static void step(progress *progress, run *run) {
    yg_train_progress *now = &run->now;
    now->epoch = now->step / 10 + 1;
    now->epoch_step = now->step++ % 10 + 1;
    now->examples += 32;
    now->seconds = (double)now->step * run->pace;
    now->remaining = (double)(now->steps - now->step) * run->pace;
    now->loss = 1 / (double)now->step;
    now->epoch_end = false;
    progress_show(progress, now);
    if (now->epoch_step < 10)
        return;
    now->epoch_end = true;
    now->best = now->epoch % 2 == 1;
    progress_show(progress, now);
}

Test(progress, a_log_has_a_line_an_epoch_with_scores_named_by_part) {
    screen screen;
    progress progress;
    run run = make_run(2, 0.01);
    open_log(&screen);
    progress_start(&progress);
    for (int i = 0; i < 20; i++)
        step(&progress, &run);
    progress_end(&progress, true);
    const char *text = shown(&screen);
    close_screen(&screen);
    cr_expect_str_eq(text, "epoch 1/2  train.loss 0.125  train.accuracy 0.5  validation.loss 0.25  "
                           "validation.accuracy 0.5  validation.auc 0.75  0.1 s left  best\n"
                           "epoch 2/2  train.loss 0.125  train.accuracy 0.5  validation.loss 0.25  "
                           "validation.accuracy 0.5  validation.auc 0.75  0.0 s left\n");
}

/* Also where a run is counted in steps, and so has no number of epochs. */
Test(progress, a_log_of_many_epochs_has_about_a_hundred_lines) {
    for (int in_steps = 0; in_steps < 2; in_steps++) {
        screen screen;
        progress progress;
        run run = make_run(1000, 0.01);
        if (in_steps)
            run.now.epochs = 0;
        open_log(&screen);
        progress_start(&progress);
        for (int i = 0; i < 10000; i++)
            step(&progress, &run);
        progress_end(&progress, true);
        const char *text = shown(&screen);
        close_screen(&screen);
        cr_expect_eq(count(text, "\n"), 101, "%d lines", count(text, "\n"));
        cr_expect_not_null(strstr(text, in_steps ? "\nstep 10000/10000  " : "\nepoch 1000/1000  "));
    }
}

Test(progress, a_log_tells_each_minute_that_a_long_epoch_goes_on) {
    screen screen;
    progress progress;
    run run = make_run(1, 25);
    open_log(&screen);
    progress_start(&progress);
    for (int i = 0; i < 10; i++)
        step(&progress, &run);
    progress_end(&progress, true);
    const char *text = shown(&screen);
    close_screen(&screen);
    cr_expect_eq(count(text, "\n"), 4, "%s", text);
    /* The mean of 1, 1/2 and 1/3. */
    cr_expect_eq(
        strncmp(text, "epoch 1/1  30 %  1.28 examples/s  2 min 55 s left  train.loss 0.6111\n", 69),
        0, "%s", text);
    cr_expect_not_null(strstr(text, "\nepoch 1/1  60 %  "));
}

/* The last line that was drawn, without what wipes the rest. */
static const char *last_line(screen *s) {
    char *text = (char *)shown(s), *last = strrchr(text, '\r');
    char *end = last ? strstr(last, "\033[K") : NULL;
    if (!end)
        return text;
    *end = '\0';
    return last + 1;
}

Test(progress, a_bar_is_that_of_the_epoch_and_a_long_one_leaves_a_line) {
    screen screen;
    progress progress;
    run run = make_run(3, 0.5);
    open_terminal(&screen, 120);
    progress_start(&progress);
    for (int i = 0; i < 5; i++)
        step(&progress, &run);
    cr_expect_str_eq(last_line(&screen), "██████████░░░░░░░░░░ epoch 1/3  train.loss 0.4567  "
                                         "run: 12.5 s left  64.0 examples/s");
    for (int i = 5; i < 12; i++)
        step(&progress, &run);
    const char *text = shown(&screen);
    cr_expect_not_null(strstr(text, "\033[Kepoch 1/3  train.loss 0.125  train.accuracy 0.5  "),
                       "%s", text);
    /* The mean over the steps of this epoch, 1/11 and 1/12, and no other. */
    cr_expect_not_null(strstr(text, "\r████░░░░░░░░░░░░░░░░ epoch 2/3  train.loss 0.08712  "
                                    "validation.loss 0.25  run: 9.0 s left  64.0 examples/s"),
                       "%s", text);
    progress_end(&progress, false);
    close_screen(&screen);
}

/* Ten epochs take 2 s: 5 of them share a bar. */
Test(progress, short_epochs_share_a_bar) {
    screen screen;
    progress progress;
    run run = make_run(100, 0.02);
    open_terminal(&screen, 120);
    progress_start(&progress);
    for (int i = 0; i < 461; i++) {
        step(&progress, &run);
        if (i % 40 == 0)
            cr_expect_eq(count(shown(&screen), "\n"), 0);
    }
    shown(&screen);
    for (int i = 461; i < 476; i++)
        step(&progress, &run);
    cr_expect_str_eq(last_line(&screen),
                     "██████████░░░░░░░░░░ epochs 46-50/100  train.loss 0.125  validation.loss "
                     "0.25  run: 10.5 s left  1,600 examples/s");
    progress_end(&progress, false);
    close_screen(&screen);
}

/* Also where the last epoch is cut off. */
Test(progress, a_run_in_steps_has_bars_of_its_epochs) {
    screen screen;
    progress progress;
    run run = make_run(3, 0.5);
    run.now.epochs = 0;
    run.now.steps = 24;
    open_terminal(&screen, 80);
    progress_start(&progress);
    for (int i = 0; i < 22; i++)
        step(&progress, &run);
    cr_expect_str_eq(last_line(&screen), "████░░░░ 22/24  train.loss 0.04654  validation.loss "
                                         "0.25  1.0 s left  64.0 ex/s");
    progress_end(&progress, false);
    close_screen(&screen);
}

/* Preparing took four seconds, and each epoch's validation two; examples a second are of training.
 */
Test(progress, a_rate_is_right_from_the_first_half_second) {
    rate rate = {0};
    yg_train_progress now = {.epoch_steps = 50};
    double seconds = 4;
    for (int step = 1; step <= 400; step++) {
        seconds += 0.01;
        now.seconds = seconds;
        now.examples += step <= 200 ? 8 : 16;
        rate_note(&rate, &now);
        if (step == 1)
            cr_expect_eq(rate_value(&rate), 0);
        if (step >= 20 && step <= 200)
            cr_expect_float_eq(rate_value(&rate), 800, 8, "step %d: %g", step, rate_value(&rate));
        if (step % 50 == 0) {
            seconds += 2;
            now.epoch_end = true;
            now.seconds = seconds;
            rate_note(&rate, &now);
            now.epoch_end = false;
        }
    }
    /* Of the last three seconds one was slow. */
    cr_expect_float_eq(rate_value(&rate), (800 + 2 * 1600) / 3.0, 60, "%g", rate_value(&rate));
}

/* Steps of a second each: what was long ago does not count. */
Test(progress, a_rate_follows_what_changes) {
    rate rate = {0};
    yg_train_progress now = {.epoch_steps = 50};
    for (int step = 1; step <= 20; step++) {
        now.seconds = step;
        now.examples += step <= 15 ? 100 : 10;
        rate_note(&rate, &now);
    }
    cr_expect_float_eq(rate_value(&rate), 10, 1e-9, "%g", rate_value(&rate));
}

Test(progress, groups_of_epochs_take_a_second) {
    static const struct {
        double epoch; /* seconds */
        int64_t count;
    } cases[] = {{5, 1}, {1, 1}, {0.6, 2}, {0.3, 5}, {0.11, 10}, {0.02, 50}, {0.0001, 1000}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        epoch_group group = {0};
        yg_train_progress now = {
            .epoch = 7, .epochs = 700, .epoch_steps = 10, .step = 65, .steps = 7000};
        now.remaining = cases[i].epoch / 10 * (double)(now.steps - now.step);
        epoch_group_update(&group, &now);
        cr_expect_eq(group.count, cases[i].count, "%g s: %lld epochs", cases[i].epoch,
                     (long long)group.count);
        cr_expect(group.first <= now.epoch && now.epoch < group.first + group.count);
        cr_expect_eq((group.first - 1) % group.count, 0);
    }
}

/* Of a line, each piece is whole or not there, whatever the width. What comes first matters most.
 */
Test(progress, a_line_fits_any_width) {
    static const char *const pieces[] = {
        "epochs 11-20/100",        "11-20/100",          "train.loss 0.4567",
        "validation.loss 0.25",    "run: 12.5 s left",   "12.5 s left",
        "1,234 examples/s",        "1.2k ex/s",          "train.accuracy 0.5",
        "validation.accuracy 0.5", "validation.auc 0.75"};
    const yg_train_progress now = {.epoch = 15,
                                   .epochs = 100,
                                   .epoch_step = 5,
                                   .epoch_steps = 10,
                                   .step = 145,
                                   .steps = 1000,
                                   .remaining = 12.5};
    const epoch_group group = {.first = 11, .count = 10};
    const yg_scores train = {.count = 1, .metrics = accuracy},
                    validation = {.count = 2, .metrics = accuracy};
    const live_scores scores = {.train_loss = 0.4567,
                                .validation_loss = 0.25,
                                .has_train = true,
                                .has_validation = true,
                                .train = &train,
                                .validation = &validation};
    for (int width = 20; width < 200; width++) {
        char *line = live_line(&now, &group, 1234, &scores, width), *rest = line;
        int columns = 0;
        cr_assert_not_null(line);
        for (const char *c = line; *c; c++)
            columns += ((unsigned char)*c & 0xC0) != 0x80;
        cr_expect_leq(columns, width, "%d: %s", width, line);
        if (width >= 59)
            cr_expect(strstr(line, "train.loss 0.4567  validation.loss 0.25"), "%s", line);
        if (width >= 79)
            cr_expect(strstr(line, "  12.5 s left") || strstr(line, "  run: 12.5 s left"));
        rest = strchr(line, ' ') + 1;
        for (char *next; rest; rest = next) {
            next = strstr(rest, "  ");
            if (next) {
                *next = '\0';
                next += 2;
            }
            bool known = false;
            for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
                known = known || strcmp(rest, pieces[i]) == 0;
            cr_expect(known, "%d: '%s'", width, rest);
        }
        free(line);
    }
}

/* ----------------------------------------------------------------------------------- curves --- */

static void draw(const curve *curve, screen *screen) {
    open_terminal(screen, 80);
    curve_print(curve, stderr);
    shown(screen);
    close_screen(screen);
}

/* The lines without blanks at their ends; "\r\n" of a terminal as "\n". */
static void expect_drawn(char *text, const char *expected) {
    char *to = text;
    for (const char *from = text; *from; from++)
        if (*from != '\r')
            *to++ = *from;
    *to = '\0';
    cr_expect_str_eq(text, expected, "%s", text);
}

Test(progress, a_curve_shows_both_losses_on_one_scale) {
    curve curve = {0};
    screen screen;
    for (int i = 0; i < 7; i++)
        curve_add(&curve, 5 + i, 6 - i, i == 6 ? (double)NAN : 3);
    draw(&curve, &screen);
    expect_drawn(screen.text,
                 "         6 ┤•••••\n"
                 "           │     ••••••••••\n"
                 "           │               ••••••••••\n"
                 "         3 ┤∘∘∘∘∘∘∘∘∘∘∘∘∘∘∘∘∘∘∘∘∘∘∘∘∘∘∘∘∘∘∘∘∘∘∘∘∘∘∘∘∘∘∘∘∘∘∘∘∘∘\n"
                 "           │                                   ••••••••••\n"
                 "           │                                             ••••••••••\n"
                 "         0 ┤                                                       •••••\n"
                 "           └────────────────────────────────────────────────────────────\n"
                 "            epoch 5                                                   11\n"
                 "            • train.loss  ∘ validation.loss\n");
}

Test(progress, a_curve_over_decades_is_logarithmic) {
    curve curve = {0};
    screen screen;
    for (int i = 0; i < 7; i++)
        curve_add(&curve, 1 + i, pow(10, -i), (double)NAN);
    draw(&curve, &screen);
    cr_expect_not_null(strstr(screen.text, "     0.001 ┤"), "%s", screen.text);
    cr_expect_not_null(strstr(screen.text, "     1e-06 ┤"), "%s", screen.text);
    cr_expect_not_null(strstr(screen.text, "• train.loss (logarithmic)"), "%s", screen.text);
    cr_expect_null(strstr(screen.text, "validation"));
}

/* Epochs are joined to points, so that the last one is always there. */
Test(progress, a_curve_has_room_for_any_number_of_epochs) {
    curve curve = {0};
    screen screen;
    for (int i = 0; i < 100000; i++)
        curve_add(&curve, 1 + i, i < 50000 ? 8 : 2, (double)INFINITY);
    cr_expect_leq(curve.epochs, curve.stride * CURVE_POINTS);
    cr_expect_gt(curve.epochs, curve.stride * CURVE_POINTS / 2);
    draw(&curve, &screen);
    cr_expect_not_null(strstr(screen.text, "         8 ┤•••"), "%s", screen.text);
    cr_expect_not_null(strstr(screen.text, "         2 ┤   "), "%s", screen.text);
    cr_expect_not_null(strstr(screen.text, "100000"), "%s", screen.text);
}

Test(progress, a_curve_of_nothing_is_not_drawn) {
    curve none = {0}, lost = {0}, flat = {0};
    screen screen;
    draw(&none, &screen);
    cr_expect_str_empty(screen.text);
    for (int i = 0; i < 9; i++) {
        curve_add(&lost, i, (double)NAN, (double)INFINITY);
        curve_add(&flat, i, 1e308, -1e308);
    }
    draw(&lost, &screen);
    cr_expect_str_empty(screen.text);
    draw(&flat, &screen); /* the range is infinite as a difference */
    cr_expect_not_null(strstr(screen.text, "1e+308 ┤•••"), "%s", screen.text);
}
