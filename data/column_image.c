/*
 * The column kind `image`: a cell is the path of a PNG or JPEG file, or holds what such a file has.
 * Its pixels are the elements of an input, bytes from 0 to 255.
 *
 * The input's shape tells what a picture becomes: [B, H, W] grey, [B, 1, H, W] or [B, 3, H, W] with
 * the channels first, [B, H, W, 1] or [B, H, W, 3] with the channels last. A picture of another
 * size is an error, unless `resize:` gives it that size, or `crop: center` cuts it out.
 *
 * Bytes stay bytes in memory, as those of an array do: see decoder.h.
 */
#include "column.h"
#include "image.h"

#include <inttypes.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAULT_FILE = YG_FAULT_OWN, FAULT_SIZE, FAULT_KIND, FAULT_BYTES, SPARES = 16 };

static const yg_element_kind bytes = {.kind = 'u', .size = 1};

/* What decodes one picture at a time. */
typedef struct workbench {
    yg_image_decoder *decoder;
    yg_image image, resized, room;
    int64_t top, left; /* of the pixels that are taken */
    yg_cell_room text;
    char *path;
    size_t path_room;
    yg_error error; /* why the last cell is refused */
} workbench;

typedef struct image_column {
    yg_column column;
    int64_t height, width; /* of the input */
    int channels;
    bool channels_last;
    int64_t resize[2]; /* height and width; the second is 0: the shorter side gets the first. Both
                          are 0: sizes stay */
    bool crop;
    /* The options as they are written: */
    const yg_value *resize_value;
    int64_t asked_channels;
    int place;
    workbench *told;                    /* of the cell that check() has seen last */
    _Atomic(workbench *) spare[SPARES]; /* no thread uses them now; NULL: there is none */
} image_column;

/* -------------------------------------------------------------------------------- threads ---- */

static void free_workbench(workbench *b) {
    if (!b)
        return;
    yg_image_decoder_free(b->decoder);
    yg_image_free(&b->image);
    yg_image_free(&b->resized);
    yg_image_free(&b->room);
    free(b->text.text);
    free(b->path);
    free(b);
}

static workbench *make_workbench(void) {
    workbench *b = calloc(1, sizeof *b);
    if (b && (b->decoder = yg_image_decoder_new(&b->error)))
        return b;
    free(b);
    return NULL;
}

/* A workbench for the calling thread alone. NULL when out of memory. */
static workbench *take_workbench(image_column *c) {
    for (size_t i = 0; i < SPARES; i++) {
        workbench *b = atomic_exchange(&c->spare[i], NULL);
        if (b)
            return b;
    }
    return make_workbench();
}

static void return_workbench(image_column *c, workbench *b) {
    for (size_t i = 0; b && i < SPARES; i++) {
        workbench *none = NULL;
        if (atomic_compare_exchange_strong(&c->spare[i], &none, b))
            return;
    }
    free_workbench(b);
}

static void free_image(yg_column *column) {
    image_column *c = (image_column *)column;
    free_workbench(c->told);
    for (size_t i = 0; i < SPARES; i++)
        free_workbench(atomic_load(&c->spare[i]));
}

/* -------------------------------------------------------------------------------- options ---- */

static bool is_channels(const yg_port *port, int d) {
    return !port->symbols[d] && (port->shape[d] == 1 || port->shape[d] == 3);
}

static bool fail_shape(const image_column *c, yg_error *error) {
    const yg_port *port = c->column.port;
    return yg_fail(error, YG_ERROR_SHAPE, port->origin,
                   "column '%s' is a picture; '%s' takes pictures as [B, H, W], [B, 1, H, W], "
                   "[B, 3, H, W] or [B, H, W, 3], with numbers for H and W, or letters beside "
                   "`resize: [H, W]`",
                   c->column.name, port->name);
}

/* What the input's shape says; a size that is a letter becomes 0. */
static bool read_shape(image_column *c, yg_error *error) {
    const yg_port *port = c->column.port;
    const int first = c->column.first, rank = port->rank - first;
    int height = first;
    c->channels = 1;
    if (rank == 3) {
        c->channels_last = !is_channels(port, first);
        height = c->channels_last ? first : first + 1;
        const int d = c->channels_last ? first + 2 : first;
        if (!is_channels(port, d))
            return fail_shape(c, error);
        c->channels = (int)port->shape[d];
    } else if (rank != 2)
        return fail_shape(c, error);
    c->height = port->symbols[height] ? 0 : port->shape[height];
    c->width = port->symbols[height + 1] ? 0 : port->shape[height + 1];
    return true;
}

