/*
 * Attention of one head, forward and backward, for one element type and one set of instructions:
 * attention_avx512.c and its like include it by way of gemm_avx512.h. See gemm_parts.h for the
 * macros.
 *
 * The matrix of scores is never stored. It is computed in blocks of B queries and BLOCK_KEYS keys,
 * as in FlashAttention (Dao, Fu, Ermon, Rudra, Ré, 2022), with the largest score and the sum of
 * each query so far. The backward pass computes the scores again.
 *
 * A block of scores is stored transposed: a row for each key, a column for each query. So queries
 * are the lanes of all vectors, and no vector is ever summed up across its lanes. Of all operands
 * only the queries (and dy) have to be transposed, once for each block of them: the other products
 * read keys, values, queries and dy where they lie.
 */
#include "../graph/philox.h"
#include "attention.h"
#include "dropout_factors.h"
#include "gemm_parts.h"
#include "gemm_vector_exp.h"

#include <float.h>
#include <math.h>

/* Scratch, cut into its parts. */
typedef struct GEMM_NAME(room) {
    int64_t block;      /* queries in a block, B */
    GEMM_REAL *q, *dy;  /* a block of each, transposed: [B / WIDTH][size][WIDTH] */
    GEMM_REAL *scores;  /* [BLOCK_KEYS][B] */
    GEMM_REAL *slopes;  /* their cotangents, the same */
    GEMM_REAL *factors; /* of dropout, the same */
    GEMM_REAL *sums;    /* a block of the result, or of dq: [B][size] */
    GEMM_REAL *panel;   /* for yg_gemm: columns that do not fill a tile */
    GEMM_REAL *largest, *total, *rescale; /* [B] */
} GEMM_NAME(room);

static GEMM_NAME(room) GEMM_NAME(room_of)(const yg_attention_head *head) {
    const int64_t most = yg_larger(head->size, head->value_size);
    GEMM_NAME(room) room = {.block = yg_attention_block(head->queries, head->keys)};
    GEMM_REAL *next = head->scratch;
    GEMM_REAL **const parts[] = {&room.q,       &room.dy,     &room.scores, &room.slopes,
                                 &room.factors, &room.sums,   &room.panel,  &room.largest,
                                 &room.total,   &room.rescale};
    const int64_t tile = room.block * room.block;
    const int64_t sizes[] = {room.block * head->size,
                             room.block * head->value_size,
                             tile,
                             tile,
                             tile,
                             room.block * most,
                             GEMM_NAME(WIDTH) * YG_ATTENTION_LONG_BLOCK,
                             room.block,
                             room.block,
                             room.block};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        *parts[i] = next;
        next += yg_round_up(sizes[i], GEMM_NAME(WIDTH));
    }
    return room;
}

/* c (+)= a · b for matrices that fit the caches. */
GEMM_TARGET static void GEMM_NAME(multiply)(const yg_gemm *gemm, const GEMM_REAL *a,
                                            const GEMM_REAL *b, GEMM_REAL *c, GEMM_REAL *panel,
                                            yg_gemm_ahead *ahead) {
    if (gemm->a_stride[1] == 1)
        GEMM_NAME(small_along)(gemm, a, b, c, panel, ahead);
    else
        GEMM_NAME(small_across)(gemm, a, b, c, panel, ahead);
}

/* A product of which only a triangle is not 0, as where queries and keys of a block are the same
 * positions. Row i of A is 0 behind step i, or with `along` before it. Those steps are left out,
 * but for tiles of rows together. */
GEMM_TARGET static void GEMM_NAME(multiply_triangle)(const yg_gemm *gemm, const GEMM_REAL *a,
                                                     const GEMM_REAL *b, GEMM_REAL *c,
                                                     GEMM_REAL *panel, yg_gemm_ahead *ahead) {
    const bool along = gemm->a_stride[1] == 1;
    yg_gemm tile = *gemm;
    for (int64_t i = 0; i < gemm->rows; i += tile.rows) {
        tile.rows = yg_gemm_tile_height(gemm->rows - i, GEMM_ROWS);
        const int64_t first = along ? yg_smaller(i, gemm->depth - 1) : 0;
        tile.depth = (along ? gemm->depth : yg_smaller(gemm->depth, i + tile.rows)) - first;
        GEMM_NAME(multiply)
        (&tile, a + i * gemm->a_stride[0] + first * gemm->a_stride[1],
         b + first * gemm->b_stride[0], c + i * gemm->c_stride, panel, ahead);
    }
}

