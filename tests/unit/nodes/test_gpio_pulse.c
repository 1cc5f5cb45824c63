/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What an output line does in time: the vectors of tests/data/gpio/outputs.json, which say what
 * MoaT's own state machines did, and what those could not do.
 *
 * `change` in the vectors tells the state only when it becomes that value. Here this is another
 * node's business, and the test leaves the rest out.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/clock.h"
#include "engine/base/rng.h"
#include "engine/value/codec.h"
#include "nodes/gpio/pulse.h"
#include "tests/support/bench.h"

enum { FILE_BYTES = 64 * 1024, VECTORS = 8, RUNS = 200 };
#define END (20 * MF_SEC)

static struct mf_value vectors;

static const struct mf_value *get(const struct mf_value *map, const char *key)
{
    return mf_value_get(map, key, strlen(key));
}

static int64_t ns_of(const struct mf_value *seconds)
{
    return seconds ? llround(mf_value_as_number(seconds) * 1e9) : 0;
}

static bool is_text(const struct mf_value *value, const char *text)
{
    size_t len;
    const char *is = mf_value_text(value, &len);

    return len == strlen(text) && memcmp(is, text, len) == 0;
}

static double share_of(const struct mf_value *value)
{
    return value->type == MF_BOOL ? value->boolean : mf_value_as_number(value);
}

/* ---- the vectors ---- */

/* "1@2.5 " for the wire, "(0.25@2.5) " for the state; of one moment the state stands behind. */
static void note(struct mf_buf *wire, struct mf_buf *said, unsigned acts,
                 const struct mf_pulse *pulse, int64_t now, const struct mf_value *change)
{
    if (acts & MF_PULSE_WRITE)
        mf_buf_printf(wire, "%d@%g ", pulse->level, (double)now / 1e9);
    if ((acts & MF_PULSE_SAY) && (!change || share_of(change) == pulse->share))
        mf_buf_printf(said, "%g@%g ", pulse->share, (double)now / 1e9);
}

static void run_vector(const struct mf_value *vector, struct mf_buf *wire, struct mf_buf *said)
{
    const struct mf_value *config = get(vector, "cfg"), *commands = get(vector, "commands");
    struct mf_pulse_plan plan = {.on = ns_of(get(config, "t_on")),
                                 .off = ns_of(get(config, "t_off"))};
    struct mf_pulse pulse;

    if (is_text(get(vector, "mode"), "oneshot"))
        plan.mode = MF_PULSE_ONESHOT;
    else if (is_text(get(vector, "mode"), "pulse"))
        plan.mode = MF_PULSE_REPEAT;
    mf_pulse_init(&pulse);
    for (size_t i = 0; i <= mf_value_count(commands); i++) {
        const struct mf_value *next =
            i < mf_value_count(commands) ? mf_value_at(commands, i) : NULL;
        int64_t at = next ? ns_of(mf_value_at(next, 0)) : END;

        while (pulse.due < at) { /* a command wins over a timer of the same moment */
            int64_t now = pulse.due;

            note(wire, said, mf_pulse_timer(&pulse, &plan, now), &pulse, now,
                 get(config, "change"));
        }
        if (next)
            note(wire, said, mf_pulse_command(&pulse, &plan, share_of(mf_value_at(next, 1)), at),
                 &pulse, at, get(config, "change"));
    }
}

static void expected(const struct mf_value *vector, struct mf_buf *wire, struct mf_buf *said)
{
    const struct mf_value *list = get(vector, "expect");

    for (size_t i = 0; i < mf_value_count(list); i++) {
        const struct mf_value *item = mf_value_at(list, i);

        mf_buf_printf(is_text(mf_value_at(item, 1), "wire") ? wire : said, "%g@%g ",
                      share_of(mf_value_at(item, 2)), mf_value_as_number(mf_value_at(item, 0)));
    }
}

/* The line does what the vectors say, and the state is what it is doing. */
static void vectors_hold(void **state)
{
    assert_int_equal(mf_value_count(&vectors), VECTORS);
    for (size_t i = 0; i < VECTORS; i++) {
        const struct mf_value *vector = mf_value_at(&vectors, i);
        struct mf_buf wire = {0}, said = {0}, want_wire = {0}, want_said = {0};

        run_vector(vector, &wire, &said);
        expected(vector, &want_wire, &want_said);
        assert_string_equal(mf_buf_text(&wire), mf_buf_text(&want_wire));
        assert_string_equal(mf_buf_text(&said), mf_buf_text(&want_said));
        mf_buf_done(&wire);
        mf_buf_done(&said);
        mf_buf_done(&want_wire);
        mf_buf_done(&want_said);
    }
}

