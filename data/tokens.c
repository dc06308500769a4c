/*
 * Tokens: see tokens.h.
 */
#include "tokens.h"

#include <stdint.h>

typedef enum character_class { WORD, SYMBOL, BLANK } character_class;

/* Blocks of Unicode that are no letters. What no range names is taken for a letter: most of Unicode
 * is. */
static const struct {
    uint32_t first, last;
    character_class class;
} ranges[] = {
    {0x80, 0xA0, BLANK},      {0xA1, 0xA9, SYMBOL},     {0xAB, 0xB1, SYMBOL},
    {0xB4, 0xB4, SYMBOL},     {0xB6, 0xB8, SYMBOL},     {0xBB, 0xBB, SYMBOL},
    {0xBF, 0xBF, SYMBOL},     {0xD7, 0xD7, SYMBOL},     {0xF7, 0xF7, SYMBOL},
    {0x2000, 0x200A, BLANK},  {0x2010, 0x2027, SYMBOL}, {0x2028, 0x2029, BLANK},
    {0x202F, 0x202F, BLANK},  {0x2030, 0x205E, SYMBOL}, {0x205F, 0x205F, BLANK},
    {0x20A0, 0x20CF, SYMBOL}, {0x2190, 0x245F, SYMBOL}, {0x2500, 0x2BFF, SYMBOL},
    {0x3000, 0x3000, BLANK},  {0x3001, 0x3003, SYMBOL}, {0x3008, 0x3020, SYMBOL},
    {0xFF01, 0xFF0F, SYMBOL}, {0xFF1A, 0xFF20, SYMBOL}, {0x1F000, 0x1FAFF, SYMBOL},
};

static character_class class_of(uint32_t c) {
    if (c < 0x80) {
        const uint32_t small = c | 0x20;
        if ((small >= 'a' && small <= 'z') || (c >= '0' && c <= '9') || c == '_')
            return WORD;
        return c <= ' ' || c == 0x7F ? BLANK : SYMBOL;
    }
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges && c >= ranges[i].first; i++)
        if (c <= ranges[i].last)
            return ranges[i].class;
    return WORD;
}

/* The character at `at`; *next becomes the place behind it. */
static uint32_t character_at(const char *text, size_t size, size_t at, size_t *next) {
    const unsigned char lead = (unsigned char)text[at++];
    const int more = lead < 0xC0 ? 0 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    uint32_t c = more ? lead & (0x3Fu >> more) : lead;
    for (int i = 0; i < more && at < size; i++)
        c = c << 6 | ((unsigned char)text[at++] & 0x3Fu);
    *next = at;
    return c;
}

static bool next_word(const char *text, size_t size, size_t *begin, size_t *end) {
    size_t at = *end, next = at;
    character_class class = BLANK;
    for (; at < size && class == BLANK; at = next) {
        *begin = at;
        class = class_of(character_at(text, size, at, &next));
    }
    while (class == WORD && at < size && class_of(character_at(text, size, at, &next)) == WORD)
        at = next;
    *end = at;
    return class != BLANK;
}

bool yg_token_next(yg_token_kind kind, const char *text, size_t size, size_t *begin, size_t *end) {
    if (kind == YG_TOKEN_WORD)
        return next_word(text, size, begin, end);
    *begin = *end;
    if (*begin >= size)
        return false;
    if (kind == YG_TOKEN_BYTE)
        ++*end;
    else
        character_at(text, size, *begin, end);
    return true;
}
