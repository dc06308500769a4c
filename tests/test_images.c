/*
 * Columns of pictures: every kind of PNG and JPEG file as Pillow reads it, sizes, and what is wrong
 * with files; and the same pictures from several sources, which give the same weights.
 */
#include "data/data.h"
#include "data/image.h"
#include "data/source.h"
#include "data/stream.h"
#include "data/table.h"
#include "database.h"
#include "train/train.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PICTURES YG_FIXTURES "/images/"

/* A model with pictures of a shape, which also says how they are read. */
static yg_model *model_of(const workspace *w, const char *shape, const char *column,
                          const char *more) {
    char text[2000];
    snprintf(text, sizeof text,
             "format: 1\n"
             "name: m\n"
             "inputs: {x: %s}\n"
             "targets: {y: [B]}\n"
             "graph: {h: \"mean(y) + 0 * mean(cast(x, float))\"}\n"
             "outputs: [x]\n"
             "loss: h\n"
             "data:\n"
             "  train: {csv: t.csv, x: picture, y: y}\n"
             "  columns: {picture: %s}\n%s",
             shape, column, more);
    return workspace_model(w, "m.yaml", text);
}

static void expect_elements(const yg_data *data, const json_t *expected, const char *what) {
    const yg_elements *x = &data->train.dataset->ports[0];
    cr_assert_eq((size_t)x->width, json_array_size(expected), "%s", what);
    double *elements = calloc((size_t)x->width, sizeof *elements);
    cr_assert(yg_part_read(&data->train, 0, 0, 1, elements, NULL), "%s", what);
    for (int64_t i = 0; i < x->width; i++) {
        const double wanted = (double)json_integer_value(json_array_get(expected, (size_t)i));
        cr_expect_eq(elements[i], wanted, "%s: element %d is %g, not %g", what, (int)i, elements[i],
                     wanted);
    }
    free(elements);
}

static void run_case(const workspace *w, const json_t *c) {
    const char *file = json_string_value(json_object_get(c, "file"));
    const char *options = json_string_value(json_object_get(c, "options"));
    char shape[100] = "[B", column[200], cell[600], what[500];
    size_t i;
    const json_t *size;
    json_array_foreach(json_object_get(c, "shape"), i, size) snprintf(
        shape + strlen(shape), sizeof shape - strlen(shape), ", %d", (int)json_integer_value(size));
    strcat(shape, "]");
    snprintf(column, sizeof column, "{kind: image%s%s}", *options ? ", " : "", options);
    snprintf(cell, sizeof cell, "picture,y\n%s%s,0\n", PICTURES, file);
    snprintf(what, sizeof what, "%s as %s, %s", file, shape, column);
    workspace_write(w, "t.csv", cell);
    yg_model *model = model_of(w, shape, column, "");
    yg_data data;
    yg_error error = {0};
    cr_assert(yg_data_load(model, YG_F64, &data, &error), "%s: %s", what, error.message);
    expect_elements(&data, json_object_get(c, "elements"), what);
    yg_data_free(&data);
    yg_model_free(model);
}

Test(images, have_the_pixels_that_pillow_reads) {
    const workspace w = workspace_make();
    json_error_t where;
    json_t *cases = json_load_file(PICTURES "expected.json", 0, &where);
    cr_assert(json_is_array(cases) && json_array_size(cases) > 20, "%s", where.text);
    size_t i;
    const json_t *c;
    json_array_foreach(cases, i, c) run_case(&w, c);
    json_decref(cases);
    workspace_remove(&w);
}

