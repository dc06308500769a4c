/*
 * Calls of operators: arguments are sorted into operands and attributes by the operator's
 * descriptor, checked, and applied.
 *
 * Positional arguments fill the operands, then the attributes in the order of the descriptor. A
 * named argument goes to the operand or attribute of that name. An optional operand takes a tensor
 * only: a number in its place is the first attribute. A number among tensors becomes a scalar of
 * the tensors' type, or of the network's float type if it is a fraction among integers. A list of
 * numbers becomes a constant tensor in the same way; where indices are wanted it stays whole.
 */
#include "call.h"

#include "../../graph/number.h"
#include "../../graph/spelling.h"
#include "foreign.h"
#include "lift.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define ATTRS_MAX 16
#define FEW       8 /* most calls have no more operands and results; there is room for more */

typedef struct call_site {
    yg_builder *builder;
    const yg_expression *call;
    const yg_op *op;
    const yg_term *arguments; /* the call's, evaluated */
    yg_term *operands;
    bool *operand_given;
    size_t operand_count;
    size_t operand_room;
    yg_term few[FEW];    /* room for `operands` and … */
    bool few_given[FEW]; /* … `operand_given`, until there are more */
    yg_attr attrs[ATTRS_MAX];
    bool attr_given[ATTRS_MAX];
} call_site;

/* "sum(x, dim, keepdim)" */
static const char *signature(const yg_op *op, char *text, size_t size) {
    const bool list = (op->flags & YG_OP_LIST) != 0;
    size_t used = (size_t)snprintf(text, size, "%s(", op->name);
    const char *comma = "";
    for (int i = 0; i < (list ? 1 : op->max_operands) && i < YG_OP_NAMED_OPERANDS; i++) {
        if (used < size && op->operand_names[i]) {
            used += (size_t)snprintf(text + used, size - used, list ? "%s[%s, …]" : "%s%s", comma,
                                     op->operand_names[i]);
            comma = ", ";
        }
    }
    for (size_t i = 0; i < op->attr_count && used < size; i++) {
        used += (size_t)snprintf(text + used, size - used, "%s%s", comma, op->attrs[i].name);
        comma = ", ";
    }
    if (used < size)
        snprintf(text + used, size - used, ")");
    return text;
}

static bool fail_at(const call_site *site, yg_origin origin, const char *what) {
    char form[300];
    return yg_fail(site->builder->error, YG_ERROR_ARGUMENT, origin, "%s: %s",
                   signature(site->op, form, sizeof form), what);
}

/* -------------------------------------------------------------------------------- attributes -- */

static bool wrong_attr(const call_site *site, const yg_attr_spec *spec,
                       const yg_expression *argument, const yg_term *found) {
    static const char *const expected[] = {
        [YG_ATTR_INT] = "a whole number",     [YG_ATTR_FLOAT] = "a number",
        [YG_ATTR_BOOL] = "true or false",     [YG_ATTR_CHOICE] = "a word",
        [YG_ATTR_INTS] = "a list of numbers", [YG_ATTR_DTYPE] = "an element type",
        [YG_ATTR_TEXT] = "a text in quotes",  [YG_ATTR_FLOATS] = "a list of numbers",
    };
    char text[200];
    return yg_fail(site->builder->error, YG_ERROR_ARGUMENT, argument->origin,
                   "%s: `%s` is %s%s, found %s", site->op->name, spec->name, expected[spec->kind],
                   spec->kind == YG_ATTR_INTS && spec->choices ? " or a word" : "",
                   yg_term_describe(site->builder->graph, found, text, sizeof text));
}

/* The word that an argument is: a text in quotes, or a name as it is written, even if something in
 * the model has that name. NULL: it is none. */
static const char *word_of(const yg_expression *argument, const yg_term *term) {
    if (argument->kind == YG_EXPRESSION_NAME)
        return argument->text;
    return term->kind == YG_TERM_TEXT ? term->text : NULL;
}

