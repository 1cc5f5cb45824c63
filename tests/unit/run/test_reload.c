/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Reload: what did not change is not touched, what changed goes on, and nothing is lost. */

#include <malloc.h>

#include "engine/base/alloc.h"
#include "engine/base/arena.h"
#include "tests/support/bench_priv.h"
#include "tests/unit/run/run_kinds.h"

static const struct bench_options real = {.is_real = true};

static struct mf_node *node(struct bench *b, const char *name)
{
    return mf_engine_node(bench_engine(b), name);
}

/* Unchanged nodes are the same objects, with their timers and values, wherever their rank moves. */
static void unchanged_are_the_same_objects(void **state)
{
    struct bench *b = bench_new("in: {test.source: number}\n"
                                "t: {test.beat: 10s}\n"
                                "n: {test.count: , from: in}\n");
    const struct mf_node *in = node(b, "in"), *n = node(b, "n"), *t = node(b, "t");

    bench_feed(b, "in", "1");
    bench_advance(b, "7s");
    bench_reload(b, "zero: {test.source: number}\n"
                    "n: {test.count: , from: in}\n"
                    "one: {test.pass: , from: [zero, in]}\n"
                    "in: {test.source: number}\n"
                    "t: {test.beat: 10s}\n");
    assert_ptr_equal(node(b, "in"), in);
    assert_ptr_equal(node(b, "n"), n);
    assert_ptr_equal(node(b, "t"), t);
    bench_feed(b, "in", "1");
    bench_expect(b, "n", "1 2");
    bench_expect(b, "one", "1");
    bench_advance(b, "3s");
    bench_expect(b, "t", "1");
    mf_buf_done(&run_trace);
    bench_free(b);
}

/* A kept node that gets another reader, or loses one, speaks to those that are there. */
static void readers_change(void **state)
{
    struct bench *b = bench_new("in: {test.source: number}\n"
                                "a: {test.pass: , from: in}\n"
                                "b: {test.pass: , from: in}\n");
    const struct mf_node *in = node(b, "in");

    bench_feed(b, "in", "1");
    run_expect_trace("a(1); b(1); ");
    bench_reload(b, "a0: {test.source: number}\n"
                    "in: {test.source: number}\n"
                    "b: {test.pass: , from: in}\n"
                    "c: {test.pass: , from: in}\n");
    bench_feed(b, "in", "2");
    run_expect_trace("b(2); c(2); ");
    assert_ptr_equal(node(b, "in"), in);
    assert_null(node(b, "a"));
    bench_free(b);
}

/* A kept node whose source is another object now still knows what the old one said. */
static void source_is_replaced(void **state)
{
    struct bench *b = bench_new("in: {test.source: any}\n"
                                "n: {test.count: , from: in}\n");
    const struct mf_node *n = node(b, "n");

    bench_feed(b, "in", "\"what the former source said last\"");
    for (int i = 0; i < 3; i++) {
        bench_reload(b, i & 1 ? "in: {test.source: any, stale: 1h}\n"
                                "n: {test.count: , from: in}\n"
                              : "in: {test.source: any, stale: 2h}\n"
                                "n: {test.count: , from: in}\n");
        assert_ptr_equal(node(b, "n"), n);
        assert_int_equal(mf_value_size(&mf_node_input(n, 0)->value) > 0, i == 0);
        bench_feed(b, "in", "7");
        assert_int_equal(mf_node_input(n, 0)->value.integer, 7);
    }
    bench_expect(b, "n", "1 2 3 4");
    bench_free(b);
}

