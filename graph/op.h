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
#define YG_OP_ABI 1

/* A node's index in its graph: an operand's is smaller than its user's. */
typedef uint32_t yg_node;
#define YG_NONE UINT32_MAX

/* ------------------------------------------------------------------------------ attributes -- */

typedef enum yg_attr_kind {
    YG_ATTR_INT,    /* .i */
    YG_ATTR_FLOAT,  /* .f */
    YG_ATTR_BOOL,   /* .i is 0 or 1 */
    YG_ATTR_CHOICE, /* .i is an index into `choices` */
    YG_ATTR_INTS,   /* .ints[0 .. count): a shape, a permutation, dimensions; a user may write a
                       single number for a list of one */
    YG_ATTR_DTYPE,  /* .i is a yg_dtype */
} yg_attr_kind;

/* An attribute's value. In a node unused bytes are zero, so that two values are equal if their
 * bytes are; a caller need not see to that. */
typedef struct yg_attr {
    int64_t count; /* YG_ATTR_INTS: how many; otherwise 0 */
    union {
        int64_t i;
        double f;
        int64_t ints[YG_MAX_RANK];
    };
} yg_attr;

typedef struct yg_attr_spec {
    const char *name;
    yg_attr_kind kind;
    bool required;    /* no default: `fallback` is not used */
    yg_attr fallback; /* the default. An empty YG_ATTR_INTS reads "none", which the operator's
                         `doc` explains ("all dimensions") */
    double min, max;  /* for numbers and the entries of lists, both inclusive; not checked where
                         min == max */
    const char *const *choices; /* YG_ATTR_CHOICE: NULL-terminated */
    const char *doc;            /* a phrase, no full stop */
} yg_attr_spec;

/* -------------------------------------------------------------------------------- shape rule -- */

/* What a shape rule is asked: types of the operands and attributes, checked against the schema. */
typedef struct yg_infer {
    const yg_op *op;
    const yg_type *operands;
    size_t operand_count;
    const yg_attr *attrs; /* one for each attr_spec, in that order */
    yg_origin origin;     /* for yg_fail() */
} yg_infer;

/* ----------------------------------------------------------------------------------- kernels -- */

/* out[0..n) from in[k][0..n), element by element. `out` may be in[k] for an operand of the same
 * element size. No allocation, no state, no failure. */
typedef void (*yg_tile)(void *out, const void *const *in, size_t n, const yg_attr *attrs);

/* Whether a kernel finds in its scratch what it left there. Where it runs a few rows at a time
 * (yg_op_plan.rows), each thread keeps its scratch until all of its rows are done. */
typedef enum yg_scratch {
    YG_SCRATCH_LOST,  /* no: another kernel may have written over it */
    YG_SCRATCH_FIRST, /* no, but the next call, with the same operands, will find it as it is left
                       */
    YG_SCRATCH_AGAIN, /* yes: the call before this one, with the same operands, left it */
} yg_scratch;

/* Memory that is about to be used: see yg_kernel_call.prefetch. */
typedef struct yg_stretch {
    const char *at;
    int64_t bytes;
} yg_stretch;

/* What a whole-tensor kernel is given. All buffers are dense and row-major. They do not overlap,
 * except where yg_op_plan.joins or YG_OP_IN_PLACE says so. */
typedef struct yg_kernel_call {
    void *out;         /* the first result's elements */
    void *const *outs; /* several results (yg_op.results): those of each; NULL for one that nobody
                          reads, except for the first */
    const void *const *in;
    const yg_type *out_type; /* the first result's */
    const yg_type *const *in_types;
    size_t operand_count;
    const yg_attr *attrs;
    void *prepared;  /* yg_op_plan.prepared, or NULL: the kernel must do without */
    void *scratch;   /* yg_op_plan.scratch_bytes of it, 64-byte aligned */
    yg_scratch kept; /* what the scratch holds */
    /* What the next operators will read and write in the rows of this call, beside its result. A
     * kernel that computes more than it loads may ask the processor to fetch these meanwhile. If it
     * fetches all of them, it says so: yg_op_plan.prefetches. */
    const yg_stretch *prefetch;
    size_t prefetch_count;
    int64_t begin, end; /* the units of work to compute: yg_op_plan.units */
    uint64_t seed;      /* random operators: the run's seed … */
    uint64_t step;      /* … and the number of the step */
    yg_origin origin;   /* for yg_fail() */
} yg_kernel_call;

