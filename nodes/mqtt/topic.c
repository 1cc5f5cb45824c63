/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Topics and filters: checked when a flow is compiled, at the byte that is
 * wrong, because a broker answers a bad one by closing the connection.
 */

#include "nodes/mqtt/topic.h"

#include <string.h>

#include "engine/base/text.h"

static const char share_prefix[] = "$share/";

static struct mf_mqtt_fault fault(const char *text, size_t from, size_t to)
{
    return (struct mf_mqtt_fault){text, from, to};
}

/* ---- what may be written ---- */

/* Mosquitto and others close the connection on control characters, so they are refused here. */
static struct mf_mqtt_fault check_bytes(const char *text, size_t len)
{
    size_t pos = 0;

    if (len == 0)
        return fault("it is empty", 0, 0);
    if (len > MF_MQTT_TOPIC_BYTES)
        return fault("it is longer than 65535 bytes", 0, len);
    while (pos < len) {
        size_t start = pos;
        int32_t code = mf_utf8_next(text, len, &pos);

        if (code < 0)
            return fault("it is not UTF-8", start, pos);
        if (code < 0x20 || (code >= 0x7f && code < 0xa0))
            return fault("it holds a control character", start, pos);
    }
    return fault(NULL, 0, 0);
}

struct mf_mqtt_fault mf_mqtt_check_topic(const char *text, size_t len)
{
    struct mf_mqtt_fault found = check_bytes(text, len);

    for (size_t i = 0; i < len && !found.text; i++)
        if (text[i] == '+' || text[i] == '#')
            found = fault("wildcards belong in filters; one publishes to one topic", i, i + 1);
    return found;
}

/* `$share/GROUP/` with a group and something behind it. */
static struct mf_mqtt_fault check_share(const char *text, size_t len, size_t *ret_start)
{
    size_t prefix = sizeof(share_prefix) - 1, end = prefix;

    *ret_start = 0;
    if (len < prefix || memcmp(text, share_prefix, prefix) != 0)
        return fault(NULL, 0, 0);
    while (end < len && text[end] != '/')
        end++;
    if (end == prefix)
        return fault("the name of the group is missing: `$share/GROUP/FILTER`", 0, end);
    for (size_t i = prefix; i < end; i++)
        if (text[i] == '+' || text[i] == '#')
            return fault("the name of a group has no wildcards", i, i + 1);
    if (end + 1 >= len)
        return fault("the filter is missing: `$share/GROUP/FILTER`", 0, len);
    *ret_start = end + 1;
    return fault(NULL, 0, 0);
}

struct mf_mqtt_fault mf_mqtt_check_filter(const char *text, size_t len)
{
    struct mf_mqtt_fault found = check_bytes(text, len);
    size_t start;

    if (!found.text)
        found = check_share(text, len, &start);
    if (found.text)
        return found;
    for (size_t i = start; i < len; i++) {
        bool begins = i == start || text[i - 1] == '/';
        bool ends = i + 1 == len || text[i + 1] == '/';

        if (text[i] == '+' && !(begins && ends))
            return fault("`+` stands for a whole level: `a/+/b`", i, i + 1);
        if (text[i] == '#' && !(begins && ends))
            return fault("`#` stands for whole levels: `a/#`", i, i + 1);
        if (text[i] == '#' && i + 1 != len)
            return fault("`#` must be the last level", i, i + 1);
    }
    return fault(NULL, 0, 0);
}

/* ---- matching ---- */

bool mf_mqtt_is_shared(const char *filter)
{
    return mf_text_starts(filter, share_prefix);
}

const char *mf_mqtt_bare_filter(const char *filter)
{
    return mf_mqtt_is_shared(filter) ? strchr(filter + sizeof(share_prefix) - 1, '/') + 1 : filter;
}

/* Length of the level that begins at `text`. */
static size_t level(const char *text)
{
    return strcspn(text, "/");
}

