/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* modbus.server in an engine that is moved by hand; its clients are in tests/peer. */

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/graph/link.h"
#include "tests/support/bench.h"
#include "tests/support/hand_host.h"

static struct hand_host hand;

/* A port that was free a moment ago. */
static struct sockaddr_in free_place(void)
{
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(place);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&place, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&place, &len), 0);
    close(fd);
    return place;
}

static void switch_on(const struct sockaddr_in *place)
{
    static const uint8_t request[] = {0, 1, 0, 0, 0, 6, 1, 5, 0, 0, 0xff, 0};
    uint8_t reply[sizeof(request)];
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(connect(fd, (const struct sockaddr *)place, sizeof(*place)), 0);
    assert_int_equal(write(fd, request, sizeof(request)), sizeof(request));
    hand_settle(&hand);
    assert_int_equal(read(fd, reply, sizeof(reply)), sizeof(reply));
    assert_memory_equal(reply, request, sizeof(request));
    close(fd);
    hand_settle(&hand);
}

/* A server that fails and is back: what was written before holds again, and nothing takes it for a
 * new command. */
static void written_once(void **state)
{
    struct sockaddr_in place = free_place();
    struct mf_error err = {0};
    char flow[600];

    snprintf(flow, sizeof(flow),
             "moat-flow: 1\nnodes:\n"
             "  s: {modbus.server: 'tcp:127.0.0.1:%u', units: {1: {coil: {0: {name: push}}}}}\n"
             "  lamp: {toggle: off, from: s.push}\n"
             "  show: {log: notice, from: s.push, message: 'push {value} {quality}'}\n"
             "  lit: {log: notice, from: lamp, message: 'lamp {value} {quality}'}\n",
             ntohs(place.sin_port));
    hand_start(&hand, flow, false);
    switch_on(&place);
    hand_expect_log(&hand, "lamp true good");
    mf_fail(&err, MF_ELINK, "the cable is out");
    mf_node_fail(hand_node(&hand, "s"), &err);
    hand_settle(&hand);
    hand_expect_log(&hand, "push true bad");
    hand_advance(&hand, 5 * MF_SEC);
    assert_null(strstr(mf_buf_text(&hand.log), "lamp false good"));
    hand_expect_log(&hand, "push true good");
    switch_on(&place);
    hand_expect_log(&hand, "lamp false good");
    hand_end(&hand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