static bool set_word(const call_site *site, const yg_attr_spec *spec, const yg_expression *argument,
                     const yg_term *term, yg_attr *attr) {
    static const char *const dtypes[] = {"bool", "i32", "i64", "f32", "f64", "float", NULL};
    const char *const *known = spec->kind == YG_ATTR_DTYPE ? dtypes : spec->choices;
    const char *word = word_of(argument, term);
    if (!word)
        return wrong_attr(site, spec, argument, term);
    size_t count = 0;
    for (; known[count]; count++) {
        if (strcmp(known[count], word) != 0)
            continue;
        attr->i = (int64_t)count;
        yg_dtype dtype;
        if (spec->kind == YG_ATTR_DTYPE) {
            /* f32, f64 and float all mean the one float type of the network. */
            const bool named = yg_dtype_parse(word, &dtype);
            attr->i = !named || yg_dtype_is_float(dtype) ? site->builder->dtype : dtype;
        }
        return true;
    }
    char hint[300];
    return yg_fail(site->builder->error, YG_ERROR_ARGUMENT, argument->origin,
                   "%s: `%s` cannot be '%s'%s", site->op->name, spec->name, word,
                   yg_suggest(word, known, count, hint, sizeof hint));
}

/* Room for the entries of a list, `attr->ints` if they fit there. NULL after a failure. */
static int64_t *take_ints(const call_site *site, const yg_attr_spec *spec, yg_origin origin,
                          size_t count, yg_attr *attr) {
    if (count <= YG_MAX_RANK)
        return attr->ints;
    if (!spec->any_count) {
        yg_fail(site->builder->error, YG_ERROR_ARGUMENT, origin,
                "%s: `%s` has %zu entries, at most %d are possible", site->op->name, spec->name,
                count, YG_MAX_RANK);
        return NULL;
    }
    int64_t *many = yg_pool_take(site->builder->pool, count * sizeof *many);
    if (!many)
        yg_fail_memory(site->builder->error);
    attr->many = many;
    return many;
}

static bool set_ints(const call_site *site, const yg_attr_spec *spec, const yg_expression *argument,
                     const yg_term *term, yg_attr *attr) {
    if (spec->choices && (term->kind == YG_TERM_TEXT || term->kind == YG_TERM_WORD)) {
        attr->is_word = true;
        return set_word(site, spec, argument, term, attr);
    }
    const yg_term *items = term->kind == YG_TERM_LIST ? term->items : term;
    const size_t count = term->kind == YG_TERM_LIST ? term->count : 1;
    int64_t *ints = take_ints(site, spec, argument->origin, count, attr);
    if (!ints)
        return false;
    for (size_t i = 0; i < count; i++) {
        const bool open = items[i].kind == YG_TERM_NULL && spec->min <= -1 && spec->max > -1;
        if (items[i].kind != YG_TERM_INT && !open)
            return wrong_attr(site, spec, argument, &items[i]);
        ints[i] = open ? -1 : items[i].i;
    }
    attr->count = (int64_t)count;
    return true;
}

/* A setting is a double, and a network's own type may be narrower. A number that would become
 * another one on the way is refused. The largest whole number stands for "no bound", and kernels
 * clamp to it. */
static bool read_fraction(const call_site *site, const yg_attr_spec *spec,
                          const yg_expression *argument, const yg_term *term, double *fraction) {
    const yg_builder *builder = site->builder;
    if (term->kind != YG_TERM_INT && term->kind != YG_TERM_FLOAT)
        return wrong_attr(site, spec, argument, term);
    *fraction = term->kind == YG_TERM_INT ? (double)term->i : term->f;
    if (term->kind == YG_TERM_INT && term->i != INT64_MAX &&
        (*fraction >= 0x1p63 || (int64_t)*fraction != term->i))
        return yg_fail(builder->error, YG_ERROR_ARGUMENT, argument->origin,
                       "%s: `%s` cannot be %" PRId64
                       ": a setting holds whole numbers exactly up to 9007199254740992 only",
                       site->op->name, spec->name, term->i);
    const char *lost = yg_number_lost_in(builder->dtype, *fraction);
    char number[YG_NUMBER_TEXT];
    return !lost || yg_fail(builder->error, YG_ERROR_ARGUMENT, argument->origin,
                            "%s: `%s` cannot be %s: it %s %s", site->op->name, spec->name,
                            yg_number_text(*fraction, number), lost, yg_dtype_name(builder->dtype));
}

