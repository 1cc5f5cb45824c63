/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What windows calculate: one table of functions, and the sum they work on. */

#include <stdlib.h>

#include "rules/window.h"

void mf_sum_add(struct mf_sum *sum, const struct mf_piece *piece)
{
    bool is_only = sum->count == 0;

    if (is_only || piece->value < sum->min)
        sum->min = piece->value;
    if (is_only || piece->value > sum->max)
        sum->max = piece->value;
    if (is_only || piece->time < sum->first_time) {
        sum->first = piece->value;
        sum->first_time = piece->time;
    }
    if (is_only || piece->time >= sum->last_time) {
        sum->last = piece->value;
        sum->last_time = piece->time;
    }
    sum->count++;
    sum->sum += piece->value;
    sum->weight += piece->weight;
    sum->weighted += piece->value * piece->weight;
}

/* ---- state ---- */

static const struct {
    const char *name;
    size_t offset;
} numbers[] = {
    {"sum", offsetof(struct mf_sum, sum)},   {"weight", offsetof(struct mf_sum, weight)},
    {"min", offsetof(struct mf_sum, min)},   {"weighted", offsetof(struct mf_sum, weighted)},
    {"max", offsetof(struct mf_sum, max)},   {"first", offsetof(struct mf_sum, first)},
    {"last", offsetof(struct mf_sum, last)},
};

enum { NUMBERS = sizeof(numbers) / sizeof(numbers[0]) };

void mf_sum_save(const struct mf_sum *sum, struct mf_state_out *out)
{
    mf_state_put_int(out, "count", sum->count);
    mf_state_put_int(out, "first_time", sum->first_time);
    mf_state_put_int(out, "last_time", sum->last_time);
    for (size_t i = 0; i < NUMBERS; i++)
        mf_state_put_number(out, numbers[i].name,
                            *(const double *)(const void *)((const char *)sum + numbers[i].offset));
}

bool mf_sum_restore(struct mf_sum *sum, struct mf_state_in *in)
{
    struct mf_sum read = {0};

    if (!mf_state_get_int(in, "count", &read.count) ||
        !mf_state_get_int(in, "first_time", &read.first_time) ||
        !mf_state_get_int(in, "last_time", &read.last_time))
        return false;
    for (size_t i = 0; i < NUMBERS; i++)
        if (!mf_state_get_number(in, numbers[i].name,
                                 (double *)(void *)((char *)&read + numbers[i].offset)))
            return false;
    *sum = read;
    return true;
}

/* ---- functions ---- */

/* A window of no length (all pieces at one moment) has its last value. */
static double mean(const struct mf_sum *sum)
{
    return sum->weight > 0 ? sum->weighted / sum->weight : sum->last;
}

static double min(const struct mf_sum *sum)
{
    return sum->min;
}

static double max(const struct mf_sum *sum)
{
    return sum->max;
}

static double total(const struct mf_sum *sum)
{
    return sum->sum;
}

static double count(const struct mf_sum *sum)
{
    return (double)sum->count;
}

static double first(const struct mf_sum *sum)
{
    return sum->first;
}

static double last(const struct mf_sum *sum)
{
    return sum->last;
}

static int by_value(const void *a, const void *b)
{
    double x = ((const struct mf_piece *)a)->value, y = ((const struct mf_piece *)b)->value;

    return (x > y) - (x < y);
}

/* Half of the weight is below it. Between two values when the halves meet there. */
static double median(struct mf_piece *pieces, size_t n)
{
    double newest = pieces[n - 1].value, half = 0, below = 0;

    for (size_t i = 0; i < n; i++)
        half += pieces[i].weight / 2;
    if (half <= 0)
        return newest;
    qsort(pieces, n, sizeof(*pieces), by_value);
    for (size_t i = 0; i < n; i++) {
        below += pieces[i].weight;
        if (below > half)
            return pieces[i].value;
        if (below == half)
            for (size_t k = i + 1; k < n; k++)
                if (pieces[k].weight > 0)
                    return 0.5 * pieces[i].value + 0.5 * pieces[k].value;
    }
    return pieces[n - 1].value;
}

const struct mf_function mf_functions[] = {
    [MF_WINDOW_MEAN] = {.of_sum = mean},
    [MF_WINDOW_MEDIAN] = {.of_pieces = median},
    [MF_WINDOW_MIN] = {.of_sum = min},
    [MF_WINDOW_MAX] = {.of_sum = max},
    [MF_WINDOW_SUM] = {.of_sum = total, .is_zero_when_empty = true},
    [MF_WINDOW_COUNT] = {.of_sum = count, .is_zero_when_empty = true, .is_int = true},
    [MF_WINDOW_FIRST] = {.of_sum = first},
    [MF_WINDOW_LAST] = {.of_sum = last},
};

double mf_function_apply(const struct mf_function *function, struct mf_piece *pieces, size_t n)
{
    struct mf_sum sum = {0};

    if (function->of_pieces)
        return function->of_pieces(pieces, n);
    for (size_t i = 0; i < n; i++)
        mf_sum_add(&sum, &pieces[i]);
    return function->of_sum(&sum);
}
