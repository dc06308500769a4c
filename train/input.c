/*
 * Bytes from a file or a pipe: see input.h.
 */
#include "input.h"

#include <errno.h>
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
    *input = (yg_input){0};
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
    } else {
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
