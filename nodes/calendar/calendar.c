/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * calendar: whether an event of an iCalendar file is under way, and which.
 *
 * The file is read and its rules are followed on a pool thread, for some weeks ahead; what comes
 * back is a sorted list of plain events, which the loop looks through once a minute and whenever
 * one begins or ends. A file that has become unreadable does not take the events away. One on the
 * web is fetched (fetch.h), and its text kept: the events of later weeks come from it, too.
 */

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/base/text.h"
#include "engine/config/type_zone.h"
#include "engine/graph/link.h"
#include "engine/graph/node.h"
#include "nodes/calendar/events.h"
#include "nodes/calendar/fetch.h"
#include "nodes/calendar/look.h"

enum { OUT_ACTIVE, OUT_SUMMARY };
enum { TIMER_FILE, TIMER_EVENT };

#define AHEAD (35 * MF_DAY)    /* events are known for this long … */
#define AHEAD_MIN (3 * MF_DAY) /* … and anew when it is less than this */
#define BEHIND MF_DAY          /* so that a clock that is set back a little finds them, too */
#define LOOK_AT_CLOCK MF_MINUTE
#define EVERY_FILE MF_MINUTE
#define EVERY_WEB (15 * MF_MINUTE)
#define AGAIN_SOON MF_SEC /* the pool was busy with what came before */

struct config {
    const char *path;
    const char *match;
    const struct mf_zone *tz;
    int64_t before;
    int64_t every; /* 0: as usual for such a place */
};

struct state {
    struct mf_calendar_look *look;   /* under way */
    struct mf_calendar_fetch *fetch; /* NULL: it is a file */
    char *text;                      /* the last good one that was fetched */
    size_t len;
    const struct mf_zone *zone;
    struct mf_events events; /* those that match */
    int64_t from, until;     /* that they cover */
    struct mf_calendar_stamp stamp;
    bool is_known;  /* there has been a good file */
    bool is_broken; /* the last look was not good */
    const char *reason;
    bool has_said;
};

/* ---- what is under way ---- */

static void fold_case(char *text)
{
    for (; *text; text++)
        if (*text >= 'A' && *text <= 'Z')
            *text = (char)(*text + 32);
}

static bool matches(const char *pattern, const char *summary)
{
    char *a, *b;
    bool is_match;

    if (!pattern)
        return true;
    a = mf_strdup(pattern);
    b = mf_strdup(summary);
    fold_case(a);
    fold_case(b);
    is_match = mf_text_glob(a, b);
    mf_free(a);
    mf_free(b);
    return is_match;
}

static void keep_matching(struct mf_events *events, const char *pattern)
{
    size_t kept = 0;

    for (size_t i = 0; i < events->count; i++)
        if (matches(pattern, events->list[i].summary))
            events->list[kept++] = events->list[i];
        else
            mf_free(events->list[i].summary);
    events->count = kept;
}

/* Of several, the one that began last. Also when the next one begins or ends. */
static const struct mf_event *under_way(const struct mf_events *events, int64_t before, int64_t now,
                                        int64_t *ret_next)
{
    const struct mf_event *found = NULL;

    *ret_next = MF_NEVER;
    for (size_t i = 0; i < events->count; i++) {
        const struct mf_event *e = &events->list[i];
        int64_t start = e->start - before;

        if (start <= now && now < e->end)
            found = e;
        if (start > now && start < *ret_next)
            *ret_next = start;
        if (e->end > now && e->end < *ret_next)
            *ret_next = e->end;
    }
    return found;
}

static void say(struct mf_node *node, unsigned out, struct mf_value value, bool in_any_case)
{
    const struct state *s = mf_node_state(node);
    const struct mf_msg *last = mf_node_last(node, out);
    struct mf_msg msg = {
        .value = value,
        .time = mf_node_now(node),
        .quality = s->is_broken ? MF_STALE : MF_GOOD,
        .reason = s->is_broken ? s->reason : NULL,
    };

    if (in_any_case || !s->has_said || last->quality != msg.quality || last->reason != msg.reason ||
        !mf_value_equal(&last->value, &value))
        mf_node_emit_msg(node, out, &msg);
    mf_value_drop(value);
}

