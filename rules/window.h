/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Windows: mean, median, min, max, sum, count, first and last over a stretch of time.
 *
 * A window is evaluated from *pieces*: a value, its weight, its time. Without
 * weighting a piece is one message of weight 1; with it, it is the time for which
 * a value held. Tumbling windows fold pieces into a sum as they come and need no
 * memory; sliding and overlapping ones, and all medians, keep samples.
 */

#include "engine/graph/node.h"
#include "rules/order.h"

struct mf_piece {
    double value;
    double weight; /* 1, or ns */
    int64_t time;  /* wall ns */
};

/* ---- what a window is folded into: window_sum.c ---- */

struct mf_sum {
    int64_t count;
    double sum;      /* of values */
    double weight;   /* of weights */
    double weighted; /* of value * weight */
    double min, max;
    double first, last;
    int64_t first_time, last_time;
};

void mf_sum_add(struct mf_sum *sum, const struct mf_piece *piece);
void mf_sum_save(const struct mf_sum *sum, struct mf_state_out *out);
bool mf_sum_restore(struct mf_sum *sum, struct mf_state_in *in);

enum mf_function_id {
    MF_WINDOW_MEAN,
    MF_WINDOW_MEDIAN,
    MF_WINDOW_MIN,
    MF_WINDOW_MAX,
    MF_WINDOW_SUM,
    MF_WINDOW_COUNT,
    MF_WINDOW_FIRST,
    MF_WINDOW_LAST,
};

/* Either of the two calculates; `pieces` may be reordered. Called with one piece at least. */
struct mf_function {
    double (*of_sum)(const struct mf_sum *sum);
    double (*of_pieces)(struct mf_piece *pieces, size_t count);
    bool is_zero_when_empty; /* else an empty window has no result */
    bool is_int;
};
extern const struct mf_function mf_functions[]; /* by enum mf_function_id */

double mf_function_apply(const struct mf_function *function, struct mf_piece *pieces, size_t count);

/* ---- samples in order of time: window_ring.c ---- */

struct mf_sample {
    int64_t time; /* wall ns */
    double value; /* NaN: from here on nothing is known */
};

struct mf_samples {
    struct mf_sample *ring;
    size_t first, count, cap;
    struct mf_piece *pieces; /* scratch */
    size_t piece_cap;
};

/* Adds a sample where it belongs. True if the oldest had to go because of `limit`. */
bool mf_samples_add(struct mf_samples *samples, struct mf_sample sample, size_t limit);
/* Drops what is older than `from`; with `is_held` the newest of that is kept, as it holds on. */
void mf_samples_trim(struct mf_samples *samples, int64_t from, bool is_held);
/* The i-th, oldest first. */
const struct mf_sample *mf_samples_at(const struct mf_samples *samples, size_t i);
/* Pieces of [from, to); with `is_weighted` the last value holds until `to`. They stay valid until
 * the next call. */
size_t mf_samples_pieces(struct mf_samples *samples, int64_t from, int64_t to, bool is_weighted,
                         struct mf_piece **ret_pieces);
void mf_samples_save(const struct mf_samples *samples, struct mf_state_out *out);
void mf_samples_restore(struct mf_samples *samples, struct mf_state_in *in, size_t limit);
void mf_samples_done(struct mf_samples *samples);

/* ---- the node: window.c ---- */

struct mf_window_config {
    int64_t window;
    int64_t every; /* 0: as the window */
    int64_t samples;
    bool sliding;
    bool time_weighted;
};

struct mf_window_state {
    const struct mf_function *function;
    struct mf_order order;
    int64_t known_time, known_mono; /* the source's time at that mono time */
    int64_t end;                    /* wall ns: of the open window; not if sliding */
    struct mf_sum sum;              /* of a tumbling window */
    double held;                    /* time_weighted, tumbling: last value … */
    int64_t held_since;             /* … and from when on it is not in the sum */
    bool is_held;
    bool has_result;
    struct mf_samples samples; /* of all others */
    double result;             /* last one that was emitted */
    int64_t result_time;
    uint8_t quality; /* of the input */
    const char *reason;
    uint64_t late, over; /* messages that came too late, samples over the limit */
};

int mf_window_create(struct mf_node *node, enum mf_function_id id);
int mf_window_start(struct mf_node *node, struct mf_error *err);
void mf_window_receive(struct mf_node *node, unsigned port, const struct mf_msg *msg);
void mf_window_timeout(struct mf_node *node, unsigned timer);
void mf_window_save(const struct mf_node *node, struct mf_state_out *out);
int mf_window_restore(struct mf_node *node, struct mf_state_in *in, struct mf_error *err);
void mf_window_destroy(struct mf_node *node);