/* What is written is read back, small and large. */
Test(images, are_written_as_they_are) {
    static const int sizes[][3] = {{1, 1, 1}, {5, 3, 3}, {300, 401, 1}, {200, 250, 3}};
    yg_error error = {0};
    yg_image_decoder *decoder = yg_image_decoder_new(&error);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        yg_image image = {0}, again = {0};
        size_t size = 0;
        cr_assert(yg_image_reserve(&image, sizes[i][0], sizes[i][1], sizes[i][2], "made", &error));
        const size_t count = (size_t)(sizes[i][0] * sizes[i][1] * sizes[i][2]);
        for (size_t k = 0; k < count; k++)
            image.pixels[k] = (uint8_t)(k * k % 253);
        char *bytes = yg_image_encode(&image, &size, &error);
        cr_assert(bytes && yg_image_decode(decoder, bytes, size, "again", &again, &error), "%s",
                  error.message);
        cr_expect(again.height == image.height && again.width == image.width &&
                  again.channels == image.channels);
        cr_expect_arr_eq(again.pixels, image.pixels, count);
        free(bytes);
        yg_image_free(&image);
        yg_image_free(&again);
    }
    yg_image_decoder_free(decoder);
}

/* --------------------------------------------------------------------------------- mistakes -- */

/* What an input, a column and the cells of a file give: the end of a message. */
static const struct {
    const char *shape, *column, *cells, *message;
} mistakes[] = {
    {"[B, 6, 7]", "image", "none.png", "/none.png': cannot be opened: No such file or directory"},
    {"[B, 6, 7]", "image", "folder", "/folder': it is a folder or device, not a picture"},
    {"[B, 6, 7]", "image", "m.yaml", "/m.yaml': it is no picture; pictures are PNG or JPEG files"},
    {"[B, 6, 7]", "image", "empty.png", "/empty.png': it is empty; pictures are PNG or JPEG files"},
    {"[B, 6, 7]", "image", "gif.png", "it is a GIF file; pictures are PNG or JPEG files"},
    {"[B, 6, 7]", "image", "cut.png", "/cut.png': the PNG file is damaged or cut off ("},
    {"[B, 6, 7]", "image", "wrong.png", "/wrong.png': the PNG file is damaged or cut off ("},
    {"[B, 6, 7]", "image", "cut.jpg", "/cut.jpg': the JPEG file is damaged or cut off ("},
    {"[B, 6, 7]", "image", "huge.png", "damaged or cut off ("},
    {"[B, 6, 7]", "image", "\"\"", "row 1, column 'picture': a missing value"},
    {"[B, 6, 7]", "image", "a.png none.png a.png none.png", "(the first of 2 such rows among 4)"},
    {"[B, 28, 28]", "image", "a.png none.png a.png a.png",
     "/a.png': it has 6 by 7 pixels (height by width), but 'x' takes 28 by 28; `resize: [28, 28]` "
     "gives each picture that size (the first of 3 such rows among 4)"},
    {"[B, 6, 9]", "{kind: image, crop: center}", "a.png",
     "it has 6 by 7 pixels (height by width), but 'x' takes 6 by 9"},
    {"[B, 6, 9]", "{kind: image, resize: [6, 7]}", "a.png",
     "`resize` gives 6 by 7 pixels, but 'x' takes 6 by 9; `crop: center` would cut these out"},
    {"[B, 6, 6]", "{kind: image, resize: 6}", "a.png", "add `crop: center`"},
    {"[B, 6, 6]", "{kind: image, resize: [6]}", "a.png", "`resize` is [height, width]"},
    {"[B, 6, 6]", "{kind: image, resize: [6, 0]}", "a.png", "`resize`"},
    {"[B, 6, 6]", "{kind: image, crop: middle}", "a.png", "`crop`"},
    {"[B, 6, 7]", "{kind: image, channels: 3}", "a.png", "`channels: 3`, but 'x' has 1"},
    {"[B, 6, 7]", "{kind: image, scale: log}", "a.png", "`scale` is for floating-point numbers"},
    {"[B, 6, 7]", "{kind: image, size: [6, 7]}", "a.png", "write `resize: [height, width]`"},
    {"[B, 2, 6, 7]", "image", "a.png", "'x' takes pictures as [B, H, W]"},
    {"[B, H, W]", "image", "a.png", "with numbers for H and W"},
    {"[B, 42]", "image", "a.png", "'x' takes pictures as [B, H, W]"},
    {"{shape: [B, 6, 7], dtype: i32}", "image", "a.png", "must be f32 or f64"},
};

