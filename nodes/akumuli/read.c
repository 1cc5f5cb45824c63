/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * akumuli.read: what a database has stored, said again as it was then.
 *
 * Rows are asked for in pages, in order of time, and said one per turn; the next page is asked for
 * when the last one has been said, so that a slow flow keeps no more than a page. A page begins
 * with the time at which the one before ended: several rows may have that time, and those that were
 * said already are left out.
 */

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "nodes/akumuli/link.h"
#include "nodes/akumuli/query.h"
#include "nodes/net/http_rules.h"
#include "nodes/net/poller.h"

enum { OUT, SERIES };
enum { TIMER_POLL, TIMER_AGAIN, TIMERS };
enum { CODE_QUESTION = 586 };
enum {
    PAGE = 10000,                  /* rows that are asked for at once */
    PAGE_BYTES = 32 * 1024 * 1024, /* more than they have with the longest names */
};

enum repeat { REPEAT_NEW, REPEAT_ALL };

struct config {
    const char *series, *link;
    int64_t since, until, last, ahead, every, group, limit;
    bool has_since, has_until, has_last, has_group;
    int aggregate, repeat;
};

struct state {
    struct mf_http_client *client;
    struct mf_http_request request;
    struct mf_http_patience patience;
    char *url;
    struct mf_buf question, page;
    size_t at;                /* of the page: what is said next */
    int64_t rows, asked;      /* of the page: so far, and at most */
    int64_t from, to, count;  /* of this round */
    int64_t newest;           /* time of the row that was said last */
    int64_t said, skip;       /* rows with that time: said in all, to be left out */
    bool has_newest, is_over; /* nothing more in this round */
    bool has_ended;           /* nothing more, ever */
    uint64_t total;
};

static const char not_found[] = "no such series", refused[] = "the database refused the question";

static const struct mf_choice aggregates[] = {
    {"none", 0, "The rows themselves."},
    {"min", 1, "The smallest."},
    {"max", 2, "The largest."},
    {"sum", 3, "The sum."},
    {"count", 4, "How many there are."},
    {"mean", 5, "The mean."},
    {"first", 6, "The first."},
    {"last", 7, "The last."},
    {0},
};

/* ---- asking ---- */

static void ask(struct mf_node *node)
{
    static const char *const headers[] = {"Content-Type: application/json", NULL};
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    int64_t left = c->limit - s->count;
    struct mf_akumuli_question question = {
        .series = c->series,
        .aggregate = c->aggregate ? aggregates[c->aggregate].name : NULL,
        .group = c->group,
        .from = s->has_newest && s->newest >= s->from ? s->newest : s->from,
        .to = s->to,
        .limit = s->skip + (left < PAGE ? left : PAGE),
    };
    struct mf_error err;

    if (mf_http_is_busy(&s->request))
        return;
    s->asked = question.limit;
    mf_buf_clear(&s->question);
    mf_akumuli_put_question(&question, &s->question);
    s->request.body = s->question.data;
    s->request.len = s->question.len;
    s->request.headers = headers;
    if (mf_http_send(s->client, &s->request, &err) < 0)
        mf_node_arm(node, TIMER_AGAIN, MF_SEC);
}

static void begin_round(struct mf_node *node)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    int64_t now = mf_node_now(node);

    s->to = c->has_until ? c->until : now + c->ahead;
    s->from = c->has_since ? c->since : now - c->last;
    if (s->from < 0)
        s->from = 0;
    s->count = 0;
    s->is_over = false;
    if (c->repeat == REPEAT_ALL || c->aggregate)
        s->has_newest = false;
    s->skip = s->has_newest && s->newest >= s->from ? s->said : 0;
    ask(node);
}

static void poll(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    if (s->is_over && !s->has_ended)
        begin_round(node);
}

/* The round is over, well or not. */
static void end_round(struct mf_node *node)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    s->is_over = true;
    s->has_ended = !c->every || mf_node_is_once(node);
    mf_node_wake(node);
}

static void read_timeout(struct mf_node *node, unsigned timer)
{
    const struct config *c = mf_node_config(node);

    if (timer == TIMER_AGAIN) {
        ask(node);
        return;
    }
    mf_poller_arm(node, TIMER_POLL, c->every);
    poll(node);
}

