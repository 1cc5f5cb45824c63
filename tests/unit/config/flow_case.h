/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * What the tests of the flow reader share: read a flow, and write down what came of it as text.
 *
 * A table row is a flow, the items it must give and the diagnostics it must give, one line each:
 *
 *   quiet = deadband "20 W" {from: "power"}
 *   error[MF0134] 3:3 `a` is defined twice; help: …; also 2:3 `a` is defined here, too
 */

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/config/flow.h"

struct flow_case {
    struct mf_arena *arena;
    struct mf_sources *sources;
    struct mf_diags diags;
    struct mf_flow flow;
    struct mf_buf text; /* of the last dump */
};

static inline void case_open(struct flow_case *c)
{
    memset(c, 0, sizeof *c);
    c->arena = mf_arena_new();
    c->sources = mf_sources_new();
    mf_diags_init(&c->diags, c->sources);
    mf_flow_init(&c->flow, c->arena, c->sources, &c->diags);
}

static inline void case_close(struct flow_case *c)
{
    mf_buf_done(&c->text);
    mf_flow_done(&c->flow);
    mf_diags_done(&c->diags);
    mf_sources_free(c->sources);
    mf_arena_free(c->arena);
}

static inline void case_text(struct flow_case *c, const char *yaml,
                             const struct mf_flow_setup *setup)
{
    case_open(c);
    mf_flow_read_text(&c->flow, "t.yaml", yaml, strlen(yaml), setup);
}

static inline void dump_tree(struct mf_buf *buf, const struct mf_tree *tree)
{
    if (tree->kind == MF_TREE_SCALAR) {
        mf_buf_printf(buf, "\"%s\"%s%s", tree->text, tree->is_secret ? "!" : "",
                      tree->is_unknown ? "?" : "");
        return;
    }
    mf_buf_puts(buf, tree->kind == MF_TREE_MAP ? "{" : "[");
    for (uint32_t i = 0; i < tree->count; i++) {
        mf_buf_puts(buf, i ? ", " : "");
        if (tree->kind == MF_TREE_MAP)
            mf_buf_printf(buf, "%s: ", tree->pairs[i].key->text);
        dump_tree(buf, tree->kind == MF_TREE_MAP ? tree->pairs[i].value : tree->items[i].value);
    }
    mf_buf_puts(buf, tree->kind == MF_TREE_MAP ? "}" : "]");
}

static inline const char *dump_items(struct flow_case *c)
{
    mf_buf_clear(&c->text);
    for (size_t i = 0; i < c->flow.count; i++) {
        const struct mf_flow_item *item = c->flow.items[i];

        mf_buf_printf(&c->text, "%s%s = %s", item->item_type == MF_ITEM_LINK ? "link " : "",
                      item->name, *item->kind ? item->kind : "-");
        if (item->main) {
            mf_buf_putc(&c->text, ' ');
            dump_tree(&c->text, item->main);
        }
        if (item->option_count) {
            mf_buf_puts(&c->text, " {");
            for (size_t k = 0; k < item->option_count; k++) {
                mf_buf_printf(&c->text, "%s%s: ", k ? ", " : "", item->options[k].key->text);
                dump_tree(&c->text, item->options[k].value);
            }
            mf_buf_puts(&c->text, "}");
        }
        mf_buf_puts(&c->text, "\n");
    }
    return mf_buf_text(&c->text);
}

/* The file's name is shown where it is not t.yaml. */
static inline void dump_place(struct flow_case *c, struct mf_span at)
{
    const struct mf_source *source = mf_sources_get(c->sources, at.file);
    struct mf_position position;

    if (!source) {
        mf_buf_puts(&c->text, "-");
        return;
    }
    position = mf_source_position(source, at.start);
    mf_buf_printf(&c->text, "%s%s%u:%u", strcmp(source->name, "t.yaml") ? source->name : "",
                  strcmp(source->name, "t.yaml") ? ":" : "", position.line, position.column);
}

