/*
 * Reading and writing whole files: see file.h.
 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Records "cannot <verb> '<path>': <the system's reason>". Always returns false. */
static bool fail_system(yg_error *error, const char *verb, const char *path, int reason) {
    char text[128];
    if (strerror_r(reason, text, sizeof text) != 0)
        snprintf(text, sizeof text, "system error %d", reason);
    return yg_fail(error, reason == ENOMEM ? YG_ERROR_MEMORY : YG_ERROR_IO, YG_NOWHERE,
                   "cannot %s '%s': %s", verb, path, text);
}

/* Reads to the end of `file`, at most `cap` bytes. `hint` is the expected size, or 0. */
static char *read_all(int file, const char *path, size_t hint, size_t cap, size_t *size,
                      yg_error *error) {
    /* Reads one byte more than `cap`, to tell a file that is too large from one that just fits. */
    size_t room = hint < cap ? hint + 1 : cap + 1;
    if (room < 4096)
        room = 4096;
    char *data = malloc(room + 1);
    size_t used = 0;
    while (data != NULL) {
        const ssize_t got = read(file, data + used, room - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            fail_system(error, "read", path, errno);
            free(data);
            return NULL;
        }
        if (got == 0)
            break;
        used += (size_t)got;
        if (used > cap) {
            yg_fail(error, YG_ERROR_IO, YG_NOWHERE, "'%s' is too large: at most %zu bytes are read",
                    path, cap);
            free(data);
            return NULL;
        }
        if (used == room) {
            const size_t larger = room <= (SIZE_MAX - 1) / 2 ? 2 * room : 0;
            char *moved = larger > 0 ? realloc(data, larger + 1) : NULL;
            if (moved == NULL)
                free(data);
            data = moved;
            room = larger;
        }
    }
    if (data == NULL) {
        yg_fail_memory(error);
        return NULL;
    }
    data[used] = '\0';
    *size = used;
    return data;
}

char *yg_file_read(const char *path, size_t cap, size_t *size, yg_error *error) {
    *size = 0;
    if (cap > SIZE_MAX - 2)
        cap = SIZE_MAX - 2;
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        fail_system(error, "open", path, errno);
        return NULL;
    }
    struct stat status;
    char *data = NULL;
    if (fstat(file, &status) != 0)
        fail_system(error, "open", path, errno);
    else if (S_ISDIR(status.st_mode))
        yg_fail(error, YG_ERROR_IO, YG_NOWHERE, "cannot read '%s': it is a folder, not a file",
                path);
    else
        data =
            read_all(file, path, status.st_size > 0 ? (size_t)status.st_size : 0, cap, size, error);
    close(file);
    return data;
}

static bool write_all(int file, const char *data, size_t size) {
    while (size > 0) {
        const ssize_t put = write(file, data, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        data += put;
        size -= (size_t)put;
    }
    return true;
}

/* Copies a spool from its beginning. False with the system's reason in errno. */
static bool copy_spool(int file, FILE *spool) {
    enum { PIECE = 1 << 16 };
    char *piece = malloc(PIECE);
    bool good = piece && fseek(spool, 0, SEEK_SET) == 0;
    for (size_t got = 1; good && got > 0;) {
        got = fread(piece, 1, PIECE, spool);
        good = !ferror(spool) && write_all(file, piece, got);
    }
    const int reason = piece ? errno : ENOMEM;
    free(piece);
    errno = reason;
    return good;
}

/* What is to be written. */
typedef struct content {
    const yg_file_part *parts;
    size_t count;
} content;

static bool write_content(int file, const content *content) {
    for (size_t i = 0; i < content->count; i++) {
        const yg_file_part *part = &content->parts[i];
        if ((part->data && !write_all(file, part->data, part->size)) ||
            (part->spool && !copy_spool(file, part->spool)))
            return false;
    }
    return true;
}

/* ------------------------------------------------------------------------- where to write --- */

/* `path` with the part after its last slash replaced by `name`; just `name` if that is absolute.
 * Freed by the caller; NULL when out of memory. */
static char *beside(const char *path, const char *name) {
    const char *slash = strrchr(path, '/');
    const size_t kept = name[0] == '/' || !slash ? 0 : (size_t)(slash - path) + 1;
    char *joined = malloc(kept + strlen(name) + 1);
    if (joined) {
        memcpy(joined, path, kept);
        strcpy(joined + kept, name); /* NOLINT: there is room for it */
    }
    return joined;
}

/* The file that `path` leads to when symbolic links are followed; it need not exist. Freed by the
 * caller. NULL on failure, with the system's reason in errno. */
static char *follow_links(const char *path) {
    enum { LINKS = 40, NAME = 4096 };
    char *at = strdup(path), *name = malloc(NAME);
    struct stat status;
    for (int i = 0; at && name; i++) {
        if (lstat(at, &status) != 0 || !S_ISLNK(status.st_mode)) {
            free(name);
            return at;
        }
        const ssize_t length = i < LINKS ? readlink(at, name, NAME - 1) : -1;
        if (i == LINKS)
            errno = ELOOP;
        if (length < 0)
            break;
        name[length] = '\0';
        char *next = beside(at, name);
        free(at);
        at = next;
    }
    const int reason = at && name ? errno : ENOMEM;
    free(at);
    free(name);
    errno = reason;
    return NULL;
}

/* Whether a path must be written to directly, because renaming another file over it would not do: a
 * device, a pipe, a socket, or a file that a process has open, by its name in /proc. */
static bool is_written_through(const char *path, const char *target) {
    struct stat status;
    return strncmp(target, "/proc/", strlen("/proc/")) == 0 ||
           strncmp(path, "/dev/fd/", strlen("/dev/fd/")) == 0 ||
           (stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode));
}

