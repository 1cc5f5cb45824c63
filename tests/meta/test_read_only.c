/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * `run --read-only` means read-only, for every kind there is or will be.
 *
 * The example of each kind that writes is run with that kind's functions replaced by counters, so
 * that nothing is written whatever happens: with --read-only none may be called, without it at
 * least one must be.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/cli/reference.h"
#include "engine/graph/registry.h"
#include "engine/run/engine.h"
#include "nodes/kinds.h"

static struct {
    struct mf_kind *kinds; /* copies, in order of the registry's */
    const struct mf_kind **list;
    size_t count;
    struct mf_kind_set set;
    const struct mf_kind *watched;
    unsigned calls; /* of the watched kind's */
} stand_ins;

/* ---- kinds that count ---- */

static void called(const struct mf_node *node)
{
    stand_ins.calls += node->kind == stand_ins.watched;
}

static int counted_start(struct mf_node *node, struct mf_error *err)
{
    called(node);
    return 0;
}

static void counted_receive(struct mf_node *node, unsigned port, const struct mf_msg *msg)
{
    called(node);
}

static void counted_run(struct mf_node *node)
{
    called(node);
}

static int counted_deliver(struct mf_node *node, const struct mf_letter *letter,
                           struct mf_error *err)
{
    called(node);
    return MF_OK;
}

/* Whatever touches the outside does nothing; sources are played. */
static void stand_in(struct mf_kind *kind)
{
    if (kind->flags & (MF_KIND_PURE | MF_KIND_TIME))
        return;
    kind->start = kind->flags & MF_KIND_WRITES ? counted_start : NULL;
    kind->stop = NULL;
    kind->pull = NULL;
    kind->timeout = NULL;
    kind->stamp = NULL;
    kind->receive = kind->receive ? counted_receive : NULL;
    kind->run = kind->run ? counted_run : NULL;
    kind->deliver = kind->deliver ? counted_deliver : NULL;
}

static int set_up(void **state)
{
    const struct mf_kind_set *all = mf_kinds();

    while (all->nodes[stand_ins.count])
        stand_ins.count++;
    stand_ins.kinds = mf_calloc_array(stand_ins.count, sizeof(*stand_ins.kinds));
    stand_ins.list = mf_calloc_array(stand_ins.count + 1, sizeof(*stand_ins.list));
    for (size_t i = 0; i < stand_ins.count; i++) {
        memcpy(&stand_ins.kinds[i], all->nodes[i], sizeof(*stand_ins.kinds));
        stand_in(&stand_ins.kinds[i]);
        stand_ins.list[i] = &stand_ins.kinds[i];
    }
    stand_ins.set = (struct mf_kind_set){stand_ins.list, all->links, all->absent};
    mf_registry_set(&stand_ins.set);
    return 0;
}

static int tear_down(void **state)
{
    mf_free(stand_ins.kinds);
    mf_free(stand_ins.list);
    return 0;
}

/* ---- running an example ---- */

static struct mf_graph *compile(const char *text)
{
    struct mf_arena *arena = mf_arena_new();
    struct mf_sources *sources = mf_sources_new();
    struct mf_flow_setup setup = {0};
    struct mf_graph *graph;
    struct mf_diags diags;
    struct mf_flow flow;

    mf_diags_init(&diags, sources);
    mf_flow_init(&flow, arena, sources, &diags);
    mf_flow_read_text(&flow, "example", text, strlen(text), &setup);
    graph = mf_compile(&flow);
    mf_flow_done(&flow);
    mf_diags_done(&diags);
    mf_sources_free(sources);
    mf_arena_free(arena);
    return graph;
}

static struct mf_value some_value(uint32_t types)
{
    if (types & MF_T(MF_NUMBER))
        return mf_value_number(1.5);
    if (types & MF_T(MF_INT))
        return mf_value_int(1);
    if (types & MF_T(MF_BOOL))
        return mf_value_bool(true);
    return types & MF_T(MF_TEXT) ? mf_value_new_text("text") : mf_value_new_bytes("bytes", 5);
}

static void play_sources(struct mf_engine *engine)
{
    for (uint32_t i = 0; i < engine->count; i++) {
        struct mf_node *node = engine->nodes[i];

        if (node->kind->flags & (MF_KIND_PURE | MF_KIND_TIME))
            continue;
        for (unsigned k = 0; k < node->def->out_count; k++)
            mf_engine_play(engine, node, k, some_value(node->def->outs[k].types), 0);
    }
}

/* How often the kind was asked to do something. */
static unsigned run_example(const struct mf_kind *kind, const char *text, bool read_only)
{
    struct mf_engine_options options = {.read_only = read_only, .starts_outside = true};
    struct mf_graph *graph = compile(text);
    struct mf_engine engine;
    struct mf_error err = {0};

    assert_non_null(graph);
    stand_ins.watched = kind;
    stand_ins.calls = 0;
    mf_engine_init(&engine, NULL, options);
    mf_clock_init_virtual(&engine.sched.clock, 0);
    assert_int_equal(mf_engine_load(&engine, graph, NULL, &err), 0);
    for (size_t i = 0; i < engine.link_count; i++)
        engine.links[i]->phase = MF_LINK_UP;
    for (int hour = 1; hour <= 3; hour++) {
        play_sources(&engine);
        mf_engine_advance(&engine, hour * 3600 * MF_SEC);
    }
    mf_engine_make_safe(&engine);
    for (size_t i = 0; i < engine.link_count; i++)
        engine.links[i]->phase = MF_LINK_STOPPED;
    mf_engine_stop(&engine);
    mf_engine_done(&engine);
    return stand_ins.calls;
}

/* The same example with the kind as an actuator: what is done at the end must not write either. */
static char *as_actuator(const struct mf_kind *kind, const char *example)
{
    char *pattern = mf_asprintf("%s:", kind->name);
    const char *at = strstr(example, pattern), *end = at ? strchr(at, '}') : NULL;
    char *text = NULL;

    if (kind->flags & MF_KIND_MAY_ACT && end)
        text = mf_asprintf("%.*s, actuator: true, failsafe: keep%s", (int)(end - example), example,
                           end);
    mf_free(pattern);
    return text;
}

/* No function of a kind that writes is called, not even to open what it would write to. */
static void nothing_is_written(void **state)
{
    unsigned sinks = 0;

    (void)state;
    for (size_t i = 0; i < stand_ins.count; i++) {
        const struct mf_kind *kind = stand_ins.list[i];
        struct mf_buf text = {0};
        char *actuator;

        if (!(kind->flags & MF_KIND_WRITES))
            continue;
        sinks++;
        mf_reference_example(kind->example, &text);
        if (run_example(kind, mf_buf_text(&text), true) != 0)
            fail_msg("`%s` was called with --read-only", kind->name);
        if (run_example(kind, mf_buf_text(&text), false) < 2)
            fail_msg("`%s` was not called without --read-only: the test shows nothing", kind->name);
        actuator = as_actuator(kind, mf_buf_text(&text));
        if (actuator && strchr(actuator, '*') == NULL && run_example(kind, actuator, true) != 0)
            fail_msg("`%s` was called as an actuator with --read-only", kind->name);
        mf_free(actuator);
        mf_buf_done(&text);
    }
    assert_true(sinks > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_is_written)};

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
