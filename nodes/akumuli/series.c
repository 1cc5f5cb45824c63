/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See series.h. */

#include "nodes/akumuli/series.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/text.h"

enum { CODE_SERIES = 531 };

size_t mf_akumuli_split(const char *text, struct mf_akumuli_word words[MF_AKUMULI_WORDS])
{
    size_t count = 0;

    while (*text && count < MF_AKUMULI_WORDS) {
        size_t len = 0;

        text += strspn(text, " ");
        while (text[len] && text[len] != ' ')
            len += text[len] == '\\' && text[len + 1] ? 2 : 1;
        if (len)
            words[count++] = (struct mf_akumuli_word){text, len};
        text += len;
    }
    return count;
}

static bool is_tag(struct mf_akumuli_word word)
{
    const char *equals = memchr(word.text, '=', word.len);

    return equals && equals > word.text;
}

int mf_akumuli_check_selection(const char *text, struct mf_error *err)
{
    struct mf_akumuli_word words[MF_AKUMULI_WORDS];
    size_t count = mf_akumuli_split(text, words);

    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < ' ')
            return mf_fail(err, MF_EINVAL, "the name of a series has no control characters");
    if (strlen(text) > MF_AKUMULI_SERIES)
        return mf_fail(err, MF_EINVAL, "the name of a series has at most %d bytes, this one %zu",
                       MF_AKUMULI_SERIES, strlen(text));
    if (count == 0 || is_tag(words[0]))
        return mf_fail(err, MF_EINVAL, "the metric is missing; write `metric tag=value`");
    if (count > MF_AKUMULI_TAGS + 1)
        return mf_fail(err, MF_EINVAL, "a series has at most %d tags", MF_AKUMULI_TAGS);
    for (size_t i = 1; i < count; i++)
        if (!is_tag(words[i]))
            return mf_fail(err, MF_EINVAL, "`%.*s` is no tag; write `name=value`",
                           words[i].len > 60 ? 60 : (int)words[i].len, words[i].text);
    return 0;
}

int mf_akumuli_check_series(const char *text, struct mf_error *err)
{
    struct mf_akumuli_word words[MF_AKUMULI_WORDS];
    int rc = mf_akumuli_check_selection(text, err);

    if (rc == 0 && mf_akumuli_split(text, words) == 1)
        return mf_fail(err, MF_EINVAL, "a series needs a tag at least; write `%.60s site=home`",
                       text);
    return rc;
}

static int by_name(const void *a, const void *b)
{
    const struct mf_akumuli_word *x = a, *y = b;
    int order = memcmp(x->text, y->text, x->len < y->len ? x->len : y->len);

    return order ? order : (x->len > y->len) - (x->len < y->len);
}

/* What stands for a placeholder cannot end the word it is in. */
static void put_escaped(struct mf_buf *buf, const char *text)
{
    for (; *text; text++) {
        if (*text == ' ')
            mf_buf_putc(buf, '\\');
        mf_buf_putc(buf, *text);
    }
}

int mf_akumuli_fill(const char *pattern, const char *port, const char *node, struct mf_buf *buf,
                    struct mf_error *err)
{
    struct mf_akumuli_word words[MF_AKUMULI_WORDS];
    struct mf_buf text = {0};
    size_t count;
    int rc;

    while (*pattern) {
        if (mf_text_starts(pattern, "{port}")) {
            put_escaped(&text, port);
            pattern += strlen("{port}");
        } else if (mf_text_starts(pattern, "{node}")) {
            put_escaped(&text, node);
            pattern += strlen("{node}");
        } else {
            mf_buf_putc(&text, *pattern++);
        }
    }
    rc = mf_akumuli_check_series(mf_buf_text(&text), err);
    if (rc == 0) {
        count = mf_akumuli_split(mf_buf_text(&text), words);
        qsort(words + 1, count - 1, sizeof(*words), by_name);
        for (size_t i = 0; i < count; i++) {
            if (i)
                mf_buf_putc(buf, ' ');
            mf_buf_put(buf, words[i].text, words[i].len);
        }
    }
    mf_buf_done(&text);
    return rc;
}

/* ---- the option ---- */

static bool series_read(struct mf_load *load, const struct mf_option *option,
                        const struct mf_tree *tree, void *ret)
{
    const char *text = mf_type_scalar(load, option, tree);
    struct mf_error err;

    if (!text)
        return false;
    *(const char **)ret = mf_arena_strdup(load->arena, text);
    if (tree->is_unknown || mf_akumuli_check_series(text, &err) == 0)
        return true;
    mf_diag(load->diags, MF_ERROR, CODE_SERIES, tree->at, "%s", err.text);
    return false;
}

static void series_schema(const struct mf_option *option, struct mf_buf *buf)
{
    mf_buf_puts(buf, "{\"type\":\"string\",\"pattern\":\"^[^= ]+( +[^= ]+=.*)+$|\\\\$\\\\{\"}");
}

const struct mf_type mf_type_akumuli_series = {
    .name = "series",
    .syntax = "a metric and its tags, such as `power site=home phase={port}`",
    .size = sizeof(const char *),
    .read = series_read,
    .schema = series_schema,
};
