/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Budget: how much of a serial line's time its nodes take.
 *
 * What is due at the same moment is put into requests by the bus itself (bus.h), so that the sum is
 * that of the requests which will be sent, neighbours together. A request costs its characters
 * and those of the reply, and the silence that the standard demands before each of them. How long
 * a device thinks nobody knows; it comes on top.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/clock.h"
#include "engine/graph/graph.h"
#include "nodes/modbus/device.h"
#include "nodes/modbus/line.h"

extern const struct mf_kind mf_kind_modbus_device, mf_kind_modbus_read;

enum {
    CODE_OVER = 547,
    CODE_TIGHT = 548,
    RTU_AROUND = 3, /* bytes around a PDU: unit, checksum */
    RTU_HEAD = 2,   /* bytes of a reply before its data: function, length */
    NAMED = 3,      /* nodes that a message names */
};
#define TIGHT 0.8 /* of the time; retries and the devices want some, too */

/* What one node takes. */
struct share {
    const struct mf_def *node;
    double part; /* of the line's time */
};

struct read {
    struct mf_modbus_wish wish;
    int64_t every;
    struct share *share;
};

struct budget {
    const struct mf_modbus_link_config *link;
    struct read *reads;
    size_t count, cap;
    struct share *shares;
    size_t share_count;
};

/* ---- what is wanted ---- */

static void ended(struct mf_modbus_wish *wish, enum mf_modbus_end end, const uint16_t *words,
                  const char *reason)
{
}

static void add_read(struct budget *b, const struct mf_modbus_want *want)
{
    mf_grow(&b->reads, &b->cap, b->count, sizeof(*b->reads));
    b->reads[b->count++] = (struct read){
        .wish = {.unit = want->unit,
                 .area = want->cell.area,
                 .address = want->cell.from,
                 .count = want->cell.count,
                 .most = want->most,
                 .done = ended},
        .every = want->every,
        .share = &b->shares[b->share_count],
    };
}

struct adding {
    struct budget *budget;
    const struct mf_def *node;
    bool is_all;
};

static void add_register(void *arg, unsigned out, const struct mf_modbus_want *want)
{
    const struct adding *adding = arg;

    if (adding->is_all || adding->node->outs[out].reader_count)
        add_read(adding->budget, want);
}

static bool is_read(const struct mf_def *node)
{
    for (unsigned i = 0; i < node->out_count; i++)
        if (node->outs[i].reader_count)
            return true;
    return false;
}

static void add_node(struct budget *b, const struct mf_def *node)
{
    b->shares[b->share_count].node = node;
    if (node->kind == &mf_kind_modbus_device) {
        const struct mf_modbus_device_config *c = node->config;
        struct adding adding = {b, node, c->registers.count || !is_read(node)};

        mf_modbus_device_wants(c, add_register, &adding);
    } else if (node->kind == &mf_kind_modbus_read) {
        struct mf_modbus_want want = mf_modbus_read_want(node->config);

        add_read(b, &want);
    }
    b->share_count++;
}

/* ---- what it takes ---- */

/* Seconds of a request and its reply, with the silence around them. */
static double seconds(const struct mf_modbus_link_config *link, unsigned request, unsigned reply)
{
    int bits = 1 + 8 + (link->parity != MF_PARITY_NONE) + (int)link->stop_bits;
    int64_t pause = mf_modbus_line_pause(link->baud);
    int64_t gap = link->gap > pause ? link->gap : pause;

    return (double)(request + reply) * bits / (double)link->baud +
           (double)(pause + gap) / (double)MF_SEC;
}

static unsigned payload(const struct mf_modbus_asked *asked)
{
    unsigned count = (unsigned)asked->pdu[3] << 8 | asked->pdu[4];

    return mf_modbus_has_bits(asked->area) ? (count + 7) / 8 : 2 * count;
}

