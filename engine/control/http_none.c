/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* In a build without libmicrohttpd there is no HTTP, and whoever asks for it is told. */

#include "engine/control/http.h"

struct mf_http *mf_http_open(struct mf_loop *loop, const struct mf_control *control,
                             const char *address, const char *token, struct mf_error *err)
{
    mf_fail(err, MF_EINVAL, "this moat-flow is built without HTTP: it needs libmicrohttpd");
    return NULL;
}

void mf_http_close(struct mf_http *http)
{
}

struct mf_http_stats mf_http_stats(const struct mf_http *http)
{
    return (struct mf_http_stats){0};
}
