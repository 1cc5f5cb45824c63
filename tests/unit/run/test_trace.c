/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Why: the chain from a value back to what led to it, and what sinks remember. */

#include <stdio.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/run/trace.h"
#include "engine/value/codec.h"
#include "engine/value/field.h"
#include "tests/unit/run/run_kinds.h"

static struct mf_node *node(struct bench *b, const char *name)
{
    return mf_engine_node(bench_engine(b), name);
}

/* "BY DETAIL; …" of all that holds the node of this chain. */
static void print_held(const struct mf_value *chain, struct mf_buf *buf)
{
    for (size_t i = 0; i < mf_field_count(chain, "held"); i++) {
        const struct mf_value *held = mf_field_at(chain, "held", i);

        mf_value_print(mf_field(held, "by"), buf);
        mf_buf_puts(buf, ": ");
        mf_value_print(mf_field(held, "detail"), buf);
        mf_buf_puts(buf, "; ");
    }
}

static void print_chain(const struct mf_value *chain, struct mf_buf *buf)
{
    const struct mf_value *branch = mf_field(chain, "branch");

    mf_value_print(mf_field(chain, "node"), buf);
    if (mf_field(chain, "value")) {
        mf_buf_putc(buf, '=');
        mf_value_print(mf_field(chain, "value"), buf);
    }
    if (branch->type == MF_TEXT) {
        mf_buf_puts(buf, " by ");
        mf_value_print(branch, buf);
    }
    mf_buf_puts(buf, " [");
    print_held(chain, buf);
    mf_buf_puts(buf, "](");
    for (size_t i = 0; i < mf_field_count(chain, "inputs"); i++) {
        const struct mf_value *input = mf_field_at(chain, "inputs", i);

        mf_buf_puts(buf, i ? ", " : "");
        mf_buf_puts(buf, mf_field_bool(input, "is_cause", false) ? "*" : "");
        if (mf_field(input, "from")->type == MF_MAP)
            print_chain(mf_field(input, "from"), buf);
        else
            mf_buf_puts(buf, mf_field_bool(input, "seen", false) ? "seen" : "cut");
    }
    mf_buf_putc(buf, ')');
}

static void expect_why(struct bench *b, const char *name, const char *text)
{
    struct mf_value chain = mf_node_why(node(b, name), 0);
    struct mf_buf buf = {0};

    print_chain(&chain, &buf);
    assert_string_equal(mf_buf_text(&buf), text);
    mf_buf_done(&buf);
    mf_value_drop(chain);
}

static void expect_held(struct bench *b, const char *name, const char *text)
{
    struct mf_value chain = mf_node_why(node(b, name), 0);
    struct mf_buf buf = {0};

    print_held(&chain, &buf);
    assert_string_equal(mf_buf_text(&buf), text);
    mf_buf_done(&buf);
    mf_value_drop(chain);
}

/* The chain leads from the output over each input to the sources, with values and branches; the
 * input that led to the value is marked. */
static void from_output_to_source(void **state)
{
    struct bench *b = bench_new("a: {test.source: number, unit: W}\n"
                                "b: {test.source: number, unit: W}\n"
                                "sum: {expr: a + b}\n"
                                "high: {when: sum > 10 W}\n");

    bench_feed_many(b, "a=5 b=1");
    expect_why(b, "high", "high=false by else [](*sum=6 [](*a=5 [](), *b=1 []()))");
    bench_feed(b, "b", "6");
    expect_why(b, "high", "high=true by then [](*sum=11 [](a=5 [](), *b=6 []()))");
    bench_feed(b, "a", "6");
    expect_why(b, "high", "high=true by then [](sum=12 [](*a=6 [](), b=6 []()))");
    bench_free(b);
}

/* Values carry unit, quality, time and age. */
static void facts_of_a_value(void **state)
{
    struct bench *b = bench_new("a: {test.source: number, unit: kW}\n"
                                "x: {round: 0.5 kW, from: a}\n");
    struct mf_value chain;
    const struct mf_value *input;
    struct mf_buf text = {0};

    bench_feed(b, "a", "5.1");
    bench_advance(b, "90s");
    chain = mf_node_why(node(b, "x"), 0);
    input = mf_field_at(&chain, "inputs", 0);
    assert_true(mf_field_number(&chain, "value", 0) == 5);
    assert_true(mf_field_number(input, "value", 0) == 5.1);
    assert_true(mf_field_number(input, "age", 0) == 90);
    mf_json_write(&chain, &text);
    assert_non_null(strstr(text.data, "\"unit\":\"kW\",\"quality\":\"good\",\"reason\":null,"
                                      "\"time\":\"2026-01-01T00:00:00Z\",\"age\":90"));
    assert_non_null(strstr(text.data, "\"kind\":\"round\",\"at\":\""));
    mf_value_drop(chain);
    mf_buf_done(&text);
    bench_free(b);
}

