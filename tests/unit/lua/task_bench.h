/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* A flow with one task `x`, its output `out` and its inputs `a` and `b`. */

#include <stdio.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "tests/support/bench.h"

/* What the scripts have at hand: a variable that says when it is closed. */
#define HEAD                                                                                       \
    "local function say(text) emit('out', text) end\n"                                             \
    "local function closing(name, fn)\n"                                                           \
    "  return setmetatable({}, {__close = function()\n"                                            \
    "    say('close ' .. name)\n"                                                                  \
    "    if fn then fn() end\n"                                                                    \
    "  end})\n"                                                                                    \
    "end\n"

static inline char *flow_of(const char *script, const char *options)
{
    struct mf_buf flow = {0};

    mf_buf_puts(&flow, "a: {test.source: any}\nb: {test.source: any}\nx:\n  task: |\n");
    while (*script) {
        size_t len = strcspn(script, "\n");

        mf_buf_puts(&flow, "    ");
        mf_buf_put(&flow, script, len);
        mf_buf_putc(&flow, '\n');
        script += len + (script[len] == '\n');
    }
    mf_buf_printf(&flow, "  from: {a: a, b: b}\n  outputs: [out]\n%s", options);
    return mf_buf_take(&flow);
}

static inline struct bench *play_with(const char *script, const char *options)
{
    char *flow = flow_of(script, options);
    struct bench *b = bench_new(flow);

    mf_free(flow);
    return b;
}

static inline struct bench *play(const char *script)
{
    return play_with(script, "");
}

static inline void reload(struct bench *b, const char *script)
{
    char *flow = flow_of(script, "");

    bench_reload(b, flow);
    mf_free(flow);
}
