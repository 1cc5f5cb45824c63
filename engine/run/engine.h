/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * The engine: a running graph, and how one graph takes the place of another.
 *
 * mf_engine_load() makes live nodes and links of a graph; the first call starts
 * everything, each further one is a reload: what is new or changed is prepared
 * beside the running nodes, then all is switched between two turns. Nodes and
 * links whose fingerprint is the same stay the same objects, with their timers, windows,
 * queues and connections; a changed node of the same kind inherits what its save() gives.
 *
 * The engine needs a host for descriptors and jobs (engine/run/loop_uv.h); in tests and simulation
 * there is none, the clock is virtual, and nodes that touch the outside are *played*: never
 * started.
 */

#include "engine/base/map.h"
#include "engine/base/rng.h"
#include "engine/graph/link.h"
#include "engine/run/generation.h"
#include "engine/run/health.h"
#include "engine/run/linger.h"
#include "engine/run/queue.h"
#include "engine/run/sched.h"

#define MF_RETRY_FIRST MF_SEC         /* back-off of links and failed nodes: first wait … */
#define MF_RETRY_MAX (60 * MF_SEC)    /* … doubling up to this, each ± 20 % */
#define MF_RETRY_STEADY (10 * MF_SEC) /* what held that long has not failed in a row */

/* Who is told that a descriptor is ready: ready(arg), or the link alone. */
struct mf_watcher {
    struct mf_link *link; /* NULL: a node's */
    void (*link_ready)(struct mf_link *link, unsigned events);
    void (*ready)(void *arg, unsigned events);
    void *arg;
};

static inline void mf_watcher_tell(const struct mf_watcher *watcher, unsigned events)
{
    if (watcher->ready)
        watcher->ready(watcher->arg, events);
    else
        watcher->link_ready(watcher->link, events);
}

struct mf_host {
    void *self;
    void (*wake)(void *self); /* work has come up outside a turn */
    struct mf_watch *(*watch)(void *self, const struct mf_watcher *watcher);
    void (*job)(void *self, struct mf_job *job);
    void (*all_stopped)(void *self); /* after mf_engine_stop(): a link has said goodbye */
    void (*stored)(void *self);      /* any thread: mf_store_collect() has something to do */
    /* A generation is accepted; or it was swapped back, and why. May be NULL. */
    void (*settled)(void *self, bool is_accepted, const char *why);
};

struct mf_engine_options {
    bool read_only;
    bool once;
    bool starts_outside; /* nodes that touch the outside are started on a virtual clock, too */
    /* … or only those of which this says so; then the log is outside, too. NULL: none. */
    bool (*is_real)(const struct mf_kind *kind);
    /* A played node's share of a turn, for which mf_engine_cue() has asked. */
    void (*speak)(void *arg, struct mf_node *node);
    void *speak_arg;
    /* Tests that measure coverage: a line of a script that there is, or that runs. NULL: none do.
     */
    void (*saw_line)(void *arg, const char *file, uint32_t line, bool has_run);
    void *saw_line_arg;
    bool holds_played; /* what a played source said stays fresh until it is said to have failed */
    /* Where `keep` and `spool` have their file, which is opened when a flow wants it; NULL: nothing
     * outlives the process. */
    const char *state_directory;
};

enum mf_fate {
    MF_FATE_IN_PLACE,  /* the same object with other settings */
    MF_FATE_MIGRATED,  /* a new object with the state of the former one */
    MF_FATE_RESTARTED, /* a new object; there was no state to take over */
    MF_FATE_DROPPED,   /* a new object; the state of the former one does not fit */
    MF_FATE_ADDED,
    MF_FATE_REMOVED,
    MF_FATES,
};
extern const char *const mf_fate_names[MF_FATES]; /* "in place" */