/* Copies a picture, or a part of it, with one byte changed. */
static void copy(const workspace *w, const char *from, const char *to, size_t size, size_t change) {
    char bytes[2000];
    FILE *file = fopen(from, "rb");
    cr_assert_not_null(file);
    const size_t whole = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    size = size ? size : whole;
    bytes[change] = (char)(bytes[change] ^ (change ? 0x15 : 0));
    file = fopen(workspace_path(w, to), "wb");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(bytes, 1, size, file), size);
    cr_assert_eq(fclose(file), 0);
}

Test(images, what_is_wrong_is_told_with_the_file) {
    const workspace w = workspace_make();
    copy(&w, PICTURES "grey.png", "a.png", 0, 0);
    copy(&w, PICTURES "grey.png", "cut.png", 70, 0);
    copy(&w, PICTURES "grey.png", "wrong.png", 0, 60);
    copy(&w, PICTURES "grey.png", "huge.png", 0, 17);
    copy(&w, PICTURES "grey.jpg", "cut.jpg", 300, 0);
    workspace_write(&w, "empty.png", "");
    workspace_write(&w, "gif.png", "GIF89a");
    cr_assert_eq(mkdir(workspace_path(&w, "folder"), 0700), 0);
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        char rows[400] = "picture,y\n", cells[200];
        snprintf(cells, sizeof cells, "%s", mistakes[i].cells);
        for (char *cell = strtok(cells, " "); cell; cell = strtok(NULL, " "))
            snprintf(rows + strlen(rows), sizeof rows - strlen(rows), "%s,0\n", cell);
        workspace_write(&w, "t.csv", rows);
        yg_model *model = model_of(&w, mistakes[i].shape, mistakes[i].column, "");
        yg_data data;
        yg_error error = {0};
        cr_expect_not(yg_data_load(model, YG_F32, &data, &error), "%s %s: %s", mistakes[i].shape,
                      mistakes[i].column, mistakes[i].cells);
        cr_expect_not_null(strstr(error.message, mistakes[i].message), "%s %s: %s\ngave %s",
                           mistakes[i].shape, mistakes[i].column, mistakes[i].cells, error.message);
        cr_expect_gt(error.line, 0, "%s has no place", error.message);
        yg_model_free(model);
    }
    workspace_remove(&w);
}

/* -------------------------------------------------------------------------------- threads ---- */

enum { MANY = 700, MESSAGE = 2000 };

/* Pictures of several formats and sizes. Those from number `wrong` on, one of seven, are none. */
static void write_many(const workspace *w, int wrong) {
    static const char *const files[] = {"grey.png", "colour.jpg", "bits.png",   "interlaced.png",
                                        "grey.jpg", "deep.png",   "palette.png"};
    FILE *file = fopen(workspace_path(w, "t.csv"), "w");
    fputs("picture,y\n", file);
    for (int i = 0; i < MANY; i++)
        if (i >= wrong && i % 7 == wrong % 7)
            fprintf(file, "nowhere%d.png,%d\n", i, i);
        else
            fprintf(file, "%s%s,%d\n", PICTURES, files[i % 7], i);
    fclose(file);
}

/* Reads them by some threads, and gives the digest, or the message of an error and its line. */
static uint64_t read_many(const workspace *w, const char *more, int threads, char *message) {
    yg_error error = {0};
    yg_data data = {.threads = threads};
    uint64_t digest = 0;
    yg_model *model = model_of(w, "[B, 3, 9, 5]", "{kind: image, resize: [9, 5]}", more);
    message[0] = '\0';
    if (yg_data_load_known(model, YG_F32, &data, &error)) {
        digest = yg_part_digest(&data.train);
        yg_data_free(&data);
    } else
        snprintf(message, MESSAGE, "line %d: %s", error.line, error.message);
    yg_model_free(model);
    return digest;
}

/* A thread begins somewhere in the middle, so pictures of one would be found in others if threads
 * had anything in common. */