static bool read_resize(image_column *c, const yg_value *resize, yg_error *error) {
    const char *what = "`resize`";
    char found[80];
    if (resize->kind == YG_SCALAR)
        return yg_value_int(resize, what, 1, YG_IMAGE_MAX_SIDE, &c->resize[0], error);
    if (resize->kind != YG_SEQUENCE || resize->count != 2)
        return yg_fail(error, YG_ERROR_ARGUMENT, resize->origin,
                       "`resize` is [height, width], or a number for the shorter side; found %s",
                       yg_value_describe(resize, found, sizeof found));
    return yg_value_int(resize->items[0], what, 1, YG_IMAGE_MAX_SIDE, &c->resize[0], error) &&
           yg_value_int(resize->items[1], what, 1, YG_IMAGE_MAX_SIDE, &c->resize[1], error);
}

/* After `resize` without `crop`, each picture must have the input's size. */
static bool check_resize(const image_column *c, yg_error *error) {
    const yg_value *resize = c->resize_value;
    if (c->crop || !resize)
        return true;
    if (!c->resize[1])
        return yg_fail(error, YG_ERROR_ARGUMENT, resize->origin,
                       "`resize` of the shorter side leaves the longer one as it comes; add `crop: "
                       "center`, or write [height, width]");
    return (c->resize[0] == c->height && c->resize[1] == c->width) ||
           yg_fail(error, YG_ERROR_SHAPE, resize->origin,
                   "`resize` gives %" PRId64 " by %" PRId64 " pixels, but '%s' takes %" PRId64
                   " by %" PRId64 "; `crop: center` would cut these out",
                   c->resize[0], c->resize[1], c->column.port->name, c->height, c->width);
}

static bool read_options(image_column *c, const yg_value *options, yg_error *error) {
    c->crop = yg_value_get(options, "crop") != NULL;
    return (!c->resize_value || read_resize(c, c->resize_value, error)) &&
           (!c->asked_channels || c->asked_channels == c->channels ||
            yg_fail(error, YG_ERROR_SHAPE, yg_value_get(options, "channels")->origin,
                    "`channels: %" PRId64 "`, but '%s' has %d", c->asked_channels,
                    c->column.port->name, c->channels));
}

static bool configure(yg_column *column, yg_error *error) {
    image_column *c = (image_column *)column;
    const yg_value *options = column->options;
    if (!yg_dtype_is_float(column->port->dtype) || column->port->classes)
        return yg_fail(error, YG_ERROR_DTYPE, options->origin,
                       "column '%s' is a picture; '%s' holds %s, and must be f32 or f64",
                       column->name, column->port->name,
                       column->port->classes ? "classes" : yg_dtype_name(column->port->dtype));
    if (!read_shape(c, error) || (options->kind == YG_MAPPING && !read_options(c, options, error)))
        return false;
    if (!c->crop && c->resize[1]) {
        c->height = c->height ? c->height : c->resize[0];
        c->width = c->width ? c->width : c->resize[1];
    }
    if (!c->height || !c->width)
        return fail_shape(c, error);
    c->told = make_workbench();
    return c->told ? check_resize(c, error) : yg_fail_memory(error);
}

static int64_t width(const yg_column *column) {
    const image_column *c = (const image_column *)column;
    return c->channels * c->height * c->width;
}

/* ------------------------------------------------------------------------------- pictures ---- */

/* The path that a cell has, from the folder of the file that it stands in. NULL: no memory. */
static const char *path_of(const image_column *c, workbench *b, const char *text) {
    const char *base = c->column.base ? c->column.base : "";
    const char *slash = text[0] == '/' ? NULL : strrchr(base, '/');
    const size_t folder = slash ? (size_t)(slash - base) + 1 : 0;
    const size_t size = folder + strlen(text) + 1;
    if (size > b->path_room) {
        free(b->path);
        b->path = malloc(size);
        b->path_room = b->path ? size : 0;
        if (!b->path)
            return NULL;
    }
    memcpy(b->path, base, folder);
    memcpy(b->path + folder, text, size - folder);
    return b->path;
}

static bool get_picture(const image_column *c, workbench *b, const yg_cell *cell) {
    if (cell->kind == YG_CELL_BYTES)
        return yg_image_decode(b->decoder, cell->text, cell->size, c->column.base, &b->image,
                               &b->error);
    const char *text = yg_cell_string(cell, &b->text), *path = text ? path_of(c, b, text) : NULL;
    return path ? yg_image_read(b->decoder, path, &b->image, &b->error) : yg_fail_memory(&b->error);
}

