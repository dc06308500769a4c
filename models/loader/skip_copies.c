/*
 * Expands no more copies of a `repeat:` than needed. Each copy has the result of the one before as
 * its input, and nothing else tells copies apart. So once the result has the type of the input, all
 * further copies are equal, but for the numbers in their names.
 */
#include "copies.h"
#include "expander.h"
#include "expression_tree.h"

#include <string.h>

yg_copy_mark yg_mark_copy(const yg_expander *x, const yg_term *result) {
    const bool named =
        result && result->kind == YG_TERM_WRITTEN && result->written->kind == YG_EXPRESSION_NAME;
    return (yg_copy_mark){.statements = x->flat->statement_count,
                          .params = x->flat->param_names.count,
                          .layers = x->flat->layer_count,
                          .others = x->flat->update_count + x->flat->loss_count +
                                    x->flat->fixed_count + x->flat->copies_count,
                          .counted = x->statement_count,
                          .elements = x->flat->elements,
                          .result = named ? result->written : NULL};
}

/* ----------------------------------------------------------------------- whether copies are equal
 * --
 */

static const yg_type *type_of(const yg_expander *x, const char *name) {
    const yg_term *term = yg_builder_find(x->trial, name);
    return term && term->kind == YG_TERM_TENSOR ? yg_node_type(x->trial->graph, term->node) : NULL;
}

static bool has_number(const char *before, const char *name) {
    yg_numbered numbered;
    return yg_numbered_find(before, name, &numbered) && numbered.digits > 0;
}

static bool same_results(const yg_expander *x, const yg_copy_mark *before,
                         const yg_copy_mark *pattern) {
    if (!before->result || !pattern->result ||
        !has_number(before->result->text, pattern->result->text))
        return false;
    const yg_type *one = type_of(x, before->result->text);
    const yg_type *two = type_of(x, pattern->result->text);
    return one && two && yg_type_equal(one, two);
}

static bool same_names(const yg_flat *flat, const yg_copy_mark *begin) {
    const size_t params = begin[1].params - begin[0].params;
    const size_t layers = begin[1].layers - begin[0].layers;
    for (size_t i = begin[1].params; i < begin[2].params; i++)
        if (!has_number(flat->params[i - params].name, flat->params[i].name))
            return false;
    for (size_t i = begin[1].layers; i < begin[2].layers; i++)
        if (!has_number(flat->layers[i - layers].name, flat->layers[i].name))
            return false;
    return true;
}

static bool same_statements(yg_expander *x, const yg_copy_mark *begin) {
    const yg_flat *flat = x->flat;
    const size_t size = begin[1].statements - begin[0].statements;
    yg_flat_statement copy;
    for (size_t i = begin[1].statements; i < begin[2].statements; i++)
        if (!yg_copy_statement(x->pool, &flat->statements[i - size], &flat->statements[i], 0,
                               &copy))
            return false;
    return true;
}

/* Whether the copies of these marks have the same number of everything, and nothing else than
 * statements, parameters and layers. */
static bool same_counts(const yg_copy_mark *m) {
    for (int i = 1; i <= YG_COPIES_COMPARED; i++)
        if (m[i].others != m[0].others ||
            (i > 1 && (m[i].statements - m[i - 1].statements != m[1].statements - m[0].statements ||
                       m[i].params - m[i - 1].params != m[1].params - m[0].params ||
                       m[i].layers - m[i - 1].layers != m[1].layers - m[0].layers ||
                       m[i].counted - m[i - 1].counted != m[1].counted - m[0].counted)))
            return false;
    return m[1].statements > m[0].statements;
}

/* --------------------------------------------------------------------------------- skipping them
 * --
 */

