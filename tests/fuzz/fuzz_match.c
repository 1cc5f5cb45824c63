/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * Any bytes as a pattern, a NUL, and a text: the search ends within its budget, and what it finds
 * lies in the text.
 */

#include <stdlib.h>
#include <string.h>

#include "engine/base/error.h"
#include "lua/match.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BUDGET = 20000 };

static void demand(bool truth)
{
    if (!truth)
        abort();
}

static bool charge(void *arg, uint64_t steps)
{
    uint64_t *left = arg;
    bool is_enough = steps <= *left;

    *left -= is_enough ? steps : *left;
    return is_enough;
}

static void check_found(const struct mf_match *m, const char *start, const char *end)
{
    demand(m->text <= start && start <= end && end <= m->text_end);
    demand(m->count <= MF_MATCH_CAPTURES);
    for (unsigned i = 0; i < m->count; i++) {
        const struct mf_match_capture *capture = &m->captures[i];

        demand(start <= capture->at && capture->at <= end);
        demand(capture->len >= MF_MATCH_POSITION && capture->len <= end - capture->at);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *pattern = (const char *)data, *pattern_end = memchr(data, 0, size);
    const char *text = pattern_end ? pattern_end + 1 : pattern + size;
    const char *start, *end;
    uint64_t left = BUDGET;
    struct mf_match m;
    int rc;

    mf_match_init(&m, text, (size_t)(pattern + size - text), pattern,
                  (size_t)((pattern_end ? pattern_end : text) - pattern));
    m.charge = charge;
    m.charge_arg = &left;
    rc = mf_match_find(&m, text, false, &start, &end);
    demand(rc == 0 || rc == 1 || rc == MF_EINVAL || rc == MF_ELIMIT);
    demand((rc == MF_EINVAL) == (m.error[0] != '\0'));
    if (rc == 1)
        check_found(&m, start, end);
    return 0;
}
