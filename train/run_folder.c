/*
 * A run's folder: see run_folder.h.
 */
#define _XOPEN_SOURCE 700 /* realpath() */
#include "run_folder.h"

#include "../graph/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char lock_name[] = "run.lock";
/* While an older run's files are moved away, this file holds the name of the folder that they go
 * to. A process that ends within the move leaves it; then the next run in the folder moves the
 * files back. */
static const char moving_name[] = "run.moving";

/* In the order in which they are moved away. */
static const char *const own_names[] = {
    YG_RUN_CURVE, YG_RUN_PICTURES, YG_RUN_REPORT,  YG_RUN_FINDINGS,  YG_RUN_EVENTS,  YG_RUN_EPOCHS,
    YG_RUN_START, YG_RUN_LAST,     YG_RUN_WEIGHTS, YG_RUN_RECORD,    YG_RUN_METRICS, YG_RUN_HISTORY,
    YG_RUN_MODEL, YG_RUN_SECOND,   YG_RUN_FAILED,  YG_RUN_CHECKPOINT};

enum { OWN_NAMES = sizeof own_names / sizeof *own_names };

char *yg_run_path(const char *folder, const char *name, yg_error *error) {
    const size_t size = strlen(folder) + strlen(name) + 2;
    char *path = malloc(size);
    if (path)
        snprintf(path, size, "%s/%s", folder, name);
    else
        yg_fail_memory(error);
    return path;
}

char *yg_run_folder_name(const yg_model *model, const char *out, yg_error *error) {
    if (out && !*out) {
        yg_fail(error, YG_ERROR_ARGUMENT, YG_NOWHERE, "the run's folder needs a name");
        return NULL;
    }
    char *folder = out ? strdup(out) : yg_run_path("runs", yg_model_name(model), error);
    if (!folder)
        yg_fail_memory(error);
    for (size_t end = folder ? strlen(folder) : 0; end > 1 && folder[end - 1] == '/'; end--)
        folder[end - 1] = '\0';
    return folder;
}

/* --------------------------------------------------------------------------------- locking --- */

/* The number of the process that has the lock, which wrote it into the file; "": it is not known.
 */
enum { HOLDER = 24 };
static void read_holder(int lock, char holder[HOLDER]) {
    const ssize_t length = pread(lock, holder, HOLDER - 1, 0);
    holder[length > 0 ? length : 0] = '\0';
    holder[strspn(holder, "0123456789")] = '\0';
}

static bool fail_locked(const char *folder, int lock, yg_error *error) {
    char holder[HOLDER];
    read_holder(lock, holder);
    return yg_fail(error, YG_ERROR_IO, YG_NOWHERE,
                   "'%s' is in use by another run%s%s%s; wait for it, or choose another folder",
                   folder, *holder ? " (process " : "", holder, *holder ? ")" : "");
}

bool yg_run_folder_in_use(const char *path) {
    char *name = yg_run_path(path, lock_name, NULL), holder[HOLDER];
    const int lock = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
    free(name);
    if (lock < 0)
        return false;
    /* A lock of this process is one through another opening of the file, so it is in the way too.
     */
    const bool taken = flock(lock, LOCK_SH | LOCK_NB) != 0;
    read_holder(lock, holder);
    close(lock);
    return taken && strtoll(holder, NULL, 10) != (long long)getpid();
}

/* Whether `lock` is still the file of that name. A run removes its lock file when it ends. If that
 * happens between our open() and flock(), we hold a lock on a file that nobody else can find. */
static bool is_current(int lock, const char *path) {
    struct stat mine, there;
    return fstat(lock, &mine) == 0 && stat(path, &there) == 0 && mine.st_ino == there.st_ino &&
           mine.st_dev == there.st_dev;
}

