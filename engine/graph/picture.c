/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Pictures for programs that draw, and for programs that read: DOT, Mermaid, JSON.
 *
 * Nodes are grouped by the part's use they came from. What nodes hang under the owner of a `to:`
 * stays in the owner's group. The picture for the terminal is in picture_text.c.
 */

#include <stdlib.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/text.h"
#include "engine/graph/picture.h"

const char *const mf_picture_names[] = {"text", "dot", "mermaid", "json", NULL};

/* ---- groups ---- */

/* Length of the use's name in front of a node's: "kitchen.temp" → 7, "quiet.to.log" → 0. */
static size_t group_len(const char *name)
{
    const char *end = name + strlen(name), *to = strstr(name, ".to."),
               *then = strstr(name, ".then.");

    if (to)
        end = to;
    if (then && then < end)
        end = then;
    while (end > name && end[-1] != '.')
        end--;
    return end > name ? (size_t)(end - name) - 1 : 0;
}

static int compare_groups(const void *a, const void *b)
{
    const struct mf_def *left = *(struct mf_def *const *)a, *right = *(struct mf_def *const *)b;
    size_t left_len = group_len(left->name), right_len = group_len(right->name);
    int order = strncmp(left->name, right->name, left_len < right_len ? left_len : right_len);

    if (!order)
        order = (left_len > right_len) - (left_len < right_len);
    return order ? order : (left->order > right->order) - (left->order < right->order);
}

/* How groups begin and end, and nodes within them are written. */
struct style {
    void (*open)(const char *group, size_t len, struct mf_buf *buf);
    void (*node)(const struct mf_def *def, struct mf_buf *buf);
    const char *close;
};

static void print_groups(const struct mf_graph *graph, const struct style *style,
                         struct mf_buf *buf)
{
    struct mf_def **sorted = mf_calloc_array(graph->count + 1, sizeof(*sorted));
    const char *open = "";
    size_t open_len = 0;

    if (graph->count)
        memcpy(sorted, graph->nodes, graph->count * sizeof(*sorted));
    qsort(sorted, graph->count, sizeof(*sorted), compare_groups);
    for (size_t i = 0; i <= graph->count; i++) {
        const char *name = i < graph->count ? sorted[i]->name : "";
        size_t len = group_len(name);

        /* Out of the groups that the node is not in, into those that it is in. */
        while (open_len && (open_len > len || strncmp(open, name, open_len) != 0 ||
                            (len > open_len && name[open_len] != '.'))) {
            mf_buf_puts(buf, style->close);
            do
                open_len--;
            while (open_len && open[open_len] != '.');
        }
        while (open_len < len) {
            size_t end = open_len ? open_len + 1 : 0;

            while (end < len && name[end] != '.')
                end++;
            style->open(name, end, buf);
            open_len = end;
        }
        open = name;
        if (i < graph->count)
            style->node(sorted[i], buf);
    }
    mf_free(sorted);
}

/* ---- what to write at nodes and edges ---- */

static const char *unit_of(const struct mf_def *def)
{
    for (unsigned i = 0; i < def->out_count; i++)
        if (def->outs[i].unit)
            return def->out_count == 1 ? def->outs[i].unit->name : NULL;
    return NULL;
}

/* "voltage", "W → kW": what a reader cannot guess about an edge. */
static void put_edge_label(const struct mf_in_def *in, struct mf_buf *buf)
{
    const struct mf_out_def *out = &in->from->outs[in->from_port];

    if (in->from->out_count > 1)
        mf_buf_puts(buf, out->name);
    if (in->is_converted && out->unit && in->unit)
        mf_buf_printf(buf, "%s%s → %s", buf->len ? " " : "", out->unit->name, in->unit->name);
}

static bool is_sink(const struct mf_def *def)
{
    return def->kind->flags & (MF_KIND_SINK | MF_KIND_ACTUATOR);
}

/* ---- dot ---- */

static void put_dot_text(const char *text, size_t len, struct mf_buf *buf)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"' || text[i] == '\\')
            mf_buf_putc(buf, '\\');
        mf_buf_putc(buf, text[i] == '\n' ? ' ' : text[i]);
    }
}

static void dot_open(const char *group, size_t len, struct mf_buf *buf)
{
    mf_buf_puts(buf, "subgraph \"cluster_");
    put_dot_text(group, len, buf);
    mf_buf_puts(buf, "\" {\nlabel=\"");
    put_dot_text(group, len, buf);
    mf_buf_puts(buf, "\";\n");
}

