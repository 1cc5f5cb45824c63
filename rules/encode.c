/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * encode: a value becomes text or bytes.
 */

#include "engine/base/buf.h"
#include "engine/graph/node.h"
#include "rules/formats.h"

enum { OUT };

struct config {
    int format;
};

static bool is_bytes(const struct config *c)
{
    return c->format == MF_FORMAT_MSGPACK || c->format == MF_FORMAT_CBOR;
}

static void encode_receive(struct mf_node *node, unsigned port, const struct mf_msg *msg)
{
    const struct config *c = mf_node_config(node);
    struct mf_buf buf = {.limit = MF_CODEC_SIZE};
    struct mf_error err;

    if (mf_encode((enum mf_format)c->format, &msg->value, &buf, &err) < 0)
        mf_node_reject(node, mf_reason_type, "%s", err.text);
    else if (buf.overflow)
        mf_node_reject(node, mf_reason_range, "the value needs more than %u bytes", MF_CODEC_SIZE);
    else if (is_bytes(c))
        mf_node_emit_take(node, OUT, mf_value_new_bytes(buf.data, buf.len));
    else
        mf_node_emit_take(node, OUT, mf_value_new_text_n(mf_buf_text(&buf), buf.len));
    mf_buf_done(&buf);
}

static void encode_infer(struct mf_infer *infer, const void *config)
{
    const struct config *c = config;

    mf_infer_set(infer, OUT, is_bytes(c) ? MF_T(MF_BYTES) : MF_T(MF_TEXT), NULL);
}

static const struct mf_port ports[] = {
    {"in", MF_IN, MF_T_ANY, MF_PORT_MANY, .summary = "Any value."},
    {"out", MF_OUT, MF_T(MF_TEXT) | MF_T(MF_BYTES), .summary = "Text, or bytes."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {
        "format",
        MF_CHOICE(format, mf_rule_formats),
        .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
        .summary = "What to write.",
    },
    {0},
};

const struct mf_kind mf_kind_encode = {
    .name = "encode",
    .summary = "Makes text or bytes out of a value.",
    .doc = "`msgpack` and `cbor` give bytes, the others text. Numbers are written as the shortest "
           "text that reads back as the same number; units are left out. In JSON bytes become "
           "base64 text, and paths their dotted form.\n"
           "\n"
           "A value that the format cannot say (a list as `number`) is a message that cannot be "
           "used, see `on_error`. Nodes that write to the outside (`mqtt.publish`) have a "
           "`format` of their own.",
    .example = "house: {sim.home: , every: 1s}\n"
               "report: {join: , from: {solar: house.pv, use: house.load}}\n"
               "text: {encode: json, from: report}\n",
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .flags = MF_KIND_PURE,
    .infer = encode_infer,
    .receive = encode_receive,
};
