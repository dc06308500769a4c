/*
 * The operator descriptor: everything the graph, the model language, the documentation and the
 * tests know about an operator. The graph calls operators through this struct only; it knows none
 * by name.
 *
 * Two kinds of operator share the struct:
 *
 *   a primitive   is a node of the graph: it has `infer` (its shape rule) and a kernel. It may also
 *                 have `compose`: then that is its definition, in plainer operators.
 *   a composite   is a function that builds nodes: it has `compose` and nothing else to run.
 *                 Its gradient follows from its parts.
 *
 * A primitive's kernel is either a tile kernel (flag YG_OP_ELEMENTWISE) or a whole-tensor kernel.
 */
#ifndef YG_GRAPH_OP_H
#define YG_GRAPH_OP_H

#include "error.h"
#include "type.h"

#include <limits.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

typedef struct yg_graph yg_graph;
typedef struct yg_op yg_op;
typedef struct yg_rule yg_rule; /* rewrite.h */

/* The number of this interface between operators and the library. A plug-in carries the number that
 * it was compiled with; another one is refused. It goes up with every change of what a plug-in
 * sees: tests/test_abi.c tells when. */
#define YG_OP_ABI 2

/* A node's index in its graph. The index of an operand is smaller than that of its user. */
typedef uint32_t yg_node;
#define YG_NONE UINT32_MAX

/* ------------------------------------------------------------------------------ attributes -- */

typedef enum yg_attr_kind {
    YG_ATTR_INT,    /* .i */
    YG_ATTR_FLOAT,  /* .f */
    YG_ATTR_BOOL,   /* .i is 0 or 1 */
    YG_ATTR_CHOICE, /* .i is an index into yg_attr_spec.choices */
    YG_ATTR_INTS,   /* .ints[0 .. count): a shape, a permutation, dimensions. In a model file a
                       single number stands for a list of one. With `choices` it may be a word in
                       place of the list: see yg_attr.is_word */
    YG_ATTR_DTYPE,  /* .i is a yg_dtype */
    YG_ATTR_TEXT,   /* .text[0 .. count), which is not kept: only a composite may have one */
    YG_ATTR_FLOATS, /* .floats[0 .. count): at most YG_MAX_RANK numbers. In a model file a single
                       number stands for a list of one */
} yg_attr_kind;

/* An attribute's value. In a node all unused bytes are zero, so that equal values have equal bytes.
 * The builder clears them; a caller need not.
 *
 * A list of more than YG_MAX_RANK entries stands elsewhere, at `many`. A caller gives its own
 * memory, and may free it after the call. A node has a copy in the memory of its graph. */
typedef struct yg_attr {
    int64_t count; /* YG_ATTR_INTS, YG_ATTR_FLOATS: entries of the list; YG_ATTR_TEXT: bytes;
                      otherwise 0 */
    bool is_word;  /* YG_ATTR_INTS: it is a word in place of a list; .i is then an index into
                      yg_attr_spec.choices, and `count` is 0 */
    union {
        int64_t i;
        double f;
        int64_t ints[YG_MAX_RANK]; /* a list of at most YG_MAX_RANK entries */
        const int64_t *many;       /* a longer list: see yg_attr_spec.any_count */
        const char *text;          /* the caller's; no end mark is needed */
        double floats[YG_MAX_RANK];
    };
} yg_attr;

/* The `count` entries of a list of any length. */
static inline const int64_t *yg_attr_ints(const yg_attr *attr) {
    return attr->count > YG_MAX_RANK ? attr->many : attr->ints;
}

typedef struct yg_attr_spec {
    const char *name;
    yg_attr_kind kind;
    bool required;    /* there is no default; `fallback` is not used */
    bool any_count;   /* YG_ATTR_INTS: the list may have more than YG_MAX_RANK entries. The operator
                         must then read it by yg_attr_ints() */
    yg_attr fallback; /* the default. An empty list is shown as "none"; `doc` must say what that
                         means ("all dimensions") */
    double min, max;  /* bounds of a number, or of each entry of a list, both inclusive. Equal: no
                         bounds */
    const char *const *choices; /* YG_ATTR_CHOICE: the names, NULL after the last. YG_ATTR_INTS: the
                                   words that it may be instead of a list; NULL: it is a list */
    const char *doc;            /* a phrase, no full stop */
} yg_attr_spec;