static void dot_node(const struct mf_def *def, struct mf_buf *buf)
{
    const char *unit = unit_of(def);

    mf_buf_putc(buf, '"');
    put_dot_text(def->name, strlen(def->name), buf);
    mf_buf_puts(buf, "\" [label=\"");
    put_dot_text(def->name, strlen(def->name), buf);
    mf_buf_printf(buf, "\\n%s", def->kind->name);
    if (unit)
        mf_buf_printf(buf, ", %s", unit);
    mf_buf_puts(buf, "\"");
    if (def->kind->flags & MF_KIND_SOURCE)
        mf_buf_puts(buf, ", shape=cds");
    else if (is_sink(def))
        mf_buf_puts(buf, ", shape=box, style=bold");
    if (def->doc) {
        mf_buf_puts(buf, ", tooltip=\"");
        put_dot_text(def->doc, strlen(def->doc), buf);
        mf_buf_puts(buf, "\"");
    }
    mf_buf_puts(buf, "];\n");
}

static void dot_edge(const struct mf_def *def, const struct mf_in_def *in, struct mf_buf *buf)
{
    struct mf_buf label = {0};

    put_edge_label(in, &label);
    mf_buf_putc(buf, '"');
    put_dot_text(in->from->name, strlen(in->from->name), buf);
    mf_buf_puts(buf, "\" -> \"");
    put_dot_text(def->name, strlen(def->name), buf);
    mf_buf_puts(buf, "\"");
    if (label.len) {
        mf_buf_puts(buf, " [label=\"");
        put_dot_text(mf_buf_text(&label), label.len, buf);
        mf_buf_puts(buf, "\"]");
    }
    if (in->is_late)
        mf_buf_printf(buf, " [style=dashed%s]",
                      in->from->order < def->order ? "" : ", constraint=false");
    mf_buf_puts(buf, ";\n");
    mf_buf_done(&label);
}

static void print_dot(const struct mf_graph *graph, struct mf_buf *buf)
{
    static const struct style style = {dot_open, dot_node, "}\n"};

    mf_buf_puts(buf, "digraph flow {\nrankdir=LR;\nnode [shape=box, style=rounded, "
                     "fontname=\"sans-serif\"];\nedge [fontname=\"sans-serif\", fontsize=10];\n");
    if (graph->title) {
        mf_buf_puts(buf, "label=\"");
        put_dot_text(graph->title, strlen(graph->title), buf);
        mf_buf_puts(buf, "\";\nlabelloc=t;\n");
    }
    print_groups(graph, &style, buf);
    for (size_t i = 0; i < graph->count; i++)
        for (unsigned k = 0; k < graph->nodes[i]->in_count; k++)
            dot_edge(graph->nodes[i], &graph->nodes[i]->ins[k], buf);
    mf_buf_puts(buf, "}\n");
}

/* ---- mermaid ---- */

/* Quoted labels know HTML entities, and nothing else. */
static void put_mermaid_text(const char *text, size_t len, struct mf_buf *buf)
{
    for (size_t i = 0; i < len; i++) {
        if (strchr("\"#<>&", text[i]) && text[i])
            mf_buf_printf(buf, "#%d;", text[i]);
        else
            mf_buf_putc(buf, text[i] == '\n' ? ' ' : text[i]);
    }
}

static void mermaid_open(const char *group, size_t len, struct mf_buf *buf)
{
    mf_buf_puts(buf, "subgraph g_");
    for (size_t i = 0; i < len; i++)
        mf_buf_putc(buf, group[i] == '.' ? '-' : group[i]);
    mf_buf_printf(buf, " [\"%.*s\"]\n", (int)len, group);
}

static void mermaid_node(const struct mf_def *def, struct mf_buf *buf)
{
    const char *unit = unit_of(def);
    bool is_source = def->kind->flags & MF_KIND_SOURCE;

    mf_buf_printf(buf, "n%u%s\"", def->order, is_source ? "([" : is_sink(def) ? "[[" : "[");
    put_mermaid_text(def->name, strlen(def->name), buf);
    mf_buf_printf(buf, "<br/>%s%s%s", def->kind->name, unit ? ", " : "", unit ? unit : "");
    mf_buf_printf(buf, "\"%s\n", is_source ? "])" : is_sink(def) ? "]]" : "]");
}

static void print_mermaid(const struct mf_graph *graph, struct mf_buf *buf)
{
    static const struct style style = {mermaid_open, mermaid_node, "end\n"};

    mf_buf_puts(buf, "flowchart LR\n");
    print_groups(graph, &style, buf);
    for (size_t i = 0; i < graph->count; i++)
        for (unsigned k = 0; k < graph->nodes[i]->in_count; k++) {
            const struct mf_in_def *in = &graph->nodes[i]->ins[k];
            struct mf_buf label = {0};

            put_edge_label(in, &label);
            mf_buf_printf(buf, "n%u %s", in->from->order, in->is_late ? "-.->" : "-->");
            if (label.len) {
                mf_buf_puts(buf, "|\"");
                put_mermaid_text(mf_buf_text(&label), label.len, buf);
                mf_buf_puts(buf, "\"|");
            }
            mf_buf_printf(buf, " n%u\n", graph->nodes[i]->order);
            mf_buf_done(&label);
        }
}

