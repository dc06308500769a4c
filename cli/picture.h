/*
 * The picture of a model: its layers as boxes, in the language of Graphviz.
 */
#ifndef YG_CLI_PICTURE_H
#define YG_CLI_PICTURE_H

#include "survey.h"

/* The text of the picture. A layer that is opened is drawn as a frame around the layers inside it
 * and its own operators; the layers around it are opened with it. `opened` has the `count` names of
 * such layers; `all`: every layer is opened. Freed by the caller; NULL after a message on stderr.
 */
char *picture_text(const survey *survey, const char *title, const char *const *opened, size_t count,
                   bool all);

#endif
