/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The modbus link: one connection or serial line, one request at a time.
 *
 * Which request goes out is the bus's business (bus.h), how it looks pdu.h's. Here is the
 * time: how long an answer may take, and how long the line must be silent before the next
 * request. An answer that comes late is never taken for the next one: on TCP it has another
 * number, and on a serial line whatever comes while nobody is asked is thrown away, and the line
 * must have been silent for a while after a timeout.
 */

#include "nodes/modbus/link.h"

#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "nodes/modbus/device.h"
#include "nodes/modbus/line.h"
#include "nodes/net/poller.h"

#define SETTLE (50 * MF_MS) /* what follows a timeout on a serial line */

struct state {
    struct mf_stream stream; /* first */
    struct mf_modbus_bus bus;
    struct mf_list pollers; /* of struct mf_poller */
    uint8_t in[MF_MODBUS_FRAME];
    size_t in_len;
    uint16_t id;      /* of the request on its way */
    int64_t deadline; /* mono, of its answer */
    int64_t free_at;  /* mono; the line may be used again */
};

static bool is_serial(const struct mf_link *link)
{
    const struct mf_modbus_link_config *c = mf_link_config(link);

    return c->place.is_serial;
}

static int64_t silence(const struct mf_link *link)
{
    const struct mf_modbus_link_config *c = mf_link_config(link);
    int64_t least = c->gap, frame;

    if (!c->place.is_serial)
        return least;
    frame = mf_modbus_line_pause(c->baud);
    return least > frame ? least : frame;
}

/* ---- asking ---- */

static void send_request(struct mf_link *link)
{
    const struct mf_modbus_link_config *c = mf_link_config(link);
    struct state *s = mf_link_state(link);
    const struct mf_modbus_asked *asked = &s->bus.asked;
    uint8_t frame[MF_MODBUS_FRAME];
    size_t len;

    s->deadline = mf_link_mono(link) + c->timeout;
    if (is_serial(link)) {
        mf_stream_flush(link);
        s->in_len = 0;
        len = mf_modbus_frame_rtu(asked->unit, asked->pdu, asked->len, frame);
    } else {
        len = mf_modbus_frame_tcp(++s->id, asked->unit, asked->pdu, asked->len, frame);
    }
    mf_stream_send(link, frame, len);
}

/* Sends what is next, and sets the timer for whatever comes first. */
static void go_on(struct mf_link *link)
{
    struct state *s = mf_link_state(link);
    int64_t now = mf_link_mono(link);

    if (!mf_stream_is_open(link))
        return;
    if (!s->bus.is_busy && now >= s->free_at && mf_modbus_bus_next(&s->bus, now))
        send_request(link);
    if (s->bus.is_busy)
        mf_link_arm(link, s->deadline - now);
    else if (now < s->free_at)
        mf_link_arm(link, s->free_at - now);
}

bool mf_modbus_ask(struct mf_link *link, struct mf_modbus_wish *wish)
{
    struct state *s = mf_link_state(link);

    if (!mf_stream_is_open(link) || !mf_modbus_want(&s->bus, wish, mf_link_mono(link)))
        return false;
    /* Not at once: what others wish at this moment may travel in the same request. */
    if (!s->bus.is_busy)
        mf_link_arm(link, s->free_at > mf_link_mono(link) ? s->free_at - mf_link_mono(link) : 0);
    return true;
}

void mf_modbus_forget(struct mf_link *link, struct mf_modbus_wish *wish)
{
    struct state *s = mf_link_state(link);

    mf_modbus_unwant(&s->bus, wish);
}

struct mf_list *mf_modbus_pollers(struct mf_link *link)
{
    struct state *s = mf_link_state(link);

    return &s->pollers;
}

const char *mf_modbus_unit_rests(const struct mf_link *link, uint8_t unit, int64_t *ret_until)
{
    const struct state *s = mf_link_state(link);

    return mf_modbus_rests(&s->bus, unit, mf_link_mono(link), ret_until);
}

/* ---- answers ---- */

static void line_is_free(struct mf_link *link, int64_t after)
{
    struct state *s = mf_link_state(link);

    s->free_at = mf_link_mono(link) + after;
}

