/*
 * Reading an equation of einsum: see einsum_equation.h.
 */
#include "einsum_equation.h"

#include <inttypes.h>
#include <string.h>

enum { NO_DOTS = -1 };

/* The subscripts of one tensor as they are written. */
typedef struct written {
    int count; /* letters */
    uint8_t label[YG_MAX_RANK];
    int64_t place[YG_MAX_RANK]; /* of each letter in the equation, from 0 */
    int dots;                   /* how many letters come before '...'; NO_DOTS: there is none */
} written;

typedef struct reader {
    const yg_infer *call;
    yg_error *error;
    const char *text;
    int64_t length, at;
    bool any_dots; /* an operand has '...' */
    int most_dots; /* the most dimensions that it stands for */
} reader;

static bool fail_at(const reader *r, int64_t place, const char *what) {
    return yg_fail(r->error, YG_ERROR_ARGUMENT, r->call->origin,
                   "einsum: '%.*s', character %" PRId64 ": %s", (int)r->length, r->text, place + 1,
                   what);
}

static int label_of(char c) {
    return c >= 'A' && c <= 'Z' ? c - 'A' : c >= 'a' && c <= 'z' ? c - 'a' + 26 : -1;
}

static char letter_of(int label) {
    return (char)(label < 26 ? 'A' + label : 'a' + label - 26);
}

static bool read_dots(reader *r, written *w) {
    if (r->length - r->at < 3 || memcmp(r->text + r->at, "...", 3) != 0)
        return fail_at(r, r->at, "three dots stand for the dimensions without a letter");
    if (w->dots != NO_DOTS)
        return fail_at(r, r->at, "'...' may occur once in the subscripts of a tensor");
    w->dots = w->count;
    r->at += 3;
    return true;
}

/* Up to the next comma, '->', or the end. */
static bool read_subscripts(reader *r, written *w) {
    *w = (written){.dots = NO_DOTS};
    while (r->at < r->length) {
        const char c = r->text[r->at];
        if (c == ',' || c == '-')
            return true;
        if (c == '.') {
            if (!read_dots(r, w))
                return false;
            continue;
        }
        const int label = label_of(c);
        if (c != ' ' && label < 0)
            return fail_at(r, r->at, "a subscript is a letter");
        if (label >= 0 && w->count == YG_MAX_RANK)
            return fail_at(r, r->at, "a tensor has at most 8 dimensions");
        if (label >= 0) {
            w->label[w->count] = (uint8_t)label;
            w->place[w->count++] = r->at;
        }
        r->at++;
    }
    return true;
}

/* The labels of `w`, whose '...' stands for `dots` dimensions. */
static yg_einsum_labels expand(const written *w, int dots) {
    yg_einsum_labels labels = {0};
    for (int i = 0; i <= w->count; i++) {
        for (int d = dots; i == w->dots && d-- > 0;)
            labels.label[labels.count++] = (uint8_t)(YG_EINSUM_LETTERS + d);
        if (i < w->count)
            labels.label[labels.count++] = w->label[i];
    }
    return labels;
}

static bool read_operand(reader *r, size_t k, yg_einsum_labels *labels) {
    const yg_type *type = &r->call->operands[k];
    const int64_t place = r->at;
    written w;
    char text[YG_TYPE_TEXT];
    if (!read_subscripts(r, &w))
        return false;
    const int dots = type->rank - w.count;
    if (w.dots == NO_DOTS ? dots != 0 : dots < 0)
        return yg_fail(r->error, YG_ERROR_SHAPE, r->call->origin,
                       "einsum: '%.*s', character %" PRId64 ": %d subscripts do not fit operand "
                       "%zu, %s",
                       (int)r->length, r->text, place + 1, w.count, k + 1,
                       yg_type_text(type, text));
    if (w.dots != NO_DOTS) {
        r->any_dots = true;
        r->most_dots = dots > r->most_dots ? dots : r->most_dots;
    }
    *labels = expand(&w, w.dots == NO_DOTS ? 0 : dots);
    return true;
}

