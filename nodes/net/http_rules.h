/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* What an answer means: good, the same as before, try again later, or never like this. */

#include "engine/base/buf.h"
#include "engine/base/rng.h"
#include "nodes/net/http.h"

#define MF_HTTP_WAIT_FIRST MF_SEC         /* after a failure, doubling … */
#define MF_HTTP_WAIT_MAX (60 * MF_SEC)    /* … up to this, each ± 20 % */
#define MF_HTTP_ASKED_MAX (3600 * MF_SEC) /* a server can ask for so long a wait */

enum mf_http_verdict {
    MF_HTTP_GOOD,
    MF_HTTP_SAME,  /* 304: what we had still holds */
    MF_HTTP_LATER, /* no answer, or the server cannot now: the same request may succeed */
    MF_HTTP_NEVER, /* the request is at fault */
};
enum mf_http_verdict mf_http_judge(const struct mf_http_answer *answer);
/* Constant text for the quality of a value. */
const char *mf_http_reason(const struct mf_http_answer *answer);
/* What was wrong, as a sentence: for a refusal its status and the first line of what the server
 * says about it. */
void mf_http_say(const struct mf_http_answer *answer, const struct mf_http_request *request,
                 struct mf_error *ret);

/* How long to wait after the failures there were in a row, this one included. */
struct mf_http_patience {
    struct mf_rng rng;
    unsigned failures;
};
void mf_http_patience_init(struct mf_http_patience *patience);
int64_t mf_http_patience_wait(struct mf_http_patience *patience, int64_t asked_for);

/* By what the server can tell that nothing has changed. */
struct mf_http_version {
    char *etag, *modified; /* as header lines, NULL: none */
};
void mf_http_version_take(struct mf_http_version *version, const struct mf_http_answer *answer);
void mf_http_version_drop(struct mf_http_version *version);
/* Writes the lines into `lines`, at most two and a NULL. */
void mf_http_version_put(const struct mf_http_version *version, const char **lines);