static void tell_silence(struct mf_link *link)
{
    struct state *s = mf_link_state(link);
    uint8_t number = s->bus.asked.unit;
    uint32_t before = s->bus.units[number]->failures;

    line_is_free(link, is_serial(link) ? silence(link) + SETTLE : silence(link));
    mf_modbus_bus_silence(&s->bus, mf_link_mono(link));
    if (before == 0 && s->bus.units[number]->failures)
        mf_link_log(link, MF_LOG_WARNING,
                    "unit %u does not answer; it is asked again now and then, the others go on",
                    number);
}

static void answer(struct mf_link *link, const struct mf_modbus_frame *frame)
{
    struct state *s = mf_link_state(link);
    uint8_t number = s->bus.asked.unit;
    bool was_silent = s->bus.units[number]->failures;

    line_is_free(link, silence(link));
    mf_modbus_bus_answer(&s->bus, mf_link_mono(link), frame->pdu, frame->len);
    if (was_silent && s->bus.units[number]->failures == 0)
        mf_link_log(link, MF_LOG_NOTICE, "unit %u answers again", number);
}

static void broken(struct mf_link *link)
{
    struct mf_error err = {0};

    mf_stream_close(link);
    mf_fail(&err, MF_EINVAL, "what came is not Modbus TCP");
    mf_modbus_bus_drop(&((struct state *)mf_link_state(link))->bus);
    mf_link_down(link, &err);
}

static void take_tcp(struct mf_link *link)
{
    struct state *s = mf_link_state(link);
    struct mf_modbus_frame frame;
    uint8_t copy[MF_MODBUS_FRAME];
    int len;

    while ((len = mf_modbus_take_tcp(s->in, s->in_len, &frame)) > 0) {
        memcpy(copy, frame.pdu, frame.len);
        frame.pdu = copy;
        s->in_len -= (size_t)len;
        memmove(s->in, s->in + len, s->in_len);
        if (s->bus.is_busy && frame.id == s->id && frame.unit == s->bus.asked.unit)
            answer(link, &frame);
        else
            s->bus.counts.misfits++;
    }
    if (len < 0)
        broken(link);
}

static void take_rtu(struct mf_link *link)
{
    struct state *s = mf_link_state(link);
    struct mf_modbus_frame frame;
    struct mf_error err = {0};
    int len;

    if (!s->bus.is_busy) {
        s->in_len = 0;
        return;
    }
    len = mf_modbus_take_rtu(s->in, s->in_len, s->bus.asked.unit, s->bus.asked.pdu, &frame, &err);
    if (len == 0)
        return;
    s->in_len = 0;
    if (len > 0) {
        answer(link, &frame);
        return;
    }
    s->bus.counts.misfits++;
    mf_link_log(link, MF_LOG_INFO, "unit %u: %s", s->bus.asked.unit, err.text);
    tell_silence(link);
}

static void received(struct mf_link *link, const uint8_t *data, size_t len)
{
    struct state *s = mf_link_state(link);

    while (len && mf_stream_is_open(link)) {
        size_t room = sizeof(s->in) - s->in_len, part = len < room ? len : room;

        memcpy(s->in + s->in_len, data, part);
        s->in_len += part;
        data += part;
        len -= part;
        if (is_serial(link))
            take_rtu(link);
        else
            take_tcp(link);
        if (s->in_len == sizeof(s->in)) /* a frame is never that long */
            s->in_len = 0;
    }
    go_on(link);
}

/* ---- life ---- */

static void opened(struct mf_link *link)
{
    struct state *s = mf_link_state(link);

    s->in_len = 0;
    s->free_at = mf_link_mono(link) + silence(link);
    mf_link_up(link);
    mf_pollers_poll(&s->pollers);
}

static void closed(struct mf_link *link, const struct mf_error *err)
{
    struct state *s = mf_link_state(link);

    mf_modbus_bus_drop(&s->bus);
    mf_link_down(link, err);
}

static const struct mf_stream_events events = {opened, closed, received, mf_link_stopped};

