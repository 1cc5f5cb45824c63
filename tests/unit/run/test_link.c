/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Links: lost, waited for, found again; and what that means for all that hangs on them. */

#include "tests/unit/run/run_kinds.h"

static const char flow[] = "moat-flow: 1\n"
                           "links: {w: {test.wire: }}\n"
                           "nodes:\n"
                           "  in: {test.source: number}\n"
                           "  e: {test.event: }\n"
                           "  p: {test.poll: 1h}\n"
                           "  n: {test.count: , from: e}\n"
                           "  s: {test.send: , from: in, queue: 8}\n";

static struct bench *open_bench(struct mf_link **ret_link)
{
    struct bench *b = bench_new_with(flow, (struct bench_options){.is_real = true});

    *ret_link = bench_engine(b)->links[0];
    mf_link_begin(*ret_link);
    return b;
}

static void lose(struct mf_link *link)
{
    struct mf_error err = {0};

    mf_fail(&err, MF_ELINK, "gone");
    mf_link_down(link, &err);
}

/* Waits double from 1 s to 60 s, each within a fifth of it. */
static void waits_double(void **state)
{
    static const double expected[] = {1, 2, 4, 8, 16, 32, 60, 60, 60};
    struct mf_link *link;
    struct bench *b = open_bench(&link);
    struct mf_engine *engine = bench_engine(b);

    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        double wait;

        assert_int_equal(run_wire.starts, i + 1);
        lose(link);
        assert_int_equal(link->phase, MF_LINK_WAITING);
        wait = (double)(link->retry.at - mf_link_mono(link)) / MF_SEC;
        assert_true(wait >= 0.8 * expected[i] && wait <= 1.2 * expected[i]);
        mf_engine_advance(engine, link->retry.at);
    }
    bench_free(b);
}

/* A link that comes up and breaks at once has not come up; one that held begins anew. */
static void only_what_holds_counts(void **state)
{
    struct mf_link *link;
    struct bench *b = open_bench(&link);

    for (int i = 0; i < 3; i++) {
        mf_link_up(link);
        lose(link);
        mf_engine_advance(bench_engine(b), link->retry.at);
    }
    assert_int_equal(link->failures, 3);
    mf_link_up(link);
    bench_advance(b, "10s");
    lose(link);
    assert_int_equal(link->failures, 1);
    bench_free(b);
}

/* The same error is said once, not at each try. */
static void said_once(void **state)
{
    struct mf_link *link;
    struct bench *b = open_bench(&link);

    lose(link);
    bench_expect_log(b, "w: gone; trying again in");
    mf_engine_advance(bench_engine(b), link->retry.at);
    lose(link);
    bench_expect_log(b, NULL);
    mf_engine_advance(bench_engine(b), link->retry.at);
    mf_link_up(link);
    bench_expect_log(b, "connected");
    bench_free(b);
}

/* While a link is away its sources are stale. Back again, events still hold, and nothing counts
 * them a second time; what is polled waits for its poll. */
static void stale_while_away(void **state)
{
    struct mf_link *link;
    struct bench *b = open_bench(&link);

    mf_link_up(link);
    bench_feed_many(b, "e=1 p=2");
    lose(link);
    bench_advance(b, "0s");
    bench_expect(b, "e", "1 stale(1)");
    bench_expect(b, "p", "2 stale(2)");
    mf_engine_advance(bench_engine(b), link->retry.at);
    mf_link_up(link);
    bench_advance(b, "0s");
    bench_expect(b, "e", "1");
    bench_expect(b, "p", "");
    bench_feed(b, "p", "3");
    bench_expect(b, "p", "3");
    bench_expect(b, "n", "1 stale(1) 1");
    bench_feed(b, "e", "1");
    bench_expect(b, "n", "2");
    bench_free(b);
}

/* What a source says while its link comes up is not followed by what it had said before. */
static void news_while_coming_up(void **state)
{
    struct mf_link *link;
    struct bench *b = open_bench(&link);

    mf_link_up(link);
    bench_feed(b, "e", "1");
    lose(link);
    bench_advance(b, "0s");
    bench_expect(b, "e", "1 stale(1)");
    mf_engine_advance(bench_engine(b), link->retry.at);
    mf_node_emit_take(mf_engine_node(bench_engine(b), "e"), 0, mf_value_number(2));
    mf_link_up(link);
    bench_advance(b, "0s");
    bench_expect(b, "e", "2");
    bench_free(b);
}

