/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The state machines of GPIO inputs: what the vectors do not show, and random waves against a
 * model that is too slow to be wrong. It looks at the line every millisecond and knows what each
 * rule means in words; edges and events are strange to it.
 */

#include <string.h>

#include "engine/base/buf.h"
#include "engine/base/clock.h"
#include "engine/base/rng.h"
#include "nodes/gpio/input.h"
#include "nodes/gpio/line.h"
#include "tests/support/bench.h"

enum { TICKS = 3000, WAVES = 400 };

static struct mf_buf heard;
static int64_t source; /* of what was said last */

static void hear(void *of, const struct mf_gpio_said *said)
{
    source = said->time;
    if (heard.len)
        mf_buf_puts(&heard, " ");
    if (said->what == MF_GPIO_SAYS_LEVEL)
        mf_buf_printf(&heard, "%d", said->level);
    else if (said->what == MF_GPIO_SAYS_COUNT)
        mf_buf_printf(&heard, "%lld", (long long)said->count);
    else if (said->what == MF_GPIO_SAYS_PRESSES)
        mf_buf_printf(&heard, "%u phases", said->presses->count);
    else
        mf_buf_puts(&heard, "clear");
}

static void expect(const char *text)
{
    assert_string_equal(mf_buf_text(&heard), text);
    mf_buf_clear(&heard);
}

static struct mf_gpio_plan plan_of(int mode)
{
    return (struct mf_gpio_plan){.mode = mode,
                                 .bounce = 50 * MF_MS,
                                 .edges = MF_GPIO_BOTH,
                                 .skip = true,
                                 .interval = MF_SEC,
                                 .idle = MF_SEC,
                                 .idle_on = MF_SEC,
                                 .clear = 3 * MF_SEC};
}

static void begin(struct mf_gpio_input *input, const struct mf_gpio_plan *plan, bool level)
{
    mf_gpio_input_init(input, plan, hear, NULL);
    mf_gpio_input_begin(input, level, 0);
}

/* ---- what the line says at the deadline ---- */

/* The level that is read wins over the last edge that has come; the edge follows and is nothing
 * new. */
static void level_is_newer(void **state)
{
    struct mf_gpio_plan plan = plan_of(MF_GPIO_LEVEL);
    struct mf_gpio_input input;

    begin(&input, &plan, false);
    mf_gpio_input_edge(&input, true, 100 * MF_MS);
    mf_gpio_input_timer(&input, false, 150 * MF_MS);
    expect("0");
    mf_gpio_input_edge(&input, false, 149 * MF_MS);
    assert_int_equal(mf_gpio_input_deadline(&input), MF_NEVER);
    mf_gpio_input_edge(&input, true, 300 * MF_MS);
    mf_gpio_input_edge(&input, false, 310 * MF_MS);
    mf_gpio_input_timer(&input, true, 350 * MF_MS);
    expect("1");
    assert_int_equal(source, 350 * MF_MS);
}

/* A change has the time of its first edge, however long it bounced. */
static void time_of_first_edge(void **state)
{
    struct mf_gpio_plan plan = plan_of(MF_GPIO_LEVEL);
    struct mf_gpio_input input;

    plan.policy = MF_GPIO_QUIET;
    begin(&input, &plan, false);
    for (int i = 0; i < 9; i++)
        mf_gpio_input_edge(&input, i % 2 == 0, (100 + 10 * i) * MF_MS);
    assert_int_equal(mf_gpio_input_deadline(&input), 230 * MF_MS);
    mf_gpio_input_timer(&input, true, 230 * MF_MS);
    expect("0 1");
    assert_int_equal(source, 100 * MF_MS);
}

/* ---- counting ---- */

/* What happened while nobody could look counts as one edge, if the level shows that it did. */
static void counts_over_a_gap(void **state)
{
    struct mf_gpio_plan plan = plan_of(MF_GPIO_COUNT);
    struct mf_gpio_input input;

    begin(&input, &plan, false);
    expect("");
    mf_gpio_input_begin(&input, true, MF_SEC);
    expect("1");
    mf_gpio_input_begin(&input, true, 2 * MF_SEC);
    expect("");
    mf_gpio_input_init(&input, &plan, hear, NULL);
    mf_gpio_input_restore(&input, true, 41);
    mf_gpio_input_begin(&input, false, 5 * MF_SEC);
    expect("42");
}

/* A reset loses nothing that was not told yet, and a count never runs over. */
static void reset_and_limit(void **state)
{
    struct mf_gpio_plan plan = plan_of(MF_GPIO_COUNT);
    struct mf_gpio_input input;

    begin(&input, &plan, false);
    for (int i = 0; i < 6; i++)
        mf_gpio_input_edge(&input, i % 2 == 0, (100 + 100 * i) * MF_MS);
    mf_gpio_input_timer(&input, false, 650 * MF_MS);
    expect("1");
    mf_gpio_input_set_count(&input, 0, 700 * MF_MS);
    expect("5");
    mf_gpio_input_timer(&input, false, 10 * MF_SEC);
    expect("");
    mf_gpio_input_set_count(&input, INT64_MAX, 20 * MF_SEC);
    expect("9223372036854775807");
    mf_gpio_input_edge(&input, true, 21 * MF_SEC);
    mf_gpio_input_timer(&input, true, 22 * MF_SEC);
    expect("9223372036854775807");
}

