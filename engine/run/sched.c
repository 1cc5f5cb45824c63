/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The scheduler: see sched.h for what a turn is.
 *
 * The timer heap is a plain binary heap of pointers. Timers that share a
 * deadline fire into the same turn, so that two nodes with the same interval
 * are seen together by what reads both.
 */

#include "engine/run/sched.h"

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/run/edge.h"

void mf_sched_init(struct mf_sched *sched)
{
    memset(sched, 0, sizeof(*sched));
    mf_clock_init_real(&sched->clock);
    sched->word = UINT32_MAX;
    mf_list_init(&sched->observers);
}

static void free_ready(struct mf_sched *sched)
{
    for (unsigned i = 0; i < MF_SCHED_LEVELS; i++) {
        mf_free(sched->ready[i]);
        sched->ready[i] = NULL;
    }
}

void mf_sched_done(struct mf_sched *sched)
{
    for (size_t i = 0; i < sched->follow_count; i++)
        mf_msg_drop(&sched->follow_ups[(sched->follow_first + i) & (sched->follow_cap - 1)].msg);
    for (size_t i = 0; i < sched->late_count; i++)
        mf_msg_drop(&sched->lates[i].msg);
    mf_free(sched->follow_ups);
    mf_free(sched->lates);
    mf_free(sched->heap);
    free_ready(sched);
}

void mf_sched_alloc_ready(uint64_t *ready[MF_SCHED_LEVELS], uint32_t count)
{
    size_t words = count;

    for (unsigned i = 0; i < MF_SCHED_LEVELS; i++) {
        words = words / 64 + 1;
        ready[i] = mf_calloc_array(words, sizeof(uint64_t));
    }
}

void mf_sched_set_nodes(struct mf_sched *sched, struct mf_node **nodes, uint32_t count,
                        uint64_t *ready[MF_SCHED_LEVELS])
{
    free_ready(sched);
    memcpy(sched->ready, ready, sizeof(sched->ready));
    sched->nodes = nodes;
    sched->count = count;
}

/* ---- the ready set ---- */

/* The levels above say which words are not empty. */
void mf_sched_mark_above(struct mf_sched *sched, uint32_t word)
{
    for (unsigned level = 1; level < MF_SCHED_LEVELS; level++, word >>= 6) {
        uint64_t *above = &sched->ready[level][word >> 6];
        bool was_set = *above != 0;

        *above |= UINT64_C(1) << (word & 63);
        if (was_set)
            break;
    }
}

static void unmark_above(struct mf_sched *sched, uint32_t word)
{
    for (unsigned level = 1; level < MF_SCHED_LEVELS; level++, word >>= 6) {
        uint64_t *above = &sched->ready[level][word >> 6];

        *above &= ~(UINT64_C(1) << (word & 63));
        if (*above)
            break;
    }
}

static bool has_ready(const struct mf_sched *sched)
{
    return sched->count && sched->ready[MF_SCHED_LEVELS - 1][0];
}

static uint32_t lowest_word(const struct mf_sched *sched)
{
    uint32_t i = 0;

    for (unsigned level = MF_SCHED_LEVELS; level-- > 1;)
        i = (i << 6) | (uint32_t)__builtin_ctzll(sched->ready[level][i]);
    return i;
}

/* ---- timers ---- */

static bool is_before(const struct mf_timer *a, const struct mf_timer *b)
{
    return a->at != b->at ? a->at < b->at : a->seq < b->seq;
}

static void place(struct mf_sched *sched, size_t i, struct mf_timer *timer)
{
    sched->heap[i] = timer;
    timer->pos = (uint32_t)i + 1;
}

