/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* What reaches and leaves the nodes that a test expects something of. */

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/cli/test_case.h"
#include "engine/graph/guard.h"
#include "engine/run/edge.h"

/* An output that one of the watched nodes reads or is. */
struct tie {
    struct tie *next;
    struct mf_test_watch *watch;
    struct mf_test_probe *probe; /* NULL: only for the events */
    const struct mf_in_def *in;  /* NULL: it is the node's own output */
};

struct mf_test_watches {
    struct mf_arena *arena;
    size_t node_count;
    struct tie ***ties; /* by order of the node, then output; NULL: nobody is interested */
    struct mf_test_watch **by_node; /* by order */
    struct mf_test_probe **probes;
    size_t probe_count, probe_cap;
};

static void add_tie(struct mf_test_watches *w, const struct mf_def *from, unsigned output,
                    struct tie tie)
{
    struct tie **list = w->ties[from->order], *copy = mf_arena_alloc(w->arena, sizeof *copy);

    if (!list)
        list = w->ties[from->order] = mf_arena_alloc(w->arena, from->out_count * sizeof *list);
    *copy = tie;
    copy->next = list[output];
    list[output] = copy;
}

static struct mf_test_watch *watch_node(struct mf_test_watches *w, const struct mf_def *def)
{
    struct mf_test_watch *watch = w->by_node[def->order];

    if (watch)
        return watch;
    watch = w->by_node[def->order] = mf_arena_alloc(w->arena, sizeof *watch);
    watch->def = def;
    for (unsigned i = 0; i < def->in_count; i++)
        add_tie(w, def->ins[i].from, def->ins[i].from_port,
                (struct tie){.watch = watch, .in = &def->ins[i]});
    for (unsigned i = 0; i < def->out_count; i++)
        add_tie(w, def, i, (struct tie){.watch = watch});
    return watch;
}

static bool is_same(const struct mf_test_point *a, const struct mf_test_point *b)
{
    return a->def == b->def && a->output == b->output && a->input == b->input;
}

static bool is_fed_by(const struct mf_test_probe *probe, const struct tie *tie, unsigned output)
{
    const struct mf_test_point *point = &probe->point;

    if (mf_test_is_told(point))
        return false;
    if (point->output >= 0)
        return !tie->in && output == (unsigned)point->output;
    return tie->in && (point->input < 0 || tie->in == &point->def->ins[point->input]);
}

/* The ties of the node were made with its watch; those that feed this probe are made anew. */
static void tie_probe(struct mf_test_watches *w, struct mf_test_probe *probe)
{
    const struct mf_def *def = probe->point.def;
    struct tie *tie;

    for (unsigned i = 0; i < def->out_count; i++)
        for (tie = w->ties[def->order][i]; tie; tie = tie->next)
            if (tie->watch == probe->watch && !tie->probe && is_fed_by(probe, tie, i))
                tie->probe = probe;
    for (unsigned i = 0; i < def->in_count; i++)
        for (tie = w->ties[def->ins[i].from->order][def->ins[i].from_port]; tie; tie = tie->next)
            if (tie->watch == probe->watch && !tie->probe && tie->in == &def->ins[i] &&
                is_fed_by(probe, tie, 0))
                tie->probe = probe;
}

static void add_probe(struct mf_test_watches *w, const struct mf_test_expect *expect)
{
    bool keeps = expect->form == MF_TEST_ALL || expect->form == MF_TEST_PREFIX;
    struct mf_test_probe *probe = NULL;

    for (size_t i = 0; i < w->probe_count && !probe; i++)
        if (is_same(&w->probes[i]->point, &expect->point))
            probe = w->probes[i];
    if (!probe) {
        probe = mf_arena_alloc(w->arena, sizeof *probe);
        probe->point = expect->point;
        probe->watch = watch_node(w, expect->point.def);
        mf_grow(&w->probes, &w->probe_cap, w->probe_count, sizeof *w->probes);
        w->probes[w->probe_count++] = probe;
        tie_probe(w, probe);
    }
    probe->keeps |= keeps;
}

