/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Spools and dead letters: what was not delivered is there after a restart, in order, and bounded.
 */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine/base/alloc.h"
#include "engine/run/dead.h"
#include "engine/run/spool.h"
#include "engine/run/store.h"
#include "tests/unit/run/run_kinds.h"

#define FLOW(queue)                                                                                \
    "in: {test.source: number}\n"                                                                  \
    "s: {test.sink: , from: in, queue: " queue "}\n"

static char directory[] = "/tmp/moat-flow-spool-XXXXXX";

static struct bench *start(const char *flow)
{
    mf_buf_clear(&run_trace);
    return bench_new_with(flow, (struct bench_options){.is_real = true, .state = directory});
}

static struct mf_store *store(struct bench *b)
{
    return bench_engine(b)->store;
}

static struct mf_queue_stats stats(struct bench *b)
{
    return mf_queue_stats(mf_engine_node(bench_engine(b), "s")->queue);
}

static void feed(struct bench *b, int from, int to)
{
    char text[16];

    for (int i = from; i <= to; i++) {
        snprintf(text, sizeof(text), "%d", i);
        bench_feed(b, "in", text);
    }
}

/* All that were read back, and what comes behind them. */
static void deliver(struct bench *b)
{
    run_sink.room = SIZE_MAX;
    do {
        mf_store_flush(store(b));
        mf_node_wake(mf_engine_node(bench_engine(b), "s"));
        bench_advance(b, "1s");
    } while (mf_engine_waiting(bench_engine(b)));
}

static void expect_trace(int from, int to, const char *mark)
{
    struct mf_buf text = {0};

    for (int i = from; i <= to; i++)
        mf_buf_printf(&text, "in.out=%d%s; ", i, mark);
    run_expect_trace(mf_buf_text(&text));
    mf_buf_done(&text);
}

static int set_up(void **state)
{
    char command[100];

    snprintf(command, sizeof(command), "%s/" MF_STORE_FILE, directory);
    unlink(command);
    snprintf(command, sizeof(command), "%s/" MF_STORE_FILE "-wal", directory);
    unlink(command);
    return run_setup(state);
}

/* What nobody took is there after a restart; what was taken is not. */
static void restarted(void **state)
{
    struct bench *b = start(FLOW("spool 1 MiB"));

    run_sink.room = 2;
    feed(b, 1, 5);
    expect_trace(1, 2, "");
    bench_free(b);
    b = start(FLOW("spool 1 MiB"));
    bench_expect_log(b, "3 messages wait in its spool");
    deliver(b);
    expect_trace(3, 5, " again");
    feed(b, 6, 6);
    expect_trace(6, 6, "");
    bench_free(b);
    b = start(FLOW("spool 1 MiB"));
    deliver(b);
    run_expect_trace("");
    bench_free(b);
}

/* More than memory holds: read back from disk in order, while others come. */
static void long_backlog(void **state)
{
    int count = 3 * MF_SPOOL_WINDOW;
    struct bench *b = start(FLOW("{spool: 10 MiB, pace: 1000000}"));

    run_sink.room = 0;
    feed(b, 1, count / 2);
    mf_store_flush(store(b));
    feed(b, count / 2 + 1, count);
    assert_int_equal(stats(b).waiting, count);
    assert_true(mf_store_flush(store(b)));
    deliver(b);
    assert_int_equal(stats(b).delivered, count);
    assert_int_equal(stats(b).bytes, 0);
    for (int i = 1, seen = 0; i <= count; i++) {
        char text[32];

        snprintf(text, sizeof(text), "in.out=%d", i);
        seen = i == 1 ? 0 : seen;
        assert_non_null(strstr(mf_buf_text(&run_trace) + seen, text));
        seen = (int)(strstr(mf_buf_text(&run_trace) + seen, text) - mf_buf_text(&run_trace));
    }
    bench_free(b);
}

/* A reload hands the spool on, and a queue of memory goes into one. */
static void reloaded(void **state)
{
    struct bench *b = start(FLOW("10"));

    run_sink.room = 0;
    feed(b, 1, 2);
    assert_null(store(b));
    bench_reload(b, FLOW("spool 1 MiB"));
    feed(b, 3, 3);
    bench_reload(b, FLOW("spool 2 MiB"));
    assert_int_equal(stats(b).limit, 2 * 1024 * 1024);
    feed(b, 4, 4);
    bench_reload(b, FLOW("20"));
    feed(b, 5, 5);
    assert_int_equal(stats(b).waiting, 5);
    mf_buf_clear(&run_trace);
    deliver(b);
    expect_trace(1, 5, "");
    mf_store_flush(store(b));
    assert_int_equal(stats(b).limit, 0);
    feed(b, 6, 6);
    expect_trace(6, 6, "");
    bench_free(b);
}

/* The spool of a sink that is gone waits for it. */
static void gone_and_back(void **state)
{
    struct bench *b = start(FLOW("spool 1 MiB"));

    run_sink.room = 0;
    feed(b, 1, 3);
    bench_reload(b, "in: {test.source: number}\nx: {test.pass: , from: in}\n");
    mf_store_flush(store(b));
    assert_int_equal(store(b)->content.spools.count, 1);
    assert_int_equal(store(b)->content.spools.rows[0].letters, 3);
    bench_reload(b, FLOW("spool 1 MiB"));
    mf_buf_clear(&run_trace);
    deliver(b);
    expect_trace(1, 3, " again");
    bench_free(b);
}

