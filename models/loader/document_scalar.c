/*
 * Scalars: their text, its place in the file, and common mistakes that YAML itself accepts, such as
 * a comma in an expression within { }.
 */
#include "reader.h"

#include <stdlib.h>
#include <string.h>

enum { KEY_CAP = 1024 }; /* of libyaml: a longer text is no key, unless '? ' says so */

/* libyaml counts an anchor as part of the scalar. Returns the byte after it. */
static size_t skip_anchor(const yg_reader *r, size_t offset, yg_origin *origin) {
    const char *text = r->source->text;
    bool comment = false;
    while (text[offset] == '&' || strchr(" \t\r\n#", text[offset]) || comment) {
        if (text[offset] == '\0')
            break;
        if (text[offset] == '&') {
            const size_t length = strcspn(text + offset, " \t\r\n,[]{}");
            offset += length;
            origin->column += (int32_t)length; /* an anchor is ASCII */
            continue;
        }
        comment = (comment || text[offset] == '#') && text[offset] != '\n' && text[offset] != '\r';
        if (text[offset] == '\n' || (text[offset] == '\r' && text[offset + 1] != '\n')) {
            origin->line++;
            origin->column = 1;
        } else {
            origin->column++;
        }
        offset += yg_character_size(text + offset);
    }
    return offset;
}

/* Finds the scalar's text in the file: bytes [*start, *end); *origin becomes the place of the first
 * character. False where escapes make it differ from the scalar's text. */
static bool raw_text(const yg_reader *r, yaml_scalar_style_t style, size_t *start, size_t *end,
                     yg_origin *origin) {
    const char *text = r->source->text;
    if (style == YAML_SINGLE_QUOTED_SCALAR_STYLE || style == YAML_DOUBLE_QUOTED_SCALAR_STYLE) {
        const char escape = style == YAML_SINGLE_QUOTED_SCALAR_STYLE ? '\'' : '\\';
        ++*start;
        origin->column++;
        if (*end <= *start)
            return false;
        --*end;
        return !memchr(text + *start, escape, *end - *start);
    }
    if (style == YAML_LITERAL_SCALAR_STYLE || style == YAML_FOLDED_SCALAR_STYLE) {
        size_t first = *start + strcspn(text + *start, "\r\n");
        size_t line_start = first;
        for (; first < *end && strchr(" \r\n", text[first]); first++) {
            if (text[first] == '\n' || (text[first] == '\r' && text[first + 1] != '\n')) {
                origin->line++;
                line_start = first + 1;
            }
        }
        if (first >= *end)
            return false;
        origin->column = (int32_t)(first - line_start) + 1;
        *start = first;
    }
    while (*end > *start && strchr(" \t\r\n", text[*end - 1]))
        --*end;
    return true;
}

/* In [ ] or { } a comma or bracket may have cut an expression in two. The length of the whole
 * expression, up to where its own brackets are closed and a comma or bracket of YAML's follows; 0
 * if that is not on this line. */
static size_t whole_length(const char *text) {
    int depth = 0;
    size_t i = 0;
    for (; text[i] != '\0' && text[i] != '\n' && text[i] != '\r'; i++) {
        if (strchr("([{", text[i]))
            depth++;
        else if (depth == 0 && (strchr(",]}", text[i]) || strncmp(text + i, " #", 2) == 0))
            break;
        else if (strchr(")]}", text[i]) && --depth < 0)
            return 0;
    }
    while (i > 0 && text[i - 1] == ' ')
        i--;
    return depth == 0 ? i : 0;
}

/* For YAML, `{y: sum(x, axis=1)}` is two entries, "y: sum(x" and "axis=1". Reports that. */
static bool check_flow_text(yg_reader *r, const yg_value *value) {
    int depth = 0;
    for (const char *c = value->text; *c != '\0' && depth >= 0; c++)
        depth += *c == '(' ? 1 : *c == ')' ? -1 : 0;
    if (depth == 0)
        return true;
    if (depth < 0)
        return yg_fail(r->error, YG_ERROR_SYNTAX, value->origin,
                       "found '%.100s', where a ')' has no '('", value->text);
    const char *text = yg_source_at(r->source, value->origin);
    const size_t whole = whole_length(text);
    if (whole == 0)
        return yg_fail(
            r->error, YG_ERROR_SYNTAX, value->origin,
            "found '%.100s', where a '(' is not closed; within { } and [ ] a comma ends a "
            "value: write the whole expression in quotes",
            value->text);
    const char quote = memchr(text, '"', whole) ? '\'' : '"';
    return yg_fail(r->error, YG_ERROR_SYNTAX, value->origin,
                   "the text is cut at '%.100s', because within { } and [ ] a comma or bracket "
                   "ends a value; write it in quotes: %c%.*s%c, or on a line of its own",
                   value->text, quote, whole > 200 ? 200 : (int)whole, text, quote);
}

/* Reports a line such as `units:16` within a plain text of several lines: a key without its space.
 */
