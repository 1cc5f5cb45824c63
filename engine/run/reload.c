/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The second half of a reload, on the loop: see reload.h. It touches each node once, in a row
 * that prepare.c has laid out, and hands what is left over to somebody who has time.
 */

#include "engine/run/reload.h"

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/list.h"
#include "engine/run/change.h"
#include "engine/run/edge.h"
#include "engine/run/guard.h"
#include "engine/run/pressure.h"
#include "engine/run/report.h"
#include "engine/run/spool.h"
#include "engine/run/state.h"
#include "engine/run/store.h"
#include "engine/run/trace.h"

enum {
    TURNS_BEFORE = 1000, /* to bring what is under way to its end */
    LOOK_AHEAD = 8,      /* nodes fetched into the cache before they are written to */
};

static const struct mf_def *heir_of(const struct mf_change *change, const struct mf_def *def)
{
    return mf_map_get(&change->graph->by_name, def->name);
}

/* ---- create: the last that can fail ---- */

static void save_gone(struct mf_change *change)
{
    for (size_t i = 0; i < change->gone_count; i++)
        mf_past_save(change->past, i, change->gone[i]);
}

static bool restore(struct mf_node *node, const struct mf_past_node *former)
{
    struct mf_state_in in = {.is_handed_over = true};
    struct mf_error err = {0};

    if (!former || !former->has_fields || former->def->kind != node->kind)
        return false;
    in.fields = former->fields;
    if (node->kind->restore(node, &in, &err) == 0)
        return true;
    mf_node_log(node, MF_LOG_WARNING, "starts anew, its former state does not fit: %s", err.text);
    return false;
}

/* From the one that goes; on the way back from the one that went before, if that knows better. */
static bool inherit(const struct mf_change *change, const struct mf_fresh *fresh,
                    struct mf_node *node)
{
    const struct mf_past_node *former = fresh->is_new ? NULL : &change->past->nodes[fresh->old];

    if (change->back_to && (!former || former->is_broken || former->def->kind != node->kind))
        former = mf_map_get(&change->back_to->by_name, node->def->name);
    return restore(node, former);
}

static int create_fresh(struct mf_change *change, struct mf_error *err)
{
    if (mf_engine_open_store(change->engine, change->graph, err) < 0)
        return err->code;
    for (size_t i = 0; i < change->graph->link_count; i++) {
        struct mf_link *link = change->links[i];
        int rc = change->is_new_link[i] && link->kind->create ? link->kind->create(link, err) : 0;

        if (rc < 0)
            return rc;
    }
    for (size_t i = 0; i < change->fresh_count; i++) {
        struct mf_fresh *fresh = &change->fresh[i];
        struct mf_node *node = change->nodes[fresh->order];
        int rc = node->kind->create ? node->kind->create(node, err) : 0;

        if (rc < 0)
            return rc;
        if (!fresh->is_new) {
            mf_guard_inherit(node, change->gone[fresh->old]);
            mf_trail_inherit(node, change->gone[fresh->old]);
        }
        fresh->has_state = inherit(change, fresh, node);
        if (fresh->is_new && !fresh->has_state && node->def->keep && change->engine->store)
            mf_kept_restore(change->engine->store->kept, node);
    }
    return 0;
}

/* ---- switch: nothing from here on can fail ---- */

static void move_letters(struct mf_node *node, struct mf_queue *queue, const struct mf_def *from)
{
    uint32_t inputs[MF_NODE_INPUTS];

    for (unsigned i = 0; i < from->in_count; i++)
        inputs[i] = mf_change_input(node->def, from, i);
    mf_spool_attach(node);
    mf_queue_move(node->queue, queue, inputs);
}

static void move_spool(struct mf_node *node, struct mf_node *old)
{
    uint32_t inputs[MF_NODE_INPUTS];

    for (unsigned i = 0; i < old->def->in_count; i++)
        inputs[i] = mf_change_input(node->def, old->def, i);
    mf_spool_move(node, old, inputs);
}

