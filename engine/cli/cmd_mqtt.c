/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* mqtt pub, mqtt sub: a broker from the command line, without a flow. */

#include <stdio.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/num.h"
#include "engine/cli/commands.h"
#include "nodes/mqtt/front.h"

enum { QOS_MAX = 2 };

static const char *const versions[] = {"5", "3", NULL};

/* Option → where a message comes from. */
static const struct {
    const char *flag;
    enum mf_mqtt_front_input input;
} inputs[] = {
    {"message", MF_MQTT_INPUT_TEXT},
    {"eval", MF_MQTT_INPUT_EXPR},
    {"file", MF_MQTT_INPUT_FILE},
    {"stdin-raw", MF_MQTT_INPUT_STDIN},
    {"stdin-lines", MF_MQTT_INPUT_STDIN_LINES},
    {"stdin-eval", MF_MQTT_INPUT_STDIN_EXPR},
};

/* A whole number from 0 on; false after saying what is wrong. */
static bool read_count(const struct mf_args *args, const char *name, int64_t max, int64_t *ret)
{
    const char *text = mf_args_get(args, name);

    if (!text)
        return true;
    if (mf_num_read_int(text, strlen(text), ret) && *ret >= 0 && *ret <= max)
        return true;
    mf_usage_error(args->command, "`--%s` takes a whole number from 0 to %lld, not `%s`", name,
                   (long long)max, text);
    return false;
}

/* Two flags that say the opposite of each other; `no` is the default. */
static bool read_choice(const struct mf_args *args, const char *yes, const char *no, bool *ret)
{
    *ret = mf_args_has(args, yes);
    if (!*ret || !mf_args_has(args, no))
        return true;
    mf_usage_error(args->command, "`--%s` and `--%s` contradict each other; give one of them", yes,
                   no);
    return false;
}

static bool read_broker(const struct mf_args *args, struct mf_mqtt_front *broker)
{
    int64_t qos = 0, will_qos = 0;

    if (!read_choice(args, "keep-session", "clean-session", &broker->keep_session) ||
        !read_count(args, "qos", QOS_MAX, &qos) ||
        !read_count(args, "will-qos", QOS_MAX, &will_qos) ||
        !read_count(args, "keep-alive", UINT16_MAX, &broker->keepalive))
        return false;
    broker->uri = mf_args_get(args, "uri");
    broker->client_id = mf_args_get(args, "client-id");
    broker->login = mf_args_get(args, "login");
    broker->password = mf_args_get(args, "password");
    broker->ca_file = mf_args_get(args, "ca-file");
    broker->ca_path = mf_args_get(args, "ca-path");
    broker->ca_data = mf_args_get(args, "ca-data");
    broker->cert = mf_args_get(args, "cert");
    broker->key = mf_args_get(args, "key");
    broker->version = mf_args_choice(args, "protocol", 0) ? 3 : 5;
    broker->will_topic = mf_args_get(args, "will-topic");
    broker->will_message = mf_args_get(args, "will-message");
    broker->will_qos = (int)will_qos;
    broker->will_retain = mf_args_has(args, "will-retain");
    broker->qos = (int)qos;
    broker->codec = mf_args_get(args, "codec");
    return true;
}

static int outcome(int rc, const struct mf_args *args, const struct mf_error *err)
{
    if (rc == MF_OK)
        return MF_EXIT_OK;
    if (rc == MF_EINVAL)
        return mf_usage_error(args->command, "%s", err->text);
    fprintf(stderr, "moat-flow: %s\n", err->text);
    return rc == MF_ETIMEOUT ? MF_EXIT_TIME : MF_EXIT_PEER;
}

static int publish(const struct mf_args *args)
{
    struct mf_mqtt_front_pub pub = {.topic = mf_args_get(args, "topic")};
    struct mf_mqtt_front_item *items;
    struct mf_error err = {0};
    int rc;

    if (!read_choice(args, "retain", "no-retain", &pub.retain) || !read_broker(args, &pub.broker))
        return MF_EXIT_USAGE;
    items = mf_calloc_array(args->given_count + 1, sizeof *items);
    for (size_t i = 0; i < args->given_count; i++)
        for (size_t k = 0; k < sizeof inputs / sizeof *inputs; k++)
            if (strcmp(args->given[i].flag->name, inputs[k].flag) == 0)
                items[pub.item_count++] =
                    (struct mf_mqtt_front_item){inputs[k].input, args->given[i].value};
    pub.items = items;
    rc = mf_mqtt_front_pub(&pub, &err);
    mf_free(items);
    return outcome(rc, args, &err);
}

static void print_line(void *arg, const char *line, size_t len)
{
    (void)arg;
    fwrite(line, 1, len, stdout);
    putchar('\n');
    fflush(stdout);
}

