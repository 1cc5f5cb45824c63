/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * The scheduler: turns, timers, the ready set. It knows no libuv; whoever owns
 * it (a loop, a test, a simulation) moves the clock and calls mf_sched_turn().
 *
 * A turn: what came in since the last one enters together; nodes run in rank order, each
 * at most once, and see one consistent world. A value emitted for a port that has
 * emitted in this turn already, or from outside a turn, waits in the follow-up queue and
 * opens the next turn. A late edge (into a delay, or previous()) is delivered when the
 * turn is over.
 *
 * The ready set is a bitmap over ranks in three levels of 64, so that finding the next
 * node is a few instructions however large the flow is.
 */

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/graph/graph.h"
#include "engine/graph/node.h"
#include "engine/run/observe.h"

enum {
    MF_SCHED_FOLLOW_UPS =
        100000,          /* values waiting for a later turn; more are dropped and counted */
    MF_SCHED_LEVELS = 4, /* 64^4 nodes */
    MF_NODE_TIMERS = 8,
    MF_GUARD_TIMER = MF_NODE_TIMERS, /* in `fired`, behind those of the kind */
};

struct mf_sched;

struct mf_timer {
    int64_t at;   /* mono ns */
    uint64_t seq; /* order of arming breaks ties */
    uint32_t pos; /* in the heap, + 1; 0: not armed */
    void (*fire)(struct mf_timer *timer);
};

/* One input of a live node. */
struct mf_input {
    uint64_t turn; /* of the last message */
    uint32_t seq;  /* of the last message, over all inputs of the node */
    uint16_t next; /* next pending input + 1, in order of arrival */
    bool is_pending;
    bool is_known;
};

/* One edge, at its writing end. */
enum mf_edge_way {
    MF_EDGE_ALONE,   /* the only one of its reader, which looks at the output's message itself */
    MF_EDGE_PLAIN,   /* one of several */
    MF_EDGE_SPECIAL, /* converts, checks, is late or quiet */
};

struct mf_edge {
    struct mf_node *to;
    uint16_t input;
    uint8_t way; /* enum mf_edge_way */
};

struct mf_output {
    struct mf_msg last;
    uint64_t turn; /* in which it last emitted */
    const struct mf_out_def *def;
    struct mf_edge *edges; /* the generation's */
    uint32_t edge_count;
    uint32_t waiting; /* values of this port among the follow-ups: the next one queues behind */
    bool is_lowered;  /* the last one was made not good by the engine, not by the node */
    bool is_dirty;    /* the value has changed since it was last said as good */
    bool is_direct;   /* one edge, that is MF_EDGE_ALONE, and nobody observes */
    bool is_known;
    uint16_t plain; /* types that go out as they are and at once, set of MF_T() */
    uint64_t count; /* metric: what it has said */
};

enum mf_node_phase {
    MF_NODE_NEW,
    MF_NODE_RUNNING,
    MF_NODE_FAILED,
    MF_NODE_STOPPED, /* and, from here on, of no flow any more */
    MF_NODE_LEAVING, /* an actuator whose last value is on its way: linger.h */
};

struct mf_node_timer {
    struct mf_timer timer;
    struct mf_node *node;
};

struct mf_queue;
struct mf_guard; /* engine/run/guard.h */

/* What a node held back, and why. Few nodes do, so that it is not part of all. */
struct mf_hold {
    const char *by; /* NULL: nothing any more */
    double number;
    uint64_t turn, count;
    int64_t at; /* wall */
};

