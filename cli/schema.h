/*
 * The JSON Schema of model files, made from the tables that read them.
 */
#ifndef YG_CLI_SCHEMA_H
#define YG_CLI_SCHEMA_H

#include "key_list.h"

/* Prints it. Returns a STATUS_…. */
int schema_print(const key_list *list);

#endif
