/*
 * The version: of the headers that a program is compiled with, and of the library that it runs
 * with.
 *
 * Until 1.0 the interface may change with each minor version. The shared library's soname therefore
 * holds both numbers (libyamlgrad.so.0.1), and a program keeps to the version that it was built
 * for.
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

/* "0.1.0": the version of the library, which can be another than YG_VERSION_TEXT where a program is
 * linked with a shared library that was replaced. Static; never freed. */
const char *yg_version(void);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
