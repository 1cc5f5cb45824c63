/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * `keep`: a node that was restarted goes on as if it had not been, and what it knew is not taken
 * for new.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/alloc.h"
#include "engine/graph/registry.h"
#include "engine/run/observe.h"
#include "engine/run/store.h"
#include "tests/unit/run/run_kinds.h"

#define NUMBER "in: {test.source: number}\n"
#define BOOL "in: {test.source: bool}\n"
#define START "2026-01-01T00:00:00Z"
#define AGAIN "2026-01-01T00:00:05Z" /* five feeds later */

static char directory[] = "/tmp/moat-flow-keep-XXXXXX";

/* Inputs are fed one a second, five before the restart and the rest behind it. */
static const struct row {
    const char *kind, *flow, *feeds[10];
    const char *again; /* what it says at first for readers that know nothing */
} rows[] = {
    {"at", "x: {at: 12 sec, keep: true}\n", {0}},
    {"cron", "x: {cron: '* * * * *', keep: true}\n", {0}},
    {"every", "x: {every: 3s, keep: true}\n", {0}},
    {"sim.counter", "x: {sim.counter: 2, every: 2s, keep: true}\n", {0}},
    {"sim.wave", "x: {sim.wave: sine, every: 2s, keep: true}\n", {0}},
    {"counter",
     NUMBER "x: {counter: 65536, from: in, keep: true}\n",
     {"1", "2", "5", "9", "9", "12", "20"}},
    {"deadband",
     NUMBER "x: {deadband: 2, from: in, keep: true}\n",
     {"1", "2", "5", "9", "9", "10", "20"}},
    {"debounce",
     BOOL "x: {debounce: 1500ms, from: in, keep: true}\n",
     {"true", "true", "false", "false", "true", "true", "true", "false", "false"}},
    {"delay", NUMBER "x: {delay: 7s, from: in, keep: true}\n", {"1", "2", "3", "4", "5", "6", "7"}},
    {"ema", NUMBER "x: {ema: 3s, from: in, keep: true}\n", {"1", "2", "5", "9", "9", "10", "20"}},
    {"gesture",
     BOOL "x: {gesture: , from: in, click: 0ms..1500ms, long: '1500ms..', keep: true}\n",
     {"false", "true", "false", "false", "true", "false", "true", "true", "false"}},
    {"heartbeat",
     NUMBER "x: {heartbeat: 3s, from: in, keep: true}\n",
     {"1", "2", "3", "4", "5", "6", "7"}},
    {"hysteresis",
     NUMBER "x: {hysteresis: 2..8, from: in, keep: true}\n",
     {"1", "9", "5", "5", "5", "5", "1", "5", "9"},
     "5.000 out true good\n"},
    {"integrate",
     NUMBER "x: {integrate: 1s, from: in, keep: true}\n",
     {"1", "2", "3", "4", "5", "6", "7"}},
    {"latch",
     BOOL "r: {test.source: bool}\nx: {latch: , from: {set: in, reset: r}, keep: true}\n",
     {"false", "true", "false", "false", "false", "false", "true"},
     "5.000 out true good\n"},
    {"rate", NUMBER "x: {rate: 1s, from: in, keep: true}\n", {"1", "2", "4", "7", "9", "15", "16"}},
    {"timer",
     BOOL "x: {timer: off after 4s, from: in, keep: true}\n",
     {"false", "true", "false", "true", "false", "false", "false", "true", "false"}},
    {"toggle",
     BOOL "x: {toggle: off, from: in, keep: true}\n",
     {"false", "true", "false", "true", "false", "true", "false", "true"}},
    {"when",
     BOOL "x: {when: in, for: 3s, keep: true}\n",
     {"false", "true", "true", "true", "true", "true", "false", "true"},
     "5.000 out true good\n"},
    {"mean", NUMBER "x: {mean: 6s, from: in, keep: true}\n", {"1", "2", "3", "4", "5", "6", "7"}},
    {"count", NUMBER "x: {count: 6s, from: in, keep: true}\n", {"1", "2", "3", "4", "5", "6", "7"}},
    {"first", NUMBER "x: {first: 6s, from: in, keep: true}\n", {"1", "2", "3", "4", "5", "6", "7"}},
    {"last", NUMBER "x: {last: 6s, from: in, keep: true}\n", {"1", "2", "3", "4", "5", "6", "7"}},
    {"sum", NUMBER "x: {sum: 6s, from: in, keep: true}\n", {"1", "2", "3", "4", "5", "6", "7"}},
    {"min", NUMBER "x: {min: 6s, from: in, keep: true}\n", {"3", "1", "4", "1", "5", "9", "2"}},
    {"max", NUMBER "x: {max: 6s, from: in, keep: true}\n", {"3", "1", "4", "1", "5", "9", "2"}},
    {"median", NUMBER "x: {median: 6s, from: in, keep: true}\n", {"3", "1", "4", "1", "5", "9"}},
    {"sample", NUMBER "x: {sample: 3s, from: in, keep: true}\n", {"3", "1", "4", "1", "5", "9"}},
};

