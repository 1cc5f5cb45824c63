/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * mqtt.publish: values become messages of a broker.
 *
 * The engine keeps what waits in the node's queue; the link says when there is
 * room and when the broker has taken a letter. With `on_change` the last value of each topic
 * is remembered for as long as the connection lasts: behind another connection there may be a
 * broker that has forgotten it.
 */

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/map.h"
#include "nodes/mqtt/link.h"
#include "nodes/mqtt/options.h"
#include "nodes/mqtt/topic.h"
#include "nodes/net/payload.h"

enum { TOPICS_MAX = 10000 }; /* whose last value `on_change` remembers; then it begins anew */

struct config {
    const char *pattern, *link;
    int64_t qos;
    int format;
    bool retain, on_change;
};

struct state {
    struct mf_mqtt_writer writer;
    struct mf_buf topic, payload; /* reused */
    struct mf_map last;           /* topic → struct mf_value *, both owned */
    uint64_t connection;          /* that `last` is about */
    bool has_topic;               /* the pattern has a {topic} */
};

/* ---- what was said last ---- */

static void forget_last(struct state *s)
{
    for (size_t i = 0; i < s->last.count; i++) {
        struct mf_value *value = s->last.entries[i].value;

        mf_value_drop(*value);
        mf_free(value);
        mf_free((void *)(uintptr_t)s->last.entries[i].key);
    }
    mf_map_done(&s->last);
    memset(&s->last, 0, sizeof(s->last));
}

static bool is_said(struct mf_node *node, const struct mf_value *value)
{
    struct state *s = mf_node_state(node);
    uint64_t connection = mf_mqtt_connection(mf_node_link(node));
    const struct mf_value *last;

    if (connection != s->connection)
        forget_last(s);
    s->connection = connection;
    last = mf_map_get(&s->last, mf_buf_text(&s->topic));
    return last && mf_value_equal(last, value);
}

static void remember(struct state *s, const struct mf_value *value)
{
    struct mf_value *last = mf_map_get(&s->last, mf_buf_text(&s->topic));

    if (!last) {
        if (s->last.count == TOPICS_MAX)
            forget_last(s);
        last = mf_zalloc(sizeof(*last));
        mf_map_set(&s->last, mf_strdup(mf_buf_text(&s->topic)), last);
    }
    mf_value_drop(*last);
    *last = mf_value_copy(*value);
}

/* ---- letters ---- */

static void publish_stamp(struct mf_node *node, unsigned input, struct mf_letter *letter)
{
    const struct state *s = mf_node_state(node);
    const struct mf_msg *topic = s->has_topic ? mf_node_input_sibling(node, input, "topic") : NULL;

    if (topic && topic->value.type == MF_TEXT)
        letter->topic = mf_value_copy(topic->value);
}

static int make_message(struct mf_node *node, const struct mf_letter *letter, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    struct mf_mqtt_fill fill = {mf_letter_port(letter), letter->node_name, &letter->topic};
    struct mf_error why;
    int rc;

    mf_buf_clear(&s->topic);
    mf_buf_clear(&s->payload);
    rc = mf_mqtt_fill(c->pattern, &fill, &s->topic, err);
    if (rc < 0)
        return rc;
    rc = mf_encode((enum mf_format)c->format, &letter->msg.value, &s->payload, &why);
    if (rc < 0)
        mf_fail(err, MF_EINVAL, "for `%s`: %s", mf_buf_text(&s->topic), why.text);
    return rc;
}

static int publish_deliver(struct mf_node *node, const struct mf_letter *letter,
                           struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    struct mf_mqtt_publication publication = {.qos = (int)c->qos, .retain = c->retain};
    int rc = make_message(node, letter, err);

    if (rc < 0)
        return MF_EINVAL;
    if (c->on_change && !letter->is_retry && is_said(node, &letter->msg.value))
        return MF_OK;
    publication.topic = mf_buf_text(&s->topic);
    publication.payload = mf_buf_text(&s->payload);
    publication.len = s->payload.len;
    rc = mf_mqtt_publish(mf_node_link(node), &s->writer, letter, &publication, err);
    if (rc >= 0 && c->on_change)
        remember(s, &letter->msg.value);
    return rc;
}

