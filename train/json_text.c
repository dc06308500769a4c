/*
 * JSON as text: see json_text.h.
 */
#include "json_text.h"

#include "../data/csv_scan.h"
#include "../graph/number.h"

#include <math.h>
#include <string.h>

void yg_json_string(yg_text *out, const char *text) {
    const bool valid = yg_is_utf8(text, strlen(text));
    yg_text_add(out, "\"");
    for (const char *at = text; *at; at++) {
        const unsigned char byte = (unsigned char)*at;
        if (byte == '"' || byte == '\\')
            yg_text_add(out, "\\%c", byte);
        else if (byte < 0x20)
            yg_text_add(out, "\\u%04x", byte);
        else if (byte >= 0x80 && !valid)
            yg_text_add(out, "\\ufffd");
        else
            yg_text_add(out, "%c", byte);
    }
    yg_text_add(out, "\"");
}

void yg_json_number(yg_text *out, double value) {
    char number[YG_NUMBER_TEXT];
    yg_text_add(out, "%s", isfinite(value) ? yg_number_text(value, number) : "null");
}
