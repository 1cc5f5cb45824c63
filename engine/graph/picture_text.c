/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The picture for a terminal: sources at the left, and under each, one step to the right, who reads
 * it, down to the sinks.
 *
 *   power          modbus.read   W
 *   └─ quiet       deadband      W
 *      ├─ excess   expr          W     with load
 *      │  └─ pub   mqtt.publish        on broker
 *      └─ high     when          bool
 *
 * A node is shown whole where it is met first; elsewhere a line with an arrow refers to it. What
 * is too deep for the width of a terminal goes on further down, as a tree of its own.
 */

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/text.h"
#include "engine/graph/picture.h"

enum { DEPTH_MAX = 16, LEFT_MAX = 44, KIND_MAX = 20, NOTE_MAX = 60, SOURCES_MAX = 4 };

struct row {
    char *left;
    const char *kind; /* "" for an output */
    char *what;       /* unit or type */
    char *note;
};

struct picture {
    const struct mf_graph *graph;
    bool *is_shown;             /* by order */
    const struct mf_def **more; /* to be gone on with, in order */
    size_t more_count, more_cap;
    struct row *rows;
    size_t row_count, row_cap;
    struct mf_buf prefix; /* of the rows at this depth */
};

/* What stands one step to the right. */
struct child {
    const struct mf_def *def; /* a reader; NULL: an output and its readers */
    const struct mf_in_def *in;
    unsigned out;
};

/* ---- texts of a row ---- */

static char *what_of(const struct mf_out_def *out)
{
    char types[96];

    if (out->unit)
        return mf_strdup(out->unit->name);
    return mf_strdup(out->types == MF_T_ANY ? "" : mf_types_print(out->types, types));
}

static bool is_named(const struct mf_def *def, unsigned input, const struct mf_def *parent)
{
    if (def->ins[input].from == parent || def->ins[input].from == def)
        return true;
    for (unsigned i = 0; i < input; i++)
        if (def->ins[i].from == def->ins[input].from)
            return true;
    return false;
}

/* Where else it reads, on what it hangs, what its author says about it. */
static char *note_of(const struct mf_def *def, const struct mf_def *parent)
{
    struct mf_buf note = {0};
    unsigned count = 0;

    for (unsigned i = 0; i < def->in_count && count <= SOURCES_MAX; i++) {
        if (is_named(def, i, parent))
            continue;
        if (count++ == SOURCES_MAX)
            mf_buf_puts(&note, ", …");
        else
            mf_buf_printf(&note, "%s%s", count > 1 ? ", " : "with ", def->ins[i].from->name);
    }
    if (def->link)
        mf_buf_printf(&note, "%son %s", note.len ? "; " : "", def->link->name);
    if (def->doc) {
        mf_buf_puts(&note, note.len ? "; " : "");
        mf_text_printable(&note, def->doc, strlen(def->doc), NOTE_MAX);
    }
    return mf_buf_take(&note);
}

static void add_row(struct picture *p, const char *branch, const char *mark, const char *name,
                    struct row row)
{
    row.left = mf_asprintf("%s%s%s%s", mf_buf_text(&p->prefix), branch, mark, name);
    mf_grow(&p->rows, &p->row_cap, p->row_count, sizeof(*p->rows));
    p->rows[p->row_count++] = row;
}

/* Back to the prefix of `len` bytes. */
static void cut_prefix(struct picture *p, size_t len)
{
    if (p->prefix.len == len)
        return;
    p->prefix.len = len;
    p->prefix.data[len] = '\0';
}

/* ---- the tree ---- */

static size_t list_readers(const struct mf_def *def, unsigned out, struct child *list)
{
    const struct mf_out_def *port = &def->outs[out];
    size_t count = 0;

    for (unsigned i = 0; i < port->reader_count; i++) {
        const struct mf_reader *reader = &port->readers[i];

        if (i && port->readers[i - 1].to == reader->to)
            continue; /* several edges between two nodes stand side by side */
        list[count++] = (struct child){reader->to, &reader->to->ins[reader->input], out};
    }
    return count;
}

static void show_node(struct picture *p, const struct mf_def *def, const struct mf_def *parent,
                      const char *branch, unsigned depth);

static void show_child(struct picture *p, const struct mf_def *parent, const struct child *child,
                       const char *branch, unsigned depth)
{
    const char *name = child->def->name;

    if (child->in->is_quiet) {
        add_row(p, branch, "↺ ", name, (struct row){.kind = "", .note = mf_strdup("next turn")});
    } else if (p->is_shown[child->def->order]) {
        add_row(p, branch, "→ ", name, (struct row){.kind = ""});
    } else if (depth == DEPTH_MAX) {
        p->is_shown[child->def->order] = true;
        mf_grow(&p->more, &p->more_cap, p->more_count, sizeof(*p->more));
        p->more[p->more_count++] = child->def;
        add_row(p, branch, "… ", name, (struct row){.kind = "", .note = mf_strdup("see below")});
    } else {
        show_node(p, child->def, parent, branch, depth);
    }
}

