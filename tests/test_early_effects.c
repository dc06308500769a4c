/*
 * The pass `early_effects`: what sends a gradient runs right after that is known, and not after the
 * whole backward pass. The order among nodes with effects stays, and no bit changes.
 */
#include "compiled.h"
#include "graph/graph.h"
#include "graph/program.h"
#include "ops/build.h"
#include "ops/ops.h"
#include "tell.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { LAYERS = 4, WIDTH = 24, BATCH = 8 };

typedef struct subject {
    yg_graph *g;
    yg_node leaves[LAYERS + 1], gradients[LAYERS], told[LAYERS];
} subject;

/* Layers, their gradients, and behind them all a node that tells each gradient, the last first. */
static subject build(void) {
    subject s = {.g = yg_graph_new(yg_ops(), 0)};
    const yg_type x = type_of(YG_F32, 2, (int64_t[]){BATCH, WIDTH});
    const yg_type w = type_of(YG_F32, 2, (int64_t[]){WIDTH, WIDTH});
    yg_node h = s.leaves[LAYERS] = yg_input(s.g, "x", &x);
    for (int i = 0; i < LAYERS; i++) {
        char name[4] = {'w', (char)('0' + i)};
        s.leaves[i] = yg_parameter(s.g, name, &w);
        h = yg_tanh(s.g, yg_matmul(s.g, h, s.leaves[i], false, false));
    }
    const yg_node loss = yg_sum(s.g, h, NULL, 0, false);
    cr_assert(yg_grad(s.g, loss, YG_NONE, s.leaves, LAYERS, s.gradients));
    for (int i = LAYERS - 1; i >= 0; i--)
        s.told[i] = yg_apply(s.g, &tell_op, &s.gradients[i], 1, NULL);
    cr_assert_null(yg_graph_error(s.g));
    return s;
}

static yg_program *compile_subject(const subject *s, const char *without) {
    return compile_without(s->g, s->told, LAYERS, NULL, 0, without, 1);
}

/* Writes a 't' for each line of a program that tells something, and an 'm' for each product. */
static void list_lines(yg_program *program, char *list, size_t size) {
    char *text = yg_program_text(program);
    size_t count = 0;
    cr_assert_not_null(text);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        const bool tells = strstr(line, "tell"), product = strstr(line, "matmul");
        if ((tells || product) && count + 1 < size)
            list[count++] = tells ? 't' : 'm';
    }
    list[count] = '\0';
    free(text);
}

Test(early_effects, a_gradient_is_told_while_others_are_computed) {
    subject s = build();
    char early[64], late[64];
    yg_program *with = compile_subject(&s, NULL), *without = compile_subject(&s, "early_effects");
    list_lines(with, early, sizeof early);
    list_lines(without, late, sizeof late);
    const char *told = strstr(late, "tttt");
    cr_expect(told && !told[4], "they come last: %s", late);
    cr_expect_eq(strlen(early), strlen(late));
    const char *first = strchr(early, 't'), *product = strrchr(early, 'm');
    cr_expect(first && product && first + 3 < product, "%s", early);
    yg_program_free(with);
    yg_program_free(without);
    yg_graph_free(s.g);
}

Test(early_effects, no_bit_changes) {
    subject s = build();
    yg_program *programs[] = {compile_subject(&s, NULL), compile_subject(&s, "early_effects")};
    for (int p = 0; p < 2; p++) {
        for (int i = 0; i <= LAYERS; i++)
            fill_leaf(s.g, programs[p], s.leaves[i]);
        run(programs[p]);
    }
    for (int i = 0; i < LAYERS; i++)
        expect_same(s.g, programs[0], programs[1], s.told[i], "gradient");
    yg_program_free(programs[0]);
    yg_program_free(programs[1]);
    yg_graph_free(s.g);
}
