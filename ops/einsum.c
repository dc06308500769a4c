/*
 * einsum: multiplies tensors whose dimensions have letters, and sums over the letters that the
 * result does not have: einsum([a, b], 'ij,jk->ik') is the product of two matrices.
 *
 * A composite. Each operand is first reduced on its own: a letter that stands twice takes the
 * diagonal, a letter that nothing else needs is summed, and dimensions of size 1 are dropped. Then
 * two tensors at a time become one. Their letters are of four kinds: those of both that are still
 * needed (a batch), those of both that are not (the sum), and those of one. So the pair is a
 * product of matrices, [batch, rows, sum] · [batch, sum, columns]. Of three tensors and more, the
 * pair whose result saves most memory goes first.
 */
#include "build.h"
#include "einsum_equation.h"
#include "registry.h"
#include "shape.h"

#include <stdlib.h>

/* More tensors than this are multiplied from the left to the right: looking at all pairs of many
 * would take long. */
enum { PAIRS_AMONG = 16 };

typedef struct term {
    yg_node node;
    yg_einsum_labels labels;
} term;

typedef struct contraction {
    yg_graph *graph;
    const yg_einsum_equation *equation;
    term *terms;
    size_t count;
    yg_dtype dtype;
} contraction;

static uint64_t mask_of(const yg_einsum_labels *labels) {
    uint64_t mask = 0;
    for (int d = 0; d < labels->count; d++)
        mask |= (uint64_t)1 << labels->label[d];
    return mask;
}

static bool has(uint64_t mask, int label) {
    return mask >> label & 1;
}

/* The elements of a tensor with the labels of a mask. */
static double elements(const contraction *c, uint64_t mask) {
    double count = 1;
    for (int l = 0; l < YG_EINSUM_LABELS; l++)
        count *= has(mask, l) ? (double)c->equation->size[l] : 1;
    return count;
}

/* The labels of the result and of all terms but two. */
static uint64_t needed_beside(const contraction *c, size_t i, size_t j) {
    uint64_t mask = mask_of(&c->equation->result);
    for (size_t k = 0; k < c->count; k++)
        mask |= k == i || k == j ? 0 : mask_of(&c->terms[k].labels);
    return mask;
}

static void drop_label(yg_einsum_labels *labels, int d) {
    labels->count--;
    for (; d < labels->count; d++)
        labels->label[d] = labels->label[d + 1];
}

/* ---------------------------------------------------------------------------- one operand ---- */

/* Takes the diagonal of two dimensions with one label. */
static void take_diagonals(yg_graph *graph, term *t) {
    for (int i = 0; i < t->labels.count; i++)
        for (int j = i + 1; j < t->labels.count; j++) {
            if (t->labels.label[i] != t->labels.label[j])
                continue;
            const yg_attr attrs[] = {{.i = 0}, {.i = i}, {.i = j}};
            const uint8_t label = t->labels.label[i];
            t->node = yg_apply(graph, &yg_op_diagonal, &t->node, 1, attrs);
            drop_label(&t->labels, j);
            drop_label(&t->labels, i);
            t->labels.label[t->labels.count++] = label;
            i = -1; /* look at all of them again */
            break;
        }
}

static void drop_ones(yg_graph *graph, term *t) {
    if (t->node == YG_NONE)
        return;
    const yg_type *type = yg_node_type(graph, t->node);
    yg_type shape = {.dtype = type->dtype};
    yg_einsum_labels kept = {0};
    for (int d = 0; d < type->rank; d++) {
        if (type->shape[d] == 1)
            continue;
        shape.shape[shape.rank++] = type->shape[d];
        kept.label[kept.count++] = t->labels.label[d];
    }
    t->node = yg_reshape(graph, t->node, &shape);
    t->labels = kept;
}

/* Sums over dimensions; whole numbers keep their type. */
static yg_node sum(const contraction *c, yg_node x, const int64_t *dims, size_t count) {
    if (count == 0)
        return x;
    return yg_cast(c->graph, yg_sum(c->graph, x, dims, count, false), c->dtype);
}

