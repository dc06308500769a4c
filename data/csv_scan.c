/*
 * The structure of CSV text: see csv_scan.h.
 *
 * Few bytes matter: delimiters, quotes, line ends and NULs. They are found for 64 bytes at a time,
 * as bits of a word. The scan goes from one such byte to the next, and never looks at those
 * between.
 */
#include "csv_scan.h"

#include <stdlib.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { BLOCK = 64, CELLS_AT_ONCE = 32 * 1024 };

/* -------------------------------------------------------------------------------- bytes ------ */

/* Which of 64 bytes may matter: all that do, and perhaps other control characters. *wide: which are
 * not ASCII. */
#ifdef __SSE2__

static uint64_t find_special(const unsigned char *bytes, char delimiter, uint64_t *wide) {
    const __m128i return_ = _mm_set1_epi8('\r'), quote = _mm_set1_epi8('"');
    const __m128i separator = _mm_set1_epi8(delimiter);
    uint64_t special = 0;
    *wide = 0;
    for (int i = 0; i < BLOCK / 16; i++) {
        const __m128i some = _mm_loadu_si128((const __m128i *)(bytes + 16 * i));
        /* NUL, LF and CR are at most CR; so are few other characters. */
        const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(some, return_), some);
        const __m128i match = _mm_or_si128(
            low, _mm_or_si128(_mm_cmpeq_epi8(some, quote), _mm_cmpeq_epi8(some, separator)));
        special |= (uint64_t)(unsigned)_mm_movemask_epi8(match) << (16 * i);
        *wide |= (uint64_t)(unsigned)_mm_movemask_epi8(some) << (16 * i);
    }
    return special;
}

#else

static uint64_t find_special(const unsigned char *bytes, char delimiter, uint64_t *wide) {
    uint64_t special = 0;
    *wide = 0;
    for (int i = 0; i < BLOCK; i++) {
        const unsigned char c = bytes[i];
        special |= (uint64_t)(c <= '\r' || c == '"' || c == (unsigned char)delimiter) << i;
        *wide |= (uint64_t)(c >> 7) << i;
    }
    return special;
}

#endif

static bool is_ascii(const char *text) {
    uint64_t eight;
    memcpy(&eight, text, sizeof eight);
    return !(eight & 0x8080808080808080);
}

bool yg_is_utf8(const char *text, size_t size) {
    const unsigned char *s = (const unsigned char *)text, *end = s + size;
    while (s < end) {
        if (end - s >= 8 && is_ascii((const char *)s)) {
            s += 8;
            continue;
        }
        const unsigned lead = *s++;
        unsigned more = 0, low = 0x80, high = 0xBF;
        if (lead < 0x80)
            continue;
        if (lead >= 0xC2 && lead <= 0xDF)
            more = 1;
        else if (lead >= 0xE0 && lead <= 0xEF)
            more = 2;
        else if (lead >= 0xF0 && lead <= 0xF4)
            more = 3;
        else
            return false;
        low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : low;
        high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : high;
        for (; more; more--, s++, low = 0x80, high = 0xBF)
            if (s == end || *s < low || *s > high)
                return false;
    }
    return true;
}

/* -------------------------------------------------------------------------------- cells ------ */

static bool is_blank(const yg_csv_scan *scan, size_t at) {
    const char c = (char)scan->bytes[at];
    return (c == ' ' || c == '\t') && c != scan->delimiter;
}

static size_t skip_blanks(const yg_csv_scan *scan, size_t at, size_t end) {
    while (at < end && is_blank(scan, at))
        at++;
    return at;
}

/* Whether a cell of the current record was quoted. */
static bool is_quoted(const yg_csv_scan *scan, const yg_cell *cell) {
    return (const unsigned char *)cell->text > scan->bytes + scan->record && cell->text[-1] == '"';
}

/* Finds the first cell of the record that is not UTF-8. */
static bool find_wrong_text(yg_csv_scan *scan) {
    for (size_t i = scan->first_cell; scan->wide && i < scan->cell_count; i++) {
        const yg_cell *cell = &scan->cells[i];
        if (yg_is_utf8(cell->text, cell->size))
            continue;
        scan->fault = YG_CSV_NOT_UTF8;
        scan->place = (size_t)((const unsigned char *)cell->text - scan->bytes);
        scan->place -= is_quoted(scan, cell);
        return true;
    }
    return false;
}

/* Fails the record. What is wrong before `place` in it is told instead. Always returns false. */
static bool fail(yg_csv_scan *scan, yg_csv_fault fault, size_t place) {
    if (!find_wrong_text(scan)) {
        scan->fault = fault;
        scan->place = place;
    }
    return false;
}

static bool grow_cells(yg_csv_scan *scan) {
    const size_t capacity = scan->cell_capacity ? 2 * scan->cell_capacity : 1024;
    yg_cell *cells = realloc(scan->cells, capacity * sizeof *cells);
    if (!cells)
        return fail(scan, YG_CSV_MEMORY, scan->record);
    scan->cells = cells;
    scan->cell_capacity = capacity;
    return true;
}

