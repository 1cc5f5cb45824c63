/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * See drive.h.
 *
 * A monitor is always deleted before its output is told something else: one that meets a level it
 * did not make puts its output to rest. Pulses and pulse widths go on when the connection is gone,
 * and are found again by their bit.
 */

#include "nodes/wago/drive.h"

#include <math.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/base/text.h"

static bool is_timed(const struct mf_wago_out_config *c, double share)
{
    return c->pulse ? share > 0 : share > 0 && share < 1;
}

/* Of a period. The controller knows nothing shorter than a step. */
static int64_t steps_on(const struct mf_wago_out_config *c, double share)
{
    return llround(share * (double)(c->pwm.period / MF_WAGO_STEP));
}

/* "s" or "c": what makes the thing on, or off. */
static const char *command(const struct mf_wago_out_config *c, bool is_on)
{
    return is_on == (c->active != 0) ? "s" : "c";
}

/* ---- commands ---- */

static bool want(struct mf_node *node, struct mf_wago_ask *ask)
{
    return mf_wago_want(mf_node_link(node), ask);
}

/* What drives the output now has no say in it any more. */
static bool drop_monitor(struct mf_node *node)
{
    struct mf_wago_drive *s = mf_node_state(node);

    if (!s->runs)
        return true;
    mf_wago_talk_let_go(mf_wago_talk(mf_node_link(node)), &s->monitor);
    mf_wago_ask_print(&s->drop, "m- %lld", (long long)s->runs);
    s->runs = 0;
    return want(node, &s->drop);
}

static bool start_level(struct mf_node *node, bool is_on)
{
    const struct mf_wago_out_config *c = mf_node_config(node);
    struct mf_wago_drive *s = mf_node_state(node);

    s->act.monitor = NULL;
    mf_wago_ask_print(&s->act, "%s %u %u", command(c, is_on), c->place.card, c->place.bit);
    return drop_monitor(node) && want(node, &s->act);
}

/* It begins from rest: the controller refuses to time what is on already. */
static bool start_timed(struct mf_node *node, double share)
{
    const struct mf_wago_out_config *c = mf_node_config(node);
    struct mf_wago_drive *s = mf_node_state(node);
    int64_t on = c->pulse ? c->pulse : steps_on(c, share) * MF_WAGO_STEP;

    mf_wago_ask_print(&s->rest, "%s %u %u", command(c, false), c->place.card, c->place.bit);
    mf_wago_ask_print(&s->act, "%s %u %u %.3f", command(c, true), c->place.card, c->place.bit,
                      (double)on / MF_SEC);
    if (!c->pulse)
        mf_wago_ask_print(&s->act, "%s %u %u %.3f %.3f", command(c, true), c->place.card,
                          c->place.bit, (double)on / MF_SEC, (double)(c->pwm.period - on) / MF_SEC);
    s->act.monitor = &s->monitor;
    s->has_triggered = false;
    return drop_monitor(node) && want(node, &s->rest) && want(node, &s->act);
}

bool mf_wago_drive_is_busy(struct mf_node *node)
{
    const struct mf_wago_drive *s = mf_node_state(node);

    return mf_wago_ask_is_open(&s->act);
}

static bool start(struct mf_node *node, double share)
{
    const struct mf_wago_out_config *c = mf_node_config(node);
    struct mf_wago_drive *s = mf_node_state(node);

    mf_node_disarm(node, MF_WAGO_TIMER_PERIOD);
    s->next_share = MF_WAGO_UNKNOWN;
    s->share = share;
    return is_timed(c, share) ? start_timed(node, share) : start_level(node, share > 0);
}

static void acted(struct mf_wago_ask *ask, const struct mf_wago_said *said)
{
    struct mf_node *node = ask->owner;
    struct mf_wago_drive *s = mf_node_state(node);
    bool has_letter = s->has_letter;

    s->has_letter = false;
    if (said && said->sort == MF_WAGO_CREATED) {
        s->runs = said->id;
        s->began = mf_node_mono(node);
        s->starts++;
    }
    if (said && said->sort == MF_WAGO_FAILED && !has_letter)
        mf_node_log(node, MF_LOG_ERROR, "the controller refuses `%s`: %s", ask->text, said->text);
    if (said && said->sort == MF_WAGO_FAILED)
        s->share = MF_WAGO_UNKNOWN;
    if (!has_letter)
        mf_node_wake(node); /* letters had to wait for this */
    else if (!said)
        mf_node_settle(node, s->letter, MF_ELINK, NULL);
    else if (said->sort == MF_WAGO_FAILED)
        mf_node_settle(node, s->letter, MF_EDENIED, said->text);
    else
        mf_node_settle(node, s->letter, MF_OK, NULL);
}