static struct bench *start(const char *flow, const char *time)
{
    return bench_new_with(
        flow, (struct bench_options){.is_real = true, .start = time, .state = directory});
}

static int set_up(void **state)
{
    static const char *const ends[] = {"", "-wal"};
    char path[100];

    for (unsigned i = 0; i < 2; i++) {
        snprintf(path, sizeof(path), "%s/" MF_STORE_FILE "%s", directory, ends[i]);
        unlink(path);
    }
    return run_setup(state);
}

/* ---- twins ---- */

static void saw(void *arg, struct mf_node *node, unsigned output, const struct mf_msg *msg)
{
    struct mf_buf *text = arg;

    if (strcmp(node->def->name, "x") != 0 || msg->is_again)
        return;
    mf_buf_printf(text, "%.3f %s ",
                  (double)(mf_node_now(node) - INT64_C(1767225600000000000)) / 1e9,
                  node->def->outs[output].name);
    mf_value_print(&msg->value, text);
    mf_buf_printf(text, " %s\n", mf_quality_names[msg->quality]);
}

static void feed(struct bench *b, const struct row *row, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++) {
        if (row->feeds[i])
            bench_feed(b, "in", row->feeds[i]);
        bench_advance(b, "1s");
    }
}

static void second_half(struct bench *b, const struct row *row, struct mf_buf *text)
{
    struct mf_observer observer = {.saw = saw, .arg = text};

    mf_engine_observe(bench_engine(b), &observer);
    feed(b, row, 5, 10);
    bench_advance(b, "2min");
    mf_engine_unobserve(bench_engine(b), &observer);
    bench_free(b);
}

/* One twin is restarted in the middle; both say the same from then on. */
static void twins(void **state)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct mf_buf whole = {0}, halves = {0};
        struct bench *b;

        mf_buf_puts(&whole, rows[i].again ? rows[i].again : "");
        b = bench_new_with(rows[i].flow, (struct bench_options){.is_real = true, .start = START});
        feed(b, &rows[i], 0, 5);
        second_half(b, &rows[i], &whole);
        set_up(NULL);
        b = start(rows[i].flow, START);
        feed(b, &rows[i], 0, 5);
        bench_free(b);
        second_half(start(rows[i].flow, AGAIN), &rows[i], &halves);
        if (strcmp(mf_buf_text(&whole), mf_buf_text(&halves)) != 0)
            fail_msg("%s, without a restart:\n%s\nwith one:\n%s", rows[i].kind, mf_buf_text(&whole),
                     mf_buf_text(&halves));
        mf_buf_done(&whole);
        mf_buf_done(&halves);
    }
}

/* Kinds with state that have no row, beside those on a link: their restart is tested with what they
 * talk to, is a matter of the clock alone, or is not asked for with `keep`, which means something
 * else there. */
static const char *const elsewhere[] = {
    "file.read", "lua", "modbus.server", "sim.home", "sun", "task", "throttle",
};

static bool is_known(const char *name)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        if (strcmp(rows[i].kind, name) == 0)
            return true;
    for (size_t i = 0; i < sizeof(elsewhere) / sizeof(*elsewhere); i++)
        if (strcmp(elsewhere[i], name) == 0)
            return true;
    return strncmp(name, "test.", 5) == 0;
}

/* No kind with state is left out above. */
static void all_kinds(void **state)
{
    struct bench *b = start("y: {every: 1s}\n", START);
    const char *missing = NULL;

    for (const struct mf_kind *const *kind = mf_registry()->nodes; *kind; kind++)
        if ((*kind)->save && !(*kind)->link && !is_known((*kind)->name))
            missing = (*kind)->name;
    bench_free(b);
    if (missing)
        fail_msg("%s has no row", missing);
}

/* ---- time ---- */

