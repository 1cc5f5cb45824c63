/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Modbus on the wire: what is sent, what is understood, and what is not. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "nodes/modbus/pdu.h"

static size_t from_hex(const char *hex, uint8_t *out)
{
    size_t len = 0;
    unsigned byte;
    int used;

    for (; sscanf(hex, " %2x%n", &byte, &used) == 1; hex += used)
        out[len++] = (uint8_t)byte;
    return len;
}

static void expect_bytes(const uint8_t *bytes, size_t len, const char *hex)
{
    uint8_t wanted[MF_MODBUS_FRAME];
    size_t wanted_len = from_hex(hex, wanted);

    assert_int_equal(len, wanted_len);
    assert_memory_equal(bytes, wanted, len);
}

/* Requests, byte for byte as the specification has them (sections 6.1 to 6.12). */
static void requests(void **state)
{
    static const uint16_t words[] = {0x000a, 0x0102};
    static const uint16_t bits[] = {1, 0, 1, 1, 0, 0, 1, 1, 1, 0};
    uint8_t pdu[MF_MODBUS_PDU];

    expect_bytes(pdu, mf_modbus_ask_read(MF_MODBUS_COIL, 0x13, 0x13, pdu), "01 0013 0013");
    expect_bytes(pdu, mf_modbus_ask_read(MF_MODBUS_DISCRETE, 0xc4, 0x16, pdu), "02 00c4 0016");
    expect_bytes(pdu, mf_modbus_ask_read(MF_MODBUS_HOLDING, 0x6b, 3, pdu), "03 006b 0003");
    expect_bytes(pdu, mf_modbus_ask_read(MF_MODBUS_INPUT, 8, 1, pdu), "04 0008 0001");
    expect_bytes(pdu, mf_modbus_ask_write(MF_MODBUS_COIL, 0xac, bits, 1, pdu), "05 00ac ff00");
    expect_bytes(pdu, mf_modbus_ask_write(MF_MODBUS_COIL, 0xac, bits + 1, 1, pdu), "05 00ac 0000");
    expect_bytes(pdu, mf_modbus_ask_write(MF_MODBUS_HOLDING, 1, words, 1, pdu), "06 0001 000a");
    expect_bytes(pdu, mf_modbus_ask_write(MF_MODBUS_COIL, 0x13, bits, 10, pdu),
                 "0f 0013 000a 02 cd01");
    expect_bytes(pdu, mf_modbus_ask_write(MF_MODBUS_HOLDING, 1, words, 2, pdu),
                 "10 0001 0002 04 000a 0102");
}

/* Both kinds of frame around one request. */
static void frames(void **state)
{
    uint8_t pdu[MF_MODBUS_PDU], frame[MF_MODBUS_FRAME];
    size_t len = mf_modbus_ask_read(MF_MODBUS_INPUT, 0, 6, pdu);

    expect_bytes(frame, mf_modbus_frame_tcp(1, 11, pdu, len, frame),
                 "0001 0000 0006 0b 04 0000 0006");
    expect_bytes(frame, mf_modbus_frame_rtu(11, pdu, len, frame), "0b 04 0000 0006 70a2");
}

