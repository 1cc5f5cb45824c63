/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See trace.h: the chain. What sinks remember of it is in trail.c. */

#include "engine/run/trace.h"

#include <math.h>

#include "engine/base/alloc.h"
#include "engine/base/num.h"
#include "engine/run/engine.h"
#include "engine/run/guard.h"
#include "engine/run/trace_priv.h"

void mf_node_note_branch(struct mf_node *node, const char *branch)
{
    node->branch = branch;
    if (node->hold)
        node->hold->by = NULL;
}

void mf_node_held(struct mf_node *node, const char *by, double number)
{
    struct mf_hold *hold = node->hold;

    if (!hold)
        hold = node->hold = mf_zalloc(sizeof(*hold));
    hold->by = by;
    hold->number = number;
    hold->turn = node->sched->turn;
    hold->at = node->sched->wall;
    hold->count++;
}

/* ---- small parts ---- */

static void put(struct mf_builder *map, const char *key, struct mf_value value)
{
    mf_build_take_field(map, key, value);
}

static void put_text(struct mf_builder *map, const char *key, const char *text_or_null)
{
    put(map, key, text_or_null ? mf_value_new_text(text_or_null) : mf_value_null());
}

static void put_printed(struct mf_builder *map, const char *key, struct mf_buf *take_text)
{
    put_text(map, key, mf_buf_text(take_text));
    mf_buf_done(take_text);
}

static void put_msg(struct mf_builder *map, const struct mf_msg *msg, const struct mf_unit *unit,
                    int64_t now)
{
    char time[MF_TIME_TEXT];

    mf_time_print(msg->time, time);
    put(map, "value", mf_value_copy(msg->value));
    put_text(map, "unit", unit ? unit->name : NULL);
    put_text(map, "quality", mf_quality_names[msg->quality]);
    put_text(map, "reason", msg->reason);
    put_text(map, "time", time);
    put(map, "age", mf_value_number((double)(now - msg->time) / MF_SEC));
}

/* ---- what holds a node back ---- */

static void add_held(struct mf_builder *list, const char *by, struct mf_buf *take_detail)
{
    struct mf_builder map;

    mf_build_start(&map);
    put_text(&map, "by", by);
    put_printed(&map, "detail", take_detail);
    mf_build_take_item(list, mf_build_end_map(&map));
}

static void add_inputs_held(struct mf_builder *list, const struct mf_node *node)
{
    for (unsigned i = 0; i < node->def->in_count; i++) {
        const struct mf_in_def *in = &node->def->ins[i];
        const struct mf_msg *msg = &node->messages[i];
        struct mf_buf detail = {0};

        if (!node->inputs[i].is_known) {
            if (in->is_quiet || (mf_kind_port(node->def, i)->flags & MF_PORT_OPTIONAL))
                continue;
            mf_buf_printf(&detail, "`%s` has not said anything yet", in->from->name);
        } else if (msg->quality != MF_GOOD) {
            mf_buf_printf(&detail, "`%s` is %s (%s)", in->from->name,
                          mf_quality_names[msg->quality], msg->reason ? msg->reason : "?");
        } else {
            continue;
        }
        add_held(list, "input", &detail);
    }
}

static uint64_t last_turn(const struct mf_node *node)
{
    uint64_t turn = 0;

    for (unsigned i = 0; i < node->def->out_count; i++)
        if (node->outputs[i].turn > turn)
            turn = node->outputs[i].turn;
    return turn;
}