Test(images, threads_decode_the_same) {
    static const char *const sections[] = {"", "  transform: {x: x / 255}\n",
                                           "  standardize: [x]\n", "  memory: 1000\n"};
    const workspace w = workspace_make();
    char message[MESSAGE], expected[MESSAGE];
    for (size_t s = 0; s < sizeof sections / sizeof *sections; s++) {
        write_many(&w, MANY);
        const uint64_t alone = read_many(&w, sections[s], 0, message);
        cr_assert_str_eq(message, "");
        for (int threads = 2; threads <= 4; threads++)
            cr_expect_eq(read_many(&w, sections[s], threads, message), alone, "%d threads, %s%s",
                         threads, sections[s], message);
    }
    for (int wrong = 0; wrong < MANY; wrong += 99) {
        write_many(&w, wrong);
        read_many(&w, "", 0, expected);
        cr_assert_not_null(strstr(expected, "nowhere"), "%s", expected);
        for (int threads = 2; threads <= 4; threads++) {
            read_many(&w, "", threads, message);
            cr_expect_str_eq(message, expected, "%d threads", threads);
        }
    }
    workspace_remove(&w);
}

/* A transform that has no number for a byte that occurs. */
Test(images, bytes_are_checked_when_they_are_met) {
    const workspace w = workspace_make();
    yg_error error = {0};
    yg_data data;
    workspace_write(&w, "t.csv", "picture,y\n" PICTURES "bits.png,0\n");
    yg_model *model = model_of(&w, "[B, 6, 7]", "image", "  transform: {x: log(x)}\n");
    cr_expect_not(yg_data_load(model, YG_F32, &data, &error));
    cr_expect_not_null(strstr(error.message, "inf"), "%s", error.message);
    yg_model_free(model);
    workspace_remove(&w);
}

/* --------------------------------------------------------------------------------- sources --- */

enum { COUNT = 24, SIDE = 8, CLASSES = 3 };

static unsigned char pixel_of(int picture, int at) {
    return (unsigned char)((unsigned)(picture * 37 + at * at * 11 + at * (picture % 5)) % 251);
}

static void put32(FILE *file, unsigned long value) {
    for (int shift = 24; shift >= 0; shift -= 8)
        fputc((int)(value >> shift & 255), file);
}

static unsigned long crc(const unsigned char *bytes, size_t size) {
    unsigned long sum = 0xffffffff;
    for (size_t i = 0; i < size; i++) {
        sum ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            sum = sum & 1 ? sum >> 1 ^ 0xedb88320 : sum >> 1;
    }
    return sum ^ 0xffffffff;
}

/* `bytes` begins with four letters, which are not counted in the chunk's length. */
static void write_chunk(FILE *file, const unsigned char *bytes, size_t size) {
    put32(file, (unsigned long)size - 4);
    cr_assert_eq(fwrite(bytes, 1, size, file), size);
    put32(file, crc(bytes, size));
}

/* A grey PNG file; its data are stored as they are. */
static void write_png(const char *path, int picture) {
    enum { ROW = SIDE + 1, DATA = SIDE * ROW, BEFORE = 4 + 2 + 5 };
    unsigned char data[BEFORE + DATA + 4] = {
        'I', 'D', 'A', 'T', 0x78, 1, 1, DATA, 0, (unsigned char)~DATA, 0xff};
    unsigned long a = 1, b = 0;
    for (int i = 0; i < DATA; i++) {
        const int x = i % ROW - 1, y = i / ROW;
        data[BEFORE + i] = x < 0 ? 0 : pixel_of(picture, y * SIDE + x);
        a = (a + data[BEFORE + i]) % 65521;
        b = (b + a) % 65521;
    }
    for (int k = 0; k < 4; k++)
        data[BEFORE + DATA + k] = (unsigned char)((b << 16 | a) >> (24 - 8 * k));
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file);
    fwrite("\x89PNG\r\n\x1a\n", 1, 8, file);
    write_chunk(file, (const unsigned char *)"IHDR\0\0\0\x08\0\0\0\x08\x08\0\0\0\0", 17);
    write_chunk(file, data, sizeof data);
    write_chunk(file, (const unsigned char *)"IEND", 4);
    cr_assert_eq(fclose(file), 0);
}

