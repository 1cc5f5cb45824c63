/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Bus: which request goes out next.
 *
 * All nodes of a link share one bus, which carries one request at a time. Units take turns; a
 * unit's writes come before its reads, and reads of one area that lie close together travel in
 * one request. A unit that does not answer is asked again, after the others have had their
 * turn; one that stays silent is left alone for a while that doubles. Units that were silent last
 * time wait until the others have nothing to do, so that several of them cost the others one
 * timeout now and then and no more.
 *
 * The bus knows neither the link nor a clock: whoever owns it says what time it is.
 */

#include "engine/base/list.h"
#include "nodes/modbus/pdu.h"

enum {
    MF_MODBUS_UNITS = 256,
    MF_MODBUS_WANTED = 10000, /* reads and writes that wait on one bus */
    MF_MODBUS_PATIENCE = 100, /* of a silent unit with a bus that is always busy, in requests */
};
#define MF_MODBUS_REST_FIRST MF_SEC      /* for a silent unit … */
#define MF_MODBUS_REST_MAX (60 * MF_SEC) /* … doubling up to this */

/* How a request ended. */
enum mf_modbus_end {
    MF_MODBUS_DONE,
    MF_MODBUS_SILENT,  /* no answer, or nothing that fits */
    MF_MODBUS_REFUSED, /* the unit answered with an exception */
    MF_MODBUS_AWAY,    /* the bus is not connected */
};

/* What a node wants to be read or written; embedded in its state. */
struct mf_modbus_wish {
    struct mf_list in; /* of its unit's list, or alone */
    uint8_t unit;
    bool is_write;
    bool is_alone, takes_no_gap; /* the bus's: what reading it together with others has taught */
    uint8_t splits;
    enum mf_modbus_area area;
    uint16_t address, count;
    uint16_t most;         /* registers in one request to this device; 0: what the link allows */
    const uint16_t *words; /* of a write: valid until done() */
    /* `words` holds what was read; `reason` is a constant text, or NULL when it is done. May make
     * the same wish again. */
    void (*done)(struct mf_modbus_wish *wish, enum mf_modbus_end end, const uint16_t *words,
                 const char *reason);
    void *owner;
};

struct mf_modbus_limits {
    unsigned max_gap;   /* registers that one read may skip over */
    unsigned max_words; /* registers in one read; 0: what the protocol allows */
    unsigned retries;   /* of an answer that did not come */
};

/* A request on its way. */
struct mf_modbus_asked {
    uint8_t unit;
    uint8_t pdu[MF_MODBUS_PDU];
    size_t len;
    uint16_t address;      /* of the first register */
    struct mf_list wishes; /* that it fulfils */
    enum mf_modbus_area area;
};

struct mf_modbus_unit {
    struct mf_list in; /* of the bus's round or its doubtful ones, or alone */
    struct mf_list reads, writes;
    uint32_t failures; /* in a row */
    uint32_t tries;    /* of the wish at the head */
    int64_t rests_until;
    const char *rest_reason;
    uint8_t number;
};

struct mf_modbus_counts {
    uint64_t requests, timeouts, refusals, misfits; /* misfits: answers nobody asked for */
};

struct mf_modbus_bus {
    struct mf_modbus_limits limits;
    struct mf_modbus_unit *units[MF_MODBUS_UNITS];
    struct mf_list round;    /* units with something to do, in order of their turn */
    struct mf_list doubtful; /* … that were silent last time */
    unsigned patience;       /* requests to others until a doubtful one has its turn all the same */
    struct mf_modbus_asked asked;
    bool is_busy;
    size_t wanted;
    struct mf_modbus_counts counts;
};

void mf_modbus_bus_init(struct mf_modbus_bus *bus, struct mf_modbus_limits limits);
void mf_modbus_bus_done(struct mf_modbus_bus *bus);

void mf_modbus_wish_init(struct mf_modbus_wish *wish);
bool mf_modbus_wish_is_open(const struct mf_modbus_wish *wish);
/* False: the unit rests (a read is worth nothing then), or too much waits. */
bool mf_modbus_want(struct mf_modbus_bus *bus, struct mf_modbus_wish *wish, int64_t now);
/* Takes a wish back; what is on the wire for it is ignored. */
void mf_modbus_unwant(struct mf_modbus_bus *bus, struct mf_modbus_wish *wish);
/* Why `unit` rests, and the mono time from which on it may be asked again; NULL: it does not. */
const char *mf_modbus_rests(const struct mf_modbus_bus *bus, uint8_t unit, int64_t now,
                            int64_t *ret_until);

/* The next request, now in bus->asked; false: nothing to do, or busy. */
bool mf_modbus_bus_next(struct mf_modbus_bus *bus, int64_t now);
/* How it ended. The unit's answer; or none came in time, or it made no sense. */
void mf_modbus_bus_answer(struct mf_modbus_bus *bus, int64_t now, const uint8_t *pdu, size_t len);
void mf_modbus_bus_silence(struct mf_modbus_bus *bus, int64_t now);
/* The connection is gone: everything ends as MF_MODBUS_AWAY. */
void mf_modbus_bus_drop(struct mf_modbus_bus *bus);
