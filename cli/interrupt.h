/*
 * Signals. The first Ctrl-C asks a run to save and stop; the second one ends the process.
 */
#ifndef YG_CLI_INTERRUPT_H
#define YG_CLI_INTERRUPT_H

#include <signal.h>

/* Makes a write fail when a file reaches its largest size (`ulimit -f`), so that the command can
 * say so and clean up. Without this call, SIGXFSZ would kill the process. */
void interrupt_ignore_file_limit(void);

/* From now on the first SIGINT, SIGTERM or SIGHUP does not end the process. It sets the returned
 * flag to the signal's number; a second signal of the same kind ends the process. SIGPIPE, of a
 * closed pipe, is ignored: the write fails instead. The flag is the only process-wide state in
 * yamlgrad, because a signal handler can reach nothing else. */
const volatile sig_atomic_t *interrupt_watch(void);

#endif
