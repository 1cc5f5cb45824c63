/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * log: a line in the program's log for each value.
 */

#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/base/text.h"
#include "engine/graph/node.h"
#include "engine/value/unit.h"

enum { LINE_BYTES = 2000 };

struct config {
    int level;
    const char *message;
    int64_t limit; /* lines per second */
};

struct state {
    int64_t second; /* mono, start of the current one */
    int64_t said;   /* lines in it */
    uint64_t held;  /* lines left out since the last one */
};

/* What a message is made of, in the moment it is written. */
struct scene {
    struct mf_node *node;
    unsigned input;
    const struct mf_msg *msg;
};

/* ---- placeholders ---- */

static void put_value(const struct scene *scene, struct mf_buf *buf)
{
    mf_value_print(&scene->msg->value, buf);
}

static void put_unit(const struct scene *scene, struct mf_buf *buf)
{
    const struct mf_unit *unit = mf_node_input_unit(scene->node, scene->input);

    if (unit)
        mf_buf_puts(buf, unit->name);
}

static void put_quality(const struct scene *scene, struct mf_buf *buf)
{
    mf_buf_puts(buf, mf_quality_names[scene->msg->quality]);
    if (scene->msg->reason)
        mf_buf_printf(buf, ": %s", scene->msg->reason);
}

static void put_age(const struct scene *scene, struct mf_buf *buf)
{
    int64_t age = mf_node_now(scene->node) - scene->msg->time;

    if (age > -MF_MS && age < MF_MS)
        mf_buf_puts(buf, "0s");
    else
        mf_duration_print(age / MF_MS * MF_MS, buf);
}

static void put_node(const struct scene *scene, struct mf_buf *buf)
{
    mf_buf_puts(buf, mf_node_input_node(scene->node, scene->input));
}

static void put_port(const struct scene *scene, struct mf_buf *buf)
{
    mf_buf_puts(buf, mf_node_input_label(scene->node, scene->input));
}

static void put_time(const struct scene *scene, struct mf_buf *buf)
{
    char text[MF_TIME_TEXT];

    mf_time_print(scene->msg->time, text);
    mf_buf_puts(buf, text);
}

struct placeholder {
    const char *name;
    void (*put)(const struct scene *scene, struct mf_buf *buf);
};

static const struct placeholder placeholders[] = {
    {"value", put_value}, {"unit", put_unit}, {"quality", put_quality}, {"age", put_age},
    {"node", put_node},   {"port", put_port}, {"time", put_time},
};

enum { PLACEHOLDERS = sizeof(placeholders) / sizeof(*placeholders) };

/* At a brace: the placeholder and its length with the braces; NULL when nobody fills it. */
static const struct placeholder *find(const char *text, size_t *ret_len)
{
    const char *end = strchr(text, '}');

    *ret_len = end ? (size_t)(end - text) + 1 : strlen(text);
    for (size_t i = 0; end && i < PLACEHOLDERS; i++)
        if (mf_text_eq(text + 1, *ret_len - 2, placeholders[i].name))
            return &placeholders[i];
    return NULL;
}

static void log_check(const void *config, struct mf_check *check)
{
    const struct config *c = config;

    for (const char *p = c->message; p && (p = strchr(p, '{'));) {
        size_t len;

        if (!find(p, &len))
            mf_diag_help(mf_diag(check->diags, MF_ERROR, 525, mf_check_at(check, "message"),
                                 "nobody fills `%.*s` in a message", (int)len, p),
                         "there are {value}, {unit}, {quality}, {age}, {node}, {port} and {time}");
        p += len;
    }
}

/* ---- lines ---- */

static void fill(const struct scene *scene, const char *message, struct mf_buf *buf)
{
    for (const char *p = message; *p;) {
        size_t len = strcspn(p, "{");
        const struct placeholder *placeholder;

        mf_buf_put(buf, p, len);
        p += len;
        if (!*p)
            break;
        placeholder = find(p, &len);
        if (placeholder)
            placeholder->put(scene, buf);
        p += len;
    }
    while (buf->len && buf->data[buf->len - 1] == ' ')
        buf->data[--buf->len] = 0; /* where a unit could have been */
    /* Nobody should take an old value for a new one because the message does not say. */
    if (scene->msg->quality != MF_GOOD && !strstr(message, "{quality}")) {
        mf_buf_puts(buf, " (");
        put_quality(scene, buf);
        mf_buf_puts(buf, ")");
    }
}

/* True when there may be a line now; counts those that may not. */
static bool admit(struct mf_node *node)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    int64_t now = mf_node_mono(node);

    if (now - s->second >= MF_SEC) {
        s->second = now;
        s->said = 0;
    }
    if (s->said >= c->limit) {
        s->held++;
        return false;
    }
    s->said++;
    return true;
}

static void log_receive(struct mf_node *node, unsigned port, const struct mf_msg *msg)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    struct scene scene = {node, mf_node_current(node), msg};
    enum mf_log_level level = (enum mf_log_level)c->level;
    struct mf_buf buf = {.limit = LINE_BYTES};

    if (!mf_log_is_on(level) || !admit(node))
        return;
    if (s->held)
        mf_log(level, mf_node_name(node), "%llu lines were left out, the limit is %lld per second",
               (unsigned long long)s->held, (long long)c->limit);
    s->held = 0;
    fill(&scene, c->message, &buf);
    mf_log(level, mf_node_name(node), "%s", mf_buf_text(&buf));
    mf_buf_done(&buf);
}

static const struct mf_port ports[] = {
    {"in", MF_IN, MF_T_ANY, MF_PORT_NAMED | MF_PORT_ANY_AGE, .summary = "Values to log."},
    {0},
};

static const struct mf_choice levels[] = {
    {"error", MF_LOG_ERROR, "Something is broken."},
    {"warning", MF_LOG_WARNING, "Somebody should look at it."},
    {"notice", MF_LOG_NOTICE, "Shown unless `--log-level` says otherwise."},
    {"info", MF_LOG_INFO, "Shown with `--log-level info`."},
    {"debug", MF_LOG_DEBUG, "Shown with `--log-level debug`."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {
        "level",
        MF_CHOICE(level, levels),
        .fallback = "notice",
        .flags = MF_OPT_PRIMARY | MF_OPT_LIVE,
        .summary = "How important the lines are.",
    },
    {
        "message",
        MF_STRING(message),
        .fallback = "\"{port}: {value} {unit}\"",
        .flags = MF_OPT_LIVE,
        .summary = "The line; `{value}`, `{unit}`, `{quality}`, `{age}`, `{node}`, `{port}` and "
                   "`{time}` are filled in.",
    },
    {
        "limit",
        MF_INTEGER(limit),
        .fallback = "10",
        .flags = MF_OPT_LIVE,
        MF_LIMITS(1, 10000),
        .summary = "Lines per second; more are left out and counted.",
    },
    {0},
};

const struct mf_kind mf_kind_log = {
    .name = "log",
    .summary = "Writes what comes into the program's log.",
    .doc = "Values that are stale or bad are logged, too, and marked: `power: 20 W (stale: "
           "timeout)`. `{port}` is the name of the input in `from`, `{node}` the node it comes "
           "from, `{age}` how long ago the value was true.",
    .example = "power: {sim.wave: sine, every: 1s, unit: W}\n"
               "show:  {log: notice, from: power, message: \"{node} is at {value} {unit}\"}\n",
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .check = log_check,
    .receive = log_receive,
};
