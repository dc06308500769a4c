/*
 * Pages of HTML: see page.h.
 */
#include "page.h"

#include "../graph/file.h"
#include "options.h"
#include "session.h"
#include "terminal.h"

#include <stdlib.h>
#include <string.h>

static const char house[] =
    ":root { color-scheme: light dark; --ink: #1d2733; --dim: #5d6b7a; --bar: #3b78b5;\n"
    "  --line: #d5dce3; --page: #fff; --card: #f7f9fb; }\n"
    "@media (prefers-color-scheme: dark) { :root { --ink: #e3e9ef; --dim: #9aa8b5;\n"
    "  --bar: #6ea8dc; --line: #3a4550; --page: #171c21; --card: #1f262d; } }\n"
    "body { font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--page);\n"
    "  margin: 2em auto; max-width: 1200px; padding: 0 1.5em; }\n"
    "h1 { font-size: 1.5em; margin-bottom: 0; } h2 { font-size: 1.15em; margin: 2em 0 .7em; }\n"
    ".dim { color: var(--dim); }\n"
    "table { border-collapse: collapse; } th, td { padding: .15em 1.2em .15em 0; }\n"
    "th { text-align: left; border-bottom: 1px solid var(--line); }\n"
    "td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }\n";

void page_text(yg_text *page, const char *text) {
    for (; *text; text++)
        if (*text == '<')
            yg_text_add(page, "&lt;");
        else if (*text == '&')
            yg_text_add(page, "&amp;");
        else if (*text == '"')
            yg_text_add(page, "&quot;");
        else
            yg_text_add(page, "%c", (unsigned char)*text < 0x20 ? ' ' : *text);
}

void page_base64(yg_text *page, const char *bytes, size_t size) {
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    enum { PIECE = 3 * 256 };
    for (size_t from = 0; from < size; from += PIECE) {
        char piece[4 * 256 + 1], *to = piece;
        for (size_t i = from; i < size && i < from + PIECE; i += 3) {
            uint32_t three = 0;
            for (size_t k = 0; k < 3; k++)
                three = three << 8 | (i + k < size ? (unsigned char)bytes[i + k] : 0);
            for (size_t k = 0; k < 4; k++)
                *to++ = i + k <= size ? letters[three >> (18 - 6 * k) & 63] : '=';
        }
        *to = '\0';
        yg_text_add(page, "%s", piece);
    }
}

void page_begin(yg_text *page, const char *title, const char *kind, const char *doc,
                const char *style) {
    /* The empty icon keeps browsers from asking a server for one. */
    yg_text_add(page, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
                      "<meta name=\"viewport\" content=\"width=device-width\">\n"
                      "<link rel=\"icon\" href=\"data:,\">\n<title>");
    page_text(page, title);
    yg_text_add(page, ": %s</title>\n<style>\n%s%s</style>\n</head><body>\n<h1>", kind, house,
                style ? style : "");
    page_text(page, title);
    yg_text_add(page, "</h1>\n<p class=\"dim\">");
    page_text(page, doc);
    yg_text_add(page, "</p>\n");
}

char *page_end(yg_text *page) {
    yg_text_add(page, "</body></html>\n");
    return yg_text_take(page);
}

int page_write(char *page, const char *path) {
    yg_error error = {0};
    const bool good =
        page ? yg_file_write(path, page, strlen(page), &error) : yg_fail_memory(&error);
    free(page);
    if (!good)
        return session_fail(&error);
    terminal_say("written: %s", path);
    return STATUS_OK;
}