/* What became of one node; the unchanged ones are counted only. */
struct mf_reload_item {
    const char *name;
    const char *kind;
    const char *former_kind; /* NULL: the same, or there was none */
    uint8_t fate;            /* enum mf_fate */
    size_t fields;           /* that were dropped or went, of what save() said */
    size_t letters;          /* that waited in a sink and went over, or wait for the trial's end */
};

enum { MF_RELOAD_ITEMS = 1000 }; /* listed; there is a count for all */

/* What a reload did, for the log and `reload`. */
struct mf_reload_report {
    size_t kept, in_place, migrated, restarted, dropped, added, removed;
    size_t links_kept, links_added, links_removed;
    struct mf_reload_item *items; /* the engine's, until the next reload */
    size_t item_count;
};

enum mf_link_phase {
    MF_LINK_NEW,
    MF_LINK_CONNECTING,
    MF_LINK_UP,
    MF_LINK_WAITING,
    MF_LINK_STOPPING,
    MF_LINK_STOPPED
};
extern const char *const mf_link_phase_names[];

struct mf_link {
    const struct mf_link_kind *kind;
    const void *config;
    void *state;
    const struct mf_link_def *def;
    struct mf_engine *engine;
    struct mf_timer retry, own;
    uint8_t phase; /* enum mf_link_phase */
    bool was_up;
    uint32_t failures; /* in a row */
    uint32_t blocked;  /* sinks downstream of its sources that are full */
    uint32_t visited;
    uint64_t ups;        /* metric: times it came up */
    int64_t up_since;    /* mono */
    uint64_t generation; /* of the graph that `def` lies in */
    struct mf_node **nodes;
    unsigned node_count;
    char last_error[240];
};

struct mf_store;
struct mf_dead;

/* A graph that links are still saying goodbye with. */
struct mf_retired {
    struct mf_graph *graph;
    uint64_t generation;
};

struct mf_engine {
    struct mf_sched sched;
    struct mf_graph *graph; /* owned */
    struct mf_node **nodes; /* by rank */
    uint32_t count;
    struct mf_edge *edges; /* of all outputs, this generation's */
    struct mf_link **links;
    size_t link_count;
    struct mf_link **leaving; /* links of former generations that are still saying goodbye */
    size_t leaving_count, leaving_cap;
    struct mf_linger *lingering;
    size_t lingering_count, lingering_cap;
    struct mf_timer linger_timer;
    struct mf_retired *retired;
    size_t retired_count, retired_cap;
    struct mf_node **pulls; /* pulled sources */
    size_t pull_count;
    const struct mf_host *host; /* NULL: none */
    struct mf_store *store;     /* NULL: no flow has wanted one */
    struct mf_dead *dead;
    struct mf_engine_options options;
    struct mf_rng rng;
    uint32_t walk;       /* stamp for walks over the graph */
    uint32_t blocked;    /* sinks whose queue is full */
    uint64_t generation; /* of nodes and edges: each switch makes one, swaps back included */
    struct mf_generation live;
    uint64_t former, next_generation; /* numbers; former 0: none since the start */
    struct mf_trial trial;
    struct mf_reload_report report; /* of the last switch */
    struct mf_arena *report_arena;
    bool is_stopping;
    bool is_preparing; /* another thread looks at the nodes: no switch now */
    bool last_refused; /* the last reload was: what runs is not what the files say */
    bool is_fallback;  /* runs what was kept, because the files have errors */
};

void mf_engine_init(struct mf_engine *engine, const struct mf_host *host,
                    struct mf_engine_options options);
/* Takes the graph. The first time everything is started. Returns 0, or negative with `err` when a
 * node could not be created: then nothing has changed and the graph is freed. `report` may be NULL.
 */
int mf_engine_load(struct mf_engine *engine, struct mf_graph *graph,
                   struct mf_reload_report *report, struct mf_error *err);
/* The beginning of the end: sources stop, what they have said still goes to its end. */
void mf_engine_drain(struct mf_engine *engine);
/* Then, before the stop: drives all actuators to their failsafe values. They are there, or on a
 * link that is down. */
