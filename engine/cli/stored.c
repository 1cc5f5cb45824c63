/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See stored.h. */

#include "engine/cli/stored.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/alloc.h"
#include "engine/base/clock.h"
#include "engine/cli/ask.h"
#include "engine/cli/flow_load.h"
#include "engine/cli/state_dir.h"
#include "engine/control/address.h"
#include "engine/control/client.h"
#include "engine/control/stored.h"
#include "engine/run/store.h"
#include "engine/value/codec.h"

/* ---- a running engine ---- */

static bool is_running(const struct mf_args *args)
{
    struct mf_error err = {0};
    struct mf_client client;
    char *path = mf_control_find(mf_args_get(args, "socket"), &err);
    bool is_there = path && mf_client_open(&client, path, &err) == 0;

    if (path)
        mf_client_close(&client);
    mf_free(path);
    return is_there;
}

static int ask_engine(const struct mf_args *args, const char *what, const struct mf_value *request,
                      struct mf_value *ret)
{
    struct mf_ask ask;

    mf_ask_begin(&ask, what);
    for (size_t i = 0; i < mf_value_count(request); i++)
        mf_build_take_pair(&ask.request, mf_value_copy(*mf_value_key(request, i)),
                           mf_value_copy(*mf_value_at(request, i)));
    return mf_ask(args, &ask, MF_ASK_TIMEOUT, ret);
}

/* ---- the files ---- */

static int find(struct mf_engine *engine, const char *what, const struct mf_value *request,
                struct mf_value *ret, struct mf_error *err)
{
    return strcmp(what, "dlq") == 0 ? mf_stored_dlq(engine, request, ret, err)
                                    : mf_stored_state(engine, request, ret, err);
}

/* -1: somebody else has them open. */
static int look_at_files(const char *directory, const char *what, const struct mf_value *request,
                         struct mf_value *ret)
{
    char *file = mf_asprintf("%s/" MF_STORE_FILE, directory);
    struct mf_engine engine;
    struct mf_error err = {0};
    int rc = MF_EXIT_OK;

    if (access(file, F_OK) < 0) {
        fprintf(stderr, "moat-flow: no engine answers, and there is no `%s`\n", file);
        mf_free(file);
        return MF_EXIT_PEER;
    }
    mf_free(file);
    mf_engine_init(&engine, NULL, (struct mf_engine_options){0});
    engine.store = mf_store_open(&engine, directory, &err);
    if (!engine.store) {
        rc = err.code == MF_ELIMIT ? -1 : MF_EXIT_ENV;
    } else if (find(&engine, what, request, ret, &err) < 0) {
        rc = MF_EXIT_WRONG;
    } else if (!mf_store_flush(engine.store)) {
        mf_value_drop(*ret);
        mf_fail(&err, MF_EIO, "%s", engine.store->metrics.error);
        rc = MF_EXIT_ENV;
    }
    if (rc > 0)
        fprintf(stderr, "moat-flow: %s\n", err.text);
    mf_engine_done(&engine);
    return rc;
}

int mf_cli_stored(const struct mf_args *args, const char *what, struct mf_builder *take_request,
                  struct mf_value *ret)
{
    struct mf_value request = mf_build_end_map(take_request);
    char *directory = mf_cli_state_dir(args);
    int rc = -1;

    if (directory && !mf_args_get(args, "socket") &&
        (mf_args_get(args, "state") || !is_running(args)))
        rc = look_at_files(directory, what, &request, ret);
    if (rc < 0)
        rc = ask_engine(args, what, &request, ret);
    mf_free(directory);
    mf_value_drop(request);
    return rc;
}

int mf_cli_stored_json_take(struct mf_value result)
{
    struct mf_buf text = {0};
    bool ok;

    mf_json_write_pretty(&result, &text);
    mf_buf_putc(&text, '\n');
    ok = mf_cli_write(1, &text);
    mf_buf_done(&text);
    mf_value_drop(result);
    return ok ? MF_EXIT_OK : MF_EXIT_WRONG;
}
