/*
 * Pictures of `yamlgrad data`, as one file or one by one: see data_view.h.
 *
 * Numbers become shades from the least, which is black, to the largest one of all that are shown.
 */
#include "../data/image.h"
#include "data_view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 10, ROWS = 50, GAP = 2, SIDE = 56 };

/* Where the pixels of an input are. */
typedef struct layout {
    size_t port;
    int64_t height, width;
    int64_t row, column, channel; /* distances of elements */
    int channels;
    int64_t zoom;
} layout;

struct view_sheet {
    const data_view *view;
    layout layout;
    const view_port *classes; /* NULL: rows have no meaning */
    size_t class_port;
    int64_t rows;
    double *cells; /* [rows, COLUMNS, elements] */
    int64_t *used; /* [rows]: cells of each */
    double least, most;
};

/* The first input that is images. */
static bool find_images(const data_view *view, layout *out) {
    for (size_t p = 0; p < view->port_count; p++) {
        const yg_port *port = view->ports[p].port;
        const int64_t *shape = port->shape;
        bool known = !port->target && (port->rank == 3 || port->rank == 4);
        for (int d = 1; known && d < port->rank; d++)
            known = !port->symbols[d];
        if (!known)
            continue;
        *out = (layout){.port = p, .channels = 1, .column = 1};
        const bool first = port->rank == 4 && (shape[1] == 1 || shape[1] == 3);
        if (port->rank == 4 && !first && shape[3] != 1 && shape[3] != 3)
            continue;
        out->height = shape[first ? 2 : 1];
        out->width = shape[first ? 3 : 2];
        out->channels = port->rank == 3 ? 1 : (int)shape[first ? 1 : 3];
        out->column = first ? 1 : out->channels;
        out->row = out->width * out->column;
        out->channel = first ? out->height * out->width : 1;
        out->zoom = out->height < SIDE / 2 + 1 ? SIDE / out->height : 1;
        return out->height > 1 && out->width > 1;
    }
    return false;
}

static void find_classes(view_sheet *s) {
    for (size_t p = 0; !s->classes && p < s->view->port_count; p++)
        if (s->view->ports[p].port->target && s->view->ports[p].class_count > 0 &&
            s->view->ports[p].width == 1) {
            s->classes = &s->view->ports[p];
            s->class_port = p;
        }
    s->rows = s->classes ? s->classes->class_count : COLUMNS;
    s->rows = s->rows < ROWS ? s->rows : ROWS;
}

static bool collect(view_sheet *s, yg_error *error) {
    const int64_t count = s->view->parts[0]->count, width = s->view->ports[s->layout.port].width;
    double *values = calloc((size_t)width + 1, sizeof *values);
    int64_t left = s->rows * COLUMNS, row = 0;
    bool good = values || yg_fail_memory(error);
    for (int64_t e = 0; good && e < count && left > 0; e++) {
        double class = 0;
        if (s->classes && !view_example(s->view, 0, s->class_port, e, &class, error))
            good = false;
        while (!s->classes && s->used[row] == COLUMNS)
            row++;
        row = s->classes ? (int64_t) class : row;
        if (!good || row >= s->rows || s->used[row] == COLUMNS)
            continue;
        good = view_example(s->view, 0, s->layout.port, e, values, error);
        memcpy(s->cells + (row * COLUMNS + s->used[row]++) * width, values,
               (size_t)width * sizeof *values);
        left--;
        for (int64_t i = 0; good && i < width; i++) {
            s->least = fmin(s->least, values[i]);
            s->most = fmax(s->most, values[i]);
        }
    }
    free(values);
    return good;
}

/* Paints a picture into a larger one, with its corner at (top, left). */
static void paint(const view_sheet *s, int64_t row, int64_t column, int64_t top, int64_t left,
                  yg_image *image) {
    const layout *l = &s->layout;
    const double *cell = s->cells + (row * COLUMNS + column) * s->view->ports[l->port].width;
    const double range = s->most > s->least ? s->most - s->least : 1;
    for (int64_t y = 0; y < l->height * l->zoom; y++)
        for (int64_t x = 0; x < l->width * l->zoom; x++)
            for (int k = 0; k < image->channels; k++) {
                const double value =
                    cell[y / l->zoom * l->row + x / l->zoom * l->column + k * l->channel];
                image->pixels[((top + y) * image->width + left + x) * image->channels + k] =
                    (uint8_t)lround((value - s->least) / range * 255);
            }
}

char *view_sheet_picture(const view_sheet *s, int64_t row, int64_t column, size_t *size,
                         yg_error *error) {
    const layout *l = &s->layout;
    yg_image image = {0};
    char *bytes = NULL;
    if (yg_image_reserve(&image, l->height * l->zoom, l->width * l->zoom, l->channels,
                         "the picture", error)) {
        paint(s, row, column, 0, 0, &image);
        bytes = yg_image_encode(&image, size, error);
    }
    yg_image_free(&image);
    return bytes;
}

char *view_sheet_all(const view_sheet *s, size_t *size, yg_error *error) {
    const layout *l = &s->layout;
    const int64_t down = l->height * l->zoom + GAP, across = l->width * l->zoom + GAP;
    yg_image image = {0};
    char *bytes = NULL;
    if (yg_image_reserve(&image, s->rows * down + GAP, COLUMNS * across + GAP, l->channels,
                         "the picture", error)) {
        memset(image.pixels, 255, (size_t)(image.height * image.width) * (size_t)image.channels);
        for (int64_t row = 0; row < s->rows; row++)
            for (int64_t column = 0; column < s->used[row]; column++)
                paint(s, row, column, row * down + GAP, column * across + GAP, &image);
        bytes = yg_image_encode(&image, size, error);
    }
    yg_image_free(&image);
    return bytes;
}

int64_t view_sheet_rows(const view_sheet *s) {
    return s->rows;
}

int64_t view_sheet_used(const view_sheet *s, int64_t row) {
    return s->used[row];
}

const view_port *view_sheet_classes(const view_sheet *s) {
    return s->classes;
}

void view_sheet_close(view_sheet *s) {
    if (!s)
        return;
    free(s->cells);
    free(s->used);
    free(s);
}

view_sheet *view_sheet_open(const data_view *view, yg_error *error) {
    layout layout;
    if (!find_images(view, &layout)) {
        yg_fail(error, YG_ERROR_SHAPE, (yg_origin){yg_model_path(view->model), 0, 0},
                "no input is images: [B, H, W], [B, 3, H, W] or [B, H, W, 3], with numbers for H "
                "and W");
        return NULL;
    }
    view_sheet *s = calloc(1, sizeof *s);
    if (!s) {
        yg_fail_memory(error);
        return NULL;
    }
    *s = (view_sheet){.view = view, .layout = layout, .least = INFINITY, .most = -INFINITY};
    find_classes(s);
    s->cells =
        calloc((size_t)(s->rows * COLUMNS * view->ports[layout.port].width) + 1, sizeof *s->cells);
    s->used = calloc((size_t)s->rows + 1, sizeof *s->used);
    if ((s->cells && s->used) ? collect(s, error) : yg_fail_memory(error))
        return s;
    view_sheet_close(s);
    return NULL;
}
