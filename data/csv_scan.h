/*
 * The structure of CSV text: where its records and cells are. Private to the library.
 *
 * A scan goes over bytes in memory and may be continued when more have come. Cells are not copied:
 * they are spans of the bytes. Only a quoted cell with doubled quotes is written anew, in its
 * place.
 */
#ifndef YG_DATA_CSV_SCAN_H
#define YG_DATA_CSV_SCAN_H

#include "table.h"

#define YG_CSV_RECORD_CAP ((size_t)64 << 20) /* bytes of one record */
/* So many bytes behind `end` must be readable. Their values do not matter. */
#define YG_CSV_SLACK 64

typedef enum yg_csv_state {
    YG_CSV_PLAIN,   /* in a cell that is not quoted, or before one */
    YG_CSV_QUOTED,  /* in a quoted cell */
    YG_CSV_QUOTE,   /* behind a quote in a quoted cell: its end, or the first of two */
    YG_CSV_COMMENT, /* in a line that is passed over */
} yg_csv_state;

typedef enum yg_csv_fault {
    YG_CSV_GOOD,
    YG_CSV_NUL,        /* a NUL character at `place` */
    YG_CSV_NOT_UTF8,   /* in the cell at `place` */
    YG_CSV_UNCLOSED,   /* the quote at `place` */
    YG_CSV_TEXT,       /* behind a closing quote, at `place` */
    YG_CSV_TOO_LONG,   /* the record */
    YG_CSV_CELL_COUNT, /* of the record */
    YG_CSV_MEMORY,
} yg_csv_fault;

/* Where a record begins: its byte, and its line in the file, from 1. */
typedef struct yg_csv_line {
    size_t start;
    int64_t line;
} yg_csv_line;

typedef struct yg_csv_scan {
    char delimiter;
    char comment;   /* lines that begin with it are passed over; 0: none */
    size_t columns; /* cells of each record; 0: any number */

    unsigned char *bytes;
    size_t end;
    bool last;      /* no more bytes will come behind `end` */
    bool tentative; /* nothing may be written: a record with doubled quotes stops the scan */
    bool counting;  /* records of another number of cells are no fault, but counted and left out */

    size_t at; /* the next byte to look at */
    yg_csv_state state;
    size_t record; /* where the current record begins, and its line */
    int64_t line;
    int64_t line_ends; /* within quoted cells of the current record */
    size_t cell;       /* where the current cell's text begins; quoted: behind the quote */
    size_t quote;      /* the last quote of a quoted cell */
    bool returned;     /* the byte before `record` is a CR that ended a line: an LF belongs to it */
    bool wide;         /* the record may have bytes that are not ASCII */
    bool doubled;      /* the record has doubled quotes */

    /* What was found. `cells` also has those of the unfinished record, behind all others. */
    yg_cell *cells;
    size_t cell_count, cell_capacity, first_cell; /* first_cell: of the unfinished record */
    yg_csv_line *lines;
    size_t count, capacity; /* records */

    yg_csv_fault fault; /* of the record that begins at `record` */
    size_t place;
    size_t found;     /* CELL_COUNT: its cells */
    int64_t left_out; /* records that were counted */
} yg_csv_scan;

/* Goes on until `limit` records are there, or many cells, a fault, or the end of the bytes. At the
 * last of these there may be an unfinished record, unless `last`. */
void yg_csv_scan_run(yg_csv_scan *scan, size_t limit);

/* Forgets what was found of the unfinished record. It will be scanned again from its beginning. */
void yg_csv_scan_rewind(yg_csv_scan *scan);
/* Forgets the finished records, and keeps the unfinished one. */
void yg_csv_scan_clear(yg_csv_scan *scan);
/* To be called when bytes[by ..) were moved to the beginning of `bytes`, which may be new memory.
 */
void yg_csv_scan_moved(yg_csv_scan *scan, unsigned char *bytes, size_t by);
void yg_csv_scan_free(yg_csv_scan *scan);

/* A byte, and its line and column in the file. */
typedef struct yg_csv_place {
    size_t at;
    int64_t line, column; /* column in characters */
} yg_csv_place;

/* Goes on to bytes[at]. */
void yg_csv_scan_walk(const yg_csv_scan *scan, yg_csv_place *place, size_t at);

/* Whether text[0 .. size) is UTF-8 as RFC 3629 has it. */
bool yg_is_utf8(const char *text, size_t size);

#endif
