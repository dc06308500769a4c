/*
 * Files of events for TensorBoard: their records, checksums and numbers, and what a start that goes
 * on adds. tests/event_reader.py reads them with TensorBoard itself.
 */
#include "train/event_file.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* ------------------------------------------------------------------- reading, by another way -- */

/* CRC-32C by polynomial division, a bit at a time from the front: not as the library does it. */
static uint32_t crc32c(const unsigned char *data, size_t size) {
    uint32_t remainder = 0, result = 0;
    for (size_t i = 0; i < size + 4; i++)
        for (int bit = 0; bit < 8; bit++) {
            const unsigned byte = (i < size ? data[i] : 0) ^ (i < 4 ? 0xFF : 0);
            const uint32_t out = remainder >> 31;
            remainder = remainder << 1 | (byte >> bit & 1);
            remainder ^= out ? 0x1EDC6F41 : 0;
        }
    for (int bit = 0; bit < 32; bit++)
        result |= (remainder >> bit & 1) << (31 - bit);
    return ~result;
}

static uint64_t fixed(const unsigned char *at, int size) {
    uint64_t value = 0;
    for (int i = size; i-- > 0;)
        value = value << 8 | at[i];
    return value;
}

static void expect_checksum(const unsigned char *data, size_t size) {
    const uint32_t masked = (uint32_t)fixed(data + size, 4) - 0xA282EAD8;
    cr_assert_eq(masked >> 17 | masked << 15, crc32c(data, size), "a checksum is wrong");
}

static uint64_t varint(const unsigned char **at) {
    uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
        value |= (uint64_t)(**at & 0x7F) << shift;
        if (!(*(*at)++ & 0x80))
            return value;
    }
}

/* A field: its number, its bits, and where a block begins. */
typedef struct field {
    uint64_t number, bits;
    const unsigned char *block;
} field;

static field next_field(const unsigned char **at) {
    field f = {0};
    const uint64_t key = varint(at);
    f.number = key >> 3;
    f.bits = (key & 7) == 1 || (key & 7) == 5 ? 0 : varint(at);
    if ((key & 7) == 2) {
        f.block = *at;
        *at += f.bits;
    } else if ((key & 7) == 1 || (key & 7) == 5) {
        const int size = (key & 7) == 1 ? 8 : 4;
        f.bits = fixed(*at, size);
        *at += size;
    } else {
        cr_assert_eq(key & 7, 0, "a field of an unknown kind");
    }
    return f;
}

/* What a file has, as text: "version; 4 learning_rate=0.1 loss/train=2; start 5". */
static void add_summary(char *text, size_t size, const unsigned char *at,
                        const unsigned char *end) {
    while (at < end) {
        const field value = next_field(&at);
        const unsigned char *in = value.block;
        cr_assert_eq(value.number, 1);
        const field tag = next_field(&in), number = next_field(&in);
        cr_assert(tag.number == 1 && number.number == 2 && in == value.block + value.bits);
        const uint32_t bits = (uint32_t)number.bits;
        float single;
        memcpy(&single, &bits, sizeof single);
        const size_t used = strlen(text);
        snprintf(text + used, size - used, " %.*s=%g", (int)tag.bits, (const char *)tag.block,
                 (double)single);
    }
}

static void add_event(char *text, size_t size, const unsigned char *at, const unsigned char *end) {
    uint64_t step = 0;
    while (at < end) {
        const field f = next_field(&at);
        const size_t used = strlen(text);
        double seconds;
        memcpy(&seconds, &f.bits, sizeof seconds);
        if (f.number == 1)
            cr_expect(seconds > 1.7e9 && seconds < 1e11, "%g", seconds);
        else if (f.number == 2)
            step = f.bits;
        else if (f.number == 3)
            snprintf(text + used, size - used, "%.*s", (int)f.bits, (const char *)f.block);
        else if (f.number == 5) {
            snprintf(text + used, size - used, "%d", (int)step);
            add_summary(text, size, f.block, f.block + f.bits);
        } else {
            cr_assert(f.number == 7 && f.bits == 2 && f.block[0] == 8 && f.block[1] == 1);
            snprintf(text + used, size - used, "start %d", (int)step);
        }
    }
    strncat(text, "; ", size - strlen(text) - 1);
}

/* The file number `index` of the folder, in the order of names. */
static void read_events(const workspace *w, const char *path, char *text, size_t size) {
    size_t length, at = 0;
    unsigned char *data = (unsigned char *)workspace_read(w, path, &length);
    *text = '\0';
    while (at < length) {
        cr_assert_leq(at + 12, length);
        const uint64_t count = fixed(data + at, 8);
        expect_checksum(data + at, 8);
        cr_assert_leq(at + 16 + count, length);
        expect_checksum(data + at + 12, count);
        add_event(text, size, data + at + 12, data + at + 12 + count);
        at += 16 + count;
    }
    free(data);
}

/* ------------------------------------------------------------------------------------- tests -- */

static yg_history make_history(bool validation) {
    static yg_score metrics[] = {{.name = "accuracy"}};
    const yg_scores scores = {.count = 1, .metrics = metrics};
    yg_history history;
    yg_error error = {0};
    cr_assert(yg_history_begin(&history, &scores, validation, &error));
    return history;
}