/* -------------------------------------------------------------------------------- shape rule -- */

/* A call of an operator, as its shape rule sees it. Number of operands, attributes and their bounds
 * have been checked. */
typedef struct yg_infer {
    const yg_op *op;
    const yg_type *operands;
    size_t operand_count;
    const yg_attr *attrs; /* one for each entry of op->attrs, in that order */
    yg_origin origin;     /* for yg_fail() */
} yg_infer;

/* ----------------------------------------------------------------------------------- kernels -- */

/* Computes out[0 .. n) from in[k][0 .. n), element by element. `out` may be the same buffer as
 * in[k] if their elements have the same size; otherwise they do not overlap. Must not allocate,
 * keep state or fail. */
typedef void (*yg_tile)(void *out, const void *const *in, size_t n, const yg_attr *attrs);

/* Whether a kernel's scratch still holds what its last call has left there. If a kernel runs a few
 * rows at a time (yg_op_plan.rows), each thread keeps its scratch until all of its rows are done.
 */
typedef enum yg_scratch {
    YG_SCRATCH_LOST,  /* it holds anything, and is lost after the call */
    YG_SCRATCH_FIRST, /* it holds anything; the next call, with the same operands, finds it again */
    YG_SCRATCH_AGAIN, /* it holds what the call before this one, with the same operands, has left */
} yg_scratch;

/* Memory that will be used soon after a kernel: see yg_kernel_call.prefetch. */
typedef struct yg_stretch {
    const char *at;
    int64_t bytes;
} yg_stretch;

/* The arguments of a whole-tensor kernel. All buffers are dense and row-major. They overlap only if
 * the operator allows it, by yg_op_plan.joins or YG_OP_IN_PLACE. */
typedef struct yg_kernel_call {
    void *out;         /* the elements of the first result */
    void *const *outs; /* of an operator with several results: the elements of each. NULL for a
                          result that is not read, except the first */
    const void *const *in;
    const yg_type *out_type; /* the first result's */
    const yg_type *const *in_types;
    size_t operand_count;
    const yg_attr *attrs;
    void *prepared;  /* yg_op_plan.prepared. May be NULL; the kernel must then do without */
    void *scratch;   /* yg_op_plan.scratch_bytes bytes, 64-byte aligned */
    yg_scratch kept; /* what the scratch holds */
    /* Memory that the next operators will read and write in the rows of this call, this call's
     * result excepted. A kernel that computes more than it loads may ask the processor to fetch it.
     * A kernel that always fetches all of it must set yg_op_plan.prefetches. */
    const yg_stretch *prefetch;
    size_t prefetch_count;
    int64_t begin, end; /* the units of work to compute: yg_op_plan.units */
    uint64_t seed;      /* of the run; for random operators */
    uint64_t step;      /* the number of the run; for random operators */
    yg_origin origin;   /* for yg_fail() */
} yg_kernel_call;

/* Returns false, with *error set, only for a mistake in values, such as a class index out of range.
 * Everything that types tell must be checked by yg_op.infer. */
typedef bool (*yg_kernel)(const yg_kernel_call *call, yg_error *error);

/* -------------------------------------------------------------------------------------- plan -- */

/* How a reduction over all rows can be computed in parts of operand 0. `reduce` reduces the parts
 * [begin, end) of operand 0 and writes `bytes` bytes for each, at out + p · bytes for part p.
 * `finish` computes the result from the bytes of all parts, which are its in[0]. Both together must
 * give the bits of the operator's kernel; otherwise a pass would change a result. */
typedef struct yg_parts {
    int64_t elements; /* in a part: part p has elements [p · elements, (p + 1) · elements) */
    int64_t count;    /* parts; the last may be shorter. 0: the operand cannot be taken in parts */
    int64_t bytes;    /* of the result of one part */
    yg_kernel reduce, finish;
} yg_parts;

