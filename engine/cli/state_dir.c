/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See state_dir.h. */

#include "engine/cli/state_dir.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/base/alloc.h"

static const char *environment(const char *name)
{
    const char *text = getenv(name);

    return text && *text ? text : NULL;
}

char *mf_cli_state_dir(const struct mf_args *args)
{
    const char *path = mf_args_get(args, "state");

    if (path)
        return mf_strdup(path);
    path = environment("STATE_DIRECTORY");
    if (path) /* systemd separates several with colons */
        return mf_strndup(path, strcspn(path, ":"));
    path = environment("XDG_STATE_HOME");
    if (path)
        return mf_asprintf("%s/moat-flow", path);
    path = environment("HOME");
    return path ? mf_asprintf("%s/.local/state/moat-flow", path) : NULL;
}

int mf_cli_make_dir(const char *path, struct mf_error *err)
{
    char *copy = mf_strdup(path);
    int rc = 0;

    for (char *end = copy + (*copy == '/'); rc == 0 && *end; end++) {
        size_t len = strcspn(end, "/");
        char mark = end[len];

        end += len;
        *end = 0;
        if (mkdir(copy, 0700) < 0 && errno != EEXIST)
            rc = mf_fail_sys(err, MF_EIO, errno, "cannot make the directory `%s`", copy);
        *end = mark;
        if (!mark)
            break;
    }
    mf_free(copy);
    return rc;
}