static void sift_up(struct mf_sched *sched, size_t i, struct mf_timer *timer)
{
    while (i > 0 && is_before(timer, sched->heap[(i - 1) / 2])) {
        place(sched, i, sched->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    place(sched, i, timer);
}

static void sift_down(struct mf_sched *sched, size_t i, struct mf_timer *timer)
{
    for (;;) {
        size_t child = 2 * i + 1;

        if (child >= sched->heap_count)
            break;
        if (child + 1 < sched->heap_count && is_before(sched->heap[child + 1], sched->heap[child]))
            child++;
        if (!is_before(sched->heap[child], timer))
            break;
        place(sched, i, sched->heap[child]);
        i = child;
    }
    place(sched, i, timer);
}

void mf_timer_disarm(struct mf_sched *sched, struct mf_timer *timer)
{
    struct mf_timer *last;
    size_t i;

    if (!timer->pos)
        return;
    i = timer->pos - 1;
    timer->pos = 0;
    last = sched->heap[--sched->heap_count];
    if (last == timer)
        return;
    if (i > 0 && is_before(last, sched->heap[(i - 1) / 2]))
        sift_up(sched, i, last);
    else
        sift_down(sched, i, last);
}

void mf_timer_arm(struct mf_sched *sched, struct mf_timer *timer, int64_t at)
{
    mf_timer_disarm(sched, timer);
    timer->at = at;
    timer->seq = ++sched->timer_seq;
    mf_grow(&sched->heap, &sched->heap_cap, sched->heap_count, sizeof(struct mf_timer *));
    sched->heap_count++;
    sift_up(sched, sched->heap_count - 1, timer);
}

int64_t mf_sched_next(const struct mf_sched *sched)
{
    return sched->heap_count ? sched->heap[0]->at : MF_NEVER;
}

static bool is_due(const struct mf_sched *sched, int64_t mono)
{
    return sched->heap_count && sched->heap[0]->at <= mono;
}

/* All timers of the earliest deadline, but none that is armed meanwhile. */
static void fire_earliest(struct mf_sched *sched)
{
    int64_t at = sched->heap[0]->at;
    uint64_t seq = sched->timer_seq;

    while (sched->heap_count && sched->heap[0]->at == at && sched->heap[0]->seq <= seq) {
        struct mf_timer *timer = sched->heap[0];

        mf_timer_disarm(sched, timer);
        timer->fire(timer);
    }
}

/* ---- turns ---- */

/* Opens the turn with values that waited, in their order, up to the first port that would emit
 * twice. */
static void enter_follow_ups(struct mf_sched *sched)
{
    while (sched->follow_count) {
        struct mf_follow_up next = sched->follow_ups[sched->follow_first & (sched->follow_cap - 1)];
        struct mf_output *out = &next.node->outputs[next.output];

        if (out->turn == sched->turn)
            break;
        sched->follow_first++;
        sched->follow_count--;
        if (--out->waiting == 0)
            out->plain = mf_output_plain(next.node, out);
        mf_edge_spread_take(next.node, next.output, &next.msg);
    }
}

static void enter_lates(struct mf_sched *sched)
{
    for (size_t i = 0; i < sched->late_count; i++) {
        mf_node_deliver(sched->lates[i].to, sched->lates[i].input, &sched->lates[i].msg);
        mf_msg_drop(&sched->lates[i].msg);
    }
    sched->late_count = 0;
}

/* What previous() reads is stored when the turn is over, and opens no turn of its own. */
static void store_quiet_lates(struct mf_sched *sched)
{
    size_t kept = 0;

    for (size_t i = 0; i < sched->late_count; i++) {
        struct mf_late *late = &sched->lates[i];

        if (late->to->def->ins[late->input].is_quiet) {
            mf_node_deliver_quietly(late->to, late->input, &late->msg);
            mf_msg_drop(&late->msg);
        } else {
            sched->lates[kept++] = *late;
        }
    }
    sched->late_count = kept;
}

bool mf_sched_has_work(const struct mf_sched *sched)
{
    return sched->follow_count || sched->late_count || has_ready(sched);
}

static void begin_turn(struct mf_sched *sched)
{
    sched->turn++;
    sched->wall = mf_clock_wall(&sched->clock);
    sched->mono = mf_clock_mono(&sched->clock);
    sched->cause = sched->turn;
    sched->in_turn = true;
}

/* Word by word: what gets ready meanwhile has a higher rank, so it is in this word or in a later
 * one. */
static void run_ready(struct mf_sched *sched)
{
    while (has_ready(sched)) {
        uint32_t word = lowest_word(sched);
        uint64_t *bits = &sched->ready[0][word];

        sched->word = word;
        while (*bits) {
            struct mf_node *node = sched->nodes[word * 64 + (unsigned)__builtin_ctzll(*bits)];

            *bits &= *bits - 1;
            node->is_ready = false;
            mf_node_turn(node);
        }
        unmark_above(sched, word);
    }
    sched->word = UINT32_MAX;
    store_quiet_lates(sched);
    sched->in_turn = false;
}

void mf_sched_turn(struct mf_sched *sched)
{
    begin_turn(sched);
    enter_lates(sched);
    enter_follow_ups(sched);
    run_ready(sched);
}

void mf_sched_turn_ready(struct mf_sched *sched)
{
    begin_turn(sched);
    run_ready(sched);
}

int mf_sched_pull(struct mf_sched *sched, struct mf_node *node)
{
    int rc;

    begin_turn(sched);
    enter_lates(sched);
    enter_follow_ups(sched);
    node->is_running = true;
    node->emit_time = sched->wall;
    node->emit_cause = sched->cause;
    rc = node->kind->pull(node);
    node->is_running = false;
    run_ready(sched);
    return rc;
}

bool mf_sched_run(struct mf_sched *sched, unsigned max_turns)
{
    int64_t now = mf_clock_mono(&sched->clock);

    for (unsigned i = 0; i < max_turns && !sched->must_halt; i++) {
        if (mf_sched_has_work(sched)) {
            mf_sched_turn(sched);
        } else if (is_due(sched, now)) {
            begin_turn(sched);
            fire_earliest(sched);
            run_ready(sched);
        } else {
            return false;
        }
    }
    return sched->must_halt || mf_sched_has_work(sched) || is_due(sched, now);
}