static bool take_lock(yg_run_folder *folder, const char *path, yg_error *error) {
    for (int attempt = 0; attempt < 100; attempt++) {
        const int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (lock < 0)
            return yg_fail(error, YG_ERROR_IO, YG_NOWHERE, "cannot write into '%s': %s",
                           folder->path, strerror(errno));
        const bool locked = flock(lock, LOCK_EX | LOCK_NB) == 0;
        if (!locked && errno == EWOULDBLOCK) {
            fail_locked(folder->path, lock, error);
            close(lock);
            return false;
        }
        /* A file system without locks: the run goes on without one. */
        if (!locked || is_current(lock, path)) {
            char number[24];
            const int length = snprintf(number, sizeof number, "%ld\n", (long)getpid());
            if (ftruncate(lock, 0) != 0 || pwrite(lock, number, (size_t)length, 0) != length)
                errno = 0; /* the number is for messages only */
            folder->lock = lock;
            return true;
        }
        close(lock);
    }
    return yg_fail(error, YG_ERROR_IO, YG_NOWHERE, "cannot lock '%s'", path);
}

/* -------------------------------------------------------------------------------- contents --- */

static bool is_own(const char *name) {
    for (size_t i = 0; i < OWN_NAMES; i++)
        if (strcmp(name, own_names[i]) == 0)
            return true;
    return false;
}

/* The runs of cross-validation, `fold-1` and so on, and older ones, `fold-1-1`, stand in the folder
 * of the model's own run. */
static bool is_fold(const char *name) {
    static const char start[] = "fold-";
    const size_t size = sizeof start - 1;
    return strncmp(name, start, size) == 0 && name[size] &&
           name[size + strspn(name + size, "0123456789-")] == '\0';
}

static bool is_left_over(const char *name) {
    if (yg_file_is_temporary(name, moving_name))
        return true;
    for (size_t i = 0; i < OWN_NAMES; i++)
        if (yg_file_is_temporary(name, own_names[i]))
            return true;
    return false;
}

/* Removes the temporary files of a killed run from its folder of epochs, if there is one. */
static void clean_epochs(const char *run) {
    char *path = yg_run_path(run, YG_RUN_EPOCHS, NULL);
    DIR *entries = path ? opendir(path) : NULL;
    const struct dirent *entry;
    while (entries && (entry = readdir(entries))) {
        const char *name = entry->d_name, *end = strstr(name, ".safetensors.");
        char *of = end ? strndup(name, (size_t)(end - name) + strlen(".safetensors")) : NULL;
        if (of && yg_file_is_temporary(name, of))
            unlinkat(dirfd(entries), name, 0);
        free(of);
    }
    if (entries)
        closedir(entries);
    free(path);
}

/* Looks at one name in the folder. Removes it if it is a temporary file of a killed run. *own
 * becomes true for a file of a run, *other the first name of any other file (freed by the caller).
 */
static bool look_at(const yg_run_folder *folder, const char *name, bool *own, char **other,
                    yg_error *error) {
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, lock_name) == 0)
        return true;
    if (is_fold(name))
        return true;
    if (is_left_over(name)) {
        char *path = yg_run_path(folder->path, name, error);
        if (path)
            unlink(path);
        free(path);
        return path != NULL;
    }
    if (is_own(name))
        *own = true;
    else if (!*other && !(*other = strdup(name)))
        return yg_fail_memory(error);
    return true;
}

static bool look(const yg_run_folder *folder, yg_error *error) {
    DIR *entries = opendir(folder->path);
    const struct dirent *entry;
    bool good = true, own = false;
    char *other = NULL;
    if (!entries)
        return yg_fail(error, YG_ERROR_IO, YG_NOWHERE, "cannot use '%s' as the run's folder: %s",
                       folder->path, strerror(errno));
    while (good && (entry = readdir(entries)))
        good = look_at(folder, entry->d_name, &own, &other, error);
    closedir(entries);
    clean_epochs(folder->path);
    if (good && own && other && !folder->resumed)
        good = yg_fail(error, YG_ERROR_IO, YG_NOWHERE,
                       "'%s' holds files that a run would write over, and others, such as '%s'; "
                       "choose another folder",
                       folder->path, other);
    free(other);
    return good;
}

/* ----------------------------------------------------------------------------- moving away --- */

/* The path beside which an older run is kept. A link is followed, and "." or ".." is replaced by
 * the folder's name: otherwise the new folder would stand beside the link or be called ".-1". Freed
 * by the caller. */
