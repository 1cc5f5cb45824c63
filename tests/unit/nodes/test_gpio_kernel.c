/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The lines of chips that umockdev pretends: what is asked of the kernel, and how its answers are
 * taken. Runs under umockdev-wrapper. */

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <uv.h>

#include "engine/base/clock.h"
#include "nodes/gpio/line.h"
#include "tests/support/bench.h"
#include "tests/support/fake_gpiochip.h"
#include "tests/support/hand_host.h"

enum { NOBODY = 65534, DAEMON = 1 };

static struct fake_gpiochip *fake;
static struct mf_gpio_place *place;
static struct mf_gpio_chip *chip;
static struct mf_error err;

static int64_t mono(const void *of)
{
    return 0;
}

static struct mf_gpio_place *new_place(const char *text)
{
    return mf_gpio_place_new(text, (struct mf_gpio_clock){mono, NULL});
}

static int set_up(void **state)
{
    fake_gpiochips_begin();
    fake = fake_gpiochip_add("gpiochip0", "pinctrl-test");
    place = new_place("gpiochip0");
    memset(&err, 0, sizeof(err));
    if (mf_gpio_open(place, &chip, &err) < 0)
        fail_msg("%s", err.text);
    return 0;
}

static int tear_down(void **state)
{
    mf_gpio_close(chip);
    mf_gpio_place_free(place);
    fake_gpiochips_end();
    return 0;
}

static struct mf_gpio_line *request(struct mf_gpio_wish wish)
{
    struct mf_gpio_line *line = NULL;

    if (mf_gpio_request(chip, &wish, &line, &err) < 0)
        fail_msg("%s", err.text);
    return line;
}

static void expect_refusal(struct mf_gpio_wish wish, int code, const char *text)
{
    struct mf_gpio_line *line = NULL;

    assert_int_equal(mf_gpio_request(chip, &wish, &line, &err), code);
    assert_string_equal(err.text, text);
    assert_null(line);
}

/* ---- chips ---- */

/* By name, by path and by label it is the same chip; lines have numbers and names. */
static void finding(void **state)
{
    static const char *const texts[] = {"/dev/gpiochip0", "pinctrl-test"};
    uint16_t line = 0;

    assert_string_equal(mf_gpio_chip_name(chip), "gpiochip0");
    assert_string_equal(mf_gpio_chip_label(chip), "pinctrl-test");
    assert_int_equal(mf_gpio_chip_lines(chip), FAKE_CHIP_LINES);
    for (unsigned i = 0; i < 2; i++) {
        struct mf_gpio_place *other = new_place(texts[i]);
        struct mf_gpio_chip *same = NULL;

        assert_int_equal(mf_gpio_open(other, &same, &err), 0);
        assert_string_equal(mf_gpio_chip_name(same), "gpiochip0");
        mf_gpio_close(same);
        mf_gpio_place_free(other);
    }
    assert_int_equal(mf_gpio_find(chip, "PIN5", &line, &err), 0);
    assert_int_equal(line, 5);
    assert_int_equal(mf_gpio_find(chip, "8", &line, &err), MF_EINVAL);
    memcpy(fake->lines[6].name, "PIN5", 5);
    assert_int_equal(mf_gpio_find(chip, "PIN5", &line, &err), MF_EINVAL);
    assert_string_equal(err.text, "2 lines of gpiochip0 are called `PIN5`; take the number of one");
}

static void expect_no_chip(const char *text, int code, const char *why)
{
    struct mf_gpio_place *nowhere = new_place(text);
    struct mf_gpio_chip *none = NULL;

    assert_int_equal(mf_gpio_open(nowhere, &none, &err), code);
    assert_non_null(strstr(err.text, why));
    mf_gpio_place_free(nowhere);
}

/* What is not there, what is no chip, and a label that two chips have. */
static void not_found(void **state)
{
    expect_no_chip("gpiochip7", MF_ELINK, "there is no chip `/dev/gpiochip7`");
    expect_no_chip("relays", MF_ELINK,
                   "there is no chip with the label `relays`; `gpiodetect` lists them");
    expect_no_chip("/dev/null", MF_EINVAL, "`/dev/null` is not a GPIO chip");
    fake_gpiochip_add("gpiochip1", "pinctrl-test");
    expect_no_chip("pinctrl-test", MF_EINVAL,
                   "several chips have the label `pinctrl-test`: gpiochip");
}

