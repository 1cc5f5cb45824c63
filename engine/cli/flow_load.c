/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* See flow_load.h. */

#include "engine/cli/flow_load.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/alloc.h"
#include "engine/base/log.h"

void mf_cli_flow_init(struct mf_cli_flow *cli, const struct mf_args *args)
{
    memset(cli, 0, sizeof *cli);
    cli->arena = mf_arena_new();
    cli->sources = mf_sources_new();
    mf_diags_init(&cli->diags, cli->sources);
    mf_flow_init(&cli->flow, cli->arena, cli->sources, &cli->diags);
    cli->sets = mf_args_all(args, "set", &cli->setup.set_count);
    cli->setup.sets = cli->sets;
    cli->setup.secrets_dir = mf_args_get(args, "secrets");
    cli->setup.no_env = mf_args_has(args, "no-env");
    cli->setup.stdin_name = mf_args_get(args, "stdin-name");
}

void mf_cli_flow_done(struct mf_cli_flow *cli)
{
    mf_graph_free(cli->graph);
    mf_flow_done(&cli->flow);
    mf_diags_done(&cli->diags);
    mf_sources_free(cli->sources);
    mf_arena_free(cli->arena);
    mf_free(cli->sets);
}

static size_t count_nodes(const struct mf_flow *flow)
{
    size_t count = 0;

    for (size_t i = 0; i < flow->count; i++)
        count += flow->items[i]->item_type == MF_ITEM_NODE;
    return count;
}

void mf_cli_flow_read(struct mf_cli_flow *cli, const struct mf_args *args)
{
    mf_flow_read(&cli->flow, args->operands, args->operand_count, &cli->setup);
    cli->counts.files += cli->flow.files;
    cli->counts.nodes += count_nodes(&cli->flow);
}

void mf_cli_flow_compile(struct mf_cli_flow *cli, const struct mf_args *args)
{
    mf_cli_flow_read(cli, args);
    cli->graph = mf_compile(&cli->flow);
}

struct mf_graph *mf_cli_flow_take(struct mf_cli_flow *cli)
{
    struct mf_graph *graph = cli->graph;

    cli->graph = NULL;
    return graph;
}

/* Notes are for those who ask: a sink nobody reads is how most flows end. Moves them behind the
 * rest and returns how many records are not notes. */
static size_t put_notes_last(struct mf_diags *diags)
{
    struct mf_diag **list = mf_calloc_array(diags->count + 1, sizeof *list);
    size_t count = 0, others;

    for (size_t i = 0; i < diags->count; i++)
        if (diags->list[i]->severity != MF_NOTE)
            list[count++] = diags->list[i];
    others = count;
    for (size_t i = 0; i < diags->count; i++)
        if (diags->list[i]->severity == MF_NOTE)
            list[count++] = diags->list[i];
    if (count)
        memcpy(diags->list, list, count * sizeof *list);
    mf_free(list);
    return others;
}

void mf_cli_flow_report(struct mf_cli_flow *cli, const struct mf_args *args, int fd)
{
    struct mf_buf out = {0};
    size_t all = cli->diags.count;

    mf_diags_sort(&cli->diags);
    if (args->talk < 1)
        cli->diags.count = put_notes_last(&cli->diags);
    mf_diags_render(&cli->diags, MF_DIAG_TEXT, cli->counts, mf_args_color(args, fd), &out);
    cli->diags.count = all;
    mf_cli_write(fd, &out);
    mf_buf_done(&out);
}

static void put_count(struct mf_buf *buf, size_t count, const char *word)
{
    if (count == 0)
        mf_buf_printf(buf, "no %ss", word);
    else
        mf_buf_printf(buf, "%zu %s%s", count, word, count == 1 ? "" : "s");
}

void mf_cli_flow_summary(const struct mf_cli_flow *cli, struct mf_buf *buf)
{
    put_count(buf, cli->counts.files, "file");
    mf_buf_puts(buf, ", ");
    put_count(buf, cli->counts.nodes, "node");
    mf_buf_puts(buf, ": ");
    put_count(buf, cli->diags.errors, "error");
    if (cli->diags.warnings) {
        mf_buf_puts(buf, ", ");
        put_count(buf, cli->diags.warnings, "warning");
    }
    if (cli->diags.notes) {
        mf_buf_puts(buf, ", ");
        put_count(buf, cli->diags.notes, "note");
    }
}

bool mf_cli_write(int fd, const struct mf_buf *buf)
{
    const char *text = mf_buf_text(buf);
    size_t done = 0;

    while (done < buf->len) {
        ssize_t got = write(fd, text + done, buf->len - done);

        if (got > 0)
            done += (size_t)got;
        else if (got < 0 && errno != EINTR) {
            if (errno != EPIPE)
                mf_log(MF_LOG_ERROR, "moat-flow", "cannot write the output: %s", strerror(errno));
            return false;
        }
    }
    return true;
}
