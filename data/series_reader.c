/*
 * Windows over rows that arrive: see series_reader.h.
 */
#include "series_reader.h"

#include "decoder.h"
#include "fill.h"
#include "keep.h"
#include "series.h"

#include <stdlib.h>
#include <string.h>

struct yg_series_reader {
    const yg_reading *reading;
    yg_reader *reader;
    const char *name;
    int64_t length, limit;
    yg_dataset rows;       /* the last length - 1 rows that have been looked at, and those behind */
    int64_t at;            /* the first row of `rows` that has not been looked at */
    int64_t run;           /* where its run begins in `rows`; 0 if that is before them */
    int64_t run_length;    /* rows of this run that have been looked at */
    int64_t longest;       /* the same of the longest run */
    int64_t passed;        /* rows of the table before those in `rows` */
    int64_t begun;         /* of reading->runs: those that begin before row `at` */
    const char *kept;      /* texts of row `at`; NULL: nothing is kept */
    yg_elements *overlap;  /* by port: `rows`, where an example is a window */
    yg_dataset windows[2]; /* of batches, in turn */
    yg_feed *feeds[2];     /* by port that is read: the memory of `windows` */
    size_t feed_count;
    bool any; /* there was a window */
};

void yg_series_reader_free(yg_series_reader *s) {
    if (!s)
        return;
    yg_dataset_free(&s->rows);
    for (int i = 0; i < 2; i++) {
        yg_dataset_free(&s->windows[i]);
        free(s->feeds[i]);
    }
    free(s->overlap);
    free(s);
}

/* Makes the memory of the windows of one port. */
static bool make_port(yg_series_reader *s, size_t p, yg_error *error) {
    s->overlap[p] = s->rows.ports[p];
    yg_series_widen(s->reading, p, &s->overlap[p]);
    if (s->overlap[p].width > 0 && s->limit > (int64_t)(SIZE_MAX / 32) / s->overlap[p].width)
        return yg_fail_memory(error);
    for (int i = 0; i < 2; i++) {
        yg_elements *to = &s->windows[i].ports[p];
        *to = (yg_elements){.dtype = s->overlap[p].dtype, .width = s->overlap[p].width};
        to->data = calloc((size_t)(s->limit * to->width) + 1, yg_dtype_size(to->dtype));
        s->feeds[i][s->feed_count] = (yg_feed){p, to->dtype, to->width, to->data};
        if (!to->data)
            return yg_fail_memory(error);
    }
    s->feed_count++;
    return true;
}

static bool make_windows(yg_series_reader *s, int i, yg_error *error) {
    yg_dataset *windows = &s->windows[i];
    if (!yg_dataset_begin(s->reading, windows, error))
        return false;
    s->feeds[i] = calloc(windows->port_count + 1, sizeof *s->feeds[i]);
    return (s->feeds[i] &&
            (!s->reading->keep || (windows->kept = calloc(1, sizeof *windows->kept)))) ||
           yg_fail_memory(error);
}

static bool make(yg_series_reader *s, yg_error *error) {
    const yg_reading *reading = s->reading;
    if (!make_windows(s, 0, error) || !make_windows(s, 1, error) ||
        !yg_dataset_reserve(reading, &s->rows, s->length - 1 + s->limit, error))
        return false;
    s->overlap = calloc(s->rows.port_count + 1, sizeof *s->overlap);
    if (!s->overlap || (reading->keep && !(s->rows.kept = calloc(1, sizeof *s->rows.kept))))
        return yg_fail_memory(error);
    for (size_t p = 0; p < s->rows.port_count; p++)
        if (yg_reading_wants(reading, p) && !make_port(s, p, error))
            return false;
    return true;
}

yg_series_reader *yg_series_reader_new(const yg_reading *reading, yg_reader *reader,
                                       const char *name, int64_t limit, yg_error *error) {
    yg_series_reader *s = calloc(1, sizeof *s);
    if (!s) {
        yg_fail_memory(error);
        return NULL;
    }
    *s = (yg_series_reader){.reading = reading,
                            .reader = reader,
                            .name = name,
                            .length = reading->data->series.length,
                            .limit = limit};
    if (make(s, error))
        return s;
    yg_series_reader_free(s);
    return NULL;
}

