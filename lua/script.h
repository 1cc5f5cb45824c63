/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Scripts in a flow: the option type of `lua:` and `task:`, and what `validate` says about them.
 *
 * The value is a text with Lua in it, or the path of a `.lua` file, relative to the file it stands
 * in. While the flow is read the script is compiled (never run), and the modules of the flow's own
 * that it requires are read, too, from `lua/` beside that file or beside the script: a node needs
 * no file later on, and a reload knows by their content whether the node has changed.
 *
 * Scripts are borrowed by everybody; they live as long as the graph.
 */

#include "engine/graph/kind.h"
#include "lua/state.h"

enum { MF_LUA_MODULES = 64 }; /* of the flow's own that one script requires */

struct mf_lua_script {
    struct mf_lua_source source;
    const struct mf_lua_module *modules; /* the flow's own, ended by {0}; never NULL */
};

extern const struct mf_type mf_type_script; /* struct mf_lua_script */

#define MF_SCRIPT(member)                                                                          \
    .type = &mf_type_script, .offset = MF_MEMBER(MF_CONFIG, member, struct mf_lua_script)

/* What of the script matters at a reload, beside the options. */
void mf_lua_script_print(const struct mf_lua_script *script, struct mf_buf *buf);

/* Where `name` stands on a line of the script's or a module's text; the line without a name, the
 * whole script without a line. `tree` is the option's value. */
struct mf_span mf_lua_span(const struct mf_lua_source *source, const struct mf_tree *tree,
                           const struct mf_sources *sources, uint32_t line, const char *name);

/* ---- names: lua/check.c ---- */

/* A function that the script may define, and what calls it. */
struct mf_lua_entry {
    const char *name; /* "run"; ended by NULL */
    bool is_wanted;   /* it is a fault if it is missing: `why` */
    bool is_idle;     /* nothing calls it: `why` */
    const char *why;
};

/* Reports unknown globals, inputs, outputs and functions that are missing. `globals` are further
 * names that a script of this kind finds, ended by NULL; may be NULL. */
void mf_lua_check(struct mf_infer *infer, const struct mf_lua_script *script,
                  const char *const *outputs, size_t output_count,
                  const struct mf_lua_entry *entries, const char *const *globals);
