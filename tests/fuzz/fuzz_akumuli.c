/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * Any bytes as what an Akumuli database answers, line by line: a row lies within its line, and what
 * is none has a reason. The same bytes as a name: one that is accepted makes a question.
 */

#include <stdlib.h>
#include <string.h>

#include "nodes/akumuli/query.h"
#include "nodes/akumuli/series.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_line(const char *line, size_t len)
{
    struct mf_akumuli_point point;
    struct mf_error err = {0};

    if (mf_akumuli_read_line(line, len, &point, &err) == 0) {
        if (point.series != line || point.series_len >= len)
            abort();
    } else if (!*err.text) {
        abort();
    }
}

static void ask(const char *name)
{
    struct mf_akumuli_question question = {.series = name, .to = 1, .limit = 1};
    struct mf_buf buf = {0};
    struct mf_error err;

    if (mf_akumuli_check_selection(name, &err) == 0)
        mf_akumuli_put_question(&question, &buf);
    mf_buf_done(&buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    size_t at = 0;

    if (!text)
        abort();
    memcpy(text, data, size);
    text[size] = 0;
    while (at < size) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t len = end ? (size_t)(end - text) - at : size - at;

        read_line(text + at, len);
        at += len + 1;
    }
    ask(text);
    free(text);
    return 0;
}
