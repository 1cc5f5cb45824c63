/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "lua/script.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/num.h"
#include "engine/base/text.h"
#include "engine/config/schema.h"
#include "lua/api.h"
#include "lua/embedded.h"
#include "lua/uses.h"

/* For looking at a script: what it may take at most when it runs is another matter. */
static const struct mf_lua_limits limits = {
    .memory = 64 * 1024 * 1024, .instructions = 1000, .emits = 0};

/* ---- places ---- */

/* Text of line `line` (from 1); NULL behind the end. */
static const char *line_of(const char *text, size_t len, uint32_t line, size_t *ret_len)
{
    const char *end = text + len, *next;

    for (; line > 1; line--) {
        next = memchr(text, '\n', (size_t)(end - text));
        if (!next)
            return NULL;
        text = next + 1;
    }
    next = memchr(text, '\n', (size_t)(end - text));
    *ret_len = (size_t)((next ? next : end) - text);
    return text;
}

static bool is_word(char c)
{
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The name as a word of its own; NULL if it is not on this line. */
static const char *find_word(const char *line, size_t len, const char *name)
{
    size_t name_len = strlen(name);
    const char *at = line, *end = line + len;

    while (name_len && (at = memmem(at, (size_t)(end - at), name, name_len)) != NULL) {
        if ((at == line || !is_word(at[-1]) || !is_word(*name)) &&
            (at + name_len == end || !is_word(at[name_len]) || !is_word(name[name_len - 1])))
            return at;
        at++;
    }
    return NULL;
}

struct mf_span mf_lua_span(const struct mf_lua_source *source, const struct mf_tree *tree,
                           const struct mf_sources *sources, uint32_t line, const char *name)
{
    size_t len = 0;
    const char *at = line ? line_of(source->text, source->len, line, &len) : NULL;
    const char *word = at && name ? find_word(at, len, name) : NULL;
    uint32_t from, to;

    if (!at)
        return tree->at;
    while (!word && len && (*at == ' ' || *at == '\t')) {
        at++;
        len--;
    }
    from = (uint32_t)((word ? word : at) - source->text);
    to = from + (uint32_t)(word ? strlen(name) : len);
    if (source->file)
        return (struct mf_span){source->file, from, to};
    return mf_tree_span(tree, sources, from, to);
}

/* ---- reading ---- */

struct reading {
    struct mf_load *load;
    const struct mf_option *option;
    const struct mf_tree *tree;
    const char *dir;        /* of the flow file, "" or with a slash at the end */
    const char *script_dir; /* of the script, if it is a file */
    struct mf_lua *lua;
    struct mf_lua_module modules[MF_LUA_MODULES + 1];
    size_t count;
    const struct mf_lua_source *current;
    bool ok;
};

static const char *directory_of(struct mf_arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? mf_arena_strndup(arena, path, (size_t)(slash - path) + 1) : "";
}

static const char *directory(struct mf_load *load, const struct mf_tree *tree)
{
    const struct mf_source *source = mf_sources_get(load->diags->sources, tree->at.file);

    return directory_of(load->arena, source ? source->name : "");
}

/* The graph outlives the sources. */
static bool read_file(struct reading *r, const char *path, struct mf_lua_source *ret,
                      struct mf_error *err)
{
    struct mf_arena *arena = r->load->arena;
    const struct mf_source *source;
    bool is_known;

    source = mf_sources_read(r->load->diags->sources, path, &is_known, err);
    if (!source)
        return false;
    *ret = (struct mf_lua_source){
        .text = mf_arena_strndup(arena, source->text, source->len),
        .len = source->len,
        .name = mf_arena_strdup(arena, source->name),
        .line = 1,
        .file = source->number,
    };
    return true;
}

/* Lua says "name:LINE: what is wrong near 'token'". */
static void report_syntax(struct reading *r, const struct mf_lua_source *source, const char *text)
{
    const char *rest = text + strlen(source->name), *near = strstr(text, " near ");
    char token[80] = "";
    int64_t line = 0;
    size_t digits;
    struct mf_diag *diag;

    r->ok = false;
    if (strncmp(text, source->name, strlen(source->name)) == 0 && *rest == ':') {
        digits = strspn(++rest, "0123456789");
        mf_num_read_int(rest, digits, &line);
        text = rest[digits] == ':' ? rest + digits + 1 + (rest[digits + 1] == ' ') : text;
    }
    if (near && near[6] == '\'' && strlen(near + 7) < sizeof(token))
        snprintf(token, sizeof(token), "%.*s", (int)strcspn(near + 7, "'"), near + 7);
    diag = mf_diag(r->load->diags, MF_ERROR, 450,
                   mf_lua_span(source, r->tree, r->load->diags->sources, (uint32_t)line,
                               *token ? token : NULL),
                   "this is not Lua: %s", text);
    if (source->file)
        mf_diag_related(diag, r->tree->at, "the script of this node");
}

static void require(struct reading *r, const struct mf_lua_source *from, const char *name,
                    uint32_t line);

static void found(void *arg, const struct mf_lua_use *use)
{
    struct reading *r = arg;

    if (use->kind == MF_LUA_CALLS && strcmp(use->name, "require") == 0)
        require(r, r->current, use->field, use->line);
}

/* Compiles, and follows what the text requires. The name is that of the file, so that a message
 * needs no cutting: Lua shortens long ones. */
static void look_at(struct reading *r, const struct mf_lua_source *source)
{
    const struct mf_lua_source *outer = r->current;
    struct mf_lua_source plain = *source;
    struct mf_error err;

    plain.line = 1;
    plain.name = "script";
    r->current = source;
    if (mf_lua_load(r->lua->L, &plain, &err) < 0) {
        report_syntax(r,
                      &(struct mf_lua_source){source->text, source->len, "script", 1, source->file},
                      err.text);
    } else {
        mf_lua_uses(r->lua->L, found, r);
        lua_pop(r->lua->L, 1);
    }
    r->current = outer;
}

static void no_module(struct reading *r, const struct mf_lua_source *from, const char *name,
                      uint32_t line, const char *help)
{
    struct mf_nearest nearest;
    struct mf_diag *diag;

    r->ok = false;
    mf_nearest_init(&nearest, name);
    for (const struct mf_lua_file *file = mf_lua_files; file->name; file++)
        if (file->is_module)
            mf_nearest_add(&nearest, file->name);
    diag = mf_diag(r->load->diags, MF_ERROR, 455,
                   mf_lua_span(from, r->tree, r->load->diags->sources, line, name),
                   "there is no module `%s`", name);
    if (nearest.best)
        mf_diag_help(diag, "did you mean `%s`?", nearest.best);
    else
        mf_diag_help(diag, "%s", help);
}

/* One dot is a directory: nothing in the name can lead out of `lua/`. */
static bool is_module_name(const char *name)
{
    for (;; name++) {
        size_t len =
            strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

        if (!len)
            return false;
        name += len;
        if (*name != '.')
            return !*name;
    }
}

/* `lua/a/b.lua` in a directory, for `a.b`. */
static bool read_module(struct reading *r, const char *dir, const char *name,
                        struct mf_lua_source *ret, struct mf_error *err)
{
    char *path = mf_arena_printf(r->load->arena, "%slua/%s.lua", dir, name);

    for (char *dot = path + strlen(dir) + 4; dot + 4 < path + strlen(path); dot++)
        if (*dot == '.')
            *dot = '/';
    return read_file(r, path, ret, err);
}

static bool is_absent(const struct mf_error *err)
{
    return err->sys == ENOENT || err->sys == ENOTDIR;
}

static void require(struct reading *r, const struct mf_lua_source *from, const char *name,
                    uint32_t line)
{
    struct mf_arena *arena = r->load->arena;
    struct mf_lua_module *module;
    struct mf_error err = {0};

    if (mf_lua_module(name))
        return;
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->modules[i].name, name) == 0)
            return;
    if (!is_module_name(name)) {
        no_module(r, from, name, line,
                  "its name is letters, digits and `_`, with a dot for each directory");
        return;
    }
    if (r->count == MF_LUA_MODULES) {
        r->ok = false;
        mf_diag(r->load->diags, MF_ERROR, 455, r->tree->at,
                "this script requires more than %d modules, which is the limit", MF_LUA_MODULES);
        return;
    }
    module = &r->modules[r->count];
    if (read_module(r, r->dir, name, &module->source, &err) ||
        (r->script_dir && read_module(r, r->script_dir, name, &module->source, &err))) {
        module->name = mf_arena_strdup(arena, name);
        r->count++;
        look_at(r, &module->source);
    } else if (!is_absent(&err)) {
        r->ok = false;
        mf_diag(r->load->diags, MF_ERROR, 455,
                mf_lua_span(from, r->tree, r->load->diags->sources, line, name), "%s", err.text);
    } else {
        no_module(r, from, name, line,
                  mf_arena_printf(arena, "modules of your own stand in `%slua/`", r->dir));
    }
}

