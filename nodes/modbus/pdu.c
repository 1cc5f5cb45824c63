/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See pdu.h. */

#include "nodes/modbus/pdu.h"

#include <string.h>

enum { EXCEPTION = 0x80, ON = 0xff00, CRC_POLY = 0xa001, CRC_BYTES = 2 };

const char *const mf_modbus_area_names[] = {"coil", "discrete", "holding", "input"};

/* Application Protocol V1.1b3, section 7. */
static const char *const exceptions[] = {
    [1] = "illegal function",       [2] = "illegal address",
    [3] = "illegal value",          [4] = "device failure",
    [5] = "acknowledged",           [6] = "device busy",
    [8] = "memory parity",          [10] = "gateway path unavailable",
    [11] = "gateway target silent",
};

const char *mf_modbus_exception_name(uint8_t code)
{
    if (code < sizeof(exceptions) / sizeof(*exceptions) && exceptions[code])
        return exceptions[code];
    return "unknown exception";
}

/* ---- requests ---- */

static const uint8_t read_functions[] = {
    [MF_MODBUS_COIL] = MF_MODBUS_READ_COILS,
    [MF_MODBUS_DISCRETE] = MF_MODBUS_READ_DISCRETE,
    [MF_MODBUS_HOLDING] = MF_MODBUS_READ_HOLDING,
    [MF_MODBUS_INPUT] = MF_MODBUS_READ_INPUT,
};

size_t mf_modbus_ask_read(enum mf_modbus_area area, uint16_t address, uint16_t count, uint8_t *pdu)
{
    pdu[0] = read_functions[area];
    mf_modbus_put16(pdu + 1, address);
    mf_modbus_put16(pdu + 3, count);
    return 5;
}

static size_t ask_write_one(enum mf_modbus_area area, uint16_t address, uint16_t word, uint8_t *pdu)
{
    bool is_bit = area == MF_MODBUS_COIL;

    pdu[0] = is_bit ? MF_MODBUS_WRITE_COIL : MF_MODBUS_WRITE_WORD;
    mf_modbus_put16(pdu + 1, address);
    mf_modbus_put16(pdu + 3, is_bit ? (word ? ON : 0) : word);
    return 5;
}

size_t mf_modbus_ask_write(enum mf_modbus_area area, uint16_t address, const uint16_t *words,
                           uint16_t count, uint8_t *pdu)
{
    bool is_bits = area == MF_MODBUS_COIL;
    size_t bytes = is_bits ? (count + 7u) / 8u : 2u * count;

    if (count == 1)
        return ask_write_one(area, address, *words, pdu);
    pdu[0] = is_bits ? MF_MODBUS_WRITE_MANY_COILS : MF_MODBUS_WRITE_MANY_WORDS;
    mf_modbus_put16(pdu + 1, address);
    mf_modbus_put16(pdu + 3, count);
    pdu[5] = (uint8_t)bytes;
    memset(pdu + 6, 0, bytes);
    for (unsigned i = 0; i < count; i++) {
        if (is_bits)
            pdu[6 + i / 8] |= (uint8_t)((words[i] != 0) << i % 8);
        else
            mf_modbus_put16(pdu + 6 + 2 * i, words[i]);
    }
    return 6 + bytes;
}

/* ---- replies ---- */

static bool reads_bits(uint8_t function)
{
    return function == MF_MODBUS_READ_COILS || function == MF_MODBUS_READ_DISCRETE;
}

static bool reads(uint8_t function)
{
    return function >= MF_MODBUS_READ_COILS && function <= MF_MODBUS_READ_INPUT;
}

/* Bytes of data that the reply to a read carries. */
static size_t data_bytes(const uint8_t *request)
{
    unsigned count = mf_modbus_get16(request + 3);

    return reads_bits(request[0]) ? (count + 7u) / 8u : 2u * count;
}

static int wrong(struct mf_error *err, const char *what)
{
    return mf_fail(err, MF_EINVAL, "a reply that does not fit its request: %s", what);
}

static int reply_to_read(const uint8_t *request, const uint8_t *reply, size_t len, uint16_t *words,
                         struct mf_error *err)
{
    unsigned count = mf_modbus_get16(request + 3);
    size_t bytes = data_bytes(request);

    if (len != 2 + bytes || reply[1] != bytes)
        return wrong(err, "another number of registers");
    for (unsigned i = 0; i < count; i++) {
        if (reads_bits(request[0]))
            words[i] = reply[2 + i / 8] >> i % 8 & 1;
        else
            words[i] = mf_modbus_get16(reply + 2 + 2 * i);
    }
    return 0;
}