static char *place_of(const char *path, yg_error *error) {
    struct stat status;
    const char *slash = strrchr(path, '/'), *last = slash ? slash + 1 : path;
    const bool dots = strcmp(last, ".") == 0 || strcmp(last, "..") == 0 || *last == '\0';
    const bool link = lstat(path, &status) == 0 && S_ISLNK(status.st_mode);
    char *place = dots || link ? realpath(path, NULL) : strdup(path);
    if (!place)
        yg_fail(error, YG_ERROR_IO, YG_NOWHERE, "cannot use '%s' as the run's folder: %s", path,
                strerror(errno));
    return place;
}

/* Moves a file of that name, if there is one. */
static bool move_one(const char *from, const char *to, const char *name, yg_error *error) {
    char *old = yg_run_path(from, name, error), *new = yg_run_path(to, name, error);
    const bool good = old && new &&
                      (rename(old, new) == 0 || errno == ENOENT ||
                       yg_fail(error, YG_ERROR_IO, YG_NOWHERE, "cannot rename '%s' to '%s': %s",
                               old, new, strerror(errno)));
    free(old);
    free(new);
    return good;
}

/* Notes in the folder that its files go to `to`, a folder beside it. */
static bool note_move(const char *from, const char *to, yg_error *error) {
    const char *slash = strrchr(to, '/'), *name = slash ? slash + 1 : to;
    char *path = yg_run_path(from, moving_name, error);
    const bool good = path && yg_file_write(path, name, strlen(name), error);
    free(path);
    return good;
}

static void forget_move(const char *from) {
    char *path = yg_run_path(from, moving_name, NULL);
    if (path)
        unlink(path);
    free(path);
}

/* Makes the folder PLACE-1, or with the next free number, for the files of `from`. The move is
 * noted before the folder is there: where the process is killed between the two, the next run finds
 * the note and nothing is left over. Its name is freed by the caller; NULL on failure. */
static char *make_beside(const char *from, const char *place, yg_error *error) {
    const size_t size = strlen(place) + 16;
    char *name = malloc(size);
    int reason = EEXIST;
    if (!name) {
        yg_fail_memory(error);
        return NULL;
    }
    for (int number = 1; number < 1000000 && reason == EEXIST; number++) {
        struct stat status;
        snprintf(name, size, "%s-%d", place, number);
        if (lstat(name, &status) == 0 && rmdir(name) != 0)
            continue; /* taken; an empty folder is not */
        if (!note_move(from, name, error)) {
            free(name);
            return NULL;
        }
        if (mkdir(name, 0777) == 0)
            return name;
        reason = errno;
    }
    forget_move(from);
    yg_fail(error, YG_ERROR_IO, YG_NOWHERE, "cannot keep the older run of '%s' in '%s': %s", place,
            name, strerror(reason));
    free(name);
    return NULL;
}

/* Moves a run's files, when make_beside() has noted it. Where one cannot be moved, those before it
 * are moved back. */
static bool move_all(const char *from, const char *to, yg_error *error) {
    size_t done = 0;
    bool good = true;
    for (; good && done < OWN_NAMES; done += good)
        good = move_one(from, to, own_names[done], error);
    while (!good && done-- > 0)
        move_one(to, from, own_names[done], NULL);
    if (!good)
        rmdir(to);
    forget_move(from);
    return good;
}

/* Whether `name` is one that make_beside() gives: that of `place`, a hyphen and a number. */
static bool is_beside(const char *place, const char *name) {
    const char *slash = strrchr(place, '/'), *own = slash ? slash + 1 : place;
    const size_t length = strlen(own);
    return strncmp(name, own, length) == 0 && name[length] == '-' && name[length + 1] != '\0' &&
           name[length + 1 + strspn(name + length + 1, "0123456789")] == '\0';
}

/* Moves the files that `name`, a folder beside `place`, has back to `path`. A file that `path` has
 * too was not moved yet, or is of the same run: it stays. */