static bool set_floats(const call_site *site, const yg_attr_spec *spec,
                       const yg_expression *argument, const yg_term *term, yg_attr *attr) {
    const yg_term *items = term->kind == YG_TERM_LIST ? term->items : term;
    const size_t count = term->kind == YG_TERM_LIST ? term->count : 1;
    if (count > YG_MAX_RANK)
        return yg_fail(site->builder->error, YG_ERROR_ARGUMENT, argument->origin,
                       "%s: `%s` has %zu entries, at most %d are possible", site->op->name,
                       spec->name, count, YG_MAX_RANK);
    for (size_t i = 0; i < count; i++)
        if (!read_fraction(site, spec, argument, &items[i], &attr->floats[i]))
            return false;
    attr->count = (int64_t)count;
    return true;
}

static bool set_attr(call_site *site, size_t index, const yg_expression *argument,
                     const yg_term *term) {
    const yg_attr_spec *spec = &site->op->attrs[index];
    yg_attr *attr = &site->attrs[index];
    if (site->attr_given[index]) {
        char what[120];
        snprintf(what, sizeof what, "`%s` is given twice", spec->name);
        return fail_at(site, argument->origin, what);
    }
    site->attr_given[index] = true;
    memset(attr, 0, sizeof *attr);
    if (spec->kind == YG_ATTR_CHOICE || spec->kind == YG_ATTR_DTYPE)
        return set_word(site, spec, argument, term, attr);
    if (term->kind == YG_TERM_WORD && !spec->choices)
        return yg_fail_unknown(site->builder, term->text, argument->origin);
    switch (spec->kind) {
    case YG_ATTR_INTS:
        return set_ints(site, spec, argument, term, attr);
    case YG_ATTR_FLOAT:
        return read_fraction(site, spec, argument, term, &attr->f);
    case YG_ATTR_FLOATS:
        return set_floats(site, spec, argument, term, attr);
    case YG_ATTR_TEXT:
        if (term->kind != YG_TERM_TEXT)
            return wrong_attr(site, spec, argument, term);
        *attr = (yg_attr){.count = (int64_t)strlen(term->text), .text = term->text};
        return true;
    case YG_ATTR_BOOL:
    default:
        if (term->kind != (spec->kind == YG_ATTR_BOOL ? YG_TERM_BOOL : YG_TERM_INT))
            return wrong_attr(site, spec, argument, term);
        attr->i = term->i;
        return true;
    }
}

/* ---------------------------------------------------------------------------------- operands -- */

/* A list is a tensor. Without a graph, only numbers are wanted. */
static bool is_value(const call_site *site, const yg_term *term) {
    return term->kind == YG_TERM_INT || term->kind == YG_TERM_FLOAT || term->kind == YG_TERM_BOOL ||
           term->kind == YG_TERM_TENSOR || term->kind == YG_TERM_WRITTEN ||
           (term->kind == YG_TERM_LIST && site->builder->graph);
}

static bool set_operand(call_site *site, size_t index, const yg_expression *argument,
                        const yg_term *term) {
    char found[200], what[300];
    if (site->operand_given[index]) {
        snprintf(what, sizeof what, "`%s` is given twice", site->op->operand_names[index]);
        return fail_at(site, argument->origin, what);
    }
    if (term->kind == YG_TERM_WORD)
        return yg_fail_unknown(site->builder, term->text, argument->origin);
    if (!is_value(site, term)) {
        snprintf(what, sizeof what, "argument %zu is a tensor, found %s", index + 1,
                 yg_term_describe(site->builder->graph, term, found, sizeof found));
        return fail_at(site, argument->origin, what);
    }
    site->operands[index] = *term;
    site->operand_given[index] = true;
    if (index >= site->operand_count)
        site->operand_count = index + 1;
    return true;
}