static const char *const names[CLASSES] = {"bag", "boot", "coat"};

/* Neighbours have different classes, so a folder that is read class by class has another order. */
static int class_of(int picture) {
    return picture % CLASSES;
}

static void write_npy(const workspace *w, const char *name, const char *shape, int width) {
    char head[128];
    snprintf(head, sizeof head, "{'descr': '|u1', 'fortran_order': False, 'shape': (%d,%s), }",
             COUNT, shape);
    FILE *file = fopen(workspace_path(w, name), "wb");
    cr_assert_not_null(file);
    fwrite("\x93NUMPY\x01\x00\x76\x00", 1, 10, file);
    fprintf(file, "%-117s\n", head);
    for (int i = 0; i < COUNT; i++)
        for (int k = 0; k < width; k++)
            fputc(width == 1 ? class_of(i) : pixel_of(i, k), file);
    cr_assert_eq(fclose(file), 0);
}

/* The same pictures in every form. */
static void write_sources(const workspace *w) {
    FILE *paths = fopen(workspace_path(w, "paths.csv"), "w");
    FILE *pixels = fopen(workspace_path(w, "pixels.csv"), "w");
    FILE *idx = fopen(workspace_path(w, "x.idx"), "wb");
    cr_assert(paths && pixels && idx);
    fputs("picture,class\n", paths);
    fputs("class", pixels);
    fwrite("\0\0\x08\x03\0\0\0\x18\0\0\0\x08\0\0\0\x08", 1, 16, idx);
    for (int k = 0; k < SIDE * SIDE; k++)
        fprintf(pixels, ",p%d", k);
    mkdir(workspace_path(w, "pictures"), 0700);
    for (int i = 0; i < COUNT; i++) {
        const char *class = names[class_of(i)];
        char path[100];
        snprintf(path, sizeof path, "pictures/%s", class);
        mkdir(workspace_path(w, path), 0700);
        snprintf(path, sizeof path, "pictures/%s/%d.png", class, i);
        write_png(workspace_path(w, path), i);
        fprintf(paths, "%s,%s\n", path, class);
        fprintf(pixels, "\n%s", class);
        for (int k = 0; k < SIDE * SIDE; k++) {
            fprintf(pixels, ",%d", pixel_of(i, k));
            fputc(pixel_of(i, k), idx);
        }
    }
    cr_assert(fclose(paths) == 0 && fclose(pixels) == 0 && fclose(idx) == 0);
    write_npy(w, "x.npy", " 8, 8", SIDE * SIDE);
    write_npy(w, "y.npy", "", 1);
}

/* The same as a table of a database, with the files in it. */
static void write_database(const workspace *w) {
    char *sql = malloc(COUNT * 1000), *end = sql;
    cr_assert_not_null(sql);
    end += sprintf(end, "CREATE TABLE t (picture, class);");
    for (int i = 0; i < COUNT; i++) {
        const char *class = names[class_of(i)];
        char path[100];
        size_t size;
        snprintf(path, sizeof path, "pictures/%s/%d.png", class, i);
        char *bytes = workspace_read(w, path, &size);
        cr_assert_lt(size, 400);
        end += sprintf(end, "INSERT INTO t VALUES (x'");
        for (size_t k = 0; k < size; k++)
            end += sprintf(end, "%02x", (unsigned char)bytes[k]);
        end += sprintf(end, "', '%s');", class);
        free(bytes);
    }
    database_make(workspace_path(w, "t.db"), sql);
    free(sql);
}

