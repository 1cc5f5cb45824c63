/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* See test_cover.h. */

#include "engine/cli/test_cover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/text.h"
#include "engine/run/state.h"

struct entry {
    char *name; /* of the node, or of the output where there are several */
    char *file;
    uint32_t line, column;
    bool is_sink, is_branch, is_line, is_seen;
    bool wanted; /* branch: by which result */
};

struct mf_test_cover {
    struct mf_arena *arena;
    struct mf_map by_key; /* → struct entry * */
};

struct mf_test_cover *mf_test_cover_new(void)
{
    struct mf_test_cover *cover = mf_zalloc(sizeof *cover);

    cover->arena = mf_arena_new();
    return cover;
}

void mf_test_cover_free(struct mf_test_cover *cover)
{
    if (!cover)
        return;
    mf_map_done(&cover->by_key);
    mf_arena_free(cover->arena);
    mf_free(cover);
}

/* The entry of a node's output, `what`, or of a branch. */
static struct entry *find(struct mf_test_cover *cover, const struct mf_def *def, const char *what)
{
    char *key = mf_arena_printf(cover->arena, "%s:%u:%s.%s", def->file ? def->file : "", def->line,
                                def->name, what);
    struct entry *entry = mf_map_get(&cover->by_key, key);

    if (entry)
        return entry;
    entry = mf_arena_alloc(cover->arena, sizeof *entry);
    entry->name = mf_arena_strdup(cover->arena, def->name);
    entry->file = mf_arena_strdup(cover->arena, def->file ? def->file : "");
    entry->line = def->line;
    entry->column = def->column;
    mf_map_add(&cover->by_key, key, entry);
    return entry;
}

/* ---- conditions ---- */

static bool has_condition(const struct mf_node *node)
{
    return node->kind->save && strcmp(node->kind->name, "when") == 0;
}

/* What the kind itself would keep over a reload says which way it went last. */
static bool read_condition(struct mf_node *node, bool *ret)
{
    struct mf_state_out out;
    struct mf_state_in in;
    bool is_known;

    mf_build_start(&out.fields);
    node->kind->save(node, &out);
    in.fields = mf_build_end_map(&out.fields);
    is_known = mf_state_get_bool(&in, "on", ret);
    mf_value_drop(in.fields);
    return is_known;
}

static struct entry *branch(struct mf_test_cover *cover, const struct mf_def *def, bool wanted)
{
    struct entry *entry = find(cover, def, wanted ? "#true" : "#false");

    entry->is_branch = true;
    entry->wanted = wanted;
    return entry;
}

void mf_test_cover_note(struct mf_test_cover *cover, struct mf_node *node)
{
    bool is_on;

    if (has_condition(node) && read_condition(node, &is_on))
        branch(cover, node->def, is_on)->is_seen = true;
}

void mf_test_cover_look(struct mf_test_cover *cover, struct mf_engine *engine)
{
    for (uint32_t i = 0; i < engine->count; i++)
        mf_test_cover_note(cover, engine->nodes[i]);
}

/* ---- lines of scripts ---- */

/* Only lines that were said to be there count: shipped modules are not the flow's business. */
void mf_test_cover_line(void *arg, const char *file, uint32_t line, bool has_run)
{
    struct mf_test_cover *cover = arg;
    char key[512];
    struct entry *entry;

    snprintf(key, sizeof key, "%s:%u#line", file, line);
    entry = mf_map_get(&cover->by_key, key);
    if (!entry && !has_run) {
        entry = mf_arena_alloc(cover->arena, sizeof *entry);
        entry->name = mf_arena_strdup(cover->arena, "the line");
        entry->file = mf_arena_strdup(cover->arena, file);
        entry->line = line;
        entry->column = 1;
        entry->is_line = true;
        mf_map_add(&cover->by_key, mf_arena_strdup(cover->arena, key), entry);
    }
    if (entry && has_run)
        entry->is_seen = true;
}

/* ---- outputs ---- */

static void add_node(struct mf_test_cover *cover, struct mf_node *node)
{
    const struct mf_def *def = node->def;
    struct entry *entry;

    for (unsigned i = 0; i < def->out_count; i++) {
        entry = find(cover, def, def->outs[i].name);
        if (def->out_count > 1 && strcmp(def->outs[i].name, "out") != 0)
            entry->name = mf_arena_printf(cover->arena, "%s.%s", def->name, def->outs[i].name);
        entry->is_seen |= node->outputs[i].last.value.type != MF_NULL;
    }
    if (def->out_count == 0) {
        entry = find(cover, def, "#in");
        entry->is_sink = true;
        entry->is_seen |= node->turns > 0;
    }
    if (has_condition(node)) {
        branch(cover, def, true);
        branch(cover, def, false);
    }
}

