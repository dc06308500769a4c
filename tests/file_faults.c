/*
 * Calls that fail: see file_faults.h. The linker sends each call of NAME to __wrap_NAME, and
 * __real_NAME is the C library's.
 */
#include "file_faults.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static fault_kind chosen;
static int64_t when;
static int64_t counts[FAULT_KINDS];
static bool came;

void fault_at(fault_kind kind, int64_t n) {
    chosen = kind;
    when = n;
    came = false;
    memset(counts, 0, sizeof counts);
}

bool fault_came(void) {
    return came;
}

/* Counts a call; true where it is to fail. */
static bool fails(fault_kind kind, int reason) {
    counts[kind]++;
    const bool now = when < 0 ? counts[kind] >= -when : counts[kind] == when;
    if (kind != chosen || when == 0 || !now)
        return false;
    came = true;
    errno = reason;
    return true;
}

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c): the linker's names */
ssize_t __real_write(int file, const void *data, size_t size);
int __real_fsync(int file);
int __real_rename(const char *from, const char *to);

ssize_t __wrap_write(int file, const void *data, size_t size);
int __wrap_fsync(int file);
int __wrap_rename(const char *from, const char *to);

/* A full disk takes a part of the bytes first, as a real one does. */
ssize_t __wrap_write(int file, const void *data, size_t size) {
    if (!fails(FAULT_WRITE, ENOSPC))
        return __real_write(file, data, size);
    if (size > 1)
        (void)!__real_write(file, data, size / 2);
    errno = ENOSPC;
    return -1;
}

int __wrap_fsync(int file) {
    return fails(FAULT_SYNC, EIO) ? -1 : __real_fsync(file);
}

int __wrap_rename(const char *from, const char *to) {
    if (fails(FAULT_KILL, 0))
        _exit(FAULT_STATUS);
    return fails(FAULT_RENAME, EACCES) ? -1 : __real_rename(from, to);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c) */
