/*
 * Streams: the order of examples in each epoch, places in it, and what is copied.
 */
#include "data/stream.h"
#include "graph/random.h"

#include <criterion/criterion.h>
#include <string.h>

enum { COUNT = 97, WIDTH = 3 };

/* Example e is 3e, 3e + 1, 3e + 2 in port 0 (f32), and 1000 + e in port 1 (i64). */
typedef struct examples {
    float x[COUNT * WIDTH];
    int64_t y[COUNT];
    yg_elements ports[2];
    yg_dataset dataset;
    yg_part part;
} examples;

static void make(examples *e) {
    for (int i = 0; i < COUNT * WIDTH; i++)
        e->x[i] = (float)i;
    for (int i = 0; i < COUNT; i++)
        e->y[i] = 1000 + i;
    e->ports[0] = (yg_elements){.dtype = YG_F32, .width = WIDTH, .data = e->x};
    e->ports[1] = (yg_elements){.dtype = YG_I64, .width = 1, .data = e->y};
    e->dataset = (yg_dataset){.count = COUNT, .port_count = 2, .ports = e->ports};
    e->part = (yg_part){.count = COUNT, .dataset = &e->dataset};
}

/* Reads the numbers of the next `count` examples. The two ports must show the same examples. */
static void take(yg_stream *stream, int64_t count, int64_t *numbers) {
    float x[COUNT * WIDTH];
    int64_t y[COUNT];
    const yg_feed feeds[] = {{1, YG_I64, 1, y}, {0, YG_F32, WIDTH, x}, {0, YG_F32, WIDTH, NULL}};
    yg_error error = {0};
    cr_assert(yg_stream_next(stream, feeds, sizeof feeds / sizeof *feeds, 0, count, &error));
    for (int64_t i = 0; i < count; i++) {
        numbers[i] = y[i] - 1000;
        for (int k = 0; k < WIDTH; k++)
            cr_assert_eq(x[i * WIDTH + k], (float)(numbers[i] * WIDTH + k));
    }
}

/* The documented order of an epoch: Fisher-Yates from the last place on. */
static void expected_order(uint64_t seed, int64_t epoch, int64_t *order) {
    for (int64_t i = 0; i < COUNT; i++)
        order[i] = i;
    for (int64_t i = COUNT - 1; i > 0; i--) {
        const uint64_t j = yg_random_below(seed, yg_random_key("shuffle") + (uint64_t)epoch,
                                           (uint64_t)i, (uint64_t)i + 1);
        const int64_t swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
}

Test(stream, an_epoch_has_an_order_of_its_own_whatever_came_before) {
    static const int64_t epochs[] = {0, 1, 2, 1, 7, 0};
    examples e;
    yg_error error = {0};
    int64_t numbers[COUNT], order[COUNT], before[COUNT] = {0};
    make(&e);
    yg_stream *stream = yg_stream_open_shuffled(&e.part, 5, false, &error);
    cr_assert_not_null(stream);
    for (size_t i = 0; i < sizeof epochs / sizeof *epochs; i++) {
        yg_stream_seek(stream, epochs[i], 0);
        take(stream, COUNT, numbers);
        expected_order(5, epochs[i], order);
        cr_expect_arr_eq(numbers, order, sizeof order, "epoch %lld", (long long)epochs[i]);
        cr_expect_neq(memcmp(numbers, before, sizeof before), 0);
        memcpy(before, numbers, sizeof before);
        cr_expect_eq(yg_stream_left(stream), 0);
    }
    yg_stream_close(stream);
}

Test(stream, batches_go_on_where_the_last_one_ended_or_from_any_place) {
    examples e;
    yg_error error = {0};
    int64_t numbers[COUNT], order[COUNT];
    make(&e);
    for (int shuffled = 0; shuffled <= 1; shuffled++) {
        yg_stream *stream = shuffled ? yg_stream_open_shuffled(&e.part, 5, false, &error)
                                     : yg_stream_open(&e.part, &error);
        cr_assert_not_null(stream);
        if (shuffled)
            expected_order(5, 0, order);
        for (int64_t i = 0; i < COUNT && !shuffled; i++)
            order[i] = i;
        for (int64_t at = 0; at < COUNT;) {
            const int64_t count = COUNT - at < 10 ? COUNT - at : 10;
            cr_assert_eq(yg_stream_left(stream), COUNT - at);
            take(stream, count, numbers);
            cr_expect_arr_eq(numbers, order + at, (size_t)count * sizeof *order);
            at += count;
        }
        yg_stream_seek(stream, 0, 90);
        take(stream, 7, numbers);
        cr_expect_arr_eq(numbers, order + 90, 7 * sizeof *order);
        yg_stream_close(stream);
    }
}
