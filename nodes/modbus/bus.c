/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See bus.h. */

#include "nodes/modbus/bus.h"

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/clock.h"
#include "engine/value/msg.h"

enum {
    DOUBLINGS = 6,
    SPLITS = 1, /* that a value may have a part in before it is read alone for good */
};

void mf_modbus_bus_init(struct mf_modbus_bus *bus, struct mf_modbus_limits limits)
{
    memset(bus, 0, sizeof(*bus));
    bus->limits = limits;
    bus->patience = MF_MODBUS_PATIENCE;
    mf_list_init(&bus->round);
    mf_list_init(&bus->doubtful);
    mf_list_init(&bus->asked.wishes);
}

void mf_modbus_bus_done(struct mf_modbus_bus *bus)
{
    for (unsigned i = 0; i < MF_MODBUS_UNITS; i++)
        mf_free(bus->units[i]);
}

static struct mf_modbus_unit *unit_of(struct mf_modbus_bus *bus, uint8_t number)
{
    struct mf_modbus_unit *unit = bus->units[number];

    if (unit)
        return unit;
    unit = bus->units[number] = mf_zalloc(sizeof(*unit));
    unit->number = number;
    mf_list_init(&unit->in);
    mf_list_init(&unit->reads);
    mf_list_init(&unit->writes);
    return unit;
}

/* ---- wishes ---- */

void mf_modbus_wish_init(struct mf_modbus_wish *wish)
{
    mf_list_init(&wish->in);
}

bool mf_modbus_wish_is_open(const struct mf_modbus_wish *wish)
{
    return !mf_list_is_empty(&wish->in);
}

const char *mf_modbus_rests(const struct mf_modbus_bus *bus, uint8_t unit, int64_t now,
                            int64_t *ret_until)
{
    const struct mf_modbus_unit *is = bus->units[unit];

    if (!is || is->rests_until <= now)
        return NULL;
    *ret_until = is->rests_until;
    return is->rest_reason;
}

static bool has_work(const struct mf_modbus_unit *unit)
{
    return !mf_list_is_empty(&unit->reads) || !mf_list_is_empty(&unit->writes);
}

/* A frame that was lost once, or a write, has its turn among the others. */
static bool is_doubtful(const struct mf_modbus_unit *unit)
{
    return unit->failures && mf_list_is_empty(&unit->writes);
}

static void join_round(struct mf_modbus_bus *bus, struct mf_modbus_unit *unit)
{
    if (mf_list_is_empty(&unit->in) && has_work(unit))
        mf_list_append(is_doubtful(unit) ? &bus->doubtful : &bus->round, &unit->in);
}

/* Something has made it doubtful, or not so any more. */
static void change_sides(struct mf_modbus_bus *bus, struct mf_modbus_unit *unit)
{
    mf_list_remove(&unit->in);
    join_round(bus, unit);
}

bool mf_modbus_want(struct mf_modbus_bus *bus, struct mf_modbus_wish *wish, int64_t now)
{
    struct mf_modbus_unit *unit = unit_of(bus, wish->unit);

    if (mf_modbus_wish_is_open(wish))
        return true;
    if (unit->rests_until > now || bus->wanted >= MF_MODBUS_WANTED)
        return false;
    mf_list_append(wish->is_write ? &unit->writes : &unit->reads, &wish->in);
    bus->wanted++;
    if (wish->is_write && unit->failures)
        change_sides(bus, unit);
    else
        join_round(bus, unit);
    return true;
}

void mf_modbus_unwant(struct mf_modbus_bus *bus, struct mf_modbus_wish *wish)
{
    if (!mf_modbus_wish_is_open(wish))
        return;
    mf_list_remove(&wish->in);
    bus->wanted--;
}

static void end_wish(struct mf_modbus_bus *bus, struct mf_modbus_wish *wish, enum mf_modbus_end end,
                     const uint16_t *words, const char *reason)
{
    mf_modbus_unwant(bus, wish);
    wish->done(wish, end, words, reason);
}

/* What is wished anew meanwhile is not among them. */
static void end_all(struct mf_modbus_bus *bus, struct mf_list *wishes, enum mf_modbus_end end,
                    const char *reason)
{
    struct mf_list ending;

    mf_list_init(&ending);
    while (!mf_list_is_empty(wishes)) {
        struct mf_list *first = wishes->next;

        mf_list_remove(first);
        mf_list_append(&ending, first);
    }
    while (!mf_list_is_empty(&ending))
        end_wish(bus, mf_list_entry(ending.next, struct mf_modbus_wish, in), end, NULL, reason);
}

/* ---- the next request ---- */

static void take(struct mf_modbus_asked *asked, struct mf_modbus_wish *wish)
{
    mf_list_remove(&wish->in);
    mf_list_append(&asked->wishes, &wish->in);
}

static unsigned end_of(const struct mf_modbus_wish *wish)
{
    return (unsigned)wish->address + wish->count;
}