static void say_spooled(struct mf_node *old)
{
    struct mf_queue_stats stats = mf_queue_stats(old->queue);

    if (stats.waiting + stats.in_flight)
        mf_node_log(old, MF_LOG_NOTICE,
                    "%zu messages that nobody took stay in its spool, until it is there again",
                    stats.waiting + stats.in_flight);
}

/* What is waiting for a sink goes over to its successor; only the same kind knows what to do with
 * it. What nobody takes stays in the spool, or with the past. */
static void hand_over(const struct mf_change *change, struct mf_node *old, size_t i)
{
    const struct mf_def *def = heir_of(change, old->def);
    struct mf_node *node = def ? change->nodes[def->order] : NULL;
    bool is_spooled = mf_queue_has_spool(old->queue);
    bool is_heir = node && node->kind == old->kind;

    /* The successor of an actuator tells it what holds now, within its own limits. */
    if ((!is_spooled && mf_queue_is_empty(old->queue)) || (node && node->guard && old->guard))
        return;
    if (is_spooled && is_heir) {
        move_spool(node, old);
    } else if (is_spooled) {
        say_spooled(old);
    } else if (is_heir) {
        move_letters(node, old->queue, old->def);
    } else {
        mf_queue_recall(old->queue);
        change->past->nodes[i].queue = old->queue;
        old->queue = NULL;
    }
}

static void stop_gone(struct mf_change *change)
{
    mf_linger_end(change->engine, change->graph);
    for (size_t i = 0; i < change->gone_count; i++) {
        struct mf_node *node = change->gone[i];

        if (node->guard && mf_guard_is_orphan(node, change->graph))
            mf_guard_make_safe(node);
        if (node->guard && node->guard->is_over && mf_linger_begin(node))
            continue;
        mf_node_stop(node);
        if (node->queue)
            hand_over(change, node, i);
    }
}

/* Letters that waited for the way back. What an actuator was to do before it went is not among
 * them: its guard decides anew. */
static void take_letters_back(const struct mf_change *change)
{
    for (size_t i = 0; change->back_to && i < change->back_to->count; i++) {
        struct mf_past_node *former = &change->back_to->nodes[i];
        const struct mf_def *def = former->queue ? heir_of(change, former->def) : NULL;

        if (def && !def->guard)
            move_letters(change->nodes[def->order], former->queue, former->def);
    }
}

static bool same_unit(const struct mf_unit *a, const struct mf_unit *b)
{
    return a == b || (a && b && strcmp(a->name, b->name) == 0);
}

/* Where a value goes that waits for a later turn. The successor says it where its node is gone. */
static bool readdress(const struct mf_change *change, struct mf_follow_up *next)
{
    const struct mf_def *from = next->node->def, *def = heir_of(change, from);
    const struct mf_out_def *old = &from->outs[next->output];
    int output;

    if (next->node->phase < MF_NODE_STOPPED)
        return true;
    output = def && def->kind == from->kind ? mf_def_output(def, old->name) : -1;
    if (output < 0 || !same_unit(def->outs[output].unit, old->unit) ||
        !(def->outs[output].types & MF_T(next->msg.value.type)))
        return false;
    next->node = change->nodes[def->order];
    next->output = (uint16_t)output;
    next->node->outputs[output].waiting++;
    next->node->outputs[output].plain = 0;
    return true;
}

static void readdress_follow_ups(const struct mf_change *change)
{
    struct mf_sched *sched = &change->engine->sched;
    size_t kept = 0, mask = sched->follow_cap - 1;

    for (size_t i = 0; i < sched->follow_count; i++) {
        struct mf_follow_up *next = &sched->follow_ups[(sched->follow_first + i) & mask];

        if (readdress(change, next))
            sched->follow_ups[(sched->follow_first + kept++) & mask] = *next;
        else
            mf_msg_drop(&next->msg);
    }
    sched->follow_count = kept;
}