/* False, with *error set, only for values that the shapes cannot rule out (a class index out of
 * range). */
typedef bool (*yg_kernel)(const yg_kernel_call *call, yg_error *error);

/* -------------------------------------------------------------------------------------- plan -- */

/* How a reduction of all rows to one is fed a part of its operand at a time. `reduce` reduces the
 * parts [begin, end) of operand 0 and writes `bytes` for each, one after the other, to `out`.
 * `finish` makes the result from the bytes of all parts, in[0]. Both together must give the bits of
 * the operator's kernel. */
typedef struct yg_parts {
    int64_t elements; /* of operand 0 in a part: part p has [p · elements, (p + 1) · elements) */
    int64_t count;    /* parts; the last may be shorter. 0: the operand cannot be taken in parts */
    int64_t bytes;    /* of what one part is reduced to */
    yg_kernel reduce, finish;
} yg_parts;

/* What the compiler wants to know of one call: how its work falls into pieces, which memory it
 * needs, what it costs. An operator is asked once a call when a program is compiled. It changes
 * what differs from the defaults, which are right for every kernel. */
typedef struct yg_op_plan {
    /* Independent units of work that the results split into (rows of a matmul, …), so that threads
     * can share them. A unit's bits must not depend on the begin and end of a call. Default: 1. */
    int64_t units;

    /* Rows are units in groups, so that a result can be used while it is in the cache. `rows` is
     * the largest number R of groups such that for every r < R the units [r · U/R, (r + 1) · U/R)
     * of all U compute the elements [r · N/R, (r + 1) · N/R) of each result's N, and read of
     * operand k only the elements [r · N/R, (r + 1) · N/R) of its N, or all of it where bit k of
     * `whole` is set. It must then hold for every divisor of R too. Default: 0, the work does not
     * fall into rows. */
    int64_t rows;
    uint64_t whole;
    int64_t min_rows; /* fewer rows at a time do not pay; the last ones may be fewer. Default: 1 */
    bool prefetches;  /* with fewer rows than all, the kernel fetches all of yg_kernel_call.prefetch
                       */

    int64_t scratch_bytes; /* of yg_kernel_call.scratch. Default: 0 */
    yg_parts parts;        /* default: none */

    /* Where in operand 0, in elements, the result lies as one stretch, so that it needs neither
     * memory nor work of its own. Default: -1, nowhere. */
    int64_t view;
    /* The result is the operands' elements, one operand after the other. An operand may then be
     * computed where it goes: the kernel finds that in[k] is that stretch of `out` already. */
    bool joins;

    double flops; /* floating-point operations. Default: one for each element of the first result */

    /* What the kernel needs beyond its operands, made once and read by all threads: a layout, a
     * library. It is made only where `prepare` is true: the call is going to be run. `release`
     * takes it back. Default: NULL. */
    bool prepare;
    void *prepared;
    void (*release)(void *prepared);
} yg_op_plan;

/* ----------------------------------------------------------------------------------- testing -- */

/* The operands of one test call, read by yg_at(). */
typedef struct yg_reference {
    const yg_infer *call;
    size_t result; /* that an element is asked of */
    const yg_type *out_type;
    const double *const *in;
} yg_reference;

/* Operand `k` at a multi-index with as many entries as its rank. */
double yg_at(const yg_reference *reference, size_t k, const int64_t *index);

/* The values that an operand may take in tests: uniform in [low, high]; {0, 0} means [-2, 2].
 * For an integer operand both ends are included. */
typedef struct yg_domain {
    double low, high;
} yg_domain;

/* One call that the tests make. A type is written "f[2, 3]" (f: the float type under test; i: i32;
 * b: bool). Operands up to the first NULL. `attrs` NULL: all defaults. */
#define YG_SAMPLE_OPERANDS 5
typedef struct yg_sample {
    const char *operands[YG_SAMPLE_OPERANDS];
    const yg_attr *attrs;
} yg_sample;

/* -------------------------------------------------------------------------------- descriptor -- */

