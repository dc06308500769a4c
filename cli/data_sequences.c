/*
 * What `yamlgrad data` says of sequences: their lengths, and how much of what is fed is padding.
 */
#include "../data/sequences.h"
#include "../data/stream.h"
#include "../train/settings.h"
#include "data_view.h"

/* Of the steps of an epoch's batches, the share that is padding. */
static bool share_of_padding(const data_view *view, const yg_settings *settings, bool buckets,
                             double *share, yg_error *error) {
    const yg_part *part = &view->data.train;
    yg_sequencing sequencing = view->data.sequencing;
    sequencing.buckets = sequencing.buckets && buckets;
    int64_t fed = 0;
    yg_stream *stream = yg_stream_open_shuffled(part, settings->seed, false, error);
    if (!stream || !yg_stream_bucket(stream, &sequencing, view->sequences.batch, error)) {
        yg_stream_close(stream);
        return false;
    }
    for (int64_t at = 0; at < part->count; at += view->sequences.batch) {
        yg_stream_seek(stream, 0, at);
        const int64_t left = yg_stream_left(stream);
        const int64_t count = left < view->sequences.batch ? left : view->sequences.batch;
        fed += count * yg_sequences_padded(&sequencing, yg_stream_longest(stream, count));
    }
    yg_stream_close(stream);
    *share = fed ? (double)(fed - view->sequences.steps) / (double)fed : 0;
    return true;
}

bool view_sequences_make(data_view *view, yg_error *error) {
    const yg_part *part = &view->data.train;
    view_sequences *s = &view->sequences;
    yg_settings settings;
    if (!part->dataset->sequences)
        return true;
    yg_stream *stream = yg_stream_open(part, error);
    if (!stream || !yg_settings_read_step(view->model, &settings, error)) {
        yg_stream_close(stream);
        return false;
    }
    for (int64_t at = 0; at < part->count; at++) {
        yg_stream_seek(stream, 0, at);
        const int64_t length = yg_stream_longest(stream, 1);
        s->least = at && s->least < length ? s->least : length;
        s->most = length > s->most ? length : s->most;
        s->steps += length;
    }
    yg_stream_close(stream);
    s->count = part->count;
    s->batch = settings.batch_size < part->count ? settings.batch_size : part->count;
    return share_of_padding(view, &settings, true, &s->padding, error) &&
           share_of_padding(view, &settings, false, &s->unsorted, error);
}
