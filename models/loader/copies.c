/*
 * Copies of a `repeat:`: see copies.h.
 */
#include "copies.h"

#include <string.h>

/* ------------------------------------------------------------------------------- expressions -- */

static bool same_keywords(const yg_expression *a, const yg_expression *b) {
    for (size_t i = 0; i < a->count; i++) {
        const char *one = a->keywords ? a->keywords[i] : NULL;
        const char *two = b->keywords ? b->keywords[i] : NULL;
        if (!one != !two || (one && strcmp(one, two) != 0))
            return false;
    }
    return true;
}

/* Whether two nodes are equal, but for the text of a name. A gradient cannot be copied: the node
 * that it is asked for stands apart, by its name. */
static bool same_node(const yg_expression *a, const yg_expression *b) {
    return a->kind == b->kind && a->count == b->count && a->infix == b->infix &&
           a->integer == b->integer && a->whole == b->whole && a->number == b->number &&
           (a->kind == YG_EXPRESSION_NAME ||
            (strcmp(a->text, b->text) == 0 && strcmp(a->text, "grad") != 0)) &&
           same_keywords(a, b);
}

/* The same for an expression of a statement. NULL if it cannot be copied. Goes down the first
 * children in a loop, because a chain of operators may have any length. */
static const yg_expression *copy_expression(yg_pool *pool, const yg_expression *before,
                                            const yg_expression *pattern, int64_t further) {
    yg_expression *root = NULL, **place = &root;
    for (; before && pattern; before = before->children[0], pattern = pattern->children[0]) {
        yg_expression *node = yg_pool_take(pool, sizeof *node);
        yg_numbered name;
        if (!node || !same_node(before, pattern))
            return NULL;
        *node = *pattern;
        *place = node;
        if (node->kind == YG_EXPRESSION_NAME) {
            node->text = yg_numbered_find(before->text, pattern->text, &name)
                             ? yg_numbered_text(&name, further, pool)
                             : NULL;
            if (!node->text)
                return NULL;
        }
        if (node->count == 0)
            return root;
        node->children = yg_pool_take(pool, node->count * sizeof(yg_expression *));
        for (size_t i = 1; node->children && i < node->count; i++) {
            node->children[i] = (yg_expression *)copy_expression(pool, before->children[i],
                                                                 pattern->children[i], further);
            if (!node->children[i] && pattern->children[i])
                return NULL;
        }
        if (!node->children)
            return NULL;
        place = &node->children[0];
    }
    return before || pattern ? NULL : root;
}

/* -------------------------------------------------------------------------------- statements -- */

static const yg_requirement *copy_requirement(yg_pool *pool, const yg_requirement *before,
                                              const yg_requirement *pattern, int64_t further) {
    const size_t count = pattern->pattern ? pattern->pattern->count : 0;
    yg_requirement *copy = yg_pool_take(pool, sizeof *copy);
    const yg_expression **dims = yg_pool_take(pool, (count + 1) * sizeof *dims);
    if (!copy || !dims || before->pattern != pattern->pattern || before->value != pattern->value)
        return NULL;
    *copy = *pattern;
    copy->given = copy_expression(pool, before->given, pattern->given, further);
    copy->dims = dims;
    for (size_t i = 0; i < count; i++) {
        dims[i] = copy_expression(pool, before->dims[i], pattern->dims[i], further);
        if (!dims[i] && pattern->dims[i])
            return NULL;
    }
    return copy->given ? copy : NULL;
}

bool yg_copy_statement(yg_pool *pool, const yg_flat_statement *before,
                       const yg_flat_statement *pattern, int64_t further, yg_flat_statement *copy) {
    *copy = *pattern;
    copy->copies = NULL;
    if (before->scan || pattern->scan || before->name_count != pattern->name_count ||
        !before->value != !pattern->value || !before->required != !pattern->required)
        return false;
    copy->names = yg_pool_take(pool, (pattern->name_count + 1) * sizeof *copy->names);
    for (size_t i = 0; copy->names && i < pattern->name_count; i++) {
        yg_numbered name;
        /* Without a number, all copies would have the same name. */
        if (!yg_numbered_find(before->names[i], pattern->names[i], &name) || !name.digits)
            return false;
        copy->names[i] = yg_numbered_text(&name, further, pool);
        if (!copy->names[i])
            return false;
    }
    if (pattern->value)
        copy->value = copy_expression(pool, before->value, pattern->value, further);
    if (pattern->required)
        copy->required = copy_requirement(pool, before->required, pattern->required, further);
    return copy->names && (copy->value || copy->required);
}

size_t yg_pattern_size(const yg_flat *flat, size_t end) {
    const yg_flat_copies *copies = end > 0 ? flat->statements[end - 1].copies : NULL;
    size_t size = 0;
    if (!copies || (end < flat->statement_count && flat->statements[end].copies == copies))
        return 0;
    while (size < end && flat->statements[end - 1 - size].copies == copies &&
           flat->statements[end - 1 - size].copy == YG_COPIES_COMPARED - 1)
        size++;
    return size;
}

/* -------------------------------------------------------------------------------- whole models --
 */

static bool write_out(const yg_flat *flat, size_t end, size_t size, yg_pool *pool, yg_flat *whole) {
    const yg_flat_statement *pattern = &flat->statements[end - size];
    for (int64_t further = 1; further <= pattern->copies->count; further++)
        for (size_t k = 0; k < size; k++)
            if (!yg_copy_statement(pool, &pattern[k] - size, &pattern[k], further,
                                   &whole->statements[whole->statement_count++]))
                return false;
    return true;
}

static size_t count_statements(const yg_flat *flat) {
    size_t count = flat->statement_count;
    for (size_t i = 0; i < flat->statement_count; i++) {
        const size_t size = yg_pattern_size(flat, i + 1);
        count += size > 0 ? size * (size_t)flat->statements[i].copies->count : 0;
    }
    return count;
}

bool yg_write_out(const yg_model *model, yg_pool *pool, yg_model *whole) {
    const yg_flat *flat = model->flat;
    yg_flat *all = yg_pool_take(pool, sizeof *all);
    *whole = *model;
    whole->flat = all;
    if (!all)
        return false;
    *all = *flat;
    all->copies_count = all->statement_count = 0;
    all->statements = yg_pool_take(pool, (count_statements(flat) + 1) * sizeof *all->statements);
    if (!all->statements)
        return false;
    for (size_t i = 0; i < flat->statement_count; i++) {
        const size_t size = yg_pattern_size(flat, i + 1);
        yg_flat_statement *statement = &all->statements[all->statement_count++];
        *statement = flat->statements[i];
        statement->copies = NULL;
        if (size > 0 && !write_out(flat, i + 1, size, pool, all))
            return false;
    }
    return true;
}
