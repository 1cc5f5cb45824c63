/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The lines of a chip in memory, through the interface that the kernel's have, too. */

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "nodes/gpio/fake.h"
#include "nodes/gpio/line.h"
#include "tests/support/bench.h"

static int64_t now;
static struct mf_gpio_place *place;
static struct mf_gpio_chip *chip;
static struct mf_gpio_fake *fake;
static struct mf_error err;

static int64_t mono(const void *of)
{
    return now;
}

static int set_up(void **state)
{
    now = 5 * MF_SEC;
    fake = mf_gpio_fake_hold("x");
    place = mf_gpio_place_new("fake:x", (struct mf_gpio_clock){mono, NULL});
    assert_int_equal(mf_gpio_open(place, &chip, &err), 0);
    return 0;
}

static int tear_down(void **state)
{
    mf_gpio_close(chip);
    mf_gpio_place_free(place);
    mf_gpio_fake_let_go(fake);
    return 0;
}

static struct mf_gpio_line *request(struct mf_gpio_wish wish)
{
    struct mf_gpio_line *line = NULL;

    assert_int_equal(mf_gpio_request(chip, &wish, &line, &err), 0);
    return line;
}

static uint64_t get(struct mf_gpio_line *line)
{
    uint64_t levels = 0;

    assert_int_equal(mf_gpio_get(line, &levels, &err), 0);
    return levels;
}

static bool is_readable(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

    return poll(&poll_fd, 1, 0) == 1;
}

/* A line is found by number or by name; what is not there is said with what is. */
static void finding(void **state)
{
    uint16_t line = 0;

    assert_int_equal(mf_gpio_find(chip, "17", &line, &err), 0);
    assert_int_equal(line, 17);
    assert_int_equal(mf_gpio_find(chip, "GPIO23", &line, &err), 0);
    assert_int_equal(line, 23);
    assert_int_equal(mf_gpio_find(chip, "64", &line, &err), MF_EINVAL);
    assert_string_equal(err.text, "fake:x has 64 lines, from 0 on, and no line 64");
    assert_int_equal(mf_gpio_find(chip, "LED", &line, &err), MF_EINVAL);
    assert_string_equal(err.text, "fake:x has no line called `LED`; `gpioinfo` lists them");
    assert_int_equal(line, 23);
}

/* Several lines of one request are set and read together, each by its place in it. */
static void several_lines(void **state)
{
    struct mf_gpio_line *line =
        request((struct mf_gpio_wish){.lines = {9, 4}, .count = 2, .is_output = true, .levels = 2});

    assert_false(mf_gpio_fake_wire(fake, 9));
    assert_true(mf_gpio_fake_wire(fake, 4));
    assert_int_equal(mf_gpio_set(line, 1, 3, &err), 0);
    assert_int_equal(get(line), 3);
    assert_int_equal(mf_gpio_set(line, 2, 0, &err), 0);
    assert_int_equal(get(line), 1);
    mf_gpio_line_close(line);
    assert_string_equal(mf_gpio_fake_history(fake), "9 output 0 5.000000000\n"
                                                    "4 output 1 5.000000000\n"
                                                    "9 1 5.000000000\n"
                                                    "4 0 5.000000000\n"
                                                    "9 released 5.000000000\n"
                                                    "4 released 5.000000000\n");
}

/* One owner at a time; others are told who it is. */
static void one_owner(void **state)
{
    struct mf_gpio_wish wish = {.lines = {7}, .count = 1, .consumer = "a lamp"};
    struct mf_gpio_line *line = request(wish), *other = NULL;
    struct mf_gpio_info info;

    assert_int_equal(mf_gpio_request(chip, &wish, &other, &err), MF_EDENIED);
    assert_string_equal(err.text, "line 7 of fake:x is in use by `a lamp`");
    assert_int_equal(mf_gpio_info(chip, 7, &info, &err), 0);
    assert_true(info.is_used && !info.is_output);
    assert_string_equal(info.name, "GPIO7");
    assert_false(mf_gpio_fake_occupy(fake, 7, "spi0"));
    mf_gpio_line_close(line);
    assert_true(mf_gpio_fake_occupy(fake, 7, "spi0"));
    assert_int_equal(mf_gpio_request(chip, &wish, &other, &err), MF_EDENIED);
    assert_string_equal(err.text, "line 7 of fake:x is in use by `spi0`");
}

