/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See ask.h. */

#include "engine/cli/ask.h"

#include <stdio.h>

#include "engine/base/alloc.h"
#include "engine/base/clock.h"
#include "engine/control/address.h"
#include "engine/control/client.h"

void mf_ask_begin(struct mf_ask *ask, const char *name)
{
    *ask = (struct mf_ask){.lasts = MF_NEVER};
    mf_build_start(&ask->request);
    mf_ask_text(ask, "do", name);
}

void mf_ask_text(struct mf_ask *ask, const char *name, const char *text)
{
    if (text)
        mf_ask_take(ask, name, mf_value_new_text(text));
}

void mf_ask_take(struct mf_ask *ask, const char *name, struct mf_value value)
{
    mf_build_take_field(&ask->request, name, value);
}

static int fail(const struct mf_error *err)
{
    fprintf(stderr, "moat-flow: %s\n", err->text);
    return err->code == MF_ETIMEOUT ? MF_EXIT_TIME : MF_EXIT_PEER;
}

/* The answer, part by part. */
static int read_answer(struct mf_client *client, const struct mf_ask *ask, int64_t ends,
                       int64_t until, struct mf_value *ret)
{
    struct mf_error err = {0};
    struct mf_value part;
    bool is_enough = false;
    int rc;

    while (!is_enough) {
        rc = mf_client_next(client, ends < until ? ends : until, &part, &err);
        if (rc == MF_ETIMEOUT && ends < until)
            break;
        if (rc == MF_ETIMEOUT && ask->line)
            mf_fail(&err, rc, "the time is over");
        if (rc < 0)
            return fail(&err);
        if (rc == MF_ANSWER_DONE) {
            *ret = part;
            return MF_EXIT_OK;
        }
        if (rc == MF_ANSWER_REFUSED) {
            fprintf(stderr, "moat-flow: %s\n", err.text);
            return (int)part.integer;
        }
        if (rc == MF_ANSWER_DROPPED)
            fprintf(stderr, "moat-flow: %lld lines were dropped, this command is too slow\n",
                    (long long)part.integer);
        else if (ask->line)
            is_enough = !ask->line(ask->arg, &part);
        mf_value_drop(part);
    }
    *ret = mf_value_null();
    return MF_EXIT_OK;
}

static int64_t after(int64_t time)
{
    struct mf_clock clock;

    mf_clock_init_real(&clock);
    return time < MF_NEVER / 2 ? mf_clock_mono(&clock) + time : MF_NEVER;
}

static int ask_engine(const char *path, const struct mf_ask *ask, const struct mf_value *request,
                      int64_t timeout, struct mf_value *ret)
{
    int64_t ends = after(ask->lasts), until = after(timeout);
    struct mf_client client;
    struct mf_error err = {0};
    int rc;

    if (mf_client_open(&client, path, &err) < 0 || mf_client_ask(&client, request, &err) < 0)
        rc = fail(&err);
    else
        rc = read_answer(&client, ask, ends, until, ret);
    mf_client_close(&client);
    return rc;
}

int mf_ask(const struct mf_args *args, struct mf_ask *ask, int64_t timeout, struct mf_value *ret)
{
    struct mf_value request = mf_build_end_map(&ask->request);
    struct mf_error err = {0};
    char *path = NULL;
    int rc = MF_EXIT_USAGE;

    if (mf_args_duration(args, "timeout", timeout, &timeout)) {
        path = mf_control_find(mf_args_get(args, "socket"), &err);
        rc = path ? ask_engine(path, ask, &request, timeout, ret) : fail(&err);
    }
    mf_free(path);
    mf_value_drop(request);
    return rc;
}
