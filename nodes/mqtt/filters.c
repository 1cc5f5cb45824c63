/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The table of subscriptions.
 *
 * Retained messages come with each subscribe, also with one that is repeated
 * for the sake of a new reader. They are for those who have not had them: whoever was
 * served before a subscribe is sent does not want what it brings.
 */

#include "nodes/mqtt/filters.h"

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/hash.h"
#include "nodes/mqtt/topic.h"

#define ID_MAX UINT32_C(268435455)

struct mf_mqtt_filter {
    char *text;
    uint32_t id;
    struct mf_list readers;
    bool is_asked;   /* the broker has it */
    bool must_ask;   /* ask even if it has */
    bool is_refused; /* not to be had; kept until its readers are gone */
    bool is_covered; /* a wider one brings its messages */
    int asked_qos, needed_qos;
    int mid; /* of the last SUBSCRIBE; 0: answered */
};

static struct mf_mqtt_reader *reader_of(struct mf_list *item)
{
    return mf_list_entry(item, struct mf_mqtt_reader, entry);
}

static bool is_wanted(const struct mf_mqtt_filter *filter)
{
    return !mf_list_is_empty(&filter->readers);
}

static void filter_free(struct mf_mqtt_filter *filter)
{
    mf_free(filter->text);
    mf_free(filter);
}

void mf_mqtt_filters_done(struct mf_mqtt_filters *filters)
{
    for (size_t i = 0; i < filters->count; i++)
        filter_free(filters->list[i]);
    mf_free(filters->list);
    memset(filters, 0, sizeof(*filters));
}

/* ---- looking up ---- */

static uint32_t id_of(const char *text)
{
    return (uint32_t)(mf_hash_fixed(text, strlen(text)) % ID_MAX) + 1;
}

