/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * The schema and the readers agree: cases for both.
 *
 * Reads every case with the flow reader and mf_load_options() and compares with what the table
 * says, then prints the schema and the cases as JSON. check_schema.py, which runs this, asks an
 * independent validator about the same cases.
 */

#include <stdio.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/text.h"
#include "engine/config/flow.h"
#include "engine/graph/compile_priv.h"
#include "engine/graph/registry.h"
#include "engine/graph/schema.h"

#include "schema_cases.h"
#include "schema_kinds.h"

/* ---- the verdict of the readers ---- */

static bool load_item(const struct mf_flow_item *item, struct mf_arena *arena,
                      struct mf_diags *diags)
{
    const struct mf_kind *kind = NULL;
    const struct mf_link_kind *link = NULL;
    const struct mf_option *table;
    struct mf_tree_pair own[64], common[64];
    struct mf_loaded into = {0};
    struct mf_load load = {arena, diags, &into};
    size_t own_count = 0, common_count = 0;

    if (item->item_type == MF_ITEM_NODE)
        kind = mf_registry_node(item->kind);
    else
        link = mf_registry_link(item->kind);
    if (!kind && !link)
        return false;
    table = kind ? kind->options : link->options;
    for (size_t i = 0; i < item->option_count; i++) {
        const char *key = item->options[i].key->text;
        bool is_own = link || !mf_is_common_option(key);

        for (const struct mf_option *option = table; option->name; option++)
            is_own |= strcmp(option->name, key) == 0;
        if (is_own)
            own[own_count++] = item->options[i];
        else
            common[common_count++] = item->options[i];
    }
    mf_load_options(&load, table, item->kind, item->kind_at, item->main, own, own_count, NULL,
                    mf_arena_alloc(arena, SCHEMA_CONFIG_SIZE));
    mf_load_options(&load, mf_common_options, item->name, item->at, NULL, common, common_count,
                    NULL, mf_arena_alloc(arena, sizeof(struct mf_common)));
    return !into.failed;
}

static bool readers_say(const char *yaml, struct mf_buf *ret_said)
{
    struct mf_arena *arena = mf_arena_new();
    struct mf_sources *sources = mf_sources_new();
    static const char *const sets[] = {"given=5"};
    const struct mf_flow_setup setup = {.sets = sets, .set_count = 1};
    struct mf_diags diags;
    struct mf_flow flow;
    bool good = true;

    mf_diags_init(&diags, sources);
    mf_flow_init(&flow, arena, sources, &diags);
    mf_flow_read_text(&flow, "t.yaml", yaml, strlen(yaml), &setup);
    for (size_t i = 0; i < flow.count; i++)
        good &= load_item(flow.items[i], arena, &diags);
    for (size_t i = 0; i < diags.count; i++)
        mf_buf_printf(ret_said, "%sMF%04u %s", i ? "; " : "", diags.list[i]->code,
                      diags.list[i]->message);
    good &= diags.errors == 0;
    mf_flow_done(&flow);
    mf_diags_done(&diags);
    mf_sources_free(sources);
    mf_arena_free(arena);
    return good;
}

static void put_member(struct mf_buf *buf, const char *name, const char *text)
{
    mf_buf_printf(buf, ",\"%s\":", name);
    mf_text_quote_json(buf, text, strlen(text));
}

int main(void)
{
    struct mf_buf out = {0};
    size_t wrong = 0;

    mf_registry_set(&schema_kinds);
    mf_buf_puts(&out, "{\"schema\":");
    mf_schema_print(&out);
    mf_buf_puts(&out, ",\"cases\":[");
    for (size_t i = 0; i < sizeof schema_cases / sizeof *schema_cases; i++) {
        const struct schema_case *c = &schema_cases[i];
        char *yaml = mf_asprintf("%s%s", c->form, c->yaml);
        struct mf_buf said = {0};

        if (readers_say(yaml, &said) == c->bad) {
            wrong++;
            fprintf(stderr, "%s, wanted %s: %s\n", yaml, c->bad ? "bad" : "good",
                    mf_buf_text(&said));
        }
        mf_buf_printf(&out, "%s{\"good\":%s", i ? "," : "", c->bad ? "false" : "true");
        put_member(&out, "yaml", yaml);
        put_member(&out, "said", mf_buf_text(&said));
        mf_buf_puts(&out, "}");
        mf_buf_done(&said);
        mf_free(yaml);
    }
    mf_buf_puts(&out, "]}\n");
    fputs(mf_buf_text(&out), stdout);
    mf_buf_done(&out);
    return wrong ? 1 : 0;
}
