/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * mqtt.subscribe: messages of a broker become values.
 *
 * Each message is one turn of its own: `topic` and `out` are emitted together.
 * A payload that is not what `format` says marks the outputs bad and is logged; the next one may
 * be right again.
 */

#include <math.h>
#include <string.h>

#include "engine/base/text.h"
#include "nodes/mqtt/link.h"
#include "nodes/mqtt/options.h"
#include "nodes/mqtt/topic.h"
#include "nodes/net/payload.h"

enum { PORT_OUT, PORT_TOPIC }; /* outputs */
enum { RETAINED_USE, RETAINED_SKIP };
enum { TOPIC_SHOWN = 80 };

struct config {
    const char *filter, *link;
    int64_t qos;
    int format, retained;
    struct mf_value pick, time;
    bool has_pick, has_time;
};

struct state {
    struct mf_mqtt_reader reader;
};

static void subscribe_check(const void *config, struct mf_check *check)
{
    const struct config *c = config;

    mf_payload_check((enum mf_format)c->format, c->has_pick, c->has_time, check);
}

static void subscribe_infer(struct mf_infer *infer, const void *config)
{
    const struct config *c = config;

    mf_infer_set(infer, PORT_OUT,
                 c->has_pick ? MF_T_ANY : mf_format_types((enum mf_format)c->format), NULL);
}

/* ---- messages ---- */

static void reject(struct mf_node *node, const char *topic, const char *reason, const char *text)
{
    struct mf_buf shown = {0};

    mf_text_printable(&shown, topic, strlen(topic), TOPIC_SHOWN);
    mf_node_reject(node, reason, "a message on `%s` is of no use: %s", mf_buf_text(&shown), text);
    mf_buf_done(&shown);
}

/* A node that fills `{topic}` looks at the last one, so it must be there even if nobody reads the
 * port; the same again need not be said then. */
static void emit_topic(struct mf_node *node, const char *topic, int64_t time, bool has_time)
{
    const struct mf_msg *last = mf_node_last(node, PORT_TOPIC);
    size_t len;

    if (!mf_node_output_is_read(node, PORT_TOPIC) && last && last->quality == MF_GOOD &&
        last->value.type == MF_TEXT) {
        const char *text = mf_value_text(&last->value, &len);

        if (mf_text_eq(text, len, topic))
            return;
    }
    if (has_time)
        mf_node_emit_take_at(node, PORT_TOPIC, mf_value_new_text(topic), time);
    else
        mf_node_emit_take(node, PORT_TOPIC, mf_value_new_text(topic));
}

static void take(struct mf_node *node, const struct mf_mqtt_message *message)
{
    const struct config *c = mf_node_config(node);
    struct mf_payload_reading how = {
        .format = (enum mf_format)c->format,
        .pick = c->has_pick ? &c->pick : NULL,
        .time = c->has_time ? &c->time : NULL,
    };
    struct mf_value value;
    struct mf_error err;
    const char *reason;
    int64_t time = 0;

    if (mf_payload_read(&how, message->payload, message->len, &value, &time, &reason, &err) < 0) {
        reject(node, message->topic, reason, err.text);
        return;
    }
    emit_topic(node, message->topic, time, how.time != NULL);
    if (how.time && !(value.type == MF_NUMBER && !isfinite(value.number)))
        mf_node_emit_take_at(node, PORT_OUT, value, time);
    else
        mf_node_emit_take(node, PORT_OUT, value);
}

static void refused(struct mf_node *node, const char *filter, const char *reason)
{
    struct mf_error err;

    mf_fail(&err, MF_EDENIED, "the broker refuses the subscription to `%s`: %s", filter, reason);
    mf_node_fail(node, &err);
}

/* ---- life ---- */

static int subscribe_start(struct mf_node *node, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    s->reader.node = node;
    s->reader.take = take;
    s->reader.refused = refused;
    mf_mqtt_subscribe(mf_node_link(node), &s->reader, c->filter, (int)c->qos,
                      c->retained == RETAINED_SKIP);
    return 0;
}

static void subscribe_stop(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    mf_mqtt_unsubscribe(mf_node_link(node), &s->reader);
}

static const struct mf_port ports[] = {
    {"out", MF_OUT, MF_T_ANY, .summary = "Value of the message."},
    {"topic", MF_OUT, MF_T(MF_TEXT), .summary = "Topic on which it came."},
    {0},
};

static const struct mf_choice retained_choices[] = {
    {"use", RETAINED_USE, "Take what the broker kept from before we subscribed."},
    {"skip", RETAINED_SKIP, "Take only what is published from now on."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {
        "filter",
        &mf_type_mqtt_filter,
        MF_MEMBER(MF_CONFIG, filter, const char *),
        .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
        .summary = "Topics to take: `+` stands for any one level, `#` at the end for all that "
                   "follow; `$share/GROUP/FILTER` shares them among the members of a group.",
    },
    MF_MQTT_OPTION_LINK,
    MF_MQTT_OPTION_QOS,
    {
        "format",
        MF_CHOICE(format, mf_payload_formats),
        .fallback = "json",
        .summary = "What the payload is.",
    },
    {
        "pick",
        MF_PATH_OF(pick),
        MF_GIVEN(has_pick),
        .summary = "Path of the part to take, such as `sensor.temperature` or `list:0`.",
    },
    {
        "time",
        MF_PATH_OF(time),
        MF_GIVEN(has_time),
        .summary = "Path of the field that says when the value was true; default: when it came.",
    },
    {
        "retained",
        MF_CHOICE(retained, retained_choices),
        .fallback = "use",
        .summary = "What to do with messages that the broker kept from before.",
    },
    {0},
};

const struct mf_kind mf_kind_mqtt_subscribe = {
    .name = "mqtt.subscribe",
    .summary = "Takes messages from an MQTT broker.",
    .doc =
        "The type of `out` follows from `format`: `number` gives numbers, `bool` truth, `text`\n"
        "text, `raw` bytes; JSON, MessagePack and CBOR give anything, and `type:` says more. A\n"
        "payload that is something else, or lacks what `pick` names, makes the outputs bad (or is\n"
        "dropped with `on_error: drop`), is counted and logged; the flow goes on.\n"
        "\n"
        "`time` reads ISO 8601 text, or a number since 1970: below 10^11 seconds, below 10^14\n"
        "milliseconds, below 10^17 microseconds, else nanoseconds.\n"
        "\n"
        "Each node gets each message once, however the filters on a link overlap. With version 3\n"
        "of the protocol this holds where one filter covers the other (`a/#` and `a/b`); filters\n"
        "that overlap in part (`a/+` and `+/b`), and shared beside plain ones, may get messages "
        "of\n"
        "both twice from some brokers.\n"
        "\n"
        "What the broker retains comes after the first connection and after each further one, so\n"
        "that values that were stale meanwhile are good again. `run --once` does not wait for\n"
        "messages.\n",
    .example = "moat-flow: 1\n"
               "links:\n"
               "  broker: {mqtt: mqtt://localhost}\n"
               "nodes:\n"
               "  plug:\n"
               "    mqtt.subscribe: tele/plug/SENSOR\n"
               "    pick: ENERGY.Power\n"
               "    time: Time\n"
               "    type: number\n"
               "    unit: W\n"
               "  show: {log: info, from: plug}\n",
    .link = &mf_link_kind_mqtt,
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .flags = MF_KIND_SOURCE,
    .check = subscribe_check,
    .infer = subscribe_infer,
    .start = subscribe_start,
    .stop = subscribe_stop,
};
