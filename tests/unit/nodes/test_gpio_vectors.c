/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The vectors of tests/data/gpio/inputs.json, through the state machines of GPIO inputs.
 *
 * They say what MoaT makes of a wave on a line: the first 27 are what its own state machines said.
 * The rest is where those were wrong, with the reason as `why`, or what they could not do:
 *
 * - Lengths are integers. MoaT divides floating-point seconds, so 0.3 s in units of 0.1 s are 2.
 * - MoaT never tells a hold when only on phases count, and its `start` is for ever the level that
 *   the line had when it was opened. Here a hold is a sequence that ends with the button down, and
 *   its release is the next one.
 * - MoaT tells intermediate messages at an edge that may yet turn out to be nothing, and one more
 *   while the contact bounces. Here they come when the edge has settled.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/clock.h"
#include "engine/value/codec.h"
#include "nodes/gpio/input.h"
#include "nodes/gpio/line.h"
#include "tests/support/bench.h"

enum { FILE_BYTES = 64 * 1024, VECTORS = 47, SAID = 16 };
#define END (15 * MF_SEC)

/* What one run has said. */
struct heard {
    int64_t now, at[SAID], source[SAID];
    char *what[SAID];
    unsigned count;
    double unit; /* s */
};

static struct mf_value vectors;

static const struct mf_value *get(const struct mf_value *map, const char *key)
{
    return mf_value_get(map, key, strlen(key));
}

static int64_t ns_of(const struct mf_value *seconds)
{
    return llround(mf_value_as_number(seconds) * 1e9);
}

static int64_t time_in(const struct mf_value *config, const char *key, double fallback)
{
    const struct mf_value *value = get(config, key);

    return value ? ns_of(value) : llround(fallback * 1e9);
}

static bool flag_in(const struct mf_value *config, const char *key, bool fallback)
{
    const struct mf_value *value = get(config, key);

    return value ? value->boolean : fallback;
}

static bool is_text(const struct mf_value *value, const char *text)
{
    size_t len;
    const char *is = mf_value_text(value, &len);

    return len == strlen(text) && memcmp(is, text, len) == 0;
}

/* MoaT's settings as a plan. `change` and `count` say which levels matter: true, false, or both. */
static struct mf_gpio_plan plan_of(const struct mf_value *vector)
{
    const struct mf_value *config = get(vector, "cfg"), *mode = get(vector, "mode");
    const struct mf_value *which = get(config, "change"), *policy = get(config, "policy");
    struct mf_gpio_plan plan = {.edges = MF_GPIO_BOTH};

    if (is_text(mode, "count"))
        plan.mode = MF_GPIO_COUNT;
    else if (is_text(mode, "button"))
        plan.mode = MF_GPIO_SEQUENCE;
    if (plan.mode != MF_GPIO_LEVEL) {
        which = get(config, "count");
        plan.edges = which ? MF_GPIO_BOTH : MF_GPIO_RISING;
    }
    if (which && which->type == MF_BOOL)
        plan.edges = which->boolean ? MF_GPIO_RISING : MF_GPIO_FALLING;
    if (policy)
        plan.policy = is_text(policy, "quiet") ? MF_GPIO_QUIET : MF_GPIO_WINDOW;
    plan.bounce = time_in(config, "t_bounce", 0.05);
    plan.skip = flag_in(config, "skip", true);
    plan.interval = time_in(config, "interval", 1);
    plan.idle = time_in(config, "t_idle", 1.5);
    plan.idle_on = time_in(config, "t_idle_on", (double)plan.idle / 1e9);
    plan.clear = time_in(config, "t_clear", 30);
    plan.flow = flag_in(config, "flow", false);
    return plan;
}

/* ---- hearing ---- */

static void print_presses(const struct mf_gpio_presses *presses, double unit, struct mf_buf *buf)
{
    mf_buf_printf(buf, "%d [", presses->start);
    for (unsigned i = 0; i < presses->count; i++)
        mf_buf_printf(buf, "%s%lld", i ? " " : "", (long long)presses->phases[i]);
    mf_buf_printf(buf, "] %d in %g%s", presses->end, unit, presses->is_flow ? " and on" : "");
}

static void hear(void *of, const struct mf_gpio_said *said)
{
    struct heard *heard = of;
    struct mf_buf text = {0};

    assert_in_range(heard->count, 0, SAID - 1);
    if (said->what == MF_GPIO_SAYS_LEVEL)
        mf_buf_printf(&text, "%s", said->level ? "true" : "false");
    else if (said->what == MF_GPIO_SAYS_COUNT)
        mf_buf_printf(&text, "%lld", (long long)said->count);
    else if (said->what == MF_GPIO_SAYS_PRESSES)
        print_presses(said->presses, heard->unit, &text);
    else
        mf_buf_puts(&text, "false");
    assert_true(said->time <= heard->now);
    heard->at[heard->count] = heard->now;
    heard->source[heard->count] = said->time;
    heard->what[heard->count++] = mf_strdup(mf_buf_text(&text));
    mf_buf_done(&text);
}

static void hear_no_more(struct heard *heard)
{
    for (unsigned i = 0; i < heard->count; i++)
        mf_free(heard->what[i]);
}

