/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Third step of compiling: an order in which every edge leads forward.
 *
 * Kahn's algorithm over the edges that are delivered in the same turn. What is
 * left over lies on a loop or behind one; each loop is shown whole, once.
 */

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/graph/compile_priv.h"

enum { UNSEEN, WALKING, DONE };
enum { LOOP_SHOWN = 12 }; /* nodes of a loop that a message names */

static void count_readers(struct mf_compile *compile)
{
    for (size_t i = 0; i < compile->count; i++) {
        struct mf_def *def = compile->drafts[i]->def;

        for (unsigned k = 0; k < def->in_count; k++) {
            def->ins[k].from->outs[def->ins[k].from_port].reader_count++;
            if (!def->ins[k].is_late)
                compile->drafts[i]->waits++;
        }
    }
    for (size_t i = 0; i < compile->count; i++) {
        struct mf_def *def = compile->drafts[i]->def;

        for (unsigned k = 0; k < def->out_count; k++) {
            struct mf_out_def *out = &def->outs[k];

            out->readers =
                mf_arena_alloc(compile->arena, (out->reader_count + 1) * sizeof(*out->readers));
            out->reader_count = 0;
        }
    }
    for (size_t i = 0; i < compile->count; i++) {
        struct mf_def *def = compile->drafts[i]->def;

        for (unsigned k = 0; k < def->in_count; k++) {
            struct mf_out_def *out = &def->ins[k].from->outs[def->ins[k].from_port];

            out->readers[out->reader_count++] = (struct mf_reader){def, k};
        }
    }
}

/* The edge of `def` that leads back into what could not be ranked. */
static struct mf_in_def *blocking_edge(struct mf_def *def)
{
    for (unsigned i = 0; i < def->in_count; i++)
        if (!def->ins[i].is_late && def->ins[i].from->draft->waits)
            return &def->ins[i];
    return NULL;
}

static void report_loop(struct mf_compile *compile, struct mf_def *start)
{
    struct mf_def *chain[LOOP_SHOWN];
    struct mf_def *def = start;
    struct mf_buf text = {0};
    struct mf_in_def *edge = blocking_edge(start);
    struct mf_diag *diag;
    size_t count = 0, length = 0;

    do {
        if (count < LOOP_SHOWN)
            chain[count++] = def;
        length++;
        def = blocking_edge(def)->from;
    } while (def != start);
    /* Walked against the flow; people read along it. */
    mf_buf_printf(&text, "%s", start->name);
    if (length > count)
        mf_buf_printf(&text, " → … (%zu more)", length - count);
    for (size_t i = count; i-- > 0;)
        mf_buf_printf(&text, " → %s", chain[i]->name);
    diag = mf_diag(compile->diags, MF_ERROR, 303, edge->at, "the nodes form a loop: %s",
                   mf_buf_text(&text));
    for (size_t i = 1; i < count && i < MF_DIAG_RELATED; i++)
        mf_diag_related(diag, blocking_edge(chain[i])->at, "`%s` reads `%s`", chain[i]->name,
                        blocking_edge(chain[i])->from->name);
    mf_diag_help(diag,
                 "break it with a `delay:`, or read `previous(%s)`, the value of the turn before",
                 edge->from->name);
    mf_buf_done(&text);
}

/* Follows blocking edges from each node left over; the first node met twice is on a loop. */
static void report_loops(struct mf_compile *compile)
{
    for (size_t i = 0; i < compile->count; i++) {
        struct mf_def *def = compile->drafts[i]->def;

        if (!compile->drafts[i]->waits)
            continue;
        while (def->draft->mark == UNSEEN) {
            def->draft->mark = WALKING;
            def->draft->failed = true;
            def = blocking_edge(def)->from;
        }
        if (def->draft->mark == WALKING)
            report_loop(compile, def);
        for (def = compile->drafts[i]->def; def->draft->mark == WALKING;
             def = blocking_edge(def)->from)
            def->draft->mark = DONE;
    }
}

void mf_compile_rank(struct mf_compile *compile)
{
    struct mf_graph *graph = compile->graph;
    size_t next = 0;

    count_readers(compile);
    graph->nodes = mf_arena_alloc(compile->arena, (compile->count + 1) * sizeof(*graph->nodes));
    for (size_t i = 0; i < compile->count; i++)
        if (!compile->drafts[i]->waits)
            graph->nodes[graph->count++] = compile->drafts[i]->def;
    while (next < graph->count) {
        struct mf_def *def = graph->nodes[next];

        def->order = (uint32_t)next++;
        for (unsigned k = 0; k < def->out_count; k++)
            for (unsigned r = 0; r < def->outs[k].reader_count; r++) {
                const struct mf_reader *reader = &def->outs[k].readers[r];

                if (!reader->to->ins[reader->input].is_late && --reader->to->draft->waits == 0)
                    graph->nodes[graph->count++] = reader->to;
            }
    }
    if (graph->count < compile->count)
        report_loops(compile);
}
