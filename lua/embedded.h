/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * The Lua files that are part of the program: modules that scripts may require, and what the
 * `task` kind loads for itself.
 */

#include <stdbool.h>
#include <stddef.h>

struct mf_lua_file {
    const char *name; /* "hysteresis" */
    const char *text; /* ended by NUL */
    size_t len;
    bool is_module; /* scripts may require it */
};

extern const struct mf_lua_file mf_lua_files[]; /* by name, ended by {0} */

const struct mf_lua_file *mf_lua_file(const char *name);   /* NULL: there is none */
const struct mf_lua_file *mf_lua_module(const char *name); /* the same, for require() */
