/*
 * Loads plug-ins with dlopen(): see plugins.h.
 */
#include "plugins.h"

#include "../ops/ops.h"
#include "../ops/plugin.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool fail(const char *path, yg_error *error, const char *what) {
    return yg_fail(error, YG_ERROR_ARGUMENT, (yg_origin){.file = path}, "%s", what);
}

static void *open_object(const char *path, yg_error *error) {
    /* dlopen() looks for a name without '/' in the system's library folders. */
    char local[4096];
    if (snprintf(local, sizeof local, "%s%s", strchr(path, '/') ? "" : "./", path) >=
        (int)sizeof local) {
        fail(path, error, "the path is too long");
        return NULL;
    }
    void *handle = dlopen(local, RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        yg_fail(error, YG_ERROR_IO, (yg_origin){.file = path}, "cannot load this plug-in: %s",
                dlerror());
    return handle;
}

/* The descriptors in an open object; NULL on failure. */
static const yg_op *const *find_ops(void *handle, const char *path, yg_error *error) {
    const yg_op *const *ops = dlsym(handle, YG_PLUGIN_OPS);
    const int *abi = dlsym(handle, YG_PLUGIN_ABI);
    if (!ops || !abi) {
        fail(path, error, "not a yamlgrad plug-in: it has no YG_PLUGIN(…) (ops/plugin.h)");
        return NULL;
    }
    if (*abi != YG_OP_ABI) {
        yg_fail(error, YG_ERROR_ARGUMENT, (yg_origin){.file = path},
                "built for interface %d of yamlgrad, this is %d: compile it again", *abi,
                YG_OP_ABI);
        return NULL;
    }
    return ops;
}

static bool add_op(plugins *out, const yg_op *op, const char *path, yg_error *error) {
    const yg_origin origin = {.file = path};
    if (!op->name || !op->formula || !op->doc || !op->group)
        return fail(path, error, "an operator lacks its name, formula, doc or group");
    if (yg_op_find(&out->set, op->name))
        return yg_fail(error, YG_ERROR_NAME, origin, "there is an operator '%s' already", op->name);
    const yg_op **ops = realloc(out->ops, (out->set.count + 1) * sizeof *ops);
    if (!ops)
        return yg_fail_memory(error);
    ops[out->set.count] = op;
    out->ops = ops;
    out->set.ops = ops;
    out->set.count++;
    return true;
}

static bool load(plugins *out, const char *path, yg_error *error) {
    void *handle = open_object(path, error);
    if (!handle)
        return false;
    void **handles = realloc(out->handles, (out->handle_count + 1) * sizeof *handles);
    if (!handles) {
        dlclose(handle);
        return yg_fail_memory(error);
    }
    out->handles = handles;
    out->handles[out->handle_count++] = handle;
    const yg_op *const *ops = find_ops(handle, path, error);
    if (!ops)
        return false;
    for (; *ops; ops++)
        if (!add_op(out, *ops, path, error))
            return false;
    return true;
}

bool plugins_open(const char *const *paths, size_t count, plugins *out, yg_error *error) {
    const yg_op_set *built_in = yg_ops();
    *out = (plugins){.set = *built_in};
    out->ops = malloc((built_in->count + 1) * sizeof *out->ops);
    if (!out->ops)
        return yg_fail_memory(error);
    memcpy(out->ops, built_in->ops, built_in->count * sizeof *out->ops);
    out->set.ops = out->ops;
    for (size_t i = 0; i < count; i++) {
        if (!load(out, paths[i], error)) {
            plugins_close(out);
            return false;
        }
    }
    return true;
}

void plugins_close(plugins *plugins) {
    for (size_t i = 0; i < plugins->handle_count; i++)
        dlclose(plugins->handles[i]);
    free(plugins->handles);
    free(plugins->ops);
    memset(plugins, 0, sizeof *plugins);
}
