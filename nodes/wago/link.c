/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The wago link: one connection to the daemon on a controller.
 *
 * greeting → poll interval, keep-alive, cards, monitors → each node asks what it needs → up. The
 * keep-alive tells of a controller that has died without a word: three of its signals missing are
 * a broken connection. What follows when is talk.h's business.
 */

#include "nodes/wago/link.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "nodes/net/stream.h"

enum {
    PORT = 59995,
    PINGS = 3, /* that may be missing */
    POLLS = 3, /* that a reply may take, at least */
};

struct config {
    struct mf_net_address place;
    int64_t poll, ping, timeout;
};

enum phase {
    CLOSED,
    GREETING, /* connected; it has said nothing yet */
    ASKING,   /* what there is */
    JOINING,  /* the nodes ask */
    UP,
};

struct state {
    struct mf_stream stream; /* first */
    struct mf_wago_reader reader;
    struct mf_wago_talk talk;
    struct mf_wago_cards cards;
    struct mf_list users;
    struct mf_buf listing; /* of the monitors, while the nodes begin */
    enum phase phase;
    struct mf_wago_ask ask_poll, ask_ping, ask_cards, ask_monitors, ask_end;
    struct mf_wago_monitor ping;
    int64_t reply_by, ping_by; /* mono */
};

static void fail(struct mf_link *link, const struct mf_error *err);

/* ---- sending ---- */

static int64_t patience(const struct mf_link *link)
{
    const struct config *c = mf_link_config(link);

    return c->timeout > POLLS * c->poll ? c->timeout : POLLS * c->poll;
}

static void arm(struct mf_link *link)
{
    const struct state *s = mf_link_state(link);
    int64_t now = mf_link_mono(link), due = MF_NEVER;

    if (s->phase == CLOSED)
        return;
    if (s->phase == GREETING || s->talk.count)
        due = s->reply_by;
    if (s->ping.id && s->ping_by < due)
        due = s->ping_by;
    if (s->phase != GREETING && mf_wago_talk_may_send(&s->talk))
        due = now;
    if (due != MF_NEVER)
        mf_link_arm(link, due > now ? due - now : 0);
}

/* What was wanted goes out when the loop comes around, all in one piece. */
static void send_wanted(struct mf_link *link)
{
    struct state *s = mf_link_state(link);
    struct mf_buf buf = {0};

    if (s->phase == CLOSED || s->phase == GREETING)
        return;
    if (!s->talk.count)
        s->reply_by = mf_link_mono(link) + patience(link);
    mf_wago_talk_send(&s->talk, &buf);
    if (buf.len)
        mf_stream_send(link, buf.data, buf.len);
    mf_buf_done(&buf);
}

bool mf_wago_want(struct mf_link *link, struct mf_wago_ask *ask)
{
    struct state *s = mf_link_state(link);

    if (s->phase == CLOSED || s->phase == GREETING)
        return false;
    mf_wago_talk_want(&s->talk, ask);
    arm(link);
    return true;
}

void mf_wago_tell(struct mf_link *link, const char *fmt, ...)
{
    struct state *s = mf_link_state(link);
    char text[MF_WAGO_COMMAND];
    va_list args;

    if (s->phase == CLOSED || s->phase == GREETING)
        return;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    mf_wago_talk_tell(&s->talk, "%s", text);
    arm(link);
}

struct mf_wago_talk *mf_wago_talk(struct mf_link *link)
{
    struct state *s = mf_link_state(link);

    return &s->talk;
}

/* ---- what there is ---- */

int mf_wago_check(struct mf_link *link, const struct mf_wago_place *place,
                  enum mf_wago_card_sort sort, struct mf_error *err)
{
    struct state *s = mf_link_state(link);
    struct mf_buf why = {0};
    int rc = MF_OK;

    if (mf_wago_cards_refuse(&s->cards, place->card, place->bit, sort, &why))
        rc = mf_fail(err, MF_EDENIED, "%s", mf_buf_text(&why));
    mf_buf_done(&why);
    return rc;
}

