/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Is anybody there? Looks a host's name up and tries a TCP connection, with a time limit.
 *
 * libmosquitto connects as long as the kernel tries: two minutes for a host
 * that does not answer, during which nothing can stop it. So the address is
 * tried first. A host on loopback answers at once either way and is not tried, which keeps
 * empty connections out of the log of a broker beside us.
 */

#include <stdatomic.h>
#include <stdint.h>

#include "engine/base/error.h"

enum { MF_MQTT_REACH_S = 5 }; /* per address of the host */

/* 0, or MF_ELINK, MF_ETIMEOUT with a sentence. Blocks; gives up soon after *is_abandoned is set. */
int mf_mqtt_reach(const char *host, int port, int64_t limit_ns, const atomic_bool *is_abandoned,
                  struct mf_error *err);
/* The same for one address, also on loopback. */
struct sockaddr;
int mf_mqtt_reach_address(const struct sockaddr *address, unsigned address_len, int64_t limit_ns,
                          const atomic_bool *is_abandoned, struct mf_error *err);