struct mf_node {
    const struct mf_kind *kind;
    const void *config;
    void *state;
    const struct mf_def *def;
    struct mf_sched *sched;
    struct mf_link *link;
    struct mf_input *inputs;
    struct mf_msg *messages; /* latest per input: its own, or that of the output it shares */
    struct mf_output *outputs;
    struct mf_node_timer *timers;
    struct mf_queue *queue; /* sinks with deliver() */
    struct mf_guard *guard; /* guarded outputs */
    uint32_t order;
    uint32_t arrivals;                    /* numbers the messages, wraps */
    uint16_t pending_first, pending_last; /* input + 1 */
    uint16_t current;                     /* input that receive() is handling */
    uint16_t unknown; /* inputs that must still have a first message (run kinds) */
    uint8_t phase;    /* enum mf_node_phase */
    union {
        struct {
            uint16_t fired;   /* timers that have run out, a bit each */
            uint8_t worst;    /* quality of the worst input */
            bool has_lowered; /* an output that the engine must raise again */
            bool is_away;     /* does not run: new, failed, stopped */
            bool is_shaped;   /* has several inputs, combines them, or writes outside */
        };
        uint64_t trouble; /* 0: a good message takes the short way */
    };
    bool is_wary; /* shares its message, and: it is the first, or the last one was not good */
    bool is_sharing;
    bool is_ready, is_running;
    bool is_calm;   /* runs, and all it is fed is good and new: what it says goes out as it is */
    bool is_again;  /* what it runs for is nothing new */
    uint16_t port;  /* of the first input */
    bool is_judge;  /* what it says is good whatever it is fed */
    bool is_played; /* a test plays it: never started */
    bool wants_pull, has_ended;
    bool is_sink_blocked;             /* its queue is full: sources upstream pause */
    bool is_delivering, must_deliver; /* in mf_node_wake(); once more */
    const char *worst_reason;
    int64_t emit_time; /* wall ns: what an emission inherits */
    uint64_t emit_cause;
    uint32_t blocked;       /* sinks downstream whose queue is full */
    uint32_t visited;       /* stamp of the last walk over the graph */
    int64_t last_news;      /* mono of the last good emission of a source */
    int64_t started;        /* mono */
    int64_t lost_at;        /* mono + 1: when a message to be delivered was last lost; 0: never */
    uint32_t failures;      /* in a row */
    uint32_t trial;         /* in which it is watched: engine/run/generation.h */
    const char *branch;     /* for `why`: the way it took */
    struct mf_hold *hold;   /* for `why`: what it held back last; NULL: nothing ever */
    struct mf_trail *trail; /* of a sink: what it wrote; NULL: nothing */
    uint64_t turns, rejected,
        skipped; /* metrics: runs; unusable messages; not good, so not written */
    struct mf_log_rate log_rate;
};

/* What of an output needs no conversion and no look at the clock. */
static inline uint16_t mf_output_plain(const struct mf_node *node, const struct mf_output *out)
{
    return out->def->is_converted || node->def->stale ? 0 : (uint16_t)out->def->types;
}

/* It writes to the outside. */
static inline bool mf_node_is_sink(const struct mf_node *node)
{
    return node->kind->flags & MF_KIND_WRITES;
}

/* A node that shares gets these back when it must have messages of its own. */
static inline struct mf_msg *mf_node_own_messages(const struct mf_node *node)
{
    return (struct mf_msg *)(void *)node->inputs - node->def->in_count;
}

/* Timers of the engine lie behind the kind's. */
static inline struct mf_node_timer *mf_node_stale_timer(const struct mf_node *node)
{
    return &node->timers[node->kind->timers];
}
static inline struct mf_node_timer *mf_node_retry_timer(const struct mf_node *node)
{
    return &node->timers[node->kind->timers + 1];
}

struct mf_follow_up {
    struct mf_node *node;
    uint16_t output;
    struct mf_msg msg;
};

struct mf_late {
    struct mf_node *to;
    uint16_t input;
    struct mf_msg msg;
};

/* What the owner of the scheduler lends to nodes and links. */
struct mf_engine;

struct mf_sched {
    struct mf_clock clock;
    struct mf_engine *engine;
    struct mf_node **nodes; /* by rank */
    uint32_t count;
    uint64_t *ready[MF_SCHED_LEVELS];
    uint32_t word; /* of ready[0] that is being run; UINT32_MAX: none */
    struct mf_timer **heap;
    size_t heap_count, heap_cap;
    uint64_t timer_seq;
    struct mf_follow_up *follow_ups; /* ring */
    size_t follow_first, follow_count, follow_cap;
    struct mf_late *lates;
    size_t late_count, late_cap;
    uint64_t turn; /* number of the current or last one */
    uint64_t cause;
    int64_t wall, mono; /* of the current turn */
    bool in_turn;
    bool must_halt; /* no further turn for now: the engine has something to do in between */
    uint64_t follow_ups_dropped;
    struct mf_log_rate drop_rate;
    size_t trail_bytes;       /* metric: memory of what sinks remember */
    struct mf_list observers; /* see observe.h */
    struct mf_list *next_observer;
    bool is_observed;
};

