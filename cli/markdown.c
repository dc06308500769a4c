/*
 * Markdown on stdout: see markdown.h.
 */
#include "markdown.h"

#include "terminal.h"

#include <stdio.h>
#include <string.h>

enum { WIDTH = 100 };

void markdown_row(const char *const *cells, size_t count) {
    for (size_t i = 0; i < count; i++) {
        terminal_print(stdout, i == 0 ? "| " : " | ");
        for (const char *text = cells[i]; *text;) {
            const size_t plain = strcspn(text, "|");
            const bool bar = text[plain] == '|';
            terminal_print(stdout, "%.*s%s", (int)plain, text, bar ? "\\|" : "");
            text += plain + bar;
        }
    }
    terminal_print(stdout, " |\n");
}

/* Columns of `length` bytes of UTF-8: a character has one byte that is no continuation. */
static size_t columns(const char *text, size_t length) {
    size_t count = 0;
    for (size_t i = 0; i < length; i++)
        count += ((unsigned char)text[i] & 0xC0) != 0x80;
    return count;
}

void markdown_paragraph(const char *text) {
    size_t at = 0;
    while (*text) {
        const size_t length = strcspn(text, " \n"), wide = columns(text, length);
        const bool breaks = at > 0 && at + 1 + wide > WIDTH;
        terminal_print(stdout, "%s%.*s", at == 0 ? "" : breaks ? "\n" : " ", (int)length, text);
        at = at == 0 || breaks ? wide : at + 1 + wide;
        text += length + strspn(text + length, " \n");
    }
    terminal_print(stdout, "\n");
}

void markdown_head(const char *title, const char *command) {
    terminal_print(stdout,
                   "<!-- Made by `yamlgrad %s --markdown`: `./dev docs` writes it. -->\n\n# %s\n",
                   command, title);
}
