/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Playback: a flow on the virtual clock, for `simulate` and `run --replay`.
 *
 * Links are never opened and nothing outside is changed; `--files` lets files be read (simulate)
 * and written. What would have gone out is printed instead: a JSON line for each message that a
 * node without outputs is given, or with `--show GLOB` for each that such nodes say.
 *
 *   {"time": "2026-01-01T00:00:05Z", "node": "show", "from": "quiet", "value": 5, "unit": "W"}
 */

#include "engine/cli/args.h"
#include "engine/cli/record_file.h"
#include "engine/run/engine.h"
#include "engine/run/observe.h"

#define MF_SPEED_MAX 0.0

struct mf_playback {
    const struct mf_args *args;
    /* For the engine's options, set before mf_playback_begin(). */
    void (*speak)(void *arg, struct mf_node *node);
    void *speak_arg;
    struct mf_engine engine;
    struct mf_observer observer;
    const char *show; /* NULL: what nodes without outputs are given */
    bool is_quiet;
    struct mf_buf out;
    bool can_write;
    struct mf_record_file *record; /* NULL: nothing is recorded */
    double speed;                  /* MF_SPEED_MAX, or so many seconds in one */
    int64_t began;                 /* mono of the real clock */
    uint64_t moments;
    bool is_interrupted;
    int64_t shown; /* progress on a terminal: mono of the real clock */
};

/* Options that both commands have: --show, --files, --speed, --record. */
#define MF_PLAYBACK_FLAGS                                                                          \
    {"show",                                                                                       \
     0,                                                                                            \
     "GLOB",                                                                                       \
     NULL,                                                                                         \
     "Print what these nodes say, instead of what nodes without outputs are given.",               \
     NULL},                                                                                        \
        {"files", 0, NULL, NULL, "Let nodes that write files do so.", NULL},                       \
    {                                                                                              \
        "speed", 0, "SPEED", NULL, "How fast time goes: `max`, `real`, or a factor such as 60x.",  \
            "max"                                                                                  \
    }

/* Zeroed but for speak. Takes the graph, loads and starts it at wall time `start`. Returns an exit
 * code after saying what is wrong; in any case mf_playback_end() follows. */
int mf_playback_begin(struct mf_playback *playback, const struct mf_args *args,
                      struct mf_graph *graph, int64_t start,
                      bool (*is_real)(const struct mf_kind *kind));
/* Lets time pass until `at` ns after the start. False: interrupted, or nobody reads what is
 * printed. */
bool mf_playback_until(struct mf_playback *playback, int64_t at);
/* The same, but what happens at that moment itself is left to the next call. */
bool mf_playback_before(struct mf_playback *playback, int64_t at);
/* Stops, and returns the exit code: MF_EXIT_WRONG when something could not be written. */
int mf_playback_end(struct mf_playback *playback);
