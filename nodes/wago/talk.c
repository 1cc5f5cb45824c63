/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See talk.h. */

#include "nodes/wago/talk.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/alloc.h"

/* ---- asks ---- */

void mf_wago_ask_init(struct mf_wago_ask *ask,
                      void (*done)(struct mf_wago_ask *ask, const struct mf_wago_said *said),
                      void *owner)
{
    memset(ask, 0, sizeof(*ask));
    mf_list_init(&ask->in);
    ask->done = done;
    ask->owner = owner;
}

static void __attribute__((format(printf, 2, 0)))
print(struct mf_wago_ask *ask, const char *fmt, va_list args)
{
    int len = vsnprintf(ask->text, sizeof(ask->text), fmt, args);

    (void)len; /* without assert() nobody looks at it */
    assert(len >= 0 && (size_t)len < sizeof(ask->text));
}

void mf_wago_ask_print(struct mf_wago_ask *ask, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    print(ask, fmt, args);
    va_end(args);
}

bool mf_wago_ask_is_open(const struct mf_wago_ask *ask)
{
    return ask->is_under_way || !mf_list_is_empty(&ask->in);
}

void mf_wago_talk_want(struct mf_wago_talk *talk, struct mf_wago_ask *ask)
{
    if (!mf_wago_ask_is_open(ask))
        mf_list_append(&talk->waiting, &ask->in);
}

/* Whatever it was, also that a monitor was created. */
static void told(struct mf_wago_ask *ask, const struct mf_wago_said *said)
{
    mf_free(ask);
}

void mf_wago_talk_tell(struct mf_wago_talk *talk, const char *fmt, ...)
{
    struct mf_wago_ask *ask = mf_alloc(sizeof(*ask));
    va_list args;

    mf_wago_ask_init(ask, told, NULL);
    va_start(args, fmt);
    print(ask, fmt, args);
    va_end(args);
    mf_wago_talk_want(talk, ask);
}

void mf_wago_talk_forget(struct mf_wago_talk *talk, struct mf_wago_ask *ask)
{
    mf_list_remove(&ask->in);
    for (unsigned i = 0; ask->is_under_way && i < talk->count; i++) {
        struct mf_wago_under_way *entry = &talk->ring[(talk->first + i) % MF_WAGO_UNDER_WAY];

        if (entry->ask == ask)
            entry->ask = NULL;
    }
    ask->is_under_way = false;
}

static struct mf_wago_under_way under_way(struct mf_wago_ask *ask)
{
    bool is_told = ask->done == told;

    return (struct mf_wago_under_way){
        .ask = ask,
        .creates = is_told || ask->monitor,
        .is_kept = is_told || (ask->monitor && ask->monitor->outlives),
    };
}

bool mf_wago_talk_may_send(const struct mf_wago_talk *talk)
{
    return talk->count < MF_WAGO_UNDER_WAY && !mf_list_is_empty(&talk->waiting);
}

void mf_wago_talk_send(struct mf_wago_talk *talk, struct mf_buf *buf)
{
    while (mf_wago_talk_may_send(talk)) {
        struct mf_wago_ask *ask = mf_list_entry(talk->waiting.next, struct mf_wago_ask, in);

        mf_list_remove(&ask->in);
        ask->is_under_way = true;
        talk->ring[(talk->first + talk->count++) % MF_WAGO_UNDER_WAY] = under_way(ask);
        talk->commands++;
        mf_buf_printf(buf, "%s\n", ask->text);
    }
}

void mf_wago_talk_send_last(struct mf_wago_talk *talk, struct mf_buf *buf)
{
    for (struct mf_list *at = talk->waiting.next; at != &talk->waiting; at = at->next) {
        talk->commands++;
        mf_buf_printf(buf, "%s\n", mf_list_entry(at, struct mf_wago_ask, in)->text);
    }
}

/* ---- monitors ---- */

void mf_wago_monitor_init(struct mf_wago_monitor *monitor,
                          void (*said)(struct mf_wago_monitor *monitor,
                                       const struct mf_wago_said *said),
                          void *owner)
{
    mf_list_init(&monitor->in);
    monitor->id = 0;
    monitor->said = said;
    monitor->owner = owner;
}

