/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See overview.h: looking. How it is printed is in overview_print.c. */

#include "engine/run/overview.h"

#include <stdio.h>

#include "engine/run/dead.h"
#include "engine/run/engine.h"
#include "engine/run/guard.h"
#include "engine/run/store.h"

static void put(struct mf_builder *map, const char *key, struct mf_value value)
{
    mf_build_take_field(map, key, value);
}

static void put_int(struct mf_builder *map, const char *key, uint64_t number)
{
    put(map, key, mf_value_int((int64_t)number));
}

static void put_text(struct mf_builder *map, const char *key, const char *text_or_null)
{
    put(map, key, text_or_null ? mf_value_new_text(text_or_null) : mf_value_null());
}

static void put_hash(struct mf_builder *map, const uint64_t hash[2])
{
    char text[2 * 16 + 1];

    snprintf(text, sizeof(text), "%016llx%016llx", (unsigned long long)hash[0],
             (unsigned long long)hash[1]);
    put_text(map, "hash", text);
}

/* ---- the whole ---- */

static struct mf_value look_at_engine(const struct mf_engine *engine)
{
    struct mf_builder map;

    mf_build_start(&map);
    put_int(&map, "generation", engine->live.number);
    put_hash(&map, engine->live.hash);
    put_int(&map, "since", (uint64_t)engine->live.since);
    put_text(&map, "by", mf_generation_by_names[engine->live.by]);
    put(&map, "on_trial", mf_value_bool(engine->trial.is_on));
    put(&map, "refused", mf_value_bool(engine->last_refused));
    put_int(&map, "confirm_until", mf_generation_until(engine));
    put_int(&map, "nodes", engine->count);
    put_int(&map, "links", engine->link_count);
    put_int(&map, "turns", engine->sched.turn);
    put_int(&map, "timers", engine->sched.heap_count);
    put_int(&map, "waiting", mf_engine_waiting(engine));
    put_int(&map, "dropped", engine->sched.follow_ups_dropped);
    put_int(&map, "trail_bytes", engine->sched.trail_bytes);
    put(&map, "read_only", mf_value_bool(engine->options.read_only));
    return mf_build_end_map(&map);
}

static void add_reason(void *arg, const char *reason)
{
    mf_build_take_item(arg, mf_value_new_text(reason));
}

static struct mf_value look_at_health(const struct mf_engine *engine)
{
    struct mf_builder map, reasons;
    size_t count;

    mf_build_start(&map);
    mf_build_start(&reasons);
    count = mf_engine_reasons(engine, add_reason, &reasons);
    put(&map, "healthy", mf_value_bool(count == 0));
    put(&map, "reasons", mf_build_end_list(&reasons));
    return mf_build_end_map(&map);
}

/* ---- numbers of kinds ---- */

struct numbers {
    struct mf_builder map;
    bool counters; /* these, or the others */
    size_t count;
};

static void take_number(void *arg, const char *name, double number, bool is_counter)
{
    struct numbers *numbers = arg;

    if (is_counter != numbers->counters)
        return;
    numbers->count++;
    put_int(&numbers->map, name, (uint64_t)number);
}

/* Of a node or of a link; the other is NULL. Null where there are none. */
static struct mf_value look_at_numbers(const struct mf_node *node, const struct mf_link *link,
                                       bool counters)
{
    struct numbers numbers = {.counters = counters};
    struct mf_value map;

    mf_build_start(&numbers.map);
    if (node && node->kind->stats)
        node->kind->stats(node, take_number, &numbers);
    if (link && link->kind->stats)
        link->kind->stats(link, take_number, &numbers);
    map = mf_build_end_map(&numbers.map);
    if (numbers.count)
        return map;
    mf_value_drop(map);
    return mf_value_null();
}

static struct mf_value look_at_links(const struct mf_engine *engine)
{
    struct mf_builder list, map;

    mf_build_start(&list);
    for (size_t i = 0; i < engine->link_count; i++) {
        const struct mf_link *link = engine->links[i];

        mf_build_start(&map);
        put_text(&map, "name", link->def->name);
        put_text(&map, "kind", link->kind->name);
        put_text(&map, "state", mf_link_phase_names[link->phase]);
        put_text(&map, "error", link->last_error[0] ? link->last_error : NULL);
        put_int(&map, "ups", link->ups);
        put_int(&map, "failures", link->failures);
        put(&map, "counters", look_at_numbers(NULL, link, true));
        put(&map, "gauges", look_at_numbers(NULL, link, false));
        mf_build_take_item(&list, mf_build_end_map(&map));
    }
    return mf_build_end_list(&list);
}

static struct mf_value look_at_store(const struct mf_engine *engine)
{
    struct mf_builder map;

    mf_build_start(&map);
    put_int(&map, "dead", mf_dead_count(engine->dead));
    put_int(&map, "dead_dropped", mf_dead_dropped(engine->dead));
    put(&map, "is_open", mf_value_bool(engine->store));
    if (engine->store) {
        const struct mf_store_metrics *m = &engine->store->metrics;

        put_int(&map, "commits", m->commits);
        put_int(&map, "changes", m->changes);
        put_int(&map, "bytes", m->bytes);
        put_int(&map, "failures", m->failures);
        put_text(&map, "error", m->is_failing ? m->error : NULL);
    }
    return mf_build_end_map(&map);
}

