/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Names in scripts: what `validate` finds without running anything.
 *
 * A script is compiled in a state with the functions it will have, and each name it uses is looked
 * up there. Modules are looked at as well, but for inputs and outputs: they may serve many nodes.
 */

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "lua/api.h"
#include "lua/script.h"
#include "lua/uses.h"

static const struct mf_lua_limits limits = {
    .memory = 64 * 1024 * 1024, .instructions = 1000, .emits = 0};

struct check {
    struct mf_infer *infer;
    struct mf_check *places;
    const struct mf_lua_script *script;
    const struct mf_lua_source *source; /* that is being looked at */
    const char *const *outputs;
    size_t output_count;
    const char *const *globals; /* further ones */
    lua_State *L;
    struct mf_map own; /* globals that the script sets */
};

static struct mf_span place(const struct check *c, uint32_t line, const char *name)
{
    const struct mf_flow_item *item = c->places->item;

    return mf_lua_span(c->source, item->main, c->places->diags->sources, line, name);
}

static struct mf_diag *complain(const struct check *c, enum mf_severity severity, unsigned code,
                                const struct mf_lua_use *use, const char *what, const char *before,
                                const char *behind)
{
    struct mf_diag *diag = mf_diag(c->places->diags, severity, code, place(c, use->line, what),
                                   "%s `%s`%s", before, what, behind);

    if (c->source->file)
        mf_diag_related(diag, c->places->item->at, "`%s` runs it", c->places->item->name);
    return diag;
}

static void suggest(struct mf_diag *diag, const struct mf_nearest *nearest, const char *else_help)
{
    if (nearest->best)
        mf_diag_help(diag, "did you mean `%s`?", nearest->best);
    else
        mf_diag_help(diag, "%s", else_help);
}

/* ---- globals ---- */

/* Names of the table on top of the stack. */
static void add_names(lua_State *L, struct mf_nearest *nearest)
{
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        lua_pop(L, 1);
        if (lua_type(L, -1) == LUA_TSTRING)
            mf_nearest_add(nearest, lua_tostring(L, -1));
    }
}