/* A read that grows, register by register of what is wished. */
struct span {
    enum mf_modbus_area area;
    unsigned from, end, limit;
    bool takes_no_gap;
};

static unsigned least(unsigned limit, unsigned other)
{
    return other && other < limit ? other : limit;
}

/* Registers that one read may hold which fulfils the wish. */
static unsigned limit_of(const struct mf_modbus_bus *bus, const struct mf_modbus_wish *wish)
{
    unsigned limit = mf_modbus_read_limit(wish->area);

    return mf_modbus_has_bits(wish->area) ? limit
                                          : least(least(limit, bus->limits.max_words), wish->most);
}

/* Grows the span by the read that lies nearest and still fits; NULL when there is none. */
static struct mf_modbus_wish *nearest(const struct mf_modbus_bus *bus, struct mf_list *reads,
                                      struct span *span)
{
    for (struct mf_list *at = reads->next; at != reads; at = at->next) {
        struct mf_modbus_wish *wish = mf_list_entry(at, struct mf_modbus_wish, in);
        unsigned low = wish->address < span->from ? wish->address : span->from;
        unsigned high = end_of(wish) > span->end ? end_of(wish) : span->end;
        unsigned gap = span->takes_no_gap || wish->takes_no_gap ? 0 : bus->limits.max_gap;
        unsigned limit = least(span->limit, limit_of(bus, wish));

        if (wish->area != span->area || wish->is_alone || wish->address > span->end + gap ||
            end_of(wish) + gap < span->from || high - low > limit)
            continue;
        span->from = low;
        span->end = high;
        span->limit = limit;
        return wish;
    }
    return NULL;
}

static void ask_read(struct mf_modbus_bus *bus, struct mf_modbus_unit *unit)
{
    struct mf_modbus_asked *asked = &bus->asked;
    struct mf_modbus_wish *wish = mf_list_entry(unit->reads.next, struct mf_modbus_wish, in);
    struct span span = {wish->area, wish->address, end_of(wish), limit_of(bus, wish),
                        wish->takes_no_gap};
    bool is_alone = wish->is_alone;

    asked->area = wish->area;
    do
        take(asked, wish);
    while (!is_alone && (wish = nearest(bus, &unit->reads, &span)));
    asked->address = (uint16_t)span.from;
    asked->len = mf_modbus_ask_read(asked->area, asked->address, (uint16_t)(span.end - span.from),
                                    asked->pdu);
}

static void ask_write(struct mf_modbus_bus *bus, struct mf_modbus_unit *unit)
{
    struct mf_modbus_asked *asked = &bus->asked;
    struct mf_modbus_wish *wish = mf_list_entry(unit->writes.next, struct mf_modbus_wish, in);

    take(asked, wish);
    asked->area = wish->area;
    asked->address = wish->address;
    asked->len =
        mf_modbus_ask_write(wish->area, wish->address, wish->words, wish->count, asked->pdu);
}

/* The first of those with something to do; the others do not want it any more. NULL: none. */
static struct mf_modbus_unit *first_of(struct mf_list *units)
{
    while (!mf_list_is_empty(units)) {
        struct mf_modbus_unit *unit = mf_list_entry(units->next, struct mf_modbus_unit, in);

        if (has_work(unit))
            return unit;
        mf_list_remove(&unit->in);
    }
    return NULL;
}

static struct mf_modbus_unit *next_unit(struct mf_modbus_bus *bus)
{
    struct mf_modbus_unit *unit = first_of(&bus->round), *doubtful = first_of(&bus->doubtful);

    if (!doubtful || (unit && bus->patience)) {
        bus->patience -= doubtful != NULL;
        return unit;
    }
    bus->patience = MF_MODBUS_PATIENCE;
    return doubtful;
}

bool mf_modbus_bus_next(struct mf_modbus_bus *bus, int64_t now)
{
    struct mf_modbus_unit *unit = bus->is_busy ? NULL : next_unit(bus);

    if (!unit)
        return false;
    mf_list_remove(&unit->in);
    bus->asked.unit = unit->number;
    if (!mf_list_is_empty(&unit->writes))
        ask_write(bus, unit);
    else
        ask_read(bus, unit);
    bus->is_busy = true;
    bus->counts.requests++;
    return true;
}

/* ---- how it ended ---- */

static struct mf_modbus_unit *asked_unit(struct mf_modbus_bus *bus)
{
    bus->is_busy = false;
    return unit_of(bus, bus->asked.unit);
}

/* The others have had their turn when it comes again. */
static void again(struct mf_modbus_bus *bus, struct mf_modbus_unit *unit)
{
    while (!mf_list_is_empty(&bus->asked.wishes)) {
        struct mf_modbus_wish *wish =
            mf_list_entry(bus->asked.wishes.prev, struct mf_modbus_wish, in);
        struct mf_list *list = wish->is_write ? &unit->writes : &unit->reads;

        mf_list_remove(&wish->in);
        mf_list_append(list->next, &wish->in); /* before the first */
    }
}

