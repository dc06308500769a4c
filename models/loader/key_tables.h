/*
 * The keys of mappings in a model file, beside the code that reads them. The JSON Schema is made of
 * these tables too (cli/schema.c). Private to models/loader/ and to the command.
 */
#ifndef YG_MODELS_LOADER_KEY_TABLES_H
#define YG_MODELS_LOADER_KEY_TABLES_H

#include "document.h"

typedef struct yg_key_table {
    const yg_key *keys;
    size_t count;
} yg_key_table;

extern const yg_key_table yg_port_keys; /* of an input or target */
extern const yg_key_table yg_param_keys, yg_state_keys;
extern const yg_key_table yg_scan_keys, yg_carry_keys;
extern const yg_key_table yg_output_keys, yg_metric_keys;
extern const yg_key_table yg_include_keys, yg_expect_keys;
/* Of `define`: a layer type, one of its inputs, a schedule, and an argument of either. */
extern const yg_key_table yg_layer_type_keys, yg_pattern_keys, yg_schedule_type_keys,
    yg_argument_keys;

#endif