static struct mf_list *bucket(struct mf_wago_talk *talk, int64_t id)
{
    return &talk->monitors[(uint64_t)id % MF_WAGO_BUCKETS];
}

void mf_wago_talk_let_go(struct mf_wago_talk *talk, struct mf_wago_monitor *monitor)
{
    if (!monitor->id)
        return;
    mf_list_remove(&monitor->in);
    monitor->id = 0;
    talk->monitor_count--;
}

void mf_wago_talk_adopt(struct mf_wago_talk *talk, struct mf_wago_monitor *monitor, int64_t id)
{
    mf_wago_talk_let_go(talk, monitor);
    monitor->id = id;
    mf_list_append(bucket(talk, id), &monitor->in);
    talk->monitor_count++;
}

/* The id of one that nobody has is no fault: some end twice. */
static void signal_monitor(struct mf_wago_talk *talk, const struct mf_wago_said *said)
{
    struct mf_list *head = bucket(talk, said->id);

    talk->signals++;
    for (struct mf_list *at = head->next; at != head; at = at->next) {
        struct mf_wago_monitor *monitor = mf_list_entry(at, struct mf_wago_monitor, in);

        if (monitor->id != said->id)
            continue;
        if (said->sort == MF_WAGO_GONE)
            mf_wago_talk_let_go(talk, monitor);
        monitor->said(monitor, said);
        return;
    }
}

/* ---- replies ---- */

static struct mf_wago_under_way take_oldest(struct mf_wago_talk *talk)
{
    struct mf_wago_under_way entry = talk->ring[talk->first];

    talk->first = (talk->first + 1) % MF_WAGO_UNDER_WAY;
    talk->count--;
    if (entry.ask)
        entry.ask->is_under_way = false;
    return entry;
}

static int unasked(const struct mf_wago_said *said, struct mf_error *err)
{
    return mf_fail(err, MF_EINVAL, "the controller answers what nobody asked: `%.60s`", said->text);
}

int mf_wago_talk_hear(struct mf_wago_talk *talk, const struct mf_wago_said *said,
                      struct mf_error *err)
{
    struct mf_wago_under_way entry;
    bool is_created = said->sort == MF_WAGO_CREATED;

    if (said->sort == MF_WAGO_INFO)
        return MF_OK;
    if (said->sort == MF_WAGO_SIGNAL || said->sort == MF_WAGO_GONE) {
        signal_monitor(talk, said);
        return MF_OK;
    }
    if (!talk->count || (is_created && !talk->ring[talk->first].creates))
        return unasked(said, err);
    entry = take_oldest(talk);
    talk->failures += said->sort == MF_WAGO_FAILED;
    if (is_created && entry.ask && entry.ask->monitor)
        mf_wago_talk_adopt(talk, entry.ask->monitor, said->id);
    else if (is_created && !entry.is_kept)
        mf_wago_talk_tell(talk, "m- %lld", (long long)said->id);
    if (entry.ask)
        entry.ask->done(entry.ask, said);
    return MF_OK;
}

/* ---- life ---- */

void mf_wago_talk_init(struct mf_wago_talk *talk)
{
    memset(talk, 0, sizeof(*talk));
    mf_list_init(&talk->waiting);
    for (unsigned i = 0; i < MF_WAGO_BUCKETS; i++)
        mf_list_init(&talk->monitors[i]);
}

void mf_wago_talk_end(struct mf_wago_talk *talk)
{
    for (unsigned i = 0; i < MF_WAGO_BUCKETS; i++)
        while (!mf_list_is_empty(&talk->monitors[i]))
            mf_wago_talk_let_go(talk,
                                mf_list_entry(talk->monitors[i].next, struct mf_wago_monitor, in));
    while (talk->count) {
        struct mf_wago_ask *ask = take_oldest(talk).ask;

        if (ask)
            ask->done(ask, NULL);
    }
    while (!mf_list_is_empty(&talk->waiting)) {
        struct mf_wago_ask *ask = mf_list_entry(talk->waiting.next, struct mf_wago_ask, in);

        mf_list_remove(&ask->in);
        ask->done(ask, NULL);
    }
}