/* Room for `count` operands. A list that is given twice is refused with its first tensor. */
static bool take_operands(call_site *site, size_t count) {
    if (count <= site->operand_room)
        return true;
    yg_pool *pool = site->builder->pool;
    yg_term *operands = yg_pool_take(pool, count * sizeof *operands);
    bool *given = yg_pool_take(pool, count * sizeof *given);
    if (!operands || !given)
        return yg_fail_memory(site->builder->error);
    for (size_t i = 0; i < site->operand_count; i++) {
        operands[i] = site->operands[i];
        given[i] = site->operand_given[i];
    }
    site->operands = operands;
    site->operand_given = given;
    site->operand_room = count;
    return true;
}

static bool set_operand_list(call_site *site, const yg_expression *argument, const yg_term *term) {
    char what[200];
    if (term->kind == YG_TERM_WORD)
        return yg_fail_unknown(site->builder, term->text, argument->origin);
    if (term->kind != YG_TERM_LIST) {
        snprintf(what, sizeof what, "the tensors are written as one list: %s([a, b])",
                 site->op->name);
        return fail_at(site, argument->origin, what);
    }
    if (term->count > (size_t)site->op->max_operands) {
        snprintf(what, sizeof what, "%zu tensors, at most %d are possible", term->count,
                 site->op->max_operands);
        return fail_at(site, argument->origin, what);
    }
    if (!take_operands(site, term->count))
        return false;
    for (size_t i = 0; i < term->count; i++)
        if (!set_operand(site, i, argument, &term->items[i]))
            return false;
    return true;
}

static bool unknown_keyword(const call_site *site, const char *keyword, yg_origin origin) {
    const yg_op *op = site->op;
    const char *known[YG_OP_NAMED_OPERANDS + ATTRS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < YG_OP_NAMED_OPERANDS; i++)
        if (op->operand_names[i] && (int)i < op->max_operands)
            known[count++] = op->operand_names[i];
    for (size_t i = 0; i < op->attr_count; i++)
        known[count++] = op->attrs[i].name;
    const char *foreign = yg_foreign_word(keyword);
    for (size_t i = 0; foreign && i < count; i++) {
        if (strcmp(known[i], foreign) == 0) {
            return yg_fail(site->builder->error, YG_ERROR_ARGUMENT, origin,
                           "%s has no argument '%s': here it is '%s'", op->name, keyword, foreign);
        }
    }
    char hint[300];
    return yg_fail(site->builder->error, YG_ERROR_ARGUMENT, origin, "%s has no argument '%s'%s",
                   op->name, keyword, yg_suggest(keyword, known, count, hint, sizeof hint));
}

static bool set_keyword(call_site *site, const char *keyword, const yg_expression *argument,
                        const yg_term *term) {
    const yg_op *op = site->op;
    for (size_t i = 0; i < YG_OP_NAMED_OPERANDS && (int)i < op->max_operands; i++)
        if (op->operand_names[i] && strcmp(op->operand_names[i], keyword) == 0)
            return (op->flags & YG_OP_LIST) != 0 ? set_operand_list(site, argument, term)
                                                 : set_operand(site, i, argument, term);
    const int attr = yg_op_attr(op, keyword);
    return attr >= 0 ? set_attr(site, (size_t)attr, argument, term)
                     : unknown_keyword(site, keyword, argument->origin);
}

/* Whether a positional argument is an operand. The required ones are; an optional one is if it is a
 * tensor, or a list where the first setting takes none. */
static bool is_operand(const call_site *site, size_t position, bool operands, const yg_term *term) {
    const bool list = (site->op->flags & YG_OP_LIST) != 0;
    if (position < (list ? 1 : (size_t)site->op->min_operands))
        return true;
    if (!operands || list || position >= (size_t)site->op->max_operands)
        return false;
    const yg_op *op = site->op;
    const bool wants_list = op->attr_count > 0 && (op->attrs[0].kind == YG_ATTR_INTS ||
                                                   op->attrs[0].kind == YG_ATTR_FLOATS);
    return term->kind == YG_TERM_TENSOR || (term->kind == YG_TERM_LIST && !wants_list);
}