static bool move_back(const char *path, const char *place, const char *name, yg_error *error) {
    const char *slash = strrchr(place, '/');
    const int folder = slash ? (int)(slash + 1 - place) : 0;
    const size_t size = strlen(place) + strlen(name) + 2;
    char *beside = malloc(size);
    bool good = beside || yg_fail_memory(error);
    if (good)
        snprintf(beside, size, "%.*s%s", folder, place, name);
    for (size_t i = 0; good && i < OWN_NAMES; i++) {
        struct stat status;
        char *here = yg_run_path(path, own_names[i], error);
        good = here && (lstat(here, &status) == 0 || move_one(beside, path, own_names[i], error));
        free(here);
    }
    if (good)
        rmdir(beside);
    free(beside);
    return good;
}

/* Takes back a move that a process began and did not end. */
static bool recover(const char *path, yg_error *error) {
    enum { LARGEST = 4096 };
    struct stat status;
    size_t size;
    char *note = yg_run_path(path, moving_name, error);
    bool good = note != NULL;
    if (good && lstat(note, &status) == 0) {
        char *name = yg_file_read(note, LARGEST, &size, error);
        char *place = name ? place_of(path, error) : NULL;
        good = place && (!is_beside(place, name) || move_back(path, place, name, error));
        if (good)
            forget_move(path);
        free(place);
        free(name);
    }
    free(note);
    return good;
}

/* Whether the folder has a file of a run, other than one called `but`, if that is not NULL. */
static bool holds_run(const char *path, const char *but) {
    for (size_t i = 0; i < OWN_NAMES; i++) {
        struct stat status;
        if (but && strcmp(own_names[i], but) == 0)
            continue;
        char *name = yg_run_path(path, own_names[i], NULL);
        const bool there = !name || lstat(name, &status) == 0;
        free(name);
        if (there)
            return true;
    }
    return false;
}

bool yg_run_folder_begin(yg_run_folder *folder, char **moved, yg_error *error) {
    if (folder->begun || folder->resumed || !holds_run(folder->path, NULL)) {
        folder->begun = true;
        return true;
    }
    char *place = place_of(folder->path, error);
    char *beside = place ? make_beside(folder->path, place, error) : NULL;
    free(place);
    if (!beside || !move_all(folder->path, beside, error)) {
        free(beside);
        return false;
    }
    *moved = beside;
    folder->begun = true;
    return true;
}

void yg_run_folder_take_back(yg_run_folder *folder, char **moved) {
    static const char *const written[] = {YG_RUN_MODEL, YG_RUN_SECOND, YG_RUN_START};
    for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
        char *path = yg_run_path(folder->path, written[i], NULL);
        if (path)
            unlink(path);
        free(path);
    }
    const char *slash = *moved ? strrchr(*moved, '/') : NULL;
    if (*moved && move_back(folder->path, *moved, slash ? slash + 1 : *moved, NULL)) {
        free(*moved);
        *moved = NULL;
    }
    folder->begun = false;
}

char *yg_run_folder_failed(const yg_run_folder *folder, yg_error *error) {
    if (folder->begun || folder->resumed || !holds_run(folder->path, YG_RUN_FAILED))
        return yg_run_path(folder->path, YG_RUN_FAILED, error);
    char *place = place_of(folder->path, error);
    const size_t size = place ? strlen(place) + sizeof "-" YG_RUN_FAILED : 0;
    char *path = place ? malloc(size) : NULL;
    if (path)
        snprintf(path, size, "%s-" YG_RUN_FAILED, place);
    else if (place)
        yg_fail_memory(error);
    free(place);
    return path;
}

/* ----------------------------------------------------------------------- opening, closing --- */

bool yg_run_folder_open(const char *path, bool resumed, yg_run_folder *folder, yg_error *error) {
    struct stat status;
    *folder = (yg_run_folder){.path = path, .lock = -1, .resumed = resumed};
    folder->made = stat(path, &status) != 0;
    if (!yg_file_make_folder(path, error))
        return false;
    folder->lock_path = yg_run_path(path, lock_name, error);
    return folder->lock_path && take_lock(folder, folder->lock_path, error) &&
           recover(path, error) && look(folder, error);
}

void yg_run_folder_close(yg_run_folder *folder) {
    if (folder->lock >= 0) {
        unlink(folder->lock_path);
        close(folder->lock);
    }
    free(folder->lock_path);
    folder->lock_path = NULL;
    folder->lock = -1;
    if (folder->made)
        rmdir(folder->path); /* it fails where there is something in it, as it should */
}
