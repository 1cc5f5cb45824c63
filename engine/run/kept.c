/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The state of nodes with `keep`: each second those that have run since are asked for theirs, and
 * what differs from what was written last is written.
 *
 * A node whose state was restored knows nothing of what happened meanwhile. Until an input has
 * spoken, what it says is stale (mf_reason_restart): an old measurement that a heartbeat repeats
 * must not look like a new one. Kinds that decide by themselves (MF_KIND_DECIDES: the timer that
 * turns off the light) are believed.
 */

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/log.h"
#include "engine/base/map.h"
#include "engine/run/state.h"
#include "engine/run/store.h"
#include "engine/value/codec.h"

enum {
    STATE_BYTES = 1024 * 1024, /* of one node; more is not kept */
    STATES = 100000,           /* of all nodes that ever were */
};
#define GRAIN (10 * MF_MS) /* of timers: what two clocks differ by is no news */

struct mf_kept {
    struct mf_store_client client;
    struct mf_store *store;
    struct mf_timer timer;
    struct mf_map by_address;
    struct mf_kept_state **states;
    size_t count, cap;
};

static struct mf_kept_state *add(struct mf_kept *kept, const char *address)
{
    struct mf_kept_state *state = mf_zalloc(sizeof(*state));

    state->address = mf_strdup(address);
    mf_grow(&kept->states, &kept->cap, kept->count, sizeof(struct mf_kept_state *));
    kept->states[kept->count++] = state;
    mf_map_set(&kept->by_address, state->address, state);
    return state;
}

static void free_state(struct mf_kept_state *state)
{
    mf_buf_done(&state->body);
    mf_free(state->address);
    mf_free(state->kind);
    mf_free(state);
}

/* ---- saving ---- */

static uint64_t said_by(const struct mf_node *node)
{
    uint64_t said = 0;

    for (unsigned i = 0; i < node->def->out_count; i++)
        said += node->outputs[i].count;
    return said;
}

static void encode_state(const struct mf_node *node, struct mf_buf *ret)
{
    struct mf_state_out out = {.grain = GRAIN};
    struct mf_value map;

    mf_build_start(&out.fields);
    node->kind->save(node, &out);
    map = mf_build_end_map(&out.fields);
    mf_cbor_write(&map, ret);
    mf_value_drop(map);
}

static bool is_same(const struct mf_kept_state *state, const struct mf_node *node,
                    const struct mf_buf *body)
{
    return !state->is_gone && state->kind && strcmp(state->kind, node->kind->name) == 0 &&
           state->version == node->kind->state_version && state->body.len == body->len &&
           memcmp(mf_buf_text(&state->body), mf_buf_text(body), body->len) == 0;
}

static void set_state(struct mf_kept_state *state, const struct mf_node *node,
                      struct mf_buf *take_body)
{
    mf_buf_done(&state->body);
    state->body = *take_body;
    mf_free(state->kind);
    state->kind = mf_strdup(node->kind->name);
    state->version = node->kind->state_version;
    state->time = mf_clock_wall(&node->sched->clock);
    state->stage = MF_NOT_WRITTEN;
    state->is_gone = false;
}

static void ask(struct mf_kept *kept, struct mf_node *node, bool is_forced)
{
    struct mf_kept_state *state = mf_map_get(&kept->by_address, node->def->name);
    uint64_t said = said_by(node);
    struct mf_buf body = {0};

    if (state && !is_forced && state->seen == node->turns + 1 && state->said == said)
        return;
    if (!state && kept->count >= STATES) {
        mf_node_log(node, MF_LOG_WARNING,
                    "its state is not kept: there are %d already; see `moat-flow state ls`",
                    STATES);
        return;
    }
    if (!state)
        state = add(kept, node->def->name);
    state->seen = node->turns + 1;
    state->said = said;
    encode_state(node, &body);
    if (body.len > STATE_BYTES)
        mf_node_log(node, MF_LOG_WARNING,
                    "its state of %zu bytes is over the limit of %d and is not kept", body.len,
                    STATE_BYTES);
    else if (!is_same(state, node, &body)) {
        set_state(state, node, &body);
        return;
    }
    mf_buf_done(&body);
}

static void ask_all(struct mf_kept *kept, bool is_forced)
{
    struct mf_engine *engine = kept->store->engine;
    bool is_any = false;

    for (uint32_t i = 0; i < engine->count; i++) {
        struct mf_node *node = engine->nodes[i];

        if (node->def->keep && node->kind->save && node->phase == MF_NODE_RUNNING)
            ask(kept, node, is_forced);
    }
    for (size_t i = 0; i < kept->count && !is_any; i++)
        is_any = kept->states[i]->stage == MF_NOT_WRITTEN;
    if (is_any)
        mf_store_note(kept->store, MF_STORE_GATHER);
}

void mf_kept_save(struct mf_kept *kept)
{
    ask_all(kept, true);
}

static void timer_fired(struct mf_timer *timer)
{
    struct mf_kept *kept = mf_list_entry(timer, struct mf_kept, timer);
    struct mf_sched *sched = &kept->store->engine->sched;

    ask_all(kept, false);
    mf_timer_arm(sched, timer, mf_clock_mono(&sched->clock) + MF_STORE_LAZY);
}