static void sum_unneeded(const contraction *c, term *t, uint64_t needed) {
    int64_t dims[YG_MAX_RANK];
    size_t count = 0;
    yg_einsum_labels kept = {0};
    for (int d = 0; d < t->labels.count; d++) {
        if (has(needed, t->labels.label[d]))
            kept.label[kept.count++] = t->labels.label[d];
        else
            dims[count++] = d;
    }
    t->node = sum(c, t->node, dims, count);
    t->labels = kept;
}

/* Labels that only one term has, and the result has not, are summed in that term. */
static void prepare(const contraction *c) {
    uint64_t once = 0, again = 0;
    for (size_t k = 0; k < c->count; k++) {
        take_diagonals(c->graph, &c->terms[k]);
        drop_ones(c->graph, &c->terms[k]);
        const uint64_t mask = mask_of(&c->terms[k].labels);
        again |= once & mask;
        once |= mask;
    }
    for (size_t k = 0; k < c->count; k++)
        sum_unneeded(c, &c->terms[k], again | mask_of(&c->equation->result));
}

/* -------------------------------------------------------------------------------- a pair ----- */

/* The kinds of labels of two terms, each in the order in which the tensors have them. */
typedef struct pair {
    yg_einsum_labels batch, rows, columns, sum;
} pair;

static pair sort_labels(const term *a, const term *b, uint64_t needed) {
    const uint64_t in_b = mask_of(&b->labels), in_a = mask_of(&a->labels);
    pair p = {0};
    for (int d = 0; d < a->labels.count; d++) {
        const int l = a->labels.label[d];
        yg_einsum_labels *kind = !has(in_b, l) ? &p.rows : has(needed, l) ? &p.batch : &p.sum;
        kind->label[kind->count++] = (uint8_t)l;
    }
    for (int d = 0; d < b->labels.count; d++)
        if (!has(in_a, b->labels.label[d]))
            p.columns.label[p.columns.count++] = b->labels.label[d];
    return p;
}

static void append(yg_einsum_labels *labels, const yg_einsum_labels *more) {
    for (int i = 0; i < more->count && labels->count < YG_MAX_RANK; i++)
        labels->label[labels->count++] = more->label[i];
}

static int64_t product(const contraction *c, const yg_einsum_labels *labels) {
    int64_t size = 1;
    for (int i = 0; i < labels->count; i++)
        size *= c->equation->size[labels->label[i]]; /* not more than a tensor has elements */
    return size;
}

/* The term with its dimensions in the order of `wanted`. */
static yg_node in_order(const contraction *c, const term *t, const yg_einsum_labels *wanted) {
    int64_t order[YG_MAX_RANK];
    for (int i = 0; i < wanted->count; i++) {
        int d = 0;
        while (t->labels.label[d] != wanted->label[i])
            d++;
        order[i] = d;
    }
    return yg_permute(c->graph, t->node, order);
}

/* The term as [batch, outer, inner] with three kinds of labels, each as one dimension; without
 * `batch` as a matrix. */
static yg_node as_matrices(const contraction *c, const term *t, const yg_einsum_labels *batch,
                           const yg_einsum_labels *outer, const yg_einsum_labels *inner) {
    yg_einsum_labels wanted = *batch;
    append(&wanted, outer);
    append(&wanted, inner);
    yg_type shape = {.dtype = c->dtype};
    if (batch->count > 0)
        shape.shape[shape.rank++] = product(c, batch);
    shape.shape[shape.rank++] = product(c, outer);
    shape.shape[shape.rank++] = product(c, inner);
    return yg_reshape(c->graph, in_order(c, t, &wanted), &shape);
}

/* Whether the dimensions of a term are those of three kinds of labels, in this order. */
static bool stands_so(const term *t, const yg_einsum_labels *batch, const yg_einsum_labels *outer,
                      const yg_einsum_labels *inner) {
    yg_einsum_labels wanted = *batch;
    append(&wanted, outer);
    append(&wanted, inner);
    for (int d = 0; d < wanted.count; d++)
        if (wanted.label[d] != t->labels.label[d])
            return false;
    return true;
}