static inline const char *dump_diags(struct flow_case *c)
{
    mf_buf_clear(&c->text);
    mf_diags_sort(&c->diags);
    for (size_t i = 0; i < c->diags.count; i++) {
        const struct mf_diag *diag = c->diags.list[i];

        mf_buf_printf(&c->text, "%s[MF%04u] ", mf_severity_names[diag->severity], diag->code);
        dump_place(c, diag->at);
        mf_buf_printf(&c->text, " %s", diag->message);
        if (diag->help)
            mf_buf_printf(&c->text, "; help: %s", diag->help);
        for (unsigned k = 0; k < diag->related_count; k++) {
            mf_buf_puts(&c->text, "; also ");
            dump_place(c, diag->related[k].at);
            mf_buf_printf(&c->text, " %s", diag->related[k].text);
        }
        mf_buf_puts(&c->text, "\n");
        assert_non_null(mf_code_get(diag->code));
    }
    return mf_buf_text(&c->text);
}

/* One row of a table: NULL means "not looked at". */
struct flow_row {
    const char *yaml; /* without the line `moat-flow: 1` */
    const char *items;
    const char *diags;
};

static inline void check_rows(const struct flow_row *rows, size_t count,
                              const struct mf_flow_setup *setup)
{
    for (size_t i = 0; i < count; i++) {
        char *yaml = mf_asprintf("moat-flow: 1\n%s", rows[i].yaml);
        struct flow_case c;

        case_text(&c, yaml, setup);
        if (rows[i].diags)
            assert_string_equal(dump_diags(&c), rows[i].diags);
        if (rows[i].items)
            assert_string_equal(dump_items(&c), rows[i].items);
        case_close(&c);
        mf_free(yaml);
    }
}

/* ---- kinds, where a test wants them ---- */

static inline bool test_is_kind(const char *name)
{
    static const char *const kinds[] = {"deadband", "every",  "scale", "debounce",
                                        "toggle",   "kv.set", "merge", "when",
                                        "latch",    "log",    NULL};

    for (const char *const *kind = kinds; *kind; kind++)
        if (strcmp(*kind, name) == 0)
            return true;
    return false;
}

static inline bool test_is_stateful(const char *name)
{
    return strcmp(name, "toggle") == 0 || strcmp(name, "latch") == 0;
}

static inline bool test_has_option(const char *kind, const char *key)
{
    return strcmp(kind, "when") == 0 && strcmp(key, "then") == 0;
}

static inline void test_nearest(struct mf_nearest *nearest)
{
    mf_nearest_add(nearest, "deadband");
    mf_nearest_add(nearest, "scale");
    mf_nearest_add(nearest, "toggle");
}

static const struct mf_kind_facts test_facts = {
    .is_kind = test_is_kind,
    .is_stateful = test_is_stateful,
    .has_option = test_has_option,
    .nearest = test_nearest,
};

/* ---- files ---- */

/* A directory of its own, entered; left and removed with all that is in it. */
struct test_dir {
    char path[32];
    char back[512];
};

static inline void dir_open(struct test_dir *dir)
{
    strncpy(dir->path, "/tmp/moat-flow-XXXXXX", sizeof dir->path - 1);
    assert_non_null(getcwd(dir->back, sizeof dir->back));
    assert_non_null(mkdtemp(dir->path));
    assert_int_equal(chdir(dir->path), 0);
}

static inline int dir_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    return remove(path);
}

static inline void dir_close(struct test_dir *dir)
{
    assert_int_equal(chdir(dir->back), 0);
    assert_int_equal(nftw(dir->path, dir_remove, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static inline void dir_write_n(const char *name, const char *text, size_t len)
{
    const char *slash = strchr(name, '/');
    FILE *file;

    if (slash) {
        char *dir = mf_strndup(name, (size_t)(slash - name));

        mkdir(dir, 0777);
        mf_free(dir);
    }
    file = fopen(name, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

/* Makes the directory in `name`. */
static inline void dir_write(const char *name, const char *text)
{
    dir_write_n(name, text, strlen(text));
}