/* A button that was pressed when its link went has not been pressed again when it is back. */
static void flips_nothing(void **state)
{
    struct bench *b = bench_new_with("moat-flow: 1\n"
                                     "links: {w: {test.wire: }}\n"
                                     "nodes:\n"
                                     "  e: {test.event: }\n"
                                     "  pressed: {when: e > 0}\n"
                                     "  light: {toggle: off, from: pressed}\n",
                                     (struct bench_options){.is_real = true});
    struct mf_link *link = bench_engine(b)->links[0];

    mf_link_begin(link);
    mf_link_up(link);
    bench_feed(b, "e", "1");
    bench_expect(b, "light", "false true");
    lose(link);
    bench_advance(b, "0s");
    mf_engine_advance(bench_engine(b), link->retry.at);
    mf_link_up(link);
    bench_advance(b, "0s");
    bench_expect(b, "pressed", "true stale(true) true");
    bench_expect(b, "light", "");
    bench_free(b);
}

/* Messages wait for the link; those that were on their way go again, before the others. */
static void queue_waits_for_the_link(void **state)
{
    struct mf_link *link;
    struct bench *b = open_bench(&link);

    bench_feed(b, "in", "1");
    run_expect_trace("");
    run_sink.result = MF_DELIVER_PENDING;
    mf_link_up(link);
    run_expect_trace("in.out=1; ");
    bench_feed(b, "in", "2");
    lose(link);
    bench_feed(b, "in", "3");
    run_expect_trace("in.out=2; ");
    mf_engine_advance(bench_engine(b), link->retry.at);
    mf_link_up(link);
    run_expect_trace("in.out=1 again; in.out=2 again; in.out=3; ");
    assert_false(mf_engine_is_drained(bench_engine(b)));
    bench_free(b);
}

/* A link whose messages nobody can take is not read, until there is room. */
static void paused_under_pressure(void **state)
{
    struct bench *b = bench_new_with("moat-flow: 1\n"
                                     "links: {w: {test.wire: }}\n"
                                     "nodes:\n"
                                     "  e: {test.event: }\n"
                                     "  s: {test.sink: , from: e, queue: 4}\n"
                                     "  t: {test.send: , from: e, queue: 4}\n",
                                     (struct bench_options){.is_real = true});
    struct mf_link *link = bench_engine(b)->links[0];

    mf_link_begin(link);
    mf_link_up(link);
    run_sink.room = 0;
    for (int i = 0; i < 3; i++)
        bench_feed(b, "e", "1");
    assert_int_equal(run_wire.pauses, 1);
    assert_int_equal(link->blocked, 1); /* not for the sink whose answers come by it */
    run_sink.room = SIZE_MAX;
    mf_node_wake(mf_engine_node(bench_engine(b), "s"));
    assert_int_equal(run_wire.resumes, 1);
    bench_free(b);
    mf_buf_done(&run_trace);
}

/* Health names what is wrong, in words. */
static void health_says_why(void **state)
{
    struct mf_link *link;
    struct bench *b = open_bench(&link);
    char why[200];

    mf_link_up(link);
    bench_feed_many(b, "e=1 p=1");
    assert_true(mf_engine_is_healthy(bench_engine(b), why, sizeof(why)));
    bench_fail(b, "e", "timeout");
    assert_false(mf_engine_is_healthy(bench_engine(b), why, sizeof(why)));
    assert_string_equal(why, "`e` is bad (timeout)");
    lose(link);
    assert_false(mf_engine_is_healthy(bench_engine(b), why, sizeof(why)));
    assert_string_equal(why, "link `w` is waiting to retry");
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(waits_double, run_setup),
        cmocka_unit_test_setup(only_what_holds_counts, run_setup),
        cmocka_unit_test_setup(said_once, run_setup),
        cmocka_unit_test_setup(stale_while_away, run_setup),
        cmocka_unit_test_setup(news_while_coming_up, run_setup),
        cmocka_unit_test_setup(flips_nothing, run_setup),
        cmocka_unit_test_setup(queue_waits_for_the_link, run_setup),
        cmocka_unit_test_setup(paused_under_pressure, run_setup),
        cmocka_unit_test_setup(health_says_why, run_setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