/* A product of matrices. A factor that lies transposed is read so. */
static yg_node multiply_matrices(const contraction *c, const term *a, const term *b,
                                 const pair *p) {
    const bool turned_a = stands_so(a, &p->batch, &p->sum, &p->rows);
    const bool turned_b = stands_so(b, &p->batch, &p->columns, &p->sum);
    const yg_node left = turned_a ? as_matrices(c, a, &p->batch, &p->sum, &p->rows)
                                  : as_matrices(c, a, &p->batch, &p->rows, &p->sum);
    const yg_node right = turned_b ? as_matrices(c, b, &p->batch, &p->columns, &p->sum)
                                   : as_matrices(c, b, &p->batch, &p->sum, &p->columns);
    return yg_matmul(c->graph, left, right, turned_a, turned_b);
}

/* The same element by element: [batch, rows, 1, sum] · [batch, 1, columns, sum], summed. */
static yg_node multiply_elements(const contraction *c, const term *a, const term *b,
                                 const pair *p) {
    const int64_t batch = product(c, &p->batch), inner = product(c, &p->sum);
    const yg_type left = {
        .dtype = c->dtype, .rank = 4, .shape = {batch, product(c, &p->rows), 1, inner}};
    const yg_type right = {
        .dtype = c->dtype, .rank = 4, .shape = {batch, 1, product(c, &p->columns), inner}};
    const yg_node x = as_matrices(c, a, &p->batch, &p->rows, &p->sum);
    const yg_node y = as_matrices(c, b, &p->batch, &p->columns, &p->sum);
    const yg_node products =
        yg_multiply(c->graph, yg_reshape(c->graph, x, &left), yg_reshape(c->graph, y, &right));
    return sum(c, products, (const int64_t[]){3}, 1);
}

/* Whether the first dimension of the result that only one of the two has is b's. The product is
 * then computed the other way round, and lies as it is wanted. */
static bool is_turned(const contraction *c, const pair *p) {
    const yg_einsum_labels *result = &c->equation->result;
    const uint64_t rows = mask_of(&p->rows), columns = mask_of(&p->columns);
    for (int d = 0; d < result->count; d++)
        if (has(rows | columns, result->label[d]))
            return has(columns, result->label[d]);
    return false;
}

/* Makes one term of terms i < j, in the place of i. */
static void contract(contraction *c, size_t i, size_t j) {
    const uint64_t needed = needed_beside(c, i, j);
    term a = c->terms[i], b = c->terms[j];
    pair p = sort_labels(&a, &b, needed);
    if (is_turned(c, &p)) {
        const term first = a;
        a = b;
        b = first;
        p = sort_labels(&a, &b, needed);
    }
    term result = {.labels = p.batch};
    const int rank = p.batch.count + p.rows.count + p.columns.count;
    if (rank > YG_MAX_RANK) {
        yg_graph_fail(c->graph, YG_ERROR_SHAPE,
                      "einsum: multiplying two of the operands gives %d dimensions, more than %d",
                      rank, YG_MAX_RANK);
        c->count = 0;
        return;
    }
    append(&result.labels, &p.rows);
    append(&result.labels, &p.columns);
    yg_type shape = {.dtype = c->dtype, .rank = result.labels.count};
    for (int d = 0; d < shape.rank; d++)
        shape.shape[d] = c->equation->size[result.labels.label[d]];
    const bool elementwise =
        p.sum.count == 0 || p.rows.count + p.columns.count == 0 || !yg_dtype_is_float(c->dtype);
    result.node = yg_reshape(
        c->graph, elementwise ? multiply_elements(c, &a, &b, &p) : multiply_matrices(c, &a, &b, &p),
        &shape);
    c->terms[i] = result;
    c->count--;
    for (size_t k = j; k < c->count; k++)
        c->terms[k] = c->terms[k + 1];
}

/* --------------------------------------------------------------------------------- order ----- */