/* An operator's answers about one call: how its work can be cut, which memory it needs, what it
 * costs. yg_op.plan is asked once for each call when a program is compiled. It changes the members
 * that differ from their defaults. The defaults are right for every kernel. */
typedef struct yg_op_plan {
    /* The number of independent units of work (rows of a matmul, say), which threads share. The
     * bits of a unit must not depend on begin and end of the call: they would depend on the number
     * of threads. Default: 1. */
    int64_t units;

    /* Rows are units in groups, so that a result can be used while it is in the cache. `rows` is
     * the largest number R of groups such that for every r < R the units [r · U/R, (r + 1) · U/R)
     * of all U compute the elements [r · N/R, (r + 1) · N/R) of each result's N, and read of
     * operand k only the elements [r · N/R, (r + 1) · N/R) of its N, or all of it where bit k of
     * `whole` is set. It must then hold for every divisor of R too. Default: 0, the work does not
     * fall into rows. `whole` has a bit for each of YG_ROW_OPERANDS operands: a call with more does
     * not fall into rows, whatever stands here. */
    int64_t rows;
    uint64_t whole;
    int64_t min_rows; /* fewer rows at a time do not pay; only the last may be fewer. Default: 1 */
    bool prefetches;  /* whenever the kernel computes fewer rows than all, it fetches all of
                         yg_kernel_call.prefetch. Default: false */

    int64_t scratch_bytes; /* of yg_kernel_call.scratch, for each thread. Default: 0 */
    yg_parts parts;        /* default: none */

    /* If the result is one stretch of operand 0: where it begins there, in elements. It then
     * becomes a view, which takes no memory and no kernel. Default: -1, it is none. */
    int64_t view;
    /* The result holds the elements of all operands, one operand after the other. An operand may
     * then be computed in its place in the result. The kernel must notice that in[k] already is
     * that stretch of `out`, and not copy it. Default: false. */
    bool joins;

    double flops; /* floating-point operations. Default: one for each element of the first result */

    /* Data that the kernel needs beyond its operands, made once and read by all threads: a layout,
     * a handle of a library. yg_op.plan makes it only if `prepare` is true, since a call is often
     * only looked at. `release` frees it. Default: NULL. */
    bool prepare;
    void *prepared;
    void (*release)(void *prepared);
} yg_op_plan;

/* ----------------------------------------------------------------------------------- testing -- */

/* One call of a test. The operands are read by yg_at(). */
typedef struct yg_reference {
    const yg_infer *call;
    size_t result; /* the result that an element is asked of */
    const yg_type *out_type;
    const double *const *in;
} yg_reference;

/* The element of operand `k` at a multi-index, which has one entry for each of its dimensions. */
double yg_at(const yg_reference *reference, size_t k, const int64_t *index);

/* The values that tests give an operand: uniform in [low, high]. {0, 0} means [-2, 2]. For an
 * integer operand both ends are included. */
typedef struct yg_domain {
    double low, high;
} yg_domain;

/* One call that the tests make. An operand's type is written as "f[2, 3]": f is the float type
 * under test, i is i32, b is bool. The operands end at the first NULL. attrs may be NULL: all
 * defaults. */
#define YG_SAMPLE_OPERANDS 8
typedef struct yg_sample {
    const char *operands[YG_SAMPLE_OPERANDS];
    const yg_attr *attrs;
} yg_sample;

/* -------------------------------------------------------------------------------- descriptor -- */

