/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * What holds for every codec and any bytes: they are refused with a sentence, or they are a
 * value, and then its written form is read as an equal value and written the same again.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/value/codec.h"

static inline void demand(bool truth)
{
    if (!truth)
        abort();
}

static inline void check_round_trip(enum mf_format format, const struct mf_value *value)
{
    struct mf_buf text = {0}, again = {0};
    struct mf_error err = {0};
    struct mf_value back;

    demand(mf_encode(format, value, &text, &err) == 0);
    demand(mf_decode(format, text.data, text.len, &back, &err) == 0);
    demand(mf_value_equal(value, &back));
    demand(mf_value_compare(value, &back) == 0);
    demand(mf_encode(format, &back, &again, &err) == 0);
    demand(again.len == text.len && memcmp(again.data, text.data, text.len) == 0);
    mf_value_drop(back);
    mf_buf_done(&text);
    mf_buf_done(&again);
}

/* True, with the value, when the bytes are one. */
static inline bool check_decode(enum mf_format format, const void *data, size_t size,
                                struct mf_value *ret)
{
    struct mf_error err = {0};
    struct mf_buf shown = {0};
    int rc = mf_decode(format, data, size, ret, &err);

    if (rc < 0) {
        demand(err.code == rc && err.text[0] != 0);
        return false;
    }
    demand(rc == 0);
    mf_value_print(ret, &shown);
    mf_buf_done(&shown);
    return true;
}