/* ---- sequences ---- */

/* A button that never rests is told in pieces. */
static void many_phases(void **state)
{
    struct mf_gpio_plan plan = plan_of(MF_GPIO_SEQUENCE);
    struct mf_gpio_input input;

    begin(&input, &plan, false);
    for (int i = 0; i < 140; i++)
        mf_gpio_input_edge(&input, i % 2 == 0, (1000 + 100 * i) * MF_MS);
    mf_gpio_input_timer(&input, false, 60 * MF_SEC);
    expect("63 phases 63 phases 14 phases clear");
}

/* Noise while a sequence is open does not keep it open, and one that is under way when it would end
 * is waited for. */
static void noise_at_the_end(void **state)
{
    struct mf_gpio_plan plan = plan_of(MF_GPIO_SEQUENCE);
    struct mf_gpio_input input;

    begin(&input, &plan, false);
    mf_gpio_input_edge(&input, true, 1000 * MF_MS);
    mf_gpio_input_edge(&input, false, 1500 * MF_MS);
    mf_gpio_input_edge(&input, true, 2490 * MF_MS);
    mf_gpio_input_edge(&input, false, 2495 * MF_MS);
    assert_int_equal(mf_gpio_input_deadline(&input), 2545 * MF_MS);
    mf_gpio_input_timer(&input, false, 2545 * MF_MS);
    expect("2 phases");
    assert_int_equal(source, 1500 * MF_MS);
}

/* ---- random waves ---- */

/* The line at each millisecond: bouncing, glitches, noise and quiet times. */
static void make_wave(struct mf_rng *rng, bool *line)
{
    bool level = mf_rng_below(rng, 2);

    for (int t = 0; t < TICKS;) {
        bool is_noisy = mf_rng_below(rng, 3) == 0;
        int for_ms = 1 + (int)mf_rng_below(rng, is_noisy ? 30 : 400);

        for (int i = 0; i < for_ms && t < TICKS; i++)
            line[t++] = level;
        level = !level;
    }
}

/* Has anything moved within (from, to]? */
static bool moved(const bool *line, int from, int to)
{
    for (int t = from + 1; t <= to; t++)
        if (t > 0 && line[t] != line[t - 1])
            return true;
    return false;
}

/* When the disturbance that begins at `first` is over. */
static int end_of(const bool *line, const struct mf_gpio_plan *plan, int first)
{
    int time = (int)(plan->bounce / MF_MS), end = first + time;

    if (plan->policy == MF_GPIO_QUIET)
        while (end < TICKS && moved(line, end - time, end - 1))
            end++;
    return end;
}

/* Which levels and counts are said, in order, and when. */
static void model(const bool *line, const struct mf_gpio_plan *plan, struct mf_buf *said)
{
    bool level = line[0];
    int count = 0, told = 0, due = -1;

    if (plan->mode == MF_GPIO_LEVEL)
        mf_buf_printf(said, "%d@0 ", level);
    for (int t = 1, busy_until = -1; t < TICKS; t++) {
        if (t == busy_until) {
            /* An edge at this very moment is one of the next disturbance. */
            bool is_change = line[t - 1] != level;

            level = line[t - 1];
            if (is_change && plan->mode == MF_GPIO_LEVEL)
                mf_buf_printf(said, "%d@%d ", level, t);
            if (is_change && plan->mode == MF_GPIO_COUNT) {
                count++;
                if (due < 0) {
                    mf_buf_printf(said, "%d@%d ", told = count, t);
                    due = t + (int)(plan->interval / MF_MS);
                }
            }
            busy_until = -1;
        }
        if (t == due) {
            due = count != told ? t + (int)(plan->interval / MF_MS) : -1;
            if (count != told)
                mf_buf_printf(said, "%d@%d ", told = count, t);
        }
        if (busy_until < 0 && line[t] != line[t - 1])
            busy_until = end_of(line, plan, t);
    }
}

struct record {
    struct mf_buf text;
    int64_t now;
};

static void note(void *of, const struct mf_gpio_said *said)
{
    struct record *record = of;
    const struct mf_gpio_presses *presses = said->presses;
    int64_t what = said->what == MF_GPIO_SAYS_LEVEL ? said->level : said->count;

    if (said->what != MF_GPIO_SAYS_PRESSES) {
        mf_buf_printf(&record->text, "%lld@%lld ", (long long)what,
                      (long long)(record->now / MF_MS));
        return;
    }
    mf_buf_printf(&record->text, "%d", presses->start);
    for (unsigned i = 0; i < presses->count; i++)
        mf_buf_printf(&record->text, ",%lld", (long long)presses->phases[i]);
    mf_buf_printf(&record->text, ";%d ", presses->end);
}