/* ---- answers ---- */

static void try_again(struct mf_node *node, const struct mf_http_answer *answer)
{
    const struct mf_msg *last = mf_node_last(node, OUT);
    struct state *s = mf_node_state(node);
    int64_t wait = mf_http_patience_wait(&s->patience, answer->retry_after);
    const char *reason = mf_http_reason(answer);
    struct mf_error err;

    mf_http_say(answer, &s->request, &err);
    if (!last || last->quality == MF_GOOD || last->reason != reason)
        mf_node_log(node, MF_LOG_WARNING, "%s; trying again in %.1f s", err.text,
                    (double)wait / MF_SEC);
    mf_node_emit_bad(node, OUT, MF_STALE, reason);
    if (mf_node_is_once(node))
        end_round(node);
    else
        mf_node_arm(node, TIMER_AGAIN, wait);
}

static void done(struct mf_http_request *request, const struct mf_http_answer *answer)
{
    struct mf_node *node = request->owner;
    struct state *s = mf_node_state(node);
    enum mf_http_verdict verdict = mf_http_judge(answer);
    struct mf_error err;

    if (verdict == MF_HTTP_LATER) {
        try_again(node, answer);
        return;
    }
    s->patience.failures = 0;
    if (verdict != MF_HTTP_GOOD) {
        mf_http_say(answer, request, &err);
        mf_node_reject(node, mf_http_reason(answer), "%s", err.text);
        end_round(node);
        return;
    }
    mf_buf_clear(&s->page);
    mf_buf_put(&s->page, answer->body, answer->len);
    s->at = 0;
    s->rows = 0;
    mf_node_wake(node);
}

/* ---- saying ---- */

static void say(struct mf_node *node, const struct mf_akumuli_point *point)
{
    struct state *s = mf_node_state(node);

    s->said = s->has_newest && s->newest == point->time ? s->said + 1 : 1;
    s->newest = point->time;
    s->has_newest = true;
    s->count++;
    s->total++;
    if (mf_node_output_is_read(node, SERIES))
        mf_node_emit_take_at(node, SERIES, mf_value_new_text_n(point->series, point->series_len),
                             point->time);
    mf_node_emit_take_at(node, OUT, mf_value_number(point->value), point->time);
}

/* A line at `line` that is no row. */
static void complain(struct mf_node *node, int code, const struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    const char *reason = code == MF_EDENIED ? refused : mf_reason_decode;

    if (code == MF_EDENIED && strstr(err->text, "not found"))
        reason = not_found;
    mf_node_reject(node, reason, "%s: %s", c->series, err->text);
}

static void take_line(struct mf_node *node, const char *line, size_t len)
{
    struct state *s = mf_node_state(node);
    struct mf_akumuli_point point;
    struct mf_error err;
    int rc = mf_akumuli_read_line(line, len, &point, &err);

    s->rows++;
    if (rc < 0) {
        complain(node, rc, &err);
        return;
    }
    /* At the end of the page before: these have been said. Some of them may have been deleted. */
    if (s->skip && point.time == s->newest) {
        s->skip--;
        return;
    }
    s->skip = 0;
    say(node, &point);
}

/* What comes after the page: another one, or nothing. */
static void after_page(struct mf_node *node)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    bool is_full = s->rows >= s->asked;

    mf_buf_clear(&s->page);
    s->at = 0;
    s->rows = 0;
    if (is_full && s->count >= c->limit) {
        mf_node_log(node, MF_LOG_WARNING, "%s: more than `limit: %lld` rows are not read",
                    c->series, (long long)c->limit);
        end_round(node);
    } else if (is_full) {
        s->skip = s->said;
        ask(node);
    } else {
        end_round(node);
    }
}

static int read_pull(struct mf_node *node)
{
    struct state *s = mf_node_state(node);
    const char *line = s->page.data + s->at, *end;

    if (s->has_ended)
        return MF_PULL_END;
    if (s->is_over || mf_http_is_busy(&s->request) || mf_node_is_armed(node, TIMER_AGAIN))
        return MF_PULL_WAIT;
    if (s->at >= s->page.len) {
        after_page(node);
        return MF_PULL_MORE;
    }
    end = memchr(line, '\n', s->page.len - s->at);
    if (!end)
        end = s->page.data + s->page.len;
    s->at = (size_t)(end - s->page.data) + 1;
    if (end > line && end[-1] == '\r')
        end--;
    if (end > line)
        take_line(node, line, (size_t)(end - line));
    return MF_PULL_MORE;
}