/* ---- json ---- */

static void put_member(const char *name, const char *text_or_null, struct mf_buf *buf)
{
    mf_buf_printf(buf, ",\"%s\":", name);
    if (text_or_null)
        mf_text_quote_json(buf, text_or_null, strlen(text_or_null));
    else
        mf_buf_puts(buf, "null");
}

static void put_place(const char *file, uint32_t line, uint32_t column, struct mf_buf *buf)
{
    put_member("file", file, buf);
    mf_buf_printf(buf, ",\"line\":%u,\"column\":%u", line, column);
}

static void put_name(const char *name, struct mf_buf *buf)
{
    mf_buf_puts(buf, "{\"name\":");
    mf_text_quote_json(buf, name, strlen(name));
}

static void json_types(uint32_t types, struct mf_buf *buf)
{
    bool is_first = true;

    mf_buf_puts(buf, ",\"types\":[");
    for (unsigned i = MF_BOOL; i < MF_VALUE_TYPES; i++)
        if (types & MF_T(i)) {
            mf_buf_printf(buf, "%s\"%s\"", is_first ? "" : ",", mf_value_type_names[i]);
            is_first = false;
        }
    mf_buf_puts(buf, "]");
}

static void json_node(const struct mf_def *def, struct mf_buf *buf)
{
    put_name(def->name, buf);
    put_member("kind", def->kind->name, buf);
    put_member("link", def->link ? def->link->name : NULL, buf);
    put_member("doc", def->doc, buf);
    put_place(def->file, def->line, def->column, buf);
    mf_buf_puts(buf, ",\"inputs\":[");
    for (unsigned i = 0; i < def->in_count; i++) {
        const struct mf_in_def *in = &def->ins[i];

        mf_buf_puts(buf, i ? ",{\"port\":" : "{\"port\":");
        mf_text_quote_json(buf, mf_kind_port(def, i)->name, strlen(mf_kind_port(def, i)->name));
        put_member("from", in->from->name, buf);
        put_member("output", in->from->outs[in->from_port].name, buf);
        json_types(in->types, buf);
        put_member("unit", in->unit ? in->unit->name : NULL, buf);
        mf_buf_printf(buf, ",\"late\":%s}", in->is_late ? "true" : "false");
    }
    mf_buf_puts(buf, "],\"outputs\":[");
    for (unsigned i = 0; i < def->out_count; i++) {
        const struct mf_out_def *out = &def->outs[i];

        mf_buf_puts(buf, i ? "," : "");
        put_name(out->name, buf);
        json_types(out->types, buf);
        put_member("unit", out->unit ? out->unit->name : NULL, buf);
        mf_buf_puts(buf, "}");
    }
    mf_buf_puts(buf, "]}");
}

static void print_json(const struct mf_graph *graph, struct mf_buf *buf)
{
    mf_buf_puts(buf, "{\"title\":");
    if (graph->title)
        mf_text_quote_json(buf, graph->title, strlen(graph->title));
    else
        mf_buf_puts(buf, "null");
    mf_buf_puts(buf, ",\"links\":[");
    for (size_t i = 0; i < graph->link_count; i++) {
        const struct mf_link_def *link = graph->links[i];

        mf_buf_puts(buf, i ? ",\n" : "\n");
        put_name(link->name, buf);
        put_member("kind", link->kind->name, buf);
        put_place(link->file, link->line, link->column, buf);
        mf_buf_puts(buf, "}");
    }
    mf_buf_puts(buf, "],\"nodes\":[");
    for (size_t i = 0; i < graph->count; i++) {
        mf_buf_puts(buf, i ? ",\n" : "\n");
        json_node(graph->nodes[i], buf);
    }
    mf_buf_puts(buf, "]}\n");
}

void mf_graph_print(const struct mf_graph *graph, enum mf_picture format, struct mf_buf *buf)
{
    switch (format) {
    case MF_PICTURE_TEXT:
        mf_picture_text(graph, buf);
        break;
    case MF_PICTURE_DOT:
        print_dot(graph, buf);
        break;
    case MF_PICTURE_MERMAID:
        print_mermaid(graph, buf);
        break;
    case MF_PICTURE_JSON:
        print_json(graph, buf);
        break;
    }
}