static bool readdress_late(const struct mf_change *change, struct mf_late *late)
{
    const struct mf_def *from = late->to->def, *def = heir_of(change, from);
    uint32_t input;

    if (late->to->phase < MF_NODE_STOPPED)
        return true;
    if (!def || def->kind != from->kind)
        return false;
    input = mf_change_input(def, from, late->input);
    if (input == UINT32_MAX || !same_unit(def->ins[input].unit, from->ins[late->input].unit) ||
        !(def->ins[input].types & MF_T(late->msg.value.type)))
        return false;
    late->to = change->nodes[def->order];
    late->input = (uint16_t)input;
    return true;
}

static void readdress_lates(const struct mf_change *change)
{
    struct mf_sched *sched = &change->engine->sched;
    size_t kept = 0;

    for (size_t i = 0; i < sched->late_count; i++) {
        if (readdress_late(change, &sched->lates[i]))
            sched->lates[kept++] = sched->lates[i];
        else
            mf_msg_drop(&sched->lates[i].msg);
    }
    sched->late_count = kept;
}

/* ---- the one walk over all nodes that the loop waits for ---- */

static struct mf_edge *lead(struct mf_engine *engine, struct mf_output *out,
                            const struct mf_out_def *def, struct mf_edge *edges, uint32_t count)
{
    out->def = def;
    out->edges = edges;
    out->edge_count = count;
    out->is_direct = mf_output_can_be_direct(&engine->sched, out);
    return edges + count;
}

static void sit_down(struct mf_engine *engine, const struct mf_seat *seat, uint32_t order)
{
    struct mf_node *node = seat->node;
    struct mf_edge *edges = seat->edges;

    node->order = order;
    node->def = seat->def;
    node->config = seat->config;
    if (seat->out_count)
        edges = lead(engine, seat->outputs, seat->outs, edges, seat->edge_count);
    for (unsigned k = 1; k < seat->out_count; k++)
        edges = lead(engine, &seat->outputs[k], &seat->outs[k], edges, seat->outs[k].reader_count);
    if (seat->sharing == MF_SHARING_BEGINS) {
        node->messages = seat->messages;
        node->is_sharing = true;
    } else if (seat->sharing == MF_SHARING_ENDS) {
        *mf_node_own_messages(node) = mf_msg_copy(node->messages);
        node->messages = mf_node_own_messages(node);
        node->is_sharing = false;
    }
    if (node->is_ready)
        mf_sched_put_ready(&engine->sched, node);
    if (node->phase == MF_NODE_FAILED) /* perhaps what it lacked is there now */
        mf_timer_arm(&engine->sched, &mf_node_retry_timer(node)->timer,
                     mf_clock_mono(&engine->sched.clock));
}

static void renumber(struct mf_change *change)
{
    uint32_t count = (uint32_t)change->graph->count;

    for (uint32_t i = 0; i < count; i++) {
        if (i + LOOK_AHEAD < count) {
            const struct mf_seat *ahead = &change->seats[i + LOOK_AHEAD];
            const char *node = (const char *)ahead->node, *out = (const char *)ahead->outputs;

            __builtin_prefetch(node, 1);
            __builtin_prefetch(node + offsetof(struct mf_node, order), 1);
            __builtin_prefetch(node + offsetof(struct mf_node, is_ready), 1);
            __builtin_prefetch(out + offsetof(struct mf_output, def), 1);
            __builtin_prefetch(out + offsetof(struct mf_output, is_direct), 1);
        }
        sit_down(change->engine, &change->seats[i], i);
    }
}

