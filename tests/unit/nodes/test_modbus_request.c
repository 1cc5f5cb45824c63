/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The server's side of Modbus: what a request asks for, what is refused, and how it is answered. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "nodes/modbus/request.h"

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

/* What the specification allows is taken apart; what it does not ends in the exception it names
 * (the state diagrams of sections 6.1 to 6.17). */
static void requests(void **state)
{
    static const struct {
        const char *pdu;
        uint8_t exception;
        unsigned address, count, write_address, write_count, first, last;
    } cases[] = {
        {"01 0013 0013", 0, 0x13, 0x13, 0, 0, 0, 0},
        {"02 00c4 07d0", 0, 0xc4, 2000, 0, 0, 0, 0},
        {"02 00c4 07d1", 3, 0, 0, 0, 0, 0, 0},
        {"03 006b 0003", 0, 0x6b, 3, 0, 0, 0, 0},
        {"03 006b 0000", 3, 0, 0, 0, 0, 0, 0},
        {"03 006b 007e", 3, 0, 0, 0, 0, 0, 0},
        {"03 ffff 0001", 0, 0xffff, 1, 0, 0, 0, 0},
        {"03 ffff 0002", 2, 0, 0, 0, 0, 0, 0},
        {"03 006b 0003 00", 3, 0, 0, 0, 0, 0, 0},
        {"03 006b", 3, 0, 0, 0, 0, 0, 0},
        {"04 0008 0001", 0, 8, 1, 0, 0, 0, 0},
        {"05 00ac ff00", 0, 0, 0, 0xac, 1, 1, 1},
        {"05 00ac 0000", 0, 0, 0, 0xac, 1, 0, 0},
        {"05 00ac 0001", 3, 0, 0, 0, 0, 0, 0},
        {"06 0001 000a", 0, 0, 0, 1, 1, 10, 10},
        {"06 0001 000a 00", 3, 0, 0, 0, 0, 0, 0},
        {"0f 0013 000a 02 cd01", 0, 0, 0, 0x13, 10, 1, 0},
        {"0f 0013 000a 01 cd", 3, 0, 0, 0, 0, 0, 0},
        {"0f 0013 0000 00", 3, 0, 0, 0, 0, 0, 0},
        {"10 0001 0002 04 000a 0102", 0, 0, 0, 1, 2, 10, 0x102},
        {"10 0001 0002 04 000a 01", 3, 0, 0, 0, 0, 0, 0},
        {"10 0001 0002 02 000a", 3, 0, 0, 0, 0, 0, 0},
        {"10 ffff 0002 04 000a 0102", 2, 0, 0, 0, 0, 0, 0},
        {"17 0003 0006 000e 0003 06 00ff 00ff 0a0b", 0, 3, 6, 14, 3, 0xff, 0xa0b},
        {"17 0003 0000 000e 0003 06 00ff 00ff 0a0b", 3, 0, 0, 0, 0, 0, 0},
        {"17 0003 0006 000e 0003 06 00ff 00ff", 3, 0, 0, 0, 0, 0, 0},
        {"17 0003 0006", 3, 0, 0, 0, 0, 0, 0},
        {"07", 1, 0, 0, 0, 0, 0, 0},
        {"16 0004 00f2 0025", 1, 0, 0, 0, 0, 0, 0},
        {"00 0004 00f2", 1, 0, 0, 0, 0, 0, 0},
        {"83 0004 00f2", 1, 0, 0, 0, 0, 0, 0},
        {"", 1, 0, 0, 0, 0, 0, 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct mf_modbus_request request;
        uint8_t pdu[MF_MODBUS_PDU];
        size_t len = from_hex(cases[i].pdu, pdu);

        assert_int_equal(mf_modbus_request_read(pdu, len, &request), cases[i].exception);
        if (cases[i].exception)
            continue;
        assert_int_equal(request.count, cases[i].count);
        assert_int_equal(request.write_count, cases[i].write_count);
        assert_int_equal(request.reads ? request.address : 0, cases[i].address);
        assert_int_equal(request.writes ? request.write_address : 0, cases[i].write_address);
        if (!request.writes)
            continue;
        assert_int_equal(request.words[0], cases[i].first);
        assert_int_equal(request.words[request.write_count - 1], cases[i].last);
    }
}

/* The most that one request may write fits. */
static void the_longest_write(void **state)
{
    uint8_t pdu[MF_MODBUS_PDU] = {0x10, 0, 0, 0, MF_MODBUS_WRITE_WORDS, 2 * MF_MODBUS_WRITE_WORDS};
    struct mf_modbus_request request;

    assert_int_equal(mf_modbus_request_read(pdu, 6 + 2 * MF_MODBUS_WRITE_WORDS, &request), 0);
    pdu[4]++;
    pdu[5] += 2;
    assert_int_equal(mf_modbus_request_read(pdu, 6 + 2 * MF_MODBUS_WRITE_WORDS + 2, &request), 3);
}

/* Replies, byte for byte as the specification has them; a write is echoed. */
static void replies(void **state)
{
    static const uint16_t words[] = {0x022b, 0, 0x64};
    static const uint16_t bits[] = {1, 0, 1, 1, 0, 0, 1, 1, 1, 1};
    static const struct {
        const char *request, *reply;
        const uint16_t *words;
    } cases[] = {
        {"03 006b 0003", "03 06 022b 0000 0064", words},
        {"04 0008 0001", "04 02 022b", words},
        {"01 0013 000a", "01 02 cd03", bits},
        {"05 00ac ff00", "05 00ac ff00", NULL},
        {"06 0001 000a", "06 0001 000a", NULL},
        {"0f 0013 000a 02 cd01", "0f 0013 000a", NULL},
        {"10 0001 0002 04 000a 0102", "10 0001 0002", NULL},
        {"17 0003 0002 000e 0001 02 00ff", "17 04 022b 0000", words},
    };
    uint8_t pdu[MF_MODBUS_PDU];

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct mf_modbus_request request;
        size_t len = from_hex(cases[i].request, pdu);

        assert_int_equal(mf_modbus_request_read(pdu, len, &request), 0);
        expect_bytes(pdu, mf_modbus_answer(&request, cases[i].words, pdu), cases[i].reply);
    }
    expect_bytes(pdu, mf_modbus_answer_exception(3, MF_MODBUS_ILLEGAL_ADDRESS, pdu), "83 02");
}

