/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Order: where a message stands in the time of its source.
 *
 * Messages may come late, twice, or out of order. Kinds that calculate with
 * time take those that are newer than all before and pass over the rest. One case
 * looks like that and is not: the machine's clock was set back. Then wall time
 * has lost against mono time, and all that follows counts from the new time on.
 */

#include "engine/base/clock.h"
#include "engine/graph/node.h"

#define MF_ORDER_JUMP MF_SEC /* a clock that loses more between two messages was set back */

struct mf_order {
    int64_t newest; /* wall ns, source time */
    int64_t skew;   /* wall - mono when it came */
    bool has_newest;
};

enum mf_place_in_order {
    MF_ORDER_FIRST, /* of all, or after the clock was set back: nothing before it counts */
    MF_ORDER_NEWER,
    MF_ORDER_SAME,  /* time as the newest */
    MF_ORDER_OLDER, /* came too late */
};

static inline enum mf_place_in_order mf_order_take(struct mf_order *order,
                                                   const struct mf_node *node, int64_t time)
{
    int64_t skew = mf_node_now(node) - mf_node_mono(node);
    bool is_first =
        !order->has_newest || (time < order->newest && skew < order->skew - MF_ORDER_JUMP);

    if (!is_first && time < order->newest)
        return MF_ORDER_OLDER;
    if (!is_first && time == order->newest)
        return MF_ORDER_SAME;
    *order = (struct mf_order){time, skew, true};
    return is_first ? MF_ORDER_FIRST : MF_ORDER_NEWER;
}

static inline void mf_order_save(const struct mf_order *order, struct mf_state_out *out)
{
    if (order->has_newest)
        mf_state_put_int(out, "time", order->newest);
}

static inline bool mf_order_restore(struct mf_order *order, const struct mf_node *node,
                                    struct mf_state_in *in)
{
    order->has_newest = mf_state_get_int(in, "time", &order->newest);
    order->skew = mf_node_now(node) - mf_node_mono(node);
    return order->has_newest;
}
