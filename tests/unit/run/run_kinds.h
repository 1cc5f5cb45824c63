/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Kinds for tests of the engine: as little as shows one promise each. What they were asked to do
 * they write into `run_trace`; how sinks and links behave is set by the test.
 */

#include "engine/base/buf.h"
#include "engine/run/engine.h"
#include "tests/support/bench.h"

/*
 *   test.sum      run; named inputs; their sum. Writes "NAME; " to the trace
 *   test.pass     receive; numbers, unchanged. Writes "NAME(value); "
 *   test.step     receive; passes only what is 10 or more above the last
 *   test.twice    receive; x and x + 0.5 on the same port
 *   test.count    receive; how many messages came; state survives a reload (`by:` is added)
 *   test.past     receive on a delayed port; passes it on
 *   test.spin     the same without a trace
 *   test.fussy    receive; refuses negative numbers
 *   test.beat     main: interval; a timer, counts; a time kind
 *   test.pull     main: how many numbers; a pulled source that ends
 *   test.weak     main: how often start() fails before it works; passes numbers
 *   test.fragile  main: a number; counts messages, and fails on one that is as large
 *   test.rotten   create() fails
 *   test.sink     run_sink says how deliver() ends; has a queue;
 *   test.send     the same on link `test.wire`
 *   test.write    receive; a sink without a queue
 *   test.act      main: what it moves; receive; an actuator. Writes "NAME(value); "; a
 *                 `bell` is told events
 *   test.motor    main: what it moves; as test.sink, an actuator on link `test.wire`
 *   test.event    a source on a link, no period
 *   test.poll     main: period; a source on a link
 */
extern const struct mf_kind *const run_kinds[];
extern const struct mf_link_kind *const run_links[];

extern struct mf_buf run_trace;

/* Compares the trace and clears it. */
void run_expect_trace(const char *text);

/* ---- test.sink ---- */

extern struct run_sink {
    int result;  /* of deliver() */
    size_t room; /* letters it takes before it says MF_ELINK; SIZE_MAX: any */
    uint64_t letters[4096];
    size_t count; /* that were handed over */
    bool settles_itself;
} run_sink;

/* ---- test.wire ---- */

extern bool run_is_ripe; /* create() of test.rotten succeeds */

extern struct run_wire {
    unsigned starts, stops, pauses, resumes;
    bool stops_later;
} run_wire;

/* Setup for cmocka: everything as at first. */
int run_setup(void **state);
