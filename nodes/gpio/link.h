/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * The gpio link, as the kinds on it see it.
 *
 * A node has a *user* in its state for the one line it wants. It joins when it wants the line, and
 * has it from begun() until ended(): at once when the chip is there, later when it comes, and again
 * each time the chip has been plugged out and in. It leaves in stop(); a line that is wanted again
 * in the same moment, by a node that a reload has changed, is not let go in between.
 *
 *   static void begun(struct mf_gpio_user *user) …            mf_gpio_user_get() says the level
 *   static void events(user, events, count) …                 edges, in order
 *   static void ended(user) …                                 the chip has gone: stale
 *   static void failed(user, err) { mf_node_fail(user->owner, err); }
 */

#include "engine/base/list.h"
#include "engine/graph/link.h"
#include "nodes/gpio/line.h"
#include "nodes/gpio/where.h"

extern const struct mf_link_kind mf_link_kind_gpio;

struct mf_gpio_link_config {
    const char *chip;
};
/* The chip in one way of writing it, as far as that is known without looking. */
const char *mf_gpio_link_chip(const struct mf_gpio_link_config *config);

struct mf_gpio_user {
    /* The owner's to fill, before it joins. */
    struct mf_gpio_wish wish; /* but for `lines` and `count` */
    const char *line;         /* number or name */
    void (*begun)(struct mf_gpio_user *user);
    void (*ended)(struct mf_gpio_user *user); /* may be NULL */
    /* The line cannot be had although the chip is there; the user has left. */
    void (*failed)(struct mf_gpio_user *user, const struct mf_error *err);
    /* May be NULL where `wish.edges` is 0. */
    void (*events)(struct mf_gpio_user *user, const struct mf_gpio_event *events, unsigned count);
    void *owner;
    bool rests; /* an output that is switched off before it is let go */
    /* The link's. */
    struct mf_list in; /* of the link, or zero */
    struct mf_gpio_line *has;
};

/* When the chip is there begun() is called from within; otherwise later. On an error the user has
 * not joined. */
int mf_gpio_join(struct mf_link *link, struct mf_gpio_user *user, struct mf_error *err);
/* Harmless for one that has not joined. */
void mf_gpio_leave(struct mf_link *link, struct mf_gpio_user *user);
static inline bool mf_gpio_user_has_line(const struct mf_gpio_user *user)
{
    return user->has;
}
/* MF_ELINK: the chip has gone, ended() follows soon. */
int mf_gpio_user_get(struct mf_link *link, struct mf_gpio_user *user, bool *ret,
                     struct mf_error *err);
/* Hands over the edges that have come and were not read yet: events() is called from within. */
void mf_gpio_user_fetch(struct mf_link *link, struct mf_gpio_user *user);
int mf_gpio_user_set(struct mf_link *link, struct mf_gpio_user *user, bool level,
                     struct mf_error *err);
