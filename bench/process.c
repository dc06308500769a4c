/*
 * Times a whole process, from its start to its end, and reports its peak resident memory. It runs
 * our programs and the peers'. It must be a small program of its own: Linux adds the memory of the
 * process that starts another to the peak of the started one.
 *
 *   process COMMAND [ARGUMENT…]
 */
#include "protocol.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

extern char **environ;

typedef struct cost {
    double seconds;
    double bytes; /* resident, at the peak */
} cost;

/* One run, its output thrown away. */
static bool run(char **command, cost *cost, yg_error *error) {
    posix_spawn_file_actions_t actions;
    struct rusage usage;
    pid_t child;
    int status;

    if (posix_spawn_file_actions_init(&actions) != 0)
        return yg_fail_memory(error);
    int failed = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (failed == 0)
        failed = posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    const double start = now();
    if (failed == 0)
        failed = posix_spawnp(&child, command[0], &actions, NULL, command, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0)
        return yg_fail(error, YG_ERROR_IO, YG_NOWHERE, "cannot start %s: %s", command[0],
                       strerror(failed));
    if (wait4(child, &status, 0, &usage) != child)
        return yg_fail(error, YG_ERROR_IO, YG_NOWHERE, "cannot wait for %s", command[0]);
    cost->seconds = now() - start;
    cost->bytes = 1024.0 * (double)usage.ru_maxrss;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return yg_fail(error, YG_ERROR_IO, YG_NOWHERE, "%s failed with status %d", command[0],
                       status);
    return true;
}

int main(int argc, char **argv) {
    yg_error error = {0};
    cost cost = {0};
    char line[16];
    if (argc < 2) {
        fprintf(stderr, "usage: process COMMAND [ARGUMENT…]\n");
        return 2;
    }
    if (!run(argv + 1, &cost, &error))
        return report_error(&error);
    printf("{\"ready\": true, \"check\": []}\n");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        if (strcmp(line, "run\n") != 0)
            continue;
        if (!run(argv + 1, &cost, &error))
            return report_error(&error);
        printf("{\"seconds\": %.9g, \"bytes\": %.9g}\n", cost.seconds, cost.bytes);
        fflush(stdout);
    }
    return EXIT_SUCCESS;
}
