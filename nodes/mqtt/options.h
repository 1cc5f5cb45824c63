/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* What a link to a broker can be told, and what of it does not go together. */

#include "engine/graph/kind.h"
#include "nodes/mqtt/client.h"
#include "nodes/mqtt/url.h"

struct mf_mqtt_will {
    const char *topic, *value;
    int64_t qos;
    bool retain;
};

struct mf_mqtt_options {
    struct mf_mqtt_address address;
    const char *client_id, *login, *password;
    const char *ca, *cert, *key;
    int64_t keepalive;
    int version;
    bool clean;
    int64_t session_expiry;
    struct mf_mqtt_will will;
    bool has_will, has_expiry;
};

extern const struct mf_option mf_mqtt_link_options[];
extern const char mf_mqtt_link_doc[];
extern const char mf_mqtt_link_example[];

/* Options that all nodes on a broker have, as entries of their tables. */
#define MF_MQTT_OPTION_LINK                                                                        \
    {                                                                                              \
        "link", MF_STRING(link),                                                                   \
            .flags = MF_OPT_LINK,                                                                  \
            .summary = "Link of kind `mqtt`; may be left out where the flow has only one.",        \
    }
#define MF_MQTT_OPTION_QOS                                                                         \
    {                                                                                              \
        "qos", MF_INTEGER(qos),                                                                    \
            .fallback = "0", MF_LIMITS(0, 2),                                                      \
            .summary = "Quality of service: 0 at most once, 1 at least once, 2 exactly once.",     \
    }

void mf_mqtt_link_check(const void *config, struct mf_check *check);
/* All but the client id and the limits, borrowed from the options. */
void mf_mqtt_options_setup(const struct mf_mqtt_options *options, struct mf_mqtt_setup *ret);
