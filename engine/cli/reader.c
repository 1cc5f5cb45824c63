/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See reader.h. */

#include "engine/cli/reader.h"

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/list.h"
#include "engine/base/log.h"
#include "engine/cli/flow_load.h"
#include "engine/cli/state_dir.h"
#include "engine/config/archive.h"
#include "engine/control/history.h"
#include "engine/graph/plan.h"

void mf_cli_reader_init(struct mf_cli_reader *reader, const struct mf_args *args)
{
    *reader = (struct mf_cli_reader){.args = args, .state_dir = mf_cli_state_dir(args)};
}

void mf_cli_reader_close(struct mf_cli_reader *reader)
{
    mf_free(reader->state_dir);
    mf_buf_done(&reader->faults);
}

/* ---- reading ---- */

static void put_faults(struct mf_cli_flow *cli, struct mf_buf *faults)
{
    mf_diags_sort(&cli->diags);
    mf_diags_render(&cli->diags, MF_DIAG_SHORT, cli->counts, false, faults);
}

/* With an archive that listens, or one that answers; it lives as long as `cli`. */
static void compile(struct mf_cli_flow *cli, const struct mf_args *args, struct mf_archive *archive,
                    struct mf_buf *faults)
{
    mf_cli_flow_init(cli, args);
    mf_sources_use(cli->sources, archive);
    mf_cli_flow_compile(cli, args);
    if (!cli->graph)
        put_faults(cli, faults);
}

static struct mf_archive *load_archive(const struct mf_cli_reader *reader, uint64_t generation,
                                       struct mf_buf *text, struct mf_error *err)
{
    if (!reader->state_dir) {
        mf_fail(err, MF_EINVAL, "there is no directory where generations are kept: see --state");
        return NULL;
    }
    if (mf_history_load(reader->state_dir, generation, text, err) < 0)
        return NULL;
    return mf_archive_read(text->data, text->len, err);
}

/* On a pool thread. */
struct mf_graph *mf_cli_reader_read(void *arg, uint64_t generation)
{
    struct mf_cli_reader *reader = arg;
    struct mf_buf text = {0};
    struct mf_error err = {0};
    struct mf_archive *archive =
        generation ? load_archive(reader, generation, &text, &err) : mf_archive_new();
    struct mf_graph *graph = NULL;
    struct mf_cli_flow cli;

    if (!archive) {
        mf_buf_printf(&reader->faults, "%s\n", err.text);
    } else {
        compile(&cli, reader->args, archive, &reader->faults);
        graph = mf_cli_flow_take(&cli);
        if (graph) {
            if (!generation)
                mf_archive_write(archive, &text);
            graph->origin = mf_buf_take(&text);
        }
        mf_cli_flow_done(&cli);
    }
    mf_archive_free(archive);
    mf_buf_done(&text);
    return graph;
}

void mf_cli_reader_done(void *arg, struct mf_buf *faults)
{
    struct mf_cli_reader *reader = arg;
    const char *line = mf_buf_text(&reader->faults);

    mf_buf_puts(faults, line);
    while (*line) {
        size_t len = strcspn(line, "\n");

        mf_log(MF_LOG_ERROR, "reload", "%.*s", (int)len, line);
        line += len + (line[len] == '\n');
    }
    mf_buf_clear(&reader->faults);
}

struct mf_value mf_cli_reader_plan(void *arg, const char *origin, struct mf_buf *faults)
{
    const struct mf_cli_reader *reader = arg;
    struct mf_error err = {0};
    struct mf_archive *archive = mf_archive_read(origin, strlen(origin), &err);
    struct mf_value plan = mf_value_null();
    struct mf_cli_flow from, to;

    if (!archive) {
        mf_buf_printf(faults, "%s\n", err.text);
        return plan;
    }
    compile(&from, reader->args, archive, faults);
    compile(&to, reader->args, NULL, faults);
    if (from.graph && to.graph)
        plan = mf_plan_make((struct mf_plan_side){&from.flow, from.graph},
                            (struct mf_plan_side){&to.flow, to.graph});
    mf_cli_flow_done(&from);
    mf_cli_flow_done(&to);
    mf_archive_free(archive);
    return plan;
}

/* ---- the start ---- */

struct mf_graph *mf_cli_reader_last_good(struct mf_cli_reader *reader, uint64_t *ret_number)
{
    struct mf_history history = {0};
    struct mf_graph *graph = NULL;

    if (reader->state_dir)
        mf_history_list(reader->state_dir, &history);
    for (size_t i = 0; i < history.count && !graph; i++) {
        graph = mf_cli_reader_read(reader, history.items[i].number);
        if (graph)
            *ret_number = history.items[i].number;
    }
    mf_history_done(&history);
    return graph;
}

uint64_t mf_cli_reader_number(const struct mf_cli_reader *reader, const struct mf_graph *graph)
{
    struct mf_history history = {0};
    uint64_t number = 1;
    bool is_known = false;

    if (reader->state_dir)
        mf_history_list(reader->state_dir, &history);
    for (size_t i = 0; i < history.count && !is_known; i++) {
        const struct mf_history_item *item = &history.items[i];

        is_known = i == 0 && memcmp(item->hash, graph->hash, sizeof(item->hash)) == 0;
        if (is_known)
            number = item->number;
        else if (item->number >= number)
            number = item->number + 1;
    }
    mf_history_done(&history);
    return number;
}

/* ---- keeping what was accepted ---- */

struct saving {
    struct mf_job job;
    char *dir, *archive;
    struct mf_history_item item;
    struct mf_error err;
};

static void save_run(struct mf_job *job)
{
    struct saving *saving = mf_list_entry(job, struct saving, job);

    if (mf_cli_make_dir(saving->dir, &saving->err) == 0)
        mf_history_save(saving->dir, &saving->item, saving->archive, &saving->err);
}

static void save_done(struct mf_job *job)
{
    struct saving *saving = mf_list_entry(job, struct saving, job);

    if (saving->err.code)
        mf_log(MF_LOG_WARNING, "reload", "generation %llu is not kept: %s",
               (unsigned long long)saving->item.number, saving->err.text);
    mf_free(saving->dir);
    mf_free(saving->archive);
    mf_free(saving);
}

void mf_cli_reader_settled(void *arg, struct mf_loop *loop, bool is_accepted)
{
    struct mf_cli_reader *reader = arg;
    const struct mf_engine *engine = mf_loop_engine(loop);
    struct saving *saving;

    if (!is_accepted || !reader->state_dir || !engine->graph->origin ||
        mf_args_has(reader->args, "once"))
        return;
    saving = mf_zalloc(sizeof(*saving));
    saving->job.run = save_run;
    saving->job.done = save_done;
    saving->dir = mf_strdup(reader->state_dir);
    saving->archive = mf_strdup(engine->graph->origin);
    saving->item = (struct mf_history_item){
        .number = engine->live.number,
        .time = engine->live.since,
        .by = mf_generation_by_names[engine->live.by],
    };
    memcpy(saving->item.hash, engine->live.hash, sizeof(saving->item.hash));
    mf_loop_do(loop, &saving->job);
}
