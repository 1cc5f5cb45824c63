/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * decode: text or bytes become a value.
 */

#include "engine/graph/node.h"
#include "rules/formats.h"

enum { OUT };

struct config {
    int format;
};

static void decode_receive(struct mf_node *node, unsigned port, const struct mf_msg *msg)
{
    const struct config *c = mf_node_config(node);
    struct mf_value value;
    struct mf_error err;
    const char *data;
    size_t len;

    data = mf_value_text(&msg->value, &len);
    if (mf_decode((enum mf_format)c->format, data, len, &value, &err) < 0)
        mf_node_reject(node, mf_reason_decode, "not %s: %s", mf_format_names[c->format], err.text);
    else
        mf_node_emit_take(node, OUT, value);
}

static void decode_infer(struct mf_infer *infer, const void *config)
{
    const struct config *c = config;

    mf_infer_set(infer, OUT, mf_format_types((enum mf_format)c->format), NULL);
}

static const struct mf_port ports[] = {
    {"in", MF_IN, MF_T(MF_TEXT) | MF_T(MF_BYTES), MF_PORT_MANY, .summary = "Text or bytes."},
    {"out", MF_OUT, MF_T_ANY, .summary = "The value it stands for."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {
        "format",
        MF_CHOICE(format, mf_rule_formats),
        .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
        .summary = "What the text or the bytes are.",
    },
    {0},
};

const struct mf_kind mf_kind_decode = {
    .name = "decode",
    .summary = "Makes a value out of text or bytes.",
    .doc = "What the formats promise of the type is checked behind the node; JSON, MessagePack "
           "and CBOR may hold anything, so say `type:` (and `unit:`) where you know.\n"
           "\n"
           "What is not in the format is a message that cannot be used: the log says what is "
           "wrong and where, and the output is marked bad (not decodable), see `on_error`. Whole "
           "numbers are exact up to 64 bits; a JSON object with a name twice is refused.\n"
           "\n"
           "Nodes that read from outside (`mqtt.subscribe`) have a `format` of their own.",
    .example = "house: {sim.home: , every: 1s}\n"
               "text: {encode: json, from: house.pv}\n"
               "pv: {decode: json, from: text, type: number, unit: W}\n",
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .flags = MF_KIND_PURE,
    .infer = decode_infer,
    .receive = decode_receive,
};
