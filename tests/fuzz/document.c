/*
 * Any bytes as a YAML file: a tree within the caps, with all of its places, or a message.
 */
#include "models/loader/document.h"

#include "fuzz.h"
#include "require.h"

#include <string.h>

static void walk(const yg_value *value, int depth, size_t *count) {
    require(++*count <= YG_VALUE_CAP, "the tree is within the cap");
    require(value->origin.line > 0 && value->origin.column > 0, "every value has a place");
    if (value->kind == YG_SCALAR) {
        require(value->count == 0 && strlen(value->text) <= YG_SCALAR_CAP, "a scalar's form");
        require(value->source != NULL, "a scalar has its source");
        return;
    }
    require(depth < YG_DEPTH_CAP, "the tree is not too deep");
    for (size_t i = 0; i < value->count; i++) {
        if (value->kind == YG_MAPPING) {
            require(value->keys[i]->kind == YG_SCALAR, "a key is a scalar");
            require(value->count > 100 ||
                        yg_value_get(value, value->keys[i]->text) == value->items[i],
                    "keys are different");
            walk(value->keys[i], depth + 1, count);
        }
        walk(value->items[i], depth + 1, count);
    }
}

int fuzz_document(const uint8_t *bytes, size_t size) {
    yg_error error = {0};
    yg_document *document = yg_document_parse((const char *)bytes, size, "fuzz.yaml", &error);
    if (document == NULL) {
        require_failure(&error);
        return 0;
    }
    size_t count = 0;
    walk(yg_document_root(document), 0, &count);
    yg_document_free(document);
    return 0;
}