/* Creates a new file next to `path` and writes its name to `temporary`, of `room` bytes. `access`:
 * O_WRONLY or O_RDWR. */
static int open_temporary(const char *path, int access, char *temporary, size_t room) {
    /* mkstemp() is not used, because only the owner may read its files. They could be given the
     * usual permissions only by asking for the umask, which changes it for the whole process. */
    for (int attempt = 0; attempt < 1000; attempt++) {
        snprintf(temporary, room, "%s.%ld.%d.tmp", path, (long)getpid(), attempt);
        const int file = open(temporary, access | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (file >= 0 || errno != EEXIST)
            return file;
    }
    return -1;
}

bool yg_file_is_temporary(const char *name, const char *of) {
    const size_t length = strlen(of);
    if (strncmp(name, of, length) != 0)
        return false;
    const char *at = name + length;
    for (int i = 0; i < 2; i++) {
        const size_t digits = *at == '.' ? strspn(at + 1, "0123456789") : 0;
        if (digits == 0)
            return false;
        at += 1 + digits;
    }
    return strcmp(at, ".tmp") == 0;
}

/* --------------------------------------------------------------------------------- writing --- */

/* The system's reason for a failure, or 0. */
static int write_through(const char *path, const content *content) {
    const int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0)
        return errno;
    const int reason = write_content(file, content) ? 0 : errno;
    return close(file) != 0 && reason == 0 ? errno : reason;
}

/* Gives the new file the permissions of the file that it replaces, as far as the system allows. */
static void keep_mode(int file, const char *target) {
    struct stat status;
    if (stat(target, &status) == 0 && fchmod(file, status.st_mode & 07777) != 0)
        errno = 0; /* no failure: the content is right with other permissions too */
}

static int replace(const char *target, const content *content) {
    const size_t room = strlen(target) + 48;
    char *temporary = malloc(room);
    if (!temporary)
        return ENOMEM;
    const int file = open_temporary(target, O_WRONLY, temporary, room);
    int reason = file < 0 ? errno : 0;
    if (file >= 0) {
        keep_mode(file, target);
        if (!write_content(file, content) || fsync(file) != 0)
            reason = errno;
        if (close(file) != 0 && reason == 0)
            reason = errno;
        if (reason == 0 && rename(temporary, target) != 0)
            reason = errno;
        if (reason != 0)
            unlink(temporary);
    }
    free(temporary);
    return reason;
}

bool yg_file_write_parts(const char *path, const yg_file_part *parts, size_t count,
                         yg_error *error) {
    const content content = {parts, count};
    char *target = follow_links(path);
    if (!target)
        return fail_system(error, "write", path, errno);
    const int reason = is_written_through(path, target) ? write_through(path, &content)
                                                        : replace(target, &content);
    free(target);
    return reason == 0 || fail_system(error, "write", path, reason);
}

bool yg_file_write(const char *path, const void *data, size_t size, yg_error *error) {
    return yg_file_write_parts(path, &(yg_file_part){.data = data, .size = size}, 1, error);
}

FILE *yg_file_spool(const char *path, yg_error *error) {
    char *target = follow_links(path);
    const size_t room = target ? strlen(target) + 48 : 0;
    char *temporary = target ? malloc(room) : NULL;
    FILE *spool = NULL;
    if (temporary && is_written_through(path, target)) {
        spool = tmpfile();
    } else if (temporary) {
        const int file = open_temporary(target, O_RDWR, temporary, room);
        spool = file >= 0 ? fdopen(file, "w+b") : NULL;
        const int reason = errno;
        if (file >= 0) {
            (void)unlink(temporary);
            if (!spool)
                close(file);
        }
        errno = reason;
    }
    if (!spool)
        fail_system(error, "write", path, target && !temporary ? ENOMEM : errno);
    free(temporary);
    free(target);
    return spool;
}

/* --------------------------------------------------------------------------------- folders --- */

/* mkdir(), but a folder that exists is a success. Returns 0, or the system's reason. */
static int make_one(const char *path) {
    if (mkdir(path, 0777) == 0)
        return 0;
    const int reason = errno;
    struct stat status;
    if (stat(path, &status) == 0)
        return S_ISDIR(status.st_mode) ? 0 : ENOTDIR;
    return reason;
}

bool yg_file_make_folder(const char *path, yg_error *error) {
    const size_t length = strlen(path);
    char *partial = malloc(length + 1);
    if (partial == NULL)
        return yg_fail_memory(error);
    memcpy(partial, path, length + 1);
    int reason = 0;
    for (size_t i = 1; i <= length && reason == 0; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        partial[i] = '\0';
        reason = make_one(partial);
        partial[i] = path[i];
    }
    free(partial);
    return reason == 0 || fail_system(error, "make the folder", path, reason);
}