/* A flow whose nodes cannot be made changes nothing at all. */
static void refused_changes_nothing(void **state)
{
    struct bench *b = bench_new("in: {test.source: number}\n"
                                "n: {test.count: , from: in}\n");
    const struct mf_node *n = node(b, "n");
    uint64_t generation = bench_engine(b)->generation;

    bench_feed(b, "in", "1");
    bench_reload_refused(b,
                         "in: {test.source: number}\n"
                         "n: {test.count: , from: in, by: 7}\n"
                         "r: {test.rotten: , from: in}\n",
                         "it is rotten");
    assert_ptr_equal(node(b, "n"), n);
    assert_int_equal(bench_engine(b)->generation, generation);
    bench_feed(b, "in", "1");
    bench_expect(b, "n", "1 2");
    bench_free(b);
}

/* A changed node of the same kind inherits state; another kind of that name begins anew. */
static void changed_inherit_state(void **state)
{
    struct bench *b = bench_new("in: {test.source: number}\n"
                                "n: {test.count: , from: in}\n"
                                "m: {test.count: , from: in}\n");
    struct mf_reload_report report;
    struct mf_error err;
    struct bench_flow flow;

    bench_feed(b, "in", "1");
    bench_feed(b, "in", "1");
    bench_compile(&flow,
                  "in: {test.source: number}\n"
                  "n: {test.count: , from: in, by: 100}\n"
                  "m: {test.pass: , from: in}\n"
                  "o: {test.count: , from: in}\n",
                  NULL);
    assert_int_equal(mf_engine_load(bench_engine(b), bench_flow_end(&flow), &report, &err), 0);
    bench_feed(b, "in", "1");
    bench_expect(b, "n", "1 2 103");
    bench_expect(b, "o", "1");
    assert_int_equal(report.kept, 1);
    assert_int_equal(report.migrated, 1);
    assert_int_equal(report.restarted, 1);
    assert_int_equal(report.added, 1);
    assert_int_equal(report.removed, 0);
    mf_buf_done(&run_trace);
    bench_free(b);
}

/* A new node that combines inputs learns what kept sources said last; one that counts does not take
 * it for news. */
static void new_readers_are_greeted(void **state)
{
    struct bench *b = bench_new("in: {test.source: number}\n");

    bench_feed(b, "in", "5");
    bench_reload(b, "in: {test.source: number}\n"
                    "x: {test.sum: , from: {in: in}}\n"
                    "n: {test.count: , from: in}\n");
    bench_expect(b, "x", "5");
    bench_expect(b, "n", "");
    mf_buf_done(&run_trace);
    bench_free(b);
}

/* What came in before the switch reaches the nodes it was meant for, even one that goes. */
static void nothing_under_way_is_lost(void **state)
{
    struct bench *b = bench_new("in: {test.source: number}\n"
                                "p: {test.past: , from: in}\n"
                                "n: {test.count: , from: p}\n");

    for (int i = 0; i < 5; i++)
        mf_engine_play(bench_engine(b), node(b, "in"), 0, mf_value_number(i), 0);
    bench_reload(b, "in: {test.source: number, unit: W}\n"
                    "p: {test.past: , from: in}\n"
                    "n: {test.count: , from: p, by: 10}\n");
    bench_expect(b, "n", "1 2 3 4 5");
    bench_feed(b, "in", "1");
    bench_expect(b, "n", "16");
    mf_buf_done(&run_trace);
    bench_free(b);
}

/* Letters of a changed sink go to its successor in order, with names that can be read. */
static void letters_move(void **state)
{
    struct bench *b;

    run_sink.room = 0;
    b = bench_new_with("in: {test.source: number}\n"
                       "gone: {test.source: number}\n"
                       "s: {test.sink: , from: [in, gone]}\n",
                       real);
    bench_feed(b, "in", "1");
    bench_feed(b, "gone", "2");
    bench_feed(b, "in", "3");
    bench_reload(b, "other: {test.source: number}\n"
                    "in: {test.source: number}\n"
                    "s: {test.sink: , from: [other, in], by: 1}\n");
    run_sink.room = SIZE_MAX;
    mf_node_wake(node(b, "s"));
    run_expect_trace("s stops; in.out=1; gone.out=2; in.out=3; ");
    bench_free(b);
    mf_buf_done(&run_trace);
}

