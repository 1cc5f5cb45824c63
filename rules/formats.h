/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* The formats that decode and encode have in common. */

#include "engine/config/option.h"
#include "engine/value/codec.h"

static const struct mf_choice mf_rule_formats[] = {
    {"json", MF_FORMAT_JSON, "JSON text."},
    {"msgpack", MF_FORMAT_MSGPACK, "MessagePack bytes, as MoaT writes them."},
    {"cbor", MF_FORMAT_CBOR, "CBOR bytes."},
    {"text", MF_FORMAT_TEXT, "Text in UTF-8, as a person would write the value."},
    {"number", MF_FORMAT_NUMBER, "A number as text."},
    {"bool", MF_FORMAT_BOOL, "True or false as text; on, off, yes, no, 1 and 0 are read as well."},
    {0},
};