static int modbus_create(struct mf_link *link, struct mf_error *err)
{
    const struct mf_modbus_link_config *c = mf_link_config(link);
    struct state *s = mf_link_state(link);

    mf_stream_init(link, &events, 0);
    mf_list_init(&s->pollers);
    mf_modbus_bus_init(&s->bus, (struct mf_modbus_limits){
                                    .max_gap = (unsigned)c->max_gap,
                                    .max_words = (unsigned)c->max_registers,
                                    .retries = (unsigned)c->retries,
                                });
    return 0;
}

static void modbus_start(struct mf_link *link)
{
    const struct mf_modbus_link_config *c = mf_link_config(link);

    if (c->place.is_serial)
        mf_stream_open_serial(link, &(struct mf_serial){.device = c->place.device,
                                                        .baud = c->baud,
                                                        .parity = c->parity,
                                                        .stop_bits = (int)c->stop_bits});
    else
        mf_stream_connect(link, &c->place.address);
}

static void modbus_timeout(struct mf_link *link)
{
    struct state *s = mf_link_state(link);

    if (s->bus.is_busy && mf_link_mono(link) >= s->deadline)
        tell_silence(link);
    go_on(link);
}

static void modbus_stop(struct mf_link *link)
{
    struct state *s = mf_link_state(link);

    mf_modbus_bus_drop(&s->bus);
    mf_stream_stop(link);
}

static void modbus_stats(const struct mf_link *link, mf_stat_fn put, void *arg)
{
    const struct mf_modbus_bus *bus = &((const struct state *)mf_link_state(link))->bus;
    unsigned resting = 0;

    for (unsigned i = 0; i < MF_MODBUS_UNITS; i++)
        resting += bus->units[i] && bus->units[i]->failures;
    put(arg, "requests", (double)bus->counts.requests, true);
    put(arg, "timeouts", (double)bus->counts.timeouts, true);
    put(arg, "refusals", (double)bus->counts.refusals, true);
    put(arg, "misfits", (double)bus->counts.misfits, true);
    put(arg, "waiting", (double)bus->wanted, false);
    put(arg, "silent_units", resting, false);
}

static void modbus_destroy(struct mf_link *link)
{
    struct state *s = mf_link_state(link);

    mf_stream_done(link);
    mf_modbus_bus_done(&s->bus);
}

const struct mf_link_kind mf_link_kind_modbus = {
    .name = "modbus",
    .summary = "A Modbus connection (TCP) or serial line (RTU), on which we are the client.",
    .doc =
        "All nodes on the link share it: one request is under way at a time, units take turns, a "
        "unit's writes come before its reads, and reads that lie close together travel in one "
        "request (`max_gap`).\n"
        "\n"
        "A unit that does not answer within `timeout` is asked again after the others have had "
        "their turn (`retries`); then its values are stale, and it is left alone for 1 s, "
        "doubling up to a minute, so that a dead unit costs the others one timeout now and then. "
        "What a unit answers with an exception is bad, with the exception's name as the reason; "
        "when it refuses several values that were asked for together, each is asked for alone.\n"
        "\n"
        "A TCP connection that breaks is made again with back-off; the values of its nodes are "
        "stale meanwhile. At most 10000 reads and writes wait on one link.",
    .example = "moat-flow: 1\n"
               "links:\n"
               "  meters: {modbus: 'rtu:/dev/ttyUSB0', baud: 19200, parity: even}\n"
               "nodes:\n"
               "  power: {modbus.read: meters, unit_id: 3, register: 'input:52', type: float32,\n"
               "    unit: W, every: 1s}\n"
               "  show: {log: info, from: power}\n",
    .options = mf_modbus_link_options,
    .config_size = sizeof(struct mf_modbus_link_config),
    .state_size = sizeof(struct state),
    .check = mf_modbus_link_check,
    .check_nodes = mf_modbus_check_nodes,
    .leads_to = mf_modbus_link_leads_to,
    .is_exclusive = mf_modbus_link_is_exclusive,
    .create = modbus_create,
    .start = modbus_start,
    .timeout = modbus_timeout,
    .stats = modbus_stats,
    .stop = modbus_stop,
    .destroy = modbus_destroy,
};
