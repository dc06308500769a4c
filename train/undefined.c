/*
 * Metrics that have no value for some data: see undefined.h.
 */
#include "undefined.h"

#include <string.h>

const char *yg_score_undefined(const char *function) {
    static const struct {
        const char *function, *reason;
    } reasons[] = {{"roc_auc", "it needs examples of two classes"},
                   {"roc_curve", "it needs examples of two classes"},
                   {"precision_recall_curve", "it needs examples of the class"}};
    for (size_t i = 0; function && i < sizeof reasons / sizeof *reasons; i++)
        if (strcmp(reasons[i].function, function) == 0)
            return reasons[i].reason;
    return NULL;
}
