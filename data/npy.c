/*
 * The headers of .npy files: see npy.h.
 */
#include "npy.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char MAGIC[] = "\x93NUMPY";
enum { MAGIC_SIZE = 6 };

/* --------------------------------------------------------------------------- the header ---- */

size_t yg_npy_length(const unsigned char *bytes, size_t size, const char *name, yg_error *error) {
    const yg_origin origin = {name, 0, 0};
    if (size < MAGIC_SIZE || memcmp(bytes, MAGIC, MAGIC_SIZE) != 0) {
        yg_fail(error, YG_ERROR_DATA, origin,
                "not an array of NumPy: it does not begin with \\x93NUMPY");
        return 0;
    }
    const int version = size > MAGIC_SIZE ? bytes[MAGIC_SIZE] : 0;
    if (version < 1 || version > 3) {
        yg_fail(error, YG_ERROR_DATA, origin, "version %d of NumPy's format; known: 1, 2, 3",
                version);
        return 0;
    }
    const size_t width = version == 1 ? 2 : 4, before = MAGIC_SIZE + 2 + width;
    size_t length = 0;
    if (size < before) {
        yg_fail(error, YG_ERROR_DATA, origin, "the file is cut off in its header");
        return 0;
    }
    for (size_t i = width; i-- > 0;)
        length = length << 8 | bytes[MAGIC_SIZE + 2 + i];
    if (length > YG_NPY_HEADER_CAP) {
        yg_fail(error, YG_ERROR_DATA, origin, "the header has %zu bytes; at most %d are read",
                length, YG_NPY_HEADER_CAP);
        return 0;
    }
    return before + length;
}

/* Reading a header's text. */
typedef struct scanner {
    const char *at, *end;
    const char *name;
    yg_error *error;
} scanner;

static void skip_blanks(scanner *s) {
    while (s->at < s->end && isspace((unsigned char)*s->at))
        s->at++;
}

static bool fail_header(const scanner *s, const char *what) {
    return yg_fail(s->error, YG_ERROR_DATA, (yg_origin){s->name, 0, 0},
                   "the header of the array cannot be read: %s", what);
}

static bool accept(scanner *s, char c) {
    skip_blanks(s);
    if (s->at == s->end || *s->at != c)
        return false;
    s->at++;
    return true;
}

/* A text in quotes, without escapes; at most `room` - 1 bytes. */
static bool read_quoted(scanner *s, char *text, size_t room) {
    const char quote = accept(s, '\'') ? '\'' : accept(s, '"') ? '"' : '\0';
    size_t length = 0;
    if (!quote)
        return fail_header(s, "a text in quotes is expected");
    for (; s->at < s->end && *s->at != quote; s->at++) {
        if (length + 1 == room)
            return fail_header(s, "a text is too long");
        text[length++] = *s->at;
    }
    text[length] = '\0';
    return accept(s, quote) || fail_header(s, "a text has no end");
}

static bool read_word(scanner *s, const char *word) {
    const size_t length = strlen(word);
    skip_blanks(s);
    if ((size_t)(s->end - s->at) < length || memcmp(s->at, word, length) != 0)
        return false;
    s->at += length;
    return true;
}

/* What NumPy's other types hold, by the letter behind the order of bytes. */
static const char *held_by(const char *type) {
    switch (type[0] && strchr("<>|=", type[0]) ? type[1] : type[0]) {
    case 'U':
    case 'S':
    case 'T':
        return "text";
    case 'O':
        return "Python objects";
    case 'M':
    case 'm':
        return "dates or times";
    case 'c':
        return "complex numbers";
    case 'V':
        return "raw bytes";
    default:
        return "elements";
    }
}

/* "<f4", "|b1", ">i8", … */
static bool read_kind(scanner *s, yg_element_kind *kind) {
    char text[40];
    if (accept(s, '['))
        return yg_fail(s->error, YG_ERROR_DTYPE, (yg_origin){s->name, 0, 0},
                       "the array holds records; only numbers are read");
    if (!read_quoted(s, text, sizeof text))
        return false;
    const yg_element_format *known =
        text[0] && strchr("<>|=", text[0]) ? yg_element_of_numpy(text + 1) : NULL;
    if (known) {
        *kind = (yg_element_kind){
            .kind = known->kind, .size = known->size, .swapped = text[0] == '>' && known->size > 1};
        return true;
    }
    return yg_fail(s->error, YG_ERROR_DTYPE, (yg_origin){s->name, 0, 0},
                   "the array holds %s, NumPy's type '%s'; known are bool, integers and "
                   "floating-point numbers of 16, 32 and 64 bits",
                   held_by(text), text);
}

/* "(3, 4)", "(3,)", "()" */
static bool read_shape(scanner *s, yg_array_type *type) {
    if (!accept(s, '('))
        return fail_header(s, "'shape' is no list in parentheses");
    for (type->rank = 0; !accept(s, ')'); type->rank++) {
        int64_t size = 0;
        skip_blanks(s);
        const char *begin = s->at;
        if (type->rank == YG_MAX_RANK)
            return yg_fail(s->error, YG_ERROR_SHAPE, (yg_origin){s->name, 0, 0},
                           "the array has more than %d dimensions", YG_MAX_RANK);
        for (; s->at < s->end && isdigit((unsigned char)*s->at); s->at++) {
            if (size > (INT64_MAX - 9) / 10)
                return fail_header(s, "a dimension is too large");
            size = 10 * size + (*s->at - '0');
        }
        if (s->at == begin)
            return fail_header(s, "a dimension is no whole number");
        type->shape[type->rank] = size;
        if (!accept(s, ',') && (s->at == s->end || *s->at != ')'))
            return fail_header(s, "dimensions are separated by commas");
    }
    return true;
}