/* ---- life ---- */

/* What a broker retains is the state of a thing, and has one owner. Messages that pass are events,
 * and several rules may well send the same command. */
static const char *publish_writes(const void *config, struct mf_arena *arena)
{
    const struct config *c = config;

    if (!c->retain || !c->pattern || strchr(c->pattern, '{'))
        return NULL;
    return c->link ? mf_arena_printf(arena, "the retained topic `%s` of `%s`", c->pattern, c->link)
                   : mf_arena_printf(arena, "the retained topic `%s`", c->pattern);
}

static int publish_start(struct mf_node *node, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    s->writer.node = node;
    s->has_topic = strstr(c->pattern, "{topic}");
    mf_mqtt_writer_begin(mf_node_link(node), &s->writer);
    return 0;
}

static void publish_stop(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    mf_mqtt_writer_end(mf_node_link(node), &s->writer);
}

static void publish_destroy(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    forget_last(s);
    mf_buf_done(&s->topic);
    mf_buf_done(&s->payload);
}

static const struct mf_port ports[] = {
    {"in", MF_IN, MF_T_ANY, .flags = MF_PORT_MANY | MF_PORT_NAMED, .summary = "Values to publish."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {
        "topic",
        &mf_type_mqtt_pattern,
        MF_MEMBER(MF_CONFIG, pattern, const char *),
        .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
        .summary = "Topic to publish to; `{port}`, `{node}` and `{topic}` are filled with where "
                   "the value comes from.",
    },
    MF_MQTT_OPTION_LINK,
    MF_MQTT_OPTION_QOS,
    {
        "retain",
        MF_BOOL(retain),
        .fallback = "false",
        .summary = "Whether the broker keeps the message for later subscribers.",
    },
    {
        "format",
        MF_CHOICE(format, mf_payload_formats),
        .fallback = "json",
        .summary = "What the payload becomes.",
    },
    {
        "on_change",
        MF_BOOL(on_change),
        .fallback = "false",
        .summary = "Leave out values that are equal to the last one on the same topic.",
    },
    {0},
};

const struct mf_kind mf_kind_mqtt_publish = {
    .name = "mqtt.publish",
    .summary = "Publishes values to an MQTT broker.",
    .doc =
        "In the topic `{node}` becomes the name of the node that a value comes from, `{port}` the\n"
        "name of its port (or what `from` calls it), and `{topic}` the topic that came with it, "
        "if\n"
        "the node has an output `topic` as mqtt.subscribe has. So `from: meter.*` with\n"
        "`home/meter/{port}` publishes each port to a topic of its own.\n"
        "\n"
        "Numbers are published in the unit of their port, without it. JSON puts texts in quotes;\n"
        "`format: text` does not.\n"
        "\n"
        "Values that are stale or bad are not published. While the broker is away the newest wait\n"
        "in the node's `queue`, in order. A message of QoS 1 or 2 leaves the queue when the "
        "broker\n"
        "has confirmed it, one of QoS 0 when it was sent. What the broker refuses (no permission,\n"
        "too large) is lost, counted and logged with the reason, and the next one follows.\n"
        "\n"
        "With `on_change` the first value after each connect is published in any case.\n"
        "\n"
        "Two nodes that publish to the same topic with `retain: true` are an error: the topic\n"
        "stands for the state of one thing. Without `retain`, several nodes may use one topic.\n",
    .example =
        "moat-flow: 1\n"
        "links:\n"
        "  broker: {mqtt: mqtt://localhost}\n"
        "nodes:\n"
        "  house: {sim.home: , every: 1s}\n"
        "  state: {mqtt.publish: \"home/{port}\", from: house.*, retain: true, on_change: true}\n",
    .link = &mf_link_kind_mqtt,
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .flags = MF_KIND_SINK | MF_KIND_MAY_ACT,
    .writes = publish_writes,
    .start = publish_start,
    .stop = publish_stop,
    .stamp = publish_stamp,
    .deliver = publish_deliver,
    .destroy = publish_destroy,
};