/* Edges come in order with their times; rising and falling are those of the logical level. */
static void edges(void **state)
{
    struct mf_gpio_line *line = request((struct mf_gpio_wish){
        .lines = {3}, .count = 1, .edges = MF_GPIO_BOTH, .is_active_low = true});
    struct mf_gpio_event events[4];

    assert_false(is_readable(mf_gpio_line_fd(line)));
    assert_int_equal(mf_gpio_read(line, events, 4, &err), 0);
    assert_int_equal(get(line), 1);
    mf_gpio_fake_drive_at(fake, 3, 1, 10);
    mf_gpio_fake_drive_at(fake, 3, 1, 11);
    mf_gpio_fake_drive_at(fake, 3, 0, 12);
    assert_true(is_readable(mf_gpio_line_fd(line)));
    assert_int_equal(mf_gpio_read(line, events, 1, &err), 1);
    assert_true(!events[0].is_rising && events[0].time == 10 && events[0].lost == 0);
    assert_true(is_readable(mf_gpio_line_fd(line)));
    assert_int_equal(mf_gpio_read(line, events, 4, &err), 1);
    assert_true(events[0].is_rising && events[0].time == 12 && events[0].lost == 0);
    assert_false(is_readable(mf_gpio_line_fd(line)));
    mf_gpio_line_close(line);
    line = request((struct mf_gpio_wish){.lines = {3}, .count = 1, .edges = MF_GPIO_FALLING});
    mf_gpio_fake_drive(fake, 3, 1);
    mf_gpio_fake_drive(fake, 3, 0);
    assert_int_equal(mf_gpio_read(line, events, 4, &err), 1);
    assert_true(!events[0].is_rising && events[0].time == now);
    mf_gpio_line_close(line);
}

/* More edges than there is room for push out the oldest, and the next one says how many. */
static void overflow(void **state)
{
    struct mf_gpio_line *line =
        request((struct mf_gpio_wish){.lines = {3}, .count = 1, .edges = MF_GPIO_BOTH});
    struct mf_gpio_event events[MF_GPIO_FAKE_EVENTS + 1];

    for (unsigned i = 0; i < MF_GPIO_FAKE_EVENTS + 5; i++)
        mf_gpio_fake_drive_at(fake, 3, (i + 1) % 2, i);
    assert_int_equal(mf_gpio_read(line, events, MF_GPIO_FAKE_EVENTS + 1, &err),
                     MF_GPIO_FAKE_EVENTS);
    assert_int_equal(events[0].time, 5);
    assert_int_equal(events[0].lost, 5);
    assert_int_equal(events[1].lost, 0);
    mf_gpio_fake_drive(fake, 3, 0);
    assert_int_equal(mf_gpio_read(line, events, 1, &err), 1);
    assert_int_equal(events[0].lost, 0);
    mf_gpio_line_close(line);
}

/* What nobody drives is where its bias pulls it; an open drain lets go of high. */
static void bias_and_drive(void **state)
{
    struct mf_gpio_wish wish = {.lines = {3}, .count = 1, .bias = MF_GPIO_BIAS_UP};
    struct mf_gpio_line *line = request(wish);

    assert_int_equal(get(line), 1);
    mf_gpio_fake_drive(fake, 3, 0);
    assert_int_equal(get(line), 0);
    mf_gpio_fake_drive(fake, 3, -1);
    assert_int_equal(get(line), 1);
    mf_gpio_line_close(line);
    wish.is_output = true;
    wish.drive = MF_GPIO_OPEN_DRAIN;
    wish.levels = 1;
    line = request(wish);
    assert_int_equal(get(line), 1);
    mf_gpio_fake_drive(fake, 3, 0);
    assert_int_equal(get(line), 0);
    assert_int_equal(mf_gpio_set(line, 1, 0, &err), 0);
    mf_gpio_fake_drive(fake, 3, 1);
    assert_int_equal(get(line), 0);
    mf_gpio_line_close(line);
}

/* Nothing works on a chip that is plugged out, its descriptor tells, and it can come back. */
static void plugged_out(void **state)
{
    struct mf_gpio_line *line = request((struct mf_gpio_wish){.lines = {3}, .count = 1});
    struct mf_gpio_event event;
    struct mf_gpio_chip *again = NULL;
    uint64_t levels;

    assert_false(is_readable(mf_gpio_chip_fd(chip)));
    mf_gpio_fake_plug(fake, false);
    assert_true(is_readable(mf_gpio_chip_fd(chip)));
    assert_int_equal(mf_gpio_check(chip, &err), MF_ELINK);
    assert_string_equal(err.text, "the chip fake:x (`fake:x`) has gone");
    assert_int_equal(mf_gpio_get(line, &levels, &err), MF_ELINK);
    assert_int_equal(mf_gpio_set(line, 1, 1, &err), MF_ELINK);
    assert_int_equal(mf_gpio_read(line, &event, 1, &err), MF_ELINK);
    assert_int_equal(mf_gpio_open(place, &again, &err), MF_ELINK);
    assert_string_equal(err.text, "the fake chip `x` is plugged out");
    mf_gpio_fake_plug(fake, true);
    assert_int_equal(mf_gpio_check(chip, &err), 0);
    mf_gpio_line_close(line);
}

