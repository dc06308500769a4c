/*
 * The keys of layer nodes: see node_keys.h.
 */
#include "node_keys.h"

#include <stddef.h>

const char *const yg_node_keys[] = {"type",  "input", "repeat",    "share",
                                    "names", "if",    "trainable", NULL};
