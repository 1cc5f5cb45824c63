/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A short list, walked from the oldest: it holds at most MF_MQTT_IN_FLIGHT. */

#include "nodes/mqtt/carried.h"

#include <string.h>

#include "engine/base/hash.h"

static uint64_t name_of(const struct mf_node *node)
{
    const char *name = mf_node_name(node);

    return mf_hash(name, strlen(name));
}

/* The queue of a replaced node moves its letters in order and gives them new numbers, so the
 * oldest orphan of that name is the letter that comes first. */
bool mf_mqtt_carried_has(struct mf_mqtt_carried *carried, struct mf_node *node,
                         const struct mf_letter *letter)
{
    uint64_t name;

    if (!letter->is_retry)
        return false;
    for (unsigned i = 0; i < carried->count; i++)
        if (carried->list[i].node == node && carried->list[i].letter == letter->number)
            return true;
    name = name_of(node);
    for (unsigned i = 0; i < carried->count; i++)
        if (!carried->list[i].node && carried->list[i].name == name) {
            carried->list[i].node = node;
            carried->list[i].letter = letter->number;
            return true;
        }
    return false;
}

void mf_mqtt_carried_add(struct mf_mqtt_carried *carried, struct mf_node *node, uint64_t letter,
                         int mid)
{
    carried->list[carried->count++] = (struct mf_mqtt_carry){mid, node, letter, name_of(node)};
}

bool mf_mqtt_carried_take(struct mf_mqtt_carried *carried, int mid, struct mf_mqtt_carry *ret)
{
    for (unsigned i = 0; i < carried->count; i++) {
        if (carried->list[i].mid != mid)
            continue;
        *ret = carried->list[i];
        carried->count--;
        memmove(&carried->list[i], &carried->list[i + 1],
                (carried->count - i) * sizeof(carried->list[0]));
        return true;
    }
    return false;
}

void mf_mqtt_carried_orphan(struct mf_mqtt_carried *carried, const struct mf_node *node)
{
    for (unsigned i = 0; i < carried->count; i++)
        if (carried->list[i].node == node)
            carried->list[i].node = NULL;
}
