/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* What the files of the bench share. */

#include "engine/base/buf.h"
#include "engine/config/flow.h"
#include "engine/graph/kind.h"
#include "engine/run/engine.h"
#include "tests/support/bench.h"

/* One value that a port emitted and no expectation has asked for yet. */
struct bench_emission {
    char *port; /* node.port */
    char *text;
};

struct bench {
    struct mf_engine engine;
    struct mf_observer observer;
    struct bench_options options;
    int64_t start; /* wall ns */
    struct bench_emission *emissions;
    size_t emission_count, emission_cap;
    struct mf_buf log; /* lines since the last bench_expect_log() */
    char *dir;         /* of a real bench */
};

extern const struct mf_kind bench_kind_source; /* test.source */

/* What a flow text becomes on its way to a graph. */
struct bench_flow {
    struct mf_arena *arena;
    struct mf_sources *sources;
    struct mf_diags diags;
    struct mf_flow flow;
    struct mf_graph *graph; /* NULL: it did not compile */
};

/* Reads and compiles; `dir` is what `${dir}` stands for, or NULL. */
void bench_compile(struct bench_flow *flow, const char *yaml, const char *dir);
/* Hands the graph over and frees the rest. */
struct mf_graph *bench_flow_end(struct bench_flow *flow);
void bench_print_diags(struct bench_flow *flow, struct mf_buf *buf);

/* JSON, `stale(JSON)` or `bad(JSON, reason)`. */
void bench_print_msg(const struct mf_msg *msg, struct mf_buf *buf);
/* The same text, but for numbers that are not whole: those agree within 1e-9. */
bool bench_same_text(const char *a, const char *b);

void bench_make_dir(struct bench *bench);
void bench_remove_dir(struct bench *bench);
