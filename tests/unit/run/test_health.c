/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Health: what is not fresh and what does not arrive is named, and is forgotten when it is over. */

#include <string.h>

#include "engine/base/alloc.h"
#include "tests/unit/run/run_kinds.h"

static void note(void *arg, const char *reason)
{
    mf_buf_printf(arg, "%s; ", reason);
}

static void expect_reasons(struct bench *b, const char *text)
{
    struct mf_buf reasons = {0};
    char why[200] = "";
    size_t count = mf_engine_reasons(bench_engine(b), note, &reasons);

    assert_string_equal(mf_buf_text(&reasons), text);
    assert_int_equal(mf_engine_is_healthy(bench_engine(b), why, sizeof(why)), count == 0);
    assert_int_equal(strncmp(text, why, strlen(why)), 0);
    mf_buf_done(&reasons);
}

static const struct bench_options real = {.is_real = true};

/* A source that is silent for too long is a reason, with the port where there are several. */
static void freshness(void **state)
{
    struct bench *b = bench_new("in: {test.source: number, stale: 10s}\n"
                                "x: {test.pass: , from: in}\n");

    bench_feed(b, "in", "1");
    expect_reasons(b, "");
    bench_advance(b, "11s");
    expect_reasons(b, "`in` is stale (timeout); ");
    bench_feed(b, "in", "2");
    expect_reasons(b, "");
    bench_free(b);
}

/* `health: false` takes a node out. */
static void not_looked_at(void **state)
{
    struct bench *b = bench_new("in: {test.source: number, stale: 10s, health: false}\n"
                                "x: {test.pass: , from: in}\n");

    bench_feed(b, "in", "1");
    bench_advance(b, "11s");
    expect_reasons(b, "");
    bench_free(b);
}

/* A sink that does not get rid of its messages is a reason, and for a while that it has lost some.
 */
static void delivery(void **state)
{
    struct bench *b = bench_new_with("in: {test.source: number}\n"
                                     "s: {test.sink: , from: in, queue: 4}\n",
                                     real);

    run_sink.room = 0;
    bench_feed(b, "in", "1");
    bench_feed(b, "in", "2");
    expect_reasons(b, "");
    bench_feed(b, "in", "3");
    expect_reasons(b, "`s` does not deliver: 3 messages wait, of 4; ");
    bench_feed(b, "in", "4");
    bench_feed(b, "in", "5");
    expect_reasons(b, "`s` does not deliver: 4 messages wait, of 4; "
                      "`s` has lost messages: 1 dropped, 0 refused; ");
    run_sink.room = SIZE_MAX;
    mf_node_wake(mf_engine_node(bench_engine(b), "s"));
    expect_reasons(b, "`s` has lost messages: 1 dropped, 0 refused; ");
    bench_advance(b, "59s");
    expect_reasons(b, "`s` has lost messages: 1 dropped, 0 refused; ");
    bench_advance(b, "2s");
    expect_reasons(b, "");
    bench_free(b);
    mf_buf_done(&run_trace);
}

/* What the other side refuses for good is lost, too. */
static void refusal(void **state)
{
    struct bench *b = bench_new_with("in: {test.source: number}\n"
                                     "s: {test.sink: , from: in}\n",
                                     real);

    run_sink.result = MF_EINVAL;
    bench_feed(b, "in", "1");
    expect_reasons(b, "`s` has lost messages: 0 dropped, 1 refused; ");
    bench_free(b);
    mf_buf_done(&run_trace);
}

/* A queue of one keeps the newest on purpose: that is neither full nor a loss. */
static void latest_is_no_loss(void **state)
{
    struct bench *b = bench_new_with("in: {test.source: number}\n"
                                     "s: {test.sink: , from: in, queue: latest}\n",
                                     real);

    run_sink.room = 0;
    bench_feed(b, "in", "1");
    bench_feed(b, "in", "2");
    bench_feed(b, "in", "3");
    expect_reasons(b, "");
    bench_free(b);
    mf_buf_done(&run_trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(freshness, run_setup),
        cmocka_unit_test_setup(not_looked_at, run_setup),
        cmocka_unit_test_setup(delivery, run_setup),
        cmocka_unit_test_setup(refusal, run_setup),
        cmocka_unit_test_setup(latest_is_no_loss, run_setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
