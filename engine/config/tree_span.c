/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * From bytes of a scalar's text back to places in the file.
 *
 * A fault in the middle of a text (a Lua line, one name of an expression) is
 * rare, so nothing is kept for it: the source of the scalar is read once more
 * here, by the rules libyaml used, as a row of steps that each make a few bytes
 * of text from a few bytes of source. Every step is compared with the text; when
 * they differ (a scalar that was made by the program, a line separator only
 * YAML 1.1 knows) the answer is the whole scalar, which is never wrong.
 *
 * Substituted stretches are skipped in the text and in the source at once.
 */

#include "engine/config/tree.h"

#include <string.h>

#include "engine/base/text.h"

/* A reader of one scalar's source. */
struct reader {
    const char *text;
    size_t pos, end; /* of the content, quotes and header excluded */
    char form;       /* 'p' plain, '\'' or '"' quoted, '|' or '>' block */
    size_t word;     /* plain and quoted: blanks up to here are known not to end the line */
    size_t indent;   /* block */
};

/* What one step made: `bytes` bytes of text, all from [start, end) of the source. */
struct step {
    char made[4];
    size_t bytes; /* the first four are in made[]; further ones are line feeds */
    size_t start, end;
};

static bool is_break(char c)
{
    return c == '\n' || c == '\r';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static size_t skip_blank(const struct reader *r, size_t pos)
{
    while (pos < r->end && is_blank(r->text[pos]))
        pos++;
    return pos;
}

static size_t skip_break(const struct reader *r, size_t pos)
{
    return pos + (r->text[pos] == '\r' && pos + 1 < r->end && r->text[pos + 1] == '\n' ? 2 : 1);
}

static void make(struct step *step, char c, size_t bytes)
{
    memset(step->made, c, sizeof step->made);
    step->bytes = bytes;
}

/* ---- plain and quoted ---- */

/* Blanks and line breaks between words: one break is a space, n are n - 1 line feeds. `breaks`
 * counts those read before. */
static size_t fold(struct reader *r, struct step *step, size_t pos, size_t breaks)
{
    while (pos < r->end && (is_break(r->text[pos]) || is_blank(r->text[pos]))) {
        if (is_break(r->text[pos])) {
            breaks++;
            pos = skip_break(r, pos);
        } else {
            pos++;
        }
    }
    if (breaks == 1)
        make(step, ' ', 1);
    else
        make(step, '\n', breaks - 1);
    return pos;
}

static uint32_t hex_value(const char *text, size_t digits)
{
    uint32_t value = 0;

    for (size_t i = 0; i < digits; i++) {
        char c = text[i];

        value = value * 16 + (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return value;
}

/* `pos` is behind the backslash. */
static size_t escape(struct reader *r, struct step *step, size_t pos)
{
    static const char names[] = "0abt\tnvfre \"/\\";
    static const char values[] = "\0\a\b\t\t\n\v\f\r\x1b \"/\\";
    static const struct {
        char name;
        uint32_t code;
        size_t digits;
    } wide[] = {{'N', 0x85, 0}, {'_', 0xA0, 0}, {'L', 0x2028, 0}, {'P', 0x2029, 0},
                {'x', 0, 2},    {'u', 0, 4},    {'U', 0, 8}};
    char c = r->text[pos];
    const char *known;

    /* A break that is escaped joins the lines, without the blanks that follow. */
    if (is_break(c)) {
        size_t next = skip_blank(r, skip_break(r, pos));
        size_t breaks = 0;

        while (next < r->end && is_break(r->text[next])) {
            breaks++;
            next = skip_blank(r, skip_break(r, next));
        }
        make(step, '\n', breaks);
        return next;
    }
    known = c ? strchr(names, c) : NULL;
    if (known) {
        make(step, values[known - names], 1);
        return pos + 1;
    }
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
        if (wide[i].name != c || pos + 1 + wide[i].digits > r->end)
            continue;
        step->bytes = mf_utf8_put(wide[i].digits ? hex_value(r->text + pos + 1, wide[i].digits)
                                                 : wide[i].code,
                                  step->made);
        return pos + 1 + wide[i].digits;
    }
    make(step, c, 1);
    return pos + 1;
}

static void read_flow(struct reader *r, struct step *step)
{
    size_t pos = r->pos, gap;
    char c = r->text[pos];

    step->start = pos;
    /* Looked at once for a run of blanks, which may be megabytes long. */
    gap = pos < r->word ? pos : skip_blank(r, pos);
    if (gap > pos)
        r->word = gap;
    if (gap < r->end && is_break(r->text[gap])) {
        pos = fold(r, step, gap, 0);
    } else if (r->form == '\'' && c == '\'') {
        make(step, c, 1);
        pos += 2;
    } else if (r->form == '"' && c == '\\' && pos + 1 < r->end) {
        pos = escape(r, step, pos + 1);
    } else {
        make(step, c, 1);
        pos++;
    }
    step->end = r->pos = pos > r->end ? r->end : pos;
}

/* ---- block ---- */

/* Behind the indentation of a line. */
static size_t skip_indent(const struct reader *r, size_t pos)
{
    for (size_t i = 0; i < r->indent && pos < r->end && r->text[pos] == ' '; i++)
        pos++;
    return pos;
}

/* The breaks from the end of one line with content to the next. */
static void read_breaks(struct reader *r, struct step *step, bool was_blank)
{
    size_t pos = r->pos, breaks = 0;
    bool is_more;

    step->start = pos;
    while (pos < r->end && is_break(r->text[pos])) {
        breaks++;
        pos = skip_indent(r, skip_break(r, pos));
    }
    is_more = pos < r->end && is_blank(r->text[pos]);
    if (r->form == '>' && pos < r->end && !was_blank && !is_more) {
        if (breaks == 1)
            make(step, ' ', 1);
        else
            make(step, '\n', breaks - 1);
    } else {
        make(step, '\n', breaks);
    }
    step->end = r->pos = pos;
}

/* In `|` each break is a step of its own, so that the place of an empty line is exact. */
static void read_literal_break(struct reader *r, struct step *step)
{
    step->start = r->pos;
    step->end = skip_break(r, r->pos);
    make(step, '\n', 1);
    r->pos = skip_indent(r, step->end);
}

static bool line_began_blank(const struct reader *r, size_t pos)
{
    while (pos > 0 && !is_break(r->text[pos - 1]))
        pos--;
    pos = skip_indent(r, pos);
    return pos < r->end && is_blank(r->text[pos]);
}

static void read_block(struct reader *r, struct step *step)
{
    if (!is_break(r->text[r->pos])) {
        step->start = r->pos;
        make(step, r->text[r->pos], 1);
        step->end = ++r->pos;
    } else if (r->form == '|') {
        read_literal_break(r, step);
    } else {
        read_breaks(r, step, line_began_blank(r, r->pos));
    }
}

static size_t count_spaces(const char *text, size_t pos, size_t end)
{
    size_t count = 0;

    while (pos + count < end && text[pos + count] == ' ')
        count++;
    return count;
}

/* Behind the header line, and how deep the content is indented: as its first line that is not
 * empty, less the blanks which that line keeps in the text. The breaks above it are text. */
static bool open_block(struct reader *r, const struct mf_tree *scalar)
{
    bool is_explicit = false;
    size_t pos = r->pos, line, kept = 0, count = 0;

    while (pos < r->end && !is_break(r->text[pos])) {
        is_explicit |= count++ <= 2 && r->text[pos] >= '1' && r->text[pos] <= '9';
        pos++;
    }
    if (pos == r->end)
        return false;
    r->pos = pos = line = skip_break(r, pos);
    while (pos < r->end && (r->text[pos] == ' ' || is_break(r->text[pos]))) {
        if (is_break(r->text[pos])) {
            pos = skip_break(r, pos);
            line = pos;
        } else {
            pos++;
        }
    }
    r->indent = count_spaces(r->text, line, r->end);
    if (is_explicit) {
        size_t at = 0;

        while (at < scalar->count && scalar->text[at] == '\n')
            at++;
        kept = count_spaces(scalar->text, at, scalar->count);
    }
    r->indent -= kept < r->indent ? kept : r->indent;
    r->pos = skip_indent(r, r->pos);
    return true;
}

/* Empty lines before the first one with content: in `>` they are kept as they are. */
static bool at_first_breaks(const struct reader *r, bool has_begun)
{
    return r->form == '>' && !has_begun && r->pos < r->end && is_break(r->text[r->pos]);
}

/* ---- all ---- */

static bool open_reader(struct reader *r, const struct mf_tree *scalar,
                        const struct mf_source *source)
{
    *r = (struct reader){source->text, scalar->at.start, scalar->at.end};
    if (r->end > source->len || r->pos >= r->end)
        return false;
    if (scalar->is_block) {
        r->form = r->text[r->pos];
        return (r->form == '|' || r->form == '>') && open_block(r, scalar);
    }
    if (scalar->is_plain) {
        r->form = 'p';
        return true;
    }
    r->form = r->text[r->pos];
    if ((r->form != '"' && r->form != '\'') || r->end - r->pos < 2)
        return false;
    r->pos++;
    r->end--;
    return true;
}

static void read_step(struct reader *r, struct step *step, bool has_begun)
{
    step->bytes = 0;
    if (at_first_breaks(r, has_begun))
        read_literal_break(r, step);
    else if (r->form == '|' || r->form == '>')
        read_block(r, step);
    else
        read_flow(r, step);
}

static bool is_same(const struct step *step, const struct mf_tree *scalar, size_t at)
{
    for (size_t i = 0; i < step->bytes; i++)
        if (at + i >= scalar->count || scalar->text[at + i] != step->made[i < 4 ? i : 3])
            return false;
    return true;
}

/* The answer while it grows. */
struct answer {
    uint32_t from, to;
    bool has_start;
    struct mf_span at;
};

/* Bytes [at, at + bytes) of the text stand in `place`. */
static void note(struct answer *a, size_t at, size_t bytes, struct mf_span place)
{
    if (at + bytes <= a->from || at >= a->to)
        return;
    if (!a->has_start)
        a->at = place;
    a->has_start = true;
    /* A stretch from elsewhere cannot be spanned together with its neighbours. */
    if (a->at.file == place.file && place.end > a->at.end)
        a->at.end = place.end;
}

struct mf_span mf_tree_span(const struct mf_tree *scalar, const struct mf_sources *sources,
                            uint32_t from, uint32_t to)
{
    const struct mf_source *source = mf_sources_get(sources, scalar->at.file);
    bool is_empty = to <= from, has_begun = false;
    struct answer answer = {from, is_empty ? from + 1 : to};
    uint32_t piece = 0;
    struct reader r;
    size_t at = 0;

    if (!source || scalar->kind != MF_TREE_SCALAR || !open_reader(&r, scalar, source))
        return scalar->at;
    while (at < scalar->count && at < answer.to) {
        struct step step = {.start = r.pos};

        if (piece < scalar->piece_count && scalar->pieces[piece].start == at) {
            const struct mf_tree_piece *p = &scalar->pieces[piece++];

            note(&answer, at, p->end - p->start, p->at);
            if (p->at.file != scalar->at.file || p->at.start < r.pos || p->at.end > r.end)
                return answer.has_start && p->end >= answer.to ? answer.at : scalar->at;
            at = p->end;
            r.pos = p->at.end;
            has_begun = true;
            continue;
        }
        if (r.pos >= r.end)
            break;
        read_step(&r, &step, has_begun);
        has_begun |= step.bytes > 0 && !is_break(r.text[step.start]);
        if (!is_same(&step, scalar, at))
            return scalar->at;
        note(&answer, at, step.bytes,
             (struct mf_span){source->number, (uint32_t)step.start, (uint32_t)step.end});
        at += step.bytes;
    }
    /* At or behind the end of the text: the place where it ends. */
    if (!answer.has_start)
        answer.at = (struct mf_span){source->number, (uint32_t)r.pos, (uint32_t)r.pos};
    if (is_empty)
        answer.at.end = answer.at.start;
    return answer.at;
}