/* Transposes `count` rows of x times `scale`, with zeros for the other queries of the block. */
GEMM_TARGET static void GEMM_NAME(turn_block)(const GEMM_REAL *x, int64_t step, int64_t count,
                                              int64_t size, GEMM_REAL scale, int64_t block,
                                              GEMM_REAL *to) {
    enum { WIDTH = GEMM_NAME(WIDTH), LANES = GEMM_NAME(LANES), LONG = 16 / sizeof(GEMM_REAL) };
    const int64_t stride[2] = {1, step};
    for (int64_t i = 0; i < block; i += WIDTH, to += size * WIDTH) {
        if (i >= count) {
            memset(to, 0, (size_t)(size * WIDTH) * sizeof *to);
            continue;
        }
        if (count - i >= WIDTH && size % LONG == 0)
            for (int64_t l = 0; l < WIDTH; l += LANES)
                for (int64_t p = 0; p < size; p += LONG)
                    GEMM_TRANSPOSE_LANES(to + p * WIDTH + l, WIDTH, x + (i + l) * step + p, step);
        else
            GEMM_NAME(pack_b)(to, x + i * step, stride, yg_smaller(count - i, WIDTH), size);
        for (int64_t p = 0; scale != 1 && p < size * WIDTH; p++)
            to[p] *= scale;
    }
}

/* [keys, B] = rows · turnedᵀ: a product of each key (or value) and each query (or dy) of a block.
 */
GEMM_TARGET static void GEMM_NAME(products)(const GEMM_REAL *rows, int64_t step, int64_t keys,
                                            int64_t size, const GEMM_REAL *turned,
                                            const GEMM_NAME(room) * room, GEMM_REAL *to) {
    enum { WIDTH = GEMM_NAME(WIDTH) };
    if (size == 0) {
        memset(to, 0, (size_t)(keys * room->block) * sizeof *to);
        return;
    }
    const yg_gemm gemm = {.rows = keys,
                          .columns = WIDTH,
                          .depth = size,
                          .a_stride = {step, 1},
                          .b_stride = {WIDTH, 1},
                          .c_stride = room->block};
    yg_gemm_ahead nothing = yg_gemm_nothing_ahead;
    for (int64_t i = 0; i < room->block; i += WIDTH)
        GEMM_NAME(multiply)(&gemm, rows, turned + i * size, to + i, room->panel, &nothing);
}

/* Replaces masked scores by -infinity, or adds a mask of floats. */
GEMM_TARGET static void GEMM_NAME(mask_block)(const yg_attention_head *head, int64_t query,
                                              int64_t queries, int64_t key, int64_t keys,
                                              int64_t block, GEMM_REAL *scores) {
    const int64_t down = head->mask_step[0], along = head->mask_step[1];
    const int64_t start = query * down + key * along;
    const GEMM_REAL none = -(GEMM_REAL)INFINITY;
    if (head->mask_kind == YG_ATTENTION_BOOL_MASK) {
        const uint8_t *mask = (const uint8_t *)head->mask + start;
        for (int64_t j = 0; j < keys; j++, scores += block, mask += along) {
            if (down == 0) {
                for (int64_t i = 0; !*mask && i < block; i++)
                    scores[i] = none;
                continue;
            }
            for (int64_t i = 0; i < queries; i++)
                scores[i] = mask[i * down] ? scores[i] : none;
        }
    } else {
        const GEMM_REAL *mask = (const GEMM_REAL *)head->mask + start;
        for (int64_t j = 0; j < keys; j++, scores += block, mask += along)
            for (int64_t i = 0; i < queries; i++)
                scores[i] += mask[i * down];
    }
}

/* Replaces by -infinity the scores of keys that come after the query: `ahead` is the position of
 * the first key less that of the first query. */
GEMM_TARGET static void GEMM_NAME(hide_later)(GEMM_REAL *scores, int64_t block, int64_t ahead,
                                              int64_t keys) {
    typedef GEMM_NAME(vector) vector;
    typedef GEMM_NAME(integers) integers;
    enum { LANES = GEMM_NAME(LANES) };
    const vector none = (vector){0} - (GEMM_REAL)INFINITY;
    integers lane;
    for (int l = 0; l < LANES; l++)
        lane[l] = l;
    for (int64_t j = 0; j < keys; j++)
        for (int64_t i = 0; i < yg_smaller(ahead + j, block); i += LANES) {
            integers *score = (integers *)(scores + j * block + i);
            const integers later =
                (lane + (GEMM_INTEGER)i) < (integers){0} + (GEMM_INTEGER)(ahead + j);
            *score = (*score & ~later) | ((integers)none & later);
        }
}