static bool is_listed(const char *const *names, const char *name)
{
    for (; names && *names; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

/* Leaves the value of the sandbox's global on the stack, nil if it is none of its. */
static int push_global(const struct check *c, const char *name)
{
    lua_rawgeti(c->L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
    lua_pushstring(c->L, name);
    lua_rawget(c->L, -2);
    lua_remove(c->L, -2);
    return lua_type(c->L, -1);
}

/* Things that people look for, and where they went. */
static const char *explain(const char *name)
{
    static const struct {
        const char *name, *help;
    } known[] = {
        {"io", "scripts do not touch files; use `file.read` and `file.write`"},
        {"load", "scripts cannot make scripts; use functions"},
        {"loadstring", "scripts cannot make scripts; use functions"},
        {"dofile", "use require() and a file in `lua/`"},
        {"loadfile", "use require() and a file in `lua/`"},
        {"package", "require() looks in `lua/` beside the flow file, and nowhere else"},
        {"debug", "there is no debug library; log() prints"},
        {"_G", "globals are reached by their names only"},
        {"collectgarbage", "memory takes care of itself, up to `limits: {memory: …}`"},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        if (strcmp(known[i].name, name) == 0)
            return known[i].help;
    return NULL;
}

/* The library that has a function of this name: `min` is `math.min`. NULL: none. */
static const char *library_of(const struct check *c, const char *name)
{
    static const char *const libraries[] = {"math", "string", "table", "os", "coroutine", "utf8"};

    for (size_t i = 0; i < sizeof(libraries) / sizeof(*libraries); i++) {
        bool is_there;

        push_global(c, libraries[i]);
        lua_pushstring(c->L, name);
        is_there = lua_rawget(c->L, -2) != LUA_TNIL;
        lua_pop(c->L, 2);
        if (is_there)
            return libraries[i];
    }
    return NULL;
}

static void check_global(struct check *c, const struct mf_lua_use *use)
{
    bool is_known = push_global(c, use->name) != LUA_TNIL || mf_map_get(&c->own, use->name) ||
                    is_listed(c->globals, use->name);
    struct mf_nearest nearest;
    struct mf_diag *diag;

    lua_pop(c->L, 1);
    if (is_known)
        return;
    diag = complain(c, MF_ERROR, 451, use, use->name, "there is nothing called", " in scripts");
    if (explain(use->name)) {
        mf_diag_help(diag, "%s", explain(use->name));
        return;
    }
    if (library_of(c, use->name)) {
        mf_diag_help(diag, "did you mean `%s.%s`?", library_of(c, use->name), use->name);
        return;
    }
    mf_nearest_init(&nearest, use->name);
    lua_rawgeti(c->L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
    add_names(c->L, &nearest);
    lua_pop(c->L, 1);
    for (size_t i = 0; i < c->own.count; i++)
        mf_nearest_add(&nearest, c->own.entries[i].key);
    for (unsigned i = 0; i < mf_infer_inputs(c->infer); i++)
        if (strcmp(mf_infer_label(c->infer, i), use->name) == 0) {
            mf_diag_help(diag, "the input is `input.%s`", use->name);
            return;
        }
    suggest(diag, &nearest, "set it before, or make it `local`");
}

/* Globals outlive a call, but neither a reload nor a restart. */
static void check_set(struct check *c, const struct mf_lua_use *use)
{
    bool is_ours = push_global(c, use->name) != LUA_TNIL;

    lua_pop(c->L, 1);
    if (is_ours || !use->is_within)
        return;
    mf_diag_help(complain(c, MF_WARNING, 457, use, use->name, "the global",
                          " is forgotten when the flow is reloaded"),
                 "make it `local`, or keep it as `state.%s`", use->name);
}

/* ---- fields: math.cell, input.powr ---- */

static bool is_input(const struct check *c, const char *name, size_t len)
{
    for (unsigned i = 0; i < mf_infer_inputs(c->infer); i++)
        if (mf_text_eq(name, len, mf_infer_label(c->infer, i)))
            return true;
    return false;
}

static void check_input(struct check *c, const struct mf_lua_use *use)
{
    size_t len = strlen(use->field);
    struct mf_nearest nearest;
    struct mf_diag *diag;

    if (is_input(c, use->field, len) ||
        (mf_text_ends(use->field, "_age") && is_input(c, use->field, len - 4)))
        return;
    diag = complain(c, MF_ERROR, 452, use, use->field, "there is no input", "");
    mf_nearest_init(&nearest, use->field);
    for (unsigned i = 0; i < mf_infer_inputs(c->infer); i++)
        mf_nearest_add(&nearest, mf_infer_label(c->infer, i));
    suggest(diag, &nearest, "`from` names the inputs: `from: {name: node}`");
}

static void check_field(struct check *c, const struct mf_lua_use *use)
{
    struct mf_nearest nearest;
    struct mf_diag *diag;
    bool is_known = true;
    char where[60];

    if (mf_map_get(&c->own, use->name))
        return;
    if (push_global(c, use->name) == LUA_TTABLE && strcmp(use->name, "state") != 0) {
        lua_pushstring(c->L, use->field);
        is_known = lua_rawget(c->L, -2) != LUA_TNIL;
        lua_pop(c->L, 1);
    }
    if (!is_known) {
        snprintf(where, sizeof(where), " in `%s`", use->name);
        diag = complain(c, MF_ERROR, 451, use, use->field, "there is nothing called", where);
        mf_nearest_init(&nearest, use->field);
        add_names(c->L, &nearest);
        suggest(diag, &nearest, "docs/lua.md lists what there is");
    }
    lua_pop(c->L, 1);
}

/* ---- calls: emit("x"), quality("y") ---- */

static void check_output(struct check *c, const struct mf_lua_use *use)
{
    struct mf_nearest nearest;

    mf_nearest_init(&nearest, use->field);
    for (size_t i = 0; i < c->output_count; i++) {
        if (strcmp(c->outputs[i], use->field) == 0)
            return;
        mf_nearest_add(&nearest, c->outputs[i]);
    }
    suggest(complain(c, MF_ERROR, 453, use, use->field, "there is no output", ""), &nearest,
            c->output_count == 1 && strcmp(c->outputs[0], "out") == 0
                ? "the only output is `out`; `outputs: [name, other]` makes others"
                : "`outputs` names them");
}

/* ---- all uses ---- */

static void note_set(void *arg, const struct mf_lua_use *use)
{
    struct check *c = arg;

    if (use->kind == MF_LUA_SETS && !mf_map_get(&c->own, use->name))
        mf_map_set(&c->own, mf_arena_strdup(c->places->arena, use->name), c);
}

static void check_use(void *arg, const struct mf_lua_use *use)
{
    struct check *c = arg;
    bool is_main = c->source == &c->script->source;

    if (use->kind == MF_LUA_READS && !(is_main && strcmp(use->name, "input") == 0))
        check_global(c, use);
    else if (use->kind == MF_LUA_SETS)
        check_set(c, use);
    else if (use->kind == MF_LUA_FIELD && is_main && strcmp(use->name, "input") == 0)
        check_input(c, use);
    else if (use->kind == MF_LUA_FIELD)
        check_field(c, use);
    else if (use->kind == MF_LUA_CALLS && is_main && strcmp(use->name, "emit") == 0)
        check_output(c, use);
    else if (use->kind == MF_LUA_CALLS && is_main &&
             (strcmp(use->name, "quality") == 0 || strcmp(use->name, "age") == 0))
        check_input(c, use);
}

/* Compiled without faults once already. */
static void check_source(struct check *c, const struct mf_lua_source *source)
{
    struct mf_lua_source plain = *source;
    struct mf_error err;

    plain.line = 1;
    if (mf_lua_load(c->L, &plain, &err) < 0)
        return;
    c->source = source;
    mf_lua_uses(c->L, note_set, c);
    mf_lua_uses(c->L, check_use, c);
    lua_pop(c->L, 1);
}

static void check_entries(struct check *c, const struct mf_lua_entry *entries)
{
    const struct mf_flow_item *item = c->places->item;

    for (; entries->name; entries++) {
        bool is_there = mf_map_get(&c->own, entries->name);
        struct mf_span at = item->main ? item->main->at : item->kind_at;

        if (!is_there && entries->is_wanted)
            mf_diag_help(mf_diag(c->places->diags, MF_ERROR, 454, at,
                                 "the script has no function `%s`", entries->name),
                         "%s", entries->why);
        else if (is_there && entries->is_idle)
            mf_diag_help(
                mf_diag(c->places->diags, MF_WARNING, 454, at, "nothing calls `%s`", entries->name),
                "%s", entries->why);
    }
}

void mf_lua_check(struct mf_infer *infer, const struct mf_lua_script *script,
                  const char *const *outputs, size_t output_count,
                  const struct mf_lua_entry *entries, const char *const *globals)
{
    struct mf_lua *lua;
    struct check c = {.infer = infer,
                      .places = mf_infer_check(infer),
                      .script = script,
                      .source = &script->source,
                      .outputs = outputs,
                      .output_count = output_count,
                      .globals = globals};

    if (!script->source.text)
        return;
    lua = mf_lua_new(&limits, NULL);
    mf_lua_open_api(lua);
    c.L = lua->L;
    mf_lua_lift(lua);
    check_source(&c, &script->source);
    check_entries(&c, entries);
    for (const struct mf_lua_module *module = script->modules; module->name; module++) {
        mf_map_done(&c.own);
        check_source(&c, &module->source);
    }
    mf_map_done(&c.own);
    mf_lua_free(lua);
}
