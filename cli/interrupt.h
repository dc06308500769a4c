/*
 * Signals. Ctrl-C: the first one asks to stop, the second one kills.
 */
#ifndef YG_CLI_INTERRUPT_H
#define YG_CLI_INTERRUPT_H

#include <signal.h>

/* A file that reaches its largest size (`ulimit -f`) must make a write fail, so that the command
 * can say so and clean up. Without this call the process would be killed where it stands. */
void interrupt_ignore_file_limit(void);

/* From now on SIGINT, SIGTERM and SIGHUP, once each, set the flag that is returned instead of
 * ending the process; it holds the signal's number. A closed pipe (SIGPIPE) is no reason to end
 * either. The one piece of process-wide state in yamlgrad: a signal handler can reach nothing else.
 */
const volatile sig_atomic_t *interrupt_watch(void);

#endif