static size_t add_frame(uint8_t *line, size_t len, uint8_t unit, const char *hex)
{
    uint8_t pdu[MF_MODBUS_PDU];

    return len + mf_modbus_frame_rtu(unit, pdu, from_hex(hex, pdu), line + len);
}

/* On a line that is shared, requests and the replies of others follow each other without a pause
 * that anybody could measure; each is told from the other, and none is taken before it is whole. */
static void a_busy_line(void **state)
{
    static const struct {
        uint8_t unit;
        const char *pdu;
        bool is_request;
    } frames[] = {
        {7, "03 0000 0002", true}, {7, "03 04 0102 0304", false},
        {7, "06 0001 000a", true}, {9, "10 0001 0002 04 000a 0102", true},
        {7, "83 02", false},       {7, "01 0000 0008", true},
        {7, "01 01 55", false},    {9, "17 0003 0002 000e 0001 02 00ff", true},
        {9, "04 0008 0001", true},
    };
    uint8_t line[sizeof(frames) / sizeof(*frames) * 32];
    struct mf_modbus_heard heard;
    size_t len = 0, at = 0;

    for (size_t i = 0; i < sizeof(frames) / sizeof(*frames); i++)
        len = add_frame(line, len, frames[i].unit, frames[i].pdu);
    for (size_t i = 0; i < sizeof(frames) / sizeof(*frames); i++) {
        int took = mf_modbus_take_heard(line + at, len - at, &heard);

        assert_true(took > 0);
        assert_int_equal(heard.is_request, frames[i].is_request);
        assert_int_equal(heard.frame.unit, frames[i].unit);
        for (int part = 0; part < took; part++)
            assert_int_equal(mf_modbus_take_heard(line + at, (size_t)part, &heard), 0);
        at += (size_t)took;
    }
    assert_int_equal(at, len);
}

/* A wrong sum is no frame; a function that is not known ends where the line falls silent. */
static void silence(void **state)
{
    uint8_t line[64];
    struct mf_modbus_heard heard;
    size_t len = add_frame(line, 0, 9, "2b 0e 01 00");

    assert_int_equal(mf_modbus_take_heard(line, len, &heard), 0);
    assert_true(mf_modbus_take_silence(line, len, &heard));
    assert_int_equal(heard.frame.pdu[0], 0x2b);
    assert_int_equal(heard.frame.len, 4);
    line[3] ^= 1;
    assert_false(mf_modbus_take_silence(line, len, &heard));
    len = add_frame(line, 0, 9, "03 0000 0002");
    line[2] ^= 1;
    assert_int_equal(mf_modbus_take_heard(line, len, &heard), 0);
    for (size_t part = 0; part < 4; part++)
        assert_false(mf_modbus_take_silence(line, part, &heard));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests), cmocka_unit_test(the_longest_write),
        cmocka_unit_test(replies),  cmocka_unit_test(a_busy_line),
        cmocka_unit_test(silence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
