/*
 * The keys that every layer node has beside its arguments.
 */
#ifndef YG_MODELS_LOADER_NODE_KEYS_H
#define YG_MODELS_LOADER_NODE_KEYS_H

/* `type` first, NULL after the last. No argument of a layer type can have such a name. */
extern const char *const yg_node_keys[];

#endif