/* Forgets the rows that no later window needs: the others move to the front. */
static void forget(yg_series_reader *s) {
    const int64_t stay = s->at < s->length - 1 ? s->at : s->length - 1, gone = s->at - stay;
    for (size_t p = 0; gone > 0 && p < s->rows.port_count; p++) {
        yg_elements *elements = &s->rows.ports[p];
        const size_t row = (size_t)elements->width * yg_elements_size(elements);
        if (elements->data)
            memmove(elements->data, (char *)elements->data + (size_t)gone * row,
                    (size_t)stay * row);
    }
    s->passed += gone;
    s->run = s->run > gone ? s->run - gone : 0;
    s->rows.count = s->at = stay;
}

/* Reads more rows, when all have been looked at. Returns as yg_reader_next(). */
static int64_t read_rows(yg_series_reader *s, yg_error *error) {
    forget(s);
    s->reading->runs->count = s->begun = 0;
    if (s->rows.kept)
        s->rows.kept->size = 0;
    const int64_t count = yg_reader_next(s->reader, &s->rows, s->limit, error);
    s->kept = s->rows.kept ? s->rows.kept->texts : NULL;
    return count;
}

/* Adds the window that ends with row `at`. What is kept of it are the texts of that row. */
static bool add_window(yg_series_reader *s, int turn, size_t kept_size, yg_error *error) {
    yg_dataset from = s->rows;
    from.ports = s->overlap;
    const yg_chosen chosen = {NULL, s->at + 1 - s->length, 1};
    const yg_fill_scratch none = {0};
    yg_fill_feeds(&from, &chosen, &none, s->feeds[turn], s->feed_count, s->windows[turn].count++);
    s->any = true;
    return !s->kept || yg_kept_add_texts(s->windows[turn].kept, s->kept, kept_size) ||
           yg_fail_memory(error);
}

/* Looks at row `at`. */
static bool look(yg_series_reader *s, int turn, yg_error *error) {
    const yg_runs *runs = s->reading->runs;
    const size_t kept_size = s->kept ? yg_kept_size(s->kept, s->reading->keep->count) : 0;
    if (s->begun < runs->count && runs->begins[s->begun] == s->passed + s->at) {
        s->run = s->at;
        s->run_length = 0;
        s->begun++;
    }
    s->run_length++;
    s->longest = s->run_length > s->longest ? s->run_length : s->longest;
    if (s->run + s->length <= s->at + 1 && !add_window(s, turn, kept_size, error))
        return false;
    s->kept = s->kept ? s->kept + kept_size : NULL;
    s->at++;
    return true;
}

static bool next_windows(void *state, int64_t n, int64_t limit, yg_batch_read *batch,
                         yg_error *error) {
    yg_series_reader *s = state;
    const int turn = (int)(n % 2);
    yg_dataset *windows = &s->windows[turn];
    int64_t count = 1;
    bool waits = false;
    windows->count = 0;
    if (windows->kept)
        windows->kept->size = 0;
    while (windows->count < limit && !waits && count != 0) {
        if (s->at == s->rows.count && (count = read_rows(s, error)) == -1)
            return false;
        while (s->at < s->rows.count && windows->count < limit)
            if (!look(s, turn, error))
                return false;
        waits = count == YG_EXAMPLES_LATER ||
                (count > 0 && s->at == s->rows.count && yg_reader_waits(s->reader));
    }
    *batch = (yg_batch_read){.dataset = windows, .count = windows->count, .paused = waits};
    return s->any || waits || count != 0 ||
           yg_series_fail_none(s->reading, s->name, s->passed + s->rows.count, s->longest, error);
}

yg_batch_source yg_series_reader_batches(yg_series_reader *s) {
    return (yg_batch_source){.next = next_windows, .state = s, .reader = s->reader};
}
