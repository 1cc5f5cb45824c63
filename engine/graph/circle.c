/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Circles: which nodes reach each other, late edges included.
 *
 * Kosaraju's algorithm, in two walks without recursion: along the edges, noting when a node is
 * left; then against them, from the node that was left last. The circles come out in the order in
 * which values travel. A node that is on no loop is a circle of its own.
 */

#include "engine/graph/compile_priv.h"

enum { UNSEEN, SEEN };

/* One node on the way, and where its next edge is. */
struct step {
    struct mf_draft *draft;
    unsigned port, edge;
};

struct walk {
    struct step *steps;
    size_t depth;
    struct mf_draft **left; /* in the order in which they were left */
    size_t left_count;
};

static void enter(struct walk *walk, struct mf_draft *draft)
{
    draft->mark = SEEN;
    walk->steps[walk->depth++] = (struct step){draft, 0, 0};
}

static struct mf_draft *next_reader(struct step *step)
{
    const struct mf_def *def = step->draft->def;

    for (; step->port < def->out_count; step->port++, step->edge = 0)
        while (step->edge < def->outs[step->port].reader_count) {
            struct mf_draft *to = def->outs[step->port].readers[step->edge++].to->draft;

            if (!to->is_ranked && to->mark == UNSEEN)
                return to;
        }
    return NULL;
}

static void walk_along(struct walk *walk, struct mf_draft *start)
{
    enter(walk, start);
    while (walk->depth) {
        struct step *step = &walk->steps[walk->depth - 1];
        struct mf_draft *next = next_reader(step);

        if (next) {
            enter(walk, next);
        } else {
            walk->left[walk->left_count++] = step->draft;
            walk->depth--;
        }
    }
}

static void walk_against(struct walk *walk, struct mf_draft *start, uint32_t circle)
{
    start->circle = circle;
    walk->steps[walk->depth++] = (struct step){start, 0, 0};
    while (walk->depth) {
        const struct mf_def *def = walk->steps[--walk->depth].draft->def;

        for (unsigned i = 0; i < def->in_count; i++) {
            struct mf_draft *from = def->ins[i].from->draft;

            if (from->is_ranked || from->circle)
                continue;
            from->circle = circle;
            walk->steps[walk->depth++] = (struct step){from, 0, 0};
        }
    }
}

uint32_t mf_compile_circles(struct mf_compile *compile)
{
    struct mf_arena *arena = compile->flow->arena;
    struct walk walk = {
        .steps = mf_arena_alloc(arena, compile->count * sizeof(*walk.steps)),
        .left = mf_arena_alloc(arena, compile->count * sizeof(*walk.left)),
    };
    uint32_t circles = 0;

    for (size_t i = 0; i < compile->count; i++)
        if (!compile->drafts[i]->is_ranked && compile->drafts[i]->mark == UNSEEN)
            walk_along(&walk, compile->drafts[i]);
    while (walk.left_count) {
        struct mf_draft *draft = walk.left[--walk.left_count];

        draft->mark = UNSEEN; /* for the next walker */
        if (!draft->circle)
            walk_against(&walk, draft, ++circles);
    }
    return circles;
}