/* A timer counts the time in which nobody ran; a light goes off at once if it should have. */
static void timer_ran_out(void **state)
{
    static const char flow[] = BOOL "x: {timer: off after 10min, from: in, keep: true}\n";
    struct bench *b = start(flow, START);

    bench_feed(b, "in", "true");
    bench_free(b);
    b = start(flow, "2026-01-01T00:04:00Z");
    bench_advance(b, "5min");
    bench_expect(b, "x", "");
    bench_advance(b, "1min");
    bench_expect(b, "x", "false");
    bench_free(b);
    set_up(NULL);
    b = start(flow, START);
    bench_feed(b, "in", "true");
    bench_free(b);
    b = start(flow, "2026-01-01T09:00:00Z");
    bench_advance(b, "1s");
    bench_expect(b, "x", "false");
    bench_free(b);
}

/* What is repeated is old until it is heard again. */
static void not_fresh(void **state)
{
    static const char flow[] = NUMBER "x: {deadband: 2, from: in, heartbeat: 10s, keep: true}\n";
    struct bench *b = start(flow, START);

    bench_feed(b, "in", "7");
    bench_free(b);
    b = start(flow, "2026-01-01T00:00:05Z");
    bench_advance(b, "16s");
    bench_expect(b, "x", "stale(7) stale(7)");
    bench_feed(b, "in", "7.5");
    bench_expect(b, "x", "7");
    bench_advance(b, "10s");
    bench_expect(b, "x", "7.5");
    bench_free(b);
}

/* State of another kind is not taken; that of a node without `keep` is not there. */
static void not_for_others(void **state)
{
    struct bench *b = start(NUMBER "x: {counter: , from: in, keep: true}\n"
                                   "y: {counter: , from: in}\n",
                            START);

    bench_feed(b, "in", "1");
    bench_feed(b, "in", "4");
    assert_int_equal(mf_kept_count(bench_engine(b)->store->kept), 0);
    bench_advance(b, "2s");
    assert_int_equal(mf_kept_count(bench_engine(b)->store->kept), 1);
    bench_free(b);
    b = start(NUMBER "x: {integrate: 1h, from: in, keep: true}\n", AGAIN);
    bench_expect_log(b, "starts anew: the state that was kept is of counter");
    bench_free(b);
}

/* Once cleared it is gone. */
static void cleared(void **state)
{
    static const char flow[] = NUMBER "x: {ema: 3s, from: in, keep: true}\n";
    struct bench *b = start(flow, START);
    struct mf_kept *kept = bench_engine(b)->store->kept;

    bench_feed(b, "in", "1");
    bench_free(b);
    b = start("y: {every: 1s, keep: true}\n", AGAIN);
    kept = bench_engine(b)->store->kept;
    assert_non_null(mf_kept_find(kept, "x"));
    mf_kept_clear(kept, mf_kept_find(kept, "x"));
    assert_null(mf_kept_find(kept, "x"));
    bench_free(b);
    b = start(flow, AGAIN);
    assert_null(mf_kept_find(bench_engine(b)->store->kept, "x"));
    bench_free(b);
}

/* A damaged file is set aside, and the flow begins anew. */
static void damaged(void **state)
{
    static const char flow[] = NUMBER "x: {ema: 3s, from: in, keep: true}\n";
    struct bench *b = start(flow, START);
    char path[100], command[300];
    FILE *file;

    bench_feed(b, "in", "1");
    bench_free(b);
    snprintf(path, sizeof(path), "%s/" MF_STORE_FILE, directory);
    file = fopen(path, "r+");
    assert_non_null(file);
    fwrite("what", 1, 4, file);
    fclose(file);
    b = start(flow, AGAIN);
    bench_expect_log(b, "is set aside as");
    assert_null(mf_kept_find(bench_engine(b)->store->kept, "x"));
    bench_feed(b, "in", "1");
    bench_expect(b, "x", "1");
    bench_free(b);
    snprintf(command, sizeof(command), "rm %s/" MF_STORE_FILE ".damaged-*", directory);
    pclose(popen(command, "r"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(twins, set_up),          cmocka_unit_test_setup(all_kinds, set_up),
        cmocka_unit_test_setup(timer_ran_out, set_up),  cmocka_unit_test_setup(not_fresh, set_up),
        cmocka_unit_test_setup(not_for_others, set_up), cmocka_unit_test_setup(cleared, set_up),
        cmocka_unit_test_setup(damaged, set_up),
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