static void run_machine(const bool *line, const struct mf_gpio_plan *plan, struct record *record)
{
    struct mf_gpio_input input;

    mf_gpio_input_init(&input, plan, note, record);
    mf_gpio_input_begin(&input, line[0], 0);
    for (int t = 1; t < TICKS; t++) {
        int64_t at;

        while ((at = mf_gpio_input_deadline(&input)) <= t * MF_MS) {
            record->now = at;
            mf_gpio_input_timer(&input, line[t - 1], at);
        }
        record->now = t * MF_MS;
        if (line[t] != line[t - 1])
            mf_gpio_input_edge(&input, line[t], t * MF_MS);
    }
}

static void compare(unsigned seed, struct mf_buf *wanted, struct mf_buf *got)
{
    if (strcmp(mf_buf_text(wanted), mf_buf_text(got)) != 0)
        fail_msg("wave %u:\nwanted %s\ngot    %s", seed, mf_buf_text(wanted), mf_buf_text(got));
    mf_buf_done(wanted);
    mf_buf_done(got);
}

/* Levels and counts, with both policies. */
static void random_waves(void **state)
{
    static bool line[TICKS];
    struct mf_rng rng;

    for (unsigned seed = 1; seed <= WAVES; seed++) {
        struct mf_gpio_plan plan = plan_of(seed % 2 ? MF_GPIO_LEVEL : MF_GPIO_COUNT);
        struct record record = {0};
        struct mf_buf wanted = {0};

        mf_rng_seed(&rng, seed);
        make_wave(&rng, line);
        plan.policy = seed / 2 % 2 ? MF_GPIO_WINDOW : MF_GPIO_QUIET;
        plan.bounce = (int64_t)(1 + mf_rng_below(&rng, 60)) * MF_MS;
        plan.interval = (int64_t)(1 + mf_rng_below(&rng, 900)) * MF_MS;
        model(line, &plan, &wanted);
        run_machine(line, &plan, &record);
        compare(seed, &wanted, &record.text);
    }
}

/* Sequences of phases, made of a list of the changes that the whole wave has. Those at its end may
 * still be open, and are not looked at. */
static void model_presses(const bool *line, const struct mf_gpio_plan *plan, struct mf_buf *said)
{
    int unit = (int)(plan->bounce / MF_MS), idle = (int)(plan->idle / MF_MS);
    int since = -1, last = -1, before = -1;
    struct mf_buf phases = {0};
    bool level = line[0];

    for (int t = 1, end; t < TICKS; t = end) {
        end = t + 1;
        if (line[t] == line[t - 1])
            continue;
        end = end_of(line, plan, t);
        if (end >= TICKS)
            break;
        if (line[end - 1] == level)
            continue;
        if (since >= 0 && t >= last + idle) {
            mf_buf_printf(said, "%d%s,0;%d ", before, mf_buf_text(&phases), level);
            since = -1;
        }
        if (since < 0) {
            before = level;
            mf_buf_clear(&phases);
        } else {
            mf_buf_printf(&phases, ",%d", (t - since) / unit);
        }
        since = t;
        level = line[end - 1];
        for (last = end - 1; line[last] == line[last - 1];)
            last--;
    }
    mf_buf_done(&phases);
}

static void random_presses(void **state)
{
    static bool line[TICKS];
    struct mf_rng rng;

    for (unsigned seed = 1; seed <= WAVES; seed++) {
        struct mf_gpio_plan plan = plan_of(MF_GPIO_SEQUENCE);
        struct record record = {0};
        struct mf_buf wanted = {0};
        size_t len;

        mf_rng_seed(&rng, seed);
        make_wave(&rng, line);
        plan.policy = seed % 2 ? MF_GPIO_WINDOW : MF_GPIO_QUIET;
        plan.bounce = (int64_t)(1 + mf_rng_below(&rng, 40)) * MF_MS;
        plan.idle = plan.idle_on = (int64_t)(60 + mf_rng_below(&rng, 300)) * MF_MS;
        plan.clear = 0;
        model_presses(line, &plan, &wanted);
        run_machine(line, &plan, &record);
        len = wanted.len;
        assert_in_range(len, 0, record.text.len);
        if (record.text.data)
            record.text.data[len] = '\0';
        compare(seed, &wanted, &record.text);
    }
}

static int forget(void **state)
{
    mf_buf_done(&heard);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(level_is_newer, forget),
        cmocka_unit_test_teardown(time_of_first_edge, forget),
        cmocka_unit_test_teardown(counts_over_a_gap, forget),
        cmocka_unit_test_teardown(reset_and_limit, forget),
        cmocka_unit_test_teardown(many_phases, forget),
        cmocka_unit_test_teardown(noise_at_the_end, forget),
        cmocka_unit_test(random_waves),
        cmocka_unit_test(random_presses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
