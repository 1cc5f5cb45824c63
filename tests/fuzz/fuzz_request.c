/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * Any lines as requests to an engine that runs a small flow: each is refused or begun, whatever it
 * asks, while the flow works; each line of the answers is one of the four kinds there are, and
 * nothing is left behind when the caller goes away.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/log.h"
#include "engine/config/flow.h"
#include "engine/control/socket_priv.h"
#include "engine/run/loop_priv_uv.h"
#include "engine/value/codec.h"
#include "engine/value/field.h"
#include "nodes/kinds.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char yaml[] =
    "moat-flow: 1\n"
    "nodes:\n"
    "  tick: {sim.counter: 1, every: 1s}\n"
    "  hot: {sim.wave: sine, min: 0, max: 9, unit: kW, period: 1min, every: 1s}\n"
    "  quiet: {deadband: 2 kW, from: hot}\n"
    "  high: {when: quiet > 3 kW, for: 2s}\n"
    "  show: {log: debug, from: high}\n";

static void demand(bool truth)
{
    if (!truth)
        abort();
}

static void no_log(void *arg, enum mf_log_level level, const char *line)
{
}

static struct mf_graph *compile(void)
{
    struct mf_flow_setup setup = {0};
    struct mf_arena *arena = mf_arena_new();
    struct mf_sources *sources = mf_sources_new();
    struct mf_diags diags;
    struct mf_flow flow;
    struct mf_graph *graph;

    mf_diags_init(&diags, sources);
    mf_flow_init(&flow, arena, sources, &diags);
    mf_flow_read_text(&flow, "flow.yaml", yaml, strlen(yaml), &setup);
    graph = mf_compile(&flow);
    mf_flow_done(&flow);
    mf_diags_done(&diags);
    mf_sources_free(sources);
    mf_arena_free(arena);
    demand(graph != NULL);
    return graph;
}

static struct mf_control control;

/* A reload that was asked for is still being read. */
static void free_engine(void)
{
    while (mf_loop_has_jobs(control.loop))
        uv_run(&control.loop->uv, UV_RUN_ONCE);
    mf_loop_free(control.loop);
}

/* One engine for all inputs, on a clock of its own; its loop never runs. */
static struct mf_control *the_control(void)
{
    if (control.loop)
        return &control;
    atexit(free_engine);
    mf_log_divert(no_log, NULL);
    mf_registry_set(mf_kinds());
    control.loop = mf_loop_new((struct mf_loop_options){0});
    mf_clock_init_virtual(&control.loop->engine.sched.clock, MF_DAY);
    uv_prepare_init(&control.loop->uv, &control.flush);
    control.flush.data = &control;
    mf_list_init(&control.callers);
    demand(mf_engine_load(&control.loop->engine, compile(), NULL, NULL) == 0);
    return &control;
}

static void run_flow(struct mf_control *at)
{
    struct mf_sched *sched = &at->loop->engine.sched;

    mf_engine_advance(&at->loop->engine, mf_clock_mono(&sched->clock) + 3 * MF_SEC);
}

static void check_answers(const struct mf_buf *out)
{
    const char *line = mf_buf_text(out), *end;

    for (; (end = strchr(line, '\n')); line = end + 1) {
        struct mf_value value;

        demand(mf_json_read(line, (size_t)(end - line), &value, NULL) == 0);
        demand(mf_field(&value, "line") || mf_field(&value, "done") || mf_field(&value, "error") ||
               mf_field(&value, "dropped"));
        mf_value_drop(value);
    }
    demand(!*line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mf_caller caller = {.control = the_control()};
    const char *line = (const char *)data, *stop = line + size;

    caller.request.caller = &caller;
    while (line < stop) {
        const char *end = memchr(line, '\n', (size_t)(stop - line));
        size_t len = (size_t)((end ? end : stop) - line);

        mf_request_begin(&caller, line, len);
        run_flow(caller.control);
        mf_request_drop(&caller);
        demand(!caller.request.kind && !caller.control->loop->engine.sched.is_observed);
        line += len + 1;
    }
    uv_prepare_stop(&caller.control->flush);
    check_answers(&caller.out);
    mf_buf_done(&caller.out);
    return 0;
}