/* ---- pulses ---- */

/* A timer that is late moves only what it missed. */
static void late_timers(void **state)
{
    struct mf_pulse_plan plan = {MF_PULSE_REPEAT, .on = MF_SEC, .off = 3 * MF_SEC};
    struct mf_pulse pulse;

    mf_pulse_init(&pulse);
    mf_pulse_command(&pulse, &plan, 1, 0);
    mf_pulse_timer(&pulse, &plan, MF_SEC + 200 * MF_MS);
    assert_false(pulse.level);
    assert_int_equal(pulse.due, 4 * MF_SEC);
    assert_int_equal(mf_pulse_timer(&pulse, &plan, 3 * MF_SEC), 0);
    mf_pulse_timer(&pulse, &plan, 60 * MF_SEC); /* the machine slept */
    assert_true(pulse.level);
    assert_int_equal(pulse.due, 61 * MF_SEC);
}

/* At rest whatever ran has ended; a level is no pulse and stays. */
static void rest(void **state)
{
    struct mf_pulse_plan shot = {MF_PULSE_ONESHOT, .on = MF_SEC}, level = {MF_PULSE_LEVEL};
    struct mf_pulse pulse;

    mf_pulse_init(&pulse);
    mf_pulse_command(&pulse, &shot, 1, 0);
    assert_int_equal(mf_pulse_rest(&pulse, &shot), MF_PULSE_WRITE);
    assert_false(pulse.level);
    assert_int_equal(pulse.due, MF_NEVER);
    assert_int_equal(mf_pulse_rest(&pulse, &shot), 0);
    mf_pulse_command(&pulse, &level, 1, 0);
    assert_int_equal(mf_pulse_rest(&pulse, &level), 0);
    assert_true(pulse.level);
}

/* ---- shares ---- */

/* Runs it up to `until`, at most `late` ns late each time. Returns how long the line was on. */
static int64_t run_to(struct mf_pulse *pulse, const struct mf_pulse_plan *plan, int64_t *now,
                      int64_t until)
{
    int64_t on = 0;

    while (pulse->due <= until) {
        on += pulse->level ? pulse->due - *now : 0;
        *now = pulse->due;
        mf_pulse_timer(pulse, plan, *now);
    }
    on += pulse->level ? until - *now : 0;
    *now = until;
    return on;
}

/* 0 is off at once and 1 is on without a gap, and nothing is left to do while it is off. */
static void ends_of_the_scale(void **state)
{
    struct mf_pulse_plan plan = {MF_PULSE_PWM, .period = 10 * MF_SEC, .least = MF_SEC};
    struct mf_pulse pulse;
    int64_t now = 0;

    mf_pulse_init(&pulse);
    assert_int_equal(mf_pulse_command(&pulse, &plan, 0, 0), MF_PULSE_SAY);
    assert_int_equal(pulse.due, MF_NEVER);
    assert_int_equal(mf_pulse_command(&pulse, &plan, 1, 0), MF_PULSE_SAY | MF_PULSE_WRITE);
    for (unsigned i = 1; i <= 5; i++) {
        now = pulse.due;
        assert_int_equal(now, i * 10 * MF_SEC);
        assert_int_equal(mf_pulse_timer(&pulse, &plan, now), 0);
    }
    assert_int_equal(mf_pulse_command(&pulse, &plan, 0, now + 1), MF_PULSE_SAY | MF_PULSE_WRITE);
    assert_false(pulse.level);
    assert_int_equal(pulse.due, MF_NEVER);
}