/* Links that the new graph has no use for say goodbye; the graph they came from waits for them. */
static void leave_links(struct mf_change *change)
{
    struct mf_engine *engine = change->engine;

    for (size_t i = 0; i < change->graph->link_count; i++) {
        struct mf_link *link = change->links[i];

        link->def = change->graph->links[i];
        link->config = link->def->config;
        link->generation = engine->generation + 1;
        mf_free(link->nodes);
        link->nodes = change->attached[i];
        link->node_count = change->attached_count[i];
    }
    for (size_t i = 0; i < engine->link_count; i++) {
        struct mf_link *link = engine->links[i];

        if (link->generation == engine->generation + 1)
            continue;
        mf_grow(&engine->leaving, &engine->leaving_cap, engine->leaving_count,
                sizeof(*engine->leaving));
        engine->leaving[engine->leaving_count++] = link;
        link->node_count = 0;
        if (!mf_linger_needs_link(engine, link))
            mf_link_end(link);
    }
}

static void install(struct mf_change *change)
{
    struct mf_engine *engine = change->engine;
    void *blocks[MF_DISCARD_BLOCKS] = {engine->nodes, engine->edges, engine->links, engine->pulls};

    leave_links(change);
    engine->nodes = change->nodes;
    engine->count = (uint32_t)change->graph->count;
    engine->edges = change->edges;
    engine->links = change->links;
    engine->link_count = change->graph->link_count;
    engine->pulls = change->pulls;
    engine->pull_count = change->pull_count;
    mf_sched_set_nodes(&engine->sched, change->nodes, engine->count, change->ready);
    renumber(change);
    mf_engine_retire(engine, engine->graph, engine->generation);
    engine->graph = change->graph;
    engine->generation++;
    mf_engine_discard(engine, NULL, blocks);
}

static void reconfigure(const struct mf_change *change)
{
    for (size_t i = 0; i < change->live_count; i++) {
        struct mf_node *node = change->nodes[change->live[i].order];

        if (node->kind->reconfigure && node->phase == MF_NODE_RUNNING && !node->is_played)
            node->kind->reconfigure(node, change->live[i].old_config);
    }
}

/* ---- what is new learns ---- */

/* The former one has failed before it came to this message: it waited there, or it is what it
 * failed on. */
static bool is_unread(const struct mf_change *change, const struct mf_node *old, unsigned input,
                      const struct mf_output *out)
{
    const struct mf_trial *trial = &change->engine->trial;
    uint64_t turn = old->is_sharing ? out->turn : old->inputs[input].turn;

    return old->inputs[input].is_pending || (old->is_sharing && old->pending_first) ||
           (change->back_to && trial->failed == old && trial->failed_turn &&
            turn == trial->failed_turn);
}

static bool is_unread_by(const struct mf_change *change, const struct mf_fresh *fresh,
                         const struct mf_def *def, unsigned input, const struct mf_output *out)
{
    const struct mf_node *old = fresh->is_new ? NULL : change->gone[fresh->old];

    if (!old || !change->past->nodes[fresh->old].is_broken)
        return false;
    for (unsigned i = 0; i < old->def->in_count; i++)
        if (mf_change_input(def, old->def, i) == input)
            return is_unread(change, old, i, out);
    return false;
}

/* A reader that is new wants to know what its kept source said last: without that a flow with slow
 * sources would stand still after each edit. */
static void greet_fresh(struct mf_change *change)
{
    for (size_t i = 0; i < change->fresh_count; i++) {
        struct mf_node *node = change->nodes[change->fresh[i].order];

        for (unsigned k = 0; k < node->def->in_count; k++) {
            const struct mf_in_def *in = &node->def->ins[k];
            struct mf_node *from = change->nodes[in->from->order];
            const struct mf_output *out = &from->outputs[in->from_port];

            if (change->is_fresh[in->from->order] || !out->is_known)
                continue;
            if (!is_unread_by(change, &change->fresh[i], node->def, k, out)) {
                mf_node_greet(node, k, &out->last);
                continue;
            }
            change->has_unread = true;
            if (node->is_sharing)
                mf_edge_deliver_alone(node, out->last.quality);
            else
                mf_edge_travel(node, k, &out->last);
        }
    }
}