/* Its failure shows in that of the command behind it. */
static void prepared(struct mf_wago_ask *ask, const struct mf_wago_said *said)
{
}

/* ---- what the controller says of itself ---- */

static void put_to_rest(struct mf_node *node)
{
    const struct mf_wago_out_config *c = mf_node_config(node);

    mf_wago_tell(mf_node_link(node), "%s %u %u", command(c, false), c->place.card, c->place.bit);
}

static void monitor_gone(struct mf_node *node, const char *why)
{
    const struct mf_wago_out_config *c = mf_node_config(node);
    struct mf_wago_drive *s = mf_node_state(node);

    s->runs = 0;
    s->share = MF_WAGO_UNKNOWN;
    s->next_share = MF_WAGO_UNKNOWN;
    mf_node_disarm(node, MF_WAGO_TIMER_PERIOD);
    if (s->has_triggered)
        return; /* a pulse, in time */
    s->ended_by_others++;
    mf_node_log(node, MF_LOG_WARNING, "somebody else has ended %s: %s",
                c->pulse ? "the pulse" : "the pulse width", why);
    /* Deleted by another client: its output stays on for ever. */
    if (mf_text_starts(why, "Deleted"))
        put_to_rest(node);
}

static void said(struct mf_wago_monitor *monitor, const struct mf_wago_said *said)
{
    struct mf_wago_drive *s = mf_node_state(monitor->owner);

    if (said->sort == MF_WAGO_GONE)
        monitor_gone(monitor->owner, said->text);
    else if (strcmp(said->text, "TRIGGER") == 0)
        s->has_triggered = true;
}

/* ---- a new connection ---- */

static void adopted(struct mf_wago_ask *ask, const struct mf_wago_said *said)
{
    if (said && said->sort == MF_WAGO_FAILED)
        mf_node_log(ask->owner, MF_LOG_NOTICE, "does not hear how its output goes on: %s",
                    said->text);
}

static void adopt(struct mf_node *node, int64_t id)
{
    struct mf_wago_drive *s = mf_node_state(node);

    mf_node_log(node, MF_LOG_NOTICE, "its output goes on as it was told before");
    if (id != s->runs)
        s->share = MF_WAGO_UNKNOWN;
    s->runs = id;
    s->began = mf_node_mono(node);
    s->has_triggered = false;
    mf_wago_talk_adopt(mf_wago_talk(mf_node_link(node)), &s->monitor, id);
    mf_wago_ask_print(&s->adopt, "m? %lld", (long long)id);
    want(node, &s->adopt);
}

static bool is_ours(const struct mf_wago_out_config *c, const struct mf_wago_listing *found)
{
    if (c->pulse)
        return found->job == (c->active ? MF_WAGO_TIMED_SET : MF_WAGO_TIMED_CLEAR);
    return c->pwm.period && found->job == MF_WAGO_PWM;
}

/* Takes over what drives the output as this node would, and ends what does otherwise. */
static void find_monitors(struct mf_node *node, const char *listing)
{
    const struct mf_wago_out_config *c = mf_node_config(node);
    struct mf_wago_drive *s = mf_node_state(node);
    struct mf_wago_listing found;
    int64_t ours = 0;

    while (mf_wago_next_monitor(&listing, &found)) {
        if (found.card != c->place.card || found.bit != c->place.bit ||
            found.job == MF_WAGO_OTHER_JOB)
            continue;
        if (!ours && is_ours(c, &found)) {
            ours = found.id;
            continue;
        }
        mf_node_log(node, MF_LOG_WARNING, "something else drove its output, and is ended");
        mf_wago_tell(mf_node_link(node), "m- %lld", (long long)found.id);
    }
    if (ours)
        adopt(node, ours);
    else
        s->runs = 0;
}

/* A controller that was restarted has forgotten its outputs; but a pulse is over, and what waits to
 * be delivered comes next. */
