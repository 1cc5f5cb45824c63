/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* cron and at: when they speak, what they say, and clocks that are set. */

#include "engine/base/clock.h"
#include "engine/run/engine.h"
#include "tests/support/bench.h"

/* Each time once, with the time as value and as the message's own. */
static void times_are_told(void **state)
{
    struct bench *b = bench_new_at("x: {cron: 0 */6 * * *, tz: UTC}\n"
                                   "y: {cron: 0 12 * * *, tz: UTC, value: noon}\n"
                                   "z: {cron: '*/10 * * * * *', tz: UTC, value: 20, unit: °C}\n"
                                   "t: {at: 12:00, tz: UTC}\n",
                                   "2026-01-01T00:00:01Z");

    bench_advance(b, "9s");
    bench_expect(b, "z", "20");
    bench_expect_unit(b, "z", "°C");
    bench_advance(b, "1d");
    bench_expect(b, "x", "1767247200 1767268800 1767290400 1767312000");
    bench_expect(b, "y", "\"noon\"");
    bench_expect(b, "t", "1767268800");
    bench_free(b);
}

/* A start at the very time counts; what is before the start does not. */
static void the_start(void **state)
{
    struct bench *b = bench_new_at("x: {cron: 0 6 * * *, tz: UTC, value: 1}\n"
                                   "y: {at: 6 h, tz: UTC, value: 1}\n",
                                   "2026-01-01T06:00:00Z");

    bench_expect(b, "x", "1");
    bench_expect(b, "y", "1");
    bench_free(b);
    b = bench_new_at("x: {cron: 0 6 * * *, tz: UTC, missed: once}\n"
                     "y: {at: 6 h, tz: UTC}\n",
                     "2026-01-01T06:00:01Z");
    bench_advance(b, "23h");
    bench_expect(b, "x", "");
    bench_expect(b, "y", ""); /* the hour has begun */
    bench_free(b);
}

static const struct {
    const char *flow, *start, *wait, *wanted;
} zones[] = {
    {"x: {cron: 30 2 * * *, tz: Europe/Berlin}\n", "2026-03-28T12:00:00Z", "36h", "1774746000"},
    {"x: {at: 02:30, tz: Europe/Berlin}\n", "2026-03-28T12:00:00Z", "36h", "1774746000"},
    {"x: {cron: 30 2 * * *, tz: Europe/Berlin}\n", "2026-10-24T12:00:00Z", "36h", "1792888200"},
    {"x: {at: 02:30, tz: Europe/Berlin}\n", "2026-10-24T12:00:00Z", "36h", "1792888200"},
    {"x: {at: 30 min, tz: Europe/Berlin, value: 1}\n", "2026-10-24T23:50:00Z", "3h", "1 1 1"},
    {"x: {at: 30 dec 12 h, tz: Pacific/Apia}\n", "2011-12-01T00:00:00Z", "0s", NULL},
    {"x: {at: 30 d 12 mo 12 h, tz: Pacific/Apia}\n", "2011-12-01T00:00:00Z", "31d", "1325239200"},
    {"x: {at: 02:15, tz: Australia/Lord_Howe}\n", "2026-10-03T00:00:00Z", "1d", "1791041400"},
    {"x: {at: sun 02:30, tz: Africa/Casablanca}\n", "2026-02-14T00:00:00Z", "2d", "1771119000"},
    {"x: {at: sun 02:30, tz: Africa/Casablanca}\n", "2026-03-21T00:00:00Z", "2d", "1774144800"},
};

/* Changes of the clocks: skipped is once after the gap, doubled once, every hour both. */
static void changes_of_clocks(void **state)
{
    for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
        struct bench *b;

        if (!zones[i].wanted) {
            bench_expect_fault(zones[i].flow, "MF0223", "`dec` is no unit");
            continue;
        }
        b = bench_new_at(zones[i].flow, zones[i].start);
        bench_advance(b, zones[i].wait);
        bench_expect(b, "x", zones[i].wanted);
        bench_free(b);
    }
}