static void look_again(struct mf_node *node);

/* Says what has changed, or all of it, and waits for the next change. */
static void look_at_events(struct mf_node *node, bool in_any_case)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    int64_t now = mf_node_now(node), next, left;
    const struct mf_event *event = under_way(&s->events, c->before, now, &next);

    say(node, OUT_SUMMARY, mf_value_new_text(event ? event->summary : ""), in_any_case);
    say(node, OUT_ACTIVE, mf_value_bool(event), in_any_case);
    s->has_said = true;
    left = next < now + LOOK_AT_CLOCK ? next - now : LOOK_AT_CLOCK;
    mf_node_arm(node, TIMER_EVENT, left);
    if (now < s->from || now > s->until - AHEAD_MIN - c->before)
        look_again(node); /* the clock was set, or weeks have passed */
}

/* ---- looking ---- */

static int64_t every(const struct config *c)
{
    return c->every ? c->every : strstr(c->path, "://") ? EVERY_WEB : EVERY_FILE;
}

/* In messages. The address may be the key to the calendar, so it ends behind the host. */
static char *shown_path(const char *path)
{
    const char *host = strstr(path, "://");

    return host ? mf_strndup(path, (size_t)(host + 3 - path) + strcspn(host + 3, "/?#"))
                : mf_strdup(path);
}

static void take_events(struct mf_node *node, struct mf_calendar_look *look)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    if (look->events.left_out)
        mf_node_log(node, MF_LOG_WARNING, "%zu events of `%s` are left out: %s",
                    look->events.left_out, look->path, look->events.why);
    mf_events_done(&s->events);
    s->events = look->events;
    memset(&look->events, 0, sizeof(look->events));
    keep_matching(&s->events, c->match);
    s->from = look->from;
    s->until = look->until;
    s->stamp = look->stamp;
    s->is_known = true;
    if (!look->text)
        return;
    mf_free(s->text);
    s->text = look->text;
    s->len = look->len;
    look->text = NULL;
}

/* What the last look has shown; `err` NULL: that all is well. */
static void judge(struct mf_node *node, const char *path, const struct mf_error *err,
                  const char *reason)
{
    struct state *s = mf_node_state(node);

    if (err && !s->is_broken)
        mf_node_log(node, MF_LOG_WARNING, "%s%s", err->text,
                    s->is_known ? "; what was known of it still counts" : "");
    if (!err && s->is_broken)
        mf_node_log(node, MF_LOG_INFO, "the calendar `%s` is good again", path);
    s->is_broken = err != NULL;
    s->reason = reason;
}

static void say_all(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    if (s->is_known) {
        look_at_events(node, !s->is_broken);
    } else {
        mf_node_emit_bad(node, OUT_SUMMARY, MF_BAD, s->reason);
        mf_node_emit_bad(node, OUT_ACTIVE, MF_BAD, s->reason);
    }
}

static void look_done(struct mf_job *job)
{
    struct mf_calendar_look *look = (struct mf_calendar_look *)job;
    struct mf_node *node = look->node;
    struct state *s = node ? mf_node_state(node) : NULL;

    if (node) {
        s->look = NULL;
        if (!look->is_recount)
            judge(node, look->path, look->err.code ? &look->err : NULL,
                  look->err.code == MF_EIO ? mf_reason_device : mf_reason_decode);
        if (look->err.code && look->text)
            mf_calendar_fetch_forget(s->fetch);
        if (!look->err.code && !look->is_unchanged)
            take_events(node, look);
        say_all(node);
    }
    mf_calendar_look_free(look);
}

