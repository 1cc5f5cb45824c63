/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * Any bytes as CBOR: refused, or a value that survives writing in both binary
 * formats, because both can say all that a value can be.
 */

#include "tests/fuzz/round_trip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mf_value value;

    if (!check_decode(MF_FORMAT_CBOR, data, size, &value))
        return 0;
    check_round_trip(MF_FORMAT_CBOR, &value);
    check_round_trip(MF_FORMAT_MSGPACK, &value);
    mf_value_drop(value);
    return 0;
}
