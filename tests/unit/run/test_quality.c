/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Quality: it travels by itself, and comes back without anything being counted twice. */

#include "tests/unit/run/run_kinds.h"

/* The worst input decides; the last value stays with the mark. */
static void worst_input_decides(void **state)
{
    struct bench *b = bench_new("a: {test.source: number}\n"
                                "b: {test.source: number}\n"
                                "x: {test.sum: , from: {a: a, b: b}}\n"
                                "y: {test.pass: , from: x}\n");

    bench_feed_many(b, "a=1 b=2");
    bench_fail(b, "a", "stale");
    bench_fail(b, "b", "timeout");
    bench_feed(b, "a", "3");
    bench_feed(b, "b", "4");
    bench_expect(b, "x", "3 stale(3) bad(3, timeout) 7");
    bench_expect(b, "y", "3 stale(3) bad(3, timeout) 7");
    bench_free(b);
}

/* A better one of the inputs, with another still not good, is no news. */
static void only_one_of_two_recovers(void **state)
{
    struct bench *b = bench_new("a: {test.source: number}\n"
                                "b: {test.source: number}\n"
                                "x: {test.sum: , from: {a: a, b: b}}\n");

    bench_feed_many(b, "a=1 b=2");
    bench_fail(b, "a", "timeout");
    bench_fail(b, "b", "stale");
    bench_expect(b, "x", "3 bad(3, timeout)");
    bench_feed(b, "a", "5");
    bench_expect(b, "x", "stale(3)");
    bench_feed(b, "b", "2");
    bench_expect(b, "x", "7");
    bench_free(b);
}

/* A kind that has nothing new to say is said again as good; a counter behind it does not count. */
static void recovery_is_no_message(void **state)
{
    struct bench *b = bench_new("in: {test.source: number}\n"
                                "s: {test.step: , from: in}\n"
                                "n: {test.count: , from: s}\n"
                                "x: {test.sum: , from: {s: s}}\n"
                                "m: {test.count: , from: x}\n");

    bench_feed(b, "in", "10");
    bench_fail(b, "in", "timeout");
    bench_feed(b, "in", "11");
    bench_expect(b, "s", "10 bad(10, timeout) 10");
    bench_expect(b, "n", "1 bad(1, timeout) 1");
    bench_expect(b, "x", "10 bad(10, timeout) 10");
    bench_expect(b, "m", "1 bad(1, timeout) 1");
    bench_feed(b, "in", "30");
    bench_expect(b, "n", "2");
    bench_expect(b, "m", "2");
    bench_free(b);
}

/* What changed while an input was in doubt is a message when the doubt is over. */
static void change_in_doubt_is_a_message(void **state)
{
    struct bench *b = bench_new("a: {test.source: number}\n"
                                "b: {test.source: number}\n"
                                "x: {test.sum: , from: {a: a, b: b}}\n"
                                "n: {test.count: , from: x}\n");

    bench_feed_many(b, "a=1 b=2");
    bench_fail(b, "a", "stale");
    bench_feed(b, "b", "5");
    bench_expect(b, "x", "3 stale(3)");
    bench_feed(b, "a", "1");
    bench_expect(b, "x", "6");
    bench_expect(b, "n", "1 stale(1) 2");
    bench_free(b);
}

/* A sink writes only what is good, and restoring the quality writes nothing again. */
static void sinks_write_what_is_good(void **state)
{
    struct bench *b = bench_new_with("in: {test.pass: , from: [w]}\n"
                                     "w: {test.weak: 0, from: s}\n"
                                     "s: {test.source: number}\n"
                                     "out: {test.write: , from: st}\n"
                                     "st: {test.step: , from: s}\n",
                                     (struct bench_options){.is_real = true});
    struct mf_node *out = mf_engine_node(bench_engine(b), "out");

    mf_buf_done(&run_trace);
    bench_feed(b, "s", "10");
    bench_fail(b, "s", "timeout");
    bench_feed(b, "s", "11");
    bench_feed(b, "s", "25");
    run_expect_trace("w(10); st(10); in(10); out(10); w(11); st(11); in(11); "
                     "w(25); st(25); in(25); out(25); ");
    assert_int_equal(out->skipped, 1);
    bench_free(b);
}

/* An input that the kind cannot use marks the outputs, or is dropped: `on_error`. */
static void rejected(void **state)
{
    struct bench *b = bench_new("in: {test.source: number}\n"
                                "x: {test.fussy: , from: in}\n"
                                "y: {test.fussy: , from: in, on_error: drop}\n");

    bench_feed(b, "in", "1");
    bench_expect_log(b, NULL);
    bench_feed(b, "in", "-1");
    bench_expect_log(b, "x: -1 is negative");
    bench_feed(b, "in", "2");
    bench_expect(b, "x", "1 bad(1, out of range) 2");
    bench_expect(b, "y", "1 2");
    assert_int_equal(mf_engine_node(bench_engine(b), "y")->rejected, 1);
    bench_free(b);
}

/* A calculation without a result is bad, never a number. */
static void infinite_is_bad(void **state)
{
    struct bench *b = bench_new("in: {test.source: number}\n"
                                "x: {test.fussy: , from: in}\n");

    bench_feed_many(b, "in=1");
    bench_feed(b, "in", "0");
    bench_expect(b, "x", "1 bad(1, not a number)");
    bench_free(b);
}

