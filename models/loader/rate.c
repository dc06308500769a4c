/*
 * The formula of a schedule, as steps over a stack of values. A training step asks for it, so
 * computing it allocates nothing and looks up no name. The steps of an expression are those of its
 * operands, one after the other, and then its own.
 */
#include "arithmetic.h"
#include "call.h"
#include "schedules.h"

#include <string.h>

static const char *const inputs[] = {"lr", "step", "steps", "epoch", NULL};

const char *const *yg_rate_input_names(void) {
    return inputs;
}

enum { INPUTS = sizeof inputs / sizeof *inputs - 1 };

/* The index of the input, or of the formula of `where`, of that name; or -1. The formulas' values
 * stand behind the inputs. */
static int find_input(const yg_schedule *schedule, const char *name) {
    for (int i = 0; inputs[i]; i++)
        if (strcmp(inputs[i], name) == 0)
            return i;
    for (size_t i = 0; i < schedule->term_count; i++)
        if (strcmp(schedule->terms[i], name) == 0)
            return (int)(INPUTS + i);
    return -1;
}

/* --------------------------------------------------------------------------------- compiling -- */

typedef struct compiler {
    yg_expander *x;        /* to find out what is a constant */
    const yg_scope *scope; /* the inputs, bound to themselves */
    yg_schedule *schedule;
} compiler;

static bool compile(const compiler *c, const yg_expression *e);

/* Appends a step that takes `taken` values from the stack and puts `put` there. */
static bool append(const compiler *c, yg_rate_step step, size_t taken, size_t put) {
    yg_schedule *s = c->schedule;
    yg_rate_step *grown = yg_pool_grow(c->x->pool, s->steps, s->count, sizeof *grown);
    if (!grown)
        return yg_fail_memory(c->x->error);
    s->steps = grown;
    s->steps[s->count++] = step;
    s->depth = s->depth - taken + put;
    return s->depth <= YG_RATE_STACK ||
           yg_fail(c->x->error, YG_ERROR_ARGUMENT, s->formula,
                   "the formula of a schedule may have %d values waiting for each other, not more",
                   YG_RATE_STACK);
}

static bool append_constant(const compiler *c, const yg_term *term) {
    return append(c, (yg_rate_step){.kind = YG_RATE_CONSTANT, .constant = *term}, 0, 1);
}

static bool compile_name(const compiler *c, const yg_expression *e) {
    const int input = find_input(c->schedule, e->text);
    yg_term term;
    if (input >= 0)
        return append(c, (yg_rate_step){.kind = YG_RATE_INPUT, .index = (size_t)input}, 0, 1);
    if (yg_constant_of_name(e->text, &term))
        return append_constant(c, &term);
    return yg_fail(c->x->error, YG_ERROR_NAME, e->origin,
                   "'%s' is not known here: a schedule sees its arguments, lr, step, steps and "
                   "epoch",
                   e->text);
}

static bool compile_infix(const compiler *c, const yg_expression *e) {
    size_t count;
    if (!yg_is_chain(e))
        return compile(c, e->children[0]) &&
               append(c, (yg_rate_step){.kind = YG_RATE_INFIX, .expression = e, .count = 1}, 1, 1);
    const yg_expression **chain = yg_expression_chain(c->x->pool, e, &count);
    if (!chain)
        return yg_fail_memory(c->x->error);
    if (!compile(c, chain[count - 1]->children[0]))
        return false;
    for (size_t i = count; i-- > 0;)
        if (!compile(c, chain[i]->children[1]) ||
            !append(c, (yg_rate_step){.kind = YG_RATE_INFIX, .expression = chain[i], .count = 2}, 2,
                    1))
            return false;
    return true;
}

static bool compile_if(const compiler *c, const yg_expression *e) {
    yg_schedule *s = c->schedule;
    if (!compile(c, e->children[0]) ||
        !append(c, (yg_rate_step){.kind = YG_RATE_UNLESS, .expression = e->children[0]}, 1, 0))
        return false;
    const size_t unless = s->count - 1;
    if (!compile(c, e->children[1]) || !append(c, (yg_rate_step){.kind = YG_RATE_GO_ON}, 1, 0))
        return false;
    const size_t go_on = s->count - 1;
    s->steps[unless].index = s->count;
    if (!compile(c, e->children[2]))
        return false;
    s->steps[go_on].index = s->count;
    return true;
}

/* The arguments are sorted as for any call. One that is not a constant is its own expression. */
static bool compile_call(const compiler *c, const yg_expression *e, const yg_op *op) {
    yg_builder builder = {
        .ops = c->x->model->ops, .pool = c->x->pool, .dtype = YG_F64, .error = c->x->error};
    yg_term *arguments = yg_pool_take(c->x->pool, (e->count + 1) * sizeof *arguments);
    yg_term ignored;
    yg_sorted_call sorted;
    if (!arguments)
        return yg_fail_memory(c->x->error);
    for (size_t i = 0; i < e->count; i++) {
        const yg_expression *child = e->children[i];
        if (child->kind == YG_EXPRESSION_NAME && find_input(c->schedule, child->text) < 0 &&
            !yg_constant_of_name(child->text, &ignored))
            arguments[i] = (yg_term){.kind = YG_TERM_WORD, .text = child->text};
        else if (!yg_expand_expression(c->x, c->scope, child, &arguments[i]))
            return false;
    }
    if (!yg_sort_call(&builder, e, op, arguments, &sorted))
        return false;
    for (size_t i = 0; i < sorted.operand_count; i++)
        if (sorted.operands[i].kind == YG_TERM_WRITTEN ? !compile(c, sorted.operands[i].written)
                                                       : !append_constant(c, &sorted.operands[i]))
            return false;
    return append(c,
                  (yg_rate_step){.kind = YG_RATE_CALL,
                                 .expression = e,
                                 .op = op,
                                 .attrs = sorted.attrs,
                                 .count = sorted.operand_count},
                  sorted.operand_count, 1);
}

