/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* modbus.server on a clock that is moved by hand: what is shown when, and what a flow may not say.
 */

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/base/alloc.h"
#include "engine/base/clock.h"
#include "nodes/modbus/request.h"
#include "tests/support/bench.h"
#include "tests/support/hand_host.h"

static struct hand_host hand;

/* ---- a client ---- */

static int open_socket(struct sockaddr_in *at)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    at->sin_family = AF_INET;
    at->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return fd;
}

static int free_port(void)
{
    struct sockaddr_in at = {0};
    socklen_t size = sizeof(at);
    int fd = open_socket(&at);

    assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    close(fd);
    return ntohs(at.sin_port);
}

static int join(int port)
{
    struct sockaddr_in at = {.sin_port = htons((uint16_t)port)};
    int fd = open_socket(&at);

    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    hand_settle(&hand);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

static char *flow_at(int port, const char *nodes)
{
    return mf_asprintf("moat-flow: 1\nvars: {place: 'tcp:127.0.0.1:%d'}\nnodes:\n%s", port, nodes);
}

static int start(const char *nodes)
{
    int port = free_port();
    char *yaml = flow_at(port, nodes);

    hand_start(&hand, yaml, false);
    mf_free(yaml);
    return port;
}

/* Asks unit 1; the reply's PDU is written as hex. */
static const char *ask(int fd, const uint8_t *pdu, size_t len)
{
    static char text[3 * MF_MODBUS_FRAME];
    uint8_t frame[MF_MODBUS_FRAME];
    size_t size = mf_modbus_frame_tcp(1, 1, pdu, len, frame);
    ssize_t got;

    assert_int_equal(write(fd, frame, size), size);
    hand_settle(&hand);
    got = read(fd, frame, sizeof(frame));
    assert_true(got > MF_MODBUS_TCP_HEAD);
    *text = 0;
    for (ssize_t i = MF_MODBUS_TCP_HEAD; i < got; i++)
        snprintf(text + 2 * (i - MF_MODBUS_TCP_HEAD), 3, "%02x", frame[i]);
    return text;
}

static const char *ask_read(int fd, enum mf_modbus_area area, uint16_t address, uint16_t count)
{
    uint8_t pdu[MF_MODBUS_PDU];

    return ask(fd, pdu, mf_modbus_ask_read(area, address, count, pdu));
}

static const char *ask_write(int fd, enum mf_modbus_area area, uint16_t address, uint16_t word)
{
    uint8_t pdu[MF_MODBUS_PDU];

    return ask(fd, pdu, mf_modbus_ask_write(area, address, &word, 1, pdu));
}

static bool is_hung_up(int fd)
{
    char c;

    return read(fd, &c, 1) == 0;
}

static void fail_source(const char *node)
{
    mf_engine_play_bad(&hand.engine, hand_node(&hand, node), MF_STALE, mf_reason_timeout);
    hand_settle(&hand);
}

/* ---- values ---- */

/* What is read is the value as it is at that moment, in the register's unit; while it is not good,
 * or does not fit, the request is refused. */
static void the_moment(void **state)
{
    int fd = join(start("  in: {test.source: number, unit: W}\n"
                        "  door: {modbus.server: '${place}', units: {1: {holding: {\n"
                        "    5: {from: in, type: int16, unit: kW, scale: 0.1}}}}}\n"));

    assert_string_equal(ask_read(fd, MF_MODBUS_HOLDING, 5, 1), "8304");
    hand_feed(&hand, "in", 12300);
    assert_string_equal(ask_read(fd, MF_MODBUS_HOLDING, 5, 1), "0302007b");
    hand_feed(&hand, "in", -12300);
    assert_string_equal(ask_read(fd, MF_MODBUS_HOLDING, 5, 1), "0302ff85");
    hand_feed(&hand, "in", 1e9);
    assert_string_equal(ask_read(fd, MF_MODBUS_HOLDING, 5, 1), "8304");
    hand_feed(&hand, "in", 100);
    assert_string_equal(ask_read(fd, MF_MODBUS_HOLDING, 5, 1), "03020001");
    fail_source("in");
    assert_string_equal(ask_read(fd, MF_MODBUS_HOLDING, 5, 1), "8304");
    hand_feed(&hand, "in", 200);
    assert_string_equal(ask_read(fd, MF_MODBUS_HOLDING, 5, 1), "03020002");
    close(fd);
    hand_end(&hand);
}

/* A value goes out to a client and comes back as another; that is no loop, and what goes in is as
 * good or bad as what it was made of. */
static void there_and_back(void **state)
{
    int fd = join(start("  in: {test.source: number}\n"
                        "  door: {modbus.server: '${place}', units: {1: {holding: {\n"
                        "    0: {name: more}, 1: {from: sum}}}}}\n"
                        "  sum: {expr: in + door.more}\n"));

    hand_feed(&hand, "in", 40);
    assert_string_equal(ask_read(fd, MF_MODBUS_HOLDING, 1, 1), "8304");
    assert_string_equal(ask_write(fd, MF_MODBUS_HOLDING, 0, 2), "0600000002");
    assert_string_equal(ask_read(fd, MF_MODBUS_HOLDING, 0, 2), "03040002002a");
    fail_source("in");
    assert_string_equal(ask_read(fd, MF_MODBUS_HOLDING, 1, 1), "8304");
    assert_string_equal(ask_read(fd, MF_MODBUS_HOLDING, 0, 1), "03020002");
    /* What a client writes is good, whatever the node shows. */
    assert_string_equal(ask_write(fd, MF_MODBUS_HOLDING, 0, 3), "0600000003");
    assert_int_equal(hand_node(&hand, "door")->outputs[0].last.quality, MF_GOOD);
    hand_feed(&hand, "in", 50);
    assert_string_equal(ask_read(fd, MF_MODBUS_HOLDING, 1, 1), "03020035");
    close(fd);
    hand_end(&hand);
}

/* A register that others may write shows the node's value once it has one. */
static void both_ways(void **state)
{
    int fd = join(start("  in: {test.source: number}\n"
                        "  door: {modbus.server: '${place}', gaps: zero, units: {1: {holding: {\n"
                        "    2: {from: in, writable: true, value: 7}}}}}\n"));

    assert_string_equal(ask_read(fd, MF_MODBUS_HOLDING, 1, 3), "0306000000070000");
    assert_string_equal(ask_write(fd, MF_MODBUS_HOLDING, 2, 8), "0600020008");
    assert_string_equal(ask_read(fd, MF_MODBUS_HOLDING, 2, 1), "03020008");
    hand_feed(&hand, "in", 9);
    assert_string_equal(ask_read(fd, MF_MODBUS_HOLDING, 2, 1), "03020009");
    assert_string_equal(ask_write(fd, MF_MODBUS_HOLDING, 2, 10), "060002000a");
    assert_string_equal(ask_read(fd, MF_MODBUS_HOLDING, 2, 1), "03020009");
    assert_string_equal(ask_write(fd, MF_MODBUS_HOLDING, 3, 1), "8602");
    close(fd);
    hand_end(&hand);
}

/* What a client has written is good for ever, and with `stale` until it is silent for that long. */
static void silent_client(void **state)
{
    int fd = join(start("  door: {modbus.server: '${place}', units: {1: {coil: {0: {}}}}}\n"));
    const struct mf_msg *last = &hand_node(&hand, "door")->outputs[0].last;

    assert_string_equal(ask_write(fd, MF_MODBUS_COIL, 0, 1), "050000ff00");
    hand_advance(&hand, 1000 * MF_SEC);
    assert_int_equal(last->quality, MF_GOOD);
    close(fd);
    hand_end(&hand);
    fd = join(
        start("  door: {modbus.server: '${place}', stale: 10s, units: {1: {coil: {0: {}}}}}\n"));
    last = &hand_node(&hand, "door")->outputs[0].last;

    assert_string_equal(ask_write(fd, MF_MODBUS_COIL, 0, 1), "050000ff00");
    hand_advance(&hand, 9 * MF_SEC);
    assert_string_equal(ask_write(fd, MF_MODBUS_COIL, 0, 1), "050000ff00");
    hand_advance(&hand, 9 * MF_SEC);
    assert_int_equal(last->quality, MF_GOOD);
    hand_advance(&hand, MF_SEC);
    assert_int_equal(last->quality, MF_STALE);
    assert_string_equal(ask_write(fd, MF_MODBUS_COIL, 0, 1), "050000ff00");
    assert_int_equal(last->quality, MF_GOOD);
    close(fd);
    hand_end(&hand);
}

/* Function 23 as a whole or not at all: where what is to be read has no good value, nothing is
 * written; what the request writes itself it may read back. */
static void all_or_nothing(void **state)
{
    static const uint8_t both[] = {23, 0, 0, 0, 2, 0, 0, 0, 1, 2, 0, 9};
    static const uint8_t own[] = {23, 0, 0, 0, 1, 0, 0, 0, 1, 2, 0, 9};
    int fd = join(start("  in: {test.source: number}\n"
                        "  door: {modbus.server: '${place}', units: {1: {holding: {\n"
                        "    0: {name: limit}, 1: {from: in}}}}}\n"));

    assert_string_equal(ask(fd, both, sizeof(both)), "9704");
    assert_string_equal(ask_read(fd, MF_MODBUS_HOLDING, 0, 1), "8304");
    assert_int_equal(hand_node(&hand, "door")->outputs[0].count, 0);
    assert_string_equal(ask(fd, own, sizeof(own)), "17020009");
    hand_feed(&hand, "in", 5);
    assert_string_equal(ask(fd, both, sizeof(both)), "170400090005");
    assert_int_equal(hand_node(&hand, "door")->outputs[0].count, 2);
    close(fd);
    hand_end(&hand);
}

/* A server that fails and is back: what was written before holds again, and nothing takes it for a
 * new command. */
static void written_once(void **state)
{
    struct mf_error err = {0};
    int port = start("  s: {modbus.server: '${place}', units: {1: {coil: {0: {name: push}}}}}\n"
                     "  lamp: {toggle: off, from: s.push}\n"
                     "  show: {log: notice, from: s.push, message: 'push {value} {quality}'}\n"
                     "  lit: {log: notice, from: lamp, message: 'lamp {value} {quality}'}\n");
    int fd = join(port);

    assert_string_equal(ask_write(fd, MF_MODBUS_COIL, 0, 1), "050000ff00");
    hand_expect_log(&hand, "lamp true good");
    mf_fail(&err, MF_ELINK, "the cable is out");
    mf_node_fail(hand_node(&hand, "s"), &err);
    hand_settle(&hand);
    hand_expect_log(&hand, "push true bad");
    assert_true(is_hung_up(fd));
    close(fd);
    hand_advance(&hand, 5 * MF_SEC);
    assert_null(strstr(mf_buf_text(&hand.log), "lamp false good"));
    hand_expect_log(&hand, "push true good");
    fd = join(port);
    assert_string_equal(ask_write(fd, MF_MODBUS_COIL, 0, 1), "050000ff00");
    hand_expect_log(&hand, "lamp false good");
    close(fd);
    hand_end(&hand);
}

/* A reload that changes the server is no new command either. */
static void reloaded_once(void **state)
{
#define PUSH_AND_LAMP(more)                                                                        \
    "  s: {modbus.server: '${place}', units: {1: {coil: {0: {name: push}}}}" more "}\n"            \
    "  lamp: {toggle: off, from: s.push}\n"                                                        \
    "  show: {log: notice, from: s.push, message: 'push {value} {quality}'}\n"                     \
    "  lit: {log: notice, from: lamp, message: 'lamp {value} {quality}'}\n"
    int port = start(PUSH_AND_LAMP(""));
    char *changed = flow_at(port, PUSH_AND_LAMP(", gaps: zero"));
    int fd = join(port);

    assert_string_equal(ask_write(fd, MF_MODBUS_COIL, 0, 1), "050000ff00");
    hand_expect_log(&hand, "lamp true good");
    hand_reload(&hand, changed);
    hand_settle(&hand);
    assert_null(strstr(mf_buf_text(&hand.log), "lamp false"));
    close(fd);
    fd = join(port);
    assert_string_equal(ask_write(fd, MF_MODBUS_COIL, 0, 1), "050000ff00");
    hand_expect_log(&hand, "lamp false good");
    close(fd);
    mf_free(changed);
    hand_end(&hand);
}

/* What was written before is not there any more where a reload does not allow it. */
static void narrowed(void **state)
{
#define LIMIT(range)                                                                               \
    "  s: {modbus.server: '${place}', units: {1: {holding: {0: {name: limit, range: " range        \
    "}}}}}\n"
    int port = start(LIMIT("0..40"));
    char *changed = flow_at(port, LIMIT("6..16"));
    int fd = join(port);

    assert_string_equal(ask_write(fd, MF_MODBUS_HOLDING, 0, 32), "0600000020");
    close(fd);
    hand_reload(&hand, changed);
    hand_settle(&hand);
    fd = join(port);
    assert_string_equal(ask_read(fd, MF_MODBUS_HOLDING, 0, 1), "8304");
    close(fd);
    mf_free(changed);
    hand_end(&hand);
}

/* ---- clients ---- */

/* Who asks nothing is hung up on after that time, counted from the last whole question; the others
 * stay. */
static void idle_clients(void **state)
{
    int port = start("  door: {modbus.server: '${place}', idle: 10s, units: {1: {input: {\n"
                     "    0: {value: 7}}}}}\n");
    int silent = join(port), half, busy;

    hand_advance(&hand, 4 * MF_SEC);
    half = join(port);
    busy = join(port);
    hand_advance(&hand, 5 * MF_SEC);
    assert_string_equal(ask_read(busy, MF_MODBUS_INPUT, 0, 1), "04020007");
    assert_int_equal(write(half, "\0\1\0", 3), 3);
    assert_false(is_hung_up(silent));
    hand_advance(&hand, 2 * MF_SEC);
    assert_true(is_hung_up(silent));
    assert_false(is_hung_up(half));
    hand_advance(&hand, 4 * MF_SEC);
    assert_true(is_hung_up(half));
    assert_string_equal(ask_read(busy, MF_MODBUS_INPUT, 0, 1), "04020007");
    hand_advance(&hand, 11 * MF_SEC);
    assert_true(is_hung_up(busy));
    close(silent);
    close(half);
    close(busy);
    hand_end(&hand);
}

/* ---- a serial line ---- */

static int open_line(char *ret_name, size_t size)
{
    int fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

    assert_true(fd >= 0 && grantpt(fd) == 0 && unlockpt(fd) == 0);
    assert_int_equal(ptsname_r(fd, ret_name, size), 0);
    return fd;
}

static void say(int fd, uint8_t unit, const char *pdu, size_t len)
{
    uint8_t frame[MF_MODBUS_FRAME];
    size_t size = mf_modbus_frame_rtu(unit, (const uint8_t *)pdu, len, frame);

    assert_int_equal(write(fd, frame, size), size);
    hand_settle(&hand);
}

static void expect_reply(int fd, uint8_t unit, const char *pdu, size_t len)
{
    uint8_t frame[MF_MODBUS_FRAME], got[MF_MODBUS_FRAME];
    size_t size = mf_modbus_frame_rtu(unit, (const uint8_t *)pdu, len, frame);

    hand_advance(&hand, 100 * MF_MS);
    assert_int_equal(read(fd, got, sizeof(got)), size);
    assert_memory_equal(got, frame, size);
}

/* On a line there is a pause before the answer, and none at all to what is for others or for all;
 * what is cut off by silence is forgotten. A line that goes away is tried again. */
static void serial_line(void **state)
{
    char name[64], flow[400], rest[8];
    int fd = open_line(name, sizeof(name));

    snprintf(
        flow, sizeof(flow),
        "moat-flow: 1\nnodes:\n"
        "  door: {modbus.server: 'rtu:%s', units: {1: {holding: {0: {}}}, "
        "2: {holding: {0: {name: other}}}}}\n"
        "  show: {log: notice, from: [door.holding_0, door.other], message: '{port} {value}'}\n",
        name);
    hand_start(&hand, flow, false);
    say(fd, 1, "\x06\0\0\0\x07", 5);
    assert_int_equal(read(fd, rest, sizeof(rest)), -1); /* the pause */
    expect_reply(fd, 1, "\x06\0\0\0\x07", 5);
    hand_expect_log(&hand, "door.holding_0 7");
    say(fd, 9, "\x06\0\0\0\x08", 5);
    say(fd, 0, "\x06\0\0\0\x09", 5);
    hand_advance(&hand, MF_SEC);
    assert_int_equal(read(fd, rest, sizeof(rest)), -1);
    hand_expect_log(&hand, "door.other 9");
    assert_int_equal(write(fd, "\1\3\0", 3), 3); /* the beginning of a question */
    hand_settle(&hand);
    hand_advance(&hand, 100 * MF_MS);
    say(fd, 2, "\3\0\0\0\1", 5);
    expect_reply(fd, 2, "\3\2\0\x09", 4);
    say(fd, 1, "\x2b\x0e\1\0", 4); /* ends with silence */
    expect_reply(fd, 1, "\xab\1", 2);
    close(fd);
    hand_settle(&hand);
    hand_expect_log(&hand, "the serial line is gone");
    hand_end(&hand);
}

/* How often the register was written. */
static uint64_t written(void)
{
    return hand_node(&hand, "door")->outputs[0].count;
}

/* An adapter that hears what it sends does not make the server answer itself: the reply to a write
 * looks like the request. The same request again, later, is one; on a line without an echo it is
 * one at once. */
static void serial_echo(void **state)
{
    static const char write_7[] = "\x06\0\0\0\x07", read_0[] = "\3\0\0\0\1";
    char name[64], flow[400], rest[8];
    int fd = open_line(name, sizeof(name));

    snprintf(flow, sizeof(flow),
             "moat-flow: 1\nnodes:\n"
             "  door: {modbus.server: 'rtu:%s', units: {1: {holding: {0: {}}}}}\n"
             "  show: {log: notice, from: door.holding_0}\n",
             name);
    hand_start(&hand, flow, false);
    say(fd, 1, write_7, 5);
    hand_advance(&hand, 5 * MF_MS); /* the pause before the reply */
    assert_int_equal(read(fd, rest, sizeof(rest)), 8);
    assert_int_equal(write(fd, rest, 3), 3); /* in two lumps */
    hand_settle(&hand);
    assert_int_equal(write(fd, rest + 3, 5), 5);
    hand_settle(&hand);
    hand_advance(&hand, MF_SEC);
    assert_int_equal(read(fd, rest, sizeof(rest)), -1);
    assert_int_equal(written(), 1);
    say(fd, 1, write_7, 5);
    expect_reply(fd, 1, write_7, 5);
    hand_advance(&hand, MF_SEC);
    say(fd, 1, write_7, 5); /* no echo came */
    expect_reply(fd, 1, write_7, 5);
    assert_int_equal(written(), 3);
    say(fd, 1, read_0, 5);
    expect_reply(fd, 1, "\3\2\0\x07", 4);
    for (unsigned i = 0; i < 2; i++) {
        say(fd, 1, write_7, 5);
        hand_advance(&hand, 5 * MF_MS);
        assert_int_equal(read(fd, rest, sizeof(rest)), 8);
    }
    assert_int_equal(written(), 5);
    close(fd);
    hand_end(&hand);
}

/* ---- what a flow may not say ---- */

/* Each fault is told where it is. */
static void faults(void **state)
{
    static const struct {
        const char *registers, *code, *part;
    } rows[] = {
        {"1: {holding: {0: {}, 0x0: {name: b}}}", "MF0553", "lies within the one at 0"},
        {"1: {holding: {4: {type: int64}, 7: {}}}", "MF0553", "lies within the one at 4"},
        {"1: {coil: {3: {type: int16}}}", "MF0220", "a single bit"},
        {"1: {input: {65535: {type: float32, value: 1}}}", "MF0220", "beyond the last register"},
        {"1: {input: {3: {from: in, scale: 0}}}", "MF0220", "the same"},
        {"1: {input: {3: {}}}", "MF0554", "nothing ever gives"},
        {"1: {holding: {3: {writable: false}}}", "MF0554", "nothing ever gives"},
        {"1: {discrete: {3: {value: true, writable: true}}}", "MF0554", "no way to write"},
        {"1: {input: {3: {value: on}}}", "MF0551", "is text"},
        {"1: {input: {3: {value: -1}}}", "MF0551", "does not fit"},
        {"1: {input: {3: {from: in, when_stale: 70000}}}", "MF0551", "does not fit"},
        {"1: {coil: {3: {range: 0..1}}}", "MF0551", "only numbers"},
        {"1: {inputs: {3: {value: 1}}}", "MF0552", "no `inputs` registers"},
        {"256: {input: {3: {value: 1}}}", "MF0552", "a unit is a number"},
        {"1: {input: {x: {value: 1}}}", "MF0552", "an address is a number"},
        {"1: {input: {3: in}}", "MF0552", "a map of options"},
        {"1: {input: 3}", "MF0552", "a map from addresses"},
        {"1: {holding: {3: {name: A}}}", "MF0135", "not a name"},
        {"1: {holding: {3: {name: a}, 4: {name: a}}}", "MF0312", "would be called `a`"},
        {"1: {holding: {3: {}}}, 2: {holding: {3: {}}}", "MF0312", "`holding_3`"},
        {"1: {input: {3: {from: inn}}}", "MF0301", "no node `inn`"},
        {"1: {input: {3: {form: in}}}", "MF0201", "no option `form`"},
        {"1: {input: {3: {from: in, unit: kWh}}}", "MF0203", "is in W"},
        {"1: {input: {3: {from: text}}}", "MF0204", "the input is text"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        char *yaml = mf_asprintf("in: {test.source: number, unit: W}\n"
                                 "text: {test.source: text}\n"
                                 "door: {modbus.server: 'tcp:*', units: {%s}}\n",
                                 rows[i].registers);

        bench_expect_fault(yaml, rows[i].code, rows[i].part);
        mf_free(yaml);
    }
    bench_expect_fault("d: {modbus.server: 'rtu:/dev/x', units: {0: {coil: {1: {}}}}}\n", "MF0552",
                       "from 1 to 247");
    bench_expect_fault("d: {modbus.server: 'tcp:*', baud: 9600, units: {0: {coil: {1: {}}}}}\n",
                       "MF0220", "serial line");
    bench_expect_fault("d: {modbus.server: 'tcp:host', units: {0: {coil: {1: {}}}}}\n", "MF0550",
                       "no address of this machine");
    bench_expect_fault("in: {test.source: bool}\n"
                       "d: {modbus.server: 'tcp:*', from: in, units: {0: {coil: {1: {}}}}}\n",
                       "MF0307", "stand with its registers");
    bench_expect_clean("d: {modbus.server: 'tcp:[::1]', units: {0: {coil: {1: {}}}}}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_moment),    cmocka_unit_test(there_and_back),
        cmocka_unit_test(both_ways),     cmocka_unit_test(written_once),
        cmocka_unit_test(reloaded_once), cmocka_unit_test(narrowed),
        cmocka_unit_test(silent_client), cmocka_unit_test(all_or_nothing),
        cmocka_unit_test(idle_clients),  cmocka_unit_test(serial_line),
        cmocka_unit_test(serial_echo),   cmocka_unit_test(faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
