/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See request.h. */

#include "nodes/modbus/request.h"

#include <string.h>

enum {
    EXCEPTION = 0x80,
    ON = 0xff00,
    CRC_BYTES = 2,
    ADDRESSES = 65536,
    BOTH_WRITE_WORDS = 121, /* in one request of function 23 */
};

/* ---- requests ---- */

/* What the functions do, by number. */
static const struct {
    enum mf_modbus_area area;
    bool reads, writes, is_single;
} functions[] = {
    [MF_MODBUS_READ_COILS] = {MF_MODBUS_COIL, .reads = true},
    [MF_MODBUS_READ_DISCRETE] = {MF_MODBUS_DISCRETE, .reads = true},
    [MF_MODBUS_READ_HOLDING] = {MF_MODBUS_HOLDING, .reads = true},
    [MF_MODBUS_READ_INPUT] = {MF_MODBUS_INPUT, .reads = true},
    [MF_MODBUS_WRITE_COIL] = {MF_MODBUS_COIL, .writes = true, .is_single = true},
    [MF_MODBUS_WRITE_WORD] = {MF_MODBUS_HOLDING, .writes = true, .is_single = true},
    [MF_MODBUS_WRITE_MANY_COILS] = {MF_MODBUS_COIL, .writes = true},
    [MF_MODBUS_WRITE_MANY_WORDS] = {MF_MODBUS_HOLDING, .writes = true},
    [MF_MODBUS_BOTH_WORDS] = {MF_MODBUS_HOLDING, .reads = true, .writes = true},
};

static bool is_known(uint8_t function)
{
    return function < sizeof(functions) / sizeof(*functions) &&
           (functions[function].reads || functions[function].writes);
}

static uint8_t check_range(unsigned address, unsigned count, unsigned limit)
{
    if (count == 0 || count > limit)
        return MF_MODBUS_ILLEGAL_VALUE;
    return address + count > ADDRESSES ? MF_MODBUS_ILLEGAL_ADDRESS : 0;
}

static uint8_t read_single(const uint8_t *pdu, size_t len, struct mf_modbus_request *ret)
{
    uint16_t word;

    if (len != 5)
        return MF_MODBUS_ILLEGAL_VALUE;
    word = mf_modbus_get16(pdu + 3);
    if (ret->area == MF_MODBUS_COIL && word != 0 && word != ON)
        return MF_MODBUS_ILLEGAL_VALUE;
    ret->write_address = mf_modbus_get16(pdu + 1);
    ret->write_count = 1;
    ret->words[0] = ret->area == MF_MODBUS_COIL ? word == ON : word;
    return 0;
}

/* `at`: address, count, number of bytes, and the words or bits. */
static uint8_t read_many(const uint8_t *at, size_t len, unsigned limit,
                         struct mf_modbus_request *ret)
{
    bool is_bits = ret->area == MF_MODBUS_COIL;
    unsigned count;

    if (len < 5)
        return MF_MODBUS_ILLEGAL_VALUE;
    ret->write_address = mf_modbus_get16(at);
    ret->write_count = mf_modbus_get16(at + 2);
    count = ret->write_count;
    if (at[4] != (is_bits ? (count + 7u) / 8u : 2u * count) || len != 5u + at[4])
        return MF_MODBUS_ILLEGAL_VALUE;
    for (unsigned i = 0; i < count && count <= limit; i++) {
        if (is_bits)
            ret->words[i] = at[5 + i / 8] >> i % 8 & 1;
        else
            ret->words[i] = mf_modbus_get16(at + 5 + 2 * i);
    }
    return check_range(ret->write_address, count, limit);
}

uint8_t mf_modbus_request_read(const uint8_t *pdu, size_t len, struct mf_modbus_request *ret)
{
    uint8_t wrong = 0;

    if (len == 0 || !is_known(pdu[0]))
        return MF_MODBUS_ILLEGAL_FUNCTION;
    ret->function = pdu[0];
    ret->area = functions[pdu[0]].area;
    ret->reads = functions[pdu[0]].reads;
    ret->writes = functions[pdu[0]].writes;
    ret->count = ret->write_count = 0;
    if (len < 5)
        return MF_MODBUS_ILLEGAL_VALUE;
    memcpy(ret->echo, pdu, sizeof(ret->echo));
    if (ret->reads) {
        ret->address = mf_modbus_get16(pdu + 1);
        ret->count = mf_modbus_get16(pdu + 3);
        wrong = check_range(ret->address, ret->count, mf_modbus_read_limit(ret->area));
    }
    if (ret->reads && !ret->writes && len != 5)
        return MF_MODBUS_ILLEGAL_VALUE;
    if (wrong || !ret->writes)
        return wrong;
    if (functions[pdu[0]].is_single)
        return read_single(pdu, len, ret);
    if (ret->reads)
        return read_many(pdu + 5, len - 5, BOTH_WRITE_WORDS, ret);
    return read_many(pdu + 1, len - 1,
                     ret->area == MF_MODBUS_COIL ? MF_MODBUS_WRITE_BITS : MF_MODBUS_WRITE_WORDS,
                     ret);
}