static void begun(struct mf_wago_user *user)
{
    struct mf_node *node = user->owner;
    const struct mf_wago_out_config *c = mf_node_config(node);
    struct mf_wago_drive *s = mf_node_state(node);
    const char *listing = mf_wago_listing(mf_node_link(node));
    struct mf_error err;
    double share = s->next_share != MF_WAGO_UNKNOWN ? s->next_share : s->share;

    s->up_at = mf_node_mono(node);
    if (mf_wago_check(mf_node_link(node), &c->place, MF_WAGO_OUTPUTS, &err) < 0) {
        mf_node_log(node, MF_LOG_ERROR, "%s", err.text);
        return;
    }
    if (listing)
        find_monitors(node, listing);
    else if (s->runs)
        mf_wago_talk_adopt(mf_wago_talk(mf_node_link(node)), &s->monitor, s->runs);
    if (s->runs && is_timed(c, s->share) && s->next_share == MF_WAGO_UNKNOWN)
        return;
    if (c->pulse)
        s->share = MF_WAGO_UNKNOWN;
    else if (share != MF_WAGO_UNKNOWN && !mf_node_has_letters(node))
        start(node, share);
}

/* ---- periods ---- */

/* A share holds from the next period on, or one that changes all the time would begin a period with
 * each change, and be on all the time. */
bool mf_wago_drive_can_wait(struct mf_node *node, double share)
{
    const struct mf_wago_out_config *c = mf_node_config(node);
    struct mf_wago_drive *s = mf_node_state(node);
    int64_t into;

    if (!s->runs || s->share == MF_WAGO_UNKNOWN || !is_timed(c, share) || c->pulse)
        return false;
    s->next_share = share == s->share ? MF_WAGO_UNKNOWN : share;
    into = (mf_node_mono(node) - s->began) % c->pwm.period;
    if (s->next_share == MF_WAGO_UNKNOWN)
        mf_node_disarm(node, MF_WAGO_TIMER_PERIOD);
    else if (!mf_node_is_armed(node, MF_WAGO_TIMER_PERIOD))
        mf_node_arm(node, MF_WAGO_TIMER_PERIOD, c->pwm.period - into);
    return true;
}

void mf_wago_drive_timeout(struct mf_node *node)
{
    const struct mf_wago_drive *s = mf_node_state(node);

    if (s->next_share != MF_WAGO_UNKNOWN && !mf_wago_drive_is_busy(node))
        start(node, s->next_share);
}

bool mf_wago_drive_start(struct mf_node *node, double share, const struct mf_letter *letter)
{
    struct mf_wago_drive *s = mf_node_state(node);

    if (!start(node, share))
        return false;
    s->letter = letter->number;
    s->has_letter = true;
    return true;
}

double mf_wago_drive_round(const struct mf_wago_out_config *config, double share)
{
    return (double)steps_on(config, share) / (double)(config->pwm.period / MF_WAGO_STEP);
}

/* ---- life ---- */

void mf_wago_drive_join(struct mf_node *node)
{
    struct mf_wago_drive *s = mf_node_state(node);

    s->user = (struct mf_wago_user){.begun = begun, .owner = node};
    mf_wago_monitor_init(&s->monitor, said, node);
    s->monitor.outlives = true;
    mf_wago_ask_init(&s->drop, prepared, node);
    mf_wago_ask_init(&s->rest, prepared, node);
    mf_wago_ask_init(&s->act, acted, node);
    mf_wago_ask_init(&s->adopt, adopted, node);
    mf_wago_join(mf_node_link(node), &s->user);
}

/* A share that waits for its period waits no longer: it may be the last word. */
static void hurry(struct mf_node *node)
{
    const struct mf_wago_drive *s = mf_node_state(node);
    struct mf_link *link = mf_node_link(node);

    if (s->next_share == MF_WAGO_UNKNOWN || mf_wago_drive_is_busy(node) ||
        !start(node, s->next_share))
        return;
    mf_wago_tell(link, "%s", s->drop.text);
    mf_wago_tell(link, "%s", s->rest.text);
    mf_wago_tell(link, "%s", s->act.text);
}

void mf_wago_drive_leave(struct mf_node *node)
{
    struct mf_link *link = mf_node_link(node);
    struct mf_wago_talk *talk = mf_wago_talk(link);
    struct mf_wago_drive *s = mf_node_state(node);

    hurry(node);
    mf_wago_leave(link, &s->user);
    mf_wago_talk_forget(talk, &s->drop);
    mf_wago_talk_forget(talk, &s->rest);
    mf_wago_talk_forget(talk, &s->act);
    mf_wago_talk_forget(talk, &s->adopt);
    mf_wago_talk_let_go(talk, &s->monitor);
    s->has_letter = false;
}
