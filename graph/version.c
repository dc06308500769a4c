/*
 * The version that the library was built as.
 */
#include "version.h"

const char *yg_version(void) {
    return YG_VERSION_TEXT;
}
