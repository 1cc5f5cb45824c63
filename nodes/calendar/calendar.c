/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * calendar: whether an event of an iCalendar file is under way, and which.
 *
 * The file is read and its rules are followed on a pool thread, for some weeks ahead; what comes
 * back is a sorted list of plain events, which the loop looks through once a minute and whenever
 * one begins or ends. A file that has become unreadable does not take the events away.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/alloc.h"
#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/base/text.h"
#include "engine/config/type_zone.h"
#include "engine/graph/link.h"
#include "engine/graph/node.h"
#include "nodes/calendar/events.h"

enum { OUT_ACTIVE, OUT_SUMMARY };
enum { TIMER_FILE, TIMER_EVENT };

#define AHEAD (35 * MF_DAY)    /* events are known for this long … */
#define AHEAD_MIN (3 * MF_DAY) /* … and anew when it is less than this */
#define BEHIND MF_DAY          /* so that a clock that is set back a little finds them, too */
#define LOOK_AT_CLOCK MF_MINUTE

struct config {
    const char *path;
    const char *match;
    const struct mf_zone *tz;
    int64_t before;
    int64_t every;
};

/* Tells one version of the file from the next. */
struct stamp {
    int64_t changed, size;
    uint64_t inode;
};

/* In the hands of a pool thread until done() is called, perhaps after the node has gone. */
struct look {
    struct mf_job job;
    struct mf_node *node; /* NULL: nobody wants to know any more */
    char *path;
    const struct mf_zone *zone;
    int64_t from, until;
    struct stamp known; /* zeroed: read it in any case */
    /* What came of it. */
    struct stamp stamp;
    bool is_unchanged;
    struct mf_events events;
    struct mf_error err;
};

struct state {
    struct look *look; /* under way */
    const struct mf_zone *zone;
    struct mf_events events; /* those that match */
    int64_t from, until;     /* that they cover */
    struct stamp stamp;
    bool is_known;  /* there has been a good file */
    bool is_broken; /* the last look was not good */
    const char *reason;
    bool has_said;
};

/* ---- on the pool thread ---- */

static int read_all(int fd, const char *path, size_t size, char **ret_text, struct mf_error *err)
{
    char *text = mf_alloc_limited(size + 1, MF_CALENDAR_MAX, "the calendar", err);
    size_t len = 0;
    ssize_t got = 1;

    if (!text)
        return err->code;
    while (len < size && (got = read(fd, text + len, size - len)) > 0)
        len += (size_t)got;
    text[len] = 0;
    if (got >= 0 && len == size) {
        *ret_text = text;
        return 0;
    }
    mf_free(text);
    if (got < 0)
        return mf_fail_sys(err, MF_EIO, errno, "cannot read the calendar `%s`", path);
    return mf_fail(err, MF_EIO, "the calendar `%s` is being written", path);
}

static int look_at_file(struct look *look, int fd)
{
    struct mf_error why = {0};
    struct stat st;
    char *text;
    int rc;

    if (fstat(fd, &st) < 0)
        return mf_fail_sys(&look->err, MF_EIO, errno, "cannot read the calendar `%s`", look->path);
    if (!S_ISREG(st.st_mode))
        return mf_fail(&look->err, MF_EINVAL, "the calendar `%s` is no file", look->path);
    look->stamp = (struct stamp){
        (int64_t)st.st_mtim.tv_sec * MF_SEC + st.st_mtim.tv_nsec,
        st.st_size,
        st.st_ino,
    };
    look->is_unchanged = look->known.inode == look->stamp.inode &&
                         look->known.changed == look->stamp.changed &&
                         look->known.size == look->stamp.size;
    if (look->is_unchanged)
        return 0;
    rc = read_all(fd, look->path, (size_t)st.st_size, &text, &look->err);
    if (rc < 0)
        return rc;
    rc = mf_events_read(text, (size_t)st.st_size, look->zone, look->from, look->until,
                        &look->events, &why);
    mf_free(text);
    return rc < 0
               ? mf_fail(&look->err, rc, "the calendar `%s` is of no use: %s", look->path, why.text)
               : 0;
}

static void look_run(struct mf_job *job)
{
    struct look *look = (struct look *)job;
    int fd = open(look->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0) {
        mf_fail_sys(&look->err, MF_EIO, errno, "cannot open the calendar `%s`", look->path);
        return;
    }
    look_at_file(look, fd);
    close(fd);
}

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

    if (in_any_case || !s->has_said || last->quality != msg.quality ||
        !mf_value_equal(&last->value, &value))
        mf_node_emit_msg(node, out, &msg);
    mf_value_drop(value);
}