enum {
    YG_OP_ELEMENTWISE = 1 << 0, /* all operands have the result's shape: the builder broadcasts and
                                   converts them to one element type before `infer` is asked */
    YG_OP_NON_DIFFERENTIABLE =
        1 << 1,                 /* no cotangent passes: integer results, steps, comparisons */
    YG_OP_RANDOM = 1 << 2,      /* never merged with an equal node, never folded */
    YG_OP_VIEW = 1 << 3,        /* the result is operand 0's bytes under another shape */
    YG_OP_LIST = 1 << 4,        /* operands are written as one list: concat([a, b]) */
    YG_OP_FLOAT_ONLY = 1 << 5,  /* an integer operand of an elementwise operator becomes a float */
    YG_OP_INTERNAL = 1 << 6,    /* made by the builder or by gradients; not a function of the model
                                   language */
    YG_OP_LEAF = 1 << 7,        /* inputs, parameters, constants: no operands, no kernel */
    YG_OP_KEEP_DTYPES = 1 << 8, /* elementwise, but the builder converts no element types (where) */
    YG_OP_IN_PLACE = 1 << 9, /* the kernel may be given operand 0's bytes, of the result's type, as
                                the result: it reads them only where it writes */
};

#define YG_MAX_OPERANDS      64 /* of a list operator */
#define YG_MAX_RESULTS       64 /* of a composite */
#define YG_OP_MAX_RESULTS    8  /* of a primitive */
#define YG_OP_NAMED_OPERANDS 4

struct yg_op {
    const char *name;    /* as in the model language; lower_snake_case */
    const char *formula; /* one line of mathematics: "y = 1 / (1 + exp(-x))" */
    const char *doc;     /* one or two sentences: edge cases, what a gradient does at a kink */
    const char *group;   /* "elementwise", "reduction", "linear algebra", "shape", "loss", … */

    int min_operands, max_operands; /* max_operands: YG_MAX_OPERANDS for a list operator */
    const char *operand_names[YG_OP_NAMED_OPERANDS]; /* a user may pass them by these names */
    const yg_attr_spec *attrs;
    size_t attr_count;
    unsigned flags;

    /* Primitive: how many results its kernel computes at once. Default: 0, which means one. */
    int results;

    /* Primitive: the result's type, or the types of all results. NULL for an elementwise operator
     * whose result has its operands' type. Must reject, with a message that shows the shapes,
     * whatever the kernel does not handle. */
    bool (*infer)(const yg_infer *call, yg_type *results, yg_error *error);

    /* Primitive: kernels by the element type of the LAST operand (of the result where there are no
     * operands); NULL where that type is not supported. */
    yg_tile tile[YG_DTYPE_COUNT];
    yg_kernel kernel[YG_DTYPE_COUNT];

    /* Optional: changes what differs from the defaults in *plan. It cannot fail: what it could not
     * make, the kernel does without. Of an elementwise operator only `flops` is looked at. */
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
    /* Optional, where `vjp` would mostly give zeros: node `sum`, of operand k's type, with the
     * cotangent that `vjp` gives added to it. It is asked where operand k has several cotangents.
     * Without it n slices of a tensor cost n times the tensor's size. */
    yg_node (*vjp_add)(yg_graph *graph, yg_node y, yg_node dy, size_t k, yg_node sum);

    /* Peephole rewriting, asked when a node is about to be added: an existing or newly built
     * equivalent (same type), or YG_NONE to add the node as it is. Must make progress. An operator
     * with several results is not asked. */
    yg_node (*simplify)(yg_graph *graph, const yg_infer *call, const yg_node *operands);

    /* Builds nodes, writes at most YG_MAX_RESULTS results and returns how many; 0 after
     * yg_graph_fail(). It is all that a composite is.
     *
     * Of a primitive it is an optional definition. Its results, and their derivatives, are those of
     * the kernel. It must not use the operator itself, nor random ones. It serves three purposes:
     * - Where `vjp` is NULL the derivative is the definition's.
     * - The tests compare the kernel and `vjp` with it.
     * - It is built instead of a node for a float type without a kernel, if another float type has
     *   one. The same goes for integer types. */
    size_t (*compose)(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results);

    /* The definition, as plainly as it can be written: an element of a result at a multi-index, in
     * double precision. A composite with several results is checked on its first, a primitive on
     * each; a random operator at seed 0 and step 0. */
    double (*reference)(const yg_reference *reference, const int64_t *index);
    yg_domain domain[YG_OP_NAMED_OPERANDS];
    const yg_sample *samples; /* at least one */
    size_t sample_count;
};

/* Which operators there are, and which of them the graph itself needs. */
typedef struct yg_op_set {
    const yg_op *const *ops;
    size_t count;
    const yg_op *add;       /* (a, b): sums cotangents */
    const yg_op *broadcast; /* attr shape: stretches an operand, NumPy's rule */
    const yg_op *cast;      /* attr dtype: converts an element type */
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