/* Only blanks may stand between a closing quote and `end`. */
static bool check_behind(yg_csv_scan *scan, size_t end) {
    const size_t text = scan->state == YG_CSV_QUOTE ? skip_blanks(scan, scan->quote + 1, end) : end;
    return text == end || fail(scan, YG_CSV_TEXT, text);
}

/* Ends a cell at `end`, where a delimiter or the record's end is. */
static inline bool end_cell(yg_csv_scan *scan, size_t end) {
    size_t begin = scan->cell;
    if (scan->state == YG_CSV_PLAIN) {
        while (begin < end && is_blank(scan, begin))
            begin++;
        while (end > begin && is_blank(scan, end - 1))
            end--;
    } else {
        if (!check_behind(scan, end))
            return false;
        end = scan->quote;
    }
    if (scan->cell_count == scan->cell_capacity && !grow_cells(scan))
        return false;
    scan->cells[scan->cell_count++] = (yg_cell){.kind = YG_CELL_TEXT,
                                                .size = (uint32_t)(end - begin),
                                                .text = (const char *)scan->bytes + begin};
    scan->state = YG_CSV_PLAIN;
    return true;
}

/* Makes one of two quotes, in the cells of the record. yg_csv_scan_walk() counts the characters of
 * the record later, and must find the cells behind in their columns. So a quote that is left over
 * in the cell's last line becomes a character, and one before that a byte that goes on with a
 * character. */
static void undouble(yg_csv_scan *scan) {
    for (size_t i = scan->first_cell; i < scan->cell_count; i++) {
        yg_cell *cell = &scan->cells[i];
        if (!is_quoted(scan, cell))
            continue;
        char *text = (char *)scan->bytes + ((const unsigned char *)cell->text - scan->bytes);
        size_t kept = 0, in_line = 0;
        for (size_t from = 0; from < cell->size; from++) {
            const char c = text[from];
            text[kept++] = c;
            from += c == '"';
            in_line = c == '\n' ? 0 : in_line + (c == '"');
        }
        memset(text + kept, 0x80, cell->size - kept);
        memset(text + kept, '"', in_line);
        cell->size = (uint32_t)kept;
    }
}

/* ------------------------------------------------------------------------------ records ------ */

static void begin_record(yg_csv_scan *scan, size_t at) {
    scan->record = scan->cell = at;
    scan->line += 1 + scan->line_ends;
    scan->line_ends = 0;
    scan->wide = scan->doubled = false;
    scan->state = YG_CSV_PLAIN;
    scan->first_cell = scan->cell_count;
}

static bool grow_lines(yg_csv_scan *scan) {
    const size_t capacity = scan->capacity ? 2 * scan->capacity : 64;
    yg_csv_line *lines = realloc(scan->lines, capacity * sizeof *lines);
    if (!lines)
        return fail(scan, YG_CSV_MEMORY, scan->record);
    scan->lines = lines;
    scan->capacity = capacity;
    return true;
}

/* Ends the record at `end`. An empty line is no record, unless it may be an empty cell. */
static bool end_record(yg_csv_scan *scan, size_t end) {
    if (scan->state == YG_CSV_COMMENT || (end == scan->record && scan->columns != 1))
        return true;
    if (!end_cell(scan, end))
        return false;
    const size_t cells = scan->cell_count - scan->first_cell;
    if (scan->wide && find_wrong_text(scan))
        return false;
    if (scan->columns && cells != scan->columns && scan->counting) {
        scan->cell_count = scan->first_cell;
        scan->left_out++;
        return true;
    }
    if (scan->columns && cells != scan->columns) {
        scan->found = cells;
        return fail(scan, YG_CSV_CELL_COUNT, scan->record);
    }
    if (scan->doubled && scan->tentative)
        return false;
    if (scan->doubled)
        undouble(scan);
    if (scan->count == scan->capacity && !grow_lines(scan))
        return false;
    scan->lines[scan->count++] = (yg_csv_line){scan->record, scan->line};
    return true;
}

/* A line end at `at`. Sets *ended if a record ended. */
static bool take_line_end(yg_csv_scan *scan, size_t at, bool *ended) {
    const size_t before = scan->count;
    if (scan->state == YG_CSV_QUOTED) {
        scan->line_ends += scan->bytes[at] == '\n';
        return true;
    }
    if (scan->returned && at == scan->record && scan->bytes[at] == '\n') {
        scan->returned = false;
        scan->record = scan->cell = at + 1; /* of a CR LF */
        return true;
    }
    if (!end_record(scan, at))
        return false;
    scan->returned = scan->bytes[at] == '\r';
    begin_record(scan, at + 1);
    *ended = scan->count > before;
    return true;
}