/* A chip that comes back by another name is found by its label; another chip that has its name by
 * then is not taken for it. */
static void comes_back_elsewhere(void **state)
{
    mf_gpio_close(chip);
    chip = NULL;
    fake->is_gone = true;
    assert_int_equal(mf_gpio_open(place, &chip, &err), MF_ELINK);
    fake->is_gone = false;
    snprintf(fake->label, sizeof(fake->label), "something-else");
    assert_int_equal(mf_gpio_open(place, &chip, &err), MF_ELINK);
    assert_string_equal(err.text,
                        "there is no chip with the label `pinctrl-test`; `gpiodetect` lists them");
    fake_gpiochip_add("gpiochip1", "pinctrl-test");
    assert_int_equal(mf_gpio_open(place, &chip, &err), 0);
    assert_string_equal(mf_gpio_chip_name(chip), "gpiochip1");
}

/* A kernel that is too old says so at once, not at the first line. */
static void too_old(void **state)
{
    fake->is_old = true;
    expect_no_chip("gpiochip0", MF_EINVAL, "Linux 5.10 or later has it");
}

/* Who may not open a chip is told who may. The owner of a file is not of its group, and root is
 * nobody for a while. */
static void not_allowed(void **state)
{
    char path[] = "/tmp/moat-flow-chip-XXXXXX", why[200];
    int fd = mkstemp(path);
    const struct group *group;
    uid_t was = geteuid();
    struct stat is;

    assert_true(fd >= 0);
    if (was == 0)
        assert_int_equal(fchown(fd, NOBODY, DAEMON), 0);
    assert_int_equal(fchmod(fd, 0020), 0);
    assert_int_equal(fstat(fd, &is), 0);
    group = getgrgid(is.st_gid);
    assert_non_null(group);
    if (was == 0)
        assert_int_equal(seteuid(NOBODY), 0);
    snprintf(why, sizeof(why), "permission denied; is the user in group `%s`?", group->gr_name);
    expect_no_chip(path, MF_EDENIED, why);
    assert_int_equal(fchmod(fd, 0), 0);
    expect_no_chip(path, MF_EDENIED, "permission denied; only root may");
    assert_int_equal(seteuid(was), 0);
    unlink(path);
    close(fd);
}

/* ---- requests ---- */

/* Two lines in one request, with the levels that they have from the first moment on. */
static void outputs(void **state)
{
    struct mf_gpio_line *line = request((struct mf_gpio_wish){
        .lines = {5, 2}, .count = 2, .is_output = true, .levels = 2, .consumer = "moat-flow x"});
    const struct gpio_v2_line_request *asked = &fake->last;
    uint64_t levels = 0;

    assert_int_equal(asked->num_lines, 2);
    assert_int_equal(asked->offsets[0], 5);
    assert_int_equal(asked->offsets[1], 2);
    assert_string_equal(asked->consumer, "moat-flow x");
    assert_int_equal(asked->config.flags, GPIO_V2_LINE_FLAG_OUTPUT);
    assert_int_equal(asked->config.num_attrs, 1);
    assert_int_equal(asked->config.attrs[0].attr.id, GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES);
    assert_int_equal(asked->config.attrs[0].attr.values, 2);
    assert_int_equal(asked->config.attrs[0].mask, 3);
    assert_true(!fake->lines[5].wire && fake->lines[2].wire);
    assert_int_equal(mf_gpio_set(line, 1, 1, &err), 0);
    assert_true(fake->lines[5].wire && fake->lines[2].wire);
    assert_int_equal(mf_gpio_get(line, &levels, &err), 0);
    assert_int_equal(levels, 3);
    mf_gpio_line_close(line);
}

