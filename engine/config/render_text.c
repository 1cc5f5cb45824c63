/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * Diagnostics for people: the message, the line, a caret under the place.
 *
 * Everything that comes from a file goes through mf_text_printable(), so that
 * no flow can move the cursor or change the title of somebody's terminal.
 * Carets stand under what the terminal shows: wide characters take two columns, a
 * tab is shown as one space, a control character as its escape.
 */

#include <string.h>

#include "engine/base/num.h"
#include "engine/base/text.h"
#include "engine/config/render_forms.h"

enum {
    MESSAGE_COLUMNS = 4000,
    LINE_COLUMNS = 160, /* of an excerpt; longer lines are cut around the caret */
    LEAD_CHARS = 60,    /* kept in front of the caret then */
    CODES = 10000,
};

enum paint { RESET, BOLD, RED, YELLOW, CYAN, BLUE };

struct writer {
    const struct mf_diags *diags;
    struct mf_buf *out;
    bool color;
    unsigned gutter;              /* digits of the largest line number in this record */
    uint8_t explained[CODES / 8]; /* codes whose `more` was printed */
};

static void paint(const struct writer *w, enum paint color)
{
    static const char *const codes[] = {"\x1b[0m",    "\x1b[1m",    "\x1b[1;31m",
                                        "\x1b[1;33m", "\x1b[1;36m", "\x1b[1;34m"};

    if (w->color)
        mf_buf_puts(w->out, codes[color]);
}

static void pad(const struct writer *w, size_t count, char c)
{
    while (count-- > 0)
        mf_buf_putc(w->out, c);
}

static void put(const struct writer *w, const char *text)
{
    mf_text_printable(w->out, text, strlen(text), MESSAGE_COLUMNS);
}

static unsigned digits(uint32_t number)
{
    unsigned count = 1;

    for (; number >= 10; number /= 10)
        count++;
    return count;
}

/* "  --> ", "   | ", "14 | " */
static void put_edge(const struct writer *w, const char *number, const char *sign)
{
    paint(w, BLUE);
    mf_buf_puts(w->out, number);
    pad(w, w->gutter - strlen(number), ' ');
    mf_buf_puts(w->out, sign);
    paint(w, RESET);
}

/* ---- excerpts ---- */

/* What is shown of a line: bytes [from, to) of it, and the marked ones among them. */
struct window {
    const char *text;
    size_t from, to;
    size_t mark, mark_end;
    bool is_cut; /* in front */
};

static void append_shown(struct mf_buf *buf, const char *text, size_t len, size_t max)
{
    struct mf_buf copy = {0};

    mf_buf_put(&copy, text, len);
    for (size_t i = 0; i < copy.len; i++)
        if (copy.data[i] == '\t')
            copy.data[i] = ' ';
    if (copy.len > 0)
        mf_text_printable(buf, copy.data, copy.len, max);
    mf_buf_done(&copy);
}

static size_t shown_columns(const char *text, size_t len)
{
    struct mf_buf shown = {0};
    size_t columns;

    append_shown(&shown, text, len, MESSAGE_COLUMNS);
    columns = shown.len ? mf_text_columns(shown.data, shown.len) : 0;
    mf_buf_done(&shown);
    return columns;
}