/* The text behind a level and its `/`; NULL when it was the last one. */
static const char *next(const char *text)
{
    text += level(text);
    return *text ? text + 1 : NULL;
}

bool mf_mqtt_matches(const char *filter, const char *topic)
{
    filter = mf_mqtt_bare_filter(filter);
    if (*topic == '$' && *filter != '$')
        return false;
    while (filter && topic) {
        size_t len = level(filter);

        if (*filter == '#')
            return true;
        if (*filter != '+' && (len != level(topic) || memcmp(filter, topic, len) != 0))
            return false;
        filter = next(filter);
        topic = next(topic);
    }
    /* `a/#` matches `a` too. */
    return !topic && (!filter || *filter == '#');
}

bool mf_mqtt_covers(const char *wide, const char *narrow)
{
    if (mf_mqtt_is_shared(wide) || mf_mqtt_is_shared(narrow))
        return false;
    if (*narrow == '$' && *wide != '$')
        return false;
    while (wide && narrow) {
        size_t len = level(wide);

        if (*wide == '#')
            return true;
        if (*narrow == '#')
            return false;
        if (*wide != '+' && (len != level(narrow) || memcmp(wide, narrow, len) != 0))
            return false;
        wide = next(wide);
        narrow = next(narrow);
    }
    return !narrow && (!wide || *wide == '#');
}

/* ---- patterns ---- */

enum hole { HOLE_PORT, HOLE_NODE, HOLE_TOPIC, HOLES };

static const char *const holes[HOLES] = {"{port}", "{node}", "{topic}"};

/* The hole that begins at `text`, or HOLES. */
static enum hole hole_at(const char *text)
{
    enum hole hole = 0;

    while (hole < HOLES && !mf_text_starts(text, holes[hole]))
        hole++;
    return hole;
}

struct mf_mqtt_fault mf_mqtt_check_pattern(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] == '{' && hole_at(text + i) == HOLES) {
            const char *end = strchr(text + i, '}');

            return fault("only `{port}`, `{node}` and `{topic}` can be filled", i,
                         end ? (size_t)(end - text) + 1 : i + 1);
        }
    return mf_mqtt_check_topic(text, len);
}

static int fill_hole(enum hole hole, const struct mf_mqtt_fill *fill, struct mf_buf *buf,
                     struct mf_error *err)
{
    const char *text;
    size_t len;

    if (hole != HOLE_TOPIC) {
        mf_buf_puts(buf, hole == HOLE_PORT ? fill->port : fill->node);
        return 0;
    }
    if (fill->topic->type != MF_TEXT)
        return mf_fail(err, MF_EINVAL,
                       "`%s` came without a topic for `{topic}`: only nodes with an output `topic` "
                       "have one, such as mqtt.subscribe",
                       fill->node);
    text = mf_value_text(fill->topic, &len);
    mf_buf_put(buf, text, len);
    return 0;
}

int mf_mqtt_fill(const char *pattern, const struct mf_mqtt_fill *fill, struct mf_buf *buf,
                 struct mf_error *err)
{
    struct mf_mqtt_fault found;
    int rc;

    while (*pattern) {
        size_t len = strcspn(pattern, "{");
        enum hole hole;

        mf_buf_put(buf, pattern, len);
        pattern += len;
        if (!*pattern)
            break;
        hole = hole_at(pattern);
        rc = fill_hole(hole, fill, buf, err);
        if (rc < 0)
            return rc;
        pattern += strlen(holes[hole]);
    }
    found = mf_mqtt_check_topic(mf_buf_text(buf), buf->len);
    if (found.text) {
        struct mf_buf shown = {0};

        mf_text_printable(&shown, mf_buf_text(buf), buf->len, 60);
        rc = mf_fail(err, MF_EINVAL, "`%s` is not a topic: %s", mf_buf_text(&shown), found.text);
        mf_buf_done(&shown);
        return rc;
    }
    return 0;
}

/* ---- option types ---- */