static bool add_params(yg_expander *x, const yg_copy_mark *begin, int64_t count) {
    yg_flat *flat = x->flat;
    const size_t each = begin[1].params - begin[0].params;
    const int64_t elements = begin[2].elements - begin[1].elements;
    for (int64_t further = 1; further <= count; further++)
        for (size_t k = 0; k < each; k++) {
            const size_t index = flat->param_names.count;
            yg_flat_param *grown = yg_pool_grow(x->pool, flat->params, index, sizeof *grown);
            if (!grown)
                return yg_fail_memory(x->error);
            const yg_flat_param *pattern = &grown[begin[1].params + k];
            yg_numbered name;
            yg_numbered_find(grown[begin[0].params + k].name, pattern->name, &name);
            flat->params = grown;
            grown[index] = *pattern;
            grown[index].name = yg_numbered_text(&name, further, x->pool);
            if (!grown[index].name || !yg_names_add(&flat->param_names, x->pool, grown[index].name))
                return yg_fail_memory(x->error);
        }
    int64_t more;
    return (!__builtin_mul_overflow(elements, count, &more) &&
            !__builtin_add_overflow(flat->elements, more, &flat->elements)) ||
           yg_fail(x->error, YG_ERROR_ARGUMENT, x->place,
                   "the model has more than 9223372036854775807 parameters");
}

static bool count_statements(yg_expander *x, const yg_copy_mark *begin, int64_t count,
                             yg_origin origin) {
    const size_t each = begin[2].counted - begin[1].counted;
    const size_t room = YG_STATEMENT_CAP - x->statement_count;
    if (each > 0 && (size_t)count > room / each)
        x->statement_count = YG_STATEMENT_CAP; /* the next one is too many */
    else
        x->statement_count += (size_t)count * each - 1;
    return yg_count_statement(x, origin);
}

static yg_flat_copies *add_copies(yg_expander *x, const yg_copy_mark *marks) {
    yg_flat *flat = x->flat;
    yg_flat_copies *copies = yg_pool_take(x->pool, sizeof *copies);
    yg_flat_copies **grown = yg_pool_grow(x->pool, flat->copies, flat->copies_count, sizeof *grown);
    if (!copies || !grown) {
        yg_fail_memory(x->error);
        return NULL;
    }
    copies->index = flat->copies_count;
    flat->copies = grown;
    flat->copies[flat->copies_count++] = copies;
    for (int i = 0; i < YG_COPIES_COMPARED; i++)
        for (size_t k = marks[i].statements; k < marks[i + 1].statements; k++) {
            flat->statements[k].copies = copies;
            flat->statements[k].copy = i;
        }
    return copies;
}

bool yg_skip_copies(yg_expander *x, const yg_copy_mark *marks, int64_t count, yg_origin origin,
                    int64_t *skipped, yg_term *result) {
    const yg_copy_mark *begin = &marks[YG_COPIES_COMPARED - 2]; /* of the last two, and their end */
    *skipped = 0;
    if (!same_counts(marks) || !same_results(x, &begin[1], &begin[2]) ||
        !same_names(x->flat, begin) || !same_statements(x, begin))
        return true;
    yg_numbered name;
    yg_flat_copies *copies = add_copies(x, marks);
    if (!copies)
        return false;
    copies->count = count;
    copies->result_before = begin[1].result->text;
    copies->result = begin[2].result->text;
    copies->layer_begin = begin[1].layers;
    copies->layer_end = begin[2].layers;
    yg_numbered_find(copies->result_before, copies->result, &name);
    copies->last = yg_numbered_text(&name, count, x->pool);
    yg_expression *last = yg_expression_new(x->pool, YG_EXPRESSION_NAME, origin, copies->last);
    if (!last)
        return yg_fail_memory(x->error);
    const yg_term value = *yg_builder_find(x->trial, copies->result);
    *skipped = count;
    *result = (yg_term){.kind = YG_TERM_WRITTEN, .written = last};
    return count_statements(x, begin, count, origin) && add_params(x, begin, count) &&
           yg_builder_add(x->trial, copies->last, value);
}
