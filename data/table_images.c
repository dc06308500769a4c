/*
 * The table `images: FOLDER`: a record for each PNG and JPEG file, with its path and its class.
 *
 * The class is the name of the folder in FOLDER that has the file, at any depth. A file in FOLDER
 * itself has none. FOLDER may be a file: then it is the only record. Nothing is decoded here.
 *
 * The order is that of the files' names, whatever folder each is in: see by_name().
 */
#include "csv_scan.h"
#include "table.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define ENDINGS ".png, .jpg, .jpeg"
enum { RECORDS = 1024, DEPTH = 32 };

typedef struct images_table {
    yg_table table;
    char *base;   /* the folder, with a slash behind it, or the only file */
    char **paths; /* from the folder, "cat/001.png", in their order */
    size_t count, room;
    size_t at; /* the next one */
    int64_t given;
    yg_cell cells[RECORDS][2];
} images_table;

static void close_images(yg_table *table) {
    images_table *state = (images_table *)table;
    for (size_t i = 0; i < state->count; i++)
        free(state->paths[i]);
    free(state->paths);
    free(state->base);
    free(state);
}

/* ------------------------------------------------------------------------------------ files -- */

static bool is_image(const char *name) {
    static const char *const endings[] = {".png", ".jpg", ".jpeg"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        const size_t length = strlen(name), size = strlen(endings[i]);
        if (length > size && strcasecmp(name + length - size, endings[i]) == 0)
            return true;
    }
    return false;
}

static bool fail_path(const images_table *state, const char *path, const char *what,
                      yg_error *error) {
    return yg_fail(error, YG_ERROR_IO, (yg_origin){state->table.name, 0, 0}, "'%.300s' %s", path,
                   what);
}

/* Appends a path, which is copied. */
static bool add(images_table *state, const char *path, yg_error *error) {
    if (!yg_is_utf8(path, strlen(path)))
        return fail_path(state, path, "has a name that is not UTF-8; rename it", error);
    if (state->count == state->room) {
        const size_t room = 2 * state->room + 64;
        char **grown = realloc(state->paths, room * sizeof *grown);
        if (!grown)
            return yg_fail_memory(error);
        state->paths = grown;
        state->room = room;
    }
    if (!(state->paths[state->count] = strdup(path)))
        return yg_fail_memory(error);
    state->count++;
    return true;
}

/* A folder that is searched: full[0 .. length) is its path, full + state->prefix that from the
 * outermost one. */
typedef struct search {
    images_table *state;
    char full[PATH_MAX];
    size_t prefix;
    yg_error *error;
} search;

static bool search_folder(search *s, size_t length, int depth);

/* Takes an entry of the folder, which stands at the end of the path. */
static bool search_entry(search *s, size_t length, const char *name, int depth) {
    struct stat status;
    const size_t size = strlen(name);
    if (length + size + 2 > sizeof s->full)
        return fail_path(s->state, name, "has too long a path", s->error);
    memcpy(s->full + length, name, size + 1);
    if (is_image(name))
        return add(s->state, s->full + s->prefix, s->error);
    if (stat(s->full, &status) != 0 || !S_ISDIR(status.st_mode))
        return true; /* some other file */
    if (depth == DEPTH)
        return fail_path(s->state, s->full + s->prefix,
                         "is a folder too deep in others; is there a link to one of them?",
                         s->error);
    const size_t before = s->state->count;
    memcpy(s->full + length + size, "/", 2);
    if (!search_folder(s, length + size + 1, depth + 1))
        return false;
    return depth > 0 || s->state->count > before ||
           fail_path(s->state, s->full + s->prefix,
                     "is the folder of a class, but has no image (" ENDINGS ")", s->error);
}

/* NOLINTNEXTLINE(misc-no-recursion): the depth is limited */
static bool search_folder(search *s, size_t length, int depth) {
    DIR *folder = opendir(s->full);
    const struct dirent *entry;
    bool good = true;
    if (!folder)
        return fail_path(s->state, s->full, strerror(errno), s->error);
    while (good && (entry = readdir(folder)) != NULL) {
        good = entry->d_name[0] == '.' || search_entry(s, length, entry->d_name, depth);
        s->full[length] = '\0';
    }
    closedir(folder);
    return good;
}

static const char *name_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static size_t digits_of(const char *text) {
    return strspn(text, "0123456789");
}

/* Compares names. Where both have digits, the smaller number comes first: 2.png before 10.png. */
static int compare_names(const char *a, const char *b) {
    while (*a && *b) {
        size_t of_a = digits_of(a), of_b = digits_of(b);
        if (of_a && of_b) {
            for (; of_a > 1 && *a == '0'; of_a--)
                a++;
            for (; of_b > 1 && *b == '0'; of_b--)
                b++;
            const int order = of_a == of_b ? memcmp(a, b, of_a) : of_a < of_b ? -1 : 1;
            if (order)
                return order;
            a += of_a;
            b += of_b;
        } else if (*a == *b) {
            a++;
            b++;
        } else
            break;
    }
    return (unsigned char)*a - (unsigned char)*b;
}

