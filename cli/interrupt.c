/*
 * Signals: see interrupt.h.
 */
#include "interrupt.h"

#include <stddef.h>

static volatile sig_atomic_t received;

static void on_signal(int signal) {
    received = signal;
}

static void ignore(int signal) {
    struct sigaction action = {.sa_handler = SIG_IGN};
    sigemptyset(&action.sa_mask);
    sigaction(signal, &action, NULL);
}

void interrupt_ignore_file_limit(void) {
    ignore(SIGXFSZ);
}

const volatile sig_atomic_t *interrupt_watch(void) {
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND | SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    struct sigaction before; /* under nohup SIGHUP is ignored, and stays so */
    if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        sigaction(SIGHUP, &action, NULL);
    ignore(SIGPIPE);
    return &received;
}