/* ---- life ---- */

static int read_start(struct mf_node *node, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    struct mf_http_setup setup = {0};
    struct mf_buf url = {0};

    s->client = mf_http_client_new(NULL, node, &setup, err);
    if (!s->client)
        return MF_EINVAL;
    mf_akumuli_query_url(mf_node_link(node), &url);
    s->url = mf_buf_take(&url);
    s->request =
        (struct mf_http_request){.url = s->url, .limit = PAGE_BYTES, .done = done, .owner = node};
    mf_http_patience_init(&s->patience);
    s->has_ended = false;
    if (c->every)
        mf_poller_arm(node, TIMER_POLL, c->every);
    begin_round(node);
    return 0;
}

static void read_stop(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    mf_http_client_free(s->client);
    s->client = NULL;
    mf_free(s->url);
    s->url = NULL;
    mf_buf_clear(&s->page);
}

static void read_destroy(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    mf_buf_done(&s->question);
    mf_buf_done(&s->page);
}

static void read_save(const struct mf_node *node, struct mf_state_out *out)
{
    const struct config *c = mf_node_config(node);
    const struct state *s = mf_node_state(node);
    struct mf_value series = mf_value_new_text(c->series);

    if (s->has_newest && !c->aggregate) {
        mf_state_put(out, "series", &series);
        mf_state_put_int(out, "newest", s->newest);
        mf_state_put_int(out, "said", s->said);
    }
    mf_value_drop(series);
}

static int read_restore(struct mf_node *node, struct mf_state_in *in, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    const struct mf_value *series = mf_state_get(in, "series");
    struct mf_value mine = mf_value_new_text(c->series);

    s->has_newest = series && mf_value_equal(series, &mine) &&
                    mf_state_get_int(in, "newest", &s->newest) &&
                    mf_state_get_int(in, "said", &s->said);
    mf_value_drop(mine);
    return 0;
}

static void read_stats(const struct mf_node *node, mf_stat_fn put, void *arg)
{
    const struct state *s = mf_node_state(node);

    put(arg, "rows", (double)s->total, true);
    put(arg, "page_bytes", (double)s->page.len, false);
    if (s->client)
        mf_http_client_stats(s->client, put, arg);
}

static void fault(struct mf_check *check, const char *option, const char *text, const char *help)
{
    mf_diag_help(
        mf_diag(check->diags, MF_ERROR, CODE_QUESTION, mf_check_at(check, option), "%s", text),
        "%s", help);
}

static void read_check(const void *config, struct mf_check *check)
{
    const struct config *c = config;

    if (c->has_since && c->has_last)
        fault(check, "last", "`since` and `last` both say where to begin", "leave one of them out");
    if (c->has_until && c->ahead)
        fault(check, "ahead", "`until` and `ahead` both say where to end", "leave one of them out");
    if (c->has_since && c->has_until && c->since >= c->until)
        fault(check, "until", "`until` is not behind `since`", "swap them");
    if (c->has_group && !c->aggregate)
        fault(check, "group", "`group` puts rows together, but nothing says how",
              "add `aggregate: mean`, or leave `group` out");
    if (c->repeat == REPEAT_ALL && !c->every)
        fault(check, "repeat", "nothing is read again without `every`", "add `every: 1h`");
}

/* What is new comes at its own pace. */
static int64_t read_period(const void *config)
{
    const struct config *c = config;

    return c->repeat == REPEAT_ALL || c->aggregate ? c->every : 0;
}

static const struct mf_port ports[] = {
    {"out", MF_OUT, MF_T(MF_NUMBER), .summary = "What was stored, with the time it has there."},
    {"series", MF_OUT, MF_T(MF_TEXT), .summary = "Name of the series it is from."},
    {0},
};