static void look_at_file_again(struct mf_node *node);

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
        look_at_file_again(node); /* the clock was set, or weeks have passed */
}

/* ---- looking at the file ---- */

static void look_free(struct look *look)
{
    mf_events_done(&look->events);
    mf_free(look->path);
    mf_free(look);
}

static void take_events(struct mf_node *node, struct look *look)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    if (look->events.left_out)
        mf_node_log(node, MF_LOG_WARNING, "%zu events of `%s` are left out: %s",
                    look->events.left_out, c->path, look->events.why);
    mf_events_done(&s->events);
    s->events = look->events;
    memset(&look->events, 0, sizeof(look->events));
    keep_matching(&s->events, c->match);
    s->from = look->from;
    s->until = look->until;
    s->stamp = look->stamp;
    s->is_known = true;
}

static void look_done(struct mf_job *job)
{
    struct look *look = (struct look *)job;
    struct mf_node *node = look->node;
    struct state *s = node ? mf_node_state(node) : NULL;

    if (node) {
        s->look = NULL;
        if (look->err.code && !s->is_broken)
            mf_node_log(node, MF_LOG_WARNING, "%s%s", look->err.text,
                        s->is_known ? "; what was known of it still counts" : "");
        if (!look->err.code && s->is_broken)
            mf_node_log(node, MF_LOG_INFO, "the calendar `%s` is good again", look->path);
        s->is_broken = look->err.code != 0;
        s->reason = look->err.code == MF_EIO ? mf_reason_device : mf_reason_decode;
        if (!look->err.code && !look->is_unchanged)
            take_events(node, look);
        if (s->is_known) {
            look_at_events(node, !s->is_broken);
        } else {
            mf_node_emit_bad(node, OUT_SUMMARY, MF_BAD, s->reason);
            mf_node_emit_bad(node, OUT_ACTIVE, MF_BAD, s->reason);
        }
    }
    look_free(look);
}

static void look_at_file_again(struct mf_node *node)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    int64_t now = mf_node_now(node);
    struct look *look;

    if (s->look)
        return; /* a slow disk: one at a time */
    look = mf_zalloc(sizeof(*look));
    look->job = (struct mf_job){.run = look_run, .done = look_done};
    look->node = node;
    look->path = mf_strdup(c->path);
    look->zone = s->zone;
    look->from = now - BEHIND;
    look->until = now + AHEAD + c->before;
    if (s->is_known && now >= s->from && now <= s->until - AHEAD_MIN - c->before)
        look->known = s->stamp;
    s->look = look;
    mf_node_job(node, &look->job);
}

/* ---- the kind ---- */

static int calendar_start(struct mf_node *node, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    s->zone = mf_zone_or_local(c->tz, err);
    if (!s->zone)
        return err->code;
    mf_node_arm(node, TIMER_FILE, 0);
    return 0;
}

static void calendar_timeout(struct mf_node *node, unsigned timer)
{
    const struct config *c = mf_node_config(node);

    if (timer == TIMER_EVENT) {
        look_at_events(node, false);
        return;
    }
    mf_node_arm(node, TIMER_FILE, c->every);
    look_at_file_again(node);
}

static void calendar_check(const void *config, struct mf_check *check)
{
    const struct config *c = config;

    if (c->path && strstr(c->path, "://"))
        mf_diag_help(mf_diag(check->diags, MF_ERROR, 225, mf_check_at(check, "path"),
                             "a calendar is read from a file, not from `%s`", c->path),
                     "have it fetched into a file: `curl --silent --fail --output cal.ics URL`");
}

static int64_t calendar_period(const void *config)
{
    const struct config *c = config;

    return c->every;
}

static void calendar_stop(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    if (s->look)
        s->look->node = NULL;
    s->look = NULL;
}

static void calendar_destroy(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

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
        .summary = "The iCalendar file (.ics).",
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
        .fallback = "1min",
        MF_LIMITS(1, 86400),
        .summary = "Time between two looks at the file.",
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
        "Limits: 16 MiB per file, 10000 events within 35 days, 100000 rounds of one recurrence "
        "rule and a million of all. Web addresses are not read: let `curl` and a timer fetch the "
        "file.",
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