/* A kept sink keeps its letters while the graph they were named by goes. */
static void kept_letters_outlive_the_graph(void **state)
{
    struct bench *b;

    run_sink.room = 0;
    b = bench_new_with("in: {test.source: number}\n"
                       "s: {test.sink: , from: in}\n",
                       real);
    bench_feed(b, "in", "1");
    for (int i = 0; i < 3; i++)
        bench_reload(b, i & 1 ? "in: {test.source: number}\n"
                                "s: {test.sink: , from: in}\n"
                              : "x: {test.source: number}\n"
                                "in: {test.source: number}\n"
                                "s: {test.sink: , from: in}\n");
    run_sink.room = SIZE_MAX;
    mf_node_wake(node(b, "s"));
    run_expect_trace("in.out=1; ");
    bench_free(b);
    mf_buf_done(&run_trace);
}

/* What goes with a sink that is removed is said. */
static void removed_with_letters(void **state)
{
    struct bench *b;

    run_sink.room = 0;
    b = bench_new_with("in: {test.source: number}\n"
                       "s: {test.sink: , from: in}\n",
                       real);
    bench_feed(b, "in", "1");
    bench_expect_log(b, NULL);
    bench_reload(b, "in: {test.source: number}\n");
    bench_expect_log(b, "s: 1 messages that nobody took go with this node");
    bench_free(b);
    mf_buf_done(&run_trace);
}

static const char wired[] = "moat-flow: 1\n"
                            "links: {w: {test.wire: }}\n"
                            "nodes:\n"
                            "  e: {test.event: }\n";

/* An unchanged link is the same object and sees nothing of it; a changed one takes its nodes along,
 * and its goodbye may take time. */
static void links_stay_or_go(void **state)
{
    struct bench *b = bench_new(wired);
    struct mf_engine *engine = bench_engine(b);
    const struct mf_link *link = engine->links[0];
    const struct mf_node *e = node(b, "e");

    mf_link_begin(engine->links[0]);
    mf_link_up(engine->links[0]);
    bench_reload(b, "moat-flow: 1\n"
                    "links: {w: {test.wire: }}\n"
                    "nodes:\n"
                    "  f: {test.event: }\n"
                    "  e: {test.event: }\n");
    assert_ptr_equal(engine->links[0], link);
    assert_ptr_equal(node(b, "e"), e);
    assert_int_equal(mf_link_nodes(link), 2);
    assert_int_equal(run_wire.starts, 1);
    run_wire.stops_later = true;
    bench_reload(b, "moat-flow: 1\n"
                    "links: {w: {test.wire: , by: 1}}\n"
                    "nodes:\n"
                    "  e: {test.event: }\n");
    assert_ptr_not_equal(engine->links[0], link);
    assert_int_equal(run_wire.stops, 1);
    assert_int_equal(engine->leaving_count, 1);
    bench_reload(b, "in: {test.source: number}\n");
    assert_string_equal(mf_link_name(engine->leaving[0]), "w"); /* its graph is still there */
    mf_link_stopped(engine->leaving[0]);
    bench_advance(b, "0s");
    assert_int_equal(engine->leaving_count, 0);
    assert_int_equal(engine->retired_count, 0);
    bench_free(b);
}

/* A node that failed tries again with a reload, and handles what came last meanwhile. */
static void failed_node_tries_again(void **state)
{
    struct bench *b = bench_new("in: {test.source: number}\n"
                                "w: {test.weak: 1, from: in}\n");

    bench_expect_log(b, "w: not yet; trying again in");
    bench_feed(b, "in", "1");
    bench_feed(b, "in", "2");
    bench_expect(b, "w", "bad(null, device error)");
    bench_reload(b, "in: {test.source: number}\n"
                    "w: {test.weak: 1, from: in}\n"
                    "x: {test.pass: , from: in}\n");
    bench_expect(b, "w", "2");
    mf_buf_done(&run_trace);
    bench_free(b);
}

