/*
 * Opens the shared object that connects processes: see processes.h.
 */
#include "processes.h"

#include "../graph/version.h"
#include "../mpi/processes_mpi.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What launchers set: Open MPI's mpirun; those that speak PMIx or PMI, as srun and MPICH's. */
static const char *const counts[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"};
static const char *const ranks[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"};

static int number_of(const char *const *names, size_t count, int otherwise) {
    for (size_t i = 0; i < count; i++) {
        const char *text = getenv(names[i]);
        if (text && *text && strspn(text, "0123456789") == strlen(text) && strlen(text) < 10)
            return atoi(text);
    }
    return otherwise;
}

int processes_started(void) {
    /* PMIx tells no number; srun does. */
    const char *slurm = getenv("PMIX_RANK") ? "SLURM_STEP_NUM_TASKS" : "OMPI_COMM_WORLD_SIZE";
    const int count = number_of(counts, sizeof counts / sizeof *counts, 0);
    return count > 0 ? count : number_of(&slurm, 1, 1);
}

int processes_rank(void) {
    return processes_started() > 1 ? number_of(ranks, sizeof ranks / sizeof *ranks, 0) : 0;
}

int processes_hush(void) {
    const int nowhere = processes_rank() > 0 ? open("/dev/null", O_WRONLY | O_CLOEXEC) : -1;
    if (nowhere < 0)
        return -1;
    fflush(stderr);
    const int kept = dup(STDERR_FILENO);
    if (kept >= 0)
        dup2(nowhere, STDERR_FILENO);
    close(nowhere);
    return kept;
}

void processes_speak(int hushed) {
    if (hushed < 0)
        return;
    fflush(stderr);
    dup2(hushed, STDERR_FILENO);
    close(hushed);
}

#ifdef YG_MPI_MODULE
/* Beside the command, as in the folder that it was built in, or where it was installed. */
static void *open_module(yg_error *error) {
    static const char *const places[] = {"yamlgrad_mpi.so", YG_MPI_MODULE};
    char self[4096], path[sizeof self + 256];
    const ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    self[length > 0 ? length : 0] = '\0';
    char *slash = strrchr(self, '/');
    if (slash)
        *slash = '\0';
    const char *why = "";
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        snprintf(path, sizeof path, "%s/%s", self, places[i]);
        if (access(path, R_OK) != 0)
            continue;
        /* MPI opens parts of its own, which look for it among the global symbols. */
        void *module = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
        if (module)
            return module;
        why = dlerror();
        break;
    }
    yg_fail(error, YG_ERROR_IO, YG_NOWHERE,
            "several processes need yamlgrad_mpi.so and Open MPI (Debian's package is openmpi-bin)"
            "%s%s",
            why && *why ? ": " : "", why ? why : "");
    return NULL;
}

static const yg_processes *begin(yg_error *error) {
    void *module = open_module(error);
    if (!module)
        return NULL;
    const yg_processes *(*function)(int, yg_error *) = NULL;
    /* POSIX's way from an object pointer to a function pointer. */
    *(void **)&function = dlsym(module, "yamlgrad_mpi_begin");
    if (!function) {
        yg_fail(error, YG_ERROR_IO, YG_NOWHERE, "yamlgrad_mpi.so is damaged: install it again");
        return NULL;
    }
    /* The module stays open: MPI does not like to be unloaded. */
    return function(YG_VERSION_NUMBER, error);
}
#else
static const yg_processes *begin(yg_error *error) {
    yg_fail(error, YG_ERROR_ARGUMENT, YG_NOWHERE,
            "started as one of %d processes, but yamlgrad was built without MPI: install Open MPI "
            "(Debian's packages are libopenmpi-dev and openmpi-bin) and build it again",
            processes_started());
    return NULL;
}
#endif

bool processes_open(const yg_processes **processes, yg_error *error) {
    *processes = processes_started() > 1 ? begin(error) : NULL;
    return *processes || processes_started() == 1;
}

void processes_close(const yg_processes *processes, yg_error *error) {
    if (!processes)
        return;
    if (error->code)
        processes->fail(processes->context, error);
    processes->end(processes->context, error);
}
