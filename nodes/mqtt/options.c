/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Options and documentation of the link. */

#include "nodes/mqtt/options.h"

#include "engine/base/clock.h"
#include "nodes/mqtt/topic.h"

enum { PACKET_MAX = 16 * 1024 * 1024 }; /* bytes of a message that we take: a decoder's limit */
enum { CODE_TOGETHER = 220 };

static const struct mf_choice versions[] = {
    {"5", 5, "MQTT 5."},
    {"3", 3, "MQTT 3.1.1, for old brokers."},
    {0},
};

#define MF_CONFIG struct mf_mqtt_will
static const struct mf_option will_options[] = {
    {
        "topic",
        &mf_type_mqtt_topic,
        MF_MEMBER(MF_CONFIG, topic, const char *),
        .flags = MF_OPT_REQUIRED,
        .summary = "Topic of the will.",
    },
    {
        "value",
        MF_STRING(value),
        .flags = MF_OPT_REQUIRED,
        .summary = "What is published there, as it stands.",
    },
    {
        "qos",
        MF_INTEGER(qos),
        .fallback = "0",
        MF_LIMITS(0, 2),
        .summary = "Quality of service: 0, 1 or 2.",
    },
    {
        "retain",
        MF_BOOL(retain),
        .fallback = "false",
        .summary = "Whether the broker keeps it for later subscribers.",
    },
    {0},
};
#undef MF_CONFIG

static const struct mf_table will_table = {will_options, sizeof(struct mf_mqtt_will)};

#define MF_CONFIG struct mf_mqtt_options
const struct mf_option mf_mqtt_link_options[] = {
    {
        "url",
        &mf_type_mqtt_address,
        MF_MEMBER(MF_CONFIG, address, struct mf_mqtt_address),
        .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
        .summary = "Where the broker is: `mqtt://HOST`, or `mqtts://HOST` with TLS, and `:PORT` "
                   "where it is not 1883 or 8883.",
    },
    {
        "client_id",
        MF_STRING(client_id),
        .summary = "Name of this client at the broker, no two of which may be the same; default: "
                   "made of the names of host and link.",
    },
    {
        "login",
        MF_STRING(login),
        .summary = "User name for the broker.",
    },
    {
        "password",
        MF_STRING(password),
        .flags = MF_OPT_SECRET,
        .summary = "Password that belongs to `login`.",
    },
    {
        "ca",
        MF_STRING(ca),
        .summary = "File or directory with the CA certificates that the broker's is checked "
                   "against; default: those the system trusts.",
    },
    {
        "cert",
        MF_STRING(cert),
        .summary = "File with a certificate of our own, for brokers that want to see one.",
    },
    {
        "key",
        MF_STRING(key),
        .summary = "File with the key of `cert`, without a password.",
    },
    {
        "keepalive",
        MF_DURATION(keepalive),
        .fallback = "60s",
        MF_LIMITS(5, 65535),
        .summary = "Silence after which each side makes sure that the other one is still there.",
    },
    {
        "version",
        MF_CHOICE(version, versions),
        .fallback = "5",
        .summary = "Version of the protocol.",
    },
    {
        "clean",
        MF_BOOL(clean),
        .fallback = "true",
        .summary = "Begin anew with each connection; `false`: the broker keeps our subscriptions, "
                   "and what comes for them, while we are away.",
    },
    {
        "session_expiry",
        MF_DURATION(session_expiry),
        .fallback = "1d",
        MF_GIVEN(has_expiry),
        MF_LIMITS(1, 4294967294.0),
        .summary = "With `clean: false`, how long the broker keeps the session while we are away.",
    },
    {
        "will",
        MF_SUBTABLE(will, struct mf_mqtt_will, &will_table),
        MF_GIVEN(has_will),
        .summary = "What the broker publishes when it loses us without a goodbye.",
    },
    {0},
};
#undef MF_CONFIG