static void start_fresh(const struct mf_change *change)
{
    struct mf_engine *engine = change->engine;

    if (engine->host)
        for (size_t i = 0; i < change->graph->link_count; i++)
            if (change->is_new_link[i])
                mf_link_begin(change->links[i]);
    /* Readers first: a source may speak at once, and nobody may miss it. */
    for (size_t i = change->fresh_count; i-- > 0;)
        mf_engine_start_node(change->nodes[change->fresh[i].order]);
}

/* Who has to prove itself. A node that did not work before need not work now. */
static void watch_changed(const struct mf_change *change)
{
    uint32_t trial = change->engine->trial.number;

    for (size_t i = 0; i < change->fresh_count; i++) {
        const struct mf_fresh *fresh = &change->fresh[i];

        if (fresh->is_new || !change->past->nodes[fresh->old].is_broken)
            change->nodes[fresh->order]->trial = trial;
    }
    for (size_t i = 0; i < change->live_count; i++)
        change->nodes[change->live[i].order]->trial = trial;
}

/* ---- the whole ---- */

/* What came in before the switch reaches the nodes it was meant for, while they are there. */
static void finish_turns(struct mf_engine *engine)
{
    for (unsigned i = 0; i < TURNS_BEFORE && mf_sched_has_work(&engine->sched); i++)
        mf_sched_turn(&engine->sched);
}

static void recount_pressure(const struct mf_change *change, bool was_blocked)
{
    if (was_blocked) {
        mf_pressure_recount(change->engine);
        return;
    }
    for (size_t i = 0; i < change->fresh_count; i++)
        if (change->nodes[change->fresh[i].order]->queue)
            mf_pressure_update(change->nodes[change->fresh[i].order]);
}

static void switch_over(struct mf_change *change)
{
    struct mf_engine *engine = change->engine;
    bool was_blocked = engine->blocked > 0;

    mf_report_fill(change);
    stop_gone(change);
    take_letters_back(change);
    readdress_lates(change);
    readdress_follow_ups(change);
    install(change);
    reconfigure(change);
    greet_fresh(change);
    if (change->keeps_past)
        watch_changed(change);
    for (size_t i = 0; i < change->gone_count; i++)
        if (change->gone[i]->phase != MF_NODE_LEAVING)
            mf_node_free(change->gone[i]);
    if (change->keeps_past) {
        engine->trial.past = change->past;
        change->past = NULL;
    } else {
        mf_past_free(change->past);
        change->past = NULL;
    }
    mf_engine_reap(engine);
    start_fresh(change);
    if (change->has_unread) /* before the next one takes its place */
        mf_sched_turn_ready(&engine->sched);
    recount_pressure(change, was_blocked);
}

/* What has become the engine's is not in the lists any more. */
static void leave_lists(struct mf_change *change)
{
    void *blocks[MF_DISCARD_BLOCKS] = {
        change->fresh,    change->live,           change->gone,
        change->seats,    change->is_fresh,       change->is_new_link,
        change->attached, change->attached_count, change,
    };

    mf_engine_discard(change->engine, NULL, blocks);
}

int mf_change_switch(struct mf_change *change, struct mf_reload_report *report,
                     struct mf_error *err)
{
    struct mf_engine *engine = change->engine;
    int rc;

    if (!change->back_to) /* on the way back they are for those who come back */
        finish_turns(engine);
    save_gone(change);
    rc = create_fresh(change, err);
    if (rc < 0) {
        mf_change_drop(change);
        return rc;
    }
    switch_over(change);
    if (report)
        *report = engine->report;
    leave_lists(change);
    mf_engine_wake(engine);
    return 0;
}

int mf_engine_load(struct mf_engine *engine, struct mf_graph *graph,
                   struct mf_reload_report *report, struct mf_error *err)
{
    return mf_change_switch(mf_change_prepare(engine, graph), report, err);
}