/* The text, if there is one, is taken. */
static void begin_look(struct mf_node *node, char *take_text, size_t len, bool is_recount)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    int64_t now = mf_node_now(node);
    struct mf_calendar_look *look = mf_zalloc(sizeof(*look));

    look->job = (struct mf_job){.run = mf_calendar_look_run, .done = look_done};
    look->node = node;
    look->path = shown_path(c->path);
    look->text = take_text;
    look->len = len;
    look->is_recount = is_recount;
    look->zone = s->zone;
    look->from = now - BEHIND;
    look->until = now + AHEAD + c->before;
    if (s->is_known && now >= s->from && now <= s->until - AHEAD_MIN - c->before)
        look->known = s->stamp;
    s->look = look;
    mf_node_job(node, &look->job);
}

/* Because the events that are known do not reach far enough any more. */
static void look_again(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    if (s->look)
        return; /* a slow disk: one at a time */
    if (!s->fetch) {
        begin_look(node, NULL, 0, false);
    } else if (s->text) {
        begin_look(node, s->text, s->len, true);
        s->text = NULL;
    }
}

/* ---- on the web ---- */

static void came(struct mf_node *node, const char *text, size_t len)
{
    struct state *s = mf_node_state(node);
    struct mf_error err;
    char *copy;

    if (s->look) {
        mf_calendar_fetch_forget(s->fetch);
        mf_node_arm(node, TIMER_FILE, AGAIN_SOON);
        return;
    }
    copy = mf_alloc_limited(len + 1, MF_CALENDAR_MAX + 1, "the calendar", &err);
    if (!copy) {
        mf_node_log(node, MF_LOG_ERROR, "%s", err.text);
        return;
    }
    memcpy(copy, text, len + 1);
    begin_look(node, copy, len, false);
}

static void is_same(struct mf_node *node)
{
    const struct config *c = mf_node_config(node);
    char *path = shown_path(c->path);

    judge(node, path, NULL, NULL);
    mf_free(path);
    say_all(node);
}

static void failed(struct mf_node *node, const struct mf_error *err, const char *reason,
                   int64_t again_in)
{
    judge(node, NULL, err, reason);
    say_all(node);
    if (again_in)
        mf_node_arm(node, TIMER_FILE, again_in);
}

static const struct mf_calendar_fetch_events fetch_events = {came, is_same, failed};

/* ---- the kind ---- */

static int calendar_start(struct mf_node *node, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    s->zone = mf_zone_or_local(c->tz, err);
    if (!s->zone)
        return err->code;
    if (strstr(c->path, "://")) {
        s->fetch = mf_calendar_fetch_new(node, c->path, &fetch_events, err);
        if (!s->fetch)
            return err->code;
    }
    mf_node_arm(node, TIMER_FILE, 0);
    return 0;
}

static void calendar_timeout(struct mf_node *node, unsigned timer)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    if (timer == TIMER_EVENT) {
        look_at_events(node, false);
        return;
    }
    mf_node_arm(node, TIMER_FILE, every(c));
    if (s->fetch)
        mf_calendar_fetch_ask(s->fetch);
    else
        look_again(node);
}

static void calendar_check(const void *config, struct mf_check *check)
{
    const struct config *c = config;
    const char *lacks = mf_calendar_fetch_lacks();
    struct mf_error err = {0};
    struct mf_diag *diag;

    if (!c->path || !strstr(c->path, "://") ||
        (!lacks && mf_calendar_fetch_check(c->path, &err) == 0))
        return;
    diag = mf_diag(check->diags, MF_ERROR, 225, mf_check_at(check, "path"),
                   "a calendar is a file, or an address of the web");
    if (strncmp(c->path, "webcal:", strlen("webcal:")) == 0)
        mf_diag_help(diag, "write `https:` instead of `webcal:`");
    else if (lacks)
        mf_diag_help(diag, "this build has no %s to fetch it: let `curl` and a timer do so", lacks);
    else
        mf_diag_help(diag, "%s", err.text);
}