/* By the file's name, so that pictures that are numbered through keep their order, whatever class
 * each has. Sorted by folder, a batch that is not shuffled would have one class only. Among equal
 * names by the bytes of the path. */
static int by_name(const void *a, const void *b) {
    const char *x = *(char *const *)a, *y = *(char *const *)b;
    const int order = compare_names(name_of(x), name_of(y));
    return order ? order : strcmp(x, y);
}

/* ---------------------------------------------------------------------------------- opening -- */

static bool begin(images_table *state, const yg_table_request *request, yg_error *error) {
    search s = {.state = state, .error = error};
    struct stat status;
    size_t length = strlen(request->path);
    if (stat(request->path, &status) != 0)
        return yg_fail(error, YG_ERROR_IO, request->origin, "cannot open '%s': %s", request->path,
                       strerror(errno));
    state->base = calloc(length + 2, 1);
    if (!state->base)
        return yg_fail_memory(error);
    memcpy(state->base, request->path, length);
    state->table.base = state->base;
    if (!S_ISDIR(status.st_mode)) {
        const char *name = strrchr(request->path, '/');
        return is_image(request->path)
                   ? add(state, name ? name + 1 : request->path, error)
                   : yg_fail(error, YG_ERROR_DATA, request->origin,
                             "'%s' is neither a folder nor an image (" ENDINGS ")", request->path);
    }
    if (length + 2 > sizeof s.full)
        return yg_fail(error, YG_ERROR_IO, request->origin, "the path is too long");
    memcpy(s.full, request->path, length + 1);
    if (length && s.full[length - 1] != '/')
        memcpy(s.full + length++, "/", 2);
    memcpy(state->base, s.full, length);
    s.prefix = length;
    if (!search_folder(&s, length, 0))
        return false;
    if (state->count)
        qsort(state->paths, state->count, sizeof *state->paths, by_name);
    return state->count > 0 || yg_fail(error, YG_ERROR_DATA, (yg_origin){request->name, 0, 0},
                                       "the folder has no image (" ENDINGS ")");
}

static yg_table *open_images(const yg_table_request *request, yg_error *error) {
    static const char *const columns[] = {"image", "class"};
    images_table *state = calloc(1, sizeof *state);
    if (!state) {
        yg_fail_memory(error);
        return NULL;
    }
    state->table = (yg_table){
        .kind = &yg_table_images, .name = request->name, .column_count = 2, .columns = columns};
    if (begin(state, request, error))
        return &state->table;
    close_images(&state->table);
    return NULL;
}

/* ---------------------------------------------------------------------------------- records -- */

static int64_t next_records(yg_table *table, int64_t limit, bool eager, yg_records *records,
                            yg_error *error) {
    images_table *state = (images_table *)table;
    const int64_t most = limit < RECORDS ? limit : RECORDS;
    (void)eager;
    (void)error;
    for (state->given = 0; state->given < most && state->at < state->count; state->at++) {
        const char *path = state->paths[state->at], *slash = strchr(path, '/');
        yg_cell *cells = state->cells[state->given++];
        cells[0] = (yg_cell){.kind = YG_CELL_LITERAL, .size = (uint32_t)strlen(path), .text = path};
        cells[1] =
            slash
                ? (yg_cell){.kind = YG_CELL_LITERAL, .size = (uint32_t)(slash - path), .text = path}
                : (yg_cell){.kind = YG_CELL_NONE};
    }
    *records = (yg_records){state->given, state->cells[0]};
    return state->given;
}

static yg_place place(const yg_table *table, int64_t record, size_t column) {
    const images_table *state = (const images_table *)table;
    (void)column;
    return (yg_place){.origin = {table->name, 0, 0},
                      .row = (int64_t)state->at - state->given + record + 1};
}

static bool tell(yg_table *table, yg_mark *mark) {
    const int64_t at = (int64_t)((const images_table *)table)->at;
    *mark = (yg_mark){.offset = at, .record = at, .row = at};
    return true;
}

static bool seek(yg_table *table, const yg_mark *mark, yg_error *error) {
    images_table *state = (images_table *)table;
    state->given = 0;
    state->at = (size_t)mark->row;
    return state->at <= state->count ||
           yg_fail(error, YG_ERROR_DATA, (yg_origin){table->name, 0, 0},
                   "it has fewer images than when it was read before");
}

static const char *const suffixes[] = {".png", ".jpg", ".jpeg", NULL};

const yg_table_kind yg_table_images = {
    .key = "images",
    .doc = "a row is a PNG or JPEG file of a folder",
    .suffixes = suffixes,
    .by_path = true,
    .open = open_images,
    .next = next_records,
    .place = place,
    .tell = tell,
    .seek = seek,
    .close = close_images,
};