static bool sort_arguments(call_site *site) {
    const yg_op *op = site->op;
    const yg_expression *call = site->call;
    size_t position = 0;  /* of the next operand */
    size_t next_attr = 0; /* the next attribute to fill by position */
    bool operands = true;
    for (size_t i = 0; i < call->count; i++) {
        const yg_expression *argument = call->children[i];
        const yg_term *term = &site->arguments[i];
        bool good;
        if (call->keywords && call->keywords[i]) {
            good = set_keyword(site, call->keywords[i], argument, term);
        } else if (is_operand(site, position, operands, term)) {
            good = (op->flags & YG_OP_LIST) != 0 ? set_operand_list(site, argument, term)
                                                 : set_operand(site, position, argument, term);
            position++;
        } else {
            operands = false;
            good = next_attr < op->attr_count
                       ? set_attr(site, next_attr, argument, term)
                       : fail_at(site, argument->origin, "too many arguments");
            next_attr++;
        }
        if (!good)
            return false;
    }
    return true;
}

static bool check_complete(const call_site *site) {
    const yg_op *op = site->op;
    char what[200];
    for (size_t i = 0; i < site->operand_count || (int)i < op->min_operands; i++) {
        if (!site->operand_given[i]) {
            const bool named = i < YG_OP_NAMED_OPERANDS && op->operand_names[i];
            snprintf(what, sizeof what, "`%s` is missing",
                     named ? op->operand_names[i] : "a tensor");
            return fail_at(site, site->call->origin, what);
        }
    }
    for (size_t i = 0; i < op->attr_count; i++) {
        if (op->attrs[i].required && !site->attr_given[i]) {
            snprintf(what, sizeof what, "`%s` is missing", op->attrs[i].name);
            return fail_at(site, site->call->origin, what);
        }
    }
    return true;
}

/* ---------------------------------------------------------------------------------- applying -- */

/* Whether a list has a fraction in it, however deep. */
static bool has_fraction(const yg_term *list) {
    bool fraction = false;
    for (size_t i = 0; list->kind == YG_TERM_LIST && i < list->count && !fraction; i++)
        fraction = list->items[i].kind == YG_TERM_FLOAT || has_fraction(&list->items[i]);
    return fraction;
}

/* The types that whole numbers and fractions take among these operands. Lists alone are of one
 * type: stack([[1, 2], [0.5, 1]]) has floats only. */
static yg_number_types find_number_types(const call_site *site) {
    bool found = false;
    yg_dtype widest = YG_BOOL, whole = YG_I64;
    for (size_t i = 0; i < site->operand_count; i++) {
        if (site->operands[i].kind == YG_TERM_TENSOR) {
            const yg_dtype dtype =
                yg_node_type(site->builder->graph, site->operands[i].node)->dtype;
            found = found || dtype != YG_BOOL;
            widest = dtype > widest ? dtype : widest;
        } else if (has_fraction(&site->operands[i])) {
            whole = site->builder->dtype;
        }
    }
    return (yg_number_types){
        .whole = found ? widest : whole,
        .fraction = yg_dtype_is_float(widest) ? widest : site->builder->dtype,
    };
}

/* Whether operand `k` takes indices, which are whole numbers whatever the others are. */
static bool takes_indices(const yg_op *op, size_t k) {
    return k < YG_OP_NAMED_OPERANDS && op->operand_names[k] &&
           strcmp(op->operand_names[k], "index") == 0;
}

/* The operands as nodes. */
static bool build_operands(const call_site *site, yg_node *nodes) {
    const yg_number_types among = find_number_types(site);
    for (size_t i = 0; i < site->operand_count; i++) {
        yg_number_types types = among;
        if (site->operands[i].kind == YG_TERM_LIST && takes_indices(site->op, i))
            types.whole = YG_I64;
        if (!yg_term_to_node(site->builder, &site->operands[i], types, site->call->origin,
                             &nodes[i]))
            return false;
    }
    return true;
}

