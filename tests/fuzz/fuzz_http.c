/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * Any bytes as what a web server answers: the body makes a value with a time, or a sentence with a
 * reason; as a refusal it is said in one line of clean text; as a place to go to it is an address
 * or not.
 */

#include <stdlib.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/text.h"
#include "engine/value/path.h"
#include "nodes/net/http_rules.h"
#include "nodes/net/payload.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_as_all(const char *body, size_t len)
{
    struct mf_error err = {0};
    struct mf_value path;

    if (mf_path_read("t", 1, &path, &err) < 0)
        abort();
    for (int format = MF_FORMAT_JSON; format <= MF_FORMAT_RAW; format++) {
        struct mf_payload_reading how = {.format = (enum mf_format)format};
        bool has_time = format == MF_FORMAT_JSON || format == MF_FORMAT_CBOR;
        const char *reason = NULL;
        struct mf_value value;
        int64_t time;

        how.pick = how.time = has_time ? &path : NULL;
        if (mf_payload_read(&how, body, len, &value, &time, &reason, &err) == 0)
            mf_value_drop(value);
        else if (!reason || !*err.text)
            abort();
    }
    mf_value_drop(path);
}

static void say(const char *body, size_t len)
{
    struct mf_http_request request = {.url = "http://host/path?key"};
    struct mf_http_answer answer = {.status = 400, .body = body, .len = len};
    struct mf_error err;

    mf_http_say(&answer, &request, &err);
    if (mf_utf8_valid(err.text, strlen(err.text)) != strlen(err.text) ||
        strpbrk(err.text, "\r\n\x1b"))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *body = mf_alloc(size + 1);
    struct mf_error err;

    memcpy(body, data, size);
    body[size] = 0;
    read_as_all(body, size);
    say(body, size);
    if (mf_http_check_url(body, &err) == 0 && !mf_http_is_same_origin(body, body))
        abort();
    mf_free(body);
    return 0;
}
