/*
 * The picture of a model: its layers as boxes, in the language of Graphviz.
 */
#ifndef YG_CLI_PICTURE_H
#define YG_CLI_PICTURE_H

#include "survey.h"

#include <stdio.h>

/* Writes the picture. A layer that is opened is drawn as a frame around the layers inside it and
 * its own operators; the layers around it are opened with it. `opened` has the `count` names of
 * such layers; `all`: every layer is opened. False after a message on stderr. */
bool picture_write(const survey *survey, const char *title, const char *const *opened, size_t count,
                   bool all, FILE *out);

#endif