/* Each setting is the kernel's flag for it, and the kernel inverts. */
static void flags(void **state)
{
    static const struct {
        struct mf_gpio_wish wish;
        uint64_t flags;
    } cases[] = {
        {{.bias = MF_GPIO_BIAS_UP, .edges = MF_GPIO_BOTH},
         GPIO_V2_LINE_FLAG_INPUT | GPIO_V2_LINE_FLAG_BIAS_PULL_UP | GPIO_V2_LINE_FLAG_EDGE_RISING |
             GPIO_V2_LINE_FLAG_EDGE_FALLING},
        {{.bias = MF_GPIO_BIAS_DOWN, .edges = MF_GPIO_RISING},
         GPIO_V2_LINE_FLAG_INPUT | GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN |
             GPIO_V2_LINE_FLAG_EDGE_RISING},
        {{.bias = MF_GPIO_BIAS_OFF, .edges = MF_GPIO_FALLING},
         GPIO_V2_LINE_FLAG_INPUT | GPIO_V2_LINE_FLAG_BIAS_DISABLED |
             GPIO_V2_LINE_FLAG_EDGE_FALLING},
        {{.is_output = true, .drive = MF_GPIO_OPEN_DRAIN, .bias = MF_GPIO_BIAS_UP},
         GPIO_V2_LINE_FLAG_OUTPUT | GPIO_V2_LINE_FLAG_OPEN_DRAIN | GPIO_V2_LINE_FLAG_BIAS_PULL_UP},
        {{.is_output = true, .drive = MF_GPIO_OPEN_SOURCE},
         GPIO_V2_LINE_FLAG_OUTPUT | GPIO_V2_LINE_FLAG_OPEN_SOURCE},
        {{.is_output = true, .is_active_low = true, .levels = 1},
         GPIO_V2_LINE_FLAG_OUTPUT | GPIO_V2_LINE_FLAG_ACTIVE_LOW},
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct mf_gpio_wish wish = cases[i].wish;
        struct mf_gpio_line *line;

        wish.lines[0] = (uint16_t)i;
        wish.count = 1;
        line = request(wish);
        assert_int_equal(fake->last.config.flags, cases[i].flags);
        assert_string_equal(fake->last.consumer, "moat-flow");
        mf_gpio_line_close(line);
    }
    assert_false(fake->lines[5].wire); /* on, and low is on */
}

/* What the kernel refuses is said in words that help. */
static void refusals(void **state)
{
    const struct mf_gpio_wish wish = {.lines = {3}, .count = 1, .edges = MF_GPIO_BOTH};

    fake->lines[3].is_used = true;
    memcpy(fake->lines[3].consumer, "w1-gpio", 8);
    expect_refusal(wish, MF_EDENIED, "line 3 of gpiochip0 is in use by `w1-gpio`");
    *fake->lines[3].consumer = 0;
    expect_refusal(wish, MF_EDENIED, "line 3 of gpiochip0 is in use by somebody else");
    fake->lines[3].is_used = false;
    fake->is_mute = true;
    expect_refusal(wish, MF_EINVAL, "line 3 of gpiochip0 cannot report edges: it has no interrupt");
    fake->refuses = EPERM;
    expect_refusal(wish, MF_EDENIED, "line 3 of gpiochip0 may not be used: the kernel keeps it");
    fake->refuses = EINVAL;
    expect_refusal(wish, MF_EINVAL,
                   "line 3 of gpiochip0 cannot be had in this way: Invalid argument");
    fake->is_gone = true;
    expect_refusal(wish, MF_ELINK, "the chip gpiochip0 (`pinctrl-test`) has gone");
}

/* ---- events ---- */

static unsigned polled;

static void ready(uv_poll_t *poll, int status, int what)
{
    polled++;
    uv_poll_stop(poll);
}