static bool is_inside_char(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

/* Lines are up to 16 MB long, so nothing here looks at more than the part that is shown. */
static struct window choose_window(const char *line, size_t len, size_t mark, size_t mark_end)
{
    struct window w = {line, 0, len, mark > len ? len : mark, mark_end > len ? len : mark_end};

    if (w.mark_end < w.mark)
        w.mark_end = w.mark;
    if (len <= LINE_COLUMNS || (len < 4 * LINE_COLUMNS && shown_columns(line, len) <= LINE_COLUMNS))
        return w;
    w.from = w.mark;
    for (size_t i = 0; i < LEAD_CHARS && w.from > 0; i++) {
        w.from--;
        while (w.from > 0 && is_inside_char(line[w.from]))
            w.from--;
    }
    /* At four bytes a character, this is enough; mf_text_printable() cuts exactly. */
    if (w.to - w.from > 4 * LINE_COLUMNS) {
        w.to = w.from + 4 * LINE_COLUMNS;
        while (w.to < len && is_inside_char(line[w.to]))
            w.to++;
    }
    w.is_cut = w.from > 0;
    return w;
}

/* The line, and under it `sign` under the span and `label` behind. */
static void put_excerpt(const struct writer *w, const struct mf_source *source, struct mf_span at,
                        char sign, enum paint color, const char *label)
{
    uint32_t line = mf_source_position(source, at.start).line, start;
    char number[MF_NUM_TEXT];
    size_t len, lead, width;
    const char *text = mf_source_line(source, line, &len, &start);
    struct window win = choose_window(text, len, at.start - start,
                                      at.end > at.start ? at.end - start : at.start - start);

    mf_num_print_int(line, number);
    put_edge(w, number, " |");
    if (win.to > win.from) {
        mf_buf_puts(w->out, win.is_cut ? " …" : " ");
        append_shown(w->out, win.text + win.from, win.to - win.from, LINE_COLUMNS);
    }
    mf_buf_putc(w->out, '\n');
    lead = shown_columns(win.text + win.from, win.mark - win.from) + win.is_cut;
    if (win.mark_end > win.to)
        win.mark_end = win.to;
    width =
        win.mark_end > win.mark ? shown_columns(win.text + win.mark, win.mark_end - win.mark) : 0;
    if (width > LINE_COLUMNS + win.is_cut - lead)
        width = LINE_COLUMNS + win.is_cut - lead;
    put_edge(w, "", " | ");
    pad(w, lead, ' ');
    paint(w, color);
    pad(w, width > 0 ? width : 1, sign);
    if (label && *label) {
        mf_buf_putc(w->out, ' ');
        put(w, label);
    }
    paint(w, RESET);
    mf_buf_putc(w->out, '\n');
}

static void put_place(const struct writer *w, const char *sign, const struct mf_render_place *place)
{
    put_edge(w, "", sign);
    put(w, place->name);
    mf_buf_printf(w->out, ":%u:%u\n", place->start.line, place->start.column);
}

/* ---- records ---- */

static void measure_gutter(struct writer *w, const struct mf_diag *d)
{
    uint32_t largest = mf_render_place(w->diags, d->at).start.line;

    for (unsigned i = 0; i < d->related_count; i++) {
        uint32_t line = mf_render_place(w->diags, d->related[i].at).start.line;

        if (line > largest)
            largest = line;
    }
    w->gutter = digits(largest);
}

static void put_headline(const struct writer *w, const struct mf_diag *d)
{
    static const enum paint colors[] = {RED, YELLOW, CYAN};

    paint(w, colors[d->severity]);
    mf_buf_printf(w->out, "%s[MF%04u]", mf_severity_names[d->severity], d->code);
    paint(w, RESET);
    paint(w, BOLD);
    mf_buf_puts(w->out, ": ");
    put(w, d->message);
    paint(w, RESET);
    mf_buf_putc(w->out, '\n');
}

static void put_footer(const struct writer *w, const char *name, const char *text)
{
    put_edge(w, "", " = ");
    mf_buf_printf(w->out, "%s: ", name);
    put(w, text);
    mf_buf_putc(w->out, '\n');
}

static void put_related(const struct writer *w, const struct mf_diag *d)
{
    for (unsigned i = 0; i < d->related_count; i++) {
        const struct mf_diag_place *related = &d->related[i];
        struct mf_render_place place = mf_render_place(w->diags, related->at);

        if (!place.name)
            continue;
        put_edge(w, "", " |");
        mf_buf_putc(w->out, '\n');
        put_place(w, "::: ", &place);
        put_excerpt(w, place.source, related->at, '-', BLUE, related->text);
    }
    for (unsigned i = 0; i < d->related_count; i++)
        if (!mf_render_place(w->diags, d->related[i].at).name)
            put_footer(w, "note", d->related[i].text);
}

static void put_record(struct writer *w, const struct mf_diag *d)
{
    static const enum paint colors[] = {RED, YELLOW, CYAN};
    struct mf_render_place place = mf_render_place(w->diags, d->at);
    uint8_t *seen = &w->explained[d->code % CODES / 8];
    uint8_t bit = (uint8_t)(1u << (d->code % 8));

    measure_gutter(w, d);
    put_headline(w, d);
    if (place.name) {
        put_place(w, "--> ", &place);
        put_edge(w, "", " |");
        mf_buf_putc(w->out, '\n');
        put_excerpt(w, place.source, d->at, '^', colors[d->severity], d->label);
    }
    put_related(w, d);
    if (d->help)
        put_footer(w, "help", d->help);
    if (!(*seen & bit)) {
        struct mf_buf buf = {0};

        mf_buf_printf(&buf, "moat-flow explain MF%04u", d->code);
        put_footer(w, "more", buf.data);
        mf_buf_done(&buf);
        *seen |= bit;
    }
}

void mf_render_text(const struct mf_diags *diags, bool color, struct mf_buf *out)
{
    struct writer w = {.diags = diags, .out = out, .color = color};

    for (size_t i = 0; i < diags->count; i++) {
        if (i > 0)
            mf_buf_putc(out, '\n');
        put_record(&w, diags->list[i]);
    }
    if (diags->dropped > 0)
        mf_buf_printf(out, "\n… and %zu more\n", diags->dropped);
}
