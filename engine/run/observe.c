/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * See observe.h. An output with one plain reader takes a way that asks for no observers at all; the
 * first observer closes that way for all outputs, and the last one opens it again.
 */

#include "engine/run/observe.h"

#include "engine/run/engine.h"

bool mf_output_can_be_direct(const struct mf_sched *sched, const struct mf_output *out)
{
    return out->edge_count == 1 && out->edges->way == MF_EDGE_ALONE && !sched->is_observed;
}

static void choose_ways(struct mf_engine *engine)
{
    for (uint32_t i = 0; i < engine->count; i++) {
        struct mf_node *node = engine->nodes[i];

        for (unsigned k = 0; k < node->def->out_count; k++)
            node->outputs[k].is_direct = mf_output_can_be_direct(&engine->sched, &node->outputs[k]);
    }
}

void mf_engine_observe(struct mf_engine *engine, struct mf_observer *observer)
{
    struct mf_sched *sched = &engine->sched;

    mf_list_append(&sched->observers, &observer->link);
    if (!sched->is_observed) {
        sched->is_observed = true;
        choose_ways(engine);
    }
}

void mf_engine_unobserve(struct mf_engine *engine, struct mf_observer *observer)
{
    struct mf_sched *sched = &engine->sched;

    if (!observer->link.next)
        return;
    if (sched->next_observer == &observer->link)
        sched->next_observer = observer->link.next;
    mf_list_remove(&observer->link);
    observer->link = (struct mf_list){0};
    if (mf_list_is_empty(&sched->observers)) {
        sched->is_observed = false;
        choose_ways(engine);
    }
}

void mf_sched_show(struct mf_sched *sched, struct mf_node *node, unsigned output)
{
    struct mf_list *link = sched->observers.next;

    for (; link != &sched->observers; link = sched->next_observer) {
        struct mf_observer *observer = mf_list_entry(link, struct mf_observer, link);

        sched->next_observer = link->next;
        observer->saw(observer->arg, node, output, &node->outputs[output].last);
    }
    sched->next_observer = NULL;
}

void mf_sched_show_write(struct mf_sched *sched, struct mf_node *node, const struct mf_msg *msg)
{
    struct mf_list *link = sched->observers.next;

    for (; link != &sched->observers; link = sched->next_observer) {
        struct mf_observer *observer = mf_list_entry(link, struct mf_observer, link);

        sched->next_observer = link->next;
        if (observer->wrote)
            observer->wrote(observer->arg, node, msg);
    }
    sched->next_observer = NULL;
}