/* Of several edges into one port the last one to speak counts: they are one stream. */
static void merged_stream(void **state)
{
    struct bench *b = bench_new("a: {test.source: number}\n"
                                "b: {test.source: number}\n"
                                "x: {test.pass: , from: [a, b]}\n");

    bench_feed(b, "a", "1");
    bench_fail(b, "a", "timeout");
    bench_feed(b, "b", "2");
    bench_feed(b, "b", "3");
    bench_expect(b, "x", "1 bad(1, timeout) 2 3");
    bench_free(b);
}

/* A source that is polled is stale after three periods without news, once, and good with the next.
 */
static void stale_after_three_periods(void **state)
{
    struct bench *b = bench_new("moat-flow: 1\n"
                                "links: {w: {test.wire: }}\n"
                                "nodes:\n"
                                "  p: {test.poll: 2s}\n"
                                "  e: {test.event: }\n"
                                "  f: {test.event: , stale: 1min}\n");

    bench_feed_many(b, "p=1 e=1 f=1");
    bench_advance(b, "5s");
    bench_feed(b, "p", "2");
    bench_advance(b, "5900ms");
    bench_expect(b, "p", "1 2");
    bench_advance(b, "100ms");
    bench_expect(b, "p", "stale(2)");
    bench_advance(b, "1h");
    bench_expect(b, "p", "");
    bench_expect(b, "e", "1");
    bench_expect(b, "f", "1 stale(1)");
    bench_feed(b, "p", "2");
    bench_expect(b, "p", "2");
    bench_advance(b, "6s");
    bench_expect(b, "p", "stale(2)");
    bench_free(b);
}

/* A source that never spoke is no fresh zero. */
static void silent_source_is_stale(void **state)
{
    struct bench *b = bench_new("in: {test.source: number, stale: 5s}\n"
                                "x: {test.pass: , from: in}\n");

    bench_advance(b, "5s");
    bench_expect(b, "in", "stale(null)");
    bench_expect(b, "x", "stale(null)");
    bench_feed(b, "in", "1");
    bench_expect(b, "x", "1");
    bench_free(b);
}

/* A value of another type arrives as bad and without the value; null is no number. */
static void wrong_type_arrives_as_bad(void **state)
{
    struct bench *b = bench_new("in: {test.source: any}\n"
                                "x: {test.sum: , from: {in: in}}\n");

    bench_feed(b, "in", "1");
    bench_feed(b, "in", "\"1\"");
    bench_expect_log(b, "`in` gave text where");
    bench_feed(b, "in", "2.5");
    bench_feed(b, "in", "null");
    bench_feed(b, "in", "true");
    bench_expect(b, "x", "1 bad(1, wrong type) 2.5 bad(2.5, wrong type)");
    bench_free(b);
}

/* Units are converted on the edge, a mark without a value passes. */
static void converted_on_the_edge(void **state)
{
    struct bench *b = bench_new("a: {test.source: number, unit: kW}\n"
                                "b: {test.source: int, unit: W}\n"
                                "x: {test.pass: , from: [a, b]}\n"
                                "y: {test.pass: , from: x, unit: MW}\n");

    bench_feed(b, "a", "1");
    bench_feed(b, "b", "500");
    bench_fail(b, "b", "timeout");
    bench_expect(b, "x", "1 0.5 bad(0.5, timeout)");
    bench_expect(b, "y", "0.001 0.0005 bad(0.0005, timeout)");
    bench_expect_unit(b, "y", "MW");
    bench_free(b);
}

/* A loop through the past recovers: what it says of itself does not keep it down. */
static void loop_recovers(void **state)
{
    struct bench *b = bench_new("in: {test.source: number}\n"
                                "x: {test.sum: , from: {new: in, old: previous(x)}}\n");

    bench_feed(b, "in", "1");
    bench_fail(b, "in", "stale");
    bench_feed(b, "in", "2");
    bench_expect(b, "x", "1 stale(1) 3");
    bench_free(b);
    b = bench_new("in: {test.source: number}\n"
                  "seed: {test.source: number}\n"
                  "x: {test.sum: , from: {new: in, old: p}}\n"
                  "y: {test.step: , from: x}\n"
                  "p: {test.past: , from: [seed, y]}\n");
    bench_feed_many(b, "in=1 seed=1");
    bench_fail(b, "in", "stale");
    bench_feed(b, "in", "2");
    bench_expect(b, "x", "2 stale(2) 3");
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(worst_input_decides, run_setup),
        cmocka_unit_test_setup(only_one_of_two_recovers, run_setup),
        cmocka_unit_test_setup(recovery_is_no_message, run_setup),
        cmocka_unit_test_setup(change_in_doubt_is_a_message, run_setup),
        cmocka_unit_test_setup(sinks_write_what_is_good, run_setup),
        cmocka_unit_test_setup(rejected, run_setup),
        cmocka_unit_test_setup(infinite_is_bad, run_setup),
        cmocka_unit_test_setup(merged_stream, run_setup),
        cmocka_unit_test_setup(stale_after_three_periods, run_setup),
        cmocka_unit_test_setup(silent_source_is_stale, run_setup),
        cmocka_unit_test_setup(wrong_type_arrives_as_bad, run_setup),
        cmocka_unit_test_setup(converted_on_the_edge, run_setup),
        cmocka_unit_test_setup(loop_recovers, run_setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