/* Edges wake the loop, carry the kernel's time, and a gap in their numbers is events lost. */
static void events(void **state)
{
    struct mf_gpio_line *line =
        request((struct mf_gpio_wish){.lines = {4, 6}, .count = 2, .edges = MF_GPIO_BOTH});
    struct mf_gpio_event got[8];
    uv_loop_t loop;
    uv_poll_t poll;

    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(uv_poll_init(&loop, &poll, mf_gpio_line_fd(line)), 0);
    assert_int_equal(uv_poll_start(&poll, UV_READABLE, ready), 0);
    uv_run(&loop, UV_RUN_NOWAIT);
    assert_int_equal(polled, 0);
    assert_int_equal(mf_gpio_read(line, got, 8, &err), 0);
    fake_gpiochip_event(fake, 4, true, 100, 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(polled, 1);
    fake_gpiochip_event(fake, 6, false, 120, 3);
    fake_gpiochip_event(fake, 4, false, 140, 0);
    assert_int_equal(mf_gpio_read(line, got, 8, &err), 3);
    assert_true(got[0].is_rising && got[0].time == 100 && got[0].line == 4 && got[0].lost == 0);
    assert_true(!got[1].is_rising && got[1].time == 120 && got[1].line == 6 && got[1].lost == 3);
    assert_true(!got[2].is_rising && got[2].time == 140 && got[2].line == 4 && got[2].lost == 0);
    fake_gpiochip_event(fake, 4, true, 200, 17);
    assert_int_equal(mf_gpio_read(line, got, 8, &err), 1);
    assert_int_equal(got[0].lost, 17);
    uv_close((uv_handle_t *)&poll, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    mf_gpio_line_close(line);
}

/* A chip that is pulled out is noticed by whatever is asked of it next. */
static void unplugged(void **state)
{
    struct mf_gpio_line *line =
        request((struct mf_gpio_wish){.lines = {4}, .count = 1, .is_output = true});
    struct mf_gpio_info info;
    uint64_t levels;

    assert_int_equal(mf_gpio_check(chip, &err), 0);
    fake->is_gone = true;
    assert_int_equal(mf_gpio_check(chip, &err), MF_ELINK);
    assert_string_equal(err.text, "the chip gpiochip0 (`pinctrl-test`) has gone");
    assert_int_equal(mf_gpio_set(line, 1, 1, &err), MF_ELINK);
    assert_int_equal(mf_gpio_get(line, &levels, &err), MF_ELINK);
    assert_int_equal(mf_gpio_info(chip, 1, &info, &err), MF_ELINK);
    mf_gpio_line_close(line);
}

/* ---- the whole way ---- */

/* A flow switches a line, and goes on with the same chip when that comes back by another name; that
 * it has gone is found out by looking. */
static void flow_follows_the_chip(void **state)
{
    struct fake_gpiochip *later;
    struct hand_host hand;

    hand_start(&hand,
               "moat-flow: 1\nnodes:\n  in: {test.source: number}\n"
               "  pump: {gpio.out: gpiochip0/PIN3, active: low, from: in, limit: 0..1, "
               "failsafe: keep}\n",
               false);
    hand_feed(&hand, "in", 0);
    assert_true(fake->lines[3].wire);
    assert_string_equal(fake->lines[3].consumer, "moat-flow pump");
    hand_feed(&hand, "in", 1);
    assert_false(fake->lines[3].wire);
    fake->is_gone = true;
    hand_advance(&hand, 2 * MF_SEC);
    hand_expect_log(&hand, "the chip gpiochip0 (`pinctrl-test`) has gone");
    hand_feed(&hand, "in", 0);
    fake->is_gone = false;
    snprintf(fake->label, sizeof(fake->label), "something-else");
    later = fake_gpiochip_add("gpiochip1", "pinctrl-test");
    hand_advance(&hand, 10 * MF_SEC);
    assert_true(mf_link_is_up(hand_link(&hand, "gpiochip0")));
    assert_true(later->lines[3].is_used && later->lines[3].wire);
    assert_int_equal(fake->asked, 1);
    assert_int_equal(later->asked, 1);
    hand_end(&hand);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(finding),
        TEST(not_found),
        TEST(too_old),
        TEST(not_allowed),
        TEST(comes_back_elsewhere),
        TEST(outputs),
        TEST(flags),
        TEST(refusals),
        TEST(events),
        TEST(unplugged),
        TEST(flow_follows_the_chip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
