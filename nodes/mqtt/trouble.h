/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Why a connection failed, as a sentence that names what to set.
 *
 * The library gives numbers, and for TLS lines in its log; a person wants to
 * know which option is wrong. What is heard while connecting is collected here
 * and explained when the connection is gone.
 */

#include <stdbool.h>

#include "engine/base/error.h"

struct mf_mqtt_setup;

struct mf_mqtt_trouble {
    /* of the setup */
    char *host, *client_id, *login; /* login NULL: none */
    int port, version, keepalive;
    bool is_tls;
    /* heard */
    unsigned facts;
    char heard[120]; /* last line of the library's log that was about an error */
    int connack;     /* the broker's answer, 0: none or yes */
    int disconnect;  /* the broker's reason (from 128 on) or the library's code */
    bool is_lost;    /* the other side closed */
    bool is_silent;  /* no answer to a ping */
    bool was_short;  /* it was open for a moment only */
};

void mf_mqtt_trouble_init(struct mf_mqtt_trouble *trouble, const struct mf_mqtt_setup *setup);
void mf_mqtt_trouble_done(struct mf_mqtt_trouble *trouble);
void mf_mqtt_trouble_clear(struct mf_mqtt_trouble *trouble); /* before the next connection */
void mf_mqtt_trouble_hear(struct mf_mqtt_trouble *trouble, const char *log_line);
/* `was_open`: the broker had said yes. `code_text` is the library's text for `disconnect`. */
int mf_mqtt_trouble_explain(const struct mf_mqtt_trouble *trouble, bool was_open,
                            const char *code_text, struct mf_error *err);
