/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * What simulated sources share: a rhythm that does not drift, and a generator of random numbers
 * that survives a reload.
 */

#include "engine/base/rng.h"
#include "engine/graph/node.h"

/* Arms `timer` for the tick after the one at mono `*next`; ticks that were missed are left out. */
static inline void mf_sim_next_tick(struct mf_node *node, unsigned timer, int64_t *next,
                                    int64_t interval)
{
    int64_t now = mf_node_mono(node);

    *next += interval;
    if (*next <= now)
        *next += ((now - *next) / interval + 1) * interval;
    mf_node_arm_at(node, timer, *next);
}

static const char *const mf_sim_rng_names[] = {"rng0", "rng1", "rng2", "rng3"};

static inline void mf_sim_rng_save(const struct mf_rng *rng, struct mf_state_out *out)
{
    for (unsigned i = 0; i < 4; i++)
        mf_state_put_int(out, mf_sim_rng_names[i], (int64_t)rng->s[i]);
}

static inline bool mf_sim_rng_restore(struct mf_rng *rng, struct mf_state_in *in)
{
    struct mf_rng read;

    for (unsigned i = 0; i < 4; i++) {
        int64_t word;

        if (!mf_state_get_int(in, mf_sim_rng_names[i], &word))
            return false;
        read.s[i] = (uint64_t)word;
    }
    *rng = read;
    return true;
}
