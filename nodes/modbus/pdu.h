/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Modbus on the wire: requests and replies, framed for TCP (MBAP) and serial lines (RTU).
 *
 * Pure functions after "MODBUS Application Protocol Specification V1.1b3", "MODBUS Messaging on
 * TCP/IP Implementation Guide V1.0b" and "MODBUS over Serial Line V1.02". Addresses
 * are those of the protocol: the first register is 0.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/error.h"

/* Exceptions (Application Protocol V1.1b3, section 7) that mean something to more than the reader.
 */
enum {
    MF_MODBUS_ILLEGAL_FUNCTION = 1,
    MF_MODBUS_ILLEGAL_ADDRESS = 2,
    MF_MODBUS_ILLEGAL_VALUE = 3,
    MF_MODBUS_FAILURE = 4,
    MF_MODBUS_NO_PATH = 10,
    MF_MODBUS_NO_TARGET = 11,
};

enum mf_modbus_area {
    MF_MODBUS_COIL,     /* bits, read and write */
    MF_MODBUS_DISCRETE, /* bits, read */
    MF_MODBUS_HOLDING,  /* words, read and write */
    MF_MODBUS_INPUT,    /* words, read */
};
extern const char *const mf_modbus_area_names[]; /* coil discrete holding input */

enum {
    MF_MODBUS_READ_WORDS = 125, /* in one request */
    MF_MODBUS_READ_BITS = 2000,
    MF_MODBUS_WRITE_WORDS = 123,
    MF_MODBUS_WRITE_BITS = 1968,
    MF_MODBUS_PDU = 253,
    MF_MODBUS_TCP_HEAD = 7,
    MF_MODBUS_FRAME = 260, /* the longest, of either kind */
};

enum mf_modbus_function {
    MF_MODBUS_READ_COILS = 1,
    MF_MODBUS_READ_DISCRETE = 2,
    MF_MODBUS_READ_HOLDING = 3,
    MF_MODBUS_READ_INPUT = 4,
    MF_MODBUS_WRITE_COIL = 5,
    MF_MODBUS_WRITE_WORD = 6,
    MF_MODBUS_WRITE_MANY_COILS = 15,
    MF_MODBUS_WRITE_MANY_WORDS = 16,
    MF_MODBUS_BOTH_WORDS = 23, /* writes, then reads: servers only */
};

/* What an exception reply says: "illegal address". Constant, for messages that are bad. */
const char *mf_modbus_exception_name(uint8_t code);

static inline bool mf_modbus_has_bits(enum mf_modbus_area area)
{
    return area == MF_MODBUS_COIL || area == MF_MODBUS_DISCRETE;
}
static inline bool mf_modbus_is_writable(enum mf_modbus_area area)
{
    return area == MF_MODBUS_COIL || area == MF_MODBUS_HOLDING;
}
static inline unsigned mf_modbus_read_limit(enum mf_modbus_area area)
{
    return mf_modbus_has_bits(area) ? MF_MODBUS_READ_BITS : MF_MODBUS_READ_WORDS;
}

static inline uint16_t mf_modbus_get16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}
static inline void mf_modbus_put16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* ---- requests; the length of the PDU. Bits are words of 0 and 1. ---- */

size_t mf_modbus_ask_read(enum mf_modbus_area area, uint16_t address, uint16_t count, uint8_t *pdu);
/* One word or bit is written with function 5 or 6, several with 15 or 16; `count` is within the
 * limits above. */
size_t mf_modbus_ask_write(enum mf_modbus_area area, uint16_t address, const uint16_t *words,
                           uint16_t count, uint8_t *pdu);

/* ---- replies ---- */

/* Checks a reply against its request. 0: fine, and `words` holds what was read (NULL for a write).
 * A positive exception code; negative: the reply does not fit, with a sentence. */
int mf_modbus_reply(const uint8_t *request, const uint8_t *reply, size_t len, uint16_t *words,
                    struct mf_error *err);

/* ---- frames ---- */

uint16_t mf_modbus_crc(const uint8_t *data, size_t len);
/* The length of the frame. */
size_t mf_modbus_frame_tcp(uint16_t id, uint8_t unit, const uint8_t *pdu, size_t len,
                           uint8_t *frame);
size_t mf_modbus_frame_rtu(uint8_t unit, const uint8_t *pdu, size_t len, uint8_t *frame);

struct mf_modbus_frame {
    uint16_t id; /* TCP */
    uint8_t unit;
    const uint8_t *pdu; /* within the bytes that were given */
    size_t len;
};
/* Bytes that the first frame takes; 0: more are needed; negative: this is not Modbus. */
int mf_modbus_take_tcp(const uint8_t *data, size_t len, struct mf_modbus_frame *ret);
int mf_modbus_take_tcp_request(const uint8_t *data, size_t len, struct mf_modbus_frame *ret);
/* The reply to `request`, whose length follows from it. Negative: not the reply that is wanted, or
 * a wrong checksum. */
int mf_modbus_take_rtu(const uint8_t *data, size_t len, uint8_t unit, const uint8_t *request,
                       struct mf_modbus_frame *ret, struct mf_error *err);
