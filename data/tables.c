/*
 * The list of kinds of tables: a new one is a file and a line here.
 */
#include "table.h"

#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static const yg_table_kind *const kinds[] = {&yg_table_csv,    &yg_table_jsonl,  &yg_table_text,
                                             &yg_table_images, &yg_table_sqlite, NULL};

const yg_table_kind *const *yg_table_kinds(void) {
    return kinds;
}

/* Whether text[0 .. length) ends so, in upper or lower case. */
static bool ends_with(const char *text, size_t length, const char *end) {
    const size_t size = strlen(end);
    return length > size && strncasecmp(text + length - size, end, size) == 0;
}

const yg_table_kind *yg_table_kind_of_path(const char *path) {
    size_t length = strlen(path);
    if (ends_with(path, length, ".gz"))
        length -= strlen(".gz");
    for (size_t i = 0; kinds[i]; i++)
        for (size_t k = 0; kinds[i]->suffixes && kinds[i]->suffixes[k]; k++)
            if (ends_with(path, length, kinds[i]->suffixes[k]))
                return kinds[i];
    return NULL;
}

/* The kind of the first file that a value names. */
static const yg_table_kind *kind_of_value(const yg_value *value) {
    if (value->kind == YG_SEQUENCE)
        value = value->count ? value->items[0] : value;
    return value->kind == YG_SCALAR ? yg_table_kind_of_path(value->text) : NULL;
}

static bool is_folder(const yg_value *value) {
    struct stat status;
    return value->kind == YG_SCALAR && stat(value->text, &status) == 0 && S_ISDIR(status.st_mode);
}

const yg_table_kind *yg_table_kind_of(const yg_value *part) {
    const yg_value *file = part ? yg_table_files(part) : NULL;
    if (!file)
        return NULL;
    /* A path of the command line may be of another kind than the one it stands in for. */
    const bool given = !file->origin.line;
    const yg_table_kind *kind = given && is_folder(file) ? &yg_table_images : kind_of_value(file);
    /* The end .txt tells little: a table that is written so has commas. */
    if (yg_value_get(part, "file") || (kind && given && kind != &yg_table_text))
        return kind;
    size_t i = 0;
    while (yg_value_get(part, kinds[i]->key) != file)
        i++;
    return kinds[i];
}

const yg_value *yg_table_files(const yg_value *part) {
    const yg_value *file = yg_value_get(part, "file");
    for (size_t i = 0; !file && kinds[i]; i++)
        file = yg_value_get(part, kinds[i]->key);
    return file;
}
