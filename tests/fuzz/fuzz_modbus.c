/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * Any bytes as what a Modbus device answers: the first five are the request, the rest a frame of
 * either kind. What is accepted lies within what was given, fits its request, and makes a value or
 * a sentence of every type.
 *
 * And as what a server is asked: each request has an answer that fits into a frame, and what comes
 * along a serial line ends within what was given.
 */

#include <stdlib.h>
#include <string.h>

#include "nodes/modbus/number.h"
#include "nodes/modbus/serve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void decode_all(const uint16_t *words, unsigned count)
{
    for (unsigned type = MF_MODBUS_INT16; mf_modbus_types[type].name; type++) {
        struct mf_modbus_number number = {.type = (enum mf_modbus_type)type, .scale = 1};
        struct mf_value value;
        struct mf_error err;

        number.words = mf_modbus_type_words(number.type);
        if (number.words == 0)
            number.words = count < 4 ? count : 4;
        if (number.words > count || number.words == 0 ||
            mf_modbus_decode(&number, words, &value, &err) < 0)
            continue;
        must(mf_modbus_number_types(&number) & MF_T(value.type));
        mf_value_drop(value);
    }
}

static void check(const uint8_t *request, const struct mf_modbus_frame *frame)
{
    uint16_t words[MF_MODBUS_READ_BITS];
    struct mf_error err;
    unsigned count = (unsigned)request[3] << 8 | request[4];

    if (mf_modbus_reply(request, frame->pdu, frame->len, words, &err) == 0 && request[0] <= 4)
        decode_all(words, count);
}

static void check_replies(const uint8_t *data, size_t size)
{
    struct mf_modbus_frame frame;
    struct mf_error err;
    uint8_t request[5];
    unsigned count;
    int len;

    if (size < sizeof(request))
        return;
    for (unsigned i = 0; i < sizeof(request); i++)
        request[i] = data[i];
    data += sizeof(request);
    size -= sizeof(request);
    request[0] = (uint8_t)(1 + request[0] % 6);
    count = (unsigned)request[3] << 8 | request[4];
    if (request[0] <= 4 &&
        (count == 0 || count > (request[0] <= 2 ? MF_MODBUS_READ_BITS : MF_MODBUS_READ_WORDS)))
        return; /* we ask for no such thing */
    len = mf_modbus_take_tcp(data, size, &frame);
    if (len > 0) {
        must((size_t)len <= size && frame.pdu + frame.len == data + len);
        check(request, &frame);
    }
    len = mf_modbus_take_rtu(data, size, size ? data[0] : 0, request, &frame, &err);
    if (len > 0) {
        must((size_t)len <= size);
        check(request, &frame);
    }
}

/* ---- requests ---- */

static bool read_value(void *arg, const struct mf_modbus_served *served, uint16_t *words)
{
    memset(words, 0x55, served->number.words * sizeof(*words));
    return served->value.at.address != 7; /* this one has none */
}

static void write_value(void *arg, const struct mf_modbus_served *served,
                        struct mf_value take_value)
{
    must(served->out >= 0);
    must(mf_modbus_number_types(&served->number) & MF_T(take_value.type));
    mf_value_drop(take_value);
}

static const struct mf_modbus_serve *table(void)
{
    static const struct {
        enum mf_modbus_area area;
        uint16_t address;
        enum mf_modbus_type type;
        unsigned words;
        int out;
    } rows[] = {
        {MF_MODBUS_COIL, 0, MF_MODBUS_BIT, 1, 0},
        {MF_MODBUS_COIL, 1, MF_MODBUS_BIT, 1, -1},
        {MF_MODBUS_DISCRETE, 3, MF_MODBUS_BIT, 1, -1},
        {MF_MODBUS_HOLDING, 0, MF_MODBUS_INT16, 1, 1},
        {MF_MODBUS_HOLDING, 1, MF_MODBUS_FLOAT32, 2, 2},
        {MF_MODBUS_HOLDING, 3, MF_MODBUS_TEXT, 3, 3},
        {MF_MODBUS_HOLDING, 6, MF_MODBUS_BCD, 1, 4},
        {MF_MODBUS_HOLDING, 7, MF_MODBUS_INT16, 1, -1},
        {MF_MODBUS_HOLDING, 65532, MF_MODBUS_UINT64, 4, 5},
        {MF_MODBUS_INPUT, 0, MF_MODBUS_INT64, 4, -1},
    };
    enum { ROWS = sizeof(rows) / sizeof(*rows) };
    static struct mf_modbus_served served[ROWS], *list[ROWS];
    static struct mf_modbus_table made = {.list = list, .count = ROWS};
    static struct mf_modbus_serve_counts counts;
    static const struct mf_modbus_serve serve = {
        &made, false, {NULL, read_value, write_value}, &counts};

    for (unsigned i = 0; i < ROWS; i++) {
        served[i].unit = 1;
        served[i].value.at = (struct mf_modbus_register){rows[i].area, rows[i].address, true};
        served[i].number =
            (struct mf_modbus_number){.type = rows[i].type, .words = rows[i].words, .scale = 1};
        served[i].out = rows[i].out;
        list[i] = &served[i];
    }
    return &serve;
}

static void ask(const struct mf_modbus_frame *frame)
{
    uint8_t reply[MF_MODBUS_PDU];
    size_t len = mf_modbus_serve(table(), 1, frame->pdu, frame->len, reply);

    must(len >= 2 && len <= MF_MODBUS_PDU);
    must((reply[0] & 0x7f) == (frame->pdu[0] & 0x7f));
}

static void check_requests(const uint8_t *data, size_t size)
{
    struct mf_modbus_heard heard;
    struct mf_modbus_frame frame;
    size_t at = 0;
    int len;

    if (size > 0 && size <= MF_MODBUS_PDU)
        ask(&(struct mf_modbus_frame){.pdu = data, .len = size});
    while ((len = mf_modbus_take_tcp_request(data + at, size - at, &frame)) > 0) {
        must((size_t)len <= size - at && frame.pdu + frame.len == data + at + len);
        ask(&frame);
        at += (size_t)len;
    }
    for (at = 0; (len = mf_modbus_take_heard(data + at, size - at, &heard)) > 0;
         at += (size_t)len) {
        must((size_t)len <= size - at);
        if (heard.is_request)
            ask(&heard.frame);
    }
    if (mf_modbus_take_silence(data, size, &heard))
        must(heard.frame.pdu + heard.frame.len + 2 == data + size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_replies(data, size);
    check_requests(data, size);
    return 0;
}
