/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * What the kinds that run scripts share of their budgets: the options, and how often a script may
 * go over them.
 */

#include "engine/base/clock.h"
#include "engine/config/option.h"

/* Entries of the option tables; each member is an int64_t. */
#define MF_LUA_LIMIT_MEMORY(text)                                                                  \
    {                                                                                              \
        "memory", MF_SIZE(memory), .fallback = "1 MiB", MF_LIMITS(64 * 1024, 1024 * 1024 * 1024),  \
                                   .summary = text                                                 \
    }
#define MF_LUA_LIMIT_INSTRUCTIONS(text)                                                            \
    {                                                                                              \
        "instructions", MF_INTEGER(instructions), .fallback = "200000", MF_LIMITS(1000, 1e12),     \
                                                  .summary = text                                  \
    }
#define MF_LUA_LIMIT_TIME(text)                                                                    \
    {                                                                                              \
        "time", MF_DURATION(time), .fallback = "5ms", MF_LIMITS(0.0001, 3600),                     \
                                   .summary = text "; on a virtual clock it is not looked at."     \
    }
#define MF_LUA_LIMIT_EMIT(text)                                                                    \
    {                                                                                              \
        "emit", MF_INTEGER(emit), .fallback = "64", MF_LIMITS(0, 1000000), .summary = text         \
    }

/* So many overruns within this time switch a node off. */
enum { MF_LUA_OVERRUNS = 3 };
#define MF_LUA_OVERRUN_WINDOW MF_MINUTE

struct mf_lua_overruns {
    int64_t at[MF_LUA_OVERRUNS]; /* mono, a ring */
    uint64_t count;              /* metric */
};

/* One more. True: too many by now. */
static inline bool mf_lua_overrun(struct mf_lua_overruns *overruns, int64_t now)
{
    overruns->at[overruns->count++ % MF_LUA_OVERRUNS] = now;
    return overruns->count >= MF_LUA_OVERRUNS &&
           now - overruns->at[overruns->count % MF_LUA_OVERRUNS] <= MF_LUA_OVERRUN_WINDOW;
}
