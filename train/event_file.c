/*
 * Files of events: see event_file.h.
 */
#include "event_file.h"

#include "../graph/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* Bytes that grow. */
typedef struct bytes {
    unsigned char *data;
    size_t used, size;
    bool failed; /* out of memory */
} bytes;

static void add_bytes(bytes *to, const void *data, size_t size) {
    if (to->failed)
        return;
    if (to->size - to->used < size) {
        const size_t grown_size = 2 * (to->used + size) + 64;
        unsigned char *grown = realloc(to->data, grown_size);
        if (!grown) {
            to->failed = true;
            return;
        }
        to->data = grown;
        to->size = grown_size;
    }
    if (size)
        memcpy(to->data + to->used, data, size);
    to->used += size;
}

/* ----------------------------------------------------------------------- Protocol Buffers ---- */

enum { VARINT = 0, FIXED64 = 1, LENGTH = 2, FIXED32 = 5 }; /* kinds of fields */

static void add_varint(bytes *to, uint64_t value) {
    do {
        const unsigned char byte = (unsigned char)((value & 0x7F) | (value > 0x7F ? 0x80 : 0));
        add_bytes(to, &byte, 1);
        value >>= 7;
    } while (value);
}

static void add_field(bytes *to, int number, int kind) {
    add_varint(to, (uint64_t)(number << 3 | kind));
}

/* The lowest byte comes first, whatever the machine's order is. */
static void add_fixed(bytes *to, uint64_t bits, int size) {
    for (int i = 0; i < size; i++, bits >>= 8) {
        const unsigned char byte = (unsigned char)bits;
        add_bytes(to, &byte, 1);
    }
}

static void add_double(bytes *to, int number, double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    add_field(to, number, FIXED64);
    add_fixed(to, bits, 8);
}

static void add_float(bytes *to, int number, double value) {
    const float single = (float)value;
    uint32_t bits;
    memcpy(&bits, &single, sizeof bits);
    add_field(to, number, FIXED32);
    add_fixed(to, bits, 4);
}

static void add_block(bytes *to, int number, const void *data, size_t size) {
    add_field(to, number, LENGTH);
    add_varint(to, size);
    add_bytes(to, data, size);
}

/* --------------------------------------------------------------------------------- records --- */

static uint32_t crc32c(const unsigned char *data, size_t size) {
    uint32_t crc = 0xFFFFFFFF;
    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78 : 0);
    }
    return ~crc;
}

static uint32_t checksum(const void *data, size_t size) {
    const uint32_t crc = crc32c(data, size);
    return (crc >> 15 | crc << 17) + 0xA282EAD8;
}

static void add_record(bytes *to, bytes *event) {
    bytes length = {0};
    add_fixed(&length, event->used, 8);
    add_bytes(to, length.data, length.used);
    add_fixed(to, length.failed ? 0 : checksum(length.data, length.used), 4);
    add_bytes(to, event->data, event->used);
    add_fixed(to, checksum(event->data, event->used), 4);
    to->failed = to->failed || length.failed || event->failed;
    free(length.data);
    free(event->data);
    *event = (bytes){0};
}

/* ---------------------------------------------------------------------------------- events --- */

/* Numbers of the fields in event.proto and summary.proto. */
enum {
    EVENT_TIME = 1,
    EVENT_STEP = 2,
    EVENT_VERSION = 3,
    EVENT_SUMMARY = 5,
    EVENT_SESSION = 7,
    SESSION_STATUS = 1,
    SESSION_START = 1,
    SUMMARY_VALUE = 1,
    VALUE_TAG = 1,
    VALUE_NUMBER = 2,
};

static void begin_event(bytes *event, int64_t step) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    add_double(event, EVENT_TIME, (double)now.tv_sec + 1e-9 * (double)now.tv_nsec);
    add_field(event, EVENT_STEP, VARINT);
    add_varint(event, (uint64_t)step);
}

static void add_version(bytes *to) {
    static const char version[] = "brain.Event:2";
    bytes event = {0};
    begin_event(&event, 0);
    add_block(&event, EVENT_VERSION, version, sizeof version - 1);
    add_record(to, &event);
}

/* Takes back all events of this step and later ones, those of earlier files. */
static void add_start(bytes *to, int64_t step) {
    bytes event = {0}, session = {0};
    begin_event(&event, step);
    add_field(&session, SESSION_STATUS, VARINT);
    add_varint(&session, SESSION_START);
    add_block(&event, EVENT_SESSION, session.data, session.used);
    event.failed = event.failed || session.failed;
    free(session.data);
    add_record(to, &event);
}

static void add_value(bytes *summary, const char *tag, double value) {
    bytes entry = {0};
    add_block(&entry, VALUE_TAG, tag, strlen(tag));
    add_float(&entry, VALUE_NUMBER, value);
    add_block(summary, SUMMARY_VALUE, entry.data, entry.used);
    summary->failed = summary->failed || entry.failed;
    free(entry.data);
}

/* "loss/train" and "loss/validation" stand side by side in TensorBoard, which groups by what is
 * before the slash. */
