/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The order of requests on a bus: together, in turns, and around those who do not answer. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/buf.h"
#include "engine/base/clock.h"
#include "nodes/modbus/bus.h"

enum { WISHES = 8 };

static struct mf_modbus_bus bus;
static struct mf_modbus_wish wishes[WISHES];
static struct mf_buf
    said; /* "2=5 " wish 2 got 5; "2! " it was refused; "2? " no answer; "2- " away */
static int64_t now;

static void done(struct mf_modbus_wish *wish, enum mf_modbus_end end, const uint16_t *words,
                 const char *reason)
{
    static const char marks[] = {'=', '?', '!', '-'};

    mf_buf_printf(&said, "%d%c", (int)(wish - wishes), marks[end]);
    if (words)
        mf_buf_printf(&said, "%u", words[0]);
    mf_buf_putc(&said, ' ');
}

static void setup(struct mf_modbus_limits limits)
{
    mf_modbus_bus_init(&bus, limits);
    for (unsigned i = 0; i < WISHES; i++) {
        memset(&wishes[i], 0, sizeof(wishes[i]));
        wishes[i].done = done;
        mf_modbus_wish_init(&wishes[i]);
    }
    now = 0;
}

static void teardown(void)
{
    mf_modbus_bus_drop(&bus);
    mf_modbus_bus_done(&bus);
    mf_buf_done(&said);
}

static bool read_at(unsigned i, uint8_t unit, uint16_t address, uint16_t count)
{
    wishes[i].unit = unit;
    wishes[i].area = MF_MODBUS_HOLDING;
    wishes[i].address = address;
    wishes[i].count = count;
    return mf_modbus_want(&bus, &wishes[i], now);
}

/* The next request: "unit:address+count", "" for none. */
static void expect_next(const char *text)
{
    struct mf_buf got = {0};

    if (mf_modbus_bus_next(&bus, now))
        mf_buf_printf(&got, "%u:%u+%u", bus.asked.unit, bus.asked.address,
                      bus.asked.pdu[3] << 8 | bus.asked.pdu[4]);
    assert_string_equal(mf_buf_text(&got), text);
    mf_buf_done(&got);
}

static void expect_said(const char *text)
{
    assert_string_equal(mf_buf_text(&said), text);
    mf_buf_clear(&said);
}

/* Register n holds n. */
static void answer(void)
{
    unsigned count = bus.asked.pdu[3] << 8 | bus.asked.pdu[4];
    uint8_t pdu[MF_MODBUS_PDU] = {bus.asked.pdu[0], (uint8_t)(2 * count)};

    for (unsigned i = 0; i < count; i++) {
        pdu[2 + 2 * i] = (uint8_t)((bus.asked.address + i) >> 8);
        pdu[3 + 2 * i] = (uint8_t)(bus.asked.address + i);
    }
    mf_modbus_bus_answer(&bus, now, pdu, 2 + 2 * count);
}

static void refuse(void)
{
    uint8_t pdu[] = {bus.asked.pdu[0] | 0x80, 2};

    mf_modbus_bus_answer(&bus, now, pdu, sizeof(pdu));
}

/* Neighbours travel together, across gaps that are allowed and up to the limit of one read. */
static void reads_together(void **state)
{
    setup((struct mf_modbus_limits){.max_gap = 3, .max_words = 10});
    read_at(0, 1, 10, 1);
    read_at(1, 1, 15, 2);
    read_at(2, 1, 8, 2);
    read_at(3, 1, 17, 2);
    read_at(4, 1, 30, 1);
    read_at(5, 1, 12, 2);
    expect_next("1:8+9");
    expect_next("");
    answer();
    expect_said("0=10 2=8 5=12 1=15 ");
    expect_next("1:17+2");
    answer();
    expect_next("1:30+1");
    answer();
    expect_said("3=17 4=30 ");
    expect_next("");
    teardown();
}

/* A device that takes fewer registers at a time than the link gets requests of its own size. */
static void a_device_has_its_limit(void **state)
{
    setup((struct mf_modbus_limits){.max_words = 10});
    for (unsigned i = 0; i < 6; i++) {
        wishes[i].most = i < 4 ? 3 : 0;
        read_at(i, i < 4 ? 1 : 2, (uint16_t)(10 + i), 1);
    }
    expect_next("1:10+3");
    answer();
    expect_next("2:14+2");
    answer();
    expect_next("1:13+1");
    answer();
    teardown();
}