/* At its size the oldest go, counted. */
static void full(void **state)
{
    struct bench *b = start(FLOW("{spool: 64 KiB, pace: 1000000}"));
    int count = 5000;

    run_sink.room = 0;
    feed(b, 1, count);
    for (int i = 0; i < 20; i++) {
        mf_store_flush(store(b));
        bench_advance(b, "1s");
    }
    assert_in_range(stats(b).bytes, 32 * 1024, 64 * 1024);
    assert_int_equal(stats(b).dropped + stats(b).waiting, count);
    bench_expect_log(b, "is full: the oldest");
    assert_true(mf_queue_is_high(mf_engine_node(bench_engine(b), "s")->queue));
    deliver(b);
    assert_int_equal(stats(b).dropped + stats(b).delivered, count);
    bench_free(b);
}

/* A disk that takes no more is said, and survived: with room, all is written. */
static void full_disk(void **state)
{
    struct bench *b = start(FLOW("spool 1 MiB"));
    struct rlimit limit, old;
    char why[200];

    signal(SIGXFSZ, SIG_IGN);
    run_sink.room = 0;
    mf_store_flush(store(b));
    getrlimit(RLIMIT_FSIZE, &old);
    limit = (struct rlimit){4096, old.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
    feed(b, 1, 3);
    assert_false(mf_store_flush(store(b)));
    setrlimit(RLIMIT_FSIZE, &old);
    bench_expect_log(b, "would not survive a restart");
    assert_false(mf_engine_is_healthy(bench_engine(b), why, sizeof(why)));
    assert_int_equal(stats(b).waiting, 3);
    assert_true(mf_store_flush(store(b)));
    bench_expect_log(b, "can be written again");
    bench_free(b);
    b = start(FLOW("spool 1 MiB"));
    deliver(b);
    expect_trace(1, 3, " again");
    bench_free(b);
}

/* One engine has the file for itself. */
static void in_use(void **state)
{
    struct bench *b = start(FLOW("spool 1 MiB"));
    struct mf_engine other;
    struct mf_error err = {0};

    mf_engine_init(&other, NULL, (struct mf_engine_options){0});
    assert_null(mf_store_open(&other, directory, &err));
    assert_int_equal(err.code, MF_ELIMIT);
    mf_engine_done(&other);
    bench_free(b);
}

/* A backlog shrinks at its pace, whatever else comes. */
static void paced(void **state)
{
    struct bench *b = start(FLOW("{spool: 1 MiB, pace: 10}"));

    run_sink.room = 0;
    feed(b, 1, 100);
    bench_free(b);
    b = start(FLOW("{spool: 1 MiB, pace: 10}"));
    run_sink.room = SIZE_MAX;
    mf_store_flush(store(b));
    bench_advance(b, "5s");
    assert_in_range(stats(b).delivered, 45, 55);
    feed(b, 101, 110);
    bench_advance(b, "1s");
    assert_in_range(stats(b).delivered, 65, 75);
    bench_advance(b, "10s");
    assert_int_equal(stats(b).waiting, 0);
    bench_free(b);
}

/* What was refused is kept with the reason, over a restart, and can be sent again. */
static void dead_letters(void **state)
{
    struct bench *b = start(FLOW("spool 1 MiB"));
    struct mf_dead *dead;
    struct mf_error err;

    run_sink.result = MF_EINVAL;
    feed(b, 1, 2);
    bench_free(b);
    mf_buf_clear(&run_trace);
    b = start(FLOW("spool 1 MiB"));
    dead = bench_engine(b)->dead;
    assert_int_equal(mf_dead_count(dead), 2);
    assert_string_equal(mf_dead_at(dead, 0)->node, "s");
    assert_int_equal(mf_dead_find(dead, mf_dead_at(dead, 1)->number), 1);
    run_sink.result = MF_OK;
    assert_int_equal(mf_dead_retry(dead, 0, &err), 0);
    run_expect_trace("in.out=1 again; ");
    mf_dead_drop(dead, 0);
    bench_free(b);
    b = start(FLOW("spool 1 MiB"));
    assert_int_equal(mf_dead_count(bench_engine(b)->dead), 0);
    bench_free(b);
}

/* They are bounded: the oldest leave, counted. Without a store they are in memory. */
static void too_many_dead(void **state)
{
    struct bench *b = start(FLOW("100"));
    struct mf_dead *dead = bench_engine(b)->dead;

    run_sink.result = MF_EINVAL;
    feed(b, 1, MF_DEAD_LETTERS + 5);
    assert_null(store(b));
    assert_int_equal(mf_dead_count(dead), MF_DEAD_LETTERS);
    assert_int_equal(mf_dead_dropped(dead), 5);
    assert_float_equal(mf_dead_at(dead, 0)->letter.msg.value.number, 6, 0);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(restarted, set_up),    cmocka_unit_test_setup(long_backlog, set_up),
        cmocka_unit_test_setup(reloaded, set_up),     cmocka_unit_test_setup(gone_and_back, set_up),
        cmocka_unit_test_setup(full, set_up),         cmocka_unit_test_setup(full_disk, set_up),
        cmocka_unit_test_setup(in_use, set_up),       cmocka_unit_test_setup(paced, set_up),
        cmocka_unit_test_setup(dead_letters, set_up), cmocka_unit_test_setup(too_many_dead, set_up),
    };
    int failed;

    if (!mkdtemp(directory))
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    set_up(NULL);
    rmdir(directory);
    mf_buf_done(&run_trace);
    return failed;
}