/* The scores of a block. room->q holds its queries, scaled. */
GEMM_TARGET static void GEMM_NAME(score_block)(const yg_attention_head *head,
                                               const GEMM_NAME(room) * room, int64_t query,
                                               int64_t queries, int64_t key, int64_t keys) {
    GEMM_REAL *scores = room->scores;
    const int64_t block = room->block;
    GEMM_NAME(products)
    ((const GEMM_REAL *)head->k + key * head->k_step, head->k_step, keys, head->size, room->q, room,
     scores);
    if (head->mask_kind != YG_ATTENTION_NO_MASK)
        GEMM_NAME(mask_block)(head, query, queries, key, keys, block, scores);
    if (head->causal && key + keys > query + 1)
        GEMM_NAME(hide_later)(scores, block, key - query, keys);
}

/* The factors of dropout of a block. */
GEMM_TARGET static void GEMM_NAME(factor_block)(const yg_attention_head *head,
                                                const GEMM_NAME(room) * room, int64_t query,
                                                int64_t queries, int64_t key, int64_t keys) {
    const int64_t block = room->block, words = yg_dropout_words(head->keys);
    const uint64_t first =
        (uint64_t)((head->random_row + query) * words + key / YG_DROPOUT_FACTORS);
    const uint64_t limit = yg_drop_limit(head->drop_p);
    const GEMM_REAL kept = (GEMM_REAL)yg_kept_value(head->drop_p);
    for (int64_t j = 0; j < keys; j += YG_DROPOUT_FACTORS) {
        GEMM_REAL *to = room->factors + j * block;
        const uint64_t at = first + (uint64_t)(j / YG_DROPOUT_FACTORS);
#pragma omp simd
        for (int64_t i = 0; i < queries; i++) {
            uint32_t word[YG_DROPOUT_FACTORS];
            yg_philox_words(head->random_key, 0, at + (uint64_t)(i * words), word);
            to[i] = word[0] < limit ? 0 : kept;
            to[i + block] = word[1] < limit ? 0 : kept;
            to[i + 2 * block] = word[2] < limit ? 0 : kept;
            to[i + 3 * block] = word[3] < limit ? 0 : kept;
        }
        for (int64_t i = queries; i < block; i++)
            to[i] = to[i + block] = to[i + 2 * block] = to[i + 3 * block] = 0;
    }
}

/* ------------------------------------------------------------------------------------ forward --
 */

/* Replaces the scores of a block by exp(score - largest of the query so far). Brings the sums up to
 * date, and says by how much the result so far has to be rescaled. */
GEMM_TARGET static void GEMM_NAME(weigh_block)(const GEMM_NAME(room) * room, int64_t keys) {
    typedef GEMM_NAME(vector) vector;
    enum { LANES = GEMM_NAME(LANES) };
    /* Where all scores are -infinity this is subtracted in place of their maximum, since infinity
     * minus infinity is NaN. */
    const vector lowest =
        (vector){0} + (sizeof(GEMM_REAL) == 4 ? (GEMM_REAL)-FLT_MAX : (GEMM_REAL)-DBL_MAX);
    for (int64_t i = 0; i < room->block; i += LANES) {
        vector *largest = (vector *)(room->largest + i), *total = (vector *)(room->total + i);
        vector top = *largest, sum = {0};
        for (int64_t j = 0; j < keys; j++)
            top = GEMM_LARGER(top, *(const vector *)(room->scores + j * room->block + i));
        const vector shift = GEMM_LARGER(lowest, top);
        for (int64_t j = 0; j < keys; j++) {
            vector *score = (vector *)(room->scores + j * room->block + i);
            *score = GEMM_NAME(vector_exp)(*score - shift);
            sum += *score;
        }
        const vector rescale = GEMM_NAME(vector_exp)(*largest - shift);
        *(vector *)(room->rescale + i) = rescale;
        *total = GEMM_FUSED(*total, rescale, sum);
        *largest = top;
    }
}

GEMM_TARGET static void GEMM_NAME(drop_block)(const GEMM_NAME(room) * room, int64_t keys) {
    for (int64_t i = 0; i < keys * room->block; i++)
        room->scores[i] *= room->factors[i];
}

/* The result and logsumexp of a block of queries. A query that reads no key has the result 0. Its
 * logsumexp is -infinity, but 0 is written: exp(score - 0) is 0 for all of its scores, and infinity
 * minus infinity would be NaN. */
