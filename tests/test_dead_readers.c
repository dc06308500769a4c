/*
 * What nothing needs changes nothing: a rewriting rule matches the same nodes with the pass `dead`
 * and without it.
 */
#include "compiled.h"
#include "ops/build.h"
#include "ops/ops.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static bool has_product_in_place(const yg_program *program) {
    char *text = yg_program_text(program);
    const bool found = text && strstr(text, "addmm(");
    free(text);
    return found;
}

/* c + a · b becomes one operator if nothing else reads the product. */
Test(dead_readers, keep_no_rule_from_matching) {
    for (int read = 0; read < 2; read++) {
        yg_graph *g = yg_graph_new(yg_ops(), 0);
        const yg_type square = type_of(YG_F32, 2, (int64_t[]){48, 48});
        const yg_node a = yg_input(g, "a", &square), b = yg_input(g, "b", &square);
        const yg_node c = yg_softmax(g, yg_input(g, "c", &square), 1);
        const yg_node product = yg_matmul(g, a, b, false, false), sum = yg_add(g, c, product);
        const yg_node outputs[] = {sum, yg_exp(g, product)}; /* the second is needed if read */
        const size_t count = read ? 2 : 1;
        yg_program *with = compile(g, outputs, count, NULL, 0, 0, 1);
        yg_program *without = compile_without(g, outputs, count, NULL, 0, "dead", 1);
        cr_expect_eq(has_product_in_place(with), !read);
        cr_expect_eq(has_product_in_place(without), !read);
        for (yg_node leaf = 0; leaf < yg_graph_size(g); leaf++) {
            if (!yg_node_is_input(g, leaf))
                continue;
            fill_leaf(g, with, leaf);
            fill_leaf(g, without, leaf);
        }
        run(with);
        run(without);
        expect_same(g, with, without, sum, "without dead");
        yg_program_free(with);
        yg_program_free(without);
        yg_graph_free(g);
    }
}
