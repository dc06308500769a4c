/*
 * Calls of reductions, matmul and the operators on shapes and indices that must be refused, each
 * with a part of its message.
 */
#include "graph/graph.h"
#include "ops/ops.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

typedef struct refusal {
    const char *op;
    int count;
    yg_type operands[3];
    yg_attr attrs[8];
    const char *message;
} refusal;

#define T(dtype_, rank_, ...)                                                                      \
    {                                                                                              \
        .dtype = YG_##dtype_, .rank = rank_, .shape = { __VA_ARGS__ }                              \
    }
#define INTS(n, ...)                                                                               \
    {                                                                                              \
        .count = n, .ints = { __VA_ARGS__ }                                                        \
    }
#define FLOATS(n, ...)                                                                             \
    {                                                                                              \
        .count = n, .floats = { __VA_ARGS__ }                                                      \
    }
#define TEXT(text_)                                                                                \
    { .count = sizeof(text_) - 1, .text = text_ }
static const refusal refusals[] = {
    {"matmul",
     2,
     {T(F32, 2, 4, 3), T(F32, 2, 2, 5)},
     {{0}},
     "matmul: inner dimensions differ: f32[4, 3] · f32[2, 5] (3 and 2)"},
    {"matmul",
     2,
     {T(F32, 2, 4, 3), T(F32, 2, 2, 3)},
     {{.i = 1}, {.i = 1}},
     "matmul: inner dimensions differ: f32[4, 3]ᵀ · f32[2, 3]ᵀ (4 and 3)"},
    {"matmul", 2, {T(I32, 2, 2, 2), T(I32, 2, 2, 2)}, {{0}}, "i32[2, 2]"},
    {"matmul", 2, {T(F32, 2, 2, 2), T(F64, 2, 2, 2)}, {{0}}, "element types differ"},
    {"matmul", 2, {T(F32, 0, 0), T(F32, 2, 2, 2)}, {{0}}, "a scalar is no matrix"},
    {"matmul", 2, {T(F32, 1, 2), T(F32, 2, 2, 2)}, {{.i = 1}}, "a vector cannot be transposed"},
    {"matmul", 2, {T(F32, 3, 2, 1, 1), T(F32, 3, 3, 1, 1)}, {{0}}, "batch dimensions"},
    {"sum", 1, {T(F32, 2, 2, 3)}, {INTS(1, 2)}, "sum: dimension 2 is outside -2..1 for f32[2, 3]"},
    {"sum", 1, {T(F32, 2, 2, 3)}, {INTS(2, 1, -1)}, "dimension -1 of f32[2, 3] is named twice"},
    {"max", 1, {T(F32, 2, 2, 0)}, {INTS(1, 1)}, "over no elements"},
    {"argmax", 1, {T(F32, 2, 2, 0)}, {INTS(1, 1)}, "over no elements"},
    {"argmax", 1, {T(F32, 2, 2, 3)}, {INTS(2, 0, 1)}, "one dimension"},
    {"mean", 1, {T(I64, 1, 3)}, {{0}}, "mean does not take i64[3]"},
    {"var", 1, {T(I32, 1, 3)}, {{0}, {.i = 1}}, "var does not take i32"},
    {"reshape", 1, {T(F32, 2, 2, 3)}, {INTS(2, 4, 2)}, "reshape: f32[2, 3] to [4, 2]"},
    {"reshape", 1, {T(F32, 2, 2, 3)}, {INTS(2, -1, -1)}, "only one dimension may be -1"},
    {"reshape", 1, {T(F32, 2, 0, 3)}, {INTS(2, -1, 0)}, "could be any number"},
    {"reshape", 1, {T(F32, 1, 6)}, {INTS(2, 4, -1)}, "the numbers of elements differ"},
    {"permute", 1, {T(F32, 2, 2, 3)}, {INTS(2, 0, 0)}, "dimension 0 of f32[2, 3] is named twice"},
    {"permute", 1, {T(F32, 2, 2, 3)}, {INTS(1, 0)}, "has 2 dimensions, dims names 1"},
    {"transpose", 1, {T(F32, 1, 3)}, {{.i = -2}, {.i = -1}}, "no two dimensions"},
    {"broadcast", 1, {T(F32, 1, 3)}, {INTS(2, 3, 2)}, "f32[3] cannot be stretched to [3, 2]"},
    {"broadcast", 1, {T(F32, 2, 3, 1)}, {INTS(1, 3)}, "cannot be stretched"},
    {"slice", 1, {T(F32, 1, 3)}, {INTS(2, 0, 0)}, "slice: f32[3] has 1 dimensions, start has 2"},
    {"slice", 1, {T(F32, 1, 3)}, {{0}, {0}, INTS(1, -1)}, "step"},
    {"constant_pad", 1, {T(F32, 2, 3, 3)}, {INTS(1, 1)}, "before has 1 entries"},
    {"pad", 1, {T(F32, 1, 3)}, {INTS(2, 1, 1)}, "pad: f32[3] has 1 dimensions, before has 2"},
    {"pad", 1, {T(F32, 1, 3)}, {INTS(1, INT64_MAX), INTS(1, 1)}, "too large"},
    {"pad", 1, {T(F32, 1, 3)}, {INTS(1, -2), INTS(1, -2)}, "cannot be cropped by 2 and 2"},
    {"pad", 1, {T(F32, 1, 3)}, {INTS(1, 3), {0}, {0}, {0}, {.i = 1}}, "fewer than 3"},
    {"pad", 1, {T(F32, 1, 3)}, {INTS(1, 4), {0}, {0}, {0}, {.i = 3}}, "at most 3"},
    {"pad", 1, {T(F32, 1, 0)}, {INTS(1, 1), {0}, {0}, {0}, {.i = 2}}, "no element to repeat"},
    {"pad", 1, {T(F32, 1, 3)}, {INTS(1, 1), {0}, {.f = 1}, {0}, {.i = 1}}, "constant only"},
    {"concat", 2, {T(F32, 2, 2, 3), T(F32, 2, 2, 4)}, {{0}}, "f32[2, 3] and f32[2, 4] differ"},
    {"concat", 2, {T(F32, 1, 2), T(F64, 1, 2)}, {{0}}, "different element types"},
    {"concat", 2, {T(F32, 0, 0), T(F32, 0, 0)}, {{0}}, "stack makes one"},
    {"stack", 2, {T(F32, 1, 2), T(F32, 1, 3)}, {{0}}, "f32[2] and f32[3] are not of one type"},
    {"split", 1, {T(F32, 1, 7)}, {INTS(1, 3), {0}}, "not divisible into 3 equal parts"},
    {"split", 1, {T(F32, 1, 7)}, {INTS(2, 3, 3), {0}}, "do not add up to 7"},
    {"split", 1, {T(F32, 1, 7)}, {INTS(2, INT64_MAX, INT64_MAX), {0}}, "do not add up to 7"},
    {"split", 1, {T(F32, 1, 7)}, {INTS(1, 0), {0}}, "from 1 on"},
    {"squeeze", 1, {T(F32, 2, 2, 1)}, {INTS(1, 0)}, "dimension 0 of f32[2, 1] is 2, not 1"},
    {"unsqueeze", 1, {T(F32, 2, 2, 1)}, {{.i = 3}}, "outside -3..2"},
    {"flatten", 1, {T(F32, 3, 2, 1, 1)}, {{.i = 2}, {.i = 1}}, "comes after end_dim"},
    {"scatter", 3, {T(F32, 1, 3), T(F32, 1, 2), T(F32, 1, 2)}, {{0}}, "f32[2]"},
    {"scatter", 3, {T(F32, 1, 3), T(I64, 1, 2), T(F64, 1, 2)}, {{0}}, "cast one of them"},
    {"scatter", 3, {T(F32, 1, 3), T(I64, 1, 4), T(F32, 1, 3)}, {{0}}, "and nowhere than src"},
    {"scatter_add", 3, {T(F32, 2, 3, 2), T(I64, 1, 2), T(F32, 1, 2)}, {{0}}, "the same rank"},
    {"scatter_add",
     3,
     {T(F32, 2, 3, 2), T(I64, 2, 3, 3), T(F32, 2, 3, 3)},
     {{0}},
     "larger than x in dimension 0 only"},
    {"index_select", 2, {T(F32, 1, 3), T(I64, 2, 2, 2)}, {{0}}, "a vector of indices names"},
    {"index_select", 2, {T(F32, 1, 3), T(I64, 1, 2)}, {{.i = 1}}, "outside -1..0"},
    {"index_add", 3, {T(F32, 1, 3), T(I64, 1, 2), T(F32, 1, 3)}, {{0}}, "do not fit"},
    {"index_add", 3, {T(F32, 1, 3), T(I64, 1, 2), T(I64, 1, 2)}, {{0}}, "cast one of them"},
    {"segment_sum", 2, {T(F32, 1, 3), T(I64, 1, 2)}, {{.i = 2}}, "as many segment ids, not i64[2]"},
    {"masked_fill", 2, {T(F32, 1, 3), T(F32, 1, 3)}, {{0}}, "not bool"},
    {"masked_fill", 2, {T(F32, 1, 3), T(BOOL, 2, 2, 3)}, {{0}}, "does not broadcast to x f32[3]"},
    {"masked_fill", 2, {T(I64, 1, 3), T(BOOL, 1, 3)}, {{.f = 0.5}}, "cannot hold the value 0.5"},
    {"topk", 1, {T(F32, 2, 2, 3)}, {{.i = 4}, {.i = -1}, {.i = 1}, {.i = 1}}, "no 4 elements"},
    {"topk", 1, {T(F32, 0, 0)}, {{.i = 0}, {.i = 0}, {.i = 1}, {.i = 1}}, "k = 1"},
    {"linear_recurrence", 2, {T(F32, 1, 3), T(F32, 1, 2)}, {{0}}, "two float tensors of one type"},
    {"roll", 1, {T(F32, 2, 2, 3)}, {INTS(2, 1, 1), INTS(1, 0)}, "2 shifts do not fit 1 dims"},
    {"roll", 1, {T(F32, 2, 2, 3)}, {INTS(2, 1, 1)}, "2 shifts do not fit 0 dims"},
    {"tril", 1, {T(F32, 1, 3)}, {{0}}, "tril: f32[3] is not a matrix"},
    {"triu", 1, {T(F32, 0, 0)}, {{0}}, "triu: f32[] is not a matrix"},
    {"repeat_interleave", 1, {T(F32, 1, 3)}, {INTS(2, 1, 2)}, "repeats has 2 entries"},
    {"repeat_interleave", 1, {T(F32, 1, 3)}, {INTS(1, INT64_MAX)}, "too large by repeating"},
    {"repeat_interleave", 1, {T(F32, 1, 2)}, {INTS(2, INT64_MAX, 9)}, "too many repeats"},
    {"repeat_interleave", 1, {T(F32, 2, 2, 3)}, {INTS(1, 2), INTS(2, 0, 1)}, "one dimension"},
    {"tile", 1, {T(F32, 1, 3)}, {INTS(2, INT64_MAX, INT64_MAX)}, "too large by repeating"},
    {"diagonal", 1, {T(F32, 2, 2, 3)}, {{0}, {.i = 1}, {.i = -1}}, "are both dimension 1"},
    {"diagonal", 1, {T(F32, 1, 3)}, {{0}, {.i = 0}, {.i = 1}}, "outside -1..0"},
    {"diag", 1, {T(F32, 3, 2, 2, 2)}, {{0}}, "neither a vector nor a matrix"},
    {"diag", 1, {T(F32, 1, 2)}, {{.i = INT32_MAX * 9LL}}, "too large"},
    {"outer", 2, {T(F32, 1, 3), T(F32, 2, 2, 3)}, {{0}}, "two vectors, not f32[3] and f32[2, 3]"},
    {"einsum",
     2,
     {T(F32, 2, 2, 3), T(F32, 2, 3, 4)},
     {TEXT("ij,jk>ik")},
     "character 6: a subscript"},
    {"einsum",
     2,
     {T(F32, 2, 2, 3), T(F32, 2, 3, 4)},
     {TEXT("ij,jk-ik")},
     "6: the subscripts of the"},
    {"einsum", 2, {T(F32, 2, 2, 3), T(F32, 2, 3, 4)}, {TEXT("ij->ij")}, "more operands than"},
    {"einsum", 1, {T(F32, 2, 2, 3)}, {TEXT("ij,jk")}, "more subscripts than operands"},
    {"einsum", 1, {T(F32, 2, 2, 3)}, {TEXT("ij->ijk")}, "7: no operand has this subscript"},
    {"einsum", 1, {T(F32, 2, 2, 3)}, {TEXT("ij->ii")}, "6: the result has this subscript twice"},
    {"einsum", 1, {T(F32, 2, 2, 3)}, {TEXT("ij->i,j")}, "6: the equation ends with"},
    {"einsum", 1, {T(F32, 2, 2, 3)}, {TEXT("ijk")}, "3 subscripts do not fit operand 1, f32[2, 3]"},
    {"einsum", 1, {T(F32, 2, 2, 3)}, {TEXT("i")}, "1 subscripts do not fit operand 1"},
    {"einsum", 1, {T(F32, 2, 2, 3)}, {TEXT("ii")}, "subscript 'i' is 2 elsewhere and 3"},
    {"einsum",
     2,
     {T(F32, 2, 2, 3), T(F32, 2, 4, 5)},
     {TEXT("ij,jk")},
     "'j' is 3 elsewhere and 4 in dimension 0 of operand 2, f32[4, 5]"},
    {"einsum", 1, {T(F32, 2, 2, 3)}, {TEXT("i..j")}, "2: three dots stand for"},
    {"einsum", 1, {T(F32, 2, 2, 3)}, {TEXT("...i...")}, "5: '...' may occur once"},
    {"einsum", 1, {T(F32, 2, 2, 3)}, {TEXT("abcdefghi")}, "9: a tensor has at most 8"},
    {"einsum", 2, {T(F32, 1, 2), T(F64, 1, 2)}, {TEXT("i,i")}, "numbers of one element type"},
    {"einsum", 1, {T(BOOL, 1, 2)}, {TEXT("i")}, "numbers of one element type"},
    {"interpolate", 1, {T(F32, 2, 2, 3)}, {INTS(1, 3)}, "one to three spatial dimensions"},
    {"interpolate", 1, {T(F32, 3, 1, 1, 3)}, {{0}}, "either size or scale_factor"},
    {"interpolate",
     1,
     {T(F32, 3, 1, 1, 3)},
     {INTS(1, 3), FLOATS(1, 2)},
     "either size or scale_factor"},
    {"interpolate", 1, {T(F32, 3, 1, 1, 3)}, {INTS(2, 3, 3)}, "size has 2 entries"},
    {"interpolate",
     1,
     {T(F32, 3, 1, 1, 3)},
     {INTS(1, 3), {0}, {.i = 3}},
     "for 2 spatial dimensions"},
    {"interpolate",
     1,
     {T(F32, 3, 1, 1, 3)},
     {INTS(1, 3), {0}, {0}, {.i = 1}},
     "other than nearest"},
    {"interpolate", 1, {T(F32, 3, 1, 1, 3)}, {{0}, FLOATS(1, 0.1)}, "would have no element"},
    {"interpolate", 1, {T(F32, 3, 1, 1, 0)}, {INTS(1, 3)}, "there is nothing in dimension 2"},
    {"interpolate", 1, {T(I64, 3, 1, 1, 3)}, {INTS(1, 3)}, "resample takes a float tensor"},
    {"pixel_shuffle", 1, {T(F32, 3, 6, 2, 2)}, {{.i = 2}}, "no multiple of 2²"},
    {"pixel_shuffle", 1, {T(F32, 2, 4, 2)}, {{.i = 2}}, "third dimension from the end"},
    {"pixel_unshuffle", 1, {T(F32, 3, 1, 3, 2)}, {{.i = 2}}, "no multiples of 2"},
    {"movedim", 1, {T(F32, 2, 2, 3)}, {INTS(1, 0), INTS(2, 0, 1)}, "as many dimensions"},
    {"movedim", 1, {T(F32, 2, 2, 3)}, {INTS(2, 0, 0), INTS(2, 0, 1)}, "named twice"},
    {"chunk", 1, {T(F32, 0, 0)}, {{.i = 2}}, "no dimension to cut"},
    {"meshgrid", 2, {T(F32, 1, 2), T(F32, 2, 2, 3)}, {{0}}, "takes vectors, not f32[2, 3]"},
    {"any", 1, {T(BOOL, 1, 2)}, {INTS(1, 1)}, "outside"},
    {"norm", 1, {T(I64, 1, 3)}, {{.f = 2}, {0}}, "a float tensor, not i64[3]"},
    {"norm", 1, {T(F32, 1, 0)}, {{.f = INFINITY}, {0}}, "over no elements"},
    {"normalize", 1, {T(F32, 1, 3)}, {{.f = 2}, {.i = 1}}, "outside"},
    {"cosine_similarity", 2, {T(F32, 1, 3), T(F32, 1, 2)}, {{0}}, "do not broadcast"},
    {"cosine_similarity", 2, {T(F32, 1, 3), T(F32, 1, 3)}, {{.i = 1}}, "with dimension 1"},
    {"std", 1, {T(I32, 1, 3)}, {{0}, {.i = 1}}, "var does not take i32"},
    {"gather", 2, {T(F32, 2, 2, 3), T(I64, 1, 2)}, {{0}}, "index i64[2] does not fit x f32[2, 3]"},
    {"gather", 2, {T(F32, 2, 2, 3), T(I64, 2, 2, 4)}, {{0}}, "may be larger in dimension 0 only"},
    {"gather", 2, {T(F32, 1, 2), T(F32, 1, 2)}, {{0}}, "index must be i32 or i64"},
    {"embedding",
     2,
     {T(F32, 1, 2), T(F32, 2, 3, 2)},
     {{0}},
     "index must be i32 or i64, not f32[2]"},
    {"embedding", 2, {T(I32, 1, 2), T(F32, 1, 3)}, {{0}}, "weight must be a matrix"},
    {"arange",
     0,
     {{0}},
     {{.i = 5}, INTS(1, 2), {.i = 1}, {.i = YG_I64}},
     "do not lead from 5 to 2"},
    {"arange", 0, {{0}}, {{.i = 5}, {0}, {.i = 0}, {.i = YG_I64}}, "step must not be 0"},
};

Test(refusals, each_wrong_call_has_its_message) {
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        const refusal *r = &refusals[i];
        yg_graph *graph = yg_graph_new(yg_ops(), 0);
        yg_node operands[3], results[64];
        for (int k = 0; k < r->count; k++)
            operands[k] = yg_input(graph, k ? "b" : "a", &r->operands[k]);
        const yg_op *op = yg_op_find(yg_ops(), r->op);
        cr_expect_eq(yg_apply_all(graph, op, operands, (size_t)r->count, r->attrs, results, 64), 0,
                     "refusal %zu, %s: accepted", i, r->op);
        const yg_error *error = yg_graph_error(graph);
        cr_expect(error && strstr(error->message, r->message), "refusal %zu: '%s', expected '%s'",
                  i, error ? error->message : "", r->message);
        yg_graph_free(graph);
    }
}