GEMM_TARGET static void GEMM_NAME(finish_block)(const yg_attention_head *head,
                                                const GEMM_NAME(room) * room, int64_t query,
                                                int64_t queries) {
    GEMM_REAL *logsumexp = (GEMM_REAL *)head->logsumexp;
    for (int64_t i = 0; i < queries; i++) {
        const GEMM_REAL total = room->total[i];
        const GEMM_REAL inverse = total == 0 ? 0 : 1 / total;
        GEMM_REAL *y = (GEMM_REAL *)head->y + (query + i) * head->y_step;
        const GEMM_REAL *sums = room->sums + i * head->value_size;
        for (int64_t c = 0; c < head->value_size; c++)
            y[c] = sums[c] * inverse;
        if (logsumexp)
            logsumexp[query + i] =
                total == 0 ? 0 : room->largest[i] + (GEMM_REAL)log((double)total);
    }
}

/* Adds a block of keys to the result of a block of queries. */
GEMM_TARGET static void GEMM_NAME(forward_block)(const yg_attention_head *head,
                                                 const GEMM_NAME(room) * room, int64_t query,
                                                 int64_t queries, int64_t key, int64_t keys) {
    const int64_t size = head->value_size;
    GEMM_NAME(score_block)(head, room, query, queries, key, keys);
    GEMM_NAME(weigh_block)(room, keys);
    if (head->drop_p > 0) {
        GEMM_NAME(factor_block)(head, room, query, queries, key, keys);
        GEMM_NAME(drop_block)(room, keys);
    }
    for (int64_t i = 0; key > 0 && i < queries; i++) {
        const GEMM_REAL factor = room->rescale[i];
        for (int64_t c = 0; c < size; c++)
            room->sums[i * size + c] *= factor;
    }
    const yg_gemm gemm = {.rows = queries,
                          .columns = size,
                          .depth = keys,
                          .a_stride = {1, room->block},
                          .b_stride = {head->v_step, 1},
                          .c_stride = size,
                          .add = key > 0};
    yg_gemm_ahead nothing = yg_gemm_nothing_ahead;
    (head->causal && key == query ? GEMM_NAME(multiply_triangle) : GEMM_NAME(multiply))(
        &gemm, room->scores, (const GEMM_REAL *)head->v + key * head->v_step, room->sums,
        room->panel, &nothing);
}

/* Keys that a block of queries may read. */
static int64_t GEMM_NAME(keys_of)(const yg_attention_head *head, int64_t query, int64_t queries) {
    return head->causal ? yg_smaller(head->keys, query + queries) : head->keys;
}

GEMM_TARGET void GEMM_NAME(yg_attention_forward)(const yg_attention_head *head, int64_t begin,
                                                 int64_t end) {
    const GEMM_NAME(room) room = GEMM_NAME(room_of)(head);
    for (int64_t n = begin; n < end; n++) {
        const int64_t query = n * room.block;
        const int64_t queries = yg_smaller(head->queries - query, room.block);
        const int64_t all = GEMM_NAME(keys_of)(head, query, queries);
        GEMM_NAME(turn_block)
        ((const GEMM_REAL *)head->q + query * head->q_step, head->q_step, queries, head->size,
         (GEMM_REAL)head->scale, room.block, room.q);
        for (int64_t i = 0; i < room.block; i++) {
            room.largest[i] = -(GEMM_REAL)INFINITY;
            room.total[i] = 0;
        }
        if (all == 0)
            memset(room.sums, 0, (size_t)(queries * head->value_size) * sizeof *room.sums);
        for (int64_t key = 0; key < all; key += room.block)
            GEMM_NAME(forward_block)
        (head, &room, query, queries, key, yg_smaller(all - key, room.block));
        GEMM_NAME(finish_block)(head, &room, query, queries);
    }
}

/* ----------------------------------------------------------------------------------- backward --
 */

/* Replaces scores by weights, and `slopes`, which holds the products of values and dy, by the
 * cotangents of query · key. */
GEMM_TARGET static void GEMM_NAME(slope_block)(const GEMM_NAME(room) * room, int64_t keys,
                                               GEMM_REAL scale, bool drops) {
    typedef GEMM_NAME(vector) vector;
    enum { LANES = GEMM_NAME(LANES) };
    for (int64_t i = 0; i < room->block; i += LANES) {
        const vector logsumexp = *(const vector *)(room->largest + i);
        const vector delta = *(const vector *)(room->total + i);
        for (int64_t j = 0; j < keys; j++) {
            const int64_t at = j * room->block + i;
            vector *score = (vector *)(room->scores + at), *slope = (vector *)(room->slopes + at);
            const vector weight = GEMM_NAME(vector_exp)(*score - logsumexp);
            vector kept = weight, dp = *slope;
            if (drops) {
                const vector factor = *(const vector *)(room->factors + at);
                kept *= factor;
                dp *= factor;
            }
            *score = kept;
            *slope = weight * scale * (dp - delta);
        }
    }
}

