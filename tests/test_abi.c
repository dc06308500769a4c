/*
 * The interface between operators and the library has a number, YG_OP_ABI, that plug-ins carry. The
 * headers that a plug-in sees are hashed, comments and blanks left out: they do not change without
 * the number.
 */
#include "graph/graph.h"
#include "ops/ops.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <stdio.h>

/* The hash of the headers when YG_OP_ABI was last raised. */
#define HASH_OF_ABI 0x11b7c95fu
#define ABI_OF_HASH 2

static const char *const headers[] = {"graph/error.h", "graph/type.h", "graph/op.h",
                                      "graph/graph.h", "ops/build.h",  "ops/plugin.h"};

static uint32_t hash_file(uint32_t hash, const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/../../%s", YG_FIXTURES, name);
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file, "%s", path);
    bool comment = false;
    for (int c = fgetc(file), next; c != EOF; c = next) {
        next = fgetc(file);
        if (!comment && c == '/' && next == '*') {
            comment = true;
        } else if (comment && c == '*' && next == '/') {
            comment = false;
            next = fgetc(file);
        } else if (!comment && !isspace(c)) {
            hash = (hash ^ (uint32_t)c) * 0x01000193u; /* FNV-1a */
        }
    }
    fclose(file);
    return hash;
}

Test(abi, headers_do_not_change_without_the_number) {
    uint32_t hash = 0x811c9dc5u;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        hash = hash_file(hash, headers[i]);
    cr_expect(hash == HASH_OF_ABI && YG_OP_ABI == ABI_OF_HASH,
              "the headers that plug-ins see have changed. In graph/op.h make YG_OP_ABI one more "
              "than in the last release, and in tests/test_abi.c set ABI_OF_HASH to it and "
              "HASH_OF_ABI to 0x%xu",
              hash);
}

/* A caller can fill in a type by hand. Every function that takes a type checks it. */
Test(abi, bad_types_are_errors) {
    const yg_type bad[] = {{.dtype = YG_F32, .rank = 20},
                           {.dtype = YG_F32, .rank = -1},
                           {.dtype = (yg_dtype)77, .rank = 1, .shape = {2}},
                           {.dtype = YG_F64, .rank = 2, .shape = {INT64_MAX, INT64_MAX}},
                           {.dtype = YG_F64, .rank = 1, .shape = {-3}}};
    const double data[4] = {0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        for (int way = 0; way < 4; way++) {
            yg_graph *graph = yg_graph_new(yg_ops(), 0);
            const yg_node node = way == 0   ? yg_input(graph, "x", &bad[i])
                                 : way == 1 ? yg_parameter(graph, "w", &bad[i])
                                 : way == 2 ? yg_constant(graph, &bad[i], data)
                                            : yg_full(graph, &bad[i], 1);
            cr_expect(node == YG_NONE && yg_graph_error(graph), "type %zu, way %d", i, way);
            yg_graph_free(graph);
        }
    }
    yg_graph *graph = yg_graph_new(yg_ops(), 0);
    cr_expect_eq(yg_scalar(graph, (yg_dtype)9, 1), YG_NONE);
    cr_expect_eq(yg_graph_error(graph)->code, YG_ERROR_DTYPE);
    yg_graph_free(graph);
    yg_type type;
    yg_error error = {0};
    cr_expect_not(yg_type_make((yg_dtype)-1, 0, NULL, &type, &error));
    cr_expect_eq(error.code, YG_ERROR_DTYPE);
}