void mf_engine_make_safe(struct mf_engine *engine);
bool mf_engine_is_safe(const struct mf_engine *engine);
/* Stops nodes and links; host->all_stopped() follows as links say goodbye. */
void mf_engine_stop(struct mf_engine *engine);
bool mf_engine_has_stopped(const struct mf_engine *engine); /* no link is left that has not */
void mf_engine_done(struct mf_engine *engine);
/* The same, but hands the graph back: for the next of several runs of it. */
struct mf_graph *mf_engine_done_keeping(struct mf_engine *engine);

/* Runs what is due, at most for `max_turns` turns; true when there is more to do at once. */
bool mf_engine_run(struct mf_engine *engine, unsigned max_turns);
/* Virtual clock: moves to mono time `until`, firing each timer at its time. Whatever is to do now
 * is done, too, pulled sources to their end included. */
void mf_engine_advance(struct mf_engine *engine, int64_t until);
/* The same, but what is due at `until` itself is left to the next call: what is played meanwhile is
 * in one turn with it. */
void mf_engine_advance_before(struct mf_engine *engine, int64_t until);

struct mf_node *mf_engine_node(const struct mf_engine *engine,
                               const char *name); /* NULL if absent */
void mf_engine_wake(struct mf_engine *engine);

/* ---- engine/run/engine.c, for reload.c and node.c ---- */

void mf_engine_start_node(struct mf_node *node); /* again later, if it fails */
void mf_engine_retry_fired(struct mf_timer *timer);
void mf_engine_retire(struct mf_engine *engine, struct mf_graph *graph,
                      uint64_t generation);    /* the graph is of a former generation now */
void mf_engine_reap(struct mf_engine *engine); /* links that have stopped, graphs of theirs */
/* Frees memory that nobody looks at any more, on another thread where there is one: a large flow
 * would hold the loop. The graph may be NULL; blocks are mf_free()d, NULL is fine. */
enum { MF_DISCARD_BLOCKS = 16 };
void mf_engine_discard(struct mf_engine *engine, struct mf_graph *graph,
                       void *const blocks[MF_DISCARD_BLOCKS]);

/* ---- tests, the end, the state ---- */

/* A test plays a source: enters the next turn. The value is taken. */
void mf_engine_play(struct mf_engine *engine, struct mf_node *node, unsigned output,
                    struct mf_value value, int64_t time);
/* The same for a whole message, which is copied, in the unit of the output as people see it. Its
 * type must be one of the output's. From within speak() it is said at once. */
void mf_engine_play_msg(struct mf_engine *engine, struct mf_node *node, unsigned output,
                        const struct mf_msg *msg);
/* The node, which holds_played, is to speak in the next turn, when it would if it were real. */
void mf_engine_cue(struct mf_engine *engine, struct mf_node *node);
void mf_engine_play_bad(struct mf_engine *engine, struct mf_node *node, enum mf_quality quality,
                        const char *reason);

/* run --once: all sources have said what they have to say (events are not waited for); all queues
 * are empty; both. */
bool mf_engine_has_spoken(const struct mf_engine *engine);
bool mf_engine_is_drained(const struct mf_engine *engine);
bool mf_engine_is_finished(const struct mf_engine *engine);
/* Letters that nobody has taken yet; of them those that end with the process. */
size_t mf_engine_waiting(const struct mf_engine *engine);
size_t mf_engine_losing(const struct mf_engine *engine);

/* ---- engine/run/link.c ---- */

struct mf_link *mf_link_new(struct mf_engine *engine, const struct mf_link_def *def);
void mf_link_free(struct mf_link *link);
void mf_link_begin(struct mf_link *link); /* connects; again after a failure */
void mf_link_end(struct mf_link *link);   /* says goodbye */
int64_t mf_retry_delay(struct mf_rng *rng, uint32_t failures);