/* ---- nodes ---- */

static struct mf_value look_at_output(const struct mf_output *out, int64_t now)
{
    char time[MF_TIME_TEXT];
    struct mf_builder map;

    mf_build_start(&map);
    put_text(&map, "name", out->def->name);
    put(&map, "value", mf_value_copy(out->last.value));
    put_text(&map, "unit", out->def->unit ? out->def->unit->name : NULL);
    put_text(&map, "quality", out->is_known ? mf_quality_names[out->last.quality] : NULL);
    put_text(&map, "reason", out->last.reason);
    if (out->is_known) {
        mf_time_print(out->last.time, time);
        put_text(&map, "time", time);
        put(&map, "age", mf_value_number((double)(now - out->last.time) / MF_SEC));
    }
    put_int(&map, "count", out->count);
    return mf_build_end_map(&map);
}

static struct mf_value look_at_queue(const struct mf_queue *queue)
{
    struct mf_queue_stats stats;
    struct mf_builder map;

    if (!queue)
        return mf_value_null();
    stats = mf_queue_stats(queue);
    mf_build_start(&map);
    put_int(&map, "waiting", stats.waiting);
    put_int(&map, "in_flight", stats.in_flight);
    put_int(&map, "capacity", stats.capacity);
    put_int(&map, "delivered", stats.delivered);
    put_int(&map, "dropped", stats.dropped);
    put_int(&map, "refused", stats.refused);
    put_int(&map, "spool_bytes", (uint64_t)stats.bytes);
    put_int(&map, "spool_limit", (uint64_t)stats.limit);
    return mf_build_end_map(&map);
}

static struct mf_value look_at_guard(const struct mf_node *node)
{
    struct mf_buf text = {0};
    struct mf_builder map;

    if (!node->guard)
        return mf_value_null();
    mf_guard_describe(node, &text);
    mf_build_start(&map);
    put_text(&map, "text", mf_buf_text(&text));
    put(&map, "is_set", mf_value_bool(node->guard->is_set));
    put_int(&map, "writes", node->guard->writes);
    put_int(&map, "limited", node->guard->limited);
    put_int(&map, "failsafes", node->guard->failsafes);
    mf_buf_done(&text);
    return mf_build_end_map(&map);
}

static struct mf_value look_at_node(const struct mf_node *node, int64_t now)
{
    static const char *const phases[] = {"new", "running", "failed", "stopped"};
    struct mf_builder map, outputs;

    mf_build_start(&map);
    put_text(&map, "name", node->def->name);
    put_text(&map, "kind", node->kind->name);
    put_text(&map, "link", node->def->link ? node->def->link->name : NULL);
    put_text(&map, "state", phases[node->phase]);
    put_int(&map, "runs", node->turns);
    put_int(&map, "rejected", node->rejected);
    put_int(&map, "skipped", node->skipped);
    put_int(&map, "held", node->hold ? node->hold->count : 0);
    mf_build_start(&outputs);
    for (unsigned i = 0; i < node->def->out_count; i++)
        mf_build_take_item(&outputs, look_at_output(&node->outputs[i], now));
    put(&map, "outputs", mf_build_end_list(&outputs));
    put(&map, "queue", look_at_queue(node->queue));
    put(&map, "guard", look_at_guard(node));
    put(&map, "counters", look_at_numbers(node, NULL, true));
    put(&map, "gauges", look_at_numbers(node, NULL, false));
    return mf_build_end_map(&map);
}

static struct mf_value look_at_nodes(const struct mf_engine *engine)
{
    int64_t now = mf_clock_wall(&engine->sched.clock);
    struct mf_builder list;

    mf_build_start(&list);
    for (uint32_t i = 0; i < engine->count; i++)
        mf_build_take_item(&list, look_at_node(engine->nodes[i], now));
    return mf_build_end_list(&list);
}

/* ---- parts ---- */

static const struct mf_overview_part engine_part = {"engine", look_at_engine,
                                                    mf_overview_print_engine};
static const struct mf_overview_part health_part = {"health", look_at_health,
                                                    mf_overview_print_health};
static const struct mf_overview_part links_part = {"links", look_at_links, mf_overview_print_links};
static const struct mf_overview_part store_part = {"store", look_at_store, mf_overview_print_store};
static const struct mf_overview_part nodes_part = {"nodes", look_at_nodes, mf_overview_print_nodes};

const struct mf_overview_part *const mf_overview_parts[] = {
    &engine_part, &health_part, &links_part, &store_part, &nodes_part, NULL,
};

struct mf_value mf_engine_overview(const struct mf_engine *engine)
{
    struct mf_builder map;

    mf_build_start(&map);
    for (const struct mf_overview_part *const *part = mf_overview_parts; *part; part++)
        put(&map, (*part)->name, (*part)->look(engine));
    return mf_build_end_map(&map);
}
