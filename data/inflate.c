/*
 * Decompressing by zlib: see inflate.h.
 */
#include "inflate.h"

#include "zlib_calls.h"

#include <stdlib.h>

#ifdef YG_ZLIB_SONAME

enum { PIECE = 1 << 15 };

struct yg_inflater {
    yg_zlib zlib;
    z_stream stream;
    bool begun; /* `stream` is to be ended */
    bool ended; /* the compressed data have come to their end */
    yg_byte_source *source;
    void *context;
    const char *name;
    unsigned char piece[PIECE];
};

yg_inflater *yg_inflater_new(yg_byte_source *source, void *context, bool gzip, const char *name,
                             yg_error *error) {
    yg_inflater *inflater = calloc(1, sizeof *inflater);
    if (!inflater) {
        yg_fail_memory(error);
        return NULL;
    }
    inflater->source = source;
    inflater->context = context;
    inflater->name = name;
    if (yg_zlib_open(&inflater->zlib, name, error)) {
        inflater->begun = inflater->zlib.init(&inflater->stream, gzip ? 16 + MAX_WBITS : -MAX_WBITS,
                                              ZLIB_VERSION, (int)sizeof inflater->stream) == Z_OK;
        if (inflater->begun)
            return inflater;
        yg_fail_memory(error);
    }
    yg_inflater_free(inflater);
    return NULL;
}

/* Gets more compressed bytes, if there are none left. */
static bool refill(yg_inflater *inflater, yg_error *error) {
    if (inflater->stream.avail_in)
        return true;
    const long got = inflater->source(inflater->context, inflater->piece, PIECE, error);
    if (got < 0)
        return false;
    inflater->stream.next_in = inflater->piece;
    inflater->stream.avail_in = (unsigned)got;
    return got > 0 || yg_fail(error, YG_ERROR_DATA, (yg_origin){inflater->name, 0, 0},
                              "the compressed data are cut off");
}

/* Decompresses up to `size` bytes to stream->next_out, of compressed bytes that are at hand. */
static bool advance(yg_inflater *inflater, size_t size, size_t *count, yg_error *error) {
    z_stream *stream = &inflater->stream;
    if (!refill(inflater, error))
        return false;
    stream->avail_out = (unsigned)size;
    const int status = inflater->zlib.inflate(stream, Z_NO_FLUSH);
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
        return yg_fail(error, YG_ERROR_DATA, (yg_origin){inflater->name, 0, 0},
                       "the compressed data are damaged%s%s", stream->msg ? ": " : "",
                       stream->msg ? stream->msg : "");
    inflater->ended = status == Z_STREAM_END;
    *count = size - stream->avail_out;
    return true;
}

bool yg_inflater_read(yg_inflater *inflater, void *bytes, size_t size, yg_error *error) {
    inflater->stream.next_out = bytes;
    while (size > 0) {
        size_t count = 0;
        if (inflater->ended)
            return yg_fail(error, YG_ERROR_DATA, (yg_origin){inflater->name, 0, 0},
                           "the compressed data end too early");
        if (!advance(inflater, size < PIECE ? size : PIECE, &count, error))
            return false;
        size -= count;
    }
    return true;
}

bool yg_inflater_finish(yg_inflater *inflater, yg_error *error) {
    unsigned char byte;
    size_t count = 0;
    inflater->stream.next_out = &byte;
    while (!inflater->ended && count == 0) {
        if (!advance(inflater, 1, &count, error))
            return false;
    }
    return count == 0 || yg_fail(error, YG_ERROR_DATA, (yg_origin){inflater->name, 0, 0},
                                 "the compressed data go on after the last element");
}

void yg_inflater_free(yg_inflater *inflater) {
    if (!inflater)
        return;
    if (inflater->begun)
        inflater->zlib.end(&inflater->stream);
    yg_zlib_close(&inflater->zlib);
    free(inflater);
}

#else

yg_inflater *yg_inflater_new(yg_byte_source *source, void *context, bool gzip, const char *name,
                             yg_error *error) {
    (void)source;
    (void)context;
    yg_zlib_fail(name, error);
    return NULL;
}

bool yg_inflater_read(yg_inflater *inflater, void *bytes, size_t size, yg_error *error) {
    (void)inflater;
    (void)bytes;
    (void)size;
    return yg_fail_memory(error);
}

bool yg_inflater_finish(yg_inflater *inflater, yg_error *error) {
    (void)inflater;
    return yg_fail_memory(error);
}

void yg_inflater_free(yg_inflater *inflater) {
    free(inflater);
}

#endif
