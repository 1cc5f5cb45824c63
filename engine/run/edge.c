/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See edge.h: what is not the usual case of an edge. */

#include "engine/run/edge.h"

#include "engine/base/alloc.h"
#include "engine/run/engine.h"

/* ---- into an input ---- */

/* Of several edges into one port only the last one to speak counts: they are one stream. */
static void find_worst(struct mf_node *node)
{
    const struct mf_def *def = node->def;
    uint16_t newest[MF_NODE_PORTS] = {0};

    for (unsigned i = 0; i < def->in_count; i++) {
        unsigned port = def->ins[i].port, other;

        if (!node->inputs[i].is_known || port >= MF_NODE_PORTS)
            continue;
        other = newest[port];
        if (!other || (int32_t)(node->inputs[i].seq - node->inputs[other - 1].seq) > 0)
            newest[port] = (uint16_t)(i + 1);
    }
    node->worst = MF_GOOD;
    node->worst_reason = NULL;
    if (node->is_judge)
        return;
    for (unsigned i = 0; i < def->in_count; i++) {
        const struct mf_in_def *in = &def->ins[i];
        uint32_t flags = mf_kind_port(def, i)->flags;

        if (!node->inputs[i].is_known || node->messages[i].quality <= node->worst ||
            (flags & (MF_PORT_ANY_AGE | MF_PORT_APART)) ||
            (!(flags & MF_PORT_NAMED) && newest[in->port] != i + 1))
            continue;
        node->worst = node->messages[i].quality;
        node->worst_reason = node->messages[i].reason;
    }
}

static void first_news(struct mf_node *node, unsigned input)
{
    const struct mf_in_def *in = &node->def->ins[input];

    node->inputs[input].is_known = true;
    if (!in->is_quiet && !(mf_kind_port(node->def, input)->flags & MF_PORT_OPTIONAL))
        node->unknown--;
}

void mf_edge_deliver_slowly(struct mf_node *to)
{
    mf_edge_take_note(to, 0);
    to->pending_first = to->pending_last = 1;
    mf_sched_mark_ready(to->sched, to);
}

void mf_edge_take_note(struct mf_node *to, unsigned input)
{
    if (!to->inputs[input].is_known)
        first_news(to, input);
    if (to->messages[input].quality | to->worst)
        find_worst(to);
    to->is_wary = to->worst != MF_GOOD;
}

/* Blocks are counted; all else is bytes. */
static inline void store(struct mf_node *node, unsigned input, const struct mf_msg *msg)
{
    struct mf_input *in = &node->inputs[input];
    struct mf_msg *slot = &node->messages[input];

    if ((slot->value.length == MF_VALUE_BLOCK) | (msg->value.length == MF_VALUE_BLOCK)) {
        struct mf_value old = slot->value;

        mf_value_copy(msg->value);
        *slot = *msg;
        mf_value_drop(old);
    } else {
        *slot = *msg;
    }
    in->turn = node->sched->turn;
    in->seq = node->arrivals++;
    if (!in->is_known || (msg->quality | node->worst))
        mf_edge_take_note(node, input);
}

void mf_node_deliver(struct mf_node *node, unsigned input, const struct mf_msg *msg)
{
    struct mf_input *in = &node->inputs[input];

    store(node, input, msg);
    if (in->is_pending)
        return; /* a node that failed has not come to it yet: the newer one counts */
    in->is_pending = true;
    in->next = 0;
    if (node->pending_last)
        node->inputs[node->pending_last - 1].next = (uint16_t)(input + 1);
    else
        node->pending_first = (uint16_t)(input + 1);
    node->pending_last = (uint16_t)(input + 1);
    mf_sched_mark_ready(node->sched, node);
}

void mf_node_deliver_quietly(struct mf_node *node, unsigned input, const struct mf_msg *msg)
{
    store(node, input, msg);
}

/* ---- along an edge ---- */

static void push_late(struct mf_sched *sched, struct mf_node *to, unsigned input,
                      const struct mf_msg *msg)
{
    mf_grow(&sched->lates, &sched->late_cap, sched->late_count, sizeof(*sched->lates));
    sched->lates[sched->late_count++] = (struct mf_late){to, (uint16_t)input, mf_msg_copy(msg)};
}

/* What does not fit arrives as bad and without a value: no kind sees a type it did not ask for. */
static void fit_type(struct mf_node *to, unsigned input, struct mf_msg *msg)
{
    const struct mf_in_def *in = &to->def->ins[input];
    uint32_t types = in->types;
    char wanted[96];

    if ((in->to_number || in->is_converted) && (types & MF_T(MF_NUMBER)))
        types |= MF_T(MF_INT);
    if (types & MF_T(msg->value.type))
        return;
    if (msg->quality != MF_GOOD) {
        mf_msg_drop(msg);
        return;
    }
    to->rejected++;
    mf_node_log(to, MF_LOG_WARNING, "`%s` gave %s where %s is wanted", in->from->name,
                mf_value_type_names[msg->value.type], mf_types_print(in->types, wanted));
    mf_msg_make_bad(msg, mf_reason_type);
}

/* An edge into the past: previous(), or a late one that closes a loop. Doubt does not travel along
 * it, or a loop that was in doubt once would keep itself there for ever. An input apart is the end
 * of the way. */
