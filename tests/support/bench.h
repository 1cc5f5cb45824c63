/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Bench: a whole flow in virtual time, for tests of kinds.
 *
 * The text is a flow file, or just the content of `nodes:` when it does not
 * begin with `moat-flow:`. Sources that a test feeds are of the kind
 * `test.source: TYPE` (types as in mf_value_type_names, or `any`), which exists only here and
 * takes `unit:` and `stale:` as every node. Links are never started.
 *
 *   struct bench *b = bench_new("in: {test.source: number, unit: W}\n"
 *                               "x: {deadband: 1 W, from: in}\n");
 *   bench_feed(b, "in", "20.5");            // JSON; enters one turn
 *   bench_feed_many(b, "a=1 b=true");       // several sources in one turn
 *   bench_fail(b, "in", "timeout");         // not good any more
 *   bench_advance(b, "5s");                 // timers run, each at its time
 *   bench_expect(b, "x", "20.5 21.5");      // all that x emitted since the last expect
 *   bench_free(b);                          // checks that nothing leaked into the next test
 *
 * Emissions are written as compact JSON, separated by blanks; those that are not good as
 * `stale(20.5)` or `bad(null, timeout)`. Numbers that are not whole agree within 1e-9 of their size
 * (or 1e-9). A port is `node.port`.
 *
 * Nodes that touch the outside are played: they are never started, and bench_feed() speaks for
 * them (a JSON text stands for bytes and paths). A bench made with `.is_real` starts them: kinds
 * that read and write files. Its flow may name `${dir}`, a directory that lives as long as the
 * bench.
 *
 *   struct bench *b = bench_new_with("x: {file.read: '${dir}/a.csv'}\n",
 *                                    (struct bench_options){.is_real = true, .files = {
 *                                        {"a.csv", "power\n1\n2\n"}}});
 *   bench_expect(b, "x.power", "1 2");
 *   bench_expect_file(b, "b.jsonl", "{\"power\":1}\n");
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct bench;
struct mf_engine;
struct mf_kind;
struct mf_link_kind;

enum { BENCH_FILES = 8 };

struct bench_options {
    const char *start; /* ISO 8601; NULL: 2026-01-01T00:00:00Z */
    bool is_real;      /* nodes that touch the outside are started */
    bool once;         /* as `run --once` */
    bool read_only;    /* as `run --read-only` */
    const char *state; /* as `run --state`; NULL: nothing outlives the bench */
    struct {
        const char *name, *text;
    } files[BENCH_FILES]; /* written to `${dir}` before the flow starts */
};

struct bench *bench_new(
    const char *yaml); /* fails the test with the diagnostics if it does not compile */
/* Starts the virtual clock at this time (ISO 8601) instead of 2026-01-01T00:00:00Z. */
struct bench *bench_new_at(const char *yaml, const char *start);
struct bench *bench_new_with(const char *yaml, struct bench_options options);
void bench_free(struct bench *bench);

void bench_feed(struct bench *bench, const char *node, const char *json);
/* With source time: seconds after the start. */
void bench_feed_at(struct bench *bench, const char *node, const char *json, double time);
void bench_feed_many(struct bench *bench, const char *assignments);
void bench_fail(struct bench *bench, const char *node,
                const char *reason); /* "stale" or a bad reason */
void bench_advance(struct bench *bench, const char *duration);
/* Somebody sets the clock of the machine (ISO 8601): wall time jumps, mono time does not. */
void bench_set_clock(struct bench *bench, const char *time);
void bench_expect(struct bench *bench, const char *port, const char *emissions);
/* The port's unit as people wrote it, "" for none. */
void bench_expect_unit(struct bench *bench, const char *port, const char *unit);
/* A line logged since the start or the last call contains `part`; NULL: none was logged. */

void bench_expect_log(struct bench *bench, const char *part);
/* Replaces the flow by a reload; unchanged nodes stay the same objects. */
void bench_reload(struct bench *bench, const char *yaml);
/* As above, but the engine refuses the flow with an error that contains `part`. */
void bench_reload_refused(struct bench *bench, const char *yaml, const char *part);
/* `text` must not compile, and a diagnostic of `code` ("MF0203") must contain `part`. */
void bench_expect_fault(const char *yaml, const char *code, const char *part);
/* `yaml` compiles without errors and warnings. */
void bench_expect_clean(const char *yaml);

/* ---- files of a real bench ---- */

const char *bench_dir(struct bench *bench);
void bench_write_file(struct bench *bench, const char *name, const char *text);
void bench_expect_file(struct bench *bench, const char *name, const char *text);

/* ---- for tests of the engine itself ---- */

struct mf_engine *bench_engine(struct bench *bench);
/* Looks away from now on: emissions are not kept, and messages take their short ways. */
void bench_look_away(struct bench *bench);
/* Further kinds for the benches that follow, each list ended by NULL or NULL itself. */
void bench_use_kinds(const struct mf_kind *const *nodes, const struct mf_link_kind *const *links);
/* The whole flow file of what bench_new() takes; the caller frees it with mf_free(). */
char *bench_flow_text(const char *yaml);