static void add_epoch(yg_history *history, int epoch, double loss) {
    yg_score first[] = {{.name = "accuracy", .value = 0.25 * epoch}};
    yg_score second[] = {{.name = "accuracy", .value = 0.125 * epoch}};
    const yg_scores training = {.loss = loss, .count = 1, .metrics = first};
    const yg_scores validation = {.loss = loss / 2, .count = 1, .metrics = second};
    yg_error error = {0};
    cr_assert(yg_history_add(history, epoch, 100 * epoch, 0.5, &training, &validation, &error));
}

Test(event_file, the_checksum_here_is_the_published_one) {
    cr_expect_eq(crc32c((const unsigned char *)"123456789", 9), 0xE3069283);
    const unsigned char zeros[32] = {0};
    cr_expect_eq(crc32c(zeros, 32), 0x8A9136AA);
}

Test(event_file, it_grows_with_the_history) {
    const workspace w = workspace_make();
    yg_history history = make_history(true);
    yg_event_file file = {0};
    yg_error error = {0};
    char text[2000], folder[256];
    snprintf(folder, sizeof folder, "%s", workspace_path(&w, "events"));
    cr_assert(yg_event_file_write(&file, &history, folder, false, &error));
    cr_expect_not(workspace_has(&w, "events"), "there is nothing to write");
    add_epoch(&history, 1, 4);
    cr_assert(yg_event_file_write(&file, &history, folder, false, &error), "%s", error.message);
    cr_assert(yg_event_file_write(&file, &history, folder, false, &error));
    const char *name = file.path + strlen(w.folder) + 1;
    cr_expect_not_null(strstr(name, "tfevents"));
    read_events(&w, name, text, sizeof text);
    cr_expect_str_eq(text, "brain.Event:2; 100 learning_rate=0.5 loss/train=4 accuracy/train=0.25 "
                           "loss/validation=2 accuracy/validation=0.125; ");
    add_epoch(&history, 2, (double)INFINITY);
    add_epoch(&history, 3, 1);
    cr_assert(yg_event_file_write(&file, &history, folder, false, &error));
    read_events(&w, name, text, sizeof text);
    cr_expect_not_null(strstr(text, "; 200 learning_rate=0.5 loss/train=inf accuracy/train=0.5 "
                                    "loss/validation=inf accuracy/validation=0.25; 300 "
                                    "learning_rate=0.5 loss/train=1 "),
                       "%s", text);
    yg_event_file_free(&file);

    /* A start that goes on after the second epoch. */
    history.count = 2;
    file.written = 2;
    nanosleep(&(struct timespec){.tv_sec = 1, .tv_nsec = 100000000}, NULL); /* for another name */
    cr_assert(yg_event_file_write(&file, &history, folder, true, &error), "%s", error.message);
    add_epoch(&history, 3, 3);
    cr_assert(yg_event_file_write(&file, &history, folder, true, &error));
    read_events(&w, file.path + strlen(w.folder) + 1, text, sizeof text);
    cr_expect(strncmp(text, "brain.Event:2; start 201; 300 learning_rate=0.5 loss/train=3 ", 60) ==
                  0,
              "%s", text);
    yg_event_file_free(&file);
    yg_history_free(&history);
    workspace_remove(&w);
}

/* Noted steps stand between the epochs, in their order. A start that goes on writes those again
 * that come after its last epoch. */
Test(event_file, steps_come_in_order) {
    const workspace w = workspace_make();
    yg_history history = make_history(false);
    yg_event_file file = {.written = 1};
    yg_error error = {0};
    char text[2000], folder[256];
    snprintf(folder, sizeof folder, "%s", workspace_path(&w, "events"));
    add_epoch(&history, 1, 4);
    add_epoch(&history, 2, 2);
    for (int step = 50; step <= 250; step += 50)
        cr_assert(yg_history_add_step(&history, (yg_step_line){1, step, 0.5, step}, &error));
    cr_assert(yg_event_file_write(&file, &history, folder, true, &error), "%s", error.message);
    read_events(&w, file.path + strlen(w.folder) + 1, text, sizeof text);
    cr_expect_str_eq(text,
                     "brain.Event:2; start 101; 150 loss/step=150; 200 loss/step=200; 200 "
                     "learning_rate=0.5 loss/train=2 accuracy/train=0.5; 250 loss/step=250; ");
    yg_event_file_free(&file);
    yg_history_free(&history);
    workspace_remove(&w);
}

Test(event_file, a_folder_that_cannot_be_written_is_told) {
    const workspace w = workspace_make();
    yg_history history = make_history(false);
    yg_event_file file = {0};
    yg_error error = {0};
    workspace_write(&w, "events", "a file");
    add_epoch(&history, 1, 4);
    cr_expect_not(
        yg_event_file_write(&file, &history, workspace_path(&w, "events"), false, &error));
    cr_expect(error.message[0]);
    cr_expect_eq(file.written, 0);
    yg_event_file_free(&file);
    yg_history_free(&history);
    workspace_remove(&w);
}