/* The pair whose result is smallest beside what it replaces; of equal ones, the cheapest. */
static void contract_best(contraction *c) {
    size_t best_i = 0, best_j = 1;
    double best_growth = 0, best_work = 0;
    for (size_t i = 0; i < c->count; i++)
        for (size_t j = i + 1; j < c->count; j++) {
            const uint64_t a = mask_of(&c->terms[i].labels), b = mask_of(&c->terms[j].labels);
            const double growth =
                elements(c, (a | b) & needed_beside(c, i, j)) - elements(c, a) - elements(c, b);
            const double work = elements(c, a | b);
            if ((i == 0 && j == 1) || growth < best_growth ||
                (growth == best_growth && work < best_work)) {
                best_i = i;
                best_j = j;
                best_growth = growth;
                best_work = work;
            }
        }
    contract(c, best_i, best_j);
}

/* Puts the dimensions in the order of the result, with those of size 1. */
static yg_node finish(const contraction *c, const term *t) {
    const yg_einsum_labels *result = &c->equation->result;
    yg_type shape = {.dtype = c->dtype, .rank = result->count};
    yg_einsum_labels wanted = {0};
    for (int d = 0; d < result->count; d++) {
        shape.shape[d] = c->equation->size[result->label[d]];
        if (shape.shape[d] != 1)
            wanted.label[wanted.count++] = result->label[d];
    }
    return yg_reshape(c->graph, in_order(c, t, &wanted), &shape);
}

static bool check_types(yg_graph *graph, const yg_infer *call) {
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    for (size_t k = 0; k < call->operand_count; k++) {
        const yg_type *first = &call->operands[0], *type = &call->operands[k];
        if (type->dtype != first->dtype || type->dtype == YG_BOOL) {
            yg_graph_fail(graph, YG_ERROR_DTYPE,
                          "einsum: takes numbers of one element type, not %s and %s",
                          yg_type_text(first, a), yg_type_text(type, b));
            return false;
        }
    }
    return true;
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    yg_error error = {0};
    yg_einsum_equation equation;
    yg_einsum_labels *labels = calloc(call->operand_count, sizeof *labels);
    term *terms = calloc(call->operand_count, sizeof *terms);
    if (!labels || !terms) {
        yg_graph_fail(graph, YG_ERROR_MEMORY, "einsum: out of memory");
    } else if (check_types(graph, call) && !yg_einsum_read(call, labels, &equation, &error)) {
        yg_graph_fail(graph, error.code, "%s", error.message);
    } else if (!yg_graph_error(graph)) {
        for (size_t k = 0; k < call->operand_count; k++)
            terms[k] = (term){operands[k], labels[k]};
        contraction c = {graph, &equation, terms, call->operand_count, call->operands[0].dtype};
        prepare(&c);
        while (c.count > 1 && c.count <= PAIRS_AMONG)
            contract_best(&c);
        while (c.count > 1)
            contract(&c, 0, 1);
        results[0] = yg_graph_error(graph) ? YG_NONE : finish(&c, &terms[0]);
    }
    free(labels);
    free(terms);
    return yg_graph_error(graph) ? 0 : 1;
}

/* ------------------------------------------------------------------------------- description -- */

/* The product of the elements that belong to one value of each label. */
static double product_at(const yg_reference *r, const yg_einsum_labels *labels,
                         const int64_t *value) {
    double product = 1;
    for (size_t k = 0; k < r->call->operand_count; k++) {
        int64_t at[YG_MAX_RANK] = {0};
        for (int d = 0; d < labels[k].count; d++)
            at[d] = r->call->operands[k].shape[d] == 1 ? 0 : value[labels[k].label[d]];
        product *= yg_at(r, k, at);
    }
    return product;
}