/* The request's time goes to those who wanted it, in equal parts. */
static void charge(const struct budget *b, struct mf_modbus_asked *asked)
{
    double time =
        seconds(b->link, RTU_AROUND + (unsigned)asked->len, RTU_AROUND + RTU_HEAD + payload(asked));
    unsigned wishes = 0;

    for (struct mf_list *at = asked->wishes.next; at != &asked->wishes; at = at->next)
        wishes++;
    for (struct mf_list *at = asked->wishes.next; at != &asked->wishes; at = at->next) {
        struct mf_modbus_wish *wish = mf_list_entry(at, struct mf_modbus_wish, in);
        struct read *read = mf_list_entry(wish, struct read, wish);

        read->share->part += time / wishes * (double)MF_SEC / (double)read->every;
    }
}

/* All reads from `first` on that have the same interval: they are due together. */
static size_t simulate(struct budget *b, size_t first)
{
    struct mf_modbus_bus bus;
    size_t end = first;

    mf_modbus_bus_init(&bus, (struct mf_modbus_limits){
                                 .max_gap = (unsigned)b->link->max_gap,
                                 .max_words = (unsigned)b->link->max_registers,
                             });
    while (end < b->count && b->reads[end].every == b->reads[first].every) {
        mf_modbus_wish_init(&b->reads[end].wish);
        mf_modbus_want(&bus, &b->reads[end++].wish, 0);
    }
    while (mf_modbus_bus_next(&bus, 0)) {
        uint8_t reply[MF_MODBUS_PDU] = {bus.asked.pdu[0], (uint8_t)payload(&bus.asked)};

        charge(b, &bus.asked);
        mf_modbus_bus_answer(&bus, 0, reply, RTU_HEAD + payload(&bus.asked));
    }
    mf_modbus_bus_done(&bus);
    return end;
}

static int by_interval(const void *a, const void *b)
{
    const struct read *x = a, *y = b;

    if (x->every != y->every)
        return x->every < y->every ? -1 : 1;
    if (x->wish.unit != y->wish.unit)
        return x->wish.unit < y->wish.unit ? -1 : 1;
    return (x->wish.address > y->wish.address) - (x->wish.address < y->wish.address);
}

static int by_part(const void *a, const void *b)
{
    const struct share *x = a, *y = b;

    return (x->part < y->part) - (x->part > y->part);
}

/* ---- what is said ---- */

static double percent(double part)
{
    return round(100 * part);
}

static void tell(const struct budget *b, double part, struct mf_check *check)
{
    bool is_over = part > 1;
    struct mf_diag *diag;

    if (is_over)
        diag =
            mf_diag(check->diags, MF_ERROR, CODE_OVER, check->item->at,
                    "the line cannot carry what is read over `%s`: at %lld baud it takes %.0f %% "
                    "of the time",
                    check->item->name, (long long)b->link->baud, percent(part));
    else
        diag = mf_diag(check->diags, MF_WARNING, CODE_TIGHT, check->item->at,
                       "what is read over `%s` takes %.0f %% of the line's time at %lld baud, "
                       "beside the time in which devices think",
                       check->item->name, percent(part), (long long)b->link->baud);
    for (size_t i = 0; i < b->share_count && i < NAMED && percent(b->shares[i].part) >= 1; i++)
        mf_diag_related(diag, mf_check_node(b->shares[i].node), "`%s` takes %.0f %%",
                        b->shares[i].node->name, percent(b->shares[i].part));
    mf_diag_help(diag, "read less often (`every`, `slots`), fewer registers, neighbours in one "
                       "request (`max_gap`), or at a higher `baud`");
}

void mf_modbus_check_nodes(const void *config, const struct mf_def *const *nodes, size_t count,
                           struct mf_check *check)
{
    struct budget b = {.link = config};
    double part = 0;

    if (!b.link->place.is_serial)
        return;
    b.shares = mf_calloc_array(count, sizeof(*b.shares));
    for (size_t i = 0; i < count; i++)
        add_node(&b, nodes[i]);
    if (b.count)
        qsort(b.reads, b.count, sizeof(*b.reads), by_interval);
    for (size_t i = 0; i < b.count;)
        i = simulate(&b, i);
    for (size_t i = 0; i < b.share_count; i++)
        part += b.shares[i].part;
    qsort(b.shares, b.share_count, sizeof(*b.shares), by_part);
    if (part > TIGHT)
        tell(&b, part, check);
    mf_free(b.shares);
    mf_free(b.reads);
}