static void take_quote(yg_csv_scan *scan, size_t at) {
    if (scan->state == YG_CSV_QUOTED) {
        scan->state = YG_CSV_QUOTE;
        scan->quote = at;
    } else if (scan->state == YG_CSV_QUOTE && at == scan->quote + 1) {
        scan->state = YG_CSV_QUOTED;
        scan->doubled = true;
    } else if (scan->state == YG_CSV_PLAIN && skip_blanks(scan, scan->cell, at) == at) {
        scan->state = YG_CSV_QUOTED;
        scan->cell = at + 1;
    }
}

/* Another byte that may matter. */
static bool take_other(yg_csv_scan *scan, size_t at, bool *ended) {
    switch (scan->bytes[at]) {
    case '"':
        take_quote(scan, at);
        return true;
    case '\n':
    case '\r':
        return take_line_end(scan, at, ended);
    case '\0':
        return check_behind(scan, at) && fail(scan, YG_CSV_NUL, at);
    default:
        return true;
    }
}

static inline void see_comment(yg_csv_scan *scan) {
    if (scan->comment && scan->cell == scan->record && scan->state == YG_CSV_PLAIN &&
        scan->bytes[scan->record] == (unsigned char)scan->comment)
        scan->state = YG_CSV_COMMENT;
}

static inline bool take(yg_csv_scan *scan, size_t at, bool *ended) {
    see_comment(scan);
    if (scan->bytes[at] != (unsigned char)scan->delimiter)
        return take_other(scan, at, ended);
    if (scan->state == YG_CSV_QUOTED || scan->state == YG_CSV_COMMENT)
        return true;
    const bool good = end_cell(scan, at);
    scan->cell = at + 1;
    return good;
}

/* The end of the file ends the last record. */
static void finish(yg_csv_scan *scan) {
    if (scan->record == scan->end)
        return;
    see_comment(scan);
    if (scan->state == YG_CSV_QUOTED)
        fail(scan, YG_CSV_UNCLOSED, scan->cell - 1);
    else if (end_record(scan, scan->end))
        begin_record(scan, scan->end);
}

static void run(yg_csv_scan *scan, size_t limit) {
    while (scan->at < scan->end) {
        uint64_t wide, special = find_special(scan->bytes + scan->at, scan->delimiter, &wide);
        const size_t size = scan->end - scan->at < BLOCK ? scan->end - scan->at : BLOCK;
        const uint64_t within = ~(uint64_t)0 >> (BLOCK - size);
        wide &= within;
        scan->wide = scan->wide || wide;
        for (special &= within; special; special &= special - 1) {
            const size_t at = scan->at + (size_t)__builtin_ctzll(special);
            bool ended = false;
            if (!take(scan, at, &ended))
                return;
            scan->wide = scan->wide || wide;
            if (ended && (scan->count == limit || scan->cell_count >= CELLS_AT_ONCE)) {
                scan->at = at + 1;
                scan->wide = false;
                return;
            }
        }
        scan->at += size;
    }
    if (scan->last)
        finish(scan);
    else if (scan->end - scan->record >= YG_CSV_RECORD_CAP)
        fail(scan, YG_CSV_TOO_LONG, scan->record + YG_CSV_RECORD_CAP - 1);
}

void yg_csv_scan_run(yg_csv_scan *scan, size_t limit) {
    if (scan->count < limit && !scan->fault)
        run(scan, limit);
}

void yg_csv_scan_rewind(yg_csv_scan *scan) {
    scan->at = scan->record;
    scan->cell_count = scan->first_cell;
    scan->fault = YG_CSV_GOOD;
    scan->line--;
    scan->line_ends = 0;
    begin_record(scan, scan->record);
}

void yg_csv_scan_clear(yg_csv_scan *scan) {
    scan->cell_count -= scan->first_cell;
    if (scan->cell_count)
        memmove(scan->cells, scan->cells + scan->first_cell,
                scan->cell_count * sizeof *scan->cells);
    scan->first_cell = 0;
    scan->count = 0;
}

void yg_csv_scan_moved(yg_csv_scan *scan, unsigned char *bytes, size_t by) {
    for (size_t i = 0; i < scan->cell_count; i++) {
        yg_cell *cell = &scan->cells[i];
        cell->text = (const char *)bytes + ((const unsigned char *)cell->text - scan->bytes) - by;
    }
    scan->bytes = bytes;
    scan->end -= by;
    scan->at -= by;
    scan->record -= by;
    scan->cell -= by;
    scan->quote -= by;
}

void yg_csv_scan_free(yg_csv_scan *scan) {
    free(scan->cells);
    free(scan->lines);
    *scan = (yg_csv_scan){0};
}

void yg_csv_scan_walk(const yg_csv_scan *scan, yg_csv_place *place, size_t at) {
    for (; place->at < at; place->at++) {
        if (scan->bytes[place->at] == '\n') {
            place->line++;
            place->column = 1;
        } else {
            /* The bytes 10xxxxxx go on with a UTF-8 character. */
            place->column += (scan->bytes[place->at] & 0xC0) != 0x80;
        }
    }
}
