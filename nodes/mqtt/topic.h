/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * MQTT topics: what may be written, what matches what, and topics with holes.
 *
 * A *filter* is what one subscribes to: levels separated by `/`, `+` for any one level, `#` at the
 * end for all that follow. `$share/GROUP/FILTER` shares the messages among the members of a group.
 * A *topic* is what one publishes to: no `+`, no `#`. A *pattern* is a topic
 * with `{port}`, `{node}` and `{topic}` in it, filled for each message.
 */

#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "engine/config/type.h"

enum { MF_MQTT_TOPIC_BYTES = 65535 };

/* What is wrong with bytes [from, to) of the text. */
struct mf_mqtt_fault {
    const char *text; /* "`#` must be the last level"; NULL: nothing */
    size_t from, to;
};
struct mf_mqtt_fault mf_mqtt_check_filter(const char *text, size_t len);
struct mf_mqtt_fault mf_mqtt_check_topic(const char *text, size_t len);
struct mf_mqtt_fault mf_mqtt_check_pattern(const char *text, size_t len);

bool mf_mqtt_is_shared(const char *filter);
/* The filter proper: behind `$share/GROUP/`. */
const char *mf_mqtt_bare_filter(const char *filter);
/* Both are valid. Wildcards do not match topics that begin with `$` at the first level. */
bool mf_mqtt_matches(const char *filter, const char *topic);
/* Does `wide` match every topic that `narrow` matches? Shared filters cover nothing. */
bool mf_mqtt_covers(const char *wide, const char *narrow);

struct mf_mqtt_fill {
    const char *port, *node;
    const struct mf_value *topic; /* null: there is none */
};
/* Fills a valid pattern into the cleared `buf`; negative when there is nothing for a hole, or the
 * result is not a topic. */
int mf_mqtt_fill(const char *pattern, const struct mf_mqtt_fill *fill, struct mf_buf *buf,
                 struct mf_error *err);

/* Option types; the member is a const char *. */
extern const struct mf_type mf_type_mqtt_filter;
extern const struct mf_type mf_type_mqtt_topic;
extern const struct mf_type mf_type_mqtt_pattern;