/* Its own word counts until it says something in a later turn. */
static void add_kind_held(struct mf_builder *list, const struct mf_node *node, int64_t now)
{
    const struct mf_unit *unit = node->def->out_count ? node->def->outs[0].unit : NULL;
    const struct mf_hold *hold = node->hold;
    char number[MF_NUM_TEXT];
    struct mf_buf detail = {0};

    if (!hold || !hold->by || hold->turn < last_turn(node))
        return;
    if (!isnan(hold->number)) {
        mf_num_print_double(hold->number, number);
        mf_buf_printf(&detail, "%s%s%s, ", number, unit ? " " : "", unit ? unit->name : "");
    }
    mf_duration_print(now > hold->at ? (now - hold->at) / MF_MS * MF_MS : 0, &detail);
    mf_buf_puts(&detail, " ago");
    if (hold->count > 1)
        mf_buf_printf(&detail, ", %llu times so far", (unsigned long long)hold->count);
    add_held(list, hold->by, &detail);
}

static void add_sink_held(struct mf_builder *list, const struct mf_node *node)
{
    struct mf_queue_stats stats = {0};
    struct mf_buf detail = {0};

    if (node->queue)
        stats = mf_queue_stats(node->queue);
    if (stats.waiting + stats.in_flight) {
        mf_buf_printf(&detail, "%zu messages wait", stats.waiting + stats.in_flight);
        add_held(list, "queue", &detail);
    }
    if (node->link && !mf_link_is_up(node->link)) {
        mf_buf_printf(&detail, "`%s` is %s", node->link->def->name,
                      mf_link_phase_names[node->link->phase]);
        add_held(list, "link", &detail);
    }
    if (mf_node_is_sink(node) && mf_node_is_read_only(node)) {
        mf_buf_puts(&detail, "nothing is written in this run");
        add_held(list, "read-only", &detail);
    }
}

static void add_guard_held(struct mf_builder *list, const struct mf_node *node)
{
    for (unsigned i = 0; node->guard && i < MF_HELD_KINDS; i++) {
        struct mf_buf detail = {0};

        if (!(node->guard->held >> i & 1) || 1u << i == MF_HELD_READ_ONLY ||
            1u << i == MF_HELD_LINK)
            continue;
        if (1u << i & (MF_HELD_LIMIT | MF_HELD_RAMP) && node->guard->wanted.type != MF_NULL) {
            mf_buf_puts(&detail, "wanted is ");
            mf_guard_print(node->def->guard, &node->guard->wanted, &detail);
        }
        add_held(list, mf_held_names[i], &detail);
    }
}

static struct mf_value all_that_holds(const struct mf_node *node, int64_t now)
{
    static const char *const phases[] = {"not started", NULL, "failed", "stopped"};
    struct mf_buf detail = {0};
    struct mf_builder list;

    mf_build_start(&list);
    if (phases[node->phase]) {
        if (node->failures)
            mf_buf_printf(&detail, "%u failures in a row", node->failures);
        else if (node->phase == MF_NODE_FAILED)
            mf_buf_puts(&detail, "switched off until the flow is reloaded");
        add_held(&list, phases[node->phase], &detail);
    }
    add_inputs_held(&list, node);
    add_kind_held(&list, node, now);
    add_guard_held(&list, node);
    add_sink_held(&list, node);
    return mf_build_end_list(&list);
}

static struct mf_value next_timer(const struct mf_node *node)
{
    int64_t next = MF_NEVER;

    for (unsigned i = 0; i < node->kind->timers; i++)
        if (mf_node_deadline(node, i) < next)
            next = mf_node_deadline(node, i);
    if (next == MF_NEVER)
        return mf_value_null();
    return mf_value_number((double)(next - mf_clock_mono(&node->sched->clock)) / MF_SEC);
}

/* ---- the chain ---- */

static bool has_seen(struct mf_chain *chain, const struct mf_node *node)
{
    for (unsigned i = 0; i < chain->count; i++)
        if (chain->nodes[i] == node)
            return true;
    return false;
}

/* A node that shares the message of the output it reads does not count its turns. */
static uint64_t heard_in(const struct mf_node *node, unsigned input)
{
    const struct mf_in_def *in = &node->def->ins[input];

    if (!node->is_sharing)
        return node->inputs[input].turn;
    return node->sched->nodes[in->from->order]->outputs[in->from_port].turn;
}

