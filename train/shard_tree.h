/*
 * In which order the gradients of shards are added, and who sends what to whom. Private to train/.
 *
 * A step's batch is cut into shards. Their gradients are summed in a binary tree over the shards'
 * numbers: a node of the tree holds shards [lo, hi), its children [lo, mid) and [mid, hi) with
 * mid = (lo + hi) / 2. The tree depends on the number of shards only. Whoever computes a node adds
 * the same two numbers. So the bits do not depend on the number of processes.
 *
 * Process p of P owns the shards from s · p / P to s · (p + 1) / P. It computes the nodes that lie
 * in its own shards by itself, one shard after the other, with a stack of partial sums (slots). For
 * the other nodes the elements are cut into chunks. At each node, one half of the chunks is added
 * where the left child is, the other half where the right child is: bit (depth) of a chunk's number
 * tells. So all processes add and send equally much. Then the totals go the same ways back. For P a
 * power of two that is recursive halving and doubling: each process sends 2 · (P - 1) / P times the
 * bytes of the gradients, in 2 · log2(P) messages.
 *
 * With fewer shards than processes, as in a small last batch, some processes own none. They get the
 * totals from others.
 */
#ifndef YG_TRAIN_SHARD_TREE_H
#define YG_TRAIN_SHARD_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum yg_move_kind {
    YG_MOVE_SEND,          /* slot → peer */
    YG_MOVE_RECEIVE_ADD,   /* slot += what the peer sends */
    YG_MOVE_ADD,           /* slot += slot `from` */
    YG_MOVE_COPY,          /* slot = slot `from` */
    YG_MOVE_WAIT,          /* until all that was sent has left: slot 0 is written from here on */
    YG_MOVE_SEND_TOTAL,    /* slot 0 → peer */
    YG_MOVE_RECEIVE_TOTAL, /* slot 0 = what the peer sends */
} yg_move_kind;

/* What a process does when the sums of its own shards are in its slots. */
typedef struct yg_move {
    yg_move_kind kind;
    int peer;
    int tag;        /* below YG_TREE_TAGS; the same on both sides */
    int slot, from; /* of a move that sends or receives before the totals, `from` is not used */
    int first, end; /* chunks */
} yg_move;

enum { YG_TREE_TAGS = 64 };

typedef struct yg_shard_tree {
    int64_t shards;
    int64_t first, end; /* this process's shards */
    int chunks;         /* chunk c of n elements begins at element n · c / chunks */
    int slots;          /* that are needed, at least 1; slot 0 holds the total in the end */
    int *leaf;          /* by own shard: the slot that its gradient goes to, */
    int *merges;        /* and how many nodes are complete with it. 0: it is copied there. Otherwise
                           it is added there, then that slot to the one before it, and so on */
    size_t move_count;
    size_t owner_moves; /* so many of them, the first ones, reach all processes that own shards */
    yg_move *moves;     /* in this order */
} yg_shard_tree;

/* The first shard of a process. */
int64_t yg_shards_begin(int64_t shards, int rank, int size);

/* The tree as process `rank` of `size` sees it. False when out of memory; freed by
 * yg_shard_tree_free() after success. */
bool yg_shard_tree_make(int64_t shards, int rank, int size, yg_shard_tree *tree);
void yg_shard_tree_free(yg_shard_tree *tree); /* what it holds, not the struct */

#endif