static double reference(const yg_reference *r, const int64_t *index) {
    yg_einsum_labels labels[YG_SAMPLE_OPERANDS];
    yg_einsum_equation equation;
    if (r->call->operand_count > YG_SAMPLE_OPERANDS ||
        !yg_einsum_read(r->call, labels, &equation, NULL))
        return 0;
    int64_t value[YG_EINSUM_LABELS] = {0};
    for (int d = 0; d < equation.result.count; d++)
        value[equation.result.label[d]] = index[d];
    const uint64_t fixed = mask_of(&equation.result);
    double total = 0;
    for (int l = 0; l < YG_EINSUM_LABELS; l++)
        if (!has(fixed, l) && equation.size[l] == 0)
            return 0;
    for (int l = 0; l < YG_EINSUM_LABELS;) {
        total += product_at(r, labels, value);
        for (l = 0; l < YG_EINSUM_LABELS; l++) { /* the next values, as on an odometer */
            if (has(fixed, l) || equation.size[l] <= 0)
                continue;
            if (++value[l] < equation.size[l])
                break;
            value[l] = 0;
        }
    }
    return total;
}

static const yg_attr_spec attrs[] = {
    {.name = "equation",
     .kind = YG_ATTR_TEXT,
     .required = true,
     .doc = "a letter for each dimension of each operand, '->', and those of the result"},
};

#define EQUATION(equation)                                                                         \
    (const yg_attr[]) {                                                                            \
        { .count = sizeof(equation) - 1, .text = (equation) }                                      \
    }
static const yg_sample samples[] = {
    {{"f[2, 3]", "f[3, 4]"}, EQUATION("ij,jk->ik")},
    {{"f[2, 3]", "f[3, 4]"}, EQUATION("ij, jk")},
    {{"f[2, 3]", "f[3, 4]"}, EQUATION("ij,jk->ki")},
    {{"f[2, 4, 3]", "f[2, 5, 3]"}, EQUATION("bij,bkj->bik")},
    {{"f[2, 3, 2, 4]", "f[2, 5, 2, 4]"}, EQUATION("bqhd,bkhd->bhqk")},
    {{"f[2, 3]", "f[2, 3]"}, EQUATION("bi,bi->b")},
    {{"f[3]", "f[4]"}, EQUATION("i,j->ij")},
    {{"f[2, 3]"}, EQUATION("ij->ji")},
    {{"f[3, 3]"}, EQUATION("ii")},
    {{"f[3, 2, 3]"}, EQUATION("iji->ij")},
    {{"f[2, 3]"}, EQUATION("ij->")},
    {{"f[2, 1, 2, 3]", "f[4, 3, 2]"}, EQUATION("...ij,...jk->...ik")},
    {{"f[2, 3, 4]", "f[4]"}, EQUATION("...i,i")},
    {{"f[2, 3, 4]"}, EQUATION("i...->...")},
    {{"f[2, 3, 4]"}, EQUATION("...i->i")},
    {{"f[5, 2]", "f[2, 3, 4]", "f[5, 3]"}, EQUATION("ba,aij,bi->bj")},
    {{"f[2, 3]", "f[3, 4]", "f[4, 2]", "f[2]"}, EQUATION("ab,bc,cd,d->a")},
    {{"f[1, 3]", "f[4, 3]"}, EQUATION("ij,ij->ij")},
    {{"f[2, 1]", "f[3, 4]"}, EQUATION("ij,jk->ik")},
    {{"f[2, 0]", "f[0, 3]"}, EQUATION("ij,jk->ik")},
    {{"f[]", "f[2]"}, EQUATION(",i->i")},
    {{"f[2, 3]", "f[2, 3]"}, EQUATION("ij,ij")},
    {{"i[2, 3]", "i[3, 2]"}, EQUATION("ij,jk->ik")},
};

const yg_op yg_op_einsum = {
    .name = "einsum",
    .formula = "y[the letters after ->] = Σ over all other letters of the product of the operands",
    .doc =
        "Any sum of products: `einsum([a, b], 'bij,bjk->bik')`. Each operand has a letter for each "
        "dimension, and '...' for those without one. A letter that stands twice in an operand "
        "takes its diagonal. Without '->' the result has the letters that occur once.",
    .group = "linear algebra",
    .min_operands = 1,
    .max_operands = YG_ANY_COUNT,
    .operand_names = {"operands"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .flags = YG_OP_LIST,
    .compose = compose,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
