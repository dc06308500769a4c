/*
 * Runs another program: see program.h.
 */
#include "program.h"

#include <errno.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

int program_run(const char *const *arguments, FILE *in, FILE *out, FILE *messages) {
    FILE *const files[] = {in, out, messages};
    posix_spawn_file_actions_t actions;
    pid_t process = -1;
    int status = -1, reason = posix_spawn_file_actions_init(&actions);
    if (reason == 0) {
        for (int i = 0; i < 3 && reason == 0; i++)
            if (files[i])
                reason = posix_spawn_file_actions_adddup2(&actions, fileno(files[i]), i);
        if (reason == 0)
            reason = posix_spawnp(&process, arguments[0], &actions, NULL,
                                  (char *const *)(uintptr_t)arguments, environ);
        posix_spawn_file_actions_destroy(&actions);
    }
    while (reason == 0 && waitpid(process, &status, 0) < 0)
        reason = errno == EINTR ? 0 : errno;
    errno = reason;
    return reason == 0 ? status : -1;
}
