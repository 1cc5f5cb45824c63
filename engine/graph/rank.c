/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Third step of compiling: an order in which every edge leads forward.
 *
 * Kahn's algorithm. Late edges do not bind the run, but they are followed as well as the
 * others where they close no loop, because types and units are found out in this order. Where they
 * do, circle by circle, a node is let go that waits for nothing but late edges. What is left over
 * then lies on a loop or behind one; each loop is shown whole, once.
 */

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/graph/compile_priv.h"

enum { UNSEEN, WALKING, DONE };
enum { LOOP_SHOWN = 12 }; /* nodes of a loop that a message names */

struct ranking {
    struct mf_compile *compile;
    struct mf_graph *graph;
    size_t next;                  /* nodes[next..count) are ranked, their readers not told */
    uint32_t circle;              /* that is being broken up; 0: none */
    struct mf_draft **candidates; /* of this circle: they wait for late edges only */
    size_t first, count;
};

/* ---- readers ---- */

static void count_readers(struct mf_compile *compile)
{
    for (size_t i = 0; i < compile->count; i++) {
        struct mf_draft *draft = compile->drafts[i];

        for (unsigned k = 0; k < draft->def->in_count; k++) {
            struct mf_in_def *in = &draft->def->ins[k];

            in->from->outs[in->from_port].reader_count++;
            draft->waits += !in->is_late;
            draft->late += in->is_late;
        }
    }
}

static void list_readers(struct mf_compile *compile)
{
    for (size_t i = 0; i < compile->count; i++) {
        struct mf_def *def = compile->drafts[i]->def;

        for (unsigned k = 0; k < def->out_count; k++) {
            struct mf_out_def *out = &def->outs[k];

            if (out->reader_count)
                out->readers =
                    mf_arena_alloc(compile->arena, out->reader_count * sizeof(*out->readers));
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

/* ---- loops ---- */

/* The edge of `def` that leads back into what could not be ranked. */
static struct mf_in_def *blocking_edge(struct mf_def *def)
{
    for (unsigned i = 0; i < def->in_count; i++)
        if (!def->ins[i].is_late && !def->ins[i].from->draft->is_ranked)
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
    diag = mf_diag(compile->diags, MF_ERROR, 303, mf_wire(start, edge)->at,
                   "the nodes form a loop: %s", mf_buf_text(&text));
    for (size_t i = 1; i < count && i < MF_DIAG_RELATED; i++)
        mf_diag_related(diag, mf_wire(chain[i], blocking_edge(chain[i]))->at, "`%s` reads `%s`",
                        chain[i]->name, blocking_edge(chain[i])->from->name);
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

        if (compile->drafts[i]->is_ranked)
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

/* ---- ranking ---- */

static void rank(struct ranking *r, struct mf_draft *draft)
{
    draft->is_ranked = true;
    r->graph->nodes[r->graph->count++] = draft->def;
}

/* One edge into the node is settled. */
static void settle_edge(struct ranking *r, struct mf_draft *draft, bool is_late)
{
    if (is_late)
        draft->late--;
    else
        draft->waits--;
    if (draft->is_ranked || draft->waits)
        return;
    if (!draft->late)
        rank(r, draft);
    else if (!is_late && draft->circle && draft->circle == r->circle)
        r->candidates[r->count++] = draft;
}

static void tell_readers(struct ranking *r)
{
    while (r->next < r->graph->count) {
        struct mf_def *def = r->graph->nodes[r->next];

        def->order = (uint32_t)r->next++;
        for (unsigned k = 0; k < def->out_count; k++)
            for (unsigned i = 0; i < def->outs[k].reader_count; i++) {
                const struct mf_reader *reader = &def->outs[k].readers[i];

                settle_edge(r, reader->to->draft, reader->to->ins[reader->input].is_late);
            }
    }
}

static void break_circle(struct ranking *r)
{
    for (; r->first < r->count; r->first++) {
        if (!r->candidates[r->first]->is_ranked)
            rank(r, r->candidates[r->first]);
        tell_readers(r);
    }
}

/* Sorts the nodes by circle, keeping their order. */
static struct mf_draft **sort_by_circle(const struct mf_compile *compile, uint32_t circles)
{
    struct mf_arena *arena = compile->flow->arena;
    struct mf_draft **sorted = mf_arena_alloc(arena, compile->count * sizeof(*sorted));
    size_t *start = mf_arena_alloc(arena, (circles + 2) * sizeof(*start));

    for (size_t i = 0; i < compile->count; i++)
        start[compile->drafts[i]->circle + 1]++;
    for (uint32_t i = 1; i <= circles + 1; i++)
        start[i] += start[i - 1];
    for (size_t i = 0; i < compile->count; i++)
        sorted[start[compile->drafts[i]->circle]++] = compile->drafts[i];
    return sorted;
}

static void rank_circles(struct ranking *r)
{
    struct mf_compile *compile = r->compile;
    uint32_t circles = mf_compile_circles(compile);
    struct mf_draft **sorted = sort_by_circle(compile, circles);
    size_t i = 0;

    r->candidates = mf_arena_alloc(compile->flow->arena, compile->count * sizeof(*r->candidates));
    while (i < compile->count) {
        r->circle = sorted[i]->circle;
        r->first = r->count = 0;
        for (; i < compile->count && sorted[i]->circle == r->circle; i++)
            if (!sorted[i]->is_ranked && !sorted[i]->waits)
                r->candidates[r->count++] = sorted[i];
        break_circle(r);
    }
}

void mf_compile_rank(struct mf_compile *compile)
{
    struct mf_graph *graph = compile->graph;
    struct ranking r = {compile, graph};

    count_readers(compile);
    list_readers(compile);
    graph->nodes = mf_arena_alloc(compile->arena, (compile->count + 1) * sizeof(*graph->nodes));
    for (size_t i = 0; i < compile->count; i++)
        if (!compile->drafts[i]->waits && !compile->drafts[i]->late)
            rank(&r, compile->drafts[i]);
    tell_readers(&r);
    if (graph->count < compile->count)
        rank_circles(&r);
    if (graph->count < compile->count)
        report_loops(compile);
}
