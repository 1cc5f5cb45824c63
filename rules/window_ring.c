/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Samples of a window in order of time, in a ring that grows up to a limit. */

#include <math.h>

#include "engine/base/alloc.h"
#include "engine/value/build.h"
#include "rules/window.h"

static struct mf_sample *at(const struct mf_samples *samples, size_t i)
{
    size_t pos = samples->first + i;

    return &samples->ring[pos < samples->cap ? pos : pos - samples->cap];
}

const struct mf_sample *mf_samples_at(const struct mf_samples *samples, size_t i)
{
    return at(samples, i);
}

static void drop_oldest(struct mf_samples *samples)
{
    samples->first = samples->first + 1 < samples->cap ? samples->first + 1 : 0;
    samples->count--;
}

static void grow(struct mf_samples *samples)
{
    size_t cap = samples->cap ? 2 * samples->cap : 16;
    struct mf_sample *ring = mf_calloc_array(cap, sizeof(*ring));

    for (size_t i = 0; i < samples->count; i++)
        ring[i] = *at(samples, i);
    mf_free(samples->ring);
    samples->ring = ring;
    samples->cap = cap;
    samples->first = 0;
}

bool mf_samples_add(struct mf_samples *samples, struct mf_sample sample, size_t limit)
{
    bool is_full = samples->count >= limit;
    size_t i;

    while (samples->count >= limit)
        drop_oldest(samples);
    if (samples->count == samples->cap)
        grow(samples);
    for (i = samples->count++; i > 0 && at(samples, i - 1)->time > sample.time; i--)
        *at(samples, i) = *at(samples, i - 1);
    *at(samples, i) = sample;
    return is_full;
}

void mf_samples_trim(struct mf_samples *samples, int64_t from, bool is_held)
{
    size_t keep = is_held ? 1 : 0;

    while (samples->count > keep && at(samples, keep)->time < from + (is_held ? 1 : 0))
        drop_oldest(samples);
}

size_t mf_samples_pieces(struct mf_samples *samples, int64_t from, int64_t to, bool is_weighted,
                         struct mf_piece **ret_pieces)
{
    size_t n = 0;

    if (samples->piece_cap < samples->count) {
        samples->piece_cap = samples->cap;
        samples->pieces =
            mf_realloc(samples->pieces, samples->piece_cap * sizeof(*samples->pieces));
    }
    for (size_t i = 0; i < samples->count; i++) {
        struct mf_sample sample = *at(samples, i);
        int64_t end = i + 1 < samples->count ? at(samples, i + 1)->time : to;
        bool is_before = sample.time < from && (!is_weighted || end <= from);
        bool is_behind = is_weighted ? sample.time > to : sample.time >= to;

        if (isnan(sample.value) || is_before || is_behind)
            continue;
        if (end > to)
            end = to;
        if (sample.time < from)
            sample.time = from;
        samples->pieces[n++] = (struct mf_piece){
            sample.value, is_weighted ? (double)(end - sample.time) : 1, sample.time};
    }
    *ret_pieces = samples->pieces;
    return n;
}

/* [time, value, time, value …]; a gap is null. */
void mf_samples_save(const struct mf_samples *samples, struct mf_state_out *out)
{
    struct mf_builder list;
    struct mf_value value;

    mf_build_start(&list);
    for (size_t i = 0; i < samples->count; i++) {
        const struct mf_sample *sample = at(samples, i);

        mf_build_take_item(&list, mf_value_int(sample->time));
        mf_build_take_item(&list,
                           isnan(sample->value) ? mf_value_null() : mf_value_number(sample->value));
    }
    value = mf_build_end_list(&list);
    mf_state_put(out, "samples", &value);
    mf_value_drop(value);
}

void mf_samples_restore(struct mf_samples *samples, struct mf_state_in *in, size_t limit)
{
    const struct mf_value *list = mf_state_get(in, "samples");

    if (!list || list->type != MF_LIST)
        return;
    for (size_t i = 0; i + 1 < mf_value_count(list); i += 2) {
        const struct mf_value *time = mf_value_at(list, i), *value = mf_value_at(list, i + 1);

        if (time->type == MF_INT)
            mf_samples_add(samples,
                           (struct mf_sample){time->integer, MF_T(value->type) & MF_T_NUMERIC
                                                                 ? mf_value_as_number(value)
                                                                 : NAN},
                           limit);
    }
}

void mf_samples_done(struct mf_samples *samples)
{
    mf_free(samples->ring);
    mf_free(samples->pieces);
}