static void rest(struct mf_modbus_bus *bus, struct mf_modbus_unit *unit, int64_t now,
                 const char *reason)
{
    uint32_t doublings = unit->failures < DOUBLINGS ? unit->failures : DOUBLINGS;
    int64_t pause = MF_MODBUS_REST_FIRST << doublings;

    unit->failures++;
    unit->tries = 0;
    unit->rest_reason = reason;
    unit->rests_until = now + (pause < MF_MODBUS_REST_MAX ? pause : MF_MODBUS_REST_MAX);
    end_all(bus, &bus->asked.wishes, MF_MODBUS_SILENT, reason);
    end_all(bus, &unit->writes, MF_MODBUS_SILENT, reason);
    end_all(bus, &unit->reads, MF_MODBUS_SILENT, reason);
}

void mf_modbus_bus_silence(struct mf_modbus_bus *bus, int64_t now)
{
    struct mf_modbus_unit *unit = asked_unit(bus);

    bus->counts.timeouts++;
    /* One that was silent before must answer at once. */
    if (unit->failures == 0 && unit->tries++ < bus->limits.retries)
        again(bus, unit);
    else
        rest(bus, unit, now, mf_reason_timeout);
    change_sides(bus, unit);
}

/*
 * The unit refuses to read several values at once (busy is another matter): one of them it does not
 * have, or a register between them. Each is asked for alone then. Those it has travel together
 * again, but not across gaps; when that is refused, too, they go alone for good.
 */
static bool split(struct mf_modbus_bus *bus, struct mf_modbus_unit *unit)
{
    struct mf_list *wishes = &bus->asked.wishes;

    if (wishes->next == wishes->prev)
        return false;
    for (struct mf_list *at = wishes->next; at != wishes; at = at->next) {
        struct mf_modbus_wish *wish = mf_list_entry(at, struct mf_modbus_wish, in);

        wish->is_alone = wish->takes_no_gap = true;
        wish->splits++;
    }
    again(bus, unit);
    return true;
}

static void answered(struct mf_modbus_bus *bus, const uint16_t *words)
{
    struct mf_modbus_asked *asked = &bus->asked;
    struct mf_list ending;

    mf_list_init(&ending);
    while (!mf_list_is_empty(&asked->wishes)) {
        struct mf_list *first = asked->wishes.next;

        mf_list_remove(first);
        mf_list_append(&ending, first);
    }
    while (!mf_list_is_empty(&ending)) {
        struct mf_modbus_wish *wish = mf_list_entry(ending.next, struct mf_modbus_wish, in);

        wish->is_alone = wish->splits > SPLITS;
        end_wish(bus, wish, MF_MODBUS_DONE,
                 wish->is_write ? NULL : words + (wish->address - asked->address), NULL);
    }
}

void mf_modbus_bus_answer(struct mf_modbus_bus *bus, int64_t now, const uint8_t *pdu, size_t len)
{
    uint16_t words[MF_MODBUS_READ_BITS];
    struct mf_error err;
    int rc = mf_modbus_reply(bus->asked.pdu, pdu, len, words, &err);
    struct mf_modbus_unit *unit;

    if (rc < 0) {
        bus->counts.misfits++;
        mf_modbus_bus_silence(bus, now);
        return;
    }
    unit = asked_unit(bus);
    bus->counts.refusals += rc > 0;
    if (rc == MF_MODBUS_NO_PATH || rc == MF_MODBUS_NO_TARGET) {
        /* A gateway says so of a unit that is silent. */
        rest(bus, unit, now, mf_modbus_exception_name((uint8_t)rc));
        change_sides(bus, unit);
        return;
    }
    unit->failures = unit->tries = 0;
    unit->rests_until = 0;
    if (rc == 0)
        answered(bus, words);
    else if (rc > MF_MODBUS_FAILURE || !split(bus, unit))
        end_all(bus, &bus->asked.wishes, MF_MODBUS_REFUSED, mf_modbus_exception_name((uint8_t)rc));
    change_sides(bus, unit);
}

void mf_modbus_bus_drop(struct mf_modbus_bus *bus)
{
    bus->is_busy = false;
    end_all(bus, &bus->asked.wishes, MF_MODBUS_AWAY, mf_reason_link);
    for (unsigned i = 0; i < MF_MODBUS_UNITS; i++) {
        struct mf_modbus_unit *unit = bus->units[i];

        if (!unit)
            continue;
        mf_list_remove(&unit->in);
        unit->failures = unit->tries = 0;
        unit->rests_until = 0;
        end_all(bus, &unit->writes, MF_MODBUS_AWAY, mf_reason_link);
        end_all(bus, &unit->reads, MF_MODBUS_AWAY, mf_reason_link);
    }
}