static bool check_continuation(yg_reader *r, const yg_value *value) {
    int depth = 0;
    yg_origin at = value->origin;
    for (const char *c = value->source; *c != '\0'; c++) {
        depth += strchr("([{", *c) ? 1 : strchr(")]}", *c) ? -1 : 0;
        if (*c != '\n')
            continue;
        const size_t indent = strspn(c + 1, " ");
        at.line++;
        at.column = (int32_t)indent + 1;
        if (depth == 0 && yg_lacks_space(c + 1 + indent)) {
            char found[YG_EXCERPT];
            return yg_fail(r->error, YG_ERROR_SYNTAX, at,
                           "found %s, which goes on with the text of the line above; a key needs a "
                           "space after its ':', as in 'name: value'",
                           yg_source_excerpt(r->source, at, found));
        }
    }
    return true;
}

static bool check_key(yg_reader *r, const yg_value *key) {
    if (key->text[0] == '\0')
        return yg_fail(r->error, YG_ERROR_SYNTAX, key->origin,
                       "a key is missing before ':'; expected 'name: value'");
    if (!key->quoted && strcmp(key->text, "<<") == 0)
        return yg_fail(r->error, YG_ERROR_SYNTAX, key->origin,
                       "merge keys ('<<') are not part of the format; write the entries out, or "
                       "define a layer type for what recurs");
    return true;
}

/* Reports a key without value and colon, such as `a` in `{a, b: 1}`. */
static bool check_flow_entry(yg_reader *r, const yg_value *value, size_t start) {
    const yg_value *key = r->pending[r->pending_count - 1];
    if (value->quoted || value->text[0] != '\0')
        return true;
    if (start > r->key_end && memchr(r->source->text + r->key_end, ':', start - r->key_end))
        return true;
    if (yg_lacks_space(key->text)) {
        const int name = (int)strcspn(key->text, ":");
        return yg_fail(r->error, YG_ERROR_SYNTAX, key->origin,
                       "found '%.100s'; a key needs a space after its ':', as in '%.*s: %.100s'",
                       key->text, name > 100 ? 100 : name, key->text, key->text + name + 1);
    }
    if (strlen(key->text) > KEY_CAP)
        return yg_fail(r->error, YG_ERROR_SYNTAX, key->origin,
                       "YAML reads a key only up to %d characters; begin a longer one with '? '",
                       KEY_CAP);
    return yg_fail(r->error, YG_ERROR_SYNTAX, key->origin,
                   "'%.100s' has no value; within { } expected 'name: value'", key->text);
}

bool yg_reader_scalar(yg_reader *r, const yaml_event_t *event) {
    const char *text = (const char *)event->data.scalar.value;
    const size_t length = event->data.scalar.length;
    const yaml_scalar_style_t style = event->data.scalar.style;
    yg_origin origin = yg_reader_place(r, event->start_mark);
    if (length > YG_SCALAR_CAP)
        return yg_fail(r->error, YG_ERROR_SYNTAX, origin, "a text of more than %d bytes",
                       YG_SCALAR_CAP);
    if (memchr(text, '\0', length))
        return yg_fail(r->error, YG_ERROR_SYNTAX, origin,
                       "the text holds a NUL character; leave out its '\\0'");
    if (!yg_reader_count(r, 1, origin))
        return false;
    size_t number;
    if (!yg_reader_declare(r, event->data.scalar.anchor, origin, &number))
        return false;

    size_t start = yg_reader_offset(r, event->start_mark);
    const size_t after = yg_reader_offset(r, event->end_mark);
    size_t end = after;
    if (number != 0)
        start = skip_anchor(r, start, &origin);
    yg_value *value = yg_pool_take(r->pool, sizeof *value);
    char *copy = yg_pool_copy(r->pool, text, length);
    if (!value || !copy)
        return yg_fail_memory(r->error);
    const bool raw = start < end && raw_text(r, style, &start, &end, &origin);
    const char *source =
        raw && (end - start != length || memcmp(r->source->text + start, copy, length) != 0)
            ? yg_pool_copy(r->pool, r->source->text + start, end - start)
            : copy;
    if (!source)
        return yg_fail_memory(r->error);
    const bool plain = style == YAML_PLAIN_SCALAR_STYLE;
    *value = (yg_value){
        .kind = YG_SCALAR, .quoted = !plain, .origin = origin, .text = copy, .source = source};
    yg_reader_define(r, number, value, 1, 0);

    const yg_frame *f = yg_reader_frame(r);
    const bool flow = f && f->flow;
    if (plain && flow && !check_flow_text(r, value))
        return false;
    if (plain && !flow && !check_continuation(r, value))
        return false;
    if (yg_reader_expects_key(r)) {
        r->key_end = after;
        if (!check_key(r, value))
            return false;
    } else if (flow && f->kind == YG_MAPPING && !check_flow_entry(r, value, start)) {
        return false;
    }
    return yg_reader_append(r, value, 0);
}
