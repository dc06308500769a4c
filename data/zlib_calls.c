/*
 * zlib's functions: see zlib_calls.h.
 */
#include "zlib_calls.h"

bool yg_zlib_fail(const char *name, yg_error *error) {
    return yg_fail(error, YG_ERROR_IO, (yg_origin){name, 0, 0},
                   "it is compressed, and yamlgrad was built without zlib (Debian's package is "
                   "zlib1g-dev)");
}

#ifdef YG_ZLIB_SONAME
#include <dlfcn.h>

/* POSIX's way from an object pointer to a function pointer. */
static bool find(void *handle, const char *name, void *function) {
    *(void **)function = dlsym(handle, name);
    return *(void **)function != NULL;
}

bool yg_zlib_open(yg_zlib *zlib, const char *name, yg_error *error) {
    void *handle = dlopen(YG_ZLIB_SONAME, RTLD_NOW | RTLD_LOCAL);
    *zlib = (yg_zlib){.handle = handle};
    return (handle && find(handle, "inflateInit2_", &zlib->init) &&
            find(handle, "inflate", &zlib->inflate) && find(handle, "inflateEnd", &zlib->end) &&
            find(handle, "inflateReset2", &zlib->reset) &&
            find(handle, "inflatePrime", &zlib->prime) &&
            find(handle, "inflateSetDictionary", &zlib->set_dictionary) &&
            find(handle, "inflateGetDictionary", &zlib->get_dictionary)) ||
           yg_fail(error, YG_ERROR_IO, (yg_origin){name, 0, 0},
                   "it is compressed, and zlib is not installed (Debian's package is zlib1g)");
}

void yg_zlib_close(yg_zlib *zlib) {
    if (zlib->handle)
        dlclose(zlib->handle);
    zlib->handle = NULL;
}

#endif