/* The size that a picture is brought to. */
static void target_size(const image_column *c, const workbench *b, int64_t *height,
                        int64_t *width) {
    const int64_t h = b->image.height, w = b->image.width, shorter = c->resize[0];
    *height = !c->resize[0] ? h : c->resize[1] ? c->resize[0] : h <= w ? shorter : shorter * h / w;
    *width = !c->resize[0] ? w : c->resize[1] ? c->resize[1] : w <= h ? shorter : shorter * w / h;
}

static bool fail_size(const image_column *c, workbench *b, const yg_image *picture) {
    return yg_fail(&b->error, YG_ERROR_SHAPE, YG_NOWHERE,
                   "it has %" PRId64 " by %" PRId64 " pixels (height by width)%s, but '%s' takes "
                   "%" PRId64 " by %" PRId64 "; `resize: [%" PRId64 ", %" PRId64
                   "]` gives each picture that size",
                   picture->height, picture->width, c->resize[0] ? " after `resize`" : "",
                   c->column.port->name, c->height, c->width, c->height, c->width);
}

/* The picture of a cell: its pixels from b->top and b->left on are the elements. NULL: *fault says
 * why not, and b->error tells. */
static const yg_image *picture_of(const image_column *c, workbench *b, const yg_cell *cell,
                                  int *fault) {
    int64_t height, width;
    const yg_image *picture = &b->image;
    b->error = (yg_error){0};
    const bool bytes_cell = cell->kind == YG_CELL_BYTES;
    *fault = yg_cell_is_missing(cell)                  ? YG_FAULT_MISSING
             : bytes_cell && !yg_cell_is_picture(cell) ? FAULT_BYTES
             : !yg_cell_is_text(cell) && !bytes_cell   ? FAULT_KIND
             : !get_picture(c, b, cell)                ? FAULT_FILE
                                                       : YG_FAULT_NONE;
    if (*fault != YG_FAULT_NONE)
        return NULL;
    target_size(c, b, &height, &width);
    if (!yg_image_convert(&b->image, c->channels, b->path, &b->error)) {
        *fault = FAULT_FILE;
        return NULL;
    }
    if (height != picture->height || width != picture->width) {
        picture = &b->resized;
        *fault = FAULT_FILE;
        if (!yg_image_resize(&b->image, height, width, &b->resized, &b->room, b->path, &b->error))
            return NULL;
    }
    const bool fits = c->crop ? height >= c->height && width >= c->width
                              : height == c->height && width == c->width;
    *fault = fits ? YG_FAULT_NONE : FAULT_SIZE;
    if (!fits)
        fail_size(c, b, picture);
    b->top = (int64_t)rint((double)(height - c->height) / 2); /* as torchvision's CenterCrop */
    b->left = (int64_t)rint((double)(width - c->width) / 2);
    return fits ? picture : NULL;
}

/* Byte `channel` of each pixel of a row, where a step is the distance between two pixels. */
static const uint8_t *row_of(const image_column *c, const workbench *b, const yg_image *picture,
                             int64_t y) {
    return picture->pixels + ((b->top + y) * picture->width + b->left) * c->channels;
}

static void store_bytes(const image_column *c, const workbench *b, const yg_image *picture,
                        uint8_t *to) {
    const int channels = c->channels;
    for (int64_t y = 0; y < c->height; y++) {
        const uint8_t *from = row_of(c, b, picture, y);
        if (channels == 1 || c->channels_last)
            memcpy(to + y * c->width * channels, from, (size_t)(c->width * channels));
        else
            for (int k = 0; k < channels; k++)
                for (int64_t x = 0; x < c->width; x++)
                    to[(k * c->height + y) * c->width + x] = from[x * channels + k];
    }
}

static int64_t encode_held(yg_column *column, const yg_cells *cells, void *to, size_t stride) {
    image_column *c = (image_column *)column;
    workbench *b = take_workbench(c);
    int64_t i = 0;
    for (; b && i < cells->count; i++) {
        int fault;
        const yg_image *picture = picture_of(c, b, yg_cell_at(cells, i), &fault);
        if (!picture)
            break;
        store_bytes(c, b, picture, (uint8_t *)to + (size_t)i * stride);
    }
    return_workbench(c, b);
    return i;
}

