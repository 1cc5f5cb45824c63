/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See query.h. */

#include "nodes/akumuli/query.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/date.h"
#include "engine/base/num.h"
#include "engine/base/text.h"
#include "nodes/akumuli/series.h"

enum { CODE_SERIES = 531, CODE_TIME = 585 };

/* ---- asking ---- */

static void put_text(struct mf_buf *buf, const char *text, size_t len)
{
    mf_text_quote_json(buf, text, len);
}

void mf_akumuli_print_time(int64_t time, char out[MF_AKUMULI_TIME])
{
    int64_t days = time / MF_DAY, rest = time % MF_DAY, year;
    int month, day;

    if (rest < 0) {
        rest += MF_DAY;
        days--;
    }
    mf_date_of(days, &year, &month, &day);
    snprintf(out, MF_AKUMULI_TIME, "%04d%02d%02dT%02d%02d%02d.%09d", (int)year, month, day,
             (int)(rest / MF_HOUR), (int)(rest % MF_HOUR / MF_MINUTE),
             (int)(rest % MF_MINUTE / MF_SEC), (int)(rest % MF_SEC));
}

static void put_range(const struct mf_akumuli_question *question, struct mf_buf *buf)
{
    char from[MF_AKUMULI_TIME], to[MF_AKUMULI_TIME];

    mf_akumuli_print_time(question->from, from);
    mf_akumuli_print_time(question->to, to);
    mf_buf_printf(buf, ",\"range\":{\"from\":\"%s\",\"to\":\"%s\"}", from, to);
}

/* `"where":{"site":"home"}`, unless there are no tags. */
static void put_where(const char *series, struct mf_buf *buf)
{
    struct mf_akumuli_word words[MF_AKUMULI_WORDS];
    size_t count = mf_akumuli_split(series, words);

    for (size_t i = 1; i < count; i++) {
        const char *equals = memchr(words[i].text, '=', words[i].len);
        size_t name = (size_t)(equals - words[i].text);

        mf_buf_puts(buf, i == 1 ? ",\"where\":{" : ",");
        put_text(buf, words[i].text, name);
        mf_buf_putc(buf, ':');
        put_text(buf, equals + 1, words[i].len - name - 1);
    }
    if (count > 1)
        mf_buf_putc(buf, '}');
}

/* In the largest unit that it is a multiple of. */
static void put_step(int64_t step, struct mf_buf *buf)
{
    static const struct {
        int64_t ns;
        const char *name;
    } units[] = {{MF_DAY, "d"}, {MF_HOUR, "h"}, {MF_MINUTE, "m"}, {MF_SEC, "s"},
                 {MF_MS, "ms"}, {MF_US, "us"},  {1, "n"}};
    size_t i = 0;

    while (step % units[i].ns)
        i++;
    mf_buf_printf(buf, "\"%lld%s\"", (long long)(step / units[i].ns), units[i].name);
}

void mf_akumuli_put_question(const struct mf_akumuli_question *question, struct mf_buf *buf)
{
    struct mf_akumuli_word words[MF_AKUMULI_WORDS];

    mf_akumuli_split(question->series, words);
    if (question->aggregate && question->group) {
        mf_buf_puts(buf, "{\"group-aggregate\":{\"metric\":");
        put_text(buf, words[0].text, words[0].len);
        mf_buf_puts(buf, ",\"step\":");
        put_step(question->group, buf);
        mf_buf_printf(buf, ",\"func\":[\"%s\"]}", question->aggregate);
    } else if (question->aggregate) {
        mf_buf_puts(buf, "{\"aggregate\":{");
        put_text(buf, words[0].text, words[0].len);
        mf_buf_printf(buf, ":\"%s\"}", question->aggregate);
    } else {
        mf_buf_puts(buf, "{\"select\":");
        put_text(buf, words[0].text, words[0].len);
    }
    put_range(question, buf);
    put_where(question->series, buf);
    mf_buf_printf(buf,
                  ",\"order-by\":\"time\",\"limit\":%lld,\"output\":{\"format\":\"csv\","
                  "\"timestamp\":\"raw\"}}",
                  (long long)question->limit);
}

/* ---- answers ---- */