const char *mf_wago_listing(struct mf_link *link)
{
    const struct state *s = mf_link_state(link);

    return s->phase == JOINING ? mf_buf_text(&s->listing) : NULL;
}

void mf_wago_join(struct mf_link *link, struct mf_wago_user *user)
{
    struct state *s = mf_link_state(link);

    mf_list_append(&s->users, &user->in);
    if (s->phase == JOINING || s->phase == UP)
        user->begun(user);
}

void mf_wago_leave(struct mf_link *link, struct mf_wago_user *user)
{
    mf_list_remove(&user->in);
}

/* ---- from the greeting on ---- */

static void refused(struct mf_link *link, const char *what, const char *why)
{
    struct mf_error err = {0};

    mf_fail(&err, MF_EINVAL, "the controller refuses %s: %.120s", what, why);
    fail(link, &err);
}

static void poll_set(struct mf_wago_ask *ask, const struct mf_wago_said *said)
{
    if (said && said->sort == MF_WAGO_FAILED)
        mf_link_log(ask->owner, MF_LOG_WARNING, "the controller keeps its poll interval: %s",
                    said->text);
}

static void ping_begun(struct mf_wago_ask *ask, const struct mf_wago_said *said)
{
    struct mf_link *link = ask->owner;
    const struct config *c = mf_link_config(link);
    struct state *s = mf_link_state(link);

    if (said && said->sort != MF_WAGO_CREATED)
        refused(link, "a keep-alive", said->text);
    else if (said)
        s->ping_by = mf_link_mono(link) + PINGS * c->ping;
}

static void pinged(struct mf_wago_monitor *monitor, const struct mf_wago_said *said)
{
    struct mf_link *link = monitor->owner;
    const struct config *c = mf_link_config(link);
    struct state *s = mf_link_state(link);

    if (said->sort == MF_WAGO_GONE)
        refused(link, "to keep alive", said->text);
    else
        s->ping_by = mf_link_mono(link) + PINGS * c->ping;
}

static void cards_known(struct mf_wago_ask *ask, const struct mf_wago_said *said)
{
    struct mf_link *link = ask->owner;
    struct state *s = mf_link_state(link);

    if (said && said->sort != MF_WAGO_LISTED)
        refused(link, "to list its cards", said->text);
    else if (said)
        mf_wago_cards_read(&s->cards, said->lines);
}

/* The last of what the link asks for itself. */
static void monitors_known(struct mf_wago_ask *ask, const struct mf_wago_said *said)
{
    struct mf_link *link = ask->owner;
    struct state *s = mf_link_state(link);

    if (!said || s->phase != ASKING)
        return;
    mf_buf_clear(&s->listing);
    mf_buf_puts(&s->listing, said->lines);
    s->phase = JOINING;
    for (struct mf_list *at = s->users.next; at != &s->users; at = at->next) {
        struct mf_wago_user *user = mf_list_entry(at, struct mf_wago_user, in);

        user->begun(user);
    }
    mf_wago_want(link, &s->ask_end);
}

static void all_begun(struct mf_wago_ask *ask, const struct mf_wago_said *said)
{
    struct mf_link *link = ask->owner;
    struct state *s = mf_link_state(link);

    if (!said)
        return;
    s->phase = UP;
    mf_buf_done(&s->listing);
    mf_link_up(link);
}

static void greeted(struct mf_link *link)
{
    const struct config *c = mf_link_config(link);
    struct state *s = mf_link_state(link);

    s->phase = ASKING;
    if (!mf_link_is_read_only(link)) {
        mf_wago_ask_print(&s->ask_poll, "d %.3f", (double)c->poll / MF_SEC);
        mf_wago_want(link, &s->ask_poll);
    }
    mf_wago_ask_print(&s->ask_ping, "Da %.3f", (double)c->ping / MF_SEC);
    mf_wago_want(link, &s->ask_ping);
    mf_wago_want(link, &s->ask_cards);
    mf_wago_want(link, &s->ask_monitors);
}

/* ---- the connection ---- */