/* A node says what held a message back, until it says something later. */
static void held_by_its_kind(void **state)
{
    struct bench *b = bench_new("a: {test.source: number, unit: W}\n"
                                "on: {test.source: bool}\n"
                                "quiet: {deadband: 20 W, from: a}\n"
                                "slow: {throttle: 1min, from: a}\n"
                                "most: {clamp: 0..100 W, from: a}\n"
                                "some: {filter: value > 50 W, from: a}\n"
                                "heat: {hysteresis: 100..110 W, from: a}\n"
                                "long: {when: a > 0 W, for: 5min}\n"
                                "sure: {debounce: 1s, from: on}\n");

    bench_feed(b, "a", "30");
    expect_held(b, "quiet", "");
    expect_held(b, "some", "filter: 0s ago; ");
    expect_held(b, "long", "for: 0s ago; ");
    bench_advance(b, "2s");
    bench_feed(b, "a", "45");
    expect_held(b, "quiet", "deadband: 20 W, 0s ago; ");
    expect_held(b, "slow", "throttle: 0s ago; ");
    expect_held(b, "some", "filter: 0s ago, 2 times so far; ");
    expect_held(b, "long", "for: 2s ago; ");
    expect_held(b, "most", "");
    bench_feed(b, "a", "105");
    expect_held(b, "quiet", "");
    expect_held(b, "some", "");
    expect_held(b, "most", "limit: 100 W, 0s ago; ");
    expect_held(b, "heat", "hysteresis: 0s ago; ");
    bench_feed(b, "a", "-1");
    expect_held(b, "long", "");
    bench_feed(b, "on", "true");
    expect_held(b, "sure", "debounce: 0s ago; ");
    bench_advance(b, "2s");
    expect_held(b, "sure", "");
    bench_free(b);
}

/* What the engine itself knows: inputs that are silent or not good. */
static void held_by_its_inputs(void **state)
{
    struct bench *b = bench_new("a: {test.source: number}\n"
                                "b: {test.source: number}\n"
                                "sum: {expr: a + b}\n");

    bench_feed(b, "a", "1");
    expect_held(b, "sum", "input: `b` has not said anything yet; ");
    bench_feed(b, "b", "1");
    expect_held(b, "sum", "");
    bench_fail(b, "a", "timeout");
    expect_held(b, "sum", "input: `a` is bad (timeout); ");
    bench_free(b);
}

/* A script that used up its budget says so. */
static void held_by_its_budget(void **state)
{
    struct bench *b = bench_new("a: {test.source: number}\n"
                                "x: {lua: 'function run() while true do end end', from: a}\n");

    bench_feed(b, "a", "1");
    expect_held(b, "x", "budget: 0s ago; ");
    bench_free(b);
}

/* Loops, and what joins again, stand in the chain once; a long chain is cut where it says. */
static void is_bounded(void **state)
{
    struct mf_buf yaml = {0};
    struct bench *b = bench_new("a: {test.source: number}\n"
                                "l: {expr: a}\n"
                                "r: {expr: -a}\n"
                                "x: {expr: l + r}\n");
    struct mf_value chain;

    bench_feed(b, "a", "1");
    expect_why(b, "x", "x=0 [](*l=1 [](*a=1 []()), *r=-1 [](*seen))");
    bench_free(b);

    mf_buf_puts(&yaml, "n0: {test.source: number}\n");
    for (int i = 1; i < 2 * MF_WHY_DEPTH; i++)
        mf_buf_printf(&yaml, "n%d: {expr: n%d}\n", i, i - 1);
    mf_buf_printf(&yaml, "x: {expr: n%d}\n", 2 * MF_WHY_DEPTH - 1);
    b = bench_new(mf_buf_text(&yaml));
    chain = mf_node_why(node(b, "x"), 0);
    mf_buf_clear(&yaml);
    print_chain(&chain, &yaml);
    assert_non_null(strstr(mf_buf_text(&yaml), "(cut)"));
    assert_null(strstr(mf_buf_text(&yaml), "n5 "));
    mf_value_drop(chain);
    mf_buf_done(&yaml);
    bench_free(b);
}