int mf_modbus_reply(const uint8_t *request, const uint8_t *reply, size_t len, uint16_t *words,
                    struct mf_error *err)
{
    if (len < 2 || (reply[0] & ~EXCEPTION) != request[0])
        return wrong(err, "another function");
    if (reply[0] & EXCEPTION)
        return len == 2 && reply[1] ? reply[1] : wrong(err, "an exception without a code");
    if (reads(request[0]))
        return reply_to_read(request, reply, len, words, err);
    /* A single write is echoed, a longer one as far as its count. */
    if (len != 5 || memcmp(reply, request, 5) != 0)
        return wrong(err, "another address or value was written");
    return 0;
}

/* ---- frames ---- */

uint16_t mf_modbus_crc(const uint8_t *data, size_t len)
{
    uint16_t crc = 0xffff;

    for (size_t i = 0; i < len; i++) {
        crc ^= data[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = (uint16_t)(crc & 1 ? crc >> 1 ^ CRC_POLY : crc >> 1);
    }
    return crc;
}

size_t mf_modbus_frame_tcp(uint16_t id, uint8_t unit, const uint8_t *pdu, size_t len,
                           uint8_t *frame)
{
    mf_modbus_put16(frame, id);
    mf_modbus_put16(frame + 2, 0);
    mf_modbus_put16(frame + 4, (uint16_t)(len + 1));
    frame[6] = unit;
    memcpy(frame + MF_MODBUS_TCP_HEAD, pdu, len);
    return MF_MODBUS_TCP_HEAD + len;
}

size_t mf_modbus_frame_rtu(uint8_t unit, const uint8_t *pdu, size_t len, uint8_t *frame)
{
    uint16_t crc;

    frame[0] = unit;
    memcpy(frame + 1, pdu, len);
    crc = mf_modbus_crc(frame, 1 + len);
    frame[1 + len] = (uint8_t)crc; /* low byte first */
    frame[2 + len] = (uint8_t)(crc >> 8);
    return 1 + len + CRC_BYTES;
}

static int take_tcp(const uint8_t *data, size_t len, size_t least, struct mf_modbus_frame *ret)
{
    size_t size;

    if (len < MF_MODBUS_TCP_HEAD)
        return 0;
    size = mf_modbus_get16(data + 4);
    if (mf_modbus_get16(data + 2) != 0 || size < 1 + least || size > 1 + MF_MODBUS_PDU)
        return MF_EINVAL;
    if (len < MF_MODBUS_TCP_HEAD - 1 + size)
        return 0;
    *ret = (struct mf_modbus_frame){mf_modbus_get16(data), data[6], data + MF_MODBUS_TCP_HEAD,
                                    size - 1};
    return (int)(MF_MODBUS_TCP_HEAD - 1 + size);
}

int mf_modbus_take_tcp(const uint8_t *data, size_t len, struct mf_modbus_frame *ret)
{
    return take_tcp(data, len, 2, ret); /* an exception */
}

int mf_modbus_take_tcp_request(const uint8_t *data, size_t len, struct mf_modbus_frame *ret)
{
    return take_tcp(data, len, 1, ret); /* a function alone */
}

int mf_modbus_take_rtu(const uint8_t *data, size_t len, uint8_t unit, const uint8_t *request,
                       struct mf_modbus_frame *ret, struct mf_error *err)
{
    size_t pdu;
    uint16_t crc;

    if (len >= 1 && data[0] != unit)
        return mf_fail(err, MF_EINVAL, "unit %u answered instead of %u", data[0], unit);
    if (len < 2)
        return 0;
    if ((data[1] & ~EXCEPTION) != request[0])
        return wrong(err, "another function");
    if (data[1] & EXCEPTION)
        pdu = 2;
    else
        pdu = reads(request[0]) ? 2 + data_bytes(request) : 5;
    if (len < 1 + pdu + CRC_BYTES)
        return 0;
    crc = mf_modbus_crc(data, 1 + pdu);
    if (data[1 + pdu] != (crc & 0xff) || data[2 + pdu] != crc >> 8)
        return mf_fail(err, MF_EINVAL, "a reply with a wrong checksum");
    *ret = (struct mf_modbus_frame){0, unit, data + 1, pdu};
    return (int)(1 + pdu + CRC_BYTES);
}