static bool compile(const compiler *c, const yg_expression *e) {
    yg_term term;
    switch (e->kind) {
    case YG_EXPRESSION_NAME:
        return compile_name(c, e);
    case YG_EXPRESSION_NUMBER:
    case YG_EXPRESSION_TEXT:
        return yg_expand_expression(c->x, c->scope, e, &term) && append_constant(c, &term);
    case YG_EXPRESSION_CALL:
        break;
    default:
        return yg_fail(c->x->error, YG_ERROR_ARGUMENT, e->origin,
                       "the formula of a schedule consists of numbers, without lists");
    }
    if (e->infix)
        return compile_infix(c, e);
    if (strcmp(e->text, "if") == 0)
        return compile_if(c, e);
    const yg_op *op = yg_op_find(c->x->model->ops, e->text);
    return op ? compile_call(c, e, op)
              : yg_fail(c->x->error, YG_ERROR_NAME, e->origin, "%s(…) is of tensors only", e->text);
}

bool yg_rate_compile(yg_expander *x, const yg_scope *scope, const yg_term *formula,
                     yg_schedule *schedule) {
    const compiler c = {.x = x, .scope = scope, .schedule = schedule};
    return formula->kind == YG_TERM_WRITTEN ? compile(&c, formula->written)
                                            : append_constant(&c, formula);
}

bool yg_rate_compile_term(yg_expander *x, const yg_scope *scope, const char *name,
                          const yg_term *formula, yg_schedule *schedule) {
    const compiler c = {.x = x, .scope = scope, .schedule = schedule};
    if (schedule->term_count == YG_RATE_TERMS)
        return yg_fail(x->error, YG_ERROR_ARGUMENT, schedule->formula,
                       "`where` has more than %d formulas that depend on the step", YG_RATE_TERMS);
    if (!yg_rate_compile(x, scope, formula, schedule) ||
        !append(&c, (yg_rate_step){.kind = YG_RATE_STORE, .index = INPUTS + schedule->term_count},
                1, 0))
        return false;
    schedule->terms[schedule->term_count++] = name;
    return true;
}

/* --------------------------------------------------------------------------------- computing -- */

/* The inputs, in their order; the values of `where` come behind them. */
static void set_inputs(const yg_rate_inputs *in, yg_term *known) {
    const int64_t whole[INPUTS] = {0, in->step, in->steps, in->epoch};
    for (size_t i = 0; i < INPUTS; i++)
        known[i] = (yg_term){.kind = YG_TERM_INT, .i = whole[i]};
    known[0] = (yg_term){.kind = YG_TERM_FLOAT, .f = in->lr};
}

static bool infix(const yg_rate_step *step, const yg_term *sides, yg_term *result,
                  yg_error *error) {
    return step->count == 1
               ? yg_number_negative(NULL, step->expression, &sides[0], result, error)
               : yg_number_operation(NULL, step->expression, &sides[0], &sides[1], result, error);
}

static bool choose(const yg_rate_step *step, const yg_term *condition, size_t *next,
                   yg_error *error) {
    char found[200];
    if (condition->kind != YG_TERM_BOOL)
        return yg_fail(error, YG_ERROR_ARGUMENT, step->expression->origin,
                       "if(condition, a, b): the condition is true or false, found %s",
                       yg_term_describe(NULL, condition, found, sizeof found));
    if (!condition->i)
        *next = step->index;
    return true;
}

/* Computes all steps; the one value that is left is the formula's. */
static bool compute(const yg_schedule *schedule, const yg_rate_inputs *in, yg_term *value,
                    yg_error *error) {
    yg_term stack[YG_RATE_STACK], known[INPUTS + YG_RATE_TERMS], result;
    size_t used = 0;
    set_inputs(in, known);
    for (size_t i = 0; i < schedule->count;) {
        const yg_rate_step *step = &schedule->steps[i++];
        switch (step->kind) {
        case YG_RATE_CONSTANT:
            stack[used++] = step->constant;
            continue;
        case YG_RATE_INPUT:
            stack[used++] = known[step->index];
            continue;
        case YG_RATE_STORE:
            known[step->index] = stack[--used];
            continue;
        case YG_RATE_UNLESS:
            if (!choose(step, &stack[--used], &i, error))
                return false;
            continue;
        case YG_RATE_GO_ON:
            i = step->index;
            continue;
        case YG_RATE_INFIX:
            used -= step->count;
            if (!infix(step, &stack[used], &result, error))
                return false;
            break;
        case YG_RATE_CALL:
            used -= step->count;
            if (!yg_number_function(step->op, step->attrs, &stack[used], step->count,
                                    step->expression->origin, &result, error))
                return false;
            break;
        }
        stack[used++] = result;
    }
    *value = stack[0];
    return true;
}

bool yg_rate_compute(const yg_schedule *schedule, const yg_rate_inputs *in, double *rate,
                     yg_error *error) {
    yg_term value;
    char found[200];
    if (!compute(schedule, in, &value, error))
        return false;
    *rate = value.kind == YG_TERM_FLOAT ? value.f : (double)value.i;
    return value.kind == YG_TERM_FLOAT || value.kind == YG_TERM_INT ||
           yg_fail(error, YG_ERROR_ARGUMENT, schedule->formula, "`rate` is a number, found %s",
                   yg_term_describe(NULL, &value, found, sizeof found));
}
