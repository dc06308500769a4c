/*
 * Reading and writing zip archives: see zip.h.
 *
 * An archive ends with a directory of its entries. Sizes and offsets of 4 GiB and more do not fit
 * the 32 bits that the format began with. Then the field has all bits set, and the number stands in
 * an extra field ("zip64").
 */
#include "zip.h"

#include "read_at.h"

#include <stdlib.h>
#include <string.h>

enum {
    LOCAL = 0x04034b50,
    CENTRAL = 0x02014b50,
    END = 0x06054b50,
    END64 = 0x06064b50,
    LOCATOR64 = 0x07064b50,
    LOCAL_SIZE = 30,
    CENTRAL_SIZE = 46,
    END_SIZE = 22,
    END64_SIZE = 56,
    LOCATOR64_SIZE = 20,
    COMMENT_CAP = 65535,
    EXTRA64 = 1, /* the mark of a zip64 extra field */
    ENCRYPTED = 1,
    STORED = 0,
    DEFLATED = 8,
    VERSION = 20,
    VERSION64 = 45,
};
static const uint32_t FULL = UINT32_MAX;
static const int64_t DIRECTORY_CAP = 1 << 28;

uint32_t yg_checksum(uint32_t before, const void *bytes, size_t size) {
    /* The remainders of four bits, with the polynomial 0xedb88320. */
    uint32_t table[16], sum = ~before;
    for (uint32_t i = 0; i < 16; i++) {
        table[i] = i;
        for (int k = 0; k < 4; k++)
            table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320u : 0);
    }
    for (const unsigned char *at = bytes; size-- > 0; at++) {
        sum ^= *at;
        sum = sum >> 4 ^ table[sum & 15];
        sum = sum >> 4 ^ table[sum & 15];
    }
    return ~sum;
}

/* ------------------------------------------------------------------------------- reading ---- */

/* A number of `size` bytes, little endian. */
static uint64_t number(const unsigned char *at, int size) {
    uint64_t value = 0;
    for (int i = size; i-- > 0;)
        value = value << 8 | at[i];
    return value;
}

static bool bad(const char *path, const char *what, yg_error *error) {
    return yg_fail(error, YG_ERROR_DATA, (yg_origin){path, 0, 0},
                   "not a zip archive, or damaged: %s", what);
}

/* Where the directory is. */
typedef struct directory {
    uint64_t count, size, offset;
} directory;

/* Takes the directory's place from the zip64 record, if a locator of it stands before the end. */
static bool read_end64(int file, int64_t end, const char *path, directory *d, yg_error *error) {
    unsigned char locator[LOCATOR64_SIZE], record[END64_SIZE];
    if (end < LOCATOR64_SIZE)
        return true;
    if (!yg_read_at(file, end - LOCATOR64_SIZE, locator, sizeof locator, path, error))
        return false;
    if (number(locator, 4) != LOCATOR64)
        return true;
    const uint64_t at = number(locator + 8, 8);
    if (end < END64_SIZE || at > (uint64_t)(end - END64_SIZE))
        return bad(path, "its zip64 directory lies outside", error);
    if (!yg_read_at(file, (int64_t)at, record, sizeof record, path, error))
        return false;
    if (number(record, 4) != END64)
        return bad(path, "its zip64 directory has no mark", error);
    *d = (directory){number(record + 32, 8), number(record + 40, 8), number(record + 48, 8)};
    return true;
}

/* Finds the record at the archive's end. A comment of up to 64 KiB may follow it. */
static bool find_directory(int file, int64_t size, const char *path, directory *d,
                           yg_error *error) {
    const int64_t tail = size < END_SIZE + COMMENT_CAP ? size : END_SIZE + COMMENT_CAP;
    unsigned char *bytes = malloc((size_t)tail + 1);
    if (!bytes)
        return yg_fail_memory(error);
    bool good = yg_read_at(file, size - tail, bytes, (size_t)tail, path, error);
    int64_t at = tail - END_SIZE;
    while (good && at >= 0 &&
           (number(bytes + at, 4) != END ||
            at + END_SIZE + (int64_t)number(bytes + at + 20, 2) != tail))
        at--;
    if (good && at < 0)
        good = bad(path, "it has no directory", error);
    if (good) {
        *d = (directory){number(bytes + at + 10, 2), number(bytes + at + 12, 4),
                         number(bytes + at + 16, 4)};
        good = read_end64(file, size - tail + at, path, d, error);
    }
    free(bytes);
    if (!good)
        return false;
    return (d->offset <= (uint64_t)size && d->size <= (uint64_t)size - d->offset &&
            d->size <= (uint64_t)DIRECTORY_CAP) ||
           bad(path, "its directory lies outside", error);
}

