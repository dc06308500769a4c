/*
 * Warnings of settings that can never happen: the lines of yg_train_result.advice.
 */
#ifndef YG_CLI_ADVICE_H
#define YG_CLI_ADVICE_H

#include <jansson.h>

/* Prints each line as a warning on stderr. NULL: there is none. */
void advice_print(const char *advice);

/* The lines as a list of texts. NULL when out of memory. */
json_t *advice_json(const char *advice);

#endif