static bool is_path(const char *text)
{
    return !strchr(text, '\n') && mf_text_ends(text, ".lua");
}

static bool read_source(struct reading *r, const char *text, struct mf_lua_source *ret)
{
    const struct mf_tree *tree = r->tree;
    struct mf_sources *sources = r->load->diags->sources;
    struct mf_arena *arena = r->load->arena;
    struct mf_span start;
    const struct mf_source *source;
    struct mf_error err;

    if (is_path(text)) {
        const char *path = mf_arena_printf(arena, "%s%s", *text == '/' ? "" : r->dir, text);

        if (read_file(r, path, ret, &err)) {
            r->script_dir = directory_of(arena, path);
            return true;
        }
        mf_diag(r->load->diags, MF_ERROR, 455, tree->at, "%s", err.text);
        return false;
    }
    start = mf_tree_span(tree, sources, 0, tree->count ? 1 : 0);
    source = mf_sources_get(sources, start.file);
    *ret = (struct mf_lua_source){
        .text = mf_arena_strndup(arena, text, tree->count),
        .len = tree->count,
        .name = source ? mf_arena_strdup(arena, source->name) : "script",
        .line = source ? mf_source_position(source, start.start).line : 1,
    };
    return true;
}

static bool script_read(struct mf_load *load, const struct mf_option *option,
                        const struct mf_tree *tree, void *ret)
{
    struct reading r = {.load = load, .option = option, .tree = tree, .ok = true};
    const char *text = mf_type_scalar(load, option, tree);
    struct mf_lua_script *script = ret;
    struct mf_lua_module *modules;

    if (!text)
        return false;
    r.dir = directory(load, tree);
    if (!read_source(&r, text, &script->source))
        return false;
    r.lua = mf_lua_new(&limits, NULL);
    look_at(&r, &script->source);
    mf_lua_free(r.lua);
    modules = mf_arena_alloc(load->arena, (r.count + 1) * sizeof(*modules));
    memcpy(modules, r.modules, r.count * sizeof(*modules));
    script->modules = modules;
    return r.ok;
}

static const char *script_moved(struct mf_load *load, const struct mf_tree *scalar)
{
    if (!is_path(scalar->text) || *scalar->text == '/' || scalar->is_unknown)
        return NULL;
    return mf_arena_printf(load->arena, "%s%s", directory(load, scalar), scalar->text);
}

const struct mf_type mf_type_script = {
    .name = "script",
    .syntax = "the path of a `.lua` file, or Lua itself",
    .size = sizeof(struct mf_lua_script),
    .read = script_read,
    .schema = mf_schema_text,
    .moved = script_moved,
};

void mf_lua_script_print(const struct mf_lua_script *script, struct mf_buf *buf)
{
    mf_buf_put(buf, script->source.text, script->source.len + 1);
    for (const struct mf_lua_module *module = script->modules; module && module->name; module++) {
        mf_buf_put(buf, module->name, strlen(module->name) + 1);
        mf_buf_put(buf, module->source.text, module->source.len + 1);
    }
}