static const struct {
    const char *flow, *start, *before, *set, *after, *wanted;
} jumps[] = {
    /* Set forward over two times: missed. */
    {"x: {cron: 0 * * * *, tz: UTC}\n", "2026-01-01T10:30:00Z", "10min", "2026-01-01T12:30:00Z",
     "29min", ""},
    {"x: {at: 0 min, tz: UTC}\n", "2026-01-01T10:30:00Z", "10min", "2026-01-01T12:30:00Z", "29min",
     ""},
    {"x: {cron: 0 * * * *, tz: UTC, missed: once, value: 1}\n", "2026-01-01T10:30:00Z", "10min",
     "2026-01-01T12:30:00Z", "29min", "1"},
    /* And goes on at once by the new time. */
    {"x: {cron: 0 * * * *, tz: UTC, value: 1}\n", "2026-01-01T10:30:00Z", "10min",
     "2026-01-01T12:30:00Z", "30min", "1"},
    /* What came between the jump and the look at the clock is not lost. */
    {"x: {cron: 31 12 * * *, tz: UTC, value: 1}\n", "2026-01-01T10:30:00Z", "10min",
     "2026-01-01T12:30:50Z", "1min", "1"},
    {"x: {cron: 31 12 * * *, tz: UTC, value: 1}\n", "2026-01-01T13:30:00Z", "10min",
     "2026-01-01T12:30:50Z", "1min", "1"},
    /* Nothing in between: nothing missed. */
    {"x: {cron: 0 * * * *, tz: UTC, missed: once}\n", "2026-01-01T10:30:00Z", "10min",
     "2026-01-01T10:55:00Z", "4min", ""},
    /* Set back by less than an hour: no repetition. */
    {"x: {cron: 0 * * * *, tz: UTC, value: 1}\n", "2026-01-01T10:59:00Z", "10min",
     "2026-01-01T10:55:00Z", "64min", "1"},
    {"x: {cron: 0 * * * *, tz: UTC, value: 1}\n", "2026-01-01T10:59:00Z", "10min",
     "2026-01-01T10:55:00Z", "65min", "1 1"},
    /* By more: the new time counts. */
    {"x: {cron: 0 * * * *, tz: UTC, value: 1}\n", "2026-01-01T10:59:00Z", "2min",
     "2025-01-01T10:55:00Z", "5min", "1 1"},
    {"x: {at: 11 h, tz: UTC, value: 1}\n", "2026-01-01T10:59:00Z", "2min", "2025-01-01T10:55:00Z",
     "5min", "1 1"},
    /* A second or two are a clock that is set right by itself: late is not missed. */
    {"x: {cron: 0 * * * *, tz: UTC, value: 1}\n", "2026-01-01T10:59:00Z", "58s",
     "2026-01-01T11:00:01Z", "1min", "1"},
};

/* A clock that is set neither loses nor repeats what it should not. */
static void clocks_that_are_set(void **state)
{
    for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
        struct bench *b = bench_new_at(jumps[i].flow, jumps[i].start);

        bench_advance(b, jumps[i].before);
        bench_set_clock(b, jumps[i].set);
        bench_advance(b, jumps[i].after);
        bench_expect(b, "x", jumps[i].wanted);
        bench_free(b);
    }
}

/* A jump is told in the log. */
static void a_jump_is_told(void **state)
{
    struct bench *b = bench_new_at("x: {cron: 0 * * * *, tz: UTC}\n", "2026-01-01T10:30:00Z");

    bench_set_clock(b, "2026-01-01T12:30:00Z");
    bench_advance(b, "1min");
    bench_expect_log(b, "the clock was set forward by 7200 s");
    bench_free(b);
}

