/*
 * Bytes from a file, a pipe, memory or gzip data: see input.h.
 */
#include "input.h"

#include "gzip.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A block that is read at once. Block, cells and results together stay in a core's own cache. */
enum { BLOCK = 512 * 1024 };

/* So many threads at most read a file together, and so many bytes at least. */
enum { SHARED_THREADS = 4, SHARED_LEAST = 64 * 1024 };

bool yg_input_begin(yg_byte_input *input, FILE *file, const char *name) {
    *input = (yg_byte_input){.file = file, .name = name, .descriptor = fileno(file)};
    /* `file` may have read ahead, so the descriptor's position is beyond ftello(). A pipe has no
     * position. */
    const off_t place = ftello(file);
    if (place >= 0 && input->descriptor >= 0)
        lseek(input->descriptor, place, SEEK_SET);
    input->offset = place >= 0 ? place : 0;
    input->bytes = malloc(BLOCK + YG_INPUT_SLACK);
    input->room = BLOCK;
    return input->bytes != NULL;
}

void yg_input_end(yg_byte_input *input) {
    yg_gzip_free(input->gzip);
    free(input->bytes);
    for (int i = 0; input->stoppable && i < 2; i++)
        close(input->stop[i]);
    *input = (yg_byte_input){0};
}

/* ------------------------------------------------------------------------------- waiting ----- */

bool yg_input_allow_stop(yg_byte_input *input) {
    if (input->descriptor < 0 || input->stoppable)
        return true; /* what is in memory is never waited for */
    if (pipe(input->stop) != 0)
        return false;
    for (int i = 0; i < 2; i++)
        fcntl(input->stop[i], F_SETFD, FD_CLOEXEC);
    input->stoppable = true;
    return true;
}

void yg_input_stop(const yg_byte_input *input) {
    const char byte = 0;
    while (input->stoppable && write(input->stop[1], &byte, 1) < 0 && errno == EINTR)
        continue;
}

static bool fail(const yg_byte_input *input, yg_error *error, int reason) {
    return yg_fail(error, YG_ERROR_IO, (yg_origin){input->name, 0, 0}, "cannot be read: %s",
                   strerror(reason));
}

/* Waits for bytes, or for the end of waiting. False in that case. */
static bool wait_for_bytes(yg_byte_input *input) {
    struct pollfd wait[] = {{.fd = input->descriptor, .events = POLLIN},
                            {.fd = input->stop[0], .events = POLLIN}};
    while (input->stoppable && poll(wait, 2, -1) < 0 && errno == EINTR)
        continue;
    return !input->stoppable || !wait[1].revents;
}

static bool has_arrived(const yg_byte_input *input) {
    struct pollfd wait = {.fd = input->descriptor, .events = POLLIN};
    return input->descriptor < 0 || (input->gzip && yg_gzip_has_more(input->gzip)) ||
           poll(&wait, 1, 0) != 0;
}

/* ------------------------------------------------------------------------------- reading ----- */

/* Reads up to `room` bytes of the file as they are; waits if none has arrived. */
static long read_stored(void *context, unsigned char *to, size_t room, yg_error *error) {
    yg_byte_input *input = context;
    ssize_t got;
    if (input->descriptor < 0) {
        errno = 0;
        got = (ssize_t)fread(to, 1, room, input->file);
        if (got || !ferror(input->file))
            return got;
    } else {
        if (!wait_for_bytes(input)) {
            fail(input, error, ECANCELED);
            return -1;
        }
        do
            got = read(input->descriptor, to, room);
        while (got < 0 && errno == EINTR);
        if (got >= 0)
            return got;
    }
    fail(input, error, errno ? errno : EIO);
    return -1;
}

static bool seek_stored(void *context, int64_t place, yg_error *error) {
    yg_byte_input *input = context;
    const bool good = input->descriptor < 0
                          ? fseeko(input->file, (off_t)place, SEEK_SET) == 0
                          : lseek(input->descriptor, (off_t)place, SEEK_SET) == (off_t)place;
    return good || fail(input, error, errno);
}

static bool can_seek(const yg_byte_input *input) {
    return input->descriptor < 0 ? ftello(input->file) >= 0
                                 : lseek(input->descriptor, 0, SEEK_CUR) >= 0;
}

/* Reads the first bytes, and sees whether they are gzip's. */
static bool look_at_beginning(yg_byte_input *input) {
    static const unsigned char mark[] = {0x1F, 0x8B};
    long got = 1;
    while (got > 0 && input->end < sizeof mark && memcmp(input->bytes, mark, input->end) == 0) {
        got = read_stored(input, input->bytes + input->end, YG_GZIP_PIECE - input->end,
                          &input->failure);
        if (got < 0)
            return false;
        input->end += (size_t)got;
    }
    input->begun = true;
    input->ended = got == 0;
    if (input->end < sizeof mark || memcmp(input->bytes, mark, sizeof mark) != 0)
        return true;
    const yg_gzip_file file = {.read = read_stored,
                               .seek = can_seek(input) ? seek_stored : NULL,
                               .context = input,
                               .begin = input->offset,
                               .name = input->name};
    input->gzip = yg_gzip_new(&file, input->bytes, input->end, &input->failure);
    input->offset = 0;
    input->end = 0;
    input->ended = false;
    return input->gzip != NULL;
}

