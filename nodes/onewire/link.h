/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * What 1-wire nodes ask of their link, be it an owserver or the kernel's own buses.
 *
 * Both kinds of links bring a struct mf_ow_service; the functions below call it. A wish is
 * answered by done(), never before the function that uttered it has returned. The text of an
 * answer is what owserver would say: the kernel's link translates.
 */

#include "engine/base/list.h"
#include "engine/graph/link.h"
#include "engine/graph/node.h"
#include "nodes/onewire/attribute.h"
#include "nodes/onewire/frame.h"

extern const struct mf_link_kind mf_link_kind_owserver;
extern const struct mf_link_kind mf_link_kind_w1;

/* A read or a write; embedded in its owner's state. */
struct mf_ow_wish {
    struct mf_list in; /* of those that wait, or alone */
    enum mf_ow_type type;
    struct mf_node *node; /* its config begins with a struct mf_ow_attribute; NULL: the link's */
    const struct mf_ow_attribute *fixed; /* of a wish of the link's own */
    bool is_latest;                      /* read what was measured last: attribute->latest */
    const char *data;                    /* of a write: valid until done() */
    /* `answer` is NULL when the link is gone; else its code says how it went. */
    void (*done)(struct mf_ow_wish *wish, const struct mf_ow_answer *answer);
    void *owner;
    uint64_t measured; /* the link's: number of the common measurement it was last read after */
};

/* Who wants to know at once that its device is in alarm; embedded in its owner's state. */
struct mf_ow_alarm {
    struct mf_list in;    /* of the link's */
    struct mf_node *node; /* as above */
    void (*raised)(struct mf_node *node);
};

struct mf_ow_service {
    bool (*want)(struct mf_link *link, struct mf_ow_wish *wish);
    void (*forget)(struct mf_link *link, struct mf_ow_wish *wish);
    struct mf_list *(*pollers)(struct mf_link *link);
    int64_t (*measure)(struct mf_link *link, const struct mf_ow_attribute *attribute);
    /* NULL: what measure() returned holds. */
    int64_t (*measured_at)(struct mf_link *link, const struct mf_ow_attribute *attribute);
    bool (*can_measure)(struct mf_link *link, const struct mf_ow_attribute *attribute);
    struct mf_list *(*alarms)(struct mf_link *link); /* NULL: there is no search for alarms */
    void (*search)(struct mf_link *link);
};

static inline const struct mf_ow_service *mf_ow_service(const struct mf_link *link)
{
    return mf_link_service(link);
}

/* A reload moves configs, also of nodes that it leaves alone: it is looked up each time. */
static inline const struct mf_ow_attribute *mf_ow_wish_attribute(const struct mf_ow_wish *wish)
{
    return wish->node ? mf_node_config(wish->node) : wish->fixed;
}

static inline void mf_ow_wish_init(struct mf_ow_wish *wish)
{
    mf_list_init(&wish->in);
}

/* False: the link is down. */
static inline bool mf_ow_want(struct mf_link *link, struct mf_ow_wish *wish)
{
    return mf_ow_service(link)->want(link, wish);
}

/* Takes a wish back. */
static inline void mf_ow_forget(struct mf_link *link, struct mf_ow_wish *wish)
{
    mf_ow_service(link)->forget(link, wish);
}

/* Where the nodes that read join: nodes/net/poller.h. */
static inline struct mf_list *mf_ow_pollers(struct mf_link *link)
{
    return mf_ow_service(link)->pollers(link);
}

/* Has all thermometers on the bus of this one measure at once, unless they are at it. Returns mono
 * time from which on they can be read; 0: that cannot be done, each has to be asked for itself. */
static inline int64_t mf_ow_measure(struct mf_link *link, const struct mf_ow_attribute *attribute)
{
    return mf_ow_service(link)->measure(link, attribute);
}

/* Mono time from which on the measurement asked for last can be read, which may have been put off
 * since mf_ow_measure(). */
static inline int64_t mf_ow_measured_at(struct mf_link *link,
                                        const struct mf_ow_attribute *attribute)
{
    const struct mf_ow_service *service = mf_ow_service(link);

    return service->measured_at ? service->measured_at(link, attribute) : 0;
}

static inline bool mf_ow_can_measure(struct mf_link *link, const struct mf_ow_attribute *attribute)
{
    return mf_ow_service(link)->can_measure(link, attribute);
}

/* raised() is called for those in `alarms` whose device a search finds. */
static inline struct mf_list *mf_ow_alarms(struct mf_link *link)
{
    return mf_ow_service(link)->alarms(link);
}

/* Asks which devices are in alarm, unless that is under way. */
static inline void mf_ow_search(struct mf_link *link)
{
    mf_ow_service(link)->search(link);
}