/* Replaces those of `count` values that are full by the numbers of the zip64 field, in order. */
static bool read_extra64(const unsigned char *extra, size_t size, uint64_t *const *values,
                         size_t count) {
    while (size >= 4) {
        const size_t length = (size_t)number(extra + 2, 2);
        if (length > size - 4)
            return false;
        if (number(extra, 2) == EXTRA64) {
            size_t at = 4;
            for (size_t i = 0; i < count; i++) {
                if (*values[i] != FULL)
                    continue;
                if (at + 8 > 4 + length)
                    return false;
                *values[i] = number(extra + at, 8);
                at += 8;
            }
            return true;
        }
        extra += 4 + length;
        size -= 4 + length;
    }
    return true;
}

/* Reads one entry of the directory and returns its length; 0 on failure. */
static size_t read_entry(const unsigned char *at, size_t left, int64_t file_size, const char *path,
                         yg_zip_entry *entry, yg_error *error) {
    if (left < CENTRAL_SIZE || number(at, 4) != CENTRAL)
        return bad(path, "an entry of its directory is cut off", error);
    const size_t name = (size_t)number(at + 28, 2), extra = (size_t)number(at + 30, 2);
    const size_t length = CENTRAL_SIZE + name + extra + (size_t)number(at + 32, 2);
    uint64_t compressed = number(at + 20, 4), size = number(at + 24, 4),
             offset = number(at + 42, 4);
    uint64_t *const values[] = {&size, &compressed, &offset};
    const uint64_t method = number(at + 10, 2);
    if (length > left || !read_extra64(at + CENTRAL_SIZE + name, extra, values, 3) ||
        size > INT64_MAX || offset > (uint64_t)file_size ||
        compressed > (uint64_t)file_size - offset)
        return bad(path, "an entry lies outside", error);
    *entry = (yg_zip_entry){.name = strndup((const char *)at + CENTRAL_SIZE, name),
                            .deflated = method == DEFLATED,
                            .checksum = (uint32_t)number(at + 16, 4),
                            .offset = (int64_t)offset,
                            .size = (int64_t)size,
                            .compressed = (int64_t)compressed};
    if (!entry->name)
        return yg_fail_memory(error);
    if (number(at + 8, 2) & ENCRYPTED || (method != STORED && method != DEFLATED))
        return yg_fail(error, YG_ERROR_DATA, (yg_origin){path, 0, 0},
                       "the entry '%s' is %s; entries must be stored or deflated", entry->name,
                       method == STORED || method == DEFLATED ? "encrypted"
                                                              : "compressed by another method");
    if (method == STORED && size != compressed)
        return bad(path, "a stored entry has two sizes", error);
    return length;
}

bool yg_zip_list(int file, int64_t size, const char *path, yg_zip *zip, yg_error *error) {
    directory d = {0};
    *zip = (yg_zip){0};
    if (!find_directory(file, size, path, &d, error))
        return false;
    if (d.count > d.size / CENTRAL_SIZE)
        return bad(path, "its directory is too short", error);
    unsigned char *bytes = malloc((size_t)d.size + 1);
    zip->entries = calloc((size_t)d.count + 1, sizeof *zip->entries);
    bool good = (bytes && zip->entries) || yg_fail_memory(error);
    good = good && yg_read_at(file, (int64_t)d.offset, bytes, (size_t)d.size, path, error);
    for (size_t at = 0; good && zip->count < d.count;) {
        const size_t length = read_entry(bytes + at, (size_t)d.size - at, size, path,
                                         &zip->entries[zip->count], error);
        zip->count++;
        at += length;
        good = length > 0;
    }
    free(bytes);
    return good;
}

void yg_zip_free(yg_zip *zip) {
    for (size_t i = 0; i < zip->count; i++)
        free(zip->entries[i].name);
    free(zip->entries);
    *zip = (yg_zip){0};
}

int64_t yg_zip_data_offset(int file, int64_t size, const char *path, const yg_zip_entry *entry,
                           yg_error *error) {
    unsigned char head[LOCAL_SIZE];
    if (!yg_read_at(file, entry->offset, head, sizeof head, path, error))
        return -1;
    const int64_t offset =
        entry->offset + LOCAL_SIZE + (int64_t)number(head + 26, 2) + (int64_t)number(head + 28, 2);
    if (number(head, 4) == LOCAL && offset <= size && entry->compressed <= size - offset)
        return offset;
    bad(path, "an entry has no head, or ends outside", error);
    return -1;
}

/* ------------------------------------------------------------------------------- writing ---- */