void mf_test_cover_add(struct mf_test_cover *cover, struct mf_engine *engine)
{
    mf_test_cover_look(cover, engine);
    for (uint32_t i = 0; i < engine->count; i++)
        add_node(cover, engine->nodes[i]);
}

/* ---- printing ---- */

struct sums {
    size_t outputs, outputs_seen, branches, branches_seen, lines, lines_seen;
};

static struct sums sum_up(const struct mf_test_cover *cover)
{
    struct sums sums = {0};

    for (size_t i = 0; i < cover->by_key.count; i++) {
        const struct entry *entry = cover->by_key.entries[i].value;

        sums.lines += entry->is_line;
        sums.lines_seen += entry->is_line && entry->is_seen;
        sums.outputs += !entry->is_branch && !entry->is_line;
        sums.outputs_seen += !entry->is_branch && !entry->is_line && entry->is_seen;
        sums.branches += entry->is_branch;
        sums.branches_seen += entry->is_branch && entry->is_seen;
    }
    return sums;
}

static int compare(const void *left, const void *right)
{
    const struct entry *a = *(const struct entry *const *)left;
    const struct entry *b = *(const struct entry *const *)right;
    int order = strcmp(a->file, b->file);

    if (order == 0 && a->line != b->line)
        order = a->line < b->line ? -1 : 1;
    if (order == 0 && a->column != b->column)
        order = a->column < b->column ? -1 : 1;
    return order ? order : strcmp(a->name, b->name);
}

/* In order of the files; the caller frees the list. */
static const struct entry **list_gaps(const struct mf_test_cover *cover, size_t *ret_count)
{
    const struct entry **list = mf_calloc_array(cover->by_key.count + 1, sizeof *list);
    size_t count = 0;

    for (size_t i = 0; i < cover->by_key.count; i++) {
        const struct entry *entry = cover->by_key.entries[i].value;

        if (!entry->is_seen)
            list[count++] = entry;
    }
    qsort(list, count, sizeof *list, compare);
    *ret_count = count;
    return list;
}

/* "`power` never said anything" */
static const char *gap_of(const struct entry *entry)
{
    if (entry->is_line)
        return "was never run";
    if (entry->is_branch)
        return entry->wanted ? "was never true" : "was never false";
    return entry->is_sink ? "was never given anything" : "never said anything";
}

static void put_gap(struct mf_buf *out, const struct entry *gap)
{
    mf_buf_printf(out, "%s:%u:%u: ", gap->file, gap->line, gap->column);
    if (gap->is_line)
        mf_buf_puts(out, gap->name);
    else
        mf_buf_printf(out, "%s`%s`", gap->is_branch ? "the condition of " : "", gap->name);
    mf_buf_printf(out, " %s\n", gap_of(gap));
}

void mf_test_cover_print(const struct mf_test_cover *cover, struct mf_buf *out)
{
    struct sums sums = sum_up(cover);
    size_t count;
    const struct entry **gaps = list_gaps(cover, &count);

    mf_buf_printf(out, "coverage: %zu of %zu outputs and sinks, %zu of %zu branches",
                  sums.outputs_seen, sums.outputs, sums.branches_seen, sums.branches);
    if (sums.lines)
        mf_buf_printf(out, ", %zu of %zu lines of scripts", sums.lines_seen, sums.lines);
    mf_buf_putc(out, '\n');
    for (size_t i = 0; i < count; i++)
        put_gap(out, gaps[i]);
    mf_free(gaps);
}

static void put_text(struct mf_buf *out, const char *name, const char *text)
{
    mf_buf_printf(out, "\"%s\": ", name);
    mf_text_quote_json(out, text, strlen(text));
}

void mf_test_cover_print_json(const struct mf_test_cover *cover, struct mf_buf *out)
{
    struct sums sums = sum_up(cover);
    size_t count;
    const struct entry **gaps = list_gaps(cover, &count);

    mf_buf_printf(out,
                  "{\"outputs\": %zu, \"outputs_seen\": %zu, \"branches\": %zu, "
                  "\"branches_seen\": %zu, \"lines\": %zu, \"lines_seen\": %zu, \"gaps\": [",
                  sums.outputs, sums.outputs_seen, sums.branches, sums.branches_seen, sums.lines,
                  sums.lines_seen);
    for (size_t i = 0; i < count; i++) {
        mf_buf_puts(out, i ? ", {" : "{");
        put_text(out, "file", gaps[i]->file);
        mf_buf_printf(out, ", \"line\": %u, \"column\": %u, ", gaps[i]->line, gaps[i]->column);
        put_text(out, "name", gaps[i]->name);
        mf_buf_puts(out, ", ");
        put_text(out, "gap", gap_of(gaps[i]));
        mf_buf_putc(out, '}');
    }
    mf_buf_puts(out, "]}");
    mf_free(gaps);
}