/* A new share holds in the period that is running, but what is off stays off until its end. */
static void changes_within_a_period(void **state)
{
    struct mf_pulse_plan plan = {MF_PULSE_PWM, .period = 10 * MF_SEC, .least = MF_SEC};
    struct mf_pulse pulse;

    mf_pulse_init(&pulse);
    mf_pulse_command(&pulse, &plan, 0.5, 0);
    assert_int_equal(pulse.due, 5 * MF_SEC);
    mf_pulse_command(&pulse, &plan, 0.8, 2 * MF_SEC);
    assert_int_equal(pulse.due, 8 * MF_SEC);
    assert_int_equal(mf_pulse_command(&pulse, &plan, 0.3, 4 * MF_SEC),
                     MF_PULSE_SAY | MF_PULSE_WRITE);
    assert_int_equal(mf_pulse_command(&pulse, &plan, 0.9, 5 * MF_SEC), MF_PULSE_SAY);
    assert_int_equal(pulse.due, 10 * MF_SEC);
    mf_pulse_command(&pulse, &plan, 0.4, 6 * MF_SEC);
    mf_pulse_timer(&pulse, &plan, 10 * MF_SEC);
    assert_true(pulse.level);
    /* What has just gone on stays on for the shortest time, unless it is to be off for good. */
    mf_pulse_command(&pulse, &plan, 0.05, 10 * MF_SEC + 100 * MF_MS);
    assert_true(pulse.level);
    assert_int_equal(pulse.due, 11 * MF_SEC);
    mf_pulse_command(&pulse, &plan, 0, 10 * MF_SEC + 200 * MF_MS);
    assert_false(pulse.level);
}

/* A share that is too small for the shortest time comes together over several periods. */
static void small_shares_add_up(void **state)
{
    struct mf_pulse_plan plan = {MF_PULSE_PWM, .period = 10 * MF_SEC, .least = 2 * MF_SEC};
    struct mf_pulse pulse;
    int64_t now = 0;

    mf_pulse_init(&pulse);
    mf_pulse_command(&pulse, &plan, 0.05, 0);
    assert_int_equal(run_to(&pulse, &plan, &now, 30 * MF_SEC), 0);
    assert_int_equal(run_to(&pulse, &plan, &now, 40 * MF_SEC), 2 * MF_SEC);
    assert_int_equal(run_to(&pulse, &plan, &now, 400 * MF_SEC), 18 * MF_SEC);
}

/* Whatever the share, the line is on for that part of a long time, and never on or off for less
 * than the shortest time. */
static void mean_is_the_share(void **state)
{
    struct mf_rng rng;

    mf_rng_seed(&rng, 7);
    for (unsigned i = 0; i < RUNS; i++) {
        struct mf_pulse_plan plan = {MF_PULSE_PWM,
                                     .period = MF_SEC + (int64_t)mf_rng_below(&rng, 60) * MF_SEC};
        double share = mf_rng_double(&rng);
        struct mf_pulse pulse;
        int64_t now = 0, changed = 0, on;
        bool level;

        plan.least = (int64_t)(mf_rng_double(&rng) * (double)plan.period / 2);
        mf_pulse_init(&pulse);
        mf_pulse_command(&pulse, &plan, share, 0);
        level = pulse.level;
        on = 0;
        while (pulse.due < 1000 * plan.period) {
            on += pulse.level ? pulse.due - now : 0;
            now = pulse.due;
            mf_pulse_timer(&pulse, &plan, now);
            if (pulse.level == level)
                continue;
            assert_true(changed == 0 || now - changed >= plan.least);
            level = pulse.level;
            changed = now;
        }
        assert_true(fabs((double)on / (double)now - share) < 0.003);
    }
}

static int read_vectors(void **state)
{
    const char *path = getenv("MF_TEST_GPIO_OUTPUTS");
    FILE *file = path ? fopen(path, "r") : NULL;
    struct mf_error err = {0};
    char *text;
    size_t len;

    assert_non_null(file);
    text = mf_alloc(FILE_BYTES);
    len = fread(text, 1, FILE_BYTES, file);
    fclose(file);
    assert_int_equal(mf_json_read(text, len, &vectors, &err), 0);
    mf_free(text);
    return 0;
}

static int drop_vectors(void **state)
{
    mf_value_drop(vectors);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_hold),
        cmocka_unit_test(late_timers),
        cmocka_unit_test(rest),
        cmocka_unit_test(ends_of_the_scale),
        cmocka_unit_test(small_shares_add_up),
        cmocka_unit_test(changes_within_a_period),
        cmocka_unit_test(mean_is_the_share),
    };

    return cmocka_run_group_tests(tests, read_vectors, drop_vectors);
}