static void put(unsigned char **at, uint64_t value, int size) {
    for (int i = 0; i < size; i++, value >>= 8)
        *(*at)++ = (unsigned char)value;
}

static bool is_large(int64_t value) {
    return (uint64_t)value >= FULL;
}

/* A number as its 32-bit field shows it. */
static uint64_t field(int64_t value) {
    return is_large(value) ? FULL : (uint64_t)value;
}

/* The fields that local head and directory have in common, from the flags to the length of the
 * name. 1 January 1980, so that the same arrays give the same bytes. */
static void put_common(unsigned char **at, const yg_zip_entry *entry) {
    put(at, 0, 2);
    put(at, STORED, 2);
    put(at, 0, 2);
    put(at, 33, 2);
    put(at, entry->checksum, 4);
    put(at, field(entry->size), 4);
    put(at, field(entry->size), 4);
    put(at, strlen(entry->name), 2);
}

unsigned char *yg_zip_head(const yg_zip_entry *entry, size_t *size) {
    const bool large = is_large(entry->size);
    const size_t name = strlen(entry->name);
    *size = LOCAL_SIZE + name + (large ? 20 : 0);
    unsigned char *bytes = malloc(*size), *at = bytes;
    if (!bytes)
        return NULL;
    put(&at, LOCAL, 4);
    put(&at, large ? VERSION64 : VERSION, 2);
    put_common(&at, entry);
    put(&at, large ? 20 : 0, 2);
    memcpy(at, entry->name, name);
    at += name;
    if (large) {
        put(&at, EXTRA64, 2);
        put(&at, 16, 2);
        put(&at, (uint64_t)entry->size, 8);
        put(&at, (uint64_t)entry->size, 8);
    }
    return bytes;
}

/* One entry of the directory; returns where it ends. */
static unsigned char *put_central(unsigned char *at, const yg_zip_entry *entry) {
    const bool size = is_large(entry->size), offset = is_large(entry->offset);
    const size_t name = strlen(entry->name);
    const uint64_t extra = (size ? 16u : 0u) + (offset ? 8u : 0u);
    put(&at, CENTRAL, 4);
    put(&at, VERSION64, 2);
    put(&at, extra ? VERSION64 : VERSION, 2);
    put_common(&at, entry);
    put(&at, extra ? extra + 4 : 0, 2);
    put(&at, 0, 2); /* no comment, disk 0, no attributes */
    put(&at, 0, 2);
    put(&at, 0, 2);
    put(&at, 0, 4);
    put(&at, field(entry->offset), 4);
    memcpy(at, entry->name, name);
    at += name;
    if (extra) {
        put(&at, EXTRA64, 2);
        put(&at, extra, 2);
    }
    if (size) {
        put(&at, (uint64_t)entry->size, 8);
        put(&at, (uint64_t)entry->size, 8);
    }
    if (offset)
        put(&at, (uint64_t)entry->offset, 8);
    return at;
}

unsigned char *yg_zip_directory(const yg_zip *zip, int64_t begin, size_t *size) {
    size_t room = END64_SIZE + LOCATOR64_SIZE + END_SIZE;
    for (size_t i = 0; i < zip->count; i++)
        room += CENTRAL_SIZE + strlen(zip->entries[i].name) + 28;
    unsigned char *bytes = malloc(room), *at = bytes;
    if (!bytes)
        return NULL;
    for (size_t i = 0; i < zip->count; i++)
        at = put_central(at, &zip->entries[i]);
    const int64_t length = at - bytes, end = begin + length;
    if (is_large(end) || zip->count >= UINT16_MAX) {
        put(&at, END64, 4);
        put(&at, END64_SIZE - 12, 8);
        put(&at, VERSION64, 2);
        put(&at, VERSION64, 2);
        put(&at, 0, 8); /* disk 0, and the directory's */
        put(&at, zip->count, 8);
        put(&at, zip->count, 8);
        put(&at, (uint64_t)length, 8);
        put(&at, (uint64_t)begin, 8);
        put(&at, LOCATOR64, 4);
        put(&at, 0, 4);
        put(&at, (uint64_t)end, 8);
        put(&at, 1, 4);
    }
    put(&at, END, 4);
    put(&at, 0, 4);
    put(&at, zip->count < UINT16_MAX ? zip->count : UINT16_MAX, 2);
    put(&at, zip->count < UINT16_MAX ? zip->count : UINT16_MAX, 2);
    put(&at, field(length), 4);
    put(&at, field(begin), 4);
    put(&at, 0, 2);
    *size = (size_t)(at - bytes);
    return bytes;
}