/* ---- replies ---- */

size_t mf_modbus_answer(const struct mf_modbus_request *request, const uint16_t *words,
                        uint8_t *pdu)
{
    bool is_bits = mf_modbus_has_bits(request->area);
    size_t bytes = is_bits ? (request->count + 7u) / 8u : 2u * request->count;

    if (!request->reads) {
        memcpy(pdu, request->echo, sizeof(request->echo));
        return sizeof(request->echo);
    }
    pdu[0] = request->function;
    pdu[1] = (uint8_t)bytes;
    memset(pdu + 2, 0, bytes);
    for (unsigned i = 0; i < request->count; i++) {
        if (is_bits)
            pdu[2 + i / 8] |= (uint8_t)((words[i] != 0) << i % 8);
        else
            mf_modbus_put16(pdu + 2 + 2 * i, words[i]);
    }
    return 2 + bytes;
}

size_t mf_modbus_answer_exception(uint8_t function, uint8_t exception, uint8_t *pdu)
{
    pdu[0] = function | EXCEPTION;
    pdu[1] = exception;
    return 2;
}

/* ---- serial lines ---- */

/* Bytes of a request's PDU; 0: more must come to know; negative: only silence ends it. */
static int request_size(const uint8_t *pdu, size_t len)
{
    switch (pdu[0]) {
    case MF_MODBUS_READ_COILS:
    case MF_MODBUS_READ_DISCRETE:
    case MF_MODBUS_READ_HOLDING:
    case MF_MODBUS_READ_INPUT:
    case MF_MODBUS_WRITE_COIL:
    case MF_MODBUS_WRITE_WORD:
        return 5;
    case MF_MODBUS_WRITE_MANY_COILS:
    case MF_MODBUS_WRITE_MANY_WORDS:
        return len < 6 ? 0 : 6 + pdu[5];
    case MF_MODBUS_BOTH_WORDS:
        return len < 10 ? 0 : 10 + pdu[9];
    default:
        return -1;
    }
}

static int reply_size(const uint8_t *pdu, size_t len)
{
    if (pdu[0] & EXCEPTION)
        return 2;
    if (!is_known(pdu[0]))
        return -1;
    if (!functions[pdu[0]].reads)
        return 5;
    if (len < 2)
        return 0;
    return pdu[1] ? 2 + pdu[1] : -1;
}

/* A frame with a PDU of this size stands in front, and its sum is right. */
static bool is_frame(const uint8_t *data, size_t len, int size)
{
    size_t end = 1 + (size_t)size;
    uint16_t crc;

    if (size <= 0 || size > MF_MODBUS_PDU || len < end + CRC_BYTES)
        return false;
    crc = mf_modbus_crc(data, end);
    return data[end] == (crc & 0xff) && data[end + 1] == crc >> 8;
}

static int heard(const uint8_t *data, int size, bool is_request, struct mf_modbus_heard *ret)
{
    ret->frame = (struct mf_modbus_frame){0, data[0], data + 1, (size_t)size};
    ret->is_request = is_request;
    return 1 + size + CRC_BYTES;
}

int mf_modbus_take_heard(const uint8_t *data, size_t len, struct mf_modbus_heard *ret)
{
    int size;

    if (len < 2)
        return 0;
    size = request_size(data + 1, len - 1);
    if (is_frame(data, len, size))
        return heard(data, size, true, ret);
    size = reply_size(data + 1, len - 1);
    if (is_frame(data, len, size))
        return heard(data, size, false, ret);
    return 0;
}

bool mf_modbus_take_silence(const uint8_t *data, size_t len, struct mf_modbus_heard *ret)
{
    int size = (int)len - 1 - CRC_BYTES;

    if (!is_frame(data, len, size))
        return false;
    heard(data, size, true, ret);
    return true;
}