/* In which the node last said something, or, for one that says nothing, last heard something. */
static uint64_t turn_of(const struct mf_node *node, const struct mf_output *out)
{
    uint64_t turn = out ? out->turn : 0;

    for (unsigned i = 0; !out && i < node->def->in_count; i++)
        if (heard_in(node, i) > turn)
            turn = heard_in(node, i);
    return turn;
}

static bool is_cause(const struct mf_node *node, unsigned input, uint64_t turn)
{
    if (node->guard && node->guard->hand == MF_HAND_INPUT)
        return node->guard->input == (int)input;
    return turn && heard_in(node, input) == turn;
}

static struct mf_value look_at_input(struct mf_chain *chain, const struct mf_node *node,
                                     unsigned input, uint64_t turn)
{
    const struct mf_in_def *in = &node->def->ins[input];
    const struct mf_node *from = node->sched->nodes[in->from->order];
    bool is_seen = has_seen(chain, from);
    bool is_cut =
        !is_seen && (chain->depth == chain->max_depth || chain->count == chain->max_nodes);
    struct mf_builder map;

    mf_build_start(&map);
    put_text(&map, "as", in->label);
    put_text(&map, "node", in->from->name);
    if (node->inputs[input].is_known)
        put_msg(&map, &node->messages[input], in->unit, chain->now);
    put(&map, "is_cause", mf_value_bool(is_cause(node, input, turn)));
    put(&map, "seen", mf_value_bool(is_seen));
    put(&map, "cut", mf_value_bool(is_cut));
    put(&map, "from",
        is_seen || is_cut ? mf_value_null() : mf_chain_look(chain, from, in->from_port));
    return mf_build_end_map(&map);
}

static struct mf_value look_at_inputs(struct mf_chain *chain, const struct mf_node *node,
                                      uint64_t turn)
{
    struct mf_builder list;

    mf_build_start(&list);
    chain->depth++;
    for (unsigned i = 0; i < node->def->in_count; i++)
        mf_build_take_item(&list, look_at_input(chain, node, i, turn));
    chain->depth--;
    return mf_build_end_list(&list);
}

static struct mf_value look_at_guard(const struct mf_node *node)
{
    struct mf_buf text = {0};
    struct mf_value value;

    if (!node->guard)
        return mf_value_null();
    mf_guard_describe(node, &text);
    value = mf_value_new_text(mf_buf_text(&text));
    mf_buf_done(&text);
    return value;
}

struct mf_value mf_chain_look(struct mf_chain *chain, const struct mf_node *node, unsigned output)
{
    const struct mf_output *out = output < node->def->out_count ? &node->outputs[output] : NULL;
    struct mf_buf at = {0};
    struct mf_builder map;

    chain->nodes[chain->count++] = node;
    mf_build_start(&map);
    put_text(&map, "node", node->def->name);
    put_text(&map, "kind", node->kind->name);
    mf_buf_printf(&at, "%s:%u", node->def->file, node->def->line);
    put_printed(&map, "at", &at);
    if (out)
        put_text(&map, "output", out->def->name);
    if (out && out->is_known)
        put_msg(&map, &out->last, out->def->unit, chain->now);
    put_text(&map, "branch", node->branch);
    put(&map, "held", all_that_holds(node, chain->now));
    put(&map, "due", next_timer(node));
    put(&map, "guard", look_at_guard(node));
    put(&map, "inputs", look_at_inputs(chain, node, turn_of(node, out)));
    return mf_build_end_map(&map);
}

struct mf_value mf_node_why(const struct mf_node *node, unsigned output)
{
    const struct mf_node *nodes[MF_WHY_NODES];
    struct mf_chain chain = {
        .nodes = nodes,
        .max_nodes = MF_WHY_NODES,
        .max_depth = MF_WHY_DEPTH,
        .now = mf_clock_wall(&node->sched->clock),
    };

    return mf_chain_look(&chain, node, output);
}
