/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * The surroundings of a flow: its links, tried for real.
 *
 * The engine runs a graph of links without nodes until each link is up or has failed once. Then
 * those nodes that can say so are asked whether they would find there what they need.
 */

#include "engine/cli/environment.h"

#include "engine/base/clock.h"
#include "engine/run/loop_uv.h"

enum { CODE_LINK = 704 };

#define LOOK_EVERY (20 * MF_MS)
#define PATIENCE (15 * MF_SEC) /* connecting takes libraries up to ten seconds */

struct trial {
    struct mf_loop *loop;
    struct mf_cli_flow *cli;
    size_t count;  /* of the graph's nodes, none of which lives */
    int64_t until; /* mono */
    bool is_over, ok;
};

static void report(struct trial *trial, const struct mf_link *link)
{
    const struct mf_flow_item *item = mf_map_get(&trial->cli->flow.links, link->def->name);
    struct mf_span at = item ? item->at : (struct mf_span){0};

    trial->ok = false;
    mf_diag(&trial->cli->diags, MF_ERROR, CODE_LINK, at, "the link `%s` does not work here: %s",
            link->def->name, link->last_error[0] ? link->last_error : "no answer in time");
}

static void ask_nodes(struct trial *trial)
{
    const struct mf_engine *engine = mf_loop_engine(trial->loop);

    for (size_t i = 0; i < trial->count; i++) {
        const struct mf_def *def = engine->graph->nodes[i];
        struct mf_link *link = def->link ? engine->links[def->link->index] : NULL;
        const struct mf_flow_item *item = mf_map_get(&trial->cli->flow.names, def->name);
        struct mf_error err = {0};

        if (!link || link->phase != MF_LINK_UP || !def->kind->fits ||
            def->kind->fits(def->config, link, &err) == MF_OK)
            continue;
        trial->ok = false;
        mf_diag(&trial->cli->diags, MF_ERROR, CODE_LINK, item ? item->at : (struct mf_span){0},
                "`%s` does not find at `%s` what it needs: %s", def->name, def->link->name,
                err.text);
    }
}

static void look(void *arg, enum mf_loop_event event, const char *status)
{
    struct trial *trial = arg;
    const struct mf_engine *engine = mf_loop_engine(trial->loop);
    bool is_late = mf_clock_mono(&engine->sched.clock) >= trial->until;

    (void)status;
    if (trial->is_over || (event != MF_LOOP_ALIVE && event != MF_LOOP_READY))
        return;
    for (size_t i = 0; i < engine->link_count; i++)
        if (engine->links[i]->phase != MF_LINK_UP && !engine->links[i]->failures && !is_late)
            return;
    trial->is_over = true;
    for (size_t i = 0; i < engine->link_count; i++)
        if (engine->links[i]->phase != MF_LINK_UP)
            report(trial, engine->links[i]);
    ask_nodes(trial);
    mf_loop_end(trial->loop);
}

bool mf_environment_check(struct mf_cli_flow *cli)
{
    struct trial trial = {.cli = cli, .ok = true};
    struct mf_graph *graph = mf_cli_flow_take(cli);
    struct mf_error err = {0};
    int rc;

    mf_loop_block_signals();
    trial.count = graph->count;
    graph->count = 0;
    trial.loop = mf_loop_new((struct mf_loop_options){
        .engine = {.read_only = true},
        .alive = LOOK_EVERY,
        .event = look,
        .event_arg = &trial,
    });
    trial.until = mf_clock_mono(&mf_loop_engine(trial.loop)->sched.clock) + PATIENCE;
    rc = mf_loop_run(trial.loop, graph, &err);
    if (rc < 0) {
        trial.ok = false;
        mf_diag(&cli->diags, MF_ERROR, CODE_LINK, (struct mf_span){0},
                "the links could not be tried: %s", err.text);
    }
    mf_loop_free(trial.loop);
    return trial.ok;
}
