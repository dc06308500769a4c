/*
 * Scores that depend on their batches: see note_batches.h.
 */
#include "note_batches.h"

#include "terminal.h"

static void note(const char *name) {
    terminal_say("note: %s compares examples with each other, and there is no memory for all of "
                 "them; it is a mean over batches, which depends on their size",
                 name);
}

void note_batches(const yg_scores *scores) {
    if (scores->loss_of_batches)
        note("the loss");
    for (size_t i = 0; i < scores->count; i++)
        if (scores->metrics[i].of_batches)
            note(scores->metrics[i].name);
}