static void expect_trail(struct bench *b, const char *name, const char *text)
{
    struct mf_value trail = mf_node_trail(node(b, name));
    struct mf_buf buf = {0};

    for (size_t i = 0; i < mf_value_count(&trail); i++) {
        mf_value_print(mf_field(mf_value_at(&trail, i), "value"), &buf);
        mf_buf_puts(&buf, " <- ");
        print_chain(mf_field(mf_value_at(&trail, i), "chain"), &buf);
        mf_buf_puts(&buf, "; ");
    }
    assert_string_equal(mf_buf_text(&buf), text);
    mf_buf_done(&buf);
    mf_value_drop(trail);
}

static const struct bench_options real = {.is_real = true};

/* A sink remembers what it wrote, with the chain as it was then; not each message, and not the same
 * twice. */
static void sinks_remember(void **state)
{
    struct bench *b = bench_new_with("in: {test.source: number}\n"
                                     "s: {test.write: , from: in}\n",
                                     real);

    expect_trail(b, "s", "");
    bench_feed(b, "in", "1");
    bench_feed(b, "in", "2");
    expect_trail(b, "s", "1 <- s [](*in=1 []()); ");
    bench_advance(b, "1s");
    bench_feed(b, "in", "1");
    bench_feed(b, "in", "3");
    expect_trail(b, "s", "3 <- s [](*in=3 []()); 1 <- s [](*in=1 []()); ");
    bench_free(b);
    mf_buf_done(&run_trace);
}

/* A guarded output remembers each change, as many as there is room for; its trail goes over a
 * reload. */
static void actuators_remember(void **state)
{
    struct bench *b = bench_new_with("in: {test.source: number}\n"
                                     "m: {test.act: x, from: in}\n",
                                     real);
    struct mf_value trail;

    for (int i = 1; i <= MF_TRAIL + 5; i++) {
        char text[8];

        snprintf(text, sizeof(text), "%d", i);
        bench_feed(b, "in", text);
        bench_feed(b, "in", text);
    }
    trail = mf_node_trail(node(b, "m"));
    assert_int_equal(mf_value_count(&trail), MF_TRAIL);
    for (int i = 0; i < MF_TRAIL; i++)
        assert_true(mf_field_number(mf_value_at(&trail, (size_t)i), "value", 0) ==
                    MF_TRAIL + 5 - i);
    mf_value_drop(trail);
    bench_reload(b, "in: {test.source: number}\n"
                    "m: {test.act: x, from: in, limit: 0..100}\n");
    trail = mf_node_trail(node(b, "m"));
    assert_int_equal(mf_value_count(&trail), MF_TRAIL);
    mf_value_drop(trail);
    bench_feed(b, "in", "150");
    expect_held(b, "m", "limit: wanted is 150; ");
    bench_free(b);
    mf_buf_done(&run_trace);
}

/* What all sinks remember has a limit; above it a write is kept without its chain. */
static void trails_have_a_limit(void **state)
{
    struct bench *b = bench_new_with("in: {test.source: number}\n"
                                     "s: {test.write: , from: in}\n",
                                     real);
    size_t *total = &bench_engine(b)->sched.trail_bytes;
    struct mf_value trail;

    bench_feed(b, "in", "1");
    assert_in_range(*total, 100, 100000);
    *total += MF_TRAIL_MEMORY;
    bench_advance(b, "2s");
    bench_feed(b, "in", "2");
    *total -= MF_TRAIL_MEMORY;
    trail = mf_node_trail(node(b, "s"));
    assert_int_equal(mf_value_count(&trail), 2);
    assert_int_equal(mf_field(mf_value_at(&trail, 0), "chain")->type, MF_NULL);
    assert_int_equal(mf_field(mf_value_at(&trail, 1), "chain")->type, MF_MAP);
    mf_value_drop(trail);
    bench_reload(b, "in: {test.source: number}\n");
    assert_int_equal(*total, 0);
    bench_free(b);
    mf_buf_done(&run_trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(from_output_to_source, run_setup),
        cmocka_unit_test_setup(facts_of_a_value, run_setup),
        cmocka_unit_test_setup(held_by_its_kind, run_setup),
        cmocka_unit_test_setup(held_by_its_inputs, run_setup),
        cmocka_unit_test_setup(held_by_its_budget, run_setup),
        cmocka_unit_test_setup(is_bounded, run_setup),
        cmocka_unit_test_setup(sinks_remember, run_setup),
        cmocka_unit_test_setup(actuators_remember, run_setup),
        cmocka_unit_test_setup(trails_have_a_limit, run_setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
