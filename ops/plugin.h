/*
 * Operators in a shared object of their own, for `yamlgrad --plugin FILE.so`. Such a file holds
 * descriptors and, once:
 *
 *     YG_PLUGIN(&yg_op_isru, &yg_op_swish)
 *
 * A plug-in is machine code and is trusted as much as the command itself: it comes from the command
 * line, never from a model file. It is built against the headers of the very yamlgrad that loads
 * it, which YG_OP_ABI makes sure of.
 */
#ifndef YG_OPS_PLUGIN_H
#define YG_OPS_PLUGIN_H

#include "../graph/op.h"

/* What the command looks up in the shared object: its operators, NULL after the last … */
#define YG_PLUGIN_OPS "yg_plugin_ops"
/* … and YG_OP_ABI as the plug-in was compiled with. */
#define YG_PLUGIN_ABI "yg_plugin_abi"

/* In C++ a constant is private to its file unless it says otherwise. */
#ifdef __cplusplus
#define YG_PLUGIN_SYMBOL extern "C" __attribute__((visibility("default")))
#else
#define YG_PLUGIN_SYMBOL __attribute__((visibility("default")))
#endif

#define YG_PLUGIN(...)                                                                             \
    YG_PLUGIN_SYMBOL const yg_op *const yg_plugin_ops[] = {__VA_ARGS__, NULL};                     \
    YG_PLUGIN_SYMBOL const int yg_plugin_abi = YG_OP_ABI;

#endif