struct mf_test_watches *mf_test_watches_new(const struct mf_test_case *test,
                                            const struct mf_graph *graph)
{
    struct mf_test_watches *w = mf_zalloc(sizeof *w);

    w->arena = mf_arena_new();
    w->node_count = graph->count;
    w->ties = mf_calloc_array(graph->count + 1, sizeof *w->ties);
    w->by_node = mf_calloc_array(graph->count + 1, sizeof(struct mf_test_watch *));
    for (size_t i = 0; i < test->step_count; i++)
        for (size_t k = 0; k < test->steps[i].expect_count; k++)
            add_probe(w, &test->steps[i].expects[k]);
    for (size_t i = 0; i < test->end_count; i++)
        add_probe(w, &test->ends[i]);
    return w;
}

static void free_probe(struct mf_test_probe *probe)
{
    mf_msg_drop(&probe->last);
    for (size_t i = 0; i < probe->count && i < MF_TEST_VALUES; i++)
        mf_value_drop(probe->values[i]);
    mf_free(probe->values);
}

void mf_test_watches_free(struct mf_test_watches *w)
{
    for (size_t i = 0; i < w->probe_count; i++)
        free_probe(w->probes[i]);
    for (size_t i = 0; i < w->node_count; i++)
        for (size_t k = 0; w->by_node[i] && k < MF_TEST_EVENTS; k++)
            mf_msg_drop(&w->by_node[i]->events[k].msg);
    mf_free(w->probes);
    mf_free(w->ties);
    mf_free(w->by_node);
    mf_arena_free(w->arena);
    mf_free(w);
}

/* ---- while it runs ---- */

static void note_event(struct mf_test_watch *watch, struct mf_test_event event)
{
    struct mf_test_event *slot = &watch->events[watch->event_count++ % MF_TEST_EVENTS];

    mf_msg_drop(&slot->msg);
    *slot = event;
    slot->msg = mf_msg_copy(&event.msg);
}

/* A value that is said again only because its quality is good again is none of its own: nothing
 * downstream counts it, either. */
static void note_value(struct mf_test_probe *probe, const struct mf_msg *msg)
{
    mf_msg_drop(&probe->last);
    probe->last = mf_msg_copy(msg);
    probe->is_known = true;
    if (!probe->keeps || msg->quality != MF_GOOD || msg->is_again)
        return;
    if (probe->count < MF_TEST_VALUES) {
        mf_grow(&probe->values, &probe->cap, probe->count, sizeof *probe->values);
        probe->values[probe->count] = mf_value_copy(msg->value);
    }
    probe->count++;
}

void mf_test_watches_note(struct mf_test_watches *w, const struct mf_node *node, unsigned output,
                          const struct mf_msg *msg)
{
    const struct mf_def *def = node->def;
    struct tie *tie = w->ties[def->order] ? w->ties[def->order][output] : NULL;
    int64_t now = mf_clock_mono(&node->sched->clock);

    for (; tie; tie = tie->next) {
        const struct mf_unit *unit = tie->in ? tie->in->unit : def->outs[output].unit;
        struct mf_msg seen = mf_msg_copy(msg);

        if (tie->in && tie->in->is_converted)
            mf_msg_convert(&seen, &tie->in->convert);
        note_event(tie->watch,
                   (struct mf_test_event){now, tie->in != NULL, def, output, unit, seen});
        if (tie->probe)
            note_value(tie->probe, &seen);
        mf_msg_drop(&seen);
    }
}

void mf_test_watches_wrote(struct mf_test_watches *w, const struct mf_node *node,
                           const struct mf_msg *msg)
{
    const struct mf_def *def = node->def;
    struct mf_test_watch *watch = w->by_node[def->order];
    int64_t now = mf_clock_mono(&node->sched->clock);

    if (!watch)
        return;
    note_event(watch,
               (struct mf_test_event){
                   .at = now, .from = def, .is_told = true, .unit = def->guard->unit, .msg = *msg});
    for (size_t i = 0; i < w->probe_count; i++)
        if (w->probes[i]->watch == watch && mf_test_is_told(&w->probes[i]->point))
            note_value(w->probes[i], msg);
}

const struct mf_test_probe *mf_test_watches_find(const struct mf_test_watches *w,
                                                 const struct mf_test_point *point)
{
    for (size_t i = 0; i < w->probe_count; i++)
        if (is_same(&w->probes[i]->point, point))
            return w->probes[i];
    return NULL;
}