static void opened(struct mf_link *link)
{
    struct state *s = mf_link_state(link);

    mf_wago_reader_clear(&s->reader);
    s->phase = GREETING;
    s->reply_by = mf_link_mono(link) + patience(link);
    arm(link);
}

static void end_all(struct mf_link *link)
{
    struct state *s = mf_link_state(link);
    enum phase phase = s->phase;

    s->phase = CLOSED;
    mf_wago_talk_end(&s->talk);
    if (phase != JOINING && phase != UP)
        return;
    for (struct mf_list *at = s->users.next; at != &s->users; at = at->next) {
        struct mf_wago_user *user = mf_list_entry(at, struct mf_wago_user, in);

        if (user->ended)
            user->ended(user);
    }
}

static void closed(struct mf_link *link, const struct mf_error *err)
{
    end_all(link);
    mf_link_down(link, err);
}

static void fail(struct mf_link *link, const struct mf_error *err)
{
    mf_stream_close(link);
    closed(link, err);
}

static int hear(struct mf_link *link, const struct mf_wago_said *said, struct mf_error *err)
{
    struct state *s = mf_link_state(link);

    if (s->phase != GREETING) {
        if (said->sort != MF_WAGO_SIGNAL && said->sort != MF_WAGO_GONE)
            s->reply_by = mf_link_mono(link) + patience(link);
        return mf_wago_talk_hear(&s->talk, said, err);
    }
    if (said->sort != MF_WAGO_INFO)
        return mf_fail(err, MF_EINVAL, "no greeting of a WAGO controller, but `%.60s`", said->text);
    greeted(link);
    return MF_OK;
}

static void received(struct mf_link *link, const uint8_t *data, size_t len)
{
    struct state *s = mf_link_state(link);
    struct mf_wago_said said;
    struct mf_error err = {0};
    int rc = 0;

    mf_wago_reader_put(&s->reader, data, len);
    while (s->phase != CLOSED && (rc = mf_wago_reader_next(&s->reader, &said, &err)) > 0)
        if ((rc = hear(link, &said, &err)) < 0)
            break;
    if (rc < 0 && s->phase != CLOSED)
        fail(link, &err);
    send_wanted(link);
    arm(link);
}

static void wago_timeout(struct mf_link *link)
{
    struct state *s = mf_link_state(link);
    int64_t now = mf_link_mono(link);
    struct mf_error err = {0};

    if (s->phase == CLOSED)
        return;
    if ((s->phase == GREETING || s->talk.count) && now >= s->reply_by) {
        mf_fail(&err, MF_ETIMEOUT, "the controller does not %s",
                s->phase == GREETING ? "greet" : "answer");
        fail(link, &err);
    } else if (s->ping.id && now >= s->ping_by) {
        mf_fail(&err, MF_ETIMEOUT, "the controller is silent: %d keep-alives are missing", PINGS);
        fail(link, &err);
    } else {
        send_wanted(link);
    }
    arm(link);
}

static const struct mf_stream_events events = {opened, closed, received, mf_link_stopped};

/* ---- life ---- */

static int wago_create(struct mf_link *link, struct mf_error *err)
{
    struct state *s = mf_link_state(link);

    mf_stream_init(link, &events, 0);
    mf_wago_talk_init(&s->talk);
    mf_list_init(&s->users);
    mf_wago_ask_init(&s->ask_poll, poll_set, link);
    mf_wago_ask_init(&s->ask_ping, ping_begun, link);
    mf_wago_ask_init(&s->ask_cards, cards_known, link);
    mf_wago_ask_init(&s->ask_monitors, monitors_known, link);
    mf_wago_ask_init(&s->ask_end, all_begun, link);
    mf_wago_monitor_init(&s->ping, pinged, link);
    s->ask_ping.monitor = &s->ping;
    mf_wago_ask_print(&s->ask_cards, "Dp");
    mf_wago_ask_print(&s->ask_monitors, "m");
    mf_wago_ask_print(&s->ask_end, "d"); /* changes nothing, and comes last */
    return 0;
}