/* What makes no sense is answered with what would. */
static void commands(void **state)
{
    static const char *const wrong[] = {"",     "17",     "64 1",           "-1 1",
                                        "17 2", "17 1 1", "17 taken by me", "on"};

    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        assert_int_equal(mf_gpio_fake_command(fake, wrong[i], strlen(wrong[i]), &err), MF_EINVAL);
    assert_int_equal(mf_gpio_fake_command(fake, " 17  1", 6, &err), 0);
    assert_true(mf_gpio_fake_wire(fake, 17));
    assert_int_equal(mf_gpio_fake_command(fake, "17 free", 7, &err), 0);
    assert_false(mf_gpio_fake_wire(fake, 17));
    assert_int_equal(mf_gpio_fake_command(fake, "unplug", 6, &err), 0);
    assert_int_equal(mf_gpio_check(chip, &err), MF_ELINK);
}

/* ---- the socket ---- */

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

    assert_true(strlen(path) < sizeof(address.sun_path));
    memcpy(address.sun_path, path, strlen(path));
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

/* What has been told since the last time. */
static const char *told(struct mf_gpio_chip *served, int fd)
{
    static char text[1000];
    ssize_t got;

    assert_int_equal(mf_gpio_check(served, &err), 0);
    got = recv(fd, text, sizeof(text) - 1, 0);
    text[got > 0 ? got : 0] = 0;
    return text;
}

/* Others see the lines and move them; those that come later are told how things are; a line that
 * comes in pieces is one; one without an end is the end. */
static void socket_shows_and_moves(void **state)
{
    char name[64];
    struct mf_gpio_place *there = NULL, *second = NULL;
    struct mf_gpio_chip *open = NULL, *other = NULL;
    struct mf_gpio_line *line = NULL;
    struct mf_gpio_wish wish = {.lines = {2}, .count = 1, .is_output = true, .levels = 1};
    char long_line[200];
    int a, b;

    snprintf(name, sizeof(name), "%s/tmp/moat-flow-gpio-%d.sock", MF_GPIO_FAKE_PREFIX, getpid());
    there = mf_gpio_place_new(name, (struct mf_gpio_clock){mono, NULL});
    assert_int_equal(mf_gpio_open(there, &open, &err), 0);
    a = connect_to(name + strlen(MF_GPIO_FAKE_PREFIX));
    assert_true(is_readable(mf_gpio_chip_fd(open)));
    assert_string_equal(told(open, a), "ready\n");
    assert_int_equal(mf_gpio_request(open, &wish, &line, &err), 0);
    b = connect_to(name + strlen(MF_GPIO_FAKE_PREFIX));
    assert_string_equal(told(open, a), "2 output 1 5.000000000\n");
    assert_string_equal(told(open, b), "2 output 1 5.000000000\nready\n");
    assert_int_equal(send(a, "5 ", 2, 0), 2);
    assert_string_equal(told(open, a), "");
    assert_int_equal(send(a, "1\r\nwhat\n", 8, 0), 8);
    assert_memory_equal(told(open, a), "error: write `LINE 0`", 21);
    wish = (struct mf_gpio_wish){.lines = {5}, .count = 1};
    mf_gpio_line_close(line);
    assert_int_equal(mf_gpio_request(open, &wish, &line, &err), 0);
    assert_string_equal(told(open, b), "2 released 5.000000000\n5 input 1 5.000000000\n");
    memset(long_line, 'x', sizeof(long_line));
    assert_int_equal(send(b, long_line, sizeof(long_line), 0), sizeof(long_line));
    assert_string_equal(told(open, b), "");
    assert_int_equal(recv(b, long_line, 1, 0), 0);
    /* Who names the same sees the same. */
    second = mf_gpio_place_new(name, (struct mf_gpio_clock){mono, NULL});
    assert_int_equal(mf_gpio_open(second, &other, &err), 0);
    assert_int_equal(mf_gpio_request(other, &wish, &line, &err), MF_EDENIED);
    mf_gpio_line_close(line);
    mf_gpio_close(other);
    mf_gpio_place_free(second);
    mf_gpio_close(open);
    mf_gpio_place_free(there);
    assert_int_equal(access(name + strlen(MF_GPIO_FAKE_PREFIX), F_OK), -1);
    close(a);
    close(b);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(finding),     TEST(several_lines), TEST(one_owner),
        TEST(edges),       TEST(overflow),      TEST(bias_and_drive),
        TEST(plugged_out), TEST(commands),      TEST(socket_shows_and_moves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
