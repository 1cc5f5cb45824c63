/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Trees as YAML. A plain scalar stays plain where YAML can have it, because literals go by
 * it: `20 W` is a quantity, "20 W" is a text.
 */

#include <string.h>

#include "engine/base/text.h"
#include "engine/graph/expand.h"

enum { LINE_MAX_COLUMNS = 100 };

/* ---- scalars ---- */

/* Whether YAML reads the text back as it is, in `{}` and outside, without quotes. */
static bool may_be_plain(const char *text, size_t len)
{
    if (!len || strchr("?:,[]{}#&*!|>'\"%@` \t", text[0]) || text[len - 1] == ' ' ||
        text[len - 1] == ':' || strlen(text) != len)
        return false;
    if (text[0] == '-' && (len == 1 || text[1] == ' ' || text[1] == '-'))
        return false;
    if (mf_text_starts(text, "..."))
        return false;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f || strchr(",[]{}", text[i]) ||
            (text[i] == ':' && text[i + 1] == ' ') || (text[i] == ' ' && text[i + 1] == '#'))
            return false;
    return true;
}

static void put_text(const char *text, size_t len, bool is_plain, struct mf_buf *buf)
{
    if (is_plain && may_be_plain(text, len))
        mf_buf_put(buf, text, len);
    else
        mf_text_quote_json(buf, text, len);
}

void mf_expand_text(const char *text, size_t len, struct mf_buf *buf)
{
    struct mf_tree scalar = {.kind = MF_TREE_SCALAR, .text = text, .count = (uint32_t)len};
    struct mf_buf bare = {0};

    mf_tree_bare(&scalar, &bare);
    put_text(mf_buf_text(&bare), bare.len, true, buf);
    mf_buf_done(&bare);
}

static void put_scalar(const struct mf_tree *scalar, bool may_be_empty, struct mf_buf *buf)
{
    struct mf_buf bare = {0};

    mf_tree_bare(scalar, &bare);
    if (bare.len || !scalar->is_plain || !may_be_empty)
        put_text(mf_buf_text(&bare), bare.len, scalar->is_plain, buf);
    mf_buf_done(&bare);
}

/* ---- in one line ---- */

static void put_flow(const struct mf_tree *tree, bool may_be_empty, struct mf_buf *buf)
{
    if (tree->kind == MF_TREE_SCALAR) {
        put_scalar(tree, may_be_empty, buf);
        return;
    }
    mf_buf_putc(buf, tree->kind == MF_TREE_MAP ? '{' : '[');
    for (uint32_t i = 0; i < tree->count; i++) {
        mf_buf_puts(buf, i ? ", " : "");
        if (tree->kind == MF_TREE_MAP) {
            const struct mf_tree *key = tree->pairs[i].key;

            put_text(key->text, key->count, key->is_plain, buf); /* nothing is put into keys */
            mf_buf_puts(buf, ": ");
            put_flow(tree->pairs[i].value, true, buf);
        } else {
            put_flow(tree->items[i].value, false, buf);
        }
    }
    mf_buf_putc(buf, tree->kind == MF_TREE_MAP ? '}' : ']');
}

/* ---- in lines of its own ---- */

/* Several lines that a block text can show as they are. */
static bool is_block_text(const char *text, size_t len)
{
    bool has_lines = false;

    if (!len || text[0] == ' ' || text[0] == '\n' || text[len - 1] == ' ' ||
        (len > 1 && text[len - 1] == '\n' && text[len - 2] == '\n'))
        return false;
    for (size_t i = 0; i < len; i++) {
        has_lines |= text[i] == '\n';
        if (((unsigned char)text[i] < ' ' && text[i] != '\n') || text[i] == 0x7f)
            return false;
    }
    /* Breaks that YAML also knows would be folded. */
    return has_lines && !strstr(text, "\xc2\x85") && !strstr(text, "\xe2\x80\xa8") &&
           !strstr(text, "\xe2\x80\xa9") && !strstr(text, "\xef\xbb\xbf");
}

static bool put_block_text(const struct mf_tree *scalar, struct mf_buf *buf)
{
    struct mf_buf bare = {0};
    const char *text, *line, *end;
    bool is_block;

    mf_tree_bare(scalar, &bare);
    text = mf_buf_text(&bare);
    is_block = !scalar->is_plain && is_block_text(text, bare.len);
    if (is_block) {
        mf_buf_puts(buf, text[bare.len - 1] == '\n' ? "|" : "|-");
        for (line = text; *line; line = *end ? end + 1 : end) {
            end = strchrnul(line, '\n');
            mf_buf_puts(buf, end > line ? "\n      " : "\n");
            mf_buf_put(buf, line, (size_t)(end - line));
        }
    }
    mf_buf_done(&bare);
    return is_block;
}

static bool has_block_text(const struct mf_tree *map)
{
    for (uint32_t i = 0; i < map->count; i++) {
        const struct mf_tree *value = map->pairs[i].value;

        if (value->kind == MF_TREE_SCALAR && !value->is_plain &&
            is_block_text(value->text, value->count))
            return true;
    }
    return false;
}

static void put_lines(const struct mf_tree *map, struct mf_buf *buf)
{
    for (uint32_t i = 0; i < map->count; i++) {
        const struct mf_tree *key = map->pairs[i].key, *value = map->pairs[i].value;
        size_t start;

        mf_buf_puts(buf, "\n    ");
        put_text(key->text, key->count, key->is_plain, buf);
        mf_buf_puts(buf, ": ");
        start = buf->len;
        if (value->kind != MF_TREE_SCALAR || !put_block_text(value, buf))
            put_flow(value, true, buf);
        buf->len -= buf->len == start; /* no blank at the end of a line */
    }
}

void mf_expand_entry(const char *name, const struct mf_tree *map, struct mf_buf *buf)
{
    struct mf_buf line = {0};

    put_flow(map, true, &line);
    mf_buf_printf(buf, "  %s: ", name);
    if (has_block_text(map) ||
        strlen(name) + 4 + mf_text_columns(mf_buf_text(&line), line.len) > LINE_MAX_COLUMNS) {
        buf->len--; /* the blank */
        put_lines(map, buf);
    } else {
        mf_buf_put(buf, line.data, line.len);
    }
    mf_buf_putc(buf, '\n');
    mf_buf_done(&line);
}