/* Appends what can be read at once: perhaps nothing. False at the end, and after a failure. */
static bool append(yg_byte_input *input) {
    if (input->ended || input->failure.code)
        return false;
    if (!input->begun) {
        if (!look_at_beginning(input))
            return false;
        if (!input->gzip)
            return input->end > 0;
    }
    unsigned char *to = input->bytes + input->end;
    const size_t room = input->room - input->end;
    const long got = input->gzip
                         ? yg_gzip_read(input->gzip, to, room, &input->ended, &input->failure)
                         : read_stored(input, to, room, &input->failure);
    if (got < 0)
        return false;
    input->ended = input->ended || (got == 0 && !input->gzip);
    input->end += (size_t)got;
    return got > 0 || !input->ended;
}

static void move_to_beginning(yg_byte_input *input) {
    memmove(input->bytes, input->bytes + input->at, input->end - input->at);
    input->offset += (int64_t)input->at;
    input->end -= input->at;
    input->at = 0;
}

bool yg_input_more(yg_byte_input *input) {
    move_to_beginning(input);
    if (input->end == input->room) {
        unsigned char *bytes = realloc(input->bytes, 2 * input->room + YG_INPUT_SLACK);
        if (!bytes)
            return yg_fail_memory(&input->failure);
        input->bytes = bytes;
        input->room *= 2;
    }
    const size_t before = input->end;
    while (append(input))
        if (input->end > before)
            return true;
    return input->end > before;
}

/* What threads read together: `count` bytes of the file from `place` on. */
typedef struct shared_read {
    int descriptor;
    unsigned char *to;
    off_t place;
    size_t count, part; /* a thread reads `part` bytes */
    size_t got[SHARED_THREADS];
} shared_read;

static void read_part(void *opaque, int thread) {
    shared_read *r = opaque;
    if (thread >= SHARED_THREADS)
        return;
    const size_t begin = (size_t)thread * r->part;
    size_t left = begin < r->count ? r->count - begin : 0, got = 0;
    left = left < r->part ? left : r->part;
    while (got < left) {
        const ssize_t some =
            pread(r->descriptor, r->to + begin + got, left - got, r->place + (off_t)(begin + got));
        if (some < 0 && errno == EINTR)
            continue;
        if (some <= 0)
            break; /* the next read tells why */
        got += (size_t)some;
    }
    r->got[thread] = got;
}

/* Fills the room behind bytes[end) from a file, without what follows a part that came short. */
static void append_by(yg_byte_input *input, yg_threads *threads) {
    const int count = yg_threads_count(threads);
    shared_read r = {.descriptor = input->descriptor,
                     .to = input->bytes + input->end,
                     .place = lseek(input->descriptor, 0, SEEK_CUR),
                     .count = input->room - input->end};
    if (count < 2 || r.place < 0)
        return;
    r.part = r.count / (size_t)(count < SHARED_THREADS ? count : SHARED_THREADS) + 1;
    yg_threads_check_fork(threads);
    yg_threads_run(threads, read_part, &r);
    size_t got = 0;
    for (int i = 0; i < SHARED_THREADS && got == (size_t)i * r.part; i++)
        got += r.got[i];
    if (lseek(input->descriptor, r.place + (off_t)got, SEEK_SET) >= 0)
        input->end += got;
}

bool yg_input_more_by(yg_byte_input *input, yg_threads *threads) {
    move_to_beginning(input);
    const size_t before = input->end;
    if (threads && input->begun && !input->gzip && !input->ended && input->descriptor >= 0 &&
        !input->stoppable && !input->failure.code && input->room - input->end >= SHARED_LEAST)
        append_by(input, threads);
    return input->end > before || yg_input_more(input);
}

bool yg_input_line_ready(yg_byte_input *input) {
    size_t searched = input->at;
    for (;;) {
        if (searched < input->end &&
            memchr(input->bytes + searched, '\n', input->end - searched) != NULL)
            return true;
        searched = input->end;
        if (input->ended || input->failure.code || (input->at == 0 && input->end == input->room))
            return true; /* a line longer than the buffer is not held back for its end */
        if (!has_arrived(input))
            return false;
        searched -= input->at;
        move_to_beginning(input);
        append(input);
    }
}

/* -------------------------------------------------------------------------------- places ----- */

bool yg_input_tell(const yg_byte_input *input, int64_t *offset) {
    *offset = input->offset + (int64_t)input->at;
    return can_seek(input);
}

/* Reads on, up to `offset`. */
static bool skip_to(yg_byte_input *input, int64_t offset, yg_error *error) {
    while (offset > input->offset + (int64_t)input->end) {
        input->at = input->end;
        if (!yg_input_more(input))
            return input->failure.code
                       ? yg_fail_as(error, &input->failure)
                       : yg_fail(error, YG_ERROR_DATA, (yg_origin){input->name, 0, 0},
                                 "it has become shorter since it was read before");
    }
    input->at = (size_t)(offset - input->offset);
    return true;
}

bool yg_input_seek(yg_byte_input *input, int64_t offset, yg_error *error) {
    /* Only the first bytes of the file tell whether they are gzip's. */
    if (!input->begun && !input->failure.code && !look_at_beginning(input))
        return yg_fail_as(error, &input->failure);
    if (offset == input->offset + (int64_t)input->at)
        return true;
    input->at = input->end = 0;
    input->ended = false;
    input->failure.code = YG_OK;
    input->offset = offset;
    if (input->gzip)
        return yg_gzip_seek(input->gzip, &input->offset, error) && skip_to(input, offset, error);
    return seek_stored(input, offset, error);
}