/* Units take turns; within one the writes come first. */
static void takes_turns(void **state)
{
    static const uint16_t word = 7;

    setup((struct mf_modbus_limits){0});
    read_at(0, 1, 10, 1);
    read_at(1, 1, 20, 1);
    read_at(2, 2, 10, 1);
    wishes[3].is_write = true;
    wishes[3].words = &word;
    read_at(3, 1, 50, 1);
    expect_next("1:50+7"); /* a single write: its value stands where a count would */
    mf_modbus_bus_answer(&bus, now, bus.asked.pdu, 5);
    expect_next("2:10+1");
    answer();
    expect_next("1:10+1");
    answer();
    expect_next("1:20+1");
    answer();
    expect_said("3= 2=10 0=10 1=20 ");
    teardown();
}

/* 0: it does not rest. */
static int64_t rests_until(uint8_t unit)
{
    int64_t until;

    return mf_modbus_rests(&bus, unit, now, &until) ? until : 0;
}

/* A silent unit is asked again behind the others, then rests, twice as long each time. */
static void silent_unit_rests(void **state)
{
    setup((struct mf_modbus_limits){.retries = 1});
    read_at(0, 1, 10, 1);
    read_at(1, 1, 20, 1);
    read_at(2, 2, 10, 1);
    expect_next("1:10+1");
    mf_modbus_bus_silence(&bus, now);
    expect_next("2:10+1");
    answer();
    expect_next("1:10+1");
    mf_modbus_bus_silence(&bus, now);
    expect_said("2=10 0? 1? ");
    expect_next("");
    assert_int_equal(rests_until(1), MF_MODBUS_REST_FIRST);
    assert_false(read_at(0, 1, 10, 1));
    now = MF_MODBUS_REST_FIRST;
    assert_true(read_at(0, 1, 10, 1));
    expect_next("1:10+1");
    mf_modbus_bus_silence(&bus, now); /* one try is enough now */
    expect_said("0? ");
    assert_int_equal(rests_until(1), now + 2 * MF_MODBUS_REST_FIRST);
    now += 2 * MF_MODBUS_REST_FIRST;
    read_at(0, 1, 10, 1);
    expect_next("1:10+1");
    answer();
    assert_int_equal(rests_until(1), 0);
    expect_said("0=10 ");
    teardown();
}

/* A gateway that does not reach a unit says so in its place: it rests, and nothing is asked apart.
 */
static void silent_behind_a_gateway(void **state)
{
    uint8_t refusal[2];

    setup((struct mf_modbus_limits){0});
    read_at(0, 1, 10, 1);
    read_at(1, 1, 11, 1);
    expect_next("1:10+2");
    refusal[0] = bus.asked.pdu[0] | 0x80;
    refusal[1] = MF_MODBUS_NO_TARGET;
    mf_modbus_bus_answer(&bus, now, refusal, sizeof(refusal));
    expect_said("0? 1? ");
    expect_next("");
    assert_int_equal(rests_until(1), MF_MODBUS_REST_FIRST);
    now = MF_MODBUS_REST_FIRST;
    read_at(0, 1, 10, 1);
    read_at(1, 1, 11, 1);
    expect_next("1:10+2");
    answer();
    expect_said("0=10 1=11 ");
    teardown();
}

/* A unit that was silent waits until the others have nothing to do, unless it is to be written. */
static void writes_do_not_wait(void **state)
{
    static const uint16_t word = 7;

    setup((struct mf_modbus_limits){0});
    read_at(0, 1, 10, 1);
    expect_next("1:10+1");
    mf_modbus_bus_silence(&bus, now);
    now = MF_MODBUS_REST_FIRST;
    read_at(0, 1, 10, 1);
    read_at(1, 2, 10, 1);
    expect_next("2:10+1");
    answer();
    read_at(1, 2, 10, 1);
    wishes[3].is_write = true;
    wishes[3].words = &word;
    read_at(3, 1, 50, 1);
    read_at(2, 3, 10, 1);
    expect_next("2:10+1");
    answer();
    expect_next("1:50+7");
    teardown();
}

/* One register that the unit does not have costs its neighbours one more request, not their
 * values. */
static void refused_together_asked_alone(void **state)
{
    setup((struct mf_modbus_limits){.max_gap = 5});
    for (unsigned poll = 0; poll < 2; poll++) {
        read_at(0, 1, 10, 1);
        read_at(1, 1, 11, 1);
        read_at(2, 1, 14, 1);
        if (poll == 0) {
            expect_next("1:10+5");
            refuse();
            expect_said("");
            expect_next("1:10+1");
            answer();
            expect_next("1:11+1");
            answer();
            expect_next("1:14+1");
            answer();
            expect_said("0=10 1=11 2=14 ");
        } else { /* the gap was at fault */
            expect_next("1:10+2");
            answer();
            expect_next("1:14+1");
            refuse();
            expect_said("0=10 1=11 2! ");
        }
    }
    teardown();
}