static bool leads_back(const struct mf_node *to, unsigned input)
{
    const struct mf_in_def *in = &to->def->ins[input];

    return in->is_late && (in->is_quiet || in->from->order >= to->def->order) &&
           !(mf_kind_port(to->def, input)->flags & MF_PORT_APART);
}

/* `quietly`: the node learns it, but does not run for it. */
static void travel(struct mf_node *to, unsigned input, const struct mf_msg *msg, bool quietly)
{
    const struct mf_in_def *in = &to->def->ins[input];
    struct mf_msg copy;

    if (msg->quality != MF_GOOD && leads_back(to, input))
        return;
    copy = mf_msg_copy(msg);
    if (in->is_checked)
        fit_type(to, input, &copy);
    if (in->to_number && copy.value.type == MF_INT)
        copy.value = mf_value_number((double)copy.value.integer);
    if (in->is_converted)
        mf_msg_convert(&copy, &in->convert);
    if (in->is_late && !quietly)
        push_late(to->sched, to, input, &copy);
    else if (in->is_quiet || quietly)
        mf_node_deliver_quietly(to, input, &copy);
    else
        mf_node_deliver(to, input, &copy);
    mf_msg_drop(&copy);
}

void mf_edge_travel(struct mf_node *to, unsigned input, const struct mf_msg *msg)
{
    travel(to, input, msg, false);
}

/* Kinds that combine inputs run. To those that treat each message on its own the old value is no
 * news, a counter must not count it again; but they learn it, and whether it is still good. */
void mf_node_greet(struct mf_node *node, unsigned input, const struct mf_msg *msg)
{
    if (node->is_sharing && node->kind->run)
        mf_edge_deliver_alone(node, msg->quality);
    else if (node->is_sharing)
        mf_edge_take_note(node, input);
    else
        travel(node, input, msg, !node->kind->run);
}

/* ---- out of an output ---- */

void mf_edge_pass_on(struct mf_node *node, struct mf_output *out)
{
    const struct mf_edge *edge = out->edges, *end = edge + out->edge_count;

    if (node->sched->is_observed)
        mf_sched_show(node->sched, node, (unsigned)(out - node->outputs));
    for (; edge < end; edge++) {
        if (edge->way == MF_EDGE_ALONE)
            mf_edge_deliver_alone(edge->to, out->last.quality);
        else if (edge->way == MF_EDGE_PLAIN)
            mf_node_deliver(edge->to, edge->input, &out->last);
        else
            mf_edge_travel(edge->to, edge->input, &out->last);
    }
}

void mf_edge_note_news(struct mf_node *node, const struct mf_output *out)
{
    struct mf_timer *timer = &mf_node_stale_timer(node)->timer;

    if (!out->last.is_again)
        node->last_news = node->sched->mono;
    if (!timer->pos)
        mf_timer_arm(node->sched, timer, node->last_news + node->def->stale);
}

void mf_edge_spread_take(struct mf_node *node, unsigned output, struct mf_msg *msg)
{
    struct mf_output *out = &node->outputs[output];
    struct mf_value old = out->last.value;

    out->last = *msg;
    mf_value_drop(old);
    out->turn = node->sched->turn;
    out->count++;
    out->is_known = true;
    out->is_lowered = msg->is_lowered;
    node->has_lowered |= msg->is_lowered;
    if (msg->quality != MF_GOOD) {
        out->is_dirty |= !msg->is_again;
    } else {
        out->is_dirty = false;
        if (node->def->stale)
            mf_edge_note_news(node, out);
    }
    mf_edge_pass_on(node, out);
}

static void grow_follow_ups(struct mf_sched *sched)
{
    size_t cap = sched->follow_cap ? 2 * sched->follow_cap : 64;
    struct mf_follow_up *ring;

    if (sched->follow_count < sched->follow_cap)
        return;
    ring = mf_calloc_array(cap, sizeof(*ring));
    for (size_t i = 0; i < sched->follow_count; i++)
        ring[i] = sched->follow_ups[(sched->follow_first + i) & (sched->follow_cap - 1)];
    mf_free(sched->follow_ups);
    sched->follow_ups = ring;
    sched->follow_cap = cap;
    sched->follow_first = 0;
}

void mf_edge_follow_up_take(struct mf_node *node, unsigned output, struct mf_msg *msg)
{
    struct mf_sched *sched = node->sched;

    if (node->phase >= MF_NODE_STOPPED) {
        mf_msg_drop(msg);
        return;
    }
    if (sched->follow_count == MF_SCHED_FOLLOW_UPS) {
        sched->follow_ups_dropped++;
        mf_log_limited(&sched->drop_rate, mf_clock_mono(&sched->clock), MF_LOG_ERROR,
                       node->def->name,
                       "a value was dropped: %d values wait for their turn, which is the limit; "
                       "does the node answer itself?",
                       MF_SCHED_FOLLOW_UPS);
        mf_msg_drop(msg);
        return;
    }
    grow_follow_ups(sched);
    sched->follow_ups[(sched->follow_first + sched->follow_count++) & (sched->follow_cap - 1)] =
        (struct mf_follow_up){node, (uint16_t)output, *msg};
    node->outputs[output].waiting++;
    node->outputs[output].plain = 0;
    if (!sched->in_turn)
        mf_engine_wake(sched->engine);
}