/* "20261123T210500.123456789": what the database prints unless it was asked for numbers. */
static bool read_iso(const char *text, size_t len, int64_t *ret)
{
    char spread[MF_TIME_TEXT];

    if (len < 15 || len > 25 || text[8] != 'T')
        return false;
    snprintf(spread, sizeof(spread), "%.4s-%.2s-%.2sT%.2s:%.2s:%.2s%.*s", text, text + 4, text + 6,
             text + 9, text + 11, text + 13, (int)(len - 15), text + 15);
    return mf_time_read(spread, ret);
}

static bool read_time(const char *text, size_t len, int64_t *ret)
{
    if (len > 3 && strncmp(text, "ts=", 3) == 0)
        return mf_num_read_int(text + 3, len - 3, ret);
    return read_iso(text, len, ret);
}

/* From the last comma to the first: names may hold some, the rest does not. */
static const char *last_comma(const char *line, size_t len)
{
    return memrchr(line, ',', len);
}

int mf_akumuli_read_line(const char *line, size_t len, struct mf_akumuli_point *ret,
                         struct mf_error *err)
{
    const char *value, *time;

    if (len && *line == '-') {
        struct mf_buf said = {0};

        mf_text_printable(&said, line + 1, len - 1, 160);
        mf_fail(err, MF_EDENIED, "the database says: %s", mf_buf_text(&said));
        mf_buf_done(&said);
        return MF_EDENIED;
    }
    value = last_comma(line, len);
    time = value ? last_comma(line, (size_t)(value - line)) : NULL;
    if (time && time > line && read_time(time + 1, (size_t)(value - time - 1), &ret->time) &&
        mf_num_read_double(value + 1, (size_t)(line + len - value - 1), &ret->value)) {
        ret->series = line;
        ret->series_len = (size_t)(time - line);
        return 0;
    }
    return mf_fail(err, MF_EINVAL, "a line of %zu bytes is no `series,time,number`", len);
}

/* ---- options ---- */

static bool selection_read(struct mf_load *load, const struct mf_option *option,
                           const struct mf_tree *tree, void *ret)
{
    const char *text = mf_type_scalar(load, option, tree);
    struct mf_error err;

    if (!text)
        return false;
    *(const char **)ret = mf_arena_strdup(load->arena, text);
    if (tree->is_unknown || mf_akumuli_check_selection(text, &err) == 0)
        return true;
    mf_diag(load->diags, MF_ERROR, CODE_SERIES, tree->at, "%s", err.text);
    return false;
}

static void selection_schema(const struct mf_option *option, struct mf_buf *buf)
{
    mf_buf_puts(buf, "{\"type\":\"string\",\"pattern\":\"^[^= ]+( +[^= ]+=.*)*$|\\\\$\\\\{\"}");
}

const struct mf_type mf_type_akumuli_selection = {
    .name = "series",
    .syntax = "a metric and the tags that are wanted, such as `power site=home`",
    .size = sizeof(const char *),
    .read = selection_read,
    .schema = selection_schema,
};

static bool time_read(struct mf_load *load, const struct mf_option *option,
                      const struct mf_tree *tree, void *ret)
{
    const char *text = mf_type_scalar(load, option, tree);

    if (!text)
        return false;
    if (tree->is_unknown)
        return true;
    if (mf_time_read(text, ret) && *(int64_t *)ret >= 0)
        return true;
    mf_diag_help(mf_diag(load->diags, MF_ERROR, CODE_TIME, tree->at, "%s is not a time since 1970",
                         mf_type_shown(load, option, tree)),
                 "write it as `2026-11-23` or `2026-11-23T21:05:00+01:00`; without a zone it is "
                 "UTC");
    return false;
}

static void time_schema(const struct mf_option *option, struct mf_buf *buf)
{
    mf_buf_puts(buf,
                "{\"type\":\"string\",\"pattern\":\"^[0-9]{4}-[0-9]{2}-[0-9]{2}|\\\\$\\\\{\"}");
}

const struct mf_type mf_type_akumuli_time = {
    .name = "time",
    .syntax = "a day or a time, such as 2026-11-23 or 2026-11-23T21:05:00Z",
    .size = sizeof(int64_t),
    .read = time_read,
    .schema = time_schema,
};