/* Trains on a source and returns the parameters' bytes, `*size` of them. */
static char *train_on(const workspace *w, const char *part, size_t *size) {
    char text[2000], out[300];
    snprintf(text, sizeof text,
             "format: 1\n"
             "name: m\n"
             "inputs: {x: [B, 8, 8]}\n"
             "targets: {y: {shape: [B], dtype: i32, classes: [bag, boot, coat]}}\n"
             "graph:\n"
             "  c: {type: conv2d, input: \"unsqueeze(x, 1)\", out_channels: 4, kernel_size: 3, "
             "activation: relu}\n"
             "  z: {type: linear, input: \"flatten(c, 1)\", out_features: 3}\n"
             "outputs: [z]\n"
             "loss: cross_entropy(z, y)\n"
             "data:\n"
             "  train: %s\n"
             "  validation: {from: train, fraction: 0.25, stratify: y}\n"
             "  transform: {x: x / 255 - 0.5}\n"
             "train: {epochs: 3, batch_size: 5, seed: 4, optimizer: {type: adam, lr: 0.01}}\n",
             part);
    snprintf(out, sizeof out, "%s", workspace_path(w, "run"));
    workspace_remove_folder(w, "run");
    yg_model *model = workspace_model(w, "m.yaml", text);
    const yg_train_options options = {.out = out, .threads = 1};
    yg_train_result result;
    yg_error error = {0};
    cr_assert(yg_train(model, &options, &result, &error), "%s: %s", part, error.message);
    yg_train_result_free(&result);
    yg_model_free(model);
    /* What precedes the tensors, and says of which columns they were made, may differ. */
    char *file = workspace_read(w, "run/weights.safetensors", size);
    uint64_t head = 0;
    for (int k = 7; k >= 0; k--)
        head = head << 8 | (unsigned char)file[k];
    *size -= 8 + (size_t)head;
    memmove(file, file + 8 + head, *size);
    return file;
}

Test(images, every_source_gives_the_same_weights) {
    static const char *const parts[] = {
        "{arrays: {x: x.npy, y: y.npy}}",
        "{arrays: {x: x.idx, y: y.npy}}",
        "{csv: pixels.csv, x: \"*\", y: class}",
        "{csv: paths.csv, x: picture, y: class}\n  columns: {picture: {kind: image}}",
        "{images: pictures, x: image, y: class}\n  columns: {image: image}",
        "{images: pictures/, x: image, y: class}\n  columns: {image: image}",
        "{sqlite: t.db, x: picture, y: class}\n  columns: {picture: image}",
    };
    const workspace w = workspace_make();
    size_t size, first_size;
    write_sources(&w);
    if (database_can_be_made())
        write_database(&w);
    char *first = train_on(&w, parts[0], &first_size);
    cr_assert_gt(first_size, 1000);
    for (size_t i = 1; i < sizeof parts / sizeof *parts; i++) {
        if (strstr(parts[i], "sqlite") && !database_can_be_made())
            continue;
        char *weights = train_on(&w, parts[i], &size);
        cr_expect(size == first_size && memcmp(first, weights, size) == 0, "%s", parts[i]);
        free(weights);
    }
    free(first);
    workspace_remove(&w);
}

/* The rows of a folder are in the order of the names, and numbers in them count. */
Test(images, a_folder_is_read_in_the_order_of_the_names) {
    static const char *const paths[] = {"b/1.png",   "a/2.png",   "b/02.png",  "a/10.png",
                                        "b/10a.png", "a/x9y.png", "b/x10.png", "y.png"};
    enum { PATHS = sizeof paths / sizeof *paths };
    const workspace w = workspace_make();
    yg_error error = {0};
    yg_records records;
    mkdir(workspace_path(&w, "f"), 0700);
    mkdir(workspace_path(&w, "f/a"), 0700);
    mkdir(workspace_path(&w, "f/b"), 0700);
    for (int i = PATHS; i-- > 0;) {
        char path[50];
        snprintf(path, sizeof path, "f/%s", paths[i]);
        write_png(workspace_path(&w, path), i);
    }
    char folder[300];
    snprintf(folder, sizeof folder, "%s", workspace_path(&w, "f"));
    const yg_table_request request = {.path = folder, .name = folder};
    yg_table *table = yg_table_open(&yg_table_images, &request, &error);
    cr_assert(table, "%s", error.message);
    cr_assert_eq(yg_table_next(table, 100, false, &records, &error), PATHS);
    for (size_t i = 0; i < PATHS; i++)
        cr_expect_str_eq(records.cells[2 * i].text, paths[i]);
    yg_table_close(table);
    workspace_remove(&w);
}