void mf_sched_init(struct mf_sched *sched);
void mf_sched_done(struct mf_sched *sched);
/* The memory of an empty ready set. */
void mf_sched_alloc_ready(uint64_t *ready[MF_SCHED_LEVELS], uint32_t count);
/* Takes a new set of nodes by rank with its ready set, between two turns. The caller numbers the
 * nodes (`order`) and marks those again that are ready. */
void mf_sched_set_nodes(struct mf_sched *sched, struct mf_node **nodes, uint32_t count,
                        uint64_t *ready[MF_SCHED_LEVELS]);

void mf_sched_mark_above(struct mf_sched *sched, uint32_t word);
static inline void mf_sched_put_ready(struct mf_sched *sched, struct mf_node *node)
{
    uint32_t word = node->order >> 6;

    node->is_ready = true;
    sched->ready[0][word] |= UINT64_C(1) << (node->order & 63);
    if (word != sched->word)
        mf_sched_mark_above(sched, word);
}
static inline void mf_sched_mark_ready(struct mf_sched *sched, struct mf_node *node)
{
    if (!node->is_ready)
        mf_sched_put_ready(sched, node);
}
/* Something waits: a turn would not be empty. */
bool mf_sched_has_work(const struct mf_sched *sched);
void mf_sched_turn(struct mf_sched *sched);
/* A turn for what is ready, before anything else enters. */
void mf_sched_turn_ready(struct mf_sched *sched);
/* A turn that a pulled source opens; returns what its pull() did. */
int mf_sched_pull(struct mf_sched *sched, struct mf_node *node);
/* Fires what is due at the clock's time, turn by turn, and runs all follow-ups. At most
 * `max_turns` turns; true when more work is left. */
bool mf_sched_run(struct mf_sched *sched, unsigned max_turns);

void mf_timer_arm(struct mf_sched *sched, struct mf_timer *timer, int64_t at);
void mf_timer_disarm(struct mf_sched *sched, struct mf_timer *timer);
/* Mono time of the next timer, MF_NEVER if there is none. */
int64_t mf_sched_next(const struct mf_sched *sched);

/* ---- life of a node and its turn: engine/run/node.c ---- */

struct mf_node *mf_node_new(struct mf_sched *sched, const struct mf_def *def);
void mf_node_free(struct mf_node *node);
int mf_node_start(struct mf_node *node, struct mf_error *err);
void mf_node_stop(struct mf_node *node);
/* One node's share of a turn; the short way of it is in hop.c. */
void mf_node_turn(struct mf_node *node);
void mf_node_turn_fully(struct mf_node *node);

/* ---- messages on their way: engine/run/emit.c, engine/run/edge.c ---- */

/* Delivers to one input; the edge has been travelled already. */
void mf_node_deliver(struct mf_node *node, unsigned input, const struct mf_msg *msg);
void mf_node_deliver_quietly(struct mf_node *node, unsigned input, const struct mf_msg *msg);
/* A new node learns what a source that was there before said last. */
void mf_node_greet(struct mf_node *node, unsigned input, const struct mf_msg *msg);
/* The output says it now: carries the message, which is taken, along all edges. */
void mf_node_spread_take(struct mf_node *node, unsigned output, struct mf_msg msg);
/* The inputs are not good: marks the outputs as bad as the worst of them. */
void mf_node_degrade(struct mf_node *node);
/* The node has lost what feeds it (link, time, device): outputs that are better become this. */
void mf_node_lose(struct mf_node *node, enum mf_quality quality, const char *reason);
/* Says the last values again as good where the engine had marked them; `reason`: only if it was
 * for that one, NULL: any. */
void mf_node_recover(struct mf_node *node, const char *reason);

/* ---- sinks: engine/run/sink.c ---- */

/* A message for a sink. */
void mf_sink_take(struct mf_node *node, unsigned input, const struct mf_msg *msg);
/* May this node write to the outside now? Every way there asks. */
bool mf_node_may_write(struct mf_node *node);
/* The way to the outside: all that is written passes here, and all that is guarded comes from the
 * guard. */
enum mf_write { MF_WRITE_NOT, MF_WRITE_QUEUED, MF_WRITE_DONE };
int mf_node_write(struct mf_node *node, unsigned input, const struct mf_msg *msg);
/* A letter that was in the queue before, with its own names; copied. */
void mf_node_enqueue_again(struct mf_node *node, const struct mf_letter *letter);
