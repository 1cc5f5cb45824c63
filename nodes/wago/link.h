/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * The wago link, as the kinds on it see it.
 *
 * A node is a *user* from start() to stop(). Each time the controller is there, and its cards and
 * the monitors on it are known, begun() is called: the user looks whether there is such a bit, and
 * asks for what it needs. The link is up when all of them have got their replies, so that no
 * reader sees a level of before.
 */

#include "engine/graph/link.h"
#include "engine/graph/node.h"
#include "nodes/wago/lists.h"
#include "nodes/wago/place.h"
#include "nodes/wago/talk.h"

extern const struct mf_link_kind mf_link_kind_wago;

struct mf_wago_user {
    struct mf_list in; /* the link's */
    void (*begun)(struct mf_wago_user *user);
    void (*ended)(struct mf_wago_user *user); /* the connection is gone; may be NULL */
    void *owner;
};

/* begun() is called at once where the controller is there. */
void mf_wago_join(struct mf_link *link, struct mf_wago_user *user);
void mf_wago_leave(struct mf_link *link, struct mf_wago_user *user);

/* From here on the controller must be there: in begun() and later, until ended(). False: it is not.
 */
bool mf_wago_want(struct mf_link *link, struct mf_wago_ask *ask);
void mf_wago_tell(struct mf_link *link, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
struct mf_wago_talk *mf_wago_talk(struct mf_link *link);
/* MF_EDENIED, with a sentence: there is no such bit of that sort, but others. */
int mf_wago_check(struct mf_link *link, const struct mf_wago_place *place,
                  enum mf_wago_card_sort sort, struct mf_error *err);
/* Within begun(), when the connection is new: the reply to `m`; else NULL. */
const char *mf_wago_listing(struct mf_link *link);