static bool read_operands(reader *r, yg_einsum_labels *operands) {
    const size_t count = r->call->operand_count;
    size_t k = 0;
    for (bool more = true; more; k++) {
        if (k == count)
            return fail_at(r, r->at, "there are more subscripts than operands");
        if (!read_operand(r, k, &operands[k]))
            return false;
        more = r->at < r->length && r->text[r->at] == ',';
        r->at += more;
    }
    return k == count || fail_at(r, r->at, "there are more operands than subscripts");
}

/* Notes the size of each label, and how often it occurs. */
static bool fit_sizes(const reader *r, yg_einsum_equation *equation, int *times) {
    for (int l = 0; l < YG_EINSUM_LABELS; l++)
        equation->size[l] = -1;
    for (size_t k = 0; k < r->call->operand_count; k++) {
        const yg_einsum_labels *labels = &equation->operands[k];
        const yg_type *type = &r->call->operands[k];
        for (int d = 0; d < labels->count; d++) {
            const int l = labels->label[d];
            int64_t *size = &equation->size[l];
            int first = 0;
            while (labels->label[first] != l)
                first++;
            const bool differs = *size >= 0 && *size != 1 && type->shape[d] != 1;
            if ((differs && *size != type->shape[d]) || type->shape[first] != type->shape[d]) {
                char text[YG_TYPE_TEXT], name[8] = {letter_of(l)};
                if (l >= YG_EINSUM_LETTERS)
                    memcpy(name, "...", 4);
                return yg_fail(r->error, YG_ERROR_SHAPE, r->call->origin,
                               "einsum: '%.*s': subscript '%s' is %" PRId64
                               " elsewhere and %" PRId64 " in dimension %d of operand %zu, %s",
                               (int)r->length, r->text, name,
                               differs && *size != type->shape[d] ? *size : type->shape[first],
                               type->shape[d], d, k + 1, yg_type_text(type, text));
            }
            *size = *size < 0 || *size == 1 ? type->shape[d] : *size;
            times[l]++;
        }
    }
    return true;
}

static bool read_result(reader *r, yg_einsum_equation *equation) {
    written w;
    if (r->length - r->at < 2 || r->text[r->at + 1] != '>')
        return fail_at(r, r->at, "the subscripts of the result follow '->'");
    r->at += 2;
    if (!read_subscripts(r, &w))
        return false;
    if (r->at < r->length)
        return fail_at(r, r->at, "the equation ends with the subscripts of the result");
    for (int i = 0; i < w.count; i++) {
        if (equation->size[w.label[i]] < 0)
            return fail_at(r, w.place[i], "no operand has this subscript");
        for (int j = 0; j < i; j++)
            if (w.label[j] == w.label[i])
                return fail_at(r, w.place[i], "the result has this subscript twice");
    }
    if (w.count + (w.dots == NO_DOTS ? 0 : r->most_dots) > YG_MAX_RANK)
        return fail_at(r, r->length - 1, "the result has more than 8 dimensions");
    equation->result = expand(&w, w.dots == NO_DOTS ? 0 : r->most_dots);
    return true;
}

static bool imply_result(const reader *r, yg_einsum_equation *equation, const int *times) {
    written w = {.dots = 0};
    for (int l = 0; l < YG_EINSUM_LETTERS; l++) {
        if (times[l] != 1)
            continue;
        if (w.count + r->most_dots == YG_MAX_RANK)
            return fail_at(r, r->length - 1, "the result has more than 8 dimensions");
        w.label[w.count++] = (uint8_t)l;
    }
    equation->result = expand(&w, r->most_dots);
    return true;
}

bool yg_einsum_read(const yg_infer *call, yg_einsum_labels *operands, yg_einsum_equation *equation,
                    yg_error *error) {
    reader r = {.call = call,
                .error = error,
                .text = call->attrs[0].count ? call->attrs[0].text : "",
                .length = call->attrs[0].count};
    int times[YG_EINSUM_LABELS] = {0};
    equation->operands = operands;
    if (!read_operands(&r, operands) || !fit_sizes(&r, equation, times))
        return false;
    return r.at < r.length ? read_result(&r, equation) : imply_result(&r, equation, times);
}
