/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Where a broker is: `mqtt://host`, `mqtts://host:8883`, `mqtt://[fe80::1]:1883`.
 *
 * A login does not belong into the address: addresses are logged and shown.
 */

#include "engine/base/arena.h"
#include "engine/base/error.h"
#include "engine/config/type.h"

enum { MF_MQTT_PORT = 1883, MF_MQTT_PORT_TLS = 8883 };

struct mf_mqtt_address {
    const char *host; /* without brackets */
    int port;
    bool is_tls;
};

/* Negative with a sentence that says what to write; bytes [*ret_from, *ret_to) are at fault. */
int mf_mqtt_read_address(const char *text, struct mf_arena *arena, struct mf_mqtt_address *ret,
                         size_t *ret_from, size_t *ret_to, struct mf_error *err);

/* Option type; the member is a struct mf_mqtt_address. */
extern const struct mf_type mf_type_mqtt_address;