enum {
    /* It has a tile kernel. Before `infer` is asked, the builder broadcasts all operands to one
     * shape and converts them to one element type. */
    YG_OP_ELEMENTWISE = 1 << 0,
    /* It has no derivative: integer results, step functions, comparisons. */
    YG_OP_NON_DIFFERENTIABLE = 1 << 1,
    /* A node of it is never merged with an equal one, and never folded. */
    YG_OP_RANDOM = 1 << 2,
    /* The result has operand 0's elements under another shape. */
    YG_OP_VIEW = 1 << 3,
    /* A model file writes the operands as one list: concat([a, b]). */
    YG_OP_LIST = 1 << 4,
    /* Elementwise: an integer operand is converted to a float. */
    YG_OP_FLOAT_ONLY = 1 << 5,
    /* The builder and gradients make it. The model language has no such function. */
    YG_OP_INTERNAL = 1 << 6,
    /* An input, a parameter or a constant: no operands, no kernel. */
    YG_OP_LEAF = 1 << 7,
    /* Elementwise, but the builder converts no element types: `where`. */
    YG_OP_KEEP_DTYPES = 1 << 8,
    /* `out` may be operand 0's buffer; both have the same type. So the kernel may read an element
     * of operand 0 only before it writes it. */
    YG_OP_IN_PLACE = 1 << 9,
    /* It does more than compute its results: it sends or prints something. Each node of it runs
     * exactly once in each run of each program that is compiled from its graph, also if nothing
     * reads its results. Nodes with effects run one after the other, in the order of the graph, and
     * nothing else runs meanwhile. The kernel is called once for all of its work, whatever `plan`
     * says. Only a primitive with a whole-tensor kernel may have the flag. */
    YG_OP_EFFECTS = 1 << 10,
};

#define YG_ANY_COUNT            INT_MAX /* yg_op.max_operands: no limit but memory */
#define YG_ELEMENTWISE_OPERANDS 8       /* an elementwise operator takes no more */
#define YG_ROW_OPERANDS         64      /* see yg_op_plan.rows */
#define YG_OP_MAX_RESULTS       8       /* of a primitive in a set of operators */
#define YG_OP_NAMED_OPERANDS    4

struct yg_op {
    const char *name;    /* as in the model language; lower_snake_case */
    const char *formula; /* one line of mathematics: "y = 1 / (1 + exp(-x))" */
    const char *doc;     /* one or two sentences: edge cases, what a gradient does at a kink */
    const char *group;   /* "elementwise", "reduction", "linear algebra", "shape", "loss", … */

    int min_operands, max_operands; /* max_operands: YG_ANY_COUNT for a list operator */
    const char *operand_names[YG_OP_NAMED_OPERANDS]; /* a user may pass them by these names */
    const yg_attr_spec *attrs;
    size_t attr_count;
    unsigned flags;

    /* Primitive: how many results its kernel computes at once. Default: 0, which means one. */
    int results;

    /* Primitive: the shape rule. Writes the type of each result. NULL for an elementwise operator
     * whose result has the type of its operands. It must fail, with a message that shows the
     * shapes, on everything that the kernel does not handle: the kernel does not check again. */
    bool (*infer)(const yg_infer *call, yg_type *results, yg_error *error);

    /* Primitive: kernels by element type; NULL if the type is not supported. The type is that of
     * the LAST operand, or of the result if there are no operands. */
    yg_tile tile[YG_DTYPE_COUNT];
    yg_kernel kernel[YG_DTYPE_COUNT];

    /* Optional: changes the members of *plan that differ from their defaults. It cannot fail: if it
     * cannot make plan->prepared, the kernel does without. Of an elementwise operator only `flops`
     * counts. */
    void (*plan)(const yg_infer *call, const yg_type *results, yg_op_plan *plan);

    /* The vector-Jacobian product: the cotangent of operand `k`, built from nodes, given node `y`
     * of this operator and its cotangent `dy` (same type as y). YG_NONE: none passes. It is asked
     * only for operands of a float type. An operator with several results is given the cotangents
     * of all of them: dy[i] is YG_NONE where none reaches result i. At least one does. NULL: the
     * derivative is that of the definition, see `compose`. */
    union {
        yg_node (*vjp)(yg_graph *graph, yg_node y, yg_node dy, size_t k);
        yg_node (*vjp_all)(yg_graph *graph, yg_node y, const yg_node *dy, size_t k);
    };
    /* Optional, for operators whose `vjp` is mostly zeros, as that of a slice: returns `sum` plus
     * the cotangent of operand k. `sum` has the type of operand k. It is asked if operand k has
     * several cotangents. Without it the gradient of n slices of a tensor costs n times the
     * tensor's size. */
    yg_node (*vjp_add)(yg_graph *graph, yg_node y, yg_node dy, size_t k, yg_node sum);
    /* In place of `vjp`, for an operator with one result and a list of operands: the cotangents of
     * all operands at once, so that what is counted up along the list is counted once. Writes
     * cotangents[k] for each k that is asked for (asked[k]) and leaves the others alone. */
    void (*vjp_list)(yg_graph *graph, yg_node y, yg_node dy, const bool *asked,
                     yg_node *cotangents);

