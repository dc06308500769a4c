/*
 * The version of these headers, with which a program is compiled, and of the library, with which it
 * runs.
 *
 * Until 1.0 the interface may change with each minor version. So the soname of the shared library
 * holds both numbers (libyamlgrad.so.0.1): a program is never run with another minor version than
 * it was built for.
 */
#ifndef YG_GRAPH_VERSION_H
#define YG_GRAPH_VERSION_H

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* CMakeLists.txt reads these three: the version is written nowhere else. */
#define YG_VERSION_MAJOR 0
#define YG_VERSION_MINOR 1
#define YG_VERSION_PATCH 0

/* One number to compare: #if YG_VERSION_NUMBER >= YG_VERSION_OF(0, 2, 0) */
#define YG_VERSION_OF(major, minor, patch) ((major)*1000000 + (minor)*1000 + (patch))
#define YG_VERSION_NUMBER                  YG_VERSION_OF(YG_VERSION_MAJOR, YG_VERSION_MINOR, YG_VERSION_PATCH)

/* "0.1.0": the version of these headers. */
#define YG_VERSION_QUOTE(text)               #text
#define YG_VERSION_JOIN(major, minor, patch) YG_VERSION_QUOTE(major.minor.patch)
#define YG_VERSION_TEXT                      YG_VERSION_JOIN(YG_VERSION_MAJOR, YG_VERSION_MINOR, YG_VERSION_PATCH)

/* The version of the library, such as "0.1.0". It can differ from YG_VERSION_TEXT in the last
 * number, if the shared library was replaced after the program was built. A static string. */
const char *yg_version(void);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