static void wago_start(struct mf_link *link)
{
    const struct config *c = mf_link_config(link);

    mf_stream_connect(link, &c->place);
}

/* What nodes wanted with their last breath still goes out, however much it is: among it may be the
 * last word to an output. */
static void wago_stop(struct mf_link *link)
{
    struct state *s = mf_link_state(link);
    struct mf_buf buf = {0};

    if (s->phase != CLOSED && s->phase != GREETING)
        mf_wago_talk_send_last(&s->talk, &buf);
    if (buf.len)
        mf_stream_send(link, buf.data, buf.len);
    mf_buf_done(&buf);
    mf_stream_close(link);
    end_all(link);
    mf_stream_stop(link);
}

static void wago_stats(const struct mf_link *link, mf_stat_fn put, void *arg)
{
    const struct state *s = mf_link_state(link);

    put(arg, "commands", (double)s->talk.commands, true);
    put(arg, "commands_refused", (double)s->talk.failures, true);
    put(arg, "commands_under_way", s->talk.count, false);
    put(arg, "monitors", (double)s->talk.monitor_count, false);
    put(arg, "signals", (double)s->talk.signals, true);
}

static void wago_destroy(struct mf_link *link)
{
    struct state *s = mf_link_state(link);

    mf_stream_done(link);
    mf_wago_talk_end(&s->talk);
    mf_wago_reader_done(&s->reader);
    mf_buf_done(&s->listing);
}

static const char *wago_leads_to(const void *config, struct mf_arena *arena)
{
    const struct config *c = config;

    return mf_net_address_print(&c->place, arena);
}

/* ---- options ---- */

static const int default_port = PORT;

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {"place", &mf_type_net_tcp, MF_MEMBER(MF_CONFIG, place, struct mf_net_address),
     .of = &default_port, .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
     .summary = "Where: `tcp:host:port`, the port of the daemon (59995 if left out)."},
    {"poll", MF_DURATION(poll), .fallback = "100ms", MF_LIMITS(0.002, 60),
     .summary = "How often the controller looks at its inputs; what is shorter than that goes "
                "unseen. It has one such interval, for all its clients."},
    {"ping", MF_DURATION(ping), .fallback = "5s", MF_LIMITS(0.1, 3600),
     .summary = "How often the controller says that it is there; when it has not for three times "
                "as long the connection is made again."},
    {"timeout", MF_DURATION(timeout), .fallback = "2s", MF_LIMITS(0.1, 60),
     .summary = "How long a reply may take; at least three times `poll`."},
    {0},
};

const struct mf_link_kind mf_link_kind_wago = {
    .name = "wago",
    .summary = "A connection to the daemon on a WAGO controller: digital inputs and outputs.",
    .doc =
        "It speaks the text protocol of MoaT's `wago-firmware`, which runs on the controller and "
        "listens on port 59995; MoaT's own settings have 29995 instead. Controllers without that "
        "daemon speak Modbus: see `modbus`. There is no password, whoever reaches the port can "
        "switch.\n"
        "\n"
        "After connecting the poll interval is set, the keep-alive begins, and the cards are "
        "listed, so that a bit that is not there, or is an output where an input is wanted, is "
        "said by its node, together with the cards that there are. Commands go out as they come, "
        "64 at most without their reply; what the controller signals in between is told apart. A "
        "controller that falls silent, or says what none would, is connected to anew.\n"
        "\n"
        "Where a flow watches inputs only, or with `run --read-only`, nothing is switched; with "
        "the latter the poll interval stays as it is, too.",
    .example = "moat-flow: 1\n"
               "links: {cabinet: {wago: 'tcp:wago.lan', poll: 50ms}}\n"
               "nodes:\n"
               "  door: {wago.in: 1/3}\n"
               "  show: {log: info, from: door}\n",
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .leads_to = wago_leads_to,
    .create = wago_create,
    .start = wago_start,
    .timeout = wago_timeout,
    .stats = wago_stats,
    .stop = wago_stop,
    .destroy = wago_destroy,
};