static char *expected_text(const struct mf_value *value)
{
    const struct mf_value *seq = value->type == MF_MAP ? get(value, "seq") : NULL;
    struct mf_buf text = {0};
    char *result;

    if (seq) {
        struct mf_gpio_presses presses = {get(value, "start")->boolean,
                                          get(value, "end")->boolean,
                                          flag_in(value, "flow", false),
                                          (unsigned)mf_value_count(seq),
                                          {0}};

        for (unsigned i = 0; i < presses.count; i++)
            presses.phases[i] = mf_value_at(seq, i)->integer;
        print_presses(&presses, mf_value_as_number(get(value, "t")), &text);
    } else {
        mf_value_print(value, &text);
    }
    result = mf_strdup(mf_buf_text(&text));
    mf_buf_done(&text);
    return result;
}

/* ---- playing ---- */

static void wait_until(struct mf_gpio_input *input, struct heard *heard, bool level, int64_t until)
{
    int64_t at;

    while ((at = mf_gpio_input_deadline(input)) < until) {
        heard->now = at;
        mf_gpio_input_timer(input, level, at);
    }
    heard->now = until;
}

/* `is_late`: the loop is held up and takes all edges at once when they are over. */
static void play(const struct mf_value *vector, bool is_late, struct heard *heard)
{
    const struct mf_value *wave = get(vector, "wave"), *stored = get(vector, "stored");
    bool is_low = flag_in(get(vector, "cfg"), "low", false);
    bool level = (get(vector, "initial")->integer != 0) != is_low;
    struct mf_gpio_plan plan = plan_of(vector);
    struct mf_gpio_input input;

    *heard = (struct heard){.unit = (double)plan.bounce / 1e9};
    mf_gpio_input_init(&input, &plan, hear, heard);
    if (stored)
        input.count.total = stored->integer;
    mf_gpio_input_begin(&input, level, 0);
    if (is_late)
        heard->now = END;
    for (unsigned i = 0; i < mf_value_count(wave); i++) {
        const struct mf_value *edge = mf_value_at(wave, i);
        int64_t time = ns_of(mf_value_at(edge, 0));

        if (!is_late)
            wait_until(&input, heard, level, time);
        level = (mf_value_at(edge, 1)->integer != 0) != is_low;
        mf_gpio_input_edge(&input, level, time);
    }
    if (is_late)
        mf_gpio_input_timer(&input, level, END);
    else
        wait_until(&input, heard, level, END);
}

static void compare(const struct mf_value *vector, const struct heard *heard)
{
    const struct mf_value *expect = get(vector, "expect");
    struct mf_buf name = {0};

    mf_value_print(get(vector, "name"), &name);
    for (unsigned i = 0; i < heard->count && i < mf_value_count(expect); i++) {
        const struct mf_value *said = mf_value_at(expect, i);
        char *text = expected_text(mf_value_at(said, 1));

        if (strcmp(text, heard->what[i]) != 0 || heard->at[i] != ns_of(mf_value_at(said, 0)))
            fail_msg("%s: wanted %s at %g, got %s at %g", mf_buf_text(&name), text,
                     mf_value_as_number(mf_value_at(said, 0)), heard->what[i],
                     (double)heard->at[i] / 1e9);
        mf_free(text);
    }
    if (heard->count != mf_value_count(expect))
        fail_msg("%s: wanted %zu messages, got %u", mf_buf_text(&name), mf_value_count(expect),
                 heard->count);
    mf_buf_done(&name);
}

/* Each vector gives the messages that stand beside it, at their times. */
static void in_time(void **state)
{
    for (unsigned i = 0; i < mf_value_count(&vectors); i++) {
        struct heard heard;

        play(mf_value_at(&vectors, i), false, &heard);
        compare(mf_value_at(&vectors, i), &heard);
        hear_no_more(&heard);
    }
}

/* A loop that is held up says the same, with the same times of the source. */
static void too_late(void **state)
{
    for (unsigned i = 0; i < mf_value_count(&vectors); i++) {
        struct heard heard, late;

        play(mf_value_at(&vectors, i), false, &heard);
        play(mf_value_at(&vectors, i), true, &late);
        assert_int_equal(late.count, heard.count);
        for (unsigned k = 0; k < late.count; k++) {
            assert_string_equal(late.what[k], heard.what[k]);
            assert_int_equal(late.source[k], heard.source[k]);
        }
        hear_no_more(&heard);
        hear_no_more(&late);
    }
}

static int read_vectors(void **state)
{
    FILE *file = fopen(getenv("MF_TEST_GPIO_INPUTS"), "r");
    char *text = mf_zalloc(FILE_BYTES);
    struct mf_error err;
    size_t len;
    int rc;

    assert_non_null(file);
    len = fread(text, 1, FILE_BYTES, file);
    fclose(file);
    rc = mf_json_read(text, len, &vectors, &err);
    mf_free(text);
    return rc < 0 || mf_value_count(&vectors) != VECTORS;
}

static int drop_vectors(void **state)
{
    mf_value_drop(vectors);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_time),
        cmocka_unit_test(too_late),
    };

    return cmocka_run_group_tests(tests, read_vectors, drop_vectors);
}
