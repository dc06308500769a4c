/*
 * The tree of shards: see shard_tree.h.
 */
#include "shard_tree.h"

#include <stdlib.h>
#include <string.h>

enum { FOLLOWER_TAG = YG_TREE_TAGS - 1 };

int64_t yg_shards_begin(int64_t shards, int rank, int size) {
    return shards * rank / size;
}

/* ---------------------------------------------------------------------------- own shards ---- */

/* Fills in `leaf` and `merges` for the nodes below [lo, hi), all of whose shards are this
 * process's. The node's sum ends in slot `slot`. `ends`: how many nodes above it in the process's
 * shards end with it. */
static void place_leaves(yg_shard_tree *tree, int64_t lo, int64_t hi, int slot, int ends) {
    if (hi - lo == 1) {
        if (!ends && tree->slots < slot + 1)
            tree->slots = slot + 1;
        tree->leaf[lo - tree->first] = ends ? slot - 1 : slot;
        tree->merges[lo - tree->first] = ends;
        return;
    }
    const int64_t middle = (lo + hi) / 2;
    place_leaves(tree, lo, middle, slot, 0);
    place_leaves(tree, middle, hi, slot + 1, 1 + ends);
}

/* -------------------------------------------------------------------------- other nodes ---- */

typedef struct visit {
    yg_shard_tree *tree;
    int rank, size;
    int bits; /* chunks = 2^bits */
    size_t room;
    int *next_slots; /* by process */
    bool failed;
} visit;

/* Where the sum of a node is, by chunk. */
typedef struct holding {
    int *home; /* the process */
    int *slot; /* there */
} holding;

/* The process that owns a shard. */
static int owner(const visit *v, int64_t shard) {
    return (int)(((shard + 1) * v->size - 1) / v->tree->shards);
}

/* Appends a move of one chunk, or extends the last one by it. Both sides of a message must extend
 * it alike. So a message also ends where the slot of the other side, `from`, changes. */
static void add_move(visit *v, size_t since, yg_move move) {
    yg_shard_tree *tree = v->tree;
    yg_move *last = tree->move_count > since ? &tree->moves[tree->move_count - 1] : NULL;
    if (last && last->kind == move.kind && last->peer == move.peer && last->slot == move.slot &&
        last->from == move.from && last->end == move.first) {
        last->end = move.end;
        return;
    }
    if (tree->move_count == v->room) {
        const size_t room = 2 * v->room + 16;
        yg_move *grown = realloc(tree->moves, room * sizeof *grown);
        if (!grown) {
            v->failed = true;
            return;
        }
        tree->moves = grown;
        v->room = room;
    }
    tree->moves[tree->move_count++] = move;
}

/* Adds the right child's sum to the left one's. Sends come first, so that both sides send at the
 * same time. */
static void join(visit *v, int depth, const holding *left, const holding *right) {
    const size_t since = v->tree->move_count;
    const int chunks = v->tree->chunks, bit = v->bits ? depth % v->bits : 0, tag = 2 * depth;
    for (int c = 0; c < chunks; c++) {
        const int l = left->home[c], r = right->home[c];
        const bool to_right = (c >> bit) & 1;
        if (l == r || v->rank != (to_right ? l : r))
            continue;
        add_move(v, since,
                 (yg_move){YG_MOVE_SEND, to_right ? r : l, tag,
                           to_right ? left->slot[c] : right->slot[c],
                           to_right ? right->slot[c] : left->slot[c], c, c + 1});
    }
    for (int c = 0; c < chunks; c++) {
        const int l = left->home[c], r = right->home[c];
        const bool to_right = l != r && ((c >> bit) & 1);
        const int home = to_right ? r : l;
        const int slot = to_right ? right->slot[c] : left->slot[c];
        if (home == v->rank && l == r)
            add_move(v, since, (yg_move){YG_MOVE_ADD, -1, tag, slot, right->slot[c], c, c + 1});
        else if (home == v->rank)
            add_move(v, since,
                     (yg_move){YG_MOVE_RECEIVE_ADD, to_right ? l : r, tag, slot,
                               to_right ? left->slot[c] : right->slot[c], c, c + 1});
        left->home[c] = home;
        left->slot[c] = slot;
    }
}

