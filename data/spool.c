/*
 * Spools: see spool.h.
 */
#include "spool.h"

#include "decoder.h"
#include "digest.h"
#include "sequences.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *folder_of_files(void) {
    const char *folder = getenv("TMPDIR");
    return folder && *folder ? folder : "/var/tmp";
}

static bool fail_write(yg_error *error) {
    return yg_fail(
        error, YG_ERROR_IO, YG_NOWHERE,
        "the data are larger than `memory:` of the section `data`, and cannot be kept in "
        "a file in %s: %s; set TMPDIR to a folder with more room",
        folder_of_files(), strerror(errno));
}

/* A new file without a name; -1 on failure. */
static int make_file(yg_error *error) {
    static const char name[] = "yamlgrad-XXXXXX";
    const char *folder = folder_of_files();
    const size_t size = strlen(folder) + sizeof name + 1;
    char *path = malloc(size);
    if (!path) {
        yg_fail_memory(error);
        return -1;
    }
    snprintf(path, size, "%s/%s", folder, name);
    const int file = mkstemp(path);
    if (file < 0) {
        fail_write(error);
    } else {
        unlink(path);
        fcntl(file, F_SETFD, FD_CLOEXEC);
    }
    free(path);
    return file;
}

yg_spool *yg_spool_new(const yg_dataset *dataset, int64_t memory, yg_error *error) {
    yg_spool *spool = calloc(1, sizeof *spool);
    int *files = calloc(dataset->port_count + 1, sizeof *files);
    uint64_t *digests = calloc(dataset->port_count + 1, sizeof *digests);
    if (!spool || !files || !digests) {
        free(spool);
        free(files);
        free(digests);
        yg_fail_memory(error);
        return NULL;
    }
    *spool = (yg_spool){
        .port_count = dataset->port_count, .files = files, .memory = memory, .digests = digests};
    for (size_t p = 0; p < spool->port_count; p++) {
        files[p] = -1;
        digests[p] = YG_DIGEST_BEGIN;
    }
    for (size_t p = 0; p < spool->port_count; p++)
        if (dataset->ports[p].data && (files[p] = make_file(error)) < 0) {
            yg_spool_free(spool);
            return NULL;
        }
    return spool;
}

void yg_spool_free(yg_spool *spool) {
    if (!spool)
        return;
    for (size_t p = 0; p < spool->port_count; p++)
        if (spool->files[p] >= 0)
            close(spool->files[p]);
    free(spool->files);
    free(spool->digests);
    yg_sequences_free(spool->sequences);
    free(spool);
}

uint64_t yg_spool_digest(const yg_spool *spool) {
    return yg_digest(YG_DIGEST_BEGIN, spool->digests, spool->port_count * sizeof *spool->digests);
}

static bool write_at(int file, const char *bytes, size_t size, int64_t offset, yg_error *error) {
    while (size > 0) {
        const ssize_t written = pwrite(file, bytes, size, offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return fail_write(error);
        bytes += written;
        size -= (size_t)written;
        offset += written;
    }
    return true;
}

static size_t row_bytes(const yg_elements *elements) {
    return (size_t)yg_elements_row(elements) * yg_elements_size(elements);
}

/* Notes which rows the examples have that were appended. */
static bool append_sequences(yg_spool *spool, const yg_dataset *dataset, yg_error *error) {
    const yg_sequences *from = dataset->sequences;
    if (!from)
        return true;
    if (!spool->sequences && !(spool->sequences = calloc(1, sizeof *spool->sequences)))
        return yg_fail_memory(error);
    yg_sequences *to = spool->sequences;
    for (int64_t e = 0; e < from->count; e++)
        if (!yg_sequences_add(to, to->rows + from->begins[e], from->lengths[e], error))
            return false;
    to->rows += from->rows;
    return true;
}

bool yg_spool_append(yg_spool *spool, const yg_dataset *dataset, int64_t count, int64_t before,
                     yg_error *error) {
    for (size_t p = 0; p < spool->port_count; p++) {
        const yg_elements *elements = &dataset->ports[p];
        const size_t row = row_bytes(elements);
        const int64_t rows = elements->ragged ? dataset->sequences->rows : count;
        const int64_t at = !elements->ragged  ? before
                           : spool->sequences ? spool->sequences->rows
                                              : 0;
        if (spool->files[p] < 0)
            continue;
        for (int64_t e = 0; e < rows; e++)
            spool->digests[p] = yg_digest(spool->digests[p], yg_elements_at(elements, e), row);
        if (!write_at(spool->files[p], elements->data, row * (size_t)rows, at * (int64_t)row,
                      error))
            return false;
    }
    return append_sequences(spool, dataset, error);
}

bool yg_spool_replace(const yg_dataset *dataset, size_t port, int64_t first, int64_t count,
                      const void *from, yg_error *error) {
    const size_t row = row_bytes(&dataset->ports[port]);
    return write_at(dataset->spool->files[port], from, row * (size_t)count, first * (int64_t)row,
                    error);
}

bool yg_spool_read(const yg_dataset *dataset, size_t port, int64_t first, int64_t count, void *to,
                   yg_error *error) {
    const size_t row = row_bytes(&dataset->ports[port]);
    const volatile sig_atomic_t *stop = dataset->spool->stop;
    size_t left = row * (size_t)count;
    int64_t offset = first * (int64_t)row;
    char *at = to;
    if (stop && *stop)
        return yg_fail(error, YG_ERROR_IO, YG_NOWHERE, YG_INTERRUPTED);
    while (left > 0) {
        const ssize_t got = pread(dataset->spool->files[port], at, left, offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return yg_fail(error, YG_ERROR_IO, YG_NOWHERE,
                           "the data that are kept in a file in %s can no longer be read: %s",
                           folder_of_files(), got ? strerror(errno) : "it was cut off");
        at += got;
        left -= (size_t)got;
        offset += got;
    }
    return true;
}

/* The numbers of an example never reach beyond its old elements, so the file is written over from
 * its beginning. */
bool yg_spool_decode(yg_dataset *dataset, size_t port, yg_error *error) {
    enum { ROOM = 256 * 1024 };
    yg_elements *elements = &dataset->ports[port];
    const size_t from = row_bytes(elements);
    const size_t to = (size_t)elements->width * yg_dtype_size(elements->dtype);
    const int64_t room = from && from < ROOM ? (int64_t)(ROOM / from) : 1;
    const int file = dataset->spool->files[port];
    char *bytes = malloc((size_t)room * from + 1), *numbers = malloc((size_t)room * to + 1);
    bool good = (bytes && numbers) || yg_fail_memory(error);
    const int64_t total = yg_dataset_rows(dataset, port);
    for (int64_t at = 0; good && at < total; at += room) {
        const int64_t count = total - at < room ? total - at : room;
        good = yg_spool_read(dataset, port, at, count, bytes, error);
        if (good)
            yg_decode(elements->decoder, bytes, count, numbers);
        good = good && write_at(file, numbers, (size_t)count * to, at * (int64_t)to, error);
    }
    free(bytes);
    free(numbers);
    if (!good)
        return false;
    if (ftruncate(file, total * (int64_t)to) != 0)
        return fail_write(error);
    yg_decoder_free(elements->decoder);
    elements->decoder = NULL;
    return true;
}