/* Bytes are stored at the end of the memory of their numbers, then spread from the front: number k
 * never reaches byte k + 1 before that has been read. */
static int64_t encode_floats(yg_column *column, const yg_cells *cells, double *to, size_t stride) {
    const size_t count = (size_t)width(column);
    for (int64_t i = 0; i < cells->count; i++, to += stride) {
        const yg_cells one = {yg_cell_at(cells, i), 0, 1};
        uint8_t *packed = (uint8_t *)to + count * (sizeof *to - 1);
        if (encode_held(column, &one, packed, 0) == 0)
            return i;
        for (size_t k = 0; k < count; k++) {
            const double number = packed[k];
            memcpy((uint8_t *)to + k * sizeof number, &number, sizeof number);
        }
    }
    return cells->count;
}

static int check(yg_column *column, const yg_cell *cell) {
    image_column *c = (image_column *)column;
    int fault;
    picture_of(c, c->told, cell, &fault);
    return fault;
}

static bool refuse(const yg_column *column, const yg_cell *cell, int fault, const yg_place *place,
                   yg_error *error) {
    const image_column *c = (const image_column *)column;
    char where[300], value[61];
    yg_place_text(place, column->port, where, sizeof where);
    if (fault == YG_FAULT_MISSING)
        return yg_column_refuse_missing(column, cell, place, error);
    if (fault == FAULT_KIND)
        return yg_fail(error, YG_ERROR_DATA, place->origin,
                       "%s: '%s' is a number, not a picture or the path of one", where,
                       yg_cell_text(cell, value, sizeof value));
    const bool encoded = cell->kind == YG_CELL_BYTES;
    if (fault == FAULT_BYTES)
        return yg_fail(error, YG_ERROR_DATA, place->origin,
                       "%s: a BLOB that is no PNG or JPEG file", where);
    return yg_fail(error, c->told->error.code, place->origin, "%s: %s%s%s: %s", where,
                   encoded ? "" : "'", encoded ? "the picture" : c->told->path, encoded ? "" : "'",
                   c->told->error.message);
}

static const char *element(const yg_column *column, int64_t i, char *text, size_t size) {
    const image_column *c = (const image_column *)column;
    const int64_t pixels = c->height * c->width;
    const int64_t k = c->channels_last ? i % c->channels : i / pixels;
    const int64_t pixel = c->channels_last ? i / c->channels : i % pixels;
    if (c->channels == 1)
        snprintf(text, size, "%s[%" PRId64 ", %" PRId64 "]", column->name, pixel / c->width,
                 pixel % c->width);
    else
        snprintf(text, size, "%s.%s[%" PRId64 ", %" PRId64 "]", column->name,
                 k == 0   ? "red"
                 : k == 1 ? "green"
                          : "blue",
                 pixel / c->width, pixel % c->width);
    return text;
}

static const char *const places[] = {"center", NULL};

static const yg_setting settings[] = {
    {"resize", .kind = YG_SETTING_VALUE, .offset = offsetof(image_column, resize_value),
     .form = "[height, width], or a number for the shorter side",
     .forms = YG_FORM_SCALAR | YG_FORM_LIST | YG_FORM_NUMBERS, .fallback = "sizes stay",
     .example = "[32, 32]", .doc = "the size that pictures are brought to"},
    {"crop", .kind = YG_SETTING_CHOICE, .offset = offsetof(image_column, place), .choices = places,
     .fallback = "none", .example = "center",
     .doc = "cuts the input's size out of the middle, after `resize`"},
    {"channels", .kind = YG_SETTING_WHOLE, .offset = offsetof(image_column, asked_channels),
     .min = 1, .max = 3, .fallback = "as the input has",
     .doc = "1 for gray, 3 for colours; it must be what the input's shape says", .example = "1"},
    {"size", .hint = "write `resize: [height, width]`"},
    {"layout", .hint = "the shape of the input says it: [B, C, H, W] or [B, H, W, C]"},
};

const yg_column_kind yg_column_image = {
    .name = "image",
    .doc = "a cell is the path of a PNG or JPEG file, or what such a file has in it",
    .settings = settings,
    .setting_count = sizeof settings / sizeof *settings,
    .size = sizeof(image_column),
    .configure = configure,
    .width = width,
    .encode_floats = encode_floats,
    .held = &bytes,
    .shared = true,
    .costly = true,
    .encode_held = encode_held,
    .check = check,
    .refuse = refuse,
    .element = element,
    .free = free_image,
};