/* Index of the first filter that is not before (id, text). */
static size_t place_of(const struct mf_mqtt_filters *filters, uint32_t id, const char *text)
{
    size_t low = 0, high = filters->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct mf_mqtt_filter *filter = filters->list[middle];

        if (filter->id < id || (filter->id == id && strcmp(filter->text, text) < 0))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct mf_mqtt_filter *find_or_add(struct mf_mqtt_filters *filters, const char *text)
{
    uint32_t id = id_of(text);
    size_t place = place_of(filters, id, text);
    struct mf_mqtt_filter *filter;

    if (place < filters->count && filters->list[place]->id == id &&
        strcmp(filters->list[place]->text, text) == 0)
        return filters->list[place];
    filter = mf_zalloc(sizeof(*filter));
    filter->text = mf_strdup(text);
    filter->id = id;
    mf_list_init(&filter->readers);
    mf_grow(&filters->list, &filters->cap, filters->count, sizeof(struct mf_mqtt_filter *));
    memmove(&filters->list[place + 1], &filters->list[place],
            (filters->count - place) * sizeof(struct mf_mqtt_filter *));
    filters->list[place] = filter;
    filters->count++;
    return filter;
}

/* ---- readers ---- */

void mf_mqtt_filters_add(struct mf_mqtt_filters *filters, struct mf_mqtt_reader *reader,
                         const char *filter, int qos, bool skip_retained)
{
    struct mf_mqtt_filter *of = find_or_add(filters, filter);

    reader->of = of;
    reader->qos = qos;
    reader->skips_retained = skip_retained;
    reader->wants_retained = !skip_retained;
    reader->is_served = false;
    mf_list_append(&of->readers, &reader->entry);
    of->is_refused = false;
    of->must_ask |= reader->wants_retained;
    filters->is_dirty = true;
}

void mf_mqtt_filters_remove(struct mf_mqtt_filters *filters, struct mf_mqtt_reader *reader)
{
    if (!reader->of)
        return;
    mf_list_remove(&reader->entry);
    reader->of = NULL;
    filters->is_dirty = true;
}

/* ---- what to ask for ---- */

static void forget_unwanted(struct mf_mqtt_filters *filters)
{
    size_t kept = 0;

    for (size_t i = 0; i < filters->count; i++) {
        struct mf_mqtt_filter *filter = filters->list[i];

        if (is_wanted(filter) || filter->is_asked)
            filters->list[kept++] = filter;
        else
            filter_free(filter);
    }
    filters->count = kept;
}

void mf_mqtt_filters_reset(struct mf_mqtt_filters *filters, const struct mf_mqtt_limits *limits)
{
    filters->has_ids = limits->has_ids;
    filters->is_dirty = true;
    filters->has_dropped = false;
    for (size_t i = 0; i < filters->count; i++) {
        struct mf_mqtt_filter *filter = filters->list[i];

        filter->is_asked &= limits->has_session;
        filter->must_ask = true;
        filter->mid = 0;
        for (struct mf_list *item = filter->readers.next; item != &filter->readers;
             item = item->next) {
            reader_of(item)->is_served = false;
            reader_of(item)->wants_retained = !reader_of(item)->skips_retained;
        }
    }
}

static int own_qos(const struct mf_mqtt_filter *filter)
{
    int qos = 0;

    for (struct mf_list *item = filter->readers.next; item != &filter->readers; item = item->next)
        if (reader_of(item)->qos > qos)
            qos = reader_of(item)->qos;
    return qos;
}

static bool may_cover(const struct mf_mqtt_filter *wide, const struct mf_mqtt_filter *narrow)
{
    return wide != narrow && is_wanted(wide) && !wide->is_refused &&
           mf_mqtt_covers(wide->text, narrow->text);
}

/* Without identifiers only the widest filters are asked for, each with the best QoS of those it
 * stands for. Every pair is looked at: a link has tens of filters, seldom hundreds. */
static void plan(struct mf_mqtt_filters *filters)
{
    for (size_t i = 0; i < filters->count; i++) {
        struct mf_mqtt_filter *filter = filters->list[i];

        filter->is_covered = false;
        filter->needed_qos = own_qos(filter);
        for (size_t k = 0; k < filters->count && !filters->has_ids; k++) {
            const struct mf_mqtt_filter *other = filters->list[k];

            if (may_cover(other, filter))
                filter->is_covered = true;
            else if (may_cover(filter, other) && own_qos(other) > filter->needed_qos)
                filter->needed_qos = own_qos(other);
        }
    }
    /* Somebody new behind a covered filter wants what is retained: the wider one brings it. */
    for (size_t i = 0; i < filters->count && !filters->has_ids; i++) {
        struct mf_mqtt_filter *narrow = filters->list[i];

        if (!narrow->is_covered || !narrow->must_ask)
            continue;
        narrow->must_ask = false;
        for (size_t k = 0; k < filters->count; k++)
            filters->list[k]->must_ask |=
                !filters->list[k]->is_covered && may_cover(filters->list[k], narrow);
    }
}

/* Does anybody behind the filter want what the broker keeps? */
static bool wants_retained(const struct mf_mqtt_filters *filters,
                           const struct mf_mqtt_filter *filter)
{
    for (size_t i = 0; i < filters->count; i++) {
        const struct mf_mqtt_filter *other = filters->list[i];

        if (other != filter && (filters->has_ids || !may_cover(filter, other)))
            continue;
        for (struct mf_list *item = other->readers.next; item != &other->readers; item = item->next)
            if (reader_of(item)->wants_retained)
                return true;
    }
    return false;
}

static void stop_wanting(struct mf_mqtt_filters *filters)
{
    for (size_t i = 0; i < filters->count; i++) {
        struct mf_list *readers = &filters->list[i]->readers;

        for (struct mf_list *item = readers->next; item != readers; item = item->next)
            if (reader_of(item)->is_served)
                reader_of(item)->wants_retained = false;
    }
}

static void ask(struct mf_mqtt_filters *filters, struct mf_mqtt_filter *filter,
                struct mf_mqtt_client *client)
{
    unsigned flags = wants_retained(filters, filter) ? 0 : MF_MQTT_SKIP_RETAINED;
    struct mf_error err;

    if (mf_mqtt_client_subscribe(client, filter->text, filter->needed_qos, filter->id, flags,
                                 &filter->mid, &err) < 0)
        return; /* the connection is gone, the next one asks again */
    filter->is_asked = true;
    filter->must_ask = false;
    filter->asked_qos = filter->needed_qos;
}

void mf_mqtt_filters_sync(struct mf_mqtt_filters *filters, struct mf_mqtt_client *client)
{
    struct mf_error err;

    if (!filters->is_dirty)
        return;
    filters->is_dirty = false;
    plan(filters);
    stop_wanting(filters);
    /* First what is new: nothing may slip through between a wide filter and the narrow ones that
     * take its place. */
    for (size_t i = 0; i < filters->count; i++) {
        struct mf_mqtt_filter *filter = filters->list[i];

        if (is_wanted(filter) && !filter->is_covered && !filter->is_refused &&
            (!filter->is_asked || filter->must_ask || filter->needed_qos > filter->asked_qos))
            ask(filters, filter, client);
    }
    for (size_t i = 0; i < filters->count; i++) {
        struct mf_mqtt_filter *filter = filters->list[i];

        if (filter->is_asked && (!is_wanted(filter) || filter->is_covered) &&
            mf_mqtt_client_unsubscribe(client, filter->text, &err) == 0) {
            filter->is_asked = false;
            filters->has_dropped = true;
        }
    }
    forget_unwanted(filters);
}

/* ---- answers ---- */

static void mark_served(struct mf_mqtt_filter *filter)
{
    for (struct mf_list *item = filter->readers.next; item != &filter->readers; item = item->next)
        reader_of(item)->is_served = true;
}

/* Telling a reader may stop its node, which takes the reader out. */
static void refuse(struct mf_mqtt_filters *filters, struct mf_mqtt_filter *filter,
                   const char *reason)
{
    filter->is_asked = false;
    filter->is_refused = true;
    filters->is_dirty = true;
    while (is_wanted(filter)) {
        struct mf_mqtt_reader *reader = reader_of(filter->readers.next);

        mf_list_remove(&reader->entry);
        reader->of = NULL;
        reader->refused(reader->node, filter->text, reason);
    }
}

void mf_mqtt_filters_answered(struct mf_mqtt_filters *filters, int mid, int code,
                              const char *reason)
{
    struct mf_mqtt_filter *filter = NULL;

    for (size_t i = 0; i < filters->count && !filter; i++)
        if (filters->list[i]->mid == mid)
            filter = filters->list[i];
    if (!filter)
        return;
    filter->mid = 0;
    if (code != MF_OK) {
        refuse(filters, filter, reason);
        return;
    }
    mark_served(filter);
    for (size_t i = 0; i < filters->count && !filters->has_ids; i++)
        if (may_cover(filter, filters->list[i]))
            mark_served(filters->list[i]);
}

/* ---- messages ---- */

static bool give(struct mf_mqtt_filter *filter, const struct mf_mqtt_message *message)
{
    if (!is_wanted(filter) || !mf_mqtt_matches(filter->text, message->topic))
        return false;
    for (struct mf_list *item = filter->readers.next; item != &filter->readers; item = item->next) {
        struct mf_mqtt_reader *reader = reader_of(item);

        if (!message->is_retained || reader->wants_retained)
            reader->take(reader->node, message);
    }
    return true;
}

bool mf_mqtt_filters_take(struct mf_mqtt_filters *filters, const struct mf_mqtt_message *message)
{
    bool is_taken = false;

    if (message->id_count == 0 || !filters->has_ids) {
        for (size_t i = 0; i < filters->count; i++)
            is_taken |= give(filters->list[i], message);
        return is_taken;
    }
    for (unsigned i = 0; i < message->id_count; i++) {
        uint32_t id = message->ids[i];

        for (size_t k = place_of(filters, id, ""); k < filters->count && filters->list[k]->id == id;
             k++)
            is_taken |= give(filters->list[k], message);
    }
    return is_taken;
}
