/*
 * Graphs for tests of the compiler: see plan_subject.h.
 */
#include "plan_subject.h"

#include "compiled.h"
#include "graph/loop.h"
#include "ops/ops.h"
#include "tell.h"

#include <criterion/criterion.h>

static void output(subject *s, yg_node node) {
    cr_assert_neq(node, YG_NONE);
    s->outputs[s->output_count++] = node;
}

static void update(subject *s, yg_node parameter, yg_node value) {
    cr_assert_neq(value, YG_NONE);
    s->updates[s->update_count++] = (yg_update){parameter, value};
}

/* A softmax over columns is a kernel that needs every row, so nothing runs by rows. */
static yg_node whole(subject *s, yg_node node) {
    return yg_softmax(s->g, node, 0);
}

void subject_residual(subject *s) {
    s->a = whole(s, s->x);
    s->b = whole(s, s->a);
    s->d = yg_multiply(s->g, s->a, s->b);
    output(s, whole(s, s->d));
}

void subject_summed(subject *s) {
    s->a = whole(s, s->x);
    s->d = yg_matmul(s->g, s->x, s->y, true, false);
    s->b = yg_matmul(s->g, s->x, s->d, false, false);
    output(s, yg_add(s->g, s->a, s->b));
}

void subject_looped(subject *s) {
    const yg_type *type = yg_node_type(s->g, s->x);
    yg_graph *body = yg_graph_new(yg_ops(), 0);
    const yg_node h = yg_input(body, "h", type), next = yg_softmax(body, h, 0);
    const yg_loop_spec spec = {
        .body = body, .carries = &h, .next = &next, .carry_count = 1, .iterations = 2};
    s->a = whole(s, s->x);
    cr_assert(yg_loop(s->g, &spec, &s->a, NULL, NULL, &s->b, NULL));
    s->d = yg_matmul(s->g, s->x, s->y, true, false);
    output(s, whole(s, s->b));
    output(s, s->d);
}

void subject_products(subject *s) {
    s->a = yg_matmul(s->g, s->x, s->y, true, false);
    s->b = yg_matmul(s->g, s->x, s->a, false, false);
    output(s, whole(s, s->b));
}

void subject_updated_late(subject *s) {
    s->a = whole(s, s->x);
    s->b = whole(s, s->w);
    output(s, whole(s, s->b));
    s->d = yg_subtract(s->g, s->w, yg_multiply(s->g, s->a, s->y));
    update(s, s->w, s->d);
}

void subject_deep(subject *s) {
    yg_node layers[LAYERS] = {whole(s, s->x)};
    for (int i = 1; i < LAYERS; i++)
        layers[i] = whole(s, layers[i - 1]);
    yg_node back = layers[LAYERS - 1];
    for (int i = LAYERS - 1; i-- > 0;)
        back = whole(s, yg_multiply(s->g, back, layers[i]));
    output(s, back);
}

void subject_viewed(subject *s) {
    const int64_t start[] = {ROWS / 2, 0}, stop[] = {ROWS, COLUMNS}, step[] = {1, 1};
    s->a = whole(s, s->x);
    s->b = yg_slice(s->g, s->a, start, stop, step);
    output(s, whole(s, s->b));
}

void subject_joined(subject *s) {
    s->a = whole(s, s->x);
    s->b = whole(s, s->y);
    s->d = yg_concat(s->g, (yg_node[]){s->a, s->b}, 2, 0);
    output(s, whole(s, s->d));
}

void subject_by_rows(subject *s) {
    s->a = yg_softmax(s->g, s->x, -1);
    s->b = yg_softmax(s->g, s->a, -1);
    s->d = yg_sum(s->g, s->b, (int64_t[]){0}, 1, false);
    output(s, yg_exp(s->g, s->d));
}

void subject_by_rows_and_later(subject *s) {
    subject_by_rows(s);
    output(s, whole(s, s->a));
}

void subject_side_by_side(subject *s) {
    s->a = whole(s, s->x);
    s->b = whole(s, s->y);
    output(s, s->a);
    output(s, whole(s, s->b));
}

void subject_read_late(subject *s) {
    s->a = yg_multiply(s->g, s->w, whole(s, s->x));
    s->b = whole(s, s->a);
    s->d = yg_multiply(s->g, s->w, s->b);
    update(s, s->w, s->a);
    output(s, whole(s, s->d));
}

/* Updates that must not be written over w: its old value is needed afterwards, or its rows out of
 * order. */

void subject_asked_for(subject *s) {
    s->a = yg_multiply(s->g, s->w, whole(s, s->x));
    update(s, s->w, s->a);
    output(s, s->a);
}

void subject_passed_on(subject *s) {
    update(s, yg_parameter(s->g, "v", yg_node_type(s->g, s->w)), s->w);
    update(s, s->w, yg_multiply(s->g, s->w, whole(s, s->x)));
}

void subject_shared_value(subject *s) {
    s->a = yg_multiply(s->g, s->w, whole(s, s->x));
    update(s, yg_parameter(s->g, "v", yg_node_type(s->g, s->w)), s->a);
    update(s, s->w, s->a);
}

static yg_node rows_of(subject *s, yg_node node, int64_t begin, int64_t end) {
    return yg_slice(s->g, node, (int64_t[]){begin, 0}, (int64_t[]){end, COLUMNS},
                    (int64_t[]){1, 1});
}

void subject_first_row_for_all(subject *s) {
    const yg_node row = yg_broadcast(s->g, rows_of(s, s->w, 0, 1), yg_node_type(s->g, s->w));
    update(s, s->w, yg_multiply(s->g, s->w, row));
}

void subject_rows_to_the_next(subject *s) {
    const yg_attr attrs[] = {{.count = 2, .ints = {1, 0}}, {.count = 2, .ints = {1, 1}}};
    const yg_node operands[] = {s->w, rows_of(s, s->w, 0, ROWS - 1)};
    update(s, s->w, yg_apply(s->g, yg_op_find(yg_ops(), "add_to_slice"), operands, 2, attrs));
}

void subject_fused(subject *s) {
    s->a = yg_sin(s->g, s->x);
    s->b = yg_cos(s->g, s->y);
    s->d = yg_divide(s->g, s->a, s->b);
    output(s, yg_add(s->g, s->d, s->x));
}

void subject_with_effects(subject *s) {
    subject_updated_late(s);
    s->a = yg_apply(s->g, &tell_op, &s->x, 1, NULL);
    s->b = yg_apply(s->g, &tell_op, &s->x, 1, NULL);
}

void subject_with_late_effects(subject *s) {
    s->d = yg_sin(s->g, s->x);
    output(s, yg_divide(s->g, yg_cos(s->g, s->d), s->y));
    s->a = yg_apply(s->g, &tell_op, &s->d, 1, NULL);
    s->b = yg_apply(s->g, &tell_op, &s->d, 1, NULL);
}
