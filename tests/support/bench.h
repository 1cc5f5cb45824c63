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
 * `stale(20.5)` or `bad(null, timeout)`. A port is `node.port`.
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

struct bench;

struct bench *bench_new(const char *yaml); /* fails the test with the diagnostics if it does not compile */
/* Starts the virtual clock at this time (ISO 8601) instead of 2026-01-01T00:00:00Z. */
struct bench *bench_new_at(const char *yaml, const char *start);
void bench_free(struct bench *bench);

void bench_feed(struct bench *bench, const char *node, const char *json);
/* With source time: seconds after the start. */
void bench_feed_at(struct bench *bench, const char *node, const char *json, double time);
void bench_feed_many(struct bench *bench, const char *assignments);
void bench_fail(struct bench *bench, const char *node, const char *reason); /* "stale" or a bad reason */
void bench_advance(struct bench *bench, const char *duration);
void bench_expect(struct bench *bench, const char *port, const char *emissions);
/* The port's unit as people wrote it, "" for none. */
void bench_expect_unit(struct bench *bench, const char *port, const char *unit);
/* Replaces the flow by a reload; unchanged nodes stay the same objects. */
void bench_reload(struct bench *bench, const char *yaml);
/* `text` must not compile, and a diagnostic of `code` ("MF0203") must contain `part`. */
void bench_expect_fault(const char *yaml, const char *code, const char *part);
/* `yaml` compiles without errors and warnings. */
void bench_expect_clean(const char *yaml);