static void visit_node(visit *v, int64_t lo, int64_t hi, int depth, holding *out) {
    const int chunks = v->tree->chunks, first = owner(v, lo);
    if (first == owner(v, hi - 1)) {
        const int slot = v->next_slots[first]++;
        for (int c = 0; c < chunks; c++) {
            out->home[c] = first;
            out->slot[c] = slot;
        }
        if (first == v->rank)
            place_leaves(v->tree, lo, hi, slot, 0);
        return;
    }
    const int64_t middle = (lo + hi) / 2;
    int *memory = malloc(2 * (size_t)chunks * sizeof *memory);
    if (!memory) {
        v->failed = true;
        return;
    }
    holding right = {memory, memory + chunks};
    visit_node(v, lo, middle, depth + 1, out);
    visit_node(v, middle, hi, depth + 1, &right);
    if (!v->failed)
        join(v, depth, out, &right);
    free(memory);
}

/* ------------------------------------------------------------------------------ totals ---- */

/* Brings the total to slot 0, wherever it is in this process. */
static void gather_total(visit *v, const holding *root) {
    const size_t since = v->tree->move_count;
    for (int c = 0; c < v->tree->chunks; c++)
        if (root->home[c] == v->rank && root->slot[c] != 0)
            add_move(v, since, (yg_move){YG_MOVE_COPY, -1, 0, 0, root->slot[c], c, c + 1});
}

/* Sends the totals back: each move in reverse, in reverse order. */
static void return_totals(visit *v, size_t count) {
    for (size_t i = count; i-- > 0 && !v->failed;) {
        const yg_move move = v->tree->moves[i];
        const bool sent = move.kind == YG_MOVE_SEND;
        if (!sent && move.kind != YG_MOVE_RECEIVE_ADD)
            continue;
        add_move(v, v->tree->move_count,
                 (yg_move){sent ? YG_MOVE_RECEIVE_TOTAL : YG_MOVE_SEND_TOTAL, move.peer,
                           move.tag + 1, 0, 0, move.first, move.end});
    }
}

/* Processes without shards get the totals from those that own the next shard. */
static void serve_followers(visit *v) {
    const yg_shard_tree *tree = v->tree;
    for (int p = 0; p < v->size; p++) {
        const int64_t first = yg_shards_begin(tree->shards, p, v->size);
        if (first < yg_shards_begin(tree->shards, p + 1, v->size))
            continue;
        const int source = owner(v, first);
        if (v->rank == source || v->rank == p)
            add_move(v, tree->move_count,
                     (yg_move){p == v->rank ? YG_MOVE_RECEIVE_TOTAL : YG_MOVE_SEND_TOTAL,
                               p == v->rank ? source : p, FOLLOWER_TAG, 0, 0, 0, tree->chunks});
    }
}

bool yg_shard_tree_make(int64_t shards, int rank, int size, yg_shard_tree *tree) {
    *tree = (yg_shard_tree){.shards = shards,
                            .first = yg_shards_begin(shards, rank, size),
                            .end = yg_shards_begin(shards, rank + 1, size),
                            .chunks = 1,
                            .slots = 1};
    visit v = {.tree = tree, .rank = rank, .size = size};
    for (; tree->chunks < size && tree->chunks < shards; tree->chunks *= 2)
        v.bits++;
    const size_t own = (size_t)(tree->end - tree->first) + 1;
    tree->leaf = calloc(own, sizeof *tree->leaf);
    tree->merges = calloc(own, sizeof *tree->merges);
    int *memory = malloc(2 * (size_t)tree->chunks * sizeof *memory);
    holding root = {memory, memory ? memory + tree->chunks : NULL};
    v.next_slots = calloc((size_t)size, sizeof *v.next_slots);
    v.failed = !tree->leaf || !tree->merges || !memory || !v.next_slots;
    if (!v.failed)
        visit_node(&v, 0, shards, 0, &root);
    if (!v.failed) {
        const size_t count = tree->move_count;
        add_move(&v, count, (yg_move){.kind = YG_MOVE_WAIT, .peer = -1});
        gather_total(&v, &root);
        return_totals(&v, count);
        tree->owner_moves = tree->move_count;
        serve_followers(&v);
    }
    free(memory);
    free(v.next_slots);
    if (v.failed)
        yg_shard_tree_free(tree);
    return !v.failed;
}

void yg_shard_tree_free(yg_shard_tree *tree) {
    free(tree->leaf);
    free(tree->merges);
    free(tree->moves);
    *tree = (yg_shard_tree){0};
}