static int subscribe(const struct mf_args *args)
{
    struct mf_mqtt_front_sub sub = {.print = print_line};
    const char **filters;
    struct mf_error err = {0};
    int rc;

    if (!read_broker(args, &sub.broker) || !read_count(args, "count", INT64_MAX, &sub.count))
        return MF_EXIT_USAGE;
    filters = mf_args_all(args, "topic", &sub.filter_count);
    sub.filters = filters;
    rc = mf_mqtt_front_sub(&sub, &err);
    mf_free(filters);
    return outcome(rc, args, &err);
}

static int run(const struct mf_args *args)
{
    const char *what = args->operand_count ? args->operands[0] : "";

    if (strcmp(what, "pub") == 0)
        return publish(args);
    if (strcmp(what, "sub") == 0)
        return subscribe(args);
    return mf_usage_error(args->command, "say what to do: `mqtt pub` or `mqtt sub`");
}

static const char *const words[] = {"pub", "sub", NULL};

static const struct mf_flag flags[] = {
    {"uri", 'u', "URI", NULL, "The broker: mqtt://host:port or mqtts://host:port.",
     "mqtt://localhost"},
    {"topic", 't', "TOPIC", NULL, "Topic to publish to; for sub a filter, may be repeated.", NULL},
    {"message", 'm', "TEXT", NULL, "Publish this text; may be repeated.", NULL},
    {"eval", 'M', "EXPR", NULL, "Publish this JSON, or the result of this expression.", NULL},
    {"file", 'f', "FILE", NULL, "Publish each line of a file.", NULL},
    {"stdin-raw", 'R', NULL, NULL, "Publish all of standard input as one message.", NULL},
    {"stdin-lines", 's', NULL, NULL, "Publish each line of standard input.", NULL},
    {"stdin-eval", 'S', NULL, NULL, "Publish each line of standard input as with -M.", NULL},
    {"count", 'n', "N", NULL, "End after so many messages of each filter; 0: never.", "0"},
    {"codec", 'C', "NAME", NULL,
     "How values are written: utf8, json, number, bool, msgpack, cbor or raw.", "utf8"},
    {"qos", 'q', "0..2", NULL, "Quality of service.", "0"},
    {"retain", 'r', NULL, NULL, "The broker keeps the message for later subscribers.", NULL},
    {"no-retain", 0, NULL, NULL, "It does not; the default.", NULL},
    {"client-id", 'i', "ID", NULL, "Name of this client; made of pid and host otherwise.", NULL},
    {"login", 0, "NAME", NULL, "User name.", NULL},
    {"password", 0, "TEXT", NULL, "Password; seen by other users of this machine.", NULL},
    {"keep-alive", 'k', "SECONDS", NULL, "Time between two signs of life.", "60"},
    {"protocol", 0, "5|3", versions, "Version of MQTT: 5, or 3 for 3.1.1.", "5"},
    {"clean-session", 0, NULL, NULL, "Begin with a clean session; the default.", NULL},
    {"keep-session", 0, NULL, NULL, "Go on with the session of this client ID.", NULL},
    {"ca-file", 0, "FILE", NULL, "Certificates to trust, PEM.", NULL},
    {"ca-path", 0, "DIR", NULL, "Directory of certificates to trust.", NULL},
    {"ca-data", 0, "PEM", NULL, "Certificates to trust, as text.", NULL},
    {"cert", 0, "FILE", NULL, "Certificate of this client, PEM.", NULL},
    {"key", 0, "FILE", NULL, "Its private key, PEM.", NULL},
    {"will-topic", 0, "TOPIC", NULL, "Where the broker says that we are gone.", NULL},
    {"will-message", 0, "TEXT", NULL, "What it says.", NULL},
    {"will-qos", 0, "0..2", NULL, "Its quality of service.", "0"},
    {"will-retain", 0, NULL, NULL, "It is kept.", NULL},
    {0},
};

const struct mf_command mf_command_mqtt = {
    .name = "mqtt",
    .operands = "pub|sub",
    .summary = "Publish to or listen to an MQTT broker, without a flow.",
    .examples = "moat-flow mqtt pub -t hall/lamp -m on\n"
                "moat-flow mqtt pub -t hall/dim -C json -M '{\"level\": 30}' -r\n"
                "moat-flow mqtt sub -u mqtts://broker.lan -t 'hall/#' -n 3\n",
    .doc =
        "`sub` prints a line for each message: topic, kind and content with tabs between them.\n"
        "Kinds: U a text in quotes, B bytes as hex, R what the codec cannot read, - anything else\n"
        "as JSON. Exit code 5: the broker does not answer or refuses us. Web sockets (`ws://`), "
        "and\n"
        "with them `--extra-headers`, are not supported.\n",
    .flags = flags,
    .words = words,
    .max_operands = 1,
    .run = run,
};