enum { DESCR = 1, ORDER = 2, SHAPE = 4 };

/* One entry of the dictionary; adds its key to *seen. */
static bool read_entry(scanner *s, yg_array_type *type, int *seen) {
    char key[40];
    if (!read_quoted(s, key, sizeof key))
        return false;
    if (!accept(s, ':'))
        return fail_header(s, "a colon is expected after a key");
    const int which = strcmp(key, "descr") == 0           ? DESCR
                      : strcmp(key, "fortran_order") == 0 ? ORDER
                      : strcmp(key, "shape") == 0         ? SHAPE
                                                          : 0;
    if (!which || *seen & which)
        return fail_header(s, which ? "a key is there twice" : "a key is unknown");
    *seen |= which;
    if (which == DESCR)
        return read_kind(s, &type->kind);
    if (which == SHAPE)
        return read_shape(s, type);
    type->columns_first = read_word(s, "True");
    return type->columns_first || read_word(s, "False") ||
           fail_header(s, "'fortran_order' is neither True nor False");
}

bool yg_npy_parse(const unsigned char *bytes, size_t length, const char *name, yg_array_type *type,
                  yg_error *error) {
    const size_t before = bytes[MAGIC_SIZE] == 1 ? 10 : 12;
    scanner s = {(const char *)bytes + before, (const char *)bytes + length, name, error};
    int seen = 0;
    *type = (yg_array_type){0};
    if (!accept(&s, '{'))
        return fail_header(&s, "it is no dictionary");
    while (!accept(&s, '}'))
        if (!read_entry(&s, type, &seen) ||
            (!accept(&s, ',') && (s.at == s.end || *s.at != '}') &&
             !fail_header(&s, "a comma or } is expected after an entry")))
            return false;
    if (seen != (DESCR | ORDER | SHAPE))
        return fail_header(&s, "'descr', 'fortran_order' and 'shape' are needed");
    type->columns_first = type->columns_first && type->rank > 1;
    int64_t ignored;
    return yg_array_bytes(type, name, &ignored, error);
}

bool yg_array_bytes(const yg_array_type *type, const char *name, int64_t *bytes, yg_error *error) {
    *bytes = type->kind.size;
    bool empty = false;
    for (int d = 0; d < type->rank; d++)
        empty = empty || type->shape[d] == 0;
    for (int d = 0; d < type->rank && !empty; d++) {
        if (*bytes > INT64_MAX / type->shape[d])
            return yg_fail(error, YG_ERROR_SHAPE, (yg_origin){name, 0, 0},
                           "the array has more elements than memory can hold");
        *bytes *= type->shape[d];
    }
    if (empty)
        *bytes = 0;
    return true;
}

const char *yg_array_text(const yg_array_type *type, char *text) {
    yg_type shape = {.rank = type->rank};
    char sizes[YG_TYPE_TEXT];
    for (int d = 0; d < type->rank; d++)
        shape.shape[d] = type->shape[d];
    yg_shape_text(&shape, sizes);
    snprintf(text, YG_TYPE_TEXT, "%s%.180s", yg_element_name(&type->kind), sizes);
    return text;
}

/* ------------------------------------------------------------------------------- writing ---- */

char *yg_npy_header(const yg_type *type, size_t *size) {
    const char *order = type->dtype == YG_BOOL                      ? "|"
                        : __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? "<"
                                                                    : ">";
    char shape[YG_MAX_RANK * 24 + 8] = "", text[400];
    size_t used = 0;
    for (int d = 0; d < type->rank; d++)
        used += (size_t)snprintf(shape + used, sizeof shape - used, "%s%" PRId64 "%s", d ? " " : "",
                                 type->shape[d], d + 1 < type->rank || type->rank == 1 ? "," : "");
    const size_t length = (size_t)snprintf(
        text, sizeof text, "{'descr': '%s%s', 'fortran_order': False, 'shape': (%s), }", order,
        yg_element_of_dtype(type->dtype)->numpy, shape);
    /* Blanks and a line break make the data start at a multiple of 64 bytes. */
    *size = (MAGIC_SIZE + 4 + length + 1 + 63) / 64 * 64;
    unsigned char *header = malloc(*size);
    if (!header)
        return NULL;
    const size_t follows = *size - MAGIC_SIZE - 4;
    memset(header, ' ', *size);
    memcpy(header, MAGIC, MAGIC_SIZE);
    header[MAGIC_SIZE] = 1;
    header[MAGIC_SIZE + 1] = 0;
    header[MAGIC_SIZE + 2] = (unsigned char)(follows & 255);
    header[MAGIC_SIZE + 3] = (unsigned char)(follows >> 8);
    memcpy(header + MAGIC_SIZE + 4, text, length);
    header[*size - 1] = '\n';
    return (char *)header;
}
