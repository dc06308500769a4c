/*
 * Tokens: where a text is cut into characters, words and bytes.
 */
#include "data/tokens.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const struct {
    yg_token_kind kind;
    const char *text, *expected; /* the tokens, each with a bar behind it */
} cases[] = {
    {YG_TOKEN_WORD, "", ""},
    {YG_TOKEN_WORD, " \t\r\n", ""},
    {YG_TOKEN_WORD, "a", "a|"},
    {YG_TOKEN_WORD, "  Call me, now!!  ", "Call|me|,|now|!|!|"},
    {YG_TOKEN_WORD, "don't", "don|'|t|"},
    {YG_TOKEN_WORD, "x_1 = 3.5e-2", "x_1|=|3|.|5e|-|2|"},
    {YG_TOKEN_WORD, "£1.50,Größe", "£|1|.|50|,|Größe|"},
    {YG_TOKEN_WORD, "„naïve“ – ça", "„|naïve|“|–|ça|"},
    {YG_TOKEN_WORD, "a\u00a0b\u3000c\u2009d", "a|b|c|d|"},
    {YG_TOKEN_WORD, "Привет,мир", "Привет|,|мир|"},
    {YG_TOKEN_WORD, "日本、東京", "日本|、|東京|"},
    {YG_TOKEN_WORD, "hi😀😀you", "hi|😀|😀|you|"},
    {YG_TOKEN_WORD, "m² ½ ªº µ", "m²|½|ªº|µ|"},
    {YG_TOKEN_WORD,
     "a\x7f"
     "b",
     "a|b|"},
    {YG_TOKEN_CHAR, "", ""},
    {YG_TOKEN_CHAR, "a b", "a| |b|"},
    {YG_TOKEN_CHAR, "é日😀", "é|日|😀|"},
    {YG_TOKEN_BYTE, "", ""},
    {YG_TOKEN_BYTE, "aé", "a|\xC3|\xA9|"},
    /* What is cut off in the middle of a character does not lead beyond the end. */
    {YG_TOKEN_CHAR, "a\xE6\x97", "a|\xE6\x97|"},
    {YG_TOKEN_WORD, "a\xF0", "a|"},
};

Test(tokens, are_cut) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char found[200] = "";
        char text[100]; /* of its own size, so that a sanitiser sees a read behind it */
        const size_t size = strlen(cases[i].text);
        size_t begin = 0, end = 0, used = 0;
        memcpy(text + sizeof text - size, cases[i].text, size);
        const char *at = text + sizeof text - size;
        while (yg_token_next(cases[i].kind, at, size, &begin, &end)) {
            cr_assert(begin < end && end <= size, "'%s': %zu to %zu", cases[i].text, begin, end);
            used += (size_t)snprintf(found + used, sizeof found - used, "%.*s|", (int)(end - begin),
                                     at + begin);
        }
        cr_expect_str_eq(found, cases[i].expected, "'%s' gave %s", cases[i].text, found);
    }
}