    /* Optional: simplification. Asked before a node is added; returns an equivalent node of the
     * same type, existing or new, or YG_NONE to add the node as it is. What it builds must be
     * simpler: otherwise it is asked again without end. An operator with several results is not
     * asked. */
    yg_node (*simplify)(yg_graph *graph, const yg_infer *call, const yg_node *operands);

    /* Composite: how many results a call has. It is asked before `compose`, of a call that may be
     * wrong: then any number from 1 on will do, since `compose` fails. NULL: always one. */
    size_t (*result_count)(const yg_infer *call);

    /* Builds nodes, writes the results and returns how many; 0 after yg_graph_fail(). The caller
     * gives room for `result_count` results, or for a primitive's `results`. It is all that a
     * composite is.
     *
     * Of a primitive it is an optional definition. Its results, and their derivatives, are those of
     * the kernel. It must not use the operator itself, nor random ones. It serves three purposes:
     * - Where `vjp` is NULL the derivative is the definition's.
     * - The tests compare the kernel and `vjp` with it.
     * - It is built instead of a node for a float type without a kernel, if another float type has
     *   one. The same goes for integer types. */
    size_t (*compose)(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results);

    /* For tests: an element of a result at a multi-index, in double precision, written as plainly
     * as possible. Tests compare all results of a primitive with it, and the first result of a
     * composite; random operators at seed 0 and step 0. */
    double (*reference)(const yg_reference *reference, const int64_t *index);
    yg_domain domain[YG_OP_NAMED_OPERANDS];
    const yg_sample *samples; /* at least one */
    size_t sample_count;
};

/* A set of operators, the few operators among them that the graph itself needs, and rewriting
 * rules.
 */
typedef struct yg_op_set {
    const yg_op *const *ops;
    size_t count;
    const yg_op *add;       /* operands (a, b): adds cotangents */
    const yg_op *broadcast; /* attribute shape: stretches an operand by NumPy's rule */
    const yg_op *cast;      /* attribute dtype: converts the element type */
    /* Loops are unrolled with the next three. NULL: no loop is unrolled. */
    const yg_op *slice;   /* attributes start, stop: a part of a tensor */
    const yg_op *concat;  /* attribute dim: several tensors in one */
    const yg_op *reshape; /* attribute shape: the same elements under another shape */
    const yg_rule *const
        *rules; /* in the order in which they are tried when a program is compiled */
    size_t rule_count;
} yg_op_set;

/* NULL if there is none of that name. */
const yg_op *yg_op_find(const yg_op_set *set, const char *name);

/* Whether an operator is no more than its `compose`. */
bool yg_op_is_composite(const yg_op *op);

/* The index of an attribute in the schema, or -1. */
int yg_op_attr(const yg_op *op, const char *name);

/* Fills `attrs` (op->attr_count entries) with the defaults. */
void yg_op_defaults(const yg_op *op, yg_attr *attrs);

/* How a call is computed: the defaults, and what the operator has to say. yg_op_plan_release()
 * takes it back; without `prepare` there is nothing to take back. */
yg_op_plan yg_op_plan_of(const yg_infer *call, const yg_type *results, bool prepare);
void yg_op_plan_release(yg_op_plan *plan);

/* Checks values against the schema: ranges, choices, list lengths. */
bool yg_op_check_attrs(const yg_op *op, const yg_attr *attrs, yg_origin origin, yg_error *error);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
