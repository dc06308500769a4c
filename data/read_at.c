/*
 * Reading pieces of a file: see read_at.h.
 */
#include "read_at.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

bool yg_read_at(int file, int64_t offset, void *bytes, size_t size, const char *path,
                yg_error *error) {
    const yg_origin origin = {path, 0, 0};
    for (char *to = bytes; size > 0;) {
        const ssize_t got = pread(file, to, size, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return yg_fail(error, YG_ERROR_IO, origin, "cannot read it: %s", strerror(errno));
        if (got == 0)
            return yg_fail(error, YG_ERROR_DATA, origin, "the file is cut off");
        to += got;
        offset += got;
        size -= (size_t)got;
    }
    return true;
}
