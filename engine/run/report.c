/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See report.h. */

#include "engine/run/report.h"

#include <string.h>

#include "engine/base/arena.h"

const char *const mf_fate_names[MF_FATES] = {
    "in place", "state kept", "starts anew", "state dropped", "new", "removed",
};

static void add(struct mf_engine *engine, struct mf_reload_item item)
{
    struct mf_reload_report *report = &engine->report;
    struct mf_arena *arena = engine->report_arena;

    if (report->item_count == MF_RELOAD_ITEMS)
        return;
    item.name = mf_arena_strdup(arena, item.name);
    report->items[report->item_count++] = item; /* kinds are there for ever */
}

static size_t fields_of(const struct mf_past_node *former)
{
    return former->has_fields ? mf_value_count(&former->fields) : 0;
}

static size_t letters_of(const struct mf_node *node)
{
    struct mf_queue_stats stats;

    if (!node->queue)
        return 0;
    stats = mf_queue_stats(node->queue);
    return stats.waiting + stats.in_flight;
}

static void report_fresh(struct mf_change *change, const struct mf_fresh *fresh)
{
    struct mf_reload_report *report = &change->engine->report;
    const struct mf_node *node = change->nodes[fresh->order], *old;
    struct mf_reload_item item = {.name = node->def->name, .kind = node->kind->name};

    if (fresh->is_new) {
        item.fate = MF_FATE_ADDED;
        report->added++;
        add(change->engine, item);
        return;
    }
    old = change->gone[fresh->old];
    item.letters = letters_of(old);
    if (old->kind != node->kind)
        item.former_kind = old->kind->name;
    if (fresh->has_state) {
        item.fate = MF_FATE_MIGRATED;
        report->migrated++;
    } else {
        item.fields = fields_of(&change->past->nodes[fresh->old]);
        item.fate = item.fields ? MF_FATE_DROPPED : MF_FATE_RESTARTED;
        report->restarted++;
        report->dropped += item.fate == MF_FATE_DROPPED;
    }
    add(change->engine, item);
}

static void report_gone(struct mf_change *change, size_t i)
{
    const struct mf_node *old = change->gone[i];

    if (mf_map_get(&change->graph->by_name, old->def->name))
        return;
    change->engine->report.removed++;
    add(change->engine, (struct mf_reload_item){.name = old->def->name,
                                                .kind = old->kind->name,
                                                .fate = MF_FATE_REMOVED,
                                                .fields = fields_of(&change->past->nodes[i]),
                                                .letters = letters_of(old)});
}

void mf_report_fill(struct mf_change *change)
{
    struct mf_engine *engine = change->engine;
    size_t room = change->fresh_count + change->live_count + change->gone_count;

    mf_arena_free(engine->report_arena);
    engine->report_arena = mf_arena_new();
    engine->report = change->report;
    engine->report.items =
        mf_arena_alloc(engine->report_arena, (room < MF_RELOAD_ITEMS ? room : MF_RELOAD_ITEMS) *
                                                 sizeof(struct mf_reload_item));
    for (size_t i = 0; i < change->live_count; i++) {
        const struct mf_node *node = change->nodes[change->live[i].order];

        add(engine, (struct mf_reload_item){.name = node->def->name,
                                            .kind = node->kind->name,
                                            .fate = MF_FATE_IN_PLACE});
    }
    for (size_t i = 0; i < change->fresh_count; i++)
        report_fresh(change, &change->fresh[i]);
    for (size_t i = 0; i < change->gone_count; i++)
        report_gone(change, i);
}