/* All children of a node or of one of its outputs, one step to the right. */
static void show_children(struct picture *p, const struct mf_def *def, const struct child *list,
                          size_t count, unsigned depth)
{
    struct child *readers;

    for (size_t i = 0; i < count; i++) {
        bool is_last = i + 1 == count;
        const char *branch = is_last ? "└─ " : "├─ ";
        const struct mf_out_def *out = &def->outs[list[i].out];
        size_t len = p->prefix.len, reader_count;

        if (list[i].def) {
            show_child(p, def, &list[i], branch, depth);
            continue;
        }
        add_row(p, branch, ".", out->name, (struct row){.kind = "", .what = what_of(out)});
        readers = mf_calloc_array(out->reader_count + 1, sizeof(*readers));
        reader_count = list_readers(def, list[i].out, readers);
        mf_buf_puts(&p->prefix, is_last ? "   " : "│  ");
        show_children(p, def, readers, reader_count, depth);
        cut_prefix(p, len);
        mf_free(readers);
    }
}

/* `branch` leads to the node; "" for one at the left. */
static void show_node(struct picture *p, const struct mf_def *def, const struct mf_def *parent,
                      const char *branch, unsigned depth)
{
    bool has_ports = def->out_count > 1;
    size_t count = def->out_count, len = p->prefix.len;
    struct child *list;

    p->is_shown[def->order] = true;
    add_row(p, branch, "", def->name,
            (struct row){
                .kind = def->kind->name,
                .what = def->out_count == 1 ? what_of(&def->outs[0]) : NULL,
                .note = note_of(def, parent),
            });
    if (!count)
        return;
    list = mf_calloc_array(has_ports ? count : def->outs[0].reader_count + 1, sizeof(*list));
    for (unsigned i = 0; has_ports && i < count; i++)
        list[i].out = i;
    if (!has_ports)
        count = list_readers(def, 0, list);
    if (*branch)
        mf_buf_puts(&p->prefix, mf_text_starts(branch, "└") ? "   " : "│  ");
    show_children(p, def, list, count, depth + 1);
    cut_prefix(p, len);
    mf_free(list);
}

/* ---- all ---- */

static bool is_root(const struct mf_def *def)
{
    for (unsigned i = 0; i < def->in_count; i++)
        if (!def->ins[i].is_late)
            return false;
    return true;
}

static void show_root(struct picture *p, const struct mf_def *def)
{
    size_t next = p->more_count;

    show_node(p, def, NULL, "", 0);
    for (; next < p->more_count; next++)
        show_node(p, p->more[next], NULL, "", 0);
}

static void pad(struct mf_buf *buf, const char *text, size_t width)
{
    size_t columns = mf_text_columns(text, strlen(text));

    mf_buf_puts(buf, text);
    for (; columns < width; columns++)
        mf_buf_putc(buf, ' ');
    mf_buf_puts(buf, "  ");
}

static size_t width_of(const char *text, size_t old, size_t max)
{
    size_t columns = text ? mf_text_columns(text, strlen(text)) : 0;

    return columns > old && columns <= max ? columns : old;
}

static void print_rows(const struct picture *p, struct mf_buf *buf)
{
    size_t left = 0, kind = 0, what = 0;

    for (size_t i = 0; i < p->row_count; i++) {
        left = width_of(p->rows[i].left, left, LEFT_MAX);
        kind = width_of(p->rows[i].kind, kind, KIND_MAX);
        what = width_of(p->rows[i].what, what, KIND_MAX);
    }
    for (size_t i = 0; i < p->row_count; i++) {
        const struct row *row = &p->rows[i];

        pad(buf, row->left, left);
        pad(buf, row->kind, kind);
        pad(buf, row->what ? row->what : "", what);
        mf_buf_puts(buf, row->note ? row->note : "");
        while (buf->data[buf->len - 1] == ' ')
            buf->len--; /* the newline follows */
        mf_buf_putc(buf, '\n');
    }
}

void mf_picture_text(const struct mf_graph *graph, struct mf_buf *buf)
{
    struct picture p = {graph, mf_calloc_array(graph->count + 1, sizeof(bool))};

    if (graph->title)
        mf_buf_printf(buf, "%s\n\n", graph->title);
    for (size_t i = 0; i < graph->count; i++)
        if (is_root(graph->nodes[i]) && !p.is_shown[i])
            show_root(&p, graph->nodes[i]);
    for (size_t i = 0; i < graph->count; i++)
        if (!p.is_shown[i])
            show_root(&p, graph->nodes[i]);
    print_rows(&p, buf);
    for (size_t i = 0; i < p.row_count; i++) {
        mf_free(p.rows[i].left);
        mf_free(p.rows[i].what);
        mf_free(p.rows[i].note);
    }
    mf_free(p.rows);
    mf_free(p.more);
    mf_free(p.is_shown);
    mf_buf_done(&p.prefix);
}
