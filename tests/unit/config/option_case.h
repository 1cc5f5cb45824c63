/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * What the tests of options share: read a map of options, and write down what was said about it.
 *
 *   MF0206 1:12 `level` must be from 0 % to 100 %, got `120 %` (label) help: …
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/buf.h"
#include "engine/config/type.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

struct option_case {
    struct mf_arena *arena;
    struct mf_sources *sources;
    struct mf_diags diags;
    struct mf_loaded loaded;
    struct mf_load load;
    struct mf_tree *map;
    struct mf_buf text; /* of the diagnostics */
    bool ok;
};

static inline void options_open(struct option_case *c, const char *yaml)
{
    const struct mf_source *source;

    memset(c, 0, sizeof(*c));
    c->arena = mf_arena_new();
    c->sources = mf_sources_new();
    mf_diags_init(&c->diags, c->sources);
    source = mf_sources_add(c->sources, "t.yaml", yaml, strlen(yaml));
    c->map = mf_compose(source, 0, source->len, c->arena, &c->diags);
    c->load = (struct mf_load){c->arena, &c->diags, &c->loaded};
    assert_non_null(c->map);
}

static inline void options_close(struct option_case *c)
{
    mf_buf_done(&c->text);
    mf_diags_done(&c->diags);
    mf_sources_free(c->sources);
    mf_arena_free(c->arena);
}

/* The first pair is the kind and its main value, as in a flow file. */
static inline bool options_read(struct option_case *c, const struct mf_option *table, void *config)
{
    const struct mf_tree *main = c->map->pairs[0].value;
    bool has_main = main->kind != MF_TREE_SCALAR || !main->is_plain || main->count > 0;

    c->ok =
        mf_load_options(&c->load, table, c->map->pairs[0].key->text, c->map->pairs[0].key->at,
                        has_main ? main : NULL, c->map->pairs + 1, c->map->count - 1, NULL, config);
    return c->ok;
}

static inline const char *options_said(struct option_case *c)
{
    mf_buf_clear(&c->text);
    mf_diags_sort(&c->diags);
    for (size_t i = 0; i < c->diags.count; i++) {
        const struct mf_diag *diag = c->diags.list[i];
        const struct mf_source *source = mf_sources_get(c->sources, diag->at.file);
        struct mf_position at = {0};

        if (source)
            at = mf_source_position(source, diag->at.start);
        mf_buf_printf(&c->text, "%sMF%04u %u:%u %s", i ? "\n" : "", diag->code, at.line, at.column,
                      diag->message);
        if (diag->label)
            mf_buf_printf(&c->text, " (%s)", diag->label);
        if (diag->help)
            mf_buf_printf(&c->text, " help: %s", diag->help);
        assert_non_null(mf_code_get(diag->code));
    }
    return mf_buf_text(&c->text);
}