static void add_score(bytes *summary, const char *name, const char *part, double value) {
    char tag[300];
    snprintf(tag, sizeof tag, "%.280s/%s", name, part);
    add_value(summary, tag, value);
}

static void add_line(bytes *to, const yg_history *history, size_t line) {
    static const char *const parts[] = {"train", "validation"};
    const yg_epoch_line epoch = yg_history_line(history, line);
    bytes event = {0}, summary = {0};
    begin_event(&event, epoch.step);
    add_value(&summary, "learning_rate", epoch.lr);
    for (size_t p = 0; p < 2; p++)
        for (size_t i = 0; epoch.scores[p] && i <= history->metric_count; i++)
            if (i == 0 || !history->tables[i - 1])
                add_score(&summary, i ? history->metrics[i - 1] : "loss", parts[p],
                          epoch.scores[p][i]);
    add_block(&event, EVENT_SUMMARY, summary.data, summary.used);
    event.failed = event.failed || summary.failed;
    free(summary.data);
    add_record(to, &event);
}

static void add_step(bytes *to, const yg_step_line *line) {
    bytes event = {0}, summary = {0};
    begin_event(&event, (int64_t)line->step);
    add_value(&summary, "loss/step", line->loss);
    add_block(&event, EVENT_SUMMARY, summary.data, summary.used);
    event.failed = event.failed || summary.failed;
    free(summary.data);
    add_record(to, &event);
}

/* --------------------------------------------------------------------------------- writing --- */

/* A name that TensorBoard takes for a file of events. Files of later starts sort behind it. */
static char *new_path(const char *folder) {
    struct utsname system = {0};
    char name[200];
    const char *host = uname(&system) == 0 ? system.nodename : "";
    snprintf(name, sizeof name, "%s/events.out.tfevents.%010" PRId64 ".%.60s.%ld", "",
             (int64_t)time(NULL), *host ? host : "localhost", (long)getpid());
    const size_t size = strlen(folder) + strlen(name) + 1;
    char *path = malloc(size);
    if (path)
        snprintf(path, size, "%s%s", folder, name);
    return path;
}

static bool write_all(int file, const bytes *data) {
    for (size_t done = 0; done < data->used;) {
        const ssize_t wrote = write(file, data->data + done, data->used - done);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0) {
            errno = wrote ? errno : ENOSPC;
            return false;
        }
        done += (size_t)wrote;
    }
    return true;
}

/* Appends to the file, or leaves it as it was. */
static bool append(const char *path, const bytes *data, yg_error *error) {
    const int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    const off_t before = file >= 0 ? lseek(file, 0, SEEK_END) : -1;
    bool good = before >= 0 && write_all(file, data);
    if (!good)
        yg_fail(error, YG_ERROR_IO, YG_NOWHERE, "cannot write '%s': %s", path, strerror(errno));
    if (!good && before >= 0 && ftruncate(file, before) != 0)
        errno = 0; /* TensorBoard passes over half a record */
    if (file >= 0 && close(file) != 0 && good)
        good =
            yg_fail(error, YG_ERROR_IO, YG_NOWHERE, "cannot write '%s': %s", path, strerror(errno));
    return good;
}

/* The step of the last line that is in a file of an earlier start. Noted steps after it are taken
 * back with those that were not saved, and written again. */
static int64_t last_step(yg_event_file *file, const yg_history *history) {
    const int64_t last = file->written ? yg_history_line(history, file->written - 1).step : 0;
    file->steps = 0;
    while (file->steps < history->step_count && history->steps[file->steps].step <= (double)last)
        file->steps++;
    return last;
}

/* Adds what no file has yet, in the order of steps: TensorBoard takes a step back for a restart. */
static void add_news(bytes *to, const yg_history *history, yg_event_file *file) {
    while (file->written < history->count || file->steps < history->step_count) {
        const bool step = file->steps < history->step_count &&
                          (file->written == history->count ||
                           history->steps[file->steps].step <=
                               (double)yg_history_line(history, file->written).step);
        if (step)
            add_step(to, &history->steps[file->steps++]);
        else
            add_line(to, history, file->written++);
    }
}

bool yg_event_file_write(yg_event_file *file, const yg_history *history, const char *folder,
                         bool resumed, yg_error *error) {
    bytes data = {0};
    yg_event_file next = *file;
    const bool news = file->written < history->count || file->steps < history->step_count;
    if (!news && (file->path || !resumed))
        return true;
    if (!next.path) {
        add_version(&data);
        if (resumed)
            add_start(&data, last_step(&next, history) + 1);
        next.path = new_path(folder);
    }
    add_news(&data, history, &next);
    const bool good = !next.path || data.failed
                          ? yg_fail_memory(error)
                          : yg_file_make_folder(folder, error) && append(next.path, &data, error);
    free(data.data);
    if (good)
        *file = next;
    else if (!file->path)
        free(next.path);
    return good;
}

void yg_event_file_free(yg_event_file *file) {
    free(file->path);
    *file = (yg_event_file){0};
}
