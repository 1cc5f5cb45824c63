/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See address.h. */

#include "engine/control/address.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/base/alloc.h"

char *mf_control_place(void)
{
    const char *runtime = getenv("RUNTIME_DIRECTORY"), *session = getenv("XDG_RUNTIME_DIR");

    /* Several directories are separated by colons. */
    if (runtime && *runtime == '/')
        return mf_asprintf("%.*s/control", (int)strcspn(runtime, ":"), runtime);
    if (session && *session == '/')
        return mf_asprintf("%s/moat-flow.control", session);
    return NULL;
}

char *mf_control_find(const char *given, struct mf_error *err)
{
    char *path = given ? mf_strdup(given) : mf_control_place();

    if (!given && (!path || access(path, F_OK) != 0) && access(MF_CONTROL_SERVICE, F_OK) == 0) {
        mf_free(path);
        path = mf_strdup(MF_CONTROL_SERVICE);
    }
    if (!path)
        mf_fail(err, MF_ELINK,
                "say with --socket where the engine listens: neither $RUNTIME_DIRECTORY nor "
                "$XDG_RUNTIME_DIR is set, and there is no %s",
                MF_CONTROL_SERVICE);
    return path;
}

int mf_control_address(const char *path, struct sockaddr_un *ret, struct mf_error *err)
{
    size_t len = strlen(path);

    if (len == 0 || len >= sizeof(ret->sun_path))
        return mf_fail(err, MF_EINVAL,
                       "the path of a socket has 1 to %zu bytes, `%s` has %zu; say a shorter one "
                       "with --socket",
                       sizeof(ret->sun_path) - 1, path, len);
    *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(ret->sun_path, path, len);
    return 0;
}