/* What is taken back is not answered, and what the answer to nothing is does no harm. */
static void taken_back(void **state)
{
    setup((struct mf_modbus_limits){0});
    read_at(0, 1, 10, 1);
    read_at(1, 1, 11, 1);
    expect_next("1:10+2");
    mf_modbus_unwant(&bus, &wishes[0]);
    answer();
    expect_said("1=11 ");
    read_at(0, 1, 10, 1);
    mf_modbus_bus_drop(&bus);
    expect_said("0- ");
    assert_int_equal(bus.wanted, 0);
    teardown();
}

enum { LINE_UNITS = 32, LINE_DEAD = 4, LINE_ROUNDS = 300 };
#define LINE_PERIOD (2 * MF_SEC)
#define LINE_ANSWER (10 * MF_MS)
#define LINE_TIMEOUT (100 * MF_MS)
#define LINE_LEARNED (3 * LINE_PERIOD) /* which units are dead */

static struct {
    struct mf_modbus_wish wish;
    int64_t since, longest;
    unsigned answered, asked;
} line[LINE_UNITS];

static void line_done(struct mf_modbus_wish *wish, enum mf_modbus_end end, const uint16_t *words,
                      const char *reason)
{
    unsigned i = wish->unit - 1u;

    line[i].answered += end == MF_MODBUS_DONE;
    if (end == MF_MODBUS_DONE && now > LINE_LEARNED && now - line[i].since > line[i].longest)
        line[i].longest = now - line[i].since;
}

static void line_wants(void)
{
    for (unsigned i = 0; i < LINE_UNITS; i++) {
        if (mf_modbus_wish_is_open(&line[i].wish))
            continue;
        line[i].since = now;
        mf_modbus_want(&bus, &line[i].wish, now);
    }
}

/* One request, or none; every eighth unit is dead. */
static bool line_asks(void)
{
    unsigned i;

    if (!mf_modbus_bus_next(&bus, now))
        return false;
    i = bus.asked.unit - 1u;
    line[i].asked++;
    now += i % (LINE_UNITS / LINE_DEAD) ? LINE_ANSWER : LINE_TIMEOUT;
    if (i % (LINE_UNITS / LINE_DEAD))
        answer();
    else
        mf_modbus_bus_silence(&bus, now);
    return true;
}

static void line_setup(unsigned retries)
{
    setup((struct mf_modbus_limits){.retries = retries});
    memset(line, 0, sizeof(line));
    for (unsigned i = 0; i < LINE_UNITS; i++) {
        line[i].wish = (struct mf_modbus_wish){
            .unit = (uint8_t)(i + 1), .area = MF_MODBUS_HOLDING, .count = 1, .done = line_done};
        mf_modbus_wish_init(&line[i].wish);
    }
}

/* 32 units on one line, 4 of them dead, for ten minutes: the live ones are read in each period and
 * never wait for more than one timeout, and the dead ones are soon asked once a minute. */
static void the_living_go_on(void **state)
{
    int64_t due = 0;

    line_setup(1);
    while (now < LINE_ROUNDS * LINE_PERIOD) {
        for (; due <= now; due += LINE_PERIOD)
            line_wants();
        if (!line_asks())
            now = due;
    }
    for (unsigned i = 0; i < LINE_UNITS; i++) {
        if (i % (LINE_UNITS / LINE_DEAD)) {
            assert_int_equal(line[i].answered, LINE_ROUNDS);
            assert_true(line[i].longest <= LINE_TIMEOUT + LINE_UNITS * LINE_ANSWER);
        } else {
            assert_int_equal(line[i].answered, 0);
            assert_in_range(line[i].asked, 10, 20);
        }
    }
    teardown();
}

/* On a line that is never idle a silent unit is asked all the same, now and then. */
static void busy_line(void **state)
{
    line_setup(0);
    for (unsigned i = 0; i < 10 * MF_MODBUS_PATIENCE; i++) {
        mf_modbus_want(&bus, &line[0].wish, now);
        mf_modbus_want(&bus, &line[1].wish, now);
        assert_true(line_asks());
    }
    assert_in_range(line[0].asked, 3, 5);
    teardown();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_together),
        cmocka_unit_test(a_device_has_its_limit),
        cmocka_unit_test(takes_turns),
        cmocka_unit_test(silent_unit_rests),
        cmocka_unit_test(the_living_go_on),
        cmocka_unit_test(refused_together_asked_alone),
        cmocka_unit_test(taken_back),
        cmocka_unit_test(busy_line),
        cmocka_unit_test(silent_behind_a_gateway),
        cmocka_unit_test(writes_do_not_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
