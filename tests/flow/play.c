/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * play FLOW SCRIPT: runs a whole flow in virtual time and prints everything that every node says.
 *
 * A line of the script is a time after the start (2026-01-01T00:00:00Z), and what happens then:
 *
 *   0s    power=800 soc=0.5       several sources speak, in one turn; values are JSON
 *   9s    power!timeout           a source is not good any more, with that reason (or `stale`)
 *   20s   reload other.yaml       another flow takes the place of this one
 *   1min                          nothing: time passes
 *
 * Printed are time, port, value with unit, and quality where it is not good.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/text.h"
#include "engine/config/render.h"
#include "engine/run/engine.h"
#include "engine/value/codec.h"
#include "nodes/kinds.h"

enum { LINE = 4096 };

static struct mf_engine engine;

static void die(const char *what, const char *detail)
{
    printf("%s: %s\n", what, detail);
    exit(1);
}

static struct mf_graph *compile(const char *path)
{
    struct mf_arena *arena = mf_arena_new();
    struct mf_sources *sources = mf_sources_new();
    struct mf_buf out = {0};
    struct mf_graph *graph;
    struct mf_diags diags;
    struct mf_flow flow;

    mf_diags_init(&diags, sources);
    mf_flow_init(&flow, arena, sources, &diags);
    mf_flow_read(&flow, &path, 1, NULL);
    graph = mf_compile(&flow);
    if (!graph) {
        mf_diags_sort(&diags);
        mf_diags_render(&diags, MF_DIAG_SHORT, (struct mf_diag_counts){0}, false, &out);
        die("the flow has faults", mf_buf_text(&out));
    }
    mf_flow_done(&flow);
    mf_diags_done(&diags);
    mf_sources_free(sources);
    mf_arena_free(arena);
    return graph;
}

static void load(const char *path)
{
    struct mf_error err = {0};
    struct mf_reload_report report;

    if (mf_engine_load(&engine, compile(path), &report, &err) < 0)
        die("cannot load the flow", err.text);
    if (engine.generation > 1)
        printf("-- reload: %zu kept, %zu in place, %zu migrated, %zu restarted, %zu added, %zu "
               "removed\n",
               report.kept, report.in_place, report.migrated, report.restarted, report.added,
               report.removed);
}

static void print_emission(void *arg, struct mf_node *node, unsigned output,
                           const struct mf_msg *msg)
{
    const struct mf_out_def *out = &node->def->outs[output];
    struct mf_buf line = {0};

    (void)arg;
    mf_buf_puts(&line, "+");
    mf_duration_print(mf_clock_mono(&engine.sched.clock), &line);
    mf_buf_printf(&line, "\t%s%s%s\t", node->def->name, node->def->out_count > 1 ? "." : "",
                  node->def->out_count > 1 ? out->name : "");
    mf_json_write(&msg->value, &line);
    if (out->unit)
        mf_buf_printf(&line, " %s", out->unit->name);
    if (msg->quality != MF_GOOD)
        mf_buf_printf(&line, "\t%s%s%s", mf_quality_names[msg->quality], msg->reason ? ": " : "",
                      msg->reason ? msg->reason : "");
    puts(mf_buf_text(&line));
    mf_buf_done(&line);
}

static struct mf_node *find(const char *name, unsigned *ret_output)
{
    char node_name[200];
    const char *dot = strrchr(name, '.');
    struct mf_node *node = mf_engine_node(&engine, name);
    int output;

    *ret_output = 0;
    if (node)
        return node;
    snprintf(node_name, sizeof node_name, "%.*s", (int)(dot ? dot - name : 0), name);
    node = mf_engine_node(&engine, node_name);
    if (!node)
        die("no such node", name);
    output = mf_def_output(node->def, dot + 1);
    if (output < 0)
        die("no such port", name);
    *ret_output = (unsigned)output;
    return node;
}

static void act(char *word)
{
    size_t len = strcspn(word, "=!");
    char mark = word[len];
    struct mf_value value;
    struct mf_error err = {0};
    struct mf_node *node;
    unsigned output;

    word[len] = 0;
    node = find(word, &output);
    if (mark == '!') {
        bool is_stale = strcmp(word + len + 1, "stale") == 0;
        const char *reason = mf_reason_by_name(is_stale ? "timeout" : word + len + 1);

        mf_engine_play_bad(&engine, node, is_stale ? MF_STALE : MF_BAD, reason);
        return;
    }
    if (mf_json_read(word + len + 1, strlen(word + len + 1), &value, &err) < 0)
        die(word, err.text);
    mf_engine_play(&engine, node, output, value, mf_clock_wall(&engine.sched.clock));
}

static void play_line(char *line)
{
    char *save = NULL, *word = strtok_r(line, " \t\n", &save);
    struct mf_error err = {0};
    int64_t at;

    if (!word || *word == '#')
        return;
    if (mf_duration_read(word, strlen(word), false, &at, &err) < 0)
        die("a time is wanted at the start of the line", err.text);
    mf_engine_advance(&engine, at);
    while ((word = strtok_r(NULL, " \t\n", &save))) {
        if (strcmp(word, "reload") == 0)
            load(strtok_r(NULL, " \t\n", &save));
        else
            act(word);
    }
    mf_engine_advance(&engine, at);
}

int main(int argc, char **argv)
{
    struct mf_observer printer = {.saw = print_emission};
    static const char start[] = "2026-01-01T00:00:00Z";
    char line[LINE];
    int64_t wall;
    FILE *script;

    if (argc != 3)
        die("usage", "play FLOW SCRIPT");
    mf_registry_set(mf_kinds());
    mf_engine_init(&engine, NULL, (struct mf_engine_options){0});
    mf_time_read(start, &wall);
    mf_clock_init_virtual(&engine.sched.clock, wall);
    mf_engine_observe(&engine, &printer);
    script = fopen(argv[2], "r");
    if (!script)
        die("cannot open", argv[2]);
    load(argv[1]);
    while (fgets(line, sizeof line, script))
        play_line(line);
    fclose(script);
    mf_engine_stop(&engine);
    mf_engine_done(&engine);
    return 0;
}