const char mf_mqtt_link_doc[] =
    "One connection, shared by all nodes that name the link. It is made again with growing pauses\n"
    "when it breaks; meanwhile subscriptions are stale and sinks keep their messages (`queue`).\n"
    "\n"
    "**Sessions.** With `clean: true` (the default) the broker forgets us when the connection\n"
    "ends: what is published meanwhile does not reach us, but for what it retains. With\n"
    "`clean: false` and subscriptions of `qos: 1` it keeps messages for us, for `session_expiry`\n"
    "(version 5; with version 3 the broker decides). It knows us by `client_id`; the default is\n"
    "`moat-flow-HOST-LINK`, so two engines on one host whose links have the same name need one\n"
    "each. With `clean: true` the default ends in a random number. `run --read-only`\n"
    "and `validate --env` connect under a name of their own, without a session and a will, so "
    "that\n"
    "they can look beside the engine that works.\n"
    "\n"
    "**TLS.** With `mqtts://` the broker's certificate must be signed by a CA that the system\n"
    "trusts, or by one in `ca`, and be made for the host's name or address as it stands in the\n"
    "URL. There is no way to switch this off.\n"
    "\n"
    "**Limits.** At most 64 messages of QoS 1 and 2 are under way at a time, or fewer when the\n"
    "broker says so; the rest waits in the queues of the sinks. A broker of version 5 sends\n"
    "no message over 16 MiB. A QoS that the broker cannot do is lowered, and `retain` left out.\n"
    "\n"
    "**When a sink is full.** A link that feeds a full queue is not read for a while, so that\n"
    "the broker has to keep the messages, as long as it is willing to. We go on telling it that\n"
    "we are there. Sinks on the same link do not have this effect, because their confirmations\n"
    "come in that way.\n"
    "\n"
    "Messages of QoS 1 and 2 are confirmed to the broker when they arrive, before the flow has\n"
    "dealt with them.\n";

const char mf_mqtt_link_example[] =
    "moat-flow: 1\n"
    "links:\n"
    "  broker:\n"
    "    mqtt: mqtts://broker.example\n"
    "    login: flow\n"
    "    password: \"${secret:mqtt}\"\n"
    "    clean: false\n"
    "    will: {topic: home/flow/state, value: offline, retain: true}\n"
    "nodes:\n"
    "  outside: {mqtt.subscribe: home/garden/temperature, format: number, unit: °C}\n"
    "  frost: {when: outside < 3 °C}\n"
    "  warn: {mqtt.publish: home/garden/frost, from: frost, retain: true, on_change: true}\n";

static void check_tls(const struct mf_mqtt_options *o, struct mf_check *check)
{
    static const char *const names[] = {"ca", "cert", "key"};
    const char *values[] = {o->ca, o->cert, o->key};

    for (unsigned i = 0; i < 3 && !o->address.is_tls; i++)
        if (values[i] && o->address.host)
            mf_diag_help(mf_diag(check->diags, MF_ERROR, CODE_TOGETHER,
                                 mf_check_at(check, names[i]),
                                 "`%s` is for TLS, and the address says `mqtt://`", names[i]),
                         "say `mqtts://` to use TLS, or leave `%s` out", names[i]);
    if (!o->cert != !o->key && o->address.is_tls)
        mf_diag(check->diags, MF_ERROR, CODE_TOGETHER, mf_check_at(check, o->cert ? "cert" : "key"),
                "`cert` and `key` belong together, and `%s` is missing", o->cert ? "key" : "cert");
}

void mf_mqtt_link_check(const void *config, struct mf_check *check)
{
    const struct mf_mqtt_options *o = config;

    check_tls(o, check);
    if (o->password && !o->login)
        mf_diag(check->diags, MF_ERROR, CODE_TOGETHER, mf_check_at(check, "password"),
                "`password` needs a `login`");
    if (o->has_expiry && o->clean)
        mf_diag_help(mf_diag(check->diags, MF_ERROR, CODE_TOGETHER,
                             mf_check_at(check, "session_expiry"),
                             "`session_expiry` has no meaning without a session to keep"),
                     "add `clean: false`, or leave it out");
    else if (o->has_expiry && o->version == 3)
        mf_diag(check->diags, MF_ERROR, CODE_TOGETHER, mf_check_at(check, "session_expiry"),
                "`session_expiry` needs version 5; in version 3 the broker decides");
}

void mf_mqtt_options_setup(const struct mf_mqtt_options *options, struct mf_mqtt_setup *ret)
{
    *ret = (struct mf_mqtt_setup){
        .host = options->address.host,
        .port = options->address.port,
        .is_tls = options->address.is_tls,
        .ca = options->ca,
        .cert = options->cert,
        .key = options->key,
        .login = options->login,
        .password = options->password,
        .keepalive = (int)(options->keepalive / MF_SEC),
        .version = options->version,
        .clean = options->clean,
        .expiry = (uint32_t)(options->session_expiry / MF_SEC),
        .max_packet = PACKET_MAX,
    };
    if (!options->has_will)
        return;
    ret->will_topic = options->will.topic;
    ret->will_value = options->will.value;
    ret->will_qos = (int)options->will.qos;
    ret->will_retain = options->will.retain;
}