/* A reply, whether it fits its request, and the words or the exception in it. */
static void replies(void **state)
{
    static const struct {
        const char *request, *reply;
        int rc; /* -1: any negative */
        uint16_t first, last;
        unsigned count;
    } cases[] = {
        {"03 006b 0003", "03 06 022b 0000 0064", 0, 0x022b, 0x64, 3},
        {"01 0013 0013", "01 03 cd6b05", 0, 1, 1, 19},
        {"02 00c4 0009", "02 02 0101", 0, 1, 1, 9},
        {"04 0008 0001", "84 02", 2, 0, 0, 0},
        {"04 0008 0001", "84 00", -1, 0, 0, 0},
        {"04 0008 0001", "84", -1, 0, 0, 0},
        {"04 0008 0001", "03 02 0001", -1, 0, 0, 0},
        {"04 0008 0001", "04 02 00", -1, 0, 0, 0},
        {"04 0008 0001", "04 04 0001 0002", -1, 0, 0, 0},
        {"04 0008 0001", "", -1, 0, 0, 0},
        {"06 0001 000a", "06 0001 000a", 0, 0, 0, 0},
        {"06 0001 000a", "06 0001 000b", -1, 0, 0, 0},
        {"10 0001 0002 04 000a 0102", "10 0001 0002", 0, 0, 0, 0},
        {"10 0001 0002 04 000a 0102", "10 0001 0001", -1, 0, 0, 0},
        {"10 0001 0002 04 000a 0102", "90 04", 4, 0, 0, 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        uint8_t request[MF_MODBUS_FRAME], reply[MF_MODBUS_FRAME];
        uint16_t words[MF_MODBUS_READ_BITS] = {0};
        struct mf_error err;
        size_t len = from_hex(cases[i].reply, reply);
        int rc;

        from_hex(cases[i].request, request);
        rc = mf_modbus_reply(request, reply, len, words, &err);
        assert_int_equal(rc < 0 ? -1 : rc, cases[i].rc);
        if (cases[i].count) {
            assert_int_equal(words[0], cases[i].first);
            assert_int_equal(words[cases[i].count - 1], cases[i].last);
        }
    }
}

/* A stream of TCP frames is cut where they end; what is not Modbus is told from what is short. */
static void tcp_stream(void **state)
{
    static const char hex[] = "0001 0000 0003 0c 84 0b  0002 0000 0005 0b 04 02 449a";
    struct mf_modbus_frame frame;
    uint8_t bytes[64];
    size_t len = from_hex(hex, bytes);

    for (size_t i = 0; i < 9; i++)
        assert_int_equal(mf_modbus_take_tcp(bytes, i, &frame), 0);
    assert_int_equal(mf_modbus_take_tcp(bytes, len, &frame), 9);
    assert_int_equal(frame.id, 1);
    assert_int_equal(frame.unit, 12);
    assert_int_equal(frame.len, 2);
    assert_int_equal(mf_modbus_take_tcp(bytes + 9, len - 9, &frame), 11);
    assert_int_equal(frame.id, 2);
    bytes[3] = 1; /* another protocol */
    assert_true(mf_modbus_take_tcp(bytes, len, &frame) < 0);
    from_hex("0001 0000 0002 0c", bytes);
    assert_true(mf_modbus_take_tcp(bytes, 7, &frame) < 0);
    assert_int_equal(mf_modbus_take_tcp_request(bytes, 7, &frame), 0);
    from_hex("0001 0000 0001 0c", bytes);
    assert_true(mf_modbus_take_tcp_request(bytes, 7, &frame) < 0);
    from_hex("0001 0000 00ff 0c", bytes);
    assert_true(mf_modbus_take_tcp(bytes, 7, &frame) < 0);
}

/* A serial reply ends where the request says; another unit or function and a wrong sum are told. */
static void rtu_reply(void **state)
{
    uint8_t request[MF_MODBUS_PDU], reply[MF_MODBUS_FRAME], pdu[MF_MODBUS_PDU];
    struct mf_modbus_frame frame;
    struct mf_error err;
    size_t len;

    mf_modbus_ask_read(MF_MODBUS_HOLDING, 4, 2, request);
    len = mf_modbus_frame_rtu(9, pdu, from_hex("03 04 0001 0002", pdu), reply);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(mf_modbus_take_rtu(reply, i, 9, request, &frame, &err), 0);
    assert_int_equal(mf_modbus_take_rtu(reply, len, 9, request, &frame, &err), len);
    assert_int_equal(frame.len, 6);
    assert_true(mf_modbus_take_rtu(reply, len, 8, request, &frame, &err) < 0);
    reply[len - 1] ^= 1;
    assert_true(mf_modbus_take_rtu(reply, len, 9, request, &frame, &err) < 0);
    len = mf_modbus_frame_rtu(9, pdu, from_hex("83 02", pdu), reply);
    assert_int_equal(mf_modbus_take_rtu(reply, len, 9, request, &frame, &err), 5);
    len = mf_modbus_frame_rtu(9, pdu, from_hex("04 04 0001 0002", pdu), reply);
    assert_true(mf_modbus_take_rtu(reply, len, 9, request, &frame, &err) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),   cmocka_unit_test(frames),    cmocka_unit_test(replies),
        cmocka_unit_test(tcp_stream), cmocka_unit_test(rtu_reply),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