static void collect(struct mf_store_client *client, struct mf_batch *batch)
{
    struct mf_kept *kept = mf_list_entry(client, struct mf_kept, client);

    for (size_t i = 0; i < kept->count && !mf_batch_is_full(batch); i++) {
        struct mf_kept_state *state = kept->states[i];
        struct mf_store_change *change;

        if (state->stage != MF_NOT_WRITTEN || (!state->kind && !state->is_gone))
            continue;
        state->stage = MF_BEING_WRITTEN;
        change = mf_batch_add(batch, state->is_gone ? MF_CHANGE_NO_STATE : MF_CHANGE_STATE);
        change->name = mf_batch_text(batch, state->address);
        if (state->is_gone)
            continue;
        change->kind = mf_batch_text(batch, state->kind);
        change->number = state->version;
        change->time = state->time;
        change->body = batch->bytes.len;
        change->body_len = state->body.len;
        mf_buf_put(&batch->bytes, mf_buf_text(&state->body), state->body.len);
    }
}

static void written(struct mf_store_client *client, bool ok)
{
    struct mf_kept *kept = mf_list_entry(client, struct mf_kept, client);

    for (size_t i = 0; i < kept->count; i++)
        if (kept->states[i]->stage == MF_BEING_WRITTEN)
            kept->states[i]->stage = ok ? MF_WRITTEN : MF_NOT_WRITTEN;
}

static void renewed(struct mf_store_client *client)
{
    struct mf_kept *kept = mf_list_entry(client, struct mf_kept, client);

    for (size_t i = 0; i < kept->count; i++)
        kept->states[i]->stage = MF_NOT_WRITTEN;
}

/* ---- restoring ---- */

bool mf_kept_restore(struct mf_kept *kept, struct mf_node *node)
{
    const struct mf_kept_state *state = mf_map_get(&kept->by_address, node->def->name);
    struct mf_state_in in = {0};
    struct mf_error err = {0};
    int rc;

    if (!state || state->is_gone || !state->kind || !node->kind->restore)
        return false;
    if (strcmp(state->kind, node->kind->name) != 0 || state->version != node->kind->state_version) {
        mf_node_log(node, MF_LOG_WARNING,
                    "starts anew: the state that was kept is of %s, version %u", state->kind,
                    state->version);
        return false;
    }
    rc = mf_cbor_read(state->body.data, state->body.len, &in.fields, &err);
    if (rc == 0 && in.fields.type != MF_MAP)
        rc = mf_fail(&err, MF_EINVAL, "it is not a map");
    if (rc == 0)
        rc = node->kind->restore(node, &in, &err);
    mf_value_drop(in.fields);
    if (rc < 0) {
        mf_node_log(node, MF_LOG_WARNING, "starts anew, the state that was kept does not fit: %s",
                    err.text);
        return false;
    }
    if (node->def->in_count && !(node->kind->flags & MF_KIND_DECIDES)) {
        node->worst = MF_STALE;
        node->worst_reason = mf_reason_restart;
    }
    return true;
}

/* ---- looking ---- */

size_t mf_kept_count(const struct mf_kept *kept)
{
    return kept->count;
}

struct mf_kept_state *mf_kept_at(const struct mf_kept *kept, size_t i)
{
    return kept->states[i];
}

struct mf_kept_state *mf_kept_find(const struct mf_kept *kept, const char *address)
{
    struct mf_kept_state *state = mf_map_get(&kept->by_address, address);

    return state && state->kind && !state->is_gone ? state : NULL;
}

void mf_kept_clear(struct mf_kept *kept, struct mf_kept_state *state)
{
    state->is_gone = true;
    state->stage = MF_NOT_WRITTEN;
    mf_buf_done(&state->body);
    mf_store_note(kept->store, MF_STORE_GATHER);
}

/* ---- life ---- */

struct mf_kept *mf_kept_new(struct mf_store *store, const struct mf_rows *rows)
{
    struct mf_kept *kept = mf_zalloc(sizeof(*kept));
    struct mf_sched *sched = &store->engine->sched;

    kept->store = store;
    kept->client =
        (struct mf_store_client){.collect = collect, .written = written, .renewed = renewed};
    mf_store_add(store, &kept->client);
    for (size_t i = 0; i < rows->count; i++) {
        struct mf_kept_state *state = add(kept, rows->rows[i].name);

        state->kind = mf_strdup(rows->rows[i].kind);
        state->version = (uint32_t)rows->rows[i].number;
        state->time = rows->rows[i].time;
        state->stage = MF_WRITTEN;
        mf_buf_put(&state->body, rows->rows[i].body, rows->rows[i].len);
    }
    kept->timer.fire = timer_fired;
    mf_timer_arm(sched, &kept->timer, mf_clock_mono(&sched->clock) + MF_STORE_LAZY);
    return kept;
}

void mf_kept_free(struct mf_kept *kept)
{
    if (!kept)
        return;
    mf_timer_disarm(&kept->store->engine->sched, &kept->timer);
    for (size_t i = 0; i < kept->count; i++)
        free_state(kept->states[i]);
    mf_map_done(&kept->by_address);
    mf_free(kept->states);
    mf_free(kept);
}
