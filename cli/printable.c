/*
 * Makes text printable, one UTF-8 character at a time: see printable.h.
 */
#include "printable.h"

#include <stdint.h>
#include <string.h>

/* The bytes of the character that starts with `lead`; 0 for a byte that starts none. */
static size_t length_of(unsigned char lead) {
    if (lead < 0x80)
        return 1;
    if (lead >= 0xC2 && lead <= 0xDF)
        return 2;
    if (lead >= 0xE0 && lead <= 0xEF)
        return 3;
    return lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
}

/* Decodes the character at `text`. Returns its length, or 0 if it is not UTF-8: cut off, an
 * overlong form, a surrogate, or beyond U+10FFFF. */
static size_t decode(const char *text, size_t size, uint32_t *character) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const size_t length = length_of((unsigned char)text[0]);
    if (length == 0 || length > size)
        return 0;
    uint32_t value = (unsigned char)text[0];
    if (length > 1)
        value &= 0x7Fu >> length;
    for (size_t i = 1; i < length; i++) {
        if (((unsigned char)text[i] & 0xC0) != 0x80)
            return 0;
        value = value << 6 | ((unsigned char)text[i] & 0x3Fu);
    }
    if (value < least[length] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
        return 0;
    *character = value;
    return length;
}

/* Whether a terminal would obey the character, or it would change how the text around it looks. */
static bool is_control(uint32_t c) {
    return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x061C || c == 0x200E || c == 0x200F ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

/* Writes "\x1B" or "\u202E": `kind`, and `digits` hexadecimal digits of a number. */
static size_t put_code(char *out, char kind, uint32_t value, int digits) {
    out[0] = '\\';
    out[1] = kind;
    for (int i = 0; i < digits; i++)
        out[2 + i] = "0123456789ABCDEF"[value >> 4 * (digits - 1 - i) & 0xF];
    return (size_t)digits + 2;
}

static size_t put_control(char *out, uint32_t c) {
    if (c != '\n' && c != '\t')
        return c < 0x80 ? put_code(out, 'x', c, 2) : put_code(out, 'u', c, 4);
    out[0] = '\\';
    out[1] = c == '\n' ? 'n' : 't';
    return 2;
}

size_t printable(const char *text, size_t size, bool lines, char *out) {
    size_t used = 0;
    for (size_t at = 0; at < size;) {
        uint32_t c = 0;
        const size_t length = decode(text + at, size - at, &c);
        if (length == 0) {
            used += put_code(out + used, 'x', (unsigned char)text[at++], 2);
            continue;
        }
        if (is_control(c) && !(lines && (c == '\n' || c == '\t'))) {
            used += put_control(out + used, c);
        } else {
            memcpy(out + used, text + at, length);
            used += length;
        }
        at += length;
    }
    return used;
}

size_t printable_pending(const char *text, size_t size) {
    for (size_t back = 1; back < 4 && back <= size; back++) {
        const unsigned char byte = (unsigned char)text[size - back];
        if (byte >= 0xC0)
            return length_of(byte) > back ? back : 0;
        if (byte < 0x80)
            return 0;
    }
    return 0;
}
