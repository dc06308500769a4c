/*
 * Bytes from a file or a pipe: see input.h.
 */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROOM = 64 * 1024 };

bool yg_input_begin(yg_input *input, FILE *file) {
    *input = (yg_input){.file = file, .descriptor = fileno(file)};
    /* `file` may have read ahead, so the descriptor's position is beyond ftello(). A pipe has no
     * position. */
    const off_t place = input->descriptor >= 0 ? ftello(file) : -1;
    if (place >= 0)
        lseek(input->descriptor, place, SEEK_SET);
    input->bytes = malloc(ROOM);
    return input->bytes != NULL;
}

void yg_input_end(yg_input *input) {
    free(input->bytes);
    for (int i = 0; input->stoppable && i < 2; i++)
        close(input->stop[i]);
    *input = (yg_input){0};
}

bool yg_input_allow_stop(yg_input *input) {
    if (input->descriptor < 0 || input->stoppable)
        return true; /* what is in memory is never waited for */
    if (pipe(input->stop) != 0)
        return false;
    for (int i = 0; i < 2; i++)
        fcntl(input->stop[i], F_SETFD, FD_CLOEXEC);
    input->stoppable = true;
    return true;
}

void yg_input_stop(const yg_input *input) {
    const char byte = 0;
    while (input->stoppable && write(input->stop[1], &byte, 1) < 0 && errno == EINTR)
        continue;
}

/* Waits for bytes, or for the end of waiting. False in that case, with `failure` set. */
static bool wait_for_bytes(yg_input *input) {
    struct pollfd wait[] = {{.fd = input->descriptor, .events = POLLIN},
                            {.fd = input->stop[0], .events = POLLIN}};
    while (input->stoppable && poll(wait, 2, -1) < 0 && errno == EINTR)
        continue;
    if (input->stoppable && wait[1].revents)
        input->failure = ECANCELED;
    return !input->failure;
}

/* Appends more bytes to those that are not taken yet; waits if none has arrived. */
static bool read_more(yg_input *input) {
    unsigned char *to = input->bytes + input->end;
    const size_t room = ROOM - input->end;
    ssize_t got = 0;
    if (input->ended)
        return false;
    if (input->descriptor < 0) {
        got = (ssize_t)fread(to, 1, room, input->file);
        if (!got && ferror(input->file))
            input->failure = errno ? errno : EIO;
    } else if (wait_for_bytes(input)) {
        do
            got = read(input->descriptor, to, room);
        while (got < 0 && errno == EINTR);
        if (got < 0)
            input->failure = errno;
    }
    input->ended = got <= 0;
    input->end += got > 0 ? (size_t)got : 0;
    return got > 0;
}

bool yg_input_refill(yg_input *input) {
    input->at = input->end = 0;
    return read_more(input);
}

static bool has_arrived(const yg_input *input) {
    struct pollfd wait = {.fd = input->descriptor, .events = POLLIN};
    return input->descriptor < 0 || poll(&wait, 1, 0) != 0;
}

bool yg_input_line_ready(yg_input *input) {
    size_t searched = input->at;
    for (;;) {
        if (searched < input->end &&
            memchr(input->bytes + searched, '\n', input->end - searched) != NULL)
            return true;
        searched = input->end;
        if (input->ended || (input->at == 0 && input->end == ROOM))
            return true; /* a line longer than the buffer is not held back for its end */
        if (!has_arrived(input))
            return false;
        memmove(input->bytes, input->bytes + input->at, input->end - input->at);
        input->end -= input->at;
        searched -= input->at;
        input->at = 0;
        read_more(input);
    }
}
