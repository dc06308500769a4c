/*
 * Documents: a YAML file, checked, read into a tree, and owned.
 */
#include "../../graph/file.h"
#include "../../graph/pool.h"
#include "reader.h"
#include "source.h"

#include <stdlib.h>
#include <string.h>

struct yg_document {
    yg_pool *pool; /* holds the document itself, too */
    const yg_value *root;
};

yg_document *yg_document_parse(const char *text, size_t size, const char *name, yg_error *error) {
    const yg_origin start = {name, 1, 1};
    if (size > YG_FILE_CAP) {
        yg_fail(error, YG_ERROR_SYNTAX, start, "the file is too large: at most %d bytes are read",
                YG_FILE_CAP);
        return NULL;
    }
    if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        text += 3;
        size -= 3;
    }
    yg_pool *pool = yg_pool_new();
    yg_document *document = pool ? yg_pool_take(pool, sizeof *document) : NULL;
    const char *kept_name = document ? yg_pool_copy(pool, name, strlen(name)) : NULL;
    const char *kept_text = kept_name ? yg_pool_copy(pool, text, size) : NULL;
    if (!kept_text) {
        yg_pool_free(pool);
        yg_fail_memory(error);
        return NULL;
    }
    document->pool = pool;
    const yg_source source = {kept_text, size, kept_name};
    if (yg_source_check(&source, error))
        document->root = yg_read_events(pool, &source, error);
    if (!document->root) {
        yg_pool_free(pool);
        return NULL;
    }
    return document;
}

/* The values are the document's own, and nobody else has them yet. */
static void forget_lines(const yg_value *value) {
    ((yg_value *)value)->origin.line = -1;
    for (size_t i = 0; i < value->count; i++) {
        if (value->keys)
            forget_lines(value->keys[i]);
        forget_lines(value->items[i]);
    }
}

yg_document *yg_document_parse_option(const char *text, const char *name, yg_error *error) {
    yg_error failure = {0};
    yg_document *document = yg_document_parse(text, strlen(text), name, &failure);
    failure.line = 0;
    if (!document)
        yg_fail_as(error, &failure);
    else
        forget_lines(document->root);
    return document;
}

yg_document *yg_document_load(const char *path, yg_error *error) {
    size_t size;
    char *text = yg_file_read(path, YG_FILE_CAP, &size, error);
    if (!text)
        return NULL;
    yg_document *document = yg_document_parse(text, size, path, error);
    free(text);
    return document;
}

void yg_document_free(yg_document *document) {
    if (document)
        yg_pool_free(document->pool);
}

const yg_value *yg_document_root(const yg_document *document) {
    return document->root;
}

size_t yg_value_entry(const yg_value *mapping, const char *key) {
    size_t begin = 0, end = mapping->count;
    while (begin < end) {
        const size_t middle = begin + (end - begin) / 2;
        const int order = strcmp(mapping->sorted[middle].key->text, key);
        if (order == 0)
            return mapping->sorted[middle].entry;
        if (order < 0)
            begin = middle + 1;
        else
            end = middle;
    }
    return SIZE_MAX;
}

const yg_value *yg_value_get(const yg_value *mapping, const char *key) {
    const size_t entry = mapping->kind == YG_MAPPING ? yg_value_entry(mapping, key) : SIZE_MAX;
    return entry == SIZE_MAX ? NULL : mapping->items[entry];
}
