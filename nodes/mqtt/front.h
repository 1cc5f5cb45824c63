/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * `moat-flow mqtt pub` and `moat-flow mqtt sub`: a broker from the command line,
 * without a flow.
 *
 * Both run in the foreground with a loop of their own and return when they are
 * done: 0, or a negative mf_errno with a sentence. MF_EINVAL: the command line is wrong; the
 * others: the broker does not answer, or does not let us.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/error.h"

/* How to reach the broker, for both. Zeroed members are not given. */
struct mf_mqtt_front {
    const char *uri;       /* --uri; default mqtt://localhost */
    const char *client_id; /* -i; default made of the program's name, pid and host */
    const char *login, *password;
    const char *ca_file, *ca_path, *ca_data; /* at most one; ca_data is PEM text */
    const char *cert, *key;
    int64_t keepalive; /* -k, s; default 60 */
    int version;       /* 5 (default) or 3 */
    bool keep_session; /* the opposite of --clean-session */
    const char *will_topic, *will_message;
    int will_qos;
    bool will_retain;
    int qos;           /* -q */
    const char *codec; /* -C: a format of mqtt.publish, or utf8, which is `text` and the default */
};

/* Where messages come from, in the order of the command line. */
enum mf_mqtt_front_input {
    MF_MQTT_INPUT_TEXT,        /* -m TEXT */
    MF_MQTT_INPUT_EXPR,        /* -M: JSON, or an expression as in `expr:` */
    MF_MQTT_INPUT_FILE,        /* -f FILE: a message per line, line ends included */
    MF_MQTT_INPUT_STDIN,       /* -R: all of standard input is one message, as it is */
    MF_MQTT_INPUT_STDIN_LINES, /* -s: a message per line */
    MF_MQTT_INPUT_STDIN_EXPR,  /* -S: a line as with -M each */
};

struct mf_mqtt_front_item {
    enum mf_mqtt_front_input input;
    const char *text; /* TEXT, EXPR, FILE */
};

struct mf_mqtt_front_pub {
    struct mf_mqtt_front broker;
    const char *topic; /* -t */
    bool retain;       /* -r */
    const struct mf_mqtt_front_item *items;
    size_t item_count;
};
int mf_mqtt_front_pub(const struct mf_mqtt_front_pub *pub, struct mf_error *err);

struct mf_mqtt_front_sub {
    struct mf_mqtt_front broker;
    const char *const *filters; /* -t, each once or more */
    size_t filter_count;
    int64_t count; /* -n: messages per filter; 0: without end */
    /* One line, without its end: topic TAB kind TAB data. Kinds: U text, quoted; B bytes, as hex; R
     * not what the codec reads, as it came; - anything else, as JSON. */
    void (*print)(void *arg, const char *line, size_t len);
    void *arg;
};
int mf_mqtt_front_sub(const struct mf_mqtt_front_sub *sub, struct mf_error *err);