static bool apply_to(call_site *site, const yg_node *operands, yg_term **results, size_t *count) {
    yg_builder *builder = site->builder;
    yg_node few[FEW], *nodes = few;
    *count = yg_result_count(builder->graph, site->op, operands, site->operand_count, site->attrs);
    if (*count > FEW && *count <= SIZE_MAX / sizeof *nodes)
        nodes = yg_pool_take(builder->pool, *count * sizeof *nodes);
    if (!nodes || *count > SIZE_MAX / sizeof **results)
        return yg_fail_memory(builder->error);
    if (*count > 0)
        *count = yg_apply_all(builder->graph, site->op, operands, site->operand_count, site->attrs,
                              nodes, *count);
    if (*count == 0 || yg_graph_error(builder->graph))
        return yg_fail_from_graph(builder, site->call->origin);
    if (builder->outer) {
        nodes[0] = yg_lift_product(builder, nodes[0]);
        if (nodes[0] == YG_NONE)
            return yg_fail_from_graph(builder->outer, site->call->origin);
    }
    *results = yg_pool_take(builder->pool, *count * sizeof **results);
    if (!*results)
        return yg_fail_memory(builder->error);
    for (size_t i = 0; i < *count; i++)
        (*results)[i] = (yg_term){.kind = YG_TERM_TENSOR, .node = nodes[i]};
    return true;
}

static bool apply(call_site *site, yg_term **results, size_t *count) {
    yg_builder *builder = site->builder;
    yg_node few[FEW], *operands = few;
    if (site->operand_count > FEW)
        operands = yg_pool_take(builder->pool, site->operand_count * sizeof *operands);
    if (!operands)
        return yg_fail_memory(builder->error);
    yg_builder_at(builder, site->call->origin);
    return build_operands(site, operands) && apply_to(site, operands, results, count);
}

static bool sort(yg_builder *builder, const yg_expression *call, const yg_op *op,
                 const yg_term *arguments, call_site *site) {
    if (op->attr_count > ATTRS_MAX)
        return yg_fail(builder->error, YG_ERROR_INTERNAL, call->origin,
                       "operator '%s' has more than %d attributes", op->name, ATTRS_MAX);
    *site = (call_site){.builder = builder,
                        .call = call,
                        .op = op,
                        .arguments = arguments,
                        .operands = site->few,
                        .operand_given = site->few_given,
                        .operand_room = FEW};
    const bool list = (op->flags & YG_OP_LIST) != 0;
    if (!take_operands(site, (size_t)(list ? op->min_operands : op->max_operands)))
        return false;
    yg_op_defaults(op, site->attrs);
    for (size_t i = 0; i < op->attr_count; i++)
        if (op->attrs[i].kind == YG_ATTR_DTYPE && yg_dtype_is_float((yg_dtype)site->attrs[i].i))
            site->attrs[i].i = builder->dtype;
    return sort_arguments(site) && check_complete(site) &&
           yg_op_check_attrs(op, site->attrs, call->origin, builder->error);
}

bool yg_call_operator(yg_builder *builder, const yg_expression *call, const yg_op *op,
                      const yg_term *arguments, yg_term **results, size_t *count) {
    call_site site;
    return sort(builder, call, op, arguments, &site) && apply(&site, results, count);
}

bool yg_sort_call(yg_builder *builder, const yg_expression *call, const yg_op *op,
                  const yg_term *arguments, yg_sorted_call *sorted) {
    call_site site;
    if (!sort(builder, call, op, arguments, &site))
        return false;
    *sorted = (yg_sorted_call){
        .operands = yg_pool_take(builder->pool, (site.operand_count + 1) * sizeof *site.operands),
        .operand_count = site.operand_count,
        .attrs = yg_pool_take(builder->pool, (op->attr_count + 1) * sizeof *site.attrs)};
    if (!sorted->operands || !sorted->attrs)
        return yg_fail_memory(builder->error);
    memcpy(sorted->operands, site.operands, site.operand_count * sizeof *site.operands);
    memcpy(sorted->attrs, site.attrs, op->attr_count * sizeof *site.attrs);
    return true;
}