static int64_t calendar_period(const void *config)
{
    const struct config *c = config;

    return every(c);
}

static void calendar_stop(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    if (s->look)
        s->look->node = NULL;
    s->look = NULL;
    mf_calendar_fetch_free(s->fetch);
    s->fetch = NULL;
}

static void calendar_destroy(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    mf_free(s->text);
    mf_events_done(&s->events);
}

static const struct mf_port ports[] = {
    {"active", MF_OUT, MF_T(MF_BOOL), .summary = "Whether an event is under way."},
    {"summary", MF_OUT, MF_T(MF_TEXT),
     .summary = "Its title; an empty text when none is. Of several, the one that began last."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {
        "path",
        MF_STRING(path),
        .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
        .summary = "The iCalendar file (.ics), or its address, `https://…`.",
    },
    {
        "match",
        MF_STRING(match),
        .summary = "Only events whose title is like this: `*` stands for any text, `?` for one "
                   "character; capitals do not matter.",
    },
    {
        "before",
        MF_DURATION(before),
        .fallback = "0s",
        MF_LIMITS(0, 2592000),
        .summary = "How much earlier than it begins an event counts, up to 30 days.",
    },
    {
        "tz",
        MF_ZONE(tz),
        .summary = "Time zone of whole days and of times without one, such as Europe/Berlin; by "
                   "default that of the machine.",
    },
    {
        "every",
        MF_DURATION(every),
        MF_LIMITS(1, 86400),
        .summary = "Time between two looks at it; default: 1min for a file, 15min for an address.",
    },
    {0},
};

const struct mf_kind mf_kind_calendar = {
    .name = "calendar",
    .summary = "Tells whether an event of an iCalendar file is under way, and which.",
    .doc =
        "The file is looked at regularly, and read when it has changed; a program that fetches it "
        "should put the new one in its place at once (`mv`). Reading and counting happens beside "
        "the loop, for 35 days ahead. Both outputs are said again with each look, and at once "
        "when an event begins or ends.\n"
        "\n"
        "Recurring events are followed with their exceptions (RRULE, RDATE, EXDATE, "
        "RECURRENCE-ID); "
        "cancelled ones do not count, nor do those that last no time. Whole days begin and end at "
        "midnight in `tz`. A zone in the calendar is that of the tz database when it has the same "
        "name, else what the file itself says about it. Times that clocks skip are the moment "
        "after the gap, doubled ones the first of the two.\n"
        "\n"
        "When the file is missing or broken, also when it is only half there, what was known of "
        "it still counts: the outputs go on, marked stale. Without a good file at the start they "
        "are bad. Events that cannot be understood are left out; the log says how many, and why "
        "the first one. When the machine's clock is set, the events follow within a minute.\n"
        "\n"
        "A calendar with an address is fetched when it has changed (by ETag and Last-Modified); "
        "the last good copy is kept as long as the engine runs, and its rules are followed further "
        "as weeks go by. While the server cannot be reached or answers with an error, the outputs "
        "go on from that copy, marked stale, and it is asked again after 1 s, 2 s, 4 s … 60 s. "
        "There is no login; many calendars have an address that is secret instead, which "
        "`${secret:NAME}` keeps out of the flow file. Messages show its host only.\n"
        "\n"
        "Limits: 16 MiB per calendar, 10000 events within 35 days, 100000 rounds of one recurrence "
        "rule and a million of all.",
    .example = "office: {calendar: office.ics, match: '*closed*', before: 12h, tz: Europe/Berlin}\n"
               "heat: {when: not office.active}\n"
               "print: {log: info, from: [heat, office.summary]}\n",
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .timers = 2,
    .flags = MF_KIND_SOURCE,
    .check = calendar_check,
    .period = calendar_period,
    .start = calendar_start,
    .timeout = calendar_timeout,
    .stop = calendar_stop,
    .destroy = calendar_destroy,
};
