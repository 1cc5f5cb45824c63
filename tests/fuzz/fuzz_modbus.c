/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * Any bytes as what a Modbus device answers: the first five are the request, the rest a frame of
 * either kind. What is accepted lies within what was given, fits its request, and makes a value or
 * a sentence of every type.
 */

#include <stdlib.h>

#include "nodes/modbus/number.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mf_modbus_frame frame;
    struct mf_error err;
    uint8_t request[5];
    unsigned count;
    int len;

    if (size < sizeof(request))
        return 0;
    for (unsigned i = 0; i < sizeof(request); i++)
        request[i] = data[i];
    data += sizeof(request);
    size -= sizeof(request);
    request[0] = (uint8_t)(1 + request[0] % 6);
    count = (unsigned)request[3] << 8 | request[4];
    if (request[0] <= 4 &&
        (count == 0 || count > (request[0] <= 2 ? MF_MODBUS_READ_BITS : MF_MODBUS_READ_WORDS)))
        return 0; /* we ask for no such thing */
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
    return 0;
}
