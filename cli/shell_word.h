/*
 * Words of commands that are shown for copying.
 */
#ifndef YG_CLI_SHELL_WORD_H
#define YG_CLI_SHELL_WORD_H

/* A word as a shell needs it: in quotes if it has characters that a shell obeys. Freed by the
 * caller; NULL when out of memory. */
char *shell_word(const char *word);

#endif