static const struct mf_choice repeats[] = {
    {"new", REPEAT_NEW, "What is newer than the last row that was read."},
    {"all", REPEAT_ALL, "All of it again: a forecast, for example."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {"series", &mf_type_akumuli_selection, MF_MEMBER(MF_CONFIG, series, const char *),
     .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
     .summary = "Metric and tags, `power site=home`; all series that have these tags are read, in "
                "order of time."},
    {"link", MF_STRING(link), .flags = MF_OPT_LINK,
     .summary = "Link of kind `akumuli`; may be left out where the flow has only one."},
    {"since", &mf_type_akumuli_time, MF_MEMBER(MF_CONFIG, since, int64_t), MF_GIVEN(has_since),
     .summary = "Time of the first row, `2026-11-23` or `2026-11-23T21:05:00Z`; UTC unless it says "
                "otherwise."},
    {"until", &mf_type_akumuli_time, MF_MEMBER(MF_CONFIG, until, int64_t), MF_GIVEN(has_until),
     .summary = "Time behind the last row; default: now, and `ahead`."},
    {"last", MF_DURATION(last), .fallback = "1d", MF_LIMITS(0, 3.2e9), MF_GIVEN(has_last),
     .summary = "Begin so long before now, instead of at `since`."},
    {"ahead", MF_DURATION(ahead), .fallback = "0s", MF_LIMITS(0, 3.2e9),
     .summary = "End so long after now: rows of a forecast have times to come."},
    {"every", MF_DURATION(every), MF_LIMITS(0.1, 3.2e9),
     .summary = "Time between two questions; without it there is one, and the node has nothing "
                "more to say."},
    {"repeat", MF_CHOICE(repeat, repeats), .fallback = "new",
     .summary = "What is said when it is asked again."},
    {"aggregate", MF_CHOICE(aggregate, aggregates), .fallback = "none",
     .summary = "What the database makes of the rows, per series."},
    {"group", MF_DURATION(group), MF_LIMITS(1e-9, 3.2e9), MF_GIVEN(has_group),
     .summary = "Time that is put together, with `aggregate`; without it, all."},
    {"limit", MF_INTEGER(limit), .fallback = "10000000", MF_LIMITS(1, 1e12),
     .summary = "Rows of one question and its pages; more are not read, with a warning."},
    {0},
};

const struct mf_kind mf_kind_akumuli_read = {
    .name = "akumuli.read",
    .summary = "Reads what series of an Akumuli database have stored.",
    .doc =
        "Each row is a message with the time it has in the database: what was measured then goes "
        "through the flow again, for a backtest, or what is to come, for a plan. Rows are said "
        "as fast as the flow takes them; 10 000 at a time are fetched, over HTTP "
        "(`query_port` of the link). When there is nothing more and no `every`, the node has "
        "ended, and with it a run with `--once`.\n"
        "\n"
        "A database that cannot be reached makes the output stale; it is asked again after 1 s, "
        "2 s … 60 s. An error it reports, such as a series it does not have, is logged with the "
        "name and makes the output bad until the next question.\n"
        "\n"
        "With `every` a question is about rows that are newer than the last one, also after a "
        "reload and, with `keep`, a restart. With `aggregate` or `repeat: all` it is about all "
        "of `last` and `ahead` again.",
    .example =
        "moat-flow: 1\n"
        "links: {tsdb: {akumuli: 'tcp:tsdb.lan'}}\n"
        "nodes:\n"
        "  was: {akumuli.read: power site=home, since: 2026-11-01, until: 2026-12-01, unit: W}\n"
        "  mean: {akumuli.read: power site=home, last: 7d, every: 1h, aggregate: mean, "
        "group: 15min, unit: W}\n"
        "  sun: {akumuli.read: forecast what=pv, last: 0s, ahead: 1d, every: 1h, repeat: "
        "all, unit: W}\n"
        "  show: {log: info, from: [was, mean, sun]}\n",
    .link = &mf_link_kind_akumuli,
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .timers = TIMERS,
    .flags = MF_KIND_SOURCE,
    .state_version = 1,
    .check = read_check,
    .period = read_period,
    .start = read_start,
    .pull = read_pull,
    .timeout = read_timeout,
    .save = read_save,
    .restore = read_restore,
    .stats = read_stats,
    .stop = read_stop,
    .destroy = read_destroy,
};