/* Adds what a block of scores contributes to dq (in room->sums), dk and dv. The first block of
 * queries that reads a key writes its dk and dv. */
GEMM_TARGET static void GEMM_NAME(backward_block)(const yg_attention_head *head,
                                                  const GEMM_NAME(room) * room, int64_t query,
                                                  int64_t queries, int64_t key, int64_t keys) {
    const GEMM_REAL *q = (const GEMM_REAL *)head->q + query * head->q_step;
    const GEMM_REAL *k = (const GEMM_REAL *)head->k + key * head->k_step;
    const GEMM_REAL *v = (const GEMM_REAL *)head->v + key * head->v_step;
    const GEMM_REAL *dy = (const GEMM_REAL *)head->dy + query * head->y_step;
    const bool drops = head->drop_p > 0;
    void (*const product)(const yg_gemm *, const GEMM_REAL *, const GEMM_REAL *, GEMM_REAL *,
                          GEMM_REAL *, yg_gemm_ahead *) =
        head->causal && key == query ? GEMM_NAME(multiply_triangle) : GEMM_NAME(multiply);
    GEMM_NAME(score_block)(head, room, query, queries, key, keys);
    GEMM_NAME(products)
    (v, head->v_step, keys, head->value_size, room->dy, room, room->slopes);
    if (drops)
        GEMM_NAME(factor_block)(head, room, query, queries, key, keys);
    GEMM_NAME(slope_block)(room, keys, (GEMM_REAL)head->scale, drops);
    yg_gemm gemm = {.rows = keys,
                    .columns = head->value_size,
                    .depth = queries,
                    .a_stride = {room->block, 1},
                    .b_stride = {head->y_step, 1},
                    .c_stride = head->v_step,
                    .add = head->adds || query > (head->causal ? key : 0)};
    yg_gemm_ahead ahead = {.for_results = !gemm.add};
    if (head->dv)
        product(&gemm, room->scores, dy, (GEMM_REAL *)head->dv + key * head->v_step, room->panel,
                &ahead);
    gemm.columns = head->size;
    gemm.b_stride[0] = head->q_step;
    gemm.c_stride = head->k_step;
    if (head->dk)
        product(&gemm, room->slopes, q, (GEMM_REAL *)head->dk + key * head->k_step, room->panel,
                &ahead);
    gemm = (yg_gemm){.rows = queries,
                     .columns = head->size,
                     .depth = keys,
                     .a_stride = {1, room->block},
                     .b_stride = {head->k_step, 1},
                     .c_stride = head->size,
                     .add = key > 0};
    ahead.for_results = false;
    product(&gemm, room->slopes, k, room->sums, room->panel, &ahead);
}

GEMM_TARGET void GEMM_NAME(yg_attention_backward)(const yg_attention_head *head) {
    const GEMM_NAME(room) room = GEMM_NAME(room_of)(head);
    for (int64_t query = 0; query < head->queries; query += room.block) {
        const int64_t queries = yg_smaller(head->queries - query, room.block);
        const int64_t all = GEMM_NAME(keys_of)(head, query, queries);
        GEMM_NAME(turn_block)
        ((const GEMM_REAL *)head->q + query * head->q_step, head->q_step, queries, head->size,
         (GEMM_REAL)head->scale, room.block, room.q);
        GEMM_NAME(turn_block)
        ((const GEMM_REAL *)head->dy + query * head->y_step, head->y_step, queries,
         head->value_size, 1, room.block, room.dy);
        /* Lanes without a query have the weight exp(0 - infinity), which is 0. */
        for (int64_t i = 0; i < room.block; i++) {
            const bool used = i < queries;
            room.largest[i] =
                used ? ((const GEMM_REAL *)head->logsumexp)[query + i] : (GEMM_REAL)INFINITY;
            room.total[i] = used ? ((const GEMM_REAL *)head->delta)[query + i] : 0;
        }
        if (all == 0)
            memset(room.sums, 0, (size_t)(queries * head->size) * sizeof *room.sums);
        for (int64_t key = 0; key < all; key += room.block)
            GEMM_NAME(backward_block)
        (head, &room, query, queries, key, yg_smaller(all - key, room.block));
        for (int64_t i = 0; i < queries; i++)
            memcpy((GEMM_REAL *)head->dq + (query + i) * head->q_step, room.sums + i * head->size,
                   (size_t)head->size * sizeof *room.sums);
    }
}