/* Held up for some seconds: one late message; for hours: missed. */
static void held_up(void **state)
{
    struct bench *b = bench_new_at("x: {cron: '*/10 * * * * *', tz: UTC, value: 1}\n"
                                   "y: {cron: 0 * * * *, tz: UTC, value: 1}\n"
                                   "z: {cron: 0 * * * *, tz: UTC, value: 1, missed: once}\n",
                                   "2026-01-01T10:59:55Z");

    bench_advance(b, "0s");
    mf_clock_advance(&bench_engine(b)->sched.clock, 46 * MF_SEC);
    bench_advance(b, "0s");
    bench_expect(b, "x", "1");
    bench_expect(b, "y", "1");
    bench_expect(b, "z", "1");
    mf_clock_advance(&bench_engine(b)->sched.clock, 5 * MF_HOUR);
    bench_advance(b, "0s");
    bench_expect(b, "y", "");
    bench_expect(b, "z", "1");
    bench_free(b);
}

/* A reload at the very time does not repeat it, and the new line counts from now on. */
static void a_reload_does_not_repeat(void **state)
{
    struct bench *b = bench_new_at("x: {cron: 0 6 * * *, tz: UTC, value: 1}\n"
                                   "y: {at: 6 h, tz: UTC, value: 1}\n",
                                   "2026-01-01T05:00:00Z");

    bench_advance(b, "1h");
    bench_reload(b, "x: {cron: '0 6,7 * * *', tz: UTC, value: 1}\n"
                    "y: {at: 6 h, tz: UTC, value: 2}\n");
    bench_expect(b, "x", "1");
    bench_expect(b, "y", "1");
    bench_advance(b, "1h");
    bench_expect(b, "x", "1");
    bench_advance(b, "23h");
    bench_expect(b, "y", "2");
    bench_free(b);
}

/* run --once does not wait for a time. */
static void once_does_not_wait(void **state)
{
    struct bench *b = bench_new_with("x: {cron: '* * * * * *'}\ny: {at: 0 s}\n",
                                     (struct bench_options){.once = true});

    bench_advance(b, "1h");
    bench_expect(b, "x", "");
    bench_expect(b, "y", "");
    bench_free(b);
}

/* Faults point to what is wrong. */
static void faults(void **state)
{
    bench_expect_fault("x: {cron: 6:30 mon}\n", "MF0221", "it has 2 fields");
    bench_expect_fault("x: {cron: 0 25 * * *}\n", "MF0221", "between 0 and 23");
    bench_expect_fault("x: {cron: 0 0 31 2 *}\n", "MF0222", "never comes");
    bench_expect_fault("x: {at: 30 d 2 mo}\n", "MF0222", "never comes");
    bench_expect_fault("x: {at: 1 fri 13 d}\n", "MF0222", "never comes");
    bench_expect_fault("x: {at: ''}\n", "MF0223", "no part of a time");
    bench_expect_fault("x: {at: next}\n", "MF0223", "no part of a time");
    bench_expect_fault("x: {at: 5 y}\n", "MF0223", "four digits");
    bench_expect_fault("x: {at: 1100000000 9 h}\n", "MF0223", "counts from now");
    bench_expect_fault("x: {at: 9 hours 9 h}\n", "MF0223", "stands there twice");
    bench_expect_fault("x: {at: 9 h, tz: Berlin}\n", "MF0224", "no time zone `Berlin`");
    bench_expect_fault("x: {cron: 0 9 * * *, tz: ''}\n", "MF0224", "has a name");
    bench_expect_clean("x: {at: 29 d 2 mo 2028 y}\nl: {log: info, from: x}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_told),
        cmocka_unit_test(the_start),
        cmocka_unit_test(changes_of_clocks),
        cmocka_unit_test(clocks_that_are_set),
        cmocka_unit_test(a_jump_is_told),
        cmocka_unit_test(held_up),
        cmocka_unit_test(a_reload_does_not_repeat),
        cmocka_unit_test(once_does_not_wait),
        cmocka_unit_test(faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
