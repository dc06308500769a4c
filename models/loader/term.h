/*
 * Terms: the values of expressions.
 *
 * Numbers, texts and lists are terms both when building and when expanding. Building also has
 * tensors. Expanding has no tensors: anything that needs a graph is YG_TERM_WRITTEN, an expression
 * in the names of the expanded model. It also has the other values that an argument of a layer can
 * be.
 */
#ifndef YG_MODELS_LOADER_TERM_H
#define YG_MODELS_LOADER_TERM_H

#include "../../graph/graph.h"
#include "expression.h"

typedef struct yg_layer_use yg_layer_use;
typedef struct yg_scope yg_scope;
typedef struct yg_initializer yg_initializer;

typedef enum yg_term_kind {
    YG_TERM_INT,   /* .i */
    YG_TERM_FLOAT, /* .f */
    YG_TERM_BOOL,  /* .i */
    YG_TERM_TEXT,  /* .text */
    YG_TERM_NULL,  /* null: an entry of a list that is left open */
    YG_TERM_LIST,  /* .items[0 .. count) */

    /* Of building only. */
    YG_TERM_TENSOR, /* .node */
    YG_TERM_WORD,   /* .text: a name that nothing has; perhaps a word such as `mean` */

    /* Of expansion only. */
    YG_TERM_WRITTEN,  /* .written */
    YG_TERM_FUNCTION, /* .written: a call of an operator without its operand, as leaky_relu(0.1) */
    YG_TERM_INIT,     /* .init; NULL: .init_spec, which uses the names of .init_scope */
    YG_TERM_LAYER,    /* .layers; their arguments use the names of .scope */
    YG_TERM_ABSENT,   /* something optional that is not there; .text: why, as "its `if` is false" */
} yg_term_kind;

typedef struct yg_term yg_term;
struct yg_term {
    yg_term_kind kind;
    union {
        int64_t i;
        double f;
        yg_node node;
        const char *text;
        const yg_expression *written;
        struct {
            const yg_initializer *init;
            const struct yg_init_spec *init_spec;
            const yg_scope *init_scope;
        };
        struct {
            yg_term *items;
            size_t count;
            size_t values; /* in the list and all lists in it, while a model is expanded */
        };
        struct {
            const yg_layer_use *const *layers;
            size_t layer_count;
            const yg_scope *scope;
        };
    };
};

/* "the number 3", "a tensor f32[2, 3]": for messages. `graph` is asked for tensors only. Returns
 * `text`. */
const char *yg_term_describe(const yg_graph *graph, const yg_term *term, char *text, size_t size);

/* Fails unless it is a whole number of at least `min`. `what` names it in messages. */
bool yg_term_is_int(const yg_graph *graph, const yg_term *term, const char *what, int64_t min,
                    yg_origin origin, int64_t *value, yg_error *error);

/* True for the words that cannot be names: true, false, null, pi, inf, nan, training, if, size. */
bool yg_is_word(const char *name);

/* The value of true, false, null, pi, inf or nan. */
bool yg_constant_of_name(const char *name, yg_term *term);

#endif
