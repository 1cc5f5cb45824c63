/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "lua/embedded.h"

#include <string.h>

const struct mf_lua_file *mf_lua_file(const char *name)
{
    for (const struct mf_lua_file *file = mf_lua_files; file->name; file++)
        if (strcmp(file->name, name) == 0)
            return file;
    return NULL;
}

const struct mf_lua_file *mf_lua_module(const char *name)
{
    const struct mf_lua_file *file = mf_lua_file(name);

    return file && file->is_module ? file : NULL;
}
