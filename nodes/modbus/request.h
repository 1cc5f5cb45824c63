/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * The server's side of Modbus: requests taken apart, replies put together.
 *
 * Pure functions, like those of pdu.h. What is not a request that the standard allows ends in the
 * exception that it asks for; the addresses are somebody else's business (serve.h).
 */

#include "nodes/modbus/pdu.h"

struct mf_modbus_request {
    uint8_t function;
    enum mf_modbus_area area;
    bool reads, writes;                   /* function 23 does both, and writes first */
    uint16_t address, count;              /* of what is read; count is not 0 */
    uint16_t write_address, write_count;  /* of what is written */
    uint16_t words[MF_MODBUS_WRITE_BITS]; /* to be written; bits are 0 and 1 */
    uint8_t echo[5];                      /* what the reply to a write repeats */
};

/* 0, or the exception. */
uint8_t mf_modbus_request_read(const uint8_t *pdu, size_t len, struct mf_modbus_request *ret);
/* The reply; `words` is what was read, NULL where nothing is. The length of the PDU. */
size_t mf_modbus_answer(const struct mf_modbus_request *request, const uint16_t *words,
                        uint8_t *pdu);
size_t mf_modbus_answer_exception(uint8_t function, uint8_t exception, uint8_t *pdu);

/*
 * Frames as they come along a serial line on which others are asked, too, and answer. Bytes that
 * the first frame takes; 0: it is not whole yet, or of a length that only the silence behind it
 * tells (mf_modbus_take_silence). What is in front of a frame is never skipped: nothing but silence
 * says where the next one begins.
 */
struct mf_modbus_heard {
    struct mf_modbus_frame frame;
    bool is_request; /* else somebody's reply */
};
int mf_modbus_take_heard(const uint8_t *data, size_t len, struct mf_modbus_heard *ret);
/* The line has been silent behind these bytes: false if they are no frame. */
bool mf_modbus_take_silence(const uint8_t *data, size_t len, struct mf_modbus_heard *ret);
