/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * Finds the flows in Markdown by its fences alone. Every fence counts, not only those of YAML: a
 * block that shows Markdown may hold what looks like a fence.
 */

#include "engine/config/markdown.h"

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/text.h"

struct line {
    size_t start, end; /* without the line break */
    size_t next;
    size_t indent;
};

/* The fence that a block was opened with. */
struct fence {
    char mark;
    size_t count, indent;
};

static struct line read_line(const struct mf_source *source, size_t pos)
{
    struct line line = {.start = pos};
    const char *end = memchr(source->text + pos, '\n', source->len - pos);

    line.end = end ? (size_t)(end - source->text) : source->len;
    line.next = end ? line.end + 1 : source->len;
    if (line.end > pos && source->text[line.end - 1] == '\r')
        line.end--;
    while (pos + line.indent < line.end && source->text[pos + line.indent] == ' ')
        line.indent++;
    return line;
}

/* The marks a line begins with, or a count of 0. *ret_rest is what follows them. */
static struct fence read_fence(const struct mf_source *source, const struct line *line,
                               size_t *ret_rest)
{
    size_t pos = line->start + line->indent, first = pos;
    struct fence fence = {.indent = line->indent};

    if (pos < line->end && (source->text[pos] == '`' || source->text[pos] == '~'))
        fence.mark = source->text[pos];
    while (fence.mark && pos < line->end && source->text[pos] == fence.mark)
        pos++;
    fence.count = pos - first >= 3 ? pos - first : 0;
    *ret_rest = pos;
    return fence;
}

static size_t skip_blank(const struct mf_source *source, size_t pos, size_t end)
{
    while (pos < end && (source->text[pos] == ' ' || source->text[pos] == '\t'))
        pos++;
    return pos;
}

static bool is_yaml(const struct mf_source *source, size_t pos, size_t end)
{
    size_t word = pos = skip_blank(source, pos, end);

    while (pos < end && !strchr(" \t{,", source->text[pos]))
        pos++;
    return mf_text_eq(source->text + word, pos - word, "yaml") ||
           mf_text_eq(source->text + word, pos - word, "yml");
}

static bool is_flow(const struct mf_source *source, size_t pos, size_t end)
{
    static const char first[] = "moat-flow:";

    while (pos < end) {
        struct line line = read_line(source, pos);
        size_t text = skip_blank(source, pos, line.end);

        if (text < line.end && source->text[text] != '#')
            return line.end - text >= sizeof first - 1 &&
                   memcmp(source->text + text, first, sizeof first - 1) == 0;
        pos = line.next;
    }
    return false;
}

/* The content of a block, up to its closing fence or the end of the file. Returns where to go on.
 */
static size_t read_block(const struct mf_source *source, const struct fence *open, size_t pos,
                         size_t *ret_end)
{
    while (pos < source->len) {
        struct line line = read_line(source, pos);
        size_t rest;
        struct fence close = read_fence(source, &line, &rest);

        if (close.count >= open->count && close.mark == open->mark &&
            close.indent <= open->indent + 3 && skip_blank(source, rest, line.end) == line.end) {
            *ret_end = pos;
            return line.next;
        }
        pos = line.next;
    }
    *ret_end = source->len;
    return source->len;
}

size_t mf_markdown_blocks(const struct mf_source *source, struct mf_arena *arena,
                          struct mf_span **ret)
{
    struct mf_span *list = NULL;
    size_t count = 0, cap = 0, pos = 0;

    while (pos < source->len) {
        struct line line = read_line(source, pos);
        size_t rest, end;
        struct fence open = read_fence(source, &line, &rest);

        pos = line.next;
        /* A backtick behind the marks: code within a line, not a fence. */
        if (!open.count || (open.mark == '`' && memchr(source->text + rest, '`', line.end - rest)))
            continue;
        pos = read_block(source, &open, pos, &end);
        if (!is_yaml(source, rest, line.end) || !is_flow(source, line.next, end))
            continue;
        mf_grow(&list, &cap, count, sizeof *list);
        list[count++] = (struct mf_span){source->number, (uint32_t)line.next, (uint32_t)end};
    }
    *ret = mf_arena_alloc(arena, (count + 1) * sizeof **ret);
    if (count)
        memcpy(*ret, list, count * sizeof *list);
    mf_free(list);
    return count;
}
