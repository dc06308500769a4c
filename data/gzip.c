/*
 * gzip data with random access: see gzip.h. zlib's documentation of inflate() and Z_BLOCK says how
 * the bit position at a block's end is found, and inflatePrime() how it is restored.
 */
#include "gzip.h"

#include "zlib_calls.h"

#include <stdlib.h>
#include <string.h>

#ifdef YG_ZLIB_SONAME

enum {
    WINDOW = 32 * 1024,    /* how far deflated data look back */
    POINTS = 256,          /* places that are kept at most: 8 MiB of windows */
    SPACING = 4 << 20,     /* decompressed bytes between two of them, at first */
    TRAILER = 8,           /* bytes of checksum and size behind a member */
    WHOLE = MAX_WBITS + 16 /* zlib reads header and trailer, and compares the checksum */
};

/* A place that can be gone to. */
typedef struct point {
    int64_t out, in;       /* in the decompressed data, and in the file */
    int bits;              /* that are left of the byte before `in` */
    unsigned size;         /* of the window */
    unsigned char *window; /* NULL: a member begins here */
} point;

typedef enum phase {
    BETWEEN, /* a member may begin */
    MEMBER,  /* zlib reads a member from its beginning */
    RAW,     /* zlib was set to the middle of a member, and sees deflated data only */
    BEHIND,  /* the trailer of such a member is passed over */
} phase;

struct yg_gzip {
    yg_gzip_file file;
    yg_zlib zlib;
    z_stream stream;
    bool begun; /* `stream` is to be ended */
    phase phase;
    int64_t read, out; /* where the file, and the decompressed data, have come to */
    unsigned behind;   /* BEHIND: bytes of the trailer that are left */
    bool full;         /* the last call filled its room, so zlib may hold more */
    int64_t spacing;
    int point_count;
    point points[POINTS]; /* in order */
    unsigned char piece[YG_GZIP_PIECE];
};

static yg_origin origin(const yg_gzip *gzip) {
    return (yg_origin){gzip->file.name, 0, 0};
}

static bool fail_damaged(const yg_gzip *gzip, yg_error *error) {
    const char *reason = gzip->stream.msg;
    return yg_fail(error, YG_ERROR_DATA, origin(gzip), "the compressed data are damaged%s%s",
                   reason ? ": " : "", reason ? reason : "");
}

/* ------------------------------------------------------------------------------- points ------ */

/* Drops every second point but the first, so that their number stays bounded. */
static void thin_out(yg_gzip *gzip) {
    int kept = 0;
    for (int i = 0; i < gzip->point_count; i++) {
        if (i % 2)
            free(gzip->points[i].window);
        else
            gzip->points[kept++] = gzip->points[i];
    }
    gzip->point_count = kept;
    gzip->spacing *= 2;
}

/* Keeps the place where the data have come to, if the last point is far enough. */
static bool keep_point(yg_gzip *gzip, yg_error *error) {
    const bool member = gzip->phase == BETWEEN;
    const point *last = gzip->point_count ? &gzip->points[gzip->point_count - 1] : NULL;
    if (!gzip->file.seek || (last && gzip->out < last->out + gzip->spacing))
        return true;
    point new = {.out = gzip->out, .in = gzip->read - gzip->stream.avail_in};
    if (!member) {
        new.bits = gzip->stream.data_type & 7;
        new.window = malloc(WINDOW);
        if (!new.window)
            return yg_fail_memory(error);
        gzip->zlib.get_dictionary(&gzip->stream, new.window, &new.size);
    }
    if (gzip->point_count == POINTS)
        thin_out(gzip);
    gzip->points[gzip->point_count++] = new;
    return true;
}

/* ------------------------------------------------------------------------------ reading ------ */

static bool begin_member(yg_gzip *gzip, yg_error *error) {
    z_stream *stream = &gzip->stream;
    if (*stream->next_in == 0) { /* tapes are padded with zeros */
        stream->next_in++;
        stream->avail_in--;
        return true;
    }
    if (*stream->next_in != 0x1F)
        return yg_fail(error, YG_ERROR_DATA, origin(gzip),
                       "bytes follow the compressed data that are not gzip's");
    if (!keep_point(gzip, error))
        return false;
    gzip->phase = MEMBER;
    return gzip->zlib.reset(stream, WHOLE) == Z_OK || yg_fail_memory(error);
}

/* Decompresses up to the next block's end. */
static bool decompress(yg_gzip *gzip, yg_error *error) {
    z_stream *stream = &gzip->stream;
    const unsigned room = stream->avail_out;
    const int status = gzip->zlib.inflate(stream, Z_BLOCK);
    gzip->out += room - stream->avail_out;
    gzip->full = stream->avail_out == 0;
    if (status == Z_MEM_ERROR)
        return yg_fail_memory(error);
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
        return fail_damaged(gzip, error);
    if (status == Z_STREAM_END) {
        gzip->behind = TRAILER;
        gzip->phase = gzip->phase == RAW ? BEHIND : BETWEEN;
        gzip->full = false;
        return true;
    }
    const bool boundary = (stream->data_type & 128) && !(stream->data_type & 64);
    return !boundary || keep_point(gzip, error);
}

static void skip_trailer(yg_gzip *gzip) {
    z_stream *stream = &gzip->stream;
    const unsigned size = stream->avail_in < gzip->behind ? stream->avail_in : gzip->behind;
    stream->next_in += size;
    stream->avail_in -= size;
    gzip->behind -= size;
    if (!gzip->behind)
        gzip->phase = BETWEEN;
}

