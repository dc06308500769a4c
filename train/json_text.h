/*
 * JSON as text. Private to train/.
 */
#ifndef YG_TRAIN_JSON_TEXT_H
#define YG_TRAIN_JSON_TEXT_H

#include "../graph/text.h"

/* Adds a text in JSON's quotes. In a text that is not UTF-8, bytes beyond ASCII become U+FFFD. */
void yg_json_string(yg_text *out, const char *text);
/* Adds a number that reads back the same, or null where it is not finite: JSON has no word for it.
 */
void yg_json_number(yg_text *out, double value);

#endif