static bool read_checked(struct mf_load *load, const struct mf_option *option,
                         const struct mf_tree *tree, void *ret, unsigned code, const char *what,
                         struct mf_mqtt_fault (*check)(const char *text, size_t len))
{
    const char *text = mf_type_scalar(load, option, tree);
    struct mf_mqtt_fault found;

    if (!text)
        return false;
    found = check(text, tree->count);
    if (found.text) {
        struct mf_span at =
            found.to > found.from
                ? mf_tree_span(tree, load->diags->sources, (uint32_t)found.from, (uint32_t)found.to)
                : tree->at;

        mf_diag(load->diags, MF_ERROR, code, at, "%s is not %s: %s",
                mf_type_shown(load, option, tree), what, found.text);
        return false;
    }
    *(const char **)ret = mf_arena_strdup(load->arena, text);
    return true;
}

static bool filter_read(struct mf_load *load, const struct mf_option *option,
                        const struct mf_tree *tree, void *ret)
{
    return read_checked(load, option, tree, ret, 510, "a topic filter", mf_mqtt_check_filter);
}

static bool topic_read(struct mf_load *load, const struct mf_option *option,
                       const struct mf_tree *tree, void *ret)
{
    return read_checked(load, option, tree, ret, 511, "a topic", mf_mqtt_check_topic);
}

static bool pattern_read(struct mf_load *load, const struct mf_option *option,
                         const struct mf_tree *tree, void *ret)
{
    return read_checked(load, option, tree, ret, 511, "a topic", mf_mqtt_check_pattern);
}

/* One character of a level, and what a text with a substitution looks like: its value is not known
 * to a schema. */
#define LEVEL_CHAR "[^/+#\\\\u0000-\\\\u001f\\\\u007f-\\\\u009f]"
#define SUBSTITUTED "|\\\\$\\\\{"
#define SCALAR "{\"type\":[\"string\",\"number\",\"boolean\"],\"pattern\":\""

static void filter_schema(const struct mf_option *option, struct mf_buf *buf)
{
    mf_buf_puts(buf,
                SCALAR "^(?!\\\\$share/)(#|(\\\\+|" LEVEL_CHAR "*)(/(\\\\+|" LEVEL_CHAR
                       "*))*(/#)?)$|^\\\\$share/" LEVEL_CHAR "+/(#|(\\\\+|" LEVEL_CHAR
                       "*)(/(\\\\+|" LEVEL_CHAR "*))*(/#)?)$" SUBSTITUTED "\",\"minLength\":1}");
}

static void topic_schema(const struct mf_option *option, struct mf_buf *buf)
{
    mf_buf_puts(buf, SCALAR "^(/|" LEVEL_CHAR ")+$" SUBSTITUTED "\",\"minLength\":1}");
}

static void pattern_schema(const struct mf_option *option, struct mf_buf *buf)
{
    mf_buf_puts(buf, SCALAR "^(/|(?!\\\\{)" LEVEL_CHAR "|\\\\{(port|node|topic)\\\\})+$" SUBSTITUTED
                            "\",\"minLength\":1}");
}

const struct mf_type mf_type_mqtt_filter = {
    .name = "topic filter",
    .syntax = "MQTT topic levels with `/` between them; `+` is any one level, `#` at the end all "
              "that follow",
    .size = sizeof(const char *),
    .read = filter_read,
    .schema = filter_schema,
};

const struct mf_type mf_type_mqtt_topic = {
    .name = "topic",
    .syntax = "MQTT topic levels with `/` between them",
    .size = sizeof(const char *),
    .read = topic_read,
    .schema = topic_schema,
};

const struct mf_type mf_type_mqtt_pattern = {
    .name = "topic pattern",
    .syntax = "MQTT topic levels with `/` between them; `{port}`, `{node}`, `{topic}` are filled",
    .size = sizeof(const char *),
    .read = pattern_read,
    .schema = pattern_schema,
};