static bool step(yg_gzip *gzip, yg_error *error) {
    switch (gzip->phase) {
    case BETWEEN:
        return begin_member(gzip, error);
    case BEHIND:
        skip_trailer(gzip);
        return true;
    case MEMBER:
    case RAW:
        break;
    }
    return decompress(gzip, error);
}

/* Reads compressed bytes; *ended at the end of the last member. */
static bool refill(yg_gzip *gzip, bool *ended, yg_error *error) {
    const long got = gzip->file.read(gzip->file.context, gzip->piece, sizeof gzip->piece, error);
    if (got < 0)
        return false;
    gzip->read += got;
    gzip->stream.next_in = gzip->piece;
    gzip->stream.avail_in = (unsigned)got;
    *ended = got == 0;
    return got > 0 || gzip->phase == BETWEEN ||
           yg_fail(error, YG_ERROR_DATA, origin(gzip), "the compressed data are cut off");
}

bool yg_gzip_has_more(const yg_gzip *gzip) {
    return gzip->stream.avail_in || gzip->full;
}

long yg_gzip_read(yg_gzip *gzip, unsigned char *to, size_t room, bool *ended, yg_error *error) {
    z_stream *stream = &gzip->stream;
    const unsigned most = room < INT32_MAX ? (unsigned)room : INT32_MAX;
    stream->next_out = to;
    stream->avail_out = most;
    if (!yg_gzip_has_more(gzip) && !refill(gzip, ended, error))
        return -1;
    while (stream->avail_out && yg_gzip_has_more(gzip))
        if (!step(gzip, error))
            return -1;
    return (long)(most - stream->avail_out);
}

/* ------------------------------------------------------------------------------ seeking ------ */

/* Sets zlib to the middle of a member. */
static bool restore(yg_gzip *gzip, const point *from, yg_error *error) {
    unsigned char byte = 0;
    if (gzip->zlib.reset(&gzip->stream, -MAX_WBITS) != Z_OK)
        return fail_damaged(gzip, error);
    if (from->bits) {
        const long got = gzip->file.read(gzip->file.context, &byte, 1, error);
        if (got < 0)
            return false;
        if (got == 0 ||
            gzip->zlib.prime(&gzip->stream, from->bits, byte >> (8 - from->bits)) != Z_OK)
            return fail_damaged(gzip, error);
    }
    gzip->phase = RAW;
    return gzip->zlib.set_dictionary(&gzip->stream, from->window, from->size) == Z_OK ||
           fail_damaged(gzip, error);
}

bool yg_gzip_seek(yg_gzip *gzip, int64_t *offset, yg_error *error) {
    const point *from = &gzip->points[0];
    int low = 0, high = gzip->point_count; /* points[low].out ≤ *offset < points[high].out */
    while (high - low > 1) {
        const int middle = (low + high) / 2;
        *(gzip->points[middle].out <= *offset ? &low : &high) = middle;
    }
    from += low;
    if (gzip->out <= *offset && gzip->out >= from->out) {
        *offset = gzip->out;
        return true;
    }
    gzip->stream.avail_in = 0;
    gzip->full = false;
    gzip->read = from->in;
    *offset = gzip->out = from->out;
    gzip->phase = BETWEEN;
    if (!gzip->file.seek)
        return yg_fail(error, YG_ERROR_IO, origin(gzip), "it cannot be read twice");
    if (!gzip->file.seek(gzip->file.context, from->in - (from->bits > 0), error))
        return false;
    return !from->window || restore(gzip, from, error);
}

yg_gzip *yg_gzip_new(const yg_gzip_file *file, const unsigned char *bytes, size_t size,
                     yg_error *error) {
    yg_gzip *gzip = calloc(1, sizeof *gzip);
    if (!gzip) {
        yg_fail_memory(error);
        return NULL;
    }
    gzip->file = *file;
    gzip->spacing = SPACING;
    gzip->read = file->begin + (int64_t)size;
    memcpy(gzip->piece, bytes, size);
    if (yg_zlib_open(&gzip->zlib, file->name, error)) {
        gzip->begun =
            gzip->zlib.init(&gzip->stream, WHOLE, ZLIB_VERSION, (int)sizeof gzip->stream) == Z_OK;
        gzip->stream.next_in = gzip->piece;
        gzip->stream.avail_in = (unsigned)size;
        if (gzip->begun)
            return gzip;
        yg_fail_memory(error);
    }
    yg_gzip_free(gzip);
    return NULL;
}

void yg_gzip_free(yg_gzip *gzip) {
    if (!gzip)
        return;
    for (int i = 0; i < gzip->point_count; i++)
        free(gzip->points[i].window);
    if (gzip->begun)
        gzip->zlib.end(&gzip->stream);
    yg_zlib_close(&gzip->zlib);
    free(gzip);
}

#else

yg_gzip *yg_gzip_new(const yg_gzip_file *file, const unsigned char *bytes, size_t size,
                     yg_error *error) {
    (void)bytes;
    (void)size;
    yg_zlib_fail(file->name, error);
    return NULL;
}

void yg_gzip_free(yg_gzip *gzip) {
    (void)gzip;
}

long yg_gzip_read(yg_gzip *gzip, unsigned char *to, size_t room, bool *ended, yg_error *error) {
    (void)gzip;
    (void)to;
    (void)room;
    (void)ended;
    yg_fail_memory(error);
    return -1;
}

bool yg_gzip_has_more(const yg_gzip *gzip) {
    (void)gzip;
    return false;
}

bool yg_gzip_seek(yg_gzip *gzip, int64_t *offset, yg_error *error) {
    (void)gzip;
    (void)offset;
    return yg_fail_memory(error);
}

#endif