/* A node that fails waits longer each time, and says why. */
static void failed_node_backs_off(void **state)
{
    struct bench *b = bench_new("in: {test.source: number}\n"
                                "w: {test.weak: 3, from: in}\n");

    bench_advance(b, "1200ms");
    assert_int_equal(node(b, "w")->failures, 2);
    bench_advance(b, "2400ms");
    assert_int_equal(node(b, "w")->failures, 3);
    bench_advance(b, "4800ms");
    assert_int_equal(node(b, "w")->phase, MF_NODE_RUNNING);
    bench_feed(b, "in", "1");
    bench_expect(b, "w", "bad(null, device error) 1");
    mf_buf_done(&run_trace);
    bench_free(b);
}

/* The sanitizer has an allocator of its own, which the C library knows nothing of. */
extern size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static size_t allocated(void)
{
    if (__sanitizer_get_current_allocated_bytes)
        return __sanitizer_get_current_allocated_bytes();
    return mallinfo2().uordblks;
}

/* A thousand reloads leave as much memory as one. */
static void memory_returns(void **state)
{
    struct bench *b = bench_new(wired);
    size_t arena = 0, heap = 0;
    char *count;

    run_sink.room = 0;
    for (int i = 0; i < 1000; i++) {
        char *yaml = mf_asprintf("moat-flow: 1\n"
                                 "links: {w: {test.wire: , by: %d}}\n"
                                 "nodes:\n"
                                 "  e: {test.event: }\n"
                                 "  in: {test.source: any}\n"
                                 "  n: {test.count: , from: in, by: %d}\n"
                                 "  s: {test.sink: , from: [in, n], queue: 100}\n"
                                 "  t: {test.source: number, unit: %s}\n"
                                 "  x: {test.pass: , from: t, unit: kW}\n",
                                 i / 10, i, i & 1 ? "W" : "MW");

        bench_reload(b, yaml);
        mf_free(yaml);
        bench_feed_many(b, "in=\"a text that needs memory of its own\" t=1");
        bench_expect(b, "x", i & 1 ? "0.001" : "1000");
        bench_expect(b, "in", "\"a text that needs memory of its own\"");
        bench_expect(b, "t", "1");
        count = mf_asprintf("%d", 2 * i + 1);
        bench_expect(b, "n", count);
        mf_free(count);
        bench_expect_log(b, NULL);
        mf_buf_done(&run_trace);
        if (i == 500) {
            arena = mf_arena_size(bench_engine(b)->graph->arena);
            heap = allocated();
        }
    }
    assert_int_equal(mf_arena_size(bench_engine(b)->graph->arena), arena);
    assert_int_equal(bench_engine(b)->retired_count, 0);
    assert_in_range(allocated(), 1, heap + 4096);
    bench_free(b);
    mf_buf_done(&run_trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(unchanged_are_the_same_objects, run_setup),
        cmocka_unit_test_setup(readers_change, run_setup),
        cmocka_unit_test_setup(source_is_replaced, run_setup),
        cmocka_unit_test_setup(refused_changes_nothing, run_setup),
        cmocka_unit_test_setup(changed_inherit_state, run_setup),
        cmocka_unit_test_setup(new_readers_are_greeted, run_setup),
        cmocka_unit_test_setup(nothing_under_way_is_lost, run_setup),
        cmocka_unit_test_setup(letters_move, run_setup),
        cmocka_unit_test_setup(kept_letters_outlive_the_graph, run_setup),
        cmocka_unit_test_setup(removed_with_letters, run_setup),
        cmocka_unit_test_setup(links_stay_or_go, run_setup),
        cmocka_unit_test_setup(failed_node_tries_again, run_setup),
        cmocka_unit_test_setup(failed_node_backs_off, run_setup),
        cmocka_unit_test_setup(memory_returns, run_setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
